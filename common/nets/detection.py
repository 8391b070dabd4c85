"""Given parts of the detectors of a10: grids, offsets, pixels to cells, and the training loop.

Boxes are xyxy. A detector works on the coordinates of the activation map: its cell in row i and column j covers
(j, i, j + 1, i + 1), so pixels are divided by the backbone's stride.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from tqdm import tqdm

from common.nets.backbone import Backbone

# Widths and heights in cells of 8 pixels, for scenes of 64 x 64: objects there are 8 to 23 pixels wide.
ANCHORS = ((1.2, 1.2), (1.7, 1.7), (2.2, 2.2), (2.7, 2.7), (1.3, 2.0), (2.0, 1.3))


def generate_grid(features: Tensor) -> Tensor:
    """Compute the centre of each cell of an activation map.

    Shapes:
        features  (B, D, H, W)
        out       (B, H, W, 2)  x and y; the first cell's are (0.5, 0.5). dtype and device of the features
    """
    batch, _, height, width = features.shape
    y = torch.arange(height, dtype=features.dtype, device=features.device) + 0.5
    x = torch.arange(width, dtype=features.dtype, device=features.device) + 0.5
    grid = torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1)
    return grid.repeat(batch, 1, 1, 1)


def box_offsets(anchors: Tensor, boxes: Tensor, method: str) -> Tensor:
    """Compute the offsets that turn each anchor into its box: the inverse of GenerateProposal.

    Shapes:
        anchors  (..., 4)  xyxy
        boxes    (..., 4)  xyxy, with an area
        method   str       "YOLO": centres differ by (tx, ty) cells; "FasterRCNN": by (tx, ty) anchor sizes
        out      (..., 4)  tx, ty, tw, th
    """
    size, box_size = anchors[..., 2:] - anchors[..., :2], boxes[..., 2:] - boxes[..., :2]
    shift = (boxes[..., 2:] + boxes[..., :2] - anchors[..., 2:] - anchors[..., :2]) / 2
    if method == "FasterRCNN":
        shift = shift / size
    elif method != "YOLO":
        raise ValueError(f"There is no method {method!r}; choose 'YOLO' or 'FasterRCNN'.")
    return torch.cat([shift, (box_size / size).log()], dim=-1)


def to_map(boxes: Tensor, stride: int = Backbone.stride) -> Tensor:
    """Convert boxes from pixels to cells; rows of padding stay -1.

    Shapes:
        boxes  (B, N, 5)  xyxy in pixels, label
        out    (B, N, 5)  xyxy in cells, label
    """
    real = boxes[..., 4:] >= 0
    return torch.where(real, torch.cat([boxes[..., :4] / stride, boxes[..., 4:]], dim=-1), boxes)


def mirror(images: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror a batch left to right.

    Shapes:
        images  (B, 3, H, W)
        boxes   (B, N, 5)     xyxy in pixels, label; rows of padding stay -1
    """
    x0, y0, x1, y1, label = boxes.unbind(-1)
    width = images.shape[-1]
    mirrored = torch.stack([width - x1, y0, width - x0, y1, label], dim=-1)
    return images.flip(-1), torch.where(boxes[..., 4:] >= 0, mirrored, boxes)


def train_detector(
    detector: nn.Module,
    images: Tensor,
    boxes: Tensor,
    *,
    steps: int = 300,
    batch_size: int = 16,
    learning_rate: float = 4e-3,
    seed: int = 0,
    milestones: Sequence[int] = (),
    progress: bool = False,
) -> tuple[list[float], dict[int, dict[str, Tensor]]]:
    """Train with AdamW on random batches, half of them mirrored; the detector is in evaluation mode afterwards.

    The backbone has 0.3 of the learning rate. Returns the loss of every step, and the weights after each step in
    `milestones`. `progress` shows a progress bar.

    Shapes:
        images  (N, 3, H, W)  float32 in [0, 1]
        boxes   (N, B, 5)     xyxy in pixels, label; rows of -1 are padding
    """
    generator = torch.Generator().manual_seed(seed)
    slow = {p for module in detector.modules() if isinstance(module, Backbone) for p in module.parameters()}
    groups = [[p for p in detector.parameters() if p in slow], [p for p in detector.parameters() if p not in slow]]
    rates = [0.3 * learning_rate, learning_rate]
    parameters = [{"params": group, "lr": rate} for group, rate in zip(groups, rates, strict=True)]
    optimizer = torch.optim.AdamW(parameters, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=steps)
    losses: list[float] = []
    weights: dict[int, dict[str, Tensor]] = {}
    detector.train()
    for step in tqdm(range(1, steps + 1), unit="step", disable=not progress):
        rows = torch.randint(len(images), (batch_size,), generator=generator).to(images.device)
        batch = images[rows], boxes[rows]
        if torch.rand((), generator=generator) < 0.5:
            batch = mirror(*batch)
        loss = detector(batch[0], to_map(batch[1]))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(detector.parameters(), 10.0)
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step in milestones:
            weights[step] = {name: value.detach().clone() for name, value in detector.state_dict().items()}
    detector.eval()
    return losses, weights
