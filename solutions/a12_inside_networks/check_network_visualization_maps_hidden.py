"""Hidden checks of occlusion maps, guided backpropagation, and class activation maps."""

import torch
from check_network_visualization_maps import GUIDED, MEAN_GRADIENT, SCORES, SQUARE
from oracles_maps import LOANS_OF_GUIDED, covered, guided
from oracles_networks import NETS, PLAIN, Net, slope

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    expect_state_kept,
    expect_unchanged,
    task,
)

PIXEL = """
import torch
from torch import nn

class Pixel(nn.Module):
    def __init__(self, row, column):
        super().__init__()
        self.place = (row, column)

    def forward(self, x):
        score = x[:, 0, self.place[0], self.place[1]]
        return torch.stack([score, -score, 0 * score], dim=1)

def pixel(row, column):
    return Pixel(row, column)
"""


@task("occlusion_map", share=25)
def check_occlusion_of_one_pixel(student, rng):
    """If the score is one pixel, the probability falls exactly where a square covers that pixel."""
    for H, W, size, stride, row, column in (
        (6, 8, 3, 1, 2, 5),
        (7, 5, 2, 3, 3, 1),
        (4, 4, 4, 1, 0, 3),
        (9, 8, 6, 1, 1, 6),
    ):
        x = rng.normal(2, W, H).mT
        x[0, row, column] = 2.0
        seen = student.inspect(
            student.occlusion_map, student.define(PIXEL).pixel(row, column), x, 0, size, stride, fill=-1.0
        )
        e = torch.tensor([2.0, -2.0, 0.0], dtype=x.dtype).exp()
        far = torch.tensor([-1.0, 1.0, 0.0], dtype=x.dtype).exp()
        fall = float(e[0] / e.sum() - far[0] / far.sum())
        tops, lefts = range(0, H - size + 1, stride), range(0, W - size + 1, stride)
        right = [[fall * (i <= row < i + size and j <= column < j + size) for j in lefts] for i in tops]
        expect_close(
            seen.value, torch.tensor(right, dtype=x.dtype, device=x.device),
            name=Message("a square of {size} with stride {stride}", size=size, stride=stride), hint=SQUARE,
        )  # fmt: skip
        expect_unchanged(seen, seen.args[0], x)


@task("occlusion_map", share=25, any_dtype=True)
def check_occlusion_with_usual_options(student, rng):
    """Without options the stride is 1 and the square 0; a network keeps its mode, and gets no gradients."""
    net = Net.draw(rng, 3, 4, 5, 4, torch.float32)
    x, model = rng.normal(3, 7, 9, dtype=torch.float32), net.held(student, frozen=False)
    with expect_state_kept(student, model=model):
        found = student.occlusion_map(model, x, 2, 4)
    plain = student.define(PLAIN).plain(189, 3).float()
    with expect_state_kept(student, model=plain):
        student.occlusion_map(plain, x, 2, 4)
    expect_close(found, covered(net, x, 2, 4, 1, 0.0))


TWICE = """
import torch

def twice(Function, x, other, gradient):
    with torch.enable_grad():
        x, other = x.clone().requires_grad_(), other.clone().requires_grad_()
        return list(torch.autograd.grad([Function.apply(x), Function.apply(other)], [x, other], [gradient, gradient]))
"""


@task("GuidedReLU", share=50)
def check_guided_relu_of_many_numbers(student, rng):
    """Any shape and both dtypes; at an input of 0 nothing passes, and neither input nor gradient is changed."""
    helper = student.define(GUIDED)
    for shape, dtype in (((2, 3, 4, 5), torch.float64), ((7,), torch.float32), ((3, 8), torch.float64)):
        x, g = rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype)
        x.flatten()[0], g.flatten()[0] = 0.0, 1.0
        x.view(-1)[0], g.view(-1)[0] = 0.0, 1.0
        seen = student.inspect(helper.both, student.GuidedReLU, x, g)
        out, back, after = seen.value
        right = [[max(v, 0.0), s if v > 0 and s > 0 else 0.0]
                 for v, s in zip(x.flatten().tolist(), g.flatten().tolist(), strict=True)]  # fmt: skip
        table = torch.tensor(right, dtype=dtype, device=x.device)
        expect_close(out, table[:, 0].reshape(shape), name="forward")
        expect_close(back, table[:, 1].reshape(shape), name="backward", hint="Where the input is 0, nothing passes.")
        expect_equal((after, seen.args[2]), (x, g), name="the tensors after the call", hint="Make new tensors.")
    x, other, g = rng.normal(4, 5), rng.normal(4, 5), rng.normal(4, 5)
    back = student.define(TWICE).twice(student.GuidedReLU, x, other, g)
    right = [torch.where((at > 0) & (g > 0), g, torch.zeros_like(g)) for at in (x, other)]
    expect_close(back, right, name="backward, for two inputs in one graph", mistakes={
        "Each call has its own ctx: save the input there, not in the class.": [
            torch.where((other > 0) & (g > 0), g, torch.zeros_like(g))] * 2,
    })  # fmt: skip


AGAIN = """
import torch

def plain(model, x, y):
    x = x.clone().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(model(x).gather(1, y[:, None]).sum(), x)[0]

def kinds(model):
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    hooks = sum(len(getattr(m, kind)) for m in model.modules() for kind in kinds)
    return [type(m).__name__ + " with a forward of its own" * ("forward" in vars(m)) for m in model.modules()], hooks
"""


@task("guided_backprop", share="1/3", loans=LOANS_OF_GUIDED)
def check_guided_gradients_of_other_networks(student, rng):
    """Guided gradients are right for other sizes and for one image; x stays as it is."""
    for N, C, H, W, dtype in ((1, 3, 7, 7, torch.float64), (4, 1, 9, 6, torch.float64), (2, 2, 5, 8, torch.float32)):
        net = Net.draw(rng, C, 4, 6, 5, dtype)
        x, y = rng.normal(N, C, H, W, dtype=dtype), rng.integers(0, 5, N)
        seen = student.inspect(student.guided_backprop, net.held(student), x, y)
        expect_close(seen.value, guided(net, x, y), name=Message("{N} images", N=N), hint=SCORES)
        expect_equal(seen.args[1], x, name="x after the call")


AS_BEFORE = "Put back each layer and each forward, and remove each hook."


@task("guided_backprop", share="1/3", any_dtype=True, loans=LOANS_OF_GUIDED)
def check_guided_backprop_restores_the_model(student, rng):
    """Afterwards the model has its layers, no hooks, its mode and its plain gradient; weights get no gradients."""
    net = Net.draw(rng, 2, 4, 5, 3)
    x, y, helper = rng.normal(2, 2, 6, 7), rng.integers(0, 3, 2), student.define(AGAIN)
    model = net.held(student, frozen=False)
    before = helper.kinds(model)
    with expect_state_kept(student, model=model):
        for _ in range(2):
            expect_close(student.guided_backprop(model, x, y), guided(net, x, y))
        what = "the layers and the number of hooks after the call"
        expect_equal(helper.kinds(model), before, name=what, hint=AS_BEFORE)
    plain = slope(lambda at: net(at).gather(1, y[:, None]), x)
    expect_close(helper.plain(model, x, y), plain, name="the model's plain gradient after the call")


def gradcam_of(scores, maps, y: int):
    """Compute Grad-CAM from the maps, with loops over channels."""
    g = slope(lambda a: scores(a)[0, y], maps)
    total = sum(g[0, k].mean() * maps[0, k] for k in range(maps.shape[1]))
    return total.clamp(min=0)


@task("cam", share=50, any_dtype=True, keeps=True)
def check_cam_of_other_maps(student, rng):
    """One channel or many, few classes or many, and float64; maps and weights stay as they are."""
    for K, L, h, w in ((1, 3, 4, 4), (7, 2, 3, 5), (4, 9, 1, 1)):
        features, weights, y = rng.normal(K, h, w), rng.normal(L, K), rng.int(0, L)
        right = (weights[y] @ features.flatten(1)).view(h, w).clamp(min=0)
        expect_close(student.cam(features, weights, y), right, hint="Take row y of W; K and C may be any numbers.")


@task("gradcam", share="1/3")
def check_gradcam_of_other_layers(student, rng):
    """Grad-CAM is right at layers where CAM does not apply, and when it is called for layer after layer."""
    for dtype, (H, W) in ((torch.float64, (8, 6)), (torch.float32, (5, 7)), (torch.float64, (4, 7))):
        net = Net.draw(rng, 3, 5, 6, 4, dtype)
        x, model, part = rng.normal(1, 3, H, W, dtype=dtype), net.held(student), student.define(NETS).part
        y = rng.int(0, 4)
        first, hidden = net.before(x), net.before(x).relu()
        cases = {
            "the first convolution": (
                ("features", 0), first, lambda a, net=net: net.top(net.middle(a.relu()).relu()),
            ),
            "the first ReLU": (("features", 1), hidden, lambda a, net=net: net.top(net.middle(a).relu())),
            "the normalisation": (("features", 2, 1), net.middle(hidden), lambda a, net=net: net.top(a.relu())),
        }  # fmt: skip
        for name, (path, maps, rest) in cases.items():
            found, right = student.gradcam(model, part(model, *path), x, y), gradcam_of(rest, maps, y)
            place = Message("at {layer}", layer=Message(name))
            expect_shape(found, right.shape, name=place, hint="Only the axis of the batch is dropped: (h, w).")
            expect_close(found, right, name=place, hint=MEAN_GRADIENT)


@task("gradcam", share="1/3", any_dtype=True)
def check_gradcam_leaves_nothing_behind(student, rng):
    """Afterwards no hook is left, the weights have no gradients, and x is as it was."""
    net = Net.draw(rng, 2, 4, 5, 3)
    model, helper = net.held(student, frozen=False), student.define(AGAIN)
    x, layer = rng.normal(1, 2, 7, 7), student.define(NETS).part(model, "features", 2)
    before = helper.kinds(model)
    with expect_state_kept(student, model=model):
        seen = student.inspect(student.gradcam, model, layer, x, 1)
    expect_close(seen.value, gradcam_of(net.top, net.features(x), 1))
    expect_equal(seen.args[2], x, name="x after the call")
    layers, hooks = helper.kinds(model)
    expect(hooks == before[1], "A hook is still registered after the call.", hint="Call its remove().")
    expect_equal(layers, before[0], name="the layers after the call", hint=AS_BEFORE)
