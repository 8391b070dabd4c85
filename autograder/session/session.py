"""From a submission to a report: one pytest session collects the checks once and judges any number of submissions.

The body of the session runs in pytest's own run loop, so that plugins, `-k`, `--pdb` and fixtures work as usual.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from _pytest.reports import CollectErrorRepr

from autograder import __version__
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.collector import collect_as_usual
from autograder.core.message import Message, joined
from autograder.core.report import Answer, Cause, CheckResult, Outcome, Remark, Report, TaskResult
from autograder.sandbox.link import Link
from autograder.session import check_items, plugin
from autograder.session.digests import check_files, checks_digest
from autograder.session.options import Options
from autograder.session.state import SessionState, locate

T = TypeVar("T")
TOO_LONG = "Your code took longer than this check allows, and the check could not finish after that."

# Plugins of pytest that a grader's session does not need; each takes time on every check.
_UNUSED = (
    *("debugging", "terminal", "cacheprovider", "junitxml", "pastebin", "logging", "warnings", "doctest", "unittest"),
    *("unraisableexception", "threadexception", "faulthandler", "setuponly", "setupplan", "stepwise", "legacypath"),
    "capture",  # nothing is captured: the link keeps what a hand-in prints
)

_VARIABLES = ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")


@dataclass(frozen=True)
class ReportHeader:
    """The part of a report that identifies a submission."""

    student: str
    digest: str
    notes: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    answers: tuple[Answer, ...] = ()


class Checks:
    """The collected checks of an assignment, ready to judge."""

    def __init__(self, assignment: Assignment, session: pytest.Session, *, hidden: bool, selected: bool) -> None:
        self.assignment, self.hidden = assignment, hidden
        self.selected = selected  # whether the caller chose only some checks
        self.items = [item for item in session.items if isinstance(item, check_items.Check)]
        self.state = session.config.stash[check_items.STATE]
        self._hook = session.config.hook

    def judge(
        self,
        link: Link,
        code: Code,
        *,
        only: Callable[[check_items.Check], bool] = lambda check: True,
        late: Collection[str] = (),
        before: Callable[[str, float], None] = lambda check, seconds: None,
        progress: Callable[[CheckResult], None] = lambda result: None,
    ) -> tuple[CheckResult, ...]:
        """Run the checks, or those that ``only`` selects, on one submission.

        Checks that may take long are the last: after one of them took too long, fewer checks of its task are skipped.
        Calls ``before`` each check with its id and its limit, and ``progress`` after it. The checks with the ids
        ``late`` are not run: they took too long in an earlier attempt. If one task was chosen, the checks of the tasks
        that it needs run as well; their results are not returned.
        """
        self.state.set_submission(link, code)
        items = [item for item in self.items if only(item)]
        aside = set(self.state.aside)
        order = sorted([*items, *aside], key=lambda item: (item.scored, item.rank, item.spec.seconds or 0.0))
        for index, item in enumerate(order, start=1):
            following = order[index] if index < len(order) else None
            if item.check_id in late:
                self.state.results[item.nodeid] = _refused(item, TOO_LONG, Cause.TIMEOUT)
            else:
                before(item.check_id, item.spec.seconds or self.assignment.limits.seconds)
                self._hook.pytest_runtest_protocol(item=item, nextitem=following)
                _forget_failure()
            if item not in aside:
                progress(self.state.results[item.nodeid])
        return tuple(self.state.results[item.nodeid] for item in items)

    def refuse(self, sentence: str, cause: Cause = Cause.NOT_LOADED) -> tuple[CheckResult, ...]:
        """Return the results of a hand-in that could not be opened: 0 points, and the reason at every check."""
        return tuple(_refused(item, sentence, cause) for item in self.items)

    def report(self, header: ReportHeader, results: Sequence[CheckResult], *, isolation: str) -> Report:
        """Return the report of one submission."""
        options, assignment = self.state.options, self.assignment
        tasks = []
        for task in assignment.tasks:
            own = [result for result in results if result.task == task.name]
            if own or not (options.task or self.selected):
                tasks.append(TaskResult(task.name, task.title, sum(r.points for r in own), task.points))
        made = Report(
            assignment=assignment.name,
            title=assignment.title,
            version=assignment.version,
            grader=__version__,
            student=header.student,
            submission=header.digest,
            checks_digest=checks_digest(assignment, hidden=self.hidden),
            device=options.device,
            data=options.data or assignment.course.default_data,
            seed=options.seed or 0,
            isolation=isolation,
            checks=tuple(results),
            tasks=tuple(tasks),
            notes=header.notes,
            remarks=header.remarks,
            open_points=self.state.open_points,
            answers=header.answers,
            hidden_checks=assignment.course.reports.hidden_checks,
        )
        return made if made.refusal else replace(made, notes=(*header.notes, *self._left_out()))

    def _left_out(self) -> list[str]:
        points = self.state.open_points
        if not points:
            return []
        return [
            Message.counted(
                "The checks that train or evaluate networks were left out (--skip-scored): {n} of the points is open. "
                "This result is provisional.",
                "The checks that train or evaluate networks were left out (--skip-scored): {n} of the points are open. "
                "This result is provisional.",
                n=points,
            )
        ]


def _refused(item: check_items.Check, sentence: str, cause: Cause) -> CheckResult:
    """Return the result of a check that is not run."""
    return CheckResult(
        id=item.check_id,
        task=item.spec.task,
        title=item.title,
        hidden=item.placed.hidden,
        points=0,
        max_points=item.spec.points,
        outcome=Outcome.BROKEN if cause is Cause.BROKEN else Outcome.FAILED,
        cause=cause,
        message=sentence,
    )


def _forget_failure() -> None:
    """Drop the exception that pytest stores for debuggers: its frames contain what the student's code returned."""
    for name in ("last_type", "last_value", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)


def no_public_checks(task: str) -> BadCheck:
    """Return what a student reads who checks a task that only hidden checks judge."""
    return BadCheck(Message("{task} has no public checks: hidden ones decide its points when it is graded.", task=task))


def with_checks(
    assignment: Assignment,
    options: Options,
    body: Callable[[Checks], T],
    *,
    hidden: bool = True,
    module: str = "",
    arguments: Sequence[str] = (),
    scores: dict[str, list[Any]] | None = None,
    growing: bool = False,
) -> T:
    """Collect the checks of ``assignment``, call ``body`` with them and return its result.

    With ``module``, only the checks of that module. ``arguments`` are options of pytest such as "-k". Raises BadCheck
    if the checks cannot be collected, or pay fewer points than promised, unless the assignment is ``growing``: its
    author still writes it.
    """
    files = check_files(assignment, hidden=hidden)
    if module:
        files = [file for file in files if locate(file).module == module]
    if not files:
        raise BadCheck(Message("{folder} has no check_*.py.", folder=assignment.folder))
    selected = bool(arguments)

    def judge(session: pytest.Session) -> T:
        checks = Checks(assignment, session, hidden=hidden, selected=selected)
        if checks.state.unpaid and not growing:
            raise BadCheck(" ".join(checks.state.unpaid))
        if not checks.items:
            if options.task and not hidden and not arguments:
                raise no_public_checks(options.task)
            selection = " ".join(arguments) or options.task
            raise BadCheck(
                Message(
                    "No check of {assignment} was selected by {selection}.",
                    assignment=assignment.name,
                    selection=selection,
                )
            )
        collect_as_usual()
        return body(checks)

    session = _Session(SessionState(options, scores=scores), judge, files)
    # without them, breakpoint() would start Python's debugger
    needed = ("debugging", "terminal", "capture") if "--pdb" in arguments else ()
    unused = [part for name in _UNUSED if name not in needed for part in ("-p", f"no:{name}")]
    fixed = ["-c", os.devnull, "--rootdir", str(assignment.folder.parent), "--noconftest"]
    fixed += ["--capture=no"] if needed else []
    with isolated_pytest(files):
        code = pytest.main([*fixed, *unused, *arguments, *map(str, files)], plugins=[session, plugin, check_items])
    if isinstance(session.error, pytest.exit.Exception):
        raise KeyboardInterrupt from None  # the user quit the debugger
    if session.error is not None:
        raise session.error
    if not session.finished:
        complaints = joined("\n", dict.fromkeys(session.complaints.values()))
        raise BadCheck(complaints or f"pytest could not collect the checks (exit code {int(code)}).")
    result: T = session.result
    return result


class _Session:
    """A pytest plugin that replaces pytest's run loop by the body."""

    def __init__(self, state: SessionState, body: Callable[[pytest.Session], Any], files: Sequence[Path]) -> None:
        self.state, self.body = state, body
        self.wanted = {place for file in files for place in (file, *file.parents)}
        self.result: Any = None
        self.error: BaseException | None = None
        self.finished = False
        self.complaints: dict[str, str] = {}  # by the node that could not be collected

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[check_items.STATE] = self.state

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        return None if collection_path in self.wanted else True  # pytest looks at all neighbours of a file

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            complaint = report.longrepr
            text = complaint.longrepr if isinstance(complaint, CollectErrorRepr) else str(complaint)
            # pytest may collect a file twice, also as a module of its own: use the shorter
            self.complaints[report.nodeid] = min(self.complaints.get(report.nodeid, text), text, key=len)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.error = self.error or excinfo.value

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed or self.complaints:
            return True
        try:
            self.result = self.body(session)
            self.finished = True
        except BaseException as error:  # pytest would replace it by an exit code
            self.error = error
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self) -> Any:
        try:
            return (yield)
        except pytest.UsageError as error:  # pytest would print it, too
            self.complaints[""] = str(error)


@contextmanager
def isolated_pytest(files: Sequence[Path]) -> Iterator[None]:
    """Ignore plugins and options of the environment while marks are decided; drop the checks' modules afterwards."""
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
