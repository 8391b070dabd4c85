# %% [markdown]
# # Diffusion
#
# Destroying an image is easy: add noise until nothing is left. If you could undo *one small step* of that, you could
# begin with nothing but noise, undo one step after the other, and arrive at an image that nobody has drawn. Undoing a
# small step is a regression problem, "which noise was added?", and regression is something we know how to train. This
# is Ho, Jain and Abbeel, *Denoising Diffusion Probabilistic Models* (2020); "Ho" below.
#
# <!-- parts -->
#
# The network comes in `unet.ipynb`. Until then a model that needs no training will do, and it has something to teach.

# %%
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# from torch.nn import functional as F
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid, show
# from common.training.seed import seed_everything
#
# torch.set_num_threads(1)
# glyphs = load("glyphs", num_train=1000, num_test=10)
#
#
# def small(images):
#     """28 x 28 -> 16 x 16: a border of 2 pixels, then means of 2 x 2."""
#     return F.avg_pool2d(F.pad(images, (2, 2, 2, 2)), 2)
#
#
# x_train, y_train = small(glyphs.x_train), glyphs.y_train
# examples = torch.stack([x_train[y_train == label][0] for label in range(10)])
# image_grid(examples, columns=10, titles=glyphs.class_names)

# %% [markdown]
# ## 1 Schedules
#
# One step of destruction shrinks the image a little and adds a little noise, so that the variance of a pixel stays
# about 1 (Ho, eq. 2):
#
# $$ q(x_t \mid x_{t-1}) = \mathcal N\big(\sqrt{1 - \beta_t}\, x_{t-1},\; \beta_t I\big). $$
#
# $\beta_t$ is the *variance* of the noise of step $t$. Write $\alpha_t = 1 - \beta_t$ and
# $\bar\alpha_t = \alpha_0 \alpha_1 \cdots \alpha_t$, the share of the image's variance that is left after step $t$.
# Here $t$ counts from 0 to $T - 1$ as in code; papers count from 1. The list of the $\beta_t$ is the **schedule**.
# Three of them are in use:
#
# **Linear** (Ho, section 4): $\beta$ grows evenly from $10^{-4}$ to $0.02$ *when $T$ is 1000*. For another $T$ both
# ends are multiplied by $1000 / T$: fewer steps, each larger, and about the same noise at the end.
#
# **Cosine** (Nichol and Dhariwal, *Improved Denoising Diffusion Probabilistic Models*, 2021, eq. 17): choose
# $\bar\alpha$ and derive $\beta$ from it. On $T + 1$ points $u = 0, \tfrac1T, \ldots, 1$,
#
# $$ f(u) = \cos^2\Big(\frac{u + s}{1 + s} \cdot \frac\pi2\Big), \qquad \bar\alpha(u) = \frac{f(u)}{f(0)}, \qquad
#    \beta_t = 1 - \frac{\bar\alpha\big(\frac{t + 1}T\big)}{\bar\alpha\big(\frac tT\big)}. $$
#
# **Sigmoid** (Jabri, Fleet and Chen 2022; this form is Chen, *On the Importance of Noise Scheduling for Diffusion
# Models*, 2023, algorithm 1): the same with another curve. With $\sigma$ the logistic function,
#
# $$ \bar\alpha(u) =
#    \frac{\sigma(\text{end}/\tau) - \sigma\big((\text{start} + u\,(\text{end} - \text{start}))/\tau\big)}
#    {\sigma(\text{end}/\tau) - \sigma(\text{start}/\tau)}, \qquad \text{but never less than } \texttt{clamp\_min}, $$
#
# and $\beta_t$ from neighbouring values of $\bar\alpha$ as before.
#
# In all three, a $\beta_t$ above 0.999 becomes 0.999: a step that leaves nothing at all cannot be undone. Compute in
# float64; a product of a thousand factors near 1 needs all digits.


# %% task="linear_beta_schedule" minutes=10 difficulty="easy"
def linear_beta_schedule(timesteps: int) -> Tensor:
    """T values from 1e-4 to 0.02, evenly spaced, both ends times 1000 / T; none above 0.999.

    Shapes:
        out  (T,)  float64
    """
    ### BEGIN SOLUTION
    scale = 1000 / timesteps
    return torch.linspace(1e-4 * scale, 0.02 * scale, timesteps, dtype=torch.float64).clamp(max=0.999)
    ### END SOLUTION


# %% [markdown] hint="linear_beta_schedule"
# 1. `torch.linspace` with `dtype=torch.float64` gives evenly spaced values.
# 2. Multiply both ends by 1000 / T first, and cut the result off at 0.999.


# %% task="cosine_beta_schedule" minutes=20 difficulty="medium"
def cosine_beta_schedule(timesteps: int, s: float = 0.008) -> Tensor:
    """Betas for which alpha bar is a squared cosine; none above 0.999.

    Shapes:
        out  (T,)  float64
    """
    ### BEGIN SOLUTION
    u = torch.arange(timesteps + 1, dtype=torch.float64) / timesteps  # (T + 1,)
    left = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2
    return (1 - left[1:] / left[:-1]).clamp(max=0.999)
    ### END SOLUTION


# %% [markdown] hint="cosine_beta_schedule"
# 1. T + 1 points from 0 to 1, both included: `torch.arange(T + 1) / T` in float64.
# 2. Compute f at all of them. Dividing by f(0) changes nothing in the quotient of two neighbours.
# 3. beta is 1 minus each value divided by the one before: slices `[1:]` and `[:-1]`. Cut off at 0.999.


# %% task="sigmoid_beta_schedule" minutes=20 difficulty="medium"
def sigmoid_beta_schedule(
    timesteps: int, start: float = -3, end: float = 3, tau: float = 1, clamp_min: float = 1e-5
) -> Tensor:
    """Betas for which alpha bar is a falling sigmoid, never below clamp_min; no beta above 0.999.

    Shapes:
        out  (T,)  float64
    """
    ### BEGIN SOLUTION
    u = torch.arange(timesteps + 1, dtype=torch.float64) / timesteps  # (T + 1,)
    curve = torch.sigmoid((start + u * (end - start)) / tau)
    left = ((curve[-1] - curve) / (curve[-1] - curve[0])).clamp(min=clamp_min)
    return (1 - left[1:] / left[:-1]).clamp(max=0.999)
    ### END SOLUTION


# %% [markdown] hint="sigmoid_beta_schedule"
# 1. The same T + 1 points. The curve is the sigmoid of (start + u (end - start)) / tau.
# 2. Shift and scale it so that it falls from 1 to 0: its last value minus each, divided by last minus first. Clamp from
#    below.
# 3. The betas come from neighbours, as for the cosine. Work in float64 from the start: also the two ends.

# %% [markdown]
# What is left of the image after each of 200 steps: on the left in standard deviations, on the right as the ratio of
# signal to noise, $\log_{10} \bar\alpha / (1 - \bar\alpha)$. The linear schedule spends its last third on images that
# are gone already. Cosine and sigmoid look alike on the left and differ at the ends, as the right picture shows: in the
# first steps the cosine keeps more of the image; in the last ones the sigmoid holds out for longer, then drops to
# `clamp_min`.

# %% tags=["active-ipynb"]
# schedules = (linear_beta_schedule, cosine_beta_schedule, sigmoid_beta_schedule)
# figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
# for schedule, style in zip(schedules, (":", "-", "--")):
#     share = (1 - schedule(200)).cumprod(0)
#     name = schedule.__name__.removesuffix("_beta_schedule")
#     left.plot(share.sqrt(), style, label=name)
#     right.plot((share / (1 - share)).log10(), style, label=name)
# left.set(xlabel="t", ylabel="factor of the image")
# right.set(xlabel="t", ylabel="log10 of the signal-to-noise ratio")
# left.legend(frameon=False)
# show("The linear schedule loses the image first. Cosine and sigmoid agree in the middle and differ at both ends.")

# %% [markdown] question="diffusion-q1"
# **Question 1.** Somebody takes the linear schedule with 100 steps but forgets the factor $1000 / T$. (a) By which
# factor is the image multiplied at the end of the destruction, roughly? (A product of factors near 1 is nearly
# $e^{-\text{sum}}$.) (b) Training goes well, the loss is even lower than before. What goes wrong when this model
# draws images, and why does the loss not show it?

# %% [markdown] answer="diffusion-q1"
# ### BEGIN SOLUTION
# (a) The betas sum to about $100 \cdot 0.01 = 1$, so $\bar\alpha_T \approx e^{-1} \approx 0.37$ and the image is
# multiplied by $\sqrt{0.37} \approx 0.6$. (b) Sampling begins with pure noise, which has no image in it, but the
# model was never shown such an input: at its noisiest, training images were still clearly visible. It takes chance
# structure of the noise for an image at 60 %, and what it draws is off in overall brightness and composition. The
# loss is an average over inputs that the process makes; it says nothing about inputs that the process never makes.
# ### END SOLUTION

# %% [markdown]
# ## 2 The process that destroys
#
# **Jump.** Gaussians added to Gaussians are Gaussians, so nobody needs to walk through the steps one by one
# (Ho, eq. 4):
#
# $$ x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon, \qquad \epsilon \sim \mathcal N(0, I). $$
#
# **Three unknowns, one equation.** Given $x_t$ and $t$, whoever knows the noise knows the image, and the other way
# round: solve the equation for $x_0$, and for $\epsilon$. A network may predict either.
#
# **One step back.** If the image $x_0$ is known, the step before $x_t$ has a Gaussian distribution again, by Bayes'
# rule (Ho, eq. 6 and 7):
#
# $$ q(x_{t-1} \mid x_t, x_0) = \mathcal N(\tilde\mu_t,\; \tilde\beta_t I), \qquad
#    \tilde\mu_t = \frac{\sqrt{\bar\alpha_{t-1}}\, \beta_t}{1 - \bar\alpha_t} x_0
#    + \frac{\sqrt{\alpha_t}\, (1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t} x_t, \qquad
#    \tilde\beta_t = \frac{1 - \bar\alpha_{t-1}}{1 - \bar\alpha_t} \beta_t. $$
#
# Below the first step lies the image itself, of which all is left: $\bar\alpha_{-1} = 1$. Put this in: at $t = 0$ the
# mean is $x_0$ and the deviation 0, as it must be.
#
# The methods work on a batch in which **every image may have its own $t$**. `extract` fetches each image's entry of a
# table and shapes it so that it multiplies images of any rank. The tables are float64; `extract` converts the entries
# to the images' dtype. Pixels lie in [-1, 1] here, so that an image and noise have about the same size.


# %%
def extract(table: Tensor, t: Tensor, x: Tensor) -> Tensor:
    """The entry of each image's t, as (N, 1, ..., 1) with as many axes as x, in the dtype of x.

    Shapes:
        table  (T,)      one number for each time
        t      (N,)      int64, 0 to T - 1
        x      (N, ...)  only its dtype and number of axes matter
    """
    return table[t].to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))


SCHEDULES = {"linear": linear_beta_schedule, "cosine": cosine_beta_schedule, "sigmoid": sigmoid_beta_schedule}


# %% task="Process.q_sample Process.predict_start_from_noise Process.predict_noise_from_start Process.q_posterior" minutes=40 difficulty="medium"
class Process(nn.Module):
    """The process that destroys images, and what can be computed about it without any network.

    Has tables of T entries, float64: betas, alphas_cumprod, and alphas_cumprod_prev, whose entry 0 is 1.
    """

    def __init__(self, timesteps: int = 1000, beta_schedule: str | Tensor = "sigmoid"):
        """beta_schedule: "linear", "cosine", "sigmoid", or the betas themselves as a tensor."""
        super().__init__()
        named = not isinstance(beta_schedule, Tensor)
        betas = SCHEDULES[beta_schedule](timesteps) if named else beta_schedule.double()
        left = (1 - betas).cumprod(dim=0)
        self.num_timesteps = len(betas)
        self.register_buffer("betas", betas)
        self.register_buffer("alphas_cumprod", left)
        self.register_buffer("alphas_cumprod_prev", torch.cat([torch.ones_like(left[:1]), left[:-1]]))

    def q_sample(self, x_start: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """sqrt(alpha bar) * x_start + sqrt(1 - alpha bar) * noise.

        Shapes:
            x_start  (N, ...)  images in [-1, 1]
            t        (N,)      int64, a time for each image
            noise    (N, ...)  standard normal
            out      (N, ...)  x_t
        """
        ### BEGIN SOLUTION
        left = extract(self.alphas_cumprod, t, x_start)
        return left.sqrt() * x_start + (1 - left).sqrt() * noise
        ### END SOLUTION

    def predict_start_from_noise(self, x_t: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """The image from which q_sample makes x_t with this noise.

        Shapes:
            x_t    (N, ...)
            t      (N,)
            noise  (N, ...)
            out    (N, ...)  x_start
        """
        ### BEGIN SOLUTION
        left = extract(self.alphas_cumprod, t, x_t)
        return (x_t - (1 - left).sqrt() * noise) / left.sqrt()
        ### END SOLUTION

    def predict_noise_from_start(self, x_t: Tensor, t: Tensor, x_start: Tensor) -> Tensor:
        """The noise with which q_sample makes x_t of this image.

        Shapes:
            x_t      (N, ...)
            t        (N,)
            x_start  (N, ...)
            out      (N, ...)  noise
        """
        ### BEGIN SOLUTION
        left = extract(self.alphas_cumprod, t, x_t)
        return (x_t - left.sqrt() * x_start) / (1 - left).sqrt()
        ### END SOLUTION

    def q_posterior(self, x_start: Tensor, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation (not variance) of x_{t-1}, given x_t and the image.

        Shapes:
            x_start  (N, ...)
            x_t      (N, ...)
            t        (N,)      0 is allowed: mean x_start, deviation 0
            mean     (N, ...)
            std      (N, ...)  or (N, 1, ..., 1)
        """
        ### BEGIN SOLUTION
        beta, left, before = (
            extract(table, t, x_t) for table in (self.betas, self.alphas_cumprod, self.alphas_cumprod_prev)
        )
        mean = (before.sqrt() * beta * x_start + (1 - beta).sqrt() * (1 - before) * x_t) / (1 - left)
        return mean, (beta * (1 - before) / (1 - left)).sqrt()
        ### END SOLUTION


# %% [markdown] hint="Process.q_sample"
# 1. `extract(self.alphas_cumprod, t, x_start)` has one number for each image, shaped so that it multiplies images.
# 2. Its root multiplies the image; the root of one minus it multiplies the noise.

# %% [markdown] hint="Process.predict_start_from_noise"
# 1. Solve the equation of `q_sample` for the image.
# 2. Subtract the noise's part from x_t, and divide by the root of alpha bar.

# %% [markdown] hint="Process.predict_noise_from_start"
# 1. Solve the equation of `q_sample` for the noise.
# 2. Subtract the image's part from x_t, and divide by the root of 1 - alpha bar.

# %% [markdown] hint="Process.q_posterior"
# 1. Extract three numbers for each image: beta, alpha bar, and alpha bar of the step before (`alphas_cumprod_prev`).
#    alpha is 1 - beta.
# 2. Write the mean as the formula has it, term by term.
# 3. The formula's last part is the variance; the standard deviation is its root.

# %% [markdown]
# The same glyph and the same noise at nine times, with each of the three schedules. Where can you still tell what it
# was?

# %% tags=["active-ipynb"]
# seed_everything(0)
# times = torch.linspace(0, 199, 9).long()
# noise = torch.randn(1, 1, 16, 16)
# rows = []
# for name in ("linear", "cosine", "sigmoid"):
#     process = Process(200, name)
#     rows.append(process.q_sample((2 * examples[3:4] - 1).expand(9, -1, -1, -1), times, noise.expand(9, -1, -1, -1)))
# titles = [f"{name}, t = {int(t)}" for name in ("linear", "cosine", "sigmoid") for t in times]
# image_grid(torch.cat(rows) / 2 + 0.5, titles=titles, columns=9)

# %% [markdown]
# ## 3 The loss and its weights
#
# A network gets $x_t$ and $t$, and predicts the noise (objective `"pred_noise"`) or the image (`"pred_x_start"`).
# Training is plain regression (Ho, algorithm 1): take images, draw for each a time between 0 and $T - 1$, all equally
# likely, and noise; mix them; compare the prediction with what was mixed in, by the squared error.
#
# **Are the two objectives the same?** Nearly. The two predictions determine each other, and by the equation of
# part 2
#
# $$ \|\hat\epsilon - \epsilon\|^2 = \mathrm{SNR}_t \, \|\hat x_0 - x_0\|^2, \qquad
#    \mathrm{SNR}_t = \frac{\bar\alpha_t}{1 - \bar\alpha_t}, $$
#
# the *signal-to-noise ratio*. So a loss is a choice of weights $w_t$: weight 1 on the noise's error is weight SNR on
# the image's. With `gamma=None`, `loss_weight` returns these two. At small $t$ the SNR is in the thousands, and a few
# almost clean images decide everything; Hang et al.
# (*Efficient Diffusion Training via Min-SNR Weighting Strategy*, 2023) cut it off at $\gamma$ (they take 5):
#
# | objective | `gamma=None` | `gamma` given |
# |---|---|---|
# | `pred_noise` | $1$ | $\min(\mathrm{SNR}_t, \gamma) / \mathrm{SNR}_t$ |
# | `pred_x_start` | $\mathrm{SNR}_t$ | $\min(\mathrm{SNR}_t, \gamma)$ |


# %% task="loss_weight" minutes=15 difficulty="medium"
def loss_weight(alphas_cumprod: Tensor, objective: str, gamma: float | None = None) -> Tensor:
    """The weight of the squared error at each time, for objective "pred_noise" or "pred_x_start".

    Shapes:
        alphas_cumprod  (T,)  alpha bar, float64, strictly between 0 and 1
        gamma           float  where the signal-to-noise ratio is cut off; None: nowhere
        out             (T,)  float64
    """
    ### BEGIN SOLUTION
    snr = alphas_cumprod / (1 - alphas_cumprod)
    weight = snr if gamma is None else snr.clamp(max=gamma)
    return weight / snr if objective == "pred_noise" else weight
    ### END SOLUTION


# %% [markdown] hint="loss_weight"
# 1. The signal-to-noise ratio is alpha bar / (1 - alpha bar). With gamma, `clamp(max=gamma)`.
# 2. The table's right column is this for the image; for the noise, divide by the ratio.

# %% [markdown]
# ### Where the loss comes from
#
# "Predict the noise" looks like a trick. It is what is left of *maximum likelihood*, which asks for a large probability
# of the training images. The probability of an image is an integral over all ways $x_1, \ldots, x_T$ from noise to
# it, and nobody can compute it. But a lower bound can be written down, the **evidence lower bound** (ELBO). With times
# as in papers, from 1 to $T$ (Ho, eq. 5),
#
# $$ -\log p(x_0) \;\le\; \underbrace{\mathrm{KL}\big(q(x_T | x_0) \,\|\, p(x_T)\big)}_{L_T}
#    + \sum_{t=2}^{T} \underbrace{\mathrm{KL}\big(q(x_{t-1} | x_t, x_0) \,\|\, p(x_{t-1} | x_t)\big)}_{L_{t-1}}
#    \; \underbrace{{} - \log p(x_0 | x_1)}_{L_0}, $$
#
# each term in the mean over the noise. Three kinds of term:
#
# - $L_T$: is the image gone at the end? The schedule decides this; there is nothing to learn.
# - $L_{t-1}$: one step back. $q(x_{t-1} | x_t, x_0)$ is your `q_posterior`, which knows the image. The model's
#   $p(x_{t-1} | x_t)$ has to guess it. Both are Gaussians with the same variance $\tilde\beta_t$, and then the
#   divergence is nothing but the squared distance of the means, $\|\tilde\mu - \hat\mu\|^2 / 2\tilde\beta_t$.
# - $L_0$: the last step, from almost clean pixels to the image.
#
# Put the formula of $\tilde\mu$ into $L_{t-1}$, with the noise in place of the image: most of it cancels (Ho, eq. 12),
#
# $$ L_{t-1} = \frac{\beta_t^2}{2\, \tilde\beta_t\, \alpha_t\, (1 - \bar\alpha_t)}\;
#    \|\epsilon - \hat\epsilon\|^2 . $$
#
# So maximum likelihood *is* regression of the noise, with one weight for each time. The **simple** loss of Ho et al.
# (eq. 14) drops this weight: 1 at all times. What does it drop? With their schedule, linear and 1000 steps, the bound's
# weight is a hundred times larger at the first steps, where only the finest noise is left, than in the middle. Without
# it, training spends its strength on the noisier times, which decide what the image shows. Samples look better, and the
# likelihood is a little worse.

# %% tags=["active-ipynb"]
# process = Process(1000, "linear")
# beta, left = process.betas, process.alphas_cumprod
# posterior = beta * (1 - process.alphas_cumprod_prev) / (1 - left)
# of_bound = beta[1:] ** 2 / (2 * posterior[1:] * (1 - beta[1:]) * (1 - left[1:]))
# weights = {"the bound": (of_bound, "-"), "simple": (torch.ones(999), "--")}
# weights["min-SNR, gamma 5"] = (loss_weight(left, "pred_noise", 5.0)[1:], ":")
# plt.figure(figsize=(6, 3.5), layout="constrained")
# for name, (values, style) in weights.items():
#     plt.plot(range(1, 1000), values, style, label=name)
# plt.yscale("log")
# plt.xlabel("t")
# plt.ylabel("weight of the noise's squared error")
# plt.legend(frameon=False)
# show("Weights over t: the bound's falls from 0.6 to a hundredth of that, the simple one is 1, min-SNR rises to 1.")

# %% [markdown]
# ## 4 Loss and sampling
#
# Begin with noise and undo one step after the other (Ho, algorithm 2). To undo a step:
#
# 1. The model looks at $x_t$ and $t$. From its answer get both the noise and the image it believes in
#    (`model_predictions`).
# 2. No pixel lies outside [-1, 1], so a believed image that does is **clamped**. After that its noise no longer fits:
#    derive the noise *again*, from $x_t$ and the clamped image.
# 3. Draw $x_{t-1}$ from the posterior of part 2, with the believed image in place of $x_0$. At $t = 0$ its deviation
#    is 0, and the believed image itself comes out.
#
# For your class:
#
# - The model is called as `model(x_t, t, model_kwargs)` with one time per image, int64. `model_kwargs` is passed on
#   unchanged; only the model looks into it.
# - From outside, images lie in [0, 1]: `p_losses` takes such images and maps them to [-1, 1] first, `sample` and
#   `ddim_sample` map back what they return. All other methods stay in [-1, 1].
# - Wherever `noise` (or `t`) is not given, draw it, on the device of the images and `noise` in their dtype. Where
#   there are no images yet, begin with float32 on the device of the tables.


# %% task="DDPM.p_losses DDPM.model_predictions DDPM.p_sample DDPM.sample" minutes=60 difficulty="hard"
class DDPM(Process):
    """A model, trained to undo the process that destroys, and the way from noise to images that Ho et al. took."""

    def __init__(
        self,
        model: nn.Module,
        *,
        image_size: int,
        timesteps: int = 1000,
        objective: str = "pred_noise",
        beta_schedule: str | Tensor = "sigmoid",
        min_snr_gamma: float | None = None,
    ):
        """objective: what the model predicts, "pred_noise" or "pred_x_start". Images are image_size x image_size."""
        super().__init__(timesteps, beta_schedule)
        if objective not in ("pred_noise", "pred_x_start"):
            raise ValueError(f'objective must be "pred_noise" or "pred_x_start", not {objective!r}.')
        self.model, self.image_size, self.objective, self.min_snr_gamma = model, image_size, objective, min_snr_gamma
        self.channels = getattr(model, "channels", 3)

    def normalize(self, images: Tensor) -> Tensor:
        """[0, 1] to [-1, 1]."""
        return 2 * images - 1

    def unnormalize(self, images: Tensor) -> Tensor:
        """[-1, 1] to [0, 1]."""
        return (images + 1) / 2

    def p_losses(
        self,
        x_start: Tensor,
        model_kwargs: Mapping[str, Any] | None = None,
        t: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """The mean over all pixels of loss_weight times the squared error of what the model predicts.

        Shapes:
            x_start  (N, C, H, W)  images in [0, 1]
            t        (N,)          int64; None: drawn, all times equally likely
            noise    (N, C, H, W)  None: drawn
            out      ()            with its graph, for backward()
        """
        ### BEGIN SOLUTION
        x_start = self.normalize(x_start)
        if t is None:
            t = torch.randint(self.num_timesteps, (len(x_start),), device=x_start.device)
        if noise is None:
            noise = torch.randn_like(x_start)
        predicted = self.model(self.q_sample(x_start, t, noise), t, model_kwargs)
        target = noise if self.objective == "pred_noise" else x_start
        weight = loss_weight(self.alphas_cumprod, self.objective, self.min_snr_gamma)
        return (extract(weight, t, x_start) * (predicted - target) ** 2).mean()
        ### END SOLUTION

    @torch.no_grad()
    def model_predictions(
        self, x_t: Tensor, t: Tensor, model_kwargs: Mapping[str, Any] | None = None
    ) -> tuple[Tensor, Tensor]:
        """The noise and the image the model believes in; the image clamped to [-1, 1], the noise such that it fits.

        Shapes:
            x_t      (N, C, H, W)
            t        (N,)
            noise    (N, C, H, W)
            x_start  (N, C, H, W)  [-1, 1]
        """
        ### BEGIN SOLUTION
        x_start = self.model(x_t, t, model_kwargs)
        if self.objective == "pred_noise":
            x_start = self.predict_start_from_noise(x_t, t, x_start)
        x_start = x_start.clamp(-1, 1)
        return self.predict_noise_from_start(x_t, t, x_start), x_start
        ### END SOLUTION

    @torch.no_grad()
    def p_sample(
        self, x_t: Tensor, t: int, model_kwargs: Mapping[str, Any] | None = None, noise: Tensor | None = None
    ) -> Tensor:
        """One step back: x_{t-1}, drawn from the posterior, with the believed image (clamped) for x_start.

        Shapes:
            x_t    (N, C, H, W)
            t      int           the time of all images
            noise  (N, C, H, W)  None: drawn
            out    (N, C, H, W)
        """
        ### BEGIN SOLUTION
        times = torch.full((len(x_t),), t, device=x_t.device)
        _, x_start = self.model_predictions(x_t, times, model_kwargs)
        mean, std = self.q_posterior(x_start, x_t, times)
        return mean + std * (torch.randn_like(x_t) if noise is None else noise)
        ### END SOLUTION

    @torch.no_grad()
    def sample(
        self,
        batch_size: int = 16,
        return_all_timesteps: bool = False,
        model_kwargs: Mapping[str, Any] | None = None,
    ) -> Tensor:
        """Images drawn in num_timesteps steps from noise.

        Shapes:
            out  (N, C, S, S)  in [0, 1]; with return_all_timesteps (N, T + 1, C, S, S), from the noise to the images.
                               The noisy ones are mapped like images, and lie outside [0, 1]; you may clamp them
        """
        ### BEGIN SOLUTION
        size = (batch_size, self.channels, self.image_size, self.image_size)
        way = [torch.randn(size, device=self.betas.device)]
        for t in reversed(range(self.num_timesteps)):
            way.append(self.p_sample(way[-1], t, model_kwargs))
        return self.unnormalize(torch.stack(way, dim=1) if return_all_timesteps else way[-1])
        ### END SOLUTION


# %% [markdown] hint="DDPM.p_losses"
# 1. Map the images to [-1, 1] first (`self.normalize`). Then draw t and noise if they are not given, on the images'
#    device.
# 2. Mix by `q_sample`, and call the model as `self.model(x_t, t, model_kwargs)`. The target is the noise or the
#    normalised image, by the objective.
# 3. `extract` the weight of each image's t from the table of `loss_weight`, multiply the squared error by it, and take
#    the mean of everything.

# %% [markdown] hint="DDPM.model_predictions"
# 1. The model's answer is the noise or the image, by the objective. If it is the noise, compute the image from it.
# 2. Clamp the image to [-1, 1]: `clamp`, not `clamp_`, because the answer belongs to the model.
# 3. In both cases derive the noise from x_t and the clamped image, and return (noise, image).

# %% [markdown] hint="DDPM.p_sample"
# 1. t is one int; the methods want a tensor of one time per image: `torch.full((len(x_t),), t, device=x_t.device)`.
# 2. The believed image goes into `q_posterior` in the place of the true one. The result is mean + std * noise.

# %% [markdown] hint="DDPM.sample"
# 1. Begin with `torch.randn` of the shape (N, channels, size, size) on the device of the tables.
# 2. Go through the times from T - 1 down to 0 with `p_sample`, and pass `model_kwargs` on.
# 3. Collect all states, the noise included, and stack them along axis 1 if they are asked for. At the end map to [0, 1]
#    by `unnormalize`.

# %% [markdown]
# ## 5 Fewer steps
#
# A thousand steps are a thousand runs of a large network. Song, Meng and Ermon (*Denoising Diffusion Implicit
# Models*, 2021) found a whole family of ways back which all fit the same trained model. From time $t$ straight to any
# earlier time $t'$ (their eq. 12 and 16):
#
# $$ x_{t'} = \sqrt{\bar\alpha_{t'}}\, \hat x_0 + \sqrt{1 - \bar\alpha_{t'} - \sigma^2}\; \hat\epsilon + \sigma z,
#    \qquad \sigma = \eta \sqrt{\frac{1 - \bar\alpha_{t'}}{1 - \bar\alpha_t}}
#    \sqrt{1 - \frac{\bar\alpha_t}{\bar\alpha_{t'}}},
#    \qquad z \sim \mathcal N(0, I). $$
#
# With $\eta = 1$ and $t' = t - 1$ this *is* Ho's step, mean and variance (try to see it). With $\eta = 0$ no noise is
# added at all: the first $x_T$ decides the image. The last step leads to $t' = -1$, where $\bar\alpha$ is 1.
#
# `ddim_times`, given, chooses which times to visit.


# %%
def ddim_times(num_timesteps: int, steps: int) -> list[int]:
    """The times to visit, falling from T - 1 in about equal strides, and -1 at the end: steps + 1 numbers."""
    if not 1 <= steps <= num_timesteps:
        raise ValueError(f"steps must be 1 to {num_timesteps}, the number of timesteps, not {steps}.")
    return [num_timesteps * i // steps - 1 for i in range(steps, -1, -1)]


# %% task="GaussianDiffusion.ddim_step GaussianDiffusion.ddim_sample" minutes=40 difficulty="hard"
class GaussianDiffusion(DDPM):
    """All of the above, and the way with fewer steps by Song et al."""

    @torch.no_grad()
    def ddim_step(
        self,
        x_t: Tensor,
        t: int,
        t_next: int,
        eta: float = 0.0,
        model_kwargs: Mapping[str, Any] | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """From time t straight to the earlier time t_next, which may be -1.

        Shapes:
            x_t    (N, C, H, W)
            noise  (N, C, H, W)  the z of the formula; None: drawn
            out    (N, C, H, W)
        """
        ### BEGIN SOLUTION
        believed, x_start = self.model_predictions(x_t, torch.full((len(x_t),), t, device=x_t.device), model_kwargs)
        left = self.alphas_cumprod[t]
        after = self.alphas_cumprod[t_next] if t_next >= 0 else torch.ones_like(left)
        variance = eta**2 * (1 - after) / (1 - left) * (1 - left / after)
        z = torch.randn_like(x_t) if noise is None else noise
        return after.sqrt() * x_start + (1 - after - variance).clamp(min=0).sqrt() * believed + variance.sqrt() * z
        ### END SOLUTION

    @torch.no_grad()
    def ddim_sample(
        self,
        batch_size: int,
        steps: int,
        eta: float = 0.0,
        return_all_timesteps: bool = False,
        model_kwargs: Mapping[str, Any] | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """Images drawn in the given number of steps, at the times of ddim_times.

        Shapes:
            noise  (N, C, S, S)  x_T to begin with; None: drawn
            out    (N, C, S, S)  in [0, 1]; with return_all_timesteps (N, steps + 1, C, S, S), from noise to images
        """
        ### BEGIN SOLUTION
        size = (batch_size, self.channels, self.image_size, self.image_size)
        way = [torch.randn(size, device=self.betas.device) if noise is None else noise]
        times = ddim_times(self.num_timesteps, steps)
        for t, t_next in pairwise(times):
            way.append(self.ddim_step(way[-1], t, t_next, eta, model_kwargs))
        return self.unnormalize(torch.stack(way, dim=1) if return_all_timesteps else way[-1])
        ### END SOLUTION


# %% [markdown] hint="GaussianDiffusion.ddim_step"
# 1. `model_predictions` gives the believed noise and image at time t.
# 2. Alpha bar at t_next is 1 where t_next is -1. Compute sigma squared from the formula, with eta squared in front.
# 3. Three terms: the image, the believed noise under the root of 1 - alpha bar' - sigma squared (clamped at 0 for
#    rounding), and sigma times fresh noise.

# %% [markdown] hint="GaussianDiffusion.ddim_sample"
# 1. Begin with `noise` if it is given. `ddim_times` has the times, from T - 1 to -1.
# 2. Call `ddim_step` for each pair of neighbours in this list, and pass eta and `model_kwargs` on.
# 3. Map to [0, 1] at the very end only; in between everything stays in [-1, 1].

# %% [markdown]
# ## A model that needs no training
#
# For a *finite* set of images the best possible prediction can be written down. Given $x_t$, each image $x^{(i)}$ of
# the set has a probability to be the one behind it, by Bayes' rule, and the best guess is the mean with these
# weights:
#
# $$ \hat x_0 = \sum_i w_i\, x^{(i)}, \qquad
#    w = \mathrm{softmax}_i \Big( -\frac{\|x_t - \sqrt{\bar\alpha_t}\, x^{(i)}\|^2}{2\,(1 - \bar\alpha_t)} \Big). $$
#
# No network can have a lower loss on these images. Here it is, with 300 glyphs, and what it draws.


# %% tags=["active-ipynb"]
# class Ideal(nn.Module):
#     """The mean of a set of images, each weighted by its probability to be the one behind x_t."""
#
#     channels = 1
#
#     def __init__(self, images, process):
#         super().__init__()
#         self.images, self.process = 2 * images - 1, process
#
#     def forward(self, x, time, model_kwargs=None):
#         left = extract(self.process.alphas_cumprod, time, x)  # (N, 1, 1, 1)
#         apart = (x[:, None] - left[:, None].sqrt() * self.images).flatten(2).square().sum(dim=2)  # (N, images)
#         weights = torch.softmax(-apart / 2 / (1 - left.flatten(1)), dim=1)
#         return torch.einsum("ni,ichw->nchw", weights, self.images)
#
#
# seed_everything(0)
# model = Ideal(x_train[:300], Process(200))
# ideal = GaussianDiffusion(model, image_size=16, timesteps=200, objective="pred_x_start")
# way = ideal.sample(10, return_all_timesteps=True)
# image_grid(way[:3, ::25].flatten(0, 1), columns=9, titles=[f"after {25 * i} steps" for i in range(9)] * 3)

# %% [markdown]
# ### The way back, in one dimension
#
# Images have too many dimensions for a picture of the way. Numbers have one. Let the "images" be two heaps of numbers,
# around -0.6 and 0.5; the same `Ideal` model serves, since an "image" of 1 x 1 pixels is a number. From the left, time
# runs backwards: 40 numbers begin as noise. **DDPM** adds noise in every step, its paths are jagged, and the heap in
# which one ends is open for long. **DDIM** adds none: its paths are smooth and do not cross, so where one begins
# decides where it ends. Both end with the same two heaps.

# %% tags=["active-ipynb"]
# seed_everything(0)
# heaps = torch.cat([-0.6 + 0.05 * torch.randn(150), 0.5 + 0.1 * torch.randn(150)]).clamp(-1, 1)
# numbers = (heaps / 2 + 0.5).reshape(-1, 1, 1, 1)
# walker = GaussianDiffusion(Ideal(numbers, Process(100)), image_size=1, timesteps=100, objective="pred_x_start")
# begin = torch.randn(40, 1, 1, 1)
# figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), width_ratios=(4, 4, 1), sharey=True, layout="constrained")
# for ax, (name, eta) in zip(axes, {"eta = 1 (DDPM)": 1.0, "eta = 0 (DDIM)": 0.0}.items()):
#     paths = walker.ddim_sample(40, 100, eta=eta, return_all_timesteps=True, noise=begin)[:, :, 0, 0, 0]
#     ax.plot(range(101), (2 * paths - 1).T, linewidth=0.8, color="C0" if eta else "C1")
#     ax.set(title=name, xlabel="steps back")
# axes[0].set_ylabel("x")
# axes[2].hist(heaps, bins=40, orientation="horizontal", color="grey")
# axes[2].set(title="the data", xticks=[])
# show("40 paths from noise to two heaps of numbers: jagged and crossing with eta = 1, smooth with eta = 0.")

# %% [markdown]
# Back to images. As an animation (press play; it works without a network):

# %% tags=["active-ipynb"]
# from IPython.display import HTML
# from matplotlib import animation
#
# figure, axes = plt.subplots(1, 5, figsize=(6, 1.5))
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
# steps = list(range(0, 201, 8)) + [200] * 5
# film = animation.FuncAnimation(figure, frame, frames=steps, interval=120)
# plt.close(figure)
# words = "Five images turn from noise into glyphs."
# HTML(film.to_jshtml(default_mode="once").replace("<img ", f'<img alt="{words}" '))

# %% [markdown]
# Beautiful, and suspicious. For each drawn glyph, look for the nearest of the 300:

# %% tags=["active-ipynb"]
# drawn = way[:, -1]
# distances = torch.cdist(drawn.flatten(1), x_train[:300].flatten(1))
# nearest = x_train[:300][distances.argmin(dim=1)]
# print(f"largest difference of a pixel: {float((drawn - nearest).abs().max()):.1e}")
# image_grid(torch.cat([drawn, nearest]), columns=10, titles=["drawn"] * 10 + ["nearest of the 300"] * 10)

# %% [markdown] question="diffusion-q2"
# **Question 2.** (a) What do you see, and why must it be so? (b) So the model with the lowest training loss that is
# possible is useless. What keeps a U-Net with a million weights, trained for an hour on 60,000 images, from doing the
# same? (c) Which experiment would tell you whether *your* trained model copies? (d) Show by the formula of the bound
# that its weight, measured on the *image's* error instead of the noise's, is $\frac12 (\mathrm{SNR}_{t-1} -
# \mathrm{SNR}_t)$. (Use $\alpha_t = \bar\alpha_t / \bar\alpha_{t-1}$.) What is the sum of these weights over all times,
# and what does that say about the choice of the schedule between its two ends?

# %% [markdown] answer="diffusion-q2"
# ### BEGIN SOLUTION
# (a) Each drawn glyph is one of the 300, pixel for pixel. The ideal model undoes the destruction of *this set of
# images* exactly, and what the exact way back arrives at is the distribution it started from: one of 300 points. (b)
# It cannot represent the ideal function: convolutions share weights over places, the weights are far fewer than the
# 60,000 x 784 pixels, and training stops early. What it learns instead (strokes, how they join) holds for glyphs that
# were not in the set. The error that it makes on the training loss is where new images come from. (c) As in the cell
# above: the distance of samples to the nearest training image, compared with the distance of *held-out real* images
# to their nearest training image. If samples are much nearer, the model copies. Also: the denoising loss on held-out
# images against that on training images. (d) The noise's error is SNR times the image's, so the weight becomes
# $\frac{\beta_t^2}{2 \tilde\beta_t \alpha_t (1 - \bar\alpha_t)} \cdot \frac{\bar\alpha_t}{1 - \bar\alpha_t}$. With
# $\tilde\beta_t = \frac{1 - \bar\alpha_{t-1}}{1 - \bar\alpha_t} \beta_t$ and $\bar\alpha_t / \alpha_t =
# \bar\alpha_{t-1}$ this is $\frac{\beta_t\, \bar\alpha_{t-1}}{2 (1 - \bar\alpha_{t-1}) (1 - \bar\alpha_t)}$, and
# $\beta_t \bar\alpha_{t-1} = \bar\alpha_{t-1} - \bar\alpha_t$ is just the numerator of $\mathrm{SNR}_{t-1} -
# \mathrm{SNR}_t$. The sum telescopes: half the difference of the SNR at both ends, whatever is between. For the bound
# (with many steps) the schedule matters only by its ends; for the simple loss it matters everywhere. (Kingma et al.,
# *Variational diffusion models*, 2021.)
# ### END SOLUTION

# %% [markdown]
# ## DDPM against DDIM by number of steps
#
# With a perfect model, how many steps are enough? Measured is the mean distance of a drawn glyph from the nearest one
# of the 300, per pixel. $\eta = 0$ and $\eta = 1$ begin from the same noise.

# %% tags=["active-ipynb"]
# seed_everything(1)
# begin = torch.randn(10, 1, 16, 16)
# counts, error, pictures, titles = [2, 5, 10, 20, 50, 100, 200], {"eta = 0 (DDIM)": [], "eta = 1 (DDPM)": []}, [], []
# for steps in counts:
#     for name, eta in zip(error, (0.0, 1.0), strict=True):
#         images = ideal.ddim_sample(10, steps, eta=eta, noise=begin)
#         apart = torch.cdist(images.flatten(1), x_train[:300].flatten(1)).min(dim=1).values / 16
#         error[name].append(float(apart.mean()))
#         if steps in (5, 20, 200):
#             pictures.append(images[:6])
#             titles += [f"{steps} steps, eta {eta:.0f}"] * 6
# figure = curves(error, xlabel="steps", ylabel="distance from the nearest glyph")
# figure.axes[0].set_xticks(range(len(counts)), counts)
# figure.axes[0].set_yscale("log")
# figure

# %% tags=["active-ipynb"]
# image_grid(torch.cat(pictures), columns=6, titles=titles)

# %% [markdown]
# A perfect model needs few steps. Down a column, the noise at the beginning is the same. With $\eta = 0$ the glyph is,
# too, as soon as there are a few more: the way from noise to image is a curve, and more steps only follow it more
# closely. With $\eta = 1$ each run is another one.
#
# ## What to take home
#
# Training is regression on a mixture that you can make in one line; sampling is the same model called again and
# again. The schedule, the weights of the loss and the way back are choices, and can be changed without touching the
# network. Continue with `unet.ipynb`: a network, and a way to tell it *what* to draw.
#
# **Where to look next.** Weng, "What are diffusion models?" (2021), derives all of this slowly. Song et al.
# (*Score-based generative modeling through stochastic differential equations*, 2021) let the steps become infinitely
# small: DDPM is then one equation, and DDIM another with the same distributions. Karras et al. (*Elucidating the
# design space of diffusion-based generative models*, 2022) sort out which choices matter.
