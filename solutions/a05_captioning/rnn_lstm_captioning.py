# %% [markdown]
# # Saying what you see: recurrent networks and captions
#
# A sentence has no fixed length, so a network that writes one must work step by step and remember what it wrote. You
# build such a network by hand, with its gradient through time, then its better-known successors, the LSTM and the
# GRU. At the end a network looks at a picture, decides before each word where to look, and writes
# *"a red striped disc left of a green checked square"*.
#
# <!-- parts -->
#
# Letters for sizes: $N$ captions in a batch, $T$ steps, $D$ numbers that come in at each step, $H$ numbers of the
# hidden state, $V$ words in the vocabulary, and a grid of $a \times a$ places in a picture.
#
# `torch.nn.RNN`, `LSTM`, `GRU` and their cells are what you build here, so they are not allowed. In part 1 you also
# work without autograd.

# %%
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from common.nets.image_encoder import ImageEncoder

# %% tags=["active-ipynb"]
# import os
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import DataError
# from common.data.captions import load_captions, stack
# from common.data.scene_captions import SLOTS, parts, slot_accuracy
# from common.data.vocabulary import Vocabulary
# from common.nets.image_encoder import features
# from common.plots import attention_maps, curves, pictures
# from common.training.captioning import fit
# from common.training.seed import seed_everything
# from tqdm import tqdm
#
# torch.set_num_threads(1)  # such small networks gain nothing from more, and lose much where other work is going on

# %% [markdown]
# ## 1 A recurrent network by hand
#
# ### One step
#
# The state $h_t$ is computed from the input $x_t$ of this step and the state before (Elman 1990):
#
# $$ h_t = \tanh(x_t W_x + h_{t-1} W_h + b). $$
#
# The same $W_x$, $W_h$ and $b$ serve every step. That is the idea of the whole notebook: convolution shares its
# weights over places, recurrence shares them over time.


# %% task="rnn_step_forward" minutes=5 difficulty="easy"
def rnn_step_forward(x: Tensor, prev_h: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> tuple[Tensor, Any]:
    """One step of a recurrent network with tanh.

    Shapes:
        x       (N, D)  input of this step
        prev_h  (N, H)  hidden state of the step before
        Wx      (D, H)  weights from input to state
        Wh      (H, H)  weights from state to state
        b       (H,)    bias
        out     (N, H)  the next hidden state; and a cache for rnn_step_backward
    """
    ### BEGIN SOLUTION
    next_h = torch.tanh(x @ Wx + prev_h @ Wh + b)
    cache = (x, prev_h, Wx, Wh, next_h)
    ### END SOLUTION
    return next_h, cache


# %% [markdown] hint="rnn_step_forward"
# 1. Two products, the bias, and `torch.tanh` of the sum. Check the shapes: (N, D) @ (D, H) and (N, H) @ (H, H).
# 2. Put into the cache what `rnn_step_backward` needs: `x`, `prev_h`, both weights and the new state.

# %% [markdown]
# ### One step, backward
#
# You get $d = \partial L / \partial h_t$. Write $a_t$ for what goes into tanh. From $\tanh' = 1 - \tanh^2$ follows
#
# $$ \delta = \frac{\partial L}{\partial a_t} = d \odot (1 - h_t^2), \qquad
#    \frac{\partial L}{\partial W_x} = x_t^\top \delta, \quad
#    \frac{\partial L}{\partial W_h} = h_{t-1}^\top \delta, \quad
#    \frac{\partial L}{\partial x_t} = \delta\, W_x^\top, \quad
#    \frac{\partial L}{\partial h_{t-1}} = \delta\, W_h^\top, $$
#
# and $\partial L / \partial b$ is the sum of $\delta$ over the batch. Note that $1 - h_t^2$ needs the *output* of
# the step: keep it in the cache and you need not compute tanh again.


# %% task="rnn_step_backward" minutes=15 difficulty="medium"
def rnn_step_backward(dnext_h: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of one step.

    Shapes:
        dnext_h  (N, H)  gradient with respect to the next hidden state
        cache    any     what rnn_step_forward stored
        out      five    dx (N, D), dprev_h (N, H), dWx (D, H), dWh (H, H), db (H,)
    """
    ### BEGIN SOLUTION
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h * next_h)  # (N, H)
    dx, dprev_h = da @ Wx.T, da @ Wh.T
    dWx, dWh, db = x.T @ da, prev_h.T @ da, da.sum(dim=0)
    ### END SOLUTION
    return dx, dprev_h, dWx, dWh, db


# %% [markdown] hint="rnn_step_backward"
# 1. First go back through tanh: `dnext_h * (1 - next_h**2)`, element by element. Everything else follows from this
#    (N, H) tensor.
# 2. It came from two products and a bias. The gradients of a product are in the formulas above; check each by its
#    shape. `db` is a sum over the batch.

# %% [markdown]
# ### All steps
#
# A whole sequence: begin with $h_0$, take the steps in order, and return *all* states $h_1, \dots, h_T$. This
# function is also used under autograd in part 3, so do not write into a tensor that is needed for a gradient:
# collect the states in a list and put them together with `torch.stack` at the end. That is safe, and no slower.


# %% task="rnn_forward" minutes=10 difficulty="easy"
def rnn_forward(x: Tensor, h0: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> tuple[Tensor, Any]:
    """A recurrent network over whole sequences. Autograd can follow it.

    Shapes:
        x    (N, T, D)  inputs
        h0   (N, H)     state before the first step
        Wx   (D, H)     weights from input to state
        Wh   (H, H)     weights from state to state
        b    (H,)       bias
        out  (N, T, H)  the states after each step; and a cache for rnn_backward
    """
    ### BEGIN SOLUTION
    prev_h, states, cache = h0, [], []
    for t in range(x.shape[1]):
        prev_h, step = rnn_step_forward(x[:, t], prev_h, Wx, Wh, b)
        states.append(prev_h)
        cache.append(step)
    h = torch.stack(states, dim=1)
    ### END SOLUTION
    return h, cache


# %% [markdown] hint="rnn_forward"
# 1. Loop over `t`: `x[:, t]` is the input of step `t`. Each step gets the state that the step before returned.
# 2. Append states and caches to lists. `torch.stack(states, dim=1)` puts time on axis 1; without `dim=1` it would be
#    axis 0.

# %% [markdown]
# ### Backpropagation through time
#
# Unroll the loop in your mind and the network is a deep one, with $T$ layers that share their weights (Werbos 1990).
# Two things follow, and both are easy to forget. The loss reaches $h_t$ on **two** ways: from its own step, which is
# what `dh[:, t]` holds, and from step $t + 1$, whose `dprev_h` must be added:
#
# $$ \frac{\partial L}{\partial h_t} = \underbrace{\texttt{dh}_t}_{\text{from the loss at } t} +
#    \underbrace{\delta_{t+1} W_h^\top}_{\text{from the step after}}. $$
#
# And since every step used the same weights, their gradients are **sums** over the steps. Walk from the last step to
# the first.


# %% task="rnn_backward" minutes=30 difficulty="hard"
def rnn_backward(dh: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of a whole sequence, by backpropagation through time.

    Shapes:
        dh     (N, T, H)  gradient with respect to each state, from the loss at its own step
        cache  any        what rnn_forward kept
        out    five       dx (N, T, D), dh0 (N, H), dWx (D, H), dWh (H, H), db (H,)
    """
    ### BEGIN SOLUTION
    dprev_h, dWx, dWh, db = 0, 0, 0, 0
    dxs = []
    for t in reversed(range(dh.shape[1])):
        dx, dprev_h, dwx, dwh, dbias = rnn_step_backward(dh[:, t] + dprev_h, cache[t])
        dxs.insert(0, dx)
        dWx, dWh, db = dWx + dwx, dWh + dwh, db + dbias
    dx, dh0 = torch.stack(dxs, dim=1), dprev_h
    ### END SOLUTION
    return dx, dh0, dWx, dWh, db


# %% [markdown] hint="rnn_backward"
# 1. Loop over the steps from the last to the first, and carry `dprev_h` along; it begins as 0.
# 2. The gradient that arrives at step `t` is `dh[:, t]` plus what the step after handed back. Call
#    `rnn_step_backward` with this sum and the cache of step `t`.
# 3. Add up `dWx`, `dWh` and `db` over the steps, and collect `dx` in the right order. What is left in `dprev_h` after
#    step 0 is `dh0`.

# %% [markdown]
# ### Why long sequences are hard
#
# On its way from step $T$ back to step $t$, a gradient is multiplied by $W_h^\top$ and by $1 - h^2 \le 1$ again and
# again. Where the largest singular value of $W_h$ is below 1 it must vanish; where it is above, it may explode
# (Pascanu, Mikolov and Bengio 2013). The picture uses your code: the loss looks at the last state only, and we
# measure what is left of its gradient at earlier steps.

# %% tags=["active-ipynb"]
# seed_everything(0)
# x, h0 = torch.randn(20, 40, 8), torch.zeros(20, 32)
# left = {}
# for scale in (0.5, 1.0, 2.0):
#     Wh = scale * torch.linalg.qr(torch.randn(32, 32)).Q  # all singular values are `scale`
#     h, cache = rnn_forward(0.1 * x, h0, torch.randn(8, 32) / 8, Wh, torch.zeros(32))
#     dh = torch.zeros_like(h)
#     dh[:, -1] = torch.randn(20, 32)
#     dx = rnn_backward(dh, cache)[0]
#     left[f"singular values {scale}"] = dx.norm(dim=2).mean(dim=0).log10()
# curves(left, xlabel="step", ylabel="log10 of the gradient's length")

# %% [markdown] question="captioning-q1"
# **Question 1.** In the picture, the curve for 2.0 does not rise by a factor of 2 with each step back, as the
# singular values alone would have it. What holds it down? And why does nothing comparable help the curve for 0.5?

# %% [markdown] answer="captioning-q1"
# ### BEGIN SOLUTION
# Each step back multiplies by $W_h^\top$ *and* by $1 - h^2$. With large $W_h$ the states grow until tanh saturates,
# so $1 - h^2$ is well below 1 and takes back part, or all, of the growth. With small $W_h$ the states are small and
# $1 - h^2$ is nearly 1, its largest value: it can shrink a gradient but never make it grow, so nothing makes up for
# the factor 0.5.
# ### END SOLUTION

# %% [markdown]
# ### Truncated backpropagation
#
# Texts can have thousands of steps. To keep every step's cache until the end costs memory, and a gradient that has
# vanished anyway is not worth it. **Truncated** backpropagation through time cuts the sequence into pieces of $k$
# steps: forward, the state is handed from piece to piece as before; backward, no gradient crosses a border
# (Williams and Peng 1990). Within a piece everything stays as it was.
#
# Steps $0, \dots, k-1$ are the first piece, $k, \dots, 2k-1$ the second, and so on; the last may be shorter. $h_0$
# gets its gradient from the first piece alone.


# %% task="rnn_truncated_backward" minutes=20 difficulty="medium"
def rnn_truncated_backward(dh: Tensor, cache: Any, steps: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """As rnn_backward, but no gradient crosses from one piece of `steps` steps into the piece before.

    Shapes:
        dh     (N, T, H)  gradient with respect to each state, from the loss at its own step
        cache  any        what rnn_forward kept
        steps  int        length of a piece, at least 1; the last piece may be shorter
        out    five       dx (N, T, D), dh0 (N, H), dWx (D, H), dWh (H, H), db (H,)
    """
    ### BEGIN SOLUTION
    pieces = [rnn_backward(dh[:, t : t + steps], cache[t : t + steps]) for t in range(0, dh.shape[1], steps)]
    dx, dh0 = torch.cat([piece[0] for piece in pieces], dim=1), pieces[0][1]
    dWx, dWh, db = (sum(piece[k] for piece in pieces) for k in (2, 3, 4))
    ### END SOLUTION
    return dx, dh0, dWx, dWh, db


# %% [markdown] hint="rnn_truncated_backward"
# 1. Cut `dh` along time and the list of caches into the same pieces, and call `rnn_backward` on each piece. Then no
#    gradient can cross a border.
# 2. Join the `dx` of the pieces along time. The gradients of weights and bias are sums over the pieces; `dh0` is that
#    of the *first* piece.

# %% [markdown]
# ### Clipping
#
# Truncation does not stop gradients from exploding. What does is simple: if the length of the gradient, of all
# parameters taken together as one long vector $g$, is above a limit, scale all of it down (Pascanu et al.,
# algorithm 1):
#
# $$ g \leftarrow g \cdot \min\!\Big(1, \frac{c}{\lVert g \rVert}\Big). $$
#
# The direction stays. Clipping each parameter, or each number, by itself would change it. Unlike anything else in
# this notebook this function works *in place*, on `parameter.grad`; a parameter that has no gradient is passed
# over.


# %% task="clip_gradients" minutes=15 difficulty="medium"
def clip_gradients(parameters: Iterable[Tensor], max_norm: float) -> Tensor:
    """Scale the gradients of all parameters, in place, so that together they are no longer than max_norm.

    Shapes:
        parameters  tensors  each with a .grad, or with None there
        max_norm    float    the greatest length allowed
        out         ()       the length before clipping; 0 where there is no gradient
    """
    ### BEGIN SOLUTION
    grads = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not grads:
        return torch.zeros(())
    total = torch.stack([grad.norm() for grad in grads]).norm()
    scale = torch.clamp(max_norm / (total + 1e-12), max=1.0)
    for grad in grads:
        grad.mul_(scale)
    return total
    ### END SOLUTION


# %% [markdown] hint="clip_gradients"
# 1. Collect the gradients that are not None in a list first: `parameters` may be a generator, which can be read only
#    once.
# 2. The common length is the root of the sum of all squares, over all gradients. If it is above `max_norm`, multiply
#    each gradient by `max_norm / length`.
# 3. In place means `grad.mul_(scale)`. `grad = grad * scale` makes a new tensor and leaves `parameter.grad` as it
#    was. Return the length from *before*.

# %% [markdown]
# ## 2 From words to a loss
#
# The scenes come with two captions each, since either object may be mentioned first. We train with the one that
# begins at the top, or at the left where both are at the same height; when we measure, either counts. A `Vocabulary`
# gives each word a number. Four tokens come first: `<START>` begins every caption, `<END>` ends it, `<NULL>` fills
# it up to a common length, and `<UNK>` stands for a word that is not known.

# %% tags=["active-ipynb"]
# train_set, val_set = load_captions("scenes", "train", count=3000), load_captions("scenes", "val", count=400)
# vocabulary = Vocabulary.of(captions[0] for captions in train_set.captions)
# print(f"{len(vocabulary)} words:", *vocabulary.words)
# first = [captions[0] for captions in train_set.captions]
# tokens = vocabulary.encode(first)[:, None]  # (N, 1, 14)
# images, val_images = stack(train_set), stack(val_set)
# print(tokens[0, 0].tolist())
# pictures(images[:8], first[:8])

# %% [markdown]
# ### Word vectors
#
# A network computes with vectors, so each word gets one: row $w$ of a table of parameters, shape $(V, D)$. To look
# a word up is to take its row; the gradient of a row is the sum over all places where the word stood. Autograd does
# that for you if you index the table with the tensor of words, whatever its shape. `nn.Embedding` is this layer ready
# made, so it is not allowed here; indexing and `F.embedding` are.


# %% task="WordEmbedding" minutes=5 difficulty="easy"
class WordEmbedding(nn.Module):
    """A vector for each word."""

    def __init__(self, vocab_size: int, embed_size: int) -> None:
        super().__init__()
        self.W_embed = nn.Parameter(torch.randn(vocab_size, embed_size) / math.sqrt(vocab_size))

    def forward(self, x: Tensor) -> Tensor:
        """Look words up.

        Shapes:
            x    (N, T)     words by number, int64; or any other shape
            out  (N, T, D)  their vectors
        """
        ### BEGIN SOLUTION
        return self.W_embed[x]
        ### END SOLUTION


# %% [markdown] hint="WordEmbedding"
# 1. Index the table by the tensor of numbers: a tensor of shape (N, T) as an index gives (N, T, D).

# %% [markdown]
# ### The loss of a sentence
#
# At every step the network gives a score to each word of the vocabulary. The loss is the cross-entropy with the
# word that does come next, **summed over the steps and averaged over the captions**:
#
# $$ L = -\frac{1}{N} \sum_{n=1}^{N} \; \sum_{t\,:\; y_{nt} \ne \text{ignored}}
#        \log \frac{e^{x_{n t y_{nt}}}}{\sum_v e^{x_{n t v}}}. $$
#
# Captions differ in length, and `<NULL>` after the end is not a word to learn: places where $y$ is
# `ignore_index` count nothing. The division is by $N$, not by the number of words.


# %% task="temporal_softmax_loss" minutes=15 difficulty="medium"
def temporal_softmax_loss(x: Tensor, y: Tensor, ignore_index: int | None = None) -> Tensor:
    """Cross-entropy, summed over time and averaged over the captions.

    Shapes:
        x             (N, T, V)    scores
        y             (N, T)       the right words, int64
        ignore_index  int or None  places with this word count nothing
        out           ()           the loss
    """
    ### BEGIN SOLUTION
    none = -100  # no word has this number
    ignored = none if ignore_index is None else ignore_index
    return F.cross_entropy(x.flatten(0, 1), y.flatten(), ignore_index=ignored, reduction="sum") / len(x)
    ### END SOLUTION


# %% [markdown] hint="temporal_softmax_loss"
# 1. `F.cross_entropy` wants scores (number, V) and labels (number,). Join the first two axes of `x` and both axes of
#    `y`.
# 2. `reduction="sum"` adds up all places; then divide by the number of captions, `len(x)`.
# 3. `F.cross_entropy` leaves out places whose label is its `ignore_index`, but does not accept None there. If nothing
#    is to be ignored, use a number that no word has, or do not pass it.

# %% [markdown] question="captioning-q2"
# **Question 2.** Before training, the scores are about equal. What is the loss of a caption of 10 words and
# `<END>`, roughly, with the vocabulary above (28 entries)? And what would change if `<NULL>` were not ignored, with
# all captions filled up to 14 tokens?

# %% [markdown] answer="captioning-q2"
# ### BEGIN SOLUTION
# With equal scores each word costs $\ln 28 \approx 3.3$, so eleven tokens cost about 37. Filled up, 13 steps (14
# tokens without the first) would count, about 43 at the start. Worse is what happens later: `<NULL>` after `<END>`
# is predicted perfectly within a few steps, so the loss falls although nothing was learned about pictures, and
# losses of sets that are padded to other lengths cannot be compared.
# ### END SOLUTION

# %% [markdown]
# ## 3 Networks as modules
#
# From here on autograd computes the gradients. First the network of part 1 as a module. Its parameters have the names
# `Wx`, `Wh` and `b`, which the checks use; `step_forward` takes one step, `forward` a whole sequence.


# %% task="RNN" minutes=5 difficulty="easy"
class RNN(nn.Module):
    """A recurrent network with tanh."""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, hidden_dim) / math.sqrt(input_dim))
        self.Wh = nn.Parameter(torch.randn(hidden_dim, hidden_dim) / math.sqrt(hidden_dim))
        self.b = nn.Parameter(torch.zeros(hidden_dim))

    def step_forward(self, x: Tensor, prev_h: Tensor) -> Tensor:
        """One step.

        Shapes:
            x       (N, D)  input of this step
            prev_h  (N, H)  hidden state of the step before
            out     (N, H)  the next hidden state
        """
        ### BEGIN SOLUTION
        return rnn_step_forward(x, prev_h, self.Wx, self.Wh, self.b)[0]
        ### END SOLUTION

    def forward(self, x: Tensor, h0: Tensor) -> Tensor:
        """All steps.

        Shapes:
            x    (N, T, D)  inputs
            h0   (N, H)     state before the first step
            out  (N, T, H)  the states after each step
        """
        ### BEGIN SOLUTION
        return rnn_forward(x, h0, self.Wx, self.Wh, self.b)[0]
        ### END SOLUTION


# %% [markdown] hint="RNN"
# 1. Both methods are one call of your functions from part 1, with `self.Wx`, `self.Wh` and `self.b`.
# 2. Those functions return two things; the module returns only the states.

# %% [markdown]
# ### LSTM
#
# Long short-term memory (Hochreiter and Schmidhuber 1997; with the forget gate of Gers et al. 2000) carries a
# second state along, the **cell** $c_t$, which is changed by *adding*. Three **gates**, numbers between 0 and 1,
# decide what is written into it, what is kept and what is shown. One product gives all four parts, cut into equal
# quarters in the order **i, f, o, g**:
#
# $$ a = x_t W_x + h_{t-1} W_h + b \in \mathbb{R}^{4H}, \qquad
#    i = \sigma(a_i), \quad f = \sigma(a_f), \quad o = \sigma(a_o), \quad g = \tanh(a_g), $$
#
# $$ c_t = f \odot c_{t-1} + i \odot g, \qquad h_t = o \odot \tanh(c_t). $$
#
# Along the cells, a gradient is multiplied by $f$ alone, with no matrix in the way: a gate that is open lets it pass
# unchanged over many steps. Beware: `torch.nn.LSTM` has the order i, f, g, o.
#
# `forward` begins with $c_0 = 0$.


# %% task="LSTM" minutes=25 difficulty="medium"
class LSTM(nn.Module):
    """Long short-term memory."""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, 4 * hidden_dim) / math.sqrt(input_dim))
        self.Wh = nn.Parameter(torch.randn(hidden_dim, 4 * hidden_dim) / math.sqrt(hidden_dim))
        self.b = nn.Parameter(torch.zeros(4 * hidden_dim))

    def step_forward(self, x: Tensor, prev_h: Tensor, prev_c: Tensor) -> tuple[Tensor, Tensor]:
        """One step; the quarters of what Wx, Wh and b give are the gates i, f, o and the news g.

        Shapes:
            x       (N, D)  input of this step
            prev_h  (N, H)  hidden state of the step before
            prev_c  (N, H)  cell state of the step before
            out     two     next_h (N, H), next_c (N, H)
        """
        ### BEGIN SOLUTION
        a = x @ self.Wx + prev_h @ self.Wh + self.b  # (N, 4 H)
        i, f, o, g = a.chunk(4, dim=1)  # each (N, H)
        next_c = f.sigmoid() * prev_c + i.sigmoid() * g.tanh()
        next_h = o.sigmoid() * next_c.tanh()
        ### END SOLUTION
        return next_h, next_c

    def forward(self, x: Tensor, h0: Tensor) -> Tensor:
        """All steps, from the cell state 0.

        Shapes:
            x    (N, T, D)  inputs
            h0   (N, H)     hidden state before the first step
            out  (N, T, H)  the hidden states after each step
        """
        ### BEGIN SOLUTION
        h, c, states = h0, torch.zeros_like(h0), []
        for t in range(x.shape[1]):
            h, c = self.step_forward(x[:, t], h, c)
            states.append(h)
        return torch.stack(states, dim=1)
        ### END SOLUTION


# %% [markdown] hint="LSTM"
# 1. Compute `a` once, (N, 4 H), and cut it with `chunk(4, dim=1)` in the order i, f, o, g. The first three go through
#    a sigmoid, the last through tanh.
# 2. The new cell is `f * prev_c + i * g`, the new state `o * tanh(next_c)`: the *new* cell.
# 3. `forward` is the loop of `rnn_forward` with two states. The cell begins as zeros like `h0`; only the hidden
#    states are returned.

# %% [markdown]
# ### GRU
#
# The gated recurrent unit (Cho et al. 2014) does with one state. A **reset** gate $r$ decides how much of the past
# is seen when something new is proposed, an **update** gate $z$ how much of the old state is kept. The thirds of
# `Wx`, `Wh` and `b` are in the order **r, z, n**:
#
# $$ r = \sigma(x_t W_x^r + h_{t-1} W_h^r + b^r), \qquad z = \sigma(x_t W_x^z + h_{t-1} W_h^z + b^z), $$
#
# $$ n = \tanh\!\big(x_t W_x^n + b^n + r \odot (h_{t-1} W_h^n)\big), \qquad h_t = z \odot h_{t-1} + (1 - z) \odot n. $$
#
# As in torch, $r$ acts *after* the matrix. torch has a second bias, inside of $r \odot (\dots)$; here there is one,
# outside.


# %% task="GRU" minutes=20 difficulty="medium"
class GRU(nn.Module):
    """A gated recurrent unit."""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, 3 * hidden_dim) / math.sqrt(input_dim))
        self.Wh = nn.Parameter(torch.randn(hidden_dim, 3 * hidden_dim) / math.sqrt(hidden_dim))
        self.b = nn.Parameter(torch.zeros(3 * hidden_dim))

    def step_forward(self, x: Tensor, prev_h: Tensor) -> Tensor:
        """One step; the thirds of Wx, Wh and b belong to r, z and n.

        Shapes:
            x       (N, D)  input of this step
            prev_h  (N, H)  hidden state of the step before
            out     (N, H)  the next hidden state
        """
        ### BEGIN SOLUTION
        xr, xz, xn = (x @ self.Wx + self.b).chunk(3, dim=1)  # each (N, H)
        hr, hz, hn = (prev_h @ self.Wh).chunk(3, dim=1)
        r, z = (xr + hr).sigmoid(), (xz + hz).sigmoid()
        n = (xn + r * hn).tanh()
        return z * prev_h + (1 - z) * n
        ### END SOLUTION

    def forward(self, x: Tensor, h0: Tensor) -> Tensor:
        """All steps.

        Shapes:
            x    (N, T, D)  inputs
            h0   (N, H)     state before the first step
            out  (N, T, H)  the states after each step
        """
        ### BEGIN SOLUTION
        h, states = h0, []
        for t in range(x.shape[1]):
            h = self.step_forward(x[:, t], h)
            states.append(h)
        return torch.stack(states, dim=1)
        ### END SOLUTION


# %% [markdown] hint="GRU"
# 1. Compute the products with `x` and with `prev_h` apart, (N, 3 H) each, and cut both into thirds r, z, n: for `n`
#    they must not be added before `r` has acted.
# 2. The bias belongs to the part of `x`. `n = tanh(xn + r * hn)`, and the new state is `z * prev_h + (1 - z) * n`.

# %% [markdown]
# ### How far back can they remember?
#
# A test of memory: the first of 30 inputs is one of eight signs, the others are noise, and after the last step the
# network must say which sign it was. Every network gets the same 200 steps of Adam. The third is your LSTM with one
# change before training: the bias of its forget gate is 3, so that $f$ begins near $\sigma(3) = 0.95$.

# %% tags=["active-ipynb"]
# # about 5 seconds
# def recall(net, steps=200, length=30):
#     head = nn.Linear(32, 8)
#     optimizer = torch.optim.Adam([*net.parameters(), *head.parameters()], lr=1e-2)
#     losses = []
#     for _ in range(steps):
#         signs = torch.randint(8, (64,))
#         x = 0.5 * torch.randn(64, length, 8)
#         x[:, 0] = 2 * F.one_hot(signs, 8)
#         loss = F.cross_entropy(head(net(x, torch.zeros(64, 32))[:, -1]), signs)
#         optimizer.zero_grad()
#         loss.backward()
#         clip_gradients(net.parameters(), 5.0)
#         optimizer.step()
#         losses.append(loss.item())
#     return losses
#
#
# seed_everything(0)
# open_gate = LSTM(8, 32)
# open_gate.b.data[32:64] = 3.0
# networks = {"RNN": RNN(8, 32), "LSTM": LSTM(8, 32), "LSTM, forget gate open": open_gate}
# losses = {name: recall(net) for name, net in tqdm(networks.items(), unit="network")}
# curves(losses, ylabel="loss (chance: 2.08)")

# %% [markdown]
# An LSTM is not born with a good memory. With biases of zero its gates begin at one half, so a cell keeps $2^{-30}$
# of what was written into it 30 steps ago, and so little of a gradient comes back that it cannot learn to keep more.
# That is why the forget gate usually begins open (Gers et al. 2000; Jozefowicz et al. 2015). Captions are short
# enough for a gate that is half open, so your class keeps zeros.

# %% [markdown]
# ## 4 Attention
#
# So far a picture would have to fit into $h_0$, one vector for everything. **Attention** (Bahdanau et al. 2015; for
# captions Xu et al. 2015, "Show, attend and tell") keeps a grid $A$ of $a \times a$ feature vectors and looks at it
# again before each word. The state asks, and every place answers with how well it fits:
#
# $$ e_{ij} = \frac{h_{t-1} \cdot A_{:, i, j}}{\sqrt{H}}, \qquad
#    w_{ij} = \frac{\exp e_{ij}}{\sum_{k, l} \exp e_{kl}}, \qquad
#    \text{attn} = \sum_{i, j} w_{ij} A_{:, i, j}. $$
#
# The weights of one caption sum to 1 over the *whole* grid. The root keeps the scores near 1 in size, so that
# softmax does not begin saturated (Vaswani et al. 2017, section 3.2.1). `F.scaled_dot_product_attention` is this
# function ready made, so it is not allowed here.


# %% task="dot_product_attention" minutes=20 difficulty="medium"
def dot_product_attention(prev_h: Tensor, A: Tensor) -> tuple[Tensor, Tensor]:
    """Look at a grid of features, most at what fits the hidden state best.

    Shapes:
        prev_h  (N, H)        what asks
        A       (N, H, a, a)  what is looked at
        out     two           attn (N, H), the average of the features; weights (N, a, a), which sum to 1
    """
    ### BEGIN SOLUTION
    places = A.flatten(2)  # (N, H, a * a)
    scores = torch.einsum("nh,nhp->np", prev_h, places) / math.sqrt(A.shape[1])
    weights = scores.softmax(dim=1)
    attn = torch.einsum("nhp,np->nh", places, weights)
    weights = weights.reshape(len(A), *A.shape[2:])
    ### END SOLUTION
    return attn, weights


# %% [markdown] hint="dot_product_attention"
# 1. Flatten the grid: `A.flatten(2)` is (N, H, a*a). The scores are the dot products over H of `prev_h` with each
#    place, (N, a*a), divided by the root of H.
# 2. One softmax over *all* places, `dim=1` of the flattened scores. The weighted sum over places is (N, H).
# 3. Give the weights the shape of the grid again, (N, a, a).

# %% [markdown]
# ### An LSTM that looks
#
# What was seen enters the step like another input, with weights of its own:
#
# $$ a = x_t W_x + h_{t-1} W_h + \text{attn}_t W_{\text{attn}} + b, $$
#
# and the rest is the LSTM. The question is asked with the state *before* the step, $h_{t-1}$. At the beginning
# $h_0 = c_0$ is the mean of $A$ over its places.


# %% task="AttentionLSTM" minutes=20 difficulty="medium"
class AttentionLSTM(nn.Module):
    """Long short-term memory that looks at a grid of features before each step."""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, 4 * hidden_dim) / math.sqrt(input_dim))
        self.Wh = nn.Parameter(torch.randn(hidden_dim, 4 * hidden_dim) / math.sqrt(hidden_dim))
        self.Wattn = nn.Parameter(torch.randn(hidden_dim, 4 * hidden_dim) / math.sqrt(hidden_dim))
        self.b = nn.Parameter(torch.zeros(4 * hidden_dim))

    def step_forward(self, x: Tensor, prev_h: Tensor, prev_c: Tensor, attn: Tensor) -> tuple[Tensor, Tensor]:
        """One step, given what was seen; gates in the order i, f, o, g.

        Shapes:
            x       (N, D)  input of this step
            prev_h  (N, H)  hidden state of the step before
            prev_c  (N, H)  cell state of the step before
            attn    (N, H)  what dot_product_attention gave for prev_h
            out     two     next_h (N, H), next_c (N, H)
        """
        ### BEGIN SOLUTION
        a = x @ self.Wx + prev_h @ self.Wh + attn @ self.Wattn + self.b
        i, f, o, g = a.chunk(4, dim=1)
        next_c = f.sigmoid() * prev_c + i.sigmoid() * g.tanh()
        next_h = o.sigmoid() * next_c.tanh()
        ### END SOLUTION
        return next_h, next_c

    def forward(self, x: Tensor, A: Tensor) -> Tensor:
        """All steps; the hidden and the cell state begin with the mean of A over its places.

        Shapes:
            x    (N, T, D)     inputs
            A    (N, H, a, a)  features to look at
            out  (N, T, H)     the hidden states after each step
        """
        ### BEGIN SOLUTION
        h = c = A.mean(dim=(2, 3))
        states = []
        for t in range(x.shape[1]):
            attn, _ = dot_product_attention(h, A)
            h, c = self.step_forward(x[:, t], h, c, attn)
            states.append(h)
        return torch.stack(states, dim=1)
        ### END SOLUTION


# %% [markdown] hint="AttentionLSTM"
# 1. `step_forward` is that of the LSTM with one more product in `a`: `attn @ self.Wattn`.
# 2. In `forward`, both states begin as the mean of `A` over its places. In every step call `dot_product_attention`
#    with the state *before* the step.

# %% [markdown]
# ## 5 The captioner
#
# Now put everything together (after Vinyals et al. 2015, "Show and tell"):
#
# 1. A frozen CNN, `ImageEncoder`, turns the picture into a grid of features $(N, D, a, a)$. It is given.
# 2. For `"rnn"` and `"lstm"`, average the features over the grid; a linear layer makes $h_0$ $(N, H)$ of them. For
#    `"attn"`, the same linear layer at every place, a 1 x 1 convolution, makes $A$ $(N, H, a, a)$.
# 3. Words become vectors by `WordEmbedding`, run through the recurrent network, and a linear layer with bias turns each
#    state into $V$ scores. Its weights are its own, not those of the word vectors.
#
# For training, a caption of $T + 1$ tokens is cut in two ways: the network reads `captions[:, :-1]`, which begins
# with `<START>`, and must predict `captions[:, 1:]`, which ends with `<END>`. At every step it reads the *right*
# word before, whatever it would have written itself: this is called teacher forcing.
#
# To **sample** a caption, there is no right word. Begin with `<START>`, take the word with the highest score, feed
# it in as the next input, and go on for `max_length` steps. `<START>` itself is not part of what you return. The model
# is as it was afterwards: a call of `self.eval()` that is not taken back would turn dropout off for the training after.
# Sentences in a batch end at different steps; simply go on, `Vocabulary.decode` cuts at `<END>`.
#
# The features do not change during training. So the encoder passes features through untouched: wherever you give it
# images, you may also give it what it made of them before, and save most of the time. Let `encode` always call
# `self.image_encoder`. What you call the layers you make is up to you.


# %% task="CaptioningRNN.forward CaptioningRNN.sample" minutes=60 difficulty="hard"
class CaptioningRNN(nn.Module):
    """Writes captions: an image encoder, word vectors, a recurrent network, scores of words."""

    def __init__(
        self,
        word_to_idx: dict[str, int],
        input_dim: int = 512,
        wordvec_dim: int = 128,
        hidden_dim: int = 128,
        cell_type: str = "rnn",
        image_encoder_pretrained: bool | str = True,
        ignore_index: int | None = None,
    ) -> None:
        """Make the layers.

        word_to_idx numbers the vocabulary; input_dim is the number of channels of the features: 98 for ImageEncoder(),
        512 for other encoders; cell_type is "rnn", "lstm" or "attn"; image_encoder_pretrained goes to ImageEncoder;
        ignore_index to temporal_softmax_loss.
        """
        super().__init__()
        if cell_type not in ("rnn", "lstm", "attn"):
            raise ValueError(f"cell_type is 'rnn', 'lstm' or 'attn', not {cell_type!r}.")
        self.cell_type = cell_type
        self.ignore_index = ignore_index
        self.start = word_to_idx["<START>"]
        self.image_encoder = ImageEncoder(pretrained=image_encoder_pretrained)
        ### BEGIN SOLUTION
        cells = {"rnn": RNN, "lstm": LSTM, "attn": AttentionLSTM}
        self.embedding = WordEmbedding(len(word_to_idx), wordvec_dim)
        self.cell = cells[cell_type](wordvec_dim, hidden_dim)
        self.projection = nn.Linear(input_dim, hidden_dim)
        self.output = nn.Linear(hidden_dim, len(word_to_idx))
        ### END SOLUTION

    def encode(self, images: Tensor) -> Tensor:
        """What the recurrent network gets to know about the images.

        Shapes:
            images  (N, 3, H, W)  or features (N, D, a, a)
            out     (N, H)        h0; for "attn" the grid A (N, H, a, a)
        """
        ### BEGIN SOLUTION
        grid = self.image_encoder(images).movedim(1, 3)  # (N, a, a, D)
        if self.cell_type == "attn":
            return self.projection(grid).movedim(3, 1)
        return self.projection(grid.mean(dim=(1, 2)))
        ### END SOLUTION

    def forward(self, images: Tensor, captions: Tensor) -> Tensor:
        """The loss of captions, each word being predicted from the right words before it.

        Shapes:
            images    (N, 3, H, W)  or features (N, D, a, a)
            captions  (N, T + 1)    int64, from <START> to <END>, then <NULL>
            out       ()            the loss
        """
        ### BEGIN SOLUTION
        words = self.embedding(captions[:, :-1])
        scores = self.output(self.cell(words, self.encode(images)))
        return temporal_softmax_loss(scores, captions[:, 1:], self.ignore_index)
        ### END SOLUTION

    @torch.no_grad()
    def sample(self, images: Tensor, max_length: int = 15) -> Any:
        """Write captions, taking the word with the highest score at every step.

        Shapes:
            images      (N, 3, H, W)  or features (N, D, a, a)
            max_length  int           how many words to write
            out         (N, max_length) int64; for "attn" two: this and the weights of each step (N, max_length, a, a)
        """
        ### BEGIN SOLUTION
        seen = self.encode(images)
        h = c = seen.mean(dim=(2, 3)) if self.cell_type == "attn" else seen
        if self.cell_type == "lstm":
            c = torch.zeros_like(h)
        words = torch.full((len(images),), self.start, dtype=torch.int64, device=images.device)
        written, looked = [], []
        for _ in range(max_length):
            x = self.embedding(words)
            if self.cell_type == "rnn":
                h = self.cell.step_forward(x, h)
            elif self.cell_type == "lstm":
                h, c = self.cell.step_forward(x, h, c)
            else:
                attn, weights = dot_product_attention(h, seen)
                h, c = self.cell.step_forward(x, h, c, attn)
                looked.append(weights)
            words = self.output(h).argmax(dim=1)
            written.append(words)
        captions = torch.stack(written, dim=1)
        return (captions, torch.stack(looked, dim=1)) if looked else captions
        ### END SOLUTION


# %% [markdown] hint="CaptioningRNN.forward"
# 1. Make four layers in `__init__`: word vectors, the recurrent network that `cell_type` names, a linear layer from
#    `input_dim` to `hidden_dim`, and one from `hidden_dim` to the vocabulary.
# 2. `encode`: the features (N, D, a, a) come from `self.image_encoder`. Average them over both axes of places and
#    apply the linear layer; for attention apply it at every place, which needs the channels on the last axis
#    (`movedim`) or a 1 x 1 convolution.
# 3. `forward`: read `captions[:, :-1]`, compare with `captions[:, 1:]`, and hand `self.ignore_index` on to the loss.

# %% [markdown] hint="CaptioningRNN.sample"
# 1. Begin with the states that `forward` begins with, and with a column of `self.start`, one for each image.
# 2. In each step: word vectors of the last words, one `step_forward`, scores, `argmax`. The words that were chosen
#    are the next input. Collect them, without `<START>`.
# 3. For attention call `dot_product_attention` with the state before each step, and collect the weights, too:
#    `torch.stack(..., dim=1)` gives (N, max_length, a, a).

# %% [markdown]
# ### Three captioners
#
# The encoder looks at every picture once. Then three captioners train on its features. A step with attention takes
# three times as long as one of the LSTM, so it gets fewer. The last two channels of the features are the coordinates
# of their place: convolutions answer alike wherever a thing is, so without them nobody could tell left from right.

# %% tags=["active-ipynb"]
# # about 10 seconds
# encoder = ImageEncoder()
# seen, val_seen = features(encoder, images), features(encoder, val_images)
# models, losses = {}, {}
#
#
# def train(cell_type, steps):
#     seed_everything(0)
#     begun = time.perf_counter()
#     models[cell_type] = CaptioningRNN(
#         vocabulary.word_to_idx, input_dim=encoder.out_channels, wordvec_dim=32, hidden_dim=64, cell_type=cell_type,
#         ignore_index=vocabulary.word_to_idx["<NULL>"],
#     )
#     settings = {"batch_size": 128, "learning_rate": 1e-2, "clip": clip_gradients}
#     losses[cell_type] = fit(models[cell_type], seen, tokens, steps=steps, progress=True, **settings)
#     print(f"{cell_type}: {time.perf_counter() - begun:.0f} s")
#
#
# train("rnn", steps=1500)

# %% tags=["active-ipynb"]
# # about 20 seconds
# train("lstm", steps=1500)

# %% tags=["active-ipynb"]
# # about 20 seconds
# train("attn", steps=400)
# means = {name: torch.tensor(values).reshape(-1, 20).mean(dim=1) for name, values in losses.items()}
# curves(means, xlabel="20 steps", ylabel="loss of a caption")

# %% [markdown]
# What do they say of pictures they have never seen? A caption has seven parts that can be right or wrong, and "all"
# says how many captions are right altogether.

# %% tags=["active-ipynb"]
# samples = {name: model.sample(val_seen) for name, model in models.items()}
# samples["attn"], looked = samples["attn"]
# written = {name: vocabulary.decode(words) for name, words in samples.items()}
# print(f"{'':14}" + "".join(f"{name:>8}" for name in written))
# right = {name: slot_accuracy(sentences, val_set.captions) for name, sentences in written.items()}
# for slot in (*SLOTS, "all"):
#     print(f"{slot:14}" + "".join(f"{100 * right[name][slot]:7.0f}%" for name in written))
# pictures(val_images[:8], written["attn"][:8])

# %% [markdown]
# ### Where it looks
#
# One picture for each word: bright is where the captioner looked just before it wrote the word. Do not expect a look
# for each word: what one look has shown, the state remembers for a few words.

# %% tags=["active-ipynb"]
# attention_maps(val_images[0], written["attn"][0].split(), looked[0])

# %% tags=["active-ipynb"]
# attention_maps(val_images[1], written["attn"][1].split(), looked[1])

# %% [markdown] question="captioning-q3"
# **Question 3.** Compare the rows of the table. Which parts of a caption does the LSTM without attention get right
# about as often as a guess would, and why *can* it not do better, however long it trains?

# %% [markdown] answer="captioning-q3"
# ### BEGIN SOLUTION
# The relation, and which colour belongs to which shape. It sees the mean of the features over all places. The
# coordinates average to the same number in every picture, and the mean of the other channels is the same when two
# objects change places (but for the border of the picture and the background). So nothing of where things are is left
# in $h_0$. What is left is a mixture of both objects, in which colours and shapes are mostly no longer tied together.
# ### END SOLUTION

# %% [markdown]
# ### Two layers
#
# Recurrent layers can be stacked: the states of the first are the inputs of the second, and only the second chooses
# words. It reads a sequence that has been understood a little already, as a deeper convolution does with an image. The
# cell builds such a captioner from your modules. Each layer has an $h_0$ of its own.

# %% tags=["active-ipynb"]
# # about 20 seconds
# NULL, START, END = (vocabulary.word_to_idx[token] for token in ("<NULL>", "<START>", "<END>"))
#
#
# class TwoLayers(nn.Module):
#     def __init__(self, hidden_dim=64):
#         super().__init__()
#         self.table = WordEmbedding(len(vocabulary), 32)
#         self.first, self.second = LSTM(32, hidden_dim), LSTM(hidden_dim, hidden_dim)
#         self.start = nn.Linear(encoder.out_channels, 2 * hidden_dim)
#         self.choose = nn.Linear(hidden_dim, len(vocabulary))
#
#     def scores(self, grid, words):  # of the next word after each of the words (N, T): (N, T, V)
#         h1, h2 = self.start(grid.mean(dim=(2, 3))).chunk(2, dim=1)
#         return self.choose(self.second(self.first(self.table(words), h1), h2))
#
#     def forward(self, grid, captions):
#         return temporal_softmax_loss(self.scores(grid, captions[:, :-1]), captions[:, 1:], NULL)
#
#
# seed_everything(0)
# deep = TwoLayers()
# settings = {"batch_size": 128, "learning_rate": 1e-2, "clip": clip_gradients}
# losses["two layers"] = fit(deep, seen, tokens, steps=600, progress=True, **settings)
# for name, values in losses.items():
#     print(f"{name:11} {len(values):5} steps, loss of a caption at the end {sum(values[-20:]) / 20:.2f}")

# %% [markdown]
# ### Other ways to write
#
# The best word at every step is one of several ways to write with a model that gives probabilities. Another is to
# **draw** the next word. Divide the scores by a *temperature* $\tau$ before the softmax:
#
# $$ p_w = \frac{e^{s_w / \tau}}{\sum_v e^{s_v / \tau}} . $$
#
# Near $\tau = 0$ only the best word is left. At $\tau = 1$ words come as often as the model believes in them, and above
# 1 the unlikely ones gain. A wrong word can lead the rest of the sentence astray, because the network reads what it
# wrote. Which becomes wrong first as $\tau$ grows, the grammar or the facts? (A sentence is readable here if it has the
# form of the captions.)

# %% tags=["active-ipynb"]
# @torch.no_grad()
# def draw(grid, temperature, length=13):
#     words = torch.full((len(grid), 1), START)
#     for _ in range(length):
#         probabilities = (deep.scores(grid, words)[:, -1] / temperature).softmax(dim=1)
#         words = torch.cat([words, probabilities.multinomial(1)], dim=1)
#     return vocabulary.decode(words[:, 1:])
#
#
# seed_everything(0)
# print("temperature   readable   right altogether   one picture")
# for temperature in (0.1, 0.5, 1.0, 1.5, 2.0):
#     drawn = draw(val_seen, temperature)
#     readable = sum(parts(sentence) is not None for sentence in drawn) / len(drawn)
#     whole = slot_accuracy(drawn, val_set.captions)["all"]
#     print(f"{temperature:11} {100 * readable:9.0f}% {100 * whole:17.0f}%   {drawn[0]}")

# %% [markdown]
# **Beam search** looks for the most probable *sentence*, whose words have the largest sum of log probabilities. The
# best first word need not begin the best sentence. So keep the $B$ best beginnings, continue each by every word, keep
# the $B$ best of all these, and so on; a beginning that ends with `<END>` is finished and stays as it is. With $B =
# 1$ this is the best word at every step. The sentences of one picture, with their probabilities:

# %% tags=["active-ipynb"]
# # about 5 seconds
# @torch.no_grad()
# def beam_search(grid, width, length=13):
#     beams = [(0.0, [START])]  # (sum of log probabilities, words)
#     for _ in range(length):
#         growing = [words for _, words in beams if words[-1] != END]
#         if not growing:
#             break
#         logs = deep.scores(grid.expand(len(growing), -1, -1, -1), torch.tensor(growing))[:, -1].log_softmax(dim=1)
#         candidates = [beam for beam in beams if beam[1][-1] == END]
#         totals = [total for total, words in beams if words[-1] != END]
#         for total, words, row in zip(totals, growing, logs):
#             values, best = row.topk(width)
#             candidates += [(total + value, [*words, w]) for value, w in zip(values.tolist(), best.tolist())]
#         beams = sorted(candidates, reverse=True)[:width]
#     return beams
#
#
# for total, words in beam_search(val_seen[:1], 5):
#     print(f"{math.exp(total):.4f}  {vocabulary.decode(torch.tensor([words[1:]]))[0]}")
# for width in (1, 3, 10):
#     best = [beam_search(val_seen[n : n + 1], width)[0][0] for n in tqdm(range(60), desc=f"B = {width}")]
#     print(f"B = {width:2}: mean log probability of the sentence found {sum(best) / len(best):.2f}")

# %% [markdown]
# ## 6 How good is a caption?
#
# There are many right ways to describe a picture. **BLEU** (Papineni et al. 2002) compares a candidate with several
# references by counting shared n-grams, runs of $k$ words. To be counted, an n-gram may occur no more often than in
# that reference which has most of it (**clipping**, else "the the the" would be perfect):
#
# $$ p_k = \frac{\sum_{g} \min\big(\text{count}(g),\ \max_{\text{references}} \text{count}_{\text{ref}}(g)\big)}
#              {\sum_{g} \text{count}(g)}, \qquad
#    \text{BLEU} = \text{BP} \cdot \exp\Big(\frac{1}{n} \sum_{k=1}^{n} \ln p_k\Big). $$
#
# The sums run over the different n-grams $g$ of length $k$ of the candidate. Precision alone would reward saying
# little, so there is a **brevity penalty** (their section 2.3). With $c$ the number of words of the candidate and
# $r$ that of the reference closest to it in length (of two equally close, the shorter),
#
# $$ \text{BP} = 1 \ \text{ if } c > r, \qquad \text{BP} = e^{1 - r / c} \ \text{ otherwise.} $$
#
# Where some $p_k$ is 0, or the candidate has no n-gram of length $k$ because it is too short, BLEU is 0.


# %% task="bleu" minutes=30 difficulty="medium"
def bleu(candidate: Sequence[str], references: Sequence[Sequence[str]], n: int = 4) -> float:
    """BLEU of one caption, with n-grams of 1 to n words and equal weights.

    candidate is a list of words, references are one or more of them. Returns a number from 0 to 1; 0 for an empty
    candidate, for one of fewer than n words, and where no n-gram of some length is shared.
    """
    ### BEGIN SOLUTION

    def grams(words: Sequence[str], k: int) -> Counter:
        return Counter(tuple(words[i : i + k]) for i in range(len(words) - k + 1))

    logs = 0.0
    for k in range(1, n + 1):
        most = Counter()
        for reference in references:
            most |= grams(reference, k)
        mine = grams(candidate, k)
        shared = sum((mine & most).values())
        if not shared:
            return 0.0
        logs += math.log(shared / sum(mine.values()))
    length = min((abs(len(reference) - len(candidate)), len(reference)) for reference in references)[1]
    penalty = min(0.0, 1 - length / len(candidate))
    return math.exp(penalty + logs / n)
    ### END SOLUTION


# %% [markdown] hint="bleu"
# 1. Count n-grams with `Counter(tuple(words[i : i + k]) for i in range(len(words) - k + 1))`, for the candidate and
#    each reference.
# 2. For each n-gram the most that one reference has is the union of the counters, `|`; the smaller of two counts is
#    the intersection, `&`. Their sums give $p_k$. If one is 0, return 0.0.
# 3. For the penalty find the reference length closest to that of the candidate; on a tie the shorter one: `min` over
#    pairs (distance, length). The result is the penalty times the exponential of the mean of the logarithms.

# %% tags=["active-ipynb"]
# for name, sentences in written.items():
#     scores = [
#         bleu(sentence.split(), [reference.split() for reference in references])
#         for sentence, references in zip(sentences, val_set.captions)
#     ]
#     print(f"{name:5} BLEU {sum(scores) / len(scores):.3f}, right altogether {right[name]['all']:.3f}")

# %% [markdown] question="captioning-q4"
# **Question 4.** "A red disc left of a blue square" is true, and somebody says "a blue disc left of a red square".
# Which values do BLEU with $n = 1$ and the share of right parts give it? What does it tell you about BLEU as a
# measure of captions?

# %% [markdown] answer="captioning-q4"
# ### BEGIN SOLUTION
# With $n = 1$ the candidate has exactly the words of the reference, so BLEU is 1, although both objects are wrong.
# Of the parts, both colours are wrong. Longer n-grams notice the order ("red disc" is missing), but each wrong word
# still costs the same whether it is "a" or "red". BLEU measures likeness of wording; whether a sentence is *true*
# of the picture it does not know.
# ### END SOLUTION

# %% [markdown]
# ## 7 Real photographs
#
# With `GRADLAB_DATA` set to a folder that holds Flickr8k (Hodosh, Young and Hockenmaier 2013), the next cell lets
# an attention captioner memorise 50 photographs. The encoder has only ever seen discs and crosses, so this
# shows that your network can learn, not that it has understood: on other photographs it would talk nonsense.

# %% tags=["active-ipynb"]
# try:
#     flickr = load_captions("flickr8k", "train", count=50, size=64)
# except DataError:
#     flickr = None
#     print("Flickr8k is not here (set GRADLAB_DATA to the folder that holds it), so there is nothing to show.")
# if flickr:
#     photos = stack(flickr, progress=True)
#     first = [captions[0] for captions in flickr.captions]
#     words = Vocabulary.of(first)
#     seed_everything(0)
#     reader = CaptioningRNN(
#         words.word_to_idx, input_dim=encoder.out_channels, wordvec_dim=64, hidden_dim=128, cell_type="attn",
#         ignore_index=words.word_to_idx["<NULL>"],
#     )
#     grids = features(encoder, photos)
#     targets = words.encode(first, length=17)[:, None]
#     history = fit(reader, grids, targets, steps=400, clip=clip_gradients, progress=True)
#     recited = words.decode(reader.sample(grids, max_length=16)[0])
#     print(f"loss of a caption: {history[0]:.1f} at the start, {history[-1]:.2f} at the end")
#     exact = sum(map(str.__eq__, recited, words.decode(words.encode(first, length=17))))
#     print(f"{exact} of 50 captions are recited word by word")
# pictures(photos[:8], recited[:8], width=24) if flickr else None

# %% [markdown]
# ## What to take home
#
# A recurrent network is one layer used again and again; its gradient is a sum over time that fades or explodes,
# gates keep it alive, and clipping keeps it in bounds. One vector is too small for a picture: attention asks for
# what it needs when it needs it. In a06 you throw the recurrence out and keep the attention.
#
# **Where to look next.** Karpathy (*The unreasonable effectiveness of recurrent neural networks*, 2015) lets such
# networks write anything. Holtzman et al. (*The curious case of neural text degeneration*, 2020) explain why the most
# probable text is dull, and draw from the likeliest words only. Anderson et al.
# (*Bottom-up and top-down attention*, 2018) attend to objects instead of a grid. Vedantam, Zitnick and Parikh
# (*CIDEr*, 2015) propose a measure for captions that counts telling words more.
