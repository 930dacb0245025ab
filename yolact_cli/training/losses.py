"""The training loss: class, box, mask, semantic and (YOLACT++) mask-IoU terms.

Source: YOLACT (arXiv 1904.02689) section 3 and YOLACT++ (1912.06218), with the weights and the
normalisation of dbolya/yolact 902073d (MIT). What the reference cannot learn from is told in
:mod:`class_loss`, :mod:`mask_loss` and :mod:`box_mask_loss`.

Symbols: ``b`` pictures, ``k`` prototypes, ``c`` classes, ``p`` prototype side.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from yolact_cli.geometry.boxes import encode_boxes
from yolact_cli.network.yolact import NetworkOutputs, Yolact
from yolact_cli.training.box_mask_loss import box_mask_loss, colour_edges
from yolact_cli.training.class_loss import class_loss
from yolact_cli.training.mask_loss import mask_iou_loss, mask_loss
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
    learnt, boxed, rescored = [], [], []
    with_mask = with_box = 0
    # Unbound at once: the gradient of taking one picture at a time is a whole batch of zeros each.
    each_prototypes = outputs.prototypes.float().unbind()
    each_coefficients = outputs.mask_coefficients.float().unbind()
    for picture, match, target, prototypes, coefficients in zip(
        batch.pictures, matches, batch.targets, each_prototypes, each_coefficients, strict=True
    ):
        positive = (match.labels > 0).nonzero().squeeze(1)
        objects = match.object_index[positive]
        has_mask = target.has_mask[objects]
        chosen, scale = _draw(positive[has_mask], settings.masks_per_picture, generator)
        with_mask += int(has_mask.sum())
        logits = _mask_logits(coefficients[chosen], prototypes)
        truth = match.object_index[chosen]
        learnt.append(scale * mask_loss(logits, target.masks[truth], target.boxes_xyxy_norm[truth]))
        if network.config.mask_rescoring:
            rescored.append(mask_iou_loss(network.maskiou_net, logits, target, truth))
        if settings.box_mask_weight and not bool(has_mask.all()):
            chosen = _one_each(positive[~has_mask], match, generator)
            with_box += len(chosen)
            logits = _mask_logits(coefficients[chosen], prototypes)
            boxed.append(
                box_mask_loss(
                    logits,
                    target.boxes_xyxy_norm[match.object_index[chosen]],
                    colour_edges(picture, len(prototypes)),
                )
            )
    zero = outputs.prototypes.sum() * 0
    losses = {"mask": MASK_WEIGHT * sum(learnt, zero) / max(1, with_mask)}
    if settings.box_mask_weight:
        losses["box_mask"] = settings.box_mask_weight * sum(boxed, zero) / max(1, with_box)
    if network.config.mask_rescoring:
        losses["mask_iou"] = MASK_IOU_WEIGHT * sum(rescored, zero) / max(1, with_mask)
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
