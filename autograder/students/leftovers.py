"""What a student may have forgotten before handing in: a second version, other written files, and breakpoints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.message import Message, first_of
from autograder.core.notebooks import accepted_names, describe_line, notebook_name
from autograder.submissions.find import list_files
from autograder.submissions.notebook import read_module
from autograder.submissions.source import BadSubmission, printable
from autograder.submissions.statements import written_tasks
from autograder.submissions.submission import BOTH_EDITED, Submission

LARGEST = 20_000_000  # bytes of a file that is looked at
SHOWN = 3  # files, or tasks of one file, that are named


def forgotten(folder: Path, assignment: Assignment, submission: Submission) -> list[str]:
    """Return a sentence for each other file in ``folder`` with written tasks, for two versions, and each breakpoint."""
    others = _other_files(folder, assignment, submission)
    return [*both_edited(folder, assignment, submission), *others, *_breakpoints(submission)]


def both_edited(folder: Path, assignment: Assignment, submission: Submission) -> list[Message]:
    """Return what to do for each notebook and script in ``folder`` that were both edited and differ.

    First, what only the file that is not graded contains; then when each was saved.
    """
    texts = [remark.text for remark in submission.remarks]
    doubts = [str(text) for text in texts if isinstance(text, Message) and text.template == BOTH_EDITED]
    found = []
    for script in assignment.files:
        notebook = notebook_name(script)
        here = (folder / notebook).is_file() and (folder / script).is_file()
        if here and any(notebook in doubt and script in doubt for doubt in doubts):
            graded, other = (notebook, script) if script in submission.code.cells else (script, notebook)
            tasks = [task.name for task in assignment.tasks if task.file == script]
            done = written_tasks(submission.files[script], tasks)
            left = [task for task in _written_in(folder / other, tasks) if task not in done]
            if left:
                found.append(
                    Message(
                        "Only {other} has {tasks}: first copy this into {graded}.",
                        other=other,
                        tasks=first_of(left, SHOWN),
                        graded=graded,
                    )
                )
            one, later = (_moment((folder / name).stat().st_mtime) for name in (notebook, script))
            found.append(
                Message(
                    "{notebook} was saved {one}, {script} {other}. Delete the one that should not count, then run "
                    "gradlab check again.",
                    notebook=notebook,
                    one=one,
                    script=script,
                    other=later,
                )
            )
    return found


def _written_in(path: Path, tasks: list[str]) -> list[str]:
    try:
        return _written(path.name, path.read_bytes(), tasks)
    except OSError:
        return []


def _moment(saved: float) -> str:
    return f"{datetime.fromtimestamp(saved):%Y-%m-%d %H:%M}"


def _other_files(folder: Path, assignment: Assignment, submission: Submission) -> Iterator[str]:
    if not folder.is_dir():
        return
    graded = {*accepted_names(assignment.files), *submission.files, *submission.code.files}
    tasks = [task.name for task in assignment.tasks]
    roots = sorted({task.partition(".")[0] for task in tasks})
    defined = re.compile(rb"\b(?:def|class)[ \t]+(?:" + "|".join(roots).encode() + rb")\b")
    noted = " ".join(submission.notes)  # here the choice of files has its own sentence
    try:
        with list_files(folder) as listing:
            found = [
                (entry.path, entry.saved, entry.read())
                for entry in listing.entries
                if entry.path not in graded and entry.size <= LARGEST and printable(entry.path) not in noted
            ]
    except BadSubmission:  # it is reported where the work is packed or checked
        return
    named = 0
    for path, saved, data in found:
        written = _written(path, data, tasks) if defined.search(data) else []
        if not written or named == SHOWN:
            continue
        named += 1
        names = first_of(written, SHOWN)
        other = printable(path)
        if saved:
            other = Message("{file}, saved {when},", file=other, when=_moment(saved))
        file = next(task.file for task in assignment.tasks if task.name == written[0])
        graded_file = notebook_name(file) if file in submission.code.cells else file
        yield (
            Message(
                "{other} also contains written tasks ({names}), but {file} is handed in. To hand them in, copy them "
                "into {file}; otherwise delete {copy}.",
                other=other,
                names=names,
                file=graded_file,
                copy=printable(path),
            )
        )


def _written(path: str, data: bytes, tasks: list[str]) -> list[str]:
    try:
        return written_tasks(read_module(data, path, tasks).text, tasks)
    except BadSubmission:
        return []


def _breakpoints(submission: Submission) -> Iterator[str]:
    for file, text in submission.files.items():
        try:
            nodes = list(ast.walk(ast.parse(text)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        cells = submission.code.cells.get(file, ())
        for node in nodes:
            if isinstance(node, ast.Call) and _stops(node.func):
                place = describe_line(cells, node.lineno, file=file)
                if cells:
                    place = Message("{file}, {place}", file=notebook_name(file), place=place)
                yield Message(
                    "{place}: a breakpoint is left. Graded code ends there with an error. Remove it.", place=place
                )


def _stops(function: ast.expr) -> bool:
    """Return whether this is `breakpoint` or `pdb.set_trace`."""
    if isinstance(function, ast.Name):
        return function.id in ("breakpoint", "set_trace")
    return isinstance(function, ast.Attribute) and function.attr == "set_trace"
