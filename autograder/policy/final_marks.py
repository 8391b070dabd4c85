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
from typing import Any

from autograder.core.encodings import csv_text, not_csv
from autograder.core.files import csv_separator
from autograder.core.half_points import parse_points, tidy
from autograder.core.language import translate
from autograder.core.message import Message, both, joined
from autograder.intake.download import safe_name
from autograder.intake.platforms import MARKED_LATE
from autograder.policy.policy_file import BadPolicy, Extension, Policy, Rule
from autograder.render.gradebook_csv import cell
from autograder.render.words import count

_MARKED_LATE = Message(
    "The platform marks it late, but its time is unknown: a person must look; until then it counts as on time."
)
_TIME_UNKNOWN = Message("Its time is unknown, and it is not marked late: on time.")
_DOUBTFUL = Message(
    "The hand-in that counts is empty or cannot be opened, and an earlier one was not graded: a person must look."
)


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
    skipped: bool = False  # graded with --skip-scored
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
    lines: tuple[str, ...]  # the explanation

    @property
    def explanation(self) -> str:
        """The explanation in the reader's language."""
        return "\n".join(map(translate, self.lines)) + "\n"


def read_gradebooks(paths: Sequence[Path], policy: Policy) -> list[GradebookRow]:
    """Read the rows of gradebooks. Raises BadPolicy with the file and the line."""
    rows: dict[tuple[str, str], GradebookRow] = {}
    for path in paths:
        try:
            text = csv_text(path, error=BadPolicy)
            table = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=csv_separator(text)))
        except csv.Error as error:
            raise BadPolicy(not_csv(path, error)) from None
        for line, cells in enumerate(table, start=2):
            row = _row(cells, policy, Message("{file}, line {line}", file=path, line=line))
            if row.assignment not in policy.rules:
                raise BadPolicy(
                    Message(
                        "{path}, line {line}: the policy has no [assignments.{assignment}].",
                        path=path,
                        line=line,
                        assignment=row.assignment,
                    )
                )
            if (row.student, row.assignment) in rows:
                raise BadPolicy(
                    Message(
                        "{path}, line {line}: {student} already has a row for {assignment}.",
                        path=path,
                        line=line,
                        student=row.student,
                        assignment=row.assignment,
                    )
                )
            rows[row.student, row.assignment] = row
    known = {safe_name(student) for student, _ in rows}
    for student, assignment in policy.extensions:
        if student not in known:
            raise BadPolicy(
                Message(
                    "The policy grants {student!r} an extension for {assignment}, but no gradebook lists {student!r}.",
                    student=student,
                    assignment=assignment,
                )
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
            skipped="(--skip-scored)" in (cells.get("notes") or ""),  # in the note of session.py
            doubtful=(cells.get("intake") or "").startswith("doubtful:"),  # the first kind in that column
        )
    except KeyError as error:
        raise BadPolicy(
            Message(
                "{where}: this is not a row of a gradebook: it has no column {error}. Choose a "
                "gradebook.csv of gradlab.",
                where=where,
                error=error,
            )
        ) from None
    except (ValueError, OverflowError) as error:
        raise BadPolicy(
            Message("{where}: this is not a row of a gradebook of gradlab ({error}).", where=where, error=error)
        ) from None


def _given(cells: Mapping[str, str | None], question: str, most: int, where: str) -> float | None:
    if question not in cells:
        raise BadPolicy(
            Message(
                "{where}: the policy counts the question {question!r}, but the gradebook has no such column.",
                where=where,
                question=question,
            )
        )
    text = cells[question] or ""
    if not text.strip():
        return None
    if not 0 <= (points := parse_points(text)) <= most:
        raise BadPolicy(
            Message.counted(
                "{where}: {question} has {n} point, but in the policy it is worth {most}. Correct one.",
                "{where}: {question} has {n} points, but in the policy it is worth {most}. Correct one.",
                where=where,
                question=question,
                n=points,
                most=most,
            )
        )
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
    values = {"student": student, "mark": format_number(mark), "sums": sums, "total": format_number(total)}
    lines: list[str] = [
        Message("{student}: {mark} of 100, provisional", **values)
        if provisional
        else Message("{student}: {mark} of 100", **values),
        "",
        *(
            Message(
                "{assignment} (weight {weight}): {explanation}",
                assignment=p.assignment,
                weight=format_number(policy.rules[p.assignment].weight),
                explanation=p.explanation,
            )
            for p in parts
        ),
        *(
            Message("{name}: no gradebook was given, so it does not count yet.", name=name)
            for name in policy.rules
            if name not in begun
        ),
        "",
        Message("Mark: ({sums}) / {total} = {mark} of 100.", **values),
    ]
    if policy.free_days:
        used, free = policy.free_days - left, policy.free_days
        lines.append(Message("Free late days: {used} of {free} used, in the order of due dates.", used=used, free=free))
    if provisional:
        lines.append(Message("Provisional: the mark may change once a person has settled the open points above."))
    return FinalMark(student, mark, tuple(parts), provisional, tuple(lines))


def _share(
    policy: Policy, rule: Rule, row: GradebookRow | None, extension: Extension | None, left: int
) -> AssignmentShare:
    """Return what one assignment contributes. ``left`` is the number of free days that are left."""
    if row is None or row.points is None or not row.max_points:
        open_mark = row is not None and row.needs_staff
        why = (
            Message("no mark, so 0 %. A person must look.") if open_mark else Message("nothing was handed in, so 0 %.")
        )
        return AssignmentShare(rule.assignment, Fraction(0), 0, 0, dropped=False, explanation=why)
    share, sentences = _earned(rule, row, row.points, row.max_points)

    def result(*more: str, **changes: Any) -> AssignmentShare:
        made = AssignmentShare(
            rule.assignment, share, 0, 0, dropped=False, explanation=joined(" ", [*sentences, *more])
        )
        return replace(made, **changes)

    if rule.due is None:
        return result()
    if row.handed_in is None:
        return result(_MARKED_LATE if row.marked_late else _TIME_UNKNOWN)
    due = rule.due + timedelta(days=extension.days if extension else 0)
    if extension:
        days = count(extension.days, "day")
        sentences.append(Message("Due {days} later by an extension ({reason}).", days=days, reason=extension.reason))
    late = _days_late(row.handed_in, due, policy.grace_minutes)
    if not late:
        return result(Message("On time."))
    free = min(left, late, policy.free_days_each)
    paid = late - free
    values = {"days": count(late, "day"), "handed_in": _clock(row.handed_in), "due": _clock(due)}
    if paid > policy.refuse_after:
        refused = Message(
            "{days} late ({handed_in}, due {due}), more than {most} beyond the free ones, so it does not count: 0 %.",
            **values,
            most=count(policy.refuse_after, "day"),
        )
        return result(refused, share=Fraction(0), late_days=late)
    lateness = Message("{days} late ({handed_in}, due {due}), {free} of them free.", **values, free=free)
    lost = min(policy.per_day * paid, policy.at_most)
    if not lost:
        return result(lateness, late_days=late, free_days=free)
    left_over = share * (1 - lost)
    cost = Message(
        "{days} at {each} %: {lost} % of that is lost, {left} % count.",
        days=count(paid, "day"),
        each=format_number(100 * policy.per_day),
        lost=format_number(100 * lost),
        left=format_number(100 * left_over),
    )
    return result(lateness, cost, share=left_over, late_days=late, free_days=free)


def _earned(rule: Rule, row: GradebookRow, points: float, max_points: int) -> tuple[Fraction, list[str]]:
    """Return the share of the points before late days, and the sentences that explain it."""
    given = {name: points for name, points in row.questions.items() if points is not None}
    earned = tidy(points + sum(given.values()))
    total = max_points + sum(rule.questions[name] for name in given)
    share = Fraction(earned) / total
    percent = format_number(100 * share)
    sentences: list[str] = [
        Message("{points} of {total}, {share} %.", points=count(earned, "point"), total=total, share=percent)
    ]
    if unmarked := [name for name in row.questions if name not in given]:
        sentences.append(
            Message.counted(
                "Open: {names} is not marked by hand yet and does not count so far.",
                "Open: {names} are not marked by hand yet and do not count so far.",
                n=len(unmarked),
                names=both(unmarked),
            )
        )
    if row.needs_staff:
        sentences.append(
            Message("This was graded with --skip-scored; grade it without that option.")
            if row.skipped
            else Message("A check could not be graded: a person must look.")
        )
    if row.doubtful:
        sentences.append(_DOUBTFUL)
    return share, sentences


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
        replace(
            part,
            dropped=True,
            explanation=joined(" ", [part.explanation, Message("Dropped as the lowest.")]),
        )
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
                cell(" ".join("\n".join(final.lines).split())),
            )
        )
    return file.getvalue()


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"


def format_number(number: Fraction) -> str:
    """Return a number with at most two decimal places, halves rounded up, without zeros at the end."""
    cents = int(number * 100 + Fraction(1, 2))
    return f"{cents // 100}.{cents % 100:02}".rstrip("0").rstrip(".")
