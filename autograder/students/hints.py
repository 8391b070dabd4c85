"""``from autograder import hint``, and `gradlab hint`: the steps towards a task, one more at each call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from autograder.core.assignment import MANIFEST, Assignment, BadManifest, meant, read_assignment
from autograder.core.course import find_assignments, find_own_assignments
from autograder.core.errors import GradlabError
from autograder.core.files import write_atomically
from autograder.core.hints import Effort, Hints, read_hints
from autograder.render.words import count

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
        return f"{self.task}: about {self.effort}." if self.effort else f"{self.task}:"

    @property
    def rest(self) -> str:
        """How many steps are left."""
        left = self.total - len(self.steps)
        return f"{count(left, 'more step')}: ask again." if left else "That was the last step."

    def __repr__(self) -> str:
        steps = [f"{number}. {step}" for number, step in enumerate(self.steps, start=1)]
        return "\n".join([self.heading, *steps, self.rest])

    def _repr_html_(self) -> str:
        from autograder.render.notebook_hints import hint_html

        return hint_html(self.heading, self.steps, self.rest)


@dataclass(frozen=True)
class NoHint:
    """Why there is no hint, as a sentence that a notebook shows."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        from autograder.render.notebook_table import sentence_html

        return sentence_html(self.text)


def hint(task: str = "") -> Unfolded | NoHint:
    """Show the first step towards ``task`` ("predict_labels"), and one more step each time it is called again."""
    try:
        assignment = assignment_of(task)
        key = assignment.folder, task
        unfolded = unfold(assignment, task, _shown.get(key, 0) + 1)
        _shown[key] = len(unfolded.steps)
    except GradlabError as error:
        return NoHint(str(error))
    return unfolded


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
        raise GradlabError(_refusal(task, [task.name for task in assignment.tasks], hints, assignment.name))
    steps = hints.steps[task]
    return Unfolded(task, hints.effort(task), steps[:shown], len(steps))


def _refusal(task: str, tasks: Sequence[str], hints: Hints, assignment: str) -> str:
    if task in tasks:
        return f"{task} has no hint yet. The messages of its checks say what is wrong, and its text what to write."
    if not hints.steps:
        return f"{assignment} has no hints here. If your course has some, gradlab start adds them to your folder."
    meaning = (task and meant(task, tasks)) or f"Hints are there for: {', '.join(hints.steps)}."
    return f"{assignment} has no task {task!r}. {meaning}" if task else f"Name a task. {meaning}"


def assignment_of(task: str) -> Assignment:
    """Return the assignment that has the task: this folder's, or the one in the course here, above or installed.

    If none has it, return this folder's. Raises GradlabError outside of an assignment, and if ``task`` names one.
    """
    if not isinstance(task, str):
        raise GradlabError('hint takes the name of a task as text, for example hint("predict_labels").')
    around = next((folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / MANIFEST).is_file()), None)
    own = read_assignment(around) if around else None
    if own and (not task or _has(own, task)):
        return own
    try:
        found = find_own_assignments()
    except BadManifest:  # a notebook on its own, as on Colab: those that are installed with gradlab
        found = [own] if own else find_assignments(())
    if not task:
        raise GradlabError(f"Name a task, for example {found[0].tasks[0].name} of {found[0].name}.")
    having = [assignment for assignment in found if _has(assignment, task)]
    if len(having) == 1:
        return having[0]
    if having:
        names = " and ".join(assignment.name for assignment in having)
        raise GradlabError(f"{names} have a task {task!r}. Open the notebook in its own folder.")
    if named := [assignment for assignment in found if f"{assignment.name}_".startswith(f"{task}_")]:
        tasks = ", ".join(known.name for known in named[0].tasks)
        raise GradlabError(f"Name a task of {named[0].name}: {tasks}.")
    if own:
        return own
    near = get_close_matches(task, [known.name for assignment in found for known in assignment.tasks], n=1)
    raise GradlabError(f"No assignment has a task {task!r}." + (f" Did you mean {near[0]!r}?" if near else ""))


def _has(assignment: Assignment, task: str) -> bool:
    return any(known.name == task for known in assignment.tasks)


def _stored(folder: Path) -> Mapping[str, int]:
    try:
        table = json.loads((folder / STORE).read_text(encoding="utf-8"))
        return {str(task): int(shown) for task, shown in dict(table).items()}
    except (OSError, ValueError, TypeError):
        return {}
