"""gradlab's grader. The public names are what check files and notebooks import; each is loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "task": "autograder.checks.task",
    "expect": "autograder.checks.expect",
    "expect_close": "autograder.checks.expect",
    "expect_equal": "autograder.checks.expect",
    "expect_device": "autograder.checks.expect_device",
    "expect_shape": "autograder.checks.expect",
    "expect_type": "autograder.checks.expect",
    "expect_unchanged": "autograder.checks.expect",
    "expect_gradient": "autograder.checks.gradients",
    "expect_gradients": "autograder.checks.gradients",
    "forbid": "autograder.source_rules.forbid",
    "check": "autograder.students.notebook_check",
}
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"autograder has no {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value  # a submodule of the same name must not shadow it
    return value
