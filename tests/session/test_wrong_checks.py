"""A wrong check file is refused with its path and line, and a bug in a check is shown to staff."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.support.checking_course import CHECKS, Run, change, make_copy, pytest_in
from tests.support.vectors import PUBLIC

pytest_plugins = ["pytester"]


@pytest.fixture
def course(pytester: pytest.Pytester) -> Path:
    return make_copy(pytester)


@pytest.fixture
def run(pytester: pytest.Pytester, course: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return pytest_in(pytester, monkeypatch)


WRONG_CHECKS = {
    "no task": (
        '@task("double", share=40)\n',
        "",
        "check_vectors.py:*: check_double_of_a_matrix has no @task(name)",
    ),
    "no docstring": (
        '    """A counter counts what it is given."""\n',
        "",
        "check_counter has no docstring; its first line is",
    ),
    "an unknown task": ('"Counter"', '"Count"', "has no task 'Count'. Did you mean 'Counter'?"),
    "half of a percent": (
        'e", share=40',
        'e", share=0.5',
        "share must be a whole percentage from 1 to 100, or a fraction",
    ),
    "a share of a share": (
        '"Counter")',
        '"double", share=62)',
        "The shares of 'double' add up to 102 %, not 100 %: check_double_of_a_matrix 40 %, check_counter 62 %.",
    ),
    "points": ('e", share=40', 'e", points=20', "unexpected keyword argument 'points'"),
}


@pytest.mark.parametrize("name", WRONG_CHECKS)
def test_a_wrong_check_file_is_refused_with_its_path_and_line(name: str, run: Run, course: Path) -> None:
    old, new, line = WRONG_CHECKS[name]
    change(course, old, new)
    result = run(CHECKS)
    assert result.ret != 0
    assert result.parseoutcomes().get("passed", 0) == 0
    (result.stderr if "add up" in line else result.stdout).fnmatch_lines([f"*{line}*"])


def test_checks_that_pay_less_than_promised_are_reported_if_none_is_missing(run: Run, course: Path) -> None:
    hidden = course.parent.parent / "solutions" / course.name
    hidden.mkdir(parents=True)
    (hidden / "check_vectors_hidden.py").write_text(
        PUBLIC.partition('@task("Counter"')[0].replace("def check_", "def check_again_")
    )
    result = run(CHECKS, str(hidden))
    result.assert_outcomes(passed=2, failed=1)  # an author may go on; next to the hidden checks there is no answer
    result.stdout.fnmatch_lines(
        ["*The shares of 'double' add up to 80 %, not 100 %: *matrix 40 %, *matrix 40 %. Change the shares.*"]
    )
    result.stdout.fnmatch_lines(["'total' has no checks yet: its 30 points are open."])
    run(CHECKS).assert_outcomes(passed=2)  # students only have the public checks


def test_a_check_file_that_is_not_named_after_a_module_is_refused(run: Run, course: Path) -> None:
    (course / "check_matrices.py").write_text(PUBLIC)
    run(CHECKS).stdout.fnmatch_lines(
        ["*is not named after a module of its assignment. Name it *; *assignment.toml lists vectors.py.*"]
    )


def test_the_checks_of_a_module_may_be_split_by_topic(run: Run, course: Path) -> None:
    whole = course / "check_vectors.py"
    head, first, second = whole.read_text().partition('@task("Counter"')
    whole.write_text(head)
    (course / "check_vectors_counting.py").write_text(head.partition("@task")[0] + first + second)
    run(str(course)).assert_outcomes(passed=2)


def test_check_files_share_oracles_and_each_assignment_has_its_own(run: Run, course: Path) -> None:
    change(course, "from autograder import", "from oracles import twice\nfrom autograder import")
    change(course, "2 * x, mistakes", "twice(x), mistakes")
    (course / "oracles.py").write_text("def twice(x):\n    return 2 * x\n")
    other = course.parent / "t03_vectors"
    shutil.copytree(course, other)
    (other / "check_vectors.py").rename(other / "check_vectors_too.py")  # pytest requires different names
    run(CHECKS, str(other)).assert_outcomes(passed=4)
    (other / "oracles.py").write_text(
        "def twice(x):\n    return 3 * x + 0\n"
    )  # importlib's cache compares sizes, so this one differs
    run(CHECKS, str(other)).assert_outcomes(passed=3, failed=1)
    assert "oracles" not in sys.modules


def test_two_checks_of_the_same_name_are_refused(run: Run, course: Path) -> None:
    (course / "check_vectors_again.py").write_text(PUBLIC)
    result = run(str(course))
    result.stderr.fnmatch_lines(["*check_vectors.py and *check_vectors_again.py both have a check_* Rename one*"])


def test_a_bug_in_a_check_shows_staff_the_check(run: Run, course: Path) -> None:
    change(course, "    x = rng.normal(3, 5)\n", "    x = rng.norm(3, 5)\n")
    result = run(CHECKS)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines([">*x = rng.norm(3, 5)", "*AttributeError*", "broken*0/20*Doubling a matrix*"])


def test_a_name_that_is_not_defined_is_the_checks_bug_whatever_came_before(run: Run, course: Path) -> None:
    change(course, "    before = counter.value\n", "    before = counter.value + undefined\n")
    result = run(CHECKS)
    result.stdout.fnmatch_lines(["*NameError: name 'undefined' is not defined*", "broken*0/20*A counter counts*"])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("assert before > 1000, 'It counts too slowly.'", "It counts too slowly."),
        ("import numpy as np; np.testing.assert_allclose(before, 1000)", "Not equal to tolerance*"),
    ],
)
def test_an_assertion_is_shown_as_one(line: str, why: str, run: Run, course: Path) -> None:
    change(course, "    before = counter.value\n", f"    before = counter.value\n    {line}\n")
    result = run(CHECKS)
    result.stdout.fnmatch_lines([f"    An assertion of the check does not hold: {why}", "failed*0/20*"])
    result.stdout.no_fnmatch_line("*Compare its type and shape*")


def test_the_message_of_a_refused_decorator_ends_with_one_point(run: Run, course: Path) -> None:
    change(course, '@task("Counter")', '@task("Counter", share="3/2")')
    result = run(CHECKS)
    result.stdout.fnmatch_lines(
        ["*share must be a whole percentage from 1 to 100, or a fraction as text, such as *, not '3/2'."]
    )


def test_an_error_that_only_the_students_value_causes_costs_points(run: Run, course: Path) -> None:
    change(course, "    before = counter.value\n", "    before = counter.value.item()\n")
    result = run(CHECKS)
    result.stdout.fnmatch_lines(
        [
            "    The check could not use your return value (AttributeError: 'int' object has no attribute 'item').",
            "failed*0/20*",
        ]
    )


def test_one_value_in_place_of_several_is_named_with_how_many_are_expected(run: Run, course: Path) -> None:
    change(course, "    before = counter.value\n", "    a, b, c = [counter.value]\n")
    result = run(CHECKS)
    result.stdout.fnmatch_lines(["    Hint: The check expects 3 parts. Compare with the handout*", "failed*0/20*"])
