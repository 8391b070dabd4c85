"""Hidden checks of the layers and networks by hand: odd sizes, float32, views, one image, many batches, training."""

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
BY_HAND = [*READY_MADE, "common.convs.*"]

Oracle = Callable[..., Tensor]

# Runs a layer where autograd records nothing, twice backwards, and returns all that a check looks at.
ROUND_TRIP = """
import torch

def round_trip(layer, dout, inputs, options, method="backward"):
    with torch.no_grad():
        out, cache = layer.forward(*inputs, *options)
        first = getattr(layer, method)(dout, cache)
        again = getattr(layer, method)(dout, cache)
    return {"out": out, "first": first, "again": again, "dout": dout, "inputs": inputs}
"""


def gradients(oracle: Oracle, dout: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    """Gradients of sum(oracle(*inputs) * dout), by autograd in float64, in the dtype of the inputs."""
    leaves = [x.detach().double().requires_grad_() for x in inputs]
    found = torch.autograd.grad(oracle(*leaves), leaves, dout.double())
    return tuple(value.to(x.dtype) for value, x in zip(found, inputs, strict=True))


def judge_layer(student, rng, layer, oracle, names, inputs, options=(), method="backward", **tolerance):
    """Output and gradients of a layer against an oracle; inputs and gradient unchanged, no autograd, repeatable."""
    forbid(student, f"{layer}.forward", calls=BY_HAND)
    forbid(student, f"{layer}.{method}", calls=BY_HAND)
    expected = oracle(*(x.double() for x in inputs)).to(inputs[0].dtype)
    dout = rng.normal(*expected.shape, dtype=expected.dtype)
    helper = student.define(ROUND_TRIP)
    seen = helper.round_trip(getattr(student, layer), dout, tuple(inputs), tuple(options), method=method)
    right, parts = gradients(oracle, dout, *inputs), names.split()
    expect_close(seen["out"], expected, name="out", **tolerance)
    for key in ("first", "again"):
        grads = (seen[key],) if len(parts) == 1 else seen[key]
        expect(
            type(grads) in (tuple, list) and len(grads) == len(parts), f"{method} should return ({', '.join(parts)})."
        )
        suffix = "" if key == "first" else " when backward is called again"
        for part, value, wanted in zip(parts, grads, right, strict=True):
            expect_close(value, wanted, name=part + suffix, **tolerance)
    expect_equal(seen["dout"], dout, name="dout after the call")
    expect_equal(seen["inputs"], tuple(inputs), name="the inputs after the call")


# Convolution and pooling


def conv(stride: int, pad: int) -> Oracle:
    return lambda x, w, b: F.conv2d(x, w, b, stride=stride, padding=pad)


@task("Conv.forward", points=1)
def check_conv_keeps_float32_and_its_inputs(student, rng):
    """Convolution keeps float32, takes views and batches of one, and leaves its inputs as they were."""
    forbid(student, "Conv.forward", calls=BY_HAND)
    x = rng.normal(3, 9, 6, 1, dtype=torch.float32).permute(3, 0, 2, 1)  # (1, 3, 6, 9), not contiguous
    w, b = rng.normal(3, 5, 3, 2, dtype=torch.float32).permute(1, 0, 3, 2), rng.normal(5, dtype=torch.float32)
    seen = student.inspect(student.Conv.forward, x, w, b, {"stride": 2, "pad": 2})
    expected = conv(2, 2)(x.double(), w.double(), b.double()).float()
    expect(type(seen.value) in (tuple, list) and len(seen.value) == 2, "forward should return (out, cache).")
    expect_close(seen.value[0], expected, name="out", atol=1e-4)
    expect_equal(seen.args[:3], (x, w, b), name="the inputs after the call")


@task("Conv.forward", points=1)
def check_conv_with_windows_of_any_size(student, rng):
    """Convolution is right for 1 x 1 filters, filters as large as the image, and filters that fit only with padding."""
    forbid(student, "Conv.forward", calls=BY_HAND)
    for size, window, stride, pad in [((6, 5), (1, 1), 3, 0), ((4, 7), (4, 7), 1, 0), ((3, 2), (5, 4), 2, 2)]:
        x, w, b = rng.normal(2, 3, *size), rng.normal(4, 3, *window), rng.normal(4)
        out, _ = student.Conv.forward(x, w, b, {"stride": stride, "pad": pad})
        expect_close(out, conv(stride, pad)(x, w, b), name="out")


@task("Conv.backward", points=2)
def check_conv_gradients_for_all_strides_and_pads(student, rng):
    """The gradients of convolution are right for strides 1 to 3 and pads 0 to 2, windows coming out even or not."""
    for stride, pad in [(1, 0), (1, 2), (2, 1), (3, 0), (3, 2)]:
        inputs = rng.normal(2, 2, 8, 11), rng.normal(3, 2, 3, 4), rng.normal(3)
        judge_layer(student, rng, "Conv", conv(stride, pad), "dx dw db", inputs, [{"stride": stride, "pad": pad}])


@task("Conv.backward", points=1)
def check_conv_gradients_in_float32(student, rng):
    """The gradients of convolution keep float32, and are right for one image and one filter."""
    inputs = [rng.normal(*shape, dtype=torch.float32) for shape in [(1, 4, 5, 7), (1, 4, 2, 3), (1,)]]
    judge_layer(student, rng, "Conv", conv(2, 1), "dx dw db", inputs, [{"stride": 2, "pad": 1}], atol=1e-4)


@task("Conv.backward", points=1)
def check_conv_gradients_of_tiny_images(student, rng):
    """The gradients of convolution are right where padding is wider than the image."""
    inputs = rng.normal(3, 2, 1, 2), rng.normal(2, 2, 3, 3), rng.normal(2)
    judge_layer(student, rng, "Conv", conv(1, 2), "dx dw db", inputs, [{"stride": 1, "pad": 2}])
    inputs = rng.normal(3, 2, 4, 6), rng.normal(2, 2, 1, 1), rng.normal(2)
    judge_layer(student, rng, "Conv", conv(3, 0), "dx dw db", inputs, [{"stride": 3, "pad": 0}])


def pool(height: int, width: int, stride: int) -> tuple[Oracle, list[dict[str, int]]]:
    """torch's max pooling, and the option that asks for it."""
    param = {"pool_height": height, "pool_width": width, "stride": stride}
    return lambda x: F.max_pool2d(x, (height, width), stride), [param]


@task("MaxPool.forward", points=1)
def check_max_pooling_when_windows_do_not_divide(student, rng):
    """Max pooling leaves out the rows and columns that fill no window, and leaves its input as it was."""
    forbid(student, "MaxPool.forward", calls=BY_HAND)
    for size, (height, width, stride) in [
        ((7, 9), (2, 3, 2)),
        ((8, 5), (3, 1, 3)),
        ((5, 5), (2, 2, 3)),
        ((4, 6), (4, 6, 1)),
    ]:
        x = rng.normal(2, 3, *size)
        oracle, options = pool(height, width, stride)
        seen = student.inspect(student.MaxPool.forward, x, *options)
        expect(type(seen.value) in (tuple, list) and len(seen.value) == 2, "forward should return (out, cache).")
        expect_close(seen.value[0], oracle(x), name="out")
        expect_equal(seen.args[0], x, name="the input after the call")


@task("MaxPool.forward", points=1)
def check_max_pooling_keeps_float32_and_takes_views(student, rng):
    """Max pooling keeps float32, takes views, and knows values of any sign and size."""
    forbid(student, "MaxPool.forward", calls=BY_HAND)
    x = -1e6 * rng.uniform(5, 8, 3, 1, dtype=torch.float32).permute(3, 2, 0, 1)  # (1, 3, 5, 8), all negative
    oracle, options = pool(2, 3, 1)
    out, _ = student.MaxPool.forward(x, *options)
    expect_close(out, oracle(x), name="out")


@task("MaxPool.backward", points=1)
def check_max_pooling_gradient_where_windows_overlap(student, rng):
    """Where windows overlap, a pixel collects the gradients of all windows whose maximum it is."""
    for size, (height, width, stride) in [((7, 6), (3, 3, 1)), ((8, 9), (3, 2, 2)), ((5, 5), (2, 2, 3))]:
        oracle, options = pool(height, width, stride)
        judge_layer(student, rng, "MaxPool", oracle, "dx", [rng.normal(2, 3, *size)], options)


@task("MaxPool.backward", points=1)
def check_max_pooling_gradient_is_passed_on_once(student, rng):
    """If a window has several maxima, as zeros after a ReLU, its gradient arrives once in all."""
    forbid(student, "MaxPool.backward", calls=BY_HAND)
    x = rng.normal(3, 4, 6, 8).relu() * (rng.uniform(3, 4, 6, 8) > 0.5)  # most windows are zero or nearly so
    dout = rng.normal(3, 4, 3, 4)
    _, cache = student.hold(student.MaxPool.forward, x, pool(2, 2, 2)[1][0])
    dx = student.MaxPool.backward(dout, cache)
    expect_shape(dx, x.shape, name="dx")
    arrived = F.avg_pool2d(dx, 2) * 4  # what each window got in all
    expect_close(arrived, dout, name="the sum of dx over each window")
    elsewhere = dx[x < F.interpolate(F.max_pool2d(x, 2), scale_factor=2)]
    expect_equal(int(elsewhere.count_nonzero()), 0, name="gradients at pixels that are no maximum")


# Normalisation


def batch_norm(eps: float = 1e-5) -> Oracle:
    return lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)


def features(rng, *shape: int, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """x with another mean and deviation in each feature, gamma, beta."""
    view = (-1,) + (1,) * (len(shape) - 2)
    x = rng.normal(*shape) * rng.uniform(shape[1], low=0.5, high=3).view(view) + 4 * rng.normal(shape[1]).view(view)
    return [value.to(dtype) for value in (x, rng.normal(shape[1]) + 2, rng.normal(shape[1]))]


RUNNING = """
def many(layer, batches, gamma, beta, param):
    for x in batches:
        layer.forward(x, gamma, beta, param)
    before = {name: param[name].clone() for name in ("running_mean", "running_var")}
    out, _ = layer.forward(batches[0], gamma, beta, {**param, "mode": "test"})
    return {"running": before, "out": out}
"""


def judge_running(student, layer, batches, gamma, beta, momentum, axes):
    """Statistics after many batches, from zero, and test mode by them."""
    param = {"mode": "train", **({} if momentum is None else {"momentum": momentum})}
    seen = student.define(RUNNING).many(getattr(student, layer), batches, gamma, beta, param)
    m = 0.9 if momentum is None else momentum
    mean, var = torch.zeros_like(gamma), torch.zeros_like(gamma)
    for x in batches:
        mean = m * mean + (1 - m) * x.mean(axes)
        var = m * var + (1 - m) * x.var(axes, unbiased=False)
    expect_close(seen["running"]["running_mean"], mean, name="running_mean")
    expect_close(seen["running"]["running_var"], var, name="running_var")
    expected = F.batch_norm(batches[0], mean, var, gamma, beta, training=False, eps=1e-5)
    expect_close(seen["out"], expected, name="out in test mode")


@task("BatchNorm.forward", points=1)
def check_batch_norm_statistics_after_many_batches(student, rng):
    """Running statistics begin at zero, and are right after 12 batches of different sizes, for any momentum."""
    _, gamma, beta = features(rng, 2, 5)
    batches = [3 * rng.normal(size, 5) + rng.normal(5) for size in (9, 4, 7, 2, 11, 5, 3, 8, 6, 4, 2, 10)]
    for momentum in (None, 0.6):
        judge_running(student, "BatchNorm", batches, gamma, beta, momentum, (0,))


@task("BatchNorm.forward", points=1)
def check_batch_norm_of_one_vector(student, rng):
    """A batch of one gives beta in train mode; in test mode an image's result does not depend on its neighbours."""
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


@task("BatchNorm.forward", points=1)
def check_batch_norm_keeps_float32_and_its_inputs(student, rng):
    """Batch normalisation keeps float32, is exact where the mean is large, and leaves x, gamma and beta alone."""
    forbid(student, "BatchNorm.forward", calls=BY_HAND)
    x, gamma, beta = features(rng, 50, 3, dtype=torch.float32)
    x = x + 300  # E[x^2] - E[x]^2 would lose most digits
    seen = student.inspect(student.BatchNorm.forward, x, gamma, beta, {"mode": "train"})
    expect(type(seen.value) in (tuple, list) and len(seen.value) == 2, "forward should return (out, cache).")
    expected = batch_norm()(x.double(), gamma.double(), beta.double()).float()
    expect_close(seen.value[0], expected, name="out", atol=1e-3)
    expect_equal(seen.args[:3], (x, gamma, beta), name="x, gamma and beta after the call")


@task("BatchNorm.backward", points=1)
def check_batch_norm_gradients_with_any_eps(student, rng):
    """The gradients of batch normalisation are right for a large eps and for a batch of two."""
    for shape, eps in [((8, 3), 0.5), ((2, 7), 1e-3)]:
        param = {"mode": "train", "eps": eps}
        judge_layer(student, rng, "BatchNorm", batch_norm(eps), "dx dgamma dbeta", features(rng, *shape), [param])


@task("BatchNorm.backward", points=1)
def check_batch_norm_gradients_in_float32(student, rng):
    """The gradients of batch normalisation keep float32 and leave their inputs alone."""
    inputs = features(rng, 11, 4, dtype=torch.float32)
    judge_layer(student, rng, "BatchNorm", batch_norm(), "dx dgamma dbeta", inputs, [{"mode": "train"}], atol=1e-3)


@task("BatchNorm.backward_alt", points=1)
def check_batch_norm_closed_form_with_any_eps(student, rng):
    """The closed form is right for a large eps, a batch of two and in float32."""
    for shape, eps in [((8, 3), 0.5), ((2, 7), 1e-3)]:
        param, inputs = {"mode": "train", "eps": eps}, features(rng, *shape)
        judge_layer(
            student, rng, "BatchNorm", batch_norm(eps), "dx dgamma dbeta", inputs, [param], method="backward_alt"
        )
    inputs = features(rng, 9, 4, dtype=torch.float32)
    options = {"method": "backward_alt", "atol": 1e-3}
    judge_layer(student, rng, "BatchNorm", batch_norm(), "dx dgamma dbeta", inputs, [{"mode": "train"}], **options)


@task("SpatialBatchNorm.forward", points=1)
def check_spatial_batch_norm_statistics_after_many_batches(student, rng):
    """Spatial running statistics have shape (C,), are right after many batches, and test mode uses them."""
    _, gamma, beta = features(rng, 2, 5)
    sizes = [(3, 4, 2), (1, 2, 6), (2, 3, 3), (4, 1, 5), (2, 2, 2)]
    batches = [2 * rng.normal(n, 5, h, w) + rng.normal(5, 1, 1) for n, h, w in sizes]
    judge_running(student, "SpatialBatchNorm", batches, gamma, beta, 0.7, (0, 2, 3))


@task("LayerNorm.forward", points=1)
def check_layer_norm_of_one_row(student, rng):
    """Layer normalisation of a row does not depend on the other rows; float32 and views are fine."""
    forbid(student, "LayerNorm.forward", calls=BY_HAND)
    x = (5 * rng.normal(9, 4, dtype=torch.float32) + 50).T  # (4, 9), not contiguous
    gamma, beta = rng.normal(9, dtype=torch.float32), rng.normal(9, dtype=torch.float32)
    expected = F.layer_norm(x.double(), (9,), gamma.double(), beta.double()).float()
    for rows in (x, x[2:3]):
        seen = student.inspect(student.LayerNorm.forward, rows, gamma, beta, {})
        expect(type(seen.value) in (tuple, list) and len(seen.value) == 2, "forward should return (out, cache).")
        expect_close(seen.value[0], expected if len(rows) == 4 else expected[2:3], name="out", atol=1e-3)
        expect_equal(seen.args[:3], (rows, gamma, beta), name="x, gamma and beta after the call")


@task("LayerNorm.backward", points=1)
def check_layer_norm_gradients_on_other_sizes(student, rng):
    """The gradients of layer normalisation are right for one row, for more rows than features, and for a large eps."""
    for rows, width, eps in [(1, 5, 1e-5), (9, 3, 0.3)]:
        inputs = [rng.normal(rows, width) * 2 + 1, rng.normal(width) + 2, rng.normal(width)]
        oracle = lambda x, gamma, beta, eps=eps: F.layer_norm(x, x.shape[1:], gamma, beta, eps=eps)  # noqa: E731
        judge_layer(student, rng, "LayerNorm", oracle, "dx dgamma dbeta", inputs, [{"eps": eps}])


def group_norm(groups: int, eps: float = 1e-5) -> Oracle:
    return lambda x, gamma, beta: F.group_norm(x, groups, gamma, beta, eps=eps)


@task("SpatialGroupNorm.forward", points=1)
def check_group_norm_from_one_group_to_one_channel_each(student, rng):
    """Group normalisation is right for one group, for one channel in each group, for one image and in float32."""
    forbid(student, "SpatialGroupNorm.forward", calls=BY_HAND)
    for shape, groups, eps in [((3, 4, 3, 5), 1, 1e-5), ((2, 6, 2, 4), 6, 0.1), ((1, 8, 5, 3), 2, 1e-5)]:
        x, gamma, beta = features(rng, *shape, dtype=torch.float32)
        seen = student.inspect(student.SpatialGroupNorm.forward, x, gamma, beta, groups, {"eps": eps})
        expect(type(seen.value) in (tuple, list) and len(seen.value) == 2, "forward should return (out, cache).")
        expected = group_norm(groups, eps)(x.double(), gamma.double(), beta.double()).float()
        expect_close(seen.value[0], expected, name="out", atol=1e-3)
        expect_equal(seen.args[:3], (x, gamma, beta), name="x, gamma and beta after the call")


@task("SpatialGroupNorm.backward", points=1)
def check_group_norm_gradients_on_other_groups(student, rng):
    """The gradients of group normalisation are right for one group, several, and one channel in each."""
    for shape, groups in [((3, 4, 3, 5), 1), ((2, 6, 2, 4), 2), ((1, 5, 3, 2), 5)]:
        inputs = features(rng, *shape)
        judge_layer(student, rng, "SpatialGroupNorm", group_norm(groups), "dx dgamma dbeta", inputs, [groups, {}])


# Networks


def objective(net: Callable, params: dict[str, Tensor], x: Tensor, y: Tensor, reg: float) -> tuple[Tensor, dict]:
    """Loss and gradients by autograd. ``net(params, x)`` are scores."""
    leaves = {name: value.detach().clone().requires_grad_() for name, value in params.items()}
    weights = [value for name, value in leaves.items() if name.startswith("W")]
    loss = F.cross_entropy(net(leaves, x), y) + reg * sum(w.square().sum() for w in weights)
    return loss.detach(), dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))


LOSS = """
import torch

def look(model, x, y):
    with torch.no_grad():
        scores = model.loss(x)
        loss, grads = model.loss(x, y)
    return {"scores": scores, "loss": loss, "grads": dict(grads)}
"""


def judge_net(student, rng, model, net, x, y, reg, *, scores=True):
    """Scores, loss and gradients of a student's model against an oracle, where autograd records nothing."""
    params = {
        name: rng.normal(*value.shape) * (value[0].numel() ** -0.5 if value.ndim > 1 else 0.5)
        for name, value in sorted(model.params.items())
    }
    model.params = params
    seen = student.define(LOSS).look(model, x, y)
    if scores:
        expect_close(seen["scores"], net(params, x), name="scores")
    loss, grads = objective(net, params, x, y, reg)
    expect_close(seen["loss"], loss, name="loss")
    expect_equal(sorted(map(str, seen["grads"])), sorted(grads), name="the names of the gradients, sorted")
    for name, value in grads.items():
        expect_close(seen["grads"][name], value, name=f"grads[{name!r}]")


@task("ThreeLayerConvNet.loss", points=2)
def check_three_layer_net_on_other_sizes(student, rng):
    """The three-layer network is right for odd image sizes, even and large filters, and one image."""
    forbid(student, "ThreeLayerConvNet.loss", calls=READY_MADE)

    def net(params: dict[str, Tensor], x: Tensor) -> Tensor:
        hidden = F.conv2d(x, params["W1"], params["b1"], padding=(params["W1"].shape[2] - 1) // 2)
        hidden = (F.max_pool2d(hidden.relu(), 2).flatten(1) @ params["W2"] + params["b2"]).relu()
        return hidden @ params["W3"] + params["b3"]

    for dims, size, images, reg in [((3, 9, 13), 5, 4, 0.0), ((1, 8, 7), 4, 1, 0.7)]:
        model = student.ThreeLayerConvNet(
            input_dims=dims, num_filters=4, filter_size=size, hidden_dim=6, num_classes=7, reg=reg,
            dtype=torch.float64, device=rng.device,
        )  # fmt: skip
        judge_net(student, rng, model, net, rng.normal(images, *dims), rng.integers(0, 7, images), reg)


@task("kaiming_initializer", points=1)
def check_kaiming_draws_centred_float32_numbers(student, rng):
    """Kaiming weights have mean 0, the dtype and device asked for, and differ from call to call."""
    for options, dtype, shape in [
        ({}, torch.float32, (300, 40)),
        ({"K": 3, "dtype": torch.float64}, torch.float64, None),
    ]:
        first, second = (student.kaiming_initializer(300, 40, **options, device=rng.device) for _ in range(2))
        expect_shape(first, shape or (40, 300, 3, 3))
        expect_equal(first.dtype, dtype, name="dtype")
        expect_equal(first.device.type, rng.device.type, name="device")
        mean, error = float(first.double().mean()), float(first.double().std()) / first.numel() ** 0.5
        expect(
            abs(mean) < 6 * error,
            f"The mean of the weights is {mean:.4g}; it should be 0 but for chance ({error:.2g}).",
        )
        expect(not torch.equal(first, second), "Two calls gave the same weights.")


def deep(pools: Sequence[int]) -> Callable[[dict[str, Tensor], Tensor], Tensor]:
    """Scores of the deep network in train mode, with batch normalisation if there is a gamma."""

    def net(params: dict[str, Tensor], x: Tensor) -> Tensor:
        last = sum(name.startswith("W") for name in params)
        for i in range(1, last):
            x = F.conv2d(x, params[f"W{i}"], params[f"b{i}"], padding=1)
            if "gamma1" in params:
                x = F.batch_norm(x, None, None, params[f"gamma{i}"], params[f"beta{i}"], training=True)
            x = x.relu()
            if i - 1 in pools:
                x = F.max_pool2d(x, 2)
        return x.flatten(1) @ params[f"W{last}"] + params[f"b{last}"]

    return net


@task("DeepConvNet", points=2)
def check_deep_net_with_batch_norm_agrees_with_autograd(student, rng):
    """Loss and gradients of a deep network with batch normalisation agree with autograd's; only W is regularised."""
    forbid(student, "DeepConvNet", calls=READY_MADE)
    for dims, filters, pools, reg in [((3, 9, 14), [4, 3, 5], [1], 0.3), ((1, 8, 8), [2, 3, 4, 5], [0, 3], 0.0)]:
        model = student.DeepConvNet(
            input_dims=dims, num_filters=filters, max_pools=pools, batchnorm=True, num_classes=5, weight_scale=0.1,
            reg=reg, dtype=torch.float64, device=rng.device,
        )  # fmt: skip
        judge_net(student, rng, model, deep(pools), rng.normal(6, *dims), rng.integers(0, 5, 6), reg, scores=False)


MODES = """
import torch

def modes(DeepConvNet, options, x, y, batches):
    torch.manual_seed(1)
    net = DeepConvNet(**options, dtype=torch.float64, device=x.device)
    for images, labels in batches:
        net.loss(images, labels)
    return {"scores": net.loss(x), "one": net.loss(x[:1]), "params": dict(net.params)}
"""


@task("DeepConvNet", points=1)
def check_deep_net_predicts_by_running_statistics(student, rng):
    """Without labels, batch normalisation is in test mode: scores come from running statistics, image by image.

    Also: with weight_scale="kaiming" the weights have Kaiming's deviation.
    """
    options = {"input_dims": (3, 8, 6), "num_filters": [16, 12], "max_pools": [0], "batchnorm": True, "num_classes": 4}
    options["weight_scale"] = "kaiming"
    batches = [(2 * rng.normal(9, 3, 8, 6) + 1, rng.integers(0, 4, 9)) for _ in range(4)]
    x, y = rng.normal(5, 3, 8, 6), rng.integers(0, 4, 5)
    seen = student.define(MODES).modes(student.DeepConvNet, options, x, y, batches)
    params = seen["params"]
    for name, fan_in, gain in (("W1", 27, 2), ("W2", 144, 2), ("W3", 12 * 4 * 3, 1)):
        found, right = float(params[name].std()), (gain / fan_in) ** 0.5
        error = 6 / (2 * params[name].numel()) ** 0.5
        expect(abs(found / right - 1) < error, f"{name} has standard deviation {found:.4g}; Kaiming's is {right:.4g}.")

    running = [(torch.zeros(n, dtype=torch.float64, device=rng.device),) * 2 for n in (16, 12)]
    for images, train in [*((images, True) for images, _ in batches), (x, False)]:
        hidden = images
        for i, (mean, var) in enumerate(running, start=1):
            hidden = F.conv2d(hidden, params[f"W{i}"], params[f"b{i}"], padding=1)
            if train:
                here = hidden.mean((0, 2, 3)), hidden.var((0, 2, 3), unbiased=False)
                running[i - 1] = 0.9 * mean + 0.1 * here[0], 0.9 * var + 0.1 * here[1]
                mean, var = here
            hidden = F.batch_norm(hidden, mean, var, params[f"gamma{i}"], params[f"beta{i}"], training=False).relu()
            hidden = F.max_pool2d(hidden, 2) if i == 1 else hidden
    scores = hidden.flatten(1) @ params["W3"] + params["b3"]
    expect_close(seen["scores"], scores, name="scores after four batches of training")
    expect_close(seen["one"], scores[:1], name="scores of one image alone")


TRAIN = """
import torch

def train(make, data, x):
    torch.manual_seed(0)
    solver = make(data, torch.float32, x.device)
    solver.verbose = False
    planned = solver.num_epochs * len(solver.X_train)
    if type(planned) is int and planned <= 20000:
        solver.train()
    labels = torch.cat([solver.model.loss(part).argmax(dim=1) for part in x.split(250)])
    return {"planned": planned, "labels": labels}
"""


@task("create_convolutional_solver_instance", points=3, seconds=600)
def check_deep_net_recognises_scenes(student, data, score):
    """Trained on 4,000 scenes, 20,000 drawn in all, your deep network recognises images it has not seen."""
    split = data(num_train=4000, num_test=1300)
    centre = split.x_train.mean(dim=0, keepdim=True)
    x_test = split.x_test - centre
    table = {
        "X_train": split.x_train - centre, "y_train": split.y_train,
        "X_val": x_test[:300], "y_val": split.y_test[:300],
    }  # fmt: skip
    seen = student.define(TRAIN).train(student.create_convolutional_solver_instance, table, x_test[300:])
    planned = seen["planned"]
    expect(
        type(planned) is int and planned <= 20_000,
        f"num_epochs times the number of training images is {planned}; the budget is 20,000 images.",
    )
    expect_shape(seen["labels"], (1000,))
    score(float((seen["labels"] == split.y_test[300:]).double().mean()))
