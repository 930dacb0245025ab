"""The group: weight, help, errors and exit codes."""

import importlib.util
import os
import shlex
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from yolact_cli.cli import main as main_module
from yolact_cli.cli.main import COMMANDS, main, yolact
from yolact_cli.errors import SettingsError, UnknownModelError


def run_python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


@pytest.fixture
def command(monkeypatch):
    """Put a function into the group as the command ``probe``: ``command(function)``."""

    def install(function):
        probe = click.command("probe")(function)
        monkeypatch.setattr(main_module, "probe", probe, raising=False)
        monkeypatch.setitem(COMMANDS, "probe", ("yolact_cli.cli.main:probe", "A probe."))
        return probe

    return install


def raising(error):
    def fail():
        raise error

    return fail


def test_help_lists_every_command_without_loading_any():
    outcome = CliRunner().invoke(yolact, ["--help"])
    assert outcome.exit_code == 0
    assert all(name in outcome.output for name in COMMANDS)


def test_help_tells_where_settings_can_stand():
    assert "YOLACT_ANNOTATE_SCORE_THRESHOLD=0.5" in CliRunner().invoke(yolact, ["--help"]).output
    pull = CliRunner().invoke(yolact, ["models", "pull", "--help"])
    assert "YOLACT_OFFLINE" in pull.output


def test_help_loads_nothing_heavy():
    code = """
import sys
from yolact_cli.cli.main import main
main(["--help"])
heavy = {"torch", "cv2", "numpy", "rich", "tqdm", "PIL", "pycocotools"} & set(sys.modules)
sys.exit(f"loaded: {heavy}" if heavy else 0)
"""
    outcome = run_python(code)
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_is_the_commands_own(name):
    module, attribute = COMMANDS[name][0].split(":")
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not written yet")
    own = getattr(import_module(module), attribute)
    assert own.get_short_help_str(limit=200) == COMMANDS[name][1]


def test_version_names_torch(capsys):
    assert main(["--version"]) == 0
    assert "torch 2." in capsys.readouterr().out


def test_a_misspelt_command_gets_the_closest_name(capsys):
    assert main(["scoer"]) == 2
    assert "No such command 'scoer'. Did you mean 'score'?" in capsys.readouterr().err


def test_quiet_and_verbose_contradict_each_other(capsys, command):
    command(lambda: None)
    assert main(["-q", "-v", "probe"]) == 2
    assert "--quiet contradicts" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["-q", "--verbose"])
def test_an_option_of_the_whole_program_behind_the_command_is_told_its_place(
    capsys, command, option
):
    command(lambda: None)
    assert main(["probe", option]) == 2
    assert f"It stands before the command: yolact {option} probe" in capsys.readouterr().err


def test_an_error_is_told_with_its_remedy_on_stderr(capsys, command):
    command(raising(UnknownModelError("No model 'x'.", remedy="See 'yolact models list'.")))
    assert main(["probe"]) == 1
    captured = capsys.readouterr()
    assert captured.err == "Error: No model 'x'. See 'yolact models list'.\n"
    assert captured.out == ""


def test_an_error_has_its_own_exit_code(command):
    command(raising(SettingsError("No.")))
    assert main(["probe"]) == 2
    assert CliRunner().invoke(yolact, ["probe"]).exit_code == 2


def test_debug_shows_where_an_error_was_raised(capsys, command):
    command(raising(UnknownModelError("No model 'x'.")))
    main(["--debug", "probe"])
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_interruption_is_130(command, error):
    command(raising(error))
    assert main(["probe"]) == 130


def test_a_number_that_a_command_returns_is_the_exit_code(command):
    command(lambda: 3)
    assert main(["probe"]) == 3


def test_bugs_are_not_caught(command):
    command(raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["probe"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_result_that_standard_output_has_no_room_for_is_told():
    with Path("/dev/full").open("w") as full:
        outcome = subprocess.run(
            [sys.executable, "-m", "yolact_cli", "models", "show", "yolact_lite0"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert outcome.returncode == 1
    expected = "Error: The result cannot be written to standard output (No space left on device).\n"
    assert outcome.stderr.endswith(expected)
    assert "Traceback" not in outcome.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes streams")
def test_closed_standard_streams_are_no_bug():
    command = f"{shlex.quote(sys.executable)} -m yolact_cli models show yolact_lite0 <&- >&-"
    outcome = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False)
    assert (outcome.returncode, "Traceback" in outcome.stderr) == (0, False)


PROBE = """
import sys
import click
from yolact_cli.cli import main as module

@click.command()
def probe():
    {body}

module.probe = probe
module.COMMANDS["probe"] = ("yolact_cli.cli.main:probe", "")
sys.argv = ["yolact", "probe"]
module.run()
"""


def test_a_bug_gives_a_traceback_and_asks_for_a_report():
    outcome = run_python(PROBE.format(body="1 / 0"))
    assert outcome.returncode == 1
    assert "ZeroDivisionError" in outcome.stderr
    assert "Please report it" in outcome.stderr


def test_termination_is_143():
    body = f"import os; os.kill(os.getpid(), {int(signal.SIGTERM)})"
    assert run_python(PROBE.format(body=body)).returncode == 143


@pytest.mark.skipif(os.name != "posix", reason="needs pipes of a shell")
def test_a_reader_that_leaves_is_no_error():
    code = PROBE.format(body="[click.echo('x' * 1000) for _ in range(1000)]")
    pipe = f"'{sys.executable}' -c \"$CODE\" | head -n 1"
    outcome = subprocess.run(
        ["bash", "-c", pipe], env={**os.environ, "CODE": code}, capture_output=True, text=True
    )
    assert outcome.stderr == ""
