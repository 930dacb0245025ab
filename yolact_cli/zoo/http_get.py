"""One GET over HTTP, redirects followed by hand.

urllib of the standard library does it: nothing more is needed than a GET with a range, and what
follows redirects by itself would not show the answer that redirects, on which the promised digest
stands.
"""

import http.client
import re
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from yolact_cli.errors import DownloadError

MAX_REDIRECTS = 5
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# The Hugging Face Hub's name for the SHA-256 of the file an answer leads to.
DIGEST_HEADER = "X-Linked-ETag"


class BrokenOffError(Exception):
    """An attempt failed in a way that another one may not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that holds a file, to be closed by whoever reads it."""

    body: Any
    digest: str | None
    """What the host promises the file's SHA-256 to be."""


def open_address(url: str, headers: dict[str, str], timeout_s: float) -> Answer:
    """Follow redirects to the answer that holds the file, noting the digest on the way.

    Raises:
        urllib.error.HTTPError: If the host refuses; to be closed.
        BrokenOffError: If it cannot be reached now.
        DownloadError: If an address is not https, or redirects do not end.
    """
    opener = urllib.request.build_opener(_StayHere)
    digest, here = None, url
    for _ in range(MAX_REDIRECTS + 1):
        _check_address(here, came_from=url)
        request = urllib.request.Request(here, headers=headers)  # noqa: S310 - scheme checked above
        try:
            body = opener.open(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            location = error.headers.get("Location")
            if error.code not in _StayHere.CODES or location is None:
                raise
            digest = digest or _promised_digest(error.headers, here, url)
            here = _follow(here, location)
            error.close()
        except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
            if isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
                raise DownloadError(f"{here}: its certificate is not valid.") from error
            raise BrokenOffError(reason_of(error)) from error
        else:
            return Answer(body, digest or _promised_digest(body.headers, here, url))
    raise DownloadError(f"{url}: redirects more than {MAX_REDIRECTS} times.")


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Leave redirects to the caller; urllib then raises them as errors."""

    CODES = frozenset({301, 302, 303, 307, 308})

    def redirect_request(self, *_: Any) -> None:
        return None


def _follow(here: str, location: str) -> str:
    try:
        return urljoin(here, location)
    except ValueError as error:
        raise DownloadError(f"{here}: redirects to {location!r}, which is no address.") from error


def _check_address(url: str, *, came_from: str) -> None:
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if parts.scheme == "https" or (is_local and urlsplit(came_from).scheme == "http"):
        return
    raise DownloadError(f"{url}: only https addresses are fetched.")


def _promised_digest(headers: Any, here: str, url: str) -> str | None:
    # A host that the redirect leads to cannot vouch for itself.
    if urlsplit(here).netloc != urlsplit(url).netloc:
        return None
    match = re.fullmatch(r'(?:W/)?"?([0-9a-fA-F]{64})"?', headers.get(DIGEST_HEADER, "").strip())
    return match[1].lower() if match else None


def reason_of(error: Exception) -> str:
    """What to call an error of the network."""
    return str(getattr(error, "reason", "") or error) or type(error).__name__
