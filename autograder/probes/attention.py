"""Which weights of an attention network play which part, found by what it does instead of by attributes' names.

Checks run `parts` beside a student's code: it gives the weights new values and tells them, so that torch's own layers
(`autograder.probes.torch_layers`) can be given the same. What comes back from there is not taken on trust: `complaint` draws the
values again.
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
    """Run ``module`` once, draw all its parameters anew, not tiny, and return them by role, in order of first use.

    The module moves to ``dtype`` and to the device of the first input. The result has

        attention   a list of dicts: "heads", a list of three pairs (query, key, value) for each head; "out", a pair
        linear      pairs of all other linear layers
        norm        pairs (gain, shift) of normalisations
        embedding   tables
        loose       parameters that belong to none of these
    """
    module.to(inputs[0].device, dtype)
    roles = _Roles()
    hooks = [part.register_forward_pre_hook(roles.called) for part in module.modules()]
    training = module.training
    try:
        with torch.no_grad():
            module.eval()(*inputs)
    finally:
        module.train(training)
        for hook in hooks:
            hook.remove()
    found = {
        "attention": [unit.values() for unit in roles.units],
        "linear": [_pair(layer) for layer in roles.linears],
        "norm": [(gain.detach().view(-1), shift.detach().view(-1)) for gain, shift in roles.norms],
        "embedding": [table.detach() for table in roles.tables],
        "loose": [p.detach() for p in module.parameters() if not _has(roles.known(), p)],
    }
    _fill(found, seed)
    return found


def head_parts(head: Any, seed: int, like: Tensor) -> dict[str, Any]:
    """As `parts`, for one head by itself, with layers q, k and v; dtype and device are those of ``like``."""
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
    """What is wrong with what `parts` returned, in a sentence; "" if nothing is.

    ``counts`` says how many there must be in a role (``linear=2``), ``heads`` how many share the ``width`` of each
    attention (0: not asked), and ``shapes`` what each linear layer makes and takes, in order of use.
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
                f"Linear layer {number + 1} of {len(found['linear'])}, in order of use, makes {len(weight)} numbers "
                f"of {weight[0].numel()}; it must make {out} of {taken}."
            )
    for place, values in _drawn(found, seed):
        if place is not None and not torch.equal(place, values.to(place)):
            return "A weight is not what the check set it to: each layer and each head has weights of its own."
    return ""


def _head_complaint(found: Sequence[Sequence[Pair]], heads: int, width: int) -> str:
    if len(found) != heads:
        return f"has {len(found)} head{'s'[: len(found) != 1]}; num_heads is {heads}."
    for weight, _ in (pair for head in found for pair in head) if width else []:
        if tuple(weight.shape) != (width // heads, width):
            return (
                f"has a head that makes {len(weight)} numbers of {weight[0].numel()}; each of the {heads} heads must "
                f"make {width // heads} of {width}."
            )
    return ""


def without_gradient(module: nn.Module, inputs: Sequence[Any], dtype: torch.dtype = torch.float64) -> list[str]:
    """Names of the parameters that no finite gradient reaches from the output, or only zeros reach a matrix."""
    out = module.to(inputs[0].device, dtype).train()(*inputs)
    (out * torch.arange(out.numel(), dtype=dtype, device=out.device).view(out.shape).cos()).sum().backward()
    return [name for name, p in module.named_parameters() if not _moves(p)]


def _moves(parameter: Tensor) -> bool:
    gradient = parameter.grad
    if gradient is None or not bool(gradient.isfinite().all()):
        return False
    return parameter.dim() < 2 or bool(gradient.any())  # a key's bias moves all scores of a query alike: zero


class _Unit:
    """A multi-head attention: torch's own, or a module whose ``heads`` have q, k and v."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.inside = list(module.modules())
        own = isinstance(module, nn.MultiheadAttention)
        self.heads = [] if own else [part for head in module.heads for part in head.modules()]  # type: ignore[union-attr]
        self.out: Any = module.out_proj if own else None

    def values(self) -> dict[str, Any]:
        module: Any = self.module
        own = isinstance(module, nn.MultiheadAttention)
        heads = _torch_heads(module) if own else [_head(head) for head in module.heads]
        return {"heads": heads, "out": None if self.out is None else _pair(self.out)}


class _Roles:
    """Listens to a forward pass."""

    def __init__(self) -> None:
        self.units: list[_Unit] = []
        self.linears: list[nn.Module] = []
        self.norms: list[tuple[Tensor, Tensor]] = []  # gain and shift
        self.tables: list[Tensor] = []
        self.seen: list[nn.Module] = []

    def called(self, module: nn.Module, inputs: Any) -> None:
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
        """Every parameter that has a role."""
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
    """Each tensor of ``found`` with a value for it: what a layer puts out is of order 1, whatever its width."""
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
    return any(item is wanted for item in items)  # tensors have an == of their own


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
