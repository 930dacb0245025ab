"""What is said, where, and when nothing is."""

import json
import logging

import click
import pytest

from yolact_cli.cli import reporting
from yolact_cli.cli.reporting import Progress, Speech


@pytest.fixture
def quiet():
    """A running command that was asked to be quiet."""
    with click.Context(click.Command("probe"), obj=Speech(is_quiet=True)):
        yield


@pytest.fixture
def clock():
    """A clock that is set by hand: ``clock.now``."""

    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def test_messages_go_to_stderr(capsys):
    reporting.message("one")
    reporting.warn("two")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "one\nWarning: two\n"


def test_quiet_leaves_only_errors(capsys, quiet):
    reporting.message("one")
    reporting.warn("two")
    reporting.print_table(["a"], [["b"]], is_result=False)
    reporting.error("three")
    assert capsys.readouterr().err == "Error: three\n"


def test_brackets_in_file_names_are_kept(capsys):
    reporting.message("shots[red]/a.jpg")
    assert "shots[red]/a.jpg" in capsys.readouterr().err


def test_long_sentences_are_not_broken(capsys):
    reporting.error("word " * 100)
    assert capsys.readouterr().err.count("\n") == 1


def test_no_color_is_honoured_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    reporting.error("three")
    assert "\x1b[31m" not in capsys.readouterr().err


def test_json_goes_to_stdout_as_text(capsys):
    reporting.print_json({"name": "Straße"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"name": "Straße"}
    assert "Straße" in out


def test_nan_never_reaches_json():
    with pytest.raises(ValueError, match="not JSON compliant"):
        reporting.print_json({"ap": float("nan")})


@pytest.fixture
def narrow_table(capsys, monkeypatch):
    """``narrow_table(columns)``: what a terminal of that width shows of a table."""

    def show(columns: int) -> str:
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        monkeypatch.setenv("TERM", "xterm")  # of a dumb one rich believes no width
        monkeypatch.setenv("COLUMNS", str(columns))
        rows = [["yolact_plus_resnet50", "resnet50, deformable", "AP 34.1 on COCO test-dev"]]
        reporting.print_table(["model", "backbone", "mask AP"], rows)
        return click.unstyle(capsys.readouterr().out)

    return show


def test_tables_are_wrapped_on_a_narrow_terminal(narrow_table):
    shown = narrow_table(60)
    assert max(map(len, shown.splitlines())) <= 60
    words = {"yolact_plus_resnet50", "resnet50,", "deformable", "34.1", "COCO", "test-dev"}
    assert words <= set(shown.split())


def test_tables_are_blocks_on_a_terminal_too_narrow_for_their_words(narrow_table):
    assert narrow_table(30) == (
        "yolact_plus_resnet50\n  backbone: resnet50, deformable\n"
        "  mask AP: AP 34.1 on COCO test-dev\n\n"
    )


def test_tables_are_wide_where_they_are_piped(capsys):
    reporting.print_table(["name", "AP"], [["x" * 150, "0.5"]], title="Figures")
    out = capsys.readouterr().out
    assert "x" * 150 in out
    assert "Figures" in out


def test_progress_speaks_now_and_then_where_there_is_no_terminal(capsys, clock):
    with Progress(100, clock=clock) as progress:
        progress.update(1)
        clock.now = 10.0
        progress.update(20, failures=2)
        clock.now = 12.0
        progress.update(30, failures=2)
        clock.now = 20.0
        progress.update(100, failures=2)
    first, last = capsys.readouterr().err.splitlines()
    assert first == "20 of 100 pictures, 2 failed, 2.0/s, 40 s left"
    assert last == "100 of 100 pictures, 2 failed, 5.0/s"


def test_progress_of_a_resumed_run_counts_the_rate_from_here(capsys, clock):
    with Progress(100, initial=50, clock=clock) as progress:
        clock.now = 10.0
        progress.update(60)
    assert capsys.readouterr().err.splitlines()[0] == "60 of 100 pictures, 1.0/s, 40 s left"


def test_progress_is_silent_when_quiet(capsys, quiet, clock):
    with Progress(None, clock=clock) as progress:
        clock.now = 99.0
        progress.update(5)
    assert capsys.readouterr().err == ""


def test_progress_draws_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress(4, unit="files") as progress:
        progress.update(1, failures=1)
        progress.message("a word")
        progress.update(4, failures=1)
    err = capsys.readouterr().err
    assert "4/4" in err
    assert "1 failed" in err
    assert "a word" in err


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.4, "8 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations_read_as_people_say_them(seconds, text):
    assert reporting.duration(seconds) == text


def test_the_log_speaks_once_although_asked_twice(capsys):
    reporting.listen_to_log(logging.INFO)
    reporting.listen_to_log(logging.INFO)
    logging.getLogger("yolact_cli.rooms").info("%d pictures", 3)
    logging.getLogger("yolact_cli.rooms").warning("odd")
    assert capsys.readouterr().err == "3 pictures\nWarning: odd\n"
