# %% [markdown]
# # 接缝裁剪
#
# 一张图像要变窄。缩放会把脸压扁，裁剪会丢掉边上的东西。Avidan 和 Shamir（2007）改为取走一条**接缝**（seam）：每行一个像素，相邻两行的像素彼此相邻，并且走在没有人会惦记的地方。最好的接缝用动态规划来找。函数名与斯坦福大学的 CS131 课程一致。
#
# 图像是形状为 (H, W, 3) 的 numpy 数组，float64，在 [0, 1] 内。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 能量 | `energy_function` | 2 | 10 |
# | 2 向下最便宜的路 | `compute_cost`, `backtrack_seam`, `remove_seam`, `reduce` | 8 | 75 |
# | 3 变宽 | `enlarge` | 2 | 35 |
# | 4 向前看 | `compute_forward_cost` | 2 | 30 |
# | 5 抹去目标 | `remove_object` | 2 | 20 |

# %%
import numpy as np


def rgb2gray(image: np.ndarray) -> np.ndarray:
    """彩色图像的 luma 值。

    Shapes:
        image  (H, W, 3)
        out    (H, W)
    """
    return image @ np.array([0.2125, 0.7154, 0.0721])


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import photographs
# from common.plots.gallery import gallery
#
# photo = photographs.draw("fruit", seed=3, size=(72, 96))
# picture = photo.image

# %% [markdown]
# ## 1 能量
#
# 少了哪个像素会有人在意？先这样回答：图像变化的地方，像素才有意义。像素的能量是灰度图像的 $|\partial_x I| + |\partial_y I|$，用 `np.gradient` 计算。

# %% task="energy_function"
# 约 10 分钟，简单。卡住了？hint("energy_function") 会给出第一步。
def energy_function(image: np.ndarray) -> np.ndarray:
    """灰度图像导数的绝对值之和。

    Shapes:
        image  (H, W, 3)  float64；不改动
        out    (H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="energy_function"
# check("seams", task="energy_function")

# %% [markdown]
# ## 2 向下最便宜的路
#
# 经过最后一行每个像素的接缝约有 $3^H$ 条。但是，终点为像素 $(i, j)$ 的最便宜的接缝，就是终点在它上方的三条中最便宜的一条，加上这个像素：
#
# $$M[i, j] = E[i, j] + \min(M[i - 1, j - 1], \; M[i - 1, j], \; M[i - 1, j + 1])$$
#
# 边界之外 $M$ 为**无穷大**。（若为 0，接缝就会沿着边界走，不花任何代价。）为每个像素记下三者中哪个最小：-1、0 或 1；相等时取靠左的。例如，左边的能量给出右边的代价：
#
# $$\begin{bmatrix} 1 & 4 & 3 \\ 5 & 2 & 6 \\ 7 & 1 & 2 \end{bmatrix} \text{ have the costs }
# \begin{bmatrix} 1 & 4 & 3 \\ 6 & 3 & 9 \\ 10 & 4 & 5 \end{bmatrix}$$
#
# 最好的接缝所在的列为 0、1、1。

# %% task="compute_cost"
# 约 30 分钟，中等。卡住了？hint("compute_cost") 会给出第一步。
def compute_cost(image: np.ndarray, energy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """终点为每个像素的最便宜接缝的代价，以及它从哪里来。

    Shapes:
        image   (H, W, 3)  这里不用，compute_forward_cost 才用
        energy  (H, W)     float64；不改动
        out     代价 (H, W)，以及 paths (H, W)，整数 -1、0、1；第一行为 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_cost"
# check("seams", task="compute_cost")

# %% task="backtrack_seam"
# 约 10 分钟，简单。卡住了？hint("backtrack_seam") 会给出第一步。
def backtrack_seam(paths: np.ndarray, end: int) -> np.ndarray:
    """终点在最后一行 `end` 列的接缝所经过的各列。

    Shapes:
        paths  (H, W)  -1、0 或 1：上一行的列减去这一行的列
        out    (H,)    整数，从第一行到最后一行
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="backtrack_seam"
# check("seams", task="backtrack_seam")

# %% task="remove_seam"
# 约 15 分钟，简单。卡住了？hint("remove_seam") 会给出第一步。
def remove_seam(image: np.ndarray, seam: np.ndarray) -> np.ndarray:
    """每行去掉一个像素的图像。

    Shapes:
        image  (H, W, 3) 或 (H, W)  任意 dtype；不改动
        seam   (H,)                 每行一个列号
        out    (H, W - 1, 3) 或 (H, W - 1)，dtype 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="remove_seam"
# check("seams", task="remove_seam")

# %% task="reduce"
# 约 20 分钟，中等。卡住了？hint("reduce") 会给出第一步。
def reduce(image: np.ndarray, size: int, axis: int = 1) -> np.ndarray:
    """一次又一次取走最便宜的接缝，直到图像达到给定的大小。

    每取走一条接缝，都重新计算能量和代价。最后一行的代价相等时，取第一个。

    Shapes:
        image  (H, W, 3)  float64；不改动
        size   int        要达到的列数（轴 1）或行数（轴 0）
        out    (H, size, 3) 或 (size, W, 3)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="reduce"
# check("seams", task="reduce")

# %% tags=["active-ipynb"]
# energy = energy_function(picture)
# cost, paths = compute_cost(picture, energy)
# seam = backtrack_seam(paths, int(cost[-1].argmin()))
# middle = compute_cost(picture[:, 30:60], energy[:, 30:60])
# between = 30 + backtrack_seam(middle[1], int(middle[0][-1].argmin()))
# figure = gallery({"energy": energy, "cost": cost, "the first seam, and one between the discs": picture},
#                  "Energy and costs of a picture of fruit; its cheapest seam, along the left border; and the cheapest "
#                  "one of the middle columns, which bends between the discs.", columns=3)
# figure.axes[2].plot(seam, range(len(seam)), "r", linewidth=3)
# figure.axes[2].plot(between, range(len(between)), "r--")
# figure

# %% tags=["active-ipynb"]
# narrow = reduce(picture, 64)
# scaled = picture[:, np.linspace(0, 95, 64).round().astype(int)]
# gallery({"the picture": picture, "scaled": scaled, "cropped": picture[:, 16:80], "carved": narrow},
#         "A picture of discs; scaled they are narrow, cropped they are cut, carved they are nearly round.")

# %% [markdown]
# ## 3 变宽
#
# 要让图像变宽，就把接缝加倍。但最便宜的接缝加倍之后，仍然最便宜：同样的像素会重复 $k$ 次。所以先找出 `reduce` 会取走的 $k$ 条接缝，以及它们**在原图中**的列：用一张原始列号的表，随图像一起去掉接缝。然后把这些像素各重复一次。

# %% task="enlarge"
# 约 35 分钟，中等。卡住了？hint("enlarge") 会给出第一步。
def enlarge(image: np.ndarray, size: int, axis: int = 1) -> np.ndarray:
    """把 reduce 最先取走的那些接缝的像素各加倍一次。

    Shapes:
        image  (H, W, 3)  float64；不改动
        size   int        要达到的列数（轴 1）或行数（轴 0）：最多为原来的两倍减 1
        out    (H, size, 3) 或 (size, W, 3)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="enlarge"
# check("seams", task="enlarge")

# %% tags=["active-ipynb"]
# grey = picture @ np.array([0.2125, 0.7154, 0.0721])
# code = np.arange(96) / 96  # 藏在红色和蓝色里，灰度图因此不变，接缝也不变
# coded = np.stack([grey + 0.0721 * code, grey, grey - 0.2125 * code], axis=2)
# turns = np.full((72, 96), np.nan)
# for number in (30, 20, 10):
#     wider = enlarge(coded, 96 + number)
#     columns = (96 * (wider[..., 0] - wider[..., 2]) / 0.2846).round().astype(int)
#     turns[np.stack([np.bincount(row, minlength=96) > 1 for row in columns])] = number
# figure = gallery({"the first ten seams (red), the next ten (orange), and ten more (yellow)": picture},
#                  "Thirty seams of a picture of fruit, in three colours by their order: they bend around the discs.",
#                  width=6)
# figure.axes[0].imshow(turns, cmap="autumn", interpolation="nearest")
# figure

# %% [markdown] question="seams-q1"
# **简答题 1。** 为什么这样不能把图像放大到两倍宽度以上？为什么远不到两倍就已经难看了？提出一个达到三倍宽度的办法。

# %% [markdown] answer="seams-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 向前看
#
# 取走一个像素，会产生新的相邻像素。要紧的是**插入**了多少能量（Rubinstein、Shamir 和 Avidan 2008）：从正上方来，左右两个像素变成相邻；从左边或右边来，还会有两个像素变成上下相邻。
#
# $$C_U = |I_{i, j + 1} - I_{i, j - 1}|, \quad C_L = C_U + |I_{i - 1, j} - I_{i, j - 1}|, \quad
# C_R = C_U + |I_{i - 1, j} - I_{i, j + 1}|$$
#
# $$M_{i, j} = E_{i, j} + \min(M_{i - 1, j - 1} + C_L, \; M_{i - 1, j} + C_U, \; M_{i - 1, j + 1} + C_R)$$
#
# 第一列和最后一列的 $C_U$ 为 0，因为两个像素中有一个不存在。第一行的 $M = E + C_U$。

# %% task="compute_forward_cost"
# 约 30 分钟，中等。卡住了？hint("compute_forward_cost") 会给出第一步。
def compute_forward_cost(image: np.ndarray, energy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """计入接缝所插入能量的代价，以及每条接缝从哪里来；相等时取靠左的。

    Shapes:
        image   (H, W, 3)  float64；它的灰度图像是 I；不改动
        energy  (H, W)     float64；不改动
        out     代价 (H, W)，以及 paths (H, W)，整数 -1、0、1；第一行为 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_forward_cost"
# check("seams", task="compute_forward_cost")

# %% [markdown]
# ## 5 抹去目标
#
# 给目标的像素一个很低的负能量，最便宜的接缝就会穿过它。目标消失以后，再把图像放大到原来的宽度。

# %% task="remove_object"
# 约 20 分钟，中等。卡住了？hint("remove_object") 会给出第一步。
def remove_object(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """抹去目标后的图像，大小不变。

    取走竖直的接缝，掩码内的能量为 -1000，直到掩码中没有像素剩下；然后放大。

    Shapes:
        image  (H, W, 3)  float64；不改动
        mask   (H, W)     bool；不改动
        out    (H, W, 3)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="remove_object"
# check("seams", task="remove_object")

# %% tags=["active-ipynb"]
# fruit = photographs.draw("fruit", seed=3, size=(72, 96))
# wide = sum(np.roll(fruit.mask, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)) > 0
# gallery({"the picture": fruit.image, "30 % wider": enlarge(fruit.image, 125), "without the disc in front":
#          remove_object(fruit.image, wide)},
#         "Fruit; the same with more sky between the discs; and without the disc in front.", columns=3)

# %% [markdown]
# ## 小结
#
# 一个答案多到指数级的问题变成了一张表，因为到一个像素的最好的路，只取决于到它相邻像素的最好的路。边界上什么是无穷大、相等时取哪一个，都是定义的一部分。
#
# **延伸阅读。** Avidan 和 Shamir（*Seam carving for content-aware image resizing*，2007）是本笔记本所依据的论文；Rubinstein、Shamir 和 Avidan（*Improved seam carving for video retargeting*，2008）计算移除之后新产生的边缘。Efros 和 Freeman（*Image quilting for texture synthesis and transfer*，2001）沿同样的路径裁切图块。PatchMatch（Barnes 等 2009）从别处复制来填补空洞。
