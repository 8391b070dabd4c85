"""Find out on a CPU whether a function would work with inputs on another device.

`strays` runs the function on the CPU and records which tensors would be on the inputs' device. Checks run it in the
student's process. Unlike on torch's device "meta", tensors have values, so code that reads them works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from autograder.probes.saying import MIXED, STAYED

# Without device=... they create a tensor on the default device, wherever the inputs are.
_MAKERS = {
    *("arange", "empty", "eye", "full", "linspace", "ones", "rand", "randn", "randint", "randperm", "tensor", "zeros"),
    *("tril_indices", "triu_indices"),
}
_INDEXING = {"__getitem__", "__setitem__", "index_put_"}  # indices may be on the CPU
_MOVES = {"to", "type_as", "cuda", "copy_"}


def strays(f: Callable[..., Any], *args: Any, **options: Any) -> str:
    """Return what would fail if the arguments, and the tensors of modules, were on another device; "" if nothing.

    Tensors created without a device are on the CPU, and so are results computed only from them, until `.to` or a
    similar function moves them. Both devices may be mixed where torch allows it: numbers (0-d), indices and copies.
    """
    with _Recorder() as recorder:
        out = f(*args, **options)
    if recorder.mixed:
        return MIXED.format(function=recorder.mixed)
    return str(STAYED) if any(map(recorder.is_on_cpu, _tensors(out))) else ""


class _Recorder(TorchFunctionMode):
    """Records which tensors are on the CPU, and the first function with tensors of both devices."""

    def __init__(self) -> None:
        super().__init__()
        self.mixed = ""
        self._on_cpu: set[int] = set()
        self._alive: list[Tensor] = []  # no other tensor gets the id of a tensor in this list

    def is_on_cpu(self, x: Tensor) -> bool:
        """Return whether the tensor would be on the CPU."""
        return id(x) in self._on_cpu

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        options, name = dict(kwargs or {}), getattr(func, "__name__", "")
        out = func(*args, **options)
        made = _tensors(out)
        if name == "__set__":  # x.data = y
            made, on_cpu = [args[0]], self.is_on_cpu(args[1])
        elif name in _INDEXING:
            on_cpu = self.is_on_cpu(args[0])
        else:
            on_cpu = self._of_call(name, args, options)
        self._alive += made
        for x in made:
            (self._on_cpu.add if on_cpu else self._on_cpu.discard)(id(x))
        return out

    def _of_call(self, name: str, args: Sequence[Any], options: Mapping[str, Any]) -> bool:
        """Return whether the result of this call would be on the CPU."""
        given = _tensors((args, options))
        if not given:
            return name in _MAKERS and options.get("device") is None
        if name in _MOVES:
            place = (str, torch.device, Tensor)
            moved = name != "to" or any(isinstance(x, place) for x in (*args[1:], *options.values()))
            return not moved and self.is_on_cpu(given[0])
        if len({self.is_on_cpu(x) for x in given if x.ndim}) > 1:
            self.mixed = self.mixed or name
        return all(map(self.is_on_cpu, given))


def _tensors(tree: Any) -> list[Tensor]:
    return [x for x in tree_leaves(tree) if isinstance(x, Tensor)]
