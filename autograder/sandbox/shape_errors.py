"""Hints for exceptions of torch and numpy about shapes, of which a task may know more."""

_TOGETHER = "All tensors must agree in every axis but the one along which they are joined. Print their shapes."
_EMPTY = (
    "This axis is empty. Either there are no entries, and that case needs a line of its own, or an earlier line "
    "selects none, for example because height and width are mixed up. Print the shapes."
)
SHAPES = [  # a part of the exception, as a regular expression, and the hint, with the named groups of the expression
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
        r"mat \(\d+x(?P<columns>\d+)\), vec \((?P<length>\d+)\)",
        "The matrix has rows of length {columns}, and the vector has the length {length}: they must be equal.",
    ),
    (
        r"inconsistent tensor size, expected tensor \[(?P<a>\d+)\] and src \[(?P<b>\d+)\]",
        "Two vectors meet whose lengths are {a} and {b}.",
    ),
    (
        r"matmul: .*size (?P<rows>\d+) is different from (?P<columns>\d+)",
        "The rows of the first factor have the length {columns}; those of the second factor are {rows} in number.",
    ),
    (
        r"could not be broadcast together with shapes \((?P<a>[\d,]*)\) \((?P<b>[\d,]*)\)",
        "The shapes ({a}) and ({b}) do not go together: along each axis, counted from the last one, two sizes must be "
        "equal, or one of them 1. x[:, None] adds such an axis, keepdims=True keeps one.",
    ),
    (
        r"could not broadcast input array from shape \((?P<value>[\d,]*)\) into shape \((?P<place>[\d,]*)\)",
        "The value has the shape ({value}), and the place that it is written to has the shape ({place}).",
    ),
    (
        r"expanded size of the tensor \((?P<place>\d+)\) must match the existing size \((?P<value>\d+)\) at "
        r"non-singleton dimension (?P<axis>\d+)",
        "Along axis {axis}, the place has the size {place}, and what is written or expanded there has {value}.",
    ),
    (
        r"the number of sizes provided \(\d+\) must be greater or equal to the number of dimensions in the tensor",
        "The value has more axes than the place that it is written to. Print both shapes.",
    ),
    (r"index -?\d+ is out of bounds for (?:dimension|axis) \d+ with size 0", _EMPTY),
    (
        r"index (?P<size>\d+) is out of bounds for (?:dimension|axis) (?P<axis>\d+) with size (?P=size)(?!\d)",
        "Axis {axis} has the size {size}, and indices count from 0: {size} is one too many. Is the size that of the "
        "largest index plus 1? Is the index, or the size in a loop, that of another axis or of another input?",
    ),
    (
        r"index -?\d+ is out of bounds for (?:dimension|axis) (?P<axis>\d+) with size (?P<size>\d+)",
        "Axis {axis} has the size {size}, and indices count from 0. Is the index, or the size in a loop, fixed, or "
        "that of another axis or of another input?",
    ),
    (
        r"shape '\[(?P<shape>.*?)\]' is invalid for input of size (?P<n>\d+)",
        "A tensor of the size {n} cannot be given the shape ({shape}). Is a size hard-coded, is an axis missing, or "
        "was this tensor made for another step or layer?",
    ),
    (
        r"cannot reshape array of size (?P<n>\d+) into shape \((?P<shape>.*?)\)",
        "An array of the size {n} cannot be given the shape ({shape}). Is a size hard-coded, is an axis missing, or "
        "was this array made for another step?",
    ),
    (
        r"Sizes of tensors must match except in dimension (?P<axis>\d+)",
        "The tensors are joined along axis {axis} and differ along another one, too. Do they belong together, or is "
        "one of them from another layer or step? If they do, is that the axis to join along? Name it: "
        "torch.cat([a, b], dim=1).",
    ),
    (
        r"Sizes of tensors must match except in dimension|stack expects each tensor to be equal size"
        r"|all input arrays must have the same shape|must have same number of dimensions|all the input array dim",
        _TOGETHER,
    ),
    (
        r"subscript (?P<letter>\w) has size (?P<a>\d+) for operand \d+ which does not broadcast with previously seen "
        r"size (?P<b>\d+)",
        "The letter {letter} of einsum stands for axes of the sizes {b} and {a}. Does each operand have its axes in "
        "the order of its letters? If so, one of them has a wrong size: a slice or a loop too short or too long?",
    ),
    (
        r"number of subscripts in the equation \((?P<letters>\d+)\) does not match the number of dimensions "
        r"\((?P<axes>\d+)\) for operand (?P<operand>\d+)",
        "The number of letters is {letters} for operand {operand} of einsum, counted from 0, and its number of axes "
        "{axes}: each axis needs a letter.",
    ),
    (
        r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv",
        "A convolution takes images, (N, C, H, W): give rows that shape first.",
    ),
    (
        r"to have (?P<wanted>\d+) channels, but got (?P<got>\d+) channels",
        "The number of channels is {got}; the convolution expects {wanted}. Each layer takes as many as the one before "
        "it gives, the first one as many as the images have.",
    ),
    (
        r"running_mean should contain (?P<got>\d+) elements not (?P<wanted>\d+)",
        "The number of channels is {got}; the batch normalisation was made for {wanted}.",
    ),
    (
        r"Kernel size can't be greater than actual input size|maximum size for tensor at dimension",
        "The window is larger than what it slides over: is padding missing, or was the input made too small before?",
    ),
    (
        r"The shape of the mask .* at index|boolean index did not match",
        "A mask in square brackets must have the shape of the tensor; masked_fill and torch.where broadcast it.",
    ),
    (r"Expected reduction dim .* non-zero size", _EMPTY),
    (
        r"Expected input batch_size \((?P<rows>\d+)\) to match target batch_size \((?P<labels>\d+)\)",
        "The number of rows of scores is {rows}, and that of labels {labels}: F.cross_entropy takes (N, C) and (N,).",
    ),
    (
        r"Expected target size \[(?P<wanted>[\d, ]+)\], got \[(?P<got>[\d, ]+)\]",
        "F.cross_entropy takes the classes on axis 1: scores (N, C, T) and labels (N, T). Move them there with "
        "scores.movedim(-1, 1), or make both flat: scores.flatten(0, 1) and labels.flatten().",
    ),
    (
        r"Using a target size",
        "Both must have the same shape: x[:, 0] removes an axis of size 1, and x[:, None] adds one.",
    ),
    (
        r"number of dimensions in the tensor input does not match the length of the desired ordering",
        "permute names every axis of the tensor once. Print its shape.",
    ),
    (
        r"Dimension out of range|too many indices for|is out of bounds for array of dimension|0-d tensor",
        "The tensor has fewer axes than this line expects. Print its shape.",
    ),
]
