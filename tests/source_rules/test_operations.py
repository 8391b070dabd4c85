"""An operation that ran is reported where its task forbids all functions that it can come from."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from autograder.source_rules.operations import AUTOGRAD, forbidden_operations

Q = torch.arange(24.0).reshape(2, 3, 4)
X = torch.arange(96.0).reshape(2, 3, 4, 4)


def operations_of(call: str) -> list[tuple[str, str]]:
    """Return the operations that torch runs for a call."""
    names: list[tuple[str, str]] = []

    class Names(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            names.append((func._schema.name, ""))
            return func(*args, **(kwargs or {}))

    with Names():
        eval(call, {"torch": torch, "F": F, "q": Q, "x": X, "w": torch.ones(3, 3, 2, 2)})
    return names


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # torch.func.jvp calls it
@pytest.mark.parametrize(
    ("call", "rules"),
    [
        ("torch.cdist(q, q)", ["torch.cdist"]),
        ("torch._euclidean_dist(q[0], q[0])", ["torch.cdist"]),
        ("F.pdist(q[0])", ["F.pdist", "torch.pdist"]),
        ("torch.linalg.norm(q)", ["torch.norm", "torch.linalg.*norm"]),
        ("F.conv2d(x, w)", ["F.conv*"]),
        ("F.conv_transpose2d(x, w)", ["torch.nn.*"]),
        ("F.max_pool2d(x, 2)", ["torch.*pool*"]),
        ("F.adaptive_avg_pool2d(x, 3)", ["torch.*pool*"]),
        ("F.batch_norm(x, None, None, training=True)", ["torch.*batch_norm*", "torch.*instance_norm*"]),
        ("F.layer_norm(q, (4,))", ["torch.*layer_norm*"]),
        ("F.group_norm(x, 3)", ["torch.nn.*"]),
        ("F.scaled_dot_product_attention(q, q, q)", ["F.scaled_dot_product_attention"]),
        ("F.scaled_dot_product_attention(x, x, x)", ["F.scaled_dot_product_attention"]),
        ("F.cross_entropy(q[0], torch.tensor([0, 1, 2]))", ["F.cross_entropy", "F.nll_loss"]),
        ("q.logsumexp(1)", ["torch.logsumexp"]),
        ("F.multi_margin_loss(q[0], torch.tensor([0, 1, 2]))", ["F.multi_margin_loss"]),
        ("F.unfold(x, 2)", ["F.unfold"]),
        ("F.interpolate(x, scale_factor=2)", ["F.interpolate"]),
        ("F.grid_sample(x, x[:, :, :, :2], align_corners=False)", ["F.grid_sample"]),
        ("torch.nn.GRU(4, 4)(q)", ["nn.GRU*", "nn.LSTM*"]),
        ("torch.nn.LSTM(4, 4)(q)", ["nn.GRU*", "nn.LSTM*"]),
        ("torch.func.jvp(torch.sin, (q,), (q,))", ["torch.func.*", "torch.autograd.*"]),
        ("q.std(0)", ["torch.std"]),
        ("q.unique()", ["torch.unique*"]),
        ("q.flip(0)", ["torch.flip"]),
    ],
)
def test_a_forbidden_operation_is_found_and_is_none_under_other_rules(call: str, rules: list[str]) -> None:
    ran = operations_of(call)
    assert forbidden_operations(ran, tuple(rules))
    assert not forbidden_operations(ran, ("torch.trace", "F.one_hot", "np.dot"))


@pytest.mark.parametrize(
    ("call", "rules"),
    [
        ("q @ q.transpose(1, 2)", ["torch.matmul", "torch.bmm", "torch.mm", "torch.einsum"]),
        ("x[0, :, 1:]", ["torch.select", "Tensor.index_put_", "torch.narrow"]),
        ("q.softmax(1)", ["F.softmax"]),  # torch.softmax is allowed
        ("torch.log_softmax(q, 1)", ["F.cross_entropy", "F.nll_loss"]),
        ("torch.relu(q)", ["torch.nn.*"]),
        ("F.pad(x, (1, 1))", ["torch.nn.*", "!F.pad"]),
        ("F.unfold(x, 2)", ["torch.nn.*", "!F.unfold"]),
        ("q.mean(1)", ["torch.std", "torch.var"]),
    ],
)
def test_an_operation_that_may_come_from_something_allowed_is_not_reported(call: str, rules: list[str]) -> None:
    assert forbidden_operations(operations_of(call), tuple(rules)) == {}


def test_a_backward_pass_is_reported_where_autograd_is_forbidden() -> None:
    assert forbidden_operations([(AUTOGRAD, "")], ("torch.autograd.*",)) == {(AUTOGRAD, ""): "autograd"}
    assert forbidden_operations([(AUTOGRAD, "")], ("torch.func.*",)) == {}


def test_a_package_may_run_an_operation_unless_its_function_is_forbidden() -> None:
    ran = [("aten::convolution", "common.nets.convs.FastConv.forward")]
    assert forbidden_operations(ran, ("F.conv*",)) == {}
    assert [*forbidden_operations(ran, ("common.nets.convs.*",)).values()] == ["common.nets.convs.FastConv.forward"]
