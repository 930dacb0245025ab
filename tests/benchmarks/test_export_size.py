"""Memory and time of an export of many pictures."""

import time

import pytest

FORMATS = ("coco", "labelme", "yolo", "voc")


@pytest.mark.bench
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", FORMATS)
def test_a_hundred_thousand_pictures(name, make_run, peak_memory_of, tmp_path, capsys):
    run = make_run(100_000, objects=2, photos=name == "labelme")
    started_s = time.monotonic()
    out = tmp_path / "out"
    peak_mb = peak_memory_of("export", run, "--to", name, "-o", out, "--no-images", "--json") / 1024
    seconds = time.monotonic() - started_s
    with capsys.disabled():
        print(f"\n{name}: 100,000 pictures of 2 objects, {peak_mb:.0f} MB, {seconds:.0f} s")
    assert peak_mb < 400
