"""Staff read a note about forbidden operations that ran although the source hides them; honest code gives no note."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from autograder.authoring.reference import read_reference
from autograder.core.course import find_assignment
from autograder.core.report import CheckResult, Outcome
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts

pytestmark = pytest.mark.slow

# Source rules follow the functions that a function uses, not the statements that fill a table for it.
TABLE = """

_TABLE = {}
for _module in (torch, torch.nn, torch.nn.functional, torch.autograd):
    for _name, _tool in vars(_module).items():
        _TABLE[_name[::-1]] = _tool
"""


@dataclass(frozen=True)
class Hidden:
    """A right function that gets its result from a forbidden operation, and what the note says about it."""

    file: str
    check: str
    code: str
    note: str


HIDDEN = {
    "a01_knn": Hidden(
        "knn.py",
        "check_no_loops_agrees_with_the_definition",
        """
def compute_distances_no_loops(x_train, x_test):
    return _TABLE["tsidc"](x_train.flatten(1), x_test.flatten(1))
""",
        "compute_distances_no_loops ran torch.cdist (knn.py, line",
    ),
    "a02_linear_classifier": Hidden(
        "linear_classifier.py",
        "check_softmax_vectorized_gradient",
        """
def softmax_loss_vectorized(W, X, y, reg):
    validate_batch(W, X, y)
    W = _TABLE["retemaraP"](W)
    scores = X @ W
    picked = scores[torch.arange(len(y)), y]
    top = scores.amax(dim=1, keepdim=True).detach()
    loss = ((scores - top).exp().sum(dim=1).log() + top[:, 0] - picked).mean() + reg * (W * W).sum()
    (dW,) = _TABLE["darg"](loss, W)
    return loss.detach(), dW
""",
        "softmax_loss_vectorized ran autograd (linear_classifier.py, line",
    ),
    "a04_cnn": Hidden(
        "convolutional_networks.py",
        "check_conv_agrees_with_torch",
        """
_forward = Conv.forward
def _quick(x, w, b, conv_param):
    out = _TABLE["d2vnoc"](x, w, b, stride=conv_param["stride"], padding=conv_param["pad"])
    return out, _forward(x, w, b, conv_param)[1]
Conv.forward = staticmethod(_quick)
""",
        "Conv.forward ran torch.nn.functional.conv1d (convolutional_networks.py, line",
    ),
    "a06_attention": Hidden(
        "transformers.py",
        "check_no_loop_agrees_with_torch",
        """
def scaled_dot_product_no_loop_batch(query, key, value, mask=None):
    scores = query @ key.transpose(1, 2) / query.shape[2] ** 0.5
    weights = (scores if mask is None else scores.masked_fill(mask, -1e30)).softmax(dim=2)
    return _TABLE["noitnetta_tcudorp_tod_delacs"](query, key, value, None if mask is None else ~mask), weights
""",
        "scaled_dot_product_no_loop_batch ran torch.nn.functional.scaled_dot_product_attention (transformers.py, line",
    ),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_hidden_operation_is_reported_and_the_reference_gives_no_note(name: str, isolated_pool: WorkerPool) -> None:
    assignment, hidden = find_assignment(name), HIDDEN[name]
    files = read_reference(assignment)

    def graded(checks: Checks, source: str) -> tuple[CheckResult, str]:
        code = code_of_scripts({**files, hidden.file: source}, assignment)
        with open_link(isolated_pool, code, assignment) as link:
            (result,) = checks.judge(link, code, only=lambda check: check.name == hidden.check)
        return result, "".join(remark.text for remark in checks.state.ran.remarks())

    def both(checks: Checks) -> tuple[tuple[CheckResult, str], tuple[CheckResult, str]]:
        honest = files[hidden.file]
        return graded(checks, honest + TABLE + hidden.code), graded(checks, honest)

    (result, note), (honest, honest_note) = with_checks(assignment, Options(), both)
    assert result.outcome is Outcome.PASSED, result.message
    assert hidden.note in note
    assert honest.outcome is Outcome.PASSED, honest.message
    assert honest_note == ""
