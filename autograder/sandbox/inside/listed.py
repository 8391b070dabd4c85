"""Lists what a module of the student's defines, so that a check need not ask for each function, class and method."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from autograder.sandbox.inside.wire import Ref

MAX_LISTED = 200  # names of a module or class

Names = tuple[list[tuple[int, str, Ref]], dict[str, list[str]]]


class Listed:
    """The names that were listed, as long as each of them means the same object."""

    def __init__(self) -> None:
        self.bound: list[tuple[Any, str, Any]] = []  # a namespace, a name in it, and the object

    def add(self, module: ModuleType, number: int, fix: Callable[[Any], Ref]) -> Names:
        """Return the functions and classes of a module, those of its own classes, and names of their methods.

        ``fix`` keeps an object and returns its reference.
        """
        found, classes = [], []
        methods: dict[str, list[str]] = {}
        for name, value in [*vars(module).items()][:MAX_LISTED]:
            if type(value) in (FunctionType, type):
                self.bound.append((vars(module), name, value))
                found.append((number, name, fix(value)))
                if type(value) is type and value.__module__ == module.__name__:
                    classes.append((found[-1][2].id, value))
        for number, kind in classes:
            for name, value in [*vars(kind).items()][:MAX_LISTED]:
                function = value.__func__ if type(value) is staticmethod else value
                if type(function) is FunctionType:
                    self.bound.append((vars(kind), name, value))
                    found.append((number, name, fix(function)))
            every = {name: value for base in reversed(kind.__mro__) for name, value in vars(base).items()}
            public = [name for name, value in every.items() if type(value) is FunctionType and name[:1] != "_"]
            methods[kind.__name__] = public[:MAX_LISTED]
        return found, methods

    def renamed(self) -> bool:
        """Return whether a name means something else than when it was listed; then forget all names."""
        if all(names.get(name) is value for names, name, value in self.bound):
            return False
        self.bound = []
        return True
