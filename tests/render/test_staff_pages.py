"""The pages for staff: the student's code, the way to the next student, and the overview's script."""

import hashlib
import json
import re
from base64 import b64encode
from dataclasses import replace

import pytest

from autograder.core.assignment import read_assignment
from autograder.core.code import Code
from autograder.core.report import Cause, Outcome
from autograder.gradebook.journal import Journal
from autograder.gradebook.results import write_overview, write_report
from autograder.render import html
from autograder.render.class_page import index_html
from autograder.render.html import report_html
from autograder.runners.grader_process import Job, grade_handin
from autograder.session.excerpts import excerpt
from autograder.session.options import Options
from autograder.session.session import with_checks
from tests.render.test_html import Page
from tests.support.course import make_course
from tests.support.sample_reports import mixed, perfect

CODE = Code(
    {"knn.py": "import torch\n\n\nclass Knn:\n    def predict(self, x):\n        y = x + 1\n        return y / 0\n"},
)


def failed(message="", **rest):
    return replace(perfect().checks[0], outcome=Outcome.FAILED, cause=Cause.ERROR, message=message, **rest)


def test_only_the_overview_runs_a_script_and_its_policy_names_it():
    page = index_html([perfect()], title="t")
    digest = b64encode(hashlib.sha256(html._script().encode()).digest()).decode()
    assert page.count("<script") == 1
    assert f"script-src 'sha256-{digest}'; base-uri" in page
    for text in (index_html([], title="t"), report_html(mixed(), staff=True)):
        assert "<script" not in text
    assert "script-src" not in report_html(mixed(), staff=True)


def test_a_staff_page_shows_the_students_code_and_a_students_page_does_not():
    failed = replace(mixed().checks[0], outcome=Outcome.FAILED, cause=Cause.ERROR)
    failed = replace(failed, code="knn.py, line 3\n  2  x = 1\n> 3  y = <b>x")
    report = replace(mixed(), checks=(failed, *mixed().checks[1:]))
    page = report_html(report, staff=True)
    assert "> 3  y = <b>x" in Page(page).text
    assert '<details open><summary>The student\'s code <span class="count">knn.py, line 3</span>' in page
    assert "<b>x" not in Page(report_html(report, staff=False)).text


def test_the_overview_says_for_each_student_which_checks_failed():
    page = index_html([mixed(), perfect()], title="t")
    failed = re.findall(r'data-failed="([\d ]*)"', page)
    assert len(failed) == 2
    assert "" in failed
    options = re.findall(r'<option value="(\d+)">', page)
    assert set(" ".join(failed).split()) == set(options)


def test_an_excerpt_marks_the_failing_line():
    found = excerpt(
        failed("ZeroDivisionError\n  knn.py, line 5, in predict: f\n  knn.py, line 7, in g: z"), CODE, "knn.py"
    )
    assert found.splitlines()[0] == "knn.py, line 7"
    assert "> 7          return y / 0" in found
    assert "  1  import torch" in found


def test_an_excerpt_without_a_line_is_the_tasks_definition():
    found = excerpt(failed("12 of 12 values differ", task="Knn.predict"), CODE, "knn.py")
    assert found.splitlines() == [
        "knn.py, line 5",
        "  5      def predict(self, x):",
        "  6          y = x + 1",
        "  7          return y / 0",
    ]
    assert excerpt(failed("wrong", task="absent"), CODE, "knn.py") == ""
    assert excerpt(failed("knn.py, line 99 and other.py, line 2", task="absent"), CODE, "knn.py") == ""


def test_an_excerpt_of_a_variable_is_what_assigns_it():
    source = "price = 1\n\nprice += 2\ncost = price\n\n\nprint(cost)\n\n\nif cost:\n    price = cost\nprint(price)\n"
    code = Code({"knn.py": source})
    assert excerpt(failed("expected 3", task="price"), code, "knn.py").splitlines() == [
        *("knn.py, line 1", "  1  price = 1", "  2", "  3  price += 2", ""),
        *("knn.py, line 10", "  10  if cost:", "  11      price = cost"),
    ]
    in_cells = replace(code, cells={"knn.py": ((1, 2), (7, 5))})
    heads = re.findall("^knn.*", excerpt(failed("expected 3", task="price"), in_cells, "knn.py"), re.MULTILINE)
    assert heads == ["knn.ipynb, cell 2 from the top, line 1", "knn.ipynb, cell 5 from the top, line 4"]
    table = Code({"knn.py": "prices = {}\nfor p in 1, 2:\n    prices[p] = p\nprices.update(a=1)\n"})
    assert excerpt(failed("wrong", task="prices"), table, "knn.py").count("\n") == 4
    long = Code({"knn.py": "x = 1\n" * 100 + "\n" * 9 + "x = 2\n"})
    shown = excerpt(failed("wrong", task="x"), long, "knn.py").splitlines()
    assert (shown[0], shown[-1], len(shown)) == ("knn.py, line 1", "  110  x = 2", 1 + 79 + 3)


def test_an_excerpt_of_a_notebook_names_the_cell():
    code = replace(CODE, cells={"knn.py": ((1, 2), (4, 7))})
    found = excerpt(
        failed("ZeroDivisionError\n  cell 7 from the top, line 4, in predict: return y / 0"), code, "knn.py"
    )
    assert found.startswith("knn.ipynb, cell 7 from the top, line 4\n")
    assert "> 7          return y / 0" in found


DAMAGED = "def double(x):\n    q = min((x, 2\n    return 2 * x\n\n\nprint('mine')\n"


@pytest.mark.parametrize("kind", ["script", "notebook"])
def test_an_excerpt_shows_code_that_python_cannot_read_as_it_was_handed_in(kind, tmp_path):
    assignment = make_course(tmp_path).folder
    source = f"# {chr(0xD800)}\n" if kind == "notebook" else "# ?\n"
    cell = {"cell_type": "code", "source": f"{source}{DAMAGED}", "metadata": {}, "outputs": [], "execution_count": None}
    table = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    hand_in = tmp_path / "ada"
    hand_in.mkdir()
    if kind == "notebook":
        (hand_in / "tiny.ipynb").write_text(json.dumps(table))
    else:
        (hand_in / "tiny.py").write_text(source + DAMAGED)
    report = with_checks(
        read_assignment(assignment), Options(), lambda checks: grade_handin(checks, Job("ada", hand_in), None)
    )
    check = next(check for check in report.checks if check.task == "double")
    place = "tiny.py, line 3" if kind == "script" else "tiny.ipynb, cell 1 from the top, line 3"
    assert check.cause is Cause.NOT_LOADED
    assert check.code.splitlines() == [
        place,
        "  1  # ?",
        "  2  def double(x):",
        "> 3      q = min((x, 2",
        "  4      return 2 * x",
        "  5",
        "  6",
        "  7  print('mine')",
    ]
    assert json.loads(report.to_json().encode())["checks"][0]["code"] == check.code


def neighbours_in(page):
    return re.findall(r'<a (?:rel="(\w+)" )?href="([^"]+)"', page[page.index('<nav class="neighbours"') :])


def test_each_page_leads_to_the_students_before_and_after_it(tmp_path):
    reports = [perfect("a b"), mixed("bob"), replace(perfect("s9"), name="Aaron")]  # by name: a b, Aaron, bob
    with Journal(tmp_path, create=True) as journal:
        for report in reports:
            write_report(report, tmp_path)
        write_overview(reports[:2], journal, tmp_path)
        page = tmp_path / "a b" / "staff.html"
        assert neighbours_in(page.read_text()) == [("", "../index.html#students"), ("next", "../bob/staff.html")]
        write_overview(reports, journal, tmp_path)
        before = page.stat().st_mtime_ns
        write_overview(reports, journal, tmp_path)
    assert page.stat().st_mtime_ns == before
    middle = (tmp_path / "s9" / "staff.html").read_text()
    assert neighbours_in(middle) == [
        ("prev", "../a%20b/staff.html"),
        ("", "../index.html#students"),
        ("next", "../bob/staff.html"),
    ]
    Page(middle)
    assert '<nav class="neighbours"' not in (tmp_path / "s9" / "report.html").read_text()
