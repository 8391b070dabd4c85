"""Public checks of a06, transformers: attention, against torch's own with the student's weights."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from oracles import layers_of, parts
from oracles_loans import LOANS_OF_ATTENTION, LOANS_OF_HEADS
from torch import Tensor

from autograder import Message, expect, expect_close, explain_errors, forbid, is_sequence, task
from autograder.probes.torch_layers import READY_MADE, attend, multi_head, some_mask, weights_of

TRANSPOSED = {
    "RuntimeError": "For the scores, exchange the last two axes of the keys alone: key.transpose(1, 2). "
    "(.T reverses all axes, the batch too.) The product with the values comes after the softmax.",
}
LENGTHS = {"Error": "There are as many scores in a row as there are keys, not queries: take the sizes from both."}


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
        "One softmax runs over all scores of a sequence; each query's weights sum to 1.": (
            lambda: (query @ key.mT / root).flatten(1).softmax(1).unflatten(1, (query.shape[1], -1)) @ value
        ),
        "The result is divided by the root; divide the scores, before the softmax.": lambda: plain(1.0) / root,
        "The root is that of the number of keys; take the length of a query.": lambda: plain(key.shape[1] ** -0.5),
        "The root is that of the number of queries; take the length of a query.": lambda: plain(query.shape[1] ** -0.5),
        "The dot products of all sequences were added up: sum over the last axis only, sum(dim=1).": (
            lambda: (query @ key.mT / root).sum(0, keepdim=True).expand(len(query), -1, -1).softmax(2) @ value
        ),
        "These are the weights; the values are not averaged with them.": lambda: weights_of(query, key, mask),
    }  # fmt: skip
    if key.shape[1] > query.shape[1]:
        wrong["Only the first keys are used, as many as there are queries; use all keys."] = lambda: attend(
            query, key[:, : query.shape[1]], value[:, : query.shape[1]]
        )
    big = "e to the power of a large score is infinite. Use torch.softmax, or subtract the largest score first."
    if mask is not None:
        wrong |= {
            "The mask is ignored.": lambda: plain(1 / root, 2, None),
            "The mask is inverted: True means hide.": lambda: plain(1 / root, 2, ~mask),
            "The mask's columns run from the last key to the first; column j belongs to key j.": (
                lambda: plain(1 / root, 2, mask.flip(2))
            ),
            "Hidden weights were set to 0 after the softmax, so the others do not sum to 1.": (
                lambda: attend(query, key, value) - (weights_of(query, key) * mask) @ value
            ),
            "Hidden scores were set to 0; e to the power 0 is 1, so the keys are still seen.": (
                lambda: (query @ key.mT / root).masked_fill(mask, 0.0).softmax(2) @ value
            ),
            "The mask was added as 0 and 1; set the scores of hidden keys to -inf.": (
                lambda: (query @ key.mT / root + mask).softmax(2) @ value
            ),
            "Hidden scores are not negative enough: subtract nothing from them, set them to -inf.": (
                lambda: (query @ key.mT / root - 1e4 * mask).softmax(2) @ value
            ),
            "The mask of another query was used: its rows are upside down.": (lambda: plain(1 / root, 2, mask.flip(1))),
        }
    return wrong | {big: lambda: (e := (query @ key.mT / root).exp()) / e.sum(2, keepdim=True) @ value}


def pair(result: Any) -> tuple[Any, Any]:
    """Return the two results of attention without loops; the check fails if there are not two."""
    expect(
        is_sequence(result) and len(result) == 2,
        "The function must return two things, y and the weights.",
        "Write `return y, weights`, with what the softmax gave as the weights.",
    )
    return result[0], result[1]


def wrong_weights(query: Tensor, key: Tensor, mask: Tensor | None = None) -> dict:
    """Return the weights of each mistake, by its hint."""
    scores = query @ key.mT / math.sqrt(query.shape[2])
    hidden = scores if mask is None else scores.masked_fill(mask, -math.inf)
    wrong = {"These are the scores; the weights are their softmax.": scores}
    wrong |= {"These are the scores, with hidden ones; the weights are their softmax.": hidden}
    return wrong if mask is None else wrong | {"These are the weights without the mask.": weights_of(query, key)}


def wrong_single(query: Tensor, key: Tensor, value: Tensor) -> dict:
    """Return the result of each mistake for one sequence, by its hint."""
    wrong = wrong_attention(query[None], key[None], value[None])
    return {hint: lambda f=f: f()[0] for hint, f in wrong.items()}


@task("scaled_dot_product_two_loop_single", share=25, any_dtype=True)
def check_single_agrees_with_torch(student, rng):
    """Attention in one sequence agrees with torch's own, for as many keys as queries."""
    forbid(student, "scaled_dot_product_two_loop_single", calls=READY_MADE)
    q, k, v = (rng.normal(5, 6, dtype=torch.float32) for _ in range(3))
    expect_close(student.scaled_dot_product_two_loop_single(q, k, v), attend(q, k, v), mistakes=wrong_single(q, k, v))


@task("scaled_dot_product_two_loop_single", share=25, any_dtype=True)
def check_single_with_more_keys_than_queries(student, rng):
    """Attention in one sequence agrees with torch's own where queries, keys and values have other lengths."""
    for queries, keys, width, values in [(3, 5, 6, 4), (6, 2, 3, 5)]:
        shapes = (queries, width), (keys, width), (keys, values)
        q, k, v = (rng.normal(*shape, dtype=torch.float32) for shape in shapes)
        with explain_errors(LENGTHS):
            out = student.scaled_dot_product_two_loop_single(q, k, v)
        expect_close(out, attend(q, k, v), mistakes=wrong_single(q, k, v))


ONE_SEQUENCE = "scaled_dot_product_two_loop_single takes one sequence of the batch: query[n], key[n], value[n]."


@task("scaled_dot_product_two_loop_batch", share="1/3", any_dtype=True)
def check_batch_agrees_with_torch(student, rng):
    """Attention in a batch agrees with torch's own, for as many keys as queries."""
    forbid(student, "scaled_dot_product_two_loop_batch", calls=READY_MADE)
    q, k, v = (rng.normal(2, 5, 6, dtype=torch.float32) for _ in range(3))
    with explain_errors({"in scaled_dot_product_two_loop_single": ONE_SEQUENCE}):
        out = student.scaled_dot_product_two_loop_batch(q, k, v)
    expect_close(out, attend(q, k, v), mistakes=wrong_attention(q, k, v))


@task("scaled_dot_product_two_loop_batch", share="1/3", any_dtype=True)
def check_batch_with_more_keys_than_queries(student, rng):
    """Attention in a batch agrees with torch's own where queries, keys and values have other lengths."""
    for queries, keys, width, values in [(3, 5, 6, 4), (6, 2, 3, 5)]:
        shapes = (2, queries, width), (2, keys, width), (2, keys, values)
        q, k, v = (rng.normal(*shape, dtype=torch.float32) for shape in shapes)
        with explain_errors(LENGTHS):
            out = student.scaled_dot_product_two_loop_batch(q, k, v)
        expect_close(out, attend(q, k, v), mistakes=wrong_attention(q, k, v))


@task("scaled_dot_product_no_loop_batch", share="2/9")
def check_no_loop_agrees_with_torch(student, rng):
    """Attention without loops agrees with torch's own, and its weights are those of the keys."""
    forbid(student, "scaled_dot_product_no_loop_batch", calls=READY_MADE, loops=True)
    q, k, v = rng.normal(2, 3, 6), rng.normal(2, 5, 6), rng.normal(2, 5, 4)
    with explain_errors(TRANSPOSED):
        y, weights = pair(student.scaled_dot_product_no_loop_batch(q, k, v))
    expect_close(y, attend(q, k, v), mistakes=wrong_attention(q, k, v), name="y")
    expect_close(weights, weights_of(q, k), mistakes=wrong_weights(q, k), name="weights")


@task("scaled_dot_product_no_loop_batch", share="3/9")
def check_no_loop_hides_what_the_mask_says(student, rng):
    """Where the mask is True, the key is hidden: its weight is 0, and the other weights sum to 1."""
    q, k, v, mask = rng.normal(3, 4, 2), rng.normal(3, 6, 2), rng.normal(3, 6, 5), some_mask(rng.uniform(3, 4, 6))
    with explain_errors(TRANSPOSED):
        y, weights = pair(student.scaled_dot_product_no_loop_batch(q, k, v, mask))
    expect_close(y, attend(q, k, v, mask), mistakes=wrong_attention(q, k, v, mask), name="y")
    expect_close(weights, weights_of(q, k, mask), mistakes=wrong_weights(q, k, mask), name="weights")


@task("SelfAttention", share=40, loans=LOANS_OF_ATTENTION, keeps=True)
def check_head_agrees_with_torch(student, rng):
    """One head agrees with torch's attention between its layers q, k and v, and stores the attention weights."""
    forbid(student, "SelfAttention", calls=READY_MADE, apart=["scaled_dot_product_no_loop_batch"])
    x, mask = rng.normal(2, 5, 7), some_mask(rng.uniform(2, 5, 5))
    head = student.SelfAttention(7, 4, 3)
    layers = layers_of(student, head, rng, x)
    shapes = [tuple(w.shape) for w, _ in layers]
    expect(
        shapes == [(4, 7), (4, 7), (3, 7)],
        Message("In SelfAttention(7, 4, 3) the weights of q, k and v have the shapes {shapes}.", shapes=shapes),
        "q and k make dim_q numbers each, because they are compared with each other; v makes dim_v.",
    )
    q, k, v = (F.linear(x, w, b) for w, b in layers)

    wrong = {
        "Queries and keys are swapped.": lambda: attend(k, q, v, mask),
        "Keys go through the layer q; they have a layer of their own.": (
            lambda: attend(q, F.linear(x, *layers[0]), v, mask)
        ),
        "Queries go through the layer k; they have a layer of their own.": lambda: attend(k, k, v, mask),
        "The scores are divided by the root twice.": lambda: attend(q / 2, k, v, mask),
        "The query is added to the result; the residual connection belongs to the block.": (
            lambda: attend(q, k, v, mask) + x[..., : v.shape[2]]
        ),
    }
    expect_close(head(x, x, x, mask), attend(q, k, v, mask), mistakes=wrong | wrong_attention(q, k, v, mask))
    expect(
        head.weights_softmax is not None,
        "weights_softmax is None after the call.",
        "Store the weights in self.weights_softmax, in forward.",
    )
    stored = {"This is the result; store the weights.": attend(q, k, v, mask)}
    expect_close(
        head.weights_softmax,
        weights_of(q, k, mask),
        mistakes=stored | wrong_weights(q, k, mask),
        name="weights_softmax",
    )


@task("MultiHeadAttention", share=50, loans=LOANS_OF_HEADS)
def check_heads_agree_with_torch(student, rng):
    """Three heads agree with torch's nn.MultiheadAttention with the same weights."""
    forbid(student, "MultiHeadAttention", calls=READY_MADE, apart=["scaled_dot_product_no_loop_batch", "SelfAttention"])
    x, mask = rng.normal(2, 4, 12), some_mask(rng.uniform(2, 4, 4))
    heads = student.MultiHeadAttention(3, 12, 4)
    joined = {
        "cannot be multiplied": "Concatenate the heads' outputs along the last axis: num_heads * dim_out numbers."
    }
    with explain_errors(joined):
        unit = parts(student, heads, [x, x, x], rng, attention=1)["attention"][0]
    expect(
        unit["out"] is not None,
        "The heads ran, but no linear layer ran after them.",
        "Mix the heads with one more nn.Linear.",
    )

    def by_torch(unit: dict, mask: Tensor | None = mask) -> Tensor:
        for_each_head = None if mask is None else mask.repeat_interleave(3, dim=0)
        return multi_head(unit)(x, x, x, attn_mask=for_each_head)[0].detach()

    def side_by_side(unit: dict, x: Tensor, mask: Tensor) -> Tensor:
        found = [attend(*(F.linear(x, *pair) for pair in head), mask) for head in unit["heads"]]
        return F.linear(torch.cat(found, dim=1).reshape(x.shape), *unit["out"])

    weight, bias = unit["out"]
    interleaved = weight.unflatten(1, (4, 3)).mT.flatten(1), bias
    expect_close(heads(x, x, x, mask), by_torch(unit), mistakes={
        "The heads' outputs are interleaved; concatenate them, the first head's first.": (
            lambda: by_torch({**unit, "out": interleaved})
        ),
        "The heads are concatenated from last to first.": lambda: by_torch({**unit, "heads": unit["heads"][::-1]}),
        "The mask does not reach the heads.": lambda: by_torch(unit, None),
        "There is a ReLU after the last layer.": lambda: by_torch(unit).relu(),
        "The heads are concatenated along the positions; concatenate them along the last axis.": (
            lambda: side_by_side(unit, x, mask)
        ),
        "The input is added to the result; the residual connection belongs to the block.": lambda: x + by_torch(unit),
    })  # fmt: skip
