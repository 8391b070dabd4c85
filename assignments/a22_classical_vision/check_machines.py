"""Public checks of machines: the pseudo-inverse, the perceptron, kernels, and the support vector machine."""

import numpy as np
from oracles_machines import INVERSES, learned, objective, products, violation

from autograder import Message, expect, expect_close, expect_equal, expect_shape, expect_type, forbid, is_sequence, task


@task("pinv", share=50, any_dtype=True)
def check_inverse_of_a_small_matrix(student, rng):
    """A matrix of full rank, and one that is not."""
    forbid(student, "pinv", calls=INVERSES)
    A = rng.normal(5, 3)
    expect_close(student.pinv(A), np.linalg.solve(A.T @ A, A.T), name="full rank", mistakes={
        "The order is V, 1 / Sigma, U transposed.": np.linalg.pinv(A.T),
        "Divide by the singular values.": A.T,
    })  # fmt: skip
    A[:, 2] = A[:, 0] + A[:, 1]
    expect_close(student.pinv(A), np.linalg.pinv(A, rcond=1e-10), name="rank 2", mistakes={
        "Singular values that are nearly 0 count as 0.": np.linalg.pinv(A, rcond=1e-30),
    })  # fmt: skip


@task("perceptron", share=50, any_dtype=True)
def check_perceptron_of_a_few_points(student, rng):
    """Weights and mistakes agree with a loop, and stay below Novikoff's bound."""
    X = rng.normal(30, 3)
    true = np.array([2.0, -1.0, 1.0]) / np.sqrt(6.0)
    X = X + 0.05 * np.sign(X @ true)[:, None] * true
    y = np.sign(X @ true)
    found = student.perceptron(X, y, 1000)
    expect(is_sequence(found) and len(found) == 2, "perceptron returns the weights and the mistakes.")
    w, mistakes = learned(X, y, 1000)
    expect_close(found[0], w, name="w", mistakes={
        "On the wrong side is where y times w x is at most 0.": lambda: learned(X, -y, 1000)[0],
        "One epoch is not enough; stop after one without a mistake.": learned(X, y, 1)[0],
        **other_rules(X, y, 1000),
    })  # fmt: skip
    expect_type(found[1], int, name="the number of mistakes")
    epochs = next(n for n in range(1, 1001) if learned(X, y, n)[1] == learned(X, y, n + 1)[1]) + 1
    expect_equal(found[1], mistakes, name="the number of mistakes", mistakes={
        "Count the mistakes of all epochs; this is the number of the last one.": 0,
        "Count the mistakes, not the epochs.": epochs,
        "Count the mistakes, not the epochs with one.": epochs - 1,
    })  # fmt: skip
    bound = float((X**2).sum(axis=1).max() / (X @ true * y).min() ** 2)
    expect(found[1] <= bound, Message("There are {n} mistakes, above the bound of {bound}.", n=found[1], bound=bound))


def other_rules(X, y, epochs):
    """Return the weights of wrong rules, with hints."""
    return {
        "A point with y times w x = 0 is a mistake, too: at first w is 0.": np.zeros(X.shape[1]),
        "Change w at once: the next point is judged with the new one.": lambda: learned(X, y, epochs, late=True)[0],
        "Add the point times its label.": lambda: learned(X, y, epochs, plain=True)[0],
    }


@task("kernel_matrix", share=50, any_dtype=True)
def check_kernels_of_a_few_points(student, rng):
    """All three kinds agree with loops."""
    A, B = rng.normal(4, 3), rng.normal(5, 3)
    for kind, options in (("linear", {}), ("poly", {"degree": 2}), ("rbf", {"gamma": 0.4})):
        right = products(A, B, kind, **options)
        other = products(A, B, "poly", degree=3) if kind == "poly" else products(A, B, kind, gamma=1.0)
        found = student.kernel_matrix(A, B, kind, **options)
        expect_close(found, right, name=Message(kind), mistakes={
            "Use the degree and the gamma that were given.": other,
            "The 1 in the polynomial is missing.": (A @ B.T) ** 2,
            "Square the distance.": np.exp(-0.4 * np.sqrt(((A[:, None] - B[None]) ** 2).sum(axis=2))),
            "The exponent is negative: minus gamma times the squared distance.":
                np.exp(0.4 * ((A[:, None] - B[None]) ** 2).sum(axis=2)),
            "gamma is a factor of the squared distance: it is not a width.":
                np.exp(-((A[:, None] - B[None]) ** 2).sum(axis=2) / (2 * 0.4**2)),
        })  # fmt: skip


@task("dual_objective", share=50, any_dtype=True)
def check_objective_of_a_few_points(student, rng):
    """The objective agrees with a double sum."""
    A, alpha = rng.normal(6, 2), rng.uniform(6)
    y, K = np.array([1.0, -1.0, 1.0, 1.0, -1.0, -1.0]), A @ A.T
    right = objective(alpha, K, y)
    expect_close(student.dual_objective(alpha, K, y), right, mistakes={
        "The double sum is halved.": 2 * right - float(alpha.sum()),
        "The double sum is subtracted.": 2 * float(alpha.sum()) - right,
        "The labels belong to the double sum.": objective(alpha, K, np.ones(6)),
        "The first sum is that of alpha, without labels.": right - float(alpha.sum() - alpha @ y),
        "All pairs count, not only those of a point with itself.":
            float(alpha.sum() - 0.5 * (alpha * alpha * np.diag(K)).sum()),
        "W is maximised: the sum of alpha is positive, and the double sum is subtracted.": -right,
    })  # fmt: skip


@task("decision", share=50, any_dtype=True)
def check_decisions_of_a_few_points(student, rng):
    """The decision agrees with the sum, for new points."""
    alpha, y, K, b = rng.uniform(5), np.array([1.0, -1.0, -1.0, 1.0, 1.0]), rng.normal(5, 3), 0.7
    right = np.array([sum(alpha[i] * y[i] * K[i, n] for i in range(5)) + b for n in range(3)])
    expect_close(student.decision(alpha, b, y, K), right, mistakes={
        "Add b.": right - b,
        "Subtracting b is another convention; here it is added.": right - 2 * b,
        "Multiply by the labels.": alpha @ K + b,
        "Return the decision, not its sign.": np.sign(right),
    })  # fmt: skip


@task("smo", share=50, any_dtype=True)
def check_margin_of_two_and_four_points(student, rng):
    """The widest margin of two points is known; four points fulfil the conditions."""
    student.seed(rng.int(0, 2**31))
    X, y = np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])
    alpha, b = student.smo(X @ X.T, y, 10.0)
    expect_shape(alpha, (2,), name="alpha")
    balanced(alpha, y)
    expect_close(alpha, np.array([0.5, 0.5]), atol=1e-3, name="alpha of x = 1 and x = -1", mistakes={
        "No alpha has moved: look at the bounds L and H for different labels, and at the sign of eta.": np.zeros(2),
        "alpha went to its bound: look at the sign of the step.": np.full(2, 10.0),
    })  # fmt: skip
    expect(
        abs(float(b)) < 1e-3,
        Message("For x = 1 and x = -1, b is {b}, not 0.", b=round(float(b), 4)),
        "Look at b1 and b2: each has the change of both alphas, with the kernel of its own point.",
    )
    X, y = np.array([[3.0, 1.0], [5.0, 2.0], [1.0, 1.0], [0.0, -1.0]]), np.array([1.0, 1.0, -1.0, -1.0])
    K = X @ X.T
    alpha, b = student.smo(K, y, 10.0, max_passes=20)
    balanced(alpha, y)
    expect(
        bool(((alpha >= -1e-9) & (alpha <= 10 + 1e-9)).all()),
        "An alpha is below 0 or above C.",
        "Cut alpha_j to [L, H].",
    )
    expect(violation(alpha, float(b), K, y, 10.0) < 5e-3, "The margins do not fulfil the conditions of the optimum.",
           "Support vectors have y f(x) = 1; all others at least 1.")  # fmt: skip


def balanced(alpha, y):
    """Require that the sum of alpha y is 0."""
    expect_shape(alpha, y.shape, name="alpha")
    total = float(alpha @ y)
    expect(
        abs(total) < 1e-7,
        Message("The sum of alpha y is {total}, not 0.", total=round(total, 6)),
        "alpha_i changes by y_i y_j times what alpha_j lost, so the sum stays 0.",
    )
