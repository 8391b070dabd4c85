# %% [markdown]
# # Fully connected networks, from modules
#
# The two-layer net was one function: forward, backward and the order of the layers in one place. A third layer would
# have meant writing it again. Here every layer is a class with a `forward` and a `backward` that know nothing of
# their neighbours. A net of any depth is then a loop, and PyTorch's own autograd is this idea carried to the end.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Layers | `Linear.forward`, `.backward`, `ReLU.forward`, `.backward`, `Dropout.forward`, `.backward` | 24 | 45 |
# | 2 Two layers and the Solver | `TwoLayerNet.__init__`, `.loss`, `create_solver_instance` | 12 | 40 |
# | 3 Any depth | `FullyConnectedNet.__init__`, `.loss`, `get_three_layer_network_params`, `get_five_layer_network_params` | 16 | 65 |
# | 4 Update rules | `sgd_momentum`, `nesterov`, `adagrad`, `rmsprop`, `adam` | 16 | 40 |
#
# Replace each `raise NotImplementedError()` by your code, then run the cell below it. torch's arithmetic is all you
# need; `torch.nn`, `torch.autograd` and `torch.optim` are what you build here, so they are not allowed.

# %%
from typing import Any

import torch
from torch import Tensor

from common.training.losses import softmax_loss
from common.training.solver import Solver

Cache = Any  # what forward stores for backward
Config = dict[str, Any]


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
# seed_everything(0)

# %% [markdown]
# ## The data
#
# Scenes again, centred by the mean training image and divided by one standard deviation. `small` is the first fifty
# training images: a set to overfit.

# %% tags=["active-ipynb"]
# scenes = load("scenes")
# mean, scale = scenes.x_train[:4000].mean(dim=0), scenes.x_train[:4000].std()
# images, test_images = (scenes.x_train - mean) / scale, (scenes.x_test - mean) / scale
# validation = {"X_val": images[4000:], "y_val": scenes.y_train[4000:]}
# data = {"X_train": images[:4000], "y_train": scenes.y_train[:4000], **validation}
# small = {"X_train": images[:50], "y_train": scenes.y_train[:50], **validation}
# image_grid(scenes.x_train[:16], titles=[scenes.class_names[label] for label in scenes.y_train[:16]])

# %% [markdown]
# ## 1 Layers
#
# A layer is a pair of functions.
#
#     forward(inputs)        -> output, cache
#     backward(dout, cache)  -> the gradient by each input
#
# `dout` is the gradient of the loss by the layer's output: its shape is that of the output. `cache` is whatever
# `backward` will need; nobody else looks into it. Neither function changes what it is given: the same `x` may be the
# input of another layer, and the same `dout` may go to two layers.
#
# ### Linear
#
# Each image, whatever its shape, is read as one row of $D$ numbers, then
#
# $$ \text{out} = x\,w + b, \qquad
#    dx = d\text{out}\; w^\top, \qquad dw = x^\top d\text{out}, \qquad db = \sum_i d\text{out}_i . $$
#
# `dx` gets the shape of `x`, not that of the rows. Images that come out of a transposition are not contiguous in
# memory: `view` refuses them, `reshape` and `flatten` copy if they must.

# %% task="Linear.forward Linear.backward"
# About 20 minutes, easy. Stuck? hint("Linear.forward") or hint("Linear.backward") shows a first step.
class Linear:
    """Every image as one row, times w, plus b."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Cache]:
        """Apply the layer.

        Shapes:
            x    (N, d1, ..., dk)  images of D = d1 * ... * dk numbers
            w    (D, M)            weights
            b    (M,)              bias
            out  (N, M)            and the cache
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    @staticmethod
    def backward(dout: Tensor, cache: Cache) -> tuple[Tensor, Tensor, Tensor]:
        """The gradient by each input.

        Shapes:
            dout  (N, M)                           gradient by the output
            out   (N, d1, ..., dk), (D, M), (M,)   dx, dw, db
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Linear.forward"
# check("fully_connected_networks", task="Linear.forward")

# %% tags=["active-ipynb"] grade="Linear.backward"
# check("fully_connected_networks", task="Linear.backward")

# %% [markdown]
# ### ReLU
#
# $\max(0, x)$, element by element. The gradient passes where $x > 0$ and is 0 elsewhere. (At exactly 0 there is no
# derivative; like everyone, we take 0.)

# %% task="ReLU.forward ReLU.backward"
# About 5 minutes, easy. Stuck? hint("ReLU.forward") or hint("ReLU.backward") shows a first step.
class ReLU:
    """Negative values become 0."""

    @staticmethod
    def forward(x: Tensor) -> tuple[Tensor, Cache]:
        """Apply the layer.

        Shapes:
            x    any
            out  of x  and the cache
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    @staticmethod
    def backward(dout: Tensor, cache: Cache) -> Tensor:
        """The gradient by x.

        Shapes:
            dout  of x
            out   of x
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ReLU.forward"
# check("fully_connected_networks", task="ReLU.forward")

# %% tags=["active-ipynb"] grade="ReLU.backward"
# check("fully_connected_networks", task="ReLU.backward")

# %% [markdown]
# ### Other activations
#
# ReLU is one choice of many.
#
# | function | formula | watch out for |
# |---|---|---|
# | sigmoid | $1 / (1 + e^{-x})$ | **saturates**: far from 0 its slope is nearly 0. The slope is at most 1/4 |
# | tanh | $2\,\text{sigmoid}(2x) - 1$ | saturates, too; but its outputs are centred on 0 |
# | ReLU | $\max(0, x)$ | a unit that is negative for all images gets no gradient: it is dead |
# | leaky ReLU | $\max(0.01 x, x)$ | a small slope on the left keeps every unit alive |
# | GELU | $x \cdot P(Z \le x)$, $Z$ standard normal | a smooth ReLU; Transformers use it (a06) |
#
# Sigmoids are all positive, so for each image the gradients of all weights of a unit in the next layer have one sign:
# the zigzag of `two_layer_net` again, in every layer. The third picture sends a gradient back through ten layers of 200
# units, with weights of variance 1/200 (2/200 for the ReLUs). Which functions keep it alive?

# %% tags=["active-ipynb"]
# functions = {
#     "sigmoid": torch.sigmoid, "tanh": torch.tanh, "ReLU": torch.relu,
#     "leaky ReLU": torch.nn.functional.leaky_relu, "GELU": torch.nn.functional.gelu,
# }
# figure, panels = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
# arrived = []
# for (name, function), style in zip(functions.items(), ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]):
#     x = torch.linspace(-4, 4, 401, requires_grad=True)
#     (slope,) = torch.autograd.grad(function(x).sum(), x)
#     panels[0].plot(x.detach(), function(x).detach(), linestyle=style, label=name)
#     panels[1].plot(x.detach(), slope, linestyle=style)
#     torch.manual_seed(0)
#     gain, hidden, layers = 2 if "LU" in name else 1, torch.randn(500, 200, requires_grad=True), []
#     for _ in range(10):
#         hidden = function(hidden @ (torch.randn(200, 200) * (gain / 200) ** 0.5))
#         layers.append(hidden)
#     sizes = [float(grad.norm()) for grad in torch.autograd.grad(hidden, layers, torch.randn_like(hidden))]
#     panels[2].semilogy(range(1, 11), [size / sizes[-1] for size in sizes], linestyle=style, marker="o", markersize=3)
#     arrived.append(f"{name} {sizes[0] / sizes[-1]:.1g}")
# panels[0].set(title="function", xlabel="x", ylim=(-1.2, 2.2))
# panels[1].set(title="slope", xlabel="x")
# panels[2].set(title="gradient that arrives", xlabel="layer", ylabel="relative to the last layer")
# figure.legend(loc="outside lower center", ncols=5, frameon=False)
# show(f"Five activations, their slopes, and the gradient after ten layers: {', '.join(arrived)} of the last layer's.")

# %% [markdown]
# Layers that always come together may share a class. Nothing to write: the cache of the pair is the pair of caches,
# and backward goes through them in reverse.

# %%
class Linear_ReLU:
    """Linear, then ReLU."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Cache]:
        """See Linear.forward."""
        scores, linear_cache = Linear.forward(x, w, b)
        out, relu_cache = ReLU.forward(scores)
        return out, (linear_cache, relu_cache)

    @staticmethod
    def backward(dout: Tensor, cache: Cache) -> tuple[Tensor, Tensor, Tensor]:
        """See Linear.backward."""
        linear_cache, relu_cache = cache
        return Linear.backward(ReLU.backward(dout, relu_cache), linear_cache)


# %% [markdown]
# ### Dropout
#
# Srivastava et al. (*Dropout: a simple way to prevent neural networks from overfitting*, 2014): during training set
# each value to 0 with probability $p$, drawn again for every batch, so that no unit can rely on a particular other
# one. When predicting, drop nothing.
#
# The next layer must not see larger sums when predicting than in training. **Inverted** dropout pays in training: what
# survives is divided by the probability to survive, so that the expected value stays what it was.
#
# $$ \text{train: } \text{out} = \frac{m}{1 - p} \odot x, \quad m_i \in \{0, 1\}, \; P(m_i = 0) = p; \qquad
#    \text{test: } \text{out} = x . $$
#
# Careful: in the paper and in some courses $p$ is the probability to *keep*. Here, as in PyTorch, it is the
# probability to *drop*; $p = 0$ changes nothing. Backward uses the mask that forward drew.
#
# With a `seed` the mask is the same in every call, which is how one can test a net with dropout by finite differences.
# Draw it from a `torch.Generator` of its own (`torch.rand(..., generator=...)`), so that other random numbers stay
# random.

# %% task="Dropout.forward Dropout.backward"
# About 20 minutes, medium. Stuck? hint("Dropout.forward") or hint("Dropout.backward") shows a first step.
class Dropout:
    """Random values become 0 in training."""

    @staticmethod
    def forward(x: Tensor, dropout_param: Config) -> tuple[Tensor, Cache]:
        """Apply the layer.

        dropout_param has p, the probability to drop a value, 0 <= p < 1; mode, "train" or "test"; and perhaps seed, an
        int or None.

        Shapes:
            x    any
            out  of x  and the cache
        """
        p, mode, seed = dropout_param["p"], dropout_param["mode"], dropout_param.get("seed")
        if not 0 <= p < 1:
            raise ValueError(f"p is the probability to drop a value, at least 0 and below 1; it is {p}.")
        if mode not in ("train", "test"):
            raise ValueError(f'mode is "train" or "test", not {mode!r}.')
        # YOUR CODE HERE
        raise NotImplementedError()

    @staticmethod
    def backward(dout: Tensor, cache: Cache) -> Tensor:
        """The gradient by x.

        Shapes:
            dout  of x
            out   of x
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Dropout.forward"
# check("fully_connected_networks", task="Dropout.forward")

# %% tags=["active-ipynb"] grade="Dropout.backward"
# check("fully_connected_networks", task="Dropout.backward")

# %% [markdown]
# One mask, and what a layer of ones looks like after it. The mean stays 1, whatever $p$ is.

# %% tags=["active-ipynb"]
# panels = []
# for p in (0.0, 0.2, 0.5, 0.8):
#     out, _ = Dropout.forward(torch.ones(1, 1, 40, 40), {"mode": "train", "p": p})
#     panels.append(out[0] / 5)
#     print(f"p = {p}: mean {float(out.mean()):.3f}, largest {float(out.max()):.1f}")
# image_grid(torch.stack(panels), titles=["p = 0", "p = 0.2", "p = 0.5", "p = 0.8"])

# %% [markdown] question="fully-connected-q1"
# **Question 1.** You forget to divide by $1 - p$ and train with $p = 0.5$. The training accuracy looks fine. What
# happens to the scores when the net predicts, in a net with dropout after each of two hidden layers? Is the predicted
# class wrong, or only the probability? (Take all biases as 0 first, then not.)

# %% [markdown] answer="fully-connected-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 2 Two layers and the Solver
#
# The net of the first half once more, this time from modules: linear - ReLU - linear - softmax. `softmax_loss(x, y)`
# gives the mean loss and its gradient by the scores. The regulariser is again `reg * sum(W * W)`, without 1/2, for
# weights only; softmax_loss does not know about it.
#
# Weights start as normal random numbers with standard deviation `weight_scale`, biases at 0. Store them in
# `self.params` as W1, b1, W2, b2, with the dtype and on the device that were asked for.

# %% task="TwoLayerNet.__init__ TwoLayerNet.loss"
# About 20 minutes, medium. Stuck? hint("TwoLayerNet.__init__") or hint("TwoLayerNet.loss") shows a first step.
class TwoLayerNet:
    """linear - ReLU - linear - softmax."""

    def __init__(
        self,
        input_dim: int = 3 * 32 * 32,
        hidden_dim: int = 100,
        num_classes: int = 10,
        weight_scale: float = 1e-3,
        reg: float = 0.0,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
    ) -> None:
        self.params: dict[str, Tensor] = {}
        self.reg = reg
        # YOUR CODE HERE
        raise NotImplementedError()

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        """Without y the scores; with y the loss and the gradients.

        Shapes:
            X    (N, d1, ..., dk)  images
            y    (N,)              labels, int64
            out  (N, C)            scores, or the pair: loss (), dict of gradients with the keys of params
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="TwoLayerNet.__init__"
# check("fully_connected_networks", task="TwoLayerNet.__init__")

# %% tags=["active-ipynb"] grade="TwoLayerNet.loss"
# check("fully_connected_networks", task="TwoLayerNet.loss")

# %% [markdown]
# Training is the same for all nets, so it lives in a class of its own: `Solver(model, data, ...)` draws batches, calls
# `model.loss`, hands each parameter and its gradient to an update rule, measures accuracies, and keeps the parameters
# that validated best. `help(Solver)` lists its options.
#
# It can also be stopped and go on: with `checkpoint_name="runs/first"` it saves everything after each epoch, and
# `solver.resume()` before `solver.train()` continues after a crash with the very numbers that an uninterrupted run
# would have given.
#
# An update rule is a function of a parameter, its gradient and a `config` with the learning rate and whatever the
# rule must remember. The simplest, plain descent, is given; more follow in part 4.

# %%
def sgd(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """Plain gradient descent: w - learning_rate * dw."""
    config = {"learning_rate": 1e-2} | (config or {})
    return w - config["learning_rate"] * dw, config


# %% [markdown]
# Make a `TwoLayerNet` and a `Solver` for it that train well on scenes: well above the linear classifier, in ten epochs.
# `data_dict` has X_train, y_train, X_val, y_val; images are centred and scaled as above, and may be of any size.
#
# Start from `update_rule=sgd`, a batch of 100 and a hidden layer of 100, and change one thing at a time. The first
# thing to change is the learning rate, by factors of 3; then `weight_scale`.

# %% task="create_solver_instance"
# About 20 minutes, medium. Stuck? hint("create_solver_instance") shows a first step.
def create_solver_instance(data_dict: dict[str, Tensor], dtype: torch.dtype, device: str | torch.device) -> Solver:
    """A Solver, not yet trained, with a TwoLayerNet that learns the data in ten epochs.

    Shapes:
        data_dict  dict    X_train (N, d1, ..., dk), y_train (N,), X_val (N', d1, ..., dk), y_val (N',)
        dtype              of the parameters
        device             of the parameters, and of training
        out        Solver
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="create_solver_instance"
# check("fully_connected_networks", task="create_solver_instance")

# %% tags=["active-ipynb"]
# # about 6 seconds
# solver = create_solver_instance(data, dtype=torch.float32, device="cpu")
# solver.train()
# print(f"best validation accuracy {solver.best_val_acc:.3f}")
# curves({"loss": solver.loss_history}, ylabel="loss of the batch")

# %% tags=["active-ipynb"]
# accuracies = {"training": solver.train_acc_history, "validation": solver.val_acc_history}
# curves(accuracies, xlabel="epoch", ylabel="accuracy")

# %% [markdown]
# ## 3 Any depth
#
# $$ \{\text{linear} - \text{ReLU} - [\text{dropout}]\} \times (L - 1) \;-\; \text{linear} \;-\; \text{softmax} $$
#
# Layer $l$ has the parameters $W_l$ and $b_l$, $l = 1 \dots L$, stored as W1, b1, ..., WL, bL; `hidden_dims` has the
# $L - 1$ widths between `input_dim` and `num_classes`. Forward keeps the caches in a list, backward walks through the
# list from its end. Each layer's weights add their part to the regulariser: a loop over layers, not two lines.
#
# Dropout after each hidden ReLU is active only in training, which is when labels are given: set
# `self.dropout_param["mode"]` first in `loss`. Without dropout (0) the layers need not be there at all.

# %% task="FullyConnectedNet.__init__ FullyConnectedNet.loss"
# About 45 minutes, hard. Stuck? hint("FullyConnectedNet.__init__") or hint("FullyConnectedNet.loss") shows a first step.
class FullyConnectedNet:
    """A net of any depth: {linear - ReLU - [dropout]} x (L - 1) - linear - softmax."""

    def __init__(
        self,
        hidden_dims: list[int],
        input_dim: int = 3 * 32 * 32,
        num_classes: int = 10,
        dropout: float = 0.0,
        reg: float = 0.0,
        weight_scale: float = 1e-2,
        seed: int | None = None,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
    ) -> None:
        """`dropout` is the probability to drop a value; `seed`, if given, fixes the masks, not the weights."""
        self.params: dict[str, Tensor] = {}
        self.reg, self.dtype = reg, dtype
        self.num_layers = len(hidden_dims) + 1
        self.dropout_param: Config = {"mode": "train", "p": dropout, "seed": seed}
        # YOUR CODE HERE
        raise NotImplementedError()

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        """Without y the scores, nothing dropped; with y the loss and the gradients, in training mode.

        Shapes:
            X    (N, d1, ..., dk)  images, of any float dtype
            y    (N,)              labels, int64
            out  (N, C)            scores, or the pair: loss (), dict of gradients with the keys of params
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="FullyConnectedNet.__init__"
# check("fully_connected_networks", task="FullyConnectedNet.__init__")

# %% tags=["active-ipynb"] grade="FullyConnectedNet.loss"
# check("fully_connected_networks", task="FullyConnectedNet.loss")

# %% [markdown]
# ### How large should weights start?
#
# A value in layer $l$ is a sum over the units of layer $l - 1$. If weights are too small, each layer shrinks the
# values and nothing is left after ten of them; too large, and they explode. For ReLU the right size is
# $\sqrt{2 / \text{inputs}}$ (He et al., *Delving deep into rectifiers*, 2015, eq. 10). The gradient on its way back
# meets the same factors. Ten layers of 200 units, started in three ways:

# %% tags=["active-ipynb"]
# figure, panels = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
# said, scales = [], {"0.03": (0.03, "--"), "sqrt(2 / 200) = 0.1": (0.1, "-"), "0.3": (0.3, ":")}
# for name, (weight_scale, style) in scales.items():
#     net = FullyConnectedNet([200] * 9, input_dim=200, weight_scale=weight_scale)
#     x, spread = torch.randn(500, 200), []
#     for layer in range(1, 10):
#         x, _ = Linear_ReLU.forward(x, net.params[f"W{layer}"], net.params[f"b{layer}"])
#         spread.append(float(x.std()))
#     _, grads = net.loss(torch.randn(500, 200), torch.randint(10, (500,)))
#     panels[0].semilogy(range(1, 10), spread, linestyle=style, marker="o", label=name)
#     sizes = [float(grads[f"W{layer}"].std()) for layer in range(1, 11)]
#     panels[1].semilogy(range(1, 11), sizes, linestyle=style, marker="o", label=name)
#     ends = [f"{spread[0]:.2g} to {spread[-1]:.2g}", f"{sizes[0]:.2g} to {sizes[-1]:.2g}"]
#     said.append(f"scale {name}, values from {ends[0]}, gradients from {ends[1]}")
# panels[0].set(xlabel="layer", ylabel="standard deviation of the values")
# panels[1].set(xlabel="layer", ylabel="standard deviation of the gradient")
# for panel in panels:
#     panel.grid(alpha=0.3)
# lines, names = panels[0].get_legend_handles_labels()
# figure.legend(lines, names, loc="outside lower center", ncols=3, frameon=False, title="weight_scale")
# show(f"Standard deviations from the first to the last layer: {'; '.join(said)}.")

# %% [markdown]
# ### Overfit fifty images
#
# Before you train anything on all data, train on very little and insist on 100 %. A net that cannot memorise
# (overfit) fifty images has a mistake in it, and you find out in two seconds.
#
# Find a weight scale and a learning rate with which plain `sgd` gets every one of the fifty training images right
# within 20 epochs, in batches of 25, without regularisation: for the net with hidden layers [100, 100], and for the
# one with [100, 100, 100, 100]. The deeper net is harder to please; the picture above says why.

# %% task="get_three_layer_network_params"
# About 10 minutes, easy. Stuck? hint("get_three_layer_network_params") shows a first step.
def get_three_layer_network_params() -> tuple[float, float]:
    """(weight_scale, learning_rate) that overfit fifty images with hidden layers [100, 100]."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="get_three_layer_network_params"
# check("fully_connected_networks", task="get_three_layer_network_params")

# %% task="get_five_layer_network_params"
# About 10 minutes, easy. Stuck? hint("get_five_layer_network_params") shows a first step.
def get_five_layer_network_params() -> tuple[float, float]:
    """(weight_scale, learning_rate) that overfit fifty images with hidden layers [100, 100, 100, 100]."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="get_five_layer_network_params"
# check("fully_connected_networks", task="get_five_layer_network_params")

# %% tags=["active-ipynb"]
# lines = {}
# for name, hidden_dims, (weight_scale, learning_rate) in [
#     ("three layers", [100] * 2, get_three_layer_network_params()),
#     ("five layers", [100] * 4, get_five_layer_network_params()),
# ]:
#     net = FullyConnectedNet(hidden_dims, weight_scale=weight_scale)
#     settings = {"learning_rate": learning_rate}
#     solver = Solver(net, small, update_rule=sgd, optim_config=settings, num_epochs=20, batch_size=25, verbose=False)
#     solver.train()
#     lines[name] = solver.train_acc_history
#     print(f"{name}: training accuracy {max(solver.train_acc_history):.2f}, validation {solver.best_val_acc:.2f}")
# curves(lines, xlabel="epoch", ylabel="accuracy on fifty images")

# %% [markdown]
# Which pairs work at all? Bright is 100 % of the fifty images. Compare the size of the bright regions.

# %% tags=["active-ipynb"]
# # about 15 seconds
# scales, rates = [0.01, 0.02, 0.05, 0.1, 0.2], [0.003, 0.01, 0.03, 0.1, 0.3]
# pairs, perfect = [(i, j) for i in range(len(scales)) for j in range(len(rates))], []
# figure, panels = plt.subplots(1, 2, figsize=(11, 4))
# for panel, hidden_dims in zip(panels, ([100] * 2, [100] * 4)):
#     table = torch.zeros(len(scales), len(rates))
#     for i, j in tqdm(pairs, desc=f"{len(hidden_dims) + 1} layers", unit="net"):
#         net = FullyConnectedNet(hidden_dims, weight_scale=scales[i])
#         options = {"optim_config": {"learning_rate": rates[j]}, "num_epochs": 20, "batch_size": 25}
#         solver = Solver(net, small, **options, num_val_samples=50, verbose=False)
#         solver.train()
#         table[i, j] = max(solver.train_acc_history)
#     perfect.append(f"{int((table == 1).sum())} of 25 with {len(hidden_dims) + 1} layers")
#     panel.imshow(table, vmin=0, vmax=1, aspect="auto")
#     for i in range(len(scales)):
#         for j in range(len(rates)):
#             colour = "black" if table[i, j] > 0.5 else "white"
#             panel.text(j, i, f"{table[i, j]:.2f}", ha="center", va="center", color=colour)
#     panel.set_xticks(range(len(rates)), rates)
#     panel.set_yticks(range(len(scales)), scales)
#     panel.set(xlabel="learning rate", ylabel="weight scale", title=f"{len(hidden_dims) + 1} layers")
# show(f"Maps over weight scale and learning rate. Pairs that get all fifty images right: {', '.join(perfect)}.")

# %% [markdown] question="fully-connected-q2"
# **Question 2.** Why is the bright region of the five-layer net smaller? Say what goes wrong left of it, right of it,
# above and below, in terms of the size of values and gradients. A colleague writes that "deep nets need a smaller
# learning rate". Is that what your maps show?

# %% [markdown] answer="fully-connected-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 Update rules
#
# Plain descent uses one step size for all directions, and forgets every gradient at once. Five better rules. Each is
# a function `(w, dw, config) -> (next_w, config)`: what it remembers between steps lives in `config`, under the names
# below, and starts at 0. Return a new tensor and leave `w` and `dw` as they are.
#
# | rule | remembers | step |
# |---|---|---|
# | momentum | `velocity` | $v \leftarrow \mu v - \eta\, g, \quad w \leftarrow w + v$ |
# | Nesterov | `velocity` | the same $v$, then $w \leftarrow w - \mu v_\text{old} + (1 + \mu)\, v$ |
# | AdaGrad | `cache` | $c \leftarrow c + g^2, \quad w \leftarrow w - \eta\, g / (\sqrt{c} + \epsilon)$ |
# | RMSProp | `cache` | $c \leftarrow \rho c + (1 - \rho) g^2$, then as AdaGrad |
# | Adam | `m`, `v`, `t` | below |
#
# Sources: Polyak 1964; Sutskever et al. 2013, in the form of Bengio et al. (*Advances in optimizing recurrent
# networks*, 2012, eq. 7); Duchi et al. 2011; Tieleman and Hinton 2012, lecture 6e; Kingma and Ba 2015, algorithm 1.
#
# Momentum is a ball that rolls: it averages away what changes sign and gathers speed along what does not. Nesterov
# looks at the gradient one roll ahead; written as above, in terms of the point looked at, it needs only `dw` at `w`.
# AdaGrad divides each coordinate's step by the size of its gradients so far, and slows down for ever; RMSProp forgets
# old ones. Adam is RMSProp with momentum, and corrects that both averages start at 0:
#
# $$ t \leftarrow t + 1, \qquad m \leftarrow \beta_1 m + (1 - \beta_1) g, $$
#
# $$ v \leftarrow \beta_2 v + (1 - \beta_2) g^2, $$
#
# $$ w \leftarrow w - \eta\, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} . $$
#
# Three places to slip: $\epsilon$ is *outside* the root, everywhere; $t$ grows *before* it is used, so that the
# first step divides by $1 - \beta$ and not by 0; and the learning rate is inside the velocity, so that a change of
# rate does not change the steps already in it.

# %% task="sgd_momentum"
# About 5 minutes, easy. Stuck? hint("sgd_momentum") shows a first step.
def sgd_momentum(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """Gradient descent with momentum.

    Shapes:
        w       any         parameter
        dw      of w        gradient
        config  dict        learning_rate, momentum; velocity, of w, starts at 0
        out     of w, dict  next w; config for the next step
    """
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": torch.zeros_like(w)} | (config or {})
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sgd_momentum"
# check("fully_connected_networks", task="sgd_momentum")

# %% task="nesterov"
# About 10 minutes, medium. Stuck? hint("nesterov") shows a first step.
def nesterov(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """Gradient descent with Nesterov's momentum.

    Shapes:
        w       any         parameter: the point one roll ahead
        dw      of w        gradient there
        config  dict        learning_rate, momentum; velocity, of w, starts at 0
        out     of w, dict  next w; config for the next step
    """
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": torch.zeros_like(w)} | (config or {})
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nesterov"
# check("fully_connected_networks", task="nesterov")

# %% task="adagrad"
# About 5 minutes, easy. Stuck? hint("adagrad") shows a first step.
def adagrad(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """AdaGrad: each coordinate's step shrinks with the squares of all its gradients.

    Shapes:
        w       any         parameter
        dw      of w        gradient
        config  dict        learning_rate, epsilon; cache, of w, starts at 0
        out     of w, dict  next w; config for the next step
    """
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": torch.zeros_like(w)} | (config or {})
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="adagrad"
# check("fully_connected_networks", task="adagrad")

# %% task="rmsprop"
# About 5 minutes, easy. Stuck? hint("rmsprop") shows a first step.
def rmsprop(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """RMSProp: each coordinate's step is divided by the size of its recent gradients.

    Shapes:
        w       any         parameter
        dw      of w        gradient
        config  dict        learning_rate, decay_rate, epsilon; cache, of w, starts at 0
        out     of w, dict  next w; config for the next step
    """
    defaults = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": torch.zeros_like(w)}
    config = defaults | (config or {})
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="rmsprop"
# check("fully_connected_networks", task="rmsprop")

# %% task="adam"
# About 15 minutes, medium. Stuck? hint("adam") shows a first step.
def adam(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """Adam: moving averages of the gradient and of its square, both corrected for their start at 0.

    Shapes:
        w       any         parameter
        dw      of w        gradient
        config  dict        learning_rate, beta1, beta2, epsilon; m and v, of w, start at 0; t, steps taken, at 0
        out     of w, dict  next w; config for the next step
    """
    defaults = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 0}
    config = defaults | {"m": torch.zeros_like(w), "v": torch.zeros_like(w)} | (config or {})
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="adam"
# check("fully_connected_networks", task="adam")

# %% [markdown]
# Watch them walk down a long valley, $f(a, b) = \tfrac{1}{2} (a^2 + 25\, b^2)$, 60 steps each, up to the star. Which
# ones zigzag, which overshoot, which do not care that the valley is 25 times steeper one way than the other?

# %% tags=["active-ipynb"]
# rules = {
#     "sgd": (sgd, 0.07), "momentum": (sgd_momentum, 0.01), "Nesterov": (nesterov, 0.01),
#     "AdaGrad": (adagrad, 0.5), "RMSProp": (rmsprop, 0.05), "Adam": (adam, 0.15),
# }
# a, b = torch.meshgrid(torch.linspace(-3.3, 1.5, 80), torch.linspace(-1.6, 1.6, 80), indexing="ij")
#
#
# def walk(f, start, steps=60):
#     heights = f(a, b)
#     levels = heights.flatten().quantile(torch.linspace(0.02, 0.98, 15)).tolist()
#     figure, panels = plt.subplots(2, 3, figsize=(11, 5), sharex=True, sharey=True, layout="constrained")
#     ends = []
#     for panel, (name, (rule, rate)) in zip(panels.flat, rules.items()):
#         w, config, path = torch.tensor(start), {"learning_rate": rate}, []
#         for _ in range(steps):
#             path.append(w)
#             at = w.clone().requires_grad_()
#             (gradient,) = torch.autograd.grad(f(*at), at)
#             w, config = rule(w, gradient, config)
#         panel.contour(a, b, heights, levels=levels, colors="tab:gray", linewidths=0.5)
#         panel.plot(*torch.stack(path).T, marker=".", markersize=3, linewidth=1)
#         panel.plot(*path[-1], marker="*", markersize=12, color="tab:red")
#         panel.set_title(f"{name}, learning rate {rate}", fontsize=9)
#         ends.append(f"{name} ({path[-1][0]:.2f}, {path[-1][1]:.2f})")
#     figure.supxlabel("a")
#     figure.supylabel("b")
#     show(f"Paths of six rules; after {steps} steps they are at {', '.join(ends)}.")
#
#
# walk(lambda a, b: (a**2 + 25 * b**2) / 2, [-3.0, 1.0])

# %% [markdown]
# The gradient is 0 not only in a minimum. At a **saddle point** the loss falls in some directions and rises in others,
# and in a space of many dimensions almost every point with gradient 0 is one. Below is $f(a, b) = \tfrac{1}{2} (a^2 -
# b^2) + \tfrac{1}{4} b^4$: a saddle at (0, 0), minima at (0, 1) and (0, -1). All rules start at $b = 0.01$, nearly on
# the ridge, where the way down is hardly to be felt. Which of them have found it after 60 steps, and why those?

# %% tags=["active-ipynb"]
# walk(lambda a, b: (a**2 - b**2) / 2 + b**4 / 4, [-3.0, 0.01])

# %% [markdown]
# And on a net of five layers. Each rule has a learning rate of its own; comparing rules at the same rate says nothing.

# %% tags=["active-ipynb"]
# # about 20 seconds
# def train(hidden_dims, rule, learning_rate, epochs=6, part=data, lr_decay=0.95, verbose=False, **options):
#     torch.manual_seed(1)
#     options.setdefault("weight_scale", 0.03)
#     net = FullyConnectedNet(hidden_dims, **options)
#     solver = Solver(
#         net, part, update_rule=rule, optim_config={"learning_rate": learning_rate}, lr_decay=lr_decay,
#         num_epochs=epochs, batch_size=100, verbose=verbose,
#     )
#     solver.train(time_limit=30)
#     return solver
#
#
# losses, accuracies = {}, {}
# rules = {
#     "sgd": (sgd, 0.1), "momentum": (sgd_momentum, 0.01), "Nesterov": (nesterov, 0.01),
#     "AdaGrad": (adagrad, 0.003), "RMSProp": (rmsprop, 0.0003), "Adam": (adam, 0.0005),
# }
# for name, (rule, rate) in tqdm(rules.items(), unit="rule"):
#     solver = train([100] * 4, rule, rate, weight_scale=0.08)
#     losses[name] = torch.tensor(solver.loss_history).unfold(0, 20, 5).mean(dim=1)
#     accuracies[name] = solver.val_acc_history
# curves(losses, xlabel="iteration / 5", ylabel="loss, mean of 20 batches")

# %% tags=["active-ipynb"]
# curves(accuracies, xlabel="epoch", ylabel="validation accuracy")

# %% [markdown] question="fully-connected-q3"
# **Question 3.** AdaGrad's steps become so small after a while that it stops. Look at its formula: how does the step
# shrink with the number of steps if all gradients are of equal size? Which line of RMSProp prevents it? And why does
# Adam need its correction while RMSProp here lives without: what is the size of the very first step of each?

# %% [markdown] answer="fully-connected-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## Dropout narrows the gap
#
# 1,000 training images and 20 epochs: without dropout the net memorises them. With dropout it cannot, and what
# it learns instead serves new images better, up to a point. (Training accuracy is measured without dropping anything.)
# Solid lines are training, dashed ones validation; on the right, each bar is the gap between the two at the end.

# %% tags=["active-ipynb"]
# # about 8 seconds
# few = {"X_train": images[:1000], "y_train": scenes.y_train[:1000], **validation}
# figure, panels = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True, layout="constrained", width_ratios=[2, 1])
# gaps = []
# for number, p in enumerate(tqdm((0.0, 0.4, 0.8), unit="net")):
#     solver = train([100, 100], adam, 1e-3, epochs=20, part=few, lr_decay=1.0, dropout=p)
#     look = {"color": f"C{number}", "marker": "os^"[number], "markersize": 3}
#     panels[0].plot(solver.train_acc_history, "-", label=f"p = {p}, training", **look)
#     panels[0].plot(solver.val_acc_history, "--", label=f"p = {p}, validation", **look)
#     high, low = solver.train_acc_history[-1], solver.val_acc_history[-1]
#     panels[1].vlines(number, low, high, color=f"C{number}", linewidth=14, alpha=0.5)
#     for height, place in ((high, "bottom"), (low, "top")):
#         panels[1].text(number, height, f"{height:.2f}", ha="center", va=place)
#     panels[1].text(number + 0.2, (high + low) / 2, f"gap\n{high - low:.2f}", va="center", fontsize=8)
#     gaps.append(f"p = {p}: training {high:.2f}, validation {low:.2f}, gap {high - low:.2f}")
# panels[0].set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1.1), xticks=range(0, 21, 4))
# panels[0].grid(alpha=0.3)
# panels[1].set(xlim=(-0.6, 2.6), xticks=range(3), xticklabels=["p = 0", "p = 0.4", "p = 0.8"])
# figure.legend(loc="outside lower center", ncols=3, frameon=False)
# show(f"Accuracy over the epochs, and the gap at the end. {'; '.join(gaps)}.")

# %% [markdown]
# ## Capacity, regularisation, and the last word
#
# The same training images, nets of growing width, without and with regularisation. Bars are the gap.

# %% tags=["active-ipynb"]
# # about 30 seconds
# widths, said = [2, 8, 32, 128, 512], []
# figure, panels = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
# for panel, reg in zip(panels, (0.0, 0.01)):
#     gaps = []
#     for width in tqdm(widths, desc=f"reg = {reg}", unit="net"):
#         solver = train([width], adam, 5e-4, epochs=8, reg=reg)
#         gaps.append((solver.train_acc_history[-1], solver.val_acc_history[-1]))
#     upper, lower = zip(*gaps)
#     panel.vlines(range(5), lower, upper, color="tab:gray", linewidth=6, alpha=0.4)
#     panel.plot(range(5), upper, "-", marker="o", label="training")
#     panel.plot(range(5), lower, "--", marker="s", label="validation")
#     panel.set_xticks(range(5), widths)
#     panel.set(xlabel="hidden units", ylabel="accuracy", title=f"reg = {reg}")
#     pairs = ", ".join(f"{w} units {u:.2f} and {v:.2f}" for w, u, v in zip(widths, upper, lower))
#     said.append(f"reg = {reg}: {pairs}")
# figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
# show(f"Training and validation accuracy by width. {'; '.join(said)}.")

# %% [markdown]
# Put together what worked, look at the test set once:

# %% tags=["active-ipynb"]
# # about 12 seconds
# started = time.perf_counter()
# solver = train([256, 128], adam, 5e-4, epochs=15, lr_decay=0.9, dropout=0.3, verbose=True)
# test_accuracy = solver.check_accuracy(test_images, scenes.y_test)
# print(f"validation {solver.best_val_acc:.3f}, test {test_accuracy:.3f}, {time.perf_counter() - started:.0f} s")

# %% [markdown]
# ## What to take home
#
# A net is a list of modules, and its gradient is the same list backwards. What decides whether it learns is the size
# of things: of weights at the start, of steps, of what remains after dropout. And overfit fifty images first.
#
# **Where to look next.** Glorot and Bengio (*Understanding the difficulty of training deep feedforward neural
# networks*, 2010) measure what your pictures of scales show. Loshchilov and Hutter (*Decoupled weight decay
# regularization*, 2019) explain why L2 and Adam do not go together, and how AdamW mends it. Baydin et al. (*Automatic
# differentiation in machine learning: a survey*, 2018) describe what PyTorch does with your `forward` and `backward`.
# Then: `a04_cnn`, where layers learn that pixels have neighbours.
