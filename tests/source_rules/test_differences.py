"""Finite differences in a backward pass are found; backward passes that use other ones are not."""

from __future__ import annotations

import ast

import pytest

from autograder.source_rules.differences import finite_differences

LOOP = """
class Linear:
    @staticmethod
    def backward(dout, cache):
        for i in range(x.numel()):
            high = Linear.forward(x + step, w)[0]
        return high
"""
HELPER = """
def numeric(f, x): return x
def conv_backward(dout, cache):
    return numeric(lambda x: (conv_forward(x, w) * dout).sum(), x)
"""
COMPREHENSION = "def backward(dout, net):\n    return [forward(x) for x in net]\n"


@pytest.mark.parametrize(
    ("source", "what", "line"),
    [
        (LOOP, "forward in a loop of backward", 6),
        (HELPER, "conv_forward in a loop of conv_backward", 4),
        (COMPREHENSION, "forward in a loop of backward", 2),
    ],
)
def test_a_forward_pass_in_a_loop_of_a_backward_pass_is_found(source: str, what: str, line: int) -> None:
    assert [(str(w), at) for w, at in finite_differences(ast.parse(source))] == [(what, line)]


@pytest.mark.parametrize(
    "source",
    [
        "def backward(dout, cache):\n    dx = Conv.forward(dout, flipped)\n    for _ in w: dx = dx + 1\n    return dx",
        "def backward(dout, layers):\n    for layer in layers: dout = layer.backward(dout)\n    return dout",
        "def loss(x):\n    for layer in layers: x = layer.forward(x)\n    return x",
    ],
)
def test_other_loops_and_one_call_are_not(source: str) -> None:
    assert list(finite_differences(ast.parse(source))) == []
