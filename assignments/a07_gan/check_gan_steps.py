"""Public checks of the two steps and of the gradient penalty, with small networks and plain gradient descent."""

from typing import Any

import torch
from torch import Tensor

from autograder import Message, expect, expect_close, expect_shape, expect_type, explain_errors, task

TOY = """
import torch

class Net(torch.nn.Module):
    def __init__(self, weight, bias):
        super().__init__()
        self.weight, self.bias = torch.nn.Parameter(weight.clone()), torch.nn.Parameter(bias.clone())

    def forward(self, x):
        return torch.tanh(x @ self.weight + self.bias)

def loss_d(real, fake):
    return (real - 1).square().mean() + 2 * fake.square().mean()

def loss_g(fake):
    return (fake - 3).square().mean()

def descent(net):
    return torch.optim.SGD(net.parameters(), lr=0.5)

def state(net):
    return [net.weight, net.bias]

def gradients(net):
    return [net.weight.grad, net.bias.grad]

def leave_gradients(net):
    net.weight.grad, net.bias.grad = torch.full_like(net.weight, 7.0), torch.full_like(net.bias, 7.0)
"""

Weights = list[Tensor]
ROLES = {"cannot be multiplied": "G makes images of noise, and D judges images: D(real) and D(G(noise))."}


def net(x: Tensor, weights: Weights) -> Tensor:
    """Compute the toy network."""
    return torch.tanh(x @ weights[0] + weights[1])


def loss_d(real: Tensor, fake: Tensor) -> Tensor:
    """Compute a loss that treats its two arguments differently."""
    return (real - 1).square().mean() + 2 * fake.square().mean()


def loss_g(fake: Tensor) -> Tensor:
    """Compute the toy's loss of the generator."""
    return (fake - 3).square().mean()


def descend(weights: Weights, loss: Tensor) -> Weights:
    """Take one step of gradient descent."""
    slopes = torch.autograd.grad(loss, weights, retain_graph=True)
    return [(w - 0.5 * slope).detach() for w, slope in zip(weights, slopes, strict=True)]


def players(rng) -> tuple[Weights, Weights]:
    """Draw the weights of a discriminator of rows of 4 and of a generator from 3 numbers."""
    drawn = [rng.normal(4, 1), rng.normal(1)], [rng.normal(3, 4), rng.normal(4)]
    return tuple([value.requires_grad_() for value in weights] for weights in drawn)


def values(weights: Weights) -> Weights:
    """Detach the weights, to send them to the student's code."""
    return [w.detach() for w in weights]


OTHER = "Another optimiser than the one given took the step: call its zero_grad and step, and make none of your own."


@task("discriminator_step", share="3/8", any_dtype=True)
def check_discriminator_step_agrees_with_autograd(student, rng):
    """A step of the discriminator is one step of its optimiser on its loss, and returns the loss as a float."""
    w_d, w_g = players(rng)
    real, noise = rng.normal(6, 4), rng.normal(6, 3)
    fake = net(noise, w_g).detach()
    loss = loss_d(net(real, w_d), net(fake, w_d))
    swapped = loss_d(net(fake, w_d), net(real, w_d))
    expected, upwards, other = (descend(w_d, value) for value in (loss, -loss, swapped))

    toy = student.define(TOY)
    D, G = toy.Net(*values(w_d)), toy.Net(*values(w_g))
    optimizer = toy.descent(D)
    with explain_errors(ROLES):
        returned = student.discriminator_step(D, G, optimizer, toy.loss_d, real, noise)
    expect_close(toy.state(D), expected, name="D's weight and bias after the step", mistakes={
        "D did not change: call backward, then the optimiser's step.": values(w_d),
        "The loss became larger: its sign is wrong.": upwards,
        "Real images and fakes are swapped: call loss_function(D(real), D(fake)).": other,
        OTHER: [(w - 1e-3 * (w - after).sign()).detach() for w, after in zip(w_d, expected, strict=True)],
        "The optimiser took two steps with the same gradient; take one.": [
            2 * after - before for after, before in zip(expected, values(w_d), strict=True)
        ],
    })  # fmt: skip
    judge_returned(returned, loss, loss_d(net(real, expected), net(fake, expected)))


def judge_returned(returned: Any, loss: Tensor, after: Tensor) -> None:
    """Compare the loss that a step returned; `after` is the loss after the step."""
    expect(
        type(returned) is not Tensor,
        "The loss returned is a tensor; it should be a float.",
        hint="Return loss.item(): a tensor would keep its whole graph alive.",
    )
    expect_type(returned, float, name="the loss returned")
    expect_close(returned, loss.item(), name="the loss returned", mistakes={
        "This is the loss after the step; return the one that the step was for.": after.item(),
    })  # fmt: skip


@task("discriminator_step", share="1/8", any_dtype=True)
def check_discriminator_step_does_not_reach_the_generator(student, rng):
    """A step of the discriminator changes neither the generator's parameters nor their gradients."""
    w_d, w_g = players(rng)
    toy = student.define(TOY)
    D, G = toy.Net(*values(w_d)), toy.Net(*values(w_g))
    student.discriminator_step(D, G, toy.descent(D), toy.loss_d, rng.normal(5, 4), rng.normal(5, 3))
    for name, after, before in zip(("weight", "bias"), toy.state(G), values(w_g), strict=True):
        expect_close(after, before, name=Message("G's {name} after the step of D", name=name), rtol=0.0, atol=0.0)
    reached = any(g is not None and bool((g != 0).any()) for g in toy.gradients(G))
    expect(not reached, "After D's step there are gradients in G.", hint="Detach the fakes: for D they are data.")
    moved = any(not torch.equal(a, b) for a, b in zip(toy.state(D), values(w_d), strict=True))
    expect(moved, "D's parameters did not change.")


ADDED = "Old gradients were added to the new ones: zero them before backward."
ZEROED = "The gradients were zeroed after backward, so nothing changed."


def expect_forgotten(found: Weights, expected: Weights, before: Weights, player: str) -> None:
    """Compare weights after a step that began with gradients of 7."""
    expect_close(found, expected, name=Message("{player}'s weight and bias after the step", player=player), mistakes={
        ADDED: [w - 0.5 * 7 for w in expected],
        ZEROED: before,
    })  # fmt: skip


@task("discriminator_step", share="1/8", any_dtype=True)
def check_discriminator_step_zeroes_its_gradients(student, rng):
    """Gradients that G's step left in D make no difference to D's step."""
    w_d, w_g = players(rng)
    real, noise = rng.normal(6, 4), rng.normal(6, 3)
    expected = descend(w_d, loss_d(net(real, w_d), net(net(noise, w_g).detach(), w_d)))
    toy = student.define(TOY)
    D, G = toy.Net(*values(w_d)), toy.Net(*values(w_g))
    toy.leave_gradients(D)
    student.discriminator_step(D, G, toy.descent(D), toy.loss_d, real, noise)
    expect_forgotten(toy.state(D), expected, values(w_d), "D")


@task("generator_step", share="1/8", any_dtype=True)
def check_generator_step_agrees_with_autograd(student, rng):
    """A step of the generator is one step of its optimiser on the loss of its fakes, and returns it as a float."""
    w_d, w_g = players(rng)
    noise = rng.normal(7, 3)
    loss = loss_g(net(net(noise, w_g), w_d))
    expected, upwards, alone = (descend(w_g, value) for value in (loss, -loss, loss_g(net(noise, w_g))))

    toy = student.define(TOY)
    D, G = toy.Net(*values(w_d)), toy.Net(*values(w_g))
    with explain_errors(ROLES):
        returned = student.generator_step(D, G, toy.descent(G), toy.loss_g, noise)
    expect_close(toy.state(G), expected, name="G's weight and bias after the step", mistakes={
        "G did not change: is the graph cut before the loss, or are the gradients zeroed after backward?": values(w_g),
        "The loss became larger: its sign is wrong.": upwards,
        OTHER: [(w - 1e-3 * (w - after).sign()).detach() for w, after in zip(w_g, expected, strict=True)],
        "The loss is that of the fakes themselves; it is that of D(fakes).": alone,
    })  # fmt: skip
    judge_returned(returned, loss, loss_g(net(net(noise, expected), w_d)))


@task("generator_step", share="1/8", any_dtype=True)
def check_generator_step_zeroes_its_gradients(student, rng):
    """Gradients that are in G from before make no difference to its step."""
    w_d, w_g = players(rng)
    noise = rng.normal(4, 3)
    expected = descend(w_g, loss_g(net(net(noise, w_g), w_d)))
    toy = student.define(TOY)
    D, G = toy.Net(*values(w_d)), toy.Net(*values(w_g))
    toy.leave_gradients(G)
    student.generator_step(D, G, toy.descent(G), toy.loss_g, noise)
    expect_forgotten(toy.state(G), expected, values(w_g), "G")


@task("generator_step", share="1/8", any_dtype=True)
def check_generator_step_leaves_the_discriminator(student, rng):
    """A step of the generator does not change the discriminator's parameters."""
    w_d, w_g = players(rng)
    toy = student.define(TOY)
    D, G = toy.Net(*values(w_d)), toy.Net(*values(w_g))
    student.generator_step(D, G, toy.descent(G), toy.loss_g, rng.normal(5, 3))
    for name, after, before in zip(("weight", "bias"), toy.state(D), values(w_d), strict=True):
        expect_close(after, before, name=Message("D's {name} after the step of G", name=name), rtol=0.0, atol=0.0)
    moved = any(not torch.equal(a, b) for a, b in zip(toy.state(G), values(w_g), strict=True))
    expect(moved, "G's parameters did not change.")


CRITICS = """
import torch

class Linear(torch.nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = torch.nn.Parameter(weight.clone())

    def forward(self, x):
        return x.flatten(1) @ self.weight

class Bent(Linear):
    def forward(self, x):
        return torch.tanh(x.flatten(1) @ self.weight).sum(dim=1) + (x.flatten(1) ** 3).sum(dim=1) / 6

def has_graph(penalty, critic, real, fake):
    return bool(getattr(penalty(critic, real, fake), "requires_grad", False))
"""


@task("gradient_penalty", share="2/9", any_dtype=True, keeps=True)
def check_penalty_of_a_linear_critic(student, rng):
    """A linear critic has the slope |w| everywhere, so its penalty is (|w| - 1)^2 for all images."""
    toy = student.define(CRITICS)
    for size, scale in ((6, 2.0), (1, 0.1), (5, 2.0)):
        weight = scale * rng.normal(4, 1)
        critic = toy.Linear(weight)
        critic.train(size > 1)
        penalty = student.gradient_penalty(critic, rng.normal(size, 4), rng.normal(size, 4))
        length = weight.square().sum().sqrt()
        expect_shape(penalty, ())
        expect_close(penalty, (length - 1) ** 2, name=Message("the penalty of {size} pairs", size=size), mistakes={
            "The gradient is that of the mean of the scores; take that of their sum.": (length / size - 1) ** 2,
            "This is the sum of absolute slopes; take the root of the sum of squares.": (weight.abs().sum() - 1) ** 2,
            "This is the mean of |gradient|^2: the 1 is missing.": length**2,
            "This is | |gradient| - 1 |, without the square.": (length - 1).abs(),
            "A slope below 1 is penalised, too.": (length - 1).clamp(min=0) ** 2,
            "This is the sum over the batch instead of the mean.": size * (length - 1) ** 2,
            "This is the mean of (|gradient|^2 - 1)^2: the root is missing.": (length**2 - 1) ** 2,
            "The square comes last, after 1 is subtracted: (|gradient| - 1)^2, not |gradient|^2 - 1.": length**2 - 1,
            "The caller multiplies by 10; the penalty itself has no factor.": 10 * (length - 1) ** 2,
            "The norm is taken over the whole batch instead of each image.": (size**0.5 * length - 1) ** 2,
            "This is the mean of |gradient| - 1, without the square.": length - 1,
        })  # fmt: skip


@task("gradient_penalty", share="2/9", any_dtype=True)
def check_penalty_of_a_bent_critic(student, rng):
    """Where real and generated images are equal, the penalty agrees with autograd for one image at a time."""
    weight, images = rng.normal(5, 3), rng.normal(8, 5)
    slopes = []
    for image in images:
        x = image.clone().requires_grad_()
        score = torch.tanh(x @ weight).sum() + (x**3).sum() / 6
        slopes.append(torch.autograd.grad(score, x)[0].square().sum().sqrt())
    expected = torch.stack([(slope - 1) ** 2 for slope in slopes]).mean()
    mean_first = (torch.stack(slopes).mean() - 1) ** 2
    toy = student.define(CRITICS)
    critic = toy.Bent(weight)
    expect_close(student.gradient_penalty(critic, images, images.clone()), expected, mistakes={
        "Subtract 1 and square for each image, then take the mean.": mean_first,
    })  # fmt: skip
    expect(
        toy.has_graph(student.gradient_penalty, critic, images, images.clone()),
        "The penalty has no graph: its gradient cannot reach the critic's weights.",
        "Pass create_graph=True to torch.autograd.grad, and do not detach the slopes.",
    )
