"""Attention, recognised by what it does: queries times keys, and the result, after any changes, times values.

The numbers of queries, keys and values are traced by their gradients to the rows of the weight matrices that made them.
So it makes no difference whether there is a layer for each of them, for each head, or for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from autograder.probes.watching import Watcher, tensors

Pair = tuple[Tensor, Tensor | None]  # weight and bias, which may be missing
_PRODUCTS = {"matmul": 0, "__matmul__": 0, "bmm": 0, "mm": 0, "baddbmm": 1, "einsum": 0}  # name -> first factor


@dataclass(frozen=True)
class Product:
    """Queries, keys and values of one attention, each (..., places, numbers): heads and images are leading axes."""

    query: Tensor
    key: Tensor
    value: Tensor


class ProductWatcher(Watcher):
    """Records products of queries, keys and values too. ``events`` has them and each use of a parameter, in order."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module)
        self.events: list[Tensor | Product] = []
        self._constant = {id(x) for x in (*module.parameters(), *module.buffers())}  # and what depends on no input
        self._scores: dict[int, tuple[Tensor, Tensor]] = {}  # by id of a tensor made of scores: their factors
        self._alive: list[Tensor] = []  # no other tensor gets the id of a tensor in this list

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        out = super().__torch_function__(func, types, args, kwargs)
        name, given = getattr(func, "__name__", ""), tensors((args, kwargs))
        made = [args[0]] if name == "__setitem__" else tensors(out)
        self._alive += [*given, *made]
        scores = next((self._scores[id(x)] for x in given if id(x) in self._scores), None)
        if name == "scaled_dot_product_attention":
            self._record(Product(*given[:3]))
            scores = None
        elif name in _PRODUCTS and not any(id(x) in self._constant for x in given):
            scores = self._multiplied(name, args, scores)
        for x in made:
            self._scores.pop(id(x), None)
            if scores is not None:
                self._scores[id(x)] = scores
            if all(id(y) in self._constant for y in given):
                self._constant.add(id(x))
        return out

    def see(self, x: Tensor) -> None:
        if id(x) in self._parameters:
            self.events.append(x)
        super().see(x)

    def _multiplied(
        self, name: str, args: Sequence[Any], scores: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Tensor] | None:
        """Return the factors of new scores, or None after a product of scores and values, which is recorded."""
        equation, factors = _factors(name, args)
        if len(factors) != 2:
            return None
        if scores is None:
            return _queries_and_keys(equation, *factors)
        first = id(factors[0]) in self._scores
        self._record(Product(*scores, _values(equation, factors, first=first)))
        return None

    def _record(self, product: Product) -> None:
        self.events.append(product)


def _factors(name: str, args: Sequence[Any]) -> tuple[str, list[Tensor]]:
    """Return the equation of an einsum, or an empty string, and the factors."""
    if name == "einsum":
        return str(args[0]).replace(" ", ""), tensors(args[1:])
    return "", tensors(args[_PRODUCTS[name] :])[:2]


def _queries_and_keys(equation: str, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return queries and keys with the axes (..., places, numbers); the last axis of their product is the keys'."""
    if not equation:
        return (a, b.mT) if a.dim() >= 2 and b.dim() >= 2 else None
    left, right, out = _letters(equation)
    numbers = [x for x in left if x in right and x not in out]
    shared = [x for x in out if x in left and x in right]
    if len(numbers) != 1 or len(left) != len(right) or len(shared) != len(left) - 2:
        return None
    orders = [[*shared, *(x for x in side if x not in shared and x not in numbers), *numbers] for side in (left, right)]
    first, second = _ordered(a, left, orders[0]), _ordered(b, right, orders[1])
    return (second, first) if out[-1] in left else (first, second)


def _values(equation: str, factors: Sequence[Tensor], *, first: bool) -> Tensor:
    """Return the values with the axes (..., places, numbers); ``first`` says whether the scores come first."""
    given = factors[1] if first else factors[0]
    if not equation:
        return given if first else given.mT
    left, right, out = _letters(equation)
    own, other = (right, left) if first else (left, right)
    places = [x for x in own if x not in out]
    shared = [x for x in out if x in own and x in other]
    order = [*shared, *places, *(x for x in own if x not in shared and x not in places)]
    return _ordered(given, own, order)


def _letters(equation: str) -> tuple[str, str, str]:
    inputs, _, out = equation.replace("...", "").partition("->")
    left, _, right = inputs.partition(",")
    return left, right, out


def _ordered(x: Tensor, letters: str, order: Sequence[str]) -> Tensor:
    return x.permute([letters.index(letter) for letter in order]) if x.dim() == len(order) else x


@dataclass(frozen=True)
class Rows:
    """Rows of a matrix, as a view, that made the queries, keys or values of a head."""

    pair: Pair
    matrix: Tensor


def rows_of(made: Tensor, matrices: Sequence[Tensor], owners: Mapping[int, nn.Module]) -> list[Rows]:
    """Return, for each head, the weights and biases that made these numbers (..., places, numbers).

    ``matrices`` are those in use, in order; ``owners`` are their modules, by id. The result is empty if the numbers are
    not rows, or columns, of one matrix in steps of one size.
    """
    heads: dict[tuple[int, int, int], Rows] = {}
    for numbers in made.flatten(0, -3)[:, 0] if made.dim() > 2 else made[:1]:
        first = _row(numbers[0], matrices)
        if first is None:
            return []
        matrix, axis, start = first
        if (id(matrix), axis, start) in heads:  # the same head for another image
            continue
        rows = [_row(number, [matrix]) for number in numbers]
        places = [row[2] for row in rows if row is not None and row[1] == axis]
        steps = {after - before for before, after in pairwise(places)} or {1}
        if len(places) != len(rows) or len(steps) != 1 or min(steps) < 1:
            return []
        whole = matrix.detach().flatten(1) if axis == 0 else matrix.detach().T
        chosen = slice(start, places[-1] + 1, min(steps))
        siblings = owners[id(matrix)].parameters(recurse=False)
        heads[id(matrix), axis, start] = Rows((whole[chosen], _bias(numbers, min(steps), siblings)), matrix)
    return list(heads.values())


def _row(number: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, int, int] | None:
    """Return the matrix in use last on which a number depends, the axis, and the only row or column that matters."""
    gradients = torch.autograd.grad(number, list(weights), retain_graph=True, allow_unused=True)
    for weight, gradient in reversed(list(zip(weights, gradients, strict=True))):
        if gradient is None or not gradient.any():
            continue
        rows = gradient.flatten(1).any(1).nonzero().flatten().tolist()
        columns = gradient.any(0).nonzero().flatten().tolist() if gradient.dim() == 2 else []
        return next(((weight, axis, at[0]) for axis, at in enumerate((rows, columns)) if len(at) == 1), None)
    return None


def _bias(numbers: Tensor, step: int, siblings: Iterable[Tensor]) -> Tensor | None:
    """Return the part of a vector, of the same module as the matrix, that is added to these numbers."""
    for vector in (p for p in siblings if p.dim() == 1):
        ends = [torch.autograd.grad(x, vector, retain_graph=True, allow_unused=True)[0] for x in numbers[[0, -1]]]
        places = [[] if gradient is None else gradient.nonzero().flatten().tolist() for gradient in ends]
        if all(len(place) == 1 for place in places):
            return vector.detach()[places[0][0] : places[1][0] + 1 : step]
    return None
