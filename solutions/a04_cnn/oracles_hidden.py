"""Compare a layer by hand with an oracle: without autograd, and with two backward passes."""

from oracles import APART, BY_HAND, gradients

from autograder import Message, expect, expect_close, expect_equal, forbid, is_sequence

IN_PLACE = "Use x = x - m instead of x -= m, and neither x[...] = ... nor a method_() on an argument."

LATER = "Forward was called for another layer since. Read everything from the cache that backward is given."

# A forward pass and two backward passes where autograd records nothing, and everything that a check compares.
ROUND_TRIP = """
import copy

import torch

def round_trip(layer, dout, inputs, options, method="backward"):
    with torch.no_grad():
        another = copy.deepcopy(options)
        out, cache = layer.forward(*inputs, *options)
        layer.forward(*(-2 * value for value in inputs), *another)  # another layer, before backward reaches this one
        first = getattr(layer, method)(dout, cache)
        again = getattr(layer, method)(dout, cache)
    return {"out": out, "first": first, "again": again, "dout": dout, "inputs": inputs}
"""


def judge_layer(student, rng, layer, oracle, names, inputs, options=(), method="backward", **tolerance):
    """Compare output and gradients of a layer with an oracle: no autograd, unchanged inputs, the same result twice."""
    forbid(student, f"{layer}.forward", calls=BY_HAND, apart=APART.get(layer, ()))
    forbid(student, f"{layer}.{method}", calls=BY_HAND, apart=APART.get(layer, ()))
    expected = oracle(*(x.double() for x in inputs)).to(inputs[0].dtype)
    dout = rng.normal(*expected.shape, dtype=expected.dtype)
    helper = student.define(ROUND_TRIP)
    seen = helper.round_trip(getattr(student, layer), dout, tuple(inputs), tuple(options), method=method)
    right, parts = gradients(oracle, dout, *inputs), names.split()
    later = [-2 * value for value in inputs]
    expect_close(seen["out"], expected, name="out", **tolerance)
    expect(seen["dout"].equal(dout), Message("{method} changed dout in place.", method=method), IN_PLACE)
    for key in ("first", "again"):
        grads = (seen[key],) if len(parts) == 1 else seen[key]
        expect(
            is_sequence(grads) and len(grads) == len(parts),
            Message("{method} should return ({parts}).", method=method, parts=", ".join(parts)),
        )
        for place, (part, value, wanted) in enumerate(zip(parts, grads, right, strict=True)):
            name = part if key == "first" else Message("{part} when backward is called again", part=part)
            expect_close(value, wanted, name=name, **tolerance, mistakes={
                LATER: lambda place=place: gradients(oracle, dout, *later)[place],
            })  # fmt: skip
    expect_equal(seen["inputs"], tuple(inputs), name="the inputs after the call")
