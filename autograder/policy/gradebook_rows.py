"""The rows of gradebook.csv, read back for final marks. Computes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.core.files import explain
from autograder.intake.download import safe_name
from autograder.policy.policy_file import BadPolicy, Policy


@dataclass(frozen=True)
class Row:
    """What a gradebook says of one student and one assignment."""

    student: str
    assignment: str
    points: int | None  # None: nothing was handed in, or it has no mark
    max_points: int | None
    questions: Mapping[str, int | None]  # points given to inline questions; None: nobody has marked that one
    handed_in: datetime | None
    needs_staff: bool
    doubtful: bool = False  # what counts is empty or cannot be opened, and an earlier hand-in was not graded


def read_gradebooks(paths: Sequence[Path], policy: Policy) -> list[Row]:
    """The rows of gradebooks that the policy knows. Raises BadPolicy naming the file and the line."""
    rows: dict[tuple[str, str], Row] = {}
    for path in paths:
        try:
            table = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise BadPolicy(f"{path} cannot be read: {explain(error)}.") from None
        for line, cells in enumerate(table, start=2):
            row = _row(cells, policy, f"{path}, line {line}")
            if row.assignment not in policy.rules:
                raise BadPolicy(f"{path}, line {line}: the policy has no [assignments.{row.assignment}].")
            if (row.student, row.assignment) in rows:
                raise BadPolicy(f"{path}, line {line}: {row.student} has a row for {row.assignment} already.")
            rows[row.student, row.assignment] = row
    known = {safe_name(student) for student, _ in rows}
    for student, assignment in policy.extensions:
        if student not in known:
            raise BadPolicy(f"The policy extends {assignment} for {student!r}, whom no gradebook lists.")
    return list(rows.values())


def _row(cells: Mapping[str, str | None], policy: Policy, where: str) -> Row:
    try:
        text = {key: (cells[key] or "") for key in ("student", "assignment", "points", "max_points", "needs_staff")}
        rule = policy.rules.get(text["assignment"])
        return Row(
            student=text["student"].removeprefix("'"),  # put before what a spreadsheet would run; no id begins with it
            assignment=text["assignment"],
            points=int(text["points"]) if text["points"] else None,
            max_points=int(text["max_points"]) if text["max_points"] else None,
            questions={
                name: _given(cells, name, most, where) for name, most in (rule.questions if rule else {}).items()
            },
            handed_in=_moment(cells.get("handed_in") or ""),
            needs_staff=text["needs_staff"] == "yes",
            doubtful=(cells.get("intake") or "").startswith("doubtful:"),  # that kind comes first
        )
    except KeyError as error:
        raise BadPolicy(
            f"{where}: this is no row of a gradebook: there is no column {error}. Give a gradebook.csv of gradlab's."
        ) from None
    except (ValueError, OverflowError) as error:
        raise BadPolicy(f"{where}: this is no row of a gradebook of gradlab ({error}).") from None


def _given(cells: Mapping[str, str | None], question: str, most: int, where: str) -> int | None:
    if question not in cells:
        raise BadPolicy(f"{where}: the policy counts the question {question!r}, and the gradebook has no such column.")
    text = cells[question] or ""
    if not text.strip():
        return None
    if not 0 <= (points := int(text)) <= most:
        raise BadPolicy(f"{where}: {question} has {points} points, and by the policy it is worth {most}. Correct one.")
    return points


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
