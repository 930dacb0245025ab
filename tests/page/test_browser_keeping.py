"""What is done in a real browser is kept, for videos and for ten thousand pictures too."""

import json
import re
import statistics

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_what_was_done_is_there_after_a_reload(window):
    window.keys("ArrowDown", "x", "Enter")
    window.saved()
    window.page.reload()
    window.wait_shown(2)
    assert window.text("#progress-text") == "1 of 3 done"
    window.keys("u")
    window.wait_shown(1)


def test_a_second_window_that_is_behind_loses_nothing(window, served, context, open_window):
    other = open_window(context, served.address)
    other.keys("ArrowDown", "x")
    other.saved()
    window.keys("ArrowDown", "ArrowDown", "a")
    window.wait_for("#urgent:has-text('another window')")
    assert "✕ rejected" in [one.state for one in window.objects()]
    assert "accepted" not in [one["state"] for one in window.picture()["objects"]]
    window.page.click("#urgent button")
    window.saved()
    assert sorted(one["state"] for one in window.picture()["objects"]) == [
        "accepted",
        "machine",
        "rejected",
    ]
    window.problems = [text for text in window.problems if "409" not in text]


def test_acts_are_kept_while_the_server_is_away(window, context):
    context.set_offline(True)
    window.keys("ArrowDown", "a", "ArrowDown", "x")
    window.page.wait_for_selector("#banner:has-text('2 changes are kept')")
    context.set_offline(False)
    window.saved()
    assert sorted(one["state"] for one in window.picture()["objects"]) == [
        "accepted",
        "machine",
        "rejected",
    ]
    assert window.page.locator("#banner").is_hidden()
    window.problems = [text for text in window.problems if "ERR_INTERNET" not in text]


def test_acts_that_were_not_sent_are_sent_by_the_next_page(window, context, served, open_window):
    context.set_offline(True)
    window.keys("ArrowDown", "x")
    window.page.wait_for_selector("#banner:not([hidden])")
    window.page.close(run_before_unload=False)
    context.set_offline(False)
    next_one = open_window(context, served.address)
    next_one.saved()
    assert "rejected" in [one["state"] for one in next_one.picture()["objects"]]
    window.problems = []


def test_pictures_that_are_gone_are_told_and_the_rest_goes_on(
    tmp_path, run_folder, serve, context, open_window
):
    (tmp_path / "01.png").rename(tmp_path / "gone")
    with serve(run_folder) as one:
        window = open_window(context, one.address)
        window.page.wait_for_selector("#urgent .note")
        assert "--images" in window.text("#urgent")
        assert len(window.objects()) == 3
        window.keys("ArrowDown", "a", "Enter")
        window.wait_shown(2)
        window.saved()
        assert window.picture(1)["is_reviewed"]


def test_apply_writes_what_was_marked_done(window, served):
    window.page.click("#apply")
    window.page.wait_for_selector("#urgent .note:has-text('no picture is marked done')")
    window.keys("ArrowDown", "x", "Enter")
    window.saved()
    window.page.click("#apply")
    window.page.wait_for_selector("#polite .note:has-text('2 objects in 1 picture')")
    written = json.loads((served.run / "reviewed.json").read_text())
    assert [one["file_name"] for one in written["images"]] == ["00001.png"]
    assert len(written["annotations"]) == 2
    window.problems = [text for text in window.problems if "422" not in text]


def test_a_track_is_accepted_and_relabelled_in_one_stroke(
    tmp_path, make_review_run, make_clip, serve, context, open_window
):
    run = make_review_run(tmp_path / "video", pictures=1, clip=make_clip())
    with serve(run) as one:
        window = open_window(context, one.address)
        assert window.page.locator(".strip-item.begins-video").count() == 1
        window.keys("End")
        window.wait_shown(7)
        window.keys("ArrowDown", "Shift+A")
        window.saved()
        window.keys("ArrowDown", "Shift+C")
        window.choose_class("zebra")
        window.saved()
        for frame in range(2, 8):
            objects = window.picture(frame)["objects"]
            assert [one["state"] for one in objects] == ["accepted", "corrected"]
            assert objects[1]["category"] == "zebra"
        window.keys("u")
        window.saved()
        assert window.picture(3)["objects"][1]["state"] == "machine"
        window.keys("Shift+D")
        window.saved()
        assert window.text("#progress-text") == "6 of 7 done"
        assert window.problems == []


TIME_KEY = """async key => {
  const canvas = document.getElementById("canvas");
  const shown = new Promise(resolve => new MutationObserver((_, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now()));
  }).observe(canvas, { attributeFilter: ["data-shown"] }));
  const began = performance.now();
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return await shown - began;
}"""


def test_next_picture_is_there_within_100_ms_at_ten_thousand(
    tmp_path, make_review_run, serve, context, open_window
):
    run = make_review_run(tmp_path / "many", pictures=10_000, size_hw=(480, 640))
    with serve(run) as one:
        window = open_window(context, one.address)
        assert window.text("#filter-count") == "10000 pictures"
        times = {"ArrowRight": [], "Enter": []}
        for key in ("ArrowRight", "Enter") * 20:
            window.page.wait_for_timeout(300)  # nobody judges a picture quicker
            times[key].append(window.page.evaluate(TIME_KEY, key))
        window.saved()
        assert window.page.locator(".strip-item").count() < 40
        for key, measured in times.items():
            measured.sort()
            print(
                f"{key}: median {statistics.median(measured):.0f} ms, worst {measured[-1]:.0f} ms"
            )
            assert statistics.median(measured) < 100  # the worst are other programs' doing
        window.keys("End")
        window.wait_shown(10_000)
        assert re.match(r"10000 of 10000", window.text("#picture-facts"))
        assert window.problems == []
