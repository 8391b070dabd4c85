"""Hidden checks of a06, transformers: attention of other sizes and dtypes, between two sequences, and its gradients."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from oracles import layers_of, parts
from oracles_loans import LOANS_OF_ATTENTION, LOANS_OF_HEADS
from torch import Tensor

from autograder import (
    expect,
    expect_close,
    expect_equal,
    expect_same_gradients,
    explain_errors,
    forbid,
    is_sequence,
    task,
)
from autograder.probes.torch_layers import READY_MADE, attend, multi_head, some_mask, weights_of

DTYPES = {"dtype": "Create tensors with the dtype and device of the query: query.new_zeros(...)."}
BIG = "e to the power of a large score is infinite. Use torch.softmax, or subtract the largest score first."


def overflowing(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Compute attention with exponentials of the scores themselves."""
    e = (q @ k.mT / q.shape[-1] ** 0.5).exp()
    return e / e.sum(-1, keepdim=True) @ v


@task("scaled_dot_product_two_loop_single", share=25)
def check_single_on_other_sizes(student, rng):
    """Attention in one sequence is right for one query, one key, float64 and float32, and changes no input."""
    for length, width, values in [(4, 3, 2), (1, 2, 3), (6, 1, 7)]:
        for dtype in (torch.float64, torch.float32):
            q, k, v = (rng.normal(*s, dtype=dtype) for s in ((length, width), (length, width), (length, values)))
            with explain_errors(DTYPES):
                seen = student.inspect(student.scaled_dot_product_two_loop_single, q, k, v)
            expect_close(seen.value, attend(q, k, v))
            expect_equal(seen.args, (q, k, v), name="the inputs after the call")


@task("scaled_dot_product_two_loop_single", share=25, any_dtype=True)
def check_single_with_large_scores(student, rng):
    """Attention in one sequence is right for scores in the thousands, whose exponentials overflow."""
    q, k, v = (scale * rng.normal(5, 4, dtype=torch.float32) for scale in (100, 100, 1))
    out = student.scaled_dot_product_two_loop_single(q, k, v)
    expect_close(out, attend(q, k, v), mistakes={BIG: overflowing(q, k, v)}, atol=1e-3)


@task("scaled_dot_product_two_loop_batch", share="1/3")
def check_batch_on_other_sizes(student, rng):
    """Attention in a batch is right for one sequence, one key, large scores, both float types, and changes no input."""
    for num, length, width, values, scale in [(1, 4, 5, 2, 1), (4, 1, 2, 3, 1), (3, 6, 1, 7, 1), (2, 3, 4, 4, 100)]:
        for dtype in (torch.float64, torch.float32):
            shapes = (num, length, width), (num, length, width), (num, length, values)
            q, k, v = (rng.normal(*shape, dtype=dtype) for shape in shapes)
            q, k = scale * q, scale * k
            with explain_errors(DTYPES):
                seen = student.inspect(student.scaled_dot_product_two_loop_batch, q, k, v)
            expect_close(seen.value, attend(q, k, v), mistakes={BIG: overflowing(q, k, v)}, atol=1e-3 * scale / 100)
            expect_equal(seen.args, (q, k, v), name="the inputs after the call")


@task("scaled_dot_product_no_loop_batch", share="1/9")
def check_no_loop_on_other_sizes(student, rng):
    """Attention without loops is right for other sizes, large scores and float32, and changes no input."""
    forbid(student, "scaled_dot_product_no_loop_batch", calls=READY_MADE, loops=True)
    for num, queries, keys, width, values in [(1, 3, 4, 5, 2), (4, 5, 1, 2, 3), (3, 6, 9, 1, 7)]:
        for dtype, scale in ((torch.float64, 30.0), (torch.float32, 1.0)):
            q, v = scale * rng.normal(num, queries, width, dtype=dtype), rng.normal(num, keys, values, dtype=dtype)
            k = scale * rng.normal(num, width, keys, dtype=dtype).mT
            for mask in (None, some_mask(rng.uniform(num, queries, keys))):
                seen = student.inspect(student.scaled_dot_product_no_loop_batch, q, k, v, mask)
                expect_pair(seen.value, q, k, v, mask)
                expect_equal(seen.args, (q, k, v, mask), name="the inputs after the call")


def expect_pair(pair: Any, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> None:
    """Require the result and the weights, as a tuple or a list."""
    expect(is_sequence(pair) and len(pair) == 2, "Expected two results, (y, weights).")
    expect_close(pair[0], attend(q, k, v, mask), mistakes={BIG: overflowing(q, k, v)}, name="y")
    expect_close(pair[1], weights_of(q, k, mask), name="weights")


@task("scaled_dot_product_no_loop_batch", share="1/9")
def check_no_loop_with_one_mask_for_all(student, rng):
    """One mask (1, Kq, Kk) holds for all sequences, and hides keys though all scores are far below zero."""
    for scale in (1.0, 300.0):
        q, k, v = scale * (rng.uniform(3, 4, 5) + 0.1), -scale * (rng.uniform(3, 6, 5) + 0.1), rng.normal(3, 6, 2)
        mask = some_mask(rng.uniform(1, 4, 6))
        with explain_errors(
            {"IndexError": "The mask may have N = 1: masked_fill and torch.where expand it, indexing does not."}
        ):
            y, weights = student.scaled_dot_product_no_loop_batch(q, k, v, mask)
        hint = "Hidden scores are not negative enough: others are below them. Use -inf, or -1e9 at least."
        expect(scale == 1.0 or not bool((weights * mask).any()), "Hidden keys have weights above 0.", hint)
        expect_pair((y, weights), q, k, v, mask)


@task("scaled_dot_product_no_loop_batch", share="2/9")
def check_no_loop_passes_gradients(student, rng):
    """Gradients of queries, keys and values agree with those of torch's attention, with and without a mask."""
    q, k, v = rng.normal(2, 4, 3), rng.normal(2, 5, 3), rng.normal(2, 5, 2)
    for mask in (None, some_mask(rng.uniform(2, 4, 5))):
        attention = student.scaled_dot_product_no_loop_batch
        expect_same_gradients(student, rng, attention, attend, q, k, v, mask, names=("query", "key", "value"))
        second = student.define("def second(f, v):\n    return lambda q, k, mask: f(q, k, v, mask)[1]\n").second
        expect_same_gradients(student, rng, second(attention, v), weights_of, q, k, mask, names=("query", "key"))


def wrong_sequences(by_torch: Callable[..., Tensor], q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> dict:
    """Return the results where an input is taken for another, by hint."""
    return {
        "The values come from the query's sequence.": partial(by_torch, q, k, q, mask),
        "The values come from the key.": partial(by_torch, q, k, k, mask),
        "The keys come from the query's sequence.": partial(by_torch, q, q, v, mask),
        "Keys and values come from the query's sequence.": partial(by_torch, q, q, q),
        "The queries come from the key's sequence.": partial(by_torch, k, k, v),
    }


@task("SelfAttention", share=60, loans=LOANS_OF_ATTENTION)
def check_head_between_two_sequences(student, rng):
    """One head attends from one sequence to another, with and without a mask, and all its gradients are right."""
    for length in (6, 2):  # as long as the queries, too
        queries, keys, values = rng.normal(3, 2, 5), rng.normal(3, length, 5), rng.normal(3, length, 5)
        head = student.SelfAttention(5, 3, 8)
        layers = layers_of(student, head, rng, queries)

        def by_torch(*inputs: Tensor, layers: list = layers) -> Tensor:
            q, k, v = (F.linear(x, *layer) for x, layer in zip(inputs[:3], layers, strict=True))
            return attend(q, k, v, *inputs[3:])

        for mask in (None, some_mask(rng.uniform(3, 2, length))):
            wrong = wrong_sequences(by_torch, queries, keys, values, mask)
            expect_close(head(queries, keys, values, mask), by_torch(queries, keys, values, mask), mistakes=wrong)
            inputs = [queries, keys, values, mask]
            names = ("query", "key", "value")
            expect_same_gradients(student, rng, head, by_torch, *inputs, weights=layers, names=names)
        expect_close(head.eval()(queries, keys, values, mask), by_torch(queries, keys, values, mask),
                     name="evaluation mode", mistakes={
            "The mask hides keys in evaluation mode, too.": by_torch(queries, keys, values),
        })  # fmt: skip
        asked, offered = F.linear(queries, *layers[0]), F.linear(keys, *layers[1])
        scores = (asked @ offered.mT / 3**0.5).masked_fill(mask, -torch.inf)
        if head.weights_softmax is not None:  # the public check asks for them
            expect_close(
                head.weights_softmax, scores.softmax(dim=2), name="weights_softmax after several calls",
                hint="Store the weights in every call: weights_softmax has those of the last one.",
            )  # fmt: skip


@task("MultiHeadAttention", share=25, loans=LOANS_OF_HEADS, keeps=True)
def check_heads_between_two_sequences(student, rng):
    """Any number of heads of any width attend from one sequence to another, with and without a mask."""
    for heads, dim_in, dim_out, length in [(1, 4, 4, 7), (2, 6, 5, 3), (5, 5, 2, 7)]:
        queries, keys, values = rng.normal(2, 3, dim_in), rng.normal(2, length, dim_in), rng.normal(2, length, dim_in)
        module = student.MultiHeadAttention(heads, dim_in, dim_out).train(heads > 1)
        lengths = {"batch2": "The length of the values is wrong: each head takes query, key and value, in this order."}
        with explain_errors(lengths):
            unit = parts(student, module, [queries, keys, values], rng, attention=1)["attention"][0]
        shapes = [tuple(head[0][0].shape) for head in unit["heads"]]
        expect_equal(shapes, [(dim_out, dim_in)] * heads, name="the heads' shapes")
        for mask in (None, some_mask(rng.uniform(2, 3, length))):
            by_torch = partial(mixed_heads, unit)
            wrong = wrong_sequences(by_torch, queries, keys, values, mask)
            expect_close(module(queries, keys, values, mask), by_torch(queries, keys, values, mask), mistakes=wrong)


def mixed_heads(unit: dict, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """Compute several heads, and the linear layer after them."""
    inputs = (query, key, value)
    found = [attend(*(F.linear(x, *p) for x, p in zip(inputs, h, strict=True)), mask) for h in unit["heads"]]
    return F.linear(torch.cat(found, dim=2), *unit["out"])


@task("MultiHeadAttention", share=25, loans=LOANS_OF_HEADS)
def check_heads_do_not_know_the_order(student, rng):
    """Shuffled keys change nothing, shuffled queries shuffle the result, and all gradients are right."""
    x = rng.normal(2, 6, 8)
    module = student.MultiHeadAttention(2, 8, 4)
    unit = parts(student, module, [x, x, x], rng, attention=1)["attention"][0]
    expected, order = multi_head(unit)(x, x, x)[0], rng.permutation(6)

    expect_close(module(x, x[:, order], x[:, order]), expected, name="with shuffled keys and values")
    expect_close(module(x[:, order], x, x), expected[:, order], name="with shuffled queries")
    inputs, names = [x, rng.normal(2, 3, 8), rng.normal(2, 3, 8)], ("query", "key", "value")
    by_torch = partial(mixed_heads, unit)
    expect_same_gradients(student, rng, module, by_torch, *inputs, weights=unit, names=names)
