"""From a model's detections to labels with the categories they are written as."""

from collections.abc import Mapping

from yolact_cli.labels import LabelledObject, LabelledPicture
from yolact_cli.structures import Category, Detections, Instance


def labelled_picture(
    detections: Detections, classes: Mapping[int, Category | None]
) -> LabelledPicture:
    """A picture's labels as nobody has looked at them yet; dropped classes are left out.

    Args:
        detections: With their track's class where they are a video's.
        classes: For every class id of the model the category it is written as; None drops it.
    """
    objects = tuple(
        _labelled_object(instance, category, classes)
        for instance in detections.instances
        if (category := classes[instance.class_id]) is not None
    )
    return LabelledPicture(
        picture_id=detections.picture_id,
        name=detections.name,
        size_hw=detections.size_hw,
        objects=objects,
        place=detections.place,
    )


def _labelled_object(
    instance: Instance, category: Category, classes: Mapping[int, Category | None]
) -> LabelledObject:
    of_track = None if instance.track_class_id is None else classes[instance.track_class_id]
    return LabelledObject(
        uid=instance.uid,
        category=category,
        bbox_xywh_px=instance.bbox_xywh_px,
        area_px=instance.area_px,
        rle_counts=instance.rle_counts,
        score=instance.score,
        box_score=instance.box_score,
        predicted_box_xyxy_px=instance.predicted_box_xyxy_px,
        track_id=instance.track_id,
        track_category_id=None if of_track is None else of_track.category_id,
    )
