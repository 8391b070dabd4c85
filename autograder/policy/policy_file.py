"""The policy file: weights, due dates, late days, extensions. Reads and verifies; computes nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from autograder.core.errors import GradlabError
from autograder.core.files import explain
from autograder.intake.download import safe_name

_LATE = ("free_days", "free_days_each", "grace_minutes", "percent_per_day", "percent_at_most", "refuse_after_days")
_RULE = ("weight", "due", "questions")
_EXTENSION = ("student", "assignment", "days", "reason")
NEVER = 1_000_000
YEARS = range(1970, 3000)  # in which something may be due: with NEVER days more it is still a time


class BadPolicy(GradlabError):
    """The policy or a gradebook cannot be used. Speaks to staff: which entry, what to write."""


@dataclass(frozen=True)
class Rule:
    """What holds for one assignment."""

    assignment: str
    weight: Fraction
    due: datetime | None
    questions: Mapping[str, int] = field(default_factory=dict)  # inline questions that count, with their points


@dataclass(frozen=True)
class Extension:
    """More time for one student and one assignment."""

    days: int
    reason: str


@dataclass(frozen=True)
class Policy:
    """All rules; assignments in the order of their due dates."""

    rules: Mapping[str, Rule]
    extensions: Mapping[tuple[str, str], Extension]  # by student, as safe_name writes it, and assignment
    free_days: int = 0
    free_days_each: int = NEVER  # at most so many of them for one assignment
    grace_minutes: int = 0
    per_day: Fraction = Fraction(0)
    at_most: Fraction = Fraction(1)
    refuse_after: int = NEVER
    drop_lowest: int = 0


def read_policy(path: Path) -> Policy:
    """Read the TOML. Raises BadPolicy with the entry at fault."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPolicy(f"{path} cannot be read: {explain(error)}.") from None
    _known(table, ("late", "assignments", "extensions", "drop_lowest"), f"{path}")
    late = _table(table.get("late", {}), f"{path}, [late]", "options")
    _known(late, _LATE, f"{path}, [late]")
    assignments = _table(table.get("assignments", {}), f"{path}, [assignments]", "a table per assignment")
    rules = [_rule(name, row, path) for name, row in assignments.items()]
    if not rules:
        raise BadPolicy(f"{path} has no [assignments.NAME] with a weight and a due date.")
    rules.sort(key=lambda rule: (rule.due is None, rule.due or datetime.max.replace(tzinfo=UTC), rule.assignment))
    extensions = _extensions(table.get("extensions", []), assignments, path)
    where = f"{path}, [late]"
    return Policy(
        rules={rule.assignment: rule for rule in rules},
        extensions=extensions,
        free_days=_whole(late, "free_days", where, 0),
        free_days_each=_whole(late, "free_days_each", where, NEVER),
        grace_minutes=_whole(late, "grace_minutes", where, 0),
        per_day=_number(late, "percent_per_day", where, 0) / 100,
        at_most=min(Fraction(1), _number(late, "percent_at_most", where, 100) / 100),
        refuse_after=_whole(late, "refuse_after_days", where, NEVER),
        drop_lowest=_whole(table, "drop_lowest", f"{path}", 0),
    )


def _rule(name: str, row: Any, path: Path) -> Rule:
    where = f"{path}, [assignments.{name}]"
    if not isinstance(row, dict):
        raise BadPolicy(f"{where} must be a table with a weight and a due date.")
    _known(row, _RULE, where)
    weight = _number(row, "weight", where)
    if weight <= 0:
        raise BadPolicy(f"{where}: weight must be above 0.")
    due = row.get("due")
    if due is not None and (not isinstance(due, datetime) or due.tzinfo is None):
        raise BadPolicy(f"{where}: due must be a time with its zone, like 2026-11-20T23:59:00+01:00, not {due}.")
    if due is not None and due.year not in YEARS:
        raise BadPolicy(f"{where}: due is in the year {due.year}.")
    questions = row.get("questions", {})
    if not isinstance(questions, dict):
        raise BadPolicy(f"{where}: questions must name the inline questions and their points: {{ knn-q1 = 2 }}.")
    return Rule(name, weight, due, {question: _whole(questions, question, where) for question in questions})


def _extensions(rows: Any, assignments: Mapping[str, Any], path: Path) -> dict[tuple[str, str], Extension]:
    if not isinstance(rows, list):
        raise BadPolicy(f"{path}: write each extension below a heading of its own, [[extensions]] in double brackets.")
    extensions: dict[tuple[str, str], Extension] = {}
    for row in rows:
        where = f"{path}, [[extensions]]"
        named = _table(row, where, ", ".join(_EXTENSION)).get("student", "nobody")
        where = f"{where} of {named}"
        _known(row, _EXTENSION, where)
        if missing := [key for key in _EXTENSION if key not in row]:
            raise BadPolicy(f"{where}: {missing[0]!r} is missing.")
        student, assignment = (_text(row, key, where) for key in ("student", "assignment"))
        if assignment not in assignments:
            raise BadPolicy(f"{where}: there is no [assignments.{assignment}].")
        if (safe_name(student), assignment) in extensions:
            raise BadPolicy(f"{where}: {assignment} is extended twice for this student. Write one extension.")
        extension = Extension(_whole(row, "days", where), _text(row, "reason", where))
        extensions[safe_name(student), assignment] = extension
    return extensions


def _table(value: Any, where: str, holds: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadPolicy(f"{where} must be a table that holds {holds}, not {value!r}.")
    return value


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    if not isinstance(row[name], str | int) or isinstance(row[name], bool):
        raise BadPolicy(f"{where}: {name} must be one text, not {row[name]!r}.")
    return str(row[name])


def _known(row: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in row:
        if name not in names:
            raise BadPolicy(f"{where} has no {name!r}; it has {', '.join(names)}.")


def _whole(row: Mapping[str, Any], name: str, where: str, default: int | None = None) -> int:
    value = row.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= NEVER:
        raise BadPolicy(f"{where}: {name} must be a whole number, 0 or more, not {value!r}.")
    return value


def _number(row: Mapping[str, Any], name: str, where: str, default: int | None = None) -> Fraction:
    value = row.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < NEVER:
        raise BadPolicy(f"{where}: {name} must be a number, 0 or more, not {value!r}.")
    return Fraction(str(value))
