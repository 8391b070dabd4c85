"""A pole on a cart, which is pushed left or right so that the pole does not fall.

The equations are those of Barto, Sutton and Anderson 1983 without friction, in steps of Euler's method, as in
gymnasium's CartPole.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

GRAVITY, CART, POLE, HALF_LENGTH = 9.8, 1.0, 0.1, 0.5
FORCE, DT = 10.0, 0.02
FARTHEST, STEEPEST = 2.4, math.radians(12)


class CartPole:
    """n carts. Observed are place, speed, angle of the pole (0: upright) and its speed; actions are 0: left, 1: right.

    The reward of each step is 1. An episode is done when the cart is farther than 2.4 from the middle or the pole
    leans by more than 12 degrees, and truncated after `limit` steps.
    """

    obs_shape, actions = (4,), 2

    def __init__(self, limit: int = 200) -> None:
        self.limit = limit

    def reset(self, n: int, generator: torch.Generator) -> Tensor:
        """Put n carts near the middle, with poles that are nearly upright.

        Shapes:
            out  (n, 4)  float32, uniform in [-0.05, 0.05)
        """
        self._generator = generator
        self._state = torch.zeros(n, 4, device=generator.device)
        self._time = torch.zeros(n, dtype=torch.int64, device=generator.device)
        return self.restart(torch.ones(n, dtype=torch.bool, device=generator.device))

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Push the carts for one step of 0.02 seconds.

        Shapes:
            actions  (n,)  int64, 0 or 1
            out      states (n, 4) and rewards (n,), float32; done and truncated (n,), bool
        """
        x, speed, angle, turning = self._state.unbind(dim=1)
        force = torch.where(actions == 1, FORCE, -FORCE)
        sine, cosine = angle.sin(), angle.cos()
        push = (force + POLE * HALF_LENGTH * turning.square() * sine) / (CART + POLE)
        spin = (GRAVITY * sine - cosine * push) / (HALF_LENGTH * (4 / 3 - POLE * cosine.square() / (CART + POLE)))
        gain = push - POLE * HALF_LENGTH * spin * cosine / (CART + POLE)
        self._state = torch.stack([x + DT * speed, speed + DT * gain, angle + DT * turning, turning + DT * spin], dim=1)
        self._time += 1
        done = (self._state[:, 0].abs() > FARTHEST) | (self._state[:, 2].abs() > STEEPEST)
        return self._state.clone(), torch.ones_like(x), done, (self._time >= self.limit) & ~done

    def restart(self, which: Tensor) -> Tensor:
        """Put some of the carts near the middle again, and return all states.

        Shapes:
            which  (n,)    bool
            out    (n, 4)  float32
        """
        fresh = torch.rand(self._state.shape, generator=self._generator, device=which.device) / 10 - 0.05
        self._state = torch.where(which[:, None], fresh, self._state)
        self._time = torch.where(which, 0, self._time)
        return self._state.clone()


def picture(states: Tensor, size: int = 48) -> Tensor:
    """Draw carts and poles; the picture is 4.8 units wide and shows the pole at twice its angle.

    Shapes:
        states  (N, 4)                     as `CartPole` returns them
        size    int                        the height in pixels
        out     (N, 3, size, 2 * size)     float32 in [0, 1]
    """
    high, wide = torch.meshgrid(
        torch.linspace(2.0, -0.4, size, device=states.device),
        torch.linspace(-FARTHEST, FARTHEST, 2 * size, device=states.device),
        indexing="ij",
    )
    x, angle = states[:, 0, None, None], 2 * states[:, 2, None, None]
    across, up = wide - x, high.expand(len(states), -1, -1)
    along = (across * angle.sin() + up * angle.cos()).clamp(0, 1.5)  # the nearest place on the pole, 1.5 units long
    pole = ((across - along * angle.sin()).square() + (up - along * angle.cos()).square()).sqrt() < 0.07
    cart = (across.abs() < 0.4) & (up.abs() < 0.2)
    image = torch.ones(len(states), 3, size, 2 * size, device=states.device)
    for marks, colour in (((up + 0.3).abs() < 0.03, (0.6, 0.6, 0.6)), (cart, (0.2, 0.2, 0.2)), (pole, (0.8, 0.4, 0.1))):
        image = torch.where(marks[:, None], torch.tensor(colour, device=states.device)[:, None, None], image)
    return image
