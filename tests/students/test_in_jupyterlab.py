"""A student works in JupyterLab from `gradlab start` to `gradlab submit`; the grade is what the notebooks promised.

Only a01 is played in each run; GRADLAB_BROWSER=all in the environment plays the others, too (a minute).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from autograder.authoring.cells import MARKERS, read_source, to_notebook
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.notebooks import notebook_name
from tests.support import jupyterlab

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = ("a01_knn", "a06_attention", "a09_diffusion") if os.environ.get("GRADLAB_BROWSER") else ("a01_knn",)
MISTAKES = {"a01_knn": ("return squared.clamp_(min=0).sqrt_()", "return squared.clamp_(min=0)")}  # the root is missing

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(jupyterlab.CHROMIUM is None, reason="Chromium is not installed"),
]


def gradlab(*arguments: str, folder: Path) -> str:
    """Run the command in a folder and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *arguments], cwd=folder, capture_output=True, text=True, timeout=600
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout + done.stderr


def solutions_of(assignment: Assignment, module: str) -> dict[str, str]:
    """The reference's code of each task's cell, by the cell's tasks."""
    path = assignment.solutions / module
    old, new = MISTAKES.get(assignment.name, ("", ""))
    cells = to_notebook(read_source(path).replace(old, new), path, assignment).cells
    texts = {cell.metadata["task"]: cell.source.split("\n") for cell in cells if "task" in cell.metadata}
    return {
        task: "\n".join(line for line in text if not any(marker in line for marker in MARKERS))
        for task, text in texts.items()
    }


def work_through(page: jupyterlab.Page, path: str, solutions: Mapping[str, str], *, all_cells: bool) -> dict[str, int]:
    """Write the solutions into a notebook, run its cells, save it, and return the points that it shows, by task.

    Cells that only show or train something are run if ``all_cells``.
    """
    points = {}
    cells = page.run(jupyterlab.OPEN, PATH=path)
    for index, cell in enumerate(cells):
        task, graded = (cell["metadata"].get(role, "") for role in ("task", "grade"))
        if cell["type"] != "code":
            continue
        if task:
            page.run(jupyterlab.WRITE, INDEX=index, SOURCE=solutions[task])
        needed = "active-ipynb" not in cell["metadata"].get("tags", [])  # or for the notebook only
        imports = "from autograder import" in cell["source"]
        if graded or needed or imports or all_cells:
            shown = page.run(jupyterlab.RUN, INDEX=index)
            assert "Error" not in shown or graded, shown
        if graded:
            found = re.search(r"(\d+) / \d+ points", shown)
            assert found, shown
            points[graded] = int(found[1])
    assert page.run(jupyterlab.SAVE) is False  # nothing is left to save
    return points


def play(name: str, page: jupyterlab.Page, work: Path, *, all_cells: bool = False) -> tuple[dict[str, int], str]:
    """Solve the notebooks of an assignment; return the points that they show, and what `gradlab submit` prints."""
    assignment = read_assignment(ROOT / "assignments" / name)
    promised: dict[str, int] = {}
    for module in assignment.files:
        solutions = solutions_of(assignment, module)
        promised |= work_through(page, f"{name}/{notebook_name(module)}", solutions, all_cells=all_cells)
    return promised, gradlab("submit", name, folder=work)


def graded(name: str, work: Path) -> dict[str, int]:
    """Grade the zip with all checks that do not train, and return the points of the public ones, by task."""
    handins = work / f"handins-{name}"
    handins.mkdir()
    (work / f"{name}.zip").rename(handins / "ada.zip")
    results = work / f"results-{name}"
    course = ["--assignment", str(ROOT / "assignments" / name), "--out", str(results), "--skip-scored"]
    gradlab("grade", handins.name, *course, "--isolation", "none", folder=work)
    (path,) = results.rglob("report.json")
    points: dict[str, int] = {}
    for check in json.loads(path.read_text())["checks"]:
        if not check["hidden"]:
            points[check["task"]] = points.get(check["task"], 0) + check["points"]
    return points


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's copy of the assignments."""
    folder = tmp_path_factory.mktemp("student") / "work"
    gradlab("start", str(folder), *ASSIGNMENTS, folder=ROOT)
    return folder


@pytest.fixture(scope="module")
def page(work: Path) -> Iterator[jupyterlab.Page]:
    """JupyterLab in that folder."""
    with jupyterlab.jupyterlab(work, work.parent) as page:
        yield page


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_grade_is_what_the_notebooks_promised(name: str, work: Path, page: jupyterlab.Page) -> None:
    promised, submitted = play(name, page, work)
    assert graded(name, work) == promised
    assert f"{sum(promised.values())}/" in submitted
    assert "Hand in this file." in submitted
