"""Hidden checks of the two moves and of the gradient penalty: stale gradients, functions, the points between."""

import torch
from torch import Tensor

from autograder import expect, expect_close, expect_shape, task

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
    """Gradients left in the discriminator by the generator's move do not enter its own; D and G may be functions."""
    judge, maker = rng.normal(4, 1).requires_grad_(), rng.normal(3, 4)
    real, noise = rng.normal(9, 4), rng.normal(5, 3)  # the two batches differ in size
    loss = loss_d(net(real, judge), net(net(noise, maker), judge))
    toy = student.define(TOY)
    right = descend(judge, loss)
    D, G = toy.Net(judge.detach()), toy.Net(maker)
    toy.soil(D)
    returned = student.discriminator_step(toy.behind(D), toy.behind(G), toy.descent(D), toy.loss_d, real, noise)
    expect_close(toy.weight(D), right, name="D's weight after the step", mistakes={
        "Old gradients were added to the new ones: zero them before backward.": right - 0.25 * 7,
        "The gradients were zeroed after backward, and nothing moved.": judge.detach(),
    })  # fmt: skip
    expect_close(float(returned), loss.item(), name="the loss returned")


@task("discriminator_step", points=1)
def check_discriminator_step_adds_the_penalty(student, rng):
    """A penalty is called with D, real and fake, and added to the discriminator's loss."""
    judge, maker = rng.normal(4, 1).requires_grad_(), rng.normal(3, 4)
    real, noise = rng.normal(6, 4), rng.normal(6, 3)
    fake = net(noise, maker)
    plain = loss_d(net(real, judge), net(fake, judge))
    loss = plain + 5 * (net(real, judge) * net(fake, judge)).mean() + 4 * (fake * real).mean()
    toy = student.define(TOY)
    D, G = toy.Net(judge.detach()), toy.Net(maker)
    returned = student.discriminator_step(D, G, toy.descent(D), toy.loss_d, real, noise, penalty=toy.twist)
    expect_close(toy.weight(D), descend(judge, loss), name="D's weight after the step", mistakes={
        "The penalty is missing.": lambda: descend(judge, loss_d(net(real, judge), net(fake, judge))),
    })  # fmt: skip
    expect_close(float(returned), loss.item(), name="the loss returned")
    expect_close(toy.weight(G), maker, name="G's weight", rtol=0.0, atol=0.0)


@task("generator_step", points=1)
def check_generator_step_forgets_older_gradients(student, rng):
    """Gradients left in the generator do not enter its move; D and G may be functions, and a batch may hold one row."""
    for size in (1, 6):
        judge, maker = rng.normal(4, 1), rng.normal(3, 4).requires_grad_()
        noise = rng.normal(size, 3)
        loss = (1 - net(net(noise, maker), judge)).exp().mean()
        right = descend(maker, loss)
        toy = student.define(TOY)
        D, G = toy.Net(judge), toy.Net(maker.detach())
        toy.soil(G)
        returned = student.generator_step(toy.behind(D), toy.behind(G), toy.descent(G), toy.loss_g, noise)
        expect_close(toy.weight(G), right, name="G's weight after the step", mistakes={
            "Old gradients were added to the new ones: zero them before backward.": right - 0.25 * 7,
            "The gradients were zeroed after backward, and nothing moved.": maker.detach(),
        })  # fmt: skip
        expect_close(float(returned), loss.item(), name="the loss returned")


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


CRITICS = """
import torch

class Bent(torch.nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight, self.seen = torch.nn.Parameter(weight.clone()), []

    def forward(self, x):
        self.seen.append(x.detach().clone())
        return (x.flatten(1).square() @ self.weight) / 2

class Line(torch.nn.Module):
    def __init__(self, weight, drop=0.0):
        super().__init__()
        self.weight, self.drop = torch.nn.Parameter(weight.clone()), drop

    def forward(self, x):
        return torch.relu(x.flatten(1) @ self.weight - self.drop)

def seen(critic):
    return list(critic.seen)

def through(penalty, critic, real, fake):
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    value = penalty(critic, real, fake)
    before = critic.weight.grad
    value.backward()
    return [before, critic.weight.grad, real.grad, fake.grad, value.detach()]
"""


def shares_of(points: Tensor, real: Tensor, fake: Tensor) -> Tensor:
    """The share of the real image in each point; fails the check when a point is not between its pair."""
    expect_shape(points, tuple(real.shape), name="what the critic was given")
    shares = ((points - fake) / (real - fake)).flatten(1)
    spread = float((shares - shares.median(dim=1, keepdim=True).values).abs().max())
    inside = bool(((shares > -1e-6) & (shares < 1 + 1e-6)).all())
    expect(
        spread < 1e-5 and inside,
        "The critic was not asked at a point on the line between each real image and its fake.",
        hint="Draw one number in (0, 1) for each pair, the same for all pixels.",
    )
    return shares.median(dim=1).values


@task("gradient_penalty", points=2)
def check_penalty_is_taken_between_real_and_fake(student, rng):
    """The penalty is taken at one random point between each real image and its fake, anew at each call."""
    toy = student.define(CRITICS)
    fake = rng.normal(300, 6)
    real = fake + rng.uniform(300, 6) + 0.5
    drawn = []
    for _ in range(2):
        weight = rng.normal(6, 1)
        critic = toy.Bent(weight)
        penalty = student.gradient_penalty(critic, real, fake)
        points = toy.seen(critic)
        expect(type(points) is list and len(points) > 0, "The critic was not called.")
        drawn.append(shares_of(points[-1], real, fake))
        slopes = (points[-1] * weight[:, 0]).square().sum(dim=1).sqrt()
        expect_close(penalty, (slopes - 1).square().mean())
    for shares in drawn:
        low, middle, high = float(shares.min()), float(shares.mean()), float(shares.max())
        expect(
            low < 0.06 and high > 0.94 and abs(middle - 0.5) < 0.1,
            f"300 shares of the real image reach from {low:.3g} to {high:.3g} with mean {middle:.3g}.",
            hint="They should be uniform in (0, 1), one for each pair.",
        )
    expect(not torch.equal(*drawn), "Two calls took the same points; draw them anew.")


@task("gradient_penalty", points=1)
def check_penalty_trains_the_critic(student, rng):
    """The penalty has a gradient for the critic's weights, and computing it leaves no gradient in them."""
    toy = student.define(CRITICS)
    weight = 2 * rng.normal(4, 1).abs()
    real, fake = rng.uniform(5, 4) + 0.5, rng.uniform(5, 4) + 0.5
    before, after, *_ = toy.through(student.gradient_penalty, toy.Line(weight), real, fake)
    expect(before is None, "The critic's weights had gradients before anybody called backward.",
           hint="torch.autograd.grad returns a gradient and leaves the others alone; backward does not.")  # fmt: skip
    length = weight.square().sum().sqrt()
    expect_close(after, 2 * (length - 1) * weight / length, name="the gradient of the critic's weights")


@task("gradient_penalty", points=2)
def check_penalty_of_images_and_of_flat_critics(student, rng):
    """The penalty takes images of any rank, gives no nan for a flat critic, and sends no gradient into the images."""
    toy = student.define(CRITICS)
    for shape in [(4, 1, 3, 2), (1, 2, 3), (7, 6)]:
        fake = rng.normal(*shape, dtype=torch.float32)
        real = fake + rng.uniform(*shape, dtype=torch.float32) + 0.5
        weight = rng.normal(6, 1, dtype=torch.float32)
        critic = toy.Bent(weight)
        _, _, into_real, into_fake, penalty = toy.through(student.gradient_penalty, critic, real, fake)
        points = toy.seen(critic)[-1].double()
        slopes = (points.flatten(1) * weight[:, 0].double()).square().sum(dim=1).sqrt()
        expect_close(penalty, (slopes - 1).square().mean().float(), rtol=1e-3)
        flows = any(g is not None and bool((g != 0).any()) for g in (into_real, into_fake))
        expect(not flows, "The penalty has a gradient for the images; it should have one for the critic only.")
    flat = toy.through(student.gradient_penalty, toy.Line(rng.normal(4, 1), 1e6), rng.normal(3, 4), rng.normal(3, 4))
    expect_close(flat[4], torch.ones_like(flat[4]), name="the penalty of a flat critic")
    fine = flat[1] is None or bool(torch.isfinite(flat[1]).all())
    expect(
        fine,
        "The gradient of a flat critic's penalty is nan.",
        hint="The root of 0 has an infinite slope; norm has not.",
    )
