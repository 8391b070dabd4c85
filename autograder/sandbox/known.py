"""What a check knows of the student's module without a request: its functions and classes, and the methods of these.

The student's process lists them once (see Worker.do_names) and says in an answer when a name means something else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autograder.sandbox.inside.wire import Ref

LISTED = ("function", "type")
LEFT = ("dtype", "recording", "seeded", "inputs", "modes", "frozen", "small inputs")


@dataclass
class Known:
    """The names of one module; empty when nothing is known."""

    names: dict[tuple[int, str], Ref] = field(default_factory=dict)  # by the number of the module or class
    methods: dict[str, frozenset[str]] = field(default_factory=dict)  # by the name of the class


def forget_names(modules: dict[str, Known]) -> None:
    """Forget the names of all modules, also where a check holds them."""
    for known in modules.values():
        known.names.clear()
        known.methods.clear()
    modules.clear()


def parse_known(answer: Any) -> Known:
    """Return what an answer of the student's process lists, without what has another form."""
    rows, methods = answer if type(answer) is tuple and len(answer) == 2 else ((), {})
    known = Known()
    for row in rows if type(rows) is list else ():
        if type(row) is tuple and [*map(type, row)] == [int, str, Ref] and row[2].type in LISTED:
            known.names[row[0], row[1]] = row[2]
    for kind, names in methods.items() if type(methods) is dict else ():
        if type(kind) is str and type(names) is list:
            known.methods[kind] = frozenset(name for name in names if type(name) is str)
    return known


def parse_left(answer: Any) -> set[str]:
    """Return what calls left changed, as an answer of the student's process says (see meter.py)."""
    return {name for name in LEFT if name in answer} if type(answer) is list else set()
