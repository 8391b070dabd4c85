"""A task's code leaves torch's settings as they were, whatever its checks compare; this costs one check of the task."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from autograder.core.assignment import read_assignment
from autograder.core.report import CheckResult, Outcome
from autograder.sandbox.inside.meter import Left
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import open_pool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts

MANIFEST = """
title = "Noise"
version = "1.0"
files = ["noise.py"]

[[tasks]]
name = "twice"
title = "Twice"
points = 8

[[tasks]]
name = "Noise"
title = "Noise"
points = 8

[[tasks]]
name = "repeated"
title = "Repeated"
points = 8

[[tasks]]
name = "applied"
title = "Applied"
points = 8
"""
CHECKS = '''
"""Public checks of noise."""

import torch

from autograder import expect_close, expect_equal, expect_shape, expect_unchanged, task

SEEDED = "import torch\\n\\ndef run(f, *args):\\n    torch.manual_seed(3)\\n    return f(*args)\\n"
MODEL = """
import torch

def made():
    return torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Dropout(0.5)).double()

def called(f, models, inputs):
    return f(models[0], **inputs)
"""


@task("twice", share=75)
def check_twice(student, rng):
    """Twice the input."""
    x = rng.torch.normal(3)
    expect_close(student.twice(x), 2 * x)


@task("twice", share=25)
def check_twice_of_one(student):
    """Two."""
    expect_equal(student.twice(1), 2)


@task("Noise", share=50)
def check_noise(student, rng):
    """Noise has the shape of its input."""
    expect_shape(student.Noise()(rng.torch.normal(3)), (3,))


@task("Noise", share=25)
def check_noise_changes_nothing(student, rng):
    """Noise does not change its input."""
    x = rng.torch.normal(3)
    expect_unchanged(student.inspect(student.Noise(), x), x)


@task("Noise", share=25)
def check_noise_repeats(student, rng):
    """Noise follows the seed."""
    x, run = rng.torch.normal(3), student.define(SEEDED).run
    expect_close(run(student.Noise(), x), run(student.Noise(), x))


@task("repeated", share=50, may_seed=True)
def check_repeated(student):
    """Equal seeds give equal numbers."""
    expect_close(student.repeated(3), student.repeated(3))


@task("repeated", share=50, may_seed=True)
def check_repeated_shape(student):
    """One number."""
    expect_shape(student.repeated(3), ())


@task("applied", share=50)
def check_applied_shape(student, rng):
    """The output has the shape of the input."""
    expect_shape(student.applied(student.define(MODEL).made(), rng.torch.normal(4, 3)), (4, 3))


@task("applied", share=50, keeps=True)
def check_applied(student, rng):
    """The input and the model stay as they are."""
    helper, x = student.define(MODEL), rng.torch.normal(4, 3)
    model = helper.made().eval().train()  # what a check itself changes is not the student's
    expect_close(helper.called(student.applied, [model], {"x": x}), student.applied(model, x))
'''
RIGHT = """
import torch

def twice(x):
    return x + x

class Noise(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = torch.Generator().manual_seed(0)

    def forward(self, x):
        with torch.no_grad():
            return x + torch.randn(x.shape)

def repeated(seed):
    torch.manual_seed(seed)
    return torch.rand(())

def applied(model, x):
    mode = model.training
    x = model.eval()(x)
    model.train(mode)
    return x
"""
TWICE, INIT, FORWARD = "    return x + x", "        super().__init__()\n", "        with torch.no_grad():\n"
SEED, DTYPE, GRAD = (
    "torch.manual_seed(0)\n",
    "torch.set_default_dtype(torch.float64)\n",
    "torch.set_grad_enabled(False)\n",
)
FAULTS = {  # story -> what replaces what, the checks that lose points, and the sentence
    "right": (TWICE, TWICE, [], ""),
    "a function seeds": (TWICE, "    " + SEED + TWICE, ["check_twice_of_one"], "it was seeded"),
    "a function changes the dtype": (TWICE, "    " + DTYPE + TWICE, ["check_twice_of_one"], "default dtype"),
    "a function stops the recording": (TWICE, "    " + GRAD + TWICE, ["check_twice_of_one"], "records gradients"),
    "a constructor seeds": (INIT, INIT + "        " + SEED, ["check_noise"], "it was seeded"),
    "a forward pass seeds": (FORWARD, "        " + SEED + FORWARD, ["check_noise"], "it was seeded"),
    "a task that seeds changes the dtype": (
        "    torch.manual_seed(seed)\n",
        "    torch.manual_seed(seed)\n    " + DTYPE,
        ["check_repeated"],
        "default dtype",
    ),
    "a task uses one that may seed": (TWICE, "    repeated(3)\n" + TWICE, [], ""),
    "a task uses one that seeds": (
        "    torch.manual_seed(seed)\n",
        "    torch.manual_seed(seed)\n    Noise()\n",
        [],
        "",
    ),
    "the model stays in evaluation mode": ("    model.train(mode)\n", "", ["check_applied"], "mode (training or"),
    "a part of the model stays in evaluation mode": (
        "    model.train(mode)\n",
        "    model.train(mode)\n    model[1].eval()\n",
        ["check_applied"],
        "the mode (training or evaluation) of a module",
    ),
    "the input changes": (
        "    mode = model.training\n",
        "    mode = model.training\n    x += 1\n",
        ["check_applied"],
        "The call changed an argument in place.",
    ),
    "a weight is frozen": (
        "    mode = model.training\n",
        "    mode = model.training\n    model[0].bias.requires_grad_(False)\n",
        ["check_applied"],
        "requires_grad of a module's parameters",
    ),
    "a helper seeds": (
        TWICE,
        "    ready()\n    return x + x\n\ndef ready():\n    " + SEED,
        ["check_twice_of_one"],
        "it was seeded",
    ),
}


@pytest.fixture
def assignment(tmp_path: Path):
    folder = tmp_path / "assignments" / "noise"
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_text(MANIFEST)
    (folder / "check_noise.py").write_text(CHECKS)
    return read_assignment(folder)


def judged(assignment, source: str, isolation: str = "") -> list[CheckResult]:
    code = code_of_scripts({"noise.py": source}, assignment)

    def body(checks: Checks) -> list[CheckResult]:
        if not isolation:
            with open_link(None, code, assignment) as link:
                return list(checks.judge(link, code))
        with open_pool(isolation) as pool, open_link(pool, code, assignment) as link:
            return list(checks.judge(link, code))

    return with_checks(assignment, Options(seed=5), body)


@pytest.mark.parametrize(
    ("change", "sentence", "hint"),
    [
        ("x += 1", "The call changed an argument in place.", "Use x = x - m"),
        ("torch.manual_seed(0)", "it was seeded", "torch.Generator"),
        ("x = x + 1", "3 of 3 values differ", "Every value is too large by 2."),
    ],
)
def test_a_wrong_value_may_come_from_what_a_call_changed(assignment, change: str, sentence: str, hint: str) -> None:
    wrong = RIGHT.replace(
        TWICE, f"    {change}\n    return x + x.abs()\n" if "seed" in change else f"    {change}\n" + TWICE
    )
    result = judged(assignment, wrong)[0]
    assert sentence in result.message
    assert hint in result.hint


@pytest.mark.parametrize("story", FAULTS)
def test_one_check_of_the_task_loses_points(assignment, story: str) -> None:
    before, after, losing, sentence = FAULTS[story]
    source = RIGHT.replace(before, after)
    lost = [result for result in judged(assignment, source) if result.outcome is not Outcome.PASSED]
    assert [result.id.partition("::")[2] for result in lost] == losing, [result.message for result in lost]
    assert all(sentence in result.message for result in lost)


def test_the_worker_says_it_as_well(assignment) -> None:
    source = RIGHT.replace(INIT, INIT + "        " + SEED)
    lost = [result for result in judged(assignment, source, "none") if result.outcome is not Outcome.PASSED]
    assert [result.id.partition("::")[2] for result in lost] == ["check_noise"]
    assert "it was seeded" in lost[0].message
    assert "torch.Generator" in lost[0].hint


def test_arguments_may_be_sparse_or_contain_themselves() -> None:
    own: list[object] = []
    own.append(own)
    given = [torch.eye(3).to_sparse(), own]
    left = Left(arguments=True)
    before = left.before({"args": given})
    left.compare(before, None)
    assert left.take() == []
    given[0]._values().mul_(2)
    left.compare(before, None)
    assert left.take() == ["inputs"]


@pytest.mark.parametrize(
    ("seed", "found"),
    [
        (lambda: None, []),
        (lambda: torch.manual_seed(4), ["seeded"]),
        (lambda: torch.Generator().manual_seed(5), []),
        (lambda: torch.set_rng_state(torch.Generator().manual_seed(6).get_state()), ["seeded"]),
    ],
)
def test_a_seed_that_a_helper_sets_is_not_the_students(seed, found: list[str]) -> None:
    source = "import torch\n\ndef run(f):\n    torch.manual_seed(3)\n    f()\n"
    helper, usual, left = {"__name__": "helper"}, torch.manual_seed, Left()
    exec(source, helper)
    left.defined(source)
    with left.noting({"f": helper["run"]}):
        helper["run"](seed)
    assert left.take() == found
    assert torch.manual_seed is usual
