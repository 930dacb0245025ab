"""The network alone in fp32 by each way to run it, against torch's own: the table of decision 7."""

import statistics

import pytest

from yolact_cli.inference.runtimes.installed import is_installed

PLAIN = "the network as torch has it, batch of 4"
TURNS_A_ROUND = {"yolact_lite0, 384 px": 5, "yolact_resnet50's shape, 550 px": 2}


@pytest.mark.bench
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("network", TURNS_A_ROUND)
def test_runtimes_are_faster_than_the_network_as_torch_has_it(
    network, repository, request, start, folder_of, rounds, capsys
):
    for package in ("openvino", "onnxruntime", "onnxscript"):
        if not is_installed(package):
            pytest.skip(f"{package} is not installed")
    if network.startswith("yolact_lite0"):
        model = repository / "models" / "yolact_lite0.toml"
    else:
        model = request.getfixturevalue("resnet50_model")
    job, folder = start("runtimes"), folder_of(4)
    job(model=model, folder=folder)
    turns = [job(model=model, folder=folder) for _ in range(TURNS_A_ROUND[network] * rounds)]
    lines = [f"| | {network}, {len(turns)} turns | least to most |", "|---|---|---|"]
    middle = {}
    for way in turns[0].keys() - {PLAIN}:
        ratios = sorted(turn[PLAIN] / turn[way] for turn in turns)
        middle[way] = statistics.median(ratios)
        lines.append(f"| {way} | {middle[way]:.1f} | {ratios[0]:.1f} to {ratios[-1]:.1f} |")
    quickest = min(turn[PLAIN] for turn in turns)
    with capsys.disabled():
        print("", *lines[:2], *sorted(lines[2:], reverse=True), sep="\n")
        print(f"that took {quickest / 4:.3f} s a picture in its quickest turn")
    assert min(middle.values()) > 1
