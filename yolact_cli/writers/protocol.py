"""What every writer of per-picture files looks like to the pipeline."""

from typing import Protocol

from yolact_cli.structures import Detections, Frame


class PictureWriter(Protocol):
    """Writes the files of one picture, each whole or absent."""

    def write(self, frame: Frame, detections: Detections) -> None:
        """Put the picture's files into the store; all are in place on return.

        Writing the same picture again replaces its files with the same bytes.

        Raises:
            OutputError: The store cannot take them.
        """
        ...
