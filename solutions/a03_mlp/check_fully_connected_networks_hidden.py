"""Hidden checks of a03: layers, nets and update rules on other inputs; statistics, masks, training on scenes."""

import re
from collections.abc import Callable

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
    net = cls(*args, **options)
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
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    return torch.autograd.grad(function(*leaves), leaves, dout)


def linear(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return F.linear(x.flatten(1), w.T, b)


def linear_cases(rng):
    """Images that are not contiguous, float32, one image, vectors of one number, weights that are views."""
    yield rng.normal(3, 5, 4, 2).permute(3, 2, 0, 1), rng.normal(7, 60).T, rng.normal(7)
    yield (
        rng.normal(6, 9, dtype=torch.float32).T,
        rng.normal(6, 3, dtype=torch.float32),
        rng.normal(3, dtype=torch.float32),
    )
    yield rng.normal(1, 2, 3), rng.normal(6, 5), rng.normal(5)
    yield rng.normal(4, 1), rng.normal(1, 2), rng.normal(4)[::2]


@task("Linear.forward", points=2)
def check_linear_forward_takes_views(student, rng):
    """The linear layer takes images that are not contiguous, float32 and one image, and leaves its inputs unchanged."""
    judge_source(student, "Linear.forward")
    layer = student.define("def out(layer, x, w, b):\n    return layer.forward(x, w, b)[0]\n")
    for x, w, b in linear_cases(rng):
        seen = student.inspect(layer.out, student.Linear, x, w, b)
        expect_close(seen.value, linear(x, w, b), name="out")
        expect_equal(seen.args[1:], (x, w, b), name="the inputs after the call")


@task("Linear.backward", points=2)
def check_linear_backward_takes_views(student, rng):
    """The linear layer's gradients are right for views, float32 and one image, and dout may be a view too."""
    judge_source(student, "Linear.backward")
    for x, w, b in linear_cases(rng):
        dout = rng.normal(len(b), len(x), dtype=x.dtype).T
        _, cache = student.hold(student.Linear.forward, x, w, b)
        expect_close(student.Linear.backward(dout, cache), gradients(linear, dout, x, w, b), name="(dx, dw, db)")


@task("Linear.backward", points=1)
def check_linear_backward_leaves_dout(student, rng):
    """The linear layer's backward leaves dout unchanged and gives the same answer twice."""
    judge_source(student, "Linear.backward")
    x, w, b, dout = rng.normal(5, 2, 3), rng.normal(6, 4), rng.normal(4), rng.normal(5, 4)
    _, cache = student.hold(student.Linear.forward, x, w, b)
    for _ in range(2):
        seen = student.inspect(student.Linear.backward, dout, cache)
        expect_close(seen.value, gradients(linear, dout, x, w, b), name="(dx, dw, db)")
        expect_equal(seen.args[0], dout, name="dout after the call")


@task("ReLU.forward", points=1)
def check_relu_forward_leaves_its_input(student, rng):
    """ReLU takes any shape, dtype and stride, keeps large values, and leaves x unchanged."""
    judge_source(student, "ReLU.forward")
    layer = student.define("def out(layer, x):\n    return layer.forward(x)[0]\n")
    for x in (rng.normal(4, 3).T, rng.normal(5, dtype=torch.float32), 1e6 * rng.normal(2, 1, 3, 2), rng.normal(1)):
        seen = student.inspect(layer.out, student.ReLU, x)
        expect_close(seen.value, F.relu(x), name="out")
        expect_equal(seen.args[1], x, name="x after the call")


@task("ReLU.backward", points=1)
def check_relu_backward_leaves_dout(student, rng):
    """ReLU's backward leaves dout unchanged, for any shape, dtype and stride, and for very small x too."""
    judge_source(student, "ReLU.backward")
    for x in (rng.normal(4, 3).T, rng.normal(7, dtype=torch.float32), 1e-9 * rng.normal(2, 3, 2), rng.normal(1, 1)):
        dout = rng.normal(*x.shape[::-1], dtype=x.dtype).permute(*reversed(range(x.ndim)))
        _, cache = student.hold(student.ReLU.forward, x)
        for _ in range(2):
            seen = student.inspect(student.ReLU.backward, dout, cache)
            expect_close(seen.value, gradients(F.relu, dout, x)[0], name="dx")
            expect_equal(seen.args[0], dout, name="dout after the call")


def masks(student, x: Tensor, param: dict, count: int) -> Tensor:
    """What forward multiplied x by, in several calls. (count, *x.shape)"""
    found = []
    for _ in range(count):
        out, _ = student.hold(student.Dropout.forward, x, param)
        out = student.value(out)
        expect_shape(out, tuple(x.shape), name="out")
        expect(out.dtype == x.dtype, f"out has dtype {out.dtype}; x has {x.dtype}.")
        found.append(out / x)
    return torch.stack(found)


@task("Dropout.forward", points=1)
def check_dropout_draws_each_value_anew(student, rng):
    """Every value has a draw of its own, anew in each call; a seed repeats the mask; the mean stays what it was."""
    judge_source(student, "Dropout.forward")
    x = rng.uniform(50, 40, low=1, high=2, dtype=torch.float32)
    p = 0.4
    drawn = masks(student, x, {"mode": "train", "p": p}, 20)  # 40,000 draws
    dropped = (drawn == 0).double()
    for axis, what in [((1, 2), "calls"), ((0, 2), "images"), ((0, 1), "places in an image")]:
        shares = dropped.mean(dim=axis)
        draws = dropped.numel() / len(shares)
        limit = 7 * (p * (1 - p) / draws) ** 0.5
        worst = float((shares - p).abs().max())
        expect(
            worst < limit,
            f"Some {what} lost a share of values that is {worst:.3f} away from p = {p}; that is no chance.",
        )
    expect(not torch.equal(drawn[0], drawn[1]), "Two calls without a seed dropped the very same values.")
    expect(abs(float(drawn.mean()) - 1) < 0.03, f"The mean of the mask is {float(drawn.mean()):.3f}; it should be 1.")
    seeded = masks(student, x, {"mode": "train", "p": p, "seed": 11}, 2)
    expect_equal(seeded[1], seeded[0], name="the second mask with the same seed")
    other = masks(student, x, {"mode": "train", "p": p, "seed": 12}, 1)
    expect(not torch.equal(other[0], seeded[0]), "Two seeds gave the same mask.")


@task("Dropout.forward", points=1)
def check_dropout_leaves_its_input(student, rng):
    """Dropout leaves x and dropout_param unchanged, for views and for p close to 1, and p = 0 drops nothing at all."""
    judge_source(student, "Dropout.forward")
    layer = student.define("def out(layer, x, param):\n    return layer.forward(x, param)[0]\n")
    for mode, p in [("train", 0.5), ("train", 0.95), ("test", 0.95), ("train", 0.0)]:
        x, param = rng.uniform(40, 3, 50, low=1, high=2).permute(2, 0, 1), {"mode": mode, "p": p}
        seen = student.inspect(layer.out, student.Dropout, x, param)
        expect_equal(seen.args[1:], (x, param), name="x and dropout_param after the call")
        expect_shape(seen.value, (50, 40, 3), name="out")
        ratio = seen.value / x
        if mode == "test" or p == 0:
            expect_close(ratio, torch.ones_like(ratio), name="out / x")
        else:
            kept = ratio[ratio != 0]
            expect_close(kept, torch.full_like(kept, 1 / (1 - p)), name="out / x where it was kept")


@task("Dropout.backward", points=1)
def check_dropout_backward_when_nothing_is_dropped(student, rng):
    """In test mode the gradient passes unchanged; in training with p = 0 too; dout is left as it was."""
    judge_source(student, "Dropout.backward")
    for mode, p in [("test", 0.7), ("train", 0.0), ("train", 0.5)]:
        x, dout = rng.uniform(3, 4, 5, low=1, high=2), rng.normal(5, 4, 3).permute(2, 1, 0)
        out, cache = student.hold(student.Dropout.forward, x, {"mode": mode, "p": p})
        factor = student.value(out) / x
        for _ in range(2):
            seen = student.inspect(student.Dropout.backward, dout, cache)
            expect_close(seen.value, dout * factor, name=f"dx for mode {mode!r}, p = {p}")
            expect_equal(seen.args[0], dout, name="dout after the call")


def expect_normal(weights: dict[str, Tensor], scale: float) -> None:
    """Mean 0, the standard deviation asked for, and a normal's tails; no two layers alike."""
    for name, values in weights.items():
        values, count = values.double(), values.numel()
        mean, spread = float(values.mean()), float(values.std())
        expect(abs(mean) < 7 * scale / count**0.5, f"{name} has mean {mean:.2g}; it should be 0.")
        hint = (
            "weight_scale is the standard deviation, not the variance."
            if abs(spread - scale**0.5) < 0.1 * spread
            else ""
        )
        expect(
            abs(spread / scale - 1) < 5 / count**0.5,
            f"{name} has standard deviation {spread:.4g}; weight_scale is {scale}.",
            hint,
        )
        tails = float(((values - mean) / spread).pow(4).mean())
        expect(
            abs(tails - 3) < 35 / count**0.5, f"{name} is not normal: its fourth moment is {tails:.2f}, a normal's 3."
        )


@task("TwoLayerNet.__init__", points=1)
def check_two_layer_net_starts_normal(student, device):
    """TwoLayerNet's weights are normal with standard deviation weight_scale, and differ from net to net."""
    nets = [
        student.TwoLayerNet(150, 200, 60, weight_scale=0.03, reg=0.0, dtype=torch.float32, device=device)
        for _ in range(2)
    ]
    params = [net.params for net in nets]
    expect_normal({name: params[0][name] for name in ("W1", "W2")}, 0.03)
    expect(not torch.equal(params[0]["W1"], params[1]["W1"]), "Two nets started with the same weights.")


@task("FullyConnectedNet.__init__", points=1)
def check_fully_connected_net_starts_normal(student, device):
    """FullyConnectedNet's weights are normal with standard deviation weight_scale in every layer."""
    for hidden in ([120], [100, 100, 100]):
        net = student.FullyConnectedNet(
            hidden, input_dim=100, num_classes=100, weight_scale=0.2, reg=0.0, dtype=torch.float64, device=device
        )
        params = net.params
        names = [f"W{layer}" for layer in range(1, len(hidden) + 2)]
        expect(
            type(params) is dict and sorted(params) == sorted(names + [f"b{n[1:]}" for n in names]),
            "params lacks a layer.",
        )
        expect_normal({name: params[name] for name in names}, 0.2)
        if len(hidden) == 3:
            expect(not torch.equal(params["W2"], params["W3"]), "W2 and W3 started alike.")


def random_params(rng, sizes: list[int], scale: float = 0.5) -> dict[str, Tensor]:
    params = {}
    for layer in range(1, len(sizes)):
        params[f"W{layer}"] = scale * rng.normal(sizes[layer - 1], sizes[layer])
        params[f"b{layer}"] = scale * rng.normal(sizes[layer])
    return params


def scores_of(params: dict[str, Tensor], X: Tensor) -> Tensor:
    out, depth = X.flatten(1), len(params) // 2
    for layer in range(1, depth + 1):
        out = F.linear(out, params[f"W{layer}"].T, params[f"b{layer}"])
        out = F.relu(out) if layer < depth else out
    return out


def loss_and_gradients(params: dict[str, Tensor], X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, dict[str, Tensor]]:
    leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
    penalty = sum(leaf.square().sum() for name, leaf in leaves.items() if name.startswith("W"))
    loss = F.cross_entropy(scores_of(leaves, X), y) + reg * penalty
    loss.backward()
    return loss.detach(), {name: leaf.grad for name, leaf in leaves.items()}


@task("TwoLayerNet.loss", points=2)
def check_two_layer_net_on_other_inputs(student, rng, device):
    """TwoLayerNet is right for one image, for views, for scores of thousands and whatever the number of images."""
    judge_source(student, "TwoLayerNet.loss")
    for sizes, count, scale, reg in [((6, 9, 3), 1, 0.5, 0.1), ((12, 2, 5), 8, 0.5, 0.7), ((6, 7, 4), 5, 40.0, 0.0)]:
        params, y = random_params(rng, list(sizes), scale), rng.integers(0, sizes[-1], count)
        X = rng.normal(sizes[0] // 3, 3, count).permute(2, 0, 1)
        options = {"weight_scale": 0.1, "reg": reg, "dtype": torch.float64, "device": device}
        net = student.define(MAKE).make(student.TwoLayerNet, sizes, options, params)
        expect_close(net.loss(X, y), loss_and_gradients(params, X, y, reg), rtol=1e-5)


@task("TwoLayerNet.loss", points=1)
def check_two_layer_net_leaves_its_parameters(student, rng, device):
    """A call of TwoLayerNet's loss changes neither the images nor the parameters, and a second call gives the same."""
    params, X, y = random_params(rng, [4, 6, 3]), rng.normal(5, 4), rng.integers(0, 3, 5)
    options = {"weight_scale": 0.1, "reg": 0.4, "dtype": torch.float64, "device": device}
    net = student.define(MAKE).make(student.TwoLayerNet, (4, 6, 3), options, params)
    for _ in range(2):
        seen = student.inspect(net.loss, X, y)
        expect_close(seen.value, loss_and_gradients(params, X, y, 0.4))
        expect_equal(seen.args, (X, y), name="images and labels after the call")
        expect_equal(net.params, params, name="params after the call")


def make_deep(student, device, hidden: list[int], params: dict[str, Tensor], **options):
    sizes = {"input_dim": len(params["W1"]), "num_classes": len(params[f"b{len(params) // 2}"])}
    options = {**sizes, "reg": 0.0, "dtype": torch.float64, "device": device, **options}
    return student.define(MAKE).make(student.FullyConnectedNet, (hidden,), options, params)


@task("FullyConnectedNet.loss", points=1)
def check_deep_net_on_other_inputs(student, rng, device):
    """Nets of two to seven layers are right for one image, for float32 images in a float64 net, and for views."""
    judge_source(student, "FullyConnectedNet.loss")
    for hidden, count, reg in [([5], 1, 0.2), ([4, 6, 5, 7, 4, 6], 4, 0.05), ([9, 2], 6, 0.0)]:
        params, y = random_params(rng, [6, *hidden, 4]), rng.integers(0, 4, count)
        X = rng.normal(3, 2, count, dtype=torch.float32).permute(2, 0, 1)
        net = make_deep(student, device, hidden, params, reg=reg)
        seen = student.inspect(net.loss, X, y)
        expect_close(seen.value, loss_and_gradients(params, X.double(), y, reg))
        expect_equal(seen.args, (X, y), name="images and labels after the call")
        expect_equal(net.params, params, name="params after the call")


@task("FullyConnectedNet.loss", points=1)
def check_dropout_works_in_training_only(student, rng, device):
    """With dropout, scores are those without it, and in training each hidden layer loses its share p of units."""
    width, p = 600, 0.2
    params = {
        "W1": rng.normal(5, width), "b1": torch.full((width,), 50.0, dtype=torch.float64, device=device),  # never 0
        "W2": rng.uniform(width, width, low=0.001, high=0.002), "b2": torch.ones(width, device=device).double(),
        "W3": rng.normal(width, 3) / width, "b3": rng.normal(3),
    }  # fmt: skip
    X, y = rng.normal(1, 5), rng.integers(0, 3, 1)
    net = make_deep(student, device, [width, width], params, dropout=p)
    first = net.loss(X, y)
    expect_close(net.loss(X), scores_of(params, X), name="scores, which drop nothing")
    second = net.loss(X, y)
    for _, grads in (first, second):
        for name in ("W2", "W3"):  # a dropped unit passes nothing on: its row of the next weights has no gradient
            share = float((grads[name] == 0).all(dim=1).double().mean())
            expect(
                abs(share - p) < 0.1,  # 6 standard deviations
                f"With dropout = {p}, {share:.2f} of the units before {name} were dropped in training.",
                hint="Dropout comes after the ReLU of every hidden layer, and drops with probability p.",
            )
    expect(float(first[0]) != float(second[0]), "Two training calls dropped the very same units.")
    seeded = make_deep(student, device, [width, width], params, dropout=p, seed=5)
    expect_equal(seeded.loss(X, y)[0], seeded.loss(X, y)[0], name="the loss of a second call with a seed")


NUDGE = """
import torch

def losses(net, name, direction, step, X, y):
    kept, found = net.params[name], []
    for sign in (1, -1):
        net.params[name] = kept + sign * step * direction
        found.append(float(net.loss(X, y)[0]))
    net.params[name] = kept
    return found
"""


@task("FullyConnectedNet.loss", points=1)
def check_dropout_gradients_follow_the_masks(student, rng, device):
    """With dropout and a seed, the gradients agree with finite differences of the loss under the same masks."""
    judge_source(student, "FullyConnectedNet.loss")
    params, X, y = random_params(rng, [6, 20, 15, 4]), rng.normal(7, 6), rng.integers(0, 4, 7)
    net = make_deep(student, device, [20, 15], params, dropout=0.4, reg=0.1, seed=3)
    nudge = student.define(NUDGE)
    loss, grads = net.loss(X, y)
    plain, _ = loss_and_gradients(params, X, y, 0.1)
    expect(abs(float(loss) - float(plain)) > 1e-3, "With dropout the training loss is the same as without it.")
    expect(type(grads) is dict and sorted(grads) == sorted(params), "grads does not have the keys of params.")
    step = 1e-6
    for name, value in params.items():
        expect_shape(grads[name], tuple(value.shape), name=name)
        direction = rng.normal(*value.shape)
        up, down = nudge.losses(net, name, direction, step, X, y)
        slope = (up - down) / (2 * step)
        expect_close(
            float((grads[name] * direction).sum()), slope, atol=1e-5, rtol=1e-4, name=f"the slope along {name}"
        )


@task("FullyConnectedNet.loss", points=1, seconds=120)
def check_dropout_narrows_the_gap_on_scenes(student, data, score, device):
    """Trained on 1,000 scenes, dropout brings training accuracy and accuracy on new scenes closer together."""
    split = data(num_train=1000, num_test=1000)
    mean, scale = split.x_train.mean(dim=0), split.x_train.std()
    x_train, x_test = (x_train_or_test.sub(mean) / scale for x_train_or_test in (split.x_train, split.x_test))
    trainer = student.define(TRAIN)
    gaps = []
    for p in (0.0, 0.5):
        options = {"dropout": p, "reg": 0.0, "weight_scale": 0.05, "dtype": torch.float32, "device": device}
        net = student.FullyConnectedNet([100, 100], x_train[0].numel(), 10, **options)
        scores = trainer.train(net, x_train, split.y_train, 20), net.loss(x_test)
        for part in scores:
            expect_shape(part, (1000, 10), name="scores")
        right = [
            (s.argmax(dim=1) == y).double().mean() for s, y in zip(scores, (split.y_train, split.y_test), strict=True)
        ]
        expect(float(right[0]) > 0.3, f"With dropout = {p} even the training accuracy is only {float(right[0]):.2f}.")
        gaps.append(float(right[0] - right[1]))
    score(gaps[0] - gaps[1], "narrowing of the gap")


TRAIN = """
from common.solver import Solver

def train(net, X, y, num_epochs):
    data = {"X_train": X, "y_train": y, "X_val": X[:50], "y_val": y[:50]}
    solver = Solver(net, data, optim_config={"learning_rate": 0.2}, num_epochs=num_epochs, batch_size=100,
                    num_train_samples=50, verbose=False)
    solver.train(return_best_params=False)
    return net.loss(X)
"""


@task("create_solver_instance", points=3, seconds=90)
def check_solver_learns_scenes(student, data, score, device):
    """Ten epochs of your solver on 2,000 scenes give a net that recognises scenes it has not seen."""
    split = data(num_train=2200, num_test=1000)
    mean, scale = split.x_train.mean(dim=0), split.x_train.std()
    x_train, x_test = ((x - mean) / scale for x in (split.x_train, split.x_test))
    parts = {
        "X_train": x_train[:2000],
        "y_train": split.y_train[:2000],
        "X_val": x_train[2000:],
        "y_val": split.y_train[2000:],
    }
    solver = student.create_solver_instance(parts, dtype=torch.float32, device=device)
    solver.num_epochs, solver.num_train_samples, solver.verbose = 10, 100, False
    solver.train()
    scores = solver.model.loss(x_test)

    expect_shape(scores, (1000, None), name="scores")
    score(float((scores.argmax(dim=1) == split.y_test).double().mean()))


OVERFIT = """
from common.solver import Solver

def overfit(net, X, y, learning_rate):
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    config = {"learning_rate": learning_rate}
    Solver(net, data, optim_config=config, num_epochs=20, batch_size=25, verbose=False).train()
    return net.loss(X)
"""


def judge_overfitting(student, data, device, hidden: list[int], settings: object) -> None:
    """Two other sets of fifty scenes, learnt by heart."""
    number = (int, float)
    pair = type(settings) in (tuple, list) and len(settings) == 2 and all(type(value) in number for value in settings)
    expect(pair, "The result is not a pair of numbers: weight_scale, learning_rate.")
    split = data(num_train=150, num_test=10)
    for first in (50, 100):
        X, y = split.x_train[first : first + 50], split.y_train[first : first + 50]
        X = (X - X.mean(dim=0)) / X.std()
        options = {"weight_scale": float(settings[0]), "reg": 0.0, "dtype": torch.float32, "device": device}
        net = student.FullyConnectedNet(hidden, X[0].numel(), 10, **options)
        scores = student.define(OVERFIT).overfit(net, X, y, float(settings[1]))
        expect_shape(scores, (50, 10), name="scores")
        right = int((scores.argmax(dim=1) == y).sum())
        expect(right == 50, f"After 20 epochs {right} of 50 training images are classified correctly.")


@task("get_three_layer_network_params", points=1)
def check_three_layers_overfit_other_images(student, data, device):
    """The settings for three layers work for other scenes and other random weights too."""
    judge_overfitting(student, data, device, [100] * 2, student.get_three_layer_network_params())


@task("get_five_layer_network_params", points=2)
def check_five_layers_overfit_other_images(student, data, device):
    """The settings for five layers work for other scenes and other random weights too."""
    judge_overfitting(student, data, device, [100] * 4, student.get_five_layer_network_params())


# Plain formulas, as generators of steps: next_w = rule.send((dw, learning rate)). torch.optim's momentum keeps a sum of
# gradients without the learning rate, so it moves differently once the rate changes; ours has the rate in the velocity.
# AdaGrad, RMSProp and Adam agree with torch.optim (epsilon outside the root there too); here their averages are written
# as sums over all gradients so far.


def momentum_steps(w, momentum, look_ahead):
    velocity = torch.zeros_like(w)
    dw, rate = yield w
    while True:
        before, velocity = velocity, momentum * velocity - rate * dw
        w = w + velocity + (momentum * (velocity - before) if look_ahead else 0)
        dw, rate = yield w


def adagrad_steps(w, epsilon):
    squares = []
    dw, rate = yield w
    while True:
        squares.append(dw**2)
        w = w - rate * dw / (sum(squares) ** 0.5 + epsilon)
        dw, rate = yield w


def rmsprop_steps(w, decay, epsilon):
    squares = []
    dw, rate = yield w
    while True:
        squares.append(dw**2)
        mean = sum((1 - decay) * decay**age * square for age, square in enumerate(reversed(squares)))
        w = w - rate * dw / (mean**0.5 + epsilon)
        dw, rate = yield w


def adam_steps(w, beta1, beta2, epsilon):
    past = []
    dw, rate = yield w
    while True:
        past.append(dw)
        m = sum(beta1**age * g for age, g in enumerate(reversed(past))) / sum(beta1**age for age in range(len(past)))
        v = sum(beta2**age * g**2 for age, g in enumerate(reversed(past))) / sum(beta2**age for age in range(len(past)))
        w = w - rate * m / (v**0.5 + epsilon)
        dw, rate = yield w


def judge_rule(student, rng, name: str, make: Callable[[Tensor], object], config: dict | None, rate: float) -> None:
    """Seven steps while the learning rate falls, for a vector, a view and float32; w and dw stay as they were."""
    judge_source(student, name)
    for w in (rng.normal(5), rng.normal(4, 3).T, rng.normal(2, 3, dtype=torch.float32)):
        steps, state, now = make(w), config, rate
        next(steps)
        for step in range(1, 8):
            dw = rng.normal(*w.shape[::-1], dtype=w.dtype).permute(*reversed(range(w.ndim)))
            seen = student.inspect(getattr(student, name), w, dw, state)
            expect(type(seen.value) is tuple and len(seen.value) == 2, f"{name} returns a pair: next_w and config.")
            expect_equal(seen.args[:2], (w, dw), name="w and dw after the call")
            w, state = seen.value
            expect_close(w, steps.send((dw, now)), name=f"next_w after step {step}")
            expect(type(state) is dict and "learning_rate" in state, "The config returned lacks learning_rate.")
            now *= 0.7
            state = {**state, "learning_rate": now}


@task("sgd_momentum", points=1)
def check_momentum_when_the_rate_falls(student, rng):
    """Momentum is right with its defaults and while the learning rate falls; w and dw are left as they were."""
    judge_rule(student, rng, "sgd_momentum", lambda w: momentum_steps(w, 0.9, False), None, 1e-2)
    judge_rule(
        student,
        rng,
        "sgd_momentum",
        lambda w: momentum_steps(w, 0.6, False),
        {"learning_rate": 0.3, "momentum": 0.6},
        0.3,
    )


@task("nesterov", points=1)
def check_nesterov_when_the_rate_falls(student, rng):
    """Nesterov's momentum is right with its defaults and while the learning rate falls; w and dw are left alone."""
    judge_rule(student, rng, "nesterov", lambda w: momentum_steps(w, 0.9, True), None, 1e-2)
    judge_rule(
        student, rng, "nesterov", lambda w: momentum_steps(w, 0.6, True), {"learning_rate": 0.3, "momentum": 0.6}, 0.3
    )


@task("adagrad", points=1)
def check_adagrad_when_the_rate_falls(student, rng):
    """AdaGrad is right with its defaults and while the learning rate falls; w and dw are left as they were."""
    judge_rule(student, rng, "adagrad", lambda w: adagrad_steps(w, 1e-8), None, 1e-2)
    judge_rule(student, rng, "adagrad", lambda w: adagrad_steps(w, 0.5), {"learning_rate": 0.3, "epsilon": 0.5}, 0.3)


@task("rmsprop", points=1)
def check_rmsprop_when_the_rate_falls(student, rng):
    """RMSProp is right with its defaults and while the learning rate falls; w and dw are left as they were."""
    judge_rule(student, rng, "rmsprop", lambda w: rmsprop_steps(w, 0.99, 1e-8), None, 1e-2)
    config = {"learning_rate": 0.3, "decay_rate": 0.5, "epsilon": 0.5}
    judge_rule(student, rng, "rmsprop", lambda w: rmsprop_steps(w, 0.5, 0.5), config, 0.3)


@task("adam", points=2)
def check_adam_when_the_rate_falls(student, rng):
    """Adam is right with its defaults and while the learning rate falls; w and dw are left as they were."""
    judge_rule(student, rng, "adam", lambda w: adam_steps(w, 0.9, 0.999, 1e-8), None, 1e-3)
    config = {"learning_rate": 0.3, "beta1": 0.5, "beta2": 0.7, "epsilon": 0.5}
    judge_rule(student, rng, "adam", lambda w: adam_steps(w, 0.5, 0.7, 0.5), config, 0.3)


@task("adam", points=1)
def check_adam_goes_on_from_a_given_state(student, rng):
    """Given m, v and t, Adam's next step uses t + 1, and the config returned has the new m, v and t."""
    judge_source(student, "adam")
    w, dw, m, v = rng.normal(4, 5), rng.normal(4, 5), rng.normal(4, 5), rng.uniform(4, 5, low=0.1, high=2)
    config = {"learning_rate": 1e-2, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-3, "m": m, "v": v, "t": 5}
    next_w, state = student.adam(w, dw, config)
    next_m, next_v = 0.9 * m + 0.1 * dw, 0.99 * v + 0.01 * dw**2
    expected = w - 1e-2 * (next_m / (1 - 0.9**6)) / ((next_v / (1 - 0.99**6)).sqrt() + 1e-3)
    expect_close(next_w, expected, name="next_w", mistakes={
        "t was used before it was increased.": (
            lambda: w - 1e-2 * (next_m / (1 - 0.9**5)) / ((next_v / (1 - 0.99**5)).sqrt() + 1e-3)
        ),
    })  # fmt: skip
    expect(type(state) is dict, "The config returned is not a dict.")
    expect_close({name: state.get(name) for name in "mvt"}, {"m": next_m, "v": next_v, "t": 6}, name="config")
