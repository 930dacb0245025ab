"""What the review page's server does with acts, on pictures and on tracks."""

import json

import numpy as np
import pytest

from yolact_cli.errors import DiskFullError
from yolact_cli.geometry import rle
from yolact_cli.pipelines.review_session import ReviewRequest, opened_page
from yolact_cli.store import LocalStore


def test_done_accepts_what_is_named_and_rejects_the_rest(client, run_folder, read_events):
    uids = [one["uid"] for one in client.picture()["objects"]]
    answer = client.act([{"kind": "done", "uids": uids[:2]}]).json()
    assert answer["picture"]["is_reviewed"]
    assert client.states() == ["accepted", "accepted", "rejected"]
    assert [event["kind"] for event in read_events(run_folder)] == ["done"]
    assert answer["rows"][0][4] == 1


def test_untouched_objects_of_an_open_picture_are_not_accepted(client):
    uid = client.picture()["objects"][0]["uid"]
    client.act([{"kind": "object", "uid": uid}])
    assert client.states() == ["accepted", "machine", "machine"]


def test_relabelling_and_a_new_mask_make_an_object_corrected(client):
    one = client.picture()["objects"][0]
    client.act([{"kind": "object", "uid": one["uid"], "category": "person"}])
    mask = np.zeros((60, 80), bool)
    mask[3:9, 4:30] = True
    client.act([{"kind": "object", "uid": one["uid"], "counts": rle.encode_mask(mask)}])
    now = client.picture()["objects"][0]
    assert (now["state"], now["category"]) == ("corrected", "person")
    assert (now["bbox"], now["area"], now["score"]) == ([4, 3, 26, 6], 156, one["score"])


def test_new_object_may_bring_a_new_class(client):
    mask = np.zeros((60, 80), bool)
    mask[:5, :5] = True
    new = {
        "kind": "object",
        "uid": "0123456789ab",
        "category": " Ünicorn ",
        "counts": rle.encode_mask(mask),
    }
    answer = client.act([new]).json()
    assert answer["categories"][-1] == [4, "Ünicorn"]
    added = answer["picture"]["objects"][-1]
    assert (added["state"], added["score"], added["category"]) == ("added", None, "Ünicorn")


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "explode"},
        {"kind": "reject", "uid": "nothing"},
        {"kind": "object", "uid": "0123456789ab"},
        {"kind": "object", "uid": "../../../etc", "category": "cat", "counts": "0"},
        {"kind": "object", "uid": "0123456789ab", "category": "cat", "counts": "garbage \x00"},
        {"kind": "object", "uid": "0123456789ab", "category": "cat", "counts": rle.encode_mask(np.ones((3, 3), bool))},
        {"kind": "object", "uid": "0123456789ab", "category": "cat", "counts": rle.encode_mask(np.zeros((60, 80), bool))},
        {"kind": "object", "uid": "0123456789ab", "category": "", "counts": rle.encode_mask(np.ones((60, 80), bool))},
        {"kind": "object", "uid": "0123456789ab", "category": "a\nb", "counts": rle.encode_mask(np.ones((60, 80), bool))},
        {"kind": "object", "uid": ["list"], "category": "cat"},
        {"kind": "done"},
        {"kind": "done", "uids": ["000000000000"]},
        {"kind": "done", "uids": [7]},
    ],
    ids=range(13),
)  # fmt: skip
def test_acts_that_make_no_sense_are_refused_with_a_sentence(client, run_folder, read_events, bad):
    answer = client.act([bad])
    assert answer.status_code == 400
    assert answer.json()["problem"].endswith(".")
    assert read_events(run_folder) == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"acts": 3}', b"[" * 100_000, b'{"acts":[1],"key":"12345678"}']
)
def test_bodies_that_are_no_acts_are_refused(client, body):
    answer = client.post("/api/acts", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_an_act_of_nobodys_picture_is_refused(client):
    assert client.act([{"kind": "reopen"}], picture_id=99, revision=0).status_code == 404


def test_a_window_that_is_behind_is_told_and_changes_nothing(client, run_folder, read_events):
    uids = [one["uid"] for one in client.picture()["objects"]]
    assert client.act([{"kind": "reject", "uid": uids[0]}], revision=0).status_code == 200
    late = client.act([{"kind": "reject", "uid": uids[1]}], revision=0)
    assert late.status_code == 409
    assert "another window" in late.json()["problem"]
    assert len(read_events(run_folder)) == 1
    # Other pictures are not concerned.
    assert client.act([{"kind": "reopen"}], picture_id=2, revision=0).status_code == 200


def test_an_act_that_is_sent_twice_is_done_once(client, run_folder, read_events):
    uid = client.picture()["objects"][0]["uid"]
    for _ in range(2):
        answer = client.act([{"kind": "reject", "uid": uid}], revision=0, key="the-same-key")
        assert answer.status_code == 200
    assert len(read_events(run_folder)) == 1


def test_undo_and_redo_go_through_all_pictures(client):
    for picture_id in (1, 2):
        uid = client.picture(picture_id)["objects"][0]["uid"]
        answer = client.act([{"kind": "reject", "uid": uid}], picture_id=picture_id).json()

    def take_back(which):
        nonlocal answer
        body = {"stroke": answer[which], "key": client.next_key()}
        response = client.post("/api/undo", json=body)
        assert response.status_code == 200, response.text
        answer = response.json()
        return answer["picture"]["id"]

    assert [take_back("undoable"), take_back("undoable")] == [2, 1]
    assert client.states(1) == client.states(2) == ["machine"] * 3
    assert answer["undoable"] is None
    assert [take_back("redoable"), take_back("redoable")] == [1, 2]
    assert answer["redoable"] is None
    assert "rejected" in client.states(1)
    assert take_back("undoable") == 2
    assert client.act([{"kind": "reopen"}]).json()["redoable"] is None


def test_undo_of_something_else_is_refused(client):
    assert client.post("/api/undo", json={"stroke": 7, "key": client.next_key()}).status_code == 409


def test_apply_writes_what_is_marked_done_and_tells_what_is_not(client, run_folder):
    refused = client.post("/api/apply", json={})
    assert refused.status_code == 422
    assert "no picture is marked done" in refused.json()["problem"]
    client.act([{"kind": "done", "uids": []}])
    told = client.post("/api/apply", json={}).json()["sentence"]
    assert "0 objects in 1 picture" in told
    assert "Not done yet: 2 pictures" in told
    assert json.loads((run_folder / "reviewed.json").read_text())["annotations"] == []


def test_a_full_disk_is_told_as_something_to_try_again(client, run_folder, monkeypatch):
    def full(*_, **__):
        raise DiskFullError("The disk is full.", remedy="Free some space.")

    monkeypatch.setattr(LocalStore, "append", full)
    answer = client.act([{"kind": "reopen"}])
    assert answer.status_code == 507
    assert "full" in answer.json()["problem"]


def test_a_shared_queue_shows_each_person_a_part_of_his_own(run_folder, make_client):
    found = []
    for name in ("anna", "ben"):
        request = ReviewRequest(run=run_folder, reviewer=name, reviewers=("anna", "ben"))
        with opened_page(request) as page:
            found.append(set(page.desk.rows))
    assert found[0] | found[1] == {1, 2, 3}
    assert found[0] & found[1] == set()


@pytest.fixture
def of_video(tmp_path, make_review_run, make_clip, make_client):
    return make_client(make_review_run(tmp_path / "video", pictures=1, clip=make_clip()))


def test_a_track_is_relabelled_in_all_frames_in_one_stroke(of_video):
    answer = of_video.track("relabel", track_id=2, category="bird").json()
    assert len(answer["rows"]) == 6
    for frame in range(2, 8):
        classes = [one["category"] for one in of_video.picture(frame)["objects"]]
        assert classes.count("bird") == 1
    undone = of_video.post(
        "/api/undo", json={"stroke": answer["undoable"], "key": of_video.next_key()}
    )
    assert len(undone.json()["rows"]) == 6
    assert "corrected" not in of_video.states(4)


def test_a_track_is_accepted_or_rejected_in_all_frames(of_video):
    of_video.track("accept", track_id=1)
    of_video.track("reject", track_id=2)
    assert {tuple(of_video.states(frame)) for frame in range(2, 8)} == {("accepted", "rejected")}
    assert not of_video.picture(3)["is_reviewed"]


def test_all_frames_are_done_without_what_is_below_the_slider(of_video):
    least = of_video.picture(3)["objects"][0]["score"]
    of_video.track("done", min_score=least)
    assert of_video.picture(7)["is_reviewed"]
    assert of_video.states(7) == ["accepted", "rejected"]


def test_a_window_behind_on_a_frame_changes_no_track(of_video):
    of_video.act([{"kind": "reopen"}], picture_id=6)
    assert of_video.track("accept", track_id=1, revision=0).status_code == 409


@pytest.mark.parametrize(
    "fields",
    [{"track_id": 77}, {"track_id": "1"}, {"video_id": 9, "track_id": 1}, {"kind": "eat", "track_id": 1}],
    ids=["unknown", "text", "video", "kind"],
)  # fmt: skip
def test_tracks_that_are_none_are_refused(of_video, fields):
    assert of_video.track(**({"kind": "accept"} | fields)).status_code == 400
