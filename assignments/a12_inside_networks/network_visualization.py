# %% [markdown]
# # What a network looks at
#
# A trained network is a function with a hundred thousand numbers in it. Nobody can read the numbers, but there is
# another way: keep the network as it is, and differentiate with respect to the **image**. The gradient answers
# questions. Which pixels matter for this score? How must the image change to be called a ring? What does a channel
# want to see? The functions `compute_saliency_maps`, `make_adversarial_attack` and `class_visualization_step` have the
# names that they have in the University of Michigan's EECS 498-007.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Saliency maps | `compute_saliency_maps` | 6 | 20 |
# | 2 Occlusion | `occlusion_map` | 4 | 20 |
# | 3 Guided backpropagation | `GuidedReLU`, `guided_backprop` | 5 | 40 |
# | 4 Class activation maps | `cam`, `gradcam` | 5 | 30 |
# | 5 Adversarial images | `make_adversarial_attack` | 6 | 25 |
# | 6 Class images | `class_visualization_step` | 5 | 20 |
# | 7 What a channel wants to see | `maximal_patches` | 5 | 35 |
# | 8 Feature inversion | `feature_inversion` | 4 | 25 |
# | 9 DeepDream | `deepdream_step` | 3 | 15 |
# | 10 Neighbours in feature space | `nearest_in_feature_space` | 3 | 20 |
#
# The notebooks `style_transfer` and `embedding_steps` have the other points. They do not need this one.

# %%
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import small_objects
# from common.nets.scene_net import SceneNet, activations, deprocess, preprocess
# from common.plots import curves, image_grid
# from common.plots.boxes import Layer, box_figure
# from common.plots.maps import heat, overlay
# from common.training.seed import seed_everything
#
# seed_everything(0)

# %% [markdown]
# ## The network and its images
#
# `SceneNet` was trained on images of 48 x 48 pixels with one small object each: five convolutions with ReLUs, the
# **mean over space**, and one linear layer for ten classes. `model.features` are the layers before the mean,
# `model.classifier` is the linear layer. Its input is normalised: `preprocess` turns pixels in [0, 1] into numbers
# in [-2, 2], `deprocess` turns them back. The weights are frozen (`requires_grad` is False): only images change here.

# %% tags=["active-ipynb"]
# model = SceneNet()
# print(model.features)
# drawn = small_objects.draw(500, stream="test", seed=1)
# X, y, names = preprocess(drawn.images), drawn.labels, small_objects.CLASS_NAMES
# scores = model(X)
# right = scores.argmax(dim=1) == y
# print(f"accuracy {right.double().mean():.1%}")
# five = [int(((y == label) & right).nonzero()[0]) for label in (0, 3, 4, 7, 8)]
# image_grid(drawn.images[five], [names[y[n]] for n in five])

# %% [markdown]
# ## 1 Saliency maps
#
# Let $s_y(x)$ be the score of class $y$, before the softmax, for the image $x$. Near $x$, the score is about linear,
# and its gradient $\partial s_y / \partial x$ says for each number of the image how much the score changes when the
# number changes a little. The **saliency** of a pixel is the largest absolute value of the gradient in its three
# colours (Simonyan, Vedaldi and Zisserman 2013, section 3):
#
# $$M_{hw} = \max_c \left| \frac{\partial s_y}{\partial x_{chw}} \right|$$
#
# **The score, not the loss.** If the network is sure, the softmax is flat: its gradient, and that of the
# cross-entropy, is nearly 0, and it also asks what makes *other* classes less likely. The score has no such troubles.
#
# **All images at once.** The score of image $n$ depends on image $n$ alone. So the gradient of the *sum*
# $\sum_n s_{y_n}(x_n)$ with respect to the whole batch has each image's own gradient in its place. One backward pass
# is enough. (It would not be so with batch normalisation in training mode, which mixes the images.)
#
# **For a linear model** with scores $Wx$, the gradient is the row $W_y$, whatever the image is. Test your function
# with it.
#
# `torch.autograd.grad(value, X)` returns the gradient and leaves nothing behind. `value.backward()` also writes into
# `.grad` of every weight that requires gradients; the next training step of that network would start with them.

# %% task="compute_saliency_maps"
# About 20 minutes, easy. Stuck? hint("compute_saliency_maps") shows a first step.
def compute_saliency_maps(X: Tensor, y: Tensor, model: nn.Module) -> Tensor:
    """The saliency of each pixel for the score of the right class. Weights of the model get no gradients.

    Shapes:
        X      (N, C, H, W)  float; it is not changed
        y      (N,)          int64, the class of each image
        model  a module in eval mode: (N, C, H, W) -> (N, number of classes)
        out    (N, H, W)     >= 0, the dtype of X
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_saliency_maps"
# check("network_visualization", task="compute_saliency_maps")

# %% tags=["active-ipynb"]
# maps = compute_saliency_maps(X[five], y[five], model)
# image_grid(torch.cat([drawn.images[five], heat(maps)]), [names[y[n]] for n in five] + ["saliency"] * 5, columns=5)

# %% [markdown]
# The bright pixels are on and around the object: nobody gave the network a mask, only class names. A
# threshold on such a map is a first **segmentation without labels**. How often is the brightest pixel inside the
# object? Compare with a constant answer, the middle of the image.

# %% tags=["active-ipynb"]
# maps = F.avg_pool2d(compute_saliency_maps(X, y, model)[:, None], 3, stride=1, padding=1)[:, 0]
# masks = drawn.masks.flatten(1)
# inside = masks[torch.arange(len(X)), maps.flatten(1).argmax(dim=1)]
# print(f"brightest pixel inside the object: {inside.double().mean():.1%}")
# print(f"middle pixel inside the object:    {drawn.masks[:, 24, 24].double().mean():.1%}")
# top = maps.flatten(1) >= maps.flatten(1).quantile(0.92, dim=1, keepdim=True)
# iou = (top & masks).sum(1) / (top | masks).sum(1)
# print(f"brightest 8 % against the mask: mean IoU {iou.double().mean():.2f}")
# box = torch.zeros(48, 48, dtype=torch.bool)
# box[17:31, 17:31] = True  # also 8 % of the pixels
# iou = (box & drawn.masks).sum((1, 2)) / (box | drawn.masks).sum((1, 2))
# print(f"a box in the middle against the mask: mean IoU {iou.double().mean():.2f}")

# %% [markdown] question="network_visualization-q1"
# **Question 1.** A friend computes the gradient of the cross-entropy instead of the score. For an image of which the
# network is 99.99 % sure, how large is the gradient, compared with that of the score? Write the gradient of the
# cross-entropy with respect to the scores to see it. When would both maps look alike?

# %% [markdown] answer="network_visualization-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 2 Occlusion
#
# A slower question without any gradient: cover a part of the image with a grey square; how much does the *probability*
# of the class fall? Slide the square over the image, and the falls make a map (Zeiler and Fergus 2013, section 4.2).
# The map is honest about large changes, where a gradient only knows the next step. It costs one forward pass per
# place.

# %% task="occlusion_map"
# About 20 minutes, easy. Stuck? hint("occlusion_map") shows a first step.
def occlusion_map(model: nn.Module, x: Tensor, y: int, size: int, stride: int = 1, fill: float = 0.0) -> Tensor:
    """How much the probability of class y falls when a square is covered. out[i, j] belongs to the square whose upper
    left corner is at row i * stride, column j * stride; all squares lie inside the image.

    Shapes:
        x       (C, H, W)  one image; it is not changed
        y       int        the class
        size    int        side of the square, in pixels
        stride  int        pixels between neighbouring squares
        fill    float      the value in all channels of the square
        out     ((H - size) // stride + 1, (W - size) // stride + 1)  p_y(x) - p_y(covered)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="occlusion_map"
# check("network_visualization", task="occlusion_map")

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     falls = torch.stack([occlusion_map(model, X[n], int(y[n]), 9, 3) for n in five])
# image_grid(torch.cat([drawn.images[five], heat(falls, 48)]), [names[y[n]] for n in five] + ["fall"] * 5, columns=5)

# %% [markdown]
# ## 3 Guided backpropagation
#
# Saliency maps are noisy. On its way back, a gradient passes each ReLU where its *input* was positive. Springenberg
# and others (2014) also stop it where the gradient itself is **negative**: such a path would say "less of this
# channel", and the picture is to show only what speaks for the score.
#
# | rule | backward: the gradient $g$ becomes |
# |---|---|
# | ReLU | $g \cdot [x > 0]$ |
# | "deconvnet" | $g \cdot [g > 0]$ |
# | guided | $g \cdot [x > 0] \cdot [g > 0]$ |
#
# `torch.autograd.Function` defines an operation together with its own backward rule. `ctx.save_for_backward(x)` keeps
# a tensor for later, `ctx.saved_tensors` is the tuple of them. The operation is called as `GuidedReLU.apply(x)`. The
# rule is not the derivative of anything. The signs of input and gradient make four cases; try all four.

# %% task="GuidedReLU"
# About 15 minutes, medium. Stuck? hint("GuidedReLU") shows a first step.
class GuidedReLU(torch.autograd.Function):
    """max(0, x), whose backward pass lets a gradient through where both x and the gradient are positive.

    Shapes:
        x         any shape, float
        gradient  the shape of x
        out       the shape of x, from forward and from backward
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="GuidedReLU"
# check("network_visualization", task="GuidedReLU")

# %% [markdown]
# Now use it in a whole network: in a **copy** of the model, put your operation where the `nn.ReLU` modules are, also
# inside of blocks. The model itself must stay as it was: it is used again.

# %% task="guided_backprop"
# About 25 minutes, medium. Stuck? hint("guided_backprop") shows a first step.
def guided_backprop(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The gradient of the right scores with respect to the images, through guided ReLUs. The model is left as it was.

    Shapes:
        model  a module whose ReLUs are `nn.ReLU` modules, at any depth; none is in place
        x      (N, C, H, W)  it is not changed
        y      (N,)          int64, the class of each image
        out    (N, C, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="guided_backprop"
# check("network_visualization", task="guided_backprop")

# %% tags=["active-ipynb"]
# guided = guided_backprop(model, X[five], y[five])
# scaled = (guided / guided.abs().amax(dim=(1, 2, 3), keepdim=True) + 1) / 2
# image_grid(torch.cat([drawn.images[five], scaled]), [names[y[n]] for n in five] + ["guided"] * 5, columns=5)

# %% [markdown] question="network_visualization-q2"
# **Question 2.** Guided pictures are sharp. But compute them for two different classes of the same image, and they
# look nearly the same. Why can a picture of *edges of the image* come out for any class? What does this say about
# using such a picture as a proof that a network works properly?

# %% [markdown] answer="network_visualization-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 Class activation maps
#
# The last convolution of SceneNet makes $K$ maps $A_k$ of $h \times w$. The score is a mean over space and a linear
# layer, and the two sums can be exchanged:
#
# $$s_y = \sum_k W_{yk} \frac{1}{hw} \sum_{ij} A_{kij} + b_y
# = \frac{1}{hw} \sum_{ij} \Big( \sum_k W_{yk} A_{kij} \Big) + b_y$$
#
# The bracket is the contribution of each place to the score: the **class activation map** (Zhou et al. 2016). We keep
# its positive part, as Grad-CAM does.
#
# **Grad-CAM** (Selvaraju et al. 2017) needs no such network. For any layer with maps $A_k$, the weight of a map is the
# mean of its gradient:
#
# $$w_k = \frac{1}{hw} \sum_{ij} \frac{\partial s_y}{\partial A_{kij}}, \qquad L = \max\Big(0, \sum_k w_k A_k\Big)$$
#
# For a network like SceneNet, $\partial s_y / \partial A_{kij} = W_{yk} / (hw)$, so both maps agree except for the
# factor $1/(hw)$.

# %% task="cam gradcam"
# About 30 minutes, medium. Stuck? hint("cam") or hint("gradcam") shows a first step.
def cam(features: Tensor, W: Tensor, y: int) -> Tensor:
    """The class activation map of class y: the positive part of the sum of maps, weighted by row y of W.

    Shapes:
        features  (K, h, w)  maps of one image
        W         (C, K)     weights of the linear layer, one row for each class
        y         int
        out       (h, w)     >= 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def gradcam(model: nn.Module, layer: nn.Module, x: Tensor, y: int) -> Tensor:
    """Grad-CAM of one image for class y at the output of a layer of the model. No hook stays behind.

    Shapes:
        layer  a module inside of the model, called once in each forward pass, whose output has the shape (1, K, h, w)
        x      (1, C, H, W)  one image; it is not changed
        y      int
        out    (h, w)  >= 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="cam"
# check("network_visualization", task="cam")

# %% tags=["active-ipynb"] grade="gradcam"
# check("network_visualization", task="gradcam")

# %% tags=["active-ipynb"]
# last, early = model.features[-1], model.features[5]
# late_maps = torch.stack([gradcam(model, last, X[[n]], int(y[n])) for n in five])
# early_maps = torch.stack([gradcam(model, early, X[[n]], int(y[n])) for n in five])
# by_cam = torch.stack([cam(model.features(X[[n]])[0], model.classifier.weight, int(y[n])) for n in five]).detach()
# print("CAM / Grad-CAM:", (by_cam.amax(dim=(1, 2)) / late_maps.amax(dim=(1, 2))).tolist(), "h w =", by_cam[0].numel())

# %% tags=["active-ipynb"]
# methods = {
#     "": drawn.images[five], "saliency": heat(compute_saliency_maps(X[five], y[five], model)), "guided": scaled,
#     "Grad-CAM, last": overlay(drawn.images[five], late_maps),
#     "Grad-CAM, middle": overlay(drawn.images[five], early_maps),
#     "occlusion": overlay(drawn.images[five], falls.clamp(min=0)),
# }
# rows = [pictures[row] for row in range(5) for pictures in methods.values()]
# titles = [name or names[y[n]] for n in five for name in methods]
# image_grid(torch.stack(rows), titles, columns=6)

# %% [markdown]
# ## 5 Adversarial images
#
# Now let the image change. Go uphill with the score of a *wrong* class until the network believes it (Szegedy et al.
# 2013 found that this works; Goodfellow et al. 2014 explain why). With the gradient $g$ of the target's score with
# respect to the image:
#
# $$x \leftarrow x + \eta \, \frac{g}{\lVert g \rVert_2}, \qquad \eta = 1$$
#
# The norm is over the whole image, so every step has the length 1, however large the gradient is. **Stop as soon as**
# the target has the highest score: each further step would make the change more visible. An image that belongs to the
# target class already comes back unchanged.

# %% task="make_adversarial_attack"
# About 25 minutes, easy. Stuck? hint("make_adversarial_attack") shows a first step.
def make_adversarial_attack(
    X: Tensor, target_y: int, model: nn.Module, max_iter: int = 100, verbose: bool = True
) -> Tensor:
    """An image near X that the model takes for the class target_y, by gradient ascent with steps of length 1.

    It stops as soon as the target has the highest score, or after max_iter steps.

    Shapes:
        X         (1, C, H, W)  it is not changed
        target_y  int
        max_iter  int           the most steps
        verbose   bool          print the progress
        out       (1, C, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="make_adversarial_attack"
# check("network_visualization", task="make_adversarial_attack")

# %% tags=["active-ipynb"]
# victims, targets = five[:4], [2, 9, 7, 0]
# attacked = torch.cat([make_adversarial_attack(X[[n]], t, model, verbose=False) for n, t in zip(victims, targets)])
# with torch.no_grad():
#     believed = model(attacked).softmax(dim=1)
# change = (deprocess(attacked) - drawn.images[victims]).abs()
# titles = [names[y[n]] for n in victims]
# titles += [f"{names[int(p.argmax())]} {float(p.max()):.0%}" for p in believed] + ["10 x the change"] * 4
# image_grid(torch.cat([drawn.images[victims], deprocess(attacked), 10 * change]), titles, columns=4)

# %% [markdown]
# ## 6 Class images
#
# What does the network want to see? Start from noise and climb the score of a class, with a penalty for large values
# (Simonyan et al. 2013, section 2):
#
# $$\hat{x} = \arg\max_x \; s_y(x) - \lambda \lVert x \rVert_2^2$$
#
# One step is $x \leftarrow x + \eta \, g / \lVert g \rVert_2$ with the gradient $g$ of this *whole* objective.
# Without more help the result is noise that the network loves. So the loop below also shifts the image by some pixels
# before each step and back afterwards (a pattern must work at several places), blurs it now and then, and clips it to
# possible values. **Such a prior makes the picture prettier, and shows more of the prior and less of the network.**

# %% task="class_visualization_step"
# About 20 minutes, easy. Stuck? hint("class_visualization_step") shows a first step.
def class_visualization_step(img: Tensor, target_y: int, model: nn.Module, **kwargs: Any) -> Tensor:
    """One step of gradient ascent on score - l2_reg * ||img||^2, with the normalised gradient; in place.

    Options:
        l2_reg         strength of the penalty, default 1e-3
        learning_rate  length of the step, default 25

    Shapes:
        img       (1, C, H, W)  it is changed; it may require gradients, and may have a .grad of an earlier step
        target_y  int
        out       img itself
    """
    l2_reg = kwargs.pop("l2_reg", 1e-3)
    learning_rate = kwargs.pop("learning_rate", 25)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="class_visualization_step"
# check("network_visualization", task="class_visualization_step")

# %% tags=["active-ipynb"]
# def blur(img, weights=(0.1, 0.8, 0.1)):
#     """Blur every channel, by the same weights in both directions."""
#     line = torch.tensor(weights).expand(3, 1, 1, 3)
#     padded = F.pad(img, (1, 1, 1, 1), mode="replicate")
#     return F.conv2d(F.conv2d(padded, line, groups=3), line.mT, groups=3)
#
#
# def create_class_visualization(target_y, model, steps=100, jitter=8, blur_every=10, size=48, **options):
#     """Climb the score of a class from noise, with jitter, blur and clipping."""
#     img = 0.3 * torch.randn(1, 3, size, size)
#     for step in range(steps):
#         shift = torch.randint(-jitter, jitter + 1, (2,)).tolist()
#         img = img.roll(shift, dims=(2, 3))
#         class_visualization_step(img, target_y, model, **options)
#         img = img.roll([-shift[0], -shift[1]], dims=(2, 3)).clamp(-2, 2)
#         if step % blur_every == 0:
#             img = blur(img)
#     return img
#
#
# classes = torch.cat([create_class_visualization(label, model, learning_rate=3) for label in range(10)])
# image_grid(deprocess(classes), names, columns=5)

# %% [markdown]
# Stripes and checks, and curves or corners around them: the network looks for textures first, and for bits of outline.
# Where are the whole objects? It never needed them.

# %% [markdown]
# ## 7 What a channel wants to see
#
# Another way needs no gradient: look through many images for those that excite a channel most, and cut out what the
# channel saw. How large is that? Going through the layers, let $r$ be the side of the **receptive field** of one
# unit, $j$ the distance between neighbouring units ("jump") and $o$ the left edge of the field of unit 0, all in
# pixels of the image. At the image $r = 1$, $j = 1$, $o = 0$. A convolution or pooling with kernel $k$, stride $s$
# and padding $p$ gives
#
# $$o \leftarrow o - p \, j, \qquad r \leftarrow r + (k - 1) \, j, \qquad j \leftarrow s \, j$$
#
# (in this order: the two first use the old jump). Unit $i$ sees the pixels from $o + i j$ up to, and not including,
# $o + i j + r$, as far as they are inside of the image. Layers without a kernel, such as ReLU, change nothing.

# %% task="maximal_patches"
# About 35 minutes, medium. Stuck? hint("maximal_patches") shows a first step.
def maximal_patches(layers: Sequence[nn.Module], X: Tensor, channel: int, k: int) -> tuple[Tensor, Tensor]:
    """The k images that excite a channel most, and in each the part that its most excited unit sees.

    The activation of an image is the largest one of the channel after the last layer. Images are ordered by it, the
    largest first; of equal ones, the image with the smaller number is first. Each image occurs once.

    Shapes:
        layers   modules, applied one after the other; convolutions and poolings have square kernels, and the same
                 stride and padding in both directions
        X        (N, C, H, W)
        channel  int
        k        int, at most N
        images   (k,)    int64, numbers of images
        boxes    (k, 4)  int64, xyxy in pixels, clipped to the image: x0 and y0 are the first pixels inside, x1 and y1
                         the first ones behind
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="maximal_patches"
# check("network_visualization", task="maximal_patches")

# %% [markdown]
# A filter of the first convolution is a small picture itself: its weights as red, green and blue, with grey for 0.
# Large filters show edges and colours. Of 3 x 3 pixels little can be read; the best patches of channels say more. They
# follow for the first, the second and the last convolution.

# %% tags=["active-ipynb"]
# filters = model.features[0].weight.detach()
# image_grid((filters / filters.abs().amax(dim=(1, 2, 3), keepdim=True) + 1) / 2, columns=8,
#            alt="The 24 filters of the first convolution, 3 x 3 coloured squares each: few look like an edge.")

# %% tags=["active-ipynb"]
# def gallery(depth, channels, k=9, side=34):
#     """The k best patches of some channels after a layer, enlarged to one size; a row for each channel."""
#     cut = []
#     for channel in channels:
#         images, boxes = maximal_patches(model.features[: depth + 1], X, channel, k)
#         for n, (x0, y0, x1, y1) in zip(images.tolist(), boxes.tolist()):
#             cut.append(F.interpolate(drawn.images[[n], :, y0:y1, x0:x1], (side, side), mode="nearest")[0])
#     titles = [f"channel {channel}" if place == 0 else "" for channel in channels for place in range(k)]
#     return image_grid(torch.stack(cut), titles, columns=k,
#                       alt=f"The {k} best patches of eight channels after layer {depth}, a row for each channel.")
#
#
# gallery(1, range(8))

# %% tags=["active-ipynb"]
# gallery(4, range(8))

# %% tags=["active-ipynb"]
# gallery(11, range(8))

# %% [markdown]
# Above: after the first convolution, channels like single colours and edges. Below it: small textures, then pieces of
# objects. Some channels are hard to name. That is normal.

# %% [markdown]
# ## 8 Feature inversion
#
# Layer after layer, what is lost? Take the features $\phi_0 = \phi(x_0)$ of an image, forget the image, and search for
# *any* image with these features (Mahendran and Vedaldi 2014):
#
# $$\min_x \; \frac{\lVert \phi(x) - \phi_0 \rVert_2^2}{\lVert \phi_0 \rVert_2^2} + \lambda \, \mathrm{TV}(x),
# \qquad \mathrm{TV}(x) = \sum_{c,h,w} (x_{c,h,w+1} - x_{c,h,w})^2 + (x_{c,h+1,w} - x_{c,h,w})^2$$
#
# The **total variation** TV prefers smooth images among those that fit. `torch.optim.Adam` minimises over the pixels.

# %% task="feature_inversion"
# About 25 minutes, medium. Stuck? hint("feature_inversion") shows a first step.
def feature_inversion(
    phi: Callable[[Tensor], Tensor],
    target: Tensor,
    start: Tensor,
    steps: int = 200,
    tv_weight: float = 0.0,
    learning_rate: float = 0.05,
) -> tuple[Tensor, list[float]]:
    """An image with given features, by Adam with its usual settings, from a given start.

    Shapes:
        phi            (1, C, H, W) -> any shape, differentiable
        target         the features to reach, in the shape that phi returns
        start          (1, C, H, W)  it is not changed
        tv_weight      float         the factor of the total variation, which is a sum
        x              (1, C, H, W)  after `steps` steps
        losses         list of `steps` numbers: the loss before each step
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="feature_inversion"
# check("network_visualization", task="feature_inversion")

# %% tags=["active-ipynb"]
# depths, inverted, courses = (1, 4, 7, 9, 11), [], {}
# for depth in depths:
#     phi = model.features[: depth + 1]
#     x, courses[f"layer {depth}"] = feature_inversion(
#         phi, phi(X[five[1:2]]), 0.3 * torch.randn(1, 3, 48, 48), steps=250, tv_weight=1e-5
#     )
#     inverted.append(x)
# image_grid(deprocess(torch.cat([X[five[1:2]], *inverted])), ["image"] + [f"after layer {d}" for d in depths])

# %% tags=["active-ipynb"]
# curves(courses, xlabel="step", ylabel="loss")

# %% [markdown]
# The first layers give the image back. Deeper ones keep the layout and the texture of the object and lose colours
# and the exact outlines: what the classifier does not need is gone.

# %% [markdown]
# ## 9 DeepDream
#
# Instead of one score, raise everything that a layer sees already. For the activations $a$ of the layer, climb
#
# $$\tfrac{1}{2} \sum a^2, \qquad \text{whose gradient with respect to } a \text{ is } a \text{ itself}$$
#
# (Mordvintsev et al. 2015). So the gradient at the image is one backward pass that starts with `a` in the place of
# ones: the stronger a channel already is, the more it is raised. The step is divided by the mean of $|g|$, so a rate
# has the same meaning at every layer.

# %% task="deepdream_step"
# About 15 minutes, easy. Stuck? hint("deepdream_step") shows a first step.
def deepdream_step(model_to_layer: Callable[[Tensor], Tensor], x: Tensor, lr: float) -> Tensor:
    """x + lr * g / mean(|g|), where g is the gradient of half the sum of squares of the layer's activations.

    Shapes:
        model_to_layer  (1, C, H, W) -> activations of any shape
        x               (1, C, H, W)  it is not changed
        out             (1, C, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="deepdream_step"
# check("network_visualization", task="deepdream_step")

# %% tags=["active-ipynb"]
# def dream(x, depth, octaves=3, steps=10, lr=0.02):
#     """Dream at growing sizes: each octave is 1.4 times larger and starts from the one before."""
#     for octave in range(octaves):
#         if octave:
#             x = F.interpolate(x, scale_factor=1.4, mode="bilinear", align_corners=False)
#         for _ in range(steps):
#             x = deepdream_step(model.features[: depth + 1], x, lr).clamp(-2, 2)
#     return x
#
#
# sky = preprocess(small_objects.draw(10, stream="test", seed=2, size=96).images[3:4])
# dreams = [F.interpolate(dream(sky, depth), (192, 192)) for depth in (4, 7, 11)]
# dreams = [F.interpolate(sky, (192, 192)), *dreams]
# image_grid(deprocess(torch.cat(dreams)), ["image", "layer 4", "layer 7", "layer 11"], columns=4)

# %% [markdown]
# ## 10 Neighbours in feature space
#
# Two images of the same object may differ in every pixel. In the space of the last features they are close: Krizhevsky
# et al. (2012) found for a photograph of an elephant other elephants, on quite different backgrounds. The distance is
# Euclid's.

# %% task="nearest_in_feature_space"
# About 20 minutes, easy. Stuck? hint("nearest_in_feature_space") shows a first step.
def nearest_in_feature_space(f: Callable[[Tensor], Tensor], queries: Tensor, gallery: Tensor, k: int) -> Tensor:
    """The k images of a gallery whose features are nearest to those of each query, nearest first.

    Of images at equal distance, the one with the smaller number is first.

    Shapes:
        f        (N, C, H, W) -> (N, D), in eval mode
        queries  (M, C, H, W)
        gallery  (N, C, H, W)
        k        int, at most N
        out      (M, k)  int64, numbers of images in the gallery
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="nearest_in_feature_space"
# check("network_visualization", task="nearest_in_feature_space")

# %% tags=["active-ipynb"]
# rows = []
# for n in five[:4]:
#     others = torch.tensor([m for m in range(len(X)) if m != n])
#     for f in (lambda x: x.flatten(1), model.embed):
#         found = others[nearest_in_feature_space(f, X[[n]], X[others], 5)[0]].tolist()
#         rows += [n, *found]
# titles = [("query, by pixels" if number % 12 == 0 else "query, by features") if number % 6 == 0 else names[y[n]]
#           for number, n in enumerate(rows)]
# image_grid(drawn.images[rows], titles, columns=6)

# %% [markdown]
# Neighbours by pixels share the background. Neighbours by features share the object.

# %% [markdown] question="network_visualization-q3"
# **Question 3.** You have now seen six ways to ask a network what it looks at. Choose two that can disagree about the
# same image, say what a disagreement would mean, and which of the two you would trust for the question "would the
# network still be right without this part of the image?"

# %% [markdown] answer="network_visualization-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## What to take home
#
# A gradient with respect to the input costs one backward pass and answers many questions: where (saliency, CAM), what
# (class images, inversion, DeepDream), and how little it takes to be wrong (attacks). Each picture is an answer to
# its own question, and shows the method as well as the network.
#
# **Where to look next.** Olah, Mordvintsev and Schubert (*Feature visualization*, 2017) make images for single units,
# and say which priors it takes. Bau et al. (*Network dissection*, 2017) count which units find which concepts. Madry et
# al. (*Towards deep learning models resistant to adversarial attacks*, 2018) train on attacks, the defence that has
# lasted.
