"""The folder of results: a folder with three files per student, the gradebook and the overview."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.files import write_whole
from autograder.render.html import report_html
from autograder.render.index import index_html
from autograder.render.table import gradebook_csv
from autograder.report import Report


def write_report(report: Report, out: Path) -> None:
    """``out/<student>/report.json``, ``report.html`` for the student and ``staff.html`` with everything."""
    folder = out / report.student
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "report.json", report.to_json())
    write_whole(folder / "report.html", report_html(report, staff=False))
    write_whole(folder / "staff.html", report_html(report, staff=True))


def write_overview(reports: Sequence[Report], out: Path, *, title: str) -> Path:
    """``gradebook.csv`` and ``index.html``; the path of the latter."""
    write_whole(out / "gradebook.csv", gradebook_csv(reports))
    write_whole(out / "index.html", index_html(reports, title=title))
    return out / "index.html"
