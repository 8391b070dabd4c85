"""Hidden checks of embedding_steps: other sizes and dtypes, degenerate points, and a whole map."""

import math

import torch
from check_embedding_steps import BACK, COVARIANCE, FALSE_ONES, WHITE, some_map
from oracles_embedding import LOANS_OF_COVARIANCE, axes_by_svd, divergence, entropy_power, moments, stretched, trust

from autograder import (
    Message,
    expect,
    expect_close,
    expect_shape,
    expect_type,
    expect_unchanged,
    task,
)
from common.data import small_objects
from common.nets.scene_net import SceneNet, preprocess


@task("covariance", share="1/3")
def check_covariances_of_other_points(student, rng):
    """The covariance agrees with torch's for one coordinate, many, points far from 0, and one point; X stays."""
    for N, D, shift in ((9, 1, 0.0), (4, 6, 100.0), (30, 5, -3.0), (1, 3, 2.0)):
        X = rng.normal(N, D) + shift
        seen = student.inspect(student.covariance, X)
        right = torch.cov(X.T, correction=0).reshape(D, D)
        expect_close(seen.value, right, name=Message("{N} points with {D} coordinates", N=N, D=D), hint=COVARIANCE)
        expect_unchanged(seen, X)
    X = rng.normal(8, 3, dtype=torch.float32)
    expect_close(student.covariance(X), torch.cov(X.T, correction=0), name="float32")
    far = X + 1000
    expect_close(student.covariance(far), torch.cov(far.double().T, correction=0).float(), rtol=1e-2, atol=1e-3,
                 name="points far from 0, in float32",
                 hint="Subtract the mean before you multiply: a difference of two large numbers has few digits left.",
                 )  # fmt: skip


@task("principal_axes", share=50, loans=LOANS_OF_COVARIANCE)
def check_axes_of_other_points(student, rng):
    """Axes are right for all dimensions, for fewer points than coordinates, and far from 0; X stays."""
    for N, D, k, shift in ((30, 4, 4, 0.0), (6, 9, 4, 0.0), (15, 2, 1, 50.0), (5, 1, 1, 0.0)):
        X = stretched(rng, N, D) + shift
        seen = student.inspect(student.principal_axes, X, k)
        expect_shape(seen.value, (k, D), hint="There are k axes.")
        expect_close(seen.value, axes_by_svd(X, k)[0], atol=1e-4, name=Message("{k} axes of {N} points", k=k, N=N))
        expect_unchanged(seen, X, k)


@task("reconstruct", share="1/3")
def check_reconstructions_of_new_points(student, rng):
    """New points, another mean, and all axes or one, whatever the points' own mean is."""
    for N, D, k in ((7, 5, 2), (1, 4, 4), (12, 3, 1)):
        axes, mean = torch.linalg.qr(rng.normal(D, D)).Q.T[:k].contiguous(), 3 * rng.normal(D)
        X = rng.normal(N, D)
        seen = student.inspect(student.reconstruct, X, axes, mean)
        right = torch.stack([mean + sum(torch.dot(x - mean, a) * a for a in axes) for x in X])
        expect_close(seen.value, right, name=Message("{k} of {D} axes", k=k, D=D), hint=BACK)
        expect_unchanged(seen, X, axes, mean)


@task("whiten", share=50, loans=LOANS_OF_COVARIANCE)
def check_whitening_with_a_large_eps(student, rng):
    """With eps, both results have the right distances from one another; ZCA is the symmetric solution."""
    for N, D, eps in ((25, 4, 0.5), (8, 3, 1e-8), (40, 6, 2.0)):
        X = stretched(rng, N, D)
        mean, sigma = moments(X)
        eye = torch.eye(D, dtype=X.dtype, device=X.device)
        centred = X - mean
        inner = centred @ torch.linalg.solve(sigma + eps * eye, centred.T)
        seen = student.inspect(student.whiten, X, eps)
        flat = seen.value
        expect_close(
            flat @ flat.T, inner, rtol=1e-4, name=Message("the products of points with eps={eps}", eps=eps), hint=WHITE
        )
        spread = moments(flat)[1]
        kept = axes_by_svd(X, D)[1]
        expect_close(spread, torch.diag(kept / (kept + eps)), atol=1e-5, name="the covariance, largest variance first",
                     hint=WHITE)  # fmt: skip
        root = inverse_root(sigma + eps * eye)
        round_ = student.whiten(X, eps, zca=True)
        expect_close(round_, centred @ root, rtol=1e-4, atol=1e-5, name="ZCA", mistakes={
            "Rotate back by the transpose of the eigenvectors at the end.": flat,
        }, hint="ZCA turns back to the old coordinates: with the same eigenvectors, and nothing else.")  # fmt: skip
        expect_unchanged(seen, X, eps)


def inverse_root(matrix: torch.Tensor) -> torch.Tensor:
    """Compute the inverse square root of a positive matrix by Newton's iteration (Denman and Beavers 1976)."""
    root, inverse = matrix, torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    for _ in range(60):
        root, inverse = (root + torch.linalg.inv(inverse)) / 2, (inverse + torch.linalg.inv(root)) / 2
    return inverse


@task("sigma_for_perplexity", share=25, any_dtype=True)
def check_sigma_of_unusual_rows(student, rng):
    """Tiny, huge and nearly equal distances, perplexities near 1 and near all, coarse and fine tolerances."""
    rows = {
        "tiny distances": (1e-8 * rng.uniform(30, low=0.5, high=3.0), 7.0, 1e-5),
        "huge distances": (1e9 + 1e8 * rng.uniform(30), 10.0, 1e-5),
        "far away, all about equally": (1e5 + rng.uniform(30, low=0.5, high=9.0), 10.0, 1e-5),
        "one near neighbour": (torch.cat([1e-3 * rng.uniform(1), 50 + rng.uniform(9)]), 4.0, 1e-5),
        "a perplexity near 1": (rng.uniform(12, low=0.5, high=9.0), 1.05, 1e-5),
        "a perplexity near all": (rng.uniform(12, low=0.5, high=9.0), 11.9, 1e-5),
        "a coarse tolerance": (rng.uniform(12, low=0.5, high=9.0), 6.0, 0.05),
        "a fine tolerance": (rng.uniform(12, low=0.5, high=9.0), 6.0, 1e-9),
    }
    for name, (row, perplexity, tol) in rows.items():
        seen = student.inspect(student.sigma_for_perplexity, row, perplexity, tol)
        expect_type(seen.value, float, name="sigma")
        expect(0 < seen.value < math.inf, Message("{case}: sigma is {sigma}.", case=Message(name), sigma=seen.value))
        found = entropy_power(row.tolist(), seen.value)
        expect(
            abs(found - perplexity) <= 1.1 * tol,
            Message("{case}: the perplexity is {found}, not {wanted}.",
                    case=Message(name), found=round(found, 6), wanted=perplexity),
            "Halve until the perplexity is within tol; double high until its perplexity is large enough. Compute in "
            "float64, and subtract the smallest distance, or else all exponentials may vanish; 0 log 0 is 0.",
        )  # fmt: skip
        expect_unchanged(seen, row, perplexity, tol)


@task("sigma_for_perplexity", share=25)
def check_sigma_of_float32(student, rng):
    """Rows of float32 give a Python number, as near as tol."""
    for _ in range(3):
        row = rng.uniform(25, low=0.1, high=4.0, dtype=torch.float32)
        sigma = student.sigma_for_perplexity(row, 8.0, 1e-4)
        expect_type(sigma, float, name="sigma")
        expect(abs(entropy_power(row.double().tolist(), sigma) - 8.0) <= 1.5e-4, "The perplexity is not 8.",
               "Compute in float64.")  # fmt: skip


@task("tsne_gradient", share=25)
def check_tsne_gradient_of_other_maps(student, rng):
    """The gradient is right for one dimension and three, for points that coincide, and in float32; inputs stay."""
    for N, d, dtype in ((5, 1, torch.float64), (9, 3, torch.float64), (7, 2, torch.float32)):
        P, Y = some_map(rng, N, d, dtype)
        Y[1] = Y[0]
        P[2, 3] = P[3, 2] = 0
        leaf = Y.clone().requires_grad_()
        with torch.enable_grad():
            # The formula holds for P with sum 1; the term of log sum has the factor sum(P).
            (right,) = torch.autograd.grad(divergence(P / P.sum(), leaf), leaf)
        seen = student.inspect(student.tsne_gradient, P / P.sum(), Y)
        expect_close(seen.value, right, rtol=1e-4, name=Message("{N} points in {d} dimensions", N=N, d=d),
                     hint="A map may have any number of dimensions.")  # fmt: skip
        expect_unchanged(seen, P / P.sum(), Y)


@task("trustworthiness", share="2/3")
def check_trustworthiness_of_other_maps(student, rng):
    """Counting agrees for random maps, mirrored ones, one dimension and large k; inputs stay."""
    for N, D, d, k in ((12, 3, 2, 1), (30, 5, 1, 7), (21, 2, 2, 10)):
        X = rng.normal(N, D)
        for Y in (rng.normal(N, d), -X[:, :d] + 5, X @ rng.normal(D, d)):
            seen = student.inspect(student.trustworthiness, X, Y, k)
            expect_type(seen.value, float, name="the trustworthiness")
            expect_close(seen.value, trust(X, Y, k), name=Message("{N} points, k = {k}", N=N, k=k), hint=FALSE_ONES)
            expect_unchanged(seen, X, Y, k)


MAP = """
import torch

def place(student, X, start, perplexity, steps):
    X = X.double()
    d2 = (X[:, None] - X[None]).square().sum(dim=2)
    others = ~torch.eye(len(X), dtype=torch.bool, device=X.device)
    P = torch.zeros_like(d2)
    for i, row in enumerate(d2):
        sigma = student.sigma_for_perplexity(row[others[i]], perplexity)
        P[i, others[i]] = torch.softmax(-row[others[i]] / (2 * sigma ** 2), dim=0)
    P = (P + P.T) / (2 * len(X))
    Y, velocity = start.clone(), torch.zeros_like(start)
    for step in range(steps):
        gradient = student.tsne_gradient(12 * P if step < 100 else P, Y)
        velocity = (0.5 if step < 100 else 0.8) * velocity - 50.0 * gradient
        Y = Y + velocity
        Y = Y - Y.mean(dim=0)
    return Y

def run(X, start, perplexity, steps):
    return place(student, X, start, perplexity, steps)
"""


LOANS_OF_SIGMA = """
import torch

def sigma(d2_row, perplexity, tol=1e-5):
    d2, low, high = d2_row.double() - d2_row.double().min(), 1e-6, 1e6
    for _ in range(100):
        middle = (low * high) ** 0.5
        p = torch.softmax(-d2 / (2 * middle ** 2), dim=0)
        low, high = (low, middle) if float(torch.special.entr(p).sum().exp()) > perplexity else (middle, high)
    return middle

LOANS = {"sigma_for_perplexity": sigma}
"""


@task("tsne_gradient", share=25, any_dtype=True, seconds=120, loans=LOANS_OF_SIGMA)
def check_map_keeps_classes_together(student, rng, score):
    """On a map of 200 new scenes, made by your two functions, nearest neighbours have the same class."""
    drawn = small_objects.draw(200, stream="map", seed=rng.key())
    with torch.no_grad():
        features = SceneNet().embed(preprocess(drawn.images)).double()
    centred = features - features.mean(dim=0)
    plane = centred @ torch.linalg.svd(centred, full_matrices=False).Vh[:2].T
    start = 1e-2 * plane / plane.std(dim=0)
    Y = student.define(MAP).run(features.to(rng.device), start.to(rng.device), 20.0, 200)
    expect_shape(Y, (200, 2), name="the map")
    Y = Y.double().cpu()
    expect(bool(Y.isfinite().all()), "The map contains nan or infinity.")
    nearest = torch.cdist(Y, Y).fill_diagonal_(math.inf).argmin(dim=1)
    score(float((drawn.labels[nearest] == drawn.labels).double().mean()), "agreement with the nearest neighbour")
