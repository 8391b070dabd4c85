# %% [markdown]
# # 由模块搭成的全连接网络
#
# 两层网络是一个函数：前向、反向和层的顺序都在一处。要加第三层，就得重写一遍。在这里，每一层都是一个类，它的 `forward` 和 `backward` 对相邻的层一无所知。于是任意深度的网络就是一个循环；PyTorch 自己的自动求导就是把这个想法做到底。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 层 | `Linear.forward`, `.backward`, `ReLU.forward`, `.backward`, `Dropout.forward`, `.backward` | 24 | 45 |
# | 2 两层网络和求解器 | `TwoLayerNet.__init__`, `.loss`, `create_solver_instance` | 12 | 40 |
# | 3 任意深度 | `FullyConnectedNet.__init__`, `.loss`, `get_three_layer_network_params`, `get_five_layer_network_params` | 16 | 65 |
# | 4 更新规则 | `sgd_momentum`, `nesterov`, `adagrad`, `rmsprop`, `adam` | 16 | 40 |
#
# 把每个 `raise NotImplementedError()` 换成你的代码，然后运行它下面的单元格。只需要 torch 的算术运算；`torch.nn`、`torch.autograd` 和 `torch.optim` 正是你要在这里造的东西，所以不允许使用。

# %%
from typing import Any

import torch
from torch import Tensor

from common.training.losses import softmax_loss
from common.training.solver import Solver

Cache = Any  # forward 为 backward 保存的内容
Config = dict[str, Any]


# %% tags=["active-ipynb"]
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid, show
# from common.training.seed import seed_everything
# from tqdm import tqdm
#
# seed_everything(0)

# %% [markdown]
# ## 数据
#
# 还是场景，减去训练均值图像，再除以一个标准差。`small` 是前五十张训练图像：用来过拟合的小数据集。

# %% tags=["active-ipynb"]
# scenes = load("scenes")
# mean, scale = scenes.x_train[:4000].mean(dim=0), scenes.x_train[:4000].std()
# images, test_images = (scenes.x_train - mean) / scale, (scenes.x_test - mean) / scale
# validation = {"X_val": images[4000:], "y_val": scenes.y_train[4000:]}
# data = {"X_train": images[:4000], "y_train": scenes.y_train[:4000], **validation}
# small = {"X_train": images[:50], "y_train": scenes.y_train[:50], **validation}
# image_grid(scenes.x_train[:16], titles=[scenes.class_names[label] for label in scenes.y_train[:16]])

# %% [markdown]
# ## 1 层
#
# 一层就是一对函数。
#
#     forward(inputs)        -> output, cache
#     backward(dout, cache)  -> 对每个输入的梯度
#
# `dout` 是损失对该层输出的梯度，形状与输出相同。`cache` 放 `backward` 需要的任何东西，别人不会去看。两个函数都不改动传入的张量：同一个 `x` 可能也是另一层的输入，同一个 `dout` 可能传给两层。
#
# ### 线性层
#
# 每张图像不管形状如何，都读成一行 $D$ 个数，然后
#
# $$ \text{out} = x\,w + b, \qquad
#    dx = d\text{out}\; w^\top, \qquad dw = x^\top d\text{out}, \qquad db = \sum_i d\text{out}_i . $$
#
# `dx` 的形状与 `x` 相同，而不是那些行的形状。转置得到的图像内存不连续：`view` 会拒绝，`reshape` 和 `flatten` 在必要时会复制。

# %% task="Linear.forward Linear.backward"
# 约 20 分钟，简单。卡住了？hint("Linear.forward") 或 hint("Linear.backward") 会给出第一步。
class Linear:
    """每张图像当作一行，乘以 w，再加 b。"""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Cache]:
        """应用这一层。

        Shapes:
            x    (N, d1, ..., dk)  图像，每张 D = d1 * ... * dk 个数
            w    (D, M)            权重
            b    (M,)              偏置
            out  (N, M)            以及缓存
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    @staticmethod
    def backward(dout: Tensor, cache: Cache) -> tuple[Tensor, Tensor, Tensor]:
        """对每个输入的梯度。

        Shapes:
            dout  (N, M)                           对输出的梯度
            out   (N, d1, ..., dk), (D, M), (M,)   dx、dw、db
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Linear.forward"
# check("fully_connected_networks", task="Linear.forward")

# %% tags=["active-ipynb"] grade="Linear.backward"
# check("fully_connected_networks", task="Linear.backward")

# %% [markdown]
# ### ReLU
#
# $\max(0, x)$，逐元素。$x > 0$ 处梯度原样通过，其余位置为 0。（恰好在 0 处没有导数；和大家一样，我们取 0。）

# %% task="ReLU.forward ReLU.backward"
# 约 5 分钟，简单。卡住了？hint("ReLU.forward") 或 hint("ReLU.backward") 会给出第一步。
class ReLU:
    """负值变为 0。"""

    @staticmethod
    def forward(x: Tensor) -> tuple[Tensor, Cache]:
        """应用这一层。

        Shapes:
            x    任意
            out  同 x  以及缓存
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    @staticmethod
    def backward(dout: Tensor, cache: Cache) -> Tensor:
        """对 x 的梯度。

        Shapes:
            dout  同 x
            out   同 x
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ReLU.forward"
# check("fully_connected_networks", task="ReLU.forward")

# %% tags=["active-ipynb"] grade="ReLU.backward"
# check("fully_connected_networks", task="ReLU.backward")

# %% [markdown]
# ### 其他激活函数
#
# ReLU 只是众多选择之一。
#
# | 函数 | 公式 | 注意 |
# |---|---|---|
# | sigmoid | $1 / (1 + e^{-x})$ | 会**饱和**：离 0 远时斜率接近 0。斜率最大 1/4 |
# | tanh | $2\,\text{sigmoid}(2x) - 1$ | 也会饱和；但输出以 0 为中心 |
# | ReLU | $\max(0, x)$ | 对所有图像都为负的单元得不到梯度：它“死”了 |
# | Leaky ReLU | $\max(0.01 x, x)$ | 左侧有小斜率，每个单元都不会“死” |
# | GELU | $x \cdot P(Z \le x)$，$Z$ 为标准正态 | 平滑的 ReLU；Transformer 用它（a06） |
#
# sigmoid 的输出全为正，所以对每张图像，下一层一个单元所有权重的梯度符号都相同：又是 `two_layer_net` 里的锯齿形路线，而且每一层都有。第三张图让梯度往回穿过十层，每层 200 个单元，权重方差为 1/200（ReLU 为 2/200）。哪些函数能让梯度活下来？

# %% tags=["active-ipynb"]
# functions = {
#     "sigmoid": torch.sigmoid, "tanh": torch.tanh, "ReLU": torch.relu,
#     "leaky ReLU": torch.nn.functional.leaky_relu, "GELU": torch.nn.functional.gelu,
# }
# figure, panels = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
# arrived = []
# for (name, function), style in zip(functions.items(), ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]):
#     x = torch.linspace(-4, 4, 401, requires_grad=True)
#     (slope,) = torch.autograd.grad(function(x).sum(), x)
#     panels[0].plot(x.detach(), function(x).detach(), linestyle=style, label=name)
#     panels[1].plot(x.detach(), slope, linestyle=style)
#     torch.manual_seed(0)
#     gain, hidden, layers = 2 if "LU" in name else 1, torch.randn(500, 200, requires_grad=True), []
#     for _ in range(10):
#         hidden = function(hidden @ (torch.randn(200, 200) * (gain / 200) ** 0.5))
#         layers.append(hidden)
#     sizes = [float(grad.norm()) for grad in torch.autograd.grad(hidden, layers, torch.randn_like(hidden))]
#     panels[2].semilogy(range(1, 11), [size / sizes[-1] for size in sizes], linestyle=style, marker="o", markersize=3)
#     arrived.append(f"{name} {sizes[0] / sizes[-1]:.1g}")
# panels[0].set(title="function", xlabel="x", ylim=(-1.2, 2.2))
# panels[1].set(title="slope", xlabel="x")
# panels[2].set(title="gradient that arrives", xlabel="layer", ylabel="relative to the last layer")
# figure.legend(loc="outside lower center", ncols=5, frameon=False)
# show(f"Five activations, their slopes, and the gradient after ten layers: {', '.join(arrived)} of the last layer's.")

# %% [markdown]
# 总是一起出现的层可以合成一个类。这里不用写代码：这一对的缓存就是两个缓存组成的一对，反向时按相反的顺序经过它们。

# %%
class Linear_ReLU:
    """线性，然后 ReLU。"""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Cache]:
        """见 Linear.forward。"""
        scores, linear_cache = Linear.forward(x, w, b)
        out, relu_cache = ReLU.forward(scores)
        return out, (linear_cache, relu_cache)

    @staticmethod
    def backward(dout: Tensor, cache: Cache) -> tuple[Tensor, Tensor, Tensor]:
        """见 Linear.backward。"""
        linear_cache, relu_cache = cache
        return Linear.backward(ReLU.backward(dout, relu_cache), linear_cache)


# %% [markdown]
# ### dropout
#
# Srivastava 等（*Dropout: a simple way to prevent neural networks from overfitting*，2014）：训练时，每个值以概率 $p$ 设为 0，每个批量重新抽取，这样任何单元都不能依赖某个特定的其他单元。预测时什么都不丢弃。
#
# 下一层在预测时看到的和，不能比训练时大。**反向缩放**（inverted）的 dropout 在训练时就做补偿：留下来的值除以留下的概率，这样期望值保持不变。
#
# $$ \text{train: } \text{out} = \frac{m}{1 - p} \odot x, \quad m_i \in \{0, 1\}, \; P(m_i = 0) = p; \qquad
#    \text{test: } \text{out} = x . $$
#
# 当心：在论文和一些课程中，$p$ 是**保留**的概率。这里和 PyTorch 一样，是**丢弃**的概率；$p = 0$ 什么都不改变。反向传播用前向传播抽取的掩码。
#
# 有 `seed` 时，每次调用的掩码都相同，这样才能用有限差分检验带 dropout 的网络。用独立的 `torch.Generator` 来抽取（`torch.rand(..., generator=...)`），这样其他随机数仍是随机的。

# %% task="Dropout.forward Dropout.backward"
# 约 20 分钟，中等。卡住了？hint("Dropout.forward") 或 hint("Dropout.backward") 会给出第一步。
class Dropout:
    """训练时随机的一些值变为 0。"""

    @staticmethod
    def forward(x: Tensor, dropout_param: Config) -> tuple[Tensor, Cache]:
        """应用这一层。

        dropout_param 包含 p，即丢弃一个值的概率，0 <= p < 1；mode，"train" 或 "test"；可能还有 seed，int 或
        None。

        Shapes:
            x    任意
            out  同 x  以及缓存
        """
        p, mode, seed = dropout_param["p"], dropout_param["mode"], dropout_param.get("seed")
        if not 0 <= p < 1:
            raise ValueError(f"p is the probability to drop a value, at least 0 and below 1; it is {p}.")
        if mode not in ("train", "test"):
            raise ValueError(f'mode is "train" or "test", not {mode!r}.')
        # YOUR CODE HERE
        raise NotImplementedError()

    @staticmethod
    def backward(dout: Tensor, cache: Cache) -> Tensor:
        """对 x 的梯度。

        Shapes:
            dout  同 x
            out   同 x
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Dropout.forward"
# check("fully_connected_networks", task="Dropout.forward")

# %% tags=["active-ipynb"] grade="Dropout.backward"
# check("fully_connected_networks", task="Dropout.backward")

# %% [markdown]
# 一个掩码，以及全 1 的一层经过它之后的样子。不管 $p$ 是多少，均值都保持 1。

# %% tags=["active-ipynb"]
# panels = []
# for p in (0.0, 0.2, 0.5, 0.8):
#     out, _ = Dropout.forward(torch.ones(1, 1, 40, 40), {"mode": "train", "p": p})
#     panels.append(out[0] / 5)
#     print(f"p = {p}: mean {float(out.mean()):.3f}, largest {float(out.max()):.1f}")
# image_grid(torch.stack(panels), titles=["p = 0", "p = 0.2", "p = 0.5", "p = 0.8"])

# %% [markdown] question="fully-connected-q1"
# **简答题 1。** 你忘了除以 $1 - p$，用 $p = 0.5$ 训练。训练准确率看起来不错。如果网络有两个隐藏层，每层之后都有 dropout，预测时得分会怎样？是预测的类别错了，还是只有概率错了？（先设所有偏置为 0，再考虑不为 0 的情形。）

# %% [markdown] answer="fully-connected-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 2 两层网络和求解器
#
# 再写一次前半部分的网络，这次用模块搭：线性 - ReLU - 线性 - softmax。`softmax_loss(x, y)` 给出损失的均值及其对得分的梯度。正则项还是 `reg * sum(W * W)`，不带 1/2，只对权重；softmax_loss 不知道它的存在。
#
# 权重的初始值是标准差为 `weight_scale` 的正态随机数，偏置为 0。把它们存进 `self.params`，名字为 W1、b1、W2、b2，使用指定的 dtype 和设备。

# %% task="TwoLayerNet.__init__ TwoLayerNet.loss"
# 约 20 分钟，中等。卡住了？hint("TwoLayerNet.__init__") 或 hint("TwoLayerNet.loss") 会给出第一步。
class TwoLayerNet:
    """线性 - ReLU - 线性 - softmax。"""

    def __init__(
        self,
        input_dim: int = 3 * 32 * 32,
        hidden_dim: int = 100,
        num_classes: int = 10,
        weight_scale: float = 1e-3,
        reg: float = 0.0,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
    ) -> None:
        self.params: dict[str, Tensor] = {}
        self.reg = reg
        # YOUR CODE HERE
        raise NotImplementedError()

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        """没有 y 时返回得分；有 y 时返回损失和梯度。

        Shapes:
            X    (N, d1, ..., dk)  图像
            y    (N,)              标签，int64
            out  (N, C)            得分；或者一对：损失 ()，梯度的字典，键与 params 相同
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="TwoLayerNet.__init__"
# check("fully_connected_networks", task="TwoLayerNet.__init__")

# %% tags=["active-ipynb"] grade="TwoLayerNet.loss"
# check("fully_connected_networks", task="TwoLayerNet.loss")

# %% [markdown]
# 所有网络的训练过程都一样，所以放在单独的类里：`Solver(model, data, ...)` 抽批量，调用 `model.loss`，把每个参数和它的梯度交给更新规则，计算准确率，并保留验证结果最好的参数。`help(Solver)` 列出它的选项。
#
# 它还可以中断再继续：设 `checkpoint_name="runs/first"`，每一轮之后都会保存全部状态；崩溃之后，在 `solver.train()` 之前调用 `solver.resume()`，得到的数与没有中断过的运行完全相同。
#
# 更新规则是一个函数，接收参数、它的梯度和 `config`，后者存放学习率，以及规则需要记住的东西。最简单的普通下降已经给出，其余的在第 4 部分。

# %%
def sgd(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """普通梯度下降：w - learning_rate * dw。"""
    config = {"learning_rate": 1e-2} | (config or {})
    return w - config["learning_rate"] * dw, config


# %% [markdown]
# 造一个 `TwoLayerNet` 和训练它的 `Solver`，在场景上训练出好结果：十轮之内明显超过线性分类器。`data_dict` 有 X_train、y_train、X_val、y_val；图像如上减去均值并缩放，大小任意。
#
# 从 `update_rule=sgd`、批量大小 100、隐藏层 100 开始，一次只改一样。先改学习率，每次 3 倍；再改 `weight_scale`。

# %% task="create_solver_instance"
# 约 20 分钟，中等。卡住了？hint("create_solver_instance") 会给出第一步。
def create_solver_instance(data_dict: dict[str, Tensor], dtype: torch.dtype, device: str | torch.device) -> Solver:
    """一个尚未训练的 Solver，带着能在十轮之内学会这些数据的 TwoLayerNet。

    Shapes:
        data_dict  dict    X_train (N, d1, ..., dk)、y_train (N,)、X_val (N', d1, ..., dk)、y_val (N',)
        dtype              参数的 dtype
        device             参数和训练的设备
        out        Solver
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="create_solver_instance"
# check("fully_connected_networks", task="create_solver_instance")

# %% tags=["active-ipynb"]
# # 约 6 秒
# solver = create_solver_instance(data, dtype=torch.float32, device="cpu")
# solver.train()
# print(f"best validation accuracy {solver.best_val_acc:.3f}")
# curves({"loss": solver.loss_history}, ylabel="loss of the batch")

# %% tags=["active-ipynb"]
# accuracies = {"training": solver.train_acc_history, "validation": solver.val_acc_history}
# curves(accuracies, xlabel="epoch", ylabel="accuracy")

# %% [markdown]
# ## 3 任意深度
#
# $$ \{\text{linear} - \text{ReLU} - [\text{dropout}]\} \times (L - 1) \;-\; \text{linear} \;-\; \text{softmax} $$
#
# 第 $l$ 层的参数是 $W_l$ 和 $b_l$，$l = 1 \dots L$，存为 W1、b1、……、WL、bL；`hidden_dims` 是 `input_dim` 与 `num_classes` 之间的 $L - 1$ 个宽度。前向时把缓存放进列表，反向时从列表末尾往前走。每一层的权重都给正则项加上自己的一份：用遍历各层的循环，而不是两行代码。
#
# 每个隐藏 ReLU 之后的 dropout 只在训练时（也就是给了标签时）起作用：在 `loss` 里首先设置 `self.dropout_param["mode"]`。没有 dropout（为 0）时，根本不需要这些层。

# %% task="FullyConnectedNet.__init__ FullyConnectedNet.loss"
# 约 45 分钟，困难。卡住了？hint("FullyConnectedNet.__init__") 或 hint("FullyConnectedNet.loss") 会给出第一步。
class FullyConnectedNet:
    """任意深度的网络：{线性 - ReLU - [dropout]} x (L - 1) - 线性 - softmax。"""

    def __init__(
        self,
        hidden_dims: list[int],
        input_dim: int = 3 * 32 * 32,
        num_classes: int = 10,
        dropout: float = 0.0,
        reg: float = 0.0,
        weight_scale: float = 1e-2,
        seed: int | None = None,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
    ) -> None:
        """`dropout` 是丢弃一个值的概率；给了 `seed` 时，它固定的是掩码，不是权重。"""
        self.params: dict[str, Tensor] = {}
        self.reg, self.dtype = reg, dtype
        self.num_layers = len(hidden_dims) + 1
        self.dropout_param: Config = {"mode": "train", "p": dropout, "seed": seed}
        # YOUR CODE HERE
        raise NotImplementedError()

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        """没有 y 时返回得分，什么都不丢弃；有 y 时返回损失和梯度，用训练模式。

        Shapes:
            X    (N, d1, ..., dk)  图像，任意浮点 dtype
            y    (N,)              标签，int64
            out  (N, C)            得分；或者一对：损失 ()，梯度的字典，键与 params 相同
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="FullyConnectedNet.__init__"
# check("fully_connected_networks", task="FullyConnectedNet.__init__")

# %% tags=["active-ipynb"] grade="FullyConnectedNet.loss"
# check("fully_connected_networks", task="FullyConnectedNet.loss")

# %% [markdown]
# ### 权重该从多大开始？
#
# 第 $l$ 层的每个值都由第 $l - 1$ 层的各个单元求和得到。权重太小，每一层都把值缩小，十层之后什么都不剩；太大，值就会爆炸。对 ReLU，合适的大小是 $\sqrt{2 / \text{inputs}}$（He 等，*Delving deep into rectifiers*，2015，式 10）。梯度往回走时遇到同样的倍数。十层，每层 200 个单元，三种初始化：

# %% tags=["active-ipynb"]
# figure, panels = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
# said, scales = [], {"0.03": (0.03, "--"), "sqrt(2 / 200) = 0.1": (0.1, "-"), "0.3": (0.3, ":")}
# for name, (weight_scale, style) in scales.items():
#     net = FullyConnectedNet([200] * 9, input_dim=200, weight_scale=weight_scale)
#     x, spread = torch.randn(500, 200), []
#     for layer in range(1, 10):
#         x, _ = Linear_ReLU.forward(x, net.params[f"W{layer}"], net.params[f"b{layer}"])
#         spread.append(float(x.std()))
#     _, grads = net.loss(torch.randn(500, 200), torch.randint(10, (500,)))
#     panels[0].semilogy(range(1, 10), spread, linestyle=style, marker="o", label=name)
#     sizes = [float(grads[f"W{layer}"].std()) for layer in range(1, 11)]
#     panels[1].semilogy(range(1, 11), sizes, linestyle=style, marker="o", label=name)
#     ends = [f"{spread[0]:.2g} to {spread[-1]:.2g}", f"{sizes[0]:.2g} to {sizes[-1]:.2g}"]
#     said.append(f"scale {name}, values from {ends[0]}, gradients from {ends[1]}")
# panels[0].set(xlabel="layer", ylabel="standard deviation of the values")
# panels[1].set(xlabel="layer", ylabel="standard deviation of the gradient")
# for panel in panels:
#     panel.grid(alpha=0.3)
# lines, names = panels[0].get_legend_handles_labels()
# figure.legend(lines, names, loc="outside lower center", ncols=3, frameon=False, title="weight_scale")
# show(f"Standard deviations from the first to the last layer: {'; '.join(said)}.")

# %% [markdown]
# ### 过拟合五十张图像
#
# 在用全部数据训练之前，先用很少的数据训练，并且坚持要达到 100%。连五十张图像都记不住（过拟合）的网络一定有错，而你两秒钟就能发现。
#
# 找出一个权重尺度和一个学习率，让普通的 `sgd` 在 20 轮之内把五十张训练图像全部分对，批量大小 25，没有正则化：一次是隐藏层为 [100, 100] 的网络，一次是 [100, 100, 100, 100] 的。更深的网络更难伺候；上面的图说明了原因。

# %% task="get_three_layer_network_params"
# 约 10 分钟，简单。卡住了？hint("get_three_layer_network_params") 会给出第一步。
def get_three_layer_network_params() -> tuple[float, float]:
    """用隐藏层 [100, 100] 过拟合五十张图像的 (weight_scale, learning_rate)。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="get_three_layer_network_params"
# check("fully_connected_networks", task="get_three_layer_network_params")

# %% task="get_five_layer_network_params"
# 约 10 分钟，简单。卡住了？hint("get_five_layer_network_params") 会给出第一步。
def get_five_layer_network_params() -> tuple[float, float]:
    """用隐藏层 [100, 100, 100, 100] 过拟合五十张图像的 (weight_scale, learning_rate)。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="get_five_layer_network_params"
# check("fully_connected_networks", task="get_five_layer_network_params")

# %% tags=["active-ipynb"]
# lines = {}
# for name, hidden_dims, (weight_scale, learning_rate) in [
#     ("three layers", [100] * 2, get_three_layer_network_params()),
#     ("five layers", [100] * 4, get_five_layer_network_params()),
# ]:
#     net = FullyConnectedNet(hidden_dims, weight_scale=weight_scale)
#     settings = {"learning_rate": learning_rate}
#     solver = Solver(net, small, update_rule=sgd, optim_config=settings, num_epochs=20, batch_size=25, verbose=False)
#     solver.train()
#     lines[name] = solver.train_acc_history
#     print(f"{name}: training accuracy {max(solver.train_acc_history):.2f}, validation {solver.best_val_acc:.2f}")
# curves(lines, xlabel="epoch", ylabel="accuracy on fifty images")

# %% [markdown]
# 究竟哪些组合有效？亮的地方表示五十张图像 100% 正确。比较明亮区域的大小。

# %% tags=["active-ipynb"]
# # 约 15 秒
# scales, rates = [0.01, 0.02, 0.05, 0.1, 0.2], [0.003, 0.01, 0.03, 0.1, 0.3]
# pairs, perfect = [(i, j) for i in range(len(scales)) for j in range(len(rates))], []
# figure, panels = plt.subplots(1, 2, figsize=(11, 4))
# for panel, hidden_dims in zip(panels, ([100] * 2, [100] * 4)):
#     table = torch.zeros(len(scales), len(rates))
#     for i, j in tqdm(pairs, desc=f"{len(hidden_dims) + 1} layers", unit="net"):
#         net = FullyConnectedNet(hidden_dims, weight_scale=scales[i])
#         options = {"optim_config": {"learning_rate": rates[j]}, "num_epochs": 20, "batch_size": 25}
#         solver = Solver(net, small, **options, num_val_samples=50, verbose=False)
#         solver.train()
#         table[i, j] = max(solver.train_acc_history)
#     perfect.append(f"{int((table == 1).sum())} of 25 with {len(hidden_dims) + 1} layers")
#     panel.imshow(table, vmin=0, vmax=1, aspect="auto")
#     for i in range(len(scales)):
#         for j in range(len(rates)):
#             colour = "black" if table[i, j] > 0.5 else "white"
#             panel.text(j, i, f"{table[i, j]:.2f}", ha="center", va="center", color=colour)
#     panel.set_xticks(range(len(rates)), rates)
#     panel.set_yticks(range(len(scales)), scales)
#     panel.set(xlabel="learning rate", ylabel="weight scale", title=f"{len(hidden_dims) + 1} layers")
# show(f"Maps over weight scale and learning rate. Pairs that get all fifty images right: {', '.join(perfect)}.")

# %% [markdown] question="fully-connected-q2"
# **简答题 2。** 五层网络的明亮区域为什么更小？说说它的左边、右边、上面和下面各出了什么问题，从值和梯度的大小来谈。一位同事写道“深层网络需要更小的学习率”。你的图显示的是这样吗？

# %% [markdown] answer="fully-connected-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 更新规则
#
# 普通下降在所有方向上用同样的步长，而且每个梯度用过就忘。下面是五种更好的规则。每种都是函数 `(w, dw, config) -> (next_w, config)`：各步之间要记住的东西都放在 `config` 里，用下面的名字，从 0 开始。返回新张量，`w` 和 `dw` 保持原样。
#
# | 规则 | 记住 | 一步 |
# |---|---|---|
# | 动量 | `velocity` | $v \leftarrow \mu v - \eta\, g, \quad w \leftarrow w + v$ |
# | Nesterov | `velocity` | 同样的 $v$，然后 $w \leftarrow w - \mu v_\text{old} + (1 + \mu)\, v$ |
# | AdaGrad | `cache` | $c \leftarrow c + g^2, \quad w \leftarrow w - \eta\, g / (\sqrt{c} + \epsilon)$ |
# | RMSProp | `cache` | $c \leftarrow \rho c + (1 - \rho) g^2$，然后同 AdaGrad |
# | Adam | `m`、`v`、`t` | 见下文 |
#
# 出处：Polyak 1964；Sutskever 等 2013，采用 Bengio 等（*Advances in optimizing recurrent networks*，2012，式 7）的形式；Duchi 等 2011；Tieleman 和 Hinton 2012，第 6e 讲；Kingma 和 Ba 2015，算法 1。
#
# 动量是一个滚动的球：变号的方向被平均掉，不变号的方向越滚越快。Nesterov 看的是往前滚一步之后的梯度；像上面那样，以“往前看的那个点”为变量来写，只需要 `w` 处的 `dw`。AdaGrad 把每个坐标的步长除以它迄今梯度的大小，于是永远减速下去；RMSProp 会忘记旧的梯度。Adam 是带动量的 RMSProp，并修正两个平均都从 0 开始的偏差：
#
# $$ t \leftarrow t + 1, \qquad m \leftarrow \beta_1 m + (1 - \beta_1) g, $$
#
# $$ v \leftarrow \beta_2 v + (1 - \beta_2) g^2, $$
#
# $$ w \leftarrow w - \eta\, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} . $$
#
# 有三处容易出错：$\epsilon$ 处处都在根号**之外**；$t$ **先**增加再使用，这样第一步除以的是 $1 - \beta$ 而不是 0；学习率在速度之内，这样改变学习率不会改变已经累积在速度里的步子。

# %% task="sgd_momentum"
# 约 5 分钟，简单。卡住了？hint("sgd_momentum") 会给出第一步。
def sgd_momentum(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """带动量的梯度下降。

    Shapes:
        w       任意        参数
        dw      同 w        梯度
        config  dict        learning_rate、momentum；velocity，形状同 w，从 0 开始
        out     同 w, dict  下一个 w；下一步的 config
    """
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": torch.zeros_like(w)} | (config or {})
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sgd_momentum"
# check("fully_connected_networks", task="sgd_momentum")

# %% task="nesterov"
# 约 10 分钟，中等。卡住了？hint("nesterov") 会给出第一步。
def nesterov(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """带 Nesterov 动量的梯度下降。

    Shapes:
        w       任意        参数：往前滚一步之后的点
        dw      同 w        那里的梯度
        config  dict        learning_rate、momentum；velocity，形状同 w，从 0 开始
        out     同 w, dict  下一个 w；下一步的 config
    """
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": torch.zeros_like(w)} | (config or {})
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nesterov"
# check("fully_connected_networks", task="nesterov")

# %% task="adagrad"
# 约 5 分钟，简单。卡住了？hint("adagrad") 会给出第一步。
def adagrad(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """AdaGrad：每个坐标的步长随它所有梯度的平方缩小。

    Shapes:
        w       任意        参数
        dw      同 w        梯度
        config  dict        learning_rate、epsilon；cache，形状同 w，从 0 开始
        out     同 w, dict  下一个 w；下一步的 config
    """
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": torch.zeros_like(w)} | (config or {})
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="adagrad"
# check("fully_connected_networks", task="adagrad")

# %% task="rmsprop"
# 约 5 分钟，简单。卡住了？hint("rmsprop") 会给出第一步。
def rmsprop(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """RMSProp：每个坐标的步长除以它近期梯度的大小。

    Shapes:
        w       任意        参数
        dw      同 w        梯度
        config  dict        learning_rate、decay_rate、epsilon；cache，形状同 w，从 0 开始
        out     同 w, dict  下一个 w；下一步的 config
    """
    defaults = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": torch.zeros_like(w)}
    config = defaults | (config or {})
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="rmsprop"
# check("fully_connected_networks", task="rmsprop")

# %% task="adam"
# 约 15 分钟，中等。卡住了？hint("adam") 会给出第一步。
def adam(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """Adam：梯度和梯度平方的滑动平均，两者都修正了从 0 开始的偏差。

    Shapes:
        w       任意        参数
        dw      同 w        梯度
        config  dict        learning_rate、beta1、beta2、epsilon；m 和 v，形状同 w，从 0 开始；t，已走步数，从 0 开始
        out     同 w, dict  下一个 w；下一步的 config
    """
    defaults = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 0}
    config = defaults | {"m": torch.zeros_like(w), "v": torch.zeros_like(w)} | (config or {})
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="adam"
# check("fully_connected_networks", task="adam")

# %% [markdown]
# 看它们沿一条长长的山谷往下走，$f(a, b) = \tfrac{1}{2} (a^2 + 25\, b^2)$，各走 60 步，星号是终点。哪些走锯齿形，哪些冲过头？山谷在一个方向上比另一个方向陡 25 倍，哪些不受影响？

# %% tags=["active-ipynb"]
# rules = {
#     "sgd": (sgd, 0.07), "momentum": (sgd_momentum, 0.01), "Nesterov": (nesterov, 0.01),
#     "AdaGrad": (adagrad, 0.5), "RMSProp": (rmsprop, 0.05), "Adam": (adam, 0.15),
# }
# a, b = torch.meshgrid(torch.linspace(-3.3, 1.5, 80), torch.linspace(-1.6, 1.6, 80), indexing="ij")
#
#
# def walk(f, start, steps=60):
#     heights = f(a, b)
#     levels = heights.flatten().quantile(torch.linspace(0.02, 0.98, 15)).tolist()
#     figure, panels = plt.subplots(2, 3, figsize=(11, 5), sharex=True, sharey=True, layout="constrained")
#     ends = []
#     for panel, (name, (rule, rate)) in zip(panels.flat, rules.items()):
#         w, config, path = torch.tensor(start), {"learning_rate": rate}, []
#         for _ in range(steps):
#             path.append(w)
#             at = w.clone().requires_grad_()
#             (gradient,) = torch.autograd.grad(f(*at), at)
#             w, config = rule(w, gradient, config)
#         panel.contour(a, b, heights, levels=levels, colors="tab:gray", linewidths=0.5)
#         panel.plot(*torch.stack(path).T, marker=".", markersize=3, linewidth=1)
#         panel.plot(*path[-1], marker="*", markersize=12, color="tab:red")
#         panel.set_title(f"{name}, learning rate {rate}", fontsize=9)
#         ends.append(f"{name} ({path[-1][0]:.2f}, {path[-1][1]:.2f})")
#     figure.supxlabel("a")
#     figure.supylabel("b")
#     show(f"Paths of six rules; after {steps} steps they are at {', '.join(ends)}.")
#
#
# walk(lambda a, b: (a**2 + 25 * b**2) / 2, [-3.0, 1.0])

# %% [markdown]
# 梯度为 0 的不只是最小值。在**鞍点**，损失在一些方向上下降，在另一些方向上升；在高维空间里，梯度为 0 的点几乎都是鞍点。下面是 $f(a, b) = \tfrac{1}{2} (a^2 - b^2) + \tfrac{1}{4} b^4$：鞍点在 (0, 0)，最小值在 (0, 1) 和 (0, -1)。所有规则都从 $b = 0.01$ 出发，几乎就在山脊上，下坡几乎感觉不到。60 步之后哪些找到了下山的路？为什么是它们？

# %% tags=["active-ipynb"]
# walk(lambda a, b: (a**2 - b**2) / 2 + b**4 / 4, [-3.0, 0.01])

# %% [markdown]
# 再看五层的网络。每种规则都有自己的学习率；用同一个学习率比较各种规则，什么都说明不了。

# %% tags=["active-ipynb"]
# # 约 20 秒
# def train(hidden_dims, rule, learning_rate, epochs=6, part=data, lr_decay=0.95, verbose=False, **options):
#     torch.manual_seed(1)
#     options.setdefault("weight_scale", 0.03)
#     net = FullyConnectedNet(hidden_dims, **options)
#     solver = Solver(
#         net, part, update_rule=rule, optim_config={"learning_rate": learning_rate}, lr_decay=lr_decay,
#         num_epochs=epochs, batch_size=100, verbose=verbose,
#     )
#     solver.train(time_limit=30)
#     return solver
#
#
# losses, accuracies = {}, {}
# rules = {
#     "sgd": (sgd, 0.1), "momentum": (sgd_momentum, 0.01), "Nesterov": (nesterov, 0.01),
#     "AdaGrad": (adagrad, 0.003), "RMSProp": (rmsprop, 0.0003), "Adam": (adam, 0.0005),
# }
# for name, (rule, rate) in tqdm(rules.items(), unit="rule"):
#     solver = train([100] * 4, rule, rate, weight_scale=0.08)
#     losses[name] = torch.tensor(solver.loss_history).unfold(0, 20, 5).mean(dim=1)
#     accuracies[name] = solver.val_acc_history
# curves(losses, xlabel="iteration / 5", ylabel="loss, mean of 20 batches")

# %% tags=["active-ipynb"]
# curves(accuracies, xlabel="epoch", ylabel="validation accuracy")

# %% [markdown] question="fully-connected-q3"
# **简答题 3。** AdaGrad 的步长过一阵子会小到停下来。看它的公式：如果所有梯度大小相等，步长随步数怎样缩小？RMSProp 的哪一行防止了这一点？为什么 Adam 需要修正，而这里的 RMSProp 不用：两者的第一步各有多大？

# %% [markdown] answer="fully-connected-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## dropout 缩小差距
#
# 1,000 张训练图像，20 轮：没有 dropout，网络会把它们全记住。有了 dropout 就记不住，转而学到的东西对新图像更有用，但也有限度。（训练准确率是在不丢弃任何值的情况下计算的。）实线是训练，虚线是验证；右边每根柱子是两者最后的差距。

# %% tags=["active-ipynb"]
# # 约 8 秒
# few = {"X_train": images[:1000], "y_train": scenes.y_train[:1000], **validation}
# figure, panels = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True, layout="constrained", width_ratios=[2, 1])
# gaps = []
# for number, p in enumerate(tqdm((0.0, 0.4, 0.8), unit="net")):
#     solver = train([100, 100], adam, 1e-3, epochs=20, part=few, lr_decay=1.0, dropout=p)
#     look = {"color": f"C{number}", "marker": "os^"[number], "markersize": 3}
#     panels[0].plot(solver.train_acc_history, "-", label=f"p = {p}, training", **look)
#     panels[0].plot(solver.val_acc_history, "--", label=f"p = {p}, validation", **look)
#     high, low = solver.train_acc_history[-1], solver.val_acc_history[-1]
#     panels[1].vlines(number, low, high, color=f"C{number}", linewidth=14, alpha=0.5)
#     for height, place in ((high, "bottom"), (low, "top")):
#         panels[1].text(number, height, f"{height:.2f}", ha="center", va=place)
#     panels[1].text(number + 0.2, (high + low) / 2, f"gap\n{high - low:.2f}", va="center", fontsize=8)
#     gaps.append(f"p = {p}: training {high:.2f}, validation {low:.2f}, gap {high - low:.2f}")
# panels[0].set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1.1), xticks=range(0, 21, 4))
# panels[0].grid(alpha=0.3)
# panels[1].set(xlim=(-0.6, 2.6), xticks=range(3), xticklabels=["p = 0", "p = 0.4", "p = 0.8"])
# figure.legend(loc="outside lower center", ncols=3, frameon=False)
# show(f"Accuracy over the epochs, and the gap at the end. {'; '.join(gaps)}.")

# %% [markdown]
# ## 容量、正则化和最后的结论
#
# 同样的训练图像，网络越来越宽，一组没有正则化，一组有。柱子是差距。

# %% tags=["active-ipynb"]
# # 约 30 秒
# widths, said = [2, 8, 32, 128, 512], []
# figure, panels = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
# for panel, reg in zip(panels, (0.0, 0.01)):
#     gaps = []
#     for width in tqdm(widths, desc=f"reg = {reg}", unit="net"):
#         solver = train([width], adam, 5e-4, epochs=8, reg=reg)
#         gaps.append((solver.train_acc_history[-1], solver.val_acc_history[-1]))
#     upper, lower = zip(*gaps)
#     panel.vlines(range(5), lower, upper, color="tab:gray", linewidth=6, alpha=0.4)
#     panel.plot(range(5), upper, "-", marker="o", label="training")
#     panel.plot(range(5), lower, "--", marker="s", label="validation")
#     panel.set_xticks(range(5), widths)
#     panel.set(xlabel="hidden units", ylabel="accuracy", title=f"reg = {reg}")
#     pairs = ", ".join(f"{w} units {u:.2f} and {v:.2f}" for w, u, v in zip(widths, upper, lower))
#     said.append(f"reg = {reg}: {pairs}")
# figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
# show(f"Training and validation accuracy by width. {'; '.join(said)}.")

# %% [markdown]
# 把有效的做法合在一起，看一次测试集：

# %% tags=["active-ipynb"]
# # 约 12 秒
# started = time.perf_counter()
# solver = train([256, 128], adam, 5e-4, epochs=15, lr_decay=0.9, dropout=0.3, verbose=True)
# test_accuracy = solver.check_accuracy(test_images, scenes.y_test)
# print(f"validation {solver.best_val_acc:.3f}, test {test_accuracy:.3f}, {time.perf_counter() - started:.0f} s")

# %% [markdown]
# ## 小结
#
# 网络是一串模块，它的梯度是同一串模块倒过来。它能不能学会，取决于各种大小：初始权重的大小，步长的大小，dropout 之后剩下的大小。还有：先过拟合五十张图像。
#
# **延伸阅读。** Glorot 和 Bengio（*Understanding the difficulty of training deep feedforward neural networks*，2010）测量了你那几张尺度图所显示的现象。Loshchilov 和 Hutter（*Decoupled weight decay regularization*，2019）解释了 L2 和 Adam 为什么合不来，以及 AdamW 怎样补救。Baydin 等（*Automatic differentiation in machine learning: a survey*，2018）描述了 PyTorch 拿你的 `forward` 和 `backward` 做什么。接下来：`a04_cnn`，那里的层会知道像素之间的相邻关系。
