"""The pytest plugin: collects `check_*.py`, provides the fixtures of checks, turns outcomes into points.

Works in three places: plain `pytest assignments/a01_knn`, `gradlab check`, and the grader's sessions (grading.py).
Any pytest session without check files is left alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.checks.rng import Rng
from autograder.checks.task import BadCheck, import_complaint, spec_of
from autograder.core.assignment import MANIFEST, BadManifest
from autograder.core.report import CheckResult, Outcome
from autograder.sandbox.proxy import Student
from autograder.session.options import Options, pick_device
from autograder.session.points import audit, audit_names
from autograder.session.state import CheckFile, Run, Score, load_reference, oracles_at_hand, place
from autograder.session.verdict import judge, show

RUN = pytest.StashKey[Run]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradlab")
    group.addoption("--student", type=Path, help="folder with the student's files (default: beside the checks)")
    group.addoption("--device", default="cpu", choices=("cpu", "cuda", "auto"), help="where tensors live")
    group.addoption("--data", default="scenes", help="dataset of scored checks")
    group.addoption("--gradlab-seed", type=int, help="seed of the checks' random inputs")
    group.addoption("--task", help="only the checks of this task")


def pytest_configure(config: pytest.Config) -> None:
    if RUN not in config.stash:
        options = Options(
            device=pick_device(config.getoption("--device")),
            data=config.getoption("--data"),
            seed=config.getoption("--gradlab-seed"),
            task=config.getoption("--task"),
            debugging=bool(config.getoption("usepdb", False) or config.getoption("trace", False)),
        )
        config.stash[RUN] = Run(options, folder=config.getoption("--student"))


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUN in config.stash:
        config.stash[RUN].close()


class CheckModule(pytest.Module):
    """A check file."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            placed = place(self.path)
        except BadManifest as error:
            raise self.CollectError(str(error)) from None
        try:
            with oracles_at_hand(placed):
                module = self.obj
        except Exception as error:
            raise self.CollectError(import_complaint(self.path, error)) from None
        for name, function in vars(module).items():
            if name.startswith("check_") and inspect.isfunction(function) and function.__module__ == module.__name__:
                yield Check.from_parent(self, name=name, callobj=function, placed=placed)


class Check(pytest.Function):
    """One `check_*` function."""

    def __init__(self, *, placed: CheckFile, **rest: Any) -> None:
        super().__init__(**rest)
        self.placed = placed
        spec = spec_of(self.obj)
        if spec is None:
            raise self._complain("has no @task(name, points=...)")
        try:
            placed.assignment.task(spec.task)
        except BadManifest as error:
            raise self._complain(str(error)) from None
        if not inspect.getdoc(self.obj):
            raise self._complain("has no docstring; its first line is what the student reads")
        self.spec = spec

    def _complain(self, what: str) -> Exception:
        line = self.obj.__code__.co_firstlineno
        return pytest.Collector.CollectError(f"{self.path}:{line}: {self.name} {what}.")

    @property
    def title(self) -> str:
        """The student's sentence."""
        return (inspect.getdoc(self.obj) or "").splitlines()[0]

    @property
    def scored(self) -> bool:
        """Is it a training run with a calibrated threshold?"""
        return "score" in self.fixturenames

    @property
    def student(self) -> Student | None:
        """The proxy that this check was given, once its fixtures are made."""
        given: dict[str, Any] = getattr(self, "funcargs", None) or {}
        return given.get("student")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        result = self.config.stash[RUN].results.get(self.nodeid)
        if result is None or result.outcome is Outcome.BROKEN:
            return super().repr_failure(excinfo)
        return show(result)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CheckModule | None:
    ours = (file_path.parent / MANIFEST).exists() or file_path.parent.parent.name == "solutions"
    if ours and file_path.name.startswith("check_") and file_path.suffix == ".py":
        return CheckModule.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    checks = [item for item in items if isinstance(item, Check)]
    whole = not any("::" in argument for argument in config.args)  # else some checks of a file are missing
    try:
        audit_names((check.placed, check.name) for check in checks)
        audit([(check.placed, check.spec) for check in checks], whole=whole)
    except BadCheck as error:
        raise pytest.UsageError(str(error)) from None
    wanted = config.stash[RUN].options.task
    if wanted is not None:
        dropped = [item for item in checks if item.spec.task != wanted]
        items[:] = [item for item in items if item not in dropped]
        config.hook.pytest_deselected(items=dropped)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    if isinstance(item, Check) and (call.when == "call" or call.excinfo is not None):
        results = item.config.stash[RUN].results
        if item.nodeid not in results:
            results[item.nodeid] = _result(item, call)
    return (yield)


def _result(item: Check, call: pytest.CallInfo[None]) -> CheckResult:
    student = item.student
    verdict = judge(call.excinfo.value if call.excinfo else None, student.trail if student else None)
    passed = verdict.outcome is Outcome.PASSED
    return CheckResult(
        id=f"{item.path.name}::{item.name}",
        task=item.spec.task,
        title=item.title,
        hidden=item.placed.hidden,
        points=item.spec.points if passed else 0,
        max_points=item.spec.points,
        outcome=verdict.outcome,
        cause=verdict.cause,
        message=verdict.message,
        hint=verdict.hint,
        output=student._remote.link.printed if student else "",
        seconds=round(call.duration, 4),
    )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    results = config.stash[RUN].results.values()
    if results:
        earned, most = sum(r.points for r in results), sum(r.max_points for r in results)
        terminalreporter.section(f"{earned} of {most} points")
        for result in results:
            colour = {"green" if result.outcome is Outcome.PASSED else "red": True}
            points = f"{result.points:3}/{result.max_points:<3}"
            terminalreporter.write_line(f"{result.outcome.value:7} {points} {result.title}", **colour)


def _own(request: pytest.FixtureRequest) -> Check:
    if not isinstance(request.node, Check):
        raise BadCheck("The fixtures of gradlab are for check_* functions in check_*.py files.")
    return request.node


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student:
    """The module that this check judges; see autograder.sandbox.proxy."""
    check, run = _own(request), request.config.stash[RUN]
    inputs = Rng(run.seed(check.placed), check.name, "student")
    return run.student(check.placed, check.spec, inputs.int(0, 2**31))


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Rng:
    """Random inputs, from the check's name and the run's seed."""
    check, run = _own(request), request.config.stash[RUN]
    return Rng(run.seed(check.placed), check.name, device=run.options.device)


@pytest.fixture
def device(request: pytest.FixtureRequest) -> Any:
    """The device of the run."""
    import torch

    return torch.device(request.config.stash[RUN].options.device)


@pytest.fixture
def data(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``data(num_train=..., num_test=...)``: a split of the run's dataset, generated from the run's secret.

    The test images come in random order. Test labels are for the check's eyes only. ``name`` is the generated set to
    take instead of scenes; `--data` with another set than scenes comes first.
    """
    check, run = _own(request), request.config.stash[RUN]

    def load(*, num_train: int, num_test: int, name: str | None = None, **rest: Any) -> Any:
        chosen = name if name and run.options.data == Options.data else run.options.data
        return run.split(check.placed, chosen, num_train=num_train, num_test=num_test, **rest)

    return load


@pytest.fixture
def score(request: pytest.FixtureRequest) -> Score:
    """Compares a scored run with its calibrated threshold."""
    check = _own(request)
    return Score(request.config.stash[RUN], check.placed, check.name)


@pytest.fixture
def reference(request: pytest.FixtureRequest) -> Any:
    """The staff's module, in the grader's process. Hidden checks only."""
    return load_reference(_own(request).placed)
