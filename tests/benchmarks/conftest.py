"""What the project promises of speed and memory, measured: off by default.

    pytest -m bench -s tests/benchmarks

prints every figure beside what it is held to; a file's path or ``-k`` picks some of them. Nothing
else should be running. How much is measured:

    YOLACT_BENCH_PICTURES=500         pictures of a whole run (64)
    YOLACT_BENCH_ROUNDS=5             times that two things are run in turn (3)
    YOLACT_BENCH_MEMORY_PICTURES=20000  pictures of the run whose memory is looked at (2000)
    YOLACT_BENCH_SCORED=100000        pictures that are scored (10000)

What is held to a processor with matrix arithmetic in bf16 (AMX) is printed everywhere and held to
there alone; a floor that any machine reaches is always held to. What is timed runs in processes of
its own, as the checks of shapes in tests would count too.
"""

import dataclasses
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from yolact_cli.inference.array_nms import choose_detections, decode_boxes
from yolact_cli.inference.runtimes.installed import is_installed
from yolact_cli.inference.selection import Selection
from yolact_cli.zoo.card import ModelCard, read_card
from yolact_cli.zoo.toml_text import record_to_toml

HERE = Path(__file__).parent
# No script of its own, which the workers of a run would load once more.
SERVE = "import sys; sys.path.insert(0, sys.argv[1]); import contestants as c; c.serve(sys.argv[2])"
OBJECTS_A_PICTURE = 7
EVERY = 2  # of the photographs: a few would not do, as some have most of the objects
BACKGROUND_STEPS = 12


def _conftest_of(room: str) -> ModuleType:
    """The builders of another room, which pytest shows to its own tests alone."""
    path = HERE.parent / room / "conftest.py"
    spec = importlib.util.spec_from_file_location(f"builders_of_{room}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


synthetic_set = _conftest_of("scoring").synthetic_set
make_weights = _conftest_of("parity").make_weights
_tracking = _conftest_of("tracking")
actor, scenes, trouble = _tracking.actor, _tracking.scenes, _tracking.trouble
compare_with_no_motion, make_clip = _tracking.compare_with_no_motion, _tracking.make_clip


def of_environment(name: str, default: int) -> int:
    return int(os.environ.get(f"YOLACT_BENCH_{name}", default))


@pytest.fixture(scope="session")
def count_of() -> Callable[[str, int], int]:
    """``count_of("SCORED", 10_000)``: how much is measured, as the environment says, or by default."""
    return of_environment


@pytest.fixture(scope="session")
def pictures() -> int:
    """How many a whole run has."""
    return of_environment("PICTURES", 64)


@pytest.fixture(scope="session")
def rounds() -> int:
    """How often two things are run in turn."""
    return of_environment("ROUNDS", 3)


@pytest.fixture(scope="session")
def has_amx() -> bool:
    """Whether the processor has matrix arithmetic in bf16 and int8."""
    try:
        return " amx_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


@pytest.fixture(scope="session")
def reduced() -> str:
    """bf16 where the processor computes in it, else fp32."""
    if not is_installed("openvino"):
        return "fp32"
    from yolact_cli.inference.runtimes.openvino_runtime import has_reduced_precision

    return "bf16" if has_reduced_precision("bf16") else "fp32"


@pytest.fixture(scope="session")
def photographs(repository) -> list[Path]:
    """COCO's where they are beside the checkout, else the examples'."""
    folder = repository.parent / "shared" / "data" / "coco80-val" / "images"
    return sorted((folder if folder.is_dir() else repository / "examples" / "images").glob("*.jpg"))


@pytest.fixture(scope="session")
def folder_of(photographs, tmp_path_factory) -> Callable[[int], Path]:
    """``folder_of(64)``: a folder of so many photographs, the same ones again and again."""

    def build(count: int) -> Path:
        folder = tmp_path_factory.mktemp(f"photographs-{count}")
        for number in range(count):
            shutil.copyfile(photographs[number % len(photographs)], folder / f"{number:06d}.jpg")
        return folder

    return build


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[..., Callable[..., dict]]]:
    """``job = start("label")`` starts a process; ``job(**fields)`` runs one round in it.

    The parts are the functions of ``contestants.py``.
    """
    processes = []

    def build(part: str, *, threads: int | None = None) -> Callable[..., dict]:
        environment = dict(os.environ)
        if threads is not None:
            environment |= {"OMP_NUM_THREADS": str(threads)}
        else:
            environment.pop("OMP_NUM_THREADS", None)
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(HERE), part],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        processes.append(process)

        def run(**fields: Any) -> dict:
            process.stdin.write(json.dumps(fields, default=str) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer, f"{part} ended; what it said is above"
            return json.loads(answer)

        return run

    yield build
    for process in processes:
        process.stdin.close()
        process.wait()
        process.stdout.close()


@pytest.fixture
def in_turn(rounds, capsys) -> Callable[..., float]:
    """``in_turn(text, one, other)``: how many times as long the first takes, as a median.

    Each is a call that gives seconds; both are called once before, so that nothing is cold.
    """

    def measure(text: str, one: Callable[[], float], other: Callable[[], float]) -> float:
        one(), other()
        pairs = [(one(), other()) for _ in range(rounds)]
        ratios = sorted(first / second for first, second in pairs)
        middle = statistics.median(ratios)
        first_s, second_s = (statistics.median(side) for side in zip(*pairs, strict=True))
        with capsys.disabled():
            print(
                f"\n{text}: {middle:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f} in {rounds} rounds;"
                f" {first_s:.2f} s and {second_s:.2f} s)"
            )
        return middle

    return measure


@pytest.fixture(scope="session")
def say() -> Callable[[str], None]:
    return lambda text: print(text, file=sys.__stdout__, flush=True)


@pytest.fixture(scope="session")
def resnet50_model(make_weights, photographs, repository, tmp_path_factory) -> Path:
    """The card of yolact_resnet50's shape with made-up weights that find seven objects a picture.

    The weights are drawn; the background's bias is then set so that as many objects as in COCO
    lie above the usual threshold.
    """
    from safetensors.torch import save_file

    weights = make_weights("yolact_resnet50")
    card_path = tmp_path_factory.mktemp("resnet50") / "yolact_resnet50.toml"
    write_card(card_path, read_card(repository / "models" / card_path.name))
    file = card_path.with_suffix(".safetensors")
    save_file(weights, file)
    step = read_card(card_path).network.num_classes + 1
    background = weights["prediction_layers.0.conf_layer.bias"][::step]
    background += _background_shift(card_path, photographs[::EVERY])
    save_file(weights, file)
    return card_path


def write_card(path: Path, card: ModelCard) -> None:
    """The card, its weights being the file beside it."""
    weights = dataclasses.replace(
        card.weights, file=f"{path.stem}.safetensors", url=None, sha256=None, size_bytes=None
    )
    path.write_text(record_to_toml(dataclasses.replace(card, weights=weights, measured=())))


def _background_shift(card_path: Path, photographs: list[Path]) -> float:
    """What to add to the background's logit for so many objects a picture, by bisection."""
    from yolact_cli.pipelines.model import ready_model
    from yolact_cli.settings import LabelSettings
    from yolact_cli.sources.decode import DecodeSettings, read_picture
    from yolact_cli.zoo.resolve import resolve_model

    model = ready_model(resolve_model(str(card_path)), LabelSettings(runtime="torch"), device="cpu")
    selection = Selection(score_threshold=0.3)
    seen = []
    for path in photographs:
        raw = model.runtime.raw(model.resize(read_picture(str(path), DecodeSettings()))[None])
        boxes = decode_boxes(raw.box_offsets[0], raw.anchors_cxcywh_norm)
        seen.append((boxes, raw.class_probabilities[0]))
    low, high = -10.0, 20.0
    for _ in range(BACKGROUND_STEPS):
        shift = (low + high) / 2
        found = [_count(boxes, shares, shift, selection) for boxes, shares in seen]
        low, high = (shift, high) if np.mean(found) > OBJECTS_A_PICTURE else (low, shift)
    return (low + high) / 2


def _count(boxes, shares, shift, selection) -> int:
    background = shares[:, :1] * np.exp(np.float32(shift))
    scores = shares[:, 1:] / (background + shares[:, 1:].sum(axis=1, keepdims=True))
    wanted = scores.max(axis=1) > selection.nms.candidate_score
    return len(choose_detections(boxes[wanted], scores[wanted], selection).scores)


@pytest.fixture(scope="session")
def lite0_model(repository, tmp_path_factory) -> Callable[[int], Path]:
    """``lite0_model(320)``: the embedded model at another input size, its anchors grown alike."""
    folder = tmp_path_factory.mktemp("lite0")
    card = read_card(repository / "models" / "yolact_lite0.toml")

    def build(side: int) -> Path:
        path = folder / f"yolact_lite0_{side}.toml"
        shutil.copy(repository / "models" / card.weights.file, path.with_suffix(".safetensors"))
        grown = side / card.network.input_size
        scales = tuple(
            tuple(scale * grown for scale in level) for level in card.network.anchors.scales_px
        )
        anchors = dataclasses.replace(card.network.anchors, scales_px=scales)
        network = dataclasses.replace(card.network, input_size=side, anchors=anchors)
        write_card(path, dataclasses.replace(card, network=network))
        return path

    return build


@pytest.fixture(scope="session", autouse=True)
def _all_threads() -> Iterator[None]:
    """What is made here may use all cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    yield
    torch.set_num_threads(before)
