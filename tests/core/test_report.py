"""A report as JSON: what is written, whatever characters its texts have, and what is read from it again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from autograder.core.report import Report, parse_report
from tests.support.sample_reports import hostile, mixed, perfect, refused

ODD = replace(mixed(), notes=('\ud800 \u2028 \x00 \x7f \U0001f600 " \\ / {}[],:', ""))


@pytest.mark.parametrize("report", [perfect(), mixed(), refused(), hostile(), ODD], ids=lambda report: report.student)
def test_a_report_is_written_as_json_with_indents_and_read_again(report: Report) -> None:
    text = report.to_json()
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    assert parse_report(text.encode("utf-8", "backslashreplace"), "report.json") == report
