"""The review page's server as it runs: its port, its lock, many acts at once."""

import json
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest

from yolact_cli.errors import OutputError, PageError, RunLockedError


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
            assert client.act([{"kind": "reopen"}], picture_id=picture_id).status_code == 200

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


def test_what_was_done_is_there_after_a_new_start(run_folder, serve):
    with serve(run_folder) as page:
        before = fetched(page, "api/pictures/1")
        body = {"picture_id": 1, "revision": 0, "key": "a-key-for-this",
                "acts": [{"kind": "done", "uids": [before["objects"][0]["uid"]]}]}  # fmt: skip
        fetched(page, "api/acts", body)
    with serve(run_folder) as page:
        assert fetched(page, "api/pictures/1")["is_reviewed"]
        assert fetched(page, "api/queue")["undoable"] == 1
