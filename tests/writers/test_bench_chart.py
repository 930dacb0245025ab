"""The picture of a measurement: well-formed, complete, and legible by day and by night."""

import xml.etree.ElementTree as ElementTree

import pytest

from yolact_cli.writers.bench_chart import Bar, bars_svg

SVG = "{http://www.w3.org/2000/svg}"


def bar(name="decode", wall=4.0, core=6.0, spread=(3.0, 8.0), words="4.00 ms"):
    return Bar(name=name, wall_ms=wall, core_ms=core, spread_ms=spread, words=words)


def drawn(*bars, title="Times", notes=()):
    return ElementTree.fromstring(bars_svg(bars, title=title, notes=notes))


def texts(svg):
    return [one.text for one in svg.iter(f"{SVG}text")]


def test_names_words_and_notes_are_there():
    svg = drawn(bar(), bar("network", words="9.00 ms"), title="Where", notes=["model: a"])
    assert {"Where", "model: a", "decode", "network", "4.00 ms", "9.00 ms"} <= set(texts(svg))
    assert svg.attrib["role"] == "img"
    assert "network 9.00 ms" in svg.attrib["aria-label"]


def test_whatever_a_model_is_called_the_file_is_well_formed():
    name = '<a href="x">&\u0000\u001b]\'"</a>'
    svg = drawn(bar(name), title=name, notes=[name])
    assert any("<a href" in text for text in texts(svg))
    assert svg.find(f".//{SVG}a") is None


@pytest.mark.parametrize("longest", [0.0, 0.004, 1.0, 99.9, 123_456.0])
def test_bars_and_their_spread_stay_within_the_picture(longest):
    svg = drawn(bar(wall=longest, core=longest / 3, spread=(0.0, longest)), bar(wall=0.0))
    width = float(svg.attrib["width"])
    bars = [one for one in svg.iter(f"{SVG}rect") if one.attrib["class"] != "paper"]
    assert all(0 < float(one.attrib["width"]) < width for one in bars)
    ends = [float(one.attrib["x"]) + float(one.attrib["width"]) for one in bars]
    assert max(ends) < width - 100  # the words at a bar's end have room


def test_the_longest_bar_is_in_proportion_to_the_others():
    svg = drawn(bar(wall=10.0, core=5.0), bar(wall=20.0, core=5.0))
    # the first is the legend's
    widths = [
        float(one.attrib["width"]) for one in svg.iter(f"{SVG}rect") if one.get("class") == "wall"
    ][1:]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.2)


def test_long_notes_go_on_in_a_new_line():
    svg = drawn(bar(), notes=["word " * 60])
    assert max(len(text) for text in texts(svg)) <= 104


def test_there_are_colours_for_the_night():
    assert "prefers-color-scheme: dark" in drawn(bar()).find(f"{SVG}style").text
