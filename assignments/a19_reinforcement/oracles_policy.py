"""What the checks of policy_gradient share: sums over steps, episodes of a small world, and models that keep logs."""

import itertools
import math

import torch
from torch import Tensor

DISTRIBUTIONS = ["torch.distributions", "F.cross_entropy", "F.nll_loss", "nn.CrossEntropyLoss", "nn.NLLLoss"]

# A world whose reward is 1 for action 1, 0 for action 0, with episodes of 1 to 5 steps: the third number of an
# observation says how many are left. After the end rewards are nan. It keeps a log of actions and observations.
# `weights_of` records the rewards and the mask that it gets, and returns a fixed table.
ENVS = """
import torch
from torch import nn

def generator(like, seed):
    return torch.Generator(device=like.device).manual_seed(seed)

class Short:
    def __init__(self, like, truncates):
        self.like, self.truncates, self.resets, self.actions, self.seen = like, truncates, [], [], []

    def reset(self, n, generator):
        self.resets.append(n)
        self.left = torch.arange(n, device=self.like.device) % 5 + 1
        self.noise = generator
        return self.watch()

    def watch(self):
        random = torch.rand(len(self.left), 2, generator=self.noise, device=self.like.device)
        obs = torch.cat([random, self.left[:, None].float()], dim=1)
        self.seen.append(obs.clone())
        return obs

    def step(self, actions):
        self.actions.append(actions.clone())
        over = self.left <= 0
        self.left = self.left - 1
        reward = torch.where(over, float("nan"), actions.float())
        ended = self.left == 0
        cut = ended if self.truncates else torch.zeros_like(ended)
        return self.watch(), reward, ended & ~cut, cut

def short(like, truncates):
    return Short(like, truncates)

def model(like, weight):
    net = nn.Sequential(nn.Linear(3, 2))
    with torch.no_grad():
        net[0].weight.copy_(weight)
        net[0].bias.zero_()
    return net.to(like.device)

def parameters(net):
    return [p.detach().clone() for p in net.parameters()]

def trained(like, weight, generator):
    env = Short(like, False)
    student.train_policy(env, model(like, weight), generator, 1, 10, 9)
    return env.actions  # a first step of Adam has nearly the same size, whatever was drawn

class Weigh:
    def __init__(self, table):
        self.table, self.calls = table, []

    def __call__(self, rewards, mask):
        self.calls.append((rewards.clone(), mask.clone()))
        return self.table[:, : rewards.shape[1]].to(rewards.dtype)

def weigh(table):
    return Weigh(table)
"""

# Players of `act`: the model returns given logits, and logs what it was asked.
PLAYERS = """
import torch

class Model:
    def __init__(self, table):
        self.table, self.asked = table, []

    def __call__(self, wanted, states, actions):
        self.asked.append((wanted.clone(), states.clone(), actions.clone()))
        t = wanted.shape[1]
        return self.table[None, :t] + 0.0 * wanted[:, :, None]

class World:
    def __init__(self, like, rewards, ends, truncates):
        self.like, self.rewards, self.ends, self.truncates = like, rewards, ends, truncates
        self.taken, self.copies = [], []

    def reset(self, n, generator):
        self.copies.append(n)
        self.drawn = torch.rand(4, generator=generator, device=self.like.device)
        self.time = 0
        return torch.full((n, 2), 0.5, device=self.like.device)

    def step(self, actions):
        self.taken.append(actions.clone())
        reward = self.rewards[self.time].expand(1)
        self.time += 1
        over = torch.tensor([self.time == self.ends], device=self.like.device)
        no = torch.zeros_like(over)
        obs = torch.full((1, 2), 0.5 + self.time, device=self.like.device)
        return obs, reward, no if self.truncates else over, over if self.truncates else no

def player(table):
    return Model(table)

def world(like, rewards, ends, truncates):
    return World(like, rewards, ends, truncates)

def start(like, generator):
    env = World(like, like, 1, False)
    student.act(Model(torch.zeros(1, 2, device=like.device)), env, 1.5, generator, 1)
    return env.drawn

def generator(like):
    return torch.Generator(device=like.device).manual_seed(0)
"""

# Loans: a loop over actions, distributions, and sums, which those tasks forbid or which are slow.
LOANS_OF_LOGS = """
import torch

def log_prob(logits, actions):
    return torch.distributions.Categorical(logits=logits).log_prob(actions)

def entropy(logits):
    return torch.distributions.Categorical(logits=logits).entropy()

LOANS = {"log_prob": log_prob, "entropy": entropy}
"""


def logs_of(logits: Tensor) -> Tensor:
    """Compute the logarithms of probabilities: the logit minus the logarithm of the sum of exponentials."""
    top = logits.amax(dim=-1, keepdim=True)
    return logits - top - (logits - top).exp().sum(dim=-1, keepdim=True).log()


def policy_loss(logits, actions, weights, mask):
    """Compute REINFORCE's loss step by step."""
    total = 0.0
    for e in range(len(mask)):
        for t in range(mask.shape[1]):
            if mask[e, t]:
                total = total - logs_of(logits[e, t])[actions[e, t]] * float(weights[e, t])
    return total / len(mask)


def to_go(rewards, gamma):
    """Compute each reward to go as a sum of its own."""
    E, T = rewards.shape
    rows = [[math.fsum(float(rewards[e, k]) * gamma ** (k - t) for k in range(t, T)) for t in range(T)]
            for e in range(E)]  # fmt: skip
    return rewards.new_tensor(rows)


def masked(rng, E, T):
    """Draw a mask of episodes with random lengths of at least 1."""
    lengths = 1 + rng.integers(0, T, E)
    return torch.arange(T, device=rng.device)[None] < lengths[:, None]


def advantages(deltas, ended, gamma, lam):
    """Compute each advantage as a sum of its own, up to the end of its episode."""
    out = torch.zeros_like(deltas)
    for e in range(deltas.shape[0]):
        for t in range(deltas.shape[1]):
            power, k = 1.0, t
            while k < deltas.shape[1]:
                out[e, t] += power * deltas[e, k]
                power *= gamma * lam
                if ended[e, k]:
                    break
                k += 1
    return out


def episodes_of_two_states(theta, P, R, steps=2):
    """Return all episodes of a world with two states from state 0: states, actions, rewards, probabilities; and J.

    Probabilities and the mean return J are differentiable in the logits theta (2, 2).
    """
    logs = logs_of(theta)
    states, actions, rewards, chances, mean = [], [], [], [], 0.0
    for a in itertools.product(range(2), repeat=steps):
        for later in itertools.product(range(2), repeat=steps - 1):
            s = (0, *later)
            p = 1.0
            for t in range(steps):
                p = p * logs[s[t], a[t]].exp()
                if t + 1 < steps:
                    p = p * P[s[t], a[t], s[t + 1]]
            r = [float(R[s[t], a[t]]) for t in range(steps)]
            mean = mean + p * sum(r)
            states.append(s)
            actions.append(a)
            rewards.append(r)
            chances.append(float(p.detach()))
    tensors = [torch.tensor(part, device=theta.device) for part in (states, actions)]
    return *tensors, theta.new_tensor(rewards), theta.new_tensor(chances), mean
