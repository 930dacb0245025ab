"""Names in files that came back, and the run's pictures they mean."""

import pytest

from yolact_cli.pipelines.picture_names import match_names


@pytest.mark.parametrize(
    ("wanted", "known", "found"),
    [
        pytest.param("a/1.jpg", ["a/1.jpg", "b/1.jpg"], "a/1.jpg", id="whole"),
        pytest.param("./a/1.jpg", ["a/1.jpg", "b/1.jpg"], "a/1.jpg", id="dot"),
        pytest.param("images/a/1.jpg", ["a/1.jpg", "b/1.jpg"], "a/1.jpg", id="folder before"),
        pytest.param("1.jpg", ["a/1.jpg", "b/2.jpg"], "a/1.jpg", id="last part"),
        pytest.param("a/1", ["a/1.jpg", "b/1.jpg"], "a/1.jpg", id="no extension"),
        pytest.param("1.jpg", ["a/1.jpg", "b/1.jpg"], None, id="two of them"),
        pytest.param("2.jpg", ["a/1.jpg"], None, id="unknown"),
        pytest.param("x.png", ["x.jpg"], "x.jpg", id="another extension"),
    ],
)
def test_name_means_a_picture_only_where_it_can_be_no_other(wanted, known, found):
    assert match_names([wanted], known).found.get(wanted) == found


def test_names_that_fit_several_or_none_are_told_apart():
    match = match_names(["1.jpg", "9.jpg"], ["a/1.jpg", "b/1.jpg"])
    assert match.unknown == ("9.jpg",)
    assert match.ambiguous == {"1.jpg": "1.jpg could be a/1.jpg, but also b/1.jpg"}


def test_two_names_for_one_picture_are_ambiguous():
    match = match_names(["x/1.jpg", "y/1.jpg"], ["1.jpg"])
    assert match.found == {}
    assert set(match.ambiguous) == {"x/1.jpg", "y/1.jpg"}


def test_whole_name_goes_before_the_same_last_part():
    match = match_names(["1.jpg", "a/1.jpg"], ["a/1.jpg", "b/1.jpg"])
    assert match.found == {"a/1.jpg": "a/1.jpg", "1.jpg": "b/1.jpg"}
