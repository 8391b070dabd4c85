"""What the checks of deep_q share: memories as lists, networks as functions, targets and losses one by one."""

import torch
import torch.nn.functional as F
from torch import Tensor

HUBERS = ["F.smooth_l1_loss", "F.huber_loss", "nn.SmoothL1Loss", "nn.HuberLoss"]
PLANS = {"nips": ((8, 4), (4, 2)), "nature": ((8, 4), (4, 2), (3, 1))}

TOOLS = """
import torch
from torch import nn
from autograder.probes.watching import used_layers

def generator(like, seed):
    return torch.Generator(device=like.device).manual_seed(seed)

def memory(like, capacity, shape):
    return student.ReplayBuffer(capacity, tuple(shape), like)

def values(net):
    return [p.detach().clone() for p in net.parameters()]

def used(net, frames):
    return [p.detach().clone() for layer in used_layers(net, frames) for p in layer.parameters(recurse=False)]

def on(net, like):
    return net.to(like.device)

def linear(like, inputs, outputs, weight):
    net = nn.Linear(inputs, outputs, bias=False)
    with torch.no_grad():
        net.weight.copy_(weight)
    return net.to(like.device)
"""

# Copies that walk along five steps and observe which one they are at; action 1 earns 0.2 at the first, ..., 1 at the
# last, action 0 nothing. After five steps they are done or truncated. A log has actions, rewards, and who was
# restarted.
STEPS = (
    TOOLS
    + """
class Steps:
    def __init__(self, like, truncates):
        self.like, self.truncates = like, truncates
        self.actions, self.rewards, self.restarts, self.resets = [], [], [], []

    def reset(self, n, generator):
        self.resets.append(n)
        self.time = torch.arange(n, device=self.like.device) % 5
        return self.watch()

    def watch(self):
        return torch.nn.functional.one_hot(self.time.clamp(max=4), 5).float()

    def step(self, actions):
        self.actions.append(actions.clone())
        self.time = self.time + 1
        self.rewards.append(actions.float() * self.time.clamp(max=5) / 5)
        over = self.time >= 5
        no = torch.zeros_like(over)
        return self.watch(), self.rewards[-1].clone(), no if self.truncates else over, over if self.truncates else no

    def restart(self, which):
        self.restarts.append((which.clone(), self.time.clone()))
        self.time = torch.where(which, 0, self.time)
        return self.watch()

def steps(like, truncates):
    return Steps(like, truncates)
"""
)


def experiences(rng, B, shape, start=0):
    """Draw experiences whose rewards are their numbers."""
    rewards = torch.arange(start, start + B, device=rng.device, dtype=torch.float32)
    obs, after = rng.normal(B, *shape, dtype=torch.float32), rng.normal(B, *shape, dtype=torch.float32)
    return obs, rng.integers(0, 4, B), rewards, after, rng.uniform(B) < 0.5


def forward(parameters, frames: Tensor, variant: str) -> list[Tensor]:
    """Compute what a network returns that has these parameters, for each order of biases of equal length."""
    kernels = [p for p in parameters if p.ndim == 4]
    matrices = [p for p in parameters if p.ndim == 2]
    biases = [p for p in parameters if p.ndim == 1]
    orders = [biases] if variant == "nips" else [biases, [biases[0], biases[2], biases[1], *biases[3:]]]
    found = []
    for order in orders:
        x = frames
        for kernel, bias, (_, stride) in zip(kernels, order, PLANS[variant], strict=False):
            x = F.conv2d(x, kernel, bias, stride=stride).clamp(min=0)
        x = (x.flatten(1) @ matrices[0].T + order[len(kernels)]).clamp(min=0)
        found.append(x @ matrices[1].T + order[len(kernels) + 1])
    return found


def targets(q_choose, q_judge, rewards, done, gamma):
    """Compute targets one by one."""
    out = [
        float(rewards[n]) + (0.0 if done[n] else gamma * float(q_judge[n, int(q_choose[n].argmax())]))
        for n in range(len(rewards))
    ]
    return rewards.new_tensor(out)


def huber(q, actions, target, divide=None):
    """Compute the mean Huber loss one by one."""
    total = 0.0
    for n in range(len(actions)):
        error = q[n, actions[n]] - float(target[n])
        total = total + (error**2 / 2 if abs(float(error)) <= 1 else abs(error) - 0.5)
    return total / (divide or len(actions))


def fitted(phi, a, r, phi2, done, actions, gamma, iterations, best=torch.max):
    """Fit by normal equations. Another ``best`` than the maximum over actions is a mistake."""
    weights = phi.new_zeros(phi.shape[1], actions)
    for _ in range(iterations):
        new = torch.zeros_like(weights)
        for b in range(actions):
            rows = [n for n in range(len(a)) if int(a[n]) == b]
            y = [float(r[n]) + (0.0 if done[n] else gamma * float(best(phi2[n] @ weights))) for n in rows]
            X = phi[rows]
            new[:, b] = torch.linalg.solve(X.T @ X, X.T @ X.new_tensor(y))
        weights = new
    return weights
