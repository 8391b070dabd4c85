# %% [markdown]
# # U-Net and guidance
#
# A denoiser takes an image and returns an image of the same size. It has to see the whole (is this a cross or a
# ring?) and to keep every detail (where exactly does the stroke end?). The **U-Net** (Ronneberger, Fischer and Brox,
# *U-Net: Convolutional Networks for Biomedical Image Segmentation*, 2015) does both: down to a few places with many
# channels, up again, and **skip connections** across, from each block on the way down to its partner on the way up.
#
# <!-- parts -->

# %%
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# %% tags=["active-ipynb"]
# import time
#
# import matplotlib.pyplot as plt
# from tqdm import tqdm
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid, show
# from common.nets.classifier import frechet_distance, train_classifier
# from common.training.seed import seed_everything
# from diffusion import GaussianDiffusion
#
# torch.set_num_threads(1)  # such small networks gain little from more

# %% [markdown]
# ## 1 What time is it?
#
# The same network serves all times, so it needs $t$ as an input. One number between 0 and 999 is a poor input: the
# network would have to carve fine distinctions out of one large value. Give it a *bundle of clocks* instead, hands
# that turn at different speeds (Vaswani et al. 2017 for positions; Ho for times). With $D$ numbers and $h = D / 2$,
#
# $$ \omega_i = \theta^{-i / (h - 1)}, \quad i = 0, \ldots, h - 1, \qquad \text{emb}(t) =
#    \big(\sin \omega_0 t, \ldots, \sin \omega_{h-1} t,\; \cos \omega_0 t, \ldots, \cos \omega_{h-1} t\big). $$
#
# The first clock turns once in about 6 steps, the last one, with $\theta = 10000$, once in 63,000: all sines come
# first, then all cosines.


# %% task="SinusoidalPosEmb" minutes=15 difficulty="easy"
class SinusoidalPosEmb(nn.Module):
    """Times as sines and cosines of dim / 2 frequencies from 1 down to 1 / theta."""

    def __init__(self, dim: int, theta: float = 10000.0):
        """dim is even and at least 4."""
        super().__init__()
        self.dim, self.theta = dim, theta

    def forward(self, time: Tensor) -> Tensor:
        """Sines, then cosines.

        Shapes:
            time  (N,)      int64 or float
            out   (N, dim)  float
        """
        ### BEGIN SOLUTION
        half = self.dim // 2
        slowing = torch.arange(half, device=time.device) / (half - 1)
        angles = time[:, None] * self.theta**-slowing  # (N, dim / 2)
        return torch.cat([angles.sin(), angles.cos()], dim=1)
        ### END SOLUTION


# %% [markdown] hint="SinusoidalPosEmb"
# 1. There are dim / 2 frequencies: theta to the power -i / (h - 1), for i = 0 to h - 1.
# 2. Times as a column multiplied by frequencies as a row give (N, h) angles.
# 3. Concatenate all sines, then all cosines.

# %% tags=["active-ipynb"]
# figure, axes = plt.subplots(figsize=(7, 2.4), layout="constrained")
# image = axes.imshow(SinusoidalPosEmb(64)(torch.arange(200)).T, aspect="auto", cmap="RdBu")
# figure.colorbar(image, ax=axes)
# axes.set(xlabel="t", ylabel="sines, then cosines")
# show("64 rows, sines above cosines: fast waves in the first rows of each half, ever slower ones below.")

# %% [markdown]
# ## 2 A block that listens
#
# Time and condition come as one vector, the *context* (N, D). How should an image listen to a vector? By **scale and
# shift** (Perez et al., *FiLM: Visual Reasoning with a General Conditioning Layer*, 2018; used in diffusion models
# since Nichol and Dhariwal 2021): a linear layer makes of the context two numbers for each channel, and the
# normalised channel becomes
#
# $$ h \;\to\; h \cdot (1 + \text{scale}) + \text{shift}. $$
#
# `Block`, given, is conv 3x3 - group norm - scale and shift, if there are any - SiLU - dropout. Your `ResnetBlock` is
#
#     scale, shift  =  the two halves (in this order) of  linear(SiLU(context)),  dim_out numbers each
#     h             =  Block from dim_in to dim_out, with scale and shift
#     h             =  Block from dim_out to dim_out, without
#     out           =  h + x,   x through a 1x1 convolution where dim_in differs from dim_out
#
# Only the first of the two blocks has dropout.


# %%
class Block(nn.Module):
    """conv 3x3 - group norm - (1 + scale) and shift - SiLU - dropout."""

    def __init__(self, dim_in: int, dim_out: int, dropout: float = 0.0):
        super().__init__()
        self.conv = nn.Conv2d(dim_in, dim_out, 3, padding=1)
        self.norm = nn.GroupNorm(math.gcd(4, dim_out), dim_out)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, scale_shift: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """Shapes: x (N, dim_in, H, W); scale and shift (N, dim_out) each; out (N, dim_out, H, W)."""
        x = self.norm(self.conv(x))
        if scale_shift is not None:
            scale, shift = (part[:, :, None, None] for part in scale_shift)
            x = x * (1 + scale) + shift
        return self.dropout(F.silu(x))


# %% task="ResnetBlock" minutes=25 difficulty="medium"
class ResnetBlock(nn.Module):
    """Two Blocks and a shortcut; the context scales and shifts in the first."""

    def __init__(self, dim_in: int, dim_out: int, context_dim: int, dropout: float = 0.0):
        super().__init__()
        ### BEGIN SOLUTION
        self.modulation = nn.Linear(context_dim, 2 * dim_out)
        self.block1 = Block(dim_in, dim_out, dropout)
        self.block2 = Block(dim_out, dim_out)
        self.shortcut = nn.Conv2d(dim_in, dim_out, 1) if dim_in != dim_out else nn.Identity()
        ### END SOLUTION

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Shapes: x (N, dim_in, H, W); context (N, context_dim); out (N, dim_out, H, W)."""
        ### BEGIN SOLUTION
        scale, shift = self.modulation(F.silu(context)).chunk(2, dim=1)  # (N, dim_out) each
        return self.block2(self.block1(x, (scale, shift))) + self.shortcut(x)
        ### END SOLUTION


# %% [markdown] hint="ResnetBlock"
# 1. You need a linear layer from context_dim to 2 * dim_out, two `Block`s (the first one with dropout), and a shortcut:
#    `nn.Conv2d(dim_in, dim_out, 1)` or `nn.Identity()`.
# 2. `chunk(2, dim=1)` halves the output of the linear layer into scale and shift.
# 3. Only the first block gets the pair. Add the shortcut of the *input* at the end.

# %% [markdown]
# ## 3 The U-Net
#
# Every level of the way down has two `ResnetBlock`s that keep the number of channels, then `Downsample`, which halves
# the sides and goes to the next number. With `dim_mults = (m_1, ..., m_L)` these numbers are
# `dim, dim * m_1, ..., dim * m_L`. Two more blocks work at the bottom. The way up is the mirror image: `Upsample`
# doubles the sides and goes back to the channels of that level, then two `ResnetBlock`s, each of which gets the
# **concatenation** `[x, skip]` along the channels, x first, hence twice the channels, and returns the level's number.
# For `dim_mults=(1, 2)`:
#
#     init_conv            dim                                        final_conv   -> channels
#     block   -> keep a    dim     ------------------------------->   block([x, a])
#     block   -> keep b    dim     ------------------------------->   block([x, b])
#     Downsample           dim                                        Upsample      dim
#       block -> keep c    dim     ------------------------------->     block([x, c])
#       block -> keep d    dim     ------------------------------->     block([x, d])
#       Downsample         2*dim                                        Upsample      dim
#                      block, block   2*dim
#
# Read the right side from the bottom up: the outputs kept are used **last in, first out**: d, c, b, a. The sides of
# an image must be divisible by $2^L$; they need not be equal.
#
# **The condition** is a vector per image, `model_kwargs["text_emb"]` (N, condition_dim). (The name is usual because
# it is mostly made of text. Ours will be a one-hot class.) `None`, or no such key, means *unconditional*: a vector of
# zeros.
#
# **Forgetting.** Guidance, below, needs a network that can do both. So *in training mode* each image of a batch loses
# its condition (the zeros instead) with probability `uncond_prob`, independently of the others; in evaluation mode
# none does.
#
# ### Guidance
#
# A conditional model knows the class but is lazy: many noisy images have a likely answer whatever the class. Ho and
# Salimans (*Classifier-Free Diffusion Guidance*, 2022, eq. 6) go further in the direction in which the condition
# pushes:
#
# $$ \tilde\epsilon = (1 + s)\, \epsilon(x_t, c) - s\, \epsilon(x_t, \varnothing)
#    = \epsilon(x_t, c) + s\, \big(\epsilon(x_t, c) - \epsilon(x_t, \varnothing)\big). $$
#
# $s = 0$ is the plain conditional model, $s = -1$ the unconditional one; no classifier is needed, only a network that
# sometimes had to do without. For predicted images the formula is the same (both predictions are linear functions of
# each other, and the factors add up to 1).
#
# The scale comes as `model_kwargs["cfg_scale"]`. `forward` hands a call that has it to `cfg_forward`, which calls the
# network twice, without the scale. A sampler passes the *same* `model_kwargs` in every step: leave the dict as it is.
#
# ### The class
#
# Written already: time and condition each go through a small network, and the sum of the two is the context, the same
# for all blocks. Every `ResnetBlock` gets `dropout`.


# %%
class Downsample(nn.Conv2d):
    """Halves the sides: conv 3x3 with stride 2."""

    def __init__(self, dim_in: int, dim_out: int):
        super().__init__(dim_in, dim_out, 3, stride=2, padding=1)


class Upsample(nn.Conv2d):
    """Doubles the sides: every pixel four times, then conv 3x3."""

    def __init__(self, dim_in: int, dim_out: int):
        super().__init__(dim_in, dim_out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, dim_in, H, W); out (N, dim_out, 2 H, 2 W)."""
        return super().forward(F.interpolate(x, scale_factor=2, mode="nearest"))


class Embedding(nn.Sequential):
    """A small network: linear - SiLU - linear. Converts its input to the dtype of its weights."""

    def __init__(self, before: int, after: int):
        super().__init__(nn.Linear(before, after), nn.SiLU(), nn.Linear(after, after))

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, before); out (N, after)."""
        return super().forward(x.to(self[0].weight.dtype))


# %% task="Unet.forward Unet.cfg_forward" minutes=60 difficulty="hard"
class Unet(nn.Module):
    """Predicts an image from a noisy image, its time and a condition."""

    def __init__(
        self,
        dim: int,
        condition_dim: int,
        dim_mults: tuple[int, ...] = (1, 2, 4, 8),
        channels: int = 3,
        uncond_prob: float = 0.2,
        dropout: float = 0.0,
    ):
        """dim is even and at least 4."""
        super().__init__()
        self.channels, self.condition_dim, self.uncond_prob = channels, condition_dim, uncond_prob
        context_dim = 4 * dim
        self.time_mlp = nn.Sequential(SinusoidalPosEmb(dim), Embedding(dim, context_dim))
        self.condition_mlp = Embedding(condition_dim, context_dim)
        self.init_conv = nn.Conv2d(channels, dim, 3, padding=1)
        self.final_conv = nn.Conv2d(dim, channels, 1)
        dims = [dim, *(dim * mult for mult in dim_mults)]
        ### BEGIN SOLUTION
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        for here, below in pairwise(dims):
            same = [ResnetBlock(here, here, context_dim, dropout) for _ in range(2)]
            self.downs.append(nn.ModuleList([*same, Downsample(here, below)]))
            double = [ResnetBlock(2 * here, here, context_dim, dropout) for _ in range(2)]
            self.ups.insert(0, nn.ModuleList([Upsample(below, here), *double]))
        self.middle = nn.ModuleList([ResnetBlock(dims[-1], dims[-1], context_dim, dropout) for _ in range(2)])
        ### END SOLUTION

    def forward(self, x: Tensor, time: Tensor, model_kwargs: Mapping[str, Any] | None = None) -> Tensor:
        """What the model predicts; with "cfg_scale" in model_kwargs, what cfg_forward returns.

        Shapes:
            x             (N, channels, H, W)  noisy images, H and W divisible by 2**len(dim_mults)
            time          (N,)                 int64
            model_kwargs  dict                 "text_emb": (N, condition_dim) or None
            out           (N, channels, H, W)
        """
        model_kwargs = model_kwargs or {}
        if "cfg_scale" in model_kwargs:
            return self.cfg_forward(x, time, model_kwargs)
        condition = model_kwargs.get("text_emb")
        if condition is None:
            condition = x.new_zeros(len(x), self.condition_dim)
        ### BEGIN SOLUTION
        if self.training:
            known = torch.rand(len(x), 1, device=x.device) >= self.uncond_prob
            condition = condition * known
        context = self.time_mlp(time) + self.condition_mlp(condition)  # (N, 4 dim)
        skips = []
        x = self.init_conv(x)
        for block1, block2, down in self.downs:
            x = block1(x, context)
            skips.append(x)
            x = block2(x, context)
            skips.append(x)
            x = down(x)
        for block in self.middle:
            x = block(x, context)
        for up, block1, block2 in self.ups:
            x = up(x)
            x = block1(torch.cat([x, skips.pop()], dim=1), context)
            x = block2(torch.cat([x, skips.pop()], dim=1), context)
        return self.final_conv(x)
        ### END SOLUTION

    def cfg_forward(self, x: Tensor, time: Tensor, model_kwargs: Mapping[str, Any]) -> Tensor:
        """(s + 1) * prediction with the condition - s * prediction without, s being model_kwargs["cfg_scale"].

        Leaves model_kwargs as it is.

        Shapes:
            x             (N, channels, H, W)
            time          (N,)
            model_kwargs  dict                 "text_emb": (N, condition_dim), "cfg_scale": float
            out           (N, channels, H, W)
        """
        ### BEGIN SOLUTION
        scale = model_kwargs["cfg_scale"]
        rest = {key: value for key, value in model_kwargs.items() if key != "cfg_scale"}
        return (scale + 1) * self(x, time, rest) - scale * self(x, time, {**rest, "text_emb": None})
        ### END SOLUTION


# %% [markdown] hint="Unet.forward"
# 1. In the constructor go through neighbouring pairs of `dims`. Each level down: two `ResnetBlock(here, here)`, then
#    `Downsample(here, below)`; its mirror image up: `Upsample(below, here)`, two `ResnetBlock(2 * here, here)`. Every
#    list of modules is an `nn.ModuleList`.
# 2. In training mode multiply the condition by one random 0 or 1 per image, (N, 1). The context is the sum of
#    `time_mlp(time)` and `condition_mlp(condition)`.
# 3. On the way down append the output of *each* block to a list; on the way up `pop()` takes the last one, and each
#    block gets `torch.cat([x, skip], dim=1)`. End with `final_conv`.

# %% [markdown] hint="Unet.cfg_forward"
# 1. Make a new dict without the key "cfg_scale", and another one in which "text_emb" is None. The dict that came in
#    stays as it is.
# 2. Call the network with both, and combine the two answers with s + 1 and -s.

# %% [markdown]
# ## Training
#
# Glyphs of 16 x 16 pixels, 100 steps of noise, a network that predicts the image, weights cut off at 5. The condition
# is a one-hot class, scaled so that it is about as loud as the rest of what the network hears.

# %% tags=["active-ipynb"]
# glyphs = load("glyphs", num_train=4000, num_test=500)
#
#
# def small(images):
#     """28 x 28 -> 16 x 16: a border of 2 pixels, then means of 2 x 2."""
#     return F.avg_pool2d(F.pad(images, (2, 2, 2, 2)), 2)
#
#
# def large(images):
#     """16 x 16 -> 28 x 28, for the classifier: every pixel four times, without the border."""
#     return F.interpolate(images, scale_factor=2)[:, :, 2:-2, 2:-2].clamp(0, 1)
#
#
# def condition(labels):
#     return {"text_emb": 3 * F.one_hot(labels, 10).float()}
#
#
# x_train, y_train = small(glyphs.x_train), glyphs.y_train
# x_test, y_test = small(glyphs.x_test), glyphs.y_test
# classifier = train_classifier(large(x_train), y_train)
# right = classifier(large(x_test)).argmax(dim=1) == y_test
# print(f"the classifier is right about {100 * float(right.float().mean()):.1f} % of real glyphs")

# %% tags=["active-ipynb"]
# # about 40 seconds
# EPOCHS, BATCH = 12, 64
# seed_everything(0)
# model = Unet(16, 10, dim_mults=(2, 2), channels=1, uncond_prob=0.15)
# diffusion = GaussianDiffusion(model, image_size=16, timesteps=100, objective="pred_x_start", min_snr_gamma=5.0)
# optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, fused=True)
# schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=EPOCHS * -(-len(x_train) // BATCH))
# losses, begun = [], time.perf_counter()
# for epoch in tqdm(range(EPOCHS), unit="epoch"):
#     for rows in torch.randperm(len(x_train)).split(BATCH):
#         optimizer.zero_grad()
#         loss = diffusion.p_losses(x_train[rows], condition(y_train[rows]))
#         loss.backward()
#         optimizer.step()
#         schedule.step()
#         losses.append(float(loss.detach()))
# model.eval()
# print(f"{sum(p.numel() for p in model.parameters()):,} weights, {time.perf_counter() - begun:.0f} s")
# curves({"loss": torch.tensor(losses).unfold(0, 50, 1).mean(dim=1)}, xlabel="step", ylabel="loss, mean of 50 steps")

# %% [markdown]
# **Loss by timestep.** Which times are hard? The error of the predicted image, on glyphs the network has not seen,
# with their class and without it.

# %% tags=["active-ipynb"]
# # about 10 seconds
# times, by_time = list(range(0, 100, 6)), {"with the class": [], "without": []}
# seed_everything(1)
# noise = torch.randn_like(x_test)
# with torch.no_grad():
#     for t in tqdm(times, unit="time"):
#         now = torch.full((len(x_test),), t)
#         noisy = diffusion.q_sample(2 * x_test - 1, now, noise)
#         for name, kwargs in zip(by_time, (condition(y_test), {"text_emb": None}), strict=True):
#             by_time[name].append(float((model(noisy, now, kwargs) - (2 * x_test - 1)).square().mean()))
# figure = curves(by_time, xlabel="t", ylabel="squared error of the image")
# figure.axes[0].set_xticks(range(0, len(times), 3), times[::3])
# figure

# %% [markdown]
# Near $t = 0$ everything is still there to see, and the class adds nothing. At the end nothing is to be seen but the
# class: the best guess is the mean glyph of the class, or the mean of all.
#
# **The beliefs.** What the network takes for the image, on the way from noise to a glyph: first the class's mean,
# then one of its members.

# %% tags=["active-ipynb"]
# seed_everything(2)
# labels = torch.arange(10)
# kwargs = {**condition(labels), "cfg_scale": 2.0}
# way = diffusion.sample(10, return_all_timesteps=True, model_kwargs=kwargs)
# shown, beliefs = [1, 20, 40, 60, 80, 90, 99], []
# with torch.no_grad():
#     for step in shown:
#         x = 2 * way[:, step] - 1
#         beliefs.append(diffusion.model_predictions(x, torch.full((10,), 99 - step), kwargs)[1] / 2 + 0.5)
# rows = [torch.stack([way[n, step] for step in shown] + [belief[n] for belief in beliefs]) for n in (0, 3, 8)]
# titles = [f"t = {99 - step}" for step in shown] + [f"belief, t = {99 - step}" for step in shown]
# image_grid(torch.cat(rows), columns=14, titles=titles * 3)

# %% tags=["active-ipynb"]
# from IPython.display import HTML
# from matplotlib import animation
#
# figure, axes = plt.subplots(1, 10, figsize=(8, 1.1))
# shown = [a.imshow(way[i, 0, 0], cmap="gray", vmin=0, vmax=1) for i, a in enumerate(axes)]
# for a in axes:
#     a.set_axis_off()
#
#
# def frame(step):
#     for i, picture in enumerate(shown):
#         picture.set_data(way[i, step, 0].clamp(0, 1))
#     return shown
#
#
# film = animation.FuncAnimation(figure, frame, frames=[*range(0, 101, 4), *[100] * 5], interval=120)
# plt.close(figure)
# words = "Ten images turn from noise into glyphs, one of each class."
# HTML(film.to_jshtml(default_mode="once").replace("<img ", f'<img alt="{words}" '))

# %% [markdown] question="unet-q1"
# **Question 1.** Take the network of the cell above, on 16 x 16 images with one channel. (a) How many numbers are
# there per image at the bottom, after the last `Downsample`, and how many in the input? (b) Without skips, what would
# the network have to do with the noise when the objective is `pred_noise`, and why is that hopeless? (c) Does the
# same argument hold for `pred_x_start`?

# %% [markdown] answer="unet-q1"
# ### BEGIN SOLUTION
# (a) The sides are halved twice, 16 to 4, and there are 32 channels: $32 \cdot 4 \cdot 4 = 512$ numbers, against 256
# in the input. (b) The target is the noise of every single pixel: 256 independent normal numbers. All of them would
# have to be carried through the bottom and put back to their places. 512 numbers are enough for that in principle,
# but each is the output of layers that blur, normalise and cut, the network would have to learn an exact code for
# places, and nothing in noise can be guessed from its neighbours. With wider images the bottom has too few numbers
# even in principle. A skip hands the pixels across as they are. (c) Less so: a glyph is a few strokes and can be
# described by few numbers, so an autoencoder through the bottom gives a blurred version. But the fine places of the
# strokes are lost, and at small $t$, when the image is almost given, throwing it away is absurd.
# ### END SOLUTION

# %% [markdown]
# ## What guidance does
#
# How often does the classifier see the class that was asked for, and what does it cost? The second number is the
# Fréchet distance between the samples and real glyphs in the classifier's features (the idea of the FID, Heusel et
# al. 2017), squared, as is usual: 0 would be the same mean and the same covariance. With only 100 samples it is never
# small; compare, do not quote.

# %% tags=["active-ipynb"]
# # about 10 seconds
# asked = torch.arange(100) % 10
# real = classifier.features(large(x_test))
#
#
# def judge(images):
#     """The share recognised as what was asked for, and the distance from real glyphs."""
#     found = large(images)
#     share = (classifier(found).argmax(dim=1) == asked).float().mean()
#     return float(share), frechet_distance(classifier.features(found), real)
#
#
# scales, strips = [0.0, 1.0, 2.0, 4.0, 8.0], []
# for scale in tqdm(scales, unit="scale"):
#     seed_everything(3)
#     images = diffusion.ddim_sample(100, 16, model_kwargs={**condition(asked), "cfg_scale": scale})
#     share, distance = judge(images)
#     print(f"scale {scale:.0f}: recognised {100 * share:.0f} %, distance {distance:.1f}")
#     strips.append(images[:10])
# print(f"100 real glyphs:     distance {frechet_distance(real[:100], real[100:]):.1f}")
# image_grid(torch.cat(strips), columns=10, titles=[f"s = {scale:.0f}" for scale in scales for _ in range(10)])

# %% [markdown] question="unet-q2"
# **Question 2.** (a) What happens to the glyphs as $s$ grows, and why? (Think of the two predictions as the gradients
# of log-densities, of $p(x \mid c)$ and $p(x)$: which density does their mixture belong to?) (b) What would guidance
# do to a model trained with `uncond_prob=0`? And with `uncond_prob=1`?

# %% [markdown] answer="unet-q2"
# ### BEGIN SOLUTION
# (a) They become clear examples of their class, and then caricatures: too bright, too large, forks with more tines
# than a fork has. They are recognised more often and are less like real glyphs. The mixture is the gradient of
# $\log p(x \mid c) + s \log \frac{p(x \mid c)}{p(x)}$, and by Bayes the quotient is $p(c \mid x)$ up to a constant.
# So one samples (roughly) from $p(x \mid c)\, p(c \mid x)^s$: images that a classifier is sure about count more,
# border cases less. For large $s$ the prediction leaves the range in which the network was trained. (b) With 0 the
# network never saw the zero vector as a condition; its "unconditional" prediction is an arbitrary extrapolation, and
# so is the direction. With 1 it never learned what a condition means: both predictions differ by random leftovers of
# the initial weights, and guidance amplifies those.
# ### END SOLUTION

# %% [markdown]
# ## Steps again, with a real network
#
# In `diffusion.ipynb` the model was perfect. Here are DDIM ($\eta = 0$) and DDPM ($\eta = 1$) with the trained one,
# guidance 2. Each time the same 100 classes are asked for.

# %% tags=["active-ipynb"]
# # about 10 seconds
# counts, by_steps, strips, titles = [2, 4, 8, 16, 32], {"eta = 0 (DDIM)": [], "eta = 1 (DDPM)": []}, [], []
# for steps in tqdm(counts, unit="number of steps"):
#     for name, eta in zip(by_steps, (0.0, 1.0), strict=True):
#         seed_everything(4)
#         images = diffusion.ddim_sample(100, steps, eta=eta, model_kwargs={**condition(asked), "cfg_scale": 2.0})
#         by_steps[name].append(judge(images)[1])
#         if steps in (4, 8, 32):
#             strips.append(images[:10])
#             titles += [f"{steps} steps, eta {eta:.0f}"] * 10
# figure = curves(by_steps, xlabel="steps", ylabel="Fréchet distance")
# figure.axes[0].set_xticks(range(len(counts)), counts)
# figure

# %% tags=["active-ipynb"]
# image_grid(torch.cat(strips), columns=10, titles=titles)

# %% [markdown]
# Two steps are enough to be recognised. With guidance, more steps take the samples *further* from real glyphs: many
# small steps follow the exaggerated direction more faithfully than a few large ones. Set `cfg_scale` to 0 above: then
# more steps are simply better.
#
# ## What to take home
#
# A U-Net keeps the details by handing them across. Time and condition enter as scales and shifts. And a model that
# was sometimes left in the dark can be steered: by how much is decided when sampling, not when training. Replace the
# one-hot class by the embedding of a sentence, the pixels by the code of an autoencoder and the 230,000 weights by a
# billion, and you have the programs that draw from a description.
#
# **Where to look next.** Rombach et al. (*High-resolution image synthesis with latent diffusion models*, 2022) do just
# that: it is Stable Diffusion. Dhariwal and Nichol (*Diffusion models beat GANs on image synthesis*, 2021) steer by a
# classifier, before guidance did without one. Peebles and Xie (*Scalable diffusion models with transformers*, 2023)
# replace the U-Net by the ViT of `a06_attention`. ControlNet (Zhang et al., 2023) adds a drawing to the condition.
