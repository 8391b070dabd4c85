# %% [markdown]
# # 神经网络之前的机器
#
# 一条分开两个类别的直线：怎么找，取哪一条，没有的时候怎么办。1958 年的感知机从自己的错误中学习，但学不会异或。支持向量机取间隔最宽的直线，核函数再把它弯曲。两者你都要写，还有伪逆，它用最小二乘回答同一个问题。
#
# 数组都是 numpy 的，float64；标签是 -1 和 1。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 伪逆 | `pinv` | 2 | 15 |
# | 2 感知机 | `perceptron` | 2 | 20 |
# | 3 核函数 | `kernel_matrix` | 2 | 15 |
# | 4 最宽的间隔 | `dual_objective`, `decision` | 4 | 20 |
# | 5 每次两个 | `smo` | 4 | 50 |

# %%
import numpy as np


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.plots.curves import curves
# from common.plots.figure import new_figure
#
# rng = np.random.default_rng(0)
# separable = rng.uniform(-3, 3, (60, 2))
# height = separable @ np.array([0.5, 1.0]) - 1.0
# separable, sides = separable[np.abs(height) > 0.15], np.sign(height[np.abs(height) > 0.15])
#
#
# def picture(axes, X, y, decide, title, levels=(-1, 0, 1)):
#     """画出点，以及决策函数取某些值的地方：0 用实线，其他用虚线。"""
#     (left, low), (right, high) = X.min(axis=0) - 1, X.max(axis=0) + 1
#     x, z = np.meshgrid(np.linspace(left, right, 80), np.linspace(low, high, 80))
#     value = decide(np.c_[x.ravel(), z.ravel()]).reshape(x.shape)
#     axes.contourf(x, z, value > 0, levels=1, cmap="coolwarm", alpha=0.3)
#     styles = ["--" if level else "-" for level in levels]
#     axes.contour(x, z, value, levels=levels, colors="k", linestyles=styles, linewidths=1)
#     axes.plot(*X[y < 0].T, "bo", markersize=3.5)
#     axes.plot(*X[y > 0].T, "r^", markersize=3.5)
#     axes.set(title=title, xticks=[], yticks=[])

# %% [markdown]
# ## 1 伪逆
#
# $A x = b$ 可能没有解，也可能有很多解。在使 $\lVert A x - b \rVert$ 最小的 $x$ 中，**伪逆**（pseudo-inverse）给出最短的一个：设 $A = U \Sigma V^\top$，它就是 $A^+ = V \Sigma^+ U^\top$，其中 $\Sigma^+$ 对每个不为 0 的奇异值取 $1 / \sigma$。用浮点数算，“不为 0”是指：大于最大奇异值乘以容差。

# %% task="pinv"
# 约 15 分钟，简单。卡住了？hint("pinv") 会给出第一步。
def pinv(A: np.ndarray, tol: float = 1e-10) -> np.ndarray:
    """伪逆，用 np.linalg.svd 计算。不大于最大奇异值 tol 倍的奇异值视为 0。

    禁用 np.linalg.pinv 和 np.linalg.lstsq。

    Shapes:
        A    (M, N)  float64；不改动
        out  (N, M)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="pinv"
# check("machines", task="pinv")

# %% [markdown]
# ## 2 感知机
#
# Rosenblatt 的规则（1958）：逐个看各点；凡是 $y_i \, w \cdot x_i \le 0$，该点就在错误的一侧，$w$ 变为 $w + y_i x_i$。如果有某个长度为 1 的 $w^*$ 以间隔 $\gamma$ 分开各点，并且各点的长度都不超过 $R$，那么无论有多少点，总共最多犯 $(R / \gamma)^2$ 次错误（Novikoff 1962）。（直线不过原点时，给各点添上最后一个坐标 1。）

# %% task="perceptron"
# 约 20 分钟，简单。卡住了？hint("perceptron") 会给出第一步。
def perceptron(X: np.ndarray, y: np.ndarray, epochs: int) -> tuple[np.ndarray, int]:
    """权重和错误的次数，从 w = 0 开始，按点的顺序进行。

    某一轮没有错误，或进行了 `epochs` 轮之后，就停止。

    Shapes:
        X    (N, D)  float64；不改动
        y    (N,)    -1 或 1
        out  w (D,)，以及 Python 的 int
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="perceptron"
# check("machines", task="perceptron")

# %% tags=["active-ipynb"]
# figure = new_figure(9, 3, "The perceptron's line after one epoch and at the end; on XOR it never ends.")
# xor = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
# xor_sides = np.array([1.0, 1.0, -1.0, -1.0])
# for number, (X, y, epochs) in enumerate([(separable, sides, 1), (separable, sides, 99), (xor, xor_sides, 99)]):
#     w, mistakes = perceptron(np.c_[X, np.ones(len(X))], y, epochs)
#     axes = figure.add_subplot(1, 3, number + 1)
#     title = f"epochs: at most {epochs}\nmistakes: {mistakes}"
#     picture(axes, X, y, lambda Z, w=w: np.c_[Z, np.ones(len(Z))] @ w, title, levels=[0])
# figure

# %% [markdown] question="machines-q1"
# **简答题 1。** 把不等式相加，证明没有直线能分开异或。由这两个坐标算出什么样的第三个坐标，就能用一个平面把它分开？两条直线和第三个单元怎样解决它？

# %% [markdown] answer="machines-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 3 核函数
#
# 感知机和支持向量机只需要点的乘积。把乘积换成**核函数**（kernel），直线就画在了另一个空间里，而不必真的到那里去：
#
# | kind | $k(a, b)$ |
# |---|---|
# | linear | $a \cdot b$ |
# | poly | $(1 + a \cdot b)^{\text{degree}}$ |
# | rbf | $\exp(-\gamma \lVert a - b \rVert^2)$ |

# %% task="kernel_matrix"
# 约 15 分钟，简单。卡住了？hint("kernel_matrix") 会给出第一步。
def kernel_matrix(
    A: np.ndarray, B: np.ndarray, kind: str = "linear", degree: int = 3, gamma: float = 1.0
) -> np.ndarray:
    """A 的每一行与 B 的每一行的核函数值。kind 为其他值时抛出 ValueError。

    Shapes:
        A    (M, D)  float64
        B    (N, D)  float64
        out  (M, N)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="kernel_matrix"
# check("machines", task="kernel_matrix")

# %% [markdown]
# ## 4 最宽的间隔
#
# 能分开的直线中，取离最近的点最远的一条：在 $y_i (w \cdot x_i + b) \ge 1$ 的条件下，使 $\frac{1}{2} \lVert w \rVert^2$ 最小。这时间隔的宽度是 $2 / \lVert w \rVert$。（如果每个类别只有一个点，在一条直线上的 1 和 -1 处，则 $w = 1$，$b = 0$，间隔为 2。）如果类别有重叠，每个点都可以违反自己的条件，代价是每单位 $C$。**对偶**问题中每个点对应一个数：要最大化的是
#
# $$W(\alpha) = \sum_i \alpha_i - \frac{1}{2} \sum_{i, j} \alpha_i \alpha_j y_i y_j K_{ij}, \qquad
# 0 \le \alpha_i \le C, \quad \sum_i \alpha_i y_i = 0$$
#
# 决策函数是 $f(x) = \sum_i \alpha_i y_i k(x_i, x) + b$。$\alpha_i > 0$ 的点是**支持向量**；其他点可以略去。

# %% task="dual_objective"
# 约 10 分钟，简单。卡住了？hint("dual_objective") 会给出第一步。
def dual_objective(alpha: np.ndarray, K: np.ndarray, y: np.ndarray) -> float:
    """上式中的 W(alpha)。

    Shapes:
        alpha  (N,)    float64
        K      (N, N)  所有对的核函数值
        y      (N,)    -1 或 1
        out    一个数
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="dual_objective"
# check("machines", task="dual_objective")

# %% task="decision"
# 约 10 分钟，简单。卡住了？hint("decision") 会给出第一步。
def decision(alpha: np.ndarray, b: float, y: np.ndarray, K: np.ndarray) -> np.ndarray:
    """新点的决策函数值 f；它的符号就是类别。

    Shapes:
        alpha, y  (N,)
        b         float
        K         (N, M)  N 个训练点与 M 个新点的核函数值
        out       (M,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="decision"
# check("machines", task="decision")

# %% [markdown]
# ## 5 每次两个
#
# 只改一个 $\alpha_i$，会破坏 $\sum \alpha_i y_i = 0$。所以改两个，并精确求解：**序列最小优化**（sequential minimal optimisation；Platt 1998），这里用斯坦福大学 CS229 课程的简化形式。误差为 $E_i = f(x_i) - y_i$，遍历所有 $i$；如果 $y_i E_i < -\text{tol}$ 且 $\alpha_i < C$，或者 $y_i E_i > \text{tol}$ 且 $\alpha_i > 0$：
#
# 1. 随机抽取另一个点 $j$
# 2. 上下界：如果 $y_i \ne y_j$：$L = \max(0, \alpha_j - \alpha_i)$，$H = \min(C, C + \alpha_j - \alpha_i)$；否则 $L = \max(0, \alpha_i + \alpha_j - C)$，$H = \min(C, \alpha_i + \alpha_j)$。如果 $L = H$，转到下一个 $i$
# 3. $\eta = 2 K_{ij} - K_{ii} - K_{jj}$；如果不为负，转到下一个 $i$
# 4. $\alpha_j' = \alpha_j - y_j (E_i - E_j) / \eta$，截断到 $[L, H]$；如果移动小于 $10^{-5}$，转到下一个 $i$（$\alpha_j$ 保持原样）
# 5. $\alpha_i' = \alpha_i + y_i y_j (\alpha_j - \alpha_j')$
# 6. $b_1 = b - E_i - y_i (\alpha_i' - \alpha_i) K_{ii} - y_j (\alpha_j' - \alpha_j) K_{ij}$，$b_2 = b - E_j - y_i (\alpha_i' - \alpha_i) K_{ij} - y_j (\alpha_j' - \alpha_j) K_{jj}$。如果 $0 < \alpha_i' < C$，新的 $b$ 是 $b_1$；否则如果 $0 < \alpha_j' < C$，是 $b_2$；否则取两者的均值
#
# 连续 `max_passes` 遍走完所有点都没有变化，就结束。

# %% task="smo"
# 约 50 分钟，困难。卡住了？hint("smo") 会给出第一步。
def smo(K: np.ndarray, y: np.ndarray, C: float, tol: float = 1e-3, max_passes: int = 5) -> tuple[np.ndarray, float]:
    """对偶问题的解，使用 numpy 的全局随机数（`np.random`）。

    Shapes:
        K    (N, N)  所有对的核函数值，float64；不改动
        y    (N,)    -1 或 1，float64
        out  alpha (N,)，以及 b，一个数
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="smo"
# check("machines", task="smo")

# %% tags=["active-ipynb"]
# np.random.seed(0)
# angle = rng.uniform(0, np.pi, 30)
# moons = np.concatenate([np.c_[np.cos(angle), np.sin(angle)], np.c_[1 - np.cos(angle), 0.4 - np.sin(angle)]])
# moons = 2 * moons + 0.2 * rng.standard_normal(moons.shape)
# halves = np.repeat([-1.0, 1.0], 30)
# figure = new_figure(12, 8, "Margins for three prices C and two kernels; circles are support vectors.")
# for row, kind in enumerate(("linear", "rbf")):
#     for column, C in enumerate((0.05, 1.0, 100.0)):
#         alpha, b = smo(kernel_matrix(moons, moons, kind), halves, C)
#         axes = figure.add_subplot(2, 3, 3 * row + column + 1)
#         picture(axes, moons, halves, lambda Z: decision(alpha, b, halves, kernel_matrix(moons, Z, kind)),
#                 f"{kind}, C = {C}, {(alpha > 1e-6).sum()} support vectors")
#         axes.scatter(*moons[alpha > 1e-6].T, s=50, facecolors="none", edgecolors="k")
# figure

# %% [markdown]
# ## 小结
#
# 感知机遇到能用的直线就停。间隔选定其中一条；对偶形式则表明要紧的只有乘积，所以核函数可以取而代之。每次改两个数，就足以解决问题。
#
# **延伸阅读。** Boser、Guyon 和 Vapnik（*A training algorithm for optimal margin classifiers*，1992）让间隔和核第一次相遇。Rahimi 和 Recht（*Random features for large-scale kernel machines*，2007）用随机特征的内积代替核。Dalal 和 Triggs（*Histograms of oriented gradients for human detection*，2005）以及 Felzenszwalb 等（*Object detection with discriminatively trained part-based models*，2010）用建立在梯度上的线性分类器找到行人和汽车。
