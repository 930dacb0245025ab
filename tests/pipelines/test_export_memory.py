"""Memory of an export does not grow with the pictures."""

import pytest

FORMATS = ("coco", "labelme", "yolo", "voc")


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", FORMATS)
def test_twenty_thousand_pictures_take_the_memory_of_two_thousand(
    name, make_run, peak_memory_of, tmp_path
):
    def peak(pictures: int) -> int:
        run = make_run(pictures, f"run-{pictures}", objects=2, photos=name == "labelme")
        out = tmp_path / f"out-{pictures}"
        return peak_memory_of("export", run, "--to", name, "-o", out, "--no-images", "--json")

    few, many = peak(2_000), peak(20_000)
    # A listing's line a picture is what may grow: its name, where it is, and its id.
    assert many < 1.15 * few
