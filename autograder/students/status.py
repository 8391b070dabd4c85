"""`gradlab status`: how far each assignment is, from the last checks; runs nothing.

Each check stores the points of its tasks in the assignment's own folder, in `.gradlab/last_check.json`. No mark depends
on this file.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.core.assignment import Assignment
from autograder.core.course import earlier_modules
from autograder.core.editions import editions_of
from autograder.core.files import write_atomically
from autograder.core.hints import BadHints, read_hints
from autograder.core.language import ENGLISH, say, translate
from autograder.core.message import Message
from autograder.core.notebooks import accepted_names, notebook_name
from autograder.core.report import Report
from autograder.submissions.statements import written_tasks
from autograder.submissions.submission import BadSubmission, open_submission

if TYPE_CHECKING:
    from rich.console import Console

STORE = Path(".gradlab") / "last_check.json"
_SKIPPED = "--skip-scored"  # the entry, next to those of tasks, for the points that the last check left open


@dataclass(frozen=True)
class Progress:
    """How far one assignment is."""

    assignment: str
    title: str
    tasks: int
    written: int
    points: int  # of public checks when each task was last checked
    available: int  # points of the public checks that were run
    checked: str  # when a check last ran, ISO 8601; empty if never
    changed: bool  # whether a file was saved after that
    next_task: str  # the first task without all of its public points; empty if there is none
    next_file: str
    minutes: int | None  # that the tasks which are not written take, as their authors estimate; None if they do not say
    editions: Sequence[str] = ()  # the languages of its files here, that of its own folder first
    problem: str = ""  # why the files cannot be read
    damage: str = ""  # the first file or part of one that cannot be read, next to others that can
    open_points: int = 0  # of public checks that train or evaluate networks, which the last check left out


def remember(report: Report, assignment: Assignment) -> None:
    """Store the points of the tasks that were checked. A folder that cannot be written to is left as it is."""
    now = datetime.now().isoformat(timespec="seconds")
    stored = _stored(assignment)
    for task in report.tasks:
        own = [check for check in report.checks if check.task == task.name]
        if own:
            stored[task.name] = (sum(c.points for c in own), sum(c.max_points for c in own), now)
    if report.open_points:
        stored[_SKIPPED] = (0, report.open_points, now)
    elif len(report.tasks) == len(assignment.tasks):
        stored.pop(_SKIPPED, None)
    path = assignment.folder / STORE
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, json.dumps(stored, indent=1), durable=False)


def progress_of(assignment: Assignment) -> Progress:
    """Return how far an assignment is, from its files and the last results."""
    stored = _stored(assignment)
    known = [stored[task.name] for task in assignment.tasks if task.name in stored]
    checked = max((when for _, _, when in known), default="")
    written: set[str] = set()
    problem = damage = ""
    notebooks: Collection[str] = ()  # modules that are read from a notebook
    try:
        submission = open_submission(
            assignment.folder, assignment, assignment.folder, earlier_modules=earlier_modules(assignment)
        )
        notebooks = submission.code.cells
        damage = next((str(remark) for remark in submission.remarks if remark.kind == "unreadable"), "")
        for file, text in submission.files.items():
            written |= set(written_tasks(text, [task.name for task in assignment.tasks if task.file == file]))
    except BadSubmission as error:
        problem = str(error)
    open_tasks = [task for task in assignment.tasks if task.name not in written or _lost(stored.get(task.name))]
    file = open_tasks[0].file if open_tasks else ""
    return Progress(
        assignment=assignment.name,
        title=assignment.title,
        tasks=len(assignment.tasks),
        written=len(written),
        points=sum(points for points, _, _ in known),
        available=sum(available for _, available, _ in known),
        checked=checked,
        changed=bool(checked) and _saved(assignment) > datetime.fromisoformat(checked).timestamp() + 1,
        next_task=open_tasks[0].name if open_tasks else "",
        next_file=notebook_name(file) if file in notebooks else file,
        minutes=_minutes([task.name for task in assignment.tasks if task.name not in written], assignment),
        editions=editions_of(assignment.folder),
        problem=problem,
        damage=damage,
        open_points=stored[_SKIPPED][1] if _SKIPPED in stored else 0,
    )


def where_to_go_on(found: Sequence[Progress]) -> str:
    """Return one sentence: the next task to write, check or mend, or what to do when all are done."""
    for progress in found:
        if problem := progress.problem or progress.damage:
            return Message("Go on with {assignment}: {problem}", assignment=progress.assignment, problem=problem)
        if progress.next_task and progress.written + progress.points > 0:
            return Message(
                "Go on with {assignment}: {task} ({file}).",
                assignment=progress.assignment,
                task=progress.next_task,
                file=progress.next_file,
            )
        if progress.written and (not progress.checked or progress.changed):
            return Message(
                "Check {assignment}, which was not checked since you saved it: gradlab check {assignment}.",
                assignment=progress.assignment,
            )
        if progress.open_points:
            return Message(
                "The checks of {assignment} that train or evaluate networks did not run yet. Run them: gradlab check "
                "{assignment}.",
                assignment=progress.assignment,
            )
    for progress in found:
        if progress.next_task:
            return Message(
                "Begin {assignment}: read its README.md, then write {task}.",
                assignment=progress.assignment,
                task=progress.next_task,
            )
    return Message(
        "Every public check passed when it was last run. Create each zip: gradlab submit and the assignment's name."
    )


def print_status(found: Sequence[Progress], console: Console) -> None:
    """Print a row per assignment, then where to go on."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column(say("assignment"), no_wrap=True)
    for column in (say("written"), say("points"), say("time left")):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column(say("last check"), no_wrap=True)
    several = any(list(progress.editions) != [ENGLISH] for progress in found)
    if several:
        table.add_column(say("language"), no_wrap=True)
    for progress in found:
        points = f"{progress.points}/{progress.available}" if progress.checked else ""
        when = f"{datetime.fromisoformat(progress.checked):%Y-%m-%d %H:%M}" if progress.checked else say("never")
        if progress.changed:
            when = say("{when}, changed since", when=when)
        done = progress.checked and not (progress.next_task or progress.changed or progress.open_points)
        tasks = f"{progress.written}/{progress.tasks}"
        left = _duration(progress.minutes) if progress.minutes else ""
        languages = [", ".join(progress.editions)] if several else []
        table.add_row(Text(progress.assignment, "green" if done else ""), tasks, points, left, when, *languages)
    console.print(table)
    console.print(Text(f"\n{translate(where_to_go_on(found))}", "bold"))


def status_json(found: Sequence[Progress]) -> str:
    """Return the same for programs."""
    return json.dumps(
        {"assignments": [asdict(progress) for progress in found], "next": where_to_go_on(found)}, indent=2
    )


def _stored(assignment: Assignment) -> dict[str, tuple[int, int, str]]:
    """Return points, available points and time by task; what is damaged counts as not checked."""
    try:
        table = json.loads((assignment.folder / STORE).read_text(encoding="utf-8"))
        return {str(task): (int(a), int(b), _moment(when)) for task, (a, b, when) in dict(table).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _moment(text: Any) -> str:
    return datetime.fromisoformat(text).isoformat(timespec="seconds")


def _minutes(tasks: Sequence[str], assignment: Assignment) -> int | None:
    try:
        return read_hints(assignment.folder).minutes(tasks)
    except BadHints:
        return None


def _duration(minutes: int) -> str:
    """Return "45 min" or "2 h 10 min"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return say("{minutes} min", minutes=rest)
    if not rest:
        return say("{hours} h", hours=hours)
    return say("{hours} h {minutes} min", hours=hours, minutes=rest)


def _lost(stored: tuple[int, int, str] | None) -> bool:
    return stored is not None and stored[0] < stored[1]


def _saved(assignment: Assignment) -> float:
    """Return when a file of the assignment was last saved, in seconds since 1970."""
    paths = [assignment.folder / name for name in accepted_names(assignment.files)]
    return max((path.stat().st_mtime for path in paths if path.is_file()), default=0.0)
