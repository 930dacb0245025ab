"""The review page in a real browser, looked through and judged: pytest -m browser tests/page."""

import pytest

SIZE = {"width": 1200, "height": 800}

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_page_is_a_gallery_without_a_single_act(window, served, read_events):
    assert window.text("#picture-name") == "00001.png"
    assert window.page.locator(".strip-item").count() == 3
    assert len(window.objects()) == 3
    window.keys("ArrowRight")
    window.wait_shown(2)
    window.keys("ArrowLeft")
    window.wait_shown(1)
    assert read_events(served.run) == []


def test_token_is_not_in_the_address_any_more(window, served):
    assert window.page.url == f"http://127.0.0.1:{served.port}/"


def test_masks_lie_over_the_picture_and_can_be_hidden(window):
    before = window.page.locator("#canvas").screenshot()
    window.keys("h", "l")
    window.page.wait_for_timeout(300)
    assert window.page.locator("#canvas").screenshot() != before
    assert window.page.get_attribute("#masks", "aria-pressed") == "true"


def test_help_lists_every_key(window):
    window.keys("?")
    window.page.wait_for_selector("#help-dialog[open]")
    shown = window.text("#help-keys")
    for word in ("Next picture", "Undo", "Brush", "track", "Enter", "Shift+N"):
        assert word in shown
    window.keys("Escape")


def test_dark_and_light_follow_the_system_and_the_choice(browser, served, open_window):
    grounds = {}
    for scheme in ("dark", "light"):
        made = browser.new_context(viewport=SIZE, color_scheme=scheme)
        one = open_window(made, served.address)
        ground = "getComputedStyle(document.body).backgroundColor"
        grounds[scheme] = one.page.evaluate(ground)
        one.keys("t")
        grounds[f"{scheme} toggled"] = one.page.evaluate(ground)
        made.close()
    assert grounds["dark"] == grounds["light toggled"] != grounds["light"]
    assert grounds["light"] == grounds["dark toggled"]


def test_filters_leave_what_was_asked_for(window):
    window.keys("/")
    window.page.keyboard.type("0003")
    window.wait_shown(3)
    assert window.text("#filter-count") == "1 of 3"
    window.page.click("#filter-clear")
    window.page.select_option("#filter-verdict", "done")
    assert window.text("#filter-count") == "0 of 3"


def test_zoom_keeps_the_point_under_the_pointer(window):
    window.page.mouse.move(*window.on_screen(40, 30))
    before = window.page.locator("#canvas").screenshot()
    window.page.mouse.wheel(0, -300)
    window.page.wait_for_timeout(200)
    zoomed = window.page.locator("#canvas").screenshot()
    assert zoomed != before
    window.keys("f")
    window.page.mouse.move(5, 5)
    window.page.wait_for_timeout(200)
    assert window.page.locator("#canvas").screenshot() == before


def test_a_run_without_pictures_says_so(tmp_path, make_review_run, serve, browser):
    with serve(make_review_run(tmp_path / "none", pictures=0)) as one:
        made = browser.new_context(viewport=SIZE)
        page = made.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(one.address)
        page.wait_for_selector("#banner:has-text('no labelled pictures')")
        for key in ("ArrowRight", "Enter", "ArrowDown", "a", "b", "n", "1", "?"):
            page.keyboard.press(key)
        assert problems == []
        made.close()


def test_accepting_one_object_accepts_no_other(window, served, read_events):
    window.keys("ArrowDown", "a")
    window.saved()
    assert [one.state for one in window.objects()] == [
        "✓ accepted",
        "not looked at",
        "not looked at",
    ]
    assert [event["kind"] for event in read_events(served.run)] == ["object"]


def test_class_is_changed_by_typing_a_part_of_it(window):
    window.keys("ArrowDown", "c")
    window.choose_class("pers")
    window.saved()
    assert window.picture()["objects"][0]["category"] == "person"
    assert "person" in window.objects()[0].name


def test_a_new_class_is_made_by_typing_it(window):
    window.keys("ArrowDown", "c")
    window.choose_class("axolotl")
    window.saved()
    assert [name for _, name in window.json("api/queue")["categories"][3:]] == ["axolotl"]
    window.keys("ArrowDown", "1")
    window.saved()
    assert [one["category"] for one in window.picture()["objects"][:2]] == ["axolotl"] * 2


def test_rejected_objects_can_be_taken_back(window):
    window.keys("ArrowDown", "x")
    window.saved()
    assert sorted(one["state"] for one in window.picture()["objects"]) == [
        "machine",
        "machine",
        "rejected",
    ]
    assert [one.state for one in window.objects()] == [
        "✕ rejected",
        "not looked at",
        "not looked at",
    ]
    window.keys("x")
    window.saved()
    assert "rejected" not in [one["state"] for one in window.picture()["objects"]]


def test_done_accepts_what_is_visible_and_says_so(window):
    scores = [one["score"] for one in window.picture()["objects"]]
    window.page.locator("#score").fill(str(round(scores[1] - 0.01, 2)))
    assert window.text("#done-hint") == "Accepts the 2 visible; rejects 1 below the slider."
    window.keys("Enter")
    window.wait_shown(2)
    window.saved()
    first = window.picture(1)
    assert first["is_reviewed"]
    assert [one["state"] for one in first["objects"]] == ["accepted", "accepted", "rejected"]
    assert window.text("#progress-text") == "1 of 3 done"
    window.page.focus("#canvas")  # arrow keys were the slider's
    window.keys("ArrowLeft")
    window.wait_shown(1)
    window.keys("Shift+Enter")
    window.saved()
    assert not window.picture(1)["is_reviewed"]


def test_undo_and_redo_go_back_to_where_it_was(window):
    window.keys("ArrowDown", "x")
    window.saved()
    window.keys("Enter")
    window.wait_shown(2)
    window.saved()
    window.keys("Control+z")
    window.wait_shown(1)
    window.saved()
    assert not window.picture(1)["is_reviewed"]
    window.keys("u")
    window.saved()
    assert [one["state"] for one in window.picture(1)["objects"]] == ["machine"] * 3
    window.keys("Control+y", "Control+Shift+Z")
    window.saved()
    assert window.picture(1)["is_reviewed"]
