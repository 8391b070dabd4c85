"""The reports are the same with any number of grader processes, and one that dies affects one hand-in."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.core.files import write_atomically
from autograder.core.report import Cause, Outcome, Report, read_report
from autograder.gradebook.results import write_report
from autograder.runners.grader_process import GraderProcessError, Job, Setup
from autograder.runners.local_pool import grade_all
from autograder.session.options import Options
from tests.support.vectors import make_vectors

pytestmark = pytest.mark.slow

STORIES = Path(__file__).parents[1] / "golden"
CLASS = ("endless_loop", "notebook", "one_crash", "not_written", "familiar_mistake", "zip_in_a_folder")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    assignment = make_vectors(tmp_path_factory.mktemp("course"))
    manifest = assignment.folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("seconds = 2", "seconds = 1"))
    return assignment


@pytest.fixture(scope="module")
def setup(course: Assignment, isolation: str) -> Setup:
    return Setup(course.folder, Options(seed=3), isolation)


JOBS = [Job(story, STORIES / story / "handin") for story in CLASS]


@pytest.fixture(scope="module")
def alone(setup: Setup) -> list[Report]:
    """The reports of one grader process."""
    return grade_all(JOBS, setup)


def timeless(report: Report) -> Report:
    return replace(report, checks=tuple(replace(check, seconds=0.0) for check in report.checks))


def test_reports_come_in_the_order_of_the_jobs(alone: list[Report], setup: Setup) -> None:
    assert [report.student for report in alone] == list(CLASS)
    expected = [json.loads((STORIES / story / "expected.json").read_text())["points"] for story in CLASS]
    assert [report.points for report in alone] == expected
    assert {report.isolation for report in alone} == {setup.isolation}
    assert not any(report.needs_staff for report in alone)


def test_two_processes_give_the_same_reports_and_a_killed_one_affects_one_hand_in(
    alone: list[Report], setup: Setup
) -> None:
    seen: list[str] = []

    def kill_at_the_first(report: Report) -> None:
        seen.append(report.student)
        if len(seen) == 1:
            multiprocessing.active_children()[0].kill()

    reports = grade_all(JOBS, setup, workers=2, on_report=kill_at_the_first)
    assert sorted(seen) == sorted(CLASS)
    assert [report.student for report in reports] == list(CLASS)
    broken = [report for report in reports if report.needs_staff]
    assert len(broken) == 1
    assert broken[0].points == 0
    assert {(check.outcome, check.cause) for check in broken[0].checks} == {(Outcome.BROKEN, Cause.BROKEN)}
    assert "The grader process ended or hung" in broken[0].checks[0].message
    for one, other in zip(alone, reports, strict=True):
        assert timeless(one) == timeless(other) or other in broken
    assert multiprocessing.active_children() == []


def test_a_grader_that_cannot_start_stops_the_class_with_a_message(setup: Setup, tmp_path: Path) -> None:
    with pytest.raises(GraderProcessError, match=r"has no assignment\.toml, so it is not an assignment"):
        grade_all(JOBS[:1], replace(setup, folder=tmp_path))


def test_no_hand_ins_need_no_grader(setup: Setup) -> None:
    assert grade_all([], setup) == []


def test_a_report_is_three_files_with_the_same_content(alone: list[Report], tmp_path: Path) -> None:
    for report in alone:
        write_report(report, tmp_path)
        folder = tmp_path / report.student
        assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json", "staff.html"]
        assert read_report(folder / "report.json") == report
        assert f"{report.points}" in (folder / "report.html").read_text()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    write_atomically(path, "old")
    monkeypatch.setattr("os.replace", lambda *names: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    write_atomically(path, "half a character: \ud83d")
    assert path.read_text() == "half a character: \\ud83d"
    assert path.stat().st_mode & 0o777 == 0o644
