"""The pictures of a training, looked at before it starts: hours are lost on finding it out late."""

from pathlib import Path

from yolact_cli.errors import BadCocoError, UnreadablePictureError
from yolact_cli.sources.size import read_size_hw
from yolact_cli.structures import Truth, TruthPicture
from yolact_cli.training.dataset import another_shape, has_labelled_shape


def check_pictures(truth: Truth, images_dir: Path, origin: str) -> None:
    """Look at the header of every picture.

    Args:
        truth: What was labelled in them.
        images_dir: Where their names start.
        origin: How errors call the data set.

    Raises:
        BadCocoError: Some are no pictures, or of another shape than was labelled.
    """
    problems = [
        problem
        for picture in truth.pictures
        if (problem := _problem(picture, images_dir)) is not None
    ]
    if problems:
        raise BadCocoError(
            origin,
            problems,
            remedy="Nothing was started; repair them or take them out of the data.",
        )


def _problem(picture: TruthPicture, images_dir: Path) -> str | None:
    try:
        size_hw = read_size_hw(str(images_dir / picture.file_name), name=picture.file_name)
    except UnreadablePictureError as error:
        return error.sentence
    return None if has_labelled_shape(size_hw, picture) else another_shape(size_hw, picture)
