"""Public checks of the layers and networks by hand: expected values come from torch's own operators in float64."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_equal, expect_shape, forbid, task

AUTOGRAD = ["torch.autograd.*", "torch.func.*", "torch.enable_grad", "torch.set_grad_enabled", "common.earlier.*"]
READY_MADE = [
    "torch.nn.*", "!F.pad", "!torch._C._nn.pad", "torch.*conv*", "torch.*pool*", "torch.*batch_norm*",
    "torch.*layer_norm*", "torch.*group_norm*", "torch.*instance_norm*", *AUTOGRAD,
]  # fmt: skip
BY_HAND = [*READY_MADE, "common.convs.*"]  # layers; networks may use the fast ones

Oracle = Callable[..., Tensor]


def gradients(oracle: Oracle, dout: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    """Gradients of sum(oracle(*inputs) * dout) with respect to each input, by autograd."""
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    return torch.autograd.grad(oracle(*leaves), leaves, dout)


def expect_parts(actual: object, expected: Sequence[Tensor], names: str, mistakes: dict | None = None) -> None:
    """A tuple, each part of which is close to what it should be. ``mistakes``: name -> hints of that part."""
    parts = names.split()
    kind = type(actual).__name__
    expect(
        type(actual) in (tuple, list) and len(actual) == len(parts),
        f"Expected {len(parts)} results, ({', '.join(parts)}); got "
        + (f"{len(actual)} of them." if type(actual) in (tuple, list) else f"one of type {kind}."),
    )
    for part, value, right in zip(parts, actual, expected, strict=True):
        expect_close(value, right, name=part, mistakes=(mistakes or {}).get(part))


# Convolution


def conv(stride: int, pad: int) -> Oracle:
    """torch's convolution."""
    return lambda x, w, b: F.conv2d(x, w, b, stride=stride, padding=pad)


def wrong_convs(x: Tensor, w: Tensor, b: Tensor, stride: int, pad: int) -> dict[str, Callable[[], Tensor]]:
    """Hint -> the output that this mistake gives."""
    right = conv(stride, pad)
    return {
        "Each filter was flipped; cross-correlation does not flip.": lambda: right(x, w.flip(2, 3), b),
        "The bias is missing.": lambda: right(x, w, torch.zeros_like(b)),
        "The stride was ignored.": lambda: conv(1, pad)(x, w, b),
        "There is no padding.": lambda: conv(stride, 0)(x, w, b),
        "The padding repeats the border; it should be zeros.": (
            lambda: conv(stride, 0)(F.pad(x, (pad,) * 4, mode="replicate"), w, b)
        ),
        "Only the first channel of the images was used.": lambda: right(x[:, :1], w[:, :1], b),
        "This is the mean of the products over a window; it should be their sum.": (
            lambda: right(x, w / w[0].numel(), b)
        ),
        "The sum of the biases was added; each channel has its own.": lambda: right(x, w, b.sum().expand(len(b))),
    }


def judge_conv(student, x, w, b, stride, pad):
    """Call Conv.forward and compare with torch."""
    forbid(student, "Conv.forward", calls=BY_HAND)
    out, _ = student.Conv.forward(x, w, b, {"stride": stride, "pad": pad})
    expect_close(out, conv(stride, pad)(x, w, b), name="out", mistakes=wrong_convs(x, w, b, stride, pad))


@task("Conv.forward", points=2)
def check_conv_agrees_with_torch(student, rng):
    """Convolution agrees with torch's own on images and filters that are not square."""
    judge_conv(student, rng.normal(2, 3, 7, 5), rng.normal(4, 3, 3, 2), rng.normal(4), stride=1, pad=1)


@task("Conv.forward", points=1)
def check_conv_takes_strides_and_pads(student, rng):
    """Convolution is right for strides 1 to 3 and pads 0 to 2, also where windows do not come out even."""
    for stride, pad in [(2, 0), (2, 1), (3, 1), (1, 2), (3, 2)]:
        judge_conv(student, rng.normal(2, 2, 8, 11), rng.normal(3, 2, 3, 4), rng.normal(3), stride, pad)


def judge_conv_gradients(student, rng, x, w, b, stride, pad):
    """Call Conv.forward, then Conv.backward with a random gradient, and compare with autograd."""
    forbid(student, "Conv.backward", calls=BY_HAND)
    expected = conv(stride, pad)(x, w, b)
    dout = rng.normal(*expected.shape)
    _, cache = student.hold(student.Conv.forward, x, w, b, {"stride": stride, "pad": pad})
    result = student.Conv.backward(dout, cache)
    dx, dw, db = gradients(conv(stride, pad), dout, x, w, b)
    flipped = gradients(conv(stride, pad), dout, x, w.flip(2, 3), b)
    expect_parts(result, (dx, dw, db), "dx dw db", {
        "dx": {
            "This is the gradient of the padded images; cut the padding off.": lambda: F.pad(dx, (pad,) * 4),
            "The filters are flipped here.": lambda: flipped[0],
        },
        "dw": {
            "This is the mean over the images; a gradient adds up.": lambda: dw / len(x),
            "The filters are flipped here.": lambda: dw.flip(2, 3),
        },
        "db": {"This is the mean over the images; a gradient adds up.": lambda: db / len(x)},
    })  # fmt: skip


@task("Conv.backward", points=2)
def check_conv_gradients_agree_with_autograd(student, rng):
    """The gradients of convolution with stride 1 agree with autograd's: images, filters and biases."""
    judge_conv_gradients(student, rng, rng.normal(2, 3, 7, 5), rng.normal(4, 3, 3, 2), rng.normal(4), stride=1, pad=1)


@task("Conv.backward", points=1)
def check_conv_gradients_with_a_stride(student, rng):
    """The gradients of convolution are right for stride 2, where some pixels lie in no window."""
    judge_conv_gradients(student, rng, rng.normal(2, 2, 8, 6), rng.normal(3, 2, 3, 3), rng.normal(3), stride=2, pad=0)


# Pooling


def pool(height: int, width: int, stride: int) -> Oracle:
    """torch's max pooling."""
    return lambda x: F.max_pool2d(x, (height, width), stride)


def pool_param(height: int, width: int, stride: int) -> dict[str, int]:
    return {"pool_height": height, "pool_width": width, "stride": stride}


def judge_pool(student, x, height, width, stride):
    """Call MaxPool.forward and compare with torch."""
    forbid(student, "MaxPool.forward", calls=BY_HAND)
    out, _ = student.MaxPool.forward(x, pool_param(height, width, stride))
    expect_close(out, pool(height, width, stride)(x), name="out", mistakes={
        "This is the mean of each window; it should be the maximum.": lambda: F.avg_pool2d(x, (height, width), stride),
        "Height and width of the window are swapped.": lambda: pool(width, height, stride)(x),
        "This is the minimum of each window.": lambda: -pool(height, width, stride)(-x),
        "This is the maximum over all channels; each channel is pooled by itself.": (
            lambda: pool(height, width, stride)(x).amax(dim=1, keepdim=True).expand(-1, x.shape[1], -1, -1)
        ),
        "The windows do not overlap; they lie `stride` pixels apart.": (
            lambda: F.max_pool2d(x, (height, width), (height, width))
        ),
    })  # fmt: skip


@task("MaxPool.forward", points=2)
def check_max_pooling_agrees_with_torch(student, rng):
    """Max pooling agrees with torch's own, for windows that are not square and for windows that overlap."""
    x = rng.normal(2, 3, 8, 6) - 1  # mostly negative: zeros must not win
    for height, width, stride in [(2, 2, 2), (2, 3, 2), (3, 3, 1), (3, 2, 2)]:
        judge_pool(student, x, height, width, stride)


def judge_pool_gradient(student, rng, x, height, width, stride):
    """Call MaxPool.forward and backward, and compare with autograd."""
    forbid(student, "MaxPool.backward", calls=BY_HAND)
    dout = rng.normal(*pool(height, width, stride)(x).shape)
    _, cache = student.hold(student.MaxPool.forward, x, pool_param(height, width, stride))
    dx = student.MaxPool.backward(dout, cache)
    (expected,) = gradients(pool(height, width, stride), dout, x)
    (spread,) = gradients(lambda x: F.avg_pool2d(x, (height, width), stride), dout, x)
    expect_close(dx, expected, name="dx", mistakes={
        "The gradient was spread over the window; it goes to the maximum alone.": lambda: spread,
    })  # fmt: skip


@task("MaxPool.backward", points=2)
def check_max_pooling_gradient_agrees_with_autograd(student, rng):
    """The gradient of max pooling goes to the maximum of each window, as autograd says."""
    judge_pool_gradient(student, rng, rng.normal(2, 3, 8, 6), 2, 2, 2)
    judge_pool_gradient(student, rng, rng.normal(3, 2, 7, 9), 2, 3, 3)


# Networks


def three_layers(params: dict[str, Tensor], x: Tensor) -> Tensor:
    """Scores of the three-layer network by torch's operators."""
    hidden = F.conv2d(x, params["W1"], params["b1"], padding=(params["W1"].shape[2] - 1) // 2)
    hidden = F.max_pool2d(hidden.relu(), 2).flatten(1)
    hidden = (hidden @ params["W2"] + params["b2"]).relu()
    return hidden @ params["W3"] + params["b3"]


def objective(net: Callable, params: dict[str, Tensor], x: Tensor, y: Tensor, reg: float) -> tuple[Tensor, dict]:
    """Loss and gradients by autograd. ``net(params, x)`` are scores."""
    leaves = {name: value.detach().clone().requires_grad_() for name, value in params.items()}
    weights = [value for name, value in leaves.items() if name.startswith("W")]
    loss = F.cross_entropy(net(leaves, x), y) + reg * sum(w.square().sum() for w in weights)
    return loss.detach(), dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))


def halved_reg(net: Callable, params: dict[str, Tensor], x: Tensor, y: Tensor, reg: float) -> dict:
    """Hints about the loss."""
    return {
        "The regularisation has no factor 1/2.": lambda: objective(net, params, x, y, reg / 2)[0],
        "The regularisation is missing.": lambda: objective(net, params, x, y, 0.0)[0],
        "Biases are not regularised.": (
            lambda: objective(net, params, x, y, reg)[0]
            + reg * sum(v.square().sum() for k, v in params.items() if k[0] == "b" and k[1:].isdigit())
        ),
        "This is the sum over the batch; the loss is a mean.": (
            lambda: len(x) * objective(net, params, x, y, 0.0)[0] + objective(net, params, x, y, reg)[0]
            - objective(net, params, x, y, 0.0)[0]
        ),
    }  # fmt: skip


def randomise(rng, model) -> dict[str, Tensor]:
    """Give a model random parameters, larger than at initialisation, and return them."""
    params = {
        name: rng.normal(*value.shape) * (value[0].numel() ** -0.5 if value.ndim > 1 else 0.5)
        for name, value in sorted(model.params.items())
    }
    model.params = params
    return params


def expect_gradients(grads: object, expected: dict[str, Tensor], reg_twice: str = "") -> None:
    """A dict of the right names whose values are close."""
    expect(type(grads) is dict, f"The gradients should be a dict, not {type(grads).__name__}.")
    expect_equal(sorted(map(str, grads)), sorted(expected), name="the names of the gradients, sorted")
    for name, value in expected.items():
        expect_close(grads[name], value, name=f"grads[{name!r}]")


def judge_net(student, rng, model, net, x, y, reg):
    """Scores, loss and gradients of a student's model against an oracle."""
    params = randomise(rng, model)
    expect_close(model.loss(x), net(params, x), name="scores")
    result = model.loss(x, y)
    expect(type(result) in (tuple, list) and len(result) == 2, "loss(X, y) should return (loss, grads).")
    loss, grads = objective(net, params, x, y, reg)
    expect_close(result[0], loss, name="loss", mistakes=halved_reg(net, params, x, y, reg))
    expect_gradients(result[1], grads)


@task("ThreeLayerConvNet.loss", points=3)
def check_three_layer_net_agrees_with_autograd(student, rng):
    """Scores, loss and all gradients of the three-layer network agree with autograd's."""
    forbid(student, "ThreeLayerConvNet.loss", calls=READY_MADE)
    model = student.ThreeLayerConvNet(
        input_dims=(2, 8, 6), num_filters=3, filter_size=3, hidden_dim=7, num_classes=4, reg=0.3,
        dtype=torch.float64, device=rng.device,
    )  # fmt: skip
    judge_net(student, rng, model, three_layers, rng.normal(5, 2, 8, 6), rng.integers(0, 4, 5), reg=0.3)


@task("kaiming_initializer", points=2)
def check_kaiming_has_the_right_deviation(student, rng):
    """Kaiming weights have the shape of their layer and the standard deviation sqrt(gain / fan in)."""
    cases = [((90, 70), {}, (90, 70), 2 / 90), ((80, 60), {"relu": False}, (80, 60), 1 / 80)]
    cases += [((12, 30), {"K": 5}, (30, 12, 5, 5), 2 / 300), ((20, 9), {"K": 3, "relu": False}, (9, 20, 3, 3), 1 / 180)]
    for (before, after), options, shape, variance in cases:
        weight = student.kaiming_initializer(before, after, **options, device=rng.device, dtype=torch.float64)
        expect_shape(weight, shape)
        found = float(weight.std())
        error = 6 / (2 * weight.numel()) ** 0.5  # six standard errors of a normal sample's deviation
        wrong = {
            "That is the variance; the standard deviation is its root.": variance,
            "The gain is 2 if a ReLU follows, and 1 otherwise.": (
                (variance * (0.5 if options.get("relu", True) else 2)) ** 0.5
            ),
            "A convolution's fan in is Din * K * K.": (variance * options.get("K", 1) ** 2) ** 0.5,
            "This goes by the fan out, not by the fan in.": (variance * before / after) ** 0.5,
        }  # fmt: skip
        hints = [hint for hint, value in wrong.items() if abs(found / value - 1) < error]
        expect(
            abs(found / variance**0.5 - 1) < error,
            f"For {before}, {after}, {options} the deviation is {found:.4g}; it should be {variance**0.5:.4g}.",
            hint=hints[0] if hints else "",
        )


# Normalisation


def batch_norm(eps: float = 1e-5) -> Oracle:
    """torch's batch normalisation in train mode, for any number of axes after (N, C)."""
    return lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)


def plain_norm(x: Tensor, gamma: Tensor, beta: Tensor, axes, eps: float, *, unbiased=False, outside=False) -> Tensor:
    """Normalise over ``axes``, perhaps with a mistake."""
    centred = x - x.mean(axes, keepdim=True)
    var = x.var(axes, unbiased=unbiased, keepdim=True)
    view = (-1,) + (1,) * (x.ndim - 2)
    return gamma.view(view) * centred / (var.sqrt() + eps if outside else (var + eps).sqrt()) + beta.view(view)


def wrong_norms(x: Tensor, gamma: Tensor, beta: Tensor, axes: tuple[int, ...], eps: float) -> dict:
    """Hint -> the output that this mistake gives."""
    other = tuple(i for i in range(1 if 0 in axes else 0, x.ndim) if i not in axes) or (1,)
    return {
        "The variance is divided by the number of values, not by one less.": (
            lambda: plain_norm(x, gamma, beta, axes, eps, unbiased=True)
        ),
        "eps is added to the variance, under the root.": lambda: plain_norm(x, gamma, beta, axes, eps, outside=True),
        "Scale and shift are missing.": (
            lambda: plain_norm(x, torch.ones_like(gamma), torch.zeros_like(beta), axes, eps)
        ),
        "The statistics are taken over the wrong axis.": lambda: plain_norm(x, gamma, beta, other, eps),
    }


def features(rng, *shape: int) -> tuple[Tensor, Tensor, Tensor]:
    """x with another mean and deviation in each feature, gamma, beta."""
    view = (-1,) + (1,) * (len(shape) - 2)
    x = rng.normal(*shape) * rng.uniform(shape[1], low=0.5, high=3).view(view) + 4 * rng.normal(shape[1]).view(view)
    return x, rng.normal(shape[1]) + 2, rng.normal(shape[1])


@task("BatchNorm.forward", points=1)
def check_batch_norm_agrees_with_torch(student, rng):
    """Batch normalisation in train mode agrees with torch's own."""
    forbid(student, "BatchNorm.forward", calls=BY_HAND)
    x, gamma, beta = features(rng, 7, 5)
    for eps in (1e-5, 0.1):
        out, _ = student.BatchNorm.forward(x, gamma, beta, {"mode": "train", "eps": eps})
        expected = batch_norm(eps)(x, gamma, beta)
        expect_close(out, expected, name="out", mistakes=wrong_norms(x, gamma, beta, (0,), eps))


@task("BatchNorm.forward", points=1)
def check_batch_norm_keeps_running_statistics(student, rng):
    """Training updates the running statistics in bn_param; test mode normalises by them and leaves them alone."""
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
    })  # fmt: skip
    expect_close(after["running_var"], new_var, name='bn_param["running_var"]', mistakes={
        "The running variance takes the variance divided by N, not by N - 1.": lambda: m * var + (1 - m) * x.var(0),
        "The running variance was not updated. Store it in bn_param.": lambda: var,
    })  # fmt: skip

    param = {"mode": "test", "running_mean": mean, "running_var": var}
    seen = student.inspect(student.BatchNorm.forward, x, gamma, beta, param)
    expected = F.batch_norm(x, mean, var, gamma, beta, training=False, eps=1e-5)
    expect(type(seen.value) in (tuple, list) and len(seen.value) == 2, "forward should return (out, cache).")
    expect_close(seen.value[0], expected, name="out in test mode", mistakes={
        "Test mode uses the running statistics, not those of the batch.": lambda: batch_norm()(x, gamma, beta),
    })  # fmt: skip
    kept = {name: seen.args[3][name] for name in ("running_mean", "running_var")}
    expect_equal(kept, {"running_mean": mean, "running_var": var}, name="running statistics after test mode")


def judge_norm_gradients(student, rng, layer, oracle, x, gamma, beta, *options, method="backward", name=""):
    """Gradients of a normalisation layer against autograd."""
    forbid(student, f"{layer}.{method}", calls=BY_HAND)
    dout = rng.normal(*x.shape)
    norm = getattr(student, layer)
    _, cache = student.hold(norm.forward, x, gamma, beta, *options)
    result = getattr(norm, method)(dout, cache)
    expected = gradients(oracle, dout, x, gamma, beta)
    view = (1, -1) + (1,) * (x.ndim - 2)
    expect_parts(result, expected, "dx dgamma dbeta", {"dx": {
        "Mean and variance depend on x too: their paths are missing.": (
            lambda: dout * gamma.view(view) * (oracle(x + 1e-6, gamma, beta) - oracle(x, gamma, beta)) / 1e-6
        ),
        "The factor gamma is missing.": lambda: gradients(oracle, dout / gamma.view(view), x, gamma, beta)[0],
    }})  # fmt: skip


@task("BatchNorm.backward", points=2)
def check_batch_norm_gradients_agree_with_autograd(student, rng):
    """The gradients of batch normalisation agree with autograd's: x, gamma and beta."""
    judge_norm_gradients(student, rng, "BatchNorm", batch_norm(), *features(rng, 7, 5), {"mode": "train"})


@task("BatchNorm.backward_alt", points=2)
def check_batch_norm_closed_form_agrees_with_autograd(student, rng):
    """The closed form of batch normalisation's gradients agrees with autograd."""
    judge_norm_gradients(
        student, rng, "BatchNorm", batch_norm(), *features(rng, 6, 4), {"mode": "train"}, method="backward_alt"
    )


@task("SpatialBatchNorm.forward", points=1)
def check_spatial_batch_norm_agrees_with_torch(student, rng):
    """Spatial batch normalisation takes one mean and one variance for each channel, as torch's does."""
    forbid(student, "SpatialBatchNorm.forward", calls=BY_HAND)
    x, gamma, beta = features(rng, 3, 4, 5, 2)
    out, _ = student.SpatialBatchNorm.forward(x, gamma, beta, {"mode": "train"})
    expect_close(out, batch_norm()(x, gamma, beta), name="out", mistakes={
        **wrong_norms(x, gamma, beta, (0, 2, 3), 1e-5),
        "Each place got statistics of its own; a channel has one mean and one variance.": (
            lambda: plain_norm(x, gamma, beta, (0,), 1e-5)
        ),
    })  # fmt: skip


@task("SpatialBatchNorm.backward", points=1)
def check_spatial_batch_norm_gradients_agree_with_autograd(student, rng):
    """The gradients of spatial batch normalisation agree with autograd's."""
    judge_norm_gradients(student, rng, "SpatialBatchNorm", batch_norm(), *features(rng, 3, 4, 5, 2), {"mode": "train"})


def layer_norm(eps: float = 1e-5) -> Oracle:
    """torch's layer normalisation of rows."""
    return lambda x, gamma, beta: F.layer_norm(x, x.shape[1:], gamma, beta, eps=eps)


@task("LayerNorm.forward", points=1)
def check_layer_norm_agrees_with_torch(student, rng):
    """Layer normalisation normalises each row over its features, as torch's does."""
    forbid(student, "LayerNorm.forward", calls=BY_HAND)
    x, gamma, beta = rng.normal(4, 6) * 3 + 2, rng.normal(6), rng.normal(6)
    for eps in (1e-5, 0.2):
        out, _ = student.LayerNorm.forward(x, gamma, beta, {"eps": eps})
        expected = layer_norm(eps)(x, gamma, beta)
        expect_close(out, expected, name="out", mistakes={
            "These are statistics over the batch; a row has its own.": lambda: plain_norm(x, gamma, beta, (0,), eps),
            "The variance is divided by D, not by D - 1.": lambda: plain_norm(x, gamma, beta, (1,), eps, unbiased=True),
            "Scale and shift are missing.": lambda: layer_norm(eps)(x, torch.ones_like(gamma), torch.zeros_like(beta)),
        })  # fmt: skip


@task("LayerNorm.backward", points=1)
def check_layer_norm_gradients_agree_with_autograd(student, rng):
    """The gradients of layer normalisation agree with autograd's."""
    x, gamma, beta = rng.normal(4, 6) * 3 + 2, rng.normal(6) + 2, rng.normal(6)
    judge_norm_gradients(student, rng, "LayerNorm", layer_norm(), x, gamma, beta, {})


def group_norm(groups: int, eps: float = 1e-5) -> Oracle:
    """torch's group normalisation."""
    return lambda x, gamma, beta: F.group_norm(x, groups, gamma, beta, eps=eps)


@task("SpatialGroupNorm.forward", points=1)
def check_group_norm_agrees_with_torch(student, rng):
    """Group normalisation agrees with torch's own for several numbers of groups."""
    forbid(student, "SpatialGroupNorm.forward", calls=BY_HAND)
    x, gamma, beta = features(rng, 2, 6, 4, 3)
    for groups in (2, 3):
        out, _ = student.SpatialGroupNorm.forward(x, gamma, beta, groups, {})
        expect_close(out, group_norm(groups)(x, gamma, beta), name="out", mistakes={
            f"There are {6 // groups} groups of {groups} channels here; it should be {groups} groups.": (
                lambda: group_norm(6 // groups)(x, gamma, beta)
            ),
            "Every G-th channel is in one group; groups are neighbours.": (
                lambda: group_norm(groups)(
                    x.reshape(2, -1, groups, 4, 3).transpose(1, 2).reshape(x.shape), torch.ones_like(gamma), beta * 0
                ).reshape(2, groups, -1, 4, 3).transpose(1, 2).reshape(x.shape)
                * gamma.view(-1, 1, 1) + beta.view(-1, 1, 1)
            ),
            "This is batch normalisation: images do not mix here.": lambda: batch_norm()(x, gamma, beta),
        })  # fmt: skip


@task("SpatialGroupNorm.backward", points=1)
def check_group_norm_gradients_agree_with_autograd(student, rng):
    """The gradients of group normalisation agree with autograd's."""
    x, gamma, beta = features(rng, 2, 6, 4, 3)
    judge_norm_gradients(student, rng, "SpatialGroupNorm", group_norm(3), x, gamma, beta, 3, {})


# The deep network


def deep(pools: Sequence[int], *, normal: bool) -> Callable[[dict[str, Tensor], Tensor], Tensor]:
    """Scores of the deep network in train mode by torch's operators."""

    def net(params: dict[str, Tensor], x: Tensor) -> Tensor:
        last = sum(name.startswith("W") for name in params)
        for i in range(1, last):
            x = F.conv2d(x, params[f"W{i}"], params[f"b{i}"], padding=1)
            if normal:
                x = F.batch_norm(x, None, None, params[f"gamma{i}"], params[f"beta{i}"], training=True)
            x = x.relu()
            if i - 1 in pools:
                x = F.max_pool2d(x, 2)
        return x.flatten(1) @ params[f"W{last}"] + params[f"b{last}"]

    return net


def deep_shapes(dims: Sequence[int], filters: Sequence[int], pools: Sequence[int], classes: int, normal: bool) -> dict:
    """Name -> shape of each parameter of the deep network."""
    shapes, (channels, height, width) = {}, dims
    for i, after in enumerate(filters, start=1):
        shapes |= {f"W{i}": (after, channels, 3, 3), f"b{i}": (after,)}
        shapes |= {f"gamma{i}": (after,), f"beta{i}": (after,)} if normal else {}
        if i - 1 in pools:
            height, width = height // 2, width // 2
        channels = after
    last = len(filters) + 1
    return shapes | {f"W{last}": (channels * height * width, classes), f"b{last}": (classes,)}


@task("DeepConvNet", points=1)
def check_deep_net_has_its_parameters(student, rng):
    """The deep network has parameters of the right names, shapes and spread, with and without batch normalisation."""
    for normal in (False, True):
        dims, filters, pools = (3, 9, 14), (16, 8, 20), (0, 2)
        model = student.DeepConvNet(
            input_dims=dims, num_filters=list(filters), max_pools=list(pools), batchnorm=normal, num_classes=6,
            weight_scale=0.2, dtype=torch.float64, device=rng.device,
        )  # fmt: skip
        params = model.params
        expect(type(params) is dict, "params should be a dict of tensors.")
        shapes = deep_shapes(dims, filters, pools, 6, normal)
        expect_equal(sorted(map(str, params)), sorted(shapes), name="the names of the parameters, sorted")
        for name, shape in shapes.items():
            expect_shape(params[name], shape, name=name)
            if name.startswith("W"):
                error = 6 / (2 * params[name].numel()) ** 0.5
                spread = float(params[name].std())
                expect(abs(spread / 0.2 - 1) < error, f"{name} has deviation {spread:.4g}; weight_scale is 0.2.")
            else:
                start = torch.full_like(params[name], float(name.startswith("gamma")))
                expect_equal(params[name], start, name=f"{name} at the start")


@task("DeepConvNet", points=2)
def check_deep_net_agrees_with_autograd(student, rng):
    """Scores, loss and all gradients of a deep network without batch normalisation agree with autograd's."""
    forbid(student, "DeepConvNet", calls=READY_MADE)
    model = student.DeepConvNet(
        input_dims=(2, 8, 12), num_filters=[3, 4, 5], max_pools=[0, 2], num_classes=4, weight_scale=0.1, reg=0.2,
        dtype=torch.float64, device=rng.device,
    )  # fmt: skip
    net = deep((0, 2), normal=False)
    judge_net(student, rng, model, net, rng.normal(5, 2, 8, 12), rng.integers(0, 4, 5), reg=0.2)


MEMORISE = """
import torch
from common.earlier.fully_connected_networks import adam
from common.solver import Solver

def memorise(DeepConvNet, images, labels, weight_scale, learning_rate):
    net = DeepConvNet(
        input_dims=tuple(images.shape[1:]), num_filters=[8, 16, 32, 64], max_pools=[0, 1, 2, 3], reg=1e-5,
        weight_scale=weight_scale, dtype=torch.float32, device=images.device,
    )
    data = {"X_train": images, "y_train": labels, "X_val": images[:10], "y_val": labels[:10]}
    solver = Solver(
        net, data, update_rule=adam, optim_config={"learning_rate": learning_rate}, num_epochs=30, batch_size=10,
        print_acc_every=30, verbose=False,
    )
    solver.train(return_best_params=False)
    return net.loss(images).argmax(dim=1)
"""


@task("find_overfit_parameters", points=2, seconds=90)
def check_overfit_parameters_learn_fifty_images(student, data):
    """With your weight_scale and learning_rate, a four-layer network learns 50 images by heart in 30 epochs."""
    found = student.find_overfit_parameters()
    numbers = type(found) in (tuple, list) and [type(value) for value in found]
    pairs = ([float] * 2, [int, float], [float, int], [int] * 2)
    expect(numbers in pairs, "Return two numbers: weight_scale, learning_rate.")
    split = data(num_train=4000, num_test=1000)
    images, labels = split.x_train[:50] - split.x_train.mean(dim=0, keepdim=True), split.y_train[:50]
    predicted = student.define(MEMORISE).memorise(student.DeepConvNet, images, labels, float(found[0]), float(found[1]))
    expect_shape(predicted, (50,))
    right = int((predicted == labels).sum())
    expect(
        right == 50,
        f"After 30 epochs {right} of the 50 training images are classified correctly.",
        hint="Try a weight_scale near Kaiming's sqrt(2 / (9 * channels)), and learning rates between 1e-4 and 1e-2.",
    )


SOLVER = """
import torch

def facts(make, data, dtype, device):
    solver = make(data, dtype, device)
    params = solver.model.params
    return {
        "solver": [cls.__name__ for cls in type(solver).__mro__],
        "model": [cls.__name__ for cls in type(solver.model).__mro__],
        "epochs": solver.num_epochs,
        "images": len(solver.X_train),
        "dtypes": sorted({str(value.dtype) for value in params.values()}),
        "layers": sum(value.ndim == 4 for value in params.values()),
        "scores": list(solver.model.loss(data["X_val"]).shape),
        "trained": len(solver.loss_history),
    }
"""


@task("create_convolutional_solver_instance", points=1)
def check_solver_trains_a_deep_net_within_the_budget(student, rng):
    """The Solver trains a DeepConvNet on the data it was given, and draws at most 20,000 images."""
    x = rng.normal(2000, 3, 32, 32, dtype=torch.float32)
    y = torch.arange(2000, device=rng.device) % 10
    data = {"X_train": x, "y_train": y, "X_val": x[:7], "y_val": y[:7]}
    facts = student.define(SOLVER).facts(student.create_convolutional_solver_instance, data, torch.float32, rng.device)
    expect(type(facts) is dict, "The Solver could not be read.")
    expect("Solver" in facts["solver"], "Return a Solver.", hint="Did you return the model?")
    expect("DeepConvNet" in facts["model"], "The Solver's model is not a DeepConvNet.")
    expect_equal(facts["images"], 2000, name="training images of the Solver")
    expect_equal(facts["dtypes"], ["torch.float32"], name="dtypes of the parameters")
    expect_equal(facts["scores"], [7, 10], name="shape of the scores of 7 images")
    expect(facts["layers"] >= 2, "A deep network has at least two convolutions here.")
    expect_equal(facts["trained"], 0, name="steps before train() was called")
    epochs = facts["epochs"]
    expect(
        type(epochs) is int and 1 <= epochs <= 10,
        f"num_epochs is {epochs} for 2,000 training images; 20,000 images in all are 10 epochs.",
    )
