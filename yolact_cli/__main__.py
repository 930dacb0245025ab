"""``python -m yolact_cli`` is the ``yolact`` command."""

from yolact_cli.cli.main import run

if __name__ == "__main__":
    run()
