"""Hidden checks of a06, transformers: attention of other sizes and dtypes, between two sequences, and its gradients."""

import torch
import torch.nn.functional as F
from oracles import layers_of, parts
from oracles_hidden import expect_gradients_everywhere

from autograder import expect_close, expect_equal, forbid, task
from autograder.probes.torch_layers import READY_MADE, attend, multi_head, some_mask, weights_of

GRADIENTS = """
import torch

def through(f, arguments):
    leaves = [a.requires_grad_() for a in arguments if a.is_floating_point()]
    result = f(*arguments)
    result = result[0] if isinstance(result, tuple) else result
    weights = torch.arange(result.numel(), dtype=result.dtype, device=result.device).reshape(result.shape).cos()
    (result * weights).sum().backward()
    return [leaf.grad for leaf in leaves]
"""


@task("scaled_dot_product_two_loop_single", points=1)
def check_single_on_other_sizes(student, rng):
    """Attention in one sequence is right for one query, one key, few keys and float32, and changes no input."""
    for queries, keys, width, values in [(1, 4, 3, 2), (5, 1, 2, 3), (6, 2, 1, 7)]:
        for dtype in (torch.float64, torch.float32):
            q, k, v = (rng.normal(*s, dtype=dtype) for s in ((queries, width), (keys, width), (keys, values)))
            seen = student.inspect(student.scaled_dot_product_two_loop_single, q, k, v)
            expect_close(seen.value, attend(q, k, v))
            expect_equal(seen.args, (q, k, v), name="the inputs after the call")


@task("scaled_dot_product_two_loop_single", points=1)
def check_single_with_large_scores(student, rng):
    """Attention in one sequence is right for scores in the thousands, whose exponentials overflow."""
    q, k, v = 100 * rng.normal(3, 4), 100 * rng.normal(5, 4), rng.normal(5, 2)
    expect_close(student.scaled_dot_product_two_loop_single(q, k, v), attend(q, k, v))


@task("scaled_dot_product_two_loop_batch", points=1)
def check_batch_on_other_sizes(student, rng):
    """Attention in a batch is right for one sequence, one key, few keys and float32, and changes no input."""
    for num, queries, keys, width, values in [(1, 3, 4, 5, 2), (4, 5, 1, 2, 3), (3, 6, 2, 1, 7)]:
        for dtype in (torch.float64, torch.float32):
            shapes = (num, queries, width), (num, keys, width), (num, keys, values)
            q, k, v = (rng.normal(*shape, dtype=dtype) for shape in shapes)
            seen = student.inspect(student.scaled_dot_product_two_loop_batch, q, k, v)
            expect_close(seen.value, attend(q, k, v))
            expect_equal(seen.args, (q, k, v), name="the inputs after the call")


@task("scaled_dot_product_no_loop_batch", points=2)
def check_no_loop_on_other_sizes(student, rng):
    """Attention without loops is right for other sizes, large scores, float32 and one mask for all."""
    forbid(student, "scaled_dot_product_no_loop_batch", calls=READY_MADE, loops=True)
    for num, queries, keys, width, values in [(1, 3, 4, 5, 2), (4, 5, 1, 2, 3), (3, 6, 9, 1, 7)]:
        for dtype, scale in ((torch.float64, 30.0), (torch.float32, 1.0)):
            q, v = scale * rng.normal(num, queries, width, dtype=dtype), rng.normal(num, keys, values, dtype=dtype)
            k = scale * rng.normal(num, width, keys, dtype=dtype).mT
            for mask in (None, some_mask(rng.uniform(num, queries, keys)), some_mask(rng.uniform(1, queries, keys))):
                seen = student.inspect(student.scaled_dot_product_no_loop_batch, q, k, v, mask)
                expect_close(seen.value, (attend(q, k, v, mask), weights_of(q, k, mask)))
                expect_equal(seen.args, (q, k, v, mask), name="the inputs after the call")


@task("scaled_dot_product_no_loop_batch", points=2)
def check_no_loop_passes_gradients(student, rng):
    """Gradients of queries, keys and values agree with those of torch's attention, with a mask."""
    q, k, v, mask = rng.normal(2, 4, 3), rng.normal(2, 5, 3), rng.normal(2, 5, 2), some_mask(rng.uniform(2, 4, 5))
    found = student.define(GRADIENTS).through(student.scaled_dot_product_no_loop_batch, [q, k, v, mask])

    leaves = [x.clone().requires_grad_() for x in (q, k, v)]
    out = attend(*leaves, mask)
    weights = torch.arange(out.numel(), dtype=out.dtype, device=out.device).reshape(out.shape).cos()
    expected = torch.autograd.grad((out * weights).sum(), leaves)
    for name, gradient, right in zip(("query", "key", "value"), found, expected, strict=True):
        expect_close(gradient, right, name=f"the gradient of {name}")


@task("SelfAttention", points=2)
def check_head_between_two_sequences(student, rng):
    """One head attends from one sequence to another, without and with a mask, and all its weights get gradients."""
    queries, keys, mask = rng.normal(3, 2, 5), rng.normal(3, 6, 5), some_mask(rng.uniform(1, 2, 6))
    values = rng.normal(3, 6, 5)
    head = student.SelfAttention(5, 3, 8)
    layers = layers_of(student, head, rng, queries)
    q, k, v = (F.linear(x, *layer) for x, layer in zip((queries, keys, values), layers, strict=True))
    for hidden in (None, mask):
        expect_close(head(queries, keys, values, hidden), attend(q, k, v, hidden))
        expect_close(head.weights_softmax, weights_of(q, k, hidden), name="weights_softmax")
    expect_gradients_everywhere(student, head, [queries, keys, values])


@task("MultiHeadAttention", points=2)
def check_heads_between_two_sequences(student, rng):
    """Any number of heads of any width attend from one sequence to another, with and without a mask."""
    for heads, dim_in, dim_out in [(1, 4, 4), (2, 6, 5), (5, 5, 2)]:
        queries, keys, values = rng.normal(2, 3, dim_in), rng.normal(2, 7, dim_in), rng.normal(2, 7, dim_in)
        module = student.MultiHeadAttention(heads, dim_in, dim_out)
        unit = parts(student, module, [queries, keys, values], rng, attention=1)["attention"][0]
        shapes = [tuple(head[0][0].shape) for head in unit["heads"]]
        expect_equal(shapes, [(dim_out, dim_in)] * heads, name="the heads' shapes")
        for mask in (None, some_mask(rng.uniform(2, 3, 7))):
            inputs = (queries, keys, values)
            found = [attend(*(F.linear(x, *p) for x, p in zip(inputs, h, strict=True)), mask) for h in unit["heads"]]
            expected = F.linear(torch.cat(found, dim=2), *unit["out"])
            expect_close(module(*inputs, mask), expected)


@task("MultiHeadAttention", points=2)
def check_heads_do_not_know_the_order(student, rng):
    """Shuffled keys change nothing, shuffled queries shuffle the result, and all weights get gradients."""
    x = rng.normal(2, 6, 8)
    module = student.MultiHeadAttention(2, 8, 4)
    unit = parts(student, module, [x, x, x], rng, attention=1)["attention"][0]
    expected, order = multi_head(unit)(x, x, x)[0].detach(), rng.permutation(6)

    expect_close(module(x, x[:, order], x[:, order]), expected, name="with shuffled keys and values")
    expect_close(module(x[:, order], x, x), expected[:, order], name="with shuffled queries")
    expect_gradients_everywhere(student, module, [x, x, x])
