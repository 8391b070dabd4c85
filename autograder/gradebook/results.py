"""The files that people read, generated from the journal: a report per student, the gradebook, the overview."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.files import explain, for_spreadsheets, write_atomically
from autograder.core.language import IN_ENGLISH, say, speaking, translate
from autograder.core.message import Message
from autograder.core.report import Report
from autograder.gradebook.journal import Journal
from autograder.gradebook.lock import Unwritable
from autograder.gradebook.readers import Readers
from autograder.render.class_page import by_name, index_html
from autograder.render.gradebook_csv import gradebook_csv
from autograder.render.html import neighbours, report_html
from autograder.render.words import INTAKE_WORDS
from autograder.submissions.answers import read_attached
from autograder.submissions.source import BadSubmission

# In the order of writing: if the last one is up to date, so are the others.
FILES = ("report.html", "staff.html", "report.json")
ANSWERS = "answers"  # the folder with a student's files that answer questions
_START = 512  # bytes at the beginning of a page that name its language
_END = 4096  # bytes at the end of a page that contain its links to other students
_IN_GRADEBOOK = ("doubtful", "missing", "unknown", "duplicate", "earlier", "renamed", "kept")


def write_report(report: Report, out: Path, readers: Readers | None = None) -> None:
    """Write ``report.html`` for the student, ``staff.html`` and ``report.json`` to ``out/<student>/``.

    Without ``readers``, the pages are in English.
    """
    folder = out / report.student
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with speaking(readers.student(report.student) if readers else IN_ENGLISH):
            write_atomically(folder / "report.html", report_html(report, staff=False), durable=False)
        with speaking(readers.staff if readers else IN_ENGLISH):
            write_atomically(folder / "staff.html", report_html(report, staff=True), durable=False)
        write_atomically(folder / "report.json", report.to_json(), durable=False)
    except OSError as error:
        raise _unwritable(folder, error) from None


def write_answers(handin: Path, assignment: Assignment, folder: Path) -> None:
    """Copy the files that answer questions from a hand-in to ``folder``/answers, where people who mark find them."""
    if not assignment.hand_in:
        return
    try:
        files = read_attached(handin, assignment)
    except BadSubmission:  # the report says so
        return
    place = folder / ANSWERS
    try:
        if place.is_dir():
            for path in place.iterdir():
                if path.name not in files:
                    path.unlink()
        for name, data in files.items():
            place.mkdir(parents=True, exist_ok=True)
            write_atomically(place / name, data, durable=False)
    except OSError as error:
        raise _unwritable(place, error) from None


def write_results(journal: Journal, out: Path, *, done: Collection[str] = ()) -> list[Report]:
    """Bring every file up to date with the journal, except those of ``done`` students, and return all reports."""
    reports, readers = [], Readers(journal)
    for report in journal.reports():
        if report.student not in done and not _is_written(report, out, readers):
            write_report(report, out, readers)
        reports.append(report)
    _remove_moved(journal, out)
    write_overview(reports, journal, out)
    return reports


def write_overview(reports: list[Report], journal: Journal, out: Path) -> Path:
    """Write ``gradebook.csv`` and ``index.html``. Returns the path of the latter."""
    facts: dict[str, Any] = journal.fact("assignment") or {}
    decided = {report.student for report in reports if report.overrides}
    problems = [p for p in journal.problems() if p.kind != "doubtful" or p.who not in decided]
    remarks: dict[str, str] = {}
    for problem in problems:
        if problem.kind in _IN_GRADEBOOK:
            kind = INTAKE_WORDS.get(problem.kind, problem.kind)
            remarks[problem.who] = f"{remarks.get(problem.who, '')} {kind}: {problem.what}".strip()
    try:
        gradebook = gradebook_csv(
            reports,
            questions=list(facts.get("questions", {})),
            intake=remarks,
            assignment=facts.get("name", ""),
            names=journal.names(),
        )
        write_atomically(out / "gradebook.csv", for_spreadsheets(gradebook))
        intake = [(problem.kind, problem.who, problem.what) for problem in problems]
        with speaking(Readers(journal).staff):
            title = say("{title}: results", title=translate(facts.get("title", "")))
            index = index_html(
                reports,
                title=title,
                intake=intake,
                similar=journal.similar(),
                copies=journal.copies(),
                names=journal.names(),
            )
            write_atomically(out / "index.html", index)
            _link_neighbours(reports, out)
    except OSError as error:
        raise _unwritable(out, error) from None
    return out / "index.html"


def _link_neighbours(reports: Sequence[Report], out: Path) -> None:
    """Let each page for staff lead to those of the students before and after it, in the order of the overview."""
    ordered = sorted(reports, key=by_name)
    for report, before, after in zip(ordered, [None, *ordered], [*ordered[1:], None], strict=False):
        path, links = out / report.student / "staff.html", neighbours(before, after).encode("utf-8", "replace")
        with suppress(FileNotFoundError):
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - _END))
                if links in file.read():
                    continue
            page, mark, rest = path.read_bytes().rpartition(b'<nav class="neighbours"')
            if mark:
                write_atomically(path, page + links + rest.partition(b"</nav>")[2], durable=False)


def _remove_moved(journal: Journal, out: Path) -> None:
    """Remove the reports under ids that a roster replaced, but not other files that somebody put there."""
    for old in set(journal.fact("moved") or ()) - set(journal.students()):
        folder = out / old
        for name in FILES:
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / ANSWERS, ignore_errors=True)
        with suppress(OSError):
            folder.rmdir()


def _is_written(report: Report, out: Path, readers: Readers) -> bool:
    folder = out / report.student
    languages = {"report.html": readers.student(report.student), "staff.html": readers.staff}
    try:
        if not all(_is_in(folder / name, to.language) for name, to in languages.items()):
            return False
        same = (folder / "report.json").read_bytes() == report.to_json().encode("utf-8", "backslashreplace")
    except OSError:
        return False
    return same and all((folder / name).exists() and (folder / name).stat().st_size for name in FILES)


def _is_in(page: Path, language: str) -> bool:
    """Return whether a page says at its beginning that it is in a language."""
    with page.open("rb") as file:
        return f'<html lang="{language.replace("_", "-")}">'.encode() in file.read(_START)


def _unwritable(path: Path, error: OSError) -> Unwritable:
    return Unwritable(
        Message(
            "Results cannot be written to {path}: {error}. Solve this and run the same command again; "
            "submissions that are already graded are skipped.",
            path=path,
            error=explain(error),
        )
    )
