"""The training loss: class, box, mask, semantic and (YOLACT++) mask-IoU terms.

Source: YOLACT (arXiv 1904.02689) section 3 and YOLACT++ (1912.06218), with the weights and the
normalisation of dbolya/yolact 902073d (MIT). What the reference cannot learn from is told in
:mod:`class_loss`, :mod:`mask_loss` and :mod:`box_mask_loss`.

Symbols: ``b`` pictures, ``k`` prototypes, ``c`` classes, ``p`` prototype side.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from yolact_cli.geometry.boxes import encode_boxes
from yolact_cli.network.yolact import NetworkOutputs, Yolact
from yolact_cli.training.box_mask_loss import box_mask_loss, colour_edges
from yolact_cli.training.class_loss import class_loss
from yolact_cli.training.mask_loss import dice_loss, mask_iou_loss, mask_loss
from yolact_cli.training.matching import Match, match_anchors
from yolact_cli.training.sample import Target, TrainingBatch
from yolact_cli.training.semantic_loss import semantic_loss

BOX_WEIGHT = 1.5
MASK_WEIGHT = 6.125
MASK_IOU_WEIGHT = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSettings:
    """What the losses need of the training's settings."""

    masks_per_picture: int = 100
    dice_weight: float = 0.0
    box_mask_weight: float = 0.0


def training_losses(
    network: Yolact,
    outputs: NetworkOutputs,
    batch: TrainingBatch,
    settings: LossSettings,
    *,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """The weighted terms, each a scalar; their sum is what is minimised.

    Args:
        network: What gave the outputs, for its anchors and its mask-IoU branch.
        outputs: For the batch, any float precision; losses are taken in fp32.
        batch: Pictures and truth on the outputs' device.
        settings: Limits and weights.
        generator: Draws which masks are learnt from, on the CPU.
    """
    anchors = network.anchors(outputs)
    matches = [match_anchors(anchors, target) for target in batch.targets]
    positives = max(1, sum(int((match.labels > 0).sum()) for match in matches))
    boxes = torch.stack(
        [
            _box_loss(offsets, anchors, match, target)
            for offsets, match, target in zip(
                outputs.box_offsets.float(), matches, batch.targets, strict=True
            )
        ]
    )
    classes = torch.stack(
        [
            class_loss(logits, match.labels, target.is_labelled)
            for logits, match, target in zip(
                outputs.class_logits.float(), matches, batch.targets, strict=True
            )
        ]
    )
    losses = {
        "box": BOX_WEIGHT * boxes.sum() / positives,
        "class": classes.sum() / positives,
        **_mask_losses(network, outputs, batch, matches, settings, generator),
    }
    if outputs.semantic_logits is not None:
        losses["semantic"] = semantic_loss(outputs.semantic_logits.float(), batch.targets)
    return losses


def _box_loss(
    offsets: Float[Tensor, "anchors 4"],
    anchors: Float[Tensor, "anchors 4"],
    match: Match,
    target: Target,
) -> Tensor:
    positive = match.labels > 0
    if not positive.any():
        return offsets.sum() * 0
    boxes = target.boxes_xyxy_norm[match.object_index[positive]]
    wanted = encode_boxes(boxes, anchors[positive])
    return F.smooth_l1_loss(offsets[positive], wanted, reduction="sum")


def _mask_losses(
    network: Yolact,
    outputs: NetworkOutputs,
    batch: TrainingBatch,
    matches: list[Match],
    settings: LossSettings,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    learnt, boxed = [], []
    with_mask = with_box = 0
    # Unbound at once: the gradient of taking one picture at a time is a whole batch of zeros each.
    each_prototypes = outputs.prototypes.float().unbind()
    each_coefficients = outputs.mask_coefficients.float().unbind()
    for picture, match, target, prototypes, coefficients in zip(
        batch.pictures, matches, batch.targets, each_prototypes, each_coefficients, strict=True
    ):
        positive = (match.labels > 0).nonzero().squeeze(1)
        has_mask = target.has_mask[match.object_index[positive]]
        chosen, scale = _draw(positive[has_mask], settings.masks_per_picture, generator)
        with_mask += int(has_mask.sum())
        logits = _mask_logits(coefficients[chosen], prototypes)
        terms = _drawn_mask_losses(network, logits, target, match.object_index[chosen], settings)
        learnt.append({name: scale * term for name, term in terms.items()})
        if settings.box_mask_weight and not bool(has_mask.all()):
            chosen = _one_each(positive[~has_mask], match, generator)
            with_box += len(chosen)
            boxes = target.boxes_xyxy_norm[match.object_index[chosen]]
            edges = colour_edges(picture, len(prototypes))
            boxed.append(
                box_mask_loss(_mask_logits(coefficients[chosen], prototypes), boxes, edges)
            )
    zero = outputs.prototypes.sum() * 0
    names = learnt[0] if learnt else ()
    losses = {name: sum((t[name] for t in learnt), zero) / max(1, with_mask) for name in names}
    if settings.box_mask_weight:
        losses["box_mask"] = settings.box_mask_weight * sum(boxed, zero) / max(1, with_box)
    return losses


def _drawn_mask_losses(
    network: Yolact,
    mask_logits: Float[Tensor, "n h w"],
    target: Target,
    object_index: Int[Tensor, " n"],
    settings: LossSettings,
) -> dict[str, Tensor]:
    """The weighted terms of anchors whose objects have masks, each summed over the anchors."""
    wanted = target.masks[object_index], target.boxes_xyxy_norm[object_index]
    losses = {"mask": MASK_WEIGHT * mask_loss(mask_logits, *wanted)}
    if settings.dice_weight:
        losses["dice"] = settings.dice_weight * dice_loss(mask_logits, *wanted)
    if network.config.mask_rescoring:
        rescored = mask_iou_loss(network.maskiou_net, mask_logits, target, object_index)
        losses["mask_iou"] = MASK_IOU_WEIGHT * rescored
    return losses


def _mask_logits(
    coefficients: Float[Tensor, "n k"], prototypes: Float[Tensor, "h w k"]
) -> Float[Tensor, "n h w"]:
    height, width, _ = prototypes.shape
    return (coefficients @ prototypes.flatten(0, 1).T).reshape(-1, height, width)


def _draw(positive: Tensor, limit: int, generator: torch.Generator) -> tuple[Tensor, float]:
    """At most ``limit`` of the anchors, and what their loss is to be scaled by."""
    if len(positive) <= limit:
        return positive, 1.0
    chosen = torch.randperm(len(positive), generator=generator)[:limit].to(positive.device)
    return positive[chosen], len(positive) / limit


def _one_each(positive: Tensor, match: Match, generator: torch.Generator) -> Tensor:
    """One anchor, drawn at random, for each object: the box's term needs no more to say."""
    shuffled = positive[torch.randperm(len(positive), generator=generator).to(positive.device)]
    objects = match.object_index[shuffled]
    chosen: dict[int, int] = {}
    for anchor, thing in zip(shuffled.tolist(), objects.tolist(), strict=True):
        chosen.setdefault(thing, anchor)
    return torch.tensor(list(chosen.values()), dtype=torch.long, device=positive.device)
