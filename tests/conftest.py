"""Builders shared by every room's tests, and the way to the data beside the checkout."""

import dataclasses
import functools
import http.server
import itertools
import json
import logging
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from yolact_cli import free_memory
from yolact_cli.geometry import rle
from yolact_cli.structures import Detections, Instance

BROWSER_PAGE = """<!doctype html><video id="video" muted playsinline></video><script>
const video = document.getElementById("video");
let isTold = false;
const tell = extra => {
  if (isTold) return;
  isTold = true;
  fetch("/told", {method: "POST", body: JSON.stringify({
    time: video.currentTime, duration: video.duration, error: video.error && video.error.message,
    width: video.videoWidth, height: video.videoHeight, ...extra})});
};
video.onerror = () => tell({});
video.onended = () => tell({ended: true});
setTimeout(() => tell({late: true}), 40000);
video.src = "/" + location.hash.slice(1);
video.play().catch(error => tell({refused: String(error)}));
</script>"""

REPOSITORY = Path(__file__).resolve().parent.parent


MOST_PROCESSES = 8  # torch takes half a gigabyte of memory in each


@pytest.hookimpl(optionalhook=True)  # there is no such hook where xdist is switched off
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite runs on all cores; single files, and what prints its figures, in one process.

    Each process keeps to one core: threads of several would wait for one another.
    """
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if not is_whole or config.option.capture == "no":
        return 0
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return min(os.cpu_count() or 1, MOST_PROCESSES)


def pytest_configure(config: pytest.Config) -> None:
    """What tests compile goes into a cache of their own, which their worker processes share."""
    if "YOLACT_CACHE" not in os.environ:
        cache = tempfile.TemporaryDirectory(prefix="yolact-tests-")
        config.add_cleanup(cache.cleanup)
        os.environ["YOLACT_CACHE"] = cache.name
        config.add_cleanup(lambda: os.environ.pop("YOLACT_CACHE"))


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """What a command said about the log (-q, -v) ends with its test."""
    logger = logging.getLogger("yolact_cli")
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout's root."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Golden files and data beside the checkout; the test skips where they are absent."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the golden files and data in ../shared, which are not here")
    return folder


@pytest.fixture
def make_picture() -> Callable[..., np.ndarray]:
    """Build an RGB picture with a few coloured rectangles: ``make_picture(height, width, seed)``."""

    def build(height: int = 60, width: int = 80, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        picture = np.full((height, width, 3), 90, np.uint8)
        for _ in range(5):
            y, x = rng.integers(0, height), rng.integers(0, width)
            size_h, size_w = rng.integers(1, height), rng.integers(1, width)
            picture[y : y + size_h, x : x + size_w] = rng.integers(0, 255, 3)
        return picture

    return build


@pytest.fixture(scope="session")
def make_instance() -> Callable[..., Instance]:
    """Build an instance from a full-size bool mask: ``make_instance(mask, score=0.9, ...)``."""

    def build(mask: np.ndarray, score: float = 0.9, class_id: int = 0, **fields) -> Instance:
        counts = rle.encode_mask(mask)
        x, y, width, height = box = rle.tight_bbox(counts, mask.shape)
        values = {
            "uid": f"{int(score * 1e4):06x}{x % 4096:03x}{y % 4096:03x}",
            "class_id": class_id,
            "score": score,
            "box_score": score,
            "predicted_box_xyxy_px": (float(x), float(y), float(x + width), float(y + height)),
            "bbox_xywh_px": box,
            "area_px": rle.area_of(counts),
            "rle_counts": counts,
        }
        return Instance(**(values | fields))

    return build


@pytest.fixture(scope="session")
def make_detections(make_instance: Callable[..., Instance]) -> Callable[..., Detections]:
    """Build one picture's labels, ``count`` ellipses of falling score: ``make_detections(3)``."""

    def build(
        count: int = 3,
        *,
        name: str = "a.jpg",
        picture_id: int = 1,
        size_hw: tuple[int, int] = (60, 80),
        num_classes: int = 3,
        seed: int = 0,
    ) -> Detections:
        rng = np.random.default_rng(seed)
        y, x = np.ogrid[: size_hw[0], : size_hw[1]]
        instances = []
        for index in range(count):
            centre_y, centre_x = rng.uniform(0, size_hw)
            radius_y, radius_x = rng.uniform(2, 2 + np.array(size_hw) / 3)
            mask = ((y - centre_y) / radius_y) ** 2 + ((x - centre_x) / radius_x) ** 2 <= 1
            score = round(0.95 - 0.5 * index / max(count, 1), 4)
            class_id = int(rng.integers(num_classes))
            instances.append(make_instance(mask, score, class_id, uid=f"{seed:06x}{index:06x}"))
        return Detections(
            picture_id=picture_id, name=name, size_hw=size_hw, instances=tuple(instances)
        )

    return build


@pytest.fixture
def make_run(tmp_path: Path, make_detections: Callable[..., Detections]) -> Callable[..., Path]:
    """Write a finished run without a network: ``make_run(5)``, or of these detections.

    Five pictures of three objects have a cat, a dog and a person each. Their files lie below
    ``photos/`` unless told otherwise.
    """
    from yolact_cli.runs.journal import BatchPlan, Journal
    from yolact_cli.runs.listing import write_listing
    from yolact_cli.runs.state import MANIFEST, write_run_record
    from yolact_cli.store import LocalStore
    from yolact_cli.structures import ListedPicture

    def build(pictures=3, folder: str = "run", *, objects: int = 3, photos: bool = True) -> Path:
        if isinstance(pictures, int):
            names = [f"{number % 7}/{number:06d}.png" for number in range(1, pictures + 1)]
            kinds = [make_detections(objects, seed=seed) for seed in range(min(pictures + 1, 50))]
            made = (
                dataclasses.replace(kinds[number % len(kinds)], name=name, picture_id=number)
                for number, name in enumerate(names, start=1)
            )
        else:
            names, made = [one.name for one in pictures], iter(pictures)
        store = LocalStore(tmp_path / folder)
        classes = [{"id": n, "name": name, "supercategory": ""}
                   for n, name in enumerate(("cat", "dog", "person"), start=1)]  # fmt: skip
        settings = {"model": {"name": "made up", "sha256": "0"}, "labels": {}}
        write_run_record(store, settings, notes={"classes": classes})
        write_listing(store, [
            ListedPicture(picture_id=number, name=name, location=str(tmp_path / "photos" / name),
                          size_bytes=1, mtime_ns=1)
            for number, name in enumerate(names, start=1)
        ])  # fmt: skip
        journal = Journal.resume(store, BatchPlan(total=len(names), batch_size=1))
        if len(names) <= 50:
            for one in made:
                journal.append([one.to_record()])
                if photos:
                    write_photo(tmp_path / "photos" / one.name, one.size_hw, one.picture_id)
        else:  # so many that their files are empty
            _write_journal(store, made)
            for name in names if photos else ():
                (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / "photos" / name).touch()
        store.put(MANIFEST, b"{}")
        return store.root

    return build


def _write_journal(store, made) -> None:
    """As the journal itself does, without a sync for every batch."""
    for sequence in itertools.count():
        records = [one.to_record() for one in itertools.islice(made, 1000)]
        if not records:
            return
        lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
        store.put(f"journal/0-{sequence:06d}.jsonl", lines)


def write_photo(path: Path, size_hw: tuple[int, int], seed: int) -> None:
    """A PNG of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (*size_hw, 3), np.uint8)
    cv2.imwrite(str(path), pixels)


TINY_CARD = """
name = "tiny"
summary = "A small network with random weights"

[network]
backbone = "efficientnet_lite0"
num_classes = 3
input_size = 96
fpn_channels = 32
num_prototypes = 8
proto_channels = 16

[network.anchors]
scales_px = [[12.0], [24.0], [48.0], [72.0], [96.0]]

[input]
mean = [120.0, 120.0, 120.0]
std = [60.0, 60.0, 60.0]
interpolation = "area"

[labels]
names = ["cat", "dog", "person"]

[weights]
file = "tiny.safetensors"
license = "MIT"
origin = "random numbers"
data = "none"
data_terms = "none"
"""


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a small network (3 classes, 96 px) that fires on anything, with its weights.

    Scores lie all over (0, 1); what it finds means nothing, but is always the same.
    """
    import torch
    from safetensors.torch import save_file

    from yolact_cli.network.yolact import Yolact
    from yolact_cli.zoo.card import read_card

    card_path = tmp_path_factory.mktemp("model") / "tiny.toml"
    card_path.write_text(TINY_CARD, encoding="utf-8")
    with torch.random.fork_rng():
        torch.manual_seed(7)
        network = Yolact(read_card(card_path).network)
        for name, module in network.named_modules():
            if isinstance(module, torch.nn.Conv2d) and not name.startswith("backbone"):
                torch.nn.init.kaiming_normal_(module.weight)
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # the plain average of what follows
        with torch.no_grad():
            for _ in range(4):  # batch-norm statistics, or no picture would differ from another
                network.train()(
                    torch.randn(16, 3, 3, 3).repeat_interleave(32, 2).repeat_interleave(32, 3)
                )
            head = network.prediction_layers[0]
            head.conf_layer.weight *= 0.6
            head.conf_layer.bias[::4] += 2
            head.mask_layer.bias += 0.5
            head.bbox_layer.weight *= 0.2
    save_file(network.state_dict(), card_path.with_suffix(".safetensors"))
    return card_path


@pytest.fixture
def make_photos(tmp_path: Path, make_picture: Callable[..., np.ndarray]) -> Callable[..., Path]:
    """Write PNGs below ``photos/`` and return it: ``make_photos("a.png", "b/c.png")``.

    Pictures differ from one another, and are the same in every test. Small sizes alternate.
    """

    def build(*names: str, folder: str = "photos") -> Path:
        root = tmp_path / folder
        for seed, name in enumerate(names):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = make_picture(60 + 7 * (seed % 3), 80, seed=seed)
            is_encoded, data = cv2.imencode(".png", picture[:, :, ::-1])
            assert is_encoded
            path.write_bytes(data.tobytes())
        return root

    return build


def coco_set(folder: Path, pictures: int, *, category_ids=(7, 90)) -> Path:
    """Pictures with one bright rectangle each, its mask and box, as a COCO file."""
    import cv2

    (folder / "images").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    document: dict[str, Any] = {
        "images": [],
        "annotations": [],
        "categories": [{"id": key, "name": f"class {key}"} for key in category_ids],
    }
    for number in range(1, pictures + 1):
        x, y, w, h = (int(value) for value in (*rng.integers(2, 30, 2), *rng.integers(12, 30, 2)))
        pixels = np.full((64, 80, 3), 60, np.uint8)
        pixels[y : y + h, x : x + w] = 40 + 50 * (number % 4)
        cv2.imwrite(str(folder / "images" / f"{number}.png"), pixels)
        document["images"].append(
            {"id": number, "file_name": f"{number}.png", "width": 80, "height": 64}
        )
        outline = [x, y, x + w, y, x + w, y + h, x, y + h]
        document["annotations"].append(
            {
                "id": number,
                "image_id": number,
                "category_id": category_ids[number % len(category_ids)],
                "bbox": [x, y, w, h],
                "segmentation": [outline],
                "area": w * h,
                "iscrowd": 0,
            }
        )
    path = folder / "labels.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def make_coco_set() -> Callable[..., Path]:
    """Write a tiny COCO set: ``make_coco_set(folder, pictures)`` gives the JSON's path."""
    return coco_set


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """``machine(free, limit, used, kept)``: what the system tells, in bytes."""

    def build(free, limit="max", used=0, kept=0):
        (tmp_path / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {free >> 10} kB\n")
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        (tmp_path / "memory.current").write_text(f"{used}\n")
        (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {kept}\n")
        monkeypatch.setattr(free_memory, "_MEMINFO", tmp_path / "meminfo")
        monkeypatch.setattr(free_memory, "_CGROUP", tmp_path)

    return build


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., Path]:
    """``make_clip("a.mp4", frames=6)``: a disc crosses a gradient again and again.

    Every third frame is a keyframe.
    """

    import av  # here, as most rooms do without

    def build(name: str = "clip.mp4", *, frames: int = 6, size_hw=(72, 96)) -> Path:
        path = tmp_path / "clips" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        height, width = size_hw
        rows, columns = np.mgrid[:height, :width]
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=10, options={"crf": "10"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.gop_size = 3
            for number in range(frames):
                pixels = np.stack([rows * 3 % 256, columns * 2 % 256, rows + columns], axis=-1)
                disc = (rows - 36) ** 2 + (columns - (20 + 8 * number) % width) ** 2 < 200
                pixels[disc] = (230, 60, 40)
                frame = av.VideoFrame.from_ndarray(pixels.astype(np.uint8), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return build


class _BrowserTold(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args, told, **fields):
        self.told = told
        super().__init__(*args, **fields)

    def do_POST(self):
        self.told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; the test skips where it is not."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return pytest.skip("needs chromium, which is not here")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """A headless Chromium for all tests that need one."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture
def play(tmp_path, chromium):
    """Play a file of ``tmp_path`` in a headless browser: what it saw, as a dict."""
    told = queue.Queue()
    handler = functools.partial(_BrowserTold, told=told, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def run(path):
        (tmp_path / "page.html").write_text(BROWSER_PAGE)
        address = f"http://127.0.0.1:{server.server_port}/page.html#{path.relative_to(tmp_path).as_posix()}"
        switches = (
            "headless no-sandbox disable-gpu disable-quic no-first-run disable-component-update "
            "disable-background-networking disable-sync disable-dev-shm-usage "
            "autoplay-policy=no-user-gesture-required"
        )
        command = [chromium, *(f"--{switch}" for switch in switches.split())]
        browser = subprocess.Popen(
            [*command, f"--user-data-dir={tmp_path / 'profile'}", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return told.get(timeout=90)
        finally:
            browser.terminate()
            browser.wait(timeout=20)

    yield run
    server.shutdown()
    server.server_close()


PEAK_OF_A_RUN = """
import pathlib, resource, sys
from yolact_cli.cli.main import main
code = main(sys.argv[1:])
status = pathlib.Path("/proc/self/status")
if status.exists():  # what resource tells begins with the memory of the process that started us
    print(next(line.split()[1] for line in status.open() if line.startswith("VmHWM")))
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(code)
"""


@pytest.fixture
def peak_memory_of() -> Callable[..., int]:
    """``peak_memory_of("annotate", ...)``: of a process of its own, in the unit of the system."""
    if sys.platform == "win32":
        pytest.skip("has no resource module")

    def measure(*arguments: object) -> int:
        done = subprocess.run(
            [sys.executable, "-c", PEAK_OF_A_RUN, *map(str, arguments)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return int(done.stdout.splitlines()[-1])

    return measure
