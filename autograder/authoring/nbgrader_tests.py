"""nbgrader's test cells as checks: what the student's code computes is compared in the grader's process.

The statements of a cell become a generator that runs in the student's process and yields a value for each assertion. A
right side that is a literal stays with the check. Others are computed next to the student's code, which can read them.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

_HIDDEN = re.compile(r"^[ \t]*#+ *BEGIN HIDDEN TESTS.*?^[ \t]*#+ *END HIDDEN TESTS[^\n]*\n?", re.MULTILINE | re.DOTALL)
_MARKS = re.compile(r"^[ \t]*#+ *(?:BEGIN|END) HIDDEN TESTS[^\n]*\n?", re.MULTILINE)
_CLOSE = {"isclose": "rtol", "allclose": "rtol", "assert_allclose": "rtol", "assert_almost_equal": "", "approx": ""}
_EQUAL = ("assert_equal", "assert_equals", "assertEqual", "assert_array_equal", "array_equal", "eq_")
_TRUE = ("assert_true", "assertTrue", "ok_")
_IMPORTS = ("nose", "nose.tools", "unittest", "numpy.testing")


@dataclass
class TestCell:
    """A test cell as a check: the generator's body, and what the check does with each value."""

    __test__ = False  # for pytest, whose tests have such names

    body: list[str] = field(default_factory=list)
    compares: list[str] = field(default_factory=list)  # "expect_equal(next(values), 9)"
    inside: list[int] = field(default_factory=list)  # lines whose right side is computed next to the student's code
    names: set[str] = field(default_factory=set)  # that the cell reads

    @property
    def used(self) -> set[str]:
        """The names of gradlab's expectations that the check needs."""
        return {compare.partition("(")[0] for compare in self.compares}


def split_hidden(source: str) -> tuple[str, str]:
    """Return the public tests of a cell, and all of them if some are hidden, else an empty string."""
    public = _HIDDEN.sub("", source)
    return public, (_MARKS.sub("", source) if public != source else "")


def convert(source: str, defined: Collection[str] = ()) -> TestCell:
    """Turn a cell's tests into the parts of a check. Raises SyntaxError if Python cannot read it.

    ``defined`` are names of the student's module. Those that the tests replace or delete are changed there, not in the
    generator.
    """
    cell = TestCell()
    tree = ast.parse(source)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    cell.names |= {name.id for name in names}
    changed = {name.id for name in names if not isinstance(name.ctx, ast.Load)} & set(defined)
    for node in _InModule(changed).visit(tree).body:
        if isinstance(node, ast.ImportFrom | ast.Import) and _is_of_tests(node):
            continue
        pair = _comparison(node)
        if pair is None:
            cell.body.append(ast.unparse(node))
            if any(isinstance(part, ast.Assert) for part in ast.walk(node)):
                cell.inside.append(node.lineno)
            continue
        value, compare, known = pair
        cell.body.append(f"yield {value}")
        cell.compares.append(compare)
        if not known:
            cell.inside.append(node.lineno)
    return cell


class _InModule(ast.NodeTransformer):
    """Replaces names by attributes of the student's module."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        module = ast.copy_location(ast.Name("student", ast.Load()), node)
        return ast.copy_location(ast.Attribute(module, node.id, node.ctx), node)


def check_source(name: str, title: str, mark: str, cell: TestCell, tasks: Sequence[str]) -> str:
    """Return the source of a check function. ``mark`` are the arguments of @task.

    ``tasks`` are those whose code it needs: they must be written.
    """
    body = "\n".join(cell.body) or "pass"
    if not cell.compares:
        body += "\nyield True"
    helper = f"{_PRELUDE}\n\ndef run():\n{textwrap.indent(body, '    ')}\n"
    needs = "\n".join(f"    _ = student.{needed}" for needed in tasks)
    compares = cell.compares or ['expect(next(values) is True, "The tests of this cell fail.")']
    lines = "\n".join(f"    {compare}" for compare in compares)
    after = "\n    next(values, None)  # what follows the last value runs, too" if cell.compares else ""
    return (
        f'{name.upper()} = """\n{_escaped(helper)}"""\n\n\n'
        f"@task({mark})\n"
        f"def {name}(student):\n"
        f'    """{title}"""\n'
        f"{needs}\n"
        f"    values = iter(student.define({name.upper()}).run())\n"
        f"{lines}{after}\n"
    )


_PRELUDE = 'globals().update({name: value for name, value in vars(student).items() if not name.startswith("__")})'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _is_of_tests(node: ast.Import | ast.ImportFrom) -> bool:
    names = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return all(name in _IMPORTS for name in names)


def _comparison(node: ast.stmt) -> tuple[str, str, bool] | None:
    """Return the student's side of an assertion, the expectation, and whether the right side stays in the grader."""
    test: ast.expr
    if isinstance(node, ast.Assert):
        test = node.test
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        test = node.value
        if _name(test.func) in _TRUE and test.args:
            test = test.args[0]
        elif _name(test.func) not in (*_EQUAL, *_CLOSE):
            return None
    else:
        return None
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        return _equal(test.left, test.comparators[0], "expect_equal", "")
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Lt | ast.LtE):
        return _within(test) or _condition(test)
    if isinstance(test, ast.Call) and len(test.args) >= 2 and _name(test.func) in _EQUAL:
        return _equal(test.args[0], test.args[1], "expect_equal", "")
    if isinstance(test, ast.Call) and len(test.args) >= 2 and _name(test.func) in _CLOSE:
        return _equal(test.args[0], test.args[1], "expect_close", _tolerances(test))
    return _condition(test)


def _equal(left: ast.expr, right: ast.expr, expectation: str, options: str) -> tuple[str, str, bool]:
    if isinstance(right, ast.Call) and _name(right.func) == "approx" and right.args:
        right, expectation = right.args[0], "expect_close"
    if _is_literal(left) and not _is_literal(right):
        left, right = right, left
    if _is_literal(right):
        return ast.unparse(left), f"{expectation}(next(values), {ast.unparse(right)}{options})", True
    pair = f"({ast.unparse(left)}, {ast.unparse(right)})"
    return pair, f"{expectation}(*next(values){options})", False


def _within(test: ast.Compare) -> tuple[str, str, bool] | None:
    """Return ``abs(f(x) - 3.5) < 1e-6`` as an expectation, or None."""
    left, limit = test.left, test.comparators[0]
    inner = left.args[0] if isinstance(left, ast.Call) and left.args and _name(left.func) in ("abs", "fabs") else None
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub) and _is_literal(limit):
        return _equal(inner.left, inner.right, "expect_close", f", rtol=0, atol={ast.unparse(limit)}")
    return None


def _condition(test: ast.expr) -> tuple[str, str, bool]:
    text = ast.unparse(test)
    said = f"This does not hold: {text}"[:150]
    return f"bool({text})", f"expect(next(values), {said!r})", False


def _tolerances(call: ast.Call) -> str:
    known = {keyword.arg: keyword.value for keyword in call.keywords}
    names = {"rtol": "rtol", "atol": "atol", "rel_tol": "rtol", "abs_tol": "atol"}
    return "".join(
        f", {names[name]}={ast.unparse(value)}" for name, value in known.items() if name in names and _is_literal(value)
    )


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
