"""Checks that state a share of their task's points: the manifest alone states points."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.checks.task import BadCheck, task
from autograder.core.assignment import Assignment, BadManifest, read_assignment
from autograder.session.options import Options
from autograder.session.promises import verify_promises
from autograder.session.session import with_checks
from tests.support.vectors import make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    """The course, whose checks of the task double pay 40 % and 60 % of its points."""
    course = make_vectors(tmp_path)
    for path in (course.folder / "check_vectors.py", course.solutions / "check_vectors_hidden.py"):
        text = path.read_text()
        path.write_text(text.replace('"double", points=20', '"double", share=40').replace("points=30", "share=60", 1))
    return course


def worth(course: Assignment, points: int) -> Assignment:
    manifest = course.folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("points = 50", f"points = {points}"))
    return read_assignment(course.folder)


def paid(course: Assignment) -> dict[str, int]:
    items = with_checks(course, Options(), lambda checks: {item.name: item.spec.points for item in checks.items})
    return {name: points for name, points in items.items() if "double" in name}


@pytest.mark.parametrize(("points", "parts"), [(50, [20, 30]), (10, [4, 6]), (5, [2, 3])])
def test_new_points_of_a_task_are_changed_in_the_manifest_alone(course, points, parts):
    changed = worth(course, points)
    verify_promises(changed)
    assert list(paid(changed).values()) == parts


def test_a_share_that_is_no_whole_number_names_the_check_and_the_remedy(course):
    with pytest.raises(BadCheck, match=r"check_vectors.py:\d+: check_double_of_a_matrix has a share of 40 %") as caught:
        paid(worth(course, 7))
    assert "which of the 7 points of 'double' is not a whole number. Change the share, or the task's points." in str(
        caught.value
    )


def test_grade_names_each_check_whose_share_is_no_whole_number(course):
    with pytest.raises(BadManifest) as caught:
        verify_promises(worth(course, 7))
    sentence = "which of the 7 points of 'double' is not a whole number. Change the share, or the task's points."
    for path, check, share in (
        (course.folder / "check_vectors.py", "check_double_of_a_matrix", 40),
        (course.solutions / "check_vectors_hidden.py", "check_double_of_other_shapes", 60),
    ):
        assert f"{path}, line " in str(caught.value)
        assert f"{check} has a share of {share} %, {sentence}" in str(caught.value)


def test_shares_that_do_not_add_up_are_named(course):
    hidden = course.solutions / "check_vectors_hidden.py"
    hidden.write_text(hidden.read_text().replace("share=60", "share=50"))
    with pytest.raises(BadManifest, match="promises 50 points for 'double', but the checks pay 45"):
        verify_promises(course)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give either points or share"),
        ({"points": 2, "share": 3}, "give either points or share"),
        ({"share": 0}, "share must be a whole number of at least 1 and at most 100, not 0"),
        ({"share": 101}, "not 101"),
        ({"share": 0.5}, "not 0.5"),
        ({"points": True}, "points must be a whole number of at least 1, not True"),
    ],
)
def test_a_wrong_mark_gets_a_sentence(arguments, message):
    with pytest.raises(BadCheck, match=message):
        task("double", **arguments)
