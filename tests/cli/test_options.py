"""Settings: their order of precedence, and files that cannot be followed."""

from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from yolact_cli.cli.main import COMMANDS, LazyGroup
from yolact_cli.cli.options import (
    CommaList,
    MemorySize,
    Number,
    TimeSpan,
    classes_option,
    config_option,
)


@click.command()
@config_option
@click.option("--score-threshold", type=float, default=0.3)
@click.option("--batch-size", type=int, default=1)
@click.option("--recursive/--no-recursive", default=True)
@click.option("--write", type=CommaList(("coco", "masks")), default="coco")
@classes_option
def annotate(score_threshold, batch_size, recursive, write, classes):
    click.echo(f"{score_threshold} {batch_size} {recursive} {write} {classes}")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command with a settings file: ``run(toml, *arguments, env={})``."""
    monkeypatch.setattr(LazyGroup, "get_command", lambda self, ctx, name: annotate)
    group = LazyGroup("yolact", context_settings={"auto_envvar_prefix": "YOLACT"})

    def invoke(toml, *arguments, env=None):
        path = tmp_path / "settings.toml"
        path.write_text(toml)
        options = ["annotate", "--config", str(path), *arguments]
        return CliRunner().invoke(group, options, env=env)

    return invoke


def test_a_file_gives_the_defaults(run):
    toml = 'score-threshold = 0.5\nbatch_size = 4\nrecursive = false\nclasses = ["cat", "dog"]'
    assert run(toml).output == "0.5 4 False ('coco',) ('cat', 'dog')\n"


def test_the_environment_goes_before_the_file(run):
    outcome = run("batch-size = 4", env={"YOLACT_ANNOTATE_BATCH_SIZE": "5"})
    assert outcome.output.startswith("0.3 5 ")


def test_the_command_line_goes_before_the_environment(run):
    environment = {"YOLACT_ANNOTATE_BATCH_SIZE": "5"}
    outcome = run("batch-size = 4", "--batch-size", "6", env=environment)
    assert outcome.output.startswith("0.3 6 ")


def test_tables_of_other_commands_are_passed_over(run):
    outcome = run("batch-size = 2\n[annotate]\nbatch-size = 3\n[train]\nepochs = 3")
    assert outcome.output.startswith("0.3 3 ")


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (
            "batchsize = 4",
            "'batchsize' is no option of 'yolact annotate'. Did you mean 'batch-size'?",
        ),
        ("config = 'x'", "'config' is no option"),
        ("[colours]\nred = 1", "'colours' is no option"),
        ("annotate = 4", "'annotate' is no option"),
        ("recursive = 'no'", "'recursive' is 'no'. It takes true or false"),
        ("batch-size = true", "'batch-size' is True. It takes a value, as on the command line."),
        ("batch-size = ", "not TOML"),
        ("batch-size = [1, 2]", "'batch-size' is [1, 2]. It takes a value, as on the command"),
        ("write = [['coco']]", "'write' is [['coco']]. It takes names or numbers in a list."),
        ("write = ['coco', {a = 1}]", "It takes names or numbers in a list."),
    ],
)
def test_files_that_cannot_be_followed_are_refused(run, toml, sentence):
    outcome = run(toml)
    assert outcome.exit_code == 2
    assert sentence in outcome.stderr


def test_a_byte_order_mark_before_the_settings_is_passed_over(run):
    assert run("\ufeffbatch-size = 3").exit_code == 0


def test_values_are_checked_as_on_the_command_line(run):
    outcome = run("batch-size = 0.5")
    assert outcome.exit_code == 2
    assert "'0.5' is not a valid integer" in outcome.stderr


def test_a_missing_file_is_a_sentence(run, tmp_path):
    outcome = run("", "--config", str(tmp_path / "none.toml"))
    assert outcome.exit_code == 2
    assert "cannot be read" in outcome.stderr


def test_names_are_split_and_each_kept_once(run):
    assert "('cat', 'dog')" in run("", "--classes", "cat, dog,,cat").output


@pytest.mark.parametrize("value", ["", ",", " , ", "  "])
def test_a_list_of_classes_that_names_none_is_refused(run, value):
    outcome = run("", "--classes", value)
    assert outcome.exit_code == 2
    assert "It names no class; leave it out for all classes." in outcome.stderr


def test_an_empty_list_of_classes_in_a_file_is_refused(run):
    assert run("classes = []").exit_code == 2


def test_unknown_choices_are_refused(run):
    outcome = run("", "--write", "coco,mask")
    assert "'mask' is not one of coco, masks." in outcome.stderr


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("90", 90), ("1.5", 1.5), ("1:30", 90), ("0:01:30.25", 90.25), ("61:00", 3660)],
)
def test_times_are_seconds_or_as_players_show_them(text, seconds):
    assert TimeSpan().convert(text, None, None) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-1", "1:60", "1:-2", "1:2:3:4", "1.5:00", "nan", "inf"]
)
def test_what_is_no_time_is_wrong_usage(text):
    with pytest.raises(click.BadParameter, match="no time"):
        TimeSpan().convert(text, None, None)


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-inf", "1e999", "2", "-0.1", "half"])
def test_a_number_that_is_none_or_out_of_its_range_is_refused(text):
    with pytest.raises(click.BadParameter, match=r"number|range|float"):
        Number(0, 1).convert(text, None, None)


@pytest.mark.parametrize("text", ["inf", "nan"])
def test_a_number_without_an_upper_end_is_finite_nevertheless(text):
    with pytest.raises(click.BadParameter, match=f"'{text}' is no number"):
        Number(0).convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("4GiB", 4 << 30),
        ("800MB", 800_000_000),
        ("800 mb", 800_000_000),
        ("1.5G", 1_500_000_000),
        ("100000KiB", 100_000 << 10),
        ("67108864", 1 << 26),
        (" 2 tib ", 2 << 40),
    ],
)
def test_memory_is_given_in_the_units_people_write(text, size_bytes):
    assert MemorySize().convert(text, None, None) == size_bytes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("4", "mind the unit"),
        ("63MB", "mind the unit"),
        ("-1GB", "mind the unit"),
        ("much", "is no size"),
        ("", "is no size"),
        ("4 GiBs", "is no size"),
        ("nan", "is no size"),
        ("infGB", "is no size"),
        ("1e9999", "is no size"),
    ],
)
def test_what_is_no_amount_of_memory_is_refused(text, sentence):
    with pytest.raises(click.BadParameter, match=sentence):
        MemorySize().convert(text, None, None)


def options_of_all_commands():
    """Every option with its command, those of subcommands too."""
    commands = []
    for place, _ in COMMANDS.values():
        module, attribute = place.split(":")
        command = getattr(import_module(module), attribute)
        commands += command.commands.values() if isinstance(command, click.Group) else [command]
    return [
        pytest.param(option, id=f"{command.name} {option.opts[-1]}")
        for command in commands
        for option in command.params
        if isinstance(option, click.Option)
    ]


ALL_OPTIONS = options_of_all_commands()


@pytest.mark.parametrize(
    "option", [one for one in ALL_OPTIONS if isinstance(one.values[0].type, click.FloatRange)]
)
def test_no_command_takes_nan_for_a_number(option):
    with pytest.raises(click.BadParameter, match="no number"):
        option.type.convert("nan", option, None)


@pytest.mark.parametrize("option", ALL_OPTIONS)
def test_options_that_commands_share_are_spelt_alike(option):
    short = {"--output": "-o", "--model": "-m"}
    assert all(short[name] in option.opts for name in option.opts if name in short)
    if "--device" in option.opts:
        assert option.metavar.startswith("auto|cpu|cuda[:N]|mps")
    is_folder = isinstance(option.type, click.Path) and not option.type.file_okay
    if is_folder or "--output" in option.opts:
        assert option.metavar in ("DIR", "RUN")
