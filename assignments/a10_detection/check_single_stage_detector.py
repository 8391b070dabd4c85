"""Public checks of a10, single_stage_detector: cases by hand, counted pixels, properties of any result."""

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_equal, expect_shape, forbid, task
from common.detection import generate_grid
from common.roles import Recipe

# Parts that say what the check wants them to say, to be put into a detector.
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
"""


def tensor(rng, rows, dtype=torch.float64) -> Tensor:
    """Numbers on the run's device."""
    return torch.tensor(rows, dtype=dtype, device=rng.device)


def centre_and_size(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Centres (..., 2) and widths and heights (..., 2)."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def pixels(boxes: Tensor, side: int) -> Tensor:
    """Which of side x side pixels each box of whole numbers covers: (K, side * side)."""
    at = torch.arange(side, device=boxes.device)
    x0, y0, x1, y1 = boxes[:, :4, None].long().unbind(dim=1)  # (K, 1) each
    columns, rows = (at >= x0) & (at < x1), (at >= y0) & (at < y1)
    return (rows[:, :, None] & columns[:, None]).flatten(1)


def counted_iou(boxes: Tensor, others: Tensor, side: int = 24) -> Tensor:
    """IoU of boxes with whole coordinates in [0, side], by counting pixels: (K, N)."""
    one, two = pixels(boxes, side)[:, None], pixels(others, side)[None]
    return (one & two).sum(dim=2).double() / (one | two).sum(dim=2).clamp(min=1)


def whole_boxes(rng, *shape: int, side: int = 24) -> Tensor:
    """Boxes with whole coordinates and an area."""
    low = rng.integers(0, side - 1, *shape, 2)
    size = 1 + (rng.uniform(*shape, 2) * (side - low)).long().clamp(max=side - 1)
    return torch.cat([low, (low + size).clamp(max=side)], dim=-1).double()


@task("GenerateAnchor", points=2)
def check_anchors_have_the_centres_and_sizes_asked_for(student, rng):
    """Every anchor has the centre of its cell and the size of its shape, on maps that are not square."""
    shapes, grid = rng.uniform(3, 2, low=0.5, high=4), generate_grid(rng.uniform(2, 1, 4, 5))
    anchors = student.GenerateAnchor(shapes, grid)

    expect_shape(anchors, (2, 3, 4, 5, 4))
    centre, size = centre_and_size(anchors)
    expect_close(centre, grid[:, None].expand(2, 3, 4, 5, 2), name="the centres of GenerateAnchor")
    expect_close(size, shapes[:, None, None].expand(2, 3, 4, 5, 2), name="widths and heights", mistakes={
        "The anchors are twice as large as asked: half a width lies on each side of the centre.":
            2 * shapes[:, None, None].expand(2, 3, 4, 5, 2),
        "Width and height are swapped: anc[a] is (width, height).": shapes.flip(1)[:, None, None].expand(2, 3, 4, 5, 2),
    })  # fmt: skip


@task("GenerateProposal", points=2)
def check_yolo_proposals_move_by_cells(student, rng):
    """YOLO's proposals have the centre of the anchor plus (tx, ty), and its size times exp(tw), exp(th)."""
    anchors = any_anchors(rng, 2, 3, 4, 5)
    offsets = rng.uniform(2, 3, 4, 5, 4, low=-0.5, high=0.5)
    judge_proposals(student, anchors, offsets, "YOLO", 1.0)


@task("GenerateProposal", points=1)
def check_faster_rcnn_proposals_move_by_anchor_sizes(student, rng):
    """Faster R-CNN's proposals have the anchor's centre plus (tx, ty) times its width and height."""
    anchors = any_anchors(rng, 2, 3, 4, 5)
    judge_proposals(student, anchors, 0.5 * rng.normal(2, 3, 4, 5, 4), "FasterRCNN", centre_and_size(anchors)[1])


def any_anchors(rng, *shape: int) -> Tensor:
    """Any boxes with an area, as anchors."""
    low = rng.uniform(*shape, 2, low=-2, high=8)
    return torch.cat([low, low + rng.uniform(*shape, 2, low=0.3, high=4)], dim=-1)


def judge_proposals(student, anchors: Tensor, offsets: Tensor, method: str, unit) -> None:
    """Centre and size are moved by the formula."""
    proposals = student.GenerateProposal(anchors, offsets, method=method)
    expect_shape(proposals, tuple(anchors.shape))
    (centre, size), (moved, stretched) = centre_and_size(anchors), centre_and_size(proposals)
    expect_close(stretched, size * offsets[..., 2:].exp(), name=f"sizes by {method}", mistakes={
        "tw and th were added to the sizes; the sizes are multiplied by exp(tw) and exp(th).": size + offsets[..., 2:],
        "The sizes were multiplied by tw and th, without the exponential.": size * offsets[..., 2:],
    })  # fmt: skip
    expect_close(moved, centre + unit * offsets[..., :2], name=f"centres by {method}", mistakes={
        "The corner was moved and then stretched; move the centre, and stretch around it.":
            anchors[..., :2] + unit * offsets[..., :2] + stretched / 2,
        "The centres were moved as the other method does it.":
            centre + (size if method == "YOLO" else 1.0) * offsets[..., :2],
    })  # fmt: skip


@task("IoU", points=2)
def check_iou_agrees_with_counted_pixels(student, rng):
    """IoU of boxes with whole coordinates agrees with counting pixels."""
    forbid(student, "IoU", loops=True)
    boxes, others = whole_boxes(rng, 2, 3, 2, 4), whole_boxes(rng, 2, 5)
    result = student.IoU(boxes, torch.cat([others, torch.ones_like(others[..., :1])], dim=-1))

    expected = torch.stack([counted_iou(*pair) for pair in zip(boxes.flatten(1, 3), others, strict=True)])
    expect_close(result, expected, mistakes={
        "This is the intersection over the sum of the areas: subtract what is counted twice.":
            lambda: expected / (1 + expected),
        "The first image's boxes were used for all images.":
            lambda: torch.stack([counted_iou(b, others[0]) for b in boxes.flatten(1, 3)]),
    })  # fmt: skip


@task("IoU", points=2)
def check_iou_of_touching_nested_and_empty_boxes(student, rng):
    """IoU is 0 for boxes that touch or have no area, 1 for equal boxes, and the ratio of areas for nested ones."""
    forbid(student, "IoU", loops=True)
    box = tensor(rng, [[[2.0, 2.0, 6.0, 4.0, 0.0]]])
    cases = {
        "equal": ([2, 2, 6, 4], 1.0),
        "inside": ([3, 2, 5, 3], 0.25),
        "around": ([0, 0, 8, 8], 0.125),
        "touching at a side": ([6, 2, 9, 4], 0.0),
        "touching at a corner": ([6, 4, 7, 5], 0.0),
        "to the upper left, far away": ([-9, -9, -5, -5], 0.0),
        "a line inside": ([3, 3, 5, 3], 0.0),
        "a point on the edge": ([2, 2, 2, 2], 0.0),
    }
    proposals = tensor(rng, [case for case, _ in cases.values()])[None, :, None, None]
    result = student.IoU(proposals, box)
    expect_shape(result, (1, len(cases), 1))
    for row, (name, (_, expected)) in enumerate(cases.items()):
        expect_close(result[0, row, 0], expected, name=f"IoU with a box that is {name}", check_dtype=False)
    empty = student.IoU(proposals[:, -1:], tensor(rng, [[[2.0, 2.0, 2.0, 2.0, 0.0]]]))
    expect_equal(empty, tensor(rng, [[[0.0]]]), name="IoU of two equal boxes without area")


# One row of three cells with two anchors each: small ones (half a cell) and large ones (two cells).
ROW = [[[x - s, 0.5 - s, x + s, 0.5 + s] for x in (0.5, 1.5, 2.5)] for s in (0.25, 1.0)]


@task("match_anchors", points=2)
def check_faster_rcnn_matches_a_case_by_hand(student, rng):
    """By Faster R-CNN's rule, a table of IoU gives the positive, negative and neutral anchors worked out by hand."""
    anchors = tensor(rng, ROW)[None, :, None]  # (1, 2, 1, 3, 4)
    bboxes = tensor(rng, [[[0, 0, 1, 1, 4], [1, 0, 3, 1, 2], [0, 0, 3, 1, 0]]])
    table = tensor(rng, [[0.80, 0.10, 0.30], [0.10, 0.45, 0.20], [0.00, 0.20, 0.29],
                         [0.75, 0.00, 0.35], [0.00, 0.40, 0.60], [0.50, 0.45, 0.10]])  # fmt: skip
    matches = student.match_anchors(anchors, bboxes, table[None], pos_thresh=0.7, neg_thresh=0.3)
    # Rows 0 and 3 reach 0.7, row 4 has box 2's largest IoU. Rows 1 and 5 share box 1's, but row 5 overlaps box 0 more.
    expect_equal(matches, tensor(rng, [[0, 1, -1, 0, 2, 0]], torch.int64), mistakes={
        "Only thresholds were used: the best anchors of a box are positive even below pos_thresh.":
            tensor(rng, [[0, -2, -1, 0, -2, -2]], torch.int64),
        "Only one of the anchors that share a box's largest IoU became positive; all of them are.":
            tensor(rng, [[0, 1, -1, 0, 2, -2]], torch.int64),
        "An anchor is matched to the box it overlaps most, not to the box for which it was the best.":
            tensor(rng, [[0, 1, -1, 0, 2, 1]], torch.int64),
    })  # fmt: skip


@task("match_anchors", points=2)
def check_yolo_matches_a_case_by_hand(student, rng):
    """By YOLO's rule, the best anchor of the cell with the box's centre is positive, and no other."""
    anchors = tensor(rng, ROW)[None, :, None]
    bboxes = tensor(rng, [[[0.0, 0.1, 1.2, 1.1, 4], [1.2, 0, 2.9, 1, 2]]])  # centres in cells 0 and 2 (2.05)
    table = tensor(rng, [[0.20, 0.00], [0.00, 0.60], [0.00, 0.15],
                         [0.35, 0.10], [0.45, 0.50], [0.05, 0.40]])  # fmt: skip
    matches = student.match_anchors(anchors, bboxes, table[None], pos_thresh=0.7, neg_thresh=0.3, method="YOLO")
    expect_equal(matches, tensor(rng, [[-1, -2, -1, 0, -2, 1]], torch.int64), mistakes={
        "The best anchor of the whole map was taken; only the anchors of the centre's cell compete.":
            tensor(rng, [[-1, 1, -1, -2, 0, -2]], torch.int64),
        "All anchors of the cell became positive; only the one with the largest IoU does.":
            tensor(rng, [[0, -2, 1, 0, -2, 1]], torch.int64),
        "pos_thresh was applied: by YOLO's rule every box with an area has its anchor.":
            tensor(rng, [[-1, -2, -1, -2, -2, -2]], torch.int64),
    })  # fmt: skip


@task("nms", points=2)
def check_nms_keeps_what_it_should(student, rng):
    """NMS keeps boxes that overlap little, by falling score, and drops only what overlaps a better one that it kept."""
    boxes, scores = whole_boxes(rng, 60, side=12), rng.uniform(60)
    for threshold in (0.2, 0.5):
        kept = student.nms(boxes, scores, iou_threshold=threshold)
        expect_shape(kept, (None,), name="nms")
        expect(kept.dtype == torch.int64, f"nms returned {kept.dtype}; indices are int64.")
        rows = kept.tolist()
        expect(len(set(rows)) == len(rows) and all(0 <= row < 60 for row in rows), "nms repeats or invents indices.")
        expect_equal(scores[kept], scores[kept].sort(descending=True).values, name="the scores of the kept boxes")
        over = counted_iou(boxes, boxes, 12) > threshold
        among = over[kept][:, kept].triu(diagonal=1)
        expect(not bool(among.any()), f"nms kept {int(among.sum())} pairs of boxes with an IoU above {threshold}.")
        reason = (over[:, kept] & (scores[kept] > scores[:, None])).any(dim=1)
        lost = [row for row in range(60) if row not in rows and not reason[row]]
        expect(
            not lost,
            f"nms dropped {len(lost)} boxes, first number {lost[0] if lost else 0}, that have an IoU above {threshold} "
            "with no kept box of a higher score.",
            hint="A box that was dropped itself drops nobody. An IoU equal to the threshold is no reason to drop.",
        )


@task("nms", points=1)
def check_nms_breaks_ties_by_index(student, rng):
    """Of boxes with equal scores the one with the smaller index goes first; an IoU equal to the threshold is kept."""
    boxes = tensor(rng, [[0, 0, 4, 4], [0, 0, 4, 4], [0, 0, 4, 2], [8, 8, 9, 9], [0, 0, 4, 4]])
    scores = tensor(rng, [0.5, 0.7, 0.5, 0.7, 0.7])
    expect_equal(student.nms(boxes, scores, iou_threshold=0.5), tensor(rng, [1, 3, 2], torch.int64), mistakes={
        "An IoU of exactly the threshold was dropped; only what is above it goes.": tensor(rng, [1, 3], torch.int64),
    })  # fmt: skip


@task("nms", points=1)
def check_nms_stops_at_topk(student, rng):
    """With topk, the first topk of the kept boxes come back."""
    boxes = tensor(rng, [[0, 0, 2, 2], [0, 0, 2, 1.9], [4, 4, 6, 6], [7, 7, 8, 8]])
    scores = tensor(rng, [0.9, 0.8, 0.3, 0.6])
    for topk, expected in ((None, [0, 3, 2]), (2, [0, 3]), (1, [0]), (9, [0, 3, 2])):
        result = student.nms(boxes, scores, iou_threshold=0.5, topk=topk)
        expect_equal(result, tensor(rng, expected, torch.int64), name=f"topk = {topk}", mistakes={
            "The boxes were cut to topk before suppression; topk counts those that are kept.":
                tensor(rng, [0], torch.int64),
        } if topk == 2 else None)  # fmt: skip


LOADER = """
from common.roles import load, tables

def set_weights(network, features, values):
    network.eval()
    load(network, values, features)

def get_weights(network, features):
    return tables(network, features)
"""


def prediction_network(student, rng, in_dim, hidden, A, C, features):
    """A network with random weights, and the output of its last convolution by torch: (B, 5A + C, H, W)."""
    network = student.PredictionNetwork(in_dim, hidden_dim=hidden, num_anchors=A, num_classes=C, drop_ratio=0.5)
    network = network.to(rng.device)
    loader = student.define(LOADER)
    found = loader.get_weights(network, features.float())
    values = [{name: 0.5 * rng.normal(*value.shape, dtype=value.dtype) for name, value in t.items()} for t in found]
    loader.set_weights(network, features.float(), values)
    recipe = Recipe(values, train=False)
    try:
        out = recipe.conv(F.leaky_relu(recipe.conv(features.float(), hidden, 1)), 5 * A + C, 1)
        recipe.finish()
    except LookupError as error:
        expect(False, f"PredictionNetwork({in_dim}, hidden_dim={hidden}, ...) is not the one described: {error}.")
    return network, out


@task("PredictionNetwork", points=2)
def check_prediction_network_predicts_all_anchors(student, rng):
    """Without indices, the network gives confidences, offsets and class scores of all anchors, in the right places."""
    A, C = 3, 4
    features = rng.normal(2, 6, 3, 5)
    network, out = prediction_network(student, rng, 6, 7, A, C, features)
    confidence, offsets, scores = network(features.float())

    anchors = out[:, : 5 * A].reshape(2, A, 5, 3, 5)
    expect_close(confidence, anchors[:, :, 0].sigmoid(), name="confidences", mistakes={
        "The confidences lack their sigmoid.": anchors[:, :, 0],
        "Channels were read as 5 x A; the five channels of one anchor stand together.":
            out[:, : 5 * A].reshape(2, 5, A, 3, 5)[:, 0].sigmoid(),
    })  # fmt: skip
    right = torch.cat([anchors[:, :, 1:3].sigmoid() - 0.5, anchors[:, :, 3:]], dim=2)
    expect_close(offsets, right, name="offsets", mistakes={
        "tx and ty lack their sigmoid less 0.5.": anchors[:, :, 1:],
        "The sigmoid of tx and ty needs 0.5 less, to lie in (-0.5, 0.5).":
            torch.cat([anchors[:, :, 1:3].sigmoid(), anchors[:, :, 3:]], dim=2),
        "tw and th went through the sigmoid as well.": anchors[:, :, 1:].sigmoid() - 0.5,
    })  # fmt: skip
    expect_close(scores, out[:, 5 * A :], name="class scores")


@task("PredictionNetwork", points=2)
def check_prediction_network_picks_the_anchors_asked_for(student, rng):
    """With indices, the network gives the rows of those anchors: positive ones first among the confidences."""
    A, C, H, W = 3, 4, 3, 5
    features = rng.normal(2, 6, H, W)
    network, out = prediction_network(student, rng, 6, 7, A, C, features)
    order = rng.permutation(2 * A * H * W)
    positive, negative = order[:6], order[6:20]
    confidence, offsets, scores = network(features.float(), pos_anchor_idx=positive, neg_anchor_idx=negative)

    anchors = out[:, : 5 * A].reshape(2, A, 5, H, W)
    image, rest = positive // (A * H * W), positive % (A * H * W)
    shape, row, column = rest // (H * W), rest % (H * W) // W, rest % W
    expect_close(confidence, anchors[:, :, 0].sigmoid().flatten()[order[:20], None], name="confidences")
    right = anchors[image, shape, :, row, column][:, 1:]
    right = torch.cat([right[:, :2].sigmoid() - 0.5, right[:, 2:]], dim=1)
    expect_close(offsets, right, name="offsets of the positive anchors")
    expect_close(scores, out[image, 5 * A :, row, column], name="class scores of the positive anchors' cells")


def toy_detector(student, toys, confidence, offsets, scores, anchors, **options):
    """A detector whose backbone and prediction network say what is given."""
    B, _, H, W = confidence.shape
    detector = student.SingleStageDetector(num_classes=scores.shape[1], anchors=anchors, drop_ratio=0.0, **options)
    detector.feat_extractor = toys.Features(torch.zeros(B, 1, H, W, dtype=confidence.dtype, device=confidence.device))
    detector.pred_network = toys.Predictions(confidence, offsets, scores)
    return detector.to(confidence.device)


@task("SingleStageDetector.forward", points=3)
def check_loss_of_a_case_by_hand(student, rng):
    """The loss is what the formula gives where it is plain which anchors are positive, neutral and negative."""
    B, A, C, H, W = 2, 1, 3, 3, 4
    confidence, offsets, scores = rng.uniform(B, A, H, W), 0.3 * rng.normal(B, A, 4, H, W), rng.normal(B, C, H, W)
    # Anchors of 2 x 2 cells. The box in image 0 is the anchor of row 1, column 2, moved a quarter to the right.
    bboxes = tensor(rng, [[[1.75, 0.5, 3.75, 2.5, 2.0]], [[-1.0] * 5]])
    detector = toy_detector(student, student.define(TOYS), confidence, offsets, scores, [[2.0, 2.0]])
    loss = detector(rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32), bboxes)

    # Its IoU with the next anchor to the right is 1.25 * 2 / (8 - 2.5) = 0.4545: neutral. All others are below 0.4.
    quiet = torch.ones_like(confidence, dtype=torch.bool)
    quiet[0, 0, 1, 2] = quiet[0, 0, 1, 3] = False
    keep_quiet = -(1 - confidence[quiet]).log().sum()
    speak = -confidence[0, 0, 1, 2].log()
    move = (offsets[0, 0, :, 1, 2] - tensor(rng, [0.25, 0, 0, 0])).square().sum()
    name = F.cross_entropy(scores[0, :, 1, 2], torch.tensor(2, device=rng.device))
    expect_close(loss, keep_quiet + speak + 5 * move + name, check_dtype=False, name="the loss", mistakes={
        "The offsets' term lacks its factor 5.": keep_quiet + speak + move + name,
        "The neutral anchor was counted as negative.":
            keep_quiet + speak + 5 * move + name - (1 - confidence[0, 0, 1, 3]).log(),
        "The confidence of negative anchors is missing.": speak + 5 * move + name,
        "Each anchor's loss was averaged; wanted is the sum over the number of positive anchors.":
            (keep_quiet + speak) / int(quiet.sum() + 1) + 5 * move / 4 + name,
    })  # fmt: skip


@task("SingleStageDetector.inference", points=2)
def check_inference_gives_sure_proposals_with_their_classes(student, rng):
    """Inference gives the proposals above the threshold, moved by their offsets, with their cells' best class."""
    B, A, C, H, W = 2, 2, 4, 3, 4
    confidence = rng.uniform(B, A, H, W, high=0.3)
    offsets, scores = 0.2 * rng.uniform(B, A, 4, H, W), rng.normal(B, C, H, W)
    confidence[0, 1, 2, 3], confidence[0, 0, 0, 1], confidence[1, 0, 1, 0] = 0.7, 0.9, 0.6
    detector = toy_detector(student, student.define(TOYS), confidence, offsets, scores, [[1.0, 1.5], [0.5, 0.5]]).eval()
    boxes, confidences, classes = detector.inference(rng.uniform(B, 3, 24, 32, dtype=torch.float32), thresh=0.5)

    places = [[(0, 0, 1, (1.0, 1.5)), (1, 2, 3, (0.5, 0.5))], [(0, 1, 0, (1.0, 1.5))]]
    expect(len(boxes) == len(confidences) == len(classes) == B, f"inference gives three lists of {B}, one an image.")
    for image, found in enumerate(places):
        size = tensor(rng, [s for *_, s in found])
        move = torch.stack([offsets[image, a, :, i, j] for a, i, j, _ in found])
        middle = tensor(rng, [(j + 0.5, i + 0.5) for _, i, j, _ in found]) + move[:, :2]
        half = size * move[:, 2:].exp() / 2
        expect_close(boxes[image], torch.cat([middle - half, middle + half], dim=1), name=f"boxes of image {image}")
        sure = torch.stack([confidence[image, a, i, j] for a, i, j, _ in found])
        expect_close(confidences[image], sure, name=f"confidences of image {image}")
        best = torch.stack([scores[image, :, i, j].argmax() for _, i, j, _ in found])
        expect_equal(classes[image], best, name=f"classes of image {image}")


def shot(rng, boxes, scores=None, labels=None) -> dict:
    """One image's predictions or, without scores, targets."""
    table = {"boxes": tensor(rng, boxes).reshape(-1, 4), "labels": tensor(rng, labels or [0] * len(boxes), torch.int64)}
    return table if scores is None else {**table, "scores": tensor(rng, scores)}


@task("precision_recall", points=2)
def check_precision_and_recall_of_a_case_by_hand(student, rng):
    """Recall and precision of five detections in two images are those worked out by hand."""
    targets = [shot(rng, [[0, 0, 4, 4], [10, 0, 14, 4]]), shot(rng, [[0, 0, 4, 4]])]
    predictions = [
        shot(rng, [[0, 0, 4, 3], [10, 0, 14, 4], [20, 20, 24, 24]], [0.9, 0.5, 0.7]),
        shot(rng, [[1, 0, 5, 4], [9, 9, 12, 12]], [0.6, 0.8]),
    ]
    # By falling score: right (0.75), nothing there, nothing there, right (IoU 0.6), right.
    recall, precision = student.precision_recall(predictions, targets, 0)
    expect_close(recall, tensor(rng, [1 / 3, 1 / 3, 1 / 3, 2 / 3, 1]), name="recall", mistakes={
        "Recall was divided by the number of images, not by the number of objects.":
            tensor(rng, [1 / 2, 1 / 2, 1 / 2, 1, 1.5]),
        "The images were walked through one after the other; all detections stand in one list, by falling score.":
            tensor(rng, [1 / 3, 1 / 3, 2 / 3, 2 / 3, 1]),
    })  # fmt: skip
    expect_close(precision, tensor(rng, [1, 1 / 2, 1 / 3, 2 / 4, 3 / 5]), name="precision")


@task("precision_recall", points=2)
def check_a_second_detection_of_an_object_is_wrong(student, rng):
    """A second detection of one object counts as wrong, also when another object would still be free."""
    targets = [shot(rng, [[0, 0, 4, 4], [0, 1, 4, 5]])]
    predictions = [shot(rng, [[0, 0, 4, 4], [0, 0.2, 4, 4.2], [0, 1, 4, 5]], [0.9, 0.8, 0.7])]
    recall, precision = student.precision_recall(predictions, targets, 0)
    expect_close(recall, tensor(rng, [1 / 2, 1 / 2, 1]), name="recall", mistakes={
        "A second detection of the same object was counted as right.": tensor(rng, [1 / 2, 1, 3 / 2]),
        "The second detection turned to another object that it overlaps less; it may not.": tensor(rng, [1 / 2, 1, 1]),
    })  # fmt: skip
    expect_close(precision, tensor(rng, [1, 1 / 2, 2 / 3]), name="precision")


@task("average_precision", points=2)
def check_average_precision_of_cases_by_hand(student, rng):
    """Average precision is the area under the curve whose precision is the best at each recall or any higher one."""
    cases = [
        ([0.5, 1.0], [1.0, 1.0], 1.0),
        ([0.25, 0.25, 0.5, 0.5, 0.75], [1.0, 0.5, 2 / 3, 0.5, 0.6], 0.25 + 0.25 * 2 / 3 + 0.25 * 0.6),
        ([0.0, 0.2, 0.4], [0.0, 0.5, 2 / 3], 0.4 * 2 / 3),
    ]
    for recall, precision, expected in cases:
        value = student.average_precision(tensor(rng, recall), tensor(rng, precision))
        widths = torch.tensor(recall).diff(prepend=torch.zeros(1))
        expect_close(value, expected, name=f"AP of recall {recall}", mistakes={
            "The curve's teeth were not filled: take the best precision from here on.":
                float((widths * torch.tensor(precision)).sum()),
            "This is the mean precision; wanted is the area over recall.": sum(precision) / len(precision),
            "This is the best precision so far; wanted is the best from here on.":
                float((widths * torch.tensor(precision).cummax(dim=0).values).sum()),
        })  # fmt: skip


@task("mean_average_precision", points=2)
def check_map_is_the_mean_over_classes(student, rng):
    """mAP is the mean of the AP of the classes: in this case of 1/3, 1/2 and 0."""
    first, second = [[0, 0, 4, 4], [8, 0, 12, 4]], [[0, 0, 4, 4], [8, 8, 9, 9]]
    targets = [shot(rng, first, labels=[2, 5]), shot(rng, second, labels=[5, 7])]
    predictions = [
        shot(rng, first, [0.2, 0.9], [2, 5]),
        shot(rng, second, [0.8, 0.7], [2, 2]),
    ]
    # Class 5: one of two found. Class 7: called 2. Class 2: two wrong ones before the right one, AP 1/3.
    expected = (1 / 3 + 1 / 2 + 0) / 3
    expect_close(student.mean_average_precision(predictions, targets), expected, mistakes={
        "The mean runs over classes with detections alone; a class that was missed counts 0.": (1 / 3 + 1 / 2) / 2,
        "The class of a detection was not compared.": 1.0,
    })  # fmt: skip
    perfect = [{**truth, "scores": torch.ones_like(truth["boxes"][:, 0])} for truth in targets]
    expect_close(student.mean_average_precision(perfect, targets), 1.0, name="mAP of perfect predictions")
