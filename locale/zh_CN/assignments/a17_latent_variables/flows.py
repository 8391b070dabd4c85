# %% [markdown]
# # 归一化流
#
# 变分自编码器只给出似然的界。**流**（flow）能精确计算似然：它用可逆的函数把数据的密度一步一步弯成高斯分布。某一步拉伸空间的地方，密度就变低，雅可比矩阵的行列式说明低了多少。诀窍在于造出这样的函数：灵活，可逆，行列式又几乎不费计算。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 变量替换 | `flow_log_prob` | 2 | 10 |
# | 2 线性层 | `LinearPLU` | 2 | 30 |
# | 3 弯曲单个轴 | `PiecewiseLinear` | 2 | 30 |
# | 4 耦合 | `AffineCoupling`, `Permutation`, `ActNorm` | 8 | 55 |
# | 5 自回归流 | `made_masks`, `MaskedAutoregressive`, `InverseAutoregressive` | 8 | 70 |
# | 6 可逆残差层 | `spectral_scale`, `residual_inverse`, `residual_log_det` | 8 | 45 |
# | 7 图像：计算比特数，多种尺度 | `dequantize`, `bits_per_dim`, `squeeze2x2`, `split_prior` | 8 | 30 |
#
# 这里的每一层都有 `forward(x)` 和 `inverse(z)`。前者返回 `z` (N, D)，以及 $|\det \partial z / \partial x|$ 的对数 (N,)，每个点一个数；后者返回 `x`。

# %%
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import load, planes
# from common.plots import curves
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)
# points = planes.draw("moons", 2000, seed=1)

# %% [markdown]
# ## 1 变量替换
#
# 如果 $z = f(x)$ 可逆，$z$ 的密度为 $p_z$，那么
#
# $$\log p_x(x) = \log p_z(f(x)) + \log \left| \det \frac{\partial f}{\partial x} \right|$$
#
# 对一串层，行列式相乘，所以它们的对数相加：每层、每个点各有一个。采样则反过来：抽取 $z$，再从最后一层到第一层依次应用逆函数。
#
# **手算。** 一维的 $z = 2x$：$\log p_x(x) = \log N(2x; 0, 1) + \log 2$。忘了最后一项，轴放大两倍后的“密度”，积分就只有二分之一。

# %% task="flow_log_prob"
# 约 10 分钟，简单。卡住了？hint("flow_log_prob") 会给出第一步。
def flow_log_prob(x: Tensor, layers: Sequence[nn.Module], base: Callable[[Tensor], Tensor]) -> Tensor:
    """流给出的各点的对数密度。

    Shapes:
        x       (N, D)
        layers  没有或多个，按这个顺序应用；每层返回 z (N, D) 及其对数行列式 (N,)
        base    z (N, D) -> 对数密度 (N,)，z 是最后一层返回的
        out     (N,)      单位为 nat
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="flow_log_prob"
# check("flows", task="flow_log_prob")

# %% [markdown]
# 下面的已经给出：标准高斯分布和采样。

# %%
def standard_normal(z: Tensor) -> Tensor:
    """N(0, I) 的对数密度：(N, D) -> (N,)。"""
    return -0.5 * (z.square().sum(dim=1) + z.shape[1] * math.log(2 * math.pi))


def flow_sample(z: Tensor, layers: Sequence[nn.Module]) -> Tensor:
    """由基分布的噪声得到数据的点：(N, D) -> (N, D)。"""
    for layer in reversed(layers):
        z = layer.inverse(z)
    return z


# %% [markdown]
# ## 2 线性层
#
# $z = W x$ 把所有坐标混合起来，而 $\log |\det W|$ 要 $D^3$ 次运算，除非 $W$ 由因子构成（Kingma 和 Dhariwal 2018）：
#
# $$W = P \, L \, (U + \text{diag}\, s)$$
#
# 其中 $P$ 是固定的置换，$L$ 是对角线全为 1 的下三角矩阵，$U$ 是严格上三角矩阵。这样，对每个 $x$ 都有 $\log |\det W| = \sum_i \log |s_i|$，求逆只要一个置换和两个三角方程组。学习的是完整的矩阵，只保留它们的三角部分：`torch.tril(self.L, -1)` 加上单位矩阵，以及 `torch.triu(self.U, 1)`。

# %% task="LinearPLU"
# 约 30 分钟，中等。卡住了？hint("LinearPLU") 会给出第一步。
class LinearPLU(nn.Module):
    """z = W x。不求逆，不算一般的行列式：不允许用 torch.linalg.inv、solve、det 和 slogdet。"""

    def __init__(self, D: int) -> None:
        """建立带随机置换的层，置换保存在它的状态中；W 的初始值可以是任何满足 |det W| > 0 的矩阵。

        参数是 `L` (D, D)、`U` (D, D) 和 `s` (D,)；s 的元素可能变成负数。
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """每一行乘以 W。

        Shapes:
            x    (N, D)
            out  z (N, D)，对数行列式 (N,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """还原 forward。

        Shapes:
            z    (N, D)
            out  (N, D)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def factors(self) -> tuple[Tensor, Tensor]:
        """返回对角线全为 1 的 L，以及 U + diag s；用不用由你。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="LinearPLU"
# check("flows", task="LinearPLU")

# %% [markdown]
# ## 3 弯曲单个轴
#
# 在 [0, 1] 上，把轴切成 $K$ 个相等的段，第 $b$ 段在结果中的占比为 $\varphi_b$（各占比为正，和为 1：即 softmax）。在第 $b = \lfloor K x \rfloor$ 段内（从 0 数起），
#
# $$h(x) = \sum_{j < b} \varphi_j + (K x - b) \, \varphi_b, \qquad \log h'(x) = \log (K \varphi_b)$$
#
# 在 [0, 1] 之外，$h(x) = x$。每个坐标按自己的占比弯曲。这种层不能混合坐标：再多这样的层也造不出倾斜的椭圆。
#
# **手算。** $K = 3$，$\varphi = (\tfrac{1}{4}, \tfrac{1}{4}, \tfrac{1}{2})$，$x = 0.5$：$b = 1$，$h = 0.25 + 0.5 \cdot 0.25 = 0.375$，$\log h' = \log 0.75 = -0.2877$。

# %% task="PiecewiseLinear"
# 约 30 分钟，中等。卡住了？hint("PiecewiseLinear") 会给出第一步。
class PiecewiseLinear(nn.Module):
    """每个坐标由一个 K 段的分段线性函数弯曲。参数是 `logits` (D, K)。"""

    def __init__(self, D: int, K: int) -> None:
        """从相等的占比开始，使 h(x) = x。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """弯曲每个坐标；x = 1 属于最后一段。

        Shapes:
            x    (N, D)
            out  z (N, D)，对数行列式 (N,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """还原 forward。

        Shapes:
            z    (N, D)
            out  (N, D)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="PiecewiseLinear"
# check("flows", task="PiecewiseLinear")

# %% [markdown]
# ## 4 耦合
#
# **RealNVP**（Dinh 等 2017）能混合坐标：保留一半 $x_a$，由一个**任意的**、不必可逆的网络决定另一半如何缩放和平移：
#
# $$z_a = x_a, \qquad z_b = x_b \cdot e^{s(x_a)} + t(x_a), \qquad \log |\det| = \sum s(x_a)$$
#
# 反过来时，$x_a = z_a$ 是已知的，所以可以再问一次网络：$x_b = (z_b - t(x_a)) \, e^{-s(x_a)}$。有界的 $s$（这里用 tanh）使训练稳定。一层会让一半坐标原样不动，所以下一层必须交换角色；否则前一半永远不变。

# %% task="AffineCoupling"
# 约 25 分钟，中等。卡住了？hint("AffineCoupling") 会给出第一步。
class AffineCoupling(nn.Module):
    """仿射耦合层。"""

    def __init__(self, mask: Tensor, net: nn.Module) -> None:
        """把掩码存为缓冲区，并保存网络。

        Shapes:
            mask  (D,)  坐标不变处（a 半）为 1.0，坐标改变处（b 半）为 0.0
            net   (N, D) -> (N, 2 D)：输入 b 半为零的 x；s 是前 D 个数的 tanh，t 是其余的数
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """缩放并平移 b 半。

        Shapes:
            x    (N, D)
            out  z (N, D)，对数行列式 (N,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """还原 forward。

        Shapes:
            z    (N, D)
            out  (N, D)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def scale_and_shift(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """返回 s 和 t，形状都是 (N, D)；用不用由你。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="AffineCoupling"
# check("flows", task="AffineCoupling")

# %% [markdown]
# 交换角色就是一个**置换**（permutation），它的对数行列式为 0。层数多时，数的大小必须适中：**ActNorm** 用学到的数平移和缩放每个坐标，这些数的初始值使**第一批**数据的均值为 0，标准差为 1（除以 N）。之后它们就是普通的参数。载入保存的权重也算已初始化：层是否已初始化，存在一个缓冲区里，`state_dict` 会保存它。

# %% task="Permutation"
# 约 10 分钟，简单。卡住了？hint("Permutation") 会给出第一步。
class Permutation(nn.Module):
    """z 由 x 的各列换个顺序得到。"""

    def __init__(self, order: Tensor) -> None:
        """把顺序存为缓冲区：z 的第 i 列是 x 的第 order[i] 列。(D,)，int64"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """返回 z (N, D) 和对数行列式 (N,)。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """还原 forward。(N, D) -> (N, D)"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Permutation"
# check("flows", task="Permutation")

# %% task="ActNorm"
# 约 20 分钟，中等。卡住了？hint("ActNorm") 会给出第一步。
class ActNorm(nn.Module):
    """平移并缩放每个坐标。forward 在训练模式下看到的第一批数据决定两者。"""

    def __init__(self, D: int) -> None:
        """开始时是恒等映射。状态里有一个缓冲区，记录是否见过第一批数据。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """返回 z (N, D) 和对数行列式 (N,)。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """还原 forward。(N, D) -> (N, D)"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ActNorm"
# check("flows", task="ActNorm")

# %% tags=["active-ipynb"]
# def coupling_flow(depth, exchange=True):
#     """建立若干耦合层，之间插入置换。"""
#     layers = []
#     for _ in range(depth):
#         net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))
#         layers += [ActNorm(2), AffineCoupling(torch.tensor([1.0, 0.0]), net)]
#         layers += [Permutation(torch.tensor([1, 0]))] if exchange else []
#     return nn.ModuleList(layers)
#
#
# def fit(layers, x, steps=800):
#     """用 Adam 最大化平均对数密度；返回它的变化过程。"""
#     optimizer, history = torch.optim.Adam(layers.parameters(), 5e-3), []
#     for step in range(steps):
#         for group in optimizer.param_groups:
#             group["lr"] = 5e-3 * (1 - step / steps)
#         loss = -flow_log_prob(x[torch.randint(len(x), (256,))], layers, standard_normal).mean()
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#         history.append(loss.item())
#     return history
#
#
# flow, fixed = coupling_flow(6), coupling_flow(6, exchange=False)
# lines = {"with permutations": fit(flow, points), "without": fit(fixed, points)}
# truth = -planes.log_density("moons", planes.draw("moons", 5000, seed=2)).mean()
# curves({name: torch.tensor(line).unfold(0, 20, 10).mean(dim=1) for name, line in lines.items()}
#        | {"the true entropy": truth.expand(79)}, x=range(10, 800, 10), xlabel="step, means of 20", ylabel="nats")

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     before = flow[0](points[:300])[0]
#     after = flow[1](before)[0]
#     later = flow[3](flow[2](after)[0])[0]
#     last = flow[4](later)[0]
# figure = new_figure(9, 4, "Points before and after a coupling layer, joined by lines, which are all vertical; and "
#                     "before and after the next one, which moves them horizontally.")
# steps = {"the first coupling moves z2": (before, after), "the next one moves z1": (later.flip(1), last.flip(1))}
# for number, (title, (start, end)) in enumerate(steps.items()):
#     plane = figure.add_subplot(1, 2, number + 1, title=title, xlabel="z1", ylabel="z2")
#     plane.plot(*torch.stack([start, end]).permute(2, 0, 1), color="0.7", linewidth=0.7)
#     plane.scatter(*start.T, s=9, marker="o", label="before")
#     plane.scatter(*end.T, s=14, marker="x", linewidths=1, label="after")
#     plane.legend(loc="lower left")
# figure

# %% tags=["active-ipynb"]
# def density(plane, layers, kind=None):
#     """画出平面上的密度；返回它的积分。"""
#     axis = torch.linspace(-4, 4, 200)
#     grid = torch.cartesian_prod(axis, axis)
#     with torch.no_grad():
#         log_p = planes.log_density(kind, grid) if kind else flow_log_prob(grid, layers, standard_normal)
#     plane.imshow(log_p.exp().reshape(200, 200).T, origin="lower", extent=(-4, 4, -4, 4), cmap="magma")
#     return float(log_p.exp().sum() * (axis[1] - axis[0]) ** 2)
#
#
# figure = new_figure(12, 4, "The true density of two moons, that of a flow with permutations, which is alike, and "
#                     "that of one without, a smear; and samples of the flow.")
# for number, (title, layers) in enumerate({"truth": None, "flow": flow, "not permuted": fixed}.items()):
#     plane = figure.add_subplot(1, 4, number + 1)
#     total = density(plane, layers, None if layers else "moons")
#     plane.set_title(f"{title}: integral {total:.3f}")
# with torch.no_grad():
#     drawn = flow_sample(torch.randn(1000, 2), flow)
# figure.add_subplot(1, 4, 4, aspect="equal", title="samples", xlim=(-4, 4), ylim=(-4, 4)).scatter(*drawn.T, s=2)
# figure

# %% tags=["active-ipynb"]
# axis = torch.linspace(-2.5, 2.5, 21)
# grid = torch.cartesian_prod(axis, axis).reshape(21, 21, 2)
# stages, z = [grid.reshape(-1, 2)], grid.reshape(-1, 2)
# with torch.no_grad():
#     for layer in flow:
#         z = layer(z)[0]
#         if isinstance(layer, Permutation):
#             stages.append(z)
# figure = new_figure(12, 3.4, "A square grid, and the same grid bent more and more by the first layers of the flow.")
# for number, stage in enumerate(stages[:5]):
#     plane = figure.add_subplot(1, 5, number + 1, aspect="equal", title=f"blocks: {number}", xticks=[], yticks=[])
#     lines = stage.reshape(21, 21, 2)
#     for line in [*lines, *lines.transpose(0, 1)]:
#         plane.plot(*line.T, color="C0", linewidth=0.6)
# figure

# %% [markdown] question="flows-q1"
# **简答题 1。** 流必须用连续、可逆的函数，把一个高斯分布弯成两个分开的月牙。看看两个月牙之间的密度：那里为什么永远不会恰好是 0？如果忘了对数行列式，训练损失为什么会无限下降？

# %% [markdown] answer="flows-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 自回归流
#
# 任何密度都是条件分布的乘积。**掩码自回归流**（masked autoregressive flow；Papamakarios 等 2017）取
#
# $$z_i = \frac{x_i - m_i(x_1, \dots, x_{i-1})}{\sigma_i(x_1, \dots, x_{i-1})}, \qquad
# \log |\det| = -\sum_i \log \sigma_i$$
#
# 雅可比矩阵是三角的。只要用掩码遮住一部分权重，让第 $i$ 个数只看到 $i$ 之前的输入，一个网络就能一次算出所有的 $m_i$ 和 $\sigma_i$（MADE，Germain 等 2015）。输入的度（degree）为 $1, \dots, D$；隐藏单元 $k$（从 0 数起）的度为 $1 + (k \bmod (D - 1))$，$D = 1$ 时为 1；输出的度等于它的编号。以下情形有连接：
#
# - degree(hidden) $\geq$ degree(input) 时，从输入到隐藏单元；
# - degree(output) $>$ degree(hidden) 时，从隐藏单元到输出。这里是严格大于。

# %% task="made_masks"
# 约 20 分钟，中等。卡住了？hint("made_masks") 会给出第一步。
def made_masks(D: int, hidden: int) -> tuple[Tensor, Tensor]:
    """有 D 个输出的 MADE 的两个权重矩阵的掩码。不用循环。

    Shapes:
        out  into (hidden, D), out_of (D, hidden)：float32，有连接处为 1.0，否则为 0.0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="made_masks"
# check("flows", task="made_masks")

# %% task="MaskedAutoregressive"
# 约 35 分钟，困难。卡住了？hint("MaskedAutoregressive") 会给出第一步。
class MaskedAutoregressive(nn.Module):
    """掩码自回归流：forward 问网络一次，inverse 问 D 次。"""

    def __init__(self, D: int, hidden: int) -> None:
        """建立网络：D 个输入，一个带 ReLU 的隐藏层，2 D 个输出：先是各个 m_i，后是各个 log sigma_i。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """返回 z (N, D) 和对数行列式 (N,)。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """还原 forward，一个坐标接一个坐标。(N, D) -> (N, D)"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def conditionals(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """返回 m 和 log sigma，形状都是 (N, D)；用不用由你。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="MaskedAutoregressive"
# check("flows", task="MaskedAutoregressive")

# %% [markdown]
# MAF 计算密度只要一遍，采样要 $D$ 遍。**逆自回归流**（inverse autoregressive flow；Kingma 等 2016）是它的镜像：$m_i$ 和 $\sigma_i$ 依赖于 $z_1, \dots, z_{i-1}$，所以采样只要一遍，密度要 $D$ 遍。可以让采样快的这一种当学生模型，向另一种的教师模型学习：教师算出学生所抽样本的密度。

# %% task="InverseAutoregressive"
# 约 15 分钟，中等。卡住了？hint("InverseAutoregressive") 会给出第一步。
class InverseAutoregressive(nn.Module):
    """x_i = z_i sigma_i(z_1 ... z_(i-1)) + m_i(z_1 ... z_(i-1))：inverse 问网络一次，forward 问 D 次。"""

    def __init__(self, D: int, hidden: int) -> None:
        """建立它；内部可以用 MaskedAutoregressive。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """返回 z (N, D) 和 dz/dx 的对数行列式 (N,)。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """一遍就还原 forward。(N, D) -> (N, D)"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="InverseAutoregressive"
# check("flows", task="InverseAutoregressive")

# %% [markdown]
# ## 6 可逆残差层
#
# $y = x + g(x)$ 是所有残差网络的基本块。如果 $g$ 是**压缩映射**（contraction），即 Lipschitz 常数不超过 $c < 1$，它就可逆（Behrmann 等 2019）。为此需要三样工具。
#
# **小的 Lipschitz 常数。** 线性层的 Lipschitz 常数是它最大的奇异值 $\sigma$，可以用幂迭代求出：$v \leftarrow W^\top u$，$u \leftarrow W v$，两者都归一化，反复多次；然后 $\sigma = u^\top W v$。把 $W$ 除以 $\max(1, \sigma / c)$。（ReLU 和 tanh 的常数为 1。）
#
# **求逆。** 从 $x = y$ 开始，反复执行 $x \leftarrow y - g(x)$。每次误差缩小到原来的 $c$ 倍（Banach）。
#
# **对数行列式。** 设 $J = \partial g / \partial x$，由对数的幂级数得 $\log \det (I + J) = \sum_{k \geq 1} \frac{(-1)^{k+1}}{k} \text{tr}(J^k)$；迹的 Hutchinson 估计是 $v^\top J^k v$，其中 $v$ 是元素为 $\pm 1$ 的随机向量。乘积 $v^\top J$ 不需要雅可比矩阵：`torch.autograd.grad` 算的就是它。级数在 $n$ 项之后截断。

# %% task="spectral_scale residual_inverse residual_log_det"
# 约 45 分钟，困难。卡住了？hint("spectral_scale")（或换成另一个任务）会给出第一步。
def spectral_scale(W: Tensor, c: float, iterations: int = 100) -> Tensor:
    """W / max(1, sigma / c)，其中 sigma 是最大的奇异值，用幂迭代求出。

    不允许用 torch 的矩阵分解和矩阵范数。W = 0 保持为 0。

    Shapes:
        W    (M, D)
        out  (M, D)  对 W 可微（sigma 可以当作常数，也可以不当作常数）
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def residual_inverse(g: Callable[[Tensor], Tensor], y: Tensor, iterations: int) -> Tensor:
    """从 x = y 开始迭代这么多次，求解 y = x + g(x)。

    Shapes:
        g    (N, D) -> (N, D)  压缩映射
        y    (N, D)
        out  (N, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def residual_log_det(
    g: Callable[[Tensor], Tensor], x: Tensor, terms: int, generator: torch.Generator | None = None
) -> Tensor:
    """估计 x + g(x) 的雅可比矩阵的 log det，每个点用一个由正负 1 组成的随机向量。

    不允许用 torch.autograd.functional 和 torch.func：不建立雅可比矩阵。在 torch.no_grad() 下也能估计。

    Shapes:
        g          (N, D) -> (N, D)  逐行计算
        x          (N, D)
        terms      int               级数的项数，至少为 1
        generator  正负号的随机数生成器
        out        (N,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="spectral_scale"
# check("flows", task="spectral_scale")

# %% tags=["active-ipynb"] grade="residual_inverse"
# check("flows", task="residual_inverse")

# %% tags=["active-ipynb"] grade="residual_log_det"
# check("flows", task="residual_log_det")

# %% tags=["active-ipynb"]
# W = spectral_scale(torch.randn(6, 6).double(), 0.8)
# exact = torch.linalg.slogdet(torch.eye(6).double() + W)[1]
# same = torch.zeros(20000, 6).double()
# means = [residual_log_det(lambda x: x @ W.T, same, n, torch.Generator().manual_seed(0)).mean() for n in range(1, 13)]
# curves({"series": means, "exact": exact.expand(12)}, x=range(1, 13), xlabel="terms", ylabel="log-determinant")

# %% [markdown]
# 项数越多，级数越接近。剩下的差别来自随机性：对 20,000 个随机向量取均值，会有千分之几的偏差。

# %% [markdown]
# ## 7 图像：计算比特数，多种尺度
#
# 像素是 0 到 255 的整数，密度可以在每个整数上放一个无限高的峰，似然就会无限增大。所以要加噪声：$x' = (x + u) / L$，其中 $u$ 在 [0, 1) 上服从均匀分布，灰度级数 $L = 256$。$x'$ 的负对数密度以 nat 为单位，可以换算成整数的**每维比特数**（bits per dimension）：
#
# $$\text{bits} = \frac{\text{nats}}{D \ln 2} + \log_2 L$$
#
# **手算。** 28 × 28 个像素，256 个灰度级，2,000 nat 就是 $3.680 + 8 = 11.680$ 比特。
#
# 用在图像上的流还会改变尺度。**挤压**（squeezing）把每个 2 × 2 的方块变成四个通道：(C, H, W) 变成 (4C, H/2, W/2)，其中通道 $4c + 2\,dy + dx$ 存放偏移 (dy, dx) 处的像素。过了几层之后，**一半的通道离开**：它们在先验分布 N(0, I) 下计算密度，不再往下走。这样省了计算，而且经过层数最多的就是粗尺度。

# %% task="dequantize bits_per_dim squeeze2x2 split_prior"
# 约 30 分钟，简单。卡住了？hint("dequantize")（或换成另一个任务）会给出第一步。
def dequantize(x: Tensor, L: int = 256, generator: torch.Generator | None = None) -> Tensor:
    """(x + u) / L，每个数都有自己的均匀分布噪声。

    Shapes:
        x    任意形状   从 0 到 L - 1 的整数：uint8 或 int64
        out  与 x 相同  float32，在 [0, 1] 内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def bits_per_dim(nll: Tensor, D: int, L: int = 256) -> Tensor:
    """把去量化图像的负对数密度由 nat 换算成每维比特数。

    Shapes:
        nll  (N,)  每张图像有 D 个数
        out  (N,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def squeeze2x2(x: Tensor, inverse: bool = False) -> Tensor:
    """把 2 × 2 的方块移到通道里，顺序为 (c, dy, dx)；或者移回来。

    Shapes:
        x    (N, C, H, W)  H 和 W 是偶数；移回来时：C 是 4 的倍数
        out  (N, 4 C, H / 2, W / 2)；移回来时：(N, C / 4, 2 H, 2 W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def split_prior(x: Tensor) -> tuple[Tensor, Tensor]:
    """保留前一半通道，计算后一半在 N(0, I) 下的对数密度。

    Shapes:
        x    (N, C, H, W)  C 是偶数
        out  保留的 (N, C / 2, H, W)，其余的对数密度 (N,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="dequantize"
# check("flows", task="dequantize")

# %% tags=["active-ipynb"] grade="bits_per_dim"
# check("flows", task="bits_per_dim")

# %% tags=["active-ipynb"] grade="squeeze2x2"
# check("flows", task="squeeze2x2")

# %% tags=["active-ipynb"] grade="split_prior"
# check("flows", task="split_prior")

# %% [markdown]
# **Glow**（Kingma 和 Dhariwal 2018）由这个笔记本里的各个部件组成：ActNorm，对每个像素的通道做的线性层（1 × 1 卷积，由三角因子构成），改变一半通道的耦合层，以及多个尺度。它画出 256 × 256 像素的人脸。把基分布收窄，画出的脸更好看：抽取 z 时，标准差取约 0.7，而不是 1。两张人脸的编码之间的直线上，处处都是人脸。
#
# 同一张图像的三种尺度：挤压一次，变成四张小图像；挤压两次，变成十六张。其中的后一半（这里涂成灰色）离开。

# %% tags=["active-ipynb"]
# image = load("glyphs", num_train=1, num_test=1).x_train
# once = squeeze2x2(image)
# twice = squeeze2x2(once)
# kept, log_p = split_prior(twice)
# stages = {"1 channel": image, "4 channels": once, "16 channels": torch.cat([kept, 0.3 + 0 * twice[:, 8:]], dim=1)}
# figure = new_figure(9, 3.2, "A symbol; four small copies of it; sixteen tiny ones, of which eight are grey.")
# for number, (title, x) in enumerate(stages.items()):
#     side = math.isqrt(x.shape[1])
#     rows = nn.functional.pad(x[0], (0, 1, 0, 1), value=1.0).unflatten(0, (side, side)).permute(0, 2, 1, 3)
#     plane = figure.add_subplot(1, 3, number + 1, title=title, xticks=[], yticks=[])
#     plane.imshow(rows.flatten(2).flatten(0, 1), cmap="gray", vmin=0, vmax=1)
# figure

# %% [markdown] question="flows-q2"
# **简答题 2。** 你需要一个模型：(a) 算图像的密度快，(b) 画图像快，(c) 两者都快。MAF、IAF 和耦合层中你各选哪一个？(c) 要付出什么代价？为什么只用逐元素的层，哪一样都做不到？

# %% [markdown] answer="flows-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 密度按行列式变化，而行列式的对数相加。雅可比矩阵是三角的，行列式就很便宜：矩阵的因子、耦合、自回归。正向快的，反向可能慢。残差层只要是压缩的就可逆，它的行列式可以估计出来，始终不用建立雅可比矩阵。
#
# **延伸阅读。** Papamakarios 等（*Normalizing flows for probabilistic modeling and inference*，2021）把这一切整理成体系。Nalisnick 等（*Do deep generative models know what they don't know?*，2019）发现，有的流给外来图像的密度比给自己的训练图像还高。Chen 等（*Neural ordinary differential equations*，2018）让层数趋于无穷，而流匹配（Lipman 等 2023）用回归来训练这样的流。
