"""What a student sees before handing in is what the grader decides: of every golden hand-in, every public check.

The grader's verdicts are those stored next to each hand-in, which tests/session/test_golden.py compares. Here
`gradlab check`, plain pytest, the check in a notebook, and `gradlab submit` must come to the same.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autograder.core.assignment import Assignment
from autograder.core.report import CheckResult, Report
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox.inside.modules import StandIn
from autograder.sandbox.pool import WorkerPool
from autograder.session import check_items
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.students.check import check_folder, check_namespace
from autograder.students.submit import submit
from autograder.submissions.submission import BadSubmission
from tests.support.handins import GOLDEN, copy_story, stories
from tests.support.vectors import make_vectors

pytestmark = pytest.mark.slow

Verdicts = dict[str, list[str]]  # check -> outcome and cause

OPTIONS = Options(seed=20)
PUBLIC = ("check_double_of_a_matrix", "check_counter")

# Only a process of its own survives these; `gradlab check` ends with them, `gradlab submit` does not.
NEEDS_A_BOX = {
    "exits_while_it_loads": "it ends the process that loads it",
    "huge_array": "it takes all memory where nothing limits it",
}

# `gradlab submit` says what to repair instead of creating a zip.
REFUSED = {
    "edited_twice": "vectors.ipynb and vectors.py were both edited and differ",
    "notebook_cell_does_not_parse": "vectors.ipynb, cell 3 from the top, line 1: Python cannot read this",
    "notebook_deleted_cell": "No definition was found for total",
    "syntax_error": "vectors.py, line 9: Python cannot read this",
}

UNREADABLE = {
    "notebook_not_json": "vectors.ipynb is damaged",
    "notebook_of_another_kind": "vectors.ipynb has no list of cells",
}

NOT_IN_A_KERNEL = {
    "notebook_duplicated_cell": "the kernel has the blank copy that was run last; the grader ignores it",
    "notebook_not_json": "Jupyter cannot open it",
    "notebook_of_another_kind": "Jupyter cannot open it",
    "notebook_retyped_cell": "the kernel does not run text cells; the grader reads a task that is in one",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    assignment = make_vectors(tmp_path_factory.mktemp("course"), torch=True)
    (assignment.folder / "vectors.py").write_text((GOLDEN / "not_written" / "handin" / "vectors.py").read_text())
    return assignment


def graded(story: str) -> Verdicts:
    """Return the grader's verdicts on the public checks."""
    rows = json.loads((GOLDEN / story / "expected.json").read_text())["checks"]
    return {name: rows[name][: 1 if rows[name] == ["passed"] else 2] for name in PUBLIC}


def verdicts(results: Iterable[CheckResult]) -> Verdicts:
    return {
        check.id.partition("::")[2]: [str(check.outcome), *([str(check.cause)] if check.cause else [])]
        for check in results
    }


@pytest.mark.parametrize("story", sorted(set(stories()) - set(NEEDS_A_BOX) - UNREADABLE.keys()))
def test_gradlab_check_agrees(story: str, course: Assignment, tmp_path: Path) -> None:
    handin = copy_story(story, tmp_path / "handin")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check_folder(course, OPTIONS, hand_in=handin)
    assert verdicts(report.checks) == graded(story)


@pytest.mark.parametrize("story", UNREADABLE)
def test_gradlab_check_refuses_what_the_grader_cannot_read(story: str, course: Assignment, tmp_path: Path) -> None:
    handin = copy_story(story, tmp_path / "handin")
    with pytest.raises(BadSubmission, match=UNREADABLE[story]):
        check_folder(course, OPTIONS, hand_in=handin)
    assert graded(story) == {name: ["failed", "not loaded"] for name in PUBLIC}


@pytest.mark.parametrize("story", sorted(set(stories()) - set(NEEDS_A_BOX)))
def test_plain_pytest_agrees(
    story: str, course: Assignment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handin = copy_story(story, tmp_path / "handin")

    class Recorder:
        results: tuple[CheckResult, ...] = ()

        def pytest_sessionfinish(self, session: pytest.Session) -> None:
            self.results = tuple(session.config.stash[check_items.STATE].results.values())

    recorder = Recorder()
    fixed = ["-c", os.devnull, "--rootdir", str(course.folder), "-p", "no:cacheprovider", "--gradlab-seed", "20"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.main([*fixed, "--gradlab-student", str(handin), str(course.folder)], plugins=[recorder])
    sys.modules.pop("check_vectors", None)
    if story in UNREADABLE:
        assert all(UNREADABLE[story] in check.message and not check.points for check in recorder.results)
        assert len(recorder.results) == len(PUBLIC)
    else:
        assert verdicts(recorder.results) == graded(story)


@pytest.fixture(scope="module")
def submitted(
    course: Assignment, tmp_path_factory: pytest.TempPathFactory, open_pool: WorkerPool
) -> dict[str, Report | str]:
    """The report of `gradlab submit` on each story's zip, graded as in dry_run.py, or why it creates none."""
    found: dict[str, Report | str] = {}
    zips: dict[str, Path] = {}
    for story in stories():
        folder = tmp_path_factory.mktemp(story) / course.name
        copy_story(story, folder)
        for name in ("assignment.toml", "check_vectors.py"):
            (folder / name).write_bytes((course.folder / name).read_bytes())
        try:
            zips[story] = submit(folder, folder.parent).path
        except BadSubmission as problem:
            found[story] = str(problem)

    def grade(checks: Checks) -> dict[str, Report]:
        return {story: grade_handin(checks, Job("you", path), open_pool) for story, path in zips.items()}

    return {**found, **with_checks(course, OPTIONS, grade, hidden=False)}


@pytest.mark.parametrize("story", stories())
def test_gradlab_submit_agrees(story: str, submitted: dict[str, Report | str]) -> None:
    found = submitted[story]
    if refused := (REFUSED | UNREADABLE).get(story):
        assert isinstance(found, str)
        assert refused in found
    else:
        assert isinstance(found, Report), found
        assert verdicts(found.checks) == graded(story)


NOTEBOOKS = sorted(path.parts[-3] for path in GOLDEN.glob("*/handin/*.ipynb") if path.parts[-3] in stories())


@pytest.mark.parametrize("story", sorted(set(NOTEBOOKS) - set(NOT_IN_A_KERNEL)))
def test_the_check_in_a_notebook_agrees(story: str, course: Assignment) -> None:
    notebook = json.loads((GOLDEN / story / "handin" / "vectors.ipynb").read_text())
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    namespace = run_cells(sources)
    report = check_namespace("vectors", namespace, sources, OPTIONS, course)
    outcomes = {name: rows[0] for name, rows in verdicts(report.checks).items()}
    assert outcomes == {name: rows[0] for name, rows in graded(story).items()}


def run_cells(sources: list[str]) -> dict[str, Any]:
    """Run cells as a student does: one that fails shows its error, one that hangs is interrupted."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    namespace: dict[str, Any] = {"__name__": "__main__", "get_ipython": StandIn}
    before = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # an interrupt inside of a callback of the collector would be lost
    try:
        for source in sources:
            signal.setitimer(signal.ITIMER_REAL, 2.0)
            try:
                exec(compile(TransformerManager().transform_cell(source), "<cell>", "exec"), namespace)
            except (Exception, KeyboardInterrupt):
                continue
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        gc.enable()
        signal.signal(signal.SIGALRM, before)
    return namespace
