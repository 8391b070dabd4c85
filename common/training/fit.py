"""Train an nn.Module on images with labels in a fixed number of steps, and predict with it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm


def fit(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    epochs: int,
    batch_size: int = 50,
    learning_rate: float = 1e-2,
    weight_decay: float = 0.05,
    progress: bool = False,
) -> list[float]:
    """Train with AdamW on the cross-entropy; the learning rate rises once and falls to zero. Return the losses.

    Each epoch visits every image once, in an order drawn from torch's global generator. The last batch may be smaller.
    `progress` shows a progress bar.

    Shapes:
        x    (N, ...)  images, on the model's device
        y    (N,)      labels, int64
        out  list      the loss of each of the epochs * ceil(N / batch_size) steps
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    steps = epochs * -(-len(x) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    model.train()
    losses = []
    for _ in tqdm(range(epochs), unit="epoch", disable=not progress):
        for rows in torch.randperm(len(x)).split(batch_size):
            rows = rows.to(x.device)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
    return losses


@torch.no_grad()
def predict(model: nn.Module, x: Tensor, *, batch_size: int = 250) -> Tensor:
    """Predict the class with the highest score for each image, in evaluation mode.

    Shapes:
        x    (N, ...)  images
        out  (N,)      int64
    """
    training = model.training
    model.eval()
    labels = torch.cat([model(part).argmax(dim=1) for part in x.split(batch_size)])
    model.train(training)
    return labels
