"""Ready-made attention, cells, norms and gradients are also found by torch's less common names; nothing else is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from autograder.probes import recurrent, torch_layers
from autograder.source_rules.forbid import forbidden_calls

BOTH = [
    "torch._scaled_dot_product_attention_math", "torch._native_multi_head_attention",
    "torch._refs.nn.functional.softmax",
    "torch._transformer_encoder_layer_fwd", "torch._thnn_fused_lstm_cell", "torch.mkldnn_rnn_layer", "torch.lstm_cell",
    "torch._decomp.decompositions.tanh_backward", "torch.ao.nn.quantizable.LSTM", "torch.nn.quantized.dynamic.LSTM",
    "torch.nn.modules.transformer.TransformerEncoderLayer", "torch.nn.attention.flex_attention.flex_attention",
    "torch.ops.aten._scaled_dot_product_flash_attention_for_cpu", "torch.nn.modules.activation.MultiheadAttention",
]  # fmt: skip
NORMS = [
    "torch.nn.modules.normalization.LayerNorm", "torch.native_layer_norm", "torch._fused_rms_norm", "torch.layer_norm",
    "torch.native_batch_norm", "torch.native_group_norm", "torch.nn.SyncBatchNorm", "torch.nn.LazyBatchNorm1d",
    "torch.nn.functional.layer_norm", "torch.batch_norm", "torch._refs.native_layer_norm", "torch.nn.LayerNorm",
]  # fmt: skip
CELLS = ["torch.nn.modules.rnn.LSTMCell", "torch.nn.modules.rnn.RNNBase", "torch.gru_cell", "torch.rnn_tanh_cell"]
HONEST = [
    "torch.nn.Linear", "torch.nn.Embedding", "torch.nn.Dropout", "torch.softmax", "torch.nn.functional.relu",
    "torch.baddbmm", "torch.einsum", "torch.nn.Parameter", "torch.tanh", "torch.sigmoid", "torch.nn.init.normal_",
    "torch.nn.modules.linear.Linear", "torch.rsqrt", "torch.nn.ModuleList", "torch.Tensor.masked_fill", "torch.unbind",
]  # fmt: skip


def _found(path: str, rules: Sequence[str]) -> bool:
    return bool(forbidden_calls(f"import torch\ndef f(x):\n    return {path}(x)\n", "f", list(rules)))


@pytest.mark.parametrize("path", [*BOTH, *NORMS])
def test_attention_and_norms_are_found(path):
    assert _found(path, torch_layers.READY_MADE)


@pytest.mark.parametrize("path", [*BOTH, *CELLS])
def test_recurrent_cells_are_found(path):
    assert _found(path, recurrent.READY_MADE)


@pytest.mark.parametrize("path", HONEST)
def test_building_blocks_are_allowed(path):
    assert not _found(path, torch_layers.READY_MADE)
    assert not _found(path, recurrent.READY_MADE)


def test_a_module_path_can_be_a_rule():
    for rule in ("torch.nn.modules", "torch.nn.modules.*", "torch.nn.modules.linear"):
        assert _found("torch.nn.modules.linear.Linear(3, 4)", [rule])
        assert not _found("torch.nn.Linear(3, 4)", [rule])


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("return x.grad_fn(x)", 1), ("node = x.grad_fn; return node.next_functions[0][0](x)", 1),
        ("x.grad_fn = 1; return x.grad", 0), ("grad_fn = x; return grad_fn(x)", 0),
    ],
)  # fmt: skip
def test_reading_a_forbidden_attribute_is_found(body, count):
    found = forbidden_calls(f"def f(x):\n    {body}\n", "f", [".grad_fn"])
    assert [finding.what for finding in found] == [".grad_fn"] * count
