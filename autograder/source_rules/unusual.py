"""Constructs that honest solutions hardly ever need, and that can hide a call from source rules: a note for staff.

They cost no points and prove nothing: a person who looks at the lines decides.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping

from autograder.core.message import Message, joined
from autograder.core.report import Remark
from autograder.source_rules.differences import finite_differences

MOST = 6  # constructs in one note
_CALLS = ("exec", "eval", "compile", "__import__", "delattr", "attrgetter", "methodcaller")
_ATTRIBUTES = ("attrgetter", "methodcaller", "__getattribute__", "__globals__", "__code__", "__closure__", "_getframe")
_MODULES = ("pickle", "marshal", "ctypes", "gc", "inspect", "dis", "torch.ops", "torch._C", "torch.jit")


def unusual_constructs(files: Mapping[str, str]) -> tuple[Remark, ...]:
    """Return a remark about the unusual constructs in a submission's modules, or none.

    ``files`` has their sources by their names. What does not parse has no constructs.
    """
    found: dict[str, str] = {}  # construct -> its first place
    for name, source in files.items():
        for what, line in _constructs(source):
            place = Message("{file}, line {line}", file=name, line=line)
            found.setdefault(what, Message("{what} ({place})", what=what, place=place))
    if not found:
        return ()
    shown = joined(Message(", "), list(found.values())[:MOST])
    if len(found) > MOST:
        shown = Message("{items} and {more} more", items=shown, more=len(found) - MOST)
    text = Message("The code uses {shown}. Few solutions need that.", shown=shown)
    return (Remark("unusual", text),)


def _constructs(source: str) -> Iterator[tuple[str, int]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from finite_differences(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in _CALLS:
                yield node.func.id, line
            if node.func.id == "setattr" and not _is_self(node.args[:1]):
                yield "setattr", line
        elif isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES:
            yield node.attr, line
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from ((name, line) for name in names if name.startswith(_MODULES))
        if isinstance(node, ast.Attribute) and (path := _path(node)) in _MODULES:
            yield path, line


def _is_self(args: list[ast.expr]) -> bool:
    return bool(args) and isinstance(args[0], ast.Name) and args[0].id == "self"


def _path(node: ast.Attribute) -> str:
    return f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else ""
