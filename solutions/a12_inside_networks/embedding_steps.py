# %% [markdown]
# # Embedding, step by step
#
# The features of an image are a hundred numbers. How do you *see* a hundred dimensions? You look for two that show
# most (principal component analysis), or you draw a map on which neighbours stay neighbours (t-SNE). Here you write
# the steps of both, and whitening, which is PCA's other use.
#
# <!-- parts -->

# %%
import math

import torch
from torch import Tensor

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import small_objects
# from common.nets.scene_net import SceneNet, preprocess
# from common.plots import curves, image_grid
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)
# model = SceneNet()
# drawn = small_objects.draw(500, stream="test", seed=1)
# labels, names = drawn.labels, small_objects.CLASS_NAMES
# features = torch.cat([model.embed(part) for part in preprocess(drawn.images).split(100)]).double()
# tiny = small_objects.draw(500, stream="test", seed=1, size=16).images.mean(dim=1).flatten(1).double()
# print("features", tuple(features.shape), "grey pixels", tuple(tiny.shape))

# %% [markdown]
# ## 1 Covariance
#
# Let $X$ have a row for each of $N$ points, with the mean $\mu$. The covariance of two coordinates is the mean of the
# product of their deviations:
#
# $$\Sigma = \frac{1}{N} (X - \mu)^\top (X - \mu)$$
#
# Its diagonal has the variances. (Statistics that estimate from a sample divide by $N - 1$; we describe the points
# that we have.)


# %% task="covariance" minutes=10 difficulty="easy"
def covariance(X: Tensor) -> Tensor:
    """The covariance matrix, divided by N. torch.cov and its relatives are not allowed.

    Shapes:
        X    (N, D)  it is not changed
        out  (D, D)
    """
    ### BEGIN SOLUTION
    centred = X - X.mean(dim=0)
    return centred.T @ centred / len(X)
    ### END SOLUTION


# %% [markdown] hint="covariance"
# 1. Subtract the mean of each column, `X.mean(dim=0)`.
# 2. The product of the transpose with the matrix itself, divided by N: shape (D, D).

# %% [markdown]
# ## 2 Principal axes
#
# In which direction do the points vary most? For a unit vector $u$, the variance of the projections $X u$ is
# $u^\top \Sigma u$. It is largest for the **eigenvector** of $\Sigma$ with the largest eigenvalue, and the eigenvalue
# *is* that variance. The next axis is the best one at a right angle to the first, and so on (Pearson 1901).
#
# Two ways: `torch.linalg.eigh` gives all eigenvalues of a symmetric matrix in *ascending* order, with the
# eigenvectors as **columns**. Or the **power iteration**: multiply any vector by $\Sigma$ again and again, normalise,
# and it turns into the first axis; subtract $\lambda u u^\top$ from $\Sigma$ (deflation), and start again for the
# next.
#
# $u$ and $-u$ are equally good. To have one answer, the coordinate with the largest absolute value is positive.


# %% task="principal_axes" minutes=30 difficulty="medium"
def principal_axes(X: Tensor, k: int) -> Tensor:
    """The k directions of largest variance, as rows of length 1; the largest variance first.

    In each row, the entry with the largest absolute value is positive.

    Shapes:
        X    (N, D)  it is not changed
        k    int     at most D, and at most N - 1
        out  (k, D)
    """
    ### BEGIN SOLUTION
    _, vectors = torch.linalg.eigh(covariance(X))
    axes = vectors.flip(1).T[:k]
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
    return axes * largest.sign()
    ### END SOLUTION


# %% [markdown] hint="principal_axes"
# 1. `torch.linalg.eigh(covariance(X))` returns eigenvalues and a matrix of vectors. Its last column is the first axis.
# 2. Flipped along axis 1 and transposed, the first k rows are the axes in the right order.
# 3. The entry with the largest absolute value of each row: `axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))`.
#    Multiply each row by its sign.

# %% tags=["active-ipynb"]
# mean, axes = tiny.mean(dim=0), principal_axes(tiny, 12)
# pictures = torch.cat([mean[None], axes]).reshape(-1, 1, 16, 16)
# low, high = pictures.amin(dim=(2, 3), keepdim=True), pictures.amax(dim=(2, 3), keepdim=True)
# image_grid(((pictures - low) / (high - low)).float(), ["mean"] + [f"axis {n + 1}" for n in range(12)], columns=7)

# %% [markdown]
# ## 3 Reconstruction
#
# Keep only $k$ coordinates $z = U (x - \mu)$, where the rows of $U$ are the axes. The way back is $\hat x = \mu +
# U^\top z$. What is lost? Exactly the variance along the axes that were dropped:
#
# $$\frac{1}{N} \sum_n \lVert x_n - \hat x_n \rVert^2 = \sum_{i > k} \lambda_i$$


# %% task="reconstruct" minutes=15 difficulty="easy"
def reconstruct(X: Tensor, axes: Tensor, mean: Tensor) -> Tensor:
    """The points of the subspace through the mean along the axes that are nearest to the points X.

    Shapes:
        X     (N, D)
        axes  (k, D)  rows of length 1, at right angles to one another
        mean  (D,)    not necessarily that of X
        out   (N, D)
    """
    ### BEGIN SOLUTION
    return mean + (X - mean) @ axes.T @ axes
    ### END SOLUTION


# %% [markdown] hint="reconstruct"
# 1. The coordinates are `(X - mean) @ axes.T`, shape (N, k).
# 2. Back: multiply by `axes`, and add the mean again.

# %% tags=["active-ipynb"]
# kept, every = (1, 4, 16, 64, 200), principal_axes(tiny, 200)
# rows = [tiny[:8]] + [reconstruct(tiny[:8], every[:k], mean) for k in kept]
# titles = ["image"] * 8 + [f"axes: {k}" for k in kept for _ in range(8)]
# image_grid(torch.cat(rows).reshape(-1, 1, 16, 16).float(), titles, columns=8)

# %% tags=["active-ipynb"]
# def spectrum(X):
#     """The share of the variance that is left after dropping all but the first axes."""
#     values = torch.linalg.eigvalsh(covariance(X)).flip(0).clamp(min=0)
#     return 1 - values.cumsum(0) / values.sum()
#
#
# curves({"features of SceneNet": spectrum(features)[:64], "grey pixels": spectrum(tiny)[:64]},
#        x=range(1, 65), xlabel="axes kept", ylabel="share of variance lost")

# %% [markdown] question="embedding_steps-q1"
# **Question 1.** All images are made brighter by the same amount. What happens to the mean, to the axes, and to the
# eigenvalues? And if each image is made brighter by a random amount of its own? What would PCA find if you forgot to
# subtract the mean?

# %% [markdown] answer="embedding_steps-q1"
# ### BEGIN SOLUTION
# The same amount: the mean moves along the vector of ones; axes and eigenvalues stay, because deviations from the
# mean do not change. Random amounts: the variance along the vector of ones grows by D times the variance of the
# amount, so the first axis turns towards the constant image and its eigenvalue grows. Without centring, the first
# axis points to the mean (if the mean is large compared with the deviations), which says where the points are and not
# how they vary.
# ### END SOLUTION

# %% [markdown]
# ## 4 Whitening
#
# Preprocessing sometimes asks for more than zero mean: coordinates without correlation, each with variance 1. With
# $\Sigma = U \Lambda U^\top$ (eigenvectors as columns of $U$), rotate to the axes and divide each by its standard
# deviation:
#
# $$X_{\text{PCA}} = (X - \mu) \, U \Lambda^{-1/2}, \qquad X_{\text{ZCA}} = (X - \mu) \, U \Lambda^{-1/2} U^\top$$
#
# The covariance of both is the identity. **ZCA** rotates back at the end: its matrix is symmetric, and of all
# whitened versions it is the one nearest to the original (so whitened images still look like images). Small
# eigenvalues are mostly noise, and dividing by them makes the noise as large as the signal. So $\epsilon$ is added to
# each eigenvalue.


# %% task="whiten" minutes=25 difficulty="medium"
def whiten(X: Tensor, eps: float, zca: bool = False) -> Tensor:
    """Centred points whose covariance is the identity, if eps is small.

    Without zca, column i belongs to the axis with the i-th largest variance; its sign is free.

    Shapes:
        X    (N, D)  it is not changed
        eps  float   added to the eigenvalues of the covariance
        zca  bool    rotate back to the original coordinates
        out  (N, D)
    """
    ### BEGIN SOLUTION
    values, vectors = torch.linalg.eigh(covariance(X))
    values, vectors = values.flip(0), vectors.flip(1)
    out = (X - X.mean(dim=0)) @ vectors / (values + eps).sqrt()
    return out @ vectors.T if zca else out
    ### END SOLUTION


# %% [markdown] hint="whiten"
# 1. `torch.linalg.eigh(covariance(X))` returns eigenvalues and eigenvectors in ascending order: flip both.
# 2. Rotate the *centred* points: `@ vectors`. Divide column i by `(values[i] + eps).sqrt()`.
# 3. For ZCA, multiply by `vectors.T` at the end.

# %% tags=["active-ipynb"]
# tilted = torch.randn(400, 2).double() @ torch.tensor([[2.0, 0.9], [0.0, 0.5]]).double() + torch.tensor([1.0, 2.0])
# figure = new_figure(9, 3, "Points in a slanted ellipse; PCA-whitened and ZCA-whitened they fill a disc.")
# for number, (title, points) in enumerate({"points": tilted, "PCA-whitened": whiten(tilted, 1e-9),
#                                           "ZCA-whitened": whiten(tilted, 1e-9, zca=True)}.items()):
#     plane = figure.add_subplot(1, 3, number + 1, aspect="equal", title=title)
#     plane.scatter(*points.T, c=tilted[:, 0] - tilted[:, 1], s=6)
# figure

# %% [markdown]
# The colours show which point is which. PCA-whitening has turned the cloud; ZCA-whitening has only stretched it.

# %% [markdown]
# ## 5 t-SNE: who is a neighbour
#
# PCA is linear: it can only look at the cloud from some side. **t-SNE** (van der Maaten and Hinton 2008) moves the
# points of a map freely until *neighbours* agree. In the original space, point $i$ chooses a neighbour $j$ with the
# probability
#
# $$p_{j|i} = \frac{\exp(-d_{ij}^2 / 2\sigma_i^2)}{\sum_{l \neq i} \exp(-d_{il}^2 / 2\sigma_i^2)}$$
#
# where $d_{ij}$ is the distance. The width $\sigma_i$ is different for each point: in a dense part of the space it is
# small. It is set so that every point has about the same number of neighbours, the **perplexity**
#
# $$\text{perplexity} = 2^{H_i}, \qquad H_i = -\sum_j p_{j|i} \log_2 p_{j|i}$$
#
# (If all of $m$ points are equally likely, the perplexity is $m$. With the natural logarithm it is $e^H$: base and
# logarithm belong together.) The perplexity grows with $\sigma$, so **bisection** finds it: enlarge the interval
# until the answer is inside, then halve it.


# %% task="sigma_for_perplexity" minutes=30 difficulty="medium"
def sigma_for_perplexity(d2_row: Tensor, perplexity: float, tol: float = 1e-5) -> float:
    """The sigma at which a point has a perplexity, up to tol.

    Shapes:
        d2_row      (M,)   squared distances of the point to all others, without itself; of any size, also far from 0
        perplexity  float  above 1 and below M
        out         float  > 0, a Python number: |perplexity(sigma) - perplexity| <= tol
    """
    ### BEGIN SOLUTION
    d2 = d2_row.double() - d2_row.double().min()

    def reached(sigma: float) -> float:
        log_p = torch.log_softmax(-d2 / (2 * sigma * sigma), dim=0)
        return math.exp(-float((log_p.exp() * log_p).nan_to_num().sum()))

    low, high = 0.0, 1.0
    while reached(high) < perplexity:
        low, high = high, 2 * high
    for _ in range(200):
        sigma = (low + high) / 2
        found = reached(sigma)
        if abs(found - perplexity) <= tol:
            break
        low, high = (low, sigma) if found > perplexity else (sigma, high)
    return sigma
    ### END SOLUTION


# %% [markdown] hint="sigma_for_perplexity"
# 1. First write the perplexity for one sigma: `p = torch.softmax(-d2_row / (2 * sigma**2), dim=0)`, the entropy
#    `-(p * p.log2()).sum()`, and 2 to its power. Where p is 0, `p * log p` counts as 0. Work in float64.
# 2. Start with low = 0 and high = 1, and double high until its perplexity is large enough.
# 3. Then halve: if the perplexity in the middle is too large, the middle becomes high, or else low. Stop when it is
#    within tol, or after 200 halvings.

# %% [markdown]
# All pairs together: $p_{ij} = (p_{j|i} + p_{i|j}) / 2N$, a symmetric table whose sum is 1. This is given.


# %%
def joint_probabilities(X: Tensor, perplexity: float) -> Tensor:
    """The symmetric neighbour probabilities of all pairs; the diagonal is 0.

    Shapes:
        X    (N, D)
        out  (N, N)  float64, sum 1
    """
    d2 = (X.double()[:, None] - X.double()[None]).square().sum(dim=2)
    others = ~torch.eye(len(X), dtype=torch.bool, device=X.device)
    P = torch.zeros_like(d2)
    for i, row in enumerate(d2):
        sigma = sigma_for_perplexity(row[others[i]], perplexity)
        P[i, others[i]] = torch.softmax(-row[others[i]] / (2 * sigma**2), dim=0)
    return (P + P.T) / (2 * len(X))


# %% [markdown]
# ## 6 t-SNE: moving the map
#
# On the map, point $i$ is at $y_i$, and neighbours have a heavier tail (Student's t distribution with one degree of
# freedom), so that points that are moderately far may be quite far on the map:
#
# $$q_{ij} = \frac{(1 + \lVert y_i - y_j \rVert^2)^{-1}}{\sum_{k \neq l} (1 + \lVert y_k - y_l \rVert^2)^{-1}}$$
#
# The map should make $\text{KL}(P \| Q) = \sum_{ij} p_{ij} \log (p_{ij} / q_{ij})$ small. The gradient is
# surprisingly simple (appendix A of the paper):
#
# $$\frac{\partial\, \text{KL}}{\partial y_i}
# = 4 \sum_j (p_{ij} - q_{ij}) \, (y_i - y_j) \, (1 + \lVert y_i - y_j \rVert^2)^{-1}$$
#
# Read it as forces: neighbours that are too far apart ($p > q$) attract each other, the others repel.


# %% task="tsne_gradient" minutes=25 difficulty="medium"
def tsne_gradient(P: Tensor, Y: Tensor) -> Tensor:
    """The gradient of KL(P || Q) with respect to the points of the map, by the formula. No loop, no autograd.

    Shapes:
        P    (N, N)  symmetric, sum 1, diagonal 0
        Y    (N, d)  the map; d is usually 2
        out  (N, d)
    """
    ### BEGIN SOLUTION
    apart = Y[:, None] - Y[None]
    kernel = 1 / (1 + apart.square().sum(dim=2))
    kernel = kernel - torch.diag(kernel.diagonal())
    Q = kernel / kernel.sum()
    return 4 * (((P - Q) * kernel)[:, :, None] * apart).sum(dim=1)
    ### END SOLUTION


# %% [markdown] hint="tsne_gradient"
# 1. `apart = Y[:, None] - Y[None]` has all differences, (N, N, d). The kernel is `1 / (1 +
#    apart.square().sum(dim=2))`.
# 2. Set the kernel's diagonal to 0 **before** it is summed: the sum is over different points only.
# 3. Multiply `(P - Q) * kernel` with `apart`, sum over j (axis 1), and multiply by 4.

# %% [markdown]
# The loop around it is given: gradient descent with momentum 0.5, later 0.8. In the first 100 steps, P is exaggerated
# by 12, so that groups form early.


# %%
def tsne(P: Tensor, start: Tensor, steps: int = 300) -> Tensor:
    """Move the points of a map until neighbours agree.

    Shapes:
        P      (N, N)  from joint_probabilities
        start  (N, 2)  small numbers
        out    (N, 2)
    """
    Y, velocity = start.double().clone(), torch.zeros_like(start, dtype=torch.float64)
    rate = max(len(P) / 12, 50.0)
    for step in range(steps):
        gradient = tsne_gradient(12 * P if step < 100 else P, Y)
        velocity = (0.5 if step < 100 else 0.8) * velocity - rate * gradient
        Y = Y + velocity
        Y = Y - Y.mean(dim=0)
    return Y


# %% tags=["active-ipynb"]
# def scatter(plane, Y, title):
#     """Draw a map with a colour and a marker for each shape; the markers of checked objects are filled."""
#     for label, name in enumerate(names):
#         mine, face = labels == label, f"C{label // 2}" if label % 2 else "none"
#         plane.scatter(*Y[mine].T, s=16, linewidths=0.8, marker="os^DP"[label // 2], edgecolors=f"C{label // 2}",
#                       facecolors=face, label=name)
#     plane.set(title=title, xticks=[], yticks=[])
#
#
# plane = (features - features.mean(dim=0)) @ principal_axes(features, 2).T
# start = 1e-2 * plane / plane.std(dim=0)
# maps = {"PCA": plane}
# for perplexity in (5, 30, 100):
#     maps[f"t-SNE, perplexity {perplexity}"] = tsne(joint_probabilities(features, perplexity), start)
# figure = new_figure(12, 12, "Four maps of the features. In PCA's, classes overlap; in t-SNE's, they form groups.")
# for number, (title, Y) in enumerate(maps.items()):
#     scatter(figure.add_subplot(2, 2, number + 1), Y, title)
# figure.axes[0].legend(fontsize=7)
# figure

# %% [markdown]
# The same points, four maps. PCA shows the directions of most variance and lets classes overlap. t-SNE shows groups;
# their number and shape depend on the perplexity, and the **distances between groups mean nothing**. It is slow, too:
# each of the 300 steps compares all pairs of points.

# %% [markdown]
# ## 7 Can the map be trusted?
#
# A map makes a mistake when it shows two points as neighbours that are none. **Trustworthiness** (Venna and Kaski 2001)
# counts such false neighbours, and how far away they really are. Let $r(i, j)$ be the rank of $j$ among the
# neighbours of $i$ in the original space (1 for the nearest), and let $U_k(i)$ be the points that are among the $k$
# nearest of $i$ on the map but not in the original space:
#
# $$T(k) = 1 - \frac{2}{N k (2N - 3k - 1)} \sum_{i=1}^{N} \sum_{j \in U_k(i)} (r(i, j) - k)$$
#
# It is 1 for a perfect map, and about one half for a random one.


# %% task="trustworthiness" minutes=25 difficulty="medium"
def trustworthiness(X: Tensor, Y: Tensor, k: int) -> float:
    """The trustworthiness of a map, for k neighbours by Euclid's distance.

    Shapes:
        X    (N, D)  the points
        Y    (N, d)  the map
        k    int     below N / 2
        out  float   a Python number
    """
    ### BEGIN SOLUTION
    N = len(X)

    def ranks(points: Tensor) -> Tensor:
        d2 = (points[:, None] - points[None]).square().sum(dim=2)
        d2 = d2 + torch.diag(torch.full((N,), math.inf, dtype=d2.dtype, device=d2.device))
        return d2.argsort(dim=1).argsort(dim=1) + 1

    there, here = ranks(X), ranks(Y)
    false = (here <= k) & (there > k)
    worst = N * k * (2 * N - 3 * k - 1) / 2
    return 1 - float((there - k)[false].sum()) / worst
    ### END SOLUTION


# %% [markdown] hint="trustworthiness"
# 1. Make a table of squared distances for X and for Y, and set the diagonal to infinity: a point is not its own
#    neighbour.
# 2. `d2.argsort(dim=1).argsort(dim=1) + 1` has the rank of each point among the neighbours of each other: 1 for the
#    nearest.
# 3. A false neighbour has a rank of at most k on the map and above k in the original space. Add up `rank - k` of
#    those.

# %% tags=["active-ipynb"]
# for title, Y in maps.items():
#     nearest = torch.cdist(Y, Y).fill_diagonal_(math.inf).argmin(dim=1)
#     print(f"{title:24} trustworthiness {trustworthiness(features, Y, 10):.3f}, "
#           f"nearest neighbour has the same class: {(labels[nearest] == labels).double().mean():.0%}")
# Y = torch.randn(500, 2).double()
# print(f"{'random':24} trustworthiness {trustworthiness(features, Y, 10):.3f}")

# %% [markdown] question="embedding_steps-q2"
# **Question 2.** On a t-SNE map you see two groups of the same class, far apart. Give two explanations, one about the
# data and one about the method, and say for each what you would compute to test it.

# %% [markdown] answer="embedding_steps-q2"
# ### BEGIN SOLUTION
# The data: the class has two kinds of members, for example two colours, that are far apart in feature space. Test: the
# distances between the groups in the original space, compared with those inside of them; or look at the images. The
# method: gradient descent has got stuck, and an early split was never repaired; distances between groups mean
# nothing. Test: other starts, another perplexity, longer exaggeration; if the groups join, it was the method. A
# trustworthiness that is high does not help here, because it counts false neighbours and not torn ones; its
# counterpart, continuity, does.
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# PCA is a rotation that sorts directions by variance; dropping the last ones loses exactly their variance. Whitening
# rotates and divides. t-SNE keeps neighbourhoods and nothing else: measure how well, and do not read distances from
# it.
#
# **Where to look next.** Wattenberg, Viégas and Johnson (*How to use t-SNE effectively*, 2016) let you turn the knobs
# and see what is not in the data. Kobak and Berens (*The art of using t-SNE for single-cell transcriptomics*, 2019) say
# how to start and which perplexity to take. UMAP (McInnes, Healy and Melville, 2018) is the best-known relative.
