"""gradlab's grader. Its public names are imported by check files and notebooks, and loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors and type checkers; a test compares these imports with _MODULES
    from autograder.checks.expect import (
        expect,
        expect_close,
        expect_equal,
        expect_shape,
        expect_type,
        expect_unchanged,
        expect_vectorised,
    )
    from autograder.checks.expect_answer import expect_choice, expect_number
    from autograder.checks.expect_device import expect_device
    from autograder.checks.expect_draws import expect_draws
    from autograder.checks.expect_gradients import expect_same_gradients
    from autograder.checks.expect_own_gradients import expect_own_gradients
    from autograder.checks.expect_state import expect_state_kept
    from autograder.checks.gradients import autograd_gradients, expect_gradient, expect_gradients
    from autograder.checks.sequences import is_sequence
    from autograder.checks.task import task
    from autograder.core.message import Message
    from autograder.sandbox.expect_file import expect_file
    from autograder.sandbox.expect_raises import expect_raises
    from autograder.sandbox.explain import explain_errors
    from autograder.sandbox.link import Inspection, Measurement
    from autograder.sandbox.proxy import StudentFault
    from autograder.source_rules.forbid import forbid
    from autograder.students.hints import hint
    from autograder.students.notebook_check import check

__version__ = "0.1.0"
__all__ = [
    "Inspection",
    "Measurement",
    "Message",
    "StudentFault",
    "__version__",
    "autograd_gradients",
    "check",
    "expect",
    "expect_choice",
    "expect_close",
    "expect_device",
    "expect_draws",
    "expect_equal",
    "expect_file",
    "expect_gradient",
    "expect_gradients",
    "expect_number",
    "expect_own_gradients",
    "expect_raises",
    "expect_same_gradients",
    "expect_shape",
    "expect_state_kept",
    "expect_type",
    "expect_unchanged",
    "expect_vectorised",
    "explain_errors",
    "forbid",
    "hint",
    "is_sequence",
    "task",
]

_MODULES = {
    "Inspection": "autograder.sandbox.link",
    "Measurement": "autograder.sandbox.link",
    "Message": "autograder.core.message",
    "StudentFault": "autograder.sandbox.proxy",
    "autograd_gradients": "autograder.checks.gradients",
    "check": "autograder.students.notebook_check",
    "expect": "autograder.checks.expect",
    "expect_choice": "autograder.checks.expect_answer",
    "expect_close": "autograder.checks.expect",
    "expect_device": "autograder.checks.expect_device",
    "expect_draws": "autograder.checks.expect_draws",
    "expect_equal": "autograder.checks.expect",
    "expect_file": "autograder.sandbox.expect_file",
    "expect_gradient": "autograder.checks.gradients",
    "expect_gradients": "autograder.checks.gradients",
    "expect_number": "autograder.checks.expect_answer",
    "expect_own_gradients": "autograder.checks.expect_own_gradients",
    "expect_raises": "autograder.sandbox.expect_raises",
    "expect_same_gradients": "autograder.checks.expect_gradients",
    "expect_shape": "autograder.checks.expect",
    "expect_state_kept": "autograder.checks.expect_state",
    "expect_type": "autograder.checks.expect",
    "expect_unchanged": "autograder.checks.expect",
    "expect_vectorised": "autograder.checks.expect",
    "explain_errors": "autograder.sandbox.explain",
    "forbid": "autograder.source_rules.forbid",
    "hint": "autograder.students.hints",
    "is_sequence": "autograder.checks.sequences",
    "task": "autograder.checks.task",
}

if not TYPE_CHECKING:  # a type checker that saw this would accept any name

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module 'autograder' has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name]), name)
        globals()[name] = value  # a submodule of the same name must not replace it
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})  # so that Jupyter completes names that are not loaded yet
