"""Names of per-picture files: two pictures never share one, and one picture's never change.

The picture's whole name stays in them, extension included: ``a.jpg`` and ``a.png`` are two
pictures. The endings keep different kinds of files apart.
"""

import hashlib

_MAX_BYTES = 255
"""Longest file name that common file systems take, in UTF-8."""
_DIGEST_CHARACTERS = 16
_OVERLAY_ENDING = ".overlay.jpg"


def mask_path(name: str, kind: str) -> str:
    """``masks/<name>.<kind>.png``."""
    return _fitting(f"masks/{name}", f".{kind}.png")


def object_path(name: str, number: int) -> str:
    """``masks/<name>.objects/<number>.png``."""
    return f"{_fitting(f'masks/{name}', '.objects')}/{number:03d}.png"


def overlay_path(name: str) -> str:
    """``overlays/<name>`` for a JPEG, ``overlays/<name>.overlay.jpg`` for anything else."""
    lower = name.lower()
    if lower.endswith((".jpg", ".jpeg")) and not lower.endswith(_OVERLAY_ENDING):
        return f"overlays/{name}"
    return _fitting(f"overlays/{name}", _OVERLAY_ENDING)


def frame_path(name: str) -> str:
    """``frames/<name>``, of a video's frame that is named as :func:`frame_name` does."""
    return f"frames/{name}"


def frame_name(video: str, frame_index: int) -> str:
    """``<video>/<frame>.png``: what a video's frame is called, extracted or not."""
    return f"{video}/{frame_index:06d}.png"


def video_overlay_path(name: str, container: str) -> str:
    """``overlays/<name>`` where that ends as the container does, ``….overlay.mp4`` otherwise."""
    ending = f".overlay.{container}"
    lower = name.lower()
    if lower.endswith(f".{container}") and not lower.endswith(ending):
        return f"overlays/{name}"
    return _fitting(f"overlays/{name}", ending)


def _fitting(path: str, ending: str) -> str:
    """``path`` with ``ending``; a name that gets too long is cut and told apart by a digest."""
    folder, _, name = path.rpartition("/")
    if len((name + ending).encode("utf-8", "surrogateescape")) <= _MAX_BYTES:
        return path + ending
    encoded = name.encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(encoded).hexdigest()[:_DIGEST_CHARACTERS]
    room = _MAX_BYTES - len(ending) - len(digest) - 1
    return f"{folder}/{encoded[:room].decode('utf-8', 'ignore')}~{digest}{ending}"
