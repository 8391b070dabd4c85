"""Public checks of occlusion maps, guided backpropagation, and class activation maps."""

import torch
from oracles_maps import LOANS_OF_GUIDED, covered, guided
from oracles_networks import NETS, Net, flat_scores, linear, slope

from autograder import expect_close, expect_shape, explain_errors, task

SQUARE = (
    "Each square covers all channels of a new copy of x, with size x size pixels; the next one is stride pixels on."
)
SCORES = "Differentiate the sum of the scores of the classes y, before the softmax; each image has its own class."
MEAN_GRADIENT = "The weight of a map is the mean of the gradient of the score over all places; it may be negative."


@task("occlusion_map", share=50, any_dtype=True)
def check_occlusion_with_a_square(student, rng):
    """The falls of the probability agree with a loop over all squares, for a stride and a colour of the square."""
    C, H, W, size, stride, fill = 2, 7, 6, 3, 2, 0.25
    weights, bias = rng.normal(4, C * H * W, dtype=torch.float32) / 3, rng.normal(4, dtype=torch.float32)
    x, model = rng.normal(C, H, W, dtype=torch.float32), linear(student, weights, bias)

    def scores(x):
        return flat_scores(x, weights, bias)

    y = int(scores(x[None])[0].argmin())
    found = student.occlusion_map(model, x, y, size, stride, fill)

    falls = covered(scores, x, y, size, stride, fill)
    expect_shape(found, falls.shape, hint="A row for each top of a square, a column for each left edge, all inside.")
    every = torch.stack([covered(scores, x, label, size, stride, fill) for label in range(4)])
    raw = scores(x[None])[0, y]
    kept = raw - falls_of_scores(scores, x, y, size, stride, fill)
    expect_close(found, falls, mistakes={
        "The map is the probability of the intact image minus that of the covered one.": -falls,
        "This is the probability of the covered image; subtract it from that of the intact image.":
            scores(x[None]).softmax(dim=1)[0, y] - falls,
        "These are falls of the score; the map has falls of the probability, after the softmax.": raw - kept,
        "Cover the square with the value fill.": lambda: covered(scores, x, y, size, stride, 0.0),
        "Clone the image for each square: the squares of earlier places are still covered.":
            lambda: never_cloned(scores, x, y, size, stride, fill),
        "Rows and columns are exchanged.": falls.T if falls.shape[0] == falls.shape[1] else every[0],
        "Use the class y, not the class with the highest score.": every[int(scores(x[None])[0].argmax())],
        "The absolute value hides where covering helps; keep the sign.": falls.abs(),
        "Falls below 0 are kept: covering may help.": falls.clamp(min=0),
    }, hint=SQUARE)  # fmt: skip


def falls_of_scores(scores, x, y, size, stride, fill):
    """Compute the falls of the score."""
    out = []
    for i in range(0, x.shape[1] - size + 1, stride):
        for j in range(0, x.shape[2] - size + 1, stride):
            other = x.clone()
            other[:, i : i + size, j : j + size] = fill
            out.append(scores(x[None])[0, y] - scores(other[None])[0, y])
    return torch.stack(out).reshape((x.shape[1] - size) // stride + 1, -1)


def never_cloned(scores, x, y, size, stride, fill):
    """Compute the falls where each square stays covered."""
    x, before, out = x.clone(), scores(x[None]).softmax(dim=1)[0, y], []
    for i in range(0, x.shape[1] - size + 1, stride):
        for j in range(0, x.shape[2] - size + 1, stride):
            x[:, i : i + size, j : j + size] = fill
            out.append(before - scores(x[None]).softmax(dim=1)[0, y])
    return torch.stack(out).reshape((x.shape[1] - size) // stride + 1, -1)


GUIDED = """
import torch

def both(Function, x, gradient):
    with torch.enable_grad():
        x = x.clone().requires_grad_()
        out = Function.apply(x)
        (back,) = torch.autograd.grad(out, x, gradient)
        return out.detach(), back.detach(), x.detach()
"""


@task("GuidedReLU", share=50, any_dtype=True)
def check_guided_relu_with_all_signs(student, rng):
    """With all four pairs of signs, the gradient passes where input and gradient are positive."""
    x = torch.tensor([1.0, 1.0, -1.0, -1.0], dtype=torch.float32, device=rng.device) * rng.uniform(
        4, low=0.5, high=2.0, dtype=torch.float32
    )
    g = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float32, device=rng.device) * rng.uniform(
        4, low=0.5, high=2.0, dtype=torch.float32
    )
    out, back, _ = student.define(GUIDED).both(student.GuidedReLU, x, g)
    zero = torch.zeros_like(x)
    expect_close(out, torch.where(x > 0, x, zero), name="forward")
    expect_close(back, torch.stack([g[0], zero[1], zero[2], zero[3]]), name="backward", mistakes={
        "This is the gradient of a ReLU; also stop negative gradients.": torch.where(x > 0, g, zero),
        'This is the "deconvnet" rule; also stop gradients where the input was negative.': torch.where(g > 0, g, zero),
        "The gradient passes where input and gradient are positive; multiply it by the masks.":
            ((x > 0) & (g > 0)).to(g),
        "The gradient passes everywhere.": g,
        "backward returns the gradient, not the input.": torch.where((g > 0) & (x > 0), x, zero),
        "Both must be positive, not one of the two.": torch.where((g > 0) | (x > 0), g, zero),
        "Compare input and gradient with 0 separately: two negative numbers have a positive product.":
            torch.where(g * x > 0, g, zero),
    })  # fmt: skip


@task("guided_backprop", share="1/3", any_dtype=True, loans=LOANS_OF_GUIDED)
def check_guided_gradient_of_a_network(student, rng):
    """The guided gradient of a network with two ReLUs, one of them in a block, agrees with one by hand."""
    net = Net.draw(rng, 2, 5, 6, 3, torch.float32)
    x, y = rng.normal(3, 2, 8, 7, dtype=torch.float32), rng.integers(0, 3, 3)
    found = student.guided_backprop(net.held(student), x, y)
    right = guided(net, x, y)
    expect_close(found, right, mistakes={
        "This is the plain gradient: no ReLU was replaced.": guided(net, x, y, sign=False),
        "Only the ReLU outside of the block was replaced; look into modules of modules.":
            lambda: some_guided(net, x, y, last=False),
        "Only the ReLU in the block was replaced.": lambda: some_guided(net, x, y, last=True),
        "This is the deconvnet rule.": guided(net, x, y, forward=False),
        "Return the gradient as it is, without absolute values.": right.abs(),
        "Return the whole gradient, (N, C, H, W), not its maximum over the colours.": right.abs().amax(dim=1),
        "The scores were averaged over the images; add them up.": right / len(x),
    }, hint=SCORES)  # fmt: skip


def some_guided(net, x, y, *, last):
    """Return the gradient with the guided rule at one of the two ReLUs."""

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.relu()

        @staticmethod
        def backward(ctx, g):
            return g.clamp(min=0) * (ctx.saved_tensors[0] > 0)

    rules = (torch.relu, Rule.apply) if last else (Rule.apply, torch.relu)
    maps = lambda x: rules[1](net.middle(rules[0](net.before(x))))  # noqa: E731
    return slope(lambda x: net.top(maps(x)).gather(1, y[:, None]), x)


@task("cam", share=50, any_dtype=True)
def check_cam_is_a_weighted_sum(student, rng):
    """The class activation map is the positive part of the weighted sum of maps, with the row of the class."""
    K, L = 5, 5
    for h, w in ((3, 4), (1, 6)):
        features, weights = rng.normal(K, h, w, dtype=torch.float32), rng.normal(L, K, dtype=torch.float32)
        y = rng.int(0, L)
        sums = sum(weights[y, k] * features[k] for k in range(K))
        expect_close(student.cam(features, weights, y), sums.clamp(min=0), mistakes={
            "Keep the positive part only.": sums,
            "Take row y of W, not column y.": sum(weights[k, y] * features[k] for k in range(K)).clamp(min=0),
            "Add the weighted maps first, then take the positive part.":
                sum((weights[y, k] * features[k]).clamp(min=0) for k in range(K)),
            "The map is a sum over the channels, not a mean.": sums.clamp(min=0) / K,
            "Negative sums become 0; do not take the absolute value.": sums.abs(),
        }, hint="Classes are counted from 0: y is the number of the row of W.")  # fmt: skip


@task("gradcam", share="1/3", any_dtype=True)
def check_gradcam_is_cam_for_a_mean_over_space(student, rng):
    """For a network that ends with the mean over space and a linear layer, Grad-CAM is CAM divided by h w."""
    net, x, y, sums = with_both_signs(rng)
    model = net.held(student)
    layer = student.define(NETS).part(model, "features", 2)
    with explain_errors({"RuntimeError": "The weights are frozen: let a copy of x require gradients."}):
        found = student.gradcam(model, layer, x, y)
    maps, row = net.features(x)[0], net.values["classifier.weight"][y]
    h, w = maps.shape[1:]
    expect_shape(found, (h, w))
    expect_close(found, sums.clamp(min=0), mistakes={
        "Keep the positive part only.": sums,
        "The weight of a map is the mean of its gradient, not the sum.": sums.clamp(min=0) * h * w,
        "The weights are means of the gradient over space only; this is also a mean over the channels.":
            (row.mean() * maps.sum(dim=0) / (h * w)).clamp(min=0),
        "Add the maps up, do not average them.": sums.clamp(min=0) / len(row),
        "This is the map of the class with the highest score; use y.":
            (net.values["classifier.weight"][int(net(x)[0].argmax())] @ maps.flatten(1) / (h * w))
            .clamp(min=0).reshape(h, w),
        "The map was scaled to a largest value of 1; return it as it is.":
            sums.clamp(min=0) / sums.clamp(min=0).max().clamp(min=1e-12),
    }, hint=MEAN_GRADIENT)  # fmt: skip


def with_both_signs(rng):
    """Return a network, an image, a class, and their weighted sums of maps, some positive and some negative."""
    while True:
        net = Net.draw(rng, 2, 5, 6, 4, torch.float32)
        x, y = rng.normal(1, 2, 9, 7, dtype=torch.float32), rng.int(0, 4)
        maps, row = net.features(x)[0], net.values["classifier.weight"][y]
        sums = sum(row[k] * maps[k] for k in range(len(row))) / (maps.shape[1] * maps.shape[2])
        if sums.min() < 0 < sums.max():
            return net, x, y, sums
