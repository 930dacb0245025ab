"""Masks learnt from boxes alone.

A mask must touch all four sides of its box and nothing outside, and neighbouring pixels of one
colour belong together. Source: BoxInst (arXiv 2012.02310) sections 3.1 and 3.2, with the mask
judged in the box and a margin around it only, since YOLACT's masks are cropped anyway.
"""

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from yolact_cli.training.mask_loss import crop_windows

# BoxInst's: neighbours two pixels away, alike when exp(-distance / 2) in Lab reaches 0.3.
DILATION = 2
COLOUR_SCALE = 2.0
ALIKE = 0.3
# The part of the box's side that is judged beyond each of its edges.
MARGIN = 0.25
# Half of the neighbours: the others are the same pairs, seen from the other end.
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
SMOOTH = 1e-3


def colour_edges(picture: UInt8[Tensor, "s s 3"], side: int) -> Bool[Tensor, "4 side side"]:
    """For each prototype pixel and each of four neighbours: whether their colours are alike."""
    small = F.interpolate(picture.permute(2, 0, 1)[None].float(), (side, side), mode="area")[0]
    lab = _rgb_to_lab(small / 255)
    alike = []
    for dy, dx in NEIGHBOURS:
        other, inside = _neighbour(lab, dy, dx), _neighbour(torch.ones_like(lab[:1]), dy, dx)
        similarity = torch.exp(-(lab - other).norm(dim=0) / COLOUR_SCALE)
        alike.append((similarity >= ALIKE) & (inside[0] > 0))
    return torch.stack(alike)


def box_mask_loss(
    mask_logits: Float[Tensor, "n h w"],
    boxes_xyxy_norm: Float[Tensor, "n 4"],
    edges: Bool[Tensor, "4 h w"],
) -> Tensor:
    """Projection term plus colour term, summed over the objects; 0 for none."""
    if not len(mask_logits):
        return mask_logits.sum() * 0
    size_hw = mask_logits.shape[1], mask_logits.shape[2]
    in_box = crop_windows(boxes_xyxy_norm, size_hw, grow_px=0.0)
    around = crop_windows(_grow(boxes_xyxy_norm), size_hw)
    soft = torch.sigmoid(mask_logits) * around
    projection = _dice(soft.amax(dim=1), in_box.any(dim=1)) + _dice(
        soft.amax(dim=2), in_box.any(dim=2)
    )
    return projection.sum() + _colour_term(mask_logits, in_box, edges).sum()


def _dice(soft: Float[Tensor, "n side"], wanted: Bool[Tensor, "n side"]) -> Float[Tensor, " n"]:
    truth = wanted.float()
    shared = (soft * truth).sum(dim=1)
    total = soft.square().sum(dim=1) + truth.sum(dim=1)
    return 1 - (2 * shared + SMOOTH) / (total + SMOOTH)


def _colour_term(
    mask_logits: Float[Tensor, "n h w"],
    in_box: Bool[Tensor, "n h w"],
    edges: Bool[Tensor, "4 h w"],
) -> Float[Tensor, " n"]:
    inside, outside = F.logsigmoid(mask_logits), F.logsigmoid(-mask_logits)
    total = mask_logits.new_zeros(len(mask_logits))
    count = torch.zeros_like(total)
    for alike, (dy, dx) in zip(edges, NEIGHBOURS, strict=True):
        both_in = inside + _neighbour(inside, dy, dx)
        both_out = outside + _neighbour(outside, dy, dx)
        judged = (in_box | _neighbour(in_box, dy, dx)) & alike
        total = total - (torch.logaddexp(both_in, both_out) * judged).sum(dim=(1, 2))
        count = count + judged.sum(dim=(1, 2))
    return total / count.clamp(min=1)


def _neighbour(maps: Tensor, dy: int, dx: int) -> Tensor:
    """Each pixel's neighbour ``DILATION`` steps down and right; zero beyond the edge."""
    height, width = maps.shape[-2:]
    padded = F.pad(maps, (DILATION, DILATION, DILATION, DILATION))
    y, x = DILATION * (1 + dy), DILATION * (1 + dx)
    return padded[..., y : y + height, x : x + width]


def _grow(boxes_xyxy_norm: Float[Tensor, "n 4"]) -> Float[Tensor, "n 4"]:
    margin = (boxes_xyxy_norm[:, 2:] - boxes_xyxy_norm[:, :2]) * MARGIN
    return torch.cat((boxes_xyxy_norm[:, :2] - margin, boxes_xyxy_norm[:, 2:] + margin), dim=1)


def _rgb_to_lab(rgb: Float[Tensor, "3 h w"]) -> Float[Tensor, "3 h w"]:
    """CIE Lab of sRGB in [0, 1], D65 white."""
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    to_xyz = rgb.new_tensor(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
         [0.0193339, 0.1191920, 0.9503041]]
    )  # fmt: skip
    white = rgb.new_tensor([0.95047, 1.0, 1.08883])[:, None, None]
    xyz = torch.einsum("ij,jhw->ihw", to_xyz, linear) / white
    f = torch.where(xyz > 0.008856, xyz.clamp(min=1e-6) ** (1 / 3), 7.787 * xyz + 16 / 116)
    return torch.stack((116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])))
