"""Whole runs over a folder of pictures, against the plain way and against the bare network."""

import pytest

from yolact_cli.inference.runtimes.installed import is_installed

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]

RUNTIMES = {"torch": "torch", "openvino": "openvino", "onnx": "onnxruntime"}
TIMES_AS_FAST = {"bf16": 7, "int8": 12}
MOST_BESIDE_NETWORK = {"fp32": 1.2, "bf16": 1.2, "int8": 1.3}
MOST_WITH_DRAWING = 1.25
PICTURES_A_SECOND = {320: 80, 448: 50}
PLAIN_S = 0.57
"""What the plain way takes a picture with resnet50's shape on the two cores that those rates are
for; on others, or beside other people's work, the embedded model is to be as many times as fast."""
PLAIN_PICTURES = 10
LEAST_ANYWHERE = 1  # pictures a second of the embedded model


def installed(runtime):
    if not is_installed(RUNTIMES[runtime]):
        pytest.skip(f"{RUNTIMES[runtime]} is not installed")
    if runtime == "onnx" and not is_installed("onnxscript"):
        pytest.skip("onnxscript, which makes graphs for ONNX Runtime, is not installed")


@pytest.fixture(scope="session")
def int8_model(resnet50_model, folder_of, tmp_path_factory):
    """The made-up model quantised, for OpenVINO; nothing is measured of what it finds."""
    return _quantised(resnet50_model, folder_of(24), tmp_path_factory.mktemp("int8") / "model")


def _quantised(card, images, output):
    for package in ("nncf", "openvino"):
        if not is_installed(package):
            pytest.skip(f"{package} is not installed")
    from yolact_cli.pipelines.quantize_model import QuantizeRequest, quantize_model
    from yolact_cli.zoo.resolve import resolve_model

    source = resolve_model(str(card))
    quantize_model(
        QuantizeRequest(source=source, images=images, output=output, calibration_pictures=24)
    )
    return next(output.glob("*.toml"))


@pytest.fixture
def precision_of(reduced):
    """``precision_of("openvino")``: bf16 where runtime and processor compute in it."""
    return lambda runtime: "fp32" if runtime == "onnx" else reduced


@pytest.fixture
def contestant(request, resnet50_model, precision_of):
    """``contestant("onnx")``: the model, how it is run, and in which precision that is."""

    def build(kind):
        if kind == "int8":
            return request.getfixturevalue("int8_model"), {}, "int8"
        installed(kind)
        precision = precision_of(kind)
        return resnet50_model, {"runtime": kind, "precision": precision}, precision

    return build


@pytest.fixture
def run_of(start, folder_of, pictures, tmp_path):
    """``run_of(model, write)``: a call that runs ``annotate`` and gives its seconds."""
    folder = folder_of(pictures)

    def build(model, write, **options):
        job = start("label")
        output = tmp_path / f"run-{write}"

        def run():
            answer = job(model=model, folder=folder, output=output, write=write, **options)
            run.objects = answer["objects"] / answer["pictures"]
            return answer["seconds"]

        return run

    build.folder = folder
    return build


@pytest.fixture
def plain_of(start, resnet50_model, run_of, tmp_path):
    """``plain_of(10, as_many_as=500)``: a call that runs the plain way over ten pictures and
    gives the seconds that five hundred would take.
    """  # fmt: skip

    def build(count, *, as_many_as):
        job = start("plainly")
        what = {"model": resnet50_model, "folder": run_of.folder, "output": tmp_path / "plain"}
        return lambda: job(**what, pictures=count)["seconds"] * as_many_as / count

    return build


@pytest.mark.parametrize("kind", ["torch", "openvino", "onnx", "int8"])
def test_a_run_with_overlays_is_faster_than_the_plain_way(
    kind, contestant, run_of, plain_of, in_turn, pictures, has_amx, say
):
    model, options, label = contestant(kind)
    ours = run_of(model, "overlay", **options)
    plain = plain_of(pictures, as_many_as=pictures)
    runtime = "openvino" if kind == "int8" else kind
    text = f"torch eager fp32, one by one, over annotate --write overlay, {runtime} {label}"
    ratio = in_turn(text, plain, ours)
    wanted = TIMES_AS_FAST.get(label)
    say(f"  {pictures} pictures, {ours.objects:.1f} objects each")
    if runtime == "openvino" and wanted:
        place = "here" if has_amx else "on a processor with AMX, which this is not"
        say(f"  wanted: {wanted} {place}")
    elif label == "fp32":
        say("  this runtime or processor has no bf16: nothing but the floor is wanted")
    assert ratio > 1
    if has_amx and wanted and runtime == "openvino":
        assert ratio >= wanted


@pytest.mark.parametrize("kind", ["torch", "openvino", "onnx", "int8"])
def test_a_run_takes_little_longer_than_its_network(
    kind, contestant, run_of, start, in_turn, pictures
):
    model, options, label = contestant(kind)
    bare = start("network")

    def network():
        answer = bare(model=model, folder=run_of.folder, pictures=pictures, **options)
        return answer["seconds"]

    most = MOST_BESIDE_NETWORK[label]
    text = f"annotate --write coco over the bare network, {kind} {label}, at most {most}"
    assert in_turn(text, run_of(model, "coco", **options), network) <= most


def test_drawing_and_masks_cost_little(resnet50_model, run_of, in_turn, precision_of):
    options = {"runtime": "auto", "precision": precision_of("openvino")}
    text = f"with overlay and instance PNG over without, at most {MOST_WITH_DRAWING}"
    with_drawing = run_of(resnet50_model, "coco,overlay,masks", **options)
    without = run_of(resnet50_model, "coco", **options)
    assert in_turn(text, with_drawing, without) <= MOST_WITH_DRAWING


@pytest.fixture
def lite0(lite0_model, folder_of, tmp_path):
    """``lite0(320, "int8")``: the embedded model at that size, ready for that precision."""

    def build(side, kind):
        card = lite0_model(side)
        return _quantised(card, folder_of(24), tmp_path / "int8") if kind == "int8" else card

    return build


@pytest.mark.parametrize("kind", ["bf16", "int8"])
@pytest.mark.parametrize("side", [320, 448])
def test_the_embedded_model_runs_many_pictures_a_second(
    side, kind, lite0, run_of, plain_of, start, in_turn, pictures, precision_of, has_amx, say
):
    model = lite0(side, kind)
    options = {} if kind == "int8" else {"precision": precision_of("openvino")}
    ours, bare = run_of(model, "coco", **options), start("network")
    seconds = []

    def run():
        seconds.append(ours())
        return seconds[-1]

    def network():
        answer = bare(model=model, folder=run_of.folder, pictures=pictures, **options)
        return answer["seconds"]

    text = f"yolact_lite0 at {side} px, {kind}, whole run"
    in_turn(f"{text} over bare network", run, network)
    rate, wanted = pictures / min(seconds[1:]), PICTURES_A_SECOND[side]
    plain = plain_of(PLAIN_PICTURES, as_many_as=pictures)
    times = in_turn(f"resnet50's shape, torch eager fp32, one by one, over {text}", plain, run)
    say(f"  {rate:.1f} pictures a second at best, wanted {wanted} on two cores with AMX")
    say(f"  wanted there: {wanted * PLAIN_S:.1f} times the plain way")
    assert rate > LEAST_ANYWHERE
    if has_amx and kind == "int8":
        assert rate >= wanted or times >= wanted * PLAIN_S
