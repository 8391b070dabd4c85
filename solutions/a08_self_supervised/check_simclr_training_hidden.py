"""Hidden checks of an epoch: uneven batches, compared with torch, and a scored pretraining without labels."""

import torch
from oracles_loans_hidden import LOANS_OF_LOSS, LOANS_OF_PRETRAINING
from oracles_new_views import view
from oracles_secret_scenes import secret_split
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_equal, expect_shape, explain_errors, task
from common.nets.contrastive import ContrastiveModel, features_of, settle

MODEL = """
import torch
from torch import nn

class Elsewhere(torch.Tensor):
    # Acts as a tensor on another device than the model: the code must move it to the model's device.
    def to(self, *args, **kwargs):
        return super().to(*args, **kwargs).as_subclass(torch.Tensor)

class Small(nn.Module):
    # Features and projections have different sizes; stores the mode and the input of each call.
    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = nn.Parameter(first.clone()), nn.Parameter(second.clone())
        self.modes, self.moved = [], []
    def forward(self, x):
        self.modes.append(self.training)
        self.moved.append(type(x) is torch.Tensor)
        features = torch.tanh(x.flatten(1) @ self.first)
        return features, features @ self.second

def reseeds(train, first, second, batches):
    model = Small(first, second)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    torch.manual_seed(1)
    train(model, batches, optimizer, 1, 1)
    after = torch.rand(())
    torch.manual_seed(2)
    train(model, batches, optimizer, 1, 1)
    return bool(after == torch.rand(()))

def run(train, first, second, batches, adam, **options):
    model = Small(first, second).eval()
    kind = torch.optim.Adam if adam else torch.optim.SGD
    optimizer = kind(model.parameters(), lr=0.05)
    batches = [(x_i.as_subclass(Elsewhere), x_j.as_subclass(Elsewhere), target) for x_i, x_j, target in batches]
    losses = [train(model, iter(batches), optimizer, epoch, 2, **options) for epoch in (1, 2)]
    weights = [p.detach() for p in model.parameters()]
    kinds = [type(loss).__name__ for loss in losses]
    model.modes.append(model.training)
    return {"losses": losses, "weights": weights, "modes": model.modes, "moved": model.moved, "kinds": kinds}
"""


def nt_xent(left: Tensor, right: Tensor, tau: float) -> Tensor:
    """Compute the loss as a cross-entropy over the other views."""
    n, views = len(left), F.normalize(torch.cat([left, right]), dim=1)
    logits = (views @ views.T / tau).fill_diagonal_(-1e30)
    return F.cross_entropy(logits, torch.arange(2 * n, device=left.device).roll(n))


def expected_epochs(
    weights: list[Tensor],
    batches: list,
    tau: float,
    adam: bool,
    *,
    keeps=False,
    twice=False,
    equal=False,
    cut=False,
    last=False,
) -> tuple[list[float], list[Tensor]]:
    """Run two epochs of the same training with torch; return the losses over pairs, and the weights afterwards.

    The options are mistakes: gradients that are kept, the first view twice, equal batches, a detached side, the loss of
    the last batch alone.
    """
    first, second = (w.clone().requires_grad_() for w in weights)
    optimizer = (torch.optim.Adam if adam else torch.optim.SGD)([first, second], lr=0.05)
    losses = []
    for _ in range(2):
        total = count = 0.0
        for x_i, x_j, _ in batches:
            left, right = (torch.tanh(x.flatten(1) @ first) @ second for x in (x_i, x_i if twice else x_j))
            loss = nt_xent(left, right.detach() if cut else right, tau)
            if not keeps:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * (1 if equal else len(x_i))
            count += 1 if equal else len(x_i)
        losses.append(loss.item() if last else total / count)
    return losses, [first.detach(), second.detach()]


SECOND = "The model returns features and projections: the loss compares projections, the second of the two."


def judge_epochs(student, rng, sizes: list[int], tau: float, *, adam: bool) -> dict:
    """Compare losses and weights of two epochs with torch; return everything that the model recorded."""
    weights = [rng.normal(12, 7) / 3, rng.normal(7, 5)]
    batches = [(rng.normal(n, 3, 2, 2), rng.normal(n, 3, 2, 2), rng.integers(0, 9, n)) for n in sizes]
    options = {"batch_size": sizes[0], "temperature": tau, "device": rng.device}
    with explain_errors({"Sizes of tensors must match": SECOND}):
        seen = student.define(MODEL).run(student.train, *weights, batches, adam, **options)
    losses, expected = expected_epochs(weights, batches, tau, adam)

    def wrong(**options):
        return lambda: expected_epochs(weights, batches, tau, adam, **options)[0]

    expect_close(seen["losses"], losses, name="losses of two epochs", mistakes={
        "Gradients were added up from batch to batch: call zero_grad before backward.": wrong(keeps=True),
        "The left views were used twice; the second ones are x_j.": wrong(twice=True),
        "The argument temperature was not used.": lambda: expected_epochs(weights, batches, 0.5, adam)[0],
        "Batches count by their pairs: weight each loss by len(x_i), not equally.": wrong(equal=True),
        "One side is detached: gradients come from both views.": wrong(cut=True),
        "This is the loss of the last batch; return the mean over all pairs of the epoch.": wrong(last=True),
    })  # fmt: skip
    expect_close(seen["weights"], expected, name="the weights afterwards")
    return seen


@task("train", share="1/9", loans=LOANS_OF_LOSS)
def check_epochs_agree_with_torch(student, rng):
    """Losses and weights of two epochs agree with the same training by torch, and batches are moved to the device."""
    for adam in (False, True):
        seen = judge_epochs(student, rng, [4, 4, 4], 0.3, adam=adam)
        expect(
            all(seen["modes"]),
            "The model was not in training mode, or did not stay in it.",
            "Call model.train() first, and model.eval() nowhere: who evaluates a model says so.",
        )
        expect(
            all(seen["moved"]),
            "A batch was given to the model without being moved to the device.",
            "Write x_i.to(device) and x_j.to(device).",
        )
        expect_equal(seen["kinds"], ["float", "float"], name="types of the results of train")
    batch = rng.normal(3, 3, 2, 2), rng.normal(3, 3, 2, 2), rng.integers(0, 9, 3)
    reseeded = student.define(MODEL).reseeds(student.train, rng.normal(12, 7), rng.normal(7, 5), [batch])
    hint = "With a seed in each epoch, every epoch would draw the same views."
    expect(reseeded is False, "train seeds torch's global random generator.", hint)


@task("train", share="1/9", loans=LOANS_OF_LOSS)
def check_uneven_batches_count_by_their_pairs(student, rng):
    """If the last batch is smaller, the mean loss weights each batch by its pairs."""
    judge_epochs(student, rng, [6, 6, 2], 0.5, adam=False)
    judge_epochs(student, rng, [3, 7, 1], 0.2, adam=False)


PRETRAIN = """
import math
import torch
from torch.utils.data import DataLoader
from common.nets.contrastive import ContrastiveModel

def pretrain(PairDataset, compute_train_transform, train, images, seed, epochs, state):
    model = ContrastiveModel().to(images.device)
    model.load_state_dict(state)
    no_labels = torch.zeros(len(images), dtype=torch.int64)
    pairs = PairDataset(images, no_labels, compute_train_transform(seed=seed))
    loader = DataLoader(pairs, batch_size=32, shuffle=True, drop_last=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-4)
    for epoch in range(1, epochs + 1):
        optimizer.param_groups[0]["lr"] = 4e-3 * (0.05 + 0.475 * (1 + math.cos(math.pi * (epoch - 1) / epochs)))
        options = {"batch_size": 32, "temperature": 0.1, "device": images.device}
        train(model, loader, optimizer, epoch, epochs, **options)
    return {name: value.detach() for name, value in model.state_dict().items()}
"""

PAIRS = 64  # of a batch whose loss the grader computes


def fitted(features: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
    """Predict the labels of the queries by softmax regression on standardised features."""
    mean, deviation = features.mean(dim=0), features.std(dim=0) + 1e-6
    rows, queries = (features - mean) / deviation, (queries - mean) / deviation
    weight = rows.new_zeros(rows.shape[1], 10, requires_grad=True)
    bias = rows.new_zeros(10, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=60, line_search_fn="strong_wolfe")

    def objective() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(rows @ weight + bias, labels) + 1e-2 * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(objective)
    return (queries @ weight + bias).detach().argmax(dim=1)


def accuracies(features: Tensor, labels: Tensor, queries: Tensor, answers: Tensor, subsets: list[Tensor]) -> float:
    """Return the mean accuracy of the probe over several choices of the labelled images."""
    right = [(fitted(features[rows], labels[rows], queries) == answers).double().mean() for rows in subsets]
    return float(torch.stack(right).mean())


def encoder() -> ContrastiveModel:
    """Return an encoder with the same initial weights each time; other weights would change the lead too much."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ContrastiveModel()


def restore(model: ContrastiveModel, trained) -> ContrastiveModel:
    """Return a new model with the trained weights: the grader computes the features, so only weights can score."""
    restored = ContrastiveModel()
    expect(type(trained) is dict, "The trained weights are missing.")
    for name, value in model.state_dict().items():
        expect(isinstance(trained.get(name), Tensor), Message("The trained weights {name} are missing.", name=name))
        expect_shape(trained[name], tuple(value.shape), name=name)
        expect(bool(torch.isfinite(trained[name]).all()), "The weights are not finite: training diverged.")
    restored.load_state_dict(trained)
    return restored.to(next(model.parameters()).device)


@torch.no_grad()
def loss_of_new_views(model: ContrastiveModel, rng, images: Tensor) -> float:
    """Compute the mean NT-Xent loss of the trained network on the grader's own views of images that are new to it."""
    model.eval()
    losses = []
    for part in images[: len(images) // PAIRS * PAIRS].split(PAIRS):
        left, right = (model(view(rng, part))[1] for _ in range(2))
        losses.append(float(nt_xent(left, right, 0.1)))
    return sum(losses) / len(losses)


@task("train", share="4/9", seconds=600, loans=LOANS_OF_PRETRAINING)
def check_features_learned_without_labels(student, rng, data, score):
    """Features pretrained by your code are better than a random encoder and pixels, with 1 % and 10 % of the labels.

    3,000 images, three epochs. Encoder, initial weights and probe are the grader's; your process gets no labels, and
    no code in it can draw these classes. The network must also pair new views of new images.
    """
    count, epochs = score.budget((3000, 3), search=[(3000, 3), (4000, 5)])
    split = data(num_train=10, num_test=10, name="plain_scenes")
    if split.name == "plain_scenes":
        split = secret_split(rng, split, count, 2000)
    else:  # the run's option --data names images of another kind
        split = data(num_train=count, num_test=2000, name="plain_scenes")
    helper, start = student.define(PRETRAIN), encoder().to(rng.device)
    parts = student.PairDataset, student.compute_train_transform, student.train
    weights = helper.pretrain(*parts, split.x_train, rng.int(0, 2**31), epochs, dict(start.state_dict()))
    trained = restore(start, weights)
    settle(start, split.x_train)
    images = split.x_train, split.x_test
    rows = {
        "yours": [features_of(trained, x) for x in images],
        "random": [features_of(start, x) for x in images],
        "pixels": [x.flatten(1) for x in images],
    }
    by_class = [(split.y_train == label).nonzero()[:, 0] for label in range(10)]
    for percent, draws, most in ((1, 10, 0.08), (10, 2, 0.12)):
        each = percent * count // 1000  # images of each of the ten classes
        subsets = [
            torch.cat([members[rng.permutation(len(members))[:each]] for members in by_class]) for _ in range(draws)
        ]
        reached = {
            name: accuracies(train, split.y_train, test, split.y_test, subsets) for name, (train, test) in rows.items()
        }
        lead = reached["yours"] - max(reached["random"], reached["pixels"])
        lead = min(lead, most)  # beyond that, it varies much with the secret
        score(lead, name=Message("lead in accuracy with {percent} % of the labels", percent=percent))
    # An encoder that was trained with labels of other images, not with pairs, has about log(127) = 4.84, as a new one.
    loss = loss_of_new_views(trained, rng, split.x_test)
    score(loss, "contrastive loss of new views", higher_is_better=False)
