"""Hidden checks of foundations: pieces by another way of counting, random networks, large inputs, fifty layers."""

import itertools
import math

import torch
from check_foundations_networks import same_patterns
from oracles_foundations import DERIVATIVES, NETWORKS, READY, slope, with_ones
from oracles_likelihoods import pieces

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_raises,
    expect_same_gradients,
    expect_type,
    expect_unchanged,
    forbid,
    task,
)

DEEP = torch.float64


@task("linear_regression", share=50)
def check_lines_of_other_points(student, rng):
    """Other sizes, penalties and points far from 0; no direction improves the cost; inputs stay."""
    for N, D, ridge, shift in ((5, 1, 0.0, 0.0), (30, 4, 0.3, 50.0), (9, 6, 20.0, -2.0)):
        X, y = rng.normal(N, D) + shift, 3 * rng.normal(N) + shift
        seen = student.inspect(student.linear_regression, X, y, ridge)
        w, b = seen.value
        right = with_ones(X, y, ridge)
        expect_close(w, right[0], name=Message("the weights of {N} points", N=N))
        expect_close(b, right[1], rtol=1e-4, name=Message("the bias of {N} points", N=N))
        downhill = X.T @ (X @ w + b - y) + ridge * w
        expect_close(downhill, 0 * w, atol=1e-5 * float(X.abs().T.sum() * y.abs().max()), name="the gradient")
        expect_unchanged(seen, X, y, ridge)
    expect_close(student.linear_regression(X, y)[0], with_ones(X, y, 0.0)[0], rtol=1e-4, name="by default",
                 hint="By default there is no penalty.")  # fmt: skip


@task("count_regions", share=50)
def check_other_numbers_of_pieces(student):
    """All small sizes agree with adding one hyperplane after another; large ones are exact."""
    for D_in in range(1, 6):
        for D in range(9):
            found = student.count_regions(D_in, D)
            expect_type(found, int, name=Message("{a} inputs, {b} units", a=D_in, b=D))
            expect_equal(found, pieces(D_in, D), name=Message("{a} inputs, {b} units", a=D_in, b=D),
                         hint="Add C(D, j) for j from 0 to D_in, as whole numbers.")  # fmt: skip
    total, term = 0, 1
    for j in range(31):
        total, term = total + term, term * (200 - j) // (j + 1)
    expect_equal(student.count_regions(30, 200), total, name="30 inputs, 200 units",
                 hint="The number is exact: add whole numbers, as math.comb returns them, not floats.")  # fmt: skip


@task("count_parameters", share=50)
def check_other_numbers_of_parameters(student):
    """The numbers are those of torch's layers."""
    for D_in, D, K, D_out in ((3, 5, 2, 4), (7, 2, 4, 1), (10, 50, 1, 1), (4, 9, 0, 3)):
        sizes = [D_in] + [D] * K + [D_out]
        layers = [torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
        right = sum(p.numel() for layer in layers for p in layer.parameters())
        found = student.count_parameters(D_in, D, K, D_out)
        expect_type(found, int)
        expect_equal(found, right, name=Message("{K} layers of {D}", K=K, D=D),
                     hint="Each layer has inputs times outputs weights, and a bias for "
                          "each output; K = 0 is one layer.")  # fmt: skip


@task("activation_patterns", share=50)
def check_other_patterns(student, rng):
    """Other sizes, seventy units, units whose input is 0, and one point; never more than are possible; inputs stay."""
    for N, D, D_in in ((100, 5, 3), (1, 4, 2), (40, 1, 1), (50, 6, 2)):
        W, b, X = rng.normal(D, D_in), rng.normal(D), 2 * rng.normal(N, D_in)
        seen = student.inspect(student.activation_patterns, W, b, X)
        same_patterns(seen.value, W, b, X)
        expect(seen.value[1].dtype == torch.int64, "The numbers are not of dtype int64.")
        expect(len(seen.value[0]) <= pieces(D_in, D), "There are more patterns than pieces.")
        expect_unchanged(seen, W, b, X)
    W, b, X = rng.normal(70, 3), rng.normal(70), rng.normal(30, 3)
    b[:64] = 100.0
    same_patterns(student.activation_patterns(W, b, X), W, b, X)
    b = rng.normal(70)
    b[6:] = 100.0
    same_patterns(student.activation_patterns(W, b, X), W, b, X)
    W, b, X = (
        torch.tensor(v, dtype=DEEP, device=rng.device) for v in ([[1.0], [-1.0]], [0.0, 0.0], [[0.0], [1.0], [-2.0]])
    )
    same_patterns(student.activation_patterns(W, b, X), W, b, X)


@task("relu_interpolant", share=50)
def check_network_between_its_knots(student, rng):
    """The network is linear between the knots, constant to the left, and goes on to the right; inputs stay."""
    for K in (2, 3, 15):
        x, y = (0.2 + rng.uniform(K)).cumsum(0) - 3, 5 * rng.normal(K)
        seen = student.inspect(student.relu_interpolant, x, y)
        b, w, t = seen.value
        expect_equal((tuple(w.shape), tuple(t.shape), tuple(b.shape)), ((K - 1,), (K - 1,), ()), name="the shapes",
                     hint="K knots have K - 1 joints.")  # fmt: skip
        places, values = [], []
        for n in range(K - 1):
            for share in (0.0, 0.3, 1.0):
                places.append(float(x[n] + share * (x[n + 1] - x[n])))
                values.append(float(y[n] + share * (y[n + 1] - y[n])))
        last = float((y[-1] - y[-2]) / (x[-1] - x[-2]))
        places += [float(x[0]) - 2, float(x[-1]) + 2]
        values += [float(y[0]), float(y[-1]) + 2 * last]
        at = torch.tensor(places, dtype=DEEP, device=x.device)
        found = b + (w * (at[:, None] - t).clamp(min=0)).sum(dim=1)
        expect_close(
            found, torch.tensor(values, dtype=DEEP, device=x.device), atol=1e-8, name=Message("{K} knots", K=K)
        )
        expect_unchanged(seen, x, y)


@task("activation", share=50)
def check_activations_of_large_numbers(student, rng):
    """Values and gradients agree with torch's from -100 to 100, for every shape and float32, too; the input stays."""
    forbid(student, "activation", calls=NETWORKS)
    for name, f in READY.items():
        x = torch.cat(
            [4 * rng.normal(20), torch.tensor([-100.0, -30.0, 0.0, 30.0, 100.0], dtype=DEEP, device=rng.device)]
        )
        seen = student.inspect(student.activation, name, x.reshape(5, 1, 5))
        expect_close(seen.value, f(x).reshape(5, 1, 5), name=Message(name),
                     hint="Compute the functions of the table, GELU with erf.")  # fmt: skip
        expect_unchanged(seen, name, x.reshape(5, 1, 5))
        expect_close(
            student.activation(name, x.float()), f(x.float()), atol=1e-6, name=Message("{name}, float32", name=name)
        )


@task("activation_grad", share=50)
def check_slopes_of_large_numbers(student, rng):
    """The slopes agree with automatic differentiation from -100 to 100, at 0, and for float32; the input stays."""
    forbid(student, "activation_grad", calls=[*DERIVATIVES, *NETWORKS])
    for name, f in READY.items():
        x = torch.cat(
            [4 * rng.normal(20), torch.tensor([-100.0, -30.0, 0.0, 30.0, 100.0], dtype=DEEP, device=rng.device)]
        )
        right = slope(f, x)
        if name in ("elu", "selu"):
            right[22] = student_slope(name)
        seen = student.inspect(student.activation_grad, name, x.reshape(5, 5))
        expect_close(seen.value, right.reshape(5, 5), name=Message(name),
                     hint="At 0, the derivative is that of the left side.")  # fmt: skip
        expect_unchanged(seen, name, x.reshape(5, 5))
        found = student.activation_grad(name, x.float())
        expect_close(found, right.float(), atol=1e-5, name=Message("{name}, float32", name=name))


def student_slope(name):
    """Return the slope at 0, of the left side, where the two sides differ or torch chooses."""
    return 1.0 if name == "elu" else 1.0507009873554805 * 1.6732632423543772


@task("maxout", share=50)
def check_largest_of_other_pieces(student, rng):
    """One piece, many pieces, one output; the gradient goes to the largest piece; the input stays."""
    for N, D, k in ((3, 5, 1), (2, 1, 4), (6, 3, 5)):
        x = rng.normal(N, k * D)
        seen = student.inspect(student.maxout, x, k)
        right = torch.stack([x[:, d::D].amax(dim=1) for d in range(D)], dim=1)
        expect_close(seen.value, right, name=Message("{k} pieces", k=k),
                     hint="The largest of all k pieces of each output.")  # fmt: skip
        expect_unchanged(seen, x, k)
        expect_same_gradients(student, rng, student.maxout, lambda x, k: x.unflatten(1, (k, -1)).amax(dim=1), x, k)


@task("init_std", share=50)
def check_fifty_layers(student, rng):
    """Other sizes are right, and fifty layers of ReLUs keep the mean square."""
    for a, b in ((3, 4), (1000, 10), (10, 1000)):
        for kind, inverse in (("xavier", (a + b) / 2), ("he", a / 2), ("lecun", float(a))):
            found = student.init_std(a, b, kind)
            expect_type(found, float)
            expect_close(found, inverse**-0.5, name=Message("{kind} of {a} and {b}", kind=kind, a=a, b=b))
    found, x = float(student.init_std(200, 200, "he")), rng.normal(50, 200)
    for _ in range(50):
        x = (x @ (found * rng.normal(200, 200))).clamp(min=0)
    size = float(x.square().mean())
    expect(0.02 < size < 50, Message("After fifty layers, the mean square is {size}.", size=size))
    expect(math.isfinite(size), "It is not finite.")
    with expect_raises(ValueError):
        student.init_std(3, 4, "")
