"""Public checks of foundations: pieces, activations, first weights, against loops and worked numbers."""

import math

import torch
from oracles_foundations import READY, slope, with_ones

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_raises,
    expect_shape,
    expect_type,
    is_sequence,
    task,
)


@task("linear_regression", share=50, any_dtype=True)
def check_line_through_some_points(student, rng):
    """Without a penalty the result is that of least squares; with one, the gradient vanishes."""
    X, y = rng.normal(12, 3, dtype=torch.float32) + 1, rng.normal(12, dtype=torch.float32)
    for ridge in (0.0, 2.5):
        found = student.linear_regression(X, y, ridge)
        expect(is_sequence(found) and len(found) == 2, "linear_regression returns the weights and the bias.")
        right = with_ones(X.double(), y.double(), ridge)
        through_0 = torch.linalg.solve((X.T @ X + ridge * torch.eye(3, device=X.device)).double(), (X.T @ y).double())
        expect_close(found[0], right[0], rtol=1e-3, atol=1e-4,
                     name=Message("the weights, ridge {r}", r=ridge), mistakes={
            "The bias must not be penalised.": with_ones(X.double(), y.double(), ridge, penalise=True)[0],
            "The penalty is missing.": with_ones(X.double(), y.double(), 0.0)[0],
            "The penalty is multiplied by ridge, not by N times ridge.":
                with_ones(X.double(), y.double(), 12 * ridge)[0],
            "There is no bias here: subtract the means first.": through_0,
        }, hint="Centre X and y first; the bias is the mean of y minus w times the mean of X.")  # fmt: skip
        expect_close(found[1], right[1], rtol=1e-3, atol=1e-4, name=Message("the bias, ridge {r}", r=ridge),
                     hint="Centre X and y first; the bias is the mean of y minus w times the mean of X.")  # fmt: skip


@task("count_regions", share=50)
def check_numbers_of_pieces(student):
    """The worked numbers are right."""
    for D_in, D, right in ((1, 3, 4), (2, 3, 7), (2, 10, 56), (10, 50, 13432735556)):
        expect_equal(student.count_regions(D_in, D), right,
                     name=Message("{a} inputs, {b} units", a=D_in, b=D), mistakes={
            "This is the sum up to D: it counts all patterns.": 2**D,
            "The sum begins with j = 0.": right - 1,
            "The sum includes j = D_in.": right - math.comb(D, D_in),
        }, hint="Add C(D, j) for j from 0 to D_in, as whole numbers. C(D, j) is 0 for j above D.")  # fmt: skip


@task("count_parameters", share=50)
def check_numbers_of_parameters(student):
    """For one input and one output, the formula of the text holds."""
    for D, K in ((95, 1), (5, 10), (4, 2), (7, 3)):
        right = 3 * D + 1 + (K - 1) * D * (D + 1)
        expect_equal(student.count_parameters(1, D, K, 1), right,
                     name=Message("{K} layers of {D}", K=K, D=D), mistakes={
            "The biases are missing.": right - K * D - 1,
            "The last bias is missing.": right - 1,
            "K hidden layers have K - 1 connections between them.": right + D * (D + 1),
        })  # fmt: skip


@task("activation_patterns", share=50, any_dtype=True)
def check_patterns_of_some_points(student, rng):
    """The patterns are those of a loop, each once, and every point has its own."""
    W, b, X = (rng.normal(*shape, dtype=torch.float32) for shape in ((4, 2), (4,), (60, 2)))
    same_patterns(student.activation_patterns(W, b, X), W, b, X)


def same_patterns(found, W, b, X):
    """Require the patterns of a loop, in any order."""
    expect(is_sequence(found) and len(found) == 2, "activation_patterns returns two tensors.")
    patterns, which = found
    on = []
    for x in X.tolist():
        pairs = zip(W.tolist(), b.tolist(), strict=True)
        inputs = [sum(w * v for w, v in zip(row, x, strict=True)) + c for row, c in pairs]
        on.append(tuple(value > 0 for value in inputs))
    right = sorted(set(on))
    expect_shape(patterns, (len(right), len(W)), name="the patterns",
                 hint="Units are on where W x + b > 0. Each pattern occurs once, for any number of units.")  # fmt: skip
    expect(patterns.dtype == torch.bool, "The patterns are not of dtype bool.")
    expect_equal(sorted(map(tuple, patterns.tolist())), right, name="the patterns, sorted",
                 hint="A unit is on where its input, W x + b, is above 0.")  # fmt: skip
    expect_shape(which, (len(X),), name="the numbers")
    numbers = which.tolist()
    expect(all(type(n) is int and 0 <= n < len(right) for n in numbers), "A number is not that of a pattern.")
    expect_equal([tuple(patterns[n].tolist()) for n in numbers], on, name="the pattern of each point")


@task("relu_interpolant", share=50, any_dtype=True)
def check_network_hits_its_knots(student, rng):
    """The network goes through all knots, and its joints are the first of them."""
    x = rng.uniform(6, low=0.3, high=1.0, dtype=torch.float32).cumsum(0)
    y = rng.normal(6, dtype=torch.float32)
    found = student.relu_interpolant(x, y)
    expect(is_sequence(found) and len(found) == 3, "relu_interpolant returns bias, weights and joints.")
    b, w, t = found
    slopes = (y[1:] - y[:-1]) / (x[1:] - x[:-1])
    expect_close(t, x[:-1], name="the joints", mistakes={"The first joint is the first knot.": x[1:]})
    right = [float(slopes[0]), *slopes.diff().tolist()]
    expect_close(w, torch.tensor(right, device=x.device), rtol=1e-3, atol=1e-4, name="the weights", mistakes={
        "A weight is the change of the slope, not the slope.": slopes,
        "Divide by the distance of the knots.": torch.cat([y.diff()[:1], y.diff().diff()]),
    })  # fmt: skip
    expect_close(b, y[0], name="the bias", hint="Left of the first knot the network has its value, y[0].")


WORKED = {
    "sigmoid": (0.2689, 0.8808), "tanh": (-0.7616, 0.9640), "relu": (0.0, 2.0), "leaky": (-0.1, 2.0),
    "elu": (-0.6321, 2.0), "selu": (-1.1113, 2.1014), "gelu": (-0.1587, 1.9545), "swish": (-0.2689, 1.7616),
}  # fmt: skip


@task("activation", share=50, any_dtype=True)
def check_activations_at_two_places(student, rng):
    """The values at -1 and 2 are those of the table; an unknown name is an error."""
    x = torch.tensor([-1.0, 2.0], device=rng.device)
    alpha = torch.tensor([-1.7581, 2.1014], device=rng.device)
    for name, values in WORKED.items():
        expect_close(student.activation(name, x), torch.tensor(values, device=rng.device), atol=1e-4,
                     name=Message(name), mistakes={
            "SELU multiplies the right side by the scale, too.": torch.tensor([-1.1113, 2.0], device=rng.device),
            "The scale is missing.": torch.tensor([-1.0577, 2.0], device=rng.device),
            "Only the left side has alpha.": torch.tensor([-0.6642, 2.1014], device=rng.device),
            "The left side has the scale only once.": alpha,
            "Use erf, not the approximation by tanh.": torch.tensor([-0.1588, 1.9546], device=rng.device),
            "The argument of erf is divided by the root of 2.": torch.tensor([-0.0786, 1.9953], device=rng.device),
        }, hint="See the table: slopes, scale and alpha.")  # fmt: skip
    with expect_raises(ValueError):
        student.activation("round", x)


@task("activation_grad", share=50, any_dtype=True)
def check_slopes_of_activations(student, rng):
    """The slopes are those of automatic differentiation; an unknown name is an error."""
    x = rng.uniform(9, low=-3.0, high=3.0, dtype=torch.float32)
    s = x.sigmoid()
    for name, f in READY.items():
        expect_close(student.activation_grad(name, x), slope(f, x), rtol=1e-3, atol=1e-5, name=Message(name), mistakes={
            "This is the value, not its derivative.": f(x),
            "The derivative of a product has two terms.": s if name == "swish" else 0.5 + 0.5 * (x / 2**0.5).erf(),
            "The other term of the product is missing.": x * s * (1 - s),
            "The derivative of tanh is 1 minus the square.": 1 - x.tanh(),
        }, hint="Differentiate each side of the function by itself.")  # fmt: skip
    with expect_raises(ValueError):
        student.activation_grad("round", x)


@task("maxout", share=50, any_dtype=True)
def check_largest_of_some_pieces(student, rng):
    """The worked example and random numbers agree with a loop."""
    x = rng.normal(4, 6, dtype=torch.float32)
    right = torch.stack([torch.stack([x[:, d], x[:, 3 + d]]).amax(dim=0) for d in range(3)], dim=1)
    expect_close(student.maxout(x, 2), right, mistakes={
        "Neighbours were compared: first come all outputs of piece 1.": x.reshape(4, 3, 2).amax(dim=2),
    }, hint="The largest of the k pieces of each output.")  # fmt: skip


@task("init_std", share=50, any_dtype=True)
def check_first_weights(student):
    """The deviations are those of the table; an unknown kind is an error."""
    for kind, right, variance, wrong in (
        ("xavier", math.sqrt(2 / 160), 2 / 160, math.sqrt(1 / 160)),
        ("he", math.sqrt(2 / 100), 2 / 100, math.sqrt(2 / 60)),
        ("lecun", 0.1, 0.01, math.sqrt(1 / 60)),
    ):
        found = student.init_std(100, 60, kind)
        expect_close(found, right, name=Message(kind), mistakes={
            "This is the variance; return its root.": variance,
            "These are outputs (or the 2 is missing): see the table.": wrong,
        }, hint="Return the root of the variance in the table, as it is.")  # fmt: skip
    with expect_raises(ValueError):
        student.init_std(3, 4, "best")
    expect_type(found, float)
