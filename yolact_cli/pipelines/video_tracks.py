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
    """Follows a video's objects from its first labelled frame on.

    The same frames give the same identities, so they are worked out again where they are needed
    and stand in no journal.

    Args:
        settings: How, or None: objects then have no identity.
        classes: What each class of the model is written as; None drops it.
        forgets: Whether tracks that ended are forgotten, so that memory stays flat.
    """

    def __init__(
        self,
        settings: TrackSettings | None,
        classes: Mapping[int, Category | None],
        *,
        forgets: bool = True,
    ) -> None:
        self._tracker = None if settings is None else Tracker(settings)
        self._classes = classes
        self._forgets = forgets
        self._live: frozenset[int] = frozenset()
        self.votes = TrackVotes()

    def follow(self, time_s: Fraction, detections: Detections) -> Detections:
        """The next frame's labels, of written classes only, each with its track."""
        kept = detections.keeping(self._classes)
        if self._tracker is None:
            return kept
        track_ids = self._tracker.update(time_s, kept)
        pairs = list(zip(kept.instances, track_ids, strict=True))
        for instance, track_id in pairs:
            self.votes.add(track_id, instance.class_id, instance.score)
        if self._forgets:
            live = self._tracker.live_track_ids
            self.votes.forget(self._live - live)
            self._live = live
        followed = tuple(replace(instance, track_id=track_id) for instance, track_id in pairs)
        return replace(kept, instances=followed)

    def shown(self, detections: Detections) -> list[DrawnObject]:
        """The objects of the frame just followed, calm: class and score are the track's."""
        return [self._drawn(instance) for instance in detections.instances]

    def _drawn(self, instance: Instance) -> DrawnObject:
        class_id, score = instance.class_id, instance.score
        if instance.track_id is not None:
            class_id, score = self.votes.shown(instance.track_id)
        category = self._classes[class_id]
        return DrawnObject(
            instance=instance,
            track_id=instance.track_id,
            name="" if category is None else category.name,
            score=score,
        )
