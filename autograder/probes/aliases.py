"""Names that the rules of several assignments forbid (`autograder.forbid`), each kind in one place.

ALIASES lead to torch's ready-made attention, recurrent cells and normalisations by other names than the usual ones.
AUTOGRAD computes gradients for tasks in which a student works them out.
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
