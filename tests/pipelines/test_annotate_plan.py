"""Dry runs."""

from dataclasses import replace

import pytest

from yolact_cli.errors import OutputExistsError
from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.annotate_plan import plan_annotation


def test_plan_counts_and_writes_nothing(make_request, make_photos) -> None:
    photos = make_photos("a.png", "b/c.png")
    (photos / "notes.txt").write_text("no picture")
    plan = plan_annotation(make_request(photos))
    sizes = sum(path.stat().st_size for path in photos.rglob("*.png"))
    assert (plan.pictures, plan.done, plan.other_files) == (2, 0, 1)
    assert plan.source_bytes == sizes
    assert not (photos.parent / "run").exists()


def test_plan_expects_more_bytes_for_more_files(make_request, make_photos) -> None:
    request = make_request(make_photos("a.png"))
    more = replace(request, write=("coco", "overlay"))
    assert plan_annotation(more).expected_bytes > plan_annotation(request).expected_bytes > 0


def test_plan_of_an_unfinished_run_knows_what_is_done(make_request, make_photos) -> None:
    request = make_request(make_photos("a.png", "b.png", "c.png"))
    list(annotate(request, should_stop=lambda: True))
    plan = plan_annotation(request)
    assert (plan.resumes, plan.pictures, plan.done) == (True, 3, 2)


def test_plan_refuses_what_the_run_would_refuse(make_request, make_photos) -> None:
    request = make_request(make_photos("a.png"))
    list(annotate(request))
    with pytest.raises(OutputExistsError):
        plan_annotation(request)
