# %% [markdown]
# # resampling
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Copies of pixels | `upsample_nearest` | 1 | 20 |
# | 2 Zeros between pixels | `upsample_bed_of_nails` | 2 | 20 |
# | 3 Bilinear upsampling | `upsample_bilinear` | 5 | 20 |
# | 4 Bicubic upsampling | `upsample_bicubic` | 4 | 20 |
# | 5 Where the maximum was | `max_pool_indices` | 2 | 20 |
# | 6 Back to where it was | `max_unpool` | 2 | 20 |
# | 7 Convolution as a matrix | `conv_matrix` | 2 | 20 |
# | 8 Its transpose | `conv_transpose1d` | 2 | 20 |
# | 9 Dilated and grouped convolution | `dilated_conv2d` | 3 | 20 |
# | 10 How far a network sees | `receptive_field` | 1 | 20 |
# | 11 A pyramid of any size | `SpatialPyramidPool` | 2 | 20 |
# | 12 Between mean and maximum | `lp_pool` | 1 | 20 |
# | 13 A pooling that draws | `stochastic_pool` | 2 | 20 |
# | 14 The gradient of a mean | `average_pool_backward` | 1 | 20 |

# %%
import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint

# %% [markdown]
# ## 1 Copies of pixels

# %% task="upsample_nearest"
# About 20 minutes, medium.
def upsample_nearest(x: Tensor) -> Tensor:
    """Copies of pixels."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="upsample_nearest"
# check("resampling", task="upsample_nearest")

# %% [markdown]
# ## 2 Zeros between pixels

# %% task="upsample_bed_of_nails"
# About 20 minutes, medium.
def upsample_bed_of_nails(x: Tensor) -> Tensor:
    """Zeros between pixels."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="upsample_bed_of_nails"
# check("resampling", task="upsample_bed_of_nails")

# %% [markdown]
# ## 3 Bilinear upsampling

# %% task="upsample_bilinear"
# About 20 minutes, medium.
def upsample_bilinear(x: Tensor) -> Tensor:
    """Bilinear upsampling."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="upsample_bilinear"
# check("resampling", task="upsample_bilinear")

# %% [markdown]
# ## 4 Bicubic upsampling

# %% task="upsample_bicubic"
# About 20 minutes, medium.
def upsample_bicubic(x: Tensor) -> Tensor:
    """Bicubic upsampling."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="upsample_bicubic"
# check("resampling", task="upsample_bicubic")

# %% [markdown]
# ## 5 Where the maximum was

# %% task="max_pool_indices"
# About 20 minutes, medium.
def max_pool_indices(x: Tensor) -> Tensor:
    """Where the maximum was."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="max_pool_indices"
# check("resampling", task="max_pool_indices")

# %% [markdown]
# ## 6 Back to where it was

# %% task="max_unpool"
# About 20 minutes, medium.
def max_unpool(x: Tensor) -> Tensor:
    """Back to where it was."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="max_unpool"
# check("resampling", task="max_unpool")

# %% [markdown]
# ## 7 Convolution as a matrix

# %% task="conv_matrix"
# About 20 minutes, medium.
def conv_matrix(x: Tensor) -> Tensor:
    """Convolution as a matrix."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="conv_matrix"
# check("resampling", task="conv_matrix")

# %% [markdown]
# ## 8 Its transpose

# %% task="conv_transpose1d"
# About 20 minutes, medium.
def conv_transpose1d(x: Tensor) -> Tensor:
    """Its transpose."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="conv_transpose1d"
# check("resampling", task="conv_transpose1d")

# %% [markdown]
# ## 9 Dilated and grouped convolution

# %% task="dilated_conv2d"
# About 20 minutes, medium.
def dilated_conv2d(x: Tensor) -> Tensor:
    """Dilated and grouped convolution."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="dilated_conv2d"
# check("resampling", task="dilated_conv2d")

# %% [markdown]
# ## 10 How far a network sees

# %% task="receptive_field"
# About 20 minutes, medium.
def receptive_field(x: Tensor) -> Tensor:
    """How far a network sees."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="receptive_field"
# check("resampling", task="receptive_field")

# %% [markdown]
# ## 11 A pyramid of any size

# %% task="SpatialPyramidPool"
# About 20 minutes, medium.
class SpatialPyramidPool(nn.Module):
    """A pyramid of any size."""

    def forward(self, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="SpatialPyramidPool"
# check("resampling", task="SpatialPyramidPool")

# %% [markdown]
# ## 12 Between mean and maximum

# %% task="lp_pool"
# About 20 minutes, medium.
def lp_pool(x: Tensor) -> Tensor:
    """Between mean and maximum."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="lp_pool"
# check("resampling", task="lp_pool")

# %% [markdown]
# ## 13 A pooling that draws

# %% task="stochastic_pool"
# About 20 minutes, medium.
def stochastic_pool(x: Tensor) -> Tensor:
    """A pooling that draws."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="stochastic_pool"
# check("resampling", task="stochastic_pool")

# %% [markdown]
# ## 14 The gradient of a mean

# %% task="average_pool_backward"
# About 20 minutes, medium.
def average_pool_backward(x: Tensor) -> Tensor:
    """The gradient of a mean."""
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="average_pool_backward"
# check("resampling", task="average_pool_backward")
