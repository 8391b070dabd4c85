# %% [markdown]
# # 角点、尺度与匹配
#
# 同一座房子，从两个地方拍了两张照片：这张上的哪个点是那张上的哪个点？要能再次找到，一个点就必须在每个方向上都与周围不同，有自己的大小，并且不受光照和相机转动的影响。在这里，你写 Harris 角点、Lowe 的尺度不变特征（SIFT）的各个步骤，以及 RANSAC：它能在一半匹配都是错的情况下，找出两张图像之间的运动。
#
# 图像是形状为 (H, W) 的 numpy 数组，float64。点写作（行，列）。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 角点 | `harris_corners` | 2 | 25 |
# | 2 尺度 | `gaussian_pyramid`, `difference_of_gaussians`, `scale_extrema` | 6 | 60 |
# | 3 更准的位置，更少的点 | `refine`, `edge_like` | 4 | 45 |
# | 4 方向 | `orientation` | 2 | 35 |
# | 5 描述子 | `sift_descriptor` | 4 | 45 |
# | 6 匹配 | `match_descriptors` | 2 | 15 |
# | 7 一个运动，许多错误的匹配 | `fit_affine_matrix`, `ransac_draws`, `ransac` | 6 | 60 |

# %%
import math

import numpy as np


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import photographs
# from common.plots.figure import new_figure
# from common.plots.gallery import gallery
#
#
# def grey(image):
#     """彩色图像的 luma 值。"""
#     return image @ np.array([0.2125, 0.7154, 0.0721])

# %% [markdown]
# 给出三个辅助函数：相邻像素之差、平滑、像素之间的取值。

# %%
def differences(img: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """向右和向下的导数；边界处用单侧差分。

    Shapes:
        img  (H, W)
        out  两个数组 (H, W)
    """
    down, right = np.gradient(img)
    return right, down


def blur(img: np.ndarray, sigma: float) -> np.ndarray:
    """高斯平滑，行和列先后进行；边界处重复边界像素。

    Shapes:
        img  (H, W)
        out  (H, W)
    """
    radius = max(1, math.ceil(4 * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights = weights / weights.sum()
    for _ in range(2):
        padded = np.pad(img, ((radius, radius), (0, 0)), mode="edge")
        img = sum(w * padded[n : n + img.shape[0]] for n, w in enumerate(weights)).T
    return img


def sample(img: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """像素之间的值，双线性插值；图像之外取最近的像素。

    Shapes:
        img            (H, W)
        rows, columns  任意形状
        out            与它们形状相同
    """
    rows, columns = rows.clip(0, img.shape[0] - 1), columns.clip(0, img.shape[1] - 1)
    top, left = (np.minimum(places.astype(int), n - 2) for places, n in zip((rows, columns), img.shape, strict=True))
    down, right = rows - top, columns - left
    upper = (1 - right) * img[top, left] + right * img[top, left + 1]
    return (1 - down) * upper + down * ((1 - right) * img[top + 1, left] + right * img[top + 1, left + 1])


# %% [markdown]
# ## 1 角点
#
# 把一个小窗口移动 $(u, v)$。窗口里的图像会变化多少？在平坦处几乎不变；沿着边缘，有一个方向不变；在角点，每个方向都变。移动很小时，
#
# $$E(u, v) \approx \begin{bmatrix} u & v \end{bmatrix} M \begin{bmatrix} u \\ v \end{bmatrix}, \qquad
# M = \sum_{\text{window}} \begin{bmatrix} I_x^2 & I_x I_y \\ I_x I_y & I_y^2 \end{bmatrix}$$
#
# $M$ 的两个特征值都必须大。Harris 和 Stephens（1988）避免计算它们：由 $\det M = \lambda_1 \lambda_2$ 和 $\operatorname{tr} M = \lambda_1 + \lambda_2$，响应为
#
# $$R = \det M - k \, (\operatorname{tr} M)^2, \qquad k = 0.04 \text{ to } 0.06$$
#
# 在边缘上，特征值为 $\lambda$ 和 0，响应是 $-k \lambda^2$，为负；在平坦处，响应是 0。

# %% task="harris_corners"
# 约 25 分钟，简单。卡住了？hint("harris_corners") 会给出第一步。
def harris_corners(img: np.ndarray, window_size: int = 3, k: float = 0.04) -> np.ndarray:
    """Harris 响应，导数用 `differences` 计算。

    三个乘积在窗口内**求和**；图像之外的乘积按 0 计算。

    Shapes:
        img          (H, W)  float64；不改动
        window_size  int     奇数
        out          (H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="harris_corners"
# check("features", task="harris_corners")

# %% tags=["active-ipynb"]
# photo = photographs.draw("blocks", seed=3)
# picture = grey(photo.image)
# response = harris_corners(blur(picture, 1.0))
# figure = gallery({"picture and strongest responses": picture, "response": np.cbrt(response)},
#                  "Blocks with marks at corners and some steps of an edge; the response is dark along edges.",
#                  columns=2, width=4)
# left = response.copy()
# for _ in range(16):
#     row, column = divmod(int(left.argmax()), left.shape[1])
#     figure.axes[0].plot(column, row, "r+", markersize=10)
#     left[max(row - 6, 0) : row + 7, max(column - 6, 0) : column + 7] = 0
# figure

# %% tags=["active-ipynb"]
# figure = new_figure(9, 3, "The error of a moved window: flat, a valley along an edge, and a bowl at a corner.")
# u, v = np.meshgrid(np.linspace(-1, 1, 25), np.linspace(-1, 1, 25))
# bowls = {"flat": (0.02, 0, 0.02), "edge": (1, 0, 0.02), "corner": (1, 0.2, 0.8)}
# for number, (title, (a, b, c)) in enumerate(bowls.items()):
#     axes = figure.add_subplot(1, 3, number + 1, projection="3d", title=f"E(u, v), {title}", zlim=(0, 2),
#                               xlabel="u", ylabel="v")
#     axes.plot_surface(u, v, a * u * u + 2 * b * u * v + c * v * v, cmap="viridis")
# figure

# %% [markdown]
# ## 2 尺度
#
# Harris 角点与窗口一样大。走近到一半的距离，同一个角就变圆了。所以要在**所有**大小上找点（Lowe 2004）：平滑得越来越强，看每种平滑下有什么突出来。先后做两次高斯平滑等于做一次，方差相加：$\sigma^2 = \sigma_1^2 + \sigma_2^2$。
#
# 一个**倍频程**（octave）用 $S$ 步（`scales`，通常为 3）使 sigma 加倍：第 $s$ 层的 $\sigma_s = \sigma_0 2^{s / S}$。它有 $S + 3$ 层，因为层与层之差有 $S + 2$ 个，每次要比较其中三个。下一个倍频程从 sigma 为 $2 \sigma_0$ 的那一层（第 $S$ 层）开始，行和列都隔一个取一个：以它自己的像素计，平滑程度又是 $\sigma_0$。

# %% task="gaussian_pyramid"
# 约 25 分钟，中等。卡住了？hint("gaussian_pyramid") 会给出第一步。
def gaussian_pyramid(img: np.ndarray, octaves: int, scales: int = 3, sigma: float = 1.6) -> list[np.ndarray]:
    """每个倍频程的各层。图像本身视为未经平滑；第 0 层是用 sigma 平滑的。

    Shapes:
        img  (H, W)  float64；不改动
        out  列表，每个倍频程一个数组 (scales + 3, H_o, W_o)；H_o 和 W_o 逐次减半，向上取整
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gaussian_pyramid"
# check("features", task="gaussian_pyramid")

# %% task="difference_of_gaussians"
# 约 10 分钟，简单。卡住了？hint("difference_of_gaussians") 会给出第一步。
def difference_of_gaussians(pyramid: list[np.ndarray]) -> list[np.ndarray]:
    """每个倍频程中相邻两层之差：平滑较强的一层，减去前一层。

    Shapes:
        pyramid  数组 (L, H_o, W_o) 的列表
        out      数组 (L - 1, H_o, W_o) 的列表
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="difference_of_gaussians"
# check("features", task="difference_of_gaussians")

# %% [markdown]
# 这个差约等于 $(2^{1/S} - 1) \, \sigma^2 \nabla^2 G * I$：对半径约为 $\sqrt 2 \sigma$ 的斑点，这种滤波的响应最大。所以，位置**和**尺度上的极值点就是斑点，并带有自己的大小。一个点有 26 个相邻点：同一层 8 个，上一层 9 个，下一层 9 个。

# %% task="scale_extrema"
# 约 25 分钟，中等。卡住了？hint("scale_extrema") 会给出第一步。
def scale_extrema(dog: np.ndarray, threshold: float) -> np.ndarray:
    """比 26 个相邻点都大或都小、并且绝对值大于阈值的点。

    相等不算更大。26 个相邻点不全的点（在第一或最后一层、行、列）不算。

    Shapes:
        dog  (L, H, W)  float64；不改动
        out  (N, 3)     整数：层、行、列，按此顺序排序
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scale_extrema"
# check("features", task="scale_extrema")

# %% tags=["active-ipynb"]
# house = grey(photographs.draw("house", seed=3).image)
# pyramid = gaussian_pyramid(house, 2)
# dogs = difference_of_gaussians(pyramid)
# pictures = {f"octave {o}, level {s}": pyramid[o][s] for o in range(2) for s in range(5)}
# pictures |= {f"difference {o}, {s}": dogs[o][s] for o in range(2) for s in range(5)}
# gallery(pictures, "Two octaves of a house, smoothed more and more, and their differences.", columns=5, width=2.2)

# %% [markdown]
# ## 3 更准的位置，更少的点
#
# 真正的极值点位于像素之间。在该点附近，$D(x) = D + g^\top x + \frac{1}{2} x^\top H x$，其中梯度 $g$ 和二阶导数 $H$ 涵盖全部三个方向（层、行、列），由相邻点之差算出。它的极值点在
#
# $$\hat x = -H^{-1} g, \qquad D(\hat x) = D + \tfrac{1}{2} g^\top \hat x$$
#
# （Brown 和 Lowe 2002；完整的方法在 $|\hat x| > \frac{1}{2}$ 时移到相邻点，重新开始。你只做一步。）沿一个轴的二阶导数是 $D_{+} - 2 D + D_{-}$，跨两个轴的是 $(D_{++} - D_{+-} - D_{-+} + D_{--}) / 4$。

# %% task="refine"
# 约 30 分钟，中等。卡住了？hint("refine") 会给出第一步。
def refine(dog: np.ndarray, p: tuple[int, int, int]) -> tuple[np.ndarray, float]:
    """从有 26 个相邻点的一点出发，牛顿法走一步。

    Shapes:
        dog  (L, H, W)  float64；不改动
        p    (level, row, column)  层、行、列
        out  偏移量 (3,)，顺序与 p 相同，以及该处 D 的值，一个数
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="refine"
# check("features", task="refine")

# %% [markdown]
# 沿着边缘，高斯之差也有响应，但沿边缘的位置是任意的。那里一个曲率大，另一个小。设 $H$ 是行和列的二阶导数组成的 2 × 2 矩阵，$r$ 是我们接受的最大曲率比。一个点**不**像边缘，条件是
#
# $$\det H > 0 \quad \text{and} \quad \frac{(\operatorname{tr} H)^2}{\det H} < \frac{(r + 1)^2}{r}$$

# %% task="edge_like"
# 约 15 分钟，简单。卡住了？hint("edge_like") 会给出第一步。
def edge_like(dog: np.ndarray, p: tuple[int, int, int], r: float = 10) -> bool:
    """一个点是否像边缘，由它在自己那一层的四个曲率判断。

    Shapes:
        dog  (L, H, W)  float64
        p    (level, row, column)  层、行、列
        out  Python 的 bool
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="edge_like"
# check("features", task="edge_like")

# %% [markdown] question="features-q1"
# **简答题 1。** 一个半径为 8 像素的圆盘，从一半的距离再拍一次。前后两次，极值点出现在多大的 sigma、哪个倍频程、哪一层附近（$\sigma_0 = 1.6$，$S = 3$）？一个倍频程的各层要满足什么，才不会有斑点落在两个倍频程之间？

# %% [markdown] answer="features-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 方向
#
# 相机转动，点周围的图像也跟着转动。所以给每个点一个自己的方向：周围梯度的主方向。每个像素给 36 个区间之一投票，每个区间 10 度。票的权重是梯度的长度乘以 $\exp(-d^2 / 2 (1.5 \sigma)^2)$，$d$ 是到该点的距离。过最高的区间和它的两个相邻区间作一条抛物线，可以得到更细的角度：设三者为 $l, c, r$，则角度比该区间的中点大 $\frac{1}{2} (l - r) / (l - 2c + r)$ 个区间。其他达到最高峰 80% 的峰，也各给出一个方向。

# %% task="orientation"
# 约 35 分钟，中等。卡住了？hint("orientation") 会给出第一步。
def orientation(img: np.ndarray, p: tuple[int, int], sigma: float) -> np.ndarray:
    """一个点的各个方向，以度为单位，在 [0, 360) 内，最高峰的方向在前。

    行和列与该点相差最多 round(4.5 * sigma) 的像素参加投票，到图像边界为止。梯度用 `differences` 计算；区间 b 包
    含从 10 b 到 10 (b + 1) 的角度，不含后者。峰要高于圆周上的两个相邻区间。

    Shapes:
        img  (H, W)  float64，金字塔的一层；不改动
        p    (row, column)  行、列
        out  (K,)    float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="orientation"
# check("features", task="orientation")

# %% tags=["active-ipynb"]
# levels, found = gaussian_pyramid(house, 4), []
# for octave, dog in enumerate(difference_of_gaussians(levels)):
#     for level, row, column in scale_extrema(dog, 0.01):
#         offset, value = refine(dog, (level, row, column))
#         if abs(value) < 0.015 or abs(offset).max() > 1 or edge_like(dog, (level, row, column)):
#             continue
#         sigma = 1.6 * 2 ** ((level + offset[0]) / 3)
#         angle = np.deg2rad(orientation(levels[octave][level], (row, column), sigma)[0])
#         found.append([2**octave * (column + offset[2]), 2**octave * (row + offset[1]), 2**octave * sigma, angle])
# figure = gallery({f"{len(found)} points": house}, "A house with a circle for each point: small ones at corners and "
#                  "along the roof, large ones on walls and door. A line in each circle shows its direction.", width=6)
# turn = np.linspace(0, 2 * np.pi, 40)
# for x, y, sigma, angle in found:
#     radius = np.sqrt(2) * sigma
#     figure.axes[0].plot(x + radius * np.cos(turn), y + radius * np.sin(turn), "C0", linewidth=1)
#     figure.axes[0].plot([x, x + radius * np.cos(angle)], [y, y + radius * np.sin(angle)], "r", linewidth=1)
# figure.axes[0].set(xlim=(0, house.shape[1] - 1), ylim=(house.shape[0] - 1, 0))
# figure

# %% [markdown]
# 每个圆的半径是其斑点的 $\sqrt 2 \sigma$。角点在小尺度上找到，一面墙或门在大尺度上找到。
#
# ## 5 描述子
#
# SIFT 描述点周围的梯度，从该点的方向看去：16 × 16 个采样点分成 4 × 4 个胞元，每个胞元有一个 8 个方向的直方图：共 128 个数。采样点 $(u, v)$（$u, v \in \{-7.5, -6.5, \dots, 7.5\}$）位于
#
# $$\text{column} = p_c + u \cos\alpha - v \sin\alpha, \qquad \text{row} = p_r + u \sin\alpha + v \cos\alpha$$
#
# 它的角度从 $\alpha$ 算起。它的权重是梯度的长度乘以 $\exp(-(u^2 + v^2) / (2 \cdot 8^2))$。为了让采样点稍微移动时结果不跳变，每个采样点都分摊给相邻的胞元和方向：以胞元计的坐标是 $(u + 8) / 4 - 0.5$ 和 $(v + 8) / 4 - 0.5$，以方向计的坐标是角度 / 45。坐标 1.3 把 0.7 分给 1 号，0.3 分给 2 号。方向排成一圈；分给 0 以下或 3 以上胞元的部分舍去。最后：长度化为 1，忘掉对比度；在 0.2 处截断，不让个别很强的边缘说了算；再把长度化为 1。

# %% task="sift_descriptor"
# 约 45 分钟，困难。卡住了？hint("sift_descriptor") 会给出第一步。
def sift_descriptor(img: np.ndarray, p: tuple[float, float], angle: float) -> np.ndarray:
    """一个点和一个方向（以度为单位）的 128 个数。导数用 `differences` 计算，再用 `sample` 取值。

    顺序是胞元的行 (v)、胞元的列 (u)、方向。所有梯度都为 0 时，结果为 0。

    Shapes:
        img  (H, W)  float64；不改动
        p    (row, column)  行、列
        out  (128,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sift_descriptor"
# check("features", task="sift_descriptor")

# %% [markdown]
# ## 6 匹配
#
# 对第一张图像的一个描述子，取第二张图像中最近的。对吗？如果第二近的几乎一样近，这个点就是许多相似点中的一个（房子的一扇窗），谁也分不清。所以要求两个距离的**比值**小于阈值。

# %% task="match_descriptors"
# 约 15 分钟，简单。卡住了？hint("match_descriptors") 会给出第一步。
def match_descriptors(desc1: np.ndarray, desc2: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """距离小于 threshold 乘以第二近距离的各对，两者都是欧氏距离。

    Shapes:
        desc1  (M, D)  float64
        desc2  (N, D)  float64，N 至少为 2
        out    (K, 2)  整数：desc1 的行号和 desc2 的行号，按前者排序
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="match_descriptors"
# check("features", task="match_descriptors")

# %% [markdown]
# ## 7 一个运动，许多错误的匹配
#
# 仿射变换是一个 3 × 3 矩阵 $H$，最后一列是 $(0, 0, 1)$。点写成行 $(\text{row}, \text{column}, 1)$，CS131 要的是从**第二张**图像到**第一张**的变换：$p_2 H = p_1$，在最小二乘的意义上。

# %% task="fit_affine_matrix"
# 约 15 分钟，简单。卡住了？hint("fit_affine_matrix") 会给出第一步。
def fit_affine_matrix(p1: np.ndarray, p2: np.ndarray) -> np.ndarray:
    """使 p2 H - p1 的平方和最小的 H，点写作（行，列，1）。

    Shapes:
        p1, p2  (N, 2)  float64，N 至少为 3，不全在一条直线上
        out     (3, 3)  最后一列恰好是 0, 0, 1
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="fit_affine_matrix"
# check("features", task="fit_affine_matrix")

# %% [markdown]
# 最小二乘相信每个匹配，一个离谱的匹配就会把答案拉偏。**RANSAC**（Fischler 和 Bolles 1981）只抽取所需的少数几个匹配，拟合，再数有多少匹配与之一致。抽很多次之后，取一致的匹配最多的那一组，再用整组重新拟合一次变换。
#
# 要抽多少次？设正确匹配的占比为 $w$，一次抽 $n$ 个，全部正确的概率是 $w^n$。要以概率 $p$ 至少有一次这样的抽取，需要
#
# $$k = \left\lceil \frac{\log(1 - p)}{\log(1 - w^n)} \right\rceil$$
#
# **手算。** $p = 0.99$：$w = 0.5$ 时，每次抽两个要抽 17 次，每次抽四个要抽 72 次；$w = 0.3$ 时，每次抽四个要抽 567 次。

# %% task="ransac_draws"
# 约 10 分钟，简单。卡住了？hint("ransac_draws") 会给出第一步。
def ransac_draws(p: float, w: float, n: int) -> int:
    """上式的抽取次数；w 为 1 时是 1。

    Shapes:
        p    float  大于 0，小于 1
        w    float  大于 0，最大为 1
        out  Python 的 int
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ransac_draws"
# check("features", task="ransac_draws")

# %% task="ransac"
# 约 35 分钟，中等。卡住了？hint("ransac") 会给出第一步。
def ransac(
    keypoints1: np.ndarray, keypoints2: np.ndarray, matches: np.ndarray, n_iters: int = 200, threshold: float = 20
) -> tuple[np.ndarray, np.ndarray]:
    """从第二张图像到第一张的仿射变换，以及与它一致的匹配。

    每次抽取三个匹配，拟合 H；p2 H 与 p1 之间距离的**平方**小于阈值的匹配就算一致。返回各次中最大的一组（一样大
    时取最先的），H 用这一组重新拟合。

    Shapes:
        keypoints1  (M, 2)  float64
        keypoints2  (N, 2)  float64
        matches     (K, 2)  整数，与 match_descriptors 返回的一样；K 至少为 3
        out         H (3, 3)，以及 matches 中一致的那些行，保持原来的顺序
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="ransac"
# check("features", task="ransac")

# %% tags=["active-ipynb"]
# np.random.seed(0)
# view = np.array([[0.95, 0.16, -4.0], [-0.16, 0.95, 18.0], [0.0, 0.0, 1.0]])
# one, two = photographs.draw("house", seed=3), photographs.draw("house", seed=3, view=view)
# noise = np.random.default_rng(0)
# grey1, grey2 = (blur(grey(p.image) + 0.01 * noise.standard_normal(p.mask.shape), 1.0) for p in (one, two))
#
#
# def points_of(img, count):
#     """角点，以及它们的方向和描述子。"""
#     left, found, described = harris_corners(img).copy(), [], []
#     left[:12], left[-12:], left[:, :12], left[:, -12:] = 0, 0, 0, 0
#     for _ in range(count):
#         row, column = divmod(int(left.argmax()), left.shape[1])
#         left[row - 4 : row + 5, column - 4 : column + 5] = 0
#         for angle in orientation(img, (row, column), 2.0)[:2]:
#             found.append((row, column))
#             described.append(sift_descriptor(img, (row, column), angle))
#     return np.array(found, float), np.array(described)
#
#
# (k1, d1), (k2, d2) = points_of(grey1, 40), points_of(grey2, 40)
# matches = match_descriptors(d1, d2, 0.85)
# H, agreed = ransac(k1, k2, matches, n_iters=300, threshold=4)
# both = np.concatenate([one.image, two.image], axis=1)
# figure = gallery({f"{len(matches)} matches": both, f"{len(agreed)} that agree": both},
#                  "Matches between two views of a house: many are wrong; those that agree are right.", columns=1,
#                  width=8)
# for axes, pairs in zip(figure.axes, (matches, agreed)):
#     for a, b in pairs:
#         axes.plot([k1[a, 1], k2[b, 1] + 176], [k1[a, 0], k2[b, 0]], linewidth=0.8)
# figure

# %% tags=["active-ipynb"]
# rows, columns = np.indices(one.mask.shape)
# back = np.stack([rows.ravel(), columns.ravel(), np.ones(rows.size)], axis=1) @ np.linalg.inv(H)
# r, c = back[:, 0].reshape(rows.shape), back[:, 1].reshape(rows.shape)
# warped = np.stack([sample(two.image[..., n], r, c) for n in range(3)], axis=-1)
# print("largest error of a corner, in pixels:",
#       np.abs(np.c_[two.corners, np.ones(4)] @ H - np.c_[one.corners, np.ones(4)]).max().round(2))
# gallery({"first": one.image, "second, brought to the first": warped, "mean": (one.image + warped) / 2},
#         "The second view, brought to the first by the map that was found; their mean shows one sharp house.",
#         columns=3)

# %% [markdown] question="features-q2"
# **简答题 2。** 你的匹配有一半是对的。要以 0.99 的概率成功，每次抽三个，要抽多少次？如果变换是单应（需要四个匹配），要抽多少次？你的朋友每次抽二十个匹配，“因为数据越多越精确”。结果会怎样？

# %% [markdown] answer="features-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 好的点在每个方向上都有变化，并有自己的大小和方向。描述子忘掉光照、对比度和转动，两个距离的比值说明一个匹配有多可靠。RANSAC 每次只需要少数几个匹配，数出与之一致的，最后再拟合。
#
# **延伸阅读。** Hartley 和 Zisserman（*Multiple view geometry in computer vision*，第二版，2004）从匹配继续讲到相机和深度。Brown 和 Lowe（*Automatic panoramic image stitching using invariant features*，2007）用你在这里写的东西拼接照片。SuperPoint（DeTone、Malisiewicz 和 Rabinovich 2018）和 SuperGlue（Sarlin 等 2020）学习特征点和匹配；Jin 等（*Image matching across wide baselines*，2021）仔细比较了两个世界。
