"""Hidden checks of the two steps: old gradients, functions, the penalty, unchanged inputs, five rounds of both."""

import torch
from oracles_hidden import TOY
from torch import Tensor

from autograder import expect_close, expect_equal, expect_state_kept, explain_errors, task

PLAYERS = (
    TOY
    + """
def loss_d(real, fake):
    return (real - 2).square().mean() + 3 * fake.abs().mean()

def loss_g(fake):
    return (1 - fake).exp().mean()

def adam(net):
    return torch.optim.Adam(net.parameters(), lr=0.03, betas=(0.5, 0.9))

def descent(net):
    return torch.optim.SGD(net.parameters(), lr=0.25)

def leave_gradient(net):
    net.weight.grad = torch.full_like(net.weight, 7.0)

def weight(net):
    return net.weight

def gradient(net):
    return torch.zeros_like(net.weight) if net.weight.grad is None else net.weight.grad

def as_function(net):
    def call(x):
        return net(x)
    return call

def penalty(D, real, fake):
    return 5 * (D(real) * D(fake).square()).mean() + 4 * (fake * real).mean()

def settle(net, mode):
    return net.train(mode)

def move(D, G, optimizer, real, noise):
    # one step of D by the formula
    loss = loss_d(D(real), D(G(noise).detach()))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
)


MODULES = "D and G may be any functions, which have no modes: leave modes as they are."
FUNCTIONS = {
    "zero_grad": "D and G may be any functions; zero the gradients by optimizer.zero_grad().",
    "attribute 'train'": MODULES,
    "attribute 'eval'": MODULES,
    "attribute 'parameters'": "D and G may be any functions; the optimizer alone knows which parameters may change.",
}
CHANGING = ("parameters", "grads")  # of the player that moves


def net(x: Tensor, weight: Tensor, trains: bool = True) -> Tensor:
    """Compute the toy network."""
    return torch.tanh(x @ weight * (1.0 if trains else 0.5))


def penalty_of(real: Tensor, fake: Tensor, weight: Tensor) -> Tensor:
    """Compute the toy's penalty, in which real images and fakes have different roles."""
    return 5 * (net(real, weight) * net(fake, weight).square()).mean() + 4 * (fake * real).mean()


def loss_d(real: Tensor, fake: Tensor) -> Tensor:
    """Compute the toy's loss of the discriminator."""
    return (real - 2).square().mean() + 3 * fake.abs().mean()


def descend(weight: Tensor, loss: Tensor) -> Tensor:
    """Take one step of gradient descent."""
    return (weight - 0.25 * torch.autograd.grad(loss, weight, retain_graph=True)[0]).detach()


@task("discriminator_step", share="1/8")
def check_discriminator_step_forgets_older_gradients(student, rng):
    """D's step ignores the gradients that G's step left in D, accepts functions for D and G, and changes no input."""
    for images, noises in ((9, 5), (4, 7)):
        w_d, w_g = rng.normal(4, 1).requires_grad_(), rng.normal(3, 4)
        real, noise = rng.normal(images, 4), rng.normal(noises, 3)
        loss = loss_d(net(real, w_d), net(net(noise, w_g), w_d))
        toy = student.define(PLAYERS)
        right = descend(w_d, loss)
        D, G = toy.Net(w_d.detach()), toy.Net(w_g)
        toy.leave_gradient(D)
        players = toy.as_function(D), toy.as_function(G)
        with explain_errors(FUNCTIONS):
            seen = student.inspect(student.discriminator_step, *players, toy.descent(D), toy.loss_d, real, noise)
        expect_close(toy.weight(D), right, name="D's weight after the step", mistakes={
            "Old gradients were added to the new ones: zero them before backward.": right - 0.25 * 7,
            "The gradients were zeroed after backward, so nothing changed.": w_d.detach(),
        })  # fmt: skip
        expect_close(seen.value, loss.item(), name="the loss returned")
        expect_equal(seen.args[4:], (real, noise), name="real and noise after the call")


@task("discriminator_step", share="1/8", any_dtype=True)
def check_discriminator_step_keeps_the_modes(student, rng):
    """D and G compute in the mode in which they are, and stay in it; nothing else of G changes."""
    for d_trains, g_trains in ((True, True), (False, True), (True, False), (False, False)):
        w_d, w_g = rng.normal(4, 1).requires_grad_(), rng.normal(3, 4)
        real, noise = rng.normal(6, 4), rng.normal(6, 3)
        fake = net(noise, w_g, g_trains)
        expected = descend(w_d, loss_d(net(real, w_d, d_trains), net(fake, w_d, d_trains)))
        other = descend(w_d, loss_d(net(real, w_d, d_trains), net(net(noise, w_g, not g_trains), w_d, d_trains)))
        toy = student.define(PLAYERS)
        D, G = toy.settle(toy.Net(w_d.detach()), d_trains), toy.settle(toy.Net(w_g), g_trains)
        optimizer = toy.descent(D)
        with expect_state_kept(student, may_change=CHANGING, D=D), expect_state_kept(student, G=G):
            student.discriminator_step(D, G, optimizer, toy.loss_d, real, noise)
        expect_close(toy.weight(D), expected, name="D's weight after the step", mistakes={
            "The fakes are made in another mode than that in which G is.": other,
        })  # fmt: skip


@task("discriminator_step", share="1/8", any_dtype=True)
def check_discriminator_step_adds_the_penalty(student, rng):
    """A penalty is called with D, real and fake, is part of the loss that is returned, and does not reach G."""
    w_d, w_g = (rng.normal(*shape).requires_grad_() for shape in ((4, 1), (3, 4)))
    real, noise = rng.normal(6, 4), rng.normal(6, 3)
    fake = net(noise, w_g)
    penalty = penalty_of(real, fake, w_d)
    loss = loss_d(net(real, w_d), net(fake, w_d)) + penalty
    (leak,) = torch.autograd.grad(penalty, w_g, retain_graph=True)
    toy = student.define(PLAYERS)
    D, G = toy.Net(w_d.detach()), toy.Net(w_g.detach())
    toy.leave_gradient(G)
    returned = student.discriminator_step(D, G, toy.descent(D), toy.loss_d, real, noise, penalty=toy.penalty)
    expect_close(toy.weight(D), descend(w_d, loss), name="D's weight after the step", mistakes={
        "The penalty is missing.": lambda: descend(w_d, loss - penalty),
        "The arguments of the penalty are swapped: call penalty(D, real, fake).": (
            lambda: descend(w_d, loss - penalty + penalty_of(fake, real, w_d))
        ),
        "The penalty is subtracted; add it.": lambda: descend(w_d, loss - 2 * penalty),
        "The penalty is multiplied by 10; the factor is the caller's.": lambda: descend(w_d, loss + 9 * penalty),
    })  # fmt: skip
    expect_close(returned, loss.item(), name="the loss returned", mistakes={
        "This is the loss without the penalty; return their sum.": (loss - penalty).item(),
    })  # fmt: skip
    expect_close(toy.weight(G), w_g.detach(), name="G's weight", rtol=0.0, atol=0.0)
    expect_close(toy.gradient(G), torch.full_like(leak, 7.0), name="G's gradient, which was 7 before", mistakes={
        "The penalty's gradient reaches G: detach the fakes for the penalty too.": 7 + leak,
    })  # fmt: skip


@task("generator_step", share="1/8")
def check_generator_step_forgets_older_gradients(student, rng):
    """G's step ignores older gradients in G, accepts functions and single rows, and changes neither noise nor modes."""
    for size in (1, 6):
        w_d, w_g = rng.normal(4, 1), rng.normal(3, 4).requires_grad_()
        noise = rng.normal(size, 3)
        loss = (1 - net(net(noise, w_g), w_d)).exp().mean()
        right = descend(w_g, loss)
        toy = student.define(PLAYERS)
        D, G = toy.Net(w_d), toy.Net(w_g.detach())
        toy.leave_gradient(G)
        players = toy.as_function(D), toy.as_function(G)
        with explain_errors(FUNCTIONS):
            seen = student.inspect(student.generator_step, *players, toy.descent(G), toy.loss_g, noise)
        expect_close(toy.weight(G), right, name="G's weight after the step", mistakes={
            "Old gradients were added to the new ones: zero them before backward.": right - 0.25 * 7,
            "The gradients were zeroed after backward, so nothing changed.": w_g.detach(),
        })  # fmt: skip
        expect_close(seen.value, loss.item(), name="the loss returned")
        expect_equal(seen.args[4:], (noise,), name="noise after the call")
    for d_trains, g_trains in ((True, False), (False, True)):
        D, G = toy.settle(toy.Net(w_d), d_trains), toy.settle(toy.Net(w_g.detach()), g_trains)
        optimizer = toy.descent(G)
        with (
            expect_state_kept(student, may_change=CHANGING, G=G),
            expect_state_kept(student, may_change=["grads"], D=D),
        ):
            student.generator_step(D, G, optimizer, toy.loss_g, rng.normal(4, 3))


@task("generator_step", share="1/8", any_dtype=True)
def check_five_turns_of_both_players(student, rng):
    """Five steps of the generator, each after one of ours of D, lead to the same weights as torch's own loop."""
    w_d, w_g = rng.normal(4, 1), rng.normal(3, 4)
    rounds = [(rng.normal(6, 4), rng.normal(6, 3), rng.normal(6, 3)) for _ in range(5)]
    toy = student.define(PLAYERS)
    D, G = toy.Net(w_d), toy.Net(w_g)
    optimizers = toy.adam(D), toy.adam(G)
    for real, noise, noise_g in rounds:
        toy.move(D, G, optimizers[0], real, noise)
        student.generator_step(D, G, optimizers[1], toy.loss_g, noise_g)

    w_d, w_g = w_d.clone().requires_grad_(), w_g.clone().requires_grad_()
    adams = [torch.optim.Adam([weight], lr=0.03, betas=(0.5, 0.9)) for weight in (w_d, w_g)]
    for real, noise, noise_g in rounds:
        (w_d.grad,) = torch.autograd.grad(loss_d(net(real, w_d), net(net(noise, w_g).detach(), w_d)), w_d)
        adams[0].step()
        (w_g.grad,) = torch.autograd.grad((1 - net(net(noise_g, w_g), w_d)).exp().mean(), w_g)
        adams[1].step()
    expect_close(toy.weight(D), w_d.detach(), name="D's weight after five rounds")
    expect_close(toy.weight(G), w_g.detach(), name="G's weight after five rounds")
