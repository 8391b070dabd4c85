# %% [markdown]
# # Object detection in two stages
#
# The single-stage detector must say where *and* what from one cell's vector. Faster R-CNN (Ren et al. 2015) takes
# two looks. The first stage, a **region proposal network**, only asks: is there an object, and what is its box?
# The second cuts the features of each proposal out of the map, and now asks what it is, with the whole object in
# view.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 First stage | `ProposalModule`, `RPN.forward`, `.inference` | 15 | 70 |
# | 2 Second stage | `roi_align`, `TwoStageDetector.forward`, `.inference` | 16 | 100 |
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

# %% task="ProposalModule"
# About 25 minutes, medium. Stuck? hint("ProposalModule") shows a first step.
class ProposalModule(nn.Module):
    """Predicts for each anchor whether there is an object, and its offsets."""

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
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ProposalModule"
# check("two_stage_detector", task="ProposalModule")

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

# %% task="RPN.forward RPN.inference"
# About 45 minutes, medium. Stuck? hint("RPN.forward") or hint("RPN.inference") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()

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
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="RPN.forward"
# check("two_stage_detector", task="RPN.forward")

# %% tags=["active-ipynb"] grade="RPN.inference"
# check("two_stage_detector", task="RPN.inference")

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
# YOUR ANSWER HERE

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

# %% task="roi_align"
# About 60 minutes, hard. Stuck? hint("roi_align") shows a first step.
def roi_align(features: Tensor, boxes: Tensor, output_size: tuple[int, int]) -> Tensor:
    """Features of each box, as means of 2 x 2 bilinear samples in each of its bins. Gradients reach the features.

    Shapes:
        features     (B, C, H, W)
        boxes        (R, 5)                   image (0..B-1), x0, y0, x1, y1 in cells; R may be 0
        output_size  (height, width)          number of bins
        out          (R, C, height, width)    dtype and device of the features
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="roi_align"
# check("two_stage_detector", task="roi_align")

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

# %% task="TwoStageDetector.forward TwoStageDetector.inference"
# About 40 minutes, medium. Stuck? hint("TwoStageDetector.forward") or hint("TwoStageDetector.inference") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()

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
        # YOUR CODE HERE
        raise NotImplementedError()

# %% tags=["active-ipynb"] grade="TwoStageDetector.forward"
# check("two_stage_detector", task="TwoStageDetector.forward")

# %% tags=["active-ipynb"] grade="TwoStageDetector.inference"
# check("two_stage_detector", task="TwoStageDetector.inference")

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
# YOUR ANSWER HERE

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
