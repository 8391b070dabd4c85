# %% [markdown]
# # Grouping
#
# Which pixels belong together? Each pixel becomes a point: its colour, perhaps its place. Points that are near one
# another form groups, and groups are the parts of the picture. Here you write three ways to find groups: k-means, which
# needs their number; hierarchical clustering, which joins the nearest; and mean shift, which climbs to where points are
# dense. At the end, pictures with fewer numbers: the singular value decomposition.
#
# Points are rows of numpy arrays (N, D), float64.
#
# <!-- parts -->

# %%
import numpy as np

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import photographs
# from common.plots.figure import new_figure
# from common.plots.gallery import gallery
#
# rng = np.random.default_rng(0)
# blobs = np.concatenate([middle + rng.standard_normal((40, 2)) for middle in ([0, 0], [7, 1], [3, 6])])
# angle = rng.uniform(0, np.pi, 25)
# moons = np.concatenate([np.c_[np.cos(angle), np.sin(angle)], np.c_[1 - np.cos(angle), 0.4 - np.sin(angle)]])
# moons = 4 * moons + 0.1 * rng.standard_normal(moons.shape)
#
#
# def scatters(groups, points, alt):
#     """Show points with a colour and a marker for each group, for several answers."""
#     figure = new_figure(3 * len(groups), 3, alt)
#     for number, (title, labels) in enumerate(groups.items()):
#         axes = figure.add_subplot(1, len(groups), number + 1, aspect="equal", xticks=[], yticks=[], title=title)
#         for place, group in enumerate(np.unique(labels)):
#             axes.scatter(*points[labels == group].T, s=12, color=f"C{place % 10}", marker="o^sDvPX<>*"[place % 10])
#     return figure

# %% [markdown]
# ## 1 k-means
#
# Choose $k$ centres. Assign each point to its nearest centre; move each centre to the mean of its points; repeat. The
# sum of squared distances never rises in either step, and there are only finitely many ways to assign, so it ends: in
# an optimum that depends on the start. If a centre loses all of its points, it stays where it is.


# %% task="kmeans" minutes=25 difficulty="easy"
def kmeans(features: np.ndarray, start: np.ndarray, num_iters: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """The groups that k-means finds from a start. It stops early when no assignment changes.

    A point that is equally near to several centres belongs to the first of them.

    Shapes:
        features   (N, D)  float64; it is not changed
        start      (k, D)  float64, the first centres; it is not changed
        num_iters  int     at most so many times points are assigned and centres moved
        out        the group of each point (N,), whole numbers; the centres (k, D), after the last move
    """
    ### BEGIN SOLUTION
    centers, groups = start.copy(), np.full(len(features), -1)
    for _ in range(num_iters):
        before = groups
        groups = ((features[:, None] - centers[None]) ** 2).sum(axis=2).argmin(axis=1)
        if (groups == before).all():
            break
        for group in np.unique(groups):
            centers[group] = features[groups == group].mean(axis=0)
    return groups, centers
    ### END SOLUTION


# %% [markdown] hint="kmeans"
# 1. All squared distances: `((features[:, None] - centers[None]) ** 2).sum(axis=2)`, shape (N, k). `argmin(axis=1)`.
# 2. The mean of the points of a group is `.mean(axis=0)`: for each coordinate, not one number. Leave out empty groups.
# 3. Stop when the groups are the same as before, or after `num_iters` rounds. Work on a copy of the start.

# %% [markdown]
# A start of points that are near one another ends badly. **k-means++** (Arthur and Vassilvitskii 2007) draws the first
# centre from all points alike, and each further one with a probability in proportion to the *squared* distance to the
# nearest centre so far.


# %% task="kmeans_pp" minutes=20 difficulty="medium"
def kmeans_pp(features: np.ndarray, k: int) -> np.ndarray:
    """A start for k-means: k of the points, drawn as above with numpy's global random numbers (`np.random`).

    Shapes:
        features  (N, D)  float64, at least k different points
        out       (k, D)
    """
    ### BEGIN SOLUTION
    chosen = [np.random.randint(len(features))]
    for _ in range(k - 1):
        d2 = ((features[:, None] - features[chosen][None]) ** 2).sum(axis=2).min(axis=1)
        chosen.append(np.random.choice(len(features), p=d2 / d2.sum()))
    return features[chosen]
    ### END SOLUTION


# %% [markdown] hint="kmeans_pp"
# 1. `np.random.randint(N)` draws the first. For the others, take the squared distance of each point to its *nearest*
#    chosen one.
# 2. `np.random.choice(N, p=d2 / d2.sum())` draws with these weights. It is random: the farthest point is likely, not
#    certain.

# %% tags=["active-ipynb"]
# np.random.seed(3)
# start = kmeans_pp(blobs, 3)
# scatters({f"iterations: {n}": kmeans(blobs, blobs[:3], n)[0] for n in (1, 2, 4, 20)}
#          | {"from k-means++": kmeans(blobs, start)[0]}, blobs,
#          "Three blobs: k-means needs some iterations from a bad start, and few from k-means++.")

# %% [markdown]
# ## 2 Joining the nearest
#
# Begin with each point as a group of its own, and join the two nearest groups, until $k$ are left. What is the distance
# of two groups? Of their **centroids** (as in CS131); of their nearest members (**single** linkage); of their farthest
# members (**complete**); or the mean over all pairs (**average**). For $\{0, 1\}$ and $\{5, 9\}$ these are 6.5, 4, 9
# and 6.5. Single linkage joins in the order of Kruskal's algorithm: its groups are what is left of the minimal spanning
# tree without its $k - 1$ longest edges.


# %% task="hierarchical_clustering" minutes=35 difficulty="medium"
def hierarchical_clustering(features: np.ndarray, k: int, linkage: str = "centroid") -> np.ndarray:
    """The groups that are left when the nearest groups were joined until there are k.

    Shapes:
        features  (N, D)  float64; it is not changed
        linkage   "centroid", "single", "complete" or "average"
        out       (N,)    whole numbers from 0 to k - 1, in any order; each of them occurs
    """
    ### BEGIN SOLUTION
    groups = [[n] for n in range(len(features))]
    distances = np.sqrt(((features[:, None] - features[None]) ** 2).sum(axis=2))
    how = {"single": np.min, "complete": np.max, "average": np.mean}

    def apart(a: list[int], b: list[int]) -> float:
        if linkage == "centroid":
            return float(np.linalg.norm(features[a].mean(axis=0) - features[b].mean(axis=0)))
        return float(how[linkage](distances[np.ix_(a, b)]))

    while len(groups) > k:
        pairs = [(i, j) for i in range(len(groups)) for j in range(i)]
        i, j = min(pairs, key=lambda pair: apart(groups[pair[0]], groups[pair[1]]))
        groups[j] += groups.pop(i)
    out = np.zeros(len(features), dtype=int)
    for number, group in enumerate(groups):
        out[group] = number
    return out
    ### END SOLUTION


# %% [markdown] hint="hierarchical_clustering"
# 1. Keep a list of groups, each a list of numbers of points. In each step find the pair with the smallest distance.
# 2. The table of all distances between points is computed once; `table[np.ix_(a, b)]` are those between two groups.
#    Take their minimum, maximum or mean.
# 3. The centroid of a joined group is the mean of all its points, not the mean of two centroids.

# %% tags=["active-ipynb"]
# scatters({how: hierarchical_clustering(moons, 2, how) for how in ("single", "complete", "average", "centroid")}
#          | {"k-means": kmeans(moons, moons[:2])[0]}, moons,
#          "Two moons: single linkage follows them, the others cut them.")

# %% [markdown]
# A **dendrogram** shows all numbers of groups at once: each joint connects two groups, at the height of their distance.
# Cut it where joints are far apart.

# %% tags=["active-ipynb"]
# def dendrogram(axes, points, linkage, title):
#     """Draw which groups are joined, at the height of their distance."""
#     table = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
#     steps = [hierarchical_clustering(points, k, linkage) for k in range(len(points), 0, -1)]
#     order, joints = {(n,): [n] for n in range(len(points))}, []
#     for before, after in zip(steps, steps[1:]):
#         for group in range(after.max() + 1):
#             inside = [tuple(np.flatnonzero(before == g)) for g in np.unique(before[after == group])]
#             if len(inside) == 2:
#                 a, b = inside
#                 joints.append((a, b, table[np.ix_(a, b)].min() if linkage == "single" else table[np.ix_(a, b)].max()))
#                 order[tuple(sorted(a + b))] = order[a] + order[b]
#     place = {(n,): (spot, 0.0) for spot, n in enumerate(order[tuple(range(len(points)))])}
#     for a, b, height in joints:
#         (left, low), (right, high) = place[a], place[b]
#         axes.plot([left, left, right, right], [low, height, height, high], color="C0", linewidth=0.8)
#         place[tuple(sorted(a + b))] = (left + right) / 2, height
#     axes.set(title=title, xticks=[], ylabel="distance")
#
#
# even = np.linspace(0, np.pi, 12)
# two = 4 * np.concatenate([np.c_[np.cos(even), np.sin(even)], np.c_[1 - np.cos(even), 0.4 - np.sin(even)]])
# figure = new_figure(12, 5.5, "Dendrograms of blobs and moons. For blobs, both linkages have two joints far above all "
#                     "others; for moons, single linkage has one, and complete linkage has several.")
# for row, (name, points) in enumerate({"blobs": blobs[::5], "moons": two}.items()):
#     for column, linkage in enumerate(("single", "complete")):
#         dendrogram(figure.add_subplot(2, 2, 2 * row + column + 1), points, linkage, f"{name}, {linkage} linkage")
# figure

# %% [markdown]
# ## 3 Climbing to the dense places
#
# **Mean shift** (Comaniciu and Meer 2002) needs no number of groups, but a radius. Start a window at each point. Move
# it to the mean of the points inside, until it rests: on a mode of their density. Points whose windows come to rest at
# the same place form a group.


# %% task="mean_shift" minutes=30 difficulty="medium"
def mean_shift(features: np.ndarray, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """The modes, and the group of each point.

    A window contains the points at a distance of at most the bandwidth. It rests when it moves by less than 1e-6. A
    window that comes to rest nearer than half of the bandwidth to a mode that was found before belongs to this mode;
    otherwise it is a new one. Points are taken in their order.

    Shapes:
        features  (N, D)  float64; it is not changed
        out       the group of each point (N,), whole numbers; the modes (M, D)
    """
    ### BEGIN SOLUTION
    groups, modes = np.zeros(len(features), dtype=int), []
    for number, point in enumerate(features):
        while True:
            inside = ((features - point) ** 2).sum(axis=1) <= bandwidth**2
            before, point = point, features[inside].mean(axis=0)
            if np.linalg.norm(point - before) < 1e-6:
                break
        near = [n for n, mode in enumerate(modes) if np.linalg.norm(mode - point) < bandwidth / 2]
        if not near:
            modes.append(point)
        groups[number] = near[0] if near else len(modes) - 1
    return groups, np.array(modes)
    ### END SOLUTION


# %% [markdown] hint="mean_shift"
# 1. For each point: repeat `point = features[inside].mean(axis=0)`, where inside are the points within the bandwidth of
#    the *window*. The points themselves stay where they are.
# 2. When it rests, compare with the modes so far. Without this, each point would be a group of its own.

# %% tags=["active-ipynb"]
# scatters({f"radius {radius}": mean_shift(blobs, radius)[0] for radius in (1.0, 2.5, 5.0, 12.0)}, blobs,
#          "Mean shift on three blobs: many groups for a small radius, three for a fitting one, one for a large one.")

# %% tags=["active-ipynb"]
# figure = new_figure(9, 3.2, "Paths of windows from points of three blobs to the crosses where they rest.")
# for number, radius in enumerate((1.5, 2.5, 4.0)):
#     axes = figure.add_subplot(1, 3, number + 1, aspect="equal", xticks=[], yticks=[], title=f"radius {radius}")
#     axes.scatter(*blobs.T, s=5, color="0.6")
#     for point in blobs[::3]:
#         path, step = [point], 1.0
#         while step > 1e-3:
#             path.append(blobs[((blobs - path[-1]) ** 2).sum(axis=1) <= radius**2].mean(axis=0))
#             step = np.linalg.norm(path[-1] - path[-2])
#         axes.plot(*np.transpose(path), color="C0", linewidth=0.8)
#     axes.plot(*mean_shift(blobs, radius)[1].T, "r+", markersize=10)
# figure

# %% [markdown]
# ## 4 Pixels as points
#
# Colours alone group pixels wherever they are. With rows and columns as further features, groups hang together. So that
# no feature counts more because of its unit, subtract the mean of each column and divide by its standard deviation.


# %% task="color_position_features" minutes=15 difficulty="easy"
def color_position_features(img: np.ndarray) -> np.ndarray:
    """A row for each pixel: its colours, its row, its column; each feature with mean 0 and standard deviation 1.

    A feature that is the same everywhere becomes 0.

    Shapes:
        img  (H, W, C)      float64; it is not changed
        out  (H * W, C + 2)  pixels row by row
    """
    ### BEGIN SOLUTION
    H, W, C = img.shape
    places = np.mgrid[:H, :W].reshape(2, -1).T
    features = np.concatenate([img.reshape(-1, C), places], axis=1)
    centred, deviation = features - features.mean(axis=0), features.std(axis=0)
    return np.where(deviation > 1e-12, centred / np.where(deviation > 1e-12, deviation, 1.0), 0.0)
    ### END SOLUTION


# %% [markdown] hint="color_position_features"
# 1. `img.reshape(-1, C)` has the colours; `np.mgrid[:H, :W].reshape(2, -1).T` has the places in the same order.
# 2. Mean and deviation of each column: `axis=0`. Do not divide by a deviation of 0.

# %% tags=["active-ipynb"]
# photo = photographs.draw("road", seed=3, size=(48, 60))
# np.random.seed(0)
# colours = photo.image.reshape(-1, 3)
# answers = {"picture": photo.image}
# for title, features in {"colours": colours, "colours and places": color_position_features(photo.image)}.items():
#     answers[title] = kmeans(features, kmeans_pp(features, 5))[0].reshape(48, 60)
# gallery(answers, "A road, grouped by colour, and by colour and place.", columns=3)

# %% [markdown] question="grouping-q1"
# **Question 1.** The single linkage of a thousand points from two overlapping blobs gives one group with 999 points and
# one with a single point. Why? Which of the four linkages, and which radius of mean shift, would you try, and what
# do you assume about the groups?

# %% [markdown] answer="grouping-q1"
# ### BEGIN SOLUTION
# A chain of points leads from one blob to the other, and each step of it is short; the longest edge of the spanning
# tree leads to an outlier, so cutting it separates the outlier. Complete or average linkage and k-means assume compact
# groups of similar size; mean shift with a radius of about one deviation of a blob assumes one mode for each. If the
# density between the blobs is not lower than inside, none of them can know that there are two.
# ### END SOLUTION

# %% [markdown]
# ## 5 Fewer numbers
#
# Every matrix is $U \Sigma V^\top$, with orthonormal columns and singular values in descending order. Keep the first
# $k$: no matrix of rank $k$ is nearer (Eckart and Young 1936), and the squared error is the sum of squares of the
# singular values that were dropped. A grey picture then takes $k (H + W + 1)$ numbers.


# %% task="compression_svd" minutes=10 difficulty="easy"
def compression_svd(image: np.ndarray, num_values: int) -> tuple[np.ndarray, int]:
    """The nearest picture of a rank, and how many numbers it takes.

    Shapes:
        image       (H, W)  float64; it is not changed
        num_values  int     at most H and W
        out         (H, W), and a Python int
    """
    ### BEGIN SOLUTION
    U, S, Vt = np.linalg.svd(image, full_matrices=False)
    k = num_values
    return (U[:, :k] * S[:k]) @ Vt[:k], k * (image.shape[0] + image.shape[1] + 1)
    ### END SOLUTION


# %% [markdown] hint="compression_svd"
# 1. `np.linalg.svd(image, full_matrices=False)` returns U, S and V transposed. The first k columns of U, times the
#    first k of S, times the first k *rows* of Vt.

# %% tags=["active-ipynb"]
# road = photographs.draw("road", seed=3).image @ np.array([0.2125, 0.7154, 0.0721])
# gallery({"picture": road} | {f"rank {k}: {compression_svd(road, k)[1]} numbers": compression_svd(road, k)[0]
#                              for k in (1, 5, 20, 60)}, "A road at rank 1, 5, 20 and 60.", columns=5)

# %% [markdown]
# ## What to take home
#
# Every method of grouping answers another question: who is near a centre, who hangs together, who climbs the same hill.
# Choose features and distance first; the algorithm follows.
#
# **Where to look next.** Felzenszwalb and Huttenlocher (*Efficient graph-based image segmentation*, 2004) join pixels
# along a spanning tree. SLIC (Achanta et al., 2012) is k-means in colour and place, and makes superpixels. Von Luxburg
# (*A tutorial on spectral clustering*, 2007) groups by the eigenvectors of a graph. Turk and Pentland (*Eigenfaces for
# recognition*, 1991) recognise faces by the first ranks of an SVD.
