"""In how many steps does a19 solve CartPole? `python bench/cart_pole.py [--seeds 5]`.

Solved means, as gymnasium says of CartPole-v0, a mean of at least 195 steps in 100 episodes of at most 200. REINFORCE
with the settings of the notebook trains the policy; after each update it plays greedily, from starts that are new. If
gymnasium is installed, its CartPole plays the trained policies, too.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from common.environments import CartPole

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions" / "a19_reinforcement"))
from policy_gradient import train_policy

ENOUGH, LIMIT, EPISODES = 195.0, 200, 100


def greedy_length(model: nn.Module, seed: int) -> float:
    """Return the mean length of episodes with the likeliest actions."""
    env, alive, steps = CartPole(LIMIT), torch.ones(EPISODES, dtype=torch.bool), torch.zeros(EPISODES)
    obs = env.reset(EPISODES, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for _ in range(LIMIT):
            steps += alive
            obs, _, done, _ = env.step(model(obs).argmax(dim=1))
            alive &= ~done
    return float(steps.mean())


def gymnasium_length(model: nn.Module) -> float | None:
    """Return the mean length in gymnasium's CartPole, or None without gymnasium."""
    if not importlib.util.find_spec("gymnasium"):
        return None
    world, total = importlib.import_module("gymnasium").make("CartPole-v1", max_episode_steps=LIMIT), 0
    for seed in range(EPISODES):
        obs, over = world.reset(seed=seed)[0], False
        while not over:
            with torch.no_grad():
                action = int(model(torch.as_tensor(obs)[None]).argmax())
            obs, _, terminated, truncated, _ = world.step(action)
            over, total = terminated or truncated, total + 1
    return total / EPISODES


class Watched(CartPole):
    """Carts that count the steps until the policy is solved. A reset comes before each update."""

    def __init__(self, model: nn.Module, seed: int) -> None:
        super().__init__(LIMIT)
        self.model, self.seed, self.updates, self.steps = model, seed, -1, 0
        self.solved: tuple[int, int] | None = None
        self.best: dict[str, Tensor] = {}

    def reset(self, n: int, generator: torch.Generator) -> Tensor:
        """Play the policy on new starts, and start the carts."""
        self.updates += 1
        if not self.solved and greedy_length(self.model, 10_000 + self.seed) >= ENOUGH:
            self.solved = self.updates, self.steps
            self.best = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.alive = torch.ones(n, dtype=torch.bool)
        return super().reset(n, generator)

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Count the carts whose poles are still up."""
        self.steps += int(self.alive.sum())
        found = super().step(actions)
        self.alive = self.alive & ~found[2]
        return found


def solve(seed: int, most: int) -> tuple[int, int, float, nn.Module]:
    """Train until it is solved: updates (0: never), steps of the simulator, processor seconds, and the policy."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))
    begun, env = time.process_time(), Watched(model, seed)
    train_policy(env, model, torch.Generator().manual_seed(seed), updates=most)
    updates, steps = env.solved or (0, env.steps)
    if env.best:
        model.load_state_dict(env.best)
    return updates, steps, time.process_time() - begun, model


def main() -> int:
    """Print a line for each seed, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--most", type=int, default=40, help="updates before a seed counts as not solved")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = []
    for seed in range(options.seeds):
        updates, steps, seconds, model = solve(seed, options.most)
        theirs = gymnasium_length(model)
        said = "not installed" if theirs is None else f"{theirs:.1f} steps"
        solved = f"solved after {updates} updates" if updates else "not solved"
        print(f"seed {seed}: {solved}, {steps:,} steps of carts; gymnasium: {said}  ({seconds:.0f} s)")
        found.append((updates, steps))
    solved_steps = sorted(steps for updates, steps in found if updates)
    if solved_steps:
        print(f"solved: {len(solved_steps)} of {len(found)}; median {solved_steps[len(solved_steps) // 2]:,} steps")
    return 0 if len(solved_steps) == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
