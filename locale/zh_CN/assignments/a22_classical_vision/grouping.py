# %% [markdown]
# # 分组
#
# 哪些像素属于一起？把每个像素变成一个点：它的颜色，也许还有它的位置。彼此靠近的点形成组，组就是图像的各个部分。在这里，你写三种分组的方法：k 均值，它要知道组数；层次聚类，它合并最近的组；均值漂移，它爬向点密集的地方。最后用更少的数表示图像：奇异值分解。
#
# 点是 numpy 数组 (N, D) 的行，float64。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 k 均值 | `kmeans`, `kmeans_pp` | 4 | 45 |
# | 2 合并最近的组 | `hierarchical_clustering` | 2 | 35 |
# | 3 爬向密集处 | `mean_shift` | 2 | 30 |
# | 4 把像素当作点 | `color_position_features` | 2 | 15 |
# | 5 用更少的数 | `compression_svd` | 2 | 10 |

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
#     """画出点，每组有自己的颜色和标记，可画几种答案。"""
#     figure = new_figure(3 * len(groups), 3, alt)
#     for number, (title, labels) in enumerate(groups.items()):
#         axes = figure.add_subplot(1, len(groups), number + 1, aspect="equal", xticks=[], yticks=[], title=title)
#         for place, group in enumerate(np.unique(labels)):
#             axes.scatter(*points[labels == group].T, s=12, color=f"C{place % 10}", marker="o^sDvPX<>*"[place % 10])
#     return figure

# %% [markdown]
# ## 1 k 均值
#
# 选 $k$ 个中心。把每个点分给最近的中心；把每个中心移到它的点的均值；重复。这两步都不会使距离的平方和上升，而分法只有有限多种，所以它一定会结束：停在一个取决于起点的最优解。中心失去了所有的点，就留在原处。

# %% task="kmeans"
# 约 25 分钟，简单。卡住了？hint("kmeans") 会给出第一步。
def kmeans(features: np.ndarray, start: np.ndarray, num_iters: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """k 均值从一个起点出发得到的组。分组不再变化时提前停止。

    与几个中心一样近的点，属于其中的第一个。

    Shapes:
        features   (N, D)  float64；不改动
        start      (k, D)  float64，最初的中心；不改动
        num_iters  int     分组并移动中心的次数，最多这么多
        out        每个点的组 (N,)，整数；最后一次移动之后的中心 (k, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="kmeans"
# check("grouping", task="kmeans")

# %% [markdown]
# 起点中的点彼此靠近，结局就不好。**k-means++**（Arthur 和 Vassilvitskii 2007）从所有点中等概率抽取第一个中心；之后每个中心被抽到的概率，正比于到已有最近中心的距离的**平方**。

# %% task="kmeans_pp"
# 约 20 分钟，中等。卡住了？hint("kmeans_pp") 会给出第一步。
def kmeans_pp(features: np.ndarray, k: int) -> np.ndarray:
    """k 均值的起点：按上述方法抽取的 k 个点，使用 numpy 的全局随机数（`np.random`）。

    Shapes:
        features  (N, D)  float64，至少有 k 个不同的点
        out       (k, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="kmeans_pp"
# check("grouping", task="kmeans_pp")

# %% tags=["active-ipynb"]
# np.random.seed(3)
# start = kmeans_pp(blobs, 3)
# scatters({f"iterations: {n}": kmeans(blobs, blobs[:3], n)[0] for n in (1, 2, 4, 20)}
#          | {"from k-means++": kmeans(blobs, start)[0]}, blobs,
#          "Three blobs: k-means needs some iterations from a bad start, and few from k-means++.")

# %% [markdown]
# ## 2 合并最近的组
#
# 开始时每个点自成一组；每次合并最近的两组，直到剩下 $k$ 组。两组之间的距离是什么？可以是**质心**（centroid）的距离（与 CS131 一样），最近成员的距离（**单链接**，single），最远成员的距离（**全链接**，complete），或者所有对的均值（**平均链接**，average）。对 $\{0, 1\}$ 和 $\{5, 9\}$，它们是 6.5、4、9 和 6.5。单链接按 Kruskal 算法的顺序合并：最小生成树去掉最长的 $k - 1$ 条边，剩下的就是各组。

# %% task="hierarchical_clustering"
# 约 35 分钟，中等。卡住了？hint("hierarchical_clustering") 会给出第一步。
def hierarchical_clustering(features: np.ndarray, k: int, linkage: str = "centroid") -> np.ndarray:
    """不断合并最近的组，直到剩下 k 组，返回这些组。

    Shapes:
        features  (N, D)  float64；不改动
        linkage   "centroid"、"single"、"complete" 或 "average"
        out       (N,)    整数，从 0 到 k - 1，编号顺序任意；每个都出现
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="hierarchical_clustering"
# check("grouping", task="hierarchical_clustering")

# %% tags=["active-ipynb"]
# scatters({how: hierarchical_clustering(moons, 2, how) for how in ("single", "complete", "average", "centroid")}
#          | {"k-means": kmeans(moons, moons[:2])[0]}, moons,
#          "Two moons: single linkage follows them, the others cut them.")

# %% [markdown]
# **树状图**（dendrogram）一次画出所有可能的组数：每个接点连接两个组，高度是两组的距离。应在接点高度相差很大的地方切断。

# %% tags=["active-ipynb"]
# def dendrogram(axes, points, linkage, title):
#     """画出哪些组合并，高度是它们的距离。"""
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
# ## 3 爬向密集处
#
# **均值漂移**（mean shift；Comaniciu 和 Meer 2002）不需要组数，只需要一个半径。在每个点放一个窗口。把窗口移到其中各点的均值，直到它停住：停在点的**密度峰**（mode）上。窗口停在同一处的点形成一组。

# %% task="mean_shift"
# 约 30 分钟，中等。卡住了？hint("mean_shift") 会给出第一步。
def mean_shift(features: np.ndarray, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """各个密度峰，以及每个点的组。

    窗口包含距离不超过带宽的点。移动小于 1e-6 时，窗口停住。窗口停下的位置，如果到已找到的某个密度峰的距离小于带
    宽的一半，就属于这个密度峰；否则就是新的密度峰。按点的顺序进行。

    Shapes:
        features  (N, D)  float64；不改动
        out       每个点的组 (N,)，整数；密度峰 (M, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mean_shift"
# check("grouping", task="mean_shift")

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
# ## 4 把像素当作点
#
# 只看颜色，会把像素分到一起，不管它们在哪里。把行和列也作为特征，组就会连成片。为了不让某个特征因为单位而占更大的分量，每列减去均值，再除以标准差。

# %% task="color_position_features"
# 约 15 分钟，简单。卡住了？hint("color_position_features") 会给出第一步。
def color_position_features(img: np.ndarray) -> np.ndarray:
    """每个像素一行：它的颜色、行、列；每个特征的均值为 0，标准差为 1。

    处处相同的特征变为 0。

    Shapes:
        img  (H, W, C)      float64；不改动
        out  (H * W, C + 2)  像素按行排列
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="color_position_features"
# check("grouping", task="color_position_features")

# %% tags=["active-ipynb"]
# photo = photographs.draw("road", seed=3, size=(48, 60))
# np.random.seed(0)
# colours = photo.image.reshape(-1, 3)
# answers = {"picture": photo.image}
# for title, features in {"colours": colours, "colours and places": color_position_features(photo.image)}.items():
#     answers[title] = kmeans(features, kmeans_pp(features, 5))[0].reshape(48, 60)
# gallery(answers, "A road, grouped by colour, and by colour and place.", columns=3)

# %% [markdown] question="grouping-q1"
# **简答题 1。** 一千个点来自两个重叠的点团，单链接给出一个有 999 个点的组，和一个只有一个点的组。为什么？四种链接中你会试哪种，均值漂移的半径取多大，又对组作了什么假设？

# %% [markdown] answer="grouping-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 用更少的数
#
# 每个矩阵都是 $U \Sigma V^\top$，其中各列标准正交，奇异值从大到小排列。保留前 $k$ 个：没有秩为 $k$ 的矩阵离它更近（Eckart 和 Young 1936），而平方误差是舍去的奇异值的平方和。于是，一张灰度图像需要 $k (H + W + 1)$ 个数。

# %% task="compression_svd"
# 约 10 分钟，简单。卡住了？hint("compression_svd") 会给出第一步。
def compression_svd(image: np.ndarray, num_values: int) -> tuple[np.ndarray, int]:
    """给定秩的最近的图像，以及它需要多少个数。

    Shapes:
        image       (H, W)  float64；不改动
        num_values  int     不超过 H 和 W
        out         (H, W)，以及 Python 的 int
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="compression_svd"
# check("grouping", task="compression_svd")

# %% tags=["active-ipynb"]
# road = photographs.draw("road", seed=3).image @ np.array([0.2125, 0.7154, 0.0721])
# gallery({"picture": road} | {f"rank {k}: {compression_svd(road, k)[1]} numbers": compression_svd(road, k)[0]
#                              for k in (1, 5, 20, 60)}, "A road at rank 1, 5, 20 and 60.", columns=5)

# %% [markdown]
# ## 小结
#
# 每种分组方法回答的问题都不同：谁靠近同一个中心，谁连在一起，谁爬同一座山。先选特征和距离，算法自然就定了。
#
# **延伸阅读。** Felzenszwalb 和 Huttenlocher（*Efficient graph-based image segmentation*，2004）沿生成树合并像素。SLIC（Achanta 等 2012）是在颜色和位置上做的 k-means，得到超像素。Von Luxburg（*A tutorial on spectral clustering*，2007）按图的特征向量分组。Turk 和 Pentland（*Eigenfaces for recognition*，1991）用 SVD 的前几个秩识别人脸。
