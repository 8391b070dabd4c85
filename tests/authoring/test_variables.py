"""Variables as tasks: the handout, a notebook, what is written, and one failing line."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.authoring.release import BadSource, release, write
from autograder.authoring.variants import body
from autograder.checks.expect import Mismatch, expect_close
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.code import Code
from autograder.core.report import Cause
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Student, StudentFault
from autograder.session.options import Options
from autograder.students.check import check_namespace
from autograder.students.submit import _is_written
from autograder.submissions.notebook import script_to_module, to_module
from autograder.submissions.statements import placeholders, places_left, written_tasks
from tests.support.verifiable import problems

TASKS = ("mean", "spread", "table")

MANIFEST = """
title = "Prices"
version = "1.0"
files = ["prices.py"]
""" + "".join(f'[[tasks]]\nname = "{name}"\ntitle = "{name}"\npoints = 10\n' for name in TASKS)

SOURCE = """\
# %% [markdown]
# # Prices

# %%
PRICES = [3.0, 5.0, 10.0]

# %% task="mean spread"
# The mean and the spread of the prices.
### BEGIN SOLUTION
mean = sum(PRICES) / len(PRICES)
spread = max(PRICES) - min(PRICES)
### END SOLUTION

# %% task="table"
# A dict with the price in cents of each price.
### BEGIN SOLUTION
table = {}
for price in PRICES:
    table[price] = round(100 * price)
### END SOLUTION
"""

CHECKS = '''
from autograder import expect_close, expect_equal, task


@task("mean")
def check_mean(student):
    """The mean of the three prices."""
    expect_close(student.mean, 6.0)


@task("spread")
def check_spread(student):
    """The largest price minus the smallest."""
    expect_close(student.spread, 7.0)


@task("table")
def check_table(student):
    """Every price has its cents."""
    expect_equal(student.table, {3.0: 300, 5.0: 500, 10.0: 1000})
'''

MUTANTS = """
from autograder.authoring.mutants import mutants_of

mutant = mutants_of("prices.py")
MUTANTS = [
    mutant("the mean is not divided", "check_mean", "/ len(PRICES)", "/ 1"),
    mutant("the spread has the wrong sign", "check_spread", "max(PRICES) - min", "min(PRICES) - max"),
    mutant("the cents are not multiplied", "check_table", "round(100 * price)", "round(price)"),
]
"""

VARIANTS = """
from autograder.authoring.variants import body, variants_of

variant = variants_of("prices.py")
VARIANTS = [variant("a dict comprehension", body("table", "table = {p: round(100 * p) for p in PRICES}"))]
"""


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    public, private = tmp_path / "assignments" / "prices", tmp_path / "solutions" / "prices"
    public.mkdir(parents=True)
    private.mkdir(parents=True)
    (public / "assignment.toml").write_text(MANIFEST)
    (public / "README.md").write_text("<!-- tasks --><!-- /tasks --> <!-- limits --><!-- /limits -->\n")
    (public / "check_prices.py").write_text(CHECKS)
    (private / "prices.py").write_text(SOURCE)
    (private / "mutants.py").write_text(MUTANTS)
    (private / "variants.py").write_text(VARIANTS)
    return read_assignment(public)


def test_the_handout_sets_each_variable_to_dots(course: Assignment) -> None:
    write(release(course))
    script = (course.folder / "prices.py").read_text()
    assert "mean = ...\nspread = ...\n" in script
    assert "table = ...\n" in script
    assert "NotImplementedError" not in script
    notebook = json.loads((course.folder / "prices.ipynb").read_text())
    (cell,) = [c for c in notebook["cells"] if "".join(c["source"]).endswith("table = ...")]
    assert cell["metadata"]["nbgrader"]["solution"] is True


def test_a_variable_that_the_solution_does_not_hide_is_refused(course: Assignment) -> None:
    path = course.solutions / "prices.py"
    path.write_text(SOURCE.replace("table = {}\n", "total = {}\n").replace("table[", "total["))
    (course.folder / "assignment.toml").write_text(MANIFEST.replace('"table"', '"Table.x"'))
    with pytest.raises(BadSource):
        release(read_assignment(course.folder))


def test_verify_holds_for_variables(course: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    monkeypatch.setattr("autograder.authoring.verify.open_pool", lambda isolation, *rest, **more: nullcontext())
    write(release(course))
    assert problems(course) == {}


def test_what_is_written_is_known_from_the_text() -> None:
    text = "mean = ...\nspread = 3\ntable = ...\ntable = {1: 2}\n"
    assert written_tasks(text, TASKS) == ["spread", "table"]
    assert places_left(text, TASKS) == {("mean", "mean", 0)}
    assert [_is_written(ast.parse(text).body, task) for task in TASKS] == [False, True, True]
    assert placeholders(ast.parse("x: int = ...").body[0]) == set()


def test_a_handout_cell_that_was_restored_below_does_not_count() -> None:
    cells = ["mean = 6.0", "mean = ...", "data = ...\nspread = 7.0"]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {},
                "cells": [{"cell_type": "code", "source": c, "metadata": {}, "outputs": []} for c in cells],
                }  # fmt: skip
    module = to_module(json.dumps(notebook).encode(), "prices.ipynb", TASKS)
    assert written_tasks(module.text, TASKS) == ["mean", "spread"]
    assert any("cell 2 from the top repeats a definition of cell 1" in note for note in module.notes)


@pytest.fixture
def student() -> Iterator[Student]:
    text = "import math\nPRICES = [3.0, 5.0]\nspread = PRICES[9]\nmean = sum(PRICES) / 2\ntable = ...\n"
    module = script_to_module(text, "prices.py", TASKS)
    link = LocalLink(Code({"prices.py": module.text}))
    link.begin(seed=0, seconds=9, memory_mb=100)
    yield Student(link, "prices", module.text)
    link.close()


def test_one_failing_line_costs_what_needs_it(student: Student) -> None:
    expect_close(student.mean, 4.0)
    with pytest.raises(Mismatch):
        expect_close(student.mean, 5.0)
    with pytest.raises(StudentFault, match="line 3 did not run: IndexError") as caught:
        _ = student.spread
    assert caught.value.cause is Cause.NOT_LOADED


@pytest.mark.parametrize(
    ("first", "cause"),
    [
        ("PRICES = open('prices.csv')\n", "  prices.py, line 1 did not run: FileNotFoundError: "),
        ("def prices():\n    return min((1, 2\nPRICES = prices()\n", "  prices.py, line 2 did not run: "),
    ],
)
def test_the_message_names_the_line_that_failed_first(first: str, cause: str) -> None:
    """The variable, and all that it is computed with, only lack a name."""
    text = f"{first}SORTED = sorted(PRICES)\nspread = SORTED[0]\n"
    module = script_to_module(text, "prices.py", TASKS)
    link = LocalLink(Code({"prices.py": module.text}, aside={"prices.py": module.aside}))
    link.begin(seed=0, seconds=9, memory_mb=100)
    with pytest.raises(StudentFault) as caught:
        _ = Student(link, "prices", module.text).spread
    link.close()
    lines = caught.value.message.splitlines()
    assert lines[1].endswith("did not run: NameError: name 'SORTED' is not defined.")
    assert lines[2].startswith(cause)
    assert len(lines) == 3


@pytest.mark.parametrize("reason", ["a = b\nb = a\n", "a = a + 1\n", "a = undefined\n"])
def test_lines_that_lack_each_others_names_have_one_message(reason: str) -> None:
    link = LocalLink(Code({"prices.py": reason}))
    link.begin(seed=0, seconds=9, memory_mb=100)
    with pytest.raises(StudentFault, match="line 1 did not run: NameError"):
        _ = Student(link, "prices", reason).a
    link.close()


def test_a_variable_of_the_handout_is_not_written(student: Student) -> None:
    with pytest.raises(StudentFault, match=r"table is not written yet: prices\.py sets it to") as caught:
        _ = student.table
    assert caught.value.cause is Cause.NOT_WRITTEN


def test_a_body_can_be_that_of_a_variable() -> None:
    text = body("table", "table = {}").apply(SOURCE, "prices.py")
    assert "table = {}\n### END" in text
    assert "mean = sum" in text


def test_in_a_notebook_a_variable_is_judged_by_its_value(course: Assignment) -> None:
    write(release(course))
    values = {"mean": 6.0, "spread": 5.0, "table": ...}
    report = check_namespace("prices", values, ["mean = 6.0", "spread = 5.0", "table = ..."], Options(), course)
    assert [check.points for check in report.checks] == [10, 0, 0]
    assert "expected 7, got 5" in report.checks[1].message
    assert report.checks[2].cause is Cause.NOT_WRITTEN


def test_a_variable_without_markers_does_not_take_those_of_another_cell() -> None:
    text = (
        '# %% task="f"\ndef f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n\n'
        '# %% task="table"\ntable = f(3)\n'
    )
    with pytest.raises(BadCheck, match=r"table in prices\.py does not have one solution with markers"):
        body("table", "table = {}").apply(text, "prices.py")
