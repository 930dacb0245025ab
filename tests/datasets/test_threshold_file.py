"""Thresholds by class, written and read back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.datasets.threshold_file import ThresholdLine, read_thresholds, thresholds_text
from yolact_cli.errors import SettingsError

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), min_size=1, max_size=12)


@pytest.fixture
def write(tmp_path):
    def build(text):
        path = tmp_path / "thresholds.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return build


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return tmp_path_factory.mktemp("thresholds") / "thresholds.toml"


@settings(max_examples=40)
@given(by_class=st.dictionaries(NAMES, st.floats(0, 1)), default=st.none() | st.floats(0, 1))
def test_what_is_written_is_read(written, by_class, default):
    lines = [ThresholdLine(name=name, threshold=one, note="why") for name, one in by_class.items()]
    path = written
    path.write_text(thresholds_text(lines, default=default, head=["Made here."]), encoding="utf-8")
    found = read_thresholds(path)
    assert found.by_class == by_class
    assert found.default == default


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[thresholds]\ncat = 1.5", "'cat' is 1.5"),
        ("[thresholds]\ncat = -0.1", "'cat' is -0.1"),
        ("[thresholds]\ncat = true", "'cat' is True"),
        ("[thresholds]\ncat = nan", "'cat' is nan"),
        ('[thresholds]\ncat = "0.5"', "'cat' is '0.5'"),
        ("default = 2\n[thresholds]", "'default' is 2"),
        ("cat = 0.5", "'cat' is not known"),
        ("default = 0.5", "no table"),
        ("thresholds = 0.5", "no table"),
        ("[thresholds", "not TOML"),
        ("default = " + "1" * 5000, "not TOML"),
        ("default = " + "[" * 10_000, "nested too deeply"),
    ],
)
def test_what_is_no_threshold_is_refused(write, text, problem):
    with pytest.raises(SettingsError, match=problem.replace("[", r"\[")):
        read_thresholds(write(text))


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_thresholds(tmp_path / "none.toml")
