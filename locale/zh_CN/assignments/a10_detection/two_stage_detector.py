# %% [markdown]
# # 两阶段目标检测
#
# 单阶段检测器只凭一个网格单元的向量，就得说出在哪里**和**是什么。Faster R-CNN（Ren 等 2015）看两眼。第一阶段是**区域提议网络**（region proposal network），只问：有没有目标，它的框是什么？第二阶段从激活图中切出每个提议框的特征，这时整个目标尽收眼底，才问它是什么。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 第一阶段 | `ProposalModule`, `RPN.forward`, `.inference` | 15 | 70 |
# | 2 第二阶段 | `roi_align`, `TwoStageDetector.forward`, `.inference` | 16 | 100 |
#
# 这里处处用到 `single_stage_detector` 的函数：两个文件都要提交。约定不变：框 `(x0, y0, x1, y1)` 以激活图的网格单元为单位；批量为 `(B, N, 5)`，其中类别为 -1 的是填充行；锚框按 `(B, A, H, W)` 的顺序编号。

# %% tags=["active-ipynb"]
# from autograder import check, hint  # 放在最前：它会找到你的另一个笔记本

# %%
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from single_stage_detector import GenerateAnchor, GenerateProposal, IoU, match_anchors, nms
from torch import Tensor, nn

from common.nets.backbone import Backbone
from common.nets.detection import ANCHORS, box_offsets, generate_grid


# %% tags=["active-ipynb"]
# import time
# from itertools import pairwise
#
# import matplotlib.pyplot as plt
#
# from common.plots.boxes import Layer, box_figure, precision_recall_figure
# from common.data.boxes import collate, load_boxes
# from common.nets.detection import to_map, train_detector
# from common.plots import curves, image_grid, show
# from common.training.seed import seed_everything
# from single_stage_detector import SingleStageDetector, average_precision, mean_average_precision, precision_recall
#
# seed_everything(0)

# %% [markdown]
# 上面对 `single_stage_detector` 的导入，取的是你在同名笔记本或脚本中的成果，看你完成的是哪一个。那边改动之后，要重启这个笔记本的内核。
#
# ## 1 第一阶段
#
# ### 提议模块
#
# 它和预测网络很像，有三处不同：第一个卷积是 3x3，能看到相邻的网格单元；没有类别；每个锚框得到的不是一个置信度，而是**目标**和**背景**两个得分，由 softmax 变成概率。
#
#     Conv2d(in_dim, hidden_dim, 3, padding=1) -> Dropout(drop_ratio) -> LeakyReLU() -> Conv2d(hidden_dim, 6 * A, 1)
#
# 对锚框 $a$，通道 $6a, \dots, 6a + 5$ 依次是：目标的得分，背景的得分，$t_x, t_y, t_w, t_h$。六个都原样返回。提议框用方法 `"FasterRCNN"` 生成。

# %% task="ProposalModule"
# 约 25 分钟，中等。卡住了？hint("ProposalModule") 会给出第一步。
class ProposalModule(nn.Module):
    """对每个锚框预测有没有目标，以及偏移量。"""

    def __init__(self, in_dim: int, hidden_dim: int = 256, num_anchors: int = 9, drop_ratio: float = 0.3):
        super().__init__()
        self.num_anchors = num_anchors
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(
        self,
        features: Tensor,
        pos_anchor_coord: Tensor | None = None,
        pos_anchor_idx: Tensor | None = None,
        neg_anchor_idx: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """对所有锚框预测；给了索引时，只对 P 个正锚框和 Q 个负锚框预测。

        Shapes:
            features          (B, in_dim, H, W)
            pos_anchor_coord  (P, 4)  正锚框的 xyxy；P 可以为 0。后三个要一起给出
            pos_anchor_idx    (P,)    int64
            neg_anchor_idx    (Q,)    int64
            out 没有索引：得分 (B, A, 2, H, W)，偏移量 (B, A, 4, H, W)
            out 有索引：  得分 (P + Q, 2)，正锚框在前；正锚框的偏移量 (P, 4)
                          和提议框 (P, 4)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ProposalModule"
# check("two_stage_detector", task="ProposalModule")

# %% [markdown]
# ### 区域提议网络
#
# **训练**（`forward`）。和之前一样，不同的是：锚框按规则 `"FasterRCNN"` 匹配，`pos_thresh=0.5`，`neg_thresh=0.3`；偏移量来自 `box_offsets(..., "FasterRCNN")`；损失是
#
# $$ L_\text{RPN} = \frac{1}{\max(P, 1)} \Big( \sum_{\text{pos, neg}} \mathrm{CE}(s, \hat s)
#    \;+\; 10 \sum_{\text{pos}} \lVert t - \hat t \rVert^2 \Big) . $$
#
# CE 是两个得分的 softmax 交叉熵：对正锚框，索引 0（目标）是正确的；对负锚框，索引 1 是正确的。偏移量除以了锚框的大小，所以很小：10 是我们给它的权重。（Ren 等 2015，式 1，用 $\lambda = 10$ 另有原因：两个和除以不同的数，而且他们的损失是 smooth L1。）
#
# `output_mode="all"` 还返回第二阶段需要的东西，是一个字典：
#
# | 键 | 形状 | |
# |---|---|---|
# | `"loss"` | () | 同上 |
# | `"features"` | (B, D, H, W) | 来自主干网络 |
# | `"proposals"` | (P, 4) | 正锚框的提议框，按索引的顺序 |
# | `"images"` | (P,) int64 | 每个来自批量中的哪张图像 |
# | `"labels"` | (P,) int64 | 每个所匹配的框的类别 |
#
# **推断。** 把所有锚框变成提议框；置信度是由 softmax 得到的**目标**的概率。每张图像保留置信度**大于** `thresh` 的提议框，再保留其中 `nms` 留下的，按置信度从高到低。这时还没有类别，所以放在一起抑制。`mode="FasterRCNN"` 把特征作为第三个值返回。

# %% task="RPN.forward RPN.inference"
# 约 45 分钟，中等。卡住了？hint("RPN.forward") 或 hint("RPN.inference") 会给出第一步。
class RPN(nn.Module):
    """提议含有目标的区域，不论什么类别。所有框都以激活图的网格单元为单位。"""

    def __init__(
        self,
        hidden_dim: int = 256,
        drop_ratio: float = 0.3,
        anchors: Sequence[Sequence[float]] = ANCHORS,
    ):
        super().__init__()
        self.feat_extractor = Backbone()  # (B, 3, H, W) -> (B, out_channels, H / 8, W / 8)
        self.register_buffer("anchor_list", torch.tensor(anchors))  # (A, 2)
        self.prop_module = ProposalModule(
            self.feat_extractor.out_channels, hidden_dim=hidden_dim, num_anchors=len(anchors), drop_ratio=drop_ratio
        )

    def forward(self, images: Tensor, bboxes: Tensor, output_mode: str = "loss") -> Tensor | dict[str, Tensor]:
        """一个批量的损失，或者连同第二阶段需要的东西。

        Shapes:
            images       (B, 3, H, W)
            bboxes       (B, N, 5)     以网格单元为单位的 xyxy 和类别；类别为 -1：填充行。N 可以为 0
            output_mode  str           "loss" 或 "all"
            out          ()            或一个字典，见上文
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def inference(
        self, images: Tensor, thresh: float = 0.5, nms_thresh: float = 0.7, mode: str = "RPN"
    ) -> tuple[list[Tensor], list[Tensor]] | tuple[list[Tensor], list[Tensor], Tensor]:
        """提议区域：每张图像的框和置信度，按置信度从高到低。

        Shapes:
            images      (B, 3, H, W)
            thresh      float         保留置信度大于它的提议框
            nms_thresh  float         nms 的 IoU 阈值
            mode        str           "RPN"，或 "FasterRCNN"，此时特征作为第三个值返回
            out         两个列表，各有 B 个张量：框 (K, 4)，以网格单元为单位的 xyxy；置信度 (K,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="RPN.forward"
# check("two_stage_detector", task="RPN.forward")

# %% tags=["active-ipynb"] grade="RPN.inference"
# check("two_stage_detector", task="RPN.inference")

# %% [markdown]
# 数据与第一个笔记本相同。单独一个提议网络，150 步之后：NMS 之前和之后的提议框。

# %% tags=["active-ipynb"]
# # 约 10 秒
# train_data = load_boxes("scenes", "train", count=800)
# train, val = collate([*train_data]), collate([*load_boxes("scenes", "val", count=150)])
# names = train_data.class_names
# rpn = RPN(hidden_dim=128, drop_ratio=0.0)
# losses, _ = train_detector(rpn, train.images, train.boxes, steps=150, progress=True)
# print(f"loss {losses[0]:.2f} -> {losses[-1]:.2f}")
#
# shown = val.images[:5]
# before, after = rpn.inference(shown, nms_thresh=1.0)[0], rpn.inference(shown, nms_thresh=0.5)[0]
# layers = [[Layer(boxes * 8, "yellow")] for boxes in before] + [[Layer(boxes * 8, "red")] for boxes in after]
# titles = [f"{len(boxes)} before" for boxes in before] + [f"{len(boxes)} after" for boxes in after]
# box_figure(shown.repeat(2, 1, 1, 1), layers, titles=titles, columns=5, scale=2.4)

# %% [markdown] question="det-q4"
# **简答题 4。** 按规则 `"FasterRCNN"`，许多锚框学同一个目标；按 `"YOLO"`，只有一个。哪种检测器更依赖 NMS，为什么？如果规则只有 (ii)，即阈值，而没有 (i)，会出什么问题？

# %% [markdown] answer="det-q4"
# YOUR ANSWER HERE

# %% [markdown]
# ## 2 第二阶段
#
# ### RoI Align
#
# 提议框的坐标带小数，例如 (2.3, 1.1, 4.9, 3.6)，而激活图由网格单元组成；第二阶段希望每个框得到同样多的特征。RoI Align（He 等 2017，第 3 节）把框切成 `height x width` 个相等的子区域，在每个子区域内的规则点上对激活图**采样**：这里是 2 × 2 个点，即把子区域的边各分成两半，取每个四分之一的中心。沿 x 方向，子区域宽 $w$ 时，子区域 $i$ 的点在 $x_0 + (i + \frac14) w$ 和 $x_0 + (i + \frac34) w$。子区域的值是四个采样值的均值。
#
# 网格单元之间的点，采样是**双线性**（bilinear）的：中心围住这个点的四个网格单元，按远近加权。第 $j$ 列网格单元的中心在 $x = j + \frac12$。所以令 $u = x - \frac12$，$l = \lfloor u \rfloor$，$f = u - l$，则第 $l$ 列的权重为 $1 - f$，第 $l + 1$ 列的权重为 $f$；各行同理，权重相乘。在最外圈的中心之外，激活图按边界上的值延续：把 $u$ 限制在 $[0, W - 1]$，$v$ 限制在 $[0, H - 1]$。
#
# 什么都不取整：框移动十分之一个网格单元，特征就变一点点。它的前身 RoI Pooling 把框取整到网格单元的边界，代价是定位不准；下面有一张图说明是怎么回事。
#
# 手写：不允许用 `F.grid_sample`、`F.interpolate` 及其同类。用行和列的张量来索引激活图。

# %% task="roi_align"
# 约 60 分钟，困难。卡住了？hint("roi_align") 会给出第一步。
def roi_align(features: Tensor, boxes: Tensor, output_size: tuple[int, int]) -> Tensor:
    """每个框的特征：每个子区域中 2 × 2 个双线性采样值的均值。梯度能传到特征。

    Shapes:
        features     (B, C, H, W)
        boxes        (R, 5)                   图像 (0..B-1)，以网格单元为单位的 x0, y0, x1, y1；R 可以为 0
        output_size  (height, width)          子区域的个数
        out          (R, C, height, width)    dtype 和设备同 features
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="roi_align"
# check("two_stage_detector", task="roi_align")

# %% [markdown]
# 把像素当作网格单元，RoI Align 也能用在图像上。先是带框的图像，然后是每个框的 16 × 16 结果。

# %% tags=["active-ipynb"]
# boxes = train.boxes[4][train.boxes[4][:, 4] >= 0, :4]
# patches = roi_align(train.images[4:5], torch.cat([torch.zeros(len(boxes), 1), boxes], dim=1), (16, 16))
# box_figure(train.images[4:5], [[Layer(boxes, "white")]], scale=3)

# %% tags=["active-ipynb"]
# image_grid(patches, columns=5, alt="What is inside of each box, cut out and brought to the same size.")

# %% [markdown]
# **为什么要对齐？** RoI Pooling（Girshick，*Fast R-CNN*，2015）把框取整到网格单元的边界，切成子区域，子区域也取整，再取每个子区域的最大值。这里激活图的一个网格单元宽 8 个像素，所以取整会把框移动最多 4 个像素，而这里的目标只有 8 到 23 个像素宽。下面的单元格让一个 2.5 × 2.5 网格单元的框在平滑的激活图上向右滑过三个网格单元，画出其中一个子区域的值：对大多数移动，RoI Pooling 毫无反应，到了某些位置又突然跳变。这样，损失没法指出框该往哪边移，由它也画不出精确到像素的掩码。

# %% tags=["active-ipynb"]
# def roi_pool(features, box, size):
#     """一个框的 RoI Pooling：框和子区域的边都取整到网格单元的边界，再取最大值。"""
#     x0, y0, x1, y1 = (int(round(side)) for side in box)
#     columns = [round(x0 + i * max(x1 - x0, 1) / size[1]) for i in range(size[1] + 1)]
#     rows = [round(y0 + i * max(y1 - y0, 1) / size[0]) for i in range(size[0] + 1)]
#     bins = [
#         features[..., r0 : max(r1, r0 + 1), c0 : max(c1, c0 + 1)].amax(dim=(-2, -1))
#         for r0, r1 in pairwise(rows)
#         for c0, c1 in pairwise(columns)
#     ]
#     return torch.stack(bins, dim=-1).unflatten(-1, size)
#
#
# smooth_map = torch.sin(torch.linspace(0, 5, 10))[None, None, None].expand(1, 1, 10, 10)
# moves = torch.linspace(0, 3, 151)
# boxes = torch.tensor([0.0, 2.0, 2.0, 4.5, 4.5]) + moves[:, None] * torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0])
# values = {
#     "RoI Align": roi_align(smooth_map, boxes, (2, 2))[:, 0, 0, 1],
#     "RoI Pooling": torch.stack([roi_pool(smooth_map[0, 0], box[1:].tolist(), (2, 2))[0, 1] for box in boxes]),
# }
# figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
# for (name, heights), style in zip(values.items(), ("-", "--")):
#     axes.plot(moves, heights, style, label=name)
# axes.set(xlabel="box moved to the right by, in cells", ylabel="value of the upper right bin")
# axes.legend(frameon=False)
# show("The value of one bin while the box moves: a smooth curve for RoI Align, a staircase for RoI Pooling.")

# %% [markdown]
# ### 两阶段检测器
#
# 构造函数把提议网络存为 `self.rpn`，而 `self.classifier` 是：
#
#     Linear(in_dim * roi_output_h * roi_output_w, hidden_dim)
#     -> Dropout(drop_ratio) -> ReLU() -> Linear(hidden_dim, num_classes)
#
# **训练。** 用 `output_mode="all"` 运行提议网络：它返回自己的损失、提议框和它们的标签。用 RoI Align 切出提议框的特征，展平，再分类。在第一阶段的损失上加 $\frac{1}{\max(P, 1)} \sum \mathrm{CE}(s, \hat y)$。提议框的坐标在这里是**常数**：要分离它们，免得类别的损失把框推来推去。特征不分离：通过它们，主干网络从两个阶段学习。
#
# **推断。** 用同样的两个阈值，从 `self.rpn.inference` 得到提议框，再给每个分类。类别是得分最大的那个，置信度是乘积
#
# $$ P(\text{object}) \cdot P(\text{class} \mid \text{object}), $$
#
# 即第一阶段的置信度乘以该类别的 softmax 概率。每张图像的检测结果按这个置信度从高到低返回。`thresh` 用于第一阶段的置信度。没有提议框的图像给出空张量。

# %% task="TwoStageDetector.forward TwoStageDetector.inference"
# 约 40 分钟，中等。卡住了？hint("TwoStageDetector.forward") 或 hint("TwoStageDetector.inference") 会给出第一步。
class TwoStageDetector(nn.Module):
    """仿照 Faster R-CNN，分两个阶段检测目标。所有框都以激活图的网格单元为单位。"""

    def __init__(
        self,
        in_dim: int = Backbone.out_channels,
        hidden_dim: int = 256,
        num_classes: int = 20,
        roi_output_w: int = 2,
        roi_output_h: int = 2,
        drop_ratio: float = 0.3,
        anchors: Sequence[Sequence[float]] = ANCHORS,
    ):
        super().__init__()
        self.num_classes = num_classes
        self.roi_output_w, self.roi_output_h = roi_output_w, roi_output_h
        self.rpn = RPN(hidden_dim=hidden_dim, drop_ratio=drop_ratio, anchors=anchors)
        self.classifier = nn.Sequential(
            nn.Linear(in_dim * roi_output_h * roi_output_w, hidden_dim),
            nn.Dropout(drop_ratio),
            nn.ReLU(),
            nn.Linear(hidden_dim, num_classes),
        )

    def forward(self, images: Tensor, bboxes: Tensor) -> Tensor:
        """一个批量的损失：第一阶段的损失加上第二阶段的损失。

        Shapes:
            images  (B, 3, H, W)
            bboxes  (B, N, 5)     以网格单元为单位的 xyxy 和类别；类别为 -1：填充行。N 可以为 0
            out     ()
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def inference(
        self, images: Tensor, thresh: float = 0.5, nms_thresh: float = 0.7
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """检测目标：每张图像的框、置信度和类别，按置信度从高到低。

        Shapes:
            images      (B, 3, H, W)
            thresh      float         保留第一阶段置信度大于它的提议框
            nms_thresh  float         nms 的 IoU 阈值
            out         三个列表，各有 B 个张量：框 (K, 4)，以网格单元为单位的 xyxy；置信度 (K,)；类别 (K,) int64
        """
        # YOUR CODE HERE
        raise NotImplementedError()

# %% tags=["active-ipynb"] grade="TwoStageDetector.forward"
# check("two_stage_detector", task="TwoStageDetector.forward")

# %% tags=["active-ipynb"] grade="TwoStageDetector.inference"
# check("two_stage_detector", task="TwoStageDetector.inference")

# %% [markdown]
# 两个检测器，数据相同，主干网络相同，步数相同：

# %% tags=["active-ipynb"]
# # 约 30 秒
# def detect(detector, images, thresh=0.5, nms_thresh=0.5):
#     """许多图像的检测结果，以像素为单位。"""
#     found = []
#     for part in images.split(50):
#         for boxes, scores, labels in zip(*detector.inference(part, thresh=thresh, nms_thresh=nms_thresh)):
#             found.append({"boxes": boxes * 8, "scores": scores, "labels": labels})
#     return found
#
#
# seed_everything(0)
# detectors = {
#     "single-stage": SingleStageDetector(num_classes=len(names), drop_ratio=0.0),
#     "two-stage": TwoStageDetector(num_classes=len(names), drop_ratio=0.0),
# }
# targets = [{"boxes": b[b[:, 4] >= 0, :4], "labels": b[b[:, 4] >= 0, 4].long()} for b in val.boxes]
# history, kept, found = {}, {}, {}
# for name, detector in detectors.items():
#     begun = time.perf_counter()
#     history[name], kept[name] = train_detector(
#         detector, train.images, train.boxes, steps=300, milestones=(20, 100, 300), progress=True
#     )
#     found[name] = detect(detector, val.images, thresh=0.05)
#     value = mean_average_precision(found[name], targets)
#     print(f"{name:13} {time.perf_counter() - begun:4.0f} s   mAP {value:.3f}")
# curves(history, ylabel="loss (of different kinds)", xlabel="step")

# %% tags=["active-ipynb"]
# label = 6
# pairs = {name: precision_recall(each, targets, label) for name, each in found.items()}
# print(names[label])
# precision_recall_figure({f"{name}: AP {average_precision(*pair):.2f}": pair for name, pair in pairs.items()})

# %% [markdown]
# 两阶段检测器对同样的图像，在 20、100 和 300 步之后：

# %% tags=["active-ipynb"]
# def detections(found, colour="red"):
#     pairs = zip(found["labels"].tolist(), found["scores"].tolist())
#     return Layer(found["boxes"], colour, [f"{names[label]} {score:.1f}" for label, score in pairs])
#
#
# layers, titles = [], []
# for step, weights in kept["two-stage"].items():
#     detectors["two-stage"].load_state_dict(weights)
#     layers += [[detections(each)] for each in detect(detectors["two-stage"], shown)]
#     titles += [f"step {step}"] * len(shown)
# box_figure(shown.repeat(len(kept["two-stage"]), 1, 1, 1), layers, titles=titles, columns=len(shown), scale=2.4)

# %% [markdown]
# 以及它错得最厉害的地方。白色：目标；红色虚线：它的报告。

# %% tags=["active-ipynb"]
# sure = detect(detectors["two-stage"], val.images, thresh=0.4)
# per_image = [
#     mean_average_precision([f], [t]) if len(t["labels"]) else 1.0 - len(f["boxes"]) for f, t in zip(sure, targets)
# ]
# worst = torch.tensor(per_image).argsort()[:8].tolist()
# layers = []
# for i in worst:
#     texts = [names[label] for label in targets[i]["labels"]]
#     layers.append([Layer(targets[i]["boxes"], "white", texts), detections(sure[i])])
# box_figure(val.images[worst], layers, titles=[f"AP {per_image[i]:.2f}" for i in worst], columns=4, scale=3)

# %% [markdown] question="det-q5"
# **简答题 5。** 第二阶段的好处从哪里来：是找到了更多目标，还是名字叫得更准？两样都测一测。然后让 `roi_align` 只采样每个提议框的中心，重新训练：什么变了，为什么？（这个主干网络的一个网格单元看得到 39 × 39 个像素。）接着：假设让梯度流过提议框的坐标，类别的损失会把框往哪里推？最后：用 RoI Pooling 代替 RoI Align，哪一样受损最大：大目标的名字、小目标的名字，还是掩码？为什么？

# %% [markdown] answer="det-q5"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 两阶段检测器把计算花在可能有目标的地方。你搭的是 Faster R-CNN，只是第二阶段少了两个部分：
#
# - **框的修正。** 完整的检测器还由 RoI 的特征为每个类别预测四个偏移量，用在**提议框**上，就像 `GenerateProposal(..., method="FasterRCNN")` 把第一次的偏移量用在锚框上。损失多一项，即对含有目标的提议框求 $t - \hat t$ 的 smooth L1。框会更准，因为看第二眼时整个目标尽收眼底。
# - **背景类别。** 它的分类器有 `num_classes + 1` 个输出。训练时它也看与哪个目标的重叠都不到 0.5 的提议框，数量约为达到 0.5 的三倍，并学会把它们叫作背景；推断时丢弃这样的框。我们的检测器在这件事上相信第一阶段，置信度是两者的乘积。
#
# 再加一个部分，根据框内的特征为每个类别预测 28 x 28 的掩码，就是 Mask R-CNN。去掉锚框，让每个网格单元预测一个框，就是 FCOS。
#
# **延伸阅读。** 特征金字塔（Lin 等 2017）在精细的特征图上找小目标，在粗糙的特征图上找大目标；我们只有一张。Cascade R-CNN（Cai 和 Vasconcelos 2018）把框修正三次。Huang 等（*Speed/accuracy trade-offs for modern convolutional object detectors*，2017）公平地比较了单阶段与两阶段。Segment Anything（Kirillov 等 2023）展示了掩码如今能做到什么程度。
