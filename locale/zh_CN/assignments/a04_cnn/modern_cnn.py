# %% [markdown]
# # 现代卷积网络和它们的代价
#
# 从 1998 年到 2017 年，关于怎样安排卷积的八个想法。你把每个想法写成 `torch.nn` 的块，再数乘法次数。最后，用你的块搭出的那些已发表的网络都列在一张表里，它们的参数个数取整后必须等于发表的数字：来自论文，或来自许多人使用的实现。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 深的堆叠 | `vgg_block`, `nin_block` | 4 | 15 |
# | 2 并排的路径 | `Inception`, `Residual`, `DenseBlock`, `transition_block` | 8 | 60 |
# | 3 更省，再放大回来 | `DepthwiseSeparableConv`, `transposed_conv2d` | 5 | 40 |
# | 4 计数 | `count_macs` | 3 | 30 |
#
# 块适用于任意通道数和任意图像大小。用 `nn.Sequential` 串起来最省事；有几条路径的块需要自己的 `forward`。

# %%
from math import prod

import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import show
# from common.training.seed import seed_everything

# %% [markdown]
# ## 1 深的堆叠
#
# ### VGG
#
# Simonyan 和 Zisserman（2014）：只有填充为 1 的 3x3 卷积，每个后面跟一个 ReLU，几个之后是步幅 2 的 2x2 最大池化。两个 3x3 卷积看到的范围和一个 5x5 一样，权重更少，还多一个 ReLU。

# %% task="vgg_block"
# 约 10 分钟，简单。卡住了？hint("vgg_block") 会给出第一步。
def vgg_block(num_convs: int, in_channels: int, out_channels: int) -> nn.Module:
    """num_convs 次（conv 3x3 pad 1 - ReLU），然后是步幅 2 的 2x2 最大池化。

    模块的 Shapes:
        x    (N, in_channels, H, W)
        out  (N, out_channels, H // 2, W // 2)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="vgg_block"
# check("modern_cnn", task="vgg_block")

# %% [markdown]
# 一个单元**到底**能看到多大范围？能影响一个输出的像素就是它的**感受野**。从最后一层的中心反向传播，梯度就会把它显示出来：对随机网络取平均，越亮影响越大。

# %% tags=["active-ipynb"]
# seed_everything(0)
# stacks = {
#     "1 conv 3x3": [1],
#     "2 conv 3x3": [1, 1],
#     "4 conv 3x3": [1, 1, 1, 1],
#     "8 conv 3x3": [1] * 8,
#     "4, the first two of stride 2": [2, 2, 1, 1],
# }
# figure, axes = plt.subplots(1, len(stacks), figsize=(13, 3))
# fields = []
# for ax, (name, strides) in zip(axes, stacks.items()):
#     total = torch.zeros(33, 33)
#     for _ in range(40):
#         net = nn.Sequential(*[nn.Conv2d(4, 4, 3, stride=s, padding=1, bias=False) for s in strides])
#         x = torch.randn(1, 4, 33, 33, requires_grad=True)
#         out = net(x)
#         out[0, :, out.shape[2] // 2, out.shape[3] // 2].sum().backward()
#         total += x.grad[0].abs().sum(dim=0)
#     field = 1 + sum(2 * prod(strides[:i]) for i in range(len(strides)))
#     fields.append(f"{name}, {field} pixels wide")
#     ax.imshow((total / total.max()).sqrt(), cmap="magma")
#     ax.set_title(f"{name}\n{field} x {field}", fontsize=9)
#     ax.set_axis_off()
# show(f"Receptive fields of five stacks of convolutions, brightest in the middle: {'; '.join(fields)}.")

# %% [markdown]
# 每个 3x3 卷积增加 2 个像素，再乘以它之前所有步幅的乘积。注意感受野的边上远不如中心重要：通向那里的路径很少。

# %% [markdown] question="modern-q1"
# **简答题 1。** 经过五个 `vgg_block`、每个两个卷积之后，一个单元的感受野有多大？写出你用的规则。它比 32 x 32 的图像宽多少像素？这对那里的单元意味着什么？

# %% [markdown] answer="modern-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ### 网络中的网络
#
# Lin、Chen 和 Yan（2013）在卷积后面接两个 1x1 卷积，等于在每个位置放一个小的全连接网络；三个卷积之后各有一个 ReLU。

# %% task="nin_block"
# 约 5 分钟，简单。卡住了？hint("nin_block") 会给出第一步。
def nin_block(in_channels: int, out_channels: int, kernel_size: int, strides: int, padding: int) -> nn.Module:
    """conv - ReLU - conv 1x1 - ReLU - conv 1x1 - ReLU；kernel_size、strides 和 padding 属于第一个卷积。

    模块的 Shapes:
        x    (N, in_channels, H, W)
        out  (N, out_channels, H', W')  H' = 1 + (H + 2*padding - kernel_size) // strides
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nin_block"
# check("modern_cnn", task="nin_block")

# %% [markdown]
# ## 2 并排的路径
#
# ### Inception
#
# Szegedy 等（2014，图 2b）：哪种窗口最好？全部都要。四条路径，**按这个顺序**沿通道拼接；每个卷积之后都有 ReLU，填充使大小保持不变。
#
#     1   conv 1x1 to c1
#     2   conv 1x1 to c2[0] - conv 3x3 to c2[1]
#     3   conv 1x1 to c3[0] - conv 5x5 to c3[1]
#     4   3x3 max pooling, stride 1, pad 1 - conv 1x1 to c4

# %% task="Inception"
# 约 20 分钟，中等。卡住了？hint("Inception") 会给出第一步。
class Inception(nn.Module):
    """四条路径，拼接：1x1；1x1 - 3x3；1x1 - 5x5；3x3 最大池化 - 1x1。

    每个卷积都是独立的一层，不同路径的 1x1 也是；每个之后都有 ReLU。
    """

    def __init__(self, in_channels: int, c1: int, c2: tuple[int, int], c3: tuple[int, int], c4: int):
        super().__init__()

        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, in_channels, H, W)；out (N, c1 + c2[1] + c3[1] + c4, H, W)。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Inception"
# check("modern_cnn", task="Inception")

# %% [markdown]
# ### 最初发表的残差
#
# He 等（2015）在每个卷积**之后**归一化，并在求和之后放一个 ReLU：
#
#     conv 3x3 (stride) - BN - ReLU - conv 3x3 - BN, plus x, then ReLU
#
# `use_1x1conv` 时，和中的 `x` 先经过步幅相同的 1x1 卷积（没有 BN）。与 `resnet.py` 的块比较：那里有一条没有任何 ReLU 的路贯穿整个网络。

# %% task="Residual"
# 约 15 分钟，简单。卡住了？hint("Residual") 会给出第一步。
class Residual(nn.Module):
    """ReLU(BN(conv(ReLU(BN(conv(x))))) + shortcut(x))。"""

    def __init__(self, in_channels: int, num_channels: int, use_1x1conv: bool = False, strides: int = 1):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, in_channels, H, W)；out (N, num_channels, H', W')，H' = ceil(H / strides)。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Residual"
# check("modern_cnn", task="Residual")

# %% [markdown]
# ### 稠密连接
#
# Huang 等（2016）不相加，而是**拼接**：`num_convs` 步中的每一步都看到之前的一切，再追加自己的 `num_channels` 个通道。
#
#     每一步：     BN - ReLU - conv 3x3 (pad 1)，输出 num_channels 个通道
#     输出：       x，然后是第一步的结果，再是第二步的结果，……
#
# 发表的 DenseNet-121 先把每一步的输入变窄，即 `bottleneck=True`：
#
#     step:        BN - ReLU - conv 1x1 to 4 * num_channels - BN - ReLU - conv 3x3 (pad 1) to num_channels

# %% task="DenseBlock"
# 约 20 分钟，中等。卡住了？hint("DenseBlock") 会给出第一步。
class DenseBlock(nn.Module):
    """num_convs 步；每一步看到迄今所有的通道，再追加 num_channels 个。"""

    def __init__(self, num_convs: int, in_channels: int, num_channels: int, bottleneck: bool = False):
        super().__init__()

        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, in_channels, H, W)；out (N, in_channels + num_convs * num_channels, H, W)。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="DenseBlock"
# check("modern_cnn", task="DenseBlock")

# %% [markdown]
# 通道越积越多，所以稠密块之间用**过渡块**减少通道，并用**平均**池化把大小减半：
#
#     BN - ReLU - conv 1x1 - 2x2 average pooling, stride 2

# %% task="transition_block"
# 约 5 分钟，简单。卡住了？hint("transition_block") 会给出第一步。
def transition_block(in_channels: int, num_channels: int) -> nn.Module:
    """BN - ReLU - conv 1x1 - 步幅 2 的 2x2 平均池化。

    模块的 Shapes:
        x    (N, in_channels, H, W)
        out  (N, num_channels, H // 2, W // 2)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="transition_block"
# check("modern_cnn", task="transition_block")

# %% [markdown]
# ## 3 更省，再放大回来
#
# ### 深度可分离卷积
#
# 卷积同时混合位置和通道。Howard 等（2017，*MobileNets*，图 3）分两步做：先给每个通道**自己的** $K \times K$ 卷积核（`groups=in_channels`），再用 1x1 卷积混合通道。
#
#     逐通道 conv KxK（步幅，填充 K // 2）- BN - ReLU - conv 1x1 - BN - ReLU
#
# 这样，乘法次数只有原来的 $\frac{1}{C_\text{out}} + \frac{1}{K^2}$。

# %% task="DepthwiseSeparableConv"
# 约 10 分钟，简单。卡住了？hint("DepthwiseSeparableConv") 会给出第一步。
class DepthwiseSeparableConv(nn.Module):
    """逐通道 conv - BN - ReLU - conv 1x1 - BN - ReLU。"""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, in_channels, H, W)；out (N, out_channels, H', W')，K 为奇数时 H' = ceil(H / stride)。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="DepthwiseSeparableConv"
# check("modern_cnn", task="DepthwiseSeparableConv")

# %% [markdown]
# ### 转置卷积
#
# 分割和图像生成必须从小的特征图回到大的。**转置卷积**就是把卷积对输入的反向传播拿来前向使用：每个输入像素把卷积核乘以一个倍数，像印章一样盖到输出上；印章相隔 `stride` 个像素，重叠处相加。最后每一侧裁掉 `pad` 行和列。所以
#
# $$ H' = (H - 1)\,\text{stride} + K_H - 2\,\text{pad}. $$
#
# 用张量算术来写：不用 `F.conv_transpose2d`，不用其他卷积，不用自动求导。可以循环遍历卷积核的那几个位置。

# %% task="transposed_conv2d"
# 约 30 分钟，中等。卡住了？hint("transposed_conv2d") 会给出第一步。
def transposed_conv2d(x: Tensor, w: Tensor, stride: int = 1, pad: int = 0) -> Tensor:
    """把卷积核盖到输出上，相隔 `stride` 个像素，每一侧裁掉 `pad` 个像素。

    Shapes:
        x    (N, C, H, W)
        w    (C, F, KH, KW)  同 torch：输入、输出、高、宽
        out  (N, F, H', W')  H' = (H - 1)*stride + KH - 2*pad，W' 同理
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="transposed_conv2d"
# check("modern_cnn", task="transposed_conv2d")

# %% [markdown]
# 用固定的卷积核，它能放大图像。方框重复像素，帐篷形在像素之间插值；如果卷积核大小不是步幅的倍数，印章重叠不均匀，就得到生成图像中臭名昭著的棋盘格。

# %% tags=["active-ipynb"]
# scenes = load("scenes", num_train=10, num_test=10)
# tent = torch.tensor([0.25, 0.75, 0.75, 0.25])
# kernels = {
#     "box 2x2": (torch.ones(2, 2), 0),
#     "tent 4x4": (tent[:, None] * tent, 1),
#     "box 3x3: checkerboard": (torch.full((3, 3), 4 / 9), 0),
# }
# figure, axes = plt.subplots(1, 4, figsize=(12, 3.4))
# axes[0].imshow(scenes.x_train[4].permute(1, 2, 0))
# axes[0].set_title("32 x 32")
# for ax, (name, (kernel, pad)) in zip(axes[1:], kernels.items()):
#     w = torch.eye(3)[:, :, None, None] * kernel  # 每种颜色各自处理
#     large = transposed_conv2d(scenes.x_train[4:5], w, stride=2, pad=pad)
#     ax.imshow(large[0].clamp(0, 1).permute(1, 2, 0))
#     ax.set_title(f"{name}, {large.shape[2]} x {large.shape[3]}")
# for ax in axes:
#     ax.set_axis_off()
# show("A scene, and three enlargements: the box repeats pixels, the tent is smooth, the 3 x 3 box has a checkerboard.")

# %% [markdown]
# ## 4 计数
#
# 代价的常用度量是一张图像所需的**乘加运算**（MAC）次数：
#
# - 卷积的输出中，每个数需要 $K_H K_W C_\text{in} / \text{groups}$ 次，
# - 线性层的输出中，每个数需要的次数等于输入个数。
#
# 其余的（偏置、归一化、池化、ReLU）都不计。输出的大小只有图像流过时才知道：在每个卷积和线性层上注册一个**前向钩子**（forward hook），让一张全零的图像通过，再加起来。用了两次的层算两次。
#
# 让模块保持原样：去掉你的钩子，留下别人的；参数和批量归一化的滑动统计量不变，dtype 也不变；每个子模块的模式（训练或评估）和原来一样。模块可以在任何设备上，包括 `meta` 设备，那里的张量只有形状没有数，算 VGG-16 也不花任何代价。所以造图像时，要用参数的设备和 dtype。模块也可能没有参数，例如 `nn.ReLU()`。

# %% task="count_macs"
# 约 30 分钟，中等。卡住了？hint("count_macs") 会给出第一步。
def count_macs(module: nn.Module, input_shape: tuple[int, ...]) -> int:
    """一个样本在所有 nn.Conv2d 和 nn.Linear 层中的乘加运算次数。模块保持原样。

    Shapes:
        module       nn.Module
        input_shape  tuple      一个样本的形状，不含批量：图像为 (C, H, W)
        out          int
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="count_macs"
# check("modern_cnn", task="count_macs")

# %% [markdown]
# ### 已发表的网络
#
# 用你的块搭成，用于 ImageNet 的 1,000 个类别和 224 x 224 的图像；LeNet-5 除外（28 x 28 的十个数字）。每个函数按顺序返回各个阶段。读一读：ImageNet 的全部历史两页就写得下。

# %%
def head(channels: int, num_classes: int) -> nn.Sequential:
    """全局平均池化，线性层。"""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_classes))


def lenet5() -> nn.Sequential:
    """LeCun 等（1998），特征图之间全部连接，输出层是普通的。"""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2)),
        nn.Sequential(nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2)),
        nn.Sequential(nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid()),
        nn.Sequential(nn.Linear(120, 84), nn.Sigmoid()),
        nn.Linear(84, 10),
    )


def alexnet() -> nn.Sequential:
    """Krizhevsky 等（2012）；当年是两块 GPU，现在是两组。填充 2 使 224 x 224 的图像得到 55 x 55 的特征图。"""

    def conv(*args: int, groups: int = 1, pool: bool = True) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(*args, groups=groups), nn.ReLU(), nn.MaxPool2d(3, stride=2) if pool else nn.Identity()
        )

    return nn.Sequential(
        conv(3, 96, 11, 4, 2),
        conv(96, 256, 5, 1, 2, groups=2),
        conv(256, 384, 3, 1, 1, pool=False),
        conv(384, 384, 3, 1, 1, groups=2, pool=False),
        conv(384, 256, 3, 1, 1, groups=2),
        nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU()),
        nn.Sequential(nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU()),
        nn.Linear(4096, 1000),
    )


def vgg16() -> nn.Sequential:
    """Simonyan 和 Zisserman（2014），配置 D。"""
    return nn.Sequential(
        vgg_block(2, 3, 64),
        vgg_block(2, 64, 128),
        vgg_block(3, 128, 256),
        vgg_block(3, 256, 512),
        vgg_block(3, 512, 512),
        nn.Sequential(nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout()),
        nn.Sequential(nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout()),
        nn.Linear(4096, 1000),
    )


def nin() -> nn.Sequential:
    """Lin、Chen 和 Yan（2013），按 Caffe 的 model zoo：最后一个块为 1024、1024 和 1000。"""
    pool = nn.MaxPool2d(3, stride=2)
    return nn.Sequential(
        nn.Sequential(nin_block(3, 96, 11, 4, 0), pool),
        nn.Sequential(nin_block(96, 256, 5, 1, 2), pool),
        nn.Sequential(nin_block(256, 384, 3, 1, 1), pool, nn.Dropout()),
        nn.Sequential(
            nn.Conv2d(384, 1024, 3, padding=1), nn.ReLU(), nn.Conv2d(1024, 1024, 1), nn.ReLU(), nn.Conv2d(1024, 1000, 1)
        ),
        nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    )


def googlenet() -> nn.Sequential:
    """Szegedy 等（2014），表 1，没有两个辅助分类器。"""
    pool = nn.MaxPool2d(3, stride=2, padding=1)
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), pool),
        nn.Sequential(nn.Conv2d(64, 64, 1), nn.ReLU(), nn.Conv2d(64, 192, 3, padding=1), nn.ReLU(), pool),
        nn.Sequential(Inception(192, 64, (96, 128), (16, 32), 32), Inception(256, 128, (128, 192), (32, 96), 64), pool),
        nn.Sequential(
            Inception(480, 192, (96, 208), (16, 48), 64),
            Inception(512, 160, (112, 224), (24, 64), 64),
            Inception(512, 128, (128, 256), (24, 64), 64),
            Inception(512, 112, (144, 288), (32, 64), 64),
            Inception(528, 256, (160, 320), (32, 128), 128),
            pool,
        ),
        nn.Sequential(Inception(832, 256, (160, 320), (32, 128), 128), Inception(832, 384, (192, 384), (48, 128), 128)),
        head(1024, 1000),
    )


def imagenet_stem() -> nn.Sequential:
    """conv 7x7 - BN - ReLU - 池化：从 224 x 224 到 56 x 56。"""
    return nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))


def resnet(blocks: tuple[int, ...]) -> nn.Sequential:
    """He 等（2015），表 1：(2, 2, 2, 2) 是 ResNet-18，(3, 4, 6, 3) 是 ResNet-34。"""
    stages, before = [imagenet_stem()], 64
    for stage, count in enumerate(blocks):
        after, strides = 64 * 2**stage, 1 if stage == 0 else 2
        first = Residual(before, after, use_1x1conv=stage > 0, strides=strides)
        stages.append(nn.Sequential(first, *[Residual(after, after) for _ in range(count - 1)]))
        before = after
    return nn.Sequential(*stages, head(before, 1000))


def bottleneck_resnet(blocks: tuple[int, ...]) -> nn.Sequential:
    """He 等（2015），表 1：(3, 4, 6, 3) 是 ResNet-50，(3, 4, 23, 3) 是 ResNet-101，(3, 8, 36, 3) 是 ResNet-152。

    用 resnet.py 的瓶颈块，所以是预激活的（2016）。
    """
    from resnet import ResidualBottleneckBlock, ResNetStage

    stages, before = [], 64
    for stage, count in enumerate(blocks):
        stages.append((before, 256 * 2**stage, count, stage > 0))
        before = 256 * 2**stage
    return nn.Sequential(
        imagenet_stem(),
        *[ResNetStage(*args, block=ResidualBottleneckBlock) for args in stages],
        nn.Sequential(nn.BatchNorm2d(2048), nn.ReLU(), head(2048, 1000)),
    )


def densenet121() -> nn.Sequential:
    """Huang 等（2016），表 1：每步 32 个通道，过渡块减半。"""
    stages, channels = [imagenet_stem()], 64
    for count in (6, 12, 24, 16):
        stages.append(DenseBlock(count, channels, 32, bottleneck=True))
        channels += 32 * count
        if count != 16:
            stages.append(transition_block(channels, channels // 2))
            channels //= 2
    return nn.Sequential(*stages, nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), head(channels, 1000)))


# 名字 -> 怎样搭建、图像的形状，以及发表的参数个数（以百万计，取整）：来自论文、torchvision 或 Caffe 的 model
# zoo；LeNet-5 用的是今天的版本。
PUBLISHED = {
    "LeNet-5": (lenet5, (1, 28, 28), 0.0617),
    "AlexNet": (alexnet, (3, 224, 224), 61.0),
    "VGG-16": (vgg16, (3, 224, 224), 138.4),
    "NiN": (nin, (3, 224, 224), 7.6),
    "GoogLeNet": (googlenet, (3, 224, 224), 7.0),
    "ResNet-18": (lambda: resnet((2, 2, 2, 2)), (3, 224, 224), 11.7),
    "ResNet-34": (lambda: resnet((3, 4, 6, 3)), (3, 224, 224), 21.8),
    "ResNet-50": (lambda: bottleneck_resnet((3, 4, 6, 3)), (3, 224, 224), 25.6),
    "ResNet-101": (lambda: bottleneck_resnet((3, 4, 23, 3)), (3, 224, 224), 44.5),
    "ResNet-152": (lambda: bottleneck_resnet((3, 8, 36, 3)), (3, 224, 224), 60.2),
    "DenseNet-121": (densenet121, (3, 224, 224), 8.0),
}


def stage_table(net: nn.Sequential, input_shape: tuple[int, ...]) -> list[tuple[tuple[int, ...], int, int, int]]:
    """每个阶段：输出的形状、参数个数、MAC，以及各层输出多少个数。

    都是对一个样本而言。网络可以在 meta 设备上。
    """
    rows, shape, made = [], tuple(input_shape), []
    net.eval()
    for stage in net:
        macs = count_macs(stage, shape)
        made.clear()
        layers = [layer for layer in stage.modules() if not list(layer.children())]
        counters = [layer.register_forward_hook(lambda layer, x, out: made.append(out.numel())) for layer in layers]
        like = next(stage.parameters(), next(net.parameters()))
        with torch.no_grad():
            shape = tuple(stage(torch.zeros(1, *shape, dtype=like.dtype, device=like.device)).shape[1:])
        for counter in counters:
            counter.remove()
        rows.append((shape, sum(p.numel() for p in stage.parameters()), macs, sum(made)))
    return rows

# %% [markdown]
# 第三种代价是**内存**。训练要保存每一层的输出，即它的**激活值**，直到反向传播用完为止。在 float32 下，批量中每张图像的每个数占 4 字节；参数连同梯度和 Adam 的两个平均要存四份，但整个批量只存一次。两者中是哪一个占满了内存？
#
# 这里什么都不计算：网络建在 `meta` 设备上。

# %% tags=["active-ipynb"]
# totals = {}
# for name, (build, input_shape, published) in PUBLISHED.items():
#     with torch.device("meta"):
#         rows = stage_table(build(), input_shape)
#     totals[name] = parameters, macs, stored = [sum(row[column] for row in rows) for column in (1, 2, 3)]
#     print(f"{name}   image {' x '.join(map(str, input_shape))}")
#     print(f"    {'output':>14} {'parameters':>14} {'MACs':>16} {'activations':>14}")
#     for shape, count, cost, numbers in rows:
#         print(f"    {' x '.join(map(str, shape)):>14} {count:14,} {cost:16,} {numbers:14,}")
#     print(f"    {'in all':>14} {parameters:14,} {macs:16,} {stored:14,}   published: {published} M parameters")
#     weights, images = 4 * 4 * parameters / 1e9, 32 * 4 * stored / 1e9  # GB
#     print(f"    training with batches of 32: {weights:.1f} GB for parameters, {images:.1f} GB for activations\n")

# %% [markdown]
# 同样的内容放在一页上。哪个网络在参数上花得多，哪个在乘法上花得多？

# %% tags=["active-ipynb"]
# plt.figure(figsize=(8, 4.5))
# for name, (parameters, macs, _) in totals.items():
#     if name != "LeNet-5":  # 小一千倍
#         plt.scatter(parameters, macs, color="tab:blue")
#         above = -14 if name in ("ResNet-34", "NiN", "ResNet-101") else 7
#         place = {"textcoords": "offset points", "xytext": (0, above), "ha": "center", "fontsize": 9}
#         plt.annotate(name, (parameters, macs), **place)
# plt.xscale("log")
# plt.yscale("log")
# plt.margins(0.12)
# plt.xlabel("parameters")
# plt.ylabel("multiply-accumulates for one image")
# plt.grid(alpha=0.3)
# said = ", ".join(f"{name} {count / 1e6:.0f} M and {macs / 1e9:.1f} G" for name, (count, macs, _) in totals.items())
# show(f"Parameters and multiply-accumulates of the published networks: {said}.")

# %% [markdown] question="modern-q2"
# **简答题 2。** VGG-16 的大部分参数在哪些阶段，大部分 MAC 在哪些阶段？从形状解释这两点。NiN 和之后的所有网络在参数上做了什么？

# %% [markdown] answer="modern-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 参数和乘法是不同的代价，而两者都不等于你机器上的时间。十年的架构都是这几样的变化：小窗口，用 1x1 卷积改变通道数，给梯度留近路。现在你能读懂论文里的架构表，把它搭出来，并核对数字。
#
# **延伸阅读。** Tan 和 Le（*EfficientNet*，2019）同时增加深度、宽度和图像大小。Liu 等（*A ConvNet for the 2020s*，2022）一步步让 ResNet 跟上时代，并测量每一步。Odena、Dumoulin 和 Olah（*Deconvolution and checkerboard artifacts*，2016）解释了你放大的图像上的图案。
