# %% [markdown]
# # A two-layer net
#
# A linear classifier has one template for each class. A class that looks like two different things, dark on light
# and light on dark, gets the average of both, which looks like neither. A hidden layer repairs this: first look for
# many templates, then let each class combine the ones that speak for it. The gradient of such a net takes four
# matrix products, and you write them by hand once. Everything deeper is the same, repeated.
#
# <!-- parts -->
#
# Replace each `raise NotImplementedError()` by your code, then run the cell below it: it runs the checks of that
# one task and tells you where the first wrong number is. torch's arithmetic is all you need; its ready-made layers
# (`torch.nn`) and its automatic gradients (`torch.autograd`) are what you build here, so they are not allowed.

# %% tags=["active-ipynb"]
# from common.fallbacks import use_fallbacks
#
# use_fallbacks()  # linear_classifier.py, below, is your own if it is in this folder, else a fallback

# %%
import itertools
from collections.abc import Callable
from typing import Any

import torch
from linear_classifier import sample_batch  # your own from a02 if that file is in this folder, else a fallback
from torch import Tensor

from common.training.labels import check_labels

Params = dict[str, Tensor]

# %% tags=["active-ipynb"]
# import math
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import confusion_matrix, curves, image_grid, show
# from common.training.seed import seed_everything
# from tqdm import tqdm
#
# seed_everything(0)

# %% [markdown]
# ## The data
#
# The same scenes as before: shapes with a texture, in images of 3 x 32 x 32. A net with fully connected layers does
# not know that pixels have neighbours: to it an image is a vector of 3,072 numbers, and any fixed shuffle of them
# would do as well.
#
# Subtract the mean image of the *training* part from all images, and divide by one standard deviation. Otherwise
# all inputs are positive: for each image, the gradients of all weights of one hidden unit have the same sign, and
# descent has to zigzag.

# %% tags=["active-ipynb"]
# scenes = load("scenes")
# mean, scale = scenes.x_train[:4000].mean(dim=0), scenes.x_train[:4000].std()
# images, test_images = (scenes.x_train - mean) / scale, (scenes.x_test - mean) / scale
# data = {
#     "X_train": images[:4000].flatten(1), "y_train": scenes.y_train[:4000],
#     "X_val": images[4000:].flatten(1), "y_val": scenes.y_train[4000:],
# }
# print({name: tuple(values.shape) for name, values in data.items()})
# image_grid(scenes.x_train[:16], titles=[scenes.class_names[label] for label in scenes.y_train[:16]])

# %% [markdown]
# ## 1 Forward
#
# $X$ holds one image in each row. With $H$ hidden units and $C$ classes
#
# $$ \text{hidden} = \max(0,\; X W_1 + b_1), \qquad \text{scores} = \text{hidden}\; W_2 + b_2 . $$
#
# The maximum is taken element by element; this nonlinearity is called ReLU (Nair and Hinton, 2010). Without it the
# two products would be one: $X W_1 W_2$ is a linear classifier again.
#
#     X        (N, D)         W1  (D, H)   b1  (H,)
#     hidden   (N, H)         W2  (H, C)   b2  (C,)
#     scores   (N, C)
#
# A bias is added to every row: broadcasting does that.


# %% task="nn_forward_pass" minutes=10 difficulty="easy"
def nn_forward_pass(params: Params, X: Tensor) -> tuple[Tensor, Tensor]:
    """Scores of each class for each image, and the hidden layer after ReLU.

    Shapes:
        params  dict               W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)
        X       (N, D)             images, dtype and device of the parameters
        out     (N, C), (N, H)     scores, hidden
    """
    ### BEGIN SOLUTION
    hidden = (X @ params["W1"] + params["b1"]).clamp(min=0)  # (N, H)
    return hidden @ params["W2"] + params["b2"], hidden
    ### END SOLUTION


# %% [markdown] hint="nn_forward_pass"
# 1. Two products, each with its bias: `X @ W1 + b1`, and later `hidden @ W2 + b2`. Broadcasting adds the bias to
#    every row.
# 2. Between them comes the ReLU: `clamp(min=0)`. There is none after the second product. Return the scores first.

# %% [markdown]
# ## 2 Loss and gradient
#
# Softmax turns scores into probabilities, and the loss is the mean negative log probability of the right class, plus
# a price on large weights:
#
# $$ p_{ic} = \frac{e^{s_{ic}}}{\sum_k e^{s_{ik}}}, \qquad
#    L = -\frac{1}{N} \sum_i \log p_{i y_i} \;+\; \lambda \Big( \sum W_1^2 + \sum W_2^2 \Big). $$
#
# The price is paid once, not once for each image; it has no factor 1/2; biases are free. `reg` is $\lambda$.
#
# **Scores of 1,000.** $e^{1000}$ is infinite in every floating-point format here, and inf/inf is nan. Subtract the
# largest score of each row first: $p$ does not change, and the largest exponent is 0. And take the logarithm of the
# sum, not of a quotient that may have become 0.
#
# **Backward.** Write $G = \partial L / \partial \text{scores}$, a matrix of the shape of the scores. For softmax it is
# the simplest formula there could be, probabilities minus truth (Bishop, *Pattern Recognition and Machine Learning*,
# eq. 4.109):
#
# $$ G_{ic} = \frac{1}{N} \big( p_{ic} - [c = y_i] \big) . $$
#
# A product $Y = A B$ hands a gradient $G$ of its result back to both factors. The shapes leave no choice:
#
# $$ \frac{\partial L}{\partial A} = G B^\top, \qquad \frac{\partial L}{\partial B} = A^\top G , $$
#
# a bias that was added to every row collects the sum over the rows, and ReLU lets the gradient through where it let
# the value through. Go backwards through the picture:
#
#     X --[W1, b1]--> . --ReLU--> hidden --[W2, b2]--> scores --softmax--> loss
#     dW1, db1   <--  .  <--ReLU--   dhidden, dW2, db2  <--   G
#
# The $1/N$ is in $G$ already: nothing after it is averaged again.


# %% task="nn_forward_backward" minutes=45 difficulty="hard"
def nn_forward_backward(params: Params, X: Tensor, y: Tensor | None = None, reg: float = 0.0) -> Any:
    """Without y the scores; with y the loss and its gradient by every parameter.

    The loss is the mean softmax loss plus reg * (sum of W1 squared + sum of W2 squared), stable for any scores.

    Shapes:
        params  dict        W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)
        X       (N, D)      images
        y       (N,)        labels, int64 in [0, C)
        reg     float       strength of the L2 penalty
        out     (N, C)      scores, or the pair: loss (), dict of gradients with the keys and shapes of params
    """
    if y is not None:
        check_labels(y, images=len(X), classes=len(params["b2"]))
    ### BEGIN SOLUTION
    scores, hidden = nn_forward_pass(params, X)
    if y is None:
        return scores
    W1, W2, rows = params["W1"], params["W2"], torch.arange(len(X), device=X.device)
    log_probabilities = scores - scores.logsumexp(dim=1, keepdim=True)  # (N, C)
    loss = -log_probabilities[rows, y].mean() + reg * (W1.square().sum() + W2.square().sum())

    dscores = log_probabilities.exp()
    dscores[rows, y] -= 1
    dscores /= len(X)
    dhidden = (dscores @ W2.T) * (hidden > 0)  # (N, H)
    grads = {
        "W1": X.T @ dhidden + 2 * reg * W1,
        "b1": dhidden.sum(dim=0),
        "W2": hidden.T @ dscores + 2 * reg * W2,
        "b2": dscores.sum(dim=0),
    }
    return loss, grads
    ### END SOLUTION


# %% [markdown] hint="nn_forward_backward"
# 1. Get scores and hidden from `nn_forward_pass`; without labels return the scores. Logarithms of probabilities are
#    `scores - scores.logsumexp(dim=1, keepdim=True)`, which is stable. The loss is minus the mean of the entries of
#    the right classes, plus `reg` times the sums of squared weights.
# 2. G is the matrix of probabilities, minus 1 at the right class of each row, all divided by N. Then `dW2 = hidden.T
#    @ G`, `db2 = G.sum(dim=0)`, and `dhidden = G @ W2.T`.
# 3. Multiply `dhidden` by `hidden > 0`: that is the ReLU backwards. `dW1` and `db1` follow as in the second layer,
#    with `X` for `hidden`. Add `2 * reg * W` to the gradients of the two weights.

# %% [markdown]
# A gradient can be tested without knowing the right one: move a little along a direction and see whether the loss
# changes as the gradient says. The error of the central difference falls with the square of the step, until rounding
# takes over; the picture of a *wrong* gradient would be flat and high. Keep this cell in mind for all later gradients.

# %% tags=["active-ipynb"]
# toy = {"W1": torch.randn(5, 7), "b1": torch.randn(7), "W2": torch.randn(7, 3), "b2": torch.randn(3)}
# toy = {name: value.double() for name, value in toy.items()}
# X, y = torch.randn(6, 5).double(), torch.randint(3, (6,))
# _, grads = nn_forward_backward(toy, X, y, reg=0.1)
# direction = {name: torch.randn_like(value) for name, value in toy.items()}
# slope = sum((grads[name] * direction[name]).sum() for name in toy)
# steps = [10.0**-k for k in range(1, 12)]
# errors = []
# for h in steps:
#     up = nn_forward_backward({name: toy[name] + h * direction[name] for name in toy}, X, y, reg=0.1)[0]
#     down = nn_forward_backward({name: toy[name] - h * direction[name] for name in toy}, X, y, reg=0.1)[0]
#     errors.append(abs((up - down) / (2 * h) - slope) / abs(slope))
# plt.figure(figsize=(6, 3.5))
# plt.loglog(steps, errors, marker="o")
# plt.xlabel("step h")
# plt.ylabel("relative error of the central difference")
# plt.grid(alpha=0.3)
# show(f"Error over the step h: it falls to {min(errors):.0e}, then rises again when h becomes smaller.")

# %% [markdown] question="two-layer-net-q1"
# **Question 1.** Set all of $W_1$, $b_1$, $W_2$ and $b_2$ to 0. What is the loss for 10 classes without
# regularisation? Which of the four gradients are not 0, and what can the net learn from there? Would it help to set
# all weights to 0.01 instead?

# %% [markdown] answer="two-layer-net-q1"
# ### BEGIN SOLUTION
# All scores are 0, all probabilities 1/10, the loss is ln 10 = 2.303. Only the gradient of $b_2$ is not 0: the hidden
# layer is 0, so $W_2$ gets none, and $W_2$ is 0, so nothing comes back to $W_1$ and $b_1$. Only $b_2$ moves: the net
# learns how frequent the classes are and no more. With 0.01 everywhere, only $W_2$ and $b_2$ move in the first step:
# all entries of $W_2$ are equal, and the gradients of one image's scores sum to 0. Then $W_1$ moves as well, but all
# hidden units compute the same and stay copies of each other, like a hidden layer of one unit. Random weights break
# the symmetry; zero *biases* are harmless.
# ### END SOLUTION

# %% [markdown]
# ## 3 Training
#
# Stochastic gradient descent: draw a batch, compute loss and gradient on it, and move every parameter a little
# against its gradient,
#
# $$ \theta \leftarrow \theta - \eta \, \frac{\partial L}{\partial \theta} . $$
#
# After the first batch of each epoch (an epoch is as many batches as the training set holds) the accuracies are
# noted and the learning rate $\eta$ is multiplied by its decay. That part is given; the step is yours.
#
# `loss_func` is used as `loss_func(params, X_batch, y=y_batch, reg=reg)` and need not be the function you wrote
# above: training does not know what is trained.


# %% task="nn_train" minutes=10 difficulty="easy"
def nn_train(
    params: Params,
    loss_func: Callable[..., Any],
    pred_func: Callable[..., Tensor],
    X: Tensor,
    y: Tensor,
    X_val: Tensor,
    y_val: Tensor,
    learning_rate: float = 1e-3,
    learning_rate_decay: float = 0.95,
    reg: float = 5e-6,
    num_iters: int = 100,
    batch_size: int = 200,
    verbose: bool = False,
) -> dict[str, list[float]]:
    """Train `params`, a dict that is changed, by stochastic gradient descent.

    loss_func(params, X, y=..., reg=...) is (loss, gradients); pred_func(params, loss_func, X) are labels. In the first
    iteration of each epoch, after the step, accuracies on the batch and on X_val are noted and the learning rate is
    multiplied by learning_rate_decay.

    Shapes:
        X      (N, D)    training images
        y      (N,)      their labels
        X_val  (N', D)   validation images
        y_val  (N',)     their labels
        out    dict      loss_history: num_iters losses; train_acc_history, val_acc_history: one for each epoch begun
    """
    num_train = len(X)
    iterations_per_epoch = max(num_train // batch_size, 1)
    loss_history: list[float] = []
    train_acc_history: list[float] = []
    val_acc_history: list[float] = []
    for iteration in range(num_iters):
        X_batch, y_batch = sample_batch(X, y, num_train, batch_size)
        # Compute loss and gradients on the batch, append the loss, as a float, to loss_history, and make the step.
        ### BEGIN SOLUTION
        loss, grads = loss_func(params, X_batch, y=y_batch, reg=reg)
        loss_history.append(float(loss))
        for name in params:
            params[name] = params[name] - learning_rate * grads[name]
        ### END SOLUTION
        if verbose and iteration % 100 == 0:
            print(f"iteration {iteration} of {num_iters}: loss {loss_history[-1]:.4f}")
        if iteration % iterations_per_epoch == 0:
            train_acc_history.append(float((pred_func(params, loss_func, X_batch) == y_batch).double().mean()))
            val_acc_history.append(float((pred_func(params, loss_func, X_val) == y_val).double().mean()))
            learning_rate *= learning_rate_decay
    return {
        "loss_history": loss_history,
        "train_acc_history": train_acc_history,
        "val_acc_history": val_acc_history,
    }


# %% [markdown] hint="nn_train"
# 1. Call `loss_func(params, X_batch, y=y_batch, reg=reg)`: it returns the loss and a dict of gradients with the keys
#    of `params`. Append `float(loss)` to the history.
# 2. Step through all keys of `params`, whatever they are called: from each parameter subtract the learning rate times
#    its gradient, and store the result under the same key.

# %% [markdown]
# The predicted class is the one with the highest score. `loss_func(params, X)`, without labels, gives the scores.


# %% task="nn_predict" minutes=5 difficulty="easy"
def nn_predict(params: Params, loss_func: Callable[..., Any], X: Tensor) -> Tensor:
    """The class with the highest score for each image.

    Shapes:
        params  dict     whatever loss_func takes
        X       (N, D)   images
        out     (N,)     labels, int64
    """
    ### BEGIN SOLUTION
    return loss_func(params, X).argmax(dim=1)
    ### END SOLUTION


# %% [markdown] hint="nn_predict"
# 1. `loss_func(params, X)`, without labels, gives the scores (N, C).
# 2. Return the number of the best class of each row: `argmax(dim=1)`.

# %% [markdown]
# This class holds the parameters and calls your four functions. Nothing to write.


# %%
class TwoLayerNet:
    """linear - ReLU - linear - softmax. Weights start at random with standard deviation `std`, biases at 0."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
        std: float = 1e-4,
    ) -> None:
        where: dict[str, Any] = {"dtype": dtype, "device": device}
        self.params: Params = {
            "W1": std * torch.randn(input_size, hidden_size, **where),
            "b1": torch.zeros(hidden_size, **where),
            "W2": std * torch.randn(hidden_size, output_size, **where),
            "b2": torch.zeros(output_size, **where),
        }

    def loss(self, X: Tensor, y: Tensor | None = None, reg: float = 0.0) -> Any:
        """See nn_forward_backward."""
        return nn_forward_backward(self.params, X, y, reg)

    def train(self, X: Tensor, y: Tensor, X_val: Tensor, y_val: Tensor, **options: Any) -> dict[str, list[float]]:
        """See nn_train, whose options these are."""
        return nn_train(self.params, nn_forward_backward, nn_predict, X, y, X_val, y_val, **options)

    def predict(self, X: Tensor) -> Tensor:
        """See nn_predict."""
        return nn_predict(self.params, nn_forward_backward, X)


# %% [markdown]
# Train one. The first loss should be close to $\ln 10 = 2.303$: an untrained net gives every class 1/10. If yours
# differs, do not look at the learning rate, look for a mistake.

# %% tags=["active-ipynb"]
# def train(hidden_size=64, num_iters=600, **options):
#     torch.manual_seed(1)
#     net = TwoLayerNet(data["X_train"].shape[1], hidden_size, 10, std=1e-2)
#     settings = {"learning_rate": 0.1, "learning_rate_decay": 0.97, "reg": 1e-4, "batch_size": 100} | options
#     return net, net.train(*data.values(), num_iters=num_iters, **settings)
#
# started = time.perf_counter()
# net, history = train(num_iters=1200)
# print(f"first loss {history['loss_history'][0]:.3f}, {time.perf_counter() - started:.1f} s")
# curves({"loss": history["loss_history"]}, ylabel="loss of the batch", title="1,200 batches of 100 images")

# %% tags=["active-ipynb"]
# accuracies = {"training batch": history["train_acc_history"], "validation": history["val_acc_history"]}
# curves(accuracies, xlabel="epoch", ylabel="accuracy")

# %% [markdown]
# What did the hidden units learn? The weights of one unit are an image: they are what the unit answers to most. The
# 24 below have the largest outgoing weights. Grey is 0; a colour is an opinion.

# %% tags=["active-ipynb"]
# def show_templates(net, count=24):
#     strongest = net.params["W2"].norm(dim=1).topk(count).indices
#     templates = net.params["W1"].T[strongest].reshape(-1, 3, 32, 32)
#     limits = templates.abs().amax(dim=(1, 2, 3), keepdim=True)
#     words = f"The weights of {count} hidden units as images of 32 x 32 pixels; grey is 0."
#     return image_grid(0.5 + 0.5 * templates / limits, columns=12, alt=words)
#
# show_templates(net)

# %% [markdown]
# ### What each knob does
#
# Change one thing at a time and look at both curves. Training accuracy far above validation accuracy is
# **overfitting**: more data, fewer units or more regularisation would help. Both low and close together is
# **underfitting**: more units, more iterations, a higher learning rate. A line that is missing or breaks off is a
# loss that became nan: the steps were too long.

# %% tags=["active-ipynb"]
# # about 15 seconds
# STYLES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]
#
#
# def compare(title, variants):
#     figure, panels = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
#     reached = []
#     for (label, options), style in zip(tqdm(variants.items(), unit="net"), STYLES):
#         net, history = train(**options)
#         right = [net.predict(data[f"X_{part}"]) == data[f"y_{part}"] for part in ("train", "val")]
#         accuracy = [float(part.double().mean()) for part in right]
#         smooth = torch.tensor(history["loss_history"]).unfold(0, 30, 10).mean(dim=1)
#         panels[0].plot(torch.arange(len(smooth)) * 10, smooth, linestyle=style, label=label)
#         reached.append(f"{label}: train {accuracy[0]:.2f}, val {accuracy[1]:.2f}")
#         panels[1].plot(history["val_acc_history"], linestyle=style, label=reached[-1])
#     panels[0].set(xlabel="iteration", ylabel="loss, mean of 30 batches", title=title, ylim=(0, 2.6))
#     panels[1].set(xlabel="epoch", ylabel="validation accuracy", title=title)
#     for panel in panels:
#         panel.grid(alpha=0.3)
#         panel.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.15))  # below the curves
#     show(f"Loss over the iterations and validation accuracy over the epochs. At the end, {'; '.join(reached)}.")
#
#
# compare("capacity", {f"{size} hidden units": {"hidden_size": size} for size in (2, 8, 32, 128, 512)})

# %% tags=["active-ipynb"]
# # about 20 seconds
# compare("regularisation", {f"reg = {reg:g}": {"reg": reg, "num_iters": 1000} for reg in (0.0, 3e-3, 1e-2, 1e-1)})

# %% tags=["active-ipynb"]
# # about 10 seconds
# compare("learning rate", {f"learning rate {rate:g}": {"learning_rate": rate} for rate in (1e-3, 1e-2, 1e-1, 1.0)})

# %% [markdown] question="two-layer-net-q2"
# **Question 2.** Your training loss falls slowly and almost along a straight line, and training and validation
# accuracy are nearly the same. A friend proposes (a) a higher learning rate, (b) a larger hidden layer, (c) stronger
# regularisation. Which of the three would you try first, which never, and why? What would you answer if the gap
# between the two accuracies were large?

# %% [markdown] answer="two-layer-net-q2"
# ### BEGIN SOLUTION
# A loss that falls like a straight line says that the steps are too short: (a) first. No gap says that the net does
# not overfit, so (c) can only hurt. (b) comes after (a): until the small net is trained to the end one cannot know
# whether it is too small. With a large gap the order turns round: (c) or fewer units, or more images; the learning
# rate is not the trouble.
# ### END SOLUTION

# %% [markdown]
# ## 4 Search
#
# Four knobs, each of which changes what is best for the others. Try combinations, keep the net with the best
# *validation* accuracy, and do not touch the test images. Learning rates and regularisation act as factors, so space
# them by factors (0.01, 0.03, 0.1), not by steps.
#
# Return at least 2 and at most 25 combinations, so that the search ends today.


# %% task="nn_get_search_params" minutes=15 difficulty="easy"
def nn_get_search_params() -> tuple[list[float], list[int], list[float], list[float]]:
    """What to try: (learning_rates, hidden_sizes, regularization_strengths, learning_rate_decays).

    Four lists with 2 to 25 combinations in all. Learning rates are above 0, strengths from 0 up, decays in (0, 1].
    """
    ### BEGIN SOLUTION
    return [0.03, 0.1, 0.3], [32, 128], [1e-3, 3e-3, 1e-2], [0.97]
    ### END SOLUTION


# %% [markdown] hint="nn_get_search_params"
# 1. Read the three pictures above: which learning rates learn at all, how many units help, and how much
#    regularisation narrows the gap?
# 2. Two or three values around the best of each are enough. The number of combinations is the product of the four
#    lengths.

# %% [markdown]
# `find_best_net` tries every combination that `get_param_set_fn` returns. How long to train, on which batches and from
# which weights is your choice, and no size may be fixed: images can have any number of values, and there can be any
# number of classes (labels are 0 to C - 1, and the training labels contain the largest).
#
# The small `std` of `TwoLayerNet`'s default is a slow start: the first epochs go by until weights are large enough to
# matter. Something like $\sqrt{2/D}$ (He et al., 2015, eq. 10) starts at once, whatever the size of the images.


# %% task="find_best_net" minutes=25 difficulty="medium"
def find_best_net(
    data_dict: dict[str, Tensor],
    get_param_set_fn: Callable[[], tuple[list[float], list[int], list[float], list[float]]],
) -> tuple[TwoLayerNet, dict[str, list[float]], float]:
    """Train a TwoLayerNet for every combination; the one with the highest accuracy on the whole validation set wins.

    Shapes:
        data_dict         dict   X_train (N, D), y_train (N,), X_val (N', D), y_val (N',)
        get_param_set_fn         gives what nn_get_search_params gives
        out               tuple  best net; its history, as nn_train returns it; its accuracy on X_val in [0, 1]
    """
    ### BEGIN SOLUTION
    X, y, X_val, y_val = (data_dict[name] for name in ("X_train", "y_train", "X_val", "y_val"))
    classes = int(y.max()) + 1
    best: tuple[Any, dict[str, list[float]], float] = (None, {}, -1.0)
    for rate, size, reg, decay in itertools.product(*get_param_set_fn()):
        net = TwoLayerNet(X.shape[1], size, classes, dtype=X.dtype, device=X.device, std=(2 / X.shape[1]) ** 0.5)
        history = net.train(
            X, y, X_val, y_val, learning_rate=rate, learning_rate_decay=decay, reg=reg, num_iters=400, batch_size=100
        )
        accuracy = float((net.predict(X_val) == y_val).double().mean())
        if accuracy > best[2]:
            best = (net, history, accuracy)
    return best
    ### END SOLUTION


# %% [markdown] hint="find_best_net"
# 1. `itertools.product(*get_param_set_fn())` gives the combinations. For each, make a new `TwoLayerNet` whose sizes
#    come from the data: D is the number of columns of `X_train`, C the largest training label plus 1.
# 2. Give it a useful `std`, such as `(2 / D) ** 0.5`, train it for some hundred iterations with the settings of the
#    combination, and measure `net.predict(X_val) == y_val` on the *whole* validation set.
# 3. Keep the net, its history and its accuracy whenever the accuracy is the best so far.

# %% tags=["active-ipynb"]
# # about 1.5 seconds for each combination of yours: 25 seconds for 18
# started = time.perf_counter()
# best_net, best_history, best_accuracy = find_best_net(data, nn_get_search_params)
# units = len(best_net.params["b1"])
# print(f"validation {best_accuracy:.3f}, {units} hidden units, {time.perf_counter() - started:.0f} s")

# %% [markdown]
# A heat map of two knobs shows how they play together. Look at where the best value lies: at the edge of the map,
# the search should go on beyond it.

# %% tags=["active-ipynb"]
# # about 30 seconds: 20 nets
# rates, strengths = [0.01, 0.03, 0.1, 0.3], [0.0, 1e-3, 3e-3, 1e-2, 3e-2]
# table = torch.zeros(len(rates), len(strengths))
# for i, j in tqdm(list(itertools.product(range(len(rates)), range(len(strengths)))), unit="net"):
#     net, _ = train(learning_rate=rates[i], reg=strengths[j], num_iters=500)
#     table[i, j] = (net.predict(data["X_val"]) == data["y_val"]).double().mean()
# middle = (table.min() + table.max()) / 2
# plt.figure(figsize=(6, 3.6))
# plt.imshow(table, cmap="viridis", aspect="auto")
# for i in range(len(rates)):
#     for j in range(len(strengths)):
#         colour = "white" if table[i, j] < middle else "black"
#         plt.text(j, i, f"{table[i, j]:.3f}", ha="center", va="center", color=colour)
# plt.xticks(range(len(strengths)), [f"{reg:g}" for reg in strengths])
# plt.yticks(range(len(rates)), [f"{rate:g}" for rate in rates])
# plt.xlabel("reg")
# plt.ylabel("learning rate")
# plt.colorbar(label="validation accuracy")
# i, j = divmod(int(table.argmax()), len(strengths))
# show(f"Map of the validation accuracy. Highest: {table[i, j]:.3f} at learning rate {rates[i]}, reg {strengths[j]}.")

# %% [markdown]
# Now, once, the test set. What is confused with what, and how does it compare with the linear classifier and with
# nearest neighbours?

# %% tags=["active-ipynb"]
# predicted = best_net.predict(test_images.flatten(1))
# print(f"test accuracy {float((predicted == scenes.y_test).double().mean()):.3f}, validated {best_accuracy:.3f}")
# confusion_matrix(scenes.y_test, predicted, scenes.class_names)

# %% tags=["active-ipynb"]
# show_templates(best_net)

# %% [markdown]
# ## What to take home
#
# Backward, a layer needs what went into it and the gradient of what came out, and nothing else of the net. That makes
# every layer a module of its own: the second half of this assignment, `fully_connected_networks`, builds nets of any
# depth from such modules.
#
# **Where to look next.** Rumelhart, Hinton and Williams (*Learning representations by back-propagating errors*, 1986)
# made backpropagation known. Cybenko (*Approximation by superpositions of a sigmoidal function*, 1989) proves that one
# hidden layer can approximate any continuous function, if it may be as wide as it likes.
