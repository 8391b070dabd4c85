"""The pages in headless Chromium: everything is drawn, and nothing is wider than the window of a phone."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.core.class_records import CopyGroup, SimilarPair
from autograder.core.report import AskedQuestion, Outcome
from autograder.render.class_page import index_html
from autograder.render.html import report_html
from tests.support.sample_reports import classroom, mixed, not_imported, not_loaded, perfect, refused, renamed, stub

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE = 390  # pixels

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed, so no page is drawn"),
]

TRY = """
  const field = (id) => page.getElementById("students-" + id)
  const rows = () => [...field("table").tBodies[0].rows].filter((row) => row.offsetHeight)
  const seen = [rows().length]
  const set = (id, value) => {
    field(id).value = value
    field(id).dispatchEvent(new Event("input"))
    seen.push(rows().length)
  }
  set("find", "ADA"); set("find", ""); set("state", "all passed"); set("state", "not marked yet")
  set("state", ""); set("check", "0"); set("check", "")
  const points = () => rows().map((row) => Number(row.dataset.points))
  const sorted = (list) => list.every((value, at) => !at || list[at - 1] <= value)
  field("table").tHead.rows[0].cells[2].firstElementChild.click()
  const up = sorted(points())
  field("table").tHead.rows[0].cells[2].firstElementChild.click()
  const heads = [up, sorted(points().reverse()), field("tools").offsetHeight > 0]
  document.getElementById("seen").textContent = [...seen, ...heads].join(" ")
"""
LOOK = """
  const headings = [...page.querySelectorAll("h1, h2")].filter((heading) => heading.offsetHeight).length
  document.getElementById("seen").textContent = page.documentElement.scrollWidth + " " + headings
"""
BROKEN = """
  const broken = []
  const texts = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const node = texts.currentNode
    if (!node.parentElement.closest("tbody")?.offsetHeight) continue
    for (const word of node.data.matchAll(/[^\\s-]+/g)) {
      const range = page.createRange()
      range.setStart(node, word.index)
      range.setEnd(node, word.index + word[0].length)
      if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) broken.push(word[0])
    }
  }
  document.getElementById("seen").textContent = ["words:", ...broken].join(" ")
"""
FRAME = """<!doctype html><iframe id="page" src="{page}" width="{width}" height="800"></iframe><p id="seen"></p><script>
addEventListener("load", () => {{
  const page = document.getElementById("page").contentDocument
  {script}
}})</script>"""


def seen_in(page: Path, *, width: int, script: str) -> list[str]:
    """Run ``script`` on the page, which is as wide as a window of ``width`` pixels, and return the words it writes."""
    frame = page.with_name("frame.html")
    frame.write_text(FRAME.format(page=page.name, width=width, script=script))
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    command += [
        f"--user-data-dir={page.parent / 'profile'}",
        "--virtual-time-budget=5000",
        "--dump-dom",
        frame.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    seen = re.search(r'id="seen">([^<]+)<', done.stdout)
    assert seen, done.stdout[-2000:] + done.stderr[-2000:]
    return seen[1].split()


@pytest.mark.parametrize("kind", ["report", "class page"])
def test_a_page_fits_a_phone(tmp_path: Path, kind: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        report_html(mixed(), staff=True)
        if kind == "report"
        else index_html(classroom(30), title="k nearest neighbours")
    )
    width, headings = map(int, seen_in(page, width=PHONE, script=LOOK))
    assert width <= PHONE
    assert headings >= 1


def test_no_table_of_the_overview_breaks_a_word_on_a_phone(tmp_path: Path) -> None:
    long = "bartholomew_featherstonehaugh"
    reports = [
        *classroom(8),
        replace(mixed(long), name="Bartholomew Featherstonehaugh"),
        perfect("zoe-marie-christine", questions=(AskedQuestion("q1", "Why is the mean not enough", 2),)),
        *(refused(long), not_imported(), not_loaded(), renamed(), stub()),
    ]
    page = tmp_path / "page.html"
    overview = index_html(
        reports,
        title="k nearest neighbours",
        intake=[("doubtful", long, "knn-final-version.ipynb counts: it is the latest by the platform's time.")],
        similar=[SimilarPair(long, "the course's solution", 0.9, 0.8)],
        copies=[CopyGroup((long, "ada"), ("KnnClassifier.predict_labels", "svm_loss"), 40, False, True)],
        unopened=[(f"{long}.zip", f"{long}.zip is damaged. Please create the zip again.")],
    )
    page.write_text(overview)
    assert overview.count("<table") >= 11
    assert seen_in(page, width=PHONE, script=BROKEN) == ["words:"]


def test_the_overview_sorts_and_filters_from_a_file(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    reports = [
        perfect("ada", questions=(AskedQuestion("q1", "Why", 2),)),
        mixed("bob"),
        replace(mixed("Zoë"), name="Adá Lovelace"),
        stub("kim"),
    ]
    page.write_text(index_html(reports, title="k nearest neighbours"))
    first = Counter(check.id for report in reports for check in report.checks if check.outcome is Outcome.FAILED)
    all_, ada, back, perfect_ones, unmarked, back_again, failed_one, last, *sorts = seen_in(
        page, width=1000, script=TRY
    )
    assert (all_, back, back_again, last) == ("4", "4", "4", "4")
    assert (ada, perfect_ones, unmarked) == ("2", "1", "1")
    assert int(failed_one) == max(first.values())
    assert sorts == ["true", "true", "true"]
