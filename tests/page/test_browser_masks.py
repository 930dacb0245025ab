"""Masks corrected and added in a real browser, by pointer and by keys."""

import numpy as np
import pytest

from yolact_cli.geometry import rle


def mask_of(one, size):
    return rle.decode_mask(one["counts"], tuple(size))


pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_brush_adds_pixels_and_eraser_takes_them_away(window):
    size, (one, *_) = window.picture()["size"], window.picture()["objects"]
    before = mask_of(one, size)
    y, x = (int(values.mean()) for values in np.nonzero(before))
    window.keys("ArrowDown", "b", "[", "[")
    window.drag((x, y), (5, 55))
    window.saved()
    painted = mask_of(window.picture()["objects"][0], size)
    assert painted[55, 5]
    assert (painted | before == painted).all()
    window.keys("e")
    window.drag((5, 55), (6, 55))
    window.saved()
    rubbed = window.picture()["objects"][0]
    assert not mask_of(rubbed, size)[55, 5]
    assert rubbed["state"] == "corrected"
    window.keys("u", "u")
    window.saved()
    assert (mask_of(window.picture()["objects"][0], size) == before).all()


def test_dragging_the_outline_changes_the_mask_there_alone(window):
    size, (one, *_) = window.picture()["size"], window.picture()["objects"]
    before = mask_of(one, size)
    row = one["bbox"][1] + one["bbox"][3] // 2
    right = int(np.nonzero(before[row])[0].max()) + 1
    target = right - 8 if right > 40 else right + 8
    window.keys("ArrowDown", "p")
    window.drag((right, row + 0.5), (target, row + 0.5))
    window.saved()
    now = window.picture()["objects"][0]
    after = mask_of(now, size)
    assert now["state"] == "corrected"
    assert (after != before).any()
    left_half = slice(0, min(target, right) - 12)
    assert (after[:, left_half] == before[:, left_half]).all()


def test_a_missed_object_is_added_with_the_brush(window):
    window.keys("n")
    window.choose_class("dog")
    window.drag((4, 4), (12, 4))
    window.drag((4, 8), (12, 8))
    window.saved()
    added = window.picture()["objects"][-1]
    assert (added["state"], added["category"], added["score"]) == ("added", "dog", None)
    mask = mask_of(added, window.picture()["size"])
    assert mask[4, 8]
    assert mask[8, 8]


def test_a_missed_object_is_added_by_its_outline(window):
    window.keys("Shift+N")
    window.choose_class("cat")
    for point in ((50, 40), (70, 40), (70, 50), (50, 50)):
        window.page.mouse.click(*window.on_screen(*point))
    window.keys("Enter")
    window.saved()
    added = window.picture()["objects"][-1]
    assert added["category"] == "cat"
    left, top, width, height = added["bbox"]
    assert (abs(left - 50), abs(top - 40)) <= (1, 1)
    assert abs(added["area"] - 200) <= 30
    assert abs(width * height - 200) <= 30


def test_everything_is_done_by_keys_alone(window):
    window.keys("ArrowDown", "b", " ", *["ArrowRight"] * 6, " ", "Escape")
    window.saved()
    brushed = window.picture()["objects"][0]
    assert brushed["state"] == "corrected"
    window.keys("p", ".", ".", *["Shift+ArrowDown"] * 2, "Escape")
    window.saved()
    assert window.picture()["objects"][0]["counts"] != brushed["counts"]
    window.keys("Shift+N")
    window.choose_class("person")
    window.keys(" ", *["ArrowRight"] * 9, " ", *["ArrowDown"] * 9, " ", "Enter")
    window.saved()
    assert window.picture()["objects"][-1]["state"] == "added"
    window.keys("ArrowUp", "Delete", "Enter")
    window.wait_shown(2)
    window.keys("Enter")
    window.wait_shown(3)
    window.keys("Enter")
    window.saved()
    assert window.text("#progress-text") == "3 of 3 done"
    assert "Apply" in window.text("#polite")


def test_focus_goes_through_all_controls_and_can_be_seen(window):
    seen = []
    for _ in range(60):
        window.keys("Tab")
        seen.append(window.page.evaluate(
            "[document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]"
        ))  # fmt: skip
    ids = {name for name, _ in seen}
    assert {
        "filter-text",
        "apply",
        "canvas",
        "score",
        "objects",
        "done",
        "strip",
        "undo",
    } - ids <= {"undo"}
    assert {style for name, style in seen if name} == {"solid"}
