"""Public checks of embedding_steps: covariance, axes, whitening, and the steps of t-SNE, against loops."""

import math

import torch
from oracles_embedding import (
    COVARIANCES,
    LOANS_OF_COVARIANCE,
    axes_by_svd,
    divergence,
    entropy_power,
    moments,
    order,
    stretched,
    trust,
)

from autograder import Message, expect, expect_close, expect_shape, expect_type, forbid, task

COVARIANCE = "Subtract from each column its own mean before you multiply: differences of large means lose digits."


@task("covariance", share="2/3", any_dtype=True)
def check_covariance_of_some_points(student, rng):
    """The covariance is the mean of the products of deviations."""
    forbid(student, "covariance", calls=COVARIANCES)
    X = stretched(rng, 7, 3, torch.float32) + 2
    _, right = moments(X)
    expect_close(student.covariance(X), right, rtol=1e-3, mistakes={
        "Divide by N, not by N - 1.": right * 7 / 6,
        "Divide by N.": right * 7,
        "Subtract the mean of each column first.": X.T @ X / 7,
        "Divide by the number of points, not of coordinates.": right * 7 / 3,
    }, hint=COVARIANCE)  # fmt: skip


@task("principal_axes", share=50, any_dtype=True, loans=LOANS_OF_COVARIANCE)
def check_axes_are_those_of_the_svd(student, rng):
    """The axes are unit rows in the order of their variances, and their largest entries are positive."""
    X, k = stretched(rng, 12, 5, torch.float32), 3
    right, _ = axes_by_svd(X, 5)
    found = student.principal_axes(X, k)
    expect_shape(found, (k, 5))
    uncentred = torch.linalg.svd(X, full_matrices=False).Vh[:k]
    uncentred = uncentred * uncentred.gather(1, uncentred.abs().argmax(dim=1, keepdim=True)).sign()
    least = right.flip(0)[:k]
    expect_close(found, right[:k], atol=2e-3, mistakes={
        "eigh sorts eigenvalues in ascending order: the first axis belongs to the largest.": least,
        "Turn an axis round if its entry with the largest absolute value is negative.": -right[:k],
        "Subtract the mean of each column first.": uncentred,
        "The first coordinate is positive here; the one with the largest absolute value should be.":
            right[:k] * right[:k, :1].sign(),
        "The sum of the entries is positive here; the largest absolute entry should be.":
            right[:k] * right[:k].sum(dim=1, keepdim=True).sign(),
        "eigh returns the eigenvectors as columns; return the axes as rows.": right.T[:k],
    }, hint="Axes are columns of what eigh returns: those of the k largest eigenvalues.")  # fmt: skip


BACK = "x is the mean that is given, plus the sum of coordinates times axes: as many numbers as before, (N, D)."


@task("reconstruct", share="2/3", any_dtype=True)
def check_reconstruction_loses_dropped_variance(student, rng):
    """The mean squared error of the reconstruction is the sum of the variances that were dropped."""
    X, k = stretched(rng, 10, 4, torch.float32), 2
    axes, variances = axes_by_svd(X, k)
    mean = X.mean(dim=0)
    found = student.reconstruct(X, axes, mean)
    right = mean + sum((X - mean) @ a[:, None] * a for a in axes)
    expect_close(found, right, rtol=1e-3, atol=1e-4, name="the points", mistakes={
        "Add the mean again.": right - mean,
        "Subtract the mean before the projection.": mean + X @ axes.T @ axes,
        "The mean was never subtracted.": X @ axes.T @ axes,
    }, hint=BACK)  # fmt: skip
    expect_close(float((found - X).square().sum(dim=1).mean()), float(variances[k:].sum()), rtol=1e-3, atol=1e-4,
                 name="the mean squared error")  # fmt: skip


WHITE = "Divide each axis by the root of its eigenvalue plus eps, the largest first; only zca rotates back."


@task("whiten", share=50, any_dtype=True, loans=LOANS_OF_COVARIANCE)
def check_whitened_points_have_unit_covariance(student, rng):
    """The covariance of the result is the identity, with and without ZCA."""
    X = stretched(rng, 20, 3, torch.float32)
    mean, sigma = moments(X.double())
    values, vectors = torch.linalg.eigh(sigma)
    for zca in (False, True):
        found = student.whiten(X, 1e-6, zca)
        expect_shape(found, (20, 3))
        centred = (X.double() - mean) @ vectors
        hints = {
            "Divide by the root of the eigenvalues, the power -1/2.": centred * values.sqrt(),
            "Divide by the root of the eigenvalues, not by the eigenvalues.": centred / values,
            "This is the rotation alone: divide by the root of the eigenvalues.": centred,
        }
        wrong = {hint: moments(points)[1] for hint, points in hints.items()}
        wrong |= {
            Message("{hint} (In this order of axes.)", hint=Message(hint)): moments(points.flip(1))[1]
            for hint, points in hints.items()
        }
        back = {hint: moments(points @ vectors.T)[1] for hint, points in hints.items()} if zca else wrong
        expect_close(moments(found.double())[0], torch.zeros_like(mean), atol=1e-3, name="the mean", mistakes={
            "Subtract the mean first.": moments(X.double() @ vectors.flip(1) / values.flip(0).sqrt())[0],
        })  # fmt: skip
        expect_close(
            moments(found.double())[1], torch.eye(3, dtype=torch.float64, device=rng.device), atol=1e-3,
            name=Message("the covariance with zca={zca}", zca=zca), mistakes=back,
            hint=WHITE,
        )  # fmt: skip


@task("sigma_for_perplexity", share=50, any_dtype=True)
def check_sigma_has_its_perplexity(student, rng):
    """At the sigma that was found, the perplexity is the one that was asked for."""
    for perplexity in (2.0, 5.0, 12.0):
        row = rng.uniform(20, low=0.5, high=9.0)
        sigma = student.sigma_for_perplexity(row, perplexity)
        expect_type(sigma, float, name="sigma")
        expect(0 < sigma < 1e6, Message("sigma is {sigma}.", sigma=sigma))
        found = entropy_power(row.tolist(), sigma)
        variance, precision = entropy_power(row.tolist(), sigma**0.5), entropy_power(row.tolist(), (2 * sigma) ** -0.5)
        hint = ""
        if abs(variance - perplexity) < 1e-3:
            hint = "This is the variance; return its root, sigma."
        elif abs(precision - perplexity) < 1e-3:
            hint = "This is the precision 1 / (2 sigma^2); return sigma."
        elif abs(entropy_power(row.tolist(), sigma, math.e) - perplexity) < 1e-3:
            hint = "Base and logarithm belong together: 2 to the power of H in log2, or e to the power of H in log."
        elif abs(math.log2(found) - perplexity) < 1e-3:
            hint = "This is the sigma at which the entropy is the perplexity; the perplexity is 2 to its power."
        elif abs(2 ** (math.log(found)) - perplexity) < 1e-3:
            hint = "Base and logarithm belong together: 2 to the power of H in log2, or e to the power of H in log."
        elif abs(entropy_power(row.tolist(), sigma / 2**0.5) - perplexity) < 1e-3:
            hint = "The exponent is -d^2 / (2 sigma^2): the 2 is missing."
        expect(
            abs(found - perplexity) <= 2e-5,
            Message("At this sigma the perplexity is {found}, not {wanted}.", found=round(found, 6), wanted=perplexity),
            hint,
        )


def some_map(rng, N: int, d: int, dtype=torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw symmetric probabilities and a map."""
    P = rng.uniform(N, N, low=0.1)
    P = P + P.T
    P.fill_diagonal_(0.0)
    return (P / P.sum()).to(dtype), rng.normal(N, d).to(dtype)


@task("tsne_gradient", share=50, any_dtype=True)
def check_tsne_gradient_of_a_small_map(student, rng):
    """The gradient agrees with that of KL(P || Q), without a loop and without automatic differentiation."""
    forbid(student, "tsne_gradient", loops="points", calls=["torch.autograd.*", "torch.func.*", "Tensor.backward"])
    P, Y = some_map(rng, 6, 2)
    leaf = Y.clone().requires_grad_()
    with torch.enable_grad():
        (right,) = torch.autograd.grad(divergence(P, leaf), leaf)
    apart = Y[:, None] - Y[None]
    with_self = 1 / (1 + apart.square().sum(dim=2))
    kernel = with_self * (1 - torch.eye(6, dtype=Y.dtype, device=Y.device))

    def forces(table):
        return 4 * (table[:, :, None] * apart).sum(dim=1)

    expect_close(student.tsne_gradient(P, Y), right, mistakes={
        "The factor is 4, not 2.": right / 2,
        "The factor 4 is missing.": right / 4,
        "The sign is wrong: p - q, and y_i - y_j.": -right,
        "Leave out the diagonal when the kernel is summed.": forces((P - with_self / with_self.sum()) * with_self),
        "The last factor, 1 / (1 + distance^2), is missing.": forces(P - kernel / kernel.sum()),
        "The last factor is the kernel that was not normalised.":
            forces((P - kernel / kernel.sum()) * kernel / kernel.sum()),
        "q has to be normalised: divide the kernel by its sum.": forces((P - kernel) * kernel),
        "The kernel is Student's: 1 / (1 + distance^2), with the squared distance.": lambda: forces(
            (P - rooted(apart) / rooted(apart).sum()) * rooted(apart)),
        "Divide by the sum over all pairs, not over each row.":
            forces((P - kernel / kernel.sum(dim=1, keepdim=True)) * kernel),
        "This is the attraction alone: q pushes points apart.": forces(P * kernel),
    })  # fmt: skip


def rooted(apart):
    """Return the kernel with distances that were not squared."""
    far = apart.square().sum(dim=2)
    return (1 / (1 + far.sqrt())) * (1 - torch.eye(len(far), dtype=far.dtype, device=far.device))


FALSE_ONES = (
    "Of the k nearest on the map, those whose rank in X is above k count rank - k; scale their sum, subtract it from 1."
)


@task("trustworthiness", share="1/3", any_dtype=True)
def check_trustworthiness_counts_false_neighbours(student, rng):
    """A map that keeps all neighbours has 1, another one what counting gives."""
    X = rng.normal(15, 4, dtype=torch.float32)
    kept = student.trustworthiness(X, 3 * X, 3)
    expect_type(kept, float, name="the trustworthiness")
    expect_close(kept, 1.0, name="that of the points themselves, enlarged", hint=FALSE_ONES)
    Y, k, N = X[:, :2] + rng.normal(15, 2, dtype=torch.float32), 3, 15
    right = trust(X, Y, k)
    there, here = order(X), order(Y)
    ranks = [there[i].index(j) + 1 for i in range(N) for j in here[i][:k]]
    from_zero = [there[i].index(j) for i in range(N) for j in here[i][: k + 1]]
    worst = N * k * (2 * N - 3 * k - 1)
    expect_close(student.trustworthiness(X, Y, k), right, name="that of another map", mistakes={
        "Count a false neighbour by rank - k; the k is missing.": 1 - 2 / worst * sum(r for r in ranks if r > k),
        "Ranks begin with 1 for the nearest neighbour, not with 0: k + 1 neighbours were counted.":
            1 - 2 / worst * sum(r - k for r in from_zero if r > k),
        "Ranks begin with 1 for the nearest neighbour, not with 0.":
            1 - 2 / worst * sum(r - 1 - k for r in ranks if r > k),
        "X and Y are exchanged: count neighbours on the map that are none in the original space.": trust(Y, X, k),
        "Subtract the sum from 1.": 1 - right,
        "The factor 2 is missing.": 1 - (1 - right) / 2,
        "This is the share of true neighbours; weigh false ones by their ranks.":
            sum(r <= k for r in ranks) / len(ranks),
        "A point is not its own neighbour: its distance to itself came first.": lambda: with_itself(X, Y, k),
    }, hint=FALSE_ONES)  # fmt: skip


def with_itself(X, Y, k: int) -> float:
    """Compute the trustworthiness where each point is its own first neighbour."""
    N, total = len(X), 0
    there, here = ([[i, *row] for i, row in enumerate(order(points))] for points in (X, Y))
    for i in range(N):
        total += sum(max(there[i].index(j) + 1 - k, 0) for j in here[i][:k])
    return 1 - 2 * total / (N * k * (2 * N - 3 * k - 1))
