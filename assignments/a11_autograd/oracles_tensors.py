"""What the checks of pytorch101 share: probes for views and writes, and right answers by plain loops."""

from typing import Any

import torch
from torch import Tensor

from autograder import Message, expect, is_sequence

# Whether results share the storage of x, and what is written into x, can only be seen where the tensors are.
PROBE = """
import torch
from torch.overrides import TorchFunctionMode

def shared(f, x):
    out = f(x)
    parts = list(out) if isinstance(out, (list, tuple)) else [out]
    return out, [part.untyped_storage().data_ptr() == x.untyped_storage().data_ptr() for part in parts]

def in_place(f, x, *rest):
    out = f(x, *rest)
    return x, out is x

class Writes(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.values = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.Tensor.__setitem__:
            self.values.append(type(args[2]).__name__)
        return func(*args, **(kwargs or {}))

def writes(f, x):
    with Writes() as seen:
        f(x)
    return x, seen.values[:100]
"""

PATTERN = ((0, 1, 2, 2, 2, 2), (0, 1, 2, 2, 2, 2), (3, 4, 3, 4, 5, 5), (3, 4, 3, 4, 5, 5))


def with_pattern(x: Tensor) -> Tensor:
    """Return a copy of x with the pattern in its upper left corner."""
    out = x.clone()
    for i, row in enumerate(PATTERN):
        for j, value in enumerate(row):
            out[i, j] = value
    return out


def four_slices(x: Tensor) -> tuple[Tensor, ...]:
    """Return the last row, the third column, the corner, and even rows with odd columns, element by element."""
    rows, columns = x.shape

    def pick(which_rows: list[int], which_columns: list[int]) -> Tensor:
        return torch.stack([torch.stack([x[i, j] for j in which_columns]) for i in which_rows])

    return (
        pick([rows - 1], list(range(columns)))[0],
        pick(list(range(rows)), [2]),
        pick([0, 1], [0, 1, 2]),
        pick([i for i in range(rows) if i % 2 == 0], [j for j in range(columns) if j % 2 == 1]),
    )


def rearranged(x: Tensor) -> Tensor:
    """Return the 24 numbers in their places, one at a time. (3, 8)"""
    return torch.stack([torch.stack([x[4 * i + j + (8 if j >= 4 else 0)] for j in range(8)]) for i in range(3)])


def without_minima(x: Tensor) -> Tensor:
    """Return a copy of x with 0 in place of each row's minimum, found by comparing one element after the other."""
    out = x.clone()
    for i, row in enumerate(x.tolist()):
        out[i, row.index(min(row))] = 0
    return out


def products(x: Tensor, y: Tensor) -> Tensor:
    """Return the products of the pairs of matrices, by the definition. (B, N, P)"""
    return (x[:, :, :, None] * y[:, None, :, :]).sum(dim=2)


def normalised(x: Tensor, lost: int = 1) -> Tensor:
    """Return the columns with mean 0 and deviation 1, by torch's own functions; ``lost`` degrees of freedom."""
    return (x - x.mean(dim=0)) / x.std(dim=0, correction=lost)


def random_means(rng, lengths: list[int], dtype: torch.dtype) -> tuple[list[Tensor], Tensor, Tensor]:
    """Draw tensors of these lengths; return them, their lengths, and their means."""
    xs = [rng.normal(length, dtype=dtype) + 3 for length in lengths]
    return xs, torch.tensor(lengths, device=rng.device), torch.stack([x.mean() for x in xs])


def expect_two_columns(out: Any, kinds: tuple[torch.dtype, ...] = ()) -> tuple[Tensor, Tensor]:
    """Require two tensors of rank 1 and of one length, and return them. ``kinds`` are the dtypes allowed, if any."""
    found = is_sequence(out) and len(out) == 2 and all(isinstance(part, torch.Tensor) for part in out)
    expect(found, "Return two tensors, the values and their indices.")
    values, indices = out
    for name, part in (("uniques", values), ("indices", indices)):
        text = Message("{name} has the shape {shape}; it needs rank 1.", name=name, shape=tuple(part.shape))
        expect(part.ndim == 1, text)
        text = Message("{name} has the dtype {dtype}; it needs int64.", name=name, dtype=str(part.dtype)[6:])
        expect(not kinds or part.dtype in kinds, text)
    text = Message("There are {values} values and {indices} indices.", values=len(values), indices=len(indices))
    expect(len(values) == len(indices), text, hint="Each value has one index, that of its first occurrence.")
    return values, indices


def first_places(x: Tensor) -> dict[int, int]:
    """Return where each value occurs first."""
    places: dict[int, int] = {}
    for place, value in enumerate(x.tolist()):
        places.setdefault(value, place)
    return places
