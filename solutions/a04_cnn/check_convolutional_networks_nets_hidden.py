"""Hidden checks of networks by hand: other sizes, batch normalisation in both modes, a training run."""

import torch
from oracles import READY_MADE
from oracles_nets import (
    INITIALIZER_BY_HAND,
    LAYERS_BY_HAND,
    NORMS,
    ONE_FOR_EACH,
    deep,
    deep_shapes,
    expect_names,
    judge_net,
    three_layers,
)
from torch.nn import functional as F

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    explain_errors,
    forbid,
    task,
)


@task("ThreeLayerConvNet.loss", share=40)
def check_three_layer_net_on_other_sizes(student, rng):
    """The three-layer network is right for odd image sizes, even and large filters, and one image."""
    forbid(student, "ThreeLayerConvNet.loss", calls=READY_MADE, apart=LAYERS_BY_HAND)
    for dims, size, images, reg in [((3, 9, 13), 5, 4, 0.0), ((1, 8, 7), 4, 1, 0.7)]:
        options = {"num_filters": 4, "filter_size": size, "hidden_dim": 6, "num_classes": 7, "reg": reg}
        model = student.ThreeLayerConvNet(input_dims=dims, **options, dtype=torch.float64, device=rng.device)
        x, y = rng.normal(images, *dims), rng.integers(0, 7, images)
        judge_net(student, rng, model, three_layers, x, y, reg, quiet=True)


@task("kaiming_initializer", share="1/3")
def check_kaiming_draws_centred_float32_numbers(student, rng):
    """Kaiming weights have mean 0 and the right dtype and device, and differ from call to call."""
    forbid(student, "kaiming_initializer", calls=INITIALIZER_BY_HAND)
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
            Message(
                "The mean of the weights is {mean:.4g}; it should be 0 within six standard errors of {error:.2g}.",
                mean=mean,
                error=error,
            ),
            hint="Draw numbers around 0 with torch.randn; those of torch.rand are between 0 and 1.",
        )
        seeded = "Do not seed the generator in the function: each call draws other numbers."
        expect(not torch.equal(first, second), "Two calls gave the same weights.", hint=seeded)


MODES = """
import torch

def modes(DeepConvNet, options, x, y, batches):
    torch.manual_seed(1)
    net = DeepConvNet(**options, dtype=torch.float64, device=x.device)
    for images, labels in batches:
        net.loss(images, labels)
    return {"scores": net.loss(x), "one": net.loss(x[:1]), "params": dict(net.params)}
"""


@task("DeepConvNet", share="1/6", loans=NORMS)
def check_deep_net_predicts_by_running_statistics(student, rng):
    """Without labels, batch normalisation is in test mode: each image's scores come from the running statistics.

    Also, with weight_scale="kaiming" the weights have Kaiming's standard deviation.
    """
    options = {"input_dims": (3, 8, 6), "num_filters": [16, 12], "max_pools": [0], "batchnorm": True, "num_classes": 4}
    options["weight_scale"] = "kaiming"
    batches = [(2 * rng.normal(9, 3, 8, 6) + 1, rng.integers(0, 4, 9)) for _ in range(4)]
    x, y = rng.normal(5, 3, 8, 6), rng.integers(0, 4, 5)
    with explain_errors(ONE_FOR_EACH):
        seen = student.define(MODES).modes(student.DeepConvNet, options, x, y, batches)
    params = seen["params"]
    expect_names(params, list(deep_shapes((3, 8, 6), (16, 12), (0,), 4, normal=True)))
    for name, fan_in, gain in (("W1", 27, 2), ("W2", 144, 2), ("W3", 12 * 4 * 3, 1)):
        found, right = float(params[name].std()), (gain / fan_in) ** 0.5
        error = 6 / (2 * params[name].numel()) ** 0.5
        expect(
            abs(found / right - 1) < error,
            Message(
                "{name} has standard deviation {found:.4g}; Kaiming's is {right:.4g}.",
                name=name,
                found=found,
                right=right,
            ),
        )

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
    expect_close(seen["scores"], scores, name="scores after four batches of training", mistakes={
        "These scores use the statistics of the batch. Without labels, set the mode to \"test\": it uses the running "
        "ones.": lambda: deep((0,), normal=True)(params, x),
    })  # fmt: skip
    expect_close(seen["one"], scores[:1], name="scores of one image alone")


TRAIN = """
import torch

def prepare(make, data, device):
    torch.manual_seed(0)
    solver = make(data, torch.float32, device)
    solver.verbose = False
    return solver

def plan(solver):
    return solver.num_epochs, len(solver.X_train)

def train(solver, epochs, last, x):
    solver.num_epochs = epochs
    solver.train(return_best_params=last)
    return torch.cat([solver.model.loss(part).argmax(dim=1) for part in x.split(250)])
"""


@task("create_convolutional_solver_instance", share=75, seconds=600)
def check_deep_net_recognises_scenes(student, data, score):
    """Trained on 4,000 scenes with 20,000 images drawn in all, your deep network recognises new images.

    The check looks at five moments of the training, and passes at the first at which the accuracy is enough.
    """
    split = data(num_train=4000, num_test=1300)
    centre = split.x_train.mean(dim=0, keepdim=True)
    x_test = split.x_test - centre
    table = {
        "X_train": split.x_train - centre, "y_train": split.y_train,
        "X_val": x_test[:300], "y_val": split.y_test[:300],
    }  # fmt: skip
    helper = student.define(TRAIN)
    solver = helper.prepare(student.create_convolutional_solver_instance, table, x_test.device)
    epochs, images = helper.plan(solver)
    expect(
        type(epochs) is type(images) is int and 0 < epochs * images <= 20_000,
        Message(
            "num_epochs times the number of training images is {epochs} times {images}; the budget is 20,000 images.",
            epochs=epochs,
            images=images,
        ),
    )
    for epoch in sorted({-(-epochs * part // 5) for part in range(1, 6)}):  # each of five
        labels = helper.train(solver, epoch, epoch == epochs, x_test[300:])
        expect_shape(labels, (1000,))
        accuracy = float((labels == split.y_test[300:]).double().mean())
        if epoch < epochs and score.reached(accuracy):
            return
    score(accuracy)
