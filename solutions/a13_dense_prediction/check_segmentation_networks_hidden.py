"""Hidden checks of segmentation: networks with random weights, their gradients, and networks that are trained."""

import torch
import torch.nn.functional as F
from oracles_networks import fcn, network, parameters
from oracles_segmentation import LOANS_OF_KERNEL, randomised, tent_kernel

from autograder import (
    Message,
    expect_close,
    expect_same_gradients,
    expect_shape,
    expect_state_kept,
    expect_unchanged,
    task,
)
from common.data import render, scenes


@task("bilinear_kernel", share=50)
def check_kernels_of_other_sizes(student, rng):
    """Other sizes, odd ones too; a ramp becomes a finer ramp; the dtype is float32."""
    for C, k in ((1, 2), (2, 3), (3, 5), (1, 16), (4, 1), (2, 64)):
        name, found = Message("{C} channels, k = {k}", C=C, k=k), student.bilinear_kernel(C, k)
        expect_shape(found, (C, C, k, k), name=name, hint="The kernel has k x k weights, for each C and k.")
        small = max(k // 2, 1)  # f, rounded down
        narrow, early = (
            1 - (torch.arange(k) - c).abs() / small if k % 2 else torch.zeros(k) for c in (k // 2, small - 1)
        )
        expect_close(found, tent_kernel(C, k), name=name, mistakes={
            "f is k/2, rounded up.": torch.eye(C)[:, :, None, None] * torch.outer(narrow, narrow),
            "f is k/2, rounded up; the centre follows from it.":
                torch.eye(C)[:, :, None, None] * torch.outer(early, early),
        },
                     hint="If k is odd, the centre is one of the numbers; if k is even, it is between two.",
                     )  # fmt: skip
    ramp = torch.arange(6.0).repeat(1, 2, 5, 1)
    for s in (2, 4):
        fine = F.conv_transpose2d(ramp, student.bilinear_kernel(2, 2 * s), stride=s, padding=s // 2)
        steps = fine[:, :, s:-s, s:-s].diff(dim=3)
        expect_close(steps, torch.full_like(steps, 1 / s), name="the steps of a ramp that was enlarged")


NETS = """
import torch
from torch import nn

class Three(nn.Module):
    channels = (2, 3, 4)

    def __init__(self):
        super().__init__()
        self.maps = nn.ModuleList(nn.Conv2d(3, c, 1) for c in self.channels)

    def forward(self, x):
        return [layer(x[:, :, ::s, ::s]) for layer, s in zip(self.maps, (8, 16, 32))]

def three():
    return Three()

def make(classes, stride):
    return student.FCN(Three(), classes, stride)
"""


def fcn_shapes(C, stride):
    """Return the shapes of the parameters of an FCN on the backbone of these checks."""
    channels = (2, 3, 4)
    shapes = {f"backbone.maps.{n}.weight": (c, 3, 1, 1) for n, c in enumerate(channels)}
    shapes |= {f"backbone.maps.{n}.bias": (c,) for n, c in enumerate(channels)}
    steps = {32: 0, 16: 1, 8: 2}[stride]
    for n in range(steps + 1):
        shapes |= {f"heads.{n}.weight": (C, channels[2 - n], 1, 1), f"heads.{n}.bias": (C,)}
    shapes |= {f"twice.{n}.weight": (C, C, 4, 4) for n in range(steps)}
    return shapes | {"last.weight": (C, C, 2 * stride, 2 * stride)}


def compare_fcn(student, rng, stride, sizes):
    """Compare an FCN with random weights with torch's functions, and its gradients."""
    for N, C, H, W in sizes:
        net = student.define(NETS).make(C, stride).train(N > 1)
        p = randomised(student, net, rng, fcn_shapes(C, stride))
        x = rng.normal(N, 3, H, W)
        with expect_state_kept(student, net=net):
            net(x)

        def oracle(x, p=p):
            maps = [
                F.conv2d(x[:, :, ::s, ::s], p[f"backbone.maps.{n}.weight"], p[f"backbone.maps.{n}.bias"])
                for n, s in enumerate((8, 16, 32))
            ]
            return fcn(p, x, maps, stride)

        name = Message("FCN-{stride}s, {H} x {W} pixels", stride=stride, H=H, W=W)
        expect_same_gradients(student, rng, net, oracle, x, weights=p, name=name)
        expect_unchanged(student.inspect(net, x), x)


@task("FCN", share=20, loans=LOANS_OF_KERNEL, keeps=True)
def check_scores_of_stride_eight(student, rng):
    """FCN-8s with random weights has the right values and gradients, on odd sizes too."""
    student.FCN(student.define(NETS).three(), 2, 8)
    compare_fcn(student, rng, 8, ((1, 2, 64, 32), (3, 1, 37, 53), (1, 3, 9, 41)))


@task("FCN", share=20, loans=LOANS_OF_KERNEL)
def check_scores_of_coarse_strides(student, rng):
    """FCN-16s and FCN-32s with random weights have the right values and gradients; float32 stays float32."""
    compare_fcn(student, rng, 16, ((2, 2, 37, 53), (1, 1, 64, 64)))
    compare_fcn(student, rng, 32, ((1, 2, 33, 70), (2, 1, 20, 31)))
    net = student.define(NETS).make(2, 16)
    p = {name: value.float() for name, value in randomised(student, net, rng, fcn_shapes(2, 16)).items()}
    student.define("def to_float(net):\n    net.float()\n").to_float(net)
    x = rng.normal(1, 3, 40, 33, dtype=torch.float32)
    maps = [F.conv2d(x[:, :, ::s, ::s], p[f"backbone.maps.{n}.weight"], p[f"backbone.maps.{n}.bias"])
            for n, s in enumerate((8, 16, 32))]  # fmt: skip
    expect_close(net(x), fcn(p, x, maps, 16), rtol=1e-3, atol=1e-3, name="float32")


def compare_network(student, rng, name, cases, *, side):
    """Compare a network with random weights with a recursion, and its gradients."""
    for N, in_ch, out_ch, widths, H, W, train in cases:
        net = getattr(student, name)(in_ch, out_ch, widths)
        p = randomised(student, net, rng, parameters(in_ch, out_ch, widths, side=side))
        x = rng.normal(N, in_ch, H, W)
        fresh = getattr(student, name)(in_ch, out_ch, widths)  # its buffers change in training mode
        student.define("def move(net, x):\n    net.to(x)\n").move(fresh, x)
        with expect_state_kept(student, may_change=("buffers",), net=fresh):
            fresh(x)

        def oracle(x, p=p, widths=widths, train=train):
            return network(p, x, len(widths) - 1, train)

        label = Message("{n} levels, {H} x {W} pixels", n=len(widths), H=H, W=W)
        expect_same_gradients(student, rng, net, oracle, x, weights=p, train=train, name=label, rtol=1e-4,
                              hint="Each level has its own skip, `up` and `merge`; go up from the last one to level 0.",
                              )  # fmt: skip
        expect_unchanged(student.inspect(net, x), x)


@task("UNet", share=25)
def check_unet_with_random_weights(student, rng):
    """Values and gradients agree with a recursion, for other depths, odd sizes, both modes; inputs stay."""
    compare_network(student, rng, "UNet", ((2, 3, 2, (2, 3, 4), 8, 12, False), (3, 1, 3, (3, 2, 2, 4), 13, 9, True),
                                           (1, 2, 1, (4, 2), 5, 7, False), (1, 2, 2, (3,), 4, 3, False)),
                    side=False)  # fmt: skip


@task("Hourglass", share=50)
def check_hourglass_with_random_weights(student, rng):
    """Values and gradients agree with a recursion, for other depths, odd sizes, both modes; inputs stay."""
    cases = ((2, 3, 2, (2, 3, 4), 8, 12, False), (3, 1, 3, (3, 2, 2, 4), 13, 9, True), (1, 2, 1, (4, 2), 5, 7, False))
    compare_network(student, rng, "Hourglass", cases, side=True)


TRAIN = """
import torch
import torch.nn.functional as F

def run(kind, widths, x, y, test, epochs, size, seed):
    torch.manual_seed(seed)
    if kind == "unet":
        net = student.UNet(3, 2, widths).to(x)
    else:
        net = student.FCN(student.Backbone(), 2, 8).to(x)
    per, lr = len(x) // size, 4e-3
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs * per)
    for _ in range(epochs):
        order = torch.randperm(len(x), device=x.device)
        for n in range(per):
            batch = order[n * size : (n + 1) * size]
            loss = F.cross_entropy(net(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    net.eval()
    with torch.no_grad():
        return net(test)
"""


def pictures(count, stream, seed, device):
    """Draw scenes, and where their object is."""
    described = scenes.describe(seed, range(count), stream=stream)
    masks = [torch.from_numpy(render.annotate(scene, 32).masks).any(dim=0) for scene in described]
    x = torch.from_numpy(render.render(described, 32)).float() / 255
    return x.to(device), torch.stack(masks).long().to(device)


def near_outline(y):
    """Return the pixels that have both classes within two pixels."""
    inside = y[:, None].float()
    return (F.max_pool2d(inside, 5, 1, 2) + F.max_pool2d(-inside, 5, 1, 2))[:, 0] > 0


def trained(student, rng, kind, widths, epochs, count):
    """Train a student's network on scenes; return the IoU of objects and the accuracy near outlines on others."""
    seed = rng.key()
    x, y = pictures(count, "train", seed, rng.device)
    test, truth = pictures(300, "test", seed, rng.device)
    scores = student.define(TRAIN).run(kind, widths, x, y, test, epochs, 32, rng.int(0, 2**31))
    expect_shape(scores, (300, 2, 32, 32), name="the scores")
    found = scores.argmax(dim=1)
    both, any_ = (found == 1) & (truth == 1), (found == 1) | (truth == 1)
    near = near_outline(truth)
    return float(both.sum() / any_.sum().clamp(min=1)), float((found == truth)[near].double().mean())


@task("UNet", share=50, any_dtype=True, seconds=120)
def check_unet_finds_objects(student, rng, score):
    """Trained on scenes, U-Net finds objects, and is right near their outlines."""
    epochs = score.budget(6, search=[3, 4, 6])
    iou, near = trained(student, rng, "unet", (8, 16, 24, 32), epochs, 600)
    score(iou, "IoU of objects")
    score(near, "accuracy near outlines")


@task("FCN", share=20, any_dtype=True, seconds=120, loans=LOANS_OF_KERNEL)
def check_fcn_finds_objects(student, rng, score):
    """Trained on scenes, FCN-8s finds objects better than coarse maps alone could."""
    epochs = score.budget(6, search=[3, 4, 6])
    iou, _ = trained(student, rng, "fcn", (), epochs, 600)
    score(iou, "IoU of objects")
