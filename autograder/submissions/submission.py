"""A hand-in opened and reduced to the modules that are graded.

From a path to source text: handin.py reads bytes, notebook.py makes modules of notebooks, and this file decides between
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
from autograder.core.notebooks import describe_line, notebook_name
from autograder.submissions.find import Found, find_files
from autograder.submissions.notebook import Cells, Module, statements_kept, to_module
from autograder.submissions.source import BadSubmission, decode, parse, shown
from autograder.submissions.statements import unwritten_places

__all__ = ["BadSubmission", "Submission", "open_submission", "read_wanted_files", "submission_from_files"]


@dataclass(frozen=True)
class Submission:
    """What is graded of a hand-in."""

    student: str
    files: dict[str, str]  # "knn.py" -> source text
    digest: str  # sha256 over names and contents of the wanted files as handed in
    notes: tuple[str, ...]  # sentences about the hand-in
    cells: dict[str, Cells]  # for modules that came from a notebook; notebook.place reads them


def open_submission(
    path: Path, assignment: Assignment, stub_folder: Path | None = None, *, earlier_modules: Sequence[str] = ()
) -> Submission:
    """Open a zip, a folder, a notebook or a script.

    ``stub_folder`` holds the released files (default: the assignment's own folder); what is no different from them
    is ignored beside what is, and a module that was not handed in is taken from there. ``beside`` names modules of
    earlier assignments that are taken along when they are there.
    Raises BadSubmission with the reason when nothing can be graded.
    """
    found = read_wanted_files(path, assignment, earlier_modules=earlier_modules)
    return submission_from_files(
        found, _student(path, assignment), assignment, stub_folder, earlier_modules=earlier_modules
    )


def submission_from_files(
    found: Mapping[str, bytes],
    student: str,
    assignment: Assignment,
    stub_folder: Path | None = None,
    *,
    earlier_modules: Sequence[str] = (),
) -> Submission:
    """The same from what ``read_wanted_files`` read, here or on another machine."""
    stub_folder = stub_folder or assignment.folder
    files: dict[str, str] = {}
    cells: dict[str, Cells] = {}
    notes: list[str] = []
    for name in _modules(assignment, earlier_modules):
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
    """The digest that ``open_submission`` would give the hand-in, which is read and not parsed for it.

    Raises BadSubmission when nothing in it is wanted, or it cannot be read.
    """
    return _digest(read_wanted_files(path, assignment, earlier_modules=earlier_modules))


def read_wanted_files(path: Path, assignment: Assignment, *, earlier_modules: Sequence[str] = ()) -> dict[str, bytes]:
    """The files of a hand-in that are graded, as bytes. Raises BadSubmission."""
    own, others = (
        [name for module in modules for name in (notebook_name(module), module)]
        for modules in (assignment.files, earlier_modules)
    )
    found = find_files(path, own, optional=[name for name in others if name not in own])
    if not found.files:
        raise BadSubmission(_nothing(path, assignment, found))
    return found.files


def _modules(assignment: Assignment, earlier_modules: Sequence[str]) -> list[str]:
    return [*assignment.files, *(name for name in earlier_modules if name not in assignment.files)]


def _module(
    name: str, files: Mapping[str, bytes], wanted: Sequence[str], stub: Module | None, notes: list[str]
) -> Module | None:
    """The module of that name, from the notebook or the script, whichever was edited."""
    candidates: dict[str, Module] = {}
    if (notebook := notebook_name(name)) in files:
        candidates[notebook] = to_module(files[notebook], notebook, wanted)
    if name in files:
        text = decode(files[name], name)
        parse(text, name)
        candidates[name] = Module(text)
    if not candidates:
        return None
    # In a student's own folder the "handout" is the student's work: then only the two files tell each other apart.
    trees = {file: _trees(module.text, wanted) for file, module in candidates.items()}
    handout = _trees(stub.text, wanted).keys() if stub and wanted and not _written(stub, wanted) else None
    idle = [file for file in candidates if trees[file].keys() == handout]
    if len(idle) == len(candidates):
        notes.append(f"Nothing is written yet in {' and '.join(candidates)}.")
        return next(iter(candidates.values()))
    if len(candidates) == 2 and not idle:
        left = {file: _left(module, wanted) for file, module in candidates.items()}
        idle = [file for file in candidates if all(left[file] > left[other] for other in candidates if other != file)]
        idle = [file for file in idle if not _written(candidates[file], wanted)]
    for file in idle:
        del candidates[file]
        notes.append(f"Nothing is written in {file}, so it was ignored.")
    if len(candidates) == 2:
        _refuse_differences(name, candidates[notebook].cells, trees[notebook], trees[name])
    return next(iter(candidates.values()))


def _left(module: Module, wanted: Sequence[str]) -> frozenset[tuple[str, str, int]]:
    """The places still to write, in the definitions of the tasks; in all where no tasks are known."""
    roots = {task.split(".")[0] for task in wanted}
    return frozenset(
        (root, *place)
        for root, node in _definitions(module).items()
        if root in roots or not roots
        for place in unwritten_places(node)
    )


def _written(module: Module, wanted: Sequence[str]) -> list[str]:
    """The tasks that are defined with nothing left to write."""
    definitions = _definitions(module)
    left = {(root, function) for root, function, _ in _left(module, wanted)}
    return [
        task
        for task in wanted
        for root, _, method in [task.partition(".")]
        if root in definitions and not any(root == r and method in ("", function) for r, function in left)
    ]


def _definitions(module: Module) -> dict[str, ast.stmt]:
    body = ast.parse(module.text).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


def _refuse_differences(name: str, cells: Cells, ours: Mapping[str, int], theirs: Mapping[str, int]) -> None:
    """Both files were edited: they must say the same, but for comments and order."""
    different = [
        f"{describe_line(cells, line)} of {notebook_name(name)}" for tree, line in ours.items() if tree not in theirs
    ]
    different += [f"line {line} of {name}" for tree, line in theirs.items() if tree not in ours]
    if different:
        raise BadSubmission(
            f"{notebook_name(name)} and {name} were both edited and differ, first in {different[0]}. "
            "Hand in only the one that is to be graded."
        )


def _trees(text: str, wanted: Sequence[str]) -> dict[str, int]:
    """The statements that count, but for imports, each with its line."""
    lines = text.split("\n")
    trees = {}
    for node in statements_kept(text, wanted):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            try:
                tree = ast.dump(node)
            except RecursionError:  # hundreds of terms in one expression
                tree = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            trees[tree] = node.lineno
    return trees


def _stub(path: Path) -> Module | None:
    return Module(path.read_text(encoding="utf-8")) if path.is_file() else None


def _nothing(path: Path, assignment: Assignment, found: Found) -> str:
    name = shown(path.name)
    wanted = " and no ".join(name for module in assignment.files for name in (notebook_name(module), module))
    if found.others == (path.name,):
        return f"{name} cannot be graded: there is no {wanted}. Hand in one of them, or a zip or folder that holds it."
    others = ", ".join(shown(other, limit=40) for other in found.others[:6]) or "nothing"
    more = f" and {len(found.others) - 6} more" if len(found.others) > 6 else ""
    return f"{name} has no {wanted}; it holds {others}{more}. Hand in the file under its own name."


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _student(path: Path, assignment: Assignment) -> str:
    """The name of the zip or folder; of the folder around it where that says only which assignment it is."""
    generic = {assignment.name, *(module.removesuffix(".py") for module in assignment.files)}
    path = Path(os.path.abspath(path))
    name = path.name if path.is_dir() else path.stem
    if name in generic and path.parent.name:
        name = path.parent.name
    return shown(os.fsencode(name).decode("utf-8", "replace"))
