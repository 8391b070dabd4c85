"""What the checks of a06 share: a module's weights by their role, and the inputs and outputs of its blocks."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder import Message, expect, explain_errors
from autograder.probes.attention import complaint
from autograder.probes.torch_layers import decoder_layer, encoder_layer, multi_head

TORCH_TRANSFORMERS = ["nn.Transformer*", "torch.nn.modules.transformer"]  # part 2 may use torch's attention and norms

# blocks are made of these; their own checks judge them by the same rule
PARTS_BY_HAND = ["scaled_dot_product_no_loop_batch", "SelfAttention", "MultiHeadAttention", "LayerNormalization"]

LEFT_BEHIND = {
    "dtype": (
        "The module was converted to float64, but one of its layers was not. Layers in a plain list or dict do not "
        "belong to the module: use nn.ModuleList or nn.ModuleDict. Layers are made in __init__, not in forward."
    ),
}

TWICE = (
    "Is each layer there, and does it run in forward, the last one too? A layer that runs twice counts once. A layer "
    "that is made but never runs does not count."
)
COMPLAINTS = {  # a part of what was found, and the hint
    "; num_heads is": "Every attention gets num_heads heads: hand the number on.",
    "zeros) that forward used is 0": "Gain and shift are learned: make each with nn.Parameter(torch.ones(...)).",
    "has a head that maps": "All heads together are as wide as the embedding: each gets emb_dim // num_heads numbers.",
    "it must map": "The sizes of each layer follow from the arguments of __init__: compare them with the docstring.",
    "not what the check set it to": "Make each head and each layer by a call of its own: [f()] * n repeats one object.",
}

HELPERS = """
from autograder.probes.attention import head_parts, parts
from autograder.probes.watching import passes
"""


def parts(student, module, inputs: list, rng, **wanted) -> dict:
    """Give the student's module new weights and return them by role; `wanted`: its heads, layers and shapes."""
    seed = rng.int(0, 2**31)
    with explain_errors(LEFT_BEHIND):
        found = student.define(HELPERS).parts(module, inputs, seed)
    return checked(found, seed, **wanted)


def layers_of(student, head, rng, like: Tensor) -> list:
    """Give q, k and v of one head new weights, and return them as three pairs of weight and bias."""
    seed = rng.int(0, 2**31)
    found = checked(student.define(HELPERS).head_parts(head, seed, like), seed, attention=1)
    return found["attention"][0]["heads"][0]


def checked(found: Any, seed: int, **wanted) -> dict:
    """Return the parts if they have the wanted layers, with biases, and the seed's values; else fail the check."""
    problem = complaint(found, seed, **wanted)
    known = (hint for part, hint in COMPLAINTS.items() if part in problem)
    expect(not problem, problem, next(known, TWICE))
    pairs = [*found["linear"], *(unit["out"] for unit in found["attention"] if unit.get("out"))]
    for weight, bias in pairs:
        expect(
            bias is not None,
            Message(
                "The linear layer from {before} to {after} numbers has no bias.",
                before=weight[0].numel(),
                after=len(weight),
            ),
            "Of the linear layers, only those of queries, keys and values may do without a bias.",
        )
    return found


def passes(student, model, inputs: list, *kinds) -> list:
    """Return the first input and the output of each of the student's modules of these classes, as they finished."""
    return student.define(HELPERS).passes(model, inputs, list(kinds))


def judge_dropout(module, *inputs: Tensor) -> None:
    """In training two passes with dropout 0.5 differ; in eval mode they do not."""
    module.to(inputs[0].device).train()
    expect(
        not torch.equal(module(*inputs), module(*inputs)),
        "In training, two passes with dropout 0.5 were equal.",
        "Is there an nn.Dropout(dropout), and is it called in forward?",
    )
    judge_eval_mode(module, *inputs)


def judge_eval_mode(module, *inputs: Tensor | None) -> None:
    """In eval mode two passes are equal."""
    module.eval()
    expect(
        torch.equal(module(*inputs), module(*inputs)),
        "In eval mode, two passes with the same input differ.",
        "Use nn.Dropout, which does nothing in eval mode; F.dropout needs the argument training=self.training.",
    )


def sublayers(found: dict, eps: float) -> tuple[Callable[..., Tensor], ...]:
    """Return attention, feed-forward network and norms of a block as functions, with the student's weights."""
    attentions = [multi_head(unit) for unit in found["attention"]]

    def attend(x: Tensor, memory: Tensor | None = None, mask: Tensor | None = None, which: int = 0) -> Tensor:
        memory = x if memory is None else memory
        return attentions[which](x, memory, memory, attn_mask=mask)[0]

    def network(x: Tensor, nonlinearity: Callable[[Tensor], Tensor] = torch.relu) -> Tensor:
        return F.linear(nonlinearity(F.linear(x, *found["linear"][0])), *found["linear"][1])

    def norm(which: int, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[2:], *found["norm"][which], eps)

    return attend, network, norm


def wrong_encoders(x: Tensor, found: dict, eps: float = 1e-10) -> dict[str, Callable[[], Tensor]]:
    """Return the output of an encoder block with each mistake, by its hint."""
    attend, network, norm = sublayers(found, eps)

    def block(first: float = 1, second: float = 1, nonlinearity: Callable = torch.relu) -> Tensor:
        """Multiply each residual connection by a factor."""
        y = norm(0, first * x + attend(x))
        return norm(1, second * y + network(y, nonlinearity))

    def norms_first() -> Tensor:
        y = x + attend(norm(0, x))
        return y + network(norm(1, y))

    def half_first(first: bool) -> Tensor:
        y = x + attend(norm(0, x)) if first else norm(0, x + attend(x))
        return norm(1, y + network(y)) if first else y + network(norm(1, y))

    def over_the_batch() -> Tensor:
        y = norm(0, x + attend(x.transpose(0, 1)).transpose(0, 1))
        return norm(1, y + network(y))

    def norms_inside() -> Tensor:
        y = x + norm(0, attend(x))
        return y + norm(1, network(y))

    def network_first() -> Tensor:
        y = norm(0, x + network(x))
        return norm(1, y + attend(y))

    return {
        "The norms come before the sub-layers; here they come after the sums.": norms_first,
        "The first norm comes before the attention; it belongs after the sum.": lambda: half_first(True),
        "The second norm comes before the feed-forward network; it belongs after the sum.": lambda: half_first(False),
        "The images of the batch attend to each other: nn.MultiheadAttention needs batch_first=True.": over_the_batch,
        "The residual connection around the attention is missing.": lambda: block(0, 1),
        "The residual connection around the feed-forward network is missing.": lambda: block(1, 0),
        "Both residual connections are missing.": lambda: block(0, 0),
        "The norms are swapped.": lambda: norm(0, (y := norm(1, x + attend(x))) + network(y)),
        "The second residual connection adds the input of the block; add the output of the first norm.": (
            lambda: norm(1, x + network(norm(0, x + attend(x))))
        ),
        "Each norm acts on the output of a sub-layer; it should act on the sum.": norms_inside,
        "The feed-forward network comes before the attention.": network_first,
        "There is a ReLU after the last norm.": lambda: block().relu(),
        "The ReLU of the feed-forward network is missing.": lambda: block(nonlinearity=torch.clone),
        "The feed-forward network has a GELU; it should have a ReLU.": lambda: block(nonlinearity=F.gelu),
        "The last norm is missing.": lambda: (y := norm(0, x + attend(x))) + network(y),
    }


def wrong_decoders(x: Tensor, memory: Tensor, mask: Tensor | None, found: dict) -> dict[str, Callable[[], Tensor]]:
    """Return the output of a decoder block with each mistake, by its hint."""
    attend, network, norm = sublayers(found, 1e-10)

    def block(
        factors: tuple[float, float, float] = (1, 1, 1), hidden: Tensor | None = mask, seen: Tensor | None = None
    ) -> Tensor:
        """Multiply each residual connection by a factor; ``seen`` replaces what the second attention looks at."""
        y = norm(0, factors[0] * x + attend(x, x, hidden))
        y = norm(1, factors[1] * y + attend(y, memory if seen is None else seen, which=1))
        return norm(2, factors[2] * y + network(y))

    def norms_first() -> Tensor:
        y = x + attend(norm(0, x), norm(0, x), mask)
        y = y + attend(norm(1, y), memory, which=1)
        return y + network(norm(2, y))

    def first_input(second: bool, third: bool) -> Tensor:
        y = norm(0, x + attend(x, x, mask))
        y = norm(1, (x if second else y) + attend(y, memory, which=1))
        return norm(2, (x if third else y) + network(y))

    def encoder_first() -> Tensor:
        y = norm(0, x + attend(x, memory))
        y = norm(1, y + attend(y, y, mask, which=1))
        return norm(2, y + network(y))

    def own_result() -> Tensor:
        y = norm(0, x + attend(x, x, mask))
        y = norm(1, y + attend(y, y, which=1))
        return norm(2, y + network(y))

    def hides_memory() -> Tensor:
        y = norm(0, x + attend(x, x, mask))
        y = norm(1, y + attend(y, memory, mask, which=1))
        return norm(2, y + network(y))

    return {
        "The norms come before the sub-layers; here they come after the sums.": norms_first,
        "The mask is not used.": lambda: block(hidden=None),
        "The mask is inverted: True means hide.": lambda: block(hidden=None if mask is None else ~mask),
        "The mask hides positions of the encoder too; it is for the self-attention only.": hides_memory,
        "The second attention takes keys and values from the decoder's own input; take them from the encoder.": (
            lambda: block(seen=x)
        ),
        "The second attention takes keys and values from the first one's result; take them from the encoder.": (
            own_result
        ),
        "The residual connection around the self-attention is missing.": lambda: block((0, 1, 1)),
        "The residual connection around the cross-attention is missing.": lambda: block((1, 0, 1)),
        "The residual connection around the feed-forward network is missing.": lambda: block((1, 1, 0)),
        "The second residual connection adds the input of the block; add the output of the first norm.": (
            lambda: first_input(True, False)
        ),
        "The last residual connection adds the input of the block; add the output of the second norm.": (
            lambda: first_input(False, True)
        ),
        "Cross-attention comes before self-attention.": encoder_first,
        "There is a ReLU after the last norm.": lambda: block().relu(),
    }


def translated(
    found: dict, depths: tuple[int, int], questions: Tensor, ques_pos: Tensor, read: Tensor, read_pos: Tensor,
    *, mask: bool = True,
) -> Tensor:  # fmt: skip
    """Compute the scores of a Transformer with ``depths`` encoder and decoder layers, which reads these tokens.

    Shapes:
        questions  (N, K)     tokens
        ques_pos   (1, K, M)  their positions
        read       (N, O)     tokens that the decoder reads
        read_pos   (1, O, M)  their positions
        out        (N * O, V)
    """
    units, linears, norms, table = found["attention"], found["linear"], found["norm"], found["embedding"][0]
    encoders, decoders = depths
    encoded, decoded = table[questions] + ques_pos, table[read] + read_pos
    for i in range(encoders):
        two = slice(2 * i, 2 * i + 2)
        encoded = encoder_layer(units[i : i + 1], linears[two], norms[two])(encoded)
    later = torch.ones(read.shape[1], read.shape[1], dtype=torch.bool, device=read.device).triu(1)
    for i in range(decoders):
        first, norm = encoders + 2 * i, 2 * encoders + 3 * i
        two = slice(2 * (encoders + i), 2 * (encoders + i) + 2)
        layer = decoder_layer(units[first : first + 2], linears[two], norms[norm : norm + 3])
        decoded = layer(decoded, encoded, tgt_mask=later if mask else None)
    return F.linear(decoded, *linears[-1]).flatten(0, 1)


def embedded(images: Tensor, weight: Tensor, bias: Tensor, p: int) -> Tensor:
    """Embed patches: a convolution whose stride is the size of its filters is a linear layer on patches. (N, T, E)"""
    filters = weight.reshape(len(weight), images.shape[1], p, p)
    return F.conv2d(images, filters, bias, stride=p).flatten(2).mT


def mixed(
    x: Tensor,
    found: dict,
    *,
    nonlinearity: Callable[[Tensor], Tensor] = F.gelu,
    residuals: tuple[float, float] = (1, 1),
    normed: tuple[bool, bool] = (True, True),
    adds_normed: tuple[bool, bool] = (False, False),
    back: Callable[[Tensor], Tensor] = lambda z: z.mT,
) -> Tensor:
    """Compute a Mixer block by equation 1 of Tolstikhin et al.; the other arguments are for mistakes."""
    (t1, t2, c1, c2), (n1, n2) = [(w.flatten(1), b) for w, b in found["linear"]], found["norm"]

    def network(z: Tensor, first: tuple, second: tuple) -> Tensor:
        return F.linear(nonlinearity(F.linear(z, *first)), *second)

    y = F.layer_norm(x, x.shape[2:], *n1) if normed[0] else x
    x = residuals[0] * (y if adds_normed[0] else x) + back(network(y.mT, t1, t2))
    y = F.layer_norm(x, x.shape[2:], *n2) if normed[1] else x
    return residuals[1] * (y if adds_normed[1] else x) + network(y, c1, c2)
