"""What every exchange format's reader makes of what its writer wrote."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.errors import AnnotationError
from yolact_cli.formats.coco import read_coco, write_coco
from yolact_cli.formats.coco_panoptic import read_coco_panoptic, write_coco_panoptic
from yolact_cli.formats.cvat import read_cvat, write_cvat
from yolact_cli.formats.datumaro import read_datumaro, write_datumaro
from yolact_cli.formats.label_studio import read_label_studio, write_label_studio
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore

FORMATS = {
    "coco": (write_coco, read_coco, "annotations.json"),
    "cvat": (write_cvat, read_cvat, "annotations.xml"),
    "label-studio": (write_label_studio, read_label_studio, "tasks.json"),
    "datumaro": (write_datumaro, read_datumaro, "annotations/default.json"),
}
PANOPTIC = (write_coco_panoptic, read_coco_panoptic, "annotations/panoptic_default.json")
every_format = pytest.mark.parametrize("of_format", FORMATS.values(), ids=FORMATS)
both_shapes = pytest.mark.parametrize("shapes", ["masks", "polygons"])


@every_format
@both_shapes
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_masks_with_holes_parts_and_overlaps_come_back_to_the_pixel(
    of_format, shapes, labelled, plain_set, any_mask, folder, data
):
    write, read, name = of_format
    size_hw = data.draw(st.tuples(st.integers(1, 14), st.integers(1, 14)))
    masks = data.draw(st.lists(any_mask(size_hw), max_size=3))
    objects = [labelled(mask, number=number) for number, mask in enumerate(masks)]
    labels = plain_set({"b/ü &.png": objects, "empty.png": []}, size_hw)

    with folder() as path:
        how = ExportSettings(shapes=shapes, exact_polygons=True)
        exported = write(labels, LocalStore(path), how)
        back = read(path / name)

    assert (exported.pictures, exported.objects) == (2, len(objects))
    assert [(one.file_name, one.size_hw) for one in back.pictures] == [
        ("b/ü &.png", size_hw), ("empty.png", size_hw),
    ]  # fmt: skip
    found = [
        (one.category_name, one.rle_counts, one.uid, one.score) for one in back.pictures[0].objects
    ]
    assert found == [(one.category.name, one.rle_counts, one.uid, one.score) for one in objects]
    assert back.not_understood == ()


@every_format
@pytest.mark.parametrize("category", ['a "b" <c> &amp; é 人', " spaced  out ", "a/b\\c", "{name}"])
def test_any_class_name_comes_back(of_format, category, labelled, plain_set, hard_mask, tmp_path):
    write, read, name = of_format
    labels = plain_set({"a.png": [labelled(hard_mask, category)]}, (40, 60))
    write(labels, LocalStore(tmp_path), ExportSettings())
    [one] = read(tmp_path / name).pictures[0].objects
    assert one.category_name == category


@every_format
@pytest.mark.parametrize(
    "picture", ["a b#%?.jpg", "d/e f/ü+&.jpg", "{name}.png", "no_ending", "x.tar.gz.png", "人.webp"]
)
def test_any_picture_name_comes_back(of_format, picture, labelled, plain_set, hard_mask, tmp_path):
    write, read, name = of_format
    write(plain_set({picture: [labelled(hard_mask)]}, (40, 60)), LocalStore(tmp_path),
          ExportSettings())  # fmt: skip
    assert read(tmp_path / name).pictures[0].file_name == picture


@pytest.mark.parametrize("of_format", [*FORMATS.values(), PANOPTIC], ids=[*FORMATS, "panoptic"])
def test_names_in_no_encoding_are_written_without_a_traceback(
    of_format, labelled, plain_set, hard_mask, tmp_path
):
    write, read, name = of_format
    labels = plain_set({"not-utf8-\udcff\x01.png": [labelled(hard_mask)]}, (40, 60))
    write(labels, LocalStore(tmp_path), ExportSettings())
    assert len(read(tmp_path / name).pictures) == 1


@pytest.mark.parametrize("of_format", [*FORMATS.values(), PANOPTIC], ids=[*FORMATS, "panoptic"])
def test_an_object_without_a_score_stays_without(
    of_format, labelled, plain_set, hard_mask, tmp_path
):
    write, read, name = of_format
    one = labelled(hard_mask, state="added", score=None)
    write(plain_set({"a.png": [one]}, (40, 60)), LocalStore(tmp_path), ExportSettings())
    [back] = read(tmp_path / name).pictures[0].objects
    assert (back.uid, back.score) == (one.uid, None)


@pytest.mark.parametrize("of_format", list(FORMATS.values())[1:], ids=list(FORMATS)[1:])
@both_shapes
def test_an_object_without_a_pixel_is_left_out_and_counted(
    of_format, shapes, labelled, plain_set, hard_mask, tmp_path
):
    write, read, name = of_format
    objects = [labelled(hard_mask), labelled(hard_mask & False, number=1)]
    exported = write(
        plain_set({"a.png": objects}, (40, 60)), LocalStore(tmp_path), ExportSettings(shapes=shapes)
    )
    assert exported.objects == 1
    assert exported.losses["objects without a pixel were left out"] == 1
    assert len(read(tmp_path / name).pictures[0].objects) == 1


@pytest.mark.parametrize("of_format", [*FORMATS.values(), PANOPTIC], ids=[*FORMATS, "panoptic"])
def test_the_same_labels_give_the_same_bytes(of_format, labelled, plain_set, hard_mask, tmp_path):
    write, _, name = of_format
    labels = plain_set({"a.png": [labelled(hard_mask)]}, (40, 60))
    first, second = tmp_path / "1", tmp_path / "2"
    for path in (first, second):
        write(labels, LocalStore(path), ExportSettings())
    files = LocalStore(first).list_files()
    assert name in files
    assert files == LocalStore(second).list_files()
    assert all((first / one).read_bytes() == (second / one).read_bytes() for one in files)


@pytest.mark.parametrize("of_format", FORMATS.values(), ids=FORMATS)
def test_memory_does_not_grow_with_the_number_of_pictures(
    of_format, labelled, many_pictures, peak_of, tmp_path
):
    write, _, _ = of_format
    store, one = LocalStore(tmp_path), labelled(np.eye(40, 60, dtype=bool)[:, ::-1])

    def peak(count):
        return peak_of(lambda: write(many_pictures(one, count), store, ExportSettings()))

    peak(10)  # whatever is made once
    assert peak(160) <= peak(20) + 40_000


@pytest.mark.parametrize("of_format", [*FORMATS.values(), PANOPTIC], ids=[*FORMATS, "panoptic"])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b"[{}]", b"7", b"null", b'{"images": 3}', b"\xff\xfe\x00", b"[" * 200_000,
     b"PK\x03\x04zip", b"<a>", b"<a/>", b"<annotations><version>2.0</version></annotations>",
     b'{"items": [3]}', b'{"items": [], "dm_format_version": "7"}',
     b'{"images": [[]], "annotations": [7], "categories": [{"id": []}]}'],
)  # fmt: skip
def test_what_is_no_such_file_is_refused_with_a_sentence(of_format, content, tmp_path):
    _, read, _ = of_format
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    with pytest.raises(AnnotationError, match=r"file\.bin: ") as raised:
        read(path)
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize("of_format", [*FORMATS.values(), PANOPTIC], ids=[*FORMATS, "panoptic"])
def test_a_file_cut_or_changed_anywhere_is_read_or_refused(
    of_format, labelled, plain_set, hard_mask, tmp_path
):
    write, read, name = of_format
    labels = plain_set({"a.png": [labelled(hard_mask)]}, (40, 60))
    write(labels, LocalStore(tmp_path), ExportSettings())
    whole = (tmp_path / name).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(150):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 3):
            data[place] = rng.choice(list(b'0123456789-"<>{}[],.e\xff'))
        (tmp_path / name).write_bytes(data[: rng.choice([len(data), rng.integers(len(data))])])
        try:
            back = read(tmp_path / name)
        except AnnotationError:
            continue
        for picture in back.pictures:
            for one in picture.objects:
                assert one.category_name


def test_panoptic_keeps_what_is_seen_and_counts_what_is_not(
    labelled, plain_set, tmp_path, hard_mask
):
    below, partly = np.zeros((40, 60), bool), np.zeros((40, 60), bool)
    below[6:12, 5:9] = True  # wholly under the first
    partly[0:8, 4:30] = True
    objects = [labelled(hard_mask), labelled(below, number=1), labelled(partly, number=2)]
    exported = write_coco_panoptic(
        plain_set({"a/b.png": objects}, (40, 60)), LocalStore(tmp_path), ExportSettings()
    )

    back = read_coco_panoptic(tmp_path / PANOPTIC[2])

    assert (exported.pictures, exported.objects) == (1, 2)
    assert exported.losses == {
        "objects less than half visible were left out": 1,
        "pixels under other objects were lost": 1,
    }
    first, second = back.pictures[0].objects
    assert first.rle_counts == objects[0].rle_counts
    visible = labelled(partly & ~hard_mask).rle_counts
    assert (second.uid, second.rle_counts) == (objects[2].uid, visible)


def test_panoptic_paints_what_people_made_over_the_model(labelled, plain_set, tmp_path, hard_mask):
    added = labelled(hard_mask, number=1, score=None, state="added")
    labels = plain_set({"a.png": [labelled(hard_mask), added]}, (40, 60))
    write_coco_panoptic(labels, LocalStore(tmp_path), ExportSettings())
    [one] = read_coco_panoptic(tmp_path / PANOPTIC[2]).pictures[0].objects
    assert one.uid == added.uid


def test_panoptic_refuses_pngs_that_are_missing_or_of_another_size(
    labelled, plain_set, tmp_path, hard_mask
):
    labels = plain_set({"a.png": [labelled(hard_mask)]}, (40, 60))
    write_coco_panoptic(labels, LocalStore(tmp_path), ExportSettings())
    png = tmp_path / "annotations/panoptic_default/a.png"
    other = plain_set({"a.png": [labelled(hard_mask[:20])]}, (20, 60))
    write_coco_panoptic(other, LocalStore(tmp_path / "other"), ExportSettings())
    png.write_bytes((tmp_path / "other" / png.relative_to(tmp_path)).read_bytes())
    with pytest.raises(AnnotationError, match="PNG of 60x20"):
        read_coco_panoptic(tmp_path / PANOPTIC[2])
    png.unlink()
    with pytest.raises(AnnotationError, match="cannot be used"):
        read_coco_panoptic(tmp_path / PANOPTIC[2])


def test_pictures_of_one_stem_have_items_and_pngs_of_their_own(
    labelled, plain_set, tmp_path, hard_mask
):
    labels = plain_set(
        {"a.png": [labelled(hard_mask)], "a.jpg": [labelled(hard_mask[::-1])]}, (40, 60)
    )
    for write, read, name in (FORMATS["datumaro"], PANOPTIC):
        write(labels, LocalStore(tmp_path), ExportSettings())
        back = read(tmp_path / name)
        assert [one.file_name for one in back.pictures] == ["a.png", "a.jpg"]
        assert [len(one.objects) for one in back.pictures] == [1, 1]
