"""The ``yolact`` command: commands loaded when asked for, errors told once, exit codes.

A new command is one line in ``COMMANDS``. The short help stands there too, so that
``yolact --help`` need not import torch, OpenCV and numpy to list the commands; a test keeps it
equal to the command's own.
"""

import errno
import logging
import os
import signal
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from types import FrameType, TracebackType
from typing import IO, Any, NoReturn

import click

from yolact_cli.cli import reporting
from yolact_cli.errors import YolactError

COMMANDS: dict[str, tuple[str, str]] = {
    "annotate": (
        "yolact_cli.cli.annotate:annotate",
        "Outline the objects in photographs and videos.",
    ),
    "review": (
        "yolact_cli.cli.review:review",
        "Look through the labels of a run, first things first.",
    ),
    "export": ("yolact_cli.cli.export:export", "Write a run's labels in the files of other tools."),
    "import": (
        "yolact_cli.cli.import_:import_",
        "Take a reviewer's file over into the review of a run.",
    ),
    "score": ("yolact_cli.cli.score:score", "Measure predictions against ground truth."),
    "inspect": ("yolact_cli.cli.inspect:inspect", "Show how the mask of an object came about."),
    "train": ("yolact_cli.cli.train:train", "Train a model on labels in COCO's format."),
    "bench": ("yolact_cli.cli.bench:bench", "Measure where the time of annotate goes."),
    "models": (
        "yolact_cli.cli.models:models",
        "List, show, fetch, check, convert, export and quantize models.",
    ),
}

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


class ReportedError(click.ClickException):
    """A :class:`YolactError` on its way out, in the form of the house."""

    def __init__(self, error: YolactError) -> None:
        super().__init__(str(error))
        self.exit_code = error.exit_code  # type: ignore[misc]  # a class variable in click
        self._error = error

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002 - click's signature
        """Write the sentence and the remedy to stderr."""
        reporting.error(self._error.sentence, remedy=self._error.remedy)


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used, not when it is listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the closest name offered for a misspelt one."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            close = get_close_matches(name, COMMANDS, n=1)
            offer = f" Did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"No such command '{name}'.{offer}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what users can mend becomes a sentence, a bug stays a traceback."""
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            own = {name for option in self.params for name in option.opts}
            if error.option_name not in own:
                raise
            example = f"yolact {error.option_name} {ctx.invoked_subcommand} …"
            sentence = f"{error.format_message()} It stands before the command: {example}"
            raise click.UsageError(sentence, ctx=error.ctx) from error
        except YolactError as error:
            logging.getLogger(__name__).debug("where it was raised:", exc_info=True)
            raise ReportedError(error) from error


def _show_version(ctx: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if not is_asked or ctx.resilient_parsing:
        return
    # Read from the packages' records: importing torch to ask it takes a second.
    from importlib.metadata import version
    from platform import python_version

    packages = f"torch {version('torch')}, Python {python_version()}"
    click.echo(f"yolact {version('yolact_cli')} ({packages})")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={
        "auto_envvar_prefix": "YOLACT",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
    help="Show the versions of yolact, torch and Python.",
)  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Say more about what is being done.")
@click.option("-q", "--quiet", is_flag=True, help="Only errors on stderr: no progress, no hints.")
@click.option("--debug", is_flag=True, help="Say everything, with tracebacks of errors.")
@click.pass_context
def yolact(ctx: click.Context, verbose: bool, quiet: bool, debug: bool) -> None:
    """Find the objects in photographs and videos and outline them, with YOLACT.

    Options can also stand in the environment, as YOLACT_ANNOTATE_SCORE_THRESHOLD=0.5 does for
    annotate --score-threshold, or in a file (--config); the command line has the last word.

    Exit codes: 0 done; 1 error; 2 wrong usage; 3 done, but some inputs failed; 130 interrupted;
    143 terminated.
    """
    if quiet and (verbose or debug):
        raise click.UsageError("--quiet contradicts --verbose and --debug.")
    ctx.obj = reporting.Speech(is_quiet=quiet)
    level = logging.DEBUG if debug else logging.INFO if verbose else logging.WARNING
    reporting.listen_to_log(logging.ERROR if quiet else level)


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole program but for what belongs to the process; gives the exit code.

    Commands end with None (0), an exit code, or an error.

    Args:
        arguments: What follows ``yolact``; by default the process's command line.
    """
    try:
        outcome = yolact.main(args=arguments, prog_name="yolact", standalone_mode=False)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        reporting.error("Interrupted.")
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        _let_go_of_stdout()
        return 1
    except OSError as error:
        # Files have names, and errors of their own; a stream that is full has neither.
        if error.filename is not None or error.errno not in {errno.ENOSPC, errno.EIO}:
            raise
        _let_go_of_stdout()
        reporting.error(f"The result cannot be written to standard output ({error.strerror}).")
        return 1
    return outcome if isinstance(outcome, int) else 0


def run() -> NoReturn:
    """The console script: :func:`main`, with the process's signals and the last word on bugs."""
    _open_standard_streams()
    signal.signal(signal.SIGTERM, _terminate)
    sys.excepthook = _report_bug
    sys.exit(main())


def _open_standard_streams() -> None:
    """Put the null device where a standard stream was closed by whoever started the process.

    Otherwise the next file that is opened would get the stream's number, and what libraries print.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _let_go_of_stdout() -> None:
    # The reader has gone. Python flushes stdout once more on the way out, and would complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(_: int, __: FrameType | None) -> NoReturn:
    # SystemExit unwinds, so that locks and half-written files are cleared away.
    raise SystemExit(TERMINATED)


def _report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    sys.__excepthook__(kind, error, trace)
    reporting.error(
        "This is a bug in yolact.",
        remedy="Please report it, with the lines above and the command that led to it.",
    )
