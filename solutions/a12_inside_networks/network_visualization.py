# %% [markdown]
# # What a network looks at
#
# A trained network is a function with a hundred thousand numbers in it. Nobody can read the numbers, but there is
# another way: keep the network as it is, and differentiate with respect to the **image**. The gradient answers
# questions. Which pixels matter for this score? How must the image change to be called a ring? What does a channel
# want to see? The functions `compute_saliency_maps`, `make_adversarial_attack` and `class_visualization_step` have the
# names that they have in the University of Michigan's EECS 498-007.
#
# <!-- parts -->
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


# %% task="compute_saliency_maps" minutes=20 difficulty="easy"
def compute_saliency_maps(X: Tensor, y: Tensor, model: nn.Module) -> Tensor:
    """The saliency of each pixel for the score of the right class. Weights of the model get no gradients.

    Shapes:
        X      (N, C, H, W)  float; it is not changed
        y      (N,)          int64, the class of each image
        model  a module in eval mode: (N, C, H, W) -> (N, number of classes)
        out    (N, H, W)     >= 0, the dtype of X
    """
    ### BEGIN SOLUTION
    X = X.detach().clone().requires_grad_()
    right = model(X).gather(1, y[:, None]).sum()
    (gradient,) = torch.autograd.grad(right, X)
    return gradient.abs().amax(dim=1)
    ### END SOLUTION


# %% [markdown] hint="compute_saliency_maps"
# 1. `X.detach().clone().requires_grad_()` is a copy whose gradient torch records. Compute the scores of the copy; leave
#    the model in the mode that it has.
# 2. Pick the score of each image's class: `scores.gather(1, y[:, None])`, or `scores[torch.arange(len(y)), y]`. Add
#    them up.
# 3. `torch.autograd.grad(total, X)` returns a tuple with one gradient. Take its absolute values, then the largest of
#    the colours: `amax(dim=1)`.

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
# ### BEGIN SOLUTION
# The gradient of the cross-entropy with respect to the scores is softmax - one-hot: -0.0001 for the right class, and
# small positive numbers for the others that add up to 0.0001. So the map is about 10,000 times fainter. Scaled to its
# own largest value it can still be seen, but it shows the difference between the right class and the most likely wrong
# ones. Both look alike if the gradients of the wrong scores are small or spread over many classes whose contributions
# cancel.
# ### END SOLUTION

# %% [markdown]
# ## 2 Occlusion
#
# A slower question without any gradient: cover a part of the image with a grey square; how much does the *probability*
# of the class fall? Slide the square over the image, and the falls make a map (Zeiler and Fergus 2013, section 4.2).
# The map is honest about large changes, where a gradient only knows the next step. It costs one forward pass per
# place.


# %% task="occlusion_map" minutes=20 difficulty="easy"
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
    ### BEGIN SOLUTION
    rows, columns = range(0, x.shape[1] - size + 1, stride), range(0, x.shape[2] - size + 1, stride)
    with torch.no_grad():
        before = model(x[None]).softmax(dim=1)[0, y]
        out = []
        for i in rows:
            covered = x.expand(len(columns), -1, -1, -1).clone()
            for number, j in enumerate(columns):
                covered[number, :, i : i + size, j : j + size] = fill
            out.append(before - model(covered).softmax(dim=1)[:, y])
    return torch.stack(out)
    ### END SOLUTION


# %% [markdown] hint="occlusion_map"
# 1. The corners are `range(0, H - size + 1, stride)` and `range(0, W - size + 1, stride)`.
# 2. For each, clone the image, write `fill` into the square, and compute `model(covered[None]).softmax(dim=1)[0, y]`.
# 3. The map is the probability of the intact image minus this one: positive where the covered part mattered. Use
#    `torch.no_grad()`. One batch per row of squares is much faster than one image at a time.

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


# %% task="GuidedReLU" minutes=15 difficulty="medium"
class GuidedReLU(torch.autograd.Function):
    """max(0, x), whose backward pass lets a gradient through where both x and the gradient are positive.

    Shapes:
        x         any shape, float
        gradient  the shape of x
        out       the shape of x, from forward and from backward
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        return x.clamp(min=0)
        ### END SOLUTION

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        return gradient * (x > 0) * (gradient > 0)
        ### END SOLUTION


# %% [markdown] hint="GuidedReLU"
# 1. `forward` saves x with `ctx.save_for_backward(x)` and returns `x.clamp(min=0)`.
# 2. `backward` gets it back with `(x,) = ctx.saved_tensors`. It returns the gradient times two masks, `x > 0` and
#    `gradient > 0`.

# %% [markdown]
# Now use it in a whole network: in a **copy** of the model, put your operation where the `nn.ReLU` modules are, also
# inside of blocks. The model itself must stay as it was: it is used again.


# %% task="guided_backprop" minutes=25 difficulty="medium"
def guided_backprop(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The gradient of the right scores with respect to the images, through guided ReLUs. The model is left as it was.

    Shapes:
        model  a module whose ReLUs are `nn.ReLU` modules, at any depth; none is in place
        x      (N, C, H, W)  it is not changed
        y      (N,)          int64, the class of each image
        out    (N, C, H, W)
    """
    ### BEGIN SOLUTION
    hooks = []
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            hooks.append(module.register_forward_hook(lambda _, inputs, out: GuidedReLU.apply(inputs[0])))
    try:
        x = x.detach().clone().requires_grad_()
        right = model(x).gather(1, y[:, None]).sum()
    finally:
        for hook in hooks:
            hook.remove()
    return torch.autograd.grad(right, x)[0]
    ### END SOLUTION


# %% [markdown] hint="guided_backprop"
# 1. `copy.deepcopy(model)` is a copy that you may change. Write a small module whose forward is `GuidedReLU.apply(x)`.
# 2. Loop over `module.named_children()` of each module in `copied.modules()`, and replace children that are `nn.ReLU`
#    with `setattr(module, name, ...)`. Make a list of them first.
# 3. Then differentiate as for saliency maps, without absolute values. (A forward hook of each ReLU that returns
#    `GuidedReLU.apply(inputs[0])` does the same; remove the hooks afterwards.)

# %% tags=["active-ipynb"]
# guided = guided_backprop(model, X[five], y[five])
# scaled = (guided / guided.abs().amax(dim=(1, 2, 3), keepdim=True) + 1) / 2
# image_grid(torch.cat([drawn.images[five], scaled]), [names[y[n]] for n in five] + ["guided"] * 5, columns=5)

# %% [markdown] question="network_visualization-q2"
# **Question 2.** Guided pictures are sharp. But compute them for two different classes of the same image, and they
# look nearly the same. Why can a picture of *edges of the image* come out for any class? What does this say about
# using such a picture as a proof that a network works properly?

# %% [markdown] answer="network_visualization-q2"
# ### BEGIN SOLUTION
# Only positive paths are left, and each ReLU's mask comes from the forward pass: the rule reconstructs what activated
# the channels, whatever weights the last layer gives them. The result depends on the image and on the first layers
# much more than on the class (Adebayo et al. 2018 even find it nearly unchanged when the upper layers' weights are
# random). So a convincing picture proves nothing about the decision; a test must show that the map changes with the
# class and with the weights.
# ### END SOLUTION

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


# %% task="cam gradcam" minutes=30 difficulty="medium"
def cam(features: Tensor, W: Tensor, y: int) -> Tensor:
    """The class activation map of class y: the positive part of the sum of maps, weighted by row y of W.

    Shapes:
        features  (K, h, w)  maps of one image
        W         (C, K)     weights of the linear layer, one row for each class
        y         int
        out       (h, w)     >= 0
    """
    ### BEGIN SOLUTION
    return torch.einsum("k,khw->hw", W[y], features).clamp(min=0)
    ### END SOLUTION


def gradcam(model: nn.Module, layer: nn.Module, x: Tensor, y: int) -> Tensor:
    """Grad-CAM of one image for class y at the output of a layer of the model. No hook stays behind.

    Shapes:
        layer  a module inside of the model, called once in each forward pass, whose output has the shape (1, K, h, w)
        x      (1, C, H, W)  one image; it is not changed
        y      int
        out    (h, w)  >= 0
    """
    ### BEGIN SOLUTION
    kept: list[Tensor] = []
    handle = layer.register_forward_hook(lambda _, inputs, out: kept.append(out))
    try:
        score = model(x.detach().clone().requires_grad_())[0, y]
    finally:
        handle.remove()
    (maps,) = kept
    (gradient,) = torch.autograd.grad(score, maps)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * maps).sum(dim=1)[0].clamp(min=0).detach()
    ### END SOLUTION


# %% [markdown] hint="cam"
# 1. `W[y]` has K numbers, one for each map. Give it two more axes, multiply, and sum over the first axis.
# 2. `.clamp(min=0)` keeps the positive part.

# %% [markdown] hint="gradcam"
# 1. `layer.register_forward_hook(f)` calls `f(module, inputs, output)` at each forward pass; let it append the output
#    to a list. It returns a handle: call its `remove()` when the forward pass is done.
# 2. The input must require gradients, or else there is no graph: the weights are frozen. Then
#    `torch.autograd.grad(score, maps)` is the gradient at the layer.
# 3. The mean over the last two axes are the weights; multiply with the maps, sum over the channels, clamp at 0.

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


# %% task="make_adversarial_attack" minutes=25 difficulty="easy"
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
    ### BEGIN SOLUTION
    X_fooling = X.detach().clone()
    for step in range(max_iter):
        X_fooling.requires_grad_()
        scores = model(X_fooling)
        if int(scores.argmax(dim=1)) == target_y:
            break
        (gradient,) = torch.autograd.grad(scores[0, target_y], X_fooling)
        X_fooling = X_fooling.detach() + gradient / gradient.norm()
        if verbose:
            print(f"step {step + 1}: target {scores[0, target_y].item():.3f}, highest {scores.max().item():.3f}")
    return X_fooling.detach()
    ### END SOLUTION


# %% [markdown] hint="make_adversarial_attack"
# 1. Start with a copy, `X.detach().clone()`. In each of max_iter steps: require gradients, compute the scores, and
#    `break` if the target has the highest score.
# 2. `torch.autograd.grad(scores[0, target_y], X_fooling)` is the gradient; divide it by its `norm()`.
# 3. *Add* it. `X_fooling = (X_fooling + step).detach()` starts a new graph for the next step.

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


# %% task="class_visualization_step" minutes=20 difficulty="easy"
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
    ### BEGIN SOLUTION
    x = img.detach().clone().requires_grad_()
    objective = model(x)[0, target_y] - l2_reg * x.square().sum()
    (gradient,) = torch.autograd.grad(objective, x)
    with torch.no_grad():
        img += learning_rate * gradient / gradient.norm()
    return img
    ### END SOLUTION


# %% [markdown] hint="class_visualization_step"
# 1. `img.detach().clone().requires_grad_()` is a copy to differentiate. The objective is
#    `model(x)[0, target_y] - l2_reg * (x * x).sum()`.
# 2. The gradient of the whole objective is divided by its norm and multiplied by the learning rate.
# 3. Add it to img in place, inside of `with torch.no_grad():`, by `img += ...`.

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


# %% task="maximal_patches" minutes=35 difficulty="medium"
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
    ### BEGIN SOLUTION
    size, jump, start = 1, 1, 0
    H, W = X.shape[2:]
    with torch.no_grad():
        for layer in layers:
            X = layer(X)
            if not hasattr(layer, "kernel_size"):
                continue
            kernel, stride, padding = (
                value if isinstance(value, int) else value[0]
                for value in (layer.kernel_size, layer.stride, layer.padding)
            )
            start, size, jump = start - padding * jump, size + (kernel - 1) * jump, jump * stride
    maps = X[:, channel]
    best, unit = maps.flatten(1).max(dim=1)
    images = best.sort(descending=True, stable=True).indices[:k]
    row, column = unit[images] // maps.shape[2], unit[images] % maps.shape[2]
    x0, y0 = start + jump * column, start + jump * row
    boxes = [x0.clamp(min=0), y0.clamp(min=0), (x0 + size).clamp(max=W), (y0 + size).clamp(max=H)]
    return images, torch.stack(boxes, dim=1)
    ### END SOLUTION


# %% [markdown] hint="maximal_patches"
# 1. Loop over the layers: apply each, and where it has a `kernel_size`, update start, size and jump. `kernel_size` of
#    a convolution is a tuple, that of a pooling may be a number.
# 2. `maps[:, channel].flatten(1).max(dim=1)` has each image's largest activation and where it is. Row and column are
#    this number divided by the width of the map, and the rest.
# 3. Order the images with a stable sort, descending. The box is from `start + jump * column` to that plus size; clamp
#    it to the image.

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


# %% task="feature_inversion" minutes=25 difficulty="medium"
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
    ### BEGIN SOLUTION
    x = start.detach().clone().requires_grad_()
    optimizer = torch.optim.Adam([x], lr=learning_rate)
    size, losses = target.square().sum(), []
    for _ in range(steps):
        loss = F.mse_loss(phi(x), target, reduction="sum") / size
        loss = loss + tv_weight * (x.diff(dim=2).square().sum() + x.diff(dim=3).square().sum())
        (x.grad,) = torch.autograd.grad(loss, x)
        optimizer.step()
        losses.append(float(loss.detach()))
    return x.detach(), losses
    ### END SOLUTION


# %% [markdown] hint="feature_inversion"
# 1. Make a copy of the start that requires gradients, and give it to `torch.optim.Adam` in a list.
# 2. In each step: the loss is the sum of squared differences, divided by the sum of squares of the target, plus
#    tv_weight times TV. Append `loss.item()`, then `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`.
# 3. `x.diff(dim=3)` are the differences of neighbours in a row, `x.diff(dim=2)` those in a column. Return
#    `x.detach()`.

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


# %% task="deepdream_step" minutes=15 difficulty="easy"
def deepdream_step(model_to_layer: Callable[[Tensor], Tensor], x: Tensor, lr: float) -> Tensor:
    """x + lr * g / mean(|g|), where g is the gradient of half the sum of squares of the layer's activations.

    Shapes:
        model_to_layer  (1, C, H, W) -> activations of any shape
        x               (1, C, H, W)  it is not changed
        out             (1, C, H, W)
    """
    ### BEGIN SOLUTION
    x = x.detach().clone().requires_grad_()
    activation = model_to_layer(x)
    (gradient,) = torch.autograd.grad(activation, x, activation.detach())
    return x.detach() + lr * gradient / gradient.abs().mean()
    ### END SOLUTION


# %% [markdown] hint="deepdream_step"
# 1. With a copy of x that requires gradients, compute `a = model_to_layer(x)`.
# 2. `torch.autograd.grad(a, x, a.detach())` starts the backward pass with a; `(a * a).sum() / 2` as an objective gives
#    the same.
# 3. Divide by `gradient.abs().mean()`, multiply by lr, and add to x.

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


# %% task="nearest_in_feature_space" minutes=20 difficulty="easy"
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
    ### BEGIN SOLUTION
    with torch.no_grad():
        a, b = f(queries), f(gallery)
    squared = (a[:, None] - b[None]).square().sum(dim=2)
    return squared.sort(dim=1, stable=True).indices[:, :k]
    ### END SOLUTION


# %% [markdown] hint="nearest_in_feature_space"
# 1. Compute the features of all queries and of the whole gallery, without gradients.
# 2. The squared distances of all pairs: `(a[:, None] - b[None]).square().sum(dim=2)`, shape (M, N).
# 3. `sort(dim=1, stable=True)` keeps equal distances in the order of their numbers; `topk` does not promise that. Take
#    the first k indices.

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
# ### BEGIN SOLUTION
# For example saliency and occlusion. Saliency is the slope at this image: it can be large where a small change
# matters, although covering the part changes little (another part has the same evidence), and it is 0 where the
# network is saturated, although the part is needed. Occlusion makes the change that the question asks about and looks
# at the result, so I would trust it here; but the square itself is unusual for the network, and two parts that
# replace each other are only found by covering both.
# ### END SOLUTION

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
