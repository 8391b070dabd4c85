# %% [markdown]
# # Convolutional networks by hand
#
# A fully connected layer does not know that two pixels are neighbours: shuffle all images in the same way, and it
# learns as well as before. A convolutional layer looks at small windows and uses the same weights in each, so a
# stripe learned in one corner is known everywhere. You write that layer and its gradient, then what makes deep
# stacks of it trainable: a good initialisation and normalisation.
#
# <!-- parts -->
#
# Everything here is written with tensor arithmetic. `torch.nn`, `F.conv2d` and their relatives, and autograd would
# do the task for you and are not allowed; `F.pad`, `F.unfold` and `Tensor.unfold` are. The files `resnet.py` and
# `modern_cnn.py` of this assignment then use `torch.nn` as much as they like.

# %% tags=["active-ipynb"]
# from common.fallbacks import use_fallbacks
#
# use_fallbacks()  # fully_connected_networks.py, below, is your own if it is in this folder, else a fallback

# %%
from collections.abc import Callable
from typing import Any

import torch
from fully_connected_networks import Linear, Linear_ReLU, ReLU, adam
from torch import Tensor
from torch.nn import functional as F

from common.nets.convs import FastConv, FastMaxPool
from common.training.losses import softmax_loss
from common.training.solver import Solver

# %% tags=["active-ipynb"]
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid, show
# from common.training.seed import seed_everything
# from tqdm import tqdm
#
# torch.set_num_threads(1)  # such small networks gain nothing from more, and lose much where other work is going on
# scenes = load("scenes")
# centre = scenes.x_train.mean(dim=0, keepdim=True)
# data = {
#     "X_train": scenes.x_train[:2000] - centre,
#     "y_train": scenes.y_train[:2000],
#     "X_val": scenes.x_test[:500] - centre,
#     "y_val": scenes.y_test[:500],
# }

# %% [markdown]
# ## 1 Layers
#
# ### Convolution, forward
#
# Slide each of $F$ filters over each image. Output channel $f$ at row $i$ and column $j$ is the dot product of
# filter $f$ with the window that begins at row $i s$ and column $j s$, $s$ being the **stride**:
#
# $$ \text{out}_{n f i j} = b_f + \sum_{c, u, v} x_{n,\, c,\, i s + u,\, j s + v} \; w_{f c u v}. $$
#
# First `pad` rows and columns of zeros are put around the image, on all four sides. Mathematicians would call this
# cross-correlation, since the filter is not flipped; in deep learning it is convolution. There are
#
# $$ H' = 1 + \lfloor (H + 2\,\text{pad} - K_H) / s \rfloor $$
#
# rows; if the windows do not come out even, the last rows of the image belong to no window. Neither images nor
# filters need be square. Loops are allowed. Without them, `Tensor.unfold` and `torch.einsum` do it in two lines.

# %% [markdown]
# ### Convolution, backward
#
# You get $d = \partial L / \partial\,\text{out}$. Each output used each weight once, so by the chain rule
#
# $$ \frac{\partial L}{\partial w_{f c u v}} = \sum_{n, i, j} d_{n f i j}\; x_{n,\, c,\, i s + u,\, j s + v}, \qquad
#    \frac{\partial L}{\partial b_f} = \sum_{n, i, j} d_{n f i j}, $$
#
# and a pixel of the padded image collects from *every* window it lies in: the output at $(i, j)$ sends
# $d_{n f i j}\, w_{f c u v}$ to the pixel at $(i s + u, j s + v)$. At the end, cut the padding off again. `F.fold`
# would collect for you, and is not allowed.


# %% task="Conv.forward Conv.backward" minutes=60 difficulty="hard"
class Conv:
    """Convolution: cross-correlation of each image with each filter."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor, conv_param: dict[str, int]) -> tuple[Tensor, Any]:
        """Slide each filter over each image and take dot products.

        Shapes:
            x           (N, C, H, W)    images, float
            w           (F, C, KH, KW)  filters
            b           (F,)            added to every position of its channel
            conv_param  dict            "stride": step between windows, in pixels; "pad": zeros on each side
            out         (N, F, H', W')  H' = 1 + (H + 2*pad - KH) // stride, W' alike; and a cache for backward
        """
        ### BEGIN SOLUTION
        stride, pad = conv_param["stride"], conv_param["pad"]
        padded = F.pad(x, (pad, pad, pad, pad))
        windows = padded.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)  # (N, C, H', W', KH, KW)
        out = torch.einsum("nchwij,fcij->nfhw", windows, w) + b[:, None, None]
        cache = (padded, w, stride, pad)
        ### END SOLUTION
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients with respect to x, w and b.

        Shapes:
            dout  (N, F, H', W')  gradient with respect to out
            out   three           dx, dw, db, shaped as x, w, b
        """
        ### BEGIN SOLUTION
        padded, w, stride, pad = cache
        height, width = dout.shape[2:]
        dw, dpadded = torch.zeros_like(w), torch.zeros_like(padded)
        for i in range(w.shape[2]):
            for j in range(w.shape[3]):
                # The pixels that meet w[:, :, i, j]: one in each window.
                here = (..., slice(i, i + stride * height, stride), slice(j, j + stride * width, stride))
                dw[:, :, i, j] = torch.einsum("nfhw,nchw->fc", dout, padded[here])
                dpadded[here] += torch.einsum("nfhw,fc->nchw", dout, w[:, :, i, j])
        dx = dpadded[:, :, pad : padded.shape[2] - pad, pad : padded.shape[3] - pad]
        db = dout.sum(dim=(0, 2, 3))
        ### END SOLUTION
        return dx, dw, db


# %% [markdown] hint="Conv.forward"
# 1. Pad with `F.pad(x, (pad, pad, pad, pad))` and compute the number of rows and columns of the output. Begin with
#    loops over the places `(i, j)` of the output, not over single pixels.
# 2. The window at `(i, j)` is `padded[:, :, i * stride : i * stride + KH, j * stride : j * stride + KW]`, shape (N,
#    C, KH, KW). Multiply it with the filters by broadcasting, or with `torch.einsum("ncuv,fcuv->nf", window, w)`, and
#    add `b`.

# %% [markdown] hint="Conv.backward"
# 1. Make `dw` and a gradient of the *padded* images, both zeros. Loop over the same places as in `forward`.
# 2. At the place `(i, j)`, `d = dout[:, :, i, j]`, shape (N, F). `dw` gets the sum over images of `d` times the
#    window; the window's gradient gets `d` times the filters, added to what is there, because windows overlap.
# 3. At the end cut the padding off: rows from `pad` to `pad + H`. `db` is the sum of `dout` over images and places.

# %% [markdown]
# **The gradient with respect to $x$ is a convolution, too.** Put $s - 1$ zeros between the entries of $d$, flip each
# filter in both directions, exchange its input and output channels, and convolve with stride 1 and pad $K - 1 -
# \text{pad}$. A pixel then meets, one after the other, the outputs it took part in, each with the weight that it had.
# The cell does this with your `forward`. In `modern_cnn` the same idea enlarges images.

# %% tags=["active-ipynb"]
# torch.manual_seed(0)
# x, w, pad, stride = torch.randn(2, 3, 9, 8), torch.randn(4, 3, 3, 3), 1, 2
# out, cache = Conv.forward(x, w, torch.zeros(4), {"stride": stride, "pad": pad})
# dout = torch.randn_like(out)  # (2, 4, 5, 4)
# dx, _, _ = Conv.backward(dout, cache)
# spread = torch.zeros(2, 4, 9, 8)  # (H + 2 pad - K + 1 is H here)
# spread[:, :, ::stride, ::stride] = dout
# flipped = w.flip(2, 3).transpose(0, 1)  # (3, 4, 3, 3)
# again, _ = Conv.forward(spread, flipped, torch.zeros(3), {"stride": 1, "pad": 3 - 1 - pad})
# print(f"largest difference between your dx and the convolution: {float((dx - again).abs().max()):.1e}")

# %% [markdown]
# What can one filter do? These are chosen by hand, as was usual before they were learned. Each is the same for red,
# green and blue.

# %% tags=["active-ipynb"]
# by_hand = {
#     "blur": torch.full((5, 5), 1 / 25),
#     "left - right": torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]) / 4,
#     "top - bottom": torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]) / 4,
#     "Laplace": torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
# }
# pictures, titles = [], []
# for image in scenes.x_train[[0, 1, 2]]:
#     pictures.append(image)
#     titles.append("image")
#     for name, kernel in by_hand.items():
#         w = kernel.expand(1, 3, *kernel.shape) / 3
#         response, _ = Conv.forward(image[None], w, torch.zeros(1), {"stride": 1, "pad": len(kernel) // 2})
#         grey = response[0] if name == "blur" else 0.5 + response[0]
#         pictures.append(grey.expand(3, -1, -1))
#         titles.append(name)
# image_grid(torch.stack(pictures), titles=titles, columns=5)

# %% [markdown] question="conv-q1"
# **Question 1.** A 3 x 3 convolution has 64 input and 128 output channels; its images are 32 x 32, stride 1, pad 1.
# How many weights and biases has it? How many would a fully connected layer between the same input and output have?
# Which of the two counts changes if the images become 64 x 64?

# %% [markdown] answer="conv-q1"
# ### BEGIN SOLUTION
# Convolution: $128 \cdot 64 \cdot 3 \cdot 3 + 128 = 73{,}856$, whatever the size of the images. Fully connected:
# $(64 \cdot 32^2)(128 \cdot 32^2) + 128 \cdot 32^2 \approx 8.6 \cdot 10^9$, and 16 times as many weights at
# 64 x 64. Sharing weights between places and ignoring what is far away saves a factor of 100,000.
# ### END SOLUTION

# %% [markdown]
# ### Max pooling
#
# Keep the largest value of each window, in each channel by itself:
#
# $$ \text{out}_{n c i j} = \max_{u < P_H,\, v < P_W} x_{n,\, c,\, i s + u,\, j s + v}. $$
#
# Backward, the gradient of an output goes to the pixel that was the maximum, and nothing to the others. Two things
# are easy to overlook. With a stride smaller than the window, **windows overlap**: a pixel can be the maximum of
# several and collects from all. And if a window has several maxima, as after a ReLU that gave only zeros, **one** of
# them gets the gradient, else the gradient is multiplied.


# %% task="MaxPool.forward MaxPool.backward" minutes=40 difficulty="hard"
class MaxPool:
    """The maximum of each window."""

    @staticmethod
    def forward(x: Tensor, pool_param: dict[str, int]) -> tuple[Tensor, Any]:
        """Keep the largest value of each window of each channel.

        Shapes:
            x           (N, C, H, W)    images, float
            pool_param  dict            "pool_height", "pool_width": size of the windows; "stride": pixels between them
            out         (N, C, H', W')  H' = 1 + (H - pool_height) // stride, W' alike; and a cache for backward
        """
        ### BEGIN SOLUTION
        height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
        windows = x.unfold(2, height, stride).unfold(3, width, stride).flatten(4)  # (N, C, H', W', PH*PW)
        out, where = windows.max(dim=4)
        cache = (x.shape, where, pool_param)
        ### END SOLUTION
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> Tensor:
        """Gradient with respect to x: each output's gradient goes to one maximum of its window.

        Shapes:
            dout  (N, C, H', W')  gradient with respect to out
            out   (N, C, H, W)    dx
        """
        ### BEGIN SOLUTION
        shape, where, pool_param = cache
        width, stride = pool_param["pool_width"], pool_param["stride"]
        rows = stride * torch.arange(where.shape[2], device=where.device)[:, None] + where // width
        columns = stride * torch.arange(where.shape[3], device=where.device) + where % width
        dx = dout.new_zeros(shape).flatten(2)  # (N, C, H*W)
        dx.scatter_add_(2, (rows * shape[3] + columns).flatten(2), dout.flatten(2))
        return dx.reshape(shape)
        ### END SOLUTION


# %% [markdown] hint="MaxPool.forward"
# 1. As in the convolution: a loop over the places of the output, and for each the window of all images and channels.
#    Its maximum over both axes of the window is `window.amax(dim=(2, 3))`.
# 2. For `backward`, store the images and the settings, or the position of each maximum:
#    `window.flatten(2).max(dim=2)` returns values and positions.

# %% [markdown] hint="MaxPool.backward"
# 1. Begin with zeros shaped as `x`, and visit the places of the output again. The position `p` in a flattened window
#    is the row `p // pool_width` and the column `p % pool_width` of that window.
# 2. *Add* the gradient of each output to its one pixel: where windows overlap, a pixel can be the maximum of several.
#    Index assignment with `=` would keep only the last.
# 3. If several pixels of a window are equal, choose one, for example the first, as `max` does.

# %% [markdown]
# ### Fast layers
#
# Training needs speed. `FastConv` and `FastMaxPool` have the interface of your layers and hand the work to torch's
# own operators. First see that they compute the same as yours, gradients included, then how long they take.

# %% tags=["active-ipynb"]
# seed_everything(0)
# x, w, b = torch.randn(50, 3, 32, 32), torch.randn(25, 3, 3, 3), torch.randn(25)
# dout = torch.randn(50, 25, 16, 16)
# results = {}
# for layer in (Conv, FastConv):
#     begun = time.perf_counter()
#     out, cache = layer.forward(x, w, b, {"stride": 2, "pad": 1})
#     middle = time.perf_counter()
#     results[layer] = (out, *layer.backward(dout, cache))
#     print(f"{layer.__name__:9} forward {middle - begun:.4f} s, backward {time.perf_counter() - middle:.4f} s")
# for name, yours, fast in zip(("out", "dx", "dw", "db"), results[Conv], results[FastConv]):
#     print(f"{name:3}  largest relative difference {float((yours - fast).abs().max() / fast.abs().max()):.1e}")

# %% [markdown]
# Layers come in groups. These sandwiches are given; they use the fast layers and, further down, your own
# normalisation.


# %%
class Conv_ReLU:
    """Convolution, ReLU."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor, conv_param: dict[str, int]) -> tuple[Tensor, Any]:
        """Shapes: as Conv.forward."""
        scores, conv_cache = FastConv.forward(x, w, b, conv_param)
        out, relu_cache = ReLU.forward(scores)
        return out, (conv_cache, relu_cache)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """dx, dw, db."""
        conv_cache, relu_cache = cache
        return FastConv.backward(ReLU.backward(dout, relu_cache), conv_cache)


class Conv_ReLU_Pool:
    """Convolution, ReLU, max pooling."""

    @staticmethod
    def forward(
        x: Tensor, w: Tensor, b: Tensor, conv_param: dict[str, int], pool_param: dict[str, int]
    ) -> tuple[Tensor, Any]:
        """Shapes: as Conv.forward and MaxPool.forward."""
        hidden, conv_cache = Conv_ReLU.forward(x, w, b, conv_param)
        out, pool_cache = FastMaxPool.forward(hidden, pool_param)
        return out, (conv_cache, pool_cache)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """dx, dw, db."""
        conv_cache, pool_cache = cache
        return Conv_ReLU.backward(FastMaxPool.backward(dout, pool_cache), conv_cache)


class Conv_BatchNorm_ReLU:
    """Convolution, batch normalisation, ReLU."""

    @staticmethod
    def forward(
        x: Tensor,
        w: Tensor,
        b: Tensor,
        gamma: Tensor,
        beta: Tensor,
        conv_param: dict[str, int],
        bn_param: dict[str, Any],
    ) -> tuple[Tensor, Any]:
        """Shapes: as Conv.forward and SpatialBatchNorm.forward."""
        scores, conv_cache = FastConv.forward(x, w, b, conv_param)
        normal, bn_cache = SpatialBatchNorm.forward(scores, gamma, beta, bn_param)
        out, relu_cache = ReLU.forward(normal)
        return out, (conv_cache, bn_cache, relu_cache)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """dx, dw, db, dgamma, dbeta."""
        conv_cache, bn_cache, relu_cache = cache
        dscores, dgamma, dbeta = SpatialBatchNorm.backward(ReLU.backward(dout, relu_cache), bn_cache)
        return *FastConv.backward(dscores, conv_cache), dgamma, dbeta


class Conv_BatchNorm_ReLU_Pool:
    """Convolution, batch normalisation, ReLU, max pooling."""

    @staticmethod
    def forward(
        x: Tensor,
        w: Tensor,
        b: Tensor,
        gamma: Tensor,
        beta: Tensor,
        conv_param: dict[str, int],
        bn_param: dict[str, Any],
        pool_param: dict[str, int],
    ) -> tuple[Tensor, Any]:
        """Shapes: as Conv_BatchNorm_ReLU.forward and MaxPool.forward."""
        hidden, cache = Conv_BatchNorm_ReLU.forward(x, w, b, gamma, beta, conv_param, bn_param)
        out, pool_cache = FastMaxPool.forward(hidden, pool_param)
        return out, (cache, pool_cache)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """dx, dw, db, dgamma, dbeta."""
        cache, pool_cache = cache
        return Conv_BatchNorm_ReLU.backward(FastMaxPool.backward(dout, pool_cache), cache)


# %% [markdown]
# ## 2 A small network
#
#     conv - ReLU - 2x2 max pool - linear - ReLU - linear - softmax
#
# `__init__` is given; see how the size of `W2` follows from the sizes of image, filter and pooling window, none of
# which is fixed. You write `loss`, with `Conv_ReLU_Pool`, `Linear_ReLU` and `Linear`.


# %% task="ThreeLayerConvNet.loss" minutes=20 difficulty="medium"
class ThreeLayerConvNet:
    """Convolution - ReLU - 2x2 max pool - linear - ReLU - linear; parameters W1, b1, W2, b2, W3, b3."""

    def __init__(
        self,
        input_dims: tuple[int, int, int] = (3, 32, 32),
        num_filters: int = 32,
        filter_size: int = 7,
        hidden_dim: int = 100,
        num_classes: int = 10,
        weight_scale: float = 1e-3,
        reg: float = 0.0,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
    ):
        channels, height, width = input_dims
        # An odd filter keeps height and width; pooling halves them, rounding down.
        self.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}
        self.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        shrunk = 2 * self.conv_param["pad"] - filter_size + 1
        features = num_filters * ((height + shrunk) // 2) * ((width + shrunk) // 2)
        shapes = {
            "W1": (num_filters, channels, filter_size, filter_size),
            "W2": (features, hidden_dim),
            "W3": (hidden_dim, num_classes),
        }
        self.params: dict[str, Tensor] = {}
        for name, shape in shapes.items():
            bias = shape[0] if name == "W1" else shape[1]
            self.params[name] = weight_scale * torch.randn(*shape, dtype=dtype, device=device)
            self.params[name.replace("W", "b")] = torch.zeros(bias, dtype=dtype, device=device)
        self.reg, self.dtype = reg, dtype

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        """Scores when there are no labels, else the loss and its gradients.

        The loss is the mean softmax loss, plus reg times the sum of all squared weights (not biases).

        Shapes:
            X    (N, C, H, W)  images
            y    (N,)          labels, int64, or None
            out  (N, L)        scores; or (loss, grads), grads under the names of params
        """
        X = X.to(self.dtype)
        ### BEGIN SOLUTION
        p = self.params
        hidden, conv_cache = Conv_ReLU_Pool.forward(X, p["W1"], p["b1"], self.conv_param, self.pool_param)
        hidden, hidden_cache = Linear_ReLU.forward(hidden, p["W2"], p["b2"])
        scores, linear_cache = Linear.forward(hidden, p["W3"], p["b3"])
        if y is None:
            return scores

        loss, dout = softmax_loss(scores, y)
        grads = {}
        dout, grads["W3"], grads["b3"] = Linear.backward(dout, linear_cache)
        dout, grads["W2"], grads["b2"] = Linear_ReLU.backward(dout, hidden_cache)
        _, grads["W1"], grads["b1"] = Conv_ReLU_Pool.backward(dout, conv_cache)
        for name in ("W1", "W2", "W3"):
            loss = loss + self.reg * p[name].square().sum()
            grads[name] = grads[name] + 2 * self.reg * p[name]
        return loss, grads
        ### END SOLUTION


# %% [markdown] hint="ThreeLayerConvNet.loss"
# 1. Forward: `Conv_ReLU_Pool`, `Linear_ReLU`, `Linear`. Keep the three caches. `Linear` flattens the maps itself.
#    Without labels return the scores.
# 2. `softmax_loss` gives the loss and the gradient of the scores. Go backwards through the three layers; each
#    backward call returns the gradient for the one before it, and those of its weights and bias.
# 3. Add `reg` times the sum of squares of W1, W2 and W3 to the loss, and `2 * reg * W` to each weight's gradient.

# %% [markdown]
# Train it for three epochs on 2,000 images, then look at its filters. Early filters of trained networks find edges,
# stripes and blobs of colour; after so short a training you see their beginnings.

# %% tags=["active-ipynb"]
# # about 8 seconds
# seed_everything(0)
# small = ThreeLayerConvNet(num_filters=16, weight_scale=1e-2, reg=1e-4)
# solver = Solver(
#     small, data, update_rule=adam, optim_config={"learning_rate": 1e-3}, num_epochs=3, batch_size=50
# )
# solver.train()
# print(f"validation accuracy {solver.best_val_acc:.3f}")
# filters = small.params["W1"]
# low, high = filters.amin(dim=(1, 2, 3), keepdim=True), filters.amax(dim=(1, 2, 3), keepdim=True)
# words = f"The {len(filters)} filters of the first layer, each from its smallest to its largest weight."
# image_grid((filters - low) / (high - low), columns=8, alt=words)

# %% [markdown]
# And what they answer: one image, then its 16 **feature maps** after the ReLU. White is a strong response.

# %% tags=["active-ipynb"]
# image = scenes.x_test[3:4]
# hidden, _ = Conv_ReLU.forward(image - centre, small.params["W1"], small.params["b1"], small.conv_param)
# maps = (hidden / hidden.amax(dim=(2, 3), keepdim=True).clamp(min=1e-6)).transpose(0, 1)  # (F, 1, H, W)
# black = int((maps.amax(dim=(1, 2, 3)) == 0).sum())
# words = f"An image and its 16 feature maps, of which {black} are black everywhere."
# titles = ["image", *map(str, range(16))]
# image_grid(torch.cat([image, maps.expand(-1, 3, -1, -1)]), titles=titles, columns=9, alt=words)

# %% [markdown]
# ## 3 Initialisation
#
# Stack twenty layers whose weights are a little too small, and nothing of the image is left at the end; a little too
# large, and the numbers explode. He et al. (2015, *Delving Deep into Rectifiers*, equation 10) choose the variance
# that keeps the variance of the pre-activations from layer to layer:
#
# $$ w \sim \mathcal{N}\!\left(0,\ \frac{\text{gain}}{\text{fan in}}\right), \qquad
#    \text{fan in} = D_\text{in} \text{ (linear) or } D_\text{in} K^2 \text{ (convolution)}. $$
#
# The gain is 2 if a ReLU follows, because it sets half of the values to 0 and so halves the mean square that the next
# layer sees. Otherwise it is 1.


# %% task="kaiming_initializer" minutes=10 difficulty="easy"
def kaiming_initializer(
    Din: int,
    Dout: int,
    K: int | None = None,
    relu: bool = True,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Normal weights whose variance is gain / fan_in.

    Shapes:
        Din   int   input features or channels
        Dout  int   output features or channels
        K     int   side of the filter; None for a linear layer
        relu  bool  does a ReLU follow?
        out   (Din, Dout) for a linear layer, (Dout, Din, K, K) for a convolution
    """
    ### BEGIN SOLUTION
    fan_in, shape = (Din, (Din, Dout)) if K is None else (Din * K * K, (Dout, Din, K, K))
    return ((2 if relu else 1) / fan_in) ** 0.5 * torch.randn(*shape, device=device, dtype=dtype)
    ### END SOLUTION


# %% [markdown] hint="kaiming_initializer"
# 1. The fan in is the number of inputs that one output adds up: `Din`, or `Din * K * K` for a filter.
# 2. The formula gives the *variance*. Multiply standard normal numbers by its root. Mind the order of the axes: (Din,
#    Dout), but (Dout, Din, K, K).

# %% [markdown]
# The rule before it was **Xavier** (Glorot and Bengio 2010): variance $2 / (\text{fan in} + \text{fan out})$, a
# compromise between the values on their way forward and the gradients on their way back. It has no factor 2 for ReLU,
# because it was made for tanh, which hardly changes small numbers. With as many inputs as outputs it is Kaiming's rule
# with gain 1. The standard deviation of the activations through 20 layers of convolution:

# %% tags=["active-ipynb"]
# seed_everything(0)
# deviations = {}
# for name, scale, relu in [
#     ("0.5 x Kaiming, ReLU", 0.5, True), ("Kaiming, ReLU", 1.0, True), ("1.5 x Kaiming, ReLU", 1.5, True),
#     ("Xavier, ReLU", 0.5**0.5, True), ("Xavier, tanh", 0.5**0.5, False),
# ]:
#     hidden, deviations[name] = torch.randn(8, 16, 32, 32), []
#     for _ in range(20):
#         w = scale * kaiming_initializer(16, 16, K=3)  # 16 in, 16 out: Xavier has half of its variance
#         hidden, _ = FastConv.forward(hidden, w, torch.zeros(16), {"stride": 1, "pad": 1})
#         hidden = hidden.relu() if relu else hidden.tanh()
#         deviations[name].append(float(hidden.std()))
# figure = curves(deviations, x=range(1, 21), xlabel="layer", ylabel="standard deviation of the activations")
# figure.axes[0].set_yscale("log")
# figure

# %% [markdown]
# ## 4 Batch normalisation
#
# Even well begun, the distribution of a layer's inputs drifts while the layers before it learn. Ioffe and Szegedy
# (2015, algorithm 1) put the remedy into the network: give every feature mean 0 and variance 1 *over the batch*,
# then let it learn a scale and a shift of its own. (The drift is their explanation. Why it helps is still debated:
# batch normalisation also makes the loss smoother, Santurkar et al. 2018.)
#
# $$ \mu = \frac1N \sum_n x_n, \qquad \sigma^2 = \frac1N \sum_n (x_n - \mu)^2, \qquad
#    \hat x_n = \frac{x_n - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y_n = \gamma\, \hat x_n + \beta . $$
#
# The variance is divided by $N$, not $N - 1$. When the network is used, there may be no batch, and an image's
# prediction must not depend on its neighbours. So training keeps **running statistics**,
#
# $$ \text{running} \leftarrow m \cdot \text{running} + (1 - m) \cdot \text{batch}, $$
#
# and test mode normalises with those. They live in `bn_param` under `running_mean` and `running_var`; both begin at
# zero if they are not there yet.
#
# **Backward.** Draw the graph from $x$ to $y$ and walk it backwards: $x$ reaches $y$ on three paths, directly, through
# $\mu$ and through $\sigma^2$. That is `backward`. On paper most terms cancel, and what remains fits in one line. With
# $g_n = \gamma\, \partial L / \partial y_n$,
#
# $$ \frac{\partial L}{\partial x_n} = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}
#    \Big( g_n - \frac1N \sum_m g_m - \hat x_n\, \frac1N \sum_m g_m \hat x_m \Big). $$
#
# Derive it once with a pencil, then write it as `backward_alt`.


# %% task="BatchNorm.forward BatchNorm.backward BatchNorm.backward_alt" minutes=60 difficulty="hard"
class BatchNorm:
    """Batch normalisation of vectors."""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, bn_param: dict[str, Any]) -> tuple[Tensor, Any]:
        """Normalise each feature over the batch; in test mode, by the running statistics.

        In train mode ``bn_param["running_mean"]`` and ``bn_param["running_var"]`` are updated.

        Shapes:
            x         (N, D)  float
            gamma     (D,)    scale
            beta      (D,)    shift
            bn_param  dict    "mode": "train" or "test"; "eps": 1e-5; "momentum": 0.9; "running_mean" and
                              "running_var" (D,)
            out       (N, D)  and a cache for backward
        """
        mode = bn_param["mode"]
        eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
        running_mean = bn_param.get("running_mean", torch.zeros_like(x[0]))
        running_var = bn_param.get("running_var", torch.zeros_like(x[0]))
        if mode not in ("train", "test"):
            raise ValueError(f'bn_param["mode"] is "train" or "test", not {mode!r}.')
        ### BEGIN SOLUTION
        if mode == "train":
            mean = x.mean(dim=0)
            var = (x - mean).square().mean(dim=0)
            bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
            bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
        else:
            mean, var = running_mean, running_var
        centred, std = x - mean, (var + eps).sqrt()
        out = gamma * centred / std + beta
        cache = (centred, std, gamma)
        ### END SOLUTION
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of train mode, step by step back through the graph.

        Shapes:
            dout  (N, D)  gradient with respect to out
            out   three   dx (N, D), dgamma (D,), dbeta (D,)
        """
        ### BEGIN SOLUTION
        centred, std, gamma = cache
        dbeta = dout.sum(dim=0)
        dgamma = (dout * centred / std).sum(dim=0)
        dnormal = dout * gamma
        dvar = -0.5 * (dnormal * centred).sum(dim=0) / std**3
        dcentred = dnormal / std + 2 * dvar * centred / len(dout)
        dx = dcentred - dcentred.mean(dim=0)
        ### END SOLUTION
        return dx, dgamma, dbeta

    @staticmethod
    def backward_alt(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """The same gradients by the formula that remains when everything has been simplified.

        Shapes:
            dout  (N, D)  gradient with respect to out
            out   three   dx (N, D), dgamma (D,), dbeta (D,)
        """
        ### BEGIN SOLUTION
        centred, std, gamma = cache
        normal = centred / std
        dbeta, dgamma = dout.sum(dim=0), (dout * normal).sum(dim=0)
        dx = gamma / std * (dout - (dbeta + normal * dgamma) / len(dout))
        ### END SOLUTION
        return dx, dgamma, dbeta


# %% [markdown] hint="BatchNorm.forward"
# 1. In train mode compute mean and variance of each column; the variance divides by N: `x.var(dim=0,
#    unbiased=False)`, or the mean of squares of `x - mean`.
# 2. Update `bn_param["running_mean"]` and `bn_param["running_var"]` by assigning new tensors. In test mode use them
#    instead of the batch's, and leave them alone.
# 3. Normalise with `(x - mean) / (var + eps).sqrt()`: `eps` is inside the root. Then scale and shift.

# %% [markdown] hint="BatchNorm.backward"
# 1. `dbeta` and `dgamma` are sums over the batch: of `dout`, and of `dout * normal`. Write `dnormal = dout * gamma`.
# 2. `x` reaches the output on three paths. Through the numerator: `dnormal / std`. Through the variance:
#    its gradient is the sum over the batch of `dnormal * centred`, times -1/2, divided by the third power of `std`, and
#    each `x` has the share `2 * centred / N` of it. Through the mean: minus the mean over the batch of the two others.
# 3. Add the three. Compare with finite differences on 4 vectors of 3 numbers, in float64.

# %% [markdown] hint="BatchNorm.backward_alt"
# 1. The formula above has two means over the batch: of `g`, and of `g * normal`. Both are vectors of D numbers.
# 2. `g` is `dout * gamma`. The whole difference is divided by `std`. No other sum is needed: `dgamma` and `dbeta` are
#    as in `backward`.

# %% [markdown]
# A convolution gives every place of a channel the same weights, so every place should get the same mean and variance
# too: **spatial** batch normalisation takes them over images, rows *and* columns, one pair for each channel. Reshape
# carefully, and your `BatchNorm` does the work.


# %% task="SpatialBatchNorm.forward SpatialBatchNorm.backward" minutes=15 difficulty="medium"
class SpatialBatchNorm:
    """Batch normalisation of feature maps."""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, bn_param: dict[str, Any]) -> tuple[Tensor, Any]:
        """Normalise each channel over images and places.

        Shapes:
            x         (N, C, H, W)  float
            gamma     (C,)          scale
            beta      (C,)          shift
            bn_param  dict          as for BatchNorm; running statistics of shape (C,)
            out       (N, C, H, W)  and a cache for backward
        """
        ### BEGIN SOLUTION
        rows = x.movedim(1, 3)  # (N, H, W, C)
        out, cache = BatchNorm.forward(rows.flatten(0, 2), gamma, beta, bn_param)
        out = out.reshape(rows.shape).movedim(3, 1)
        ### END SOLUTION
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of train mode.

        Shapes:
            dout  (N, C, H, W)  gradient with respect to out
            out   three         dx (N, C, H, W), dgamma (C,), dbeta (C,)
        """
        ### BEGIN SOLUTION
        rows = dout.movedim(1, 3)
        dx, dgamma, dbeta = BatchNorm.backward_alt(rows.flatten(0, 2), cache)
        dx = dx.reshape(rows.shape).movedim(3, 1)
        ### END SOLUTION
        return dx, dgamma, dbeta


# %% [markdown] hint="SpatialBatchNorm.forward"
# 1. `BatchNorm` wants rows of C numbers, one row for each place of each image. So the channels must become the *last*
#    axis before you flatten: `x.movedim(1, 3)`, then `reshape(-1, C)`.
# 2. Undo it afterwards: reshape to (N, H, W, C), then move the last axis back to place 1. `reshape(-1, C)` alone
#    would mix channels and places.

# %% [markdown] hint="SpatialBatchNorm.backward"
# 1. Bring `dout` into the same rows, call the backward of `BatchNorm`, and bring `dx` back. `dgamma` and `dbeta` are
#    already (C,).

# %% [markdown] question="conv-q2"
# **Question 2.** A convolution with bias is followed directly by batch normalisation. What is the gradient of the
# loss with respect to that bias, in train mode, and why? What does multiplying all weights of the convolution by 10
# change in the output of the pair? In test mode a single convolution can replace the pair: what are its weights and its
# bias?

# %% [markdown] answer="conv-q2"
# ### BEGIN SOLUTION
# Zero: the bias shifts every value of its channel by the same amount, the mean takes the shift away again, and $\beta$
# does the bias's work. Scaling the weights scales $x - \mu$ and $\sigma$ alike, so (up to $\varepsilon$) nothing
# changes in the output. This is why normalised networks forgive a bad initialisation, and why the size of the weights
# then only sets the *effective* learning rate. In test mode mean and variance are fixed numbers, so the pair is linear:
# the weights of each filter are multiplied by its $\gamma / \sqrt{\sigma^2 + \varepsilon}$, and the new bias is
# $\beta + \gamma (b - \mu) / \sqrt{\sigma^2 + \varepsilon}$. Programs that run trained networks *fold* batch
# normalisation into the convolution in this way and save its cost.
# ### END SOLUTION

# %% [markdown]
# ## 5 A deep network
#
#     {conv 3x3 - [batch norm] - ReLU - [2x2 max pool]} x (L - 1) - linear
#
# Any depth, any number of filters in each layer, pooling after the layers listed in `max_pools` (counted from 0).
# Layer $i$, counted from 1, has parameters `Wi`, `bi` and, with batch normalisation, `gammai` and `betai`; the linear
# layer is the last, number $L$ = `len(num_filters) + 1`. Convolutions have stride 1 and pad 1, pooling windows are 2x2
# with stride 2.
#
# In `__init__`, weights are `weight_scale` times standard normal numbers, or come from `kaiming_initializer` if
# `weight_scale` is the string `"kaiming"` (with `relu=False` for the last layer). Where a `weight_initializer` is
# given, a function with the arguments of `kaiming_initializer`, all weights come from that, and `weight_scale` plays
# no part. Biases and `beta` begin at 0, `gamma` at 1. In `loss`, regularise the weights `W` only. The four sandwiches
# `Conv_...` are your friends.


# %% task="DeepConvNet" minutes=60 difficulty="hard"
class DeepConvNet:
    """{conv3x3 - [batch norm] - ReLU - [max pool]} x (L - 1) - linear.

    Parameters W1, b1, [gamma1, beta1], ..., WL, bL.

    If there is a weight_initializer, it makes the weights: those of a convolution by
    weight_initializer(Din, Dout, K=3, relu=True, device=device, dtype=dtype), those of the linear layer by
    weight_initializer(Din, Dout, relu=False, device=device, dtype=dtype).
    """

    def __init__(
        self,
        input_dims: tuple[int, int, int] = (3, 32, 32),
        num_filters: list[int] | tuple[int, ...] = (8, 8, 8, 8, 8),
        max_pools: list[int] | tuple[int, ...] = (0, 1, 2, 3, 4),
        batchnorm: bool = False,
        num_classes: int = 10,
        weight_scale: float | str = 1e-3,
        reg: float = 0.0,
        weight_initializer: Callable[..., Tensor] | None = None,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
    ):
        self.num_layers = len(num_filters) + 1
        self.max_pools, self.batchnorm = set(max_pools), batchnorm
        self.reg, self.dtype = reg, dtype
        self.conv_param = {"stride": 1, "pad": 1}
        self.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        if weight_scale == "kaiming" and weight_initializer is None:
            weight_initializer = kaiming_initializer
        self.params: dict[str, Tensor] = {}
        ### BEGIN SOLUTION
        channels, height, width = input_dims
        like = {"dtype": dtype, "device": device}
        for layer, filters in enumerate(num_filters, start=1):
            if weight_initializer is None:
                weight = weight_scale * torch.randn(filters, channels, 3, 3, **like)
            else:
                weight = weight_initializer(channels, filters, K=3, relu=True, **like)
            self.params[f"W{layer}"] = weight
            self.params[f"b{layer}"] = torch.zeros(filters, **like)
            if batchnorm:
                self.params[f"gamma{layer}"] = torch.ones(filters, **like)
                self.params[f"beta{layer}"] = torch.zeros(filters, **like)
            if layer - 1 in self.max_pools:
                height, width = height // 2, width // 2
            channels = filters
        features = channels * height * width
        if weight_initializer is None:
            weight = weight_scale * torch.randn(features, num_classes, **like)
        else:
            weight = weight_initializer(features, num_classes, relu=False, **like)
        self.params[f"W{self.num_layers}"] = weight
        self.params[f"b{self.num_layers}"] = torch.zeros(num_classes, **like)
        ### END SOLUTION

        # One dict for each batch normalisation; the running statistics collect in there.
        self.bn_params: list[dict[str, Any]] = [{"mode": "train"} for _ in num_filters] if batchnorm else []

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        """Scores when there are no labels (batch normalisation in test mode), else the loss and its gradients.

        The loss is the mean softmax loss, plus reg times the sum of all squared weights (not of biases, gamma, beta).

        Shapes:
            X    (N, C, H, W)  images
            y    (N,)          labels, int64, or None
            out  (N, L)        scores; or (loss, grads), grads under the names of params
        """
        X = X.to(self.dtype)
        for bn_param in self.bn_params:
            bn_param["mode"] = "test" if y is None else "train"
        ### BEGIN SOLUTION
        p, last, backwards = self.params, self.num_layers, []
        hidden = X
        for layer in range(1, last):
            args = [p[f"W{layer}"], p[f"b{layer}"]]
            if self.batchnorm:
                args += [p[f"gamma{layer}"], p[f"beta{layer}"], self.conv_param, self.bn_params[layer - 1]]
            else:
                args += [self.conv_param]
            sandwich: Any = Conv_BatchNorm_ReLU if self.batchnorm else Conv_ReLU
            if layer - 1 in self.max_pools:
                sandwich = Conv_BatchNorm_ReLU_Pool if self.batchnorm else Conv_ReLU_Pool
                args += [self.pool_param]
            hidden, cache = sandwich.forward(hidden, *args)
            backwards.append((sandwich, cache))
        scores, cache = Linear.forward(hidden, p[f"W{last}"], p[f"b{last}"])
        if y is None:
            return scores

        loss, dout = softmax_loss(scores, y)
        grads = {}
        dout, grads[f"W{last}"], grads[f"b{last}"] = Linear.backward(dout, cache)
        for layer in range(last - 1, 0, -1):
            sandwich, cache = backwards.pop()
            dout, grads[f"W{layer}"], grads[f"b{layer}"], *normal = sandwich.backward(dout, cache)
            if self.batchnorm:
                grads[f"gamma{layer}"], grads[f"beta{layer}"] = normal
        for layer in range(1, last + 1):
            weight = p[f"W{layer}"]
            loss = loss + self.reg * weight.square().sum()
            grads[f"W{layer}"] = grads[f"W{layer}"] + 2 * self.reg * weight
        return loss, grads
        ### END SOLUTION


# %% [markdown] hint="DeepConvNet"
# 1. In `__init__` walk through the layers and keep track of three numbers: channels, height, width. A convolution
#    changes only the channels; a layer listed in `max_pools` halves height and width, rounding down. The last layer
#    has `channels * height * width` inputs.
# 2. In `loss` go through the layers with the right one of the four `Conv_...` groups, and append the group and its
#    cache to a list; then `Linear`. Backward, take them from the end of the list.
# 3. A group with batch normalisation returns five gradients, one without returns three. Regularise the weights `W1`
#    to `WL`, the last one included, and nothing else.

# %% [markdown]
# Before a long training, a short one: a correct network with enough filters can overfit 50 images. If it
# cannot, something is broken or the learning rate or the initialisation is off, and you find out in a second.
# Find numbers with which the network below, without batch normalisation, classifies at least 45 of the 50 correctly
# after 30 epochs. Good numbers reach 48 to 50, depending on the seed.


# %% task="find_overfit_parameters" minutes=15 difficulty="easy"
def find_overfit_parameters() -> tuple[float, float]:
    """weight_scale and learning_rate with which a four-layer DeepConvNet overfits 50 images in 30 epochs.

    The network: num_filters=[8, 16, 32, 64], max_pools=[0, 1, 2, 3], reg=1e-5; Adam, batches of 10.

    Shapes:
        out  two floats  (weight_scale, learning_rate)
    """
    ### BEGIN SOLUTION
    # A scale near Kaiming's for 8 to 32 channels, and a rate somewhat above Adam's usual 1e-3.
    return 0.1, 4e-3
    ### END SOLUTION


# %% [markdown] hint="find_overfit_parameters"
# 1. Without batch normalisation the scale decides. Kaiming's rule for 8 to 32 input channels gives `sqrt(2 / (9 * 8))
#    = 0.17` to `0.08`.
# 2. For Adam try rates from 1e-3 up, by factors of 2, in the cell below.

# %% tags=["active-ipynb"]
# # about 6 seconds
# seed_everything(0)
# weight_scale, learning_rate = find_overfit_parameters()
# few = {**data, "X_train": data["X_train"][:50], "y_train": data["y_train"][:50]}
# net = DeepConvNet(num_filters=[8, 16, 32, 64], max_pools=[0, 1, 2, 3], reg=1e-5, weight_scale=weight_scale)
# optimizer = {"update_rule": adam, "optim_config": {"learning_rate": learning_rate}}
# solver = Solver(net, few, **optimizer, num_epochs=30, batch_size=10)
# solver.train(return_best_params=False)
# curves({"train": solver.train_acc_history, "validation": solver.val_acc_history}, xlabel="epoch", ylabel="accuracy")

# %% [markdown]
# Now the real one. Choose a deep network, an update rule and a schedule, and return a `Solver` that is ready to
# train. Size and channels of the images and the number of classes are those of the data it is given. It may take as
# many steps as you like, but draw **at most 20,000 images** in all: `num_epochs` times the number of training images.
# The scored check has 4,000 training images for it, so five epochs. After each epoch it measures accuracy on other
# images, and it passes as soon as that is high enough. A fully connected network with the same budget gets about
# half of them right; batch normalisation, Kaiming initialisation and a learning rate that falls get you much further.


# %% task="create_convolutional_solver_instance" minutes=30 difficulty="medium"
def create_convolutional_solver_instance(
    data_dict: dict[str, Tensor], dtype: torch.dtype, device: str | torch.device
) -> Solver:
    """A Solver for a DeepConvNet on these data; num_epochs times the training images is at most 20,000.

    The network has one score for each class; classes are numbered from 0 to the largest label.

    Shapes:
        data_dict  dict    X_train (N, C, H, W), H and W from 32 up, y_train (N,), X_val, y_val
        dtype      dtype   of the network's parameters
        device     device  of the network's parameters
        out        Solver  not yet trained
    """
    ### BEGIN SOLUTION
    images = data_dict["X_train"]
    model = DeepConvNet(
        input_dims=tuple(images.shape[1:]),
        num_filters=[8, 32, 64],
        max_pools=[0, 1, 2],
        batchnorm=True,
        num_classes=int(data_dict["y_train"].max()) + 1,
        weight_scale="kaiming",
        reg=1e-4,
        dtype=dtype,
        device=device,
    )
    return Solver(
        model,
        data_dict,
        update_rule=adam,
        optim_config={"learning_rate": 5e-3},
        lr_decay=0.7,
        num_epochs=20_000 // len(images),
        batch_size=50,
        num_train_samples=500,
        device=device,
        verbose=False,
    )
    ### END SOLUTION


# %% [markdown] hint="create_convolutional_solver_instance"
# 1. Take `input_dims` from the shape of the training images and the number of classes from the largest label.
#    `num_epochs` is `20_000 // len(images)`.
# 2. A good start: three layers with growing numbers of filters and a pooling after each, `batchnorm=True`,
#    `weight_scale="kaiming"`, Adam with a rate of some 1e-3 and an `lr_decay` below 1, batches of 50.

# %% tags=["active-ipynb"]
# # about 15 seconds
# seed_everything(0)
# solver = create_convolutional_solver_instance(data, torch.float32, "cpu")
# solver.num_epochs, solver.verbose = min(solver.num_epochs, 6), True  # verbose shows a progress bar
# solver.train()
# print(f"best validation accuracy {solver.best_val_acc:.3f}")
# curves({"train": solver.train_acc_history, "validation": solver.val_acc_history}, xlabel="epoch", ylabel="accuracy")

# %% [markdown]
# ### What batch normalisation buys
#
# The same network with and without it, at learning rates over three powers of ten, two epochs each. The picture shows
# the validation accuracy afterwards. How wide is the range of rates at which each of them learns?

# %% tags=["active-ipynb"]
# # about 12 seconds
# rates = [1e-4, 1e-3, 1e-2, 1e-1]
# subset = {**data, "X_train": data["X_train"][:1000], "y_train": data["y_train"][:1000]}
# reached = {}
# for batchnorm in (False, True):
#     for rate in tqdm(rates, desc=f"batchnorm={batchnorm}", unit="net"):
#         seed_everything(0)
#         net = DeepConvNet(
#             num_filters=[16, 16, 32, 32], max_pools=[0, 1, 3], batchnorm=batchnorm, weight_scale="kaiming"
#         )
#         solver = Solver(
#             net, subset, update_rule=adam, optim_config={"learning_rate": rate}, num_epochs=2, batch_size=50,
#             num_train_samples=100, verbose=False,
#         )
#         solver.train()
#         reached.setdefault("with" if batchnorm else "without", []).append(solver.best_val_acc)
# plt.figure(figsize=(6, 3.5))
# for (name, accuracies), style in zip(reached.items(), ("--", "-")):
#     plt.semilogx(rates, accuracies, linestyle=style, marker="o", label=f"{name} batch normalisation")
# plt.xlabel("learning rate of Adam")
# plt.ylabel("validation accuracy")
# plt.grid(alpha=0.3)
# plt.legend()
# said = "; ".join(f"{name}: {', '.join(f'{value:.2f}' for value in values)}" for name, values in reached.items())
# show(f"Validation accuracy at the learning rates 0.0001, 0.001, 0.01, 0.1; batch normalisation {said}.")

# %% [markdown] question="conv-q3"
# **Question 3.** You trained with batches of 50 and now predict one image at a time. A friend forgot to switch to
# test mode. What comes out of the first batch normalisation of vectors (N, D), if N = 1, whatever the image? And what
# of spatial batch normalisation?

# %% [markdown] answer="conv-q3"
# ### BEGIN SOLUTION
# With one vector, the mean is the vector itself and the variance 0, so the output is $\beta$: the image is lost.
# Spatial batch normalisation still averages over the places of the one image, so differences between places survive,
# but each channel's overall level and contrast, which carry information, are replaced by $\beta$ and $\gamma$.
# ### END SOLUTION

# %% [markdown]
# ## 6 Other normalisations
#
# Statistics over a batch are poor when batches are small. Others average within one image, so that train and test
# mode are the same and nothing is stored:
#
#     axes      N       C       H, W
#     batch     mean    -       mean      one pair of statistics for each channel
#     layer     -       mean    mean      one for each image                (Ba, Kiros and Hinton 2016)
#     instance  -       -       mean      one for each image and channel    (Ulyanov et al. 2016)
#     group     -       groups  mean      one for each image and group      (Wu and He 2018, equation 7)
#
# `LayerNorm` is for vectors: each of the $N$ rows is normalised over its $D$ features, and $\gamma$, $\beta$ have one
# entry for each *feature*, as before. Group normalisation splits $C$ channels into $G$ groups of neighbours; with
# $G = C$ it is instance normalisation, with $G = 1$ layer normalisation. Scale and shift are per channel.


# %% task="LayerNorm.forward LayerNorm.backward" minutes=20 difficulty="medium"
class LayerNorm:
    """Layer normalisation of vectors."""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, ln_param: dict[str, float]) -> tuple[Tensor, Any]:
        """Normalise each row over its features.

        Shapes:
            x         (N, D)  float
            gamma     (D,)    scale
            beta      (D,)    shift
            ln_param  dict    "eps": 1e-5
            out       (N, D)  and a cache for backward
        """
        eps = ln_param.get("eps", 1e-5)
        ### BEGIN SOLUTION
        std = (x.var(dim=1, unbiased=False, keepdim=True) + eps).sqrt()
        normal = (x - x.mean(dim=1, keepdim=True)) / std
        out = gamma * normal + beta
        cache = (normal, std, gamma)
        ### END SOLUTION
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients with respect to x, gamma and beta.

        Shapes:
            dout  (N, D)  gradient with respect to out
            out   three   dx (N, D), dgamma (D,), dbeta (D,)
        """
        ### BEGIN SOLUTION
        normal, std, gamma = cache
        dnormal = dout * gamma
        along = normal * (dnormal * normal).mean(dim=1, keepdim=True)
        dx = (dnormal - dnormal.mean(dim=1, keepdim=True) - along) / std
        dgamma, dbeta = (dout * normal).sum(dim=0), dout.sum(dim=0)
        ### END SOLUTION
        return dx, dgamma, dbeta


# %% [markdown] hint="LayerNorm.forward"
# 1. As batch normalisation in train mode, but mean and variance are taken along each *row*, `dim=1` with
#    `keepdim=True`, and there are no running statistics.
# 2. `gamma` and `beta` have one entry for each feature, and broadcast over the rows.

# %% [markdown] hint="LayerNorm.backward"
# 1. `dgamma` and `dbeta` are sums over the rows. `dx` has the formula of `backward_alt`, with means over the features
#    of each row.
# 2. Multiply `dout` by `gamma` *before* you take these means: within a row the entries of `gamma` differ.


# %% task="SpatialGroupNorm.forward SpatialGroupNorm.backward" minutes=25 difficulty="medium"
class SpatialGroupNorm:
    """Group normalisation of feature maps."""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, G: int, gn_param: dict[str, float]) -> tuple[Tensor, Any]:
        """Normalise each group of channels of each image.

        Shapes:
            x         (N, C, H, W)  float
            gamma     (C,)          scale
            beta      (C,)          shift
            G         int           number of groups, a divisor of C; C // G neighbouring channels are one group
            gn_param  dict          "eps": 1e-5
            out       (N, C, H, W)  and a cache for backward
        """
        eps = gn_param.get("eps", 1e-5)
        ### BEGIN SOLUTION
        groups = x.reshape(len(x), G, -1)  # (N, G, C/G*H*W)
        std = (groups.var(dim=2, unbiased=False, keepdim=True) + eps).sqrt()
        normal = ((groups - groups.mean(dim=2, keepdim=True)) / std).reshape(x.shape)
        out = gamma[:, None, None] * normal + beta[:, None, None]
        cache = (normal, std, gamma)
        ### END SOLUTION
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients with respect to x, gamma and beta.

        Shapes:
            dout  (N, C, H, W)  gradient with respect to out
            out   three         dx (N, C, H, W), dgamma (C,), dbeta (C,)
        """
        ### BEGIN SOLUTION
        normal, std, gamma = cache
        dnormal = (dout * gamma[:, None, None]).reshape(*std.shape[:2], -1)  # (N, G, C/G*H*W)
        groups = normal.reshape(dnormal.shape)
        along = groups * (dnormal * groups).mean(dim=2, keepdim=True)
        dx = ((dnormal - dnormal.mean(dim=2, keepdim=True) - along) / std).reshape(dout.shape)
        dgamma, dbeta = (dout * normal).sum(dim=(0, 2, 3)), dout.sum(dim=(0, 2, 3))
        ### END SOLUTION
        return dx, dgamma, dbeta


# %% [markdown] hint="SpatialGroupNorm.forward"
# 1. Reshape to (N, G, -1): each row then holds one group of one image. Normalise along the last axis, and reshape
#    back.
# 2. Scale and shift are per channel: `gamma[:, None, None]` broadcasts over (N, C, H, W).

# %% [markdown] hint="SpatialGroupNorm.backward"
# 1. `dgamma` and `dbeta` are sums over images and places. Multiply `dout` by `gamma` first, then bring it into the
#    groups, (N, G, -1).
# 2. From there it is `LayerNorm.backward` along the last axis, without its `gamma`. Reshape `dx` back at the end.

# %% [markdown]
# ## What to take home
#
# A convolution is a small linear layer that visits every place: its gradient is a sum over the places. Normalisation
# layers are easy forward; backward they connect everything they averaged over, which is why their gradient subtracts
# means. And a network that cannot overfit 50 images will not learn 50,000. In `resnet.py` torch computes
# the gradients, and you go deeper.
#
# **Where to look next.** Dumoulin and Visin (*A guide to convolution arithmetic for deep learning*, 2016) draw every
# stride and pad. Zeiler and Fergus (*Visualizing and understanding convolutional networks*, 2014) show what later
# layers look for. Santurkar et al. (*How does batch normalization help optimization?*, 2018) test the explanation by
# drift.
