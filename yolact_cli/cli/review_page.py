"""``yolact review RUN`` as long as its page is open."""

import os
import sys
import time
import webbrowser

import click

from yolact_cli.cli import reporting
from yolact_cli.cli.interruption import Interruption
from yolact_cli.pipelines.review_session import ReviewRequest, review_page

_LOOK_S = 0.2


def show_page(request: ReviewRequest, *, opens_browser: bool) -> int:
    """Serve the page until Ctrl-C or SIGTERM; gives the exit code.

    The address goes to stdout, so that a script or a person on another screen can take it.
    """
    with Interruption() as interruption, review_page(request) as page:
        click.echo(page.address)
        if not (opens_browser and _has_screen() and webbrowser.open(page.address)):
            reporting.message("Open this address in a browser of this machine.")
        reporting.message("Everything is saved at once; Ctrl-C closes the page.")
        while not interruption:
            time.sleep(_LOOK_S)
    folder = request.run / "review"
    outcome = f"what was done is in {folder}" if folder.exists() else "nothing was done"
    reporting.message(f"The page is closed; {outcome}.")
    return interruption.exit_code


def _has_screen() -> bool:
    """Whether a browser would have a window: one in the terminal is not what is meant."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
