"""What reviewers send back, taken over into a run's review: all of it, or a refusal with names."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.errors import ReviewError
from yolact_cli.labels import LabelledObject, ReadLabels, ReadObject, ReadPicture
from yolact_cli.pipelines.picture_names import NameMatch, match_names
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.review.corrections import Changes, corrections, done_event
from yolact_cli.review.events import ReviewEvent, now
from yolact_cli.review.fold import ReviewedPicture
from yolact_cli.review.journal import ReviewJournal
from yolact_cli.runs.lock import locked

SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What is taken over into which run."""

    run: Path
    """The folder that annotate wrote."""
    reviewer: str | None = None
    """Who stands in the journal; None for the file's name."""
    class_map: ClassMap | None = None
    """The names that the labels were exported under, to be reversed."""
    new_classes: bool = False
    """Classes that the run does not have are brought in."""
    overwrite: bool = False
    """Pictures that are marked done may be changed."""
    exact: bool = False
    """Every pixel that differs is a correction, also what outlines lose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What was taken over.

    Attributes:
        pictures: Of the file that the run has.
        marked: Of these, marked done now or anew.
        unchanged: Of these, done before, with the same labels.
        changes: What was done to objects, in all of these pictures.
        new_classes: Brought in by this file.
        unknown: Pictures of the file that the run does not have, or has no labels of.
        not_understood: Sentences of the reader.
    """

    pictures: int
    marked: int
    unchanged: int
    changes: Changes
    new_classes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()

    def to_record(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "pictures": self.pictures,
            "marked_done": self.marked,
            "unchanged": self.unchanged,
            "objects": self.changes.to_record(),
            "new_classes": list(self.new_classes),
            "unknown_pictures": list(self.unknown),
            "not_understood": list(self.not_understood),
        }


def import_labels(read: ReadLabels, request: ImportRequest) -> ImportReport:
    """Take a file's pictures over as reviewed; nothing is written before all of it is understood.

    Taking the same file over again changes nothing.

    Raises:
        ReviewError: The file is of other pictures or ambiguous, has unknown classes, or differs
            from what is marked done; names are in the sentence.
        RunLockedError: The run is being written, or reviewed on a page.
    """
    RunLabels.open(request.run)  # before the lock, which would make the folder
    with locked(request.run):
        labels = RunLabels.open(request.run)
        plan = _Plan(read, labels, request)
        plan.make()
        ReviewJournal(labels.store).append_strokes([event] for event in plan.events)
    return plan.report()


@dataclass(slots=True)
class _Plan:
    """What is to be written, found out before any of it is."""

    read: ReadLabels
    labels: RunLabels
    request: ImportRequest
    events: list[ReviewEvent] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    unchanged: int = 0
    met: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def make(self) -> None:
        by_name = self._by_name()
        names = _Names(self.read, self.labels, self.request)
        refused: list[str] = []
        by = self.request.reviewer or f"import:{Path(self.read.origin).name}"
        at = now()
        for reviewed in self._met(by_name):
            picture = by_name[reviewed.picture.name]
            changes, records = corrections(
                picture.objects,
                reviewed,
                names=[names.plain(one) for one in picture.objects],
                name_of=names.of,
                exact=self.request.exact,
            )
            self.changes += changes
            if reviewed.picture.is_reviewed and changes.is_none:
                self.unchanged += 1
                continue
            if reviewed.picture.is_reviewed and not self.request.overwrite:
                whose = (
                    f", done by {reviewed.picture.reviewer}" if reviewed.picture.reviewer else ""
                )
                refused.append(f"{reviewed.picture.name}{whose}")
            self.events.append(done_event(reviewed.picture.name, records, by=by, at=at))
        self.unknown += [one.file_name for name, one in by_name.items() if name not in self.met]
        self.problems += names.problems
        self._refuse(refused)

    def report(self) -> ImportReport:
        known = {one.name for one in self.labels.categories}
        brought = (one.category_name for event in self.events for one in event.objects)
        return ImportReport(
            pictures=len(self.met),
            marked=len(self.events),
            unchanged=self.unchanged,
            changes=self.changes,
            new_classes=tuple(dict.fromkeys(name for name in brought if name not in known)),
            unknown=tuple(self.unknown),
            not_understood=self.read.not_understood,
        )

    def _by_name(self) -> dict[str, ReadPicture]:
        """The file's pictures by the run's names."""
        wanted = [one.file_name for one in self.read.pictures]
        twice = [name for name, count in Counter(wanted).items() if count > 1]
        self.problems += [f"{name} is in the file twice" for name in twice]
        match: NameMatch = match_names(dict.fromkeys(wanted), self._run_names())
        self.problems += list(match.ambiguous.values())
        self.unknown += match.unknown
        return {
            match.found[one.file_name]: one
            for one in self.read.pictures
            if one.file_name in match.found
        }

    def _run_names(self) -> Iterator[str]:
        yield from (picture.name for picture in self.labels.pictures)
        if self.labels.videos:
            yield from (frame.name for frame in self.labels.frames.detections())

    def _met(self, by_name: Mapping[str, ReadPicture]) -> Iterator[ReviewedPicture]:
        """The run's pictures that are in the file, and of its size."""
        for reviewed in self.labels.reviewed() if by_name else ():
            name = reviewed.picture.name
            if name not in by_name:
                continue
            self.met.add(name)
            here, there = reviewed.picture.size_hw, by_name[name].size_hw
            if here == there:
                yield reviewed
            else:
                self.problems.append(
                    f"{name} is {here[1]}x{here[0]} px in the run and {there[1]}x{there[0]} px in "
                    "the file"
                )

    def _refuse(self, refused: Sequence[str]) -> None:
        origin = self.read.origin
        if self.problems:
            raise ReviewError(
                f"{origin} cannot be taken over:\n{_listed(self.problems)}",
                remedy="\nNothing was changed.",
            )
        if not self.met:
            shown = f" such as {self.unknown[0]}" if self.unknown else ""
            raise ReviewError(
                f"{origin} has none of the run's pictures, but {len(self.unknown)} others{shown}.",
                remedy="Nothing was changed. Is it of another run?",
            )
        if refused:
            count = "1 picture" if len(refused) == 1 else f"{len(refused)} pictures"
            raise ReviewError(
                f"{origin} differs from what is marked done in {count}:\n{_listed(refused)}",
                remedy="\nNothing was changed. --overwrite lets the file win.",
            )


class _Names:
    """The run's names for the file's classes."""

    def __init__(self, read: ReadLabels, labels: RunLabels, request: ImportRequest) -> None:
        self._known = [category.name for category in labels.categories]
        self._origin = read.origin
        self._new_classes = request.new_classes
        self._reversed: dict[str, list[str]] = {}
        if request.class_map is not None:
            request.class_map.check_names(self._known)
            for name in self._known:
                new_name = request.class_map.new_name(name)
                if new_name is not None:
                    self._reversed.setdefault(new_name, []).append(name)
        self.problems: list[str] = []

    def plain(self, one: ReadObject) -> str | None:
        """The run's name where it can be only one."""
        candidates = self._candidates(one.category_name)
        return candidates[0] if len(candidates) == 1 else None

    def of(self, one: ReadObject, before: LabelledObject | None) -> str:
        """The run's name; what cannot be told becomes a problem."""
        name = one.category_name
        candidates = self._candidates(name)
        if len(candidates) == 1:
            return candidates[0]
        if before is not None and before.category.name in candidates:
            return before.category.name
        if candidates:
            self._add(f"class '{name}' could be {' or '.join(candidates)} ({one.place})")
        elif not self._new_classes:
            close = get_close_matches(name, [*self._known, *self._reversed], n=1)
            offer = f"did you mean '{close[0]}'? " if close else ""
            self._add(f"the run has no class '{name}'; {offer}--new-classes brings it in")
        return name

    def _candidates(self, name: str) -> list[str]:
        if name in self._reversed:
            return self._reversed[name]
        return [name] if name in self._known else []

    def _add(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _listed(items: Sequence[str]) -> str:
    more = len(items) - SHOWN
    lines = [f"  - {item}" for item in items[:SHOWN]]
    return "\n".join([*lines, f"  … and {more} more"] if more > 0 else lines)
