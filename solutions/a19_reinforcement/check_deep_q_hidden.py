"""Hidden checks of deep_q: uniform samples, copies, gradients, values that are known, and balls that are caught."""

import torch
from check_deep_q import PARTS, SYNC
from oracles_deep_q import HUBERS, TOOLS, experiences, fitted, forward, huber, targets
from oracles_memory import LOANS_OF_MEMORY
from oracles_networks import FROZEN, WATCHED, expect_batches, expect_steps_of_adam

from autograder import (
    Message,
    expect,
    expect_close,
    expect_draws,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_unchanged,
    forbid,
    task,
)
from common.environments import Catch

# What is added changes afterwards, and so does what was sampled.
ALIASES = """
import torch

def aliased(buffer, stored, random):
    parts = [part.clone() for part in stored]
    buffer.add(*parts)
    for part in parts:
        part.zero_()
    found = buffer.sample(50, random)
    kept = [part.clone() for part in found]
    for part in found:
        part.zero_()
    return kept, list(buffer.sample(50, random))
"""


@task("ReplayBuffer", share=50)
def check_memory_samples_uniformly(student, rng):
    """Equal frequencies, equal samples for equal generators, batches above the capacity, pictures, copies."""
    tools, like = student.define(TOOLS), torch.zeros(1, device=rng.device)
    for capacity, batches, shape in ((5, (3, 9, 1), (2, 3)), (40, (7, 8), ()), (1, (4,), (1,)), (6, (6, 13), (2,))):
        buffer, total, stored = tools.memory(like, capacity, list(shape)), 0, []
        for B in batches:
            stored.append(experiences(rng, B, shape, total))
            buffer.add(*stored[-1])
            total += B
        length = min(capacity, total)
        expect(len(buffer) == length, Message("After {n} experiences, the length is {m}.", n=total, m=len(buffer)))
        seed = rng.int(0, 2**31)
        found = buffer.sample(6000, tools.generator(like, seed))
        student.seed(rng.int(0, 2**31))
        again = buffer.sample(6000, tools.generator(like, seed))
        expect_shape(found[2], (6000,), name="a sample of 6000", hint="The same row may be drawn several times.")
        whole = [torch.cat(part) for part in zip(*stored, strict=True)]
        numbers = found[2].long()
        rows = numbers.cpu().clamp(max=total)  # bincount has a place for each number up to the largest
        counts = torch.bincount(rows, minlength=total)[total - length : total].double()
        expect(int(counts.sum()) == 6000, "The memory contains an experience that should be overwritten.",
               "Of all that was added, the last capacity experiences stay, also in large batches.")  # fmt: skip
        statistic = float(((counts - 6000 / length).square() / (6000 / length)).sum())
        expect(statistic < length + 6 * (2 * length) ** 0.5 + 6, "Experiences are not sampled with equal frequencies.",
               "Each row is any row that is filled, and may occur again.")  # fmt: skip
        share = float(((numbers[1:] - numbers[:-1]) % length == 1 % length).double().mean())
        expect(share < 1 / length + 0.05, Message("{p} of the rows follow the row before.", p=share),
               "Draw each row by itself: neighbours in the memory are alike.")  # fmt: skip
        for name, part, other, right in zip(PARTS, found, again, whole, strict=True):
            expect_equal(part, right[numbers], name=Message("the {name}", name=name))
            expect_equal(other, part, name=Message("the {name} of an equal generator", name=name),
                         hint="The generator that is given draws all random numbers.")  # fmt: skip
    expect_draws(student, lambda generator: buffer.sample(60, generator)[2], rng.device)
    stored, double = experiences(rng, 6, (3,), 1), tools.memory(like, 6, [3])
    double.add(*(part.double() if part.is_floating_point() else part for part in stored))
    for n in (0, 2, 3):
        kind = double.sample(5, tools.generator(like, 1))[n].dtype
        expect(kind == torch.float32, Message("The {name} that were added as float64 are not float32.", name=PARTS[n]),
               "Observations and rewards are stored as float32, whatever is added.")  # fmt: skip
    kept, later = student.define(ALIASES).aliased(tools.memory(like, 6, [3]), list(stored), tools.generator(like, 1))
    for found in (kept, later):
        numbers = found[2].long() - 1
        expect(int(numbers.min()) >= 0, "Changing a tensor after add or sample changes the memory: store copies.")
        for name, part, right in zip(PARTS, found, stored, strict=True):
            expect_equal(part, right[numbers], name=Message("the {name}, when the tensors outside change", name=name))


@task("QNetwork", share="1/3", keeps=True)
def check_networks_compute_what_the_papers_say(student, rng):
    """Values agree with convolutions by hand, for several sizes; gradients reach all parameters."""
    tools, like = student.define(TOOLS), torch.zeros(1, device=rng.device)
    sizes = ((3, "nips", (2, 40, 52), 3), (1, "nature", (1, 44, 36), 5), (3, "nature", (3, 84, 84), 2))
    for N, variant, shape, actions in sizes:
        student.seed(rng.int(0, 2**31))
        net = tools.on(student.QNetwork(shape, actions, variant), like)
        frames = 3.0 * rng.normal(N, *shape, dtype=torch.float32)
        found, parameters = net(frames), tools.used(net, frames)
        convolutions = 2 if variant == "nips" else 3
        expect(
            sum(p.ndim == 4 for p in parameters) == convolutions
            and sum(p.ndim == 2 for p in parameters) == 2
            and sum(p.ndim == 1 for p in parameters) == convolutions + 2,
            Message("{v}: the layers are not those of the paper.", v=variant),
        )
        choices = forward(parameters, frames, variant)
        nearest = min(choices, key=lambda right: float((right - found).abs().max()))
        expect_close(found, nearest, rtol=1e-3, atol=1e-4, name=Message("{v}, frames {shape}", v=variant, shape=shape),
                     hint="A ReLU after each layer but the last, which has nothing after it.")  # fmt: skip
    net = tools.on(student.QNetwork((1, 84, 84), 4), like)
    parameters = tools.used(net, rng.normal(1, 1, 84, 84, dtype=torch.float32))
    expect(sum(p.ndim == 4 for p in parameters) == 3, "By default, the variant is nature.")
    net = tools.on(student.QNetwork((2, 40, 36), 3, "nips"), like).eval()
    frames = 3.0 * rng.normal(2, 2, 40, 36, dtype=torch.float32)
    weights = [p.double() for p in tools.used(net, frames)]
    net(frames)
    expect_same_gradients(
        student, rng, net, lambda x: forward(weights, x, "nips")[0], frames.double(), weights=weights, names=("frames",)
    )


@task("stack_frames", share=50)
def check_stacks_of_other_frames(student, rng):
    """One frame, one in a stack, more than there are, whole numbers; the input stays."""
    for T, k in ((1, 4), (5, 1), (3, 6), (9, 2)):
        frames = rng.integers(0, 256, T, 2, 4).to(torch.uint8)
        seen = student.inspect(student.stack_frames, frames, k)
        right = torch.stack([torch.stack([frames[max(t - j, 0)] for j in range(k - 1, -1, -1)]) for t in range(T)])
        expect_equal(seen.value, right, name=Message("{T} frames, {k} in a stack", T=T, k=k),
                     mistakes={"A stack has k frames, also where k is more than 4.": right[:, -4:]},
                     hint="The stack of time t has the frames t - k + 1 to t, for every k.")  # fmt: skip
        expect_unchanged(seen, frames, k)


# Whether a target requires a gradient, if the values that it is computed from do.
GRADIENT = """
def requires(f, *arguments):
    tables = [hasattr(x, "ndim") and x.ndim == 2 for x in arguments]
    values = [x.clone().requires_grad_() * 1.0 if table else x for x, table in zip(arguments, tables)]
    return f(*values).requires_grad
"""


@task("dqn_target", share=50)
def check_targets_of_other_batches(student, rng):
    """Negative values, nan after the end, one action, no gradient; the inputs stay."""
    for N, A, gamma in ((7, 4, 0.99), (1, 1, 0.5), (5, 3, 0.0)):
        q, rewards, done = rng.normal(N, A) - 3.0, rng.normal(N), rng.uniform(N) < 0.5
        seen = student.inspect(student.dqn_target, q, rewards, done, gamma)
        expect_close(seen.value, targets(q, q, rewards, done, gamma), name=Message("{N} experiences", N=N))
        expect_unchanged(seen, q, rewards, done, gamma)
        given = torch.where(done[:, None], float("nan"), q)
        expect_close(student.dqn_target(given, rewards, done, 0.9), targets(q, q, rewards, done, 0.9), name="with nan")
    gives = student.define(GRADIENT).requires(student.dqn_target, q, rewards, done, 0.9)
    expect(not gives, "The target has a gradient.", "detach() the values of the next observations.")


@task("double_dqn_target", share="1/3")
def check_double_targets_of_other_batches(student, rng):
    """Negative values, nan after the end, one action, no gradient; the inputs stay."""
    for N, A, gamma in ((7, 4, 0.99), (1, 1, 0.5), (5, 3, 0.0)):
        q, other, rewards, done = rng.normal(N, A) - 3.0, rng.normal(N, A) - 3.0, rng.normal(N), rng.uniform(N) < 0.5
        seen = student.inspect(student.double_dqn_target, q, other, rewards, done, gamma)
        right = targets(q, other, rewards, done, gamma)
        expect_close(seen.value, right, name=Message("{N} experiences", N=N))
        expect_unchanged(seen, q, other, rewards, done, gamma)
        given = torch.where(done[:, None], float("nan"), other)
        expect_close(student.double_dqn_target(q, given, rewards, done, gamma), right, name="with nan", mistakes={
            "0 times nan is nan: choose with torch.where(done, 0, ...).": right.masked_fill(done, float("nan")),
        })  # fmt: skip
    gives = student.define(GRADIENT).requires(student.double_dqn_target, q, other, rewards, done, 0.9)
    expect(not gives, "The target has a gradient.", "detach() the values of the next observations.")


# Gradients of the loss in the values and in the target.
SLOPES = """
import torch

def slopes(q, actions, target):
    q, target = q.clone().requires_grad_(), target.clone().requires_grad_()
    student.dqn_loss(q, actions, target * 1.0).backward()
    return q.grad, torch.zeros_like(target) if target.grad is None else target.grad
"""


@task("dqn_loss", share="1/3")
def check_gradient_of_huber(student, rng):
    """The gradient is the error, cut at 1, at the actions that were taken only; targets are constants."""
    forbid(student, "dqn_loss", calls=HUBERS)
    for N, A, size in ((12, 3, 2.0), (1, 2, 9.0), (5, 1, 0.1)):
        q, actions, target = size * rng.normal(N, A), rng.integers(0, A, N), rng.normal(N)
        if N > 1:
            target[0] = q[0, actions[0]]  # its gradient is 0, not nan
        seen = student.inspect(student.dqn_loss, q, actions, target)
        expect_close(seen.value, huber(q, actions, target) + q.new_zeros(()), name=Message("{N} experiences", N=N))
        expect_unchanged(seen, q, actions, target)
        found, of_target = student.define(SLOPES).slopes(q, actions, target)
        right, pick = torch.zeros_like(q), torch.arange(N, device=rng.device)
        right[pick, actions] = (q[pick, actions] - target).clamp(-1, 1) / N
        edge = right.index_put((pick[:1], actions[:1]), right.new_tensor(float("nan")))
        expect_close(found, right, name="the gradient in the values", mistakes={
            "The square root has no slope at 0, where the error is 0: take the absolute value.": edge,
        })  # fmt: skip
        expect_close(of_target, torch.zeros_like(target), name="the gradient in the target",
                     hint="A target is a constant: detach() it.")  # fmt: skip


@task("sync_target", share=50, any_dtype=True)
def check_target_stays_a_network_of_its_own(student, rng):
    """Running means are copied, parameters stay leaves without gradients, other taus."""
    like = torch.zeros(1, device=rng.device)
    for tau in (1.0, 0.5, 0.01):
        online, target, after, buffers, later, flags = student.define(SYNC).moved(like, [3.0, -5.0], tau)
        for number, (fast, slow, then) in enumerate(zip(online, target, after, strict=True)):
            expect_close(fast, torch.full_like(fast, 3.0 + number), name="the online network, which stays")
            expect_close(slow, torch.full_like(slow, number - 5.0 + 8.0 * tau), name=Message("tau = {t}", t=tau))
            expect_close(then, slow, name="the target after a later change of the online network",
                         hint="Copy numbers: the networks share no memory.")  # fmt: skip
        expect_close(buffers[0], torch.full_like(buffers[0], 30.0), name="the running means, which are copied",
                     hint="Buffers are copied whole, whatever tau is: copy_().")  # fmt: skip
        expect_equal(buffers[1], 3, name="the number of batches, which is copied")
        expect_close(later[0], buffers[0], name="the running means after a later change of the online network",
                     hint="Copy numbers: the networks share no memory.")  # fmt: skip
        expect(flags[0], "A parameter cannot be trained any more.",
               "Work in torch.no_grad(), and leave requires_grad as it is.")  # fmt: skip
        expect(flags[1], "The call changed gradients.", "Leave the gradients as they are: work in torch.no_grad().")
        expect(flags[2], "The call changed the mode (training or evaluation) of a network.", "Leave modes as they are.")
        moved, mean, trained = student.define(FROZEN).frozen(like, tau)
        for slow in moved:
            expect_close(slow, torch.full_like(slow, tau), name=Message("tau = {t}, a target that is frozen", t=tau),
                         hint="All parameters move: frozen ones, too, in layers inside of layers.")  # fmt: skip
        expect_close(mean, torch.ones_like(mean), name="the running means of a layer inside of a layer",
                     hint="Buffers of layers inside of layers are copied, too: see module.buffers().")  # fmt: skip
        expect(not any(trained), "The call changed requires_grad of the target.", "Leave requires_grad as it is.")


@task("train_dqn", share=25, any_dtype=True, loans=LOANS_OF_MEMORY, keeps=True)
def check_values_where_episodes_are_done_or_cut(student, rng):
    """The values of five steps are the known ones: only done cuts the target; equal generators train alike."""
    watching, like, seed = student.define(WATCHED), torch.zeros(1, device=rng.device), rng.int(0, 2**31)
    expect_batches(watching.rows, like, seed)
    expect_steps_of_adam(student, rng, like)
    start = torch.tensor([[1.0], [-1.0]], device=rng.device).repeat(1, 5)  # what it prefers turns around
    _, weights = watching.watched(like, seed, start, 12, 4)
    for step, (online, target) in enumerate(weights):
        expect_close(target, weights[step // 4 * 4][0], name=Message("the target network before step {t}", t=step),
                     mistakes={"Between two copies, the target network stays as it is.": online},
                     hint="Copies are made before the first step, and after every `every` steps.")  # fmt: skip
    expect_draws(student, lambda random: watching.watched(like, 0, start, 30, 20, random), rng.device)
    right = {True: torch.tensor([0.775, 1.15, 1.5, 1.8, 2.0]), False: torch.tensor([0.7125, 1.025, 1.25, 1.3, 1.0])}
    for truncates in (True, False):
        env = watching.steps(like, truncates)
        weight = rng.normal(2, 5, dtype=torch.float32) / 2
        weight = weight if truncates else weight.sort(dim=0).values  # it prefers the best actions
        online, target = (watching.linear(like, 5, 2, weight + more) for more in (0.0, 9.0))
        if not truncates:
            online.eval(), target.eval()
        student.train_dqn(env, online, target, watching.generator(like, seed), steps=400, n=10, batch=32, every=20,
                          gamma=0.5, lr=0.05)  # fmt: skip
        expect(len(env.restarts) > 0, "No copy was restarted.", "After the step: obs = env.restart(done | truncated).")
        which, times = (torch.stack(part) for part in zip(*env.restarts, strict=True))
        expect_equal(which, times >= 5, name="which copies were restarted", mistakes={
            "Truncated episodes are restarted, too: obs = env.restart(done | truncated).": torch.zeros_like(which),
        }, hint="After the step: obs = env.restart(done | truncated).")  # fmt: skip
        best = watching.values(online)[0].amax(dim=0).cpu()
        expect_close(best, right[truncates], rtol=0.0, atol=0.06, name="the values", mistakes={
            "A truncated episode would have gone on: its target is not cut.": right[False] if truncates else best + 9,
        },
                     hint="Store what follows the step, before the restart, and done; the target is r, "
                          "and unless done gamma times what follows.")  # fmt: skip
        share = torch.stack(env.actions).double().mean(dim=1)
        middle = float(share[80:120].mean())  # epsilon is 0.55: 1 - 0.275
        expect(abs(middle - 0.725) < 0.08, Message("Where epsilon is 0.55, {p} of the actions are the best.", p=middle))
        last = float(share[-100:].mean())  # epsilon is 0.1: 1 - 0.05
        expect(abs(last - 0.95) < 0.035, Message("Where epsilon is 0.1, {p} of the actions are the best.", p=last))
        first = float(share[:4].mean())
        expect(0.15 < first < 0.85, "At the beginning, actions are not random.")
        chance = 1 - torch.tensor([1 - 0.0045 * t for t in range(80, 200)], dtype=torch.float64) / 2
        spread = 10 * (share[80:200].cpu() - chance).square() / (chance * (1 - chance))  # 1 on average
        expect(float(spread.mean()) < 1.9, "Copies explore in the same steps, or by the same action.",
               "Draw a coin and an action for each copy.")  # fmt: skip
    found = watching.watched(like, seed, start, 300, 301)[1][-1][0].amax(dim=0)
    right = torch.arange(1, 6, device=rng.device) / 5 - 0.5
    expect_close(found, right.to(found), rtol=0.0, atol=0.08, name="the values by a target network that stays",
                 mistakes={"The online network chooses the next action, the target network judges it.": right + 1.0,
                           "The online network chooses, not the target network.": right + 0.5})  # fmt: skip


@task("train_dqn", share=50, any_dtype=True, seconds=120, loans=LOANS_OF_MEMORY)
def check_balls_are_caught(student, rng, score):
    """A network that was trained by you catches nearly all of our five hundred balls."""
    weights = student.define(BALLS).trained(torch.zeros(1, device=rng.device), rng.int(0, 2**31))
    first, bias, second, shift = (part.float().cpu() for part in weights)
    expect_shape(first, (64, 50), name="the first layer")
    expect_shape(second, (3, 64), name="the second layer")
    env, total = Catch(), 0.0
    obs = env.reset(500, torch.Generator().manual_seed(rng.int(0, 2**31)))
    for _ in range(9):
        q = (obs.flatten(1) @ first.T + bias).clamp(min=0) @ second.T + shift
        obs, rewards, _, _ = env.step(q.nan_to_num().argmax(dim=1))
        total += float((rewards > 0).double().mean())
    score(total, "share of balls that are caught")


BALLS = """
import torch
from torch import nn
from common.environments import Catch

def trained(like, seed):
    torch.manual_seed(seed)
    layers = [[nn.Flatten(), nn.Linear(50, 64), nn.ReLU(), nn.Linear(64, 3)] for _ in range(2)]
    nets = [nn.Sequential(*each).to(like.device) for each in layers]
    random = torch.Generator(device=like.device).manual_seed(seed)
    student.train_dqn(Catch(), *nets, random, steps=1000, n=16, batch=64, every=50, gamma=0.95, lr=2e-3)
    return [p.detach().clone() for p in nets[0].parameters()]
"""


@task("fitted_q", share=50)
def check_fits_of_other_experiences(student, rng):
    """Other sizes, no iteration, frequencies of a world with few states; the inputs stay."""
    for N, D, A, gamma, iterations in ((30, 2, 3, 0.9, 7), (12, 4, 1, 0.5, 3), (20, 1, 2, 0.0, 2), (9, 2, 1, 0.9, 0)):
        phi, phi2, r, done = rng.normal(N, D), rng.normal(N, D), rng.normal(N), rng.uniform(N) < 0.3
        a = torch.arange(N, device=rng.device) % A
        seen = student.inspect(student.fitted_q, phi, a, r, phi2, done, A, gamma, iterations)
        expect_close(seen.value, fitted(phi, a, r, phi2, done, A, gamma, iterations), rtol=1e-4, atol=1e-5,
                     name=Message("{N} experiences, {A} actions", N=N, A=A),
                     hint="Least squares for each action, iterations times: with 0, all weights are 0.")  # fmt: skip
        expect_unchanged(seen, phi, a, r, phi2, done, A, gamma, iterations)
    eye = torch.eye(3, dtype=torch.float64, device=rng.device)
    s, a = torch.arange(60, device=rng.device) % 3, torch.arange(60, device=rng.device) // 3 % 2
    s2, r, done = rng.integers(0, 3, 60), rng.normal(60), rng.uniform(60) < 0.2
    Q = torch.zeros(3, 2, dtype=torch.float64, device=rng.device)
    for _ in range(6):
        y = r + 0.8 * Q.amax(dim=1)[s2] * ~done
        Q = torch.stack([torch.stack([y[(s == i) & (a == j)].mean() for j in range(2)]) for i in range(3)])
    expect_close(student.fitted_q(eye[s], a, r, eye[s2], done, 2, 0.8, 6), Q, name="a feature for each state")
