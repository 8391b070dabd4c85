"""What a README or a notebook states about tasks, points and limits, written from `assignment.toml`.

A README has the text between two markers, `<!-- tasks -->` and `<!-- /tasks -->`; `gradlab release` replaces what is
between them. The source of a notebook has the first marker alone, and the notebook has the text in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from autograder.core.assignment import Assignment, Task
from autograder.core.errors import GradlabError
from autograder.core.hints import NO_HINTS, Hints
from autograder.core.language import say, say_counted, translate
from autograder.core.message import Message
from autograder.render.text import columns
from autograder.render.words import count

_MARKER = re.compile(r"<!-- (?P<name>[a-z]+)(?: (?P<module>\w+\.py))? -->")
_NUMBERS = (
    *(Message("no"), Message("one"), Message("two"), Message("three"), Message("four"), Message("five")),
    *(Message("six"), Message("seven"), Message("eight"), Message("nine"), Message("ten")),
    *(Message("eleven"), Message("twelve")),
)
ASSIGNMENTS = (Message("assignment"), Message("about"))  # the columns of the table in a published README


class BadSource(GradlabError):
    """An author's file is wrong. Written for authors: file, line, what to do."""


def fill_readme(text: str, path: Path, assignment: Assignment, hints: Hints = NO_HINTS) -> str:
    """Replace what is between markers by what the manifest says.

    Raises BadSource for a marker that is unknown or has no end, and when a part of the manifest has no marker.
    """
    done, rest = "", text
    stated = set()
    while marker := _MARKER.search(rest):
        line = text.count("\n", 0, len(text) - len(rest) + marker.start()) + 1
        statement = _state(marker, assignment, {}, hints, f"{path}:{line}")
        stated |= {
            (marker["name"], module) for module in ([marker["module"]] if marker["module"] else assignment.files)
        }
        end = f"<!-- /{marker['name']} -->"
        inside, found, after = rest[marker.end() :].partition(end)
        if not found or _MARKER.search(inside):
            raise BadSource(
                Message(
                    "{path}:{line}: {marker} needs {end} after the text that `gradlab release` writes.",
                    path=path,
                    line=line,
                    marker=marker[0],
                    end=end,
                )
            )
        separator = "\n" if inside.startswith("\n") else ""
        done += f"{rest[: marker.end()]}{separator}{statement}{separator}{end}"
        rest = after
    needed = ("tasks", "questions", "limits") if assignment.questions else ("tasks", "limits")
    for name in needed:
        for module in assignment.files:
            if (name, module) not in stated:
                raise BadSource(
                    Message(
                        "{path}: <!-- {name} --> and <!-- /{name} --> are missing for {module}. Write them where "
                        "`gradlab release` should put the {name}.",
                        path=path,
                        name=name,
                        module=module,
                    )
                )
    return done + rest


def fill_cell(
    text: str,
    path: Path,
    line: int,
    assignment: Assignment,
    parts: Mapping[str, Sequence[str]],
    hints: Hints = NO_HINTS,
) -> str:
    """Replace the markers in a notebook's cell, whose text begins at a ``line`` of the source.

    ``parts`` maps each part's heading to the names of its tasks. Raises BadSource for an unknown marker.
    """

    def replace(marker: re.Match[str]) -> str:
        here = line + text.count("\n", 0, marker.start())
        return _state(marker, assignment, parts, hints, f"{path}:{here}")

    return _MARKER.sub(replace, text)


def task_table(assignment: Assignment, module: str = "", hints: Hints = NO_HINTS) -> str:
    """Return the README's table of all tasks, or of those in one module, numbered in the order of the manifest."""
    numbers = {task.name: number for number, task in enumerate(assignment.tasks, start=1)}
    tasks = _tasks(assignment, module)
    rows = [
        (
            str(numbers[task.name]),
            f"`{task.name}`",
            str(task.points),
            _time(task.name, numbers, hints),
            " ".join(task.watch_out.split()).replace("|", r"\|"),
        )
        for task in tasks
    ]
    head = ("#", say("you write"), say("points"), say("time"), say("watch out for"))
    total = f"**{sum(task.points for task in tasks)}**"
    table = [head, ("---",) * 5, *rows, ("", "", total, "", "")]
    empty = [column for column in (3, 4) if not any(row[column] for row in rows)]
    return "\n".join(_row([text for column, text in enumerate(row) if column not in empty]) for row in table)


def part_table(assignment: Assignment, parts: Mapping[str, Sequence[str]], hints: Hints = NO_HINTS) -> str:
    """Return the notebook's table of parts, with the sums of each part's points and minutes."""
    minutes = {heading: hints.minutes(tasks) for heading, tasks in parts.items()}
    timed = None not in minutes.values()
    rows = [
        (heading, _together(tasks), str(sum(assignment.task(name).points for name in tasks)), str(minutes[heading]))
        for heading, tasks in parts.items()
    ]
    head = (say("part"), say("you write"), _unbroken(say("points")), _unbroken(say("minutes")))
    table = [head, ("---",) * 4, *rows]
    return "\n".join(_row(row if timed else row[:3]) for row in table)


def _unbroken(head: str) -> str:
    """Return the head of a narrow column such that Jupyter does not break it: Chinese may break at every character."""
    return f'<span style="white-space: nowrap">{head}</span>' if columns(head) > len(head) else head


def question_sentences(assignment: Assignment, module: str = "") -> str:
    """Say how many questions there are and what they are worth; nothing if there are none."""
    questions = [question for question in assignment.questions if module in ("", question.file)]
    if not questions:
        return ""
    one_notebook = len({question.file for question in questions}) == 1
    number = translate(_NUMBERS[len(questions)]) if len(questions) < len(_NUMBERS) else str(len(questions))
    points = count(sum(question.points for question in questions), "more point")
    if one_notebook:
        return say_counted(
            "The notebook also asks {number} question, worth {points}. A person marks your answers.",
            "The notebook also asks {number} questions, worth {points}. A person marks your answers.",
            n=len(questions),
            number=number,
            points=points,
        )
    return say(
        "The notebooks also ask {number} questions, worth {points}. A person marks your answers.",
        points=points,
        number=number,
    )


def limits_phrase(assignment: Assignment) -> str:
    """Say what a check may use: "10 seconds and 2 GB"."""
    gigabytes, rest = divmod(assignment.limits.memory_mb, 1024)
    memory = f"{assignment.limits.memory_mb} MB" if rest else f"{gigabytes} GB"
    return say_counted(
        "{n:g} second and {memory}", "{n:g} seconds and {memory}", n=assignment.limits.seconds, memory=memory
    )


def _state(
    marker: re.Match[str], assignment: Assignment, parts: Mapping[str, Sequence[str]], hints: Hints, place: str
) -> str:
    """Return the text for one marker."""
    module = marker["module"] or ""
    if module and module not in assignment.files:
        raise BadSource(
            Message(
                "{place}: {marker} names a module that `files` does not list: {files}.",
                place=place,
                marker=marker[0],
                files=", ".join(assignment.files),
            )
        )
    known: dict[str, Callable[[], str]] = {
        "tasks": lambda: task_table(assignment, module, hints),
        "points": lambda: str(sum(task.points for task in _tasks(assignment, module))),
        "questions": lambda: question_sentences(assignment, module),
        "limits": lambda: limits_phrase(assignment),
    }
    if parts:
        known["parts"] = lambda: part_table(assignment, parts, hints)
    if marker["name"] not in known:
        raise BadSource(
            Message(
                "{place}: unknown marker {marker}. Allowed here: {known}.",
                place=place,
                marker=marker[0],
                known=", ".join(sorted(known)),
            )
        )
    return known[marker["name"]]()


def _tasks(assignment: Assignment, module: str) -> list[Task]:
    return [task for task in assignment.tasks if module in ("", task.file)]


def _time(task: str, numbers: Mapping[str, int], hints: Hints) -> str:
    """Return a task's time and difficulty; a task that shares its cell with an earlier one refers to it."""
    effort = hints.effort(task)
    if effort is None:
        return ""
    first = min(effort.tasks, key=numbers.__getitem__)
    return translate(effort.message()) if task == first else say("with {task}", task=numbers[first])


def _row(cells: Sequence[str]) -> str:
    if set(cells) == {"---"}:
        return "|" + "|".join(cells) + "|"
    return ("| " + " | ".join(cells) + " |").replace("|  |", "| |").replace("|  |", "| |")


def _together(tasks: Sequence[str]) -> str:
    """List names; a method after another of its class appears as `.method`."""
    shown, last = [], ""
    for task in tasks:
        root, _, method = task.rpartition(".")
        shown.append(f"`.{method}`" if root and root == last else f"`{task}`")
        last = root
    return ", ".join(shown)
