"""Ways to torch's ready-made attention, recurrent cells and normalisations that do not bear their usual names.

For the rules of those tasks in which a student builds one of them (`autograder.forbid`).
"""

SIDE_DOORS = (
    "F.scaled_dot_product_attention",
    "F.multi_head_attention_forward",
    "torch.nn.attention.*",
    "torch._*attention*",
    "torch._transformer_*",
    "torch._fused_*",
    "torch._thnn_*",
    "torch.*rnn_*",
    "torch.*lstm*",
    "torch.native_*_norm*",
    "torch._*_norm*",
    "torch._refs.*",
    "torch._decomp.*",
    "torch._prims*",
    "torch.ao.*",
    "torch.nn.qua*",  # quantized, quantizable
)
