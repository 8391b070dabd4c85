"""Right answers to a10, precision, recall and their means, in other styles than the reference."""

from autograder.authoring.variants import body, variants_of

one = variants_of("single_stage_detector.py")

VARIANTS = [
    one(
        "precision and recall in the style of the PASCAL VOC tools, float32",
        body(
            "precision_recall",
            """
        dets, gts, npos = [], {}, 0
        for i, (p, t) in enumerate(zip(predictions, targets)):
            g = t["boxes"][t["labels"] == label]
            gts[i] = g
            npos += len(g)
            for box, s, l in zip(p["boxes"], p["scores"], p["labels"]):
                if l == label:
                    dets.append((float(s), i, box))
        dets.sort(key=lambda d: -d[0])
        seen = {i: [False] * len(g) for i, g in gts.items()}
        tp, fp = torch.zeros(len(dets)), torch.zeros(len(dets))
        for k, (s, i, box) in enumerate(dets):
            best, j = -1.0, -1
            for m, g in enumerate(gts[i]):
                iw, ih = min(box[2], g[2]) - max(box[0], g[0]), min(box[3], g[3]) - max(box[1], g[1])
                inter = float(iw * ih) if iw > 0 and ih > 0 else 0.0
                union = float((box[2] - box[0]) * (box[3] - box[1]) + (g[2] - g[0]) * (g[3] - g[1])) - inter
                if inter / union > best:
                    best, j = inter / union, m
            if best >= iou_threshold and not seen[i][j]:
                tp[k] = 1
                seen[i][j] = True
            else:
                fp[k] = 1
        tp, fp = tp.cumsum(0), fp.cumsum(0)
        return tp / max(npos, 1), tp / (tp + fp)
    """,
        ),
    ),
    one(
        "precision and recall returned as a list",
        (
            "return so_far / max(objects, 1), so_far / torch.arange(1, len(order) + 1, device=so_far.device)",
            "return [so_far / max(objects, 1), so_far / torch.arange(1, len(order) + 1, device=so_far.device)]",
        ),
    ),
    one(
        "average precision with sentinels",
        body(
            "average_precision",
            """
        mrec = [0.0] + recall.tolist() + [1.0]
        mpre = [0.0] + precision.tolist() + [0.0]
        for i in range(len(mpre) - 2, -1, -1):
            mpre[i] = max(mpre[i], mpre[i + 1])
        return sum((mrec[i] - mrec[i - 1]) * mpre[i] for i in range(1, len(mrec)))
    """,
        ),
    ),
    one(
        "mean average precision over unique labels, as a tensor",
        body(
            "mean_average_precision",
            """
        labels = torch.cat([t["labels"] for t in targets]).unique().tolist()
        if not labels:
            return 0.0
        total = 0
        for c in labels:
            r, p = precision_recall(predictions, targets, c, iou_threshold=iou_threshold)
            total += average_precision(r, p)
        return torch.tensor(total / len(labels), dtype=torch.float64)
    """,
        ),
    ),
]
