"""Grade one hand-in once more as it was graded, to answer an appeal. Changes no mark and no file of results."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.errors import GradlabError
from autograder.core.message import Message
from autograder.core.report import CheckResult, Report
from autograder.gradebook.cache_keys import KeyMaker
from autograder.gradebook.grade import changed_parts
from autograder.gradebook.identity import find_student
from autograder.gradebook.journal import Journal, Key
from autograder.gradebook.secret import NAME, folder_secret
from autograder.runners.grader_process import Setup
from autograder.sandbox.link import Link
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import open_pool
from autograder.session.excerpts import with_excerpts
from autograder.session.options import Options
from autograder.session.seeds import fingerprint
from autograder.session.session import Checks, ReportHeader, with_checks
from autograder.submissions.submission import BadSubmission, Submission, open_submission


class CannotRerun(GradlabError):
    """A hand-in cannot be graded once more. Written for staff."""


@dataclass(frozen=True)
class Graded:
    """What the journal knows of one student."""

    report: Report  # as it counts now, with marks by hand
    key: Key
    path: Path  # of the hand-in


def find_graded(journal: Journal, student: str) -> Graded:
    """Return what is known of a student, by id or by name. Raises CannotRerun and UnknownStudent."""
    who = find_student(journal, student)
    (report,) = journal.reports([who])
    key, path = journal.key_of(who), journal.latest_paths().get(who)
    if key is None or path is None or not path.exists():
        raise CannotRerun(
            Message(
                "The hand-in of {who}, {path}, no longer exists. Put it back where it was graded, and run "
                "the same command again.",
                who=who,
                path=path or Message("which the journal does not name"),
            )
        )
    return Graded(report, key, path)


def options_of(graded: Graded, assignment: Assignment, folder: Path) -> Options:
    """Return the options with which a report was made: the same device, data, seed and secret. Raises CannotRerun."""
    if not (folder / NAME).exists():
        raise CannotRerun(
            Message(
                "{folder} is missing, and without it the checks get other inputs. Restore it from a backup.",
                folder=folder / NAME,
            )
        )
    base = Options(graded.key.device, data=graded.key.data, secret=folder_secret(folder))
    for seed in (None, graded.report.seed):
        options = replace(base, seed=seed, skip_scored=graded.report.provisional)
        if fingerprint(assignment, options) == graded.key.seed:
            return options
    raise CannotRerun(
        Message(
            "{folder} is not the secret with which {student} was graded. Restore it.",
            folder=folder / NAME,
            student=graded.report.student,
        )
    )


def differences(graded: Graded, assignment: Assignment, setup: Setup) -> list[str]:
    """Return what is no longer as it was when the hand-in was graded, in words."""
    now = KeyMaker(assignment, setup).read(graded.path).key
    found: list[str] = [Message("the hand-in's files")] if now.submission != graded.key.submission else []
    return [*found, *changed_parts(graded.key, now)]


def select_checks(report: Report, wanted: str) -> tuple[CheckResult, ...]:
    """Return the checks that ``wanted`` names: an id, a function, or a part of an id, a title or a task; "" is all.

    Raises CannotRerun, which lists the ids.
    """
    for match in (
        lambda check: wanted in ("", check.id, check.id.partition("::")[2]),
        lambda check: wanted == check.task,
        lambda check: wanted.casefold() in f"{check.id}\n{check.title}\n{check.task}".casefold(),
    ):
        if found := tuple(check for check in report.checks if match(check)):
            return found
    ids = "\n  ".join(check.id for check in report.checks)
    raise CannotRerun(
        Message("No check's id, title or task contains {wanted!r}. The checks are:\n  {ids}", wanted=wanted, ids=ids)
    )


def only(report: Report, checks: Sequence[CheckResult]) -> Report:
    """Return the report with these checks alone, and the points of their tasks that these checks pay."""
    ids = {check.id for check in checks}
    kept = tuple(check for check in report.checks if check.id in ids)
    tasks = tuple(
        replace(task, points=sum(c.points for c in own), max_points=sum(c.max_points for c in own))
        for task in report.tasks
        if (own := [check for check in kept if check.task == task.name])
    )
    return replace(report, checks=kept, tasks=tasks)


def rerun(
    graded: Graded, assignment: Assignment, setup: Setup, *, checks: Sequence[CheckResult], local: bool, pdb: bool
) -> Report:
    """Return a new report of the same hand-in, with these checks.

    ``local``: run the code in this process, where a debugger can step into it. Raises BadCheck and GradlabError.
    """
    ids = {check.id for check in checks}

    def body(collected: Checks) -> Report:
        student = graded.report.student
        try:
            submission = open_submission(
                graded.path, assignment, earlier_modules=KeyMaker(assignment, setup).earlier_modules
            )
        except BadSubmission as problem:
            results = tuple(result for result in collected.refuse(str(problem)) if result.id in ids)
            return collected.report(ReportHeader(student, "", (str(problem),)), results, isolation=setup.isolation)
        opened = _in_this_process if local else _in_a_worker
        with opened(submission, assignment, setup, pdb) as link:
            results = collected.judge(link, submission.code, only=lambda check: check.check_id in ids)
        results = with_excerpts(results, submission.code, assignment, submission.handed_in)
        header = ReportHeader(student, submission.digest, submission.notes, submission.remarks)
        return collected.report(header, results, isolation=setup.isolation)

    options = replace(setup.options, debugging=pdb)
    return with_checks(assignment, options, body, hidden=setup.hidden, arguments=["--pdb"] if pdb else [])


def changed_verdicts(before: Report, after: Report) -> list[tuple[str, str, str]]:
    """Return the checks whose outcome differs, as (id, before, after)."""
    old = {check.id: check.outcome.value for check in before.checks}
    new = {check.id: check.outcome.value for check in after.checks}
    return [(name, old.get(name, "none"), value) for name, value in new.items() if old.get(name) != value]


@contextmanager
def _in_a_worker(submission: Submission, assignment: Assignment, setup: Setup, pdb: bool) -> Iterator[Link]:
    private = [*assignment.private_folders, *setup.private]
    with (
        open_pool(setup.isolation, cores=setup.cores, private=private, course=assignment.course) as pool,
        open_link(pool, submission.code, assignment) as link,
    ):
        yield link


@contextmanager
def _in_this_process(submission: Submission, assignment: Assignment, setup: Setup, pdb: bool) -> Iterator[Link]:
    """Yield a link to code in this process. Its files are also on the disk, so that a debugger can show them."""
    with tempfile.TemporaryDirectory(prefix="gradlab-rerun-") as folder:
        filenames = {}
        for name, text in submission.files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
            filenames[name] = str(path)
        link = LocalLink(submission.code, filenames=filenames, debugging=pdb, course=assignment.course)
        try:
            yield link
        finally:
            link.close()
