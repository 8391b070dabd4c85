"""Find the student's own modules that graded code imports: next to it, else where `sys.path` may lead it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from autograder.core.message import Message
from autograder.core.report import Remark
from autograder.submissions.find import Entry, list_module
from autograder.submissions.names import imported_names
from autograder.submissions.source import printable

MAX_OWN_MODULES = 50
MAX_OWN_BYTES = 1_000_000  # of all own modules together

_HINTS = 100_000  # bytes of lines with such signs
# Signs that code imports from other folders than its own.
_ELSEWHERE = re.compile(rb"sys\.path|chdir|%cd|addsitedir")
# A folder that code adds to sys.path: append("utils"), insert(0, os.path.abspath("../src"))
_ADDED = re.compile(rb"""sys\.path\.(?:append|insert|extend)\([^\n]{0,200}?\\?["']([\w./\- ]{1,200})\\?["']""")


class OwnModules:
    """Looks for own modules in the entries of a hand-in, and on the student's own machine also outside of it.

    ``homes`` are the folders with the graded files, ``on_disk`` the same folders on the student's machine; empty when
    graded. ``read`` returns the content of an entry, or None and a sentence.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        homes: Collection[str],
        read: Callable[[Entry], tuple[bytes | None, str]],
        on_disk: Sequence[Path] = (),
    ) -> None:
        self.homes, self._read, self._on_disk = sorted(homes), read, on_disk
        self.found: dict[str, bytes] = {}
        self.remarks: list[Remark] = []
        self._folders: dict[str, set[str]] = defaultdict(set)  # name of a module -> folders that contain it
        self._by_folder: dict[str, list[Entry]] = defaultdict(list)
        self._notebooks: dict[str, Entry] = {}
        for entry in entries:
            if entry.name.endswith(".ipynb"):
                self._notebooks.setdefault(entry.name.removesuffix(".ipynb"), entry)
            if entry.name.endswith(".py"):
                self._by_folder[entry.folder].append(entry)
                parts = entry.path.removesuffix(".py").split("/")
                for depth, part in enumerate(parts):
                    self._folders[part].add("/".join(parts[:depth]))

    def collect(self, sources: Iterable[bytes], reserved: Collection[str]) -> None:
        """Add the modules that the sources import, directly or through each other, except those of reserved names."""
        left_out: list[str] = []
        seen = set(reserved)
        waiting = list(sources)
        text = b"\n".join(waiting)
        lines = b"\n".join(line for line in text.split(b"\n") if _ELSEWHERE.search(line))[:_HINTS]
        added = list(dict.fromkeys(match.decode() for match in _ADDED.findall(text)))[:20] if self._on_disk else []
        while waiting:
            for name in sorted(imported_names(waiting.pop()) - seen):
                seen.add(name)
                files = list(self._files(name, lines, added))
                if not files and name in self._notebooks:
                    self.remarks.append(_only_notebook(name, self._notebooks[name]))
                for path, entry in files:
                    data, problem = self._read(entry)
                    if data is None:
                        self.remarks.append(Remark("unreadable", problem))
                    elif len(self.found) >= MAX_OWN_MODULES or self._size() + len(data) > MAX_OWN_BYTES:
                        left_out.append(printable(path))
                    else:
                        self.found[path] = data
                        waiting.append(data)
        if left_out:
            limit = Message(
                "The limit for own modules is {files} files with {limit:g} MB together.",
                files=MAX_OWN_MODULES,
                limit=MAX_OWN_BYTES / 1e6,
            )
            self.remarks.append(Remark("own module", _left_out(left_out, limit)))

    def _size(self) -> int:
        return sum(map(len, self.found.values()))

    def _files(self, name: str, lines: bytes, added: Sequence[str]) -> Iterator[tuple[str, Entry]]:
        """Yield the files of a module or a package, by their paths from the folder that contains it."""
        folders = self._folders.get(name, set())
        near = [home for home in self.homes if home in folders]
        far = sorted(folders, key=lambda folder: _distance(folder, lines)) if lines and folders else []
        for folder in near or far[:1]:
            top = f"{folder}/" if folder else ""
            for entry in self._entries(top, name):
                path = entry.path.removeprefix(top)
                if _is_identifiers(path):
                    yield path, entry
        if not folders:
            places = [home / folder for home in self._on_disk for folder in added]
            yield from ((entry.path, entry) for place in places[:20] for entry in list_module(place, name))

    def _entries(self, top: str, name: str) -> Iterator[Entry]:
        """Yield the module of that name in a folder, and what is in the package of that name."""
        package = f"{top}{name}"
        for folder, entries in self._by_folder.items():
            inside = folder == package or folder.startswith(f"{package}/")
            yield from (entry for entry in entries if inside or entry.path == f"{package}.py")


def _only_notebook(name: str, notebook: Entry) -> Remark:
    text = Message(
        "{name} is imported, but there is only the notebook {file}; Python imports scripts.",
        name=name,
        file=printable(notebook.path),
    )
    advice = Message(
        "Save it as {name}.py: in JupyterLab, File > Save and Export Notebook As > Executable Script.", name=name
    )
    return Remark("import", text, advice)


def _left_out(names: Sequence[str], limit: str) -> Message:
    if len(names) == 1:
        return Message("Left out: {name}. {limit}", name=names[0], limit=limit)
    return Message("Left out: {name} and {others} more. {limit}", name=names[0], others=len(names) - 1, limit=limit)


def _distance(folder: str, text: bytes) -> tuple[bool, int, str]:
    """Return a key that is smallest for the folder that code probably adds to sys.path: one that it names."""
    last = re.escape(folder.rpartition("/")[2].encode())
    named = bool(last) and re.search(rb"[\"'/]" + last + rb"\\?[\"'/]", text) is not None
    return not named, folder.count("/"), folder


def _is_identifiers(path: str) -> bool:
    return all(part.isidentifier() for part in path.removesuffix(".py").split("/"))
