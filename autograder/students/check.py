"""Run the public checks in this process: for `gradlab check`, and for `check("knn")` in a notebook."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.course import earlier_modules
from autograder.core.report import CheckResult, Report
from autograder.sandbox.local_link import LocalLink
from autograder.session.options import Options
from autograder.session.session import Checks, ReportHeader, with_checks
from autograder.students.handout import changed_checks
from autograder.submissions.submission import open_submission


def check_folder(
    assignment: Assignment,
    options: Options,
    *,
    arguments: Sequence[str] = (),
    hand_in: Path | None = None,
    progress: Callable[[CheckResult], None] = lambda result: None,
) -> Report:
    """Run the public checks on the student's files in the assignment's folder, or on ``hand_in``.

    Raises BadSubmission if the files cannot be read, BadCheck if no check was selected.
    """
    folder = hand_in or assignment.folder
    submission = open_submission(folder, assignment, assignment.folder, earlier_modules=earlier_modules(assignment))
    filenames = submission.paths_below(folder)

    def body(checks: Checks) -> Report:
        link = LocalLink(submission.code, filenames=filenames, debugging=options.debugging)
        try:
            results = checks.judge(link, submission.code, progress=progress)
        finally:
            link.close()
        notes = (*submission.notes, *changed_checks(assignment.folder))
        return checks.report(
            ReportHeader("you", submission.digest, notes, submission.remarks), results, isolation="none"
        )

    return with_checks(assignment, options, body, hidden=False, arguments=arguments)


def check_namespace(
    module: str, namespace: dict[str, Any], source: str, options: Options, assignment: Assignment
) -> Report:
    """Run the public checks on functions that are defined in ``namespace``, as in a notebook."""
    stand_in = ModuleType(module)
    stand_in.__dict__.update({key: value for key, value in namespace.items() if not key.startswith("__")})
    code = Code({f"{module}.py": source})

    def body(checks: Checks) -> Report:
        link = LocalLink(Code(), namespaces={module: stand_in})
        link.worker.files = dict.fromkeys(_code_files(stand_in), "notebook")
        try:
            results = checks.judge(link, code, only=lambda check: check.placed.module == module)
        finally:
            link.close()
        return checks.report(ReportHeader("you", "", changed_checks(assignment.folder)), results, isolation="none")

    return with_checks(assignment, options, body, hidden=False)


def _code_files(module: ModuleType) -> set[str]:
    """Return the file names that tracebacks show for a notebook's cells."""
    names = set()
    for value in vars(module).values():
        members = vars(value).values() if isinstance(value, type) and value.__module__ == "__main__" else (value,)
        for member in members:
            code = getattr(getattr(member, "__func__", member), "__code__", None)
            if code is not None and getattr(member, "__module__", None) in ("__main__", None):
                names.add(code.co_filename)
    return names


def executed_source(cells: Sequence[str]) -> str:
    """Return the code of executed cells as one text, without cells that do not parse (magics)."""
    parsed = []
    for cell in cells:
        try:
            ast.parse(cell)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        parsed.append(cell)
    return "\n\n".join(parsed)


def in_nbgrader() -> bool:
    """Return whether nbgrader is running this notebook to grade it."""
    return bool(os.environ.get("NBGRADER_EXECUTION")) and "ipykernel" in sys.modules
