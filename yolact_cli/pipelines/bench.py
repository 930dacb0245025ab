"""Where the time of ``annotate`` goes: its steps one by one, a whole run, and the network's share.

The whole run comes first, so that the memory told is its own: nothing else has been loaded by then.
"""

import dataclasses
import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolact_cli.errors import SettingsError
from yolact_cli.inference.runtimes.openvino_runtime import usable_cores
from yolact_cli.pipelines.annotate import suiting_batch_size
from yolact_cli.pipelines.annotate_frames import frame_preparer
from yolact_cli.pipelines.bench_pictures import BenchPictures, gather_pictures
from yolact_cli.pipelines.bench_report import Against, Arithmetic, BenchReport, Machine
from yolact_cli.pipelines.bench_request import BenchRequest
from yolact_cli.pipelines.bench_stages import NETWORK, MeasuredStages, StageRounds, measure_end
from yolact_cli.pipelines.bench_whole import Whole, measure_whole
from yolact_cli.pipelines.model import ReadyModel, ready_model
from yolact_cli.pipelines.runtime_choice import (
    INTEL_GPU,
    RuntimeChoice,
    choose_runtime,
    with_runtime,
)
from yolact_cli.structures import Frame
from yolact_cli.thread_counts import one_thread_for_arrays
from yolact_cli.writers.manifest import versions
from yolact_cli.zoo.checksum import weights_checksum

Watch = Callable[[int], None]
"""Told how many of the request's steps are done."""


def bench(request: BenchRequest, watch: Watch) -> BenchReport:
    """Measure; nothing is left behind.

    Args:
        request: What is measured.
        watch: Told how far it is.

    Raises:
        YolactError: What would stop ``annotate``, too few pictures, or twice the same runtime.
    """
    return _Bench.make(request, watch).measure()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    request: BenchRequest
    choice: RuntimeChoice
    other: RuntimeChoice | None
    batch_size: int
    weights_sha256: str
    watch: Watch

    @classmethod
    def make(cls, request: BenchRequest, watch: Watch) -> "_Bench":
        """Everything that can be refused before anything is done is."""
        card, settings = request.model.card, request.settings
        choice = choose_runtime(card, settings, device=request.device)
        other = None
        if request.against is not None:
            against = dataclasses.replace(settings, runtime=request.against)
            other = choose_runtime(card, against, device=request.device)
            if other.runtime == choice.runtime:
                raise SettingsError(
                    f"Both runtimes are {choice.runtime}.", remedy="Give --against another one."
                )
        batch_size = request.batch_size or suiting_batch_size(choice.device)
        if request.pictures < 2 * batch_size:
            raise SettingsError(
                f"{request.pictures} pictures are less than two batches of {batch_size}; the first "
                "is left out of the time of the whole.",
                remedy=f"Give --pictures {2 * batch_size} or more, or a smaller --batch-size.",
            )
        return cls(
            request=dataclasses.replace(request, settings=with_runtime(settings, choice)),
            choice=choice,
            other=other,
            batch_size=batch_size,
            weights_sha256=weights_checksum(request.model),
            watch=watch,
        )

    def measure(self) -> BenchReport:
        request = self.request
        with tempfile.TemporaryDirectory(prefix="yolact-bench-") as name:
            folder = Path(name)
            pictures = gather_pictures(request, folder / "pictures", batch_size=self.batch_size)
            run = dataclasses.replace(
                request.run_of(pictures.folder, folder / "run"), batch_size=self.batch_size
            )
            whole = measure_whole(run, self.watch, device=self.choice.device)
            at_end = measure_end(run, pictures=pictures.count)
            with one_thread_for_arrays():  # as annotate has it
                model = ready_model(request.model, request.settings, device=self.choice.device)
                rounds = StageRounds(model, run, folder / "stages", batch_size=self.batch_size)
                measured = rounds.measure(
                    pictures.listed(), lambda done: self.watch(pictures.count + done)
                )
                against = self._against(model, pictures)
        measured = dataclasses.replace(measured, stages=(*measured.stages, *at_end))
        return self._report(pictures, whole, measured, against)

    def _against(self, model: ReadyModel, pictures: BenchPictures) -> Against | None:
        if self.other is None:
            return None
        from yolact_cli.pipelines.bench_pairs import MOST_PICTURES, compare_objects, pair_times

        request, size = self.request, self.batch_size
        settings = with_runtime(request.settings, self.other)
        other = ready_model(request.model, settings, device=self.other.device)
        prepare = frame_preparer(request.run_of(pictures.folder, pictures.folder))
        frames: list[Frame] = [
            prepare(one) for one in pictures.listed()[: max(MOST_PICTURES, size)]
        ]
        batches = [frames[start : start + size] for start in range(0, len(frames), size)]
        before = 2 * request.pictures
        return Against(
            runtime_version=self.other.version,
            device=self.other.device,
            objects=compare_objects(model.runtime, other.runtime, batches, settings),
            times=pair_times(
                model.runtime,
                other.runtime,
                batches,
                rounds=request.rounds,
                on_round=lambda done: self.watch(before + done),
            ),
        )

    def _report(
        self,
        pictures: BenchPictures,
        whole: Whole,
        measured: MeasuredStages,
        against: Against | None,
    ) -> BenchReport:
        request, card = self.request, self.request.model.card
        (network,) = (stage for stage in measured.stages if stage.name == NETWORK)
        return BenchReport(
            stages=measured.stages,
            whole=whole,
            arithmetic=self._arithmetic(network.wall_ms.median),
            against=against,
            pictures=pictures,
            objects=measured.objects,
            machine=self._machine(),
            model={
                "name": card.name,
                "sha256": self.weights_sha256,
                "input_size": card.network.input_size,
            },
            settings=self._settings(request),
            versions=versions(),
        )

    def _settings(self, request: BenchRequest) -> dict[str, Any]:
        return {
            "runtime": self.choice.runtime,
            "runtime_version": self.choice.version,
            "device": self.choice.device,
            "precision": request.settings.precision,
            "batch_size": self.batch_size,
            "write": list(request.write),
            "score_threshold": request.settings.score_threshold,
        }

    def _machine(self) -> Machine:
        from yolact_cli.pipelines.bench_arithmetic import gpu_name, processor_name

        return Machine(
            system=f"{platform.system()} {platform.release()}",
            processor=processor_name(),
            cores=usable_cores(),
            gpu=gpu_name(self.choice.device),
        )

    def _arithmetic(self, network_ms: float) -> Arithmetic:
        from yolact_cli.pipelines.bench_arithmetic import (
            matrix_peak,
            network_gflop,
            network_threads,
        )

        gflop = network_gflop(self.request.model.card.network)
        left_out = self._why_no_peak()
        peak = None
        if not left_out:
            peak = matrix_peak(
                device=self.choice.device,
                precision=self.request.settings.precision,
                threads=network_threads(self.choice.runtime),
            )
        achieved = 1e3 * gflop / network_ms
        return Arithmetic(
            network_gflop=gflop, achieved_gflop_per_s=achieved, peak=peak, left_out=left_out
        )

    def _why_no_peak(self) -> str:
        import torch

        graph, device = self.request.model.card.graph, self.choice.device
        if graph is not None and graph.precision == "int8":
            return "The network computes in whole numbers, of which no product is measured."
        if device == INTEL_GPU:
            return "No product is measured on Intel's GPUs."
        if device.startswith("cuda") and not torch.cuda.is_available():
            return "This torch, which would measure the product, has no CUDA."
        return ""
