"""Choose the files of a hand-in that are graded: by their names, else by the tasks that they define.

The choice does not depend on the packing: loose files, folders, a zip, or the names that browsers, Jupyter and
platforms give to copies.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.message import Message, both, either, name_list
from autograder.core.notebooks import accepted_names, base_name, notebook_name
from autograder.core.received import received
from autograder.core.report import Remark
from autograder.core.syntax_tree import dump
from autograder.submissions.answers import Attached, describe_attached
from autograder.submissions.find import Entry, Listing, leads_out, list_files, list_zips
from autograder.submissions.ipynb import damage_in, is_notebook, without_outputs
from autograder.submissions.names import START
from autograder.submissions.notebook import code_size, read_module
from autograder.submissions.own_modules import OwnModules
from autograder.submissions.source import BadSubmission, printable
from autograder.submissions.statements import places_left, written_tasks

MAX_READ = 400_000_000  # bytes of all notebooks and scripts of a hand-in together
MAX_COMPARED = 500_000  # characters of code that are parsed to choose between files; of the others the first counts
MAX_SHOWN = 20_000_000  # bytes of a notebook that people look at with its outputs
SAME_TIME = 2.0  # seconds; the precision of times in a zip

# Packages that a student's own module never replaces, besides those of the course and of the assignment.
_RESERVED = ("autograder", "numpy", "torch")


@dataclass(frozen=True)
class Selection:
    """The contents of the files that are graded, as they are sent to a grader process or another machine."""

    files: dict[str, bytes] = field(default_factory=dict)  # by the assignment's names: "knn.ipynb", "knn.py"
    own_modules: dict[str, bytes] = field(default_factory=dict)  # by path: "my_utils.py", "tools/__init__.py"
    saved: dict[str, float] = field(default_factory=dict)  # when a file was last saved, in seconds since 1970, if known
    unreadable: dict[str, str] = field(default_factory=dict)  # files that cannot be read, and why
    remarks: tuple[Remark, ...] = ()  # about files with other names, and about choices between two files
    others: tuple[str, ...] = ()  # names of files that are not graded, for messages
    attached: dict[str, Attached] = field(default_factory=dict)  # files that answer questions: "poster.pdf"
    read_from: dict[str, str] = field(default_factory=dict)  # of files with other names: "knn.ipynb" -> "knn (1).ipynb"

    @property
    def digest(self) -> str:
        """The sha256 of names and contents, and of the order in which a notebook and its script were saved."""
        digest = hashlib.sha256()
        for files in (self.files, self.own_modules):
            for name in sorted(files):
                for part in (name.encode(), files[name]):
                    digest.update(len(part).to_bytes(8, "big") + part)
        for name in sorted(self.attached):
            digest.update(f"answer {name}\0{self.attached[name].digest}\0".encode("utf-8", "backslashreplace"))
        for script in self.files:
            name, known = notebook_name(script), self.saved
            if script != name and {name, script} <= known.keys() and abs(known[name] - known[script]) > SAME_TIME:
                later = name if known[name] > known[script] else script
                digest.update(b"later" + later.encode())
        return digest.hexdigest()


def select_files(
    path: Path,
    assignment: Assignment,
    *,
    earlier_modules: Sequence[str] = (),
    own_machine: bool = False,
    outputs: bool = False,
) -> Selection:
    """Read the files of a hand-in that are graded, and modules of earlier assignments that are next to them.

    With ``own_machine``, the student's, own modules may be in a folder outside of the hand-in that the code adds to
    sys.path. With ``outputs``, notebooks of up to MAX_SHOWN bytes keep their outputs, for people to look at.
    Raises BadSubmission when there are no files, or when the hand-in cannot be read.
    """
    with list_files(path, assignment.hand_in) as listing:
        chooser = _Chooser(assignment, listing, outputs=outputs)
        if not chooser.found and listing.zips:
            chooser = _Chooser(assignment, list_zips(listing, assignment.hand_in), outputs=outputs)
        return chooser.select(path, earlier_modules, own_machine=own_machine)


class _Chooser:
    """Chooses files from a listing, and records why."""

    def __init__(self, assignment: Assignment, listing: Listing, *, outputs: bool = False) -> None:
        self.assignment, self.listing, self.outputs = assignment, listing, outputs
        self.remarks: list[Remark] = []
        self.chosen: dict[str, Entry] = {}  # by the assignment's name of the file
        self._data: dict[str, bytes] = {}
        self._unreadable: dict[str, str] = {}
        self._left, self._compared = MAX_READ, MAX_COMPARED
        self._counts: dict[str, int] = {}  # of tasks that are written in a file, for the module in question
        wanted = {base_name(name) for name in accepted_names(assignment.files)}
        for entry in listing.entries:
            if entry.name in wanted:  # first, so that no other file takes their part of the limit
                self._try(entry)
        for module in assignment.files:
            tasks = [task.name for task in assignment.tasks if task.file == module]
            self._choose(module, tasks)

    @property
    def found(self) -> bool:
        """True when there is a file to grade."""
        return bool(self.chosen)

    def select(self, path: Path, earlier_modules: Sequence[str], *, own_machine: bool) -> Selection:
        """Read the chosen files. Raises BadSubmission when none can be read."""
        files: dict[str, bytes] = {}
        saved: dict[str, float] = {}
        unreadable: dict[str, str] = {}
        for name, entry in self.chosen.items():
            self._add(name, entry, files, unreadable)
            if name in files and entry.saved is not None:
                saved[name] = entry.saved
        if not files:
            raise BadSubmission(self._nothing(path))
        self.remarks += [Remark("unreadable", problem) for problem in self.listing.problems]
        for module in earlier_modules:
            for name, entry in self._earlier(module).items():
                if name not in self.chosen:
                    self._add(name, entry, files, unreadable)
        attached, problems = describe_attached(self.listing.answers)
        self.remarks += [Remark("unreadable", problem) for problem in problems]
        homes = {_home(name, entry) for name, entry in self.chosen.items()}
        on_disk = [path / home for home in homes] if own_machine and path.is_dir() else []
        own = OwnModules(self.listing.entries, homes, self._content, on_disk)
        own.collect(files.values(), reserved_names(self.assignment, earlier_modules))
        self.remarks += own.remarks
        own_modules = {name: data for name, data in own.found.items() if name not in self.assignment.files}
        renamed = {name: entry.path for name, entry in self.chosen.items() if entry.name != base_name(name)}
        remarks = tuple(self.remarks)
        return Selection(files, own_modules, saved, unreadable, remarks, self._others(), attached, renamed)

    def _content(self, entry: Entry) -> tuple[bytes | None, str]:
        return self._try(entry), self._unreadable.get(entry.path, "")

    def _add(self, name: str, entry: Entry, files: dict[str, bytes], unreadable: dict[str, str]) -> None:
        data = self._try(entry)
        if data is None:
            unreadable[name] = self._unreadable[entry.path]
        else:
            files[name] = data

    def _choose(self, module: str, tasks: Sequence[str]) -> None:
        """Choose the notebook and the script of a module."""
        self._counts = {}
        exact = {name: self._named(name) for name in (notebook_name(module), module)}
        others = self._defining(module, tasks)
        certain = all(len(entries) <= 1 for entries in exact.values())
        if certain and any(exact.values()) and not others:  # an ordinary hand-in: there is nothing to decide
            self.chosen |= {name: entries[0] for name, entries in exact.items() if entries}
            return
        best = {name: self._best(name, entries, tasks) for name, entries in exact.items() if entries}
        written = max((self._written(entry, tasks) for entry in best.values()), default=0)
        most = max((self._written(entry, tasks) for entry in others), default=0)
        if others and (not best or much_less(written, most)):
            entry = self._latest([entry for entry in others if self._written(entry, tasks) == most], tasks)
            name = notebook_name(module) if is_notebook(self._try(entry) or b"", entry.name) else module
            self.chosen[name] = entry
            known = {"file": printable(entry.path), "name": name}
            if written:
                text = Message(
                    "{file} counts as {name}, because more tasks are written in it than in {others}: {most}, not "
                    "{written}.",
                    **known,
                    others=both(list(best)),
                    most=most,
                    written=written,
                )
                self.remarks.append(Remark("doubtful", text, "Hand in only the file that should be graded."))
            else:
                text = Message("{file} counts as {name}.", **known)
                self.remarks.append(Remark("renamed", text, Message("Rename it to {name}.", name=name)))
            return
        self.chosen |= best
        for entry in others:
            if self._written(entry, tasks) > written:
                text = Message(
                    "{file} has more tasks written than {others}, which counts because of its name.",
                    file=printable(entry.path),
                    others=both(list(best)),
                )
                self.remarks.append(Remark("doubtful", text, "Hand in only the file that should be graded."))

    def _named(self, name: str) -> list[Entry]:
        """Return the files with this name, preferably in the folder that ``name`` contains."""
        entries = [entry for entry in self.listing.entries if entry.name == base_name(name)]
        return [entry for entry in entries if f"/{entry.path}".endswith(f"/{name}")] or entries

    def _defining(self, module: str, tasks: Sequence[str]) -> list[Entry]:
        """Return files with other names that seem to define a task of the module, found without parsing."""
        roots = sorted({task.partition(".")[0] for task in tasks})
        names = "|".join(roots).encode()
        defined = re.compile(START + rb"(?:def|class)[ \t]+(?:" + names + rb")\b") if roots else None
        known = {base_name(name) for name in accepted_names(self.assignment.files)}
        found = []
        for entry in self.listing.entries:
            if defined is None or entry.name in known:
                continue
            data = self._try(entry)
            if data is not None and defined.search(data):
                found.append(entry)
        return found

    def _best(self, name: str, entries: Sequence[Entry], tasks: Sequence[str]) -> Entry:
        """Return one of several files with the same name, preferably one in which tasks are written."""
        if len(entries) == 1:
            return entries[0]
        readable = [entry for entry in entries if self._try(entry) is not None]
        most = max((self._written(entry, tasks) for entry in readable), default=0)
        fullest = [entry for entry in readable if not much_less(self._written(entry, tasks), most)]
        return self._latest(fullest or readable or list(entries), tasks)

    def _latest(self, entries: Sequence[Entry], tasks: Sequence[str]) -> Entry:
        """Return the file that was saved last, else the outermost one, with a remark if the files differ."""
        different: dict[bytes, Entry] = {}
        for entry in entries:
            data = self._try(entry)
            compared = self._written(entry, tasks) or entry.path in self._counts  # else too large together
            different.setdefault(_code(data or b"", entry.name, tasks) if compared else data or b"", entry)
        left = list(different.values())
        if len(left) == 1:
            return left[0]
        times = [entry.saved for entry in left]
        if None not in times and max(times) - sorted(times)[-2] > SAME_TIME:  # type: ignore[type-var, operator] # no None
            chosen, reason = max(left, key=lambda entry: entry.saved or 0.0), Message("it was saved last")
        else:
            chosen, reason = left[0], Message("none is newer than the others")
        names = both([printable(entry.path) for entry in left[:4]])
        self.remarks.append(
            Remark(
                "doubtful",
                Message(
                    "{names} differ. {chosen} counts: {reason}.",
                    names=names,
                    chosen=printable(chosen.path),
                    reason=reason,
                ),
                "Hand in only the one that you want graded.",
            )
        )
        return chosen

    def _earlier(self, module: str) -> dict[str, Entry]:
        """Return the notebook and the script of an earlier assignment's module.

        They are next to the graded work, where the student's code imports them. Else they may be anywhere in the
        hand-in, if all files of that name are the same and nothing is left to write in them.
        """
        homes = {_home(name, entry) for name, entry in self.chosen.items()}
        copies = {name: self._named(name) for name in accepted_names([module])}
        near = {name: e for name, entries in copies.items() for e in entries if _home(name, e) in homes}
        if near:
            return near
        far = {}
        for name, entries in copies.items():
            contents = [data for entry in entries if (data := self._try(entry)) is not None]
            if len({_code(data, name, ()) for data in contents}) == 1 and _is_complete(contents[0], name):
                far[name] = next(entry for entry in entries if self._try(entry) is not None)
        return far

    def _written(self, entry: Entry, tasks: Sequence[str]) -> int:
        """Return how many of the tasks are written in a file; 0 if it cannot be read."""
        if entry.path not in self._counts:
            data = self._try(entry) or b""
            size = code_size(data, entry.name)
            if self._counts and size > self._compared:
                return 0
            self._compared -= size
            try:
                text = read_module(data, entry.name, tasks).text
            except BadSubmission:
                text = ""
            self._counts[entry.path] = len(written_tasks(text, tasks))
        return self._counts[entry.path]

    def _read(self, entry: Entry) -> bytes:
        if entry.path not in self._data:
            name = printable(entry.path)
            if entry.size > self._left:
                raise BadSubmission(
                    Message(
                        "{name} was not read. The limit for notebooks and scripts is {limit:.0f} MB together. Hand in "
                        "only the files you edited.",
                        name=name,
                        limit=MAX_READ / 1e6,
                    )
                )
            self._left -= entry.size
            data = entry.read()
            keep = self.outputs and len(data) <= MAX_SHOWN
            self._data[entry.path] = without_outputs(data, name) if is_notebook(data, entry.name) and not keep else data
        return self._data[entry.path]

    def _try(self, entry: Entry) -> bytes | None:
        if entry.path in self._unreadable:
            return None
        try:
            return self._read(entry)
        except BadSubmission as problem:
            self._unreadable[entry.path] = str(problem)
            return None

    def _others(self) -> tuple[str, ...]:
        taken = {entry.path for entry in self.chosen.values()}
        return tuple(sorted({*self.listing.others, *(e.path for e in self.listing.entries if e.path not in taken)}))

    def _nothing(self, path: Path) -> str:
        name, others = printable(path.name), self._others()
        *names, last = accepted_names(self.assignment.files)
        wanted = either([name_list(names), last])
        if problems := [*self._unreadable.values(), *self.listing.problems]:
            return problems[0]
        copy = received(path)
        if gone := copy.missing_modules:
            return copy.is_missing(gone[0])
        (only, *more) = self.listing.entries or (None,)
        damage = damage_in(self._try(only) or b"", printable(only.path)) if only and not more else ""
        if why := damage or leads_out(name, others):
            return why
        if others == (path.name,):
            return Message(
                "{name} cannot be graded: it is not {wanted}, and it does not define a task of {assignment}. Hand in "
                "the file with your tasks, or a zip or folder that contains it.",
                name=name,
                wanted=wanted,
                assignment=self.assignment.name,
            )
        some = name_list([printable(other, limit=40) for other in others[:6]]) or Message("no other files")
        if len(others) > 6:
            some = Message("{names}, and more", names=some)
        return Message(
            "{name} contains no {wanted}, and no other file that defines a task of {assignment}. It contains "
            "{some}. Hand in the file with your tasks.",
            name=name,
            wanted=wanted,
            assignment=self.assignment.name,
            some=some,
        )


def _home(name: str, entry: Entry) -> str:
    """Return the folder from which the code of a file imports others: of "nets/conv.py", the one around "nets"."""
    inside = f"/{entry.path}".endswith(f"/{name}")
    return entry.path.removesuffix(name).rstrip("/") if inside else entry.folder


def _code(data: bytes, name: str, tasks: Sequence[str]) -> bytes:
    """Return the code by which files are compared, without comments; the bytes if the file cannot be read."""
    try:
        text = read_module(data, name, tasks).text
    except BadSubmission:
        return data
    text = "\n".join(dump(node) for node in ast.parse(text).body if not isinstance(node, ast.Pass))
    return text.encode("utf-8", "backslashreplace")


def _is_complete(data: bytes, name: str) -> bool:
    """Return whether a notebook or a script can be read and has no place that is still to be written."""
    try:
        module = read_module(data, name, ())
    except BadSubmission:
        return False
    return not module.aside and not places_left(module.text, ())


def much_less(written: int, other: int) -> bool:
    """Return whether so few tasks are written in a file that another one with more is rather the one that is meant."""
    return 3 * written < 2 * other


def reserved_names(assignment: Assignment, earlier_modules: Iterable[str]) -> set[str]:
    """Return the names of modules that a student's own modules must not have."""
    names = {*sys.stdlib_module_names, *(assignment.imports or ()), *assignment.course.shared, *_RESERVED}
    return names | {file.removesuffix(".py") for file in (*assignment.files, *earlier_modules)}
