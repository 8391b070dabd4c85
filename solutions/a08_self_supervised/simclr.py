# %% [markdown]
# # Learning without labels
#
# Labels are dear: somebody must look at every image. Images are cheap. This assignment trains an encoder on images
# **nobody has labelled**, and only then asks what a handful of labels can do with its features.
#
# The idea fits in one sentence. Change an image in ways that do not change what it shows (crop it, mirror it, shift its
# colours), and ask the network to give both versions the same answer while giving *other* images other answers. This
# is **contrastive learning**; we build SimCLR (Chen, Kornblith, Norouzi and Hinton, *A simple framework for contrastive
# learning of visual representations*, ICML 2020).
#
# <!-- parts -->
#
# Replace each `raise NotImplementedError()` by your code, then run the cell below it: it runs the checks of that one
# task. Autograd is welcome throughout.

# %%
import math
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

Transform = Callable[[Tensor], Tensor]

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# from torch.utils.data import DataLoader
# from tqdm import tqdm
#
# from autograder import check, hint
# from common.nets.contrastive import ContrastiveModel, features_of, settle
# from common.data import load
# from common.plots.embedding import pca, tsne
# from common.plots import curves, image_grid, show
# from common.training.seed import seed_everything
# from common.training import fit
#
# torch.set_num_threads(1)  # the network is small: a second thread would mostly wait

# %% [markdown]
# ## The data
#
# Plain scenes: one orange object in front of a grey wall. The class is shape x texture, so there are ten. Colour,
# place and angle say nothing about it, so pixels are a poor description, and we will see how poor. (Why nothing but
# orange and grey? Question 1.) `labels` is for part 6 only; until then it is not used.

# %% tags=["active-ipynb"]
# scenes = load("plain_scenes", num_train=4000, num_test=2000)
# names = scenes.class_names
# images, labels = scenes.x_train, scenes.y_train
# image_grid(images[:16], titles=[names[label] for label in labels[:16]])

# %% [markdown]
# ## 1 Colours
#
# An image here is a tensor (3, H, W) of floats in [0, 1], with channels red, green, blue. Each function returns a new
# image of the same shape and dtype and leaves its input alone.
#
# **Grey.** The eye is most sensitive to green and least to blue, so the *luma* of a pixel is a weighted mean (ITU-R
# BT.601):
#
# $$ \ell = 0.299\, R + 0.587\, G + 0.114\, B. $$
#
# A grey image still has three channels; all three hold the luma, so that the network's first layer fits.


# %% task="to_grey" minutes=10 difficulty="easy"
def to_grey(image: Tensor) -> Tensor:
    """The image without its colours: the luma in each of the three channels.

    Shapes:
        image  (3, H, W)  float in [0, 1]
        out    (3, H, W)  three equal channels
    """
    ### BEGIN SOLUTION
    weights = image.new_tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    return (weights * image).sum(dim=0, keepdim=True).repeat(3, 1, 1)
    ### END SOLUTION


# %% [markdown] hint="to_grey"
# 1. Multiply the three channels by their weights, shaped (3, 1, 1), and add them up over axis 0.
# 2. Keep that axis (`keepdim=True`), then repeat it three times.

# %% [markdown]
# **Brightness, contrast, saturation.** All three *blend* the image with a duller one. With factor $f$ and a dull
# image $d$,
#
# $$ \text{out} = \operatorname{clamp}\left( f \cdot \text{image} + (1 - f)\, d,\; 0,\; 1 \right), $$
#
# so that $f = 1$ changes nothing, $f = 0$ leaves only the dull image, and $f > 1$ moves *away* from it:
#
# | | the dull image $d$ |
# |---|---|
# | brightness | black |
# | contrast | one grey everywhere: the mean luma of the whole image |
# | saturation | the grey version of each pixel |


# %% task="adjust_brightness" minutes=5 difficulty="easy"
def adjust_brightness(image: Tensor, factor: float) -> Tensor:
    """Blend with black.

    Shapes:
        image   (3, H, W)  float in [0, 1]
        factor  float      0 or more; 1 changes nothing
        out     (3, H, W)  in [0, 1]
    """
    ### BEGIN SOLUTION
    return (factor * image).clamp(0, 1)
    ### END SOLUTION


# %% [markdown] hint="adjust_brightness"
# 1. The dull image is black: d = 0, so the second term of the blend vanishes.
# 2. Clamp to [0, 1] with `clamp`; `clamp_` and `*=` would change the input.


# %% task="adjust_contrast" minutes=10 difficulty="easy"
def adjust_contrast(image: Tensor, factor: float) -> Tensor:
    """Blend with the mean luma of the image.

    Shapes:
        image   (3, H, W)  float in [0, 1]
        factor  float      0 or more; 1 changes nothing
        out     (3, H, W)  in [0, 1]
    """
    ### BEGIN SOLUTION
    return (factor * image + (1 - factor) * to_grey(image).mean()).clamp(0, 1)
    ### END SOLUTION


# %% [markdown] hint="adjust_contrast"
# 1. The dull image is one number: the mean of the luma over the whole image. `to_grey` gives the luma.
# 2. Blend with the formula, then clamp.


# %% task="adjust_saturation" minutes=5 difficulty="easy"
def adjust_saturation(image: Tensor, factor: float) -> Tensor:
    """Blend each pixel with its own grey.

    Shapes:
        image   (3, H, W)  float in [0, 1]
        factor  float      0 or more; 1 changes nothing
        out     (3, H, W)  in [0, 1]
    """
    ### BEGIN SOLUTION
    return (factor * image + (1 - factor) * to_grey(image)).clamp(0, 1)
    ### END SOLUTION


# %% [markdown] hint="adjust_saturation"
# 1. The dull image is the grey version, pixel by pixel.
# 2. Blend with the formula, then clamp.

# %% [markdown]
# **Hue.** Think of a colour as three numbers of another kind (Smith, *Color gamut transform pairs*, SIGGRAPH 1978):
# the *value* $V = \max(R, G, B)$, the *chroma* $C = V - \min(R, G, B)$, and the *hue*, an angle on the colour circle.
# Measured in sixths of a turn, with red at 0, green at 2 and blue at 4, the hue is
#
# $$ h = \begin{cases} (G - B) / C & \text{if } V = R \\ 2 + (B - R) / C & \text{if } V = G \\
# 4 + (R - G) / C & \text{if } V = B \end{cases} $$
#
# Shift the hue, keep $V$ and $C$, and go back:
#
# $$ \text{channel} = V - C \cdot \operatorname{clamp}\bigl(\min(k,\, 4 - k),\, 0,\, 1\bigr), \qquad
# k = (n + h) \bmod 6, \qquad n = 5, 3, 1 \text{ for red, green, blue.} $$
#
# `shift` is in whole turns: 0.5 gives the complementary colours, 1 and 0 change nothing. A grey pixel has $C = 0$ and
# no hue. It must stay as it is, so beware of the division.


# %% task="adjust_hue" minutes=40 difficulty="hard"
def adjust_hue(image: Tensor, shift: float) -> Tensor:
    """Turn the colours on the circle of hues.

    Shapes:
        image  (3, H, W)  float in [0, 1]
        shift  float      in turns, may be negative
        out    (3, H, W)  in [0, 1]
    """
    ### BEGIN SOLUTION
    value, chroma = image.amax(dim=0), image.amax(dim=0) - image.amin(dim=0)  # (H, W)
    red, green, blue = image
    divisor = torch.where(chroma > 0, chroma, 1.0)
    hue = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    k = (image.new_tensor([5.0, 3.0, 1.0]).view(3, 1, 1) + hue + 6 * shift) % 6  # (3, H, W)
    return value - chroma * torch.minimum(k, 4 - k).clamp(0, 1)
    ### END SOLUTION


# %% [markdown] hint="adjust_hue"
# 1. Begin with value and chroma, (H, W) each: the largest of the three channels, and the largest minus the smallest.
# 2. The hue has three cases; nest two `torch.where`. Where the chroma is 0, divide by 1 instead: the result is
#    multiplied by the chroma later and vanishes.
# 3. Add 6 * shift to the hue (it is measured in sixths). For each channel compute k with its own n, and `%` 6 keeps it
#    in range; then the formula with min(k, 4 - k), clamped to [0, 1]. Value and chroma stay as they are: clamp neither.

# %% tags=["active-ipynb"]
# rows = {
#     "brightness": [adjust_brightness(images[1], factor) for factor in (0.6, 0.8, 1.0, 1.2, 1.4)],
#     "contrast": [adjust_contrast(images[1], factor) for factor in (0.6, 0.8, 1.0, 1.2, 1.4)],
#     "saturation": [adjust_saturation(images[1], factor) for factor in (0.0, 0.6, 1.0, 1.4, 3.0)],
#     "hue": [adjust_hue(images[1], shift) for shift in (-0.2, -0.1, 0.0, 0.1, 0.5)],
# }
# titles = [name if column == 2 else "" for name in rows for column in range(5)]
# image_grid(torch.stack(sum(rows.values(), [])), titles=titles, columns=5)

# %% [markdown]
# ## 2 Crops
#
# No change does much alone; crops together with colours make the difference (Chen et al., section 3.1). The crop is the
# *random resized crop* (Szegedy et al., *Going deeper with convolutions*, CVPR 2015): cut out a random box, and
# stretch it to a fixed size. One box may show the left half of an object and the other all of it: to agree, the
# network must know that the two belong together.
#
# Split it in two: chance draws a box, and a function without chance cuts it out.
#
# **Drawing the box.** Draw the share $a$ of the image's *area* uniformly from `scale`, and the aspect ratio $r$ = width
# / height such that $\log r$ is uniform (twice as wide shall be as likely as twice as high). Then
#
# $$ h = \operatorname{round} \sqrt{a H W / r}, \qquad w = \operatorname{round} \sqrt{a H W \cdot r}. $$
#
# If this box is empty or does not fit into the image, draw again, $a$ and $r$ both. If ten boxes in a row do not fit,
# take the whole image. Every place where the box fits is equally likely, its corners included.
#
# Take all random numbers of this assignment from torch (`torch.rand`, `torch.randint`, `Tensor.uniform_`, ...), so that
# one seed repeats everything.


# %% task="sample_crop" minutes=30 difficulty="medium"
def sample_crop(
    height: int, width: int, scale: tuple[float, float] = (0.5, 1.0), ratio: tuple[float, float] = (3 / 4, 4 / 3)
) -> tuple[int, int, int, int]:
    """Draw a box inside an image.

    Shapes:
        height, width  int           of the image
        scale          (low, high)   share of the image's area, uniform
        ratio          (low, high)   width / height of the box, its logarithm uniform
        out            four ints     top, left, height and width of the box
    """
    ### BEGIN SOLUTION
    for _ in range(10):
        area = height * width * float(torch.empty(()).uniform_(*scale))
        aspect = math.exp(float(torch.empty(()).uniform_(math.log(ratio[0]), math.log(ratio[1]))))
        h, w = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
        if 0 < h <= height and 0 < w <= width:
            return int(torch.randint(height - h + 1, ())), int(torch.randint(width - w + 1, ())), h, w
    return 0, 0, height, width
    ### END SOLUTION


# %% [markdown] hint="sample_crop"
# 1. A loop of ten tries. In each, draw *both* the area and the ratio again. `torch.empty(()).uniform_(low, high)` draws
#    one number.
# 2. The logarithm of the ratio is uniform: draw between log(ratio[0]) and log(ratio[1]), then take `exp`.
# 3. If the box fits, `torch.randint(height - h + 1, ())` draws its top; the + 1 makes the last place possible. After
#    ten tries return the whole image: 0, 0, height, width.

# %% [markdown]
# **Cutting it out.** Resize bilinearly: `F.interpolate` with `mode="bilinear"` and `align_corners=False` does it (it
# wants a batch axis). Without antialiasing, which is its default.


# %% task="resized_crop" minutes=10 difficulty="easy"
def resized_crop(image: Tensor, top: int, left: int, height: int, width: int, size: int) -> Tensor:
    """Cut a box out of the image and resize it bilinearly to a square.

    Shapes:
        image                     (C, H, W)        float
        top, left, height, width  int              a box inside the image
        size                      int              side of the result
        out                       (C, size, size)
    """
    ### BEGIN SOLUTION
    box = image[:, top : top + height, left : left + width]
    return F.interpolate(box[None], size=(size, size), mode="bilinear", align_corners=False)[0]
    ### END SOLUTION


# %% [markdown] hint="resized_crop"
# 1. Slicing cuts the box out: rows `top : top + height`, columns alike.
# 2. `F.interpolate` wants a batch axis: add it with `[None]`, and take it off with `[0]`.

# %% [markdown]
# ## 3 Pairs
#
# **Colour jitter** draws a factor uniformly from $[1 - s, 1 + s]$ for each of brightness, contrast and saturation,
# where $s$ is that one's strength, and a hue shift uniformly from $[-s, s]$. It then applies the four, one after the
# other, in this order. Four independent draws in every call.


# %% task="color_jitter" minutes=15 difficulty="easy"
def color_jitter(
    image: Tensor, brightness: float = 0.4, contrast: float = 0.4, saturation: float = 0.4, hue: float = 0.1
) -> Tensor:
    """Change brightness, contrast, saturation and hue by random amounts.

    Shapes:
        image                             (3, H, W)  float in [0, 1]
        brightness, contrast, saturation  float      in [0, 1]: factors from 1 - strength to 1 + strength
        hue                               float      in [0, 0.5]: shifts from -hue to hue
        out                               (3, H, W)  in [0, 1]
    """
    ### BEGIN SOLUTION
    brightness, contrast, saturation, hue = (
        float(torch.empty(()).uniform_(centre - strength, centre + strength))
        for centre, strength in ((1, brightness), (1, contrast), (1, saturation), (0, hue))
    )
    image = adjust_contrast(adjust_brightness(image, brightness), contrast)
    return adjust_hue(adjust_saturation(image, saturation), hue)
    ### END SOLUTION


# %% [markdown] hint="color_jitter"
# 1. Draw four numbers: three factors between 1 - strength and 1 + strength, and a shift between -hue and hue.
# 2. Apply your four functions in the order of the arguments, each to the result of the one before.

# %% [markdown]
# **The whole chain** (Chen et al., appendix A; their crops are smaller, and they also blur). In this order:
#
# 1. a random resized crop to `size` x `size`, with this `scale` and the default `ratio`: always;
# 2. a mirror image, left and right exchanged: with probability 0.5;
# 3. colour jitter with its default strengths: with probability 0.8;
# 4. grey: with probability 0.2.
#
# Steps 2 to 4 are decided independently of each other, again for every image. `compute_train_transform` returns a
# *function* from image to image. Before it does, it calls `torch.manual_seed(seed)`, so that the same seed
# always gives the same sequence of random images. (The first image and the second must still differ: seed when the
# function is made, not when it is called.)


# %% task="compute_train_transform" minutes=20 difficulty="medium"
def compute_train_transform(seed: int = 123456, size: int = 32, scale: tuple[float, float] = (0.5, 1.0)) -> Transform:
    """Seed torch and return the random transform for training.

    Shapes:
        seed   int          for torch.manual_seed
        size   int          side of the transformed images
        scale  (low, high)  of the crops
        out    function     (3, H, W) in [0, 1] -> (3, size, size) in [0, 1], any H and W
    """
    ### BEGIN SOLUTION
    torch.manual_seed(seed)

    def transform(image: Tensor) -> Tensor:
        box = sample_crop(*image.shape[1:], scale=scale)
        image = resized_crop(image, *box, size=size)
        flip, jitter, grey = torch.rand(3).tolist()
        if flip < 0.5:
            image = image.flip(-1)
        if jitter < 0.8:
            image = color_jitter(image)
        if grey < 0.2:
            image = to_grey(image)
        return image

    return transform
    ### END SOLUTION


# %% [markdown] hint="compute_train_transform"
# 1. Seed once, in the outer function. Define an inner function that takes an image, and return it.
# 2. The crop always happens: `sample_crop` on the image's height and width with this `scale`, then `resized_crop` to
#    `size`.
# 3. For each of the other three draw a number with `torch.rand`, and act if it is below the probability.
#    `image.flip(-1)` mirrors.

# %% [markdown]
# **Positive pairs.** For contrastive learning an example is not an image with its label, but *two views* of one image.
# The data set hands out both, and the label, which training will ignore. The two views are two independent draws.


# %% task="PairDataset" minutes=10 difficulty="easy"
class PairDataset(Dataset):
    """Images as positive pairs.

    Shapes:
        images     (N, C, H, W)  the images
        labels     (N,)          their labels
        transform  function      (C, H, W) -> (C, h, w), random; None: both views are the image itself
        out        an item is (x_i, x_j, target): two views and the label, as it is in labels
    """

    def __init__(self, images: Tensor, labels: Tensor, transform: Transform | None = None) -> None:
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        ### BEGIN SOLUTION
        image, target = self.images[index], self.labels[index]
        if self.transform is None:
            return image, image, target
        return self.transform(image), self.transform(image), target
        ### END SOLUTION


# %% [markdown] hint="PairDataset"
# 1. Fetch the image and its label. Without a transform, both views are the image.
# 2. Call the transform *twice*: one call used for both views would make them equal.

# %% [markdown]
# Look at them: top and bottom are one pair. Could you tell that they belong together, and not to their neighbours?

# %% tags=["active-ipynb"]
# pairs = PairDataset(images, labels, compute_train_transform(seed=0))
# left, right, _ = zip(*(pairs[index] for index in range(10)))
# image_grid(torch.stack([*left, *right]), columns=10, alt="Ten pairs of random views, one above the other.")

# %% [markdown] question="simclr-q1"
# **Question 1.** A colleague trains on colour photographs and removes colour jitter and grey from the chain. Her
# training loss falls much faster than ours, and she is pleased. (a) How can her network pair the crops so easily? (b)
# What do you expect of her features when they are used to tell shapes apart? (c) Our objects are all orange, in front
# of a grey wall. Had each image a wallpaper of its own, which mistake would the network make for the same reason?

# %% [markdown] answer="simclr-q1"
# ### BEGIN SOLUTION
# (a) By colour: two crops of one image have nearly the same colour histogram, and other images have others. (b) Poor:
# to solve the task it is enough to encode colours, and nothing pushes the network to look at shape; a class that is not
# given by colour cannot be read off such features. (Chen et al., figure 6: colour histograms suffice to tell images
# apart.) (c) It would look at the wallpaper: texture, angle and period of the background are the same in both crops
# and differ between images, and they fill more pixels than the object. What both views share and other images lack is
# what is learned, whether we meant it or not; only the augmentations say what shall not count.
# ### END SOLUTION

# %% [markdown]
# ## 4 Similarity and loss
#
# The network turns a view $x$ into features $h = f(x)$ and these into a *projection* $z = g(h)$. Projections are
# compared by the **cosine** of the angle between them, so their lengths do not matter:
#
# $$ \operatorname{sim}(z_i, z_j) = \frac{z_i \cdot z_j}{\lVert z_i \rVert\, \lVert z_j \rVert}. $$


# %% task="sim" minutes=5 difficulty="easy"
def sim(z_i: Tensor, z_j: Tensor) -> Tensor:
    """Cosine of the angle between two vectors.

    Shapes:
        z_i  (D,)  not zero; you may add 1e-8 to the product of the lengths
        z_j  (D,)  not zero
        out  ()    in [-1, 1]
    """
    ### BEGIN SOLUTION
    return (z_i @ z_j) / (z_i.norm() * z_j.norm())
    ### END SOLUTION


# %% [markdown] hint="sim"
# 1. The dot product of two vectors is `z_i @ z_j`.
# 2. Divide by the product of the two lengths, `norm()`.

# %% [markdown]
# A batch of $N$ images makes $2N$ views. Number them so that the left views are $z_1, \dots, z_N$ and the right ones
# $z_{N+1}, \dots, z_{2N}$; then $z_k$ and $z_{k+N}$ are a positive pair. For the pair $(i, j)$, ask the network to find
# $j$ among **all other views**, by a softmax over similarities with temperature $\tau$ (Chen et al., equation 1):
#
# $$ \ell(i, j) = -\log \frac{\exp(\operatorname{sim}(z_i, z_j) / \tau)}
# {\sum_{k=1,\, k \ne i}^{2N} \exp(\operatorname{sim}(z_i, z_k) / \tau)}. $$
#
# The sum leaves out $i$ itself but contains $j$. It also contains the views of $i$'s own side: $2N - 1$ terms. The loss
# is the mean over all $2N$ views, because each view searches for its partner:
#
# $$ L = \frac{1}{2N} \sum_{k=1}^{N} \bigl[ \ell(k, k+N) + \ell(k+N, k) \bigr]. $$
#
# It is called NT-Xent, the *normalised temperature-scaled cross-entropy*. First with loops, straight from the formula.


# %% task="simclr_loss_naive" minutes=30 difficulty="medium"
def simclr_loss_naive(out_left: Tensor, out_right: Tensor, tau: float) -> Tensor:
    """NT-Xent, with loops over all pairs of views.

    Shapes:
        out_left   (N, D)  projections of the left views
        out_right  (N, D)  of the right views; row k of both is a positive pair
        tau        float   temperature, above 0
        out        ()      mean over the 2N views
    """
    ### BEGIN SOLUTION
    num_pairs = len(out_left)
    out = torch.cat([out_left, out_right])  # (2N, D)
    total = out.new_zeros(())
    for i in range(2 * num_pairs):
        partner = (i + num_pairs) % (2 * num_pairs)
        denominator = out.new_zeros(())
        for k in range(2 * num_pairs):
            if k != i:
                denominator = denominator + (sim(out[i], out[k]) / tau).exp()
        total = total + denominator.log() - sim(out[i], out[partner]) / tau
    return total / (2 * num_pairs)
    ### END SOLUTION


# %% [markdown] hint="simclr_loss_naive"
# 1. Put left and right into one tensor of 2N rows. The partner of row i is row i + N, counted round: `(i + N) % (2 *
#    N)`.
# 2. For each row i add up exp(sim / tau) over all k, except k = i. The partner belongs to the sum.
# 3. The loss of a row is the logarithm of this sum minus sim(i, partner) / tau. Add all 2N losses and divide by 2N.

# %% [markdown]
# Now the parts for whole matrices. Neither may loop, and the matrix of similarities must not build anything of the size
# $2N \times 2N \times D$ on its way: for 4,096 images and 128 numbers, that would be 34 GB. Divide each row by its
# length first; then one product has all cosines.


# %% task="sim_positive_pairs" minutes=10 difficulty="easy"
def sim_positive_pairs(out_left: Tensor, out_right: Tensor) -> Tensor:
    """The cosine of each positive pair.

    Shapes:
        out_left   (N, D)
        out_right  (N, D)
        out        (N, 1)  sim of row k of both
    """
    ### BEGIN SOLUTION
    return (F.normalize(out_left, dim=1) * F.normalize(out_right, dim=1)).sum(dim=1, keepdim=True)
    ### END SOLUTION


# %% [markdown] hint="sim_positive_pairs"
# 1. Divide each row by its length: `F.normalize(x, dim=1)`.
# 2. Multiply left and right entry by entry, and sum over each row with `keepdim=True`.


# %% task="compute_sim_matrix" minutes=10 difficulty="easy"
def compute_sim_matrix(out: Tensor) -> Tensor:
    """The cosines of all views with all views.

    Shapes:
        out  (2N, D)
        out  (2N, 2N)  entry [i, j] is sim of rows i and j
    """
    ### BEGIN SOLUTION
    rows = F.normalize(out, dim=1)
    return rows @ rows.T
    ### END SOLUTION


# %% [markdown] hint="compute_sim_matrix"
# 1. Normalise the rows first; then all cosines are dot products.
# 2. One matrix product of the rows with their transpose has them all.

# %% [markdown]
# And the loss without loops. Two traps. The diagonal must not count: a mask, or $-\infty$ in its place. And for a small
# temperature the exponential overflows: with $\tau = 0.01$, $\exp(1 / \tau) = e^{100}$ does not fit in float32. You
# know the remedy from the softmax; `torch.logsumexp` has it built in. This loss must be right for every $\tau$.


# %% task="simclr_loss_vectorized" minutes=30 difficulty="medium"
def simclr_loss_vectorized(
    out_left: Tensor, out_right: Tensor, tau: float, device: str | torch.device = "cpu"
) -> Tensor:
    """NT-Xent without a Python loop; finite and right for small tau in float32.

    Shapes:
        out_left   (N, D)  projections of the left views
        out_right  (N, D)  of the right views; row k of both is a positive pair
        tau        float   temperature, above 0
        device     where the projections are, for tensors that you make
        out        ()      mean over the 2N views
    """
    ### BEGIN SOLUTION
    logits = compute_sim_matrix(torch.cat([out_left, out_right])).div_(tau)  # (2N, 2N)
    itself = torch.eye(len(logits), dtype=torch.bool, device=device)
    log_sums = logits.masked_fill_(itself, -math.inf).logsumexp(dim=1)  # (2N,)
    positives = sim_positive_pairs(out_left, out_right)[:, 0] / tau  # (N,), each counts for both of its views
    return log_sums.mean() - positives.mean()
    ### END SOLUTION


# %% [markdown] hint="simclr_loss_vectorized"
# 1. The matrix of similarities of all 2N rows, divided by tau, is a table of logits. Its diagonal must not count: fill
#    it with -inf (`torch.eye(..., dtype=torch.bool, device=device)` is the mask).
# 2. `logsumexp` over each row is the logarithm of the denominator, and does not overflow.
# 3. The positives are `sim_positive_pairs` / tau; each counts for both of its views, so their mean over N is the mean
#    over 2N.

# %% [markdown]
# Two losses you can compute without a program. If all projections are *the same* vector, every one of the $2N - 1$
# other views is equally likely: $L = \log(2N - 1)$. If positive pairs agree perfectly and all other pairs are
# orthogonal, $L = \log(1 + (2N - 2)\, e^{-1/\tau})$.

# %% tags=["active-ipynb"]
# N = 64
# same, apart = torch.ones(N, N), torch.eye(N)
# for tau in (0.05, 0.1, 0.5, 1.0):
#     collapsed = simclr_loss_vectorized(same, same, tau)
#     separated = simclr_loss_vectorized(apart, apart, tau)
#     print(f"tau {tau:4}: all the same {collapsed:.3f}, pairs apart {separated:.3f}")
# print(f"log({2 * N - 1}) = {math.log(2 * N - 1):.3f}")

# %% [markdown] question="simclr-q2"
# **Question 2.** (a) Someone keeps only the numerator, $L' = -\operatorname{sim}(z_k, z_{k+N})$ averaged over pairs.
# Give an encoder that minimises $L'$ perfectly and is useless. (b) How does the denominator of NT-Xent forbid it? (c)
# Some of the "other" images show the same class. What does the loss ask of them, and why does it work nevertheless?

# %% [markdown] answer="simclr-q2"
# ### BEGIN SOLUTION
# (a) Any constant: if every image gets the same projection, all similarities are 1 and L' = -1, its minimum. This is
# called collapse. (b) For a constant encoder every term of the denominator equals the numerator. So the loss is
# $\log(2N - 1)$, the value of blind guessing; it falls only if positive pairs are *more* similar than the others. (c)
# It pushes them apart, too, which is wrong for our purpose (false negatives). With ten classes that is a tenth of the
# batch. It works because they can only be pushed apart by differences that the augmentations left over, and images of
# one class have fewer of these than images of different classes: they end up nearer than the rest, as the picture
# below shows.
# ### END SOLUTION

# %% [markdown]
# ## 5 Training
#
# One epoch. For every batch: both views through the model, loss, gradients, step. The model returns a pair, features
# and projections; **the loss takes the projections**. Nobody reads the labels. The views may pass one after the other,
# or together as one batch of $2N$: where the model has batch normalisation, its means are then over more images and the
# loss is a little different, and both are SimCLR.
#
# Return the mean loss of the epoch. Its batches may differ in size (the last one usually does), and the mean is over
# *pairs*: a batch of 20 counts a third of a batch of 60. So weight each loss by how many pairs are really in the batch,
# not by the argument `batch_size`. Return a Python float: a sum of tensors with their graphs would keep the memory
# of the whole epoch.


# %% task="train" minutes=25 difficulty="medium"
def train(
    model: nn.Module,
    data_loader: Iterable[tuple[Tensor, Tensor, Tensor]],
    train_optimizer: torch.optim.Optimizer,
    epoch: int,
    epochs: int,
    batch_size: int = 32,
    temperature: float = 0.5,
    device: str | torch.device = "cpu",
) -> float:
    """Train the model for one epoch by NT-Xent.

    Shapes:
        model            (N, C, H, W) -> features (N, F), projections (N, D); put it in training mode for good
        data_loader      batches (x_i, x_j, target) of pairs; the last one may be smaller
        train_optimizer  of the model's parameters
        epoch, epochs    int    which epoch this is, from 1, and of how many; for messages only
        batch_size       int    the usual number of pairs; a batch may hold fewer
        temperature      float  of the loss
        device           where the model is; batches are brought there
        out              float  the mean loss over all pairs of the epoch
    """
    ### BEGIN SOLUTION
    model.train()
    total, count = 0.0, 0
    for x_i, x_j, _ in data_loader:
        _, out_left = model(x_i.to(device))
        _, out_right = model(x_j.to(device))
        loss = simclr_loss_vectorized(out_left, out_right, temperature, device=device)
        train_optimizer.zero_grad()
        loss.backward()
        train_optimizer.step()
        total += loss.item() * len(x_i)
        count += len(x_i)
    return total / count
    ### END SOLUTION


# %% [markdown] hint="train"
# 1. `model.train()` first. For each batch: both views through the model, keep the projections, and bring the batches to
#    the device.
# 2. Loss, zero the gradients, backward, step.
# 3. Add `loss.item()` times the number of pairs that are really in the batch, and divide by the number of all pairs at
#    the end.

# %% [markdown]
# The model has three convolutions and a small head, 30,000 weights in all (`common/contrastive.py`). It sees the first
# 2,000 images, in twelve epochs; SimCLR as published took 1,000 epochs of a million images and batches of 4,096. Keep a
# second model that is **never trained**: whatever a probe can read from *its* features is owed to the architecture, not
# to learning.

# %% tags=["active-ipynb"]
# # about 30 seconds
# def pretrain(model, images, epochs, seed=0, temperature=0.1, transform=None, one_epoch=train):
#     transform = transform or compute_train_transform(seed=seed)
#     pairs = PairDataset(images, torch.zeros(len(images), dtype=torch.int64), transform)  # no labels: zeros
#     loader = DataLoader(pairs, batch_size=64, shuffle=True, drop_last=True)
#     optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-4)
#     losses = []
#     for epoch in tqdm(range(1, epochs + 1), unit="epoch"):
#         optimizer.param_groups[0]["lr"] = 4e-3 * (0.05 + 0.475 * (1 + math.cos(math.pi * (epoch - 1) / epochs)))
#         losses.append(one_epoch(model, loader, optimizer, epoch, epochs, batch_size=64, temperature=temperature))
#     return losses
#
#
# seed_everything(0)
# untrained, model = ContrastiveModel(), ContrastiveModel()
# model.load_state_dict(untrained.state_dict())
# settle(untrained, images)  # its batch normalisation gets the right statistics
# losses = pretrain(model, images[:2000], epochs=12)
# curves({"NT-Xent": losses, "guessing": [math.log(127)] * 12}, xlabel="epoch", ylabel="mean loss")

# %% [markdown]
# The **similarity matrix** of 60 new images, six of each class, first the striped ones, then the checked ones. Before
# training every image resembles every other; afterwards similarity depends on the image. The network knows nothing
# of classes. In our run texture comes first, two large blocks; within them discs and squares part from the three shapes
# with corners, holes and arms.

# %% tags=["active-ipynb"]
# order = [*range(0, 10, 2), *range(1, 10, 2)]
# chosen = torch.cat([(scenes.y_test == label).nonzero()[:6, 0] for label in order])
# figure, both = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
# for axes, (title, network) in zip(both, {"before": untrained, "after": model}.items()):
#     with torch.no_grad():
#         projections = network.eval()(scenes.x_test[chosen])[1]
#     picture = axes.imshow(compute_sim_matrix(projections), vmin=-1, vmax=1, cmap="RdBu_r")
#     axes.set_xticks(range(2, 60, 6), [names[label] for label in order], rotation=60, ha="right", fontsize=7)
#     axes.set_yticks(range(2, 60, 6), [names[label] for label in order], fontsize=7)
#     axes.set_title(title)
# figure.colorbar(picture, ax=both, label="cosine", shrink=0.8)
# show("Cosines of 60 images: before training all near 1; afterwards two large blocks, striped and checked.")

# %% [markdown]
# The **embedding** of 600 new images in two dimensions. PCA shows the two directions of largest variance. t-SNE (van
# der Maaten and Hinton, *Visualizing data using t-SNE*, JMLR 2008) tries to keep neighbours neighbours; distances
# between its clusters, and their sizes, mean nothing. Colours and markers are shapes, filled or hollow is the texture.

# %% tags=["active-ipynb"]
# # about 10 seconds
# figure, grid = plt.subplots(2, 2, figsize=(10, 9), layout="constrained")
# networks = {"random encoder": untrained, "SimCLR": model}
# for (title, network), row in zip(tqdm(networks.items(), desc="t-SNE", unit="network"), grid):
#     features = features_of(network, scenes.x_test[:600])
#     features = (features - features.mean(dim=0)) / (features.std(dim=0) + 1e-6)
#     for axes, (method, points) in zip(row, {"PCA": pca(features), "t-SNE": tsne(features)}.items()):
#         for label, name in enumerate(names):
#             x, y = points[scenes.y_test[:600] == label].T
#             colour, marker = f"C{label // 2}", "osv^D"[label // 2]
#             face = colour if label % 2 else "none"
#             axes.scatter(x, y, s=16, marker=marker, edgecolors=colour, facecolors=face, label=name)
#         axes.set(title=f"{title}, {method}", xticks=[], yticks=[])
# grid[0, 1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
# show("Features of 600 images in the plane. Random encoder: classes mixed. SimCLR: textures and shapes in groups.")

# %% [markdown] question="simclr-q3"
# **Question 3.** After training, $g$ is thrown away and $h$ is kept, although the loss was computed from $z = g(h)$.
# Chen et al. (section 4.2) find $h$ more than ten points better under a linear probe. Why might $z$ be the poorer
# representation? (Think of what the loss asks $z$ to forget.)

# %% [markdown] answer="simclr-q3"
# ### BEGIN SOLUTION
# The loss wants z to be the same for both views, so z must not contain anything that the augmentations change: colour,
# size, orientation, position. Some of that is useful for later tasks. The head g can discard it *on the way from h to
# z*, so h need not: it keeps more information, only in a form from which invariant z is one small network away. (The
# paper checks it: from h a rotation is predicted with 67.6 %, from z with 25.6 %, where chance is 25 %.)
# ### END SOLUTION

# %% [markdown]
# ## 6 What was learned?
#
# A **probe** is a classifier so simple that its accuracy measures the features. The encoder stays frozen; only now do
# labels appear.
#
# **k nearest neighbours** (Wu, Xiong, Yu and Lin, *Unsupervised feature learning via non-parametric instance
# discrimination*, CVPR 2018, section 3.4) trains nothing. Neighbours are those with the largest *cosine*; they vote,
# and the majority wins, the smaller label in a tie. (Wu et al. weight each vote by $\exp(\operatorname{sim} / 0.07)$;
# we count plainly.)


# %% task="knn_probe" minutes=20 difficulty="medium"
def knn_probe(features: Tensor, labels: Tensor, queries: Tensor, k: int = 5) -> Tensor:
    """The majority among the k labelled features with the largest cosine; of tied labels the smallest.

    Shapes:
        features  (N, D)  labelled features
        labels    (N,)    int64, 0 or more, perhaps with gaps
        queries   (M, D)  features to classify
        k         int     neighbours, at most N
        out       (M,)    int64
    """
    ### BEGIN SOLUTION
    similarity = F.normalize(queries, dim=1) @ F.normalize(features, dim=1).T  # (M, N)
    votes = labels[similarity.topk(k, dim=1).indices]  # (M, k)
    return F.one_hot(votes, int(labels.max()) + 1).sum(dim=1).argmax(dim=1)
    ### END SOLUTION


# %% [markdown] hint="knn_probe"
# 1. Normalise features and queries; a matrix product has all cosines, (M, N).
# 2. `topk(k, dim=1).indices` are the neighbours; their labels are the votes, (M, k).
# 3. Count the votes for each label, for example with `F.one_hot(votes, classes).sum(dim=1)`. Its `argmax` returns the
#    smaller label in a tie.

# %% [markdown]
# **The linear probe** is the softmax classifier you know, on features. To make it comparable between encoders, fix
# everything about it:
#
# 1. Standardise: $\hat h = (h - \mu) / (\sigma + 10^{-6})$, where $\mu$ and $\sigma$ are mean and (biased) standard
#    deviation of each feature *over the labelled features*. Queries are standardised by the same numbers.
# 2. Minimise the mean cross-entropy of $\hat h W + b$ plus $\text{reg} \cdot \sum W^2$ over $W$ and $b$. There is no
#    penalty on $b$.
#
# This function of $W$ and $b$ is convex: no other minimum can hold an optimiser up, and every one that gets to the end
# gives the same labels. (Labels may have gaps. The bias of a class without examples then falls for ever; that class is
# never the answer, and the other numbers no longer change.) With
# `torch.optim.LBFGS(..., max_iter=200, line_search_fn="strong_wolfe")` and all features in one batch it takes a moment.
# Stopping early is a different probe, so do not.


# %% task="linear_probe" minutes=35 difficulty="hard"
def linear_probe(features: Tensor, labels: Tensor, queries: Tensor, reg: float = 1e-2) -> Tensor:
    """Predict by softmax regression on standardised features, trained to the minimum.

    Shapes:
        features  (N, D)  labelled features
        labels    (N,)    int64, 0 or more, perhaps with gaps
        queries   (M, D)  features to classify
        reg       float   strength of the penalty on the weights, above 0
        out       (M,)    int64
    """
    ### BEGIN SOLUTION
    mean, deviation = features.mean(dim=0), features.std(dim=0, unbiased=False) + 1e-6
    rows, queries = (features - mean) / deviation, (queries - mean) / deviation
    weight = rows.new_zeros(rows.shape[1], int(labels.max()) + 1, requires_grad=True)
    bias = rows.new_zeros(weight.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def objective() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(rows @ weight + bias, labels) + reg * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(objective)
    return (queries @ weight + bias).argmax(dim=1)
    ### END SOLUTION


# %% [markdown] hint="linear_probe"
# 1. Mean and standard deviation (`unbiased=False`) come from the labelled features, and standardise the queries, too.
# 2. Weight and bias begin as zeros with `requires_grad=True`. LBFGS calls a function that you give it: it zeroes the
#    gradients, computes the loss, calls `backward` and returns the loss.
# 3. The penalty is `reg` times the sum of the squared weights, without the bias. After `optimizer.step(objective)`
#    predict by `argmax`.

# %% tags=["active-ipynb"]
# tables = {
#     "pixels": [x.flatten(1) for x in (images, scenes.x_test)],
#     "random encoder": [features_of(untrained, x) for x in (images, scenes.x_test)],
#     "SimCLR": [features_of(model, x) for x in (images, scenes.x_test)],
# }
#
#
# def accuracy(predicted):
#     return 100 * float((predicted == scenes.y_test).double().mean())
#
#
# print(f"{'':16} 400 labels: nearest neighbours   linear")
# for name, (features, queries) in tables.items():
#     few = features[:400], labels[:400], queries
#     print(f"{name:16} {accuracy(knn_probe(*few, k=5)):30.1f} % {accuracy(linear_probe(*few)):6.1f} %")

# %% [markdown]
# ## 7 Another pretext
#
# Before contrastive learning, people invented puzzles whose answers come for free. One of the best: turn the image by
# 0, 90, 180 or 270 degrees, and ask by how much (Gidaris, Singh and Komodakis, *Unsupervised representation learning by
# predicting image rotations*, ICLR 2018). To know which way is up, one must recognise what is in the picture.
#
# Make the puzzle: all images unturned, then all turned by 90 degrees **counterclockwise**, then by 180, then by 270.
# The label says how many quarter turns. Transposing and flipping are enough, so `torch.rot90` is not allowed. Turned by
# a quarter, an image that is not square would not fit into the same tensor: raise `ValueError`.


# %% task="rotation_task" minutes=20 difficulty="medium"
def rotation_task(images: Tensor) -> tuple[Tensor, Tensor]:
    """Four rotations of each image, and the number of counterclockwise quarter turns as the label.

    Raises ValueError for images that are not square.

    Shapes:
        images   (N, C, S, S)
        rotated  (4N, C, S, S)  row r * N + n is image n after r quarter turns
        labels   (4N,)          int64, on the images' device
    """
    ### BEGIN SOLUTION
    if images.shape[2] != images.shape[3]:
        raise ValueError(f"Only square images can be turned by 90 degrees; these are {tuple(images.shape[2:])}.")
    quarter = images.transpose(2, 3).flip(2)
    rotated = torch.cat([images, quarter, images.flip(2, 3), quarter.flip(2, 3)])
    return rotated, torch.arange(4, device=images.device).repeat_interleave(len(images))
    ### END SOLUTION


# %% [markdown] hint="rotation_task"
# 1. Compare the last two sizes, and raise `ValueError` if they differ.
# 2. A quarter turn counterclockwise: transpose the last two axes, then flip the rows. Half a turn: flip both axes.
#    Three quarters: turn the quarter by half a turn.
# 3. Concatenate the four batches. `repeat_interleave(N)` makes the labels 0, 0, ..., 1, 1, ...

# %% tags=["active-ipynb"]
# turned, quarters = rotation_task(images[:5])
# image_grid(turned, titles=[f"{90 * int(quarter)} degrees" for quarter in quarters], columns=5)

# %% [markdown]
# The same encoder, trained to solve this puzzle on the same 2,000 images, with a linear layer on top for the four
# answers:

# %% tags=["active-ipynb"]
# seed_everything(0)
# rotator = ContrastiveModel()
# turned, quarters = rotation_task(images[:2000])
# solver = nn.Sequential(rotator.encoder, nn.Linear(64, 4))
# steps = fit(solver, turned, quarters, epochs=6, batch_size=64, progress=True)
# print(f"loss of the last 50 steps {sum(steps[-50:]) / 50:.2f}, of guessing {math.log(4):.2f}")
# tables["rotation"] = [features_of(rotator, x) for x in (images, scenes.x_test)]

# %% [markdown]
# **One more puzzle: what was here?** Cut a square hole into the image and let the network paint what is missing
# (Pathak et al., *Context encoders: feature learning by inpainting*, CVPR 2016). The answer is the image itself, so
# labels are free again; and to continue a stripe or a corner it must be understood. The encoder is the same as before,
# without the mean over positions at its end; a small decoder, which is thrown away later, brings its map back to
# 32 x 32 pixels. The loss is the squared error *inside the hole*. From the left: the image with its hole, what the
# network paints there, and the truth.

# %% tags=["active-ipynb"]
# # about 10 seconds
# class Inpainter(nn.Module):
#     def __init__(self, encoder):
#         super().__init__()
#         self.see = encoder[:-2]  # (N, 3, 32, 32) -> (N, 64, 4, 4)
#         steps = [(64, 32), (32, 16), (16, 8)]
#         blocks = [[nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 3, padding=1), nn.ReLU()] for a, b in steps]
#         self.paint = nn.Sequential(*sum(blocks, []), nn.Conv2d(8, 3, 3, padding=1), nn.Sigmoid())
#
#     def forward(self, images):
#         return self.paint(self.see(images))
#
#
# def holes(count, size=12):
#     """A square hole for each image at a random place: (N, 1, 32, 32) bool."""
#     at = torch.arange(32)
#     top, left = torch.randint(33 - size, (2, count, 1))
#     rows, columns = (at >= top) & (at < top + size), (at >= left) & (at < left + size)
#     return (rows[:, :, None] & columns[:, None])[:, None]
#
#
# seed_everything(0)
# restorer = ContrastiveModel()
# painter = Inpainter(restorer.encoder)
# optimizer = torch.optim.Adam(painter.parameters(), lr=4e-3)
# for epoch in tqdm(range(8), desc="inpainting", unit="epoch"):
#     for rows in torch.randperm(2000).split(64):
#         hole = holes(len(rows))
#         painted = painter(images[rows].masked_fill(hole, 0.0))
#         loss = ((painted - images[rows]).square() * hole).sum() / (3 * hole.sum())
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
# shown, hole = scenes.x_test[:8], holes(8)
# with torch.no_grad():
#     painted = torch.where(hole, painter.eval()(shown.masked_fill(hole, 0.0)), shown)
# tables["inpainting"] = [features_of(restorer, x) for x in (images, scenes.x_test)]
# rows = torch.stack([shown.masked_fill(hole, 0.0), painted, shown], dim=1).flatten(0, 1)
# image_grid(rows, columns=12, titles=["hole", "painted", "truth"] * 8)

# %% [markdown]
# And now the picture for which all this was done: accuracy of the linear probe against the number of labels, from 1 %
# of 4,000 upwards. With few labels chance decides which images carry them, so draw several times (the thin lines).

# %% tags=["active-ipynb"]
# # about 15 seconds
# def draw_labels(count):
#     """As many labels of each class, drawn at random."""
#     return torch.cat([(labels == label).nonzero()[:, 0][torch.randperm(400)[: count // 10]] for label in range(10)])
#
#
# seed_everything(0)
# counts = [40, 80, 200, 400, 1000, 4000]
# results = {name: [] for name in tables}
# for count in tqdm(counts, desc="probes", unit="count"):
#     draws = [draw_labels(count) for _ in range(5 if count <= 200 else 1)]
#     for name, (features, queries) in tables.items():
#         results[name].append([accuracy(linear_probe(features[d], labels[d], queries)) for d in draws])
# figure, axes = plt.subplots(figsize=(8.5, 4.2), layout="constrained")
# for number, ((name, rows), style) in enumerate(zip(results.items(), ("o-", "s--", "^-.", "D:", "v--"))):
#     axes.plot(counts, [sum(row) / len(row) for row in rows], style, label=name, color=f"C{number}")
#     axes.vlines(counts, [min(row) for row in rows], [max(row) for row in rows], color=f"C{number}", linewidth=1)
# axes.axhline(10, color="grey", linestyle=":", label="guessing")
# axes.set(xscale="log", xlabel="labels", ylabel="accuracy in %", title="linear probe on frozen features")
# axes.set_xticks(counts, [f"{count}\n{count / 40:g} %" for count in counts])
# axes.minorticks_off()
# axes.grid(alpha=0.3)
# axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
# ends = "; ".join(f"{n} {sum(r[0]) / len(r[0]):.0f} to {r[-1][0]:.0f} %" for n, r in results.items())
# show(f"Accuracy of the linear probe from 40 to 4,000 labels: {ends}.")

# %% [markdown]
# Compare SimCLR's left end with the right end of pixels: in our run 40 labels on learned features were worth 4,000 on
# pixels. The random encoder is not nothing, either: some of what a network knows, it knows by its architecture. And
# inpainting was ahead of SimCLR in our run, with 53 % against 49 % at the right end: continuing stripes, checks and
# edges is just what these classes are made of. On photographs contrastive features came out ahead, because much of a
# photograph can be continued without knowing what it shows. No pretext is best for everything: ask what it makes a
# network look at.

# %% [markdown] question="simclr-q4"
# **Question 4.** (Parts (a) and (b) are about rotations, (c) about holes.) (a) Which of the five shapes teach a network
# nothing about themselves in the rotation puzzle, even if
# they stood perfectly upright, and what could still give the answer away in the images of this course? (b) Name one
# kind of photograph for which the puzzle is hard to solve for the same reason, and one for which it is solved by a
# shortcut that has nothing to do with objects. (c) Many holes lie in the grey wall. What does the network learn from
# them, and what does the squared error make it paint where two continuations are equally likely?

# %% [markdown] answer="simclr-q4"
# ### BEGIN SOLUTION
# (a) Disc and ring look the same at every angle, square and cross after every quarter turn; only the triangle has a
# top. What remains is the texture: the stripes of an object run in one direction before a quarter turn and in the
# other after it (which separates 0 and 180 from 90 and 270, but not 0 from 180), while checks do not even give that.
# So the puzzle teaches triangles and stripes. (b) Hard: photographs from above or without a top, such as satellite
# images, flowers, cells under a microscope. Shortcut: photographs with sky above and ground below, light from above,
# or a watermark or camera artefact in a fixed corner. (c) Only to copy the grey of the surroundings, which says nothing
# about shapes: much of the training is spent on what needs no understanding. The squared error is smallest for the mean
# of the continuations, so it paints a blur between them. (Pathak et al. add the loss of a GAN for this reason.)
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# A pretext says what must not matter (the augmentations) and what must (everything that tells images apart). The labels
# come last, and few are enough: with 1 % of ImageNet's labels, Chen et al. reach 85.8 % (top 5), more than AlexNet did
# with all of them. Nearly the same loss, between images and captions, is CLIP:
# its negatives come only from the other side, and it learns the temperature.
#
# **Where to look next.** MoCo (He et al., 2020) keeps a queue of negatives, so that small batches are enough. BYOL
# (Grill et al., 2020) and SimSiam (Chen and He, 2021) do without negatives, and the second asks why they do not
# collapse. DINO (Caron et al., 2021) finds objects in the attention of a ViT that nobody showed any. CLIP is Radford et
# al. (2021). A survey with pictures: Weng, "Contrastive representation learning" (2021).
