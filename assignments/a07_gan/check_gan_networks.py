"""Public checks of noise and networks, against torch's operators with the module's own weights."""

from collections.abc import Callable
from typing import Any

import torch
from oracles import LOANS, expect_built_as, perceptron, upwards, with_label
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_shape, explain_errors, task
from autograder.probes.layers import Formula, Recipe, replay

HELPERS = """
import torch
from autograder.probes.layers import outputs, tables

def shaken(module, *inputs):
    # other statistics and biases than the initial 0 and 1, which hide mistakes
    module = module.to(inputs[0].device, inputs[0].dtype)
    with torch.no_grad():
        for name, value in [*module.named_parameters(), *module.named_buffers()]:
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif value.is_floating_point() and value.ndim == 1:
                value.add_(0.3 * torch.randn_like(value))
    return tables(module, *inputs)

def negate_logits(module):
    # the last layer, which gives one number: logits of both signs occur
    with torch.no_grad():
        for layer in module.modules():
            for p in layer.parameters(recurse=False) if getattr(layer, "out_features", 0) == 1 else ():
                p.neg_()

def answer(module, *inputs, train=False):
    with torch.no_grad():
        return module.train(train)(*inputs)
"""


IN_TRAINING = (
    "In evaluation mode this is right: look at layers that act otherwise in training mode, such as dropout, which is "
    "not in the list, and batch normalisation."
)
SLOPES_AND_STEPS = "Compare each layer with the list: sizes, slopes, strides, padding, and the order."


def in_mode(name: Message, train: bool) -> Message:
    """Return what is compared, with its mode if that is training mode."""
    return Message("{name} in training mode", name=name) if train else name


def judge_network(
    student,
    module,
    batches: list[Tensor],
    formula: Formula,
    mistakes: dict[str, Formula],
    name: Message,
    others: dict[str, Formula],
):
    """Compare the network with the formula on each batch, in training mode, and on the first in evaluation mode too.

    `mistakes` are wrong computations with the right layers, `others` are networks of other layers.
    """
    helper = student.define(HELPERS)

    def compare(values: Any, batches: list[Tensor]) -> None:
        for x in batches:
            for train in (False, True) if x is batches[0] else (True,):
                expect_close(
                    helper.outputs(module, x, train=train),
                    replay(formula, values, x, train=train),
                    name=in_mode(Message("{name} of {count} rows", name=name, count=len(x)), train),
                    mistakes={
                        hint: lambda wrong=wrong, x=x, train=train: wrong(Recipe(values, train=train), x)
                        for hint, wrong in mistakes.items()
                    },
                    hint=IN_TRAINING if train and x is batches[0] else SLOPES_AND_STEPS,
                )

    values = helper.shaken(module, batches[0])
    expect_built_as(formula, values, batches[0], others=others)
    compare(values, batches)
    if name == "logits":
        helper.negate_logits(module)
        compare(helper.tables(module, batches[1]), batches[1:])


def noise_hint(noise: Tensor) -> str:
    """Return what noise looks like that is not uniform between -1 and 1."""
    low, high, deviation = float(noise.min()), float(noise.max()), float(noise.double().std())
    signs = {
        "The rows are equal: draw a number for each entry.": bool((noise == noise[:1]).all()),
        "torch.randn is normal; torch.rand is uniform on (0, 1).": abs(deviation - 1) < 0.05 < high - 1,
        "These values begin at -2: multiply by 2 before you subtract 1.": low < -1.9,
        "torch.rand is uniform on (0, 1).": low > -0.01,
        "These values are between -0.5 and 0.5.": low > -0.51 and high < 0.51,
    }
    return next((hint for hint, seen in signs.items() if seen), "The values should be uniform between -1 and 1.")


@task("sample_noise", share=50, any_dtype=True)
def check_noise_is_uniform(student, rng):
    """Noise has the right shape and is uniform between -1 and 1."""
    noise = student.sample_noise(400, 30)
    expect_shape(noise, (400, 30))
    expect(
        bool((noise.abs() <= 1).all()),
        Message(
            "The values are between {least:.3g} and {most:.3g}; they must be between -1 and 1.",
            least=noise.min(),
            most=noise.max(),
        ),
        hint=noise_hint(noise),
    )
    shares = torch.histc(noise.double().cpu(), bins=8, min=-1, max=1) / noise.numel()
    even = bool((shares - 1 / 8).abs().max() < 0.02)  # six deviations
    expect(even,
           Message("Of 12,000 values, the eighths of (-1, 1) hold {shares}.",
                   shares=[round(s, 3) for s in shares.tolist()]),
           hint=noise_hint(noise))  # fmt: skip


def slope_hint(slope: float) -> str:
    """Return the hint for a leaky ReLU with this slope."""
    return Message("The slope of the leaky ReLU is {slope}; it should be 0.01.", slope=slope)


def logits(slope: float) -> Formula:
    """Return the formula of the discriminator, 784-256-256-1."""
    return perceptron([256, 256, 1], slope)


def normalised_logits(layers: Recipe, x: Tensor) -> Tensor:
    """Compute the discriminator with the mistake of a batch normalisation after the second layer."""
    x = F.leaky_relu(layers.linear(x, 256), 0.01)
    return layers.linear(F.leaky_relu(layers.norm(layers.linear(x, 256)), 0.01), 1)


IMAGES = perceptron([1024, 1024, 784], 0.0)  # of the generator, without the tanh at the end
SLOPES = (0.1, 0.2, 0.3)
SIGMOID = "There is a sigmoid after the last layer; return logits, without it."


@task("discriminator", share=60)
def check_discriminator_agrees_with_the_formula(student, rng):
    """With its own weights, the discriminator computes linear 784-256-256-1 with leaky ReLUs, for 5 rows and for 2."""
    batches = [rng.normal(5, 784), rng.normal(2, 784)]
    judge_network(student, student.discriminator(), batches, logits(0.01), {
        **{slope_hint(slope): logits(slope) for slope in SLOPES},
        "These are ReLUs without a leak.": logits(0.0),
        "There is no leaky ReLU between the layers.": logits(1.0),
        "These are tanhs; the layers are separated by leaky ReLUs.": perceptron([256, 256, 1], torch.tanh),
        SIGMOID: lambda layers, x: logits(0.01)(layers, x).sigmoid(),
        "There is a leaky ReLU after the last layer; return logits.": (
            lambda layers, x: F.leaky_relu(logits(0.01)(layers, x), 0.01)
        ),
    }, Message("logits"), {
        "There should be two linear layers before the last one.": perceptron([256, 1], 0.01),
        "The last layer should give one number, the logit of \"real\".": perceptron([256, 256, 2], 0.01),
        "The layers are too wide: 784-256-256-1.": perceptron([512, 512, 1], 0.01),
        "These are the layers of the generator.": perceptron([1024, 1024, 784], 0.0),
        "There is a batch normalisation; the text has none here.": normalised_logits,
    })  # fmt: skip


WIDE = "The first linear layer takes noise_dim numbers, whatever noise_dim is: nn.Linear(noise_dim, 1024)."


@task("generator", share=60)
def check_generator_agrees_with_the_formula(student, rng):
    """With its own weights, the generator computes noise-1024-1024-784 with ReLUs and tanh, for any noise_dim."""
    for noise_dim in (96, 17):
        batches = [4 * rng.normal(3, noise_dim), rng.normal(6, noise_dim)]
        fixed = {"cannot be multiplied": WIDE} if noise_dim != 96 else {}
        with explain_errors(fixed):
            module = student.generator(noise_dim) if noise_dim != 96 else student.generator()
            judge_network(student, module, batches, lambda layers, x: IMAGES(layers, x).tanh(), {
                "The tanh is missing.": IMAGES,
                "A sigmoid makes images in (0, 1); tanh makes them in (-1, 1).": (
                    lambda layers, x: IMAGES(layers, x).sigmoid()
                ),
                **{
                    Message("These are leaky ReLUs with slope {slope}; they should be ReLUs.", slope=slope): (
                        leaky_images(slope)
                    )
                    for slope in (0.01, *SLOPES)
                },
                "There is no ReLU between the layers.": leaky_images(1.0),
                "There is a ReLU before the tanh.": lambda layers, x: IMAGES(layers, x).relu().tanh(),
                "The values are cut off at -1 and 1; use tanh.": lambda layers, x: IMAGES(layers, x).clamp(-1, 1),
                "The images have the axes (28, 28); they are rows of 784 here.": (
                    lambda layers, x: IMAGES(layers, x).tanh().unflatten(1, (28, 28))
                ),
            }, Message("images"), {
                "There should be two linear layers before the last one.": perceptron([1024, 784], 0.0),
                "These are the layers of the discriminator.": perceptron([256, 256, 1], 0.0),
            })  # fmt: skip


def leaky_images(slope: float) -> Formula:
    """Return the formula of the generator with leaky ReLUs."""
    return lambda layers, x: perceptron([1024, 1024, 784], slope)(layers, x).tanh()


def convolutional_logits(
    *slopes: float, pool: Callable[..., Tensor] = F.max_pool2d, norm: bool = False, hidden: bool = True
) -> Formula:
    """Return the formula of the convolutional discriminator: twice conv and pool, two linear layers."""
    first, second, third = slopes if len(slopes) == 3 else 3 * slopes

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = x.reshape(-1, 1, 28, 28)
        for filters, slope in ((32, first), (64, second)):
            x = layers.conv(x, filters, 5)
            x = layers.norm(x) if norm and filters == 64 else x
            x = pool(F.leaky_relu(x, slope), 2)
        x = F.leaky_relu(layers.linear(x.flatten(1), 1024), third) if hidden else x.flatten(1)
        return layers.linear(x, 1)

    return formula


@task("build_dc_classifier", share=50)
def check_dc_classifier_agrees_with_the_formula(student, rng):
    """With its own weights, the convolutional discriminator computes the layers described, for 3 rows and for 4."""
    batches = [rng.normal(3, 784), rng.normal(4, 784)]
    judge_network(student, student.build_dc_classifier(), batches, convolutional_logits(0.01), {
        **{slope_hint(slope): convolutional_logits(slope) for slope in SLOPES},
        "These are ReLUs without a leak.": convolutional_logits(0.0),
        **{
            Message(
                "The slope of the leaky ReLUs after the convolutions is {slope}; it should be 0.01.", slope=slope
            ): (
                convolutional_logits(slope, slope, 0.01)
            )
            for slope in SLOPES
        },
        "The leaky ReLU after the first convolution is missing.": convolutional_logits(1.0, 0.01, 0.01),
        "The leaky ReLU after the second convolution is missing.": convolutional_logits(0.01, 1.0, 0.01),
        "The leaky ReLU between the linear layers is missing.": convolutional_logits(0.01, 0.01, 1.0),
        "Pool by the maximum, not by the mean.": convolutional_logits(0.01, pool=F.avg_pool2d),
        "Rows and columns of the images are swapped.": (
            lambda layers, x: convolutional_logits(0.01)(layers, x.unflatten(1, (28, 28)).mT.flatten(1))
        ),
        SIGMOID: lambda layers, x: convolutional_logits(0.01)(layers, x).sigmoid(),
        "There is a leaky ReLU after the last layer; return logits.": (
            lambda layers, x: F.leaky_relu(convolutional_logits(0.01)(layers, x), 0.01)
        ),
    }, Message("logits"), {
        "There is a batch normalisation; the text has none here.": convolutional_logits(0.01, norm=True),
        "The linear layer 1024 -> 1024 is missing.": convolutional_logits(0.01, hidden=False),
    })  # fmt: skip


@task("build_dc_generator", share=50)
def check_dc_generator_agrees_with_the_formula(student, rng):
    """With its own weights, the convolutional generator computes the layers described, in training and evaluation."""
    z = rng.normal(3, 96, dtype=torch.float32)  # 6 million weights: more rows, or float64, take twice as long
    judge_network(student, student.build_dc_generator(), [z], lambda layers, x: upwards(layers, x).tanh(), {
        "Batch normalisation comes before the ReLU; here it comes after.": (
            lambda layers, x: upwards(layers, x, before=True).tanh()
        ),
        "The tanh is missing.": upwards,
        "A sigmoid makes images in (0, 1); tanh makes them in (-1, 1).": lambda layers, x: upwards(layers, x).sigmoid(),
        **{
            Message("These are leaky ReLUs with slope {slope}; they should be ReLUs.", slope=slope): (
                leaky_upwards(slope)
            )
            for slope in (0.01, *SLOPES)
        },
        "The ReLU after the transposed convolution is missing.": lambda layers, x: upwards(layers, x, last=1.0).tanh(),
        "The numbers before the transposed convolutions are put in the order (7, 7, 128); it is (128, 7, 7).": (
            lambda layers, x: upwards(layers, x, channels_last=True).tanh()
        ),
        "The images have the axes (1, 28, 28); flatten them to rows of 784.": (
            lambda layers, x: upwards(layers, x).tanh().unflatten(1, (1, 28, 28))
        ),
    }, Message("images"), {
        "The second batch normalisation is one of all 6272 numbers, before the unflattening.": (
            lambda layers, x: upwards(layers, x, maps=True).tanh()
        ),
        "A batch normalisation is missing.": lambda layers, x: upwards(layers, x, norms=2).tanh(),
    })  # fmt: skip


def leaky_upwards(slope: float) -> Formula:
    """Return the formula of the convolutional generator with leaky ReLUs."""
    return lambda layers, x: upwards(layers, x, slope=slope, last=slope).tanh()


TOY = """
import torch

class Net(torch.nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = torch.nn.Parameter(weight.clone())

    def forward(self, x):
        return x @ self.weight
"""


@task("Conditional.forward", share=40, any_dtype=True)
def check_conditional_appends_the_label(student, rng):
    """The network's input is the row with its one-hot label after it."""
    x, y, weight = rng.normal(5, 3), rng.integers(0, 4, 5), rng.normal(7, 2)
    model = student.Conditional(student.define(TOY).Net(weight), 4)
    label_first = torch.cat([torch.eye(4, dtype=x.dtype, device=x.device)[y], x], dim=1)
    wide = {"cannot be multiplied": "The label adds num_classes numbers to the row: F.one_hot(y, self.num_classes)."}
    with explain_errors(wide):
        answer = student.define(HELPERS).answer(model, x, y)
    expect_close(answer, with_label(x, y, 4) @ weight, mistakes={
        "The label comes after the row, not before it.": label_first @ weight,
        "The one-hot row has ones and zeros, nothing else.": (2 * with_label((x + 1) / 2, y, 4) - 1) @ weight,
        "Labels count from 0, so the label 0 has its one in the first place.": with_label(x, (y - 1) % 4, 4) @ weight,
    })  # fmt: skip


def judge_conditional(
    student, name: str, x: Tensor, y: Tensor, classes: int, formulas: dict[str, Formula], what: Message
):
    """Compare a conditional network with the formula of the row with its label, in evaluation and in training mode.

    The first of the formulas is the right one; the others belong to mistakes, by their hints.
    """
    helper = student.define(HELPERS)
    module = getattr(student, name)(classes)
    values, rows = helper.shaken(module, x, y), with_label(x, y, classes)
    (_, formula), *wrong = formulas.items()
    expect_built_as(formula, values, rows, others=dict(wrong))
    for train in (False, True):
        expect_close(
            helper.answer(module, x, y, train=train),
            replay(formula, values, rows, train=train),
            name=in_mode(what, train),
            mistakes={
                hint: lambda other=other, train=train: other(Recipe(values, train=train), rows) for hint, other in wrong
            },
            hint=IN_TRAINING if train else SLOPES_AND_STEPS,
        )


@task("cgan_generator", share=50, loans=LOANS)
def check_conditional_generator_agrees_with_the_formula(student, rng):
    """Noise with its label goes through linear layers to 1024, 1024 and 784 numbers, and tanh."""
    judge_conditional(student, "cgan_generator", rng.normal(6, 96), rng.integers(0, 10, 6), 10, {
        "": lambda layers, x: IMAGES(layers, x).tanh(),
        "The tanh is missing.": IMAGES,
        "A sigmoid makes images in (0, 1); tanh makes them in (-1, 1).": lambda layers, x: IMAGES(layers, x).sigmoid(),
        "The layers are those of the discriminator.": perceptron([256, 784], 0.0),
    }, Message("images"))  # fmt: skip


@task("cgan_discriminator", share=50, loans=LOANS)
def check_conditional_discriminator_agrees_with_the_formula(student, rng):
    """An image with its label goes through linear layers to 256, 256 and 1 numbers, with leaky ReLUs."""
    judge_conditional(student, "cgan_discriminator", rng.normal(6, 784), rng.integers(0, 10, 6), 10, {
        "": logits(0.01),
        **{slope_hint(slope): logits(slope) for slope in SLOPES},
        "These are ReLUs without a leak.": logits(0.0),
        SIGMOID: lambda layers, x: logits(0.01)(layers, x).sigmoid(),
        "There should be two linear layers before the last one.": perceptron([256, 1], 0.01),
    }, Message("logits"))  # fmt: skip
