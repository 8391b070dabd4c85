"""Render a report as one HTML file that loads nothing else. Knows nothing about how marks are computed."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from autograder.core.language import reader, space_after, translate, translate_plural
from autograder.core.report import Outcome, Report
from autograder.render.text import clean, line, name
from autograder.render.translated import translated
from autograder.render.view import left_over, one_reason, other_notes, student_view, task_views, without_repetition
from autograder.render.words import (
    NOT_ISOLATED,
    NOT_RUN,
    ONE_REASON,
    OUTCOME_WORDS,
    REFUSED,
    count,
    not_answered,
    not_marked_yet,
    reason,
    share,
    verdict,
)

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Segment:
    """One task's part of the bar: its width, and the percentages of it that are earned and ungraded."""

    max_points: int
    got: float
    open: float


def report_html(report: Report, *, staff: bool) -> str:
    """Return the page of one student, in the language of the reader; with `staff`, also what hidden checks saw."""
    report = translated(report, reader())
    full = report if staff else student_view(report)
    one = full.checks[0] if one_reason(report) and full.checks[0].message else None
    shown = without_repetition(full, one)
    return render(
        "report.html",
        report=shown,
        staff=staff,
        seen=staff or report.hidden_checks == "messages",
        one=one,
        one_title=REFUSED if report.refusal else ONE_REASON,
        not_run=NOT_RUN if report.refusal else "",
        unmarked=report.unmarked,
        unanswered=() if report.refusal else report.unanswered,
        notes=other_notes(shown),
        tasks=task_views(shown),
        segments=segments(shown),
        verdict=verdict(
            shown.checks,
            left_over(shown),
            skipped=shown.open_points,
            by_hand=len(shown.overrides),
            refused=bool(report.refusal),
        ),
        glad=bool(shown.checks)
        and not shown.overrides
        and all(check.outcome is Outcome.PASSED for check in shown.checks),
        outcome_words=OUTCOME_WORDS,
        not_isolated=NOT_ISOLATED,
        neighbours=neighbours() if staff else "",
    )


def neighbours(before: Report | None = None, after: Report | None = None) -> Markup:
    """Return the last line of a staff's page: links to the overview and to the students next to this one."""
    return Markup(render("neighbours.html", before=before, after=after).strip())


def report_href(report: Report, *, staff: bool = True) -> str:
    """Return the link from index.html to a student's page: ``<student>/staff.html``."""
    return f"./{quote(report.student, safe='', errors='replace')}/{'staff' if staff else 'report'}.html"


def render(template: str, **values: Any) -> str:
    """Fill a template of this folder. Every string is cleaned and escaped, whatever the template does.

    The page's policy allows the script of this folder, and no other one.
    """
    script = _script()
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page: str = (
        environment()
        .get_template(template)
        .render(css=_css(), script=script, script_digest=digest, language=reader().language.replace("_", "-"), **values)
    )
    return page


def segments(report: Report) -> list[Segment]:
    """Return the bar of a report, task by task."""
    broken = {task.name: 0 for task in report.tasks if task.name not in report.overrides}
    for check in report.checks:
        if check.outcome is Outcome.BROKEN and check.task in broken:
            broken[check.task] += check.max_points
    return [
        Segment(
            task.max_points, _percent(task.points, task.max_points), _percent(broken.get(task.name, 0), task.max_points)
        )
        for task in report.tasks
    ]


@cache
def environment() -> jinja2.Environment:
    """Return what reads the templates of this folder."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) or not isinstance(value, str) else clean(value),
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(translate, translate_plural, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(
        t=translate,
        clean=clean,
        line=lambda text, limit=200: line(text, limit=limit),
        name=name,
        not_answered=not_answered,
        not_marked_yet=not_marked_yet,
        page_of=report_href,
        count=_count,
        reason=reason,
        share=share,
        rows=lambda text: translate(count(text.count("\n") + (not text.endswith("\n")), "line")),
        space_after=space_after,
    )
    return made


def _count(number: float, noun: str) -> str:
    return translate(count(number, noun))


@cache
def _css() -> Markup:
    return Markup((_HERE / "style.css").read_text(encoding="utf-8"))


@cache
def _script() -> Markup:
    return Markup((_HERE / "students.script").read_text(encoding="utf-8"))


def _percent(part: float, whole: int) -> float:
    return round(min(100.0, max(0.0, 100 * part / whole)), 2) if whole > 0 else 0.0
