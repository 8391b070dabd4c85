"""The pytest plugin of check files: collects `check_*.py`, provides their fixtures, converts outcomes to points.

It works in three places: plain `pytest assignments/a01_knn`, where plugin.py registers it; `gradlab check`; and the
grader's sessions (session.py). In each, a check runs in the folder of its assignment.
"""

from __future__ import annotations

import ast
import base64
import inspect
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from autograder.checks.rng import Rng
from autograder.checks.task import BadCheck, import_complaint, spec_of, with_points
from autograder.core.assignment import BadManifest
from autograder.core.course_file import BadCourse
from autograder.core.language import translate
from autograder.core.message import Message, joined
from autograder.core.report import Cause, CheckResult, Outcome
from autograder.core.signals import signals_wait
from autograder.sandbox.proxy import Student, StudentFault
from autograder.session.evidence import evidence_of, shown_by_debugger
from autograder.session.needed_tasks import unless_needed_is_wrong
from autograder.session.options import BadOption, Options, pick_device
from autograder.session.plugin import OPTIONS
from autograder.session.points import verify_names, verify_points
from autograder.session.promises import shares_of
from autograder.session.settings_left import settings_changed, settings_judged
from autograder.session.state import CheckFile, Score, SessionState, load_reference, locate, oracles_importable
from autograder.session.steps import step_towards, unexplained
from autograder.session.verdict import show, verdict_on

STATE = pytest.StashKey[SessionState]()
_THIS = sys.modules[__name__]


def collect(path: Path, parent: pytest.Collector) -> CheckModule:
    """Return a check file as pytest collects it. Raises pytest.UsageError for an option that is not possible here."""
    plugins = parent.config.pluginmanager
    if not plugins.is_registered(_THIS):
        try:
            plugins.register(_THIS, "gradlab-checks")
        except BadOption as error:
            raise pytest.UsageError(str(error)) from None
    return CheckModule.from_parent(parent, path=path)


def pytest_configure(config: pytest.Config) -> None:
    if STATE not in config.stash:
        options = Options(
            device=pick_device(config.getoption(f"{OPTIONS}device")),
            data=config.getoption(f"{OPTIONS}data") or "",
            seed=config.getoption(f"{OPTIONS}seed"),
            task=config.getoption(f"{OPTIONS}task"),
            skip_scored=config.getoption(f"{OPTIONS}skip-scored"),
            debugging=bool(config.getoption("usepdb", False) or config.getoption("trace", False)),
        )
        config.stash[STATE] = SessionState(options, folder=config.getoption(f"{OPTIONS}student"))


def pytest_unconfigure(config: pytest.Config) -> None:
    if STATE in config.stash:
        config.stash[STATE].close()


class CheckModule(pytest.Module):
    """A check file."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            placed = locate(self.path)
            placed.assignment.course.make_importable()
        except (BadManifest, BadCourse) as error:
            raise self.CollectError(str(error)) from None
        try:
            with signals_wait(), oracles_importable(placed), _warnings_only_warn():
                module = self.obj
        except Exception as error:
            raise self.CollectError(import_complaint(self.path, error)) from None
        for name, function in vars(module).items():
            if name.startswith("check_") and inspect.isfunction(function) and function.__module__ == module.__name__:
                yield Check.from_parent(self, name=name, callobj=function, placed=placed)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return a complaint as it was raised, so that it can still be translated."""
        if isinstance(excinfo.value, self.CollectError):
            return excinfo.value.args[0]
        return super().repr_failure(excinfo)


class Check(pytest.Function):
    """One `check_*` function."""

    def __init__(self, *, placed: CheckFile, **rest: Any) -> None:
        super().__init__(**rest)
        self.placed = placed
        spec = spec_of(self.obj)
        if spec is None:
            raise self._complain("has no @task(name)")
        try:
            self.spec = with_points(
                spec, placed.assignment.task(spec.task).points, lambda: shares_of(placed.assignment, spec.task)
            )
        except BadManifest as error:
            raise self._complain(f"is a check of {spec.task!r}, but {error}") from None
        except BadCheck as error:
            raise self._complain(str(error)) from None
        if not inspect.getdoc(self.obj):
            raise self._complain("has no docstring; its first line is what the student reads")

    def _complain(self, what: str) -> Exception:
        line = inspect.unwrap(self.obj).__code__.co_firstlineno
        end = "" if what.endswith((".", "?")) else "."
        return pytest.Collector.CollectError(f"{self.path}:{line}: {self.name} {what}{end}")

    @property
    def check_id(self) -> str:
        """The check's name in reports."""
        return f"{self.path.name}::{self.name}"

    @property
    def title(self) -> str:
        """The sentence that the student reads."""
        return (inspect.getdoc(self.obj) or "").splitlines()[0]

    @cached_property
    def code(self) -> str:
        """The code of the function, as written, without decorators: a share and limits decide no inputs."""
        source = inspect.getsource(inspect.unwrap(self.obj))
        (function,) = ast.parse(textwrap.dedent(source)).body
        return "".join(source.splitlines(keepends=True)[function.lineno - 1 :])

    @property
    def rank(self) -> int:
        """The number of tasks that this one needs: in this order, checks run after those of all tasks they need."""
        return len(self.placed.assignment.needed_by(self.spec.task))

    @property
    def scored(self) -> bool:
        """Whether this is a training run with a calibrated threshold."""
        return "score" in self.fixturenames

    @property
    def student(self) -> Student | None:
        """The proxy that this check uses, once its fixtures exist."""
        arguments: dict[str, Any] = getattr(self, "funcargs", None) or {}
        return arguments.get("student")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        result = self.config.stash[STATE].results.get(self.nodeid)
        if result is None or result.outcome is Outcome.BROKEN:
            return super().repr_failure(excinfo)
        return show(result)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    checks = [item for item in items if isinstance(item, Check)]
    whole = not any("::" in argument for argument in config.args)  # otherwise some checks of a file are missing
    try:
        verify_names((check.placed, check.name) for check in checks)
        unpaid = verify_points([(check.placed, check.name, check.spec) for check in checks], whole=whole)
    except BadCheck as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[STATE].unpaid = unpaid
    items.sort(key=lambda item: item.rank if isinstance(item, Check) else 0)
    options = config.stash[STATE].options
    if options.task is not None:
        config.stash[STATE].aside = needed_checks(items, options.task)
        _deselect(config, items, [item for item in checks if item.spec.task != options.task])
    if options.skip_scored:
        scored = [item for item in items if isinstance(item, Check) and item.scored]
        config.stash[STATE].open_points = sum(item.spec.points for item in scored)
        _deselect(config, items, scored)


def needed_checks(items: Sequence[pytest.Item], task: str) -> list[Check]:
    """Return the checks of the tasks that a task needs, without those that train."""
    checks = [item for item in items if isinstance(item, Check) and not item.scored]
    return [item for item in checks if item.spec.task in item.placed.assignment.needed_by(task)]


def _deselect(config: pytest.Config, items: list[pytest.Item], dropped: Sequence[pytest.Item]) -> None:
    items[:] = [item for item in items if item not in dropped]
    config.hook.pytest_deselected(items=dropped)


@contextmanager
def _warnings_only_warn() -> Iterator[None]:
    """Undo `filterwarnings = error` of a project around the course: a check costs nothing that grading would pay."""
    with warnings.catch_warnings():
        if any(action == "error" for action, *_ in warnings.filters):
            warnings.simplefilter("default")
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Run a check in its assignment's folder, so that code finds data files next to it, as in the sandbox."""
    if not isinstance(item, Check):
        return (yield)
    with chdir(item.placed.assignment.folder), _warnings_only_warn():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a check if another one of its task ran into its limit of time: an endless loop then costs one limit."""
    if isinstance(item, Check) and (slow := item.config.stash[STATE].slow.get(item.spec.task)):
        hidden = slow.hidden and not item.placed.hidden
        name = Message("a hidden check") if hidden else Message('the check "{title}"', title=Message(slow.title))
        raise StudentFault(Cause.TIMEOUT, Message("Not run, because {name} of the same task took too long.", name=name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """Run a check, and require that torch's settings are as before."""
    if not isinstance(item, Check):
        return (yield)
    with settings_judged(item, item.config.stash[STATE]):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    if isinstance(item, Check) and (call.when == "call" or call.excinfo is not None):
        results = item.config.stash[STATE].results
        if item.nodeid not in results:
            result = results[item.nodeid] = _result(item, call)
            if result.cause is Cause.TIMEOUT and item.student and item.student.loaded:
                item.config.stash[STATE].slow.setdefault(result.task, result)
            results[item.nodeid] = unless_needed_is_wrong(result, item.placed.assignment, results.values())
            if result.outcome is Outcome.PASSED:
                item.config.stash[STATE].ran.read()
            error = call.excinfo.value if call.excinfo else None
            if result.outcome is Outcome.FAILED and (evidence := evidence_of(error, item.student)):
                item.config.stash[STATE].evidence[item.check_id] = evidence
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector, call: pytest.CallInfo[Any]) -> None:
    """Remember what the debugger will show, before it opens."""
    if isinstance(node, Check) and call.excinfo and node.config.getoption("usepdb", False):
        node.config.stash[STATE].debugger_shows = shown_by_debugger(call.excinfo.value)


def pytest_enter_pdb(config: pytest.Config) -> None:
    """Say what the debugger shows, after pytest showed the failure."""
    state, terminal = config.stash[STATE], config.pluginmanager.get_plugin("terminalreporter")
    if terminal and state.debugger_shows:
        terminal.write_line(translate(state.debugger_shows))
    state.debugger_shows = ""


def _result(item: Check, call: pytest.CallInfo[None]) -> CheckResult:
    student = item.student
    error, trail = call.excinfo.value if call.excinfo else None, student.trail if student else None
    left = settings_changed(item) if error else None
    verdict = verdict_on(error, trail, item.placed.assignment.course, left)
    passed = verdict.outcome is Outcome.PASSED
    return CheckResult(
        id=item.check_id,
        task=item.spec.task,
        title=item.title,
        hidden=item.placed.hidden,
        points=item.spec.points if passed else 0,
        max_points=item.spec.points,
        outcome=verdict.outcome,
        cause=verdict.cause,
        message=verdict.message,
        hint=joined(" ", [verdict.hint, _step_towards(item, error, verdict.hint)]),
        output=student._remote.link.printed if student else "",
        seconds=round(call.duration, 4),
        pictures=tuple(base64.b64encode(png).decode("ascii") for png in student.trail.pictures) if student else (),
        scores=item.config.stash[STATE].measured.get(item.name, ()),
    )


def _step_towards(item: Check, error: BaseException | None, hint: str) -> str:
    """Return the step of the task's hint for a mistake that nobody knows, once for each task."""
    if item.placed.hidden or not (subject := unexplained(error, hint)):
        return ""
    step = step_towards(item.placed.assignment, item.spec.task, [item.title, *subject])
    before = item.config.stash[STATE].results.values()
    return "" if any(step in result.hint for result in before if result.task == item.spec.task) else step


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    results = config.stash[STATE].results.values()
    if results:
        earned, most = sum(r.points for r in results), sum(r.max_points for r in results)
        terminalreporter.section(f"{earned} of {most} points")
        for result in results:
            colour = {"green" if result.outcome is Outcome.PASSED else "red": True}
            points = f"{result.points:3}/{result.max_points:<3}"
            terminalreporter.write_line(f"{result.outcome.value:7} {points} {result.title}", **colour)
        for sentence in config.stash[STATE].unpaid:
            terminalreporter.write_line(sentence, yellow=True)


def _own(request: pytest.FixtureRequest) -> Check:
    if not isinstance(request.node, Check):
        raise BadCheck("The fixtures of gradlab only work in check_* functions of check_*.py files.")
    return request.node


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student:
    """The module that this check tests; see autograder.sandbox.proxy."""
    check, state = _own(request), request.config.stash[STATE]
    inputs = Rng(state.key(check.placed, check.code), check.name, "student")
    return state.student(check.placed, check.spec, inputs.int(0, 2**31), scored=check.scored)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Rng:
    """Random inputs, from the check's name and the run's key."""
    check, state = _own(request), request.config.stash[STATE]
    arrays = check.placed.assignment.arrays
    return Rng(state.key(check.placed, check.code), check.name, device=state.options.device, arrays=arrays)


@pytest.fixture
def device(request: pytest.FixtureRequest) -> Any:
    """The device of the run."""
    import torch

    return torch.device(request.config.stash[STATE].options.device)


@pytest.fixture
def data(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``data(num_train=..., num_test=...)``: a split of the run's data set, generated from the run's secret.

    The test data have a random order. The student's code must not get the test labels. ``name`` is the data set to use
    instead of the course's default, unless `--data` chooses another one than that.
    """
    check, state = _own(request), request.config.stash[STATE]
    default = check.placed.assignment.course.default_data

    def load(*, num_train: int, num_test: int, name: str | None = None, **rest: Any) -> Any:
        asked = state.options.data or default
        chosen = name if name and asked == default else asked
        return state.split(check.placed, check.code, chosen, num_train=num_train, num_test=num_test, **rest)

    return load


@pytest.fixture
def score(request: pytest.FixtureRequest) -> Score:
    """Compares a scored run with its calibrated threshold."""
    check = _own(request)
    return Score(request.config.stash[STATE], check.placed, check.name)


@pytest.fixture
def reference(request: pytest.FixtureRequest) -> Any:
    """The staff's module, imported in the grader's process. For hidden checks only."""
    return load_reference(_own(request).placed)
