"""Find the roles of a captioner's weights by their shapes, not by attributes' names.

Checks run this in the student's process: it gives the weights new values and returns them, so that
`autograder.probes.recurrent` can get the same values.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from autograder.probes.saying import Said
from autograder.probes.watching import evaluated, repeatable, without_effect

NAMES = ("Wx", "Wh", "b", "Wattn")  # parameters of a recurrent network; the assignment fixes these names

CELLS = Said("has {cells} recurrent networks with parameters Wx, Wh and b, not 1")
EMBEDDING = Said("lacks a table of word vectors of shape {shape}")
PROJECTION = Said("lacks a linear layer from features to states, with weights of shape {shape}")
OUTPUT = Said("lacks a linear layer from states to scores, with weights of shape {shape}")
MORE = Said("has more parameters than it should, of shapes {shapes}")
COMPLAINTS = (CELLS, EMBEDDING, PROJECTION, OUTPUT, MORE)


def weights(model: nn.Module, sizes: dict[str, int], seed: int, like: Tensor) -> dict[str, Any]:
    """Set a captioner's trainable parameters to random values of order 1, and return them by role.

    The model moves to the dtype and device of ``like``. ``sizes`` are V (words), D (features), E (word vectors) and
    H (state), all different. The result has

        embedding   (V, E)
        projection  a pair (H, D), (H,): from features to states; a missing bias is zeros
        output      a pair (V, H), (V,): from states to scores
        cell        the parameters of the recurrent network by name: Wx, Wh, b, and Wattn where there is one

    Parameters that do not affect the loss play no role. Raises LookupError with the missing or superfluous weights:
    "lacks ...", to be put after the captioner's name.

    Shapes:
        like  (...)  any tensor
    """
    model.to(like.device, like.dtype)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in _trained(model):
            values = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            if parameter.dim() == 1:
                values /= 2
            elif tuple(parameter.shape) != (sizes["V"], sizes["E"]):
                values *= 1.5 * parameter.numel() ** -0.25  # whichever of its sides is the input
            parameter.copy_(values)
    trained = _with_effect(model, sizes, like)
    cells = [part for part in model.modules() if all(_has(trained, getattr(part, name, None)) for name in NAMES[:3])]
    if len(cells) != 1:
        raise LookupError(Said(CELLS, cells=len(cells)))
    cell = {name: getattr(cells[0], name).detach() for name in NAMES if hasattr(cells[0], name)}
    rest = [p for p in trained if not _has(cells[0].parameters(), p)]
    return {
        "embedding": _take(rest, (sizes["V"], sizes["E"])),
        "projection": _pair(rest, sizes["H"], sizes["D"], PROJECTION),
        "output": _pair(rest, sizes["V"], sizes["H"], OUTPUT, last=True),
        "cell": cell,
    }


def weights_or_complaint(model: nn.Module, sizes: dict[str, int], seed: int, like: Tensor) -> dict[str, Any] | str:
    """Return `weights`, or the message of its LookupError, one of COMPLAINTS, to be put after the captioner's name.

    Shapes:
        like  (...)  any tensor
    """
    try:
        return weights(model, sizes, seed, like)
    except LookupError as problem:
        return str(problem)


def _trained(model: nn.Module) -> list[Tensor]:
    """Return the parameters outside the frozen encoder."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _with_effect(model: nn.Module, sizes: dict[str, int], like: Tensor) -> list[Tensor]:
    """Return the trained parameters that affect the loss of a caption; all if the loss cannot be computed."""
    features = torch.linspace(-1, 1, 2 * sizes["D"] * 4).cos().view(2, sizes["D"], 2, 2).to(like)
    captions = torch.arange(6, device=like.device).view(2, 3) % sizes["V"]
    trained = _trained(model)
    try:
        with evaluated(model):
            idle = without_effect(repeatable(model, (features, captions)), trained)
    except Exception:  # the student's forward fails; a check of forward says why
        return trained
    return [parameter for parameter in trained if not _has(idle, parameter)]


def _has(items: Iterable[Any], wanted: Any) -> bool:
    return any(item is wanted for item in items)  # == of tensors compares elements


def _pair(rest: list[Tensor], after: int, before: int, lack: str, *, last: bool = False) -> tuple[Tensor, Tensor]:
    """Take the bias and the weights, in either orientation or of a 1 x 1 convolution, out of ``rest``."""
    shapes = {(after, before): False, (after, before, 1, 1): False, (before, after): True}
    found = next((p for p in rest if tuple(p.shape) in shapes), None)
    if found is None:
        raise LookupError(Said(lack, shape=(after, before)))
    matrix = found.detach().flatten(1)
    matrix = matrix.T if shapes[tuple(found.shape)] else matrix
    rest[:] = [p for p in rest if p is not found]
    bias = next((p for p in rest if tuple(p.shape) == (after,)), None)
    rest[:] = [p for p in rest if p is not bias]
    if last and rest:
        raise LookupError(Said(MORE, shapes=[tuple(p.shape) for p in rest]))
    return matrix, matrix.new_zeros(after) if bias is None else bias.detach()


def _take(rest: list[Tensor], shape: tuple[int, int]) -> Tensor:
    found = next((p for p in rest if tuple(p.shape) == shape), None)
    if found is None:
        raise LookupError(Said(EMBEDDING, shape=shape))
    rest[:] = [p for p in rest if p is not found]
    return found.detach()
