# %% [markdown]
# # segmentation
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 The loss of pixels | `pixel_cross_entropy` | 4 | 20 |
# | 2 The Dice loss | `soft_dice_loss` | 2 | 20 |
# | 3 The IoU loss | `soft_iou_loss` | 2 | 20 |
# | 4 Who is taken for whom | `confusion` | 3 | 20 |
# | 5 Mean intersection over union | `miou` | 2 | 20 |
# | 6 Structural similarity | `ssim` | 4 | 20 |
# | 7 A kernel that upsamples | `bilinear_kernel` | 2 | 20 |
# | 8 Fully convolutional networks | `FCN` | 5 | 20 |
# | 9 U-Net | `UNet` | 4 | 20 |
# | 10 Hourglass | `Hourglass` | 2 | 20 |
# | 11 Things over stuff | `merge_panoptic` | 5 | 20 |

# %%
import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint

# %% [markdown]
# ## 1 The loss of pixels

# %% task="pixel_cross_entropy"
# About 20 minutes, medium.
def pixel_cross_entropy(x: Tensor) -> Tensor:
    """The loss of pixels."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="pixel_cross_entropy"
# check("segmentation", task="pixel_cross_entropy")

# %% [markdown]
# ## 2 The Dice loss

# %% task="soft_dice_loss"
# About 20 minutes, medium.
def soft_dice_loss(x: Tensor) -> Tensor:
    """The Dice loss."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="soft_dice_loss"
# check("segmentation", task="soft_dice_loss")

# %% [markdown]
# ## 3 The IoU loss

# %% task="soft_iou_loss"
# About 20 minutes, medium.
def soft_iou_loss(x: Tensor) -> Tensor:
    """The IoU loss."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="soft_iou_loss"
# check("segmentation", task="soft_iou_loss")

# %% [markdown]
# ## 4 Who is taken for whom

# %% task="confusion"
# About 20 minutes, medium.
def confusion(x: Tensor) -> Tensor:
    """Who is taken for whom."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="confusion"
# check("segmentation", task="confusion")

# %% [markdown]
# ## 5 Mean intersection over union

# %% task="miou"
# About 20 minutes, medium.
def miou(x: Tensor) -> Tensor:
    """Mean intersection over union."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="miou"
# check("segmentation", task="miou")

# %% [markdown]
# ## 6 Structural similarity

# %% task="ssim"
# About 20 minutes, medium.
def ssim(x: Tensor) -> Tensor:
    """Structural similarity."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ssim"
# check("segmentation", task="ssim")

# %% [markdown]
# ## 7 A kernel that upsamples

# %% task="bilinear_kernel"
# About 20 minutes, medium.
def bilinear_kernel(x: Tensor) -> Tensor:
    """A kernel that upsamples."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="bilinear_kernel"
# check("segmentation", task="bilinear_kernel")

# %% [markdown]
# ## 8 Fully convolutional networks

# %% task="FCN"
# About 20 minutes, medium.
class FCN(nn.Module):
    """Fully convolutional networks."""

    def forward(self, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="FCN"
# check("segmentation", task="FCN")

# %% [markdown]
# ## 9 U-Net

# %% task="UNet"
# About 20 minutes, medium.
class UNet(nn.Module):
    """U-Net."""

    def forward(self, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="UNet"
# check("segmentation", task="UNet")

# %% [markdown]
# ## 10 Hourglass

# %% task="Hourglass"
# About 20 minutes, medium.
class Hourglass(nn.Module):
    """Hourglass."""

    def forward(self, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Hourglass"
# check("segmentation", task="Hourglass")

# %% [markdown]
# ## 11 Things over stuff

# %% task="merge_panoptic"
# About 20 minutes, medium.
def merge_panoptic(x: Tensor) -> Tensor:
    """Things over stuff."""
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="merge_panoptic"
# check("segmentation", task="merge_panoptic")
