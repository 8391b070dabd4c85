"""An assignment is found from anywhere inside a course, by its name, its number or one of its modules."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.assignment import BadManifest
from autograder.core.course import find_assignment, find_assignment_of_module

MANIFEST = """
title = "{name}"
version = "1.0"
files = ["{module}.py"]

[[tasks]]
name = "{module}_task"
title = "A task"
points = 100
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A student's course with two assignments; the first has a folder of data."""
    for name, module in (("a01_near", "near"), ("a02_far", "far")):
        (tmp_path / "course" / name / "data").mkdir(parents=True)
        (tmp_path / "course" / name / "assignment.toml").write_text(MANIFEST.format(name=name, module=module))
    return tmp_path / "course"


@pytest.mark.parametrize("name", ["a01_near", "a01", "near", "near.py", "near.ipynb"])
@pytest.mark.parametrize("place", [".", "a01_near", "a01_near/data", "a02_far", "a02_far/data"])
def test_it_is_found_from_everywhere(course: Path, monkeypatch: pytest.MonkeyPatch, place: str, name: str) -> None:
    monkeypatch.chdir(course / place)
    assert find_assignment(name, installed=False).folder == course / "a01_near"


@pytest.mark.parametrize("place", ["a02_far", "a02_far/data"])
def test_without_a_name_it_is_the_one_around(course: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.chdir(course / place)
    assert find_assignment(installed=False).name == "a02_far"


def test_without_a_name_outside_of_assignments_the_choice_is_listed(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course)
    with pytest.raises(BadManifest, match=r"is not inside an assignment. Name one: a01_near, a02_far."):
        find_assignment(installed=False)


def test_a_path_is_that_folder(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course / "a01_near")
    assert find_assignment("../a02_far", installed=False).name == "a02_far"


def test_the_path_of_a_module_is_its_folder(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    assert find_assignment("a01_near/near.ipynb", installed=False).name == "a01_near"
    assert find_assignment("a01_near/near.py", installed=False).name == "a01_near"


def test_the_path_of_a_file_that_does_not_exist_is_refused(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    with pytest.raises(BadManifest, match=r"a01_near contains no nope\.py\."):
        find_assignment("a01_near/nope.py", installed=False)
    (course / "a01_near" / "helper.py").touch()
    assert find_assignment("a01_near/helper.py", installed=False).name == "a01_near"


@pytest.mark.parametrize("name", ["a2", "2", "A02", "assignment2"])
def test_another_way_to_write_the_number_gets_a_suggestion(
    name: str, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course)
    monkeypatch.setattr(
        "autograder.core.course._roots", lambda **rest: iter([course])
    )  # not the folders of other tests
    with pytest.raises(BadManifest, match=r"was found .* Did you mean a02_far\?"):
        find_assignment(name, installed=False)


def test_the_installed_copy_is_not_taken_for_a_students_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_assignment("knn").name == "a01_knn"
    with pytest.raises(BadManifest, match="No assignment 'knn' was found"):
        find_assignment("knn", installed=False)


def test_a_name_that_can_mean_two_is_refused(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (course / "a01_other").mkdir()
    (course / "a01_other" / "assignment.toml").write_text(MANIFEST.format(name="a01_other", module="near"))
    monkeypatch.chdir(course)
    for name in ("a01", "near"):
        with pytest.raises(BadManifest, match=f"{name} can mean a01_near or a01_other. Write the whole name."):
            find_assignment(name, installed=False)


def test_a_mistyped_name_gets_a_suggestion(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    with pytest.raises(BadManifest, match=r"Did you mean a02_far\?"):
        find_assignment("a02_fra", installed=False)


def test_a_damaged_manifest_hides_no_other_assignment(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (course / "a01_near" / "assignment.toml").write_text("title = ")
    monkeypatch.chdir(course)
    assert find_assignment_of_module("far").name == "a02_far"
    with pytest.raises(BadManifest, match=r"has a file elsewhere\.py\.[\s\S]*a01_near.* is not valid TOML"):
        find_assignment_of_module("elsewhere")
