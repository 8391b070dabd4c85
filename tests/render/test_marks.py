"""Marks by hand in reports and in the overview."""

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


def test_a_report_with_a_mark_by_hand_does_not_say_well_done() -> None:
    glad = report_html(perfect(), staff=False)
    assert "All 14 checks passed. Well done." in glad
    page = report_html(perfect().with_marks([mark("predict_labels", 8)]), staff=False)
    assert "All 14 checks passed. A person marked 1 task instead." in page
    assert "Well done" not in page
    assert 'class="verdict glad"' not in page
    file = io.StringIO()
    print_report(perfect().with_marks([mark("predict_labels", 8)]), Console(file=file, width=200))
    assert "All 14 checks passed. A person marked 1 task instead." in file.getvalue()
    assert "Well done" not in file.getvalue()


def test_a_broken_check_with_a_mark_by_hand_needs_no_staff() -> None:
    settled = mixed().with_marks([mark("predict_labels", 8)])
    assert "Needs staff" not in index_html([settled], title="knn")
    assert "Needs staff" not in on_screen(settled)
    (check,) = (check for check in summarise([settled]).checks if check.id == BROKEN)
    assert (check.passed, check.ungraded, check.broken) == (0, 1, ())


def test_only_students_with_a_broken_check_and_no_mark_are_listed() -> None:
    reports = [mixed("Ada").with_marks([mark("predict_labels", 8)]), mixed("Bob")]
    assert f"Needs staff: 1 hand-in\n  {BROKEN}: Bob\n" in on_screen(*reports)
    assert [report.student for check in summarise(reports).broken for report in check.broken] == ["Bob"]
    other = [mixed("Ada").with_marks([mark("knn_cross_validate", 20)])]
    assert f"{BROKEN}: Ada" in on_screen(*other)


def test_a_student_marked_by_hand_is_not_listed_as_all_passed() -> None:
    broken = spoilt(perfect(), c9={"cause": Cause.BROKEN, "message": "KeyError"})
    page = index_html([broken.with_marks([mark("predict_labels", 8)])], title="knn")
    assert "marked by hand" in page
    assert "all passed" not in page


def test_a_mark_for_a_removed_task_does_not_count_and_is_shown_to_staff() -> None:
    report = perfect("ada").with_marks([mark("predict_all", 15)])
    assert (report.points, report.overrides, report.tasks) == (100, {}, perfect().tasks)
    assert "Read it." not in report_html(report, staff=False)
    assert "This mark does not count, because the assignment no longer has this task." in report_html(
        report, staff=True
    )
    page = index_html([report, perfect("bob")], title="knn")
    assert "Marks by hand without a task" in page
    assert "<code>predict_all</code>" in page
    assert "Marks by hand without a task: 1. They do not count.\n  ada predict_all\n" in on_screen(report)
    (row,) = csv.DictReader(io.StringIO(gradebook_csv([report])))
    assert (
        row["notes"] == "predict_all: 15 points by hand do not count, because the assignment no longer has this task."
    )
    assert "without a task" not in index_html([perfect()], title="knn") + on_screen(perfect())


def test_a_mark_counts_at_most_what_its_task_is_worth_now() -> None:
    report = perfect().with_marks([mark("predict_labels", 40, 50)])
    assert (report.points, report.max_points) == (100, 100)
    assert next(task.points for task in report.tasks if task.name == "predict_labels") == 25
    file = io.StringIO()
    print_report(report, Console(file=file))
    assert "Majority vote: 25/25 by hand." in file.getvalue()
    assert "40" not in report_html(report, staff=False).partition("Marked by a person")[2].partition("</section>")[0]
