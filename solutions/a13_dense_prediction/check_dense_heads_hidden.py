"""Hidden checks of dense_heads: depth, normals and boxes, of other sizes, with gradients, holes and zeros."""

import torch
from check_dense_heads import camera, through_plane
from oracles_dense_heads import (
    MEASURES,
    cosine_loss,
    metrics,
    normals,
    object_loss,
    refined,
    scale_invariant,
)

from autograder import Message, expect, expect_close, expect_equal, expect_same_gradients, expect_unchanged, task
from common.data import solids


def of_scalar(value, like):
    """Return a number as a tensor without axes."""
    return torch.as_tensor(value, dtype=like.dtype, device=like.device)


GRADIENTS = """
import torch

def finite(f, *inputs, which=0):
    inputs = [x.clone() for x in inputs]
    inputs[which].requires_grad_()
    loss = f(*inputs)
    (slope,) = torch.autograd.grad(loss, inputs[which], allow_unused=True)
    slope = torch.zeros_like(inputs[which]) if slope is None else slope
    return loss.detach(), slope
"""


@task("scale_invariant_log_loss", share=25)
def check_loss_of_depth_of_many_images(student, rng):
    """Each image has its own factor and its own pixels; images without any, holes, gradients, both dtypes."""
    f = student.scale_invariant_log_loss
    for N, H, W, lam, dtype in ((3, 4, 5, 1.0, torch.float64), (1, 3, 7, 0.5, torch.float64),
                                (4, 5, 2, 0.0, torch.float64), (3, 6, 3, 0.85, torch.float32)):  # fmt: skip
        pred, depth = (rng.uniform(N, H, W, low=0.3, high=4, dtype=dtype) for _ in range(2))
        depth = depth * torch.arange(1, N + 1, dtype=dtype, device=rng.device)[:, None, None]
        mask = rng.uniform(N, H, W) < 0.6
        mask[0, 0, :2] = True
        if N > 2:
            mask[1] = False
        if N == 4:
            mask[2], mask[2, 1, 1] = False, True  # a single pixel
        seen = student.inspect(f, pred, depth, mask, lam)
        right = scale_invariant(pred, depth, mask, lam)
        log = pred.log() - depth.log()
        valid = log[mask]
        expect_close(seen.value, right, name=Message("{N} images, lambda {lam}", N=N, lam=lam), mistakes={
            "Each image has a mean of its own: its factor differs from those of others.":
                valid.square().mean() - lam * valid.mean() ** 2,
            "An image with a single valid pixel counts, too.":
                scale_invariant(pred, depth, mask & (mask.sum((1, 2), keepdim=True) > 1), lam),
            "Images without a valid pixel do not count.": right * int(mask.flatten(1).any(1).sum()) / N,
            "n is the number of valid pixels, not of all.":
                (torch.where(mask, log, 0.0).square().mean((1, 2))
                 - lam * torch.where(mask, log, 0.0).mean((1, 2)) ** 2).sum() / mask.flatten(1).any(1).sum(),
            "Each image has a mean of its own, in the second term, too.": right + lam * (
                sum((log[n][mask[n]].mean() ** 2 if bool(mask[n].any()) else 0) - valid.mean() ** 2 for n in range(N))
                / mask.flatten(1).any(1).sum()),
            "Pixels outside of the mask do not count.":
                (log.square().mean((1, 2)) - lam * log.mean((1, 2)) ** 2).mean(),
        }, hint="Each image has a loss of its own, from means over its valid pixels; the result is the mean of these.",
        )  # fmt: skip
        expect_unchanged(seen, pred, depth, mask, lam)
        if dtype == torch.float64:
            expect_same_gradients(student, rng, f, lambda p, z, m, lam: scale_invariant(p, z, m, lam),
                                  pred, depth, mask, lam)  # fmt: skip
    holes, blank = torch.where(mask, depth, 0.0), torch.where(mask, pred, 0.0)
    none = torch.zeros_like(mask)
    helper = student.define(GRADIENTS)
    for name, guess, valid in (
        (Message("depth 0 outside of the mask"), pred, mask),
        (Message("prediction 0 outside of the mask"), blank, mask),
        (Message("no valid pixel"), pred, none),
    ):
        loss, slope = helper.finite(f, guess, holes, valid)
        expect(bool(torch.isfinite(loss)), Message("The loss is not finite: {name}.", name=name),
               hint="Divide by at least 1: n of an image, and the number of images, may be 0.")  # fmt: skip
        expect(bool(torch.isfinite(slope).all()), Message("The gradient is not finite: {name}.", name=name),
               hint="Replace what is outside of the mask before the logarithm, not after it.")  # fmt: skip
        expect(bool((slope[~valid] == 0).all()), "No gradient belongs to pixels outside of the mask.")
    expect_close(loss, of_scalar(0.0, loss), name="no valid pixel")


@task("depth_metrics", share=50)
def check_measures_of_many_images(student, rng):
    """Images of other scales, odd and even numbers of pixels, float32; each image counts the same; the inputs stay."""
    for N, H, W, dtype in ((3, 4, 5, torch.float64), (1, 3, 3, torch.float64), (2, 7, 4, torch.float32)):
        depth = rng.uniform(N, H, W, low=0.5, high=4, dtype=dtype)
        scale = rng.uniform(N, 1, 1, low=0.2, high=5, dtype=dtype)
        pred = scale * depth * (0.35 * rng.normal(N, H, W, dtype=dtype)).exp()
        mask = rng.uniform(N, H, W) < 0.7
        mask[:, 0, 0] = True
        seen = student.inspect(student.depth_metrics, pred, depth, mask)
        expect_equal(sorted(seen.value), sorted(MEASURES), name="the names")
        right, once = metrics(pred, depth, mask), metrics(pred, depth, mask, together=True)
        expect_close(
            {name: float(seen.value[name]) for name in MEASURES},
            right,
            rtol=1e-4,
            name=Message("{N} images", N=N),
            mistakes={
                "Each image is scaled by its own medians, and counts the same.": once,
                "Each image is scaled by its own medians.":
                    metrics(pred * (depth[mask].median() / pred[mask].median()), depth, mask, scaled=False),
                "Multiply each prediction by median(depth) / median(prediction).":
                    metrics(pred, depth, mask, scaled=False),
                "Pixels outside of the mask do not count.": metrics(pred, depth, torch.ones_like(mask)),
            },
            hint="Each image has medians and measures of its own, over its valid pixels; the result is their mean.",
        )  # fmt: skip
        expect_unchanged(seen, pred, depth, mask)


CAMERA = """
def through(K):
    return lambda depth: student.normals_from_depth(depth, K)
"""


@task("normals_from_depth", share=50)
def check_normals_of_other_surfaces(student, rng):
    """Waves, a sphere, a camera whose y axis points upwards, gradients, float32; the inputs stay."""
    f = student.normals_from_depth
    for N, H, W, up, dtype in ((3, 4, 5, False, torch.float64), (1, 6, 3, True, torch.float64),
                               (2, 2, 3, False, torch.float64), (1, 5, 4, True, torch.float32)):  # fmt: skip
        K = camera(rng, H, W, up=up).to(dtype)
        depth = 3 + 0.3 * rng.uniform(N, H, W, dtype=dtype)
        right = normals(depth, K)
        atol = 1e-6 if dtype == torch.float64 else 1e-3
        seen = student.inspect(f, depth, K)
        inner = torch.zeros(H, W, dtype=dtype, device=rng.device)
        inner[1:-1, 1:-1] = 1
        name = Message("{H} x {W} pixels{how}", H=H, W=W, how=Message(", y axis upwards") if up else "")
        expect_close(seen.value, right, atol=atol, name=name, mistakes={
            "Normals face the camera: turn those with n . P > 0.": -right,
            "u counts columns and v rows: points are z * K^-1 (u, v, 1).": normals(depth, K, swap=True),
            "Take central differences inside, one-sided ones at the border only.": normals(depth, K, forward=True),
            "Slopes of the depth are not enough: take differences of points z * K^-1 (u, v, 1).":
                normals(depth, K, raw=True),
            "Pixels at the border have normals, too.": right * inner[None, None],
            "A normal faces the camera if n . P < 0. That is not the sign of x.":
                torch.where(right[:, :1] > 0, -right, right),
        }, hint="Take central differences of points, one-sided ones at the border; the length is 1, and n . P < 0.",
        )  # fmt: skip
        expect_unchanged(seen, depth, K)
        if dtype == torch.float64:
            through = student.define(CAMERA).through(K)
            expect_same_gradients(student, rng, through, lambda depth, K=K: normals(depth, K), depth)
    K = camera(rng, 5, 6, up=True)
    depth, normal = through_plane(rng, 5, 6, K)
    expect_close(f(depth, K), normal[:, None, None].repeat(1, 1, 5, 6), atol=1e-6, name="a plane, y axis upwards")
    wide = K.new_tensor([[1.0, 0.0, 2.5], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0]])
    steep = 0.5 + rng.uniform(5, 1, low=1.0, high=1.4) * torch.arange(6, dtype=K.dtype, device=K.device)
    right = normals(steep[None], wide)
    expect_close(f(steep[None], wide), right, atol=1e-6, name="a wide angle, a steep surface", mistakes={
        "A normal faces the camera if n . P < 0. Away from the middle, that is not the sign of z.":
            torch.where(right[:, 2:] > 0, -right, right),
    })  # fmt: skip
    drawn = solids.draw(3, seed=rng.key(), size=32)
    found = f(drawn.depth.to(rng.device), drawn.K.to(rng.device))
    agree = (found * drawn.normals.to(rng.device)).sum(dim=1)
    expect(float((agree > 0.98).double().mean()) > 0.85, "On rendered solids, most normals differ from the true ones.")


@task("normal_loss", share=50)
def check_normals_of_other_lengths(student, rng):
    """Vectors of any length, and of length 0; gradients, float32; the inputs stay."""
    f = student.normal_loss
    for N, H, W, dtype in ((3, 4, 5, torch.float64), (1, 2, 7, torch.float64), (2, 3, 3, torch.float32)):
        n, m = 2 * rng.normal(N, 3, H, W, dtype=dtype), 5 * rng.normal(N, 3, H, W, dtype=dtype)
        right = cosine_loss(n, m)
        seen = student.inspect(f, n, m)
        cos = torch.nn.functional.cosine_similarity(n, m, dim=1)
        expect_close(seen.value, right, name=Message("{N} images", N=N), mistakes={
            "Opposite normals cost 2: no absolute value.": (1 - cos.abs()).mean(),
            "The cosine is taken over the three components, axis 1.":
                (1 - torch.nn.functional.cosine_similarity(n, m, dim=3)).mean(),
            "The mean runs over images, rows and columns.": (1 - cos).sum(),
            "The loss is 1 - cos.": (1 - cos).square().mean(),
        }, hint="Vectors may have any length here: only their directions count.")  # fmt: skip
        expect_unchanged(seen, n, m)
        if dtype == torch.float64:
            expect_same_gradients(student, rng, f, cosine_loss, n, m)
    m = rng.normal(2, 3, 3, 4)
    short = 0.002 * m + 0.0005 * rng.normal(2, 3, 3, 4)
    expect_close(f(short, m), cosine_loss(short, m), atol=1e-3, name="short vectors",
                 hint="Divide by the lengths; a number that prevents a division by 0 must be far smaller.")  # fmt: skip
    expect_close(f(1e-5 * short, 1e-5 * m), cosine_loss(short, m), atol=1e-3, name="two short vectors",
                 hint="Limit each length by itself: the product of two small lengths is far smaller.")  # fmt: skip
    n, m = rng.normal(2, 3, 3, 4), rng.normal(2, 3, 3, 4)
    n[0, :, 1, 2] = 0
    m[1, :, 0, 0] = 0
    loss, slope = student.define(GRADIENTS).finite(f, n, m)
    expect_close(loss, cosine_loss(n, m), name="vectors of length 0")
    expect(bool(torch.isfinite(slope).all()), "The gradient of a vector of length 0 is not finite.",
           hint="The root has an infinite slope at 0: F.normalize avoids it.")  # fmt: skip


@task("single_object_loss", share=50)
def check_two_losses_learn(student, rng):
    """Other sizes, the default weight, large scores, gradients, float32; the inputs stay."""
    f = student.single_object_loss
    for N, C, weight, dtype in ((3, 5, 0.7, torch.float64), (1, 2, 2.0, torch.float64), (6, 4, 0.1, torch.float32)):
        scores, boxes, gt = rng.normal(N, C, dtype=dtype), rng.normal(N, 4, dtype=dtype), rng.normal(N, 4, dtype=dtype)
        y = rng.integers(0, C, N)
        seen = student.inspect(f, scores, boxes, y, gt, weight)
        expect_close(seen.value, object_loss(scores, boxes, y, gt, weight), name=Message("{N} images", N=N),
                     hint="Both losses are means over the images; only that of the boxes has the weight.")  # fmt: skip
        expect_unchanged(seen, scores, boxes, y, gt, weight)
        if dtype == torch.float64:
            expect_same_gradients(student, rng, f, object_loss, scores, boxes, y, gt, weight)
    expect_close(f(scores, boxes, y, gt), object_loss(scores, boxes, y, gt, 1.0),
                 name="the weight is 1 by default",
                 hint="Without weight, weight is 1: does your function have another number there?")  # fmt: skip
    large = torch.tensor([[900.0, -900.0, 0.0]], dtype=torch.float64, device=rng.device)
    box = rng.normal(1, 4)
    second = torch.tensor([1], device=rng.device)
    expect_close(f(large, box, second, box), of_scalar(1800.0, box), name="large scores", mistakes={
        "The exponential of 900 is infinite: use F.cross_entropy, or logsumexp.": of_scalar(torch.inf, box),
        "The exponential of 900 is infinite: use F.cross_entropy, or log_softmax.": of_scalar(torch.nan, box),
    })  # fmt: skip


@task("refine_boxes", share=50)
def check_boxes_of_other_classes(student, rng):
    """Each row uses the numbers of its own class; no rows, one class, gradients, float32; the inputs stay."""
    f = student.refine_boxes
    for R, C, dtype in ((5, 4, torch.float64), (1, 7, torch.float64), (3, 1, torch.float64), (0, 3, torch.float64),
                        (4, 3, torch.float32)):  # fmt: skip
        corner, size = 9 * rng.normal(R, 2, dtype=dtype), rng.uniform(R, 2, low=1, high=7, dtype=dtype)
        proposals = torch.cat([corner, corner + size], dim=1)
        deltas, labels = 0.5 * rng.normal(R, 4 * C, dtype=dtype), rng.integers(0, C, R)
        deltas[:1] += 5
        seen = student.inspect(f, proposals, deltas, labels)
        first = refined(proposals, deltas, 0 * labels)
        columns = deltas.reshape(R, 4, C).transpose(1, 2).reshape(R, 4 * C)
        expect_close(seen.value, refined(proposals, deltas, labels), name=Message("{R} boxes, {C} classes", R=R, C=C),
            mistakes={
                "Each row has the numbers of its own class.": first,
                "Row r of the labels belongs to row r of the deltas.": refined(proposals, deltas, labels.flip(0)),
                "Columns 4c to 4c + 3 belong to class c: reshape to (R, C, 4).": refined(proposals, columns, labels),
            } if C > 1 and R else {}, hint="Each row has the four numbers of its own class, and nothing limits them.",
        )  # fmt: skip
        expect_unchanged(seen, proposals, deltas, labels)
        if R > 1 and dtype == torch.float64:
            expect_same_gradients(student, rng, f, refined, proposals, deltas, labels)


@task("misalignment", share=50)
def check_misalignment_of_other_strides(student, rng):
    """Other strides, sides that need no rounding, boxes that begin outside, float32; the inputs stay."""
    for R, stride, dtype in ((5, 8, torch.float64), (1, 32, torch.float64), (3, 4, torch.float32)):
        boxes = rng.uniform(R, 4, low=-20, high=200, dtype=dtype)
        boxes[0] = torch.tensor([-stride, 0, 2 * stride, 3 * stride - 1], dtype=dtype)
        seen = student.inspect(student.misalignment, boxes, stride)
        right = torch.zeros_like(boxes)
        for r, row in enumerate(boxes.tolist()):
            for side, value in enumerate(row):
                whole = -(-value // stride) if side > 1 else value // stride
                right[r, side] = whole * stride - value
        expect_close(seen.value, right, atol=1e-4, name=Message("stride {stride}", stride=stride), mistakes={
            "x0 and y0 are rounded down, also below 0: towards 0 is up there.":
                torch.cat([(boxes[:, :2] / stride).trunc(), (boxes[:, 2:] / stride).ceil()], 1) * stride - boxes,
            "A side that is whole already does not move.":
                torch.cat([(boxes[:, :2] / stride).floor(), (boxes[:, 2:] / stride).floor() + 1], 1) * stride - boxes,
        }, hint="x0 and y0 go down to a multiple of the stride, x1 and y1 up; the result is in pixels.")  # fmt: skip
        expect_unchanged(seen, boxes, stride)
