"""Hidden checks of the gradient penalty: points, gradients, images of any rank, flat critics."""

import torch
from torch import Tensor

from autograder import Message, expect, expect_close, expect_device, expect_equal, expect_shape, task

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
    return [before, critic.weight.grad, fake.grad, value.detach()]
"""


def points_of(critic, toy, num: int) -> Tensor:
    """Return the images that the critic saw last, one for each pair, in whatever batches it was called."""
    seen = toy.seen(critic)
    batches = type(seen) is list and all(type(x) is Tensor for x in seen) and len({x.shape[1:] for x in seen}) == 1
    expect(batches and sum(len(x) for x in seen) >= num, "The critic was not called with one image for each pair.")
    points: Tensor = torch.cat(seen)[-num:]
    return points


def shares_of(points: Tensor, real: Tensor, fake: Tensor) -> Tensor:
    """Return the share of the real image in each point; fail the check when a point is not between its pair."""
    expect_shape(points, tuple(real.shape), name="the critic's input")
    shares = ((points - fake) / (real - fake)).flatten(1)
    spread = float((shares - shares.median(dim=1, keepdim=True).values).abs().max())
    inside = bool(((shares > -1e-5) & (shares < 1 + 1e-5)).all())
    expect(
        spread < 1e-5 and inside,
        "The critic's input was not a point on the line between each real image and its fake.",
        hint="Draw one number in (0, 1) for each pair, the same for all pixels.",
    )
    return shares.median(dim=1).values


@task("gradient_penalty", share="2/9", any_dtype=True)
def check_penalty_is_taken_between_real_and_fake(student, rng):
    """The penalty uses one random point between each real image and its fake, a new one at each call."""
    toy = student.define(CRITICS)
    fake = rng.normal(300, 6)
    real = fake + rng.uniform(300, 6) + 0.5
    drawn = []
    for _ in range(2):
        weight = rng.normal(6, 1)
        critic = toy.Bent(weight)
        seen = student.inspect(student.gradient_penalty, critic, real, fake)
        expect_equal(seen.args[1:], (real, fake), name="the images after the call")
        points = points_of(critic, toy, 300)
        drawn.append(shares_of(points, real, fake))
        slopes = (points * weight[:, 0]).square().sum(dim=1).sqrt()
        expect_close(seen.value, (slopes - 1).square().mean(), mistakes={
            "A slope below 1 is penalised, too.": (slopes - 1).clamp(min=0).square().mean(),
            "This is the mean of absolute differences; square them.": (slopes - 1).abs().mean(),
            "Subtract 1 and square for each image, then take the mean.": (slopes.mean() - 1).square(),
        })  # fmt: skip
    for shares in drawn:
        low, middle, high = float(shares.min()), float(shares.mean()), float(shares.max())
        expect(
            low < 0.06 and high > 0.94 and abs(middle - 0.5) < 0.1,
            Message(
                "300 shares of the real image are between {low:.3g} and {high:.3g}, with mean {middle:.3g}.",
                low=low,
                high=high,
                middle=middle,
            ),
            hint="They should be uniform in (0, 1), one for each pair.",
        )
    expect(not torch.equal(*drawn), "Two calls used the same points; draw new ones at each call.")


@task("gradient_penalty", share="1/9", any_dtype=True)
def check_penalty_trains_the_critic(student, rng):
    """The penalty gives the critic's weights a gradient, but only when backward is called."""
    toy = student.define(CRITICS)
    weight = 2 * rng.normal(4, 1).abs()
    real, fake = rng.uniform(5, 4) + 0.5, rng.uniform(5, 4) + 0.5
    before, after, *_ = toy.through(student.gradient_penalty, toy.Line(weight), real, fake)
    expect(after is not None, "The penalty gives the critic's weights no gradient.",
           hint="autograd.grad needs create_graph=True, and its result must not be detached.")  # fmt: skip
    expect(before is None, "The critic's weights had gradients before backward was called.",
           hint="Use torch.autograd.grad: unlike backward, it stores no gradients.")  # fmt: skip
    length = weight.square().sum().sqrt()
    expect_close(after, 2 * (length - 1) * weight / length, name="the gradient of the critic's weights", mistakes={
        "The slopes are cut off: autograd.grad needs create_graph=True; do not detach its result.": 0 * weight,
    })  # fmt: skip


@task("gradient_penalty", share="2/9")
def check_penalty_of_images_and_of_flat_critics(student, rng):
    """The penalty takes images of any rank on any device, gives no nan for a flat critic and the fakes no gradient."""
    toy = student.define(CRITICS)
    single, double = torch.float32, torch.float64
    for shape, dtype in [((4, 2, 3, 2), single), ((1, 2, 3), double), ((7, 6), single)]:
        fake = rng.normal(*shape, dtype=dtype)
        real = fake + rng.uniform(*shape, dtype=dtype) + 0.5
        weight = rng.normal(real[0].numel(), 1, dtype=dtype)
        critic = toy.Bent(weight)
        _, _, into_fake, penalty = toy.through(student.gradient_penalty, critic, real, fake)
        points = points_of(critic, toy, len(real)).double()
        shares_of(points, real.double(), fake.double())
        slopes = (points.flatten(1) * weight[:, 0].double()).square().sum(dim=1).sqrt()
        expect_close(penalty, (slopes - 1).square().mean().to(dtype), rtol=1e-3)
        flows = into_fake is not None and bool((into_fake != 0).any())
        expect(
            not flows,
            "The penalty sends a gradient back into the fakes, and so into the generator.",
            hint="Detach the fakes, or the points between: for the critic they are data.",
        )
    expect_device(student, student.gradient_penalty, toy.Bent(weight), real, fake)
    flat = toy.through(student.gradient_penalty, toy.Line(rng.normal(4, 1), 1e6), rng.normal(3, 4), rng.normal(3, 4))
    right = torch.ones_like(flat[3])
    expect_close(
        flat[3], right, name="the penalty of a flat critic", atol=1e-3
    )  # sqrt(|gradient|^2 + 1e-8) is accepted
    fine = flat[1] is None or bool(torch.isfinite(flat[1]).all())
    expect(
        fine,
        "The gradient of a flat critic's penalty is nan.",
        hint="The square root has an infinite slope at 0; torch's norm does not.",
    )
