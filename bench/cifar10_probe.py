"""Measure SimCLR's features on real CIFAR-10 with a linear probe, next to a random encoder's features and pixels.

    GRADLAB_DATA=DATA python bench/cifar10_probe.py                      # DATA holds cifar-10-batches-py
    GRADLAB_DATA=DATA python bench/cifar10_probe.py --seeds 0 1 --images 10000 --epochs 8

Trains a08's reference (augmentations, loss, epoch) on the first images of the training set, without labels. The probe
is also a08's: softmax regression on standardised features, fitted on 1 %, 10 % and all labels of the same images. It is
tested once on the 10,000 test images; no setting was chosen on them.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from types import ModuleType

import torch
from cifar10.entry import read_solution
from torch import Tensor
from torch.utils.data import DataLoader

from common.data import Split, load
from common.nets.contrastive import ContrastiveModel, features_of, settle
from common.training.seed import seed_everything

RATE = 3e-3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="N")
    parser.add_argument("--images", type=int, default=10_000, help="training images (default: 10,000)")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--width", type=int, default=128, help="features of the encoder (default: 128)")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--temperature", type=float, default=0.2)
    parser.add_argument("--scale", type=float, default=0.2, help="smallest share of an image in a crop (default: 0.2)")
    parser.add_argument("--threads", type=int, default=2, help="of torch (default: 2)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    simclr = read_solution("a08_self_supervised", "simclr")
    split = load("cifar10", num_train=options.images, num_test=10_000)
    print(f"torch {torch.__version__}, {vars(options)}")
    for seed in options.seeds:
        seed_everything(seed)
        begun = time.process_time()
        model = ContrastiveModel(options.width)
        settle(model, split.x_train)
        tables = {
            "pixels": (split.x_train.flatten(1), split.x_test.flatten(1)),
            "random encoder": (features_of(model, split.x_train), features_of(model, split.x_test)),
        }
        losses = pretrain(simclr, model, split.x_train, seed, options)
        tables["SimCLR"] = features_of(model, split.x_train), features_of(model, split.x_test)
        print(f"seed {seed}: loss {losses[0]:.3f} to {losses[-1]:.3f}, {time.process_time() - begun:.0f} s of CPU time")
        for name, (features, queries) in tables.items():
            print(
                f"  {name:16}" + "".join(f"{line:>18}" for line in probed(simclr, split, features, queries)), flush=True
            )
    return 0


def pretrain(
    simclr: ModuleType, model: ContrastiveModel, images: Tensor, seed: int, options: argparse.Namespace
) -> list[float]:
    """Train with NT-Xent and a learning rate that falls as a cosine; return the mean loss of each epoch."""
    transform = simclr.compute_train_transform(seed=seed, scale=(options.scale, 1.0))
    pairs = simclr.PairDataset(images, torch.zeros(len(images), dtype=torch.int64), transform)
    loader = DataLoader(pairs, batch_size=options.batch, shuffle=True, drop_last=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-4)
    losses = []
    for epoch in range(1, options.epochs + 1):
        optimizer.param_groups[0]["lr"] = RATE * (0.05 + 0.475 * (1 + math.cos(math.pi * (epoch - 1) / options.epochs)))
        settings = {"batch_size": options.batch, "temperature": options.temperature}
        losses.append(simclr.train(model, loader, optimizer, epoch, options.epochs, **settings))
    return losses


def probed(simclr: ModuleType, split: Split, features: Tensor, queries: Tensor) -> list[str]:
    """Measure the linear probe with 1 %, 10 % and all labels; with few labels, the mean of five random choices."""
    lines = []
    for percent, draws in ((1, 5), (10, 5), (100, 1)):
        generator = torch.Generator().manual_seed(percent)  # the same images for every table and seed
        found = []
        for _ in range(draws):
            rows = torch.randperm(len(features), generator=generator)[: len(features) * percent // 100]
            predicted = simclr.linear_probe(features[rows], split.y_train[rows], queries)
            found.append(100 * float((predicted == split.y_test).double().mean()))
        lines.append(f"{percent} %: {sum(found) / draws:.1f} %")
    return lines


if __name__ == "__main__":
    sys.exit(main())
