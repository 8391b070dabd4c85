"""Hints for exceptions of torch and Python whose reason is usually the same."""

from __future__ import annotations

import re

from autograder.core.message import Message

_NONE = "Something is None here: is there a `return` in the function that made it?"
_TOGETHER = "All tensors must agree in every axis but the one along which they are joined. Print their shapes."
_EMPTY = (
    "This axis is empty. Either there are no entries, and that case needs a line of its own, or an earlier line "
    "selects none, for example because height and width are mixed up. Print the shapes."
)
_CUT = (
    "The graph is cut before this line: by detach(), .item(), torch.no_grad(), a new tensor made of numbers, or a "
    "missing requires_grad_() or create_graph=True."
)
_USUAL = [  # a part of the exception, as a regular expression, and the hint, with the named groups of the expression
    (
        r"mat1 and mat2 shapes cannot be multiplied \(\d+x(?P<got>\d+) and (?P<wanted>\d+)x\d+\)",
        "The rows have the length {got}, but {wanted} is expected. Print the shape, and compare it with the handout.",
    ),
    (
        r"size of tensor a \((?P<a>\d+)\) must match the size of tensor b \((?P<b>\d+)\) at non-singleton dimension "
        r"(?P<axis>\d+)",
        "Along axis {axis} one tensor has the size {a} and the other {b}. Do these two belong together? If so, one of "
        "them must have 1 there to broadcast: x[:, None] adds such an axis, keepdim=True keeps one.",
    ),
    (
        r"Expected size for first two dimensions of batch2 tensor to be: \[(?P<wanted>\d+, \d+)\] "
        r"but got: \[(?P<got>\d+, \d+)\]",
        "The second factor of this batched product must have the shape ({wanted}, ...); it begins with ({got}). "
        "transpose(1, 2) exchanges its last two axes; .T reverses all.",
    ),
    (
        r"to have the same dtype|must have the same dtype|Found dtype \w+ but expected|expected scalar type",
        "Tensors of two dtypes meet, such as float32 and float64. Create tensors with the dtype of the input: "
        "x.new_zeros(...), torch.zeros_like(x), or y.to(x.dtype).",
    ),
    (r"tensors used as indices must be", "Indices are whole numbers: convert them with .long()."),
    (
        r"expects a non-empty TensorList|expected a non-empty list of Tensors",
        "The list is empty here. Return an empty tensor in this case.",
    ),
    (r"does not require grad and does not have a grad_fn|differentiated Tensors does not require grad", _CUT),
    (
        r"'(?:float|int)' object has no attribute '(?:backward|requires_grad|grad)'",
        "A tensor with its graph is needed here: .item() and float() cut the graph.",
    ),
    (
        r"modified by an inplace operation|a leaf Variable that requires grad",
        "A tensor that the gradient needs was changed in place: x = x + y instead of x += y, and no method_().",
    ),
    (r"backward through the graph a second time", "backward() ran twice through one graph: compute the loss again."),
    (r"NoneType", _NONE),
    (r"found element of type float at pos", "A size must be a whole number: divide with // instead of /."),
    (
        r"must be Tensor, not tuple|'tuple' object has no attribute",
        "This is a tuple, because the function before returns several things. Unpack it: out, weights = f(...).",
    ),
    (r"index -?\d+ is out of bounds for dimension \d+ with size 0", _EMPTY),
    (
        r"index \d+ is out of bounds for dimension (?P<axis>\d+) with size (?P<size>\d+)",
        "Axis {axis} has the size {size}, and indices count from 0. Is the index, or the size in a loop, that of "
        "another axis?",
    ),
    (
        r"Boolean value of Tensor with more than one value|only one element tensors can be converted",
        "Here is a tensor of several numbers, where one is needed. Use torch.where, .any(), .all() or a sum.",
    ),
    (r"view size is not compatible", "The tensor's numbers are not next to each other: use reshape instead of view."),
    (
        r"shape '\[(?P<shape>.*?)\]' is invalid for input of size (?P<n>\d+)",
        "A tensor of the size {n} cannot be given the shape ({shape}). Is a size hard-coded, or an axis missing?",
    ),
    (r"Sizes of tensors must match except in dimension|stack expects each tensor to be equal size", _TOGETHER),
    (
        r"expected Tensor as element \d+ in argument 0, but got",
        "torch.cat and torch.stack take tensors; torch.tensor makes a tensor of numbers.",
    ),
    (
        r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv",
        "A convolution takes images, (N, C, H, W): give rows that shape first.",
    ),
    (
        r"to have (?P<wanted>\d+) channels, but got (?P<got>\d+) channels",
        "The number of channels is {got}; the convolution expects {wanted}.",
    ),
    (
        r"The shape of the mask .* at index",
        "A mask in square brackets must have the shape of the tensor; masked_fill and torch.where broadcast it.",
    ),
    (r"Expected reduction dim .* non-zero size", _EMPTY),
    (r"Dimension out of range", "The tensor has fewer axes than this line expects. Print its shape."),
]
_COMPILED = [(re.compile(pattern), hint) for pattern, hint in _USUAL]


def usual_reason(message: str) -> str:
    """Return the hint for the first line of an exception's text, such as "RuntimeError: ...", or an empty string."""
    first = message.partition("\n")[0]
    for pattern, hint in _COMPILED:
        if found := pattern.search(first):
            return Message(hint, **found.groupdict())
    return ""
