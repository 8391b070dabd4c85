"""Late days and weights: from gradebooks to final marks by the rules of a small TOML, with the reasons in words.

A pure step: it reads gradebooks and a policy, runs nothing, and gives the same marks for the same files. Exact: shares
are fractions until they are shown.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from autograder.intake.download import safe_name
from autograder.policy.gradebook_rows import Row, read_gradebooks
from autograder.policy.policy_file import BadPolicy, Extension, Policy, Rule, read_policy
from autograder.render.gradebook_csv import cell
from autograder.render.words import count

__all__ = ["BadPolicy", "Final", "Policy", "Row", "apply", "final_csv", "read_gradebooks", "read_policy"]


@dataclass(frozen=True)
class Part:
    """One assignment in a final mark."""

    assignment: str
    share: Fraction  # of the assignment's points, after late days; 0 to 1, or more with extra points
    late_days: int
    free_days: int  # of the late ones, those that cost nothing
    dropped: bool
    explanation: str


@dataclass(frozen=True)
class Final:
    """A student's mark."""

    student: str
    mark: Fraction  # out of 100
    parts: tuple[Part, ...]
    open: bool  # a person must look first
    explanation: str


def apply(policy: Policy, rows: Iterable[Row]) -> list[Final]:
    """The final marks by student. Free late days go to assignments in the order of their due dates."""
    found = {(row.student, row.assignment): row for row in rows if row.assignment in policy.rules}
    begun = {assignment for _, assignment in found}
    students = sorted({student for student, _ in found}, key=lambda name: (name.casefold(), name))
    return [_final(policy, student, found, begun) for student in students]


def _final(policy: Policy, student: str, rows: Mapping[tuple[str, str], Row], begun: Collection[str]) -> Final:
    left, parts, still_open = policy.free_days, [], False
    for rule in policy.rules.values():
        if rule.assignment not in begun:
            continue
        row = rows.get((student, rule.assignment))
        extension = policy.extensions.get((safe_name(student), rule.assignment))
        part = _part(policy, rule, row, extension, left)
        left -= part.free_days
        still_open = still_open or bool(row and _is_open(rule, row))
        parts.append(part)
    parts = _drop(policy, parts)
    kept = [part for part in parts if not part.dropped]
    total = sum((policy.rules[part.assignment].weight for part in kept), Fraction(0))
    mark = 100 * sum((policy.rules[p.assignment].weight * p.share for p in kept), Fraction(0)) / total
    lines = [f"{student}: {shown(mark)} of 100{', provisional' if still_open else ''}", ""]
    for part in parts:
        lines.append(f"{part.assignment} (weight {shown(policy.rules[part.assignment].weight)}): {part.explanation}")
    for name in policy.rules:
        if name not in begun:
            lines.append(f"{name}: no gradebook was given for it, so it does not count yet.")
    sums = " + ".join(f"{shown(policy.rules[p.assignment].weight)} x {shown(100 * p.share)} %" for p in kept)
    lines += ["", f"Mark: ({sums}) / {shown(total)} = {shown(mark)} of 100."]
    if policy.free_days:
        lines.append(
            f"Free late days: {policy.free_days - left} of {policy.free_days} used, in the order of due dates."
        )
    if still_open:
        lines.append("Provisional: the mark may change when a person has done what is open above.")
    return Final(student, mark, tuple(parts), still_open, "\n".join(lines) + "\n")


def _part(policy: Policy, rule: Rule, row: Row | None, extension: Extension | None, left: int) -> Part:
    if row is None or row.points is None or not row.max_points:
        why = "no mark, so 0 %. A person must look." if row and row.needs_staff else "nothing was handed in, so 0 %."
        return Part(rule.assignment, Fraction(0), 0, 0, dropped=False, explanation=why)
    given = {name: points for name, points in row.questions.items() if points is not None}
    earned = row.points + sum(given.values())
    total = row.max_points + sum(rule.questions[name] for name in given)
    share = Fraction(earned, total)
    text = f"{count(earned, 'point')} of {total}, {shown(100 * share)} %."
    if unmarked := [name for name in row.questions if name not in given]:
        verb = "is not marked by hand yet and does" if len(unmarked) == 1 else "are not marked by hand yet and do"
        text += f" Open: {' and '.join(unmarked)} {verb} not count so far."
    if row.needs_staff:
        text += " A check could not be graded: a person must look."
    if row.doubtful:
        text += " What counts is empty or cannot be opened, and an earlier hand-in was not graded: a person must look."
    if rule.due is None:
        return Part(rule.assignment, share, 0, 0, dropped=False, explanation=text)
    if row.handed_in is None:
        text += " When it was handed in is not known: a person must look; it counts as on time until then."
        return Part(rule.assignment, share, 0, 0, dropped=False, explanation=text)
    due = rule.due + timedelta(days=extension.days if extension else 0)
    if extension:
        text += f" Due {count(extension.days, 'day')} later by an extension ({extension.reason})."
    late = _days_late(row.handed_in, due, policy.grace_minutes)
    if not late:
        return Part(rule.assignment, share, 0, 0, dropped=False, explanation=f"{text} On time.")
    free = min(left, late, policy.free_days_each)
    paid = late - free
    text += f" {count(late, 'day')} late ({_clock(row.handed_in)}, due {_clock(due)})"
    if paid > policy.refuse_after:
        text += f", more than {count(policy.refuse_after, 'day')} beyond the free ones, so it does not count: 0 %."
        return Part(rule.assignment, Fraction(0), late, 0, dropped=False, explanation=text)
    text += f", {free} of them free."
    lost = min(policy.per_day * paid, policy.at_most)
    if lost:
        share *= 1 - lost
        text += f" {count(paid, 'day')} at {shown(100 * policy.per_day)} %: {shown(100 * lost)} % of that is lost,"
        text += f" {shown(100 * share)} % count."
    return Part(rule.assignment, share, late, free, dropped=False, explanation=text)


def _days_late(handed_in: datetime, due: datetime, grace_minutes: int) -> int:
    """Days begun after the due time; the grace decides whether it is late at all, and is not taken off then."""
    if handed_in <= due + timedelta(minutes=grace_minutes):
        return 0
    return -((due - handed_in) // timedelta(days=1))


def _is_open(rule: Rule, row: Row) -> bool:
    """Must a person look: at a check that broke, at an earlier hand-in, for the time, or to mark a question?"""
    if row.points is None:
        return row.needs_staff
    timeless = rule.due is not None and row.handed_in is None
    return row.needs_staff or row.doubtful or timeless or None in row.questions.values()


def _drop(policy: Policy, parts: list[Part]) -> list[Part]:
    """Mark those with the lowest shares as dropped; one always stays."""
    dropped: set[str] = set()
    for _ in range(min(policy.drop_lowest, len(parts) - 1)):
        kept = [part for part in parts if part.assignment not in dropped]
        dropped.add(min(kept, key=lambda part: part.share).assignment)
    return [
        Part(p.assignment, p.share, p.late_days, p.free_days, True, f"{p.explanation} Dropped as the lowest.")
        if p.assignment in dropped
        else p
        for p in parts
    ]


def final_csv(policy: Policy, finals: Sequence[Final]) -> str:
    """One row per student: the mark, each assignment's share in percent, the reasons."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("student", "mark", *(cell(name) for name in policy.rules), "late_days", "open", "explanation"))
    for final in finals:
        shares = {part.assignment: shown(100 * part.share) for part in final.parts}
        late = sum(part.late_days for part in final.parts)
        writer.writerow(
            (
                cell(final.student),
                shown(final.mark),
                *(shares.get(name, "") for name in policy.rules),
                late,
                "yes" if final.open else "no",
                cell(" ".join(final.explanation.split())),
            )
        )
    return file.getvalue()


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"


def shown(number: Fraction) -> str:
    """At most two places, halves rounded up; no zeros at the end."""
    cents = int(number * 100 + Fraction(1, 2))
    return f"{cents // 100}.{cents % 100:02}".rstrip("0").rstrip(".")
