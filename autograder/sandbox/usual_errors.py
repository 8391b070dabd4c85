"""Hints for exceptions of torch and Python whose reason is usually the same."""

from __future__ import annotations

import re

from autograder.core.message import Message
from autograder.sandbox.shape_errors import SHAPES
from autograder.sandbox.shape_reasons import shape_reason

_NONE = (
    "Something is None here: is there a `return` in the function that made it? An argument that may be left out is "
    "None, too, and so is .grad before backward()."
)
_CUT = (
    "The graph is cut before this line: by detach(), .item(), torch.no_grad(), a new tensor made of numbers, or a "
    "missing requires_grad_() or create_graph=True."
)
_CERTAIN = [  # as SHAPES, but the reason is the same in every task
    (
        r"dtype, but (?:got|found):? .*\b(?:long|int|Long|Int|bool|Bool)\b",
        "Whole numbers and fractions meet: convert the whole numbers with x.to(w.dtype), where w has the dtype of the "
        "result.",
    ),
    (
        r"expected target dtype to be Long|expected scalar type Long|Expected dtype int\d*(?:/int64)? for index"
        r"|scalar types: Long, Int|tensors used as indices must be",
        "Indices and labels are whole numbers: convert them with .long().",
    ),
    (
        r"to have (?:the )?same dtype|must have the same dtype|Found dtype \w+ but expected|expected scalar type"
        r"|and weight type .* should be the same|Expected self.dtype to be equal to src.dtype",
        "Tensors of two dtypes meet, such as float32 and float64. Create tensors with the dtype of the input: "
        "x.new_zeros(...), torch.zeros_like(x), or y.to(x.dtype).",
    ),
    (
        r"can't be cast to the desired output type|Cannot cast ufunc",
        "A tensor of whole numbers cannot store fractions: x = x / 2 makes a new one, x /= 2 does not. Or create it "
        "with a float dtype.",
    ),
    (
        r"Input dtype must be either a floating point or complex",
        "Whole numbers and bools have no mean here: x.float().mean(), or x.to(dtype).mean().",
    ),
    (
        r"^SystemExit\b",
        "Python ends at exit(), quit() and sys.exit(). To leave a function, use return.",
    ),
    (
        r"expects a non-empty TensorList|expected a non-empty list of Tensors",
        "The list of tensors is empty here. Does a loop make too few steps, or is this a case of its own?",
    ),
    (
        r"does not require grad and does not have a grad_fn|differentiated Tensors does not require grad",
        _CUT,
    ),
    (
        r"appears to not have been used in the graph",
        "The result was not computed from this tensor. requires_grad_() comes before the computation, and the "
        "computation uses this tensor, not the one that it was copied from.",
    ),
    (
        r"grad can be implicitly created only for scalar outputs",
        "backward() begins at a single number: take the sum or the mean of the losses first.",
    ),
    (
        r"Can't call numpy\(\) on Tensor that requires grad",
        "numpy cannot follow gradients: use torch's functions here, torch.exp instead of np.exp.",
    ),
    (
        r"'numpy.ndarray' and '(?:Tensor|Parameter)'|'(?:Tensor|Parameter)' and 'numpy.ndarray'"
        r"|must be Tensor, not numpy.ndarray",
        "An array of numpy and a tensor of torch meet. Use one of the two libraries throughout.",
    ),
    (
        r"return_types\.(?P<name>\w+)",
        "x.{name}(dim=...) returns two things: take .values, .indices, or both: values, indices = ...",
    ),
    (
        r"'(?:float|int)' object has no attribute '(?:backward|requires_grad|grad)'",
        "A tensor with its graph is needed here: .item() and float() cut the graph.",
    ),
    (
        r"'(?P<kind>float|int|bool)' object has no attribute",
        "Here is a number of Python ({kind}), not a tensor: did .item() or float() take it out of one, or does a sum "
        "begin with 0 and have no summands?",
    ),
    (
        r"modified by an inplace operation|a leaf Variable that requires grad",
        "A tensor that the gradient needs was changed in place: x = x + y instead of x += y, and no method_().",
    ),
    (r"backward through the graph a second time", "backward() ran twice through one graph: compute the loss again."),
    (r"argument 'pad' .* must be tuple", "F.pad takes a tuple, the last axis first: (left, right, top, bottom)."),
    (r"NoneType", _NONE),
    (
        r"must be tuple of ints|found element of type float at pos|'float' object cannot be interpreted as an integer"
        r"|indices must be integers|got '[\d.]+'|only integers, slices",
        "A whole number is needed here: divide with // instead of /, or use int(...).",
    ),
    (
        r"only integer tensors of a single element",
        "A single whole number is needed here: int(x) for a tensor with one number, .long() for a tensor of indices.",
    ),
    (
        r"argument 'tensors' \(position 1\) must be tuple of Tensors|only integer scalar arrays can be converted",
        "Functions that join take a list: torch.cat([a, b], dim=0), np.concatenate([a, b]).",
    ),
    (
        r"expected Tensor as element \d+ in argument 0, but got",
        "torch.cat and torch.stack take tensors; torch.tensor makes a tensor of numbers.",
    ),
    (
        r"zero-dimensional tensor .* cannot be concatenated",
        "Single numbers have no axis along which torch.cat could join them: use torch.stack.",
    ),
    (r"expected sequence of length", "The rows of this list have different lengths; those of a tensor are equal."),
    (
        r"must be Tensor, not tuple|'tuple' object has no attribute",
        "This is a tuple, because the function before returns several things. Unpack it: out, weights = f(...).",
    ),
    (
        r"\w+\(\): argument '\w+' \(position \d+\) must be Tensor, not (?:float|int|list)",
        "This function takes tensors: math.sqrt and others take numbers, and torch.tensor(...) makes a tensor.",
    ),
    (
        r"Boolean value of Tensor with more than one value|only one element tensors can be converted"
        r"|elements cannot be converted to Scalar",
        "Here is a tensor of several numbers, where one is needed. Use torch.where, .any(), .all() or a sum.",
    ),
    (
        r"truth value of an array with more than one element|only length-1 arrays|only 0-dimensional arrays",
        "Here is an array of several numbers, where one is needed. Use np.where, .any(), .all() or a sum, and & and | "
        "instead of `and` and `or`.",
    ),
    (r"view size is not compatible", "The tensor's numbers are not next to each other: use reshape instead of view."),
    (
        r"step must be greater than zero",
        "Slices of tensors cannot go backwards: use x.flip(0), or an index such as torch.arange(len(x) - 1, -1, -1).",
    ),
    (
        r"Index tensor must have the same number of dimensions",
        "The index of gather and scatter has as many axes as the tensor: index[:, None] for a matrix.",
    ),
    (
        r"Target (?P<label>-?\d+) is out of bounds",
        "The label {label} is not a class: the scores have no column for it. Are there too few columns, or does this "
        "label not count, so that it must be left out, for example with ignore_index?",
    ),
    (
        r"index out of range in self",
        "An embedding has a row for each number from 0 up: one of the numbers is too large, or below 0.",
    ),
    (
        r"all elements of input should be between 0 and 1",
        "F.binary_cross_entropy takes probabilities; F.binary_cross_entropy_with_logits takes scores.",
    ),
    (r"math domain error|expected a positive input", "Only numbers above 0 have a logarithm, or from 0 up a root."),
    (
        r"ZeroDivisionError",
        "The divisor is 0 here: is something empty that needs a line of its own, or was nothing counted that should "
        "count, because a loop skipped it?",
    ),
    (r"selected index k out of range", "topk cannot take more than there are along the axis: min(k, x.shape[-1])."),
    (r"only supports boolean masks", "A mask is a tensor of bools: mask.bool(), or mask == 0."),
    (r"1D tensors expected", "torch.dot takes two vectors; a @ b takes matrices, too."),
    (r"batch[12] must be a 3D tensor|must be a matrix", "This product takes another number of axes; a @ b takes all."),
    (r"unsupported format string passed to Tensor", "Write numbers of Python into texts: f'{x.item():.3f}'."),
    (r"'torch.Size' object is not callable", "shape is not a function: x.shape[0], or x.size(0)."),
    (
        r"'(?P<kind>[\w.]+)' object is not callable",
        "What is called here is not a function but of type {kind}: is a * missing before the bracket, or does a "
        "variable have the name of a function?",
    ),
    (
        r"takes \d+ positional arguments? but \d+ (?:was|were) given",
        "The call has more arguments than the definition. In a class, the first parameter of a method is self.",
    ),
    (
        r"too many values to unpack",
        "The right side has more parts than names on the left. A tensor has as many parts as entries along axis 0.",
    ),
    (r"not enough values to unpack", "The right side has fewer parts than names on the left. Print it."),
    (r"cannot unpack non-iterable", "The right side is a single thing: does the function return only one?"),
    (
        r"unexpected keyword argument '(?:dim|keepdim)'",
        "In numpy these arguments are axis and keepdims.",
    ),
    (
        r"'(?:float|int|numpy.float64|numpy.int64)' object is not (?:iterable|subscriptable)|'numpy\.\w+' has no len",
        "This is a single number. Without dim= (axis= in numpy), sum, mean and max take all axes together.",
    ),
    (
        r"'list' object has no attribute|multiply sequence by non-int|unsupported operand .*'list'",
        "This is a list. For arithmetic, make a tensor or an array of it: torch.stack(...) of tensors, "
        "torch.tensor(...) or np.array(...) of numbers.",
    ),
    (
        r"(?P<name>\w+)\(\) received an invalid combination of arguments",
        "{name}(...) takes other arguments: look up their order, their number and their types.",
    ),
    (r"'tuple' object does not support item assignment", "Tuples cannot be changed: make a list or a new tuple."),
    (r"can only concatenate str", "Write numbers into texts with f'W{i}'."),
    (r"before Module.__init__\(\) call", "Begin __init__ with super().__init__()."),
    (r"cannot assign .* as parameter", "This name belongs to a parameter: assign nn.Parameter(...)."),
    (
        r"missing the required .forward. function",
        "A module without forward was called. Those of an nn.ModuleList are called one by one, in a loop; in your own "
        "class, look at the name and the indentation of forward.",
    ),
    (r"is not a Module subclass", "nn.Sequential takes modules, not a list of them: nn.Sequential(*layers)."),
    (
        r"Expected more than 1 value per channel when training",
        "In training mode, batch normalisation needs more than one value for each channel.",
    ),
    (
        r"Cannot interpret '.*' as a data type|'tuple' object cannot be interpreted as an integer",
        "np.zeros and np.ones take the shape as one tuple, np.random.rand and randn as several numbers.",
    ),
    (r"'(?:Tensor|Parameter)' object has no attribute 'astype'", "astype is numpy's; a tensor has x.to(dtype)."),
    (r"'(?:Tensor|Parameter)' object has no attribute 'copy'", "copy is numpy's; a tensor has x.clone()."),
    (r"'numpy.ndarray' object has no attribute 'clone'", "clone is torch's; an array has x.copy()."),
    (
        r"local variable '(?P<name>\w+)'",
        "{name} gets its value further down, or in a loop or an `if` that did not run here.",
    ),
    (
        r"^BdbQuit",
        "A breakpoint stops the code here: remove it, or use it with gradlab check --pdb.",
    ),
    (r"RecursionError", "The function calls itself without an end: which case should stop it?"),
    (
        r"name '(?:np|numpy)' is not defined",
        "This file does not import numpy. torch has torch.zeros, torch.arange, ...",
    ),
    (
        r"name '(?P<name>torch|nn|F|math)' is not defined",
        "This file does not import {name}: look at its first lines for what it imports, or import it there.",
    ),
    (r"Did you mean: '(?P<name>[\w.]+)'", "Do you mean {name}?"),
    (
        r"name '(?P<name>\w+)' is not defined",
        "Nothing is called {name} here: is it misspelled, in a cell that did not run, or in another function?",
    ),
    (
        r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'",
        "{module} has nothing called {name}. Look the name up in its documentation.",
    ),
    (
        r"'(?P<kind>[\w.]+)' object has no attribute '(?P<name>\w+)'",
        "{kind} has no {name}: is it misspelled, or never set in __init__?",
    ),
]
_BY_LINE = [  # likewise, and a part of the student's line
    (
        r"not enough values to unpack",
        r"\.(?:chunk|split|tensor_split)\((?!.*\bdim=)\w+\)",
        "chunk and split cut axis 0, unless they get another one: x.chunk(4, dim=1).",
    ),
    (
        r"unsupported operand.*'NoneType'",
        r".*(?P<name>\bself\.\w+)\b(?![.(\w])",
        "Is {name} None here? What may be None needs an `if` before it is used; a function without `return` gives "
        "None, too.",
    ),
]
_PRODUCT = re.compile(r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x\d+\)")
_COMPILED = {
    kind: [(re.compile(pattern), hint) for pattern, hint in known]
    for kind, known in (("shape", SHAPES), ("", _CERTAIN))
}


def usual_reason(message: str) -> str:
    """Return the hint for the first line of an exception's text, such as "RuntimeError: ...", or an empty string."""
    return _not_flat(message) or shape_reason(message) or _found(message, "shape") or certain_reason(message)


def certain_reason(message: str) -> str:
    """Return that hint if it holds in every task: not for shapes, of which a task knows more."""
    return _by_line(message) or shape_reason(message) or _found(message, "")


def _by_line(message: str) -> str:
    """Return the hint for an exception whose reason can be seen in the student's line, the last one of the text."""
    first, _, places = message.partition("\n")
    for error, code, hint in _BY_LINE:
        if re.search(error, first) and (found := re.search(code, places.rpartition("\n")[2])):
            return Message(hint, **found.groupdict())
    return ""


def _not_flat(message: str) -> str:
    """Return the hint for a product whose rows would fit if the axes before the last one were in them, too."""
    if (found := _PRODUCT.search(message.partition("\n")[0])) is None:
        return ""
    rows, length, wanted = map(int, found.groups())
    if not length or wanted <= length or wanted % length or rows % (wanted // length):
        return ""
    text = "The rows have the length {got}, but {wanted} is expected. Make each image one row first: x.flatten(1)."
    return Message(text, got=length, wanted=wanted)


def _found(message: str, kind: str) -> str:
    first = message.partition("\n")[0]
    for pattern, hint in _COMPILED[kind]:
        if found := pattern.search(first):
            return Message(hint, **found.groupdict())
    return ""
