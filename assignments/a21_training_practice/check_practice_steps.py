"""Public checks of practice: steps, rates, stopping and penalties, against closed forms and torch's optimizers."""

import math

import torch
from oracles_practice import FUNCTIONS, STOPPING, bowl, gabor_gradient, rate, torch_adam

from autograder import Message, expect, expect_close, expect_equal, expect_raises, expect_type, is_sequence, task


@task("line_search", share=50, any_dtype=True)
def check_best_step_in_a_bowl(student, rng):
    """In quadratic bowls the step agrees with the formula."""
    helper = student.define(FUNCTIONS)
    for D in (1, 4):
        A, c, x, d, right = bowl(rng, D)
        found = student.line_search(helper.bowl(A, c), x, d, 3 * right, 1e-5)
        point = type(found) is torch.Tensor and found.shape == x.shape
        expect(not point, "This has the shape of a point.", "Return the step t, not the point x + t d.")
        expect_close(found, right, rtol=0, atol=2e-5, name=Message("the step in {D} dimensions", D=D),
                     mistakes=({"This is 0: the beginning of the bracket, or f at the minimum.": 0.0} if D == 1 else {})
                     | {
            "This is the largest step: keep the side of the bracket where f is smaller.": 3 * right,
            "Return the step, not f.": float(0.5 * (x + right * d - c) @ A @ (x + right * d - c)),
        }, hint="Begin with 0 and b. Cut the bracket until it is shorter than tol.")  # fmt: skip


@task("newton_step", share=50, any_dtype=True)
def check_newton_reaches_the_middle(student, rng):
    """One step leads to the middle of a bowl."""
    A, c, x, d, _ = bowl(rng, 3)
    expect_close(student.newton_step(-d, A), c - x, rtol=1e-4, mistakes={
        "The sign is wrong.": x - c,
        "Solve with H; do not multiply by it.": A @ d,
        "This is the negative gradient.": d,
    }, hint="Solve H s = -g.")  # fmt: skip


@task("classify_critical", share=50, any_dtype=True)
def check_kinds_of_places(student, rng):
    """Minima, maxima, saddles and flat places have their names, in turned coordinates."""
    turn = torch.linalg.qr(rng.normal(2, 2)).Q
    for values, right in (
        ((1.0, 3.0), "minimum"),
        ((-1.0, -0.2), "maximum"),
        ((1.0, -0.5), "saddle"),
        ((2.0, 0.0), "flat"),
    ):
        H = turn @ torch.diag(torch.tensor(values, dtype=turn.dtype, device=turn.device)) @ turn.T
        expect_equal(student.classify_critical((H + H.T) / 2), right, name=Message("eigenvalues {v}", v=values),
                     hint="The signs decide; a 0 is flat, if no two others have opposite signs.")  # fmt: skip


@task("gabor_loss", share=50, any_dtype=True)
def check_gabor_loss_and_slope(student, rng):
    """The loss and its gradient agree with automatic differentiation."""
    phi, x, y = rng.normal(2) + torch.tensor([0.0, 12.0], device=rng.device), 10 * rng.normal(9), rng.normal(9)
    found = student.gabor_loss(phi, x, y)
    expect(is_sequence(found) and len(found) == 2, "gabor_loss returns the loss and the gradient.")
    loss, g = gabor_gradient(phi, x, y)
    expect_close(found[0], loss, rtol=1e-4, name="the loss", mistakes={"Take the sum, not the mean.": loss / 9},
                 hint="u = phi[0] + 0.06 phi[1] x; both factors of the function depend on u.")  # fmt: skip
    expect_close(found[1], g, rtol=1e-3, atol=1e-4, name="the gradient", mistakes={
        "The factor 2 is missing.": g / 2,
        "The factor 0.06 of the second is missing.": g / torch.tensor([1.0, 0.06], device=g.device),
        "The sign is wrong.": -g,
        "phi[0] shifts: its derivative of u is 1.": g * torch.tensor([0.06, 1.0], device=g.device),
    }, hint="u = phi[0] + 0.06 phi[1] x; both factors of the function depend on u.")  # fmt: skip


@task("schedule", share=50, any_dtype=True)
def check_rates_of_all_kinds(student):
    """The rates at the ends, at a quarter and at each change are right; an unknown kind is an error."""
    for kind in ("constant", "step", "linear", "cosine", "inverse root"):
        for t in (0, 25, 29, 30, 59, 60, 90, 100):
            right = rate(kind, t, 100, 0.4)
            expect_close(student.schedule(kind, t, 100, 0.4), right, atol=1e-9,
                         name=Message("{kind}, step {t} of 100", kind=kind, t=t), mistakes={
                "The cosine is halved: it goes from 1 to 0.": 0.4 * (1 + math.cos(math.pi * t / 100)),
                "The argument of the cosine is pi t / T.": 0.4 * math.cos(math.pi * t / 100),
                "The root is of t + 1.": 0.4 * max(t, 1) ** -0.5,
                "At exactly 30, 60 and 90 % the rate has changed.": right * 10,
                "Each change multiplies by 0.1 again.": 0.04 if t >= 30 else 0.4,
            }, hint="See the table: each kind is a factor of the base rate, from t = 0 to t = T.")  # fmt: skip
    with expect_raises(ValueError):
        student.schedule("square", 0, 10, 1.0)


@task("warmup", share=50, any_dtype=True)
def check_rates_warm_up(student):
    """The first rates are parts of the schedule's, and nothing jumps or starts again."""
    helper = student.define(FUNCTIONS)
    plain = [0.8 / (1 + t) for t in range(9)]
    found, _ = helper.warmed(student.warmup, helper.rates(0.8), 4, 9)
    right = [plain[t] * min(1.0, (t + 1) / 4) for t in range(9)]
    expect_close(found, right, name="the rates", mistakes={
        "Step t has the part (t + 1) / s: the first is not 0.": [plain[t] * min(1.0, t / 4) for t in range(9)],
        "The schedule starts again after the warm-up.":
            [plain[0] * (t + 1) / 4 if t < 4 else plain[t - 4] for t in range(9)],
        "During the warm-up, the schedule runs on.": [plain[0] * (t + 1) / 4 if t < 4 else plain[t] for t in range(9)],
        "The factor is at most 1.": [plain[t] * (t + 1) / 4 for t in range(9)],
        "The factor depends on t, not on how often a rate was asked for.":
            [plain[t] * min(1.0, (9 - t) / 4) for t in range(9)],
    })  # fmt: skip


@task("snapshot_lrs", share=50, any_dtype=True)
def check_rates_of_two_cycles(student):
    """Two cycles of four steps are right."""
    one = [0.5 * (1 + math.cos(math.pi * n / 4)) for n in range(4)]
    expect_close(student.snapshot_lrs(8, 2, 2.0), [2 * r for r in one * 2], atol=1e-9, mistakes={
        "Each cycle starts again at the full rate.": [1 + math.cos(math.pi * n / 8) for n in range(8)],
        "Divide by the length of a cycle.": [1 + math.cos(math.pi * n / 3) for n in range(4)] * 2,
        "The cosine is halved.": [4 * r for r in one * 2],
        "The base rate is missing.": one * 2,
    })  # fmt: skip


@task("EarlyStopping", share=50, any_dtype=True)
def check_stopping_waits_for_its_patience(student):
    """A table of losses stops at the right update, and the best weights come back."""
    helper = student.define(STOPPING)
    losses = [3.0, 2.0, 2.5, 1.5, 1.6, 1.7, 1.8]
    answers, weight, _, again = helper.follow(student.EarlyStopping, losses, 3, {})
    expect_equal([bool(answer) for answer in answers], [False] * 6 + [True], name="the answers",
                 hint="Count the updates since the best loss; a better one begins again at 0.")  # fmt: skip
    hint = {6.0: "These are the last weights: keep a copy of the best ones, not a reference.",
            -1.0: "The model kept its weights: keep a copy of the best ones, not a reference.",
            0.0: "These are the first weights.",
            4.0: "These are weights after the best ones."}  # fmt: skip
    expect(weight == 3.0, "After restore, the model has not its best weights.", hint.get(weight, ""))
    expect(again == 3.0, "After a second restore, the model has not its best weights.")


@task("adam_step", share=50, any_dtype=True)
def check_first_steps_of_adam(student, rng):
    """Three steps agree with torch's Adam and AdamW."""
    w, gradients = rng.normal(4, 2, dtype=torch.float32), [rng.normal(4, 2, dtype=torch.float32) for _ in range(3)]
    for decoupled in (True, False):
        rights = torch_adam(w, gradients, decoupled, lr=0.1, weight_decay=0.3)
        other = torch_adam(w, gradients, not decoupled, lr=0.1, weight_decay=0.3)
        plain = torch_adam(w, gradients, True, lr=0.1, weight_decay=0.0)
        at, state = w, {}
        for n, (g, right) in enumerate(zip(gradients, rights, strict=True)):
            found = student.adam_step(at, g, state, lr=0.1, weight_decay=0.3, decoupled=decoupled)
            expect(is_sequence(found) and len(found) == 2, "adam_step returns weights and a state.")
            at, state = found
            expect_close(at, right, rtol=1e-3, atol=1e-5,
                         name=Message("the weights after step {n}, decoupled={d}", n=n + 1, d=decoupled), mistakes={
                "This is the other kind: see `decoupled`.": other[n],
                "The decay is missing.": plain[n],
                "The decay of AdamW is lr times weight_decay.": plain[n] - 0.3 * w,
            }, hint="m averages gradients, v squares; divide both by 1 - beta^t, t = 1 in the first step.")  # fmt: skip


@task("l1_prox", share=50, any_dtype=True)
def check_soft_threshold(student, rng):
    """Large weights move by t, small ones become 0."""
    w = torch.tensor([2.0, -0.3, 0.5, -1.5, 0.0], device=rng.device)
    expect_close(student.l1_prox(w, 0.5), torch.tensor([1.5, 0.0, 0.0, -1.0, 0.0], device=rng.device), mistakes={
        "The sign is lost.": torch.tensor([1.5, 0.0, 0.0, 1.0, 0.0], device=rng.device),
        "This is the hard threshold: move the large ones, too.":
            torch.tensor([2.0, 0.0, 0.0, -1.5, 0.0], device=rng.device),
        "Stop at 0.": w - 0.5 * w.sign(),
        "Negative weights move up.": (w - 0.5).clamp(min=0),
    }, hint="Every weight moves by t towards 0, and stops there.")  # fmt: skip
    expect_type(student.l1_prox(w, 0.5), torch.Tensor)
