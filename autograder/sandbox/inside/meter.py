"""What a call did in torch: its operations, the largest tensor, and the global settings that it left behind."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

State = tuple[str, Any, Any]  # a kind, an argument, and what it was before the call
SMALL = 1 << 12  # values of an argument that is compared in every check: copies of larger ones take time and memory

_WORDS = {  # how code changes a setting; `torch.Generator().manual_seed(3)` leaves the global generator as it is
    "dtype": re.compile("default_dtype"),
    "recording": re.compile("grad_enabled"),
    "seeded": re.compile(r"torch\.seed|seed_everything|rng_state"),
}
_HELPER_SEEDS = re.compile(r"torch\.manual_seed")  # whose seeds are known, so that the student's differ
RUNNING = (
    "call",
    "hold",
    "inspect",
    "measure",
    "figure",
    "list",
    "next",
    "operate",
)  # the requests that run the student's code


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


class Left:
    """What the student's code left changed in this check: torch's settings, and arguments if the check asks for it.

    Otherwise "small inputs" are compared, so that a hint may say that they changed. Settings that a check's helper code
    may change do not count: the helper's words for a setting say what it changes, and its seeds are noted as it sets
    them.
    """

    def __init__(self, *, arguments: bool = False) -> None:
        self.changed: set[str] = set()
        self._arguments = arguments
        self._of_helpers: set[str] = set()
        self._helpers_seed, self._seeds = False, set[int]()

    def take(self) -> list[str]:
        """Return what changed since the last time."""
        changed, self.changed = sorted(self.changed), set()
        return changed

    def defined(self, source: str) -> None:
        """Read the source of a check's helper code."""
        self._of_helpers |= {name for name, word in _WORDS.items() if word.search(source)}
        self._helpers_seed |= bool(_HELPER_SEEDS.search(source))

    @contextmanager
    def noting(self, request: dict[str, Any]) -> Iterator[None]:
        """Note what the request in the block leaves changed, if it ends without an error."""
        before = self.before(request)
        with _noting_seeds(self._seeds) if self._helpers_seed else nullcontext():
            yield
        self.compare(before, request.get("f"))

    def before(self, request: dict[str, Any]) -> tuple[dict[str, Any], list[State]]:
        """Return the state before a request: torch's settings, and what is compared of arguments."""
        place = str(getattr(request.get("f"), "__module__", ""))
        if place.startswith("torch."):  # a check calls `model.eval()`
            return torch_settings(), []
        if self._arguments:
            return torch_settings(), list(_states([request.get(key) for key in ("f", "args", "kwargs")]))
        return torch_settings(), [] if place == "helper" else list(_small_inputs(request))

    def compare(self, state: tuple[dict[str, Any], list[State]], f: Any) -> None:
        """Note what a request changed that called ``f``."""
        before, arguments = state
        self.changed.update(kind for kind, value, then in arguments if not _same(_now(kind, value), then))
        if changed := changed_settings(before):
            if "seeded" in changed and torch_settings()["seeded"] in self._seeds:
                changed.remove("seeded")
            if getattr(f, "__module__", "") == "helper":
                changed = [name for name in changed if name not in self._of_helpers]
            self.changed.update(changed)


@contextmanager
def _noting_seeds(seeds: set[int]) -> Iterator[None]:
    """Add the seeds that a check's helper code sets in the block, not those of the student's code."""
    torch: Any = sys.modules["torch"]
    usual = torch.manual_seed

    def manual_seed(seed: int) -> Any:
        generator = usual(seed)
        if sys._getframe(1).f_globals.get("__name__") == "helper":
            seeds.add(generator.initial_seed())
        return generator

    torch.manual_seed = manual_seed
    try:
        yield
    finally:
        torch.manual_seed = usual


def _states(value: Any, depth: int = 8) -> Iterator[State]:
    """Yield what a call must not change of an argument: values, and of modules, modes and requires_grad.

    A list may contain itself, so nothing deeper than ``depth`` is compared.
    """
    torch = sys.modules.get("torch")
    if isinstance(value, list | tuple | dict):
        for item in (value.values() if isinstance(value, dict) else value) if depth else ():
            yield from _states(item, depth - 1)
    elif isinstance(value, np.ndarray) or (torch and isinstance(value, torch.Tensor)):
        yield "inputs", value, _now("inputs", value)
    elif torch and isinstance(value := getattr(value, "__self__", value), torch.nn.Module):
        yield "modes", value, _now("modes", value)
        yield "frozen", value, _now("frozen", value)


def _small_inputs(request: dict[str, Any]) -> Iterator[State]:
    """Yield the arguments of a call that are small tensors or arrays, not those inside of lists or modules."""
    torch = sys.modules.get("torch")
    for value in (*(request.get("args") or ()), *(request.get("kwargs") or {}).values()):
        plain = type(value) is np.ndarray or (
            torch and type(value) is torch.Tensor and value.layout is torch.strided and value.device.type == "cpu"
        )
        if plain and not getattr(value, "is_nested", False) and math.prod(value.shape) <= SMALL:
            yield "small inputs", value, _now("inputs", value)


def _now(kind: str, value: Any) -> Any:
    """Return a copy of the part of a value that is compared; of a sparse tensor, its values."""
    if kind.endswith("inputs"):
        return value.copy() if isinstance(value, np.ndarray) else _stored(value.detach()).clone()
    parts = value.modules() if kind == "modes" else value.parameters()
    return [part.training if kind == "modes" else part.requires_grad for part in parts]


def _same(now: Any, then: Any) -> bool:
    if isinstance(now, list):
        return bool(now == then)
    if now.shape != then.shape or now.dtype != then.dtype:
        return False
    return bool(((now == then) | ((now != now) & (then != then))).all())


def _size_of(value: Any) -> int:
    """Return how many bytes a tensor has; a sparse one has no storage of its own, but its values have."""
    return int(_stored(value).untyped_storage().nbytes())


def _stored(value: Any) -> Any:
    """Return a tensor, or the values that a sparse one stores."""
    if value.layout is not sys.modules["torch"].strided and "sparse" in str(value.layout):
        return value._values() if value.is_sparse else value.values()
    return value
