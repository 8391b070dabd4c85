"""What the checks of a06 share: a module's weights by their role, and the inputs and outputs of its blocks."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder import expect, expect_equal
from autograder.probes.attention import complaint

TORCH_TRANSFORMERS = ["nn.Transformer*", "torch.nn.modules.transformer"]  # part 2 may use torch's attention and norms

# blocks are made of these; their own checks judge them by the same rule
PARTS_BY_HAND = ["scaled_dot_product_no_loop_batch", "SelfAttention", "MultiHeadAttention", "LayerNormalization"]

HELPERS = """
import torch
from autograder.probes.attention import head_parts, parts

def passes(model, inputs, kinds):
    '''The first input and the output of each module of these classes, in the order in which they ran.'''
    seen = []
    hooks = [
        module.register_forward_hook(
            lambda module, args, rest, out: seen.append(([*args, *rest.values()][0].clone(), out.clone())),
            with_kwargs=True,
        )
        for module in model.modules()
        if isinstance(module, tuple(kinds))
    ]
    with torch.no_grad():
        model(*inputs)
    for hook in hooks:
        hook.remove()
    return seen
"""


def parts(student, module, inputs: list, rng, **wanted) -> dict:
    """Give the student's module new weights and return them by role; `wanted`: its heads, layers and shapes."""
    seed = rng.int(0, 2**31)
    return checked(student.define(HELPERS).parts(module, inputs, seed), seed, **wanted)


def layers_of(student, head, rng, like: Tensor) -> list:
    """Give q, k and v of one head new weights, and return them as three pairs of weight and bias."""
    seed = rng.int(0, 2**31)
    found = checked(student.define(HELPERS).head_parts(head, seed, like), seed, attention=1)
    return found["attention"][0]["heads"][0]


def checked(found: Any, seed: int, **wanted) -> dict:
    """Return the parts if they have the wanted layers and the seed's values; else fail the check."""
    problem = complaint(found, seed, **wanted)
    expect(not problem, problem)
    return found


def passes(student, model, inputs: list, *kinds) -> list:
    """Return the first input and the output of each of the student's modules of these classes that ran."""
    return student.define(HELPERS).passes(model, inputs, list(kinds))


def judge_dropout(module, *inputs: Tensor) -> None:
    """In training two passes with dropout 0.5 differ; in eval mode they do not."""
    module.to(inputs[0].device).train()
    expect(not torch.equal(module(*inputs), module(*inputs)), "In training, two passes with dropout 0.5 were equal.")
    module.eval()
    expect_equal(module(*inputs), module(*inputs), name="the second pass in eval mode")


def embedded(images: Tensor, weight: Tensor, bias: Tensor, p: int) -> Tensor:
    """Embed patches: a convolution whose stride is the size of its filters is a linear layer on patches. (N, T, E)"""
    filters = weight.reshape(len(weight), images.shape[1], p, p)
    return F.conv2d(images, filters, bias, stride=p).flatten(2).mT


def mixed(x: Tensor, found: dict, *, gelu: bool = True) -> Tensor:
    """Compute a Mixer block by equation 1 of Tolstikhin et al."""
    (t1, t2, c1, c2), (n1, n2) = [(w.flatten(1), b) for w, b in found["linear"]], found["norm"]

    def network(z: Tensor, first: tuple, second: tuple) -> Tensor:
        hidden = F.linear(z, *first)
        return F.linear(F.gelu(hidden) if gelu else hidden.relu(), *second)

    x = x + network(F.layer_norm(x, x.shape[2:], *n1).mT, t1, t2).mT
    return x + network(F.layer_norm(x, x.shape[2:], *n2), c1, c2)
