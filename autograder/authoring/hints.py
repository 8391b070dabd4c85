"""Hints and estimates in the author's source, read and taken out: students do not get them with the cells.

A task's cell says how long it takes and how hard it is; a markdown cell after it has the hints, as a numbered list:

    # %% task="f" minutes=15 difficulty="easy"
    # %% [markdown] hint="f"
    # 1. First step.
    # 2. Second step.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, get_args

from autograder.authoring.facts import BadSource
from autograder.core.hints import Difficulty, Effort, Hints
from autograder.core.language import in_a_row, say
from autograder.core.message import Message

DIFFICULTIES = get_args(Difficulty)
SETTINGS = ("minutes", "difficulty")  # of a task's cell

_STEP = re.compile(r"(\d+)\. +(\S.*)")


def take_hints(cells: Sequence[Any], tasks: Collection[str], places: Sequence[str]) -> tuple[list[Any], Hints]:
    """Return the cells without those of hints, and the hints. A task's cell begins with its time.

    ``tasks`` are the names that the manifest lists, and ``places`` says where each cell is. Raises BadSource.
    """
    kept: list[Any] = []
    efforts: list[Effort] = []
    steps: dict[str, tuple[str, ...]] = {}
    seen: list[str] = []
    for cell, place in zip(cells, places, strict=True):
        if "hint" in cell.metadata:
            name = str(cell.metadata["hint"])
            _refuse_bad_hint(cell, name, place, tasks, seen, steps)
            steps[name] = _steps(cell.source, name, place)
            continue
        names = str(cell.metadata.get("task", "")).split()
        if effort := _effort(cell, tuple(names), place):
            efforts.append(effort)
        seen += names
        kept.append(cell)
    hints = Hints(tuple(efforts), steps)
    for cell in kept:
        names = str(cell.metadata.get("task", "")).split()
        if remark := _remark(names, hints):
            cell.source = f"{remark}\n{cell.source}"
    return kept, hints


def _refuse_bad_hint(
    cell: Any, name: str, place: str, tasks: Collection[str], seen: Sequence[str], steps: Collection[str]
) -> None:
    if name not in tasks:
        known = ", ".join(sorted(tasks)) or "none"
        raise BadSource(
            Message(
                "{place}: hint={name!r} is not a task of this module in assignment.toml, which has: {known}.",
                place=place,
                name=name,
                known=known,
            )
        )
    if cell.cell_type != "markdown":
        raise BadSource(
            Message(
                "{place}: a hint cell must be a markdown cell: # %% [markdown] hint={name!r}.", place=place, name=name
            )
        )
    if name in steps:
        raise BadSource(
            Message("{place}: two cells have hint={name!r}. Write all steps in one.", place=place, name=name)
        )
    if name not in seen:
        raise BadSource(
            Message(
                "{place}: the hint of {name!r} is before its task. Move it after the task's cell.",
                place=place,
                name=name,
            )
        )


def _steps(text: str, name: str, place: str) -> tuple[str, ...]:
    """Return the items of a numbered list, each on one line."""
    steps: list[str] = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        item = _STEP.fullmatch(line)
        if item and int(item[1]) == len(steps) + 1:
            steps.append(item[2])
        elif steps and not item:
            steps[-1] += f" {line}"
        else:
            raise BadSource(
                Message(
                    "{place}: the hint of {name!r} must be a list numbered from 1; {line!r} is not step {steps}.",
                    place=place,
                    name=name,
                    line=line[:40],
                    steps=len(steps) + 1,
                )
            )
    if not steps:
        raise BadSource(
            Message("{place}: the hint of {name!r} has no step. Write a list numbered from 1.", place=place, name=name)
        )
    return tuple(steps)


def _effort(cell: Any, names: tuple[str, ...], place: str) -> Effort | None:
    """Take ``minutes`` and ``difficulty`` out of a cell's metadata."""
    values = {key: cell.metadata.pop(key) for key in SETTINGS if key in cell.metadata}
    if not values:
        return None
    if not names:
        raise BadSource(f"{place}: {' and '.join(values)} belong in the header of a task's cell.")
    if missing := [key for key in SETTINGS if key not in values]:
        raise BadSource(
            Message(
                '{place}: {name} is missing. Write for example minutes=15 difficulty="easy".',
                place=place,
                name=missing[0],
            )
        )
    minutes, difficulty = values["minutes"], values["difficulty"]
    if type(minutes) is not int or minutes < 1:
        raise BadSource(
            Message("{place}: minutes={minutes!r} is not a whole number of minutes.", place=place, minutes=minutes)
        )
    if difficulty not in DIFFICULTIES:
        raise BadSource(
            Message(
                "{place}: unknown difficulty {difficulty!r}. Allowed: {difficulties}.",
                place=place,
                difficulty=difficulty,
                difficulties=", ".join(DIFFICULTIES),
            )
        )
    return Effort(minutes, difficulty, names)


def _remark(names: Sequence[str], hints: Hints) -> str:
    """Return the comment in the first line of a task's cell, or nothing."""
    if not names:
        return ""
    effort = hints.effort(names[0])
    hinted = [f'hint("{name}")' for name in names if name in hints.steps]
    sentences = [say("About {effort}.", effort=effort.message())] if effort else []
    if len(hinted) > 2:
        sentences.append(say("Stuck? {hint}, or of another task, shows a first step.", hint=hinted[0]))
    elif len(hinted) == 2:
        sentences.append(say("Stuck? {hint} or {other} shows a first step.", hint=hinted[0], other=hinted[1]))
    elif hinted:
        sentences.append(say("Stuck? {hint} shows a first step.", hint=hinted[0]))
    return f"# {in_a_row(*sentences)}" if sentences else ""
