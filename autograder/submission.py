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

from autograder.handin import Found, find
from autograder.keep import unwritten
from autograder.manifest import Assignment
from autograder.notebook import Cells, Module, place, statements_kept, to_module
from autograder.source import BadSubmission, decode, parse, shown

__all__ = ["BadSubmission", "Submission", "open_submission"]


@dataclass(frozen=True)
class Submission:
    """What is graded of a hand-in."""

    student: str
    files: dict[str, str]  # "knn.py" -> source text
    digest: str  # sha256 over names and contents of the wanted files as handed in
    notes: tuple[str, ...]  # sentences about the hand-in
    cells: dict[str, Cells]  # for modules that came from a notebook; notebook.place reads them


def open_submission(
    path: Path, assignment: Assignment, stub_folder: Path | None = None, *, beside: Sequence[str] = ()
) -> Submission:
    """Open a zip, a folder, a notebook or a script.

    ``stub_folder`` holds the released files (default: the assignment's own folder); a module that was not handed in
    is taken from there. ``beside`` names modules of earlier assignments that are taken along when they are there.
    Raises BadSubmission with the reason when nothing can be graded.
    """
    stub_folder = stub_folder or assignment.folder
    modules = [*assignment.files, *(name for name in beside if name not in assignment.files)]
    found = find(path, [name for module in modules for name in (_notebook(module), module)])
    if not any(name in found.files for module in assignment.files for name in (_notebook(module), module)):
        raise BadSubmission(_nothing(path, assignment, found))

    files: dict[str, str] = {}
    cells: dict[str, Cells] = {}
    notes: list[str] = []
    for name in modules:
        wanted = [task.name for task in assignment.tasks if task.file == name]
        stub = _stub(stub_folder / name)
        try:
            module = _module(name, found.files, wanted, stub, notes)
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
    return Submission(_student(path, assignment), files, _digest(found.files), tuple(notes), cells)


def _module(
    name: str, files: Mapping[str, bytes], wanted: Sequence[str], stub: Module | None, notes: list[str]
) -> Module | None:
    """The module of that name, from the notebook or the script, whichever was edited."""
    candidates: dict[str, Module] = {}
    if (notebook := _notebook(name)) in files:
        candidates[notebook] = to_module(files[notebook], notebook, wanted)
    if name in files:
        text = decode(files[name], name)
        parse(text, name)
        candidates[name] = Module(text)
    if wanted:
        edited = {file: module for file, module in candidates.items() if _edited(module, wanted, stub)}
    else:  # a module of an earlier assignment: the one with less left to write
        left = {file: _left(module) for file, module in candidates.items()}
        edited = {file: module for file, module in candidates.items() if left[file] == min(left.values())}
    if len(edited) == 2:
        _refuse_differences(name, edited, wanted)
    if len(edited) == 1 and len(candidates) == 2:
        (idle,) = candidates.keys() - edited.keys()
        notes.append(f"Nothing is written in {idle}, so it was ignored.")
    if candidates and wanted and not edited:
        notes.append(f"Nothing is written yet in {' and '.join(candidates)}.")
    return next(iter((edited or candidates).values()), None)


def _edited(module: Module, wanted: Sequence[str], stub: Module | None) -> bool:
    """Whether a definition of a task leaves less unwritten than the handout's."""
    ours, theirs = (_definitions(m) if m else {} for m in (module, stub))
    roots = {task.split(".")[0] for task in wanted} & ours.keys()
    return any(
        not unwritten(ours[root]) >= unwritten(theirs[root]) if root in theirs else not unwritten(ours[root])
        for root in roots
    )


def _left(module: Module) -> int:
    return sum(len(unwritten(node)) for node in ast.parse(module.text).body)


def _definitions(module: Module) -> dict[str, ast.stmt]:
    body = ast.parse(module.text).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


def _refuse_differences(name: str, edited: Mapping[str, Module], wanted: Sequence[str]) -> None:
    """Both files were edited: they must say the same, but for comments and order."""
    notebook, script = edited[_notebook(name)], edited[name]
    ours, theirs = (_trees(module.text, wanted, name) for module in (notebook, script))
    different = [
        f"{place(notebook.cells, line)} of {_notebook(name)}" for tree, line in ours.items() if tree not in theirs
    ]
    different += [f"line {line} of {name}" for tree, line in theirs.items() if tree not in ours]
    if different:
        raise BadSubmission(
            f"{_notebook(name)} and {name} were both edited and differ, first in {different[0]}. "
            "Hand in only the one that is to be graded."
        )


def _trees(text: str, wanted: Sequence[str], name: str) -> dict[str, int]:
    try:
        return {
            ast.dump(s): s.lineno
            for s in statements_kept(text, wanted)
            if not isinstance(s, ast.Import | ast.ImportFrom)
        }
    except RecursionError:
        raise BadSubmission(f"{name}: an expression is nested too deeply to compare. Hand in one file only.") from None


def _stub(path: Path) -> Module | None:
    return Module(path.read_text(encoding="utf-8")) if path.is_file() else None


def _notebook(module: str) -> str:
    return module.removesuffix(".py") + ".ipynb"


def _nothing(path: Path, assignment: Assignment, found: Found) -> str:
    name = shown(path.name)
    wanted = " and no ".join(name for module in assignment.files for name in (_notebook(module), module))
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
