"""Hidden checks of practice: other functions, sizes, ends of schedules, long runs; inputs stay."""

import math

import torch
from oracles_practice import FUNCTIONS, NETWORKS, STOPPING, bowl, gabor_gradient, rate, torch_adam

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_raises,
    expect_state_kept,
    expect_type,
    expect_unchanged,
    forbid,
    is_sequence,
    task,
)

DEEP = torch.float64
DERIVATIVES = ["torch.autograd.*", "torch.func.*", "Tensor.backward"]


@task("line_search", share=50)
def check_best_step_of_other_functions(student, rng):
    """Functions that are no bowls, minima near both ends, and tolerances; f is called a few times in each round."""
    forbid(student, "line_search", calls=DERIVATIVES)
    helper = student.define(FUNCTIONS)
    for right, b in ((0.7, 2.0), (0.02, 5.0), (4.9, 5.0), (0.0, 1.0), (3.0, 3.0)):
        c = rng.normal(3)
        d = torch.full_like(c, 0.5)
        f = helper.quartic(c)
        found, calls = helper.searched(student.line_search, f, c - right * d, d, b, 1e-3)
        expect_close(found, right, rtol=0, atol=1.01e-3, name=Message("a minimum at {t} of {b}", t=right, b=b),
                     hint="Begin with 0 and b. Cut the bracket until it is shorter than tol.")  # fmt: skip
        expect(
            calls <= 200, Message("f was called {n} times.", n=calls), "Each round cuts the bracket by a fixed share."
        )
    A, c, x, d, right = bowl(rng, 4)
    seen = student.inspect(student.line_search, helper.bowl(A, c), x, d, 5 * right)
    expect_type(seen.value, float)
    expect_close(seen.value, right, rtol=0, atol=1.01e-4, name="by default",
                 hint="Cut the bracket until it is shorter than tol, however many rounds that takes.")  # fmt: skip
    expect_unchanged(seen, seen.args[0], x, d, 5 * right)
    far, _ = helper.searched(student.line_search, helper.quartic(0 * c), 40 * d, -d / 10, 1000.0, 1e-6)
    expect_close(far, 400.0, rtol=0, atol=1.01e-6, name="a long way",
                 hint="Cut the bracket until it is shorter than tol, however many rounds that takes.")  # fmt: skip


@task("newton_step", share=50)
def check_newton_at_saddles(student, rng):
    """Steps from random places to the stationary point, whatever the signs of the eigenvalues; inputs stay."""
    for D in (1, 2, 6):
        A = rng.normal(D, D)
        H, g = A + A.T, rng.normal(D)
        seen = student.inspect(student.newton_step, g, H)
        expect_close(H @ seen.value, -g, rtol=1e-4, atol=1e-6, name=Message("H times the step, {D} dimensions", D=D),
                     hint="Solve H s = -g, whatever the signs of the eigenvalues.")  # fmt: skip
        expect_unchanged(seen, g, H)


@task("classify_critical", share=50)
def check_kinds_of_other_places(student, rng):
    """Small and large scales, one dimension, zeros next to both signs, no curvature at all; the input stays."""
    for values, right in (
        ((1e-6, 3e-6, 2e-6), "minimum"), ((-1e5, -1.0, -7.0), "maximum"), ((1.0, -1e-3, 0.5), "saddle"),
        ((0.0, 0.0, 1.0), "flat"), ((0.0, -1.0, -2.0), "flat"), ((0.0, 1.0, -1.0), "saddle"), ((5.0,), "minimum"),
        ((-5.0,), "maximum"), ((0.0,), "flat"), ((0.0, 0.0), "flat"), ((1e-10, 3e-10, 2e-10), "minimum"),
        ((1e5, 1e-5, 2.0), "flat"),
    ):  # fmt: skip
        turn = torch.linalg.qr(rng.normal(len(values), len(values))).Q
        H = turn @ torch.diag(torch.tensor(values, dtype=DEEP, device=turn.device)) @ turn.T
        H = (H + H.T) / 2
        seen = student.inspect(student.classify_critical, H)
        expect_equal(seen.value, right, name=Message("eigenvalues {v}", v=values),
                     hint="Both signs are a saddle, whatever else is 0. What counts as 0 "
                          "depends on the largest eigenvalue.")  # fmt: skip
        expect_unchanged(seen, H)


@task("gabor_loss", share=50)
def check_gabor_at_other_places(student, rng):
    """Other places and numbers of points; the formula is by hand; inputs stay."""
    forbid(student, "gabor_loss", calls=DERIVATIVES)
    for N, scale in ((1, 1.0), (28, 15.0), (6, 40.0)):
        phi, x, y = (
            3 * rng.normal(2) + torch.tensor([0.0, 10.0], dtype=DEEP, device=rng.device),
            scale * rng.normal(N),
            rng.normal(N),
        )
        seen = student.inspect(student.gabor_loss, phi, x, y)
        loss, g = gabor_gradient(phi, x, y)
        expect_close(seen.value[0], loss, name=Message("the loss of {N} points", N=N))
        expect_close(seen.value[1], g, name=Message("the gradient of {N} points", N=N))
        expect_unchanged(seen, phi, x, y)


@task("schedule", share=50)
def check_rates_of_other_lengths(student):
    """Short and odd lengths, both ends, other bases; all are Python numbers."""
    for T, base in ((1, 1.0), (7, 0.3), (1000, 5.0), (10, 0.01), (90, 2.0)):
        for kind in ("constant", "step", "linear", "cosine", "inverse root"):
            for t in sorted({0, 1, T // 3, math.ceil(0.3 * T), T // 2, 9 * T // 10, T - 1, T}):
                found = student.schedule(kind, t, T, base)
                expect_type(found, (float, int))
                expect_close(found, rate(kind, t, T, base), atol=1e-12,
                             name=Message("{kind}, step {t} of {T}", kind=kind, t=t, T=T),
                             hint="See the table, also for short schedules.")  # fmt: skip
    with expect_raises(ValueError):
        student.schedule("", 0, 10, 1.0)


@task("warmup", share=50)
def check_other_warm_ups(student):
    """No warm-up at all, a warm-up of one step, and a long one; the schedule is asked for the step itself."""
    helper = student.define(FUNCTIONS)
    for steps in (0, 1, 2, 20):
        found, calls = helper.warmed(student.warmup, helper.rates(3.0), steps, 12)
        right = [3.0 / (1 + t) * (min(t + 1, steps) / steps if steps else 1) for t in range(12)]
        expect_close(found, right, name=Message("a warm-up of {n} steps", n=steps))
        expect(set(calls) == set(range(12)), "The schedule was asked for other steps.")


@task("snapshot_lrs", share=50)
def check_rates_of_other_cycles(student):
    """Lengths that cannot be divided, one cycle, a cycle for each step."""
    for T, cycles in ((10, 3), (7, 1), (5, 5), (9, 2), (100, 7), (90, 2)):
        found = student.snapshot_lrs(T, cycles, 0.2)
        length = next(n for n in range(1, T + 1) if n * cycles >= T)
        right, place = [], 0
        for _ in range(T):
            right.append(0.2 * math.cos(math.pi * place / (2 * length)) ** 2)
            place = (place + 1) % length
        expect(is_sequence(found) and len(found) == T, "There is not one rate for each step.")
        expect_close(list(found), right, atol=1e-12, name=Message("{T} steps, {n} cycles", T=T, n=cycles))


def stops(losses, patience, min_delta):
    """Return the answers, and the place of the best loss, by looking back at each step."""
    answers, best = [], 0
    for n, loss in enumerate(losses):
        if n == 0 or loss < losses[best] - min_delta:
            best = n
        answers.append(n - best >= patience)
    return answers, best


@task("EarlyStopping", share=50)
def check_stopping_of_other_tables(student, rng):
    """Small gains below min_delta, equal losses, negative losses, buffers; two objects know nothing of each other."""
    helper = student.define(STOPPING)
    tables = [
        ([1.0, 0.95, 0.91, 0.85, 0.84, 0.83], 2, 0.1), ([2.0, 2.0, 2.0], 2, 0.0),
        ([-1.0, -2.0, -1.5, -3.0, -2.9], 4, 0.0),
        ([1.0, 0.0, 0.5, 0.4, 0.3], 3, 0.0),
        ([5.0], 1, 0.0), ([3.0, 4.0, 2.0, 4.0, 1.0, 0.9], 2, 0.0), ([1e9, 1e8, 2e8], 1, 0.0),
    ]  # fmt: skip
    tables += [(rng.uniform(12).tolist(), 3, 0.05), (rng.uniform(12).tolist(), 5, 0.0)]
    for losses, patience, delta in tables:
        answers, best = stops(losses, patience, delta)
        found, weight, mean, _ = helper.follow(student.EarlyStopping, losses, patience, {"min_delta": delta})
        name = Message("losses {losses}", losses=[round(loss, 3) for loss in losses])
        expect_equal([bool(answer) for answer in found], answers, name=name,
                     hint="Better is below the best loss so far minus min_delta; "
                          "each better one begins again at 0.")  # fmt: skip
        expect_equal(weight, float(best), name=Message("{name}: the weight after restore", name=name))
        expect_equal(mean, 10.0 + best, name=Message("{name}: the buffer after restore", name=name),
                     hint="Copy the whole state of the model: buffers belong to it.")  # fmt: skip
    model = student.define(NETWORKS).noisy(rng.normal(1))
    stopping = student.EarlyStopping(2)
    with expect_state_kept(student, model=model):
        stopping.update(1.0, model)
        stopping.restore(model)
    one, other = student.EarlyStopping(1), student.EarlyStopping(1)
    turns = ((one, 1.0), (other, 5.0), (other, 4.0), (one, 2.0))
    answers = [bool(each.update(loss, model)) for each, loss in turns]
    expect_equal(
        answers,
        [False, False, False, True],
        name="the answers of two EarlyStoppings in turn",
        hint="Each EarlyStopping has a best loss of its own: an attribute of self, not of the class.",
    )


@task("adam_step", share=50)
def check_many_steps_of_adam(student, rng):
    """Twelve steps with other options agree with torch's; gradients of 0; w, g and the state stay."""
    for options in (
        {"lr": 0.05, "weight_decay": 0.2}, {"lr": 0.01, "betas": (0.5, 0.9), "eps": 1e-2, "weight_decay": 1.0},
        {"lr": 0.3},
    ):  # fmt: skip
        for decoupled in (True, False):
            w = rng.normal(3, 2)
            gradients = [rng.normal(3, 2) * (n != 2) for n in range(12)]
            rights = torch_adam(w, gradients, decoupled, **{"weight_decay": 0.0, **options})
            at, state = w, {}
            for n, (g, right) in enumerate(zip(gradients, rights, strict=True)):
                at, state = student.adam_step(at, g, state, **options, decoupled=decoupled)
                expect_close(at, right,
                             name=Message("step {n}, {o}, decoupled={d}", n=n + 1, o=options, d=decoupled),
                             hint="Use the betas and eps that are given; eps is added to the root.")  # fmt: skip
    w, g = rng.normal(4), rng.normal(4)
    _, state = student.adam_step(w, g, {}, 0.1)
    first = student.inspect(student.adam_step, w, g, state, 0.1, (0.9, 0.999), 1e-8, 0.5)
    second = student.inspect(student.adam_step, w, g, state, 0.1, (0.9, 0.999), 1e-8, 0.5)
    expect_unchanged(second, w, g, state)
    expect_close(second.value[0], first.value[0], name="a second call with the same state")
    expect_close(student.adam_step(w, g, {})[0], torch_adam(w, [g], True, lr=1e-3, weight_decay=0.0)[0],
                 name="by default")  # fmt: skip


@task("l1_prox", share=50)
def check_thresholds_minimise(student, rng):
    """The result minimises the penalised distance, for several shapes and thresholds; the input stays."""
    for shape, t in (((7,), 0.4), ((2, 3), 0.0), ((4, 1, 2), 2.0)):
        w = rng.normal(*shape)
        seen = student.inspect(student.l1_prox, w, t)
        right = torch.nn.functional.softshrink(w, t) if t else w
        expect_close(seen.value, right, atol=1e-12, name=Message("a threshold of {t}", t=t))
        expect_unchanged(seen, w, t)
