"""What is measured: every step, the whole, memory, arithmetic, two runtimes; and what is left."""

import dataclasses
import json
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from yolact_cli.errors import NoInputsError, SettingsError, YolactError
from yolact_cli.inference.runtimes.installed import is_installed
from yolact_cli.network.backbones.deformable import DeformableConv
from yolact_cli.network.yolact import Yolact
from yolact_cli.pipelines import bench_arithmetic, bench_pairs, bench_stages
from yolact_cli.pipelines.bench import bench
from yolact_cli.pipelines.bench_memory import MemoryWatch, peak_of_this_process
from yolact_cli.pipelines.bench_pictures import gather_pictures
from yolact_cli.pipelines.bench_report import Arithmetic
from yolact_cli.pipelines.bench_request import BenchRequest
from yolact_cli.pipelines.bench_timing import Spread, Stopwatch
from yolact_cli.pipelines.model import ready_model
from yolact_cli.settings import LabelSettings, NmsSettings
from yolact_cli.structures import Frame
from yolact_cli.zoo.resolve import resolve_model

WRITTEN = ("coco", "results", "overlay", "masks", "objects", "cvat")
STEPS = [
    *("decode", "preprocess", "network", "nms", "masks", "rle"),
    *("write overlay", "write masks", "write objects", "journal"),
    *("write coco", "write results", "write cvat"),
]


@pytest.fixture(scope="session")
def model(tiny_model):
    return resolve_model(str(tiny_model))


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where temporary folders are made; torch may make one for its compiler, which stays."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def quick_peak(monkeypatch):
    """Products of small matrices only: how fast they are is another test's."""
    monkeypatch.setattr(bench_arithmetic, "_SIDES", (64,))
    monkeypatch.setattr(bench_arithmetic, "_LONGER_S", 0.0)


@pytest.fixture
def make_bench(model, scratch, quick_peak):
    """``make_bench(source, **fields)``: the report of six pictures, three batches of two."""

    def build(*sources, watch=lambda done: None, **fields):
        defaults = {
            "model": model,
            "settings": LabelSettings(nms=NmsSettings(max_detections=3), runtime="torch"),
            "write": ("coco",),
            "device": "cpu",
            "batch_size": 2,
            "workers": 0,
            "pictures": 6,
        }
        request = BenchRequest(sources=tuple(map(str, sources)), **(defaults | fields))
        return bench(request, watch)

    return build


def test_every_step_is_timed_and_the_steps_are_all_there_is(make_bench, make_photos, scratch):
    steps = []
    report = make_bench(make_photos("a.png", "b.png"), write=WRITTEN, watch=steps.append)
    assert [stage.name for stage in report.stages] == STEPS
    assert all(stage.wall_ms.p10 > 0 and stage.core_ms.mean >= 0 for stage in report.stages)
    assert sum(map(report.share_of, report.stages)) == pytest.approx(1)
    # Decoding has no process of its own here: the whole is the steps, and other programs' noise.
    assert 0.2 < report.whole.wall_ms / report.sum_ms < 5
    assert report.whole.pictures == 4
    assert report.objects_a_picture > 0
    assert steps == [2, 4, 6, 8, 10, 12]
    assert list(scratch.glob("yolact*")) == []


def test_a_picture_is_a_sample_and_so_is_a_batch_and_the_report_is_plain_json(
    make_bench, make_photos
):
    report = make_bench(make_photos("a.png", "b.png", "c.png"), pictures=5)
    samples = {stage.name: stage.samples for stage in report.stages}
    assert (samples["decode"], samples["rle"]) == (5, 5)
    assert (samples["network"], samples["nms"], samples["journal"]) == (3, 3, 3)
    assert (report.pictures.count, report.pictures.distinct) == (5, 3)
    record = report.to_record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["model"] == {
        "name": "tiny",
        "sha256": record["model"]["sha256"],
        "input_size": 96,
    }
    assert len(record["model"]["sha256"]) == 64
    assert record["settings"]["runtime_version"].startswith("torch ")
    assert record["machine"]["cores"] >= 1
    stage = record["stages"][0]
    assert set(stage) == {"name", "wall_ms", "core_ms", "share_percent", "samples"}
    assert set(stage["wall_ms"]) == {"median", "p10", "p90", "mean"}
    assert record["memory"]["process_peak_bytes"] > 10_000_000
    assert record["against"] is None


def test_exports_are_written_anew_each_time_they_are_measured(make_bench, make_photos, monkeypatch):
    write, written = bench_stages.write_run_exports, []

    def noted(store, kinds):
        reports = write(store, kinds)
        written.extend(report.files.written for report in reports)
        return reports

    monkeypatch.setattr(bench_stages, "write_run_exports", noted)
    make_bench(make_photos("a.png"), write=("cvat",))
    assert len(written) > 1
    assert all(written)


def test_steps_have_as_many_threads_as_in_a_run(make_bench, make_photos):
    before, seen = cv2.getNumThreads(), set()
    cv2.setNumThreads(2)

    def watch(done):
        blas = {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}
        seen.add((cv2.getNumThreads(), *blas))

    try:
        make_bench(make_photos("a.png"), watch=watch)
    finally:
        cv2.setNumThreads(before)
    assert seen == {(1, 1)}


@pytest.fixture
def gather(model, tmp_path):
    """``gather(source, **fields)``: the six pictures that would be measured."""

    def build(*sources, **fields):
        request = BenchRequest(
            sources=tuple(map(str, sources)),
            model=model,
            settings=LabelSettings(),
            **({"pictures": 6, "workers": 0} | fields),
        )
        pictures = gather_pictures(request, tmp_path / "gathered", batch_size=2)
        assert len(pictures.listed()) == pictures.count == request.pictures
        return pictures

    return build


def test_pictures_that_cannot_be_read_are_told_and_left_out(gather, make_photos):
    photos = make_photos("a.png", "c.png")
    (photos / "b.png").write_bytes(b"no picture")
    pictures = gather(photos)
    assert [one.name for one in pictures.failures] == ["b.png"]
    assert pictures.distinct == 2


def test_pictures_are_repeated_in_order(gather, make_photos):
    photos = make_photos("a.png", "b.png", "c.png")
    contents = [path.read_bytes() for path in sorted(photos.iterdir())]
    copies = [path.read_bytes() for path in sorted(gather(photos, pictures=5).folder.iterdir())]
    assert copies == [*contents, *contents[:2]]


def test_pictures_beyond_those_wanted_are_not_looked_at(gather, make_photos):
    photos = make_photos(*(f"{number}.png" for number in range(4)))
    (photos / "z.png").write_bytes(b"no picture")
    pictures = gather(photos, pictures=4)
    assert (pictures.distinct, pictures.failures) == (4, ())


def test_a_file_without_a_pictures_ending_is_taken_too(gather, make_photos, tmp_path):
    named = tmp_path / "photo.dat"
    named.write_bytes((make_photos("a.png") / "a.png").read_bytes())
    assert gather(named).distinct == 1


def test_videos_are_passed_over(gather, make_photos, make_clip):
    clip = make_clip(frames=2)
    assert gather(make_photos("a.png"), clip).videos == 1
    with pytest.raises(NoInputsError, match="hold videos, and no picture"):
        gather(clip)


def test_sources_without_a_readable_picture_are_refused(gather, tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(NoInputsError, match=r"None of the sources' 1 pictures .* is empty"):
        gather(tmp_path / "a.png")


def test_sources_are_as_they_were(gather, make_photos):
    def states():
        return {path: (path.read_bytes(), path.stat().st_ctime_ns) for path in photos.iterdir()}

    photos = make_photos("a.png", "b.png")
    before = states()
    gather(photos)
    assert states() == before


def test_pictures_are_made_up_where_none_are_given(gather):
    pictures = gather(pictures=10)
    assert pictures.is_made_up
    assert pictures.distinct == 8
    files = sorted(pictures.folder.iterdir())
    assert len({path.read_bytes() for path in files}) == 8
    assert files[8].read_bytes() == files[0].read_bytes()
    assert cv2.imread(str(files[0])).shape == (480, 640, 3)


def test_the_first_batch_does_not_count_so_there_must_be_two(make_bench):
    with pytest.raises(SettingsError, match="less than two batches of 4") as refused:
        make_bench(batch_size=4)
    assert "--pictures 8" in refused.value.remedy


def test_a_runtime_is_not_measured_against_itself(make_bench):
    with pytest.raises(SettingsError, match="Both runtimes are torch"):
        make_bench(against="torch")


def test_nothing_is_left_of_a_measurement_that_is_interrupted(make_bench, make_photos, scratch):
    def interrupt(done):
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_bench(make_photos("a.png"), watch=interrupt)
    assert list(scratch.glob("yolact*")) == []


@pytest.mark.skipif(not is_installed("openvino"), reason="needs openvino")
def test_two_runtimes_are_run_in_turn_and_find_the_same(make_bench, make_photos):
    steps = []
    report = make_bench(
        make_photos("a.png", "b.png"), against="openvino", rounds=3, watch=steps.append
    )
    against = report.against
    assert against.runtime_version.startswith("openvino ")
    assert report.to_record()["against"]["device"] == "cpu"
    assert (against.times.rounds, against.times.pictures) == (3, 6)
    assert against.times.ratio.p10 <= against.times.ratio.median <= against.times.ratio.p90
    objects = against.objects
    assert objects.first == objects.second == objects.matched > 0
    assert objects.largest_score_change < 0.01
    assert steps[-3:] == [13, 14, 15]


@pytest.mark.skipif(not is_installed("openvino"), reason="needs openvino")
@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_the_network_and_then_the_choice_is_what_a_run_does(runtime, model):
    ready = ready_model(model, LabelSettings(runtime=runtime), device="cpu")
    pixels = np.random.default_rng(0).integers(0, 255, (3, 96, 96, 3), np.uint8)
    at_once, in_steps = ready.runtime.run(pixels), ready.runtime.run_network(pixels)()
    assert len(at_once) == len(in_steps) == 3
    for one, other in zip(at_once, in_steps, strict=True):
        for field in dataclasses.fields(one):
            np.testing.assert_array_equal(
                getattr(one, field.name), getattr(other, field.name), err_msg=field.name
            )
    assert ready.runtime.run_network(pixels[:0])() == []


class Recorded:
    """A runtime that notes its turns, and leaves out the ``fewer`` best candidates of a picture."""

    def __init__(self, runtime, name, turns, fewer=0):
        self.runtime, self.name, self.turns, self.fewer = runtime, name, turns, fewer

    def run(self, pixels):
        self.turns.append(self.name)
        return [self._without_best(one) for one in self.runtime.run(pixels)]

    def _without_best(self, candidates):
        kept = slice(self.fewer, None)
        names = ("boxes_xyxy_norm", "scores", "class_ids", "mask_coefficients")
        return dataclasses.replace(
            candidates, **{name: getattr(candidates, name)[kept] for name in names}
        )


@pytest.fixture
def batches():
    rng = np.random.default_rng(0)
    frames = [
        Frame(
            picture_id=number,
            name=f"{number}.png",
            size_hw=(60, 80),
            pixels=rng.integers(0, 255, (96, 96, 3), np.uint8),
        )
        for number in (1, 2)
    ]
    return [frames]


def test_who_begins_changes_from_round_to_round(model, batches):
    runtime = ready_model(model, LabelSettings(runtime="torch"), device="cpu").runtime
    turns: list[str] = []
    first, second = (Recorded(runtime, name, turns) for name in "ab")
    times = bench_pairs.pair_times(first, second, batches, rounds=3, on_round=lambda done: None)
    assert "".join(turns) == "ab" + "ab" + "ba" + "ab"
    assert times.ratio.median > 0


def test_the_ratio_is_of_the_second_to_the_first(model, batches, monkeypatch):
    runtime = ready_model(model, LabelSettings(runtime="torch"), device="cpu").runtime
    first, second = (Recorded(runtime, name, []) for name in "ab")
    seconds = {first: 0.1, second: 0.4}
    monkeypatch.setattr(bench_pairs, "_seconds", lambda one, batches: seconds[one])
    times = bench_pairs.pair_times(first, second, batches, rounds=2, on_round=lambda done: None)
    assert times.ratio.median == pytest.approx(4)
    assert (times.first_ms.median, times.second_ms.median) == pytest.approx((50, 200))


def test_objects_that_one_alone_finds_are_not_matched(model, batches):
    settings = LabelSettings(
        nms=NmsSettings(max_detections=6), score_threshold=0.05, runtime="torch"
    )
    runtime = ready_model(model, settings, device="cpu").runtime
    whole, short = (Recorded(runtime, "", [], fewer=fewer) for fewer in (0, 3))
    found = bench_pairs.compare_objects(whole, short, batches, settings)
    assert found.first > found.second == found.matched > 0
    assert found.largest_score_change == 0


@pytest.mark.parametrize("name", ["yolact_lite0", "yolact_plus_resnet50"])
def test_a_networks_work_is_that_of_its_convolutions(name):
    config = resolve_model(name).card.network
    work = []

    def note(module, inputs, output):
        per_value = module.weight[0].numel()  # inputs of a group times the kernel's cells
        work.append(2 * output.numel() * per_value)

    with torch.device("meta"), torch.inference_mode():
        network = Yolact(config).eval()
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d | DeformableConv):
                module.register_forward_hook(note)
        network(torch.zeros(1, 3, config.input_size, config.input_size))
    assert bench_arithmetic.network_gflop(config) == pytest.approx(sum(work) / 1e9)


def test_the_peak_is_the_fastest_of_all_products(monkeypatch):
    monkeypatch.setattr(bench_arithmetic, "_SIDES", (32, 256))
    monkeypatch.setattr(bench_arithmetic, "_LONGER_S", 0.0)
    before = torch.get_num_threads()
    peak = bench_arithmetic.matrix_peak(device="cpu", precision="fp32", threads=1)
    assert (peak.side, peak.threads) == (256, 1)
    assert peak.library in {"torch", "numpy"}
    assert peak.gflop_per_s > 0.1
    assert torch.get_num_threads() == before


def test_where_no_product_can_be_measured_the_network_has_no_share():
    arithmetic = Arithmetic(
        network_gflop=3.0, achieved_gflop_per_s=50.0, peak=None, left_out="It is int8."
    )
    assert arithmetic.share is None
    record = arithmetic.to_record()
    assert (record["share_of_peak_percent"], record["left_out"]) == (None, "It is int8.")


ASK_FOR_PEAK = """
from yolact_cli.pipelines.bench_memory import peak_of_this_process
print(peak_of_this_process())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_memory_of_whoever_started_a_process_is_not_its_own():
    mine = np.ones(300 << 20, np.uint8)
    told = subprocess.check_output([sys.executable, "-c", ASK_FOR_PEAK])
    assert int(told) < mine.nbytes


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_memory_of_processes_that_were_started_is_seen():
    held = "held = bytearray(40_000_000)\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        watch = MemoryWatch()
        watch.look()
        child.communicate(b"\n")
    assert watch.peaks_bytes[child.pid] > 40_000_000
    seen = watch.peak(device="cpu", decoders=1)
    assert (seen.decoders, seen.decoder_bytes) == (1, max(watch.peaks_bytes.values()))
    assert seen.process_bytes == peak_of_this_process()
    assert watch.peak(device="cpu", decoders=0).decoder_bytes == 0


def test_a_lap_is_told_a_picture_and_work_of_the_warm_up_is_forgotten():
    watch = Stopwatch()
    with watch.lap("a"):
        pass
    watch.clear()
    assert watch.stages() == ()
    with watch.lap("b", pictures=4):
        sum(range(200_000))
    with watch.lap("a"):
        pass
    first, second = watch.stages()
    assert (first.name, second.name) == ("a", "b")  # in the order of the work
    assert 0 < second.core_ms.mean <= 1.5 * second.wall_ms.mean + 1


def test_a_spread_is_of_its_values():
    spread = Spread.of(list(range(11)))
    assert spread == Spread(median=5, p10=1, p90=9, mean=5)


def test_a_model_without_weights_is_refused_before_anything_is_done(make_bench, scratch):
    with pytest.raises(YolactError, match="weights"):
        make_bench(model=resolve_model("yolact_resnet50_pascal"))
    assert list(scratch.glob("yolact*")) == []
