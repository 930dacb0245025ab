"""The review page's server, without a browser: who may ask, and what is shown."""

import cv2
import numpy as np
import pytest
from PIL import Image

PORT, TOKEN = 8100, "a-token-of-the-test"


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
