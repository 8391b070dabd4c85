"""gradlab's grader. The public names are what check files and notebooks import; each is loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "task": "autograder.checks.claims",
    "expect": "autograder.checks.expectations",
    "expect_close": "autograder.checks.expectations",
    "expect_equal": "autograder.checks.expectations",
    "expect_device": "autograder.checks.devices",
    "expect_shape": "autograder.checks.expectations",
    "expect_type": "autograder.checks.expectations",
    "expect_unchanged": "autograder.checks.expectations",
    "expect_gradient": "autograder.checks.gradients",
    "expect_gradients": "autograder.checks.gradients",
    "forbid": "autograder.checks.rules",
    "check": "autograder.notebook_check",
}
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"autograder has no {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value  # a submodule of the same name must not shadow it
    return value
