"""Which weights of an attention network play which part, found by what it does instead of by attributes' names.

Checks run this beside a student's code: it gives the weights new values and tells them, so that torch's own layers
(`common.torch_layers`) can be given the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Pair = tuple[Tensor, Tensor]  # weight and bias, or gain and shift


def parts(module: nn.Module, inputs: Sequence[Any], seed: int, dtype: torch.dtype = torch.float64) -> dict[str, Any]:
    """Run ``module`` once, draw all its parameters anew, not tiny, and return them by role, in order of first use.

    The module moves to ``dtype`` and to the device of the first input. The result has

        attention   a list of dicts: "heads", a list of three pairs (query, key, value) for each head; "out", a pair
        linear      pairs of all other linear layers; a missing bias is zero
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
    _scramble(module, roles, torch.Generator().manual_seed(seed))
    return {
        "attention": [unit.values() for unit in roles.units],
        "linear": [_pair(layer) for layer in roles.linears],
        "norm": [(gain.detach(), shift.detach()) for gain, shift in roles.norms],
        "embedding": [table.detach() for table in roles.tables],
        "loose": [p.detach() for p in module.parameters() if not any(p is known for known in roles.known())],
    }


class _Unit:
    """A multi-head attention: torch's own, or a module whose ``heads`` have q, k and v."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.inside = list(module.modules())
        own = isinstance(module, nn.MultiheadAttention)
        self.heads = [] if own else [part for head in module.heads for part in head.modules()]  # type: ignore[union-attr]
        self.out: Any = module.out_proj if own else None

    def values(self) -> dict[str, Any]:
        heads = _torch_heads(self.module) if isinstance(self.module, nn.MultiheadAttention) else _heads(self.module)
        return {"heads": heads, "out": None if self.out is None else _pair(self.out)}


class _Roles:
    """Listens to a forward pass."""

    def __init__(self) -> None:
        self.units: list[_Unit] = []
        self.linears: list[nn.Module] = []
        self.norms: list[Pair] = []
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
        elif len(own) in (1, 2) and own[0].dim() >= 2 and own[0] is getattr(module, "weight", None):
            unit = next((unit for unit in self.units if _has(unit.inside, module)), None)
            if unit is None:
                self.linears.append(module)
            elif not _has(unit.heads, module):
                unit.out = module
        elif len(own) == 2 and own[0].dim() == 1 and own[0].shape == own[1].shape:
            first, second = own
            self.norms.append((second, first) if bool((second == 1).all()) else (first, second))

    def known(self) -> Iterable[Tensor]:
        """Every parameter that has a role."""
        for module in [*self.linears, *(part for unit in self.units for part in unit.inside)]:
            yield from module.parameters()
        for pair in self.norms:
            yield from pair
        yield from self.tables


def _scramble(module: nn.Module, roles: _Roles, generator: torch.Generator) -> None:
    """Values that make what a layer puts out of order 1, whatever its width."""
    with torch.no_grad():
        for parameter in module.parameters():
            values = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            if not _has(roles.tables, parameter):
                values /= parameter[0].numel() ** 0.5 if parameter.dim() >= 2 else 2.0
            parameter.copy_(values + (1.0 if _has([gain for gain, _ in roles.norms], parameter) else 0.0))


def _has(items: Iterable[Any], wanted: Any) -> bool:
    return any(item is wanted for item in items)  # tensors have an == of their own


def _has_heads(module: nn.Module) -> bool:
    heads = getattr(module, "heads", None)
    return isinstance(heads, nn.ModuleList) and all(hasattr(head, "q") for head in heads)


def _pair(layer: Any) -> Pair:
    """Weight and bias; a missing bias is zero."""
    weight = layer.weight.detach()
    return weight, weight.new_zeros(len(weight)) if layer.bias is None else layer.bias.detach()


def _heads(module: Any) -> list[list[Pair]]:
    return [[_pair(head.q), _pair(head.k), _pair(head.v)] for head in module.heads]


def _torch_heads(module: nn.MultiheadAttention) -> list[list[Pair]]:
    weight = module.in_proj_weight.detach()
    bias = weight.new_zeros(len(weight)) if module.in_proj_bias is None else module.in_proj_bias.detach()
    weights, biases = ([part.chunk(module.num_heads) for part in whole.chunk(3)] for whole in (weight, bias))
    return [[(weights[part][h], biases[part][h]) for part in range(3)] for h in range(module.num_heads)]
