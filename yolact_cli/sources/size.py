"""How large a picture is, without decoding it."""

from pathlib import Path

from yolact_cli.sources.decode import HEAD_BYTES, DecodeSettings, read_picture
from yolact_cli.sources.gate import read_header, unreadable
from yolact_cli.sources.signature import is_heic

__all__ = ["read_size_hw"]


def read_size_hw(location: str, *, name: str | None = None) -> tuple[int, int]:
    """Height and width of a picture file as :func:`read_picture` would give it, in px.

    From its header, but for the few formats whose header does not tell which way is up.

    Raises:
        UnreadablePictureError: It is not there, or no picture.
    """
    name = name or location
    try:
        with Path(location).open("rb") as file:
            head = file.read(HEAD_BYTES)
            if not head:
                raise unreadable(name, "the file is empty", "Copy it again, or leave it out.")
            is_turned_by_decoder = is_heic(head) or head[:2] in (b"II", b"MM")
            header = None if is_turned_by_decoder else read_header(file, name, head)
    except OSError as error:
        problem = f"cannot be opened ({error.strerror or error})"
        raise unreadable(name, problem, "Check the path.") from error
    if header is None:
        height, width = read_picture(location, DecodeSettings(), name=name).shape[:2]
        return height, width
    width, height = header.size_wh
    return (width, height) if header.orientation in {5, 6, 7, 8} else (height, width)
