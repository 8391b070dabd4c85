"""Hidden checks of a10, single_stage_detector: plain loops on random inputs, edges, costs, and a training run."""

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_equal, expect_shape, forbid, task
from common.data.boxes import collate, load_boxes
from common.detection import ANCHORS, box_offsets, generate_grid

TOYS = """
import torch
from torch import nn


class Features(nn.Module):
    def __init__(self, maps):
        super().__init__()
        self.maps = nn.Parameter(maps)

    def forward(self, images):
        return self.maps[: len(images)]


class Predictions(nn.Module):
    def __init__(self, confidence, offsets, scores):
        super().__init__()
        self.confidence, self.offsets, self.scores = map(nn.Parameter, (confidence, offsets, scores))

    def forward(self, features, pos_anchor_idx=None, neg_anchor_idx=None):
        B, A, H, W = self.confidence.shape
        if pos_anchor_idx is None:
            return tuple(part[: len(features)] for part in (self.confidence, self.offsets, self.scores))
        cells = self.scores[:, None].expand(B, A, -1, H, W)
        return (
            self.confidence.flatten()[torch.cat([pos_anchor_idx, neg_anchor_idx])][:, None],
            self.offsets.permute(0, 1, 3, 4, 2).reshape(-1, 4)[pos_anchor_idx],
            cells.permute(0, 1, 3, 4, 2).reshape(B * A * H * W, -1)[pos_anchor_idx],
        )


def network(f):
    network = f.eval()
    return [(tuple(p.shape)) for p in network.parameters()]


def outputs(network, features, train):
    return network.train(train)(features)


def without_gradient(detector, images, bboxes):
    detector(images, bboxes).backward()
    return [name for name, p in detector.named_parameters() if p.grad is None or not p.grad.any()]


def train(detector, images, boxes, steps):
    from common.detection import train_detector

    train_detector(detector, images, boxes, steps=steps)
"""
NEGATIVE, NEUTRAL = -1, -2
MOST = 8 * 8 * len(ANCHORS)  # detections that an image of 64 x 64 can have


def tensor(rng, rows, dtype=torch.float64) -> Tensor:
    """Numbers on the run's device."""
    return torch.tensor(rows, dtype=dtype, device=rng.device)


def boxes_of(rng, *shape: int, dtype=torch.float64, side: float = 10.0) -> Tensor:
    """Random boxes with an area, partly beyond [0, side]."""
    middle, half = rng.uniform(*shape, 2, high=side), rng.uniform(*shape, 2, low=0.1, high=side / 3)
    return torch.cat([middle - half, middle + half], dim=-1).to(dtype)


def plain_iou(a: list[float], b: list[float]) -> float:
    """IoU of two boxes, by the definition."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared) if shared > 0 else 0.0


def loop_iou(proposals: Tensor, bboxes: Tensor) -> Tensor:
    """IoU one pair at a time: (B, K, N)."""
    rows = [
        [[plain_iou(p, b[:4]) for b in others.tolist()] for p in image.reshape(-1, 4).tolist()]
        for image, others in zip(proposals, bboxes, strict=True)
    ]
    shape = len(proposals), proposals[0].numel() // 4, bboxes.shape[1]
    return torch.tensor(rows, dtype=proposals.dtype, device=proposals.device).reshape(shape)


def loop_nms(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Greedy suppression on lists."""
    rows, kept = boxes.tolist(), []
    for index in sorted(range(len(rows)), key=lambda i: (-float(scores[i]), i)):
        if all(plain_iou(rows[index], rows[other]) <= threshold for other in kept):
            kept.append(index)
    return torch.tensor(kept, dtype=torch.int64, device=boxes.device)


def loop_match(anchors: Tensor, bboxes: Tensor, iou: Tensor, pos: float, neg: float, method: str) -> Tensor:
    """Matching, one image, one anchor, one box at a time: (B, A*H*W)."""
    B, A, H, W, _ = anchors.shape
    out = []
    for image in range(B):
        real = [n for n in range(bboxes.shape[1]) if bboxes[image, n, 4] >= 0]
        table = iou[image].tolist()
        row = [NEGATIVE if all(t[n] < neg for n in real) else NEUTRAL for t in table]
        claims = {}
        for n in real:
            if method == "FasterRCNN":
                best = max(t[n] for t in table)
                winners = [k for k, t in enumerate(table) if t[n] >= pos or (t[n] == best and best > 0)]
                claims.update({k: max(real, key=lambda m: (table[k][m], -m)) for k in winners})
                continue
            middle = (bboxes[image, n, :2] + bboxes[image, n, 2:4]) / 2
            centres = ((anchors[image, 0, ..., :2] + anchors[image, 0, ..., 2:]) / 2).reshape(-1, 2)
            cell = min(range(H * W), key=lambda c: (float((centres[c] - middle).abs().sum()), c))
            k = max((a * H * W + cell for a in range(A)), key=lambda k: (table[k][n], -k))
            if table[k][n] > 0 and (k not in claims or table[k][n] > table[k][claims[k]]):
                claims[k] = n
        for k, n in claims.items():
            row[k] = n
        out.append(row)
    return torch.tensor(out, device=anchors.device)


def random_case(rng, B: int, A: int, H: int, W: int, N: int) -> tuple[Tensor, Tensor]:
    """Anchors on a map of H x W cells, and boxes near them, the last rows padding: (B, A, H, W, 4), (B, N, 5)."""
    centre = generate_grid(rng.uniform(B, 1, H, W))[:, None]
    half = rng.uniform(A, 2, low=0.3, high=1.5)[:, None, None]
    anchors = torch.cat([centre - half, centre + half], dim=-1)
    middle = rng.uniform(B, N, 2) * tensor(rng, [float(W), float(H)])
    size = rng.uniform(B, N, 2, low=0.3, high=1.5)
    label = rng.integers(0, 3, B, N)[..., None].double()
    bboxes = torch.cat([middle - size, middle + size, label], dim=-1)
    for image in range(B):
        bboxes[image, N - image % (N + 1) :] = -1
    return anchors, bboxes


@task("GenerateAnchor", points=1)
def check_anchors_on_other_maps(student, rng):
    """Anchors are right for one image with one cell and for several, on grids that are views; inputs are unchanged."""
    for B, A, H, W in ((1, 1, 1, 1), (3, 2, 5, 2), (1, 9, 7, 7)):
        shapes, grid = rng.uniform(2, A, low=1, high=3).T, rng.normal(B, W, 2, H).permute(0, 3, 1, 2)
        seen = student.inspect(student.GenerateAnchor, shapes, grid)
        rows = [
            [[[[c[0] - s[0] / 2, c[1] - s[1] / 2, c[0] + s[0] / 2, c[1] + s[1] / 2] for c in line] for line in image]
             for s in shapes.tolist()]
            for image in grid.tolist()
        ]  # fmt: skip
        expect_close(seen.value, tensor(rng, rows))
        expect_equal(seen.args, (shapes, grid), name="the inputs after the call")


@task("GenerateAnchor", points=1)
def check_anchors_keep_float32(student, rng):
    """Anchors have the dtype of the grid."""
    grid = generate_grid(rng.uniform(2, 1, 3, 4, dtype=torch.float32))
    shapes = tensor(rng, [[1.0, 2.0], [3.0, 1.5]], torch.float32)
    anchors = student.GenerateAnchor(shapes, grid)
    half = (shapes / 2)[:, None, None]
    expect_close(anchors, torch.cat([grid[:, None] - half, grid[:, None] + half], dim=-1))


@task("GenerateProposal", points=2)
def check_proposals_undo_offsets(student, rng):
    """With the offsets from an anchor to a box, the proposal is the box; inputs, also views, are unchanged."""
    for dtype, method in ((torch.float64, "YOLO"), (torch.float32, "FasterRCNN"), (torch.float64, "FasterRCNN")):
        anchors, wanted = boxes_of(rng, 2, 4, 3, 1, dtype=dtype), boxes_of(rng, 2, 4, 3, 1, dtype=dtype)
        offsets = box_offsets(anchors, wanted, method)
        views = [value.flip(1).movedim(-1, 0).contiguous().movedim(0, -1).flip(1) for value in (anchors, offsets)]
        seen = student.inspect(student.GenerateProposal, *views, method)
        expect_close(seen.value, wanted, name=f"GenerateProposal by {method}")
        expect_equal(seen.args[:2], (anchors, offsets), name="the inputs after the call")


@task("GenerateProposal", points=1)
def check_proposals_of_an_unknown_method(student, rng):
    """Without a method it is YOLO's; an unknown method raises ValueError; single boxes (P, 4) will do, none as well."""
    anchors, offsets = boxes_of(rng, 5), 0.3 * rng.normal(5, 4)
    expect_equal(student.GenerateProposal(anchors, offsets), student.GenerateProposal(anchors, offsets, method="YOLO"))
    expect_shape(student.GenerateProposal(anchors[:0], offsets[:0]), (0, 4))
    helper = student.define(
        "def refuses(f, a, o):\n    try:\n        f(a, o, method='SSD')\n    except ValueError:\n        return True\n"
        "    return False\n"
    )
    refused = helper.refuses(student.GenerateProposal, anchors, offsets)
    expect(refused, "GenerateProposal(..., method='SSD') did not raise ValueError.")


@task("IoU", points=1)
def check_iou_agrees_with_loops(student, rng):
    """IoU agrees with a loop over pairs, for float32 boxes that are views; inputs are unchanged."""
    forbid(student, "IoU", loops=True)
    for B, A, H, W, N in ((2, 2, 3, 2, 4), (1, 1, 1, 1, 1), (3, 1, 2, 5, 2)):
        proposals = boxes_of(rng, B, H, A, W, dtype=torch.float32).transpose(1, 2)
        bboxes = torch.cat([boxes_of(rng, N, B), rng.normal(N, B, 1)], dim=-1).float().transpose(0, 1)
        seen = student.inspect(student.IoU, proposals, bboxes)
        expect_close(seen.value, loop_iou(proposals, bboxes))
        expect_equal(seen.args, (proposals, bboxes), name="the inputs after the call")


@task("IoU", points=1)
def check_iou_fits_in_memory(student, rng):
    """IoU of 5,000 proposals and 300 boxes needs no tensor of more than two numbers a pair."""
    forbid(student, "IoU", loops=True)
    proposals = boxes_of(rng, 1, 5000, 1, 1, dtype=torch.float32)
    bboxes = torch.cat([boxes_of(rng, 1, 300), torch.zeros(1, 300, 1, device=rng.device)], dim=-1).float()
    seen = student.inspect(student.IoU, proposals, bboxes)
    expect_shape(seen.value, (1, 5000, 300))
    some = rng.permutation(5000)[:20]
    expect_close(seen.value[:, some], loop_iou(proposals[:, some], bboxes))
    pair = 5000 * 300 * 4
    expect(
        seen.largest <= 2 * pair,
        f"One number a pair takes {pair:,} bytes; the largest tensor on the way took {seen.largest:,}.",
        hint="Work on x and on y in turn: each needs one number for a pair, where both boxes would need eight.",
    )


@task("IoU", points=1)
def check_iou_without_boxes(student, rng):
    """IoU takes images without boxes, rows of padding, and boxes turned inside out, which have no area."""
    forbid(student, "IoU", loops=True)
    proposals = boxes_of(rng, 2, 1, 3, 2, side=2.0) - 1.5
    expect_equal(student.IoU(proposals, proposals.new_zeros(2, 0, 5)), proposals.new_zeros(2, 6, 0))
    bboxes = torch.full((2, 3, 5), -1.0, dtype=torch.float64, device=rng.device)
    bboxes[0, 0, :4] = tensor(rng, [-3.0, -3.0, 3.0, 3.0])
    expect_close(student.IoU(proposals, bboxes), loop_iou(proposals, bboxes), name="IoU with rows of padding")
    inside_out = bboxes[:, :1, [2, 3, 0, 1, 4]]
    result = student.IoU(proposals[:1], inside_out[:1])
    expect_equal(result, proposals.new_zeros(1, 6, 1), name="IoU with a box turned inside out")


@task("match_anchors", points=2)
def check_matches_agree_with_loops(student, rng):
    """By both rules, random boxes in several images, with rows of padding, are matched as loops match them."""
    for method in ("FasterRCNN", "YOLO"):
        for shape in ((3, 4, 3, 5, 3), (1, 2, 6, 2, 4), (5, 3, 2, 4, 6)):
            anchors, bboxes = random_case(rng, *shape)
            iou = loop_iou(anchors, bboxes)
            pos, neg = rng.choice([0.5, 0.7]), rng.choice([0.2, 0.3, 0.45])
            seen = student.inspect(student.match_anchors, anchors, bboxes, iou, pos, neg, method)
            expect_equal(seen.value, loop_match(anchors, bboxes, iou, pos, neg, method), name=f"matches by {method}")
            expect_equal(seen.args[:3], (anchors, bboxes, iou), name="the inputs after the call")


@task("match_anchors", points=1)
def check_matches_without_boxes(student, rng):
    """All anchors are negative in images with padding alone, with N = 0, and where boxes have no area."""
    anchors, bboxes = random_case(rng, 2, 3, 2, 3, 2)
    expected = torch.full((2, 18), NEGATIVE, device=rng.device)
    cases = {
        "rows of padding alone": (torch.full_like(bboxes, -1), rng.uniform(2, 18, 2, low=0.5)),
        "N = 0": (bboxes[:, :0], rng.uniform(2, 18, 0)),
        "boxes without an area": (torch.cat([bboxes[..., :2], bboxes[..., :2], bboxes[..., 4:].abs()], -1), 0.0),
    }
    for method in ("FasterRCNN", "YOLO"):
        for name, (boxes, iou) in cases.items():
            table = iou if isinstance(iou, Tensor) else bboxes.new_zeros(2, 18, 2)
            result = student.match_anchors(anchors, boxes, table, pos_thresh=0.7, neg_thresh=0.3, method=method)
            expect_equal(result, expected, name=f"{method} with {name}")


@task("match_anchors", points=1)
def check_matches_at_ties_and_thresholds(student, rng):
    """An IoU equal to pos_thresh is positive, one equal to neg_thresh is not negative, and ties go to the first."""
    anchors = torch.cat([generate_grid(rng.uniform(1, 1, 1, 4))[:, None] + s for s in (-0.5, 0.5)], dim=-1)
    bboxes = tensor(rng, [[[0.0, 0, 1, 1, 7], [0, 0, 1, 1, 3], [-1, -1, -1, -1, -1]]])
    table = tensor(rng, [[0.75, 0.75, 0.9], [0.875, 0.8125, 0.9], [0.25, 0.125, 0.9], [0.125, 0.0, 0.9]])[None]
    result = student.match_anchors(anchors, bboxes, table, pos_thresh=0.75, neg_thresh=0.25, method="FasterRCNN")
    expect_equal(result, tensor(rng, [[0, 0, NEUTRAL, NEGATIVE]], torch.int64), name="FasterRCNN")
    both = anchors.repeat(1, 2, 1, 1, 1)
    table = tensor(rng, [[0.5, 0.5, 0.9], *[[0.25, 0.0, 0.9]] * 3, [0.5, 0.25, 0.9], *[[0.0, 0.0, 0.9]] * 3])[None]
    result = student.match_anchors(both, bboxes, table, pos_thresh=0.75, neg_thresh=0.25, method="YOLO")
    expected = [0, NEUTRAL, NEUTRAL, NEUTRAL, NEUTRAL, NEGATIVE, NEGATIVE, NEGATIVE]
    expect_equal(result, tensor(rng, [expected], torch.int64), name="YOLO")


@task("nms", points=1)
def check_nms_agrees_with_loops(student, rng):
    """NMS agrees with plain loops on float32 views, with equal and with negative scores; inputs are unchanged."""
    for count, threshold in ((40, 0.3), (40, 0.0), (7, 1.0), (25, 0.6)):
        boxes = boxes_of(rng, count, dtype=torch.float32).T.contiguous().T
        scores = rng.integers(-4, 4, count).float()
        seen = student.inspect(student.nms, boxes, scores, threshold)
        expect_equal(seen.value, loop_nms(boxes, scores, threshold), name=f"nms at {threshold}")
        expect_equal(seen.args[:2], (boxes, scores), name="the inputs after the call")


@task("nms", points=1)
def check_nms_of_few_boxes(student, rng):
    """NMS takes no box, one box, boxes without an area, nested boxes, and topk = 0."""
    none = tensor(rng, [], torch.int64)
    expect_equal(student.nms(rng.normal(0, 4), rng.normal(0)), none, name="nms of no box")
    expect_equal(student.nms(boxes_of(rng, 1), rng.normal(1)), tensor(rng, [0], torch.int64), name="nms of one box")
    points = tensor(rng, [[2.0, 2.0, 2.0, 2.0], [2.0, 2.0, 2.0, 2.0], [0.0, 0.0, 4.0, 4.0]])
    expect_equal(
        student.nms(points, tensor(rng, [0.1, 0.3, 0.2])), tensor(rng, [1, 2, 0], torch.int64), name="nms of two points"
    )
    nested = tensor(rng, [[0.0, 0.0, 8.0, 8.0], [1.0, 1.0, 7.0, 7.0], [3.0, 3.0, 5.0, 5.0]])
    expect_equal(
        student.nms(nested, tensor(rng, [0.3, 0.2, 0.1])), tensor(rng, [0, 2], torch.int64), name="nms of nested boxes"
    )
    expect_equal(student.nms(nested, tensor(rng, [0.3, 0.2, 0.1]), topk=0), none, name="nms with topk = 0")


@task("nms", points=1, seconds=12)
def check_nms_of_thousands_of_boxes(student, rng):
    """NMS of 5,000 boxes in 60 heaps takes seconds at most, and is right."""
    heap = rng.integers(0, 60, 5000)
    middle = torch.stack([heap % 10, heap // 10], dim=1) * 20 + rng.normal(5000, 2)
    half = rng.uniform(5000, 2, low=4, high=6)
    boxes, scores = torch.cat([middle - half, middle + half], dim=1), rng.permutation(5000).float()
    kept = student.nms(boxes, scores, iou_threshold=0.5)
    expected = [heap_rows[loop_nms(boxes[heap_rows], scores[heap_rows], 0.5)] for heap_rows in groups(heap)]
    every = torch.cat(expected)
    expect_equal(kept, every[scores[every].argsort(descending=True)], name="nms of 5,000 boxes")


def groups(heap: Tensor) -> list[Tensor]:
    """The rows of each heap."""
    return [(heap == number).nonzero()[:, 0] for number in heap.unique().tolist()]


@task("PredictionNetwork", points=1)
def check_prediction_network_without_positives(student, rng):
    """Sizes follow the arguments: defaults of 128, 9 and 20, one cell, and no positive anchor at all."""
    network = student.PredictionNetwork(11)
    toys = student.define(TOYS)
    shapes = sorted(toys.network(network))
    expect_equal(shapes, sorted([(128, 11, 1, 1), (128,), (65, 128, 1, 1), (65,)]), name="the shapes of its parameters")
    network = student.PredictionNetwork(5, hidden_dim=3, num_anchors=2, num_classes=1).to(rng.device).eval()
    none = tensor(rng, [], torch.int64)
    for B, H, W in ((1, 1, 1), (2, 4, 3)):
        features = rng.normal(B, 5, H, W, dtype=torch.float32)
        confidence, offsets, scores = network(features)
        expect_shape(confidence, (B, 2, H, W), name="confidences")
        expect_shape(offsets, (B, 2, 4, H, W), name="offsets")
        expect_shape(scores, (B, 1, H, W), name="class scores")
        some = rng.permutation(2 * B * H * W)[:2]
        picked, offsets, scores = network(features, none, some)
        expect_close(picked, confidence.flatten()[some, None], name="confidences of negative anchors")
        expect_shape(offsets, (0, 4), name="offsets of no anchor")
        expect_shape(scores, (0, 1), name="class scores of no anchor")


@task("PredictionNetwork", points=1)
def check_prediction_network_drops_in_training(student, rng):
    """Dropout acts in training at the ratio asked for, and never in evaluation."""
    toys = student.define(TOYS)
    features = rng.normal(2, 6, 3, 4, dtype=torch.float32)

    def scores(ratio: float, train: bool) -> Tensor:
        return toys.outputs(network[ratio], features, train)[2]

    network = {ratio: student.PredictionNetwork(6, 8, 2, 3, drop_ratio=ratio).to(rng.device) for ratio in (0.0, 0.5)}
    expect_equal(scores(0.0, True), scores(0.0, False), name="class scores in training and in evaluation, with ratio 0")
    expect_equal(scores(0.5, False), scores(0.5, False), name="class scores of two calls in evaluation")
    same = torch.equal(scores(0.5, True), scores(0.5, True))
    expect(not same, "With drop_ratio=0.5, two calls in training gave the same class scores: nothing was dropped.")


@task("PredictionNetwork", points=1)
def check_prediction_network_learns_everywhere(student, rng):
    """Gradients of all three outputs reach every parameter and the features; an image does not depend on others."""
    helper = student.define(
        "import torch\n"
        "def silent(network, features, pos, neg):\n"
        "    features.requires_grad_()\n"
        "    out = network.eval()(features, pos, neg)\n"
        "    lost = []\n"
        "    for number, part in enumerate(out):\n"
        "        asked = [features, *network.parameters()]\n"
        "        if not part.requires_grad:\n"
        "            lost.append(number)\n"
        "            continue\n"
        "        total = (part * torch.rand_like(part)).sum()\n"
        "        found = torch.autograd.grad(total, asked, retain_graph=True, allow_unused=True)\n"
        "        reached = [g is not None and bool(g.any()) for g in found]\n"
        "        lost += [number] if sum(reached) < len(reached) else []\n"
        "    return lost\n"
    )
    network = student.PredictionNetwork(6, 8, 2, 3, drop_ratio=0.2).to(rng.device)
    features = rng.normal(2, 6, 3, 4, dtype=torch.float32)
    order = rng.permutation(48)
    lost = helper.silent(network, features, order[:12], order[12:40])
    names = ["confidences", "offsets", "class scores"]
    expect_equal([names[number] for number in lost], [], name="outputs from which some gradient is missing")
    whole, alone = network(features)[0], network(features[1:])[0]
    expect_close(alone, whole[1:], name="the confidences of an image that is passed alone")


def toy_detector(student, toys, confidence, offsets, scores, anchors):
    """A detector whose backbone and prediction network say what is given."""
    B, _, H, W = confidence.shape
    detector = student.SingleStageDetector(num_classes=scores.shape[1], anchors=anchors, drop_ratio=0.0)
    detector.feat_extractor = toys.Features(torch.zeros(B, 1, H, W, dtype=confidence.dtype, device=confidence.device))
    detector.pred_network = toys.Predictions(confidence, offsets, scores)
    return detector.to(confidence.device)


def toy_outputs(rng, B: int, A: int, C: int, H: int, W: int) -> tuple[Tensor, Tensor, Tensor]:
    """Confidences, offsets and class scores at random."""
    return rng.uniform(B, A, H, W, low=0.05, high=0.95), 0.3 * rng.normal(B, A, 4, H, W), rng.normal(B, C, H, W)


SHAPES = [[1.25, 1.25], [2.0, 1.5], [1.5, 2.5]]


def judge_loss(student, rng, B, C, H, W, bboxes, *, name):
    """The loss agrees with one that is added up anchor by anchor."""
    confidence, offsets, scores = toy_outputs(rng, B, len(SHAPES), C, H, W)
    detector = toy_detector(student, student.define(TOYS), confidence, offsets, scores, SHAPES)
    loss = detector(rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32), bboxes)

    grid, half = generate_grid(confidence[:, :1])[:, None], (tensor(rng, SHAPES) / 2)[:, None, None]
    anchors = torch.cat([grid - half, grid + half], dim=-1)
    matches = loop_match(anchors, bboxes, loop_iou(anchors, bboxes), 1.0, 0.4, "YOLO").reshape(confidence.shape)
    expected, count = 0.0, 0
    for b, a, i, j in torch.cartesian_prod(*(torch.arange(n) for n in confidence.shape)).tolist():
        match = int(matches[b, a, i, j])
        if match == NEGATIVE:
            expected = expected - (1 - confidence[b, a, i, j]).log()
        elif match >= 0:
            right = box_offsets(anchors[b, a, i, j], bboxes[b, match, :4], "YOLO")
            expected = expected - confidence[b, a, i, j].log() + 5 * (offsets[b, a, :, i, j] - right).square().sum()
            expected = expected - F.log_softmax(scores[b, :, i, j], dim=0)[int(bboxes[b, match, 4])]
            count += 1
    expect_close(loss, expected / max(count, 1), check_dtype=False, name=name)


@task("SingleStageDetector.forward", points=1)
def check_loss_of_random_scenes(student, rng):
    """The loss agrees with a sum over anchors on maps of any shape, for any number of images and of classes."""
    for B, C, H, W, N in ((3, 4, 5, 3, 3), (1, 7, 2, 6, 2)):
        _, bboxes = random_case(rng, B, 1, H, W, N)
        bboxes[..., 4] = torch.where(bboxes[..., 4] >= 0, rng.integers(0, C, B, N).double(), -1)
        judge_loss(student, rng, B, C, H, W, bboxes, name=f"the loss of {B} images")


@task("SingleStageDetector.forward", points=2)
def check_loss_without_boxes(student, rng):
    """Images without boxes, by padding alone or by N = 0, have the loss of their negative anchors."""
    judge_loss(student, rng, 2, 3, 3, 4, torch.full((2, 2, 5), -1.0, device=rng.device).double(), name="padding alone")
    judge_loss(student, rng, 2, 3, 3, 4, torch.zeros(2, 0, 5, device=rng.device).double(), name="N = 0")


@task("SingleStageDetector.forward", points=1)
def check_training_reaches_every_parameter(student, rng):
    """The loss of real images reaches every parameter, the backbone's too."""
    detector = student.SingleStageDetector(num_classes=3, hidden_dim=8, drop_ratio=0.0).to(rng.device)
    images = rng.uniform(2, 3, 32, 48, dtype=torch.float32)
    bboxes = tensor(rng, [[[0.5, 0.5, 2.0, 2.2, 1]], [[2.1, 1.2, 4.0, 3.0, 2]]], torch.float32)
    lost = student.define(TOYS).without_gradient(detector, images, bboxes)
    expect_equal(lost, [], name="parameters without a gradient")


@task("SingleStageDetector.inference", points=1)
def check_inference_suppresses_within_a_class(student, rng):
    """Boxes of one class suppress each other by nms_thresh, boxes of different classes never do; confidences fall."""
    confidence, offsets, scores = torch.zeros(1, 2, 2, 3), torch.zeros(1, 2, 4, 2, 3), torch.zeros(1, 3, 2, 3)
    confidence[0, :, 0] = torch.tensor([[0.6, 0.9, 0.7], [0.8, 0.65, 0.95]])
    offsets[0, :, 0, 0] = torch.tensor([[0.5, 0.0, -0.5], [0.5, 0.0, -0.5]])  # towards the middle column
    scores[0, [1, 1, 2], 0, torch.arange(3)] = 2.0
    parts = [part.double().to(rng.device) for part in (confidence, offsets, scores)]
    detector = toy_detector(student, student.define(TOYS), *parts, [[2.0, 2.0], [2.0, 2.0]]).eval()
    images = rng.uniform(1, 3, 16, 24, dtype=torch.float32)
    # By class: 1 has 0.9 and 0.65 in column 1, 0.8 and 0.6 half a cell to the left (IoU 0.6); 2 has 0.95 and 0.7.
    for threshold, expected in ((0.5, [0.95, 0.9]), (0.7, [0.95, 0.9, 0.8])):
        _, confidences, _ = detector.inference(images, thresh=0.5, nms_thresh=threshold)
        expect_close(confidences[0], tensor(rng, expected), name=f"confidences with nms_thresh={threshold}", mistakes={
            "A box was suppressed by one of another class.": tensor(rng, [0.95, 0.8]),
        })  # fmt: skip


@task("SingleStageDetector.inference", points=2)
def check_inference_at_the_edges(student, rng):
    """A confidence equal to thresh is not enough; images where nothing is sure give empty tensors."""
    confidence, offsets, scores = toy_outputs(rng, 3, 1, 4, 2, 5)
    confidence[0], confidence[2] = 0.5, 0.25
    confidence[1, 0, :, ::2] = 0.75
    detector = toy_detector(student, student.define(TOYS), confidence, 0 * offsets, scores, [[0.5, 0.5]]).eval()
    images = rng.uniform(3, 3, 16, 40, dtype=torch.float32)
    boxes, confidences, classes = detector.inference(images, thresh=0.5, nms_thresh=0.5)
    for image, count in enumerate((0, int((confidence[1] > 0.5).sum()), 0)):
        expect_shape(boxes[image], (count, 4), name=f"boxes of image {image}")
        expect_shape(confidences[image], (count,), name=f"confidences of image {image}")
        expect_shape(classes[image], (count,), name=f"classes of image {image}")
        expect(classes[image].dtype == torch.int64, f"classes of image {image} are {classes[image].dtype}, not int64.")
    _, confidences, _ = detector.inference(images, thresh=0.25, nms_thresh=0.5)
    count = int((confidence[1] > 0.25).sum())
    expect_equal([len(c) for c in confidences], [10, count, 0], name="numbers of detections above 0.25")
    every, _, _ = detector.inference(images[:1], thresh=0.0, nms_thresh=1.0)
    expect_equal([len(b) for b in every], [10], name="detections in one image alone, above 0")


def scene_sets(rng, train: int, test: int):
    """Batches of scenes that the student's process cannot generate for itself: training and test."""
    seed = rng.int(1, 2**31)
    parts = (load_boxes("scenes", part, count=count, seed=seed) for part, count in (("train", train), ("val", test)))
    return tuple(collate([*part]) for part in parts)


def detect(detector, images: Tensor, stride: int = 8) -> list[dict]:
    """Detections of all images, in pixels, as plain tensors; raises whatever a malformed answer makes it raise."""
    found = []
    for part in images.split(50):
        answer = detector.inference(part, thresh=0.05, nms_thresh=0.5)
        for boxes, scores, labels in zip(*answer, strict=True):
            expect_shape(boxes, (len(scores), 4), name="the boxes of an image")
            expect_shape(labels, (len(scores),), name="the classes of an image")
            expect(len(scores) <= MOST, f"inference gave {len(scores)} detections in one image, for {MOST} anchors.")
            boxes, scores, labels = boxes.double().cpu() * stride, scores.double().cpu(), labels.cpu()
            found.append({"boxes": boxes, "scores": scores, "labels": labels})
    expect(len(found) == len(images), f"inference gave detections for {len(found)} of {len(images)} images.")
    return found


def loop_curve(predictions: list[dict], targets: list[dict], label: int, threshold: float) -> tuple[list, list, int]:
    """Recall and precision on lists, after each detection, and the number of objects."""
    rows = []
    for image, found in enumerate(predictions):
        for box, score, own in zip(*(found[key].tolist() for key in ("boxes", "scores", "labels")), strict=True):
            rows += [(score, image, box)] if own == label else []
    rows.sort(key=lambda row: -row[0])  # stable
    wanted = [t["boxes"][t["labels"] == label].tolist() for t in targets]
    objects, right, claimed, recall, precision = sum(map(len, wanted)), 0, set(), [], []
    for count, (_, image, box) in enumerate(rows, start=1):
        overlaps = [plain_iou(box, other) for other in wanted[image]]
        best = max(range(len(overlaps)), key=lambda n: (overlaps[n], -n), default=None)
        if best is not None and overlaps[best] >= threshold and (image, best) not in claimed:
            claimed.add((image, best))
            right += 1
        recall.append(right / objects if objects else 0.0)
        precision.append(right / count)
    return recall, precision, objects


def loop_ap(recall: list, precision: list) -> float:
    """Area under the interpolated curve, one point at a time."""
    area, before = 0.0, 0.0
    for k, here in enumerate(recall):
        area += (here - before) * max(precision[k:])
        before = here
    return area


def loop_map(predictions: list[dict], targets: list[dict], threshold: float = 0.5) -> float:
    """Mean of loop_ap over the classes of the targets."""
    labels = {label for t in targets for label in t["labels"].tolist()}
    areas = [loop_ap(*loop_curve(predictions, targets, label, threshold)[:2]) for label in labels]
    return sum(areas) / len(areas) if areas else 0.0


@task("SingleStageDetector.inference", points=3, seconds=240, memory_mb=4096)
def check_single_stage_learns_scenes(student, rng, score):
    """Trained for 200 steps on 800 scenes, the detector finds and names the objects of 200 scenes it has not seen."""
    train, test = scene_sets(rng, 800, 200)
    student.seed(rng.int(0, 2**31))
    detector = student.SingleStageDetector(num_classes=10, drop_ratio=0.0).to(rng.device)
    student.define(TOYS).train(detector, train.images.to(rng.device), train.boxes.to(rng.device), 200)
    found = detect(detector, test.images.to(rng.device))
    targets = [{"boxes": b[b[:, 4] >= 0, :4].double(), "labels": b[b[:, 4] >= 0, 4].long()} for b in test.boxes]
    score(loop_map(found, targets), "mAP at IoU 0.5")


def random_detections(rng, images: int, classes: int) -> tuple[list[dict], list[dict]]:
    """Targets, and predictions near them with equal scores here and there, some of the wrong class."""
    predictions, targets = [], []
    for image in range(images):
        count = image % 4
        boxes, labels = boxes_of(rng, count), rng.integers(0, classes, count)
        near = boxes.repeat(3, 1) + 0.4 * rng.normal(3 * count, 4)
        near[:, 2:] = torch.maximum(near[:, 2:], near[:, :2] + 0.1)
        spare = boxes_of(rng, 2)
        named = torch.cat([labels.repeat(3), rng.integers(0, classes, 2)])
        named = torch.where(rng.uniform(len(named)) < 0.2, rng.integers(0, classes, len(named)), named)
        scores = rng.integers(0, 8, len(named)).double() / 8
        targets.append({"boxes": boxes, "labels": labels})
        predictions.append({"boxes": torch.cat([near, spare]), "scores": scores, "labels": named})
    return predictions, targets


@task("precision_recall", points=1)
def check_precision_and_recall_agree_with_loops(student, rng):
    """Recall and precision agree with plain loops over many images with equal scores, at several IoU thresholds."""
    predictions, targets = random_detections(rng, 12, 3)
    for label, threshold in ((0, 0.5), (1, 0.3), (2, 0.75)):
        seen = student.inspect(student.precision_recall, predictions, targets, label, threshold)
        recall, precision, _ = loop_curve(predictions, targets, label, threshold)
        expect_close(seen.value, (tensor(rng, recall), tensor(rng, precision)), name=f"class {label} at {threshold}: ")
        expect_equal(seen.args[:2], (predictions, targets), name="the inputs after the call")


def shot(rng, boxes, labels, scores=None) -> dict:
    """One image's predictions or, without scores, targets."""
    table = {"boxes": tensor(rng, boxes).reshape(-1, 4), "labels": tensor(rng, labels, torch.int64)}
    return table if scores is None else {**table, "scores": tensor(rng, scores)}


@task("precision_recall", points=2)
def check_precision_and_recall_at_the_edges(student, rng):
    """An IoU equal to the threshold is right; no detection gives empty tensors, no object recall 0."""
    nothing = tensor(rng, [])
    box = [0.0, 0.0, 4.0, 4.0]
    targets = [shot(rng, [box], [3]), shot(rng, [], [])]
    none = [shot(rng, [], [], []), shot(rng, [], [], [])]
    expect_equal(student.precision_recall(none, targets, 3), (nothing, nothing), name="no detections: ")
    half = [shot(rng, [[0, 0, 4, 2]], [3], [0.5]), shot(rng, [box], [3], [0.9])]
    wanted = (tensor(rng, [0.0, 1.0]), tensor(rng, [0.0, 0.5]))
    expect_close(student.precision_recall(half, targets, 3, iou_threshold=0.5), wanted, name="IoU of exactly 0.5: ")
    other = [shot(rng, [box, box], [1, 1], [0.5, 0.4]), shot(rng, [], [], [])]
    expect_close(
        student.precision_recall(other, targets, 1), (tensor(rng, [0.0, 0.0]),) * 2, name="a class without objects: "
    )


def eleven(recall: list, precision: list) -> float:
    """PASCAL VOC's AP before 2010."""
    points = [[p for r, p in zip(recall, precision, strict=True) if r >= t / 10] for t in range(11)]
    return sum(max(reached, default=0.0) for reached in points) / 11


@task("average_precision", points=2)
def check_average_precision_at_the_corners(student, rng):
    """AP agrees with a sum over points: no points, recall that stays, precision that rises late, many points."""
    value = student.average_precision(tensor(rng, []), tensor(rng, []))
    expect(type(value) in (float, Tensor), f"AP of nothing is of type {type(value).__name__}, not float.")
    expect_close(value, 0.0, name="AP of nothing")
    cases = [([0.0, 0.0], [0.0, 0.0]), ([0.3], [1.0]), ([1.0, 1.0], [1.0, 0.5])]
    cases.append(([0.1, 0.1, 0.1, 1.0], [0.2, 0.5, 0.9, 1.0]))
    for size in (11, 100):
        right = (rng.uniform(size) < 0.5).double().cumsum(dim=0)
        cases.append(((right / (size + 7)).tolist(), (right / torch.arange(1, size + 1, device=rng.device)).tolist()))
    for recall, precision in cases:
        inputs = tensor(rng, recall), tensor(rng, precision)
        seen = student.inspect(student.average_precision, *inputs)
        expect_close(seen.value, loop_ap(recall, precision), name=f"AP of {len(recall)} points", mistakes={
            "This is the mean at 11 fixed recalls; wanted is the area.": lambda r=recall, p=precision: eleven(r, p),
        })  # fmt: skip
        expect_equal(seen.args, inputs, name="the inputs after the call")


@task("mean_average_precision", points=2)
def check_map_agrees_with_loops(student, rng):
    """mAP agrees with plain loops at several thresholds, leaves out classes without objects, and is 0 without any."""
    predictions, targets = random_detections(rng, 14, 4)
    for found in predictions:
        found["labels"] = torch.where(found["scores"] == 0.25, 17, found["labels"])  # a class that nobody has
    for threshold in (0.5, 0.3, 0.75):
        value = student.mean_average_precision(predictions, targets, iou_threshold=threshold)
        expect_close(value, loop_map(predictions, targets, threshold), name=f"mAP at {threshold}")
    empty = [{"boxes": t["boxes"][:0], "labels": t["labels"][:0]} for t in targets]
    expect_close(student.mean_average_precision(predictions, empty), 0.0, name="mAP without any object")
