# %% [markdown]
# # Generative adversarial networks
#
# Until now a network answered a question about an image. This one makes images. Two networks play against each other:
# the **generator** $G$ turns random numbers $z$ into an image, the **discriminator** $D$ is shown real images and
# generated ones and says which is which. $D$ learns to tell them apart, $G$ learns to make that impossible. Nobody ever
# tells $G$ what a good image is: it only sees the gradient of its opponent.
#
# <!-- parts -->
#
# Images here are **rows** of 784 numbers in **[-1, 1]**, the range of tanh. Build networks from layers of `torch.nn`;
# autograd is yours to use. The longest cell runs for less than a minute.

# %%
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid
# from common.plots import show as show_figure
# from common.nets.classifier import frechet_distance, train_classifier
# from common.training.seed import seed_everything
#
# glyphs = load("glyphs")
# images = 2 * glyphs.x_train.flatten(1) - 1  # (5000, 784) in [-1, 1]
#
#
# def show(rows, columns=12, titles=None, alt=""):
#     return image_grid((rows.reshape(-1, 1, 28, 28) + 1) / 2, columns=columns, titles=titles, alt=alt)
#
#
# show(images[:24], alt="24 real images: glyphs, bright strokes on black.")

# %% [markdown]
# These are *glyphs*: ten symbols, drawn by a program with an unsteady hand. They need no download, and are as large and
# as grey as MNIST's digits. `load("mnist")` takes their place if you have those; nothing else changes.
#
# ## 1 Two players
#
# **Noise.** $z$ is drawn from any distribution that is easy to draw from. Ours is uniform on $(-1, 1)$, independent in
# every entry. What the numbers mean, $G$ decides.


# %% task="sample_noise" minutes=5 difficulty="easy"
def sample_noise(
    batch_size: int, noise_dim: int, dtype: torch.dtype = torch.float, device: str | torch.device = "cpu"
) -> Tensor:
    """Uniform noise between -1 and 1, new at every call.

    Shapes:
        out  (batch_size, noise_dim)  of this dtype, on this device
    """
    ### BEGIN SOLUTION
    return 2 * torch.rand(batch_size, noise_dim, dtype=dtype, device=device) - 1
    ### END SOLUTION


# %% [markdown] hint="sample_noise"
# 1. `torch.rand` is uniform between 0 and 1; pass it `dtype` and `device`.
# 2. Stretch and shift it so that 0 becomes -1 and 1 stays 1.

# %% [markdown]
# **Discriminator.** An image in, one number out: the *logit* $s$ of "this is real", so that $D(x) = \sigma(s)$ is its
# probability. The sigmoid is left to the loss, which can then be computed stably.
#
#     linear 784 -> 256, leaky ReLU, linear 256 -> 256, leaky ReLU, linear 256 -> 1
#
# A **leaky** ReLU multiplies negative numbers by a small slope (0.01 here) instead of 0. $G$ has no other teacher than
# the gradient that comes through $D$: where $D$'s units are dead, $G$ learns nothing.


# %% task="discriminator" minutes=10 difficulty="easy"
def discriminator() -> nn.Module:
    """Linear 784-256-256-1 with LeakyReLU(0.01) between.

    The module maps (N, 784) images to (N, 1) logits, for any N.
    """
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Linear(784, 256),
        nn.LeakyReLU(0.01),
        nn.Linear(256, 256),
        nn.LeakyReLU(0.01),
        nn.Linear(256, 1),
    )
    ### END SOLUTION


# %% [markdown] hint="discriminator"
# 1. An `nn.Sequential` of linear layers with `nn.LeakyReLU(0.01)` between them.
# 2. Nothing comes after the last layer: its output is the logit.

# %% [markdown]
# **Generator.** Noise in, an image out. The last layer is `tanh`, because our images lie in [-1, 1] and a generator
# that paints outside would be found out at once.
#
#     linear noise_dim -> 1024, ReLU, linear 1024 -> 1024, ReLU, linear 1024 -> 784, tanh


# %% task="generator" minutes=10 difficulty="easy"
def generator(noise_dim: int = 96) -> nn.Module:
    """Linear noise_dim-1024-1024-784 with ReLU between and tanh at the end.

    The module maps (N, noise_dim) noise to (N, 784) images in [-1, 1], for any N.
    """
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Linear(noise_dim, 1024),
        nn.ReLU(),
        nn.Linear(1024, 1024),
        nn.ReLU(),
        nn.Linear(1024, 784),
        nn.Tanh(),
    )
    ### END SOLUTION


# %% [markdown] hint="generator"
# 1. An `nn.Sequential`: three linear layers, a ReLU after the first and the second.
# 2. The last one is followed by `nn.Tanh()`, because images lie in [-1, 1].

# %% [markdown]
# ## 2 The game
#
# Goodfellow et al. (*Generative Adversarial Nets*, 2014, eq. 1) let both play for one number,
#
# $$ \min_G \max_D \; \mathbb{E}_{x}\left[\log D(x)\right] + \mathbb{E}_{z}\left[\log\left(1 - D(G(z))\right)\right]. $$
#
# $D$ wants it large: say "real" to real images and "fake" to fakes. As a loss to be *minimised*, with $s$ for logits,
#
# $$ \ell_D = -\mathbb{E}_{x}\left[\log \sigma(s_{\text{real}})\right]
#            - \mathbb{E}_{z}\left[\log\left(1 - \sigma(s_{\text{fake}})\right)\right]. $$
#
# **For $G$ take another loss than the formula suggests.** At the beginning $D$ finds every fake, $D(G(z)) \approx 0$,
# and there $\log(1 - D(G(z)))$ is *flat*: the worse $G$ is, the less it learns. Goodfellow et al. (section 3)
# therefore let $G$ maximise $\log D(G(z))$, which has the same fixed point and a slope where it is needed:
#
# $$ \ell_G = -\mathbb{E}_{z}\left[\log \sigma(s_{\text{fake}})\right]. $$

# %% tags=["active-ipynb"]
# s = torch.linspace(-6, 6, 200)
# curves({"log(1 - D): flat for bad fakes": -F.softplus(s), "-log D": F.softplus(-s)}, x=s,
#        xlabel="logit of a fake", ylabel="loss of the generator")

# %% [markdown]
# **The trap** is the one of the softmax: `torch.sigmoid(100.)` is exactly 1, and the logarithm of `1 - 1` is `-inf`.
# With $\operatorname{softplus}(s) = \log(1 + e^s)$ you have $-\log \sigma(s) = \operatorname{softplus}(-s)$ and
# $-\log(1 - \sigma(s)) = \operatorname{softplus}(s)$, which torch computes without harm (`F.softplus`, or
# `F.binary_cross_entropy_with_logits`). A fake with logit 100 must cost $D$ 100, not `inf` and not `nan`.
#
# Both expectations are means of their own: the two batches need not have the same size.


# %% task="discriminator_loss" minutes=15 difficulty="medium"
def discriminator_loss(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """-mean(log sigmoid(logits_real)) - mean(log(1 - sigmoid(logits_fake))); finite for any logits.

    Shapes:
        logits_real  (N, 1) or (N,)   of real images
        logits_fake  (M, 1) or (M,)   of generated ones
        out          ()
    """
    ### BEGIN SOLUTION
    return F.softplus(-logits_real).mean() + F.softplus(logits_fake).mean()
    ### END SOLUTION


# %% [markdown] hint="discriminator_loss"
# 1. Write -log of the sigmoid of s as softplus(-s), and -log(1 - sigmoid(s)) as softplus(s). Which of them belongs to
#    real images, which to fakes?
# 2. Each batch has a mean of its own; add the two means.


# %% task="generator_loss" minutes=5 difficulty="easy"
def generator_loss(logits_fake: Tensor) -> Tensor:
    """-mean(log sigmoid(logits_fake)); finite for any logits.

    Shapes:
        logits_fake  (N, 1) or (N,)  of generated images
        out          ()
    """
    ### BEGIN SOLUTION
    return F.softplus(-logits_fake).mean()
    ### END SOLUTION


# %% [markdown] hint="generator_loss"
# 1. The generator wants its fakes to be called real: this is the discriminator's loss of *real* images, applied to
#    fakes.
# 2. One `F.softplus` and one mean are enough.

# %% [markdown] question="gan-q1"
# **Question 1.** (a) For one fake with logit $s$, derive $\partial \ell / \partial s$ of both losses of the generator,
# $\log(1 - \sigma(s))$ and $-\log \sigma(s)$, and evaluate them at $s = -8$. (b) Which one would train $G$ in the first
# hundred steps?

# %% [markdown] answer="gan-q1"
# ### BEGIN SOLUTION
# (a) With $\sigma' = \sigma (1 - \sigma)$: $\partial \log(1 - \sigma) / \partial s = -\sigma(s)$, and $\partial
# (-\log \sigma) / \partial s = \sigma(s) - 1$. At $s = -8$, $\sigma = 0.000335$: the first is $-0.000335$, the second
# $-0.99966$. Both push the logit up, the second 3,000 times as hard. (b) The second. In the beginning the
# discriminator rejects all fakes with confidence, and the first loss gives almost no gradient just then. It would be
# strong only for fakes that are accepted already.
# ### END SOLUTION

# %% [markdown]
# **The optimiser** is Adam with learning rate 1e-3 and $(\beta_1, \beta_2) = (0.5, 0.999)$. Radford et al. (2016,
# section 4) found that the usual $\beta_1 = 0.9$ makes training swing: momentum remembers where to go, but the
# opponent has moved.


# %% task="get_optimizer" minutes=5 difficulty="easy"
def get_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """Adam for all parameters of the model, learning rate 1e-3, betas (0.5, 0.999), and nothing else changed."""
    ### BEGIN SOLUTION
    return torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.5, 0.999))
    ### END SOLUTION


# %% [markdown] hint="get_optimizer"
# 1. `torch.optim.Adam` takes the model's parameters, `lr` and `betas`.
# 2. Everything else keeps its default.

# %% [markdown]
# ## 3 One move each
#
# Training alternates. **$D$ moves:** make fakes, compute $\ell_D$, change the parameters of $D$, and of $D$ only. The
# fakes are *data* to it; a gradient that runs back into $G$ is wasted work at best, so cut the graph (`detach`, or
# `torch.no_grad()` around the call of $G$). **$G$ moves:** make new fakes, compute $\ell_G$ through $D$, change the
# parameters of $G$, and of $G$ only. Here the gradient must run *through* $D$ into $G$: cut nothing.
#
# Two things people find out late. Gradients **add up** until they are zeroed, and $G$'s move leaves gradients in $D$
# that nobody asked for: zero yours before `backward`. And both functions get an optimiser, which knows the parameters
# it may change: `D` and `G` may be anything that can be called, such as a function around a network. Both stay in the
# mode, training or evaluation, in which they are.
#
# Both return their loss as a float (`loss.item()`): a tensor would keep its whole graph alive. The last argument of
# `discriminator_step` is for part 7: if it is not None, `penalty(D, real, fake)` is added to the loss, and the loss
# returned includes it.


# %% task="discriminator_step" minutes=25 difficulty="medium"
def discriminator_step(
    D: Callable[[Tensor], Tensor],
    G: Callable[[Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    loss_function: Callable[[Tensor, Tensor], Tensor],
    real: Tensor,
    noise: Tensor,
    penalty: Callable[..., Tensor] | None = None,
) -> float:
    """One step of the discriminator's optimizer on its loss; returns this loss, a float.

    The loss is loss_function(D(real), D(G(noise))), plus penalty(D, real, fake) if a penalty is given; what is returned
    includes it. G, its parameters and their gradients stay as they are.

    Shapes:
        real   (N, ...)        images
        noise  (M, noise_dim)
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        fake = G(noise)
    loss = loss_function(D(real), D(fake))
    if penalty is not None:
        loss = loss + penalty(D, real, fake)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
    ### END SOLUTION


# %% [markdown] hint="discriminator_step"
# 1. Make the fakes without a graph: call G inside `with torch.no_grad():`, or detach what it returns.
# 2. The loss is `loss_function(D(real), D(fake))`, plus `penalty(D, real, fake)` if there is a penalty.
# 3. Then the three lines of every step: zero the gradients, `backward`, step. Return `loss.item()`.


# %% task="generator_step" minutes=15 difficulty="easy"
def generator_step(
    D: Callable[[Tensor], Tensor],
    G: Callable[[Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    loss_function: Callable[[Tensor], Tensor],
    noise: Tensor,
) -> float:
    """One step of the generator's optimizer on loss_function(D(G(noise))); returns that loss, a float.

    D's parameters stay as they are.

    Shapes:
        noise  (N, noise_dim)
    """
    ### BEGIN SOLUTION
    loss = loss_function(D(G(noise)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
    ### END SOLUTION


# %% [markdown] hint="generator_step"
# 1. Here the gradient must run through D into G: no `no_grad`, no `detach`.
# 2. The optimizer knows G's parameters only, so D stays as it is. Zero, backward, step; return a float.

# %% [markdown]
# The loop around the two moves is given.


# %%
def train_gan(
    D: nn.Module,
    G: nn.Module,
    D_optimizer: torch.optim.Optimizer,
    G_optimizer: torch.optim.Optimizer,
    discriminator_loss: Callable[[Tensor, Tensor], Tensor],
    generator_loss: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    num_steps: int = 200,
    batch_size: int = 32,
    noise_dim: int = 96,
    moves: tuple[int, int] = (1, 1),
    penalty: Callable[..., Tensor] | None = None,
    record_every: int = 50,
    progress: bool = False,
) -> dict[str, list]:
    """Let D and G move alternately: moves[0] steps of D, then moves[1] of G, num_steps times.

    Returns d_loss and g_loss of every iteration, and in samples what G makes of the same 12 noises, every record_every
    iterations. `progress` shows a progress bar.

    Shapes:
        images  (N, ...)  in [-1, 1]
    """
    history: dict[str, list] = {"d_loss": [], "g_loss": [], "samples": []}
    options = {"dtype": images.dtype, "device": images.device}
    fixed = sample_noise(12, noise_dim, **options)
    for iteration in tqdm(range(num_steps), unit="step", disable=not progress):
        for _ in range(moves[0]):
            real = images[torch.randint(len(images), (batch_size,), device=images.device)]
            noise = sample_noise(batch_size, noise_dim, **options)
            d_loss = discriminator_step(D, G, D_optimizer, discriminator_loss, real, noise, penalty)
        for _ in range(moves[1]):
            noise = sample_noise(batch_size, noise_dim, **options)
            g_loss = generator_step(D, G, G_optimizer, generator_loss, noise)
        history["d_loss"].append(d_loss)
        history["g_loss"].append(g_loss)
        if (iteration + 1) % record_every == 0:
            with torch.no_grad():
                history["samples"].append(G(fixed))
    return history


# %% [markdown]
# ### The first game
#
# Watch the same twelve noises, one row for every 300 iterations.

# %% tags=["active-ipynb"]
# # about 30 seconds
# seed_everything(1)
# D, G = discriminator(), generator()
# history = train_gan(D, G, get_optimizer(D), get_optimizer(G), discriminator_loss, generator_loss, images,
#                     num_steps=1500, record_every=300, progress=True)
# show(torch.cat(history["samples"]), alt="Images from the same twelve noises, a row for every 300 iterations.")

# %% tags=["active-ipynb"]
# curves({"discriminator": history["d_loss"], "generator": history["g_loss"]}, xlabel="iteration", ylabel="loss")

# %% [markdown]
# The curves do not fall. They do not measure success: each is measured against an opponent who improves as well. So
# measure the *samples*. A **classifier**, trained on real glyphs, reports whether it recognises them with confidence
# (above 0.9) and how many of the ten classes it sees. The **Fréchet distance** (Heusel et al., *GANs Trained by a Two
# Time-Scale Update Rule*, 2017, eq. 6; we report its square, as is usual) compares means $m$ and covariances $C$ of
# the classifier's features of real and generated images,
#
# $$ d^2 = |m - m'|^2 + \operatorname{tr}\left(C + C' - 2 (C C')^{1/2}\right), $$
#
# and is small only if samples are good *and* varied. Real glyphs against other real glyphs get about 3.

# %% tags=["active-ipynb"]
# classifier = train_classifier(glyphs.x_train[:3000], glyphs.y_train[:3000])
# features = classifier.features(glyphs.x_test)
#
#
# @torch.no_grad()
# def measure(name, samples):
#     samples = (samples.reshape(-1, 1, 28, 28) + 1) / 2
#     confidence, label = classifier.logits(samples).softmax(dim=1).max(dim=1)
#     shares = label.bincount(minlength=10) / len(label)
#     distance = frechet_distance(classifier.features(samples), features)
#     print(f"{name:22} recognised {(confidence > 0.9).float().mean():4.0%}   classes above 2 %: "
#           f"{int((shares > 0.02).sum()):2}   Fréchet distance {distance:6.0f}")
#
#
# measure("real glyphs", images[4000:])
# measure("noise", sample_noise(1000, 784))
# with torch.no_grad():
#     measure("vanilla GAN", G(sample_noise(1000, 96)))

# %% [markdown]
# ### What the game measures
#
# What would the *best* $D$ answer, for a $G$ that does not move? At a place $x$ the real density is $p(x)$ and that of
# the fakes $q(x)$, so $D$'s answer $d = D(x)$ there adds $p \log d + q \log(1 - d)$ to the expectation that $D$
# maximises. Every place has an answer of its own, so maximise for each alone: the derivative $p / d - q / (1 - d)$ is 0
# at
#
# $$ D^*(x) = \frac{p(x)}{p(x) + q(x)}. $$
#
# In one dimension this can be seen. Real numbers come from one bell curve, fakes from another, and a small network is
# trained by *your* `discriminator_loss`, with $G$ held still.

# %% tags=["active-ipynb"]
# def bell(x, mean, deviation):
#     return torch.exp(-((x - mean) ** 2) / (2 * deviation**2)) / (deviation * (2 * torch.pi) ** 0.5)
#
#
# seed_everything(0)
# judge = nn.Sequential(nn.Linear(1, 64), nn.LeakyReLU(0.01), nn.Linear(64, 64), nn.LeakyReLU(0.01), nn.Linear(64, 1))
# optimizer = torch.optim.Adam(judge.parameters(), lr=3e-3)
# for _ in range(800):
#     real, fake = 1 + 0.7 * torch.randn(512, 1), -1 + torch.randn(512, 1)
#     loss = discriminator_loss(judge(real), judge(fake))
#     optimizer.zero_grad()
#     loss.backward()
#     optimizer.step()
# x = torch.linspace(-4, 4, 200)
# p, q = bell(x, 1.0, 0.7), bell(x, -1.0, 1.0)
# with torch.no_grad():
#     answered = torch.sigmoid(judge(x[:, None]))[:, 0]
# plt.figure(figsize=(7.5, 3.5), layout="constrained")
# plt.fill_between(x, p, alpha=0.3, label="real: p")
# plt.fill_between(x, q, alpha=0.3, hatch="//", label="fakes: q")
# plt.plot(x, p / (p + q), "k--", label="best: p / (p + q)")
# plt.plot(x, answered, "k-", label="trained D")
# plt.xlabel("x")
# plt.ylabel("density, or D(x)")
# plt.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
# show_figure("Two bell curves, fakes left and real right; D rises from 0 to 1 between them, along p / (p + q).")

# %% [markdown]
# Put $D^*$ back into the game and see what is left for $G$. Both fractions get a factor 2 so that their denominator is
# the mean $m = (p + q) / 2$, a density:
#
# $$ \mathbb{E}_p\left[\log \frac{p}{p + q}\right] + \mathbb{E}_q\left[\log \frac{q}{p + q}\right]
# = \mathrm{KL}(p \,\|\, m) + \mathrm{KL}(q \,\|\, m) - \log 4 = 2\, \mathrm{JSD}(p, q) - \log 4 . $$
#
# The *Jensen-Shannon divergence* is 0 exactly where $p = q$, and at most $\log 2$, which it reaches where the two have
# no place in common. So $G$ minimises a distance between distributions, although nobody ever wrote one down
# (Goodfellow et al., section 4.1).

# %% [markdown] question="gan-q2"
# **Question 2.** Suppose $G$ has become perfect: its images have exactly the distribution of the real ones. (a) What
# does the best possible $D$ answer, and which values do $\ell_D$ and $\ell_G$ have? (b) Your curves show $\ell_D
# \approx 0.1$ for the last thousand iterations. What does that say, and what should you look at before you stop the
# run? (c) Two bell curves as above, but ten deviations apart. How large is $2\,\mathrm{JSD} - \log 4$ nearly, and how
# does it change if $G$ moves its bell one deviation closer? What does $G$ learn from the best $D$ in that case?

# %% [markdown] answer="gan-q2"
# ### BEGIN SOLUTION
# (a) The best $D$ is $p_{\text{real}} / (p_{\text{real}} + p_G)$ (Goodfellow et al., eq. 2), here 1/2 everywhere: the
# logit is 0, $\ell_D = 2 \log 2 = 1.386$ and $\ell_G = \log 2 = 0.693$. (b) $D$ tells nearly every fake from real:
# $G$ is far from the equilibrium, and as $D$'s judgement is saturated the gradients may tell $G$ little. It does not
# say that the samples are bad, or that they stopped improving: a $D$ can win by a detail that no eye sees. Look at
# the samples, and at a measure of them such as the Fréchet distance, over time. (c) The two have hardly a place in
# common: $\mathrm{JSD} \approx \log 2$, and the value is nearly $2 \log 2 - \log 4 = 0$. One deviation closer it is
# still nearly 0: the divergence is flat there, and a perfect $D$ tells $G$ almost nothing about the direction. (Part 7
# replaces this measure by one that still grows with the distance.)
# ### END SOLUTION

# %% [markdown]
# ### Mode collapse, on purpose
#
# $G$ has to fool $D$; nothing in its loss says that it has to be *varied*. If one image fools $D$, making it again
# and again is a fine answer, until $D$ learns about this image and $G$ moves on to the next. That is **mode
# collapse**. It is easiest to see in the plane: the "images" are points, real ones lie in eight heaps on a circle,
# and your two steps play with small networks. On the left $G$ makes one move for each of $D$; on the right ten, long
# enough for it to run to whatever point $D$ likes best.

# %% tags=["active-ipynb"]
# # about 10 seconds
# def ring(count):
#     angle = torch.randint(8, (count,)) * (torch.pi / 4)
#     return torch.stack([angle.cos(), angle.sin()], dim=1) + 0.03 * torch.randn(count, 2)
#
#
# def small(inputs, outputs):
#     return nn.Sequential(nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2),
#                          nn.Linear(64, outputs))
#
#
# def play(loss_d, loss_g, **options):
#     seed_everything(0)
#     D, G = small(2, 1), small(8, 2)
#     train_gan(D, G, get_optimizer(D), get_optimizer(G), loss_d, loss_g, ring(4000), noise_dim=8, batch_size=128,
#               progress=True, **options)
#     with torch.no_grad():
#         return G(sample_noise(500, 8))
#
#
# def scatter(plays):
#     figure, axes = plt.subplots(1, len(plays), figsize=(3.2 * len(plays), 3.6), layout="constrained")
#     for axis, (title, points) in zip(axes, plays.items()):
#         real = ring(400)
#         axis.scatter(*real.T, s=10, c="silver", marker="o", label="real")
#         axis.scatter(*points.T, s=10, c="crimson", marker="+", linewidths=0.8, label="generated")
#         axis.set(title=title, xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), xticks=[], yticks=[])
#         axis.set_aspect("equal")
#     figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
#     angles = torch.arange(8) * (torch.pi / 4)
#     centres = torch.stack([angles.cos(), angles.sin()], dim=1)
#     reached = {t: ((torch.cdist(points, centres) < 0.25).sum(dim=0) > 5).sum() for t, points in plays.items()}
#     counts = "; ".join(f"{title}: {int(count)}" for title, count in reached.items())
#     show_figure(f"Eight heaps of real points on a circle, and how many of them are reached. {counts}.")
#
#
# fair = play(discriminator_loss, generator_loss, num_steps=1500)
# hasty = play(discriminator_loss, generator_loss, num_steps=300, moves=(1, 10))
# scatter({"one move each": fair, "ten moves of G": hasty})

# %% [markdown]
# ## 4 Least squares
#
# Mao et al. (*Least Squares Generative Adversarial Networks*, 2017, eq. 2 with a = 0 and b = c = 1, which is their
# eq. 9) drop the logarithms. The output of $D$ is a plain **score** $s$, without a sigmoid, which should be 1 for
# real and 0 for fake:
#
# $$ \ell_D = \tfrac12 \mathbb{E}_x\left[(s_{\text{real}} - 1)^2\right]
# + \tfrac12 \mathbb{E}_z\left[s_{\text{fake}}^2\right],
# \qquad \ell_G = \tfrac12 \mathbb{E}_z\left[(s_{\text{fake}} - 1)^2\right]. $$
#
# A fake far on the wrong side has a large slope here, and so has one that is too far on the right side.


# %% task="ls_discriminator_loss" minutes=5 difficulty="easy"
def ls_discriminator_loss(scores_real: Tensor, scores_fake: Tensor) -> Tensor:
    """(mean((scores_real - 1)^2) + mean(scores_fake^2)) / 2.

    Shapes:
        scores_real  (N, 1) or (N,)   of real images
        scores_fake  (M, 1) or (M,)   of generated ones
        out          ()
    """
    ### BEGIN SOLUTION
    return ((scores_real - 1).square().mean() + scores_fake.square().mean()) / 2
    ### END SOLUTION


# %% [markdown] hint="ls_discriminator_loss"
# 1. Real scores should be 1, scores of fakes 0. Square the differences.
# 2. Take the mean of each batch, add the two, and halve the sum. No sigmoid.


# %% task="ls_generator_loss" minutes=5 difficulty="easy"
def ls_generator_loss(scores_fake: Tensor) -> Tensor:
    """mean((scores_fake - 1)^2) / 2.

    Shapes:
        scores_fake  (N, 1) or (N,)  of generated images
        out          ()
    """
    ### BEGIN SOLUTION
    return (scores_fake - 1).square().mean() / 2
    ### END SOLUTION


# %% [markdown] hint="ls_generator_loss"
# 1. The generator wants the score 1 for its fakes.
# 2. The mean of the squared difference, halved.

# %% [markdown]
# ## 5 Convolutions
#
# The networks above do not know that pixels have neighbours. Radford et al. (*Unsupervised Representation Learning
# with Deep Convolutional Generative Adversarial Networks*, 2016) found a pair that does and that trains: strides
# instead of flattening, batch normalisation in the generator, leaky ReLUs in the discriminator. Ours is small.
#
# **Discriminator.** It still takes rows of 784; `nn.Unflatten(1, (1, 28, 28))` makes images of them, for any batch
# size.
#
#     unflatten to 1 x 28 x 28
#     conv 5x5, 32 filters, stride 1, no padding; leaky ReLU (0.01); max pool 2x2, stride 2
#     conv 5x5, 64 filters, stride 1, no padding; leaky ReLU (0.01); max pool 2x2, stride 2
#     flatten (4 * 4 * 64 = 1024 numbers)
#     linear 1024 -> 1024; leaky ReLU (0.01)
#     linear 1024 -> 1


# %% task="build_dc_classifier" minutes=15 difficulty="easy"
def build_dc_classifier() -> nn.Module:
    """The convolutional discriminator described above.

    The module maps (N, 784) images to (N, 1) logits, for any N.
    """
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 32, 5),
        nn.LeakyReLU(0.01),
        nn.MaxPool2d(2, stride=2),
        nn.Conv2d(32, 64, 5),
        nn.LeakyReLU(0.01),
        nn.MaxPool2d(2, stride=2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 64, 4 * 4 * 64),
        nn.LeakyReLU(0.01),
        nn.Linear(4 * 4 * 64, 1),
    )
    ### END SOLUTION


# %% [markdown] hint="build_dc_classifier"
# 1. `nn.Unflatten(1, (1, 28, 28))` turns rows into images for every batch size; `nn.Flatten()` goes back.
# 2. Follow the list line by line. Without padding a 5 x 5 convolution takes 4 from each side: 28, 24, 12, 8, 4.
# 3. After the last pooling there are 64 maps of 4 x 4 = 1024 numbers.

# %% [markdown]
# **Generator.** It goes the other way, from numbers to a 7 x 7 map of 128 channels, and doubles it twice by
# *transposed* convolutions: each input pixel stamps a filter on the output, two pixels apart. Mind the order here:
# batch normalisation comes **after** the ReLU.
#
#     linear noise_dim -> 1024; ReLU; batch norm
#     linear 1024 -> 7 * 7 * 128; ReLU; batch norm (of all 6272 numbers)
#     unflatten to 128 x 7 x 7
#     transposed conv 4x4 to 64 channels, stride 2, padding 1; ReLU; batch norm
#     transposed conv 4x4 to 1 channel, stride 2, padding 1; tanh
#     flatten to 784


# %% task="build_dc_generator" minutes=20 difficulty="medium"
def build_dc_generator(noise_dim: int = 96) -> nn.Module:
    """The convolutional generator described above.

    The module maps (N, noise_dim) noise to (N, 784) images in [-1, 1], for any N (any N above 1 in training mode).
    """
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Linear(noise_dim, 1024),
        nn.ReLU(),
        nn.BatchNorm1d(1024),
        nn.Linear(1024, 7 * 7 * 128),
        nn.ReLU(),
        nn.BatchNorm1d(7 * 7 * 128),
        nn.Unflatten(1, (128, 7, 7)),
        nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(64),
        nn.ConvTranspose2d(64, 1, 4, stride=2, padding=1),
        nn.Tanh(),
        nn.Flatten(),
    )
    ### END SOLUTION


# %% [markdown] hint="build_dc_generator"
# 1. Rows are normalised by `nn.BatchNorm1d`, maps by `nn.BatchNorm2d`, each *after* the ReLU.
# 2. `nn.ConvTranspose2d(a, b, 4, stride=2, padding=1)` doubles the side: 7, 14, 28.
# 3. The second normalisation is one of all 6272 numbers, before `nn.Unflatten(1, (128, 7, 7))`. There is none after the
#    last convolution: tanh and flatten.

# %% [markdown]
# A fifth of the iterations, and look:

# %% tags=["active-ipynb"]
# # about 30 seconds
# seed_everything(0)
# D, G = build_dc_classifier(), build_dc_generator()
# history = train_gan(D, G, get_optimizer(D), get_optimizer(G), discriminator_loss, generator_loss, images,
#                     num_steps=300, record_every=60, progress=True)
# show(torch.cat(history["samples"]), alt="Images from the same twelve noises, a row for every 60 iterations.")

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     samples = G(sample_noise(1000, 96))
# measure("DC-GAN", samples)
# near = torch.cdist(samples[:12], images).argmin(dim=1)
# show(torch.cat([samples[:12], images[near]]), titles=["sample"] * 12 + ["nearest"] * 12)

# %% [markdown]
# The lower row shows the training image nearest to each sample, pixel by pixel: a generator that had merely memorised
# its training set would show the same image twice.

# %% [markdown] question="gan-q3"
# **Question 3.** Two runs end with samples that the classifier recognises equally often. In run A every sample is a
# perfect "plus". Run B returns training images. (a) Which of the measures above (share recognised, number of classes,
# Fréchet distance) notices A, which notices B? (b) Name a measure that notices B, and say how to know which value of
# it is too small.

# %% [markdown] answer="gan-q3"
# ### BEGIN SOLUTION
# (a) A: the number of classes is 1, and the Fréchet distance is large, as mean and covariance of the features are
# those of one class only; the share recognised is 100 %. B: none. Its samples are real images, so all three are as
# good as can be. (b) The distance from each sample to its nearest training image, in pixels. It is to be compared
# with the same distance for real images that were held out: a good generator is about as far from the training set as
# new real images are; a memory is much nearer.
# ### END SOLUTION

# %% [markdown]
# ## 6 Walking between images
#
# If $G$ has understood something, then between two noises there should lie images that make sense, and no jumps. Take
# `steps` equally spaced points on the straight line from $z_0$ to $z_1$, both ends included. (With *normal* noise in
# many dimensions one walks along the sphere instead, because all noise lies near it. Ours is uniform in a cube, and
# a cube contains the straight line between any two of its points.)


# %% task="interpolate" minutes=10 difficulty="easy"
def interpolate(z0: Tensor, z1: Tensor, steps: int) -> Tensor:
    """Equally spaced points from z0 to z1, both included; for steps = 1, z0 alone.

    Shapes:
        z0, z1  (...)           of one shape, dtype and device
        out     (steps, ...)    of their dtype and device; the first is z0, the last z1
    """
    ### BEGIN SOLUTION
    share = torch.linspace(0, 1, steps, dtype=z0.dtype, device=z0.device).reshape(-1, *[1] * z0.ndim)
    return (1 - share) * z0 + share * z1
    ### END SOLUTION


# %% [markdown] hint="interpolate"
# 1. `torch.linspace(0, 1, steps)` has the share of z1 at each point, both ends included. Give it the dtype and device
#    of z0.
# 2. Reshape the shares to (steps, 1, ..., 1), with as many ones as z0 has axes. Then `(1 - share) * z0 + share * z1`
#    broadcasts.

# %% tags=["active-ipynb"]
# seed_everything(1)
# ends = sample_noise(8, 96)
# G.eval()  # batch normalisation by running statistics: each image alone
# with torch.no_grad():
#     rows = [G(interpolate(ends[i], ends[i + 1], 12)) for i in range(0, 8, 2)]
# show(torch.cat(rows), alt="Four rows: on the way from one noise to another, one glyph changes into another.")

# %% [markdown]
# **Arithmetic with noise.** Radford et al. (figure 7) found more than paths: *differences* between noises mean
# something. They took the mean noise of smiling women, subtracted that of women, added that of men, and $G$ painted
# smiling men. Here: what turns one symbol into another? Sort 4,000 noises by the class that the classifier sees in
# $G$'s image, and take the mean noise of each class. To a noise of class A add the difference between the means of B
# and A. One direction, found once, is then added to noises that had no part in the means.

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     noises = sample_noise(4000, 96)
#     drawn = torch.cat([G(part) for part in noises.split(500)])
#     seen = classifier.logits((drawn.reshape(-1, 1, 28, 28) + 1) / 2).argmax(dim=1)
#     counts = seen.bincount(minlength=10)
#     source, target = counts.argsort(descending=True)[:2].tolist()
#     half = torch.arange(4000) < 2000
#     direction = noises[half & (seen == target)].mean(dim=0) - noises[half & (seen == source)].mean(dim=0)
#     direction = direction / direction.norm()
#     fresh = noises[~half & (seen == source)]
#     lengths = [0.0, 1.0, 2.0, 3.0, 4.0]
#     rows = [G(fresh + length * direction) for length in lengths]
# a, b = glyphs.class_names[source], glyphs.class_names[target]
# for length, row in zip(lengths, rows):
#     share = classifier.logits((row.reshape(-1, 1, 28, 28) + 1) / 2).argmax(dim=1) == target
#     print(f"{a} + {length:.0f} times the direction to {b}: {float(share.float().mean()):4.0%} are seen as {b}")
# show(torch.stack([row[:8] for row in rows], dim=1).flatten(0, 1), columns=10,
#      titles=[f"+ {length:.0f}" for length in lengths] * len(fresh[:8]))

# %% [markdown]
# ## 7 A critic instead of a judge
#
# When real and generated images hardly overlap, a perfect judge exists, and from a perfect judge $G$ learns nothing.
# Arjovsky et al. (*Wasserstein GAN*, 2017) ask for the *distance* between the two distributions instead, the least
# work of carrying one heap of images over to the other. By a theorem of Kantorovich and Rubinstein (their eq. 2) it
# is
#
# $$ W = \max_{f} \; \mathbb{E}_x\left[f(x)\right] - \mathbb{E}_z\left[f(G(z))\right] $$
#
# over all functions $f$ that rise nowhere by more than 1 per unit of length. $f$ is our $D$, now called **critic**:
# it gives scores, not probabilities. What it minimises is the negative of this difference, and $G$ minimises
# $-\mathbb{E}_z[f(G(z))]$, which is given.


# %% task="wgan_critic_loss" minutes=5 difficulty="easy"
def wgan_critic_loss(scores_real: Tensor, scores_fake: Tensor) -> Tensor:
    """mean(scores_fake) - mean(scores_real).

    Shapes:
        scores_real  (N, 1) or (N,)   of real images
        scores_fake  (M, 1) or (M,)   of generated ones
        out          ()
    """
    ### BEGIN SOLUTION
    return scores_fake.mean() - scores_real.mean()
    ### END SOLUTION


def wgan_generator_loss(scores_fake: Tensor) -> Tensor:
    """-mean(scores_fake)."""
    return -scores_fake.mean()


# %% [markdown] hint="wgan_critic_loss"
# 1. The critic wants high scores for real images and low ones for fakes, and a loss is minimised.
# 2. The difference of two means; no square, no logarithm.

# %% [markdown]
# How to keep $f$ from rising too steeply? Gulrajani et al. (*Improved Training of Wasserstein GANs*, 2017, eq. 3)
# penalise slopes that differ from 1, at random points between real and generated images:
#
# $$ \hat x_i = \epsilon_i x_i + (1 - \epsilon_i) \tilde x_i, \qquad
# P = \frac1N \sum_i \left(\left|\nabla_{\hat x_i} f(\hat x_i)\right| - 1\right)^2 . $$
#
# - $\epsilon_i$ is uniform in (0, 1), *one* number per pair, drawn again each time; it must broadcast over images of
#   any rank, (N, 784) or (N, 1, 28, 28), and be on their device. The norm is over all entries of one image, not over
#   the batch.
# - The gradient with respect to $\hat x$ comes from `torch.autograd.grad`. $P$ is to be minimised by changing $f$, so
#   $P$ itself needs a gradient: `create_graph=True` keeps the graph for it.
# - Calling `grad` on the *sum* of all scores gives each image its own gradient, since each score depends on its own
#   image only.
# - `backward` in place of `autograd.grad` would leave gradients in the critic's parameters that belong to nobody.
# - A critic that is flat at $\hat x_i$ has the norm 0. There $\sqrt{\cdot}$ has an infinite slope, and the gradient
#   of $P$ becomes `nan`; torch's `norm` takes 0 for the slope there.
#
# The factor in front ($\lambda = 10$ in the paper) is left to the caller.


# %% task="gradient_penalty" minutes=35 difficulty="hard"
def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """mean((|gradient of the critic at a random point between real and fake| - 1)^2), with a graph for backward.

    Shapes:
        critic  maps (N, ...) to (N, 1) or (N,)
        real    (N, ...)   real images
        fake    (N, ...)   generated ones; no gradient goes back into them
        out     ()
    """
    ### BEGIN SOLUTION
    share = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype, device=real.device)
    between = (share * real + (1 - share) * fake).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()
    ### END SOLUTION


# %% [markdown] hint="gradient_penalty"
# 1. One random share per pair, of the shape (N, 1, ..., 1). Mix real and fake, then `detach()` the mixture and call
#    `requires_grad_()` on it.
# 2. `torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)` returns a tuple with one gradient, as large as
#    the images.
# 3. Flatten each image's gradient to a row, take the norm of each row, subtract 1, square, and take the mean.

# %% [markdown]
# Back to the ring. The critic moves five times in each iteration, because a critic that is far from its optimum
# measures nothing; there is no danger of its becoming *too* good. After 500 iterations its points are not yet as
# sharp as those of the fair game, but no heap is lost: one that nobody visits is far from every fake, and the critic
# measures that.

# %% tags=["active-ipynb"]
# # about 8 seconds
# wasserstein = play(wgan_critic_loss, wgan_generator_loss, num_steps=500, moves=(5, 1), penalty=gradient_penalty)
# scatter({"one move each": fair, "ten moves of G": hasty, "Wasserstein": wasserstein})

# %% [markdown] question="gan-q4"
# **Question 4.** Why must a critic that is trained with the gradient penalty not contain batch normalisation?

# %% [markdown] answer="gan-q4"
# ### BEGIN SOLUTION
# The penalty asks for the gradient of *one* image's score with respect to *that* image. With batch normalisation in
# training mode the score of an image depends on all images of the batch: the gradient of the summed scores with
# respect to $x_i$ then also contains how $x_i$ changes the scores of the others, and the norm is not that of a slope
# of any function of one image. (Gulrajani et al., section 4, use layer normalisation.)
# ### END SOLUTION

# %% [markdown]
# ## 8 Asking for a class
#
# So far $G$ chooses what it paints. Mirza and Osindero (*Conditional Generative Adversarial Nets*, 2014, eq. 2) tell
# both players the label $y$: $G$ makes an image of class $y$, and $D$ judges whether it is a real image *of this
# class*. The label is a **one-hot** row, appended to the noise or to the image:
#
#     (noise, one-hot label)  ->  linear - 1024 - 1024 - 784 - tanh
#     (image, one-hot label)  ->  linear - 256 - 256 - 1
#
# with the activations of part 1. `Conditional` appends the label, behind the row, in the row's dtype and on its
# device; the two functions hand it a network.


# %% task="Conditional.forward" minutes=10 difficulty="easy"
class Conditional(nn.Module):
    """A network of rows that have a one-hot label appended."""

    def __init__(self, net: nn.Module, num_classes: int):
        super().__init__()
        self.net, self.num_classes = net, num_classes

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """The network's answer to (x, one-hot y).

        Shapes:
            x    (N, D)   rows
            y    (N,)     labels, int64 in 0..num_classes-1
            out  (N, ...) net's output for (N, D + num_classes)
        """
        ### BEGIN SOLUTION
        return self.net(torch.cat([x, F.one_hot(y, self.num_classes).to(x)], dim=1))
        ### END SOLUTION


# %% [markdown] hint="Conditional.forward"
# 1. `F.one_hot(y, self.num_classes)` has integers: convert them to the dtype of x.
# 2. Concatenate along axis 1, the row first, and hand the result to `self.net`.


# %% task="cgan_generator cgan_discriminator" minutes=15 difficulty="easy"
def cgan_generator(num_classes: int = 10, noise_dim: int = 96) -> nn.Module:
    """A Conditional: noise and label through the layers of `generator`.

    The module maps (N, noise_dim) noise and (N,) labels to (N, 784) images in [-1, 1].
    """
    ### BEGIN SOLUTION
    return Conditional(generator(noise_dim + num_classes), num_classes)
    ### END SOLUTION


def cgan_discriminator(num_classes: int = 10) -> nn.Module:
    """A Conditional: image and label through the layers of `discriminator`.

    The module maps (N, 784) images and (N,) labels to (N, 1) logits.
    """
    ### BEGIN SOLUTION
    net = nn.Sequential(
        nn.Linear(784 + num_classes, 256),
        nn.LeakyReLU(0.01),
        nn.Linear(256, 256),
        nn.LeakyReLU(0.01),
        nn.Linear(256, 1),
    )
    return Conditional(net, num_classes)
    ### END SOLUTION


# %% [markdown] hint="cgan_generator"
# 1. The network of part 1 with more inputs: how many numbers are there with the label appended?
# 2. `Conditional(net, num_classes)` appends the label. `generator` takes the number of its inputs as an argument.

# %% [markdown] hint="cgan_discriminator"
# 1. `discriminator()` has a fixed input of 784; here it is 784 + num_classes. Write the layers again.
# 2. Wrap the network in `Conditional(net, num_classes)`.

# %% [markdown]
# Your two steps take any functions for `D` and `G`, so the labels of the present batch can be bound into them. The
# loop is given. Fully connected networks learn slowly, as in part 3: 1,000 iterations are a beginning, in which
# few samples show what was asked for. Raise `num_steps` tenfold if you have the time.


# %%
def train_conditional(
    D: nn.Module,
    G: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    num_steps: int = 1000,
    batch_size: int = 32,
    noise_dim: int = 96,
    progress: bool = False,
) -> None:
    """Train a conditional pair by the vanilla losses. `progress` shows a progress bar.

    Shapes:
        images  (N, 784)  in [-1, 1]
        labels  (N,)      int64
    """
    D_optimizer, G_optimizer = get_optimizer(D), get_optimizer(G)
    options = {"dtype": images.dtype, "device": images.device}
    for _ in tqdm(range(num_steps), unit="step", disable=not progress):
        rows = torch.randint(len(images), (batch_size,), device=images.device)
        y = labels[rows]

        def judge(x: Tensor, y: Tensor = y) -> Tensor:
            return D(x, y)

        def paint(z: Tensor, y: Tensor = y) -> Tensor:
            return G(z, y)

        noise = sample_noise(2 * batch_size, noise_dim, **options)
        discriminator_step(judge, paint, D_optimizer, discriminator_loss, images[rows], noise[:batch_size])
        generator_step(judge, paint, G_optimizer, generator_loss, noise[batch_size:])


# %% tags=["active-ipynb"]
# # about 20 seconds
# seed_everything(0)
# D, G = cgan_discriminator(), cgan_generator()
# train_conditional(D, G, images, glyphs.y_train, progress=True)
# wanted = torch.arange(10).repeat(4)
# with torch.no_grad():
#     samples = G(sample_noise(40, 96), wanted)
#     seen = classifier.logits((samples.reshape(-1, 1, 28, 28) + 1) / 2).argmax(dim=1)
# print(f"{int((seen == wanted).sum())} of 40 are recognised as what was asked for")
# show(samples, columns=10, titles=[*glyphs.class_names, *[""] * 30])

# %% [markdown]
# ## What to take home
#
# A generator needs no likelihood and no target: a network that tells real from fake is a loss that is learned along the
# way. Its curves do not say how good the images are; samples, and measures of samples, do. What it minimises depends on
# the loss of its opponent, and so does whether it can learn when it is far from the goal. Diversity is asked for by no
# loss, and must be watched.
#
# **Where to look next.** StyleGAN (Karras et al., 2019) is what became of the generator. pix2pix and CycleGAN (Isola
# et al.; Zhu et al., 2017) put an image in the place of the noise. Miyato et al. (*Spectral normalization*, 2018)
# bound the critic's slope without a penalty. Lucic et al. (*Are GANs created equal?*, 2018) compare losses and find
# them alike if tuned alike. `a09_diffusion` makes images by regression, without an opponent.

# %% [markdown]
# ## All checks

# %% tags=["active-ipynb"]
# check("gan")
