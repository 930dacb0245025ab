"""How much memory is free, by what the system tells."""

import pytest

from yolact_cli import free_memory
from yolact_cli.free_memory import available_bytes


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
    monkeypatch.setattr(free_memory, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(free_memory, "_CGROUP", tmp_path / "none")
    assert available_bytes() > 0
