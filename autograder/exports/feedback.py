"""Feedback for a class: each student's page, arranged as a platform takes it back, or as drafts of e-mails.

The pages are the students' own: of hidden checks they show title, outcome, cause and hint. Moodle and Canvas recognise
a student by the names that they gave to the hand-ins, so these names are taken from the paths that were graded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.core.files import write_atomically
from autograder.core.language import IN_ENGLISH, Translator, speaking
from autograder.core.message import Message
from autograder.core.notebooks import notebook_name
from autograder.core.outputs import write_own_file
from autograder.core.report import Report
from autograder.core.zips import make_zip
from autograder.intake.download import safe_name
from autograder.intake.platforms import canvas_prefix, moodle_prefix
from autograder.intake.roster import Roster
from autograder.render.html import report_html
from autograder.render.mail import mail_with_page
from autograder.render.text import line

_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")


@dataclass(frozen=True)
class Feedback:
    """The files to hand back, by their names, and sentences about students who get none."""

    files: Mapping[str, bytes]
    skipped: Mapping[str, str]


Speak = Callable[[str], Translator]  # student -> what translates for this student


def in_english(student: str) -> Translator:
    """Return what leaves every page in English."""
    return IN_ENGLISH


def _page(report: Report, speak: Speak) -> str:
    """Return a student's page in the student's language."""
    with speaking(speak(report.student)):
        return report_html(report, staff=False)


def collect(
    reports: Iterable[Report], name: Callable[[Report], str], missing: str, speak: Speak = in_english
) -> Feedback:
    """Return a page per student under the name that ``name`` gives; students without a name are skipped."""
    ready, skipped = _ready(reports)
    files: dict[str, bytes] = {}
    for report in ready:
        if file := name(report):
            files[file] = _page(report, speak).encode()
        else:
            skipped[report.student] = missing
    return Feedback(files, skipped)


def in_a_folder(reports: Iterable[Report], speak: Speak = in_english) -> Feedback:
    """Return one page per student: `ada.html`."""
    return collect(reports, lambda report: f"{report.student}.html", "", speak)


def for_moodle(reports: Iterable[Report], paths: Mapping[str, Path], speak: Speak = in_english) -> Feedback:
    """Return the content of the zip that Moodle takes by *Upload multiple feedback files in a zip*.

    ``paths`` are where the hand-ins were graded, by student.
    """

    def name(report: Report) -> str:
        prefix = moodle_prefix(paths[report.student].name) if report.student in paths else ""
        return f"{prefix}/{report.assignment}.html" if prefix else ""

    missing = Message("not handed in through Moodle, or renamed. Grade Moodle's own download as it is.")
    return collect(reports, name, missing, speak)


def for_canvas(reports: Iterable[Report], paths: Mapping[str, Path], speak: Speak = in_english) -> Feedback:
    """Return the content of the zip that Canvas takes by *Re-Upload Submissions*, which it attaches as comments.

    ``paths`` are where the hand-ins were graded, by student.
    """

    def name(report: Report) -> str:
        prefix = canvas_prefix(paths[report.student].name) if report.student in paths else ""
        return f"{prefix}_{report.assignment}.html" if prefix else ""

    missing = Message("not handed in through Canvas, or renamed. Grade Canvas's own download as it is.")
    return collect(reports, name, missing, speak)


def for_nbgrader(reports: Iterable[Report], modules: Iterable[str], speak: Speak = in_english) -> Feedback:
    """Return the files of nbgrader's folder `feedback/`, which `nbgrader release_feedback` hands out."""
    ready, skipped = _ready(reports)
    names = [Path(notebook_name(module)).stem for module in modules]
    pages = {report: _page(report, speak).encode() for report in ready}
    files = {
        f"feedback/{report.student}/{report.assignment}/{name}.html": page
        for report, page in pages.items()
        for name in names
    }
    return Feedback(files, skipped)


def addresses_in(roster: Roster) -> dict[str, str]:
    """Return the e-mail addresses by id, and by names that one person has: without a roster, these are the ids."""
    people = Counter(roster.names.values())
    names = {student: name for student, name in roster.names.items() if people[name] == 1}
    known = {safe_name(names[student]): address for student, address in roster.emails.items() if student in names}
    return known | {safe_name(student): address for student, address in roster.emails.items()}


def as_mails(reports: Iterable[Report], addresses: Mapping[str, str], speak: Speak = in_english) -> Feedback:
    """Return a draft of an e-mail per student: `ada.eml`, with the page attached. ``addresses`` are by student."""
    ready, skipped = _ready(reports)
    files: dict[str, bytes] = {}
    for report in ready:
        address = addresses.get(report.student, "")
        if _ADDRESS.fullmatch(address) and address.isascii():
            with speaking(speak(report.student)):
                files[f"{report.student}.eml"] = mail_with_page(report, address)
        elif address:
            skipped[report.student] = Message(
                "{address!r} is not an e-mail address. Correct it in the roster.", address=line(address)
            )
        else:
            skipped[report.student] = Message("the roster gives no e-mail address.")
    return Feedback(files, skipped)


def write_pages(files: Mapping[str, bytes], out: Path, *, zipped: bool, inputs: Iterable[Path | None] = ()) -> None:
    """Write the files to a folder or into a zip. Raises WouldOverwrite if the zip is another file or an input."""
    if zipped and files:
        write_own_file(out, make_zip(files), inputs=inputs)
    for name, content in () if zipped else files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out / name, content)


def _ready(reports: Iterable[Report]) -> tuple[list[Report], dict[str, str]]:
    """Return the reports that students may receive, and the reason against each other student's."""
    ready: list[Report] = []
    skipped: dict[str, str] = {}
    for report in reports:
        if report.provisional:
            skipped[report.student] = Message("graded with --skip-scored, so the result is provisional.")
        elif report.needs_staff:
            skipped[report.student] = Message("a check could not be graded, so a person must look first.")
        else:
            ready.append(report)
    return ready, skipped
