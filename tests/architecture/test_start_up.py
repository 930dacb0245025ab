"""What a person waits for before anything happens, and what must load whoever comes first."""

import os
import subprocess
import sys

# The longest that a list of commands may take, beyond Python's own start.
MOST_SECONDS = 0.3

IMPORT_EACH_ALONE = """
import importlib, pkgutil, sys, warnings
import yolact_cli

warnings.simplefilter("error")
names = [module.name for module in pkgutil.walk_packages(yolact_cli.__path__, "yolact_cli.")]
for name in names:
    if name == "yolact_cli.__main__":
        continue  # importing it runs the program
    # Other packages stay loaded, or each module would wait for torch again.
    for loaded in [loaded for loaded in sys.modules if loaded.split(".")[0] == "yolact_cli"]:
        del sys.modules[loaded]
    importlib.import_module(name)
print(len(names))
"""


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


def test_every_module_can_be_the_first_to_be_imported():
    # With bytecode kept, or each module would be compiled a hundred times.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH_ALONE], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
