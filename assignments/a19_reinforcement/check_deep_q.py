"""Public checks of deep_q: the memory, networks, targets and losses, against lists and loops."""

import torch
from oracles_deep_q import HUBERS, STEPS, TOOLS, experiences, fitted, huber, targets

from autograder import Message, expect, expect_close, expect_equal, expect_shape, forbid, is_sequence, task

PARTS = (Message("observations"), Message("actions"), Message("rewards"), Message("next observations"), Message("ends"))

# Loans for the public check of the whole: a memory that never forgets, loops and a loss that those tasks forbid, and a
# target network that is only copied.
LOANS_OF_PARTS = """
import torch
import torch.nn.functional as F

class Everything:
    def __init__(self, capacity, obs_shape, like=None):
        self.parts = None  # it never forgets

    def __len__(self):
        return len(self.parts[0])

    def add(self, *new):
        self.parts = new if self.parts is None else [torch.cat(pair) for pair in zip(self.parts, new)]

    def sample(self, n, generator):
        rows = (torch.rand(n, generator=generator, device=generator.device) * len(self)).long()
        return [part[rows] for part in self.parts]

def target(q_next, rewards, done, gamma):
    return double(q_next, q_next, rewards, done, gamma)

def double(choose, judge, rewards, done, gamma):
    rows = []
    for n in range(len(rewards)):
        rows.append(rewards[n] if done[n] else rewards[n] + gamma * judge[n, choose[n].argmax()].detach())
    return torch.stack(rows)

def loss(q, actions, target):
    return F.smooth_l1_loss(q.gather(1, actions[:, None])[:, 0], target.detach())

def copied(online, target, tau=1.0):
    target.load_state_dict(online.state_dict())

LOANS = {"ReplayBuffer": Everything, "dqn_target": target, "double_dqn_target": double, "dqn_loss": loss,
         "sync_target": copied}
"""


@task("ReplayBuffer", share=50, any_dtype=True, keeps=True)
def check_memory_keeps_the_last(student, rng):
    """Of eleven experiences, a memory for seven has the last seven; parts belong together."""
    tools, like = student.define(TOOLS), torch.zeros(1, device=rng.device)
    buffer, random = tools.memory(like, 7, [3]), tools.generator(like, rng.int(0, 2**31))
    stored = experiences(rng, 11, (3,))
    for first, last, length in ((0, 2, 2), (2, 6, 6), (6, 11, 7)):
        buffer.add(*(part[first:last] for part in stored))
        expect(len(buffer) == length, Message("After {n} experiences, the length is {m}.", n=last, m=len(buffer)),
               "The length is the number of experiences, at most the capacity.")  # fmt: skip
        found = buffer.sample(400, random)
        expect(is_sequence(found) and len(found) == 5, "sample returns five tensors.")
        numbers = found[2].long().cpu()
        right = set(range(last - length, last))
        seen = set(numbers.tolist())
        expect(seen <= right, "The memory contains an experience that should be overwritten, or was never added.",
               "The oldest is overwritten first; sample only rows that are filled.")  # fmt: skip
        expect(seen == right, "An experience is lost, or is never sampled.", "Each sample is any of the filled rows.")
        expect(bool(found[0].flatten(1).any(dim=1).all()), "The memory returned a place that was never filled.",
               "Draw rows below len(self), not below the capacity.")  # fmt: skip
        for name, part, whole in zip(PARTS, found, stored, strict=True):
            expect_close(
                part,
                whole[numbers.to(whole.device)],
                check_dtype=False,
                name=Message("the {name}", name=name),
                hint="Return observations, actions, rewards, next observations and ends of the same rows.",
            )


@task("QNetwork", share="2/3", any_dtype=True)
def check_networks_of_both_papers(student, rng):
    """Both networks have their numbers of parameters, and values of the right shape."""
    tools, like = student.define(TOOLS), torch.zeros(1, device=rng.device)
    for variant, actions, right in (("nips", 6, 677_686), ("nature", 18, 1_693_362)):
        net = tools.on(student.QNetwork((4, 84, 84), actions, variant), like)
        frames = rng.normal(2, 4, 84, 84, dtype=torch.float32)
        expect_shape(net(frames), (2, actions))
        number = sum(p.numel() for p in tools.used(net, frames[:1]))
        expect(number == right, Message("{v}: {n} parameters, not {m}.", v=variant, n=number, m=right),
               "No padding: 84 becomes 20, 9 (and 7). All layers have biases. Before the last layer, nips has 256 "
               "numbers, nature 512.")  # fmt: skip


@task("stack_frames", share=50, any_dtype=True)
def check_stacks_of_six_frames(student, rng):
    """Each stack has the last frames, the oldest first; the first frame is repeated."""
    frames = rng.normal(6, 3, 2)
    right = torch.stack([torch.stack([frames[max(t - 3 + j, 0)] for j in range(4)]) for t in range(6)])
    zeros = torch.cat([torch.zeros_like(frames[:3]), frames])
    expect_close(student.stack_frames(frames, 4), right, mistakes={
        "The oldest frame comes first.": right.flip(1),
        "Before the first frame, repeat it.":
            torch.stack([torch.stack([zeros[t + j] for j in range(4)]) for t in range(6)]),
        "The last frame of a stack is that of its time.":
            torch.stack([torch.stack([frames[min(t + j, 5)] for j in range(4)]) for t in range(6)]),
    }, hint="The stack of time t has the frames t - k + 1 to t, with the first in place of earlier ones.")  # fmt: skip


@task("dqn_target", share=50, any_dtype=True)
def check_targets_of_a_batch(student, rng):
    """Targets agree with a loop."""
    forbid(student, "dqn_target", loops="experiences")
    q, rewards, done = rng.normal(8, 3), rng.normal(8), torch.arange(8, device=rng.device) % 3 == 1
    never = torch.zeros_like(done)
    expect_close(student.dqn_target(q, rewards, done, 0.9), targets(q, q, rewards, done, 0.9), mistakes={
        "Where the episode is done, nothing follows.": targets(q, q, rewards, never, 0.9),
        "Discount what follows.": targets(q, q, rewards, done, 1.0),
        "Take the maximum over actions.": rewards + 0.9 * q.mean(dim=1) * ~done,
        "The reward is not discounted.": 0.9 * targets(q, q, rewards, done, 1.0),
    }, hint="The reward, and unless done gamma times the largest value, which may be negative.")  # fmt: skip
    unknown = q.masked_fill(done[:, None], torch.nan)
    expect_close(student.dqn_target(unknown, rewards, done, 0.9), targets(q, q, rewards, done, 0.9), mistakes={
        "0 times nan is nan: choose with torch.where(done, 0, ...), do not multiply by ~done.": (
            rewards + 0.9 * unknown.amax(dim=1) * ~done
        ),
    }, name="with nan where the episode is done")  # fmt: skip


@task("double_dqn_target", share="2/3", any_dtype=True)
def check_double_targets_of_a_batch(student, rng):
    """Targets agree with a loop: one network chooses, the other one judges."""
    forbid(student, "double_dqn_target", loops="experiences")
    online, target = rng.normal(9, 4), rng.normal(9, 4)
    rewards, done = rng.normal(9), torch.arange(9, device=rng.device) % 3 == 1
    right, never = targets(online, target, rewards, done, 0.9), torch.zeros_like(done)
    expect_close(student.double_dqn_target(online, target, rewards, done, 0.9), right, mistakes={
        "The online network chooses, the target network says what it is worth.":
            targets(target, online, rewards, done, 0.9),
        "This is DQN: the online network must choose.": targets(target, target, rewards, done, 0.9),
        "The target network must judge.": targets(online, online, rewards, done, 0.9),
        "Where the episode is done, nothing follows.": targets(online, target, rewards, never, 0.9),
    }, hint="argmax of the online network's values; the value itself from the target network.")  # fmt: skip


@task("dqn_loss", share="2/3", any_dtype=True)
def check_huber_of_a_batch(student, rng):
    """The loss agrees with a loop over experiences, with small and large errors."""
    forbid(student, "dqn_loss", calls=HUBERS)
    q, actions, target = 2.0 * rng.normal(12, 3), rng.integers(0, 3, 12), rng.normal(12)
    error = q[torch.arange(12, device=rng.device), actions] - target
    expect_close(student.dqn_loss(q, actions, target), huber(q, actions, target), mistakes={
        "Large errors count linearly.": (error**2 / 2).mean(),
        "The square is halved.": torch.where(error.abs() <= 1, error**2, 2 * error.abs() - 1).mean(),
        "Subtract one half from a large error, so that both branches meet.":
            torch.where(error.abs() <= 1, error**2 / 2, error.abs()).mean(),
        "Take the mean over experiences, not over all values.": huber(q, actions, target) / 3,
        "Take the mean, not the sum.": huber(q, actions, target, 1),
    },
                 hint="Only the action that was taken has an error; up to 1 half its "
                      "square, then its size minus one half.")  # fmt: skip


# Two networks, moved once; then the online one changes alone.
SYNC = """
import torch
from torch import nn

def moved(like, weights, tau):
    nets = [nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).to(like.device) for _ in range(2)]
    with torch.no_grad():
        for net, offset in zip(nets, weights):
            for number, p in enumerate(net.parameters()):
                p.fill_(float(offset) + number)
            net[1].running_mean.fill_(10.0 * float(offset))
            net[1].num_batches_tracked.fill_(int(offset))
    nets[1][0].weight.grad = torch.ones(4, 3, device=like.device)
    nets[0][1].eval(), nets[1][0].eval()
    modes = [module.training for net in nets for module in net]
    student.sync_target(nets[0], nets[1], tau) if tau is not None else student.sync_target(*nets)
    found = [[p.detach().clone() for p in net.parameters()] for net in nets]
    buffers = [nets[1][1].running_mean.clone(), int(nets[1][1].num_batches_tracked)]
    with torch.no_grad():
        for x in [*nets[0].parameters(), nets[0][1].running_mean]:
            x.add_(100.0)
    after = [p.detach().clone() for p in nets[1].parameters()]
    parameters = [p for net in nets for p in net.parameters()]
    flags = [
        all(p.requires_grad and p.is_leaf for p in parameters),
        all(p.grad is None if n != 4 else p.grad is not None and bool((p.grad == 1).all())
            for n, p in enumerate(parameters)),
        [module.training for net in nets for module in net] == modes,
    ]
    return found[0], found[1], after, buffers, [nets[1][1].running_mean.clone()], flags
"""


@task("sync_target", share=50, any_dtype=True)
def check_target_follows_the_online_network(student, rng):
    """By default parameters are copied; with a tau of 0.25 they move by a quarter; the networks stay two."""
    like = torch.zeros(1, device=rng.device)
    moved = student.define(SYNC).moved
    for tau, share in ((None, 1.0), (0.25, 0.25)):
        online, target, after, _, _, _ = moved(like, [8.0, 4.0], tau)
        for number, (fast, slow, later) in enumerate(zip(online, target, after, strict=True)):
            expect_close(fast, torch.full_like(fast, 8.0 + number), name="the online network, which stays",
                         hint="Change the target network only.")  # fmt: skip
            right = torch.full_like(slow, 4.0 + number + 4.0 * share)
            expect_close(slow, right, name=Message("tau = {t}", t=tau or 1), mistakes={
                "The target moves by tau towards the online network.":
                    torch.full_like(slow, 8.0 + number - 4.0 * share),
                "Nothing has moved.": torch.full_like(slow, 4.0 + number),
            }, hint="target + tau * (online - target), written into the target's own numbers.")  # fmt: skip
            expect_close(later, slow, name="the target after a later change of the online network",
                         hint="Copy numbers: the networks share no memory.")  # fmt: skip


@task("train_dqn", share=25, any_dtype=True, loans=LOANS_OF_PARTS, keeps=True)
def check_training_finds_the_action_that_pays(student, rng):
    """In a world where one action pays, rewards rise as exploration falls."""
    tools, like = student.define(STEPS), torch.zeros(1, device=rng.device)

    def shares(steps: int, lr: float) -> tuple[list[float], bool]:
        env, zeros = tools.steps(like, False), torch.zeros(2, 5, device=rng.device)
        online, target = tools.linear(like, 5, 2, zeros), tools.linear(like, 5, 2, zeros)
        history = student.train_dqn(env, online, target, tools.generator(like, rng.int(0, 2**31)), steps=steps, n=20,
                                    batch=32, every=10, gamma=0.5, lr=lr)  # fmt: skip
        expect_shape(history, (steps,))
        expect_equal(env.resets, [20], name="the numbers of copies in each reset")
        expect_close(history, torch.stack(env.rewards).mean(dim=1), name="the mean rewards")
        return torch.stack(env.actions).double().mean(dim=1).tolist(), bool(tools.values(online)[0].any())

    # Where nothing is learned, the best action is the other one, so half of those that are drawn at random pay.
    idle, _ = shares(steps=20, lr=0.0)
    first, last = sum(idle[:5]) / 5, sum(idle[10:]) / 10
    expect(0.2 < first < 0.62, Message("With lr=0, {p} of the first actions are the worse of two.", p=round(first, 3)),
           "First, epsilon is 1.")  # fmt: skip
    expect(last < 0.13, Message("With lr=0, {p} of the last actions are the worse of two.", p=round(last, 3)),
           "At the end, epsilon is 0.1: a twentieth of the actions.")  # fmt: skip
    paid, moved = shares(steps=96, lr=0.05)
    found = sum(paid[-24:]) / 24
    expect(moved, "The online network is as it was.",
           "Each step takes one step of Adam on the online network, and its targets contain the rewards.")  # fmt: skip
    expect(0.88 < found < 0.99, Message("At the end, {p} of the actions pay.", p=round(found, 3)),
           "At the end, epsilon is 0.1. Each step zeroes the gradients before it computes new ones.")  # fmt: skip


@task("fitted_q", share=50, any_dtype=True)
def check_fits_of_a_few_iterations(student, rng):
    """The weights after one, two and five iterations agree with normal equations."""
    N, D, A = 40, 3, 2
    phi, phi2, r, done = rng.normal(N, D), rng.normal(N, D), rng.normal(N), rng.uniform(N) < 0.3
    a = torch.arange(N, device=rng.device) % A
    for iterations in (1, 2, 5):
        right = fitted(phi, a, r, phi2, done, A, 0.8, iterations)
        expect_close(student.fitted_q(phi, a, r, phi2, done, A, 0.8, iterations), right, rtol=1e-4, atol=1e-5,
                     name=Message("{n} iterations", n=iterations), mistakes={
            "Where the episode is done, nothing follows.":
                lambda k=iterations: fitted(phi, a, r, phi2, torch.zeros_like(done), A, 0.8, k),
            "There is one iteration too few.": lambda k=iterations: fitted(phi, a, r, phi2, done, A, 0.8, k - 1),
            "Each row of the result belongs to a feature.": right.T,
            "Take the maximum over actions, not the mean.":
                lambda k=iterations: fitted(phi, a, r, phi2, done, A, 0.8, k, torch.mean),
        },
                     hint="All targets come from the weights before and the next features; then "
                          "each action is fitted to its own rows.")  # fmt: skip
