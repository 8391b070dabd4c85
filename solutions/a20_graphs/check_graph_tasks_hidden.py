"""Hidden checks of graph_tasks: dropout, gradients, other sizes, large scores, and networks that are trained."""

import itertools

import torch
import torch.nn.functional as F
from check_graph_tasks import TWO_LAYERS, problem, several
from oracles_parameters import filled
from oracles_tasks import (
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

from autograder import (
    Message,
    expect,
    expect_close,
    expect_same_gradients,
    expect_shape,
    expect_state_kept,
    expect_type,
    expect_unchanged,
    explain_errors,
    task,
)
from common.data import graphs

MANY = """
import torch

def results(model, X, A, count):
    model.train()  # on 50 copies of the graph at once, which nothing joins
    many = X.repeat(50, 1), torch.block_diag(*[A] * 50)
    with torch.no_grad():
        return torch.cat([model(*many)[:: len(X), 0] for _ in range(count // 50)])
"""


@task("GCN", share=50)
def check_dropout_acts_on_both_inputs(student, rng):
    """Gradients without dropout; in training mode, dropout is on the inputs of both layers, and scaled."""
    X, A = rng.normal(5, 3), smooth(table(undirected(rng, 5, 7), 5))
    model = student.GCN(3, 4, 2, 0.0)
    p = filled(student, model, rng, first__weight=(4, 3), second__weight=(2, 4))

    def oracle(X, A):
        return convolutions(X, A, p)

    expect_same_gradients(student, rng, model, oracle, X, A, weights=p, train=True, names=("X", "A_hat"))
    expect_close(model(X, A.to_sparse()), oracle(X, A), name="a sparse matrix")
    # One node with the features 1 and 1, weights 1: the result is 0 if both features are lost, or the hidden number.
    one = torch.ones(1, 1, dtype=torch.float64, device=rng.device)
    two = torch.ones(1, 2, dtype=torch.float64, device=rng.device)
    model = student.GCN(2, 1, 1, 0.25)
    student.define("def ones(m):\n    m.double()\n    [p.data.fill_(1.0) for p in m.parameters()]\n").ones(model)
    student.seed(rng.int(0, 2**31))
    found = student.define(MANY).results(model, two, one, 6000)
    share, right = float((found == 0).double().mean()), 1 / 16 + 15 / 16 / 4
    text = Message(
        "With p = 1/4, {share} of all results are 0; it should be {right}.", share=round(share, 3), right=right
    )
    expect(abs(share - right) < 0.027, text, "Dropout acts on X and on the result of the ReLU.")
    expect(abs(float(found.mean()) - 2) < 0.12, "The mean of many passes is not that without dropout.",
           "nn.Dropout scales.")  # fmt: skip
    set_mode(student, model, train=False)
    expect_close(model(two, one), 2 * one, name="the result in eval mode", hint="Dropout acts in training mode only.")
    # Two joined nodes: node 0 has 0 if all four features are lost, or both hidden numbers.
    student.seed(rng.int(0, 2**31))
    pair = torch.ones(2, 2, dtype=torch.float64, device=rng.device)
    share = float((student.define(MANY).results(model, pair, pair / 2, 6000) == 0).double().mean())
    right = 1 / 256 + 255 / 256 / 16
    text = Message("With two nodes, {share} of all are 0; it should be {right}.", share=round(share, 3),
                   right=round(right, 3))  # fmt: skip
    expect(abs(share - right) < 0.014, text, "Dropout comes before each product with A_hat, not after it.")


OTHER_NAMES = (
    TWO_LAYERS.replace("self.second", "self.last")
    .replace("model.second", "model.last")
    .replace("    losses =", "    model.eval()\n    losses =")
)


BIASED = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, weight, bias, factor):
        super().__init__()
        self.first, self.factor = nn.Linear(weight.shape[1], weight.shape[0]), nn.Parameter(factor.clone())
        self.first.weight, self.first.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())

    def forward(self, X, A):
        return self.factor * (A @ self.first(X))

def biased(parameters):
    return Net(*parameters)

def parts(model):
    values = [p.detach().clone() for p in (model.first.weight, model.first.bias, model.factor)]
    return values, [part.training for part in model.modules()]
"""


def expect_decay_of_all_of_first(student, rng):
    """Expect the parameters after four steps of a model whose first layer has a bias."""
    X, A, y, mask, _ = problem(rng)
    start = [rng.normal(3, 4), rng.normal(3), rng.normal(3)]
    options = {"steps": 4, "lr": 0.05, "weight_decay": 0.3}
    weight, bias, factor = (value.clone().requires_grad_() for value in start)
    groups = [{"params": [weight, bias], "weight_decay": 0.3}, {"params": [factor], "weight_decay": 0.0}]
    optimizer = torch.optim.Adam(groups, lr=0.05)
    for _ in range(4):
        logits = factor * (A @ (X @ weight.T + bias))
        optimizer.zero_grad()
        F.cross_entropy(logits[mask], y[mask]).backward()
        optimizer.step()
    helper = student.define(BIASED)
    model = helper.biased(start)
    with expect_state_kept(student, may_change=("mode", "parameters", "grads"), model=model):
        student.train_node_classifier(model, X, A, y, mask, **options)
    found, modes = helper.parts(model)
    expect(not any(modes), "The model is left in training mode.", "model.eval() at the end.")
    right = [value.detach() for value in (weight, bias, factor)]
    expect_close(found, right, rtol=1e-4, name="the parameters, where the first layer has a bias",
                 hint="All parameters of model.first have weight decay, also its bias.")  # fmt: skip


@task("train_node_classifier", share="1/6")
def check_labels_of_others_do_not_matter(student, rng):
    """Losses and weights do not depend on y where mask is False; other sizes and layers; no step; inputs stay."""
    helper = student.define(OTHER_NAMES)
    X, A, y, mask, weights = problem(rng, 9, 4)
    options = {"steps": 2, "lr": 0.02, "weight_decay": 0.1}
    losses, right = trained(X, A, y, mask, weights, 2, 0.02, 0.1)
    leaked = trained(X, A, y.clamp(min=0), mask, weights, 2, 0.02, 0.1, all_nodes=True)[0]
    known = {"AttributeError": "Of the layers, only `first` has a name that is fixed."}
    with explain_errors(known), expect_state_kept(student):
        found = helper.run(*weights, X, A, y.clamp(min=0), mask, options)
    expect_type(found[0][0], float, name="the first loss")
    expect_close(found[0], losses, rtol=1e-4, name="the losses", mistakes={
        "Nodes that are not labelled take part in the loss.": leaked,
    })  # fmt: skip
    expect_close([found[1], found[2]], right, rtol=1e-4, name="the weights")
    expect(all(found[3]), "The model came in eval mode, and was trained in it.", "model.train() at the beginning.")
    expect_decay_of_all_of_first(student, rng)
    many = helper.run(*weights, X, A, y, mask, {"steps": 160})[0]
    expect(len(many) == 160, Message("Of 160 steps, {n} were made.", n=len(many)))
    seen = student.inspect(helper.run, *weights, X, A, y, mask, options | {"steps": 0})
    expect_close([seen.value[1], seen.value[2]], list(weights), name="the weights after no step",
                 hint="With 0 steps, nothing changes.")  # fmt: skip
    expect_unchanged(seen, *weights, X, A, y, mask, options | {"steps": 0})


LOANS_OF_GCN = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, d_in, hidden, classes, dropout=0.5):
        super().__init__()
        self.first, self.second = nn.Linear(d_in, hidden, bias=False), nn.Linear(hidden, classes, bias=False)
        self.drop = nn.Dropout(dropout)

    def forward(self, X, A_hat):
        return A_hat @ self.second(self.drop((A_hat @ self.first(self.drop(X))).clamp(min=0)))

LOANS = {"GCN": Net}
"""

CITATIONS = """
import torch

def run(X, A_hat, y, mask, steps, seed):
    torch.manual_seed(seed)
    model = student.GCN(X.shape[1], 16, 7).to(X)
    student.train_node_classifier(model, X, A_hat, y, mask, steps)
    model.eval()
    with torch.no_grad():
        return model(X, A_hat)
"""


@task("train_node_classifier", share="2/6", any_dtype=True, seconds=120, loans=LOANS_OF_GCN)
def check_classes_of_unlabelled_nodes(student, rng, score):
    """On a block model of 700 nodes with 20 labels per class, the network finds the classes of the others."""
    steps = score.budget(100, search=[50, 100, 150])
    world = graphs.blocks(seed=rng.key(), num_words=100)
    order = rng.permutation(700).cpu()
    X = torch.nn.functional.normalize(world.x, p=1, dim=1)[order].to(rng.device)
    place = order.argsort()
    edges, y = place[world.edge_index].to(rng.device), world.y[order].to(rng.device)
    chosen = torch.cat([(y == c).nonzero()[:, 0][rng.permutation(100)[:20]] for c in range(7)])
    mask = torch.zeros(700, dtype=torch.bool, device=rng.device)
    mask[chosen] = True
    A = torch.eye(700, device=rng.device)
    A[edges[1], edges[0]] = 1.0
    root = A.sum(dim=1).rsqrt()
    logits = student.define(CITATIONS).run(X, root[:, None] * A * root, torch.where(mask, y, -1), mask, steps,
                                           rng.int(0, 2**31))  # fmt: skip
    expect_shape(logits, (700, 7), name="the logits")
    score(float((logits.argmax(dim=1) == y)[~mask].double().mean()), "accuracy on unlabelled nodes")


@task("untrained_embedding", share=50)
def check_embeddings_of_other_depths(student, rng):
    """No layer, one and four; float32; gradients; the inputs stay."""
    for N, widths, dtype in ((5, (3,), torch.float64), (7, (2, 3), torch.float64), (4, (3, 4, 5, 2, 1), torch.float64),
                             (6, (6, 4, 2), torch.float32)):  # fmt: skip
        A, X = rng.normal(N, N, dtype=dtype), rng.normal(N, widths[0], dtype=dtype)
        weights = [rng.normal(a, b, dtype=dtype) for a, b in itertools.pairwise(widths)]

        def oracle(A, X, weights):
            for W in weights:
                X = torch.tanh(A @ (X @ W))
            return X

        seen = student.inspect(student.untrained_embedding, A, X, weights)
        expect_close(seen.value, oracle(A, X, weights), name=Message("{n} layers", n=len(weights)),
                     hint="Each layer is tanh(A_hat H W); X itself comes as it is.")  # fmt: skip
        expect_unchanged(seen, A, X, weights)
    expect_same_gradients(student, rng, student.untrained_embedding, oracle, A.double(), X.double(),
                          [W.double() for W in weights])  # fmt: skip


@task("GraphClassifier", share=25, keeps=True)
def check_gradients_of_graph_logits(student, rng):
    """Other graphs, one of them with one node, directed edges, nodes in another order; gradients; inputs stay."""
    for sizes, d, hidden in (((4, 1, 3), 2, 5), ((6,), 3, 4)):
        X, edges, batch = several(rng, sizes, d)
        edges = edges[:, : max(1, edges.shape[1] - 3)]
        model = student.GraphClassifier(d, hidden).eval()
        p = filled(student, model, rng, **classifier_shapes(d, hidden))
        order = rng.permutation(len(X))
        X, edges, batch = X[order], order.argsort()[edges], batch[order]

        def oracle(X, edges, batch, p=p):
            return classified(X, edges, batch, p)

        expect_same_gradients(student, rng, model, oracle, X, edges, batch, weights=p)
        other = edges[:, 1:]
        expect_close(model(X, other, batch), oracle(X, other, batch), name="a second call, with another graph",
                     hint="A call does not depend on the calls before.")  # fmt: skip
        expect_unchanged(student.inspect(model, X, edges, batch), X, edges, batch)


MOLECULES = """
import torch
import torch.nn.functional as F

def run(train, test, steps, seed):
    torch.manual_seed(seed)
    X, edges, batch, y = train
    model = student.GraphClassifier(4, 32).to(X)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        loss = F.binary_cross_entropy_with_logits(model(X, edges, batch), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return model(*test)
"""


def together(molecules, device):
    """Return molecules as one graph, and whether a nitrogen is next to an oxygen atom: X, edges, batch, y."""
    edges, labels, start = [], [], 0
    for molecule in molecules:
        one, other = molecule.x.argmax(dim=1)[molecule.edge_index]
        labels.append(float(((one == 2) & (other == 3)).any()))
        edges.append(molecule.edge_index + start)
        start += len(molecule.x)
    batch = torch.cat([torch.full((len(m.x),), g) for g, m in enumerate(molecules)])
    found = torch.cat([m.x for m in molecules]), torch.cat(edges, dim=1), batch, torch.tensor(labels)
    return tuple(x.to(device) for x in found)


@task("GraphClassifier", share=25, any_dtype=True, seconds=120)
def check_bonds_of_molecules_are_found(student, rng, score):
    """Trained on 300 molecules, the network sees in others whether a nitrogen is next to an oxygen atom."""
    steps = score.budget(150, search=[75, 150, 300])
    train = together(graphs.molecules(300, seed=rng.key()), rng.device)
    *test, y = together(graphs.molecules(400, stream="test", seed=rng.key()), rng.device)
    z = student.define(MOLECULES).run(train, test, steps, rng.int(0, 2**31))
    expect_shape(z, (400,), name="the logits")
    score(float(((z > 0) == (y > 0.5)).double().mean()), "accuracy on other molecules")


@task("masked_bce", share=50)
def check_loss_of_large_scores(student, rng):
    """Logits of 1000 and -1000, no known entry, one column, float32; gradients; inputs stay."""
    z = torch.tensor([[1000.0, -1000.0, 0.0, 300.0]], dtype=torch.float64, device=rng.device)
    y = torch.tensor([[0.0, 0.0, 1.0, 1.0]], dtype=torch.float64, device=rng.device)
    known = torch.ones_like(z, dtype=torch.bool)
    expect_close(student.masked_bce(z, y, known), bce(z, y, known), name="logits of 1000",
                 hint="Compute log(1 + exp(-z)) without cutting z or the probability.", mistakes={
        "The logarithm of 0 is infinite: compute log(1 + exp(-z)) without overflow.":
            torch.full((), torch.inf, dtype=z.dtype, device=z.device),
        "nan: infinity minus infinity. Compute log(1 + exp(-z)) without overflow.":
            torch.full((), torch.nan, dtype=z.dtype, device=z.device),
    })  # fmt: skip
    for shape, dtype in (((5, 2), torch.float64), ((7, 1), torch.float64), ((3, 4), torch.float32)):
        z, y = rng.normal(*shape, dtype=dtype), (rng.uniform(*shape) < 0.5).to(dtype)
        known = rng.uniform(*shape) < 0.5
        known[0, 0] = True
        y[~known] = torch.nan if shape == (5, 2) else 7.0
        seen = student.inspect(student.masked_bce, z, y, known)
        expect_close(seen.value, bce(z, y, known), name=Message("the shape {shape}", shape=str(shape)))
        expect_unchanged(seen, z, y, known)
        if dtype == torch.float64:
            expect_same_gradients(student, rng, lambda_of(student, y, known), lambda z, y=y, k=known: bce(z, y, k), z,
                                  name="y is nan where unknown" if shape == (5, 2) else "")  # fmt: skip
    expect_close(student.masked_bce(z, y, torch.zeros_like(known)), torch.zeros((), dtype=z.dtype, device=z.device),
                 name="without known entries")  # fmt: skip


def lambda_of(student, y, mask):
    """Return the student's loss as a function of z alone."""
    source = "def make(y, mask):\n    return lambda z: student.masked_bce(z, y, mask)\n"
    return student.define(source).make(y, mask)
