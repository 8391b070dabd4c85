"""`gradlab status` shows how far each assignment is, from what the last checks stored."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result

from autograder.cli.app import main
from autograder.core.hints import Effort, Hints
from autograder.students.start import start
from autograder.students.status import STORE
from tests.support.course import NAME, SOURCE, STUB, WRITTEN, make_course

Run = Callable[..., Result]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's copy of a small course, and the current folder."""
    assignment = make_course(tmp_path / "course")
    (assignment.folder / "tiny.py").write_text(STUB)
    start(tmp_path / "work", tmp_path / "course")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work" / NAME


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def row(run: Run) -> dict[str, object]:
    (found,) = json.loads(run("status", "--json").stdout)["assignments"]
    return dict(found)


def test_nothing_was_begun(work: Path, run: Run) -> None:
    shown = run("status").output
    assert f"Begin {NAME}: read its README.md, then write double." in shown
    assert "never" in shown
    assert (row(run)["written"], row(run)["checked"]) == (0, "")


def test_the_last_check_counts_and_nothing_is_run(work: Path, run: Run) -> None:
    (work / "tiny.py").write_text(SOURCE)
    assert row(run)["points"] == 0  # written, but not checked
    checked = run("check", NAME)
    assert checked.exit_code == 0
    found = row(run)
    assert found["written"] == found["tasks"]
    assert found["points"] == found["available"] > 0
    assert not found["changed"]
    assert "Every public check passed when it was last run." in run("status").output


def test_a_file_that_was_saved_after_the_check_is_said(work: Path, run: Run) -> None:
    (work / "tiny.py").write_text(SOURCE)
    run("check", NAME)
    os.utime(work / "tiny.py", (time.time() + 60,) * 2)
    assert "changed since" in run("status").output


def test_a_task_that_lost_points_is_where_to_go_on(work: Path, run: Run) -> None:
    (work / "tiny.py").write_text(SOURCE.replace("x * WIDTH", "x + WIDTH"))
    assert run("check", NAME).exit_code == 1
    assert f"Go on with {NAME}: Scaler.up (tiny.py)." in run("status").output


def test_where_to_go_on_names_the_file_in_which_the_student_writes(work: Path, run: Run) -> None:
    cells = [nbformat.v4.new_code_cell(WRITTEN)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), work / "tiny.ipynb")
    assert f"Go on with {NAME}: Scaler.down (tiny.ipynb)." in run("status").output


def test_a_damaged_notebook_next_to_its_script_is_where_to_go_on(work: Path, run: Run) -> None:
    (work / "tiny.py").write_text(SOURCE)
    (work / "tiny.ipynb").write_text('{"cells": [')
    shown = " ".join(run("status").output.split())
    assert f"Go on with {NAME}: tiny.ipynb is damaged (Expecting value: line 1 column 12). Jupyter cannot open" in shown
    assert "and run gradlab start again: it restores the notebook." in shown
    assert row(run)["written"] == 3


def test_run_checks_what_is_begun(work: Path, run: Run) -> None:
    (work / "tiny.py").write_text(SOURCE)
    assert "Every public check passed" in run("status", "--run").stdout
    assert row(run)["checked"]


def test_checks_that_were_skipped_are_still_to_run(work: Path, run: Run) -> None:
    checks = (work / "check_tiny.py").read_text()
    (work / "check_tiny.py").write_text(checks.replace("def check_down(student):", "def check_down(student, score):"))
    (work / "tiny.py").write_text(SOURCE)
    run("check", NAME, "--skip-scored")
    sentence = f"The checks of {NAME} that train or evaluate networks did not run yet. Run them: gradlab check {NAME}."
    assert sentence in " ".join(run("status").output.split())
    assert row(run)["open_points"] == 25
    run("check", NAME)
    assert "Every public check passed when it was last run." in run("status").output
    assert row(run)["open_points"] == 0


@pytest.mark.parametrize("content", ["", "[]", '{"double": 3}', '{"double": ["x", 1, "y"]}', '{"double": [1, 2, 3]}'])
def test_a_damaged_store_counts_as_not_checked(work: Path, run: Run, content: str) -> None:
    (work / STORE).parent.mkdir()
    (work / STORE).write_text(content)
    assert row(run)["checked"] == ""


def test_outside_of_a_course_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.chdir("/")
    shown = run("status")
    assert shown.exit_code == 2
    assert "Run this in the folder that gradlab start created." in shown.output


def test_written_but_not_checked_asks_for_a_check(work: Path, run: Run) -> None:
    (work / "tiny.py").write_text(SOURCE)
    shown = " ".join(run("status").output.split())
    assert f"Check {NAME}, which was not checked since you saved it: gradlab check {NAME}." in shown


def test_the_time_of_what_is_not_written_is_estimated(work: Path, run: Run) -> None:
    efforts = (Effort(50, "easy", ("double",)), Effort(20, "hard", ("Scaler.up", "Scaler.down")))
    (work / "hints.json").write_bytes(Hints(efforts).to_json())
    assert "1 h 10 min" in run("status").output
    assert row(run)["minutes"] == 70
    (work / "tiny.py").write_text(WRITTEN)  # but Scaler.down
    assert row(run)["minutes"] == 20
    (work / "hints.json").write_text("{")
    assert row(run)["minutes"] is None


def test_assignments_that_are_taken_first_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    folder = make_course(tmp_path / "course").folder
    for name in ("a08_late", "a09_first"):
        shutil.copytree(folder, folder.parent / name)
    (tmp_path / "course" / "course.toml").write_text(
        'title = "Order"\nid = "order"\nfirst = ["a09_first", "a10_none"]\n'
    )
    start(tmp_path / "work", tmp_path / "course")
    monkeypatch.chdir(tmp_path / "work")
    found = json.loads(run("status", "--json").stdout)
    assert [row["assignment"] for row in found["assignments"]] == ["a09_first", *sorted([NAME, "a08_late"])]
    assert "a09_first" in found["next"]
