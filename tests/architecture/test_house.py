"""What no linter holds: sizes, weight of imports, and documents in step with the code."""

import ast
import subprocess
import sys
import tomllib
from importlib import import_module

import click
import pytest

from yolact_cli.cli.main import COMMANDS

MOST_LINES_A_MODULE, MOST_LINES_A_FUNCTION, DEEPEST_NESTING = 400, 50, 3
# Where a reader has to remember a condition; a "with" asks for nothing of the kind.
BLOCKS = (ast.For, ast.While, ast.If, ast.Try)
REFUSED_NAMES = {"utils", "helpers", "common", "misc", "core", "base", "manager", "tools"}


@pytest.fixture(scope="module")
def modules(repository):
    paths = sorted((repository / "yolact_cli").rglob("*.py"))
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def code_lines(function):
    docstring = ast.get_docstring(function, clean=False)
    lines = function.end_lineno - function.body[0].lineno + 1
    return lines - (len(docstring.splitlines()) if docstring else 0)


def nesting(node, depth=0):
    deepest = depth
    for child in ast.iter_child_nodes(node):
        is_block = isinstance(child, BLOCKS)
        # "elif" is one level in a reader's eye, two in the tree.
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        deepest = max(deepest, nesting(child, depth + (is_block and not is_elif)))
    return deepest


def test_modules_and_functions_stay_small(modules):
    long_modules = [
        path.name
        for path in modules
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES_A_MODULE
    ]
    long_functions = [
        f"{path.name}:{function.name}"
        for path, tree in modules.items()
        for function in functions(tree)
        if code_lines(function) > MOST_LINES_A_FUNCTION
    ]
    assert (long_modules, long_functions) == ([], [])


def test_code_is_not_deeply_nested(modules):
    deep = [
        f"{path.name}:{function.name}"
        for path, tree in modules.items()
        for function in functions(tree)
        if nesting(function) > DEEPEST_NESTING
    ]
    assert deep == []


def test_files_are_named_after_what_they_are(modules):
    assert {path.stem for path in modules} & REFUSED_NAMES == set()


def test_data_and_tests_are_no_packages(repository):
    for folder in ("models", "tests", "examples"):
        assert list((repository / folder).rglob("__init__.py")) == []


@pytest.mark.parametrize("module", ["yolact_cli", "yolact_cli.cli.main"])
def test_what_every_command_imports_is_light(module):
    code = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded & {"torch", "cv2", "numpy", "PIL", "pycocotools"} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_is_in_the_readme(name, repository):
    module, attribute = COMMANDS[name][0].split(":")
    command = getattr(import_module(module), attribute)
    assert command.help
    assert f"yolact {name}" in (repository / "README.md").read_text(encoding="utf-8")
    bare = [
        option.name
        for sub in (command, *getattr(command, "commands", {}).values())
        for option in sub.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert bare == []


def test_the_newest_version_in_the_changelog_is_the_packages(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    headings = [
        line
        for line in (repository / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("## [") and "Unreleased" not in line
    ]
    assert headings[0].startswith(f"## [{project['version']}]")


def test_every_relative_link_of_the_documents_leads_somewhere(repository):
    import re

    for page in ("README.md", "examples/README.md", "models/README.md"):
        path = repository / page
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{page}: {target}"
