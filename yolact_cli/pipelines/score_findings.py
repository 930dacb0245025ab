"""What a reader of a score should know first, as sentences."""

import math

import numpy as np

from yolact_cli.pipelines.score import ComparisonReport, ScoreReport
from yolact_cli.pipelines.score_wording import MEANINGS, TITLES, VERDICTS, shown, signed

_ENOUGH_OBJECTS = 10
"""A class with fewer is not called weak: its figures say little."""
_CLEARLY_OFF = 0.05


def findings(report: ScoreReport) -> tuple[str, ...]:
    """The most important ones first; what was left out of the score last."""
    found = [
        _at_the_threshold(report),
        _most_costly(report),
        _never_predicted(report),
        _weakest(report),
        _confused(report),
        _calibrated(report),
        *_left_out(report),
    ]
    return tuple(one for one in found if one)


def comparison_findings(report: ComparisonReport) -> tuple[str, ...]:
    """What can be said of B against A."""
    found = []
    for iou_type, one in report.comparisons.items():
        low, high = signed(one.ap.interval.low), signed(one.ap.interval.high)
        found.append(
            f"{TITLES[iou_type].capitalize()}: {VERDICTS[one.ap.verdict]}. AP {shown(one.ap.a)} "
            f"to {shown(one.ap.b)}, {signed(one.ap.change)} ({one.level:.0%} interval {low} to "
            f"{high}, {one.resamples:,} resamples of {one.ap.pictures:,} pictures with objects)."
        )
    main = report.comparisons[report.a.main_iou_type]
    for verdict, words in (("better", "better"), ("worse", "worse")):
        names = [name for name, one in main.ap_by_class.items() if one.verdict == verdict]
        if names:
            found.append(f"B is certainly {words} at {_listed(names)}.")
    by_chance = len(main.ap_by_class) * (1 - main.level)
    found.append(
        f"Of {len(main.ap_by_class)} classes about {by_chance:.0f} would seem to differ by chance "
        "alone."
    )
    for name, side in (("A", report.a), ("B", report.b)):
        found += [f"{name}: {one}" for one in _left_out(side)]
    return tuple(found)


def cut_words(report: ScoreReport) -> str:
    """Where scores are cut for precision, recall, F1 and confusions."""
    if has_own_thresholds(report):
        return "their class's threshold"
    return f"a score of {report.main.threshold:.2f}"


def has_own_thresholds(report: ScoreReport) -> bool:
    """Whether any class was given a threshold of its own."""
    main = report.main
    return any(one.kept.threshold != main.threshold for one in main.classes.values())


def _at_the_threshold(report: ScoreReport) -> str:
    kept = report.main.kept
    if math.isnan(kept.precision) or math.isnan(kept.recall):
        return ""
    return (
        f"Above {cut_words(report)}, {kept.precision:.0%} of the {kept.predictions:,} predictions "
        f"are right and {kept.recall:.0%} of the {kept.objects:,} objects are found "
        f"({TITLES[report.main_iou_type]} at IoU 0.50)."
    )


def _most_costly(report: ScoreReport) -> str:
    buckets = report.main.errors.buckets.values()
    ranked = sorted((one for one in buckets if one.ap50_cost > 0), key=lambda one: -one.ap50_cost)
    if not ranked:
        return ""
    first, *others = ranked
    then = f"; then {others[0].kind} ({shown(others[0].ap50_cost)})" if others else ""
    return (
        f"The kind of mistake that costs most is {first.kind} ({MEANINGS[first.kind]}): "
        f"without it AP50 would rise by {shown(first.ap50_cost)}{then}."
    )


def _never_predicted(report: ScoreReport) -> str:
    wanted = {name: one for name, one in report.main.classes.items() if one.figures.objects}
    never = [name for name, one in wanted.items() if not one.calibration.count.sum()]
    if not never:
        return ""
    return (
        f"Never predicted: {len(never)} of the {len(wanted)} classes that truth has objects of "
        f"({_listed(never)}). Choose what is scored with --classes."
    )


def _weakest(report: ScoreReport) -> str:
    known = [
        (one.figures.ap, name, one.figures.objects)
        for name, one in report.main.classes.items()
        if one.figures.objects >= _ENOUGH_OBJECTS and one.calibration.count.sum()
    ]
    if len(known) < 2:
        return ""
    weakest = sorted(known)[:3]
    listed = ", ".join(
        f"{name} ({shown(ap)} of {objects:,} objects)" for ap, name, objects in weakest
    )
    return f"Lowest AP of the classes with at least {_ENOUGH_OBJECTS} objects: {listed}."


def _confused(report: ScoreReport) -> str:
    found = report.main.confusion.most_confused(3)
    listed = ", ".join(f"{one.actual} as {one.predicted} ({one.count:,})" for one in found)
    return f"Mixed up most: {listed}." if listed else ""


def _calibrated(report: ScoreReport) -> str:
    found = report.main.calibration
    if math.isnan(found.expected_error):
        return ""
    filled = found.count > 0
    gaps = (found.mean_score - found.precision)[filled]
    gap = float(np.average(gaps, weights=found.count[filled]))
    if abs(gap) < _CLEARLY_OFF:
        return f"Scores mean about what they say (expected error {shown(found.expected_error)})."
    promise = "more" if gap > 0 else "less"
    return (
        f"Scores promise {promise} than they keep: on average they are {abs(gap):.2f} too "
        f"{'high' if gap > 0 else 'low'} (expected error {shown(found.expected_error)})."
    )


def _left_out(report: ScoreReport) -> list[str]:
    joined = report.join
    found = []
    if joined.pictures_without_predictions:
        found.append(
            f"{joined.pictures_without_predictions:,} of {joined.truth_pictures:,} pictures of "
            "truth have no predictions; all objects there count as missed."
        )
    if joined.foreign_pictures:
        found.append(
            f"Left out: {joined.foreign_picture_objects:,} predictions in "
            f"{joined.foreign_pictures:,} pictures that truth does not have."
        )
    if joined.foreign_classes:
        names = [f"{name} ({count:,})" for name, count in joined.foreign_classes.items()]
        found.append(f"Left out: predictions of classes that truth lacks: {_listed(names)}.")
    if report.box_only_objects and set(report.analyses) - {"bbox"}:
        found.append(
            f"Ignored where masks are compared: {report.box_only_objects:,} objects with only "
            "a box."
        )
    return found


def _listed(names: list[str]) -> str:
    more = len(names) - 8
    return ", ".join(names[:8]) + (f" and {more} more" if more > 0 else "")
