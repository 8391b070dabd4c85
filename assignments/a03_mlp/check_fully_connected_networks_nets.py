"""Public checks of a03, nets: parameters, scores, losses and gradients, and training with your settings."""

from collections.abc import Callable
from itertools import pairwise

import torch
from oracles import LOANS_OF_LAYERS, MAKE, forward, judge_source, loss_and_gradients, make_deep, random_params
from oracles_training import judge_overfitting
from torch import Tensor
from torch.nn import functional as F

from autograder import (
    Message,
    expect,
    expect_close,
    expect_device,
    expect_equal,
    expect_shape,
    explain_errors,
    is_sequence,
    task,
)

WEIGHT_SCALE = 0.1  # of the nets whose first weights are looked at


def expect_params(params: object, sizes: list[int], dtype: torch.dtype) -> None:
    """Expect W1, b1, ... of these sizes, with random weights, none of them far from 0, and biases of 0."""
    expect(type(params) is dict, "self.params is not a dict of tensors.")
    names = [f"{kind}{layer}" for layer in range(1, len(sizes)) for kind in "Wb"]
    numbered = Message(
        "Layers are numbered from 1 to {last}: W{last} and b{last} give the scores.", last=len(sizes) - 1
    )
    expect(
        set(params) == set(names),
        Message("The names in params are {names}.", names=", ".join(map(str, list(params)[:12]))),
        numbered,
    )
    for layer, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        W, b = params[f"W{layer}"], params[f"b{layer}"]
        turned = type(W) is Tensor and tuple(W.shape) == (outputs, inputs) != (inputs, outputs)
        sizes_hint = "W has a row for each input and a column for each output: (inputs, outputs)."
        expect(
            not turned,
            Message(
                "W{layer} has the shape ({outputs}, {inputs}), not ({inputs}, {outputs}).",
                layer=layer,
                outputs=outputs,
                inputs=inputs,
            ),
            sizes_hint,
        )
        expect_shape(W, (inputs, outputs), name=f"W{layer}")
        hint = "Hand dtype and device on: torch.randn(..., dtype=dtype, device=device)."
        expect(
            W.dtype == dtype,
            Message("W{layer} has dtype {dtype}; it should be {expected}.", layer=layer, dtype=W.dtype, expected=dtype),
            hint,
        )
        expect_shape(b, (outputs,), name=f"b{layer}")
        random = "Only weights start at random; biases start at 0: torch.zeros(...)."
        expect(not bool((b != 0).any()), Message("b{layer} does not start at 0.", layer=layer), random)
        expect_equal(b, torch.zeros(outputs, dtype=dtype), name=Message("b{layer}, which starts at 0", layer=layer))
        expect(
            bool((params[f"W{layer}"] != 0).any()),
            Message("W{layer} is 0 everywhere; weights should start at random.", layer=layer),
        )
        expect(
            float(W.abs().max()) < 10 * WEIGHT_SCALE,
            Message("W{layer} has a weight of {w:.3g}, but weight_scale is {scale}.",
                    layer=layer, w=float(W.abs().max()), scale=WEIGHT_SCALE),
            "weight_scale is the standard deviation: weight_scale * torch.randn(...).",
        )  # fmt: skip


def _to_cpu(params: object) -> object:
    return {k: v.cpu() if isinstance(v, Tensor) else v for k, v in params.items()} if type(params) is dict else params


@task("TwoLayerNet.__init__", share=50)
def check_two_layer_net_has_its_parameters(student, device):
    """TwoLayerNet has W1, b1, W2, b2 with the right shapes and dtype, small weights and biases of 0."""
    for sizes, dtype in [([5, 6, 3], torch.float64), ([12, 2, 7], torch.float32)]:
        net = student.TwoLayerNet(*sizes, weight_scale=WEIGHT_SCALE, reg=0.0, dtype=dtype, device=device)
        expect_params(_to_cpu(net.params), sizes, dtype)


@task("FullyConnectedNet.__init__", share=50)
def check_fully_connected_net_has_its_parameters(student, device):
    """FullyConnectedNet has W1, b1, ..., WL, bL with the right shapes and dtype, small weights and biases of 0."""
    for hidden, dtype in [([5, 4, 6], torch.float64), ([3], torch.float32), ([2, 7], torch.float64)]:
        net = student.FullyConnectedNet(
            hidden, input_dim=8, num_classes=3, weight_scale=WEIGHT_SCALE, reg=0.0, dtype=dtype, device=device
        )
        expect_params(_to_cpu(net.params), [8, *hidden, 3], dtype)


KEYS = {"KeyError": "The keys of params are W1, b1, W2, b2, ...: layers are numbered from 1."}


def wrong_scores(params: dict[str, Tensor], X: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Return the scores that each mistake gives, by its hint."""
    depth, expected = len(params) // 2, forward(params, X)[0]
    unbiased = {name: value * name.startswith("W") for name, value in params.items()}

    def linear_only() -> Tensor:
        out = X.flatten(1)
        for layer in range(1, depth + 1):
            out = out @ params[f"W{layer}"] + params[f"b{layer}"]
        return out

    return {
        "A ReLU was applied to the scores too; apply it to hidden layers only.": lambda: F.relu(expected),
        "The ReLU is missing in the hidden layers.": linear_only,
        "The biases are missing.": lambda: forward(unbiased, X)[0],
        "The last bias is missing.": lambda: expected - params[f"b{depth}"],
        "These are probabilities; return the scores.": lambda: F.softmax(expected, dim=1),
    }


def expect_loss(result: object, params: dict[str, Tensor], X: Tensor, y: Tensor, reg: float) -> None:
    """Compare loss and gradients with torch's; common mistakes with the penalty have hints."""
    (data, plain), (loss, grads) = loss_and_gradients(params, X, y, 0.0), loss_and_gradients(params, X, y, reg)
    expect(
        is_sequence(result) and len(result) == 2,
        "With labels the result is a pair: the loss and the gradients.",
    )
    expect_close(result[0], loss, name="loss", mistakes={
        "The penalty is missing: softmax_loss does not include it.": data,
        "The penalty is half of what it should be: reg times the sum of the squares, without 1/2.": (data + loss) / 2,
        "The penalty was divided by the number of images.": data + (loss - data) / len(X),
        "The penalty was added once for each image.": data + (loss - data) * len(X),
        "The penalty is the sum of the squared weights, not of the weights.": lambda: data + reg * sum(
            v.sum() for name, v in params.items() if name.startswith("W")
        ),
        "The last layer's weights were not penalised.": (
            lambda: loss - reg * params[f"W{len(params) // 2}"].square().sum()
        ),
        "The biases were penalised: the penalty is for weights only.": (
            lambda: loss + reg * sum(v.square().sum() for name, v in params.items() if name.startswith("b"))
        ),
        "Only the last layer's weights were penalised.": (
            lambda: data + reg * params[f"W{len(params) // 2}"].square().sum()
        ),
    })  # fmt: skip
    expect_close(result[1], grads, name="grads", mistakes={
        "The penalty has no gradient yet.": plain,
        "The gradient of reg * W * W is 2 * reg * W; the 2 is missing.": (
            lambda: {name: (plain[name] + grads[name]) / 2 for name in grads}
        ),
        "The biases' gradients were averaged: the gradient of the scores already has the 1/N.": (
            lambda: {name: value / len(X) if name.startswith("b") else value for name, value in grads.items()}
        ),
        "The gradients were divided by the number of images again: the gradient of the scores has the 1/N already.": (
            lambda: {name: plain[name] / len(X) + grads[name] - plain[name] for name in grads}
        ),
        "The gradients were multiplied by the number of images.": (
            lambda: {name: plain[name] * len(X) + grads[name] - plain[name] for name in grads}
        ),
        "The last layer's weights have no gradient of the penalty.": (
            lambda: grads | {f"W{len(grads) // 2}": plain[f"W{len(grads) // 2}"]}
        ),
        "The gradient passed the ReLU where the hidden unit was 0: use Linear_ReLU.backward.": (
            lambda: ungated_gradients(params, X, y, reg)
        ),
        "The penalty's gradient was added to the biases too.": (
            lambda: {n: g + 2 * reg * params[n] if n.startswith("b") else g for n, g in grads.items()}
        ),
    })  # fmt: skip


def ungated_gradients(params: dict[str, Tensor], X: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    """Compute the gradients as if each ReLU passed every gradient."""
    depth, inputs = len(params) // 2, [X.flatten(1)]
    for layer in range(1, depth):
        inputs.append(F.relu(inputs[-1] @ params[f"W{layer}"] + params[f"b{layer}"]))
    scores = inputs[-1] @ params[f"W{depth}"] + params[f"b{depth}"]
    slope, grads = (F.softmax(scores, dim=1) - F.one_hot(y, scores.shape[1])) / len(X), {}
    for layer in range(depth, 0, -1):
        W = params[f"W{layer}"]
        grads |= {f"W{layer}": inputs[layer - 1].T @ slope + 2 * reg * W, f"b{layer}": slope.sum(dim=0)}
        slope = slope @ W.T
    return grads


@task("TwoLayerNet.loss", share="3/6", any_dtype=True, loans=LOANS_OF_LAYERS)
def check_two_layer_net_agrees_with_torch(student, rng, device):
    """TwoLayerNet's scores, loss and gradients agree with torch and its autograd, penalty included."""
    judge_source(student, "TwoLayerNet.loss")
    params, X, y = random_params(rng, [12, 7, 4]), rng.normal(6, 3, 2, 2), rng.integers(0, 4, 6)
    for reg in (0.0, 0.2):
        options = {"weight_scale": 0.1, "reg": reg, "dtype": torch.float64, "device": device}
        net = student.define(MAKE).make(student.TwoLayerNet, (12, 7, 4), options, params)
        with explain_errors(KEYS):
            expect_close(net.loss(X), forward(params, X)[0], name="scores", mistakes=wrong_scores(params, X))
            expect_loss(net.loss(X, y), params, X, y, reg)


@task("FullyConnectedNet.loss", share="2/9", any_dtype=True, loans=LOANS_OF_LAYERS)
def check_deep_scores_agree_with_torch(student, rng, device):
    """The scores of nets with two to five layers agree with torch's."""
    judge_source(student, "FullyConnectedNet.loss")
    for hidden in ([6], [5, 7], [6, 4, 5, 7]):
        params, X = random_params(rng, [8, *hidden, 3]), rng.normal(9, 2, 4)
        net = make_deep(student, device, hidden, params)
        with explain_errors(KEYS):
            scores = net.loss(X)
        name = Message("scores with hidden layers {hidden}", hidden=hidden)
        expect_close(scores, forward(params, X)[0], name=name, mistakes=wrong_scores(params, X))


@task("FullyConnectedNet.loss", share="3/9", any_dtype=True, loans=LOANS_OF_LAYERS)
def check_deep_gradients_agree_with_autograd(student, rng, device):
    """Loss and gradients of nets with two to four layers agree with torch's autograd, penalty included."""
    judge_source(student, "FullyConnectedNet.loss")
    for hidden, reg in [([6], 0.0), ([5, 7], 0.3), ([6, 4, 5], 0.1)]:
        params, X, y = random_params(rng, [8, *hidden, 3]), rng.normal(5, 2, 4), rng.integers(0, 3, 5)
        net = make_deep(student, device, hidden, params, reg=reg)
        with explain_errors(KEYS):
            result = net.loss(X, y)
        expect_loss(result, params, X, y, reg)


# All parameters of the net are 1: of these only shapes, dtype and device are judged.
LOANS_OF_THE_SOLVER = """
import torch

from common.fallbacks import fully_connected_networks as given

def ones(self, input_dim=3072, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0, dtype=torch.float32,
         device="cpu"):
    shapes = {"W1": (input_dim, hidden_dim), "b1": hidden_dim, "W2": (hidden_dim, num_classes), "b2": num_classes}
    self.params = {name: torch.ones(shape, dtype=dtype, device=device) for name, shape in shapes.items()}
    self.reg = reg

LOANS = {"sgd_momentum": given.sgd_momentum, "rmsprop": given.rmsprop, "adam": given.adam}
LOANS |= {"TwoLayerNet.__init__": ones}
"""

SOLVER = """
import torch

def place(create, data, device):
    try:
        return create(data, dtype=torch.float32, device=device).model.params["W1"].device.type
    except Exception:  # data that were moved there have no values
        return device

def params_of(create, data, dtype):
    solver = create(data, dtype=dtype, device=data["X_train"].device)
    return [solver.model.params[name] for name in sorted(solver.model.params)]
"""


@task("create_solver_instance", share=25, loans=LOANS_OF_THE_SOLVER, keeps=True)
def check_solver_has_a_net_that_fits_the_data(student, rng, device):
    """create_solver_instance returns a Solver whose TwoLayerNet fits the data, in the dtype and on the device given."""
    helper, keys = student.define(SOLVER), ("X_train", "y_train", "X_val", "y_val")
    create = student.create_solver_instance
    for dtype in (torch.float32, torch.float64):
        X, y = rng.normal(30, 2, 3, 5, dtype=dtype), torch.arange(30, device=device) % 4
        data = {"X_train": X[:20], "y_train": y[:20], "X_val": X[20:], "y_val": y[20:]}
        with explain_errors({"KeyError": Message("The keys of data_dict are {keys}.", keys=", ".join(keys))}):
            solver = create(data, dtype=dtype, device=device)
        params = solver.model.params
        names = sorted(params) if type(params) is dict else None
        expect_equal(names, ["W1", "W2", "b1", "b2"], name="the names of the model's parameters, sorted")
        expect(
            tuple(params["W1"].shape[:1]) == (30,),
            Message("W1 has the shape {shape}; images of 2 x 3 x 5 have 30 numbers.", shape=tuple(params["W1"].shape)),
            hint="input_dim is the number of values of one image: data_dict['X_train'][0].numel().",
        )
        expect_shape(params["W2"], (None, None), name="W2")
        expect(
            params["W2"].shape[1] >= 4,
            Message("The data have 4 classes, the net has {got}.", got=params["W2"].shape[1]),
        )
        hint = "Hand dtype and device on: TwoLayerNet(..., dtype=dtype, device=device)."
        expect(
            params["W1"].dtype == dtype,
            Message("With {expected} W1 has dtype {got}.", expected=dtype, got=params["W1"].dtype),
            hint,
        )
        expect(
            len(solver.loss_history) == 0,
            "The Solver has trained already.",
            hint="Return the Solver without a call of train: whoever gets it trains it.",
        )
    expect_device(student, helper.params_of, create, data, torch.float64)
    found = helper.place(create, data, "meta")
    expect(found == "meta", Message("With device='meta' W1 is on {found}.", found=found), hint)


def centred(data, num_train: int) -> tuple[Tensor, Tensor]:
    """Prepare scenes as in the notebook."""
    split = data(num_train=num_train, num_test=10)
    return (split.x_train - split.x_train.mean(dim=0)) / split.x_train.std(), split.y_train


@task("get_three_layer_network_params", share=50)
def check_three_layers_overfit(student, data):
    """With your settings, hidden layers [100, 100] memorise (overfit) fifty scenes in 20 epochs."""
    judge_overfitting(student, [100] * 2, student.get_three_layer_network_params(), *centred(data, 50))


@task("get_five_layer_network_params", share="1/3")
def check_five_layers_overfit(student, data):
    """With your settings, hidden layers [100, 100, 100, 100] memorise (overfit) fifty scenes in 20 epochs."""
    judge_overfitting(student, [100] * 4, student.get_five_layer_network_params(), *centred(data, 50))


@task("FullyConnectedNet.loss", share="1/9", any_dtype=True, loans=LOANS_OF_LAYERS)
def check_dropout_works_in_training_only(student, rng, device):
    """Dropout changes no scores, and in training drops a share p of the units of each hidden layer."""
    width, p = 600, 0.2
    params = {
        "W1": rng.normal(40, width), "b1": torch.full((width,), 50.0, dtype=torch.float64, device=device),  # never 0
        "W2": rng.uniform(width, width, low=0.001, high=0.002), "b2": torch.ones(width, device=device).double(),
        "W3": rng.normal(width, 3) / width, "b3": rng.normal(3),
    }  # fmt: skip
    X, y = rng.normal(1, 40), rng.integers(0, 3, 1)
    net = make_deep(student, device, [width, width], params, dropout=p)
    first = net.loss(X, y)
    scores = net.loss(X)
    expect_close(scores, forward(params, X)[0], name="scores, without dropout", mistakes={
        'Without labels nothing is dropped: set self.dropout_param["mode"] to "test" first.': scores,
    })  # fmt: skip
    second = net.loss(X, y)
    for _, grads in (first, second):
        expect(
            not bool((grads["W1"] == 0).all(dim=1).any()),
            "In training some numbers of the images were dropped.",
            hint="Dropout comes after the ReLU of each hidden layer; the images enter the first layer as they are.",
        )
        for name in ("W2", "W3"):  # the output of a dropped unit is 0: its row of the next weights has no gradient
            share = float((grads[name] == 0).all(dim=1).double().mean())
            expect(
                abs(share - p) < 0.1,  # 6 standard deviations
                Message(
                    "With dropout = {p}, {share:.2f} of the units before {name} were dropped in training.",
                    p=p,
                    share=share,
                    name=name,
                ),
                hint='With labels the mode is "train". Dropout comes after the ReLU of every hidden layer, and drops '
                "with probability p.",
            )
    expect(float(first[0]) != float(second[0]), "Two training calls dropped the same units.")
    for seed in (0, 5):
        seeded = make_deep(student, device, [width, width], params, dropout=p, seed=seed)
        expect_equal(
            seeded.loss(X, y)[0],
            seeded.loss(X, y)[0],
            name=Message("the loss of a second call with the seed {seed}", seed=seed),
        )
