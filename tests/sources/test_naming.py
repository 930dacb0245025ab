"""Names of pictures are safe below any folder and never shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.sources.naming import NameBook, safe_name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b.jpg", "a/b.jpg"),
        ("/etc/passwd", "etc/passwd"),
        ("../../x.jpg", "x.jpg"),
        ("a/../b.jpg", "a/b.jpg"),
        ("./x.jpg", "x.jpg"),
        ("//x.jpg", "x.jpg"),
        ("..", "picture"),
        ("caf\udce9.jpg", "caf%E9.jpg"),
        ("line\nbreak.jpg", "line%0Abreak.jpg"),
        ("\x1b[31m.jpg", "%1B[31m.jpg"),
        ("café ☕.jpg", "café ☕.jpg"),
    ],
)
def test_a_name_is_relative_printable_text(path, name):
    assert safe_name(path) == name


@given(st.text())
def test_no_text_leads_out_of_a_folder(text):
    name = safe_name(text)
    assert name
    assert not name.startswith("/")
    assert ".." not in name.split("/")
    assert "\0" not in name


@given(
    st.lists(st.tuples(st.sampled_from(["x.jpg", "X.JPG", "a/x.jpg", "a-2/x.jpg"]), st.just("a")))
)
def test_names_are_unique_without_regard_to_case(claims):
    book = NameBook()
    names = [book.claim(*claim).casefold() for claim in claims]
    assert len(set(names)) == len(names)


def test_the_first_keeps_its_name_and_later_ones_get_their_folder():
    book = NameBook()
    names = [book.claim("x.jpg", folder) for folder in ("one", "two", "two", "two")]
    assert names == ["x.jpg", "two/x.jpg", "two-2/x.jpg", "two-3/x.jpg"]


def test_names_that_differ_in_case_or_composition_only_are_told_apart():
    book = NameBook(["cafe\u0301.jpg"])
    assert book.claim("CAF\u00c9.jpg", "b") == "b/CAF\u00c9.jpg"


def test_names_of_an_earlier_listing_are_taken():
    assert NameBook(["x.jpg"]).claim("x.jpg", "b") == "b/x.jpg"


def test_a_source_at_the_root_has_no_folder_name():
    book = NameBook(["x.jpg"])
    assert book.claim("x.jpg", "") == "source-2/x.jpg"


def test_a_name_is_never_the_folder_of_another():
    book = NameBook(["known.mp4/000000.png"])
    assert book.claim("clip.mp4", "videos") == "clip.mp4"
    assert book.claim("Clip.mp4/000000.png", "frames") == "frames/Clip.mp4/000000.png"
    assert book.claim("known.mp4", "videos") == "videos/known.mp4"
    assert book.claim("a/b/c.jpg", "x") == "a/b/c.jpg"
    assert book.claim("a", "y") == "y/a"
