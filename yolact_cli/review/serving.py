"""The review page on a port of this machine, in a thread, for as long as somebody wants it."""

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from yolact_cli.errors import PageError
from yolact_cli.review.server import INSTALL, MISSING, Page, make_app

HOST = "127.0.0.1"
_TOKEN_BYTES = 24
_SECONDS_TO_CLOSE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A page that is being served.

    Attributes:
        address: For a browser of this machine; holds the token.
        port: Of 127.0.0.1.
        token: The secret.
    """

    address: str
    port: int
    token: str


@contextlib.contextmanager
def served(page: Page, *, port: int = 0) -> Iterator[Served]:
    """Serve the page until the block ends; what was confirmed to it is on disk by then.

    Args:
        page: What is served.
        port: Of this machine; 0 for any that is free.

    Raises:
        PageError: A package is missing, or the port is taken.
    """
    try:
        import uvicorn
    except ImportError as error:
        raise PageError(MISSING, remedy=INSTALL) from error
    with _bound(port) as listening:
        own_port = listening.getsockname()[1]
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        config = uvicorn.Config(
            make_app(page, token=token, port=own_port),
            lifespan="off",
            log_config=None,
            access_log=False,  # the first address holds the token
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_SECONDS_TO_CLOSE,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listening]}, name="review page", daemon=True
        )
        thread.start()
        try:
            address = f"http://{HOST}:{own_port}/?token={token}"
            yield Served(address=address, port=own_port, token=token)
        finally:
            server.should_exit = True
            thread.join(2 * _SECONDS_TO_CLOSE)


@contextlib.contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    listening = socket.socket()
    with contextlib.closing(listening):
        if os.name != "nt":  # where it would let two programs have one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()
        except OSError as error:
            raise PageError(
                f"Port {port} of this machine cannot be had ({error.strerror}).",
                remedy="Leave --port out, and a free one is found.",
            ) from error
        yield listening
