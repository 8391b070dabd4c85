# %% [markdown]
# # k nearest neighbours
#
# To name what an image shows, look for the training images most like it and let them vote. There is nothing to
# train: the training set *is* the model. What remains is to measure "most like" quickly, to count votes
# correctly, and to choose how many neighbours may vote without fooling yourself. You write these three parts.
#
# <!-- parts -->
#
# Replace each `raise NotImplementedError()` by your code, then run the cell below it: it runs the checks of that
# one task and tells you where the first wrong number is. Only torch's arithmetic is needed.

# %%
import torch
from torch import Tensor

# %% tags=["active-ipynb"]
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import confusion_matrix, image_grid, show

# %% [markdown]
# ## The data
#
# `load("scenes")` draws small images of one object on a textured background, the same ones every time. The label
# names the object's shape and pattern: striped disc, checked cross, ... Place, size, rotation and background say
# nothing about it. Images are float32 in [0, 1], shape (N, C, H, W).
#
# Look at a few of each class before you write anything. Which classes would you confuse if you could compare
# images only pixel by pixel?

# %% tags=["active-ipynb"]
# scenes = load("scenes")
# x_train, y_train = scenes.x_train[:2000], scenes.y_train[:2000]
# x_test, y_test = scenes.x_test[:500], scenes.y_test[:500]
# print("training", tuple(x_train.shape), "test", tuple(x_test.shape), "classes", len(scenes.class_names))
#
# classes = range(len(scenes.class_names))
# examples = torch.stack([x_train[y_train == label][i] for i in range(5) for label in classes])
# image_grid(examples, titles=[scenes.class_names[label] for label in classes] * 5, columns=len(classes))

# %% [markdown]
# ## 1 Distances
#
# Flatten every image into a vector of $D$ numbers. The Euclidean distance between training image $a$ and test
# image $b$ is
#
# $$ d(a, b) = \sqrt{\sum_{i=1}^{D} (a_i - b_i)^2}. $$
#
# We want all of them at once: a matrix with one row per training image and one column per test image. You compute
# it three times. The results are the same; the slowest takes more than a hundred times as long as the fastest.
#
# `torch.cdist`, `torch.dist` and every kind of `norm` would do the work for you, so they are not allowed here.
#
# ### Two loops
#
# Begin with the definition. It is slow, and it is what you will compare the others with. Images may have any
# number of axes: (N, D), (N, C, H, W), ...


# %% task="compute_distances_two_loops" minutes=10 difficulty="easy"
def compute_distances_two_loops(x_train: Tensor, x_test: Tensor) -> Tensor:
    """Euclidean distance of every training image to every test image, one pair at a time.

    Shapes:
        x_train  (Ntr, D1, ..., Dn)  training images, float, any rank
        x_test   (Nte, D1, ..., Dn)  test images, same dtype and device
        out      (Ntr, Nte)          out[i, j] = distance of x_train[i] and x_test[j]; dtype and device of x_train
    """
    dists = x_train.new_zeros(len(x_train), len(x_test))
    ### BEGIN SOLUTION
    for i in range(len(x_train)):
        for j in range(len(x_test)):
            dists[i, j] = (x_train[i] - x_test[j]).square().sum().sqrt()
    ### END SOLUTION
    return dists


# %% [markdown] hint="compute_distances_two_loops"
# 1. Make a loop over `i`, the training images, and inside it a loop over `j`, the test images. Each pair fills
#    `dists[i, j]`.
# 2. `x_train[i] - x_test[j]` is a tensor with the shape of one image. Square it, add up *all* its elements, and
#    take the root. None of this depends on how many axes an image has.

# %% [markdown]
# ### One loop
#
# Each line of Python costs microseconds before any arithmetic happens, and a pair of images is too little work to
# pay for it. So give torch a whole row at a time: **broadcasting** stretches an axis of length 1, or a missing
# first axis, to the length of the other operand without copying it.
#
#     x_test                (Nte, D)
#     x_train[i]                 (D,)   is read as (1, D), then as (Nte, D)
#     x_test - x_train[i]   (Nte, D)
#
# Loop over the training images and fill one row of the matrix at a time.


# %% task="compute_distances_one_loop" minutes=15 difficulty="easy"
def compute_distances_one_loop(x_train: Tensor, x_test: Tensor) -> Tensor:
    """Euclidean distance of every training image to every test image, one row at a time.

    Shapes:
        x_train  (Ntr, D1, ..., Dn)  training images, float, any rank
        x_test   (Nte, D1, ..., Dn)  test images, same dtype and device
        out      (Ntr, Nte)          out[i, j] = distance of x_train[i] and x_test[j]; dtype and device of x_train
    """
    ### BEGIN SOLUTION
    dists = x_train.new_zeros(len(x_train), len(x_test))
    test = x_test[:, None].flatten(1)  # (Nte, D)
    for i, image in enumerate(x_train):
        dists[i] = (test - image.flatten()).square().sum(dim=1).sqrt()
    return dists
    ### END SOLUTION


# %% [markdown] hint="compute_distances_one_loop"
# 1. Flatten the test images once, before the loop: one row of $D$ numbers per image, shape (Nte, D). `flatten(1)`
#    does it for images with several axes.
# 2. In the loop, subtract one flattened training image, shape (D,), from all test images. Broadcasting gives (Nte,
#    D).
# 3. Square, add up over the last axis only, take the root: that is row `i` of the result, shape (Nte,). Create the
#    result with `x_train.new_zeros(...)`, which keeps dtype and device.

# %% [markdown]
# ### No loops
#
# Broadcasting both axes, `x_train[:, None] - x_test[None]`, needs no loop. It also needs a tensor of $N_\text{tr}
# \times N_\text{te} \times D$ numbers: for the 2,000 and 500 small images above that is 12 GB, for CIFAR-10 6 TB.
# Multiply out instead:
#
# $$ \sum_i (a_i - b_i)^2 = \sum_i a_i^2 \;-\; 2 \sum_i a_i b_i \;+\; \sum_i b_i^2 . $$
#
# The first term depends only on the training image, the last only on the test image. The middle term, for all
# pairs at once, is **one matrix product**: the operation that every computer is best at. No tensor larger than
# the inputs or the result is needed.
#
# **The trap.** On paper both sides are equal. In floating point they are not. For two copies of the same image
# the right side subtracts numbers near 1,000 from each other, each rounded to about 7 digits in float32. What is
# left is rounding error, near 0.0001, and of either sign. The root of a tiny negative number is `nan`, and `nan`
# compares with nothing: your nearest neighbour, the exact copy, disappears. A distance can be 0 and cannot be
# negative; make sure of it *before* the root.


# %% task="compute_distances_no_loops" minutes=30 difficulty="medium"
def compute_distances_no_loops(x_train: Tensor, x_test: Tensor) -> Tensor:
    """Euclidean distance of every training image to every test image, from one matrix product.

    No Python loop, and no temporary of (Ntr, Nte, D) numbers. Two copies of one image are at distance 0 up to
    rounding, never nan.

    Shapes:
        x_train  (Ntr, D1, ..., Dn)  training images, float, any rank
        x_test   (Nte, D1, ..., Dn)  test images, same dtype and device
        out      (Ntr, Nte)          out[i, j] = distance of x_train[i] and x_test[j]; dtype and device of x_train
    """
    ### BEGIN SOLUTION
    train, test = x_train[:, None].flatten(1), x_test[:, None].flatten(1)  # (Ntr, D), (Nte, D)
    train_squares = torch.einsum("nd,nd->n", train, train)
    test_squares = torch.einsum("nd,nd->n", test, test)
    squared = torch.addmm(test_squares[None], train, test.T, alpha=-2)  # (Ntr, Nte)
    squared += train_squares[:, None]

    # Where little is left of |b|^2, most digits were cancelled: those few pairs are subtracted first and squared then,
    # which also makes exact copies exactly 0. vmap works through the pairs in chunks of bounded memory.
    rows, columns = (squared < 0.01 * test_squares).nonzero(as_tuple=True)
    if len(rows):
        subtract_first = torch.vmap(lambda i, j: (train[i] - test[j]).square().sum(), chunk_size=1024)
        squared[rows, columns] = subtract_first(rows, columns)
    return squared.clamp_(min=0).sqrt_()
    ### END SOLUTION


# %% [markdown] hint="compute_distances_no_loops"
# 1. Flatten both to (Ntr, D) and (Nte, D). Compute the three terms of the formula apart: the squared lengths of the
#    training images, those of the test images, and one matrix product of shape (Ntr, Nte).
# 2. The squared lengths have the shapes (Ntr,) and (Nte,). For a matrix with a row per training image, the first
#    must become a column, (Ntr, 1), and the second a row, (1, Nte).
# 3. Rounding can make a squared distance slightly negative. Set negative values to 0 with `clamp` before you take
#    the root.

# %% [markdown]
# How much did it buy? The three functions on a small part of the data:

# %% tags=["active-ipynb"]
# for compute in (compute_distances_two_loops, compute_distances_one_loop, compute_distances_no_loops):
#     started = time.perf_counter()
#     compute(x_train[:300], x_test[:100])
#     print(f"{compute.__name__:30} {time.perf_counter() - started:8.4f} s")

# %% [markdown]
# The matrix is a picture too. Dark is near, bright is far; rows are training images, columns are test images. Black
# and white are the 1st and the 99th percentile: between the extremes, a few outliers would leave only greys.

# %% tags=["active-ipynb"]
# dists = compute_distances_no_loops(x_train, x_test)
# low, high = dists.flatten().quantile(torch.tensor([0.01, 0.99])).tolist()
# plt.figure(figsize=(9, 3.4), layout="constrained")
# plt.imshow(dists[:60, :140], cmap="gray", interpolation="none", vmin=low, vmax=high)
# plt.xlabel("test image")
# plt.ylabel("training image")
# plt.colorbar(label="distance", fraction=0.05, pad=0.02)
# show("Distances of 60 training images (rows) to 140 test images (columns); some of both are bright throughout.")

# %% [markdown] question="knn-q1"
# **Question 1.** Some columns of the picture are bright from top to bottom, and some rows from left to right.
# What does a bright column say about its test image? What does a bright row say about its training image, and how
# often will that training image get to vote?

# %% [markdown] answer="knn-q1"
# ### BEGIN SOLUTION
# A bright column is a test image far from *all* training images: its brightness or its background is unusual, for
# instance almost white. A bright row is a training image far from all test images, for the same reason. It is
# hardly ever among the nearest of anything, so it almost never votes.
# ### END SOLUTION

# %% [markdown]
# ## 2 Votes
#
# For each test image take the `k` training images at the smallest distance and return the label that occurs most
# often among them. If several labels occur equally often, return **the smallest** of them. Any fixed rule would
# do, but without one the answer depends on the order of the training images, and two correct programs disagree.
#
# Labels are whole numbers from 0 up, but not necessarily all of them: 3, 17 and 250 may be the only ones there
# are. `torch.topk`, `torch.sort`, `torch.bincount` and `Tensor.unique` are worth a look. A loop over test images
# is fine here.


# %% task="predict_labels" minutes=20 difficulty="medium"
def predict_labels(dists: Tensor, y_train: Tensor, k: int = 1) -> Tensor:
    """The label that most of the k nearest training images have, for each test image; ties go to the smallest label.

    Shapes:
        dists    (Ntr, Nte)  dists[i, j] = distance of training image i and test image j
        y_train  (Ntr,)      labels of the training images, int64 >= 0
        k        int         how many neighbours vote, 1 <= k <= Ntr
        out      (Nte,)      int64, one label per test image
    """
    ### BEGIN SOLUTION
    labels, label_index = y_train.unique(return_inverse=True)  # sorted, so the first index is the smallest label
    neighbours = dists.topk(k, dim=0, largest=False).indices  # (k, Nte)
    ballots = label_index[neighbours]
    votes = ballots.new_zeros(len(labels), dists.shape[1]).scatter_add_(0, ballots, torch.ones_like(ballots))
    return labels[votes.argmax(dim=0)]  # argmax returns the first of several maxima
    ### END SOLUTION


# %% [markdown] hint="predict_labels"
# 1. Find the nearest training images of each test image: `dists.topk(k, dim=0, largest=False)` looks down each
#    column. Its `indices` have the shape (k, Nte).
# 2. Index `y_train` with them: you get the k labels that vote for each test image. Loop over the columns and count
#    each one.
# 3. `torch.bincount(labels)` counts each label, and `argmax` of the counts returns the first of several maxima,
#    which is the smallest label.

# %% [markdown]
# Now put the parts together. "Training" stores the images. Prediction computes distances and lets the neighbours
# vote.
#
# Mind the size. The distances of CIFAR-10's 50,000 training images to its 10,000 test images fill 2 GB. Any part
# of the test images can be predicted without the others.


# %% task="KnnClassifier.predict" minutes=10 difficulty="easy"
class KnnClassifier:
    """Classifies an image by a vote of its k nearest training images."""

    def __init__(self, x_train: Tensor, y_train: Tensor):
        self.x_train = x_train
        self.y_train = y_train

    def predict(self, x_test: Tensor, k: int = 1) -> Tensor:
        """Predict the label of each test image.

        Shapes:
            x_test  (Nte, D1, ..., Dn)  test images, shaped like the training images
            k       int                 how many neighbours vote
            out     (Nte,)              int64, one label per test image
        """
        ### BEGIN SOLUTION
        predictions = []
        for part in x_test.split(1024):  # of 50,000 distances each: 200 MB at a time
            dists = compute_distances_no_loops(self.x_train, part)
            predictions.append(predict_labels(dists, self.y_train, k))
        return torch.cat(predictions)
        ### END SOLUTION

    def check_accuracy(self, x_test: Tensor, y_test: Tensor, k: int = 1, quiet: bool = False) -> float:
        """Percentage of the test images whose label is predicted correctly; prints it unless quiet."""
        correct = int((self.predict(x_test, k=k) == y_test).sum())
        accuracy = 100.0 * correct / len(y_test)
        if not quiet:
            print(f"{correct} of {len(y_test)} correct: {accuracy:.2f} %")
        return accuracy


# %% [markdown] hint="KnnClassifier.predict"
# 1. You have both parts already: a function that computes distances, and one that votes. Call one after the other
#    with `self.x_train` and `self.y_train`.
# 2. To use less memory, split `x_test` into parts of some hundred images, predict each part, and join the
#    predictions with `torch.cat`.

# %% [markdown]
# Ten classes: guessing is right 10 times in a hundred. You should be well above that, and far from perfect.

# %% tags=["active-ipynb"]
# classifier = KnnClassifier(x_train, y_train)
# for k in (1, 5):
#     print(f"k = {k}:", end=" ")
#     classifier.check_accuracy(x_test, y_test, k=k)

# %% [markdown]
# Always look at what a classifier did. Each row below is one test image, then its six nearest neighbours, nearest
# first. A solid blue frame marks a neighbour with the label of the test image, a dashed orange frame one with another
# label. What do the neighbours have in common with the test image, and is it the thing the label is about?

# %% tags=["active-ipynb"]
# rows, titles, right = [], [], []
# for j in range(6):
#     nearest = dists[:, j].topk(6, largest=False).indices
#     rows += [x_test[j], *x_train[nearest]]
#     titles += ["test: " + scenes.class_names[y_test[j]], *(scenes.class_names[label] for label in y_train[nearest])]
#     right += [None, *(y_train[nearest] == y_test[j]).tolist()]  # None: no frame
# image_grid(torch.stack(rows), titles=titles, columns=7, right=right)

# %% [markdown]
# The errors are not spread evenly. A row of the confusion matrix is a true class, a column a predicted one. A
# column that is dark from top to bottom is a class whose images lie close to everybody.

# %% tags=["active-ipynb"]
# confusion_matrix(y_test, classifier.predict(x_test, k=5), scenes.class_names)

# %% [markdown]
# ### What k changes
#
# In a plane you can see what the classifier does everywhere, not only at the test images. Below are 90 points of three
# classes that overlap. Each place has the colour of the class that your `KnnClassifier` predicts there: these are its
# **decision regions**. With k = 1, every training point owns the places that are nearer to it than to any other point,
# so one stray point makes an island. More votes smooth the borders; too many, and small groups lose their own places.

# %% tags=["active-ipynb"]
# from matplotlib.colors import ListedColormap
#
# torch.manual_seed(3)
# owner = torch.arange(90) % 3
# points = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.2]])[owner] + 0.8 * torch.randn(90, 2)
# side = torch.linspace(-3.2, 3.2, 120)
# colours, markers = ["tab:blue", "gold", "tab:red"], "os^"
# places = torch.cartesian_prod(side, side)  # (14400, 2)
# figure, panels = plt.subplots(1, 3, figsize=(12, 4.2), sharey=True, layout="constrained")
# for panel, k in zip(panels, (1, 5, 15)):
#     region = KnnClassifier(points, owner).predict(places, k=k).reshape(120, 120)
#     borders = {"extent": (-3.2, 3.2, -3.2, 3.2), "origin": "lower"}
#     panel.imshow(region.T, cmap=ListedColormap(colours), vmin=0, vmax=2, alpha=0.3, **borders)
#     for label in range(3):
#         look = {"color": colours[label], "marker": markers[label], "edgecolor": "black", "linewidth": 0.5}
#         panel.scatter(*points[owner == label].T, s=22, **look)
#     panel.set(title=f"k = {k}", aspect="equal")
# show("Decision regions of three classes. k = 1: islands around single points; k = 5: few; k = 15: smooth borders.")

# %% [markdown]
# ### Another distance
#
# Squares make large differences count most: one pixel that is off by 0.8 costs as much as sixteen that are off by 0.2.
# The **Manhattan** distance, or L1, adds up the differences as they are:
#
# $$ d_1(a, b) = \sum_{i=1}^{D} |a_i - b_i| . $$
#
# There the same pixel costs as much as four. In the plane, the points at distance 1 from the origin are a circle for
# the Euclidean distance (L2) and a square that stands on its corner for L1. Which distance is better is a choice like
# that of k, to be made by an experiment. (An absolute value cannot be multiplied out, so no matrix product computes
# L1. This cell uses `torch.cdist`, which your own functions may not.)

# %% tags=["active-ipynb"]
# plt.figure(figsize=(4.3, 3.6), layout="constrained")
# for p, style, colour in ((2, "-", "tab:blue"), (1, "--", "tab:red")):
#     from_origin = torch.cdist(places, torch.zeros(1, 2), p=p).reshape(120, 120)
#     plt.contour(side, side, from_origin.T, levels=[1, 2, 3], linestyles=style, colors=colour)
#     plt.plot([], [], style, color=colour, label=f"L{p}")
# plt.title("points at distance 1, 2 and 3 from the origin", fontsize=9)
# plt.axis("equal")
# plt.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
# show("Points at distance 1, 2 and 3 from the origin: circles for L2, inside them squares on their corners for L1.")
#
# for p in (2, 1):
#     other = torch.cdist(x_train.flatten(1), x_test.flatten(1), p=p)
#     for k in (1, 5):
#         accuracy = (predict_labels(other, y_train, k) == y_test).double().mean()
#         print(f"L{p}, k = {k}: {100 * accuracy:.1f} %")

# %% [markdown] question="knn-q2"
# **Question 2.** Which of these changes leave the predictions with k = 1 as they are, if made to *all* images,
# training and test? Say why. (a) Subtract the mean training image. (b) Divide every pixel by one standard
# deviation computed over all pixels and images. (c) Divide each pixel position by its own standard deviation over
# the training images. (d) Flip every image left to right. (e) Rotate the coordinates of the vectors: multiply
# each by one fixed orthogonal matrix. Which of your answers change if the distance is L1?

# %% [markdown] answer="knn-q2"
# ### BEGIN SOLUTION
# (a), (b), (d) and (e). The same shift of both images cancels in the difference (a). One positive factor scales
# all distances alike, so their order stays (b). A flip permutes the coordinates, and the sum does not care about
# their order (d); an orthogonal matrix keeps all lengths (e), and a permutation is one. Only (c) weights the
# coordinates differently, and can make another image the nearest. With L1 the answer to (e) changes: a rotation
# keeps sums of squares, not sums of absolute values. In the plane, (1, 0) is at L1 distance 1 from the origin and,
# turned by 45 degrees, at distance 1.41.
# ### END SOLUTION

# %% [markdown]
# ## 3 Choosing k
#
# Small `k` listens to one neighbour, who may be an accident. Large `k` asks images that are not near at all.
# Which is best, and whether it matters much, only an experiment says.
#
# Not on the test images: the best of ten values of `k` *on the test set* is partly the best by luck, and the
# accuracy you would then report is too high. Set aside part of the training images instead and validate on those.
# If data is scarce, let every part take its turn, which is **cross-validation**:
#
#     fold 1   [validate] [  train ] [  train ] [  train ] [  train ]
#     fold 2   [  train ] [validate] [  train ] [  train ] [  train ]
#     ...
#     fold 5   [  train ] [  train ] [  train ] [  train ] [validate]
#
# Cut the training images, **in the order they are in**, into `num_folds` parts of equal size (if that does not
# come out even, some parts are smaller). For each `k` you get `num_folds` accuracies, in percent. Their mean
# estimates how good this `k` is; their spread shows how far to trust the estimate. The distances of a fold do not
# depend on `k`: compute them once.


# %% task="knn_cross_validate" minutes=25 difficulty="medium"
def knn_cross_validate(
    x_train: Tensor, y_train: Tensor, num_folds: int = 5, k_choices: list[int] | None = None
) -> dict[int, list[float]]:
    """Validate each k on each fold of the training images. k_choices=None tries 1, 3, 5, 8, 10, 12, 15, 20, 50, 100.

    Shapes:
        x_train    (Ntr, D1, ..., Dn)  training images, in the order in which they are cut into folds
        y_train    (Ntr,)              labels, int64
        num_folds  int                 at least 2
        out        dict                k -> list of num_folds accuracies in percent, in the order of the folds
    """
    if k_choices is None:
        k_choices = [1, 3, 5, 8, 10, 12, 15, 20, 50, 100]
    ### BEGIN SOLUTION
    image_folds, label_folds = x_train.tensor_split(num_folds), y_train.tensor_split(num_folds)
    k_to_accuracies: dict[int, list[float]] = {k: [] for k in k_choices}
    for fold in range(num_folds):
        images = torch.cat(image_folds[:fold] + image_folds[fold + 1 :])
        labels = torch.cat(label_folds[:fold] + label_folds[fold + 1 :])
        dists = compute_distances_no_loops(images, image_folds[fold])
        for k in k_choices:
            correct = int((predict_labels(dists, labels, k) == label_folds[fold]).sum())
            k_to_accuracies[k].append(100.0 * correct / len(label_folds[fold]))
    return k_to_accuracies
    ### END SOLUTION


# %% [markdown] hint="knn_cross_validate"
# 1. Cut images and labels in the same way: `tensor_split(num_folds)` keeps the order and accepts sizes that do not
#    come out even.
# 2. For each fold: validate on it, and train on all the others. `torch.cat` joins a list of tensors; leave the fold
#    itself out of the list.
# 3. Compute the distances of the fold once, then call `predict_labels` for each `k`. The accuracy is the percentage
#    of equal labels, as a Python float: `100 * correct / number`.

# %% [markdown]
# Each dot is one fold; the line goes through the means, and the bars are one standard deviation over the folds.
# Compare the bars with the differences between values of `k`. Which of them could you honestly call worse than
# the best?

# %% tags=["active-ipynb"]
# k_to_accuracies = knn_cross_validate(x_train, y_train, num_folds=5)
# ks = sorted(k_to_accuracies)
# folds = torch.tensor([k_to_accuracies[k] for k in ks])  # (choices, folds)
# plt.figure(figsize=(7, 4))
# for k, accuracies in zip(ks, folds):
#     plt.scatter([k] * len(accuracies), accuracies, s=12, color="tab:gray")
# plt.errorbar(ks, folds.mean(dim=1), yerr=folds.std(dim=1), capsize=3)
# plt.xscale("log")
# plt.xticks(ks, ks, fontsize=8)  # the values that were tried, instead of powers of ten
# plt.minorticks_off()
# plt.xlabel("k")
# plt.ylabel("validation accuracy in %")
# means = ", ".join(f"{k}: {mean:.1f} %" for k, mean in zip(ks, folds.mean(dim=1).tolist()))
# show(f"Validation accuracy over k, five folds each. Means: {means}.")

# %% [markdown]
# Choose the `k` with the highest mean. If several share it, take the smallest.


# %% task="knn_get_best_k" minutes=10 difficulty="easy"
def knn_get_best_k(k_to_accuracies: dict[int, list[float]]) -> int:
    """The k whose accuracies have the highest mean; the smallest such k if several do.

    Shapes:
        k_to_accuracies  dict  k -> list of accuracies, as knn_cross_validate returns it; keys in any order
        out              int   one of the keys
    """
    ### BEGIN SOLUTION
    means = {k: sum(accuracies) / len(accuracies) for k, accuracies in k_to_accuracies.items()}
    return min(k for k, mean in means.items() if mean == max(means.values()))
    ### END SOLUTION


# %% [markdown] hint="knn_get_best_k"
# 1. Compute the mean of each list of accuracies.
# 2. Go through the values of `k` from the smallest to the largest, and replace the best so far only if the mean is
#    strictly higher. Then the smallest wins a tie.

# %% [markdown]
# Now the test set, with the `k` that was chosen without it:

# %% tags=["active-ipynb"]
# best_k = knn_get_best_k(k_to_accuracies)
# print(f"best k = {best_k}, validated {sum(k_to_accuracies[best_k]) / 5:.2f} %, test:", end=" ")
# accuracy = classifier.check_accuracy(x_test, y_test, k=best_k)

# %% [markdown]
# On photographs it is harder. What to expect if you `load("cifar10")` instead: with 5,000 training and 500 test images
# 27.4 % for k = 1, 27.8 % for k = 5, and 28.2 % for k = 10, which cross-validation chooses. All 50,000 training images
# bring 33.86 % on the 10,000 test images.

# %% [markdown] question="knn-q3"
# **Question 3.** Which of these statements are true for every training set, and why? (a) With k = 1 the accuracy
# on the *training* images themselves is 100 %. (b) With k = 5 it is too. (c) The test accuracy with k = 5 is at
# least that with k = 1. (d) Predicting one image takes longer if there are more training images. (You may assume
# no two training images are equal.)

# %% [markdown] answer="knn-q3"
# ### BEGIN SOLUTION
# (a) is true: each training image is its own nearest neighbour, at distance 0. This says nothing about new
# images. (b) is false: the other four neighbours can outvote it. (c) is false: let the nearest image be of the
# right class and the next four of another; then k = 1 is right and k = 5 is wrong. (d) is true: every prediction
# compares with all training images. A network has the opposite bargain: slow to train, quick to predict.
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# Pixels compared place by place know nothing of shapes: shift an image by a few pixels, and it is far from
# itself. Nearest neighbours find images of similar colour and background first. The rest of the course is about
# learning a better space to measure in. And two habits to keep: move loops into matrix products but watch out for
# rounding, and choose nothing on the test set.
#
# **Where to look next.** Cover and Hart (*Nearest neighbor pattern classification*, 1967) prove that with endless data
# the nearest neighbour errs at most twice as often as the best possible classifier. Searching among millions of images
# needs an index: FAISS (Johnson et al., *Billion-scale similarity search with GPUs*, 2017). The next assignment,
# `a02_linear_classifier`, replaces the training images by one template per class.
