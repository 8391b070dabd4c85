# %% [markdown]
# # Object detection in one stage
#
# A classifier says *what* an image shows. A detector also says *where*, and how many: it returns a list of boxes,
# each with a class and a confidence. The list may be empty. You build one in the manner of YOLO (Redmon et al.
# 2016, 2018): one network looks once, and every cell of its map reports the objects whose centre is in it.
#
# <!-- parts -->
#
# The second notebook, `two_stage_detector`, uses what you write here; it has the other
# <!-- points two_stage_detector.py --> points.
#
# **One convention for everything.** A box is `(x0, y0, x1, y1)`: left, top, right, bottom. Detectors measure on
# the *activation map* of the backbone: the cell in row 2 and column 5 covers the box `(5, 2, 6, 3)`, and its
# centre is `(5.5, 2.5)`. One cell is 8 pixels wide, so `to_map` divides pixels by 8. A batch of boxes is a tensor
# `(B, N, 5)`: four coordinates and the class. Images have different numbers of objects, so rows of -1 fill up:
# **a row whose class is -1 is not a box**, and B images without any object have `N = 0`.

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
# ## The data
#
# Scenes of 64 x 64 pixels with up to five textured shapes; every twelfth has none. Each `Example` has an image,
# its boxes in pixels, and their labels (also masks of each object, which we do not need here). `collate` makes
# one batch of several.

# %% tags=["active-ipynb"]
# train_data = load_boxes("scenes", "train", count=800)
# val_data = load_boxes("scenes", "val", count=150)
# train, val = collate([*train_data]), collate([*val_data])
# names = train_data.class_names
# print("images", tuple(train.images.shape), "boxes", tuple(train.boxes.shape), "classes", len(names))
#
#
# def truth(boxes):
#     """The real boxes of one image, as a layer to draw."""
#     real = boxes[boxes[:, 4] >= 0]
#     return Layer(real[:, :4], "white", [names[int(label)] for label in real[:, 4]])
#
#
# box_figure(train.images[:12], [[truth(boxes)] for boxes in train.boxes[:12]], columns=6)

# %% [markdown]
# ## 1 Boxes
#
# ### Anchors
#
# A network that must name boxes out of nothing learns slowly. It is easier to *correct* boxes: lay a fixed set of
# **anchors** over the image, a few shapes around the centre of every cell, and let the network say which of them
# have an object and how to move and stretch them. `anc[a]` is the width and height of shape number `a`.


# %% task="GenerateAnchor" minutes=15 difficulty="easy"
def GenerateAnchor(anc: Tensor, grid: Tensor) -> Tensor:
    """Place a box of each shape around each point of the grid. Parts of a box may lie outside the map.

    Shapes:
        anc   (A, 2)           width and height of each shape, in cells
        grid  (B, H, W, 2)     x and y of the centres, in cells; H and W may differ
        out   (B, A, H, W, 4)  xyxy; dtype and device of the grid
    """
    ### BEGIN SOLUTION
    centre = grid[:, None]  # (B, 1, H, W, 2)
    half = (anc.to(grid) / 2)[:, None, None]  # (A, 1, 1, 2)
    return torch.cat([centre - half, centre + half], dim=-1)
    ### END SOLUTION


# %% [markdown] hint="GenerateAnchor"
# 1. A box is its centre minus half its size and its centre plus half its size.
# 2. Give the grid an axis for the shapes, (B, 1, H, W, 2), and the shapes three axes behind theirs but before the last:
#    (A, 1, 1, 2). They broadcast.
# 3. Concatenate the two corners along the last axis.

# %% [markdown]
# Left: all shapes at one cell. Middle: one shape at all cells. Right: compare with the objects. Is some anchor near
# every size and place?

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
# ### Proposals
#
# The network gives four numbers for each anchor. With the anchor's centre $(x_a, y_a)$, width $w_a$ and height
# $h_a$, the proposal has the centre $(x, y)$, width $w$ and height $h$. Two parametrisations are in use:
#
# | method | centre | size |
# |---|---|---|
# | `"YOLO"` | $x = x_a + t_x,\quad y = y_a + t_y$ | $w = w_a e^{t_w},\quad h = h_a e^{t_h}$ |
# | `"FasterRCNN"` | $x = x_a + t_x w_a,\quad y = y_a + t_y h_a$ | $w = w_a e^{t_w},\quad h = h_a e^{t_h}$ |
#
# (The second is Ren et al. 2015, equation 2. The first is what YOLO does, with the network keeping $t_x$ and
# $t_y$ between -0.5 and 0.5, so that a proposal's centre stays inside the anchor's cell.) `box_offsets` from
# `common` is the inverse: it computes the offsets that would be right.


# %% task="GenerateProposal" minutes=20 difficulty="easy"
def GenerateProposal(anchors: Tensor, offsets: Tensor, method: str = "YOLO") -> Tensor:
    """Move and stretch each anchor by its offsets. Raises ValueError for any other method.

    Shapes:
        anchors  (B, A, H, W, 4)  xyxy; any other shape that ends in 4 will do, too
        offsets  (B, A, H, W, 4)  tx, ty, tw, th
        method   str              "YOLO" or "FasterRCNN"
        out      (B, A, H, W, 4)  xyxy
    """
    ### BEGIN SOLUTION
    if method not in ("YOLO", "FasterRCNN"):
        raise ValueError(f"There is no method {method!r}; choose 'YOLO' or 'FasterRCNN'.")
    size = anchors[..., 2:] - anchors[..., :2]
    shift = offsets[..., :2] * size if method == "FasterRCNN" else offsets[..., :2]
    centre = (anchors[..., :2] + anchors[..., 2:]) / 2 + shift
    half = size * offsets[..., 2:].exp() / 2
    return torch.cat([centre - half, centre + half], dim=-1)
    ### END SOLUTION


# %% [markdown] hint="GenerateProposal"
# 1. From the corners compute the anchor's centre and its size, with slices `[..., :2]` and `[..., 2:]`.
# 2. Move the centre: by (tx, ty) for YOLO, by (tx, ty) times the size for Faster R-CNN. Any other method raises
#    `ValueError`.
# 3. The new size is the old one times exp(tw, th); half of it is on each side of the new centre.

# %% [markdown] question="det-q1"
# **Question 1.** Both methods *multiply* width and height by an exponential instead of adding $t_w$ and $t_h$.
# Give two reasons. And what could go wrong in training if YOLO's $t_x$ had no bounds?

# %% [markdown] answer="det-q1"
# ### BEGIN SOLUTION
# A width must be positive, and $w_a e^{t_w}$ is, whatever the network says. And a factor means the same for small
# and for large boxes: an error of half the width counts alike, where an added constant would be everything for a
# small box and nothing for a large one. Without bounds, the anchor of any cell could propose a box anywhere; many
# cells would compete for one object, none would be responsible for it, and early in training proposals would fly
# across the map.
# ### END SOLUTION

# %% [markdown]
# ### Intersection over union
#
# How well does one box cover another? Divide the area they share by the area they cover together,
#
# $$ \mathrm{IoU}(p, b) = \frac{|p \cap b|}{|p \cup b|} = \frac{|p \cap b|}{|p| + |b| - |p \cap b|} . $$
#
# It is 1 for equal boxes, 0 for boxes that only touch, and it does not change if both are scaled. A box without
# an area shares nothing with anything: IoU 0, also with itself (watch out for $0 / 0$).
#
# Use broadcasting, no loop. And be thrifty: $K = A \cdot H \cdot W$ proposals and $N$ boxes have $K \cdot N$
# pairs, and for each pair you need a few numbers, not a copy of both boxes.


# %% task="IoU" minutes=30 difficulty="medium"
def IoU(proposals: Tensor, bboxes: Tensor) -> Tensor:
    """Intersection over union of all proposals and all boxes of each image, 0 where either has no area.

    Without a Python loop, and without a tensor of more than 2 numbers for a pair.

    Shapes:
        proposals  (B, A, H, W, 4)  xyxy; x1 > x0 and y1 > y0, or the box has no area
        bboxes     (B, N, 5)        xyxy and class; the class is not looked at
        out        (B, A*H*W, N)    in [0, 1], proposals in the order of proposals.reshape(B, -1, 4)
    """
    ### BEGIN SOLUTION
    boxes = proposals.flatten(1, 3)[:, :, None]  # (B, K, 1, 4)
    others = bboxes[:, None, :, :4]  # (B, 1, N, 4)

    def area(box: Tensor) -> Tensor:
        return (box[..., 2:] - box[..., :2]).clamp(min=0).prod(dim=-1)

    width = torch.minimum(boxes[..., 2], others[..., 2]).sub_(torch.maximum(boxes[..., 0], others[..., 0]))  # (B, K, N)
    height = torch.minimum(boxes[..., 3], others[..., 3]).sub_(torch.maximum(boxes[..., 1], others[..., 1]))
    shared = width.clamp_(min=0).mul_(height.clamp_(min=0))
    covered = (area(boxes) + area(others)).sub_(shared)
    return shared.div_(covered).nan_to_num_(nan=0.0)  # 0 / 0 where neither box has an area
    ### END SOLUTION


# %% [markdown] hint="IoU"
# 1. Flatten the proposals to (B, K, 4) and let broadcasting make all pairs: (B, K, 1, 4) with (B, 1, N, 4).
# 2. The intersection reaches from the larger of the left sides to the smaller of the right sides. Clamp its width at 0,
#    its height as well, and only then multiply.
# 3. Work with single coordinates, (B, K, N) each. The union is the sum of both areas minus the intersection; where the
#    intersection is 0, return 0 (`torch.where`).

# %% [markdown]
# ### Matching anchors and boxes
#
# To train, each anchor needs to know what it should say. Three kinds of anchor come out:
#
# * **positive**: it is matched to one box, should be confident, and learns that box's offsets and class;
# * **negative**: it is far from every box and should learn to keep quiet;
# * **neutral**: it overlaps a box, but another anchor does better. Neither answer would be wrong, so it learns
#   nothing.
#
# Two rules say which anchors are positive.
#
# **`"YOLO"`**: for each box, find the cell whose centre is nearest to the box's centre: the one with the smallest
# $|dx| + |dy|$. If several cells are equally near, because the box's centre is exactly between them, take the first
# of them in reading order (row by row, from left to right). Of the anchors of that one cell, take the one with the
# largest IoU with the box (the first such anchor). That anchor is positive if the IoU is above 0. If several boxes
# want the same anchor, it goes to the one with the largest IoU (the first such box).
#
# **`"FasterRCNN"`** (Ren et al. 2015, section 3.1.2): two things make an anchor positive.
#
# * (i) It is some box's best anchor: for each box, find the largest IoU that any anchor of the image has with it. If
#    it is above 0, every anchor with exactly this IoU is positive.
# * (ii) Its IoU with some box is `pos_thresh` or more.
#
# A positive anchor is matched to the box with which its own IoU is largest (the first such box). By (i), that may
# be another box than the one whose best anchor it is.
#
# By both, an anchor that is not positive is negative if its IoU with *every* box is below `neg_thresh`; the
# others are neutral. All anchors of an image without boxes are negative. Rows of padding are not boxes.


# %% task="match_anchors" minutes=60 difficulty="hard"
def match_anchors(
    anchors: Tensor,
    bboxes: Tensor,
    iou_mat: Tensor,
    pos_thresh: float = 0.7,
    neg_thresh: float = 0.3,
    method: str = "FasterRCNN",
) -> Tensor:
    """Say for each anchor which box it is matched to: its row in bboxes, -1 for a negative, -2 for a neutral anchor.

    Shapes:
        anchors  (B, A, H, W, 4)  xyxy; the A anchors of a cell share one centre
        bboxes   (B, N, 5)        xyxy and class; class -1: a row of padding. N may be 0
        iou_mat  (B, A*H*W, N)    IoU of each anchor with each box
        method   str              "YOLO" (which does not look at pos_thresh) or "FasterRCNN"
        out      (B, A*H*W)       int64: 0..N-1 positive, -1 negative, -2 neutral
    """
    ### BEGIN SOLUTION
    B, A, H, W, _ = anchors.shape
    N = bboxes.shape[1]
    if N == 0:
        return torch.full((B, A * H * W), -1, device=anchors.device)
    real = bboxes[:, None, :, 4] >= 0  # (B, 1, N)
    iou = torch.where(real, iou_mat, -1.0)
    largest, box = iou.max(dim=2)  # (B, K); the first of several maxima
    negative = largest < neg_thresh
    if method == "FasterRCNN":
        best = iou.amax(dim=1, keepdim=True)  # (B, 1, N)
        positive = ((iou == best) & (best > 0)).any(dim=2) | (largest >= pos_thresh)
    elif method == "YOLO":
        centres = (anchors[:, 0, ..., :2] + anchors[:, 0, ..., 2:]).flatten(1, 2) / 2  # (B, H*W, 2)
        wanted = (bboxes[..., :2] + bboxes[..., 2:4]) / 2  # (B, N, 2)
        cell = (centres[:, :, None] - wanted[:, None]).abs().sum(dim=3).argmin(dim=1)  # (B, N)
        in_cell = iou.reshape(B, A, H * W, N).take_along_dim(cell[:, None, None], dim=2)[:, :, 0]  # (B, A, N)
        value, shape = in_cell.max(dim=1)  # (B, N)
        claims = torch.full_like(iou, -1).scatter_(1, (shape * H * W + cell)[:, None], value[:, None])
        claim, box = claims.max(dim=2)
        positive = claim > 0
    else:
        raise ValueError(f"There is no method {method!r}; choose 'YOLO' or 'FasterRCNN'.")
    return torch.where(positive, box, torch.where(negative, -1, -2))
    ### END SOLUTION


# %% [markdown] hint="match_anchors"
# 1. If N is 0, every anchor is negative: return early. Then set the IoU of padding rows to -1, so that they never win.
#    An anchor's largest IoU and its box come from one `max` over the last axis.
# 2. Faster R-CNN: an anchor is positive if its largest IoU reaches `pos_thresh`, or if its IoU with some box equals
#    that box's largest IoU over all anchors, above 0.
# 3. YOLO: for each box the `argmin` of |dx| + |dy| over the cells' centres; among the anchors of this cell the `argmax`
#    of the IoU. Anchor a of cell c has the number a * H * W + c. If two boxes want one anchor, the larger IoU wins.
# 4. Last: positive anchors get their box, the others -1 if their largest IoU is below `neg_thresh`, else -2.

# %% [markdown]
# White: the boxes; green and dashed: positive anchors; orange and dotted: neutral ones. (Negative anchors are all the
# others.) The upper row is YOLO's rule, one anchor to a box; the lower one is Faster R-CNN's, where several anchors
# learn the same box.

# %% tags=["active-ipynb"]
# some = to_map(train.boxes[:4])
# anchors = GenerateAnchor(torch.tensor(ANCHORS), generate_grid(torch.zeros(4, 1, 8, 8)))
# overlaps = IoU(anchors, some)
# by_yolo = match_anchors(anchors, some, overlaps, neg_thresh=0.4, method="YOLO")
# by_faster = match_anchors(anchors, some, overlaps, pos_thresh=0.5, neg_thresh=0.3, method="FasterRCNN")
# match_figure(train.images[:4], anchors * 8, train.boxes[:4], [by_yolo, by_faster])

# %% [markdown]
# ### Non-maximum suppression
#
# Neighbouring anchors find the same object, and each reports it. Keep the most confident report and drop what
# overlaps it too much; then the most confident of the rest, and so on:
#
# 1. take the box with the highest score (of equal scores the one with the smaller index) and keep it;
# 2. drop every box whose IoU with it is **above** `iou_threshold`;
# 3. go on with what is left, until nothing is left or, if `topk` is given, `topk` boxes are kept.
#
# A loop over the boxes that are *kept* is fine. A loop over all pairs takes minutes for the thousands of boxes
# that a detector gives you.


# %% task="nms" minutes=30 difficulty="medium"
def nms(boxes: Tensor, scores: Tensor, iou_threshold: float = 0.5, topk: int | None = None) -> Tensor:
    """Which boxes survive non-maximum suppression, by falling score; the first topk of them if topk is given.

    Shapes:
        boxes   (K, 4)       xyxy; K may be 0
        scores  (K,)
        topk    int or None  1 or more; None: there is no limit
        out     (M,)         int64, indices into boxes
    """
    ### BEGIN SOLUTION
    left = scores.argsort(descending=True, stable=True)
    kept = []
    while len(left) and (topk is None or len(kept) < topk):
        # One call of IoU for 256 boxes, since most of a call's time does not depend on their number.
        block, alive = left[:256], torch.ones_like(left, dtype=torch.bool)
        overlap = IoU(boxes[block][None, :, None, None], boxes[left][None])[0]  # (256, L)
        for row, box in enumerate(block):
            if alive[row]:
                kept.append(box)
                alive &= overlap[row] <= iou_threshold
        left = left[len(block) :][alive[len(block) :]]
    return torch.stack(kept)[:topk] if kept else left.new_zeros(0)
    ### END SOLUTION


# %% [markdown] hint="nms"
# 1. Sort once: `scores.argsort(descending=True, stable=True)`. Stable keeps the smaller index first among equals.
# 2. Take the first of the order, keep it, and compare it with all that are left in one call of `IoU`. Mind its shapes:
#    proposals (1, R, 1, 1, 4), boxes (1, 1, 4).
# 3. The new order is what overlaps by the threshold or less: indices into `boxes`, not into the rest. Stop at topk, and
#    stack what you kept (there may be nothing).

# %% [markdown] question="det-q2"
# **Question 2.** Two objects of one class overlap with an IoU of 0.6. What does NMS with a threshold of 0.5 do to
# a detector that finds both perfectly? What happens if you raise the threshold to 0.9? Why does suppressing only
# boxes *of the same class* help, and when does it not?

# %% [markdown] answer="det-q2"
# ### BEGIN SOLUTION
# It drops the less confident of the two: one object is lost, although it was found. With 0.9 both survive, but so
# do second and third reports of every other object, and each of these counts as a mistake. If the two objects
# have different classes, suppression within each class leaves both alone; it does not help for two of the same
# class, and it keeps two reports of one object when the detector calls it by two names.
# ### END SOLUTION

# %% [markdown]
# ## 2 The detector
#
# ### The prediction network
#
# The backbone turns an image into a map of features, one vector for each cell. Two 1x1 convolutions turn every
# cell's vector into its answers:
#
#     Conv2d(in_dim, hidden_dim, 1) -> Dropout(drop_ratio) -> LeakyReLU() -> Conv2d(hidden_dim, 5 * A + C, 1)
#
# The first $5A$ channels belong to the anchors: channels $5a, \dots, 5a + 4$ are the confidence, $t_x, t_y, t_w,
# t_h$ of anchor $a$. The last $C$ channels are the class scores of the cell, which its anchors share. The
# confidence goes through a sigmoid. $t_x$ and $t_y$ go through a sigmoid, less 0.5, so that the centre stays in
# the cell. $t_w$, $t_h$ and class scores are left as they are.
#
# In training only some anchors are asked. They are named by **index**: anchors of a batch are counted in the
# order `(B, A, H, W)`, so anchor $(b, a, i, j)$ has the index $((b A + a) H + i) W + j$.


# %% task="PredictionNetwork" minutes=35 difficulty="medium"
class PredictionNetwork(nn.Module):
    """Predicts confidence and offsets of each anchor, and class scores of each cell."""

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
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.Conv2d(in_dim, hidden_dim, 1),
            nn.Dropout(drop_ratio),
            nn.LeakyReLU(),
            nn.Conv2d(hidden_dim, 5 * num_anchors + num_classes, 1),
        )
        ### END SOLUTION

    def forward(
        self, features: Tensor, pos_anchor_idx: Tensor | None = None, neg_anchor_idx: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Predict for all anchors, or, if indices are given, for the P positive and Q negative anchors alone.

        Shapes:
            features        (B, in_dim, H, W)
            pos_anchor_idx  (P,)  int64, P may be 0; given together with
            neg_anchor_idx  (Q,)  int64
            out without indices: confidences (B, A, H, W), offsets (B, A, 4, H, W), class scores (B, C, H, W)
            out with indices:    confidences (P + Q, 1), positive ones first, offsets (P, 4) and class scores (P, C)
                                 of the positive anchors
        """
        ### BEGIN SOLUTION
        out = self.layers(features)
        B, _, H, W = out.shape
        A = self.num_anchors
        anchors, classes = out[:, : 5 * A].reshape(B, A, 5, H, W), out[:, 5 * A :]
        confidence = anchors[:, :, 0].sigmoid()
        offsets = torch.cat([anchors[:, :, 1:3].sigmoid() - 0.5, anchors[:, :, 3:]], dim=2)
        if pos_anchor_idx is None:
            return confidence, offsets, classes
        asked = torch.cat([pos_anchor_idx, neg_anchor_idx])
        cell = pos_anchor_idx // (A * H * W) * (H * W) + pos_anchor_idx % (H * W)
        return (
            confidence.reshape(-1, 1)[asked],
            offsets.movedim(2, -1).reshape(-1, 4)[pos_anchor_idx],
            classes.movedim(1, -1).reshape(-1, self.num_classes)[cell],
        )
        ### END SOLUTION


# %% [markdown] hint="PredictionNetwork"
# 1. The layers are listed in the text: 1 x 1 convolution, dropout, LeakyReLU, 1 x 1 convolution to 5 A + C channels.
# 2. Reshape the first 5 A channels to (B, A, 5, H, W). Sigmoid for the confidence; sigmoid - 0.5 for tx and ty; tw and
#    th as they are.
# 3. With indices: move the axis of the four offsets to the end before you reshape to rows. The cell of an anchor gives
#    its class scores: leave out the anchor's axis by expanding the scores over it.

# %% [markdown]
# ### Training and inference
#
# **Training** (`forward`). Compute the features, place anchors on `generate_grid(features)`, compute IoU, and
# match by YOLO's rule with `neg_thresh=0.4`. Ask the prediction network about the positive and the negative
# anchors, and compare:
#
# $$ L = \frac{1}{\max(P, 1)} \Big( \sum_{\text{pos, neg}} \mathrm{BCE}(c, \hat c)
#    \;+\; 5 \sum_{\text{pos}} \lVert t - \hat t \rVert^2 \;+\; \sum_{\text{pos}} \mathrm{CE}(s, \hat y) \Big) $$
#
# $P$ is the number of positive anchors in the whole batch. BCE compares the confidence with 1 for a positive and
# 0 for a negative anchor. The offsets $\hat t$ that would be right come from `box_offsets(..., "YOLO")`; the
# factor 5 is YOLO's $\lambda_\text{coord}$ (Redmon et al. 2016, equation 3). CE is the softmax cross-entropy of
# the class scores. An image without boxes contributes its negative anchors.
#
# **Inference.** Turn the anchors into proposals by the predicted offsets. A proposal's class is the cell's
# largest score. Keep the proposals whose confidence is **above** `thresh`, run `nms` **within each class**, and
# return what is left of each image by falling confidence. No gradients are needed. Whoever calls it has called
# `detector.eval()`.
#
# The constructor is given. Use what it makes, under these names: checks put other parts in their place.


# %% task="SingleStageDetector.forward SingleStageDetector.inference" minutes=60 difficulty="hard"
class SingleStageDetector(nn.Module):
    """Detects objects in one stage, in the manner of YOLO. All boxes are in cells of the activation map."""

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
        """The loss of a batch.

        Shapes:
            images  (B, 3, H, W)
            bboxes  (B, N, 5)     xyxy in cells and class; class -1: a row of padding. N may be 0
            out     ()
        """
        ### BEGIN SOLUTION
        features = self.feat_extractor(images)
        anchors = GenerateAnchor(self.anchor_list, generate_grid(features))
        matches = match_anchors(anchors, bboxes, IoU(anchors, bboxes), neg_thresh=0.4, method="YOLO")
        image, positive = (matches >= 0).nonzero(as_tuple=True)
        pos_idx, neg_idx = (matches >= 0).flatten().nonzero()[:, 0], (matches == -1).flatten().nonzero()[:, 0]
        targets = bboxes[image, matches[image, positive]]  # (P, 5)

        confidence, offsets, scores = self.pred_network(features, pos_idx, neg_idx)
        wanted = torch.zeros_like(confidence)
        wanted[: len(pos_idx)] = 1
        right = box_offsets(anchors.reshape(-1, 4)[pos_idx], targets[:, :4], "YOLO")
        loss = F.binary_cross_entropy(confidence, wanted, reduction="sum")
        loss = loss + 5 * (offsets - right).square().sum()
        loss = loss + F.cross_entropy(scores, targets[:, 4].long(), reduction="sum")
        return loss / max(len(pos_idx), 1)
        ### END SOLUTION

    def inference(
        self, images: Tensor, thresh: float = 0.5, nms_thresh: float = 0.7
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Detect objects: for each image boxes, confidences and classes, by falling confidence.

        Shapes:
            images      (B, 3, H, W)
            thresh      float         proposals with a confidence above it are kept
            nms_thresh  float         the IoU threshold of nms
            out         three lists of B tensors: boxes (K, 4) xyxy in cells, confidences (K,), classes (K,) int64
        """
        ### BEGIN SOLUTION
        with torch.no_grad():
            features = self.feat_extractor(images)
            confidence, offsets, scores = self.pred_network(features)
            anchors = GenerateAnchor(self.anchor_list, generate_grid(features))
            proposals = GenerateProposal(anchors, offsets.movedim(2, -1), method="YOLO")
            labels = scores.argmax(dim=1)[:, None].expand_as(confidence)  # (B, A, H, W)

        found = []
        for boxes, confident, label in zip(proposals, confidence, labels, strict=True):
            sure = confident > thresh
            boxes, confident, label = boxes[sure], confident[sure], label[sure]
            kept = []
            for one_class in label.unique():
                own = (label == one_class).nonzero()[:, 0]
                kept.append(own[nms(boxes[own], confident[own], iou_threshold=nms_thresh)])
            rows = torch.cat(kept) if kept else label.new_zeros(0)
            rows = rows[confident[rows].argsort(descending=True)]
            found.append((boxes[rows], confident[rows], label[rows]))
        boxes, confidences, classes = map(list, zip(*found, strict=True))
        return boxes, confidences, classes
        ### END SOLUTION


# %% [markdown] hint="SingleStageDetector.forward"
# 1. Features, anchors on `generate_grid(features)`, `IoU`, `match_anchors` with method "YOLO". Positive: 0 or more;
#    negative: -1. Indices count in the flattened (B, A, H, W).
# 2. Each positive anchor's target is the row of its *image's* boxes that it is matched to. `box_offsets` turns anchor
#    and box into the right offsets.
# 3. Three sums: binary cross-entropy of the confidences (1 for the first P, then 0), 5 times the squared offsets, and
#    cross-entropy of the classes. Divide by max(P, 1).

# %% [markdown] hint="SingleStageDetector.inference"
# 1. Under `torch.no_grad()`: features, predictions, anchors, proposals. The offsets have their axis of four in the
#    middle: move it to the end.
# 2. For each image keep what is above `thresh`. The class of an anchor is the best class of its cell.
# 3. Suppress within each class by itself, then put the survivors of all classes in the order of their confidence.

# %% [markdown]
# Before you train for real, overfit: a detector that cannot memorise (overfit) four images has a bug. The loss should
# fall below 0.1.

# %% tags=["active-ipynb"]
# detector = SingleStageDetector(num_classes=len(names), drop_ratio=0.0)
# losses, _ = train_detector(detector, train.images[:4], train.boxes[:4], steps=80, batch_size=8)
# print(f"loss {losses[0]:.2f} -> {losses[-1]:.3f}")

# %% [markdown]
# Now on 800 scenes. That is quick, because the backbone comes trained: it has learned to
# name single shapes (`tools/train_backbone.py`), as detectors elsewhere begin with a network trained on
# ImageNet.

# %% tags=["active-ipynb"]
# # about 15 seconds
# seed_everything(0)
# detector = SingleStageDetector(num_classes=len(names), drop_ratio=0.0)
# begun = time.perf_counter()
# losses, kept = train_detector(
#     detector, train.images, train.boxes, steps=300, milestones=(20, 100, 300), progress=True
# )
# print(f"{time.perf_counter() - begun:.0f} s")
# curves({"loss": losses}, ylabel="loss", xlabel="step")

# %% [markdown]
# What the detector says about the same images after 20, 100 and 300 steps. First it learns where *something* is,
# then how large, and last what it is called.

# %% tags=["active-ipynb"]
# def detect(detector, images, thresh=0.5, nms_thresh=0.5):
#     """Detections of many images, in pixels, as the functions of part 3 want them."""
#     found = []
#     for part in images.split(50):
#         for boxes, scores, labels in zip(*detector.inference(part, thresh=thresh, nms_thresh=nms_thresh)):
#             found.append({"boxes": boxes * 8, "scores": scores, "labels": labels})
#     return found
#
#
# def detections(found, colour="red"):
#     """One image's detections as a layer to draw."""
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
# Proposals before and after NMS, all with a confidence above 0.2:

# %% tags=["active-ipynb"]
# before = detect(detector, shown, thresh=0.2, nms_thresh=1.0)
# after = detect(detector, shown, thresh=0.2, nms_thresh=0.5)
# layers = [[Layer(found["boxes"], "yellow")] for found in before] + [[detections(found)] for found in after]
# titles = [f"{len(found['boxes'])} before" for found in before] + [f"{len(found['boxes'])} after" for found in after]
# box_figure(shown.repeat(2, 1, 1, 1), layers, titles=titles, columns=len(shown), scale=2.4)

# %% [markdown]
# ## 3 How good is it?
#
# A detection is right if it has the right class and its IoU with an object is 0.5 or more; but a second detection
# of the same object is wrong. And there is a trade: report only what you are sure of, and you miss objects;
# report everything, and most of it is wrong. So walk through all detections of one class from the most to the
# least confident, and after each compute
#
# $$ \text{recall} = \frac{\text{right so far}}{\text{all objects of the class}}, \qquad
#    \text{precision} = \frac{\text{right so far}}{\text{detections so far}} . $$
#
# ### Precision and recall
#
# The rule of PASCAL VOC (Everingham et al. 2010, section 4.2), for one class: put the detections of **all**
# images in one list, by falling score (of equal scores, the one of the earlier image first, then the one that
# comes first in its image). Take one after the other:
#
# * find the object of this class *in its image* with the largest IoU (the first such object);
# * if the IoU is `iou_threshold` or more and nobody has claimed this object yet, it is right, and claims it;
# * otherwise it is wrong. In particular, if the object is claimed already: it may *not* claim another.
#
# Predictions are a list with one dict for each image, with `"boxes"` (K, 4), `"scores"` (K,) and `"labels"` (K,);
# targets alike, without scores.


# %% task="precision_recall" minutes=45 difficulty="hard"
def precision_recall(
    predictions: Sequence[dict[str, Tensor]],
    targets: Sequence[dict[str, Tensor]],
    label: int,
    iou_threshold: float = 0.5,
) -> tuple[Tensor, Tensor]:
    """Recall and precision of one class after each detection, from the highest score to the lowest.

    Without an object of the class, recall is 0 throughout. Without a detection of it, both are empty.

    Shapes:
        predictions  list of dicts  "boxes" (K, 4) xyxy, "scores" (K,), "labels" (K,) int64; one dict for each image
        targets      list of dicts  "boxes" (N, 4) xyxy, "labels" (N,) int64
        out          (D,), (D,)     recall and precision, float; D detections of the class in all images
    """
    ### BEGIN SOLUTION
    scores, right, objects = [], [], 0
    for found, truth in zip(predictions, targets, strict=True):
        own = found["labels"] == label
        boxes, image_scores = found["boxes"][own], found["scores"][own]
        wanted = truth["boxes"][truth["labels"] == label]
        objects += len(wanted)
        hits = torch.zeros(len(boxes), dtype=torch.float64, device=boxes.device)
        if len(wanted) and len(boxes):
            overlap, nearest = IoU(boxes[None, :, None, None], wanted[None])[0].max(dim=1)
            claimed = set()
            for row in image_scores.argsort(descending=True, stable=True).tolist():
                target = int(nearest[row])
                if overlap[row] >= iou_threshold and target not in claimed:
                    claimed.add(target)
                    hits[row] = 1
        scores.append(image_scores)
        right.append(hits)
    if not scores:
        return torch.zeros(0, dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
    order = torch.cat(scores).argsort(descending=True, stable=True)
    so_far = torch.cat(right)[order].cumsum(dim=0)
    return so_far / max(objects, 1), so_far / torch.arange(1, len(order) + 1, device=so_far.device)
    ### END SOLUTION


# %% [markdown] hint="precision_recall"
# 1. Image by image: take this class's detections, and this class's objects. For each detection find the object with the
#    largest IoU (the first such).
# 2. In falling order of the score, a detection is right if that IoU reaches the threshold and nobody has claimed the
#    object before. A detection whose object is claimed may not take another.
# 3. Then put the detections of all images in one list, sorted stably by score. A cumulative sum of the right ones,
#    divided by the number of objects, is recall; divided by 1, 2, 3, ... it is precision.

# %% [markdown]
# ### Average precision
#
# One number for the whole curve: the area under it. The curve has teeth, since precision falls with each mistake
# and climbs with each success. So it is smoothed first: at each recall take the best precision that is reached at
# this recall **or any higher** one. With recall $r_k$ and precision $p_k$ after $k$ detections, and $r_0 = 0$,
#
# $$ \mathrm{AP} = \sum_{k=1}^{D} (r_k - r_{k-1}) \, \max_{j \ge k} p_j . $$
#
# This is the definition of PASCAL VOC since 2010. (Before, it was the mean at 11 fixed recalls. COCO takes the mean at
# 101 recalls. These differ by a percent or so: always say which you report.) Recall that is never reached adds nothing.


# %% task="average_precision" minutes=15 difficulty="medium"
def average_precision(recall: Tensor, precision: Tensor) -> float:
    """Area under the interpolated precision-recall curve, at all its points.

    The sum over k of (r_k - r_(k-1)) * (max of p_j over j >= k), with r_0 = 0.

    Shapes:
        recall     (D,)   rising or equal from one to the next; D may be 0, which gives 0.0
        precision  (D,)
        out        float  in [0, 1]
    """
    ### BEGIN SOLUTION
    if len(recall) == 0:
        return 0.0
    best = precision.flip(0).cummax(dim=0).values.flip(0)
    steps = recall.diff(prepend=recall.new_zeros(1))
    return float((steps * best).sum())
    ### END SOLUTION


# %% [markdown] hint="average_precision"
# 1. From the back: the largest precision seen so far. `flip`, `cummax`, `flip`.
# 2. The steps of recall, with 0 in front: `diff(prepend=...)`. Multiply and add; return a float, and 0.0 if there is
#    nothing.

# %% [markdown]
# **mAP** is the mean of AP over the classes **that occur in the targets**. A class that nobody could find is left
# out, also if the detector has reported it. Without any object at all, call it 0.


# %% task="mean_average_precision" minutes=10 difficulty="easy"
def mean_average_precision(
    predictions: Sequence[dict[str, Tensor]], targets: Sequence[dict[str, Tensor]], iou_threshold: float = 0.5
) -> float:
    """The mean of average_precision over the classes that occur in the targets; 0.0 if there are none.

    Shapes:
        predictions, targets  lists of dicts, as for precision_recall
        out                   float  in [0, 1]
    """
    ### BEGIN SOLUTION
    labels = {label for truth in targets for label in truth["labels"].tolist()}
    values = [average_precision(*precision_recall(predictions, targets, label, iou_threshold)) for label in labels]
    return sum(values) / max(len(values), 1)
    ### END SOLUTION


# %% [markdown] hint="mean_average_precision"
# 1. Collect the classes of the *targets* of all images in a set.
# 2. For each, compute recall and precision, then the average precision; return their mean, or 0.0 without classes.

# %% [markdown]
# For mAP, use a low confidence threshold: the curve needs the unsure detections as well.

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
# **Question 3.** A detector finds every object of a class once, perfectly, with AP 1. Now it reports each
# detection twice, with the same box. What is AP if each copy comes right after its original? What if all copies
# have a lower score than all originals? And what does that say about NMS?

# %% [markdown] answer="det-q3"
# ### BEGIN SOLUTION
# Right after: the $k$-th success comes as detection $2k - 1$, with precision $k / (2k - 1)$, which falls from 1
# towards 1/2; for many objects AP is little above 1/2. All later: recall 1 is reached at precision 1, and what
# comes after widens nothing: AP stays 1. So AP punishes only those duplicates that are as confident as true
# detections, which is exactly what neighbouring anchors produce, and what NMS removes.
# ### END SOLUTION

# %% [markdown]
# The images on which the detector fails worst are the ones to look at. White: the objects; red and dashed: what it
# reports. Which failures are missed objects, which are wrong names, which are bad boxes?

# %% tags=["active-ipynb"]
# sure = detect(detector, val.images, thresh=0.4, nms_thresh=0.5)
# per_image = [
#     mean_average_precision([f], [t]) if len(t["labels"]) else 1.0 - len(f["boxes"]) for f, t in zip(sure, targets)
# ]
# worst = torch.tensor(per_image).argsort()[:8]
# layers = [[truth(val.boxes[i]), detections(sure[i])] for i in worst.tolist()]
# box_figure(val.images[worst], layers, titles=[f"AP {per_image[i]:.2f}" for i in worst.tolist()], columns=4, scale=3)

# %% [markdown]
# ## Real images
#
# Where COCO's official files are at hand (`GRADLAB_DATA` names the folder with `annotations/` and `train2017/`),
# this overfits ten photographs at 112 x 112 pixels. Real objects have other sizes, so they get other anchors. Ten
# images cannot teach what a bicycle is, but they show that nothing in your code is made for scenes alone.

# %% tags=["active-ipynb"]
# # about 30 seconds with COCO
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
# ## What to take home
#
# A detector is a classifier asked many times, plus book-keeping: which anchor answers for which object, which of
# several answers to believe, how to score a list against a list. Nearly all bugs live in the book-keeping. In the
# next notebook a second stage looks again at each proposal, and both places and names get better.
#
# **Where to look next.** RetinaNet (Lin et al., *Focal loss*, 2017) says why one stage was behind two: too many easy
# negatives. FCOS (Tian et al., 2019) drops the anchors. DETR (Carion et al., 2020) drops NMS as well: a Transformer
# returns a *set* of boxes, matched to the objects one to one. GIoU (Rezatofighi et al., 2019) makes IoU a loss that has
# a slope even where boxes do not overlap.
