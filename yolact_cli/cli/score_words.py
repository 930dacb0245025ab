"""What ``yolact score`` says: tables on stdout, how the sides were joined on stderr."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from yolact_cli.cli import reporting
from yolact_cli.pipelines.score_wording import (
    MEANINGS,
    TITLES,
    VERDICTS,
    figure_words,
    shown,
    signed,
    suggestion_rows,
)

if TYPE_CHECKING:
    from yolact_cli.pipelines.score import ComparisonReport, ScoreReport
    from yolact_cli.scoring.analysis import Analysis, ClassAnalysis
    from yolact_cli.scoring.compare import Difference
    from yolact_cli.scoring.errors_by_kind import ErrorBreakdown
    from yolact_cli.scoring.figures import Interval
    from yolact_cli.scoring.suggest import Suggestion

SORT_KEYS: Mapping[str, Callable[["ClassAnalysis"], float]] = {
    "ap": lambda one: -one.figures.ap,
    "ap50": lambda one: -one.figures.ap50,
    "f1": lambda one: -one.kept.f1,
    "precision": lambda one: -one.kept.precision,
    "recall": lambda one: -one.kept.recall,
    "objects": lambda one: -one.figures.objects,
    "id": lambda one: one.figures.category_id,
}
LISTED = 10


def say_what_was_joined(report: "ScoreReport") -> None:
    """How predictions and truth came together, and what was left out."""
    joined = report.join
    counted = reporting.counted
    reporting.message(
        f"{counted(joined.objects, 'prediction')} in {counted(joined.truth_pictures, 'picture')}"
        f" of truth; pictures joined by {joined.pictures_by}, classes by {joined.categories_by}."
    )
    _say_mapping(report)
    if joined.pictures_without_predictions:
        without = counted(joined.pictures_without_predictions, "picture")
        reporting.message(f"No predictions in {without} of truth: all objects there are missed.")
    if joined.foreign_pictures:
        objects = counted(joined.foreign_picture_objects, "prediction")
        pictures = counted(joined.foreign_pictures, "picture")
        names = _some(joined.foreign_picture_names, joined.foreign_pictures)
        reporting.warn(
            f"Left out: {objects} in {pictures} that truth does not have. Their names: {names}."
        )
    if joined.foreign_classes:
        listed = ", ".join(f"{name} ({count})" for name, count in joined.foreign_classes.items())
        reporting.warn(f"Left out: predictions of classes that truth does not have: {listed}.")
    if report.box_only_objects and set(report.analyses) - {"bbox"}:
        objects = counted(report.box_only_objects, "object")
        reporting.message(f"Ignored where masks are compared: {objects} of truth with only a box.")


def _say_mapping(report: "ScoreReport") -> None:
    changed = [
        f"{one.here_name or 'category'} {one.here_id} → {one.truth_name} {one.truth_id}"
        for one in report.join.classes
        if one.here_id != one.truth_id or (one.here_name and one.here_name != one.truth_name)
    ]
    if changed:
        reporting.message(f"Classes, with their ids: {_some(changed[:LISTED], len(changed))}.")


def show_report(report: "ScoreReport", *, per_class: bool, sort: str) -> None:
    """The figures of one set of predictions."""
    _show_figures(report)
    _show_errors(report)
    if per_class:
        for name, analysis in report.analyses.items():
            _show_classes(TITLES[name], analysis, sort)
    if report.suggestion is not None:
        _show_suggestion(report.suggestion)


def show_comparison(report: "ComparisonReport", *, per_class: bool) -> None:
    """Both sets of predictions, their differences, and what can be said of them."""
    first = next(iter(report.comparisons.values()))
    reporting.message(f"A is {report.a.predictions}, B is {report.b.predictions}.")
    rows = []
    for name, one in report.comparisons.items():
        rows.append(_difference_row(f"AP    {TITLES[name]}", one.ap))
        rows.append(_difference_row(f"AP50  {TITLES[name]}", one.ap50))
    columns = ["", "A", "B", "B - A", f"{first.level:.0%} interval", "verdict"]
    reporting.print_table(columns, rows, ends_in_words=True)
    for name, one in report.comparisons.items():
        if per_class:
            rows = [_difference_row(key, value) for key, value in _by_change(one.ap_by_class)]
            columns[0] = f"AP, {TITLES[name]}"
            reporting.print_table(columns, rows, ends_in_words=True)
    if per_class:
        classes = len(first.ap_by_class)
        by_chance = classes * (1 - first.level)
        reporting.message(
            f"Of {classes} classes about {by_chance:.0f} would seem to differ by chance alone."
        )
    reporting.message(
        f"Intervals are from {first.resamples:,} resamples of the pictures, the same for A and B."
    )


def _by_change(differences: Mapping[str, "Difference"]) -> list[tuple[str, "Difference"]]:
    return sorted(differences.items(), key=lambda item: item[1].change)


def _difference_row(label: str, one: "Difference") -> list[str]:
    return [
        label,
        shown(one.a),
        shown(one.b),
        signed(one.change),
        f"{signed(one.interval.low)} to {signed(one.interval.high)}",
        VERDICTS[one.verdict],
    ]


def _show_figures(report: "ScoreReport") -> None:
    analyses = list(report.analyses.values())
    names = list(analyses[0].figures.named())
    figures = [one.figures.named() for one in analyses]
    rows = [
        [label(name, analyses[0].areas), *(shown(one[name]) for one in figures)] for name in names
    ]
    if report.intervals:
        drawn = list(report.intervals.values())
        level = f"{drawn[0].level:.0%} interval"
        rows.append([f"AP           {level}", *(_range(x.ap) for x in drawn)])
        rows.append([f"AP50         {level}", *(_range(x.ap50) for x in drawn)])
    kept: dict[str, Callable[[Analysis], float]] = {
        "precision    at the threshold": lambda one: one.kept.precision,
        "recall       at the threshold": lambda one: one.kept.recall,
        "F1           at the threshold": lambda one: one.kept.f1,
        "threshold    scores above it": lambda one: one.kept.threshold,
        "calibration  expected error": lambda one: one.calibration.expected_error,
    }
    rows += [[label, *(shown(figure(one)) for one in analyses)] for label, figure in kept.items()]
    reporting.print_table(["", *(TITLES[name] for name in report.analyses)], rows)


def label(name: str, areas: "Mapping[str, tuple[float, float]]", *, each: str = "a picture") -> str:
    """What a figure is called in a table; ``each`` is where so many predictions count."""
    short, what = figure_words(name, areas, each=each)
    return f"{short:<12} {what}"


def _show_errors(report: "ScoreReport") -> None:
    errors: ErrorBreakdown = report.main.errors
    rows = [
        [kind, f"{bucket.count:,}", shown(bucket.ap50_cost), MEANINGS[kind]]
        for kind, bucket in errors.buckets.items()
    ]
    title = TITLES[report.main_iou_type]
    columns = [f"mistakes, {title}", "count", "AP50 lost", "what"]
    reporting.print_table(columns, rows, ends_in_words=True)
    confused = report.main.confusion.most_confused(5)
    if confused:
        pairs = ", ".join(f"{one.actual} as {one.predicted} ({one.count})" for one in confused)
        reporting.message(f"Most confused above the threshold: {pairs}.")


def _show_classes(title: str, analysis: "Analysis", sort: str) -> None:
    key = SORT_KEYS.get(sort)
    rows = list(analysis.classes.items())
    if key is None:
        rows.sort(key=lambda item: item[0])
    else:
        rows.sort(key=lambda item: _nan_last(key(item[1])))
    limit = list(analysis.figures.ar_by_limit)[-1]
    columns = [title, "truth", "AP", "AP50", f"AR{limit}", "kept", "prec.", "recall", "F1"]
    reporting.print_table(columns, [_class_row(name, one) for name, one in rows])


def _class_row(name: str, one: "ClassAnalysis") -> list[str]:
    figures, kept = one.figures, one.kept
    return [
        name,
        f"{figures.objects:,}",
        *(shown(figure) for figure in (figures.ap, figures.ap50, figures.ar)),
        f"{kept.predictions:,}",
        *(shown(figure) for figure in (kept.precision, kept.recall, kept.f1)),
    ]


def _show_suggestion(suggestion: "Suggestion") -> None:
    rows = suggestion_rows(suggestion)
    columns = [str(suggestion.goal), "threshold", "kept", "prec.", "recall", "at least", "from"]
    reporting.print_table(columns, rows, ends_in_words=True)


def say_suggestion(suggestion: "Suggestion", path: Any) -> None:
    """Where the thresholds are, and which classes have none of their own."""
    reporting.message(f"Wrote {path}: thresholds for {suggestion.goal}.")
    for source, words in (
        ("pooled", "take the threshold of all classes pooled"),
        ("none", "are left out, as no threshold can promise as much"),
        ("all", "keep all predictions, as no threshold can promise as much"),
    ):
        names = [name for name, one in suggestion.by_class.items() if one.source == source]
        if names:
            reporting.message(
                f"{len(names)} of {len(suggestion.by_class)} classes {words}: "
                f"{_some(names[:LISTED], len(names))}."
            )


def _range(interval: "Interval") -> str:
    return f"{shown(interval.low)} to {shown(interval.high)}"


def _nan_last(value: float) -> tuple[bool, float]:
    return math.isnan(value), 0.0 if math.isnan(value) else value


def _some(names: Any, total: int) -> str:
    listed = ", ".join(names)
    more = total - len(names)
    return f"{listed} and {more} more" if more > 0 else listed
