"""A check with loans is verified where nobody wrote what it is lent: students must not be the first to run it so."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.blanks import without_solutions
from autograder.authoring.verify import Finding
from autograder.core.assignment import Assignment, read_assignment
from tests.support.verifiable import change, make_verifiable, verified

BLANK = """\
class Net:
    \"\"\"Adds and doubles.\"\"\"

    def up(self, x):
        raise NotImplementedError()

    # The way down.
    def down(self, x):
        ### BEGIN SOLUTION
        return x - 1
        ### END SOLUTION


# %% task="twice"
def twice(x):
    ### BEGIN SOLUTION
    return 2 * x
    # Nothing more.
    ### END SOLUTION


# %%
given = 3
"""
NET = BLANK.replace(
    "raise NotImplementedError()", "### BEGIN SOLUTION\n        y = x\n        return y + 1\n        ### END SOLUTION"
)


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assignment:
    assignment = make_verifiable(tmp_path, monkeypatch)
    change(assignment.solutions / "tiny.py", "x * WIDTH", "double(x) + x")
    return assignment


def lend(course: Assignment, double: str, *, also: str = "") -> None:
    path = course.folder / "check_tiny.py"
    change(
        path,
        '@task("Scaler.up")',
        f'LOANS = "LOANS = {{\'double\': {double}}}"\n\n\n@task("Scaler.up", loans=LOANS)',
    )
    call = "    expect_equal(student.Scaler().up(4.0), 12.0)"
    change(path, call, f"    {also or 'pass'}\n{call}")


def loans(course: Assignment, what: str = "loans") -> Finding:
    [finding] = [finding for finding in verified(course, parts=("loans",)).findings if finding.what == what]
    return finding


def need(course: Assignment, line: str) -> Assignment:
    """Return the course with one more line in the manifest, for Scaler.up."""
    change(course.folder / "assignment.toml", 'title = "Scale up"\n', f'title = "Scale up"\n{line}\n')
    return read_assignment(course.folder)


def test_a_check_with_the_right_loans_holds(course: Assignment) -> None:
    lend(course, "lambda x: 2 * x")
    assert (loans(course).problems, loans(course).detail) == ((), "1 check")


def test_an_assignment_without_loans_has_nothing_to_verify(course: Assignment) -> None:
    assert [finding.what for finding in verified(course, parts=("loans",)).findings] == ["needs"]


def test_a_check_that_needs_what_nobody_lends_is_found(course: Assignment) -> None:
    [problem] = loans(course, "needs").problems
    assert problem == (
        "Scaler.up loses points where only double is not written (check_up). Lend double to these checks (loans=...), "
        "or list it in the manifest as one of `needs` of Scaler.up."
    )


def test_what_is_lent_is_not_missed(course: Assignment) -> None:
    lend(course, "lambda x: 2 * x")
    assert (loans(course, "needs").problems, loans(course, "needs").detail[:7]) == ((), "3 tasks")


def test_the_manifest_may_say_that_a_task_needs_another(course: Assignment) -> None:
    assert loans(need(course, 'needs = ["double"]'), "needs").problems == ()


def test_a_need_that_no_check_has_is_found(course: Assignment) -> None:
    lend(course, "lambda x: 2 * x")
    [problem] = loans(need(course, 'needs = ["double"]'), "needs").problems
    assert problem == "The manifest says that Scaler.up needs double, but its checks pass without it. Remove the entry."


def test_a_loan_with_a_mistake_is_found(course: Assignment) -> None:
    lend(course, "lambda x: 3 * x")
    [problem] = loans(course).problems
    assert "check_up has loans of double, but loses points where nobody wrote them: FAILED" in problem


def test_a_check_that_breaks_only_with_its_loans_is_found(course: Assignment) -> None:
    lend(course, "lambda x: 2 * x", also="assert student.lent is None or student.lent['absent'](1.5)")
    [problem] = loans(course).problems
    assert "loses points where nobody wrote them" in problem
    assert "double is not written yet" in problem  # an exception with the loans does not replace the first one


def test_a_check_that_the_reference_fails_is_named_once(course: Assignment) -> None:
    lend(course, "lambda x: 2 * x", also="assert False")
    [problem] = loans(course).problems
    assert "cannot be judged by check_up, which the reference fails, too" in problem


def test_only_the_solutions_of_these_names_are_left_out() -> None:
    files = {"net.py": NET, "other.py": "def up(x):\n    return x\n"}
    found, names = without_solutions(files, ["Net.up", "given", "absent", "Net.absent", "up"])
    assert (found, names) == ({**files, "net.py": BLANK}, ["Net.up"])
    found, names = without_solutions(files, ["Net", "twice"])
    assert "BEGIN" not in found["net.py"]
    assert "END" not in found["net.py"]
    assert found["net.py"].count("raise NotImplementedError()") == 3
    assert found["net.py"].endswith("# %%\ngiven = 3\n")
    assert names == ["Net", "twice"]
