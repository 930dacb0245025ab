"""Names of per-picture files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.writers.names import mask_path, object_path, overlay_path

NAMES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "d/", "d.jpg/"]),
    st.sampled_from(["a", "a.overlay", "ü" * 125, "ü" * 126, "\udcff"]),
    st.sampled_from(["", ".jpg", ".JPG", ".jpeg", ".png", ".overlay.jpg", ".png.overlay.jpg"]),
)


@given(NAMES, NAMES)
def test_two_pictures_never_share_an_overlay(one, other):
    assert (overlay_path(one) == overlay_path(other)) == (one == other)


@given(NAMES, NAMES)
def test_two_pictures_never_share_a_mask(one, other):
    assert (mask_path(one, "instances") == mask_path(other, "instances")) == (one == other)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("d/a.jpg", "overlays/d/a.jpg"),
        ("a.JPEG", "overlays/a.JPEG"),
        ("a.png", "overlays/a.png.overlay.jpg"),
        ("a.overlay.jpg", "overlays/a.overlay.jpg.overlay.jpg"),
    ],
)
def test_overlay_of_a_jpeg_keeps_its_name(name, expected):
    assert overlay_path(name) == expected


def test_masks_keep_the_extension_in_their_name():
    assert mask_path("d/a.png", "semantic") == "masks/d/a.png.semantic.png"
    assert object_path("d/a.png", 7) == "masks/d/a.png.objects/007.png"


@pytest.mark.parametrize("character", ["a", "ü", "人", "😀"])
def test_names_stay_within_what_file_systems_take(character):
    name = character * (250 // len(character.encode()))

    part = mask_path(f"d/{name}", "instances").rpartition("/")[2]

    assert len(part.encode()) <= 255
    assert part.endswith(".instances.png")
