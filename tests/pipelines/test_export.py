"""Exports of a run: chosen, split, repeatable, and never over what people edited."""

import json
import shutil
from typing import get_args

import pytest

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.errors import OutputError, SettingsError
from yolact_cli.formats.labelme import read_labelme
from yolact_cli.formats.voc import read_voc
from yolact_cli.formats.yolo import read_yolo
from yolact_cli.pipelines import export_formats
from yolact_cli.pipelines.export import ExportRequest, export, plan_export
from yolact_cli.pipelines.export_choice import ExportChoice
from yolact_cli.settings import ExportFormat, ExportSettings, WriteKind


@pytest.fixture
def run_export(tmp_path):
    """``run_export(run, "labelme", top=2)``: reports, by format; files are below ``out``."""

    def build(run, *formats, settings=None, output="out", chunk=None, images_dir=None,
              overwrite=False, **choice):  # fmt: skip
        request = ExportRequest(
            run=run,
            output=tmp_path / output,
            formats=formats,
            settings=ExportSettings(**(settings or {})),
            choice=ExportChoice(**choice),
            chunk=chunk,
            images_dir=images_dir,
            overwrite=overwrite,
        )
        return {report.name: report for report in export(request)}

    return build


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


FORMATS = get_args(ExportFormat)


def test_every_format_is_in_the_table_and_can_be_written_by_a_run():
    assert set(FORMATS) == set(export_formats.FORMATS)
    assert set(FORMATS) <= set(get_args(WriteKind))


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_done_twice_touches_nothing(name, make_run, run_export, out):
    run = make_run(3)
    first = run_export(run, name)[name]
    before = contents(out)
    second = run_export(run, name)[name]
    assert contents(out) == before
    assert first.exported.pictures == 3
    assert first.exported.objects in (8, 9)  # the panoptic one leaves out what is covered
    assert (first.files.written, first.files.unchanged) == (second.files.unchanged, 0)
    assert second.files.written == second.files.kept == 0
    assert second.is_whole


@pytest.mark.parametrize("name", FORMATS)
def test_two_exports_give_the_same_bytes(name, make_run, run_export, tmp_path):
    run = make_run(2)
    run_export(run, name, output="one", settings={"images": "copy"})
    run_export(run, name, output="two", settings={"images": "copy"})
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert {path: data for path, (data, _) in one.items()} == {
        path: data for path, (data, _) in two.items()
    }


def test_several_formats_have_folders_of_their_own(make_run, run_export, out):
    run_export(make_run(1), "labelme", "voc")
    assert (out / "labelme/1/000001.json").is_file()
    assert (out / "voc/SegmentationObject/1/000001.png").is_file()


def test_a_file_that_a_person_edited_stays_and_is_named(make_run, run_export, out):
    run = make_run(3)
    run_export(run, "labelme")
    edited = out / "1/000001.json"
    edited.write_text(edited.read_text().replace("cat", "lynx").replace("dog", "lynx"))
    kept = edited.read_bytes()
    report = run_export(run, "labelme", settings={"shapes": "polygons"})["labelme"]
    assert report.files.kept_names == ["1/000001.json"]
    assert not report.is_whole
    assert edited.read_bytes() == kept
    assert '"polygon"' in (out / "2/000002.json").read_text()
    assert run_export(run, "labelme", overwrite=True)["labelme"].is_whole
    assert edited.read_bytes() != kept


def test_labels_beside_the_pictures_leave_the_pictures_alone(make_run, run_export, tmp_path):
    run = make_run(2)
    before = contents(tmp_path / "photos")
    run_export(run, "labelme", output="photos")
    after = contents(tmp_path / "photos")
    assert before.items() <= after.items()
    assert json.loads(after["1/000001.json"][0])["imagePath"] == "000001.png"


def test_a_picture_that_is_gone_is_reported_and_the_others_are_exported(
    make_run, run_export, tmp_path
):
    run = make_run(3)
    (tmp_path / "photos/2/000002.png").unlink()
    reports = run_export(run, "labelme", "yolo", "voc", "cutouts")
    for report in reports.values():
        assert report.not_found == 1
        assert "2/000002.png" in report.problems[0]
    assert reports["labelme"].exported.pictures == 3
    assert reports["cutouts"].exported.objects == 6
    assert run_export(run, "voc", output="v", settings={"images": "none"})["voc"].is_whole


def test_pictures_that_are_gone_for_a_while_cost_no_files(make_run, run_export, tmp_path, out):
    run = make_run(2)
    run_export(run, "cutouts")
    before = contents(out / "cutouts")
    shutil.move(tmp_path / "photos", tmp_path / "elsewhere")
    assert run_export(run, "cutouts")["cutouts"].not_found == 2
    assert contents(out / "cutouts") == before
    found = run_export(run, "cutouts", images_dir=tmp_path / "elsewhere")["cutouts"]
    assert found.is_whole


def test_a_narrower_export_takes_away_what_it_does_not_have(make_run, run_export, out):
    run = make_run(4)
    run_export(run, "labelme")
    report = run_export(run, "labelme", top=1)["labelme"]
    assert report.files.removed == 3
    assert len(list(out.rglob("*.json"))) == 1


def test_chunks_hold_so_many_pictures_each(make_run, run_export, out):
    report = run_export(make_run(5), "yolo", chunk=2)["yolo"]
    folders = sorted(path.name for path in out.glob("chunk-*"))
    assert folders == ["chunk-0001", "chunk-0002", "chunk-0003"]
    assert [len(read_yolo(out / folder).pictures) for folder in folders] == [2, 2, 1]
    assert report.exported.pictures == 5


def test_reviewers_share_the_pictures_and_keep_theirs_when_some_are_left_out(
    make_run, run_export, out
):
    run = make_run(6)
    names = {}
    for top in (6, 4):
        run_export(run, "labelme", reviewers=("anna", "ben"), top=top)
        for who in ("anna", "ben"):
            pictures = read_labelme(out / who).pictures
            names[who, top] = {picture.file_name for picture in pictures}
    assert len(names["anna", 6] | names["ben", 6]) == 6
    assert len(names["anna", 6]) == 3
    assert names["anna", 4] <= names["anna", 6]
    assert names["ben", 4] <= names["ben", 6]


@pytest.mark.parametrize("name", ["../up", "a/b", "..", "a\\b", "C:x"])
def test_reviewers_whose_names_are_no_folders_are_refused(name):
    with pytest.raises(SettingsError, match="reviewer"):
        ExportChoice(reviewers=(name,))


def test_pictures_without_objects_can_be_split_off(make_run, make_detections, run_export, out):
    pictures = [
        make_detections(number % 2 * 3, name=f"{number}.png", picture_id=number)
        for number in (1, 2, 3)
    ]
    run_export(make_run(pictures), "labelme", splits=("sure", "check", "empty"))
    empty = {picture.file_name for picture in read_labelme(out / "empty").pictures}
    rest = {path.stem for folder in ("sure", "check") for path in (out / folder).rglob("*.json")}
    assert empty == {"2.png"}
    assert rest == {"1", "3"}


def test_classes_are_chosen_and_renamed(make_run, run_export, out):
    class_map = ClassMap(names={"cat": "Animal", "dog": "Animal", "person": None})
    run = make_run(3, objects=9)
    run_export(run, "voc", class_map=class_map)
    lines = (out / "labelmap.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in lines[2:]] == ["Animal"]
    names = {one.category_name for picture in read_voc(out).pictures for one in picture.objects}
    assert names == {"Animal"}
    run_export(run, "labelme", output="cats", class_names=("cat",))
    found = read_labelme(out.parent / "cats").pictures
    assert {one.category_name for picture in found for one in picture.objects} == {"cat"}


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"class_names": ("cta",)}, "Did you mean 'cat'"),
        ({"class_map": ClassMap(names={"cta": None})}, "Did you mean 'cat'"),
        ({"class_names": ("cat",), "class_map": ClassMap(names={"cat": None})}, "No class is left"),
    ],
)
def test_classes_that_are_not_there_are_refused(choice, words, make_run, run_export, out):
    with pytest.raises(SettingsError) as refused:
        run_export(make_run(1), "labelme", **choice)
    assert words in str(refused.value)
    assert not out.exists()


def test_weak_machine_labels_can_be_left_out(make_run, run_export, out):
    run = make_run(2, objects=4)
    report = run_export(run, "labelme", score_threshold=0.8)["labelme"]
    scores = [one.score for picture in read_labelme(out).pictures for one in picture.objects]
    assert scores
    assert min(scores) > 0.8
    assert report.exported.objects == len(scores) < 8


def test_a_plan_counts_and_writes_nothing(make_run, out):
    request = ExportRequest(
        run=make_run(3), output=out, formats=("yolo",), choice=ExportChoice(reviewers=("a", "b"))
    )
    plan = plan_export(request)
    assert plan.pictures == {"a": 2, "b": 1}
    assert sum(plan.objects.values()) == 9
    assert not out.exists()


def test_what_is_no_run_is_refused(tmp_path, run_export):
    with pytest.raises(OutputError, match="no run"):
        run_export(tmp_path, "labelme")
