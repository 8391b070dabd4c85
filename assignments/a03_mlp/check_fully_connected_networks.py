"""Public checks of a03: layers, nets and update rules. Oracles: torch's operators, autograd and optimisers."""

import re
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_equal, expect_shape, forbid, task

READY_MADE = [
    "torch.nn", "torch.autograd", "torch.func", "torch.optim", "Tensor.backward", "torch.dropout",
    "torch.native_dropout", "common.earlier", "common.earlier.*",
]  # fmt: skip
MAKE = """
def make(cls, args, options, params=None):
    try:
        net = cls(*args, **options)
    except NotImplementedError:  # loss should say by itself that it is not written
        net = cls.__new__(cls)
    if params is not None:
        net.params = dict(params)
    return net
"""
GIVEN = re.compile(r"^[^#\n]*(\bimport\b[^#\n]*\bearlier\b|\bcommon\.earlier\b|\bimportlib\b|\brunpy\b)", re.MULTILINE)


def judge_source(student, name: str) -> None:
    """The task is solved by the student's own code: not ready-made, not what common keeps for later assignments."""
    forbid(student, name, calls=READY_MADE)
    found = GIVEN.search(student.source)
    expect(
        found is None,
        f"`{found.group().strip() if found else ''}`: the layers and rules that common keeps for later assignments are "
        "what you write here; importing them is not allowed.",
    )


def gradients(function: Callable[..., Tensor], dout: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    """autograd's, by each input."""
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    return torch.autograd.grad(function(*leaves), leaves, dout)


def linear(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """torch's linear layer on flattened images."""
    return F.linear(x.flatten(1), w.T, b)


@task("Linear.forward", points=2)
def check_linear_forward_agrees_with_torch(student, rng):
    """The linear layer agrees with torch's on images of several axes."""
    judge_source(student, "Linear.forward")
    x, w, b = rng.normal(4, 2, 3, 5), rng.normal(30, 7), rng.normal(7)
    expected = linear(x, w, b)
    out, _ = student.hold(student.Linear.forward, x, w, b)
    expect_close(student.value(out), expected, name="out", mistakes={
        "The bias is missing.": expected - b,
        "The bias was subtracted.": expected - 2 * b,
    })  # fmt: skip


@task("Linear.backward", points=4)
def check_linear_backward_agrees_with_autograd(student, rng):
    """dx, dw and db of the linear layer agree with torch's autograd, and dx has the shape of x."""
    judge_source(student, "Linear.backward")
    x, w, b, dout = rng.normal(4, 2, 3, 5), rng.normal(30, 7), rng.normal(7), rng.normal(4, 7)
    expected = gradients(linear, dout, x, w, b)
    _, cache = student.hold(student.Linear.forward, x, w, b)
    expect_close(student.Linear.backward(dout, cache), expected, name="(dx, dw, db)", mistakes={
        "dx must have the shape of x, not that of its rows.": (expected[0].flatten(1), *expected[1:]),
        "db was averaged over the images; it is their sum.": (*expected[:2], expected[2] / 4),
        "dw and db were averaged over the images; the loss has done that already.": (
            expected[0], expected[1] / 4, expected[2] / 4,
        ),
        "db must have the shape of b: sum over the images only.": (*expected[:2], expected[2][None]),
    })  # fmt: skip


@task("ReLU.forward", points=1)
def check_relu_forward_agrees_with_torch(student, rng):
    """ReLU agrees with torch's."""
    judge_source(student, "ReLU.forward")
    x = rng.normal(3, 4, 5)
    out, _ = student.hold(student.ReLU.forward, x)
    expect_close(student.value(out), F.relu(x), name="out", mistakes={
        "This is the absolute value; negative values become 0.": x.abs(),
        "Positive values became 0; negative ones must.": -F.relu(-x),
    })  # fmt: skip


@task("ReLU.backward", points=2)
def check_relu_backward_agrees_with_autograd(student, rng):
    """The gradient of ReLU agrees with torch's autograd."""
    judge_source(student, "ReLU.backward")
    x, dout = rng.normal(3, 4, 5), rng.normal(3, 4, 5)
    (expected,) = gradients(F.relu, dout, x)
    _, cache = student.hold(student.ReLU.forward, x)
    expect_close(student.ReLU.backward(dout, cache), expected, name="dx", mistakes={
        "The gradient passes where x is positive, not where dout is.": F.relu(dout),
        "The gradient passes everywhere.": dout,
        "This is only the mask; multiply it by dout.": (x > 0).double(),
        "The gradient was multiplied by the output.": dout * F.relu(x),
    })  # fmt: skip


@task("Dropout.forward", points=1)
def check_dropout_changes_nothing_when_predicting(student, rng):
    """Dropout returns x itself in test mode, and in training with p = 0."""
    judge_source(student, "Dropout.forward")
    x = rng.normal(6, 7)
    for mode, p in [("test", 0.4), ("test", 0.0), ("train", 0.0)]:
        out, _ = student.hold(student.Dropout.forward, x, {"mode": mode, "p": p})
        expect_close(student.value(out), x, name=f"out for mode {mode!r}, p = {p}", mistakes={
            "In test mode nothing is scaled: training has paid for it already.": x * (1 - p),
            "p = 0 drops nothing: p is the probability to drop, not to keep.": torch.zeros_like(x),
        })  # fmt: skip


@task("Dropout.forward", points=2)
def check_dropout_drops_a_share_p_and_scales_the_rest(student, rng):
    """In training a share p of the values becomes 0, and the others are divided by 1 - p."""
    judge_source(student, "Dropout.forward")
    x = rng.uniform(300, 200, low=1, high=2)
    for p in (0.25, 0.7):
        out, _ = student.hold(student.Dropout.forward, x, {"mode": "train", "p": p})
        out = student.value(out)
        expect_shape(out, (300, 200), name="out")
        dropped = out == 0
        share = float(dropped.double().mean())
        expect(
            abs(share - p) < 0.015,  # 8 standard deviations
            f"With p = {p}, {share:.3f} of the values became 0.",
            hint="p is the probability to drop a value, not to keep it." if abs(share - 1 + p) < 0.015 else "",
        )
        expect_close(out[~dropped], x[~dropped] / (1 - p), name=f"the values kept, p = {p}", mistakes={
            "What survives must be divided by 1 - p, so that the expected value stays.": x[~dropped],
            "What survives was divided by p; divide by the probability to survive.": x[~dropped] / p,
            "What survives was multiplied by 1 - p; divide.": x[~dropped] * (1 - p),
        })  # fmt: skip


@task("Dropout.backward", points=2)
def check_dropout_backward_uses_the_mask_of_forward(student, rng):
    """The gradient passes where forward kept the value, scaled alike, and is 0 where it dropped it."""
    judge_source(student, "Dropout.backward")
    x, dout = rng.uniform(20, 30, low=1, high=2), rng.normal(20, 30)
    out, cache = student.hold(student.Dropout.forward, x, {"mode": "train", "p": 0.35})
    factor = student.value(out) / x  # 0, or 1 / (1 - p)
    expect_close(student.Dropout.backward(dout, cache), dout * factor, name="dx", mistakes={
        "The gradient must be divided by 1 - p where the value was.": dout * (factor != 0),
        "The gradient passed everywhere: it must be 0 where the value was dropped.": dout,
        "The gradient was multiplied by the output, not by the mask.": lambda: dout * factor * x,
        "The gradient was scaled twice.": lambda: dout * factor**2,
    })  # fmt: skip


def expect_params(params: object, sizes: list[int], dtype: torch.dtype) -> None:
    """W1, b1, ... of these sizes: weights at random, biases 0."""
    expect(type(params) is dict, "self.params is not a dict of tensors.")
    names = [f"{kind}{layer}" for layer in range(1, len(sizes)) for kind in "Wb"]
    expect_equal(sorted(params), sorted(names), name="the names in params")
    for layer, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        expect_shape(params[f"W{layer}"], (inputs, outputs), name=f"W{layer}")
        expect_equal(params[f"b{layer}"], torch.zeros(outputs, dtype=dtype), name=f"b{layer}, which starts at 0")
        found = params[f"W{layer}"].dtype
        expect(found == dtype, f"W{layer} has dtype {found}; asked for {dtype}.")
        expect(bool((params[f"W{layer}"] != 0).any()), f"W{layer} is 0 everywhere; weights start at random.")


@task("TwoLayerNet.__init__", points=1)
def check_two_layer_net_has_its_parameters(student, device):
    """TwoLayerNet keeps W1, b1, W2, b2 with the shapes and the dtype asked for, biases at 0."""
    for sizes, dtype in [([5, 6, 3], torch.float64), ([12, 2, 7], torch.float32)]:
        net = student.TwoLayerNet(*sizes, weight_scale=0.1, reg=0.0, dtype=dtype, device=device)
        expect_params(_to_cpu(net.params), sizes, dtype)


@task("FullyConnectedNet.__init__", points=1)
def check_fully_connected_net_has_its_parameters(student, device):
    """FullyConnectedNet keeps W1, b1, ..., WL, bL with the shapes and the dtype asked for, biases at 0."""
    for hidden, dtype in [([5, 4, 6], torch.float64), ([3], torch.float32), ([2, 7], torch.float64)]:
        net = student.FullyConnectedNet(
            hidden, input_dim=8, num_classes=3, weight_scale=0.1, reg=0.0, dtype=dtype, device=device
        )
        expect_params(_to_cpu(net.params), [8, *hidden, 3], dtype)


def _to_cpu(params: object) -> object:
    return {k: v.cpu() if isinstance(v, Tensor) else v for k, v in params.items()} if type(params) is dict else params


def random_params(rng, sizes: list[int], scale: float = 0.5) -> dict[str, Tensor]:
    """Parameters of a net, biases not 0."""
    params = {}
    for layer in range(1, len(sizes)):
        params[f"W{layer}"] = scale * rng.normal(sizes[layer - 1], sizes[layer])
        params[f"b{layer}"] = scale * rng.normal(sizes[layer])
    return params


def scores_of(params: dict[str, Tensor], X: Tensor) -> Tensor:
    """torch's layers, one after the other."""
    out, depth = X.flatten(1), len(params) // 2
    for layer in range(1, depth + 1):
        out = F.linear(out, params[f"W{layer}"].T, params[f"b{layer}"])
        out = F.relu(out) if layer < depth else out
    return out


def loss_and_gradients(params: dict[str, Tensor], X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, dict[str, Tensor]]:
    """torch's cross-entropy plus reg * sum of squared weights, and autograd's gradients."""
    leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
    penalty = sum(leaf.square().sum() for name, leaf in leaves.items() if name.startswith("W"))
    loss = F.cross_entropy(scores_of(leaves, X), y) + reg * penalty
    loss.backward()
    return loss.detach(), {name: leaf.grad for name, leaf in leaves.items()}


def expect_loss(result: object, params: dict[str, Tensor], X: Tensor, y: Tensor, reg: float) -> None:
    """Loss and gradients are torch's; familiar mistakes with the penalty have hints."""
    (data, plain), (loss, grads) = loss_and_gradients(params, X, y, 0.0), loss_and_gradients(params, X, y, reg)
    expect(type(result) is tuple and len(result) == 2, "With labels the result is a pair: the loss and the gradients.")
    expect_close(result[0], loss, name="loss", mistakes={
        "The penalty is missing: softmax_loss does not know about it.": data,
        "The penalty has a factor 1/2; here it has none.": (data + loss) / 2,
        "The penalty was divided by the number of images.": data + (loss - data) / len(X),
        "Biases are free: the penalty is for weights only.": (
            lambda: loss + reg * sum(v.square().sum() for name, v in params.items() if name.startswith("b"))
        ),
        "Only the weights of the last layer paid.": lambda: data + reg * params[f"W{len(params) // 2}"].square().sum(),
    })  # fmt: skip
    expect_close(result[1], grads, name="grads", mistakes={
        "The penalty has no gradient yet.": plain,
        "The gradient of reg * W * W is 2 * reg * W; the 2 is missing.": (
            lambda: {name: (plain[name] + grads[name]) / 2 for name in grads}
        ),
        "The biases' gradients were averaged: the 1/N is in the gradient of the scores already.": (
            lambda: {name: value / len(X) if name.startswith("b") else value for name, value in grads.items()}
        ),
        "The penalty's gradient went to the biases too.": (
            lambda: {n: g + 2 * reg * params[n] if n.startswith("b") else g for n, g in grads.items()}
        ),
    })  # fmt: skip


@task("TwoLayerNet.loss", points=3)
def check_two_layer_net_agrees_with_torch(student, rng, device):
    """TwoLayerNet's scores, loss and gradients agree with torch and its autograd, penalty included."""
    judge_source(student, "TwoLayerNet.loss")
    params, X, y = random_params(rng, [12, 7, 4]), rng.normal(6, 3, 2, 2), rng.integers(0, 4, 6)
    for reg in (0.0, 0.2):
        options = {"weight_scale": 0.1, "reg": reg, "dtype": torch.float64, "device": device}
        net = student.define(MAKE).make(student.TwoLayerNet, (12, 7, 4), options, params)
        expect_close(net.loss(X), scores_of(params, X), name="scores")
        expect_loss(net.loss(X, y), params, X, y, reg)


@task("FullyConnectedNet.loss", points=2)
def check_deep_scores_agree_with_torch(student, rng, device):
    """The scores of nets with two to five layers agree with torch's."""
    judge_source(student, "FullyConnectedNet.loss")
    for hidden in ([6], [5, 7], [6, 4, 5, 7]):
        params, X = random_params(rng, [8, *hidden, 3]), rng.normal(5, 2, 4)
        net, expected = make_deep(student, device, hidden, params), scores_of(params, X)
        expect_close(net.loss(X), expected, name=f"scores with hidden layers {hidden}", mistakes={
            "The scores went through a ReLU too; only hidden layers do.": F.relu(expected),
        })  # fmt: skip


@task("FullyConnectedNet.loss", points=3)
def check_deep_gradients_agree_with_autograd(student, rng, device):
    """Loss and gradients of nets with two to four layers agree with torch's autograd, penalty included."""
    judge_source(student, "FullyConnectedNet.loss")
    for hidden, reg in [([6], 0.0), ([5, 7], 0.3), ([6, 4, 5], 0.1)]:
        params, X, y = random_params(rng, [8, *hidden, 3]), rng.normal(5, 2, 4), rng.integers(0, 3, 5)
        expect_loss(make_deep(student, device, hidden, params, reg=reg).loss(X, y), params, X, y, reg)


def make_deep(student, device, hidden: list[int], params: dict[str, Tensor], **options):
    """The student's net with these parameters, in the student's process."""
    sizes = {"input_dim": len(params["W1"]), "num_classes": len(params[f"b{len(params) // 2}"])}
    options = {**sizes, "reg": 0.0, "dtype": torch.float64, "device": device, **options}
    return student.define(MAKE).make(student.FullyConnectedNet, (hidden,), options, params)


def centred(data, num_train: int) -> tuple[Tensor, Tensor]:
    """Scenes as the notebook prepares them."""
    split = data(num_train=num_train, num_test=10)
    return (split.x_train - split.x_train.mean(dim=0)) / split.x_train.std(), split.y_train


@task("create_solver_instance", points=1)
def check_solver_has_a_net_that_fits_the_data(student, rng, device):
    """create_solver_instance returns a Solver whose TwoLayerNet fits the images and classes of the data."""
    X, y = rng.normal(30, 2, 3, 5, dtype=torch.float32), torch.arange(30, device=device) % 4
    data = {"X_train": X[:20], "y_train": y[:20], "X_val": X[20:], "y_val": y[20:]}
    solver = student.create_solver_instance(data, dtype=torch.float32, device=device)
    params = solver.model.params
    names = sorted(params) if type(params) is dict else None
    expect_equal(names, ["W1", "W2", "b1", "b2"], name="the names of the model's parameters, sorted")
    expect_shape(params["W1"], (30, None), name="W1")
    expect_shape(params["W2"], (None, None), name="W2")
    expect(params["W2"].shape[1] >= 4, f"The data have 4 classes, the net has {params['W2'].shape[1]}.")
    expect(params["W1"].dtype == torch.float32, f"W1 has dtype {params['W1'].dtype}; asked for float32.")


OVERFIT = """
from common.solver import Solver

def overfit(net, X, y, learning_rate):
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    config = {"learning_rate": learning_rate}
    Solver(net, data, optim_config=config, num_epochs=20, batch_size=25, verbose=False).train()
    return net.loss(X)
"""


def judge_overfitting(student, device, hidden: list[int], settings: object, X: Tensor, y: Tensor) -> None:
    """Plain descent learns the images by heart in 20 epochs."""
    number = (int, float)
    pair = type(settings) in (tuple, list) and len(settings) == 2 and all(type(value) in number for value in settings)
    expect(pair, "The result is not a pair of numbers: weight_scale, learning_rate.")
    options = {"weight_scale": float(settings[0]), "reg": 0.0, "dtype": torch.float32, "device": device}
    net = student.FullyConnectedNet(hidden, X[0].numel(), 10, **options)
    scores = student.define(OVERFIT).overfit(net, X, y, float(settings[1]))
    expect_shape(scores, (len(X), 10), name="scores")
    right = int((scores.argmax(dim=1) == y).sum())
    expect(right == len(X), f"After 20 epochs {right} of {len(X)} training images are classified correctly.")


@task("get_three_layer_network_params", points=1)
def check_three_layers_overfit(student, data, device):
    """With your settings the net with hidden layers [100, 100] learns fifty scenes by heart in 20 epochs."""
    judge_overfitting(student, device, [100] * 2, student.get_three_layer_network_params(), *centred(data, 50))


@task("get_five_layer_network_params", points=1)
def check_five_layers_overfit(student, data, device):
    """With your settings the net with hidden layers [100, 100, 100, 100] learns fifty scenes by heart in 20 epochs."""
    judge_overfitting(student, device, [100] * 4, student.get_five_layer_network_params(), *centred(data, 50))


def walk(student, rule: str, w: Tensor, gradients: list[Tensor], config: dict) -> list[Tensor]:
    """The points that a rule visits, each step with the config that the step before returned."""
    path = []
    for dw in gradients:
        result = getattr(student, rule)(w, dw, config)
        expect(type(result) is tuple and len(result) == 2, f"{rule} returns a pair: next_w and config.")
        w, config = result
        expect_shape(w, tuple(dw.shape), name="next_w")
        expect(type(config) is dict, "The config returned is not a dict.")
        path.append(w)
    return path


def torch_walk(make: Callable[..., torch.optim.Optimizer], w: Tensor, gradients: list[Tensor]) -> list[Tensor]:
    """The points that torch's optimiser visits."""
    parameter = torch.nn.Parameter(w.clone())
    optimizer, path = make([parameter]), []
    for dw in gradients:
        parameter.grad = dw.clone()
        optimizer.step()
        path.append(parameter.detach().clone())
    return path


def judge_rule(student, rng, rule: str, config: dict, make: Callable, mistakes: dict[str, Callable]) -> None:
    """Six steps, each from where the one before ended. Mistakes map a hint to a function from (w, dw) to step 1."""
    judge_source(student, rule)
    w, dws = rng.normal(4, 3), [rng.normal(4, 3) for _ in range(6)]
    hints = {hint: wrong(w, dws[0]) for hint, wrong in mistakes.items()}
    path = walk(student, rule, w, dws, config)
    for step, (point, expected) in enumerate(zip(path, torch_walk(make, w, dws), strict=True), start=1):
        name = f"next_w after step {step}"
        expect_close(point, expected, name=name, atol=1e-9, rtol=1e-7, mistakes=hints if step == 1 else {})


@task("sgd_momentum", points=2)
def check_momentum_walks_as_torch_does(student, rng):
    """Six steps with momentum end where torch.optim.SGD's do."""
    # At a constant learning rate v = momentum*v - lr*dw is torch's buffer times -lr; a hidden check changes the rate.
    def make(parameters):
        return torch.optim.SGD(parameters, lr=0.07, momentum=0.8)

    judge_rule(student, rng, "sgd_momentum", {"learning_rate": 0.07, "momentum": 0.8}, make, {
        "The step went up the gradient; subtract it.": lambda w, dw: w + 0.07 * dw,
        "This is the velocity; return w plus the velocity.": lambda w, dw: -0.07 * dw,
        "The gradient was weighted by 1 - momentum; it enters in full.": lambda w, dw: w - 0.07 * 0.2 * dw,
    })  # fmt: skip


@task("nesterov", points=2)
def check_nesterov_walks_as_torch_does(student, rng):
    """Six steps with Nesterov's momentum end where torch.optim.SGD's with nesterov=True do."""
    def make(parameters):
        return torch.optim.SGD(parameters, lr=0.07, momentum=0.8, nesterov=True)

    judge_rule(student, rng, "nesterov", {"learning_rate": 0.07, "momentum": 0.8}, make, {
        "This is plain momentum: w also moves by the roll ahead.": lambda w, dw: w - 0.07 * dw,
        "The roll ahead has a factor momentum, not 1.": lambda w, dw: w - 2 * 0.07 * dw,
    })  # fmt: skip


@task("adagrad", points=1)
def check_adagrad_walks_as_torch_does(student, rng):
    """Six steps of AdaGrad end where torch.optim.Adagrad's do, with a large epsilon."""
    def make(parameters):
        return torch.optim.Adagrad(parameters, lr=0.1, eps=0.05)

    judge_rule(student, rng, "adagrad", {"learning_rate": 0.1, "epsilon": 0.05}, make, {
        "Epsilon stands outside the root.": lambda w, dw: w - 0.1 * dw / (dw.square() + 0.05).sqrt(),
        "The root of the cache is missing.": lambda w, dw: w - 0.1 * dw / (dw.square() + 0.05),
    })  # fmt: skip


@task("rmsprop", points=2)
def check_rmsprop_walks_as_torch_does(student, rng):
    """Six steps of RMSProp end where torch.optim.RMSprop's do, with a large epsilon."""
    def make(parameters):
        return torch.optim.RMSprop(parameters, lr=0.02, alpha=0.9, eps=0.05)

    config = {"learning_rate": 0.02, "decay_rate": 0.9, "epsilon": 0.05}
    judge_rule(student, rng, "rmsprop", config, make, {
        "Epsilon stands outside the root.": lambda w, dw: w - 0.02 * dw / (0.1 * dw.square() + 0.05).sqrt(),
        "The squared gradient enters the cache with the factor 1 - decay_rate.": (
            lambda w, dw: w - 0.02 * dw / (dw.abs() + 0.05)
        ),
        "decay_rate is what is kept of the old cache.": lambda w, dw: w - 0.02 * dw / (0.9**0.5 * dw.abs() + 0.05),
    })  # fmt: skip


@task("adam", points=2)
def check_adam_walks_as_torch_does(student, rng):
    """Six steps of Adam end where torch.optim.Adam's do, with a large epsilon."""
    def make(parameters):
        return torch.optim.Adam(parameters, lr=0.03, betas=(0.8, 0.95), eps=0.05)

    config = {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.95, "epsilon": 0.05}
    judge_rule(student, rng, "adam", config, make, {
        "m and v start at 0: divide by 1 - beta1**t and 1 - beta2**t.": (
            lambda w, dw: w - 0.03 * 0.2 * dw / (0.05**0.5 * dw.abs() + 0.05)
        ),
        "t is 1 in the first step: increase it before you use it.": (
            lambda w, dw: w - 0.03 * 0.2 * dw / 0.36 / ((0.05 / 0.0975) ** 0.5 * dw.abs() + 0.05)
        ),
        "Epsilon stands outside the root.": lambda w, dw: w - 0.03 * dw / (dw.square() + 0.05).sqrt(),
        "Only m was corrected; v must be too.": lambda w, dw: w - 0.03 * dw / (0.05**0.5 * dw.abs() + 0.05),
    })  # fmt: skip
