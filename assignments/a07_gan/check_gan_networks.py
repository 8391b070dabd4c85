"""Public checks of noise and networks, against torch's operators with the module's own weights."""

import torch
from oracles import expect_built_as, perceptron, upwards, with_label
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_shape, task
from autograder.probes.layers import Formula, Recipe, replay

HELPERS = """
import torch
from autograder.probes.layers import outputs, tables

def shaken(module, *inputs):
    # other statistics and biases than the initial 0 and 1, which hide mistakes
    module = module.double().to(inputs[0].device)
    with torch.no_grad():
        for name, value in [*module.named_parameters(), *module.named_buffers()]:
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif value.is_floating_point() and value.ndim == 1:
                value.add_(0.3 * torch.randn_like(value))
    return tables(module, *inputs)

def answer(module, *inputs, train=False):
    with torch.no_grad():
        return module.train(train)(*inputs)
"""


def judge_network(student, module, batches: list[Tensor], formula: Formula, mistakes: dict[str, Formula], name: str):
    """Compare the network with the formula on each batch, in evaluation and in training mode."""
    helper = student.define(HELPERS)
    values = helper.shaken(module, batches[0])
    expect_built_as(formula, values, batches[0])
    for x in batches:
        for train in (False, True):
            expect_close(
                helper.outputs(module, x, train=train),
                replay(formula, values, x, train=train),
                name=f"{name} of {len(x)} rows" + (" in training mode" if train else ""),
                mistakes={
                    hint: lambda wrong=wrong, x=x, train=train: wrong(Recipe(values, train=train), x)
                    for hint, wrong in mistakes.items()
                },
            )


@task("sample_noise", points=2)
def check_noise_is_uniform(student, rng):
    """Noise has the right shape and is uniform between -1 and 1."""
    noise = student.sample_noise(400, 30)
    expect_shape(noise, (400, 30))
    expect(
        bool((noise.abs() <= 1).all()),
        f"The values are between {noise.min():.3g} and {noise.max():.3g}; they must be between -1 and 1.",
    )
    shares = torch.histc(noise.double().cpu(), bins=8, min=-1, max=1) / noise.numel()
    hint = "torch.rand is uniform on (0, 1)." if float(noise.min()) > -0.01 else ""
    even = bool((shares - 1 / 8).abs().max() < 0.02)  # six deviations
    expect(even, f"Of 12,000 values, the eighths of (-1, 1) hold {[round(s, 3) for s in shares.tolist()]}.", hint=hint)


def logits(slope: float) -> Formula:
    """Return the formula of the discriminator, 784-256-256-1."""
    return perceptron([256, 256, 1], slope)


IMAGES = perceptron([1024, 1024, 784], 0.0)  # of the generator, without the tanh at the end
SLOPE = "The slope of the leaky ReLU should be 0.01."
SIGMOID = "There is a sigmoid after the last layer; return logits, without it."


@task("discriminator", points=3)
def check_discriminator_agrees_with_the_formula(student, rng):
    """With its own weights, the discriminator computes linear 784-256-256-1 with leaky ReLUs, for 5 rows and for 2."""
    judge_network(student, student.discriminator(), [rng.normal(5, 784), rng.normal(2, 784)], logits(0.01), {
        SLOPE: logits(0.2),
        "These are ReLUs without a leak.": logits(0.0),
        SIGMOID: lambda layers, x: logits(0.01)(layers, x).sigmoid(),
    }, "logits")  # fmt: skip


@task("generator", points=3)
def check_generator_agrees_with_the_formula(student, rng):
    """With its own weights, the generator computes noise-1024-1024-784 with ReLUs and tanh, for any noise_dim."""
    for noise_dim in (96, 17):
        batches = [4 * rng.normal(3, noise_dim), rng.normal(6, noise_dim)]
        module = student.generator(noise_dim) if noise_dim != 96 else student.generator()
        judge_network(student, module, batches, lambda layers, x: IMAGES(layers, x).tanh(), {
            "The tanh is missing.": IMAGES,
            "A sigmoid makes images in (0, 1); tanh makes them in (-1, 1).": (
                lambda layers, x: IMAGES(layers, x).sigmoid()
            ),
        }, "images")  # fmt: skip


def convolutional_logits(slope: float) -> Formula:
    """Return the formula of the convolutional discriminator: twice conv and pool, two linear layers."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = x.reshape(-1, 1, 28, 28)
        for filters in (32, 64):
            x = F.max_pool2d(F.leaky_relu(layers.conv(x, filters, 5), slope), 2)
        return layers.linear(F.leaky_relu(layers.linear(x.flatten(1), 1024), slope), 1)

    return formula


@task("build_dc_classifier", points=4)
def check_dc_classifier_agrees_with_the_formula(student, rng):
    """With its own weights, the convolutional discriminator computes the layers described, for 3 rows and for 4."""
    batches = [rng.normal(3, 784), rng.normal(4, 784)]
    judge_network(student, student.build_dc_classifier(), batches, convolutional_logits(0.01), {
        SLOPE: convolutional_logits(0.2),
        "These are ReLUs without a leak.": convolutional_logits(0.0),
        SIGMOID: lambda layers, x: convolutional_logits(0.01)(layers, x).sigmoid(),
    }, "logits")  # fmt: skip


@task("build_dc_generator", points=4)
def check_dc_generator_agrees_with_the_formula(student, rng):
    """With its own weights, the convolutional generator computes the layers described, in training and evaluation."""
    batches = [rng.normal(4, 96), rng.normal(3, 96)]
    judge_network(student, student.build_dc_generator(), batches, lambda layers, x: upwards(layers, x).tanh(), {
        "Batch normalisation comes before the ReLU; here it comes after.":
            lambda layers, x: upwards(layers, x, before=True).tanh(),
        "The tanh is missing.": upwards,
    }, "images")  # fmt: skip


TOY = """
import torch

class Net(torch.nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = torch.nn.Parameter(weight.clone())

    def forward(self, x):
        return x @ self.weight
"""


@task("Conditional.forward", points=2)
def check_conditional_appends_the_label(student, rng):
    """The network's input is the row with its one-hot label after it."""
    x, y, weight = rng.normal(5, 3), rng.integers(0, 4, 5), rng.normal(7, 2)
    model = student.Conditional(student.define(TOY).Net(weight), 4)
    label_first = torch.cat([torch.eye(4, dtype=x.dtype, device=x.device)[y], x], dim=1)
    expect_close(student.define(HELPERS).answer(model, x, y), with_label(x, y, 4) @ weight, mistakes={
        "The label comes after the row, not before it.": label_first @ weight,
    })  # fmt: skip


def judge_conditional(student, module, x: Tensor, y: Tensor, classes: int, formula: Formula, name: str):
    """Compare a conditional network with the formula of the row with its label, in evaluation and in training mode."""
    helper = student.define(HELPERS)
    values = helper.shaken(module, x, y)
    expect_built_as(formula, values, with_label(x, y, classes))
    for train in (False, True):
        expect_close(
            helper.answer(module, x, y, train=train),
            replay(formula, values, with_label(x, y, classes), train=train),
            name=name + (" in training mode" if train else ""),
        )


@task("cgan_generator", points=2)
def check_conditional_generator_agrees_with_the_formula(student, rng):
    """Noise with its label goes through linear layers to 1024, 1024 and 784 numbers, and tanh."""
    module, x, y = student.cgan_generator(10), rng.normal(6, 96), rng.integers(0, 10, 6)
    judge_conditional(student, module, x, y, 10, lambda layers, x: IMAGES(layers, x).tanh(), "images")


@task("cgan_discriminator", points=2)
def check_conditional_discriminator_agrees_with_the_formula(student, rng):
    """An image with its label goes through linear layers to 256, 256 and 1 numbers, with leaky ReLUs."""
    module, x, y = student.cgan_discriminator(10), rng.normal(6, 784), rng.integers(0, 10, 6)
    judge_conditional(student, module, x, y, 10, logits(0.01), "logits")
