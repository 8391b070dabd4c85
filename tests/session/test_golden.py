"""Hand-ins of every kind get exactly the report that is stored next to them.

A story is a folder below tests/golden: `handin/` is the hand-in, `expected.json` lists what the report must contain.
The hand-ins in tests/golden/honest are made by recipes and have tests of their own.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from autograder.core.assignment import Assignment
from autograder.core.report import Report, read_report
from autograder.gradebook.results import write_report
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from tests.support.handins import GOLDEN, copy_story, stories
from tests.support.vectors import make_vectors

pytestmark = pytest.mark.slow

STUB = (GOLDEN / "not_written" / "handin" / "vectors.py").read_text()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    assignment = make_vectors(tmp_path_factory.mktemp("course"), torch=True)
    (assignment.folder / "vectors.py").write_text(STUB)
    return assignment


@pytest.fixture(scope="module")
def reports(
    course: Assignment, isolated_pool: WorkerPool, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Report]:
    """The reports of all stories, graded one after the other in one session, as by a grader process."""
    folder = tmp_path_factory.mktemp("golden")
    handins = {story: copy_story(story, folder / story / "handin") for story in stories()}

    def grade(checks: Checks) -> dict[str, Report]:
        return {story: grade_handin(checks, Job(story, handin), isolated_pool) for story, handin in handins.items()}

    return with_checks(course, Options(seed=20), grade)


def expected(story: str) -> dict[str, Any]:
    return json.loads((GOLDEN / story / "expected.json").read_text())


@pytest.mark.parametrize("story", stories())
def test_a_hand_in_gets_the_report_stored_next_to_it(
    story: str, reports: dict[str, Report], course: Assignment, tmp_path: Path
) -> None:
    report, wanted = reports[story], expected(story)
    shown = {check.id.partition("::")[2]: check for check in report.checks}
    assert report.points == wanted["points"], shown
    assert {name: [c.outcome, c.cause] if c.cause else [c.outcome] for name, c in shown.items()} == {
        name: row[:2] for name, row in wanted["checks"].items()
    }
    for name, row in wanted["checks"].items():
        for fragment in row[2:]:
            assert fragment in shown[name].message + "\n" + shown[name].hint
    for note, fragment in zip(report.notes, wanted.get("notes", []), strict=True):
        assert fragment in note
    assert [remark.kind for remark in report.remarks] == wanted.get("remarks", [])
    for fragment in wanted.get("output", []):
        assert fragment in shown["check_double_of_a_matrix"].output
    assert not report.needs_staff
    text = json.dumps(asdict(report))
    for ours in ("Traceback", "autograder", str(course.folder.parent.parent), "/gradlab", "check_vectors.py, line"):
        assert ours not in text
    assert all(len(check.message) < 3000 and len(check.output) < 66_000 for check in report.checks)

    write_report(report, tmp_path)
    read = read_report(tmp_path / story / "report.json")
    assert (read.points, len(read.checks)) == (report.points, len(report.checks))
