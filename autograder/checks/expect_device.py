"""Whether a student's function follows its inputs to another device, judged without one."""

from __future__ import annotations

from typing import Any

from autograder.checks.expect import expect

_HINT = "Make each tensor where the input is: torch.zeros(..., device=x.device), torch.randn_like(x), x.new_zeros(...)."


def expect_device(student: Any, function: Any, *args: Any, **options: Any) -> None:
    """If the inputs were on another device than torch's default, ``function`` would run, and its result be there.

    ``function`` is the student's, or one that `student.define` made; modules among the arguments move with the inputs.
    """
    found = student.define("from autograder.probes.devices import strays").strays(function, *args, **options)
    expect(type(found) is str and found == "", f"With inputs on a GPU {str(found)[:120]}.", _HINT)
