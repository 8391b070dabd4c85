"""Open a hand-in and reduce it to the modules that are graded.

From a path to source text: selection.py chooses the files, notebook.py reduces notebooks and scripts to modules, and
this file decides between a notebook and a script of the same name. Unreadable code affects only its own tasks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.message import Message, both, joined, name_list
from autograder.core.notebooks import describe_line, module_name, notebook_name
from autograder.core.received import Received, received
from autograder.core.report import Answer, Remark
from autograder.submissions.answers import find_answers
from autograder.submissions.names import imported_names
from autograder.submissions.notebook import Module, read_module, script_to_module
from autograder.submissions.own_modules import MAX_OWN_BYTES, MAX_OWN_MODULES
from autograder.submissions.selection import (
    SAME_TIME,
    Selection,
    much_less,
    reserved_names,
    select_files,
)
from autograder.submissions.source import BadSubmission, decode_guessing, decode_source, guess_note, printable
from autograder.submissions.statement_trees import DEFINITION_TREES, HANDOUTS, trees_of, trees_of_handout
from autograder.submissions.statements import places_left, written_tasks

BOTH_EDITED = "{notebook} and {script} were both edited and differ, first in {where}. {chosen} counts: {reason}."

__all__ = ["BOTH_EDITED", "BadSubmission", "Submission", "open_selection", "open_submission", "select_files"]


@dataclass(frozen=True)
class Submission:
    """The part of a hand-in that is graded."""

    student: str
    code: Code
    digest: str  # sha256 of names and contents of the wanted files as they were handed in
    notes: tuple[str, ...]  # sentences about the hand-in
    remarks: tuple[Remark, ...] = ()  # the notes that staff should also see
    answers: tuple[Answer, ...] = ()  # to questions that a person marks
    read_from: Mapping[str, str] = field(default_factory=dict)  # "knn.ipynb" -> "knn (1).ipynb", if it has another name
    blank: frozenset[str] = frozenset()  # the modules in which nothing is written, as far as that is known
    handed_in: Mapping[str, str] = field(default_factory=dict)  # the whole code of modules, with the lines of ``files``

    @property
    def files(self) -> Mapping[str, str]:
        """The source texts: "knn.py" -> text."""
        return self.code.files

    def paths_below(self, folder: Path) -> dict[str, str]:
        """Return the paths of the scripts that were read from ``folder`` itself, which debuggers open."""
        paths = {name: folder / name for name in self.files if name not in self.code.cells}
        return {name: str(path) for name, path in paths.items() if path.is_file()}


def open_submission(
    path: Path,
    assignment: Assignment,
    stub_folder: Path | None = None,
    *,
    earlier_modules: Sequence[str] = (),
    own_machine: bool = False,
) -> Submission:
    """Open a zip, a folder, a notebook or a script.

    ``stub_folder`` contains the released files (default: the assignment's own folder). If only one of a notebook and
    its script differs from them, the other is ignored; a module that was not handed in is taken from there.
    ``earlier_modules`` names modules of earlier assignments that are added when the hand-in contains them.
    With ``own_machine``, the student's, modules outside of the hand-in are found, too.
    Raises BadSubmission with the reason when nothing can be graded.
    """
    selection = select_files(path, assignment, earlier_modules=earlier_modules, own_machine=own_machine)
    return open_selection(
        selection, _student(path, assignment), assignment, stub_folder, earlier_modules=earlier_modules
    )


def open_selection(
    selection: Selection,
    student: str,
    assignment: Assignment,
    stub_folder: Path | None = None,
    *,
    earlier_modules: Sequence[str] = (),
) -> Submission:
    """Open the files that ``select_files`` read, here or on another machine. Raises BadSubmission as above."""
    stub_folder = stub_folder or assignment.folder
    copy = received(stub_folder)
    modules: dict[str, Module] = {}
    unreadable: dict[str, str] = {}
    notes: list[str] = []
    remarks: list[Remark] = list(selection.remarks)
    for name in _modules(assignment, earlier_modules):
        wanted = [task.name for task in assignment.tasks if task.file == name]
        stub = _stub(stub_folder / name)
        handout = (
            stub if copy.is_as_handed_out(name) is not False else _blank_notebook(copy, notebook_name(name), wanted)
        )
        try:
            module = _module(name, selection, wanted, handout, notes, remarks)
        except BadSubmission as problem:
            if name in assignment.files:
                unreadable[name] = str(problem)
                remarks.append(Remark("unreadable", str(problem)))
            else:
                notes.append(Message("{problem} {name} was ignored.", problem=problem, name=name))
            continue
        if module is None and name in assignment.files:
            notes.append(Message("{name} was not handed in, so its tasks count as not written.", name=name))
            module = replace(stub, blank=True) if stub else None
        if module is not None:
            modules[name] = module
    if not any(name in modules for name in assignment.files):
        raise BadSubmission(joined(" ", unreadable.values()))
    own_modules = {**_written_modules(modules, reserved_names(assignment, earlier_modules)), **selection.own_modules}
    for path, data in own_modules.items():
        try:
            text, guessed = decode_guessing(data, path)
            notes += [guess_note(path, guessed)] if guessed else []
            modules[path] = script_to_module(text, path, (), everything=True)
        except BadSubmission as problem:
            remarks.append(
                Remark("unreadable", Message("{problem} It is one of the student's own modules.", problem=problem))
            )
    packages = _packages(assignment, earlier_modules, own_modules)
    for name, module in modules.items():
        notes += module.notes
        remarks += [Remark("unreadable", note) for note in module.problems]
        if packages is not None:
            remarks += _imports_not_allowed(name, module, packages, assignment.allowed or ())
    code = Code(
        files={name: module.text for name, module in modules.items()},
        cells={name: module.cells for name, module in modules.items() if module.cells},
        aside={name: module.aside for name, module in modules.items() if module.aside},
        unreadable=unreadable,
        data=assignment.data_files(),
        packages=packages,
        allowed=assignment.allowed or (),
    )
    said = (*notes, *map(str, remarks))
    answers = find_answers(selection.files, selection.attached, assignment)
    blank = frozenset(name for name, module in modules.items() if module.blank)
    handed_in = {name: module.handed_in for name, module in modules.items()}
    return Submission(
        student, code, selection.digest, said, tuple(remarks), answers, selection.read_from, blank, handed_in
    )


def code_of_scripts(scripts: Mapping[str, str], assignment: Assignment) -> Code:
    """Reduce the scripts of an assignment like those of a hand-in. Raises BadSubmission."""
    modules = {}
    for name, text in scripts.items():
        wanted = tuple(task.name for task in assignment.tasks if task.file == name)
        modules[name] = _reduced(text, name, wanted)
    return Code(
        files={name: module.text for name, module in modules.items()},
        aside={name: module.aside for name, module in modules.items() if module.aside},
        data=assignment.data_files(),
        packages=_packages(assignment, (), {}),
        allowed=assignment.allowed or (),
    )


_reduced = lru_cache(8)(script_to_module)  # a mutant changes one of the scripts


def _modules(assignment: Assignment, earlier_modules: Sequence[str]) -> list[str]:
    return [*assignment.files, *(name for name in earlier_modules if name not in assignment.files)]


def _packages(
    assignment: Assignment, earlier_modules: Sequence[str], own_modules: Mapping[str, object]
) -> frozenset[str] | None:
    """Return the packages that a hand-in may import besides Python's own; None if the assignment lists none."""
    if assignment.allowed is None:
        return None
    files = [*assignment.files, *earlier_modules, *own_modules]
    return frozenset({*assignment.allowed, *(file.partition("/")[0].removesuffix(".py") for file in files)})


def _written_modules(modules: Mapping[str, Module], reserved: Collection[str]) -> dict[str, bytes]:
    """Return the modules that cells with %%writefile create and that graded code imports, by path."""
    written = {path: text for module in modules.values() for path, text in module.written}
    found: dict[str, bytes] = {}
    waiting = [module.text.encode("utf-8", "replace") for module in modules.values()] if written else []
    while waiting:
        names = imported_names(waiting.pop()) - set(reserved)
        for path in [path for path in written if path.partition("/")[0].removesuffix(".py") in names]:
            data = written.pop(path).encode("utf-8", "replace")
            if len(found) < MAX_OWN_MODULES and sum(map(len, found.values())) + len(data) <= MAX_OWN_BYTES:
                found[path] = data
                waiting.append(data)
    return found


def _imports_not_allowed(name: str, module: Module, packages: frozenset[str], allowed: Sequence[str]) -> list[Remark]:
    remarks: dict[str, Remark] = {}
    for line, full_name in module.imports:
        package = full_name.partition(".")[0]
        if package not in packages and package not in sys.stdlib_module_names and not _notebook_only(full_name):
            text = Message(
                "{place}: this assignment does not allow the package {package}.",
                place=_place(name, module, line),
                package=package,
            )
            advice = (
                Message(
                    "Use only Python's own packages, {allowed}, and modules that you hand in as well.",
                    allowed=name_list(sorted(allowed)),
                )
                if allowed
                else Message("Use only Python's own packages, and modules that you hand in as well.")
            )
            remarks.setdefault(package, Remark("import", text, advice))
    return list(remarks.values())


def _place(name: str, module: Module, line: int) -> str:
    """Return "knn.ipynb, cell 7, line 3" or "knn.py, line 3"."""
    place = describe_line(module.cells, line, file=name)
    return Message("{file}, {place}", file=notebook_name(name), place=place) if module.cells else place


def _notebook_only(name: str) -> bool:
    """Return whether a name is of a package for notebooks, which is replaced by an empty one when graded."""
    return name.split(".")[:2] == ["google", "colab"] or name.split(".")[0] == "IPython"


def _module(
    name: str,
    selection: Selection,
    wanted: Sequence[str],
    stub: Module | None,
    notes: list[str],
    remarks: list[Remark],
) -> Module | None:
    """Return the module of that name, from the notebook or from the script, whichever was edited."""
    candidates: dict[str, Module] = {}
    problems: list[BadSubmission] = []
    for file in (notebook_name(name), name):
        if file in selection.unreadable:
            problems.append(BadSubmission(selection.unreadable[file]))
        elif file in selection.files:
            try:
                candidates[file] = read_module(selection.files[file], file, wanted)
            except BadSubmission as problem:
                problems.append(problem)
    if not candidates:
        if problems:
            raise problems[0]
        return None
    remarks += [Remark("unreadable", str(problem)) for problem in problems]
    # In a student's own folder the "handout" is the student's work, so only the two files can be compared.
    trees = {file: trees_of(module.text, wanted) for file, module in candidates.items()}
    handout = (
        trees_of_handout(stub.text, tuple(wanted))
        if stub and wanted and _is_handout(stub, candidates, wanted)
        else None
    )
    untouched = [file for file, module in candidates.items() if _is_untouched(module, trees[file], handout, wanted)]
    if len(untouched) == len(candidates):
        notes.append(Message("Nothing is written yet in {files}.", files=both(list(candidates))))
        return replace(next(iter(candidates.values())), blank=True)
    if len(candidates) == 2 and not untouched:
        left = {file: places_left(module.text, wanted) for file, module in candidates.items()}
        behind = [file for file in candidates if all(left[file] > left[other] for other in candidates if other != file)]
        untouched = [file for file in behind if not written_tasks(candidates[file].text, wanted)]
    for file in untouched:
        del candidates[file]
        notes.append(Message("Nothing is written in {file}, so it was ignored.", file=file))
    if len(candidates) == 2 and (where := _first_difference(name, candidates, trees)):
        return _one_of_two(name, candidates, selection.saved, wanted, where, remarks)
    return next(iter(candidates.values()))


def _is_handout(stub: Module, candidates: Mapping[str, Module], wanted: Sequence[str]) -> bool:
    """Return whether nothing is written in the stub: no task, and no part of one that a file next to it still lacks."""
    left = places_left(stub.text, wanted)
    begun = any(places_left(module.text, wanted) > left for module in candidates.values())
    return not begun and not written_tasks(stub.text, wanted)


def _is_untouched(
    module: Module, trees: Mapping[str, int], handout: Collection[str] | None, wanted: Sequence[str]
) -> bool:
    """Return whether a file has what the handout has. What a notebook also runs, such as experiments, is not work."""
    if not trees or trees.keys() == handout:
        return True
    if handout is None or written_tasks(module.text, wanted):
        return False
    own, given = ({tree for tree in some if tree.startswith(DEFINITION_TREES)} for some in (trees, handout))
    return own == given


def _one_of_two(
    name: str,
    candidates: Mapping[str, Module],
    saved: Mapping[str, float],
    wanted: Sequence[str],
    where: str,
    remarks: list[Remark],
) -> Module:
    """Choose between two edited files: the one with many more tasks written, the one saved last, or the fuller one."""
    notebook, script = notebook_name(name), name
    written = {file: len(written_tasks(module.text, wanted)) for file, module in candidates.items()}
    later = saved.get(script, 0.0) - saved.get(notebook, 0.0) if {notebook, script} <= saved.keys() else 0.0
    if abs(later) > SAME_TIME and not much_less(*sorted(written.values())):
        chosen, reason = (script if later > 0 else notebook), Message("it was saved last")
    elif written[notebook] != written[script]:
        chosen, reason = max(candidates, key=lambda file: written[file]), Message("more tasks are written in it")
    else:
        chosen, reason = notebook, Message("neither is newer")
    text = Message(
        BOTH_EDITED,
        notebook=notebook,
        script=script,
        where=where,
        chosen=chosen,
        reason=reason,
    )
    remarks.append(Remark("doubtful", text, "Hand in only the one that you want graded."))
    return candidates[chosen]


def _first_difference(name: str, candidates: Mapping[str, Module], trees: Mapping[str, Mapping[str, int]]) -> str:
    """Return where a notebook and its script first differ, or "". Comments, docstrings and order do not count."""
    notebook = notebook_name(name)
    in_notebook, in_script = trees[notebook], trees[name]
    different = [
        Message("{place} of {file}", place=describe_line(candidates[notebook].cells, line), file=notebook)
        for tree, line in in_notebook.items()
        if tree not in in_script
    ]
    different += [
        Message("line {line} of {file}", line=line, file=name)
        for tree, line in in_script.items()
        if tree not in in_notebook
    ]
    return different[0] if different else ""


def _stub(path: Path) -> Module | None:
    """Return the released script. In a student's own folder it is the student's, and may be damaged."""
    if not path.is_file():
        return None
    return _whole_script(path.read_bytes(), path.name)


@lru_cache(HANDOUTS)
def _whole_script(data: bytes, name: str) -> Module | None:
    try:
        return script_to_module(decode_source(data, name), name, (), everything=True)
    except BadSubmission:
        return None


def _blank_notebook(copy: Received, name: str, wanted: Sequence[str]) -> Module | None:
    """Return the notebook in a student's own folder, if it still is as it was handed out."""
    if not copy.is_as_handed_out(name):
        return None
    try:
        return read_module((copy.folder / name).read_bytes(), name, wanted)
    except BadSubmission:
        return None


def _student(path: Path, assignment: Assignment) -> str:
    """Return the name of the zip or folder, or of the folder around it if its own is just the assignment's."""
    generic = {assignment.name, *(module_name(file) for file in assignment.files)}
    path = Path(os.path.abspath(path))
    name = path.name if path.is_dir() else path.stem
    if name in generic and path.parent.name:
        name = path.parent.name
    return printable(os.fsencode(name).decode("utf-8", "replace"))
