"""Render a report as a table for a notebook cell: inline styles only, readable in light and dark themes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from autograder.core.language import reader, say, space_after, translate
from autograder.core.report import Cause, CheckResult, Outcome, Report
from autograder.render.extras import NO_EXTRAS, Extra
from autograder.render.picture import picture_html
from autograder.render.text import clean, line
from autograder.render.translated import translated
from autograder.render.view import TaskView, left_over, one_reason, other_notes, task_views, without_repetition
from autograder.render.words import NOT_RUN, ONE_REASON, OUTCOME_WORDS, reason, verdict

# White text on these has a contrast of at least 4.5:1; everything else inherits the theme's colours.
BADGES = {Outcome.PASSED: "#1d7444", Outcome.FAILED: "#b3392d", Outcome.BROKEN: "#855400"}

_LINE = "rgba(128,128,128,.35)"
_CELL = f"padding:5px 10px 5px 0;border:0;border-top:1px solid {_LINE};text-align:left;vertical-align:top;"
_POINTS = f"{_CELL}text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;padding-right:0;"
_PRE = (
    f"margin:4px 0 0;padding:6px 8px;border-left:2px solid {_LINE};background:rgba(128,128,128,.1);color:inherit;"
    "white-space:pre-wrap;overflow-wrap:anywhere;word-break:normal;font-size:12px;line-height:1.45;"  # Lab: break-all
)
_TABLE = (  # JupyterLab sets table-layout:fixed and right-aligned cells; table-layout:auto lets messages have the room
    "table-layout:auto;border-collapse:collapse;border:0;max-width:860px;width:100%;font-size:13px;line-height:1.45;"
    "margin:4px 0;"
)
MISSING = 4  # functions of a blank task that are named
_ROW = "background:transparent;color:inherit;"
_EXPONENT = re.compile(r"\de-\d+")  # of 1e-05: browsers break lines after this hyphen


def report_table_html(report: Report, extras: Mapping[str, Extra] = NO_EXTRAS) -> str:
    """Return the HTML fragment for IPython.display.HTML. ``extras`` are shown with the checks of their ids."""
    report = translated(report, reader())
    rows, one, rest = [], one_reason(report), left_over(report)
    shown = without_repetition(report, one)
    for task in task_views(shown):
        rows.append(_task_row(task))
        rows += (
            [_blank_row(task)]
            if task.is_blank
            else [
                _check_row(check, extras.get(check.id), brief=bool(one), refused=bool(report.refusal))
                for check in task.checks
            ]
        )
    notes = "".join(
        f'<p style="margin:2px 0"><strong>{_line(str(remark), 1000)}</strong></p>' for remark in shown.remarks
    )
    notes += "".join(f'<p style="margin:2px 0;opacity:.8">{_line(note, 500)}</p>' for note in other_notes(shown))
    if one:
        notes += f'<p style="margin:6px 0 2px"><strong>{translate(ONE_REASON)}</strong></p>{_details(one)}'
    points = _points(report, rest)
    return (
        f'<div style="max-width:860px;font-size:13px;overflow-wrap:anywhere">{notes}'
        f'<table style="{_TABLE}"><tbody>{"".join(rows)}</tbody></table>'
        f'<p style="margin:6px 0 2px"><strong>{_line(points)}</strong>{space_after(points)}'
        f"{_line(verdict(report.checks, rest, skipped=report.open_points, refused=bool(report.refusal)))}</p></div>"
    )


def _points(report: Report, rest: int) -> str:
    points = {"points": report.points, "most": report.max_points - rest}
    return say("{points} / {most} points here.", **points) if rest else say("{points} / {most} points.", **points)


def sentence_html(text: str) -> str:
    """Return the HTML fragment of a sentence that is shown in place of a table."""
    return f'<p style="max-width:860px;font-size:13px;line-height:1.45;margin:4px 0">{_line(text, 1000)}</p>'


def _task_row(task: TaskView) -> str:
    cell = _CELL.replace("padding:5px", "padding:10px")
    return (
        f'<tr style="{_ROW}"><th colspan="2" scope="rowgroup" style="{cell}font-weight:600">{_line(task.title)} '
        f'<code style="font-weight:400;opacity:.75;background:transparent;color:inherit">{_line(task.name)}</code></th>'
        f'<td style="{_POINTS.replace("padding:5px", "padding:10px")}"><strong>{task.points}</strong> '
        f"/ {task.available}</td></tr>"
    )


def _blank_row(task: TaskView) -> str:
    badge = _badge(say("Not written"), BADGES[Outcome.BROKEN])
    sentences = "<br>".join(_line(sentence, 500) for sentence in task.left_to_write[:MISSING])
    return (
        f'<tr style="{_ROW}"><td style="{_CELL}">{badge}</td>'
        f'<td style="{_CELL}width:100%">{sentences}</td><td style="{_POINTS}"></td></tr>'
    )


def _check_row(check: CheckResult, extra: Extra | None, *, brief: bool, refused: bool) -> str:
    parts = [_line(check.title, 300)]
    if check.cause is not Cause.WRONG and reason(check) and not brief:
        parts.append(f'<br><span style="opacity:.8">{reason(check)}</span>')
    parts.append(_details(check))
    if extra:
        parts.append(_extra(extra))
    badge = _badge(translate(OUTCOME_WORDS[check.outcome]), BADGES[check.outcome])
    badge = _badge(translate(NOT_RUN), BADGES[Outcome.BROKEN]) if refused else badge
    return (
        f'<tr style="{_ROW}"><td style="{_CELL}">{badge}</td>'
        f'<td style="{_CELL}width:100%">{"".join(parts)}</td>'
        f'<td style="{_POINTS}">{check.points} / {check.max_points}</td></tr>'
    )


def _details(check: CheckResult) -> str:
    parts = []
    if check.message:
        parts.append(f'<pre style="{_PRE}">{_unbroken(clean(check.message, limit=6000, lines=60))}</pre>')
    if check.hint:
        label = say("Hint:")
        hint = f"<strong>{label}</strong>{space_after(label)}{_line(check.hint, 1000)}"
        parts.append(f'<p style="margin:4px 0 0">{hint}</p>')
    if check.output:
        printed = escape(clean(check.output, limit=6000, lines=120))
        parts.append(
            '<details style="margin:4px 0 0"><summary style="cursor:pointer">'
            f"{say('What your code printed')}</summary>"
            f'<pre style="{_PRE}max-height:220px;overflow:auto">{printed}</pre></details>'
        )
    return "".join(parts)


def _extra(extra: Extra) -> str:
    """Return a picture, and code that is not cut: it is there to be copied."""
    parts = []
    if extra.picture:
        parts.append(f'<div style="margin:4px 0;background:#fff">{picture_html(extra.picture)}</div>')
    if extra.code:
        parts.append(
            f'<p style="margin:4px 0 0"><strong>{say("Input as code:")}</strong></p>'
            f'<pre style="{_PRE}max-height:320px;overflow:auto">{escape(extra.code)}</pre>'
        )
    return "".join(parts)


def _badge(text: str, colour: str) -> str:
    return (
        f'<span style="display:inline-block;padding:0 7px;border-radius:3px;background:{colour};color:#fff;'
        f'font-size:12px;font-weight:600;white-space:nowrap">{escape(text)}</span>'
    )


def _unbroken(text: str) -> str:
    """Return the text as HTML; no line breaks inside a number."""
    return _EXPONENT.sub(r'<span style="white-space:nowrap">\g<0></span>', escape(text))


def _line(text: str, limit: int = 200) -> str:
    return _unbroken(line(text, limit=limit))
