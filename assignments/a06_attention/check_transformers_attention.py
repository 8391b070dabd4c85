"""Public checks of a06, transformers: attention, against torch's own with the student's weights."""

import math

import torch.nn.functional as F
from oracles import layers_of, parts
from torch import Tensor

from autograder import expect, expect_close, expect_equal, forbid, task
from autograder.probes.torch_layers import READY_MADE, attend, multi_head, some_mask, weights_of


def wrong_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> dict:
    """Return the result of each mistake, by its hint."""

    def plain(scale: float, dim: int = 2, hidden: Tensor | None = mask) -> Tensor:
        scores = query @ key.mT * scale
        scores = scores if hidden is None else scores.masked_fill(hidden, -math.inf)
        return scores.softmax(dim) @ value

    root, wrong = math.sqrt(query.shape[2]), {
        "The scores are not divided by the root of M.": lambda: plain(1.0),
        "The scores are divided by M; divide them by its root.": lambda: plain(1 / query.shape[2]),
        "The scores are multiplied by the root of M; divide by it.": lambda: plain(math.sqrt(query.shape[2])),
        "The root is that of the length of a value; take the length of a query.": (
            lambda: plain(1 / math.sqrt(value.shape[2]))
        ),
        "The softmax runs over the queries; each query's weights over the keys sum to 1.": lambda: plain(1 / root, 1),
        "The softmax is missing.": lambda: query @ key.mT / root @ value,
    }  # fmt: skip
    if mask is not None:
        wrong |= {
            "The mask is ignored.": lambda: plain(1 / root, 2, None),
            "The mask is inverted: True means hide.": lambda: plain(1 / root, 2, ~mask),
            "Hidden weights were set to 0 after the softmax, so the others do not sum to 1.": (
                lambda: attend(query, key, value) - (weights_of(query, key) * mask) @ value
            ),
            "Hidden scores were set to 0; e to the power 0 is 1, so the keys are still seen.": (
                lambda: (query @ key.mT / root).masked_fill(mask, 0.0).softmax(2) @ value
            ),
        }
    return wrong


@task("scaled_dot_product_two_loop_single", points=2)
def check_single_agrees_with_torch(student, rng):
    """Attention in one sequence agrees with torch's own, for more keys than queries."""
    forbid(student, "scaled_dot_product_two_loop_single", calls=READY_MADE)
    q, k, v = rng.normal(3, 6), rng.normal(5, 6), rng.normal(5, 4)
    mistakes = {hint: lambda f=f: f()[0] for hint, f in wrong_attention(q[None], k[None], v[None]).items()}
    expect_close(student.scaled_dot_product_two_loop_single(q, k, v), attend(q, k, v), mistakes=mistakes)


@task("scaled_dot_product_two_loop_batch", points=2)
def check_batch_agrees_with_torch(student, rng):
    """Attention in a batch agrees with torch's own, for more keys than queries."""
    forbid(student, "scaled_dot_product_two_loop_batch", calls=READY_MADE)
    q, k, v = rng.normal(2, 3, 6), rng.normal(2, 5, 6), rng.normal(2, 5, 4)
    expect_close(student.scaled_dot_product_two_loop_batch(q, k, v), attend(q, k, v), mistakes=wrong_attention(q, k, v))


@task("scaled_dot_product_no_loop_batch", points=2)
def check_no_loop_agrees_with_torch(student, rng):
    """Attention without loops agrees with torch's own, and its weights are those of the keys."""
    forbid(student, "scaled_dot_product_no_loop_batch", calls=READY_MADE, loops=True)
    q, k, v = rng.normal(2, 3, 6), rng.normal(2, 5, 6), rng.normal(2, 5, 4)
    y, weights = student.scaled_dot_product_no_loop_batch(q, k, v)
    expect_close(y, attend(q, k, v), mistakes=wrong_attention(q, k, v), name="y")
    expect_close(weights, weights_of(q, k), name="weights")


@task("scaled_dot_product_no_loop_batch", points=3)
def check_no_loop_hides_what_the_mask_says(student, rng):
    """Where the mask is True, the key is hidden: its weight is 0, and the other weights sum to 1."""
    q, k, v, mask = rng.normal(3, 4, 2), rng.normal(3, 6, 2), rng.normal(3, 6, 5), some_mask(rng.uniform(3, 4, 6))
    y, weights = student.scaled_dot_product_no_loop_batch(q, k, v, mask)
    expect_close(y, attend(q, k, v, mask), mistakes=wrong_attention(q, k, v, mask), name="y")
    expect_close(weights, weights_of(q, k, mask), name="weights")


@task("SelfAttention", points=3)
def check_head_agrees_with_torch(student, rng):
    """One head agrees with torch's attention between its layers q, k and v, and stores the attention weights."""
    forbid(student, "SelfAttention", calls=READY_MADE, apart=["scaled_dot_product_no_loop_batch"])
    x, mask = rng.normal(2, 5, 7), some_mask(rng.uniform(2, 5, 5))
    head = student.SelfAttention(7, 4, 3)
    layers = layers_of(student, head, rng, x)
    expect_equal([tuple(w.shape) for w, _ in layers], [(4, 7), (4, 7), (3, 7)], name="the weights' shapes of q, k, v")
    q, k, v = (F.linear(x, w, b) for w, b in layers)

    swapped = {"Queries and keys are swapped.": lambda: attend(k, q, v, mask)}
    expect_close(head(x, x, x, mask), attend(q, k, v, mask), mistakes=swapped | wrong_attention(q, k, v, mask))
    expect_close(head.weights_softmax, weights_of(q, k, mask), name="weights_softmax")


@task("MultiHeadAttention", points=4)
def check_heads_agree_with_torch(student, rng):
    """Three heads agree with torch's nn.MultiheadAttention with the same weights."""
    forbid(student, "MultiHeadAttention", calls=READY_MADE, apart=["scaled_dot_product_no_loop_batch", "SelfAttention"])
    x, mask = rng.normal(2, 4, 12), some_mask(rng.uniform(2, 4, 4))
    heads = student.MultiHeadAttention(3, 12, 4)
    unit = parts(student, heads, [x, x, x], rng, attention=1)["attention"][0]
    expect(
        unit["out"] is not None,
        "The heads ran, but no linear layer ran after them.",
        "Mix the heads with one more nn.Linear.",
    )

    def by_torch(unit: dict, mask: Tensor | None = mask) -> Tensor:
        for_each_head = None if mask is None else mask.repeat_interleave(3, dim=0)
        return multi_head(unit)(x, x, x, attn_mask=for_each_head)[0].detach()

    weight, bias = unit["out"]
    interleaved = weight.unflatten(1, (4, 3)).mT.flatten(1), bias
    expect_close(heads(x, x, x, mask), by_torch(unit), mistakes={
        "The heads' outputs are interleaved; concatenate them, the first head's first.": (
            lambda: by_torch({**unit, "out": interleaved})
        ),
        "The heads are concatenated from last to first.": lambda: by_torch({**unit, "heads": unit["heads"][::-1]}),
        "The mask does not reach the heads.": lambda: by_torch(unit, None),
        "The input is added to the result; the residual connection belongs to the block.": lambda: x + by_torch(unit),
    })  # fmt: skip
