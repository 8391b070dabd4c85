"""Check that a function works on the device of its inputs, without needing a second device."""

from __future__ import annotations

from typing import Any

from autograder.checks.expect import expect

_HINT = "Create each tensor on the device of the input: torch.zeros(..., device=x.device), torch.randn_like(x)."


def expect_device(student: Any, function: Any, *args: Any, **options: Any) -> None:
    """Require that ``function`` would work, with its result on the same device, if its inputs were on a GPU.

    ``function`` is the student's, or one from `student.define`. Modules among the arguments move with the inputs.
    """
    found = student.define("from autograder.probes.devices import strays").strays(function, *args, **options)
    expect(type(found) is str and found == "", f"With inputs on a GPU {str(found)[:120]}.", _HINT)
