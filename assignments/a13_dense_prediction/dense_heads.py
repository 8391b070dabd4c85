# %% [markdown]
# # dense_heads
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Depth without scale | `scale_invariant_log_loss` | 4 | 20 |
# | 2 How right depth is | `depth_metrics` | 2 | 20 |
# | 3 Two losses of one net | `single_object_loss` | 2 | 20 |
# | 4 A second look at boxes | `refine_boxes` | 2 | 20 |
# | 5 Normals from depth | `normals_from_depth` | 2 | 20 |
# | 6 The loss of normals | `normal_loss` | 2 | 20 |
# | 7 A mask per region | `MaskHead` | 3 | 20 |
# | 8 The loss of masks | `mask_loss` | 3 | 20 |
# | 9 Masks back in the image | `paste_mask` | 3 | 20 |
# | 10 A cell per joint | `heatmap_targets` | 2 | 20 |
# | 11 The loss of joints | `keypoint_loss` | 2 | 20 |
# | 12 Quantised regions | `roi_pool` | 3 | 20 |
# | 13 What rounding costs | `misalignment` | 1 | 20 |
# | 14 Towards the corner | `corner_pool` | 2 | 20 |
# | 15 Pairs of corners | `decode_corners` | 2 | 20 |

# %%
import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint

# %% [markdown]
# ## 1 Depth without scale

# %% task="scale_invariant_log_loss"
# About 20 minutes, medium.
def scale_invariant_log_loss(x: Tensor) -> Tensor:
    """Depth without scale."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scale_invariant_log_loss"
# check("dense_heads", task="scale_invariant_log_loss")

# %% [markdown]
# ## 2 How right depth is

# %% task="depth_metrics"
# About 20 minutes, medium.
def depth_metrics(x: Tensor) -> Tensor:
    """How right depth is."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="depth_metrics"
# check("dense_heads", task="depth_metrics")

# %% [markdown]
# ## 3 Two losses of one net

# %% task="single_object_loss"
# About 20 minutes, medium.
def single_object_loss(x: Tensor) -> Tensor:
    """Two losses of one net."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="single_object_loss"
# check("dense_heads", task="single_object_loss")

# %% [markdown]
# ## 4 A second look at boxes

# %% task="refine_boxes"
# About 20 minutes, medium.
def refine_boxes(x: Tensor) -> Tensor:
    """A second look at boxes."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="refine_boxes"
# check("dense_heads", task="refine_boxes")

# %% [markdown]
# ## 5 Normals from depth

# %% task="normals_from_depth"
# About 20 minutes, medium.
def normals_from_depth(x: Tensor) -> Tensor:
    """Normals from depth."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="normals_from_depth"
# check("dense_heads", task="normals_from_depth")

# %% [markdown]
# ## 6 The loss of normals

# %% task="normal_loss"
# About 20 minutes, medium.
def normal_loss(x: Tensor) -> Tensor:
    """The loss of normals."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="normal_loss"
# check("dense_heads", task="normal_loss")

# %% [markdown]
# ## 7 A mask per region

# %% task="MaskHead"
# About 20 minutes, medium.
class MaskHead(nn.Module):
    """A mask per region."""

    def forward(self, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="MaskHead"
# check("dense_heads", task="MaskHead")

# %% [markdown]
# ## 8 The loss of masks

# %% task="mask_loss"
# About 20 minutes, medium.
def mask_loss(x: Tensor) -> Tensor:
    """The loss of masks."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mask_loss"
# check("dense_heads", task="mask_loss")

# %% [markdown]
# ## 9 Masks back in the image

# %% task="paste_mask"
# About 20 minutes, medium.
def paste_mask(x: Tensor) -> Tensor:
    """Masks back in the image."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="paste_mask"
# check("dense_heads", task="paste_mask")

# %% [markdown]
# ## 10 A cell per joint

# %% task="heatmap_targets"
# About 20 minutes, medium.
def heatmap_targets(x: Tensor) -> Tensor:
    """A cell per joint."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="heatmap_targets"
# check("dense_heads", task="heatmap_targets")

# %% [markdown]
# ## 11 The loss of joints

# %% task="keypoint_loss"
# About 20 minutes, medium.
def keypoint_loss(x: Tensor) -> Tensor:
    """The loss of joints."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="keypoint_loss"
# check("dense_heads", task="keypoint_loss")

# %% [markdown]
# ## 12 Quantised regions

# %% task="roi_pool"
# About 20 minutes, medium.
def roi_pool(x: Tensor) -> Tensor:
    """Quantised regions."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="roi_pool"
# check("dense_heads", task="roi_pool")

# %% [markdown]
# ## 13 What rounding costs

# %% task="misalignment"
# About 20 minutes, medium.
def misalignment(x: Tensor) -> Tensor:
    """What rounding costs."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="misalignment"
# check("dense_heads", task="misalignment")

# %% [markdown]
# ## 14 Towards the corner

# %% task="corner_pool"
# About 20 minutes, medium.
def corner_pool(x: Tensor) -> Tensor:
    """Towards the corner."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="corner_pool"
# check("dense_heads", task="corner_pool")

# %% [markdown]
# ## 15 Pairs of corners

# %% task="decode_corners"
# About 20 minutes, medium.
def decode_corners(x: Tensor) -> Tensor:
    """Pairs of corners."""
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="decode_corners"
# check("dense_heads", task="decode_corners")
