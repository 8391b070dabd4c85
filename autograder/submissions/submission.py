"""Open a hand-in and reduce it to the modules that are graded.

From a path to source text: find.py reads bytes, notebook.py turns notebooks into modules, and this file decides between
a notebook and a script of the same name.
"""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.notebooks import CellStarts, accepted_names, describe_line, notebook_name
from autograder.submissions.find import Found, find_files
from autograder.submissions.notebook import Module, module_statements, to_module
from autograder.submissions.source import BadSubmission, decode_source, parse_source, printable
from autograder.submissions.statements import unwritten_places

__all__ = [
    "BadSubmission",
    "Submission",
    "open_submission",
    "read_wanted_files",
    "submission_digest",
    "submission_from_files",
]


@dataclass(frozen=True)
class Submission:
    """The part of a hand-in that is graded."""

    student: str
    files: dict[str, str]  # "knn.py" -> source text
    digest: str  # sha256 of names and contents of the wanted files as they were handed in
    notes: tuple[str, ...]  # sentences about the hand-in
    cells: dict[str, tuple[tuple[int, int], ...]]  # core.notebooks.CellStarts of each module that came from a notebook


def open_submission(
    path: Path, assignment: Assignment, stub_folder: Path | None = None, *, earlier_modules: Sequence[str] = ()
) -> Submission:
    """Open a zip, a folder, a notebook or a script.

    ``stub_folder`` contains the released files (default: the assignment's own folder). If only one of a notebook and
    its script differs from them, the other is ignored; a module that was not handed in is taken from there.
    ``earlier_modules`` names modules of earlier assignments that are added when the hand-in contains them.
    Raises BadSubmission with the reason when nothing can be graded.
    """
    found = read_wanted_files(path, assignment, earlier_modules=earlier_modules)
    student = _student(path, assignment)
    return submission_from_files(found, student, assignment, stub_folder, earlier_modules=earlier_modules)


def submission_from_files(
    found: Mapping[str, bytes],
    student: str,
    assignment: Assignment,
    stub_folder: Path | None = None,
    *,
    earlier_modules: Sequence[str] = (),
) -> Submission:
    """Do what ``open_submission`` does, from the files that ``read_wanted_files`` read here or on another machine."""
    stub_folder = stub_folder or assignment.folder
    files: dict[str, str] = {}
    cells: dict[str, tuple[tuple[int, int], ...]] = {}
    notes: list[str] = []
    for name in [*assignment.files, *(name for name in earlier_modules if name not in assignment.files)]:
        wanted = [task.name for task in assignment.tasks if task.file == name]
        stub = _stub(stub_folder / name)
        try:
            module = _module(name, found, wanted, stub, notes)
        except BadSubmission as problem:
            if name in assignment.files:
                raise
            notes.append(f"{problem} {name} was ignored.")
            continue
        if module is None and name in assignment.files:
            notes.append(f"{name} was not handed in, so its tasks count as not written.")
            module = stub
        if module is not None:
            files[name] = module.text
            notes += module.notes
            if module.cells:
                cells[name] = module.cells
    return Submission(student, files, _digest(found), tuple(notes), cells)


def submission_digest(path: Path, assignment: Assignment, *, earlier_modules: Sequence[str] = ()) -> str:
    """Return the digest that ``open_submission`` would give, without parsing any file.

    Raises BadSubmission when the hand-in has none of the wanted files, or cannot be read.
    """
    return _digest(read_wanted_files(path, assignment, earlier_modules=earlier_modules))


def read_wanted_files(path: Path, assignment: Assignment, *, earlier_modules: Sequence[str] = ()) -> dict[str, bytes]:
    """Return the files of a hand-in that are graded, as bytes. Raises BadSubmission."""
    own = accepted_names(assignment.files)
    optional = [name for name in accepted_names(earlier_modules) if name not in own]
    found = find_files(path, own, optional=optional)
    if not found.files:
        raise BadSubmission(_nothing_wanted(path, assignment, found))
    return found.files


def _module(
    name: str, files: Mapping[str, bytes], wanted: Sequence[str], stub: Module | None, notes: list[str]
) -> Module | None:
    """Return the module of that name, from the notebook or from the script, whichever was edited."""
    candidates: dict[str, Module] = {}
    if (notebook := notebook_name(name)) in files:
        candidates[notebook] = to_module(files[notebook], notebook, wanted)
    if name in files:
        text = decode_source(files[name], name)
        parse_source(text, name)
        candidates[name] = Module(text)
    if not candidates:
        return None
    # In a student's own folder the "handout" is the student's work, so only the two files can be compared.
    trees = {file: _trees(module.text, wanted) for file, module in candidates.items()}
    handout = _trees(stub.text, wanted).keys() if stub and wanted and not _written(stub, wanted) else None
    untouched = [file for file in candidates if trees[file].keys() == handout]
    if len(untouched) == len(candidates):
        notes.append(f"Nothing is written yet in {' and '.join(candidates)}.")
        return next(iter(candidates.values()))
    if len(candidates) == 2 and not untouched:
        left = {file: _left_to_write(module, wanted) for file, module in candidates.items()}
        behind = [file for file in candidates if all(left[file] > left[other] for other in candidates if other != file)]
        untouched = [file for file in behind if not _written(candidates[file], wanted)]
    for file in untouched:
        del candidates[file]
        notes.append(f"Nothing is written in {file}, so it was ignored.")
    if len(candidates) == 2:
        _refuse_differences(name, candidates[notebook].cells, trees[notebook], trees[name])
    return next(iter(candidates.values()))


def _left_to_write(module: Module, wanted: Sequence[str]) -> frozenset[tuple[str, str, int]]:
    """Return the unwritten places in the definitions of the tasks, or in all definitions where no tasks are known."""
    roots = {task.split(".")[0] for task in wanted}
    return frozenset(
        (root, *place)
        for root, node in _definitions(module).items()
        if root in roots or not roots
        for place in unwritten_places(node)
    )


def _written(module: Module, wanted: Sequence[str]) -> list[str]:
    """Return the tasks that are defined and have no unwritten places."""
    definitions = _definitions(module)
    left = {(root, function) for root, function, _ in _left_to_write(module, wanted)}
    return [
        task
        for task in wanted
        for root, _, method in [task.partition(".")]
        if root in definitions and not any(root == r and method in ("", function) for r, function in left)
    ]


def _definitions(module: Module) -> dict[str, ast.stmt]:
    body = ast.parse(module.text).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


def _refuse_differences(
    name: str, cells: CellStarts, in_notebook: Mapping[str, int], in_script: Mapping[str, int]
) -> None:
    """Raise BadSubmission if a notebook and its script, both edited, differ in more than comments and order."""
    notebook = notebook_name(name)
    different = [
        f"{describe_line(cells, line)} of {notebook}" for tree, line in in_notebook.items() if tree not in in_script
    ]
    different += [f"line {line} of {name}" for tree, line in in_script.items() if tree not in in_notebook]
    if different:
        raise BadSubmission(
            f"{notebook} and {name} were both edited and differ, first in {different[0]}. "
            "Hand in only the one that you want graded."
        )


def _trees(text: str, wanted: Sequence[str]) -> dict[str, int]:
    """Return the statements that count, except imports, each with its line."""
    lines = text.split("\n")
    trees = {}
    for node in module_statements(text, wanted):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            try:
                tree = ast.dump(node)
            except RecursionError:  # hundreds of terms in one expression
                tree = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            trees[tree] = node.lineno
    return trees


def _stub(path: Path) -> Module | None:
    return Module(path.read_text(encoding="utf-8")) if path.is_file() else None


def _nothing_wanted(path: Path, assignment: Assignment, found: Found) -> str:
    name = printable(path.name)
    *names, last = accepted_names(assignment.files)
    wanted = f"{', '.join(names)} or {last}"
    if found.others == (path.name,):
        return f"{name} cannot be graded. Hand in {wanted}, or a zip or folder that contains it."
    others = ", ".join(printable(other, limit=40) for other in found.others[:6]) or "no other files"
    more = f" and {len(found.others) - 6} more" if len(found.others) > 6 else ""
    return f"{name} contains no {wanted}. It contains {others}{more}. Give your file its original name."


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _student(path: Path, assignment: Assignment) -> str:
    """Return the name of the zip or folder, or of the folder around it if its own is just the assignment's."""
    generic = {assignment.name, *(module.removesuffix(".py") for module in assignment.files)}
    path = Path(os.path.abspath(path))
    name = path.name if path.is_dir() else path.stem
    if name in generic and path.parent.name:
        name = path.parent.name
    return printable(os.fsencode(name).decode("utf-8", "replace"))
