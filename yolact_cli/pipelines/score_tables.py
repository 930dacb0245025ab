"""The tables of a score's page."""

import math
from collections.abc import Mapping

from yolact_cli.pipelines.score import ComparisonReport, ScoreReport
from yolact_cli.pipelines.score_findings import has_own_thresholds
from yolact_cli.pipelines.score_wording import (
    MEANINGS,
    TITLES,
    VERDICTS,
    figure_words,
    shown,
    signed,
    suggestion_rows,
)
from yolact_cli.scoring.analysis import ClassAnalysis
from yolact_cli.scoring.compare import Difference
from yolact_cli.writers.score_records import Cell, Share, Table

MOST_CONFUSED = 12


def figures_table(report: ScoreReport) -> Table:
    """COCO's figures, one column for each thing compared."""
    analyses = list(report.analyses.values())
    rows: list[tuple[Cell, ...]] = []
    for name in analyses[0].figures.named():
        short, what = figure_words(name, analyses[0].areas)
        values = (one.figures.named()[name] for one in analyses)
        rows.append((short, *(Share(text=shown(one), share=one) for one in values), what))
    drawn = list(report.intervals.values())
    for name in ("ap", "ap50") if drawn else ():
        ranges = (getattr(one, name) for one in drawn)
        cells = (f"{shown(one.low)} to {shown(one.high)}" for one in ranges)
        rows.append((f"{name.upper()}, interval", *cells, f"{drawn[0].level:.0%} of resamples"))
    kept = [one.kept for one in analyses]
    cut = ", ".join(
        f"{one.threshold:.2f} ({TITLES[name]})" for name, one in report.analyses.items()
    )
    where = "each class's threshold" if has_own_thresholds(report) else cut
    for name in ("precision", "recall", "f1"):
        values = (getattr(one, name) for one in kept)
        shares = (Share(text=shown(one), share=one) for one in values)
        label = "F1" if name == "f1" else name
        rows.append((label, *shares, f"above {where}"))
    heads = ("figure", *(TITLES[name] for name in report.analyses), "of what")
    return Table(caption="COCO's figures", heads=heads, rows=tuple(rows), words=1)


def errors_table(report: ScoreReport) -> Table:
    """The kinds of mistakes and what each costs."""
    errors = report.main.errors
    most = max((one.ap50_cost for one in errors.buckets.values()), default=0.0)
    rows = tuple(
        (
            kind,
            f"{bucket.count:,}",
            Share(text=shown(bucket.ap50_cost), share=_part(bucket.ap50_cost, most)),
            MEANINGS[kind],
            _commonest(bucket.count_by_class),
        )
        for kind, bucket in errors.buckets.items()
    )
    heads = ("kind", "count", "AP50 lost", "what", "most often")
    caption = f"Mistakes, {TITLES[report.main_iou_type]}, any score, IoU 0.50"
    return Table(caption=caption, heads=heads, rows=rows, words=2)


def confused_table(report: ScoreReport) -> Table | None:
    """The pairs of classes that are mixed up most; None where there are none."""
    found = report.main.confusion.most_confused(MOST_CONFUSED)
    rows = tuple((one.actual, f"{one.count:,}", one.predicted) for one in found)
    heads = ("it is", "objects", "it was taken for")
    return Table(caption="Mixed up most", heads=heads, rows=rows, words=1) if rows else None


def classes_table(report: ScoreReport) -> Table:
    """All classes, the highest AP first."""
    main = report.main
    boxes = report.analyses.get("bbox") if report.main_iou_type != "bbox" else None
    limit = list(main.figures.ar_by_limit)[-1]
    ranked = sorted(main.classes.items(), key=lambda item: _last_if_nan(item[1].figures.ap))
    rows = tuple(
        _class_row(name, one, None if boxes is None else boxes.classes[name])
        for name, one in ranked
        if one.figures.objects or one.kept.predictions
    )
    silent = len(main.classes) - len(rows)
    more = f"; {silent} with neither objects nor predictions are left out" if silent else ""
    heads = (
        "class",
        "objects",
        "AP",
        "AP50",
        f"AR{limit}",
        *(["box AP"] if boxes else []),
        "threshold",
        "kept",
        "precision",
        "recall",
        "F1",
    )
    caption = f"Classes by AP, {TITLES[report.main_iou_type]}{more}"
    return Table(caption=caption, heads=heads, rows=rows)


def _class_row(name: str, one: ClassAnalysis, boxes: ClassAnalysis | None) -> tuple[Cell, ...]:
    figures, kept = one.figures, one.kept
    return (
        name,
        f"{figures.objects:,}",
        Share(text=shown(figures.ap), share=figures.ap),
        Share(text=shown(figures.ap50), share=figures.ap50),
        shown(figures.ar),
        *([] if boxes is None else [shown(boxes.figures.ap)]),
        f"{kept.threshold:.2f}",
        f"{kept.predictions:,}",
        *(
            Share(text=shown(value), share=value)
            for value in (kept.precision, kept.recall, kept.f1)
        ),
    )


def suggestion_table(report: ScoreReport) -> Table | None:
    """The suggested thresholds; None where nobody asked."""
    suggestion = report.suggestion
    if suggestion is None:
        return None
    rows = tuple(map(tuple, suggestion_rows(suggestion)))
    heads = ("class", "threshold", "kept", "precision", "recall", "at least", "from")
    caption = f"Thresholds for {suggestion.goal}"
    return Table(caption=caption, heads=heads, rows=rows, words=1)


def differences_table(report: ComparisonReport) -> Table:
    """B against A for each thing compared."""
    rows = tuple(
        _difference_row(f"{short}, {TITLES[iou_type]}", one)
        for iou_type, comparison in report.comparisons.items()
        for short, one in (("AP", comparison.ap), ("AP50", comparison.ap50))
    )
    return Table(caption="All classes", heads=_heads(report, "figure"), rows=rows, words=1)


def class_differences_table(report: ComparisonReport) -> Table:
    """B against A class by class, the largest gain first."""
    iou_type = report.a.main_iou_type
    by_class = report.comparisons[iou_type].ap_by_class
    differing = [item for item in by_class.items() if _differs(item[1])]
    ranked = sorted(differing, key=lambda item: -item[1].change)
    alike = len(by_class) - len(differing)
    more = f"; {alike} without any difference are left out" if alike else ""
    return Table(
        caption=f"AP by class, {TITLES[iou_type]}{more}",
        heads=_heads(report, "class"),
        rows=tuple(_difference_row(name, one) for name, one in ranked),
        words=1,
    )


def both_errors_table(report: ComparisonReport) -> Table:
    """What each kind of mistake costs A and B."""
    sides = [side.main.errors.buckets for side in (report.a, report.b)]
    rows = tuple(
        (
            kind,
            *(f"{side[kind].count:,}" for side in sides),
            *(shown(side[kind].ap50_cost) for side in sides),
            signed(sides[1][kind].ap50_cost - sides[0][kind].ap50_cost),
            MEANINGS[kind],
        )
        for kind in sides[0]
    )
    heads = ("kind", "A, count", "B, count", "A, AP50 lost", "B, AP50 lost", "change", "what")
    caption = f"Mistakes, {TITLES[report.a.main_iou_type]}, any score, IoU 0.50"
    return Table(caption=caption, heads=heads, rows=rows, words=1)


def _differs(one: Difference) -> bool:
    return bool(one.change or one.interval.low or one.interval.high)


def _heads(report: ComparisonReport, first: str) -> tuple[str, ...]:
    level = next(iter(report.comparisons.values())).level
    return first, "A", "B", "B minus A", f"{level:.0%} interval", "verdict"


def _difference_row(label: str, one: Difference) -> tuple[Cell, ...]:
    return (
        label,
        shown(one.a),
        shown(one.b),
        signed(one.change),
        f"{signed(one.interval.low)} to {signed(one.interval.high)}",
        VERDICTS[one.verdict],
    )


def _commonest(count_by_class: Mapping[str, int]) -> str:
    ranked = sorted(count_by_class.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{name} ({count:,})" for name, count in ranked)


def _part(value: float, most: float) -> float:
    return value / most if most > 0 else math.nan


def _last_if_nan(figure: float) -> tuple[bool, float]:
    return math.isnan(figure), 0.0 if math.isnan(figure) else -figure
