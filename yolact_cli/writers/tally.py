"""Counts of what a run wrote, taken while its records stream by."""

from collections import Counter
from collections.abc import Mapping

from yolact_cli.structures import Category, Detections, Failure


class Tally:
    """Running counts of one run; memory does not grow with the pictures.

    Args:
        classes: For every class id of the model the category it is written as; None drops it.

    Attributes:
        pictures: Pictures with labels, those without objects too; frames of videos are not
            among them.
        frames: Labelled frames of videos.
        videos: Set by who knows; those that failed too.
        gaps: Set likewise: times of which a video has no good frame. Each is a failure too.
        pictures_without_objects: Those of them with nothing to write.
        empty_masks: Objects left out because not one pixel of their mask was left.
        objects_per_category: Written annotations by category id.
        failures: Failed pictures by stage and error, as in ``decode: UnreadablePictureError``.
    """

    def __init__(self, classes: Mapping[int, Category | None]) -> None:
        self._classes = classes
        self.pictures = 0
        self.pictures_without_objects = 0
        self.frames = 0
        self.videos = 0
        self.gaps = 0
        self.empty_masks = 0
        self.objects_per_category: Counter[int] = Counter()
        self.failures: Counter[str] = Counter()

    @property
    def objects(self) -> int:
        """Written annotations."""
        return self.objects_per_category.total()

    def add(self, record: Detections | Failure) -> None:
        """Count one picture."""
        if isinstance(record, Failure):
            self.failures[f"{record.stage}: {record.error}"] += 1
            return
        categories = (self._classes[item.class_id] for item in record.instances)
        written = [category.category_id for category in categories if category is not None]
        if record.place is None:
            self.pictures += 1
            self.pictures_without_objects += not written
        else:
            self.frames += 1
        self.empty_masks += record.empty_masks
        self.objects_per_category.update(written)
