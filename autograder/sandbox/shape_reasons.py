"""Reasons of exceptions about shapes that can be seen in the shapes that the student's line names."""

from __future__ import annotations

import re

from autograder.core.message import Message

Shape = tuple[int, ...]

_NAMED = re.compile(r"([\w.]+): \(([\d, ]*)\)")  # as inside/line_shapes.py writes them
_PRODUCT = re.compile(r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)")
_SIZES = re.compile(r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton")


def shape_reason(message: str) -> str:
    """Return the hint for the text of an exception whose shapes show what is wrong, or an empty string."""
    first, _, places = message.partition("\n")
    shapes = _named_shapes(first)
    if found := _PRODUCT.search(first):
        one, other = (int(found[1]), int(found[2])), (int(found[3]), int(found[4]))
        return _product(one, other, shapes) if " @ " in places.rpartition("\n")[2] else ""
    if found := _SIZES.search(first):
        return _vector({int(found[1]), int(found[2])}, shapes)
    return ""


def _named_shapes(first: str) -> dict[str, Shape]:
    """Return the shapes of the operands that follow the exception's own text, by their names."""
    _, bracket, rest = first.rpartition(" [")
    listed = _NAMED.findall(rest.partition("…")[0]) if bracket and rest.endswith("]") else []
    return {name: tuple(int(size) for size in sizes.split(",") if size.strip()) for name, sizes in listed}


def _product(one: Shape, other: Shape, shapes: dict[str, Shape]) -> str:
    """Return which transposed factor or which order fits, if only one does."""
    names = [[name for name, shape in shapes.items() if shape in (wanted, wanted[::-1])] for wanted in (one, other)]
    if not all(len(known) == 1 for known in names) or names[0] == names[1]:
        return ""
    a, b = (
        name if shapes[name] == wanted else f"{name}.T" for (name,), wanted in zip(names, (one, other), strict=True)
    )
    columns, rows, ends = one[1] == other[1], one[0] == other[0], one[0] == other[1]
    if columns + rows + ends != 1:
        return ""
    if ends:
        return Message("The factors fit in the other order: {b} @ {a}.", a=a, b=b)
    turned = [f"{name}.T".removesuffix(".T.T") for name in (a, b)]
    product = f"{a} @ {turned[1]}" if columns else f"{turned[0]} @ {b}"
    text = "{a} is {one}, and {b} is {other}. A product takes rows of the first with columns of the second: {product}."
    shown = {"one": f"({one[0]}, {one[1]})", "other": f"({other[0]}, {other[1]})"}
    return Message(text, a=a, b=b, product=product, **shown)


def _vector(sizes: set[int], shapes: dict[str, Shape]) -> str:
    """Return how a vector goes along another axis than the last one, if only one of the axes has its length."""
    vectors = [name for name, shape in shapes.items() if len(shape) == 1 and shape[0] in sizes]
    others = [name for name, shape in shapes.items() if len(shape) > 1]
    if not vectors and len(others) == 1:
        return _column(sizes, others[0], shapes[others[0]])
    if len(vectors) != 1 or len(others) != 1:
        return ""
    (vector,), (other,) = vectors, others
    length, shape = shapes[vector][0], shapes[other]
    if shape.count(length) != 1 or shape[-1] == length:
        return ""
    axis = shape.index(length)
    axes = ", ".join("-1" if place == axis else "1" for place in range(len(shape)))
    text = (
        "{vector} has {size} numbers and goes along the last axis of {other}, whose shape is ({shape}). To go along "
        "axis {axis}, it needs an axis of size 1 for each other one: {vector}.reshape({axes})."
    )
    return Message(
        text, vector=vector, size=length, other=other, shape=", ".join(map(str, shape)), axis=axis, axes=axes
    )


def _column(sizes: set[int], other: str, shape: Shape) -> str:
    """Return how an operand without a name goes along the last axis but one."""
    if shape[-1] not in sizes or not sizes - {shape[-1]}:
        return ""
    (length,) = sizes - {shape[-1]}
    if shape.count(length) != 1 or shape[-2] != length:
        return ""
    text = (
        "{other} is ({shape}), and the other operand has the size {size} along its last axis. If these {size} numbers "
        "belong to axis {axis} of {other}, give them one more axis of size 1: [..., None], or keepdim=True."
    )
    return Message(text, other=other, shape=", ".join(map(str, shape)), size=length, axis=len(shape) - 2)
