# %% [markdown]
# # 线性分类器
#
# 最近邻保留所有训练图像，并与它们逐一比较。线性分类器**每个类别只保留一个模板**，训练图像全部扔掉：类别的得分是它的模板与图像的点积，得分最高者胜出。模板从哪里来？来自**损失**和它的梯度：损失是一个数，说明现在的模板有多差；梯度则说明该怎样改。损失和梯度这两样东西会贯穿整门课程，以后变复杂的只是算得分的那个函数。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 无意义的批量 | `validate_batch` | 6 | 15 |
# | 2 支持向量机 | `svm_loss_naive`, `svm_loss_vectorized` | 24 | 55 |
# | 3 softmax | `softmax_loss_naive`, `softmax_loss_vectorized` | 24 | 45 |
# | 4 训练 | `sample_batch`, `train_linear_classifier`, `predict_linear_classifier` | 21 | 25 |
# | 5 搜索 | `test_one_param_set`, `svm_get_search_params`, `softmax_get_search_params` | 11 | 35 |
# | 6 特征 | `color_histogram`, `hog_features`, `extract_features` | 14 | 90 |
#
# 把每个 `raise NotImplementedError()` 换成你的代码，然后运行它下面的单元格：它只运行这个任务的检查项。梯度要由你自己推导，所以损失中不允许用自动求导，也不允许用 torch 现成的 softmax 和损失。

# %%
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

LossFunction = Callable[[Tensor, Tensor, Tensor, float], tuple[Tensor, Tensor]]


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
# torch.set_num_threads(1)  # 矩阵很小：第二个线程大部分时间只会等待

# %% [markdown]
# ## 数据，以及两个习惯
#
# 还是之前的场景，分成三份：**训练**图像用来学模板，**验证**图像用来选设置，**测试**图像留到最后。
#
# **减去均值图像**，也就是**训练**图像的均值。像素在 [0, 1] 中：如果不减，所有输入都是正数，一个模板的所有梯度就都含有一个共同的方向，下降的路线就会走成锯齿形。
#
# **末尾添一个 1。** 得分是 $w_c \cdot x + b_c$。给每张图像多加一个恒为 1 的元素，偏置 $b_c$ 就成了 $w_c$ 的又一个元素，要学的便只有一个矩阵 $W$，每个类别占一列。一张图像是一行 $D = 3 \cdot 32 \cdot 32 + 1 = 3073$ 个数，所有图像的所有得分就是一次矩阵乘法：
#
#     X (N, D)  @  W (D, C)  =  scores (N, C)

# %% tags=["active-ipynb"]
# scenes = load("scenes")
# names = scenes.class_names
# images = {"train": scenes.x_train[:4000], "val": scenes.x_train[4000:], "test": scenes.x_test}
# mean_image = images["train"].mean(dim=0)
#
#
# def to_rows(images):
#     rows = (images - mean_image).flatten(1)
#     return torch.cat([rows, torch.ones(len(rows), 1)], dim=1)  # (N, D)
#
#
# data = {"X_" + part: to_rows(x) for part, x in images.items()}
# data |= {"y_train": scenes.y_train[:4000], "y_val": scenes.y_train[4000:], "y_test": scenes.y_test}
# for name, value in data.items():
#     print(f"{name:8} {tuple(value.shape)}")
# titles = [*(names[label] for label in data["y_train"][:7]), "mean image"]
# image_grid(torch.cat([images["train"][:7], mean_image[None]]), titles=titles)

# %% [markdown]
# ## 1 无意义的批量
#
# 先写一道防线。损失接收权重 `W` (D, C)、一批图像 `X` (N, D) 和它们的标签 `y` (N,)，标签是 0..C-1 中的 int64。给它不可能的标签，或者一张图像都不给，它多半照样返回一个**数**：在 Python 里，索引 -1 表示“最后一个”；而对空集求均值，会不声不响地得到 `nan`。这样的批量来自别处的错误（标签文件错了一位，切片越过了末尾），应当在损失函数里就发现它，而不是等到训练了三小时之后。
#
# 写一个函数，遇到下列批量时抛出 `ValueError`，信息要让读到它的人看得懂：哪里不对，是哪个值。它必须很快，不能用循环遍历图像，因为你的四个损失都要**在第一行调用它**，训练的每一步都会用到。
#
# | 批量 | 信息中包含 |
# |---|---|
# | 一张图像都没有 | 单词 "empty" |
# | `y` 不是 int64 | `y` 的 dtype，例如 `float32` |
# | `X` 和 `y` 长度不同 | 两个长度 |
# | 有标签不在 0..C-1 中 | 其中一个这样的标签 |

# %% task="validate_batch"
# 约 15 分钟，简单。卡住了？hint("validate_batch") 会给出第一步。
def validate_batch(W: Tensor, X: Tensor, y: Tensor) -> None:
    """如果这个批量算不出损失，就抛出带一句说明的 ValueError；否则什么都不做。

    拒绝以下情况：空批量；不是 int64 的标签；长度不同的 X 和 y；不在 0..C-1 中的标签。每条信息都包含上表所列的内
    容。不用循环遍历图像。

    Shapes:
        W  (D, C)  只用到它的类别数
        X  (N, D)  图像
        y  (N,)    标签
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="validate_batch"
# check("linear_classifier", task="validate_batch")

# %% tags=["active-ipynb"]
# W, X, y = torch.zeros(3073, 10), data["X_train"][:5], data["y_train"][:5]
# for X_wrong, y_wrong in [(X[5:], y[5:]), (X, y.float()), (X, y[:4]), (X, y - 20)]:
#     try:
#         validate_batch(W, X_wrong, y_wrong)
#     except ValueError as error:
#         print("ValueError:", error)

# %% [markdown]
# ## 2 支持向量机
#
# 设一张图像的得分为 $s = x W$，真实类别为 $y$。只要真实类别的得分比其他每个类别都至少高出 1，支持向量机就满意了。这个 1 就是**间隔**（margin）。哪个类别靠得太近，就按靠近了多少付出代价：
#
# $$ L_i \;=\; \sum_{j \ne y_i} \max(0,\; s_j - s_{y_i} + 1). $$
#
# 例如，在一张猫的图像上，猫、汽车和青蛙的得分分别是 3.2、5.1 和 -1.7。汽车领先：$\max(0, 5.1 - 3.2 + 1) = 2.9$。青蛙落后超过 1：$\max(0, -1.7 - 3.2 + 1) = 0$。这张图像的损失是 2.9。
#
# （Weston 和 Watkins，*Support vector machines for multi-class pattern recognition*，ESANN 1999。torch 的 `multi_margin_loss` 还会除以类别数，我们不除。）一个批量的损失是 $N$ 张图像的均值，再加上**正则项**；正则项只加一次，不是每张图像加一次：
#
# $$ L \;=\; \frac1N \sum_i L_i \;+\; \lambda \sum_{d,c} W_{dc}^2. $$
#
# 许多书写成 $\tfrac\lambda2$。我们不这样写，所以正则项的梯度是 $2 \lambda W$。
#
# **梯度。** $L_i$ 是若干合页函数之和，每个要么是平的，要么是一条斜线。类别 $j$ 违反间隔时，它那一项是 $x \cdot w_j - x \cdot w_{y_i} + 1$：梯度在第 $j$ 列是 $+x$，在第 $y_i$ 列是 $-x$。不违反时没有梯度。所以一张有三处违反的图像，要从自己类别的那一列中减去自己三次。（恰好在拐点上时，介于两侧斜率之间的任何值都是**次梯度**；真实数据几乎不会落在那里。）
#
# ### 用循环
#
# 照着定义写：一层循环遍历图像，一层循环遍历类别。在同样的循环中填好 `dW`。所有大小都从形状中读取，损失和梯度的 dtype 和设备与 `W` 相同，输入保持原样。

# %% task="svm_loss_naive"
# 约 25 分钟，中等。卡住了？hint("svm_loss_naive") 会给出第一步。
def svm_loss_naive(W: Tensor, X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, Tensor]:
    """间隔为 1 的多类别合页损失，对批量取平均，再加 reg * sum(W * W)；用循环。

    遇到 validate_batch 拒绝的批量，抛出 ValueError。

    Shapes:
        W     (D, C)  每列一个模板
        X     (N, D)  每行一张图像
        y     (N,)    标签，0..C-1 中的 int64
        reg   float   正则项的强度
        loss  ()      没有轴的张量，dtype 和设备与 W 相同
        dW    (D, C)  损失的梯度
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="svm_loss_naive"
# check("linear_classifier", task="svm_loss_naive")

# %% [markdown]
# 有一种检验任何损失的办法，连程序都不用：权重随机且极小时，所有得分都接近 0。这时损失应该是多少？先想好这个数，再运行单元格。

# %% tags=["active-ipynb"]
# seed_everything(0)
# W = 1e-4 * torch.randn(data["X_train"].shape[1], len(names))
# loss, dW = svm_loss_naive(W, data["X_train"][:50], data["y_train"][:50], 0.0)
# print(f"loss {loss:.4f}")

# %% [markdown] question="linear-q1"
# **简答题 1。** (a) 上面的损失为什么接近 9？有 $C$ 个类别时会是多少？ (b) 有十个类别，权重极小，一次运行打印出的第一个损失是 81.3。你首先会怀疑代码中的哪种错误？

# %% [markdown] answer="linear-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ### 不用循环
#
# 用整个矩阵算出同样的数。有一个总能奏效的办法：写下每一步对**所有**图像和类别同时做了什么，并标上形状。
#
#     scores                    (N, C)   一次矩阵乘法
#     真实类别的得分            (N, 1)   每行取一个元素：Tensor.gather，或用两个索引张量取值
#     margins                   (N, C)   广播；真实类别不能计入
#     loss                      ()
#
# 求梯度时，把图像 $i$ 进入第 $c$ 列的**次数**写进一个矩阵：每处违反记 +1；真实类别记该行违反数的相反数。记这个矩阵为 $G$，形状为 (N, C)。这样 $dW = X^\top G / N$ 用一次乘法就把所有图像加起来了：核对一下形状，(D, N) @ (N, C)。其实 $G / N$ 就是损失对得分的梯度，而这次乘法就是 $X W$ 的**反向传播**；以后在每一层里你都会再遇到它。

# %% task="svm_loss_vectorized"
# 约 30 分钟，中等。卡住了？hint("svm_loss_vectorized") 会给出第一步。
def svm_loss_vectorized(W: Tensor, X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, Tensor]:
    """间隔为 1 的多类别合页损失，对批量取平均，再加 reg * sum(W * W)；不用 Python 循环。

    遇到 validate_batch 拒绝的批量，抛出 ValueError。

    Shapes:
        W     (D, C)  每列一个模板
        X     (N, D)  每行一张图像
        y     (N,)    标签，0..C-1 中的 int64
        reg   float   正则项的强度
        loss  ()      没有轴的张量，dtype 和设备与 W 相同
        dW    (D, C)  损失的梯度
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="svm_loss_vectorized"
# check("linear_classifier", task="svm_loss_vectorized")

# %% tags=["active-ipynb"]
# for loss_func in (svm_loss_naive, svm_loss_vectorized):
#     started = time.perf_counter()
#     loss, dW = loss_func(W, data["X_train"][:200], data["y_train"][:200], 1e-3)
#     print(f"{loss_func.__name__:20} loss {loss:.6f}   {time.perf_counter() - started:.4f} s")

# %% [markdown]
# ## 3 softmax
#
# 第二种损失把得分看作未归一化概率的对数：
#
# $$ p_j = \frac{e^{s_j}}{\sum_k e^{s_k}}, \qquad L_i = -\log p_{y_i} = \log \sum_k e^{s_k} \;-\; s_{y_i}. $$
#
# $L_i$ 是**交叉熵**：$p$ 给真实标签的概率的负对数。它永远不会完全满意：有 99% 的把握答对，也还能提高到 99.9%。它对得分的梯度简单得不能再简单（Bishop，*Pattern Recognition and Machine Learning*，式 4.109）：
#
# $$ \frac{\partial L_i}{\partial s_j} = p_j - [j = y_i]. $$
#
# 正则项、取平均，以及从得分到 $W$ 的那一步，都和第 2 部分一样。

# %% tags=["active-ipynb"]
# lead = torch.linspace(-4, 4, 200)  # 真实类别的得分减去唯一的另一个类别的得分
# figure = curves({"hinge": (1 - lead).clamp(min=0), "cross-entropy": (1 + (-lead).exp()).log()}, ylabel="loss",
#                 xlabel="lead of the true class")
# figure.axes[0].set_xticks([0, 50, 100, 149, 199], ["-4", "-2", "0", "2", "4"])
# figure

# %% [markdown]
# **陷阱。** float32 装不下 $e^{89}$，float64 装不下 $e^{710}$：`exp` 返回 `inf`，而 `inf / inf` 是 `nan`。得分达到 1000 并不稀奇，学习率太大时走一步就到了。有两个办法，而且两个都要用：
#
# - 从一张图像的所有得分中减去同一个数，不改变任何 $p_j$（为什么？）。减去最大的那个：这样每个指数最多是 0，至少有一个恰好是 0，所以和在 1 与 $C$ 之间。
# - 不要对概率取对数。如果真实类别落后 1000，$p_{y_i}$ 就是 $e^{-1000}$，会舍入成 0，而 $-\log 0$ 是 `inf`。上面 $L_i$ 右边的形式不需要这样的对数，算出来是 1000。
#
# 这两点正是任务要你写的，所以不允许用 torch 的 `softmax`、`log_softmax`、`logsumexp` 和 `cross_entropy`。

# %% task="softmax_loss_naive"
# 约 25 分钟，中等。卡住了？hint("softmax_loss_naive") 会给出第一步。
def softmax_loss_naive(W: Tensor, X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, Tensor]:
    """softmax 的交叉熵，对批量取平均，再加 reg * sum(W * W)；用循环。

    得分上千时也有限且正确。遇到 validate_batch 拒绝的批量，抛出 ValueError。

    Shapes:
        W     (D, C)  每列一个模板
        X     (N, D)  每行一张图像
        y     (N,)    标签，0..C-1 中的 int64
        reg   float   正则项的强度
        loss  ()      没有轴的张量，dtype 和设备与 W 相同
        dW    (D, C)  损失的梯度
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="softmax_loss_naive"
# check("linear_classifier", task="softmax_loss_naive")

# %% [markdown]
# 还是不用循环。步骤和第 2 部分一样：先是得分 (N, C)，再是对得分的梯度 (N, C)，最后一次矩阵乘法。

# %% task="softmax_loss_vectorized"
# 约 20 分钟，中等。卡住了？hint("softmax_loss_vectorized") 会给出第一步。
def softmax_loss_vectorized(W: Tensor, X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, Tensor]:
    """softmax 的交叉熵，对批量取平均，再加 reg * sum(W * W)；不用 Python 循环。

    得分上千时也有限且正确。遇到 validate_batch 拒绝的批量，抛出 ValueError。

    Shapes:
        W     (D, C)  每列一个模板
        X     (N, D)  每行一张图像
        y     (N,)    标签，0..C-1 中的 int64
        reg   float   正则项的强度
        loss  ()      没有轴的张量，dtype 和设备与 W 相同
        dW    (D, C)  损失的梯度
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="softmax_loss_vectorized"
# check("linear_classifier", task="softmax_loss_vectorized")

# %% tags=["active-ipynb"]
# loss, _ = softmax_loss_vectorized(W, data["X_train"][:50], data["y_train"][:50], 0.0)
# print(f"tiny weights: loss {loss:.4f}, log(10) = {math.log(10):.4f}")
# loss, _ = softmax_loss_vectorized(1e6 * W, data["X_train"][:50], data["y_train"][:50], 0.0)
# print(f"huge scores:  loss {loss:.1f}")

# %% [markdown] question="linear-q2"
# **简答题 2。** 所有图像的所有得分都放大到 10 倍（就像 $W$ 乘以 10），没有正则项。每张图像本来就分对了。如果一张图像的间隔全都满足，它的合页损失会怎样？交叉熵会怎样？两种情况下，各是什么阻止 $W$ 无限增长？

# %% [markdown] answer="linear-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 训练
#
# **随机梯度下降**：随机抽几张图像，求**它们的**损失的梯度，往下坡方向走一小步，如此重复。200 张图像的梯度，方向和 4,000 张的差不多，代价只有二十分之一。
#
# 每张图像都独立地从全部图像中抽取。同一张图像可能抽到两次，这叫**有放回抽样**；批量很小时，它和不放回几乎没有差别。

# %% task="sample_batch"
# 约 5 分钟，简单。卡住了？hint("sample_batch") 会给出第一步。
def sample_batch(X: Tensor, y: Tensor, num_train: int, batch_size: int) -> tuple[Tensor, Tensor]:
    """从前 num_train 行中有放回地随机抽取图像，每一行的机会相同。

    随机数来自 torch，这样 torch.manual_seed 可以重现一次运行。

    Shapes:
        X           (N, D)           图像
        y           (N,)             它们的标签
        num_train   int              从第 0..num_train-1 行中抽取
        batch_size  int              抽取多少；可以大于 num_train
        X_batch     (batch_size, D)  X 的若干行
        y_batch     (batch_size,)    同样这些行的标签
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sample_batch"
# check("linear_classifier", task="sample_batch")

# %% [markdown]
# 现在写训练循环。任何损失函数，只要接收 `(W, X, y, reg)` 并返回损失和梯度，都能用它。
#
# - 没有给出起点 `W` 时，自己造一个：`1e-6 * randn`，行数等于 `X` 的列数，列数等于类别数，即最大的标签加 1。dtype 和设备与 `X` 相同。
# - 每次迭代：抽一个批量，求**当前** `W` 处的损失和梯度，把损失记为 Python 的 float，再沿梯度的反方向走一步。
# - 传给你的 `W` 属于调用者，不要改动它：`W = W - ...` 造出新张量，`W -= ...` 写进旧张量。

# %% task="train_linear_classifier"
# 约 15 分钟，简单。卡住了？hint("train_linear_classifier") 会给出第一步。
def train_linear_classifier(
    loss_func: LossFunction,
    W: Tensor | None,
    X: Tensor,
    y: Tensor,
    learning_rate: float = 1e-3,
    reg: float = 1e-5,
    num_iters: int = 100,
    batch_size: int = 200,
    verbose: bool = False,
) -> tuple[Tensor, list[float]]:
    """随机梯度下降：每次迭代都从所有图像中重新抽一个批量，走到 W - learning_rate * 梯度。

    Shapes:
        loss_func     function          (W, X_batch, y_batch, reg) -> (loss, dW)
        W             (D, C)            从哪里开始；不改动。None：1e-6 * randn，C = 最大的标签 + 1
        X             (N, D)            训练图像
        y             (N,)              标签，int64
        W_trained     (D, C)            结果，dtype 和设备与 X 相同
        loss_history  num_iters 个 float 的列表：每个批量在走这一步之前的损失
    """
    if W is None:
        # YOUR CODE HERE
        raise NotImplementedError()
    loss_history: list[float] = []
    for iteration in range(num_iters):
        # YOUR CODE HERE
        raise NotImplementedError()
        if verbose and iteration % 100 == 0:
            print(f"iteration {iteration} of {num_iters}: loss {loss_history[-1]:.4f}")
    return W, loss_history


# %% tags=["active-ipynb"] grade="train_linear_classifier"
# check("linear_classifier", task="train_linear_classifier")

# %% task="predict_linear_classifier"
# 约 5 分钟，简单。卡住了？hint("predict_linear_classifier") 会给出第一步。
def predict_linear_classifier(W: Tensor, X: Tensor) -> Tensor:
    """每张图像得分最高的类别。

    Shapes:
        W    (D, C)  模板
        X    (N, D)  图像
        out  (N,)    0..C-1 中的 int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="predict_linear_classifier"
# check("linear_classifier", task="predict_linear_classifier")

# %% [markdown]
# 下面三个类把你的函数组合起来，这里不用写代码。

# %%
class LinearClassifier:
    """得分是 X @ W。用哪种损失训练 W，由子类决定。"""

    def __init__(self) -> None:
        self.W: Tensor | None = None

    def train(
        self,
        X_train: Tensor,
        y_train: Tensor,
        learning_rate: float = 1e-3,
        reg: float = 1e-5,
        num_iters: int = 100,
        batch_size: int = 200,
        verbose: bool = False,
    ) -> list[float]:
        """训练（已有 W 时从它开始），返回各批量的损失。"""
        options = (learning_rate, reg, num_iters, batch_size, verbose)
        self.W, loss_history = train_linear_classifier(self.loss, self.W, X_train, y_train, *options)
        return loss_history

    def predict(self, X: Tensor) -> Tensor:
        """每张图像最可能的类别，int64 (N,)。"""
        if self.W is None:
            raise ValueError("This classifier has no weights yet: call train or load first.")
        return predict_linear_classifier(self.W, X)

    def loss(self, W: Tensor, X_batch: Tensor, y_batch: Tensor, reg: float) -> tuple[Tensor, Tensor]:
        """一个批量的损失和梯度。"""
        raise TypeError("LinearClassifier has no loss of its own: use LinearSVM or Softmax.")

    def save(self, path: str | Path) -> None:
        """把 W 写入文件。"""
        torch.save({"W": self.W}, path)

    def load(self, path: str | Path) -> None:
        """从文件读取 W。"""
        self.W = torch.load(path, map_location="cpu", weights_only=True)["W"]


class LinearSVM(LinearClassifier):
    """用合页损失训练。"""

    def loss(self, W: Tensor, X_batch: Tensor, y_batch: Tensor, reg: float) -> tuple[Tensor, Tensor]:
        return svm_loss_vectorized(W, X_batch, y_batch, reg)


class Softmax(LinearClassifier):
    """用交叉熵训练。"""

    def loss(self, W: Tensor, X_batch: Tensor, y_batch: Tensor, reg: float) -> tuple[Tensor, Tensor]:
        return softmax_loss_vectorized(W, X_batch, y_batch, reg)


# %% [markdown]
# 开始训练，并且**先看损失，再看准确率**。学习率太小，曲线是一条不紧不慢的直线；太大，则是充满噪声的平台，或者大起大落。每次的批量不同，所以曲线总会抖动。

# %% tags=["active-ipynb"]
# # 约 5 秒
# seed_everything(0)
# losses, accuracies = {}, {}
# for learning_rate in tqdm((1e-3, 1e-2, 3e-2, 1.0), unit="training"):
#     classifier = Softmax()
#     losses[f"learning rate {learning_rate:g}"] = classifier.train(
#         data["X_train"], data["y_train"], learning_rate=learning_rate, reg=1e-2, num_iters=300
#     )
#     accuracies[learning_rate] = (classifier.predict(data["X_val"]) == data["y_val"]).double().mean()
# for learning_rate, accuracy in accuracies.items():
#     print(f"learning rate {learning_rate:5g}: {100 * accuracy:.1f} % of the validation images")
# figure = curves(losses, ylabel="loss of the batch")
# figure.axes[0].set_ylim(1.5, 7)
# figure.axes[0].legend(framealpha=0.9)
# figure

# %% [markdown]
# ### 学到了什么
#
# $W$ 的一列去掉最后一个元素，剩下的数和一张图像一样多，所以可以把它当图像显示。每个模板各自拉伸到 [0, 1]。第一行训练时几乎没有正则化，第二行的正则化很强。场景中每个类别的目标有一种典型颜色（经常如此，但并非总是）：哪些模板发现了这一点？

# %% tags=["active-ipynb"]
# # 约 6 秒
# def templates(W):
#     low, high = W[:-1].min(dim=0).values, W[:-1].max(dim=0).values
#     return ((W[:-1] - low) / (high - low)).T.reshape(-1, 3, 32, 32)
#
#
# rows = []
# for reg in tqdm((1e-4, 5.0), unit="training"):
#     seed_everything(0)
#     classifier = LinearSVM()
#     classifier.train(data["X_train"], data["y_train"], learning_rate=3e-3, reg=reg, num_iters=600)
#     rows.append(templates(classifier.W))
# image_grid(torch.cat(rows), titles=[*names, *names], columns=len(names))

# %% [markdown] question="linear-q3"
# **简答题 3。** (a) 为什么第二行的模板更平滑？ (b) 场景中的目标会移动几个像素，还会旋转。这对一个类别的单个最佳模板有什么影响？因此，线性分类器很难区分哪些类别？ (c) 在图像 $x = (1, 1, 1, 1)$ 上，模板 $w = (1, 0, 0, 0)$ 和 $w = (0.25, 0.25, 0.25, 0.25)$ 的得分相同。我们的正则项 $\sum w^2$（叫 L2）偏爱哪一个？绝对值之和 $\sum |w|$（叫 L1）偏爱哪一个？对于图像，你想要哪一个？

# %% [markdown] answer="linear-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ### 放到平面上看
#
# 只有两个像素的图像就是平面上的一个点，在那里一切都看得见。类别的得分 $w_c \cdot x + b_c$ 沿模板 $w_c$ 的方向上升，在与它垂直的直线上保持不变。两个类别得分相等的地方是一条直线。所以每个类别获胜的区域都有笔直的边界，连成一片，没有凹陷：它是凸的。所有线性分类器都是这样，不管用什么损失。把两个数换成 3,073 个数，直线就成了平坦的面（**超平面**）。
#
# 右边是这种分类器**做不到**的事。一个类别占左下角和右上角，另一个类别占另外两个角：这就是 XOR。没有一条直线能让同一类别的两个角落在同一侧。朝左看的马和朝右看的马是同样的问题。单个模板说不出“这个或那个”；下一份作业的隐藏层能说。箭头就是模板。

# %% tags=["active-ipynb"]
# from matplotlib.colors import ListedColormap
#
#
# def regions(axes, title, X, y):
#     rows = torch.cat([X, torch.ones(len(X), 1)], dim=1)
#     seed_everything(0)
#     classifier = Softmax()
#     classifier.train(rows, y, learning_rate=0.3, reg=1e-3, num_iters=500, batch_size=100)
#     accuracy = float((classifier.predict(rows) == y).double().mean())
#     side = torch.linspace(-3, 3, 200)
#     places = torch.cartesian_prod(side, side)  # (40000, 2)
#     won = classifier.predict(torch.cat([places, torch.ones(len(places), 1)], dim=1)).reshape(200, 200)
#     colours = ["tab:blue", "gold", "tab:red"]
#     borders = {"extent": (-3, 3, -3, 3), "origin": "lower"}
#     axes.imshow(won.T, cmap=ListedColormap(colours), vmin=0, vmax=2, alpha=0.3, **borders)
#     for label in range(int(y.max()) + 1):
#         look = {"color": colours[label], "marker": "os^"[label], "edgecolor": "black", "linewidth": 0.5}
#         axes.scatter(*X[y == label].T, s=20, **look)
#         axes.annotate("", classifier.W[:2, label].tolist(), (0, 0), arrowprops={"arrowstyle": "->", "linewidth": 2})
#     axes.set(title=f"{title}: {100 * accuracy:.0f} % right", xlabel="pixel 1", ylabel="pixel 2", aspect="equal")
#     return accuracy
#
#
# torch.manual_seed(0)
# y = torch.arange(120) % 3
# three = torch.tensor([[-1.2, -1.0], [1.4, -0.8], [0.0, 1.4]])[y] + 0.45 * torch.randn(120, 2)
# corners = torch.tensor([[-1.3, -1.3], [-1.3, 1.3], [1.3, 1.3], [1.3, -1.3]])[torch.arange(120) % 4]
# figure, panels = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
# first = regions(panels[0], "three classes", three, y)
# second = regions(panels[1], "XOR", corners + 0.4 * torch.randn(120, 2), torch.arange(120) % 2)
# show(f"Three classes in regions with straight borders, {first:.0%} right. XOR cut by one line, {second:.0%} right.")

# %% [markdown]
# ## 5 搜索
#
# 学习率和正则化强度不是学出来的，得由人来选。每一对设置训练一次，在**验证**图像上评估，留下最好的。先从一对开始：

# %% task="test_one_param_set"
# 约 10 分钟，简单。卡住了？hint("test_one_param_set") 会给出第一步。
def test_one_param_set(
    cls: LinearClassifier, data_dict: dict[str, Tensor], lr: float, reg: float, num_iters: int = 2000
) -> tuple[LinearClassifier, float, float]:
    """用大小为 200 的批量在训练图像上训练分类器，并评估它。

    Shapes:
        cls        有 train(X, y, learning_rate=, reg=, num_iters=, batch_size=) 和 predict(X) 的分类器
        data_dict  字典：X_train (N, D)、y_train (N,)、X_val (M, D)、y_val (M,)
        out        训练好的同一个分类器；它在训练图像和验证图像上的准确率，[0, 1] 中的 float
    """
    # YOUR CODE HERE
    raise NotImplementedError()


test_one_param_set.__test__ = False  # 它的名字像测试一样开头：告诉 pytest 它不是测试


# %% tags=["active-ipynb"] grade="test_one_param_set"
# check("linear_classifier", task="test_one_param_set")

# %% [markdown]
# 现在选择要试什么：几个学习率和几个强度，总共 **5 到 25 对**。两者都按倍数起作用，所以要按倍数取值（1e-3、3e-3、1e-2……），不要按等差取值。数量级可以从上面的损失曲线中看出来。用列表中最好的一对，在按上面的办法准备的数据上训练 300 次迭代，结果接近线性分类器在那里的最好水平，列表就够好了。有一个检查项会在自己的场景上衡量这一点。

# %% task="svm_get_search_params"
# 约 15 分钟，简单。卡住了？hint("svm_get_search_params") 会给出第一步。
def svm_get_search_params() -> tuple[list[float], list[float]]:
    """LinearSVM 要试的设置，5 到 25 对。

    Shapes:
        learning_rates            大于 0 的 float 组成的列表
        regularization_strengths  不小于 0 的 float 组成的列表
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="svm_get_search_params"
# check("linear_classifier", task="svm_get_search_params")

# %% task="softmax_get_search_params"
# 约 10 分钟，简单。卡住了？hint("softmax_get_search_params") 会给出第一步。
def softmax_get_search_params() -> tuple[list[float], list[float]]:
    """Softmax 要试的设置，5 到 25 对。

    Shapes:
        learning_rates            大于 0 的 float 组成的列表
        regularization_strengths  不小于 0 的 float 组成的列表
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="softmax_get_search_params"
# check("linear_classifier", task="softmax_get_search_params")

# %% [markdown]
# 两次搜索各画成一张图：粗体是验证准确率，下面是训练准确率。最好的一对在图的边上吗？那说明搜索范围太窄。在哪里训练准确率上升而验证准确率下降？

# %% tags=["active-ipynb"]
# # 32 对约 40 秒
# def search(make, params):
#     results = {}
#     pairs = [(lr, reg) for lr in params[0] for reg in params[1]]
#     for lr, reg in tqdm(pairs, desc=make.__name__, unit="pair"):
#         seed_everything(0)
#         results[lr, reg] = test_one_param_set(make(), data, lr, reg, num_iters=300)
#     return results
#
#
# def draw(axes, title, results, params):
#     grid = torch.tensor([[results[lr, reg][2] for reg in params[1]] for lr in params[0]])
#     axes.imshow(grid, cmap="viridis", aspect="auto")
#     for i, lr in enumerate(params[0]):
#         for j, reg in enumerate(params[1]):
#             _, train_acc, val_acc = results[lr, reg]
#             colour = "black" if grid[i, j] > (grid.min() + grid.max()) / 2 else "white"
#             axes.text(j, i - 0.12, f"{100 * val_acc:.1f}", ha="center", va="center", color=colour, weight="bold")
#             axes.text(j, i + 0.18, f"{100 * train_acc:.1f}", ha="center", va="center", color=colour, size=8)
#     axes.set_xticks(range(len(params[1])), [f"{reg:g}" for reg in params[1]])
#     axes.set_yticks(range(len(params[0])), [f"{lr:g}" for lr in params[0]])
#     axes.set(xlabel="regularisation", ylabel="learning rate", title=title)
#
#
# searches = {"SVM": (LinearSVM, svm_get_search_params()), "softmax": (Softmax, softmax_get_search_params())}
# figure, both = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
# best = {}
# for axes, (title, (make, params)) in zip(both, searches.items()):
#     results = search(make, params)
#     draw(axes, title, results, params)
#     best[title] = max(results.values(), key=lambda result: result[2])
# accuracies = ", ".join(f"{title} {100 * val_acc:.1f} %" for title, (_, _, val_acc) in best.items())
# show(f"Two maps of the accuracy over learning rate and regularisation. Best on the validation images: {accuracies}.")

# %% [markdown]
# 现在才轮到测试图像，而且只用一次。结果应该接近验证准确率，往往略低一点：十六对中最好的那一对，多少也是十六对中运气最好的。

# %% tags=["active-ipynb"]
# for title, (classifier, train_acc, val_acc) in best.items():
#     test_acc = float((classifier.predict(data["X_test"]) == data["y_test"]).double().mean())
#     print(f"{title:8} train {100 * train_acc:.1f} %  validation {100 * val_acc:.1f} %  test {100 * test_acc:.1f} %")

# %% [markdown]
# ## 6 特征
#
# 用像素的线性分类器问的是：**这个**位置有多亮、有多红？在网络学会自己找特征之前，人们手工设计更好的问题，把答案交给同样的分类器。下面是其中两种。
#
# ### 只看颜色，不看位置
#
# 图像里每种颜色有多少，不管在哪里？把 [0, 1] 分成 `bins` 个等长区间，对每个通道数一数落在各区间的像素，再除以像素数：
#
# $$ \text{interval } k = \left[ \tfrac{k}{\text{bins}}, \tfrac{k+1}{\text{bins}} \right), \quad k = 0, \dots,
# \text{bins} - 1; \qquad \text{the last one includes } 1. $$
#
# 不要用 Python 循环遍历图像：图像有几千张。（`Tensor.scatter_add_` 是一种办法，用广播与所有区间比较是另一种。）

# %% task="color_histogram"
# 约 20 分钟，中等。卡住了？hint("color_histogram") 会给出第一步。
def color_histogram(images: Tensor, bins: int = 25) -> Tensor:
    """图像像素在 [0, 1] 的等长区间中的占比，一个通道接一个通道。

    区间 k 包含 k/bins <= v < (k+1)/bins 的值 v；最后一个区间还包含 1。

    Shapes:
        images  (N, C, H, W)   [0, 1] 中的 float
        out     (N, C * bins)  out[:, c * bins + k] = 通道 c 落在区间 k 的占比；dtype 和设备与 images 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="color_histogram"
# check("linear_classifier", task="color_histogram")

# %% [markdown]
# ### 只看边缘，不看颜色
#
# 形状就是亮度在哪里变化、朝哪个方向变化。**方向梯度直方图**（Dalal 和 Triggs，*Histograms of oriented gradients for human detection*，CVPR 2005）把图像切成正方形的胞元，为每个胞元记下它含有哪些边缘方向、各有多强。胞元内部不再记位置：边缘移动几个像素，结果仍然一样。我们用的是一个简单版本，步骤如下：
#
# 1. **灰度图像** $g$：各通道的均值。
# 2. **梯度**，用中心差分。图像之外沿用图像内最近的像素：$\;g_x[h, w] = \tfrac12 (g[h, w+1] - g[h, w-1]), \quad g_y[h, w] = \tfrac12 (g[h+1, w] - g[h-1, w]).$
# 3. **幅值** $m = \sqrt{g_x^2 + g_y^2}$ 和**方向** $\theta = \operatorname{atan2}(g_y, g_x)$，方向对 $\pi$ 取模：从暗到亮的边缘和从亮到暗的边缘方向相同。
# 4. **区间。** 区间 $k$ 的中心是方向 $k \pi / \text{bins}$。幅值由 $\theta$ 两旁的区间**分摊**：令 $p = \theta \cdot \text{bins} / \pi$，$k = \lfloor p \rfloor$，区间 $k$ 得到 $m (1 - (p - k))$，区间 $k + 1$ 得到 $m (p - k)$。区间围成一个环：最后一个之后是区间 0，因为 $\pi$ 又是方向 0。（如果不分摊，处在两个区间交界处的边缘遇到一点噪声就会跳来跳去。）
# 5. **胞元**，每个 `cell` × `cell` 像素，从左上角开始紧挨着排列。凑不满一个胞元的行和列舍去。胞元的直方图 $v$ 是其中各像素对每个区间的贡献的**均值**。
# 6. **对比度。** 每个胞元各自缩放：$v / \sqrt{\lVert v \rVert^2 + 0.01^2}$。这样，淡的边缘和强的边缘看起来一样，而 0.01 让没有纹理的墙面保持在 0 附近。

# %% task="hog_features"
# 约 60 分钟，困难。卡住了？hint("hog_features") 会给出第一步。
def hog_features(images: Tensor, cell: int = 8, bins: int = 9) -> Tensor:
    """方向梯度直方图，按上面的六步。

    Shapes:
        images  (N, C, H, W)  [0, 1] 中的 float，H 和 W 至少为 `cell`
        cell    int           胞元的边长，以像素计
        bins    int           方向的个数，至少 2
        out     (N, rows * columns * bins)  rows = H // cell，columns = W // cell；胞元按行依次排列，
                              胞元内区间依次排列；dtype 和设备与 images 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="hog_features"
# check("linear_classifier", task="hog_features")

# %% [markdown]
# 第二行中，每个胞元用短线画出各个区间：沿边缘的方向（与梯度垂直），值越大线越长。这里的胞元边长为 4 像素。

# %% tags=["active-ipynb"]
# def draw_cells(axes, features, cell, bins):
#     side = 32 // cell
#     for number, values in enumerate(features.reshape(side * side, bins)):
#         row, column = divmod(number, side)
#         x, y = (column + 0.5) * cell - 0.5, (row + 0.5) * cell - 0.5
#         for k, value in enumerate(values.tolist()):
#             angle = math.pi * k / bins + math.pi / 2
#             dx, dy = 0.6 * cell * value * math.cos(angle), 0.6 * cell * value * math.sin(angle)
#             axes.plot([x - dx, x + dx], [y - dy, y + dy], color="white", linewidth=1)
#     axes.set(xlim=(-0.5, 31.5), ylim=(31.5, -0.5), facecolor="black", aspect="equal", xticks=[], yticks=[])
#
#
# figure, grid = plt.subplots(2, 7, figsize=(11, 3.3), layout="constrained")
# for image, label, top, bottom in zip(images["train"], data["y_train"], grid[0], grid[1]):
#     top.imshow(image.movedim(0, -1))
#     top.set_title(names[label], fontsize=8)
#     top.set_axis_off()
#     draw_cells(bottom, hog_features(image[None], cell=4), cell=4, bins=9)
# show("Seven images; under each, strokes along the edges of its cells of 4 x 4 pixels, long where edges are strong.")

# %% [markdown]
# 最后把几种特征并排放在一起。每个函数接收一批图像，每张图像返回一行。

# %% task="extract_features"
# 约 10 分钟，简单。卡住了？hint("extract_features") 会给出第一步。
def extract_features(images: Tensor, feature_fns: Sequence[Callable[[Tensor], Tensor]]) -> Tensor:
    """所有函数的特征，按函数的顺序并排放置。

    Shapes:
        images       (N, C, H, W)
        feature_fns  函数，每个都是 (n, C, H, W) -> (n, D_f)，每张图像一行，n 可以是任意值
        out          (N, sum of all D_f)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="extract_features"
# check("linear_classifier", task="extract_features")

# %% [markdown]
# 各种特征的数量级相差很大，而一个学习率要适合所有特征。所以每个特征都减去均值、除以标准差（两者都来自训练图像），再添上 1。然后还是之前的 softmax 分类器：

# %% tags=["active-ipynb"]
# # 约 10 秒
# def standardise(features):
#     mean, deviation = features["train"].mean(dim=0), features["train"].std(dim=0) + 1e-3
#     rows = {part: (x - mean) / deviation for part, x in features.items()}
#     return {"X_" + part: torch.cat([x, torch.ones(len(x), 1)], dim=1) for part, x in rows.items()}
#
#
# feature_sets = {
#     "colours": [color_histogram],
#     "edges": [hog_features],
#     "both": [color_histogram, hog_features],
#     "both, small cells too": [color_histogram, hog_features, lambda images: hog_features(images, cell=4)],
# }
# accuracies = {"pixels": best["softmax"][2]}
# for title, functions in tqdm(feature_sets.items(), unit="classifier"):
#     rows = standardise({part: extract_features(x, functions) for part, x in images.items()})
#     seed_everything(0)
#     classifier, _, accuracies[title] = test_one_param_set(Softmax(), data | rows, lr=0.02, reg=1e-3, num_iters=1000)
# plt.figure(figsize=(7, 2.5))
# plt.barh(list(accuracies), [100 * accuracy for accuracy in accuracies.values()])
# plt.gca().invert_yaxis()
# plt.xlabel("validation accuracy in %")
# heights = ", ".join(f"{title} {100 * accuracy:.1f} %" for title, accuracy in accuracies.items())
# show(f"Validation accuracy of the softmax classifier on each set of features: {heights}.")
# test_acc = float((classifier.predict(rows["X_test"]) == data["y_test"]).double().mean())
# print(f"softmax on {title}: test {100 * test_acc:.1f} %")

# %% [markdown] question="linear-q4"
# **简答题 4。** (a) 打乱图像的所有像素，所有图像用同一个排列，训练和测试都一样。重新训练后，三个分类器（像素、`color_histogram`、`hog_features`）中哪些给出的预测和以前相同？ (b) 每张图像都向右移动几个像素，移动的量各不相同。三个中哪一个受影响最大，为什么？

# %% [markdown] answer="linear-q4"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 得分，损失，梯度，走一步。下一份作业保留这四样，只是让得分的计算更深：不再手工选特征，而是把特征和模板一起学出来。
#
# **延伸阅读。** Bottou、Curtis 和 Nocedal（*Optimization methods for large-scale machine learning*，2018）解释了带噪声的梯度为什么划算。Zou 和 Hastie（*Regularization and variable selection via the elastic net*，2005）把 L1 和 L2 合在一起。Bergstra 和 Bengio（*Random search for hyper-parameter optimization*，2012）说明随机取的设置胜过网格。接下来：`a03_mlp`。
