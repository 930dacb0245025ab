"""Identities beside the labels of a video's frames, and how they are shown."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from yolact_cli.settings import TrackSettings
from yolact_cli.structures import Category, Detections, Instance
from yolact_cli.tracking.tracker import Tracker
from yolact_cli.tracking.votes import TrackVotes
from yolact_cli.writers.video_overlay import DrawnObject


class Follower:
    """Follows a video's objects from its first labelled frame on; memory is that of live tracks.

    The same frames give the same identities: a run that goes on follows those in its journal
    again, and so comes to where it was.

    Args:
        settings: How, or None: objects then have no identity.
        classes: What each class of the model is written as; None drops it.
    """

    def __init__(
        self,
        settings: TrackSettings | None,
        classes: Mapping[int, Category | None],
    ) -> None:
        self._tracker = None if settings is None else Tracker(settings)
        self._classes = classes
        self._live: frozenset[int] = frozenset()
        self._votes = TrackVotes()

    def follow(self, time_s: Fraction, detections: Detections) -> Detections:
        """The next frame's labels, of written classes only, each with its track."""
        kept = detections.keeping(self._classes)
        if self._tracker is None:
            return kept
        track_ids = self._tracker.update(time_s, kept)
        pairs = list(zip(kept.instances, track_ids, strict=True))
        for instance, track_id in pairs:
            self._votes.add(track_id, instance.class_id, instance.score)
        live = self._tracker.live_track_ids
        self._votes.forget(self._live - live)
        self._live = live
        followed = tuple(replace(instance, track_id=track_id) for instance, track_id in pairs)
        return replace(kept, instances=followed)

    def shown(self, detections: Detections) -> list[DrawnObject]:
        """The objects of the frame just followed, calm: class and score are the track's."""
        return [self._drawn(instance) for instance in detections.instances]

    def _drawn(self, instance: Instance) -> DrawnObject:
        class_id, score = instance.class_id, instance.score
        if instance.track_id is not None:
            class_id, score = self._votes.shown(instance.track_id)
        category = self._classes[class_id]
        return DrawnObject(
            instance=instance,
            track_id=instance.track_id,
            name="" if category is None else category.name,
            score=score,
        )
