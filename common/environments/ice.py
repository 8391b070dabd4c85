"""Sixteen places on slippery ice: two holes, a fish, and steps that go where they were meant to go half of the time."""

from __future__ import annotations

import torch
from torch import Tensor

SIDE = 4
STATES, ACTIONS = SIDE * SIDE, 4
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left
HOLES, FISH = (5, 11), 15
WANTED, OTHER = 1 / 2, 1 / 6
IN_HOLE, AT_FISH = -2.0, 3.0  # rewards for leaving these places


def model() -> tuple[Tensor, Tensor, Tensor]:
    """Return the ice as tensors: probabilities of the next state, rewards, and which states end an episode.

    States are numbered row by row, actions are up, right, down, left. A step has the wanted direction with probability
    1/2, and each other one with 1/6; a step into the wall stays. The reward depends on the state that is left.

    Shapes:
        out  P (16, 4, 16), R (16, 4), float64; terminal (16,), bool
    """
    P = torch.zeros(STATES, ACTIONS, STATES, dtype=torch.float64)
    for state in range(STATES):
        for action in range(ACTIONS):
            for direction in range(ACTIONS):
                P[state, action, _neighbour(state, direction)] += WANTED if direction == action else OTHER
    R = torch.zeros(STATES, ACTIONS, dtype=torch.float64)
    R[list(HOLES)], R[FISH] = IN_HOLE, AT_FISH
    terminal = torch.arange(STATES) == FISH
    P[terminal] = 0.0
    P[terminal, :, terminal] = 1.0
    return P, R, terminal


def _neighbour(state: int, direction: int) -> int:
    row, column = state // SIDE + MOVES[direction][0], state % SIDE + MOVES[direction][1]
    inside = 0 <= row < SIDE and 0 <= column < SIDE
    return row * SIDE + column if inside else state


class Ice:
    """n walkers on the ice of `model()`, who start at state 0. What they observe is the number of their state.

    An episode is done when a walker acts in the last state, at the fish, and gets its reward. It is truncated after
    `limit` steps.
    """

    states, actions = STATES, ACTIONS

    def __init__(self, limit: int = 200) -> None:
        self.limit = limit

    def reset(self, n: int, generator: torch.Generator) -> Tensor:
        """Put n walkers at the start.

        Shapes:
            out  (n,)  int64
        """
        self._generator, device = generator, generator.device
        self._P, self._R, self._terminal = (part.to(device) for part in model())
        self._state = torch.zeros(n, dtype=torch.int64, device=device)
        self._time = torch.zeros(n, dtype=torch.int64, device=device)
        return self._state.clone()

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Move each walker.

        Shapes:
            actions  (n,)  int64, in [0, 4)
            out      states (n,), int64; rewards (n,), float64; done (n,) and truncated (n,), bool
        """
        rewards, done = self._R[self._state, actions], self._terminal[self._state]
        chances = self._P[self._state, actions]
        self._state = torch.multinomial(chances, 1, generator=self._generator)[:, 0]
        self._time += 1
        return self._state.clone(), rewards, done, (self._time >= self.limit) & ~done

    def restart(self, which: Tensor) -> Tensor:
        """Put some of the walkers at the start again, and return all states.

        Shapes:
            which  (n,)  bool
            out    (n,)  int64
        """
        self._state = torch.where(which, 0, self._state)
        self._time = torch.where(which, 0, self._time)
        return self._state.clone()
