# %% [markdown]
# # resampling
#
# <!-- parts -->

# %%
import torch
from torch import Tensor, nn

# %% tags=["active-ipynb"]
# from autograder import check, hint

# %% [markdown]
# ## 1 Copies of pixels


# %% task="upsample_nearest" minutes=20 difficulty="medium"
def upsample_nearest(x: Tensor) -> Tensor:
    """Copies of pixels."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 2 Zeros between pixels


# %% task="upsample_bed_of_nails" minutes=20 difficulty="medium"
def upsample_bed_of_nails(x: Tensor) -> Tensor:
    """Zeros between pixels."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 3 Bilinear upsampling


# %% task="upsample_bilinear" minutes=20 difficulty="medium"
def upsample_bilinear(x: Tensor) -> Tensor:
    """Bilinear upsampling."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 4 Bicubic upsampling


# %% task="upsample_bicubic" minutes=20 difficulty="medium"
def upsample_bicubic(x: Tensor) -> Tensor:
    """Bicubic upsampling."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 5 Where the maximum was


# %% task="max_pool_indices" minutes=20 difficulty="medium"
def max_pool_indices(x: Tensor) -> Tensor:
    """Where the maximum was."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 6 Back to where it was


# %% task="max_unpool" minutes=20 difficulty="medium"
def max_unpool(x: Tensor) -> Tensor:
    """Back to where it was."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 7 Convolution as a matrix


# %% task="conv_matrix" minutes=20 difficulty="medium"
def conv_matrix(x: Tensor) -> Tensor:
    """Convolution as a matrix."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 8 Its transpose


# %% task="conv_transpose1d" minutes=20 difficulty="medium"
def conv_transpose1d(x: Tensor) -> Tensor:
    """Its transpose."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 9 Dilated and grouped convolution


# %% task="dilated_conv2d" minutes=20 difficulty="medium"
def dilated_conv2d(x: Tensor) -> Tensor:
    """Dilated and grouped convolution."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 10 How far a network sees


# %% task="receptive_field" minutes=20 difficulty="medium"
def receptive_field(x: Tensor) -> Tensor:
    """How far a network sees."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 11 A pyramid of any size


# %% task="SpatialPyramidPool" minutes=20 difficulty="medium"
class SpatialPyramidPool(nn.Module):
    """A pyramid of any size."""

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        raise NotImplementedError
        ### END SOLUTION


# %% [markdown]
# ## 12 Between mean and maximum


# %% task="lp_pool" minutes=20 difficulty="medium"
def lp_pool(x: Tensor) -> Tensor:
    """Between mean and maximum."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 13 A pooling that draws


# %% task="stochastic_pool" minutes=20 difficulty="medium"
def stochastic_pool(x: Tensor) -> Tensor:
    """A pooling that draws."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION


# %% [markdown]
# ## 14 The gradient of a mean


# %% task="average_pool_backward" minutes=20 difficulty="medium"
def average_pool_backward(x: Tensor) -> Tensor:
    """The gradient of a mean."""
    ### BEGIN SOLUTION
    raise NotImplementedError
    ### END SOLUTION
