"""What the hidden checks of a10 lend to the student's code: complete versions of other tasks' work."""

from oracles_loans import ANCHORS, LOANS_OF_PROPOSALS, LOANS_OF_TWO_STAGES

LOANS_OF_OVERLAPS = (
    LOANS_OF_PROPOSALS
    + ANCHORS
    + """
def table_of(proposals, bboxes):
    one, two = proposals.flatten(1, 3)[:, :, None], bboxes[:, None]
    sides = [torch.minimum(one[..., k + 2], two[..., k + 2]) - torch.maximum(one[..., k], two[..., k]) for k in (0, 1)]
    shared = sides[0].clamp(min=0) * sides[1].clamp(min=0)
    areas = [(x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1]) for x in (one, two)]
    return torch.where(shared > 0, shared / (areas[0] + areas[1] - shared), 0.0)


LOANS |= {"IoU": table_of}
"""
)

LOANS_OF_BOXES = (
    LOANS_OF_OVERLAPS
    + """
def survivors(boxes, scores, iou_threshold=0.5, topk=None):
    left, kept = scores.argsort(descending=True, stable=True), []
    while len(left) and len(kept) != topk:
        kept.append(int(left[0]))
        overlap = table_of(boxes[left][None, :, None, None], boxes[left[:1]][None])[0, :, 0]
        left = left[1:][overlap[1:] <= iou_threshold]
    return torch.tensor(kept, dtype=torch.int64, device=boxes.device)


LOANS |= {"nms": survivors}
"""
)

LOANS_OF_DETECTORS = (
    LOANS_OF_BOXES
    + """
def matched(anchors, bboxes, iou_mat, pos_thresh=0.7, neg_thresh=0.3, method="FasterRCNN"):
    B, A, H, W, _ = anchors.shape
    out = torch.full((B, A * H * W), -1, device=anchors.device)
    for image in range(B):
        rows = (bboxes[image, :, 4] >= 0).nonzero()[:, 0]
        if not len(rows):
            continue
        table = iou_mat[image][:, rows]  # (K, real boxes)
        most, best = table.max(dim=1)
        out[image][most >= neg_thresh] = -2
        if method == "FasterRCNN":
            top = table.amax(dim=0)
            positive = (most >= pos_thresh) | ((table == top) & (top > 0)).any(dim=1)
            out[image][positive] = rows[best[positive]]
            continue
        centres = ((anchors[image, 0, ..., :2] + anchors[image, 0, ..., 2:]) / 2).reshape(-1, 2)
        claims = {}
        for number, row in enumerate(rows.tolist()):
            middle = (bboxes[image, row, :2] + bboxes[image, row, 2:4]) / 2
            cell = int((centres - middle).abs().sum(dim=1).argmin())
            own = table[cell :: H * W, number]
            shape, value = int(own.argmax()), float(own.max())
            anchor = shape * H * W + cell
            if value > claims.get(anchor, (0.0, 0))[0]:
                claims[anchor] = value, row
        for anchor, (_, row) in claims.items():
            out[image, anchor] = row
    return out


class Predictions(torch.nn.Module):
    def __init__(self, in_dim, hidden_dim=128, num_anchors=9, num_classes=20, drop_ratio=0.3):
        super().__init__()
        self.before, self.after = torch.nn.Conv2d(in_dim, hidden_dim, 1), torch.nn.Dropout(drop_ratio)
        self.last, self.num_anchors = torch.nn.Conv2d(hidden_dim, 5 * num_anchors + num_classes, 1), num_anchors

    def forward(self, features, pos_anchor_idx=None, neg_anchor_idx=None):
        out = self.last(torch.nn.functional.leaky_relu(self.after(self.before(features))))
        own, scores = out.split([5 * self.num_anchors, out.shape[1] - 5 * self.num_anchors], dim=1)
        own = own.unflatten(1, (-1, 5))
        confidence = own[:, :, 0].sigmoid()
        offsets = torch.cat([own[:, :, 1:3].sigmoid() - 0.5, own[:, :, 3:]], dim=2)
        if pos_anchor_idx is None:
            return confidence, offsets, scores
        asked = torch.cat([pos_anchor_idx, neg_anchor_idx])
        each = scores[:, None].expand(-1, self.num_anchors, -1, -1, -1)
        parts = [x.movedim(2, -1).flatten(0, 3)[pos_anchor_idx] for x in (offsets, each)]
        return confidence.flatten()[asked, None], *parts


class Proposing(torch.nn.Module):
    def __init__(self, in_dim, hidden_dim=256, num_anchors=9, drop_ratio=0.3):
        super().__init__()
        self.before, self.after = torch.nn.Conv2d(in_dim, hidden_dim, 3, padding=1), torch.nn.Dropout(drop_ratio)
        self.last, self.num_anchors = torch.nn.Conv2d(hidden_dim, 6 * num_anchors, 1), num_anchors

    def forward(self, features, pos_anchor_coord=None, pos_anchor_idx=None, neg_anchor_idx=None):
        out = self.last(torch.nn.functional.leaky_relu(self.after(self.before(features)))).unflatten(1, (-1, 6))
        if pos_anchor_idx is None:
            return out[:, :, :2], out[:, :, 2:]
        rows = out.movedim(2, -1).flatten(0, 3)
        offsets = rows[pos_anchor_idx, 2:]
        scores = rows[torch.cat([pos_anchor_idx, neg_anchor_idx]), :2]
        return scores, offsets, proposals_of(pos_anchor_coord, offsets, method="FasterRCNN")


LOANS |= {"match_anchors": matched, "PredictionNetwork": Predictions, "ProposalModule": Proposing}
"""
)

LOANS_OF_BOTH_STAGES = (
    LOANS_OF_DETECTORS
    + """
_DETECTOR = dict(LOANS)
"""
    + LOANS_OF_TWO_STAGES
    + """
LOANS |= _DETECTOR
"""
)

LOANS_OF_METRICS = (
    LOANS_OF_BOXES
    + """
def curve(predictions, targets, label, iou_threshold=0.5):
    rows, objects = [], 0
    for found, truth in zip(predictions, targets, strict=True):
        wanted, free = truth["boxes"][truth["labels"] == label], set()
        objects += len(wanted)
        own = found["labels"] == label
        boxes, scores = found["boxes"][own], found["scores"][own]
        hits = [0.0] * len(boxes)
        for row in scores.argsort(descending=True, stable=True).tolist() if len(wanted) else []:
            overlap = table_of(boxes[row][None, None, None, None], wanted[None])[0, 0]
            if overlap.max() >= iou_threshold and int(overlap.argmax()) not in free:
                free.add(int(overlap.argmax()))
                hits[row] = 1.0
        rows += zip(scores.tolist(), hits, strict=True)
    rows.sort(key=lambda row: -row[0])
    right = torch.tensor([hit for _, hit in rows], dtype=torch.float64).cumsum(0)
    return right / max(objects, 1), right / torch.arange(1, len(rows) + 1)


def area(recall, precision):
    steps = recall.diff(prepend=recall.new_zeros(1)).tolist()
    return float(sum(step * float(precision[k:].max()) for k, step in enumerate(steps)))


LOANS |= {"precision_recall": curve, "average_precision": area}
"""
)
