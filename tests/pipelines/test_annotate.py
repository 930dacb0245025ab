"""Runs over small folders: what is written, what fails, what is refused."""

import csv
import dataclasses
import json
import os
import re
import shutil

import pytest
from safetensors.torch import load_file, save_file

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.errors import (
    DiskFullError,
    ModelError,
    NoInputsError,
    OutputError,
    OutputExistsError,
    RunLockedError,
    RunMismatchError,
)
from yolact_cli.pipelines import annotate as annotate_module
from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.annotate_events import BatchDone, Finished, Labelled, Listed, Stopped
from yolact_cli.pipelines.projections import read_detections
from yolact_cli.runs.lock import locked
from yolact_cli.store import LocalStore
from yolact_cli.zoo.resolve import resolve_model

FIVE = ("a.png", "b.png", "c.png", "d.png", "e.png")


def _names(data_set: dict) -> list[str]:
    return [image["file_name"] for image in data_set["images"]]


def test_annotations_hold_every_picture_and_tight_boxes(run, make_photos) -> None:
    data_set = run(make_photos(*FIVE))
    assert _names(data_set) == list(FIVE)
    assert {"segmentation", "bbox", "area", "score", "uid", "predicted_bbox"} <= set(
        data_set["annotations"][0]
    )


def test_uids_are_unique_in_a_run(run, make_photos) -> None:
    uids = [annotation["uid"] for annotation in run(make_photos(*FIVE))["annotations"]]
    assert len(set(uids)) == len(uids) > 5


def test_batch_size_and_workers_do_not_change_what_is_found(run, make_photos, tmp_path) -> None:
    photos = make_photos(*FIVE)
    first = run(photos)
    second = run(photos, output=tmp_path / "other", batch_size=5, workers=1)
    kept = ("uid", "category_id", "image_id")
    assert [[one[key] for key in kept] for one in first["annotations"]] == [
        [one[key] for key in kept] for one in second["annotations"]
    ]


def test_pictures_of_one_name_in_two_folders_stay_apart(run, make_photos) -> None:
    photos = make_photos("x/a.png", "y/a.png", "a.png")
    run(photos, write=("coco", "overlay", "masks"))
    written = sorted(path.name for path in (photos.parent / "run").rglob("*a.png*"))
    assert len(written) == 9


def test_same_name_from_two_sources_stays_apart(run, make_photos) -> None:
    here, there = make_photos("a.png", folder="here"), make_photos("a.png", folder="there")
    assert _names(run(here, there)) == ["a.png", "there/a.png"]


def test_bad_pictures_are_failures_and_the_rest_is_labelled(run, make_photos, make_request) -> None:
    photos = make_photos(*FIVE)
    (photos / "b.png").write_bytes(b"GIF8 or so")
    (photos / "c.png").write_bytes((photos / "c.png").read_bytes()[:100])
    assert _names(run(photos)) == ["a.png", "d.png", "e.png"]
    with (photos.parent / "run/failures.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["stage"]) for row in rows] == [
        ("b.png", "decode"),
        ("c.png", "decode"),
    ]


def test_labels_beside_a_failure_are_those_without_it(run, make_photos, tmp_path) -> None:
    photos = make_photos(*FIVE)
    before = run(photos)
    (photos / "b.png").write_bytes(b"no picture")
    after = run(photos, output=tmp_path / "other")
    assert [one for one in before["annotations"] if one["image_id"] == 1] == [
        one for one in after["annotations"] if one["image_id"] == 1
    ]


def test_batch_of_failures_alone_is_passed_over(run, make_photos) -> None:
    photos = make_photos(*FIVE)
    for name in ("a.png", "b.png"):
        (photos / name).write_bytes(b"no picture")
    assert _names(run(photos)) == ["c.png", "d.png", "e.png"]


def test_events_tell_how_far_it_is(make_request, make_photos) -> None:
    photos = make_photos(*FIVE)
    (photos / "d.png").write_bytes(b"no picture")
    listed, *batches, labelled, finished = annotate(make_request(photos))
    assert (listed.total, listed.done) == (5, 0)
    assert labelled == Labelled(pictures=5)
    assert [(event.done, event.failures) for event in batches] == [(2, 0), (4, 1), (5, 1)]
    assert isinstance(finished, Finished)
    assert [failure.name for failure in finished.failures] == ["d.png"]


def test_stop_ends_after_the_batch_and_the_run_goes_on(make_request, make_photos) -> None:
    request = make_request(make_photos(*FIVE))
    kinds = [type(event) for event in annotate(request, should_stop=lambda: True)]
    assert kinds == [Listed, BatchDone, Stopped]
    listed = next(annotate(request))
    assert listed.done == 2


def test_stop_asked_for_in_the_last_batch_finishes(make_request, make_photos) -> None:
    request = make_request(make_photos("a.png", "b.png"))
    *_, last = annotate(request, should_stop=lambda: True)
    assert isinstance(last, Finished)


def test_pictures_added_later_come_behind(run, make_request, make_photos) -> None:
    photos = make_photos("b.png", "c.png", "d.png")
    list(annotate(make_request(photos), should_stop=lambda: True))
    make_photos("a.png")
    assert _names(run(photos)) == ["b.png", "c.png", "d.png", "a.png"]


def test_picture_that_changed_behind_its_labels_is_told(make_request, make_photos) -> None:
    request = make_request(photos := make_photos("a.png", "b.png", "c.png", "d.png"))
    assert next(annotate(request)).changed == ()
    list(annotate(request, should_stop=lambda: True))
    assert next(annotate(request)).changed == ()
    for name in ("b.png", "c.png"):  # c is not labelled yet
        (photos / name).write_bytes((photos / "a.png").read_bytes() + b"more")
    assert next(annotate(request)).changed == ("b.png",)
    (photos / "a.png").unlink()  # gone, its labels are as good as ever
    assert next(annotate(request)).changed == ("b.png",)


def test_picture_that_changed_before_its_labels_is_labelled_as_it_is(
    run, make_request, make_photos
) -> None:
    request = make_request(photos := make_photos("a.png", "b.png", "c.png", "d.png"))
    list(annotate(request, should_stop=lambda: True))
    shutil.copy(photos / "a.png", photos / "c.png")
    list(annotate(request, should_stop=lambda: True))
    (request.output / "manifest.json").unlink()  # as if it had been stopped before its end
    assert next(annotate(request)).changed == ()
    assert _names(run(photos)) == ["a.png", "b.png", "c.png", "d.png"]


def test_finished_run_is_refused_and_untouched(run, make_photos) -> None:
    photos = make_photos("a.png")
    run(photos)
    manifest = (photos.parent / "run/manifest.json").read_bytes()
    with pytest.raises(OutputExistsError, match="finished run"):
        run(photos)
    assert (photos.parent / "run/manifest.json").read_bytes() == manifest


def test_overwrite_replaces_a_finished_run(run, make_photos) -> None:
    photos = make_photos("a.png", "b.png")
    run(photos, write=("coco", "overlay"))
    (photos / "b.png").unlink()
    assert _names(run(photos, overwrite=True)) == ["a.png"]
    assert not (photos.parent / "run/overlays").exists()


def test_overwrite_with_a_misspelt_source_keeps_the_run(run, make_photos) -> None:
    photos = make_photos("a.png")
    run(photos)
    empty = photos.parent / "empty"
    empty.mkdir()
    with pytest.raises(NoInputsError):
        run(empty, overwrite=True)
    assert (photos.parent / "run/annotations.json").exists()


def test_other_settings_are_refused_by_name(make_request, make_photos) -> None:
    photos = make_photos(*FIVE)
    list(annotate(make_request(photos), should_stop=lambda: True))
    other = make_request(photos, labels={"score_threshold": 0.6})
    with pytest.raises(RunMismatchError, match=r"labels\.score_threshold: 0\.3 before, 0\.6 now"):
        list(annotate(other))


def test_batch_size_may_differ_when_resuming(run, make_request, make_photos) -> None:
    photos = make_photos(*FIVE)
    list(annotate(make_request(photos), should_stop=lambda: True))
    assert _names(run(photos, batch_size=3)) == list(FIVE)


def test_foreign_folder_is_refused(run, make_photos) -> None:
    photos = make_photos("a.png")
    with pytest.raises(OutputExistsError, match="no run of yolact"):
        run(photos, output=photos)


def test_output_inside_the_source_is_no_source(run, make_photos) -> None:
    photos = make_photos("a.png", "b.png")
    request = {"output": photos / "run", "write": ("coco", "overlay")}
    assert _names(run(photos, **request)) == ["a.png", "b.png"]
    assert _names(run(photos, **request, overwrite=True)) == ["a.png", "b.png"]


def test_two_runs_in_one_folder_are_refused(run, make_photos) -> None:
    photos = make_photos("a.png")
    with locked(photos.parent / "run"), pytest.raises(RunLockedError):
        run(photos)


def test_nothing_to_do_leaves_no_folder(run, tmp_path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(NoInputsError):
        run(empty)
    assert not (tmp_path / "run").exists()


@pytest.fixture
def broken_model(tiny_model, tmp_path):
    """A model whose weights file was cut off."""
    card = shutil.copy(tiny_model, tmp_path)
    weights = resolve_model(str(tiny_model)).weights_path
    (tmp_path / weights.name).write_bytes(weights.read_bytes()[:-100])
    return resolve_model(card)


def test_a_broken_model_leaves_no_folder_and_replaces_no_run(
    run, make_photos, broken_model
) -> None:
    photos = make_photos("a.png")
    folder = photos.parent / "run"
    with pytest.raises(ModelError):
        run(photos, model=broken_model)
    assert not folder.exists()
    run(photos)
    with pytest.raises(ModelError):
        run(photos, model=broken_model, overwrite=True)
    assert (folder / "annotations.json").exists()


def test_run_that_another_process_went_on_with_is_left_alone(
    make_request, make_photos, monkeypatch
) -> None:
    photos = make_photos(*FIVE)
    request = make_request(photos)
    events = annotate(request)
    next(event for event in events if isinstance(event, BatchDone))
    events.close()
    listing = request.output / "listing.jsonl"
    before = listing.read_text()

    def load_meanwhile(run) -> None:
        line = before.splitlines()[-1].replace('"id": 5', '"id": 6').replace("e.png", "f.png")
        listing.write_text(f"{before}{line}\n")

    monkeypatch.setattr(annotate_module._Run, "load_model", load_meanwhile)
    with pytest.raises(OutputError, match="meanwhile"):
        list(annotate(request))
    assert len(listing.read_text().splitlines()) == 6


def test_full_disk_stops_and_the_run_resumes(run, make_request, make_photos, monkeypatch) -> None:
    photos = make_photos(*FIVE)
    append = LocalStore.append
    calls = []

    def full_on_the_second(self, path: str, data: bytes, **options) -> None:
        calls.append(path)
        if len(calls) == 2:
            append(self, path, data[: len(data) // 2], **options)
            raise DiskFullError("no space left")
        append(self, path, data, **options)

    monkeypatch.setattr(LocalStore, "append", full_on_the_second)
    with pytest.raises(DiskFullError):
        list(annotate(make_request(photos)))
    assert _names(run(photos)) == list(FIVE)


def test_picture_whose_files_cannot_be_written_is_a_failure(run, make_request, make_photos) -> None:
    photos = make_photos("a.png", "b.png", "c.png")
    request = {"write": ("coco", "overlay")}
    list(annotate(make_request(photos, **request), should_stop=lambda: True))
    blocked = photos.parent / "run/overlays/c.png.overlay.jpg"
    blocked.mkdir()
    assert _names(run(photos, **request)) == ["a.png", "b.png"]
    assert "c.png,write,OutputError" in (photos.parent / "run/failures.csv").read_text()


def test_outputs_that_are_no_numbers_are_a_failure_and_no_picture_without_objects(
    run, make_photos, tmp_path, tiny_model
) -> None:
    tensors = load_file(tiny_model.with_name("tiny.safetensors"))
    tensors["prediction_layers.0.conf_layer.weight"] *= 3e38
    save_file(tensors, tmp_path / "large.safetensors")
    card = tiny_model.read_text().replace("tiny.safetensors", "large.safetensors")
    (tmp_path / "large.toml").write_text(re.sub("(?m)^(sha256|size_bytes) = .*\n", "", card))
    data_set = run(make_photos("a.png"), model=resolve_model(str(tmp_path / "large.toml")))
    assert data_set["images"] == []
    failures = (tmp_path / "run/failures.csv").read_text()
    assert "a.png,network,ModelError" in failures
    assert "--precision fp16" in failures


def test_class_map_renames_merges_and_drops(run, make_photos) -> None:
    class_map = ClassMap(names={"cat": "Animal", "dog": "Animal", "person": None})
    data_set = run(make_photos(*FIVE), class_map=class_map)
    assert [(one["id"], one["name"]) for one in data_set["categories"]] == [(1, "Animal")]
    assert {one["category_id"] for one in data_set["annotations"]} <= {1}


def test_only_the_classes_asked_for_are_labelled(run, make_photos) -> None:
    labels = {"class_names": ("person",)}
    data_set = run(make_photos(*FIVE), labels=labels)
    assert {one["category_id"] for one in data_set["annotations"]} == {3}


def test_manifest_counts_what_was_written(run, make_photos) -> None:
    photos = make_photos(*FIVE)
    (photos / "e.png").write_bytes(b"")
    data_set = run(photos)
    manifest = json.loads((photos.parent / "run/manifest.json").read_bytes())
    assert manifest["counts"]["pictures"] == 4
    assert manifest["counts"]["failures"] == 1
    assert manifest["counts"]["objects"] == len(data_set["annotations"])


def test_no_objects_still_lists_the_pictures(run, make_photos) -> None:
    data_set = run(make_photos("a.png"), labels={"score_threshold": 0.9999})
    assert (_names(data_set), data_set["annotations"]) == (["a.png"], [])


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_picture_that_kills_its_worker_twice_is_a_failure(
    run, make_photos, tmp_path, monkeypatch
) -> None:
    (tmp_path / "deadly_preparer.py").write_text(
        "import os, signal\n"
        "class Deadly:\n"
        "    def __init__(self, prepare): self.prepare = prepare\n"
        "    def __call__(self, picture, admit):\n"
        "        if picture.name == 'c.png': os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return self.prepare(picture, admit)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    from deadly_preparer import Deadly

    from yolact_cli.pipelines import annotate as pipeline

    harmless = pipeline.frame_preparer
    monkeypatch.setattr(pipeline, "frame_preparer", lambda request: Deadly(harmless(request)))
    assert _names(run(make_photos(*FIVE), workers=1)) == ["a.png", "b.png", "d.png", "e.png"]


def test_a_run_on_a_cpu_keeps_freed_memory(run, make_photos, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(
        "yolact_cli.pipelines.annotate.keep_freed_memory", lambda: asked.append(True)
    )
    run(make_photos("a.png"))
    assert asked == [True]


def test_mirror_check_adds_a_disagreement_and_changes_no_object(
    make_photos, make_request, tmp_path
):
    photos = make_photos("a.png", "b.png", "c.png")
    found = {}
    for name in ("plain", "checked"):
        is_checked = name == "checked"
        request = make_request(photos, labels={"mirror_check": is_checked}, output=tmp_path / name)
        for _ in annotate(request):
            pass
        found[name] = list(read_detections(LocalStore(request.output)))
    checks = [one.mirror_disagreement for picture in found["checked"] for one in picture.instances]
    assert checks
    assert all(0 <= check <= 1 for check in checks)
    without = [
        dataclasses.replace(
            picture,
            instances=tuple(
                dataclasses.replace(one, mirror_disagreement=None) for one in picture.instances
            ),
        )
        for picture in found["checked"]
    ]
    assert without == found["plain"]
