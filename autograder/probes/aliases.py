"""Names that several assignments forbid with `autograder.forbid`, each kind in one place.

ALIASES are less common names of torch's ready-made attention, recurrent cells and normalisations. AUTOGRAD computes
gradients, which some tasks ask students to compute themselves.
"""

ALIASES = (
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

AUTOGRAD = (
    "torch.autograd.*",
    "torch.func.*",
    "torch._functorch.*",
    "torch.enable_grad",
    "torch.set_grad_enabled",
    "Tensor.backward",
    "Tensor.requires_grad_",
    ".grad_fn",
)
