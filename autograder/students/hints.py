"""``from autograder import hint``, and `gradlab hint`: the steps towards a task, one more at each call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from autograder.core.assignment import MANIFEST, Assignment, BadManifest, meant, read_assignment
from autograder.core.course import find_assignments, find_own_assignments
from autograder.core.errors import GradlabError
from autograder.core.files import write_atomically
from autograder.core.hints import Effort, Hints, read_hints
from autograder.core.language import say, translate
from autograder.core.message import Message, both, joined
from autograder.render.text import columns
from autograder.render.words import count
from autograder.students.notebook_reader import Spoken, notebook_reader

STORE = Path(".gradlab") / "hints.json"  # in the assignment's folder: how many steps `gradlab hint` has shown

_shown: dict[tuple[Path, str], int] = {}  # in this kernel; after a restart, the first step comes first again


@dataclass(frozen=True)
class Unfolded:
    """The steps of a task's hint that are shown so far."""

    task: str
    effort: Effort | None
    steps: tuple[str, ...]  # those that are shown
    total: int

    @property
    def heading(self) -> str:
        """The task, and the time that its author expects."""
        if not self.effort:
            return f"{self.task}:"
        return say("{task}: about {effort}.", task=self.task, effort=self.effort.message())

    @property
    def rest(self) -> str:
        """How many steps are left."""
        left = self.total - len(self.steps)
        return say("{steps}: ask again.", steps=count(left, "more step")) if left else say("That was the last step.")

    def __repr__(self) -> str:
        steps = [f"{number}. {step}" for number, step in enumerate(self.steps, start=1)]
        return "\n".join([self.heading, *steps, self.rest])

    def _repr_html_(self) -> str:
        from autograder.render.notebook_hints import hint_html

        return hint_html(self.heading, self.steps, self.rest)


@dataclass(frozen=True)
class TaskList:
    """The tasks of assignments, how long each takes, and how many steps its hint has."""

    assignments: tuple[Assignment, ...]
    example: str  # how a hint is asked for, with {assignment} and {task}

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """One cell for the name of an assignment, three for a task."""
        rows: list[tuple[str, ...]] = []
        for assignment in self.assignments:
            hints = read_hints(assignment.folder)
            rows.append((assignment.name,))
            for task in assignment.tasks:
                effort, steps = hints.effort(task.name), hints.steps.get(task.name, ())
                number = translate(count(len(steps), "step")) if steps else say("no hint yet")
                rows.append((task.name, translate(effort.message()) if effort else "", number))
        return rows

    @property
    def advice(self) -> str:
        """How to ask for one of them."""
        known = [(a, task) for a in self.assignments for task in read_hints(a.folder).steps]
        assignment, task = known[0] if known else (self.assignments[0], self.assignments[0].tasks[0].name)
        example = self.example.format(assignment=assignment.name, task=task)
        return say("Ask for the hint of one task, for example {example}.", example=example)

    def __repr__(self) -> str:
        rows = self.rows
        widths = [max((columns(row[place]) for row in rows if len(row) > 1), default=0) for place in range(2)]
        lines = []
        for name, *others in rows:
            texts = [name, *others]
            padded = [text + " " * (width - columns(text)) for text, width in zip(texts, widths, strict=False)]
            lines.append("  " + "  ".join([*padded, *texts[2:]]) if others else name)
        return "\n".join([*lines, self.advice])

    def _repr_html_(self) -> str:
        from autograder.render.notebook_hints import task_list_html

        return task_list_html(self.rows, self.advice)


@dataclass(frozen=True)
class NoHint:
    """Why there is no hint, as a sentence that a notebook shows."""

    text: str

    def __repr__(self) -> str:
        return translate(self.text)

    def _repr_html_(self) -> str:
        from autograder.render.notebook_table import sentence_html

        return sentence_html(translate(self.text))


def hint(task: str = "") -> Spoken:
    """Show the first step towards ``task`` ("predict_labels"), and one more step each time it is called again.

    Without a task, list those of this assignment.
    """
    try:
        if isinstance(task, str) and (listed := asked_for_a_list(task)):
            return Spoken(TaskList(listed, 'hint("{task}")'), notebook_reader(listed[0]))
        assignment = assignment_of(task)
        key = assignment.folder, task
        unfolded = unfold(assignment, task, _shown.get(key, 0) + 1)
        _shown[key] = len(unfolded.steps)
    except GradlabError as error:
        return Spoken(NoHint(str(error)), notebook_reader())
    return Spoken(unfolded, notebook_reader(assignment))


def next_hint(assignment: Assignment, task: str, *, again: bool = False) -> Unfolded:
    """Return one step more than the last time, as the assignment's folder remembers; with ``again``, the first one.

    Raises GradlabError if there is no such task or no hint for it.
    """
    stored = {} if again else _stored(assignment.folder)
    unfolded = unfold(assignment, task, stored.get(task, 0) + 1)
    path = assignment.folder / STORE
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, json.dumps({**_stored(assignment.folder), task: len(unfolded.steps)}), durable=False)
    return unfolded


def unfold(assignment: Assignment, task: str, shown: int) -> Unfolded:
    """Return the first ``shown`` steps of a task's hint. Raises GradlabError if there is none."""
    hints = read_hints(assignment.folder)
    if task not in hints.steps:
        raise GradlabError(_refusal(task, assignment, hints))
    steps = hints.steps[task]
    return Unfolded(task, hints.effort(task), steps[:shown], len(steps))


def _refusal(task: str, assignment: Assignment, hints: Hints) -> str:
    tasks = [task.name for task in assignment.tasks]
    if task in tasks:
        return Message(
            "{task} has no hint yet. The messages of its checks say what is wrong, and its text what to write.",
            task=task,
        )
    if not hints.steps:
        return Message(
            "{assignment} has no hints here. If your course has some, gradlab start adds them to your folder.",
            assignment=assignment.name,
        )
    choice = meant(task, tasks) or assignment.list_tasks(tasks)
    return Message(
        "{assignment} has no task {task!r}. {meaning}", assignment=assignment.name, task=task, meaning=choice
    )


def _folder_around() -> Path | None:
    """Return the folder of the assignment that this folder is in."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / MANIFEST).is_file()), None)


def asked_for_a_list(name: str) -> tuple[Assignment, ...]:
    """Return the assignments whose tasks to list: without a name this folder's, else the course's; or the one named.

    The result is empty if ``name`` is a task. Raises BadManifest if neither this folder nor one above has any.
    """
    around = _folder_around()
    if not name:
        return (read_assignment(around),) if around else tuple(find_own_assignments())
    if around and _has(read_assignment(around), name):
        return ()
    try:
        found = find_own_assignments()
    except BadManifest:
        return ()
    if any(_has(assignment, name) for assignment in found):
        return ()
    return tuple(a for a in found if f"{a.name}_".startswith(f"{name}_") or a.file_of(name.removesuffix(".py")))[:1]


def assignment_of(task: str) -> Assignment:
    """Return the assignment that has the task: this folder's, or the one in the course here, above or installed.

    If none has it, return this folder's. Raises GradlabError outside of an assignment.
    """
    if not isinstance(task, str):
        raise GradlabError('hint takes the name of a task as text, for example hint("predict_labels").')
    around = _folder_around()
    own = read_assignment(around) if around else None
    if own and _has(own, task):
        return own
    try:
        found = find_own_assignments()
    except BadManifest:  # a notebook on its own, as on Colab: those that are installed with gradlab
        found = [own] if own else find_assignments(())
    having = [assignment for assignment in found if _has(assignment, task)]
    if len(having) == 1:
        return having[0]
    if having:
        names = both([assignment.name for assignment in having])
        raise GradlabError(
            Message("{names} have a task {task!r}. Open the notebook in its own folder.", names=names, task=task)
        )
    if own:
        return own
    near = get_close_matches(task, [known.name for assignment in found for known in assignment.tasks], n=1)
    unknown = Message("No assignment has a task {task!r}.", task=task)
    raise GradlabError(joined(" ", [unknown, *(Message("Did you mean {names}?", names=repr(name)) for name in near)]))


def _has(assignment: Assignment, task: str) -> bool:
    return any(known.name == task for known in assignment.tasks)


def _stored(folder: Path) -> Mapping[str, int]:
    try:
        table = json.loads((folder / STORE).read_text(encoding="utf-8"))
        return {str(task): int(shown) for task, shown in dict(table).items()}
    except (OSError, ValueError, TypeError):
        return {}
