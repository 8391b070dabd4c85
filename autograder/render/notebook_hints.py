"""Render the steps of a hint for a notebook cell: the newest is open, the earlier ones can be unfolded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from autograder.core.language import say

_BLOCK = "max-width:860px;font-size:13px;line-height:1.5;margin:4px 0;"
_CODE = '<code style="background:rgba(128,128,128,.12);color:inherit;padding:0 3px">\\1</code>'

_KEPT = re.compile(r"(`[^`]+`|\$[^$]+\$)")  # code and formulas
_STRONG = re.compile(r"\*\*([^*\s](?:[^*]*[^*\s])?)\*\*")
_LIGHT = re.compile(r"(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])")

_TABLE = "table-layout:auto;border-collapse:collapse;border:0;font-size:13px;margin:0;"
_CELL = "padding:2px 16px 2px 0;border:0;text-align:left;"
_ROW = "background:transparent;color:inherit;"


def hint_html(heading: str, steps: Sequence[str], rest: str) -> str:
    """Return the HTML fragment of the steps that are shown, and of how many are left."""
    items = "".join(
        f'<details style="margin:4px 0"{" open" if number == len(steps) else ""}>'
        f'<summary style="cursor:pointer"><strong>{say("Step {number}", number=number)}</strong></summary>'
        f'<p style="margin:2px 0 2px 16px">{_text(step)}</p></details>'
        for number, step in enumerate(steps, start=1)
    )
    return (
        f'<div style="{_BLOCK}"><p style="margin:2px 0">{_text(heading)}</p>{items}'
        f'<p style="margin:2px 0;opacity:.8">{_text(rest)}</p></div>'
    )


def task_list_html(rows: Sequence[Sequence[str]], advice: str) -> str:
    """Return the HTML fragment of a list of tasks: one cell for an assignment, several for a task."""
    lines = []
    for row in rows:
        if len(row) == 1:
            lines.append(f'<tr style="{_ROW}"><th colspan="3" style="{_CELL}">{_text(row[0])}</th></tr>')
            continue
        cells = [f"`{row[0]}`", *row[1:]]
        lines.append(
            f'<tr style="{_ROW}">{"".join(f"""<td style="{_CELL}">{_text(cell)}</td>""" for cell in cells)}</tr>'
        )
    table = f'<table style="{_TABLE}"><tbody>{"".join(lines)}</tbody></table>'
    return f'<div style="{_BLOCK}">{table}<p style="margin:4px 0 0">{_text(advice)}</p></div>'


def _text(text: str) -> str:
    """Return escaped text with Markdown's code and emphasis; Jupyter typesets formulas between dollar signs."""
    return "".join(_piece(piece) for piece in _KEPT.split(escape(text, quote=False)))


def _piece(text: str) -> str:
    if text[:1] == "`":
        return re.sub(r"`([^`]+)`", _CODE, text)
    return text if text[:1] == "$" else _LIGHT.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", text))
