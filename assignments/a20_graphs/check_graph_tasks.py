"""Public checks of graph_tasks: networks for nodes and for whole graphs, and their training."""

import torch
from oracles_parameters import filled
from oracles_tasks import (
    LOSSES,
    bce,
    classified,
    classifier_shapes,
    convolutions,
    set_mode,
    smooth,
    table,
    trained,
    undirected,
)

from autograder import expect, expect_close, expect_shape, explain_errors, forbid, task


@task("GCN", share=50, any_dtype=True)
def check_two_convolutions(student, rng):
    """In eval mode, the logits are two graph convolutions with a ReLU between them."""
    X, A = rng.normal(6, 4), smooth(table(undirected(rng, 6, 8), 6))
    model = student.GCN(4, 5, 3)
    p = filled(student, model, rng, first__weight=(5, 4), second__weight=(3, 5))
    set_mode(student, model, train=False)
    right = convolutions(X, A, p)
    linear = A @ A @ X @ p["first.weight"].T @ p["second.weight"].T
    expect_close(model(X, A), right, mistakes={
        "The ReLU is missing.": linear,
        "The second layer takes the product with A_hat, too.":
            (A @ X @ p["first.weight"].T).relu() @ p["second.weight"].T,
        "The first layer takes the product with A_hat, too.":
            A @ (X @ p["first.weight"].T).relu() @ p["second.weight"].T,
        "These are probabilities; the result is logits.": right.softmax(dim=1),
        "There is no nonlinearity at the end.": right.relu(),
    }, hint="A_hat ReLU(A_hat X W) W', without dropout in eval mode.")  # fmt: skip


TWO_LAYERS = """
import torch
from torch import nn

class Two(nn.Module):
    def __init__(self, first, second):
        super().__init__()
        self.first = nn.Linear(first.shape[1], first.shape[0], bias=False)
        self.second = nn.Linear(second.shape[1], second.shape[0], bias=False)
        self.to(first)
        with torch.no_grad():
            self.first.weight.copy_(first)
            self.second.weight.copy_(second)
        self.modes = []

    def forward(self, X, A):
        self.modes.append(self.training)
        return A @ self.second(torch.relu(A @ self.first(X)))

def run(first, second, X, A, y, mask, options):
    model = Two(first, second)
    losses = student.train_node_classifier(model, X, A, y, mask, **options)
    return list(losses), model.first.weight.detach(), model.second.weight.detach(), model.modes, model.training
"""


def problem(rng, N=8, classes=3):
    """Draw a graph with features, classes and a mask. The classes of other nodes are -1."""
    X, A = rng.normal(N, 4), smooth(table(undirected(rng, N, N + 3), N))
    mask = rng.permutation(N) < N // 2
    y = torch.where(mask, rng.integers(0, classes, N), -1)
    return X, A, y, mask, (rng.normal(5, 4), rng.normal(classes, 5))


@task("train_node_classifier", share="1/6", any_dtype=True)
def check_losses_of_labelled_nodes(student, rng):
    """The losses of three steps are those of labelled nodes only, computed before each change."""
    X, A, y, mask, weights = problem(rng)
    options = {"steps": 3, "lr": 0.05, "weight_decay": 0.0}
    losses, *_ = student.define(TWO_LAYERS).run(*weights, X, A, y, mask, options)
    right, _ = trained(X, A, y, mask, weights, 4, 0.05, 0.0)
    shares = [loss * int(mask.sum()) for loss in right]
    expect_close(losses, right[:3], rtol=1e-4, mistakes={
        "The loss of a step is computed before its change.": right[1:],
        "The mean over the labelled nodes, not the sum.": shares[:3],
        "The mean over the labelled nodes: do not divide by the number of all.": [s / len(y) for s in shares[:3]],
    },
    hint="A step: the loss of the labelled nodes, zero gradients, backward, a step of Adam with this lr.")  # fmt: skip


@task("train_node_classifier", share="2/6", any_dtype=True)
def check_weights_after_training(student, rng):
    """Weights after four steps agree with Adam's formulas, with weight decay on the first layer only."""
    X, A, y, mask, weights = problem(rng)
    options = {"steps": 4, "lr": 0.05, "weight_decay": 0.3}
    _, first, second, modes, training = student.define(TWO_LAYERS).run(*weights, X, A, y, mask, options)
    right = trained(X, A, y, mask, weights, 4, 0.05, 0.3)[1]
    none = trained(X, A, y, mask, weights, 4, 0.05, 0.0)[1]
    both = trained(X, A, y, mask, weights, 4, 0.05, 0.3, all_layers=True)[1]
    expect_close([first, second], right, rtol=1e-4, mistakes={
        "The weight decay is missing.": none,
        "Weight decay acts on the first layer only.": both,
        "weight_decay is added to the gradient, as torch.optim.Adam does.":
            [none[0] * (1 - 0.05 * 0.3) ** 4, none[1]],
    },
    hint="One torch.optim.Adam for all steps, with two groups; each step zeroes the gradients first.")  # fmt: skip
    expect(bool(modes) and all(mode is True for mode in modes), "The model was not in training mode.", "model.train()")
    expect(training is False, "The model is left in training mode.", "model.eval() at the end.")


@task("untrained_embedding", share=50, any_dtype=True)
def check_three_random_layers(student, rng):
    """Three layers agree with the formula."""
    A, X = smooth(table(undirected(rng, 6, 8), 6)), rng.normal(6, 5)
    weights = [rng.normal(5, 4), rng.normal(4, 3), rng.normal(3, 2)]
    H, linear, late = X, X, X
    alone = torch.tanh(torch.tanh(torch.tanh(X @ weights[0]) @ weights[1]) @ weights[2])
    for number, W in enumerate(weights):
        H, linear = torch.tanh(torch.einsum("ij,jd,dk->ik", A, H, W)), A @ linear @ W
        late = torch.tanh(A @ late @ W) if number < 2 else A @ late @ W
    with explain_errors({"cannot be multiplied": "Each layer reads what the layer before made, the first one X: H = X "
                         "before the loop, H = torch.tanh(A_hat @ H @ W) in it."}):  # fmt: skip
        found = student.untrained_embedding(A, X, weights)
    expect_close(found, H, mistakes={
        "tanh is missing.": linear,
        "tanh follows the last layer, too.": late,
        "Each layer has a product with A_hat.": alone,
    }, hint="Each layer is tanh(A_hat H W), the last one, too.")  # fmt: skip


def several(rng, sizes, D):
    """Draw several graphs as one: X, edges, batch."""
    edges, start = [], 0
    for N in sizes:
        edges.append(
            undirected(rng, N, N) + start if N > 1 else torch.zeros(2, 0, dtype=torch.int64, device=rng.device)
        )
        start += N
    batch = torch.tensor([g for g, N in enumerate(sizes) for _ in range(N)], device=rng.device)
    return rng.normal(start, D), torch.cat(edges, dim=1), batch


@task("GraphClassifier", share=50, any_dtype=True, keeps=True)
def check_logits_of_three_graphs(student, rng):
    """The logits of three graphs agree with loops over nodes."""
    X, edges, batch = several(rng, (4, 3, 5), 3)
    model = student.GraphClassifier(3, 6)
    p = filled(student, model, rng, **classifier_shapes(3, 6))
    right = classified(X, edges, batch, p)
    found = model(X, edges, batch)
    expect_shape(found, (3,), name="the logits")
    expect_close(found, right, mistakes={
        "The readout is the mean, not the sum.": classified(X, edges, batch, p, readout="sum"),
        "Each graph has a mean of its own; this is that of all nodes.": classified(X, edges, batch, p, readout="all"),
        "The node's own vector belongs to the sum.": classified(X, edges, batch, p, own=False),
        "Neighbours have no influence.": classified(X, edges[:, :0], batch, p),
        "These are probabilities; the result is logits.": torch.sigmoid(right),
    },
    hint="Twice ReLU(linear(h_i + the sum of the neighbours)), then the mean of each graph, then `last`.")  # fmt: skip


@task("masked_bce", share=50, any_dtype=True)
def check_loss_of_known_entries(student, rng):
    """The mean over known entries; unknown ones may be nan."""
    forbid(student, "masked_bce", calls=LOSSES)
    z, y, mask = 2 * rng.normal(4, 3), (rng.uniform(4, 3) < 0.5).double(), rng.uniform(4, 3) < 0.6
    mask[0], y[0, 0], y[0, 1], mask[1] = True, 0.0, 1.0, False
    every = bce(z, y, torch.ones_like(mask))
    right = bce(z, y, mask)
    expect_close(student.masked_bce(z, y, mask), right, mistakes={
        "Only known entries count.": every,
        "Divide by the number of known entries, not by that of all.": right * mask.double().mean(),
        "This is the sum; take the mean.": right * mask.sum(),
        "The sign of z is wrong.": bce(-z, y, mask),
    }, hint="log(1 + exp(-z)) where y is 1, log(1 + exp(z)) where it is 0, with natural logarithms.")  # fmt: skip
    y[1] = torch.nan
    expect_close(student.masked_bce(z, y, mask), right, name="with nan where nothing is known", mistakes={
        "nan times 0 is nan: keep the known entries first, z[mask].": torch.full_like(right, torch.nan),
    })  # fmt: skip
