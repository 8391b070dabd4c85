# %% [markdown]
# # Residual networks with torch.nn
#
# You have written gradients by hand for long enough to know what they are. From here on autograd computes them, and
# you think in blocks. This file goes from functions to modules to a network whose depth is a list of numbers.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Functions and modules | `three_layer_convnet`, `ThreeLayerConvNet` | 4 | 20 |
# | 2 Blocks | `PlainBlock`, `ResidualBlock`, `ResidualBottleneckBlock` | 9 | 35 |
# | 3 The network | `ResNet` | 5 | 15 |
#
# Build blocks from layers of `torch.nn` (`nn.Conv2d`, `nn.BatchNorm2d`, `nn.Linear`, ...), each made in `__init__` and
# stored as an attribute: that is how `parameters()` and `state_dict()` find their weights.

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
# torch.set_num_threads(1)  # such small networks gain nothing from more, and lose much where other work is going on
# scenes = load("scenes")
# centre = scenes.x_train.mean(dim=0, keepdim=True)
# x_train, y_train = scenes.x_train[:2000] - centre, scenes.y_train[:2000]
# x_test, y_test = scenes.x_test[:500] - centre, scenes.y_test[:500]

# %% [markdown]
# ## 1 Functions and modules
#
# With autograd a network is just a function of images and weights:
#
#     conv 5x5 (pad 2) - ReLU - conv 3x3 (pad 1) - ReLU - linear
#
# Write it with `F.conv2d`, `F.relu` and `F.linear`, strides 1. The weights of torch's linear layers are (out, in),
# those of your own were (in, out). Flatten without assuming a size: the same function serves images of any size, if
# `fc_w` has as many columns.

# %% task="three_layer_convnet"
# About 10 minutes, easy. Stuck? hint("three_layer_convnet") shows a first step.
def three_layer_convnet(x: Tensor, params: list[Tensor]) -> Tensor:
    """Scores of conv 5x5 (pad 2) - ReLU - conv 3x3 (pad 1) - ReLU - linear.

    Shapes:
        x       (N, C, H, W)  images
        params  list          conv_w1 (C1, C, 5, 5), conv_b1 (C1,), conv_w2 (C2, C1, 3, 3), conv_b2 (C2,),
                              fc_w (L, C2*H*W), fc_b (L,); a bias may be None
        out     (N, L)        scores
    """
    conv_w1, conv_b1, conv_w2, conv_b2, fc_w, fc_b = params
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="three_layer_convnet"
# check("resnet", task="three_layer_convnet")

# %% [markdown]
# The same network as a **module**: it owns its weights. Initialise the weights with `nn.init.kaiming_normal_` and the
# biases with zeros. (For the linear layer, which no ReLU follows, `nonlinearity="linear"` is as good.) A linear layer
# has a fixed number of inputs, so this network is for 32 x 32 images.

# %% task="ThreeLayerConvNet"
# About 10 minutes, easy. Stuck? hint("ThreeLayerConvNet") shows a first step.
class ThreeLayerConvNet(nn.Module):
    """conv 5x5 (pad 2) - ReLU - conv 3x3 (pad 1) - ReLU - linear, for 32 x 32 images."""

    def __init__(self, in_channel: int, channel_1: int, channel_2: int, num_classes: int):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Scores.

        Shapes:
            x    (N, in_channel, 32, 32)  images
            out  (N, num_classes)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ThreeLayerConvNet"
# check("resnet", task="ThreeLayerConvNet")

# %% [markdown]
# ## 2 Blocks
#
# He et al. (2016, *Identity Mappings in Deep Residual Networks*) put normalisation and ReLU *before* each convolution:
# **pre-activation**. The plain block is
#
#     batch norm - ReLU - conv 3x3 - batch norm - ReLU - conv 3x3
#
# The first convolution takes `Cin` channels to `Cout`; both have pad 1. With `downsample=True` the first one has
# stride 2. An image with an odd number of rows then keeps the larger half: 7 rows become 4.

# %% task="PlainBlock"
# About 10 minutes, easy. Stuck? hint("PlainBlock") shows a first step.
class PlainBlock(nn.Module):
    """BN - ReLU - conv 3x3 (stride 2 if downsample) - BN - ReLU - conv 3x3."""

    def __init__(self, Cin: int, Cout: int, downsample: bool = False):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W); out (N, Cout, H', W'), H' = H, or ceil(H / 2) if downsample."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="PlainBlock"
# check("resnet", task="PlainBlock")

# %% [markdown]
# Stack fifty plain blocks, and the network is worse than with ten, *on the training images too*: it could have learned
# to pass its input through, but did not find out how. Think of all functions that a network can compute. A larger set
# of functions helps for certain only if it **contains** the smaller one; the best of the larger set is then at least as
# good on the training images. Otherwise the larger set may even lie farther from the function that is looked for. So
# make it easy for every additional block to be the identity: then the sets are nested. A residual block computes
#
# $$ \mathcal{R}(x) = \mathcal{F}(x) + \mathcal{G}(x), $$
#
# $\mathcal{F}$ being the plain block and $\mathcal{G}$ the **shortcut**: the identity if shapes agree, that is
# `Cin == Cout` and no downsampling; otherwise a 1x1 convolution from `Cin` to `Cout` channels, with stride 2 if
# `downsample`. The shortcut takes the block's input as it came, without normalisation and ReLU, and nothing comes
# after the sum.

# %% task="ResidualBlock"
# About 10 minutes, easy. Stuck? hint("ResidualBlock") shows a first step.
class ResidualBlock(nn.Module):
    """PlainBlock(x) + shortcut(x)."""

    def __init__(self, Cin: int, Cout: int, downsample: bool = False):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W); out (N, Cout, H', W'), H' = H, or ceil(H / 2) if downsample."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ResidualBlock"
# check("resnet", task="ResidualBlock")

# %% [markdown]
# 3x3 convolutions between many channels are dear. The **bottleneck** first goes down to a quarter of the channels:
#
#     BN - ReLU - conv 1x1 to Cout // 4 (stride 2 if downsample) - BN - ReLU - conv 3x3 - BN - ReLU - conv 1x1 to Cout
#
# with the same shortcut as before. The 3x3 convolution has pad 1.

# %% task="ResidualBottleneckBlock"
# About 15 minutes, easy. Stuck? hint("ResidualBottleneckBlock") shows a first step.
class ResidualBottleneckBlock(nn.Module):
    """BN - ReLU - conv 1x1 - BN - ReLU - conv 3x3 - BN - ReLU - conv 1x1, plus shortcut(x)."""

    def __init__(self, Cin: int, Cout: int, downsample: bool = False):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W); out (N, Cout, H', W'), H' = H, or ceil(H / 2) if downsample."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ResidualBottleneckBlock"
# check("resnet", task="ResidualBottleneckBlock")

# %% [markdown] question="resnet-q1"
# **Question 1.** Count the weights of the convolutions (no biases, no shortcut) in a residual block and in a bottleneck
# block, both from 256 to 256 channels. If both do equally well, how many bottleneck blocks could you have instead of
# one residual block, and which has more ReLUs then?

# %% [markdown] answer="resnet-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 3 The network
#
# A stem takes images to the first stage's channels; a stage is several blocks, of which only the first may change
# channels and size. Both are given.

# %%
class ResNetStem(nn.Module):
    """conv 3x3 - ReLU, from the image's channels to those of the first stage."""

    def __init__(self, Cin: int = 3, Cout: int = 64):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(Cin, Cout, 3, padding=1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W); out (N, Cout, H, W)."""
        return self.net(x)


class ResNetStage(nn.Module):
    """num_blocks blocks; the first goes from Cin to Cout and halves the size if downsample."""

    def __init__(
        self, Cin: int, Cout: int, num_blocks: int, downsample: bool = True, block: type[nn.Module] = ResidualBlock
    ):
        super().__init__()
        blocks = [block(Cin, Cout, downsample)] + [block(Cout, Cout) for _ in range(num_blocks - 1)]
        self.net = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W); out (N, Cout, H', W')."""
        return self.net(x)


# %% [markdown]
# `ResNet` puts together: stem, stages, **global average pooling** (the mean over all places of each channel), and a
# linear layer to the scores. `stage_args` has one tuple `(Cin, Cout, num_blocks, downsample)` for each stage; the
# stem goes to the first stage's `Cin`. Averaging over whatever places there are makes it work for images of any size.

# %% task="ResNet"
# About 15 minutes, easy. Stuck? hint("ResNet") shows a first step.
class ResNet(nn.Module):
    """Stem, stages, global average pooling, linear."""

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
        """Shapes: x (N, Cin, H, W); out (N, num_classes)."""
        # YOUR CODE HERE
        raise NotImplementedError()

# %% tags=["active-ipynb"] grade="ResNet"
# check("resnet", task="ResNet")

# %% [markdown]
# ### Plain against residual
#
# How does the gradient get from the loss down to the first layers? For an untrained network of 24 blocks with 8
# channels, the picture shows the size of the gradient that arrives at each block's output. Batch normalisation,
# which keeps the *forward* numbers in range, does not help here: it makes each plain block multiply the gradient.

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
# And in training: 1,000 images, 6 epochs, 25 convolutions deep.

# %% tags=["active-ipynb"]
# # about 35 seconds
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
# A small ResNet on 2,000 images:

# %% tags=["active-ipynb"]
# # about 7 seconds
# seed_everything(0)
# net = ResNet([(8, 16, 1, True), (16, 32, 1, True), (32, 64, 1, True)])
# losses = fit(net, x_train, y_train, epochs=6, batch_size=40, learning_rate=5e-3, progress=True)
# print(f"test accuracy {float((predict(net, x_test) == y_test).float().mean()):.3f}")

# %% [markdown] question="resnet-q2"
# **Question 2.** At the start of training, let the last convolution of every residual block be zero. What does the
# whole stack of blocks without downsampling compute then, and what is the gradient with respect to its input? Why is
# that a good place to start from, and which weights do not learn in the very first step?

# %% [markdown] answer="resnet-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## What to take home
#
# A residual block can do nothing at all, and that is its strength: more depth no longer prevents *training*. It still
# costs time and can still overfit: on CIFAR-10, He et al.'s network of 1,202 layers makes 7.9 % errors, the one of 110
# layers 6.4 %. In `modern_cnn.py` you build the other blocks that made history, and count what they cost.
#
# **Where to look next.** Veit, Wilber and Belongie (*Residual networks behave like ensembles of relatively shallow
# networks*, 2016) remove single blocks from a trained network, and hardly anything happens. Goyal et al. (*Accurate,
# large minibatch SGD*, 2017) start every block at zero, as in question 2, to train on ImageNet in an hour.
