"""Right answers to a10, the two-stage detector, in other styles than the reference."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.variants import body, variants_of

two = variants_of("two_stage_detector.py")

LAYERS = """        self.layers = nn.Sequential(
            nn.Conv2d(in_dim, hidden_dim, 3, padding=1),
            nn.Dropout(drop_ratio),
            nn.LeakyReLU(),
            nn.Conv2d(hidden_dim, 6 * num_anchors, 1),
        )
"""

VARIANTS = [
    two(
        "module with named layers, called through forward()",
        (
            LAYERS,
            """        self.first = nn.Conv2d(in_dim, hidden_dim, 3, 1, 1)
        self.dropout = nn.Dropout(drop_ratio)
        self.last = nn.Conv2d(hidden_dim, 6 * num_anchors, 1)
""",
        ),
        (
            "out = self.layers(features)",
            "out = self.last.forward(F.leaky_relu(self.dropout(self.first.forward(features)), 0.01))",
        ),
    ),
    two(
        "module that pads and unfolds by hand",
        (
            "out = self.layers(features)",
            "first, drop, act, last = self.layers\n"
            "        windows = F.unfold(features, 3, padding=1)  # (B, 9C, HW)\n"
            "        hidden = torch.einsum('df,bfn->bdn', first.weight.flatten(1), windows) + first.bias[:, None]\n"
            "        out = last(act(drop(hidden.reshape(len(features), -1, *features.shape[2:]))))",
        ),
    ),
    two("module with an unused layer", (LAYERS, LAYERS + "        self.objectness = nn.Linear(in_dim, 2)\n")),
    two(
        "proposal loss written with logarithms",
        (
            """        background = torch.ones(len(scores), dtype=torch.int64, device=scores.device)
        background[: len(pos_idx)] = 0
        loss = F.cross_entropy(scores, background, reduction="sum")
""",
            """        log = scores.log_softmax(dim=-1)
        loss = -log[: len(pos_idx), 0].sum() - log[len(pos_idx) :, 1].sum()
""",
        ),
    ),
    two(
        "object probability as the sigmoid of a difference",
        (
            "confidence = scores.softmax(dim=2)[:, :, 0].flatten(1)",
            "confidence = torch.sigmoid(scores[:, :, 0] - scores[:, :, 1]).flatten(1)",
        ),
    ),
    two(
        "proposals as tuples, in evaluation mode, which is restored",
        (
            "        with torch.no_grad():\n            features = self.feat_extractor(images)\n            scores, offsets",
            "        training = self.training\n        self.eval()\n"
            "        with torch.no_grad():\n            features = self.feat_extractor(images)\n            scores, offsets",
        ),
        (
            '        return (boxes, confidences, features) if mode == "FasterRCNN" else (boxes, confidences)\n',
            "        self.train(training)\n"
            '        return (tuple(boxes), tuple(confidences)) + ((features,) if mode == "FasterRCNN" else ())\n',
        ),
    ),
    two("a table with one key more", ('return {"loss": loss,', 'return {"anchors": coord, "loss": loss,')),
    two(
        "RoI Align with matrices of weights",
        body(
            "roi_align",
            """
        _, C, H, W = features.shape
        height, width = output_size

        def matrix(low, high, bins, cells):
            t = (torch.arange(2 * bins, device=boxes.device, dtype=boxes.dtype) + 0.5) / (2 * bins)
            at = (low[:, None] + (high - low)[:, None] * t - 0.5).clamp(0, cells - 1)
            weight = (1 - (at[:, :, None] - torch.arange(cells, device=boxes.device)).abs()).clamp(min=0)
            return weight.reshape(len(boxes), bins, 2, cells).mean(2).to(features.dtype)

        image, x0, y0, x1, y1 = boxes.T
        rows, columns = matrix(y0, y1, height, H), matrix(x0, x1, width, W)
        return torch.einsum("rih,rchw,rjw->rcij", rows, features[image.long()], columns)
    """,
        ),
    ),
    two(
        "RoI Align with loops over boxes and bins",
        body(
            "roi_align",
            """
        B, C, H, W = features.shape
        h, w = output_size
        out = features.new_zeros(boxes.shape[0], C, h, w)
        for r in range(boxes.shape[0]):
            b, x0, y0, x1, y1 = boxes[r].tolist()
            fm = features[int(b)]
            bw, bh = (x1 - x0) / w, (y1 - y0) / h
            for i in range(h):
                for j in range(w):
                    total = 0
                    for sy in (0.25, 0.75):
                        for sx in (0.25, 0.75):
                            u = min(max(x0 + (j + sx) * bw - 0.5, 0), W - 1)
                            v = min(max(y0 + (i + sy) * bh - 0.5, 0), H - 1)
                            l, t = int(u), int(v)
                            fu, fv = u - l, v - t
                            l2, t2 = min(l + 1, W - 1), min(t + 1, H - 1)
                            total = total + (1 - fv) * ((1 - fu) * fm[:, t, l] + fu * fm[:, t, l2])
                            total = total + fv * ((1 - fu) * fm[:, t2, l] + fu * fm[:, t2, l2])
                    out[r, :, i, j] = total / 4
        return out
    """,
        ),
    ),
    two(
        "RoI Align on flat maps",
        body(
            "roi_align",
            """
        B, C, H, W = features.shape
        R, (h, w) = boxes.shape[0], output_size
        ys = (torch.arange(h * 2, device=boxes.device).to(boxes) + 0.5) / (h * 2)
        xs = (torch.arange(w * 2, device=boxes.device).to(boxes) + 0.5) / (w * 2)
        u = (boxes[:, 1:2] + xs * (boxes[:, 3:4] - boxes[:, 1:2]) - 0.5).clamp(min=0, max=W - 1)
        v = (boxes[:, 2:3] + ys * (boxes[:, 4:5] - boxes[:, 2:3]) - 0.5).clamp(min=0, max=H - 1)
        u0, v0 = u.floor(), v.floor()
        u1, v1 = (u0 + 1).clamp(max=W - 1), (v0 + 1).clamp(max=H - 1)
        flat = features.permute(0, 2, 3, 1).reshape(-1, C)
        base = boxes[:, 0].long() * H * W

        def look(row, column):
            index = base[:, None, None] + row.long()[:, :, None] * W + column.long()[:, None, :]
            return flat[index]

        fu, fv = (u - u0).to(features)[:, None, :, None], (v - v0).to(features)[:, :, None, None]
        value = look(v0, u0) * (1 - fu) * (1 - fv) + look(v0, u1) * fu * (1 - fv)
        value = value + look(v1, u0) * (1 - fu) * fv + look(v1, u1) * fu * fv
        value = value.view(R, h, 2, w, 2, C).mean(4).mean(2)
        return value.permute(0, 3, 1, 2)
    """,
        ),
    ),
    two(
        "class loss image by image",
        (
            """        pooled = roi_align(stage["features"], rois, (self.roi_output_h, self.roi_output_w))
        scores = self.classifier(pooled.flatten(1))
        class_loss = F.cross_entropy(scores, stage["labels"], reduction="sum") / max(len(rois), 1)
""",
            """        class_loss = 0.0
        for number in range(len(images)):
            own = stage["images"] == number
            pooled = roi_align(stage["features"], rois[own], (self.roi_output_h, self.roi_output_w))
            scores = self.classifier(pooled.flatten(1))
            class_loss = class_loss + F.cross_entropy(scores, stage["labels"][own], reduction="sum")
        class_loss = class_loss / max(len(rois), 1)
""",
        ),
    ),
    two(
        "all proposals of a batch classified together",
        (
            """            boxes, confidences, classes = [], [], []
            for number, (own, confident) in enumerate(zip(proposals, objectness, strict=True)):
                rois = torch.cat([torch.full_like(own[:, :1], number), own], dim=1)
                pooled = roi_align(features, rois, (self.roi_output_h, self.roi_output_w))
                probability, label = self.classifier(pooled.flatten(1)).softmax(dim=1).max(dim=1)
                confident = confident * probability
""",
            """            boxes, confidences, classes = [], [], []
            counts = [len(p) for p in proposals]
            numbers = torch.cat([torch.full_like(p[:, :1], n) for n, p in enumerate(proposals)])
            rois = torch.cat([numbers, torch.cat(list(proposals))], dim=1)
            pooled = roi_align(features, rois, (self.roi_output_h, self.roi_output_w))
            probabilities = F.softmax(self.classifier(pooled.flatten(1)), dim=-1)
            parts = probabilities.split(counts)
            for own, confident, part in zip(proposals, objectness, parts, strict=True):
                probability, label = part.max(dim=1)
                confident = confident * probability
""",
        ),
    ),
]
