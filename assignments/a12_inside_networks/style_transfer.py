# %% [markdown]
# # Style transfer
#
# Paint one picture in the manner of another: keep what the first one *shows*, and take colours and strokes from the
# second. Gatys, Ecker and Bethge (2015, 2016) found that a trained network separates the two. Its features say what is
# where; the **correlations** of its features, with the places forgotten, say what the surface is like. The functions
# have the names of the University of Michigan's EECS 498-007.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Content | `content_loss` | 4 | 10 |
# | 2 Style | `gram_matrix`, `style_loss` | 11 | 40 |
# | 3 Smoothness | `tv_loss` | 4 | 15 |
# | 5 Texture from noise | `texture_synthesis` | 4 | 35 |
# | 6 Styles by region | `guided_gram_matrix`, `guided_style_loss` | 5 | 25 |
# | 7 A loss that sees like a network | `perceptual_loss` | 2 | 20 |

# %%
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common.nets.scene_net import activations


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import small_objects, textures
# from common.nets.scene_net import SceneNet, deprocess, preprocess
# from common.plots import curves, image_grid
# from common.training.seed import seed_everything
#
# seed_everything(0)
# model = SceneNet()
# contents = preprocess(small_objects.draw(10, stream="test", seed=4, size=72).images[[0, 4, 7]])
# styles = preprocess(torch.stack([textures.draw(kind, seed=6, size=72) for kind in ("cells", "waves", "bricks")]))
# image_grid(deprocess(torch.cat([contents, styles])), ["content"] * 3 + ["style"] * 3, columns=6)

# %% [markdown]
# `activations(model, x, layers)` returns the outputs of some layers of `model.features`, here SceneNet's, numbered
# from 0. Layers 1, 4, 7, 9 and 11 are the outputs of its five ReLUs.
#
# ## 1 Content
#
# Let $F$ be the features of the image that we change, at one layer, and $P$ those of the content image. Both say what
# is where. The **content loss** is the sum of squared differences, times a weight:
#
# $$L_c = w_c \sum_{c,i,j} (F_{cij} - P_{cij})^2$$
#
# A sum and not a mean: the published weights belong to sums.

# %% task="content_loss"
# About 10 minutes, easy. Stuck? hint("content_loss") shows a first step.
def content_loss(content_weight: float, content_current: Tensor, content_original: Tensor) -> Tensor:
    """The weight times the sum of squared differences.

    Shapes:
        content_weight    float
        content_current   (1, C, H, W)  features of the image that changes; the gradient goes here
        content_original  (1, C, H, W)  features of the content image
        out               ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="content_loss"
# check("style_transfer", task="content_loss")

# %% [markdown]
# ## 2 Style
#
# Take two channels of a layer, say "thin dark lines" and "blue". Are they active at the same places? The answer is
# the sum of their product over all places. All pairs of channels together make the **Gram matrix**:
#
# $$G_{kl} = \sum_{i,j} F_{kij} F_{lij}, \qquad \text{normalised: } \frac{G_{kl}}{C H W}$$
#
# The sum forgets *where*: shuffle the places, and $G$ is the same. So it describes a texture. For features of two
# channels and two places, $F = [[1, 2], [3, 4]]$, it is $[[5, 11], [11, 25]]$, and normalised a quarter of this.
#
# Each image of a batch has its own matrix.

# %% task="gram_matrix"
# About 20 minutes, easy. Stuck? hint("gram_matrix") shows a first step.
def gram_matrix(features: Tensor, normalize: bool = True) -> Tensor:
    """The Gram matrix of each image's features, by default divided by C * H * W. No loop.

    Shapes:
        features   (N, C, H, W)
        normalize  bool
        out        (N, C, C)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gram_matrix"
# check("style_transfer", task="gram_matrix")

# %% [markdown]
# The **style loss** compares Gram matrices at several layers, each with its own weight; $A^l$ are those of the style
# image:
#
# $$L_s = \sum_l w_l \sum_{k,m} (G^l_{km} - A^l_{km})^2$$
#
# `feats` is a list with the features of *every* layer, and `style_layers` says which of them count. So the first
# target belongs to `feats[style_layers[0]]`, not to `feats[0]`.

# %% task="style_loss"
# About 20 minutes, easy. Stuck? hint("style_loss") shows a first step.
def style_loss(
    feats: Sequence[Tensor],
    style_layers: Sequence[int],
    style_targets: Sequence[Tensor],
    style_weights: Sequence[float],
) -> Tensor:
    """The weighted sum of squared differences of normalised Gram matrices.

    Shapes:
        feats          list of (1, C_l, H_l, W_l), one for each layer; the gradient goes here
        style_layers   list of K indices into feats, in any order
        style_targets  list of K tensors (1, C_l, C_l), normalised Gram matrices of the style image
        style_weights  list of K numbers
        out            ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="style_loss"
# check("style_transfer", task="style_loss")

# %% [markdown] question="style_transfer-q1"
# **Question 1.** Roll a style image by five pixels to the right, with the pixels that leave coming in again at the
# left. What happens to its Gram matrices, (a) at the first layers, (b) at deep layers with padding? What happens if
# you mirror it? Name one property of a picture that people would call its style and that Gram matrices cannot express.

# %% [markdown] answer="style_transfer-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 3 Smoothness
#
# The result is less noisy if neighbouring pixels are alike. The **total variation** adds up the squares of all
# differences of neighbours, to the right and down:
#
# $$L_{tv} = w_t \sum_{c,i,j} (x_{c,i,j+1} - x_{c,i,j})^2 + (x_{c,i+1,j} - x_{c,i,j})^2$$
#
# One bright pixel of value $v$ in a black image has four neighbours: $4 v^2$ for each channel that it is bright in.

# %% task="tv_loss"
# About 15 minutes, easy. Stuck? hint("tv_loss") shows a first step.
def tv_loss(img: Tensor, tv_weight: float) -> Tensor:
    """The weight times the sum of squared differences of neighbouring pixels, in both directions. No loop.

    Shapes:
        img        (1, 3, H, W)  H and W at least 1; the gradient goes here
        tv_weight  float
        out        ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="tv_loss"
# check("style_transfer", task="tv_loss")

# %% [markdown]
# ## 4 A painting
#
# All three losses together, and Adam on the **pixels**: a large step at first, a small one for the last tenth. This is
# given. It needs your three losses.

# %%
def style_transfer(
    model: nn.Module,
    content: Tensor,
    style: Tensor,
    *,
    content_layer: int = 7,
    content_weight: float = 5e-2,
    style_layers: Sequence[int] = (1, 4, 7, 9),
    style_weights: Sequence[float] = (2e3, 1e4, 1e4, 1e4),
    tv_weight: float = 2e-2,
    steps: int = 120,
    rate: float = 0.1,
) -> tuple[Tensor, list[float]]:
    """Change the content image until it has the style of the other one; return it and the loss before each step.

    Shapes:
        content  (1, 3, H, W)  preprocessed
        style    (1, 3, h, w)  preprocessed; of any size
        x        (1, 3, H, W)
    """
    every = list(range(max(content_layer, *style_layers) + 1))
    with torch.no_grad():
        original = activations(model, content, [content_layer])[0]
        targets = [gram_matrix(found) for found in activations(model, style, list(style_layers))]
    x = content.clone().requires_grad_()
    optimizer = torch.optim.Adam([x], lr=rate)
    losses = []
    for step in range(steps):
        if step == steps * 9 // 10:
            optimizer.param_groups[0]["lr"] = rate / 10
        feats = activations(model, x, every)
        loss = content_loss(content_weight, feats[content_layer], original)
        loss = loss + style_loss(feats, style_layers, targets, style_weights) + tv_loss(x, tv_weight)
        x.grad = torch.autograd.grad(loss, x)[0]
        optimizer.step()
        with torch.no_grad():
            x.clamp_(-2, 2)
        losses.append(loss.item())
    return x.detach(), losses


# %% tags=["active-ipynb"]
# table, courses = [torch.ones(3, 72, 72), *deprocess(styles)], {}
# for number, content in enumerate(contents):
#     table.append(deprocess(content[None])[0])
#     for kind, style in zip(("cells", "waves", "bricks"), styles):
#         x, losses = style_transfer(model, content[None], style[None])
#         table.append(deprocess(x)[0])
#         courses[f"image {number + 1}, {kind}"] = losses
# image_grid(torch.stack(table), columns=4,
#            alt="Three contents, painted in three styles: objects stay, colours and strokes are those of the style.")

# %% tags=["active-ipynb"]
# curves({name: losses for name, losses in courses.items() if name.startswith("image 1")}, xlabel="step", ylabel="loss")

# %% [markdown]
# Change the weights, and see who wins. With several style images, add their style losses: styles can be mixed.

# %% [markdown]
# ## 5 Texture from noise
#
# Leave the content out, start from noise, and only the texture is left (Gatys et al. 2015, "Texture Synthesis Using
# Convolutional Neural Networks"). You write the whole loop: noise, Gram matrices of the original, an optimiser (Adam
# or L-BFGS), the steps. Because the matrices of different layers differ in size by orders of magnitude, compare them
# relative to their own size:
#
# $$L = \sum_l \frac{\sum_{k,m} (G^l_{km} - A^l_{km})^2}{\sum_{k,m} (A^l_{km})^2}$$
#
# With noise of deviation 0.5 for comparison, the sum should become at least six times smaller in 120 steps. `LBFGS`
# is made for such problems and comes further in the same time than Adam, whose learning rate should be between 0.03
# and 0.1. Layer 0 is the first convolution, without its ReLU: its matrix holds the colours.

# %% task="texture_synthesis"
# About 35 minutes, medium. Stuck? hint("texture_synthesis") shows a first step.
def texture_synthesis(
    model: nn.Module, texture: Tensor, layers: Sequence[int], steps: int = 200, seed: int = 0
) -> Tensor:
    """A new texture like the given one: from noise, with the same Gram matrices.

    Shapes:
        model    has `features`, as SceneNet has; `activations(model, x, list(layers))` returns its outputs
        texture  (1, 3, H, W)  preprocessed; it is not changed
        layers   the layers whose Gram matrices count
        steps    int           steps of Adam, or iterations of L-BFGS: its `max_iter`, in a single call of its `step`
        seed     int           equal seeds give equal noise, different ones different noise
        out      (1, 3, H, W)  within [-2, 2]
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="texture_synthesis"
# check("style_transfer", task="texture_synthesis")

# %% tags=["active-ipynb"]
# kinds = ("dots", "cells", "bricks", "grass")
# originals = preprocess(torch.stack([textures.draw(kind, seed=3) for kind in kinds]))
# by_depth = {"layer 0": (0,), "layers 0, 1": (0, 1), "layers 0, 1, 4, 7": (0, 1, 4, 7)}
# pictures, titles = [], []
# for kind, texture in zip(kinds, originals):
#     made = [texture_synthesis(model, texture[None], layers)[0] for layers in by_depth.values()]
#     pictures += [texture, *made]
#     titles += [kind, *by_depth]
# image_grid(deprocess(torch.stack(pictures)), titles, columns=4)

# %% [markdown]
# One layer gives the colours and a grain. The more layers, the larger the structures. What is periodic over a long
# distance, such as rows of bricks, stays difficult: no channel sees that far.

# %% [markdown] question="style_transfer-q2"
# **Question 2.** `texture_synthesis` matches averages over all places. Simple textures can also be made by copying:
# give each new pixel the value of the pixel whose neighbourhood in the original is most like its own (Efros and Leung
# 1999). Which of the four textures above would come out better in this way, and what can the copying method not do
# that Gram matrices can?

# %% [markdown] answer="style_transfer-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 Styles by region
#
# The sky in one style, the house in another: give each region $r$ a mask $m_r$ of the size of the features, with 1
# inside and 0 outside, and compute a Gram matrix of the masked features for each (Gatys et al. 2017):
#
# $$G^r_{kl} = \sum_{i,j} (m_{rij} F_{kij}) (m_{rij} F_{lij})$$
#
# The features are multiplied by the mask **before** the product. `features` has an axis for the regions: usually R
# copies of the same features.

# %% task="guided_gram_matrix guided_style_loss"
# About 25 minutes, medium. Stuck? hint("guided_gram_matrix") or hint("guided_style_loss") shows a first step.
def guided_gram_matrix(features: Tensor, masks: Tensor, normalize: bool = True) -> Tensor:
    """The Gram matrix of each region's masked features, by default divided by C * H * W. No loop.

    Shapes:
        features  (N, R, C, H, W)
        masks     (N, R, H, W)  0 or 1, or anything between
        out       (N, R, C, C)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def guided_style_loss(
    feats: Sequence[Tensor],
    style_layers: Sequence[int],
    style_targets: Sequence[Tensor],
    style_weights: Sequence[float],
    content_masks: Sequence[Tensor],
) -> Tensor:
    """The weighted sum of squared differences of normalised guided Gram matrices, over all regions.

    Shapes:
        feats          list of (1, R, C_l, H_l, W_l), one for each layer; the gradient goes here
        style_layers   list of K indices into feats and content_masks, in any order
        style_targets  list of K tensors (1, R, C_l, C_l)
        style_weights  list of K numbers
        content_masks  list of (1, R, H_l, W_l), one for each layer
        out            ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="guided_gram_matrix"
# check("style_transfer", task="guided_gram_matrix")

# %% tags=["active-ipynb"] grade="guided_style_loss"
# check("style_transfer", task="guided_style_loss")

# %% tags=["active-ipynb"]
# def paint_regions(content, style_pair, mask, steps=120, layers=(1, 4, 7, 9), weights=(2e3, 1e4, 1e4, 1e4)):
#     """Paint where the mask is 1 in the first style, and elsewhere in the second."""
#     def split(x, mask):
#         feats = [f[:, None].expand(-1, 2, -1, -1, -1) for f in activations(model, x, list(range(max(layers) + 1)))]
#         both = torch.cat([mask, 1 - mask], dim=1)
#         return feats, [F.interpolate(both, f.shape[-2:], mode="area") for f in feats]
#
#     with torch.no_grad():
#         painted = [split(style, mask) for style in style_pair]
#         targets = []
#         for layer in layers:
#             grams = [guided_gram_matrix(feats[layer], masks[layer]) for feats, masks in painted]
#             targets.append(torch.stack([grams[0][:, 0], grams[1][:, 1]], dim=1))
#         original = activations(model, content, [7])[0]
#     x = content.clone().requires_grad_()
#     optimizer = torch.optim.Adam([x], lr=0.1)
#     for step in range(steps):
#         feats, masks = split(x, mask)
#         loss = guided_style_loss(feats, layers, targets, weights, masks) + tv_loss(x, 2e-2)
#         loss = loss + content_loss(5e-2, activations(model, x, [7])[0], original)
#         x.grad = torch.autograd.grad(loss, x)[0]
#         optimizer.step()
#         x.data.clamp_(-2, 2)
#     return x.detach()
#
#
# half = torch.zeros(1, 1, 72, 72)
# half[..., :36] = 1
# both = paint_regions(contents[:1], (styles[:1], styles[1:2]), half)
# image_grid(deprocess(torch.cat([contents[:1], styles[:2], both])), ["content", "left", "right", "result"], columns=4)

# %% [markdown]
# ## 7 A loss that sees like a network
#
# Two images that differ by a shift of one pixel look the same to us and are far apart in pixels. Compare their
# features instead (Johnson, Alahi and Fei-Fei 2016): the **perceptual loss**. When another network is trained with
# it, for example to enlarge images, the network that makes the features must stay as it is: its weights get no
# gradients, even if they could. But the gradient must still go **through** it, to the images.

# %% task="perceptual_loss"
# About 20 minutes, medium. Stuck? hint("perceptual_loss") shows a first step.
def perceptual_loss(phi: nn.Module, a: Tensor, b: Tensor) -> Tensor:
    """The mean of the squared differences of phi(a) and phi(b).

    The gradient goes to a and b. Parameters of phi get none, also if they require gradients; afterwards they require
    gradients exactly if they did before.

    Shapes:
        phi   a module in eval mode
        a, b  (N, C, H, W)
        out   ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="perceptual_loss"
# check("style_transfer", task="perceptual_loss")

# %% tags=["active-ipynb"]
# x = contents[:1]
# phi = model.features[:8]
# for name, other in {
#     "the same": x, "rolled by 1 pixel": x.roll(1, 3), "noise": x + 0.3 * torch.randn_like(x), "other": contents[1:2],
# }.items():
#     print(f"{name:18} pixels {F.mse_loss(x, other):7.3f}   features {perceptual_loss(phi, x, other):7.3f}")

# %% [markdown]
# ## What to take home
#
# A loss can be defined by a network that never changes. Its features know what is where; averages of their products
# know what the surface is like. And whatever can be differentiated with respect to pixels can be painted.
#
# **Where to look next.** Johnson, Alahi and Fei-Fei (*Perceptual losses for real-time style transfer and
# super-resolution*, 2016) train a network that paints in one pass. Huang and Belongie (*Arbitrary style transfer in
# real-time with adaptive instance normalization*, 2017) only change means and variances. Zhang et al. (*The
# unreasonable effectiveness of deep features as a perceptual metric*, 2018) ask people, and find that features judge
# images much as they do.
