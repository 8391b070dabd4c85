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
