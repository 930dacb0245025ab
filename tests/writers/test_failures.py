"""The list of failures."""

import csv
import io

import pytest

from yolact_cli.structures import Failure
from yolact_cli.writers.failures import write_failures


@pytest.fixture
def failure():
    return Failure(
        picture_id=3,
        name='b "c"/é,\n.jpg',
        stage="decode",
        error="UnreadablePictureError",
        message="not a JPEG; rename it, or leave it out.",
    )


def rows(store):
    return list(csv.reader(io.StringIO(store.read_bytes("failures.csv").decode(), newline="")))


def test_every_failure_has_a_line_that_reads_back(store, failure):
    assert write_failures(store, iter([failure, failure])) == 2

    line = ["3", failure.name, "decode", "UnreadablePictureError", failure.message]
    assert rows(store) == [["id", "name", "stage", "error", "message"], line, line]


def test_no_failures_leave_no_file(store):
    assert write_failures(store, []) == 0
    assert store.list_files() == []


def test_stale_file_is_removed_when_nothing_failed_this_time(store, failure):
    write_failures(store, [failure])

    write_failures(store, [])

    assert store.list_files() == []


def test_name_that_is_no_utf8_is_escaped(store):
    failure = Failure(picture_id=1, name="\udcff.jpg", stage="decode", error="E", message="m")

    write_failures(store, [failure])

    assert rows(store)[1][1] == "\\udcff.jpg"


@pytest.mark.parametrize("name", ["=1+1.jpg", "+a.jpg", "-2.jpg", "@b.jpg", "\t=c.jpg", "\r=d.jpg"])
def test_name_that_a_spreadsheet_would_calculate_is_text(store, name):
    message = f"{name}: the file is empty."
    failure = Failure(picture_id=1, name=name, stage="decode", error="E", message=message)

    write_failures(store, [failure])

    assert rows(store)[1] == ["1", f"'{name}", "decode", "E", f"'{message}"]
