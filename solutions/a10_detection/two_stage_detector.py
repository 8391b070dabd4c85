# %% [markdown]
# # Object detection in two stages
#
# The single-stage detector must say where *and* what from one cell's vector. Faster R-CNN (Ren et al. 2015) takes
# two looks. The first stage, a **region proposal network**, only asks: is there an object, and what is its box?
# The second cuts the features of each proposal out of the map, and now asks what it is, with the whole object in
# view.
#
# <!-- parts -->
#
# Everything uses the functions of `single_stage_detector`: hand in both files. The conventions are the same:
# boxes `(x0, y0, x1, y1)` in cells of the activation map, batches `(B, N, 5)` in which a class of -1 marks a row
# of padding, and anchors counted in the order `(B, A, H, W)`.

# %% tags=["active-ipynb"]
# from autograder import check, hint  # first: it finds your other notebook

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
# The import of `single_stage_detector` above takes your work from the notebook or the script of this name, whichever
# you completed. After a change there, restart this notebook's kernel.
#
# ## 1 First stage
#
# ### The proposal module
#
# Much like the prediction network, with three differences: its first convolution is 3x3 and sees the neighbouring
# cells; there are no classes; and instead of one confidence, each anchor gets two scores, for *object* and for
# *background*, that a softmax turns into probabilities.
#
#     Conv2d(in_dim, hidden_dim, 3, padding=1) -> Dropout(drop_ratio) -> LeakyReLU() -> Conv2d(hidden_dim, 6 * A, 1)
#
# Channels $6a, \dots, 6a + 5$ are, for anchor $a$: the score of object, the score of background, $t_x, t_y, t_w,
# t_h$. All six are returned as they are. Proposals are made with the method `"FasterRCNN"`.


# %% task="ProposalModule" minutes=25 difficulty="medium"
class ProposalModule(nn.Module):
    """Predicts for each anchor whether there is an object, and its offsets."""

    def __init__(self, in_dim: int, hidden_dim: int = 256, num_anchors: int = 9, drop_ratio: float = 0.3):
        super().__init__()
        self.num_anchors = num_anchors
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.Conv2d(in_dim, hidden_dim, 3, padding=1),
            nn.Dropout(drop_ratio),
            nn.LeakyReLU(),
            nn.Conv2d(hidden_dim, 6 * num_anchors, 1),
        )
        ### END SOLUTION

    def forward(
        self,
        features: Tensor,
        pos_anchor_coord: Tensor | None = None,
        pos_anchor_idx: Tensor | None = None,
        neg_anchor_idx: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Predict for all anchors, or, if indices are given, for the P positive and Q negative anchors alone.

        Shapes:
            features          (B, in_dim, H, W)
            pos_anchor_coord  (P, 4)  xyxy of the positive anchors; P may be 0. The last three are given together
            pos_anchor_idx    (P,)    int64
            neg_anchor_idx    (Q,)    int64
            out without indices: scores (B, A, 2, H, W), offsets (B, A, 4, H, W)
            out with indices:    scores (P + Q, 2), positive anchors first, offsets (P, 4) and proposals (P, 4) of the
                                 positive anchors
        """
        ### BEGIN SOLUTION
        out = self.layers(features)
        B, _, H, W = out.shape
        out = out.reshape(B, self.num_anchors, 6, H, W)
        if pos_anchor_idx is None:
            return out[:, :, :2], out[:, :, 2:]
        rows = out.movedim(2, -1).reshape(-1, 6)
        scores = rows[torch.cat([pos_anchor_idx, neg_anchor_idx])][:, :2]
        offsets = rows[pos_anchor_idx][:, 2:]
        return scores, offsets, GenerateProposal(pos_anchor_coord, offsets, method="FasterRCNN")
        ### END SOLUTION


# %% [markdown] hint="ProposalModule"
# 1. Four layers, as listed. The output has 6 A channels: reshape to (B, A, 6, H, W); the first two are scores, the last
#    four offsets.
# 2. With indices: move the axis of six to the end, flatten to rows, and pick. Scores for positive and negative anchors,
#    offsets for positive ones alone.
# 3. Proposals come from `GenerateProposal` of the coordinates that you are given, with method "FasterRCNN".

# %% [markdown]
# ### The region proposal network
#
# **Training** (`forward`). As before, except that anchors are matched by the rule `"FasterRCNN"` with
# `pos_thresh=0.5` and `neg_thresh=0.3`, that offsets are those of `box_offsets(..., "FasterRCNN")`, and that the
# loss is
#
# $$ L_\text{RPN} = \frac{1}{\max(P, 1)} \Big( \sum_{\text{pos, neg}} \mathrm{CE}(s, \hat s)
#    \;+\; 10 \sum_{\text{pos}} \lVert t - \hat t \rVert^2 \Big) . $$
#
# CE is the softmax cross-entropy of the two scores: index 0, object, is right for positive anchors, index 1 for
# negative ones. The offsets are divided by the anchor's size and therefore small: 10 is our weight for them. (Ren et
# al. 2015, equation 1, use $\lambda = 10$ for another reason: they divide the two sums by different numbers, and their
# loss is smooth L1.)
#
# `output_mode="all"` returns what the second stage needs as well: a dict with
#
# | key | shape | |
# |---|---|---|
# | `"loss"` | () | as above |
# | `"features"` | (B, D, H, W) | from the backbone |
# | `"proposals"` | (P, 4) | of the positive anchors, in the order of their indices |
# | `"images"` | (P,) int64 | which image of the batch each comes from |
# | `"labels"` | (P,) int64 | the class of the box that each was matched to |
#
# **Inference.** Turn all anchors into proposals; the confidence is the probability of *object* by softmax. Of
# each image keep the proposals with a confidence **above** `thresh`, and of those the ones that `nms` keeps, by
# falling confidence. There are no classes yet, so suppression is across all. `mode="FasterRCNN"` returns the
# features as a third value.


# %% task="RPN.forward RPN.inference" minutes=45 difficulty="medium"
class RPN(nn.Module):
    """Proposes regions that hold an object, of whatever class. All boxes are in cells of the activation map."""

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
        """The loss of a batch, or what the second stage needs with it.

        Shapes:
            images       (B, 3, H, W)
            bboxes       (B, N, 5)     xyxy in cells and class; class -1: a row of padding. N may be 0
            output_mode  str           "loss" or "all"
            out          ()            or a dict, see above
        """
        ### BEGIN SOLUTION
        features = self.feat_extractor(images)
        anchors = GenerateAnchor(self.anchor_list, generate_grid(features))
        matches = match_anchors(
            anchors, bboxes, IoU(anchors, bboxes), pos_thresh=0.5, neg_thresh=0.3, method="FasterRCNN"
        )
        image, positive = (matches >= 0).nonzero(as_tuple=True)
        pos_idx, neg_idx = (matches >= 0).flatten().nonzero()[:, 0], (matches == -1).flatten().nonzero()[:, 0]
        targets = bboxes[image, matches[image, positive]]  # (P, 5)

        coord = anchors.reshape(-1, 4)[pos_idx]
        scores, offsets, proposals = self.prop_module(features, coord, pos_idx, neg_idx)
        background = torch.ones(len(scores), dtype=torch.int64, device=scores.device)
        background[: len(pos_idx)] = 0
        loss = F.cross_entropy(scores, background, reduction="sum")
        loss = loss + 10 * (offsets - box_offsets(coord, targets[:, :4], "FasterRCNN")).square().sum()
        loss = loss / max(len(pos_idx), 1)
        if output_mode == "loss":
            return loss
        labels = targets[:, 4].long()
        return {"loss": loss, "features": features, "proposals": proposals, "images": image, "labels": labels}
        ### END SOLUTION

    def inference(
        self, images: Tensor, thresh: float = 0.5, nms_thresh: float = 0.7, mode: str = "RPN"
    ) -> tuple[list[Tensor], list[Tensor]] | tuple[list[Tensor], list[Tensor], Tensor]:
        """Propose regions: for each image boxes and confidences, by falling confidence.

        Shapes:
            images      (B, 3, H, W)
            thresh      float         proposals with a confidence above it are kept
            nms_thresh  float         the IoU threshold of nms
            mode        str           "RPN", or "FasterRCNN" for the features as a third value
            out         two lists of B tensors: boxes (K, 4) xyxy in cells, confidences (K,)
        """
        ### BEGIN SOLUTION
        with torch.no_grad():
            features = self.feat_extractor(images)
            scores, offsets = self.prop_module(features)
            anchors = GenerateAnchor(self.anchor_list, generate_grid(features))
            proposals = GenerateProposal(anchors, offsets.movedim(2, -1), method="FasterRCNN").flatten(1, 3)
            confidence = scores.softmax(dim=2)[:, :, 0].flatten(1)  # (B, A*H*W)
        boxes, confidences = [], []
        for image_boxes, image_confidence in zip(proposals, confidence, strict=True):
            sure = image_confidence > thresh
            image_boxes, image_confidence = image_boxes[sure], image_confidence[sure]
            kept = nms(image_boxes, image_confidence, iou_threshold=nms_thresh)
            boxes.append(image_boxes[kept])
            confidences.append(image_confidence[kept])
        return (boxes, confidences, features) if mode == "FasterRCNN" else (boxes, confidences)
        ### END SOLUTION


# %% [markdown] hint="RPN.forward"
# 1. The same steps as in the single-stage detector, with the rule and the offsets of "FasterRCNN" and the thresholds
#    0.5 and 0.3.
# 2. The target of the cross-entropy is 0 (object) for the first P rows, 1 (background) for the others. Sum, do not
#    average.
# 3. With `output_mode="all"` return the dict; the image of each positive anchor comes from the first index of
#    `nonzero`.

# %% [markdown] hint="RPN.inference"
# 1. The confidence is the softmax over the axis of the two scores; index 0 is the object.
# 2. Per image: above `thresh`, then `nms` once for all, which also sorts.
# 3. Return two lists, and the features as a third value only with `mode="FasterRCNN"`.

# %% [markdown]
# The data are those of the first notebook. A proposal network alone, after 150 steps: its proposals before NMS,
# and after.

# %% tags=["active-ipynb"]
# # about 10 seconds
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
# **Question 4.** By the rule `"FasterRCNN"` many anchors learn the same object; by `"YOLO"` one does. Which
# detector depends more on NMS, and why? What would go wrong if the rule had only its part (ii), the threshold,
# and not part (i)?

# %% [markdown] answer="det-q4"
# ### BEGIN SOLUTION
# The one trained by Faster R-CNN's rule: it is taught that several overlapping anchors should all report the
# object, so it always gives duplicates, and only NMS removes them. YOLO teaches one anchor to report it and most of
# its neighbours to stay silent. Without part (i), a box whose size or place fits no anchor well would have no
# positive anchor at all, and the detector would never learn to find such objects.
# ### END SOLUTION

# %% [markdown]
# ## 2 Second stage
#
# ### RoI Align
#
# A proposal is a box with fractions, such as (2.3, 1.1, 4.9, 3.6), over a map of cells; the second stage wants
# the same number of features for every box. RoI Align (He et al. 2017, section 3) cuts the box into `height x
# width` equal bins and **samples** the map at regular points inside each: here 2 x 2 points, which cut the bin's
# sides into halves and are in the middle of each quarter. Along x, with bins of width $w$, the points of bin
# $i$ are at $x_0 + (i + \frac14) w$ and $x_0 + (i + \frac34) w$. The bin's value is the mean of its four samples.
#
# The sample at a point between cells is **bilinear**: the four cells whose centres surround the point are
# weighted by nearness. The centre of the cell in column $j$ is at $x = j + \frac12$. So with $u = x - \frac12$,
# $l = \lfloor u \rfloor$ and $f = u - l$, column $l$ has the weight $1 - f$ and column $l + 1$ the weight $f$;
# rows alike, and weights multiply. Beyond the outermost centres the map goes on as it ends: limit $u$ to $[0, W -
# 1]$ and $v$ to $[0, H - 1]$.
#
# Nothing is rounded: move a box by a tenth of a cell, and the features change a little. Its predecessor, RoI
# Pooling, rounded boxes to whole cells and paid for it in precision; a picture below shows how.
#
# By hand: `F.grid_sample`, `F.interpolate` and their relatives are not allowed. Index the map with tensors of
# rows and columns.


# %% task="roi_align" minutes=60 difficulty="hard"
def roi_align(features: Tensor, boxes: Tensor, output_size: tuple[int, int]) -> Tensor:
    """Features of each box, as means of 2 x 2 bilinear samples in each of its bins. Gradients reach the features.

    Shapes:
        features     (B, C, H, W)
        boxes        (R, 5)                   image (0..B-1), x0, y0, x1, y1 in cells; R may be 0
        output_size  (height, width)          number of bins
        out          (R, C, height, width)    dtype and device of the features
    """
    ### BEGIN SOLUTION
    _, C, H, W = features.shape
    R, (height, width) = len(boxes), output_size

    def points(low: Tensor, high: Tensor, bins: int, cells: int) -> tuple[Tensor, Tensor]:
        """Cells before and behind each point along one axis, and their weights: (R, 2 * bins, 2)."""
        share = (torch.arange(2 * bins, dtype=boxes.dtype, device=boxes.device) + 0.5) / (2 * bins)
        at = (low[:, None] + (high - low)[:, None] * share - 0.5).clamp(0, cells - 1)
        before = at.floor().long()
        weight = (at - before).to(features.dtype)
        return torch.stack([before, (before + 1).clamp(max=cells - 1)], dim=2), torch.stack([1 - weight, weight], dim=2)

    image, x0, y0, x1, y1 = boxes.unbind(dim=1)
    columns, x_weights = points(x0, x1, width, W)
    rows, y_weights = points(y0, y1, height, H)
    cells = features.movedim(1, -1)  # (B, H, W, C)

    # A bin is a sum of 16 weighted cells: 2 x 2 points with 2 x 2 cells around each. embedding_bag adds them up without
    # a tensor of all the points.
    rows = (image.long()[:, None, None] * H + rows).reshape(R, height, 1, 4, 1)
    index = rows * W + columns.reshape(R, 1, width, 1, 4)  # (R, height, width, 4, 4)
    weights = y_weights.reshape(R, height, 1, 4, 1) * x_weights.reshape(R, 1, width, 1, 4) / 4
    table, weights = cells.reshape(-1, C), weights.reshape(-1, 16)
    sums = F.embedding_bag(index.reshape(-1, 16), table, per_sample_weights=weights, mode="sum")
    return sums.reshape(R, height, width, C).movedim(-1, 1)
    ### END SOLUTION


# %% [markdown] hint="roi_align"
# 1. Along x there are 2 * width points, at shares (i + 1/2) / (2 * width) of the box's width. Along y alike. Subtract
#    1/2 and clamp to [0, W - 1].
# 2. `floor` gives the cell before; the cell behind is one further, at most the last one; the difference is the weight
#    of the cell behind.
# 3. Index the map with tensors: image (R, 1, 1), row (R, 2h, 1), column (R, 1, 2w). Four such reads, combined by their
#    weights.
# 4. Reshape the samples to (R, height, 2, width, 2, C), take the mean of the axes of 2, and move the channels to axis
#    1.

# %% [markdown]
# RoI Align works on images, too, if pixels are the cells. First the image with its boxes, then each box at 16 x 16.

# %% tags=["active-ipynb"]
# boxes = train.boxes[4][train.boxes[4][:, 4] >= 0, :4]
# patches = roi_align(train.images[4:5], torch.cat([torch.zeros(len(boxes), 1), boxes], dim=1), (16, 16))
# box_figure(train.images[4:5], [[Layer(boxes, "white")]], scale=3)

# %% tags=["active-ipynb"]
# image_grid(patches, columns=5, alt="What is inside of each box, cut out and brought to the same size.")

# %% [markdown]
# **Why align?** RoI Pooling (Girshick, *Fast R-CNN*, 2015) rounded the box to whole cells, cut it into bins, rounded
# those as well, and took the largest value of each bin. One cell of this map is 8 pixels wide, so rounding moves a box
# by up to 4 pixels, and objects here are 8 to 23 pixels wide. The cell slides a box of 2.5 x 2.5 cells to the right
# by three cells over a smooth map, and shows one of its bins: RoI Pooling sees nothing of most moves and jumps at
# others. A loss could not tell it which way to move a box, nor could a mask be drawn from it to the pixel.

# %% tags=["active-ipynb"]
# def roi_pool(features, box, size):
#     """RoI Pooling of one box: borders of the box and of its bins rounded to whole cells, then the largest value."""
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
# ### The two-stage detector
#
# The constructor has the proposal network as `self.rpn`, and as `self.classifier`
#
#     Linear(in_dim * roi_output_h * roi_output_w, hidden_dim)
#     -> Dropout(drop_ratio) -> ReLU() -> Linear(hidden_dim, num_classes)
#
# **Training.** Run the proposal network with `output_mode="all"`: it returns its loss, its proposals and their
# labels. Cut the features of the proposals out by RoI Align, flatten them, and classify them. To the loss of the first
# stage add $\frac{1}{\max(P, 1)} \sum \mathrm{CE}(s, \hat y)$. Coordinates of proposals are **constants** here:
# detach them, so that the class loss does not push boxes about. The features are not: through them the backbone learns
# from both stages.
#
# **Inference.** Proposals from `self.rpn.inference` with the same two thresholds; then each is classified. Its
# class is the one with the largest score, and its confidence the product
#
# $$ P(\text{object}) \cdot P(\text{class} \mid \text{object}), $$
#
# of the first stage's confidence and the softmax probability of that class. Return each image's detections by
# falling confidence of this kind. `thresh` applies to the first stage's confidence. Images without proposals give
# empty tensors.


# %% task="TwoStageDetector.forward TwoStageDetector.inference" minutes=40 difficulty="medium"
class TwoStageDetector(nn.Module):
    """Detects objects in two stages, in the manner of Faster R-CNN. All boxes are in cells of the activation map."""

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
        """The loss of a batch: that of the first stage plus that of the second.

        Shapes:
            images  (B, 3, H, W)
            bboxes  (B, N, 5)     xyxy in cells and class; class -1: a row of padding. N may be 0
            out     ()
        """
        ### BEGIN SOLUTION
        stage = self.rpn(images, bboxes, output_mode="all")
        proposals = stage["proposals"].detach()
        rois = torch.cat([stage["images"][:, None].to(proposals), proposals], dim=1)  # (P, 5)
        pooled = roi_align(stage["features"], rois, (self.roi_output_h, self.roi_output_w))
        scores = self.classifier(pooled.flatten(1))
        class_loss = F.cross_entropy(scores, stage["labels"], reduction="sum") / max(len(rois), 1)
        return stage["loss"] + class_loss
        ### END SOLUTION

    def inference(
        self, images: Tensor, thresh: float = 0.5, nms_thresh: float = 0.7
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Detect objects: for each image boxes, confidences and classes, by falling confidence.

        Shapes:
            images      (B, 3, H, W)
            thresh      float         proposals whose first-stage confidence is above it are kept
            nms_thresh  float         the IoU threshold of nms
            out         three lists of B tensors: boxes (K, 4) xyxy in cells, confidences (K,), classes (K,) int64
        """
        ### BEGIN SOLUTION
        with torch.no_grad():
            proposals, objectness, features = self.rpn.inference(images, thresh, nms_thresh, mode="FasterRCNN")
            boxes, confidences, classes = [], [], []
            for number, (own, confident) in enumerate(zip(proposals, objectness, strict=True)):
                rois = torch.cat([torch.full_like(own[:, :1], number), own], dim=1)
                pooled = roi_align(features, rois, (self.roi_output_h, self.roi_output_w))
                probability, label = self.classifier(pooled.flatten(1)).softmax(dim=1).max(dim=1)
                confident = confident * probability
                order = confident.argsort(descending=True)
                boxes.append(own[order])
                confidences.append(confident[order])
                classes.append(label[order])
        return boxes, confidences, classes
        ### END SOLUTION


# %% [markdown] hint="TwoStageDetector.forward"
# 1. `self.rpn(images, bboxes, output_mode="all")` has everything: loss, features, proposals, images, labels.
# 2. A row for `roi_align` is (image, x0, y0, x1, y1): put the image numbers, as floats, in front of the detached
#    proposals.
# 3. Flatten each box's features, classify, and add the summed cross-entropy divided by max(P, 1).

# %% [markdown] hint="TwoStageDetector.inference"
# 1. `self.rpn.inference(..., mode="FasterRCNN")` gives boxes, confidences and the features.
# 2. For each image: rows with its number in front, `roi_align`, the classifier, a softmax; `max` gives probability and
#    class.
# 3. Multiply the two confidences, and sort boxes, confidences and classes by the product.

# %% [markdown]
# Both detectors on the same data, with the same backbone and the same number of steps:

# %% tags=["active-ipynb"]
# # about 30 seconds
# def detect(detector, images, thresh=0.5, nms_thresh=0.5):
#     """Detections of many images, in pixels."""
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
# The two-stage detector on the same images after 20, 100 and 300 steps:

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
# And where it fails worst. White: the objects; red and dashed: what it reports.

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
# **Question 5.** Where does the second stage's gain come from: does it find more objects, or name them better?
# Measure both. Then let `roi_align` sample nothing but the centre of each proposal and train again: what changes,
# and why? (One cell of this backbone sees 39 x 39 pixels.) Next: suppose you let gradients flow through the
# proposals' coordinates. Where would the class loss push a box? Last: with RoI Pooling in place of RoI Align, which of
# these would suffer most: the names of large objects, the names of small ones, or masks? Why?

# %% [markdown] answer="det-q5"
# ### BEGIN SOLUTION
# From both. After 200 steps, one stage finds 95 of 100 objects and names 86 of 100 found ones rightly; two stages
# find 99 and name 94. The proposal network learns each object from several anchors where YOLO's rule has one, and
# the second stage names an object from where the proposal is, not from the middle of a cell up to half a cell
# away. Sampling the centre alone costs next to nothing here: objects are at most 23 pixels wide, so one cell's
# vector has seen all of the object, and the map is smooth. It would cost much on objects larger than what a cell
# sees, and for masks. Through the coordinates, the class loss would move a box to where its class is easiest to
# tell: onto the most telling part, or beyond the object if the surroundings help. That box has a lower IoU with
# the object. RoI Pooling moves a box by up to half a cell. For a large object that is a small part of it, and its
# name can be told from a shifted box; for one of a cell or two it is a large part, so small objects suffer more. Masks
# suffer most: each output belongs to a place, and a shift by half a cell is 4 pixels of error along the whole border.
# (He et al. 2017, table 2: RoI Align raises mask AP by a few points, and by more where a cell is larger.)
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# Two-stage detectors spend computation where objects may be. What you built is Faster R-CNN without two parts of its
# second stage:
#
# - **Box refinement.** The full detector predicts four more offsets for each class from the RoI's features, and
#   applies them to the *proposal* as `GenerateProposal(..., method="FasterRCNN")` applied the first ones to the anchor.
#   The loss gets one more term, the smooth L1 of $t - \hat t$ over the proposals of objects. Boxes get better, because
#   the second look has the whole object in view.
# - **A class for background.** Its classifier has `num_classes + 1` outputs. In training it also sees proposals that
#   overlap no object by 0.5, about three for each that does, and learns to call them background; in inference those are
#   dropped. Ours trusts the first stage in this, and its confidence is the product of both.
#
# Add a part that predicts a mask of 28 x 28 for each class from the features of a box, and it is Mask R-CNN. Drop the
# anchors and let every cell predict a box, and it is FCOS.
#
# **Where to look next.** Feature pyramids (Lin et al., 2017) let small objects be found on fine maps and large ones on
# coarse maps; ours has one map. Cascade R-CNN (Cai and Vasconcelos, 2018) refines a box three times. Huang et al.
# (*Speed/accuracy trade-offs for modern convolutional object detectors*, 2017) compare one stage with two fairly.
# Segment Anything (Kirillov et al., 2023) shows how far masks have come.
