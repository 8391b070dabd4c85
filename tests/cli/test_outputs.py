"""Commands refuse an --out that is their input, another file, or a folder with other things."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from autograder.cli.app import main
from autograder.core.assignment import Assignment
from autograder.gradebook.secret import NAME
from autograder.runners import local_pool
from tests.support.classroom import HALF, Grader, hand_in, run
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


@pytest.fixture
def results(course: Assignment, tmp_path: Path) -> Path:
    run(course, hand_in(tmp_path / "in", ada=HALF, bob=HONEST), tmp_path / "out", Grader())
    return tmp_path / "out"


def gradlab(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def grade(course: Assignment, handins: Path, out: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> Result:
    def grade_all(jobs: Sequence[Any], setup: Any, *, workers: int, on_report: Any) -> None:
        Grader()(jobs, setup, on_report=on_report)

    monkeypatch.setattr(local_pool, "grade_all", grade_all)
    return gradlab("grade", handins, "--assignment", course.folder, "--out", out, "--isolation", "none", *more)


def test_policy_writes_over_its_own_file_alone(results: Path, tmp_path: Path) -> None:
    rules, book = tmp_path / "policy.toml", results / "gradebook.csv"
    rules.write_text("[assignments.t02_vectors]\nweight = 1\n")
    before = {path: path.read_bytes() for path in (rules, book)}
    for path in before:
        done = gradlab("policy", book, "--policy", rules, "--out", path)
        assert (done.exit_code, "a file that this command reads" in done.output) == (2, True)
    assert {path: path.read_bytes() for path in before} == before
    for _ in range(2):
        assert gradlab("policy", book, "--policy", rules, "--out", tmp_path / "final.csv").exit_code == 0
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "gradebook.csv"
    other.write_bytes(book.read_bytes())
    done = gradlab("policy", book, "--policy", rules, "--out", other)
    assert (done.exit_code, "this command did not write it" in done.output) == (2, True)


def test_similar_does_not_write_over_a_roster(course: Assignment, results: Path, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name\nada,Ada\n")
    command = ["similar", tmp_path / "in", "--assignment", course.folder]
    done = gradlab(*command, "--out", roster)
    assert (done.exit_code, "this command did not write it" in done.output) == (2, True)
    assert roster.read_text() == "id,name\nada,Ada\n"


def test_a_template_is_not_written_over(results: Path, tmp_path: Path) -> None:
    template = tmp_path / "t.csv"
    template.write_text(text := 'Student,ID,SIS Login ID,Section,"a01 (1)"\nAda,1,ada,1,\nBob,2,bob,1,\n')
    command = ["export", "canvas", results, template, "--column", "a01 (1)"]
    done = gradlab(*command, "--out", template)
    assert (done.exit_code, "a file that this command reads" in done.output, template.read_text()) == (2, True, text)
    for _ in range(2):
        assert gradlab(*command, "--out", tmp_path / "filled.csv").exit_code == 0


def test_pages_are_not_written_into_results_or_hand_ins(results: Path, tmp_path: Path) -> None:
    for folder in (results, results / "ada", tmp_path / "in", tmp_path / "in" / "pages"):
        done = gradlab("export", "feedback", results, "--out", folder)
        assert (done.exit_code, "Choose another folder." in done.output) == (2, True)
        assert not list(tmp_path.glob("in/**/*.html"))
    assert gradlab("export", "feedback", results, "--out", tmp_path / "pages").exit_code == 0


def test_results_are_not_written_into_a_folder_with_other_files(course, tmp_path, monkeypatch):
    handins, root = hand_in(tmp_path / "in", ada=HONEST), course.folder.parent.parent
    done = grade(course, handins, root, monkeypatch)
    assert (done.exit_code, "contains other files" in done.output) == (2, True)
    assert not (root / ".lock").exists()
    (tmp_path / "empty").mkdir()
    for _ in range(2):
        assert grade(course, handins, tmp_path / "empty", monkeypatch).exit_code == 0


def test_a_missing_secret_is_said_and_not_made(course, tmp_path, monkeypatch):
    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    grade(course, handins, out, monkeypatch)
    (out / NAME).unlink()
    done = grade(course, handins, out, monkeypatch)
    assert (done.exit_code, "is missing" in done.output, (out / NAME).exists()) == (2, True, False)
    assert grade(course, handins, out, monkeypatch, "--regrade", "--yes").exit_code == 0
    assert (out / NAME).exists()
