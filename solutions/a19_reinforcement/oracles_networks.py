"""What hidden checks of deep_q do with networks: a frozen target, and a memory of one experience."""

import torch
import torch.nn.functional as F
from oracles_deep_q import STEPS
from torch import nn

from autograder import Message, expect_close

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


def weights_of_steps(weight, actions, every, gamma=0.5, lr=0.05):
    """Compute the weights after each step of double DQN from the actions of the last of three copies."""
    online, judge, time, found = nn.Parameter(weight.clone()), weight.clone(), 2, []
    optimizer = torch.optim.Adam([online], lr=lr)
    for step, action in enumerate(actions):
        with torch.no_grad():
            y = float(action) * min(time + 1, 5) / 5
            if time + 1 < 5:
                y += gamma * float(judge[online[:, time + 1].argmax(), time + 1])
        error = online[int(action), min(time, 4)] - y
        optimizer.zero_grad()
        F.huber_loss(error, torch.zeros_like(error)).backward()
        optimizer.step()
        found.append(online.detach().clone())
        if (step + 1) % every == 0:
            judge = found[-1]
        time = 0 if time + 1 >= 5 else time + 1
    return found


def expect_steps_of_adam(student, rng, like):
    """Expect the weights after each of 13 steps, with a memory of one experience."""
    weight = rng.normal(2, 5, dtype=torch.float32)
    actions, found = student.define(SINGLE).single(like, rng.int(0, 2**31), weight, 13, 4)
    right = weights_of_steps(weight, torch.stack(actions)[:, 2], 4)
    for step, (one, other) in enumerate(zip(found, right, strict=True), start=1):
        expect_close(one, other, atol=1e-3, name=Message("the weights after step {t}, with a memory of one", t=step),
                     hint="One step of the same Adam in each step, on the loss of a sample. online chooses the action "
                     "for y, and target gives its value; where done, y is the reward alone.")  # fmt: skip
