"""A score to its page: records made of figures, pictures fetched, everything drawn."""

import importlib.util
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

from yolact_cli.errors import OutputError
from yolact_cli.pipelines import score_charts, score_findings, score_tables
from yolact_cli.pipelines.score import ComparisonReport, ScoreReport
from yolact_cli.pipelines.score_mistakes import worst_mistakes
from yolact_cli.pipelines.score_pictures import ScoredPictures
from yolact_cli.pipelines.score_wording import MEANINGS, shown
from yolact_cli.writers.manifest import program_version
from yolact_cli.writers.score_page import score_page
from yolact_cli.writers.score_records import Block, Gallery, ScorePage, Section

MOST_PICTURES = 8
"""Of each kind of mistake; half as many of each side where two are compared."""

_WORDS = MappingProxyType({"bbox": "box", "segm": "mask", "boundary": "boundary"})
_FIGURES = "AP is the mean over IoU 0.50 to 0.95 and over the classes; higher is better, at most 1."
_ERRORS = (
    "Every prediction that hits nothing is a mistake of one of five kinds; an object that nothing "
    "came near is missed. AP50 lost: by how much AP50 would rise if that kind alone were mended."
)
_WORST = (
    "The mistakes with the highest scores, and the largest missed objects. Left: truth, in blue. "
    "Right: what was predicted, in orange. What a mistake is about has a thick line, everything "
    "else there a thin white one; dashed: where the other side has something."
)
_CHANGES = (
    "Both sides are scored on the same resampled pictures. Where the interval of a difference has "
    "zero in it, nothing can be said."
)


def check_can_draw() -> None:
    """Do nothing, unless pages of scores cannot be drawn here.

    Raises:
        OutputError: matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise OutputError("There is no report without matplotlib.", remedy="pip install matplotlib")


def report_page(report: ScoreReport, *, truth: Path, images_dir: Path | None = None) -> bytes:
    """The page of one set of predictions; the same bytes for the same report and pictures.

    Args:
        report: What came out.
        truth: The file that it was measured against.
        images_dir: Where truth's file names start; None for where a run found its pictures.
    """
    figures = report.main.figures
    page = ScorePage(
        title=f"{_name(report.predictions)} against {_name(truth)}",
        eyebrow="yolact score",
        facts={
            **_headline(report),
            "F1": shown(report.main.kept.f1),
            "pictures": f"{report.join.truth_pictures:,}",
            "objects": f"{sum(one.objects for one in figures.per_class.values()):,}",
            "predictions": f"{report.join.objects:,}",
        },
        findings=score_findings.findings(report),
        sections=tuple(_sections(report, images_dir, most=MOST_PICTURES)),
        footer=_footer([report], truth),
    )
    return score_page(page)


def comparison_page(
    report: ComparisonReport, *, truth: Path, images_dir: Path | None = None
) -> bytes:
    """The page of two sets of predictions: their differences, then each by itself."""
    title = _WORDS[report.a.main_iou_type]
    main = report.comparisons[report.a.main_iou_type]
    sections = [_comparison_section(report)]
    for name, side in (("A", report.a), ("B", report.b)):
        sections += _sections(side, images_dir, most=MOST_PICTURES // 2, side=name)
    page = ScorePage(
        title=f"{_name(report.b.predictions)} (B) against {_name(report.a.predictions)} (A)",
        eyebrow=f"yolact score, both against {_name(truth)}",
        facts={
            f"A, {title} AP": shown(main.ap.a),
            f"B, {title} AP": shown(main.ap.b),
            f"A, {title} AP50": shown(main.ap50.a),
            f"B, {title} AP50": shown(main.ap50.b),
            "pictures": f"{report.a.join.truth_pictures:,}",
        },
        findings=score_findings.comparison_findings(report),
        sections=tuple(sections),
        footer=_footer([report.a, report.b], truth),
    )
    return score_page(page)


def _comparison_section(report: ComparisonReport) -> Section:
    return Section(
        key="comparison",
        title="B against A",
        words=_CHANGES,
        blocks=(
            score_tables.differences_table(report),
            score_charts.both_curves_chart(report),
            score_charts.changes_chart(report),
            score_tables.both_errors_table(report),
            score_tables.class_differences_table(report),
        ),
    )


def _sections(
    report: ScoreReport, images_dir: Path | None, *, most: int, side: str = ""
) -> list[Section]:
    before = f"{side.lower()}-" if side else ""
    of = f"{side}: " if side else ""
    galleries, words = _galleries(report, images_dir, most=most)
    parts: list[tuple[str, str, str, Iterable[Block | None]]] = [
        ("figures", "Figures", _FIGURES, [score_tables.figures_table(report)]),
        ("mistakes", "Kinds of mistakes", _ERRORS, [score_tables.errors_table(report)]),
        (
            "curves",
            "Curves",
            "",
            [
                score_charts.precision_recall_chart(report),
                score_charts.threshold_chart(report),
                score_charts.reliability_chart(report),
            ],
        ),
        (
            "confusion",
            "Confusion",
            "",
            [score_charts.confusion_chart(report), score_tables.confused_table(report)],
        ),
        (
            "classes",
            "Classes",
            "",
            [score_tables.classes_table(report), score_tables.suggestion_table(report)],
        ),
        ("worst", "The worst mistakes", words, galleries),
    ]
    sections = []
    for key, title, text, given in parts:
        shown_title = f"{of}{title[0].lower()}{title[1:]}" if of else title
        blocks = tuple(one for one in given if one is not None)
        section = Section(key=f"{before}{key}", title=shown_title, words=text, blocks=blocks)
        sections.append(section)
    return sections


def _galleries(
    report: ScoreReport, images_dir: Path | None, *, most: int
) -> tuple[list[Gallery], str]:
    pictures = ScoredPictures.of(
        report.predictions, images_dir, joined_by_id=report.join.pictures_by == "id"
    )
    worst = worst_mistakes(report, pictures, most=most)
    galleries = []
    for kind, mistakes in worst.items():
        bucket = report.main.errors.buckets[kind]
        of = f", {len(mistakes)} shown" if len(mistakes) < bucket.count else ""
        galleries.append(
            Gallery(
                title=kind.capitalize(),
                words=f"{MEANINGS[kind].capitalize()}: {bucket.count:,}{of}.",
                mistakes=mistakes,
            )
        )
    return galleries, _WORST + _troubles(pictures)


def _troubles(pictures: ScoredPictures) -> str:
    why = Counter(pictures.troubles.values())
    if not why:
        return ""
    listed = " and ".join(f"{count:,} {trouble}" for trouble, count in sorted(why.items()))
    return (
        f"\nOn a grey ground, as the pictures are not at hand: {listed}. "
        "Say where they are with --images DIR."
    )


def _headline(report: ScoreReport) -> dict[str, str]:
    facts = {}
    main_first = sorted(report.analyses, key=lambda one: one != report.main_iou_type)
    for iou_type in main_first:
        figures = report.analyses[iou_type].figures
        word = _WORDS[iou_type]
        facts[f"{word} AP"] = shown(figures.ap)
        facts[f"{word} AP50"] = shown(figures.ap50)
    return facts


def _footer(sides: list[ScoreReport], truth: Path) -> str:
    joined = "; ".join(
        f"{one.predictions}: pictures joined by {one.join.pictures_by}, classes by "
        f"{one.join.categories_by}"
        for one in sides
    )
    return f"Made by yolact {program_version()} from {joined}. Truth: {truth}."


def _name(path: Path) -> str:
    """What a path is called in a title: its end, with the folder where that says nothing."""
    resolved = path if path.name else path.absolute()
    if resolved.stem in ("annotations", "results", "instances", "truth"):
        return "/".join(resolved.parts[-2:])
    return resolved.name
