"""Run a student's code with other versions of the functions and classes that it uses.

A mistake in one task then costs no points of another task, whose code calls it. Checks run this in the student's
process.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any


def lend(function: Callable[..., Any], **loans: Any) -> Callable[..., Any]:
    """Return ``function``, which finds ``loans`` under their names during each call (see Loan)."""

    @functools.wraps(function)
    def borrow(*args: Any, **options: Any) -> Any:
        loan = Loan(function, loans)
        try:
            return function(*args, **options)
        finally:
            loan.end()

    return borrow


class Loan:
    """Puts ``loans`` in the place of what the borrower's module defines under these names, until ``end`` is called.

    A name may be that of a method, such as "Model.forward". A function or method that the module lacks, because Python
    could not read it or it was deleted, is lent too; a class that it lacks gets no methods.
    """

    def __init__(self, borrower: Callable[..., Any], loans: dict[str, Any]) -> None:
        """``borrower`` is a function or a class of the module."""
        self._undo = _put_all(_names_around(borrower), loans)

    def end(self) -> None:
        """Restore what the module defined."""
        for restore in reversed(self._undo):
            restore()


def loan_to(module: ModuleType, name: str, loans: dict[str, Any]) -> Loan:
    """Lend to the function, class or variable ``name`` of a student's module.

    A variable has its value before anything can be lent, so the module's statements run again with the loans in place.
    A module without its statements keeps its values.
    """
    names = vars(module)
    borrower: Any = names.get(name)
    if isinstance(borrower, FunctionType | type) or _names_around(borrower):
        return Loan(borrower, loans)
    return _LoanToVariable(module, loans)


class _LoanToVariable(Loan):
    """Runs a module again with loans in place; ``end`` restores the names that it had."""

    def __init__(self, module: ModuleType, loans: dict[str, Any]) -> None:
        names, self._undo = vars(module), []
        before = dict(names)
        run_again = getattr(module.__spec__ and module.__spec__.loader, "run_again", None)
        if run_again is not None:
            _put_all(names, loans)
            run_again(names, lambda: _put_all(names, loans))
            self._undo = [functools.partial(names.update, before), names.clear]


def _put_all(names: dict[str, Any], loans: dict[str, Any]) -> list[Callable[[], None]]:
    """Put loans in the place of a module's names; return how to undo each."""
    undo = []
    for path, loan in loans.items():
        owner, _, method = path.rpartition(".")
        if not owner:
            undo.append(_put_name(names, path, loan))
        elif isinstance(names.get(owner), type):
            undo.append(_put_method(names[owner], method, loan))
    return undo


def _put_name(names: dict[str, Any], name: str, loan: Any) -> Callable[[], None]:
    """Bind a global name; return how to undo it."""
    undo = functools.partial(names.__setitem__, name, names[name]) if name in names else None
    names[name] = loan
    return undo or functools.partial(names.__delitem__, name)


def _put_method(owner: type, method: str, loan: Any) -> Callable[[], None]:
    """Set a method of a class; return how to undo it."""
    own = vars(owner)
    undo = functools.partial(setattr, owner, method, own[method]) if method in own else None
    setattr(owner, method, loan)
    return undo or functools.partial(delattr, owner, method)


def _names_around(borrower: Any) -> dict[str, Any]:
    """Return the global names that a function, or the first method of a class, sees; none around another object."""
    parts = [borrower, *vars(borrower).values()] if isinstance(borrower, type) else [borrower]
    found = (getattr(inspect.unwrap(part), "__globals__", None) for part in parts if callable(part))
    return next((names for names in found if names is not None), {})
