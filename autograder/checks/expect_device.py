"""Check that a function works on the device of its inputs, without needing a second device."""

from __future__ import annotations

from typing import Any

from autograder.checks.expect import expect
from autograder.core.message import Message
from autograder.probes.saying import MIXED, STAYED, recognised

_HINT = "Create each tensor on the device of the input: torch.zeros(..., device=x.device), torch.randn_like(x)."


def expect_device(student: Any, function: Any, *args: Any, **options: Any) -> None:
    """Require that ``function`` would work, with its result on the same device, if its inputs were on a GPU.

    ``function`` is the student's, or one from `student.define`. Modules among the arguments move with the inputs.
    """
    found = student.define("from autograder.probes.devices import strays").strays(function, *args, **options)
    problem = recognised(str(found)[:120], (MIXED, STAYED))
    expect(type(found) is str and found == "", Message("With inputs on a GPU {found}.", found=problem), _HINT)
