"""The report of a score in a real browser, from disk: pytest -m browser tests/score_report."""

import pytest

from yolact_cli.cli.main import main

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def pages(make_scored):
    """The page of one set of predictions, and that of two."""
    scored = make_scored()
    pages = []
    for name, given in (("one", [scored.run]), ("two", [scored.run, scored.other])):
        path = scored.root / f"{name}.html"
        command = ["score", *map(str, given), "--truth", str(scored.truth), "--report", str(path)]
        assert main(command) == 0
        pages.append(path)
    return pages


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_the_report_opens_from_disk_without_error_or_request(browser, pages, width, scheme):
    for path in pages:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
        )
        page = context.new_page()
        problems, requests = [], []
        page.on("console", lambda message: problems.append(message.text))  # noqa: B023
        page.on("pageerror", lambda error: problems.append(str(error)))  # noqa: B023
        page.on("dialog", lambda dialog: problems.append(dialog.message))  # noqa: B023
        page.on("request", lambda request: requests.append(request.url))  # noqa: B023
        page.goto(path.as_uri())
        page.wait_for_load_state("load")
        assert problems == []
        outside = [url for url in requests if not url.startswith("data:image/jpeg")]
        assert outside == [path.as_uri()]
        fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert page.evaluate(fits)
        context.close()


def test_pictures_and_charts_are_really_drawn(browser, pages):
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.goto(pages[0].as_uri())
    sizes = page.evaluate(
        "[...document.querySelectorAll('svg')].map(one => one.getBoundingClientRect().height)"
    )
    assert min(sizes) > 50
    # The used copy has the picture's pixels: its middle is no blank card.
    for side in ("truth", "predicted"):
        svg = page.locator(f".{side} svg").first
        svg.scroll_into_view_if_needed()
        assert len(set(svg.screenshot())) > 200
    colours = page.evaluate(
        "[...document.querySelectorAll('.chart-svg text')].map(one => getComputedStyle(one).fill)"
    )
    assert set(colours) <= {"rgb(28, 32, 38)", "rgb(255, 255, 255)", "rgb(92, 101, 112)"}
    page.close()


def test_the_report_prints_in_dark_ink_on_white(browser, pages):
    page = browser.new_page(color_scheme="dark")
    page.goto(pages[0].as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.locator("nav").evaluate("one => getComputedStyle(one).display") == "none"
    page.close()
