"""The two small courses in examples/ hold, as courses of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.release import release, stale
from autograder.authoring.verify import verify
from autograder.authoring.verify_plan import Plan
from autograder.core.assignment import Assignment, read_assignment
from autograder.session.options import Options

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FOLDERS = sorted(path.parent for path in EXAMPLES.glob("*/assignments/*/assignment.toml"))


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def assignment(request: pytest.FixtureRequest) -> Assignment:
    return read_assignment(request.param)


def test_there_are_two_courses() -> None:
    assert [folder.parts[-3] for folder in FOLDERS] == ["autograd", "strings"]


@pytest.mark.slow
def test_checks_mutants_and_variants_hold(assignment: Assignment) -> None:
    found = verify(assignment, Options(), Plan(seeds=3, notebook=False, parts=("reference", "variants", "mistakes")))
    assert {finding.what: finding.problems for finding in found.findings if not finding.holds} == {}
    assert len(found.findings) == 4


def test_the_generated_files_are_fresh(assignment: Assignment) -> None:
    assert stale(release(assignment)) == []


def test_a_course_on_numpy_is_checked_without_torch(tmp_path: Path) -> None:
    course = EXAMPLES / "strings"
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from autograder.core.assignment import read_assignment\n"
        "from autograder.session.options import Options\n"
        "from autograder.students.check import check_folder\n"
        f"folder = Path({str(course / 'assignments' / 'words')!r})\n"
        f"answer = Path({str(course / 'solutions' / 'words')!r})\n"
        "report = check_folder(read_assignment(folder), Options(), hand_in=answer)\n"
        "print(report.points, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.split() == ["6", "False"]
