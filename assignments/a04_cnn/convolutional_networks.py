# %% [markdown]
# # Convolutional networks by hand
#
# A fully connected layer does not know that two pixels are neighbours: shuffle all images in the same way, and it
# learns as well as before. A convolutional layer looks at small windows and uses the same weights in each, so a
# stripe learned in one corner is known everywhere. You write that layer and its gradient, then what makes deep
# stacks of it trainable: a good initialisation and normalisation.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Layers | `Conv.forward`, `.backward`, `MaxPool.forward`, `.backward` | 20 | 100 |
# | 2 A small network | `ThreeLayerConvNet.loss` | 5 | 20 |
# | 3 Initialisation | `kaiming_initializer` | 3 | 10 |
# | 4 Batch normalisation | `BatchNorm.forward`, `.backward`, `.backward_alt`, `SpatialBatchNorm.forward`, `.backward` | 16 | 75 |
# | 5 A deep network | `DeepConvNet`, `find_overfit_parameters`, `create_convolutional_solver_instance` | 12 | 105 |
# | 6 Other normalisations | `LayerNorm.forward`, `.backward`, `SpatialGroupNorm.forward`, `.backward` | 8 | 45 |
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

# %% task="Conv.forward Conv.backward"
# About 60 minutes, hard. Stuck? hint("Conv.forward") or hint("Conv.backward") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients with respect to x, w and b.

        Shapes:
            dout  (N, F, H', W')  gradient with respect to out
            out   three           dx, dw, db, shaped as x, w, b
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dw, db


# %% tags=["active-ipynb"] grade="Conv.forward"
# check("convolutional_networks", task="Conv.forward")

# %% tags=["active-ipynb"] grade="Conv.backward"
# check("convolutional_networks", task="Conv.backward")

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
# YOUR ANSWER HERE

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

# %% task="MaxPool.forward MaxPool.backward"
# About 40 minutes, hard. Stuck? hint("MaxPool.forward") or hint("MaxPool.backward") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> Tensor:
        """Gradient with respect to x: each output's gradient goes to one maximum of its window.

        Shapes:
            dout  (N, C, H', W')  gradient with respect to out
            out   (N, C, H, W)    dx
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="MaxPool.forward"
# check("convolutional_networks", task="MaxPool.forward")

# %% tags=["active-ipynb"] grade="MaxPool.backward"
# check("convolutional_networks", task="MaxPool.backward")

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

# %% task="ThreeLayerConvNet.loss"
# About 20 minutes, medium. Stuck? hint("ThreeLayerConvNet.loss") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ThreeLayerConvNet.loss"
# check("convolutional_networks", task="ThreeLayerConvNet.loss")

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

# %% task="kaiming_initializer"
# About 10 minutes, easy. Stuck? hint("kaiming_initializer") shows a first step.
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
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="kaiming_initializer"
# check("convolutional_networks", task="kaiming_initializer")

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

# %% task="BatchNorm.forward BatchNorm.backward BatchNorm.backward_alt"
# About 60 minutes, hard. Stuck? hint("BatchNorm.forward"), or of another task, shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of train mode, step by step back through the graph.

        Shapes:
            dout  (N, D)  gradient with respect to out
            out   three   dx (N, D), dgamma (D,), dbeta (D,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dgamma, dbeta

    @staticmethod
    def backward_alt(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """The same gradients by the formula that remains when everything has been simplified.

        Shapes:
            dout  (N, D)  gradient with respect to out
            out   three   dx (N, D), dgamma (D,), dbeta (D,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dgamma, dbeta


# %% tags=["active-ipynb"] grade="BatchNorm.forward"
# check("convolutional_networks", task="BatchNorm.forward")

# %% tags=["active-ipynb"] grade="BatchNorm.backward"
# check("convolutional_networks", task="BatchNorm.backward")

# %% tags=["active-ipynb"] grade="BatchNorm.backward_alt"
# check("convolutional_networks", task="BatchNorm.backward_alt")

# %% [markdown]
# A convolution gives every place of a channel the same weights, so every place should get the same mean and variance
# too: **spatial** batch normalisation takes them over images, rows *and* columns, one pair for each channel. Reshape
# carefully, and your `BatchNorm` does the work.

# %% task="SpatialBatchNorm.forward SpatialBatchNorm.backward"
# About 15 minutes, medium. Stuck? hint("SpatialBatchNorm.forward") or hint("SpatialBatchNorm.backward") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of train mode.

        Shapes:
            dout  (N, C, H, W)  gradient with respect to out
            out   three         dx (N, C, H, W), dgamma (C,), dbeta (C,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dgamma, dbeta


# %% tags=["active-ipynb"] grade="SpatialBatchNorm.forward"
# check("convolutional_networks", task="SpatialBatchNorm.forward")

# %% tags=["active-ipynb"] grade="SpatialBatchNorm.backward"
# check("convolutional_networks", task="SpatialBatchNorm.backward")

# %% [markdown] question="conv-q2"
# **Question 2.** A convolution with bias is followed directly by batch normalisation. What is the gradient of the
# loss with respect to that bias, in train mode, and why? What does multiplying all weights of the convolution by 10
# change in the output of the pair? In test mode a single convolution can replace the pair: what are its weights and its
# bias?

# %% [markdown] answer="conv-q2"
# YOUR ANSWER HERE

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

# %% task="DeepConvNet"
# About 60 minutes, hard. Stuck? hint("DeepConvNet") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()

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
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="DeepConvNet"
# check("convolutional_networks", task="DeepConvNet")

# %% [markdown]
# Before a long training, a short one: a correct network with enough filters can overfit 50 images. If it
# cannot, something is broken or the learning rate or the initialisation is off, and you find out in a second.
# Find numbers with which the network below, without batch normalisation, classifies at least 45 of the 50 correctly
# after 30 epochs. Good numbers reach 48 to 50, depending on the seed.

# %% task="find_overfit_parameters"
# About 15 minutes, easy. Stuck? hint("find_overfit_parameters") shows a first step.
def find_overfit_parameters() -> tuple[float, float]:
    """weight_scale and learning_rate with which a four-layer DeepConvNet overfits 50 images in 30 epochs.

    The network: num_filters=[8, 16, 32, 64], max_pools=[0, 1, 2, 3], reg=1e-5; Adam, batches of 10.

    Shapes:
        out  two floats  (weight_scale, learning_rate)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="find_overfit_parameters"
# check("convolutional_networks", task="find_overfit_parameters")

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

# %% task="create_convolutional_solver_instance"
# About 30 minutes, medium. Stuck? hint("create_convolutional_solver_instance") shows a first step.
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
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="create_convolutional_solver_instance"
# check("convolutional_networks", task="create_convolutional_solver_instance")

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
# YOUR ANSWER HERE

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

# %% task="LayerNorm.forward LayerNorm.backward"
# About 20 minutes, medium. Stuck? hint("LayerNorm.forward") or hint("LayerNorm.backward") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients with respect to x, gamma and beta.

        Shapes:
            dout  (N, D)  gradient with respect to out
            out   three   dx (N, D), dgamma (D,), dbeta (D,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dgamma, dbeta


# %% tags=["active-ipynb"] grade="LayerNorm.forward"
# check("convolutional_networks", task="LayerNorm.forward")

# %% tags=["active-ipynb"] grade="LayerNorm.backward"
# check("convolutional_networks", task="LayerNorm.backward")

# %% task="SpatialGroupNorm.forward SpatialGroupNorm.backward"
# About 25 minutes, medium. Stuck? hint("SpatialGroupNorm.forward") or hint("SpatialGroupNorm.backward") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients with respect to x, gamma and beta.

        Shapes:
            dout  (N, C, H, W)  gradient with respect to out
            out   three         dx (N, C, H, W), dgamma (C,), dbeta (C,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dgamma, dbeta

# %% tags=["active-ipynb"] grade="SpatialGroupNorm.forward"
# check("convolutional_networks", task="SpatialGroupNorm.forward")

# %% tags=["active-ipynb"] grade="SpatialGroupNorm.backward"
# check("convolutional_networks", task="SpatialGroupNorm.backward")

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
