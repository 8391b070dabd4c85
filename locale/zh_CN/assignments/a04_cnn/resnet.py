# %% [markdown]
# # 用 torch.nn 搭残差网络
#
# 你亲手写梯度已经够久，知道它是怎么回事了。从这里起由自动求导计算梯度，你按块来思考。这个文件从函数讲到模块，再讲到深度由一串数字决定的网络。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 函数和模块 | `three_layer_convnet`, `ThreeLayerConvNet` | 4 | 20 |
# | 2 块 | `PlainBlock`, `ResidualBlock`, `ResidualBottleneckBlock` | 9 | 35 |
# | 3 网络 | `ResNet` | 5 | 15 |
#
# 用 `torch.nn` 的层（`nn.Conv2d`、`nn.BatchNorm2d`、`nn.Linear`……）来搭块，每一层都在 `__init__` 中创建并存为属性：`parameters()` 和 `state_dict()` 就是这样找到权重的。

# %%
from torch import Tensor, nn
from torch.nn import functional as F


# %% tags=["active-ipynb"]
# import torch
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves
# from common.training.seed import seed_everything
# from common.training import fit, predict
#
# torch.set_num_threads(1)  # 这么小的网络用更多线程没有好处，在同时有其他工作的机器上反而慢得多
# scenes = load("scenes")
# centre = scenes.x_train.mean(dim=0, keepdim=True)
# x_train, y_train = scenes.x_train[:2000] - centre, scenes.y_train[:2000]
# x_test, y_test = scenes.x_test[:500] - centre, scenes.y_test[:500]

# %% [markdown]
# ## 1 函数和模块
#
# 有了自动求导，网络就只是图像和权重的函数：
#
#     conv 5x5 (pad 2) - ReLU - conv 3x3 (pad 1) - ReLU - linear
#
# 用 `F.conv2d`、`F.relu` 和 `F.linear` 来写，步幅都是 1。torch 的线性层权重是 (out, in)，你自己写的是 (in, out)。展平时不要假定大小：只要 `fc_w` 的列数相符，同一个函数就能用于任意大小的图像。

# %% task="three_layer_convnet"
# 约 10 分钟，简单。卡住了？hint("three_layer_convnet") 会给出第一步。
def three_layer_convnet(x: Tensor, params: list[Tensor]) -> Tensor:
    """conv 5x5 (pad 2) - ReLU - conv 3x3 (pad 1) - ReLU - 线性的得分。

    Shapes:
        x       (N, C, H, W)  图像
        params  list          conv_w1 (C1, C, 5, 5)、conv_b1 (C1,)、conv_w2 (C2, C1, 3, 3)、conv_b2 (C2,)、
                              fc_w (L, C2*H*W)、fc_b (L,)；偏置可以是 None
        out     (N, L)        得分
    """
    conv_w1, conv_b1, conv_w2, conv_b2, fc_w, fc_b = params
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="three_layer_convnet"
# check("resnet", task="three_layer_convnet")

# %% [markdown]
# 同样的网络写成**模块**：权重归它所有。用 `nn.init.kaiming_normal_` 初始化权重，用零初始化偏置。（线性层后面没有 ReLU，用 `nonlinearity="linear"` 同样好。）线性层的输入个数是固定的，所以这个网络用于 32 x 32 的图像。

# %% task="ThreeLayerConvNet"
# 约 10 分钟，简单。卡住了？hint("ThreeLayerConvNet") 会给出第一步。
class ThreeLayerConvNet(nn.Module):
    """conv 5x5 (pad 2) - ReLU - conv 3x3 (pad 1) - ReLU - 线性，用于 32 x 32 的图像。"""

    def __init__(self, in_channel: int, channel_1: int, channel_2: int, num_classes: int):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """得分。

        Shapes:
            x    (N, in_channel, 32, 32)  图像
            out  (N, num_classes)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ThreeLayerConvNet"
# check("resnet", task="ThreeLayerConvNet")

# %% [markdown]
# ## 2 块
#
# He 等（2016，*Identity Mappings in Deep Residual Networks*）把归一化和 ReLU 放在每个卷积**之前**：**预激活**（pre-activation）。普通块是
#
#     batch norm - ReLU - conv 3x3 - batch norm - ReLU - conv 3x3
#
# 第一个卷积把 `Cin` 个通道变成 `Cout` 个；两个卷积的填充都是 1。`downsample=True` 时，第一个卷积的步幅为 2。行数为奇数的图像保留较大的一半：7 行变成 4 行。

# %% task="PlainBlock"
# 约 10 分钟，简单。卡住了？hint("PlainBlock") 会给出第一步。
class PlainBlock(nn.Module):
    """BN - ReLU - conv 3x3（downsample 时步幅为 2）- BN - ReLU - conv 3x3。"""

    def __init__(self, Cin: int, Cout: int, downsample: bool = False):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W)；out (N, Cout, H', W')，H' = H，downsample 时为 ceil(H / 2)。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="PlainBlock"
# check("resnet", task="PlainBlock")

# %% [markdown]
# 叠五十个普通块，网络比叠十个时还差，**在训练图像上也是**：它本可以学会让输入原样通过，却没能找到办法。想想一个网络能计算的所有函数。更大的函数集合只有在**包含**较小的集合时才一定有帮助；这时较大集合中最好的函数在训练图像上至少一样好。否则，更大的集合可能反而离要找的函数更远。所以要让每个新增的块轻易就能成为恒等映射：这样集合就一层套一层。残差块计算
#
# $$ \mathcal{R}(x) = \mathcal{F}(x) + \mathcal{G}(x), $$
#
# 其中 $\mathcal{F}$ 是普通块，$\mathcal{G}$ 是**捷径**（shortcut）：形状一致时，即 `Cin == Cout` 且没有下采样，它是恒等映射；否则是从 `Cin` 到 `Cout` 个通道的 1x1 卷积，`downsample` 时步幅为 2。捷径用的是原样的输入，不经过归一化和 ReLU；求和之后什么都没有。

# %% task="ResidualBlock"
# 约 10 分钟，简单。卡住了？hint("ResidualBlock") 会给出第一步。
class ResidualBlock(nn.Module):
    """PlainBlock(x) + shortcut(x)。"""

    def __init__(self, Cin: int, Cout: int, downsample: bool = False):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W)；out (N, Cout, H', W')，H' = H，downsample 时为 ceil(H / 2)。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ResidualBlock"
# check("resnet", task="ResidualBlock")

# %% [markdown]
# 通道多时，3x3 卷积很贵。**瓶颈**先把通道降到四分之一：
#
#     BN - ReLU - conv 1x1 to Cout // 4 (stride 2 if downsample) - BN - ReLU - conv 3x3 - BN - ReLU - conv 1x1 to Cout
#
# 捷径和之前一样。3x3 卷积的填充为 1。

# %% task="ResidualBottleneckBlock"
# 约 15 分钟，简单。卡住了？hint("ResidualBottleneckBlock") 会给出第一步。
class ResidualBottleneckBlock(nn.Module):
    """BN - ReLU - conv 1x1 - BN - ReLU - conv 3x3 - BN - ReLU - conv 1x1，加 shortcut(x)。"""

    def __init__(self, Cin: int, Cout: int, downsample: bool = False):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W)；out (N, Cout, H', W')，H' = H，downsample 时为 ceil(H / 2)。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ResidualBottleneckBlock"
# check("resnet", task="ResidualBottleneckBlock")

# %% [markdown] question="resnet-q1"
# **简答题 1。** 从 256 个通道到 256 个通道，数一数残差块和瓶颈块中卷积的权重（不计偏置和捷径）。如果两者效果一样好，一个残差块可以换多少个瓶颈块？这时哪一种的 ReLU 更多？

# %% [markdown] answer="resnet-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 3 网络
#
# 起始层把图像变成第一阶段的通道数；一个阶段由几个块组成，其中只有第一个可以改变通道和大小。两者都已给出。

# %%
class ResNetStem(nn.Module):
    """conv 3x3 - ReLU，从图像的通道到第一阶段的通道。"""

    def __init__(self, Cin: int = 3, Cout: int = 64):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(Cin, Cout, 3, padding=1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W)；out (N, Cout, H, W)。"""
        return self.net(x)


class ResNetStage(nn.Module):
    """num_blocks 个块；第一个从 Cin 到 Cout，downsample 时把大小减半。"""

    def __init__(
        self, Cin: int, Cout: int, num_blocks: int, downsample: bool = True, block: type[nn.Module] = ResidualBlock
    ):
        super().__init__()
        blocks = [block(Cin, Cout, downsample)] + [block(Cout, Cout) for _ in range(num_blocks - 1)]
        self.net = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W)；out (N, Cout, H', W')。"""
        return self.net(x)


# %% [markdown]
# `ResNet` 把它们组合起来：起始层、各阶段、**全局平均池化**（每个通道在所有位置上的均值），以及给出得分的线性层。`stage_args` 中每个阶段一个元组 `(Cin, Cout, num_blocks, downsample)`；起始层的输出是第一阶段的 `Cin`。不管有多少位置都取平均，所以任意大小的图像都能用。

# %% task="ResNet"
# 约 15 分钟，简单。卡住了？hint("ResNet") 会给出第一步。
class ResNet(nn.Module):
    """起始层，各阶段，全局平均池化，线性层。"""

    def __init__(
        self,
        stage_args: list[tuple[int, int, int, bool]],
        Cin: int = 3,
        block: type[nn.Module] = ResidualBlock,
        num_classes: int = 10,
    ):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W)；out (N, num_classes)。"""
        # YOUR CODE HERE
        raise NotImplementedError()

# %% tags=["active-ipynb"] grade="ResNet"
# check("resnet", task="ResNet")

# %% [markdown]
# ### 普通与残差的对比
#
# 梯度怎样从损失到达最前面的层？图中的网络未经训练，有 24 个块、8 个通道；画的是到达每个块输出处的梯度有多大。批量归一化让**前向**的数保持在合适的范围，在这里却帮不上忙：它使每个普通块都把梯度放大几倍。

# %% tags=["active-ipynb"]
# arriving = {}
# for block in (PlainBlock, ResidualBlock):
#     seed_everything(0)
#     blocks = ResNetStage(8, 8, 24, False, block=block).net
#     hidden, outputs = torch.randn(32, 8, 16, 16, requires_grad=True), []
#     for part in blocks:
#         hidden = part(hidden)
#         hidden.retain_grad()
#         outputs.append(hidden)
#     (hidden * torch.randn_like(hidden)).sum().backward()
#     arriving[block.__name__] = [float(out.grad.norm() / outputs[-1].grad.norm()) for out in outputs]
# figure = curves(arriving, x=range(1, 25), xlabel="block", ylabel="size of the gradient / that at the last block")
# figure.axes[0].set_yscale("log")
# figure

# %% [markdown]
# 再看训练：1,000 张图像，6 轮，网络有 25 个卷积那么深。

# %% tags=["active-ipynb"]
# # 约 35 秒
# smooth, accuracy = {}, {}
# for block in (PlainBlock, ResidualBlock):
#     seed_everything(0)
#     net = ResNet([(8, 8, 4, False), (8, 16, 4, True), (16, 32, 4, True)], block=block)
#     losses = fit(net, x_train[:1000], y_train[:1000], epochs=6, batch_size=20, learning_rate=5e-3, progress=True)
#     smooth[block.__name__] = torch.tensor(losses).unfold(0, 20, 1).mean(dim=1)
#     accuracy[block.__name__] = float((predict(net, x_test) == y_test).float().mean())
# print({name: f"test accuracy {value:.3f}" for name, value in accuracy.items()})
# curves(smooth, xlabel="step", ylabel="training loss, mean of 20 steps")

# %% [markdown]
# 小 ResNet，2,000 张图像：

# %% tags=["active-ipynb"]
# # 约 7 秒
# seed_everything(0)
# net = ResNet([(8, 16, 1, True), (16, 32, 1, True), (32, 64, 1, True)])
# losses = fit(net, x_train, y_train, epochs=6, batch_size=40, learning_rate=5e-3, progress=True)
# print(f"test accuracy {float((predict(net, x_test) == y_test).float().mean()):.3f}")

# %% [markdown] question="resnet-q2"
# **简答题 2。** 训练开始时，让每个残差块的最后一个卷积为零。没有下采样时，整叠块计算的是什么？对输入的梯度是什么？为什么这是个好的起点？哪些权重在第一步学不到东西？

# %% [markdown] answer="resnet-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 残差块可以什么都不做，这正是它的长处：网络再深，也不再妨碍**训练**。但深度仍然费时间，也仍会过拟合：在 CIFAR-10 上，He 等的 1,202 层网络错误率为 7.9%，110 层的为 6.4%。在 `modern_cnn.py` 中，你会搭其他载入史册的块，并算一算它们的代价。
#
# **延伸阅读。** Veit、Wilber 和 Belongie（*Residual networks behave like ensembles of relatively shallow networks*，2016）从训练好的网络中去掉单个块，几乎没有影响。Goyal 等（*Accurate, large minibatch SGD*，2017）让每个块像简答题 2 那样从零开始，一小时就训练完 ImageNet。
