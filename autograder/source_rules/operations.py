"""Compare the operations of torch that really ran with the calls that a task forbids.

A call that the source does not show may still have run: under a computed name, through `exec`, in a library. Torch runs
its functions as a smaller number of operations, so one operation may come from several functions. It is reported only
where the task forbids all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import lru_cache

from autograder.source_rules.patterns import Pattern, import_subjects

AUTOGRAD = "autograd"  # how a backward pass of torch's is recorded (see sandbox/inside/recorder.py)
_PREFIX = "aten::"

# Torch's syntax runs these, whatever functions a task forbids: x @ y, x[i], x[i] = y.
_SYNTAX = frozenset({
    "add", "addmm", "addmv", "addcmul", "addcdiv", "baddbmm", "bmm", "mm", "mv", "dot", "sub", "rsub", "mul", "div",
    "pow", "neg", "abs", "eq", "ne", "lt", "le", "gt", "ge", "remainder", "floor_divide", "bitwise_and", "bitwise_or",
    "bitwise_xor", "bitwise_not", "index", "index_put", "_index_put_impl", "slice", "select", "copy", "clone", "detach",
    "alias", "expand", "view", "_unsafe_view", "reshape", "permute", "t", "transpose", "squeeze", "unsqueeze", "to",
    "_to_copy", "empty", "fill", "zero", "lift_fresh", "scalar_tensor", "_local_scalar_dense", "nonzero", "item",
})  # fmt: skip

_CONVOLUTIONS = (
    *(f"torch.nn.functional.conv{n}d" for n in (1, 2, 3)),
    *(f"torch.nn.functional.conv_transpose{n}d" for n in (1, 2, 3)),
)
_BATCH_NORM = ("torch.nn.functional.batch_norm", "torch.nn.functional.instance_norm")
_ATTENTION = ("torch.nn.functional.scaled_dot_product_attention",)
_NORMS = ("torch.norm", "torch.linalg.norm", "torch.linalg.vector_norm")
_SOFTMAX = ("torch.softmax", "torch.nn.functional.softmax", "torch.nn.functional.gumbel_softmax")
_LSTM, _GRU, _RNN = (
    ("torch.nn.LSTM", "torch.nn.LSTMCell"),
    ("torch.nn.GRU", "torch.nn.GRUCell"),
    ("torch.nn.RNN", "torch.nn.RNNCell"),
)
_DUAL = ("torch.func.jvp", "torch.autograd.forward_ad.make_dual")
_RESIZE = ("torch.nn.functional.interpolate",)

# The functions behind an operation whose name is not that of a function of torch's.
_BEHIND: dict[str, tuple[str, ...]] = {
    AUTOGRAD: ("torch.autograd.grad", "torch.autograd.backward"),
    "_cdist_forward": ("torch.cdist",),
    "_euclidean_dist": ("torch.cdist",),
    "_pdist_forward": ("torch.nn.functional.pdist", "torch.pdist"),
    "linalg_vector_norm": _NORMS,
    **dict.fromkeys(("convolution", "_convolution", "mkldnn_convolution", "slow_conv2d_forward"), _CONVOLUTIONS),
    **dict.fromkeys(("native_batch_norm", "_native_batch_norm_legit", "_batch_norm_with_update"), _BATCH_NORM),
    **dict.fromkeys(("cudnn_batch_norm", "_batch_norm_impl_index"), _BATCH_NORM),
    "native_layer_norm": ("torch.nn.functional.layer_norm",),
    "native_group_norm": ("torch.nn.functional.group_norm",),
    "_fused_rms_norm": ("torch.nn.functional.rms_norm",),
    "max_pool2d_with_indices": ("torch.nn.functional.max_pool2d",),
    "max_pool3d_with_indices": ("torch.nn.functional.max_pool3d",),
    "_adaptive_avg_pool2d": ("torch.nn.functional.adaptive_avg_pool2d",),
    "im2col": ("torch.nn.functional.unfold",),
    "col2im": ("torch.nn.functional.fold",),
    "grid_sampler_2d": ("torch.nn.functional.grid_sample",),
    "affine_grid_generator": ("torch.nn.functional.affine_grid",),
    "upsample_nearest2d": _RESIZE,
    "upsample_bilinear2d": _RESIZE,
    "_upsample_nearest_exact2d": _RESIZE,
    "_softmax": _SOFTMAX,
    "_safe_softmax": _ATTENTION,  # of attention without a fast kernel
    "_log_softmax": ("torch.log_softmax", "torch.nn.functional.log_softmax", "torch.nn.functional.cross_entropy"),
    "nll_loss_forward": ("torch.nn.functional.nll_loss", "torch.nn.functional.cross_entropy"),
    "nll_loss2d_forward": ("torch.nn.functional.nll_loss", "torch.nn.functional.cross_entropy"),
    "_native_multi_head_attention": ("torch.nn.MultiheadAttention",),
    "_transformer_encoder_layer_fwd": ("torch.nn.TransformerEncoderLayer",),
    "mkldnn_rnn_layer": (*_LSTM,),
    "_thnn_fused_lstm_cell": _LSTM,
    "_thnn_fused_gru_cell": _GRU,
    "_cudnn_rnn": (*_LSTM, *_GRU, *_RNN),
    "embedding": ("torch.nn.functional.embedding", "torch.embedding"),
    "_unique2": ("torch.unique",),
    "native_dropout": ("torch.dropout", "torch.nn.functional.dropout"),
    "unsafe_split": (*_LSTM, *_GRU),
    "_make_dual": _DUAL,
    "_has_same_storage_numel": _DUAL,
    "_fw_primal": _DUAL,
}


def forbidden_operations(ran: Iterable[tuple[str, str]], calls: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """Return the forbidden function behind each operation that can come from no other: "aten::convolution".

    An operation comes with the function of another package that ran it, or an empty string. It may run there unless the
    task forbids that function.
    """
    import_subjects(calls)
    found = {(operation, via): _forbidden_function(operation, via, calls) for operation, via in ran}
    return {key: function for key, function in found.items() if function}


@lru_cache(10_000)
def _forbidden_function(operation: str, via: str, calls: tuple[str, ...]) -> str:
    """Return the forbidden function behind one operation, or an empty string. Its names may be the student's."""
    if via:
        return via if Pattern(calls).match(via) else ""
    functions = functions_behind(operation.removeprefix(_PREFIX))
    if not functions or not all(map(_pattern(calls).match, functions)):
        return ""
    return "autograd" if operation == AUTOGRAD else functions[0]


@lru_cache(100)
def _pattern(calls: tuple[str, ...]) -> Pattern:
    """Return the pattern of some rules, for functions of torch: there are not too many of them to store."""
    return Pattern(calls)


@lru_cache(1000)
def functions_behind(operation: str) -> tuple[str, ...]:
    """Return the dotted names of the functions of torch that run an operation; none if its syntax does, too."""
    if operation.rstrip("_") in _SYNTAX:
        return ()
    if "scaled_dot_product" in operation and "attention" in operation:
        return _ATTENTION
    if operation in _BEHIND:
        return _BEHIND[operation]
    name, torch = operation.strip("_"), sys.modules.get("torch")
    functional = sys.modules.get("torch.nn.functional")
    homes = (("torch", torch), ("torch.nn.functional", functional), ("torch.Tensor", getattr(torch, "Tensor", None)))
    return tuple(f"{place}.{name}" for place, home in homes if hasattr(home, name))
