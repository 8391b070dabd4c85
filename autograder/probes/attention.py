"""Find the roles of an attention network's weights by the order and the kind of its layers, not by attributes' names.

Checks run `parts` in the student's process: it gives the weights new values and returns them, so that torch's own
layers (`autograder.probes.torch_layers`) can get the same values. A student's process may return anything, so
`complaint` draws the values again and compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Pair = tuple[Tensor, Tensor | None]  # weight and bias, which may be missing

NAMES = {
    "attention": "multi-head attentions (nn.MultiheadAttention, or `heads` in an nn.ModuleList, each with q, k and v)",
    "linear": "linear layers outside of attention",
    "norm": "normalisations (modules with two parameters, a gain of ones and a shift of zeros)",
    "embedding": "embeddings",
    "loose": "parameters of no layer",
}


def parts(module: nn.Module, inputs: Sequence[Any], seed: int, dtype: torch.dtype = torch.float64) -> dict[str, Any]:
    """Run ``module`` once, set its parameters to random values of order 1, and return them by role, in order of use.

    The module moves to ``dtype`` and to the device of the first input. The result has

        attention   a list of dicts: "heads", a list of three pairs (query, key, value) for each head; "out", a pair
        linear      pairs of all other linear layers
        norm        pairs (gain, shift) of normalisations
        embedding   tables
        loose       parameters that belong to none of these
    """
    module.to(inputs[0].device, dtype)
    recorder = _Recorder()
    hooks = [part.register_forward_pre_hook(recorder.record) for part in module.modules()]
    training = module.training
    try:
        with torch.no_grad():
            module.eval()(*inputs)
    finally:
        module.train(training)
        for hook in hooks:
            hook.remove()
    found = {
        "attention": [unit.values() for unit in recorder.units],
        "linear": [_pair(layer) for layer in recorder.linears],
        "norm": [(gain.detach().view(-1), shift.detach().view(-1)) for gain, shift in recorder.norms],
        "embedding": [table.detach() for table in recorder.tables],
        "loose": [p.detach() for p in module.parameters() if not _has(recorder.known(), p)],
    }
    _fill(found, seed)
    return found


def head_parts(head: Any, seed: int, like: Tensor) -> dict[str, Any]:
    """Return the result of `parts` for a single head with layers q, k and v; dtype and device are those of ``like``."""
    head.to(like)
    found: dict[str, Any] = {role: [] for role in NAMES} | {"attention": [{"heads": [_head(head)], "out": None}]}
    _fill(found, seed)
    return found


def complaint(
    found: dict[str, Any],
    seed: int,
    *,
    heads: int = 0,
    width: int = 0,
    shapes: Sequence[tuple[int, int]] | None = None,
    **counts: int,
) -> str:
    """Return what is wrong with the result of `parts`, in a sentence; "" if nothing is wrong.

    ``counts`` are the required numbers of layers by role (``linear=2``), ``heads`` is the number of heads that share
    the ``width`` of each attention (0: not checked), and ``shapes`` are the output and input sizes of each linear
    layer, in order of use.
    """
    counts |= {} if shapes is None else {"linear": len(shapes)}
    for role, count in counts.items():
        if len(found[role]) != count:
            return f"forward used {len(found[role])} {NAMES[role]}; it must use {count}."
    for number, unit in enumerate(found["attention"] if heads else []):
        if problem := _head_complaint(unit["heads"], heads, width):
            which = f" {number + 1} of {len(found['attention'])}" if len(found["attention"]) > 1 else ""
            return f"Attention{which} {problem}"
    for number, ((weight, _), (out, taken)) in enumerate(zip(found["linear"], shapes or [], strict=False)):
        if tuple(weight.flatten(1).shape) != (out, taken):
            return (
                f"Linear layer {number + 1} of {len(found['linear'])}, in order of use, maps {weight[0].numel()} "
                f"numbers to {len(weight)}; it must map {taken} to {out}."
            )
    for place, values in _drawn(found, seed):
        if place is not None and not torch.equal(place, values.to(place)):
            return "A weight is not what the check set it to: each layer and each head must have its own weights."
    return ""


def _head_complaint(found: Sequence[Sequence[Pair]], heads: int, width: int) -> str:
    if len(found) != heads:
        return f"has {len(found)} head{'s'[: len(found) != 1]}; num_heads is {heads}."
    for weight, _ in (pair for head in found for pair in head) if width else []:
        if tuple(weight.shape) != (width // heads, width):
            return (
                f"has a head that maps {weight[0].numel()} numbers to {len(weight)}; each of the {heads} heads must "
                f"map {width} to {width // heads}."
            )
    return ""


def without_gradient(module: nn.Module, inputs: Sequence[Any], dtype: torch.dtype = torch.float64) -> list[str]:
    """Return names of parameters without a finite gradient, and of matrices whose gradient is all zeros."""
    out = module.to(inputs[0].device, dtype).train()(*inputs)
    (out * torch.arange(out.numel(), dtype=dtype, device=out.device).view(out.shape).cos()).sum().backward()
    return [name for name, p in module.named_parameters() if not _has_gradient(p)]


def _has_gradient(parameter: Tensor) -> bool:
    gradient = parameter.grad
    if gradient is None or not bool(gradient.isfinite().all()):
        return False
    return parameter.dim() < 2 or bool(
        gradient.any()
    )  # a key's bias changes all scores of a query equally: gradient zero


class _Unit:
    """A multi-head attention: torch's own, or a module whose ``heads`` have q, k and v."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.inside = list(module.modules())
        own = isinstance(module, nn.MultiheadAttention)
        heads: Any = () if own else module.heads
        self.heads = [part for head in heads for part in head.modules()]
        self.out: Any = module.out_proj if own else None

    def values(self) -> dict[str, Any]:
        module: Any = self.module
        own = isinstance(module, nn.MultiheadAttention)
        heads = _torch_heads(module) if own else [_head(head) for head in module.heads]
        return {"heads": heads, "out": None if self.out is None else _pair(self.out)}


class _Recorder:
    """Records the layers of a forward pass by role."""

    def __init__(self) -> None:
        self.units: list[_Unit] = []
        self.linears: list[nn.Module] = []
        self.norms: list[tuple[Tensor, Tensor]] = []  # gain and shift
        self.tables: list[Tensor] = []
        self.seen: list[nn.Module] = []

    def record(self, module: nn.Module, inputs: Any) -> None:
        if _has(self.seen, module):
            return
        self.seen.append(module)
        own = list(module.parameters(recurse=False))
        if isinstance(module, nn.MultiheadAttention) or _has_heads(module):
            self.units.append(_Unit(module))
        elif isinstance(module, nn.Embedding):
            self.tables.append(module.weight)
        elif len(own) == 2 and own[0].shape == own[1].shape and own[0].numel() == own[0].shape[-1]:
            first, second = own
            self.norms.append((second, first) if bool((second == 1).all()) else (first, second))
        elif len(own) in (1, 2) and own[0].dim() >= 2 and own[0] is getattr(module, "weight", None):
            unit = next((unit for unit in self.units if _has(unit.inside, module)), None)
            if unit is None:
                self.linears.append(module)
            elif not _has(unit.heads, module):
                unit.out = module

    def known(self) -> Iterable[Tensor]:
        """Return every parameter that has a role."""
        for module in [*self.linears, *(part for unit in self.units for part in unit.inside)]:
            yield from module.parameters()
        for pair in self.norms:
            yield from pair
        yield from self.tables


def _fill(found: dict[str, Any], seed: int) -> None:
    for place, values in _drawn(found, seed):
        if place is not None:
            place.copy_(values)


def _drawn(found: dict[str, Any], seed: int) -> Iterator[tuple[Tensor | None, Tensor]]:
    """Draw values for each tensor of ``found``; the output of a layer is of order 1, whatever its width."""
    generator = torch.Generator().manual_seed(seed)

    def normal(place: Tensor, scale: float = 1.0, mean: float = 0.0) -> tuple[Tensor, Tensor]:
        return place, mean + scale * torch.randn(place.shape, generator=generator, dtype=torch.float64)

    def layer(pair: Pair) -> Iterator[tuple[Tensor | None, Tensor]]:
        weight, bias = pair
        yield normal(weight, weight[0].numel() ** -0.5)
        if bias is not None:
            yield normal(bias, 0.5)

    for unit in found["attention"]:
        for pair in [*(pair for head in unit["heads"] for pair in head), *([unit["out"]] if unit["out"] else [])]:
            yield from layer(pair)
    for pair in found["linear"]:
        yield from layer(pair)
    for gain, shift in found["norm"]:
        yield normal(gain, 0.5, 1.0)
        yield normal(shift, 0.5)
    for table in found["embedding"]:
        yield normal(table)
    for parameter in found["loose"]:
        yield normal(parameter, parameter[0].numel() ** -0.5 if parameter.dim() >= 2 else 0.5)


def _has(items: Iterable[Any], wanted: Any) -> bool:
    return any(item is wanted for item in items)  # == of tensors compares elements


def _has_heads(module: nn.Module) -> bool:
    heads = getattr(module, "heads", None)
    return isinstance(heads, nn.ModuleList) and all(hasattr(head, "q") for head in heads)


def _pair(layer: Any) -> Pair:
    return layer.weight.detach(), None if layer.bias is None else layer.bias.detach()


def _head(head: Any) -> list[Pair]:
    return [_pair(head.q), _pair(head.k), _pair(head.v)]


def _torch_heads(module: nn.MultiheadAttention) -> list[list[Pair]]:
    num, weight, bias = module.num_heads, module.in_proj_weight, module.in_proj_bias
    weights = [part.chunk(num) for part in weight.detach().chunk(3)]  # query, key, value
    biases = [[None] * num] * 3 if bias is None else [part.chunk(num) for part in bias.detach().chunk(3)]
    return [[(weights[part][head], biases[part][head]) for part in range(3)] for head in range(num)]
