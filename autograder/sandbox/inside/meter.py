"""What a call did in torch: its operations, the largest tensor, and the global settings that it left behind."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any

_WORDS = {"dtype": "default_dtype", "recording": "grad_enabled", "seeded": "seed"}  # in the names of torch's functions
RUNNING = ("call", "hold", "inspect", "figure", "list", "next", "operate")  # the requests that run the student's code


class NoMeter(nullcontext[None]):
    """Counts nothing: where torch is not imported, there are no operations of torch."""

    ops = largest = 0


def make_meter() -> Any:
    """Return a context that counts torch's operations and the bytes of the largest tensor that one of them made.

    A view needs no memory, however large its shape. Another mode may count for it by ``count``, with less effort.
    """
    if "torch" not in sys.modules:
        return NoMeter()
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Meter(TorchDispatchMode):
        ops = largest = 0

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False  # else torch imports its compiler, which takes a second, only to exclude this mode from it

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            self.count(out)
            return out

        def count(self, out: Any) -> None:
            """Count one operation, which returned ``out``."""
            self.ops += 1
            for value in out if isinstance(out, tuple | list) else (out,):
                if isinstance(value, torch.Tensor):
                    self.largest = max(self.largest, _size_of(value))

    meter: Any = Meter  # torch gives its class no types
    return meter()


def torch_settings() -> dict[str, Any]:
    """Return torch's default dtype, whether gradients are recorded, and the global generator's seed, if it is imported.

    Drawing numbers leaves the seed as it is.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    return {
        "dtype": torch.get_default_dtype(),
        "recording": torch.is_grad_enabled(),
        "seeded": torch.default_generator.initial_seed(),
    }


def changed_settings(before: dict[str, Any]) -> list[str]:
    """Return the names of torch's settings that differ from ``before``, which torch_settings returned."""
    now = torch_settings() if before else {}
    return [name for name in before if before[name] != now[name]]


class LeftSettings:
    """Which of torch's settings the student's code changed in this check.

    What a check's helper code calls may change does not count: the helper's words for a setting say what it changes.
    """

    def __init__(self) -> None:
        self.changed: set[str] = set()
        self._of_helpers: set[str] = set()

    def defined(self, source: str) -> None:
        """Read the source of a check's helper code."""
        self._of_helpers |= {name for name, word in _WORDS.items() if word in source}

    def compare(self, before: dict[str, Any], f: Any) -> None:
        """Note what a request changed that called ``f``."""
        if changed := changed_settings(before):
            place = str(getattr(f, "__module__", ""))
            if place == "helper":
                changed = [name for name in changed if name not in self._of_helpers]
            if not place.startswith("autograder."):
                self.changed.update(changed)


def _size_of(value: Any) -> int:
    """Return how many bytes a tensor has; a sparse one has no storage of its own, but its values have."""
    if value.layout is not sys.modules["torch"].strided and "sparse" in str(value.layout):
        value = value._values() if value.is_sparse else value.values()
    return int(value.untyped_storage().nbytes())
