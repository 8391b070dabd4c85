"""Loops that train, and what they stand on: solver, batches, losses, checkpoints, seeds."""

from common.training.fit import fit, predict
from common.training.seed import seed_everything
from common.training.solver import Solver

__all__ = ["Solver", "fit", "predict", "seed_everything"]
