# %% [markdown]
# # 两层网络
#
# 线性分类器每个类别只有一个模板。如果一个类别有两种样子，浅底深色和深底浅色，模板就成了两者的平均，和哪个都不像。隐藏层可以补救：先寻找许多模板，再让每个类别组合支持自己的那些。这种网络的梯度要做四次矩阵乘法，你亲手写一遍。更深的网络只是同样的事情重复几次。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 前向传播 | `nn_forward_pass` | 5 | 10 |
# | 2 损失和梯度 | `nn_forward_backward` | 11 | 45 |
# | 3 训练 | `nn_train`, `nn_predict` | 8 | 15 |
# | 4 搜索 | `nn_get_search_params`, `find_best_net` | 8 | 40 |
#
# 把每个 `raise NotImplementedError()` 换成你的代码，然后运行它下面的单元格：它只运行这个任务的检查项，并告诉你第一个错误的数在哪里。只需要 torch 的算术运算；现成的层（`torch.nn`）和自动求导（`torch.autograd`）正是你要在这里造的东西，所以不允许使用。

# %% tags=["active-ipynb"]
# from common.fallbacks import use_fallbacks
#
# use_fallbacks()  # 如果本文件夹中有你自己的 linear_classifier.py，下面用的就是它，否则用备用实现

# %%
import itertools
from collections.abc import Callable
from typing import Any

import torch
from linear_classifier import sample_batch  # 如果本文件夹中有 a02 的那个文件，就用你自己的，否则用备用实现
from torch import Tensor

from common.training.labels import check_labels

Params = dict[str, Tensor]


# %% tags=["active-ipynb"]
# import math
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import confusion_matrix, curves, image_grid, show
# from common.training.seed import seed_everything
# from tqdm import tqdm
#
# seed_everything(0)

# %% [markdown]
# ## 数据
#
# 还是之前的场景：带纹理的形状，图像为 3 × 32 × 32。全连接层的网络不知道像素之间的相邻关系：对它来说，一张图像就是 3,072 个数的向量，用任何固定的排列打乱都一样。
#
# 从所有图像中减去**训练**部分的均值图像，再除以一个标准差。否则所有输入都是正数：对每张图像，一个隐藏单元所有权重的梯度符号都相同，下降的路线只能走锯齿形。

# %% tags=["active-ipynb"]
# scenes = load("scenes")
# mean, scale = scenes.x_train[:4000].mean(dim=0), scenes.x_train[:4000].std()
# images, test_images = (scenes.x_train - mean) / scale, (scenes.x_test - mean) / scale
# data = {
#     "X_train": images[:4000].flatten(1), "y_train": scenes.y_train[:4000],
#     "X_val": images[4000:].flatten(1), "y_val": scenes.y_train[4000:],
# }
# print({name: tuple(values.shape) for name, values in data.items()})
# image_grid(scenes.x_train[:16], titles=[scenes.class_names[label] for label in scenes.y_train[:16]])

# %% [markdown]
# ## 1 前向传播
#
# $X$ 的每一行是一张图像。有 $H$ 个隐藏单元和 $C$ 个类别时
#
# $$ \text{hidden} = \max(0,\; X W_1 + b_1), \qquad \text{scores} = \text{hidden}\; W_2 + b_2 . $$
#
# 最大值是逐元素取的；这个非线性函数叫 ReLU（Nair 和 Hinton 2010）。没有它，两次乘法就等于一次：$X W_1 W_2$ 又是一个线性分类器。
#
#     X        (N, D)         W1  (D, H)   b1  (H,)
#     hidden   (N, H)         W2  (H, C)   b2  (C,)
#     scores   (N, C)
#
# 偏置加到每一行上：广播会完成这件事。

# %% task="nn_forward_pass"
# 约 10 分钟，简单。卡住了？hint("nn_forward_pass") 会给出第一步。
def nn_forward_pass(params: Params, X: Tensor) -> tuple[Tensor, Tensor]:
    """每张图像在每个类别上的得分，以及经过 ReLU 的隐藏层。

    Shapes:
        params  dict               W1 (D, H)、b1 (H,)、W2 (H, C)、b2 (C,)
        X       (N, D)             图像，dtype 和设备与参数相同
        out     (N, C), (N, H)     得分，隐藏层
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nn_forward_pass"
# check("two_layer_net", task="nn_forward_pass")

# %% [markdown]
# ## 2 损失和梯度
#
# softmax 把得分变成概率；损失是正确类别的负对数概率的均值，再加上对大权重的惩罚：
#
# $$ p_{ic} = \frac{e^{s_{ic}}}{\sum_k e^{s_{ik}}}, \qquad
#    L = -\frac{1}{N} \sum_i \log p_{i y_i} \;+\; \lambda \Big( \sum W_1^2 + \sum W_2^2 \Big). $$
#
# 惩罚项只加一次，不是每张图像一次；没有因子 1/2；偏置不受惩罚。`reg` 就是 $\lambda$。
#
# **得分为 1,000 时。** $e^{1000}$ 在这里的任何浮点格式中都是无穷大，而 inf/inf 是 nan。先减去每行的最大得分：$p$ 不变，最大的指数是 0。而且要对和取对数，不要对一个可能已变成 0 的商取对数。
#
# **反向传播。** 记 $G = \partial L / \partial \text{scores}$，它是与得分形状相同的矩阵。对 softmax 来说，公式简单到不能再简单：概率减去真实值（Bishop，*Pattern Recognition and Machine Learning*，式 4.109）：
#
# $$ G_{ic} = \frac{1}{N} \big( p_{ic} - [c = y_i] \big) . $$
#
# 乘积 $Y = A B$ 把结果的梯度 $G$ 传回两个因子。形状决定了只有一种写法：
#
# $$ \frac{\partial L}{\partial A} = G B^\top, \qquad \frac{\partial L}{\partial B} = A^\top G , $$
#
# 加到每一行上的偏置，收到的是所有行相加的和；ReLU 让值通过的地方，也让梯度通过。沿着这张图往回走：
#
#     X --[W1, b1]--> . --ReLU--> hidden --[W2, b2]--> scores --softmax--> loss
#     dW1, db1   <--  .  <--ReLU--   dhidden, dW2, db2  <--   G
#
# $1/N$ 已经在 $G$ 里了：后面不再取平均。

# %% task="nn_forward_backward"
# 约 45 分钟，困难。卡住了？hint("nn_forward_backward") 会给出第一步。
def nn_forward_backward(params: Params, X: Tensor, y: Tensor | None = None, reg: float = 0.0) -> Any:
    """没有 y 时返回得分；有 y 时返回损失及其对每个参数的梯度。

    损失是 softmax 损失的均值加 reg *（W1 的平方和 + W2 的平方和），对任何得分都稳定。

    Shapes:
        params  dict        W1 (D, H)、b1 (H,)、W2 (H, C)、b2 (C,)
        X       (N, D)      图像
        y       (N,)        标签，[0, C) 中的 int64
        reg     float       L2 惩罚项的强度
        out     (N, C)      得分；或者一对：损失 ()，梯度的字典，键和形状与 params 相同
    """
    if y is not None:
        check_labels(y, images=len(X), classes=len(params["b2"]))
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nn_forward_backward"
# check("two_layer_net", task="nn_forward_backward")

# %% [markdown]
# 不知道正确的梯度也能检验梯度：沿某个方向移动一点，看损失的变化是否符合梯度所说的。中心差分的误差随步长的平方下降，直到舍入误差占上风；**错误**的梯度画出来会是又平又高的。记住这个单元格，以后的梯度都用得上。

# %% tags=["active-ipynb"]
# toy = {"W1": torch.randn(5, 7), "b1": torch.randn(7), "W2": torch.randn(7, 3), "b2": torch.randn(3)}
# toy = {name: value.double() for name, value in toy.items()}
# X, y = torch.randn(6, 5).double(), torch.randint(3, (6,))
# _, grads = nn_forward_backward(toy, X, y, reg=0.1)
# direction = {name: torch.randn_like(value) for name, value in toy.items()}
# slope = sum((grads[name] * direction[name]).sum() for name in toy)
# steps = [10.0**-k for k in range(1, 12)]
# errors = []
# for h in steps:
#     up = nn_forward_backward({name: toy[name] + h * direction[name] for name in toy}, X, y, reg=0.1)[0]
#     down = nn_forward_backward({name: toy[name] - h * direction[name] for name in toy}, X, y, reg=0.1)[0]
#     errors.append(abs((up - down) / (2 * h) - slope) / abs(slope))
# plt.figure(figsize=(6, 3.5))
# plt.loglog(steps, errors, marker="o")
# plt.xlabel("step h")
# plt.ylabel("relative error of the central difference")
# plt.grid(alpha=0.3)
# show(f"Error over the step h: it falls to {min(errors):.0e}, then rises again when h becomes smaller.")

# %% [markdown] question="two-layer-net-q1"
# **简答题 1。** 把 $W_1$、$b_1$、$W_2$ 和 $b_2$ 全设为 0。10 个类别、没有正则化时，损失是多少？四个梯度中哪些不为 0？从那里出发，网络能学到什么？改为把所有权重设为 0.01，有帮助吗？

# %% [markdown] answer="two-layer-net-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 3 训练
#
# 随机梯度下降：抽一个批量，在它上面算损失和梯度，把每个参数沿梯度的反方向移动一点，
#
# $$ \theta \leftarrow \theta - \eta \, \frac{\partial L}{\partial \theta} . $$
#
# 每一轮（训练集里有多少个批量，一轮就有多少个批量）的第一个批量之后，记下准确率，并把学习率 $\eta$ 乘以它的衰减系数。这部分已经写好；你来写那一步更新。
#
# `loss_func` 的用法是 `loss_func(params, X_batch, y=y_batch, reg=reg)`，不一定是你上面写的函数：训练过程不知道训练的是什么。

# %% task="nn_train"
# 约 10 分钟，简单。卡住了？hint("nn_train") 会给出第一步。
def nn_train(
    params: Params,
    loss_func: Callable[..., Any],
    pred_func: Callable[..., Tensor],
    X: Tensor,
    y: Tensor,
    X_val: Tensor,
    y_val: Tensor,
    learning_rate: float = 1e-3,
    learning_rate_decay: float = 0.95,
    reg: float = 5e-6,
    num_iters: int = 100,
    batch_size: int = 200,
    verbose: bool = False,
) -> dict[str, list[float]]:
    """用随机梯度下降训练 `params`，这个字典会被改动。

    loss_func(params, X, y=..., reg=...) 是（损失，梯度）；pred_func(params, loss_func, X) 是标签。每一轮的第一
    次迭代中，更新之后记下批量和 X_val 上的准确率，学习率乘以 learning_rate_decay。

    Shapes:
        X      (N, D)    训练图像
        y      (N,)      它们的标签
        X_val  (N', D)   验证图像
        y_val  (N',)     它们的标签
        out    dict      loss_history：num_iters 个损失；train_acc_history、val_acc_history：每开始一轮一个
    """
    num_train = len(X)
    iterations_per_epoch = max(num_train // batch_size, 1)
    loss_history: list[float] = []
    train_acc_history: list[float] = []
    val_acc_history: list[float] = []
    for iteration in range(num_iters):
        X_batch, y_batch = sample_batch(X, y, num_train, batch_size)
        # 在批量上计算损失和梯度，把损失作为 float 追加到 loss_history，再走一步。
        # YOUR CODE HERE
        raise NotImplementedError()
        if verbose and iteration % 100 == 0:
            print(f"iteration {iteration} of {num_iters}: loss {loss_history[-1]:.4f}")
        if iteration % iterations_per_epoch == 0:
            train_acc_history.append(float((pred_func(params, loss_func, X_batch) == y_batch).double().mean()))
            val_acc_history.append(float((pred_func(params, loss_func, X_val) == y_val).double().mean()))
            learning_rate *= learning_rate_decay
    return {
        "loss_history": loss_history,
        "train_acc_history": train_acc_history,
        "val_acc_history": val_acc_history,
    }


# %% tags=["active-ipynb"] grade="nn_train"
# check("two_layer_net", task="nn_train")

# %% [markdown]
# 预测的类别就是得分最高的那个。不带标签的 `loss_func(params, X)` 给出得分。

# %% task="nn_predict"
# 约 5 分钟，简单。卡住了？hint("nn_predict") 会给出第一步。
def nn_predict(params: Params, loss_func: Callable[..., Any], X: Tensor) -> Tensor:
    """每张图像得分最高的类别。

    Shapes:
        params  dict     loss_func 接收的任何内容
        X       (N, D)   图像
        out     (N,)     标签，int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nn_predict"
# check("two_layer_net", task="nn_predict")

# %% [markdown]
# 这个类保存参数，并调用你的四个函数。这里不用写代码。

# %%
class TwoLayerNet:
    """线性 - ReLU - 线性 - softmax。权重的初始值是标准差为 `std` 的随机数，偏置为 0。"""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
        std: float = 1e-4,
    ) -> None:
        where: dict[str, Any] = {"dtype": dtype, "device": device}
        self.params: Params = {
            "W1": std * torch.randn(input_size, hidden_size, **where),
            "b1": torch.zeros(hidden_size, **where),
            "W2": std * torch.randn(hidden_size, output_size, **where),
            "b2": torch.zeros(output_size, **where),
        }

    def loss(self, X: Tensor, y: Tensor | None = None, reg: float = 0.0) -> Any:
        """见 nn_forward_backward。"""
        return nn_forward_backward(self.params, X, y, reg)

    def train(self, X: Tensor, y: Tensor, X_val: Tensor, y_val: Tensor, **options: Any) -> dict[str, list[float]]:
        """见 nn_train，选项也是它的。"""
        return nn_train(self.params, nn_forward_backward, nn_predict, X, y, X_val, y_val, **options)

    def predict(self, X: Tensor) -> Tensor:
        """见 nn_predict。"""
        return nn_predict(self.params, nn_forward_backward, X)


# %% [markdown]
# 训练一个。第一个损失应接近 $\ln 10 = 2.303$：没有训练过的网络给每个类别 1/10。如果你的不是这样，不要去看学习率，先找错误。

# %% tags=["active-ipynb"]
# def train(hidden_size=64, num_iters=600, **options):
#     torch.manual_seed(1)
#     net = TwoLayerNet(data["X_train"].shape[1], hidden_size, 10, std=1e-2)
#     settings = {"learning_rate": 0.1, "learning_rate_decay": 0.97, "reg": 1e-4, "batch_size": 100} | options
#     return net, net.train(*data.values(), num_iters=num_iters, **settings)
#
# started = time.perf_counter()
# net, history = train(num_iters=1200)
# print(f"first loss {history['loss_history'][0]:.3f}, {time.perf_counter() - started:.1f} s")
# curves({"loss": history["loss_history"]}, ylabel="loss of the batch", title="1,200 batches of 100 images")

# %% tags=["active-ipynb"]
# accuracies = {"training batch": history["train_acc_history"], "validation": history["val_acc_history"]}
# curves(accuracies, xlabel="epoch", ylabel="accuracy")

# %% [markdown]
# 隐藏单元学到了什么？一个单元的权重就是一张图像：它对这样的图像反应最强。下面 24 个单元的输出权重最大。灰色是 0，有颜色就是有所偏好。

# %% tags=["active-ipynb"]
# def show_templates(net, count=24):
#     strongest = net.params["W2"].norm(dim=1).topk(count).indices
#     templates = net.params["W1"].T[strongest].reshape(-1, 3, 32, 32)
#     limits = templates.abs().amax(dim=(1, 2, 3), keepdim=True)
#     words = f"The weights of {count} hidden units as images of 32 x 32 pixels; grey is 0."
#     return image_grid(0.5 + 0.5 * templates / limits, columns=12, alt=words)
#
# show_templates(net)

# %% [markdown]
# ### 每个旋钮的作用
#
# 一次只改一样，两条曲线都要看。训练准确率远高于验证准确率是**过拟合**：更多数据、更少单元或更强的正则化会有帮助。两者都低而且接近是**欠拟合**：更多单元、更多迭代、更高的学习率。曲线缺失或中断，说明损失变成了 nan：步子太大了。

# %% tags=["active-ipynb"]
# # 约 15 秒
# STYLES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]
#
#
# def compare(title, variants):
#     figure, panels = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
#     reached = []
#     for (label, options), style in zip(tqdm(variants.items(), unit="net"), STYLES):
#         net, history = train(**options)
#         right = [net.predict(data[f"X_{part}"]) == data[f"y_{part}"] for part in ("train", "val")]
#         accuracy = [float(part.double().mean()) for part in right]
#         smooth = torch.tensor(history["loss_history"]).unfold(0, 30, 10).mean(dim=1)
#         panels[0].plot(torch.arange(len(smooth)) * 10, smooth, linestyle=style, label=label)
#         reached.append(f"{label}: train {accuracy[0]:.2f}, val {accuracy[1]:.2f}")
#         panels[1].plot(history["val_acc_history"], linestyle=style, label=reached[-1])
#     panels[0].set(xlabel="iteration", ylabel="loss, mean of 30 batches", title=title, ylim=(0, 2.6))
#     panels[1].set(xlabel="epoch", ylabel="validation accuracy", title=title)
#     for panel in panels:
#         panel.grid(alpha=0.3)
#         panel.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.15))  # 在曲线下方
#     show(f"Loss over the iterations and validation accuracy over the epochs. At the end, {'; '.join(reached)}.")
#
#
# compare("capacity", {f"{size} hidden units": {"hidden_size": size} for size in (2, 8, 32, 128, 512)})

# %% tags=["active-ipynb"]
# # 约 20 秒
# compare("regularisation", {f"reg = {reg:g}": {"reg": reg, "num_iters": 1000} for reg in (0.0, 3e-3, 1e-2, 1e-1)})

# %% tags=["active-ipynb"]
# # 约 10 秒
# compare("learning rate", {f"learning rate {rate:g}": {"learning_rate": rate} for rate in (1e-3, 1e-2, 1e-1, 1.0)})

# %% [markdown] question="two-layer-net-q2"
# **简答题 2。** 你的训练损失下降缓慢，几乎是一条直线，训练准确率和验证准确率差不多相同。一位朋友建议 (a) 提高学习率，(b) 增大隐藏层，(c) 加强正则化。三者中你会先试哪个？哪个绝不会试？为什么？如果两个准确率相差很大，你又会怎么回答？

# %% [markdown] answer="two-layer-net-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 搜索
#
# 四个旋钮，每一个都会改变其他旋钮的最佳位置。试各种组合，留下**验证**准确率最高的网络，不要碰测试图像。学习率和正则化强度按倍数起作用，所以要按倍数取值（0.01、0.03、0.1），不要按等差取值。
#
# 返回最少 2 种、最多 25 种组合，这样搜索今天就能结束。

# %% task="nn_get_search_params"
# 约 15 分钟，简单。卡住了？hint("nn_get_search_params") 会给出第一步。
def nn_get_search_params() -> tuple[list[float], list[int], list[float], list[float]]:
    """要试的设置：(learning_rates, hidden_sizes, regularization_strengths, learning_rate_decays)。

    四个列表，总共 2 到 25 种组合。学习率大于 0，强度从 0 起，衰减系数在 (0, 1] 中。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nn_get_search_params"
# check("two_layer_net", task="nn_get_search_params")

# %% [markdown]
# `find_best_net` 试遍 `get_param_set_fn` 返回的每种组合。训练多久、用哪些批量、从什么权重开始，由你决定；任何大小都不能写死：图像可以有任意多个值，类别可以有任意多个（标签是 0 到 C - 1，训练标签中包含最大的那个）。
#
# `TwoLayerNet` 默认的 `std` 很小，起步慢：要过好几轮，权重才大到能起作用。取 $\sqrt{2/D}$ 左右（He 等 2015，式 10），不管图像多大，一开始就能学起来。

# %% task="find_best_net"
# 约 25 分钟，中等。卡住了？hint("find_best_net") 会给出第一步。
def find_best_net(
    data_dict: dict[str, Tensor],
    get_param_set_fn: Callable[[], tuple[list[float], list[int], list[float], list[float]]],
) -> tuple[TwoLayerNet, dict[str, list[float]], float]:
    """为每种组合训练一个 TwoLayerNet；在整个验证集上准确率最高的胜出。

    Shapes:
        data_dict         dict   X_train (N, D)、y_train (N,)、X_val (N', D)、y_val (N',)
        get_param_set_fn         给出 nn_get_search_params 所给出的内容
        out               tuple  最好的网络；它的记录，同 nn_train 的返回值；它在 X_val 上的准确率，在 [0, 1] 中
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="find_best_net"
# check("two_layer_net", task="find_best_net")

# %% tags=["active-ipynb"]
# # 你的每种组合约 1.5 秒：18 种约 25 秒
# started = time.perf_counter()
# best_net, best_history, best_accuracy = find_best_net(data, nn_get_search_params)
# units = len(best_net.params["b1"])
# print(f"validation {best_accuracy:.3f}, {units} hidden units, {time.perf_counter() - started:.0f} s")

# %% [markdown]
# 两个旋钮的热图显示它们如何相互影响。看最佳值在哪里：如果在图的边上，就应继续往外搜索。

# %% tags=["active-ipynb"]
# # 约 30 秒：20 个网络
# rates, strengths = [0.01, 0.03, 0.1, 0.3], [0.0, 1e-3, 3e-3, 1e-2, 3e-2]
# table = torch.zeros(len(rates), len(strengths))
# for i, j in tqdm(list(itertools.product(range(len(rates)), range(len(strengths)))), unit="net"):
#     net, _ = train(learning_rate=rates[i], reg=strengths[j], num_iters=500)
#     table[i, j] = (net.predict(data["X_val"]) == data["y_val"]).double().mean()
# middle = (table.min() + table.max()) / 2
# plt.figure(figsize=(6, 3.6))
# plt.imshow(table, cmap="viridis", aspect="auto")
# for i in range(len(rates)):
#     for j in range(len(strengths)):
#         colour = "white" if table[i, j] < middle else "black"
#         plt.text(j, i, f"{table[i, j]:.3f}", ha="center", va="center", color=colour)
# plt.xticks(range(len(strengths)), [f"{reg:g}" for reg in strengths])
# plt.yticks(range(len(rates)), [f"{rate:g}" for rate in rates])
# plt.xlabel("reg")
# plt.ylabel("learning rate")
# plt.colorbar(label="validation accuracy")
# i, j = divmod(int(table.argmax()), len(strengths))
# show(f"Map of the validation accuracy. Highest: {table[i, j]:.3f} at learning rate {rates[i]}, reg {strengths[j]}.")

# %% [markdown]
# 现在才用测试集，而且只用一次。哪些类别相互混淆？与线性分类器和最近邻相比如何？

# %% tags=["active-ipynb"]
# predicted = best_net.predict(test_images.flatten(1))
# print(f"test accuracy {float((predicted == scenes.y_test).double().mean()):.3f}, validated {best_accuracy:.3f}")
# confusion_matrix(scenes.y_test, predicted, scenes.class_names)

# %% tags=["active-ipynb"]
# show_templates(best_net)

# %% [markdown]
# ## 小结
#
# 反向传播时，一层只需要当时的输入和输出的梯度，不需要网络的其他任何东西。这样每一层都是独立的模块：本作业的后半部分 `fully_connected_networks` 就用这样的模块搭建任意深度的网络。
#
# **延伸阅读。** Rumelhart、Hinton 和 Williams（*Learning representations by back-propagating errors*，1986）让反向传播广为人知。Cybenko（*Approximation by superpositions of a sigmoidal function*，1989）证明：一个隐藏层只要可以任意宽，就能逼近任何连续函数。
