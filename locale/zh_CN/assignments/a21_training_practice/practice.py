# %% [markdown]
# # 实践
#
# 往哪走，走多远，走多久？何时停止？数据怎么改，对什么取平均，训练好的网络留下什么？这里把实践给出的每个答案写成一个短函数。规则出自哪里，都注明来源；整体框架依据 Prince 的 *Understanding Deep Learning*（2023）第 6、8、9 章。
#
# 函数都不改动输入，除非文档字符串另有说明。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 下山的步子 | `line_search`, `newton_step`, `classify_critical`, `gabor_loss` | 8 | 60 |
# | 2 随时间变化的学习率 | `schedule`, `warmup`, `snapshot_lrs`, `EarlyStopping` | 8 | 60 |
# | 3 使权重缩小的惩罚项 | `adam_step`, `l1_prox` | 4 | 35 |
# | 4 有益的噪声 | `mixup`, `cutout`, `drop_connect`, `stochastic_depth` | 8 | 60 |
# | 5 取平均 | `swa_update`, `mc_dropout` | 4 | 35 |
# | 6 从一个任务到另一个 | `freeze`, `parameter_groups` | 4 | 30 |
# | 7 大批量 | `accumulate`, `update_ratio` | 4 | 25 |
# | 8 少一层 | `fold_batchnorm` | 2 | 25 |
# | 9 为什么能泛化？ | `bias_variance`, `min_norm_fit` | 4 | 25 |

# %%
import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import signals
# from common.plots import curves
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)

# %% [markdown]
# ## 1 下山的步子
#
# **线搜索**（line search）沿着方向 $d$ 找最好的一步。设在 0 和 $b$ 之间，$f(x + td)$ 先降后升。比较中间的两个位置：最小值不会在较差位置的外侧，所以把那一部分切掉。用黄金分割，两个位置中有一个在下一轮还能用。

# %% task="line_search"
# 约 25 分钟，中等。卡住了？hint("line_search") 会给出第一步。
def line_search(f: Callable[[Tensor], Tensor], x: Tensor, d: Tensor, b: float, tol: float = 1e-4) -> float:
    """[0, b] 中使 f(x + t d) 最小的步长 t，通过比较 f 的值得到。不用导数。

    Shapes:
        f    从 (D,) 到 () 的函数；沿着 d 先降后升
        x, d (D,)   float64
        b    float  最大的步长
        tol  float  结果与最佳步长之差最多这么多
        out  Python float
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="line_search"
# check("practice", task="line_search")

# %% [markdown]
# **牛顿步**（Newton's step）走到二次近似的驻点：解 $H s = -g$。在二次函数的碗里，一步就到；在鞍点附近，它会**往鞍点上**爬。驻点是哪一种？看 $H$ 的特征值：全为正是极小值，全为负是极大值，有正有负是鞍点。如果有一个是 0，其余的符号一致，二阶导数就判断不了：称为平坦。

# %% task="newton_step"
# 约 5 分钟，简单。卡住了？hint("newton_step") 会给出第一步。
def newton_step(g: Tensor, H: Tensor) -> Tensor:
    """走到二次近似的驻点的一步。

    Shapes:
        g    (D,)    梯度
        H    (D, D)  黑塞矩阵，对称，可逆
        out  (D,)    加到 x 上的量
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="newton_step"
# check("practice", task="newton_step")

# %% task="classify_critical"
# 约 10 分钟，简单。卡住了？hint("classify_critical") 会给出第一步。
def classify_critical(H: Tensor) -> str:
    """梯度为零的位置是哪一种。

    特征值的绝对值不超过最大者的 1e-8 倍，就当作 0。有两种符号就是鞍点，不管其余的是什么。

    Shapes:
        H    (D, D)  黑塞矩阵，对称
        out  "minimum"、"maximum"、"saddle" 或 "flat"
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="classify_critical"
# check("practice", task="classify_critical")

# %% [markdown]
# 只有两个参数的损失也可以很难。Prince（第 6 章）的 **Gabor 模型**是
#
# $$f(x) = \sin(u) \, e^{-u^2 / 32}, \qquad u = \varphi_0 + 0.06 \, \varphi_1 x.$$
#
# $\varphi_0$ 平移波，$\varphi_1$ 拉伸波，而 $\sum_n (f(x_n) - y_n)^2$ 有许多极小值。

# %% task="gabor_loss"
# 约 20 分钟，中等。卡住了？hint("gabor_loss") 会给出第一步。
def gabor_loss(phi: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """平方和及其梯度，用公式计算。禁用自动微分。

    Shapes:
        phi   (2,)
        x, y  (N,)
        out   损失 ()，梯度 (2,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gabor_loss"
# check("practice", task="gabor_loss")

# %% tags=["active-ipynb"]
# x = torch.linspace(-15, 15, 28, dtype=torch.float64)
# u = 0.06 * 16.6 * x
# y = u.sin() * (-u * u / 32).exp() + 0.1 * torch.randn(28, dtype=torch.float64)
# offsets, factors = torch.linspace(-10, 10, 90, dtype=torch.float64), torch.linspace(2, 25, 90, dtype=torch.float64)
# heights = torch.stack([torch.stack([gabor_loss(torch.stack([a, b]), x, y)[0] for b in factors]) for a in offsets])
# figure = new_figure(6, 4, "The loss of the Gabor model over both parameters, and paths from twelve starts.")
# axes = figure.add_subplot(xlabel="factor", ylabel="offset")
# axes.contourf(factors, offsets, heights, 20)
# reached = []
# for _ in range(12):
#     phi = torch.tensor([-10.0, 2.0]).double() + torch.tensor([20.0, 23.0]).double() * torch.rand(2).double()
#     path = [phi]
#     for step in range(2000):
#         g = gabor_loss(phi, x, y)[1]
#         phi = phi - 0.02 * (1 - step / 2000) * g
#         path.append(phi)
#     reached.append(float(gabor_loss(phi, x, y)[0]))
#     axes.plot(*torch.stack(path).T.flip(0), "w-", linewidth=1)
#     axes.plot(float(phi[1]), float(phi[0]), "r.")
# axes.set(xlim=(2, 25), ylim=(-10, 10))
# print(f"least loss {min(reached):.3f}; {sum(r < min(reached) + 0.02 for r in reached)} of 12 starts reach it")
# figure

# %% [markdown]
# ## 2 随时间变化的学习率
#
# 在 $T$ 步中的第 $t$ 步，初始学习率为 $r$：
#
# | 种类 | 第 $t$ 步的学习率 |
# |---|---|
# | constant | $r$ |
# | step | $t$ 每到达 $T$ 的 30%、60% 和 90% 中的一处，$r$ 就乘一次 0.1（He 等 2016） |
# | linear | $r (1 - t/T)$ |
# | cosine | $\frac{r}{2} (1 + \cos(\pi t / T))$（Loshchilov 和 Hutter 2017）：四分之一处为 0.8536 r |
# | inverse root | $r / \sqrt{t + 1}$ |

# %% task="schedule"
# 约 15 分钟，简单。卡住了？hint("schedule") 会给出第一步。
def schedule(kind: str, t: int, T: int, base: float) -> float:
    """第 t 步的学习率。

    Shapes:
        kind  str    "constant"、"step"、"linear"、"cosine" 或 "inverse root"；其他抛出 ValueError
        t     int    从 0 到 T
        T     int    至少为 1
        base  float  第 0 步的学习率
        out   Python float
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="schedule"
# check("practice", task="schedule")

# %% [markdown]
# 开始时梯度很大，矩还不知道。$s$ 步的**预热**（warm-up）把第 $t < s$ 步的学习率乘以 $(t + 1) / s$（Goyal 等 2017）。调度本身照常往下走：预热之后，什么都不从头开始。

# %% task="warmup"
# 约 10 分钟，简单。卡住了？hint("warmup") 会给出第一步。
def warmup(rate: Callable[[int], float], steps: int) -> Callable[[int], float]:
    """带线性预热的调度。

    Shapes:
        rate   从步到学习率的函数
        steps  int，至少为 0；为 0 时学习率不变
        out    从步到学习率的函数
    """

    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="warmup"
# check("practice", task="warmup")

# %% tags=["active-ipynb"]
# T = 200
# lines = {kind: [schedule(kind, t, T, 1.0) for t in range(T)] for kind in ("step", "linear", "cosine", "inverse root")}
# warmed = warmup(lambda t: schedule("cosine", t, T, 1.0), 30)
# curves(lines | {"cosine, warmed up": [warmed(t) for t in range(T)]}, xlabel="step", ylabel="rate", title="Schedules")

# %% [markdown]
# 它们对损失有什么影响？批量的梯度带有噪声。学习率不变时，损失降到一个由噪声托住的底部；学习率越小，底部越低，所以学习率在哪里下降，损失也在哪里下降。这里的损失是 $\frac12 \lVert w \rVert^2$，每个梯度都加上噪声。

# %% tags=["active-ipynb"]
# heights = {}
# for kind in ("constant", "step", "linear", "cosine"):
#     w, heights[kind] = torch.full((1000,), 2.0), []
#     for t in range(T):
#         heights[kind].append(float(w.square().mean().log10()))
#         w = w - schedule(kind, t, T, 0.2) * (w + torch.randn(1000))
# curves(heights, xlabel="step", ylabel="log10 of the mean square of w", title="Noisy descent with four schedules")

# %% [markdown]
# **快照**（snapshot；Huang 等 2017）把余弦走几遍：每个周期结束时，学习率接近 0，网络安定下来，留一个副本；然后学习率又跳上去。共 $M$ 个周期，每个有 $L = \lceil T / M \rceil$ 步，则第 $t = 0, 1, \dots$ 步的学习率是 $\frac{r}{2} (1 + \cos(\pi (t \bmod L) / L))$。

# %% task="snapshot_lrs"
# 约 10 分钟，简单。卡住了？hint("snapshot_lrs") 会给出第一步。
def snapshot_lrs(T: int, cycles: int, base: float) -> list[float]:
    """带重启的 T 步学习率。

    Shapes:
        T, cycles  int, 1 <= cycles <= T
        out        T 个 Python float 的列表
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="snapshot_lrs"
# check("practice", task="snapshot_lrs")

# %% [markdown]
# **早停**（early stopping；Prince 2023，第 9.3.1 节）：验证损失有一段时间没有下降，就结束训练，并回到**最好**的权重。要保留最好权重的副本：引用会随下一步一起改变。损失比最好的低，而且低出的量大于 `min_delta`，才算更好。

# %% task="EarlyStopping"
# 约 25 分钟，中等。卡住了？hint("EarlyStopping") 会给出第一步。
class EarlyStopping:
    """说明何时停止，并保留最好的权重。"""

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        """等待 `patience` 次更新，如果其间一直没有更好的损失，就停止。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def update(self, loss: float, model: nn.Module) -> bool:
        """记下一个验证损失；如果更好，也记下模型的权重和缓冲区。应停止训练时返回 True。

        第一个损失总算作更好。patience 为 2 时，连续两次更新都没有更好，就在第二次停止。
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def restore(self, model: nn.Module) -> None:
        """让模型恢复最好的权重和缓冲区。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="EarlyStopping"
# check("practice", task="EarlyStopping")

# %% [markdown]
# ## 3 使权重缩小的惩罚项
#
# **Adam**（Kingma 和 Ba 2015）：$m \leftarrow \beta_1 m + (1 - \beta_1) g$，$v \leftarrow \beta_2 v + (1 - \beta_2) g^2$；设 $\hat m = m / (1 - \beta_1^t)$、$\hat v = v / (1 - \beta_2^t)$，则这一步是 $-r \, \hat m / (\sqrt{\hat v} + \varepsilon)$，其中 $t$ 从 1 数起。
#
# 衰减 $\lambda$ 应放在哪里？加到梯度上，$g + \lambda w$，它就会被 $\sqrt{\hat v}$ 除，于是梯度大的权重几乎不缩小。**AdamW**（Loshchilov 和 Hutter 2019）先缩小权重，$w \leftarrow w - r \lambda w$，再用纯粹的梯度走 Adam 的一步。

# %% task="adam_step"
# 约 30 分钟，中等。卡住了？hint("adam_step") 会给出第一步。
def adam_step(
    w: Tensor,
    g: Tensor,
    state: dict,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled: bool = True,
) -> tuple[Tensor, dict]:
    """AdamW 的一步；或者把惩罚项放进梯度的 Adam 的一步（`decoupled=False`）。

    Shapes:
        w, g   任意形状
        state  第一步之前为 {}，之后是上一次调用返回的状态；不改动
        out    新的权重，形状与 w 相同；新的状态，需要什么键就用什么键
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="adam_step"
# check("practice", task="adam_step")

# %% [markdown]
# 一场离开鞍点的赛跑：$f(w) = \frac52 w_1^2 + \frac14 (w_2^2 - 1)^2$ 在 0 处有鞍点，另有两个极小值；大家都从 $w_2 = 0$ 附近出发，那里通往外面的斜率很小。

# %% tags=["active-ipynb"]
# def race(kind, steps=40):
#     """返回一种下降方法经过的位置。"""
#     w, state, velocity = torch.tensor([-1.2, 0.02]).double(), {}, 0.0
#     path = [w]
#     for _ in range(steps):
#         g = torch.stack([5 * w[0], w[1] * (w[1] ** 2 - 1)])
#         if kind == "Newton":
#             w = w + newton_step(g, torch.diag(torch.stack([5 + 0 * w[0], 3 * w[1] ** 2 - 1])))
#         elif kind == "Adam":
#             w, state = adam_step(w, g, state, lr=0.05)
#         else:
#             velocity = g + (0.9 * velocity if kind == "momentum" else 0)
#             w = w - 0.03 * velocity
#         path.append(w)
#     return torch.stack(path)
#
#
# across, along = torch.linspace(-1.4, 1.4, 80).double(), torch.linspace(-0.4, 1.4, 80).double()
# heights = 2.5 * across**2 + 0.25 * (along[:, None] ** 2 - 1) ** 2
# figure = new_figure(7, 4, "From near a saddle: Newton's step ends there, plain descent is slow, Adam is first.")
# axes = figure.add_subplot(xlabel="$w_1$", ylabel="$w_2$", title="40 steps")
# axes.contour(across, along, heights, 25, colors="gray", linewidths=0.5)
# for kind, mark in (("gradient descent", "o-"), ("momentum", "s-"), ("Adam", "^-"), ("Newton", "D--")):
#     path = race(kind)
#     axes.plot(*path.T, mark, markersize=3, linewidth=1, label=f"{kind}: $w_2$ = {float(path[-1, 1]):.2f}")
# axes.plot(0, 1, "k*", markersize=10)
# axes.legend(fontsize=8)
# figure

# %% [markdown]
# L1 惩罚项在 0 处有一个角。它的**近端步**（proximal step，即软阈值）最小化 $\frac12 (u - w)^2 + t \lvert u \rvert$：每个权重朝 0 移动 $t$，并**停在** 0。这样就有了恰好为 0 的权重。

# %% task="l1_prox"
# 约 5 分钟，简单。卡住了？hint("l1_prox") 会给出第一步。
def l1_prox(w: Tensor, t: float) -> Tensor:
    """软阈值。

    Shapes:
        w    任意形状
        t    float  至少为 0
        out  形状和 dtype 与 w 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="l1_prox"
# check("practice", task="l1_prox")

# %% [markdown]
# 惩罚项对网络的影响，在平面上就能看到。下面让同一个网络学习两个类别，其中十分之一的标签是错的；L2 惩罚项为 $\lambda \lVert W \rVert^2$，$\lambda$ 取三个值。

# %% tags=["active-ipynb"]
# random = torch.Generator().manual_seed(0)
# points = torch.randn(80, 2, generator=random).clamp(-2.9, 2.9)
# sides = (points.prod(dim=1) > 0) ^ (torch.rand(80, generator=random) < 0.1)
# grid = torch.cartesian_prod(torch.linspace(-3, 3, 100), torch.linspace(-3, 3, 100))
# figure = new_figure(9, 3, "Regions of a network: with penalty 0.001 arms reach for single points, with 0.01 there "
#                           "are four quarters, with 0.1 the answer is the same everywhere.")
# for place, lam in enumerate((0.001, 0.01, 0.1)):
#     torch.manual_seed(1)
#     model = nn.Sequential(nn.Linear(2, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 1))
#     optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
#     for _ in range(300):
#         size = sum(layer.weight.square().sum() for layer in model[::2])
#         loss = nn.functional.binary_cross_entropy_with_logits(model(points)[:, 0], sides.float()) + lam * size
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#     with torch.no_grad():
#         regions, right = model(grid).reshape(100, 100) > 0, (model(points)[:, 0] > 0) == sides
#     axes = figure.add_subplot(1, 3, place + 1, aspect="equal", xticks=[], yticks=[])
#     axes.imshow(regions.T, extent=(-3, 3, -3, 3), origin="lower", cmap="coolwarm", alpha=0.4, vmin=0, vmax=1)
#     for side, marker in ((False, "bo"), (True, "r^")):
#         axes.plot(*points[sides == side].T, marker, markersize=3.5)
#     axes.set_title(f"penalty {lam}: {float(right.float().mean()):.0%} of the points right", fontsize=10)
# figure

# %% [markdown]
# ## 4 有益的噪声
#
# **Mixup**（Zhang 等 2018）在两个样本的混合上训练：$\lambda x_i + (1 - \lambda) x_j$，目标也用**同一个** $\lambda$ 混合。这个系数从 Beta 分布抽取，常常接近 0 或 1。这里 $\lambda$ 和配对的 $j$ 都已给出，所以你的代码只有一个正确答案。

# %% task="mixup"
# 约 10 分钟，简单。卡住了？hint("mixup") 会给出第一步。
def mixup(x: Tensor, targets: Tensor, lam: float, order: Tensor) -> tuple[Tensor, Tensor]:
    """把每个样本与它的配对混合。

    Shapes:
        x        (N, ...)  样本
        targets  (N, K)    独热向量或其他概率
        lam      float     从 0 到 1，样本本身的占比
        order    (N,)      int64，每个样本的配对的编号
        out      混合后的样本，形状与 x 相同；混合后的目标，形状与 targets 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mixup"
# check("practice", task="mixup")

# %% [markdown]
# **Cutout**（DeVries 和 Taylor 2017）用 0 遮住一个方块，这样只靠目标的某一部分就不够了。方块可以伸出边界；外面的部分裁掉，不移进来。

# %% task="cutout"
# 约 20 分钟，简单。卡住了？hint("cutout") 会给出第一步。
def cutout(x: Tensor, size: int, rows: Tensor, columns: Tensor) -> Tensor:
    """在每张图像上遮住一个方块。它从中心的上方和左方 `size // 2` 处开始，边长为 `size` 个像素。

    Shapes:
        x              (N, C, H, W)
        size           int，至少为 1
        rows, columns  (N,)  int64，每个方块的中心，在图像之内
        out            形状和 dtype 与 x 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="cutout"
# check("practice", task="cutout")

# %% tags=["active-ipynb"]
# drawn = signals.draw(6, seed=4)
# mixed, _ = mixup(drawn.x, torch.eye(10)[drawn.y], 0.6, torch.arange(6).roll(1))
# figure = new_figure(10, 2.4, "Three signals, and each of them mixed with another one.")
# for place in range(3):
#     axes = figure.add_subplot(1, 3, place + 1, yticks=[], xlabel="place")
#     axes.plot(drawn.x[place, 0], label=f"class {int(drawn.y[place])}")
#     axes.plot(mixed[place, 0], "--", label="mixed")
#     axes.legend(frameon=False)
# figure

# %% [markdown]
# **DropConnect**（Wan 等 2013）以概率 $p$ 把每个**权重**设为 0，而 dropout 是把单元设为 0。**随机深度**（stochastic depth；Huang 等 2016）丢弃整个残差分支：$x + b F(x)$，其中 $b$ 以概率 $1 - p$ 为 1，每个样本各抽一次。测试时两者都取均值：$(1 - p) W$，以及 $x + (1 - p) F(x)$。

# %% task="drop_connect"
# 约 15 分钟，简单。卡住了？hint("drop_connect") 会给出第一步。
def drop_connect(x: Tensor, W: Tensor, p: float, train: bool, generator: torch.Generator) -> Tensor:
    """没有偏置的线性层，它的权重会被丢弃。

    Shapes:
        x    (N, D)
        W    (K, D)
        p    float  从 0 到 1，权重为 0 的概率；x 的所有行共用一个掩码
        out  (N, K)  x W^T；训练时用 `generator` 抽取的新掩码，没有别的因子
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="drop_connect"
# check("practice", task="drop_connect")

# %% task="stochastic_depth"
# 约 15 分钟，简单。卡住了？hint("stochastic_depth") 会给出第一步。
def stochastic_depth(x: Tensor, branch: Tensor, p: float, train: bool, generator: torch.Generator) -> Tensor:
    """残差的和，其中的分支会被丢弃。

    Shapes:
        x, branch  (N, ...)  捷径和 F(x)，形状相同
        p          float     样本的分支被丢弃的概率
        out        与 x 同形  训练时用 `generator` 为每个样本抽取一次
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="stochastic_depth"
# check("practice", task="stochastic_depth")

# %% [markdown]
# ## 5 取平均
#
# 几个预测的均值，很少比其中一个差；集成能提高一两个百分点。沿着一次训练对**权重**取平均更便宜：**SWA**（Izmailov 等 2018）维护一个累计均值，$\bar w \leftarrow \bar w + (w - \bar w) / (n + 1)$，其中已经包含 $n$ 个网络。（批量归一化的滑动统计量在之后重新计算。）

# %% task="swa_update"
# 约 10 分钟，简单。卡住了？hint("swa_update") 会给出第一步。
def swa_update(average: list[Tensor], new: list[Tensor], n: int) -> list[Tensor]:
    """由 n 个网络的均值和一个新网络，得到 n + 1 个网络的均值。

    Shapes:
        average, new  张量的列表，形状两两相同
        n             int  至少为 0；为 0 时结果等于 `new`
        out           新张量的列表
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="swa_update"
# check("practice", task="swa_update")

# %% [markdown]
# **蒙特卡洛 dropout**（Monte Carlo dropout；Gal 和 Ghahramani 2016）在测试时仍然打开 dropout。几个预测的分散程度，说明网络有多不确定。其他一切，例如批量归一化，都必须在评估模式；结束之后，所有模块都要恢复原来的模式。

# %% task="mc_dropout"
# 约 25 分钟，中等。卡住了？hint("mc_dropout") 会给出第一步。
@torch.no_grad()
def mc_dropout(model: nn.Module, x: Tensor, S: int) -> tuple[Tensor, Tensor]:
    """打开 dropout，S 个预测的均值和方差。

    Shapes:
        model  含有 nn.Dropout；结束之后，所有模块的模式与原来一样
        x      (N, ...)
        S      int，至少为 1
        out    各预测的均值和方差（除以 S），形状都与 model(x) 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mc_dropout"
# check("practice", task="mc_dropout")

# %% [markdown]
# **集成**（ensemble）用多个网络给出同样的信息。这些网络的初始权重不同；用 **bagging**（Breiman 1996）时，数据也不同：每个网络都从有放回抽样得到的一份数据中学习。有样本的地方，它们意见一致。带 dropout 的单个网络更便宜，给出的信息也更少：在没有样本的地方比较这两条带子。

# %% tags=["active-ipynb"]
# x = torch.cat([torch.rand(20) - 2, torch.rand(20) + 0.5])[:, None]
# y = (2 * x).sin() + 0.1 * torch.randn(40, 1)
# line = torch.linspace(-3, 3, 200)[:, None]
#
#
# def trained(rows, p, steps=200):
#     """返回用这些行训练的、带有 dropout p 的网络。"""
#     model = nn.Sequential(nn.Linear(1, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 1))
#     optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
#     for _ in range(steps):
#         optimizer.zero_grad()
#         (model(x[rows]) - y[rows]).square().mean().backward()
#         optimizer.step()
#     return model
#
#
# ensemble = torch.stack([trained(torch.randint(40, (40,)), 0.0)(line) for _ in range(8)]).detach()
# mean, variance = mc_dropout(trained(torch.arange(40), 0.2), line, 50)
# bands = {"eight networks, each on a resample": (ensemble.mean(dim=0), ensemble.std(dim=0)),
#          "one network with dropout": (mean.detach(), variance.detach().sqrt())}
# figure = new_figure(9, 3, "Bands of two deviations. That of the ensemble is narrow where points are, and wide "
#                           "outside; that of dropout says less about where nothing is known.")
# for place, (title, (middle, deviation)) in enumerate(bands.items()):
#     axes = figure.add_subplot(1, 2, place + 1, ylim=(-3, 3), title=title)
#     axes.plot(x, y, ".")
#     axes.plot(line, middle)
#     axes.fill_between(line[:, 0], *((middle + k * deviation)[:, 0] for k in (-2, 2)), alpha=0.25)
# figure

# %% [markdown]
# ## 6 从一个任务到另一个
#
# **迁移**（transfer）：取一个训练好的网络，换掉输出头，只训练输出头；或者用十分之一的学习率训练全部。**冻结**（freeze）一些层有两层含义：它们的参数不需要梯度；它们的批量归一化也不收集新数据的统计量，所以必须在评估模式。

# %% task="freeze"
# 约 15 分钟，简单。卡住了？hint("freeze") 会给出第一步。
def freeze(model: nn.Module, names: list[str]) -> int:
    """原地冻结模型的一些层。其他层保持原来的模式和 `requires_grad`。

    Shapes:
        names  子模块的名字，与 `model.named_modules()` 中的一样；其中包含的一切也都冻结
        out    模型中还有多少个数需要梯度，Python int
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="freeze"
# check("practice", task="freeze")

# %% task="parameter_groups"
# 约 15 分钟，简单。卡住了？hint("parameter_groups") 会给出第一步。
def parameter_groups(model: nn.Module, head: str, head_lr: float, factor: float = 0.1) -> list[dict]:
    """torch 优化器用的两组：模型的其余部分，学习率是输出头的 factor 倍；以及输出头。

    Shapes:
        head  子模块的名字
        out   [{"params": [...], "lr": factor * head_lr}, {"params": [...], "lr": head_lr}]
              每个需要梯度的参数恰好在一组中，其他的不在任何一组中
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="parameter_groups"
# check("practice", task="parameter_groups")

# %% [markdown]
# ## 7 大批量
#
# 批量变成 $k$ 倍，学习率也要变成大约 $k$ 倍，并且先预热几千步（Goyal 等 2017）。内存放不下整个批量，就用**累积**（accumulate）：把各部分的梯度加起来。损失是对样本的均值，所以大小不等的部分要按大小来算：均值的均值是另一回事。

# %% task="accumulate"
# 约 20 分钟，中等。卡住了？hint("accumulate") 会给出第一步。
def accumulate(model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], parts: list[tuple[Tensor, Tensor]]) -> float:
    """把模型的梯度设为平均损失的梯度；取平均时，算上所有部分的全部样本。

    调用之前的梯度要清掉。不更新权重。

    Shapes:
        loss   预测与目标的平均损失
        parts  若干对 (x, y)，长度不等，都至少为 1
        out    Python float，全部样本的平均损失
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="accumulate"
# check("practice", task="accumulate")

# %% [markdown]
# 学习率合适吗？拿更新的长度与权重的长度相比：比值约为 0.001，就算健康。

# %% task="update_ratio"
# 约 5 分钟，简单。卡住了？hint("update_ratio") 会给出第一步。
def update_ratio(before: list[Tensor], after: list[Tensor]) -> float:
    """全部权重合在一起，变化的长度除以之前的长度。

    Shapes:
        before, after  张量的列表，形状两两相同；不全为 0
        out            Python float
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="update_ratio"
# check("practice", task="update_ratio")

# %% [markdown]
# ## 8 少一层
#
# 测试时，批量归一化是固定的缩放和平移，可以并入前一层：$w' = w \gamma / \sqrt{v + \varepsilon}$，$b' = (b - m) \gamma / \sqrt{v + \varepsilon} + \beta$。

# %% task="fold_batchnorm"
# 约 25 分钟，中等。卡住了？hint("fold_batchnorm") 会给出第一步。
@torch.no_grad()
def fold_batchnorm(layer: nn.Module, bn: nn.Module) -> nn.Module:
    """一个新的层，计算 `layer` 再接评估模式下的 `bn` 的结果。两者都不改动。

    Shapes:
        layer  nn.Conv2d 或 nn.Linear，有或没有偏置
        bn     nn.BatchNorm2d 或 nn.BatchNorm1d，有权重、偏置和滑动统计量
        out    种类和几何参数相同的层，有偏置
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="fold_batchnorm"
# check("practice", task="fold_batchnorm")

# %% [markdown]
# ## 9 为什么能泛化？
#
# 多次抽取数据，各训练一个网络，比较它们对同样的点的预测。**偏差**（bias）是预测的均值离真实值有多远；**方差**（variance）是它们相差多少。对新的、有噪声的答案，平方误差的期望是偏差² + 方差 + 噪声²。

# %% task="bias_variance"
# 约 15 分钟，简单。卡住了？hint("bias_variance") 会给出第一步。
def bias_variance(predictions: Tensor, truth: Tensor, noise: float) -> tuple[Tensor, Tensor, Tensor]:
    """偏差的平方、方差和平方误差的期望，都是对各点的均值。

    Shapes:
        predictions  (S, N)  S 个网络对 N 个点的预测
        truth        (N,)    没有噪声
        noise        float   答案的标准差
        out          (), (), ()  方差除以 S；第三个是前两个与噪声方差之和
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="bias_variance"
# check("practice", task="bias_variance")

# %% [markdown]
# 参数比数据还多，会怎样？能精确拟合的权重有很多。**最小范数**（minimum-norm）拟合是其中最短的，即用伪逆得到的 $\Phi^+ y$；从 0 开始的梯度下降找到的也是它。（下降还有一个偏好：步长为 $r$ 的步子，更贴近 $L + \frac r4 \lVert \nabla L \rVert^2$ 的下坡方向，而不是 $L$ 的，所以会避开陡峭的地方；Barrett 和 Dherin 2021。）来看随机特征 $\max(0, Wx)$ 的个数超过样本数时，测试误差会怎样（Belkin 等 2019）。

# %% task="min_norm_fit"
# 约 10 分钟，中等。卡住了？hint("min_norm_fit") 会给出第一步。
def min_norm_fit(Phi: Tensor, y: Tensor) -> Tensor:
    """在平方和最小的所有权重中，长度最小的那个。

    Shapes:
        Phi  (N, P)  float64；N 可以小于或大于 P，秩可以小于两者
        y    (N,)
        out  (P,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="min_norm_fit"
# check("practice", task="min_norm_fit")

# %% tags=["active-ipynb"]
# def hinges(x, D):
#     """返回基 1, max(0, x - k / D)。"""
#     return torch.cat([torch.ones_like(x)[:, None], (x[:, None] - torch.arange(D) / D).clamp(min=0)], dim=1)
#
#
# places = torch.linspace(0, 1, 200, dtype=torch.float64)
# truth = (2 * math.pi * places).sin().exp()
# figure = new_figure(10, 6, "Thirty fits to 15 noisy points for 2, 4 and 12 joints: stiff, about right, wild; and for "
#                            "4 joints to 6, 10 and 100 points: the more points, the closer they are.")
# for place, (D, points) in enumerate(((2, 15), (4, 15), (12, 15), (4, 6), (4, 10), (4, 100))):
#     fits = []
#     for _ in range(300):
#         x = (torch.arange(points) + torch.rand(points)).double() / points
#         y = (2 * math.pi * x).sin().exp() + 0.3 * torch.randn(points).double()
#         fits.append(hinges(places, D) @ min_norm_fit(hinges(x, D), y))
#     bias, variance, _ = bias_variance(torch.stack(fits), truth, 0.3)
#     axes = figure.add_subplot(2, 3, place + 1, ylim=(-1, 4))
#     axes.set_title(f"joints: {D}, points: {points}; bias² {bias:.3f}, variance {variance:.3f}", fontsize=8)
#     axes.plot(places, torch.stack(fits[:30]).T, color="tab:blue", linewidth=0.5, alpha=0.4)
#     axes.plot(places, truth, "k")
# figure

# %% tags=["active-ipynb"]
# def test_error(p, noise, ridge=0.0, seeds=20, n=60, d=10):
#     """返回用 p 个随机特征拟合时的测试误差中位数。"""
#     errors = []
#     for seed in range(seeds):
#         generator = torch.Generator().manual_seed(seed)
#         draw = lambda *shape: torch.randn(*shape, dtype=torch.float64, generator=generator)
#         w, W = draw(d) / d**0.5, draw(p, d)
#         x, x_test = draw(n, d), draw(300, d)
#         y = (2 * x @ w).tanh() + noise * draw(n)
#         Phi, Phi_test = ((at @ W.T).relu() / p**0.5 for at in (x, x_test))
#         if ridge:
#             fit = torch.linalg.solve(Phi.T @ Phi + ridge * torch.eye(p).double(), Phi.T @ y)
#         else:
#             fit = min_norm_fit(Phi, y)
#         errors.append(float(((Phi_test @ fit - (2 * x_test @ w).tanh()) ** 2).mean()))
#     return sorted(errors)[seeds // 2]
#
#
# counts = [10, 20, 30, 40, 50, 55, 60, 65, 70, 80, 100, 150, 250, 400]
# figure = new_figure(6, 3.4, "Test error over the number of features: a peak at 60, the number of examples.")
# axes = figure.add_subplot(xlabel="features", ylabel="median test error", xscale="log", yscale="log")
# for style, label, noise, ridge in (
#     ("o-", "noise 0.3", 0.3, 0.0), ("s--", "no noise", 0.0, 0.0), ("^:", "noise 0.3, ridge 0.1", 0.3, 0.1)
# ):
#     axes.plot(counts, [test_error(p, noise, ridge) for p in counts], style, markersize=3, label=label)
# axes.axvline(60, color="gray", linestyle=":")
# axes.legend(frameon=False)
# figure

# %% [markdown] question="practice-q1"
# **简答题 1。** 特征有 60 个时拟合是精确的，有 400 个时也是。为什么 60 个时的测试误差大得多？岭改变了什么？关于选择网络的大小，这张图说明了什么？

# %% [markdown] answer="practice-q1"
# YOUR ANSWER HERE

# %% [markdown] question="practice-q2"
# **简答题 2。** 有人说：把 $10^{-2}$ 的惩罚项放进梯度，Adam 训练得比用同样惩罚项的 SGD 差。用上面的公式解释：梯度大的权重会怎样？梯度小的呢？

# %% [markdown] answer="practice-q2"
# YOUR ANSWER HERE

# %% [markdown] question="practice-q3"
# **简答题 3。** 为 64 × 64 像素、100 个类别的图像设计一个约有一百万个权重的卷积网络，并逐层数出权重。GoogLeNet（2014）训练时，中间还有两个分类器；有批量归一化或残差连接的网络不再有它们。它们当时为什么有用？现在为什么不再需要它们？

# %% [markdown] answer="practice-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 实践大多是簿记，而且必须精确：副本与引用，和与均值，训练时与测试时。现在你知道它在哪里会悄悄出错。
#
# **延伸阅读。** Karpathy（*A recipe for training neural networks*，2019）讲做事的先后顺序。Godbole 等（*Deep learning tuning playbook*，2023）讲每次训练都很昂贵时怎样搜索。Wightman、Touvron 和 Jégou（*ResNet strikes back*，2021）用 2021 年的做法训练 2015 年的网络：ImageNet 上 80.4 %。
