"""The shapes of the tensors and arrays that an expression names, for exceptions about shapes."""

from __future__ import annotations

import ast
import linecache
import os
import re
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

MOST = 5  # names; a longer list helps nobody
TURNED = ("T", "mT", "H")
LENGTH = 60  # characters of a name with its shape
ABOUT_SHAPES = re.compile(
    r"size|shape|dimension|multipl|broadcast|expand|channel|subscript|operand|out of bounds|out of range|axes|axis"
)
_LIBRARIES = (os.path.dirname(os.__file__), str(Path(__file__).parents[2]))
_ELSEWHERE = ("site-packages", "dist-packages")


def shapes_in_line(error: BaseException) -> str:
    """Return " [a: (7, 30), b: (4, 30)]" for what the failing expression of the student names, or an empty string.

    The names that the operation itself takes come first; those inside other operands follow after "…".
    """
    try:
        if type(error) not in (RuntimeError, ValueError, IndexError, TypeError) or not ABOUT_SHAPES.search(str(error)):
            return ""
        shown = list(_shapes(error))[:MOST]
    except Exception:  # of an object of the student, whose attributes may do anything
        return ""
    return f" [{', '.join(shown)}]" if shown else ""


def _shapes(error: BaseException) -> Iterator[str]:
    steps = zip(traceback.extract_tb(error.__traceback__), traceback.walk_tb(error.__traceback__), strict=True)
    own = [(place, frame) for place, (frame, _) in steps if _is_own(place.filename)]
    if not own:
        return
    place, frame = own[-1]
    code = _expression(place)
    if code.startswith("raise"):
        return
    tree = ast.parse(code.strip())
    operands = [name for node in tree.body for name in _operands(getattr(node, "value", node))]
    direct = _named(operands, frame)
    others = {name: text for name, text in _named(ast.walk(tree), frame).items() if name not in direct}
    yield from direct.values()
    if others:
        yield "…"
        yield from others.values()


def _named(nodes: Iterable[ast.AST], frame: FrameType) -> dict[str, str]:
    """Return what has a shape among these names, as "a: (7, 30)"."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Name | ast.Attribute) and (shape := _shape(_value(node, frame))) is not None:
            name = ast.unparse(node)
            if len(name) + len(shape) < LENGTH:
                found.setdefault(name, f"{name}: {shape}")
    return found


def _operands(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the names that the operation itself takes, with their own shapes, or transposed."""
    if isinstance(node, ast.BinOp):
        yield from _operands(node.left)
        yield from _operands(node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from _operands(node.operand)
    elif isinstance(node, ast.Attribute) and node.attr in TURNED:
        yield from _operands(node.value)
    elif isinstance(node, ast.Name | ast.Attribute):
        yield node
    elif isinstance(node, ast.Call):
        for part in (node.func.value if isinstance(node.func, ast.Attribute) else None, *node.args):
            if isinstance(part, ast.Name | ast.Attribute | ast.List | ast.Tuple):
                yield from _operands(part)
    elif isinstance(node, ast.List | ast.Tuple):
        for part in node.elts:
            if isinstance(part, ast.Name | ast.Attribute):
                yield part


def _is_own(filename: str) -> bool:
    return not filename.startswith(_LIBRARIES) and not any(part in filename for part in _ELSEWHERE)


def _expression(place: traceback.FrameSummary) -> str:
    """Return the code of the statement's failing part; of the whole line where Python does not know the part."""
    first, last = place.lineno or 0, place.end_lineno or place.lineno or 0
    lines = [line.encode() for line in linecache.getlines(place.filename)[first - 1 : last]]
    if not lines or place.colno is None or place.end_colno is None:
        return place.line or ""
    if lines[0].lstrip().startswith(b"raise"):
        return "raise"
    lines[-1] = lines[-1][: place.end_colno]
    lines[0] = lines[0][place.colno :]
    return b"".join(lines).decode()


def _value(node: ast.AST, frame: FrameType) -> Any:
    """Return the value of a name, or of an attribute of one, without calling anything else."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr not in TURNED:
        owner = frame.f_locals.get(node.value.id)
        return None if _shape(owner) is not None else getattr(owner, node.attr, None)
    return None


def _shape(value: Any) -> str | None:
    kinds = [(kind.__module__.partition(".")[0], kind.__name__) for kind in type(value).__mro__]
    if not {("torch", "Tensor"), ("numpy", "ndarray")} & {*kinds}:
        return None
    return f"({', '.join(str(int(size)) for size in value.shape)})"
