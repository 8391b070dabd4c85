# %% [markdown]
# # 基础
#
# 网络能表示什么？最后一层应该预测什么？初始权重应该多大？这些问题在训练之前就要回答。Prince 的 *Understanding Deep Learning*（2023）第 2 章到第 7 章有详细的讨论；在这里，你把每个答案写成一个处理张量的短函数。凡是输入为 float64 的地方，都用 float64。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 最简单的模型 | `linear_regression` | 2 | 15 |
# | 2 有多少个区域？ | `count_regions`, `count_parameters`, `activation_patterns`, `relu_interpolant` | 8 | 55 |
# | 3 激活函数 | `activation`, `activation_grad`, `maxout` | 6 | 55 |
# | 4 最后一层预测什么 | `nll`, `nll_von_mises`, `nll_mixture`, `nll_plackett_luce` | 8 | 90 |
# | 5 其他种类的损失 | `margin_loss`, `contrastive_loss`, `label_smoothing` | 6 | 20 |
# | 6 初始权重 | `init_std` | 2 | 5 |

# %%
import itertools
import math

import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.plots import curves
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)

# %% [markdown]
# ## 1 最简单的模型
#
# 线性回归预测 $Xw + b$，并最小化 $\sum_n (x_n^\top w + b - y_n)^2 + \lambda \lVert w \rVert^2$。最小值有公式：它就在梯度为零的地方。偏置不受惩罚，因为代价不应取决于 $y$ 的原点。所以先减去 $X$ 和 $y$ 的均值：最好的偏置使残差的均值为 0，剩下的就是 $(\tilde X^\top \tilde X + \lambda I) w = \tilde X^\top \tilde y$。

# %% task="linear_regression"
# 约 15 分钟，简单。卡住了？hint("linear_regression") 会给出第一步。
def linear_regression(X: Tensor, y: Tensor, ridge: float = 0.0) -> tuple[Tensor, Tensor]:
    """使“平方和加上 ridge 乘以权重长度的平方”最小的权重和偏置。

    Shapes:
        X      (N, D)  行数多于列数，各列线性无关
        y      (N,)
        ridge  float   至少为 0；偏置不受惩罚
        out    权重 (D,)，偏置 ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="linear_regression"
# check("foundations", task="linear_regression")

# %% tags=["active-ipynb"]
# x = torch.linspace(0, 2, 12, dtype=torch.float64)
# y = 0.4 + 0.6 * x + 0.15 * torch.randn(12, dtype=torch.float64)
# w, b = linear_regression(x[:, None], y)
# offsets, slopes = torch.linspace(-0.6, 1.6, 60), torch.linspace(-0.4, 1.6, 60)
# losses = ((offsets[:, None, None] + slopes[None, :, None] * x - y) ** 2).sum(dim=2)
# figure = new_figure(8, 3.2, "Twelve points with their line, and the sum of squares over bias and slope: a valley.")
# axes = figure.add_subplot(1, 2, 1, xlabel="x", ylabel="y")
# axes.plot(x, y, "o")
# axes.plot(x, b + w * x)
# axes = figure.add_subplot(1, 2, 2, xlabel="slope", ylabel="bias")
# axes.contourf(slopes, offsets, losses.log(), 20)
# axes.plot(w, b, "w+")
# figure

# %% [markdown]
# ## 2 有多少个区域？
#
# 一层 $D$ 个 ReLU 用 $D$ 个超平面切开输入空间；在超平面之间，网络是线性的。在 $D_i$ 维中，这样的区域最多有（Zaslavsky 1975）
#
# $$\sum_{j=0}^{D_i} \binom{D}{j}$$
#
# 个。一个输入、三个单元：4。两个输入、三个单元：7。十个输入、五十个单元：13,432,735,556，而参数只有 601 个。

# %% task="count_regions"
# 约 5 分钟，简单。卡住了？hint("count_regions") 会给出第一步。
def count_regions(D_in: int, D: int) -> int:
    """一层最多有多少个线性区域。

    Shapes:
        D_in  int  输入的个数，至少为 1
        D     int  ReLU 的个数，至少为 0；也可以少于输入
        out   Python int，精确值
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="count_regions"
# check("foundations", task="count_regions")

# %% task="count_parameters"
# 约 10 分钟，简单。卡住了？hint("count_parameters") 会给出第一步。
def count_parameters(D_in: int, D: int, K: int, D_out: int) -> int:
    """有 K 个隐藏层、每层 D 个单元的全连接网络，权重和偏置的总数。

    Shapes:
        D_in, D, D_out  int  输入、每个隐藏层的单元、输出的个数
        K               int  隐藏层数，至少为 0；没有隐藏层时，输入与输出直接相连
        out             Python int
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="count_parameters"
# check("foundations", task="count_parameters")

# %% [markdown]
# **实际上**有多少个区域？同一个区域里，打开的单元都一样。取许多点 $x$，$Wx + b > 0$ 的各行就是出现的模式。

# %% task="activation_patterns"
# 约 15 分钟，简单。卡住了？hint("activation_patterns") 会给出第一步。
def activation_patterns(W: Tensor, b: Tensor, X: Tensor) -> tuple[Tensor, Tensor]:
    """单元打开的各种不同模式，以及每个点是其中哪一种。

    Shapes:
        W    (D, D_in)   权重
        b    (D,)
        X    (N, D_in)   点
        out  各种模式 (P, D)，bool，每种一次，顺序任意；每个点的模式编号 (N,)，int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="activation_patterns"
# check("foundations", task="activation_patterns")

# %% tags=["active-ipynb"]
# grid = torch.cartesian_prod(torch.linspace(-3, 3, 240), torch.linspace(-3, 3, 240))
# figure = new_figure(9, 3, "Lines cut the plane into pieces: the counts that were found, of those that are possible.")
# for place, units in enumerate((3, 6, 12)):
#     W, b = torch.randn(units, 2), torch.randn(units)
#     patterns, which = activation_patterns(W, b, grid)
#     axes = figure.add_subplot(1, 3, place + 1, aspect="equal", xticks=[], yticks=[])
#     axes.imshow(torch.randperm(len(patterns))[which].reshape(240, 240), cmap="Pastel1")
#     for line in (grid @ W.T + b).T:
#         axes.contour(line.reshape(240, 240), levels=[0], colors="k", linewidths=0.8)
#     axes.set_title(f"{units} units: {len(patterns)} of {count_regions(2, units)}")
# figure

# %% [markdown]
# 第二层会折叠：$1 - |2x - 1|$ 只用两个 ReLU，把它对自己作用 $K$ 次，就有 $2^K$ 个区域，而参数的增长只与 $K$ 成正比（Montufar 等 2014）。

# %% tags=["active-ipynb"]
# x, lines = torch.linspace(0, 1, 800), {}
# folded = x
# for layers in range(1, 5):
#     folded = 1 - (2 * folded - 1).abs()
#     lines[f"layers: {layers}, pieces: {2**layers}"] = folded
# figure = curves(lines, x=x, xlabel="x", ylabel="output", title="Folding")
# figure.axes[0].set_ylim(-0.05, 1.7)  # 给图例留出位置
# figure

# %% [markdown]
# 一个输入就足以拟合任何东西：穿过 $K$ 个点，有一条由 $K - 1$ 段组成的折线。每个折点处，斜率的变化就是那个单元的权重。

# %% task="relu_interpolant"
# 约 25 分钟，中等。卡住了？hint("relu_interpolant") 会给出第一步。
def relu_interpolant(x_knots: Tensor, y_knots: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """穿过所有插值点的网络 $b + \\sum_j w_j \\max(0, x - t_j)$，两点之间为线性。

    在第一个插值点左边是常数；在最后一个插值点右边，按最后的斜率延续。

    Shapes:
        x_knots  (K,)    K 至少为 2，升序
        y_knots  (K,)
        out      b ()，权重 w (K - 1,)，折点 t (K - 1,)：即前 K - 1 个插值点
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="relu_interpolant"
# check("foundations", task="relu_interpolant")

# %% tags=["active-ipynb"]
# knots = torch.linspace(0, 1, 9, dtype=torch.float64)
# b, w, t = relu_interpolant(knots, (2 * math.pi * knots).sin())
# x = torch.linspace(-0.1, 1.1, 300, dtype=torch.float64)
# fitted = b + (w * (x[:, None] - t).relu()).sum(dim=1)
# curves({"sine": (2 * math.pi * x).sin(), "eight ReLUs": fitted}, x=x, xlabel="x", ylabel="value",
#        title="Through nine points")

# %% [markdown]
# ## 3 激活函数
#
# | 名称 | $x > 0$ 时 | $x \leq 0$ 时 | 在 $-1$ 和 2 处 |
# |---|---|---|---|
# | sigmoid | $1 / (1 + e^{-x})$ | 相同 | 0.2689, 0.8808 |
# | tanh | $\tanh x$ | 相同 | -0.7616, 0.9640 |
# | relu | $x$ | 0 | 0, 2 |
# | leaky | $x$ | $x / 10$ | -0.1, 2 |
# | elu（Clevert 等 2016） | $x$ | $e^x - 1$ | -0.6321, 2 |
# | selu（Klambauer 等 2017） | $\lambda x$ | $\lambda \alpha (e^x - 1)$ | -1.1113, 2.1014 |
# | gelu（Hendrycks 和 Gimpel 2016） | $x \Phi(x)$ | 相同 | -0.1587, 1.9545 |
# | swish（Ramachandran 等 2017） | $x / (1 + e^{-x})$ | 相同 | -0.2689, 1.7616 |
#
# $\Phi(x) = \frac{1}{2} (1 + \mathrm{erf}(x / \sqrt{2}))$ 是标准正态分布的分布函数。SELU 的两个常数，使均值 0 和方差 1 成为一层的不动点。

# %%
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
NAMES = ("sigmoid", "tanh", "relu", "leaky", "elu", "selu", "gelu", "swish")


# %% task="activation"
# 约 20 分钟，简单。卡住了？hint("activation") 会给出第一步。
def activation(name: str, x: Tensor) -> Tensor:
    """每个数的激活值。禁用 torch.nn；允许用 torch.sigmoid、exp、erf 和 where。

    Shapes:
        name  str    NAMES 之一；其他名称抛出 ValueError
        x     float  任意形状，从 -100 到 100；不改动
        out   形状和 dtype 与 x 相同，都是有限的数
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="activation"
# check("foundations", task="activation")

# %% [markdown]
# 训练用到的是斜率。sigmoid 的斜率最多是四分之一，所以十层就把梯度缩小到百万分之一；ReLU 的斜率是 1 或 0。每个导数都用手推出来：设 $s$ 为 $x$ 的 sigmoid，则 swish 的导数是 $s + x s (1 - s)$；GELU 的导数是 $\Phi(x) + x \varphi(x)$，其中密度 $\varphi(x) = e^{-x^2 / 2} / \sqrt{2 \pi}$。

# %% task="activation_grad"
# 约 25 分钟，中等。卡住了？hint("activation_grad") 会给出第一步。
def activation_grad(name: str, x: Tensor) -> Tensor:
    """每个激活函数的导数，用公式计算。禁用自动微分。

    在 0 处，relu 和 leaky 取左侧的斜率。

    Shapes:
        name  str    NAMES 之一；其他名称抛出 ValueError
        x     float  任意形状，从 -100 到 100；不改动
        out   形状和 dtype 与 x 相同，都是有限的数
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="activation_grad"
# check("foundations", task="activation_grad")

# %% tags=["active-ipynb"]
# x = torch.linspace(-4, 4, 400, dtype=torch.float64)
# figure = new_figure(10, 4.5, "Eight activations and their slopes from -4 to 4; only ReLU's and its kin's stay at 1.")
# for place, name in enumerate(NAMES):
#     axes = figure.add_subplot(2, 4, place + 1, title=name)
#     axes.plot(x, activation(name, x), label="value")
#     axes.plot(x, activation_grad(name, x), "--", label="slope")
#     axes.grid(alpha=0.3)
# axes.legend(frameon=False)
# figure

# %% [markdown]
# **Maxout**（Goodfellow 等 2013）自己学习形状：每个输出是 $k$ 段线性函数中最大的一个。前一层算出 $kD$ 个数：先是第 1 段的全部 $D$ 个输出，再是第 2 段的，依此类推。

# %% task="maxout"
# 约 10 分钟，简单。卡住了？hint("maxout") 会给出第一步。
def maxout(x: Tensor, k: int) -> Tensor:
    """每个输出取 k 段中的最大值。

    Shapes:
        x    (N, k * D)  先是第一段的 D 个输出，再是第二段的 D 个……
        out  (N, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="maxout"
# check("foundations", task="maxout")

# %% [markdown]
# ## 4 最后一层预测什么
#
# 为答案选一种分布，让网络预测它的参数，再最小化观测值的负对数概率（Prince 2023，第 5 章）。平方误差对应方差固定的正态分布；交叉熵对应类别分布。必须为正的参数，预测的是它的**对数**。
#
# | 种类 | 预测 | $y$ 的对数概率的相反数 | 算例 |
# |---|---|---|---|
# | gaussian | $\mu, v = \log \sigma^2$ | $\frac12 (\log 2\pi + v + (y - \mu)^2 e^{-v})$ | (0, log 4; 1)：1.7371 |
# | laplace | $\mu, \log b$ | $\log 2b + \lvert y - \mu \rvert / b$ | (0, log 2; 1)：1.8863 |
# | bernoulli | logit $z$ | $\log(1 + e^z) - yz$ | (0; 1)：0.6931 |
# | categorical | logit $z$ | $\log \sum_k e^{z_k} - z_y$ | (2, 0, 0; 0)：0.2395 |
# | poisson | $\log r$ | $r - y \log r + \log y!$ | (log 3; 2)：1.4959 |

# %% task="nll"
# 约 35 分钟，中等。卡住了？hint("nll") 会给出第一步。
def nll(kind: str, prediction: Tensor, y: Tensor) -> Tensor:
    """平均负对数似然。禁用 torch.distributions 和现成的损失。

    Shapes:
        kind        str     "gaussian"、"laplace"、"bernoulli"、"categorical" 或 "poisson"；其他抛出 ValueError
        prediction  (N, P)  P 依次为 2、2、1、类别数、1；见表
        y           (N,)    float；"categorical"：int64；"bernoulli"：0.0 或 1.0；"poisson"：0.0、1.0、2.0……
        out         ()      logit 为 1000 时也是有限的
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nll"
# check("foundations", task="nll")

# %% tags=["active-ipynb"]
# x = torch.linspace(0, 1, 300, dtype=torch.float64)
# y = (4 * x).sin() + (0.05 + 0.5 * x) * torch.randn(300, dtype=torch.float64)
# powers = torch.stack([x**n for n in range(6)], dim=1)
# heads = torch.zeros(6, 2, dtype=torch.float64, requires_grad=True)
# optimizer = torch.optim.Adam([heads], lr=0.05)
# for _ in range(1500):
#     optimizer.zero_grad()
#     nll("gaussian", powers @ heads, y).backward()
#     optimizer.step()
# mean, log_var = (powers @ heads).detach().T
# figure = new_figure(6, 3.2, "Points whose noise grows to the right: the predicted band of two deviations follows it.")
# axes = figure.add_subplot(xlabel="x", ylabel="y")
# axes.plot(x, y, ".", markersize=3)
# axes.plot(x, mean)
# band = 2 * (log_var / 2).exp()
# axes.fill_between(x, mean - band, mean + band, alpha=0.2)
# figure

# %% [markdown]
# **方向。** 角度不是普通的数：359° 离 1° 很近。von Mises 分布的密度是 $e^{\kappa \cos(y - \mu)} / (2 \pi I_0(\kappa))$，其中 $I_0$ 是一个贝塞尔函数。它像 $e^\kappa$ 一样增长，所以用缩放过的函数来算它的对数：$\log I_0(\kappa) = \log(e^{-\kappa} I_0(\kappa)) + \kappa$；括号里的就是 `torch.special.i0e`。$\mu = 0$、$\kappa = 2$、$y = 0.5$ 时，结果是 0.9067。

# %% task="nll_von_mises"
# 约 15 分钟，中等。卡住了？hint("nll_von_mises") 会给出第一步。
def nll_von_mises(prediction: Tensor, y: Tensor) -> Tensor:
    """角度的平均负对数似然。

    Shapes:
        prediction  (N, 2)  角度 mu，以弧度表示，以及 log kappa，最大为 12
        y           (N,)    弧度，任意实数
        out         ()      有限
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nll_von_mises"
# check("foundations", task="nll_von_mises")

# %% [markdown]
# **多个答案。** 如果一个问题有两个正确答案，它们的均值就是错的。**混合密度网络**（mixture density network；Bishop 1994）预测 $K$ 个正态分布，权重 $\pi_k$ 是 $K$ 个 logit 的 softmax：
#
# $$-\log \sum_k \pi_k \, \mathcal N(y; \mu_k, \sigma_k^2) =
# -\operatorname{logsumexp}_k \left(\log \pi_k - \tfrac12 \log 2 \pi \sigma_k^2
# - \frac{(y - \mu_k)^2}{2 \sigma_k^2}\right)$$

# %% task="nll_mixture"
# 约 20 分钟，中等。卡住了？hint("nll_mixture") 会给出第一步。
def nll_mixture(prediction: Tensor, y: Tensor) -> Tensor:
    """K 个正态分布混合之后的平均负对数似然。

    Shapes:
        prediction  (N, 3 * K)  先是 K 个权重的 logit，再是 K 个均值，再是 K 个方差的对数
        y           (N,)
        out         ()          K 个密度都小于 1e-300 时也是有限的
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nll_mixture"
# check("foundations", task="nll_mixture")

# %% [markdown]
# **名次。** 有人给 $K$ 样东西排出名次 $o_1, o_2, \dots$，最好的在前。按照 Plackett（1975）和 Luce（1959），第一名按所有得分的 softmax 选出，第二名按余下得分的 softmax 选出，依此类推：$-\sum_i (s_{o_i} - \operatorname{logsumexp}_{j \geq i} s_{o_j})$。得分为 2、1、0，名次也是这个顺序：0.7209。

# %% task="nll_plackett_luce"
# 约 20 分钟，中等。卡住了？hint("nll_plackett_luce") 会给出第一步。
def nll_plackett_luce(scores: Tensor, order: Tensor) -> Tensor:
    """名次的平均负对数似然。

    Shapes:
        scores  (N, K)  每样东西的得分
        order   (N, K)  int64，每行是所有东西的编号，最好的在前
        out     ()      得分为 1000 时也是有限的
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nll_plackett_luce"
# check("foundations", task="nll_plackett_luce")

# %% [markdown]
# ## 5 其他种类的损失
#
# **间隔损失**（margin loss）的输入是得分 $s$ 和标签 $y$，标签为 $-1$ 或 $1$。合页损失 $\max(0, 1 - ys)$ 得到支持向量机，指数损失 $e^{-ys}$ 得到 AdaBoost：一个离群值就能左右它。

# %% task="margin_loss"
# 约 5 分钟，简单。卡住了？hint("margin_loss") 会给出第一步。
def margin_loss(kind: str, score: Tensor, y: Tensor) -> Tensor:
    """平均间隔损失。

    Shapes:
        kind   str   "hinge" 或 "exponential"；其他抛出 ValueError
        score  (N,)
        y      (N,)  -1.0 或 1.0
        out    ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="margin_loss"
# check("foundations", task="margin_loss")

# %% [markdown]
# **对比损失**（contrastive loss；Hadsell、Chopra 和 LeCun 2006）的输入是两个嵌入的距离 $d$：同类的对（$y = 1$）拉近，其他的对（$y = 0$）推开，直到相距一个间隔 $m$：$\frac{1}{2} \left(y d^2 + (1 - y) \max(0, m - d)^2\right)$。

# %% task="contrastive_loss"
# 约 5 分钟，简单。卡住了？hint("contrastive_loss") 会给出第一步。
def contrastive_loss(d: Tensor, y: Tensor, m: float) -> Tensor:
    """平均对比损失。

    Shapes:
        d    (N,)   距离，至少为 0
        y    (N,)   同类的对为 1.0，其他为 0.0
        m    float  间隔
        out  ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="contrastive_loss"
# check("foundations", task="contrastive_loss")

# %% [markdown]
# **标签平滑**（label smoothing；Szegedy 等 2016）把目标 1 换成 $1 - a + a / K$，每个 0 换成 $a / K$，这样 logit 就不必无限增大。$a = 0.1$、logit 为 $(2, 0, 0)$、类别为 0 时，损失是 0.3729。

# %% task="label_smoothing"
# 约 10 分钟，简单。卡住了？hint("label_smoothing") 会给出第一步。
def label_smoothing(logits: Tensor, y: Tensor, a: float) -> Tensor:
    """目标平滑之后的平均交叉熵。禁用 F.cross_entropy。

    Shapes:
        logits  (N, K)
        y       (N,)   int64
        a       float  从 0 到 1
        out     ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="label_smoothing"
# check("foundations", task="label_smoothing")

# %% [markdown] question="foundations-q1"
# **简答题 1。** 给定 $x = (1, 1, 1, 1)$，权重 $(1, 0, 0, 0)$ 和 $(¼, ¼, ¼, ¼)$ 的预测相同。L2 惩罚项选哪一个？L1 惩罚项选哪一个？两种选择各反映出对输入的什么看法？

# %% [markdown] answer="foundations-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 初始权重
#
# 一层有 $n$ 个输入，权重的方差为 $\sigma^2$，就把输入的方差乘以 $n \sigma^2$；ReLU 使均方减半。五十层之后，$0.9^{50}$ 是 0.005，而 $1.1^{50}$ 是 117。所以选择 $\sigma$，使这个倍数为 1：
#
# | 种类 | 标准差 | 用于 |
# |---|---|---|
# | xavier（Glorot 和 Bengio 2010） | $\sqrt{2 / (\text{in} + \text{out})}$ | tanh；两个方向的折中 |
# | he（He 等 2015） | $\sqrt{2 / \text{in}}$ | ReLU |
# | lecun（LeCun 等 1998） | $\sqrt{1 / \text{in}}$ | SELU、线性层 |

# %% task="init_std"
# 约 5 分钟，简单。卡住了？hint("init_std") 会给出第一步。
def init_std(fan_in: int, fan_out: int, kind: str) -> float:
    """初始权重的标准差。

    Shapes:
        fan_in, fan_out  int  这一层输入和输出的个数
        kind             str  "xavier"、"he" 或 "lecun"；其他抛出 ValueError
        out              Python float
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="init_std"
# check("foundations", task="init_std")

# %% tags=["active-ipynb"]
# def spread(sigma, layers=50, width=100):
#     """返回权重为这个标准差时，每个 ReLU 层之后的均方。"""
#     x, sizes = torch.randn(200, width), []
#     for _ in range(layers):
#         x = (x @ (sigma * torch.randn(width, width))).relu()
#         sizes.append(float(x.square().mean().clamp(min=1e-30)))
#     return torch.tensor(sizes).log10()
#
# spreads = {f"variance {v}": spread(math.sqrt(v)) for v in (0.001, 0.01, 0.1, 1.0)}
# figure = curves(spreads | {"He: 0.02": spread(init_std(100, 100, "he"))}, xlabel="layer",
#                 ylabel="log10 of the mean square", title="Fifty layers of ReLUs")
# figure.axes[0].set_ylim(-33, 75)  # 给图例留出位置
# figure

# %% [markdown]
# 方差为 1 的曲线在 $10^{38}$ 处中断，因为 float32 到此为止；方差为 0.001 的曲线在 $10^{-30}$ 处截断。下面是第 10 层的值本身，分别用两个标准差 $\sigma$ 和正确的那个得到。

# %% tags=["active-ipynb"]
# figure = new_figure(10, 4.2, "Values in layer 10: too small, too large, and well scaled, for tanh and for ReLU.")
# for row, (name, good) in enumerate({"tanh": "xavier", "relu": "he"}.items()):
#     deviations = {"σ = 0.02": 0.02, "σ = 0.5": 0.5, good: init_std(200, 200, good)}
#     for column, (title, sigma) in enumerate(deviations.items()):
#         x = torch.randn(500, 200)
#         for _ in range(10):
#             x = activation(name, x @ (sigma * torch.randn(200, 200)))
#         axes = figure.add_subplot(2, 3, 3 * row + column + 1, yticks=[], title=f"{name}, {title}")
#         axes.hist(x.flatten().numpy(), bins=60)
# figure

# %% [markdown] question="foundations-q2"
# **简答题 2。** 一个输入、一个输出时，一层 95 个单元的网络与十层、每层五个单元的网络，参数差不多一样多。把两个数都算出来。哪个网络可以有更多的线性区域？另一个为什么仍可能拟合得更好？

# %% [markdown] answer="foundations-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 7 高维空间
#
# 平面上的图会误导人。每个输入取十个值，$d$ 个输入就有 $10^d$ 个点，所以没有哪个数据集能填满空间：这就是**维数灾难**（curse of dimensionality）。半径为 1 的球，体积是 $\pi^{d/2} / \Gamma(d/2 + 1)$：$d$ = 2、3、10 时为 3.1416、4.1888 和 2.5502；包住它的立方体是 $2^d$。而且从随机的一点看，其他点几乎一样远，“最近的样本”也就越来越没有意义（Prince 2023，第 8 章）。

# %% tags=["active-ipynb"]
# def ball(d):
#     """返回半径为 1 的球的体积。"""
#     return math.pi ** (d / 2) / math.gamma(d / 2 + 1)
#
#
# print("volumes of the ball:", {d: round(ball(d), 4) for d in (2, 3, 10)})
# dims = (2, 3, 10, 30, 100, 300, 1000)
# distances = [(torch.randn(2000, d) - torch.randn(d)).norm(dim=1) for d in dims]
# figure = new_figure(8, 3, "With more dimensions, the ball fills nothing of its cube, and all distances become equal.")
# axes = figure.add_subplot(1, 2, 1, xlabel="dimensions", ylabel="ball / cube around it", yscale="log")
# axes.plot(range(1, 21), [ball(d) / 2**d for d in range(1, 21)], "o-", markersize=3)
# axes = figure.add_subplot(1, 2, 2, xlabel="dimensions", ylabel="farthest / nearest", xscale="log", yscale="log")
# axes.plot(dims, [float(r.max() / r.min()) for r in distances], "o-", markersize=3)
# figure

# %% [markdown]
# ## 小结
#
# 数一数区域，为答案选一种分布，给初始权重合适的大小。每一样都是一行公式；哪里写错了，网络照样能训练，不会报错。
#
# **延伸阅读。** Prince（*Understanding deep learning*，2023）对每个主题都有一章，还有习题。Zhang、Dauphin 和 Ma（*Fixup initialization*，2019）完全不用归一化，只靠初始权重就能训练残差网络。Roberts、Yaida 和 Hanin（*The principles of deep learning theory*，2022）计算信号怎样穿过很宽的网络。
