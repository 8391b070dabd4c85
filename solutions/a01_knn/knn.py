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
# from autograder import check
# from common.data import load
# from common.plots import confusion_matrix, image_grid

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


# %% [markdown]
# How much did it buy? The three functions on a small part of the data:

# %% tags=["active-ipynb"]
# for compute in (compute_distances_two_loops, compute_distances_one_loop, compute_distances_no_loops):
#     started = time.perf_counter()
#     compute(x_train[:300], x_test[:100])
#     print(f"{compute.__name__:30} {time.perf_counter() - started:8.4f} s")

# %% [markdown]
# The matrix is a picture too. Dark is near, bright is far; rows are training images, columns are test images.

# %% tags=["active-ipynb"]
# dists = compute_distances_no_loops(x_train, x_test)
# plt.figure(figsize=(9, 4))
# plt.imshow(dists[:60, :140], cmap="gray", interpolation="none")
# plt.xlabel("test image")
# plt.ylabel("training image")
# plt.colorbar(label="distance")
# plt.show()

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


# %% task="predict_labels"
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


# %% [markdown]
# Now put the parts together. "Training" stores the images. Prediction computes distances and lets the neighbours
# vote.
#
# Mind the size. The distances of CIFAR-10's 50,000 training images to its 10,000 test images fill 2 GB. Any part
# of the test images can be predicted without the others.


# %% task="KnnClassifier.predict"
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


# %% [markdown]
# Ten classes: guessing is right 10 times in a hundred. You should be well above that, and far from perfect.

# %% tags=["active-ipynb"]
# classifier = KnnClassifier(x_train, y_train)
# for k in (1, 5):
#     print(f"k = {k}:", end=" ")
#     classifier.check_accuracy(x_test, y_test, k=k)

# %% [markdown]
# Always look at what a classifier did. Each row below is one test image, then its six nearest neighbours, nearest
# first. What do the neighbours have in common with the test image, and is it the thing the label is about?

# %% tags=["active-ipynb"]
# rows, titles = [], []
# for j in range(6):
#     nearest = dists[:, j].topk(6, largest=False).indices
#     rows += [x_test[j], *x_train[nearest]]
#     titles += ["test: " + scenes.class_names[y_test[j]], *(scenes.class_names[label] for label in y_train[nearest])]
# image_grid(torch.stack(rows), titles=titles, columns=7)

# %% [markdown]
# The errors are not spread evenly. A row of the confusion matrix is a true class, a column a predicted one. A
# column that is dark from top to bottom is a class whose images lie close to everybody.

# %% tags=["active-ipynb"]
# confusion_matrix(y_test, classifier.predict(x_test, k=5), scenes.class_names)

# %% [markdown] question="knn-q2"
# **Question 2.** Which of these changes leave the predictions with k = 1 as they are, if made to *all* images,
# training and test? Say why. (a) Subtract the mean training image. (b) Divide every pixel by one standard
# deviation computed over all pixels and images. (c) Divide each pixel position by its own standard deviation over
# the training images. (d) Flip every image left to right. (e) Rotate the coordinates of the vectors: multiply
# each by one fixed orthogonal matrix.

# %% [markdown] answer="knn-q2"
# ### BEGIN SOLUTION
# (a), (b), (d) and (e). The same shift of both images cancels in the difference (a). One positive factor scales
# all distances alike, so their order stays (b). A flip permutes the coordinates, and the sum does not care about
# their order (d); an orthogonal matrix keeps all lengths (e), and a permutation is one. Only (c) weights the
# coordinates differently, and can make another image the nearest.
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


# %% task="knn_cross_validate"
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
# plt.xlabel("k")
# plt.ylabel("validation accuracy in %")
# plt.show()

# %% [markdown]
# Choose the `k` with the highest mean. If several share it, take the smallest.


# %% task="knn_get_best_k"
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


# %% [markdown]
# Now the test set, with the `k` that was chosen without it:

# %% tags=["active-ipynb"]
# best_k = knn_get_best_k(k_to_accuracies)
# print(f"best k = {best_k}, validated {sum(k_to_accuracies[best_k]) / 5:.2f} %, test:", end=" ")
# accuracy = classifier.check_accuracy(x_test, y_test, k=best_k)

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
