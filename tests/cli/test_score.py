"""The score command: what it prints where, and what it refuses."""

import csv
import json
import tomllib

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


def test_truth_may_stand_behind_its_option(files, capsys):
    assert main(["score", str(files / "run"), "--truth", str(files / "truth.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["segm"]["ap"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Missing PREDICTIONS."),
        (["run"], "Missing TRUTH."),
        (["run", "run", "truth.json"], "by --truth"),
        (["run", "run"], "TRUTH is a file"),
        (["--truth", "truth.json"], "Missing PREDICTIONS."),
        (["run", "run", "run", "--truth", "truth.json"], "At most two"),
        (["run", "run", "--truth", "truth.json", "--suggest-thresholds", "f1"], "one set"),
        (["run", "truth.json", "--suggest-thresholds", "precision=2"], "no goal"),
        (["run", "truth.json", "--suggest-thresholds", "ap=0.5"], "no goal"),
        (["run", "truth.json", "--areas", "small"], "no range"),
        (["run", "truth.json", "--areas", "small=9:4"], "from less to more"),
        (["run", "truth.json", "--areas", "a=0:4,a=4:"], "is taken"),
        (["run", "truth.json", "--max-detections", "0"], "max-detections"),
    ],
)
def test_wrong_usage_is_told(files, capsys, arguments, sentence):
    in_place = [str(files / one) if one in ("run", "truth.json") else one for one in arguments]
    assert main(["score", *in_place]) == 2
    assert sentence in capsys.readouterr().err


def test_mistakes_and_thresholds_are_told_by_default(files, capsys):
    assert score(files, "run") == 0
    out = capsys.readouterr().out
    for words in ("mistakes, masks", "localisation", "AP50 lost", "precision    at the threshold"):
        assert words in out


def test_classes_are_sorted_as_asked(files, capsys):
    for side in ("truth.json", "run/annotations.json"):
        document = json.loads((files / side).read_text())
        document["categories"].append({"id": 99, "name": "ant"})
        (files / side).write_text(json.dumps(document))

    def classes(*options):
        score(files, "run", "--per-class", "--iou-type", "bbox", *options)
        lines = capsys.readouterr().out.splitlines()
        return [line.split()[0] for line in lines if line.strip().startswith(("ant", "cat"))]

    assert classes() == ["cat", "ant"]  # the ant has no figure, and comes last
    assert classes("--sort", "name") == ["ant", "cat"]


def test_boundaries_sizes_and_limits_of_ones_own(files, capsys):
    options = ["--iou-type", "boundary", "--areas", "tiny=0:100,rest=100:", "--max-detections", "3"]
    assert score(files, "run", *options) == 0
    out = capsys.readouterr().out
    for words in ("boundaries", "AP tiny", "up to 10² px", "from 10² px", "3 a picture"):
        assert words in out


def test_classes_are_written_as_csv(files, capsys):
    assert score(files, "run", "--csv", str(files / "classes.csv")) == 0
    with (files / "classes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["iou_type"], row["class"]) for row in rows] == [("bbox", "cat"), ("segm", "cat")]
    assert float(rows[1]["ap"]) == pytest.approx(1)
    assert (rows[1]["ap_large"], rows[1]["hits"]) == ("", "1")


def test_files_that_are_there_are_not_replaced(files, capsys):
    table = files / "classes.csv"
    table.write_text("mine")
    assert score(files, "run", "--csv", str(table)) == 1
    assert "classes.csv is there already" in capsys.readouterr().err
    assert table.read_text() == "mine"
    assert score(files, "run", "--csv", str(table), "--overwrite") == 0
    assert table.read_text().startswith("iou_type,")


def test_two_sets_of_predictions_are_compared(files, capsys):
    truth, run = str(files / "truth.json"), str(files / "run")
    assert main(["score", run, run, "--truth", truth, "--per-class", "--bootstrap", "9"]) == 0
    captured = capsys.readouterr()
    assert "too few pictures to tell" in captured.out
    assert "+0.000 to +0.000" in captured.out
    assert "9 resamples" in captured.err
    assert main(["score", run, run, "--truth", truth, "--json", "--bootstrap", "9"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["comparison"]["segm"]["ap"]["difference"] == 0
    assert document["a"]["segm"]["ap"] == document["b"]["segm"]["ap"] == pytest.approx(1)


def test_predictions_of_boxes_and_of_masks_are_compared_by_boxes(files, capsys):
    sides = [str(files / "run"), str(files / "results.json")]
    arguments = ["--truth", str(files / "truth.json"), "--json", "--bootstrap", "5"]
    assert main(["score", *sides, *arguments]) == 0
    assert list(json.loads(capsys.readouterr().out)["comparison"]) == ["bbox"]
    assert main(["score", *sides, *arguments, "--csv", str(files / "both.csv")]) == 0
    assert "bbox,cat,ap50,1.0,1.0,0.0" in (files / "both.csv").read_text()


@pytest.fixture
def many(tmp_path):
    """Sixty pictures with a cat each that is found, and a cow each that is not there."""
    images = [
        {"id": key, "file_name": f"{key}.jpg", "width": 64, "height": 64} for key in range(60)
    ]
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "cow"}, {"id": 3, "name": "yak"}]
    box = {"bbox": [10, 10, 40, 40]}

    def found(category_id, first_id, **extra):
        return [
            {"id": first_id + key, "image_id": key, "category_id": category_id, **box, **extra}
            for key in range(60)
        ]

    documents = {
        "truth.json": [*found(1, 0), {**found(3, 100)[0], "bbox": [1, 1, 5, 5]}],
        "predictions.json": found(1, 0, score=0.8) + found(2, 100, score=0.7),
    }
    for name, annotations in documents.items():
        document = {"images": images, "categories": categories, "annotations": annotations}
        (tmp_path / name).write_text(json.dumps(document))
    return tmp_path


def test_suggested_thresholds_are_written_and_can_be_scored(many, capsys):
    thresholds = many / "thresholds.toml"
    suggest = ["--suggest-thresholds", "precision=0.9", "--thresholds-file", str(thresholds)]
    assert score(many, "predictions.json", *suggest) == 0
    captured = capsys.readouterr()
    assert "2 of 3 classes take the threshold of all classes pooled: cow, yak." in captured.err
    document = tomllib.loads(thresholds.read_text())
    # Nothing was seen between the scores of cats, 0.8, and what lies just below.
    assert document["thresholds"] == {"cat": 0.79995, "cow": 0.75, "yak": 0.75}
    assert document["default"] == 0.75
    assert "yak = 0.75     # pooled: only 0 predictions" in thresholds.read_text()

    assert score(many, "predictions.json", "--thresholds", str(thresholds), "--json") == 0
    kept = json.loads(capsys.readouterr().out)["bbox"]["kept"]
    assert (kept["predictions"], kept["hits"], kept["precision"]) == (60, 60, 1)


@pytest.mark.parametrize(
    ("default", "kept_predictions"), [("default = 0.5", 120), ("", 60)], ids=["default", "none"]
)
def test_the_files_default_goes_before_the_threshold_for_all(
    many, capsys, default, kept_predictions
):
    (many / "t.toml").write_text(f"{default}\n[thresholds]\ncat = 0.75")
    options = ["--thresholds", str(many / "t.toml"), "--score-threshold", "0.75", "--json"]
    assert score(many, "predictions.json", *options) == 0
    kept = json.loads(capsys.readouterr().out)["bbox"]["kept"]
    assert kept["predictions"] == kept_predictions


def test_thresholds_that_nobody_can_promise_are_refused(files, capsys):
    thresholds = files / "thresholds.toml"
    suggest = ["--suggest-thresholds", "precision=0.9", "--thresholds-file", str(thresholds)]
    assert score(files, "run", *suggest) == 1
    assert "no threshold can promise precision=0.9, not even of all" in capsys.readouterr().err
    assert not thresholds.exists()


def test_scores_beyond_one_have_no_threshold(files, capsys):
    text = (files / "results.json").read_text().replace("0.9", "90")
    (files / "results.json").write_text(text)
    assert score(files, "results.json") == 0
    options = ["--suggest-thresholds", "f1", "--thresholds-file", str(files / "t.toml")]
    assert score(files, "results.json", *options) == 1
    assert "scores go from 90 to 90; thresholds are in [0, 1]" in capsys.readouterr().err


def test_thresholds_of_unknown_classes_are_refused(files, capsys):
    (files / "t.toml").write_text("[thresholds]\ncats = 0.5")
    assert score(files, "run", "--thresholds", str(files / "t.toml")) == 2
    assert "truth has no class 'cats'. Did you mean 'cat'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"score": float("nan")}, "results[0]: 'score' has nan, not a finite number"),
        ({"bbox": [1, 2, -3, 4]}, "results[0]: 'bbox' [1, 2, -3, 4] has a negative side"),
        ({"image_id": 8}, "truth has none of its pictures (such as image 8)"),
        ({"segmentation": [[1, 1, 9, 9]]}, "results[0] (a.jpg): a polygon has 2 points"),
        (
            {"segmentation": {"size": [9, 9], "counts": [81]}},
            "results[0] (a.jpg): its RLE has size [9, 9], the picture is [64, 64]",
        ),
    ],
)
def test_each_kind_of_broken_result_is_told_by_its_place(files, capsys, change, sentence):
    result = json.loads((files / "results.json").read_text())[0]
    (files / "results.json").write_text(json.dumps([{**result, **change}]))
    assert score(files, "results.json") == 1
    assert sentence in capsys.readouterr().err


def test_the_first_twenty_problems_are_told_at_once(files, capsys):
    result = json.loads((files / "results.json").read_text())[0]
    (files / "results.json").write_text(json.dumps([{**result, "bbox": [0, 0, -1, 1]}] * 25))
    assert score(files, "results.json") == 1
    err = capsys.readouterr().err
    assert "25 problems" in err
    assert "results[19]" in err
    assert "results[20]" not in err
    assert "… and 5 more" in err


@pytest.mark.parametrize("side", ["truth.json", "run/annotations.json"])
@pytest.mark.parametrize("key", ["images", "categories", "annotations"])
def test_records_that_stand_twice_are_refused(files, capsys, side, key):
    document = json.loads((files / side).read_text())
    document[key] *= 2
    (files / side).write_text(json.dumps(document))
    assert score(files, "run") == 1
    err = capsys.readouterr().err
    assert "its id is used twice" in err or f"{key}[1]: id " in err
