"""Train a small CNN on generated scenes and write its weights: what the programs of this folder share."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from common.nets.weights import write_tensors


@dataclass(frozen=True)
class Plan:
    """Length and settings of a training run."""

    images: int
    seed: int = 0
    epochs: int = 8
    batch: int = 64
    learning_rate: float = 4e-3


@dataclass(frozen=True)
class Trained:
    """Tensors to write, and the accuracies to report, by name: {"accuracy": 0.96}."""

    tensors: dict[str, Tensor]
    accuracies: Mapping[str, float]


def minimise(loss_of: Callable[[Tensor], Tensor], parameters: Iterable[nn.Parameter], plan: Plan) -> None:
    """Train with AdamW and one cycle of the learning rate; print the mean loss of each epoch.

    ``loss_of(rows)`` is the loss on the training images with these indices, (batch,) int64.
    """
    optimizer = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=0.05)
    per_epoch = plan.images // plan.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, plan.learning_rate, total_steps=plan.epochs * per_epoch)
    for epoch in range(plan.epochs):
        total = 0.0
        for rows in torch.randperm(plan.images).split(plan.batch)[:per_epoch]:
            loss = loss_of(rows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        print(f"epoch {epoch + 1} of {plan.epochs}: loss {total / per_epoch:.3f}", flush=True)


@torch.no_grad()
def fold_norms(trained: nn.Sequential, network: nn.Module) -> None:
    """Copy the convolutions of a trained network, with the batch normalisation after each, into a network without it.

    The scale and the shift of each normalisation go into the convolution before it, so both networks compute the same.
    """
    convs, outs = ([m for m in part.modules() if isinstance(m, nn.Conv2d)] for part in (trained, network))
    norms = [m for m in trained.modules() if isinstance(m, nn.BatchNorm2d)]
    for conv, norm, out in zip(convs, norms, outs, strict=True):
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert out.bias is not None
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        out.weight.copy_(conv.weight * scale[:, None, None, None])
        out.bias.copy_(norm.bias - norm.running_mean * scale)


def main(program: str, description: str, plan: Plan, out: Path, run: Callable[[Plan], Trained]) -> None:
    """Read the command line, train, and write the weights with a record of how they were made."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--epochs", type=int, default=plan.epochs)
    parser.add_argument("--out", type=Path, default=out)
    options = parser.parse_args()
    torch.set_num_threads(1)  # sums are rounded alike on every machine with the same instructions
    begun = time.perf_counter()
    trained = run(replace(plan, seed=options.seed, epochs=options.epochs))
    accuracies = {name: f"{value:.4f}" for name, value in trained.accuracies.items()}
    metadata = {
        "command": f"python -m {program} --seed {options.seed} --epochs {options.epochs}",
        "seed": str(options.seed),
        "torch": torch.__version__,
    }
    write_tensors(options.out, trained.tensors, metadata | accuracies)
    shown = ", ".join(f"{name} {value}" for name, value in accuracies.items())
    print(f"{shown} on other images; {time.perf_counter() - begun:.0f} s; {options.out}")
