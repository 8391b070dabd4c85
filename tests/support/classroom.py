"""A class graded without running code: the grader passes each task whose name the hand-in defines."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.class_records import MarkChange
from autograder.core.report import Cause, CheckResult, Outcome, Report, TaskResult
from autograder.gradebook.grade import Graded, grade_class
from autograder.gradebook.journal import Journal
from autograder.gradebook.lock import hold
from autograder.intake.download import read_handins
from autograder.intake.roster import Roster
from autograder.runners.grader_process import Job, Setup
from autograder.session.digests import checks_digest
from autograder.session.options import Options
from autograder.submissions.submission import BadSubmission, open_submission

HALF = "def double(x):\n    return 2 * x\n"


@dataclass
class Grader:
    """Replaces grade_all and records which students it graded."""

    seconds: float = 0.0
    worth: int = 1  # a check pays points // worth
    broken: frozenset[str] = frozenset()
    ran: list[str] = field(default_factory=list)

    def __call__(self, jobs: Sequence[Job], setup: Setup, *, on_report: Callable[[Report], None]) -> None:
        for job in jobs:
            time.sleep(self.seconds)
            self.ran.append(job.student)
            on_report(self.report(job, setup))

    def report(self, job: Job, setup: Setup) -> Report:
        assignment = read_assignment(setup.folder)
        try:
            submission = open_submission(job.path, assignment)
            text, digest, notes = "".join(submission.files.values()), submission.digest, submission.notes
            remarks, answers = submission.remarks, submission.answers
        except BadSubmission as problem:
            text, digest, notes, remarks, answers = "", "", (str(problem),), (), ()
        checks = []
        for task in assignment.tasks:
            good = f"def {task.name}" in text or f"class {task.name}" in text
            outcome = Outcome.PASSED if good else Outcome.FAILED
            outcome = Outcome.BROKEN if job.student in self.broken else outcome
            points = task.points // self.worth if outcome is Outcome.PASSED else 0
            cause = {Outcome.PASSED: None, Outcome.FAILED: Cause.WRONG, Outcome.BROKEN: Cause.BROKEN}[outcome]
            checks.append(
                CheckResult(
                    f"check_vectors.py::check_{task.name}",
                    task.name,
                    task.title,
                    False,
                    points,
                    task.points,
                    outcome,
                    cause,
                )
            )
        return Report(
            assignment.name,
            assignment.title,
            assignment.version,
            "0",
            job.student,
            digest,
            checks_digest(assignment),
            "cpu",
            "scenes",
            1,
            setup.isolation,
            tuple(checks),
            tuple(
                TaskResult(t.name, t.title, c.points, t.points) for t, c in zip(assignment.tasks, checks, strict=True)
            ),
            notes,
            remarks=remarks,
            answers=answers,
            open_points=10 if setup.options.skip_scored else 0,
        )


def run(
    assignment: Assignment,
    handins: Path,
    out: Path,
    grader: Grader,
    *,
    roster: Roster | None = None,
    regrade: bool = False,
    only: Collection[str] = (),
    skip_scored: bool = False,
    approve: Callable[[Sequence[MarkChange]], bool] = lambda changes: True,
) -> Graded:
    """Grade as the command line does, with another grader."""
    setup = Setup(assignment.folder, Options(skip_scored=skip_scored), "bubblewrap")
    with hold(out):
        intake = read_handins(handins, assignment, store=out / ".handins", roster=roster)
        with Journal(out, create=True) as journal:
            return grade_class(
                assignment, intake, setup, journal, out, spread=grader, regrade=regrade, only=only, approve=approve
            )


def hand_in(folder: Path, **texts: str) -> Path:
    """Make a folder with one script per student."""
    folder.mkdir(exist_ok=True)
    for student, text in texts.items():
        (folder / f"{student}.py").write_text(text)
    return folder


def change_the_checks(course: Assignment) -> None:
    """Change the checks."""
    path = course.solutions / "check_vectors_hidden.py"
    path.write_text(path.read_text() + "\nSTRICTER = True\n")


def rows(out: Path) -> list[dict[str, str]]:
    """Read the gradebook."""
    return list(csv.DictReader(io.StringIO((out / "gradebook.csv").read_text(encoding="utf-8-sig"))))


def marks(out: Path) -> dict[str, str]:
    """Return the points in the gradebook, by student."""
    return {row["student"]: row["points"] for row in rows(out)}
