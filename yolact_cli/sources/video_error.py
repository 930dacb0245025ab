"""What is wrong with a video that cannot be read, in words for people."""

from yolact_cli.errors import UnreadableVideoError


def unreadable_video(name: str, problem: str, remedy: str) -> UnreadableVideoError:
    """The error for a video that cannot be used: its name, what is wrong, what to do."""
    return UnreadableVideoError(f"{name}: {problem}.", remedy=remedy)


def check_frame_pixels(size_wh: tuple[int, int], *, name: str, max_pixels: int) -> None:
    """Refuse a video whose frames would not fit, before one is decoded.

    Raises:
        UnreadableVideoError: A frame has more than ``max_pixels``.
    """
    width, height = size_wh
    if width * height > max_pixels:
        raise unreadable_video(
            name,
            f"its frames of {width}x{height} pixels are more than the limit of {max_pixels:,}",
            "Scale it down, or raise --max-pixels if you trust the file.",
        )
