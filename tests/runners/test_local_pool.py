"""The reports are the same with any number of grader processes, and one that dies affects one hand-in."""

from __future__ import annotations

import json
import multiprocessing
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from multiprocessing import spawn
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

from autograder.core.assignment import Assignment
from autograder.core.files import write_atomically
from autograder.core.report import Cause, Outcome, Report, read_report
from autograder.gradebook.results import write_report
from autograder.runners.grader_process import PROCESS_NAME, GraderProcess, GraderProcessError, Job, Setup
from autograder.runners.local_pool import grade_all
from autograder.sandbox.pool import ENDED
from autograder.session.options import Options
from tests.support.vectors import HONEST, make_vectors

pytestmark = pytest.mark.slow

STORIES = Path(__file__).parents[1] / "golden"
CLASS = ("endless_loop", "notebook", "one_crash", "not_written", "familiar_mistake", "zip_in_a_folder")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_vectors(tmp_path_factory.mktemp("course"), torch=True, seconds=1)


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


def test_two_processes_give_the_same_reports_although_one_is_killed(alone: list[Report], setup: Setup) -> None:
    """The hand-in that it graded is graded once more, alone."""
    seen: list[str] = []

    def kill_at_the_first(report: Report) -> None:
        seen.append(report.student)
        if len(seen) == 1:
            multiprocessing.active_children()[0].kill()

    reports = grade_all(JOBS, setup, workers=2, on_report=kill_at_the_first)
    assert sorted(seen) == sorted(CLASS)
    assert [report.student for report in reports] == list(CLASS)
    assert list(map(timeless, alone)) == list(map(timeless, reports))
    assert multiprocessing.active_children() == []


KILLED = f"BoxError: The worker {ENDED}, perhaps because the machine had no memory left."


class Scripted:
    """A grader process whose reports a test writes."""

    reports: ClassVar[dict[str, list[Report]]]
    log: ClassVar[list[str]]

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    def grade(self, job: Job) -> Report:
        self.log.append(job.student)
        return self.reports[job.student].pop(0)

    def close(self) -> None:
        """Nothing to stop."""

    abandon = close


def broken(report: Report, message: str) -> Report:
    return replace(
        report,
        checks=tuple(
            replace(check, outcome=Outcome.BROKEN, cause=Cause.BROKEN, message=message) for check in report.checks
        ),
    )


@pytest.mark.parametrize(
    ("messages", "times"), [([KILLED], 2), ([KILLED, KILLED], 2), (["an error of ours"], 1), ([], 1)]
)
def test_a_hand_in_whose_worker_the_system_killed_is_graded_once_more_alone(
    messages: list[str], times: int, alone: list[Report], setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second verdict counts, whatever it is."""
    reports = [broken(alone[0], message) for message in messages] + [alone[0]]
    Scripted.reports, Scripted.log = {"first": reports, "second": [alone[1]], "third": [alone[2]]}, []
    monkeypatch.setattr("autograder.runners.local_pool.GraderProcess", Scripted)
    seen: list[Report] = []
    jobs = [Job(name, JOBS[0].path) for name in ("first", "second", "third")]
    graded = grade_all(jobs, setup, on_report=seen.append)
    assert Scripted.log == ["first", "second", "third", "first"][: 2 + times]
    expected = [broken(alone[0], messages[-1])] if len(messages) == times else [alone[0]]
    assert graded == [*expected, alone[1], alone[2]]
    assert sorted(map(id, seen)) == sorted(map(id, graded))


HANGING = """
import time
from pathlib import Path
from autograder import task

TRIES = Path(__file__).with_name("tries")


@task("double")
def check_that_ends(student, rng):
    \"""This check ends.\"""
    student.double(rng.normal(2))


@task("total")
def check_that_hangs(student, rng):
    \"""This check never ends, whatever limits say.\"""
    with TRIES.open("a") as file:
        file.write("x")
    student.double(rng.normal(2))
    time.sleep(1e6)


@task("Counter")
def check_after_it(student, rng):
    \"""This check ends, too.\"""
    student.double(rng.normal(2))
"""


def test_a_check_that_does_not_end_is_a_timeout_and_the_others_count(
    tmp_path: Path, isolation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_vectors(tmp_path / "course")
    (course.solutions / "check_vectors_hidden.py").unlink()
    (course.folder / "check_vectors.py").write_text(HANGING)
    (tmp_path / "ada.py").write_text(HONEST)
    grader = GraderProcess(Setup(course.folder, Options(), isolation))
    wait, asked = grader._receive, []

    def receive(seconds: float) -> object:
        asked.append(seconds)
        return wait(5.0 if len(asked) == 3 else seconds)  # the step in which the second check hangs

    monkeypatch.setattr(grader, "_receive", receive)
    try:
        report = grader.grade(Job("ada", tmp_path / "ada.py"))
    finally:
        grader.close()
    assert [(c.outcome, c.cause) for c in report.checks] == [
        (Outcome.PASSED, None), (Outcome.FAILED, Cause.TIMEOUT), (Outcome.PASSED, None),
    ]  # fmt: skip
    assert report.points == 70
    assert not report.needs_staff
    assert min(asked) >= 300
    assert (course.folder / "tries").read_text() == "x"


def test_a_grader_that_cannot_start_stops_the_class_with_a_message(setup: Setup, tmp_path: Path) -> None:
    with pytest.raises(GraderProcessError, match=r"has no assignment\.toml, so it is not an assignment"):
        grade_all(JOBS[:1], replace(setup, folder=tmp_path))


def test_a_grader_process_does_not_import_the_program_that_starts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", program := ModuleType("__main__"))
    program.__spec__ = ModuleSpec("distributed.cli.dask_worker", None)
    sent = {name: spawn.get_preparation_data(name) for name in (PROCESS_NAME, "another")}
    assert sent["another"].keys() - sent[PROCESS_NAME].keys() == {"init_main_from_name"}


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
