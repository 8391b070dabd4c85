# %% [markdown]
# # Variational autoencoders
#
# A network that draws. You give it fifteen random numbers and it answers with an image that nobody has drawn before.
# The numbers are a latent variable $z$, as the group was in a mixture, but now $z$ is continuous, and a network says
# which image each $z$ means. The posterior over $z$ has no formula any more: a second network, the **encoder**,
# guesses it. Both are trained together by the lower bound of the first notebook.
#
# <!-- parts -->

# %%
import itertools
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)
# glyphs = load("glyphs", num_train=5000, num_test=500)
# image_grid(glyphs.x_train[:20], columns=10, alt="Twenty symbols, white on black: crosses, triangles, letters.")

# %% [markdown]
# ## 1 Autoencoders
#
# Squeeze an image through a narrow layer and ask for it back. The **encoder** maps it to a code $z$, the **decoder**
# maps the code to an image. What fits through is what images have in common.
#
# If both are linear and the loss is the squared error, the best code is an old friend: the first principal components.
# The decoder's columns span the same plane as the principal axes (Baldi and Hornik 1989).
#
# Both kinds have the attributes `encoder` and `decoder`. With `linear=True` these are (after flattening) one linear
# layer with a bias each, and nothing else. With `linear=False`:
#
#     encoder  flatten, three times (linear to 400, ReLU), linear to the code
#     decoder  three times (linear to 400, ReLU), linear to the pixels, sigmoid, unflatten to (N, 1, H, W)

# %% [markdown]
# The three hidden layers occur in all models of this notebook; this helper is given.


# %%
def hidden_layers(inputs: int) -> list[nn.Module]:
    """Return three linear layers to 400 numbers, each with a ReLU."""
    sizes = [inputs, 400, 400, 400]
    return [layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]


# %% task="Autoencoder" minutes=20 difficulty="easy"
class Autoencoder(nn.Module):
    """An encoder and a decoder of images. `encoder(x)` is the code of x, and `decoder(z)` the image of a code."""

    def __init__(self, input_size: int, latent_size: int, linear: bool = False) -> None:
        """Build the layers.

        Shapes:
            input_size   int   H * W of the images, which are square and have one channel
            latent_size  int   numbers in a code
            linear       bool  one linear layer with a bias each, without activations
        """
        ### BEGIN SOLUTION
        super().__init__()
        side = math.isqrt(input_size)
        if linear:
            into, out = [nn.Linear(input_size, latent_size)], [nn.Linear(latent_size, input_size)]
        else:
            into = [*hidden_layers(input_size), nn.Linear(400, latent_size)]
            out = [*hidden_layers(latent_size), nn.Linear(400, input_size), nn.Sigmoid()]
        self.encoder = nn.Sequential(nn.Flatten(), *into)
        self.decoder = nn.Sequential(*out, nn.Unflatten(1, (1, side, side)))
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Encode and decode.

        Shapes:
            x    (N, 1, H, W)
            out  x_hat (N, 1, H, W), z (N, latent_size)
        """
        ### BEGIN SOLUTION
        z = self.encoder(x)
        return self.decoder(z), z
        ### END SOLUTION


# %% [markdown] hint="Autoencoder"
# 1. `nn.Sequential(nn.Flatten(), nn.Linear(...), nn.ReLU(), ...)` is the encoder. H = W = `math.isqrt(input_size)`.
# 2. `nn.Unflatten(1, (1, H, W))` is the decoder's last layer.

# %% [markdown]
# ## 2 From codes to distributions
#
# An autoencoder's codes may lie anywhere, with holes between them: a random code gives rubbish. A **variational
# autoencoder** (Kingma and Welling 2014) fixes the distribution of codes to $p(z) = N(0, I)$, and its encoder does not
# return a point but a Gaussian $q(z \mid x) = N(\mu(x), \text{diag}\, \sigma^2(x))$. The layers:
#
#     encoder       flatten, three times (linear to 400, ReLU)
#     mu_layer      linear from 400 to latent_size
#     logvar_layer  linear from 400 to latent_size: the logarithm of the variance, any real number
#     decoder       as that of the autoencoder
#
# Training needs a sample of $q$ *and* a gradient in $\mu$ and $\sigma$. Draw the noise first:
#
# $$z = \mu + \sigma \varepsilon, \qquad \varepsilon \sim N(0, I), \qquad \sigma = e^{\frac{1}{2} \text{logvar}}$$
#
# This is the **reparametrisation trick**: now the randomness comes from outside, and $z$ is a differentiable function.


# %% task="reparametrize" minutes=10 difficulty="easy"
def reparametrize(mu: Tensor, logvar: Tensor) -> Tensor:
    """One sample of each Gaussian, with noise of its own for every number. torch.distributions is not allowed.

    The noise comes from torch's global generator. Gradients reach mu and logvar.

    Shapes:
        mu, logvar  (N, Z)  mean and logarithm of the variance
        out         (N, Z)
    """
    ### BEGIN SOLUTION
    return mu + (0.5 * logvar).exp() * torch.randn_like(mu)
    ### END SOLUTION


# %% [markdown] hint="reparametrize"
# 1. The standard deviation is the root of the variance: `(0.5 * logvar).exp()`.
# 2. `torch.randn_like(mu)` has a number for each entry. No `no_grad`, no `detach`.


# %% task="VAE" minutes=20 difficulty="easy"
class VAE(nn.Module):
    """A variational autoencoder with the attributes encoder, mu_layer, logvar_layer and decoder."""

    def __init__(self, input_size: int, latent_size: int = 15) -> None:
        """Build the layers.

        Shapes:
            input_size   int  H * W of the images, which are square and have one channel
            latent_size  int  Z
        """
        ### BEGIN SOLUTION
        super().__init__()
        side = math.isqrt(input_size)
        self.encoder = nn.Sequential(nn.Flatten(), *hidden_layers(input_size))
        self.mu_layer, self.logvar_layer = nn.Linear(400, latent_size), nn.Linear(400, latent_size)
        self.decoder = nn.Sequential(
            *hidden_layers(latent_size), nn.Linear(400, input_size), nn.Sigmoid(), nn.Unflatten(1, (1, side, side))
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode, draw one z for each image with your `reparametrize`, and decode it.

        Shapes:
            x    (N, 1, H, W)  in [0, 1]
            out  x_hat (N, 1, H, W) in [0, 1], mu (N, Z), logvar (N, Z)
        """
        ### BEGIN SOLUTION
        hidden = self.encoder(x)
        mu, logvar = self.mu_layer(hidden), self.logvar_layer(hidden)
        return self.decoder(reparametrize(mu, logvar)), mu, logvar
        ### END SOLUTION


# %% [markdown] hint="VAE"
# 1. The encoder ends with the third ReLU; two linear layers take its result.
# 2. `forward` returns three tensors: the decoded sample, mu and logvar. No layer follows mu and logvar.

# %% [markdown]
# ## 3 The loss
#
# We want $\log p(x)$ to be large, and maximise its lower bound
#
# $$\text{ELBO}(x) = E_{q(z \mid x)} [\log p(x \mid z)] - \text{KL}(q(z \mid x) \,\|\, N(0, I))$$
#
# with one sample of $z$ for the expectation. A pixel in [0, 1] is scored as a Bernoulli variable, so that
# $-\log p(x \mid z)$ is the binary cross-entropy of `x_hat`, **added up** over the pixels. The divergence is closed:
#
# $$\text{KL} = -\tfrac{1}{2} \sum_j \left( 1 + \text{logvar}_j - \mu_j^2 - e^{\text{logvar}_j} \right)$$
#
# The loss is the sum of both over everything, divided by the number of images $N$. If you took the *mean* over the 784
# pixels, the divergence would count 784 times as much, and the encoder would do best by saying nothing: posterior
# **collapse**.
#
# **By hand.** $\mu = 1$, logvar $= 0$: the KL is 0.5. A pixel with $x = 1$ and $\hat{x} = 0.5$ costs 0.6931.


# %% task="loss_function" minutes=15 difficulty="easy"
def loss_function(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """The negative lower bound, per image. torch.distributions is not allowed.

    As in `F.binary_cross_entropy`, no logarithm is below -100, so that x_hat may be exactly 0 or 1.

    Shapes:
        x_hat, x    (N, 1, H, W)  in [0, 1]
        mu, logvar  (N, Z)
        out         ()
    """
    ### BEGIN SOLUTION
    return beta_loss(x_hat, x, mu, logvar, 1.0)
    ### END SOLUTION


# %% [markdown] hint="loss_function"
# 1. `F.binary_cross_entropy(x_hat, x, reduction="sum")` adds up over all pixels of all images.
# 2. Add the sum of the divergences, and divide by `len(x)` once.

# %% [markdown]
# A weight $\beta$ in front of the divergence (Higgins et al. 2017) trades sharp reconstructions ($\beta < 1$) for
# codes that are closer to the prior, and often easier to read ($\beta > 1$). With $\beta > 1$ it is still a bound of
# $\log p(x)$, but a looser one; with $\beta < 1$ it is not a bound any more.
#
# To see whether codes fill the prior, look at *all* images together. The codes of a data set have the **aggregated
# posterior** $q(z) = \frac{1}{N} \sum_n N(\mu_n, \sigma_n^2)$. Its mean and variance in each coordinate are
#
# $$m = \frac{1}{N} \sum_n \mu_n, \qquad v = \frac{1}{N} \sum_n (\sigma_n^2 + \mu_n^2) - m^2$$
#
# and the divergence of $N(m, \text{diag}\, v)$ from $N(0, I)$ says how far it is from the prior.


# %% task="beta_loss aggregated_kl" minutes=20 difficulty="easy"
def beta_loss(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float) -> Tensor:
    """The loss with a divergence that counts beta times. With beta = 1 it is `loss_function`.

    Shapes:
        x_hat, x    (N, 1, H, W)  in [0, 1]
        mu, logvar  (N, Z)
        beta        float         not negative
        out         ()
    """
    ### BEGIN SOLUTION
    pixels = F.binary_cross_entropy(x_hat, x, reduction="sum")
    divergence = -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()
    return (pixels + beta * divergence) / len(x)
    ### END SOLUTION


def aggregated_kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """The divergence of the Gaussian with the moments of the aggregated posterior from N(0, I).

    Shapes:
        mu, logvar  (N, Z)
        out         ()      a sum over coordinates, in nats
    """
    ### BEGIN SOLUTION
    m = mu.mean(dim=0)
    v = (logvar.exp() + mu.square()).mean(dim=0) - m.square()
    return 0.5 * (v + m.square() - 1 - v.log()).sum()
    ### END SOLUTION


# %% [markdown] hint="beta_loss"
# 1. Only the divergence is multiplied by beta; the pixels are not.

# %% [markdown] hint="aggregated_kl"
# 1. `mu.mean(dim=0)` is m. The variance has two parts: the mean of the variances, and the variance of the means.
# 2. The divergence of N(m, v) from N(0, 1) is (v + m^2 - 1 - log v) / 2, added up over coordinates.

# %% [markdown]
# Train it: 8 epochs of Adam, half a minute. Weights start larger than torch's, and variances small: with torch's own
# start, the first ten epochs find little more than the mean image.

# %% tags=["active-ipynb"]
# def train(model, loss, epochs, classes=False):
#     """Train with Adam on batches of 64; return the mean loss of each epoch."""
#     with torch.no_grad():
#         for name, p in model.named_parameters():
#             if p.ndim == 2:
#                 p.normal_(0, 1.4 / p.shape[1] ** 0.5)
#             if "logvar_layer" in name:
#                 p.fill_(-2.0 if p.ndim == 1 else 0.0)
#     optimizer, history = torch.optim.Adam(model.parameters(), 1e-3), []
#     hot = F.one_hot(glyphs.y_train, 10).float()
#     for _ in range(epochs):
#         losses = []
#         for rows in torch.randperm(len(glyphs.x_train)).split(64):
#             x = glyphs.x_train[rows]
#             x_hat, mu, logvar = model(x, hot[rows]) if classes else model(x)
#             value = loss(x_hat, x, mu, logvar)
#             optimizer.zero_grad()
#             value.backward()
#             optimizer.step()
#             losses.append(value.item())
#         history.append(sum(losses) / len(losses))
#     return history
#
#
# vae = VAE(784)
# history = train(vae, loss_function, 8)
# curves({"loss": history}, xlabel="epoch", ylabel="nats per image")

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     x_hat, mu, logvar = vae(glyphs.x_test[:10])
#     drawn = vae.decoder(torch.randn(10, 15))
# titles = ["image"] * 10 + ["again"] * 10 + ["drawn"] * 10
# image_grid(torch.cat([glyphs.x_test[:10], x_hat, drawn]), titles, columns=10)

# %% [markdown]
# The samples are **blurred**: where the decoder does not know, it answers with a mean, and a mean of strokes is grey.
# The adversary of a07 would never let that pass; the likelihood does. In return nothing is left out: no kind of image
# may get a small probability without a large loss. (The University of Michigan's EECS 498 trains the same model on
# MNIST for ten epochs, and asks for a loss below 120 nats per image.)

# %% tags=["active-ipynb"]
# from functools import partial
#
# figure = new_figure(9, 3.2, "Codes of a plane: with beta 0.1 some groups lie outside of the prior's circle; with "
#                     "beta 1 and 4 nearly all codes are inside of it.")
# by_beta = {}
# for number, beta in enumerate((0.1, 1.0, 4.0)):
#     small = by_beta[beta] = VAE(784, 2)
#     train(small, partial(beta_loss, beta=beta), 3)
#     with torch.no_grad():
#         _, mu, logvar = small(glyphs.x_test)
#         title = f"beta {beta}: KL {float(aggregated_kl(mu, logvar)):.2f}"
#     plane = figure.add_subplot(1, 3, number + 1, aspect="equal", title=title, xlim=(-4, 4), ylim=(-4, 4))
#     plane.scatter(*mu.T, c=glyphs.y_test, s=5, cmap="tab10")
#     angle = torch.linspace(0, 2 * math.pi, 60)
#     plane.plot(2 * angle.cos(), 2 * angle.sin(), color="0.5")
# figure

# %% [markdown]
# Colours are classes, which the network never saw; the circle is at two standard deviations of the prior. Now move the
# first number of a code from -2 to 2 and keep the second one at 0, for each of the three weights.

# %% tags=["active-ipynb"]
# codes = torch.stack([torch.linspace(-2, 2, 12), torch.zeros(12)], dim=1)
# with torch.no_grad():
#     rows = [small.decoder(codes) for small in by_beta.values()]
# image_grid(torch.cat(rows), [f"beta {beta}" for beta in by_beta for _ in range(12)], columns=12)

# %% [markdown]
# A code of two numbers lets us look at *all* images that it can draw: decode a grid.

# %% tags=["active-ipynb"]
# flat = VAE(784, 2)
# train(flat, loss_function, 6)
# quantiles = torch.special.ndtri(torch.linspace(0.03, 0.97, 14))
# with torch.no_grad():
#     grid = flat.decoder(torch.cartesian_prod(quantiles, quantiles))
# image_grid(grid, columns=14, alt="A grid of 14 x 14 decoded codes: symbols pass into one another, blurred between.")

# %% [markdown] question="vae-q1"
# **Question 1.** Train with the mean over pixels instead of the sum, in thought: which of the two terms wins, what do
# mu and logvar become, and what does the decoder draw? How would you see it in `aggregated_kl` and in the
# reconstructions?

# %% [markdown] answer="vae-q1"
# ### BEGIN SOLUTION
# The divergence counts 784 times as much, so mu becomes 0 and logvar 0 for every image: q is the prior and z tells
# nothing about x. The decoder ignores z and draws the mean image for all. aggregated_kl is near 0 (which looks
# perfect), and all reconstructions are the same grey blob: only both together show the collapse.
# ### END SOLUTION

# %% [markdown]
# ## 4 Walks between codes
#
# Two images have codes $z_0$ and $z_1$; what lies between? On the **line** $z_0 + t (z_1 - z_0)$, the middle of two
# independent codes is shorter than both: nearly all of a Gaussian in 15 dimensions lies near a sphere, and the line
# cuts through its empty inside. **Slerp** (Shoemake 1985) walks along the arc. With the angle $\Omega$ between the
# codes,
#
# $$z(t) = \frac{\sin((1-t)\Omega)}{\sin \Omega} z_0 + \frac{\sin(t\Omega)}{\sin \Omega} z_1$$
#
# **By hand.** Between (1, 0) and (0, 1), the middle is (0.7071, 0.7071). If $\sin \Omega < 10^{-6}$ (equal or opposite
# directions, or a code of 0), take the line.


# %% task="interpolate" minutes=15 difficulty="easy"
def interpolate(z0: Tensor, z1: Tensor, n: int, kind: str = "line") -> Tensor:
    """n codes from z0 to z1, both included, at equal steps of t.

    Shapes:
        z0, z1  (Z,)
        n       int     at least 2
        kind    str     "line" or "slerp"
        out     (n, Z)
    """
    ### BEGIN SOLUTION
    t = torch.linspace(0, 1, n, dtype=z0.dtype, device=z0.device)[:, None]
    if kind == "slerp":
        lengths = (z0.norm() * z1.norm()).clamp(min=torch.finfo(z0.dtype).tiny)
        omega = (z0 @ z1 / lengths).clamp(-1, 1).acos()
        if z0.any() and z1.any() and omega.sin() >= 1e-6:
            return (((1 - t) * omega).sin() * z0 + (t * omega).sin() * z1) / omega.sin()
    return z0 + t * (z1 - z0)
    ### END SOLUTION


# %% [markdown] hint="interpolate"
# 1. `torch.linspace(0, 1, n)[:, None]` has the steps as a column; the line is one expression.
# 2. The cosine of the angle is the product of the *normalised* codes, clamped to [-1, 1] before `acos`.
# 3. If `sin(omega)` is below 1e-6, return the line.

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     mu = vae(glyphs.x_test)[1]
#     walks = [(a, b, kind) for a, b in ((0, 1), (2, 5)) for kind in ("line", "slerp")]
#     rows = [vae.decoder(interpolate(mu[a], mu[b], 12, kind)) for a, b, kind in walks]
# image_grid(torch.cat(rows), [kind for _, _, kind in walks for _ in range(12)], columns=12)

# %% [markdown]
# What does each number of a code say? Move one from -2 to 2 and keep the others: the three numbers whose means differ
# most between images, then the three whose means differ least. The divergence has switched these off: the decoder does
# not look at them.

# %% tags=["active-ipynb"]
# order = mu.var(dim=0).argsort(descending=True)
# chosen = [*order[:3], *order[-3:]]
# rows = []
# with torch.no_grad():
#     for number in chosen:
#         codes = mu[:1].repeat(12, 1)
#         codes[:, number] = torch.linspace(-2, 2, 12)
#         rows.append(vae.decoder(codes))
# image_grid(torch.cat(rows), [f"z {number}" for number in chosen for _ in range(12)], columns=12)

# %% [markdown]
# ## 5 Classes as a condition
#
# A **conditional** VAE gets the class $c$ as a vector with a single 1, joined to *both* inputs: to the flattened image
# in front of the encoder (pixels first), and to $z$ in front of the decoder ($z$ first). What the class already says,
# $z$ need not say any more, so $z$ becomes style: the width of the pen, the slant. Its encoder takes $H W + C$ numbers
# and does not flatten; its decoder takes $Z + C$.


# %% task="CVAE" minutes=20 difficulty="easy"
class CVAE(nn.Module):
    """A VAE with a class. Its attributes are encoder, mu_layer, logvar_layer and decoder, as in VAE."""

    def __init__(self, input_size: int, num_classes: int = 10, latent_size: int = 15) -> None:
        """Build the layers.

        Shapes:
            input_size   int  H * W of the images, which are square and have one channel
            num_classes  int  C
            latent_size  int  Z
        """
        ### BEGIN SOLUTION
        super().__init__()
        side = math.isqrt(input_size)
        self.encoder = nn.Sequential(*hidden_layers(input_size + num_classes))
        self.mu_layer, self.logvar_layer = nn.Linear(400, latent_size), nn.Linear(400, latent_size)
        self.decoder = nn.Sequential(
            *hidden_layers(latent_size + num_classes), nn.Linear(400, input_size), nn.Sigmoid(),
            nn.Unflatten(1, (1, side, side)),
        )  # fmt: skip
        ### END SOLUTION

    def forward(self, x: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode image and class, draw one z with your `reparametrize`, and decode it with the class.

        Shapes:
            x    (N, 1, H, W)  in [0, 1]
            c    (N, C)        one-hot, of x's dtype
            out  x_hat (N, 1, H, W) in [0, 1], mu (N, Z), logvar (N, Z)
        """
        ### BEGIN SOLUTION
        hidden = self.encoder(torch.cat([x.flatten(1), c], dim=1))
        mu, logvar = self.mu_layer(hidden), self.logvar_layer(hidden)
        return self.decoder(torch.cat([reparametrize(mu, logvar), c], dim=1)), mu, logvar
        ### END SOLUTION


# %% [markdown] hint="CVAE"
# 1. As VAE, with `input_size + num_classes` and `latent_size + num_classes` inputs, and an encoder without Flatten.
# 2. `torch.cat([x.flatten(1), c], dim=1)` goes into the encoder, `torch.cat([z, c], dim=1)` into the decoder.

# %% tags=["active-ipynb"]
# cvae = CVAE(784)
# train(cvae, loss_function, 8, classes=True)
# styles = torch.randn(5, 15)
# with torch.no_grad():
#     table = [cvae.decoder(torch.cat([style.expand(10, 15), torch.eye(10)], dim=1)) for style in styles]
# image_grid(torch.cat(table), columns=10, alt="Ten classes in five styles: a row has one z, a column one class.")

# %% [markdown]
# A row is one $z$ with all classes: the pen and the slant stay, the symbol changes.
#
# ## 6 What is the likelihood, really?
#
# The ELBO is only a bound. **Importance sampling** comes closer: draw $S$ codes from $q$ and average the weights,
#
# $$\log \hat{p}(x) = \log \frac{1}{S} \sum_{s=1}^{S} \frac{p(x \mid z_s) \, p(z_s)}{q(z_s \mid x)}, \qquad
# z_s \sim q(z \mid x)$$
#
# With $S = 1$ its expectation is the ELBO; it rises with $S$ and converges to $\log p(x)$ (Burda et al. 2016). Average
# the *weights*, not their logarithms: the mean of the logarithms is the ELBO again, for any $S$. And stay in
# logarithms while you do so: $\text{logsumexp}_s(\cdot) - \log S$. If $q$ is exactly the posterior, all weights are
# $p(x)$, and $S$ does not matter.


# %% task="importance_log_likelihood" minutes=30 difficulty="medium"
def importance_log_likelihood(
    x: Tensor,
    encode: Callable[[Tensor], tuple[Tensor, Tensor]],
    log_likelihood: Callable[[Tensor, Tensor], Tensor],
    S: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Estimate log p(x) with S samples of q for each point; each has noise of its own, from the generator.

    Shapes:
        x               (N, ...)  the points
        encode          x -> mu (N, Z), logvar (N, Z) of q(z | x)
        log_likelihood  points (M, ...), z (M, Z) -> log p(x | z) (M,), row by row
        out             (N,)      in nats
    """
    ### BEGIN SOLUTION
    mu, logvar = encode(x)
    rows = []
    for _ in range(S):
        noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
        z = mu + (0.5 * logvar).exp() * noise
        # The constants of the two Gaussians cancel.
        prior, q = -0.5 * z.square().sum(dim=1), -0.5 * (noise.square() + logvar).sum(dim=1)
        rows.append(log_likelihood(x, z) + prior - q)
    return torch.logsumexp(torch.stack(rows), dim=0) - math.log(S)
    ### END SOLUTION


# %% [markdown] hint="importance_log_likelihood"
# 1. For one sample: `noise = torch.randn(mu.shape, generator=generator)`, z = mu + sigma * noise. The logarithm of a
#    weight is log p(x | z) + log N(z; 0, I) - log N(z; mu, sigma^2).
# 2. Both Gaussians have the constant Z log(2 pi) / 2, which cancels. log N(z; mu, sigma^2) is then minus half the sum
#    of noise^2 + logvar.
# 3. Stack the S rows, `torch.logsumexp` over them, and subtract log S.

# %% tags=["active-ipynb"]
# def bernoulli(x, z):
#     """log p(x | z) of the VAE's decoder."""
#     return -F.binary_cross_entropy(vae.decoder(z), x, reduction="none").flatten(1).sum(dim=1)
#
#
# def encode(x):
#     hidden = vae.encoder(x)
#     return vae.mu_layer(hidden), vae.logvar_layer(hidden)
#
#
# with torch.no_grad():
#     for S in (1, 10, 100):
#         value = importance_log_likelihood(glyphs.x_test[:200], encode, bernoulli, S, torch.Generator().manual_seed(0))
#         print(f"S = {S:3}: log p(x) is about {value.mean():.2f} nats per image")

# %% [markdown] question="vae-q2"
# **Question 2.** Somebody reports a model as better because its estimate with S = 1000 is higher than another model's
# ELBO. What is wrong with this comparison? And why can the estimate still be far too low if $q$ is narrow and misses a
# part of the posterior?

# %% [markdown] answer="vae-q2"
# ### BEGIN SOLUTION
# The estimate rises with S for every model, so one must compare equal S (or ELBO with ELBO). The weights are p(x, z) /
# q(z): regions in which q is tiny are hardly ever drawn, although they may hold much of p(x, z); no finite number of
# samples from elsewhere makes up for it. The estimate is still a lower bound on average, but can stay loose, with a
# huge variance of the weights.
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# An encoder guesses the posterior, a decoder says what a code means, and the lower bound trains both at once, because
# the sample is a differentiable function of noise. Pixels are added up, not averaged. Samples are blurred, codes are
# smooth, and the bound can be tightened by importance sampling.
#
# **Where to look next.** Kingma and Welling (*An introduction to variational autoencoders*, 2019) derive everything
# slowly. Alemi et al. (*Fixing a broken ELBO*, 2018) show that the same bound can belong to codes that say much or
# nothing. Child (*Very deep VAEs generalize autoregressive models and can outperform them on images*, 2021) stacks many
# latent variables, and the samples become sharp.
