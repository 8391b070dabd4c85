"""Public checks of dense_heads: depth, normals and boxes, by hand and by closed forms."""

import math

import torch

from autograder import Message, expect, expect_close, task
from common.nets.detection import box_offsets


@task("scale_invariant_log_loss", share=50, any_dtype=True)
def check_worked_loss_of_depth(student, rng):
    """Pixels (1, 2, 4) for depths (2, 4, 4) give the numbers of the text; a common factor and holes do not count."""
    pred = torch.tensor([[[1.0, 2.0, 4.0]]], dtype=torch.float64, device=rng.device)
    depth = torch.tensor([[[2.0, 4.0, 4.0]]], dtype=torch.float64, device=rng.device)
    mask = torch.ones(1, 1, 3, dtype=torch.bool, device=rng.device)
    square, mean = 2 / 3 * math.log(2) ** 2, (2 / 3 * math.log(2)) ** 2
    for lam in (0.0, 0.5, 1.0):
        expect_close(
            student.scale_invariant_log_loss(pred, depth, mask, lam),
            torch.tensor(square - lam * mean, dtype=torch.float64),
            name=Message("lambda {lam}", lam=lam),
            mistakes={
                "The square of the mean is subtracted.": torch.tensor(square + lam * mean, dtype=torch.float64),
                "The second term is missing, or lambda is not used.": torch.tensor(square, dtype=torch.float64),
                "The second term is missing, or lambda is always 1.": torch.tensor(square - mean, dtype=torch.float64),
                "The second term is the square of the mean, not the mean of the squares.":
                    torch.tensor((1 - lam) * square, dtype=torch.float64),
                "Take logarithms before the difference.": torch.tensor(5 / 3 - lam, dtype=torch.float64),
                "The first term is a mean, not a sum.": torch.tensor(3 * square - lam * mean, dtype=torch.float64),
            },
            hint="Compute both terms by hand: lambda 0 leaves the first; in both, n is 3 here.",
        )  # fmt: skip
    pred, depth = (rng.uniform(1, 4, 5, low=0.5, high=3) for _ in range(2))
    mask = rng.uniform(1, 4, 5) < 0.7
    mask[0, 0, 0], mask[0, 0, 1:3] = False, True
    first = student.scale_invariant_log_loss(pred, depth, mask)
    expect_close(first, student.scale_invariant_log_loss(pred, depth, mask, 1.0), name="lambda is 1 by default",
                 hint="Without lam, lam is 1: does your function have another number there?")  # fmt: skip
    expect_close(student.scale_invariant_log_loss(7.5 * pred, depth, mask), first, name="a prediction times 7.5")
    holes = torch.where(mask, depth, 0.0)
    expect_close(student.scale_invariant_log_loss(pred, holes, mask), first, name="a depth of 0 outside of the mask")


@task("depth_metrics", share=50)
def check_worked_measures_of_depth(student, rng):
    """Twice (1, 2, 3, 4, 5) for the depths (1, 2, 3, 4, 10): four of five pixels are right after scaling."""
    pred = 2 * torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]]], dtype=torch.float64, device=rng.device)
    depth = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 10.0, 1.0]]], dtype=torch.float64, device=rng.device)
    mask = torch.tensor([[[True, True, True], [True, True, False]]], device=rng.device)
    right = {"delta1": 0.8, "delta2": 0.8, "delta3": 0.8, "abs_rel": 0.1, "rmse": 5**0.5}
    unscaled = {"delta1": 0.2, "delta2": 0.2, "delta3": 0.2, "abs_rel": 0.8, "rmse": 6**0.5}
    by_means = {"delta1": 0.0, "delta2": 1.0, "delta3": 1.0, "abs_rel": 1 / 3, "rmse": (26 / 9) ** 0.5}
    expect_close(
        student.depth_metrics(pred, depth, mask),
        right,
        rtol=1e-5,
        mistakes={
            "Multiply the prediction by median(depth) / median(prediction) first.": unscaled,
            "Scale by medians, not by means.": by_means,
            "Both ratios count: the larger of prediction / depth and depth / prediction.":
                right | {"delta1": 1.0, "delta2": 1.0, "delta3": 1.0},
            "The bounds are 1.25, its square and its third power.": right | {"delta2": 1.0, "delta3": 1.0},
            "The root is missing in rmse.": right | {"rmse": 5.0},
            "abs_rel divides by the true depth.": right | {"abs_rel": 0.2},
        },
        hint="The last pixel is outside of the mask: neither medians nor measures contain it.",
    )  # fmt: skip


def through_plane(rng, H, W, K):
    """Return the depth (1, H, W) of a plane n . P = c and its normal towards the camera, for rays through pixels."""
    v, u = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    rays = torch.stack([u, v, torch.ones_like(u)], dim=-1).double() @ torch.linalg.inv(K.cpu()).T
    normal = torch.cat([0.5 * rng.normal(2).cpu(), torch.tensor([-2.0], dtype=torch.float64)])
    normal = normal / normal.norm()
    return (-3 / (rays @ normal))[None].to(rng.device), normal.to(rng.device)


def camera(rng, H, W, *, up=False):
    """Return the matrix of a camera that sees H x W pixels; ``up``: its y axis points upwards."""
    fx, fy = rng.uniform(2, low=1.0, high=1.5).tolist()
    K = torch.tensor([[fx * W, 0, (W - 1) / 2], [0, fy * H, (H - 1) / 2], [0, 0, 1]], dtype=torch.float64)
    K[1, 1] = -K[1, 1] if up else K[1, 1]
    return K.to(rng.device)


@task("normals_from_depth", share=50, any_dtype=True)
def check_normals_of_planes(student, rng):
    """A wall in front of the camera has the normal (0, 0, -1), and a slanted plane its own, up to the border."""
    K = camera(rng, 5, 7)
    wall = torch.full((1, 5, 7), 2.5, dtype=torch.float64, device=rng.device)
    towards = torch.tensor([0.0, 0.0, -1.0], dtype=torch.float64, device=rng.device)[:, None, None].repeat(1, 1, 5, 7)
    expect_close(student.normals_from_depth(wall, K), towards, name="a wall", mistakes={
        "The normals face away from the camera.": -towards,
        "Normals have the length 1.": towards * 2.5**2 / (K[0, 0] * K[1, 1]),
    }, hint="A wall has the same normal everywhere, of length 1, also at the border.")  # fmt: skip
    depth, normal = through_plane(rng, 5, 7, K)
    right = normal[:, None, None].repeat(1, 1, 5, 7)
    order = [1, 0, 2]
    expect_close(student.normals_from_depth(depth, K), right, atol=1e-6, name="a slanted plane", mistakes={
        "The normals face away from the camera.": -right,
        "x and y are exchanged: u counts columns, v rows.": right[:, order],
    }, hint="Points are z * K^-1 (u, v, 1), where u and v are the whole numbers of column and row.")  # fmt: skip


@task("normal_loss", share=50, any_dtype=True)
def check_angles_of_normals(student, rng):
    """Equal directions cost 0, right angles 1, opposite ones 2, whatever the lengths."""
    n = rng.normal(2, 3, 4, 5)
    other = torch.linalg.cross(n, rng.normal(2, 3, 4, 5), dim=1)
    zero = torch.zeros((), dtype=torch.float64, device=rng.device)
    expect_close(student.normal_loss(n, 3 * n), zero, name="equal directions", mistakes={
        "Divide by the lengths.": 1 - 3 * n.square().sum(1).mean(),
        "The loss is 1 - cos, not -cos.": zero - 1,
    })  # fmt: skip
    expect_close(student.normal_loss(n, other), zero + 1, name="right angles", mistakes={
        "The cosine is taken over the three components, axis 1.":
            1 - (torch.nn.functional.normalize(n, dim=3) * torch.nn.functional.normalize(other, dim=3))
            .sum(dim=3).mean(),
    })  # fmt: skip
    expect_close(student.normal_loss(n, -0.5 * n), zero + 2, name="opposite directions", mistakes={
        "Opposite normals cost 2: no absolute value, no square.": zero,
    })  # fmt: skip


@task("single_object_loss", share=50, any_dtype=True)
def check_sum_of_two_losses(student, rng):
    """Equal scores of C classes cost log C, and boxes that are off cost their squared distance, weighted."""
    N, C = 3, 7
    gt, off = rng.normal(N, 4), rng.normal(N, 4)
    y = rng.integers(0, C, N)
    scores = rng.normal(N, 1).repeat(1, C)
    distance = off.square().sum() / N
    expect_close(
        student.single_object_loss(scores, gt + off, y, gt, 0.3),
        math.log(C) + 0.3 * distance,
        mistakes={
            "The squared error is summed over the four coordinates, then averaged over images.":
                math.log(C) + 0.3 * distance / 4,
            "The losses are means over the images.": N * (math.log(C) + 0.3 * distance),
            "The loss of the class is a mean over the images.": N * math.log(C) + 0.3 * distance,
            "The squared error is a mean over the images.": math.log(C) + 0.3 * distance * N,
            "The weight is missing.": math.log(C) + distance,
            "The weight belongs to the loss of the box.": 0.3 * math.log(C) + distance,
            "The squared error has no root.": math.log(C) + 0.3 * off.square().sum(1).sqrt().mean(),
            "The squared error, not the absolute one.": math.log(C) + 0.3 * off.abs().sum() / N,
        },
        hint="All scores are equal, so the first loss is log(C); what is left is the error of the boxes.",
    )  # fmt: skip


@task("refine_boxes", share=50, any_dtype=True)
def check_worked_boxes(student, rng):
    """The box (0, 0, 4, 2) with t = (1/2, -1/2, log 2, 0) of its class becomes (0, -1, 8, 1); zeros change nothing."""
    device = rng.device
    proposals = torch.tensor([[0.0, 0.0, 4.0, 2.0], [3.0, 1.0, 6.0, 5.0]], dtype=torch.float64, device=device)
    t = torch.tensor([0.5, -0.5, math.log(2), 0.0], dtype=torch.float64, device=device)
    deltas = torch.cat([rng.normal(2, 8), t.repeat(2, 1)], dim=1)
    deltas[1, 4:8] = 0
    right = torch.tensor([[0.0, -1.0, 8.0, 1.0], [3.0, 1.0, 6.0, 5.0]], dtype=torch.float64, device=device)
    after = torch.tensor([[2.0, -2.0, 10.0, 0.0], [3.0, 1.0, 6.0, 5.0]], dtype=torch.float64, device=device)
    corner = torch.tensor([[2.0, -1.0, 10.0, 1.0], [3.0, 1.0, 6.0, 5.0]], dtype=torch.float64, device=device)
    wide = 2 * (1 + math.log(2))
    linear = torch.tensor([[4 - wide, -1.0, 4 + wide, 1.0], [3.0, 1.0, 6.0, 5.0]], dtype=torch.float64, device=device)
    cells = torch.tensor([[-1.5, -0.5, 6.5, 1.5], [3.0, 1.0, 6.0, 5.0]], dtype=torch.float64, device=device)
    rows, labels = torch.arange(2, device=device), torch.tensor([2, 1], device=device)
    size, t = proposals[:, 2:] - proposals[:, :2], deltas.reshape(2, 4, 3)[rows, :, labels]
    centre, half = proposals[:, :2] + size * (0.5 + t[:, :2]), size * t[:, 2:].exp() / 2
    woven = torch.cat([centre - half, centre + half], dim=1)
    expect_close(student.refine_boxes(proposals, deltas, labels), right, mistakes={
        "Move by shares of the old size, not of the new one.": after,
        "Move the centre, then stretch around it.": corner,
        "t_x and t_y are shares of the width and the height.": cells,
        "The size is multiplied by exp(t), not by 1 + t.": linear,
        "The four numbers of a class are next to each other: deltas.reshape(R, C, 4), not (R, 4, C).": woven,
    }, hint="Each row's own numbers move its centre and change its size; corners follow.")  # fmt: skip
    found = proposals + rng.uniform(2, 4, low=-0.4, high=0.4)
    offsets = box_offsets(proposals, found, "FasterRCNN")
    expect_close(student.refine_boxes(proposals, offsets, torch.tensor([0, 0], device=device)), found,
                 atol=1e-6, name="the inverse of box_offsets")  # fmt: skip


@task("misalignment", share=50, any_dtype=True)
def check_worked_misalignment(student, rng):
    """With stride 16, the box (10, 20, 50, 61) becomes (0, 16, 64, 64)."""
    box = torch.tensor([[10.0, 20.0, 50.0, 61.0]], dtype=torch.float64, device=rng.device)
    right = torch.tensor([[-10.0, -4.0, 14.0, 3.0]], dtype=torch.float64, device=rng.device)
    found = student.misalignment(box, 16)
    rounded = (box / 16).round() * 16 - box
    expect_close(found, right, mistakes={
        "This is the box minus the widened one: the signs are exchanged.": -right,
        "These are cells: multiply by the stride.": right / 16,
        "x0 and y0 are rounded down, x1 and y1 up.": rounded,
        "The second corner is rounded up.": (box / 16).floor() * 16 - box,
        "The widened box was returned, not how far it moved.": box + right,
    }, hint="Sides are rounded in cells; the box and the result are in pixels.")  # fmt: skip
    expect(bool((found.abs() < 16).all()), "No side moves by a stride or more.")
