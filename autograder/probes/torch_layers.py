"""torch's own attention layers with given weights, as a comparison for hand-written ones.

Weights are given by role, as `autograder.probes.attention.parts` returns them. Layers are post-norm, without dropout.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.probes.aliases import ALIASES

Pair = tuple[Tensor, Tensor | None]  # weight and bias, which may be missing, or gain and shift
Unit = dict[str, Any]  # "heads": [[query, key, value] pairs], "out": a pair

READY_MADE = (  # forbidden in tasks that build attention, normalisations and Transformer layers
    "nn.MultiheadAttention",
    "nn.Transformer*",
    "nn.*Norm*",
    "torch.*layer_norm*",
    "torch.*rms_norm*",
    "torch.*group_norm*",
    "torch.*instance_norm*",
    "torch.*batch_norm*",
    *ALIASES,
)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """Apply scaled dot product attention; True in the mask hides a key.

    Shapes:
        query  (N, Kq, M)   queries
        key    (N, Kk, M)   keys
        value  (N, Kk, Mv)  values
        mask   (N, Kq, Kk)  bool
    """
    return F.scaled_dot_product_attention(query, key, value, attn_mask=None if mask is None else ~mask)


def some_mask(numbers: Tensor) -> Tensor:
    """Make a mask from random numbers that hides about half of the keys of each query, at least one but not all.

    Shapes:
        numbers  (N, Kq, Kk)  uniform in [0, 1)
        out      (N, Kq, Kk)  bool
    """
    hidden = (numbers < 0.5) | (numbers == numbers.amin(-1, keepdim=True))
    return hidden & (numbers < numbers.amax(-1, keepdim=True))


def weights_of(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    """Compute the attention weights (N, Kq, Kk): the output for the rows of a unit matrix as values."""
    unit = torch.eye(key.shape[1], dtype=key.dtype, device=key.device).expand(len(key), -1, -1)
    return attend(query, key, unit, mask)


def norms_alone(x: Tensor, norms: Sequence[Pair], *, eps: float = 1e-10) -> Tensor:
    """Compute the output of a post-norm block whose dropout removes the output of all sub-layers: only its norms act.

    Shapes:
        x      (N, K, D)  input of the block
        norms  pairs      gain and shift, (D,) each
        out    (N, K, D)
    """
    for gain, shift in norms:
        x = F.layer_norm(x, x.shape[2:], gain, shift, eps)
    return x


def multi_head(unit: Unit) -> nn.MultiheadAttention:
    """Build nn.MultiheadAttention, batch first, with these heads; together they are as wide as the input."""
    like, heads = unit["out"][0], unit["heads"]
    module = nn.MultiheadAttention(len(like), len(heads), batch_first=True, device=like.device, dtype=like.dtype)
    _fill_attention(module, unit)
    return module


def encoder_layer(
    units: Sequence[Unit],
    linears: Sequence[Pair],
    norms: Sequence[Pair],
    *,
    norm_first: bool = False,
    eps: float = 1e-10,
) -> nn.TransformerEncoderLayer:
    """Build nn.TransformerEncoderLayer with one attention, two linear layers and two norms."""
    layer = nn.TransformerEncoderLayer(
        **_sizes(units, linears), dropout=0.0, layer_norm_eps=eps, batch_first=True, norm_first=norm_first
    ).to(linears[0][0])
    _fill(layer, [layer.self_attn], units, linears, norms)
    return layer


def decoder_layer(
    units: Sequence[Unit],
    linears: Sequence[Pair],
    norms: Sequence[Pair],
    *,
    norm_first: bool = False,
    eps: float = 1e-10,
) -> nn.TransformerDecoderLayer:
    """Build nn.TransformerDecoderLayer with two attentions, two linear layers and three norms."""
    layer = nn.TransformerDecoderLayer(
        **_sizes(units, linears), dropout=0.0, layer_norm_eps=eps, batch_first=True, norm_first=norm_first
    ).to(linears[0][0])
    _fill(layer, [layer.self_attn, layer.multihead_attn], units, linears, norms)
    return layer


def _sizes(units: Sequence[Unit], linears: Sequence[Pair]) -> dict[str, Any]:
    hidden, width = linears[0][0].shape
    return {"d_model": width, "nhead": len(units[0]["heads"]), "dim_feedforward": hidden}


def _fill(
    layer: nn.Module,
    attentions: Sequence[nn.MultiheadAttention],
    units: Sequence[Unit],
    linears: Sequence[Pair],
    norms: Sequence[Pair],
) -> None:
    for module, unit in zip(attentions, units, strict=True):
        _fill_attention(module, unit)
    names = ["linear1", "linear2", *(f"norm{number + 1}" for number in range(len(norms)))]
    for name, (weight, bias) in zip(names, [*linears, *norms], strict=True):
        _set(getattr(layer, name).weight, weight)
        _set(getattr(layer, name).bias, bias)


def _fill_attention(module: nn.MultiheadAttention, unit: Unit) -> None:
    pairs = [head[part] for part in range(3) for head in unit["heads"]]
    biases = [weight.new_zeros(len(weight)) if bias is None else bias for weight, bias in pairs]
    _set(module.in_proj_weight, torch.cat([weight for weight, _ in pairs]))
    _set(module.in_proj_bias, torch.cat(biases))
    _set(module.out_proj.weight, unit["out"][0])
    _set(module.out_proj.bias, unit["out"][1])


def _set(parameter: Tensor | None, value: Tensor | None) -> None:
    assert parameter is not None  # torch's types allow None for a bias; these layers have one
    if value is not None and parameter.shape != value.shape:
        raise ValueError(f"a weight has the shape {tuple(value.shape)}, this layer takes {tuple(parameter.shape)}")
    with torch.no_grad():
        parameter.copy_(torch.zeros_like(parameter) if value is None else value)
