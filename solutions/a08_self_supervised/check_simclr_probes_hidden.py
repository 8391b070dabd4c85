"""Hidden checks of the probes and the rotation task: plain loops, ties, a known minimum, torch.rot90."""

import torch
from torch import Tensor

from autograder import (
    Message,
    expect,
    expect_close,
    expect_device,
    expect_equal,
    expect_shape,
    expect_unchanged,
    explain_errors,
    forbid,
    task,
)


def plain_knn(features: Tensor, labels: Tensor, queries: Tensor, k: int) -> list[int]:
    """Count the votes for each query in turn."""
    answers = []
    for query in queries.double():
        cosines = [float((query @ f) / (query.norm() * f.norm())) for f in features.double()]
        nearest = sorted(range(len(cosines)), key=lambda i, cosines=cosines: -cosines[i])[:k]
        votes = [int(labels[i]) for i in nearest]
        most = max(votes.count(label) for label in votes)
        answers.append(min(label for label in votes if votes.count(label) == most))
    return answers


LARGEST = "Labels may have gaps: there are int(labels.max()) + 1 columns to count votes in."
GAPS = {"Class values must be smaller": LARGEST, "out of bounds": LARGEST, "out of range": LARGEST}


@task("knn_probe", share=25)
def check_neighbours_agree_with_a_plain_loop(student, rng):
    """Labels agree with a loop for several k, with many ties, labels with gaps up to 22, float32 and one query."""
    labels = rng.integers(0, 4, 23) * 7 + 1
    features = rng.normal(23, 5) * rng.uniform(23, 1, low=0.05, high=20.0)
    queries = rng.normal(40, 5) + 0.5
    for k in (1, 2, 4, 7, 23):
        expected = plain_knn(features, labels, queries, k)
        with explain_errors(GAPS):
            seen = student.inspect(student.knn_probe, features, labels, queries, k)
        expect_equal(seen.value, torch.tensor(expected, device=rng.device), name=Message("labels for k={k}", k=k))
        expect_unchanged(seen, features, labels, queries, k)
    features, queries = features.float(), queries[:1].float()
    expected = torch.tensor(plain_knn(features, labels, queries, 5), device=rng.device)
    expect_equal(student.knn_probe(features, labels, queries, k=5), expected, name="label of one query in float32")


@task("knn_probe", share=25)
def check_neighbours_on_the_device_of_the_features(student, rng):
    """Votes are counted on the device of the features, and the labels are there too."""
    expect_device(student, student.knn_probe, rng.normal(9, 4), rng.integers(0, 3, 9), rng.normal(5, 4), k=3)


def minimum(rows: Tensor, labels: Tensor, classes: int, reg: float) -> tuple[Tensor, Tensor]:
    """Compute weight and bias of the softmax regression, by Newton's method in float64."""
    x = torch.cat([rows, torch.ones_like(rows[:, :1])], dim=1)  # (N, D + 1)
    penalty = torch.full((x.shape[1], classes), 2 * reg, dtype=x.dtype, device=x.device)
    penalty[-1] = 1e-9  # the common part of the biases is not determined; a tiny penalty makes the system regular
    target = torch.nn.functional.one_hot(labels, classes).to(x.dtype)
    weight = torch.zeros_like(penalty)
    for _ in range(60):
        p = torch.softmax(x @ weight, dim=1)
        gradient = x.T @ (p - target) / len(x) + penalty * weight
        spread = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]  # (N, L, L)
        hessian = torch.einsum("nd,nkl,ne->dkel", x, spread, x).reshape(weight.numel(), -1) / len(x)
        step = torch.linalg.solve(hessian + torch.diag(penalty.flatten()), gradient.flatten())
        weight = weight - step.reshape(weight.shape).clamp(-2, 2)
    return weight[:-1], weight[-1]


def judge_probe(student, rng, features: Tensor, own: Tensor, queries: Tensor, reg: float, dtype: torch.dtype) -> None:
    """Compare the labels with those of the minimum where it is certain by 2 %. ``own``: classes without gaps."""
    names = torch.tensor([1, 4, 5, 12], device=rng.device)  # the labels of the classes
    mean, deviation = features.mean(dim=0), features.std(dim=0, unbiased=False) + 1e-6
    weight, bias = minimum((features - mean) / deviation, own, int(own.max()) + 1, reg)
    best = torch.softmax((queries - mean) / deviation @ weight + bias, dim=1).topk(2, dim=1)
    certain = best.values[:, 0] - best.values[:, 1] > 0.02
    args = features.to(dtype), names[own], queries.to(dtype)
    with explain_errors({"out of bounds": "Labels may have gaps: the scores need int(labels.max()) + 1 columns."}):
        seen = student.inspect(student.linear_probe, *args, reg)
    expect_shape(seen.value, (len(queries),), name="labels")
    wrong = int((seen.value[certain] != names[best.indices[certain, 0]]).sum())
    expect(
        wrong == 0 and seen.value.dtype == torch.int64,
        Message(
            "With {count} labelled features and reg={reg:g}, {wrong} of {certain} labels are not those of the minimum.",
            count=len(own),
            reg=reg,
            wrong=wrong,
            certain=int(certain.sum()),
        ),
        "Standardise by mean and biased deviation of the labelled features, plus 1e-6; add reg times the sum of the "
        "squared weights, not half of it and without biases, and do not stop early.",
    )
    expect_unchanged(seen, *args)


@task("linear_probe", share=25)
def check_linear_probe_reaches_the_minimum(student, rng):
    """Labels agree with those of the exact minimum wherever that is certain by 2 %, for weak and strong penalties."""
    scales = 10 ** rng.uniform(6, low=-2.0, high=3.0)
    centres = 0.8 * rng.normal(4, 6)
    own = torch.cat([torch.arange(4, device=rng.device), (rng.uniform(76) ** 2 * 4).long()])  # few of the last class
    features = (centres[own] + rng.normal(80, 6)) * scales + 3 * scales
    queries = (0.7 * centres[rng.integers(0, 4, 400)] + rng.normal(400, 6) + 0.3) * scales + 3 * scales
    features, queries = (torch.cat([x, torch.full_like(x[:, :1], 2.0)], dim=1) for x in (features, queries))
    for reg, dtype in [(1e-2, torch.float64), (0.3, torch.float64), (1e-3, torch.float32)]:
        judge_probe(student, rng, features, own, queries, reg, dtype)


@task("linear_probe", share=25)
def check_linear_probe_of_six_labels(student, rng):
    """With six labels, where the biased deviation matters, the minimum is right too, and so is the device."""
    scale, shift = 10 ** float(rng.uniform(low=-1.0, high=2.0)), float(rng.normal())
    features = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0, 8.0], dtype=torch.float64, device=rng.device)[:, None]
    queries = torch.linspace(-10.0, 30.0, 800, dtype=torch.float64, device=rng.device)[:, None]
    own = torch.tensor([0, 0, 0, 0, 1, 1], device=rng.device)
    for size, reg in ((scale, 0.1), (scale, 0.5), (scale, 1.0), (1e-6, 0.1)):  # the last is as small as the 1e-6
        judge_probe(student, rng, (features + shift) * size, own, (queries + shift) * size, reg, torch.float64)
    expect_device(student, student.linear_probe, features, own, queries)


@task("rotation_task", share="1/3")
def check_rotations_agree_with_rot90(student, rng):
    """Rotations agree with torch.rot90 on images without symmetry, in dtype and device too; inputs are unchanged."""
    forbid(student, "rotation_task", calls=["torch.rot90", "np.rot90", "scipy.*"])
    for images in (rng.normal(3, 2, 5, 5), rng.normal(4, 4, 1, 3, dtype=torch.float32).permute(3, 2, 0, 1)):
        seen = student.inspect(student.rotation_task, images)
        rotated, labels = seen.value
        expect_close(rotated, torch.cat([torch.rot90(images, turns, dims=(2, 3)) for turns in range(4)]))
        expected = torch.arange(4, device=rng.device).repeat_interleave(len(images))
        expect_equal(labels, expected, name="labels")
        expect_unchanged(seen, images)
    expect_device(student, student.rotation_task, images)
