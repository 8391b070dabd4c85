# %% [markdown]
# # Phenomena
#
# Trained networks surprise: most of their weights can go, small networks learn more from large ones than from labels,
# gradients of deep networks look like noise, and a thousandth of the directions is enough to train in. Chapters 9, 11
# and 20 of Prince's *Understanding Deep Learning* (2023) tell the story; here you write the measurements.
#
# <!-- parts -->

# %%
import torch
from torch import Tensor

# %% tags=["active-ipynb"]
# import copy
#
# import torch.nn.functional as F
# from torch import nn
#
# from autograder import check, hint
# from common.data import signals
# from common.plots import curves
# from common.training.seed import seed_everything
#
# seed_everything(0)
# train, test = signals.draw(1500, seed=1), signals.draw(1000, stream="test", seed=1)
#
#
# def fit(model, steps=200, masks=None, rate=0.05):
#     """Train on signals; masks keep weights at 0."""
#     optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
#     for step in range(steps):
#         rows = torch.randint(len(train.y), (100,))
#         optimizer.zero_grad()
#         F.cross_entropy(model(train.x[rows]), train.y[rows]).backward()
#         optimizer.step()
#         with torch.no_grad():
#             for p, mask in zip(model.parameters(), masks or [], strict=False):
#                 p *= mask
#     return model
#
#
# def accuracy(model):
#     with torch.no_grad():
#         return float((model.eval()(test.x).argmax(dim=1) == test.y).double().mean())
#
#
# def net():
#     """Build a small convolutional network."""
#     return nn.Sequential(
#         nn.Conv1d(1, 16, 5, 2, 2), nn.ReLU(), nn.Conv1d(16, 16, 3, 2, 1), nn.ReLU(), nn.Conv1d(16, 16, 3, 1, 1),
#         nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(16, 10),
#     )

# %% [markdown]
# First, why convolutions: the class does not depend on the place, and a fully connected network does not know that. On
# MNIST-1D, whose recipe our signals follow, Prince (2023, chapters 8 and 10) reports test errors of about 40 % for
# fully connected networks, even with 59,065 weights, and of 17 % for a convolutional one with 2,050.

# %% tags=["active-ipynb"]
# wide = nn.Sequential(nn.Flatten(), nn.Linear(40, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10))
# for name, model in (("fully connected", wide), ("convolutional", net())):
#     fit(model, 400)
#     print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters, accuracy {accuracy(model):.3f}")

# %% [markdown]
# A network with 15,000 weights can learn anything about 500 signals, even labels that were shuffled (Zhang et al.
# 2017). So a training error of 0 says nothing about whether there was something to learn.

# %% tags=["active-ipynb"]
# x, learned = train.x[:500], {}
# for name, y in {"true labels": train.y[:500], "shuffled labels": train.y[:500][torch.randperm(500)]}.items():
#     model = nn.Sequential(nn.Flatten(), nn.Linear(40, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(),
#                           nn.Linear(100, 10))
#     optimizer, learned[name] = torch.optim.Adam(model.parameters(), lr=0.003), []
#     for _ in range(100):
#         logits = model(x)
#         optimizer.zero_grad()
#         F.cross_entropy(logits, y).backward()
#         optimizer.step()
#         learned[name].append(float((logits.argmax(dim=1) == y).double().mean()))
#     print(f"{name}: {learned[name][-1]:.1%} of the training signals, {accuracy(model):.1%} of others")
# curves(learned, xlabel="full-batch step", ylabel="accuracy in training")

# %% [markdown]
# ## 1 Lottery tickets
#
# Train, remove the smallest weights, and train what is left from the *initial* values of those weights: it reaches the
# accuracy of the whole (Frankle and Carbin 2019). With fresh random weights in the same mask, it does so less well. One
# round removes a fraction of the weights that are still there, the smallest of all layers together. Biases stay. Of a
# VGG-19, 1.5 % of the weights were enough.


# %% task="lottery_round" minutes=30 difficulty="medium"
def lottery_round(
    initial: list[Tensor], trained: list[Tensor], masks: list[Tensor], fraction: float
) -> tuple[list[Tensor], list[Tensor]]:
    """The tensors to begin the next training with, and the new masks.

    Of all weights whose mask is True, in tensors with at least two axes, floor(fraction * their number) with the
    smallest absolute values after training are removed. Tensors with one axis, such as biases, keep their masks.

    Shapes:
        initial, trained  lists of tensors, before and after training, shapes in pairs equal
        masks             list of bool tensors of the same shapes
        fraction          float, from 0 to 1
        out               the initial values where the new mask is True, and 0 elsewhere; the new masks, bool
    """
    ### BEGIN SOLUTION
    counted = [p.dim() > 1 for p in trained]
    sizes = [p.abs().masked_fill(~m, torch.inf) for p, m, c in zip(trained, masks, counted, strict=True) if c]
    flat = torch.cat([size.flatten() for size in sizes])
    count = int(fraction * int(flat.isfinite().sum()))
    alive = flat.isfinite()
    alive[flat.argsort(stable=True)[:count]] = False
    parts = iter(alive.split([size.numel() for size in sizes]))
    new = [next(parts).reshape(p.shape) if c else m.clone() for p, m, c in zip(trained, masks, counted, strict=True)]
    return [p * m for p, m in zip(initial, new, strict=True)], new
    ### END SOLUTION


# %% [markdown] hint="lottery_round"
# 1. Put the absolute values of all weights that are still there into one long tensor; the removed ones count as
#    infinite, so that they are never chosen again.
# 2. `argsort()[:count]` are the places of the smallest. Split the long mask again, and give each part its shape.
# 3. The next training begins with the *initial* values, not with the trained ones.

# %% tags=["active-ipynb"]
# first = net()
# start = [p.detach().clone() for p in first.parameters()]
# tickets, fresh, shares = [], [], []
# masks, model = [torch.ones_like(p, dtype=torch.bool) for p in start], first
# for _ in range(5):
#     fit(model, masks=masks)
#     tickets.append(accuracy(model))
#     other = net()
#     with torch.no_grad():
#         for p, mask in zip(other.parameters(), masks, strict=True):
#             p *= mask
#     fresh.append(accuracy(fit(other, masks=masks)))
#     shares.append(sum(int(m.sum()) for m in masks) / sum(m.numel() for m in masks))
#     weights, masks = lottery_round(start, [p.detach() for p in model.parameters()], masks, 0.5)
#     model = net()
#     with torch.no_grad():
#         for p, value in zip(model.parameters(), weights, strict=True):
#             p.copy_(value)
# print("shares of the weights:", [round(share, 3) for share in shares])
# curves({"the ticket": tickets, "fresh weights, the same mask": fresh}, xlabel="round", ylabel="accuracy")

# %% [markdown]
# ## 2 Distillation
#
# A teacher's probabilities say more than a label: which wrong classes are nearly right. **Distillation** (Hinton,
# Vinyals and Dean 2015) softens both by a temperature:
#
# $$a \, T^2 \, \mathrm{KL}(\mathrm{softmax}(t / T) \,\|\, \mathrm{softmax}(s / T)) + (1 - a) \, \mathrm{CE}(s, y)$$
#
# The gradient of the KL divergence shrinks like $1 / T^2$; the factor $T^2$ undoes that. For $T = 2$, student (1, 0)
# and teacher (3, 0), the first term without $a$ is 0.3610. So a residual network
# of 18 layers can learn from one of 34.


# %% task="distillation_loss" minutes=20 difficulty="medium"
def distillation_loss(student: Tensor, teacher: Tensor, y: Tensor, T: float, a: float) -> Tensor:
    """The mean loss over the rows. No gradient reaches the teacher.

    Shapes:
        student, teacher  (N, K)  logits
        y                 (N,)    int64
        T, a              float   temperature above 0; share of the teacher, from 0 to 1
        out               ()
    """
    ### BEGIN SOLUTION
    target = (teacher.detach() / T).log_softmax(dim=1)
    divergence = (target.exp() * (target - (student / T).log_softmax(dim=1))).sum(dim=1).mean()
    hard = -student.log_softmax(dim=1).gather(1, y[:, None]).mean()
    return a * T**2 * divergence + (1 - a) * hard
    ### END SOLUTION


# %% [markdown] hint="distillation_loss"
# 1. With $p$ for the teacher and $q$ for the student, both softened: $\sum_k p_k (\log p_k - \log q_k)$, the sum over
#    the classes, the mean over the rows.
# 2. The cross-entropy takes the student's logits without a temperature. The teacher is detached.

# %% [markdown]
# ## 3 Shattered gradients
#
# How do gradients change as the input moves? In a shallow network neighbours have similar gradients. The deeper a
# network is, the more its gradients look like white noise, and the more its steps are guesses; residual networks are
# between (Balduzzi et al. 2017). Measure it by the autocorrelation of gradients $g_i$ at evenly spaced inputs, with
# their mean $m$:
#
# $$r_k = \frac{\sum_{i=1}^{N-k} (g_i - m)(g_{i+k} - m)}{\sum_{i=1}^{N} (g_i - m)^2}$$


# %% task="gradient_autocorrelation" minutes=15 difficulty="easy"
def gradient_autocorrelation(g: Tensor, lags: int) -> Tensor:
    """The autocorrelation at the lags 0, 1, ..., lags.

    Shapes:
        g     (N,)  not constant
        lags  int   below N
        out   (lags + 1,)  the first is 1
    """
    ### BEGIN SOLUTION
    centred = g - g.mean()
    products = [(centred[: len(g) - k] * centred[k:]).sum() for k in range(lags + 1)]
    return torch.stack(products) / centred.square().sum()
    ### END SOLUTION


# %% [markdown] hint="gradient_autocorrelation"
# 1. Subtract the mean of all once. For lag k multiply `c[: N - k]` by `c[k:]`; at k = 0, `c[:-0]` would be empty.
# 2. Divide by the sum of all squares, for every lag the same.

# %% tags=["active-ipynb"]
# def slopes(layers, residual):
#     """Return the derivative of a random network with one input at 256 places."""
#     x = torch.linspace(-2, 2, 256, dtype=torch.float64)[:, None].requires_grad_()
#     h = x @ torch.randn(1, 200).double() + torch.randn(200).double()
#     for _ in range(layers):
#         step = h.relu() @ (torch.randn(200, 200).double() * (2 / 200) ** 0.5)
#         h = (h + step) / 2**0.5 if residual else step
#     return torch.autograd.grad((h @ torch.randn(200).double()).sum(), x)[0][:, 0]
#
#
# kinds = {"1 layer": (1, False), "24 layers": (24, False), "24 layers, residual": (24, True)}
# curves({name: torch.stack([gradient_autocorrelation(slopes(*kind), 15) for _ in range(20)]).mean(dim=0)
#         for name, kind in kinds.items()}, xlabel="lag", ylabel="autocorrelation", title="Gradients at 256 places")

# %% [markdown]
# Residual networks have another worry. If each branch keeps the variance of its input, the sum doubles it: after $K$
# blocks $2^K$. Dividing each sum by $\sqrt 2$ keeps it; with batch normalisation at the start of each branch, the
# branch adds 1 each time, and the variance is $K + 1$.

# %% tags=["active-ipynb"]
# lines = {"plain": [], "divided by the root of 2": [], "normalised branches": []}
# for name, sizes in lines.items():
#     h = torch.randn(500, 200)
#     for _ in range(12):
#         sizes.append(float(h.var().log2()))
#         inside = (h - h.mean(0)) / h.std(0) if name.startswith("norm") else h
#         h = h + inside.relu() @ (torch.randn(200, 200) * (2 / 200) ** 0.5)
#         h = h / 2**0.5 if name.startswith("div") else h
# curves(lines, xlabel="block", ylabel="log2 of the variance", title="Twelve residual blocks")

# %% [markdown]
# ## 4 Few directions
#
# Train only $d$ numbers $z$, with the weights $\theta_0 + Uz$, where $U$ is a random matrix with orthonormal columns.
# Often a few hundred are enough for a network of many thousand: the **intrinsic dimension** (Li et al. 2018).


# %% task="random_subspace" minutes=10 difficulty="medium"
def random_subspace(D: int, d: int, generator: torch.Generator) -> Tensor:
    """A random matrix with orthonormal columns.

    Shapes:
        D, d  int, d at most D
        out   (D, d)  float64, drawn by the generator; every direction is equally likely
    """
    ### BEGIN SOLUTION
    normal = torch.randn(D, d, generator=generator, dtype=torch.float64, device=generator.device)
    Q, R = torch.linalg.qr(normal)
    return Q * R.diagonal().sign()
    ### END SOLUTION


# %% [markdown] hint="random_subspace"
# 1. Normal numbers prefer no direction. `torch.linalg.qr(...)` returns Q with orthonormal columns.
# 2. The signs of R's diagonal make Q's distribution exactly uniform.

# %% tags=["active-ipynb"]
# model, values = net(), []
# sizes = [p.numel() for p in model.parameters()]
# origin = torch.cat([p.detach().flatten() for p in model.parameters()])
# names = [name for name, _ in model.named_parameters()]
# for d in (5, 20, 80, 300):
#     U = random_subspace(len(origin), d, torch.Generator().manual_seed(d)).float()
#     z = torch.zeros(d, requires_grad=True)
#     optimizer = torch.optim.Adam([z], lr=0.05)
#     for _ in range(200):
#         rows = torch.randint(len(train.y), (100,))
#         parts = (origin + U @ z).split(sizes)
#         weights = {n: part.view(p.shape) for n, part, p in zip(names, parts, model.parameters(), strict=True)}
#         optimizer.zero_grad()
#         F.cross_entropy(torch.func.functional_call(model, weights, (train.x[rows],)), train.y[rows]).backward()
#         optimizer.step()
#     right = torch.func.functional_call(model, weights, (test.x,)).argmax(dim=1) == test.y
#     values.append(f"{d} directions: {float(right.double().mean()):.3f}")
# print(f"of {len(origin)} weights;", "; ".join(values))

# %% [markdown]
# On the straight line between two trained networks the loss is high, although both ends are low: each found a minimum
# of its own, because units can be exchanged.

# %% tags=["active-ipynb"]
# ends = [[p.detach() for p in fit(net(), 300).parameters()] for _ in range(2)]
# losses, between, shares = [], net(), torch.linspace(-0.2, 1.2, 29)
# for share in shares:
#     with torch.no_grad():
#         for p, a, b in zip(between.parameters(), *ends, strict=True):
#             p.copy_((1 - share) * a + share * b)
#         losses.append(float(F.cross_entropy(between(train.x), train.y)))
# curves({"training loss": losses}, x=shares, xlabel="from one network (0) to the other (1)", ylabel="loss",
#        title="A line between two solutions")

# %% [markdown] question="phenomena-q1"
# **Question 1.** In larger networks than ours, a ticket with a tenth of the weights reaches the accuracy of the whole
# network. Why not train small networks from the start? Name two explanations, and an experiment that tells them apart.

# %% [markdown] answer="phenomena-q1"
# ### BEGIN SOLUTION
# One: the mask and the initial values belong together, and a large network contains a lucky combination, which a small
# one contains rarely. Two: the large network is needed to train well, and pruning only removes what is left over.
# Experiment: keep the mask with fresh initial values (if the mask alone matters, the accuracy stays), and train a dense
# network of the same number of weights (if size alone matters, it does as well).
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# Large networks are easy to train and easy to shrink. What you measured here are properties of training.
#
# **Where to look next.** Nakkiran et al. (*Deep double descent*, 2020) find that more parameters, and even more data,
# can first hurt and then help. Power et al. (*Grokking*, 2022) watch networks understand long after they have
# memorised. Frankle et al. (*Linear mode connectivity and the lottery ticket hypothesis*, 2020) say from when on two
# runs end in the same valley. Hoffmann et al. (*Training compute-optimal large language models*, 2022) measure how size
# and data should grow together.
