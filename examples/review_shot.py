"""The review page with a run of examples/images in it, as a picture.

Usage: python review_shot.py RUN SHOT.jpg

RUN is one to throw away: two objects are accepted in it. Needs
chromium, and: pip install starlette uvicorn playwright
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from yolact_cli.pipelines.review_session import ReviewRequest, review_page

SIZE = {"width": 1280, "height": 800}
WAIT_MS = 700  # for the filmstrip

run, shot = map(Path, sys.argv[1:])
chromium = shutil.which("chromium") or shutil.which("google-chrome")
if chromium is None:
    sys.exit("This needs chromium.")

with sync_playwright() as playwright, review_page(ReviewRequest(run=run, reviewer="me")) as served:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    page = browser.new_page(viewport=SIZE, color_scheme="dark")
    page.goto(served.address)
    page.click(".strip-item[title='horses.jpg']")
    page.wait_for_selector("#picture-name:has-text('horses.jpg')")
    page.focus("#canvas")
    for key in (
        "ArrowDown",
        "ArrowDown",
        "a",
        "ArrowDown",
        "ArrowDown",
        "a",
        *["ArrowUp"] * 3,
        "p",
    ):
        page.keyboard.press(key)
    page.wait_for_selector('body[data-pending="0"]')
    page.wait_for_timeout(WAIT_MS)
    page.screenshot(path=shot, type="jpeg", quality=82)
    browser.close()
