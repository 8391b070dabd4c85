"""Hidden checks of noise and networks: dtypes, initial weights, gradients, single rows, other numbers of classes."""

from functools import partial
from typing import Any

import torch
from check_gan_networks import WIDE
from oracles import LOANS, expect_built_as, perceptron, upwards, with_label
from oracles_hidden import TOY
from torch import Tensor
from torch.nn import functional as F

from autograder import (
    Message,
    expect,
    expect_close,
    expect_device,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_state_kept,
    explain_errors,
    task,
)
from autograder.probes.layers import Formula, Recipe, replay

HELPERS = """
import torch
from autograder.probes.layers import tables

def identity():
    return torch.nn.Identity()

def cut_off(module, *inputs):
    # the parameters that make a difference to the output and get no gradient
    out = module.train()(*inputs)
    out.sum().backward()
    lost = []
    for name, p in module.named_parameters():
        if p.grad is None:
            with torch.no_grad():
                p.add_(1)
                lost += [] if torch.equal(module(*inputs), out) else [name]
                p.sub_(1)
    return lost

def of_rows(module, train, *labels):
    # without the module around it: the gradients of its millions of weights need not travel
    module.train(train)
    return lambda x: module(x, *labels)

def tracked(noise, *args):
    return noise(*args).requires_grad

def start(make, *args):
    first, second = make(*args), make(*args)
    rows = []
    for p, q in zip(first.parameters(), second.parameters()):
        p, q = p.detach(), q.detach()
        rows.append([list(p.shape), float(p.std(correction=0)), float(p.mean()), bool(torch.equal(p, q))])
    return rows

def layers(module, *inputs):
    # random biases: equal numbers in different places could not be told apart
    module = module.to(inputs[0])
    with torch.no_grad():
        for p in module.parameters():
            if p.ndim == 1:
                p.add_(0.1 * torch.randn_like(p))
    return tables(module, *inputs)

def momenta(module):
    return [m.momentum for m in module.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]

def warm(module, x):
    module.to(x).train()
    with torch.no_grad():
        for _ in range(3):
            module(x)

def answer(module, *inputs, train=False):
    with torch.no_grad():
        return module.to(inputs[0]).train(train)(*inputs)

def call(module, *inputs):
    module(*inputs)

def extremes(module, x):
    with torch.no_grad():
        for p in module.parameters():
            p.mul_(50)
        return module.to(x).eval()(x)
"""


GIVEN = "Give dtype=dtype and device=device to the function that draws."
AGAIN = (
    "Draw each number by itself at each call; a function must not seed torch, nor use one generator with a fixed seed."
)


@task("sample_noise", share=25)
def check_noise_has_the_type_asked_for(student, rng, device):
    """Noise has the given dtype and device, float32 by default, for any size."""
    for size, dim, dtype in [(1, 1, torch.float64), (3, 96, torch.float64), (5, 2, torch.float32)]:
        noise = student.sample_noise(size, dim, dtype=dtype, device=device)
        expect_shape(noise, (size, dim))
        expect(
            noise.dtype == dtype,
            Message("The dtype is {dtype}; it should be {expected}.", dtype=noise.dtype, expected=dtype),
            hint=GIVEN,
        )
        expect(
            noise.device.type == device.type,
            Message("The noise is on {device}; it should be on {expected}.", device=noise.device, expected=device),
        )
    default = student.sample_noise(4, 3)
    tracked = student.define(HELPERS).tracked(student.sample_noise, 4, 3)
    expect(tracked is False, "The noise has requires_grad=True.", hint="Nothing needs the gradient in the noise.")
    expect(
        default.dtype == torch.float32,
        Message("The dtype is {dtype} by default; it should be float32.", dtype=default.dtype),
    )
    expect_device(student, student.sample_noise, 2, 3, dtype=torch.float32, device=str(rng.device))


@task("sample_noise", share=25, any_dtype=True)
def check_noise_is_drawn_anew_for_every_entry(student, rng):
    """All entries are independent, and every call draws new ones."""
    expect_shape(student.sample_noise(3, 130), (3, 130))
    first, second = student.sample_noise(500, 8).double(), student.sample_noise(500, 8).double()
    expect(not bool((first == second).any(dim=1).any()), "Two calls return the same rows.", hint=AGAIN)
    table = torch.cat([first, second], dim=1)
    correlation = torch.corrcoef(table.T) - torch.eye(16, dtype=torch.float64, device=table.device)
    expect(
        bool(torch.isfinite(correlation).all()) and float(correlation.abs().max()) < 0.27,  # six deviations
        Message(
            "Columns depend on each other: the largest correlation is {correlation:.2g}.",
            correlation=float(correlation.abs().max()),
        ),
        hint="Draw each number by itself, and do not sort them.",
    )
    deviation = float(table.std())
    expect(
        abs(deviation - 3**-0.5) < 0.02,
        Message("The standard deviation is {deviation:.3g}; that of uniform (-1, 1) is 0.577.", deviation=deviation),
    )


IMAGES = perceptron([1024, 1024, 784], 0.0)  # of the generator, without the tanh at the end


def judge_start(student, make, *args, shapes: list[list[int]]):
    """Initial weights are random, of a usual size, and differ from one network to the next."""
    rows = student.define(HELPERS).start(make, *args)
    found = [row[0] for row in rows]
    missing = [shape for shape in shapes if found.count(shape) < shapes.count(shape)]
    expect(not missing, Message("No weights have the shapes {missing}.", missing=missing))
    for shape, deviation, mean, same in rows:
        if shape not in shapes:
            continue
        fan_in = torch.Size(shape[1:]).numel()
        size = deviation * fan_in**0.5
        expect(0.05 < size < 4,
               Message("Weights of shape {shape} begin with standard deviation {deviation:.3g}.",
                       shape=tuple(shape), deviation=deviation),
               hint="torch.nn's own initialisation is fine: random, of about 0.6 / sqrt(inputs).")  # fmt: skip
        expect(
            abs(mean) < deviation / 2,
            Message("Weights of shape {shape} begin with mean {mean:.3g}.", shape=tuple(shape), mean=mean),
        )
        expect(not same, Message("Two networks begin with the same weights of shape {shape}.", shape=tuple(shape)),
               hint="Make a new network in each call, and do not seed torch: the caller does that.")  # fmt: skip


def judge_gradients(student, rng, module, x: Tensor, formula: Formula, train: bool = False):
    """Compare the gradient of the input with that of the formula; every parameter that is used gets a gradient.

    A network whose values differ from the formula's is a matter of the check of these values.
    """
    helper = student.define(HELPERS)
    values = helper.layers(module, x)
    expect_built_as(formula, values, x)
    expect_biases(values)
    replayed = partial(replay, formula, values, train=train)
    found, right = helper.answer(module, x, train=train), replayed(x)
    if type(found) is Tensor and found.shape == right.shape and torch.allclose(found.to(right), right):
        expect_same_gradients(student, rng, helper.of_rows(module, train), replayed, x)
    expect_nothing_cut_off(helper, module, x)


def expect_biases(values: Any):
    """Require a bias in each layer."""
    expect(all("bias" in table for table in values), "A layer has no bias.",
           hint="The layers of torch.nn have one unless it is turned off.")  # fmt: skip


def expect_nothing_cut_off(helper, module, *inputs: Tensor):
    """Require a gradient for each parameter that makes a difference to the output."""
    lost = helper.cut_off(module, *inputs)
    expect(type(lost) is list and not lost, Message("These get no gradient: {names}.", names=", ".join(map(str, lost))))


@task("discriminator", share=40)
def check_discriminator_starts_and_learns(student, rng):
    """The discriminator begins with random weights, passes gradients on, and accepts one row, views and float32."""
    judge_start(student, student.discriminator, shapes=[[256, 784], [256, 256], [1, 256]])
    module = student.discriminator()
    judge_gradients(student, rng, module, rng.normal(4, 784), perceptron([256, 256, 1], 0.01))
    rows = rng.normal(784, 5, dtype=torch.float32).T  # not contiguous
    helper = student.define(HELPERS)
    whole = helper.answer(module, rows)
    expect_shape(whole, (5, 1))
    expect_close(helper.answer(module, rows[3:4]), whole[3:4], name="logits of one row", rtol=1e-3, atol=1e-5)


@task("generator", share=40)
def check_generator_starts_learns_and_stays_in_range(student, rng):
    """The generator begins with random weights, passes gradients on, and never leaves [-1, 1]."""
    judge_start(student, student.generator, 11, shapes=[[1024, 11], [1024, 1024], [784, 1024]])
    module = student.generator(11)
    judge_gradients(student, rng, module, rng.normal(4, 11), lambda layers, x: IMAGES(layers, x).tanh())
    helper = student.define(HELPERS)
    expect_shape(helper.answer(module, rng.normal(1, 11)), (1, 784))
    images = helper.extremes(module, rng.normal(3, 11, dtype=torch.float32))
    expect(
        bool((images.abs() <= 1).all()),
        Message(
            "The pixels are between {least:.3g} and {most:.3g}; they must be between -1 and 1.",
            least=images.min(),
            most=images.max(),
        ),
    )
    expect(float(images.min()) < -0.9 and float(images.max()) > 0.9, "Images do not reach -1 and 1.")


def convolutional_logits(layers: Recipe, x: Tensor) -> Tensor:
    """Compute the convolutional discriminator: twice conv and pool, two linear layers."""
    x = x.reshape(-1, 1, 28, 28)
    for filters in (32, 64):
        x = F.max_pool2d(F.leaky_relu(layers.conv(x, filters, 5), 0.01), 2)
    return layers.linear(F.leaky_relu(layers.linear(x.flatten(1), 1024), 0.01), 1)


@task("build_dc_classifier", share=50)
def check_dc_classifier_starts_and_learns(student, rng):
    """The convolutional discriminator begins random, passes gradients on, and treats each row separately."""
    shapes = [[32, 1, 5, 5], [64, 32, 5, 5], [1024, 1024], [1, 1024]]
    judge_start(student, student.build_dc_classifier, shapes=shapes)
    module = student.build_dc_classifier()
    judge_gradients(student, rng, module, rng.normal(3, 784), convolutional_logits)
    rows = rng.normal(784, 7, dtype=torch.float32).T
    helper = student.define(HELPERS)
    whole = helper.answer(module, rows)
    expect_shape(whole, (7, 1))
    expect_close(helper.answer(module, rows[2:3]), whole[2:3], name="logits of one row", rtol=1e-3, atol=1e-5)
    transposed = rows.reshape(7, 28, 28).transpose(1, 2).reshape(7, 784)
    changed = float((helper.answer(module, transposed) - whole).abs().max())
    expect(changed > 1e-6, "Transposed images get the same logits.")


@task("build_dc_generator", share=25)
def check_dc_generator_starts_and_learns(student, rng):
    """The convolutional generator begins random, for any noise_dim, and passes gradients on."""
    shapes = [[1024, 7], [6272, 1024], [128, 64, 4, 4], [64, 1, 4, 4]]
    with explain_errors({"cannot be multiplied": WIDE}):
        judge_start(student, student.build_dc_generator, 7, shapes=shapes)
    module, noise = student.build_dc_generator(7), rng.normal(5, 7)
    judge_gradients(student, rng, module, noise, lambda layers, x: upwards(layers, x).tanh(), train=True)


@task("build_dc_generator", share=25)
def check_dc_generator_evaluates_each_row_by_itself(student, rng):
    """After training, an image in evaluation mode does not depend on the other images of its batch."""
    helper = student.define(HELPERS)
    module = student.build_dc_generator(5)
    momenta = helper.momenta(module)
    expect(
        all(m == 0.1 for m in momenta),
        Message("The momenta of batch normalisation are {momenta}; torch's usual one is 0.1.", momenta=momenta),
    )
    with explain_errors({"cannot be multiplied": WIDE}):
        helper.warm(module, rng.normal(9, 5))
    noise = rng.normal(4, 5)
    images = helper.answer(module, noise)
    expect_shape(images, (4, 784))
    expect_close(helper.answer(module, noise[1:2]), images[1:2], name="the image of one row", rtol=1e-5, atol=1e-7)
    expect(
        bool((images.abs() <= 1).all()),
        Message(
            "The pixels are between {least:.3g} and {most:.3g}; they must be between -1 and 1.",
            least=images.min(),
            most=images.max(),
        ),
    )


@task("Conditional.forward", share=60)
def check_conditional_with_other_classes(student, rng):
    """Any number of classes works, also when the batch lacks some; dtype, device, gradients and inputs are right."""
    for classes, size, dtype in [(3, 1, torch.float64), (12, 4, torch.float32), (2, 7, torch.float64)]:
        x, y = rng.normal(size, 5, dtype=dtype), rng.integers(0, 2, size)
        weight = rng.normal(5 + classes, 2, dtype=dtype)
        toy = student.define(TOY)
        model = student.Conditional(toy.Net(weight), classes)
        seen = student.inspect(student.define(HELPERS).answer, model, x, y)
        one_hot = (torch.arange(classes, device=y.device) == y[:, None]).to(dtype)
        right = torch.tanh(torch.cat([x, one_hot], dim=1) @ weight * 0.5)
        expect_close(seen.value, right, mistakes={
            "The network computes in another mode than that in which it is.": (
                torch.tanh(torch.cat([x, one_hot], dim=1) @ weight)
            ),
        })  # fmt: skip
        expect_equal(seen.args[1:], (x, y), name="the inputs after the call")
        expect_device(student, model, x, y)
        for train in (False, True):
            model.train(train)
            with expect_state_kept(student, model=model):
                student.define(HELPERS).call(model, x, y)
        if dtype == torch.float64:
            oracle = partial(conditional, one_hot, weight)
            expect_same_gradients(student, rng, model, oracle, x, y, weights=(weight,), names=("x",), train=True)
    half = rng.normal(3, 5).bfloat16()
    given = student.Conditional(student.define(HELPERS).identity(), 2)(half, rng.integers(0, 2, 3))
    hint = "Convert the one-hot label to the dtype of the row: F.one_hot(y, self.num_classes).to(x)."
    expect_equal(str(given.dtype), "torch.bfloat16", name="the dtype of what net gets for rows of bfloat16", hint=hint)


def conditional(one_hot: Tensor, weight: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Compute the toy network of rows with their labels."""
    return torch.tanh(torch.cat([x, one_hot], dim=1) @ weight)


def judge_pair(student, rng, module, dim: int, classes: int, formula: Formula):
    """Compare the network on labelled rows of `dim` numbers, one and eight, in both modes; all parameters train."""
    helper = student.define(HELPERS)
    for size in (8, 1):
        x, y = rng.normal(size, dim), rng.integers(0, classes, size)
        values = helper.layers(module, x, y)
        rows = with_label(x, y, classes)
        expect_built_as(formula, values, rows)
        expect_biases(values)
        expected = replay(formula, values, rows, train=False)
        for train in (False, True):
            mode = Message("training") if train else Message("evaluation")
            expect_close(
                helper.answer(module, x, y, train=train),
                expected,
                name=Message("{size} rows in {mode} mode", size=size, mode=mode),
            )
        labelled = partial(replay_labelled, formula, values, y, classes)
        expect_same_gradients(student, rng, helper.of_rows(module, True, y), labelled, x)
    expect_nothing_cut_off(helper, module, x, y)


def replay_labelled(formula: Formula, values: Any, y: Tensor, classes: int, x: Tensor) -> Tensor:
    """Compute the formula on the rows with their labels."""
    return replay(formula, values, with_label(x, y, classes), train=True)


@task("cgan_generator", share=50, loans=LOANS)
def check_conditional_generator_of_other_classes(student, rng):
    """The conditional generator begins random, and accepts any number of classes, any noise_dim and one row."""
    judge_start(student, student.cgan_generator, 3, 13, shapes=[[1024, 16], [1024, 1024], [784, 1024]])
    judge_pair(student, rng, student.cgan_generator(3, 13), 13, 3, lambda layers, x: IMAGES(layers, x).tanh())


@task("cgan_discriminator", share=50, loans=LOANS)
def check_conditional_discriminator_of_other_classes(student, rng):
    """The conditional discriminator begins random, and accepts any number of classes and one row, in both modes."""
    judge_start(student, student.cgan_discriminator, 4, shapes=[[256, 788], [256, 256], [1, 256]])
    judge_pair(student, rng, student.cgan_discriminator(4), 784, 4, perceptron([256, 256, 1], 0.01))
