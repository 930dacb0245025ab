"""The score command against YouTube-VIS truth, and against COCO frames of a video."""

import json

import pytest

from yolact_cli.cli.main import main


@pytest.fixture
def tracked(tiny_model, make_clip, tmp_path):
    """A run over a clip, with youtube_vis.json."""
    run = tmp_path / "run"
    command = ["annotate", make_clip(frames=4), "-o", run, "--model", tiny_model, "--device", "cpu"]
    quick = ["--workers", 0, "--max-detections", 4, "--write", "coco,youtube-vis"]
    assert main([*map(str, [*command, *quick])]) == 0
    return run


def test_tracks_score_one_against_themselves(tracked, capsys):
    capsys.readouterr()
    truth = tracked / "youtube_vis.json"
    assert main(["score", str(tracked), "--truth", str(truth), "--json"]) == 0
    out = capsys.readouterr().out
    report = json.loads(out)
    assert [report[kind]["ap"] for kind in ("tracks", "frames")] == pytest.approx([1, 1])
    assert report["identities"]["idf1"] == 1
    assert report["join"]["videos_by"] == "name"
    assert report["join"]["predicted_tracks"] == report["join"]["true_tracks"] > 0


def test_tables_tell_tracks_frames_and_identities_apart(tracked, capsys):
    capsys.readouterr()
    assert main(["score", str(tracked), str(tracked / "youtube_vis.json"), "--per-class"]) == 0
    out, err = capsys.readouterr()
    for words in ("tracks", "masks, frame by frame", "identities", "128² to 256² px", "a video"):
        assert words in out
    assert "videos joined by name" in err


@pytest.fixture
def refused(tmp_path, capsys):
    """What is said of options, with a truth that has one video and no tracks."""
    video = {"id": 1, "name": "clip.mp4", "width": 8, "height": 6, "length": 2}
    categories = [{"id": 1, "name": "cat"}]
    document = {"videos": [video], "categories": categories, "annotations": []}
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps(document))

    def run(predictions, *options):
        code = main(["score", str(predictions), "--truth", str(truth), *options])
        return code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--suggest-thresholds", "f1"], "--suggest-thresholds is for pictures only"),
        (["--iou-type", "bbox"], "--iou-type is for pictures only"),
        (["--bootstrap", "20"], "--bootstrap is for pictures only"),
    ],
)
def test_what_tracks_lack_is_wrong_usage(refused, tmp_path, options, words):
    code, told = refused(tmp_path, *options)
    assert (code, words in told) == (2, True)


def test_a_run_without_tracks_says_how_to_get_them(refused, tmp_path):
    code, told = refused(tmp_path)
    assert (code, "--write youtube-vis" in told) == (1, True)


def test_a_class_that_truth_lacks_is_told(refused, tmp_path):
    code, told = refused(tmp_path / "truth.json", "--classes", "catt")
    assert (code, "Did you mean 'cat'?" in told) == (2, True)


def test_frames_are_scored_against_pictures_of_the_same_names(tracked, tmp_path, capsys):
    labels = json.loads((tracked / "annotations.json").read_text())
    for image in labels["images"]:
        image["id"] += 100
        image["file_name"] = image["file_name"].rpartition("/")[2]
    for one in labels["annotations"]:
        one["image_id"] += 100
        one["bbox"] = one.pop("predicted_bbox", one["bbox"])
        del one["score"]
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps(labels))
    capsys.readouterr()
    assert main(["score", str(tracked), str(truth), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["segm"]["ap"] == pytest.approx(1)
