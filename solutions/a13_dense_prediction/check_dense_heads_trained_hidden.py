"""Hidden checks of dense_heads that train: depth of solids whose scale is unknown, and masks of regions."""

import torch
import torch.nn.functional as F

from autograder import expect_shape, task
from common.data import solids

DEPTH = """
import torch
import torch.nn.functional as F
from torch import nn

def block(c_in, c_out):
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1), nn.BatchNorm2d(c_out), nn.ReLU())

class Net(nn.Module):
    def __init__(self, w=16):
        super().__init__()
        self.a, self.b, self.c, self.d = block(5, w), block(w, 2 * w), block(2 * w, 4 * w), block(4 * w, 4 * w)
        self.e, self.f, self.out = block(6 * w, 2 * w), block(3 * w, w), nn.Conv2d(w, 1, 1)

    def forward(self, x):
        at = torch.linspace(-1, 1, x.shape[2], device=x.device)
        zero = x.new_zeros(len(x), 1, *x.shape[2:])
        a = self.a(torch.cat([x, zero + at[:, None], zero + at], dim=1))
        b = self.b(F.max_pool2d(a, 2))
        y = self.d(self.c(F.max_pool2d(b, 2)))
        y = self.e(torch.cat([F.interpolate(y, scale_factor=2), b], dim=1))
        return self.out(self.f(torch.cat([F.interpolate(y, scale_factor=2), a], dim=1)))[:, 0].exp()

def fit(net, loss_of, count, steps, batch):
    generator = torch.Generator().manual_seed(7)
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(steps):
        loss = loss_of(torch.randint(count, (batch,), generator=generator))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    net.eval()

def depth(images, depth, mask, test, steps, seed):
    torch.manual_seed(seed)
    net = Net().to(images)
    fit(net, lambda n: student.scale_invariant_log_loss(net(images[n]), depth[n], mask[n]), len(images), steps, 16)
    with torch.no_grad():
        return net(test)

def masks(x, labels, targets, test, steps, seed):
    torch.manual_seed(seed)
    layers = [nn.Conv2d(c, 16, 3, padding=1) for c in (3, 16, 16)]
    net = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2], nn.ReLU(),
                        nn.ConvTranspose2d(16, 16, 2, stride=2), nn.ReLU(), nn.Conv2d(16, 5, 1)).to(x)
    fit(net, lambda n: student.mask_loss(net(x[n]), labels[n], targets[n]), len(x), steps, 32)
    with torch.no_grad():
        return net(test)
"""


@task("scale_invariant_log_loss", share=25, any_dtype=True, seconds=120)
def check_depth_is_learned_without_scale(student, rng, score):
    """Trained on depth with unknown scales and holes, a network finds the depth of other images up to their scale."""
    steps = score.budget(120, search=[60, 120, 240])
    train = solids.draw(400, seed=rng.key(), size=32)
    test = solids.draw(200, stream="test", seed=rng.key(), size=32)
    scales = (1.5 * rng.normal(400, 1, 1, dtype=torch.float32)).exp()
    mask = rng.uniform(400, 32, 32) < 0.8
    depth = torch.where(mask, scales * train.depth.to(rng.device), 0.0)
    helper = student.define(DEPTH)
    images = (train.images.to(rng.device), test.images.to(rng.device))
    pred = helper.depth(images[0], depth, mask, images[1], steps, rng.int(0, 2**31))
    expect_shape(pred, (200, 32, 32), name="the predictions")
    p, z = pred.double().cpu().flatten(1), test.depth.double().flatten(1)
    scaled = p * (z.median(dim=1, keepdim=True).values / p.median(dim=1, keepdim=True).values)
    score(float(((scaled - z).abs() / z).mean()), "relative error of the depth", higher_is_better=False)


def regions(rng, drawn):
    """Return images, wide boxes, masks and classes of the solids that have 20 pixels or more."""
    rows = [(n, k) for n in range(len(drawn.images)) for k in range(3) if int((drawn.masks[n] == k + 1).sum()) >= 20]
    masks = torch.stack([drawn.masks[n] == k + 1 for n, k in rows])
    places = [mask.nonzero() for mask in masks]
    tight = [[*p.amin(0).flip(0).tolist(), *(p.amax(0) + 1).flip(0).tolist()] for p in places]
    boxes = torch.tensor(tight, dtype=torch.float32)
    size = boxes[:, 2:] - boxes[:, :2]
    more = [0.3 * rng.uniform(len(boxes), 2, dtype=torch.float32).cpu() * size for _ in range(2)]
    boxes = boxes + torch.cat([-more[0], more[1]], dim=1)
    kinds = torch.tensor([int(drawn.kinds[n, k]) for n, k in rows])
    return drawn.images[[n for n, _ in rows]], boxes, masks, kinds


def cut(images, boxes, m):
    """Return m x m bilinear samples of each image in its box."""
    share = (torch.arange(m) + 0.5) / m
    x = (boxes[:, :1] + (boxes[:, 2:3] - boxes[:, :1]) * share) / images.shape[3] * 2 - 1
    y = (boxes[:, 1:2] + (boxes[:, 3:] - boxes[:, 1:2]) * share) / images.shape[2] * 2 - 1
    grid = torch.stack([x[:, None].repeat(1, m, 1), y[:, :, None].repeat(1, 1, m)], dim=-1)
    return F.grid_sample(images, grid, align_corners=False, padding_mode="border")


@task("mask_loss", share="1/3", any_dtype=True, seconds=120)
def check_masks_of_other_objects_are_found(student, rng, score):
    """Trained on the regions of 300 images, a mask head finds the masks of objects in others."""
    steps = score.budget(150, search=[75, 150, 300])
    images, boxes, masks, labels = regions(rng, solids.draw(300, seed=rng.key(), size=32))
    others, wide, right, kinds = regions(rng, solids.draw(80, stream="test", seed=rng.key(), size=32))
    targets = (cut(masks[:, None].float(), boxes, 14)[:, 0] > 0.5).float()
    data = (2 * cut(images, boxes, 7) - 1, labels, targets, 2 * cut(others, wide, 7) - 1)
    logits = student.define(DEPTH).masks(*(x.to(rng.device) for x in data), steps, rng.int(0, 2**31))
    expect_shape(logits, (len(others), 5, 14, 14), name="the logits")
    found = logits.cpu()[torch.arange(len(kinds)), kinds] > 0
    truth = cut(right[:, None].float(), wide, 14)[:, 0] > 0.5
    overlap = (found & truth).sum(dim=(1, 2)) / (found | truth).sum(dim=(1, 2)).clamp(min=1)
    score(float(overlap.double().mean()), "mean IoU of masks")
