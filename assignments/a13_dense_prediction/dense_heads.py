# %% [markdown]
# # Heads for depth, boxes, masks, joints and corners
#
# A backbone turns an image into features. What is asked of them differs from head to head: a distance for each pixel,
# a better box, a mask for each object, the place of a wrist, pairs of corners. The heads are small. The work is in
# their losses, and in the bookkeeping between pixels, cells and boxes, where half a pixel is lost easily.
#
# Boxes are xyxy. The pixel in row i and column j covers the square from (j, i) to (j + 1, i + 1), so its centre is at
# x = j + 1/2, y = i + 1/2. Functions keep the dtype and the device of their inputs and do not change them in place.
#
# You may use all of torch. Nothing here needs your code of other assignments.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Depth without scale | `scale_invariant_log_loss`, `depth_metrics` | 6 | 35 |
# | 2 Normals | `normals_from_depth`, `normal_loss` | 4 | 35 |
# | 3 Boxes, once more | `single_object_loss`, `refine_boxes` | 4 | 30 |
# | 4 Masks | `MaskHead`, `mask_targets`, `mask_loss`, `paste_mask` | 9 | 80 |
# | 5 Joints | `heatmap_targets`, `keypoint_loss` | 4 | 25 |
# | 6 What rounding costs | `roi_pool`, `misalignment` | 4 | 35 |
# | 7 Boxes from corners | `corner_pool`, `decode_corners` | 4 | 45 |

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
# ## 1 Depth without scale
#
# A toy house close to the camera and a real one far away give the same picture. One image tells relative depth, and
# not the scale. So Eigen, Puhrsch and Fergus (2014) compare logarithms, and take out what a common factor explains.
# With $d_i = \log \hat z_i - \log z_i$ over the $n$ valid pixels of one image,
#
# $$L = \frac1n \sum_i d_i^2 - \lambda \Big(\frac1n \sum_i d_i\Big)^2 .$$
#
# With $\lambda = 1$ this is the variance of $d$: multiplying the prediction by any $c > 0$ changes nothing. With
# $\lambda = 0$ it is the plain squared error of logarithms; the authors trained with $\lambda = \frac12$. For the
# prediction (1, 2, 4) and the depth (2, 4, 4), $d = (-0.693, -0.693, 0)$, and $\lambda = 0, \frac12, 1$ give 0.3203,
# 0.2135, 0.1068.
#
# Real depth has holes, where a sensor saw nothing. They often contain 0, whose logarithm is infinite, and $0 \cdot
# \infty$ is `nan`, in the loss or in its gradient.

# %% task="scale_invariant_log_loss"
# About 20 minutes, medium. Stuck? hint("scale_invariant_log_loss") shows a first step.
def scale_invariant_log_loss(pred: Tensor, depth: Tensor, mask: Tensor, lam: float = 1.0) -> Tensor:
    """The mean of L over the images that have a valid pixel; 0 if there is none.

    Pixels outside of the mask have no influence, whatever they contain, and neither has their gradient.

    Shapes:
        pred   (N, H, W)  float, positive in the mask
        depth  (N, H, W)  float, positive in the mask
        mask   (N, H, W)  bool, the valid pixels
        lam    float      from 0 to 1
        out    ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scale_invariant_log_loss"
# check("dense_heads", task="scale_invariant_log_loss")

# %% [markdown]
# How good is a depth map? Benchmarks first multiply each prediction by $\operatorname{median}(z) /
# \operatorname{median}(\hat z)$, so that the scale does not count, and then report, per image, over its valid pixels:
#
# | name | measure |
# |---|---|
# | `delta1`, `delta2`, `delta3` | the share of pixels with $\max(\hat z / z, z / \hat z) < 1.25^k$, for $k$ = 1, 2, 3 |
# | `abs_rel` | the mean of $\lvert \hat z - z \rvert / z$ |
# | `rmse` | the root of the mean of $(\hat z - z)^2$ |

# %% task="depth_metrics"
# About 15 minutes, easy. Stuck? hint("depth_metrics") shows a first step.
def depth_metrics(pred: Tensor, depth: Tensor, mask: Tensor) -> dict[str, float]:
    """The five measures of the table: each is computed per image, then averaged over the images.

    Medians are those of torch.median, over the valid pixels.

    Shapes:
        pred   (N, H, W)  float, positive in the mask
        depth  (N, H, W)  float, positive in the mask
        mask   (N, H, W)  bool; each image has a valid pixel
        out    the five names of the table, each with a float
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
# ## 2 Normals
#
# The pixel in row v and column u shows the point $P = z \, K^{-1} (u, v, 1)^\top$, where $K$ is the camera's matrix.
# Two steps along the surface, $\partial P / \partial u$ and $\partial P / \partial v$, span its tangent plane; their
# cross product is the normal. Take **central differences**, $(P_{u+1} - P_{u-1}) / 2$, and at the border one-sided
# ones. Then give the normal the length 1, and the sign with which it faces the camera: $n \cdot P < 0$. (With $y$
# down, $\partial P / \partial v \times \partial P / \partial u$ does so by itself; with $y$ up, it does not.)

# %% task="normals_from_depth"
# About 25 minutes, medium. Stuck? hint("normals_from_depth") shows a first step.
def normals_from_depth(depth: Tensor, K: Tensor) -> Tensor:
    """The normals of depth maps, in the camera's coordinates, of length 1, towards the camera.

    Shapes:
        depth  (N, H, W)     float, positive; H and W are at least 2
        K      (3, 3)        float
        out    (N, 3, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="normals_from_depth"
# check("dense_heads", task="normals_from_depth")

# %% [markdown]
# A network that predicts normals is trained with $1 - \cos$ of the angle between prediction and truth. Opposite
# vectors cost 2, not 0.

# %% task="normal_loss"
# About 10 minutes, easy. Stuck? hint("normal_loss") shows a first step.
def normal_loss(n: Tensor, m: Tensor) -> Tensor:
    """The mean of 1 - cos over all pixels. The cosine with a vector of length 0 is 0, and no gradient is nan.

    Shapes:
        n    (N, 3, H, W)  float, of any length
        m    (N, 3, H, W)  float, of any length
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
# ## 3 Boxes, once more
#
# The simplest detector finds one object: one network, two heads, one for the class and one for the box. Its loss is
# the sum of two, and a weight balances them, because a cross-entropy and a squared error have different units.

# %% task="single_object_loss"
# About 10 minutes, easy. Stuck? hint("single_object_loss") shows a first step.
def single_object_loss(scores: Tensor, boxes: Tensor, y: Tensor, gt: Tensor, weight: float = 1.0) -> Tensor:
    """Cross-entropy of the class, plus weight times the squared error of the box.

    Both are means over the N images; the squared error of an image is the sum over its four coordinates.

    Shapes:
        scores  (N, C)  float, logits
        boxes   (N, 4)  float, predicted
        y       (N,)    int64, classes
        gt      (N, 4)  float, true boxes
        weight  float
        out     ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="single_object_loss"
# check("dense_heads", task="single_object_loss")

# %% [markdown]
# In a two-stage detector, boxes are refined twice: from anchors to proposals, and from proposals to detections. The
# second time the class is known, so each class has its own four numbers. A proposal with the centre $(x, y)$ and the
# size $w \times h$ becomes
#
# $$x' = x + t_x w, \quad y' = y + t_y h, \quad w' = w e^{t_w}, \quad h' = h e^{t_h} .$$
#
# `box_offsets(proposals, boxes, "FasterRCNN")` of `common.nets.detection` is the inverse. R-CNN, Fast R-CNN and
# Faster R-CNN differ in what they share: R-CNN sends about 2,000 regions through the network one by one, Fast R-CNN
# computes the features once (about 10 times faster in training, and 25 times or more in tests), and Faster R-CNN also
# finds its proposals with them, and is trained by four losses: object or not and box, twice.

# %% task="refine_boxes"
# About 20 minutes, medium. Stuck? hint("refine_boxes") shows a first step.
def refine_boxes(proposals: Tensor, deltas: Tensor, labels: Tensor) -> Tensor:
    """The boxes after the second regression, with the four numbers of each proposal's class.

    Shapes:
        proposals  (R, 4)      float, xyxy; R may be 0
        deltas     (R, 4 * C)  float; columns 4c to 4c + 3 are t_x, t_y, t_w, t_h of class c
        labels     (R,)        int64, in [0, C)
        out        (R, 4)      xyxy
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="refine_boxes"
# check("dense_heads", task="refine_boxes")

# %% [markdown]
# ## 4 Masks
#
# Mask R-CNN (He et al. 2017) adds a head that answers for each region: which of its pixels belong to the object? A
# region's features are cut out, four convolutions work on them, a transposed convolution doubles the resolution, and
# a 1x1 convolution gives one map of logits for *each class*. The constructor is given; write `forward`. There is a
# ReLU after each convolution and after the transposed one, and none at the end.

# %% task="MaskHead"
# About 10 minutes, easy. Stuck? hint("MaskHead") shows a first step.
class MaskHead(nn.Module):
    """Logits of masks, one for each class.

    Shapes:
        x    (R, in_ch, h, w)              float, features of regions; R may be 0
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
# What should a mask of m x m cells look like, if the true mask has the size of the image? The box is cut into m x m
# bins, and the true mask is sampled **bilinearly** at the centre of each: along x at $x_0 + (j + \frac12) (x_1 - x_0)
# / m$ for bin $j$. As in RoI Align, a sample at $x$ is between the pixels whose centres surround it: with $u = x -
# \frac12$ limited to $[0, W - 1]$, $l = \lfloor u \rfloor$ and $f = u - l$, column $l$ has the weight $1 - f$ and
# column $l + 1$ the weight $f$; rows alike. (Your `roi_align` of a10 takes 2 x 2 samples per bin; one is enough
# here.) The target is 1 where the sample is above ½.

# %% task="mask_targets"
# About 30 minutes, hard. Stuck? hint("mask_targets") shows a first step.
def mask_targets(boxes: Tensor, gt_masks: Tensor, m: int) -> Tensor:
    """The true masks inside of the boxes, as m x m cells with 0 or 1.

    Shapes:
        boxes     (R, 4)     float, xyxy in pixels; parts may be outside of the image
        gt_masks  (R, H, W)  bool, or numbers 0 and 1: the object of each box
        out       (R, m, m)  0 or 1, with the dtype of the boxes; row first
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mask_targets"
# check("dense_heads", task="mask_targets")

# %% [markdown]
# The class is decided by another head. So the mask head need not compare classes: it has a **sigmoid per class**, and
# its loss looks at the channel of the *true* class only. With a softmax over classes, masks would compete; the
# authors report clearly lower precision with it. The channels of other classes receive no gradient.

# %% task="mask_loss"
# About 15 minutes, medium. Stuck? hint("mask_loss") shows a first step.
def mask_loss(logits: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy in the channel of each region's class, the mean over all R * m * m cells; 0 if R is 0.

    Logits may be large, and for R = 0 the gradients are zeros.

    Shapes:
        logits   (R, C, m, m)  float
        labels   (R,)          int64, in [0, C)
        targets  (R, m, m)     float, 0 or 1
        out      ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mask_loss"
# check("dense_heads", task="mask_loss")

# %% [markdown]
# In the end the mask goes back to the image. For each pixel of the box, look up its centre in the mask: the mask's
# cell $j$ has its centre at $(j + \frac12) / m$ of the box's width. So $u = (x - x_0) / (x_1 - x_0) \cdot m -
# \frac12$ with $x = $ column $+ \frac12$, limited to $[0, m - 1]$, bilinear again. Pixels whose centres are outside
# of the box have 0.

# %% task="paste_mask"
# About 25 minutes, medium. Stuck? hint("paste_mask") shows a first step.
def paste_mask(mask: Tensor, box: Tensor, H: int, W: int) -> Tensor:
    """The mask's probabilities in an image of H x W pixels. Gradients reach the mask.

    A centre is in the box if x0 <= x < x1 and y0 <= y < y1.

    Shapes:
        mask  (m, m)  float, in [0, 1]; row first
        box   (4,)    float, xyxy in pixels; parts may be outside of the image
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
# **Question 1.** The target of the mask head is cut out with the *proposal*, not with the true box. What would the
# head learn in each case, and which of the two fits what happens at test time? And why can two objects of the same
# class share one channel here, while in semantic segmentation they cannot be distinguished?

# %% [markdown] answer="dense_heads-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 Joints
#
# For the pose of a person, the head has one map per joint, and exactly one cell of each is right. So it is a
# classification among m² cells, with a softmax over them. The cell of a joint at $x$ is column $\lfloor (x - x_0) /
# (x_1 - x_0) \cdot m \rfloor$; rows alike. The cell's number is row · m + column.

# %% task="heatmap_targets"
# About 15 minutes, medium. Stuck? hint("heatmap_targets") shows a first step.
def heatmap_targets(keypoints: Tensor, boxes: Tensor, m: int) -> Tensor:
    """The number of each joint's cell, or -1 if the joint is not visible or outside of its box.

    A joint is in the box if x0 <= x < x1 and y0 <= y < y1.

    Shapes:
        keypoints  (R, J, 3)  float: x, y in pixels, and 1 if the joint is visible, else 0
        boxes      (R, 4)     float, xyxy in pixels
        m          int        the maps have m x m cells
        out        (R, J)     int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="heatmap_targets"
# check("dense_heads", task="heatmap_targets")

# %% task="keypoint_loss"
# About 10 minutes, easy. Stuck? hint("keypoint_loss") shows a first step.
def keypoint_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy over the m * m cells, the mean over joints with a target; 0 if there is none.

    Shapes:
        logits   (R, J, m, m)  float
        targets  (R, J)        int64, the number of a cell, or -1
        out      ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="keypoint_loss"
# check("dense_heads", task="keypoint_loss")

# %% [markdown]
# ## 6 What rounding costs
#
# Before RoI Align there was **RoI Pooling** (Fast R-CNN, Girshick 2015): whole cells only. Here is one version of it.
# The box is widened to whole cells, $\lfloor x_0 \rfloor$ to $\lceil x_1 \rceil$, and cut off at the map. Of the $w$
# columns, bin $j$ of $k$ has those from $\lfloor j w / k \rfloor$ up to, and without, $\lceil (j + 1) w / k \rceil$;
# bins may share a column. A bin's value is its maximum.

# %% task="roi_pool"
# About 25 minutes, medium. Stuck? hint("roi_pool") shows a first step.
def roi_pool(features: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """The maximum of each bin of each box. Gradients reach the features.

    Shapes:
        features  (C, H, W)                float
        boxes     (R, 4)                   float, xyxy in cells; some cell of the map is inside; R may be 0
        size      (height, width)          number of bins
        out       (R, C, height, width)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="roi_pool"
# check("dense_heads", task="roi_pool")

# %% [markdown]
# On features of stride s, one cell is s pixels. How far do the sides of a box move?

# %% task="misalignment"
# About 10 minutes, easy. Stuck? hint("misalignment") shows a first step.
def misalignment(boxes: Tensor, stride: int) -> Tensor:
    """By how many pixels RoI Pooling moves each side: the widened box minus the box. (The map is large enough.)

    Shapes:
        boxes   (R, 4)  float, xyxy in pixels
        stride  int     pixels per cell
        out     (R, 4)  x0 and y0: 0 or negative; x1 and y1: 0 or positive
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
# **Question 2.** For the box of an object of 20 pixels on features of stride 16, how large can the misalignment
# become, and what does it do to the IoU of a mask that is pasted into the *unrounded* box? Why does it matter less
# for the class?

# %% [markdown] answer="dense_heads-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 7 Boxes from corners
#
# CornerNet (Law and Deng 2018) needs no anchors: it finds the top-left and the bottom-right corner of each object and
# pairs them. A corner is often outside of the object, on the background. To see it, one must look to the right for
# the object's topmost part, and down for its leftmost. **Corner pooling** does this with running maxima:
#
# | side | out[i, j] is the maximum of |
# |---|---|
# | `"top"` | x[i, j] and all below it, x[i'', j] with i'' ≥ i |
# | `"left"` | x[i, j] and all to the right of it |
# | `"bottom"` | x[i, j] and all above it |
# | `"right"` | x[i, j] and all to the left of it |
#
# A map for top-left corners is the sum of `"top"` and `"left"` pooling of two feature maps.

# %% task="corner_pool"
# About 15 minutes, easy. Stuck? hint("corner_pool") shows a first step.
def corner_pool(x: Tensor, side: str) -> Tensor:
    """The running maximum of the table; ValueError for another side.

    Shapes:
        x    (N, C, H, W)  float
        out  (N, C, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="corner_pool"
# check("dense_heads", task="corner_pool")

# %% [markdown]
# Which corners belong together? The network also gives a number for each pixel, its *embedding*, and is trained so
# that the two corners of one object have nearly equal numbers (a *pull*, $(e_{tl} - e_{br})^2$), and means of
# different objects are at least 1 apart (a *push*, $\max(0, 1 - |\bar e_i - \bar e_j|)$). Decoding takes the k
# highest scores of each heat map, over all classes, and looks at all pairs. A pair is a box if
#
# - both corners have the same class,
# - the bottom-right corner is to the right of and below the top-left one, by at least one cell each, and
# - the embeddings differ by less than ½.
#
# Its score is the mean of both scores.

# %% task="decode_corners"
# About 30 minutes, hard. Stuck? hint("decode_corners") shows a first step.
def decode_corners(
    heat_tl: Tensor, heat_br: Tensor, emb_tl: Tensor, emb_br: Tensor, k: int
) -> tuple[Tensor, Tensor, Tensor]:
    """All pairs of corners that are boxes, the highest score first.

    Shapes:
        heat_tl  (C, H, W)  float, scores of top-left corners
        heat_br  (C, H, W)  float, scores of bottom-right corners
        emb_tl   (H, W)     float
        emb_br   (H, W)     float
        k        int        at most C * H * W
        boxes    (D, 4)     float, xyxy: column and row of the corners; D may be 0
        scores   (D,)       float, descending
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
#     embeddings.append(torch.stack(peaks).argmax(dim=0).float())  # 0, 1, 2: the object whose corner is nearest
# decoded, scores, _ = decode_corners(*heats, *embeddings, k=3)
# lines = [Layer(decoded, "yellow", [f"{s:.2f}" for s in scores.tolist()])]
# box_figure(torch.stack([drawn.images[5], heats[0].repeat(3, 1, 1), heats[1].repeat(3, 1, 1)]), [lines, lines, lines],
#            titles=["boxes from pairs", "top-left corners", "bottom-right corners"], columns=3, scale=2.6)

# %% [markdown]
# ## What to take home
#
# A head is a few layers; its loss says what counts. Take the scale out where it cannot be known. Ask one channel, not
# all, where another head decides the class. And never round a coordinate that you need later.
#
# **Where to look next.** Zhou, Wang and Krähenbühl (*Objects as points*, 2019) find objects by their centres instead of
# two corners. Xiao, Wu and Wei (*Simple baselines for human pose estimation and tracking*, 2018) need only heat maps
# for keypoints. Ranftl et al. (*Towards robust monocular depth estimation*, 2020) mix data sets whose depths have
# different scales. PointRend (Kirillov et al., 2020) computes a mask only where it is not clear.
