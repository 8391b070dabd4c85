"""Feedback for a class: each student's page, arranged as a platform takes it back, or as drafts of e-mails.

The pages are the students' own: of hidden checks they show title, outcome, cause and hint. Moodle and Canvas recognise
a student by the names that they gave to the hand-ins, so these names are taken from the paths that were graded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from autograder.core.notebooks import notebook_name
from autograder.core.report import Report
from autograder.intake.platforms import canvas_prefix, moodle_prefix
from autograder.render.html import report_html
from autograder.render.text import line

_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")


@dataclass(frozen=True)
class Feedback:
    """The files to hand back, by their names, and sentences about students who get none."""

    files: Mapping[str, bytes]
    skipped: tuple[str, ...]


def collect(reports: Iterable[Report], name: Callable[[Report], str], missing: str) -> Feedback:
    """Return a page per student under the name that ``name`` gives; students without a name are skipped."""
    ready, skipped = _ready(reports)
    files: dict[str, bytes] = {}
    for report in ready:
        if file := name(report):
            files[file] = report_html(report, staff=False).encode()
        else:
            skipped.append(f"{report.student}: {missing}")
    return Feedback(files, tuple(skipped))


def in_a_folder(reports: Iterable[Report]) -> Feedback:
    """Return one page per student: `ada.html`."""
    return collect(reports, lambda report: f"{report.student}.html", "")


def for_moodle(reports: Iterable[Report], paths: Mapping[str, Path]) -> Feedback:
    """Return the content of the zip that Moodle takes by *Upload multiple feedback files in a zip*.

    ``paths`` are where the hand-ins were graded, by student.
    """

    def name(report: Report) -> str:
        prefix = moodle_prefix(paths[report.student].name) if report.student in paths else ""
        return f"{prefix}/{report.assignment}.html" if prefix else ""

    return collect(reports, name, "not handed in through Moodle, or renamed. Grade Moodle's own download as it is.")


def for_canvas(reports: Iterable[Report], paths: Mapping[str, Path]) -> Feedback:
    """Return the content of the zip that Canvas takes by *Re-Upload Submissions*, which it attaches as comments.

    ``paths`` are where the hand-ins were graded, by student.
    """

    def name(report: Report) -> str:
        prefix = canvas_prefix(paths[report.student].name) if report.student in paths else ""
        return f"{prefix}_{report.assignment}.html" if prefix else ""

    return collect(reports, name, "not handed in through Canvas, or renamed. Grade Canvas's own download as it is.")


def for_nbgrader(reports: Iterable[Report], modules: Iterable[str]) -> Feedback:
    """Return the files of nbgrader's folder `feedback/`, which `nbgrader release_feedback` hands out."""
    ready, skipped = _ready(reports)
    names = [Path(notebook_name(module)).stem for module in modules]
    pages = {report: report_html(report, staff=False).encode() for report in ready}
    files = {
        f"feedback/{report.student}/{report.assignment}/{name}.html": page
        for report, page in pages.items()
        for name in names
    }
    return Feedback(files, tuple(skipped))


def as_mails(reports: Iterable[Report], addresses: Mapping[str, str]) -> Feedback:
    """Return a draft of an e-mail per student: `ada.eml`, with the page attached. ``addresses`` are by student."""
    ready, skipped = _ready(reports)
    files: dict[str, bytes] = {}
    for report in ready:
        address = addresses.get(report.student, "")
        if _ADDRESS.fullmatch(address) and address.isascii():
            files[f"{report.student}.eml"] = _mail(report, address)
        elif address:
            skipped.append(f"{report.student}: {line(address)!r} is not an e-mail address. Correct it in the roster.")
        else:
            skipped.append(f"{report.student}: the roster gives no e-mail address.")
    return Feedback(files, tuple(skipped))


def _ready(reports: Iterable[Report]) -> tuple[list[Report], list[str]]:
    """Return the reports that students may receive, and a sentence about each other one."""
    ready, skipped = [], []
    for report in reports:
        if report.provisional:
            skipped.append(f"{report.student}: graded with --skip-scored, so the result is provisional.")
        elif report.needs_staff:
            skipped.append(f"{report.student}: a check could not be graded, so a person must look first.")
        else:
            ready.append(report)
    return ready, skipped


def _mail(report: Report, address: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["To"] = address
    message["Subject"] = f"Feedback: {line(report.title)}"
    message["X-Unsent"] = "1"  # mail programs open the file as a draft
    rows = [f"{line(task.title)}: {task.points} of {task.max_points}" for task in report.tasks]
    rows += [f"{line(mark.title)}: {mark.points} of {mark.max_points}" for mark in report.marks if mark.question]
    text = [f"{line(report.title)}: {report.points} of {report.max_points} points", "", *rows, ""]
    text.append("The attached page shows each check and what to look at. Open it in a browser.")
    message.set_content("\n".join(text) + "\n")
    page = report_html(report, staff=False)
    message.add_attachment(page, subtype="html", filename=f"{report.assignment}.html")
    message.set_boundary("=== the parts of this message ===")  # the same file each time
    return message.as_bytes()
