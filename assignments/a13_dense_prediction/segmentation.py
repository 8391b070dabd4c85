# %% [markdown]
# # A class for each pixel
#
# Segmentation gives each pixel a class: cat, road, nothing. The network has logits (N, C, H, W) instead of (N, C), and
# every pixel is an example. In this notebook you write losses and measures for such maps, the two classical networks,
# FCN and U-Net, and the step that joins things and stuff into one picture.
#
# Labels y are int64 (N, H, W). Pixels that nobody could label have the number `ignore_index`, 255 as in PASCAL VOC: no
# loss and no measure counts them.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Losses | `pixel_cross_entropy`, `soft_dice_loss`, `soft_iou_loss` | 8 | 55 |
# | 2 Measures | `confusion`, `miou`, `ssim` | 9 | 70 |
# | 3 Fully convolutional | `bilinear_kernel`, `FCN` | 7 | 55 |
# | 4 U-Net | `UNet`, `Hourglass` | 6 | 50 |
# | 5 Things and stuff | `merge_panoptic` | 5 | 40 |

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
#     """Scenes of 32 x 32 pixels, and where their object is."""
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
# ## 1 Losses
#
# The loss of a pixel is the cross-entropy that you know, $\ell = -\log \operatorname{softmax}(z)_y$. The loss of a
# batch is the mean over all pixels of all images that are not ignored. Where classes are rare, each class $c$ has a
# weight $w_c$, and the mean is a weighted one:
#
# $$L = \frac{\sum_i w_{y_i} \ell_i}{\sum_i w_{y_i}}, \qquad \text{over pixels with } y_i \ne \text{ignore\_index}.$$

# %% task="pixel_cross_entropy"
# About 30 minutes, medium. Stuck? hint("pixel_cross_entropy") shows a first step.
def pixel_cross_entropy(logits: Tensor, y: Tensor, weight: Tensor | None = None, ignore_index: int = 255) -> Tensor:
    """The weighted mean of the cross-entropy over all pixels that count; if there is none, 0 with a gradient of 0.

    Ready-made losses of torch are not allowed; `torch.log_softmax` and `torch.logsumexp` are.

    Shapes:
        logits  (N, C, H, W)  float, of any size
        y       (N, H, W)     int64, in [0, C) or ignore_index
        weight  (C,)          float; None: all 1
        out     ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="pixel_cross_entropy"
# check("segmentation", task="pixel_cross_entropy")

# %% [markdown]
# Cross-entropy counts pixels, so a small object hardly matters. The **Dice** loss and the **IoU** loss compare areas.
# With probabilities $p$ and targets $t$ in [0, 1], for each class $I = \sum p t$, $P = \sum p$, $T = \sum t$, summed
# over images and pixels, and
#
# $$D = \frac{2 I + \varepsilon}{P + T + \varepsilon}, \qquad J = \frac{I + \varepsilon}{P + T - I + \varepsilon}.$$
#
# The loss is 1 minus the mean over the classes. For the masks 1 1 1 0 and 1 1 0 1, with $\varepsilon = 0$, $I = 2$, so
# $D = 4/6 = 0.6667$ and $J = 2/4 = 0.5$. On masks, $J = D / (2 - D)$: Dice is never smaller.

# %% task="soft_dice_loss"
# About 15 minutes, easy. Stuck? hint("soft_dice_loss") shows a first step.
def soft_dice_loss(p: Tensor, t: Tensor, eps: float = 1.0) -> Tensor:
    """1 minus the mean over the classes of (2 I + eps) / (P + T + eps).

    Shapes:
        p    (N, C, H, W)  float, probabilities
        t    (N, C, H, W)  float, targets in [0, 1]
        out  ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="soft_dice_loss"
# check("segmentation", task="soft_dice_loss")

# %% task="soft_iou_loss"
# About 10 minutes, easy. Stuck? hint("soft_iou_loss") shows a first step.
def soft_iou_loss(p: Tensor, t: Tensor, eps: float = 1.0) -> Tensor:
    """1 minus the mean over the classes of (I + eps) / (P + T - I + eps).

    Shapes:
        p    (N, C, H, W)  float, probabilities
        t    (N, C, H, W)  float, targets in [0, 1]
        out  ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="soft_iou_loss"
# check("segmentation", task="soft_iou_loss")

# %% tags=["active-ipynb"]
# target = torch.zeros(1, 1, 1, 100)
# target[..., :10] = 1  # a small object: 10 of 100 pixels
# found = torch.linspace(0.02, 0.98, 49)
# losses = {"cross-entropy": [], "Dice": [], "IoU": []}
# for share in found:
#     p = torch.full_like(target, 0.02)
#     p[..., :10] = share  # the object's pixels get this probability
#     losses["cross-entropy"].append(F.binary_cross_entropy(p, target).item())
#     losses["Dice"].append(soft_dice_loss(p, target, 0.0).item())
#     losses["IoU"].append(soft_iou_loss(p, target, 0.0).item())
# curves(losses, x=found, xlabel="probability of the object's pixels", ylabel="loss")

# %% [markdown]
# ## 2 Measures
#
# The accuracy of pixels says little if most pixels are background. The usual measure is the **mean IoU**. Count the
# pixels of true class $i$ (row) that were called $j$ (column) in one **confusion matrix** of the *whole set*; then
#
# $$\text{IoU}_c = \frac{M_{cc}}{\sum_j M_{cj} + \sum_i M_{ic} - M_{cc}}.$$
#
# A class that occurs neither in the truth nor in the predictions has 0/0: it is left out of the mean. Sums come before
# the division: a mean of the IoU of single images is another number, in which one wrong pixel of a tiny object weighs
# as much as a thousand of a large one.

# %% task="confusion"
# About 20 minutes, medium. Stuck? hint("confusion") shows a first step.
def confusion(pred: Tensor, y: Tensor, C: int, ignore_index: int = 255) -> Tensor:
    """How many pixels of each true class (row) were called each class (column).

    Shapes:
        pred  any shape  int64, in [0, C)
        y     the same   int64, in [0, C) or ignore_index
        out   (C, C)     int64; the sum of two sets' matrices is that of both together
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="confusion"
# check("segmentation", task="confusion")

# %% task="miou"
# About 15 minutes, easy. Stuck? hint("miou") shows a first step.
def miou(conf: Tensor) -> float:
    """The mean IoU of the classes that occur in the truth or in the predictions; 0 if there is none.

    Shapes:
        conf  (C, C)  int64, rows are true classes
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="miou"
# check("segmentation", task="miou")

# %% [markdown] question="segmentation-q1"
# **Question 1.** A test set has two images. In the first, an object of 1,000 pixels was found without a mistake. The
# second has an object of 2 pixels: none of them was found, and no other pixel was called object. What is the IoU of the
# object's class by the definition above, and what is the mean of the two images' IoU? Name a case in which you would
# want the mean.

# %% [markdown] answer="segmentation-q1"
# YOUR ANSWER HERE

# %% [markdown]
# For maps of numbers, such as depth or images, the **structural similarity** (Wang et al. 2004) compares local means
# $\mu$, variances $\sigma^2$ and the covariance $\sigma_{ab}$, all under a Gaussian window of 11 x 11 with
# $\sigma = 1.5$ whose weights sum to 1:
#
# $$\text{SSIM} = \frac{(2 \mu_a \mu_b + C_1)(2 \sigma_{ab} + C_2)}
# {(\mu_a^2 + \mu_b^2 + C_1)(\sigma_a^2 + \sigma_b^2 + C_2)}, \qquad C_1 = (0.01 L)^2, \; C_2 = (0.03 L)^2,$$
#
# where $L$ is the range of values, and $\sigma_{ab}$ is the weighted mean of $ab$, minus $\mu_a \mu_b$. It is 1 for
# equal images, so a loss is 1 - SSIM. Windows lie inside the image: the map has $H - 10$ rows. The result is the mean
# over the map, over channels and images.

# %% task="ssim"
# About 35 minutes, medium. Stuck? hint("ssim") shows a first step.
def ssim(a: Tensor, b: Tensor, window: int = 11, sigma: float = 1.5, L: float = 1.0) -> Tensor:
    """The mean structural similarity of two batches, each channel for itself.

    Shapes:
        a, b  (N, C, H, W)  float; H and W are at least `window`, which is odd
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
# ## 3 Fully convolutional
#
# A network for classification loses the place, but its last maps still have some: at stride 32, one vector for 32 x 32
# pixels. Long, Shelhamer and Darrell (2015) put a 1 x 1 convolution onto it, a **head** with one map per class, and
# enlarge. The enlarging is a transposed convolution that *starts* as bilinear interpolation and then learns. Its
# kernel of size $k$, for a factor of $k/2$, has $f = \lceil k/2 \rceil$ and the centre $c$, which is $f - 1$ if $k$ is
# odd and $f - \tfrac12$ if $k$ is even:
#
# $$w_i = 1 - \frac{|i - c|}{f}, \qquad \text{in two dimensions the outer product } w_i w_j.$$
#
# For $k = 4$: $w$ is 0.25, 0.75, 0.75, 0.25.

# %% task="bilinear_kernel"
# About 15 minutes, easy. Stuck? hint("bilinear_kernel") shows a first step.
def bilinear_kernel(C: int, k: int) -> Tensor:
    """The weights of a transposed convolution that interpolates each channel by itself.

    Shapes:
        out  (C, C, k, k)  float32; the outer product from each channel to itself, 0 between different channels
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="bilinear_kernel"
# check("segmentation", task="bilinear_kernel")

# %% [markdown]
# Maps at stride 32 are coarse, those at stride 16 and 8 see finer outlines. So their heads' maps are **added**, step by
# step: enlarge the scores of stride 32 twice and add the head of stride 16; enlarge the sum twice and add the head of
# stride 8; enlarge that eight times. The networks are called FCN-32s, FCN-16s and FCN-8s by the last step's factor.
#
# With odd sizes, a map that was enlarged twice may be a row or a column larger than the finer one: **crop** it at the
# right and at the bottom. The last map is cropped to the image's size.

# %%
class Backbone(nn.Module):
    """A small network that returns its maps at strides 8, 16 and 32. Given."""

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
            x = block(x)  # half as large, rounded up
            maps.append(x)
        return maps[2:]


# %% task="FCN"
# About 40 minutes, hard. Stuck? hint("FCN") shows a first step.
class FCN(nn.Module):
    """FCN-32s, FCN-16s or FCN-8s, by `stride`.

    The layers are given, from coarse to fine: `heads[0]` reads stride 32, `heads[1]` stride 16, `heads[2]` stride 8;
    `twice[0]` enlarges what stride 32 says, `twice[1]` the sum at stride 16; `last` enlarges by `stride`. These
    transposed convolutions start as bilinear interpolation. Heads are added; what is too large is cropped at the right
    and at the bottom.

    Shapes:
        backbone  returns maps of strides 8, 16, 32, with backbone.channels channels; sizes are rounded up
        x         (N, 3, H, W)            float
        out       (N, num_classes, H, W)  logits
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
# **Question 2.** Before such networks, a classifier was applied to windows, one after the other. A window of $h \times
# w$ pixels has $(H - h + 1)(W - w + 1)$ places in an image of $H \times W$. How many windows of all sizes are there?
# How many in an image of 800 x 600? In what sense does a 1 x 1 head on a map of stride 32 apply a classifier to many
# windows, and which work does it save?

# %% [markdown] answer="segmentation-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 U-Net
#
# U-Net (Ronneberger et al. 2015) goes down and up again by the same number of steps, and on each level the maps on the
# way up are **concatenated** with those of the way down: what from below, where from the side. With widths $(c_0, c_1,
# \ldots)$:
#
# - down: a block of convolutions on each level; max pooling by 2 between levels. The block's result, *before* it is
#   pooled, is the level's skip.
# - up: a transposed convolution with kernel 2 and stride 2 from $c_{i+1}$ to $c_i$; then the skip and the result are
#   concatenated, the skip first; then a block from $2 c_i$ to $c_i$.
# - at the end, a 1 x 1 convolution to the classes.
#
# Pooling rounds odd sizes down. Then the enlarged map is a row or a column too small: **pad** zeros at the right and at
# the bottom, up to the size of the skip.

# %%
def conv_block(c_in: int, c_out: int) -> nn.Sequential:
    """Two convolutions of 3 x 3, each with batch normalisation and ReLU. Given."""
    layers: list[nn.Module] = []
    for c in (c_in, c_out):
        layers += [nn.Conv2d(c, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]
    return nn.Sequential(*layers)


# %% task="UNet"
# About 35 minutes, medium. Stuck? hint("UNet") shows a first step.
class UNet(nn.Module):
    """U-Net. The layers are given: `down[i]`, `up[i]` and `merge[i]` belong to level i, level 0 has the largest maps.

    Shapes:
        x    (N, in_ch, H, W)        float; H and W are at least 2**(len(widths) - 1)
        out  (N, num_classes, H, W)  logits
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
# The **hourglass** (Newell et al. 2016) finds the joints of people: one heat map per joint. It has the same shape, but
# the skips are **added**, after a block of their own, `side`: $x = \text{merge}(\text{up}(x) +
# \text{side}(\text{skip}))$.

# %% task="Hourglass"
# About 15 minutes, easy. Stuck? hint("Hourglass") shows a first step.
class Hourglass(nn.Module):
    """An hourglass: as U-Net, but skips go through `side[i]` and are added. Odd sizes are padded in the same way.

    Shapes:
        x    (N, in_ch, H, W)   float; H and W are at least 2**(len(widths) - 1)
        out  (N, joints, H, W)  a heat map for each joint
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
#     """Adam with a one-cycle schedule; returns the prediction for the test images."""
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
#     """The pixels that have both classes within two pixels."""
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
# At stride 32, an image of 32 x 32 pixels is a single vector. FCN-32s must paint the whole object from this vector, and
# often says that there is none. The maps of strides 16 and 8 say where the object is; only U-Net, whose first skip has
# the resolution of the image, finds its outline.

# %% [markdown] question="segmentation-q3"
# **Question 3.** FCN-32s and FCN-8s have nearly the same number of weights, and the same coarse maps. What do the
# skips add that enlarging by a learned kernel of 64 x 64 cannot? Why would skips that are taken *after* pooling help
# less in a U-Net?

# %% [markdown] answer="segmentation-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 Things and stuff
#
# **Semantic** segmentation has a class for each pixel, **instance** segmentation a mask for each thing. **Panoptic**
# segmentation (Kirillov et al. 2019) has both: each pixel belongs to one segment, a countable *thing* or a piece of
# *stuff*, such as sky. The masks of things may overlap, so the more certain ones come first:
#
# 1. Go through the things by falling score; of equal scores, the earlier thing first.
# 2. A thing gets the pixels of its mask that are still free. If these are less than `min_share` of the mask, or none,
#    the thing is dropped, and its pixels stay free.
# 3. All pixels that are free at the end belong to the stuff that `sem` names; each class of stuff is one segment.
#    `sem` = 255 is nothing.

# %% task="merge_panoptic"
# About 40 minutes, hard. Stuck? hint("merge_panoptic") shows a first step.
def merge_panoptic(
    sem: Tensor, masks: Tensor, scores: Tensor, labels: Tensor, min_share: float = 0.5
) -> tuple[Tensor, Tensor]:
    """Merge masks of things and a map of stuff into segments without overlap.

    Segments have the numbers 1, 2, ...: first the things that are kept, in the order in which they were placed, then
    the classes of stuff that have free pixels, in rising order. 0 is nothing.

    Shapes:
        sem      (H, W)     int64, class of stuff, or 255 for nothing
        masks    (R, H, W)  bool
        scores   (R,)       float
        labels   (R,)       int64, classes of things
        ids      (H, W)     int64, in [0, S]
        classes  (S,)       int64, the class of segment s is classes[s - 1]
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="merge_panoptic"
# check("segmentation", task="merge_panoptic")

# %% [markdown]
# The measure is **panoptic quality**. A segment of the prediction and one of the truth match if they have the same
# class and an IoU above ½; TP are the matches, FP and FN the segments without a match. Then $\text{PQ} =
# \sum_{\text{TP}} \text{IoU} \; / \; (\text{TP} + \tfrac12 \text{FP} + \tfrac12 \text{FN})$.

# %%
def panoptic_quality(ids: Tensor, classes: Tensor, true_ids: Tensor, true_classes: Tensor) -> float:
    """The panoptic quality over all classes together. Given."""
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
# sky[60:] = 21  # two kinds of stuff
# wide = F.max_pool2d(things[:, None].float(), 9, 1, 4)[:, 0] > 0  # masks that are four pixels too wide, and overlap
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
# **Question 4.** Prove that a segment of the prediction can have an IoU above ½ with at most one segment of the truth,
# if segments of the truth do not overlap. Where does the proof use that they do not?

# %% [markdown] answer="segmentation-q4"
# YOUR ANSWER HERE

# %% [markdown]
# ## What to take home
#
# Every pixel is an example. Pixels without a label count nowhere, and small objects need losses that compare areas.
# Measures are sums over the whole set, divided at the end. What is lost on the way down comes back by skips, added or
# concatenated. Where masks overlap, the order decides.
#
# **Where to look next.** DeepLabv3+ (Chen et al., *Encoder-decoder with atrous separable convolution for semantic image
# segmentation*, 2018) puts dilation and skips together. nnU-Net (Isensee et al., 2021) shows how far a plain U-Net gets
# if everything around it is done well. Mask2Former (Cheng et al., 2022) treats semantic, instance and panoptic
# segmentation alike, and Segment Anything (Kirillov et al., 2023) needs no classes.
