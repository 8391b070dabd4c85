# %% [markdown]
# # 滤波、边缘与直线
#
# 网络自己学出卷积核之前，卷积核是由人写下来的。训练好的网络，前几层看上去仍像这个笔记本里的卷积核：斑点和边缘。在这里，你用两种方式写卷积，寻找模板，像 Canny（1986）那样找边缘，再让边缘为直线投票。函数名与斯坦福大学的 CS131 课程一致。
#
# 图像是形状为 (H, W) 的 numpy 数组，float64。点写作（行，列）；x 数列，y 数行。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 卷积 | `conv_nested`, `conv_fast` | 4 | 40 |
# | 2 寻找模板 | `cross_correlation`, `normalized_cross_correlation` | 4 | 40 |
# | 3 平滑 | `gaussian_kernel` | 2 | 10 |
# | 4 导数 | `partial_x`, `partial_y`, `gradient`, `sobel` | 8 | 45 |
# | 5 细边缘 | `non_maximum_suppression` | 2 | 30 |
# | 6 双阈值 | `double_thresholding`, `link_edges` | 4 | 40 |
# | 7 Canny 边缘 | `canny` | 4 | 10 |
# | 8 边缘投票选出的直线 | `hough_transform`, `hough_peaks` | 4 | 45 |

# %%
import math

import numpy as np


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import photographs
# from common.plots.gallery import gallery
#
#
# def grey(image):
#     """彩色图像的 luma 值：CS131 中叫 rgb2gray。"""
#     return image @ np.array([0.2125, 0.7154, 0.0721])
#
#
# photos = {kind: photographs.draw(kind, seed=3) for kind in photographs.KINDS}
# gallery({kind: photo.image for kind, photo in photos.items()}, "Six rendered photographs.", columns=3)

# %% [markdown]
# ## 1 卷积
#
# 在每个位置做法都相同的线性滤波就是**卷积**（convolution）。只要知道它对冲激（只有一个 1 的图像）的响应，就完全知道了它：这个响应就是卷积核本身。
#
# $$(f * h)[m, n] = \sum_{i, j} f[i, j] \; h[m - i, n - j]$$
#
# 减号把卷积核沿两个方向都翻转。所以卷积满足交换律 $f * h = h * f$，也满足结合律：先后做两次滤波，等于做一次。（网络中的“卷积”不翻转，反正卷积核是学出来的。）输出与图像一样大：卷积核的中心对准当前像素，图像之外的像素都按 0 计算。
#
# 先照着求和式用循环写出来。然后不对像素循环：对卷积核的每个元素，把整张图像移动、相乘，再累加。

# %% task="conv_nested"
# 约 20 分钟，简单。卡住了？hint("conv_nested") 会给出第一步。
def conv_nested(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """按定义计算的卷积，图像之外为 0。这里可以放心用循环。

    Shapes:
        image   (H, W)    float64；不改动
        kernel  (Hk, Wk)  float64，边长都是奇数
        out     (H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="conv_nested"
# check("edges", task="conv_nested")

# %% task="conv_fast"
# 约 20 分钟，简单。卡住了？hint("conv_fast") 会给出第一步。
def conv_fast(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """与上面相同，但不对像素循环。禁用 np.fft 和 np.convolve。

    Shapes:
        image   (H, W)    float64；不改动
        kernel  (Hk, Wk)  float64，边长都是奇数
        out     (H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="conv_fast"
# check("edges", task="conv_fast")

# %% [markdown]
# ## 2 寻找模板
#
# **互相关**（cross-correlation）不翻转：在每个位置，它是图像与模板的乘积之和。图像像模板的地方它大，但图像只是亮的地方它也大。**归一化**互相关比较的是图案：在每个位置取图像的窗口，减去窗口的均值，再除以窗口的标准差；对模板也这样做；乘积的均值就落在 $[-1, 1]$ 内。图像变成 $a f + b$（$a > 0$）时，它不变。

# %% task="cross_correlation"
# 约 10 分钟，简单。卡住了？hint("cross_correlation") 会给出第一步。
def cross_correlation(image: np.ndarray, template: np.ndarray) -> np.ndarray:
    """模板与每个窗口的乘积之和；窗口的中心就是该像素。

    Shapes:
        image     (H, W)    float64，图像之外为 0
        template  (Hk, Wk)  float64，边长都是奇数
        out       (H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="cross_correlation"
# check("edges", task="cross_correlation")

# %% task="normalized_cross_correlation"
# 约 30 分钟，中等。卡住了？hint("normalized_cross_correlation") 会给出第一步。
def normalized_cross_correlation(image: np.ndarray, template: np.ndarray) -> np.ndarray:
    """模板与每个窗口的相关系数，窗口包括图像之外的 0。

    窗口或模板为常数（标准差小于 1e-9）时，结果为 0。

    Shapes:
        image     (H, W)    float64，图像之外为 0
        template  (Hk, Wk)  float64，边长都是奇数
        out       (H, W)    在 [-1, 1] 内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="normalized_cross_correlation"
# check("edges", task="normalized_cross_correlation")

# %% tags=["active-ipynb"]
# scene = grey(photos["fruit"].image)
# template = scene[66:121, 92:149]
# darker = 0.5 * scene + 0.1 * np.linspace(0, 1, scene.shape[1])
# plain, normal = cross_correlation(darker, template), normalized_cross_correlation(darker, template)
# figure = gallery({"template": template, "darker picture": darker, "cross-correlation": plain, "normalised": normal},
#                  "Plain correlation is largest where it is bright; normalised correlation finds the dark disc.")
# for axes, answer in zip(figure.axes[2:], (plain, normal)):
#     row, column = np.unravel_index(answer.argmax(), answer.shape)
#     axes.plot(column, row, "r+", markersize=14)
# figure

# %% [markdown]
# ## 3 平滑
#
# 噪声逐像素变化，求导会把它放大。所以先平滑，权重像高斯函数那样衰减：
#
# $$G_{ij} = \frac{1}{2 \pi \sigma^2} \exp\left(-\frac{(i - k)^2 + (j - k)^2}{2 \sigma^2}\right), \qquad
# k = \frac{\text{size} - 1}{2}$$
#
# （与 CS131 一样，这个核不除以自己的和，它的和略小于 1。）它是一列与一行的乘积，所以做两遍一维卷积，结果相同而更省力。

# %% task="gaussian_kernel"
# 约 10 分钟，简单。卡住了？hint("gaussian_kernel") 会给出第一步。
def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
    """上式中的核。

    Shapes:
        size   int    奇数
        sigma  float  > 0
        out    (size, size)  float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gaussian_kernel"
# check("edges", task="gaussian_kernel")

# %% [markdown]
# ## 4 导数
#
# 向右的导数约等于左右相邻像素之差的一半：$D_x[m, n] = (f[m, n + 1] - f[m, n - 1]) / 2$；向下同理。（图像之外的像素仍按 0 计算。）两者合起来就是**梯度**（gradient）。它指向图像变亮的方向，长度就是图像的陡峭程度：
#
# $$G = \sqrt{D_x^2 + D_y^2}, \qquad \theta = \operatorname{atan2}(D_y, D_x)$$
#
# 角度以度为单位，从 0 到 360，不含 360。行号向下增大，所以 90 表示“下面更亮”。用 `arctan2`，它知道两个数的符号；对商求 `arctan`，就分不清左右了。

# %% task="partial_x"
# 约 10 分钟，简单。卡住了？hint("partial_x") 会给出第一步。
def partial_x(img: np.ndarray) -> np.ndarray:
    """右边与左边相邻像素之差的一半。禁用 np.gradient。

    Shapes:
        img  (H, W)  float64，图像之外为 0
        out  (H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="partial_x"
# check("edges", task="partial_x")

# %% task="partial_y"
# 约 5 分钟，简单。卡住了？hint("partial_y") 会给出第一步。
def partial_y(img: np.ndarray) -> np.ndarray:
    """下面与上面相邻像素之差的一半。禁用 np.gradient。

    Shapes:
        img  (H, W)  float64，图像之外为 0
        out  (H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="partial_y"
# check("edges", task="partial_y")

# %% task="gradient"
# 约 15 分钟，简单。卡住了？hint("gradient") 会给出第一步。
def gradient(img: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """梯度的长度和角度，由 partial_x 和 partial_y 算出。

    Shapes:
        img  (H, W)  float64
        out  两个数组 (H, W)：长度 G，以及角度 theta，以度为单位，在 [0, 360) 内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gradient"
# check("edges", task="gradient")

# %% [markdown]
# **Sobel** 算子沿一个方向求导，同时在垂直方向上平滑：求 x 方向的导数时，各行的权重是 1、2、1。
#
# $$S_x = \begin{bmatrix} 1 & 0 & -1 \\ 2 & 0 & -2 \\ 1 & 0 & -1 \end{bmatrix}, \qquad S_y = S_x^\top$$
#
# 作为**卷积**的核，图像向右或向下变亮时，两者的结果为正。

# %% task="sobel"
# 约 15 分钟，简单。卡住了？hint("sobel") 会给出第一步。
def sobel(img: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """与上面两个核的卷积，以及两者合起来的长度。

    Shapes:
        img  (H, W)  float64，图像之外为 0
        out  三个数组 (H, W)：Gx、Gy 和 sqrt(Gx^2 + Gy^2)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sobel"
# check("edges", task="sobel")

# %% tags=["active-ipynb"]
# house = grey(photos["house"].image)
# smoothed = conv_fast(house, gaussian_kernel(5, 1.4))
# G, theta = gradient(smoothed)
# gallery({"smoothed": smoothed, "to the right": partial_x(smoothed), "downwards": partial_y(smoothed),
#          "length": G, "angle": theta, "Sobel": sobel(house)[2]},
#         "A house, its derivatives in both directions, the length and angle of its gradient, and Sobel's length.",
#         columns=3)

# %% [markdown] question="edges-q1"
# **简答题 1。** 每张梯度图像都有一圈亮边框。为什么？说出两种避免的办法，以及它们各自对图像之外的世界作了什么假设。

# %% [markdown] answer="edges-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 细边缘
#
# 平滑后的边缘是一道几个像素宽的脊。只留下脊线：一个像素如果不小于**沿梯度方向**（也就是横跨边缘）的两个相邻像素，就保留，其余变为 0。把角度取整到 45 度的倍数（用 `np.floor((theta + 22.5) / 45) * 45`），就只剩四对相邻像素：
#
# | 角度 | 相邻像素 |
# |---|---|
# | 0, 180（和 360） | 左和右 |
# | 45, 225 | 左上和右下 |
# | 90, 270 | 上和下 |
# | 135, 315 | 右上和左下 |

# %% task="non_maximum_suppression"
# 约 30 分钟，中等。卡住了？hint("non_maximum_suppression") 会给出第一步。
def non_maximum_suppression(G: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """不小于沿梯度方向两个相邻像素之处取 G，其余为 0。

    第一行、最后一行、第一列和最后一列的像素不作规定：不检查它们。

    Shapes:
        G      (H, W)  float64，>= 0；不改动
        theta  (H, W)  float64，以度为单位，在 [0, 360) 内；不改动
        out    (H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="non_maximum_suppression"
# check("edges", task="non_maximum_suppression")

# %% [markdown]
# ## 6 双阈值
#
# 只用一个阈值，不是弄断边缘，就是留下噪声。Canny 用两个。大于高阈值的像素是**强**像素：它们是边缘。大于低阈值、但不大于高阈值的是**弱**像素：与强像素连通时才是边缘。“连通”是指有一条由相邻像素组成的链，其中每一环都是弱像素或强像素；每个像素有八个相邻像素。
#
# 一条链可以有上万环；为每一环都调用自己的函数，会以 `RecursionError` 告终。用一个列表记下还要访问的像素。

# %% task="double_thresholding"
# 约 10 分钟，简单。卡住了？hint("double_thresholding") 会给出第一步。
def double_thresholding(img: np.ndarray, high: float, low: float) -> tuple[np.ndarray, np.ndarray]:
    """强像素大于 high；弱像素大于 low，但不大于 high。

    Shapes:
        img   (H, W)  float64
        high  float   不小于 low
        out   两个数组 (H, W)，bool
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="double_thresholding"
# check("edges", task="double_thresholding")

# %% task="link_edges"
# 约 30 分钟，中等。卡住了？hint("link_edges") 会给出第一步。
def link_edges(strong_edges: np.ndarray, weak_edges: np.ndarray) -> np.ndarray:
    """强像素，以及通过一条弱像素链与强像素连通的弱像素；每个像素有八个相邻像素。

    Shapes:
        strong_edges  (H, W)  bool；不改动
        weak_edges    (H, W)  bool；不改动
        out           (H, W)  bool
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="link_edges"
# check("edges", task="link_edges")

# %% [markdown]
# ## 7 Canny 边缘
#
# 现在合在一起：平滑、求导、细化、双阈值、连接。阈值 20 和 15 取自 CS131，适用于 [0, 255] 内的像素。

# %% task="canny"
# 约 10 分钟，简单。卡住了？hint("canny") 会给出第一步。
def canny(img: np.ndarray, kernel_size: int = 5, sigma: float = 1.4, high: float = 20, low: float = 15) -> np.ndarray:
    """Canny 边缘。不检查每条边上最外面的两行或两列像素。

    Shapes:
        img  (H, W)  float64
        out  (H, W)  bool
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="canny"
# check("edges", task="canny")

# %% tags=["active-ipynb"]
# def stages(image, high, low):
#     smoothed = conv_fast(image, gaussian_kernel(5, 1.4))
#     G, theta = gradient(smoothed)
#     thin = non_maximum_suppression(G, theta)
#     strong, weak = double_thresholding(thin, high, low)
#     return [image, G, thin, 2.0 * strong + weak, link_edges(strong, weak)]
#
#
# rng, pictures = np.random.default_rng(0), {}
# for noise in (0.05, 0.15, 0.3):
#     noisy = 255 * house + 255 * noise * rng.standard_normal(house.shape)
#     names = [f"noise {noise}", "length of the gradient", "thinned", "strong (white), weak (grey)", "linked"]
#     for name, picture in zip(names, stages(noisy, 20, 10)):
#         pictures[name if name == names[0] else f"{name}, {noise}"] = picture[2:-2, 2:-2]
# gallery(pictures, "Five stages of Canny's method at three levels of noise; at the highest, noise becomes edges.",
#         columns=5, width=2.6)

# %% [markdown] question="edges-q2"
# **简答题 2。** 看最后一行。对这样强的噪声，你会改哪些参数，往哪个方向改，又会因此失去什么？为什么 sigma 变了，阈值的高低也要跟着变？

# %% [markdown] answer="edges-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 8 边缘投票选出的直线
#
# 直线可以写成 $\rho = x \cos\theta + y \sin\theta$：法线的角度是 $\theta$，到原点的距离是 $\rho$。（若用斜率和截距，竖直线的斜率和截距会是无穷大。）过一点的直线有很多，每个角度一条。所以每个边缘像素在一张表中为所有这些直线**投票**；许多像素落在同一条直线上时，它们的票就会汇集到一处（Hough 1962，Duda 和 Hart 1972）。
#
# 角度为 -90, -89, ..., 89 度。距离为 $-D, \dots, D$，其中 $D = \lceil \sqrt{H^2 + W^2} \rceil$；$\rho$ 四舍五入到整数。

# %% task="hough_transform"
# 约 30 分钟，中等。卡住了？hint("hough_transform") 会给出第一步。
def hough_transform(img: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """所有不为 0 的像素的投票。

    Shapes:
        img  (H, W)  bool 或 float64
        out  三个数组：票数 (2 * D + 1, 180)，整数；距离 rho (2 * D + 1,)，从 -D 到 D；
             角度 theta (180,)，**以弧度为单位**，从 -90 到 89 度
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="hough_transform"
# check("edges", task="hough_transform")

# %% [markdown]
# 一条长直线填满的不是一个格子，而是周围好几个。要找直线，先取票数最多的格子，把它周围的方块清零，再重新开始。

# %% task="hough_peaks"
# 约 15 分钟，简单。卡住了？hint("hough_peaks") 会给出第一步。
def hough_peaks(accumulator: np.ndarray, n: int, window: int) -> np.ndarray:
    """最高的 n 个峰所在的格子，从高到低排列；相等时，取按行的顺序在前的。

    每找到一个峰，它周围 `window` x `window` 的方块里的票就不再计入（方块到边界为止）。只剩没有票的格子时，搜索
    提前结束。

    Shapes:
        accumulator  (R, T)  整数，>= 0；不改动
        window       int     奇数
        out          (K, 2)  整数：每个峰的行和列；K 最多为 n
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="hough_peaks"
# check("edges", task="hough_peaks")

# %% tags=["active-ipynb"]
# road = grey(photos["road"].image)
# edges = canny(255 * road, high=20, low=10)
# edges[:3], edges[-3:], edges[:, :3], edges[:, -3:] = False, False, False, False
# votes, rhos, thetas = hough_transform(edges)
# peaks = hough_peaks(votes, 4, 21)
# fewer = votes[: len(votes) // 3 * 3].reshape(-1, 3, 180).max(axis=1)  # 只取三分之一的行，以便显示
# figure = gallery({"edges": edges, "the road and four lines": photos["road"].image, "votes": np.sqrt(fewer)},
#                  "Edges of a road, the four lines with most votes over the picture, and the table of votes.",
#                  columns=3, width=4)
# for row, column in peaks:
#     rho, theta = rhos[row], thetas[column]
#     figure.axes[2].plot(column, row / 3, "ro", fillstyle="none")
#     middle, along = rho * np.array([np.cos(theta), np.sin(theta)]), np.array([-np.sin(theta), np.cos(theta)])
#     (x0, y0), (x1, y1) = middle - 300 * along, middle + 300 * along
#     figure.axes[1].plot([x0, x1], [y0, y1], "r")
# figure.axes[1].set(xlim=(0, road.shape[1] - 1), ylim=(road.shape[0] - 1, 0))
# figure

# %% [markdown]
# 表中的亮点是许多正弦曲线的交点，每个边缘像素对应一条曲线。短直线得票少；而且一票并不说明像素在直线的哪一段。
#
# ## 小结
#
# 凡是线性的、在每个位置做法都相同的，都是卷积。边缘是平滑之后梯度长度的脊线，由两个阈值借助相邻像素来判定。有缺口、有噪声，投票也能找到形状，只要形状的参数不多。
#
# **延伸阅读。** Szeliski（*Computer vision: algorithms and applications*，第二版，2022）是适合整个作业的书，可以免费阅读。Arbeláez 等（*Contour detection and hierarchical image segmentation*，2011）让亮度、颜色和纹理一起投票。Xie 和 Tu（*Holistically-nested edge detection*，2015）从人画的轮廓学习边缘。
