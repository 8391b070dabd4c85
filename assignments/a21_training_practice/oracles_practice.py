"""What the checks of practice share: functions and networks in the student's process, and closed forms."""

import math

import torch

FUNCTIONS = """
import torch

def bowl(A, c):
    return lambda x: 0.5 * (x - c) @ A @ (x - c)

def counted(f, calls):
    def g(x):
        calls.append(float(x.sum()))
        return f(x)
    return g

def quartic(c):
    return lambda x: ((x - c) ** 4).sum() + 0.1 * ((x - c) ** 2).sum()

def searched(search, f, x, d, b, *tol):
    calls = []
    return search(counted(f, calls), x, d, b, *tol), len(calls)

def at(f, points):
    return [f(n) for n in points]

def warmed(warmup, rate, steps, count):
    calls = []
    def noted(t):
        calls.append(t)
        return rate(t)
    ready = warmup(noted, steps)
    return [ready(t) for t in reversed(range(count))][::-1], calls

def rates(base):
    return lambda t: base / (1 + t)

def generator(seed, like):
    return torch.Generator(device=like.device).manual_seed(seed)
"""

STOPPING = """
import torch
from torch import nn

def follow(EarlyStopping, losses, patience, options, after=5.0):
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    stopping, answers = EarlyStopping(patience, **options), []
    for n, loss in enumerate(losses):
        with torch.no_grad():
            model[0].weight.fill_(float(n))
            model[1].running_mean.fill_(10.0 + n)
        answers.append(stopping.update(loss, model))
    with torch.no_grad():
        model[0].weight.fill_(-1.0)
        model[1].running_mean.fill_(-1.0)
    stopping.restore(model)
    first = model[0].weight.item(), model[1].running_mean.item()
    with torch.no_grad():
        model[0].weight.fill_(-2.0)
    stopping.restore(model)
    return answers, first[0], first[1], model[0].weight.item()
"""

NETWORKS = """
import copy
import torch
from torch import nn

class Tiny(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.4))
        self.middle = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5))
        self.fc_old = nn.Linear(5, 5)
        self.fc = nn.Linear(5, 3)
        for p, value in zip(self.parameters(), weights):
            p.data = value.clone()

    def forward(self, x):
        return self.fc(self.fc_old(self.middle(self.features(x)).tanh()))

def tiny(weights, like):
    return Tiny(weights).to(like.device).double()

def frozen(freeze, weights, names, x, off=()):
    model = tiny(weights, x)
    model.train()
    for name in off:
        model.get_parameter(name).requires_grad_(False)
    model.fc.eval()
    count = freeze(model, names)
    grads = {name: p.requires_grad for name, p in model.named_parameters()}
    modes = {name: m.training for name, m in model.named_modules() if name}
    before = copy.deepcopy(model.state_dict())
    model(x)
    moved = sorted(k for k, v in model.state_dict().items() if "running" in k and not torch.equal(v, before[k]))
    return count, grads, modes, moved

def groups(parameter_groups, weights, off, like, *options):
    model = tiny(weights, like)
    for name in off:
        model.get_parameter(name).requires_grad_(False)
    names = {id(p): name for name, p in model.named_parameters()}
    found = parameter_groups(model, *options)
    torch.optim.SGD(found, lr=1.0)
    known = [sorted(names.get(id(p), "a strange tensor") for p in group["params"]) for group in found]
    return [(group, float(made["lr"])) for group, made in zip(known, found)]

def accumulated(accumulate, W, b, parts, kind):
    model = nn.Linear(W.shape[1], W.shape[0]).to(W.device).double()
    model.weight.data, model.bias.data = W.clone(), b.clone()
    model.weight.grad, model.bias.grad = torch.ones_like(W), torch.ones_like(b)
    loss = nn.functional.mse_loss if kind == "squares" else nn.functional.cross_entropy
    value = accumulate(model, loss, parts)
    return value, model.weight.grad, model.bias.grad, model.weight.detach()

class Noisy(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.drop, self.norm, self.inner = nn.Dropout(p), nn.BatchNorm1d(3), nn.Sequential(nn.Dropout(p), nn.Identity())

    def forward(self, x):
        return self.norm(self.inner(self.drop(x)))

def noisy(like):
    return Noisy(0.5).to(like.device).double()

class Parts(nn.Module):
    def __init__(self, like):
        super().__init__()
        self.noisy, self.sizes = noisy(like), []

    def forward(self, x):
        self.sizes.append(len(x))
        return self.noisy(x)

def in_parts(like):
    return Parts(like), nn.functional.mse_loss

def shares(f, average, new, n):
    given = [x.data_ptr() for x in [*average, *new]]
    return any(x.data_ptr() in given for x in f(average, new, n))

def dropped(mc_dropout, x, S, p, seed, train, inner):
    torch.manual_seed(seed)
    model = Noisy(p).to(x.device).double()
    model.norm.running_mean += 0.5
    model.norm.running_var *= 4.0
    model.train(train)
    model.inner.train(inner)
    before = [m.training for m in model.modules()]
    mean, variance = mc_dropout(model, x, S)
    after = [m.training for m in model.modules()]
    return mean, variance, before == after, float(model.norm.running_mean[0]), mean.requires_grad

def folded(fold_batchnorm, kind, weight, bias, options, statistics, x, training=False):
    make = nn.Conv2d if kind == "conv" else nn.Linear
    norm = nn.BatchNorm2d if kind == "conv" else nn.BatchNorm1d
    outputs, inputs = weight.shape[0], weight.shape[1] * options.get("groups", 1)
    sizes = (tuple(weight.shape[2:]),) if kind == "conv" else ()
    layer = make(inputs, outputs, *sizes, bias=bias is not None, **options).to(x.device).double()
    layer.weight.data = weight.clone()
    if bias is not None:
        layer.bias.data = bias.clone()
    eps, gamma, beta, mean, variance = statistics
    bn = norm(outputs, eps=eps).to(x.device).double()
    bn.weight.data, bn.bias.data = gamma.clone(), beta.clone()
    bn.running_mean, bn.running_var = mean.clone(), variance.clone()
    bn.train(training)
    given = [copy.deepcopy(part.state_dict()) for part in (layer, bn)]
    def flags():
        return [layer.training, bn.training, *(p.requires_grad for part in (layer, bn) for p in part.parameters())]
    flags_before = flags()
    new = fold_batchnorm(layer, bn)
    kept = flags() == flags_before
    for before, part in zip(given, (layer, bn)):
        after = part.state_dict()
        kept = kept and list(after) == list(before) and all(torch.equal(after[name], before[name]) for name in before)
    return new(x).detach(), kept, new is not layer and type(new) is make
"""


def weights_of_tiny(rng):
    """Draw the parameters of Tiny, in its order."""
    shapes = [(6, 4), (6,), (6,), (6,), (5, 6), (5,), (5,), (5,), (5, 5), (5,), (3, 5), (3,)]
    return [rng.normal(*shape) for shape in shapes]


NAMES = ["features.0.weight", "features.0.bias", "features.1.weight", "features.1.bias", "middle.0.weight"]
NAMES += ["middle.0.bias", "middle.1.weight", "middle.1.bias", "fc_old.weight", "fc_old.bias", "fc.weight", "fc.bias"]
SIZES = dict(zip(NAMES, [24, 6, 6, 6, 30, 5, 5, 5, 25, 5, 15, 3], strict=True))


def bowl(rng, D):
    """Draw a positive matrix, its middle, a point and a direction of descent; return them with the best step."""
    root = rng.normal(D, D)
    A = root @ root.T + torch.eye(D, dtype=root.dtype, device=root.device)
    c, x = rng.normal(D), rng.normal(D)
    g = A @ (x - c)
    return A, c, x, -g, float((g @ g) / (g @ A @ g))


def gabor(phi, x):
    """Return the Gabor model."""
    u = phi[0] + 0.06 * phi[1] * x
    return torch.sin(u) * torch.exp(-u.square() / 32)


def gabor_gradient(phi, x, y):
    """Return the loss and the gradient, by automatic differentiation."""
    leaf = phi.clone().requires_grad_()
    with torch.enable_grad():
        loss = (gabor(leaf, x) - y).square().sum()
        (g,) = torch.autograd.grad(loss, leaf)
    return loss.detach(), g


def rate(kind, t, T, base):
    """Return a rate, by other formulas."""
    if kind == "constant":
        return base
    if kind == "step":
        return base / 10 ** ((10 * t >= 3 * T) + (10 * t >= 6 * T) + (10 * t >= 9 * T))
    if kind == "linear":
        return base * (T - t) / T
    if kind == "cosine":
        return base * math.cos(math.pi * t / (2 * T)) ** 2
    return base * (t + 1) ** -0.5


def torch_adam(w, gradients, decoupled, **options):
    """Return the weights after each step of torch's optimizer."""
    p = torch.nn.Parameter(w.clone())
    optimizer = (torch.optim.AdamW if decoupled else torch.optim.Adam)([p], **options)
    out = []
    for g in gradients:
        p.grad = g.clone()
        optimizer.step()
        out.append(p.detach().clone())
    return out
