# %% [markdown]
# # dense_heads
#
# <!-- parts -->

# %%
import torch
from torch import Tensor, nn

# %% tags=["active-ipynb"]
# from autograder import check, hint

# %% [markdown]
# ## 1 Depth without scale


# %% task="scale_invariant_log_loss" minutes=20 difficulty="medium"
def scale_invariant_log_loss(x: Tensor) -> Tensor:
    """Depth without scale."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 2 How right depth is


# %% task="depth_metrics" minutes=20 difficulty="medium"
def depth_metrics(x: Tensor) -> Tensor:
    """How right depth is."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 3 Two losses of one net


# %% task="single_object_loss" minutes=20 difficulty="medium"
def single_object_loss(x: Tensor) -> Tensor:
    """Two losses of one net."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 4 A second look at boxes


# %% task="refine_boxes" minutes=20 difficulty="medium"
def refine_boxes(x: Tensor) -> Tensor:
    """A second look at boxes."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 5 Normals from depth


# %% task="normals_from_depth" minutes=20 difficulty="medium"
def normals_from_depth(x: Tensor) -> Tensor:
    """Normals from depth."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 6 The loss of normals


# %% task="normal_loss" minutes=20 difficulty="medium"
def normal_loss(x: Tensor) -> Tensor:
    """The loss of normals."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 7 A mask per region


# %% task="MaskHead" minutes=20 difficulty="medium"
class MaskHead(nn.Module):
    """A mask per region."""

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        raise NotImplementedError
        ### END SOLUTION


# %% [markdown]
# ## 8 The loss of masks


# %% task="mask_loss" minutes=20 difficulty="medium"
def mask_loss(x: Tensor) -> Tensor:
    """The loss of masks."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 9 Masks back in the image


# %% task="paste_mask" minutes=20 difficulty="medium"
def paste_mask(x: Tensor) -> Tensor:
    """Masks back in the image."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 10 A cell per joint


# %% task="heatmap_targets" minutes=20 difficulty="medium"
def heatmap_targets(x: Tensor) -> Tensor:
    """A cell per joint."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 11 The loss of joints


# %% task="keypoint_loss" minutes=20 difficulty="medium"
def keypoint_loss(x: Tensor) -> Tensor:
    """The loss of joints."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 12 Quantised regions


# %% task="roi_pool" minutes=20 difficulty="medium"
def roi_pool(x: Tensor) -> Tensor:
    """Quantised regions."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 13 What rounding costs


# %% task="misalignment" minutes=20 difficulty="medium"
def misalignment(x: Tensor) -> Tensor:
    """What rounding costs."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 14 Towards the corner


# %% task="corner_pool" minutes=20 difficulty="medium"
def corner_pool(x: Tensor) -> Tensor:
    """Towards the corner."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 15 Pairs of corners


# %% task="decode_corners" minutes=20 difficulty="medium"
def decode_corners(x: Tensor) -> Tensor:
    """Pairs of corners."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION
