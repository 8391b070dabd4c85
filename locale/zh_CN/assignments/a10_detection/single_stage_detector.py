# %% [markdown]
# # 单阶段目标检测
#
# 分类器只说图像里**是什么**；检测器还要说**在哪里**、有几个：它返回一串框，每个框带一个类别和一个置信度。这串框也可以是空的。你要仿照 YOLO（Redmon 等 2016，2018）搭一个：一个网络只看一眼，激活图的每个网格单元报告中心落在其中的目标。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 框 | `GenerateAnchor`, `GenerateProposal`, `IoU`, `match_anchors`, `nms` | 32 | 155 |
# | 2 检测器 | `PredictionNetwork`, `SingleStageDetector.forward`, `.inference` | 22 | 95 |
# | 3 有多好？ | `precision_recall`, `average_precision`, `mean_average_precision` | 15 | 70 |
#
# 第二个笔记本 `two_stage_detector` 会用到你在这里写的东西；另外 31 分在那里。
#
# **贯穿始终的约定。** 框是 `(x0, y0, x1, y1)`：左、上、右、下。检测器用主干网络的**激活图**（activation map）作尺子：第 2 行第 5 列的网格单元覆盖框 `(5, 2, 6, 3)`，中心为 `(5.5, 2.5)`。一个网格单元宽 8 个像素，所以 `to_map` 把像素数除以 8。一批框是一个张量 `(B, N, 5)`：四个坐标和类别。各张图像的目标个数不同，不足的用全是 -1 的行补齐：**类别为 -1 的行不是框**；B 张图像都没有目标时，`N = 0`。

# %%
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common.nets.backbone import Backbone
from common.nets.detection import ANCHORS, box_offsets, generate_grid


# %% tags=["active-ipynb"]
# import time
#
# from autograder import check, hint
# from common.plots.boxes import Layer, box_figure, match_figure
# from common.data import DataError
# from common.data.boxes import collate, load_boxes
# from common.nets.detection import to_map, train_detector
# from common.plots import curves
# from common.training.seed import seed_everything
#
# seed_everything(0)

# %% [markdown]
# ## 数据
#
# 场景为 64 × 64 像素，最多有五个带纹理的图形；每十二张中有一张什么都没有。每个 `Example` 有一张图像、以像素为单位的框和它们的标签（还有每个目标的掩码，这里用不到）。`collate` 把几个合成一个批量。

# %% tags=["active-ipynb"]
# train_data = load_boxes("scenes", "train", count=800)
# val_data = load_boxes("scenes", "val", count=150)
# train, val = collate([*train_data]), collate([*val_data])
# names = train_data.class_names
# print("images", tuple(train.images.shape), "boxes", tuple(train.boxes.shape), "classes", len(names))
#
#
# def truth(boxes):
#     """一张图像的真实框，作为画图的一层。"""
#     real = boxes[boxes[:, 4] >= 0]
#     return Layer(real[:, :4], "white", [names[int(label)] for label in real[:, 4]])
#
#
# box_figure(train.images[:12], [[truth(boxes)] for boxes in train.boxes[:12]], columns=6)

# %% [markdown]
# ## 1 框
#
# ### 锚框
#
# 让网络凭空说出框，学得很慢。**修正**框要容易些：在图像上铺一组固定的**锚框**（anchor），每个网格单元的中心周围有几种形状；网络只需说出哪些锚框里有目标，以及怎样移动和伸缩它们。`anc[a]` 是第 `a` 种形状的宽和高。

# %% task="GenerateAnchor"
# 约 15 分钟，简单。卡住了？hint("GenerateAnchor") 会给出第一步。
def GenerateAnchor(anc: Tensor, grid: Tensor) -> Tensor:
    """围绕网格的每个点，每种形状各放一个框。框的一部分可以在激活图之外。

    Shapes:
        anc   (A, 2)           每种形状的宽和高，以网格单元为单位
        grid  (B, H, W, 2)     各中心的 x 和 y，以网格单元为单位；H 和 W 可以不同
        out   (B, A, H, W, 4)  xyxy；dtype 和设备同 grid
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="GenerateAnchor"
# check("single_stage_detector", task="GenerateAnchor")

# %% [markdown]
# 左：一个网格单元上的所有形状。中：所有网格单元上的一种形状。右：和目标比一比。每种大小、每个位置附近都有合适的锚框吗？

# %% tags=["active-ipynb"]
# grid = generate_grid(torch.zeros(1, 1, 8, 8))
# anchors = GenerateAnchor(torch.tensor(ANCHORS), grid)
# one_cell, one_shape = anchors[0, :, 3, 3] * 8, anchors[0, 0].reshape(-1, 4) * 8
# box_figure(
#     train.images[[0, 0, 4]],
#     [[Layer(one_cell, "red")], [Layer(one_shape, "yellow")], [truth(train.boxes[4]), Layer(one_cell, "red")]],
#     columns=3, scale=3.2,
# )

# %% [markdown]
# ### 提议框
#
# 网络对每个锚框给出四个数。设锚框的中心为 $(x_a, y_a)$，宽为 $w_a$，高为 $h_a$；提议框的中心为 $(x, y)$，宽为 $w$，高为 $h$。常用的参数化有两种：
#
# | 方法 | 中心 | 大小 |
# |---|---|---|
# | `"YOLO"` | $x = x_a + t_x,\quad y = y_a + t_y$ | $w = w_a e^{t_w},\quad h = h_a e^{t_h}$ |
# | `"FasterRCNN"` | $x = x_a + t_x w_a,\quad y = y_a + t_y h_a$ | $w = w_a e^{t_w},\quad h = h_a e^{t_h}$ |
#
# （第二种出自 Ren 等 2015，式 2。第一种是 YOLO 的做法：网络让 $t_x$ 和 $t_y$ 保持在 -0.5 和 0.5 之间，提议框的中心就不会离开锚框所在的网格单元。）`common` 中的 `box_offsets` 是逆运算：它算出正确的偏移量。

# %% task="GenerateProposal"
# 约 20 分钟，简单。卡住了？hint("GenerateProposal") 会给出第一步。
def GenerateProposal(anchors: Tensor, offsets: Tensor, method: str = "YOLO") -> Tensor:
    """按偏移量移动和伸缩每个锚框。其他方法抛出 ValueError。

    Shapes:
        anchors  (B, A, H, W, 4)  xyxy；其他以 4 结尾的形状也可以
        offsets  (B, A, H, W, 4)  tx, ty, tw, th
        method   str              "YOLO" 或 "FasterRCNN"
        out      (B, A, H, W, 4)  xyxy
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="GenerateProposal"
# check("single_stage_detector", task="GenerateProposal")

# %% [markdown] question="det-q1"
# **简答题 1。** 两种方法都把宽和高**乘以**一个指数因子，而不是加上 $t_w$ 和 $t_h$。给出两个理由。另外，如果 YOLO 的 $t_x$ 不加限制，训练中可能出什么问题？

# %% [markdown] answer="det-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ### 交并比
#
# 怎样衡量一个框盖住另一个框的程度？用两者共有的面积，除以两者合起来覆盖的面积：
#
# $$ \mathrm{IoU}(p, b) = \frac{|p \cap b|}{|p \cup b|} = \frac{|p \cap b|}{|p| + |b| - |p \cap b|} . $$
#
# 两个框相同时为 1，只是相接时为 0；两者一起缩放，值不变。没有面积的框和谁都没有重叠：IoU 为 0，和自己也是 0（当心 $0 / 0$）。
#
# 用广播，不用循环。还要节省：$K = A \cdot H \cdot W$ 个提议框和 $N$ 个框有 $K \cdot N$ 对，每一对只需要几个数，不需要把两个框各复制一份。

# %% task="IoU"
# 约 30 分钟，中等。卡住了？hint("IoU") 会给出第一步。
def IoU(proposals: Tensor, bboxes: Tensor) -> Tensor:
    """每张图像中所有提议框与所有框的交并比；有一方没有面积时为 0。

    不用 Python 循环；每个张量为每一对最多存 2 个数。

    Shapes:
        proposals  (B, A, H, W, 4)  xyxy；x1 > x0 且 y1 > y0，否则这个框没有面积
        bboxes     (B, N, 5)        xyxy 和类别；类别用不到
        out        (B, A*H*W, N)    在 [0, 1] 中，提议框的顺序同 proposals.reshape(B, -1, 4)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="IoU"
# check("single_stage_detector", task="IoU")

# %% [markdown]
# ### 锚框与框的匹配
#
# 要训练，每个锚框都得知道自己该说什么。锚框分成三种：
#
# * **正锚框**（positive）：与一个框匹配，应当有把握，并学习那个框的偏移量和类别；
# * **负锚框**（negative）：离每个框都远，应当学会什么都不报告；
# * **中性锚框**（neutral）：与某个框有重叠，但另有锚框做得更好。两种回答都不算错，所以它什么都不学。
#
# 哪些锚框是正的，有两条规则。
#
# **`"YOLO"`**：对每个框，找出中心离框的中心最近的网格单元，也就是 $|dx| + |dy|$ 最小的那个。框的中心正好在几个网格单元之间、距离相等时，取其中按阅读顺序的第一个（逐行，从左到右）。在这一个网格单元的锚框中，取与框的 IoU 最大的（有并列时取第一个）。IoU 大于 0，这个锚框就是正的。几个框想要同一个锚框时，它归 IoU 最大的框（有并列时取第一个）。
#
# **`"FasterRCNN"`**（Ren 等 2015，第 3.1.2 节）：满足下面任何一条，锚框就是正的。
#
# * (i) 它是某个框的最佳锚框：对每个框，找出这张图像所有锚框与它的最大 IoU。这个值大于 0 时，与这个框的 IoU 恰好等于它的锚框都是正的。
# * (ii) 它与某个框的 IoU 不小于 `pos_thresh`。
#
# 正锚框匹配的是与自己 IoU 最大的框（有并列时取第一个）。由于 (i)，这个框可能不是以它为最佳锚框的那个框。
#
# 两条规则下，不是正的锚框，如果与**每个**框的 IoU 都小于 `neg_thresh`，就是负的，其余的是中性的。没有框的图像，所有锚框都是负的。填充行不是框。

# %% task="match_anchors"
# 约 60 分钟，困难。卡住了？hint("match_anchors") 会给出第一步。
def match_anchors(
    anchors: Tensor,
    bboxes: Tensor,
    iou_mat: Tensor,
    pos_thresh: float = 0.7,
    neg_thresh: float = 0.3,
    method: str = "FasterRCNN",
) -> Tensor:
    """对每个锚框说出它匹配的框：框在 bboxes 中的行号；负锚框为 -1，中性锚框为 -2。

    Shapes:
        anchors  (B, A, H, W, 4)  xyxy；同一网格单元的 A 个锚框中心相同
        bboxes   (B, N, 5)        xyxy 和类别；类别为 -1：填充行。N 可以为 0
        iou_mat  (B, A*H*W, N)    每个锚框与每个框的 IoU
        method   str              "YOLO"（用不到 pos_thresh）或 "FasterRCNN"
        out      (B, A*H*W)       int64：0..N-1 为正，-1 为负，-2 为中性
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="match_anchors"
# check("single_stage_detector", task="match_anchors")

# %% [markdown]
# 白色：框；绿色虚线：正锚框；橙色点线：中性锚框。（其他都是负锚框。）上面一行是 YOLO 的规则，一个框一个锚框；下面一行是 Faster R-CNN 的规则，几个锚框学同一个框。

# %% tags=["active-ipynb"]
# some = to_map(train.boxes[:4])
# anchors = GenerateAnchor(torch.tensor(ANCHORS), generate_grid(torch.zeros(4, 1, 8, 8)))
# overlaps = IoU(anchors, some)
# by_yolo = match_anchors(anchors, some, overlaps, neg_thresh=0.4, method="YOLO")
# by_faster = match_anchors(anchors, some, overlaps, pos_thresh=0.5, neg_thresh=0.3, method="FasterRCNN")
# match_figure(train.images[:4], anchors * 8, train.boxes[:4], [by_yolo, by_faster])

# %% [markdown]
# ### 非极大值抑制
#
# 相邻的锚框找到同一个目标，每个都来报告。保留置信度最高的报告，丢弃与它重叠太多的；再取剩下的中置信度最高的，如此继续：
#
# 1. 取得分最高的框（得分相同时取索引较小的），保留它；
# 2. 丢弃所有与它的 IoU **大于** `iou_threshold` 的框；
# 3. 对剩下的继续，直到一个也不剩；给了 `topk` 时，保留了 `topk` 个框就停。
#
# 循环遍历**保留**的框没有问题。循环遍历所有的对，面对检测器给出的成千上万个框，要花几分钟。

# %% task="nms"
# 约 30 分钟，中等。卡住了？hint("nms") 会给出第一步。
def nms(boxes: Tensor, scores: Tensor, iou_threshold: float = 0.5, topk: int | None = None) -> Tensor:
    """非极大值抑制之后留下的框，按得分从高到低；给了 topk 时只取前 topk 个。

    Shapes:
        boxes   (K, 4)       xyxy；K 可以为 0
        scores  (K,)
        topk    int or None  不小于 1；None：没有上限
        out     (M,)         int64，boxes 中的索引
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nms"
# check("single_stage_detector", task="nms")

# %% [markdown] question="det-q2"
# **简答题 2。** 同一类别的两个目标，重叠的 IoU 为 0.6。检测器把两个都完美地找了出来，阈值为 0.5 的 NMS 会把结果变成什么样？把阈值提高到 0.9 呢？为什么只抑制**同一类别**的框会有帮助，什么时候没有帮助？

# %% [markdown] answer="det-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 2 检测器
#
# ### 预测网络
#
# 主干网络把图像变成特征图，每个网格单元一个向量。两个 1x1 卷积把每个网格单元的向量变成它的回答：
#
#     Conv2d(in_dim, hidden_dim, 1) -> Dropout(drop_ratio) -> LeakyReLU() -> Conv2d(hidden_dim, 5 * A + C, 1)
#
# 前 $5A$ 个通道属于锚框：通道 $5a, \dots, 5a + 4$ 是锚框 $a$ 的置信度和 $t_x, t_y, t_w, t_h$。最后 $C$ 个通道是网格单元的类别得分，由它的锚框共用。置信度要经过 sigmoid。$t_x$ 和 $t_y$ 经过 sigmoid，再减去 0.5，使中心留在网格单元内。$t_w$、$t_h$ 和类别得分保持原样。
#
# 训练时只问一部分锚框，用**索引**（index）指明：一个批量的锚框按 `(B, A, H, W)` 的顺序编号，所以锚框 $(b, a, i, j)$ 的索引是 $((b A + a) H + i) W + j$。

# %% task="PredictionNetwork"
# 约 35 分钟，中等。卡住了？hint("PredictionNetwork") 会给出第一步。
class PredictionNetwork(nn.Module):
    """预测每个锚框的置信度和偏移量，以及每个网格单元的类别得分。"""

    def __init__(
        self,
        in_dim: int,
        hidden_dim: int = 128,
        num_anchors: int = 9,
        num_classes: int = 20,
        drop_ratio: float = 0.3,
    ):
        super().__init__()
        self.num_anchors = num_anchors
        self.num_classes = num_classes
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(
        self, features: Tensor, pos_anchor_idx: Tensor | None = None, neg_anchor_idx: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """对所有锚框预测；给了索引时，只对 P 个正锚框和 Q 个负锚框预测。

        Shapes:
            features        (B, in_dim, H, W)
            pos_anchor_idx  (P,)  int64，P 可以为 0；要与下一个一起给出
            neg_anchor_idx  (Q,)  int64
            out 没有索引：置信度 (B, A, H, W)，偏移量 (B, A, 4, H, W)，类别得分 (B, C, H, W)
            out 有索引：  置信度 (P + Q, 1)，正锚框在前；正锚框的偏移量 (P, 4)
                          和类别得分 (P, C)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="PredictionNetwork"
# check("single_stage_detector", task="PredictionNetwork")

# %% [markdown]
# ### 训练与推断
#
# **训练**（`forward`）。计算特征，在 `generate_grid(features)` 上放锚框，计算 IoU，用 YOLO 的规则匹配，`neg_thresh=0.4`。向预测网络询问正锚框和负锚框，然后比较：
#
# $$ L = \frac{1}{\max(P, 1)} \Big( \sum_{\text{pos, neg}} \mathrm{BCE}(c, \hat c)
#    \;+\; 5 \sum_{\text{pos}} \lVert t - \hat t \rVert^2 \;+\; \sum_{\text{pos}} \mathrm{CE}(s, \hat y) \Big) $$
#
# $P$ 是整个批量中正锚框的个数。BCE 把正锚框的置信度与 1 比较，负锚框的与 0 比较。正确的偏移量 $\hat t$ 来自 `box_offsets(..., "YOLO")`；因子 5 是 YOLO 的 $\lambda_\text{coord}$（Redmon 等 2016，式 3）。CE 是类别得分的 softmax 交叉熵。没有框的图像贡献它的负锚框。
#
# **推断。** 按预测的偏移量把锚框变成提议框。提议框的类别是所在网格单元得分最大的类别。保留置信度**大于** `thresh` 的提议框，**在每个类别内部**运行 `nms`，每张图像剩下的按置信度从高到低返回。这里不需要梯度。调用者已经调用过 `detector.eval()`。
#
# 构造函数已经写好。用它创建的部件，名字不变：检查项会换上别的部件。

# %% task="SingleStageDetector.forward SingleStageDetector.inference"
# 约 60 分钟，困难。卡住了？hint("SingleStageDetector.forward") 或 hint("SingleStageDetector.inference") 会给出第一步。
class SingleStageDetector(nn.Module):
    """仿照 YOLO，用单阶段检测目标。所有框都以激活图的网格单元为单位。"""

    def __init__(
        self,
        num_classes: int = 20,
        hidden_dim: int = 128,
        drop_ratio: float = 0.3,
        anchors: Sequence[Sequence[float]] = ANCHORS,
    ):
        super().__init__()
        self.feat_extractor = Backbone()  # (B, 3, H, W) -> (B, out_channels, H / 8, W / 8)
        self.register_buffer("anchor_list", torch.tensor(anchors))  # (A, 2)
        self.pred_network = PredictionNetwork(
            self.feat_extractor.out_channels,
            hidden_dim=hidden_dim,
            num_anchors=len(anchors),
            num_classes=num_classes,
            drop_ratio=drop_ratio,
        )

    def forward(self, images: Tensor, bboxes: Tensor) -> Tensor:
        """一个批量的损失。

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
            thresh      float         保留置信度大于它的提议框
            nms_thresh  float         nms 的 IoU 阈值
            out         三个列表，各有 B 个张量：框 (K, 4)，以网格单元为单位的 xyxy；置信度 (K,)；类别 (K,) int64
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="SingleStageDetector.forward"
# check("single_stage_detector", task="SingleStageDetector.forward")

# %% tags=["active-ipynb"] grade="SingleStageDetector.inference"
# check("single_stage_detector", task="SingleStageDetector.inference")

# %% [markdown]
# 正式训练之前先过拟合：连四张图像都记不住（过拟合）的检测器一定有 bug。损失应降到 0.1 以下。

# %% tags=["active-ipynb"]
# detector = SingleStageDetector(num_classes=len(names), drop_ratio=0.0)
# losses, _ = train_detector(detector, train.images[:4], train.boxes[:4], steps=80, batch_size=8)
# print(f"loss {losses[0]:.2f} -> {losses[-1]:.3f}")

# %% [markdown]
# 现在用 800 张场景。这很快，因为主干网络是训练好的：它已经学会说出单个图形是什么（`tools/train_backbone.py`），就像别处的检测器从 ImageNet 上训练的网络出发。

# %% tags=["active-ipynb"]
# # 约 15 秒
# seed_everything(0)
# detector = SingleStageDetector(num_classes=len(names), drop_ratio=0.0)
# begun = time.perf_counter()
# losses, kept = train_detector(
#     detector, train.images, train.boxes, steps=300, milestones=(20, 100, 300), progress=True
# )
# print(f"{time.perf_counter() - begun:.0f} s")
# curves({"loss": losses}, ylabel="loss", xlabel="step")

# %% [markdown]
# 20、100 和 300 步之后，检测器对同样的图像怎么说。它先学会哪里有**东西**，然后是有多大，最后才是叫什么。

# %% tags=["active-ipynb"]
# def detect(detector, images, thresh=0.5, nms_thresh=0.5):
#     """许多图像的检测结果，以像素为单位，格式符合第 3 部分各函数的要求。"""
#     found = []
#     for part in images.split(50):
#         for boxes, scores, labels in zip(*detector.inference(part, thresh=thresh, nms_thresh=nms_thresh)):
#             found.append({"boxes": boxes * 8, "scores": scores, "labels": labels})
#     return found
#
#
# def detections(found, colour="red"):
#     """一张图像的检测结果，作为画图的一层。"""
#     pairs = zip(found["labels"].tolist(), found["scores"].tolist())
#     return Layer(found["boxes"], colour, [f"{names[label]} {score:.1f}" for label, score in pairs])
#
#
# shown = val.images[:5]
# layers, titles = [], []
# for step, weights in kept.items():
#     detector.load_state_dict(weights)
#     layers += [[detections(found)] for found in detect(detector, shown)]
#     titles += [f"step {step}"] * len(shown)
# box_figure(shown.repeat(len(kept), 1, 1, 1), layers, titles=titles, columns=len(shown), scale=2.4)

# %% [markdown]
# NMS 之前和之后的提议框，置信度都大于 0.2：

# %% tags=["active-ipynb"]
# before = detect(detector, shown, thresh=0.2, nms_thresh=1.0)
# after = detect(detector, shown, thresh=0.2, nms_thresh=0.5)
# layers = [[Layer(found["boxes"], "yellow")] for found in before] + [[detections(found)] for found in after]
# titles = [f"{len(found['boxes'])} before" for found in before] + [f"{len(found['boxes'])} after" for found in after]
# box_figure(shown.repeat(2, 1, 1, 1), layers, titles=titles, columns=len(shown), scale=2.4)

# %% [markdown]
# ## 3 有多好？
#
# 检测结果的类别正确，且与某个目标的 IoU 不小于 0.5，就算对；但同一个目标的第二个检测结果算错。这里还有取舍：只报告有把握的，就会漏掉目标；什么都报告，大部分就是错的。所以把一个类别的所有检测结果按置信度从高到低走一遍，每走一个就计算：
#
# $$ \text{recall} = \frac{\text{right so far}}{\text{all objects of the class}}, \qquad
#    \text{precision} = \frac{\text{right so far}}{\text{detections so far}} . $$
#
# ### 精确率和召回率
#
# PASCAL VOC 的规则（Everingham 等 2010，第 4.2 节），针对一个类别：把**所有**图像的检测结果放进一个列表，按得分从高到低（得分相同时，图像靠前的在前，同一图像中排在前面的在前）。然后逐个处理：
#
# * **在它自己的图像里**，找出与它 IoU 最大的这个类别的目标（有并列时取第一个）；
# * 如果 IoU 不小于 `iou_threshold`，而且这个目标还没有被认领，这个检测结果就算对，并认领这个目标；
# * 否则算错。特别是目标已经被认领时：它**不能**改去认领另一个。
#
# 预测结果是一个列表，每张图像一个字典，含有 `"boxes"` (K, 4)、`"scores"` (K,) 和 `"labels"` (K,)；真实值（targets）也一样，只是没有得分。

# %% task="precision_recall"
# 约 45 分钟，困难。卡住了？hint("precision_recall") 会给出第一步。
def precision_recall(
    predictions: Sequence[dict[str, Tensor]],
    targets: Sequence[dict[str, Tensor]],
    label: int,
    iou_threshold: float = 0.5,
) -> tuple[Tensor, Tensor]:
    """一个类别在每个检测结果之后的召回率和精确率，得分从高到低。

    没有这个类别的目标时，召回率始终为 0。没有它的检测结果时，两者都是空的。

    Shapes:
        predictions  list of dicts  "boxes" (K, 4) xyxy，"scores" (K,)，"labels" (K,) int64；每张图像一个字典
        targets      list of dicts  "boxes" (N, 4) xyxy，"labels" (N,) int64
        out          (D,), (D,)     召回率和精确率，float；D 是所有图像中这个类别的检测结果个数
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="precision_recall"
# check("single_stage_detector", task="precision_recall")

# %% [markdown]
# ### 平均精度
#
# 用一个数概括整条曲线：曲线下方的面积。曲线有锯齿，因为精确率每错一次就下降，每对一次就上升。所以先把它变平滑：在每个召回率处，取这个召回率**或任何更高**召回率下能达到的最好的精确率。记 $k$ 个检测结果之后的召回率为 $r_k$，精确率为 $p_k$，并令 $r_0 = 0$，则
#
# $$ \mathrm{AP} = \sum_{k=1}^{D} (r_k - r_{k-1}) \, \max_{j \ge k} p_j . $$
#
# 这是 PASCAL VOC 从 2010 年起的定义。（之前是 11 个固定召回率处的均值。COCO 取 101 个召回率处的均值。它们相差一个百分点左右：报告时一定要说明用的是哪一种。）从未达到的召回率不贡献面积。

# %% task="average_precision"
# 约 15 分钟，中等。卡住了？hint("average_precision") 会给出第一步。
def average_precision(recall: Tensor, precision: Tensor) -> float:
    """插值后的精确率-召回率曲线下方的面积，取所有的点。

    对 k 求和：(r_k - r_(k-1)) 乘以 j >= k 时 p_j 的最大值，其中 r_0 = 0。

    Shapes:
        recall     (D,)   逐个上升或相等；D 可以为 0，此时结果为 0.0
        precision  (D,)
        out        float  在 [0, 1] 中
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="average_precision"
# check("single_stage_detector", task="average_precision")

# %% [markdown]
# **mAP** 是 AP 对**真实值中出现过的**类别取的均值。谁也不可能找到的类别不算在内，即使检测器报告了它。一个目标都没有时，记为 0。

# %% task="mean_average_precision"
# 约 10 分钟，简单。卡住了？hint("mean_average_precision") 会给出第一步。
def mean_average_precision(
    predictions: Sequence[dict[str, Tensor]], targets: Sequence[dict[str, Tensor]], iou_threshold: float = 0.5
) -> float:
    """average_precision 对真实值中出现过的类别取的均值；没有类别时为 0.0。

    Shapes:
        predictions, targets  lists of dicts，同 precision_recall
        out                   float  在 [0, 1] 中
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="mean_average_precision"
# check("single_stage_detector", task="mean_average_precision")

# %% [markdown]
# 计算 mAP 要用较低的置信度阈值：曲线也需要那些没把握的检测结果。

# %% tags=["active-ipynb"]
# targets = [{"boxes": b[b[:, 4] >= 0, :4], "labels": b[b[:, 4] >= 0, 4].long()} for b in val.boxes]
# found = detect(detector, val.images, thresh=0.05, nms_thresh=0.5)
# for threshold in (0.3, 0.5, 0.7):
#     print(f"mAP at IoU {threshold}: {mean_average_precision(found, targets, threshold):.3f}")

# %% tags=["active-ipynb"]
# from common.plots.boxes import precision_recall_figure
#
# pairs = {names[label]: precision_recall(found, targets, label) for label in (0, 3, 6, 9)}
# precision_recall_figure({f"{name}: AP {average_precision(*pair):.2f}": pair for name, pair in pairs.items()})

# %% [markdown] question="det-q3"
# **简答题 3。** 检测器把一个类别的每个目标都完美地找到一次，AP 为 1。现在它把每个检测结果报告两次，框相同。如果每个副本都紧跟在原件之后，AP 是多少？如果所有副本的得分都低于所有原件呢？这对 NMS 说明了什么？

# %% [markdown] answer="det-q3"
# YOUR ANSWER HERE

# %% [markdown]
# 检测器错得最厉害的图像，正是该看的图像。白色：目标；红色虚线：它的报告。哪些错误是漏掉的目标，哪些是叫错了名字，哪些是框不准？

# %% tags=["active-ipynb"]
# sure = detect(detector, val.images, thresh=0.4, nms_thresh=0.5)
# per_image = [
#     mean_average_precision([f], [t]) if len(t["labels"]) else 1.0 - len(f["boxes"]) for f, t in zip(sure, targets)
# ]
# worst = torch.tensor(per_image).argsort()[:8]
# layers = [[truth(val.boxes[i]), detections(sure[i])] for i in worst.tolist()]
# box_figure(val.images[worst], layers, titles=[f"AP {per_image[i]:.2f}" for i in worst.tolist()], columns=4, scale=3)

# %% [markdown]
# ## 真实图像
#
# COCO 的官方文件在手时（`GRADLAB_DATA` 指定含有 `annotations/` 和 `train2017/` 的文件夹），这里在十张 112 × 112 像素的照片上过拟合。真实目标的大小不同，所以用另外的锚框。十张图像教不会什么是自行车，但能说明你的代码里没有什么是只为场景写的。

# %% tags=["active-ipynb"]
# # 有 COCO 时约 30 秒
# try:
#     coco = load_boxes("coco", "train", count=10, size=112)
#     real = collate([*coco])
# except DataError as error:
#     real = None
#     print(error)
# if real is not None:
#     anchors = ((1.0, 1.0), (2.0, 2.0), (2.0, 4.0), (4.0, 2.0), (5.0, 8.0), (8.0, 5.0), (11.0, 11.0))
#     detector = SingleStageDetector(num_classes=len(coco.class_names), drop_ratio=0.0, anchors=anchors)
#     losses, _ = train_detector(
#         detector, real.images, real.boxes, steps=200, batch_size=10, learning_rate=2e-3, progress=True
#     )
#     print(f"loss {losses[0]:.2f} -> {losses[-1]:.3f}")
#     names = coco.class_names
#     layers = [[detections(f)] for f in detect(detector, real.images)]
#     display(box_figure(real.images, layers, columns=5, scale=3))

# %% [markdown]
# ## 小结
#
# 检测器就是反复提问的分类器，再加上簿记：哪个锚框负责哪个目标，几个回答该信哪个，怎样拿一个列表对照另一个列表来打分。几乎所有 bug 都出在这些簿记上。下一个笔记本里，第二阶段对每个提议框再看一眼，位置和名字都会更准。
#
# **延伸阅读。** RetinaNet（Lin 等，*Focal loss*，2017）解释了单阶段为什么曾落后于两阶段：简单的负样本太多。FCOS（Tian 等 2019）去掉了锚框。DETR（Carion 等 2020）连 NMS 也去掉了：Transformer 返回框的**集合**，与目标一对一匹配。GIoU（Rezatofighi 等 2019）把 IoU 变成一种损失，框不重叠的地方也有斜率。
