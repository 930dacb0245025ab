"""README's commands are commands of this program, and those that need no network or GPU run."""

import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from yolact_cli.cli.main import COMMANDS

README = Path(__file__).resolve().parents[2] / "README.md"


def blocks(language):
    pattern = rf"^```{language}\n(.*?)^```$"
    return re.findall(pattern, README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def yolact_lines():
    lines = "".join(blocks("sh")).splitlines()
    return [line for line in lines if line.startswith("yolact ")]


@pytest.fixture
def run_yolact(tmp_path):
    """Run a command line of README in an empty folder: ``run_yolact(line)``."""

    def run(line: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "yolact_cli", *shlex.split(line)[1:]],
            cwd=tmp_path, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        return done.stdout + done.stderr

    return run


@pytest.mark.parametrize("line", yolact_lines())
def test_every_command_of_the_readme_has_only_options_that_exist(line):
    _, name, *arguments = shlex.split(line)
    module, attribute = COMMANDS[name][0].split(":")
    command = getattr(import_module(module), attribute)
    command.make_parser(click.Context(command)).parse_args(arguments)


def test_both_set_up_commands_are_one_line_and_make_their_own_environment():
    lines = [line for block in blocks("sh") for line in block.splitlines() if "-m venv" in line]
    ends = ("yolact annotate examples/images --output runs/first", "python -m pytest")
    for end in ends:
        assert any(
            re.fullmatch(rf"python3 -m venv (\S+) && .*\1/bin/{end}", line) for line in lines
        )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_commands_most_people_need_run_offline(run_yolact, repository, tmp_path):
    shutil.copytree(repository / "examples" / "images", tmp_path / "photos")
    shutil.copy(tmp_path / "photos" / "chelsea.jpg", tmp_path / "cat.jpg")
    shutil.copy(repository / "examples" / "clip.mp4", tmp_path)
    (tmp_path / "more.txt").write_text("cat.jpg\n")
    run_yolact("yolact annotate photos --output runs/truth")
    for name in ("people.json", "truth.json"):
        shutil.copy(tmp_path / "runs" / "truth" / "annotations.json", tmp_path / name)
    needs_more = ("yolact_base", "mymodel", "yolact review")
    lines = [line for line in yolact_lines() if not any(word in line for word in needs_more)]
    assert len(lines) == 6
    for line in lines:
        run_yolact(line)


@pytest.mark.slow
def test_the_library_lines_name_a_cat(repository):
    (code,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("cat ")
