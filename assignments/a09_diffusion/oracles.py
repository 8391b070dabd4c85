"""What the checks of the process and of sampling share: tables by plain loops, Bayes' rule, and a linear model.

With a model that is linear in x, the result of a step and the distribution of the samples have closed forms.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor

from autograder import expect_state_kept

TOY = """
import torch

class Linear(torch.nn.Module):
    '''slope[t] * x + offset[t] (+ model_kwargs["extra"]); records the inputs of each call.'''

    def __init__(self, slope, offset, channels=2):
        super().__init__()
        self.slope, self.offset = torch.nn.Parameter(slope), torch.nn.Parameter(offset)
        self.channels, self.seen, self.times, self.extras, self.graphs = channels, [], [], [], []

    def forward(self, x, time, model_kwargs=None):
        if tuple(time.shape) != (len(x),):
            raise ValueError(f"The model needs one time for each of {len(x)} images, not {tuple(time.shape)}.")
        places = {str(place) for place in (x.device, time.device, self.slope.device)}
        if len(places) > 1:
            raise ValueError(f"Model, images and times must be on the same device, not on {sorted(places)}.")
        self.seen.append(x.detach().clone())
        self.times.append(time.tolist())
        self.graphs.append(torch.is_grad_enabled())
        slope, offset = (
            table.to(x.dtype).gather(0, time.long()).reshape(-1, 1, 1, 1) for table in (self.slope, self.offset)
        )
        self.extras.append((model_kwargs or {}).get("extra", 0.0))
        return slope * x + offset + self.extras[-1]
"""


def expect_modes_kept(student, diffusion, call, *args, **options) -> None:
    """Expect that a call leaves the modes of the diffusion and its model as they are, and all their numbers."""
    for training in (True, False):
        diffusion.train(training)
        with expect_state_kept(student, diffusion=diffusion):
            call(*args, **options)


def process(student, betas: Tensor):
    """Make the student's process with these betas."""
    if student.has("Process"):
        return student.Process(len(betas), betas)
    return student.GaussianDiffusion(None, image_size=4, beta_schedule=betas)


def ddpm(student, model, betas: Tensor, *, size: int = 4, **options):
    """Make the student's DDPM of this model with these betas; in a notebook its subclass may not exist yet."""
    made = student.DDPM if student.has("DDPM") else student.GaussianDiffusion
    return made(model, image_size=size, beta_schedule=betas, **options).to(betas.device)


def ddim(student, model, betas: Tensor, *, size: int = 4, **options):
    """Make the student's diffusion that can sample in fewer steps."""
    return student.GaussianDiffusion(model, image_size=size, beta_schedule=betas, **options).to(betas.device)


def left_at(betas: Tensor, t: int) -> float:
    """Return alpha bar, the share of the image that is left after step t; 1 at t = -1."""
    return math.prod(1 - beta for beta in betas.tolist()[: t + 1])


def left_after(betas: Tensor) -> list[float]:
    """Return alpha bar after each step."""
    return [left_at(betas, t) for t in range(len(betas))]


def per_image(values: list[float], t: Tensor, x: Tensor) -> Tensor:
    """Return the value at each image's time, for images of any rank."""
    found = [values[i] for i in t.tolist()]
    return torch.tensor(found, dtype=x.dtype, device=x.device).reshape(-1, *[1] * (x.ndim - 1))


def noised(left: list[float], t: Tensor, x: Tensor, noise: Tensor) -> Tensor:
    """Mix each image with noise for its time: sqrt(alpha bar) * x + sqrt(1 - alpha bar) * noise."""
    share = per_image(left, t, x)
    return share.sqrt() * x + (1 - share).sqrt() * noise


def from_curve(curve: list[float], most: float = 0.999) -> Tensor:
    """Return betas from alpha bar at 0, 1/T, ..., 1."""
    return torch.tensor([min(1 - after / before, most) for before, after in pairwise(curve)], dtype=torch.float64)


def posterior(betas: Tensor, t: int) -> tuple[float, float, float]:
    """Return the factors of the image and of x_t in the mean of x_{t-1}, and its standard deviation.

    By Bayes' rule, two Gaussian estimates of x_{t-1} are weighted by their precisions: one from x_t, which is
    sqrt(alpha) x_{t-1} plus noise, and one from the image, t - 1 steps before.
    """
    if t == 0:
        return 1.0, 0.0, 0.0
    alpha, before = 1 - float(betas[t]), left_at(betas, t - 1)
    from_x_t, from_image = alpha / (1 - alpha), 1 / (1 - before)
    whole = from_x_t + from_image
    return from_image * before**0.5 / whole, from_x_t / alpha**0.5 / whole, whole**-0.5


def implied(
    prediction: Tensor, x_t: Tensor, left: Tensor | float, objective: str, most: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Return the noise and the image that follow from a model's prediction, the image clamped to [-most, most]."""
    left = torch.as_tensor(left).to(x_t)
    image = (x_t - (1 - left).sqrt() * prediction) / left.sqrt() if objective == "pred_noise" else prediction
    image = image.clamp(-most, most)
    return (x_t - left.sqrt() * image) / (1 - left).sqrt(), image
