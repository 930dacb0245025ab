"""One file over HTTP: resumed where it broke, checked before it appears under its name."""

import contextlib
import errno
import http.client
import logging
import os
import re
import ssl
import time
import urllib.error
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from yolact_cli.errors import ChecksumError, DiskFullError, DownloadError
from yolact_cli.zoo.container import MAX_CHECKPOINT_BYTES
from yolact_cli.zoo.digest import check_digest, sha256_of_path
from yolact_cli.zoo.http_get import BrokenOffError, open_address, reason_of

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 18
GO_ON = "Run the same command again: it goes on where it stopped."

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and, where the host tells, how many there will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to try, and how much to take."""

    attempts: int = 5
    timeout_s: float = 30.0
    """Without a single byte."""
    first_wait_s: float = 1.0
    """Before the second attempt; doubled before each further one."""
    max_bytes: int = MAX_CHECKPOINT_BYTES


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> str:
    """Fetch ``url`` into ``target``, whole or not at all, and give its SHA-256.

    What has arrived waits in ``<target>.part`` and is continued by the next call where the host
    can. The digest must be the one given, or else the one that the host promises before it
    redirects; where nobody promises any, the file is taken as it is.

    Raises:
        DownloadError: If the host does not deliver, the address is not https (http is allowed to
            this very machine), or the file is larger than anybody said.
        ChecksumError: If other bytes came than promised; nothing is kept.
        DiskFullError: If it does not fit; what has arrived is kept.
    """
    patience = patience or Patience()
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(patience.attempts):
        if attempt:
            time.sleep(patience.first_wait_s * 2 ** (attempt - 1))
        try:
            promised = _attempt(url, part, expected=sha256, patience=patience, progress=progress)
        except BrokenOffError as error:
            log.info("%s: attempt %d: %s", url, attempt + 1, error)
            reason = str(error)
        except OSError as error:
            raise _storage_error(part, error) from error
        else:
            return _accept(part, target, promised)
    raise DownloadError(
        f"{url}: given up after {patience.attempts} attempts: {reason}.", remedy=GO_ON
    )


def _accept(part: Path, target: Path, promised: str | None) -> str:
    found = sha256_of_path(part)
    try:
        check_digest(found, promised, part)
    except BaseException:
        _forget(part)
        raise
    if promised is None:
        log.warning("%s: the host promised no SHA-256; %s is recorded as it came", target, found)
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    part.replace(target)
    _forget(part)
    return found


def _attempt(
    url: str,
    part: Path,
    *,
    expected: str | None,
    patience: Patience,
    progress: Progress | None,
) -> str | None:
    """Fetch what is missing; gives the digest that the whole must have, where anybody knows it."""
    start, validator = _resumable(part)
    headers = {"Accept-Encoding": "identity", "User-Agent": "yolact_cli"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": validator}
    try:
        answer = open_address(url, headers, patience.timeout_s)
    except urllib.error.HTTPError as error:
        raise _refusal(error, url, part) from error
    with contextlib.closing(answer.body) as body:
        _check_promise(url, expected=expected, promised=answer.digest)
        start, total = _extent(body, start, url, patience.max_bytes)
        _note_validator(part, body.headers.get("ETag", ""))
        limit = patience.max_bytes if total is None else total
        for received in _store(_chunks(body, limit - start), part, start):
            if progress is not None:
                progress(received, total)
    if total is not None and (received := part.stat().st_size) < total:
        raise BrokenOffError(f"cut off after {received:,} of {total:,} bytes")
    return expected or answer.digest


def _check_promise(url: str, *, expected: str | None, promised: str | None) -> None:
    if expected is not None and promised is not None and expected != promised:
        raise ChecksumError(
            f"{url}: the host promises a file of SHA-256 {promised[:12]}…, but {expected[:12]}… "
            "is on record.",
            remedy="The file there was exchanged, nothing of it was taken. If that is right, "
            "delete the record in the cache.",
        )


def _store(chunks: Iterator[bytes], part: Path, start: int) -> Iterator[int]:
    """Write the chunks behind ``start``; gives the file's size after each."""
    with part.open("r+b" if start else "wb") as file:
        file.truncate(start)
        file.seek(start)
        for chunk in chunks:
            file.write(chunk)
            yield file.tell()


def _chunks(body: Any, expected_bytes: int) -> Iterator[bytes]:
    received = 0
    while True:
        try:
            chunk = body.read1(CHUNK_BYTES)
        except (TimeoutError, ConnectionError, http.client.HTTPException, ssl.SSLError) as error:
            raise BrokenOffError(reason_of(error)) from error
        if not chunk:
            return
        received += len(chunk)
        if received > expected_bytes:
            raise DownloadError(f"{body.url}: sends more than {expected_bytes:,} bytes.")
        yield chunk


def _extent(body: Any, start: int, url: str, max_bytes: int) -> tuple[int, int | None]:
    """Where the body begins in the file, and how long the whole file is, if told."""
    if body.headers.get("Content-Encoding", "identity") != "identity":
        raise DownloadError(f"{url}: is sent compressed although that was not asked for.")
    if body.headers.get_content_type() == "text/html":
        raise DownloadError(
            f"{url}: the host sends a web page instead of the file.",
            remedy="Open the address in a browser and see what it says.",
        )
    length = body.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    if body.status == HTTPStatus.PARTIAL_CONTENT:
        content_range = body.headers.get("Content-Range", "")
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", content_range)
        if match is None or int(match[1]) != start:
            raise DownloadError(f"{url}: answers for another part than was asked for.")
        total = int(match[2])
    else:
        start = 0  # the host cannot resume, or its file is another one now
    if total is not None and total > max_bytes:
        raise DownloadError(f"{url}: {total:,} bytes; no more than {max_bytes:,} are taken.")
    return start, total


def _refusal(error: urllib.error.HTTPError, url: str, part: Path) -> Exception:
    status = f"the host answers {error.code} {error.reason}"
    error.close()
    if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        _forget(part)
        return BrokenOffError(status)
    if error.code == HTTPStatus.TOO_MANY_REQUESTS or error.code >= 500:
        return BrokenOffError(status)
    return DownloadError(
        f"{url}: {status}.", remedy="Fetch the file in another way, give its path."
    )


def _validator_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")


def _resumable(part: Path) -> tuple[int, str]:
    """How many bytes are here, and the mark of the file they are of; 0 if that is not known."""
    try:
        return part.stat().st_size, _validator_path(part).read_text(encoding="ascii")
    except (FileNotFoundError, UnicodeDecodeError):
        return 0, ""


def _note_validator(part: Path, etag: str) -> None:
    if etag.startswith('"') and etag.isascii() and etag.isprintable():
        _validator_path(part).write_text(etag, encoding="ascii")
    else:  # a weak mark does not promise equal bytes
        _validator_path(part).unlink(missing_ok=True)


def _forget(part: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    _validator_path(part).unlink(missing_ok=True)


def _storage_error(part: Path, error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFullError(f"{part}: no space is left.", remedy=f"Make room. {GO_ON}")
    return DownloadError(f"{part}: cannot be written ({error.strerror or error}).")
