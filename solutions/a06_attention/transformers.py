# %% [markdown]
# # Attention and the Transformer
#
# A recurrent network reads a sentence through a keyhole: whatever word 1 has to say to word 20 must pass through
# nineteen hidden states. **Attention** opens the door. Every position looks at every other position directly, and
# decides by itself where to look. In this notebook you build attention from two loops up to the Transformer of
# Vaswani et al. (2017), "Attention is all you need", and teach it to add and subtract.
#
# <!-- parts -->
#
# The other <!-- points vit.py --> points are in `vit.ipynb`. Replace each `raise NotImplementedError()` by your code,
# then run the cell below it. You may use torch's `nn.Linear`, `nn.Embedding`, `nn.Dropout`, `softmax` and arithmetic.
# Its ready-made attention, layer normalisation and Transformer layers are what you are building, so they are not
# allowed here.

# %%
import math

import torch
from torch import Tensor, nn

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# from tqdm import tqdm
#
# from autograder import check, hint
# from common.data import arithmetic
# from common.plots import show
# from common.training.seed import seed_everything

# %% [markdown]
# ## 1 Words to numbers
#
# The data are questions and answers about two-digit numbers. `BOS` and `EOS` mark the beginning and the end of a
# sequence. An answer is its sign and then three digits, **units first**: the order in which you calculate by hand,
# where each digit needs a carry from the one before. There are 20,000 questions; we train on 18,000 of them and test on
# the others.

# %% tags=["active-ipynb"]
# train_set, test_set = arithmetic.split(num_train=18_000, num_test=2_000)
# for question, answer in zip(train_set.questions[:5], train_set.answers[:5]):
#     print(f"{question:28} {answer}")
# print(*arithmetic.VOCABULARY)

# %% [markdown]
# A network reads numbers, not words. Give each entry of the vocabulary, a **token**, its place in the list as its
# number: the first is 0, the second 1, and so on.


# %% task="generate_token_dict" minutes=5 difficulty="easy"
def generate_token_dict(vocab: list[str]) -> dict[str, int]:
    """Number the entries of the vocabulary 0, 1, 2, ... in their order: {entry: number}."""
    ### BEGIN SOLUTION
    return {token: number for number, token in enumerate(vocab)}
    ### END SOLUTION


# %% [markdown] hint="generate_token_dict"
# 1. `enumerate(vocab)` gives pairs of number and entry, beginning at 0.
# 2. Build a dict from these pairs, with the entry as the key and the number as its value.

# %% [markdown]
# Words are separated by white space. The special ones, `BOS` or `add`, are one token each. Every other word is a
# number, and each of its digits is a token: `"BOS 42 add 07 EOS"` becomes the numbers of `BOS 4 2 add 0 7 EOS`.
# Seeing digits, the network can learn one rule for all numbers. If 42 were a token of its own, it would have to
# memorise what 42 means.


# %% task="prepocess_input_sequence" minutes=15 difficulty="easy"
def prepocess_input_sequence(input_str: str, token_dict: dict[str, int], spc_tokens: list[str]) -> list[int]:
    """Turn a sequence of words into the numbers of its tokens.

    Words are separated by white space. A word in spc_tokens is one token; any other word is split into characters,
    each of which is one token. (The name lacks an r. Keep it: the checks use it.)
    """
    ### BEGIN SOLUTION
    numbers = []
    for word in input_str.split():
        tokens = [word] if word in spc_tokens else list(word)
        numbers += [token_dict[token] for token in tokens]
    return numbers
    ### END SOLUTION


# %% [markdown] hint="prepocess_input_sequence"
# 1. `input_str.split()` gives the words, whatever white space is between them.
# 2. For each word decide: if it is in `spc_tokens`, it is one token; if not, its tokens are its characters,
#    `list(word)`.
# 3. Collect the numbers `token_dict[token]` in one flat list, with `+=` or `extend`; `append` would make a list of
#    lists.

# %% [markdown]
# ## 2 Attention
#
# Think of a dictionary that answers every question a little. There are $K$ **keys** $k_j$, each with a **value**
# $v_j$. A **query** $q_i$ is compared with all keys by dot products; the better a key fits, the more of its value
# goes into the answer (Vaswani et al., equation 1):
#
# $$ s_{ij} = \frac{q_i \cdot k_j}{\sqrt{M}}, \qquad
#    w_{ij} = \frac{e^{s_{ij}}}{\sum_{l} e^{s_{il}}}, \qquad
#    y_i = \sum_j w_{ij}\, v_j . $$
#
# $M$ is the length of a query and of a key. Scores may be large, and $e^{1000}$ overflows: `torch.softmax` copes with
# that, a plain `exp` does not. The weights of each query are positive and sum to 1, so $y_i$ is an
# average of the values. The number of queries and the number of keys may differ, and values may have a length of
# their own.
#
# ### One sequence, two loops
#
# Loop over queries and keys and take one dot product at a time. It is slow and hard to get wrong.


# %% task="scaled_dot_product_two_loop_single" minutes=20 difficulty="easy"
def scaled_dot_product_two_loop_single(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attend with every query of one sequence, one dot product at a time.

    Shapes:
        query  (Kq, M)   queries, float
        key    (Kk, M)   keys
        value  (Kk, Mv)  values
        out    (Kq, Mv)  an average of the values for each query; dtype and device of query
    """
    ### BEGIN SOLUTION
    scores = query.new_zeros(len(query), len(key))
    for i in range(len(query)):
        for j in range(len(key)):
            scores[i, j] = (query[i] * key[j]).sum() / math.sqrt(query.shape[1])
    return torch.softmax(scores, dim=1) @ value
    ### END SOLUTION


# %% [markdown] hint="scaled_dot_product_two_loop_single"
# 1. Make a table of scores with a row for each query and a column for each key. Their numbers may differ: take both
#    sizes from the tensors. `query.new_zeros(...)` has the right dtype and device.
# 2. The entry in row i and column j is the sum of `query[i] * key[j]`, divided by the root of the length of a query.
# 3. The softmax runs along each row, so that a query's weights over the keys sum to 1. Then a matrix product with
#    `value` gives the averages.

# %% [markdown]
# ### A batch, two loops
#
# The same for $N$ sequences at a time. The two loops stay; inside them, one dot product of the single version becomes
# $N$ of them at once.


# %% task="scaled_dot_product_two_loop_batch" minutes=15 difficulty="easy"
def scaled_dot_product_two_loop_batch(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attend in every sequence of a batch; sequences do not see each other.

    Shapes:
        query  (N, Kq, M)   queries, float
        key    (N, Kk, M)   keys
        value  (N, Kk, Mv)  values
        out    (N, Kq, Mv)  dtype and device of query
    """
    ### BEGIN SOLUTION
    scores = query.new_zeros(len(query), query.shape[1], key.shape[1])
    for i in range(query.shape[1]):
        for j in range(key.shape[1]):
            scores[:, i, j] = (query[:, i] * key[:, j]).sum(dim=1) / math.sqrt(query.shape[2])
    return torch.bmm(torch.softmax(scores, dim=2), value)
    ### END SOLUTION


# %% [markdown] hint="scaled_dot_product_two_loop_batch"
# 1. The table of scores gets an axis for the sequences in front: (N, Kq, Kk). The loops are still over queries and
#    keys.
# 2. `query[:, i] * key[:, j]` has the shape (N, M). Sum over its last axis only: each sequence keeps its own score.
# 3. The softmax runs over the last axis; `torch.bmm` multiplies the matrices of all sequences at once.

# %% [markdown]
# ### A batch, no loops, and a mask
#
# All dot products of all sequences are one batched matrix product (`torch.bmm`, or `@`). Gradients will flow through
# this version, so change nothing in place that they need.
#
# New here is the **mask**. Sometimes a query must not see some keys. The mask is a tensor of bools, `True` means
# *hide*. A hidden key gets the weight 0, and the weights of the others sum to 1: so it must vanish *before* the
# softmax. Set its score to $-\infty$, or to a number so negative that $e$ to its power is 0.


# %% task="scaled_dot_product_no_loop_batch" minutes=25 difficulty="medium"
def scaled_dot_product_no_loop_batch(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Attend in every sequence of a batch, from two batched matrix products.

    Shapes:
        query    (N, Kq, M)   queries, float
        key      (N, Kk, M)   keys
        value    (N, Kk, Mv)  values
        mask     (N, Kq, Kk)  bool, True hides the key from the query; at least one key is left to each; N may be 1
        y        (N, Kq, Mv)  averages of the values
        weights  (N, Kq, Kk)  what they were averaged with, >= 0; each row sums to 1
    """
    ### BEGIN SOLUTION
    scores = torch.bmm(query, key.transpose(1, 2)) / math.sqrt(query.shape[2])  # (N, Kq, Kk)
    if mask is not None:
        scores = scores.masked_fill(mask, -math.inf)
    weights = torch.softmax(scores, dim=2)
    return torch.bmm(weights, value), weights
    ### END SOLUTION


# %% [markdown] hint="scaled_dot_product_no_loop_batch"
# 1. All scores are one batched product of (N, Kq, M) with (N, M, Kk): exchange the last two axes of the keys, and leave
#    the batch alone.
# 2. Hide before the softmax: `masked_fill(mask, -math.inf)` gives a new tensor and expands a mask whose first axis is
#    1.
# 3. Return both: the averages, and the weights with which they were made.

# %% [markdown]
# Why the root of $M$? Below, queries and keys are standard normal numbers, 50 keys to each query. We look at the
# largest weight of each query: near 1/50 the query hardly prefers anybody, at 1 it sees a single key and nothing else.

# %% tags=["active-ipynb"]
# seed_everything(0)
# lengths = [1, 4, 16, 64, 256, 1024]
# largest = {"with the root": [], "without": []}
# for length in lengths:
#     query, key = torch.randn(1, 200, length), torch.randn(1, 50, length)
#     for name, factor in {"with the root": 1.0, "without": math.sqrt(length)}.items():
#         _, weights = scaled_dot_product_no_loop_batch(query * factor, key, key)
#         largest[name].append(weights.amax(dim=2).mean().item())
# plt.figure(figsize=(6, 3.5))
# for name, heights in largest.items():
#     plt.plot(lengths, heights, marker="o" if name == "with the root" else "s",
#              linestyle="-" if name == "with the root" else "--", label=name)
# plt.xscale("log", base=2)
# plt.xlabel("M, the length of queries and keys")
# plt.ylabel("largest weight, mean")
# plt.legend(frameon=False)
# ends = ", ".join(f"{heights[-1]:.2f} {name}" for name, heights in largest.items())
# show(f"The largest weight over M from 1 to 1024. At the end: {ends}.")

# %% [markdown] question="tr-q1"
# **Question 1.** (a) The entries of $q$ and $k$ are independent with mean 0 and variance 1. What are mean and variance
# of $q \cdot k$, and what of $q \cdot k / \sqrt{M}$? (b) The curve without the root goes to 1. What happens to the
# gradient that reaches the queries and keys through a softmax whose largest weight is almost 1, and what does this
# mean for training?

# %% [markdown] answer="tr-q1"
# ### BEGIN SOLUTION
# (a) Each product has mean 0 and variance 1, so the sum of $M$ of them has mean 0 and variance $M$; after division by
# the root the variance is 1, whatever $M$. (b) The derivative of weight $w_j$ by score $s_l$ is $w_j(\delta_{jl} -
# w_l)$. If one weight is almost 1 and the others almost 0, all of these are almost 0: no gradient reaches queries and
# keys, and the network cannot learn to look elsewhere.
# ### END SOLUTION

# %% [markdown]
# ### Self-attention
#
# Where do queries, keys and values come from? From the sequence itself, by three linear layers: what I am looking
# for, what I can be found by, and what I tell whoever finds me. The layers are called `q`, `k` and `v`. Keep the
# weights of the last call in `weights_softmax`; we want to look at them.
#
# `forward` takes three inputs so that the same class serves two purposes. In *self*-attention all three are the same
# sequence. In *cross*-attention the query comes from one sequence, key and value from another.


# %% task="SelfAttention" minutes=20 difficulty="easy"
class SelfAttention(nn.Module):
    """One head: linear layers q, k and v, then scaled dot product attention."""

    def __init__(self, dim_in: int, dim_q: int, dim_v: int):
        """Make the layers q and k, from dim_in to dim_q numbers, and v, from dim_in to dim_v: nn.Linear each."""
        super().__init__()
        self.weights_softmax: Tensor | None = None  # (N, Kq, Kk), of the last call
        ### BEGIN SOLUTION
        self.q = nn.Linear(dim_in, dim_q)
        self.k = nn.Linear(dim_in, dim_q)
        self.v = nn.Linear(dim_in, dim_v)
        ### END SOLUTION

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend; keep the weights in self.weights_softmax.

        Shapes:
            query  (N, Kq, dim_in)  what asks
            key    (N, Kk, dim_in)  what is compared with it
            value  (N, Kk, dim_in)  what is averaged
            mask   (N, Kq, Kk)      bool, True hides; N may be 1
            out    (N, Kq, dim_v)
        """
        ### BEGIN SOLUTION
        y, self.weights_softmax = scaled_dot_product_no_loop_batch(self.q(query), self.k(key), self.v(value), mask)
        return y
        ### END SOLUTION


# %% [markdown] hint="SelfAttention"
# 1. Three `nn.Linear`: `q` and `k` from dim_in to dim_q, because they are compared with each other, and `v` from dim_in
#    to dim_v.
# 2. In `forward`, send each input through its own layer and hand the three results, with the mask, to your attention
#    without loops.
# 3. It returns two things. Store the weights in `self.weights_softmax` and return the averages.

# %% [markdown]
# ### Several heads
#
# One softmax tends to look at one thing. To look at several things at a time, use several heads with weights of their
# own (Vaswani et al., section 3.2.2):
#
# $$ \text{MultiHead}(Q, K, V) = [\,\text{head}_1, \ldots, \text{head}_h\,]\; W^O + b^O . $$
#
# The brackets concatenate along the last axis, head 1 first. Keep the heads in `heads`, an `nn.ModuleList`; one more
# linear layer brings their `num_heads * dim_out` numbers back to `dim_in`.


# %% task="MultiHeadAttention" minutes=20 difficulty="medium"
class MultiHeadAttention(nn.Module):
    """Several heads side by side, and a linear layer that mixes what they found."""

    def __init__(self, num_heads: int, dim_in: int, dim_out: int):
        """Make self.heads, num_heads SelfAttentions with dim_out numbers for q, k and v, and the layer after them."""
        super().__init__()
        ### BEGIN SOLUTION
        self.heads = nn.ModuleList(SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads))
        self.mix = nn.Linear(num_heads * dim_out, dim_in)
        ### END SOLUTION

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend with every head.

        Shapes:
            query  (N, Kq, dim_in)  what asks
            key    (N, Kk, dim_in)  what is compared with it
            value  (N, Kk, dim_in)  what is averaged
            mask   (N, Kq, Kk)      bool, True hides, the same for all heads; N may be 1
            out    (N, Kq, dim_in)
        """
        ### BEGIN SOLUTION
        found = [head(query, key, value, mask) for head in self.heads]
        return self.mix(torch.cat(found, dim=2))
        ### END SOLUTION


# %% [markdown] hint="MultiHeadAttention"
# 1. Make `num_heads` separate `SelfAttention` objects. In a plain Python list torch does not find their weights: use
#    `nn.ModuleList`.
# 2. Each head returns (N, Kq, dim_out). Concatenate along the last axis, head 1 first: (N, Kq, num_heads * dim_out).
# 3. One more `nn.Linear`, from `num_heads * dim_out` to `dim_in`, mixes them. Every head gets the mask.

# %% [markdown]
# ## 3 The encoder
#
# ### Layer normalisation
#
# Deep stacks train better if the numbers between layers keep their size. Batch normalisation compares each feature
# with the same feature of other examples, which is awkward for sequences of different lengths. Layer normalisation
# (Ba, Kiros and Hinton, 2016, equations 3 and 4) compares the $D$ features of **one position** with each other:
#
# $$ \mu = \frac1D \sum_{d} x_d, \qquad \sigma^2 = \frac1D \sum_{d} (x_d - \mu)^2, \qquad
#    y_d = \gamma_d\, \frac{x_d - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta_d . $$
#
# Note the $\frac1D$ (not $\frac1{D-1}$) and that $\epsilon$ is under the root. The gain $\gamma$ starts at one,
# the shift $\beta$ at zero; both are learned. Write it with means; `std`, `var` and torch's own normalisation are not
# needed.


# %% task="LayerNormalization" minutes=20 difficulty="medium"
class LayerNormalization(nn.Module):
    """Bring each position to mean 0 and variance 1, then apply a learned gain and shift to each feature."""

    def __init__(self, emb_dim: int, epsilon: float = 1e-10):
        """Make two parameters of emb_dim numbers: the gain, ones, and the shift, zeros."""
        super().__init__()
        self.epsilon = epsilon
        ### BEGIN SOLUTION
        self.gamma = nn.Parameter(torch.ones(emb_dim))
        self.beta = nn.Parameter(torch.zeros(emb_dim))
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Normalise over the last axis.

        Shapes:
            x    (N, K, emb_dim)  or any other number of axes before the last
            out  as x
        """
        ### BEGIN SOLUTION
        centred = x - x.mean(dim=-1, keepdim=True)
        variance = centred.square().mean(dim=-1, keepdim=True)
        return self.gamma * centred / torch.sqrt(variance + self.epsilon) + self.beta
        ### END SOLUTION


# %% [markdown] hint="LayerNormalization"
# 1. Two `nn.Parameter`: ones for the gain, zeros for the shift.
# 2. Subtract the mean over the last axis. With `keepdim=True` it fits back onto x.
# 3. The variance is the mean of the squares of what is left. Add epsilon to it before you take the root; the gain
#    multiplies, then the shift is added.

# %% [markdown]
# ### Feed-forward
#
# Attention moves information between positions. In between, each position thinks for itself: a small network with one
# hidden layer, the same for all positions (Vaswani et al., equation 2):
# $\;\text{FFN}(x) = \max(0,\, x W_1 + b_1)\, W_2 + b_2$.


# %% task="FeedForwardBlock" minutes=10 difficulty="easy"
class FeedForwardBlock(nn.Module):
    """Linear, ReLU, linear, at each position by itself."""

    def __init__(self, inp_dim: int, hidden_dim_feedforward: int):
        """Make two nn.Linear with biases: inp_dim -> hidden_dim_feedforward -> inp_dim."""
        super().__init__()
        ### BEGIN SOLUTION
        self.widen = nn.Linear(inp_dim, hidden_dim_feedforward)
        self.narrow = nn.Linear(hidden_dim_feedforward, inp_dim)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Apply the network.

        Shapes:
            x    (N, K, inp_dim)
            out  (N, K, inp_dim)
        """
        ### BEGIN SOLUTION
        return self.narrow(torch.relu(self.widen(x)))
        ### END SOLUTION


# %% [markdown] hint="FeedForwardBlock"
# 1. Two `nn.Linear`: one widens to `hidden_dim_feedforward`, the other goes back to `inp_dim`.
# 2. The ReLU stands between them. A linear layer acts on the last axis, so each position is treated by itself.

# %% [markdown]
# ### The encoder block
#
# Two sub-layers, each with a residual connection, a layer normalisation *after* the sum ("post-norm", as in the
# paper, section 3.1), and dropout:
#
#     x -- attention -- + -- norm -- feed-forward -- + -- norm -->
#     |                 |       |                    |
#     +-----------------+       +--------------------+
#
# Each `+` adds what came in to what the sub-layer made of it. The two normalisations have weights of their own.
# Dropout acts on what a sub-layer puts out, before the sum (section 5.4); dropout after the normalisation is accepted
# too. In eval mode there is none, and this is where values are checked.


# %% task="EncoderBlock" minutes=25 difficulty="medium"
class EncoderBlock(nn.Module):
    """Self-attention and feed-forward, each with a residual connection and a normalisation after it."""

    def __init__(self, num_heads: int, emb_dim: int, feedforward_dim: int, dropout: float):
        """Make MultiHeadAttention (emb_dim // num_heads numbers per head), FeedForwardBlock, two norms, dropout."""
        super().__init__()
        if emb_dim % num_heads != 0:
            raise ValueError(f"emb_dim = {emb_dim} is not divisible by num_heads = {num_heads}.")
        ### BEGIN SOLUTION
        self.attention = MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads)
        self.feedforward = FeedForwardBlock(emb_dim, feedforward_dim)
        self.norm1 = LayerNormalization(emb_dim)
        self.norm2 = LayerNormalization(emb_dim)
        self.dropout = nn.Dropout(dropout)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Encode a batch of sequences.

        Shapes:
            x    (N, K, emb_dim)
            out  (N, K, emb_dim)
        """
        ### BEGIN SOLUTION
        x = self.norm1(x + self.dropout(self.attention(x, x, x)))
        return self.norm2(x + self.dropout(self.feedforward(x)))
        ### END SOLUTION


# %% [markdown] hint="EncoderBlock"
# 1. You need one `MultiHeadAttention` with `emb_dim // num_heads` numbers per head, one `FeedForwardBlock`, two norms
#    with weights of their own, and one `nn.Dropout(dropout)`.
# 2. A sub-layer has three steps: compute, drop, add to what came in. The norm is applied to this sum.
# 3. The second sub-layer begins with the output of the first norm; it adds that, and not the block's input.

# %% [markdown]
# ## 4 The decoder
#
# The decoder writes the answer one token after the other. In training we know the whole answer and want all its
# tokens trained in one pass. So position $t$ may see the answer up to and including $t$, and must not see what comes
# later: else it would learn to copy its neighbour, and at test time there is no neighbour to copy.
#
# The mask that does this hides key $j$ from query $i$ if $j > i$. Everything above the diagonal is `True`.


# %% task="get_subsequent_mask" minutes=10 difficulty="easy"
def get_subsequent_mask(seq: Tensor) -> Tensor:
    """The mask that hides the future.

    Shapes:
        seq  (N, K)     tokens, int64
        out  (N, K, K)  bool, True where the key comes after the query; on the device of seq
    """
    ### BEGIN SOLUTION
    num_sequences, length = seq.shape
    ones = torch.ones(num_sequences, length, length, dtype=torch.bool, device=seq.device)
    return ones.triu(diagonal=1)
    ### END SOLUTION


# %% [markdown] hint="get_subsequent_mask"
# 1. Query i is row i, key j is column j. True means *hide*, and the future is j > i: what is above the diagonal.
# 2. `torch.ones(..., dtype=torch.bool, device=seq.device)` and `triu`. The diagonal itself must be False: which
#    argument of `triu` moves it?
# 3. The result has a matrix for each sequence, (N, K, K).

# %% [markdown] question="tr-q2"
# **Question 2.** A friend computes the softmax of all scores first and then sets the weights of hidden keys to 0. (a)
# What is wrong with the weights that remain? (b) Your friend repairs it: divide each row by its sum. Are the weights
# now those of a mask before the softmax? (c) Does the friend's first version let position $t$ learn anything about the
# tokens after $t$?

# %% [markdown] answer="tr-q2"
# ### BEGIN SOLUTION
# (a) They no longer sum to 1: the first positions, with most of their keys hidden, get averages that are far too
# small. (b) Yes, up to rounding: the common denominator cancels. (If the visible weights all underflow to 0, the
# division gives nan; a mask before the softmax has no such trouble.) (c) Yes. The denominator contains the scores of
# hidden keys, so the size of the visible weights leaks something about the future.
# ### END SOLUTION

# %% [markdown]
# ### The other mask: padding
#
# Our sentences happen to have one length. Real ones do not, and a batch is a rectangle: shorter sentences are filled
# up with a token such as `PAD`, which means nothing and must not be looked at. The mask for this hides a *key* from
# **all** queries of its sentence: entry $(i, j)$ is `True` if token $j$ is `PAD`, whatever $i$. (What the queries at
# `PAD` positions find does not matter: the loss leaves them out.) A decoder with padding hides both, the future and
# the padding: `future | padding`.

# %% tags=["active-ipynb"]
# def get_padding_mask(tokens, pad):
#     """(N, K) tokens -> (N, K, K) bool, True where the key is padding."""
#     return (tokens == pad)[:, None, :].expand(-1, tokens.shape[1], -1)
#
#
# PAD = 0
# sentence = torch.tensor([[5, 3, 8, 2, PAD, PAD, PAD]])
# masks = {"the future": get_subsequent_mask(sentence), "padding": get_padding_mask(sentence, PAD)}
# masks["both"] = masks["the future"] | masks["padding"]
# figure, axes = plt.subplots(1, 3, figsize=(9, 2.9), layout="constrained")
# for ax, (name, mask) in zip(axes, masks.items()):
#     ax.imshow(mask[0], cmap="Greys", vmin=0, vmax=1.4)
#     ax.set(title=f"{name} (dark: hidden)", xlabel="key", ylabel="query")
#     words = [str(int(token)) if token != PAD else "PAD" for token in sentence[0]]
#     ax.set_xticks(range(7), words, rotation=45)
#     ax.set_yticks(range(7), words)
# show("Hidden keys: above the diagonal for the future, the last three columns for padding, and both together.")
#
# seed_everything(0)
# attention, table = MultiHeadAttention(2, 16, 8), torch.randn(10, 16)
# with torch.no_grad():
#     alone = attention(*3 * [table[sentence[:, :4]]])  # the sentence without its padding
#     for name, mask in {"without a mask": None, "with the padding mask": masks["padding"]}.items():
#         padded = attention(*3 * [table[sentence]], mask)[:, :4]
#         print(f"{name:22} the padding changes the four words by up to {float((padded - alone).abs().max()):.6f}")

# %% [markdown]
# Back to the decoder. Its block has three sub-layers. Masked self-attention looks at the answer so far.
# **Cross-attention** looks at the question: its queries come from the decoder, its keys and values from the encoder's
# output. Then feed-forward. Each has its residual connection, then its norm.
#
#     x -- masked attention -- + -- norm -- cross-attention -- + -- norm -- feed-forward -- + -- norm -->
#     |                        |       |         ^             |       |                    |
#     +------------------------+       +---------|-------------+       +--------------------+
#                                            encoder


# %% task="DecoderBlock" minutes=25 difficulty="medium"
class DecoderBlock(nn.Module):
    """Masked self-attention, cross-attention and feed-forward, each with a residual connection and a norm after it."""

    def __init__(self, num_heads: int, emb_dim: int, feedforward_dim: int, dropout: float):
        """Make two MultiHeadAttentions (emb_dim // num_heads per head), FeedForwardBlock, three norms, dropout."""
        super().__init__()
        if emb_dim % num_heads != 0:
            raise ValueError(f"emb_dim = {emb_dim} is not divisible by num_heads = {num_heads}.")
        ### BEGIN SOLUTION
        self.attention_self = MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads)
        self.attention_cross = MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads)
        self.feedforward = FeedForwardBlock(emb_dim, feedforward_dim)
        self.norm1 = LayerNormalization(emb_dim)
        self.norm2 = LayerNormalization(emb_dim)
        self.norm3 = LayerNormalization(emb_dim)
        self.dropout = nn.Dropout(dropout)
        ### END SOLUTION

    def forward(self, dec_inp: Tensor, enc_inp: Tensor, mask: Tensor | None = None) -> Tensor:
        """Decode a batch of sequences.

        Shapes:
            dec_inp  (N, O, emb_dim)  what the decoder has so far
            enc_inp  (N, K, emb_dim)  what the encoder made of the question
            mask     (N, O, O)        bool, True hides, for the self-attention only; N may be 1
            out      (N, O, emb_dim)
        """
        ### BEGIN SOLUTION
        x = self.norm1(dec_inp + self.dropout(self.attention_self(dec_inp, dec_inp, dec_inp, mask)))
        x = self.norm2(x + self.dropout(self.attention_cross(x, enc_inp, enc_inp)))
        return self.norm3(x + self.dropout(self.feedforward(x)))
        ### END SOLUTION


# %% [markdown] hint="DecoderBlock"
# 1. Three sub-layers, three norms: two different `MultiHeadAttention`, then feed-forward.
# 2. The first attention takes all three inputs from the decoder, with the mask. The second takes its queries from the
#    decoder, and keys and values from `enc_inp`, without a mask.
# 3. Each sub-layer adds what it got, and the norm comes after the sum.

# %% [markdown]
# Stacks of these blocks are the encoder and the decoder. They are given.


# %%
class Encoder(nn.Module):
    """A stack of encoder blocks."""

    def __init__(self, num_heads: int, emb_dim: int, feedforward_dim: int, num_layers: int, dropout: float):
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderBlock(num_heads, emb_dim, feedforward_dim, dropout) for _ in range(num_layers)
        )

    def forward(self, src_seq: Tensor) -> Tensor:
        """(N, K, emb_dim) -> (N, K, emb_dim)."""
        for layer in self.layers:
            src_seq = layer(src_seq)
        return src_seq


class Decoder(nn.Module):
    """A stack of decoder blocks, and a linear layer to one score for each token of the vocabulary."""

    def __init__(
        self, num_heads: int, emb_dim: int, feedforward_dim: int, num_layers: int, dropout: float, vocab_len: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(
            DecoderBlock(num_heads, emb_dim, feedforward_dim, dropout) for _ in range(num_layers)
        )
        self.proj_to_vocab = nn.Linear(emb_dim, vocab_len)

    def forward(self, target_seq: Tensor, enc_out: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, O, emb_dim), (N, K, emb_dim), (N, O, O) -> (N, O, vocab_len)."""
        for layer in self.layers:
            target_seq = layer(target_seq, enc_out, mask)
        return self.proj_to_vocab(target_seq)


# %% [markdown]
# ## 5 Where am I?
#
# Attention does not know about order. Shuffle the keys together with their values, and every sum is the same: to it,
# 42 and 24 are one number. So each position gets a vector that tells where it is, added to its embedding.
#
# The simplest: write $n / K$ into all $M$ entries of position $n = 0, \ldots, K-1$.


# %% task="position_encoding_simple" minutes=10 difficulty="easy"
def position_encoding_simple(K: int, M: int) -> Tensor:
    """The fraction n / K at position n, in every entry.

    Shapes:
        K    int        how many positions
        M    int        length of an embedding
        out  (1, K, M)  float32
    """
    ### BEGIN SOLUTION
    return (torch.arange(K) / K)[None, :, None].repeat(1, 1, M)
    ### END SOLUTION


# %% [markdown] hint="position_encoding_simple"
# 1. `torch.arange(K) / K` has the K fractions.
# 2. Give them the shape (1, K, 1), then repeat them M times along the last axis.

# %% [markdown]
# The paper's (section 3.5): sines and cosines whose wavelengths grow from $2\pi$ to $10000 \cdot 2\pi$, as the hands of
# a clock turn at different speeds:
#
# $$ p_{n,\,2i} = \sin\!\left(\frac{n}{10000^{\,2i/M}}\right), \qquad
#    p_{n,\,2i+1} = \cos\!\left(\frac{n}{10000^{\,2i/M}}\right). $$
#
# Even columns are sines, odd columns cosines, and the two columns of a pair share one wavelength. If $M$ is odd, the
# last sine stays without its cosine.


# %% task="position_encoding_sinusoid" minutes=25 difficulty="medium"
def position_encoding_sinusoid(K: int, M: int) -> Tensor:
    """Sines in the even columns, cosines in the odd ones, of slower and slower waves.

    Shapes:
        K    int        how many positions
        M    int        length of an embedding, odd or even
        out  (1, K, M)  float32, [-1, 1]
    """
    ### BEGIN SOLUTION
    position = torch.arange(K, dtype=torch.float64)[:, None]  # (K, 1)
    angle = position / 10000 ** (torch.arange(0, M, 2) / M)  # (K, ceil(M / 2))
    table = torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)  # a sine, its cosine, the next sine, ...
    return table[None, :, :M].float()
    ### END SOLUTION


# %% [markdown] hint="position_encoding_sinusoid"
# 1. There is one frequency for each *pair* of columns: the exponents are 0, 2, 4, ... divided by M.
#    `torch.arange(0, M, 2) / M` has them.
# 2. Positions as a column times frequencies as a row give a table of angles, (K, pairs).
# 3. Sines go into the even columns, cosines into the odd ones: assign to `table[:, 0::2]` and `table[:, 1::2]`. If M is
#    odd, the last cosine is left out.

# %% [markdown]
# Both as images: a row is a position, a column an entry of its vector. The third picture shows the dot product of
# every two positions of the sinusoid.

# %% tags=["active-ipynb"]
# simple, sinusoid = position_encoding_simple(60, 64)[0], position_encoding_sinusoid(60, 64)[0]
# figure, axes = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
# for ax, table, title in zip(axes, (simple, sinusoid, sinusoid @ sinusoid.T), ("n / K", "sinusoid", "dot products")):
#     far = float(table.abs().max())
#     image = ax.imshow(table, cmap="RdBu_r", vmin=-far, vmax=far, aspect="auto", interpolation="nearest")
#     ax.set(title=title, ylabel="position", xlabel="position" if title == "dot products" else "entry")
#     figure.colorbar(image, ax=ax)
# show("n / K grows evenly; the sinusoid has fast waves left and slow ones right; its products fade with distance.")

# %% [markdown] question="tr-q3"
# **Question 3.** (a) The third picture is constant along its diagonals. Show it: the dot product of positions $m$ and
# $n$ depends on $m - n$ only. (b) What trouble do you expect from $n/K$ if sequences of 5 and of 500 tokens are
# mixed, and if the vector is added to embeddings of size 1? (c) From the table below: a sequence has $n$ positions
# of $d = 512$ numbers. For which $n$ does self-attention cost more than a recurrent layer, and why was it preferred
# nevertheless for sentences and for books?

# %% [markdown] answer="tr-q3"
# ### BEGIN SOLUTION
# (a) Each pair of columns contributes $\sin a m \sin a n + \cos a m \cos a n = \cos a(m - n)$, where $a$ is its
# frequency. (b) In a sequence of 500 tokens, neighbours differ by 1/500, which is lost next to embeddings of size 1; in
# one of 5 they differ by 1/5. The step to the next position has another size in each sequence, so no rule like "two to
# the left" can be learned. And all entries move together, which spends just one direction of the space on position.
# (c) $n^2 d > n d^2$ if $n > d$, here above 512 positions. Sentences are much shorter, so attention is the cheaper
# one; and its positions are computed at the same time, where the recurrent layer needs $n$ steps one after the other,
# and any two words are one step apart. For a book the square of $n$ hurts: long texts are cut, or attention is
# restricted to some of the keys.
# ### END SOLUTION

# %% [markdown]
# ### Three ways to mix a sequence
#
# A convolution and a recurrent network also let positions hear of each other. How do they compare, for $n$ positions of
# $d$ numbers (Vaswani et al., table 1)?
#
# | layer | operations | steps one after the other | longest way between two positions |
# |---|---|---|---|
# | recurrent | $n\, d^2$ | $n$ | $n$ |
# | convolution, $k$ wide | $k\, n\, d^2$ | $1$ | $n / k$ layers ($\log_k n$ if dilated) |
# | self-attention | $n^2 d$ | $1$ | $1$ |
#
# The pictures show one new layer of each kind: how much does the output at position $i$ (row) change with the input at
# position $j$ (column)? This is the length of the gradient of the output's sum, relative to the largest of its row. A
# convolution hears its neighbours. A recurrent network hears the past, the more faintly the longer ago. Attention can
# hear everyone, and *whom* it hears is computed from the data.

# %% tags=["active-ipynb"]
# seed_everything(0)
# length, width = 24, 16
# recurrent, convolution = nn.RNN(width, width, batch_first=True), nn.Conv1d(width, width, 3, padding=1)
# head = SelfAttention(width, width, width)
# layers = {
#     "convolution, 3 wide": lambda x: convolution(x.mT).mT,
#     "recurrent": lambda x: recurrent(x)[0],
#     "self-attention": lambda x: head(3 * x, 3 * x, x),  # times 3: a head that has learned to prefer some keys
# }
# x = torch.randn(1, length, width, requires_grad=True)
# figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
# for ax, (name, layer) in zip(axes, layers.items()):
#     sums = layer(x)[0].sum(dim=1)  # (n,), one number for each output
#     slopes = [torch.autograd.grad(total, x, retain_graph=True)[0][0] for total in sums]
#     heard = torch.stack(slopes).norm(dim=2)  # (n, n)
#     image = ax.imshow(heard / heard.amax(dim=1, keepdim=True), cmap="Blues", vmin=0, vmax=1)
#     ax.set(title=name, xlabel="input at position", ylabel="output at position")
# figure.colorbar(image, ax=axes, label="influence, of the row's largest")
# show("Convolution: a band. Recurrent: below the diagonal, fading to the left. Self-attention: places everywhere.")

# %% [markdown]
# ## 6 The Transformer
#
# Put it together. In `forward`:
#
# 1. Embed the question, add its positions, run the encoder.
# 2. The decoder's input is the answer **without its last token**: at position $t$ it reads token $t$ and predicts
#    token $t + 1$. Embed, with the same embedding, and add positions.
# 3. Run the decoder with the mask of the future. Its output has one score for each token of the vocabulary; return
#    them as a matrix with a row for each position of each answer, answer after answer.
#
# The answer -25, for example:
#
#     decoder reads     BOS       NEGATIVE  5  2  0
#     and predicts      NEGATIVE  5         2  0  EOS


# %% task="Transformer" minutes=35 difficulty="hard"
class Transformer(nn.Module):
    """Encoder and decoder over one vocabulary."""

    def __init__(
        self,
        num_heads: int,
        emb_dim: int,
        feedforward_dim: int,
        dropout: float,
        num_enc_layers: int,
        num_dec_layers: int,
        vocab_len: int,
    ):
        """Make one nn.Embedding for questions and answers, an Encoder and a Decoder. They do not share weights."""
        super().__init__()
        ### BEGIN SOLUTION
        self.embedding = nn.Embedding(vocab_len, emb_dim)
        self.encoder = Encoder(num_heads, emb_dim, feedforward_dim, num_enc_layers, dropout)
        self.decoder = Decoder(num_heads, emb_dim, feedforward_dim, num_dec_layers, dropout, vocab_len)
        ### END SOLUTION

    def forward(self, ques_b: Tensor, ques_pos: Tensor, ans_b: Tensor, ans_pos: Tensor) -> Tensor:
        """Scores of the next token at every position of every answer but the last.

        Shapes:
            ques_b    (N, K)                     tokens of the questions, int64
            ques_pos  (N, K, emb_dim)            their positions; N may be 1
            ans_b     (N, O)                     tokens of the answers, from BOS to EOS, int64
            ans_pos   (N, O, emb_dim)            their positions; N may be 1
            out       (N * (O - 1), vocab_len)   row n * (O - 1) + t predicts ans_b[n, t + 1]
        """
        ### BEGIN SOLUTION
        encoded = self.encoder(self.embedding(ques_b) + ques_pos)
        read = ans_b[:, :-1]
        decoded = self.decoder(self.embedding(read) + ans_pos[:, :-1], encoded, get_subsequent_mask(read))
        return decoded.flatten(0, 1)
        ### END SOLUTION


# %% [markdown] hint="Transformer"
# 1. One `nn.Embedding(vocab_len, emb_dim)` serves questions and answers. `Encoder` and `Decoder` are given: look at the
#    order of their arguments.
# 2. The decoder reads the answer without its last token, `ans_b[:, :-1]`, and its positions without the last one. The
#    mask is made of the tokens that it reads.
# 3. The decoder returns (N, O - 1, vocab_len). Flatten its first two axes.

# %% [markdown]
# Training and answering are given. The learning rate rises for 100 iterations, because post-norm Transformers diverge
# if they start at full speed, and stays there until the loss is small. Then it falls to 0 in 300 iterations. `answer`
# writes greedily: it runs the decoder, takes the token with the highest score, appends it, and runs again.


# %%
def train(
    model: nn.Module,
    questions: Tensor,
    answers: Tensor,
    ques_pos: Tensor,
    ans_pos: Tensor,
    *,
    max_iters: int = 1600,
    batch_size: int = 128,
    learning_rate: float = 5e-3,
) -> list[float]:
    """Train with Adam on random batches; the loss of every iteration.

    The learning rate holds until the loss is below 0.2, then falls to 0 in 300 iterations.

    Shapes:
        questions  (N, K)           tokens, int64
        answers    (N, O)           tokens, int64
        ques_pos   (1, K, emb_dim)  positions
        ans_pos    (1, O, emb_dim)  positions
    """
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    losses, smooth, left = [], 2.0, 300
    model.train()
    while left > 0:
        step = len(losses) + 1
        if left < 300 or smooth < 0.2 or step > max_iters - 300:
            left -= 1
        falling = (1 - math.cos(math.pi * left / 300)) / 2
        optimizer.param_groups[0]["lr"] = learning_rate * min(1.0, step / 100) * falling
        rows = torch.randint(len(questions), (batch_size,), device=questions.device)
        scores = model(questions[rows], ques_pos, answers[rows], ans_pos)
        loss = nn.functional.cross_entropy(scores, answers[rows, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        smooth += (losses[-1] - smooth) / 50
    return losses


@torch.no_grad()
def answer(model: nn.Module, questions: Tensor, ques_pos: Tensor, ans_pos: Tensor, start: int) -> Tensor:
    """Write answers that begin with the token ``start``, the likeliest token at each step.

    Shapes:
        questions  (N, K)           tokens, int64
        ques_pos   (1, K, emb_dim)  positions
        ans_pos    (1, O, emb_dim)  positions
        out        (N, O)           tokens, int64
    """
    written = torch.full((len(questions), 1), start, device=questions.device)
    model.eval()
    while written.shape[1] < ans_pos.shape[1]:
        padded = torch.cat([written, written[:, :1]], dim=1)  # the last token is not read
        scores = model(questions, ques_pos, padded, ans_pos[:, : padded.shape[1]])
        last = scores.reshape(len(questions), written.shape[1], -1)[:, -1]
        written = torch.cat([written, last.argmax(dim=1, keepdim=True)], dim=1)
    return written


# %% [markdown]
# Which positions? Sinusoids were made for sequences of hundreds of words. Ours have seven tokens, and the first seven
# rows of the picture above are much alike. So we also try something crude: one random vector for each position, drawn
# once. The same network, three times.

# %% tags=["active-ipynb"]
# # about 90 seconds
# token_dict = generate_token_dict(list(arithmetic.VOCABULARY))
# special = list(arithmetic.SPECIAL_TOKENS)
#
#
# def to_tokens(sentences):
#     return torch.tensor([prepocess_input_sequence(sentence, token_dict, special) for sentence in sentences])
#
#
# def random_positions(K, M):
#     return torch.randn(1, K, M)
#
#
# def smooth(losses):
#     return torch.tensor(losses).unfold(0, 20, 5).mean(dim=1)
#
#
# questions, answers = to_tokens(train_set.questions), to_tokens(train_set.answers)
# plt.figure(figsize=(6, 3.5))
# styles = {position_encoding_simple: ":", position_encoding_sinusoid: "--", random_positions: "-"}
# for encode in tqdm(styles, desc="training", unit="network"):
#     seed_everything(0)
#     ques_pos, ans_pos = encode(questions.shape[1], 64), encode(answers.shape[1], 64)
#     model = Transformer(4, 64, 256, 0.0, num_enc_layers=1, num_dec_layers=1, vocab_len=len(token_dict))
#     curve = smooth(train(model, questions, answers, ques_pos, ans_pos, max_iters=1000))
#     plt.plot(5 * torch.arange(len(curve)), curve, styles[encode], label=encode.__name__)
# plt.xlabel("iteration")
# plt.ylabel("loss")
# plt.yscale("log")
# plt.legend(frameon=False)
# show("Loss over iterations, on a logarithmic scale, with each of the three kinds of position.")

# %% [markdown]
# The last network, with random positions, is the one we keep. Nothing in it is made for carrying. Does it answer
# questions that it has not seen? An answer counts only if all its tokens are right.

# %% tags=["active-ipynb"]
# asked, right = to_tokens(test_set.questions), to_tokens(test_set.answers)
# written = answer(model, asked, ques_pos, ans_pos, token_dict["BOS"])
# correct = (written == right).all(dim=1)
# print(f"{int(correct.sum()):,} of {len(correct):,} new questions answered exactly right")
# words = list(token_dict)
# for n in [*range(6), *(~correct).nonzero().flatten()[:4].tolist()]:
#     guess = " ".join(words[token] for token in written[n, 1:-1])
#     print(f"{test_set.questions[n]:24} {guess:20} {'' if correct[n] else 'wrong: ' + test_set.answers[n]}")

# %% [markdown]
# Where does it look? For one question, each head's weights of the cross-attention: rows are the tokens that it is
# about to write, columns those of the question.

# %% tags=["active-ipynb"]
# for n in range(2):
#     answer(model, asked[n : n + 1], ques_pos, ans_pos, token_dict["BOS"])
#     maps = [m.weights_softmax[0] for m in model.modules() if isinstance(m, SelfAttention)]
#     maps = [m for m in maps if m.shape == (right.shape[1] - 1, asked.shape[1])]  # cross-attention
#     figure, axes = plt.subplots(1, len(maps), figsize=(4.6 * len(maps), 3.4), squeeze=False, layout="constrained")
#     for head, (ax, weights) in enumerate(zip(axes[0], maps)):
#         image = ax.imshow(weights, cmap="Blues", vmin=0, vmax=1)
#         ax.set_xticks(range(asked.shape[1]), [words[token] for token in asked[n]], rotation=45, ha="right")
#         ax.set_yticks(range(right.shape[1] - 1), [words[token] for token in right[n, 1:]])
#         ax.set_title(f"cross-attention, head {head + 1}")
#     figure.colorbar(image, ax=axes, label="weight")
#     looked = ", ".join(words[token] for token in asked[n][maps[0].argmax(dim=1)])
#     show(f"Weights of each head from the written tokens to those of the question; head 1 looks most at {looked}.")

# %% [markdown] question="tr-q4"
# **Question 4.** (a) To write the *tens* digit of a sum, which digits of the question must be known? Do the heads look
# at them? (b) The units are written before the tens, and the decoder reads them. What do the units of the answer tell
# about the carry, if the units of one number are known, too? What would the network have to work out before it writes
# anything, if the hundreds came first? (c) The encoder's attention also moves information. Why is it risky to read the
# maps above as "this digit was used for that one"?

# %% [markdown] answer="tr-q4"
# ### BEGIN SOLUTION
# (a) Both tens digits and, for the carry, both units digits. The maps show weight on the digits, often one head on
# each operand. (b) In a sum there is a carry exactly if the units of the answer are smaller than those of either
# number, so one digit of the question and the one just written are enough. With the hundreds first, the first digit
# depends on all four digits of the question at once, and the carry of the units runs through two places: all of it
# must be computed inside the network, with nothing written down on the way. That is learned more slowly. (c) After the
# encoder, the vector at the position of a digit can contain what the encoder's attention collected from the other
# positions, so a weight on a position is not a weight on the digit that once stood there.
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# Attention is an average whose weights are computed from the data, and it is blind to order until you add positions.
# A Transformer is attention between positions and a small network at each position, over and over, with residual
# connections and normalisation to keep it trainable. A mask is a promise about time: what is hidden must not leak,
# not even into a denominator. Next, in `vit.ipynb`, the words are patches of an image.
#
# **Where to look next.** "The annotated transformer" (Rush, 2018) goes through the paper line by line. Xiong et al.
# (*On layer normalization in the transformer architecture*, 2020) explain why nearly everybody now puts the norm
# *before* the sub-layer. BERT (Devlin et al., 2019) is your encoder, trained to fill gaps; GPT (Radford et al., 2018)
# is your decoder without the cross-attention. For long sequences: Dao et al., *FlashAttention* (2022).
