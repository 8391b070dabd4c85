# %% [markdown]
# # Modern convolutional networks, and what they cost
#
# From 1998 to 2017, eight ideas about how to arrange convolutions. You write each as a block of `torch.nn`, then count
# the multiplications. At the end the published networks, built from your blocks, are in one table, and their numbers
# of parameters must be, rounded, the published ones: those of a paper, or of an implementation that many use.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Deep stacks | `vgg_block`, `nin_block` | 4 | 15 |
# | 2 Paths side by side | `Inception`, `Residual`, `DenseBlock`, `transition_block` | 8 | 60 |
# | 3 Cheaper, and back up | `DepthwiseSeparableConv`, `transposed_conv2d` | 5 | 40 |
# | 4 Counting | `count_macs` | 3 | 30 |
#
# Blocks are for any number of channels and any image size. Chaining is easiest with `nn.Sequential`; blocks with
# several paths need a `forward` of their own.

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
# ## 1 Deep stacks
#
# ### VGG
#
# Simonyan and Zisserman (2014): nothing but 3x3 convolutions with pad 1, each followed by a ReLU, and after a few
# of them 2x2 max pooling with stride 2. Two 3x3 convolutions see as much as one 5x5, with fewer weights and one
# more ReLU.

# %% task="vgg_block"
# About 10 minutes, easy. Stuck? hint("vgg_block") shows a first step.
def vgg_block(num_convs: int, in_channels: int, out_channels: int) -> nn.Module:
    """num_convs times (conv 3x3 pad 1 - ReLU), then 2x2 max pooling with stride 2.

    Shapes of the module:
        x    (N, in_channels, H, W)
        out  (N, out_channels, H // 2, W // 2)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="vgg_block"
# check("modern_cnn", task="vgg_block")

# %% [markdown]
# How much *does* a unit see? The pixels that can reach one output are its **receptive field**. Backpropagate from the
# centre of the last layer, and the gradient shows it: average over random networks, brighter means more influence.

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
# Each 3x3 convolution adds 2 pixels, times the product of the strides before it. Notice that the border of a field
# counts far less than its centre: there are few paths to it.

# %% [markdown] question="modern-q1"
# **Question 1.** How large is the receptive field of one unit after five `vgg_block`s of two convolutions each? Give
# the rule you used. How many pixels does it exceed a 32 x 32 image by, and what does that mean for its units there?

# %% [markdown] answer="modern-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ### Network in network
#
# Lin, Chen and Yan (2013) follow a convolution by two 1x1 convolutions, a little fully connected network at every
# place, with a ReLU after each of the three.

# %% task="nin_block"
# About 5 minutes, easy. Stuck? hint("nin_block") shows a first step.
def nin_block(in_channels: int, out_channels: int, kernel_size: int, strides: int, padding: int) -> nn.Module:
    """conv - ReLU - conv 1x1 - ReLU - conv 1x1 - ReLU; kernel_size, strides and padding are those of the first.

    Shapes of the module:
        x    (N, in_channels, H, W)
        out  (N, out_channels, H', W')  H' = 1 + (H + 2*padding - kernel_size) // strides
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nin_block"
# check("modern_cnn", task="nin_block")

# %% [markdown]
# ## 2 Paths side by side
#
# ### Inception
#
# Szegedy et al. (2014, figure 2b): which window is best? All of them. Four paths, concatenated along the channels
# **in this order**; a ReLU after every convolution, and padding that keeps the size.
#
#     1   conv 1x1 to c1
#     2   conv 1x1 to c2[0] - conv 3x3 to c2[1]
#     3   conv 1x1 to c3[0] - conv 5x5 to c3[1]
#     4   3x3 max pooling, stride 1, pad 1 - conv 1x1 to c4

# %% task="Inception"
# About 20 minutes, medium. Stuck? hint("Inception") shows a first step.
class Inception(nn.Module):
    """Four paths, concatenated: 1x1; 1x1 - 3x3; 1x1 - 5x5; 3x3 max pooling - 1x1.

    Each convolution is a layer of its own, the 1x1 of different paths too, and a ReLU follows each of them.
    """

    def __init__(self, in_channels: int, c1: int, c2: tuple[int, int], c3: tuple[int, int], c4: int):
        super().__init__()

        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, in_channels, H, W); out (N, c1 + c2[1] + c3[1] + c4, H, W)."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Inception"
# check("modern_cnn", task="Inception")

# %% [markdown]
# ### Residual, as first published
#
# He et al. (2015) normalised *after* each convolution and put a ReLU after the sum:
#
#     conv 3x3 (stride) - BN - ReLU - conv 3x3 - BN, plus x, then ReLU
#
# With `use_1x1conv` the `x` in the sum goes through a 1x1 convolution with the same stride first (without BN). Compare
# with the blocks of `resnet.py`: there a path without any ReLU leads through the whole network.

# %% task="Residual"
# About 15 minutes, easy. Stuck? hint("Residual") shows a first step.
class Residual(nn.Module):
    """ReLU(BN(conv(ReLU(BN(conv(x))))) + shortcut(x))."""

    def __init__(self, in_channels: int, num_channels: int, use_1x1conv: bool = False, strides: int = 1):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, in_channels, H, W); out (N, num_channels, H', W'), H' = ceil(H / strides)."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Residual"
# check("modern_cnn", task="Residual")

# %% [markdown]
# ### Dense
#
# Huang et al. (2016) do not add but **concatenate**: each of `num_convs` steps sees everything before it and appends
# `num_channels` channels of its own.
#
#     step:        BN - ReLU - conv 3x3 (pad 1) to num_channels
#     output:      x, then what the first step made, then the second, ...
#
# The published DenseNet-121 narrows the input of each step first, with `bottleneck=True`:
#
#     step:        BN - ReLU - conv 1x1 to 4 * num_channels - BN - ReLU - conv 3x3 (pad 1) to num_channels

# %% task="DenseBlock"
# About 20 minutes, medium. Stuck? hint("DenseBlock") shows a first step.
class DenseBlock(nn.Module):
    """num_convs steps; each sees all channels so far and appends num_channels."""

    def __init__(self, num_convs: int, in_channels: int, num_channels: int, bottleneck: bool = False):
        super().__init__()

        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, in_channels, H, W); out (N, in_channels + num_convs * num_channels, H, W)."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="DenseBlock"
# check("modern_cnn", task="DenseBlock")

# %% [markdown]
# Channels pile up, so between dense blocks a **transition** reduces them, and halves the size by *average* pooling:
#
#     BN - ReLU - conv 1x1 - 2x2 average pooling, stride 2

# %% task="transition_block"
# About 5 minutes, easy. Stuck? hint("transition_block") shows a first step.
def transition_block(in_channels: int, num_channels: int) -> nn.Module:
    """BN - ReLU - conv 1x1 - 2x2 average pooling with stride 2.

    Shapes of the module:
        x    (N, in_channels, H, W)
        out  (N, num_channels, H // 2, W // 2)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="transition_block"
# check("modern_cnn", task="transition_block")

# %% [markdown]
# ## 3 Cheaper, and back up
#
# ### Depthwise separable convolution
#
# A convolution mixes places and channels at once. Howard et al. (2017, *MobileNets*, figure 3) do one after the other:
# first each channel gets *its own* $K \times K$ filter (`groups=in_channels`), then a 1x1 convolution mixes channels.
#
#     depthwise conv KxK (stride, pad K // 2) - BN - ReLU - conv 1x1 - BN - ReLU
#
# That takes $\frac{1}{C_\text{out}} + \frac{1}{K^2}$ of the multiplications.

# %% task="DepthwiseSeparableConv"
# About 10 minutes, easy. Stuck? hint("DepthwiseSeparableConv") shows a first step.
class DepthwiseSeparableConv(nn.Module):
    """Depthwise conv - BN - ReLU - conv 1x1 - BN - ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, in_channels, H, W); out (N, out_channels, H', W'), H' = ceil(H / stride) if K is odd."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="DepthwiseSeparableConv"
# check("modern_cnn", task="DepthwiseSeparableConv")

# %% [markdown]
# ### Transposed convolution
#
# Segmentation and image generation must get from small maps back to large ones. A **transposed convolution** is the
# backward pass of a convolution with respect to its input, used forwards: every input pixel stamps a multiple of the
# filter onto the output, stamps lie `stride` pixels apart, and where they overlap they add up. At the end `pad` rows
# and columns are cut off on each side. So
#
# $$ H' = (H - 1)\,\text{stride} + K_H - 2\,\text{pad}. $$
#
# Write it with tensor arithmetic: no `F.conv_transpose2d`, no other convolution, no autograd. Loops over the filter's
# few positions are fine.

# %% task="transposed_conv2d"
# About 30 minutes, medium. Stuck? hint("transposed_conv2d") shows a first step.
def transposed_conv2d(x: Tensor, w: Tensor, stride: int = 1, pad: int = 0) -> Tensor:
    """Stamp the filters onto the output, `stride` pixels apart, and cut off `pad` pixels on each side.

    Shapes:
        x    (N, C, H, W)
        w    (C, F, KH, KW)  as torch's: in, out, height, width
        out  (N, F, H', W')  H' = (H - 1)*stride + KH - 2*pad, W' alike
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="transposed_conv2d"
# check("modern_cnn", task="transposed_conv2d")

# %% [markdown]
# With a fixed filter it enlarges images. A box repeats pixels, a tent interpolates between them; if the filter's size
# is not a multiple of the stride, the stamps overlap unevenly, and you get the checkerboard that generated images are
# notorious for.

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
#     w = torch.eye(3)[:, :, None, None] * kernel  # each colour by itself
#     large = transposed_conv2d(scenes.x_train[4:5], w, stride=2, pad=pad)
#     ax.imshow(large[0].clamp(0, 1).permute(1, 2, 0))
#     ax.set_title(f"{name}, {large.shape[2]} x {large.shape[3]}")
# for ax in axes:
#     ax.set_axis_off()
# show("A scene, and three enlargements: the box repeats pixels, the tent is smooth, the 3 x 3 box has a checkerboard.")

# %% [markdown]
# ## 4 Counting
#
# The usual measure of cost is the number of **multiply-accumulate** operations (MACs) for one image:
#
# - a convolution needs $K_H K_W C_\text{in} / \text{groups}$ of them for each number in its output,
# - a linear layer needs one for each input, for each number in its output.
#
# Everything else (biases, normalisation, pooling, ReLU) is left out. The sizes of the outputs are only known when an
# image flows through: register a **forward hook** on each convolution and linear layer, push one image of zeros
# through, and add up. A layer that is used twice counts twice.
#
# Leave the module as you found it: your hooks gone and those of others still there, parameters and running statistics
# of batch normalisation as they were, their dtype too, and each submodule in the mode (training or evaluation) it was
# in. The module may live on any device, the `meta` device included, where tensors have shapes but no numbers and VGG-16
# costs nothing: make the image on the device of the parameters and in their dtype. A module may also have no
# parameters, as `nn.ReLU()`.

# %% task="count_macs"
# About 30 minutes, medium. Stuck? hint("count_macs") shows a first step.
def count_macs(module: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Multiply-accumulates of all nn.Conv2d and nn.Linear layers for one example. The module is left as it was.

    Shapes:
        module       nn.Module
        input_shape  tuple      of one example, without the batch: (C, H, W) for an image
        out          int
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="count_macs"
# check("modern_cnn", task="count_macs")

# %% [markdown]
# ### The published networks
#
# Built from your blocks, for ImageNet's 1,000 classes and 224 x 224 images, except LeNet-5 (ten digits of 28 x 28).
# Each function returns the stages in order. Read them: the whole history of ImageNet fits on two pages.

# %%
def head(channels: int, num_classes: int) -> nn.Sequential:
    """Global average pooling, linear."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_classes))


def lenet5() -> nn.Sequential:
    """LeCun et al. (1998), with all connections between the maps and a plain output layer."""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2)),
        nn.Sequential(nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2)),
        nn.Sequential(nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid()),
        nn.Sequential(nn.Linear(120, 84), nn.Sigmoid()),
        nn.Linear(84, 10),
    )


def alexnet() -> nn.Sequential:
    """Krizhevsky et al. (2012); two GPUs then, two groups now. Pad 2 makes its 55 x 55 maps out of 224 x 224 images."""

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
    """Simonyan and Zisserman (2014), configuration D."""
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
    """Lin, Chen and Yan (2013), as Caffe's model zoo has it: the last block goes to 1024, 1024 and 1000."""
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
    """Szegedy et al. (2014), table 1, without the two auxiliary classifiers."""
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
    """conv 7x7 - BN - ReLU - pooling: from 224 x 224 to 56 x 56."""
    return nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))


def resnet(blocks: tuple[int, ...]) -> nn.Sequential:
    """He et al. (2015), table 1: (2, 2, 2, 2) is ResNet-18, (3, 4, 6, 3) ResNet-34."""
    stages, before = [imagenet_stem()], 64
    for stage, count in enumerate(blocks):
        after, strides = 64 * 2**stage, 1 if stage == 0 else 2
        first = Residual(before, after, use_1x1conv=stage > 0, strides=strides)
        stages.append(nn.Sequential(first, *[Residual(after, after) for _ in range(count - 1)]))
        before = after
    return nn.Sequential(*stages, head(before, 1000))


def bottleneck_resnet(blocks: tuple[int, ...]) -> nn.Sequential:
    """He et al. (2015), table 1: (3, 4, 6, 3) is ResNet-50, (3, 4, 23, 3) ResNet-101, (3, 8, 36, 3) ResNet-152.

    With the bottleneck blocks of resnet.py, so pre-activated (2016).
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
    """Huang et al. (2016), table 1: 32 channels a step, transitions that halve."""
    stages, channels = [imagenet_stem()], 64
    for count in (6, 12, 24, 16):
        stages.append(DenseBlock(count, channels, 32, bottleneck=True))
        channels += 32 * count
        if count != 16:
            stages.append(transition_block(channels, channels // 2))
            channels //= 2
    return nn.Sequential(*stages, nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), head(channels, 1000)))


# Name -> how to build it, the shape of an image, and the published number of parameters in millions, rounded: from the
# paper, torchvision or Caffe's model zoo; LeNet-5's is that of today's versions.
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
    """For each stage: the shape of its output, its parameters, its MACs, and the numbers that its layers put out.

    All for one example. The net may live on the meta device.
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
# The third cost is **memory**. Training stores what every layer put out, its *activations*, until the backward pass has
# used it. In float32 that is 4 bytes for each number and each image of the batch; parameters, with their gradients and
# Adam's two averages, are stored four times, but only once for the batch. Which of the two fills the memory?
#
# Nothing is computed here: the networks are built on the `meta` device.

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
# The same on one page. Which network buys its parameters dearly, and which its multiplications?

# %% tags=["active-ipynb"]
# plt.figure(figsize=(8, 4.5))
# for name, (parameters, macs, _) in totals.items():
#     if name != "LeNet-5":  # a thousand times smaller
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
# **Question 2.** In which stages of VGG-16 are most of its parameters, and in which most of its MACs? Explain both
# from the shapes. What did NiN and all later networks do about the parameters?

# %% [markdown] answer="modern-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## What to take home
#
# Parameters and multiplications are different costs, and neither is time on your machine. Ten years of architectures
# are variations of: small windows, 1x1 convolutions to change the number of channels, and short ways for the
# gradient. You can now read the table of an architecture in a paper, build it, and check the count.
#
# **Where to look next.** Tan and Le (*EfficientNet*, 2019) grow depth, width and image size together. Liu et al. (*A
# ConvNet for the 2020s*, 2022) bring a ResNet up to date step by step, and measure each step. Odena, Dumoulin and Olah
# (*Deconvolution and checkerboard artifacts*, 2016) explain the pattern of your enlarged image.
