"""Every module of the course passes its public checks when it is written in notebooks only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.notebooks import notebook_name
from tests.students.test_notebook_check import save
from tests.support.kernels import run_cells as run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = [read_assignment(path) for path in sorted((ROOT / "assignments").iterdir()) if path.is_dir()]
MODULES = [(assignment, file) for assignment in ASSIGNMENTS for file in assignment.files]
SETUP = "from autograder import check\nfrom common.fallbacks import use_fallbacks\n\nuse_fallbacks()"
SHOW = """
import json
report = check({module!r}).report
unscored = [c for c in report.checks if c.outcome != "passed"]
print(json.dumps([report.points, sum(c.max_points for c in report.checks), [c.message for c in unscored]]))
"""


@pytest.mark.parametrize("scripts", [True, False], ids=["beside blank scripts", "without scripts"])
@pytest.mark.parametrize(("assignment", "file"), MODULES, ids=[file for _, file in MODULES])
def test_the_reference_in_notebooks_passes(assignment: Assignment, file: str, scripts: bool, tmp_path: Path) -> None:
    if not scripts and len(assignment.files) == 1:
        pytest.skip("no other module could be imported")
    folder = tmp_path / assignment.name
    shutil.copytree(assignment.folder, folder)
    for other in assignment.files:
        save(folder / notebook_name(other), [SETUP, (assignment.solutions / other).read_text(encoding="utf-8")])
        if not scripts:
            (folder / other).unlink()
    cells = [SETUP, (assignment.solutions / file).read_text(encoding="utf-8")]
    shown = run(folder, [*cells, SHOW.format(module=file.removesuffix(".py"))])
    points, available, messages = json.loads(shown[-1])
    assert points == available, messages
