"""What the checks of a08 share: many draws from the student's code, their distributions, and colours."""

import colorsys
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from autograder import Message, expect

DRAWS = """
import torch

from autograder.probes.lend import lend

def boxes(sample_crop, count, *args, **options):
    return torch.tensor([[int(v) for v in sample_crop(*args, **options)] for _ in range(count)])

def views(transform, image, count):
    return torch.stack([transform(image) for _ in range(count)])

def plain_views(transform, image, count):
    # without jitter: only its decisions are judged, so a mistake of color_jitter costs nothing here
    return views(lend(transform, color_jitter=lambda image, *strengths, **named: image), image, count)

def marked_views(transform, image, count):
    # a jitter that is easy to see in its place, and cheap: only whether it acts, and when, is judged
    return views(lend(transform, color_jitter=rolled), image, count)

def rolled(image, *strengths, **named):
    # halves the contrast, and exchanges the channels
    return (0.5 * image + 0.5 * image.mean()).roll(1, 0)

def jittered(color_jitter, image, count, **options):
    return torch.stack([color_jitter(image, **options) for _ in range(count)])

class Steps:
    # A transform that gives another result at each call.
    def __init__(self):
        self.calls = 0
    def __call__(self, image):
        self.calls += 1
        return image + self.calls
"""


SEED = """
import torch

def seed(number):
    torch.manual_seed(number)  # of torch alone: all random numbers come from torch
"""


LUMA = {"red": 0.299, "green": 0.587, "blue": 0.114}


def luma(pixel: Sequence[float]) -> float:
    """Return the luma of a pixel (red, green, blue)."""
    return sum(weight * value for weight, value in zip(LUMA.values(), pixel, strict=True))


def expect_drawn_by_torch(student, draw: Callable[[], Tensor]) -> None:
    """Fail unless torch.manual_seed decides what ``draw`` returns: equal after one seed, different after another."""
    seed, drawn = student.define(SEED).seed, []
    for number in (5, 5, 6):
        seed(number)
        drawn.append(draw())
    expect(
        torch.equal(drawn[0], drawn[1]),
        "Two runs after the same torch.manual_seed drew different numbers.",
        "Take all random numbers from torch, not from Python's random or from numpy.",
    )
    expect(
        not torch.equal(drawn[0], drawn[2]),
        "Two different seeds of torch gave the same draws.",
        "Do not seed a generator in the function: whoever calls it decides whether a run repeats another.",
    )


def expect_share(found: Tensor, share: float, what: Message, hint: str = "") -> None:
    """Fail unless the share of true values is the probability, within six standard deviations."""
    count, error = len(found), 6 * (share * (1 - share) / len(found)) ** 0.5
    seen = float(found.double().mean())
    expect(
        abs(seen - share) < error,
        Message(
            "{what} in {seen:.1%} of {count} draws; it should be {share:.0%}.",
            what=what,
            seen=seen,
            count=count,
            share=share,
        ),
        hint,
    )


def expect_uniform(
    values: Tensor, low: float, high: float, what: Message, *, slack: float = 0.0, hint: str = ""
) -> None:
    """Fail unless values are uniform in [low, high]: range (with slack), mean and variance within six deviations."""
    width, count = high - low, len(values)
    smallest, largest = float(values.min()), float(values.max())
    expect(
        smallest > low - slack - 1e-6 and largest < high + slack + 1e-6,
        Message(
            "{what} is between {smallest:.4g} and {largest:.4g}; it should be in [{low:.4g}, {high:.4g}].",
            what=what,
            smallest=smallest,
            largest=largest,
            low=low,
            high=high,
        ),
        hint,
    )
    mean, middle = float(values.mean()), (low + high) / 2
    expect(
        abs(mean - middle) < 6 * width / math.sqrt(12 * count) + slack / 4,
        Message(
            "The mean of {what} over {count} draws is {mean:.4g}; uniform draws from [{low:.4g}, {high:.4g}] have "
            "{middle:.4g}.",
            what=what,
            count=count,
            mean=mean,
            low=low,
            high=high,
            middle=middle,
        ),
        hint,
    )
    # The variance of (u - 1/2)^2 for uniform u is 1/180.
    spread, right = float((values - middle).square().mean()), width**2 / 12
    expect(
        abs(spread - right) < 6 * width**2 / math.sqrt(180 * count) + slack * width / 2,
        Message(
            "The variance of {what} over {count} draws is {spread:.4g}; uniform draws from [{low:.4g}, {high:.4g}] "
            "have {right:.4g}.",
            what=what,
            count=count,
            spread=spread,
            low=low,
            high=high,
            right=right,
        ),
        hint,
    )


def expect_independent(
    first: Tensor, second: Tensor, what: Message, hint: str = "Draw a new random number for each."
) -> None:
    """Fail unless the correlation of two columns of draws is 0, within six standard deviations."""
    found = float(torch.corrcoef(torch.stack([first.double(), second.double()]))[0, 1])
    message = Message(
        "The draws of {what} depend on each other: their correlation is {found:.2f}.", what=what, found=found
    )
    expect(abs(found) < 6 / math.sqrt(len(first)), message, hint)


def slope_image(device: torch.device) -> torch.Tensor:
    """Return a faintly red image that is brighter to the right, after any jitter too: (3, 16, 16)."""
    rise = torch.linspace(0, 0.3, 16, dtype=torch.float64, device=device).expand(16, 16)
    return torch.stack([0.3 + rise, 0.25 + rise, 0.2 + rise])


def shifted(image: Tensor, shift: float) -> Tensor:
    """Shift the hues of the image, pixel by pixel, with colorsys."""
    pixels = []
    for red, green, blue in image.flatten(1).T.tolist():
        hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
        pixels.append(colorsys.hsv_to_rgb((hue + shift) % 1.0, saturation, value))
    return torch.tensor(pixels, dtype=image.dtype, device=image.device).T.reshape(image.shape)
