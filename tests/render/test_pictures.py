"""Figures that a student's code drew: in the report for staff, not in the student's."""

from __future__ import annotations

import base64
from dataclasses import replace

from autograder.core.report import parse_report
from autograder.render.html import report_html
from autograder.render.view import student_view
from autograder.sandbox.trail import PNG
from tests.support.sample_reports import perfect, with_checks

CODE = base64.b64encode(PNG + b"...").decode()


def test_a_figure_is_in_the_report_for_staff_only() -> None:
    report = perfect()
    report = with_checks(report, (replace(report.checks[0], pictures=(CODE,)), *report.checks[1:]))
    assert parse_report(report.to_json().encode(), "report.json") == report
    staff = report_html(report, staff=True)
    assert f'src="data:image/png;base64,{CODE}"' in staff
    assert "img-src data:;" in staff
    seen = student_view(report)
    assert CODE not in seen.to_json()
    assert CODE not in report_html(seen, staff=False)
