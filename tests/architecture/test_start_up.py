"""What a person waits for before anything happens, and what must load whoever comes first."""

import ast
import graphlib
import importlib
import os
import subprocess
import sys
from collections.abc import Container, Iterator
from pathlib import Path

import yolact_cli

# The longest that a list of commands may take, beyond Python's own start.
MOST_SECONDS = 0.3


def seconds_of(*arguments):
    """Of a processor: what else the machine does would add to a clock's."""
    before = os.times()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = os.times()
    spent = after.children_user + after.children_system
    return spent - before.children_user - before.children_system


def test_help_comes_at_once():
    of_help = min(seconds_of("-m", "yolact_cli", "--help") for _ in range(5))
    of_python = min(seconds_of("-c", "pass") for _ in range(5))
    assert of_help - of_python < MOST_SECONDS


def imports_of(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """Those that are done while the module itself is imported."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += ast.iter_child_nodes(node)


def imported_by(path: Path, modules: Container[str]) -> set[str]:
    """Our own modules that a file needs to be imported."""
    found = set()
    for node in imports_of(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return {name for name in found if name in modules}


def test_every_module_can_be_the_first_to_be_imported():
    root = Path(yolact_cli.__file__).parent
    paths = {
        ".".join(path.relative_to(root.parent).with_suffix("").parts): path
        for path in root.rglob("*.py")
    }
    needed = {name: imported_by(path, paths) for name, path in paths.items()}
    assert len(needed) > 100
    order = graphlib.TopologicalSorter(needed).static_order()  # raises where they go in a circle
    for name in order:
        if not name.endswith("__main__"):  # importing it runs the program
            importlib.import_module(name.removesuffix(".__init__"))
