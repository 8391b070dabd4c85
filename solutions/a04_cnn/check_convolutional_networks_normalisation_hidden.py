"""Hidden checks of normalisation by hand: many batches, one vector, any eps, float32, other groups."""

import torch
from oracles import BY_HAND, OWN_BATCH_NORM, batch_norm, features, group_norm, layer_norm, output_of
from oracles_hidden import IN_PLACE, judge_layer
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect_close, expect_unchanged, explain_errors, forbid, task

LOST_DIGITS = "Subtract the mean before you square: E[x^2] - E[x]^2 loses most digits where the mean is large."
ROUNDED = 1e-4  # what a forward pass that computes in float32 may lose; its own checks judge its dtype
EPS = "Here eps is {eps}: forward stores the root of the variance plus this eps for backward."

RUNNING = """
def many(layer, batches, gamma, beta, param):
    for x in batches:
        layer.forward(x, gamma, beta, param)
    before = {name: param[name].clone() for name in ("running_mean", "running_var")}
    out, _ = layer.forward(batches[0], gamma, beta, {**param, "mode": "test"})
    return {"running": before, "out": out}
"""


def judge_running(student, layer, batches, gamma, beta, axes, **options):
    """Compare statistics after many batches, from zero, and the test mode. ``options``: other momentum and eps."""
    param = {"mode": "train", **options}
    with explain_errors({"KeyError": "In train mode, store the running statistics in bn_param itself, not in a copy."}):
        seen = student.define(RUNNING).many(getattr(student, layer), batches, gamma, beta, param)
    m = options.get("momentum", 0.9)
    mean, var = torch.zeros_like(gamma), torch.zeros_like(gamma)
    for x in batches:
        mean = m * mean + (1 - m) * x.mean(axes)
        var = m * var + (1 - m) * x.var(axes, unbiased=False)
    expect_close(seen["running"]["running_mean"], mean, name="running_mean")
    expect_close(seen["running"]["running_var"], var, name="running_var", mistakes={
        "The running variance begins at 1; here it begins at 0, as the mean does.": var + m ** len(batches),
    })  # fmt: skip
    expected = F.batch_norm(batches[0], mean, var, gamma, beta, training=False, eps=options.get("eps", 1e-5))
    centred = batches[0] - batches[0].mean(axes, keepdim=True)
    expect_close(seen["out"], expected, name="out in test mode", mistakes={
        IN_PLACE: lambda: F.batch_norm(centred, mean, var, gamma, beta, training=False, eps=options.get("eps", 1e-5)),
    })  # fmt: skip


@task("BatchNorm.forward", share=20)
def check_batch_norm_statistics_after_many_batches(student, rng):
    """Running statistics begin at zero, and are right after 12 batches of different sizes, for any momentum."""
    _, gamma, beta = features(rng, 2, 5)
    batches = [3 * rng.normal(size, 5) + rng.normal(5) for size in (9, 4, 7, 2, 11, 5, 3, 8, 6, 4, 2, 10)]
    for options in ({}, {"momentum": 0.6}):
        judge_running(student, "BatchNorm", batches, gamma, beta, (0,), **options)


@task("BatchNorm.forward", share=20)
def check_batch_norm_of_one_vector(student, rng):
    """A batch of one gives beta in train mode; in test mode an image's result does not depend on the other images."""
    forbid(student, "BatchNorm.forward", calls=BY_HAND)
    x, gamma, beta = features(rng, 4, 6)
    out, _ = student.BatchNorm.forward(x[:1], gamma, beta, {"mode": "train"})
    expect_close(out, beta[None], name="out of a batch of one in train mode")
    param = {"mode": "test", "running_mean": rng.normal(6), "running_var": rng.uniform(6) + 0.1, "eps": 0.01}
    alone, _ = student.BatchNorm.forward(x[:1], gamma, beta, param)
    expected = F.batch_norm(x, param["running_mean"], param["running_var"], gamma, beta, training=False, eps=0.01)
    expect_close(alone, expected[:1], name="out of a batch of one in test mode")
    together, _ = student.BatchNorm.forward(x, gamma, beta, param)
    expect_close(together, expected, name="out of a batch of four in test mode")


@task("BatchNorm.forward", share=20)
def check_batch_norm_keeps_float32_and_its_inputs(student, rng):
    """Batch normalisation keeps float32, is exact where the mean is large, and does not change x, gamma and beta.

    The running statistics keep float32 too.
    """
    forbid(student, "BatchNorm.forward", calls=BY_HAND)
    x, gamma, beta = features(rng, 50, 3, dtype=torch.float32)
    x = x + 300  # E[x^2] - E[x]^2 would lose most digits
    seen = student.inspect(student.BatchNorm.forward, x, gamma, beta, {"mode": "train"})
    expected = batch_norm()(x.double(), gamma.double(), beta.double()).float()
    out = output_of(seen)
    near = type(out) is Tensor and out.shape == expected.shape and bool(((out - expected).abs() < 0.3).all())
    expect_close(out, expected, name="out", atol=1e-3, hint=LOST_DIGITS if near else "")
    expect_unchanged(seen, x, gamma, beta)
    after = {name: seen.args[3][name] for name in ("running_mean", "running_var")}
    right = {"running_mean": 0.1 * x.mean(0), "running_var": 0.1 * x.double().var(0, unbiased=False).float()}
    expect_close(after, right, name="running statistics", rtol=1e-3)


@task("BatchNorm.backward", share=25)
def check_batch_norm_gradients_with_any_eps(student, rng):
    """The gradients of batch normalisation are right for a large eps and for a batch of two."""
    for shape, eps in [((8, 3), 0.5), ((2, 7), 0.1)]:
        param, inputs = {"mode": "train", "eps": eps}, features(rng, *shape)
        options = {"atol": ROUNDED, "hint": Message(EPS, eps=eps)}
        judge_layer(student, rng, "BatchNorm", batch_norm(eps), "dx dgamma dbeta", inputs, [param], **options)


@task("BatchNorm.backward", share=25)
def check_batch_norm_gradients_in_float32(student, rng):
    """The gradients of batch normalisation keep float32, and the inputs are unchanged."""
    inputs = features(rng, 11, 4, dtype=torch.float32)
    judge_layer(student, rng, "BatchNorm", batch_norm(), "dx dgamma dbeta", inputs, [{"mode": "train"}], atol=1e-3)


@task("BatchNorm.backward_alt", share="1/3")
def check_batch_norm_closed_form_with_any_eps(student, rng):
    """The closed form is right for a large eps, a batch of two and in float32."""
    for shape, eps in [((8, 3), 0.5), ((2, 7), 0.1)]:
        options = {"method": "backward_alt", "atol": ROUNDED, "hint": Message(EPS, eps=eps)}
        param, inputs = {"mode": "train", "eps": eps}, features(rng, *shape)
        judge_layer(student, rng, "BatchNorm", batch_norm(eps), "dx dgamma dbeta", inputs, [param], **options)
    inputs = features(rng, 9, 4, dtype=torch.float32)
    options = {"method": "backward_alt", "atol": 1e-3}
    judge_layer(student, rng, "BatchNorm", batch_norm(), "dx dgamma dbeta", inputs, [{"mode": "train"}], **options)


@task("SpatialBatchNorm.forward", share=50, loans=OWN_BATCH_NORM)
def check_spatial_batch_norm_statistics_after_many_batches(student, rng):
    """Spatial statistics are right after many batches, and test mode uses them; float32 and inputs are unchanged."""
    _, gamma, beta = features(rng, 2, 5)
    sizes = [(3, 4, 2), (1, 2, 6), (2, 3, 3), (4, 1, 5), (2, 2, 2)]
    batches = [2 * rng.normal(n, 5, h, w) + rng.normal(5, 1, 1) for n, h, w in sizes]
    judge_running(student, "SpatialBatchNorm", batches, gamma, beta, (0, 2, 3), momentum=0.7, eps=0.2)
    x, gamma, beta = features(rng, 3, 4, 5, 2, dtype=torch.float32)
    x = x.transpose(2, 3)  # not contiguous
    seen = student.inspect(student.SpatialBatchNorm.forward, x, gamma, beta, {"mode": "train"})
    expected = batch_norm()(x.double(), gamma.double(), beta.double()).float()
    expect_close(output_of(seen), expected, name="out", atol=1e-3)
    expect_unchanged(seen, x, gamma, beta)


@task("LayerNorm.forward", share=50)
def check_layer_norm_of_one_row(student, rng):
    """Layer normalisation of a row does not depend on the other rows; float32 and views are accepted."""
    forbid(student, "LayerNorm.forward", calls=BY_HAND)
    x = (5 * rng.normal(9, 4, dtype=torch.float32) + 50).T  # (4, 9), not contiguous
    gamma, beta = rng.normal(9, dtype=torch.float32), rng.normal(9, dtype=torch.float32)
    expected = layer_norm()(x.double(), gamma.double(), beta.double()).float()
    for rows in (x, x[2:3]):
        seen = student.inspect(student.LayerNorm.forward, rows, gamma, beta, {})
        expect_close(output_of(seen), expected if len(rows) == 4 else expected[2:3], name="out", atol=1e-3)
        expect_unchanged(seen, rows, gamma, beta)


@task("LayerNorm.backward", share=50)
def check_layer_norm_gradients_on_other_sizes(student, rng):
    """The gradients of layer normalisation are right for one row, for many, for a large eps, and in float32."""
    cases = [(1, 5, 1e-5, torch.float64), (9, 3, 0.3, torch.float64), (4, 7, 0.1, torch.float32)]
    for rows, width, eps, dtype in cases:
        inputs = [rng.normal(rows, width) * 2 + 1, rng.normal(width) + 2, rng.normal(width)]
        inputs = [value.to(dtype) for value in inputs]
        tolerance = {"atol": 1e-3} if dtype == torch.float32 else {}
        judge_layer(student, rng, "LayerNorm", layer_norm(eps), "dx dgamma dbeta", inputs, [{"eps": eps}], **tolerance)


@task("SpatialGroupNorm.forward", share=50)
def check_group_norm_from_one_group_to_one_channel_each(student, rng):
    """Group normalisation is right for one group, one channel in each group, one image and float32."""
    forbid(student, "SpatialGroupNorm.forward", calls=BY_HAND)
    for shape, groups, eps in [((3, 4, 3, 5), 1, 1e-5), ((2, 6, 2, 4), 6, 0.1), ((1, 8, 5, 3), 2, 1e-5)]:
        x, gamma, beta = features(rng, *shape, dtype=torch.float32)
        seen = student.inspect(student.SpatialGroupNorm.forward, x, gamma, beta, groups, {"eps": eps})
        expected = group_norm(groups, eps)(x.double(), gamma.double(), beta.double()).float()
        expect_close(output_of(seen), expected, name="out", atol=1e-3)
        expect_unchanged(seen, x, gamma, beta)


@task("SpatialGroupNorm.backward", share=50)
def check_group_norm_gradients_on_other_groups(student, rng):
    """The gradients of group normalisation are right for any number of groups, for a large eps, and in float32."""
    for shape, groups in [((3, 4, 3, 5), 1), ((2, 6, 2, 4), 2), ((1, 5, 3, 2), 5)]:
        inputs = features(rng, *shape)
        judge_layer(student, rng, "SpatialGroupNorm", group_norm(groups), "dx dgamma dbeta", inputs, [groups, {}])
    inputs, options = features(rng, 3, 4, 2, 5, dtype=torch.float32), [2, {"eps": 0.3}]
    judge_layer(
        student,
        rng,
        "SpatialGroupNorm",
        group_norm(2, 0.3),
        "dx dgamma dbeta",
        inputs,
        options,
        atol=1e-3,
        hint=Message(EPS, eps=0.3),
    )
