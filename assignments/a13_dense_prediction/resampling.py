# %% [markdown]
# # Up and down again
#
# A network for images makes maps smaller and smaller: 224 x 224 pixels become 7 x 7 vectors. That is fine for the
# question "what is it?". For the question "what is this pixel?", the maps have to grow again. In this notebook you
# write ways to enlarge maps, the transpose of a convolution, convolutions that see further, and poolings.
#
# Maps are (N, C, H, W). Ready-made functions of torch for these steps, such as `F.interpolate`, `F.conv2d`,
# `F.max_pool2d` and `F.unfold`, are not allowed; `x.unfold(...)`, indexing, `torch.einsum`, `F.pad` are. Loops over the
# offsets in a window are fine.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Larger maps | `upsample_nearest`, `upsample_bed_of_nails` | 4 | 20 |
# | 2 Between the pixels | `upsample_bilinear`, `upsample_bicubic` | 6 | 70 |
# | 3 Back to where it was | `max_pool_indices`, `max_unpool` | 4 | 40 |
# | 4 A convolution is a matrix | `conv_matrix`, `conv_transpose1d` | 4 | 50 |
# | 5 See further | `dilated_conv2d`, `receptive_field` | 4 | 50 |
# | 6 Poolings | `SpatialPyramidPool`, `lp_pool`, `stochastic_pool`, `average_pool_backward` | 8 | 90 |

# %%
import torch
import torch.nn.functional as F
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import render, scenes
# from common.plots.curves import curves
# from common.plots.gallery import gallery
# from common.training.seed import seed_everything
#
# seed_everything(0)
# small = torch.tensor([[1.0, 2.0], [3.0, 4.0]])[None, None]  # the map of all worked numbers
# scene = torch.from_numpy(render.render(scenes.describe(0, [4]), 32)).float() / 255  # (1, 3, 32, 32)

# %% [markdown]
# ## 1 Larger maps
#
# The simplest way is to copy each pixel into a block of s x s:
#
# $$y_{n,c,i,j} = x_{n,c,\lfloor i/s \rfloor,\lfloor j/s \rfloor}$$
#
# With $s = 2$, the rows 1 2 and 3 4 become 1 1 2 2, 1 1 2 2, 3 3 4 4, 3 3 4 4.

# %% task="upsample_nearest"
# About 10 minutes, easy. Stuck? hint("upsample_nearest") shows a first step.
def upsample_nearest(x: Tensor, s: int) -> Tensor:
    """Copy each pixel into a block of s x s.

    Shapes:
        x    (N, C, H, W)      any dtype
        out  (N, C, s*H, s*W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="upsample_nearest"
# check("resampling", task="upsample_nearest")

# %% [markdown]
# A **bed of nails** puts each pixel into the upper left corner of its block, and zeros elsewhere. With $s = 2$, the
# first two rows are 1 0 2 0 and 0 0 0 0. Convolved with a kernel, the nails become smooth: this is what a transposed
# convolution does.

# %% task="upsample_bed_of_nails"
# About 10 minutes, easy. Stuck? hint("upsample_bed_of_nails") shows a first step.
def upsample_bed_of_nails(x: Tensor, s: int) -> Tensor:
    """Put each pixel into the upper left corner of a block of s x s zeros.

    Shapes:
        x    (N, C, H, W)      any dtype
        out  (N, C, s*H, s*W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="upsample_bed_of_nails"
# check("resampling", task="upsample_bed_of_nails")

# %% [markdown]
# ## 2 Between the pixels
#
# **Where is a pixel?** A pixel is a little square, and its value belongs to its centre: pixel $i$ of $n$ has its centre
# at $i + \tfrac12$, on a ruler from 0 to $n$. If the new map has $n'$ pixels on the same ruler, the centre of its pixel
# $i$ is, in the numbers of the old pixels,
#
# $$u_i = \left(i + \tfrac12\right) \frac{n}{n'} - \tfrac12, \qquad \text{clamped to } [0, n - 1].$$
#
# Without the two halves, the whole picture moves. The other convention, **align_corners**, puts the centres of the
# corner pixels onto each other: $u_i = i \, (n - 1) / (n' - 1)$, and $u_0 = 0$ if $n' = 1$.
#
# **Bilinear** interpolation is linear in both directions: with $l = \lfloor u \rfloor$ and $t = u - l$,
# $y = (1 - t) \, x_l + t \, x_{l+1}$ along the rows, then the same along the columns. The map 1 2 / 3 4 becomes, with
# 4 x 4 pixels,
#
# | | | | |
# |---|---|---|---|
# | 1 | 1.25 | 1.75 | 2 |
# | 1.5 | 1.75 | 2.25 | 2.5 |
# | 2.5 | 2.75 | 3.25 | 3.5 |
# | 3 | 3.25 | 3.75 | 4 |
#
# and with align_corners its first row is 1, 1.3333, 1.6667, 2.

# %% task="upsample_bilinear"
# About 35 minutes, medium. Stuck? hint("upsample_bilinear") shows a first step.
def upsample_bilinear(x: Tensor, size: tuple[int, int], align_corners: bool = False) -> Tensor:
    """Interpolate linearly in both directions, to any size; also to a smaller one, where no mean is taken.

    Shapes:
        x     (N, C, H, W)    float
        size  (H', W')
        out   (N, C, H', W')
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="upsample_bilinear"
# check("resampling", task="upsample_bilinear")

# %% [markdown]
# **Bicubic** interpolation takes four pixels in each direction. With $l = \lfloor u \rfloor$, pixel $l + m$ for
# $m = -1, 0, 1, 2$ has the weight $w(u - l - m)$, where, with $a = -\tfrac34$ (Keys 1981),
#
# $$w(t) = \begin{cases} (a+2)|t|^3 - (a+3)|t|^2 + 1 & |t| \le 1 \\ a|t|^3 - 5a|t|^2 + 8a|t| - 4a & 1 < |t| < 2 \\
# 0 & \text{else.} \end{cases}$$
#
# Here $u$ is *not* clamped, but the indices $l + m$ are: beyond the border, the border's pixel is repeated. Two of the
# four weights are negative, so the result may overshoot: the first row of the map above becomes 0.6836, 1.0156,
# 1.5625, 1.8945.

# %% task="upsample_bicubic"
# About 35 minutes, medium. Stuck? hint("upsample_bicubic") shows a first step.
def upsample_bicubic(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Interpolate by cubic weights in both directions (half-pixel centres, a = -3/4, border pixels repeated).

    Shapes:
        x     (N, C, H, W)    float
        size  (H', W')
        out   (N, C, H', W')
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="upsample_bicubic"
# check("resampling", task="upsample_bicubic")

# %% tags=["active-ipynb"]
# grown = {
#     "1 2 / 3 4": small,
#     "nearest": upsample_nearest(small, 8),
#     "bed of nails": upsample_bed_of_nails(small, 8),
#     "bilinear": upsample_bilinear(small, (16, 16)),
#     "align_corners": upsample_bilinear(small, (16, 16), align_corners=True),
#     "bicubic": upsample_bicubic(small, (16, 16)),
# }
# print("bilinear, first row of 4:", upsample_bilinear(small, (4, 4))[0, 0, 0])
# print("bicubic, first row of 4:", upsample_bicubic(small, (4, 4))[0, 0, 0])
# gallery(
#     {name: y[0, 0].numpy() for name, y in grown.items()},
#     "A map of four numbers, enlarged to 16 x 16 in five ways: blocks, four points, and three smooth ramps.",
#     columns=6,
#     width=1.8,
# )

# %% tags=["active-ipynb"]
# part = scene[:, :, 8:20, 8:20]
# gallery(
#     {
#         name: y[0].clamp(0, 1).movedim(0, -1).numpy()
#         for name, y in {
#             "12 x 12 pixels": part,
#             "nearest": upsample_nearest(part, 8),
#             "bilinear": upsample_bilinear(part, (96, 96)),
#             "bicubic": upsample_bicubic(part, (96, 96)),
#         }.items()
#     },
#     "A part of a scene, enlarged eight times: blocks, a soft picture, and a sharper soft picture.",
#     width=2.6,
# )

# %% [markdown]
# ## 3 Back to where it was
#
# Max pooling forgets *where* the maximum was. If it remembers, a decoder can put numbers back into the right places
# (SegNet, Badrinarayanan et al. 2017): outlines stay sharp. The place is one number for each window, $i \cdot W + j$,
# counted within its own map. Windows of k x k do not overlap; what is left at the right and the lower border is not
# used. Among equal maxima, the first in reading order counts.
#
# Example with windows of 2 x 2: the windows (3, 3, 6, 4), (6, 5, 5, 4), (8, 9, 6, 1), (4, 2, 5, 1) have the maxima
# 6, 6, 9, 5; their means would be 4, 5, 6, 3.

# %% task="max_pool_indices"
# About 25 minutes, medium. Stuck? hint("max_pool_indices") shows a first step.
def max_pool_indices(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The maximum of each window of k x k, and its place i*W + j in its map (the first of equal ones).

    Shapes:
        x        (N, C, H, W)          float
        y        (N, C, H//k, W//k)    float
        indices  (N, C, H//k, W//k)    int64, in [0, H*W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="max_pool_indices"
# check("resampling", task="max_pool_indices")

# %% [markdown]
# The way back: a map of zeros, and each number in its place. If a place occurs twice, as with windows that overlap,
# both windows had the same maximum: the number is put there once, not added.

# %% task="max_unpool"
# About 15 minutes, easy. Stuck? hint("max_unpool") shows a first step.
def max_unpool(y: Tensor, indices: Tensor, size: tuple[int, int]) -> Tensor:
    """A map of zeros with each number of y at its place. Places that occur twice have equal numbers.

    Shapes:
        y        (N, C, h, w)  float
        indices  (N, C, h, w)  int64, i*W + j
        size     (H, W)
        out      (N, C, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="max_unpool"
# check("resampling", task="max_unpool")

# %% tags=["active-ipynb"]
# grey = scene.mean(dim=1, keepdim=True)
# y, indices = max_pool_indices(grey, 2)
# back = max_unpool(y, indices, (32, 32))
# gallery(
#     {
#         "an image": grey[0, 0].numpy(),
#         "pooled": y[0, 0].numpy(),
#         "back in their places": back[0, 0].numpy(),
#         "in the upper left corners": upsample_bed_of_nails(y, 2)[0, 0].numpy(),
#     },
#     "An image, its maxima of 2 x 2, and the maxima back in a map of zeros: at their places, or in corners.",
#     width=2.4,
# )

# %% [markdown]
# ## 4 A convolution is a matrix
#
# A convolution is linear, so there is a matrix $A$ with $\operatorname{flat}(y) = A \operatorname{flat}(x)$. For one
# channel of length $n$, kernel $(w_0, \ldots, w_{k-1})$, stride $s$ and padding $p$, row $j$ has $w_t$ in column
# $j s + t - p$, wherever that column exists. The result has $n' = \lfloor (n + 2p - k)/s \rfloor + 1$ numbers. With $I$
# channels in and $O$ out there are $O \times I$ such blocks. A 2-D convolution works the same: 3 x 3 filters from
# 4 x 4 to 2 x 2 pixels are a matrix of 4 x 16, most of it zeros.

# %% task="conv_matrix"
# About 25 minutes, medium. Stuck? hint("conv_matrix") shows a first step.
def conv_matrix(w: Tensor, n: int, stride: int = 1, pad: int = 0) -> Tensor:
    """The matrix of a 1-D convolution: conv1d(x).flatten(1) == x.flatten(1) @ A.T.

    Shapes:
        w    (O, I, k)       float
        n    int             the length of the input
        out  (O*n', I*n)     row o*n' + j belongs to channel o at place j; column i*n + m to channel i at place m
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="conv_matrix"
# check("resampling", task="conv_matrix")

# %% tags=["active-ipynb"]
# kernel = torch.tensor([[[1.0, 2.0, 3.0]]])
# shown = {"stride 1, pad 1": conv_matrix(kernel, 6, 1, 1), "stride 2, pad 1": conv_matrix(kernel, 6, 2, 1)}
# shown["its transpose"] = shown["stride 2, pad 1"].T
# for name, A in shown.items():
#     print(f"{name}:\n{A.int()}")
# gallery(
#     {name: -A.numpy() for name, A in shown.items()},
#     "Three matrices: a diagonal band; a band with every second row; and its transpose, a tall matrix.",
#     width=2.4,
# )

# %% [markdown]
# The **transposed convolution** is $A^\top$: it maps $n'$ numbers back to $n$, and each input number paints a scaled
# copy of the kernel into the output, $s$ steps further for each. Copies are added where they overlap, and $p$ numbers
# are cut off on both sides. With $x = (a, b)$, $w = (w_0, w_1, w_2)$, stride 2 and pad 1 the result is $(a w_1, \;
# a w_2 + b w_0, \; b w_1)$; in numbers, (1, 2) and (1, 2, 3) give (2, 5, 4).
#
# Its length is $n = (n' - 1) s - 2p + k$. But several lengths $n$ have the same $n'$, because of the floor: so
# `output_padding` (below the stride) adds places at the *end*. With 1, the example becomes $(a w_1, \; a w_2 + b w_0,
# \; b w_1, \; b w_2)$. The gradient of a convolution in its input is the transposed convolution, and the other way
# round.

# %% task="conv_transpose1d"
# About 25 minutes, medium. Stuck? hint("conv_transpose1d") shows a first step.
def conv_transpose1d(x: Tensor, w: Tensor, stride: int = 1, pad: int = 0, output_padding: int = 0) -> Tensor:
    """The transpose of the convolution from I to O channels whose kernels are w.

    Shapes:
        x               (N, O, n')  float
        w               (O, I, k)
        output_padding  int         0 to stride - 1: places that are added at the end
        out             (N, I, n)   n = (n' - 1)*stride - 2*pad + k + output_padding
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="conv_transpose1d"
# check("resampling", task="conv_transpose1d")

# %% tags=["active-ipynb"]
# ones = torch.ones(1, 1, 16)
# lines = {}
# for k, pad, name in ((3, 1, "kernel 3, stride 2"), (4, 1, "kernel 4, stride 2"), (2, 0, "kernel 2, stride 2")):
#     lines[name] = conv_transpose1d(ones, torch.ones(1, 1, k) * 2 / k, 2, pad)[0, 0, :24]
# figure = curves(lines, xlabel="place", ylabel="transposed convolution of ones")
# figure.axes[0].set_ylim(0.4, 1.8)  # with room for the legend
# figure

# %% [markdown]
# An even input becomes uneven where the kernel's length is not a multiple of the stride: some places get two copies,
# others one. In two dimensions this is a **checkerboard** (Odena et al. 2016). Kernel 4 with stride 2 has no such
# pattern inside, and "enlarge by bilinear interpolation, then convolve" has none either.

# %% tags=["active-ipynb"]
# def plane(k, pad):
#     line = conv_transpose1d(torch.ones(1, 1, 9), torch.ones(1, 1, k), 2, pad)[0, 0]
#     return torch.outer(line, line)[1:-1, 1:-1].numpy()
#
#
# figure = gallery(
#     {"kernel 3 x 3, stride 2": plane(3, 1), "kernel 4 x 4, stride 2": plane(4, 1)},
#     "Transposed convolutions of a map of ones: a checkerboard for kernel 3, an even plane for kernel 4.",
#     width=2.6,
# )
# for axes in figure.axes:
#     axes.images[0].set_clim(0, 5)  # black is 0, white is 5
# figure

# %% [markdown] question="resampling-q1"
# **Question 1.** A convolution with kernel 3, stride 2 and padding 1 is applied to maps of length 7 and of length 8.
# How long are the results? Which `output_padding` does the transposed convolution need to come back to 7, and to 8?
# Why does $A^\top$ not restore the input, although it has its shape?

# %% [markdown] answer="resampling-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 See further
#
# A network sees more if maps shrink, or if the kernel has gaps. With **dilation** $d$, neighbouring weights are $d$
# pixels apart: a kernel of $k$ covers $d (k - 1) + 1$ pixels. **Groups** split the channels: the filters of group $g$
# see only the channels of group $g$. As many groups as channels is a depthwise convolution.
#
# $$y_{n,o,i,j} = \sum_{c,\,a,\,b} w_{o,c,a,b} \; x_{n,\;c + g(o)\,C/G,\;\, i + d a - p,\;\, j + d b - p}$$
#
# where $g(o) = \lfloor o G / O \rfloor$ is the group of filter $o$. The result is $H + 2p - d (k - 1)$ high.

# %% task="dilated_conv2d"
# About 40 minutes, hard. Stuck? hint("dilated_conv2d") shows a first step.
def dilated_conv2d(x: Tensor, w: Tensor, dilation: int = 1, groups: int = 1, pad: int = 0) -> Tensor:
    """Convolution with stride 1, with gaps in the kernel, in groups of channels.

    Shapes:
        x    (N, C, H, W)             float
        w    (O, C // groups, k, m)   C and O are multiples of groups; k and m may differ
        out  (N, O, H + 2*pad - dilation*(k-1), W + 2*pad - dilation*(m-1))
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="dilated_conv2d"
# check("resampling", task="dilated_conv2d")

# %% [markdown]
# How many input pixels, in one direction, does one number of the last layer see? Begin with $r = 1$ pixel and the
# distance $j = 1$ between neighbouring numbers. Each layer with kernel $k$, stride $s$ and dilation $d$ changes
#
# $$r \leftarrow r + d \, (k - 1) \, j, \qquad j \leftarrow j \, s.$$
#
# Three layers with kernel 3 and stride 1 see 7 pixels; with dilations 1, 2, 4 they see 15.

# %% task="receptive_field"
# About 10 minutes, easy. Stuck? hint("receptive_field") shows a first step.
def receptive_field(layers: list[tuple[int, int, int]]) -> int:
    """How many pixels, in one direction, a number after these layers sees. Layers are (kernel, stride, dilation)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="receptive_field"
# check("resampling", task="receptive_field")

# %% tags=["active-ipynb"]
# seen = {}
# for name, dilations in {"dilation 1, 1, 1": (1, 1, 1), "dilation 1, 2, 4": (1, 2, 4)}.items():
#     x = torch.zeros(1, 1, 21, 21, requires_grad=True)
#     y = x
#     for number, d in enumerate(dilations, start=1):
#         y = dilated_conv2d(y, torch.ones(1, 1, 3, 3), d, pad=d)
#         grad = torch.autograd.grad(y[0, 0, 10, 10], x, retain_graph=True)[0]
#         field = receptive_field([(3, 1, e) for e in dilations[:number]])
#         seen[f"{name}; layer {number}: {field}"] = (grad[0, 0] > 0).float().numpy()
# gallery(
#     seen,
#     "The pixels that the middle sees after one, two and three layers: 3, 5 and 7 pixels wide without gaps; "
#     "3, 7 and 15 with dilations 1, 2, 4.",
#     columns=3,
#     width=2.4,
# )

# %% [markdown] question="resampling-q2"
# **Question 2.** How many weights and how large a field have (a) seven layers of 3 x 3 with dilation 1, and (b) three
# layers with dilations 1, 2, 4, with C channels each? What happens with dilations 2, 2, 2: which input pixels does the
# middle number see, and which not?

# %% [markdown] answer="resampling-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 Poolings
#
# A **spatial pyramid** (He et al. 2014) makes a vector of fixed length from maps of any size. Level $l$ divides the map
# into $l \times l$ windows and takes the maximum of each. Window $i$ of $l$ in a map of height $H$ has the rows
#
# $$\lfloor i H / l \rfloor \;\; \text{to} \;\; \lceil (i + 1) H / l \rceil - 1,$$
#
# so that windows cover everything, and overlap if $H$ is not a multiple of $l$. Columns alike. With levels 1, 2, 4
# there are $1 + 4 + 16 = 21$ numbers per channel.

# %% task="SpatialPyramidPool"
# About 25 minutes, medium. Stuck? hint("SpatialPyramidPool") shows a first step.
class SpatialPyramidPool(nn.Module):
    """Maxima of l x l windows for each level l, in one vector per image.

    The vector has the levels in their order; in each level, channel after channel; in each channel, row after row.

    Shapes:
        x    (N, C, H, W)            float, any size
        out  (N, C * sum of l**2)
    """

    def __init__(self, levels: tuple[int, ...] = (1, 2, 4)) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="SpatialPyramidPool"
# check("resampling", task="SpatialPyramidPool")

# %% [markdown]
# **Lp pooling** lies between the sum and the maximum: $\left( \sum |x|^p \right)^{1/p}$ over each window. $p = 1$ is
# the sum of absolute values, large $p$ the maximum. For the window 1 2 3 4 and $p = 2$ it is $\sqrt{30} = 5.4772$.

# %% task="lp_pool"
# About 15 minutes, medium. Stuck? hint("lp_pool") shows a first step.
def lp_pool(x: Tensor, k: int, p: float) -> Tensor:
    """The p-norm of each window of k x k, without overlap. Windows of zeros give 0, with the gradient 0.

    Shapes:
        x    (N, C, H, W)         float, of any sign
        p    float                at least 1
        out  (N, C, H//k, W//k)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="lp_pool"
# check("resampling", task="lp_pool")

# %% [markdown]
# **Stochastic pooling** (Zeiler and Fergus 2013) draws one value of each window, with probability $a_i / \sum_m a_m$;
# activations are not negative. At test time it takes the mean that this draw has, $\sum_i a_i^2 / \sum_m a_m$. A
# window of zeros gives 0. For the window 1 2 3 4 the probabilities are 0.1, 0.2, 0.3, 0.4 and the mean is 3.

# %% task="stochastic_pool"
# About 35 minutes, hard. Stuck? hint("stochastic_pool") shows a first step.
def stochastic_pool(x: Tensor, k: int, generator: torch.Generator | None = None) -> Tensor:
    """With a generator: one value of each window of k x k, drawn in proportion to it. Without: the mean of that draw.

    Each window has a draw of its own. Gradients reach the drawn value only; without a generator, all values.

    Shapes:
        x    (N, C, H, W)         float, at least 0
        out  (N, C, H//k, W//k)   0 for windows of zeros; without a generator, their gradient is 0, too
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="stochastic_pool"
# check("resampling", task="stochastic_pool")

# %% [markdown]
# Last, the gradient of **average pooling**: each of the $k^2$ pixels of a window gets an equal share of the window's
# gradient, and pixels at the border that belong to no window get 0.

# %% task="average_pool_backward"
# About 15 minutes, easy. Stuck? hint("average_pool_backward") shows a first step.
def average_pool_backward(dout: Tensor, k: int, size: tuple[int, int]) -> Tensor:
    """The gradient in x of average pooling with windows of k x k, without overlap, whose result has the gradient dout.

    Shapes:
        dout  (N, C, H//k, W//k)  float
        size  (H, W)
        out   (N, C, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="average_pool_backward"
# check("resampling", task="average_pool_backward")

# %% tags=["active-ipynb"]
# window = torch.tensor([[1.0, 2.0], [3.0, 4.0]])[None, None]
# draws = [stochastic_pool(window, 2, torch.Generator().manual_seed(n)).item() for n in range(1000)]
# print("drawn:", *(f"{value:.0f} in {draws.count(value) / 1000:.1%}," for value in (1.0, 2.0, 3.0, 4.0)), end=" ")
# print(f"mean without a generator: {stochastic_pool(window, 2).item()}")
# curves(
#     {"norm": [lp_pool(window, 2, p).item() for p in range(1, 17)], "maximum": [4.0] * 16},
#     x=range(1, 17),
#     xlabel="p",
#     ylabel="Lp pooling of 1 2 3 4",
# )

# %% [markdown]
# ## What to take home
#
# To enlarge a map, copy, interpolate, or transpose a convolution; a kernel whose length is not a multiple of the stride
# paints a checkerboard. The value of a pixel belongs to its centre: forget half a pixel, and the whole picture moves.
# Max pooling that remembers its places lets a decoder put numbers back there. Dilation sees further with the same
# number of weights.
#
# **Where to look next.** Zhang (*Making convolutional networks shift-invariant again*, 2019) blurs before every step
# that leaves pixels out. Shi et al. (*Real-time single image and video super-resolution using an efficient sub-pixel
# convolutional neural network*, 2016) enlarge by sorting channels into pixels. Yu and Koltun (*Multi-scale context
# aggregation by dilated convolutions*, 2016) stack dilations. Parmar, Zhang and Zhu (*On aliased resizing and
# surprising subtleties in GAN evaluation*, 2022) show what careless resizing does to a score.
