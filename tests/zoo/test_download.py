"""Downloads from a host on this machine that cuts, stalls, lies, redirects and refuses."""

import hashlib
import shutil

import pytest

from yolact_cli.errors import ChecksumError, DiskFullError, DownloadError
from yolact_cli.zoo import download as download_module
from yolact_cli.zoo.download import Patience, download

QUICK = Patience(attempts=3, timeout_s=0.3, first_wait_s=0.01)


@pytest.fixture
def fetch(host, tmp_path):
    """Fetch the host's file: ``fetch(sha256=...)`` gives the target's path."""

    def run(url=None, **options):
        target = tmp_path / "cache" / "w.pth"
        download(url or host.url, target, **{"patience": QUICK} | options)
        return target

    return run


def leftovers(target):
    return sorted(path.name for path in target.parent.iterdir())


def test_file_arrives_whole_and_alone(host, fetch):
    target = fetch()
    assert target.read_bytes() == host.content
    assert leftovers(target) == ["w.pth"]


def test_digest_is_that_of_the_file(host, tmp_path):
    digest = download(host.url, tmp_path / "w.pth", patience=QUICK)
    assert digest == hashlib.sha256(host.content).hexdigest()


def test_progress_ends_at_the_total(host, fetch):
    seen = []
    fetch(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(host.content), len(host.content))


def test_cut_off_download_goes_on_where_it_stopped(host, fetch):
    host.answers = ["cut"]
    assert fetch().read_bytes() == host.content
    assert host.requests == [None, f"bytes={len(host.content) // 2}-"]


def test_next_call_goes_on_where_the_last_one_gave_up(host, fetch):
    host.answers = ["cut", 503, 503]
    with pytest.raises(DownloadError, match=r"given up after 3 attempts.*503.*goes on"):
        fetch()
    assert fetch().read_bytes() == host.content
    assert host.requests[-1] == f"bytes={len(host.content) // 2}-"


def test_host_without_ranges_starts_anew(host, fetch):
    host.answers = ["cut", "no_range"]
    assert fetch().read_bytes() == host.content


def test_file_exchanged_between_attempts_starts_anew(host, fetch):
    host.answers = ["cut", 404]
    with pytest.raises(DownloadError):
        fetch()
    host.content = b"another file" * 500
    host.digest = hashlib.sha256(host.content).hexdigest()
    host.etag = '"version-2"'
    assert fetch().read_bytes() == host.content


def test_without_a_strong_mark_nothing_is_continued(host, fetch):
    host.etag = 'W/"weak"'
    host.answers = ["cut"]
    assert fetch().read_bytes() == host.content
    assert host.requests == [None, None]


def test_refused_range_starts_anew(host, fetch):
    host.answers = ["cut", 416]
    assert fetch().read_bytes() == host.content
    assert host.requests[-1] is None


def test_silent_host_is_given_up(host, fetch):
    host.answers = ["slow", "slow", "slow"]
    with pytest.raises(DownloadError, match=r"given up.*timed out"):
        fetch()


def test_slow_host_that_recovers_delivers(host, fetch):
    host.answers = ["slow"]
    assert fetch().read_bytes() == host.content


def test_bytes_other_than_promised_are_thrown_away(host, fetch, tmp_path):
    host.content = b"other" + host.content[5:]
    with pytest.raises(ChecksumError, match="was promised"):
        fetch()
    assert leftovers(tmp_path / "cache" / "w.pth") == []


def test_bytes_other_than_recorded_are_thrown_away(host, fetch, tmp_path):
    host.digest = ""
    with pytest.raises(ChecksumError):
        fetch(sha256="0" * 64)
    assert leftovers(tmp_path / "cache" / "w.pth") == []


def test_promise_other_than_the_record_takes_nothing(host, fetch, tmp_path):
    with pytest.raises(ChecksumError, match="is on record"):
        fetch(sha256="0" * 64)
    assert leftovers(tmp_path / "cache" / "w.pth") == []


def test_file_without_a_promise_is_taken_with_a_warning(host, fetch, caplog):
    host.digest = '"5d41402abc4b2a76b9719d911017c592"'
    assert fetch().read_bytes() == host.content
    assert "promised no SHA-256" in caplog.text


def test_missing_file_is_not_asked_for_twice(host, fetch):
    host.answers = [404]
    with pytest.raises(DownloadError, match="the host answers 404"):
        fetch()
    assert len(host.requests) == 1


def test_web_page_is_not_taken_for_the_file(host, fetch):
    host.answers = ["page"]
    with pytest.raises(DownloadError, match="web page"):
        fetch()


def test_answer_for_another_part_is_refused(host, fetch):
    host.answers = ["cut", "other_range"]
    with pytest.raises(DownloadError, match="another part"):
        fetch()


def test_endless_answer_is_stopped_at_the_limit(host, fetch):
    host.answers = ["endless"]
    with pytest.raises(DownloadError, match="more than 100,000 bytes"):
        fetch(patience=Patience(attempts=1, timeout_s=1, max_bytes=100_000))


def test_large_file_is_refused_before_it_is_fetched(host, fetch):
    with pytest.raises(DownloadError, match="no more than 100 are taken"):
        fetch(patience=Patience(attempts=1, max_bytes=100))


def test_redirects_that_do_not_end_are_refused(host, fetch):
    with pytest.raises(DownloadError, match="more than 5 times"):
        fetch(host.url.replace("moved/w.pth?download=true", "loop"))


@pytest.mark.parametrize("path", ["away"])
def test_redirect_to_plain_http_elsewhere_is_refused(host, fetch, path):
    with pytest.raises(DownloadError, match="only https"):
        fetch(host.url.replace("moved/w.pth?download=true", path))


@pytest.mark.parametrize("url", ["http://example.org/w.pth", "file:///etc/passwd", "ftp://a/w.pth"])
def test_other_addresses_are_refused(fetch, url):
    with pytest.raises(DownloadError, match="only https"):
        fetch(url)


def test_host_that_is_not_there_is_given_up(fetch):
    with pytest.raises(DownloadError, match="refused"):
        fetch("http://127.0.0.1:1/w.pth")


def test_full_disk_is_told(host, fetch, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download_module, "_note_validator", full)
    with pytest.raises(DiskFullError, match="no space is left"):
        fetch()


def test_folder_that_vanished_is_made(host, fetch, tmp_path):
    fetch()
    shutil.rmtree(tmp_path / "cache")
    assert fetch().is_file()
