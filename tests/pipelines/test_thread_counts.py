"""Array libraries keep to one thread while pictures are labelled."""

import cv2
import numpy as np  # noqa: F401 - its libraries are what is asked about
import pytest
from threadpoolctl import threadpool_info

from yolact_cli.pipelines.annotate import annotate
from yolact_cli.thread_counts import one_thread_for_arrays


def blas_threads() -> set[int]:
    return {
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    }


@pytest.fixture
def two_threads():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    yield
    cv2.setNumThreads(before)


def test_a_run_takes_one_thread_and_gives_the_others_back(two_threads, make_photos, make_request):
    before = blas_threads()
    for _ in annotate(make_request(make_photos("a.png"))):
        assert (cv2.getNumThreads(), blas_threads()) == (1, {1})
    assert (cv2.getNumThreads(), blas_threads()) == (2, before)


def test_threads_are_given_back_after_an_error(two_threads):
    with pytest.raises(ZeroDivisionError), one_thread_for_arrays():
        1 / 0  # noqa: B018 - raises
    assert cv2.getNumThreads() == 2
