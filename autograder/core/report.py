"""The report on one submission: a frozen record, and its JSON (schema in docs/report.md).

Knows nothing about how checks are run or how a report is rendered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, is_dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from autograder.core.half_points import tidy
from autograder.core.language import in_a_row
from autograder.core.message import Message, forms_in, joined, with_messages

SCHEMA = 1
JSON_NAMES = {"isolation": "wall"}  # field -> its name in schema 1


class Outcome(StrEnum):
    """The verdict on one check."""

    PASSED = "passed"
    FAILED = "failed"  # an error in the student's code
    BROKEN = "broken"  # an error in the check or the grader: earns nothing and is always reported


class Cause(StrEnum):
    """Why a check failed."""

    WRONG = "wrong"
    ERROR = "error"  # the student's code raised
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    FORBIDDEN = "forbidden"
    NOT_WRITTEN = "not written"
    NOT_LOADED = "not loaded"  # the code that it needs could not be read or did not run
    NEEDS = "needs another task"  # it uses what another task returns, which is not right yet
    BROKEN = "broken"


@dataclass(frozen=True)
class Measured:
    """A number that a scored check measured, such as an accuracy."""

    name: str
    value: float
    higher_is_better: bool = True


@dataclass(frozen=True)
class CheckResult:
    """The verdict on one check, and what the student reads about it."""

    id: str  # "check_knn_distances.py::check_two_loops_agrees_with_the_definition"
    task: str
    title: str  # first line of the check's docstring
    hidden: bool
    points: int  # earned
    max_points: int
    outcome: Outcome
    cause: Cause | None = None  # None when passed
    message: str = ""  # plain text, several lines; contains text that students wrote: escape it
    hint: str = ""
    output: str = ""  # what the student's code printed during the check, up to a limit
    seconds: float = 0.0
    code: str = ""  # for staff: where the student's code is that the check is about, and its lines
    scores: tuple[Measured, ...] = ()  # of a check that trains or evaluates a network
    pictures: tuple[str, ...] = ()  # for staff: figures that the student's code drew, each a PNG in base64


@dataclass(frozen=True)
class Remark:
    """A sentence about a hand-in for the student and for staff."""

    kind: str  # one of REMARK_KINDS
    text: str  # what was found, and where
    advice: str = ""  # what to do

    def __str__(self) -> str:
        text = joined(" ", (self.text, self.advice))
        return text if isinstance(text, Message) else in_a_row(text)


REMARK_KINDS = (
    "renamed",  # the graded file does not have the assignment's name
    "doubtful",  # two files differ, and one was chosen
    "unreadable",  # a file, a cell or a block that could not be read
    "import",  # an import that the assignment does not allow
    "own module",  # a module of the student's own
    "unusual",  # a construct that can hide a call from source rules
)


@dataclass(frozen=True)
class TaskResult:
    """The sum over one task's checks."""

    name: str
    title: str
    points: float  # whole, unless a person gave half points
    max_points: int


@dataclass(frozen=True)
class Answer:
    """What was handed in for a question that a person marks. For staff."""

    question: str  # its id
    title: str
    text: str = ""  # of the cell for the answer, up to a limit
    files: tuple[str, ...] = ()  # names of files; they are in the folder answers/ of the student's results

    @property
    def is_blank(self) -> bool:
        """True when nothing was handed in for the question."""
        return not self.text.strip() and not self.files


@dataclass(frozen=True)
class AskedQuestion:
    """A question of the assignment that a person marks."""

    id: str
    title: str
    max_points: int


@dataclass(frozen=True)
class Mark:
    """A mark that a person gave: for an inline question, or instead of the points that a task's checks earned."""

    item: str  # name of the task or id of the question
    title: str
    points: float  # a multiple of 0.5
    max_points: int
    question: bool  # True: in addition to the checks' points; False: instead of the task's
    reason: str
    by: str
    at: str  # ISO 8601, UTC


@dataclass(frozen=True)
class Report:
    """Everything about one submission. Equal submissions get equal reports, except for seconds and students' names."""

    assignment: str
    title: str
    version: str  # of the assignment
    grader: str  # version of gradlab
    student: str
    submission: str  # sha256 of the wanted files
    checks_digest: str
    device: str
    data: str
    seed: int
    isolation: str  # "bubblewrap", "namespaces", "none"
    checks: tuple[CheckResult, ...]
    tasks: tuple[TaskResult, ...]
    notes: tuple[str, ...] = ()  # sentences about the hand-in: "Nothing is written in knn.py, so it was ignored."
    handed_in: str = ""  # ISO 8601, UTC; empty where the platform does not record it
    marks: tuple[Mark, ...] = ()
    remarks: tuple[Remark, ...] = ()
    name: str = ""  # of the person; empty unless a roster gives it
    open_points: int = 0  # of checks that were left out to save time; above 0, the result is provisional
    hidden_checks: str = "titles"  # what the student may see of them: "points", "titles" or "messages"
    answers: tuple[Answer, ...] = ()
    questions: tuple[AskedQuestion, ...] = ()  # empty where people do not mark: in a run of the student's own
    schema: int = field(default=SCHEMA)

    @property
    def overrides(self) -> dict[str, Mark]:
        """The marks that replace a task's points, by task; at most what the task is worth now."""
        most = {task.name: task.max_points for task in self.tasks}
        return {
            mark.item: replace(mark, points=min(mark.points, most[mark.item]), max_points=most[mark.item])
            for mark in self.marks
            if not mark.question and mark.item in most
        }

    @property
    def counted_marks(self) -> tuple[Mark, ...]:
        """The marks that count: first those that replace a task's points, then those for inline questions."""
        return (*self.overrides.values(), *(mark for mark in self.marks if mark.question))

    @property
    def stray_marks(self) -> tuple[Mark, ...]:
        """Marks for tasks that the assignment no longer has. They do not count."""
        tasks = {task.name for task in self.tasks}
        return tuple(mark for mark in self.marks if not mark.question and mark.item not in tasks)

    @property
    def unmarked(self) -> tuple[AskedQuestion, ...]:
        """The questions that were answered and that nobody has marked yet."""
        return tuple(question for question in self._without_mark if question not in self.unanswered)

    @property
    def unanswered(self) -> tuple[AskedQuestion, ...]:
        """The questions without an answer and without a mark: they earn nothing unless a person gives points.

        A hand-in that could not be opened answers none. Where a file could not be read, an answer may be in it.
        """
        if self.refusal:
            return self._without_mark
        if any(remark.kind == "unreadable" for remark in self.remarks):
            return ()
        blank = {answer.question for answer in self.answers if answer.is_blank}
        return tuple(question for question in self._without_mark if question.id in blank)

    @property
    def _without_mark(self) -> tuple[AskedQuestion, ...]:
        given = {mark.item for mark in self.marks if mark.question}
        return tuple(question for question in self.questions if question.id not in given)

    @property
    def points(self) -> float:
        """The points that checks earned or people gave instead. Inline questions are counted separately."""
        overrides = self.overrides
        earned = sum(check.points for check in self.checks if check.task not in overrides)
        return tidy(earned + sum(mark.points for mark in overrides.values()))

    @property
    def max_points(self) -> int:
        return sum(task.max_points for task in self.tasks)

    @property
    def needs_staff(self) -> bool:
        """True when a check is broken and its task has no mark by hand: a person must look before the mark counts."""
        return any(check.outcome is Outcome.BROKEN and check.task not in self.overrides for check in self.checks)

    @property
    def provisional(self) -> bool:
        """True when checks were left out to save time: a later run judges them."""
        return self.open_points > 0

    @property
    def undecided(self) -> bool:
        """True while the points are not a mark: a person or another run must decide."""
        return self.needs_staff or self.provisional

    @property
    def refusal(self) -> str:
        """Why the hand-in could not be opened, or "". If so, no check was run and each has the same message."""
        first = self.checks[0].message if self.checks else ""
        refused = first in self.notes and all(
            check.outcome is Outcome.FAILED and check.message == first and not check.seconds for check in self.checks
        )
        return first if refused else ""

    @property
    def is_blank(self) -> bool:
        """True when no task is written: the handout, or a hand-in without the wanted functions."""
        return bool(self.checks) and all(check.cause is Cause.NOT_WRITTEN for check in self.checks)

    def with_marks(self, marks: Iterable[Mark]) -> Report:
        """Return the same report with these marks. The checks' own verdicts do not change."""
        bare = replace(self, marks=tuple(marks))
        overrides = bare.overrides
        earned: dict[str, float] = {
            task.name: sum(c.points for c in self.checks if c.task == task.name) for task in self.tasks
        }
        earned |= {name: mark.points for name, mark in overrides.items()}
        return replace(bare, tasks=tuple(replace(task, points=earned[task.name]) for task in self.tasks))

    def to_json(self) -> str:
        """Return the report in the documented schema, with the sums written out for readers of the file."""
        fields = {JSON_NAMES.get(name, name): value for name, value in _plain(self).items()}
        table = {**fields, "points": self.points, "max_points": self.max_points, "needs_staff": self.needs_staff}
        if forms := forms_in(fields):  # how to say these texts in other languages
            table["messages"] = forms
        text = json.dumps(table, ensure_ascii=False, allow_nan=False)  # an indent is not written in C
        laid_out = msgspec.json.format(text.encode("utf-8", "surrogatepass"), indent=2)
        return laid_out.decode("utf-8", "surrogatepass") + "\n"


def _plain(value: Any) -> Any:
    """Return a report, or a part of it, as tables and lists. Unlike dataclasses.asdict, it copies no text."""
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


def read_report(path: Path) -> Report:
    """Read a file that to_json wrote. Raises ValueError with the file's name when it is not a report of this schema."""
    return parse_report(path.read_bytes(), str(path))


def parse_report(data: bytes, path: str) -> Report:
    """Parse a report; error messages name ``path`` as its place. Raises ValueError."""
    try:
        table: dict[str, Any] = json.loads(data)
        if table.get("schema") != SCHEMA:
            raise ValueError(
                f"it has schema {table.get('schema')!r}, but this version of gradlab reads schema {SCHEMA}"
            )
        for derived in ("points", "max_points", "needs_staff"):
            table.pop(derived)
        if forms := table.pop("messages", {}):
            table = with_messages(table, forms)
        checks = tuple(_check(row) for row in table.pop("checks"))
        for name, json_name in JSON_NAMES.items():
            table[name] = table.pop(json_name)
        tasks = tuple(TaskResult(**row) for row in table.pop("tasks"))
        marks = tuple(Mark(**row) for row in table.pop("marks", ()))
        remarks = tuple(Remark(**row) for row in table.pop("remarks", ()))
        answers = tuple(Answer(**{**row, "files": tuple(row["files"])}) for row in table.pop("answers", ()))
        questions = tuple(AskedQuestion(**row) for row in table.pop("questions", ()))
        return Report(
            **{**table, "notes": tuple(table["notes"])},
            checks=checks,
            tasks=tasks,
            marks=marks,
            remarks=remarks,
            answers=answers,
            questions=questions,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(Message("{path} is not a gradlab report: {error}.", path=path, error=error)) from None


def _check(row: dict[str, Any]) -> CheckResult:
    cause = row["cause"] and Cause(row["cause"])
    scores = tuple(Measured(**score) for score in row.get("scores", ()))
    pictures = tuple(row.get("pictures", ()))
    read = {"outcome": Outcome(row["outcome"]), "cause": cause, "scores": scores, "pictures": pictures}
    return CheckResult(**{**row, **read})
