"""gradlab's grader. The public names below are what check files and notebooks import; each is loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "task": "autograder.claims",
    "expect": "autograder.expect",
    "expect_close": "autograder.expect",
    "expect_equal": "autograder.expect",
    "expect_shape": "autograder.expect",
    "expect_type": "autograder.expect",
    "expect_gradient": "autograder.gradients",
    "expect_gradients": "autograder.gradients",
    "forbid": "autograder.rules",
    "check": "autograder.notebook_check",
}
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"autograder has no {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value  # a submodule of the same name must not shadow it
    return value
