"""Grade a class: take what the journal knows, run the rest, and write everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from autograder.core.assignment import Assignment
from autograder.core.class_records import MarkChange
from autograder.core.errors import GradlabError
from autograder.core.files import remove_unfinished_files
from autograder.core.message import Message, both, first_of
from autograder.core.report import Cause, Outcome, Remark, Report
from autograder.gradebook.cache_keys import KeyMaker, Reading
from autograder.gradebook.identity import find_renames, report_missing, report_renames, report_still_missing
from autograder.gradebook.journal import ADDRESSES, Journal, Key, StoredReport
from autograder.gradebook.readers import EDITIONS, STUDENTS, Readers
from autograder.gradebook.results import write_answers, write_report, write_results
from autograder.intake.download import HandIn, Intake, Problem, sort_problems
from autograder.runners.grader_process import Job, Setup

# What each part of Key.ours is called in a message.
_GRADER = Message("gradlab itself")
_PARTS = (
    Message("the checks or the files they depend on"),
    _GRADER,
    Message("the device"),
    Message("the data"),
    Message("the seed"),
    Message("isolation"),
)
_UNREADABLE = Message(
    "The hand-in that counts cannot be opened. Look at the earlier ones, which were not graded: {others}."
)
_UNWRITTEN = Message(
    "The hand-in that counts has nothing written in it. Look at the earlier ones, which were not graded: {others}."
)
_DIGEST = 64  # characters of a submission's digest; other texts in its place say why there is none


class NeedsRegrade(GradlabError):
    """A run would replace marks that were given under other rules. Written for staff."""


class Spread(Protocol):
    """Runs jobs somewhere, as local_pool.grade_all does on this machine."""

    def __call__(self, jobs: Sequence[Job], setup: Setup, *, on_report: Callable[[Report], None]) -> object: ...


@dataclass
class Graded:
    """What a run did."""

    reports: list[Report] = field(default_factory=list)  # of all students in the journal
    ran: int = 0
    reused: int = 0  # students whose report was in the journal, or came from the same files of another student
    problems: tuple[Problem, ...] = ()  # of the intake, and those that only the journal can find
    changes: tuple[MarkChange, ...] = ()
    written: bool = True


@dataclass(frozen=True)
class Plan:
    """What a run will do, found by reading alone."""

    assignment: Assignment
    intake: Intake  # of the students who are graded
    readings: Mapping[HandIn, Reading]
    renames: Mapping[str, str]  # id of a student in an earlier run -> the id that the roster gives now
    stored: Mapping[Key, StoredReport]  # final reports that the journal has
    jobs: Mapping[Key, Job]  # what must be run; equal files are run once
    problems: tuple[Problem, ...]

    def remarks_on(self, handin: HandIn) -> tuple[Remark, ...]:
        """Return the remarks about the files of one hand-in. A single file is named after its student, not renamed."""
        single = handin.path.is_file() and handin.path.suffix.lower() != ".zip"
        return tuple(r for r in self.readings[handin].remarks if not (single and r.kind == "renamed"))


def grade_class(
    assignment: Assignment,
    intake: Intake,
    setup: Setup,
    journal: Journal,
    out: Path,
    *,
    spread: Spread,
    regrade: bool = False,
    only: Collection[str] = (),
    approve: Callable[[Sequence[MarkChange]], bool] = lambda changes: True,
    on_start: Callable[[int, int], None] = lambda students, jobs: None,
    on_report: Callable[[Report], None] = lambda report: None,
) -> Graded:
    """Grade every hand-in of ``intake`` that has no mark yet, and write the results.

    With ``only``, nothing changes for students whose ids it does not contain.
    ``approve`` sees the marks that a regrade changes before they are written. Each report is in the journal as soon
    as it is made, so an interrupted run can be resumed. Raises NeedsRegrade and NeedsRoster.
    """
    remove_unfinished_files(out)
    key_maker = KeyMaker(assignment, setup)
    plan = make_plan(assignment, intake, key_maker, journal, regrade=regrade, only=only)
    run = _Run(plan, key_maker, journal, out, regrade=regrade)
    run.apply()
    on_start(len(plan.readings), len(plan.jobs))
    done = Graded(ran=len(plan.jobs), reused=len(plan.readings) - len(plan.jobs), problems=plan.problems)

    def store(report: Report) -> None:
        run.store(report)
        on_report(report)

    if plan.jobs:
        spread(list(plan.jobs.values()), setup, on_report=store)
    if regrade:
        done.changes = tuple(run.changes())
        if done.changes and not approve(done.changes):
            done.written = False
            return done
        run.assign_pending()
    done.problems = sort_problems([*done.problems, *_doubtful(journal, plan.intake)])
    with journal.writing():
        journal.set_problems(done.problems)
    done.reports = write_results(journal, out, done=run.written)
    return done


def make_plan(
    assignment: Assignment,
    intake: Intake,
    key_maker: KeyMaker,
    journal: Journal,
    *,
    regrade: bool,
    only: Collection[str] = (),
) -> Plan:
    """Decide what to run and what to reuse. Writes nothing. Raises NeedsRegrade and NeedsRoster."""
    renames = find_renames(journal, intake)
    _refuse_other_assignment(journal, assignment)
    if only:
        renames = {old: new for old, new in renames.items() if new in only}
        intake = replace(
            intake,
            handins=tuple(handin for handin in intake.handins if handin.student in only),
            superseded=tuple(handin for handin in intake.superseded if handin.student in only),
            names={student: name for student, name in intake.names.items() if student in only},
        )
    readings = {handin: key_maker.read(handin.path) for handin in intake.handins}
    keys = {handin: reading.key for handin, reading in readings.items()}
    if not regrade:
        _refuse_changed_rules(journal, keys, renames)
    first = {key: handin for handin, key in reversed(keys.items())}
    found = {key: journal.find(key) for key in dict.fromkeys(keys.values())}
    stored = {key: report for key, report in found.items() if report and _suffices(report, key_maker.skip_scored)}
    return Plan(
        assignment,
        intake,
        readings,
        renames,
        stored,
        jobs={key: Job(first[key].student, first[key].path) for key in found if key not in stored},
        problems=_problems(journal, intake, renames, next(iter(keys.values())), only),
    )


def _suffices(stored: StoredReport, skip_scored: bool) -> bool:
    """Return whether a report need not be made again: it is final, or as provisional as this run's would be."""
    return stored.final or (skip_scored and stored.report.provisional and not stored.report.needs_staff)


def _refuse_other_assignment(journal: Journal, assignment: Assignment) -> None:
    facts = journal.fact("assignment")
    if facts and facts["name"] != assignment.name:
        raise NeedsRegrade(
            Message(
                "{parent} contains the results of {name}. Choose another folder for {assignment}.",
                parent=journal.path.parent,
                name=facts["name"],
                assignment=assignment.name,
            )
        )


def _refuse_changed_rules(journal: Journal, keys: Mapping[HandIn, Key], renames: Mapping[str, str]) -> None:
    changed: dict[str, None] = {}
    students = 0
    old_ids = {new: old for old, new in renames.items()}
    for handin, key in keys.items():
        old = journal.key_of(handin.student) or journal.key_of(old_ids.get(handin.student, ""))
        if old and old.ours != key.ours:
            students += 1
            changed |= dict.fromkeys(changed_parts(old, key))
    if students:
        parts = list(changed)
        raise NeedsRegrade(
            Message.counted(
                "{n} of these students has a mark in {parent} that was given before {parts} changed. Pass --regrade "
                "to see which marks would change and then decide, or choose another --out. Nothing was run.",
                "{n:,} of these students have a mark in {parent} that was given before {parts} changed. Pass --regrade "
                "to see which marks would change and then decide, or choose another --out. Nothing was run.",
                n=students,
                parent=journal.path.parent,
                parts=both(parts),
            )
        )


def changed_parts(old: Key, new: Key) -> Iterator[str]:
    """Yield what differs between two keys, in words: "the device", "torch (2.12.1, now 2.13.0)"."""
    for part, before, now in zip(_PARTS, old.ours, new.ours, strict=True):
        if before != now and part == _GRADER and "; " in before:
            earlier = dict(fact.rsplit(" ", 1) for fact in before.split("; "))
            for what, value in (fact.rsplit(" ", 1) for fact in now.split("; ")):
                if earlier.get(what) != value:
                    before = earlier.get(what) or Message("unknown")
                    yield Message("{what} ({before}, now {value})", what=Message(what), before=before, value=value)
        elif before != now:
            yield part


def _problems(
    journal: Journal, intake: Intake, renames: Mapping[str, str], key: Key, only: Collection[str]
) -> tuple[Problem, ...]:
    """Return what people should read about this intake, given what the journal contains.

    With ``only``, everything about other students stays as the last run found it.
    """
    absent = tuple(report_missing(journal, intake, key, renames))
    have_marks = {problem.who for problem in absent}
    found = [p for p in intake.problems if not (p.kind == "missing" and p.who in have_marks)]
    if not intake.roster:
        found += report_still_missing(journal, intake)
    found += [*report_renames(journal, renames), *absent]
    if only:
        others = [p for p in journal.problems() if p.who not in {*only, *renames}]
        found = [*others, *(p for p in found if p.who in only)]
    return sort_problems(found)


def _doubtful(journal: Journal, intake: Intake) -> Iterator[Problem]:
    """Yield latest hand-ins that are worth nothing, of students who handed in before: probably a mistake."""
    earlier: dict[str, list[str]] = defaultdict(list)
    for handin in intake.superseded:
        earlier[handin.student].append(handin.path.name)
    for report in journal.reports(list(earlier)):
        if report.is_blank or report.refusal:
            others = first_of(earlier[report.student], 5)
            yield Problem(
                "doubtful",
                report.student,
                Message(_UNREADABLE if report.refusal else _UNWRITTEN, others=others),
            )


class _Run:
    """A plan being carried out: everything that it writes to the journal and to the folder of results."""

    def __init__(self, plan: Plan, key_maker: KeyMaker, journal: Journal, out: Path, *, regrade: bool) -> None:
        self.plan, self.key_maker, self.journal, self.out, self.regrade = plan, key_maker, journal, out, regrade
        self.written: set[str] = set()  # students whose files are up to date
        self._waiting: dict[Key, list[HandIn]] = defaultdict(list)  # hand-ins without a report
        self._pending: dict[HandIn, StoredReport] = {}  # new reports of a regrade, until it is approved
        self._key_by_student = {job.student: key for key, job in plan.jobs.items()}
        for handin, reading in plan.readings.items():
            self._waiting[reading.key].append(handin)

    def apply(self) -> None:
        """Record the assignment, the intake and the renames, and assign the reports that the journal has."""
        plan, journal = self.plan, self.journal
        with journal.writing():
            journal.set_fact("assignment", _facts(plan.assignment))
            journal.set_fact("course", str(plan.assignment.folder.parent.parent))
            if plan.intake.roster:
                journal.set_fact("roster", True)
                journal.add_names(plan.intake.names)
                journal.set_fact(ADDRESSES, {**(journal.fact(ADDRESSES) or {}), **plan.intake.addresses})
                journal.set_fact(STUDENTS, {**(journal.fact(STUDENTS) or {}), **plan.intake.languages})
            editions = {handin.student: reading.language for handin, reading in plan.readings.items()}
            journal.set_fact(EDITIONS, {**(journal.fact(EDITIONS) or {}), **editions})
            for old, new in plan.renames.items():
                journal.rename_student(old, new)
            digests = {handin.path: reading.key.submission for handin, reading in plan.readings.items()}
            journal.record_intake(replace(plan.intake, problems=plan.problems), digests)
            for key, stored in plan.stored.items():
                self._assign(key, stored)
        self.readers = Readers(journal)

    def _assign(self, key: Key, stored: StoredReport) -> list[HandIn]:
        group = self._waiting.pop(key)
        for handin in group:
            if self.regrade:
                self._pending[handin] = stored
            else:
                self._give(handin, stored)
        return group

    def _give(self, handin: HandIn, stored: StoredReport) -> None:
        self.journal.assign(handin, stored, self.plan.remarks_on(handin))
        write_answers(handin.path, self.plan.assignment, self.out / handin.student)

    def store(self, report: Report) -> None:
        """Write a new report to the journal, and its files for every student who handed in the same."""
        key = self._key_by_student[report.student]
        actual = replace(key, submission=report.submission) if report.submission else key  # changed since the plan
        if not report.submission and len(key.submission) == _DIGEST:
            unchanged = self.key_maker.read(self.plan.jobs[key].path).key == key  # readable, but it cannot be parsed
            report = replace(report, submission=key.submission) if unchanged else _unreadable(report)
        report = _without(report, self.plan.readings[self._waiting[key][0]].remarks)
        with self.journal.writing():
            group = self._assign(key, self.journal.store(actual, report))
        if not self.regrade:
            for own in self.journal.reports([handin.student for handin in group]):
                write_report(own, self.out, self.readers)
                self.written.add(own.student)

    def changes(self) -> Iterator[MarkChange]:
        """Yield the marks that the regrade changes."""
        for handin, stored in self._pending.items():
            for old in self.journal.reports([handin.student]):
                new = stored.report.with_marks(self.journal.marks(handin.student))
                before = {task.name: task.points for task in old.tasks}
                after = {task.name: task.points for task in new.tasks}
                tasks = tuple(
                    (name, before.get(name, 0), after.get(name, 0))
                    for name in {**before, **after}
                    if before.get(name, 0) != after.get(name, 0)
                )
                worth = {task.name: task.max_points for task in old.tasks}
                by_hand = tuple(
                    (task.name, new.overrides[task.name].points, task.max_points, worth[task.name])
                    for task in new.tasks
                    if task.name in new.overrides and worth.get(task.name, task.max_points) != task.max_points
                )
                if tasks or by_hand or old.points != new.points:
                    yield MarkChange(handin.student, old.points, new.points, new.max_points, tasks, by_hand)

    def assign_pending(self) -> None:
        """Let the new reports count, all at once."""
        with self.journal.writing():
            for handin, stored in self._pending.items():
                self._give(handin, stored)


def _without(report: Report, remarks: Sequence[Remark]) -> Report:
    """Return the report without remarks about one student's files, for all students with equal files."""
    texts = {str(remark) for remark in remarks}
    return replace(
        report,
        notes=tuple(note for note in report.notes if note not in texts),
        remarks=tuple(remark for remark in report.remarks if remark not in remarks),
    )


def _unreadable(report: Report) -> Report:
    """Return a report without a mark: a person sees that the files changed, and the next run grades them."""
    message = Message(
        "The hand-in changed or disappeared before it was graded. {refusal} Run the same command again.",
        refusal=report.refusal,
    )
    checks = [replace(c, outcome=Outcome.BROKEN, cause=Cause.BROKEN, message=message) for c in report.checks]
    return replace(report, checks=tuple(checks))


def _facts(assignment: Assignment) -> dict[str, object]:
    """Return what later commands need of the assignment when they do not have its folder."""
    return {
        "name": assignment.name,
        "title": assignment.title,
        "tasks": {task.name: [task.title, task.points] for task in assignment.tasks},
        "questions": {question.id: [question.title, question.points] for question in assignment.questions},
        "hidden_checks": assignment.course.reports.hidden_checks,
        "rubrics": {q.id: [[line.text, line.points] for line in q.rubric] for q in assignment.questions if q.rubric},
    }
