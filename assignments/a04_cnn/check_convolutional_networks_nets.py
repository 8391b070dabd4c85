"""Public checks of networks by hand, their initialisation and training, against torch's operators and autograd."""

from collections.abc import Sequence

import torch
from oracles import READY_MADE
from oracles_nets import (
    ENOUGH,
    HALF,
    INITIALIZER_BY_HAND,
    LAYERS_BY_HAND,
    NET_BY_HAND,
    NORMS,
    deep,
    deep_shapes,
    expect_names,
    expect_normal,
    judge_net,
    memorised,
    three_layers,
)  # fmt: skip
from torch import Tensor

from autograder import Message, expect, expect_equal, expect_shape, forbid, is_sequence, task


@task("ThreeLayerConvNet.loss", share=60)
def check_three_layer_net_agrees_with_autograd(student, rng):
    """Scores, loss and all gradients of the three-layer network agree with autograd's."""
    forbid(student, "ThreeLayerConvNet.loss", calls=READY_MADE, apart=LAYERS_BY_HAND)
    model = student.ThreeLayerConvNet(
        input_dims=(2, 8, 6), num_filters=3, filter_size=3, hidden_dim=7, num_classes=4, reg=0.3,
        dtype=torch.float64, device=rng.device,
    )  # fmt: skip
    judge_net(student, rng, model, three_layers, rng.normal(5, 2, 8, 6), rng.integers(0, 4, 5), reg=0.3)


FILTERS = "Linear weights have the shape (Din, Dout), filters (Dout, Din, K, K): a filter for each output channel."


@task("kaiming_initializer", share="2/3")
def check_kaiming_has_the_right_deviation(student, rng):
    """Kaiming weights are normal, have the shape of their layer and the standard deviation sqrt(gain / fan in)."""
    forbid(student, "kaiming_initializer", calls=INITIALIZER_BY_HAND)
    cases = [((90, 70), {}, (90, 70), 2 / 90), ((80, 60), {"relu": False}, (80, 60), 1 / 80)]
    cases += [((12, 30), {"K": 5}, (30, 12, 5, 5), 2 / 300), ((20, 9), {"K": 3, "relu": False}, (9, 20, 3, 3), 1 / 180)]
    for (before, after), options, shape, variance in cases:
        weight = student.kaiming_initializer(before, after, **options, device=rng.device, dtype=torch.float64)
        transposed = type(weight) is Tensor and tuple(weight.shape) == (before, after, *shape[2:]) != shape
        expect(
            not transposed,
            Message("The shape is {got}, not {expected}.", got=tuple(weight.shape), expected=shape),
            FILTERS,
        )
        expect_shape(weight, shape)
        found = float(weight.std())
        error = 6 / (2 * weight.numel()) ** 0.5  # six standard errors of the standard deviation of a normal sample
        wrong = {
            "That is the variance; the standard deviation is its root.": variance,
            "The gain should be 2 if a ReLU follows, and 1 otherwise.": (
                (variance * (0.5 if options.get("relu", True) else 2)) ** 0.5
            ),
            "The fan in of a convolution is Din * K * K.": (variance * options.get("K", 1) ** 2) ** 0.5,
            "This uses the fan out; use the fan in.": (variance * before / after) ** 0.5,
        }  # fmt: skip
        hints = [hint for hint, value in wrong.items() if abs(found / value - 1) < error]
        expect(
            abs(found / variance**0.5 - 1) < error,
            Message(
                "For {before}, {after}, {options} the standard deviation is {found:.4g}, not {variance:.4g}.",
                before=before,
                after=after,
                options=options,
                found=found,
                variance=variance**0.5,
            ),
            hint=hints[0] if hints else "",
        )
        name = Message("For {before}, {after}, {options}", before=before, after=after, options=options)
        expect_normal(weight, variance**0.5, name=name)


HALVED = "A 2x2 pooling halves height and width, rounding down; max_pools counts layers from 0."

INITIALIZER = """
import torch

def initializer(Din, Dout, K=None, relu=True, device="cpu", dtype=torch.float32):
    shape = (Din, Dout) if K is None else (Dout, Din, K, K)
    return torch.full(shape, Din + (0.5 if relu else 0.0), device=device, dtype=dtype)
"""


def start_of(name: str, shape: Sequence[int]) -> float:
    """Return the initial value of a parameter; for a weight, with the initializer above."""
    if name.startswith("W"):
        return shape[1] + 0.5 if len(shape) == 4 else float(shape[0])
    return float(name.startswith("gamma"))


@task("DeepConvNet", share="1/6", loans=NORMS)
def check_deep_net_has_its_parameters(student, rng):
    """The deep network's parameters have the right names, shapes, dtype and initial values, with and without batchnorm.

    With a weight_initializer, the weights are its results.
    """
    initializer = student.define(INITIALIZER).initializer
    for normal, options in ((False, {}), (True, {}), (False, {"weight_initializer": initializer})):
        dims, filters, pools = (3, 9, 14), (16, 8, 20), (0, 2)
        model = student.DeepConvNet(
            input_dims=dims, num_filters=list(filters), max_pools=list(pools), batchnorm=normal, num_classes=6,
            weight_scale=0.2, dtype=torch.float64, device=rng.device, **options,
        )  # fmt: skip
        params = model.params
        shapes = deep_shapes(dims, filters, pools, 6, normal)
        expect_names(params, list(shapes))
        for name, shape in shapes.items():
            features = type(params[name]) is Tensor and params[name].ndim == 2 and params[name].shape[0] != shape[0]
            inputs = Message(
                "{name} has {count} rows; there are {features} features after the last layer.",
                name=name,
                count=len(params[name]),
                features=shape[0],
            )
            expect(not features, inputs, HALVED)
            expect_shape(params[name], shape, name=name)
            asked = params[name].dtype == torch.float64
            hint = "Hand dtype and device on: torch.randn(..., dtype=dtype, device=device)."
            expect(
                asked,
                Message("{name} has the dtype {dtype}; float64 was asked for.", name=name, dtype=params[name].dtype),
                hint,
            )
            expect_equal(params[name].device.type, rng.device.type, name=Message("device of {name}", name=name))
            if name.startswith("W") and not options:
                error = 6 / (2 * params[name].numel()) ** 0.5
                spread = float(params[name].std())
                expect(
                    abs(spread / 0.2 - 1) < error,
                    Message(
                        "{name} has standard deviation {spread:.4g}; weight_scale is 0.2.", name=name, spread=spread
                    ),
                )
                expect_normal(params[name], 0.2, name=name)
            else:
                start = torch.full_like(params[name], start_of(name, shape))
                drawn = (
                    "With a weight_initializer, all weights come from it: W of the linear layer, with relu=False, too."
                )
                hint = drawn if options and name.startswith("W") else "Biases and beta begin at 0, gamma at 1."
                equal = torch.equal(params[name], start)
                expect(
                    equal,
                    Message(
                        "{name} begins with {got:.4g}, not {start:.4g}.",
                        name=name,
                        got=float(params[name].flatten()[0]),
                        start=float(start.flatten()[0]),
                    ),
                    hint,
                )


@task("DeepConvNet", share="2/6", loans=NORMS)
def check_deep_net_agrees_with_autograd(student, rng):
    """Scores, loss and all gradients of a deep network without batch normalisation agree with autograd's."""
    forbid(student, "DeepConvNet", calls=NET_BY_HAND, apart=LAYERS_BY_HAND)
    model = student.DeepConvNet(
        input_dims=(2, 8, 12), num_filters=[3, 4, 5], max_pools=[0, 2], num_classes=4, weight_scale=0.1, reg=0.2,
        dtype=torch.float64, device=rng.device,
    )  # fmt: skip
    net = deep((0, 2), normal=False)
    names = list(deep_shapes((2, 8, 12), (3, 4, 5), (0, 2), 4, normal=False))
    judge_net(student, rng, model, net, rng.normal(5, 2, 8, 12), rng.integers(0, 4, 5), reg=0.2, names=names)


@task("find_overfit_parameters", share=50, seconds=90)
def check_overfit_parameters_learn_half_of_fifty_images(student, rng, data):
    """With your weight_scale and learning_rate, a correct four-layer network learns half of 50 images in 30 epochs."""
    judge_overfitting(student, rng, data, enough=HALF)


@task("find_overfit_parameters", share=50, seconds=90)
def check_overfit_parameters_learn_fifty_images(student, rng, data):
    """With your weight_scale and learning_rate, a correct four-layer network overfits 50 images within 30 epochs."""
    judge_overfitting(student, rng, data, enough=ENOUGH)


def judge_overfitting(student, rng, data, *, enough):
    """Train a network of ours with the student's numbers, and require so many right images."""
    found = student.find_overfit_parameters()
    numbers = is_sequence(found) and [type(value) for value in found]
    pairs = ([float] * 2, [int, float], [float, int], [int] * 2)
    expect(numbers in pairs, "Return two numbers: weight_scale, learning_rate.")
    expect(all(0 < value < 1e6 for value in found), "weight_scale and learning_rate should be above 0, and not huge.")
    split = data(num_train=50, num_test=1)
    images = split.x_train - split.x_train.mean(dim=0, keepdim=True)
    right = memorised(rng, images, split.y_train, *map(float, found))
    expect(
        right >= enough,
        Message(
            "After 30 epochs {right} of the 50 training images are classified correctly. At least {enough} should be.",
            right=right,
            enough=enough,
        ),
        hint="Try a weight_scale near Kaiming's sqrt(2 / (9 * channels)), and learning rates between 1e-4 and 1e-2.",
    )


HAND_ON = "Hand dtype and device on to DeepConvNet."
SOLVER = """
import torch

def facts(make, x, images, classes, dtype, device):
    y = torch.arange(images, device=device) % classes
    data = {"X_train": x.repeat(images // len(x), 1, 1, 1), "y_train": y, "X_val": x[:9], "y_val": y[:9]}
    solver = make(data, dtype, device)
    params = solver.model.params
    return {
        "solver": [cls.__name__ for cls in type(solver).__mro__],
        "model": [cls.__name__ for cls in type(solver.model).__mro__],
        "epochs": solver.num_epochs,
        "images": len(solver.X_train),
        "dtypes": sorted({str(value.dtype) for value in params.values()}),
        "devices": sorted({value.device.type for value in params.values()}),
        "layers": sum(value.ndim == 4 for value in params.values()),
        "scores": list(solver.model.loss(data["X_val"]).shape),
        "trained": len(solver.loss_history),
    }

def devices(make, x, device):
    y = torch.arange(len(x), device=x.device) % 2
    data = {"X_train": x, "y_train": y, "X_val": x, "y_val": y}
    try:
        params = make(data, x.dtype, device).model.params
        return sorted({value.device.type for value in params.values()})
    except Exception:  # data that were moved there have no values
        return [device]
"""


@task("create_convolutional_solver_instance", share=25, loans=NORMS)
def check_solver_trains_a_deep_net_within_the_budget(student, rng):
    """The Solver trains a DeepConvNet that fits the data, and draws at most 20,000 images."""
    helper = student.define(SOLVER)
    for images, dims, classes, dtype in ((2000, (3, 32, 32), 10, torch.float32), (500, (1, 36, 40), 7, torch.float64)):
        x = rng.normal(20, *dims, dtype=dtype)  # repeated: so many random numbers would take half a second
        facts = helper.facts(student.create_convolutional_solver_instance, x, images, classes, dtype, rng.device)
        expect(type(facts) is dict, "The Solver's attributes could not be read.")
        expect("Solver" in facts["solver"], "Return a Solver.", hint="Did you return the model?")
        expect("DeepConvNet" in facts["model"], "The Solver's model is not a DeepConvNet.")
        expect_equal(facts["images"], images, name="training images of the Solver")
        expect_equal(facts["dtypes"], [str(dtype)], name="dtypes of the parameters", hint=HAND_ON)
        expect_equal(facts["devices"], [rng.device.type], name="devices of the parameters", hint=HAND_ON)
        expect_equal(
            facts["scores"],
            [9, classes],
            name=Message("shape of the scores of 9 images of {classes} classes", classes=classes),
        )
        expect(facts["layers"] >= 2, "A deep network has at least two convolutions here.")
        expect_equal(facts["trained"], 0, name="steps before train() was called")
        epochs = facts["epochs"]
        expect(
            type(epochs) is int and 1 <= epochs <= 20_000 // images,
            Message(
                "num_epochs is {epochs} for {images:,} training images; 20,000 images in all are {expected} epochs.",
                epochs=epochs,
                images=images,
                expected=20_000 // images,
            ),
        )
    found = helper.devices(student.create_convolutional_solver_instance, x[:4], "meta")
    expect_equal(found, ["meta"], name="devices of the parameters", hint=HAND_ON)


@task("DeepConvNet", share="2/6", loans=NORMS)
def check_deep_net_with_batch_norm_agrees_with_autograd(student, rng):
    """Loss and gradients of a deep network with batch normalisation agree with autograd's; only W is regularised."""
    forbid(student, "DeepConvNet", calls=NET_BY_HAND, apart=LAYERS_BY_HAND)
    for dims, filters, pools, reg in [((3, 9, 14), [4, 3, 5], [1], 0.3), ((1, 8, 8), [2, 3, 4, 5], [0, 3], 0.0)]:
        model = student.DeepConvNet(
            input_dims=dims, num_filters=filters, max_pools=pools, batchnorm=True, num_classes=5, weight_scale=0.1,
            reg=reg, dtype=torch.float64, device=rng.device,
        )  # fmt: skip
        x, y = rng.normal(6, *dims), rng.integers(0, 5, 6)
        names = list(deep_shapes(dims, filters, pools, 5, normal=True))
        judge_net(student, rng, model, deep(pools, normal=True), x, y, reg, scores=False, quiet=True, names=names)
