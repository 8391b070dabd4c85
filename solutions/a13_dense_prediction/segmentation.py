# %% [markdown]
# # segmentation
#
# <!-- parts -->

# %%
import torch
from torch import Tensor, nn

# %% tags=["active-ipynb"]
# from autograder import check, hint

# %% [markdown]
# ## 1 The loss of pixels


# %% task="pixel_cross_entropy" minutes=20 difficulty="medium"
def pixel_cross_entropy(x: Tensor) -> Tensor:
    """The loss of pixels."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 2 The Dice loss


# %% task="soft_dice_loss" minutes=20 difficulty="medium"
def soft_dice_loss(x: Tensor) -> Tensor:
    """The Dice loss."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 3 The IoU loss


# %% task="soft_iou_loss" minutes=20 difficulty="medium"
def soft_iou_loss(x: Tensor) -> Tensor:
    """The IoU loss."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 4 Who is taken for whom


# %% task="confusion" minutes=20 difficulty="medium"
def confusion(x: Tensor) -> Tensor:
    """Who is taken for whom."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 5 Mean intersection over union


# %% task="miou" minutes=20 difficulty="medium"
def miou(x: Tensor) -> Tensor:
    """Mean intersection over union."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 6 Structural similarity


# %% task="ssim" minutes=20 difficulty="medium"
def ssim(x: Tensor) -> Tensor:
    """Structural similarity."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 7 A kernel that upsamples


# %% task="bilinear_kernel" minutes=20 difficulty="medium"
def bilinear_kernel(x: Tensor) -> Tensor:
    """A kernel that upsamples."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 8 Fully convolutional networks


# %% task="FCN" minutes=20 difficulty="medium"
class FCN(nn.Module):
    """Fully convolutional networks."""

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        raise NotImplementedError
        ### END SOLUTION


# %% [markdown]
# ## 9 U-Net


# %% task="UNet" minutes=20 difficulty="medium"
class UNet(nn.Module):
    """U-Net."""

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        raise NotImplementedError
        ### END SOLUTION


# %% [markdown]
# ## 10 Hourglass


# %% task="Hourglass" minutes=20 difficulty="medium"
class Hourglass(nn.Module):
    """Hourglass."""

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        raise NotImplementedError
        ### END SOLUTION


# %% [markdown]
# ## 11 Things over stuff


# %% task="merge_panoptic" minutes=20 difficulty="medium"
def merge_panoptic(x: Tensor) -> Tensor:
    """Things over stuff."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION
