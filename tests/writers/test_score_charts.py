"""The charts of a score: text that can be read, ids of their own, colours of the page."""

import re

import numpy as np
import pytest

from yolact_cli.writers.score_charts import chart_svg
from yolact_cli.writers.score_records import (
    Change,
    ChangesChart,
    Line,
    LineChart,
    MatrixChart,
    ReliabilityChart,
)

NAN = float("nan")


def line_chart(names=("one", "two"), **fields):
    x = np.linspace(0, 1, 5)
    lines = tuple(
        Line(name=name, x=x, y=x, kind=kind)
        for name, kind in zip(names, ("main", "second"), strict=True)
    )
    return LineChart(title="T", words="W", axes=("across", "up"), lines=lines, **fields)


def matrix(names=("cat", "background"), counts=((3, 1), (123456, 0))):
    return MatrixChart(title="T", words="W", names=names, counts=np.array(counts))


def reliability(count):
    means = np.where(np.array(count) > 0, 0.5, NAN)
    edges = np.linspace(0, 1, len(count) + 1)
    return ReliabilityChart(
        title="T", words="W", edges=edges, count=np.array(count), mean_score=means, precision=means
    )


def changes(*given):
    return ChangesChart(title="T", words="W", axis="B minus A", changes=given)


CHARTS = [
    line_chart(mark=(0.9, "0.90")),
    LineChart(title="T", words="W", axes=("x", "y"), lines=()),
    matrix(),
    matrix(names=("background",), counts=((0,),)),
    reliability([0, 4]),
    reliability([0, 0]),
    changes(Change(name="cat", change=0.1, low=0.05, high=0.2, is_certain=True)),
    changes(Change(name="cat", change=0.1, low=NAN, high=NAN, is_certain=False)),
    changes(),
]


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_has_the_pages_colours_and_ids_of_its_own(chart):
    svg = chart_svg(chart, "key-0")
    assert svg.startswith("<svg viewBox=")
    assert svg.endswith("</svg>")
    assert 'aria-label="T. W"' in svg
    assert "var(--ink)" in svg
    assert not re.search(r"#0a0b\d\d|<style|<metadata|http", svg.replace("http://www.w3.org", ""))
    assert set(re.findall(r'\bid="([^"-]+)', svg)) <= {"key"}
    for used in re.findall(r'(?:url\(|href=")#([^")]+)', svg):
        assert f'id="{used}"' in svg


def test_the_same_chart_is_the_same_text():
    assert chart_svg(CHARTS[0], "a") == chart_svg(CHARTS[0], "a")


def test_a_users_own_style_of_charts_changes_nothing():
    import matplotlib

    before = chart_svg(CHARTS[2], "a")
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path"}):
        assert chart_svg(CHARTS[2], "a") == before
        assert matplotlib.rcParams["font.size"] == 30


def test_names_are_text_whatever_is_in_them():
    names = ("$x$ <b>", "_hidden")
    svg = chart_svg(line_chart(names), "a")
    assert "$x$ &lt;b&gt;" in svg
    assert "_hidden" in svg
    for name in ("\ud800", "\x1b[0m", "猫", "مرحبا", "", "x" * 300, "$\\frac{$"):
        assert "<svg" in chart_svg(matrix(names=(name, "background")), "a")


def test_large_counts_are_shortened_to_fit_their_cell():
    svg = chart_svg(matrix(), "a")
    assert ">123k</text>" in svg
    assert ">3</text>" in svg
