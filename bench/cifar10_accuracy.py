"""Measure the accuracy of the references on real CIFAR-10, next to published figures.

    GRADLAB_DATA=DATA python bench/cifar10_accuracy.py                    # all; DATA holds cifar-10-batches-py
    GRADLAB_DATA=DATA python bench/cifar10_accuracy.py --only softmax     # entries with this word in their name
    GRADLAB_DATA=DATA python bench/cifar10_accuracy.py --seeds 0 1 2

Runs the `ENTRIES` of each module in bench/cifar10/ (see bench/cifar10/entry.py). Every entry trains on the 50,000
training images, or fewer if its settings say so, and is tested once on the 10,000 test images.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time

import cifar10
import torch
from cifar10.entry import Entry

from common.data import load
from common.training.seed import seed_everything


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", default="", metavar="WORD", help="only entries with this word in their name or assignment"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="N")
    parser.add_argument("--threads", type=int, default=2, help="of torch (default: 2)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    chosen = [entry for entry in entries() if options.only.lower() in f"{entry.assignment} {entry.name}".lower()]
    if not chosen:
        parser.error(f"no entry has {options.only!r} in its name; choose among: {', '.join(e.name for e in entries())}")
    split = load("cifar10")
    print(f"torch {torch.__version__}, {options.threads} threads, {len(split.x_train):,} training images")
    missed = 0
    for entry in chosen:
        print(f"\n{entry.assignment}: {entry.name}\n  {entry.settings}")
        for seed in options.seeds:
            seed_everything(seed)
            begun = time.perf_counter()
            accuracy = 100 * entry.train(split, seed)
            verdict = "reached" if accuracy > entry.goal else "MISSED"
            missed += accuracy <= entry.goal
            print(
                f"  seed {seed}: test {accuracy:.2f} %, goal above {entry.goal:g} % {verdict}; "
                f"published {entry.published}; {time.perf_counter() - begun:.0f} s",
                flush=True,
            )
    return 1 if missed else 0


def entries() -> list[Entry]:
    """Collect the entries of all modules in bench/cifar10, by assignment."""
    found = [importlib.import_module(f"cifar10.{module.name}") for module in pkgutil.iter_modules(cifar10.__path__)]
    return sorted((e for module in found for e in getattr(module, "ENTRIES", [])), key=lambda entry: entry.assignment)


if __name__ == "__main__":
    sys.exit(main())
