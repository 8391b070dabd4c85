"""Hidden checks of machines: ranks, XOR, kernels with positive eigenvalues, and optima of the dual problem."""

import numpy as np
from check_machines import balanced, other_rules
from oracles_grouping import LATER, UNSEEDED
from oracles_machines import INVERSES, learned, objective, products, violation

from autograder import Message, expect, expect_close, expect_equal, expect_raises, expect_unchanged, forbid, task


@task("pinv", share=50)
def check_inverses_of_other_matrices(student, rng):
    """Wide, square and tall matrices, small ones, ranks from 1; the four conditions of Penrose; the input stays."""
    forbid(student, "pinv", calls=INVERSES)
    for (M, N), rank, scale in (((3, 6), 3, 1.0), ((7, 4), 2, 1.0), ((5, 5), 1, 1e-12), ((4, 4), 4, 1e4)):
        A = scale * rng.normal(M, rank) @ rng.normal(rank, N)
        seen = student.inspect(student.pinv, A)
        P = seen.value
        name = Message("a matrix {M} x {N} of rank {r}", M=M, N=N, r=rank)
        expect_close(A @ P @ A / scale, A / scale, name=name, mistakes={
            "A singular value counts if it is larger than tol times the largest one, however small that is.": 0 * A,
        })  # fmt: skip
        expect_close(P @ A @ P * scale, P * scale, name=name)
        expect_close(A @ P, (A @ P).T, name=name)
        expect_close(P @ A, (P @ A).T, name=name)
        expect_unchanged(seen, A)
    expect_close(student.pinv(np.zeros((2, 3))), np.zeros((3, 2)), name="a matrix of zeros", mistakes={
        "A singular value of exactly tol times the largest counts as 0, also of zeros.": np.full((3, 2), np.nan),
    })  # fmt: skip
    A = np.diag([4.0, 1.0, 0.1])
    expect_close(student.pinv(A, 0.2), np.diag([0.25, 1.0, 0.0]), name="a tolerance of 0.2", mistakes={
        "Use the tol that was given.": np.diag([0.25, 1.0, 10.0]),
    })  # fmt: skip
    expect_close(student.pinv(A, 0.25), np.diag([0.25, 0.0, 0.0]), name="a tolerance of 0.25",
                 hint="A singular value of exactly tol times the largest counts as 0.")  # fmt: skip


@task("perceptron", share=50)
def check_perceptron_of_other_points(student, rng):
    """XOR never ends; points at 0 are mistakes; few epochs; other points; both inputs stay."""
    xor = np.array([[0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    y = np.array([1.0, 1.0, -1.0, -1.0])
    either = np.array([-1.0, 1.0, 1.0, 1.0])
    expect_equal(student.perceptron(xor, either, 10**8)[1], learned(xor, either, 1000)[1],
                 name="the mistakes, where 10^8 epochs are allowed",
                 hint="Stop after an epoch without a mistake.")  # fmt: skip
    w, mistakes = student.perceptron(xor, y, 30)
    expect_close(w, learned(xor, y, 30)[0], name="w of XOR", mistakes=other_rules(xor, y, 30))
    expect(mistakes >= 30, "An epoch of XOR had no mistake.")
    for epochs in (1, 2, 7):
        X, labels = rng.normal(40, 3), np.where(rng.uniform(40) > 0.5, 1.0, -1.0)
        w, mistakes = student.perceptron(X, labels, epochs)
        right = learned(X, labels, epochs)
        expect_equal(mistakes, right[1], name=Message("the mistakes of {n} epochs", n=epochs), mistakes={
            "Stop after `epochs` epochs, not one before.": learned(X, labels, epochs - 1)[1],
            "Stop after `epochs` epochs, not one later.": learned(X, labels, epochs + 1)[1],
            "Count the mistakes of all epochs, not of the last one.": right[1] - learned(X, labels, epochs - 1)[1],
            "Count the mistakes, not the epochs.": epochs,
        })  # fmt: skip
        expect_close(w, right[0], name=Message("w after {n} epochs", n=epochs), mistakes=other_rules(X, labels, epochs))
    for N, D, epochs in ((30, 2, 3), (8, 5, 50), (1, 1, 4)):
        X = rng.normal(N, D)
        labels = np.where(X[:, 0] + 0.2 * rng.normal(N) > 0, 1.0, -1.0)
        seen = student.inspect(student.perceptron, X, labels, epochs)
        expect_close(seen.value[0], learned(X, labels, epochs)[0], name=Message("w of {N} points", N=N))
        expect_equal(seen.value[1], learned(X, labels, epochs)[1], name=Message("the mistakes of {N} points", N=N))
        expect_unchanged(seen, X, labels, epochs)


@task("kernel_matrix", share=50)
def check_kernels_of_other_points(student, rng):
    """Defaults, positive eigenvalues, an unknown kind; both inputs stay."""
    for kind in ("linear", "poly", "rbf"):
        A, B = rng.normal(7, 2), rng.normal(3, 2)
        seen = student.inspect(student.kernel_matrix, A, B, kind)
        expect_close(seen.value, products(A, B, kind), name=Message(kind))
        expect_unchanged(seen, A, B, kind)
        square = student.kernel_matrix(A, A, kind)
        expect(
            float(np.linalg.eigvalsh(square).min()) > -1e-8, Message("{kind}: an eigenvalue is negative.", kind=kind)
        )
    expect_close(student.kernel_matrix(A, B), products(A, B, "linear"), name="by default")
    with expect_raises(ValueError):
        student.kernel_matrix(A, B, "round")


@task("dual_objective", share=50)
def check_objectives_of_other_points(student, rng):
    """Other points and kernels; inputs stay."""
    for N in (1, 9, 30):
        A, alpha, y = rng.normal(N, 3), 5 * rng.uniform(N), np.where(rng.uniform(N) > 0.5, 1.0, -1.0)
        K = products(A, A, "rbf", gamma=0.3)
        seen = student.inspect(student.dual_objective, alpha, K, y)
        expect_close(seen.value, objective(alpha, K, y), name=Message("{N} points", N=N))
        expect_unchanged(seen, alpha, K, y)


@task("decision", share=50)
def check_decisions_of_other_points(student, rng):
    """Other numbers of points; inputs stay."""
    for N, M in ((1, 4), (12, 1), (8, 8)):
        alpha, b, y, K = (
            rng.uniform(N),
            float(rng.normal()),
            np.where(rng.uniform(N) > 0.5, 1.0, -1.0),
            rng.normal(N, M),
        )
        seen = student.inspect(student.decision, alpha, b, y, K)
        expect_close(seen.value, np.einsum("i,i,ij->j", alpha, y, K) + b, name=Message("{N} and {M} points", N=N, M=M))
        expect_unchanged(seen, alpha, b, y, K)


def optimum(K, y, C):
    """Return the alphas of the dual problem, by coordinate pairs of steepest ascent (Keerthi et al. 2001)."""
    alpha, gradient = np.zeros(len(y)), -np.ones(len(y))
    Q = K * np.outer(y, y)
    for _ in range(20000):
        up = ((y > 0) & (alpha < C - 1e-12)) | ((y < 0) & (alpha > 1e-12))
        down = ((y > 0) & (alpha > 1e-12)) | ((y < 0) & (alpha < C - 1e-12))
        value = -y * gradient
        i, j = int(np.where(up, value, -np.inf).argmax()), int(np.where(down, value, np.inf).argmin())
        if value[i] - value[j] < 1e-7:
            break
        step = (value[i] - value[j]) / max(K[i, i] + K[j, j] - 2 * K[i, j], 1e-12)
        room = (C - alpha[i] if y[i] > 0 else alpha[i]), (alpha[j] if y[j] > 0 else C - alpha[j])
        step = min(step, *room)
        alpha[i] += y[i] * step
        alpha[j] -= y[j] * step
        gradient = gradient + step * (Q[:, i] * y[i] - Q[:, j] * y[j])
    return alpha


BOTH = "Both conditions count, y E below -tol and above tol; end after max_passes passes without a change."


@task("smo", share=25, any_dtype=True)
def check_optima_of_the_dual_problem(student, rng):
    """For overlapping classes and several C and kernels, the objective is that of the optimum; the input stays."""
    student.seed(rng.int(0, 2**31))
    for N, C, kind, passes in ((24, 0.5, "linear", 20), (24, 3.0, "rbf", 20), (40, 20.0, "rbf", 5)):
        X, y = rng.normal(N, 2), np.repeat([1.0, -1.0], N // 2)
        X[: N // 2] += 1.2 if N < 40 else 0.8
        K = products(X, X, kind, degree=2, gamma=0.5)
        seen = student.inspect(student.smo, K, y, C, max_passes=passes)
        alpha, b = seen.value
        expect(
            bool(((alpha >= -1e-9) & (alpha <= C + 1e-9)).all()),
            "An alpha is below 0 or above C.",
            "Cut alpha_j to [L, H].",
        )
        balanced(alpha, y)
        best = objective(optimum(K, y, C), K, y)
        expect(
            objective(alpha, K, y) > 0.95 * best,
            Message("C = {C}, {kind}: far from the best.", C=C, kind=kind),
            BOTH,
        )
        kept = kind == "linear" or passes < 20 or violation(alpha, float(b), K, y, C) < 0.05
        expect(
            kept,
            Message("With C = {C}, {kind}: the conditions of the optimum are violated.", C=C, kind=kind),
            BOTH,
        )
        expect_unchanged(seen, K, y, C)
    shares = []
    for N, few, C, passes in ((24, 12, 3.0, 1), (40, 6, 0.5, 20), (40, 6, 0.5, 20)):
        X, y = rng.normal(N, 2), np.repeat([1.0, -1.0], (few, N - few))
        X[:few] += 1.2
        K = products(X, X, "rbf", gamma=0.5)
        alpha, _ = student.smo(K, y, C, max_passes=passes)
        shares.append(objective(alpha, K, y) / objective(optimum(K, y, C), K, y))
    expect(bool(shares[0] > 0.85), "With max_passes=1: far from the best.", BOTH)
    expect(bool(sum(shares[1:]) > 2 * 0.985), "With few points in one class: not the best.", BOTH)


@task("smo", share=25)
def check_machine_solves_xor(student, rng):
    """With the rbf kernel, noisy XOR, with some points twice, and its new points are separated."""
    student.seed(rng.int(0, 2**31))
    corners = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    X = np.concatenate([corners + 0.1 * rng.normal(4, 2) for _ in range(8)])
    X[4:12] = np.tile(X[:4], (2, 1))
    y = np.tile([1.0, 1.0, -1.0, -1.0], 8)
    K = products(X, X, "rbf", gamma=3.0)
    later, args = student.define(LATER).later, (K, y, 10.0)
    expect(later("smo", args, 1) != later("smo", args, 2), "The call seeds numpy's random numbers.", UNSEEDED)
    alpha, b = student.smo(K, y, 10.0)
    expect(alpha.dtype == np.float64, "alpha is not of dtype float64.")
    finite = bool(np.isfinite(alpha).all())
    expect(finite, "An alpha is nan or infinite.", "Two equal points have eta = 0: then go on with the next i.")
    new = np.concatenate([corners + 0.1 * rng.normal(4, 2) for _ in range(20)])
    found = np.sign((alpha * y) @ products(X, new, "rbf", gamma=3.0) + b)
    share = float((found == np.tile([1.0, 1.0, -1.0, -1.0], 20)).mean())
    expect(share >= 0.97, Message("{share} of new points are right.", share=f"{share:.0%}"))
