"""Exports that a run writes at its end: renewed with it, but not over what people edited."""

import itertools

import pytest

from yolact_cli.formats.labelme import read_labelme
from yolact_cli.pipelines.annotate import annotate


@pytest.fixture
def exported(make_request):
    """``exported(photos, write=("labelme",))`` runs to the end; gives its last word."""

    def build(photos, **fields):
        *_, last = annotate(make_request(photos, **fields))
        return last

    return build


def labels_in(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.json")}


def test_a_run_writes_the_exports_that_it_is_asked_for(exported, make_photos, tmp_path):
    finished = exported(make_photos("a.png", "b.png"), write=("coco", "labelme", "voc"))
    pictures = read_labelme(tmp_path / "run/exports/labelme").pictures
    assert [picture.file_name for picture in pictures] == ["a.png", "b.png"]
    assert (tmp_path / "run/exports/voc/SegmentationObject/a.png").is_file()
    assert [one["format"] for one in finished.manifest["exports"]] == ["labelme", "voc"]
    assert finished.manifest["exports"][0]["objects"] == finished.manifest["counts"]["objects"]


def test_a_stopped_run_may_go_on_with_other_exports(make_request, make_photos, tmp_path):
    photos = make_photos("a.png", "b.png", "c.png")
    first = make_request(photos, write=("coco", "voc"))
    stop = itertools.count()
    for _ in annotate(first, should_stop=lambda: next(stop) >= 0):
        pass
    for _ in annotate(make_request(photos, write=("coco", "labelme"))):
        pass
    assert len(labels_in(tmp_path / "run/exports/labelme")) == 3
    assert not (tmp_path / "run/exports/voc").exists()


def test_overwriting_a_run_renews_its_exports_but_not_edited_files(exported, make_photos, tmp_path):
    photos = make_photos("a.png", "b.png", "c.png")
    exported(photos, write=("coco", "labelme"))
    folder = tmp_path / "run/exports/labelme"
    before = labels_in(folder)
    (folder / "b.json").write_bytes(b"edited")
    last = exported(
        photos, write=("coco", "labelme"), labels={"score_threshold": 0.9}, overwrite=True
    )
    after = labels_in(folder)
    assert after["b.json"] == b"edited"
    assert after != before | {"b.json": b"edited"}
    assert last.exports[0].files.kept_names == ["b.json"]
    assert last.manifest["exports"][0]["kept_files"] == ["b.json"]


def test_overwriting_a_run_without_its_exports_clears_them_but_not_edited_files(
    exported, make_photos, tmp_path
):
    photos = make_photos("a.png", "b.png")
    exported(photos, write=("coco", "labelme", "yolo"))
    folder = tmp_path / "run/exports"
    (folder / "labelme/b.json").write_bytes(b"edited")
    exported(photos, write=("coco",), overwrite=True)
    left = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert sorted(left) == ["labelme/.yolact-labelme.jsonl", "labelme/b.json"]


def test_edited_files_are_ours_again_once_the_edit_is_taken_back(exported, make_photos, tmp_path):
    photos = make_photos("a.png")
    exported(photos, write=("coco", "labelme"))
    path = tmp_path / "run/exports/labelme/a.json"
    original = path.read_bytes()
    path.write_bytes(b"edited")
    exported(photos, write=("coco",), overwrite=True)
    path.write_bytes(original)
    last = exported(photos, write=("coco", "labelme"), overwrite=True)
    assert last.exports[0].files.kept == 0
