"""What hidden checks of deep_q do with networks: a frozen target, samples that are watched, a memory of one."""

import torch
import torch.nn.functional as F
from oracles_deep_q import STEPS
from torch import nn

from autograder import Message, expect, expect_close

# A target network that is frozen, as it often is, with layers inside of layers.
FROZEN = """
import torch
from torch import nn

def frozen(like, tau):
    nets = [nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))).to(like.device) for _ in range(2)]
    with torch.no_grad():
        for net, number in zip(nets, (1.0, 0.0)):
            for x in [*net.parameters(), net[0][1].running_mean]:
                x.fill_(number)
    nets[1].requires_grad_(False)
    student.sync_target(nets[0], nets[1], tau)
    found = [p.detach().clone() for p in nets[1].parameters()]
    return found, nets[1][0][1].running_mean.clone(), [p.requires_grad for p in nets[1].parameters()]
"""

# The weights of both networks before each step.
WATCHED = (
    STEPS
    + """
class Watched(Steps):
    def step(self, actions):
        self.weights.append([net.weight.detach().clone() for net in self.nets])
        return super().step(actions)

def watched(like, seed, weight, steps, every, random=None):
    env = Watched(like, True)
    env.nets, env.weights = [linear(like, 5, 2, weight), linear(like, 5, 2, 9.0 + weight)], []
    rewards = student.train_dqn(env, *env.nets, random or generator(like, seed), steps=steps, n=10, batch=32,
                                every=every, gamma=0.5, lr=0.05)
    return rewards, env.weights[-12:]

class Clock:
    def __init__(self, like):
        self.like, self.now = like, 0.0

    def reset(self, n, generator):
        self.no = torch.zeros(n, dtype=torch.bool, device=self.like.device)
        return self.restart(self.no)

    def restart(self, which):
        return torch.full((len(self.no), 1), self.now, device=self.like.device)

    def step(self, actions):
        self.now += 1.0
        return self.restart(self.no), 0.0 * actions, self.no.clone(), self.no.clone()

class Rows(nn.Linear):
    def forward(self, x):
        self.seen.append([len(x), self.env.now - float(x.min())])
        return super().forward(x)

def rows(like, seed, capacity):
    env, seen = Clock(like), []
    nets = [Rows(1, 2).to(like.device) for _ in range(2)]
    for net in nets:
        net.env, net.seen = env, seen
    student.train_dqn(env, *nets, generator(like, seed), steps=40, n=10, batch=23, capacity=capacity, every=5)
    return seen
"""
)

# The memory has a single experience, the last one of three copies, so that nothing in a step of Adam is random.
SINGLE = (
    STEPS
    + """
class Weighed(Steps):
    def step(self, actions):
        self.weights.append(self.net.weight.detach().clone())
        return super().step(actions)

def single(like, seed, weight, steps, every):
    env, target = Weighed(like, False), linear(like, 5, 2, 9.0 + weight)
    env.net, env.weights = linear(like, 5, 2, weight), []
    student.train_dqn(env, env.net, target, generator(like, seed), steps=steps, n=3, batch=1, capacity=1, every=every,
                      gamma=0.5, lr=0.05)
    return env.actions, [*env.weights[1:], env.net.weight.detach().clone()]
"""
)


# What may be wrong in a loop that trains, each with how `weights_of_steps` changes; of several changes, the nearest
# one counts.
WRONG = {
    "Before the first step, the target network becomes equal to the online one.": ({"first": False},),
    "After every `every` steps, the target network becomes equal to the online one.": ({"every": 1000},),
    "The target network never becomes equal to the online one: copy before the first step, and after every `every` "
    "steps.": ({"every": 1000, "first": False},),
    "The target network says what the online network's choice is worth. It changes after every `every` steps only.": (
        {"every": 1}, {"judges": 0}, {"chooses": 1, "judges": 0},
    ),
    "The online network chooses the next action, the target network judges it.": ({"chooses": 1},),
    "The copy after `every` steps is late: count steps from 1, (step + 1) % every == 0.": ({"offset": 0},),
    "Restart the copies whose episode is over: obs = env.restart(done | truncated).": ({"restarts": False},),
    "Discount what follows.": ({"gamma": 1.0},),
    "Where the episode is done, nothing follows.": ({"cuts": False},),
    "The target begins with the reward.": ({"earns": 0.0},),
    "Take the gradients as they are: do not cut them.": tuple({"most": most} for most in (1e-3, 0.01, 0.1, 0.3, 0.5)),
    "Make Adam once, before the loop: a new one forgets its averages.": ({"fresh": True},),
    "Each step zeroes the gradients before it computes new ones.": ({"zeroes": False},),
    "The steps are those of torch.optim.Adam.": (
        {"method": torch.optim.SGD}, {"method": torch.optim.RMSprop}, {"method": torch.optim.Adagrad},
    ),
}  # fmt: skip


def weights_of_steps(
    weight, actions, every=4, *, offset=1, first=True, restarts=True, gamma=0.5, cuts=True, chooses=0, judges=1,
    earns=1.0, most=None, fresh=False, zeroes=True, method=torch.optim.Adam,
):  # fmt: skip
    """Compute the weights after each step of double DQN from the actions of the last of three copies: (T, 2, 5).

    The options are mistakes. `chooses` and `judges` are 0 for the online network, 1 for the target network.
    """
    online, copied, time, found = nn.Parameter(weight.clone()), weight + 9.0 * (not first), 2, []
    optimizer = method([online], lr=0.05)
    for step, action in enumerate(actions):
        place, done = min(time + 1, 4), time + 1 >= 5
        y = earns * float(action) * min(time + 1, 5) / 5
        if not (done and cuts):
            nets = online.detach(), copied
            y += gamma * float(nets[judges][nets[chooses][:, place].argmax(), place])
        error = online[int(action), min(time, 4)] - y
        optimizer.zero_grad() if zeroes else None
        F.huber_loss(error, torch.zeros_like(error)).backward()
        nn.utils.clip_grad_norm_([online], most) if most else None
        optimizer.step()
        found.append(online.detach().clone())
        if (step + offset) % every == 0:
            copied, optimizer = found[-1], method([online], lr=0.05) if fresh else optimizer
        time = 0 if done and restarts else time + 1
    return torch.stack(found)


def nearest(values, found):
    """Return the one of several wrong values that what was found is nearest to."""
    return min(values, key=lambda value: float((value - found).abs().max()))


def expect_steps_of_adam(student, rng, like):
    """Expect the weights after each of 24 steps, with a memory of one experience."""
    weight = 0.3 * rng.normal(2, 5, dtype=torch.float32)  # small: the best action often changes
    played, found = student.define(SINGLE).single(like, rng.int(0, 2**31), weight, 24, 4)
    actions, found = torch.stack(played)[:, 2], torch.stack(found)
    expect_close(found, weights_of_steps(weight, actions), atol=1e-3, mistakes={
        hint: lambda changes=changes: nearest([weights_of_steps(weight, actions, **each) for each in changes], found)
        for hint, changes in WRONG.items()
    }, name="the weights after each step, with a memory of one",
                 hint="One step of the same Adam in each step, on the loss of a sample. online chooses the action "
                 "for y, and target gives its value; where done, y is the reward alone.")  # fmt: skip


def expect_batches(rows, like, seed):
    """Expect samples of 23 experiences, and of capacity experiences the last ones, from what the networks receive."""
    for capacity in (20, 1000):
        sizes, ages = zip(*rows(like, seed, capacity), strict=True)
        expect(any(size % 23 == 0 for size in sizes), "The networks never receive a sample of batch experiences.",
               "Each step samples batch experiences.")  # fmt: skip
        expect(
            max(ages) <= 3 if capacity == 20 else max(ages) > 15,
            Message("With a capacity of {c}, the oldest observation in 40 samples is {n} steps old.", c=capacity,
                    n=round(max(ages))),
            "The memory keeps the last capacity experiences; ten are added in each step.",
        )  # fmt: skip
    expect([age for _, age in rows(like, seed + 1, 1000)] != list(ages), "Another generator draws the same numbers.",
           "The generator that is given draws all random numbers.")  # fmt: skip
