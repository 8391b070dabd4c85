# %% [markdown]
# # 先缩小，再放大
#
# 处理图像的网络让特征图越来越小：224 × 224 个像素最后变成 7 × 7 个向量。要回答“这是什么？”，这就够了。要回答“这个像素是什么？”，就得把图再放大。在这个笔记本里，你要写出几种放大的方法、卷积的转置、看得更远的卷积，以及几种池化。
#
# 特征图的形状是 (N, C, H, W)。torch 中现成的函数，如 `F.interpolate`、`F.conv2d`、`F.max_pool2d` 和 `F.unfold`，不允许使用；`x.unfold(...)`、索引、`torch.einsum`、`F.pad` 可以用。在窗口内的各个偏移上写循环也可以。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 更大的图 | `upsample_nearest`, `upsample_bed_of_nails` | 4 | 20 |
# | 2 像素之间 | `upsample_bilinear`, `upsample_bicubic` | 6 | 70 |
# | 3 放回原处 | `max_pool_indices`, `max_unpool` | 4 | 40 |
# | 4 卷积是一个矩阵 | `conv_matrix`, `conv_transpose1d` | 4 | 50 |
# | 5 看得更远 | `dilated_conv2d`, `receptive_field` | 4 | 50 |
# | 6 池化 | `SpatialPyramidPool`, `lp_pool`, `stochastic_pool`, `average_pool_backward` | 8 | 90 |

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
# small = torch.tensor([[1.0, 2.0], [3.0, 4.0]])[None, None]  # 所有算例用的图
# scene = torch.from_numpy(render.render(scenes.describe(0, [4]), 32)).float() / 255  # (1, 3, 32, 32)

# %% [markdown]
# ## 1 更大的图
#
# 最简单的做法是把每个像素复制成一个 s × s 的块：
#
# $$y_{n,c,i,j} = x_{n,c,\lfloor i/s \rfloor,\lfloor j/s \rfloor}$$
#
# $s = 2$ 时，1 2 和 3 4 这两行变成 1 1 2 2、1 1 2 2、3 3 4 4、3 3 4 4。

# %% task="upsample_nearest"
# 约 10 分钟，简单。卡住了？hint("upsample_nearest") 会给出第一步。
def upsample_nearest(x: Tensor, s: int) -> Tensor:
    """把每个像素复制成 s × s 的块。

    Shapes:
        x    (N, C, H, W)      任意 dtype
        out  (N, C, s*H, s*W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="upsample_nearest"
# check("resampling", task="upsample_nearest")

# %% [markdown]
# **钉床**（bed of nails）把每个像素放在块的左上角，其余位置填 0。$s = 2$ 时，前两行是 1 0 2 0 和 0 0 0 0。再与一个卷积核做卷积，钉子就变得平滑：转置卷积做的正是这件事。

# %% task="upsample_bed_of_nails"
# 约 10 分钟，简单。卡住了？hint("upsample_bed_of_nails") 会给出第一步。
def upsample_bed_of_nails(x: Tensor, s: int) -> Tensor:
    """把每个像素放在一个 s × s 全 0 块的左上角。

    Shapes:
        x    (N, C, H, W)      任意 dtype
        out  (N, C, s*H, s*W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="upsample_bed_of_nails"
# check("resampling", task="upsample_bed_of_nails")

# %% [markdown]
# ## 2 像素之间
#
# **像素在哪里？** 像素是一个小方块，它的值属于它的中心：把 $n$ 个像素排在从 0 到 $n$ 的尺子上，像素 $i$ 的中心在 $i + \tfrac12$。如果新图在同一把尺子上有 $n'$ 个像素，那么新像素 $i$ 的中心按旧像素的编号来算，位于
#
# $$u_i = \left(i + \tfrac12\right) \frac{n}{n'} - \tfrac12, \qquad \text{clamped to } [0, n - 1].$$
#
# 少了这两个二分之一，整幅图就会移位。另一种约定是 **align_corners**，它让两张图角上的像素中心重合：$u_i = i \, (n - 1) / (n' - 1)$；若 $n' = 1$，则 $u_0 = 0$。
#
# **双线性**（bilinear）插值在两个方向上都是线性的：令 $l = \lfloor u \rfloor$，$t = u - l$，先沿行的方向算 $y = (1 - t) \, x_l + t \, x_{l+1}$，再沿列的方向同样计算。图 1 2 / 3 4 放大到 4 × 4 个像素，变成
#
# | | | | |
# |---|---|---|---|
# | 1 | 1.25 | 1.75 | 2 |
# | 1.5 | 1.75 | 2.25 | 2.5 |
# | 2.5 | 2.75 | 3.25 | 3.5 |
# | 3 | 3.25 | 3.75 | 4 |
#
# 用 align_corners 时，第一行是 1、1.3333、1.6667、2。

# %% task="upsample_bilinear"
# 约 35 分钟，中等。卡住了？hint("upsample_bilinear") 会给出第一步。
def upsample_bilinear(x: Tensor, size: tuple[int, int], align_corners: bool = False) -> Tensor:
    """在两个方向上做线性插值，目标大小任意；也可以缩小，这时不取均值。

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
# **双三次**（bicubic）插值在每个方向上取四个像素。令 $l = \lfloor u \rfloor$，对 $m = -1, 0, 1, 2$，像素 $l + m$ 的权重为 $w(u - l - m)$，其中取 $a = -\tfrac34$（Keys 1981）：
#
# $$w(t) = \begin{cases} (a+2)|t|^3 - (a+3)|t|^2 + 1 & |t| \le 1 \\ a|t|^3 - 5a|t|^2 + 8a|t| - 4a & 1 < |t| < 2 \\
# 0 & \text{else.} \end{cases}$$
#
# 这里的 $u$ **不**截断，截断的是索引 $l + m$：边界之外重复边界上的像素。四个权重中有两个是负的，所以结果可能越过原来的取值范围：上面那张图的第一行变成 0.6836、1.0156、1.5625、1.8945。

# %% task="upsample_bicubic"
# 约 35 分钟，中等。卡住了？hint("upsample_bicubic") 会给出第一步。
def upsample_bicubic(x: Tensor, size: tuple[int, int]) -> Tensor:
    """在两个方向上用三次权重插值（半像素中心，a = -3/4，边界像素重复）。

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
# ## 3 放回原处
#
# 最大池化忘记了最大值**在哪里**。如果记住位置，解码器就能把数放回正确的地方（SegNet，Badrinarayanan 等 2017），轮廓仍然清晰。每个窗口的位置是一个数 $i \cdot W + j$，在各自的图内计数。k × k 的窗口互不重叠；右边界和下边界剩下的部分不用。有几个最大值相等时，取阅读顺序中的第一个。
#
# 以 2 × 2 的窗口为例：窗口 (3, 3, 6, 4)、(6, 5, 5, 4)、(8, 9, 6, 1)、(4, 2, 5, 1) 的最大值为 6、6、9、5；它们的均值则是 4、5、6、3。

# %% task="max_pool_indices"
# 约 25 分钟，中等。卡住了？hint("max_pool_indices") 会给出第一步。
def max_pool_indices(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """每个 k × k 窗口的最大值，以及它在图中的位置 i*W + j（相等时取第一个）。

    Shapes:
        x        (N, C, H, W)          float
        y        (N, C, H//k, W//k)    float
        indices  (N, C, H//k, W//k)    int64，在 [0, H*W) 内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="max_pool_indices"
# check("resampling", task="max_pool_indices")

# %% [markdown]
# 反过来：从一张全 0 的图开始，把每个数放到它的位置上。窗口重叠时，同一个位置可能出现两次，这说明两个窗口的最大值是同一个：这个数只放一次，不相加。

# %% task="max_unpool"
# 约 15 分钟，简单。卡住了？hint("max_unpool") 会给出第一步。
def max_unpool(y: Tensor, indices: Tensor, size: tuple[int, int]) -> Tensor:
    """一张全 0 的图，y 中的每个数都放在它的位置上。出现两次的位置，两个数相等。

    Shapes:
        y        (N, C, h, w)  float
        indices  (N, C, h, w)  int64，i*W + j
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
# ## 4 卷积是一个矩阵
#
# 卷积是线性的，所以存在矩阵 $A$，使 $\operatorname{flat}(y) = A \operatorname{flat}(x)$。对于一个长度为 $n$ 的通道、卷积核 $(w_0, \ldots, w_{k-1})$、步幅 $s$ 和填充 $p$，第 $j$ 行在第 $j s + t - p$ 列的值为 $w_t$，前提是这一列存在。结果有 $n' = \lfloor (n + 2p - k)/s \rfloor + 1$ 个数。$I$ 个输入通道、$O$ 个输出通道时，有 $O \times I$ 个这样的块。2-D 卷积也一样：3 × 3 的卷积核把 4 × 4 个像素变成 2 × 2 个，对应一个 4 × 16 的矩阵，其中大部分是 0。

# %% task="conv_matrix"
# 约 25 分钟，中等。卡住了？hint("conv_matrix") 会给出第一步。
def conv_matrix(w: Tensor, n: int, stride: int = 1, pad: int = 0) -> Tensor:
    """1-D 卷积的矩阵：conv1d(x).flatten(1) == x.flatten(1) @ A.T。

    Shapes:
        w    (O, I, k)       float
        n    int             输入的长度
        out  (O*n', I*n)     第 o*n' + j 行属于通道 o 的位置 j；第 i*n + m 列属于通道 i 的位置 m
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
# **转置卷积**（transposed convolution）就是 $A^\top$：它把 $n'$ 个数变回 $n$ 个。每个输入数用自己的值缩放卷积核，把这个副本画到输出上，每往后一个数就移动 $s$ 步。副本重叠之处相加，两侧各裁掉 $p$ 个数。取 $x = (a, b)$、$w = (w_0, w_1, w_2)$、步幅 2、填充 1，结果是 $(a w_1, \; a w_2 + b w_0, \; b w_1)$；代入数值，(1, 2) 和 (1, 2, 3) 得到 (2, 5, 4)。
#
# 它的长度是 $n = (n' - 1) s - 2p + k$。但由于向下取整，好几个长度 $n$ 对应同一个 $n'$，所以用 `output_padding`（小于步幅）在**末尾**添加位置。取 1 时，上例变成 $(a w_1, \; a w_2 + b w_0, \; b w_1, \; b w_2)$。卷积对输入的梯度就是转置卷积，反之亦然。

# %% task="conv_transpose1d"
# 约 25 分钟，中等。卡住了？hint("conv_transpose1d") 会给出第一步。
def conv_transpose1d(x: Tensor, w: Tensor, stride: int = 1, pad: int = 0, output_padding: int = 0) -> Tensor:
    """一个卷积的转置，该卷积从 I 个通道到 O 个通道，卷积核为 w。

    Shapes:
        x               (N, O, n')  float
        w               (O, I, k)
        output_padding  int         从 0 到 stride - 1：添加在末尾的位置数
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
# figure.axes[0].set_ylim(0.4, 1.8)  # 给图例留出位置
# figure

# %% [markdown]
# 如果卷积核的长度不是步幅的倍数，均匀的输入会变得不均匀：有些位置得到两个副本，有些只得到一个。二维时，这就是**棋盘格**（checkerboard，Odena 等 2016）。卷积核为 4、步幅为 2 时，内部没有这种图案；“先用双线性插值放大，再做卷积”也没有。

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
#     axes.images[0].set_clim(0, 5)  # 黑色是 0，白色是 5
# figure

# %% [markdown] question="resampling-q1"
# **简答题 1。** 把卷积核为 3、步幅为 2、填充为 1 的卷积用于长度为 7 和长度为 8 的图。结果各有多长？转置卷积要回到 7 和 8，分别需要多大的 `output_padding`？$A^\top$ 的结果与输入形状相同，为什么却不能还原输入？

# %% [markdown] answer="resampling-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 看得更远
#
# 缩小图，或者让卷积核带空隙，网络就能看得更多。**空洞率**（dilation）为 $d$ 时，相邻的权重相距 $d$ 个像素：大小为 $k$ 的卷积核覆盖 $d (k - 1) + 1$ 个像素。**分组**（groups）则把通道分开：第 $g$ 组的卷积核只看第 $g$ 组的通道。组数等于通道数时，就是逐通道卷积。
#
# $$y_{n,o,i,j} = \sum_{c,\,a,\,b} w_{o,c,a,b} \; x_{n,\;c + g(o)\,C/G,\;\, i + d a - p,\;\, j + d b - p}$$
#
# 其中 $g(o) = \lfloor o G / O \rfloor$ 是卷积核 $o$ 所在的组。结果的高度为 $H + 2p - d (k - 1)$。

# %% task="dilated_conv2d"
# 约 40 分钟，困难。卡住了？hint("dilated_conv2d") 会给出第一步。
def dilated_conv2d(x: Tensor, w: Tensor, dilation: int = 1, groups: int = 1, pad: int = 0) -> Tensor:
    """步幅为 1 的卷积，卷积核带空隙，通道分组。

    Shapes:
        x    (N, C, H, W)             float
        w    (O, C // groups, k, m)   C 和 O 是 groups 的倍数；k 和 m 可以不同
        out  (N, O, H + 2*pad - dilation*(k-1), W + 2*pad - dilation*(m-1))
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="dilated_conv2d"
# check("resampling", task="dilated_conv2d")

# %% [markdown]
# 最后一层的一个数，在一个方向上能看到多少个输入像素？开始时 $r = 1$ 个像素，相邻两个数的距离 $j = 1$。每经过一个卷积核为 $k$、步幅为 $s$、空洞率为 $d$ 的层，就更新一次：
#
# $$r \leftarrow r + d \, (k - 1) \, j, \qquad j \leftarrow j \, s.$$
#
# 三个卷积核为 3、步幅为 1 的层能看到 7 个像素；空洞率取 1、2、4 时，能看到 15 个。

# %% task="receptive_field"
# 约 10 分钟，简单。卡住了？hint("receptive_field") 会给出第一步。
def receptive_field(layers: list[tuple[int, int, int]]) -> int:
    """经过这些层后，一个数在一个方向上能看到多少个像素。每层为 (kernel, stride, dilation)。"""
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
# **简答题 2。** 设每层都有 C 个通道。(a) 七个空洞率为 1 的 3 × 3 层，(b) 三个空洞率为 1、2、4 的 3 × 3 层，各有多少个权重？感受野各有多大？空洞率取 2、2、2 时会怎样：中间那个数能看到哪些输入像素，看不到哪些？

# %% [markdown] answer="resampling-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 池化
#
# **空间金字塔**（spatial pyramid，He 等 2014）把任意大小的图变成固定长度的向量。编号为 $l$ 的一层把图分成 $l \times l$ 个窗口，各取最大值。在高度为 $H$ 的图中，$l$ 个窗口里的第 $i$ 个包含的行是
#
# $$\lfloor i H / l \rfloor \;\; \text{to} \;\; \lceil (i + 1) H / l \rceil - 1,$$
#
# 这样窗口能覆盖整张图；$H$ 不是 $l$ 的倍数时，窗口会重叠。列也一样。各层取 1、2、4 时，每个通道有 $1 + 4 + 16 = 21$ 个数。

# %% task="SpatialPyramidPool"
# 约 25 分钟，中等。卡住了？hint("SpatialPyramidPool") 会给出第一步。
class SpatialPyramidPool(nn.Module):
    """对每一层 l，取 l × l 个窗口的最大值，每张图像合成一个向量。

    向量按给定的顺序排列各层；每层之内逐通道排列；每个通道之内逐行排列。

    Shapes:
        x    (N, C, H, W)            float，任意大小
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
# **Lp 池化**介于求和与最大值之间：对每个窗口计算 $\left( \sum |x|^p \right)^{1/p}$。$p = 1$ 时是绝对值之和，$p$ 很大时是最大值。窗口 1 2 3 4 在 $p = 2$ 时得到 $\sqrt{30} = 5.4772$。

# %% task="lp_pool"
# 约 15 分钟，中等。卡住了？hint("lp_pool") 会给出第一步。
def lp_pool(x: Tensor, k: int, p: float) -> Tensor:
    """每个 k × k 窗口的 p 范数，窗口不重叠。全 0 的窗口得到 0，梯度也为 0。

    Shapes:
        x    (N, C, H, W)         float，可正可负
        p    float                至少为 1
        out  (N, C, H//k, W//k)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="lp_pool"
# check("resampling", task="lp_pool")

# %% [markdown]
# **随机池化**（stochastic pooling，Zeiler 和 Fergus 2013）在每个窗口中随机抽取一个值，概率为 $a_i / \sum_m a_m$；激活值不为负。测试时取这种抽取的均值 $\sum_i a_i^2 / \sum_m a_m$。全 0 的窗口得到 0。对于窗口 1 2 3 4，概率为 0.1、0.2、0.3、0.4，均值为 3。

# %% task="stochastic_pool"
# 约 35 分钟，困难。卡住了？hint("stochastic_pool") 会给出第一步。
def stochastic_pool(x: Tensor, k: int, generator: torch.Generator | None = None) -> Tensor:
    """有随机数生成器时：在每个 k × k 窗口中按值的大小成比例地抽取一个值。没有时：取这种抽取的均值。

    每个窗口单独抽取。梯度只传到抽中的值；没有随机数生成器时，传到所有的值。

    Shapes:
        x    (N, C, H, W)         float，至少为 0
        out  (N, C, H//k, W//k)   全 0 的窗口为 0；没有随机数生成器时，其梯度也为 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="stochastic_pool"
# check("resampling", task="stochastic_pool")

# %% [markdown]
# 最后是**平均池化**的梯度：窗口中的 $k^2$ 个像素平分这个窗口的梯度；边界上不属于任何窗口的像素得到 0。

# %% task="average_pool_backward"
# 约 15 分钟，简单。卡住了？hint("average_pool_backward") 会给出第一步。
def average_pool_backward(dout: Tensor, k: int, size: tuple[int, int]) -> Tensor:
    """窗口为 k × k、互不重叠的平均池化对 x 的梯度；池化结果的梯度为 dout。

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
# ## 小结
#
# 要放大特征图，可以复制、插值，或者用转置卷积；卷积核长度不是步幅的倍数时，会画出棋盘格。像素的值属于它的中心：漏掉半个像素，整张图都会移动。记住位置的最大池化，让解码器能把数放回原处。空洞卷积用同样多的权重看得更远。
#
# **延伸阅读。** Zhang（*Making convolutional networks shift-invariant again*，2019）在每个丢弃像素的步骤之前先模糊。Shi 等（*Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network*，2016）把通道重新排成像素来放大。Yu 和 Koltun（*Multi-scale context aggregation by dilated convolutions*，2016）把不同的空洞率叠起来。Parmar、Zhang 和 Zhu（*On aliased resizing and surprising subtleties in GAN evaluation*，2022）展示草率的缩放怎样改变得分。
