"""The policy file: weights, due dates, late days and extensions. Reads and checks; computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from autograder.core.errors import GradlabError
from autograder.core.message import Message
from autograder.core.toml_file import read_toml
from autograder.intake.download import safe_name

NEVER = 1_000_000  # days or minutes
YEARS = range(1970, 3000)  # of due dates: NEVER days later is still a time that Python can represent

_Count = Annotated[int, Meta(ge=0, le=NEVER)]
_Number = Annotated[float, Meta(ge=0, lt=NEVER)]
_Text = str | int  # an id of digits may be written without quotes


class BadPolicy(GradlabError):
    """The policy or a gradebook cannot be used. Written for staff: which entry, what to write."""


@dataclass(frozen=True)
class Rule:
    """The rules of one assignment."""

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


class _Late(Struct, frozen=True, forbid_unknown_fields=True):
    """The table [late] as it is written."""

    free_days: _Count = 0
    free_days_each: _Count = NEVER
    grace_minutes: _Count = 0
    percent_per_day: _Number = 0
    percent_at_most: _Number = 100
    refuse_after_days: _Count = NEVER


class _Assignment(Struct, frozen=True, forbid_unknown_fields=True):
    """A table [assignments.NAME] as it is written."""

    weight: Annotated[float, Meta(gt=0, lt=NEVER)]
    due: Annotated[datetime, Meta(tz=True)] | None = None
    questions: dict[str, _Count] = {}


class _Extension(Struct, frozen=True, forbid_unknown_fields=True):
    """A table [[extensions]] as it is written."""

    student: _Text
    assignment: _Text
    days: _Count
    reason: _Text


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    assignments: dict[str, _Assignment] = {}
    extensions: tuple[_Extension, ...] = ()
    late: _Late = _Late()
    drop_lowest: _Count = 0


def read_policy(path: Path) -> Policy:
    """Read the policy file. Raises BadPolicy with the entry that is wrong."""
    file = read_toml(path, _File, error=BadPolicy)
    if not file.assignments:
        raise BadPolicy(Message("{path} has no [assignments.NAME] with a weight and a due date.", path=path))
    rules = [_rule(name, table, path) for name, table in file.assignments.items()]
    rules.sort(key=lambda rule: (rule.due is None, rule.due or datetime.max.replace(tzinfo=UTC), rule.assignment))
    return Policy(
        rules={rule.assignment: rule for rule in rules},
        extensions=_extensions(file, path),
        free_days=file.late.free_days,
        free_days_each=file.late.free_days_each,
        grace_minutes=file.late.grace_minutes,
        per_day=_exact(file.late.percent_per_day) / 100,
        at_most=min(Fraction(1), _exact(file.late.percent_at_most) / 100),
        refuse_after=file.late.refuse_after_days,
        drop_lowest=file.drop_lowest,
    )


def _rule(name: str, table: _Assignment, path: Path) -> Rule:
    if table.due is not None and table.due.year not in YEARS:
        raise BadPolicy(
            Message(
                "{path}, [assignments.{name}]: due is in the year {year}. Allowed: {start} to {stop}.",
                path=path,
                name=name,
                year=table.due.year,
                start=YEARS.start,
                stop=YEARS.stop - 1,
            )
        )
    return Rule(name, _exact(table.weight), table.due, table.questions)


def _extensions(file: _File, path: Path) -> dict[tuple[str, str], Extension]:
    extensions: dict[tuple[str, str], Extension] = {}
    for row in file.extensions:
        where, assignment = f"{path}, [[extensions]] {row.student!r}", str(row.assignment)
        key = safe_name(str(row.student)), assignment
        if assignment not in file.assignments:
            raise BadPolicy(
                Message("{where}: there is no [assignments.{assignment}].", where=where, assignment=assignment)
            )
        if key in extensions:
            raise BadPolicy(
                Message(
                    "{where}: {assignment} is extended twice for this student. Write one extension.",
                    where=where,
                    assignment=assignment,
                )
            )
        extensions[key] = Extension(row.days, str(row.reason))
    return extensions


def _exact(number: float) -> Fraction:
    """Return the number as it is written: 0.1 is a tenth."""
    return Fraction(str(number))
