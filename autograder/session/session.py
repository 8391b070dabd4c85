"""From a submission to a report: one pytest session collects the checks once and judges any number of submissions.

The session's body runs inside pytest's own run loop, so that plugins, `-k`, `--pdb` and fixtures work as ever.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from autograder import __version__
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.report import Cause, CheckResult, Outcome, Remark, Report, TaskResult
from autograder.sandbox.proxy import Link
from autograder.session import plugin
from autograder.session.digests import check_files, checks_digest, digest_seed
from autograder.session.options import Options
from autograder.session.state import Run

T = TypeVar("T")

# Plugins of pytest that a grader's session has no use for; each costs time on every check.
_UNUSED = (
    *("debugging", "terminal", "cacheprovider", "junitxml", "pastebin", "logging", "warnings", "doctest", "unittest"),
    *("unraisableexception", "threadexception", "faulthandler", "setuponly", "setupplan"),
)

_VARIABLES = ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")


@dataclass(frozen=True)
class Handed:
    """What a report says of a submission beside its marks."""

    student: str
    digest: str
    notes: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


class Checks:
    """The collected checks of an assignment, ready to judge."""

    def __init__(self, assignment: Assignment, session: pytest.Session, *, hidden: bool, selected: bool) -> None:
        self.assignment, self.hidden = assignment, hidden
        self.selected = selected  # did the caller ask for some checks only?
        self.items = [item for item in session.items if isinstance(item, plugin.Check)]
        self.run = session.config.stash[plugin.RUN]
        self._hook = session.config.hook

    def judge(
        self,
        link: Link,
        code: Code,
        *,
        only: Callable[[plugin.Check], bool] = lambda check: True,
        progress: Callable[[CheckResult], None] = lambda result: None,
    ) -> tuple[CheckResult, ...]:
        """Run the checks, or only some of them, against one submission. Calls ``progress`` after each."""
        self.run.set_submission(link, code)
        items = [item for item in self.items if only(item)]
        for index, item in enumerate(items, start=1):
            following = items[index] if index < len(items) else None
            self._hook.pytest_runtest_protocol(item=item, nextitem=following)
            progress(self.run.results[item.nodeid])
        return tuple(self.run.results[item.nodeid] for item in items)

    def refuse(self, sentence: str, cause: Cause = Cause.ERROR) -> tuple[CheckResult, ...]:
        """The results of a hand-in that could not be opened: nothing earned, the reason at every check."""
        outcome = Outcome.BROKEN if cause is Cause.BROKEN else Outcome.FAILED
        return tuple(
            CheckResult(
                id=f"{item.path.name}::{item.name}",
                task=item.spec.task,
                title=item.title,
                hidden=item.placed.hidden,
                points=0,
                max_points=item.spec.points,
                outcome=outcome,
                cause=cause,
                message=sentence,
            )
            for item in self.items
        )

    def report(self, handed: Handed, results: Sequence[CheckResult], *, isolation: str) -> Report:
        """The report of one submission."""
        options, assignment = self.run.options, self.assignment
        tasks = []
        for task in assignment.tasks:
            own = [result for result in results if result.task == task.name]
            if own or not (options.task or self.selected):
                tasks.append(TaskResult(task.name, task.title, sum(r.points for r in own), task.points))
        return Report(
            assignment=assignment.name,
            title=assignment.title,
            version=assignment.version,
            grader=__version__,
            student=handed.student,
            submission=handed.digest,
            checks_digest=checks_digest(assignment, hidden=self.hidden),
            device=options.device,
            data=options.data,
            seed=digest_seed(assignment) if options.seed is None else options.seed,
            isolation=isolation,
            checks=tuple(results),
            tasks=tuple(tasks),
            notes=handed.notes,
            remarks=handed.remarks,
        )


def with_checks(
    assignment: Assignment,
    options: Options,
    body: Callable[[Checks], T],
    *,
    hidden: bool = True,
    arguments: Sequence[str] = (),
    scores: dict[str, list[Any]] | None = None,
) -> T:
    """Collect the checks of ``assignment`` and return what ``body`` makes of them.

    ``arguments`` are pytest's own, "-k" and the like. Raises BadCheck when the checks cannot be collected.
    """
    files = check_files(assignment, hidden=hidden)
    if not files:
        raise BadCheck(f"{assignment.folder} has no check_*.py.")
    selected = bool(arguments)

    def judge(session: pytest.Session) -> T:
        checks = Checks(assignment, session, hidden=hidden, selected=selected)
        if not checks.items:
            raise BadCheck(f"No check of {assignment.name} was selected by {' '.join(arguments) or options.task}.")
        return body(checks)

    session = _Session(Run(options, scores=scores), judge)
    needed = ("debugging", "terminal") if "--pdb" in arguments else ()  # without them, breakpoint() is Python's own
    unused = [part for name in _UNUSED if name not in needed for part in ("-p", f"no:{name}")]
    fixed = ["-c", os.devnull, "--rootdir", str(assignment.folder.parent), "--noconftest", "--capture=no"]
    with _undisturbed(files):
        code = pytest.main([*fixed, *unused, *arguments, *map(str, files)], plugins=[session, plugin])
    if isinstance(session.error, pytest.exit.Exception):
        raise KeyboardInterrupt from None  # who quits the debugger wants no more
    if session.error is not None:
        raise session.error
    if not session.finished:
        said = "\n".join(session.complaints.values())
        raise BadCheck(said or f"pytest could not collect the checks (exit code {int(code)}).")
    return session.result


class _Session:
    """A pytest plugin whose run loop is the body."""

    def __init__(self, run: Run, body: Callable[[pytest.Session], Any]) -> None:
        self.run, self.body = run, body
        self.result: Any = None
        self.error: BaseException | None = None
        self.finished = False
        self.complaints: dict[str, str] = {}  # by what could not be collected

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[plugin.RUN] = self.run

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            told = str(report.longrepr)  # twice for a file: pytest takes any that is named for one of its own modules
            self.complaints[report.nodeid] = min(self.complaints.get(report.nodeid, told), told, key=len)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            return True
        try:
            self.result = self.body(session)
            self.finished = True
        except BaseException as error:  # pytest would turn it into an exit code
            self.error = error
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self) -> Any:
        try:
            return (yield)
        except pytest.UsageError as error:
            self.complaints[""] = str(error)
            raise


@contextmanager
def _undisturbed(files: Sequence[Path]) -> Iterator[None]:
    """Keep plugins and options that happen to be around out of a session that decides marks; forget its modules."""
    before = {name: os.environ.pop(name, None) for name in _VARIABLES}
    path = list(sys.path)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update({name: value for name, value in before.items() if value is not None})
        sys.path[:] = path
        for file in files:
            sys.modules.pop(file.stem, None)
