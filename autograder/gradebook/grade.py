"""One run over a class: what the journal knows is taken from there, the rest is run, and everything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from autograder.core.assignment import Assignment
from autograder.core.errors import GradlabError
from autograder.core.files import remove_unfinished_files
from autograder.core.report import Cause, Outcome, Report
from autograder.gradebook.cache_keys import Keys
from autograder.gradebook.identity import left_behind, moved, moves
from autograder.gradebook.journal import Journal, Kept, Key
from autograder.gradebook.results import write_report, write_results
from autograder.intake.download import HandIn, Intake, Problem, sort_problems
from autograder.runners.grader_process import Job, Setup

_PARTS = ("the checks or what they stand on", "gradlab itself", "the device", "the data", "the seed", "the wall")
_DIGEST = 64  # characters


class NeedsRegrade(GradlabError):
    """Marks that were given would be given anew by other rules. Speaks to staff."""


class Spread(Protocol):
    """Runs jobs somewhere, as batch.grade_all does here."""

    def __call__(self, jobs: Sequence[Job], setup: Setup, *, on_report: Callable[[Report], None]) -> object: ...


@dataclass(frozen=True)
class Change:
    """A student's mark before and after."""

    student: str
    before: int
    after: int
    max_points: int
    tasks: tuple[tuple[str, int, int], ...]  # those that changed: name, before, after


@dataclass
class Graded:
    """What a run did."""

    reports: list[Report] = field(default_factory=list)  # of all students in the journal
    ran: int = 0
    reused: int = 0  # students whose report was there already, or was another's with the same files
    problems: tuple[Problem, ...] = ()  # of the intake, and what the journal knows beyond it
    changes: tuple[Change, ...] = ()
    written: bool = True


def grade_class(
    assignment: Assignment,
    intake: Intake,
    setup: Setup,
    journal: Journal,
    out: Path,
    *,
    spread: Spread,
    regrade: bool = False,
    approve: Callable[[Sequence[Change]], bool] = lambda changes: True,
    on_start: Callable[[int, int], None] = lambda students, jobs: None,
    on_report: Callable[[Report], None] = lambda report: None,
) -> Graded:
    """Grade every hand-in of ``intake`` whose mark is not known, and write the results.

    ``approve`` sees the marks that a regrade changes before they are written. Raises NeedsRegrade. Each report is in
    the journal as soon as it is made, so a run that was ended at any moment goes on where it was.
    """
    remove_unfinished_files(out)
    work = _Work(assignment, intake, setup, journal, out, regrade=regrade)
    on_start(len(intake.handins), len(work.jobs))
    done = Graded(ran=len(work.jobs), reused=len(intake.handins) - len(work.jobs), problems=work.problems)

    def keep(report: Report) -> None:
        work.keep(report)
        on_report(report)

    if work.jobs:
        spread(list(work.jobs.values()), setup, on_report=keep)
    if regrade:
        done.changes = tuple(work.changes())
        if done.changes and not approve(done.changes):
            done.written = False
            return done
        work.give_all()
    done.problems = sort_problems([*done.problems, *_doubtful(journal, intake)])
    with journal.writing():
        journal.set_problems(done.problems)
    done.reports = write_results(journal, out, done=work.drawn)
    return done


def _doubtful(journal: Journal, intake: Intake) -> Iterable[Problem]:
    """Latest hand-ins that are worth nothing, of students who handed in before: by mistake, as likely as not."""
    earlier: dict[str, list[str]] = defaultdict(list)
    for handin in intake.superseded:
        earlier[handin.student].append(handin.path.name)
    for report in journal.reports(list(earlier)):
        if report.is_blank or report.refusal:
            why = "cannot be opened" if report.refusal else "has nothing written in it"
            others = ", ".join(earlier[report.student][:5])
            yield Problem(
                "doubtful",
                report.student,
                f"What counts {why}. Look at what was handed in before and was not graded: {others}.",
            )


class _Work:
    def __init__(
        self, assignment: Assignment, intake: Intake, setup: Setup, journal: Journal, out: Path, *, regrade: bool
    ) -> None:
        self.journal, self.out, self.regrade = journal, out, regrade
        self.keys = Keys(assignment, setup)
        wanted = {handin: self.keys.of(handin.path) for handin in intake.handins}
        taken = moves(journal, intake)
        self._refuse(assignment, wanted, taken)
        self.waiting: dict[Key, list[HandIn]] = defaultdict(list)  # the hand-ins that wait for a report
        self.pending: dict[HandIn, Kept] = {}  # of a regrade, until it is approved
        self.drawn: set[str] = set()  # students whose files were written
        for handin, key in wanted.items():
            self.waiting[key].append(handin)
        self.jobs = {key: Job(group[0].student, group[0].path) for key, group in self.waiting.items()}
        self._by_student = {job.student: key for key, job in self.jobs.items()}
        with journal.writing():
            journal.set_fact("assignment", _facts(assignment))
            if intake.roster:
                journal.set_fact("roster", True)
            self.problems = self._problems(intake, taken, next(iter(wanted.values())))
            journal.note(
                replace(intake, problems=self.problems), {handin.path: key.submission for handin, key in wanted.items()}
            )
            for key in list(self.jobs):
                kept = journal.find(key)
                if kept and kept.final:
                    self._settle(key, kept)
                    del self.jobs[key]

    def _problems(self, intake: Intake, taken: Mapping[str, str], key: Key) -> tuple[Problem, ...]:
        """What this intake has for people to read, seen with what the journal holds."""
        told = tuple(moved(self.journal, taken))
        kept = tuple(left_behind(self.journal, intake, key))
        have_marks = {problem.who for problem in kept}
        found = [p for p in intake.problems if not (p.kind == "missing" and p.who in have_marks)]
        return sort_problems([*found, *told, *kept])

    def _refuse(self, assignment: Assignment, wanted: dict[HandIn, Key], taken: Mapping[str, str]) -> None:
        facts = self.journal.fact("assignment")
        if facts and facts["name"] != assignment.name:
            raise NeedsRegrade(
                f"{self.out} holds the results of {facts['name']}. Give {assignment.name} its own folder."
            )
        if self.regrade:
            return
        changed, students = set(), 0
        before = {new: old for old, new in taken.items()}
        for handin, key in wanted.items():
            old = self.journal.key_of(handin.student) or self.journal.key_of(before.get(handin.student, ""))
            if old and old.ours != key.ours:
                students += 1
                changed |= {part for part, a, b in zip(_PARTS, old.ours, key.ours, strict=True) if a != b}
        if students:
            parts = [part for part in _PARTS if part in changed]
            raise NeedsRegrade(
                f"{students:,} of these students have a mark in {self.out} that was given before {' and '.join(parts)} "
                "changed. Pass --regrade to see which marks would change and then decide, or another --out. "
                "Nothing was run."
            )

    def _settle(self, key: Key, kept: Kept) -> list[HandIn]:
        group = self.waiting.pop(key)
        for handin in group:
            if self.regrade:
                self.pending[handin] = kept
            else:
                self.journal.give(handin, kept)
        return group

    def keep(self, report: Report) -> None:
        """Journal a report that was just made, then draw it for all who handed that in."""
        key = self._by_student[report.student]
        actual = replace(key, submission=report.submission) if report.submission else key  # changed while we worked
        if not report.submission and len(key.submission) == _DIGEST:
            same = self.keys.of(self.jobs[key].path) == key  # then it was read, and could not be parsed
            report = replace(report, submission=key.submission) if same else _went_away(report)
        with self.journal.writing():
            group = self._settle(key, self.journal.keep(actual, report))
        if not self.regrade:
            for own in self.journal.reports([handin.student for handin in group]):
                write_report(own, self.out)
                self.drawn.add(own.student)

    def changes(self) -> Iterable[Change]:
        """The marks that the regrade changes."""
        for handin, kept in self.pending.items():
            for old in self.journal.reports([handin.student]):
                new = self.journal.dressed(kept.report, handin.student, handin.handed_in, handin.notes)
                before = {task.name: task.points for task in old.tasks}
                after = {task.name: task.points for task in new.tasks}
                tasks = tuple(
                    (name, before.get(name, 0), after.get(name, 0))
                    for name in {**before, **after}
                    if before.get(name, 0) != after.get(name, 0)
                )
                if tasks or old.points != new.points:
                    yield Change(handin.student, old.points, new.points, new.max_points, tasks)

    def give_all(self) -> None:
        """Let the new reports count, all at once."""
        with self.journal.writing():
            for handin, kept in self.pending.items():
                self.journal.give(handin, kept)


def _went_away(report: Report) -> Report:
    """No mark: what was read at first could not be read again. A person sees it, and the next run grades it."""
    said = f"The hand-in changed or went away before it was graded. {report.refusal} Run the same command again."
    checks = [replace(c, outcome=Outcome.BROKEN, cause=Cause.BROKEN, message=said) for c in report.checks]
    return replace(report, checks=tuple(checks))


def _facts(assignment: Assignment) -> dict[str, object]:
    """What later commands need of the assignment without having it."""
    return {
        "name": assignment.name,
        "title": assignment.title,
        "tasks": {task.name: [task.title, task.points] for task in assignment.tasks},
        "questions": {question.id: [question.title, question.points] for question in assignment.questions},
    }
