"""A reason that all checks share is shown once; hand-ins that could not be opened have their own table."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from autograder.core.report import Report
from autograder.exports.gradescope import results_json
from autograder.render.class_page import index_html
from autograder.render.html import report_html
from autograder.render.notebook_table import report_table_html
from autograder.render.summary import summarise
from autograder.render.terminal import print_class_summary, print_report
from tests.support.sample_reports import mixed, not_imported, perfect, public_only, refused, spoilt


def terminal(report: Report) -> str:
    file = io.StringIO()
    print_report(report, Console(file=file, width=100))
    return file.getvalue()


VIEWS = {
    "terminal": terminal,
    "notebook": report_table_html,
    "student's page": lambda report: report_html(report, staff=False),
    "staff's page": lambda report: report_html(report, staff=True),
    "Gradescope": results_json,
}


@pytest.mark.parametrize("draw", VIEWS.values(), ids=VIEWS)
def test_one_reason_for_all_checks_is_shown_once(draw):
    for report, sentence in ((not_imported(), "No module named"), (refused(), "create the zip again")):
        text = draw(report)
        assert text.count(sentence) == 1
        assert text.count("Distances agree with a plain double loop") >= 1
    assert draw(not_imported()).count("Leave it out.") == 1


def test_a_report_says_that_the_hand_in_could_not_be_opened():
    assert refused().refusal.startswith("handin.zip is damaged or not a zip")
    assert "No check passed" not in report_html(refused(), staff=False)
    assert "could not be opened, so no check was run" in report_html(refused(), staff=False)
    assert [report.refusal for report in (not_imported(), mixed(), perfect(), public_only())] == ["", "", "", ""]


NEVER_SAID = {  # of checks that did not run
    "terminal": ("FAILED", "0 of"),
    "notebook": (">Failed<", "0 of"),
    "student's page": ("Failed", "icon failed", "0 of"),
    "staff's page": ("Failed", "icon failed", "0 of"),
}


@pytest.mark.parametrize("view", NEVER_SAID)
def test_checks_of_a_hand_in_that_could_not_be_opened_are_not_run_instead_of_failed(view):
    text = VIEWS[view](refused())
    assert text.count("Not run") == len(refused().checks)
    assert "No check was run." in text
    assert [words for words in NEVER_SAID[view] if words in text] == []


def test_the_overview_does_not_count_them_as_failed():
    row = index_html([perfect("ada"), refused("bob")], title="t").partition("<tbody")[2]
    (bob,) = [part for part in row.split("<tr ") if "bob" in part and "data-failed" in part]
    assert 'data-failed=""' in bob
    assert "icon failed" not in bob
    assert "could not be opened</td>" in bob


def test_a_reason_that_hidden_checks_share_stays_hidden():
    secret = {"cause": perfect().checks[0].cause, "message": "expected 7"}
    report = spoilt(public_only(), c0=secret)
    hidden = perfect().checks[2]
    assert "expected 7" not in report_html(
        Report(**{**vars(report), "checks": (spoilt(perfect(), c2=secret).checks[2],) * 2}), staff=False
    )
    assert hidden.hidden


def test_rates_leave_out_hand_ins_that_could_not_be_opened():
    class_of = [perfect("ada"), mixed("bob"), *(refused(f"r{number}") for number in range(8))]
    summary = summarise(class_of)
    assert len(summary.refused) == 8
    assert {check.seen for check in summary.checks} == {2}
    assert {task.seen for task in summary.tasks} == {2}
    assert summary.bins[0] == 8  # their marks count
    page = index_html(class_of, title="t")
    assert "leave 8 hand-ins out" in page
    assert page.count("create the zip again") == 8
    assert "could not be opened</td>" in page
    file = io.StringIO()
    print_class_summary(class_of, Console(file=file, width=100))
    assert "Failed most often, of the 2 that could be opened" in file.getvalue()
    assert "Could not be opened: 8 hand-ins" in file.getvalue()


def test_a_class_without_a_single_opened_hand_in_can_be_shown():
    assert "leave 2 hand-ins out" in index_html([refused("a"), refused("b")], title="t")
