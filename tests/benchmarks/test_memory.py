"""Memory does not grow with the pictures, to the last few per cent."""

import os

import pytest

FEW = 200
MOST_GROWTH = 1.03


@pytest.mark.bench
@pytest.mark.timeout(7200)
def test_many_pictures_take_the_memory_of_few(
    tiny_model, make_photos, tmp_path, peak_memory_of, count_of, capsys
):
    many = count_of("MEMORY_PICTURES", 2_000)
    photos = make_photos("0.png", "1.png", "2.png")

    def peak(count: int) -> int:
        folder = tmp_path / f"photos-{count}"
        if not folder.exists():
            folder.mkdir()
            for number in range(count):
                os.link(photos / f"{number % 3}.png", folder / f"{number:06d}.png")
        run = ["annotate", folder, "-o", tmp_path / f"run-{count}", "--model", tiny_model]
        options = ["--device", "cpu", "--workers", "0", "--batch-size", "8", "--json"]
        return peak_memory_of(
            *run, *options, "--max-detections", "10", "--write", "coco,results,masks"
        )

    def peak_resumed(count: int) -> int:
        run = tmp_path / f"run-{count}"
        (run / "manifest.json").unlink()
        max((run / "journal").glob("*.jsonl")).unlink()
        return peak(count)

    peak(10)  # converts the model where a runtime asks for that
    for what, measure in (("", peak), (", resumed", peak_resumed)):
        few_kib, many_kib = measure(FEW), measure(many)
        with capsys.disabled():
            print(
                f"\npeak memory of {many} pictures over that of {FEW}{what}:"
                f" {many_kib / few_kib:.3f}, at most {MOST_GROWTH}"
                f" ({many_kib / 1024:.0f} MB and {few_kib / 1024:.0f} MB)"
            )
        assert many_kib <= MOST_GROWTH * few_kib
