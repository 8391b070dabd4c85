# %% [markdown]
# # 手写卷积网络
#
# 全连接层不知道两个像素是相邻的：把所有图像的像素按同样的方式打乱，它照样学得一样好。卷积层只看小窗口，每个窗口都用同样的权重，所以在一个角落学到的条纹，在任何地方都认得。你来写这种层和它的梯度，然后写出让很深的网络训练得起来的东西：好的初始化和归一化。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 层 | `Conv.forward`, `.backward`, `MaxPool.forward`, `.backward` | 20 | 100 |
# | 2 小网络 | `ThreeLayerConvNet.loss` | 5 | 20 |
# | 3 初始化 | `kaiming_initializer` | 3 | 10 |
# | 4 批量归一化 | `BatchNorm.forward`, `.backward`, `.backward_alt`, `SpatialBatchNorm.forward`, `.backward` | 16 | 75 |
# | 5 深层网络 | `DeepConvNet`, `find_overfit_parameters`, `create_convolutional_solver_instance` | 12 | 105 |
# | 6 其他归一化 | `LayerNorm.forward`, `.backward`, `SpatialGroupNorm.forward`, `.backward` | 8 | 45 |
#
# 这里的一切都用张量算术来写。`torch.nn`、`F.conv2d` 及其同类，还有自动求导，会替你完成任务，所以不允许；`F.pad`、`F.unfold` 和 `Tensor.unfold` 可以用。本作业的 `resnet.py` 和 `modern_cnn.py` 则可以随意使用 `torch.nn`。

# %% tags=["active-ipynb"]
# from common.fallbacks import use_fallbacks
#
# use_fallbacks()  # 如果本文件夹中有你自己的 fully_connected_networks.py，下面用的就是它，否则用备用实现

# %%
from collections.abc import Callable
from typing import Any

import torch
from fully_connected_networks import Linear, Linear_ReLU, ReLU, adam
from torch import Tensor
from torch.nn import functional as F

from common.nets.convs import FastConv, FastMaxPool
from common.training.losses import softmax_loss
from common.training.solver import Solver


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
# torch.set_num_threads(1)  # 这么小的网络用更多线程没有好处，在同时有其他工作的机器上反而慢得多
# scenes = load("scenes")
# centre = scenes.x_train.mean(dim=0, keepdim=True)
# data = {
#     "X_train": scenes.x_train[:2000] - centre,
#     "y_train": scenes.y_train[:2000],
#     "X_val": scenes.x_test[:500] - centre,
#     "y_val": scenes.y_test[:500],
# }

# %% [markdown]
# ## 1 层
#
# ### 卷积，前向传播
#
# 让 $F$ 个卷积核依次滑过每张图像。输出通道 $f$ 在第 $i$ 行第 $j$ 列的值，是卷积核 $f$ 与从第 $i s$ 行、第 $j s$ 列开始的窗口的点积，$s$ 是**步幅**（stride）：
#
# $$ \text{out}_{n f i j} = b_f + \sum_{c, u, v} x_{n,\, c,\, i s + u,\, j s + v} \; w_{f c u v}. $$
#
# 先在图像四周各填充 `pad` 行和列的零。卷积核没有翻转，所以数学家会叫它互相关；深度学习里就叫卷积。输出共有
#
# $$ H' = 1 + \lfloor (H + 2\,\text{pad} - K_H) / s \rfloor $$
#
# 行；如果窗口除不尽，图像最后的几行就不属于任何窗口。图像和卷积核都不必是正方形。可以用循环。不用循环的话，`Tensor.unfold` 和 `torch.einsum` 两行就够了。

# %% [markdown]
# ### 卷积，反向传播
#
# 给你的是 $d = \partial L / \partial\,\text{out}$。每个输出用到每个权重一次，所以由链式法则
#
# $$ \frac{\partial L}{\partial w_{f c u v}} = \sum_{n, i, j} d_{n f i j}\; x_{n,\, c,\, i s + u,\, j s + v}, \qquad
#    \frac{\partial L}{\partial b_f} = \sum_{n, i, j} d_{n f i j}, $$
#
# 而填充后图像的一个像素，从它所在的**每个**窗口收集梯度：$(i, j)$ 处的输出把 $d_{n f i j}\, w_{f c u v}$ 送给 $(i s + u, j s + v)$ 处的像素。最后再把填充裁掉。`F.fold` 会替你收集，所以不允许。

# %% task="Conv.forward Conv.backward"
# 约 60 分钟，困难。卡住了？hint("Conv.forward") 或 hint("Conv.backward") 会给出第一步。
class Conv:
    """卷积：每张图像与每个卷积核的互相关。"""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor, conv_param: dict[str, int]) -> tuple[Tensor, Any]:
        """让每个卷积核滑过每张图像，取点积。

        Shapes:
            x           (N, C, H, W)    图像，float
            w           (F, C, KH, KW)  卷积核
            b           (F,)            加到所属通道的每个位置
            conv_param  dict            "stride"：窗口每次移动的像素数；"pad"：每一侧填充的零
            out         (N, F, H', W')  H' = 1 + (H + 2*pad - KH) // stride，W' 同理；以及给 backward 的缓存
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """对 x、w 和 b 的梯度。

        Shapes:
            dout  (N, F, H', W')  对 out 的梯度
            out   三个            dx、dw、db，形状同 x、w、b
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dw, db


# %% tags=["active-ipynb"] grade="Conv.forward"
# check("convolutional_networks", task="Conv.forward")

# %% tags=["active-ipynb"] grade="Conv.backward"
# check("convolutional_networks", task="Conv.backward")

# %% [markdown]
# **对 $x$ 的梯度也是卷积。** 在 $d$ 的元素之间插入 $s - 1$ 个零，把每个卷积核在两个方向上翻转，交换它的输入和输出通道，再用步幅 1 和填充 $K - 1 - \text{pad}$ 做卷积。这样，一个像素会依次遇到它参与过的各个输出，每个都带着当时的权重。这个单元格用你的 `forward` 来做这件事。在 `modern_cnn` 中，同样的想法用来放大图像。

# %% tags=["active-ipynb"]
# torch.manual_seed(0)
# x, w, pad, stride = torch.randn(2, 3, 9, 8), torch.randn(4, 3, 3, 3), 1, 2
# out, cache = Conv.forward(x, w, torch.zeros(4), {"stride": stride, "pad": pad})
# dout = torch.randn_like(out)  # (2, 4, 5, 4)
# dx, _, _ = Conv.backward(dout, cache)
# spread = torch.zeros(2, 4, 9, 8)  # (H + 2 pad - K + 1 is H here)
# spread[:, :, ::stride, ::stride] = dout
# flipped = w.flip(2, 3).transpose(0, 1)  # (3, 4, 3, 3)
# again, _ = Conv.forward(spread, flipped, torch.zeros(3), {"stride": 1, "pad": 3 - 1 - pad})
# print(f"largest difference between your dx and the convolution: {float((dx - again).abs().max()):.1e}")

# %% [markdown]
# 一个卷积核能做什么？下面几个是人工选的；在卷积核改由学习得到之前，通常就是这样做。每个卷积核对红、绿、蓝都一样。

# %% tags=["active-ipynb"]
# by_hand = {
#     "blur": torch.full((5, 5), 1 / 25),
#     "left - right": torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]) / 4,
#     "top - bottom": torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]) / 4,
#     "Laplace": torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
# }
# pictures, titles = [], []
# for image in scenes.x_train[[0, 1, 2]]:
#     pictures.append(image)
#     titles.append("image")
#     for name, kernel in by_hand.items():
#         w = kernel.expand(1, 3, *kernel.shape) / 3
#         response, _ = Conv.forward(image[None], w, torch.zeros(1), {"stride": 1, "pad": len(kernel) // 2})
#         grey = response[0] if name == "blur" else 0.5 + response[0]
#         pictures.append(grey.expand(3, -1, -1))
#         titles.append(name)
# image_grid(torch.stack(pictures), titles=titles, columns=5)

# %% [markdown] question="conv-q1"
# **简答题 1。** 一个 3 x 3 卷积有 64 个输入通道和 128 个输出通道；图像为 32 x 32，步幅 1，填充 1。它有多少个权重和偏置？同样的输入和输出之间的全连接层有多少个？如果图像变成 64 x 64，两个数中哪一个会变？

# %% [markdown] answer="conv-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ### 最大池化
#
# 在每个通道内，只保留每个窗口中最大的值：
#
# $$ \text{out}_{n c i j} = \max_{u < P_H,\, v < P_W} x_{n,\, c,\, i s + u,\, j s + v}. $$
#
# 反向时，输出的梯度只传给当时取最大值的那个像素，其他像素什么也得不到。有两点常被忽略。步幅小于窗口时，**窗口会重叠**：同一个像素可能是多个窗口的最大值，要把它们传来的梯度都加起来。而如果一个窗口有几个最大值，例如 ReLU 之后全是零，那么只有**一个**得到梯度，否则梯度就翻了几倍。

# %% task="MaxPool.forward MaxPool.backward"
# 约 40 分钟，困难。卡住了？hint("MaxPool.forward") 或 hint("MaxPool.backward") 会给出第一步。
class MaxPool:
    """每个窗口的最大值。"""

    @staticmethod
    def forward(x: Tensor, pool_param: dict[str, int]) -> tuple[Tensor, Any]:
        """保留每个通道每个窗口中最大的值。

        Shapes:
            x           (N, C, H, W)    图像，float
            pool_param  dict            "pool_height"、"pool_width"：窗口的大小；"stride"：相邻窗口起点的间距
            out         (N, C, H', W')  H' = 1 + (H - pool_height) // stride，W' 同理；以及给 backward 的缓存
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> Tensor:
        """对 x 的梯度：每个输出的梯度传给它窗口中的一个最大值。

        Shapes:
            dout  (N, C, H', W')  对 out 的梯度
            out   (N, C, H, W)    dx
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="MaxPool.forward"
# check("convolutional_networks", task="MaxPool.forward")

# %% tags=["active-ipynb"] grade="MaxPool.backward"
# check("convolutional_networks", task="MaxPool.backward")

# %% [markdown]
# ### 快速层
#
# 训练需要速度。`FastConv` 和 `FastMaxPool` 的接口与你的层相同，工作交给 torch 自己的算子。先看它们的计算结果与你的相同，包括梯度，再看它们用多少时间。

# %% tags=["active-ipynb"]
# seed_everything(0)
# x, w, b = torch.randn(50, 3, 32, 32), torch.randn(25, 3, 3, 3), torch.randn(25)
# dout = torch.randn(50, 25, 16, 16)
# results = {}
# for layer in (Conv, FastConv):
#     begun = time.perf_counter()
#     out, cache = layer.forward(x, w, b, {"stride": 2, "pad": 1})
#     middle = time.perf_counter()
#     results[layer] = (out, *layer.backward(dout, cache))
#     print(f"{layer.__name__:9} forward {middle - begun:.4f} s, backward {time.perf_counter() - middle:.4f} s")
# for name, yours, fast in zip(("out", "dx", "dw", "db"), results[Conv], results[FastConv]):
#     print(f"{name:3}  largest relative difference {float((yours - fast).abs().max() / fast.abs().max()):.1e}")

# %% [markdown]
# 层常常成组出现。下面这些组合已经给出；它们用快速层，后面还会用到你自己的归一化。

# %%
class Conv_ReLU:
    """卷积，ReLU。"""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor, conv_param: dict[str, int]) -> tuple[Tensor, Any]:
        """Shapes: 同 Conv.forward。"""
        scores, conv_cache = FastConv.forward(x, w, b, conv_param)
        out, relu_cache = ReLU.forward(scores)
        return out, (conv_cache, relu_cache)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """dx、dw、db。"""
        conv_cache, relu_cache = cache
        return FastConv.backward(ReLU.backward(dout, relu_cache), conv_cache)


class Conv_ReLU_Pool:
    """卷积，ReLU，最大池化。"""

    @staticmethod
    def forward(
        x: Tensor, w: Tensor, b: Tensor, conv_param: dict[str, int], pool_param: dict[str, int]
    ) -> tuple[Tensor, Any]:
        """Shapes: 同 Conv.forward 和 MaxPool.forward。"""
        hidden, conv_cache = Conv_ReLU.forward(x, w, b, conv_param)
        out, pool_cache = FastMaxPool.forward(hidden, pool_param)
        return out, (conv_cache, pool_cache)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """dx、dw、db。"""
        conv_cache, pool_cache = cache
        return Conv_ReLU.backward(FastMaxPool.backward(dout, pool_cache), conv_cache)


class Conv_BatchNorm_ReLU:
    """卷积，批量归一化，ReLU。"""

    @staticmethod
    def forward(
        x: Tensor,
        w: Tensor,
        b: Tensor,
        gamma: Tensor,
        beta: Tensor,
        conv_param: dict[str, int],
        bn_param: dict[str, Any],
    ) -> tuple[Tensor, Any]:
        """Shapes: 同 Conv.forward 和 SpatialBatchNorm.forward。"""
        scores, conv_cache = FastConv.forward(x, w, b, conv_param)
        normal, bn_cache = SpatialBatchNorm.forward(scores, gamma, beta, bn_param)
        out, relu_cache = ReLU.forward(normal)
        return out, (conv_cache, bn_cache, relu_cache)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """dx、dw、db、dgamma、dbeta。"""
        conv_cache, bn_cache, relu_cache = cache
        dscores, dgamma, dbeta = SpatialBatchNorm.backward(ReLU.backward(dout, relu_cache), bn_cache)
        return *FastConv.backward(dscores, conv_cache), dgamma, dbeta


class Conv_BatchNorm_ReLU_Pool:
    """卷积，批量归一化，ReLU，最大池化。"""

    @staticmethod
    def forward(
        x: Tensor,
        w: Tensor,
        b: Tensor,
        gamma: Tensor,
        beta: Tensor,
        conv_param: dict[str, int],
        bn_param: dict[str, Any],
        pool_param: dict[str, int],
    ) -> tuple[Tensor, Any]:
        """Shapes: 同 Conv_BatchNorm_ReLU.forward 和 MaxPool.forward。"""
        hidden, cache = Conv_BatchNorm_ReLU.forward(x, w, b, gamma, beta, conv_param, bn_param)
        out, pool_cache = FastMaxPool.forward(hidden, pool_param)
        return out, (cache, pool_cache)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """dx、dw、db、dgamma、dbeta。"""
        cache, pool_cache = cache
        return Conv_BatchNorm_ReLU.backward(FastMaxPool.backward(dout, pool_cache), cache)


# %% [markdown]
# ## 2 小网络
#
#     conv - ReLU - 2x2 max pool - linear - ReLU - linear - softmax
#
# `__init__` 已经给出；看看 `W2` 的大小怎样由图像、卷积核和池化窗口的大小得出，它们都不固定。你来写 `loss`，用 `Conv_ReLU_Pool`、`Linear_ReLU` 和 `Linear`。

# %% task="ThreeLayerConvNet.loss"
# 约 20 分钟，中等。卡住了？hint("ThreeLayerConvNet.loss") 会给出第一步。
class ThreeLayerConvNet:
    """卷积 - ReLU - 2x2 最大池化 - 线性 - ReLU - 线性；参数 W1、b1、W2、b2、W3、b3。"""

    def __init__(
        self,
        input_dims: tuple[int, int, int] = (3, 32, 32),
        num_filters: int = 32,
        filter_size: int = 7,
        hidden_dim: int = 100,
        num_classes: int = 10,
        weight_scale: float = 1e-3,
        reg: float = 0.0,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
    ):
        channels, height, width = input_dims
        # 大小为奇数的卷积核保持高和宽；池化把它们减半，向下取整。
        self.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}
        self.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        shrunk = 2 * self.conv_param["pad"] - filter_size + 1
        features = num_filters * ((height + shrunk) // 2) * ((width + shrunk) // 2)
        shapes = {
            "W1": (num_filters, channels, filter_size, filter_size),
            "W2": (features, hidden_dim),
            "W3": (hidden_dim, num_classes),
        }
        self.params: dict[str, Tensor] = {}
        for name, shape in shapes.items():
            bias = shape[0] if name == "W1" else shape[1]
            self.params[name] = weight_scale * torch.randn(*shape, dtype=dtype, device=device)
            self.params[name.replace("W", "b")] = torch.zeros(bias, dtype=dtype, device=device)
        self.reg, self.dtype = reg, dtype

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        """没有标签时返回得分，否则返回损失和它的梯度。

        损失是 softmax 损失的均值，再加上 reg 乘以所有权重的平方和（不含偏置）。

        Shapes:
            X    (N, C, H, W)  图像
            y    (N,)          标签，int64，或 None
            out  (N, L)        得分；或 (loss, grads)，grads 的名字同 params
        """
        X = X.to(self.dtype)
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ThreeLayerConvNet.loss"
# check("convolutional_networks", task="ThreeLayerConvNet.loss")

# %% [markdown]
# 在 2,000 张图像上训练三轮，然后看看它的卷积核。训练好的网络，前面的卷积核会找边缘、条纹和色块；训练这么短时间，你看到的是它们的雏形。

# %% tags=["active-ipynb"]
# # 约 8 秒
# seed_everything(0)
# small = ThreeLayerConvNet(num_filters=16, weight_scale=1e-2, reg=1e-4)
# solver = Solver(
#     small, data, update_rule=adam, optim_config={"learning_rate": 1e-3}, num_epochs=3, batch_size=50
# )
# solver.train()
# print(f"validation accuracy {solver.best_val_acc:.3f}")
# filters = small.params["W1"]
# low, high = filters.amin(dim=(1, 2, 3), keepdim=True), filters.amax(dim=(1, 2, 3), keepdim=True)
# words = f"The {len(filters)} filters of the first layer, each from its smallest to its largest weight."
# image_grid((filters - low) / (high - low), columns=8, alt=words)

# %% [markdown]
# 再看它们的响应：一张图像，然后是 ReLU 之后的 16 张**特征图**。白色表示强响应。

# %% tags=["active-ipynb"]
# image = scenes.x_test[3:4]
# hidden, _ = Conv_ReLU.forward(image - centre, small.params["W1"], small.params["b1"], small.conv_param)
# maps = (hidden / hidden.amax(dim=(2, 3), keepdim=True).clamp(min=1e-6)).transpose(0, 1)  # (F, 1, H, W)
# black = int((maps.amax(dim=(1, 2, 3)) == 0).sum())
# words = f"An image and its 16 feature maps, of which {black} are black everywhere."
# titles = ["image", *map(str, range(16))]
# image_grid(torch.cat([image, maps.expand(-1, 3, -1, -1)]), titles=titles, columns=9, alt=words)

# %% [markdown]
# ## 3 初始化
#
# 叠二十层，权重只要小一点点，到最后图像就什么都不剩；大一点点，数就会爆炸。He 等（2015，*Delving Deep into Rectifiers*，式 10）选择的方差，使各层激活前的值的方差保持不变：
#
# $$ w \sim \mathcal{N}\!\left(0,\ \frac{\text{gain}}{\text{fan in}}\right), \qquad
#    \text{fan in} = D_\text{in} \text{ (linear) or } D_\text{in} K^2 \text{ (convolution)}. $$
#
# 后面跟着 ReLU 时，增益是 2，因为 ReLU 把一半的值设为 0，下一层看到的均方也就减半。否则增益是 1。

# %% task="kaiming_initializer"
# 约 10 分钟，简单。卡住了？hint("kaiming_initializer") 会给出第一步。
def kaiming_initializer(
    Din: int,
    Dout: int,
    K: int | None = None,
    relu: bool = True,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """正态分布的权重，方差为 gain / fan_in。

    Shapes:
        Din   int   输入的特征数或通道数
        Dout  int   输出的特征数或通道数
        K     int   卷积核的边长；线性层为 None
        relu  bool  后面有 ReLU 吗？
        out   线性层为 (Din, Dout)，卷积为 (Dout, Din, K, K)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="kaiming_initializer"
# check("convolutional_networks", task="kaiming_initializer")

# %% [markdown]
# 在它之前的规则是 **Xavier**（Glorot 和 Bengio 2010）：方差为 $2 / (\text{fan in} + \text{fan out})$，在前向的值和反向的梯度之间折中。它没有给 ReLU 的因子 2，因为它是为 tanh 设计的，而 tanh 几乎不改变小的数。输入和输出一样多时，它就是增益为 1 的 Kaiming 规则。经过 20 层卷积时，激活值的标准差如下：

# %% tags=["active-ipynb"]
# seed_everything(0)
# deviations = {}
# for name, scale, relu in [
#     ("0.5 x Kaiming, ReLU", 0.5, True), ("Kaiming, ReLU", 1.0, True), ("1.5 x Kaiming, ReLU", 1.5, True),
#     ("Xavier, ReLU", 0.5**0.5, True), ("Xavier, tanh", 0.5**0.5, False),
# ]:
#     hidden, deviations[name] = torch.randn(8, 16, 32, 32), []
#     for _ in range(20):
#         w = scale * kaiming_initializer(16, 16, K=3)  # 16 进 16 出：Xavier 的方差是它的一半
#         hidden, _ = FastConv.forward(hidden, w, torch.zeros(16), {"stride": 1, "pad": 1})
#         hidden = hidden.relu() if relu else hidden.tanh()
#         deviations[name].append(float(hidden.std()))
# figure = curves(deviations, x=range(1, 21), xlabel="layer", ylabel="standard deviation of the activations")
# figure.axes[0].set_yscale("log")
# figure

# %% [markdown]
# ## 4 批量归一化
#
# 即使起点好，前面的层在学习时，一层输入的分布也会漂移。Ioffe 和 Szegedy（2015，算法 1）把补救办法放进网络：**在批量上**把每个特征变成均值 0、方差 1，再让它学自己的缩放和平移。（漂移是他们的解释。它为什么有用至今仍有争论：批量归一化还让损失更平滑，Santurkar 等 2018。）
#
# $$ \mu = \frac1N \sum_n x_n, \qquad \sigma^2 = \frac1N \sum_n (x_n - \mu)^2, \qquad
#    \hat x_n = \frac{x_n - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y_n = \gamma\, \hat x_n + \beta . $$
#
# 方差除以 $N$，而不是 $N - 1$。使用网络时可能没有批量，而且一张图像的预测不能取决于与它同批的图像。所以训练时保存**滑动统计量**，
#
# $$ \text{running} \leftarrow m \cdot \text{running} + (1 - m) \cdot \text{batch}, $$
#
# 测试模式就用它们来归一化。它们在 `bn_param` 中，名字是 `running_mean` 和 `running_var`；还没有时，两者都从零开始。
#
# **反向传播。** 画出从 $x$ 到 $y$ 的计算图，再倒着走一遍：$x$ 通过三条路到达 $y$，直接到达，经过 $\mu$，经过 $\sigma^2$。这就是 `backward`。在纸上，大部分项会消掉，剩下的一行就写得下。令 $g_n = \gamma\, \partial L / \partial y_n$，
#
# $$ \frac{\partial L}{\partial x_n} = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}
#    \Big( g_n - \frac1N \sum_m g_m - \hat x_n\, \frac1N \sum_m g_m \hat x_m \Big). $$
#
# 用铅笔推导一遍，然后写成 `backward_alt`。

# %% task="BatchNorm.forward BatchNorm.backward BatchNorm.backward_alt"
# 约 60 分钟，困难。卡住了？hint("BatchNorm.forward")（或换成另一个任务）会给出第一步。
class BatchNorm:
    """向量的批量归一化。"""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, bn_param: dict[str, Any]) -> tuple[Tensor, Any]:
        """在批量上归一化每个特征；测试模式下用滑动统计量。

        训练模式下更新 ``bn_param["running_mean"]`` 和 ``bn_param["running_var"]``。

        Shapes:
            x         (N, D)  float
            gamma     (D,)    缩放
            beta      (D,)    平移
            bn_param  dict    "mode"："train" 或 "test"；"eps"：1e-5；"momentum"：0.9；"running_mean" 和
                              "running_var" (D,)
            out       (N, D)  以及给 backward 的缓存
        """
        mode = bn_param["mode"]
        eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
        running_mean = bn_param.get("running_mean", torch.zeros_like(x[0]))
        running_var = bn_param.get("running_var", torch.zeros_like(x[0]))
        if mode not in ("train", "test"):
            raise ValueError(f'bn_param["mode"] is "train" or "test", not {mode!r}.')
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """训练模式的梯度，沿计算图一步步往回走。

        Shapes:
            dout  (N, D)  对 out 的梯度
            out   三个    dx (N, D)、dgamma (D,)、dbeta (D,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dgamma, dbeta

    @staticmethod
    def backward_alt(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """同样的梯度，用全部化简之后剩下的公式。

        Shapes:
            dout  (N, D)  对 out 的梯度
            out   三个    dx (N, D)、dgamma (D,)、dbeta (D,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dgamma, dbeta


# %% tags=["active-ipynb"] grade="BatchNorm.forward"
# check("convolutional_networks", task="BatchNorm.forward")

# %% tags=["active-ipynb"] grade="BatchNorm.backward"
# check("convolutional_networks", task="BatchNorm.backward")

# %% tags=["active-ipynb"] grade="BatchNorm.backward_alt"
# check("convolutional_networks", task="BatchNorm.backward_alt")

# %% [markdown]
# 卷积让一个通道的每个位置用同样的权重，所以每个位置也该用同样的均值和方差：**空间**批量归一化对图像、行**和**列一起取统计量，每个通道一对。小心地改变形状，你的 `BatchNorm` 就能完成其余的事。

# %% task="SpatialBatchNorm.forward SpatialBatchNorm.backward"
# 约 15 分钟，中等。卡住了？hint("SpatialBatchNorm.forward") 或 hint("SpatialBatchNorm.backward") 会给出第一步。
class SpatialBatchNorm:
    """特征图的批量归一化。"""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, bn_param: dict[str, Any]) -> tuple[Tensor, Any]:
        """在图像和位置上归一化每个通道。

        Shapes:
            x         (N, C, H, W)  float
            gamma     (C,)          缩放
            beta      (C,)          平移
            bn_param  dict          同 BatchNorm；滑动统计量的形状为 (C,)
            out       (N, C, H, W)  以及给 backward 的缓存
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """训练模式的梯度。

        Shapes:
            dout  (N, C, H, W)  对 out 的梯度
            out   三个          dx (N, C, H, W)、dgamma (C,)、dbeta (C,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dgamma, dbeta


# %% tags=["active-ipynb"] grade="SpatialBatchNorm.forward"
# check("convolutional_networks", task="SpatialBatchNorm.forward")

# %% tags=["active-ipynb"] grade="SpatialBatchNorm.backward"
# check("convolutional_networks", task="SpatialBatchNorm.backward")

# %% [markdown] question="conv-q2"
# **简答题 2。** 带偏置的卷积后面直接跟着批量归一化。训练模式下，损失对这个偏置的梯度是多少，为什么？把卷积的所有权重乘以 10，这一对的输出有什么变化？测试模式下，一个卷积就能代替这一对：它的权重和偏置是什么？

# %% [markdown] answer="conv-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 深层网络
#
#     {conv 3x3 - [batch norm] - ReLU - [2x2 max pool]} x (L - 1) - linear
#
# 任意深度，每层任意多个卷积核，`max_pools` 列出的层（从 0 数起）之后有池化。从 1 数起的第 $i$ 层有参数 `Wi`、`bi`；有批量归一化时还有 `gammai` 和 `betai`；线性层是最后一层，编号 $L$ = `len(num_filters) + 1`。卷积的步幅为 1、填充为 1，池化窗口为 2x2、步幅 2。
#
# 在 `__init__` 中，权重是 `weight_scale` 乘以标准正态随机数；如果 `weight_scale` 是字符串 `"kaiming"`，则来自 `kaiming_initializer`（最后一层用 `relu=False`）。如果给了 `weight_initializer`，即参数与 `kaiming_initializer` 相同的函数，那么所有权重都来自它，`weight_scale` 不起作用。偏置和 `beta` 从 0 开始，`gamma` 从 1 开始。在 `loss` 中，只正则化权重 `W`。四种 `Conv_...` 组合是你的好帮手。

# %% task="DeepConvNet"
# 约 60 分钟，困难。卡住了？hint("DeepConvNet") 会给出第一步。
class DeepConvNet:
    """{conv3x3 - [批量归一化] - ReLU - [最大池化]} x (L - 1) - 线性。

    参数 W1、b1、[gamma1、beta1]、……、WL、bL。

    如果有 weight_initializer，权重由它来造：卷积的权重用 weight_initializer(Din, Dout, K=3, relu=True,
    device=device, dtype=dtype)，线性层的权重用 weight_initializer(Din, Dout, relu=False, device=device,
    dtype=dtype)。
    """

    def __init__(
        self,
        input_dims: tuple[int, int, int] = (3, 32, 32),
        num_filters: list[int] | tuple[int, ...] = (8, 8, 8, 8, 8),
        max_pools: list[int] | tuple[int, ...] = (0, 1, 2, 3, 4),
        batchnorm: bool = False,
        num_classes: int = 10,
        weight_scale: float | str = 1e-3,
        reg: float = 0.0,
        weight_initializer: Callable[..., Tensor] | None = None,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
    ):
        self.num_layers = len(num_filters) + 1
        self.max_pools, self.batchnorm = set(max_pools), batchnorm
        self.reg, self.dtype = reg, dtype
        self.conv_param = {"stride": 1, "pad": 1}
        self.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        if weight_scale == "kaiming" and weight_initializer is None:
            weight_initializer = kaiming_initializer
        self.params: dict[str, Tensor] = {}
        # YOUR CODE HERE
        raise NotImplementedError()

        # 每个批量归一化一个字典；滑动统计量就存在里面。
        self.bn_params: list[dict[str, Any]] = [{"mode": "train"} for _ in num_filters] if batchnorm else []

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        """没有标签时返回得分（批量归一化用测试模式），否则返回损失和它的梯度。

        损失是 softmax 损失的均值，再加上 reg 乘以所有权重的平方和（不含偏置、gamma、beta）。

        Shapes:
            X    (N, C, H, W)  图像
            y    (N,)          标签，int64，或 None
            out  (N, L)        得分；或 (loss, grads)，grads 的名字同 params
        """
        X = X.to(self.dtype)
        for bn_param in self.bn_params:
            bn_param["mode"] = "test" if y is None else "train"
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="DeepConvNet"
# check("convolutional_networks", task="DeepConvNet")

# %% [markdown]
# 长时间训练之前，先做一次短的：正确的网络只要卷积核够多，就能过拟合 50 张图像。如果做不到，就是哪里有错，或者学习率、初始化不对，而你一秒钟就能发现。找出一组数，让下面这个没有批量归一化的网络在 30 轮之后把 50 张中的至少 45 张分对。好的数能达到 48 到 50 张，取决于随机种子。

# %% task="find_overfit_parameters"
# 约 15 分钟，简单。卡住了？hint("find_overfit_parameters") 会给出第一步。
def find_overfit_parameters() -> tuple[float, float]:
    """让四层的 DeepConvNet 在 30 轮内过拟合 50 张图像的 weight_scale 和 learning_rate。

    网络：num_filters=[8, 16, 32, 64]，max_pools=[0, 1, 2, 3]，reg=1e-5；Adam，批量大小 10。

    Shapes:
        out  两个 float  (weight_scale, learning_rate)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="find_overfit_parameters"
# check("convolutional_networks", task="find_overfit_parameters")

# %% tags=["active-ipynb"]
# # 约 6 秒
# seed_everything(0)
# weight_scale, learning_rate = find_overfit_parameters()
# few = {**data, "X_train": data["X_train"][:50], "y_train": data["y_train"][:50]}
# net = DeepConvNet(num_filters=[8, 16, 32, 64], max_pools=[0, 1, 2, 3], reg=1e-5, weight_scale=weight_scale)
# optimizer = {"update_rule": adam, "optim_config": {"learning_rate": learning_rate}}
# solver = Solver(net, few, **optimizer, num_epochs=30, batch_size=10)
# solver.train(return_best_params=False)
# curves({"train": solver.train_acc_history, "validation": solver.val_acc_history}, xlabel="epoch", ylabel="accuracy")

# %% [markdown]
# 现在来真的。选一个深层网络、一种更新规则和一个学习率调度，返回一个准备好训练的 `Solver`。图像的大小、通道数和类别数都取自传入的数据。步数随你，但总共**最多抽取 20,000 张图像**：`num_epochs` 乘以训练图像数。达标检查项有 4,000 张训练图像，也就是五轮。每一轮之后，它在其他图像上计算准确率，一旦足够高就通过。同样预算的全连接网络能分对大约一半；批量归一化、Kaiming 初始化和逐渐下降的学习率能让你走得远得多。

# %% task="create_convolutional_solver_instance"
# 约 30 分钟，中等。卡住了？hint("create_convolutional_solver_instance") 会给出第一步。
def create_convolutional_solver_instance(
    data_dict: dict[str, Tensor], dtype: torch.dtype, device: str | torch.device
) -> Solver:
    """用这些数据训练 DeepConvNet 的 Solver；num_epochs 乘以训练图像数最多为 20,000。

    网络每个类别一个得分；类别从 0 编号到最大的标签。

    Shapes:
        data_dict  dict    X_train (N, C, H, W)，H 和 W 至少 32，y_train (N,)、X_val、y_val
        dtype      dtype   网络参数的 dtype
        device     device  网络参数的设备
        out        Solver  尚未训练
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="create_convolutional_solver_instance"
# check("convolutional_networks", task="create_convolutional_solver_instance")

# %% tags=["active-ipynb"]
# # 约 15 秒
# seed_everything(0)
# solver = create_convolutional_solver_instance(data, torch.float32, "cpu")
# solver.num_epochs, solver.verbose = min(solver.num_epochs, 6), True  # verbose 会显示进度条
# solver.train()
# print(f"best validation accuracy {solver.best_val_acc:.3f}")
# curves({"train": solver.train_acc_history, "validation": solver.val_acc_history}, xlabel="epoch", ylabel="accuracy")

# %% [markdown]
# ### 批量归一化换来了什么
#
# 同一个网络，用和不用批量归一化，学习率跨越三个数量级，各训练两轮。图中是训练之后的验证准确率。两者各在多宽的学习率范围内能学起来？

# %% tags=["active-ipynb"]
# # 约 12 秒
# rates = [1e-4, 1e-3, 1e-2, 1e-1]
# subset = {**data, "X_train": data["X_train"][:1000], "y_train": data["y_train"][:1000]}
# reached = {}
# for batchnorm in (False, True):
#     for rate in tqdm(rates, desc=f"batchnorm={batchnorm}", unit="net"):
#         seed_everything(0)
#         net = DeepConvNet(
#             num_filters=[16, 16, 32, 32], max_pools=[0, 1, 3], batchnorm=batchnorm, weight_scale="kaiming"
#         )
#         solver = Solver(
#             net, subset, update_rule=adam, optim_config={"learning_rate": rate}, num_epochs=2, batch_size=50,
#             num_train_samples=100, verbose=False,
#         )
#         solver.train()
#         reached.setdefault("with" if batchnorm else "without", []).append(solver.best_val_acc)
# plt.figure(figsize=(6, 3.5))
# for (name, accuracies), style in zip(reached.items(), ("--", "-")):
#     plt.semilogx(rates, accuracies, linestyle=style, marker="o", label=f"{name} batch normalisation")
# plt.xlabel("learning rate of Adam")
# plt.ylabel("validation accuracy")
# plt.grid(alpha=0.3)
# plt.legend()
# said = "; ".join(f"{name}: {', '.join(f'{value:.2f}' for value in values)}" for name, values in reached.items())
# show(f"Validation accuracy at the learning rates 0.0001, 0.001, 0.01, 0.1; batch normalisation {said}.")

# %% [markdown] question="conv-q3"
# **简答题 3。** 你用大小为 50 的批量训练，现在每次预测一张图像。一位朋友忘了切换到测试模式。N = 1 时，不管输入什么图像，第一个作用于向量 (N, D) 的批量归一化层会输出什么？换成空间批量归一化呢？

# %% [markdown] answer="conv-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 其他归一化
#
# 批量小时，批量上的统计量很不可靠。别的归一化在一张图像之内取平均，这样训练模式和测试模式相同，也不用保存任何东西：
#
#     轴        N       C       H, W
#     批量      平均    -       平均      每个通道一对统计量
#     层        -       平均    平均      每张图像一对              （Ba、Kiros 和 Hinton 2016）
#     实例      -       -       平均      每张图像每个通道一对      （Ulyanov 等 2016）
#     组        -       组内    平均      每张图像每组一对          （Wu 和 He 2018，式 7）
#
# `LayerNorm` 用于向量：$N$ 行中的每一行在自己的 $D$ 个特征上归一化，而 $\gamma$、$\beta$ 和以前一样，每个**特征**一个元素。组归一化把 $C$ 个通道分成 $G$ 组，每组是相邻的通道；$G = C$ 时是实例归一化，$G = 1$ 时是层归一化。缩放和平移按通道进行。

# %% task="LayerNorm.forward LayerNorm.backward"
# 约 20 分钟，中等。卡住了？hint("LayerNorm.forward") 或 hint("LayerNorm.backward") 会给出第一步。
class LayerNorm:
    """向量的层归一化。"""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, ln_param: dict[str, float]) -> tuple[Tensor, Any]:
        """在各个特征上归一化每一行。

        Shapes:
            x         (N, D)  float
            gamma     (D,)    缩放
            beta      (D,)    平移
            ln_param  dict    "eps"：1e-5
            out       (N, D)  以及给 backward 的缓存
        """
        eps = ln_param.get("eps", 1e-5)
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """对 x、gamma 和 beta 的梯度。

        Shapes:
            dout  (N, D)  对 out 的梯度
            out   三个    dx (N, D)、dgamma (D,)、dbeta (D,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dgamma, dbeta


# %% tags=["active-ipynb"] grade="LayerNorm.forward"
# check("convolutional_networks", task="LayerNorm.forward")

# %% tags=["active-ipynb"] grade="LayerNorm.backward"
# check("convolutional_networks", task="LayerNorm.backward")

# %% task="SpatialGroupNorm.forward SpatialGroupNorm.backward"
# 约 25 分钟，中等。卡住了？hint("SpatialGroupNorm.forward") 或 hint("SpatialGroupNorm.backward") 会给出第一步。
class SpatialGroupNorm:
    """特征图的组归一化。"""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, G: int, gn_param: dict[str, float]) -> tuple[Tensor, Any]:
        """归一化每张图像的每组通道。

        Shapes:
            x         (N, C, H, W)  float
            gamma     (C,)          缩放
            beta      (C,)          平移
            G         int           组数，能整除 C；C // G 个相邻的通道为一组
            gn_param  dict          "eps"：1e-5
            out       (N, C, H, W)  以及给 backward 的缓存
        """
        eps = gn_param.get("eps", 1e-5)
        # YOUR CODE HERE
        raise NotImplementedError()
        return out, cache

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """对 x、gamma 和 beta 的梯度。

        Shapes:
            dout  (N, C, H, W)  对 out 的梯度
            out   三个          dx (N, C, H, W)、dgamma (C,)、dbeta (C,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return dx, dgamma, dbeta

# %% tags=["active-ipynb"] grade="SpatialGroupNorm.forward"
# check("convolutional_networks", task="SpatialGroupNorm.forward")

# %% tags=["active-ipynb"] grade="SpatialGroupNorm.backward"
# check("convolutional_networks", task="SpatialGroupNorm.backward")

# %% [markdown]
# ## 小结
#
# 卷积是走遍每个位置的小线性层：它的梯度就是对位置求和。归一化层前向很简单；反向时，它们把参与平均的一切都联系起来，所以梯度要减去均值。还有，过拟合不了 50 张图像的网络，也学不会 50,000 张。在 `resnet.py` 中，梯度由 torch 计算，你来搭更深的网络。
#
# **延伸阅读。** Dumoulin 和 Visin（*A guide to convolution arithmetic for deep learning*，2016）把每种步幅和填充都画了出来。Zeiler 和 Fergus（*Visualizing and understanding convolutional networks*，2014）展示了后面的层在找什么。Santurkar 等（*How does batch normalization help optimization?*，2018）检验了用漂移作的解释。
