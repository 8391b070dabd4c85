"""What the hidden check of train_policy lends, where its parts are wrong or missing, and updates with mistakes."""

import torch
from check_policy_gradient import scaled
from oracles_networks import nearest
from oracles_policy import logs_of, to_go
from torch import nn

LOANS_OF_STEPS = """
import torch

def log_prob(logits, actions):
    return torch.log_softmax(logits, -1).gather(-1, actions.unsqueeze(-1)).squeeze(-1)

def loss(logits, actions, weights, mask):
    return -(log_prob(logits, actions) * weights.detach()).masked_fill(~mask, 0.0).sum() / mask.shape[0]

def sums(rewards, gamma):
    columns, total = [], 0.0 * rewards[:, 0]
    for column in rewards.flip(1).unbind(1):
        total = column + gamma * total
        columns.append(total)
    return torch.stack(columns, 1).flip(1)

def scale(weights, mask):
    values = weights[mask]
    return ((weights - values.mean()) / (values.std(correction=0) + 1e-8)).masked_fill(~mask, 0.0)

LOANS = {"log_prob": log_prob, "reinforce_loss": loss, "reward_to_go": sums, "normalise": scale}
"""

POLE = """
import torch
from torch import nn
from common.environments import CartPole

def trained(like, seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2)).to(like.device)
    random = torch.Generator(device=like.device).manual_seed(seed)
    student.train_policy(CartPole(), model, random, updates=60, n=32, steps=200, gamma=0.99, lr=0.01)
    return [p.detach().clone() for p in model.parameters()]
"""


def linear(weight):
    """Return a linear layer without bias, at first, that has this weight."""
    net = nn.Linear(3, 2).to(weight.device)
    with torch.no_grad():
        net.weight.copy_(weight)
        net.bias.zero_()
    return net


def weights_of_updates(
    weight, rounds, *, weigh=None, lr=0.05, last=False, zeroes=True, fresh=False, method=torch.optim.Adam
):
    """Compute the weight after updates with a mistake from observations, actions, mask, weights and rewards of each."""
    net = linear(weight)
    optimizer = method(net.parameters(), lr=lr)
    for seen, actions, mask, weights, earned in rounds:
        terms = logs_of(net(seen)).gather(2, actions[..., None])[..., 0] * (weigh(earned, mask) if weigh else weights)
        optimizer = method(net.parameters(), lr=lr) if fresh else optimizer
        optimizer.zero_grad() if zeroes else None
        (-torch.where(mask, terms, 0)[:, -1 if last else 0 :].sum() / len(mask)).backward()
        optimizer.step()
    return net.weight.detach()


def wrong_updates(weight, rounds, found, gamma=None):
    """Return what may be wrong in updates, each with the weight that it gives; without gamma, weights are given."""
    wrong = {
        "In each update, zero_grad comes before backward.": [{"zeroes": False}],
        "The loss takes all steps that were played, not the last one alone.": [{"last": True}],
        "Make Adam once, before the loop: a new one forgets its averages.": [{"fresh": True}],
        "Adam has the rate lr that is given.": [{"lr": lr} for lr in (1e-4, 1e-3, 0.01, 0.02, 0.1)],
        "The steps are those of torch.optim.Adam.": [
            {"method": torch.optim.SGD}, {"method": torch.optim.RMSprop}, {"method": torch.optim.Adagrad},
        ],
    }  # fmt: skip
    if gamma:
        wrong["Rewards to go are discounted by the gamma that is given."] = [
            {"weigh": lambda earned, mask, other=other: scaled(to_go(earned, other), mask)}
            for other in (1.0, 0.99, 0.95, 0.9)
            if other != gamma
        ]
        wrong["Without the option `weigh`, the weights are those of reward_to_go, normalised."] = [
            {"weigh": lambda earned, mask: to_go(earned, gamma)},
            {"weigh": lambda earned, mask: to_go(earned, gamma)[:, :1].expand_as(earned)},
            {"weigh": lambda earned, mask: scaled(to_go(earned, gamma)[:, :1].expand_as(earned), mask)},
            {"weigh": lambda earned, mask: scaled(to_go(earned, gamma), mask, each=True)},
            {"weigh": scaled},
            {"weigh": lambda earned, mask: earned},
        ]
    return {
        hint: lambda changes=changes: nearest([weights_of_updates(weight, rounds, **each) for each in changes], found)
        for hint, changes in wrong.items()
    }
