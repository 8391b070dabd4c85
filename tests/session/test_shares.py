"""Checks that state a share of their task's points: the manifest alone states points."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.checks.task import BadCheck, task
from autograder.core.assignment import Assignment, BadManifest, read_assignment
from autograder.core.shares import share_arguments
from autograder.session.options import Options
from autograder.session.promises import verify_promises
from autograder.session.session import with_checks
from tests.support.vectors import make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    """The course, whose checks of the task double pay 40 % and 60 % of its points."""
    return make_vectors(tmp_path)


def worth(course: Assignment, points: int) -> Assignment:
    manifest = course.folder / "assignment.toml"
    before = course.task("double").points
    manifest.write_text(manifest.read_text().replace(f"points = {before}", f"points = {points}"))
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
    sentence = (
        "which of the 7 points of 'double' is not a whole number. Change the share, or the task's points to 5 or 10."
    )
    assert sentence in str(caught.value)


def test_grade_names_each_check_whose_share_is_no_whole_number(course):
    with pytest.raises(BadManifest) as caught:
        verify_promises(worth(course, 7))
    sentence = (
        "which of the 7 points of 'double' is not a whole number. Change the share, or the task's points to 5 or 10."
    )
    for path, check, share in (
        (course.folder / "check_vectors.py", "check_double_of_a_matrix", 40),
        (course.solutions / "check_vectors_hidden.py", "check_double_of_other_shapes", 60),
    ):
        assert f"{path}, line " in str(caught.value)
        assert f"{check} has a share of {share} %, {sentence}" in str(caught.value)


def test_shares_that_do_not_add_up_are_named(course):
    hidden = course.solutions / "check_vectors_hidden.py"
    hidden.write_text(hidden.read_text().replace("share=60", "share=50"))
    with pytest.raises(
        BadManifest,
        match=r"shares of 'double' add up to 90 %, not 100 %: check_double_of_a_matrix 40 %, \w+ 50 %\. Change",
    ):
        verify_promises(course)


@pytest.mark.parametrize(
    ("share", "message"),
    [
        (0, 'share must be a whole percentage from 1 to 100, or a fraction as text, such as "1/3", not 0'),
        (101, "not 101"),
        (0.5, "not 0.5"),
        (True, "not True"),
        ("0/3", "not '0/3'"),
        ("4/3", "not '4/3'"),
        ("40", "not '40'"),
        ("1/3 ", "not '1/3 '"),
        ("1/0", "not '1/0'"),
        (None, "not None"),
    ],
)
def test_a_wrong_share_gets_a_sentence(share, message):
    with pytest.raises(BadCheck, match=re.escape(message)):
        task("double", share=share)


def test_a_check_without_a_share_pays_all_points(course):
    items = with_checks(course, Options(), lambda checks: {item.name: item.spec.points for item in checks.items})
    assert (items["check_counter"], items["check_total"]) == (20, 30)


def test_fractions_give_points_where_percentages_are_not_whole(course):
    for path, share in ((course.folder / "check_vectors.py", 40), (course.solutions / "check_vectors_hidden.py", 60)):
        path.write_text(path.read_text().replace(f"share={share}", f'share="{share // 20 - 1}/3"'))
    changed = worth(course, 3)
    verify_promises(changed)
    assert list(paid(changed).values()) == [1, 2]
    with pytest.raises(BadManifest, match=r"has a share of 1/3, which of the 2 points .* Change .* points to 3\."):
        verify_promises(worth(changed, 2))


def test_the_totals_that_are_named_suit_all_checks_of_the_task(course):
    for path, share, new in (
        (course.folder / "check_vectors.py", 40, "1/3"),
        (course.solutions / "check_vectors_hidden.py", 60, "2/3"),
    ):
        path.write_text(path.read_text().replace(f"share={share}", f'share="{new}"'))
    more = '\n\n@task("double", share="1/6")\ndef check_more(student):\n    """More."""\n'
    hidden = course.solutions / "check_vectors_hidden.py"
    hidden.write_text(hidden.read_text().replace('"2/3"', '"1/2"') + more)
    for refused in (verify_promises, paid):
        with pytest.raises((BadManifest, BadCheck), match=r"'double' is not a whole number\. .* points to 6 or 12\."):
            refused(worth(course, 8))


@pytest.mark.parametrize(
    ("parts", "arguments"),
    [
        ([7], [""]),
        ([4, 6], ["share=40", "share=60"]),
        ([1, 2], ['share="1/3"', 'share="2/3"']),
        ([2, 4, 6], ['share="1/6"', 'share="2/6"', 'share="3/6"']),
        ([2, 2, 2], ['share="1/3"'] * 3),
    ],
)
def test_shares_are_written_as_percentages_or_with_one_denominator(parts, arguments):
    assert share_arguments(parts) == arguments


def test_a_share_and_limits_decide_no_inputs(course):
    def inputs() -> dict[str, str]:
        return with_checks(course, Options(), lambda checks: {item.name: item.code for item in checks.items})

    before, public = inputs(), course.folder / "check_vectors.py"
    public.write_text(public.read_text().replace("share=40", 'share="2/5", seconds=1'))
    assert inputs() == before
    public.write_text(public.read_text().replace("def check_double_of_a_matrix", "def check_double"))
    assert "check_double" in inputs()
