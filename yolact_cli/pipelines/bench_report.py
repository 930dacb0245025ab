"""What a measurement came to, for people and for programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from yolact_cli.pipelines.bench_arithmetic import MatrixPeak
from yolact_cli.pipelines.bench_pairs import SAME_IOU, PairedTimes, SameObjects
from yolact_cli.pipelines.bench_pictures import BenchPictures
from yolact_cli.pipelines.bench_stages import NETWORK
from yolact_cli.pipelines.bench_timing import StageTimes
from yolact_cli.pipelines.bench_whole import Whole

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What it was measured on.

    Attributes:
        system: Its name and release.
        processor: What it calls itself.
        cores: That this process may use.
        gpu: The name of the GPU that the network ran on, as torch has it; None where it ran on
            none.
    """

    system: str
    processor: str
    cores: int
    gpu: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """How much of the machine the network uses.

    Attributes:
        network_gflop: Its work for a picture.
        achieved_gflop_per_s: That work over the time the network takes.
        peak: What products of matrices reach; None where ``left_out`` says why.
        left_out: Why there is no peak, as a sentence; empty where there is one.
    """

    network_gflop: float
    achieved_gflop_per_s: float
    peak: MatrixPeak | None
    left_out: str = ""

    @property
    def share(self) -> float | None:
        """Of the peak, 1 for all of it."""
        return None if self.peak is None else self.achieved_gflop_per_s / self.peak.gflop_per_s

    def to_record(self) -> dict[str, Any]:
        """As plain JSON types."""
        share = self.share
        return {
            "network_gflop": round(self.network_gflop, 3),
            "achieved_gflop_per_s": round(self.achieved_gflop_per_s, 2),
            "peak_gflop_per_s": self.peak and round(self.peak.gflop_per_s, 2),
            "share_of_peak_percent": None if share is None else round(100 * share, 1),
            "peak_by": self.peak and self.peak.library,
            "matrix_side": self.peak and self.peak.side,
            "threads": self.peak and self.peak.threads,
            "left_out": self.left_out or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Another runtime beside the first.

    Attributes:
        runtime_version: Its name and version.
        device: That it ran on; ``auto`` may give each runtime another.
        times: In turn with the first.
        objects: What both find.
    """

    runtime_version: str
    device: str
    times: PairedTimes
    objects: SameObjects

    def to_record(self) -> dict[str, Any]:
        """As plain JSON types."""
        times, objects = self.times, self.objects
        return {
            "runtime_version": self.runtime_version,
            "device": self.device,
            "rounds": times.rounds,
            "pictures_a_round": times.pictures,
            "wall_ms_first": times.first_ms.to_record(),
            "wall_ms_second": times.second_ms.to_record(),
            "ratio_second_to_first": times.ratio.to_record(),
            "objects_first": objects.first,
            "objects_second": objects.second,
            "objects_matched": objects.matched,
            "match_iou": SAME_IOU,
            "largest_score_change": objects.largest_score_change,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchReport:
    """All of it.

    Attributes:
        stages: Each step on its own, in the order of the work.
        whole: A run of all of them.
        arithmetic: Of the network.
        against: Another runtime, where one was asked for.
        pictures: What was labelled.
        objects: Found in them.
        machine: What it was measured on.
        model: ``name``, ``sha256`` and ``input_size``.
        settings: What decides times, by name; plain JSON types.
        versions: Of this program and of libraries.
    """

    stages: tuple[StageTimes, ...]
    whole: Whole
    arithmetic: Arithmetic
    against: Against | None
    pictures: BenchPictures
    objects: int
    machine: Machine
    model: Mapping[str, Any]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]

    @property
    def sum_ms(self) -> float:
        """All steps one after another, a picture, by the clock."""
        return sum(stage.wall_ms.mean for stage in self.stages)

    @property
    def over_network(self) -> float:
        """The whole's time over that of the network alone; below one where cores did both."""
        (network,) = (stage for stage in self.stages if stage.name == NETWORK)
        return self.whole.wall_ms / network.wall_ms.mean

    @property
    def objects_a_picture(self) -> float:
        """How many were found."""
        return self.objects / self.pictures.count

    def share_of(self, stage: StageTimes) -> float:
        """A step's share of all steps one after another, 1 for all."""
        return stage.wall_ms.mean / self.sum_ms

    def to_record(self) -> dict[str, Any]:
        """All of it as plain JSON types."""
        return {
            "format_version": FORMAT_VERSION,
            "versions": dict(self.versions),
            "machine": asdict(self.machine),
            "model": dict(self.model),
            "settings": dict(self.settings),
            "pictures": self._pictures_record(),
            "stages": [self._stage_record(stage) for stage in self.stages],
            "stages_wall_ms": round(self.sum_ms, 4),
            "whole": {
                "pictures": self.whole.pictures,
                "seconds": round(self.whole.seconds, 3),
                "pictures_per_s": round(self.whole.pictures_per_s, 3),
                "wall_ms": round(self.whole.wall_ms, 4),
                "wall_over_network": round(self.over_network, 3),
                "workers": self.whole.workers,
            },
            "memory": {
                "process_peak_bytes": self.whole.memory.process_bytes,
                "decoders_seen": self.whole.memory.decoders,
                "largest_decoder_peak_bytes": self.whole.memory.decoder_bytes,
                "gpu_peak_bytes": self.whole.memory.gpu_bytes,
            },
            "arithmetic": self.arithmetic.to_record(),
            "against": self.against and self.against.to_record(),
        }

    def _pictures_record(self) -> dict[str, Any]:
        pictures = self.pictures
        return {
            "labelled": pictures.count,
            "distinct": pictures.distinct,
            "made_up": pictures.is_made_up,
            "objects_a_picture": round(self.objects_a_picture, 3),
            "failures": [
                {"name": one.name, "error": one.error, "message": one.message}
                for one in pictures.failures
            ],
            "videos_passed_over": pictures.videos,
        }

    def _stage_record(self, stage: StageTimes) -> dict[str, Any]:
        return {
            "name": stage.name,
            "wall_ms": stage.wall_ms.to_record(),
            "core_ms": stage.core_ms.to_record(),
            "share_percent": round(100 * self.share_of(stage), 2),
            "samples": stage.samples,
        }
