"""torch's own recurrent cells with given weights, as a comparison for hand-written ones.

Weights have the layout of a05: (in, out), with the gates of an LSTM in the order i, f, o, g; torch has i, f, g, o.
A captioner's weights are given by role, as `autograder.probes.captioner.weights` returns them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.probes.aliases import ALIASES

READY_MADE = (  # forbidden in tasks that build recurrent cells
    "nn.RNN*",
    "nn.LSTM*",
    "nn.GRU*",
    "torch.gru*",
    "nn.MultiheadAttention",
    "nn.Transformer*",
    "autograder.probes.recurrent.*",
    *ALIASES,
)

Weights = Mapping[str, Any]


def rnn_step(x: Tensor, h: Tensor, wx: Tensor, wh: Tensor, b: Tensor) -> Tensor:
    """Take one step of torch's RNN cell with tanh.

    Shapes:
        x    (N, D)  input
        h    (N, H)  previous state
        wx   (D, H)  weights
        wh   (H, H)  weights
        b    (H,)    bias
        out  (N, H)  next state
    """
    return torch.rnn_tanh_cell(x, h, wx.T, wh.T, b, torch.zeros_like(b))


def lstm_step(x: Tensor, state: tuple[Tensor, Tensor], wx: Tensor, wh: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Take one step of torch's LSTM cell.

    Shapes:
        x      (N, D)   input
        state  two      previous h and c, each (N, H)
        wx     (D, 4H)  weights, gates i, f, o, g
        wh     (H, 4H)  weights
        b      (4H,)    bias
        out    two      next h and c, each (N, H)
    """
    wx, wh, b = (_torch_order(part) for part in (wx, wh, b))
    return torch.lstm_cell(x, list(state), wx.T, wh.T, b, torch.zeros_like(b))


def gru_step(x: Tensor, h: Tensor, wx: Tensor, wh: Tensor, b: Tensor) -> Tensor:
    """Take one step of torch's GRU cell, with zeros for its second bias.

    Shapes:
        x    (N, D)   input
        h    (N, H)   previous state
        wx   (D, 3H)  weights, gates r, z, n
        wh   (H, 3H)  weights
        b    (3H,)    bias
        out  (N, H)   next state
    """
    return torch.gru_cell(x, h, wx.T, wh.T, b, torch.zeros_like(b))


def attend(h: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Apply torch's scaled dot product attention to one query over a grid.

    Shapes:
        h     (N, H)        queries
        grid  (N, H, a, a)  keys and values
        out   two           the average (N, H) and the weights (N, a, a)
    """
    places = grid.flatten(2).mT  # (N, P, H)
    one_hot = torch.eye(places.shape[1], dtype=h.dtype, device=h.device).expand(len(h), -1, -1)
    query = h[:, None]
    weights = F.scaled_dot_product_attention(query, places, one_hot)[:, 0]
    seen = F.scaled_dot_product_attention(query, places, places)[:, 0]
    return seen, weights.reshape(len(h), *grid.shape[2:])


def over_time(step: Callable[[Tensor, Any], Any], x: Tensor, state: Any) -> Tensor:
    """Take `step(x_t, state) -> state` for every t and collect the states, or the first of each pair of states.

    Shapes:
        x    (N, T, D)  inputs
        out  (N, T, H)  states
    """
    states = []
    for t in range(x.shape[1]):
        state = step(x[:, t], state)
        states.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(states, dim=1)


def attention_lstm(x: Tensor, grid: Tensor, wx: Tensor, wh: Tensor, wattn: Tensor, b: Tensor) -> Tensor:
    """Run torch's LSTM cell with attention: each step also gets the average of the grid for the previous state.

    Shapes:
        x      (N, T, D)     inputs
        grid   (N, H, a, a)  features
        wx     (D, 4H)       weights, gates i, f, o, g
        wh     (H, 4H)       weights
        wattn  (H, 4H)       weights for that average
        b      (4H,)         bias
        out    (N, T, H)     states
    """
    start = grid.mean(dim=(2, 3))
    both = torch.cat([wx, wattn])

    def step(now: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return lstm_step(torch.cat([now, attend(state[0], grid)[0]], dim=1), state, both, wh, b)

    return over_time(step, x, (start, start))


class Captioner:
    """A captioner with these weights, word by word; `features` (N, D, a, a) are the output of the encoder."""

    def __init__(self, weights: Weights, kind: str, features: Tensor) -> None:
        self.weights, self.kind = weights, kind
        matrix, bias = weights["projection"]
        if kind == "attn":
            self.grid = F.conv2d(features, matrix[:, :, None, None], bias)
            self.state: Any = (self.grid.mean(dim=(2, 3)),) * 2
        else:
            start = F.linear(features.mean(dim=(2, 3)), matrix, bias)
            self.state = start if kind == "rnn" else (start, torch.zeros_like(start))

    def next_scores(self, words: Tensor) -> tuple[Tensor, Tensor | None]:
        """Compute the scores of the next word, and for "attn" the attention weights.

        Shapes:
            words  (N,)  the previous words, int64
            out    two   scores (N, V); weights (N, a, a) or None
        """
        x, cell, looked = F.embedding(words, self.weights["embedding"]), self.weights["cell"], None
        wx, wh, b = cell["Wx"], cell["Wh"], cell["b"]
        if self.kind == "attn":
            seen, looked = attend(self.state[0], self.grid)
            x, wx = torch.cat([x, seen], dim=1), torch.cat([wx, cell["Wattn"]])
        self.state = (rnn_step if self.kind == "rnn" else lstm_step)(x, self.state, wx, wh, b)
        h = self.state if self.kind == "rnn" else self.state[0]
        return F.linear(h, *self.weights["output"]), looked

    def greedy(self, first: int, length: int) -> tuple[Tensor, Tensor | None]:
        """Decode greedily: after ``first``, always the word with the best score; for "attn" with attention weights.

        Shapes:
            out  two   words (N, length), int64; weights (N, length, a, a) or None
        """
        words: list[Tensor] = []
        looks: list[Tensor | None] = []
        h = self.state if self.kind == "rnn" else self.state[0]
        word = torch.full(h.shape[:1], first, device=h.device)
        for _ in range(length):
            scores, looked = self.next_scores(word)
            word = scores.argmax(dim=1)
            words.append(word)
            looks.append(looked)
        seen = [looked for looked in looks if looked is not None]
        return torch.stack(words, dim=1), torch.stack(seen, dim=1) if seen else None


def _torch_order(weights: Tensor) -> Tensor:
    i, f, o, g = weights.chunk(4, dim=-1)
    return torch.cat([i, f, g, o], dim=-1)
