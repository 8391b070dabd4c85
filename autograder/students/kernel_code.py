"""The code that ran in a notebook's kernel: for rules on sources, and for messages that quote lines of cells."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from traceback import walk_tb
from types import MappingProxyType
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.message import Message
from autograder.core.notebooks import import_name
from autograder.submissions.notebook import TRANSPARENT

OUTSIDE = Message("notebook")  # where a message cannot name the cell
_TIMED = "<timed exec>"  # the file name of what `%%time` runs, in all cells
NOTHING: Mapping[str, str] = MappingProxyType({})


def executed_code(cells: Sequence[str], module: str, imported: Mapping[str, str] = NOTHING) -> Code:
    """Return the code that ran as one module, whose lines have their places, and each cell on its own.

    ``cells`` are IPython's `In`: the number of a cell is its place. Cells that do not parse (magics) are left out.
    ``imported`` are the sources of the modules from which the notebook imported tasks, by file.
    """
    parts: list[tuple[str, str]] = [
        (Message("cell {cell}", cell=f"[{number}]"), cell) for number, cell in enumerate(cells) if _is_python(cell)
    ]
    parts += imported.items()
    starts, lines = [], 1
    for label, text in parts:
        starts.append((lines, label))
        lines += text.count("\n") + 2  # the parts are joined by an empty line
    whole = "\n\n".join(text for _, text in parts)
    return Code({**dict(parts), module: whole}, cells={module: starts})


def as_written(cell: str) -> str:
    """Return a cell of IPython's `In` as plain Python, if it begins with a magic that runs the rest of the cell.

    IPython stores `%%time` and what follows as one call with the text in a string. Line numbers do not change.
    """
    if "run_cell_magic(" not in cell:  # most cells, which need not be parsed
        return cell
    try:
        statements = ast.parse(cell).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return cell
    match statements:
        case [
            ast.Expr(
                ast.Call(
                    func=ast.Attribute(value=ast.Call(func=ast.Name("get_ipython")), attr="run_cell_magic"),
                    args=[ast.Constant(str(magic)), ast.Constant(), ast.Constant(str(rest))],
                )
            )
        ] if f"%%{magic}" in TRANSPARENT:
            pass
        case _:
            return cell
    from IPython.core.inputtransformer2 import TransformerManager

    empty = next((i for i, line in enumerate(rest.split("\n")) if line.strip()), 0)  # the transformation drops these
    transform = TransformerManager().transform_cell  # type: ignore[no-untyped-call]
    return "\n" * (1 + empty) + as_written(transform(rest))


@contextmanager
def without_exit_commands(namespace: dict[str, Any]) -> Iterator[None]:
    """Let `exit` and `quit` raise SystemExit, as in a script: those of IPython end the kernel after the cell."""
    commands = {
        name: value
        for name in ("exit", "quit")
        if (value := namespace.get(name)) is not None and type(value).__module__ == "IPython.core.autocall"
    }
    namespace.update(dict.fromkeys(commands, _leave))
    try:
        yield
    finally:
        namespace.update(commands)


def _leave(code: Any = None) -> None:
    raise SystemExit(code)


def places_of(namespace: Mapping[str, Any], cells: Sequence[str] = ()) -> dict[str, str]:
    """Return the file names that tracebacks show for the cells of functions and classes, and their places.

    ``cells`` are IPython's `In`, as written. All cells below `%%time` have one file name, so their number is known only
    where all these functions are from one cell.
    """
    names, timed = set(), set()
    for name, value in namespace.items():
        members = vars(value).values() if isinstance(value, type) and value.__module__ == "__main__" else (value,)
        for member in members:
            code = getattr(getattr(member, "__func__", member), "__code__", None)
            if code is not None and getattr(member, "__module__", None) in ("__main__", None):
                names.add(code.co_filename)
                if code.co_filename == _TIMED:
                    timed.add(_last_defining(name, cells))
    places = {name: _place(name) for name in names}
    if len(timed) == 1 and (number := timed.pop()):
        places[_TIMED] = Message("cell {cell}, {place}", cell=f"[{number}]", place=places[_TIMED])
    return places


def _last_defining(name: str, cells: Sequence[str]) -> int:
    """Return the number of the last cell that defines a function or class; 0 if none does."""
    defined = re.compile(rf"^(?:async +)?(?:def|class) +{re.escape(name)}\b", re.MULTILINE)
    return max((number for number, cell in enumerate(cells) if defined.search(cell)), default=0)


def imported_sources(namespace: Mapping[str, Any], names: Iterable[str], assignment: Assignment) -> dict[str, str]:
    """Return the sources, by file, of the student's modules from which a notebook imported these names."""
    sources = {}
    own = {import_name(file) for file in assignment.files}
    folder = assignment.folder.resolve()
    for name in sorted(names):
        home = sys.modules.get(getattr(namespace.get(name), "__module__", None) or "")
        file = Path(getattr(home, "__file__", None) or "")
        here = file.is_file() and file.resolve().parent == folder
        loader = getattr(getattr(home, "__spec__", None), "loader", None)
        if home is not None and (here or home.__name__ in own) and loader is not None:
            sources[file.name] = loader.get_source(home.__name__) or ""
    return sources


def place_in_cell(error: BaseException) -> str:
    """Return "cell [3], line 2", the innermost place in a cell from which an exception came; empty if there is none."""
    frames = [(_place(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    known = [(place, line) for place, line in frames if line and place != OUTSIDE]
    cells = [Message("{file}, line {line}", file=place, line=line) for place, line in known]
    return cells[-1] if cells else ""


def _place(file: str) -> str:
    """Return "cell [3]" for the file name that IPython gave to the cell which ran as In[3]."""
    if file == _TIMED:
        return Message("below %%time")
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    named = getattr(getattr(shell, "compile", None), "format_code_name", lambda name: None)(file)
    number = re.search(r"\[\d+\]", str(named))
    return Message("cell {cell}", cell=number[0]) if number else OUTSIDE


@lru_cache(maxsize=1024)  # the cells of a notebook hardly change from one check to the next
def _is_python(cell: str) -> bool:
    try:
        ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
