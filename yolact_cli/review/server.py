"""The review page's server: its files, the queue, pictures, acts. See :mod:`.guard` for who may.

Pictures are addressed by their ids and files of the page by names that are in the package: no
path comes from outside.
"""

import json
import logging
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib.resources import files
from typing import TYPE_CHECKING, Any, get_args

from yolact_cli.errors import (
    ActRefusedError,
    BehindError,
    InputError,
    PageError,
    ReviewError,
    YolactError,
)
from yolact_cli.review.desk import Changed, Desk
from yolact_cli.review.guard import Guard
from yolact_cli.review.payloads import picture_payload, queue_payload
from yolact_cli.review.previews import Level, Previews
from yolact_cli.review.tracks import act_on_video, video_revision

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

try:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse, PlainTextResponse
    from starlette.responses import Response as PlainResponse
    from starlette.routing import Route
except ImportError:  # told by :func:`make_app`
    Starlette = None  # type: ignore[assignment,misc]

MISSING = "The review page needs two more packages, starlette and uvicorn."
INSTALL = "Install them with: pip install starlette uvicorn"
_MOST_BODY_BYTES = 16 << 20
_log = logging.getLogger(__name__)

Answer = dict[str, Any]

_TRY_AGAIN = 507
_STATUS: Mapping[type[YolactError], int] = {
    BehindError: 409,
    ActRefusedError: 400,
    ReviewError: 422,
    InputError: 404,
    YolactError: _TRY_AGAIN,  # a full disk, mostly
}
"""For each kind of error what the page is told; the first that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that a page shows and does.

    Attributes:
        title: What the run is called.
        desk: The pictures.
        previews: Their pixels.
        colours: RGB by the place of a class among the categories, more than there are.
        least_score: The run's own score threshold: where the slider begins.
        apply: Writes the reviewed labels; gives a sentence about what was written.
    """

    title: str
    desk: Desk
    previews: Previews
    colours: tuple[tuple[int, int, int], ...]
    least_score: float
    apply: Callable[[], str]


def make_app(page: Page, *, token: str, port: int) -> "ASGIApp":
    """The whole server as an ASGI application.

    Raises:
        PageError: Starlette is not installed.
    """
    if Starlette is None:
        raise PageError(MISSING, remedy=INSTALL)
    routes = _Routes(page)
    app = Starlette(
        routes=[
            Route("/", routes.index),
            Route("/page/{name}", routes.page_file),
            Route("/api/alive", routes.alive),
            Route("/api/queue", routes.queue),
            Route("/api/pictures/{picture_id:int}", routes.picture),
            Route("/images/{picture_id:int}/{level}", routes.image),
            Route("/api/acts", routes.act, methods=["POST"]),
            Route("/api/videos", routes.video, methods=["POST"]),
            Route("/api/undo", routes.undo, methods=["POST"]),
            Route("/api/apply", routes.apply, methods=["POST"]),
        ]
    )
    return Guard(app, token=token, port=port)


Endpoint = Callable[["_Routes", "Request"], Awaitable["Response"]]


def _told(endpoint: Endpoint) -> Endpoint:
    """An endpoint whose errors are sentences for the page."""

    @wraps(endpoint)
    async def telling(routes: "_Routes", request: "Request") -> "Response":
        try:
            return await endpoint(routes, request)
        except KeyError:
            error: YolactError = InputError("There is no such picture in this run.")
        except YolactError as told:
            error = told
        status = next(code for kind, code in _STATUS.items() if isinstance(error, kind))
        if status == _TRY_AGAIN:
            _log.error("%s", error)
        return _problem(status, error)

    return telling


def _problem(status: int, error: YolactError) -> "Response":
    sentence = {"problem": error.sentence, "remedy": error.remedy}
    return JSONResponse(sentence, status_code=status)


class _Routes:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._desk = page.desk
        folder = files("yolact_cli.review") / "page"
        self._files = {
            one.name: one.read_bytes() for one in folder.iterdir() if not one.name.startswith(".")
        }

    async def index(self, _: "Request") -> "Response":
        return PlainResponse(self._files["index.html"], media_type="text/html")

    async def page_file(self, request: "Request") -> "Response":
        name = request.path_params["name"]
        if name not in self._files:
            return PlainTextResponse("There is no such file.", status_code=404)
        kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
        return PlainResponse(self._files[name], media_type=kind)

    async def alive(self, _: "Request") -> "Response":
        return JSONResponse({})

    @_told
    async def queue(self, _: "Request") -> "Response":
        return JSONResponse(await run_in_threadpool(self._queue))

    @_told
    async def picture(self, request: "Request") -> "Response":
        picture_id = request.path_params["picture_id"]
        return JSONResponse(await run_in_threadpool(self._picture, picture_id))

    @_told
    async def image(self, request: "Request") -> "Response":
        level = request.path_params["level"]
        if level not in get_args(Level):
            raise InputError("There is no such size.")
        picture_id = request.path_params["picture_id"]

        def make() -> bytes:
            return self._page.previews.jpeg(self._desk.picture(picture_id).picture, level)

        return PlainResponse(await run_in_threadpool(make), media_type="image/jpeg")

    @_told
    async def act(self, request: "Request") -> "Response":
        body = await _body(request)

        def do() -> Answer:
            acts = body.get("acts")
            if not isinstance(acts, list) or not all(isinstance(act, dict) for act in acts):
                raise ActRefusedError("Acts are a list of objects.")
            picture_id = _whole(body, "picture_id")
            changed = self._desk.act(
                picture_id, acts, revision=_whole(body, "revision"), key=_key(body)
            )
            return self._changed(changed, picture_id)

        return JSONResponse(await run_in_threadpool(do))

    @_told
    async def video(self, request: "Request") -> "Response":
        body = await _body(request)

        def do() -> Answer:
            shown = body.get("picture_id")
            changed = act_on_video(self._desk, body, key=_key(body))
            return self._changed(changed, shown if isinstance(shown, int) else None)

        return JSONResponse(await run_in_threadpool(do))

    @_told
    async def undo(self, request: "Request") -> "Response":
        body = await _body(request)

        def do() -> Answer:
            changed = self._desk.take_back(_whole(body, "stroke"), key=_key(body))
            ids, shown = changed.picture_ids, body.get("picture_id")
            first = ids[0] if ids else None
            return self._changed(changed, shown if shown in ids else first)

        return JSONResponse(await run_in_threadpool(do))

    @_told
    async def apply(self, request: "Request") -> "Response":
        await _body(request)

        def do() -> Answer:
            with self._desk.lock:  # nothing is to change while it is read
                return {"sentence": self._page.apply()}

        return JSONResponse(await run_in_threadpool(do))

    def _queue(self) -> Answer:
        with self._desk.lock:
            return queue_payload(
                self._desk,
                title=self._page.title,
                colours=self._page.colours,
                least_score=self._page.least_score,
            )

    def _picture(self, picture_id: int) -> Answer:
        with self._desk.lock:
            reviewed = self._desk.picture(picture_id)
            payload = picture_payload(reviewed, revision=self._desk.revision(picture_id))
            place = reviewed.picture.place
            if place is not None:
                ids = self._desk.ids_of_video(place.video_id)
                payload["video_revision"] = video_revision(self._desk, ids)
            return payload

    def _changed(self, changed: Changed, shown: int | None) -> Answer:
        """What the page has to know after an act; ``shown`` is the picture that it shows."""
        with self._desk.lock:
            desk = self._desk
            return {
                "picture": None if shown is None else self._picture(shown),
                "rows": [desk.rows[one].to_record() for one in changed.picture_ids],
                "categories": [[one.category_id, one.name] for one in desk.categories],
                "undoable": desk.undoable,
                "redoable": desk.redoable,
            }


async def _body(request: "Request") -> Mapping[str, Any]:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MOST_BODY_BYTES:
            raise ActRefusedError("That is too much for one act.")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ActRefusedError("An act is sent as JSON.") from error
    if not isinstance(body, dict):
        raise ActRefusedError("An act is a JSON object.")
    return body


def _whole(body: Mapping[str, Any], key: str) -> int:
    value = body.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ActRefusedError(f"An act needs {key}, a whole number.")
    return value


def _key(body: Mapping[str, Any]) -> str:
    key = body.get("key")
    if not isinstance(key, str) or not 8 <= len(key) <= 64:
        raise ActRefusedError("An act needs a key of its own, 8 to 64 characters.")
    return key
