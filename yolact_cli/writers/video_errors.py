"""What can go wrong while a video is written, in the words of the program's errors."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import av

from yolact_cli.errors import OutputError
from yolact_cli.store import output_error


def is_of_the_file(error: Exception) -> bool:
    """Whether the file that is written is the cause, rather than what is written into it.

    Muxers answer packets that they cannot use with EINVAL or, in places, with a bare -1, EPERM.
    """
    return isinstance(error, OSError) and error.errno not in {errno.EPERM, errno.EINVAL}


@contextlib.contextmanager
def told_as_output_errors(path: Path) -> Iterator[None]:
    """Turn what the system and the encoders raise into errors with a sentence and a remedy."""
    try:
        yield
    except OSError as error:
        raise output_error(path, error) from error
    except av.error.FFmpegError as error:
        raise OutputError(
            f"{path}: the video cannot be encoded ({error.strerror}).",
            remedy="Choose another --codec, or write no overlay.",
        ) from error
