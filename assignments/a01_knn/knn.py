# %% [markdown]
# # k nearest neighbours
#
# To name what an image shows, look for the training images most like it and let them vote. There is nothing to
# train: the training set *is* the model. What remains is to measure "most like" quickly, to count votes
# correctly, and to choose how many neighbours may vote without fooling yourself. You write these three parts.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Distances | `compute_distances_two_loops`, `compute_distances_one_loop`, `compute_distances_no_loops` | 50 | 55 |
# | 2 Votes | `predict_labels`, `KnnClassifier.predict` | 30 | 30 |
# | 3 Choosing k | `knn_cross_validate`, `knn_get_best_k` | 20 | 35 |
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

# %% task="compute_distances_two_loops"
# About 10 minutes, easy. Stuck? hint("compute_distances_two_loops") shows a first step.
def compute_distances_two_loops(x_train: Tensor, x_test: Tensor) -> Tensor:
    """Euclidean distance of every training image to every test image, one pair at a time.

    Shapes:
        x_train  (Ntr, D1, ..., Dn)  training images, float, any rank
        x_test   (Nte, D1, ..., Dn)  test images, same dtype and device
        out      (Ntr, Nte)          out[i, j] = distance of x_train[i] and x_test[j]; dtype and device of x_train
    """
    dists = x_train.new_zeros(len(x_train), len(x_test))
    # YOUR CODE HERE
    raise NotImplementedError()
    return dists


# %% tags=["active-ipynb"] grade="compute_distances_two_loops"
# check("knn", task="compute_distances_two_loops")

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

# %% task="compute_distances_one_loop"
# About 15 minutes, easy. Stuck? hint("compute_distances_one_loop") shows a first step.
def compute_distances_one_loop(x_train: Tensor, x_test: Tensor) -> Tensor:
    """Euclidean distance of every training image to every test image, one row at a time.

    Shapes:
        x_train  (Ntr, D1, ..., Dn)  training images, float, any rank
        x_test   (Nte, D1, ..., Dn)  test images, same dtype and device
        out      (Ntr, Nte)          out[i, j] = distance of x_train[i] and x_test[j]; dtype and device of x_train
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_distances_one_loop"
# check("knn", task="compute_distances_one_loop")

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

# %% task="compute_distances_no_loops"
# About 30 minutes, medium. Stuck? hint("compute_distances_no_loops") shows a first step.
def compute_distances_no_loops(x_train: Tensor, x_test: Tensor) -> Tensor:
    """Euclidean distance of every training image to every test image, from one matrix product.

    No Python loop, and no temporary of (Ntr, Nte, D) numbers. Two copies of one image are at distance 0 up to
    rounding, never nan.

    Shapes:
        x_train  (Ntr, D1, ..., Dn)  training images, float, any rank
        x_test   (Nte, D1, ..., Dn)  test images, same dtype and device
        out      (Ntr, Nte)          out[i, j] = distance of x_train[i] and x_test[j]; dtype and device of x_train
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_distances_no_loops"
# check("knn", task="compute_distances_no_loops")

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
# YOUR ANSWER HERE

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

# %% task="predict_labels"
# About 20 minutes, medium. Stuck? hint("predict_labels") shows a first step.
def predict_labels(dists: Tensor, y_train: Tensor, k: int = 1) -> Tensor:
    """The label that most of the k nearest training images have, for each test image; ties go to the smallest label.

    Shapes:
        dists    (Ntr, Nte)  dists[i, j] = distance of training image i and test image j
        y_train  (Ntr,)      labels of the training images, int64 >= 0
        k        int         how many neighbours vote, 1 <= k <= Ntr
        out      (Nte,)      int64, one label per test image
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="predict_labels"
# check("knn", task="predict_labels")

# %% [markdown]
# Now put the parts together. "Training" stores the images. Prediction computes distances and lets the neighbours
# vote.
#
# Mind the size. The distances of CIFAR-10's 50,000 training images to its 10,000 test images fill 2 GB. Any part
# of the test images can be predicted without the others.

# %% task="KnnClassifier.predict"
# About 10 minutes, easy. Stuck? hint("KnnClassifier.predict") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()

    def check_accuracy(self, x_test: Tensor, y_test: Tensor, k: int = 1, quiet: bool = False) -> float:
        """Percentage of the test images whose label is predicted correctly; prints it unless quiet."""
        correct = int((self.predict(x_test, k=k) == y_test).sum())
        accuracy = 100.0 * correct / len(y_test)
        if not quiet:
            print(f"{correct} of {len(y_test)} correct: {accuracy:.2f} %")
        return accuracy


# %% tags=["active-ipynb"] grade="KnnClassifier.predict"
# check("knn", task="KnnClassifier.predict")

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
# YOUR ANSWER HERE

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

# %% task="knn_cross_validate"
# About 25 minutes, medium. Stuck? hint("knn_cross_validate") shows a first step.
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
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="knn_cross_validate"
# check("knn", task="knn_cross_validate")

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

# %% task="knn_get_best_k"
# About 10 minutes, easy. Stuck? hint("knn_get_best_k") shows a first step.
def knn_get_best_k(k_to_accuracies: dict[int, list[float]]) -> int:
    """The k whose accuracies have the highest mean; the smallest such k if several do.

    Shapes:
        k_to_accuracies  dict  k -> list of accuracies, as knn_cross_validate returns it; keys in any order
        out              int   one of the keys
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="knn_get_best_k"
# check("knn", task="knn_get_best_k")

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
# YOUR ANSWER HERE

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
