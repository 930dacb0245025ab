"""The review page's server, without a browser."""

import json
import socket
import threading
import time
import urllib.error
import urllib.request

import cv2
import numpy as np
import pytest
from PIL import Image

from yolact_cli.errors import DiskFullError, OutputError, PageError, RunLockedError
from yolact_cli.geometry import rle
from yolact_cli.pipelines.review_session import ReviewRequest, opened_page
from yolact_cli.review.server import make_app
from yolact_cli.store import LocalStore

pytest.importorskip("starlette", reason="needs starlette")
from starlette.testclient import TestClient

PORT, TOKEN = 8100, "a-token-of-the-test"
KEYS = (f"key-{number:08d}" for number in range(10**8))


@pytest.fixture
def run_folder(tmp_path, make_review_run):
    return make_review_run(tmp_path)


@pytest.fixture
def make_client(run_folder):
    """A client of a page of the run, with the token: ``make_client(run)``."""
    opened = []

    def build(run=run_folder, **fields):
        manager = opened_page(ReviewRequest(run=run, reviewer="anna", **fields))
        page = manager.__enter__()
        opened.append(manager)
        app = make_app(page, token=TOKEN, port=PORT)
        return TestClient(
            app,
            base_url=f"http://127.0.0.1:{PORT}",
            headers={"x-yolact-token": TOKEN},
            follow_redirects=False,
        )

    yield build
    for manager in opened:
        manager.__exit__(None, None, None)


@pytest.fixture
def client(make_client):
    return make_client()


def picture(client, picture_id=1):
    return client.get(f"/api/pictures/{picture_id}").json()


def act(client, acts, *, picture_id=1, revision=None, key=None):
    body = {
        "picture_id": picture_id,
        "acts": acts,
        "revision": picture(client, picture_id)["revision"] if revision is None else revision,
        "key": key or next(KEYS),
    }
    return client.post("/api/acts", json=body)


def states(client, picture_id=1):
    return [one["state"] for one in picture(client, picture_id)["objects"]]


# -- who may -------------------------------------------------------------------------------------


def test_page_is_refused_without_the_token(client):
    answer = client.get("/api/queue", headers={"x-yolact-token": "wrong"})
    assert answer.status_code == 403
    assert "address" in answer.text


def test_token_in_the_address_becomes_a_cookie_and_leaves_the_address(client):
    answer = client.get(f"/?token={TOKEN}", headers={"x-yolact-token": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert client.get("/", headers={"x-yolact-token": ""}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": f"evil.example:{PORT}"},
        {"host": "127.0.0.1:1"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=lambda headers: "-".join(map(str, *headers.items())),
)
def test_requests_of_other_pages_are_refused(client, headers):
    assert client.get("/api/queue", headers=headers).status_code == 403


def test_a_link_in_another_page_may_lead_here_and_do_nothing(client):
    visit = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/", headers=visit).status_code == 200
    assert client.post("/api/apply", json={}, headers=visit).status_code == 403


def test_acts_are_refused_unless_they_are_json(client):
    answer = client.post("/api/apply", content="{}", headers={"content-type": "text/plain"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/page/..%2f..%2ferrors.py",
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/images/../../run.json/thumb",
        "/images/1/..%2f..%2frun.json",
        "/page/nothing.js",
    ],
)
def test_no_path_leads_out_of_the_page(client, path):
    assert client.get(path).status_code in {403, 404}


def test_page_brings_a_policy_that_lets_nothing_out(client):
    headers = client.get("/").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["referrer-policy"] == "no-referrer"


def test_page_names_no_other_place(client):
    for name in ["", "page/main.js", "page/page.css", "page/theme.css"]:
        text = client.get(f"/{name}").text.replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text
        assert "https:" not in text


# -- what is shown -------------------------------------------------------------------------------


def test_queue_holds_every_picture_with_its_objects(client):
    start = client.get("/api/queue").json()
    assert [row[1] for row in start["rows"]] == ["00001.png", "00002.png", "00003.png"]
    assert all(len(row[10]) == 3 for row in start["rows"])
    assert [name for _, name in start["categories"]] == ["cat", "dog", "person"]
    assert start["least_score"] == 0.3
    assert start["reviewer"] == "anna"


def test_images_are_jpegs_of_the_picture_and_never_larger(client):
    for level in ("thumb", "preview", "full"):
        answer = client.get(f"/images/1/{level}")
        assert answer.headers["content-type"] == "image/jpeg"
        pixels = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
        assert pixels.shape[:2] == (60, 80)
    assert client.get("/images/1/huge").status_code == 404
    assert client.get("/images/99/thumb").status_code == 404


def test_large_pictures_are_scaled_down(tmp_path, make_review_run, make_client):
    client = make_client(make_review_run(tmp_path / "large", pictures=1, size_hw=(900, 3000)))
    sizes = {}
    for level in ("thumb", "preview", "full"):
        data = np.frombuffer(client.get(f"/images/1/{level}").content, np.uint8)
        sizes[level] = cv2.imdecode(data, cv2.IMREAD_COLOR).shape[1]
    assert sizes == {"thumb": 224, "preview": 2048, "full": 3000}


def test_pictures_that_have_moved_are_told_and_found_again(tmp_path, run_folder, make_client):
    (tmp_path / "elsewhere").mkdir()
    for file in tmp_path.glob("*.png"):
        file.rename(tmp_path / "elsewhere" / file.name)
    answer = make_client().get("/images/1/thumb")
    assert answer.status_code == 404
    assert "--images" in answer.json()["remedy"]


def test_formats_that_no_browser_shows_are_sent_as_jpegs_upright(tmp_path, run_folder, make_client):
    deep = np.zeros((80, 60, 3), np.uint16)  # lies on its side
    deep[:40, :, 2] = 60_000  # its upper half is red
    side = Image.fromarray((deep >> 8).astype(np.uint8)[:, :, ::-1])
    exif = Image.Exif()
    exif[274] = 6  # to be turned clockwise
    side.save(tmp_path / "01.png", "tiff", exif=exif)
    cv2.imwrite(str(tmp_path / "deep.tiff"), np.rot90(deep, -1))
    (tmp_path / "deep.tiff").rename(tmp_path / "02.png")
    client = make_client()
    for picture_id in (1, 2):
        data = np.frombuffer(client.get(f"/images/{picture_id}/preview").content, np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert pixels.shape == (60, 80, 3)
        assert pixels[30, 70, 2] > 200
        assert pixels[30, 10, 2] < 60


def test_frames_of_a_video_are_decoded(tmp_path, make_review_run, make_clip, make_client):
    client = make_client(make_review_run(tmp_path / "video", pictures=1, clip=make_clip()))
    start = client.get("/api/queue").json()
    assert start["videos"] == [[1, "clip.mp4"]]
    pixels = [
        cv2.imdecode(np.frombuffer(client.get(f"/images/{n}/preview").content, np.uint8), 1)
        for n in (4, 2, 7)
    ]
    assert {one.shape for one in pixels} == {(72, 96, 3)}
    assert not np.array_equal(pixels[0], pixels[1])


# -- what is done --------------------------------------------------------------------------------


def test_done_accepts_what_is_named_and_rejects_the_rest(client, run_folder, read_events):
    uids = [one["uid"] for one in picture(client)["objects"]]
    answer = act(client, [{"kind": "done", "uids": uids[:2]}]).json()
    assert answer["picture"]["is_reviewed"]
    assert states(client) == ["accepted", "accepted", "rejected"]
    assert [event["kind"] for event in read_events(run_folder)] == ["done"]
    assert answer["rows"][0][4] == 1


def test_untouched_objects_of_an_open_picture_are_not_accepted(client):
    uid = picture(client)["objects"][0]["uid"]
    act(client, [{"kind": "object", "uid": uid}])
    assert states(client) == ["accepted", "machine", "machine"]


def test_relabelling_and_a_new_mask_make_an_object_corrected(client):
    one = picture(client)["objects"][0]
    act(client, [{"kind": "object", "uid": one["uid"], "category": "person"}])
    mask = np.zeros((60, 80), bool)
    mask[3:9, 4:30] = True
    act(client, [{"kind": "object", "uid": one["uid"], "counts": rle.encode_mask(mask)}])
    now = picture(client)["objects"][0]
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
    answer = act(client, [new]).json()
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
    answer = act(client, [bad])
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
    assert act(client, [{"kind": "reopen"}], picture_id=99, revision=0).status_code == 404


def test_a_window_that_is_behind_is_told_and_changes_nothing(client, run_folder, read_events):
    uids = [one["uid"] for one in picture(client)["objects"]]
    assert act(client, [{"kind": "reject", "uid": uids[0]}], revision=0).status_code == 200
    late = act(client, [{"kind": "reject", "uid": uids[1]}], revision=0)
    assert late.status_code == 409
    assert "another window" in late.json()["problem"]
    assert len(read_events(run_folder)) == 1
    # Other pictures are not concerned.
    assert act(client, [{"kind": "reopen"}], picture_id=2, revision=0).status_code == 200


def test_an_act_that_is_sent_twice_is_done_once(client, run_folder, read_events):
    uid = picture(client)["objects"][0]["uid"]
    for _ in range(2):
        answer = act(client, [{"kind": "reject", "uid": uid}], revision=0, key="the-same-key")
        assert answer.status_code == 200
    assert len(read_events(run_folder)) == 1


def test_undo_and_redo_go_through_all_pictures(client):
    for picture_id in (1, 2):
        uid = picture(client, picture_id)["objects"][0]["uid"]
        answer = act(client, [{"kind": "reject", "uid": uid}], picture_id=picture_id).json()

    def take_back(which):
        nonlocal answer
        body = {"stroke": answer[which], "key": next(KEYS)}
        response = client.post("/api/undo", json=body)
        assert response.status_code == 200, response.text
        answer = response.json()
        return answer["picture"]["id"]

    assert [take_back("undoable"), take_back("undoable")] == [2, 1]
    assert states(client, 1) == states(client, 2) == ["machine"] * 3
    assert answer["undoable"] is None
    assert [take_back("redoable"), take_back("redoable")] == [1, 2]
    assert answer["redoable"] is None
    assert "rejected" in states(client, 1)
    assert take_back("undoable") == 2
    assert act(client, [{"kind": "reopen"}]).json()["redoable"] is None


def test_undo_of_something_else_is_refused(client):
    assert client.post("/api/undo", json={"stroke": 7, "key": next(KEYS)}).status_code == 409


def test_what_was_done_is_there_after_a_new_start(run_folder, serve):
    with serve(run_folder) as page:
        before = fetched(page, "api/pictures/1")
        body = {"picture_id": 1, "revision": 0, "key": "a-key-for-this",
                "acts": [{"kind": "done", "uids": [before["objects"][0]["uid"]]}]}  # fmt: skip
        fetched(page, "api/acts", body)
    with serve(run_folder) as page:
        assert fetched(page, "api/pictures/1")["is_reviewed"]
        assert fetched(page, "api/queue")["undoable"] == 1


def test_apply_writes_what_is_marked_done_and_tells_what_is_not(client, run_folder):
    refused = client.post("/api/apply", json={})
    assert refused.status_code == 422
    assert "no picture is marked done" in refused.json()["problem"]
    act(client, [{"kind": "done", "uids": []}])
    told = client.post("/api/apply", json={}).json()["sentence"]
    assert "0 objects in 1 picture" in told
    assert "Not done yet: 2 pictures" in told
    assert json.loads((run_folder / "reviewed.json").read_text())["annotations"] == []


def test_a_full_disk_is_told_as_something_to_try_again(client, run_folder, monkeypatch):
    def full(*_, **__):
        raise DiskFullError("The disk is full.", remedy="Free some space.")

    monkeypatch.setattr(LocalStore, "append", full)
    answer = act(client, [{"kind": "reopen"}])
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


# -- tracks --------------------------------------------------------------------------------------


@pytest.fixture
def of_video(tmp_path, make_review_run, make_clip, make_client):
    return make_client(make_review_run(tmp_path / "video", pictures=1, clip=make_clip()))


def track(client, kind, *, picture_id=3, revision=None, **fields):
    shown = picture(client, picture_id)
    body = {
        "kind": kind, "video_id": 1, "picture_id": picture_id, "key": next(KEYS),
        "revision": shown["video_revision"] if revision is None else revision, **fields,
    }  # fmt: skip
    return client.post("/api/videos", json=body)


def test_a_track_is_relabelled_in_all_frames_in_one_stroke(of_video):
    answer = track(of_video, "relabel", track_id=2, category="bird").json()
    assert len(answer["rows"]) == 6
    for frame in range(2, 8):
        classes = [one["category"] for one in picture(of_video, frame)["objects"]]
        assert classes.count("bird") == 1
    undone = of_video.post("/api/undo", json={"stroke": answer["undoable"], "key": next(KEYS)})
    assert len(undone.json()["rows"]) == 6
    assert "corrected" not in states(of_video, 4)


def test_a_track_is_accepted_or_rejected_in_all_frames(of_video):
    track(of_video, "accept", track_id=1)
    track(of_video, "reject", track_id=2)
    assert {tuple(states(of_video, frame)) for frame in range(2, 8)} == {("accepted", "rejected")}
    assert not picture(of_video, 3)["is_reviewed"]


def test_all_frames_are_done_without_what_is_below_the_slider(of_video):
    least = picture(of_video, 3)["objects"][0]["score"]
    track(of_video, "done", min_score=least)
    assert picture(of_video, 7)["is_reviewed"]
    assert states(of_video, 7) == ["accepted", "rejected"]


def test_a_window_behind_on_a_frame_changes_no_track(of_video):
    act(of_video, [{"kind": "reopen"}], picture_id=6)
    assert track(of_video, "accept", track_id=1, revision=0).status_code == 409


@pytest.mark.parametrize(
    "fields",
    [{"track_id": 77}, {"track_id": "1"}, {"video_id": 9, "track_id": 1}, {"kind": "eat", "track_id": 1}],
    ids=["unknown", "text", "video", "kind"],
)  # fmt: skip
def test_tracks_that_are_none_are_refused(of_video, fields):
    assert track(of_video, **({"kind": "accept"} | fields)).status_code == 400


# -- the whole of it -----------------------------------------------------------------------------


def fetched(page, path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{page.port}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"x-yolact-token": page.token, "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def test_a_run_is_locked_while_its_page_is_open_and_free_afterwards(run_folder, serve):
    with serve(run_folder), pytest.raises(RunLockedError), serve(run_folder):
        pass
    with serve(run_folder):
        pass


def test_a_port_that_is_taken_is_told(run_folder, serve):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PageError, match=str(port)), serve(run_folder, port=port):
            pass


def test_the_page_listens_to_this_machine_alone(run_folder, serve):
    with serve(run_folder) as page:
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{page.port}/", timeout=20)
        host = socket.gethostbyname(socket.gethostname())
        if host != "127.0.0.1":
            with (
                pytest.raises(OSError, match=r"refused|timed out"),
                socket.create_connection((host, page.port), timeout=2),
            ):
                pass


def test_a_folder_that_is_no_run_is_told_and_not_made(tmp_path, serve):
    with pytest.raises(OutputError, match="no run"), serve(tmp_path / "nothing"):
        pass
    assert not (tmp_path / "nothing").exists()


def test_many_acts_at_once_all_reach_the_journal(client, run_folder, read_events):
    def work(picture_id):
        for _ in range(5):
            assert act(client, [{"kind": "reopen"}], picture_id=picture_id).status_code == 200

    threads = [threading.Thread(target=work, args=(one,)) for one in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event["seq"] for event in read_events(run_folder)] == list(range(1, 16))


def test_page_closes_at_once_though_a_browser_keeps_its_connection(run_folder, serve):
    with serve(run_folder) as page:
        idle = socket.create_connection(("127.0.0.1", page.port))
        began = time.monotonic()
    assert time.monotonic() - began < 5
    idle.close()
