"""Formgrader shows each student's own notebook, wherever the hand-ins are now, and never another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.exports.handin_files import files_among
from tests.support.downloads import write
from tests.support.vectors import make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


def script(text: str) -> dict[str, bytes]:
    return {"vectors.py": text.encode()}


def test_a_folder_with_the_assignments_name_identifies_nobody(course: Assignment, tmp_path: Path) -> None:
    latest = {student: tmp_path / "graded" / student / course.name for student in ("ada", "bob", "zoe")}
    write(tmp_path / "now" / "ada" / course.name / "vectors.py", "ada = 1\n")
    files, complaints = files_among(tmp_path / "now", [*latest], course, latest=latest)
    assert files == {"ada": script("ada = 1\n")}
    assert complaints == [f"{name}: {tmp_path / 'now'} contains no hand-in of this student." for name in ("bob", "zoe")]


def test_in_nbgraders_tree_the_parent_folder_identifies_the_student(course: Assignment, tmp_path: Path) -> None:
    latest = {id_: tmp_path / "graded" / name / course.name for id_, name in (("77", "ada"), ("ada", "bob"))}
    for name in ("ada", "bob"):
        write(tmp_path / "now" / name / course.name / "vectors.py", f"{name} = 1\n")
    files, complaints = files_among(tmp_path / "now", [*latest], course, latest=latest)
    assert files == {"77": script("ada = 1\n"), "ada": script("bob = 1\n")}
    assert complaints == []


def test_a_group_shares_its_folder_and_nobody_else_gets_it(course: Assignment, tmp_path: Path) -> None:
    graded = tmp_path / "graded"
    latest = {"ada": graded / "team", "bob": graded / "team", "team": graded / "zoe.py"}
    write(tmp_path / "now" / "team" / "vectors.py", "ours = 1\n")
    files, complaints = files_among(tmp_path / "now", [*latest], course, latest=latest)
    assert files == {"ada": script("ours = 1\n"), "bob": script("ours = 1\n")}
    assert complaints == [f"team: {tmp_path / 'now'} contains no hand-in of this student."]


def test_a_name_that_several_students_had_in_different_places_identifies_nobody(
    course: Assignment, tmp_path: Path
) -> None:
    latest = {"77": tmp_path / "monday" / "work.py", "78": tmp_path / "friday" / "work.py"}
    write(tmp_path / "now" / "work.py", "whose = 1\n")
    files, complaints = files_among(tmp_path / "now", [*latest], course, latest=latest)
    assert (files, len(complaints)) == ({}, 2)
