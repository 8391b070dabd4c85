"""``from autograder import check``: run the public checks in a notebook cell and show a coloured table."""

from __future__ import annotations

import inspect
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.core.assignment import Assignment, BadManifest
from autograder.core.course import find_assignment_of_module
from autograder.core.course_file import course_here
from autograder.core.editions import language_of_file
from autograder.core.errors import GradlabError
from autograder.core.language import IN_ENGLISH, Translator, say, speaking
from autograder.core.message import Message, either
from autograder.core.notebooks import module_name, notebook_name
from autograder.core.reader_language import reader_for
from autograder.core.report import Outcome, Report
from autograder.render.extras import Extra
from autograder.render.translated import translated
from autograder.render.words import count
from autograder.session.evidence import Evidence
from autograder.session.kept_checks import KeptChecks
from autograder.session.options import Options, known_data, pick_device
from autograder.session.verdict import show
from autograder.students.check import check_namespace, in_nbgrader
from autograder.students.failures import extras_of
from autograder.students.kernel_code import as_written, place_in_cell, without_exit_commands
from autograder.students.notebook_reader import notebook_reader
from autograder.students.saved_notebook import Executed, notes_on_saved
from autograder.students.siblings import SiblingFinder, find_siblings
from autograder.students.status import remember


@dataclass(frozen=True)
class Shown:
    """A report that displays itself: as a table in Jupyter, as text elsewhere, as points for nbgrader's autograder."""

    report: Report
    extras: Mapping[str, Extra] = field(default_factory=dict)
    to: Translator = IN_ENGLISH

    def _repr_html_(self) -> str | None:
        if in_nbgrader():
            return None
        from autograder.render.notebook_table import report_table_html

        with speaking(self.to):
            return report_table_html(translated(self.report, self.to), self.extras)

    def __repr__(self) -> str:
        available = sum(check.max_points for check in self.report.checks)
        if in_nbgrader():  # it reads the cell's text as the points of the task
            return repr(round(self.report.points / max(available, 1) * self.report.max_points, 3))
        codes = [extra.code for extra in self.extras.values() if extra.code]
        with speaking(self.to):
            return self._text(codes, available)

    def _text(self, codes: list[str], available: int) -> str:
        checks = translated(self.report, self.to).checks
        lost = [show(check, self.to) for check in checks if check.outcome is not Outcome.PASSED]
        return "\n\n".join(
            [*lost, *codes, say("{points} of {most}", points=self.report.points, most=count(available, "point"))]
        )


@dataclass(frozen=True)
class Sentence:
    """Why nothing was checked, shown in place of the table."""

    text: str

    def _repr_html_(self) -> str:
        from autograder.render.notebook_table import sentence_html

        return sentence_html(self.text)

    def __repr__(self) -> str:
        return self.text


class Interrupted(KeyboardInterrupt):
    """A student interrupted the kernel during a check. IPython shows one sentence and does not run further cells."""

    def __init__(self, place: str) -> None:
        inside = place.startswith("cell")
        super().__init__(
            say("Interrupted in {place}. Nothing was checked.", place=place)
            if inside
            else say("Interrupted. Nothing was checked.")
        )

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def check(
    module: str = "",
    task: str | None = None,
    *,
    device: str = "cpu",
    data: str = "",
    show_input: bool = False,
    picture: bool = False,
) -> Shown | Sentence:
    """Run the public checks of ``module`` ("knn") on the functions that this notebook defines.

    With ``task``, run only the checks of this task. With ``show_input``, a failed check shows its input as code to
    paste; with ``picture``, it draws your result, the expected one and their difference, if they are images, matrices
    or maps. If an argument is wrong, return a sentence instead.
    """
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    try:
        return _check(module, frame.f_back.f_globals, task, device, data, show_input=show_input, picture=picture)
    except KeyboardInterrupt as stop:
        with speaking(notebook_reader()):
            raise Interrupted(place_in_cell(stop)) from None
    except Exception as error:
        if in_nbgrader() or not (isinstance(error, GradlabError) or course_here().owns(error)):
            raise
        with speaking(notebook_reader()):
            return Sentence(say("Nothing was checked. {error}", error=str(error)))


def _check(
    module: str,
    namespace: dict[str, Any],
    task: str | None,
    device: str,
    data: str,
    *,
    show_input: bool = False,
    picture: bool = False,
) -> Shown:
    if not isinstance(module, str) or not module:
        raise GradlabError(
            'check takes the name of a module as text, for example check("knn") or check("knn", task="f").'
        )
    cells = [Executed(as_written(cell), _KERNEL.ran_at(number)) for number, cell in enumerate(namespace.get("In", []))]
    assignment = find_assignment_of_module(module)
    if not assignment.file_of(module):
        modules = either([f'check("{module_name(file)}")' for file in assignment.files])
        raise BadManifest(
            Message(
                "{assignment} has no module {module!r}. Use {modules}.",
                assignment=assignment.name,
                module=module,
                modules=modules,
            )
        )
    if task is not None:
        assignment.task(task)
    options = Options(
        device=pick_device(device),
        data=known_data(data, assignment.course),
        task=task,
        evidence=bool(show_input or picture),
    )
    evidence: dict[str, Evidence] = {}
    sources = [cell.source for cell in cells]
    notes = _KERNEL.notes(module, namespace, cells, assignment)
    to = _reader(namespace, module, assignment)
    with speaking(to), without_exit_commands(namespace):  # the language is for what is printed while checks run
        report = check_namespace(
            module, namespace, sources, options, assignment, notes=notes, evidence=evidence, kept=_KERNEL.kept
        )
    if not in_nbgrader():
        remember(report, assignment)
    extras = extras_of(evidence, assignment.folder, show_input=show_input, picture=picture, notebook=True)
    return Shown(report, extras, to)


def _reader(namespace: dict[str, Any], module: str, assignment: Assignment) -> Translator:
    """Return what translates into the language of this notebook."""
    path = _notebook_path(namespace) or assignment.folder / notebook_name(f"{module}.py")
    return reader_for("", assignment.course, language_of_file(path), domain=assignment.name)


class _Kernel:
    """What is known of the kernel that this module was imported in; outside of a kernel, nothing."""

    def __init__(self) -> None:
        self.began = time.time()
        self.times: dict[int, float] = {}  # when each cell ran, by its number
        self.kept = KeptChecks()
        self.siblings: SiblingFinder | None = None
        shell = sys.modules["IPython"].get_ipython() if "ipykernel" in sys.modules else None
        if shell is not None:
            with suppress(GradlabError):  # what is missing is said when a cell checks something
                course_here().make_importable()
            shell.events.register("post_run_cell", self._record)
            self.siblings = find_siblings(Path.cwd())

    def _record(self, result: Any) -> None:
        if result.execution_count is not None:
            self.times[result.execution_count] = time.time()

    def ran_at(self, number: int) -> float:
        return self.times.get(number, self.began)

    def notes(
        self, module: str, namespace: dict[str, Any], cells: list[Executed], assignment: Assignment
    ) -> tuple[str, ...]:
        """Return what the student should know about the saved notebook, and about notebooks that this one imported."""
        if self.siblings is None:
            return ()
        path = _notebook_path(namespace) or assignment.folder / notebook_name(f"{module}.py")
        return (*notes_on_saved(path, module, cells, namespace, assignment), *self.siblings.changed())


def _notebook_path(namespace: dict[str, Any]) -> Path | None:
    """Return the file of the notebook that runs in this kernel, where Jupyter or VS Code say it."""
    path = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    return Path(path) if isinstance(path, str) and path.endswith(".ipynb") and Path(path).is_file() else None


_KERNEL = _Kernel()
