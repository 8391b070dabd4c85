"""Final marks: from gradebooks by the rules of a policy, with the reasons in words.

It runs nothing and gives the same marks for the same files. Exact: shares are fractions until they are printed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from autograder.core.files import explain
from autograder.core.half_points import parse_points, tidy
from autograder.intake.download import safe_name
from autograder.intake.platforms import MARKED_LATE
from autograder.policy.policy_file import BadPolicy, Extension, Policy, Rule
from autograder.render.gradebook_csv import cell
from autograder.render.words import count


@dataclass(frozen=True)
class GradebookRow:
    """A row of gradebook.csv: one student and one assignment."""

    student: str
    assignment: str
    points: float | None  # None: nothing was handed in, or it has no mark
    max_points: int | None
    questions: Mapping[str, float | None]  # points of inline questions; None: not marked yet
    handed_in: datetime | None
    needs_staff: bool
    marked_late: bool = False  # by the platform, which may not record the time
    doubtful: bool = False  # what counts is empty or cannot be opened, and an earlier hand-in exists


@dataclass(frozen=True)
class AssignmentShare:
    """The part of one assignment in a final mark."""

    assignment: str
    share: Fraction  # of the assignment's points, after late days; 0 to 1, or more with extra points
    late_days: int
    free_days: int  # those late days that cost nothing
    dropped: bool
    explanation: str


@dataclass(frozen=True)
class FinalMark:
    """A student's final mark."""

    student: str
    mark: Fraction  # out of 100
    parts: tuple[AssignmentShare, ...]
    provisional: bool  # a person must look first
    explanation: str


def read_gradebooks(paths: Sequence[Path], policy: Policy) -> list[GradebookRow]:
    """Read the rows of gradebooks. Raises BadPolicy with the file and the line."""
    rows: dict[tuple[str, str], GradebookRow] = {}
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
                raise BadPolicy(f"{path}, line {line}: {row.student} already has a row for {row.assignment}.")
            rows[row.student, row.assignment] = row
    known = {safe_name(student) for student, _ in rows}
    for student, assignment in policy.extensions:
        if student not in known:
            raise BadPolicy(
                f"The policy grants {student!r} an extension for {assignment}, but no gradebook lists {student!r}."
            )
    return list(rows.values())


def _row(cells: Mapping[str, str | None], policy: Policy, where: str) -> GradebookRow:
    try:
        text = {key: (cells[key] or "") for key in ("student", "assignment", "points", "max_points", "needs_staff")}
        rule = policy.rules.get(text["assignment"])
        return GradebookRow(
            student=text["student"].removeprefix("'"),  # added to what a spreadsheet would run; no id begins with it
            assignment=text["assignment"],
            points=parse_points(text["points"]) if text["points"] else None,
            max_points=int(text["max_points"]) if text["max_points"] else None,
            questions={
                name: _given(cells, name, most, where) for name, most in (rule.questions if rule else {}).items()
            },
            handed_in=_moment(cells.get("handed_in") or ""),
            needs_staff=text["needs_staff"] == "yes",
            marked_late=MARKED_LATE in (cells.get("notes") or ""),
            doubtful=(cells.get("intake") or "").startswith("doubtful:"),  # the first kind in that column
        )
    except KeyError as error:
        raise BadPolicy(
            f"{where}: this is not a row of a gradebook: it has no column {error}. Choose a gradebook.csv of gradlab."
        ) from None
    except (ValueError, OverflowError) as error:
        raise BadPolicy(f"{where}: this is not a row of a gradebook of gradlab ({error}).") from None


def _given(cells: Mapping[str, str | None], question: str, most: int, where: str) -> float | None:
    if question not in cells:
        raise BadPolicy(f"{where}: the policy counts the question {question!r}, but the gradebook has no such column.")
    text = cells[question] or ""
    if not text.strip():
        return None
    if not 0 <= (points := parse_points(text)) <= most:
        raise BadPolicy(f"{where}: {question} has {points} points, but in the policy it is worth {most}. Correct one.")
    return points


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def without_time(policy: Policy, rows: Iterable[GradebookRow]) -> list[GradebookRow]:
    """Return the rows that count as on time because nothing says when they were handed in, nor that they are late."""
    due = {name for name, rule in policy.rules.items() if rule.due is not None}
    graded = (row for row in rows if row.points is not None and row.assignment in due)
    return [row for row in graded if row.handed_in is None and not row.marked_late]


def compute_final_marks(policy: Policy, rows: Iterable[GradebookRow]) -> list[FinalMark]:
    """Return the final marks by student. Free late days are used in the order of the due dates."""
    found = {(row.student, row.assignment): row for row in rows if row.assignment in policy.rules}
    begun = {assignment for _, assignment in found}
    students = sorted({student for student, _ in found}, key=lambda name: (name.casefold(), name))
    return [_final(policy, student, found, begun) for student in students]


def _final(
    policy: Policy, student: str, rows: Mapping[tuple[str, str], GradebookRow], begun: Collection[str]
) -> FinalMark:
    left, parts, provisional = policy.free_days, [], False
    for rule in policy.rules.values():
        if rule.assignment not in begun:
            continue
        row = rows.get((student, rule.assignment))
        extension = policy.extensions.get((safe_name(student), rule.assignment))
        part = _share(policy, rule, row, extension, left)
        left -= part.free_days
        provisional = provisional or bool(row and _is_open(rule, row))
        parts.append(part)
    parts = _drop(policy, parts)
    weights = {part.assignment: policy.rules[part.assignment].weight for part in parts if not part.dropped}
    counted = [part for part in parts if not part.dropped]
    total = sum(weights.values(), Fraction(0))
    mark = 100 * sum((weights[part.assignment] * part.share for part in counted), Fraction(0)) / total
    sums = " + ".join(f"{format_number(weights[p.assignment])} x {format_number(100 * p.share)} %" for p in counted)
    lines = [
        f"{student}: {format_number(mark)} of 100{', provisional' if provisional else ''}",
        "",
        *(
            f"{p.assignment} (weight {format_number(policy.rules[p.assignment].weight)}): {p.explanation}"
            for p in parts
        ),
        *(f"{name}: no gradebook was given, so it does not count yet." for name in policy.rules if name not in begun),
        "",
        f"Mark: ({sums}) / {format_number(total)} = {format_number(mark)} of 100.",
    ]
    if policy.free_days:
        used = policy.free_days - left
        lines.append(f"Free late days: {used} of {policy.free_days} used, in the order of due dates.")
    if provisional:
        lines.append("Provisional: the mark may change once a person has settled the open points above.")
    return FinalMark(student, mark, tuple(parts), provisional, "\n".join(lines) + "\n")


def _share(
    policy: Policy, rule: Rule, row: GradebookRow | None, extension: Extension | None, left: int
) -> AssignmentShare:
    """Return what one assignment contributes. ``left`` is the number of free days that are left."""
    if row is None or row.points is None or not row.max_points:
        why = "no mark, so 0 %. A person must look." if row and row.needs_staff else "nothing was handed in, so 0 %."
        return AssignmentShare(rule.assignment, Fraction(0), 0, 0, dropped=False, explanation=why)
    share, text = _earned(rule, row, row.points, row.max_points)
    on_time = AssignmentShare(rule.assignment, share, 0, 0, dropped=False, explanation=text)
    if rule.due is None:
        return on_time
    if row.handed_in is None and row.marked_late:
        text += " The platform marks it late, but its time is unknown: a person must look; until then it counts as on"
        return replace(on_time, explanation=f"{text} time.")
    if row.handed_in is None:
        return replace(on_time, explanation=f"{text} Its time is unknown, and it is not marked late: on time.")
    due = rule.due + timedelta(days=extension.days if extension else 0)
    if extension:
        text += f" Due {count(extension.days, 'day')} later by an extension ({extension.reason})."
    late = _days_late(row.handed_in, due, policy.grace_minutes)
    if not late:
        return replace(on_time, explanation=f"{text} On time.")
    text += f" {count(late, 'day')} late ({_clock(row.handed_in)}, due {_clock(due)})"
    free = min(left, late, policy.free_days_each)
    paid = late - free
    if paid > policy.refuse_after:
        text += f", more than {count(policy.refuse_after, 'day')} beyond the free ones, so it does not count: 0 %."
        return replace(on_time, share=Fraction(0), late_days=late, explanation=text)
    text += f", {free} of them free."
    lost = min(policy.per_day * paid, policy.at_most)
    if lost:
        share *= 1 - lost
        text += f" {count(paid, 'day')} at {format_number(100 * policy.per_day)} %:"
        text += f" {format_number(100 * lost)} % of that is lost, {format_number(100 * share)} % count."
    return replace(on_time, share=share, late_days=late, free_days=free, explanation=text)


def _earned(rule: Rule, row: GradebookRow, points: float, max_points: int) -> tuple[Fraction, str]:
    """Return the share of the points before late days, and the sentences that explain it."""
    given = {name: points for name, points in row.questions.items() if points is not None}
    earned = tidy(points + sum(given.values()))
    total = max_points + sum(rule.questions[name] for name in given)
    share = Fraction(earned) / total
    text = f"{count(earned, 'point')} of {total}, {format_number(100 * share)} %."
    if unmarked := [name for name in row.questions if name not in given]:
        verb = "is not marked by hand yet and does" if len(unmarked) == 1 else "are not marked by hand yet and do"
        text += f" Open: {' and '.join(unmarked)} {verb} not count so far."
    if row.needs_staff:
        text += " A check could not be graded: a person must look."
    if row.doubtful:
        text += " The hand-in that counts is empty or cannot be opened, and an earlier one was not graded:"
        text += " a person must look."
    return share, text


def _days_late(handed_in: datetime, due: datetime, grace_minutes: int) -> int:
    """Return the days begun after the due time. Beyond the grace, lateness counts from the due time."""
    if handed_in <= due + timedelta(minutes=grace_minutes):
        return 0
    return -((due - handed_in) // timedelta(days=1))


def _is_open(rule: Rule, row: GradebookRow) -> bool:
    """Must a person look at a broken check, an earlier hand-in, lateness without a time or an unmarked question?"""
    if row.points is None:
        return row.needs_staff
    late = rule.due is not None and row.handed_in is None and row.marked_late
    return row.needs_staff or row.doubtful or late or None in row.questions.values()


def _drop(policy: Policy, parts: list[AssignmentShare]) -> list[AssignmentShare]:
    """Return the shares with the lowest ones marked as dropped; one always counts."""
    dropped: set[str] = set()
    for _ in range(min(policy.drop_lowest, len(parts) - 1)):
        rest = [part for part in parts if part.assignment not in dropped]
        dropped.add(min(rest, key=lambda part: part.share).assignment)
    return [
        replace(part, dropped=True, explanation=f"{part.explanation} Dropped as the lowest.")
        if part.assignment in dropped
        else part
        for part in parts
    ]


def final_csv(policy: Policy, finals: Sequence[FinalMark]) -> str:
    """Return a CSV with a row per student: the mark, each assignment's share in percent, the reasons."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("student", "mark", *(cell(name) for name in policy.rules), "late_days", "open", "explanation"))
    for final in finals:
        shares = {part.assignment: format_number(100 * part.share) for part in final.parts}
        late = sum(part.late_days for part in final.parts)
        writer.writerow(
            (
                cell(final.student),
                format_number(final.mark),
                *(shares.get(name, "") for name in policy.rules),
                late,
                "yes" if final.provisional else "no",
                cell(" ".join(final.explanation.split())),
            )
        )
    return file.getvalue()


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"


def format_number(number: Fraction) -> str:
    """Return a number with at most two decimal places, halves rounded up, without zeros at the end."""
    cents = int(number * 100 + Fraction(1, 2))
    return f"{cents // 100}.{cents % 100:02}".rstrip("0").rstrip(".")
