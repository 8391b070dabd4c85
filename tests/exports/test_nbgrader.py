"""Marks in nbgrader's own gradebook are shown per cell, and manual grading and feedback work."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner

from autograder.authoring.nbgrader_course import export_course
from autograder.cli.app import main
from autograder.core.assignment import Assignment
from autograder.core.files import write_atomically
from autograder.core.report import Cause, CheckResult, Mark, Outcome, Report, TaskResult
from autograder.exports.nbgrader import fill_gradebook
from autograder.exports.reports import BadResults
from autograder.intake.roster import read_roster
from tests.authoring.test_nbgrader_course import nbgrader
from tests.support.classroom import Grader, run
from tests.support.course import NAME, WRITTEN, make_course

pytestmark = pytest.mark.slow


def report(student: str, assignment: Assignment, points: tuple[int, int, int]) -> Report:
    tasks = tuple(
        TaskResult(task.name, task.title, earned, task.points)
        for task, earned in zip(assignment.tasks, points, strict=True)
    )
    checks = tuple(
        CheckResult(
            id=f"check_tiny.py::check_{index}",
            task=task.name,
            title=f"Task {index}.",
            hidden=False,
            points=task.points,
            max_points=task.max_points,
            outcome=Outcome.PASSED if task.points else Outcome.FAILED,
            cause=None if task.points else Cause.WRONG,
        )
        for index, task in enumerate(tasks)
    )
    facts = {"title": "Tiny", "version": "1.0", "grader": "0", "submission": "", "checks_digest": ""}
    return Report(
        NAME,
        student=student,
        device="cpu",
        data="scenes",
        seed=0,
        isolation="none",
        checks=checks,
        tasks=tasks,
        **facts,
    )


def written_in(released: Path) -> bytes:
    """Return the released notebook with one task written."""
    book = nbformat.read(released, as_version=4)
    for cell in book.cells:
        if "def double" in cell.source:
            cell.source = "def double(x):\n    return x + x  # by grace"
            page = {"text/html": "<script>evil()</script>", "text/plain": "a table", "image/png": "cGljdHVyZQ=="}
            cell.outputs = [
                nbformat.v4.new_output("stream", name="stdout", text="printed by grace\n"),
                nbformat.v4.new_output("display_data", data=page),
                nbformat.v4.new_output("display_data", data={"application/javascript": "evil()"}),
            ]
            cell.execution_count = 7
    return nbformat.writes(book).encode()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> tuple[Assignment, Path]:
    root = tmp_path_factory.mktemp("nbgrader")
    assignment, folder = make_course(root), root / "course"
    export_course([assignment], folder)
    nbgrader("generate_assignment", NAME, course=folder)
    return assignment, folder


@contextmanager
def formgrader(folder: Path) -> Iterator[Callable[..., Any]]:
    """Run nbgrader's formgrader for a course, and yield a function that asks for a page below /formgrader/."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    extension = "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1", extension]
    command += [f"--port={port}", "--IdentityProvider.token=x", "--ServerApp.disable_check_xsrf=True"]

    def ask(path: str, content: object = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/formgrader/{path}", method="PUT" if content else "GET"
        )
        request.add_header("Authorization", "token x")
        with urllib.request.urlopen(request, json.dumps(content).encode() if content else None, timeout=60) as answer:
            text = answer.read().decode()
        return json.loads(text) if path.startswith("api/") else text

    with (
        open(folder / "server.log", "wb") as log,
        subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as server,
    ):
        try:
            for _ in range(6000):
                with socket.socket() as trial:
                    if server.poll() is not None or trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            assert server.poll() is None, (folder / "server.log").read_text()
            yield ask
        finally:
            server.terminate()


def test_formgrader_has_scores_per_cell_and_feedback_is_generated(
    course: tuple[Assignment, Path], tmp_path: Path
) -> None:
    from nbgrader.api import Gradebook

    assignment, folder = course
    handins, results = tmp_path / "handins", tmp_path / "results"
    for student, points, name, content in (
        ("ada", (40, 35, 0), "tiny.py", WRITTEN.encode()),
        ("grace", (40, 0, 25), "tiny.ipynb", written_in(folder / "release" / NAME / "tiny.ipynb")),
        ("eve", (0, 0, 0), "tiny.ipynb", b'{"cells": ['),
    ):
        (handins / student).mkdir(parents=True)
        (handins / student / name).write_bytes(content)
        (results / student).mkdir(parents=True)
        write_atomically(results / student / "report.json", report(student, assignment, points).to_json())
    arguments = ["export", "gradebook", str(folder / "gradebook.db"), str(results), "--handins", str(handins)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(assignment.folder.parent.parent)
        done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "eve" in done.output

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        scores = {
            student: [
                gradebook.find_grade(cell, "tiny", NAME, student).auto_score
                for cell in ("check-double", "check-Scaler-up", "check-Scaler-down")
            ]
            for student in ("ada", "grace", "eve")
        }
        assert scores == {"ada": [40, 35, 0], "grace": [40, 0, 25], "eve": [0, 0, 0]}
        assert gradebook.find_submission(NAME, "ada").needs_manual_grade  # the inline question waits for a person
        answer = gradebook.find_grade("answer-tiny-q1", "tiny", NAME, "ada")
        answer.manual_score, answer.needs_manual_grade = 1.5, False
        gradebook.db.commit()

    assert fill_gradebook(folder / "gradebook.db", [report("ada", assignment, (40, 35, 25))], assignment, {}) == []
    given = Mark("tiny-q1", "Why twice", 2, 2, True, "", "kim", "2026-11-21T10:00:00Z")
    marked = [report(student, assignment, (40, 35, 25)).with_marks([given]) for student in ("ada", "grace")]
    assert fill_gradebook(folder / "gradebook.db", marked, assignment, {}) == [
        "ada: tiny-q1 has 1.5 in formgrader and 2 by `gradlab mark`; formgrader's points stay."
    ]
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission(NAME, "ada").score == 101.5  # points that a person gave in formgrader stay
        assert gradebook.find_submission(NAME, "grace").score == 102  # otherwise those of gradlab mark
        assert not gradebook.find_submission(NAME, "grace").needs_manual_grade

    shown = nbformat.read(folder / "autograded" / "grace" / NAME / "tiny.ipynb", as_version=4)
    (cell,) = (cell for cell in shown.cells if "by grace" in cell.source)
    assert cell.execution_count == 7
    printed, page = cell.outputs  # what grace's run showed, but no HTML and no JavaScript
    assert printed.text == "printed by grace\n"
    assert page.data == {"text/plain": "a table", "image/png": "cGljdHVyZQ=="}
    with formgrader(folder) as ask:
        rows = {row["student"]: row for row in ask(f"api/submissions/{NAME}")}
        assert {student: row["score"] for student, row in rows.items()} == {"ada": 101.5, "grace": 102, "eve": 0}
        (notebook,) = (row for row in ask(f"api/submitted_notebooks/{NAME}/tiny") if row["student"] == "grace")
        page = ask(f"submissions/{notebook['id']}/")
        assert "by grace" in page
        assert "printed by grace" in page
        assert "evil()" not in page
        (answer,) = (row for row in ask(f"api/grades?submission_id={notebook['id']}") if row["max_score"] == 2)
        assert answer["manual_score"] == 2
        assert ask(f"api/grade/{answer['id']}", {"manual_score": 0.5, "extra_credit": 0})["manual_score"] == 0.5
        (row,) = (row for row in ask(f"api/submissions/{NAME}") if row["student"] == "grace")
        assert row["score"] == 100.5  # a person marks in formgrader
    nbgrader("generate_feedback", NAME, course=folder)
    page = (folder / "feedback" / "ada" / NAME / "tiny.html").read_text()
    assert "Score" in page


def test_a_mark_that_changes_or_is_withdrawn_reaches_formgrader(course: tuple[Assignment, Path]) -> None:
    from nbgrader.api import Gradebook

    assignment, folder = course
    bare, last = report("zoe", assignment, (40, 0, 0)), {}

    def export(points: float | None) -> tuple[float | None, bool, list[str]]:
        given = [] if points is None else [Mark("tiny-q1", "Why", points, 2, True, "", "kim", "")]
        complaints = fill_gradebook(folder / "gradebook.db", [bare.with_marks(given)], assignment, {}, last=last)
        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            answer = gradebook.find_grade("answer-tiny-q1", "tiny", NAME, "zoe")
            return answer.manual_score, answer.needs_manual_grade, complaints

    assert export(2) == (2, False, [])
    assert export(1) == (1, False, [])
    assert export(1.5) == (1.5, False, [])
    assert export(None) == (None, True, [])
    assert export(2) == (2, False, [])
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.find_grade("answer-tiny-q1", "tiny", NAME, "zoe").manual_score = 0.5
        gradebook.db.commit()
    assert export(1)[0] == 0.5
    assert export(None)[0] == 0.5  # a person's


def test_formgrader_shows_the_graded_notebook_whatever_id_the_roster_gives(
    course: tuple[Assignment, Path], tmp_path: Path
) -> None:
    assignment, folder = course
    handins, out = tmp_path / "handins", tmp_path / "out"
    (handins / "turing_alan").mkdir(parents=True)
    (handins / "turing_alan" / "tiny.py").write_text(WRITTEN)
    stub = (folder / "release" / NAME / "tiny.ipynb").read_bytes()
    (handins / "turing_alan" / "tiny.ipynb").write_bytes(stub)  # submit's zip contains both
    (handins / "latin1").mkdir()
    (handins / "latin1" / "tiny.py").write_bytes(b"# \xe9\n")
    (tmp_path / "roster.csv").write_text("id,alias\n77,turing_alan\n78,latin1\n")
    run(assignment, handins, out, Grader(), roster=read_roster(tmp_path / "roster.csv"))
    shown = folder / "autograded" / "77" / NAME / "tiny.ipynb"
    command = ["export", "gradebook", str(folder / "gradebook.db"), str(out)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(assignment.folder.parent.parent)
        for more in ([], ["--handins", str(handins)]):
            shown.unlink(missing_ok=True)
            done = CliRunner().invoke(main, [*command, *more])
            assert done.exit_code == 0, done.output
            assert "return x + x" in shown.read_text()
            assert "78: tiny.py cannot be read (UnicodeDecodeError)" in done.stderr
        (handins / "turing_alan").rename(tmp_path / "elsewhere")
        done = CliRunner().invoke(main, [*command, "--handins", str(handins)])
        assert f"77: {handins} contains no hand-in of this student." in done.stderr
        assert "return x + x" in shown.read_text()  # the file of an earlier export stays
        assert "1 hand-in is no longer at the path where it was graded" in CliRunner().invoke(main, command).stderr


def test_a_database_that_does_not_know_the_assignment_is_refused(
    course: tuple[Assignment, Path], tmp_path: Path
) -> None:
    assignment, folder = course
    with pytest.raises(BadResults, match="generate_assignment"):
        fill_gradebook(tmp_path / "gradebook.db", [], assignment, {})
    other = replace(assignment, name="t09_other")
    with pytest.raises(BadResults, match="does not know t09_other"):
        fill_gradebook(folder / "gradebook.db", [], other, {})
