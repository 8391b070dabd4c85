"""Run the public checks in this process: for `gradlab check`, and for `check("knn")` in a notebook."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.checks.describe import describe
from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.course import earlier_modules
from autograder.core.message import Message
from autograder.core.notebooks import import_name, module_name, notebook_name
from autograder.core.report import CheckResult, Report
from autograder.sandbox.bounded import PRINTED
from autograder.sandbox.link import Link
from autograder.sandbox.local_link import LocalLink
from autograder.session.evidence import Evidence
from autograder.session.kept_checks import KeptChecks
from autograder.session.options import Options
from autograder.session.session import Checks, ReportHeader, with_checks
from autograder.students.as_graded import make_repeatable
from autograder.students.handout import changed_checks
from autograder.students.kernel_code import executed_code, imported_sources, places_of
from autograder.students.leftovers import forgotten
from autograder.submissions.submission import Submission, open_submission


def check_folder(
    assignment: Assignment,
    options: Options,
    *,
    module: str = "",
    arguments: Sequence[str] = (),
    hand_in: Path | None = None,
    isolation: str = "none",
    opened: Callable[[Submission, Path], None] = lambda submission, folder: None,
    progress: Callable[[CheckResult], None] = lambda result: None,
    prints: int | None = PRINTED,
    evidence: dict[str, Evidence] | None = None,
) -> Report:
    """Run the public checks on the student's files in the assignment's folder, or on ``hand_in``.

    With ``module`` ("knn"), only its checks run. With ``isolation`` "none" the code runs in this process: only for
    code that its user trusts.
    ``opened`` gets the submission and its folder before the checks run, ``progress`` each result, and ``evidence`` what
    failed checks called and compared, if the options ask for it. ``prints`` limits what a check's code may print there.
    Raises BadSubmission if the files cannot be read, BadCheck if no check was selected.
    """
    folder = hand_in or assignment.folder
    submission = open_submission(
        folder, assignment, assignment.folder, earlier_modules=earlier_modules(assignment), own_machine=hand_in is None
    )
    opened(submission, folder)

    def body(checks: Checks) -> Report:
        with _linked(submission, folder, assignment, options, isolation, prints) as link:
            results = checks.judge(
                link,
                submission.code,
                only=lambda check: module in ("", check.placed.module),
                progress=progress,
            )
        if evidence is not None:
            evidence.update(checks.state.evidence)
        looked_for = hand_in is None and not options.debugging
        left = forgotten(folder, assignment, submission) if looked_for else []
        notes = (*submission.notes, *changed_checks(assignment.folder, submission.read_from), *left)
        header = ReportHeader("you", submission.digest, notes, submission.remarks)
        return _only(module, assignment, checks.report(header, results, isolation=isolation))

    return with_checks(assignment, options, body, hidden=False, arguments=arguments)


@contextmanager
def _linked(
    submission: Submission, folder: Path, assignment: Assignment, options: Options, isolation: str, prints: int | None
) -> Iterator[Link]:
    """Yield a link to the submission's code: in this process, or in a sandbox that does not see its folder."""
    if isolation != "none":
        from autograder.sandbox.open_link import open_link  # both work on Linux only
        from autograder.sandbox.pool import open_pool

        pool = open_pool(isolation, private=[folder.resolve()], course=assignment.course)
        with pool as opened, open_link(opened, submission.code, assignment) as link:
            yield link
        return
    filenames = submission.paths_below(folder)
    local = LocalLink(
        submission.code, filenames=filenames, prints=prints, debugging=options.debugging, course=assignment.course
    )
    try:
        yield local
    finally:
        local.close()


def saved_files(submission: Submission, folder: Path, module: str = "") -> list[tuple[str, datetime]]:
    """Return the files in ``folder`` from which a submission, or one module, was read, and when each was saved."""
    files = [file for file in submission.files if module in ("", module_name(file))]
    names = [notebook_name(file) if file in submission.code.cells else file for file in files]
    paths = [folder / submission.read_from.get(name, name) for name in names]
    return [(path.name, datetime.fromtimestamp(path.stat().st_mtime)) for path in paths if path.is_file()]


def check_namespace(
    module: str,
    namespace: dict[str, Any],
    cells: Sequence[str],
    options: Options,
    assignment: Assignment,
    *,
    notes: Sequence[str] = (),
    evidence: dict[str, Evidence] | None = None,
    kept: KeptChecks | None = None,
) -> Report:
    """Run the public checks on functions that are defined in ``namespace``, as in a notebook.

    ``cells`` are the cells that ran, as in IPython's `In`. ``notes`` are sentences for the report. ``evidence``
    gets what failed checks called and compared, if the options ask for it. ``kept`` are checks of earlier calls.
    """
    file = assignment.file_of(module)
    tasks = [task.name for task in assignment.tasks if task.file == file]
    functions = _defined(_roots(tasks), [*cells, _script(assignment.folder / file)])
    reused = {name: value for name in functions if not callable(value := namespace.get(name, callable))}
    stand_in = ModuleType(module)
    stand_in.__dict__.update(
        {key: value for key, value in namespace.items() if not key.startswith("__") and key not in reused}
    )
    make_repeatable(stand_in, file, cells, assignment)
    code = executed_code(cells, file, imported_sources(namespace, _roots(tasks), assignment))

    def body(checks: Checks) -> Report:
        explain = partial(_explain_missing, reused)
        link = LocalLink(
            Code(), namespaces={import_name(file): stand_in}, explain=explain, shown=code, course=assignment.course
        )
        places = places_of(vars(stand_in), cells)
        link.worker.files = {file: str(place) for file, place in places.items()}  # only plain texts cross to the check
        try:
            results = checks.judge(link, code, only=lambda check: check.placed.module == module)
        finally:
            link.close()
        if evidence is not None:
            evidence.update(checks.state.evidence)
        header = ReportHeader("you", "", (*notes, *changed_checks(assignment.folder)))
        return _only(module, assignment, checks.report(header, results, isolation="none"))

    return (kept or KeptChecks()).judge(assignment, options, body, module=module)


def _only(module: str, assignment: Assignment, report: Report) -> Report:
    """Return a report with the tasks of one module; with those of all if it names none."""
    file = assignment.file_of(module)
    names = {task.name for task in assignment.tasks if not module or task.file == file}
    return replace(report, tasks=tuple(task for task in report.tasks if task.name in names))


def _roots(tasks: Sequence[str]) -> set[str]:
    return {task.partition(".")[0] for task in tasks}


def _defined(names: Collection[str], texts: Iterable[str]) -> set[str]:
    """Return the names that are functions or classes in one of the texts; other tasks are variables."""
    found = {name for text in texts for name in re.findall(r"^(?:async +)?(?:def|class) +(\w+)", text, re.MULTILINE)}
    return found & set(names)


def _script(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _explain_missing(reused: Mapping[str, Any], name: str) -> str:
    """Return why a name that a check needs is not there."""
    if name in reused:
        return Message(
            "{name} is not the function or class of the task: another cell gave this name to {other}. Choose another "
            "name there, run the cell of {name}, then this one.",
            name=name,
            other=describe(reused[name]),
        )
    return Message("{name} is not defined in this notebook. Run its cell, then this one.", name=name)


def in_nbgrader() -> bool:
    """Return whether nbgrader is running this notebook to grade it."""
    return bool(os.environ.get("NBGRADER_EXECUTION")) and "ipykernel" in sys.modules
