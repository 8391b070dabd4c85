"""``from autograder import check``: run the public checks in a notebook cell and show a coloured table."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from autograder.core.assignment import BadManifest
from autograder.core.course import find_assignment_of_module
from autograder.core.report import Outcome, Report
from autograder.session.options import Options, known_data, pick_device
from autograder.session.verdict import show
from autograder.students.check import check_namespace, executed_source, in_nbgrader


@dataclass(frozen=True)
class Shown:
    """A report that displays itself: as a table in Jupyter, as text elsewhere, as points for nbgrader's autograder."""

    report: Report

    def _repr_html_(self) -> str | None:
        if in_nbgrader():
            return None
        from autograder.render.notebook_table import report_table_html

        return report_table_html(self.report)

    def __repr__(self) -> str:
        available = sum(check.max_points for check in self.report.checks)
        if in_nbgrader():  # it reads the cell's text as the points of the task
            return repr(round(self.report.points / max(available, 1) * self.report.max_points, 3))
        lost = [show(check) for check in self.report.checks if check.outcome is not Outcome.PASSED]
        return "\n\n".join([*lost, f"{self.report.points} of {available} points"])


def check(module: str, *, task: str | None = None, device: str = "cpu", data: str = "scenes") -> Shown:
    """Run the public checks of ``module`` ("knn") on the functions that this notebook defines.

    With ``task``, run only the checks of this task. Raises BadManifest if there is no such module or task.
    """
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    namespace: dict[str, Any] = frame.f_back.f_globals
    source = executed_source([cell for cell in namespace.get("In", []) if isinstance(cell, str)])
    assignment = find_assignment_of_module(module)
    if f"{module}.py" not in assignment.files:
        modules = " or ".join(f'check("{file.removesuffix(".py")}")' for file in assignment.files)
        raise BadManifest(f"{assignment.name} has no module {module!r}. Use {modules}.")
    if task is not None:
        assignment.task(task)
    options = Options(device=pick_device(device), data=known_data(data), task=task)
    return Shown(check_namespace(module, namespace, source, options, assignment))
