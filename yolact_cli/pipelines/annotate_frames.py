"""How a run's pictures become frames: by what, and in how much memory."""

from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.model import resize_of
from yolact_cli.sources.decode import DecodeSettings
from yolact_cli.sources.prepare import FramePreparer
from yolact_cli.sources.room import Room, room_of

_BATCHES = 2
"""Held at a time: one in the network, and the one being collected or written."""


def frame_preparer(request: AnnotateRequest) -> FramePreparer:
    """What makes frames of the request's pictures."""
    settings = request.settings
    return FramePreparer(
        resize=resize_of(request.model.card),
        decode=DecodeSettings(
            max_pixels=settings.max_pixels,
            bit_depth=settings.bit_depth,
            allow_truncated=settings.allow_truncated,
        ),
        preview_max_px=request.overlay_max_px if "overlay" in request.write else None,
    )


def frame_room(request: AnnotateRequest, *, batch_size: int) -> Room:
    """Memory for the request's pictures on their way.

    Raises:
        SettingsError: No picture would fit into what the request gives.
    """
    held = frame_preparer(request).held(_BATCHES * batch_size)
    return room_of(request.memory_bytes, held)
