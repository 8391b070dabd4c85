"""Training loops and their parts: solver, losses, labels, checkpoints, seeds. For students."""

from common.training.fit import fit, predict
from common.training.seed import seed_everything
from common.training.solver import Solver

__all__ = ["Solver", "fit", "predict", "seed_everything"]
