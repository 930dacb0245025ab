"""What is said of an inspection, on its page and its sheets."""

from collections.abc import Mapping

from yolact_cli.traces import Inspection, TracedAnchor

PROTOTYPES = (
    "Maps that the network made of the whole picture, before it knew of any object. Each is shown"
    " on a scale of its own with zero in the middle; all objects of the picture share them."
)
COEFFICIENTS = (
    "One number a prototype, predicted with the object's box. What a prototype does to this object"
    " is its coefficient times what it shows there: the push, the mean of that inside the box."
    " Red adds pixels to the mask, blue takes them away; the strongest come first."
)
TERMS = "The prototypes as this object uses them, the strongest first, all on one scale, in logits."
GROWTH = (
    "What the strongest prototypes alone would give: above, their mask, cropped by the box, with"
    " its overlap (IoU) with the whole mask; below, the sum it is cut from."
)
SOFT_MASK = (
    "The sum of all prototypes through a sigmoid, from none (dark) to all (yellow). The crop keeps"
    " what lies in the predicted box, and what is above one half becomes the mask."
)
ANCHORS = (
    "Other anchors that stood for the same object. Each went for the reason that is told; IoU is"
    " with the winner's box. P3 is the finest level of the pyramid, P7 the coarsest."
)


def title_of(inspection: Inspection) -> str:
    """The object in a few words."""
    one = inspection.instance
    return f"object {inspection.number}, {inspection.class_name(one.class_id)} {one.score:.2f}"


def facts_of(inspection: Inspection) -> list[tuple[str, str]]:
    """Names and values of what was asked for and what stands behind the object."""
    settings, winner = inspection.settings, inspection.suppression.winner
    height, width = inspection.size_hw
    facts = [
        ("model", inspection.model),
        ("picture", f"{width} x {height} px"),
        ("mask", f"{inspection.instance.area_px:,} px"),
        ("anchor", f"P{winner.level}, row {winner.row}, column {winner.column}"),
        ("suppression", f"{settings.nms.kind}, IoU above {settings.nms.iou_threshold:g}"),
        ("score above", f"{settings.score_threshold:g}"),
    ]
    if inspection.instance.score != inspection.instance.box_score:
        rescored = f"{inspection.instance.box_score:.2f}, by mask {inspection.instance.score:.2f}"
        facts.insert(3, ("class confidence", rescored))
    return facts


def why_it_went(one: TracedAnchor, inspection: Inspection, numbers: Mapping[int, int]) -> str:
    """The reason as a sentence.

    Args:
        one: An anchor that gave way.
        inspection: Whose object it gave way to.
        numbers: What the anchors that are listed are called, by their indices.
    """
    settings = inspection.settings
    if one.fate == "overlap":
        return f"overlaps the winner by {one.iou:.2f}, more than {settings.nms.iou_threshold:g}"
    if one.fate == "chain":
        number = numbers.get(one.beaten_by or 0)
        other = "another anchor" if number is None else f"number {number}"
        return (
            f"overlaps {other} by {one.beaten_by_iou:.2f}; that one went itself, but in Fast NMS"
            " still counts"
        )
    if one.fate == "rank":
        return f"not among the {settings.nms.top_k} best that are compared"
    return f"its score is not above {settings.score_threshold:g}, so it was never compared"


def signed(value: float) -> str:
    """Two decimals with their sign; no sign where nothing is left of the number."""
    text = f"{value:+.2f}"
    return text[1:] if float(text) == 0 else text
