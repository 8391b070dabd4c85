# %% [markdown]
# # Diffusion
#
# Destroying an image is easy: add noise until nothing is left. If you could undo *one small step* of that, you could
# begin with nothing but noise, undo one step after the other, and arrive at an image that nobody has drawn. Undoing a
# small step is a regression problem, "which noise was added?", and regression is something we know how to train. This
# is Ho, Jain and Abbeel, *Denoising Diffusion Probabilistic Models* (2020); "Ho" below.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Schedules | `linear_beta_schedule`, `cosine_beta_schedule`, `sigmoid_beta_schedule` | 13 | 50 |
# | 2 The process that destroys | `Process.q_sample`, `.predict_start_from_noise`, `.predict_noise_from_start`, `.q_posterior` | 22 | 40 |
# | 3 The loss and its weights | `loss_weight` | 4 | 15 |
# | 4 Loss and sampling | `DDPM.p_losses`, `.model_predictions`, `.p_sample`, `.sample` | 25 | 60 |
# | 5 Fewer steps | `GaussianDiffusion.ddim_step`, `.ddim_sample` | 12 | 40 |
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

# %% task="linear_beta_schedule"
# About 10 minutes, easy. Stuck? hint("linear_beta_schedule") shows a first step.
def linear_beta_schedule(timesteps: int) -> Tensor:
    """T values from 1e-4 to 0.02, evenly spaced, both ends times 1000 / T; none above 0.999.

    Shapes:
        out  (T,)  float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="linear_beta_schedule"
# check("diffusion", task="linear_beta_schedule")

# %% task="cosine_beta_schedule"
# About 20 minutes, medium. Stuck? hint("cosine_beta_schedule") shows a first step.
def cosine_beta_schedule(timesteps: int, s: float = 0.008) -> Tensor:
    """Betas for which alpha bar is a squared cosine; none above 0.999.

    Shapes:
        out  (T,)  float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="cosine_beta_schedule"
# check("diffusion", task="cosine_beta_schedule")

# %% task="sigmoid_beta_schedule"
# About 20 minutes, medium. Stuck? hint("sigmoid_beta_schedule") shows a first step.
def sigmoid_beta_schedule(
    timesteps: int, start: float = -3, end: float = 3, tau: float = 1, clamp_min: float = 1e-5
) -> Tensor:
    """Betas for which alpha bar is a falling sigmoid, never below clamp_min; no beta above 0.999.

    Shapes:
        out  (T,)  float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sigmoid_beta_schedule"
# check("diffusion", task="sigmoid_beta_schedule")

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
# YOUR ANSWER HERE

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


# %% task="Process.q_sample Process.predict_start_from_noise Process.predict_noise_from_start Process.q_posterior"
# About 40 minutes, medium. Stuck? hint("Process.q_sample"), or of another task, shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()

    def predict_start_from_noise(self, x_t: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """The image from which q_sample makes x_t with this noise.

        Shapes:
            x_t    (N, ...)
            t      (N,)
            noise  (N, ...)
            out    (N, ...)  x_start
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def predict_noise_from_start(self, x_t: Tensor, t: Tensor, x_start: Tensor) -> Tensor:
        """The noise with which q_sample makes x_t of this image.

        Shapes:
            x_t      (N, ...)
            t        (N,)
            x_start  (N, ...)
            out      (N, ...)  noise
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def q_posterior(self, x_start: Tensor, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation (not variance) of x_{t-1}, given x_t and the image.

        Shapes:
            x_start  (N, ...)
            x_t      (N, ...)
            t        (N,)      0 is allowed: mean x_start, deviation 0
            mean     (N, ...)
            std      (N, ...)  or (N, 1, ..., 1)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Process.q_sample"
# check("diffusion", task="Process.q_sample")

# %% tags=["active-ipynb"] grade="Process.predict_start_from_noise"
# check("diffusion", task="Process.predict_start_from_noise")

# %% tags=["active-ipynb"] grade="Process.predict_noise_from_start"
# check("diffusion", task="Process.predict_noise_from_start")

# %% tags=["active-ipynb"] grade="Process.q_posterior"
# check("diffusion", task="Process.q_posterior")

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

# %% task="loss_weight"
# About 15 minutes, medium. Stuck? hint("loss_weight") shows a first step.
def loss_weight(alphas_cumprod: Tensor, objective: str, gamma: float | None = None) -> Tensor:
    """The weight of the squared error at each time, for objective "pred_noise" or "pred_x_start".

    Shapes:
        alphas_cumprod  (T,)  alpha bar, float64, strictly between 0 and 1
        gamma           float  where the signal-to-noise ratio is cut off; None: nowhere
        out             (T,)  float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="loss_weight"
# check("diffusion", task="loss_weight")

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

# %% task="DDPM.p_losses DDPM.model_predictions DDPM.p_sample DDPM.sample"
# About 60 minutes, hard. Stuck? hint("DDPM.p_losses"), or of another task, shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()

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
        # YOUR CODE HERE
        raise NotImplementedError()

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
        # YOUR CODE HERE
        raise NotImplementedError()

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
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="DDPM.p_losses"
# check("diffusion", task="DDPM.p_losses")

# %% tags=["active-ipynb"] grade="DDPM.model_predictions"
# check("diffusion", task="DDPM.model_predictions")

# %% tags=["active-ipynb"] grade="DDPM.p_sample"
# check("diffusion", task="DDPM.p_sample")

# %% tags=["active-ipynb"] grade="DDPM.sample"
# check("diffusion", task="DDPM.sample")

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


# %% task="GaussianDiffusion.ddim_step GaussianDiffusion.ddim_sample"
# About 40 minutes, hard. Stuck? hint("GaussianDiffusion.ddim_step") or hint("GaussianDiffusion.ddim_sample") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()

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
        # YOUR CODE HERE
        raise NotImplementedError()

# %% tags=["active-ipynb"] grade="GaussianDiffusion.ddim_step"
# check("diffusion", task="GaussianDiffusion.ddim_step")

# %% tags=["active-ipynb"] grade="GaussianDiffusion.ddim_sample"
# check("diffusion", task="GaussianDiffusion.ddim_sample")

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
# YOUR ANSWER HERE

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
