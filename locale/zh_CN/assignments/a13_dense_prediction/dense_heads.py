# %% [markdown]
# # 用于深度、框、掩码、关节和角点的输出头
#
# 主干网络把图像变成特征。各个输出头要的东西不同：每个像素的距离、更准的框、每个目标的掩码、手腕的位置、成对的角点。输出头都很小。难处在它们的损失，以及像素、格子和框之间的簿记：那里很容易丢掉半个像素。
#
# 框的格式是 xyxy。第 i 行第 j 列的像素覆盖从 (j, i) 到 (j + 1, i + 1) 的方块，所以它的中心在 x = j + 1/2，y = i + 1/2。函数保持输入的 dtype 和设备，并且不原地修改输入。
#
# torch 的所有功能都可以用。这里不需要其他作业的代码。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 不计尺度的深度 | `scale_invariant_log_loss`, `depth_metrics` | 6 | 35 |
# | 2 法向量 | `normals_from_depth`, `normal_loss` | 4 | 35 |
# | 3 再谈框 | `single_object_loss`, `refine_boxes` | 4 | 30 |
# | 4 掩码 | `MaskHead`, `mask_targets`, `mask_loss`, `paste_mask` | 9 | 80 |
# | 5 关节 | `heatmap_targets`, `keypoint_loss` | 4 | 25 |
# | 6 取整的代价 | `roi_pool`, `misalignment` | 4 | 35 |
# | 7 由角点得到框 | `corner_pool`, `decode_corners` | 4 | 45 |

# %%
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import solids
# from common.plots.boxes import Layer, box_figure
# from common.plots.figure import new_figure
# from common.plots.gallery import gallery
# from common.training.seed import seed_everything
#
# seed_everything(0)
# drawn = solids.draw(8, seed=5, size=64)
#
#
# def colours_of(normals):
#     return (0.5 - 0.5 * normals.movedim(0, -1)).numpy()
#
#
# pictures = {}
# for n in (1, 5):
#     pictures[f"image {n}"] = drawn.images[n].movedim(0, -1).numpy()
#     pictures[f"depth {n}"] = drawn.depth[n].numpy()
#     pictures[f"normals {n}, as colours"] = colours_of(drawn.normals[n])
#     pictures[f"classes {n}"] = drawn.classes[n].numpy()
# gallery(pictures, "Two rendered scenes of solids on a plane, with depth, normals and classes.", columns=4, width=2.2)

# %% [markdown]
# ## 1 不计尺度的深度
#
# 近处的玩具屋和远处的真房子，拍出来是同一张图。一张图像能说明相对的深度，说明不了尺度。所以 Eigen、Puhrsch 和 Fergus（2014）比较对数，并去掉一个公共因子所能解释的部分。在一张图像的 $n$ 个有效像素上，令 $d_i = \log \hat z_i - \log z_i$，
#
# $$L = \frac1n \sum_i d_i^2 - \lambda \Big(\frac1n \sum_i d_i\Big)^2 .$$
#
# $\lambda = 1$ 时，这就是 $d$ 的方差：预测乘以任何 $c > 0$，结果都不变。$\lambda = 0$ 时，它就是对数的平方误差；作者训练时用的是 $\lambda = \frac12$。预测为 (1, 2, 4)、深度为 (2, 4, 4) 时，$d = (-0.693, -0.693, 0)$，$\lambda = 0, \frac12, 1$ 分别得到 0.3203、0.2135、0.1068。
#
# 真实的深度图有空缺，那里传感器什么也没看到。空缺处常常是 0，它的对数是无穷大，而 $0 \cdot \infty$ 是 `nan`，会出现在损失或它的梯度中。

# %% task="scale_invariant_log_loss"
# 约 20 分钟，中等。卡住了？hint("scale_invariant_log_loss") 会给出第一步。
def scale_invariant_log_loss(pred: Tensor, depth: Tensor, mask: Tensor, lam: float = 1.0) -> Tensor:
    """L 在各张含有效像素的图像上的均值；没有这样的图像时为 0。

    掩码之外的像素不管是什么值，都没有影响，也没有梯度。

    Shapes:
        pred   (N, H, W)  float，在掩码内为正
        depth  (N, H, W)  float，在掩码内为正
        mask   (N, H, W)  bool，有效像素
        lam    float      从 0 到 1
        out    ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scale_invariant_log_loss"
# check("dense_heads", task="scale_invariant_log_loss")

# %% [markdown]
# 深度图有多准？基准测试先把每个预测乘以 $\operatorname{median}(z) / \operatorname{median}(\hat z)$，这样尺度就不计入；然后对每张图像，在它的有效像素上给出：
#
# | 名称 | 指标 |
# |---|---|
# | `delta1`, `delta2`, `delta3` | $\max(\hat z / z, z / \hat z) < 1.25^k$ 的像素占比，$k$ = 1, 2, 3 |
# | `abs_rel` | $\lvert \hat z - z \rvert / z$ 的均值 |
# | `rmse` | $(\hat z - z)^2$ 的均值的平方根 |

# %% task="depth_metrics"
# 约 15 分钟，简单。卡住了？hint("depth_metrics") 会给出第一步。
def depth_metrics(pred: Tensor, depth: Tensor, mask: Tensor) -> dict[str, float]:
    """表中的五个指标：每个先对单张图像计算，再对图像取平均。

    中位数按 torch.median 的定义，在有效像素上计算。

    Shapes:
        pred   (N, H, W)  float，在掩码内为正
        depth  (N, H, W)  float，在掩码内为正
        mask   (N, H, W)  bool；每张图像都含有效像素
        out    表中的五个名称，各对应一个 float
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="depth_metrics"
# check("dense_heads", task="depth_metrics")

# %% tags=["active-ipynb"]
# far = drawn.depth.mean() * torch.ones_like(drawn.depth)
# everywhere = drawn.depth > 0
# for factor in (1.0, 3.0):
#     pred = factor * drawn.depth
#     losses = [float(scale_invariant_log_loss(pred, drawn.depth, everywhere, lam)) for lam in (0.0, 0.5, 1.0)]
#     print(f"{factor:.0f} x the true depth: losses", *(f"{loss:.3f}" for loss in losses))
# measures = depth_metrics(far, drawn.depth, everywhere)
# print("the same depth everywhere:", {name: round(value, 3) for name, value in measures.items()})

# %% [markdown]
# ## 2 法向量
#
# 第 v 行第 u 列的像素拍到的点是 $P = z \, K^{-1} (u, v, 1)^\top$，其中 $K$ 是相机矩阵。沿表面的两步 $\partial P / \partial u$ 和 $\partial P / \partial v$ 张成切平面，它们的叉积就是法向量。用**中心差分** $(P_{u+1} - P_{u-1}) / 2$，在边界上用单侧差分。然后让法向量的长度为 1，符号取朝向相机的那个：$n \cdot P < 0$。（$y$ 轴向下时，$\partial P / \partial v \times \partial P / \partial u$ 本来就朝向相机；$y$ 轴向上时则不然。）

# %% task="normals_from_depth"
# 约 25 分钟，中等。卡住了？hint("normals_from_depth") 会给出第一步。
def normals_from_depth(depth: Tensor, K: Tensor) -> Tensor:
    """深度图的法向量，用相机坐标表示，长度为 1，朝向相机。

    Shapes:
        depth  (N, H, W)     float，为正；H 和 W 至少为 2
        K      (3, 3)        float
        out    (N, 3, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="normals_from_depth"
# check("dense_heads", task="normals_from_depth")

# %% [markdown]
# 预测法向量的网络，用 $1 - \cos$ 训练，角度是预测与真实值的夹角。方向相反的向量代价为 2，而不是 0。

# %% task="normal_loss"
# 约 10 分钟，简单。卡住了？hint("normal_loss") 会给出第一步。
def normal_loss(n: Tensor, m: Tensor) -> Tensor:
    """1 - cos 在所有像素上的均值。与长度为 0 的向量的余弦为 0，梯度中没有 nan。

    Shapes:
        n    (N, 3, H, W)  float，任意长度
        m    (N, 3, H, W)  float，任意长度
        out  ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="normal_loss"
# check("dense_heads", task="normal_loss")

# %% tags=["active-ipynb"]
# found = normals_from_depth(drawn.depth, drawn.K)
# print(f"loss of the normals from depth: {float(normal_loss(found, drawn.normals)):.4f}")
# error = 1 - (found * drawn.normals).sum(dim=1)
# gallery(
#     {"from depth": colours_of(found[5]),
#      "true": colours_of(drawn.normals[5]),
#      "1 - cos: outlines and edges": error[5].numpy()},
#     "Normals from depth, true normals, and where they differ: at outlines and edges.", width=2.4)

# %% [markdown]
# ## 3 再谈框
#
# 最简单的检测器只找一个目标：一个网络，两个输出头，一个管类别，一个管框。它的损失是两项之和，并用一个权重来平衡，因为交叉熵和平方误差的单位不同。

# %% task="single_object_loss"
# 约 10 分钟，简单。卡住了？hint("single_object_loss") 会给出第一步。
def single_object_loss(scores: Tensor, boxes: Tensor, y: Tensor, gt: Tensor, weight: float = 1.0) -> Tensor:
    """类别的交叉熵，加上 weight 乘以框的平方误差。

    两项都是 N 张图像上的均值；一张图像的平方误差是四个坐标之和。

    Shapes:
        scores  (N, C)  float，logit
        boxes   (N, 4)  float，预测的框
        y       (N,)    int64，类别
        gt      (N, 4)  float，真实框
        weight  float
        out     ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="single_object_loss"
# check("dense_heads", task="single_object_loss")

# %% [markdown]
# 两阶段检测器修正框两次：从锚框到提议框，再从提议框到检测结果。第二次时类别已知，所以每个类别都有自己的四个数。中心为 $(x, y)$、大小为 $w \times h$ 的提议框变成
#
# $$x' = x + t_x w, \quad y' = y + t_y h, \quad w' = w e^{t_w}, \quad h' = h e^{t_h} .$$
#
# `common.nets.detection` 中的 `box_offsets(proposals, boxes, "FasterRCNN")` 是它的逆运算。R-CNN、Fast R-CNN 和 Faster R-CNN 的区别在于共享什么：R-CNN 让约 2,000 个区域逐个通过网络；Fast R-CNN 只计算一次特征（训练快约 10 倍，测试快 25 倍以上）；Faster R-CNN 还用这些特征寻找提议框，训练时有四个损失：“是不是目标”和“框”，各两次。

# %% task="refine_boxes"
# 约 20 分钟，中等。卡住了？hint("refine_boxes") 会给出第一步。
def refine_boxes(proposals: Tensor, deltas: Tensor, labels: Tensor) -> Tensor:
    """第二次回归后的框，用的是每个提议框所属类别的四个数。

    Shapes:
        proposals  (R, 4)      float，xyxy；R 可以是 0
        deltas     (R, 4 * C)  float；第 4c 到 4c + 3 列是类别 c 的 t_x、t_y、t_w、t_h
        labels     (R,)        int64，在 [0, C) 内
        out        (R, 4)      xyxy
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="refine_boxes"
# check("dense_heads", task="refine_boxes")

# %% [markdown]
# ## 4 掩码
#
# Mask R-CNN（He 等 2017）增加了一个输出头，对每个区域回答：其中哪些像素属于目标？先裁出区域的特征，经过四个卷积，再用转置卷积把分辨率加倍，最后用 1 × 1 卷积给**每个类别**一张 logit 图。构造函数已给出，你来写 `forward`。每个卷积之后、转置卷积之后都有 ReLU，末尾没有。

# %% task="MaskHead"
# 约 10 分钟，简单。卡住了？hint("MaskHead") 会给出第一步。
class MaskHead(nn.Module):
    """掩码的 logit，每个类别一张。

    Shapes:
        x    (R, in_ch, h, w)              float，各区域的特征；R 可以为 0
        out  (R, num_classes, 2 h, 2 w)
    """

    def __init__(self, in_ch: int, num_classes: int, width: int = 256) -> None:
        super().__init__()
        sizes = [in_ch, width, width, width]
        self.convs = nn.ModuleList(nn.Conv2d(size, width, 3, padding=1) for size in sizes)
        self.up = nn.ConvTranspose2d(width, width, 2, stride=2)
        self.out = nn.Conv2d(width, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="MaskHead"
# check("dense_heads", task="MaskHead")

# %% [markdown]
# 真实掩码的大小与图像相同，那么 m × m 个格子的掩码应该是什么样？把框切成 m × m 个子区域，在每个子区域的中心对真实掩码做**双线性**采样：沿 x 方向，子区域 $j$ 的采样点在 $x_0 + (j + \frac12) (x_1 - x_0) / m$。和 RoI Align 一样，$x$ 处的采样点夹在两侧像素的中心之间：令 $u = x - \frac12$，限制在 $[0, W - 1]$ 内，$l = \lfloor u \rfloor$，$f = u - l$，则第 $l$ 列的权重为 $1 - f$，第 $l + 1$ 列的权重为 $f$；行也一样。（你在 a10 中写的 `roi_align` 在每个子区域取 2 × 2 个采样点；这里一个就够了。）采样值大于 ½ 之处，目标值为 1。

# %% task="mask_targets"
# 约 30 分钟，困难。卡住了？hint("mask_targets") 会给出第一步。
def mask_targets(boxes: Tensor, gt_masks: Tensor, m: int) -> Tensor:
    """框内的真实掩码，分成 m × m 个格子，取值 0 或 1。

    Shapes:
        boxes     (R, 4)     float，xyxy，以像素为单位；可以有一部分在图像之外
        gt_masks  (R, H, W)  bool，或数 0 和 1：每个框的目标
        out       (R, m, m)  0 或 1，dtype 与框相同；行在前
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mask_targets"
# check("dense_heads", task="mask_targets")

# %% [markdown]
# 类别由另一个输出头决定。所以掩码输出头不必比较类别：它**每个类别有一个 sigmoid**，损失只看**真实**类别的通道。如果在类别上用 softmax，掩码就会互相竞争；作者报告说，这样精确率明显更低。其他类别的通道得不到梯度。

# %% task="mask_loss"
# 约 15 分钟，中等。卡住了？hint("mask_loss") 会给出第一步。
def mask_loss(logits: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """各区域在自己类别的通道上的二元交叉熵，对全部 R * m * m 个格子取均值；R 为 0 时为 0。

    logit 可能很大；R = 0 时梯度全为 0。

    Shapes:
        logits   (R, C, m, m)  float
        labels   (R,)          int64，在 [0, C) 内
        targets  (R, m, m)     float，0 或 1
        out      ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mask_loss"
# check("dense_heads", task="mask_loss")

# %% [markdown]
# 最后，掩码要回到图像中。对框内的每个像素，在掩码中查找它的中心：掩码格子 $j$ 的中心在框宽度的 $(j + \frac12) / m$ 处。所以 $u = (x - x_0) / (x_1 - x_0) \cdot m - \frac12$，其中 $x = $ 列号 $+ \frac12$，限制在 $[0, m - 1]$ 内，仍用双线性插值。中心在框外的像素为 0。

# %% task="paste_mask"
# 约 25 分钟，中等。卡住了？hint("paste_mask") 会给出第一步。
def paste_mask(mask: Tensor, box: Tensor, H: int, W: int) -> Tensor:
    """掩码的概率，放在 H × W 像素的图像中。梯度能传到掩码。

    若 x0 <= x < x1 且 y0 <= y < y1，则中心在框内。

    Shapes:
        mask  (m, m)  float，在 [0, 1] 内；行在前
        box   (4,)    float，xyxy，以像素为单位；可以有一部分在图像之外
        out   (H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="paste_mask"
# check("dense_heads", task="paste_mask")

# %% tags=["active-ipynb"]
# n = 5
# objects = torch.stack([drawn.masks[n] == number for number in range(1, 4)])
# rows = [mask.nonzero() for mask in objects]
# boxes = torch.tensor([[*r.amin(0).flip(0).tolist(), *(r.amax(0) + 1).flip(0).tolist()] for r in rows]).float()
# cells = mask_targets(boxes, objects, 14)
# pasted = torch.stack([paste_mask(c, box, 64, 64) for c, box in zip(cells, boxes)])
# overlaps = [(m & (p > 0.5)).sum() / (m | (p > 0.5)).sum() for m, p in zip(objects, pasted)]
# print("IoU of the true masks after 14 x 14 cells and back:", *(f"{float(o):.2f}" for o in overlaps))
# colours = torch.tensor([[1.0, 0.2, 0.2], [0.2, 1.0, 0.2], [0.3, 0.5, 1.0]])
# seen = drawn.images[n].clone()
# for mask, colour in zip(pasted, colours):
#     seen = seen * (1 - 0.6 * mask) + 0.6 * mask * colour[:, None, None]
# box_figure(torch.stack([drawn.images[n], seen]), [[Layer(boxes, "white")], []],
#            titles=["image and boxes", "masks of 14 x 14 cells, pasted"], columns=2, scale=3.0)

# %% [markdown] question="dense_heads-q1"
# **简答题 1。** 掩码输出头的目标值是按**提议框**裁出的，而不是按真实框。两种情况下，输出头各会学到什么？哪一种与测试时的情形相符？为什么这里同一类别的两个目标可以共用一个通道，而在语义分割中却无法区分？

# %% [markdown] answer="dense_heads-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 关节
#
# 要得到人的姿态，输出头为每个关节给出一张图，其中恰好有一个格子是对的。所以这是在 m² 个格子中分类，softmax 作用在全部格子上。位于 $x$ 的关节所在的格子是第 $\lfloor (x - x_0) / (x_1 - x_0) \cdot m \rfloor$ 列；行也一样。格子的编号为行号 · m + 列号。

# %% task="heatmap_targets"
# 约 15 分钟，中等。卡住了？hint("heatmap_targets") 会给出第一步。
def heatmap_targets(keypoints: Tensor, boxes: Tensor, m: int) -> Tensor:
    """每个关节所在格子的编号；关节不可见或在框外时为 -1。

    若 x0 <= x < x1 且 y0 <= y < y1，则关节在框内。

    Shapes:
        keypoints  (R, J, 3)  float：x、y 以像素为单位；关节可见为 1，否则为 0
        boxes      (R, 4)     float，xyxy，以像素为单位
        m          int        图有 m × m 个格子
        out        (R, J)     int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="heatmap_targets"
# check("dense_heads", task="heatmap_targets")

# %% task="keypoint_loss"
# 约 10 分钟，简单。卡住了？hint("keypoint_loss") 会给出第一步。
def keypoint_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """在 m * m 个格子上的交叉熵，对有目标值的关节取均值；没有这样的关节时为 0。

    Shapes:
        logits   (R, J, m, m)  float
        targets  (R, J)        int64，格子的编号，或 -1
        out      ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="keypoint_loss"
# check("dense_heads", task="keypoint_loss")

# %% [markdown]
# ## 6 取整的代价
#
# 在 RoI Align 之前用的是 **RoI Pooling**（Fast R-CNN，Girshick 2015）：只取完整的网格单元。这里是它的一个版本。把框扩大到完整的网格单元，从 $\lfloor x_0 \rfloor$ 到 $\lceil x_1 \rceil$，超出图的部分裁掉。框内的 $w$ 列分给 $k$ 个子区域，第 $j$ 个包含从 $\lfloor j w / k \rfloor$ 到 $\lceil (j + 1) w / k \rceil$ 的列，不含后者；两个子区域可以共有一列。子区域的值是其中的最大值。

# %% task="roi_pool"
# 约 25 分钟，中等。卡住了？hint("roi_pool") 会给出第一步。
def roi_pool(features: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """每个框的每个子区域的最大值。梯度能传到特征。

    Shapes:
        features  (C, H, W)                float
        boxes     (R, 4)                   float，xyxy，以网格单元为单位；框内至少有图的一个网格单元；R 可以是 0
        size      (height, width)          子区域的个数
        out       (R, C, height, width)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="roi_pool"
# check("dense_heads", task="roi_pool")

# %% [markdown]
# 在步幅为 s 的特征图上，一个网格单元是 s 个像素。框的边会移动多远？

# %% task="misalignment"
# 约 10 分钟，简单。卡住了？hint("misalignment") 会给出第一步。
def misalignment(boxes: Tensor, stride: int) -> Tensor:
    """RoI Pooling 把每条边移动多少个像素：扩大后的框减去原来的框。（图足够大。）

    Shapes:
        boxes   (R, 4)  float，xyxy，以像素为单位
        stride  int     每个网格单元的像素数
        out     (R, 4)  x0 和 y0：0 或负数；x1 和 y1：0 或正数
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="misalignment"
# check("dense_heads", task="misalignment")

# %% tags=["active-ipynb"]
# wide = (boxes[:, 2:] - boxes[:, :2]).mean()
# for stride in (4, 8, 16):
#     moved = misalignment(boxes, stride).abs().mean()
#     print(f"stride {stride:2}: sides of objects of {wide:.0f} pixels move by {moved:.1f} pixels")
# ramp = torch.arange(12.0).expand(1, 12, 12)
# shifts = torch.linspace(0, 3, 61)
# pooled = [float(roi_pool(ramp, torch.tensor([[2 + s, 2.0, 5 + s, 5.0]]), (1, 1))) for s in shifts]
# figure = new_figure(5, 2.6, "RoI pooling of a ramp, while the box moves: it jumps by whole cells.")
# axes = figure.add_subplot(xlabel="the box is moved by ... cells", ylabel="pooled value of a ramp")
# axes.plot(shifts, pooled, label="RoI Pooling")
# axes.plot(shifts, shifts + 4, linestyle="--", label="without rounding")
# axes.legend(frameon=False)
# figure

# %% [markdown] question="dense_heads-q2"
# **简答题 2。** 目标有 20 个像素宽，特征的步幅为 16，它的框最多会错位多少？如果把掩码贴进**未取整**的框，这会怎样影响掩码的 IoU？为什么对类别的影响较小？

# %% [markdown] answer="dense_heads-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 7 由角点得到框
#
# CornerNet（Law 和 Deng 2018）不需要锚框：它找出每个目标的左上角点和右下角点，再把它们配对。角点常常在目标之外，落在背景上。要看到目标，就得向右找它最上面的部分，向下找它最左边的部分。**角点池化**（corner pooling）用累积最大值做到这一点：
#
# | 方向 | out[i, j] 是以下各值的最大值 |
# |---|---|
# | `"top"` | x[i, j] 及其下方的所有值，即 x[i'', j]，i'' ≥ i |
# | `"left"` | x[i, j] 及其右侧的所有值 |
# | `"bottom"` | x[i, j] 及其上方的所有值 |
# | `"right"` | x[i, j] 及其左侧的所有值 |
#
# 左上角点的图，是两张特征图分别做 `"top"` 和 `"left"` 池化后的和。

# %% task="corner_pool"
# 约 15 分钟，简单。卡住了？hint("corner_pool") 会给出第一步。
def corner_pool(x: Tensor, side: str) -> Tensor:
    """表中的累积最大值；其他方向抛出 ValueError。

    Shapes:
        x    (N, C, H, W)  float
        out  (N, C, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="corner_pool"
# check("dense_heads", task="corner_pool")

# %% [markdown]
# 哪些角点属于一对？网络还为每个像素给出一个数，即**嵌入**（embedding）；训练使同一目标的两个角点的数几乎相等（**拉近**，$(e_{tl} - e_{br})^2$），不同目标的均值至少相距 1（**推开**，$\max(0, 1 - |\bar e_i - \bar e_j|)$）。解码时，在每种热图的所有类别中取 k 个最高的得分，再检查所有的配对。一对角点成为框的条件是：
#
# - 两个角点的类别相同；
# - 右下角点在左上角点的右侧和下方，两个方向上都至少隔一个格子；
# - 嵌入相差小于 ½。
#
# 框的得分是两个得分的均值。

# %% task="decode_corners"
# 约 30 分钟，困难。卡住了？hint("decode_corners") 会给出第一步。
def decode_corners(
    heat_tl: Tensor, heat_br: Tensor, emb_tl: Tensor, emb_br: Tensor, k: int
) -> tuple[Tensor, Tensor, Tensor]:
    """所有成为框的角点对，得分最高的在前。

    Shapes:
        heat_tl  (C, H, W)  float，左上角点的得分
        heat_br  (C, H, W)  float，右下角点的得分
        emb_tl   (H, W)     float
        emb_br   (H, W)     float
        k        int        至多为 C * H * W
        boxes    (D, 4)     float，xyxy：角点的列和行；D 可以为 0
        scores   (D,)       float，从高到低
        labels   (D,)       int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="decode_corners"
# check("dense_heads", task="decode_corners")

# %% tags=["active-ipynb"]
# v, u = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
# heats, embeddings = [], []
# for a, b in ((0, 1), (2, 3)):  # top-left, bottom-right
#     peaks = [torch.exp(-((u - box[a]) ** 2 + (v - box[b]) ** 2) / 8) for box in boxes]
#     heats.append(torch.stack(peaks).amax(dim=0)[None])
#     embeddings.append(torch.stack(peaks).argmax(dim=0).float())  # 0、1、2：角点离得最近的目标
# decoded, scores, _ = decode_corners(*heats, *embeddings, k=3)
# lines = [Layer(decoded, "yellow", [f"{s:.2f}" for s in scores.tolist()])]
# box_figure(torch.stack([drawn.images[5], heats[0].repeat(3, 1, 1), heats[1].repeat(3, 1, 1)]), [lines, lines, lines],
#            titles=["boxes from pairs", "top-left corners", "bottom-right corners"], columns=3, scale=2.6)

# %% [markdown]
# ## 小结
#
# 输出头只有几层；看重什么，由损失来说。尺度无从知道时，就把它去掉。类别由另一个输出头决定时，只问一个通道，不问全部。以后还要用到的坐标，绝不要取整。
#
# **延伸阅读。** Zhou、Wang 和 Krähenbühl（*Objects as points*，2019）用中心而不是两个角来找目标。Xiao、Wu 和 Wei（*Simple baselines for human pose estimation and tracking*，2018）找关键点只用热图。Ranftl 等（*Towards robust monocular depth estimation*，2020）混合深度尺度各不相同的数据集。PointRend（Kirillov 等 2020）只在不确定的地方计算掩码。
