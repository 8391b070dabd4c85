"""Public checks of an epoch, the probes and the rotation task."""

import math

import torch
from oracles_loans import LOANS_OF_LOSS
from torch import Tensor

from autograder import Message, StudentFault, expect, expect_close, expect_equal, expect_shape, is_sequence, task

TOY = """
import torch
from torch import nn

class Toy(nn.Module):
    # Projections are the images, moved by a learned shift; features are something else.
    def __init__(self, shift):
        super().__init__()
        self.shift = nn.Parameter(shift.clone())
    def forward(self, x):
        return x + 3, x + self.shift

def run(train, shift, batches, rate, **options):
    model = Toy(shift)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    loss = train(model, batches, optimizer, 1, 2, **options)
    return {"loss": loss, "shift": model.shift.detach()}
"""


@task("train", share="3/9", loans=LOANS_OF_LOSS, keeps=True)
def check_an_epoch_on_a_toy(student, rng):
    """On two equal batches with a known loss, train returns that loss; each batch changes the parameters once."""
    run = student.define(TOY).run
    corners = torch.eye(4, dtype=torch.float64, device=rng.device)
    batch, nothing = (corners, corners, torch.zeros(4)), torch.zeros(4, dtype=torch.float64, device=rng.device)
    for tau in (0.5, 0.2):
        options = {"batch_size": 4, "temperature": tau, "device": rng.device}
        frozen = run(student.train, nothing, [batch, batch], 0.0, **options)
        right = math.log(1 + 6 * math.exp(-1 / tau))
        expect(
            type(frozen["loss"]) is not Tensor,
            "train returned a tensor; it should return a float.",
            "Add loss.item(): a tensor keeps the graph of the whole epoch alive.",
        )
        expect_close(frozen["loss"], right,
                     name=Message("loss at temperature {tau} and learning rate 0", tau=tau), mistakes={
            "The losses of the batches were added; return their mean.": 2 * right,
            "The argument temperature was not used.": math.log(1 + 6 * math.exp(-2)),
            "This is the loss of the features; use the projections.": math.log(1 + 6 * math.exp(-1 / tau / 43)),
        })  # fmt: skip
        expect_equal(frozen["shift"], nothing, name="the parameters at learning rate 0")
    start = rng.normal(4)
    moved = run(student.train, start, [(corners, corners.flip(0) / 2, torch.zeros(4))] * 3, 0.1, **options)
    expect_shape(moved["shift"], (4,))
    expect(not torch.equal(moved["shift"], start), "The parameters did not change.", "Call backward, then step.")
    one, three = (
        run(student.train, start, [(corners, corners.flip(0) / 2, torch.zeros(4))] * n, 1e-3, **options)["shift"]
        - start
        for n in (1, 3)
    )
    expect_close(three, 3 * one, atol=1e-5, rtol=0.1, name="the change by three small steps", mistakes={
        "Gradients were added up from batch to batch: call zero_grad before backward.": 6 * one,
    })  # fmt: skip


def voted(similarity: Tensor, labels: Tensor, k: int, *, largest: bool = False) -> Tensor:
    """Let the k labels with the largest similarity vote; of tied ones the smallest wins, or the largest."""
    answers = []
    for row in similarity.tolist():
        near = sorted(range(len(row)), key=lambda n: -row[n])[:k]
        votes = [int(labels[n]) for n in near]
        most = [label for label in votes if votes.count(label) == max(map(votes.count, votes))]
        answers.append(max(most) if largest else min(most))
    return torch.tensor(answers, device=labels.device)


@task("knn_probe", share=50)
def check_neighbours_by_direction(student, rng):
    """Neighbours are those with the most similar direction; the most frequent label wins, in a tie the smallest."""
    angles = torch.tensor([0.0, 10.0, 20.0, 90.0, 100.0, 180.0], dtype=torch.float64, device=rng.device).deg2rad()
    lengths = torch.tensor([[9.0], [1.0], [5.0], [0.1], [3.0], [0.2]], dtype=torch.float64, device=rng.device)
    features = lengths * torch.stack([angles.cos(), angles.sin()], dim=1)
    labels = torch.tensor([4, 2, 2, 3, 1, 0], device=rng.device)
    directions = torch.tensor([1.0, 94.0, 178.0], dtype=torch.float64, device=rng.device).deg2rad()
    queries = 0.3 * torch.stack([directions.cos(), directions.sin()], dim=1)
    cosines = (queries / queries.norm(dim=1, keepdim=True)) @ (features / features.norm(dim=1, keepdim=True)).T
    wrong = {
        "Neighbours have the largest cosine, not the smallest distance.": -torch.cdist(queries, features),
        "These are dot products; divide by the lengths, so that only directions count.": queries @ features.T,
        "The neighbours with the smallest cosine were taken; take the largest.": -cosines,
    }
    for k, answer in [(1, [4, 3, 0]), (2, [2, 1, 0]), (3, [2, 1, 0])]:
        expected = torch.tensor(answer, device=rng.device)
        found = student.knn_probe(features, labels, queries, k=k)
        expect_equal(found, expected, name=Message("labels for k={k}", k=k), mistakes={
            hint: lambda table=table, k=k: voted(table, labels, k) for hint, table in wrong.items()
        } | {
            "Of tied labels the smallest wins, not the largest.": lambda k=k: voted(cosines, labels, k, largest=True),
            "Labels are names: count how often each occurs, do not average them.":
                lambda k=k: labels[cosines.topk(k).indices].double().mean(dim=1).round().long(),
        })  # fmt: skip


@task("linear_probe", share=50)
def check_linear_probe_of_clusters(student, rng):
    """Three clusters in a row are classified, also if one feature is a million times larger and another is constant."""
    labels = torch.arange(60, device=rng.device) % 3
    features = torch.stack([4.0 * (labels == 0), 4.0 * (labels == 2), 0.0 * labels], dim=1) + 0.3 * rng.normal(60, 3)
    features = torch.cat([features, torch.full_like(features[:, :1], 2.0)], dim=1)
    for scale in (1.0, 1e6):
        shown = features * torch.tensor([scale, 1.0, 1.0, 1.0], device=rng.device)
        found = student.linear_probe(shown[:45], labels[:45], shown[45:])
        expect_equal(found, labels[45:],
                     name=Message("labels, with the first feature times {scale:g}", scale=scale), mistakes={
            "A constant feature has standard deviation 0: add 1e-6; queries take the features' numbers.":
                torch.zeros_like(labels[45:]),
            "A large feature drowns the others: standardise them, (x - mean) / (deviation + 1e-6), and queries alike.":
                found if scale > 1 else None,
        })  # fmt: skip


@task("rotation_task", share="1/3", any_dtype=True)
def check_rotations_of_a_small_picture(student, rng):
    """Images of 2 x 2 are rotated counterclockwise by 0, 90, 180 and 270 degrees, all images by one angle first."""
    first = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device=rng.device)
    images = torch.stack([first, 10 * first])[:, None]  # (2, 1, 2, 2)
    rotated = torch.tensor([[1.0, 2, 3, 4], [2, 4, 1, 3], [4, 3, 2, 1], [3, 1, 4, 2]], device=rng.device)
    expected = torch.stack([rotated, 10 * rotated], dim=1).reshape(8, 1, 2, 2)
    returned = student.rotation_task(images)
    expect(is_sequence(returned) and len(returned) == 2, "rotation_task should return (rotated, labels).")
    expect_close(returned[0], expected, name="rotated", mistakes={
        "This is clockwise.": expected.view(4, 2, 1, 2, 2)[[0, 3, 2, 1]].reshape(8, 1, 2, 2),
        "All images by one angle should come first, then by the next angle.":
            expected.view(4, 2, 1, 2, 2).transpose(0, 1).reshape(8, 1, 2, 2),
        "180 degrees flip both axes; one flip is a mirror image.":
            torch.cat([expected[:4], images.flip(2), expected[6:]]),
    })  # fmt: skip
    expect_equal(returned[1], torch.tensor([0, 0, 1, 1, 2, 2, 3, 3], device=rng.device), name="labels", mistakes={
        "All images by one angle come first: repeat_interleave, not repeat.":
            torch.tensor([0, 1, 2, 3, 0, 1, 2, 3], device=rng.device),
        "The labels are the numbers of quarter turns, not degrees.":
            torch.tensor([0, 0, 90, 90, 180, 180, 270, 270], device=rng.device),
    })  # fmt: skip


@task("rotation_task", share="1/3")
def check_rotation_refuses_what_is_not_square(student, rng):
    """Images that are not square raise ValueError, and square ones do not."""
    expect_shape(student.rotation_task(rng.normal(2, 3, 5, 5))[0], (8, 3, 5, 5))
    try:
        out = student.rotation_task(rng.normal(2, 3, 5, 4))
    except StudentFault as fault:
        expect(
            fault.message.startswith("ValueError"),
            Message("Images of 5 x 4 should raise ValueError: {message}", message=fault.message),
        )
        return
    expect(False, Message("Images of 5 x 4 raised no error and gave {kind}.", kind=type(out).__name__))
