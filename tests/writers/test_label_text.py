"""Text on pictures."""

import numpy as np
import pytest

from yolact_cli.writers.label_text import LabelFont


@pytest.fixture
def drawn():
    def draw(text, size_px=24):
        font = LabelFont(size_px)
        width, height = font.chip_size_wh(text)
        image = np.zeros((height, width, 3), np.uint8)
        font.draw_chip(image, text, corner_xy=(0, 0), colour=(0, 0, 0), ink=(255, 255, 255))
        return image

    return draw


@pytest.mark.parametrize("letter", list("üßéÅñçŁžşλЖא人猫かカ한…"))
def test_letters_of_many_scripts_are_drawn_as_themselves(drawn, letter):
    missing = drawn("\uffff")

    image = drawn(letter)

    assert image.any()
    assert image.shape != missing.shape or (image != missing).any()


@pytest.mark.parametrize("size_px", [10, 12, 23, 40])
def test_text_lies_inside_its_chip(drawn, size_px):
    image = drawn("Ågjpqy|0.99", size_px)

    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert not edge.any()


def test_name_is_cut_to_the_room_and_the_score_stays():
    font = LabelFont(12)

    text = font.fitting_text("a very long name indeed", "0.93", room_px=120)

    assert text.startswith("a very")
    assert text.endswith("… 0.93")
    assert font.chip_size_wh(text)[0] <= 120


def test_name_that_fits_stays_whole():
    assert LabelFont(12).fitting_text("cat", "0.93", room_px=120) == "cat 0.93"


def test_score_stays_where_no_letter_of_the_name_fits():
    assert LabelFont(12).fitting_text("cat", "0.93", room_px=5) == "0.93"


def test_font_never_gets_too_small_to_read():
    assert LabelFont(3).size_px == 10
