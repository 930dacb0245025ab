"""The score command: what it prints where, and what it refuses."""

import json

import pytest

from yolact_cli.cli.main import main

MASK = [[10, 10, 50, 10, 50, 50, 10, 50]]


@pytest.fixture
def files(tmp_path):
    """Perfect predictions of one cat, in all three forms, under other ids than truth's."""

    def data_set(image_id, category_id, **extra):
        size = {"width": 64, "height": 64}
        annotation = {"id": 1, "bbox": [10, 10, 40, 40], "segmentation": MASK, **extra}
        return {
            "images": [{"id": image_id, "file_name": "a.jpg", **size}],
            "categories": [{"id": category_id, "name": "cat"}],
            "annotations": [{**annotation, "image_id": image_id, "category_id": category_id}],
        }

    run = tmp_path / "run"
    run.mkdir()
    truth = data_set(7, 17)
    predictions = data_set(1, 1, score=0.9, predicted_bbox=[10, 10, 40, 40])
    result = {"image_id": 7, "category_id": 17, "bbox": [10, 10, 40, 40], "score": 0.9}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (run / "annotations.json").write_text(json.dumps(predictions))
    (tmp_path / "results.json").write_text(json.dumps([result]))
    return tmp_path


def score(files, predictions, *options):
    return main(["score", str(files / predictions), str(files / "truth.json"), *options])


def test_a_run_is_scored_as_a_table_on_stdout(files, capsys):
    assert score(files, "run") == 0
    captured = capsys.readouterr()
    assert "boxes" in captured.out
    assert "masks" in captured.out
    assert captured.out.count("1.000") >= 6
    assert "1 prediction in 1 picture of truth; pictures joined by file name" in captured.err


def test_json_is_all_there_is_on_stdout(files, capsys):
    assert score(files, "run", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["segm"]["ap"] == pytest.approx(1)
    assert document["segm"]["ap_large"] is None
    assert document["bbox"]["classes"][0]["name"] == "cat"
    assert document["join"]["pictures_by"] == "file name"


def test_results_without_masks_are_scored_by_boxes(files, capsys):
    assert score(files, "results.json", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["bbox"]["ap"] == pytest.approx(1)
    assert "segm" not in document


def test_masks_that_are_not_there_cannot_be_asked_for(files, capsys):
    assert score(files, "results.json", "--iou-type", "segm") == 1
    err = capsys.readouterr().err
    assert "1 of 1 predictions have no mask\nCompare boxes alone" in err


def test_classes_one_by_one_and_intervals(files, capsys):
    assert score(files, "run", "--per-class", "--bootstrap", "5", "--iou-type", "bbox") == 0
    out = capsys.readouterr().out
    assert "cat" in out
    assert "95% interval" in out
    assert "1.000 to 1.000" in out


def test_intervals_stand_in_the_json(files, capsys):
    score(files, "run", "--bootstrap", "5", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["segm"]["bootstrap"]["resamples"] == 5


def test_a_misspelt_class_gets_the_closest(files, capsys):
    assert score(files, "run", "--classes", "cats") == 2
    assert "Truth has no class 'cats'. Did you mean 'cat'?" in capsys.readouterr().err


def test_a_class_map_renames_the_predictions(files, capsys):
    truth = (files / "truth.json").read_text().replace('"cat"', '"Katze"')
    (files / "truth.json").write_text(truth)
    (files / "map.toml").write_text('[classes]\ncat = "Katze"')
    assert score(files, "run", "--json", "--class-map", str(files / "map.toml")) == 0
    assert json.loads(capsys.readouterr().out)["join"]["categories_by"] == "name"


def test_what_is_left_out_is_said(files, capsys):
    document = json.loads((files / "run/annotations.json").read_text())
    document["images"].append({"id": 2, "file_name": "b.jpg", "width": 5, "height": 5})
    document["categories"].append({"id": 2, "name": "cow"})
    one = document["annotations"][0]
    document["annotations"] += [{**one, "image_id": 2}, {**one, "category_id": 2}]
    (files / "run/annotations.json").write_text(json.dumps(document))
    assert score(files, "run") == 0
    err = capsys.readouterr().err
    assert "Left out: 1 prediction in 1 picture that truth does not have." in err
    assert "Left out: predictions of classes that truth does not have: cow (1)." in err


def test_missed_pictures_and_box_only_objects_are_said(files, capsys):
    document = json.loads((files / "truth.json").read_text())
    document["images"].append({"id": 8, "file_name": "b.jpg", "width": 64, "height": 64})
    box_only = {"id": 2, "image_id": 8, "category_id": 17, "bbox": [1, 1, 40, 40]}
    document["annotations"].append(box_only)
    (files / "truth.json").write_text(json.dumps(document))
    assert score(files, "run") == 0
    err = capsys.readouterr().err
    assert "No predictions in 1 picture of truth" in err
    assert "Ignored where masks are compared: 1 object of truth with only a box." in err


def test_broken_files_are_told_apart(files, capsys):
    (files / "results.json").write_text('[{"image_id": 7,]')
    assert score(files, "results.json") == 1
    assert "not JSON" in capsys.readouterr().err
    assert main(["score", str(files / "run"), str(files / "none.json")]) == 2


@pytest.mark.shared
def test_published_masks_give_the_published_figure(shared_dir, capsys):
    folder = shared_dir / "data/scoring"
    predictions = folder / "instances_val2014_fakesegm100_results.json"
    truth = folder / "instances_val2014_100.json"
    assert main(["score", str(predictions), str(truth), "--json", "--iou-type", "segm"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["segm"]["ap"] == pytest.approx(0.319545276, abs=1e-9)
    assert document["segm"]["ar_large"] == pytest.approx(0.381471510, abs=1e-9)
