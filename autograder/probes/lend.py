"""Run a student's function with other versions of the functions that it calls.

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
