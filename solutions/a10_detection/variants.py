"""Right answers to a10, the single-stage detector, in other styles than the reference."""

from autograder.authoring.variants import body, variants_of

one = variants_of("single_stage_detector.py")

BOXES = [
    one(
        "anchors filled in shape by shape",
        body(
            "GenerateAnchor",
            """
        B, H, W, _ = grid.shape
        anchors = torch.zeros(B, len(anc), H, W, 4, dtype=grid.dtype, device=grid.device)
        for a in range(anc.shape[0]):
            w, h = anc[a, 0], anc[a, 1]
            anchors[:, a, :, :, 0] = grid[..., 0] - w / 2
            anchors[:, a, :, :, 1] = grid[..., 1] - h / 2
            anchors[:, a, :, :, 2] = grid[..., 0] + w / 2
            anchors[:, a, :, :, 3] = grid[..., 1] + h / 2
        return anchors
    """,
        ),
    ),
    one(
        "anchors from signs of the corners, permuted",
        body(
            "GenerateAnchor",
            """
        signs = grid.new_tensor([[-0.5, -0.5], [0.5, 0.5]])
        corners = anc.to(grid)[:, None] * signs  # (A, 2, 2)
        out = grid[:, :, :, None, None] + corners  # (B, H, W, A, 2, 2)
        return out.flatten(-2).permute(0, 3, 1, 2, 4).contiguous()
    """,
        ),
    ),
    one(
        "proposals written into a copy, coordinate by coordinate",
        body(
            "GenerateProposal",
            """
        if method != "YOLO" and method != "FasterRCNN":
            raise ValueError(method)
        proposals = torch.zeros_like(anchors)
        w, h = anchors[..., 2] - anchors[..., 0], anchors[..., 3] - anchors[..., 1]
        x, y = anchors[..., 0] + 0.5 * w, anchors[..., 1] + 0.5 * h
        if method == "YOLO":
            new_x, new_y = x + offsets[..., 0], y + offsets[..., 1]
        else:
            new_x, new_y = x + offsets[..., 0] * w, y + offsets[..., 1] * h
        new_w, new_h = w * torch.exp(offsets[..., 2]), h * torch.exp(offsets[..., 3])
        proposals[..., 0], proposals[..., 1] = new_x - new_w / 2, new_y - new_h / 2
        proposals[..., 2], proposals[..., 3] = new_x + new_w / 2, new_y + new_h / 2
        return proposals
    """,
        ),
    ),
    one(
        "proposals with unbind and stack",
        body(
            "GenerateProposal",
            """
        assert isinstance(method, str)
        x0, y0, x1, y1 = anchors.unbind(-1)
        tx, ty, tw, th = offsets.unbind(-1)
        scale = {"YOLO": (1, 1), "FasterRCNN": (x1 - x0, y1 - y0)}
        if method not in scale:
            raise ValueError("unknown method")
        cx, cy = (x0 + x1) / 2 + tx * scale[method][0], (y0 + y1) / 2 + ty * scale[method][1]
        w, h = (x1 - x0) * tw.exp(), (y1 - y0) * th.exp()
        return torch.stack((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), dim=-1)
    """,
        ),
    ),
    one(
        "IoU with max and min of broadcast columns",
        body(
            "IoU",
            """
        B = proposals.shape[0]
        p = proposals.reshape(B, -1, 4)
        b = bboxes
        left = torch.max(p[:, :, 0].unsqueeze(2), b[:, :, 0].unsqueeze(1))
        top = torch.max(p[:, :, 1].unsqueeze(2), b[:, :, 1].unsqueeze(1))
        right = torch.min(p[:, :, 2].unsqueeze(2), b[:, :, 2].unsqueeze(1))
        bottom = torch.min(p[:, :, 3].unsqueeze(2), b[:, :, 3].unsqueeze(1))
        inter = F.relu(right - left) * F.relu(bottom - top)
        area_p = ((p[:, :, 2] - p[:, :, 0]) * (p[:, :, 3] - p[:, :, 1])).unsqueeze(2)
        area_b = ((b[:, :, 2] - b[:, :, 0]) * (b[:, :, 3] - b[:, :, 1])).unsqueeze(1)
        union = area_p + area_b - inter
        iou = torch.zeros_like(inter)
        iou[inter > 0] = (inter / union)[inter > 0]
        return iou
    """,
        ),
    ),
    one(
        "IoU with nan_to_num, sides clamped",
        body(
            "IoU",
            """
        p, b = proposals.flatten(1, 3), bboxes[..., :4]
        sides = []
        w = (torch.minimum(p[:, :, None, 2], b[:, None, :, 2]) - torch.maximum(p[:, :, None, 0], b[:, None, :, 0]))
        h = (torch.minimum(p[:, :, None, 3], b[:, None, :, 3]) - torch.maximum(p[:, :, None, 1], b[:, None, :, 1]))
        inter = w.clamp(min=0).mul(h.clamp(min=0))
        one = (p[..., 2:] - p[..., :2]).clamp(min=0).prod(-1)[:, :, None]
        two = (b[..., 2:] - b[..., :2]).clamp(min=0).prod(-1)[:, None]
        return torch.nan_to_num(inter / (one + two - inter), nan=0.0)
    """,
        ),
    ),
    one(
        "matching with loops over images and boxes",
        body(
            "match_anchors",
            """
        B, A, H, W, _ = anchors.shape
        out = torch.full((B, A * H * W), -1, dtype=torch.long, device=anchors.device)
        for i in range(B):
            valid = [n for n in range(bboxes.shape[1]) if bboxes[i, n, 4] != -1]
            if len(valid) == 0:
                continue
            iou = iou_mat[i][:, valid]  # (K, n)
            best_iou, best_box = iou.max(dim=1)
            rows = torch.tensor(valid, device=anchors.device)
            out[i][best_iou >= neg_thresh] = -2
            if method == "FasterRCNN":
                top = iou.max(dim=0).values
                positive = best_iou >= pos_thresh
                for n in range(len(valid)):
                    if top[n] > 0:
                        positive = positive | (iou[:, n] == top[n])
                out[i][positive] = rows[best_box[positive]]
            else:
                centre = ((anchors[i, 0, ..., :2] + anchors[i, 0, ..., 2:]) / 2).reshape(-1, 2)
                taken = {}
                for n, row in enumerate(valid):
                    middle = (bboxes[i, row, :2] + bboxes[i, row, 2:4]) / 2
                    cell = (centre - middle).abs().sum(1).argmin()
                    own = iou[:, n].view(A, H * W)[:, cell]
                    k = int(own.argmax()) * H * W + int(cell)
                    value = float(iou[k, n])
                    if value > 0 and value > taken.get(k, (0, 0))[0]:
                        taken[k] = (value, row)
                for k, (_, row) in taken.items():
                    out[i, k] = row
        return out
    """,
        ),
    ),
    one(
        "nms in the style of numpy",
        body(
            "nms",
            """
        if boxes.numel() == 0:
            return torch.zeros(0, dtype=torch.long, device=boxes.device)
        x1, y1, x2, y2 = boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]
        areas = (x2 - x1) * (y2 - y1)
        order = torch.sort(scores, descending=True, stable=True)[1]
        keep = []
        while order.numel() > 0:
            i = order[0].item()
            keep.append(i)
            if topk is not None and len(keep) == topk:
                break
            if order.numel() == 1:
                break
            rest = order[1:]
            w = (torch.minimum(x2[i], x2[rest]) - torch.maximum(x1[i], x1[rest])).clamp(min=0)
            h = (torch.minimum(y2[i], y2[rest]) - torch.maximum(y1[i], y1[rest])).clamp(min=0)
            inter = w * h
            ovr = inter / (areas[i] + areas[rest] - inter)
            order = rest[~(ovr > iou_threshold)]
        return torch.tensor(keep, dtype=torch.int64, device=boxes.device)
    """,
        ),
    ),
    one(
        "nms with a mask over all sorted boxes",
        body(
            "nms",
            """
        order = torch.argsort(-scores, stable=True)
        alive = torch.ones(len(order), dtype=torch.bool, device=boxes.device)
        sorted_boxes = boxes[order]
        for i in range(len(order)):
            if alive[i]:
                over = IoU(sorted_boxes[None, i + 1 :, None, None], sorted_boxes[i][None, None])[0, :, 0]
                alive[i + 1 :] &= over <= iou_threshold
        kept = order[alive]
        return kept if topk is None else kept[:topk]
    """,
        ),
    ),
    one(
        "nms on lists of Python numbers",
        body(
            "nms",
            """
        rows, values = boxes.tolist(), scores.tolist()
        left = sorted(range(len(rows)), key=lambda i: values[i], reverse=True)
        kept = []
        while left:
            i = left.pop(0)
            kept.append(i)
            if topk is not None and len(kept) >= topk:
                break
            a, remaining = rows[i], []
            for j in left:
                b = rows[j]
                w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
                inter = w * h if w > 0 and h > 0 else 0.0
                union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter
                if inter == 0 or inter / union <= iou_threshold:
                    remaining.append(j)
            left = remaining
        return torch.tensor(kept, dtype=torch.int64, device=boxes.device)
    """,
        ),
    ),
]

LAYERS = """        self.layers = nn.Sequential(
            nn.Conv2d(in_dim, hidden_dim, 1),
            nn.Dropout(drop_ratio),
            nn.LeakyReLU(),
            nn.Conv2d(hidden_dim, 5 * num_anchors + num_classes, 1),
        )
"""

NETWORK = [
    one(
        "prediction network with named layers",
        (
            LAYERS,
            """        self.conv1 = nn.Conv2d(in_dim, hidden_dim, kernel_size=1)
        self.drop = nn.Dropout(p=drop_ratio)
        self.conv2 = nn.Conv2d(hidden_dim, 5 * num_anchors + num_classes, kernel_size=1)
""",
        ),
        ("out = self.layers(features)", "out = self.conv2(F.leaky_relu(self.drop(self.conv1(features))))"),
    ),
    one(
        "prediction network that calls its layers through forward()",
        (
            "out = self.layers(features)",
            "conv1, drop, act, conv2 = self.layers\n"
            "        out = conv2.forward(act.forward(drop.forward(conv1.forward(features))))",
        ),
    ),
    one(
        "prediction network that uses the weights of its layers",
        (
            "out = self.layers(features)",
            "conv1, drop, act, conv2 = self.layers\n"
            "        out = act(drop(F.conv2d(features, conv1.weight, conv1.bias)))\n"
            "        out = torch.einsum('bchw,dc->bdhw', out, conv2.weight[:, :, 0, 0]) + conv2.bias[:, None, None]",
        ),
    ),
    one(
        "prediction network with a layer that it does not use",
        (LAYERS, LAYERS + "        self.spare = nn.Conv2d(in_dim, 3, 3)\n"),
    ),
    one(
        "prediction network that picks rows by index arithmetic",
        (
            "offsets.movedim(2, -1).reshape(-1, 4)[pos_anchor_idx],\n"
            "            classes.movedim(1, -1).reshape(-1, self.num_classes)[cell],",
            "offsets.permute(0, 1, 3, 4, 2).contiguous().view(-1, 4)[pos_anchor_idx],\n"
            "            classes.repeat_interleave(A, dim=0).reshape(B, A, self.num_classes, H, W)"
            ".permute(0, 1, 3, 4, 2).reshape(-1, self.num_classes)[pos_anchor_idx],",
        ),
    ),
    one(
        "network with clones changed in place",
        (
            "        offsets = torch.cat([anchors[:, :, 1:3].sigmoid() - 0.5, anchors[:, :, 3:]], dim=2)\n",
            "        offsets = anchors[:, :, 1:].clone()\n"
            "        offsets[:, :, :2] = torch.sigmoid(anchors[:, :, 1:3]) - 0.5\n",
        ),
    ),
]

DETECTOR = [
    one(
        "the loss written with logarithms",
        (
            """        wanted = torch.zeros_like(confidence)
        wanted[: len(pos_idx)] = 1
""",
            "",
        ),
        (
            """        loss = F.binary_cross_entropy(confidence, wanted, reduction="sum")
        loss = loss + 5 * (offsets - right).square().sum()
        loss = loss + F.cross_entropy(scores, targets[:, 4].long(), reduction="sum")
""",
            """        P = len(pos_idx)
        loss = -torch.log(confidence[:P]).sum() - torch.log(1 - confidence[P:]).sum()
        loss += 5 * F.mse_loss(offsets, right, reduction="sum")
        loss += F.nll_loss(scores.log_softmax(dim=1), targets[:, 4].long(), reduction="sum")
""",
        ),
    ),
    one(
        "inference in evaluation mode, which it restores",
        (
            "        with torch.no_grad():\n            features = self.feat_extractor(images)\n            confidence",
            "        training = self.training\n        self.eval()\n"
            "        with torch.no_grad():\n            features = self.feat_extractor(images)\n            confidence",
        ),
        ("        found = []\n", "        self.train(training)\n        found = []\n"),
    ),
    one(
        "inference that shifts the boxes of each class apart",
        (
            """            kept = []
            for one_class in label.unique():
                own = (label == one_class).nonzero()[:, 0]
                kept.append(own[nms(boxes[own], confident[own], iou_threshold=nms_thresh)])
            rows = torch.cat(kept) if kept else label.new_zeros(0)
            rows = rows[confident[rows].argsort(descending=True)]
""",
            """            apart = boxes + 1024 * label[:, None].to(boxes)
            rows = nms(apart, confident, iou_threshold=nms_thresh)
""",
        ),
    ),
    one(
        "inference that returns tuples",
        (
            "        boxes, confidences, classes = map(list, zip(*found, strict=True))\n",
            "        boxes, confidences, classes = zip(*found)\n",
        ),
    ),
]

VARIANTS = BOXES + NETWORK + DETECTOR
