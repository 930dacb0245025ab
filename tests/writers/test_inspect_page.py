"""The page of an inspection and its sheets: whole, closed to the network, true to their numbers."""

import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from yolact_cli.settings import LabelSettings
from yolact_cli.traces import (
    GrowthStep,
    Inspection,
    MaskTerm,
    MaskTrace,
    SuppressionTrace,
    TracedAnchor,
)
from yolact_cli.writers.colour_maps import share_colours, signed_colours
from yolact_cli.writers.inspect_figures import inspection_pngs
from yolact_cli.writers.inspect_page import inspection_page
from yolact_cli.writers.inspect_record import inspection_record
from yolact_cli.writers.inspect_words import signed, why_it_went

VOID = {"meta", "img"}


def anchor(index, fate="overlap", **fields):
    values = {
        "anchor_index": index,
        "level": 4,
        "row": 2,
        "column": 3,
        "shape": 0,
        "class_id": 1,
        "score": 0.5,
        "box": (0.1, 0.1, 0.6, 0.7),
        "iou": 0.8,
        "fate": fate,
    }
    return TracedAnchor(**(values | fields))


@pytest.fixture
def make_inspection(make_detections, make_picture):
    """An inspection of the first of three ellipses, with four prototypes."""

    def build(*, size_hw=(60, 80), beaten=None, **fields):
        detections = make_detections(3, size_hw=size_hw)
        first = detections.instances[0]
        rng = np.random.default_rng(0)
        step = GrowthStep(
            terms=4,
            iou=1.0,
            area_px=first.area_px,
            rle_counts=first.rle_counts,
            mask_logits=rng.normal(0, 2, (12, 12)).astype(np.float32),
        )
        empty = replace(step, terms=1, iou=0.0, area_px=0, rle_counts=None)
        terms = tuple(
            MaskTerm(prototype=k, coefficient=0.5 - k / 3, push=0.5 - k / 3, strength=1.0)
            for k in range(4)
        )
        soft = rng.uniform(0, 1, size_hw).astype(np.float32)
        values = {
            "name": "a.jpg",
            "size_hw": size_hw,
            "preview": make_picture(*np.maximum(size_hw, 2))[: size_hw[0], : size_hw[1]],
            "model": "tiny",
            "class_names": ("cat", "dog", "person"),
            "settings": LabelSettings(),
            "instances": detections.instances,
            "number": 1,
            "prototypes": rng.uniform(0, 2, (12, 12, 4)).astype(np.float32),
            "mask": MaskTrace(terms=terms, growth=(empty, step)),
            "soft_mask": soft,
            "soft_mask_cropped": soft * (soft > 0.5),
            "suppression": SuppressionTrace(
                winner=anchor(5, "won", iou=1.0),
                beaten=(anchor(7),) if beaten is None else tuple(beaten),
                entered=9,
            ),
        }
        return Inspection(**(values | fields))

    return build


class Nesting(HTMLParser):
    """Collects tags that are closed in another order than they were opened."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.addresses = [], [], []

    def handle_starttag(self, tag, attributes):
        self.addresses += [v for k, v in attributes if k in ("src", "href") and v]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.addresses += [v for k, v in attributes if k in ("src", "href") and v]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_page_is_well_formed_and_asks_for_nothing_outside(make_inspection):
    text = inspection_page(make_inspection()).decode()
    page = Nesting()
    page.feed(text)
    assert (page.wrong, page.open) == ([], [])
    assert page.addresses
    assert all(one.startswith("data:image/") for one in page.addresses)
    assert "default-src 'none'" in text
    assert "<script" not in text


def test_names_cannot_become_markup(make_inspection):
    names = ("<b>cat</b>", '"><script>x</script>', "person")
    text = inspection_page(make_inspection(name="<i>a.jpg", class_names=names)).decode()
    assert "<script" not in text
    assert "<i>a.jpg" not in text
    assert "&lt;i&gt;a.jpg" in text


def test_a_name_in_a_broken_encoding_is_escaped(make_inspection):
    assert rb"a\udcff.jpg" in inspection_page(make_inspection(name="a\udcff.jpg"))


def test_the_page_says_why_each_anchor_went(make_inspection):
    rivals = (
        anchor(7, beaten_by=5),
        anchor(8, "chain", beaten_by=7, beaten_by_iou=0.61, iou=0.2),
        anchor(9, "rank"),
        anchor(10, "faint", score=0.1),
    )
    text = inspection_page(make_inspection(beaten=rivals)).decode()
    assert "overlaps the winner by 0.80, more than 0.5" in text
    assert "overlaps number 1 by 0.61; that one went itself" in text
    assert "not among the 200 best" in text
    assert "its score is not above 0.3" in text


def test_a_chain_to_an_anchor_that_is_not_listed_is_told_too(make_inspection):
    one = anchor(8, "chain", beaten_by=77, beaten_by_iou=0.61)
    assert why_it_went(one, make_inspection(), {}).startswith("overlaps another anchor by 0.61")


def test_anchors_beyond_what_can_be_read_are_counted(make_inspection):
    rivals = [anchor(index) for index in range(10, 60)]
    assert "10 more are in inspect.json" in inspection_page(make_inspection(beaten=rivals)).decode()


def test_an_object_that_nothing_gave_way_to_has_a_page(make_inspection):
    assert b"<p>None.</p>" in inspection_page(make_inspection(beaten=()))


@pytest.mark.parametrize("size_hw", [(60, 80), (5, 900), (900, 5), (1, 1)])
def test_pictures_of_any_shape_can_be_drawn(make_inspection, make_detections, size_hw):
    inspection = make_inspection(size_hw=size_hw)
    for name, data in inspection_pngs(inspection).items():
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None, name
    assert inspection_page(inspection)


def test_numbers_that_are_none_can_be_drawn(make_inspection):
    inspection = make_inspection()
    inspection.prototypes[2, 2] = np.nan
    inspection.prototypes[3, 3] = np.inf
    inspection.mask.growth[0].mask_logits[1, 1] = np.nan
    assert inspection_pngs(inspection)
    assert inspection_page(inspection)


def test_a_prototype_without_a_trace_is_called_silent(make_inspection):
    inspection = make_inspection()
    inspection.prototypes[:, :, 2] = 0
    assert inspection_page(inspection).count(b"<small>silent here") == 1


def test_the_record_holds_the_numbers_of_the_page(make_inspection):
    record = inspection_record(make_inspection())
    assert [one["prototype"] for one in record["terms"]] == [0, 1, 2, 3]
    assert record["growth"][-1]["iou"] == 1
    assert record["gave_way"][0]["box_xyxy"] == [8.0, 6.0, 48.0, 42.0]
    assert record["anchor"]["level"] == "P4"


def test_zero_is_the_middle_of_the_signed_colours():
    colours = signed_colours(np.array([[-9, -1, 0, 1, 9]], np.float32), limit=1.0).astype(int)
    assert np.ptp(colours[0, 2]) <= 2
    assert (colours[0, 0] == colours[0, 1]).all()
    assert colours[0, 1, 2] > colours[0, 1, 0]
    assert colours[0, 3, 0] > colours[0, 3, 2]


def test_shares_grow_lighter():
    colours = share_colours(np.array([[0.0, 0.5, 1.0]], np.float32)).astype(int)
    assert (np.diff(colours[0].sum(axis=1)) > 0).all()


@pytest.mark.parametrize(
    ("value", "text"), [(0.004, "0.00"), (-0.004, "0.00"), (-0.5, "-0.50"), (1.0, "+1.00")]
)
def test_signs_stand_only_where_there_is_something(value, text):
    assert signed(value) == text


@pytest.mark.slow
def test_a_browser_shows_the_page_without_a_complaint(make_inspection, chromium, tmp_path):
    (tmp_path / "page.html").write_bytes(inspection_page(make_inspection()))
    switches = (
        "headless no-sandbox disable-gpu disable-dev-shm-usage enable-logging=stderr dump-dom"
    )
    command = [chromium, *(f"--{one}" for one in switches.split())]
    done = subprocess.run(
        [*command, f"--user-data-dir={tmp_path / 'profile'}", (tmp_path / "page.html").as_uri()],
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert "The anchors that gave way" in done.stdout
    assert re.findall(r".*CONSOLE.*", done.stderr) == []
