"""How many of a video's frames are decoded ahead within the memory that a person gave."""

from yolact_cli.sources.video_error import unreadable_video

_BYTES_A_PIXEL = 3


def frames_ahead(
    size_hw: tuple[int, int], memory_bytes: int | None, *, in_hand: int, most: int, name: str
) -> int:
    """Frames that may wait to be used, at least one.

    Args:
        size_hw: Of a frame, in px.
        memory_bytes: For all frames at a time; None for no limit.
        in_hand: Frames that are held besides, by the network, by what draws and what encodes.
        most: What is wanted.
        name: The video's, for the error.

    Raises:
        UnreadableVideoError: Not even one would fit.
    """
    if memory_bytes is None:
        return most
    height, width = size_hw
    frame_bytes = height * width * _BYTES_A_PIXEL
    others = in_hand + 1  # and the one that is being decoded
    ahead = memory_bytes // frame_bytes - others
    if ahead < 1:
        least_mb = -(-(others + 1) * frame_bytes // 1_000_000)
        raise unreadable_video(
            name,
            f"of its frames of {width}x{height} pixels {others + 1} are held at a time,"
            f" {least_mb:,} MB, more than --memory",
            f"Scale it down, or give a smaller --batch-size or at least --memory {least_mb}MB.",
        )
    return min(ahead, most)
