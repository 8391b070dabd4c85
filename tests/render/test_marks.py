"""What reports and the overview say of marks by hand."""

from __future__ import annotations

import csv
import io

from rich.console import Console

from autograder.core.report import Cause, Mark, Report
from autograder.render.class_page import index_html
from autograder.render.gradebook_csv import gradebook_csv
from autograder.render.html import report_html
from autograder.render.summary import summarise
from autograder.render.terminal import print_class_summary, print_report
from tests.support.sample_reports import mixed, perfect, spoilt

BROKEN = "check_knn_votes_hidden.py::check_9"


def mark(item: str, points: int, maximum: int = 25) -> Mark:
    return Mark(item, "Majority vote", points, maximum, False, "Read it.", "kim", "2026-11-21T10:00:00Z")


def on_screen(*reports: Report) -> str:
    file = io.StringIO()
    print_class_summary(reports, Console(file=file))
    return file.getvalue()


def test_nobody_is_told_well_done_above_a_mark_by_hand() -> None:
    glad = report_html(perfect(), staff=False)
    assert "All 14 checks passed. Well done." in glad
    page = report_html(perfect().with_marks([mark("predict_labels", 8)]), staff=False)
    assert "All 14 checks passed. A person marked 1 task instead, see below." in page
    assert "Well done" not in page
    assert 'class="verdict glad"' not in page


def test_what_a_mark_by_hand_has_settled_needs_no_staff() -> None:
    settled = mixed().with_marks([mark("predict_labels", 8)])
    assert "Needs staff" not in index_html([settled], title="knn")
    assert "Needs staff" not in on_screen(settled)
    (check,) = (check for check in summarise([settled]).checks if check.id == BROKEN)
    assert (check.passed, check.ungraded, check.broken) == (0, 1, ())


def test_of_two_with_a_broken_check_only_the_one_nobody_marked_is_listed() -> None:
    reports = [mixed("Ada").with_marks([mark("predict_labels", 8)]), mixed("Bob")]
    assert f"Needs staff: 1 hand-in\n  {BROKEN}: Bob\n" in on_screen(*reports)
    assert [report.student for check in summarise(reports).broken for report in check.broken] == ["Bob"]
    other = [mixed("Ada").with_marks([mark("knn_cross_validate", 20)])]
    assert f"{BROKEN}: Ada" in on_screen(*other)


def test_who_was_settled_by_hand_has_not_passed_all() -> None:
    broken = spoilt(perfect(), c9={"cause": Cause.BROKEN, "message": "KeyError"})
    page = index_html([broken.with_marks([mark("predict_labels", 8)])], title="knn")
    assert "settled by hand" in page
    assert "all passed" not in page


def test_a_mark_for_a_task_that_is_no_more_counts_for_nothing_and_staff_are_told() -> None:
    report = perfect("ada").with_marks([mark("predict_all", 15)])
    assert (report.points, report.overrides, report.tasks) == (100, {}, perfect().tasks)
    assert "Read it." not in report_html(report, staff=False)
    assert "count for nothing: there is no such task any more" in report_html(report, staff=True)
    page = index_html([report, perfect("bob")], title="knn")
    assert "Marks by hand without a task" in page
    assert "<code>predict_all</code>" in page
    assert "Marks by hand without a task: 1, counting for nothing\n  ada predict_all\n" in on_screen(report)
    (row,) = csv.DictReader(io.StringIO(gradebook_csv([report])))
    assert row["notes"] == "predict_all: 15 points by hand count for nothing, as there is no such task any more."
    assert "without a task" not in index_html([perfect()], title="knn") + on_screen(perfect())


def test_a_mark_counts_up_to_what_its_task_is_worth_now() -> None:
    report = perfect().with_marks([mark("predict_labels", 40, 50)])
    assert (report.points, report.max_points) == (100, 100)
    assert next(task.points for task in report.tasks if task.name == "predict_labels") == 25
    file = io.StringIO()
    print_report(report, Console(file=file))
    assert "Majority vote: 25/25 by hand." in file.getvalue()
    assert "40" not in report_html(report, staff=False).partition("Marked by a person")[2].partition("</section>")[0]
