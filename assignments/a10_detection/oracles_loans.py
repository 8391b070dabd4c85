"""What the public checks of a10 lend to the student's code in the place of other tasks' work.

Some loans fit the case of their check only, and say so.
"""

# by the definition, pair by pair; IoU itself must do without loops
LOANS_OF_IOU = """
import torch


def plain_iou(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared) if shared > 0 else 0.0


def iou_of(proposals, bboxes):
    images = zip(proposals.flatten(1, 3).tolist(), bboxes.tolist(), strict=True)
    rows = [[[plain_iou(p, b) for b in others] for p in image] for image, others in images]
    shape = len(proposals), proposals[0].numel() // 4, bboxes.shape[1]
    return torch.tensor(rows, dtype=proposals.dtype, device=proposals.device).reshape(shape)


LOANS = {"IoU": iou_of}
"""

LOANS_OF_PROPOSALS = """
import torch


def around(centre, size):
    return torch.cat([centre - size / 2, centre + size / 2], dim=-1)


def proposals_of(anchors, offsets, method="YOLO"):
    low, high = anchors.chunk(2, dim=-1)
    move, stretch = offsets.chunk(2, dim=-1)
    unit = 1 if method == "YOLO" else high - low
    return around((low + high) / 2 + unit * move, (high - low) * stretch.exp())


LOANS = {"GenerateProposal": proposals_of}
"""

ANCHORS = """
def anchors_of(anc, grid):
    shape = len(grid), len(anc), *grid.shape[1:]
    return around(grid[:, None].expand(shape), anc.to(grid)[:, None, None].expand(shape))


LOANS |= {"GenerateAnchor": anchors_of}
"""

# Detectors make these networks; the checks put others in their place.
REPLACED = """
LOANS |= {
    "PredictionNetwork": lambda *sizes, **named: torch.nn.Identity(),
    "ProposalModule": lambda *sizes, **named: torch.nn.Identity(),
}
"""

# the matches of the case by hand: row 1, column 2 is positive, the cell to the right is neutral
LOANS_OF_THE_LOSS = (
    LOANS_OF_PROPOSALS
    + ANCHORS
    + REPLACED
    + """
def matches_by_hand(anchors, bboxes, *rest, **options):
    matches = torch.full((2, 12), -1, device=anchors.device)
    matches[0, 6], matches[0, 7] = 0, -2
    return matches


def nothing_shared(proposals, bboxes):
    return proposals.new_zeros(len(proposals), proposals[0].numel() // 4, bboxes.shape[1])


LOANS |= {"match_anchors": matches_by_hand, "IoU": nothing_shared}
"""
)

# no two sure proposals of the case overlap
LOANS_OF_INFERENCE = (
    LOANS_OF_PROPOSALS
    + ANCHORS
    + REPLACED
    + """
LOANS |= {"nms": lambda boxes, scores, *rest, **options: scores.argsort(descending=True)}
"""
)

# stand-ins that hand the classes' average precisions of the case by hand on to each other
LOANS_OF_THE_MEAN = """
import torch


def label_alone(predictions, targets, label, iou_threshold=0.5):
    perfect = all(bool((found["scores"] == 1).all()) for found in predictions)
    return torch.tensor([float(label)]), torch.tensor([float(perfect)])


def known_area(recall, precision):
    return 1.0 if precision[0] == 1 else {2: 1 / 3, 5: 1 / 2}.get(int(recall[0]), 0.0)


LOANS = {"precision_recall": label_alone, "average_precision": known_area}
"""

LOANS_OF_TWO_STAGES = (
    """
import torch
from torch.nn import functional as F


def aligned(features, boxes, output_size):
    where = []
    for low, high, bins, cells in (
        (boxes[:, 1], boxes[:, 3], output_size[1], features.shape[3]),
        (boxes[:, 2], boxes[:, 4], output_size[0], features.shape[2]),
    ):
        steps = torch.linspace(0.25 / bins, 1 - 0.25 / bins, 2 * bins).to(boxes)
        where.append(2 * torch.lerp(low[:, None], high[:, None], steps) / cells - 1)
    shape = (len(boxes), where[1].shape[1], where[0].shape[1])
    points = torch.stack([where[0][:, None].expand(shape), where[1][:, :, None].expand(shape)], dim=-1)
    parts = features[boxes[:, 0].long()]
    samples = F.grid_sample(parts, points.to(parts), padding_mode="border", align_corners=False)
    return F.avg_pool2d(samples, 2)


LOANS = {"roi_align": aligned}
"""
    + REPLACED
)
