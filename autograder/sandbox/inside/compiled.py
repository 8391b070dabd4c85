"""Compile top-level statements; those that two versions of a file share, such as two mutants, only once."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from types import CodeType

_MOST = 1000  # statements whose code is kept
_known: dict[tuple[object, ...], CodeType] = {}


def compiled(statement: ast.stmt, lines: Sequence[str], filename: str, flags: int) -> CodeType:
    """Return the code of a statement of the file with these ``lines``. Raises what `compile` raises.

    Code has line numbers, so only functions and classes at the same lines count as equal.
    """
    if not isinstance(statement, ast.FunctionDef | ast.ClassDef) or statement.col_offset:
        return _compile(statement, filename, flags)
    first = min(node.lineno for node in (statement, *statement.decorator_list))
    text = "\n".join(lines[first - 1 : statement.end_lineno])
    key = (filename, flags, first, statement.end_col_offset, text)
    if key not in _known:
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = _compile(statement, filename, flags)
    return _known[key]


def _compile(statement: ast.stmt, filename: str, flags: int) -> CodeType:
    code: CodeType = compile(ast.Module([statement], []), filename, "exec", flags=flags, dont_inherit=True)
    return code
