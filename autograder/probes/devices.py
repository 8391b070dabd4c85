"""Does a function follow its inputs to another device? Told on a machine that has no other.

`strays` runs the function where it is and keeps account of which tensors would be elsewhere if the inputs were. Checks
run it beside a student's code. Unlike on torch's device "meta", tensors have values: code that looks at them is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

# Without device=... they make a tensor on the default device, wherever the inputs are.
_MAKERS = {
    *("arange", "empty", "eye", "full", "linspace", "ones", "rand", "randn", "randint", "randperm", "tensor", "zeros"),
    *("tril_indices", "triu_indices"),
}
_INDEXING = {"__getitem__", "__setitem__", "index_put_"}  # indices may be on the CPU
_MOVES = {"to", "type_as", "cuda", "copy_"}


def strays(f: Callable[..., Any], *args: Any, **options: Any) -> str:
    """What would go wrong if the tensors given, and those of modules, were on another device; empty if nothing.

    Tensors made without a device stay behind, and so does what is computed from them alone, until `.to` and its like
    bring it over. The two may meet where torch allows it: as numbers (0-d), as indices, in copies.
    """
    with _Account() as account:
        out = f(*args, **options)
    if account.mixed:
        return f"{account.mixed} would get tensors of both devices, and fail"
    return "the result would stay on the CPU" if any(map(account.is_behind, _tensors(out))) else ""


class _Account(TorchFunctionMode):
    """Which tensors have stayed behind, and the first function that got some of both."""

    def __init__(self) -> None:
        super().__init__()
        self.mixed = ""
        self._behind: set[int] = set()
        self._alive: list[Tensor] = []  # so that no other tensor gets the same id

    def is_behind(self, x: Tensor) -> bool:
        """Has it?"""
        return id(x) in self._behind

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        options, name = dict(kwargs or {}), getattr(func, "__name__", "")
        out = func(*args, **options)
        made = _tensors(out)
        if name == "__set__":  # x.data = y
            made, behind = [args[0]], self.is_behind(args[1])
        elif name in _INDEXING:
            behind = self.is_behind(args[0])
        else:
            behind = self._of_call(name, args, options)
        self._alive += made
        for x in made:
            (self._behind.add if behind else self._behind.discard)(id(x))
        return out

    def _of_call(self, name: str, args: Sequence[Any], options: Mapping[str, Any]) -> bool:
        """Whether what this call returns has stayed behind."""
        given = _tensors((args, options))
        if not given:
            return name in _MAKERS and options.get("device") is None
        if name in _MOVES:
            place = (str, torch.device, Tensor)
            moved = name != "to" or any(isinstance(x, place) for x in (*args[1:], *options.values()))
            return not moved and self.is_behind(given[0])
        if len({self.is_behind(x) for x in given if x.ndim}) > 1:
            self.mixed = self.mixed or name
        return all(map(self.is_behind, given))


def _tensors(tree: Any) -> list[Tensor]:
    return [x for x in tree_leaves(tree) if isinstance(x, Tensor)]
