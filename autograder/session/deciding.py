"""The part of a Python file that decides marks: its code without comments, layout, docstrings and words for students.

Words are hints and messages: texts where only text for people can be, such as the keys of what is called ``mistakes``,
what is called ``hint``, and the message of ``expect``. In doubt a text counts as code, so that no change that can move
a mark is missed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from types import CodeType

from autograder.core.docstrings import DOCUMENTED, drop_docstrings

_LOOKED_AT = (*DOCUMENTED, ast.Call, ast.Assign, ast.AnnAssign, ast.Name, ast.Attribute)
_MESSAGES = {"expect": (1, 2), "Mismatch": (0, 1)}  # the positions of words, by function
_TABLE, _TEXT = "mistakes", "hint"  # variables and arguments of these names contain words
_WITH_NAME = ("expect_close", "expect_equal", "expect_shape", "expect_type")  # only their messages contain ``name=``


def deciding_forms(texts: Mapping[str, str], *, words: bool = True) -> dict[str, str]:
    """Return the deciding part of files that belong together, by their names.

    ``words``: leave out hints and messages of checks, too. A file that Python cannot read counts as it is.
    """
    trees: dict[str, ast.Module] = {}
    forms = dict(texts)
    for name, text in texts.items():
        try:
            trees[name] = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    nodes = []
    for node in chain.from_iterable(map(ast.walk, trees.values())):
        if isinstance(node, ast.stmt | ast.expr):  # since Python 3.13, the code of a class contains its line
            node.lineno = node.end_lineno = 1
            node.col_offset = node.end_col_offset = 0
        if isinstance(node, _LOOKED_AT):
            nodes.append(node)
    drop_docstrings(nodes)
    if words:
        _drop_words(nodes)
    for name, tree in trees.items():
        try:
            forms[name] = "\n".join(_facts(compile(tree, "", "exec", dont_inherit=True)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # such as a `return` outside of a function
            continue
    return forms


def _facts(code: CodeType) -> Iterator[str]:
    """Yield what a code object does, without lines: its instructions, names and constants."""
    flags = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    yield repr((code.co_name, code.co_code, *flags, *names, code.co_exceptiontable))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _facts(constant)
        elif isinstance(constant, frozenset):
            yield repr(sorted(map(repr, constant)))  # the order of a set's texts differs between processes
        else:
            yield repr(constant)


@dataclass
class _Words:
    """The texts for people that were found, and the names whose values are such texts."""

    constants: list[ast.Constant] = field(default_factory=list)
    loads: dict[str, set[int]] = field(default_factory=dict)  # by name, the nodes that read it where words stand

    def text(self, node: ast.expr | None) -> None:
        """Take an expression whose value is a text for people."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.constants.append(node)
        elif isinstance(node, ast.JoinedStr):
            for part in node.values:
                if isinstance(part, ast.Constant):
                    self.constants.append(part)
        elif isinstance(node, ast.BinOp):
            self.text(node.left)
            self.text(node.right)
        elif isinstance(node, ast.IfExp):
            self.text(node.body)
            self.text(node.orelse)
        elif isinstance(node, ast.Call) and (templates := message_templates(node)):
            for template in templates:
                self.text(template)
        else:
            self.name(node)

    def table(self, node: ast.expr | None, *, values: bool = True) -> None:
        """Take an expression whose value is a dict from hints to values, or from patterns to hints.

        ``values``: they may be hints. Those of ``mistakes`` are wrong answers.
        """
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if key is None:
                    self.table(value, values=values)
                else:
                    self.text(key)
                    if values and isinstance(value, ast.Constant | ast.JoinedStr):
                        self.text(value)
        elif isinstance(node, ast.DictComp):
            self.text(node.key)
        elif isinstance(node, ast.BinOp):
            self.table(node.left, values=values)
            self.table(node.right, values=values)
        elif isinstance(node, ast.BoolOp):
            for value in node.values:
                self.table(value, values=values)
        elif isinstance(node, ast.IfExp):
            self.table(node.body, values=values)
            self.table(node.orelse, values=values)
        else:
            self.name(node.func if isinstance(node, ast.Call) else node)

    def name(self, node: ast.expr | None) -> None:
        if isinstance(node, ast.Name):
            self.loads.setdefault(node.id, set()).add(id(node))


def _drop_words(nodes: Sequence[ast.AST]) -> None:
    for constant in words_for_people(nodes):
        constant.value = ""


def message_templates(node: ast.Call) -> list[ast.expr]:
    """Return the templates of a call of Message or Message.counted; nothing for any other call."""
    match node.func:
        case ast.Name(id="Message"):
            return node.args[:1]
        case ast.Attribute(value=ast.Name(id="Message"), attr="counted"):
            return node.args[:2]
    return []


def words_for_people(nodes: Sequence[ast.AST]) -> list[ast.Constant]:
    """Return the literals in these nodes that are hints or messages, wholly or as a part of one."""
    words = _Words()
    positions = {node.name: _positions(node) for node in nodes if isinstance(node, ast.FunctionDef)}
    for node in nodes:
        if isinstance(node, ast.Call):
            _read_call(node, positions, words)
        elif isinstance(node, ast.Assign):
            _read_assignment(node, words)
    loads = _loads(nodes)
    done: set[str] = {_TABLE, _TEXT}
    for value in _values(nodes, {_TABLE}):
        words.table(value, values=False)
    for value in _values(nodes, {_TEXT}):
        words.text(value)
    while new := {name for name, nodes in words.loads.items() if name not in done and nodes == loads.get(name)}:
        for value in _values(nodes, new):
            (words.text if isinstance(value, ast.Constant | ast.JoinedStr) else words.table)(value)
        done |= new
    return words.constants


def compared_keys(nodes: Sequence[ast.AST]) -> list[ast.expr]:
    """Return the keys of tables that a check compares instead of showing them: parts of exceptions, wrong choices."""
    tables = [node.args[0] for node in nodes if _calls(node, "explain_errors") and node.args]  # type: ignore[attr-defined]
    tables += [
        keyword.value
        for node in nodes
        if _calls(node, "expect_choice")
        for keyword in node.keywords  # type: ignore[attr-defined]
        if keyword.arg == "hints"
    ]
    names: set[str] = set()
    keys: list[ast.expr] = []
    while tables:
        match tables.pop():
            case ast.Dict(keys=own, values=values):
                keys += [key for key in own if key is not None]
                tables += [value for key, value in zip(own, values, strict=True) if key is None]
            case ast.BinOp(left=one, right=other) | ast.IfExp(body=one, orelse=other):
                tables += [one, other]
            case ast.Name(id=name) | ast.Call(func=ast.Name(id=name)) if name not in names:
                names.add(name)
                tables += _values(nodes, {name})
    return keys


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _positions(function: ast.FunctionDef) -> dict[int, str]:
    """Return which positional arguments of a function contain words, by position."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return {position: name for position, name in enumerate(names) if name in (_TABLE, _TEXT)}


def _read_call(node: ast.Call, positions: Mapping[str, Mapping[int, str]], words: _Words) -> None:
    function = node.func.id if isinstance(node.func, ast.Name) else ""
    by_position = positions.get(function) or dict.fromkeys(_MESSAGES.get(function, ()), _TEXT)
    for position, value in enumerate(node.args):
        if by_position.get(position) == _TABLE or function == "explain_errors":
            words.table(value, values=function == "explain_errors")
        elif position in by_position:
            words.text(value)
    for keyword in node.keywords:
        if keyword.arg == _TABLE or (keyword.arg == "hints" and function == "expect_choice"):
            words.table(keyword.value, values=keyword.arg != _TABLE)
        elif keyword.arg == _TEXT or (keyword.arg == "name" and function in _WITH_NAME and function not in positions):
            words.text(keyword.value)


def _read_assignment(node: ast.Assign, words: _Words) -> None:
    """Take the key of ``mistakes["..."] = value``."""
    for target in node.targets:
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == _TABLE:
            words.text(target.slice)


def _loads(nodes: Iterable[ast.AST]) -> dict[str, set[int]]:
    """Return every place that reads a name, by name; an attribute of that name is such a place, too."""
    found: dict[str, set[int]] = {}
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.setdefault(node.id, set()).add(id(node))
        elif isinstance(node, ast.Attribute):
            found.setdefault(node.attr, set()).add(id(node))
    return found


def _values(nodes: Iterable[ast.AST], names: set[str]) -> Iterator[ast.expr]:
    """Yield what is assigned to these names, and what functions of these names return."""
    for node in nodes:
        if isinstance(node, ast.Assign):
            if any(isinstance(target, ast.Name) and target.id in names for target in node.targets):
                yield node.value
        elif isinstance(node, ast.AnnAssign):
            if isinstance(node.target, ast.Name) and node.target.id in names and node.value is not None:
                yield node.value
        elif isinstance(node, ast.FunctionDef) and node.name in names:
            yield from (part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value)
