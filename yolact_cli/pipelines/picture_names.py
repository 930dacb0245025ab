"""Which of a run's pictures a file means: tools keep the folders of a name, or do not."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMatch:
    """What names were taken for.

    Attributes:
        found: The run's name for each name that could be matched.
        unknown: Names that the run has no picture of.
        ambiguous: Names that could be several, or that several of the file's pictures share, with
            a sentence that says so.
    """

    found: Mapping[str, str]
    unknown: tuple[str, ...]
    ambiguous: Mapping[str, str]


def match_names(wanted: Iterable[str], known: Iterable[str]) -> NameMatch:
    """The run's pictures behind a file's names.

    A whole name comes first. Then a name that ends in the other one (``images/a/1.jpg`` and
    ``a/1.jpg``), then the same last part, then the same last part without its extension; each of
    these only where it can be no other picture.

    Args:
        wanted: The file's names, each once, with forward slashes.
        known: The run's.
    """
    names = list(wanted)
    run_names = list(known)
    there = set(run_names)
    found = {name: plain for name in names if (plain := _plain(name)) in there}
    ambiguous: dict[str, str] = {}
    for key in (_last_part, _stem):
        rest = [name for name in names if name not in found and name not in ambiguous]
        groups = _grouped(set(run_names) - set(found.values()), key) if rest else {}
        for name in rest:
            candidates = _closest(_plain(name), groups.get(key(_plain(name)), []))
            if len(candidates) == 1:
                found[name] = candidates[0]
            elif candidates:
                ambiguous[name] = f"{name} could be {candidates[0]}, but also {candidates[1]}"
    by_picture: dict[str, list[str]] = {}
    for name, picture in found.items():
        by_picture.setdefault(picture, []).append(name)
    for picture, claims in by_picture.items():
        if len(claims) > 1:
            ambiguous |= dict.fromkeys(
                claims, f"{claims[0]} and {claims[1]} could both be {picture}"
            )
    return NameMatch(
        found={name: picture for name, picture in found.items() if name not in ambiguous},
        unknown=tuple(name for name in names if name not in found and name not in ambiguous),
        ambiguous=ambiguous,
    )


def _closest(name: str, candidates: list[str]) -> list[str]:
    """Of several candidates those whose folders agree with the name's, if there are any."""
    if len(candidates) < 2:
        return candidates
    name_parts = PurePosixPath(name).parts[:-1]
    agreeing = []
    for one in candidates:
        parts = PurePosixPath(one).parts[:-1]
        shared = min(len(parts), len(name_parts))
        if shared and parts[-shared:] == name_parts[-shared:]:
            agreeing.append(one)
    return agreeing or candidates


def _grouped(names: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(key(name), []).append(name)
    return groups


def _plain(name: str) -> str:
    return name.removeprefix("./").removeprefix("/")


def _last_part(name: str) -> str:
    return name.rpartition("/")[2]


def _stem(name: str) -> str:
    return PurePosixPath(_last_part(name)).stem
