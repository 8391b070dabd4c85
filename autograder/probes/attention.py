"""Find the roles of an attention network's weights by the order and the kind of their use, not by attributes' names.

Checks run `parts` in the student's process: it gives the weights new values and returns them, so that torch's own
layers (`autograder.probes.torch_layers`) can get the same values. A student's process may return anything, so
`complaint` draws the values again and compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autograder.probes.products import Pair, Product, ProductWatcher, Rows, rows_of
from autograder.probes.saying import Said
from autograder.probes.watching import evaluated, owners_of, repeatable, without_effect

NAMES = {
    "attention": Said("attentions (nn.MultiheadAttention, or linear layers for queries, keys, values, and products)"),
    "linear": Said("linear layers outside of attention"),
    "norm": Said("normalisations (modules with two parameters, a gain of ones and a shift of zeros)"),
    "embedding": Said("embeddings"),
    "loose": Said("parameters of no layer"),
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
    recorder = _Recorder(module)
    recorder.record(inputs)
    known = {id(p) for p in recorder.known()}
    found = {
        "attention": [unit.values() for unit in recorder.units],
        "linear": [_pair(layer) for layer in recorder.linears],
        "norm": [(gain.detach().view(-1), shift.detach().view(-1)) for gain, shift in recorder.norms],
        "embedding": [table.detach() for table in recorder.tables],
        "loose": [p.detach() for p in module.parameters() if id(p) not in known],
    }
    _fill(found, seed)
    return found


def head_parts(head: Any, seed: int, like: Tensor) -> dict[str, Any]:
    """Return the result of `parts` for a single head with layers q, k and v; dtype and device are those of ``like``."""
    head.to(like)
    found: dict[str, Any] = {role: [] for role in NAMES} | {"attention": [{"heads": [_head(head)]}]}
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
            used = {"used": len(found[role]), "layers": NAMES[role], "count": count}
            return Said("The number of {layers} that forward used is {used}; it must be {count}.", **used)
    for number, unit in enumerate(found["attention"]):
        which = {"number": number + 1, "all": len(found["attention"])}
        name = Said("Attention {number} of {all}", **which) if which["all"] > 1 else Said("Attention")
        if problem := _head_complaint(name, unit["heads"], heads, width) if heads else "":
            return problem
        if "out" in unit and (unit["out"] is None or (width and tuple(unit["out"][0].shape) != (width, width))):
            if not width:
                return Said("{attention} has no linear layer after its heads.", attention=name)
            return Said(
                "{attention} has no linear layer from {width} numbers to {width} after its heads.",
                attention=name,
                width=width,
            )
    for number, ((weight, _), (out, taken)) in enumerate(zip(found["linear"], shapes or [], strict=False)):
        if tuple(weight.flatten(1).shape) != (out, taken):
            return Said(
                "Linear layer {number} of {all}, in order of use, maps {before} numbers to {after}; it must map "
                "{taken} to {out}.",
                number=number + 1,
                all=len(found["linear"]),
                before=weight[0].numel(),
                after=len(weight),
                taken=taken,
                out=out,
            )
    for place, values in _drawn(found, seed):
        if place is not None and not torch.equal(place, values.to(place)):
            return Said("A weight is not what the check set it to: each layer and each head must have its own weights.")
    return ""


def _head_complaint(name: str, found: Sequence[Sequence[Pair]], heads: int, width: int) -> str:
    if len(found) != heads:
        if len(found) == 1:
            return Said("{attention} has one head; num_heads is {heads}.", attention=name, heads=heads)
        return Said("{attention} has {got} heads; num_heads is {heads}.", attention=name, got=len(found), heads=heads)
    for weight, _ in (pair for head in found for pair in head) if width else []:
        if tuple(weight.shape) != (width // heads, width):
            return Said(
                "{attention} has a head that maps {before} numbers to {after}; each of the {heads} heads must map "
                "{width} to {share}.",
                attention=name,
                before=weight[0].numel(),
                after=len(weight),
                heads=heads,
                width=width,
                share=width // heads,
            )
    return ""


class _Unit:
    """A multi-head attention."""

    def __init__(self, module: nn.Module, heads: Sequence[nn.Module] = ()) -> None:
        self.module, self.heads = module, list(heads)  # torch's attention, or a module with heads that have q, k and v
        self.traced: list[tuple[Rows, Rows, Rows]] = []  # or: what made queries, keys and values of each head
        self.out: Any = module.out_proj if isinstance(module, nn.MultiheadAttention) else None

    def has(self, layer: nn.Module) -> bool:
        """Return whether a layer belongs to it."""
        return layer in (self.module, self.out) or any(_has(head.modules(), layer) for head in self.heads)

    def values(self) -> dict[str, Any]:
        """Return the weights of heads and last layer."""
        module: Any = self.module
        own = isinstance(module, nn.MultiheadAttention)
        heads = [[rows.pair for rows in head] for head in self.traced] or (
            _torch_heads(module) if own else [_head(head) for head in self.heads]
        )
        return {"heads": heads, "out": None if self.out is None else _pair(self.out)}


class _Recorder:
    """Records the layers that a forward pass uses, by role."""

    def __init__(self, module: nn.Module) -> None:
        self.module, self.owners = module, owners_of(module)
        self.units: list[_Unit] = []
        self.linears: list[nn.Module] = []
        self.norms: list[tuple[Tensor, Tensor]] = []  # gain and shift
        self.tables: list[Tensor] = []
        self._seen: list[nn.Module] = []
        self._open: _Unit | None = None  # an attention whose last layer has not been used yet
        self._known = [_Unit(part, heads) for part in module.modules() if (heads := _heads_of(part))]
        self._known += [_Unit(part) for part in module.modules() if isinstance(part, nn.MultiheadAttention)]

    def record(self, inputs: Sequence[Any]) -> None:
        """Run the module, and give a role to each layer that affects the result."""
        with evaluated(self.module):
            run = repeatable(self.module, inputs)
            with (watcher := ProductWatcher(self.module)):
                run()
            idle = without_effect(run, list(watcher.used.values()))
            events = [event for event in watcher.events if not _has(idle, event)]
            traced = {id(event): self._trace(event, events) for event in events if isinstance(event, Product)}
        makers = [self.owners[id(rows.matrix)] for heads in traced.values() for head in heads for rows in head]
        self._known = [unit for unit in self._known if not any(map(unit.has, makers))]
        for event in events:
            if isinstance(event, Product):
                self._attend(traced[id(event)])
            elif not _has(makers, self.owners[id(event)]):
                self._use(self.owners[id(event)])

    def _trace(self, product: Product, events: Sequence[Tensor | Product]) -> list[tuple[Rows, Rows, Rows]]:
        """Return what made queries, keys and values, for each head; nothing if that is not clear."""
        matrices = list(
            {id(event): event for event in events if isinstance(event, Tensor) and event.dim() >= 2}.values()
        )
        made = [rows_of(part, matrices, self.owners) for part in (product.query, product.key, product.value)]
        return list(zip(*made, strict=True)) if len({len(part) for part in made}) == 1 else []

    def _attend(self, heads: Sequence[tuple[Rows, Rows, Rows]]) -> None:
        if heads and self._open is None:
            self.units.append(_Unit(self.module))
            self._open = self.units[-1]
        if heads and self._open is not None:
            self._open.traced += heads

    def _use(self, layer: nn.Module) -> None:
        if _has(self._seen, layer):
            self._use_again(layer)
            return
        self._seen.append(layer)
        own, weight = list(layer.parameters(recurse=False)), getattr(layer, "weight", None)
        unit = next((unit for unit in self._known if unit.has(layer)), None)
        if unit is not None:
            if not _has(self.units, unit):
                self.units.append(unit)
            self._open = None if unit.out else unit
        elif isinstance(layer, nn.Embedding):
            self.tables.append(layer.weight)
        elif len(own) == 2 and own[0].shape == own[1].shape and own[0].numel() == own[0].shape[-1]:
            first, second = own
            self.norms.append((second, first) if bool((second == 1).all()) else (first, second))
        elif len(own) in (1, 2) and own[0].dim() >= 2 and own[0] is weight:
            self._linear(layer)

    def _use_again(self, layer: nn.Module) -> None:
        """Put heads into the attention whose last layer they use, a part of it each."""
        unit = next((unit for unit in self.units if unit.out is layer), None)
        if unit is not None and self._open is not None and self._open.traced:
            unit.traced += self._open.traced
            self.units.remove(self._open)
            self._open = None

    def _linear(self, layer: nn.Module) -> None:
        if self._open is not None and _has(self._open.module.modules(), layer):
            self._open.out = layer
        else:
            self.linears.append(layer)
        self._open = None

    def known(self) -> Iterator[Tensor]:
        """Return every parameter that has a role."""
        layers = [*self.linears, *(layer for unit in self.units for layer in (*unit.heads, unit.out) if layer)]
        for layer in [*layers, *(unit.module for unit in self.units if isinstance(unit.module, nn.MultiheadAttention))]:
            yield from layer.parameters()
        for rows in (rows for unit in self.units for head in unit.traced for rows in head):
            yield from self.owners[id(rows.matrix)].parameters(recurse=False)
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
        for pair in [*(pair for head in unit["heads"] for pair in head), *filter(None, [unit.get("out")])]:
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


def _heads_of(module: nn.Module) -> list[nn.Module]:
    """Return the modules of a list in this module that all have q, k and v, whatever the list is called."""
    lists = [list(child) for child in module.children() if isinstance(child, nn.ModuleList)]
    return next((heads for heads in lists if heads and all(hasattr(h, n) for h in heads for n in "qkv")), [])


def _pair(layer: Any) -> Pair:
    bias = getattr(layer, "bias", None)
    return layer.weight.detach(), None if bias is None else bias.detach()


def _head(head: Any) -> list[Pair]:
    return [_pair(head.q), _pair(head.k), _pair(head.v)]


def _torch_heads(module: nn.MultiheadAttention) -> list[list[Pair]]:
    num, weight, bias = module.num_heads, module.in_proj_weight, module.in_proj_bias
    weights = [part.chunk(num) for part in weight.detach().chunk(3)]  # query, key, value
    biases = [[None] * num] * 3 if bias is None else [part.chunk(num) for part in bias.detach().chunk(3)]
    return [[(weights[part][head], biases[part][head]) for part in range(3)] for head in range(num)]
