"""Run a student's code with other versions of the functions and classes that it uses.

A mistake in one task then costs no points of another task, whose code calls it. Checks run this in the student's
process.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


def lend(function: Callable[..., Any], **loans: Any) -> Callable[..., Any]:
    """Return ``function``, which will find ``loans`` under their names instead of what its module defines.

    Names that the module does not define are not added to it. The module is as before after each call.
    """
    names = getattr(inspect.unwrap(function), "__globals__", {})

    @functools.wraps(function)
    def borrow(*args: Any, **options: Any) -> Any:
        own = {name: names[name] for name in loans if name in names}
        names.update({name: loans[name] for name in own})
        try:
            return function(*args, **options)
        finally:
            names.update(own)

    return borrow


class Loan:
    """Puts ``loans`` in the place of what the borrower's module defines under these names, until ``end`` is called.

    A name may be that of a method, such as "Model.forward". Names that the module does not define are not added to it.
    """

    def __init__(self, borrower: Callable[..., Any], loans: dict[str, Any]) -> None:
        """``borrower`` is a function or a class of the module."""
        names = _names_around(borrower)
        self._names, self._own = names, {name: names[name] for name in loans if name in names}
        names.update({name: loans[name] for name in self._own if self._own[name] is not borrower})
        self._methods: list[tuple[type, str, Any]] = []
        for path in loans:
            owner, _, method = path.rpartition(".")
            if owner and isinstance(names.get(owner), type) and method in vars(names[owner]):
                self._methods.append((names[owner], method, vars(names[owner])[method]))
                setattr(names[owner], method, loans[path])

    def end(self) -> None:
        """Restore what the module defined."""
        self._names.update(self._own)
        for owner, method, own in self._methods:
            setattr(owner, method, own)


def _names_around(borrower: Callable[..., Any]) -> dict[str, Any]:
    """Return the global names that a function, or the first method of a class, sees."""
    parts = [borrower, *vars(borrower).values()] if isinstance(borrower, type) else [borrower]
    found = (getattr(inspect.unwrap(part), "__globals__", None) for part in parts if callable(part))
    return next((names for names in found if names is not None), {})


def lend_methods(owner: type, function: Callable[..., Any], **loans: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function``, during which objects of ``owner`` and its subclasses have the methods ``loans``.

    Methods that the class does not have, itself or from a base, are not added. It is as before after each call.
    """

    @functools.wraps(function)
    def borrow(*args: Any, **options: Any) -> Any:
        lent = {name: loan for name, loan in loans.items() if hasattr(owner, name)}
        own = {name: vars(owner)[name] for name in lent if name in vars(owner)}
        for name, loan in lent.items():
            setattr(owner, name, loan)
        try:
            return function(*args, **options)
        finally:
            for name in lent:
                if name in own:
                    setattr(owner, name, own[name])
                else:
                    delattr(owner, name)

    return borrow
