"""Honest but messy hand-ins get exactly the stored reports, and `gradlab check`, pytest, the notebook and submit agree.

Of a01, a cheap check per task. `python -m tests.golden.honest.reports` writes the reports.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from autograder.core.report import CheckResult, Report
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox.pool import WorkerPool
from autograder.session import check_items
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.students.check import check_folder, check_namespace
from autograder.students.submit import submit
from autograder.submissions.submission import BadSubmission
from tests.golden.honest import RECIPES
from tests.golden.honest.grading import VICTIMS, clean
from tests.golden.honest.reports import ASSIGNMENT, OPTIONS, SELECTED, STORED, chosen_recipes, grade_all
from tests.students.test_agreement import run_cells

pytestmark = pytest.mark.slow

COURSE = clean(ASSIGNMENT).assignment
EXPECTED: dict[str, dict[str, Any]] = json.loads(STORED.read_text(encoding="utf-8"))
HAND_INS = {name: made for name in EXPECTED if (made := RECIPES[name](clean(ASSIGNMENT)))}
VICTIM = VICTIMS[ASSIGNMENT]

# A student's own folder, from which `gradlab submit` makes the zip, has the files themselves.
FOLDERS = sorted(name for name, hand_in in HAND_INS.items() if not hand_in.alone)

NOT_IN_A_KERNEL = {
    "damage: each cell begins with brackets that are not closed": "the kernel runs none of these cells",
    "habits: a task is in the text that exec runs": "the kernel has the task; `gradlab submit` refuses it",
    "habits: a task is made by a loop over names": "the kernel has the task; `gradlab submit` refuses it",
    "habits: the exact name is a beginning, a copy is complete": "the other notebook is graded",
    "imports: Colab's drive is found from a task's constant": "only Colab has this package",
    "modules: a module with a damaged function": "Python imports nothing of such a module",
    "top_level: a task needs a name that an exit should give": "the kernel ends",
}

Outcomes = dict[str, list[str]]  # of the checks that did not pass: outcome and cause


def failed(results: Iterable[CheckResult]) -> Outcomes:
    return {
        check.id.partition("::")[2]: [str(check.outcome), str(check.cause or "")]
        for check in results
        if check.points < check.max_points
    }


def notebook_cells(table: dict[str, Any]) -> list[str]:
    return ["".join(cell["source"]) for cell in table["cells"] if cell["cell_type"] == "code"]


def expected(recipe: str, *, hidden: bool = False) -> Outcomes:
    public = {path.name for path in COURSE.folder.glob("check_*.py")}
    names = {
        name for file in public for name in re.findall(r"^def (check_\w+)", (COURSE.folder / file).read_text(), re.M)
    }
    return {name: row[:2] for name, row in EXPECTED[recipe]["checks"].items() if hidden or name in names}


@pytest.fixture(scope="module")
def reports(isolated_pool: WorkerPool, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return grade_all(HAND_INS, tmp_path_factory.mktemp("graded"), isolated_pool)


def test_at_least_60_hand_ins_have_a_stored_report() -> None:
    assert EXPECTED.keys() == HAND_INS.keys() == chosen_recipes().keys()
    assert len(HAND_INS) >= 60


@pytest.mark.parametrize("recipe", HAND_INS)
def test_the_whole_report_is_the_stored_one(recipe: str, reports: dict[str, dict[str, Any]]) -> None:
    assert reports[recipe] == EXPECTED[recipe]
    tasks = {task for task, lost in EXPECTED[recipe]["tasks"].items() if lost}
    assert tasks == HAND_INS[recipe].costs.keys()


@pytest.mark.parametrize("recipe", HAND_INS)
def test_gradlab_check_agrees(recipe: str, tmp_path: Path) -> None:
    path = HAND_INS[recipe].write(tmp_path / "student")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check_folder(COURSE, OPTIONS, hand_in=path, arguments=SELECTED)
    assert failed(report.checks) == expected(recipe)
    assert [[r.kind, r.text, r.advice] for r in report.remarks] == EXPECTED[recipe]["remarks"]


@pytest.mark.parametrize("recipe", HAND_INS)
def test_plain_pytest_agrees(recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = HAND_INS[recipe].write(tmp_path / "student")

    class Recorder:
        results: tuple[CheckResult, ...] = ()

        def pytest_sessionfinish(self, session: pytest.Session) -> None:
            self.results = tuple(session.config.stash[check_items.STATE].results.values())

    recorder = Recorder()
    fixed = ["-c", os.devnull, "--rootdir", str(COURSE.folder), "-p", "no:cacheprovider", "--gradlab-seed", "20"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.main([*fixed, *SELECTED, "--gradlab-student", str(path), str(COURSE.folder)], plugins=[recorder])
    for file in COURSE.folder.glob("check_*.py"):
        sys.modules.pop(file.stem, None)
    assert len(recorder.results) >= 5
    assert failed(recorder.results) == expected(recipe)


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory, open_pool: WorkerPool) -> dict[str, Report | str]:
    """The report on the zip that `gradlab submit` creates from each folder, or why it creates none."""
    found: dict[str, Report | str] = {}
    zips: dict[str, Path] = {}
    for recipe in FOLDERS:
        folder = tmp_path_factory.mktemp("own") / COURSE.name
        HAND_INS[recipe].write(folder)
        for path in (COURSE.folder / "assignment.toml", *COURSE.folder.glob("check_*.py")):
            shutil.copy(path, folder)
        try:
            zips[recipe] = submit(folder, folder.parent).path
        except BadSubmission as problem:
            found[recipe] = str(problem)

    def grade(checks: Checks) -> dict[str, Report]:
        return {recipe: grade_handin(checks, Job("you", path), open_pool) for recipe, path in zips.items()}

    return {**found, **with_checks(COURSE, OPTIONS, grade, hidden=False, arguments=SELECTED)}


@pytest.mark.parametrize("recipe", FOLDERS)
def test_gradlab_submit_agrees_or_says_what_to_repair(recipe: str, submitted: dict[str, Report | str]) -> None:
    found = submitted[recipe]
    if isinstance(found, Report):
        assert failed(found.checks) == expected(recipe)
    else:
        lost = EXPECTED[recipe]["tasks"] or [r for r in EXPECTED[recipe]["remarks"] if r[0] == "doubtful"]
        assert lost, found
        assert found.endswith(".")


# Cells of the handout that only look at results: they define nothing that a task or a recipe uses, but take seconds.
PICTURES = frozenset(
    source
    for source in notebook_cells(json.loads((COURSE.folder / "knn.ipynb").read_bytes()))
    if not re.search(r"^(def|class|import|from) ", source, re.MULTILINE)
)

NOTEBOOKS = sorted(
    name for name, hand_in in HAND_INS.items() if "knn.ipynb" in hand_in.files and "knn.py" not in hand_in.files
)


@pytest.mark.parametrize("recipe", sorted(set(NOTEBOOKS) - NOT_IN_A_KERNEL.keys()))
def test_the_check_in_a_notebook_agrees(recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = HAND_INS[recipe].write(tmp_path / "student")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    sources = notebook_cells(json.loads((folder / "knn.ipynb").read_bytes().decode("utf-8-sig")))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            namespace = run_cells([source for source in sources if source not in PICTURES])
            options = Options(seed=OPTIONS.seed, task=VICTIM)
            report = check_namespace("knn", namespace, sources, options, COURSE)
    finally:
        for name in set(sys.modules) - before:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]
    lost = [check for check in report.checks if check.points < check.max_points]
    assert bool(lost) == bool(EXPECTED[recipe]["tasks"].get(VICTIM)), [check.message for check in lost]
