"""Packages that students may import are among those that the course installs; `gradlab publish` says which are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring.requirements import missing_requirements, requirement_note
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.course_file import Course

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("imports", "requirements", "missing"),
    [
        (("numpy", "math", "kit"), (), []),  # gradlab needs numpy, Python has math, and the course shares kit
        (("torch",), ("torch>=2",), []),
        (("torch", "pandas"), ("Torch[extra] ~= 2",), ["pandas"]),
        (("yaml",), (), []),  # of the project PyYAML, which gradlab needs
        (("unheard_of",), ("Unheard.Of",), []),
        (("unheard_of",), ("unheard",), ["unheard_of"]),
        (None, (), []),
    ],
)
def test_packages_are_found_by_the_projects_that_install_them(
    imports: tuple[str, ...] | None, requirements: tuple[str, ...], missing: list[str]
) -> None:
    course = Course(shared=("kit",), requirements=requirements)
    any_assignment = read_assignment(ROOT / "assignments" / "a01_knn")
    assert missing_requirements(replace(any_assignment, imports=imports, course=course)) == missing


def test_our_course_requires_all_that_its_students_may_import() -> None:
    found: list[Assignment] = [read_assignment(path.parent) for path in ROOT.glob("assignments/*/assignment.toml")]
    assert found
    assert [requirement_note(assignment) for assignment in found if requirement_note(assignment)] == []
