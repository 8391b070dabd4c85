"""Hidden checks of maximal patches, feature inversion, DeepDream, and neighbours in feature space."""

import math
from functools import partial

import torch
from check_network_visualization_features import ADAM, FIELD, conv
from oracles_maps import HELPERS, best_patches
from oracles_networks import slope

from autograder import Message, expect_close, expect_equal, expect_unchanged, task

DEEP = torch.float64


def geometries(rng) -> dict[str, tuple[list, tuple[int, int]]]:
    """Return stacks of layers, and images' sizes at which every unit sees pixels only, or padding at the border."""
    return {
        Message("convolutions with padding"): (
            [conv(rng, 2, 4, 3, 1, 1, DEEP), ["relu"], conv(rng, 4, 4, 5, 1, 2, DEEP)], (9, 12),
        ),
        Message("poolings"): (
            [conv(rng, 2, 4, 3, 1, 1, DEEP), ["relu"], ["pool", 2, 2, 0], conv(rng, 4, 4, 3, 1, 1, DEEP),
             ["mean", 2, 2, 0]],
            (16, 12),
        ),
        Message("strides"): ([conv(rng, 2, 3, 5, 2, 2, DEEP), ["relu"], conv(rng, 3, 4, 3, 2, 1, DEEP)], (13, 17)),
        Message("overlapping poolings"): (
            [["pool", 3, 2, 1], conv(rng, 2, 4, 1, 1, 0, DEEP), ["mean", 3, 1, 0]], (11, 13),
        ),
    }  # fmt: skip


@task("maximal_patches", share=40)
def check_patches_after_poolings_and_strides(student, rng):
    """Boxes are right after poolings, strides and padding, clipped at the border; X stays as it is."""
    for name, (recipe, (H, W)) in geometries(rng).items():
        X = rng.normal(5, 2, H, W)
        layers = student.hold(student.define(HELPERS).layers, recipe)
        for channel, k in ((0, 5), (3, 2)):
            images, boxes = best_patches(recipe, X, channel, k)
            seen = student.inspect(student.maximal_patches, layers, X, channel, k)
            right = (torch.tensor(images, device=rng.device), torch.tensor(boxes, device=rng.device))
            expect_equal(seen.value, right, name=Message("after {layers}", layers=name), hint=FIELD)
            expect_equal(seen.args[1], X, name="X after the call")


@task("maximal_patches", share=20)
def check_patches_of_equal_images(student, rng):
    """Of images with equal activations, the one with the smaller number comes first; the whole image may be seen."""
    recipe = [conv(rng, 1, 2, 3, 1, 1, DEEP), ["mean", 4, 4, 0]]
    X = rng.normal(3, 1, 4, 4)[[2, 0, 1, 0, 2, 0]]
    images, boxes = best_patches(recipe, X, 1, 6)
    found = student.maximal_patches(student.hold(student.define(HELPERS).layers, recipe), X, 1, 6)
    expect_equal(found[0], torch.tensor(images, device=rng.device), name="the images",
                 hint="Of equal ones, the smaller number comes first: a stable sort.")  # fmt: skip
    expect_equal(found[1], torch.tensor(boxes, device=rng.device), name="the boxes")


def adam(f, x, steps: int, rate: float) -> tuple[torch.Tensor, list[float]]:
    """Minimise by Adam's formula (Kingma and Ba 2015, algorithm 1), with the usual settings."""
    m, v, losses = torch.zeros_like(x), torch.zeros_like(x), []
    for t in range(1, steps + 1):
        losses.append(float(f(x)))
        g = slope(f, x)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        x = x - rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
    return x, losses


def variation(x) -> torch.Tensor:
    """Sum the squares of differences of neighbours."""
    right, down = x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]
    return right.square().sum() + down.square().sum()


def losses_with(loss, measure, start, steps: int, rate: float) -> list[float]:
    """Return the losses of Adam with another total variation."""
    return adam(lambda at: loss(at, measure=measure), start, steps, rate)[1]


@task("feature_inversion", share=50)
def check_inversion_follows_adam(student, rng):
    """Each step is Adam's, with the total variation in both directions; all losses and the image agree."""
    mistakes = {
        "The total variation is the sum over both directions.": lambda x: (x[..., 1:] - x[..., :-1]).square().sum(),
        "The total variation is a sum, not a mean.": lambda x: variation(x) / x.numel(),
        "The total variation has squares of differences, not absolute values.":
            lambda x: x.diff(dim=2).abs().sum() + x.diff(dim=3).abs().sum(),
    }  # fmt: skip
    for shape, steps, tv, rate, dtype in (
        ((1, 2, 4, 5), 7, 0.03, 0.05, DEEP), ((1, 3, 5, 3), 4, 0.0, 0.2, DEEP),
        ((1, 1, 4, 4), 5, 0.5, 0.05, torch.float32),
    ):  # fmt: skip
        matrix = rng.normal(6, math.prod(shape), dtype=dtype) / 3
        image, start = rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype)
        target = (image.flatten(1) @ matrix.T).tanh()

        def loss(x, target=target, matrix=matrix, tv=tv, measure=variation):
            distance = ((x.flatten(1) @ matrix.T).tanh() - target).square().sum()
            return distance / target.square().sum() + tv * measure(x)

        seen = student.inspect(
            student.feature_inversion, student.define(HELPERS).bent(matrix), target, start, steps, tv, rate
        )
        x, losses = adam(loss, start, steps, rate)
        expect_close(seen.value[1], losses, rtol=1e-3, name="the losses", mistakes={
            hint: partial(losses_with, loss, measure, start, steps, rate) for hint, measure in mistakes.items()
        }, hint=ADAM)  # fmt: skip
        expect_close(seen.value[0], x, rtol=1e-3, atol=1e-4, name="the image", hint=ADAM)
        expect_unchanged(seen, seen.args[0], target, start)


@task("deepdream_step", share="1/3")
def check_dream_of_any_layer(student, rng):
    """Activations of any shape and sign, other rates and dtypes; x stays as it is."""
    for dtype, shape, lr in ((DEEP, (1, 2, 3, 4), 2.0), (torch.float32, (1, 1, 5, 2), 0.01)):
        matrix = rng.normal(7, math.prod(shape), dtype=dtype)
        x = rng.normal(*shape, dtype=dtype)
        seen = student.inspect(student.deepdream_step, student.define(HELPERS).bent(matrix), x, lr)
        a = (x.flatten(1) @ matrix.T).tanh()
        g = ((a * (1 - a * a)) @ matrix).reshape(shape)  # the derivative of tanh is 1 - tanh^2
        expect_close(seen.value, x + lr * g / g.abs().mean())
        expect_equal(seen.args[1], x, name="x after the call")


@task("nearest_in_feature_space", share="2/3")
def check_neighbours_at_equal_distances(student, rng):
    """Of equal distances the smaller number is first; also for one query, for all images, and far from 0."""
    for N, M, k, shift in ((8, 1, 8, 0.0), (12, 4, 5, 0.0), (12, 3, 2, 300.0)):
        images = rng.normal(N // 2, 1, 2, 3) + shift
        gallery = images[rng.integers(0, N // 2, N)]  # every image about twice
        queries = rng.normal(M, 1, 2, 3) + shift
        found = student.nearest_in_feature_space(student.define(HELPERS).absolute(), queries, gallery, k)
        rows = []
        for query in queries.flatten(1).abs().tolist():
            far = [
                sum((p - q) ** 2 for p, q in zip(query, row, strict=True)) for row in gallery.flatten(1).abs().tolist()
            ]
            rows.append(sorted(range(N), key=lambda n, far=far: (round(far[n], 6), n))[:k])
        expect_equal(found, torch.tensor(rows, device=rng.device), name=Message("{k} of {N} images", k=k, N=N),
                     hint="Of equal distances, the smaller number comes first: a stable sort.")  # fmt: skip
