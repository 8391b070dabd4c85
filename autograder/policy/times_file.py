"""Times of hand-ins from a CSV file, for platforms whose download does not state them, such as Canvas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from autograder.core.encodings import csv_text, not_csv
from autograder.core.files import csv_separator
from autograder.core.message import Message, name_list
from autograder.intake.download import safe_name
from autograder.intake.roster import ID_COLUMNS
from autograder.policy.final_marks import GradebookRow
from autograder.policy.policy_file import BadPolicy

ASSIGNMENT = "assignment"
TIME_COLUMNS = ("handed_in", "handed in", "submitted_at", "submitted at", "submitted", "submission time", "time")

Times = Mapping[tuple[str, str], datetime]  # by student, as safe_name writes it, and assignment ("" for every one)


def read_times(path: Path) -> Times:
    """Read a CSV with a student's id, a time and perhaps an assignment on each line; the latest time counts.

    Lines without a time are skipped: the student handed in nothing. Raises BadPolicy with the line.
    """
    try:
        text = csv_text(path, error=BadPolicy)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=csv_separator(text)))
    except csv.Error as error:
        raise BadPolicy(not_csv(path, error)) from None
    heading = [cell.strip().casefold() for cell in rows[0]] if rows else []
    student = _column(path, heading, ID_COLUMNS, "student")
    when = _column(path, heading, TIME_COLUMNS, "handed_in")
    named = heading.index(ASSIGNMENT) if ASSIGNMENT in heading else None
    times: dict[tuple[str, str], datetime] = {}
    for line, cells in enumerate(rows[1:], start=2):
        padded = [cell.strip() for cell in cells] + [""] * (len(heading) - len(cells))
        if not padded[student] or not padded[when]:
            continue
        moment = _parse(padded[when], Message("{file}, line {line}", file=path, line=line))
        key = safe_name(padded[student]), padded[named] if named is not None else ""
        times[key] = max(moment, times.get(key, moment))
    return times


def with_times(rows: Iterable[GradebookRow], times: Times, path: Path) -> tuple[list[GradebookRow], list[str]]:
    """Return the rows with the times of the file, and the students in it that no gradebook lists.

    Raises BadPolicy if the file names no assignments, but the gradebooks are of several.
    """
    rows = list(rows)
    if any(not assignment for _, assignment in times) and len({row.assignment for row in rows}) > 1:
        raise BadPolicy(
            Message(
                "{path} needs a column {column!r}, because the gradebooks are of several assignments.",
                path=path,
                column=ASSIGNMENT,
            )
        )
    found, used = [], set()
    for row in rows:
        keys = [(safe_name(row.student), name) for name in (row.assignment, "")]
        key = next((key for key in keys if key in times), None)
        found.append(replace(row, handed_in=times[key]) if key and row.points is not None else row)
        used.add(key)
    return found, sorted({student for student, _ in {*times} - used})


def _column(path: Path, heading: Sequence[str], names: Sequence[str], written: str) -> int:
    for name in names:
        if name in heading:
            return heading.index(name)
    named = name_list(heading) or Message("nothing")
    raise BadPolicy(
        Message(
            "{path}: the first line must name the columns, one of them {written!r}. It names {named}.",
            path=path,
            written=written,
            named=named,
        )
    )


def _parse(text: str, where: str) -> datetime:
    """Return a time such as 2026-11-20T14:05:00Z; without a zone, it is in that of this machine."""
    try:
        found = datetime.fromisoformat(re.sub(r"\s+(UTC|Z|[+-]\d\d:?\d\d)$", r"\1", text).replace("UTC", "Z"))
        return found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise BadPolicy(
            Message(
                "{where}: {text!r} is not a time. Write it as 2026-11-20T14:05:00+01:00.", where=where, text=text[:50]
            )
        ) from None
