"""Hidden checks of the two moves: stale gradients, functions, the penalty, inputs that stay, five turns of both."""

import torch
from torch import Tensor

from autograder import expect_close, expect_equal, task

TOY = """
import torch

class Net(torch.nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = torch.nn.Parameter(weight.clone())

    def forward(self, x):
        return torch.tanh(x @ self.weight)

def loss_d(real, fake):
    return (real - 2).square().mean() + 3 * fake.abs().mean()

def loss_g(fake):
    return (1 - fake).exp().mean()

def adam(net):
    return torch.optim.Adam(net.parameters(), lr=0.03, betas=(0.5, 0.9))

def descent(net):
    return torch.optim.SGD(net.parameters(), lr=0.25)

def soil(net):
    net.weight.grad = torch.full_like(net.weight, 7.0)

def weight(net):
    return net.weight

def gradient(net):
    return net.weight.grad

def behind(net):
    def call(x):
        return net(x)
    return call

def twist(D, real, fake):
    return 5 * (D(real) * D(fake)).mean() + 4 * (fake * real).mean()
"""


def net(x: Tensor, weight: Tensor) -> Tensor:
    """The toy's forward pass."""
    return torch.tanh(x @ weight)


def loss_d(real: Tensor, fake: Tensor) -> Tensor:
    """The toy's."""
    return (real - 2).square().mean() + 3 * fake.abs().mean()


def descend(weight: Tensor, loss: Tensor) -> Tensor:
    """One step of gradient descent."""
    return (weight - 0.25 * torch.autograd.grad(loss, weight)[0]).detach()


@task("discriminator_step", points=2)
def check_discriminator_step_forgets_older_gradients(student, rng):
    """Gradients that G's move left in D do not enter D's own move; D and G may be functions; real and noise stay."""
    judge, maker = rng.normal(4, 1).requires_grad_(), rng.normal(3, 4)
    real, noise = rng.normal(9, 4), rng.normal(5, 3)  # the two batches differ in size
    loss = loss_d(net(real, judge), net(net(noise, maker), judge))
    toy = student.define(TOY)
    right = descend(judge, loss)
    D, G = toy.Net(judge.detach()), toy.Net(maker)
    toy.soil(D)
    players = toy.behind(D), toy.behind(G)
    seen = student.inspect(student.discriminator_step, *players, toy.descent(D), toy.loss_d, real, noise)
    expect_close(toy.weight(D), right, name="D's weight after the step", mistakes={
        "Old gradients were added to the new ones: zero them before backward.": right - 0.25 * 7,
        "The gradients were zeroed after backward, and nothing moved.": judge.detach(),
    })  # fmt: skip
    expect_close(seen.value, loss.item(), name="the loss returned")
    expect_equal(seen.args[4:], (real, noise), name="real and noise after the call")


@task("discriminator_step", points=1)
def check_discriminator_step_adds_the_penalty(student, rng):
    """A penalty is called with D, real and fake, enters the loss and what is returned, and does not reach G."""
    judge, maker = (rng.normal(*shape).requires_grad_() for shape in ((4, 1), (3, 4)))
    real, noise = rng.normal(6, 4), rng.normal(6, 3)
    fake = net(noise, maker)
    penalty = 5 * (net(real, judge) * net(fake, judge)).mean() + 4 * (fake * real).mean()
    loss = loss_d(net(real, judge), net(fake, judge)) + penalty
    (leak,) = torch.autograd.grad(penalty, maker, retain_graph=True)
    toy = student.define(TOY)
    D, G = toy.Net(judge.detach()), toy.Net(maker.detach())
    toy.soil(G)
    returned = student.discriminator_step(D, G, toy.descent(D), toy.loss_d, real, noise, penalty=toy.twist)
    expect_close(toy.weight(D), descend(judge, loss), name="D's weight after the step", mistakes={
        "The penalty is missing.": lambda: descend(judge, loss_d(net(real, judge), net(fake, judge))),
    })  # fmt: skip
    expect_close(returned, loss.item(), name="the loss returned")
    expect_close(toy.weight(G), maker.detach(), name="G's weight", rtol=0.0, atol=0.0)
    expect_close(toy.gradient(G), torch.full_like(leak, 7.0), name="G's gradient, which was 7 before", mistakes={
        "The penalty's gradient ran back into G: its fakes are data, too.": 7 + leak,
    })  # fmt: skip


@task("generator_step", points=1)
def check_generator_step_forgets_older_gradients(student, rng):
    """Gradients left in G do not enter its move; D and G may be functions; a batch may hold one row; noise stays."""
    for size in (1, 6):
        judge, maker = rng.normal(4, 1), rng.normal(3, 4).requires_grad_()
        noise = rng.normal(size, 3)
        loss = (1 - net(net(noise, maker), judge)).exp().mean()
        right = descend(maker, loss)
        toy = student.define(TOY)
        D, G = toy.Net(judge), toy.Net(maker.detach())
        toy.soil(G)
        seen = student.inspect(student.generator_step, toy.behind(D), toy.behind(G), toy.descent(G), toy.loss_g, noise)
        expect_close(toy.weight(G), right, name="G's weight after the step", mistakes={
            "Old gradients were added to the new ones: zero them before backward.": right - 0.25 * 7,
            "The gradients were zeroed after backward, and nothing moved.": maker.detach(),
        })  # fmt: skip
        expect_close(seen.value, loss.item(), name="the loss returned")
        expect_equal(seen.args[4:], (noise,), name="noise after the call")


@task("generator_step", points=1)
def check_five_turns_of_both_players(student, rng):
    """Five turns of both players with Adam lead to the same weights as torch's own loop."""
    judge, maker = rng.normal(4, 1), rng.normal(3, 4)
    turns = [(rng.normal(6, 4), rng.normal(6, 3), rng.normal(6, 3)) for _ in range(5)]
    toy = student.define(TOY)
    D, G = toy.Net(judge), toy.Net(maker)
    optimizers = toy.adam(D), toy.adam(G)
    for real, noise, other in turns:
        student.discriminator_step(D, G, optimizers[0], toy.loss_d, real, noise)
        student.generator_step(D, G, optimizers[1], toy.loss_g, other)

    judge, maker = judge.clone().requires_grad_(), maker.clone().requires_grad_()
    adams = [torch.optim.Adam([weight], lr=0.03, betas=(0.5, 0.9)) for weight in (judge, maker)]
    for real, noise, other in turns:
        (judge.grad,) = torch.autograd.grad(loss_d(net(real, judge), net(net(noise, maker).detach(), judge)), judge)
        adams[0].step()
        (maker.grad,) = torch.autograd.grad((1 - net(net(other, maker), judge)).exp().mean(), maker)
        adams[1].step()
    expect_close(toy.weight(D), judge.detach(), name="D's weight after five turns")
    expect_close(toy.weight(G), maker.detach(), name="G's weight after five turns")
