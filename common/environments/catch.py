"""A ball falls, and a paddle on the last row should be under it."""

from __future__ import annotations

import torch
from torch import Tensor

ROWS, COLUMNS = 10, 5


class Catch:
    """n games on a board of 10 x 5 places. What is observed is the board: 1 at the ball and at the paddle, 0 elsewhere.

    The ball begins in a random column of the first row and falls one row in each step; the paddle begins in the middle
    of the last row and moves left, stays or moves right (actions 0, 1, 2). When the ball is in the last row the game is
    done: the reward is 1 if the paddle is there, else -1. It is 0 before.
    """

    obs_shape, actions = (1, ROWS, COLUMNS), 3

    def reset(self, n: int, generator: torch.Generator) -> Tensor:
        """Start n games.

        Shapes:
            out  (n, 1, 10, 5)  float32, 0 or 1
        """
        self._generator, device = generator, generator.device
        self._row = torch.zeros(n, dtype=torch.int64, device=device)
        self._ball, self._paddle = self._row.clone(), self._row.clone()
        return self.restart(torch.ones(n, dtype=torch.bool, device=device))

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Move the paddles, and let the balls fall.

        Shapes:
            actions  (n,)  int64, in [0, 3)
            out      boards (n, 1, 10, 5), float32; rewards (n,), float32; done and truncated (n,), bool
        """
        self._paddle = (self._paddle + actions - 1).clamp(0, COLUMNS - 1)
        self._row = (self._row + 1).clamp(max=ROWS - 1)
        done = self._row == ROWS - 1
        rewards = torch.where(done, torch.where(self._ball == self._paddle, 1.0, -1.0), 0.0)
        return self._board(), rewards, done, torch.zeros_like(done)

    def restart(self, which: Tensor) -> Tensor:
        """Start some of the games again, and return all boards.

        Shapes:
            which  (n,)            bool
            out    (n, 1, 10, 5)   float32
        """
        fresh = torch.randint(COLUMNS, which.shape, generator=self._generator, device=which.device)
        self._ball = torch.where(which, fresh, self._ball)
        self._paddle = torch.where(which, COLUMNS // 2, self._paddle)
        self._row = torch.where(which, 0, self._row)
        return self._board()

    def _board(self) -> Tensor:
        n = len(self._row)
        each = torch.arange(n, device=self._row.device)
        board = torch.zeros(n, 1, ROWS, COLUMNS, device=self._row.device)
        board[each, 0, self._row, self._ball] = 1.0
        board[each, 0, ROWS - 1, self._paddle] = 1.0
        return board
