"""Hidden checks of flows, part 1: integrals, gradients, other sizes, states, and densities that were learned."""

import torch
from check_flows_layers import SET, UNDO_BENT, UNDO_COUPLING, UNDO_PLU, coupled
from oracles_flows import HELPERS, bent, judge_layer
from oracles_state import judge_state

from autograder import Message, expect, expect_close, expect_equal, expect_own_gradients, expect_shape, task
from common.data import planes

DOUBLE = torch.zeros(1, dtype=torch.float64)
# The parameters that z and the log-determinant depend on.
TRAINED = """
import torch

def trained(layer, x):
    named = dict(layer.named_parameters())
    with torch.enable_grad():
        z, log_det = layer(x)
        grads = torch.autograd.grad(z.sum() + log_det.sum(), list(named.values()), allow_unused=True)
    return sorted(name for name, grad in zip(named, grads) if grad is not None)
"""
AT_ONE = "x = 1 belongs to the last piece: its number is at most K - 1."


@task("flow_log_prob", share=50)
def check_density_integrates_to_one(student, rng):
    """The density of the banana integrates to 1 over the plane and agrees with the exact one; no layer is fine, too."""
    helper = student.define(HELPERS)
    axis = (torch.arange(150, dtype=torch.float64, device=rng.device) + 0.5) * 0.08 - 5
    grid = torch.cartesian_prod(axis, axis + 1.5)
    found = student.flow_log_prob(grid, helper.layers(["bend"], grid[0]), helper.normal)
    expect_close(found.exp().sum() * 0.08**2, torch.ones((), dtype=torch.float64), atol=0.01, name="the integral")
    expect_close(found, planes.log_density("banana", grid), name="the density of the banana")
    for D in (1, 3):
        x = rng.normal(4, D)
        own = -0.5 * x.square().sum(dim=1) - D / 2 * torch.log(torch.tensor(2 * torch.pi, dtype=torch.float64))
        expect_close(student.flow_log_prob(x, helper.layers([], x[0]), helper.normal), own, name="no layer")
    a = rng.uniform(3, low=0.2, high=0.9)
    chain = helper.layers(["stretch"], a)
    density = student.define("def density(f, layers, base):\n    return lambda x: f(x, layers, base)\n").density
    expect_own_gradients(student, rng, density(student.flow_log_prob, chain, helper.normal), 0.3 * x)


@task("LinearPLU", share=50, keeps=True)
def check_linear_layers_of_other_sizes(student, rng):
    """One and seven coordinates, negative s, gradients and dtypes are right."""
    helper = student.define(HELPERS)
    for D in (1, 2, 7):
        layer = helper.shaken(student.LinearPLU(D), DOUBLE, rng.int(0, 2**31), 1.2)
        x = rng.normal(3, D)
        z, _ = judge_layer(helper, layer, x, Message("LinearPLU({D})", D=D), undo=UNDO_PLU)
        expect(z.dtype == torch.float64, "z has another dtype than x.", "Do not convert to another dtype.")
        expect_own_gradients(student, rng, layer, x)
    layer = student.LinearPLU(3)
    s = helper.parameter(layer, "s")
    expect_shape(s, (3,), name="s")
    expect(bool((s != 0).all()), "s starts at 0, so W cannot be inverted.", "Start with ones, for example.")
    names = student.define(TRAINED).trained(layer, rng.normal(2, 3, dtype=torch.float32))
    expect_equal(names, ["L", "U", "s"], name="the parameters", hint="L, U and s are parameters, and nothing else is.")
    moved, eye = [], torch.eye(7, dtype=torch.float64, device=rng.device)
    for _ in range(2):
        layer = helper.shaken(student.LinearPLU(7), DOUBLE, rng.int(0, 2**31))
        L, U, s = (helper.parameter(layer, name) for name in ("L", "U", "s"))
        product = (L.tril(-1) + eye) @ (U.triu(1) + s.diag())
        moved.append(bool((helper.answer(layer, eye)[0].T - product).abs().max() > 1e-6))
    expect(any(moved), "P moves nothing: W is L (U + diag s).", "Draw the permutation at random: torch.randperm(D).")
    copy = student.define(
        "def copied(layer, other):\n    other.load_state_dict(layer.state_dict())\n    return other\n"
    ).copied
    layer, points = student.LinearPLU(9), rng.normal(3, 9, dtype=torch.float32)
    expect_close(helper.answer(copy(layer, student.LinearPLU(9)), points)[0], helper.answer(layer, points)[0],
                 name="z of a layer that loaded the state of another",
                 hint="The permutation is not in the state: self.register_buffer(...) stores it.")  # fmt: skip
    judge_state(student, helper.answer, lambda: student.LinearPLU(4), rng.normal(2, 4, dtype=torch.float32))
    single = student.LinearPLU(5)
    judge_layer(helper, single, rng.normal(4, 5, dtype=torch.float32), "LinearPLU of float32")


@task("PiecewiseLinear", share=50, keeps=True)
def check_bent_axes_of_other_points(student, rng):
    """Edges of pieces, 0 and 1 are right; a new layer is the identity; the function rises; gradients are right."""
    helper = student.define(HELPERS + SET)
    for D, K in ((1, 1), (3, 5)):
        layer = helper.set_logits(student.PiecewiseLinear(D, K), rng.normal(D, K))
        phi = torch.softmax(helper.parameter(layer, "logits"), dim=1)
        edges = torch.linspace(0, 1, 4 * K + 1, dtype=torch.float64, device=rng.device)[:, None].repeat(1, D)
        x = torch.cat([edges, rng.uniform(6, D, low=-0.5, high=1.5)])
        z, log_det, kept = helper.answer(layer, x)
        rows = [[bent(v, p) for v, p in zip(r, phi.tolist(), strict=True)] for r in x.tolist()]
        expect_close(z, x.new_tensor(rows)[..., 0], name=Message("z of {K} pieces", K=K), hint=AT_ONE)
        expect(bool((z[: 4 * K + 1].diff(dim=0) > 0).all()), "h does not rise.")
        smooth = (x[:, :] * K - (x * K).round()).abs().amin(dim=1) > 1e-6
        expect_close(log_det[smooth], x.new_tensor(rows)[..., 1].sum(dim=1)[smooth], name="the log-determinant")
        expect_close(log_det[4 * K], x.new_tensor(rows)[4 * K, :, 1].sum(), name="the log-determinant at x = 1",
                     hint=AT_ONE)  # fmt: skip
        expect_close(helper.back(layer, z), x, name="inverse(forward(x))", hint=UNDO_BENT)
        expect(kept is True, "x was changed in place.")
        inner = rng.uniform(4, D, low=0.05, high=0.2) / K
        expect_own_gradients(student, rng, layer, inner + 0.3 / K)
    fresh = student.PiecewiseLinear(2, 4).eval()
    x = rng.uniform(5, 2, dtype=torch.float32)
    z, log_det, _ = helper.answer(fresh, x)
    expect_close(z, x, name="z of a new layer", hint="Equal logits give equal shares, so h(x) = x: start with zeros.")
    expect_close(log_det, torch.zeros(5, device=rng.device), name="the log-determinant of a new layer")


@task("AffineCoupling", share=50, keeps=True)
def check_coupling_of_other_masks(student, rng):
    """Odd numbers of coordinates, masks of all and of none, large numbers of the network and gradients are right."""
    helper = student.define(HELPERS)
    for bits in ([0.0, 1.0, 0.0], [1.0, 1.0], [1.0, 0.0, 0.0, 0.0, 1.0]):
        D = len(bits)
        mask = torch.tensor(bits, dtype=torch.float64, device=rng.device)
        A, B, x = rng.normal(D, D), rng.normal(D, D), rng.normal(4, D)
        layer = student.AffineCoupling(mask, helper.net(A, B)).eval()
        z, s = coupled(x, mask, A, B)
        found, log_det, kept = helper.answer(layer, x)
        expect_close(found, z, name=Message("z with the mask {mask}", mask=bits),
                     hint="The mask says which coordinates stay: any number of them, at any place.")  # fmt: skip
        expect_close(log_det, s.sum(dim=1), name="the log-determinant")
        expect_close(helper.back(layer, z), x, name="inverse(forward(x))", hint=UNDO_COUPLING)
        expect(kept is True, "x was changed in place.")
        if 0.0 in bits:
            expect_own_gradients(student, rng, layer, x)
    stored = student.define("def stored(m):\n    return list(m.state_dict().values())\n").stored(layer)
    there = [v.double() for v in stored if type(v) is torch.Tensor and v.numel() == D]
    expect(any(bool((v.flatten() == mask).all()) for v in there), "The mask is not in the layer's state.",
           'self.register_buffer("mask", mask)')  # fmt: skip


@task("Permutation", share=50, keeps=True)
def check_permutations_of_other_sizes(student, rng):
    """One coordinate and nine, and the order as a buffer, are right; x stays."""
    helper = student.define(HELPERS)
    for D in (1, 9):
        order = rng.permutation(D)
        x = rng.normal(4, D)
        layer = helper.shaken(student.Permutation(order), DOUBLE, 0, 0.0).eval()
        z, log_det, kept = helper.answer(layer, x)
        expect_equal(z, x[:, order], name="z")
        expect_equal(log_det, torch.zeros(4, dtype=torch.float64, device=rng.device), name="the log-determinant")
        expect_equal(helper.back(layer, z), x, name="inverse(forward(x))")
        expect(kept is True, "x was changed in place.")
        expect_own_gradients(student, rng, layer, x)
    stored = student.define("def stored(m):\n    return list(m.state_dict().values())\n").stored(layer)
    expect(any(type(v) is torch.Tensor and v.shape == order.shape and bool((v == order).all()) for v in stored),
           "The order is not in the layer's state.", 'self.register_buffer("order", order)')  # fmt: skip


STORE = """
import copy

def reloaded(layer, fresh):
    fresh = fresh.double()
    fresh.load_state_dict(layer.state_dict())
    return fresh

def evaluated(layer, x):
    layer.eval()
    try:
        return layer(x)[0].detach()
    finally:
        layer.train()

def trains(layer, x):
    z, log_det = layer(x)
    total = z.sum() + log_det.sum()
    if total.requires_grad:
        total.backward()
    return sum(int((p.grad != 0).sum()) for p in layer.parameters() if p.grad is not None)
"""


@task("ActNorm", share=50, keeps=True)
def check_state_of_a_normalised_layer(student, rng):
    """Stored weights count as a start; evaluation does not start; parameters learn; x stays."""
    helper = student.define(HELPERS + STORE)
    first, second = rng.normal(30, 2) - 4, 5 * rng.normal(20, 2)
    layer = helper.shaken(student.ActNorm(2), DOUBLE, 0, 0.0)
    expect_close(helper.evaluated(layer, first), first, name="a new layer in evaluation mode",
                 hint="Only forward in training mode sets shift and scale: ask self.training.")  # fmt: skip
    z, _ = judge_layer(helper, layer, first, "ActNorm")
    right = (first - first.mean(dim=0)) / first.std(dim=0, correction=0)
    expect_close(z, right, name="the first batch in training mode, after one in evaluation mode")
    again = helper.reloaded(layer, student.ActNorm(2))
    z, _, _ = helper.answer(again, second)
    expect_close(z, (second - first.mean(dim=0)) / first.std(dim=0, correction=0), name="a layer with stored weights",
                 mistakes={"Whether the first batch was seen belongs to the state: use a buffer.":
                           (second - second.mean(dim=0)) / second.std(dim=0, correction=0)})  # fmt: skip
    late = rng.normal(9, 2, dtype=torch.float32)
    judge_state(student, helper.answer, lambda: student.ActNorm(2), late, may_change=("parameters", "buffers"))
    learned = helper.trains(layer, second)
    expect(type(learned) is int and learned >= 4, "Shift and scale get no gradient.",
           "They are parameters, not buffers: nn.Parameter(torch.zeros(D)).")  # fmt: skip
    expect_own_gradients(student, rng, layer, rng.normal(3, 2))


# Six coupling layers with exchanges, trained over there; the networks' weights come back.
LEARN = (
    HELPERS
    + """
def learn(student, x, steps, seed):
    torch.manual_seed(seed)
    nets, layers = [], []
    for _ in range(6):
        nets.append(torch.nn.Sequential(torch.nn.Linear(2, 24), torch.nn.Tanh(), torch.nn.Linear(24, 24),
                                        torch.nn.Tanh(), torch.nn.Linear(24, 4)).to(x))
        layers.append(student.AffineCoupling(torch.tensor([1.0, 0.0]).to(x), nets[-1]))
    optimizer = torch.optim.Adam([p for net in nets for p in net.parameters()], 1e-2)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (1 - step / steps)
        z, total = x[torch.randint(len(x), (256,))], 0.0
        for layer in layers:
            z, log_det = layer(z)
            z, total = z.flip(1), total + log_det
        loss = -(normal(z) + total).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [[p.detach() for p in net.parameters()] for net in nets]

def run(x, steps, seed):
    return learn(student, x, steps, seed)
"""
)


def learned_density(weights, x):
    """Compute log-densities of the flow with these weights."""
    total = torch.zeros_like(x[:, 0])
    for W1, b1, W2, b2, W3, b3 in weights:
        held = torch.stack([x[:, 0], torch.zeros_like(x[:, 0])], dim=1)
        out = torch.tanh(torch.tanh(held @ W1.T + b1) @ W2.T + b2) @ W3.T + b3
        s, t = torch.tanh(out[:, 1]), out[:, 3]
        total = total + s
        x = torch.stack([x[:, 1] * s.exp() + t, x[:, 0]], dim=1)
    return total - 0.5 * x.square().sum(dim=1) - torch.log(torch.tensor(2 * torch.pi))


SHAPES = [(24, 2), (24,), (24, 24), (24,), (4, 24), (4,)]


@task("AffineCoupling", share=25, any_dtype=True, seconds=120)
def check_coupling_layers_learn_two_moons(student, rng, score):
    """Six layers, trained by likelihood, give new points of two moons a high density, which integrates to 1."""
    # Five seeds: the reference has a mean of 1.82 (deviation 0.04; the true entropy is 1.59), wrong answers without the
    # log-determinant or with its sign wrong at least 7.6, without the shift at least 2.68; one Gaussian 2.71. The
    # threshold is 2.33.
    x = planes.draw("moons", 2000, seed=rng.key()).to(rng.device)
    weights = student.define(LEARN).run(x, 500, rng.int(0, 2**31))
    expect(type(weights) is list and len(weights) == 6, "The weights are missing.")
    for net in weights:
        for value, shape in zip(net, SHAPES, strict=True):
            expect_shape(value, shape)
    new = planes.draw("moons", 2000, seed=rng.key()).to(rng.device)
    score(float(-learned_density(weights, new).mean()), "nats per point", higher_is_better=False)
    axis = (torch.arange(200, device=rng.device) + 0.5) * 0.06 - 6
    total = learned_density(weights, torch.cartesian_prod(axis, axis)).exp().sum() * 0.06**2
    expect(abs(float(total) - 1) < 0.03, Message("The density integrates to {total}.", total=round(float(total), 3)))
