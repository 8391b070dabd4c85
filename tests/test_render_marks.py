"""What a report says of marks by hand."""

from __future__ import annotations

from autograder.render.html import report_html
from autograder.report import Mark
from tests.sample_reports import perfect


def test_nobody_is_told_well_done_above_a_mark_by_hand() -> None:
    glad = report_html(perfect(), staff=False)
    assert "All 14 checks passed. Well done." in glad
    given = Mark("predict_labels", "Majority vote", 8, 25, False, "Copied.", "kim", "2026-11-21T10:00:00Z")
    page = report_html(perfect().with_marks([given]), staff=False)
    assert "All 14 checks passed. A person marked 1 task instead, see below." in page
    assert "Well done" not in page
    assert 'class="verdict glad"' not in page
