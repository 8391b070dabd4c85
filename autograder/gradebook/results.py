"""The files that people read, generated from the journal: a report per student, the gradebook, the overview."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from autograder.core.files import explain, write_atomically
from autograder.core.report import Report
from autograder.gradebook.journal import Journal
from autograder.gradebook.lock import Unwritable
from autograder.render.class_page import by_name, index_html
from autograder.render.gradebook_csv import gradebook_csv
from autograder.render.html import neighbours, report_html
from autograder.render.words import INTAKE_WORDS

# In the order of writing: if the last one is up to date, so are the others.
FILES = ("report.html", "staff.html", "report.json")
_END = 4096  # bytes at the end of a page that contain its links to other students
_IN_GRADEBOOK = ("doubtful", "missing", "unknown", "duplicate", "earlier", "renamed", "kept")


def write_report(report: Report, out: Path) -> None:
    """Write ``report.html`` for the student, ``staff.html`` and ``report.json`` to ``out/<student>/``."""
    folder = out / report.student
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "report.html", report_html(report, staff=False), durable=False)
        write_atomically(folder / "staff.html", report_html(report, staff=True), durable=False)
        write_atomically(folder / "report.json", report.to_json(), durable=False)
    except OSError as error:
        raise _unwritable(folder, error) from None


def write_results(journal: Journal, out: Path, *, done: Collection[str] = ()) -> list[Report]:
    """Bring every file up to date with the journal, except those of ``done`` students, and return all reports."""
    reports = []
    for report in journal.reports():
        if report.student not in done and not _is_written(report, out):
            write_report(report, out)
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
        write_atomically(out / "gradebook.csv", gradebook)
        intake = [(problem.kind, problem.who, problem.what) for problem in problems]
        title = f"{facts.get('title', '')}: results"
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
        with suppress(OSError):
            folder.rmdir()


def _is_written(report: Report, out: Path) -> bool:
    folder = out / report.student
    try:
        same = (folder / "report.json").read_bytes() == report.to_json().encode("utf-8", "backslashreplace")
    except OSError:
        return False
    return same and all((folder / name).exists() and (folder / name).stat().st_size for name in FILES)


def _unwritable(path: Path, error: OSError) -> Unwritable:
    return Unwritable(
        f"Results cannot be written to {path}: {explain(error)}. Solve this and run the same command again; "
        "submissions that are already graded are skipped."
    )
