"""The state of one pytest session of checks: the options of the run and the current submission.

Knows nothing about pytest's hooks (plugin.py) or about how submissions are opened (session.py's callers).
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.checks.expect import expect
from autograder.checks.rng import Rng
from autograder.checks.task import BadCheck, CheckSpec
from autograder.core.assignment import MANIFEST, Assignment, BadManifest, read_assignment
from autograder.core.code import Code
from autograder.core.course import earlier_modules
from autograder.core.message import Message
from autograder.core.notebooks import import_name, module_name, notebook_name
from autograder.core.received import ORACLES, without_its_manifest
from autograder.core.report import CheckResult, Measured
from autograder.sandbox.call_log import CallLog
from autograder.sandbox.inside.modules import SubmissionFinder
from autograder.sandbox.link import Link
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Student
from autograder.sandbox.recorded import RecordingLink
from autograder.session.evidence import Evidence
from autograder.session.options import Options, load_data
from autograder.session.ran_operations import RanOperations
from autograder.session.seeds import input_key
from autograder.source_rules.analysis import Siblings, Violation, violations_of
from autograder.source_rules.analyst import Analyst
from autograder.submissions.submission import BadSubmission, open_submission

HIDDEN = "_hidden"


@dataclass(frozen=True)
class CheckFile:
    """A check file, with its assignment and the module that it tests."""

    path: Path
    assignment: Assignment
    module: str
    hidden: bool

    @property
    def judged(self) -> str:
        """The file of the module: "knn.py"."""
        return self.assignment.file_of(self.module)


@dataclass
class SessionState:
    """The state of one session. ``link`` to ``measured`` belong to the current submission."""

    options: Options
    folder: Path | None = None  # of the student's files, if no submission is set
    link: Link | None = None
    code: Code = field(default_factory=Code)
    results: dict[str, CheckResult] = field(default_factory=dict)  # by pytest's node id
    slow: dict[str, CheckResult] = field(default_factory=dict)  # by task, the first check that took too long
    evidence: dict[str, Evidence] = field(default_factory=dict)  # of failed checks, by their ids
    settings_lost: set[str] = field(default_factory=set)  # the tasks that lost points for torch's settings
    measured: dict[str, tuple[Measured, ...]] = field(default_factory=dict)  # of scored checks, by their names
    ran: RanOperations = field(default_factory=RanOperations)  # that a task forbids
    debugger_shows: str = ""  # of the check for which it opens next
    unpaid: list[str] = field(default_factory=list)  # sentences about tasks whose checks pay too few points
    open_points: int = 0  # of the checks that the options leave out
    aside: list[Any] = field(default_factory=list)  # the checks of tasks that the chosen one needs
    scores: dict[str, list[Any]] | None = None  # if given, scored checks record here and compare nothing
    trial: int | None = None  # while a search for budgets runs: the number of the budget to try
    budgets: dict[str, tuple[Any, tuple[Any, ...]]] = field(default_factory=dict)  # used, and offered, by check
    own: dict[tuple[Path, Path], tuple[LocalLink, Code]] = field(default_factory=dict)
    splits: dict[Any, Any] = field(default_factory=dict)
    analyst: Analyst = field(default_factory=Analyst)

    def set_submission(self, link: Link, code: Code) -> None:
        """Make this the current submission."""
        self.link, self.code, self.results, self.slow, self.evidence = link, code, {}, {}, {}
        self.measured, self.ran, self.settings_lost = {}, RanOperations(), set()

    def student(self, file: CheckFile, spec: CheckSpec, seed: int, *, scored: bool = False) -> Student:
        """Return the proxy for one check, after resetting the link and starting the deadline."""
        link, code = self.link, self.code
        if link is None:
            folder = self.folder or file.path.parent
            link, code = self._own(folder, file.assignment)
        limits = file.assignment.limits
        seconds, memory_mb = spec.seconds or limits.seconds, spec.memory_mb or int(limits.memory_mb)
        link.begin(seed=seed, seconds=seconds, memory_mb=memory_mb, keeps=spec.keeps)
        name = file.judged
        tasks = frozenset(task.name.partition(".")[0] for task in file.assignment.tasks)
        others = {path.removesuffix(".py").replace("/", "."): code.files[path] for path in {*code.files} - {name}}
        analyst = violations_of if isinstance(link, LocalLink) else self.analyst.violations_of
        analyse: Callable[..., list[Violation]] = partial(analyst, siblings=Siblings(others, tasks))
        if isinstance(link, RecordingLink) and not scored:  # recording takes time, which a training run needs
            analyse = self.ran.recording(link, analyse)
        unreadable = code.unreadable.get(name, "")
        shown = notebook_name(name) if name in code.cells else name
        return Student(
            link,
            import_name(name),
            code.files.get(name),
            unreadable=unreadable,
            file=shown,
            cells=code.cells.get(name, ()),
            analyse=analyse,
            log=CallLog() if self.options.evidence else None,
        )

    def _own(self, folder: Path, assignment: Assignment) -> tuple[LocalLink, Code]:
        """Open the student's files in a folder, as `gradlab check` and the grader do, for the first check."""
        key = (folder, assignment.folder)
        if key not in self.own:
            self.own[key] = self._open(folder, assignment)
        return self.own[key]

    def _open(self, folder: Path, assignment: Assignment) -> tuple[LocalLink, Code]:
        try:
            submission = open_submission(
                folder,
                assignment,
                assignment.folder,
                earlier_modules=earlier_modules(assignment),
                own_machine=self.folder is None,
            )
        except BadSubmission as problem:
            return LocalLink(Code(), course=assignment.course), Code(
                unreadable=dict.fromkeys(assignment.files, str(problem))
            )
        link = LocalLink(
            submission.code,
            filenames=submission.paths_below(folder),
            debugging=self.options.debugging,
            course=assignment.course,
        )
        return link, submission.code

    def split(self, file: CheckFile, check: str, name: str, **sizes: Any) -> Any:
        """Return images and labels that depend on the run's secret: the student's code cannot generate them."""
        secret = self.key(file, check)
        key = (secret, name, tuple(sorted(sizes.items())))
        if key not in self.splits:
            inputs = Rng(secret, "data", name)
            load = load_data(name, file.assignment.course)
            split = load(name, device=self.options.device, seed=inputs.key(), **sizes)
            order = inputs.numpy.permutation(len(split.y_test))
            self.splits[key] = replace(split, x_test=split.x_test[order], y_test=split.y_test[order])
        return self.splits[key]

    def close(self) -> None:
        """Drop the modules that were imported into this process, and end the process that read sources."""
        self.analyst.close()
        for link, _ in self.own.values():
            link.close()
        self.own.clear()

    def key(self, file: CheckFile, check: str) -> str:
        """Return the key of the random inputs of a check, of which ``check`` is the code."""
        return input_key(file.assignment, self.options, check=check)


def locate(path: Path) -> CheckFile:
    """Find the assignment and the module of a check file. Raises BadManifest without a manifest or a module."""
    folder = path.resolve().parent
    name = path.stem.removeprefix("check_")
    hidden = name.endswith(HIDDEN)
    if not (folder / MANIFEST).exists() and folder.parent.name == "solutions":
        folder = folder.parent.parent / "assignments" / folder.name
    assignment = _assignment(folder)
    name = name.removesuffix(HIDDEN)
    modules = [module_name(file) for file in assignment.files]
    judged = [module for module in modules if f"{name}_".startswith(f"{module}_")]
    if not judged:
        files = ", ".join(assignment.files)
        raise BadManifest(
            f"{path} is not named after a module of its assignment. Name it check_<module>[_<topic>][_hidden].py; "
            f"{folder / MANIFEST} lists {files}."
        )
    return CheckFile(path, assignment, max(judged, key=len), hidden)


@contextmanager
def oracles_importable(file: CheckFile) -> Iterator[None]:
    """Make `import oracles` find the oracles of this assignment, and forget them afterwards."""
    folders = [file.assignment.folder, *([file.assignment.solutions] if file.hidden else [])]
    names = [path.stem for folder in folders for path in folder.glob(ORACLES)]
    sys.path[:0] = [str(folder) for folder in folders]
    try:
        yield
    finally:
        for folder in folders:
            sys.path.remove(str(folder))
        for name in names:
            sys.modules.pop(name, None)


@cache
def _assignment(folder: Path) -> Assignment:
    if copy := without_its_manifest(folder, ""):
        raise BadManifest(copy.is_missing(MANIFEST))
    return read_assignment(folder)


ACCURACY = Message("accuracy")


class Score:
    """The fixture ``score``: compares a scored run with its calibrated threshold, or records it."""

    def __init__(self, state: SessionState, file: CheckFile, check: str) -> None:
        self.state, self.file, self.check = state, file, check

    def __call__(self, value: float, name: str = ACCURACY, *, higher_is_better: bool = True) -> None:
        """Fail the check if ``value`` is on the wrong side of the threshold. Raises BadCheck if there is none."""
        if self._recorded(value, name, higher_is_better, last=True):
            return
        self._measure(value, name, higher_is_better)
        threshold = self._threshold(name)
        expect(_reaches(value, threshold, higher_is_better), _missed(value, threshold, name, higher_is_better))

    def reached(self, value: float, name: str = ACCURACY, *, higher_is_better: bool = True) -> bool:
        """Return whether ``value``, measured before the end of a run, is enough: then the check need not go on.

        The threshold is that of the end. Calibration measures the same moments, so no known-wrong solution reaches it.
        """
        if self._recorded(value, name, higher_is_better, last=False):
            return False
        if not _reaches(value, self._threshold(name), higher_is_better):
            return False
        self._measure(value, name, higher_is_better)
        return True

    def budget(self, used: Any, *, search: Sequence[Any]) -> Any:
        """Return the budget of the run, ``used``, or while `gradlab calibrate --search` runs, one of ``search``.

        ``search`` contains ``used``, and lists budgets from the cheapest to the dearest: numbers, or tuples of numbers.
        Raises BadCheck if ``used`` is not among them.
        """
        if used not in search:
            raise BadCheck(f"{self.check}: the budget {used} is not among those to search: {tuple(search)}.")
        if self.state.trial is None:
            return used
        self.state.budgets[self.check] = (used, tuple(search))
        return search[min(self.state.trial, len(search) - 1)]

    def _recorded(self, value: float, name: str, higher_is_better: bool, *, last: bool) -> bool:
        """Record the value if this is a calibration; say so."""
        if self.state.scores is None:
            return False
        self.state.scores.setdefault(f"{self.check}:{name}", []).append((float(value), higher_is_better, last))
        return True

    def _measure(self, value: float, name: str, higher_is_better: bool) -> None:
        if math.isfinite(value):
            measured = Measured(name, round(float(value), 4), higher_is_better)
            others = (old for old in self.state.measured.get(self.check, ()) if old.name != name)
            self.state.measured[self.check] = (*others, measured)

    def _threshold(self, score: str) -> float:
        key = f"{self.check}:{score}"
        path = self.file.assignment.solutions / "calibration.json"
        name = self.state.options.data or self.file.assignment.course.default_data
        try:
            return float(json.loads(path.read_text(encoding="utf-8"))[name][key]["threshold"])
        except (OSError, ValueError, KeyError, TypeError):
            command = f"gradlab calibrate {self.file.assignment.name}"
            raise BadCheck(f"{path} has no threshold for {key!r} on {name!r}: run `{command}`.") from None


def _missed(value: float, threshold: float, name: str, higher_is_better: bool) -> Message:
    known = {"name": name if isinstance(name, Message) else Message(name), "got": value, "expected": threshold}
    if higher_is_better:
        return Message("The {name} is {got:.4g}; it must be at least {expected:.4g}.", **known)
    return Message("The {name} is {got:.4g}; it must be at most {expected:.4g}.", **known)


def _reaches(value: float, threshold: float, higher_is_better: bool) -> bool:
    return value >= threshold if higher_is_better else value <= threshold


def load_reference(file: CheckFile) -> ModuleType:
    """Import the staff's module in this process. For hidden checks only."""
    folder = file.assignment.solutions
    if not file.hidden:
        raise BadCheck(f"{file.path}: only hidden checks may use the reference.")
    files = {name: (folder / name).read_text(encoding="utf-8") for name in file.assignment.files}
    finder = SubmissionFinder(files, {name: str(folder / name) for name in files})
    finder.install()
    try:
        return import_module(import_name(file.judged))
    finally:
        finder.uninstall()
