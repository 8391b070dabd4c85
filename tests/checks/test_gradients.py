"""A gradient is compared with the function itself: a right one passes, and the first wrong element is named."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings

from autograder.checks.expect import Mismatch
from autograder.checks.gradients import autograd_gradients, expect_gradient, expect_gradients
from autograder.checks.numeric import numeric_directional, numeric_gradient
from autograder.checks.rng import Rng
from tests.support.anything import values

RNG = Rng("gradients")
W, Y = RNG.normal(7, 5), torch.arange(9) % 5
FUNCTIONS = {
    "linear": (lambda x: (x @ W).sum(), RNG.normal(4, 7)),
    "relu": (lambda x: (F.relu(x @ W) ** 2).sum(), RNG.normal(40, 7)),
    "max pooling": (lambda x: F.max_pool2d(x, 3, 2).mul(1.7).sum(), RNG.normal(2, 3, 9, 7)),
    "cross-entropy": (lambda x: F.cross_entropy(x, Y), RNG.normal(9, 5)),
    "hinge": (lambda x: F.multi_margin_loss(x, Y), RNG.normal(9, 5)),
    "kinks at the point": (lambda x: F.relu(x).sum(), torch.tensor([0.0, 0, 1, -1, 2], dtype=torch.float64)),
    "a large constant": (lambda x: 1e6 + (x**2).sum(), RNG.normal(3, 4)),
    "tiny weights": (lambda w: F.cross_entropy(torch.ones(9, 9).double() @ w @ W, Y), 1e-4 * RNG.normal(9, 7)),
    "zero weights": (lambda x: F.cross_entropy(x @ W, Y), torch.zeros(9, 7, dtype=torch.float64)),
    "batch norm": (lambda x: F.batch_norm(x, None, None, training=True).pow(3).sum(), RNG.normal(12, 5)),
    "log near zero": (lambda x: x.log().sum(), RNG.uniform(20, low=1e-5)),
    "huge values": (lambda x: (9 * x).exp().sum(), RNG.normal(20)),
    "a Python number": (lambda x: float((x**3).sum()), RNG.normal(2)),
    "one number": (lambda x: x**3, torch.tensor(1.5, dtype=torch.float64)),
    "many elements": (lambda x: F.conv2d(x, W[:6, :3].reshape(1, 2, 3, 3)).sin().sum(), RNG.normal(3, 2, 30, 29)),
}


def _autograd(f, x):
    if f is FUNCTIONS["a Python number"][0]:
        return 3 * x**2
    x = x.clone().requires_grad_()
    return torch.autograd.grad(f(x), x)[0]


def _caught(*args, **kwargs) -> Mismatch:
    with pytest.raises(Mismatch) as info:
        expect_gradient(*args, **kwargs)
    return info.value


@pytest.mark.parametrize("name", FUNCTIONS)
def test_right_gradients_pass_in_float64_and_float32(name):
    f, x = FUNCTIONS[name]
    g = _autograd(f, x)
    expect_gradient(f, x, g)
    rounded = x.float()
    expect_gradient(f, rounded, _autograd(f, rounded.double()).float())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_wrong_element_is_noticed_and_named(name):
    f, x = FUNCTIONS[name]
    g = _autograd(f, x)
    g.view(-1)[-1] += 1e-3 * (1 + g.view(-1)[-1].abs())
    last = "[" + ",".join(str(size - 1) for size in x.shape) + "]"
    assert f"at {last}: expected " in _caught(f, x, g).message


def test_f_is_only_called_as_often_as_needed():
    calls = []
    f, x = FUNCTIONS["many elements"]
    expect_gradient(lambda t: calls.append(0) or f(t), x, _autograd(f, x), directions=4)
    assert len(calls) <= 4 * 5
    assert f(x) == f(x)


def test_the_message_counts_the_wrong_elements():
    f, x = FUNCTIONS["kinks at the point"]
    g = torch.tensor([0.3, 9.0, 1, 0, 2]).double()  # any value is accepted where x is 0
    assert _caught(f, x, g, name="dx").message == (
        "dx: 1 of 5 values differs by more than 1e-06 + 1e-05*|expected|; first at [4]: expected 1, got 2"
    )


def test_nan_is_always_wrong():
    f, x = FUNCTIONS["kinks at the point"]
    assert "5 values are nan" in _caught(f, x, x * float("nan")).message
    f, x = FUNCTIONS["many elements"]
    g = _autograd(f, x)
    g[1, 0, 0, 3] = float("nan")
    assert _caught(f, x, g).message.startswith("the first wrong value is at [1,0,0,3]: expected ")


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (lambda g: None, "expected a tensor f64[9,5], got None (is there a `return`?)", ""),
        (lambda g: g.float(), "expected dtype float64, got float32", "Create tensors"),
        (lambda g: g[:2], "expected shape [9,5], got [2,5]", ""),
        (lambda g: g.t(), "expected shape [9,5], got [5,9]", "The result is transposed."),
        (lambda g: g.reshape(-1), "expected shape [9,5], got [45]", "The values are right; only the shape is wrong."),
        (lambda g: g * 9, "45 of 45 values differ", "Every value is 9 times the expected one."),
        (lambda g: -g, "45 of 45 values differ", "Every value has the wrong sign."),
        (lambda g: g + 1, "45 of 45 values differ", "Do not add one."),
        (lambda g: (g + 1)[0], "expected shape [9,5], got [5]", "One row."),
    ],
)
def test_each_stage_has_its_sentence_and_hint(change, message, hint):
    f, x = FUNCTIONS["cross-entropy"]
    g = _autograd(f, x)
    mistakes = {"Do not add one.": lambda: g + 1, "One row.": (g + 1)[0], "Right.": g}
    found = _caught(f, x, change(g), mistakes=mistakes)
    assert found.message.startswith(message)
    assert found.hint.startswith(hint)
    assert bool(found.hint) == bool(hint)


def test_the_gradient_of_a_number_may_be_a_number():
    f, x = FUNCTIONS["one number"]
    expect_gradient(f, x, 6.75)
    assert "expected 6.75, got 7" in _caught(f, x, 7.0).message
    _caught(f, x, 10**400)


def test_tolerances_can_be_given():
    f, x = FUNCTIONS["cross-entropy"]
    g = _autograd(f, x) + 1e-4
    _caught(f, x, g)
    expect_gradient(f, x, g, atol=1e-3)


def test_a_function_without_usable_slopes_is_an_error_for_staff():
    zeros = torch.zeros(3).double()
    with pytest.raises(ValueError, match="not smooth"):
        expect_gradient(lambda x: x.abs().sum(), zeros, zeros)
    with pytest.raises(ValueError, match="not smooth"):
        expect_gradient(lambda x: x.log().sum(), zeros - 1, zeros)
    with pytest.raises(ValueError, match="kink"):
        expect_gradient(lambda x: x.abs().sum(), torch.zeros(2000).double(), torch.zeros(2000).double())


def test_an_empty_gradient_passes():
    expect_gradient(lambda x: x.sum(), torch.zeros(0, 3), torch.zeros(0, 3))


def test_gradients_of_several_inputs_are_named():
    x, w, y = RNG.normal(4, 3), RNG.normal(3, 5), torch.tensor([0, 1, 2, 3])

    def f(x, w, y):
        return F.cross_entropy(x @ w, y)

    inputs = {"x": x, "w": w, "y": y}
    right = {"x": _autograd(lambda t: f(t, w, y), x), "w": _autograd(lambda t: f(x, t, y), w)}
    expect_gradients(f, inputs, right)
    expect_gradients(f, {"x": x.float(), "w": w.float(), "y": y}, {k: v.float() for k, v in right.items()}, atol=1e-4)
    wrong = {**right, "w": right["w"] + 1}
    with pytest.raises(Mismatch) as info:
        expect_gradients(f, inputs, wrong, mistakes={"No.": {"x": x}, "One too many.": wrong})
    assert info.value.message.startswith("grads['w']: 15 of 15 values differ")
    assert info.value.hint == "One too many."
    for grads, message in [
        (None, "grads: expected a dict of gradients, got None (is there a `return`?)"),
        ({"x": right["x"]}, "grads: the dict has no key 'w'"),
        ({**right, "b": 1}, "grads: the dict has unexpected key 'b'"),
        ({**right, "w": 1.0}, "grads['w']: expected a tensor f64[3,5], got 1"),
    ]:
        with pytest.raises(Mismatch) as info:
            expect_gradients(f, inputs, grads)
        assert info.value.message == message


def test_the_numeric_gradient_agrees_with_autograd_and_is_nan_at_kinks():
    for name in ("cross-entropy", "hinge", "batch norm", "one number"):
        f, x = FUNCTIONS[name]
        torch.testing.assert_close(numeric_gradient(f, x), _autograd(f, x), rtol=1e-7, atol=1e-9)
    f, x = FUNCTIONS["kinks at the point"]
    assert numeric_gradient(f, x).isnan().tolist() == [True, True, False, False, False]


def test_a_kink_nearby_reduces_the_step_and_a_kink_at_the_point_is_detected():
    near, at = torch.tensor([1e-5]).double(), torch.tensor([0.0]).double()
    v = torch.ones(1).double()
    slope = numeric_directional(lambda x: x.relu().sum(), near, v, 1e-4)
    assert slope.smooth
    assert abs(slope.value - 1) <= slope.error < 1e-6
    assert not numeric_directional(lambda x: x.relu().sum(), at, v).smooth


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(grad=values)
def test_only_mismatch_is_raised_for_any_gradient(grad):
    x = torch.arange(1.0, 7.0, dtype=torch.float64).reshape(2, 3)
    for point, lenient in ((x, False), (x, True), (x[0, 0], True)):
        try:
            expect_gradient(lambda t: (t**2).sum(), point, grad, mistakes={"a": x}, check_dtype=not lenient)
            expect_gradients(lambda a: (a**2).sum(), {"a": point}, grad)
        except Mismatch as mismatch:
            str(mismatch).encode()


def test_gradients_by_autograd_are_those_of_the_weighted_result():
    x, w, dout = RNG.normal(4, 7), RNG.normal(7, 5), RNG.normal(4, 5)
    dx, dw = autograd_gradients(lambda x, w: x @ w, dout, x, w)
    torch.testing.assert_close(dx, dout @ w.T)
    torch.testing.assert_close(dw, x.T @ dout)
    assert not x.requires_grad
