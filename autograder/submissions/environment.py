"""Find the statements that set environment variables: a notebook runs them, its module does not contain them all."""

from __future__ import annotations

import ast

LEFT_OUT = (
    "grading leaves out this statement, which sets an environment variable. If a task needs it, set it in the function "
    "that reads it."
)
_SETTERS = ("update", "setdefault")  # methods of os.environ


def sets_environment(node: ast.stmt) -> bool:
    """Return whether a statement is like ``os.environ["X"] = "1"``, ``os.environ.update(X="1")`` or ``putenv(...)``."""
    match node:
        case ast.Assign(targets=targets):
            return any(isinstance(target, ast.Subscript) and _is_environ(target.value) for target in targets)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr=name))):
            return name == "putenv" or (name in _SETTERS and _is_environ(owner))
    return False


def _is_environ(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in ("environ", "os.environ")
