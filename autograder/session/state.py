"""The state of one pytest session of checks: the options of the run and the current submission.

Knows nothing about pytest's hooks (plugin.py) or about how submissions are opened (session.py's callers).
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.checks.expect import expect
from autograder.checks.rng import Rng
from autograder.checks.task import BadCheck, CheckSpec
from autograder.core.assignment import MANIFEST, Assignment, BadManifest, read_assignment
from autograder.core.code import Code
from autograder.core.course import earlier_modules
from autograder.core.notebooks import notebook_name
from autograder.core.report import CheckResult, Measured
from autograder.sandbox.call_log import CallLog
from autograder.sandbox.inside.modules import SubmissionFinder
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Link, Student
from autograder.session.digests import ORACLES
from autograder.session.evidence import Evidence
from autograder.session.options import Options, load_data
from autograder.session.seeds import input_key
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
    measured: dict[str, tuple[Measured, ...]] = field(default_factory=dict)  # of scored checks, by their names
    unpaid: list[str] = field(default_factory=list)  # sentences about tasks whose checks pay too few points
    open_points: int = 0  # of the checks that the options leave out
    scores: dict[str, list[Any]] | None = None  # if given, scored checks record here and compare nothing
    own: dict[Path, LocalLink] = field(default_factory=dict)
    splits: dict[Any, Any] = field(default_factory=dict)
    analyst: Analyst = field(default_factory=Analyst)

    def set_submission(self, link: Link, code: Code) -> None:
        """Make this the current submission."""
        self.link, self.code, self.results, self.slow, self.evidence = link, code, {}, {}, {}
        self.measured = {}

    def student(self, file: CheckFile, spec: CheckSpec, seed: int) -> Student:
        """Return the proxy for one check, after resetting the link and starting the deadline."""
        link, code = self.link, self.code
        if link is None:
            folder = self.folder or file.path.parent
            link, code = self._own(folder, file.assignment)
        limits = file.assignment.limits
        link.begin(seed=seed, seconds=spec.seconds or limits.seconds, memory_mb=spec.memory_mb or int(limits.memory_mb))
        name = f"{file.module}.py"
        analyse = None if isinstance(link, LocalLink) else self.analyst.violations_of
        unreadable = code.unreadable.get(name, "")
        shown = notebook_name(name) if name in code.cells else name
        return Student(
            link,
            file.module,
            code.files.get(name),
            unreadable=unreadable,
            file=shown,
            cells=code.cells.get(name, ()),
            analyse=analyse,
            log=CallLog() if self.options.evidence else None,
        )

    def _own(self, folder: Path, assignment: Assignment) -> tuple[LocalLink, Code]:
        """Open the student's files in a folder, as `gradlab check` and the grader do."""
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
        if folder not in self.own:
            filenames = submission.paths_below(folder)
            self.own[folder] = LocalLink(
                submission.code, filenames=filenames, debugging=self.options.debugging, course=assignment.course
            )
        return self.own[folder], submission.code

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
        for link in self.own.values():
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
    modules = [file.removesuffix(".py") for file in assignment.files]
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
    return read_assignment(folder)


class Score:
    """The fixture ``score``: compares a scored run with its calibrated threshold, or records it."""

    def __init__(self, state: SessionState, file: CheckFile, check: str) -> None:
        self.state, self.file, self.check = state, file, check

    def __call__(self, value: float, name: str = "accuracy", *, higher_is_better: bool = True) -> None:
        """Fail the check if ``value`` is on the wrong side of the threshold. Raises BadCheck if there is none."""
        key = f"{self.check}:{name}"
        if self.state.scores is not None:
            self.state.scores.setdefault(key, []).append((float(value), higher_is_better))
            return
        if math.isfinite(value):
            measured = Measured(name, round(float(value), 4), higher_is_better)
            self.state.measured[self.check] = (*self.state.measured.get(self.check, ()), measured)
        threshold = self._threshold(key)
        good = value >= threshold if higher_is_better else value <= threshold
        side = "at least" if higher_is_better else "at most"
        expect(good, f"The {name} is {value:.4g}; it must be {side} {threshold:.4g}.")

    def _threshold(self, key: str) -> float:
        path = self.file.assignment.solutions / "calibration.json"
        name = self.state.options.data or self.file.assignment.course.default_data
        try:
            return float(json.loads(path.read_text())[name][key]["threshold"])
        except (OSError, ValueError, KeyError, TypeError):
            command = f"gradlab calibrate {self.file.assignment.name}"
            raise BadCheck(f"{path} has no threshold for {key!r} on {name!r}: run `{command}`.") from None


def load_reference(file: CheckFile) -> ModuleType:
    """Import the staff's module in this process. For hidden checks only."""
    folder = file.assignment.solutions
    if not file.hidden:
        raise BadCheck(f"{file.path}: only hidden checks may use the reference.")
    files = {name: (folder / name).read_text(encoding="utf-8") for name in file.assignment.files}
    finder = SubmissionFinder(files, {name: str(folder / name) for name in files})
    finder.install()
    try:
        return __import__(file.module)
    finally:
        finder.uninstall()
