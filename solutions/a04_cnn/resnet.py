# %% [markdown]
# # Residual networks with torch.nn
#
# You have written gradients by hand for long enough to know what they are. From here on autograd computes them, and
# you think in blocks. This file goes from functions to modules to a network whose depth is a list of numbers.
#
# <!-- parts -->
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


# %% task="three_layer_convnet" minutes=10 difficulty="easy"
def three_layer_convnet(x: Tensor, params: list[Tensor]) -> Tensor:
    """Scores of conv 5x5 (pad 2) - ReLU - conv 3x3 (pad 1) - ReLU - linear.

    Shapes:
        x       (N, C, H, W)  images
        params  list          conv_w1 (C1, C, 5, 5), conv_b1 (C1,), conv_w2 (C2, C1, 3, 3), conv_b2 (C2,),
                              fc_w (L, C2*H*W), fc_b (L,); a bias may be None
        out     (N, L)        scores
    """
    conv_w1, conv_b1, conv_w2, conv_b2, fc_w, fc_b = params
    ### BEGIN SOLUTION
    hidden = F.relu(F.conv2d(x, conv_w1, conv_b1, padding=2))
    hidden = F.relu(F.conv2d(hidden, conv_w2, conv_b2, padding=1))
    return F.linear(hidden.flatten(1), fc_w, fc_b)
    ### END SOLUTION


# %% [markdown] hint="three_layer_convnet"
# 1. Three steps: `F.conv2d(x, conv_w1, conv_b1, padding=2)` and ReLU, the second convolution with `padding=1` and
#    ReLU, then `F.linear`.
# 2. Flatten each image before the linear layer: `hidden.flatten(1)` keeps the axis of the images.

# %% [markdown]
# The same network as a **module**: it owns its weights. Initialise the weights with `nn.init.kaiming_normal_` and the
# biases with zeros. (For the linear layer, which no ReLU follows, `nonlinearity="linear"` is as good.) A linear layer
# has a fixed number of inputs, so this network is for 32 x 32 images.


# %% task="ThreeLayerConvNet" minutes=10 difficulty="easy"
class ThreeLayerConvNet(nn.Module):
    """conv 5x5 (pad 2) - ReLU - conv 3x3 (pad 1) - ReLU - linear, for 32 x 32 images."""

    def __init__(self, in_channel: int, channel_1: int, channel_2: int, num_classes: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(in_channel, channel_1, 5, padding=2)
        self.conv2 = nn.Conv2d(channel_1, channel_2, 3, padding=1)
        self.fc = nn.Linear(channel_2 * 32 * 32, num_classes)
        for layer in (self.conv1, self.conv2, self.fc):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Scores.

        Shapes:
            x    (N, in_channel, 32, 32)  images
            out  (N, num_classes)
        """
        ### BEGIN SOLUTION
        hidden = F.relu(self.conv2(F.relu(self.conv1(x))))
        return self.fc(hidden.flatten(1))
        ### END SOLUTION


# %% [markdown] hint="ThreeLayerConvNet"
# 1. Make `nn.Conv2d` twice and `nn.Linear` once, and store them as attributes. The linear layer has `channel_2 * 32 *
#    32` inputs.
# 2. `nn.init.kaiming_normal_(layer.weight)` and `nn.init.zeros_(layer.bias)` for each of them, in `__init__`.
# 3. `forward` is that of the function before, with layers in place of weights.

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


# %% task="PlainBlock" minutes=10 difficulty="easy"
class PlainBlock(nn.Module):
    """BN - ReLU - conv 3x3 (stride 2 if downsample) - BN - ReLU - conv 3x3."""

    def __init__(self, Cin: int, Cout: int, downsample: bool = False):
        super().__init__()
        ### BEGIN SOLUTION
        self.net = nn.Sequential(
            nn.BatchNorm2d(Cin),
            nn.ReLU(),
            nn.Conv2d(Cin, Cout, 3, stride=2 if downsample else 1, padding=1),
            nn.BatchNorm2d(Cout),
            nn.ReLU(),
            nn.Conv2d(Cout, Cout, 3, padding=1),
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W); out (N, Cout, H', W'), H' = H, or ceil(H / 2) if downsample."""
        ### BEGIN SOLUTION
        return self.net(x)
        ### END SOLUTION


# %% [markdown] hint="PlainBlock"
# 1. Six layers in an `nn.Sequential`. The first batch normalisation has `Cin` channels, the second `Cout`.
# 2. Only the first convolution has stride 2 if `downsample`; both have `padding=1`.

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


# %% task="ResidualBlock" minutes=10 difficulty="easy"
class ResidualBlock(nn.Module):
    """PlainBlock(x) + shortcut(x)."""

    def __init__(self, Cin: int, Cout: int, downsample: bool = False):
        super().__init__()
        ### BEGIN SOLUTION
        self.block = PlainBlock(Cin, Cout, downsample)
        self.shortcut: nn.Module = nn.Identity()
        if Cin != Cout or downsample:
            self.shortcut = nn.Conv2d(Cin, Cout, 1, stride=2 if downsample else 1)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W); out (N, Cout, H', W'), H' = H, or ceil(H / 2) if downsample."""
        ### BEGIN SOLUTION
        return self.block(x) + self.shortcut(x)
        ### END SOLUTION


# %% [markdown] hint="ResidualBlock"
# 1. Make a `PlainBlock` and a shortcut: `nn.Identity()` if `Cin == Cout` and there is no downsampling, else a 1x1
#    convolution with the block's stride.
# 2. Return the sum of the two, both applied to `x`. Nothing comes after the sum.

# %% [markdown]
# 3x3 convolutions between many channels are dear. The **bottleneck** first goes down to a quarter of the channels:
#
#     BN - ReLU - conv 1x1 to Cout // 4 (stride 2 if downsample) - BN - ReLU - conv 3x3 - BN - ReLU - conv 1x1 to Cout
#
# with the same shortcut as before. The 3x3 convolution has pad 1.


# %% task="ResidualBottleneckBlock" minutes=15 difficulty="easy"
class ResidualBottleneckBlock(nn.Module):
    """BN - ReLU - conv 1x1 - BN - ReLU - conv 3x3 - BN - ReLU - conv 1x1, plus shortcut(x)."""

    def __init__(self, Cin: int, Cout: int, downsample: bool = False):
        super().__init__()
        ### BEGIN SOLUTION
        narrow, stride = Cout // 4, 2 if downsample else 1
        self.block = nn.Sequential(
            nn.BatchNorm2d(Cin),
            nn.ReLU(),
            nn.Conv2d(Cin, narrow, 1, stride=stride),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, narrow, 3, padding=1),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, Cout, 1),
        )
        self.shortcut: nn.Module = nn.Identity()
        if Cin != Cout or downsample:
            self.shortcut = nn.Conv2d(Cin, Cout, 1, stride=stride)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W); out (N, Cout, H', W'), H' = H, or ceil(H / 2) if downsample."""
        ### BEGIN SOLUTION
        return self.block(x) + self.shortcut(x)
        ### END SOLUTION


# %% [markdown] hint="ResidualBottleneckBlock"
# 1. Three groups of batch normalisation, ReLU and convolution: 1x1 from `Cin` to `Cout // 4`, 3x3 with pad 1, 1x1 to
#    `Cout`. Each batch normalisation has the channels of what comes *in*.
# 2. With `downsample` the stride 2 is in the first 1x1 convolution, and in the shortcut.

# %% [markdown] question="resnet-q1"
# **Question 1.** Count the weights of the convolutions (no biases, no shortcut) in a residual block and in a bottleneck
# block, both from 256 to 256 channels. If both do equally well, how many bottleneck blocks could you have instead of
# one residual block, and which has more ReLUs then?

# %% [markdown] answer="resnet-q1"
# ### BEGIN SOLUTION
# Residual block: $2 \cdot 256 \cdot 256 \cdot 9 = 1{,}179{,}648$. Bottleneck:
# $256 \cdot 64 + 64 \cdot 64 \cdot 9 + 64 \cdot 256 = 69{,}632$. That is almost 17 bottleneck blocks for one
# residual block (17 take 0.3 % more weights), with $17 \cdot 3 = 51$ ReLUs instead of 2.
# ### END SOLUTION

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


# %% task="ResNet" minutes=15 difficulty="easy"
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
        ### BEGIN SOLUTION
        stages = [ResNetStage(*args, block=block) for args in stage_args]
        self.cnn = nn.Sequential(ResNetStem(Cin, stage_args[0][0]), *stages)
        self.fc = nn.Linear(stage_args[-1][1], num_classes)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, Cin, H, W); out (N, num_classes)."""
        ### BEGIN SOLUTION
        return self.fc(self.cnn(x).mean(dim=(2, 3)))
        ### END SOLUTION


# %% [markdown] hint="ResNet"
# 1. The stem goes from `Cin` to the first entry of `stage_args[0]`. `ResNetStage(*args, block=block)` makes a stage
#    of each tuple; `nn.Sequential` or `nn.ModuleList` registers them.
# 2. After the stages take the mean over both axes of places, then a linear layer from the last stage's `Cout` to the
#    classes.

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
# ### BEGIN SOLUTION
# Each block adds zero, so the stack is the identity and passes the gradient through unchanged, at any depth. Training
# starts from a shallow network and adds what helps. In the first step only the last convolution of each block gets a
# gradient that is not zero (its input is not zero); the layers before it in the block see gradients multiplied by
# zero weights and begin one step later.
# ### END SOLUTION

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
