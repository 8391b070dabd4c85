"""Print the marks that a regrade changes, as a table in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograder.core.class_records import MarkChange
from autograder.core.language import say, translate
from autograder.core.message import Message
from autograder.render.text import line, name
from autograder.render.words import count

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 200


def print_changes(changes: Sequence[MarkChange], console: Console) -> None:
    """Print a row per student, the largest loss first."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column(say("Student"))
    table.add_column(say("Before"), justify="right")
    table.add_column(say("After"), justify="right")
    table.add_column(say("Tasks"))
    ordered = sorted(changes, key=lambda change: (change.after - change.before, change.student))
    marks = [change for change in ordered if change.tasks or change.before != change.after]
    for change in marks[:SHOWN]:
        tasks = translate(Message(", ")).join(
            say("{task} {before} to {after}", task=line(task, limit=60), before=before, after=after)
            for task, before, after in change.tasks
        )
        table.add_row(Text(name(change.student)), str(change.before), str(change.after), Text(tasks))
    down = sum(change.after < change.before for change in changes)
    up = sum(change.after > change.before for change in changes)
    if marks:
        console.print(table)
    if len(marks) > SHOWN:
        console.print(say("and {number:,} more", number=len(marks) - SHOWN))
    if kept := [(change.student, *task) for change in ordered for task in change.by_hand]:
        console.print(say("Marks by hand keep their points, though the task's points changed:"), highlight=False)
        for student, task, points, now, then in kept[:SHOWN]:
            shown = {"student": name(student), "task": line(task, limit=60), "points": points, "now": now, "then": then}
            console.print(Text(say("  {student}: {task} {points}, of {now} now, of {then} before", **shown)))
        if len(kept) > SHOWN:
            console.print(say("and {number:,} more", number=len(kept) - SHOWN))
    changed = count(len(marks), "mark")
    text = say("{marks} would change: {up:,} up, {down:,} down.", marks=changed, up=up, down=down)
    console.print(text, highlight=False)
