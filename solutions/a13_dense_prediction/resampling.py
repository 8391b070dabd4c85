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
# <!-- parts -->

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


# %% task="upsample_nearest" minutes=10 difficulty="easy"
def upsample_nearest(x: Tensor, s: int) -> Tensor:
    """Copy each pixel into a block of s x s.

    Shapes:
        x    (N, C, H, W)      any dtype
        out  (N, C, s*H, s*W)
    """
    ### BEGIN SOLUTION
    return x.repeat_interleave(s, dim=2).repeat_interleave(s, dim=3)
    ### END SOLUTION


# %% [markdown] hint="upsample_nearest"
# 1. `x.repeat_interleave(2, dim=2)` repeats each row; `x.repeat(...)` would repeat the whole map.
# 2. Do the same for the columns, dim=3.

# %% [markdown]
# A **bed of nails** puts each pixel into the upper left corner of its block, and zeros elsewhere. With $s = 2$, the
# first two rows are 1 0 2 0 and 0 0 0 0. Convolved with a kernel, the nails become smooth: this is what a transposed
# convolution does.


# %% task="upsample_bed_of_nails" minutes=10 difficulty="easy"
def upsample_bed_of_nails(x: Tensor, s: int) -> Tensor:
    """Put each pixel into the upper left corner of a block of s x s zeros.

    Shapes:
        x    (N, C, H, W)      any dtype
        out  (N, C, s*H, s*W)
    """
    ### BEGIN SOLUTION
    out = x.new_zeros(x.shape[0], x.shape[1], s * x.shape[2], s * x.shape[3])
    out[:, :, ::s, ::s] = x
    return out
    ### END SOLUTION


# %% [markdown] hint="upsample_bed_of_nails"
# 1. `x.new_zeros(...)` has the dtype and the device of x.
# 2. A slice with a step, `out[:, :, ::s, ::s]`, has the upper left corners of all blocks.

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


# %% task="upsample_bilinear" minutes=35 difficulty="medium"
def upsample_bilinear(x: Tensor, size: tuple[int, int], align_corners: bool = False) -> Tensor:
    """Interpolate linearly in both directions, to any size; also to a smaller one, where no mean is taken.

    Shapes:
        x     (N, C, H, W)    float
        size  (H', W')
        out   (N, C, H', W')
    """
    ### BEGIN SOLUTION
    for axis, n_out in ((2, size[0]), (3, size[1])):
        n = x.shape[axis]
        i = torch.arange(n_out, dtype=x.dtype, device=x.device)
        u = i * (n - 1) / max(n_out - 1, 1) if align_corners else (i + 0.5) * n / n_out - 0.5
        u = u.clamp(0, n - 1)
        low = u.floor().long()
        high = (low + 1).clamp(max=n - 1)
        t = (u - low)[:, None] if axis == 2 else u - low
        x = (1 - t) * x.index_select(axis, low) + t * x.index_select(axis, high)
    return x
    ### END SOLUTION


# %% [markdown] hint="upsample_bilinear"
# 1. One direction after the other. Compute u for all new rows at once: `torch.arange(n_out) + 0.5` times n / n_out,
#    minus 0.5; then `clamp(0, n - 1)`.
# 2. `low = u.floor().long()`, `high = (low + 1).clamp(max=n - 1)`, `t = u - low`. The rows are
#    `(1 - t) * x[:, :, low] + t * x[:, :, high]`, where t has the shape (H', 1).
# 3. The last column of the columns' step works the same with `x[:, :, :, low]` and t of shape (W',).

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


# %% task="upsample_bicubic" minutes=35 difficulty="medium"
def upsample_bicubic(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Interpolate by cubic weights in both directions (half-pixel centres, a = -3/4, border pixels repeated).

    Shapes:
        x     (N, C, H, W)    float
        size  (H', W')
        out   (N, C, H', W')
    """
    ### BEGIN SOLUTION
    a = -0.75
    for axis, n_out in ((2, size[0]), (3, size[1])):
        n = x.shape[axis]
        u = (torch.arange(n_out, dtype=x.dtype, device=x.device) + 0.5) * n / n_out - 0.5
        low = u.floor()
        out = 0
        for m in (-1, 0, 1, 2):
            t = (u - low - m).abs()
            near = (a + 2) * t**3 - (a + 3) * t**2 + 1
            far = a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
            weight = torch.where(t <= 1, near, far)
            pixels = x.index_select(axis, (low.long() + m).clamp(0, n - 1))
            out = out + (weight[:, None] if axis == 2 else weight) * pixels
        x = out
    return x
    ### END SOLUTION


# %% [markdown] hint="upsample_bicubic"
# 1. As before, one direction after the other, but u is not clamped; `low = u.floor()` may be -1.
# 2. For each m in (-1, 0, 1, 2): the distance is `(u - low - m).abs()`, the pixel's number `(low + m).clamp(0, n - 1)`.
# 3. `torch.where(t <= 1, near, far)` chooses the formula. The four weights sum to 1: check that.

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


# %% task="max_pool_indices" minutes=25 difficulty="medium"
def max_pool_indices(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The maximum of each window of k x k, and its place i*W + j in its map (the first of equal ones).

    Shapes:
        x        (N, C, H, W)          float
        y        (N, C, H//k, W//k)    float
        indices  (N, C, H//k, W//k)    int64, in [0, H*W)
    """
    ### BEGIN SOLUTION
    windows = x.unfold(2, k, k).unfold(3, k, k).flatten(4)  # (N, C, H//k, W//k, k*k)
    best = windows.argmax(dim=4)
    rows = k * torch.arange(windows.shape[2], device=x.device)[:, None] + best // k
    columns = k * torch.arange(windows.shape[3], device=x.device) + best % k
    return windows.gather(4, best[..., None])[..., 0], rows * x.shape[3] + columns
    ### END SOLUTION


# %% [markdown] hint="max_pool_indices"
# 1. `x.unfold(2, k, k).unfold(3, k, k)` has the shape (N, C, H//k, W//k, k, k). Flatten the last two.
# 2. `argmax` is the place in the window: its row is `best // k`, its column `best % k`.
# 3. Add k times the window's own row and column (`torch.arange`), and compute row * W + column, with the W of x.


# %% [markdown]
# The way back: a map of zeros, and each number in its place. If a place occurs twice, as with windows that overlap,
# both windows had the same maximum: the number is put there once, not added.


# %% task="max_unpool" minutes=15 difficulty="easy"
def max_unpool(y: Tensor, indices: Tensor, size: tuple[int, int]) -> Tensor:
    """A map of zeros with each number of y at its place. Places that occur twice have equal numbers.

    Shapes:
        y        (N, C, h, w)  float
        indices  (N, C, h, w)  int64, i*W + j
        size     (H, W)
        out      (N, C, H, W)
    """
    ### BEGIN SOLUTION
    N, C = y.shape[:2]
    flat = y.new_zeros(N, C, size[0] * size[1])
    return flat.scatter(2, indices.flatten(2), y.flatten(2)).reshape(N, C, *size)
    ### END SOLUTION


# %% [markdown] hint="max_unpool"
# 1. Work on flat maps, `y.flatten(2)`: `y.new_zeros(N, C, H * W)`.
# 2. `flat.scatter(2, indices, values)` puts values; `scatter_add` would add them.

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


# %% task="conv_matrix" minutes=25 difficulty="medium"
def conv_matrix(w: Tensor, n: int, stride: int = 1, pad: int = 0) -> Tensor:
    """The matrix of a 1-D convolution: conv1d(x).flatten(1) == x.flatten(1) @ A.T.

    Shapes:
        w    (O, I, k)       float
        n    int             the length of the input
        out  (O*n', I*n)     row o*n' + j belongs to channel o at place j; column i*n + m to channel i at place m
    """
    ### BEGIN SOLUTION
    O, I, k = w.shape
    n_out = (n + 2 * pad - k) // stride + 1
    A = w.new_zeros(O, n_out, I, n)
    for j in range(n_out):
        for t in range(k):
            m = j * stride + t - pad
            if 0 <= m < n:
                A[:, j, :, m] = w[:, :, t]
    return A.reshape(O * n_out, I * n)
    ### END SOLUTION


# %% [markdown] hint="conv_matrix"
# 1. Begin with `w.new_zeros(O, n_out, I, n)`, and reshape at the end.
# 2. Two loops, over the places j of the result and over t in the kernel: the column is m = j*stride + t - pad.
# 3. If m is below 0 or at least n, it belongs to the padding: skip it. Else `A[:, j, :, m] = w[:, :, t]`.

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


# %% task="conv_transpose1d" minutes=25 difficulty="medium"
def conv_transpose1d(x: Tensor, w: Tensor, stride: int = 1, pad: int = 0, output_padding: int = 0) -> Tensor:
    """The transpose of the convolution from I to O channels whose kernels are w.

    Shapes:
        x               (N, O, n')  float
        w               (O, I, k)
        output_padding  int         0 to stride - 1: places that are added at the end
        out             (N, I, n)   n = (n' - 1)*stride - 2*pad + k + output_padding
    """
    ### BEGIN SOLUTION
    n = (x.shape[2] - 1) * stride - 2 * pad + w.shape[2] + output_padding
    A = conv_matrix(w, n, stride, pad)
    return (x.flatten(1) @ A).reshape(x.shape[0], w.shape[1], n)
    ### END SOLUTION


# %% [markdown] hint="conv_transpose1d"
# 1. First compute n. Then A = conv_matrix(w, n, stride, pad) has x.shape[2] * O rows.
# 2. `x.flatten(1) @ A` is the product with the transpose, for all images. Reshape to (N, I, n).

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
# ### BEGIN SOLUTION
# (7 + 2 - 3) // 2 + 1 = 4 and (8 + 2 - 3) // 2 + 1 = 4: both are 4 long. Back: (4 - 1) * 2 - 2 + 3 = 7, so
# output_padding 0 gives 7 and 1 gives 8. A^T A is not the identity, and with 4 numbers from 7
# or 8 information is lost. A^T has the right shape; the inverse does not exist.
# ### END SOLUTION

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


# %% task="dilated_conv2d" minutes=40 difficulty="hard"
def dilated_conv2d(x: Tensor, w: Tensor, dilation: int = 1, groups: int = 1, pad: int = 0) -> Tensor:
    """Convolution with stride 1, with gaps in the kernel, in groups of channels.

    Shapes:
        x    (N, C, H, W)             float
        w    (O, C // groups, k, m)   C and O are multiples of groups; k and m may differ
        out  (N, O, H + 2*pad - dilation*(k-1), W + 2*pad - dilation*(m-1))
    """
    ### BEGIN SOLUTION
    k, m = w.shape[2:]
    x = F.pad(x, (pad, pad, pad, pad))
    height, width = x.shape[2] - dilation * (k - 1), x.shape[3] - dilation * (m - 1)
    x = x.unflatten(1, (groups, -1))  # (N, G, C/G, H, W)
    w = w.unflatten(0, (groups, -1))  # (G, O/G, C/G, k, m)
    out = 0
    for a in range(k):
        for b in range(m):
            top, left = a * dilation, b * dilation
            part = x[..., top : top + height, left : left + width]
            out = out + torch.einsum("ngchw,goc->ngohw", part, w[..., a, b])
    return out.flatten(1, 2)
    ### END SOLUTION


# %% [markdown] hint="dilated_conv2d"
# 1. Without groups: loop over the places (a, b) in the kernel. The part of the padded x that weight (a, b) sees begins
#    at row a * dilation and column b * dilation, and is as large as the result.
# 2. `torch.einsum("nchw,oc->nohw", part, w[:, :, a, b])`, summed over a and b.
# 3. Groups: `x.unflatten(1, (groups, -1))` and `w.unflatten(0, (groups, -1))` have an axis g; add it to the einsum.

# %% [markdown]
# How many input pixels, in one direction, does one number of the last layer see? Begin with $r = 1$ pixel and the
# distance $j = 1$ between neighbouring numbers. Each layer with kernel $k$, stride $s$ and dilation $d$ changes
#
# $$r \leftarrow r + d \, (k - 1) \, j, \qquad j \leftarrow j \, s.$$
#
# Three layers with kernel 3 and stride 1 see 7 pixels; with dilations 1, 2, 4 they see 15.


# %% task="receptive_field" minutes=10 difficulty="easy"
def receptive_field(layers: list[tuple[int, int, int]]) -> int:
    """How many pixels, in one direction, a number after these layers sees. Layers are (kernel, stride, dilation)."""
    ### BEGIN SOLUTION
    field, distance = 1, 1
    for kernel, stride, dilation in layers:
        field += dilation * (kernel - 1) * distance
        distance *= stride
    return field
    ### END SOLUTION


# %% [markdown] hint="receptive_field"
# 1. Two numbers, r and j, which are both 1 at the beginning, and a loop over the layers.
# 2. Change r first, by the old j; then multiply j by the stride. So a layer's own stride counts for later layers only.

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
# ### BEGIN SOLUTION
# (a) 7 * 9 * C^2 weights and a field of 15. (b) 3 * 9 * C^2 weights and a field of 1 + 2 + 4 + 8 = 15. With 2, 2, 2 the
# field is 13 wide, but all offsets are sums of multiples of 2: only every second row and column is seen ("gridding"),
# a quarter of the pixels. Neighbouring numbers of the result see disjoint grids.
# ### END SOLUTION

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


# %% task="SpatialPyramidPool" minutes=25 difficulty="medium"
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
        ### BEGIN SOLUTION
        def window(i: int, n: int, level: int) -> slice:
            return slice(i * n // level, -(-(i + 1) * n // level))

        H, W = x.shape[2:]
        parts = []
        for level in self.levels:
            maxima = [
                x[:, :, window(i, H, level), window(j, W, level)].amax(dim=(2, 3))
                for i in range(level)
                for j in range(level)
            ]
            parts.append(torch.stack(maxima, dim=2).flatten(1))  # (N, C * level**2)
        return torch.cat(parts, dim=1)
        ### END SOLUTION


# %% [markdown] hint="SpatialPyramidPool"
# 1. Window i has the rows from `i * H // l` up to, but without, `-(-(i + 1) * H // l)`, which rounds up.
# 2. `x[:, :, rows, columns].amax(dim=(2, 3))` has the shape (N, C).
# 3. `torch.stack(maxima, dim=2)` has (N, C, l*l); flatten(1) and concatenate the levels.

# %% [markdown]
# **Lp pooling** lies between the sum and the maximum: $\left( \sum |x|^p \right)^{1/p}$ over each window. $p = 1$ is
# the sum of absolute values, large $p$ the maximum. For the window 1 2 3 4 and $p = 2$ it is $\sqrt{30} = 5.4772$.


# %% task="lp_pool" minutes=15 difficulty="medium"
def lp_pool(x: Tensor, k: int, p: float) -> Tensor:
    """The p-norm of each window of k x k, without overlap. Windows of zeros give 0, with the gradient 0.

    Shapes:
        x    (N, C, H, W)         float, of any sign
        p    float                at least 1
        out  (N, C, H//k, W//k)
    """
    ### BEGIN SOLUTION
    windows = x.unfold(2, k, k).unfold(3, k, k).flatten(4)
    return torch.linalg.vector_norm(windows, p, dim=4)
    ### END SOLUTION


# %% [markdown] hint="lp_pool"
# 1. Windows as in max_pool_indices; `abs()`, power p, sum, power 1/p.
# 2. At 0, the slope of a root is infinite, and 0 times infinity is nan. Replace sums of 0 by 1 before the root
#    (`torch.where`), and the result by 0 after it. Or use `torch.linalg.vector_norm`, which does that.

# %% [markdown]
# **Stochastic pooling** (Zeiler and Fergus 2013) draws one value of each window, with probability $a_i / \sum_m a_m$;
# activations are not negative. At test time it takes the mean that this draw has, $\sum_i a_i^2 / \sum_m a_m$. A
# window of zeros gives 0. For the window 1 2 3 4 the probabilities are 0.1, 0.2, 0.3, 0.4 and the mean is 3.


# %% task="stochastic_pool" minutes=35 difficulty="hard"
def stochastic_pool(x: Tensor, k: int, generator: torch.Generator | None = None) -> Tensor:
    """With a generator: one value of each window of k x k, drawn in proportion to it. Without: the mean of that draw.

    Each window has a draw of its own. Gradients reach the drawn value only; without a generator, all values.

    Shapes:
        x    (N, C, H, W)         float, at least 0
        out  (N, C, H//k, W//k)   0 for windows of zeros; without a generator, their gradient is 0, too
    """
    ### BEGIN SOLUTION
    windows = x.unfold(2, k, k).unfold(3, k, k).flatten(4)  # (N, C, h, w, k*k)
    total = windows.sum(dim=4, keepdim=True)
    empty = total == 0
    if generator is None:
        return windows.square().sum(dim=4) / total.masked_fill(empty, 1)[..., 0]
    chances = windows.detach().masked_fill(empty, 1).flatten(0, 3)
    drawn = torch.multinomial(chances, 1, generator=generator).reshape(total.shape)
    return windows.gather(4, drawn)[..., 0]
    ### END SOLUTION


# %% [markdown] hint="stochastic_pool"
# 1. Windows as in max_pool_indices, (N, C, h, w, k*k), and their sums. Replace sums of 0 by 1 before you divide.
# 2. `torch.multinomial(chances, 1, generator=generator)` draws a column of each row of a table; the rows need not sum
#    to 1, but must not be all zeros: put ones there.
# 3. `windows.gather(4, drawn)` picks the drawn values.

# %% [markdown]
# Last, the gradient of **average pooling**: each of the $k^2$ pixels of a window gets an equal share of the window's
# gradient, and pixels at the border that belong to no window get 0.


# %% task="average_pool_backward" minutes=15 difficulty="easy"
def average_pool_backward(dout: Tensor, k: int, size: tuple[int, int]) -> Tensor:
    """The gradient in x of average pooling with windows of k x k, without overlap, whose result has the gradient dout.

    Shapes:
        dout  (N, C, H//k, W//k)  float
        size  (H, W)
        out   (N, C, H, W)
    """
    ### BEGIN SOLUTION
    spread = (dout / k**2).repeat_interleave(k, dim=2).repeat_interleave(k, dim=3)
    return F.pad(spread, (0, size[1] - spread.shape[3], 0, size[0] - spread.shape[2]))
    ### END SOLUTION


# %% [markdown] hint="average_pool_backward"
# 1. Divide by k², and repeat each number k times in both directions.
# 2. If H is not a multiple of k, rows of zeros are missing at the bottom; the columns at the right alike.

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
