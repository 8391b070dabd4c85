"""Variables, choices, numbers, files and figures: every way to run the checks says the same about an answer, in words.

A question with a rubric is marked by people: no way gives points for it, and `gradlab submit` says that it is open.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import matplotlib.pyplot  # noqa: F401 (the first import takes long on a busy machine, and would count as a hand-in's time)
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import Cause, CheckResult, Report
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox.pool import WorkerPool
from autograder.session import check_items
from autograder.session.options import Options
from autograder.session.session import with_checks
from autograder.students.check import check_folder, check_namespace
from autograder.students.submit import submit

pytestmark = pytest.mark.slow

MANIFEST = """
title = "Answers"
version = "1.0"
files = ["answers.py"]
imports = ["numpy", "matplotlib", "fractions"]

[limits]
seconds = 300
memory_mb = 1024
""" + "".join(
    f'\n[[tasks]]\nname = "{name}"\ntitle = "The {name}"\npoints = {points}\n'
    for name, points in {"season": 20, "colours": 20, "price": 10, "table": 20, "save": 15, "plot": 15}.items()
)

QUESTION = """
[[questions]]
id = "answers-q1"
title = "Why"
points = 4

[[questions.rubric]]
text = "names the season"
points = 4
"""

CHECKS = '''
"""Public checks."""

from autograder import expect_choice, expect_close, expect_equal, expect_file, expect_number, task


@task("season")
def check_season(student):
    """The warmest season."""
    choices = ["Spring", "Summer", "Autumn", "Winter"]
    expect_choice(student.season, "Summer", choices, hints={"Spring": "Look at July."})


@task("colours")
def check_colours(student):
    """All primary colours of light."""
    expect_choice(student.colours, ["red", "green", "blue"], ["red", "yellow", "green", "blue"])


@task("price")
def check_price(student):
    """The price in euros."""
    expect_number(student.price, 12.5, unit="euros", mistakes={"These are cents.": 1250})


@task("table")
def check_table(student):
    """The table of prices."""
    expect_close(student.table, {"apple": [1.0, 2.0], "pear": [3.0]})


@task("save")
def check_save(student):
    """The file has a line for each pair."""
    student.save([(1, 2), (3, 4)], student.folder() + "/pairs.csv")
    expect_file(student, "pairs.csv", "1,2\\n3,4\\n", hint="Write a comma between the numbers.")


@task("plot")
def check_plot(student):
    """The axis has a label."""
    figure = student.figure(student.plot, [1, 4, 2])
    expect_equal(figure.axes[0].get_xlabel(), "day")
'''

STUB = """
# %%
season = ...

# %%
colours = ...

# %%
price = ...

# %%
table = ...

# %%
def save(rows, path):
    raise NotImplementedError

# %%
def plot(values):
    raise NotImplementedError
"""

RIGHT = {
    "season": "season = 'Summer'",
    "colours": "colours = ['red', 'green', 'blue']",
    "price": "price = 12.5",
    "table": "table = {'apple': [1.0, 2.0], 'pear': [3.0]}",
    "save": """
def save(rows, path):
    with open(path, "w") as file:
        for a, b in rows:
            print(a, b, sep=",", file=file)
""",
    "plot": """
import matplotlib.pyplot as plt

def plot(values):
    figure, axes = plt.subplots()
    axes.plot(values)
    axes.set_xlabel("day")
    return figure
""",
}
PLOT = RIGHT["plot"]

# by name: the answers that replace right ones, and the points of the hand-in
HANDINS: dict[str, tuple[dict[str, str], int]] = {
    "right": ({}, 100),
    "not_written": ({"season": "season = ...", "save": "def save(rows, path):\n    raise NotImplementedError"}, 65),
    "other_forms": (
        {
            "season": "season = ' summer '",
            "colours": "colours = {'BLUE', 'green', 'red'}",
            "price": "import numpy as np\nprice = np.float32(12.5)",
            "table": "import numpy as np\ntable = {'pear': [3], 'apple': [1, 2]}",
            "save": "import pathlib\ndef save(rows, path):\n    pathlib.Path(path).write_bytes(b'1,2\\r\\n3,4')",
            "plot": PLOT.replace("return figure", "return axes"),
        },
        100,
    ),
    "wrong": (
        {
            "season": "season = 'Spring'",
            "colours": "colours = ['red', 'green']",
            "price": "price = 1250",
            "table": "table = {'apple': [1.0, 2.0], 'plum': [3.0]}",
            "save": RIGHT["save"].replace("sep=','", "").replace('sep=","', 'sep=";"'),
            "plot": PLOT.replace("day", "price"),
        },
        0,
    ),
    "other_types": (
        {
            "season": "season = ['Summer']",
            "colours": "colours = 'red green blue'",
            "price": "price = '12.5'",
            "table": "table = [1.0, 2.0]",
            "save": "def save(rows, path):\n    return '1,2'",
            "plot": PLOT.replace("return figure", "return 5\n").replace("plt.subplots()", "5, 6\n    return 7"),
        },
        0,
    ),
    "objects_and_exceptions": (
        {
            "season": "def season():\n    return 'Summer'",
            "price": "class Price(float):\n    pass\nprice = Price(12.5)",
            "table": "table = object()",
            "save": "def save(rows, path):\n    open(path + '/no/such', 'w')",
            "plot": "def plot(values):\n    return values.shape",
        },
        20,
    ),
    "again": (
        {
            "season": "season = 'Summer'\nseason = 'Winter'",
            "colours": "colours = ['red', 'green', 'blue'] + 1",
            "price": "from fractions import Fraction\nprice = 3\nprice = Fraction(25, 2)",
        },
        60,
    ),
}

Row = tuple[str, str | None, str, str]  # outcome, cause, message and hint
Words = dict[str, Row]  # by check


def source(name: str) -> str:
    return "\n\n# %%\n" + "\n\n# %%\n".join({**RIGHT, **HANDINS[name][0]}.values()) + "\n"


def words(results: Iterable[CheckResult]) -> Words:
    return {check.id.partition("::")[2]: (check.outcome, check.cause, check.message, check.hint) for check in results}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    folder = tmp_path_factory.mktemp("course") / "assignments" / "t04_answers"
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_text(MANIFEST + QUESTION)
    (folder / "check_answers.py").write_text(CHECKS)
    (folder / "answers.py").write_text(STUB)
    return read_assignment(folder)


@pytest.fixture(scope="module")
def graded(course: Assignment, isolation: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """The grader's reports, in the sandbox."""
    folder = tmp_path_factory.mktemp("handins")
    for name in HANDINS:
        (folder / name).mkdir()
        (folder / name / "answers.py").write_text(source(name))
    with WorkerPool(isolation, course=course.course) as pool:
        return with_checks(
            course,
            Options(seed=3),
            lambda checks: {name: grade_handin(checks, Job("you", folder / name), pool) for name in HANDINS},
            hidden=False,
        )


@pytest.fixture(scope="module")
def local_pool(course: Assignment) -> Iterator[WorkerPool]:
    """A pool as in dry_run.py. It is opened once, since its fork server imports matplotlib."""
    with WorkerPool("none", course=course.course) as pool:
        yield pool


def by_check(course: Assignment, folder: Path, pool: WorkerPool) -> Iterable[CheckResult]:
    return check_folder(course, Options(seed=3), hand_in=folder).checks


def by_pytest(course: Assignment, folder: Path, pool: WorkerPool) -> Iterable[CheckResult]:
    found: list[CheckResult] = []

    class Recorder:
        def pytest_sessionfinish(self, session: pytest.Session) -> None:
            found.extend(session.config.stash[check_items.STATE].results.values())

    fixed = ["-c", os.devnull, "--rootdir", str(course.folder), "-p", "no:cacheprovider", "--gradlab-seed", "3"]
    pytest.main([*fixed, "--gradlab-student", str(folder), str(course.folder)], plugins=[Recorder()])
    sys.modules.pop("check_answers", None)
    return found


def by_notebook(course: Assignment, folder: Path, pool: WorkerPool) -> Iterable[CheckResult]:
    cells = [TransformerManager().transform_cell(cell) for cell in (folder / "answers.py").read_text().split("# %%\n")]
    namespace: dict[str, object] = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        try:
            exec(compile(cell, f"<cell {number}>", "exec"), namespace)
        except Exception:
            continue
    return check_namespace("answers", namespace, cells, Options(seed=3), course).checks


def by_submit(course: Assignment, folder: Path, pool: WorkerPool) -> Iterable[CheckResult]:
    for name in ("assignment.toml", "check_answers.py"):
        (folder / name).write_bytes((course.folder / name).read_bytes())
    handed_in = submit(folder, folder.parent)
    assert [question.id for question in handed_in.unanswered] == ["answers-q1"]
    return with_checks(
        course, Options(seed=3), lambda checks: grade_handin(checks, Job("you", handed_in.path), pool), hidden=False
    ).checks


@pytest.mark.parametrize("name", HANDINS)
def test_the_grader_gives_these_points(name: str, graded: dict[str, Report]) -> None:
    report = graded[name]
    assert (report.points, report.max_points) == (HANDINS[name][1], 100), words(report.checks)
    assert "broken" not in {check.outcome for check in report.checks}


@pytest.mark.parametrize("way", [by_check, by_pytest, by_notebook, by_submit], ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", HANDINS)
def test_every_way_says_what_the_grader_says(
    name: str,
    way: Callable[[Assignment, Path, WorkerPool], Iterable[CheckResult]],
    course: Assignment,
    local_pool: WorkerPool,
    graded: dict[str, Report],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / course.name
    folder.mkdir()
    (folder / "answers.py").write_text(source(name))
    found, expected = words(way(course, folder, local_pool)), words(graded[name].checks)
    if way is by_notebook:  # it names cells where the others name lines of a file
        found, expected = ({check: _without_places(row) for check, row in rows.items()} for rows in (found, expected))
    assert found == expected


def _without_places(row: Row) -> Row | str:
    return row if row[1] in (None, Cause.WRONG) else row[0]
