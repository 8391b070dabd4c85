"""`gradlab submit`: create the zip to hand in, or explain why it could not be graded."""

from __future__ import annotations

import ast
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.course import earlier_modules
from autograder.core.files import write_atomically
from autograder.core.notebooks import notebook_name
from autograder.submissions.selection import select_files
from autograder.submissions.statements import bound_names, unwritten_places
from autograder.submissions.submission import BadSubmission, open_submission

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date of the zip format: the same files make the same zip


@dataclass(frozen=True)
class Packed:
    """The zip that was created, with warnings for its author."""

    path: Path
    warnings: tuple[str, ...]
    blank: bool = False  # no task is written yet


def submit(assignment_folder: Path, out: Path | None = None) -> Packed:
    """Create ``<assignment>.zip`` in the current folder, in the folder ``out`` or as the file ``out``.

    Raises BadSubmission if the work could not be graded: a file is not valid Python, a task is not defined, a notebook
    and its script differ, or a module is missing.
    """
    assignment = read_assignment(assignment_folder)
    submission = open_submission(assignment_folder, assignment, earlier_modules=earlier_modules(assignment))
    problems = [str(remark) for remark in submission.remarks if remark.kind in ("unreadable", "doubtful")]
    if problems:
        raise BadSubmission(" ".join(problems))
    missing = [module for module in assignment.files if module not in submission.files]
    if missing:
        notebook = notebook_name(missing[0])
        raise BadSubmission(
            f"{assignment_folder} contains neither {notebook} nor {missing[0]}. Restore them with gradlab start."
        )
    undefined, unfinished = [], []
    for task in assignment.tasks:
        written = _is_written(ast.parse(submission.files[task.file]).body, task.name)
        if written is None:
            undefined.append(f"{task.name} ({task.file})")
        elif not written:
            unfinished.append(task.name)
    if undefined:
        raise BadSubmission(
            f"No definition was found for {', '.join(undefined)}. Restore the cell from the handout and write your "
            "solution there."
        )

    selection = select_files(assignment_folder, assignment)
    path = _target(assignment, out)
    write_atomically(path, _zip({**selection.files, **selection.own_modules}))
    warnings = [*submission.notes]
    if unfinished:
        warnings.append(f"Not written yet, so they earn no points: {', '.join(unfinished)}.")
    return Packed(path, tuple(warnings), blank=len(unfinished) == len(assignment.tasks))


def _is_written(body: Sequence[ast.stmt], task: str) -> bool | None:
    """Return whether no place of the task is left to write; None if the task is not defined."""
    root, _, method = task.partition(".")
    found = [node for node in body if root in bound_names(node)]
    if not found:
        return None
    node = found[-1]
    if method and isinstance(node, ast.ClassDef):
        inside = [child for child in node.body if method in bound_names(child)]
        if not inside:
            return True if node.bases else None
        return not unwritten_places(inside[-1])
    return not unwritten_places(node)


def _target(assignment: Assignment, out: Path | None) -> Path:
    out = out or Path.cwd()
    if out.is_dir():
        return out / f"{assignment.name}.zip"
    if not out.parent.is_dir():
        raise BadSubmission(f"The folder {out.parent} does not exist. Create it, or choose another with --out.")
    if out.suffix.lower() != ".zip":
        raise BadSubmission(
            f"The folder {out} does not exist, and a file must be called .zip. "
            f"Use --out {out}.zip, or create the folder first."
        )
    return out


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = 3, 0o100644 << 16  # the same file on every system
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return buffer.getvalue()
