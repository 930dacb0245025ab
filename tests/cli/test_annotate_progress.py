"""What is said while pictures are labelled."""

import pytest

from yolact_cli.cli.annotate_progress import follow
from yolact_cli.pipelines.annotate_events import BatchDone, Labelled, Listed, Stopped


@pytest.fixture
def said(capsys):
    """``said(20_000)``: what a run of so many pictures says on its way to the end."""

    def run(total):
        listed = Listed(
            total=total,
            videos=0,
            done=0,
            labelled=0,
            other_extensions={},
            unreadable_folders=(),
            earlier_runs=(),
            device="cpu",
        )
        done = BatchDone(done=total, failures=0, new_failures=())
        end = Stopped(done=total, total=total, videos_done=0, videos=0)
        assert follow(listed, iter([done, Labelled(pictures=total), end])) is end
        return capsys.readouterr().err.splitlines()

    return run


def test_what_takes_its_time_at_the_end_of_a_large_run_is_said_after_the_count(said):
    counted, writing = said(20_000)
    assert counted.startswith("20000 of 20000 pictures")
    assert writing == ("All 20,000 pictures are labelled; writing the files about the whole run.")


def test_a_small_run_ends_without_further_words(said):
    assert len(said(20)) == 1
