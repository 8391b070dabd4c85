"""A report in the language of its reader: the same report, with other words."""

from __future__ import annotations

import re
from dataclasses import replace

from autograder.core.language import Translator
from autograder.core.message import Message
from autograder.core.report import Report

_PLACE = re.compile(  # the first line of a check's code (session/excerpts.py)
    r"(?P<file>.+?), (?:cell (?P<cell>\d+) from the top, )?line (?P<line>\d+)"
)


def translated(report: Report, to: Translator) -> Report:
    """Return the report with its titles, messages, hints, remarks and notes in another language.

    What the student's code printed stays as it is, and so do the words of people who gave marks.
    """
    checks = [
        replace(
            check,
            title=to(check.title),
            message=to(check.message),
            hint=to(check.hint),
            code=_with_place(check.code, to),
        )
        for check in report.checks
    ]
    return replace(
        report,
        title=to(report.title),
        checks=tuple(checks),
        tasks=tuple(replace(task, title=to(task.title)) for task in report.tasks),
        notes=tuple(to(note) for note in report.notes),
        remarks=tuple(replace(remark, text=to(remark.text), advice=to(remark.advice)) for remark in report.remarks),
        answers=tuple(replace(answer, title=to(answer.title)) for answer in report.answers),
        questions=tuple(replace(question, title=to(question.title)) for question in report.questions),
        marks=tuple(replace(mark, title=to(mark.title)) for mark in report.marks),
    )


def _with_place(code: str, to: Translator) -> str:
    """Return a student's code, which stays as it is, below its place in another language."""
    head, end, lines = code.partition("\n")
    found = _PLACE.fullmatch(head)
    if not found:
        return code
    line, cell = found["line"], found["cell"]
    place = (
        Message("cell {cell} from the top, line {line}", cell=cell, line=line)
        if cell
        else Message("line {line}", line=line)
    )
    return f"{to(Message('{file}, {place}', file=found['file'], place=place))}{end}{lines}"
