"""The pages in headless Chromium: everything is drawn, and nothing is wider than the window of a phone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from autograder.render.class_page import index_html
from autograder.render.html import report_html
from tests.support.sample_reports import classroom, mixed

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE = 390  # pixels

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed, so no page is drawn"),
]

FRAME = """<!doctype html><iframe id="page" src="{page}" width="{width}" height="800"></iframe><p id="seen"></p><script>
addEventListener("load", () => {{
  const page = document.getElementById("page").contentDocument
  const headings = [...page.querySelectorAll("h1, h2")].filter((heading) => heading.offsetHeight).length
  document.getElementById("seen").textContent = page.documentElement.scrollWidth + " " + headings
}})</script>"""


def look(page: Path, *, width: int) -> tuple[int, int]:
    """The width that the page takes in a window of ``width`` pixels, and the number of headings that are drawn."""
    frame = page.with_name("frame.html")
    frame.write_text(FRAME.format(page=page.name, width=width))
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    command += [
        f"--user-data-dir={page.parent / 'profile'}",
        "--virtual-time-budget=5000",
        "--dump-dom",
        frame.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    seen = re.search(r'id="seen">(\d+) (\d+)<', done.stdout)
    assert seen, done.stdout[-2000:] + done.stderr[-2000:]
    return int(seen[1]), int(seen[2])


@pytest.mark.parametrize("kind", ["report", "class page"])
def test_a_page_fits_a_phone(tmp_path: Path, kind: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        report_html(mixed(), staff=False)
        if kind == "report"
        else index_html(classroom(30), title="k nearest neighbours")
    )
    width, headings = look(page, width=PHONE)
    assert width <= PHONE
    assert headings >= 1
