# %% [markdown]
# # 每个像素一个类别
#
# 分割给每个像素一个类别：猫、道路、什么都不是。网络输出的 logit 是 (N, C, H, W)，而不是 (N, C)，每个像素都是一个样本。在这个笔记本里，你要写出用于这种图的损失和指标，两个经典网络 FCN 和 U-Net，以及把物体和物质合成一张图的步骤。
#
# 标签 y 是 int64，形状为 (N, H, W)。没有人能标注的像素用编号 `ignore_index` 表示，和 PASCAL VOC 一样取 255：任何损失和指标都不计这些像素。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 损失 | `pixel_cross_entropy`, `soft_dice_loss`, `soft_iou_loss` | 8 | 55 |
# | 2 指标 | `confusion`, `miou`, `ssim` | 9 | 70 |
# | 3 全卷积 | `bilinear_kernel`, `FCN` | 7 | 55 |
# | 4 U-Net | `UNet`, `Hourglass` | 6 | 50 |
# | 5 物体与物质 | `merge_panoptic` | 5 | 40 |

# %%
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import render, scenes
# from common.plots.curves import curves
# from common.plots.figure import new_figure
# from common.plots.gallery import gallery
# from common.training.seed import seed_everything
#
#
# def pictures(count, stream):
#     """32 × 32 像素的场景，以及目标所在的位置。"""
#     described = scenes.describe(0, range(count), stream=stream)
#     masks = [torch.from_numpy(render.annotate(scene, 32).masks).any(dim=0) for scene in described]
#     return torch.from_numpy(render.render(described, 32)).float() / 255, torch.stack(masks).long()
#
#
# seed_everything(0)
# x_train, y_train = pictures(600, "train")
# x_test, y_test = pictures(200, "test")
# print(f"{len(x_train)} images, {y_train.float().mean():.1%} of their pixels belong to an object")

# %% [markdown]
# ## 1 损失
#
# 单个像素的损失就是你熟悉的交叉熵 $\ell = -\log \operatorname{softmax}(z)_y$。一批的损失，是所有图像中全部未忽略像素的均值。有些类别很少见时，每个类别 $c$ 有一个权重 $w_c$，均值也改为加权均值：
#
# $$L = \frac{\sum_i w_{y_i} \ell_i}{\sum_i w_{y_i}}, \qquad \text{over pixels with } y_i \ne \text{ignore\_index}.$$

# %% task="pixel_cross_entropy"
# 约 30 分钟，中等。卡住了？hint("pixel_cross_entropy") 会给出第一步。
def pixel_cross_entropy(logits: Tensor, y: Tensor, weight: Tensor | None = None, ignore_index: int = 255) -> Tensor:
    """所有计入的像素上交叉熵的加权均值；没有这样的像素时为 0，梯度也为 0。

    torch 中现成的损失不允许使用；`torch.log_softmax` 和 `torch.logsumexp` 可以用。

    Shapes:
        logits  (N, C, H, W)  float，大小不限
        y       (N, H, W)     int64，在 [0, C) 内，或为 ignore_index
        weight  (C,)          float；None：全为 1
        out     ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="pixel_cross_entropy"
# check("segmentation", task="pixel_cross_entropy")

# %% [markdown]
# 交叉熵按像素计数，所以小目标几乎不起作用。**Dice** 损失和 **IoU** 损失比较的是面积。设概率 $p$ 和目标值 $t$ 都在 [0, 1] 内，对每个类别，$I = \sum p t$，$P = \sum p$，$T = \sum t$，都对所有图像和像素求和，再令
#
# $$D = \frac{2 I + \varepsilon}{P + T + \varepsilon}, \qquad J = \frac{I + \varepsilon}{P + T - I + \varepsilon}.$$
#
# 损失是 1 减去各类别的均值。对于掩码 1 1 1 0 和 1 1 0 1，取 $\varepsilon = 0$，则 $I = 2$，所以 $D = 4/6 = 0.6667$，$J = 2/4 = 0.5$。对掩码来说，$J = D / (2 - D)$：Dice 从不比 IoU 小。

# %% task="soft_dice_loss"
# 约 15 分钟，简单。卡住了？hint("soft_dice_loss") 会给出第一步。
def soft_dice_loss(p: Tensor, t: Tensor, eps: float = 1.0) -> Tensor:
    """1 减去 (2 I + eps) / (P + T + eps) 在各类别上的均值。

    Shapes:
        p    (N, C, H, W)  float，概率
        t    (N, C, H, W)  float，目标值，在 [0, 1] 内
        out  ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="soft_dice_loss"
# check("segmentation", task="soft_dice_loss")

# %% task="soft_iou_loss"
# 约 10 分钟，简单。卡住了？hint("soft_iou_loss") 会给出第一步。
def soft_iou_loss(p: Tensor, t: Tensor, eps: float = 1.0) -> Tensor:
    """1 减去 (I + eps) / (P + T - I + eps) 在各类别上的均值。

    Shapes:
        p    (N, C, H, W)  float，概率
        t    (N, C, H, W)  float，目标值，在 [0, 1] 内
        out  ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="soft_iou_loss"
# check("segmentation", task="soft_iou_loss")

# %% tags=["active-ipynb"]
# target = torch.zeros(1, 1, 1, 100)
# target[..., :10] = 1  # 小目标：100 个像素中的 10 个
# found = torch.linspace(0.02, 0.98, 49)
# losses = {"cross-entropy": [], "Dice": [], "IoU": []}
# for share in found:
#     p = torch.full_like(target, 0.02)
#     p[..., :10] = share  # 目标的像素取这个概率
#     losses["cross-entropy"].append(F.binary_cross_entropy(p, target).item())
#     losses["Dice"].append(soft_dice_loss(p, target, 0.0).item())
#     losses["IoU"].append(soft_iou_loss(p, target, 0.0).item())
# curves(losses, x=found, xlabel="probability of the object's pixels", ylabel="loss")

# %% [markdown]
# ## 2 指标
#
# 如果大部分像素是背景，像素准确率就说明不了什么。常用的指标是**平均 IoU**（mean IoU）。在**整个集合**上用一个**混淆矩阵**（confusion matrix）计数：真实类别为 $i$（行）的像素，有多少被预测为 $j$（列）；于是
#
# $$\text{IoU}_c = \frac{M_{cc}}{\sum_j M_{cj} + \sum_i M_{ic} - M_{cc}}.$$
#
# 真实值和预测中都没有出现的类别是 0/0，不计入均值。先求和，后相除：先算单张图像的 IoU 再取均值，得到的是另一个数：在这个数里，极小目标的一个错误像素，抵得上大目标的一千个。

# %% task="confusion"
# 约 20 分钟，中等。卡住了？hint("confusion") 会给出第一步。
def confusion(pred: Tensor, y: Tensor, C: int, ignore_index: int = 255) -> Tensor:
    """每个真实类别（行）的像素中，有多少被预测为各个类别（列）。

    Shapes:
        pred  任意形状   int64，在 [0, C) 内
        y     同上       int64，在 [0, C) 内，或为 ignore_index
        out   (C, C)     int64；两个集合的矩阵之和，就是合在一起的矩阵
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="confusion"
# check("segmentation", task="confusion")

# %% task="miou"
# 约 15 分钟，简单。卡住了？hint("miou") 会给出第一步。
def miou(conf: Tensor) -> float:
    """在真实值或预测中出现的类别的平均 IoU；没有这样的类别时为 0。

    Shapes:
        conf  (C, C)  int64，行为真实类别
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="miou"
# check("segmentation", task="miou")

# %% [markdown] question="segmentation-q1"
# **简答题 1。** 测试集有两张图像。在第一张中，一个 1,000 像素的目标被准确无误地找到。第二张里有一个 2 像素的目标：它的像素一个也没有找到，也没有别的像素被预测为目标。按上面的定义，目标类别的 IoU 是多少？两张图像的 IoU 的均值又是多少？举出一种你会想用均值的情况。

# %% [markdown] answer="segmentation-q1"
# YOUR ANSWER HERE

# %% [markdown]
# 对于数值构成的图，例如深度图或图像，**结构相似度**（structural similarity，Wang 等 2004）比较局部均值 $\mu$、方差 $\sigma^2$ 和协方差 $\sigma_{ab}$。它们都在一个 11 × 11、$\sigma = 1.5$ 的高斯窗口下计算，窗口的权重之和为 1：
#
# $$\text{SSIM} = \frac{(2 \mu_a \mu_b + C_1)(2 \sigma_{ab} + C_2)}
# {(\mu_a^2 + \mu_b^2 + C_1)(\sigma_a^2 + \sigma_b^2 + C_2)}, \qquad C_1 = (0.01 L)^2, \; C_2 = (0.03 L)^2,$$
#
# 其中 $L$ 是取值范围，$\sigma_{ab}$ 是 $ab$ 的加权均值减去 $\mu_a \mu_b$。两张图像相同时它等于 1，所以损失可以取 1 - SSIM。窗口都在图像之内：得到的图有 $H - 10$ 行。结果是在这张图、各通道和各图像上的均值。

# %% task="ssim"
# 约 35 分钟，中等。卡住了？hint("ssim") 会给出第一步。
def ssim(a: Tensor, b: Tensor, window: int = 11, sigma: float = 1.5, L: float = 1.0) -> Tensor:
    """两批图像的平均结构相似度，每个通道单独计算。

    Shapes:
        a, b  (N, C, H, W)  float；H 和 W 至少为 `window`，后者是奇数
        out   ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ssim"
# check("segmentation", task="ssim")

# %% tags=["active-ipynb"]
# image = x_test[:1]
# changed = {
#     "brighter": image + 0.1,
#     "less contrast": 0.6 * image + 0.4 * image.mean(),
#     "noise": image + 0.1 * torch.randn(image.shape),
#     "blurred": F.avg_pool2d(image, 3, 1, 1),
# }
# shown = {"the image": image} | {
#     f"{name}: MSE {F.mse_loss(image, other):.4f}, SSIM {ssim(image, other):.2f}": other
#     for name, other in changed.items()
# }
# gallery(
#     {name: x[0].clamp(0, 1).movedim(0, -1).numpy() for name, x in shown.items()},
#     "An image and four changed copies, with their squared error and structural similarity.",
#     columns=5,
#     width=2.5,
# )

# %% [markdown]
# ## 3 全卷积
#
# 分类网络丢掉了位置，但最后几张特征图仍保留了一些：步幅为 32 时，每 32 × 32 个像素有一个向量。Long、Shelhamer 和 Darrell（2015）在上面放了一个 1 × 1 卷积，也就是每个类别一张图的**输出头**（head），然后放大。放大用的是转置卷积，它**开始时**做双线性插值，之后再学习。它的卷积核大小为 $k$，放大 $k/2$ 倍，$f = \lceil k/2 \rceil$；中心 $c$ 在 $k$ 为奇数时是 $f - 1$，在 $k$ 为偶数时是 $f - \tfrac12$：
#
# $$w_i = 1 - \frac{|i - c|}{f}, \qquad \text{in two dimensions the outer product } w_i w_j.$$
#
# $k = 4$ 时，$w$ 为 0.25、0.75、0.75、0.25。

# %% task="bilinear_kernel"
# 约 15 分钟，简单。卡住了？hint("bilinear_kernel") 会给出第一步。
def bilinear_kernel(C: int, k: int) -> Tensor:
    """转置卷积的权重，它对每个通道单独插值。

    Shapes:
        out  (C, C, k, k)  float32；每个通道到自身是外积，不同通道之间为 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="bilinear_kernel"
# check("segmentation", task="bilinear_kernel")

# %% [markdown]
# 步幅为 32 的图很粗，步幅为 16 和 8 的图能看到更细的轮廓。所以把它们的输出头给出的图逐步**相加**：把步幅 32 的得分放大到两倍，加上步幅 16 的输出头；再把和放大到两倍，加上步幅 8 的输出头；最后放大到八倍。这些网络按最后一步的倍数称为 FCN-32s、FCN-16s 和 FCN-8s。
#
# 遇到奇数大小，放大到两倍的图可能比更细的图多一行或一列：在右侧和底部**裁剪**。最后一张图裁剪到图像的大小。

# %%
class Backbone(nn.Module):
    """一个小网络，返回步幅为 8、16 和 32 的特征图。已给出。"""

    def __init__(self, widths: tuple[int, ...] = (16, 24, 32, 48, 64)) -> None:
        super().__init__()
        self.channels = widths[2:]
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
            for a, b in pairwise((3, *widths))
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for block in self.blocks:
            x = block(x)  # 缩小一半，向上取整
            maps.append(x)
        return maps[2:]


# %% task="FCN"
# 约 40 分钟，困难。卡住了？hint("FCN") 会给出第一步。
class FCN(nn.Module):
    """FCN-32s、FCN-16s 或 FCN-8s，由 `stride` 决定。

    各层已给出，从粗到细：`heads[0]` 读取步幅 32，`heads[1]` 读取步幅 16，`heads[2]` 读取步幅 8；`twice[0]` 放大
    步幅 32 给出的结果，`twice[1]` 放大步幅 16 处的和；`last` 放大 `stride` 倍。这些转置卷积开始时做双线性插值。
    各输出头的结果相加；多出的部分在右侧和底部裁掉。

    Shapes:
        backbone  返回步幅为 8、16、32 的特征图，通道数为 backbone.channels；大小向上取整
        x         (N, 3, H, W)            float
        out       (N, num_classes, H, W)  logit
    """

    def __init__(self, backbone: nn.Module, num_classes: int, stride: int = 8) -> None:
        super().__init__()
        steps = {32: 0, 16: 1, 8: 2}[stride]
        self.backbone = backbone
        channels = list(backbone.channels)[::-1][: steps + 1]
        self.heads = nn.ModuleList(nn.Conv2d(c, num_classes, 1) for c in channels)
        self.twice = nn.ModuleList(
            nn.ConvTranspose2d(num_classes, num_classes, 4, 2, 1, bias=False) for _ in range(steps)
        )
        self.last = nn.ConvTranspose2d(num_classes, num_classes, 2 * stride, stride, stride // 2, bias=False)
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="FCN"
# check("segmentation", task="FCN")

# %% [markdown] question="segmentation-q2"
# **简答题 2。** 在这种网络出现之前，人们把分类器依次用在一个个窗口上。$h \times w$ 像素的窗口，在 $H \times W$ 的图像中有 $(H - h + 1)(W - w + 1)$ 个位置。各种大小的窗口总共有多少个？在 800 × 600 的图像中有多少个？在什么意义上，步幅 32 的图上的 1 × 1 输出头是把一个分类器用在许多窗口上？它省去了哪些计算？

# %% [markdown] answer="segmentation-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 U-Net
#
# U-Net（Ronneberger 等 2015）先向下，再用同样多的步数回到上面；在每个层级，向上途中的图与向下途中的图**拼接**：来自下方的图知道是什么，来自侧面的图知道在哪里。宽度为 $(c_0, c_1, \ldots)$ 时：
#
# - 向下：每个层级一个卷积块；层级之间做窗口为 2 的最大池化。块的结果在池化**之前**就是这个层级的跳跃连接。
# - 向上：卷积核为 2、步幅为 2 的转置卷积，从 $c_{i+1}$ 个通道到 $c_i$ 个；然后拼接跳跃连接和这个结果，跳跃连接在前；再用一个块从 $2 c_i$ 到 $c_i$。
# - 最后用 1 × 1 卷积得到各个类别。
#
# 池化时奇数大小向下取整。于是放大后的图可能少一行或一列：在右侧和底部用 0 **填充**，直到跳跃连接的大小。

# %%
def conv_block(c_in: int, c_out: int) -> nn.Sequential:
    """两个 3 × 3 卷积，各带批量归一化和 ReLU。已给出。"""
    layers: list[nn.Module] = []
    for c in (c_in, c_out):
        layers += [nn.Conv2d(c, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]
    return nn.Sequential(*layers)


# %% task="UNet"
# 约 35 分钟，中等。卡住了？hint("UNet") 会给出第一步。
class UNet(nn.Module):
    """U-Net。各层已给出：`down[i]`、`up[i]` 和 `merge[i]` 属于层级 i，层级 0 的图最大。

    Shapes:
        x    (N, in_ch, H, W)        float；H 和 W 至少为 2**(len(widths) - 1)
        out  (N, num_classes, H, W)  logit
    """

    def __init__(self, in_ch: int, num_classes: int, widths: tuple[int, ...] = (12, 24, 48, 64)) -> None:
        super().__init__()
        self.down = nn.ModuleList(conv_block(a, b) for a, b in pairwise((in_ch, *widths)))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairwise(widths))
        self.merge = nn.ModuleList(conv_block(2 * c, c) for c in widths[:-1])
        self.last = nn.Conv2d(widths[0], num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="UNet"
# check("segmentation", task="UNet")

# %% [markdown]
# **沙漏网络**（hourglass，Newell 等 2016）寻找人的关节：每个关节一张热图。它的形状相同，但跳跃连接先经过自己的块 `side`，然后**相加**：$x = \text{merge}(\text{up}(x) + \text{side}(\text{skip}))$。

# %% task="Hourglass"
# 约 15 分钟，简单。卡住了？hint("Hourglass") 会给出第一步。
class Hourglass(nn.Module):
    """沙漏网络：与 U-Net 相同，但跳跃连接经过 `side[i]` 后相加。奇数大小用同样的方法填充。

    Shapes:
        x    (N, in_ch, H, W)   float；H 和 W 至少为 2**(len(widths) - 1)
        out  (N, joints, H, W)  每个关节一张热图
    """

    def __init__(self, in_ch: int, joints: int, widths: tuple[int, ...] = (12, 24, 48)) -> None:
        super().__init__()
        self.down = nn.ModuleList(conv_block(a, b) for a, b in pairwise((in_ch, *widths)))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairwise(widths))
        self.side = nn.ModuleList(conv_block(c, c) for c in widths[:-1])
        self.merge = nn.ModuleList(conv_block(c, c) for c in widths[:-1])
        self.last = nn.Conv2d(widths[0], joints, 1)

    def forward(self, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Hourglass"
# check("segmentation", task="Hourglass")

# %% tags=["active-ipynb"]
# def train(net, epochs=8, size=32, lr=4e-3):
#     """采用单周期学习率调度的 Adam；返回对测试图像的预测。"""
#     steps = epochs * len(x_train) // size
#     optimizer = torch.optim.Adam(net.parameters(), lr=lr)
#     schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
#     for step in range(steps):
#         if step % (len(x_train) // size) == 0:
#             order = torch.randperm(len(x_train))
#         batch = order[torch.arange(size) + step % (len(x_train) // size) * size]
#         optimizer.zero_grad()
#         pixel_cross_entropy(net(x_train[batch]), y_train[batch]).backward()
#         optimizer.step()
#         schedule.step()
#     net.eval()
#     with torch.no_grad():
#         return net(x_test).argmax(dim=1)
#
#
# def near_outline(y):
#     """两个像素之内两种类别都有的像素。"""
#     y = y[:, None].float()
#     return (F.max_pool2d(y, 5, 1, 2) + F.max_pool2d(-y, 5, 1, 2))[:, 0] > 0
#
#
# band, predictions = near_outline(y_test), {}
# for name, make in {
#     "FCN-32s": lambda: FCN(Backbone(), 2, 32),
#     "FCN-16s": lambda: FCN(Backbone(), 2, 16),
#     "FCN-8s": lambda: FCN(Backbone(), 2, 8),
#     "U-Net": lambda: UNet(3, 2, (8, 16, 24, 32)),
# }.items():
#     seed_everything(0)
#     predictions[name] = train(make())
#     iou = miou(confusion(predictions[name], y_test, 2))
#     print(
#         f"{name}: mean IoU {iou:.3f}, accuracy near outlines {(predictions[name] == y_test)[band].float().mean():.3f}"
#     )

# %% tags=["active-ipynb"]
# shown = {}
# for n in (0, 1, 2):
#     shown[f"image {n}"] = x_test[n].movedim(0, -1).numpy()
#     shown[f"truth {n}"] = y_test[n].float()[..., None].expand(-1, -1, 3).numpy()
#     for name, pred in predictions.items():
#         shown[f"{name}, {n}"] = pred[n].float()[..., None].expand(-1, -1, 3).numpy()
# gallery(
#     shown,
#     "Three images, their objects, and what four networks say: FCN-32s finds little, FCN-16s and FCN-8s find blobs, "
#     "U-Net outlines.",
#     columns=6,
#     width=1.7,
# )

# %% [markdown]
# 步幅为 32 时，一张 32 × 32 像素的图像只剩一个向量。FCN-32s 只能用这个向量画出整个目标，常常说没有目标。步幅 16 和 8 的特征图能说出目标在哪里；只有 U-Net 能找到轮廓，因为它的第一个跳跃连接有图像的分辨率。

# %% [markdown] question="segmentation-q3"
# **简答题 3。** FCN-32s 和 FCN-8s 的权重个数几乎相同，粗的图也一样。跳跃连接带来了什么，是用学到的 64 × 64 卷积核放大做不到的？在 U-Net 中，如果跳跃连接取自池化**之后**，为什么帮助会变小？

# %% [markdown] answer="segmentation-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 物体与物质
#
# **语义**分割给每个像素一个类别，**实例**分割给每个物体一个掩码。**全景**分割（panoptic，Kirillov 等 2019）两者都有：每个像素属于一个分割块，它或是一个可数的**物体**（thing），或是一片**物质**（stuff），例如天空。物体的掩码可能重叠，所以把握大的先放：
#
# 1. 按得分从高到低处理物体；得分相等时，靠前的物体先处理。
# 2. 物体得到自己掩码中仍然空闲的像素。如果这些像素占掩码的比例低于 `min_share`，或者一个也没有，就舍弃这个物体，它的像素仍然空闲。
# 3. 最后仍空闲的像素，属于 `sem` 给出的物质；每类物质是一个分割块。`sem` = 255 表示什么都不是。

# %% task="merge_panoptic"
# 约 40 分钟，困难。卡住了？hint("merge_panoptic") 会给出第一步。
def merge_panoptic(
    sem: Tensor, masks: Tensor, scores: Tensor, labels: Tensor, min_share: float = 0.5
) -> tuple[Tensor, Tensor]:
    """把物体的掩码和物质的图合并成互不重叠的分割块。

    分割块的编号为 1、2……：先是保留的物体，按放置的顺序；然后是有空闲像素的物质类别，按从小到大的顺序。0 表示什
    么都不是。

    Shapes:
        sem      (H, W)     int64，物质的类别，255 表示什么都不是
        masks    (R, H, W)  bool
        scores   (R,)       float
        labels   (R,)       int64，物体的类别
        ids      (H, W)     int64，在 [0, S] 内
        classes  (S,)       int64，分割块 s 的类别是 classes[s - 1]
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="merge_panoptic"
# check("segmentation", task="merge_panoptic")

# %% [markdown]
# 指标是**全景质量**（panoptic quality）。预测的一个分割块和真实值的一个分割块，若类别相同且 IoU 大于 ½，就是匹配；TP 是匹配，FP 和 FN 是没有匹配的分割块。于是 $\text{PQ} = \sum_{\text{TP}} \text{IoU} \; / \; (\text{TP} + \tfrac12 \text{FP} + \tfrac12 \text{FN})$。

# %%
def panoptic_quality(ids: Tensor, classes: Tensor, true_ids: Tensor, true_classes: Tensor) -> float:
    """所有类别合在一起的全景质量。已给出。"""
    total, matches = 0.0, 0
    for s, c in enumerate(classes.tolist(), start=1):
        for t, d in enumerate(true_classes.tolist(), start=1):
            one, other = ids == s, true_ids == t
            iou = float((one & other).sum()) / max(float((one | other).sum()), 1.0)
            if c == d and iou > 0.5:
                total, matches = total + iou, matches + 1
    return total / max(matches + (len(classes) - matches + len(true_classes) - matches) / 2, 1e-9)

# %% tags=["active-ipynb"]
# recipe = scenes.Recipe(objects=(4, 4), jitter=1100)
# described = scenes.describe(0, [3], stream="panoptic", recipe=recipe)
# scene, seen = torch.from_numpy(render.render(described, 96))[0], render.annotate(described[0], 96)
# things, labels = torch.from_numpy(seen.masks), torch.from_numpy(seen.labels)
# sky = torch.full((96, 96), 20)
# sky[60:] = 21  # 两种物质
# wide = F.max_pool2d(things[:, None].float(), 9, 1, 4)[:, 0] > 0  # 掩码宽出四个像素，并且重叠
# scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
# truth = merge_panoptic(sky, things, scores, labels)
# ids, classes = merge_panoptic(sky, wide, scores, labels)
# pq = panoptic_quality(ids, classes, *truth)
# figure = gallery(
#     {
#         "the scene": scene.movedim(0, -1).numpy(),
#         "truth": truth[0].numpy(),
#         f"wide masks, merged: PQ {pq:.2f}": ids.numpy(),
#     },
#     "A scene of four objects; its segments; and the segments of masks that are too wide.",
#     width=2.8,
# )
# for axes in figure.axes[1:]:
#     axes.images[0].set_cmap("tab10")
# figure

# %% [markdown] question="segmentation-q4"
# **简答题 4。** 设真实值的分割块互不重叠。证明：预测的一个分割块，至多与真实值的一个分割块的 IoU 大于 ½。证明在哪里用到了互不重叠？

# %% [markdown] answer="segmentation-q4"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 每个像素都是一个样本。没有标签的像素在哪里都不计；小目标需要比较面积的损失。指标先在整个集合上求和，最后才相除。往下走时失去的细节由跳跃连接带回来，或相加，或拼接。掩码重叠时，由顺序决定。
#
# **延伸阅读。** DeepLabv3+（Chen 等，*Encoder-decoder with atrous separable convolution for semantic image segmentation*，2018）把空洞卷积和跳跃连接结合起来。nnU-Net（Isensee 等 2021）表明，只要周围的一切都做好，普通的 U-Net 能走多远。Mask2Former（Cheng 等 2022）用同一种方法处理语义、实例和全景分割，Segment Anything（Kirillov 等 2023）则不需要类别。
