"""The report of a score: whole, closed to the network, the same each time, safe with any name."""

import importlib.util
import re
from html.parser import HTMLParser

import cv2
import numpy as np

from yolact_cli.cli.main import main

VOID = {"meta", "img", "br"}


class Nesting(HTMLParser):
    """Collects what a page holds, and tags closed in another order than they were opened."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.addresses, self.ids, self.tags = [], [], [], [], []
        self.alone = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self._take(tag, dict(attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self._take(tag, dict(attributes))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def _take(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [attributes[key] for key in ("src", "href") if attributes.get(key)]
        self.ids += [attributes["id"]] if attributes.get("id") else []
        if attributes.get("role") == "img" and not attributes.get("aria-label"):
            self.wrong.append(f"{tag} without words")
        self.wrong += [f"{tag} with {key}" for key in attributes if key.startswith("on")]


def report(scored, *options, predictions=None, name="report.html"):
    given = predictions or [scored.run]
    path = scored.root / name
    command = ["score", *map(str, given), "--truth", str(scored.truth), "--report", str(path)]
    assert main([*command, *map(str, options)]) == 0
    return path.read_text(encoding="utf-8")


def test_the_page_is_well_formed_and_asks_for_nothing_outside(make_scored):
    text = report(make_scored())
    page = Nesting(text)
    assert (page.wrong, page.open) == ([], [])
    assert "script" not in page.tags
    assert len(page.ids) == len(set(page.ids))
    for address in page.addresses:
        assert address.startswith("data:image/jpeg") or address.removeprefix("#") in page.ids
    assert "default-src 'none'" in text
    assert not re.search(r"url\((?!#)", text)


def test_hostile_names_are_shown_as_they_are(make_scored):
    text = report(make_scored())
    assert "<script" not in text
    assert "&lt;script&gt;alert(&quot;class&quot;)&lt;/script&gt;" in text
    assert "&lt;script&gt;alert(1).png" in text
    assert "&quot;onload=&quot;alert(2).png" in text


def test_the_page_has_figures_curves_matrix_and_every_kind_of_mistake(make_scored):
    text = report(make_scored())
    for key in ("figures", "mistakes", "curves", "confusion", "classes", "worst"):
        assert f'<section id="{key}"' in text
    assert text.count('class="chart-svg"') == 4
    for kind in ("Class", "Localisation", "Both", "Duplicate", "Background", "Missed"):
        assert f"<h3>{kind}</h3>" in text
    assert "100% of the 4 predictions are right and 50% of the 8 objects are found" in text


def test_truth_stands_beside_the_prediction(make_scored):
    text = report(make_scored())
    figure = text[text.index("<figure class=mistake>") :]
    figure = figure[: figure.index("</figure>")]
    assert re.search(r"truth</span> <b>cat</b>.*prediction</span> <b>dog 0\.7", figure, re.DOTALL)
    # One picture for both sides.
    assert figure.count("data:image/jpeg") == 1
    assert figure.count("<use href=") == 1
    # What else is there says what it is.
    assert "<title>&lt;script&gt;" in figure


def test_the_same_input_gives_the_same_bytes(make_scored):
    scored = make_scored()
    assert report(scored) == report(scored, name="again.html")


def test_a_run_knows_where_its_pictures_are(make_scored):
    text = report(make_scored())
    assert "data:image/jpeg" in text
    assert "grey ground" not in text


def test_pictures_are_found_below_a_folder(make_scored):
    scored = make_scored()
    (scored.run / "listing.jsonl").unlink()
    assert "data:image/jpeg" in report(scored, "--images", scored.images)


def test_a_file_name_leads_out_of_no_folder(make_scored, tmp_path):
    scored = make_scored(names=("a.png", "b.png"))
    (scored.root / "secret.png").write_bytes((scored.images / "a.png").read_bytes())
    for path in (scored.truth, scored.run / "annotations.json"):
        path.write_text(path.read_text().replace('"a.png"', '"../secret.png"'))
    text = report(scored, "--images", scored.images)
    assert text.count("1 not found") == 1


def test_without_pictures_mistakes_stand_on_a_grey_ground_and_the_page_says_so(make_scored):
    scored = make_scored()
    (scored.run / "listing.jsonl").unlink()
    text = report(scored)
    assert "data:image" not in text
    assert "class=ground" in text
    assert "4 not found. Say where they are with --images DIR." in text


def test_pictures_that_are_damaged_or_of_another_size_are_told_apart(make_scored):
    scored = make_scored(names=("a.png", "b.png", "c.png"))
    (scored.images / "a.png").write_bytes(b"no picture")
    other_size = cv2.imencode(".png", np.zeros((50, 60, 3), np.uint8))[1]
    (scored.images / "b.png").write_bytes(other_size.tobytes())
    page = report(scored)
    assert "1 of another size than in truth and 1 unreadable" in page


def test_boxes_alone_are_enough(make_scored):
    text = report(make_scored(with_masks=False))
    assert "box AP50" in text
    assert "mask AP" not in text
    assert "data:image/jpeg" in text


def test_two_sets_of_predictions_are_compared_and_each_is_shown(make_scored):
    scored = make_scored(names=tuple(f"{number:02d}.png" for number in range(12)))
    text = report(scored, predictions=[scored.run, scored.other])
    page = Nesting(text)
    assert (page.wrong, page.open) == ([], [])
    assert len(page.ids) == len(set(page.ids))
    assert "Masks: A is better" in text
    for key in ("comparison", "a-figures", "b-figures", "a-worst", "b-worst"):
        assert f'<section id="{key}"' in text


def test_no_predictions_at_all_still_make_a_page(make_scored):
    scored = make_scored()
    path = scored.run / "annotations.json"
    path.write_text(re.sub(r'"annotations": \[.*\]', '"annotations": []', path.read_text()))
    text = report(scored)
    assert "Never predicted: 2 of the 2 classes" in text


def test_suggested_thresholds_are_in_the_page(make_scored):
    scored = make_scored(names=tuple(f"{number:02d}.png" for number in range(40)))
    text = report(scored, "--suggest-thresholds", "f1", "--thresholds-file", scored.root / "t.toml")
    assert "Thresholds for f1" in text


def test_many_pictures_keep_the_page_small(make_scored):
    scored = make_scored(names=tuple(f"{number:03d}.png" for number in range(60)))
    text = report(scored)
    assert text.count("<figure class=mistake>") <= 6 * 8
    assert len(text) < 5_000_000


def test_a_file_that_is_there_is_not_replaced_unless_told(make_scored, capsys):
    scored = make_scored()
    path = scored.root / "report.html"
    path.write_text("mine")
    command = ["score", str(scored.run), str(scored.truth), "--report", str(path)]
    assert main(command) == 1
    assert "is there already" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert main([*command, "--overwrite"]) == 0
    assert path.read_text().startswith("<!doctype html>")


def test_without_matplotlib_it_says_how_to_get_it_before_scoring(make_scored, capsys, monkeypatch):
    scored = make_scored()
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "matplotlib" else find(name, *rest),
    )
    path = scored.root / "report.html"
    assert main(["score", str(scored.run), str(scored.truth), "--report", str(path)]) == 1
    captured = capsys.readouterr()
    assert "pip install matplotlib" in captured.err
    assert captured.out == ""
    assert not path.exists()


def test_images_without_a_report_mean_nothing(make_scored, capsys):
    scored = make_scored()
    command = ["score", str(scored.run), str(scored.truth), "--images", str(scored.images)]
    assert main(command) == 2
    assert "--images" in capsys.readouterr().err


def test_any_class_name_can_be_drawn(make_scored):
    names = ("cat", "$\\frac{$", "_hidden", "猫", "a\ud800b", "x" * 500, "\x1b[31m", "مرحبا")
    page = Nesting(report(make_scored(names=("a.png",), classes=names)))
    assert (page.wrong, page.open) == ([], [])
