# %% [markdown]
# # Linear classifiers
#
# Nearest neighbours keep every training image and compare with all of them. A linear classifier keeps **one
# template per class** and throws the training images away: the score of a class is the dot product of its template
# with the image, and the highest score wins. Where do the templates come from? From a *loss*, a number that says how
# bad the present templates are, and from its gradient, which says how to change them. These two, loss and gradient,
# carry the rest of the course; only the function that makes the scores will grow.
#
# <!-- parts -->
#
# Replace each `raise NotImplementedError()` by your code, then run the cell below it: it runs the checks of that one
# task. You derive the gradients yourself, so autograd is not allowed in the losses, and neither are torch's finished
# softmaxes and losses.

# %%
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

LossFunction = Callable[[Tensor, Tensor, Tensor, float], tuple[Tensor, Tensor]]

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
# torch.set_num_threads(1)  # the matrices are small: a second thread would mostly wait

# %% [markdown]
# ## The data, and two habits
#
# The same scenes as before, cut in three: *training* images make the templates, *validation* images choose settings,
# *test* images are for the end.
#
# **Subtract the mean image**, the mean of the *training* images. Pixels lie in [0, 1]: without this all inputs are
# positive, all gradients of a template have one direction in common, and descent zigzags.
#
# **Append a 1.** A score is $w_c \cdot x + b_c$. If every image gets one more entry that is always 1, the bias $b_c$
# becomes one more entry of $w_c$, and there is a single matrix $W$ to learn, with one column per class. An image is a
# row of $D = 3 \cdot 32 \cdot 32 + 1 = 3073$ numbers, and all scores of all images are one product:
#
#     X (N, D)  @  W (D, C)  =  scores (N, C)

# %% tags=["active-ipynb"]
# scenes = load("scenes")
# names = scenes.class_names
# images = {"train": scenes.x_train[:4000], "val": scenes.x_train[4000:], "test": scenes.x_test}
# mean_image = images["train"].mean(dim=0)
#
#
# def to_rows(images):
#     rows = (images - mean_image).flatten(1)
#     return torch.cat([rows, torch.ones(len(rows), 1)], dim=1)  # (N, D)
#
#
# data = {"X_" + part: to_rows(x) for part, x in images.items()}
# data |= {"y_train": scenes.y_train[:4000], "y_val": scenes.y_train[4000:], "y_test": scenes.y_test}
# for name, value in data.items():
#     print(f"{name:8} {tuple(value.shape)}")
# titles = [*(names[label] for label in data["y_train"][:7]), "mean image"]
# image_grid(torch.cat([images["train"][:7], mean_image[None]]), titles=titles)

# %% [markdown]
# ## 1 Batches that make no sense
#
# Begin with a guard. A loss takes weights `W` (D, C), a batch of images `X` (N, D) and their labels `y` (N,), int64 in
# 0..C-1. Give it labels that cannot be, or no images at all, and very likely it answers with a *number*: index -1 means
# "the last one" in Python, and the mean of nothing is `nan` without a murmur. Such a batch comes from a mistake
# somewhere else (an off-by-one in a label file, a slice beyond the end), and the place to notice is the loss, not three
# hours of training later.
#
# Write a function that raises `ValueError` for these batches, with a message for the person who will read it: what is
# wrong, and with which value. It must be quick, without a loop over the images, for your four losses will **call it in
# their first line**, at every step of training.
#
# | batch | the message contains |
# |---|---|
# | no images at all | the word "empty" |
# | `y` is not int64 | the dtype that `y` has, such as `float32` |
# | `X` and `y` differ in length | both lengths |
# | some label is not in 0..C-1 | a label that is not |


# %% task="validate_batch" minutes=15 difficulty="easy"
def validate_batch(W: Tensor, X: Tensor, y: Tensor) -> None:
    """Raise ValueError, with a sentence, when no loss can be computed for this batch; else do nothing.

    Refused are: an empty batch; labels that are not int64; X and y of different lengths; a label outside 0..C-1. Each
    message contains what the table above says. No loop over the images.

    Shapes:
        W  (D, C)  only its number of classes matters
        X  (N, D)  images
        y  (N,)    labels
    """
    ### BEGIN SOLUTION
    if len(X) == 0:
        raise ValueError("The batch is empty: X and y must hold at least one image and its label.")
    if y.dtype != torch.int64:
        raise ValueError(f"The labels y are {y.dtype}, but a label is a class's number: convert them by y.long().")
    if len(X) != len(y):
        raise ValueError(f"X holds {len(X)} images and y holds {len(y)} labels: there must be one for each.")
    wrong = (y < 0) | (y >= W.shape[1])
    if wrong.any():
        raise ValueError(f"A label is {int(y[wrong][0])}, but W has {W.shape[1]} classes: 0 to {W.shape[1] - 1}.")
    ### END SOLUTION


# %% [markdown] hint="validate_batch"
# 1. Write one `if` for each row of the table, in its order, and raise `ValueError` with an f-string that contains the
#    value.
# 2. `y.dtype` and `len(X)`, `len(y)` answer the first three rows. For the last, compare the whole tensor at once: `(y
#    < 0) | (y >= C)` is a tensor of bools, and `.any()` says whether one of them is true. C is `W.shape[1]`.
# 3. To name a wrong label, select the wrong ones with the tensor of bools as an index, `y[wrong]`, and take the
#    first.

# %% tags=["active-ipynb"]
# W, X, y = torch.zeros(3073, 10), data["X_train"][:5], data["y_train"][:5]
# for X_wrong, y_wrong in [(X[5:], y[5:]), (X, y.float()), (X, y[:4]), (X, y - 20)]:
#     try:
#         validate_batch(W, X_wrong, y_wrong)
#     except ValueError as error:
#         print("ValueError:", error)

# %% [markdown]
# ## 2 Support vector machine
#
# Let $s = x W$ be the scores of one image and $y$ its true class. The support vector machine is content when the true
# class beats every other one by a **margin** of 1. Each class that comes closer costs what it is too close:
#
# $$ L_i \;=\; \sum_{j \ne y_i} \max(0,\; s_j - s_{y_i} + 1). $$
#
# For example, let the scores of a cat, a car and a frog be 3.2, 5.1 and -1.7 on an image of a cat. The car is ahead:
# $\max(0, 5.1 - 3.2 + 1) = 2.9$. The frog is more than 1 behind: $\max(0, -1.7 - 3.2 + 1) = 0$. The loss of the image
# is 2.9.
#
# (Weston and Watkins, *Support vector machines for multi-class pattern recognition*, ESANN 1999. Torch's
# `multi_margin_loss` also divides by the number of classes; we do not.) The loss of a batch is the mean over its $N$
# images plus a **regulariser**, once, not once per image:
#
# $$ L \;=\; \frac1N \sum_i L_i \;+\; \lambda \sum_{d,c} W_{dc}^2. $$
#
# Many books write $\tfrac\lambda2$. We do not, so the gradient of our regulariser is $2 \lambda W$.
#
# **The gradient.** $L_i$ is a sum of hinges, and each is either flat or a straight line. Where class $j$ violates the
# margin, its term is $x \cdot w_j - x \cdot w_{y_i} + 1$: the gradient is $+x$ in column $j$ and $-x$ in column $y_i$.
# Where it does not, nothing. So an image with three violations subtracts itself three times from its own class's
# column. (Exactly at the corner any slope between the two is a *subgradient*; real data practically never get there.)
#
# ### With loops
#
# Write the definition: a loop over images and a loop over classes. Fill `dW` in the same loops. All sizes come from
# the shapes, loss and gradient have the dtype and device of `W`, and the inputs stay as they are.


# %% task="svm_loss_naive" minutes=25 difficulty="medium"
def svm_loss_naive(W: Tensor, X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, Tensor]:
    """Multiclass hinge loss with margin 1, mean over the batch, plus reg * sum(W * W); with loops.

    Raises ValueError for a batch that validate_batch refuses.

    Shapes:
        W     (D, C)  one template per column
        X     (N, D)  images as rows
        y     (N,)    labels, int64 in 0..C-1
        reg   float   strength of the regulariser
        loss  ()      a tensor of no axes, dtype and device of W
        dW    (D, C)  gradient of the loss
    """
    ### BEGIN SOLUTION
    validate_batch(W, X, y)
    num_images, num_classes = len(X), W.shape[1]
    loss, dW = W.new_zeros(()), torch.zeros_like(W)
    for i in range(num_images):
        scores, label = X[i] @ W, int(y[i])
        for j in range(num_classes):
            margin = scores[j] - scores[label] + 1
            if j != label and margin > 0:
                loss = loss + margin
                dW[:, j] += X[i]
                dW[:, label] -= X[i]
    return loss / num_images + reg * (W * W).sum(), dW / num_images + 2 * reg * W
    ### END SOLUTION


# %% [markdown] hint="svm_loss_naive"
# 1. Call `validate_batch` first. Then loop over the images: compute the scores `X[i] @ W`, and loop over the classes,
#    leaving out the true one.
# 2. Where the margin `scores[j] - scores[label] + 1` is above 0, add it to the loss, add `X[i]` to column `j` of `dW`
#    and subtract `X[i]` from the column of the true class.
# 3. After the loops divide loss and `dW` by the number of images. Then add the regulariser, `reg * (W * W).sum()`,
#    and its gradient, `2 * reg * W`, once.

# %% [markdown]
# A test of any loss that needs no program at all: with tiny random weights all scores are nearly 0. What must the loss
# be? Think of the number before you run the cell.

# %% tags=["active-ipynb"]
# seed_everything(0)
# W = 1e-4 * torch.randn(data["X_train"].shape[1], len(names))
# loss, dW = svm_loss_naive(W, data["X_train"][:50], data["y_train"][:50], 0.0)
# print(f"loss {loss:.4f}")

# %% [markdown] question="linear-q1"
# **Question 1.** (a) Why is the loss above near 9, and what would it be with $C$ classes? (b) A run prints 81.3 as its
# first loss with ten classes and tiny weights. Which mistake in the code do you look for first?

# %% [markdown] answer="linear-q1"
# ### BEGIN SOLUTION
# (a) All scores are about equal, so each of the nine wrong classes violates the margin by exactly its width, 1. In
# general the loss is C - 1. (b) 81 is 9 times 9: the loss of an image is added once for each class that violates the
# margin, so the line that adds it to the sum is inside the loop over classes. A sum that is not divided by N would be
# 9 N, and a loss near 10 would mean that the true class was not left out. The regulariser cannot be the reason: tiny
# weights make it tiny, even if it is added once per image. With *large* weights it would be the first suspect.
# ### END SOLUTION

# %% [markdown]
# ### Without loops
#
# The same numbers from whole matrices. The way that always works: write down what each step does to *all* images and
# classes at once, with its shape.
#
#     scores                    (N, C)   one product
#     scores of the true class  (N, 1)   pick one entry per row: Tensor.gather, or indexing with two index tensors
#     margins                   (N, C)   broadcasting; the true class must not count
#     loss                      ()
#
# For the gradient put into a matrix *how often* image $i$ enters column $c$: +1 for each violation, and for the true
# class minus the number of violations of that row. Call it $G$, shape (N, C). Then $dW = X^\top G / N$ adds up all
# images in a single product: check the shapes, (D, N) @ (N, C). In fact $G / N$ is the gradient with respect to the
# scores, and this product is the *backward pass* of $X W$; you will meet it again in every layer.


# %% task="svm_loss_vectorized" minutes=30 difficulty="medium"
def svm_loss_vectorized(W: Tensor, X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, Tensor]:
    """Multiclass hinge loss with margin 1, mean over the batch, plus reg * sum(W * W); no Python loop.

    Raises ValueError for a batch that validate_batch refuses.

    Shapes:
        W     (D, C)  one template per column
        X     (N, D)  images as rows
        y     (N,)    labels, int64 in 0..C-1
        reg   float   strength of the regulariser
        loss  ()      a tensor of no axes, dtype and device of W
        dW    (D, C)  gradient of the loss
    """
    ### BEGIN SOLUTION
    validate_batch(W, X, y)
    scores, labels = X @ W, y[:, None]  # (N, C), (N, 1)
    margins = (scores - scores.gather(1, labels) + 1).clamp(min=0).scatter(1, labels, 0.0)
    entries = (margins > 0).to(X.dtype)  # how often image i enters column c, with its sign
    entries = entries.scatter(1, labels, -entries.sum(dim=1, keepdim=True))
    loss = margins.sum() / len(X) + reg * (W * W).sum()
    return loss, X.T @ entries / len(X) + 2 * reg * W
    ### END SOLUTION


# %% [markdown] hint="svm_loss_vectorized"
# 1. `scores.gather(1, y[:, None])` is the column (N, 1) of the true classes' scores. Subtract it from the scores, add
#    1, and `clamp` at 0: these are the margins, (N, C).
# 2. The true class gives a margin of exactly 1 in each row. Set these entries to 0, for example by `scatter`, before
#    you add up.
# 3. For the gradient make a matrix G (N, C): 1 where the margin is above 0, else 0. Then put minus the sum of each
#    row at its true class. `dW` is `X.T @ G / N + 2 * reg * W`.

# %% tags=["active-ipynb"]
# for loss_func in (svm_loss_naive, svm_loss_vectorized):
#     started = time.perf_counter()
#     loss, dW = loss_func(W, data["X_train"][:200], data["y_train"][:200], 1e-3)
#     print(f"{loss_func.__name__:20} loss {loss:.6f}   {time.perf_counter() - started:.4f} s")

# %% [markdown]
# ## 3 Softmax
#
# The second loss reads the scores as logarithms of unnormalised probabilities:
#
# $$ p_j = \frac{e^{s_j}}{\sum_k e^{s_k}}, \qquad L_i = -\log p_{y_i} = \log \sum_k e^{s_k} \;-\; s_{y_i}. $$
#
# $L_i$ is the *cross-entropy*: the negative log-probability that $p$ gives to the true label. It is never quite
# satisfied; being right with 99 % could still be 99.9 %. Its gradient with respect to the scores is as simple as a
# gradient can be (Bishop, *Pattern Recognition and Machine Learning*, eq. 4.109):
#
# $$ \frac{\partial L_i}{\partial s_j} = p_j - [j = y_i]. $$
#
# Regulariser, mean and the step from scores to $W$ are those of part 2.

# %% tags=["active-ipynb"]
# lead = torch.linspace(-4, 4, 200)  # score of the true class minus the score of the only other one
# figure = curves({"hinge": (1 - lead).clamp(min=0), "cross-entropy": (1 + (-lead).exp()).log()}, ylabel="loss",
#                 xlabel="lead of the true class")
# figure.axes[0].set_xticks([0, 50, 100, 149, 199], ["-4", "-2", "0", "2", "4"])
# figure

# %% [markdown]
# **The trap.** $e^{89}$ does not fit in float32, $e^{710}$ not in float64: `exp` returns `inf`, and `inf / inf` is
# `nan`. Scores of 1000 are not exotic; one step with too large a learning rate makes them. Two remedies, and you need
# both:
#
# - Subtracting the same number from all scores of an image changes no $p_j$ (why?). Subtract the largest: then every
#   exponent is at most 0, and at least one is exactly 0, so the sum lies between 1 and $C$.
# - Do not take the logarithm of a probability. If the true class is 1000 behind, $p_{y_i}$ is $e^{-1000}$, which rounds
#   to 0, and $-\log 0$ is `inf`. The right-hand form of $L_i$ above needs no such logarithm, and gives 1000.
#
# Because these two are the task, `softmax`, `log_softmax`, `logsumexp` and `cross_entropy` of torch are not allowed.


# %% task="softmax_loss_naive" minutes=25 difficulty="medium"
def softmax_loss_naive(W: Tensor, X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the softmax, mean over the batch, plus reg * sum(W * W); with loops.

    Finite and right for scores of thousands. Raises ValueError for a batch that validate_batch refuses.

    Shapes:
        W     (D, C)  one template per column
        X     (N, D)  images as rows
        y     (N,)    labels, int64 in 0..C-1
        reg   float   strength of the regulariser
        loss  ()      a tensor of no axes, dtype and device of W
        dW    (D, C)  gradient of the loss
    """
    ### BEGIN SOLUTION
    validate_batch(W, X, y)
    num_images, num_classes = len(X), W.shape[1]
    loss, dW = W.new_zeros(()), torch.zeros_like(W)
    for i in range(num_images):
        scores, label = X[i] @ W, int(y[i])
        shifted = scores - scores.max()
        log_total = shifted.exp().sum().log()
        loss = loss + log_total - shifted[label]
        for j in range(num_classes):
            probability = (shifted[j] - log_total).exp()
            dW[:, j] += (probability - int(j == label)) * X[i]
    return loss / num_images + reg * (W * W).sum(), dW / num_images + 2 * reg * W
    ### END SOLUTION


# %% [markdown] hint="softmax_loss_naive"
# 1. For each image subtract the largest score from its scores. Then the loss of the image is
#    `log(sum(exp(shifted))) - shifted[label]`; no logarithm of a probability is needed.
# 2. The probability of class `j` is `exp(shifted[j] - log_total)`. Column `j` of `dW` gets `(probability - 1) * X[i]`
#    for the true class and `probability * X[i]` for the others.
# 3. Divide by the number of images at the end, and add the regulariser and its gradient once, as in the hinge loss.

# %% [markdown]
# Again without loops. The plan is the one of part 2: scores (N, C), then the gradient with respect to the scores
# (N, C), then one product.


# %% task="softmax_loss_vectorized" minutes=20 difficulty="medium"
def softmax_loss_vectorized(W: Tensor, X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the softmax, mean over the batch, plus reg * sum(W * W); no Python loop.

    Finite and right for scores of thousands. Raises ValueError for a batch that validate_batch refuses.

    Shapes:
        W     (D, C)  one template per column
        X     (N, D)  images as rows
        y     (N,)    labels, int64 in 0..C-1
        reg   float   strength of the regulariser
        loss  ()      a tensor of no axes, dtype and device of W
        dW    (D, C)  gradient of the loss
    """
    ### BEGIN SOLUTION
    validate_batch(W, X, y)
    scores, labels = X @ W, y[:, None]  # (N, C), (N, 1)
    shifted = scores - scores.max(dim=1, keepdim=True).values
    log_probs = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    loss = reg * (W * W).sum() - log_probs.gather(1, labels).mean()
    dscores = log_probs.exp() - torch.zeros_like(log_probs).scatter(1, labels, 1.0)  # (N, C)
    return loss, X.T @ dscores / len(X) + 2 * reg * W
    ### END SOLUTION


# %% [markdown] hint="softmax_loss_vectorized"
# 1. Subtract the largest score of each row: `scores.max(dim=1, keepdim=True).values` has the shape (N, 1).
# 2. The logarithms of the probabilities are `shifted - shifted.exp().sum(dim=1, keepdim=True).log()`. The loss is
#    minus the mean of the entries of the true classes.
# 3. The gradient with respect to the scores is the matrix of probabilities, minus 1 at the true class of each row,
#    divided by N. One product with `X.T` gives `dW`.

# %% tags=["active-ipynb"]
# loss, _ = softmax_loss_vectorized(W, data["X_train"][:50], data["y_train"][:50], 0.0)
# print(f"tiny weights: loss {loss:.4f}, log(10) = {math.log(10):.4f}")
# loss, _ = softmax_loss_vectorized(1e6 * W, data["X_train"][:50], data["y_train"][:50], 0.0)
# print(f"huge scores:  loss {loss:.1f}")

# %% [markdown] question="linear-q2"
# **Question 2.** All scores of all images grow by the factor 10 (as if $W$ were multiplied by 10), without a
# regulariser. Every image was already classified correctly. What happens to the hinge loss of an image whose margins
# were all met, what to its cross-entropy, and what keeps $W$ from growing forever in each case?

# %% [markdown] answer="linear-q2"
# ### BEGIN SOLUTION
# The hinge loss was 0 and stays 0: met margins only widen, the gradient is 0, and W stops by itself once all margins
# are met. The cross-entropy falls, because the leads grow and the probability of the true class comes nearer to 1, but
# it never reaches 0: without a regulariser, and if all images can be classified correctly, there is no minimum, and W
# grows without end, ever more slowly. With reg > 0 the price of large weights stops it.
# ### END SOLUTION

# %% [markdown]
# ## 4 Training
#
# **Stochastic gradient descent**: draw a few images at random, take the gradient of *their* loss, move a little way
# downhill, repeat. The gradient of 200 images points nearly where that of 4,000 would, at a twentieth of the price.
#
# Draw each image independently of the others, from all images. One image may come twice; this is *sampling with
# replacement*, and for small batches it hardly differs from the other kind.


# %% task="sample_batch" minutes=5 difficulty="easy"
def sample_batch(X: Tensor, y: Tensor, num_train: int, batch_size: int) -> tuple[Tensor, Tensor]:
    """Draw images at random, with replacement, from the first num_train rows, each as likely as the others.

    Random numbers come from torch, so that torch.manual_seed repeats a run.

    Shapes:
        X           (N, D)           images
        y           (N,)             their labels
        num_train   int              draw from rows 0..num_train-1
        batch_size  int              how many to draw; may be larger than num_train
        X_batch     (batch_size, D)  rows of X
        y_batch     (batch_size,)    the labels of the same rows
    """
    ### BEGIN SOLUTION
    rows = torch.randint(num_train, (batch_size,), device=X.device)
    return X[rows], y[rows]
    ### END SOLUTION


# %% [markdown] hint="sample_batch"
# 1. Draw `batch_size` row numbers from 0 to `num_train - 1`, each independently of the others: `torch.randint` does
#    that.
# 2. Index `X` and `y` with the same tensor of row numbers. Draw only once, or images and labels no longer belong
#    together.

# %% [markdown]
# Now the loop. It serves any loss function that takes `(W, X, y, reg)` and returns the loss and its gradient.
#
# - Without a `W` to start from, make one: `1e-6 * randn`, with as many rows as `X` has columns and as many columns as
#   there are classes, that is, the largest label plus 1. It has the dtype and device of `X`.
# - In every iteration: draw a batch, ask for loss and gradient *at the present* `W`, note the loss as a Python float,
#   step against the gradient.
# - The `W` that you were given belongs to the caller. Leave it as it was: `W = W - ...` makes a new tensor, `W -= ...`
#   writes into the old one.


# %% task="train_linear_classifier" minutes=15 difficulty="easy"
def train_linear_classifier(
    loss_func: LossFunction,
    W: Tensor | None,
    X: Tensor,
    y: Tensor,
    learning_rate: float = 1e-3,
    reg: float = 1e-5,
    num_iters: int = 100,
    batch_size: int = 200,
    verbose: bool = False,
) -> tuple[Tensor, list[float]]:
    """Stochastic gradient descent: in each iteration W - learning_rate * gradient of a fresh batch of all images.

    Shapes:
        loss_func     function          (W, X_batch, y_batch, reg) -> (loss, dW)
        W             (D, C)            where to start; not changed. None: 1e-6 * randn, C = largest label + 1
        X             (N, D)            training images
        y             (N,)              labels, int64
        W_trained     (D, C)            the result, dtype and device of X
        loss_history  list of num_iters floats: the loss of each batch before its step
    """
    if W is None:
        ### BEGIN SOLUTION
        W = 1e-6 * torch.randn(X.shape[1], int(y.max()) + 1, dtype=X.dtype, device=X.device)
        ### END SOLUTION
    loss_history: list[float] = []
    for iteration in range(num_iters):
        ### BEGIN SOLUTION
        X_batch, y_batch = sample_batch(X, y, len(X), batch_size)
        loss, dW = loss_func(W, X_batch, y_batch, reg)
        W = W - learning_rate * dW
        loss_history.append(float(loss))
        ### END SOLUTION
        if verbose and iteration % 100 == 0:
            print(f"iteration {iteration} of {num_iters}: loss {loss_history[-1]:.4f}")
    return W, loss_history


# %% [markdown] hint="train_linear_classifier"
# 1. The first gap makes `W` where none was given: `1e-6 * torch.randn(D, C)`, with C = largest label + 1, and with
#    the dtype and the device of `X`.
# 2. The second gap is one iteration: `sample_batch`, then `loss_func(W, X_batch, y_batch, reg)`, append
#    `float(loss)`, and step: `W = W - learning_rate * dW`.
# 3. `W -= ...` would change the tensor of the caller. `W = W - ...` makes a new one.


# %% task="predict_linear_classifier" minutes=5 difficulty="easy"
def predict_linear_classifier(W: Tensor, X: Tensor) -> Tensor:
    """The class with the highest score, for each image.

    Shapes:
        W    (D, C)  templates
        X    (N, D)  images
        out  (N,)    int64 in 0..C-1
    """
    ### BEGIN SOLUTION
    return (X @ W).argmax(dim=1)
    ### END SOLUTION


# %% [markdown] hint="predict_linear_classifier"
# 1. The scores of all images are one product, (N, C).
# 2. `argmax` along the axis of the classes gives the *number* of the best class; `max` would give its score.

# %% [markdown]
# These three classes put your functions together; there is nothing to write here.


# %%
class LinearClassifier:
    """Scores are X @ W. Which loss trains W, the subclasses say."""

    def __init__(self) -> None:
        self.W: Tensor | None = None

    def train(
        self,
        X_train: Tensor,
        y_train: Tensor,
        learning_rate: float = 1e-3,
        reg: float = 1e-5,
        num_iters: int = 100,
        batch_size: int = 200,
        verbose: bool = False,
    ) -> list[float]:
        """Train, from the present W if there is one, and return the losses of the batches."""
        options = (learning_rate, reg, num_iters, batch_size, verbose)
        self.W, loss_history = train_linear_classifier(self.loss, self.W, X_train, y_train, *options)
        return loss_history

    def predict(self, X: Tensor) -> Tensor:
        """The most likely class of each image, int64 (N,)."""
        if self.W is None:
            raise ValueError("This classifier has no weights yet: call train or load first.")
        return predict_linear_classifier(self.W, X)

    def loss(self, W: Tensor, X_batch: Tensor, y_batch: Tensor, reg: float) -> tuple[Tensor, Tensor]:
        """Loss and gradient of a batch."""
        raise TypeError("LinearClassifier has no loss of its own: use LinearSVM or Softmax.")

    def save(self, path: str | Path) -> None:
        """Write W to a file."""
        torch.save({"W": self.W}, path)

    def load(self, path: str | Path) -> None:
        """Read W from a file."""
        self.W = torch.load(path, map_location="cpu", weights_only=True)["W"]


class LinearSVM(LinearClassifier):
    """Trained by the hinge loss."""

    def loss(self, W: Tensor, X_batch: Tensor, y_batch: Tensor, reg: float) -> tuple[Tensor, Tensor]:
        return svm_loss_vectorized(W, X_batch, y_batch, reg)


class Softmax(LinearClassifier):
    """Trained by the cross-entropy."""

    def loss(self, W: Tensor, X_batch: Tensor, y_batch: Tensor, reg: float) -> tuple[Tensor, Tensor]:
        return softmax_loss_vectorized(W, X_batch, y_batch, reg)


# %% [markdown]
# Train, and **look at the loss before you look at the accuracy**. A learning rate that is too small gives a straight,
# patient line; one that is too large a noisy plateau, or leaps. The batches differ, so every curve trembles.

# %% tags=["active-ipynb"]
# # about 5 seconds
# seed_everything(0)
# losses, accuracies = {}, {}
# for learning_rate in tqdm((1e-3, 1e-2, 3e-2, 1.0), unit="training"):
#     classifier = Softmax()
#     losses[f"learning rate {learning_rate:g}"] = classifier.train(
#         data["X_train"], data["y_train"], learning_rate=learning_rate, reg=1e-2, num_iters=300
#     )
#     accuracies[learning_rate] = (classifier.predict(data["X_val"]) == data["y_val"]).double().mean()
# for learning_rate, accuracy in accuracies.items():
#     print(f"learning rate {learning_rate:5g}: {100 * accuracy:.1f} % of the validation images")
# figure = curves(losses, ylabel="loss of the batch")
# figure.axes[0].set_ylim(1.5, 7)
# figure.axes[0].legend(framealpha=0.9)
# figure

# %% [markdown]
# ### What was learned
#
# A column of $W$ without its last entry has as many numbers as an image, so show it as one. Each template is stretched
# to [0, 1] by itself. The first row was trained with hardly any regularisation, the second with a lot. Scenes have
# objects of one typical colour per class (not always, but often): which templates have found that out?

# %% tags=["active-ipynb"]
# # about 6 seconds
# def templates(W):
#     low, high = W[:-1].min(dim=0).values, W[:-1].max(dim=0).values
#     return ((W[:-1] - low) / (high - low)).T.reshape(-1, 3, 32, 32)
#
#
# rows = []
# for reg in tqdm((1e-4, 5.0), unit="training"):
#     seed_everything(0)
#     classifier = LinearSVM()
#     classifier.train(data["X_train"], data["y_train"], learning_rate=3e-3, reg=reg, num_iters=600)
#     rows.append(templates(classifier.W))
# image_grid(torch.cat(rows), titles=[*names, *names], columns=len(names))

# %% [markdown] question="linear-q3"
# **Question 3.** (a) Why are the templates of the second row smoother? (b) Objects in the scenes are shifted by a few
# pixels and turned. What does that do to the best single template of a class, and which classes can a linear
# classifier hardly tell apart for this reason? (c) On the image $x = (1, 1, 1, 1)$ the templates $w = (1, 0, 0, 0)$ and
# $w = (0.25, 0.25, 0.25, 0.25)$ give the same score. Which of them does our regulariser $\sum w^2$ (called L2) prefer,
# and which the sum of absolute values $\sum |w|$ (called L1)? Which would you want for images?

# %% [markdown] answer="linear-q3"
# ### BEGIN SOLUTION
# (a) The regulariser makes every weight costly, so only directions that help on many images survive; neighbouring
# pixels of many images agree, pixel noise does not. With little regularisation the template also fits accidents of
# single training images, which look like noise. (b) It has to serve all positions and angles at once, so it becomes
# their blurred mean: fine details, such as the stripes or checks of a texture, average out, because a stripe that is
# dark in one image is bright in the next. Classes of one shape and different texture (striped disc, checked disc) keep
# only their typical colours as a difference. (c) L2 prefers the second: 4 times 0.0625 is 0.25, against 1. It spreads
# the weight over all pixels, so no single pixel decides, which suits images, where neighbours say nearly the same. L1
# is 1 for both and has no preference between these two. In general L1 does not mind weights of 0 and a few large ones,
# and drives many weights to exactly 0: good if only a few inputs matter and one wants to know which.
# ### END SOLUTION

# %% [markdown]
# ### The same in a plane
#
# An image of two pixels is a point in the plane, and there one can see everything. The score $w_c \cdot x + b_c$ of a
# class rises in the direction of its template $w_c$, and is constant along straight lines at a right angle to it. Two
# classes have equal scores on a straight line. So each class wins in a region with straight borders, in one piece and
# without dents: it is convex. That is true of every linear classifier, whatever the loss. With 3,073 numbers for two,
# the lines become flat surfaces (*hyperplanes*).
#
# On the right is what such a classifier **cannot** do. One class has the corners at the lower left and the upper right,
# the other class the other two: this is XOR. No straight line has both corners of a class on one side. Horses that look
# to the left and horses that look to the right are the same problem. A single template cannot say "this or that"; the
# hidden layer of the next assignment can. The arrows are the templates.

# %% tags=["active-ipynb"]
# from matplotlib.colors import ListedColormap
#
#
# def regions(axes, title, X, y):
#     rows = torch.cat([X, torch.ones(len(X), 1)], dim=1)
#     seed_everything(0)
#     classifier = Softmax()
#     classifier.train(rows, y, learning_rate=0.3, reg=1e-3, num_iters=500, batch_size=100)
#     accuracy = float((classifier.predict(rows) == y).double().mean())
#     side = torch.linspace(-3, 3, 200)
#     places = torch.cartesian_prod(side, side)  # (40000, 2)
#     won = classifier.predict(torch.cat([places, torch.ones(len(places), 1)], dim=1)).reshape(200, 200)
#     colours = ["tab:blue", "gold", "tab:red"]
#     borders = {"extent": (-3, 3, -3, 3), "origin": "lower"}
#     axes.imshow(won.T, cmap=ListedColormap(colours), vmin=0, vmax=2, alpha=0.3, **borders)
#     for label in range(int(y.max()) + 1):
#         look = {"color": colours[label], "marker": "os^"[label], "edgecolor": "black", "linewidth": 0.5}
#         axes.scatter(*X[y == label].T, s=20, **look)
#         axes.annotate("", classifier.W[:2, label].tolist(), (0, 0), arrowprops={"arrowstyle": "->", "linewidth": 2})
#     axes.set(title=f"{title}: {100 * accuracy:.0f} % right", xlabel="pixel 1", ylabel="pixel 2", aspect="equal")
#     return accuracy
#
#
# torch.manual_seed(0)
# y = torch.arange(120) % 3
# three = torch.tensor([[-1.2, -1.0], [1.4, -0.8], [0.0, 1.4]])[y] + 0.45 * torch.randn(120, 2)
# corners = torch.tensor([[-1.3, -1.3], [-1.3, 1.3], [1.3, 1.3], [1.3, -1.3]])[torch.arange(120) % 4]
# figure, panels = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
# first = regions(panels[0], "three classes", three, y)
# second = regions(panels[1], "XOR", corners + 0.4 * torch.randn(120, 2), torch.arange(120) % 2)
# show(f"Three classes in regions with straight borders, {first:.0%} right. XOR cut by one line, {second:.0%} right.")

# %% [markdown]
# ## 5 Search
#
# The learning rate and the regularisation are not learned; somebody must choose them. Train once for each pair, measure
# on the **validation** images, keep the best. First one pair:


# %% task="test_one_param_set" minutes=10 difficulty="easy"
def test_one_param_set(
    cls: LinearClassifier, data_dict: dict[str, Tensor], lr: float, reg: float, num_iters: int = 2000
) -> tuple[LinearClassifier, float, float]:
    """Train the classifier on the training images with batches of 200, and measure it.

    Shapes:
        cls        an object with train(X, y, learning_rate=, reg=, num_iters=, batch_size=) and predict(X)
        data_dict  dict of X_train (N, D), y_train (N,), X_val (M, D), y_val (M,)
        out        the same object, trained; its accuracy on the training and on the validation images, floats in [0, 1]
    """
    ### BEGIN SOLUTION
    X_train, y_train = data_dict["X_train"], data_dict["y_train"]
    cls.train(X_train, y_train, learning_rate=lr, reg=reg, num_iters=num_iters, batch_size=200)
    train_right = cls.predict(X_train) == y_train
    val_right = cls.predict(data_dict["X_val"]) == data_dict["y_val"]
    return cls, float(train_right.double().mean()), float(val_right.double().mean())
    ### END SOLUTION


test_one_param_set.__test__ = False  # its name begins like a test's: tell pytest that it is none


# %% [markdown] hint="test_one_param_set"
# 1. Call `cls.train` on the training images with `learning_rate=lr`, `reg=reg`, `num_iters=num_iters` and a batch of
#    200.
# 2. Accuracy is the share of predictions that equal the labels: the mean of `cls.predict(X) == y`, as a float in [0,
#    1]. Measure it on the training and on the validation images, and return `cls` first.

# %% [markdown]
# Now choose what to try: some learning rates and some strengths, **between 5 and 25 pairs** altogether. Both act by
# factors, so space them by factors (1e-3, 3e-3, 1e-2, ...), not by steps. Use the loss curves above to find the order
# of magnitude. Your lists are good if their best pair, trained for 300 iterations on data prepared as above, comes
# close to the best that a linear classifier reaches there; a check measures that on scenes of its own.


# %% task="svm_get_search_params" minutes=15 difficulty="easy"
def svm_get_search_params() -> tuple[list[float], list[float]]:
    """What to try with LinearSVM, 5 to 25 pairs.

    Shapes:
        learning_rates            list of floats above 0
        regularization_strengths  list of floats, 0 or more
    """
    ### BEGIN SOLUTION
    learning_rates = [3e-4, 1e-3, 3e-3, 1e-2]
    regularization_strengths = [1e-3, 1e-2, 1e-1, 3e-1]
    return learning_rates, regularization_strengths
    ### END SOLUTION


# %% [markdown] hint="svm_get_search_params"
# 1. Look at the curves above: which learning rates made the loss fall quickly without leaps? Start there and go by
#    factors of about 3 to both sides.
# 2. Four learning rates and four strengths are 16 pairs. If the best pair is at the rim of the map below, move the
#    lists in its direction.


# %% task="softmax_get_search_params" minutes=10 difficulty="easy"
def softmax_get_search_params() -> tuple[list[float], list[float]]:
    """What to try with Softmax, 5 to 25 pairs.

    Shapes:
        learning_rates            list of floats above 0
        regularization_strengths  list of floats, 0 or more
    """
    ### BEGIN SOLUTION
    learning_rates = [3e-3, 1e-2, 3e-2, 1e-1]
    regularization_strengths = [1e-3, 1e-2, 1e-1, 3e-1]
    return learning_rates, regularization_strengths
    ### END SOLUTION


# %% [markdown] hint="softmax_get_search_params"
# 1. Take what worked for the SVM as a start. The gradient of the cross-entropy is smaller, because probabilities are
#    below 1, so larger learning rates are worth trying.
# 2. Run the map below. If the best pair is at the rim, move the lists in its direction.

# %% [markdown]
# Two searches, drawn as maps: validation accuracy in bold, training accuracy below it. Is the best pair at the rim of
# the map? Then the search was too narrow. Where does the training accuracy rise while validation falls?

# %% tags=["active-ipynb"]
# # about 40 seconds with 32 pairs
# def search(make, params):
#     results = {}
#     pairs = [(lr, reg) for lr in params[0] for reg in params[1]]
#     for lr, reg in tqdm(pairs, desc=make.__name__, unit="pair"):
#         seed_everything(0)
#         results[lr, reg] = test_one_param_set(make(), data, lr, reg, num_iters=300)
#     return results
#
#
# def draw(axes, title, results, params):
#     grid = torch.tensor([[results[lr, reg][2] for reg in params[1]] for lr in params[0]])
#     axes.imshow(grid, cmap="viridis", aspect="auto")
#     for i, lr in enumerate(params[0]):
#         for j, reg in enumerate(params[1]):
#             _, train_acc, val_acc = results[lr, reg]
#             colour = "black" if grid[i, j] > (grid.min() + grid.max()) / 2 else "white"
#             axes.text(j, i - 0.12, f"{100 * val_acc:.1f}", ha="center", va="center", color=colour, weight="bold")
#             axes.text(j, i + 0.18, f"{100 * train_acc:.1f}", ha="center", va="center", color=colour, size=8)
#     axes.set_xticks(range(len(params[1])), [f"{reg:g}" for reg in params[1]])
#     axes.set_yticks(range(len(params[0])), [f"{lr:g}" for lr in params[0]])
#     axes.set(xlabel="regularisation", ylabel="learning rate", title=title)
#
#
# searches = {"SVM": (LinearSVM, svm_get_search_params()), "softmax": (Softmax, softmax_get_search_params())}
# figure, both = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
# best = {}
# for axes, (title, (make, params)) in zip(both, searches.items()):
#     results = search(make, params)
#     draw(axes, title, results, params)
#     best[title] = max(results.values(), key=lambda result: result[2])
# accuracies = ", ".join(f"{title} {100 * val_acc:.1f} %" for title, (_, _, val_acc) in best.items())
# show(f"Two maps of the accuracy over learning rate and regularisation. Best on the validation images: {accuracies}.")

# %% [markdown]
# And now, once, the test images. Expect a number near the validation accuracy, often slightly lower: the best of
# sixteen was partly the luckiest of sixteen.

# %% tags=["active-ipynb"]
# for title, (classifier, train_acc, val_acc) in best.items():
#     test_acc = float((classifier.predict(data["X_test"]) == data["y_test"]).double().mean())
#     print(f"{title:8} train {100 * train_acc:.1f} %  validation {100 * val_acc:.1f} %  test {100 * test_acc:.1f} %")

# %% [markdown]
# ## 6 Features
#
# A linear classifier on pixels asks: how bright, how red, at *this* place? Before networks learned their own features,
# people computed better questions by hand and gave the answers to the same classifier. Two of them.
#
# ### Colours without places
#
# How much of each colour does the image contain, wherever it is? For each channel count the pixels in `bins` equal
# intervals of [0, 1] and divide by the number of pixels:
#
# $$ \text{interval } k = \left[ \tfrac{k}{\text{bins}}, \tfrac{k+1}{\text{bins}} \right), \quad k = 0, \dots,
# \text{bins} - 1; \qquad \text{the last one includes } 1. $$
#
# No Python loop over images: you have thousands of them. (`Tensor.scatter_add_` is one way, comparing with all bins by
# broadcasting another.)


# %% task="color_histogram" minutes=20 difficulty="medium"
def color_histogram(images: Tensor, bins: int = 25) -> Tensor:
    """The fractions of an image's pixels in equal intervals of [0, 1], channel after channel.

    Interval k holds the values v with k/bins <= v < (k+1)/bins; the last one also holds 1.

    Shapes:
        images  (N, C, H, W)   float in [0, 1]
        out     (N, C * bins)  out[:, c * bins + k] = share of channel c in interval k; dtype and device of images
    """
    ### BEGIN SOLUTION
    channels = images.flatten(2)  # (N, C, H*W)
    interval = (channels * bins).long().clamp(max=bins - 1)
    counts = channels.new_zeros(*channels.shape[:2], bins).scatter_add_(2, interval, torch.ones_like(channels))
    return counts.flatten(1) / channels.shape[2]
    ### END SOLUTION


# %% [markdown] hint="color_histogram"
# 1. Flatten each channel to (N, C, H*W). The interval of a value `v` is `floor(v * bins)`, for all values at once:
#    `(channels * bins).long()`.
# 2. The value 1 would fall into interval number `bins`, which does not exist. `clamp` the numbers to at most `bins -
#    1`.
# 3. Count with `zeros(N, C, bins).scatter_add_(2, interval, ones)`, or compare the numbers with `torch.arange(bins)`
#    by broadcasting and add up. Divide by the number of pixels and flatten to (N, C * bins).

# %% [markdown]
# ### Edges without colours
#
# A shape is where the brightness changes, and in which direction. A **histogram of oriented gradients** (Dalal and
# Triggs, *Histograms of oriented gradients for human detection*, CVPR 2005) cuts the image into square cells and notes
# for each cell which edge directions it contains, and how strong they are. Within a cell the place is forgotten: an
# edge may move by some pixels and still count the same. Ours is a plain version. Step by step:
#
# 1. **Grey image** $g$: the mean of the channels.
# 2. **Gradient** by central differences. Outside the image, the nearest pixel inside continues:
#    $\;g_x[h, w] = \tfrac12 (g[h, w+1] - g[h, w-1]), \quad g_y[h, w] = \tfrac12 (g[h+1, w] - g[h-1, w]).$
# 3. **Magnitude** $m = \sqrt{g_x^2 + g_y^2}$ and **orientation** $\theta = \operatorname{atan2}(g_y, g_x)$, taken
#    modulo $\pi$: an edge from dark to bright and one from bright to dark have the same orientation.
# 4. **Bins.** The centre of bin $k$ is the orientation $k \pi / \text{bins}$. The magnitude is *shared* by the two bins
#    next to $\theta$: with $p = \theta \cdot \text{bins} / \pi$ and $k = \lfloor p \rfloor$, bin $k$ gets $m (1 - (p -
#    k))$ and bin $k + 1$ gets $m (p - k)$. Bins form a ring: after the last comes bin 0, because $\pi$ is again
#    orientation 0. (Without sharing, an edge at the border of two bins would jump between them at the slightest noise.)
# 5. **Cells** of `cell` x `cell` pixels, side by side from the top left corner. Rows and columns that do not fill a
#    cell are left out. A cell's histogram $v$ is the **mean** over its pixels of what they gave to each bin.
# 6. **Contrast.** Every cell is scaled by itself: $v / \sqrt{\lVert v \rVert^2 + 0.01^2}$. A faint edge and a strong
#    one now look alike, and the 0.01 keeps plain walls near 0.


# %% task="hog_features" minutes=60 difficulty="hard"
def hog_features(images: Tensor, cell: int = 8, bins: int = 9) -> Tensor:
    """Histograms of oriented gradients, in the six steps above.

    Shapes:
        images  (N, C, H, W)  float in [0, 1], H and W at least `cell`
        cell    int           side of a cell in pixels
        bins    int           orientations, at least 2
        out     (N, rows * columns * bins)  rows = H // cell, columns = W // cell; cell after cell, row by row, and
                              within a cell bin after bin; dtype and device of images
    """
    ### BEGIN SOLUTION
    grey = F.pad(images.mean(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")[:, 0]  # (N, H+2, W+2)
    dx = (grey[:, 1:-1, 2:] - grey[:, 1:-1, :-2]) / 2  # (N, H, W)
    dy = (grey[:, 2:, 1:-1] - grey[:, :-2, 1:-1]) / 2
    magnitude = (dx.square() + dy.square()).sqrt()
    position = torch.atan2(dy, dx) % math.pi * bins / math.pi  # in units of bins, on a ring
    distance = (position[:, None] - torch.arange(bins, device=images.device).view(-1, 1, 1)).abs()  # (N, bins, H, W)
    share = (1 - torch.minimum(distance, bins - distance)).clamp(min=0)
    histogram = F.avg_pool2d(share * magnitude[:, None], cell)  # (N, bins, rows, columns)
    histogram = histogram / (histogram.square().sum(dim=1, keepdim=True) + 0.01**2).sqrt()
    return histogram.permute(0, 2, 3, 1).flatten(1)
    ### END SOLUTION


# %% [markdown] hint="hog_features"
# 1. Do steps 1 to 3 with whole tensors: pad the grey images by one pixel with `F.pad(..., mode="replicate")` (it
#    wants an axis of channels), and subtract shifted slices. `torch.atan2(dy, dx) % math.pi` is the orientation.
# 2. For step 4 compute the distance of `p` to each bin `k`, on the ring: `d = |p - k|`, then the smaller of `d` and
#    `bins - d`. The share of bin `k` is `1 - distance`, or 0 if that is negative. This gives (N, bins, H, W) without
#    a loop over pixels.
# 3. The mean over cells of `cell` x `cell` pixels is `F.avg_pool2d`, which also leaves out incomplete cells.
#    Normalise along the axis of the bins, then move that axis to the end and flatten.

# %% [markdown]
# In the second row each cell shows its bins as strokes, drawn along the edge (at a right angle to the gradient), longer
# for larger values. Cells of 4 pixels here.

# %% tags=["active-ipynb"]
# def draw_cells(axes, features, cell, bins):
#     side = 32 // cell
#     for number, values in enumerate(features.reshape(side * side, bins)):
#         row, column = divmod(number, side)
#         x, y = (column + 0.5) * cell - 0.5, (row + 0.5) * cell - 0.5
#         for k, value in enumerate(values.tolist()):
#             angle = math.pi * k / bins + math.pi / 2
#             dx, dy = 0.6 * cell * value * math.cos(angle), 0.6 * cell * value * math.sin(angle)
#             axes.plot([x - dx, x + dx], [y - dy, y + dy], color="white", linewidth=1)
#     axes.set(xlim=(-0.5, 31.5), ylim=(31.5, -0.5), facecolor="black", aspect="equal", xticks=[], yticks=[])
#
#
# figure, grid = plt.subplots(2, 7, figsize=(11, 3.3), layout="constrained")
# for image, label, top, bottom in zip(images["train"], data["y_train"], grid[0], grid[1]):
#     top.imshow(image.movedim(0, -1))
#     top.set_title(names[label], fontsize=8)
#     top.set_axis_off()
#     draw_cells(bottom, hog_features(image[None], cell=4), cell=4, bins=9)
# show("Seven images; under each, strokes along the edges of its cells of 4 x 4 pixels, long where edges are strong.")

# %% [markdown]
# Finally put several features side by side. Each function takes a batch of images and returns one row per image.


# %% task="extract_features" minutes=10 difficulty="easy"
def extract_features(images: Tensor, feature_fns: Sequence[Callable[[Tensor], Tensor]]) -> Tensor:
    """The features of all functions, side by side, in the order of the functions.

    Shapes:
        images       (N, C, H, W)
        feature_fns  functions, each (n, C, H, W) -> (n, D_f), one row per image, whatever n is
        out          (N, sum of all D_f)
    """
    ### BEGIN SOLUTION
    parts = images.split(1000)  # the steps between need far more memory than the features
    return torch.cat([torch.cat([compute(part) for compute in feature_fns], dim=1) for part in parts])
    ### END SOLUTION


# %% [markdown] hint="extract_features"
# 1. Call each function on the images and join the results along the axis of the features: `torch.cat([...], dim=1)`.
# 2. Thousands of images at once may need much memory in between. Split the images into parts, compute the features of
#    each part, and join the parts along the axis of the images.

# %% [markdown]
# The features have very different scales, and a single learning rate must suit all of them. So subtract the mean of
# each feature and divide by its standard deviation, both from the training images, and append the 1. Then the same
# softmax classifier as before:

# %% tags=["active-ipynb"]
# # about 10 seconds
# def standardise(features):
#     mean, deviation = features["train"].mean(dim=0), features["train"].std(dim=0) + 1e-3
#     rows = {part: (x - mean) / deviation for part, x in features.items()}
#     return {"X_" + part: torch.cat([x, torch.ones(len(x), 1)], dim=1) for part, x in rows.items()}
#
#
# feature_sets = {
#     "colours": [color_histogram],
#     "edges": [hog_features],
#     "both": [color_histogram, hog_features],
#     "both, small cells too": [color_histogram, hog_features, lambda images: hog_features(images, cell=4)],
# }
# accuracies = {"pixels": best["softmax"][2]}
# for title, functions in tqdm(feature_sets.items(), unit="classifier"):
#     rows = standardise({part: extract_features(x, functions) for part, x in images.items()})
#     seed_everything(0)
#     classifier, _, accuracies[title] = test_one_param_set(Softmax(), data | rows, lr=0.02, reg=1e-3, num_iters=1000)
# plt.figure(figsize=(7, 2.5))
# plt.barh(list(accuracies), [100 * accuracy for accuracy in accuracies.values()])
# plt.gca().invert_yaxis()
# plt.xlabel("validation accuracy in %")
# heights = ", ".join(f"{title} {100 * accuracy:.1f} %" for title, accuracy in accuracies.items())
# show(f"Validation accuracy of the softmax classifier on each set of features: {heights}.")
# test_acc = float((classifier.predict(rows["X_test"]) == data["y_test"]).double().mean())
# print(f"softmax on {title}: test {100 * test_acc:.1f} %")

# %% [markdown] question="linear-q4"
# **Question 4.** (a) All pixels of an image are shuffled, all images by the same permutation, training and test.
# Which of the three classifiers (pixels, `color_histogram`, `hog_features`) give the same predictions as before, if
# trained again? (b) Each image is shifted to the right by a few pixels, each by another amount. Which of the three
# suffers most, and why?

# %% [markdown] answer="linear-q4"
# ### BEGIN SOLUTION
# (a) Pixels: a permutation of the columns of X permutes the rows of W and changes no score, so a linear classifier on
# pixels does not even know that pixels have neighbours. Colour histograms: counting forgets places anyway. HOG does
# not: its gradients compare neighbours, and shuffled neighbours make noise. (b) Pixels: each weight belongs to one
# place, and after a shift it multiplies another one. Histograms of colours lose only what leaves the image, HOG only
# what crosses from one cell to the next.
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# Score, loss, gradient, step. The next assignment keeps all four and makes the score deeper: instead of choosing the
# features by hand, it learns them together with the templates.
#
# **Where to look next.** Bottou, Curtis and Nocedal (*Optimization methods for large-scale machine learning*, 2018)
# explain why noisy gradients are a good bargain. Zou and Hastie (*Regularization and variable selection via the elastic
# net*, 2005) put L1 and L2 together. Bergstra and Bengio (*Random search for hyper-parameter optimization*, 2012) show
# that random pairs beat a grid. Then: `a03_mlp`.
