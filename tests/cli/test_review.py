"""yolact review and yolact import: what they print where, and what they refuse."""

import json

import pytest

from yolact_cli.cli.main import main


@pytest.fixture
def run(tmp_path, tiny_model, make_photos):
    """A run over two photographs."""
    photos = make_photos("a.png", "b.png")
    arguments = ["--model", str(tiny_model), "--write", "coco", "--workers", "0"]
    assert main(["--quiet", "annotate", str(photos), "-o", str(tmp_path / "run"), *arguments]) == 0
    return tmp_path / "run"


def test_round_from_the_queue_to_the_reviewed_file_and_its_score(run, tmp_path, capsys):
    capsys.readouterr()
    assert main(["review", str(run), "--list", "--json"]) == 0
    queue = json.loads(capsys.readouterr().out)
    assert (queue["pictures"], queue["reviewed"], len(queue["queue"])) == (2, 0, 2)
    values = [one["priority"] for one in queue["queue"]]
    assert values == sorted(values, reverse=True)

    assert main(["review", str(run), "--apply"]) == 1
    assert "no picture is marked done" in capsys.readouterr().err

    labels = json.loads((run / "annotations.json").read_text())
    assert {one["review_priority"] for one in labels["images"]} == set(values)
    removed = labels["annotations"].pop()
    back = tmp_path / "back.json"
    back.write_text(json.dumps(labels))
    command = ["import", str(back), "--from", "coco", "--into", str(run), "--json"]
    assert main(command) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["marked_done"], report["objects"]["deleted"]) == (2, 1)
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["unchanged"] == 2

    assert main(["review", str(run), "--list"]) == 0
    assert "0 pictures to look at, 2 of 2 marked done" in capsys.readouterr().err
    assert main(["review", str(run), "--apply"]) == 0
    assert "in 2 pictures marked done: " in capsys.readouterr().out
    reviewed = json.loads((run / "reviewed.json").read_text())
    assert main(["score", str(run), "--truth", str(run / "reviewed.json"), "--json"]) == 0
    effort = json.loads(capsys.readouterr().out)["effort"]
    assert (effort["pictures"], effort["deleted"], effort["edited"]) == (2, 1, 0)
    assert effort["untouched"] == len(reviewed["annotations"])
    assert main(["score", str(run), "--truth", str(run / "reviewed.json")]) == 0
    assert "accepted untouched" in capsys.readouterr().out
    assert removed["uid"] not in {one["uid"] for one in reviewed["annotations"]}


def test_list_can_be_cut_and_shared(run, capsys):
    capsys.readouterr()
    assert main(["review", str(run), "--list", "--top", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count(".png") == 1
    assert "2 pictures to look at" in captured.err
    names = []
    for person in ("ann", "bob"):
        command = ["review", str(run), "--list", "--json", "--reviewers", "ann,bob"]
        assert main([*command, "--reviewer", person]) == 0
        names += [one["file_name"] for one in json.loads(capsys.readouterr().out)["queue"]]
    assert sorted(names) == ["a.png", "b.png"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--list", "--apply"], "two things"),
        (["--json"], "goes with --list or --apply"),
        (["--top", "3"], "goes with --list"),
        (["--list", "--reviewers", "ann,bob"], "whose share"),
    ],
)
def test_review_refuses_what_makes_no_sense(tmp_path, capsys, options, said):
    assert main(["review", str(tmp_path), *options]) == 2
    assert said in capsys.readouterr().err


def test_folder_that_is_no_run_stays_as_it_is(tmp_path, capsys):
    folder = tmp_path / "folder"
    folder.mkdir()
    file = tmp_path / "labels.json"
    file.write_text('{"images": [], "annotations": [], "categories": []}')
    for command in (
        ["review", str(folder), "--list"],
        ["review", str(folder), "--apply"],
        ["import", str(file), "--from", "coco", "--into", str(folder)],
        ["import", str(file), "--from", "coco", "--into", str(tmp_path / "absent")],
    ):
        assert main(command) == 1
        assert "no run of yolact" in capsys.readouterr().err
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "absent").exists()
