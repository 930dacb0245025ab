"""Who may talk to the review page's server: this machine's browser, with the token, from the page.

A page of a stranger's can make a browser send requests to 127.0.0.1, and a name server of a
stranger's can make his name mean 127.0.0.1. So every request has to name this host, has to come
from this page where it says where it comes from, and has to bring the token.
"""

import secrets
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = b"x-yolact-token"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """Lets through what may pass, and puts the headers on that keep the page to itself.

    Args:
        app: What is guarded.
        token: The secret in the address.
        port: Where the page is served.
    """

    def __init__(self, app: "ASGIApp", *, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._hosts = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}
        self._origins = {b"http://" + host for host in self._hosts}
        # Browsers keep cookies by host, whatever the port: another run's page is another name.
        self._cookie = f"yolact_review_{port}"

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer, or hand on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets
            return
        headers = dict(scope["headers"])
        refusal = self._refusal(scope["method"], headers)
        if refusal:
            await _answer(send, 403, refusal)
        elif scope["path"] == "/" and self._is_token(_token_in(scope["query_string"])):
            # The token leaves the address, where screenshots and histories would show it.
            # Lax, as the address may be clicked in a terminal that is itself a page.
            cookie = f"{self._cookie}={self._token}; HttpOnly; SameSite=Lax; Path=/"
            extra = ((b"location", b"/"), (b"set-cookie", cookie.encode()))
            await _answer(send, 303, "", extra)
        elif self._has_token(headers):
            await self._app(scope, receive, _with_headers(send))
        else:
            await _answer(
                send,
                403,
                "This page needs the address that yolact review printed, with its token. "
                "If it was started anew, open the new address.",
            )

    def _refusal(self, method: str, headers: dict[bytes, bytes]) -> str:
        if headers.get(b"host") not in self._hosts:
            return "This server answers to 127.0.0.1 alone."
        origin = headers.get(b"origin")
        site = headers.get(b"sec-fetch-site", b"same-origin")
        is_visit = method == "GET" and headers.get(b"sec-fetch-mode") == b"navigate"
        if origin is not None and origin not in self._origins:
            return "Requests of other pages are refused."
        if site not in {b"same-origin", b"none"} and not is_visit:
            return "Requests of other pages are refused."
        is_json = headers.get(b"content-type", b"").split(b";")[0].strip() == b"application/json"
        if method not in {"GET", "HEAD"} and not is_json:
            return "Acts are sent as JSON."
        return ""

    def _has_token(self, headers: dict[bytes, bytes]) -> bool:
        try:
            cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
        except CookieError:
            cookies = SimpleCookie()
        morsel = cookies.get(self._cookie)
        return self._is_token(morsel.value if morsel else "") or self._is_token(
            headers.get(TOKEN_HEADER, b"").decode("latin-1")
        )

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._token.encode())


def _token_in(query: bytes) -> str:
    return parse_qs(query.decode("latin-1")).get("token", [""])[0]


async def _answer(
    send: "Send", status: int, text: str, extra: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    kind = ((b"content-type", b"text/plain; charset=utf-8"),)
    headers = [*HEADERS, *kind, *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def _with_headers(send: "Send") -> "Send":
    async def send_with(message: "Message") -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in message["headers"]}
            added = [(name, value) for name, value in HEADERS if name not in own]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return send_with
