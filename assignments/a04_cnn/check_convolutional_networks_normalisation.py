"""Public checks of normalisation by hand, against torch's own layers in float64 and autograd."""

import torch
from oracles import (
    APART,
    BY_HAND,
    OWN_BATCH_NORM,
    batch_norm,
    expect_parts,
    features,
    gradients,
    group_norm,
    layer_norm,
    output_of,
)
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect_close, expect_equal, explain_errors, forbid, task


def plain_norm(x: Tensor, gamma: Tensor, beta: Tensor, axes, eps: float, *, unbiased=False, outside=False) -> Tensor:
    """Normalise over ``axes``; ``unbiased`` and ``outside`` are common mistakes."""
    centred = x - x.mean(axes, keepdim=True)
    var = x.var(axes, unbiased=unbiased, keepdim=True)
    view = (-1,) + (1,) * (x.ndim - 2)
    return gamma.view(view) * centred / (var.sqrt() + eps if outside else (var + eps).sqrt()) + beta.view(view)


MOMENTUM = "The momentum is always 0.9; use the one in bn_param, which is 0.8 here."


def by_channel(values: Tensor, x: Tensor) -> Tensor:
    """Return values (C,) in a shape that fits x (N, C, ...)."""
    return values.view(-1, *[1] * (x.ndim - 2))


def wrong_norms(x: Tensor, gamma: Tensor, beta: Tensor, axes: tuple[int, ...], eps: float) -> dict:
    """Return the output that each mistake gives, by its hint."""
    other = tuple(i for i in range(1 if 0 in axes else 0, x.ndim) if i not in axes) or (1,)
    return {
        "Divide the variance by the number of values, not by one less.": (
            lambda: plain_norm(x, gamma, beta, axes, eps, unbiased=True)
        ),
        "Add eps to the variance, under the root.": lambda: plain_norm(x, gamma, beta, axes, eps, outside=True),
        "Scale and shift are missing.": (
            lambda: plain_norm(x, torch.ones_like(gamma), torch.zeros_like(beta), axes, eps)
        ),
        "The scale gamma is missing.": lambda: plain_norm(x, torch.ones_like(gamma), beta, axes, eps),
        "The shift beta is missing.": lambda: plain_norm(x, gamma, torch.zeros_like(beta), axes, eps),
        "The result is divided by the variance; divide by its root.": lambda: (
            plain_norm(x, torch.ones_like(gamma), torch.zeros_like(beta), axes, eps)
            / (x.var(axes, unbiased=False, keepdim=True) + eps).sqrt()
            * by_channel(gamma, x)
            + by_channel(beta, x)
        ),
        "eps is missing, or it is always the same number; use the one in the parameters.": (
            lambda: plain_norm(x, gamma, beta, axes, 1e-5)
        ),
        "The mean is not subtracted.": lambda: (
            plain_norm(x, gamma, beta, axes, eps)
            + by_channel(gamma, x)
            * x.mean(axes, keepdim=True)
            / (x.var(axes, unbiased=False, keepdim=True) + eps).sqrt()
        ),
        "The statistics are taken over the wrong axis.": lambda: plain_norm(x, gamma, beta, other, eps),
    }


@task("BatchNorm.forward", share=20)
def check_batch_norm_agrees_with_torch(student, rng):
    """Batch normalisation in train mode agrees with torch's own."""
    forbid(student, "BatchNorm.forward", calls=BY_HAND)
    x, gamma, beta = features(rng, 7, 5)
    for eps in (1e-5, 0.1):
        out, _ = student.BatchNorm.forward(x, gamma, beta, {"mode": "train", "eps": eps})
        expected = batch_norm(eps)(x, gamma, beta)
        expect_close(out, expected, name="out", mistakes=wrong_norms(x, gamma, beta, (0,), eps))


@task("BatchNorm.forward", share=20)
def check_batch_norm_keeps_running_statistics(student, rng):
    """Training updates the running statistics in bn_param; test mode uses them and does not change them."""
    forbid(student, "BatchNorm.forward", calls=BY_HAND)
    x, gamma, beta = features(rng, 6, 4)
    mean, var, m = rng.normal(4), rng.uniform(4) + 0.5, 0.8
    param = {"mode": "train", "momentum": m, "running_mean": mean.clone(), "running_var": var.clone()}
    seen = student.inspect(student.BatchNorm.forward, x, gamma, beta, param)
    after = seen.args[3]
    new_mean = m * mean + (1 - m) * x.mean(0)
    new_var = m * var + (1 - m) * x.var(0, unbiased=False)
    expect_close(after["running_mean"], new_mean, name='bn_param["running_mean"]', mistakes={
        "The two weights are swapped: running = momentum * running + (1 - momentum) * batch.": (
            lambda: (1 - m) * mean + m * x.mean(0)
        ),
        "The running mean was not updated. Store it in bn_param.": lambda: mean,
        MOMENTUM: lambda: 0.9 * mean + 0.1 * x.mean(0),
    })  # fmt: skip
    expect_close(after["running_var"], new_var, name='bn_param["running_var"]', mistakes={
        "Divide the variance by N, not by N - 1.": lambda: m * var + (1 - m) * x.var(0),
        "This is the running deviation; store the variance.": lambda: m * var + (1 - m) * x.std(0, unbiased=False),
        "The two weights are swapped: running = momentum * running + (1 - momentum) * batch.": (
            lambda: (1 - m) * var + m * x.var(0, unbiased=False)
        ),
        "The running variance was not updated. Store it in bn_param.": lambda: var,
        MOMENTUM: lambda: 0.9 * var + 0.1 * x.var(0, unbiased=False),
    })  # fmt: skip

    param = {"mode": "test", "running_mean": mean, "running_var": var}
    seen = student.inspect(student.BatchNorm.forward, x, gamma, beta, param)
    expected = F.batch_norm(x, mean, var, gamma, beta, training=False, eps=1e-5)
    expect_close(output_of(seen), expected, name="out in test mode", mistakes={
        "Test mode should use the running statistics, not those of the batch.": lambda: batch_norm()(x, gamma, beta),
    })  # fmt: skip
    running = {name: seen.args[3][name] for name in ("running_mean", "running_var")}
    expect_equal(running, {"running_mean": mean, "running_var": var}, name="running statistics after test mode")


def wrong_gradients(x: Tensor, gamma: Tensor, dout: Tensor, groups: int, over_batch: bool) -> dict:
    """Return the gradients dx with a part missing, by hint. ``groups`` is 0 if rows or channels are normalised."""
    shape = (len(x), groups, -1) if groups else x.shape
    axes = (2,) if groups else tuple(axis for axis in range(x.ndim) if axis != 1) if over_batch else (1,)
    rows, d = x.reshape(shape), (dout * by_channel(gamma, x)).reshape(shape)
    std = (rows.var(axes, unbiased=False, keepdim=True) + 1e-5).sqrt()
    normal = (rows - rows.mean(axes, keepdim=True)) / std
    mean, along = d.mean(axes, keepdim=True), normal * (d * normal).mean(axes, keepdim=True)
    count = rows.numel() // mean.numel()
    wrong = {
        "The gradient through the mean is missing.": d - along,
        "The gradient through the variance is missing.": d - mean,
        "The gradient through the variance has the wrong sign.": d - mean + along,
        "The gradient through the mean has the wrong sign.": d + mean - along,
        "The two sums are not divided by the number of values.": d - count * (mean + along),
    }
    return {hint: (value / std).reshape(x.shape) for hint, value in wrong.items()}


def judge_norm_gradients(
    student, rng, layer, oracle, x, gamma, beta, *options, method="backward", dout=None, usual=None, **tolerance
):  # fmt: skip
    """Compare a normalisation layer's gradients with autograd; return the inspected call. ``dout``: else random.

    ``usual`` is the oracle with the usual eps, where ``oracle`` has another one, or with hardly any.
    """
    forbid(student, f"{layer}.{method}", calls=BY_HAND, apart=APART.get(layer, ()))
    dout = rng.normal(*x.shape) if dout is None else dout
    norm = getattr(student, layer)
    _, cache = student.hold(norm.forward, x, gamma, beta, *options)
    seen = student.inspect(getattr(norm, method), dout, cache)
    expected = gradients(oracle, dout, x, gamma, beta)
    rest = tuple(axis for axis in range(x.ndim) if axis != 1)
    normal = oracle(x, torch.ones_like(gamma), torch.zeros_like(beta))
    view = (1, -1) + (1,) * (x.ndim - 2)
    expect_parts(seen.value, expected, "dx dgamma dbeta", {"dx": {
        "Mean and variance depend on x too: their part of the gradient is missing.": (
            lambda: dout * gamma.view(view) * (oracle(x + 1e-6, gamma, beta) - oracle(x, gamma, beta)) / 1e-6
        ),
        "The factor gamma is missing.": lambda: gradients(oracle, dout / gamma.view(view), x, gamma, beta)[0],
        "eps is missing, or it is always the same number: the cache needs the one of forward.": (
            lambda: gradients(usual, dout, x, gamma, beta)[0]
        ),
        **wrong_gradients(x, gamma, dout, options[0] if type(options[0]) is int else 0, "Batch" in layer),
    }, "dgamma": {
        "This is the gradient without normalising x: multiply dout by the normalised x.": lambda: (dout * x).sum(rest),
        "The sum runs over the wrong axis: gamma has one number for each feature.": lambda: (dout * normal).sum(1),
        "This is the mean; take the sum.": lambda: expected[1] / len(x),
        "The deviation is missing: multiply dout by the normalised x.": lambda: (
            (dout * (x - x.mean(rest, keepdim=True))).sum(rest)
        ),
    }, "dbeta": {
        "This is the mean; take the sum.": lambda: expected[2] / len(x),
        "The sum runs over the wrong axis: beta has one number for each feature.": lambda: dout.sum(1),
    }}, **tolerance)  # fmt: skip
    return seen


@task("BatchNorm.backward", share=50)
def check_batch_norm_gradients_agree_with_autograd(student, rng):
    """The gradients of batch normalisation agree with autograd's: x, gamma and beta."""
    judge_norm_gradients(
        student, rng, "BatchNorm", batch_norm(), *features(rng, 7, 5), {"mode": "train"}, usual=batch_norm(1e-12)
    )


@task("BatchNorm.backward_alt", share="2/3")
def check_batch_norm_closed_form_agrees_with_autograd(student, rng):
    """The closed form of batch normalisation's gradients agrees with autograd."""
    judge_norm_gradients(
        student, rng, "BatchNorm", batch_norm(), *features(rng, 6, 4), {"mode": "train"}, method="backward_alt",
        usual=batch_norm(1e-12),
    )  # fmt: skip


@task("SpatialBatchNorm.forward", share=50, loans=OWN_BATCH_NORM)
def check_spatial_batch_norm_agrees_with_torch(student, rng):
    """Spatial batch normalisation agrees with torch's: one mean and one variance for each channel."""
    forbid(student, "SpatialBatchNorm.forward", calls=BY_HAND, apart=["BatchNorm"])
    x, gamma, beta = features(rng, 3, 4, 5, 2)
    for eps, option in ((1e-5, {}), (0.3, {"eps": 0.3})):
        out, _ = student.SpatialBatchNorm.forward(x, gamma, beta, {"mode": "train", **option})
        expect_close(out, batch_norm(eps)(x, gamma, beta), name="out", mistakes={
            **wrong_norms(x, gamma, beta, (0, 2, 3), eps),
            "Each place has its own statistics; take one mean and one variance for each channel.": (
                lambda eps=eps: plain_norm(x, gamma, beta, (0,), eps)
            ),
            "reshape(-1, C) mixes the channels: bring their axis to the end first, x.permute(0, 2, 3, 1).": (
                lambda eps=eps: batch_norm(eps)(x.reshape(-1, x.shape[1]), gamma, beta).reshape(x.shape)
            ),
            "The way back mixes the channels: reshape to (N, H, W, C), then permute(0, 3, 1, 2).": (
                lambda eps=eps: batch_norm(eps)(x, gamma, beta).movedim(1, 3).reshape(x.shape)
            ),
            "Each image has its own statistics; take one mean and one variance for each channel.": (
                lambda eps=eps: plain_norm(x, gamma, beta, (2, 3), eps)
            ),
        })  # fmt: skip


@task("SpatialBatchNorm.backward", share=50, loans=OWN_BATCH_NORM, any_dtype=True)
def check_spatial_batch_norm_gradients_agree_with_autograd(student, rng):
    """The gradients of spatial batch normalisation agree with autograd's."""
    judge_norm_gradients(student, rng, "SpatialBatchNorm", batch_norm(), *features(rng, 3, 4, 5, 2), {"mode": "train"})


@task("SpatialBatchNorm.backward", share=50, loans=OWN_BATCH_NORM)
def check_spatial_batch_norm_gradients_with_another_eps(student, rng):
    """With another eps, in float32 and for views, these gradients are right too; the call does not change dout."""
    inputs = features(rng, 2, 3, 4, 5, dtype=torch.float32)
    dout = rng.normal(2, 4, 5, 3, dtype=torch.float32).movedim(3, 1)  # (N, C, H, W), not contiguous
    param = {"mode": "train", "eps": 0.3}
    seen = judge_norm_gradients(
        student, rng, "SpatialBatchNorm", batch_norm(0.3), *inputs, param, dout=dout, usual=batch_norm(), atol=1e-3
    )
    expect_equal(seen.args[0], dout, name="dout after the call")


@task("LayerNorm.forward", share=50)
def check_layer_norm_agrees_with_torch(student, rng):
    """Layer normalisation agrees with torch's: each row is normalised over its features."""
    forbid(student, "LayerNorm.forward", calls=BY_HAND)
    x, gamma, beta = rng.normal(4, 6) * 3 + 2, rng.normal(6), rng.normal(6)
    for eps in (1e-5, 0.2):
        out, _ = student.LayerNorm.forward(x, gamma, beta, {"eps": eps})
        expected = layer_norm(eps)(x, gamma, beta)
        expect_close(out, expected, name="out", mistakes={
            "These are statistics over the batch; each row has its own.": (
                lambda eps=eps: plain_norm(x, gamma, beta, (0,), eps)
            ),
            "Divide the variance by D, not by D - 1.": (
                lambda eps=eps: plain_norm(x, gamma, beta, (1,), eps, unbiased=True)
            ),
            "Scale and shift are missing.": (
                lambda eps=eps: layer_norm(eps)(x, torch.ones_like(gamma), torch.zeros_like(beta))
            ),
            "Add eps to the variance, under the root.": (
                lambda eps=eps: plain_norm(x, gamma, beta, (1,), eps, outside=True)
            ),
            "eps is missing, or it is always the same number; use the one in ln_param.": (
                lambda: layer_norm(1e-5)(x, gamma, beta)
            ),
            "The scale gamma is missing.": lambda eps=eps: layer_norm(eps)(x, torch.ones_like(gamma), beta),
            "The shift beta is missing.": lambda eps=eps: layer_norm(eps)(x, gamma, torch.zeros_like(beta)),
        })  # fmt: skip


@task("LayerNorm.backward", share=50)
def check_layer_norm_gradients_agree_with_autograd(student, rng):
    """The gradients of layer normalisation agree with autograd's."""
    x, gamma, beta = rng.normal(4, 6) * 3 + 2, rng.normal(6) + 2, rng.normal(6)
    judge_norm_gradients(student, rng, "LayerNorm", layer_norm(), x, gamma, beta, {})


@task("SpatialGroupNorm.forward", share=50)
def check_group_norm_agrees_with_torch(student, rng):
    """Group normalisation agrees with torch's own for several numbers of groups."""
    forbid(student, "SpatialGroupNorm.forward", calls=BY_HAND)
    x, gamma, beta = features(rng, 2, 6, 4, 3)
    for groups, eps in ((2, 1e-5), (3, 0.2)):
        with explain_errors(
            {"gamma": "gamma and beta have a number for each channel, which is axis 1: gamma[:, None, None]."}
        ):
            out, _ = student.SpatialGroupNorm.forward(x, gamma, beta, groups, {"eps": eps})
        expect_close(out, group_norm(groups, eps)(x, gamma, beta), name="out", mistakes=wrong_groups(
            x, gamma, beta, groups, eps
        ))  # fmt: skip


def wrong_groups(x: Tensor, gamma: Tensor, beta: Tensor, groups: int, eps: float) -> dict:
    """Return the output of group normalisation with each mistake, by its hint."""
    channels = x.shape[1]
    plain, shape = (torch.ones_like(gamma), torch.zeros_like(beta)), (len(x), groups, -1)

    def finish(normal: Tensor) -> Tensor:
        return normal.reshape(x.shape) * by_channel(gamma, x) + by_channel(beta, x)

    def by_rows(*, unbiased: bool = False, outside: bool = False) -> Tensor:
        rows = x.reshape(shape).flatten(0, 1)
        one = torch.ones(1, dtype=x.dtype, device=x.device)
        return finish(plain_norm(rows, one, 0 * one, (1,), eps, unbiased=unbiased, outside=outside))

    def every_other() -> Tensor:
        mixed = x.reshape(len(x), -1, groups, *x.shape[2:]).transpose(1, 2).reshape(x.shape)
        normal = group_norm(groups, eps)(mixed, *plain)
        return finish(normal.reshape(len(x), groups, -1, *x.shape[2:]).transpose(1, 2))

    return {
        Message(
            "There are {got} groups of {expected} channels; there should be {expected} groups.",
            got=channels // groups,
            expected=groups,
        ): (lambda: group_norm(channels // groups, eps)(x, gamma, beta)),
        "Every G-th channel is in one group; a group is a run of neighbouring channels.": every_other,
        "This is batch normalisation; normalise each image separately.": lambda: batch_norm(eps)(x, gamma, beta),
        "Divide the variance by the number of values, not by one less.": lambda: by_rows(unbiased=True),
        "Add eps to the variance, under the root.": lambda: by_rows(outside=True),
        "eps is missing, or it is always the same number; use the one in gn_param.": (
            lambda: group_norm(groups)(x, gamma, beta)
        ),
        "Scale and shift are missing.": lambda: group_norm(groups, eps)(x, *plain),
        "This is layer normalisation of whole images; normalise each group.": lambda: group_norm(1, eps)(
            x, gamma, beta
        ),
    }


@task("SpatialGroupNorm.backward", share=50)
def check_group_norm_gradients_agree_with_autograd(student, rng):
    """The gradients of group normalisation agree with autograd's."""
    x, gamma, beta = features(rng, 2, 6, 4, 3)
    judge_norm_gradients(student, rng, "SpatialGroupNorm", group_norm(3), x, gamma, beta, 3, {})
