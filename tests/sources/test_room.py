"""How much memory pictures on their way may take."""

import pytest

from yolact_cli.errors import UnreadablePictureError
from yolact_cli.sources import room
from yolact_cli.sources.room import LEAST_BYTES, MOST_BYTES, Room, available_bytes, suiting_room


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """``machine(free, limit, used, kept)``: what the system tells, in bytes."""

    def build(free, limit="max", used=0, kept=0):
        (tmp_path / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {free >> 10} kB\n")
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        (tmp_path / "memory.current").write_text(f"{used}\n")
        (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {kept}\n")
        monkeypatch.setattr(room, "_MEMINFO", tmp_path / "meminfo")
        monkeypatch.setattr(room, "_CGROUP", tmp_path)

    return build


@pytest.mark.parametrize(
    ("told", "available"),
    [
        ((8 << 30,), 8 << 30),
        ((8 << 30, 2 << 30, 1 << 30), 1 << 30),
        ((8 << 30, 2 << 30, 2 << 30, 1 << 29), 1 << 29),
        ((1 << 30, 64 << 30), 1 << 30),
        ((8 << 30, 1 << 30, 2 << 30), 0),
    ],
    ids=["machine", "container", "files kept in memory", "a limit beyond it", "over the limit"],
)
def test_free_memory_is_the_machines_or_what_a_container_leaves(machine, told, available):
    machine(*told)
    assert available_bytes() == available


def test_unknown_systems_have_some_memory(monkeypatch, tmp_path):
    monkeypatch.setattr(room, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(room, "_CGROUP", tmp_path / "none")
    assert available_bytes() > 0


@pytest.mark.parametrize(
    ("free", "total"), [(1 << 20, LEAST_BYTES), (8 << 30, 2 << 30), (1 << 40, MOST_BYTES)]
)
def test_a_quarter_of_it_suits_within_reason(machine, free, total):
    machine(free)
    assert suiting_room() == Room(total_bytes=total)


def test_parts_come_to_all_of_it():
    whole = Room(total_bytes=1003)
    assert whole.frame_bytes + whole.decoding_bytes == 1003


def test_only_a_limit_refuses_pictures():
    Room(total_bytes=1000).check((1000, 1000), "a.png")
    Room(total_bytes=10_666_667, is_limit=True).check((1000, 1000), "a.png")
    with pytest.raises(UnreadablePictureError, match=r"a.png.*1000x1000.*--memory 11MB"):
        Room(total_bytes=10_666_000, is_limit=True).check((1000, 1000), "a.png")
