"""The peak of double descent with random ReLU features: `python bench/double_descent.py [--seeds 20]`.

Prints the median test error over seeds for each number of features, with the figures that the specification of a21
states for 20 seeds next to it: 60 examples in 10 dimensions, answers tanh(2 w x) with noise 0.3, and the shortest
exact fit (Belkin et al. 2019 report the same form). Ends with code 1 if the largest error is not at 60 features, or
if a ridge does not remove the peak.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions" / "a21_training_practice"))
from practice import min_norm_fit

EXAMPLES, DIMENSIONS, NOISE, TEST = 60, 10, 0.3, 1000
STATED = {15: 0.41, 30: 0.45, 45: 0.88, 55: 2.7, 60: 28.4, 65: 3.2, 80: 1.1, 120: 0.76, 600: 0.49, 2000: 0.49}


def error(features: int, seed: int, ridge: float) -> float:
    """Return the squared error on new points without noise."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    w, W = draw(DIMENSIONS) / DIMENSIONS**0.5, draw(features, DIMENSIONS)
    x, new = draw(EXAMPLES, DIMENSIONS), draw(TEST, DIMENSIONS)
    y = (2 * x @ w).tanh() + NOISE * draw(EXAMPLES)
    Phi, Phi_new = ((at @ W.T).relu() / features**0.5 for at in (x, new))
    if ridge:
        fit = torch.linalg.solve(Phi.T @ Phi + ridge * torch.eye(features, dtype=torch.float64), Phi.T @ y)
    else:
        fit = min_norm_fit(Phi, y)
    return float(((Phi_new @ fit - (2 * new @ w).tanh()) ** 2).mean())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    seeds = range(parser.parse_args().seeds)
    ours = {p: statistics.median(error(p, seed, 0.0) for seed in seeds) for p in STATED}
    ridged = {p: statistics.median(error(p, seed, 0.1) for seed in seeds) for p in STATED if p <= 600}
    print("features  stated    ours  with ridge 0.1")
    for p, stated in STATED.items():
        print(f"{p:8}  {stated:6.2f}  {ours[p]:6.2f}  {ridged.get(p, float('nan')):14.2f}")
    peak = max(ours, key=lambda p: ours[p])
    flat = max(ridged.values()) < 3 * min(ridged.values())
    print(
        f"the peak is at {peak} features, of {EXAMPLES} examples; with the ridge there is {'none' if flat else 'one'}"
    )
    return 0 if peak == EXAMPLES and flat else 1


if __name__ == "__main__":
    sys.exit(main())
