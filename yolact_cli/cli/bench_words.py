"""What ``yolact bench`` says, its tables, and the words of its picture."""

import sys
from typing import TYPE_CHECKING

from yolact_cli.cli import reporting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolact_cli.pipelines.bench_pictures import BenchPictures
    from yolact_cli.pipelines.bench_report import Against, BenchReport
    from yolact_cli.pipelines.bench_request import BenchRequest
    from yolact_cli.pipelines.bench_timing import StageTimes
    from yolact_cli.writers.bench_chart import Bar

_SHOWN_FAILURES = 20
_BAR_LETTERS = 10  # the table is to fit on 80 columns
_EIGHTHS = "▏▎▍▌▋▊▉█"
_TITLES = {"nms": "NMS", "rle": "RLE"}
_MEGABYTE = 1e6

Rows = list[tuple[str, str]]


def say_request(request: "BenchRequest") -> None:
    """That pictures are made up, where they are: before anybody waits for their figures."""
    if not request.sources:
        reporting.message(
            "No SOURCE is given: the pictures are made up, and there is little to be found in them,"
            " so that masks and files cost less than on photographs."
        )


def say_pictures(pictures: "BenchPictures") -> None:
    """What could not be measured."""
    for failure in pictures.failures[:_SHOWN_FAILURES]:
        reporting.warn(failure.message)
    more = len(pictures.failures) - _SHOWN_FAILURES
    if more > 0:
        reporting.warn(f"… and {reporting.counted(more, 'more picture')}.")
    if pictures.failures:
        count = reporting.counted(len(pictures.failures), "picture")
        reporting.warn(f"Left out: {count} that cannot be read.")
    if pictures.videos:
        count = reporting.counted(pictures.videos, "video")
        reporting.message(f"Passed over: {count}; pictures are what is measured.")


def say_devices(report: "BenchReport") -> None:
    """That two runtimes ran on two devices, where they did: their times tell of both."""
    device, against = report.settings["device"], report.against
    if against is not None and against.device != device:
        reporting.warn(
            f"{report.settings['runtime_version']} ran on {device}, {against.runtime_version} on "
            f"{against.device}: their times compare the devices too. --device cpu runs both on one."
        )


def show_report(report: "BenchReport", *, as_json: bool) -> None:
    """The steps and the whole, on stdout."""
    if as_json:
        reporting.print_json(report.to_record())
        return
    show_stages([(stage, report.share_of(stage)) for stage in report.stages])
    reporting.print_table(["whole run", ""], _whole_rows(report), ends_in_words=True)
    if report.against is not None:
        pairs = _against_rows(report, report.against)
        reporting.print_table(["two in turn", ""], pairs, ends_in_words=True)


def show_stages(stages: "Sequence[tuple[StageTimes, float]]") -> None:
    """The table of steps, each with its share of all of them; at least one."""
    longest = max(share for _, share in stages)
    rows = [
        [*_stage_cells(stage), f"{share:.1%}", _bar(share / longest)] for stage, share in stages
    ]
    wall_ms, core_ms = (
        sum(times.mean for times in column)
        for column in zip(*((stage.wall_ms, stage.core_ms) for stage, _ in stages), strict=True)
    )
    rows.append(["a picture, mean", _ms(wall_ms), "", _ms(core_ms), "", ""])
    columns = ["step", "wall ms", "10 to 90 %", "core ms", "share", ""]
    reporting.print_table(columns, rows, ends_in_words=True)


def chart_svg(report: "BenchReport") -> str:
    """The steps as bars."""
    from yolact_cli.writers.bench_chart import bars_svg

    return bars_svg(
        [_chart_bar(report, stage) for stage in report.stages],
        title="Where the time of a picture goes",
        notes=[f"{name}: {words}" for name, words in _whole_rows(report)],
    )


def stage_title(name: str) -> str:
    """What a step is called."""
    return _TITLES.get(name, name)


def _stage_cells(stage: "StageTimes") -> list[str]:
    wall = stage.wall_ms
    return [
        stage_title(stage.name),
        _ms(wall.median),
        f"{_ms(wall.p10)} to {_ms(wall.p90)}",
        _ms(stage.core_ms.median),
    ]


def _bar(length: float) -> str:
    """Of a length up to 1, to an eighth of a letter where the stream can show one."""
    letters = _BAR_LETTERS * length
    try:
        _EIGHTHS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "#" * round(letters)
    whole, eighths = divmod(round(8 * letters), 8)
    return _EIGHTHS[-1] * whole + (_EIGHTHS[eighths - 1] if eighths else "")


def _chart_bar(report: "BenchReport", stage: "StageTimes") -> "Bar":
    from yolact_cli.writers.bench_chart import Bar

    wall = stage.wall_ms
    return Bar(
        name=stage_title(stage.name),
        wall_ms=wall.median,
        spread_ms=(wall.p10, wall.p90),
        core_ms=stage.core_ms.median,
        words=f"{_ms(wall.median)} ms · {report.share_of(stage):.1%}",
    )


def _whole_rows(report: "BenchReport") -> Rows:
    return [
        ("model", _model(report)),
        ("pictures", _pictures(report)),
        ("machine", _machine(report)),
        ("speed", _speed(report)),
        ("peak memory", _memory(report)),
        ("arithmetic", _arithmetic(report)),
    ]


def _model(report: "BenchReport") -> str:
    settings = report.settings
    device = "" if settings["device"] == "cpu" else f" on {settings['device']}"
    size = f"{report.model['name']} at {report.model['input_size']} px"
    how = f"{settings['precision']}, in batches of {settings['batch_size']}"
    return f"{size} by {settings['runtime_version']}{device}, {how}"


def _pictures(report: "BenchReport") -> str:
    pictures = report.pictures
    count = reporting.counted(
        pictures.count, "made-up picture" if pictures.is_made_up else "picture"
    )
    return f"{count}, {pictures.distinct} different; {report.objects_a_picture:.1f} objects each"


def _machine(report: "BenchReport") -> str:
    machine = report.machine
    words = f"{machine.processor}, {reporting.counted(machine.cores, 'core')}"
    return f"{words}; {machine.gpu}" if machine.gpu else words


def _speed(report: "BenchReport") -> str:
    whole = report.whole
    decoders = "1 decoder" if whole.workers == 1 else f"{whole.workers} decoders"
    return (
        f"{whole.pictures_per_s:.1f} pictures/s: {_ms(whole.wall_ms)} ms each with {decoders}, "
        f"{report.over_network:.2f} times the network alone"
    )


def _memory(report: "BenchReport") -> str:
    memory = report.whole.memory
    if memory.process_bytes is None:
        return "this system does not tell"
    words = f"{memory.process_bytes / _MEGABYTE:,.0f} MB"
    if memory.gpu_bytes is not None:
        words += f", {memory.gpu_bytes / _MEGABYTE:,.0f} MB of the GPU's"
    if not memory.decoders:
        return words
    each = f"{memory.decoder_bytes / _MEGABYTE:,.0f} MB"
    return f"{words}, and up to {each} a decoder, with what it shares"


def _arithmetic(report: "BenchReport") -> str:
    arithmetic = report.arithmetic
    work = f"{arithmetic.network_gflop:.2f} GFLOP a picture"
    speed = f"{arithmetic.achieved_gflop_per_s:.0f} GFLOP/s"
    peak, share = arithmetic.peak, arithmetic.share
    if peak is None or share is None:
        return f"{work}, {speed}. {arithmetic.left_out}"
    threads = reporting.counted(peak.threads, "thread")
    product = f"{peak.gflop_per_s:.0f} that {peak.library}'s matrix product reaches ({threads})"
    return f"{work}, {speed}: {share:.0%} of the {product}"


def _against_rows(report: "BenchReport", against: "Against") -> Rows:
    times, objects, ratio = against.times, against.objects, against.times.ratio
    first = f"{report.settings['runtime_version']} on {report.settings['device']}"
    second = f"{against.runtime_version} on {against.device}"
    rounds = f"{times.rounds} rounds of {reporting.counted(times.pictures, 'picture')}"
    spread = f"{ratio.p10:.3f} to {ratio.p90:.3f} in 10 to 90 % of {rounds}"
    scores = f"their scores at most {objects.largest_score_change:.4f} apart"
    return [
        (first, f"{_ms(times.first_ms.median)} ms a picture, network and NMS"),
        (second, f"{_ms(times.second_ms.median)} ms a picture"),
        ("second over first", f"{ratio.median:.3f} ({spread})"),
        ("objects", f"{objects.first} and {objects.second}"),
        ("the same objects", f"{objects.matched} by class and a mask IoU of 0.9, {scores}"),
    ]


def _ms(value: float) -> str:
    return f"{value:.2f}" if value < 99.995 else f"{value:.0f}"  # never 100.00
