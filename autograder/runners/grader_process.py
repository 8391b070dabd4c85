"""A grader process: it has collected the checks and started its fork server, and grades hand-ins one by one.

Every way to spread work uses it: a local pool has one grader process per thread, a Dask worker has its own ones.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker, spawn
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.collector import collect_rarely
from autograder.core.course import earlier_modules
from autograder.core.errors import GradlabError
from autograder.core.message import Message
from autograder.core.report import Cause, CheckResult, Outcome, Report
from autograder.sandbox.box_link import IMPORT_SECONDS, PATIENCE
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import ENDED, WorkerPool, open_pool
from autograder.session.excerpts import with_excerpts
from autograder.session.options import Options
from autograder.session.session import Checks, ReportHeader, with_checks
from autograder.source_rules.unusual import unusual_constructs
from autograder.submissions.selection import Selection
from autograder.submissions.submission import BadSubmission, Submission, open_selection, open_submission

START_SECONDS = 300.0
SLACK_SECONDS = 120.0  # of a step, beyond what the student's code may take: opening, comparing
SLICE_SECONDS = 1.0  # between two looks at a grader process
PROCESS_NAME = "gradlab grader"
MOST_LATE = 3  # checks of one hand-in whose overrun ends a grader process; after that its other checks fail too


HANGS = "The grader process hangs."
ABANDONED = "The run was stopped while this hand-in was graded."


class GraderProcessError(GradlabError):
    """A grader process could not be started. Written for staff."""


@dataclass(frozen=True)
class Setup:
    """What a grader process must know before the first hand-in."""

    folder: Path  # of the assignment
    options: Options
    isolation: str
    cores: int = 1
    hidden: bool = True
    private: tuple[Path, ...] = ()  # folders that students' code must not see, besides those of the course
    gpu: str = ""  # which one, as CUDA_VISIBLE_DEVICES names it; empty: those of the environment


@dataclass(frozen=True)
class Job:
    """One hand-in."""

    student: str
    path: Path
    selection: Selection | None = None  # what was read of it, if another machine did that
    refusal: str = ""  # why it cannot be graded, if another machine found that
    late: frozenset[str] = frozenset()  # checks that did not end in an earlier attempt

    def open(self, assignment: Assignment) -> Submission:
        """Open the submission. Raises BadSubmission."""
        if self.refusal:
            raise BadSubmission(self.refusal)
        earlier = earlier_modules(assignment)
        if self.selection is None:
            return open_submission(self.path, assignment, earlier_modules=earlier)
        return open_selection(self.selection, self.student, assignment, earlier_modules=earlier)


@dataclass(frozen=True)
class Step:
    """What a grader process begins to do, so that nobody waits longer than that may take."""

    check: str  # its id; empty while the hand-in is opened
    seconds: float


class GraderProcess:
    """A grader process. Not shared between threads."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._abandoned = False
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self.setup), name=PROCESS_NAME, daemon=True)
        with _interrupts_blocked():
            self._process.start()
        theirs.close()
        ready = self._receive(START_SECONDS)
        if not isinstance(ready, Report):
            self.close()
            raise GraderProcessError(str(ready) if ready else "The grader process ended before it was ready.")
        self._blank = ready

    def grade(self, job: Job) -> Report:
        """Return the report of one hand-in. If the process fails, the report is broken and a new process is started.

        A check that does not end is the student's timeout: the hand-in is graded again without it.
        """
        while True:
            answer, step = self._attempt(job)
            if isinstance(answer, Report):
                return answer
            self.close()
            if self._abandoned:
                return self.broken_report(job, ABANDONED)
            self._start()
            if answer is not HANGS or not step.check:
                return self.broken_report(job, answer or Message("The grader process {ended}.", ended=ENDED))
            late = {*job.late, step.check}
            if len(late) > MOST_LATE:
                late = {check.id for check in self._blank.checks}
            job = replace(job, late=frozenset(late))

    def _attempt(self, job: Job) -> tuple[Any, Step]:
        """Return the answer of a grader process, as _receive does, and the last step that it began."""
        step = Step("", _step_seconds(0.0))
        try:
            self._connection.send(job)
            while isinstance(answer := self._receive(step.seconds), Step):
                step = answer
        except OSError:
            answer = None
        return answer, step

    def broken_report(self, job: Job, message: str) -> Report:
        """Return the report of a hand-in that could not be graded because of an error of ours."""
        checks = tuple(
            replace(check, outcome=Outcome.BROKEN, cause=Cause.BROKEN, message=message) for check in self._blank.checks
        )
        return replace(self._blank, student=job.student, submission="", checks=checks)

    def _receive(self, seconds: float) -> Any:
        """Return the next message; None if the process has ended, and HANGS if it sends none for so long.

        The seconds are counted in slices: while this process is paused, so is the grader process.
        """
        left = seconds
        try:
            while not self._connection.poll(min(left, SLICE_SECONDS)):
                left -= SLICE_SECONDS
                if left <= 0:
                    return HANGS
            return self._connection.recv()
        except (EOFError, OSError):
            return None

    def abandon(self) -> None:
        """Stop at once, from any thread. The report of the current hand-in is broken; no new process is started."""
        self._abandoned = True
        self._process.kill()

    def close(self) -> None:
        """Stop the process."""
        self._connection.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def was_ended(report: Report) -> bool:
    """Return whether processes of a hand-in were ended from outside, as by a system without memory."""
    return any(check.cause is Cause.BROKEN and ENDED in check.message for check in report.checks)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start a process inside without Ctrl-C until it unblocks it: during its imports it would print a traceback."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # multiprocessing's own process: starting it would end the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # of this thread, which need not be the main one
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_preparation = spawn.get_preparation_data


def _without_program(name: str) -> dict[str, Any]:
    """Return what multiprocessing sends to a new process: a grader process is not to import the program that starts it.

    It needs nothing of that, and the program of a Dask worker takes as long to import as the grader.
    """
    data = _preparation(name)
    return {k: value for k, value in data.items() if name != PROCESS_NAME or not k.startswith("init_main_")}


spawn.get_preparation_data = _without_program


def _end_with_parent() -> None:
    """End this process when the one that started it has ended, however it ended; the sandbox ends with this one."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _serve(connection: Connection, setup: Setup) -> None:
    if setup.gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = setup.gpu
    try:
        if sys.platform != "win32":
            signal.pthread_sigmask(
                signal.SIG_UNBLOCK, {signal.SIGINT}
            )  # a Ctrl-C during the imports ends this process here
        threading.Thread(target=_end_with_parent, daemon=True).start()
        collect_rarely()
        assignment = read_assignment(setup.folder)
        private = [*assignment.private_folders, *setup.private]
        course = assignment.course
        with open_pool(setup.isolation, cores=setup.cores, private=private, course=course) as pool:
            with_checks(assignment, setup.options, lambda checks: _loop(connection, checks, pool), hidden=setup.hidden)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
    except Exception as error:
        connection.send(f"{error}" if isinstance(error, GradlabError) else traceback.format_exc())


def _loop(connection: Connection, checks: Checks, pool: WorkerPool | None) -> None:
    isolation = pool.isolation if pool else "none"
    connection.send(checks.report(ReportHeader("", ""), checks.refuse(""), isolation=isolation))

    def announce(check: str, seconds: float) -> None:
        connection.send(Step(check, _step_seconds(seconds)))

    while True:
        connection.send(grade_handin(checks, connection.recv(), pool, before=announce))


def _step_seconds(limit: float) -> float:
    """Return how long a check with this limit takes at most, with imports and with what is added on a busy machine."""
    return (1 + PATIENCE) * limit + (1 + PATIENCE) * IMPORT_SECONDS + SLACK_SECONDS


def grade_handin(
    checks: Checks,
    job: Job,
    pool: WorkerPool | None,
    *,
    before: Callable[[str, float], None] = lambda check, seconds: None,
) -> Report:
    """Open, run and judge one hand-in. ``before`` is called before each check, with its id and its limit.

    Without a pool the code runs in this process: only for your own hand-ins.
    """
    try:
        submission = job.open(checks.assignment)
    except BadSubmission as problem:
        results: tuple[CheckResult, ...] = checks.refuse(str(problem))
        header = ReportHeader(job.student, "", (str(problem),))
    else:
        with open_link(pool, submission.code, checks.assignment) as link:
            results = checks.judge(link, submission.code, late=job.late, before=before)
        results = with_excerpts(results, submission.code, checks.assignment, submission.handed_in)
        remarks = (*submission.remarks, *unusual_constructs(submission.code.files), *checks.state.ran.remarks())
        header = ReportHeader(job.student, submission.digest, submission.notes, remarks, submission.answers)
    return checks.report(header, results, isolation=pool.isolation if pool else "none")
