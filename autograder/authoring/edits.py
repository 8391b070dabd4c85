"""Edits of the reference, from which mutants and variants are made."""

from __future__ import annotations

import ast
import runpy
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeVar

from autograder.authoring import cells
from autograder.checks.task import BadCheck
from autograder.submissions.names import bound_names

T = TypeVar("T")

BEGIN, END = f"### {cells.BEGIN}", f"### {cells.END}"


class Edit(Protocol):
    """A change of one file's text. ``apply`` raises BadCheck, without the story, if the edit does not apply."""

    def apply(self, text: str, file: str) -> str: ...


@dataclass(frozen=True)
class Replacement:
    """Replaces a text that occurs exactly ``count`` times."""

    replace: str
    by: str
    count: int = 1

    def apply(self, text: str, file: str) -> str:
        """Return the text with every occurrence replaced. Raises BadCheck unless there are ``count``."""
        found = text.count(self.replace)
        if found != self.count:
            times = "1 time" if found == 1 else f"{found} times"
            raise BadCheck(f"no longer applies: {self.replace!r} occurs {times} in {file}, not {self.count}.")
        if self.replace == self.by:
            raise BadCheck("changes nothing.")
        return text.replace(self.replace, self.by)


@dataclass(frozen=True)
class NewBody:
    """Replaces what is between the solution's markers in one function or method, such as "Conv.forward"."""

    function: str  # or a variable
    by: str

    def apply(self, text: str, file: str) -> str:
        """Return the text with the body replaced and indented as the markers are. Raises BadCheck."""
        lines = text.split("\n")
        node = _definition(self.function, text, file)
        last = node.end_lineno or node.lineno
        while last < len(lines) and (not lines[last].strip() or lines[last].strip().startswith("#")):
            if lines[last].startswith("# %%"):
                break  # the next cell
            last += 1  # the marker after the last statement is a comment, which belongs to no node
        first = node.lineno - 1
        while not isinstance(node, ast.FunctionDef | ast.ClassDef) and first > 0 and lines[first].strip() != BEGIN:
            if lines[first].startswith("# %%"):
                break  # the cell has no markers: those of the cell before are not of this variable
            first -= 1  # a variable is defined between the markers
        inside = range(first, last)
        begins, ends = ([n for n in inside if lines[n].strip() == mark] for mark in (BEGIN, END))
        if len(begins) != 1 or len(ends) != 1:
            raise BadCheck(f"no longer applies: {self.function} in {file} does not have one solution with markers.")
        indent = lines[begins[0]].partition("#")[0]
        body = textwrap.indent(textwrap.dedent(self.by).strip("\n"), indent).split("\n")
        return "\n".join([*lines[: begins[0] + 1], *body, *lines[ends[0] :]])


@dataclass(frozen=True)
class FirstLines:
    """Writes lines before the first statement of a function or method, such as "Conv.forward"."""

    function: str
    by: str

    def apply(self, text: str, file: str) -> str:
        """Return the text with the lines, indented as the statement is. Raises BadCheck."""
        lines, node = text.split("\n"), _definition(self.function, text, file)
        if not isinstance(node, ast.FunctionDef):
            raise BadCheck(f"no longer applies: {self.function} in {file} is not a function.")
        first = node.body[bool(ast.get_docstring(node)) and len(node.body) > 1]
        by = textwrap.indent(textwrap.dedent(self.by).strip("\n"), " " * first.col_offset)
        return "\n".join([*lines[: first.lineno - 1], by, *lines[first.lineno - 1 :]])


def _definition(function: str, text: str, file: str) -> ast.stmt:
    """Return the only definition of a function, a method or a variable. Raises BadCheck if there are others or none."""
    nodes = body = _body(text)
    found: list[ast.stmt] = []
    for name in function.split("."):
        inner = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name]
        nodes = [child for node in inner for child in node.body]
        found = [*inner]
    if not found:
        found = [node for node in body if function in bound_names(node)][-1:]
    if len(found) != 1:
        raise BadCheck(f"no longer applies: {file} defines {function} {len(found)} times, not once.")
    return found[0]


@lru_cache(8)
def _body(text: str) -> list[ast.stmt]:
    """Return a module's statements, which nobody may change: most edits are of the same text, the reference's."""
    return ast.parse(text).body


def apply_edits(what: str, edits: Sequence[Edit], file: str, sources: dict[str, str]) -> dict[str, str]:
    """Return the sources after the edits, one after the other. Raises BadCheck, which begins with ``what``."""
    before = text = sources.get(file, "")
    try:
        for edit in edits:
            text = edit.apply(text, file)
    except BadCheck as error:
        raise BadCheck(f"{what} {error}") from None
    except SyntaxError as error:
        raise BadCheck(f"{what} cannot be made: line {error.lineno} of {file} is no longer Python.") from None
    wrong = _syntax_error(_changed(before, text)) and _syntax_error(text)
    if wrong and not _syntax_error(before):  # such a file fails every check
        line = repr((wrong.text or text.split("\n")[(wrong.lineno or 1) - 1]).strip())
        raise BadCheck(f"{what} makes {file} unreadable: {line}: {wrong.msg}.")
    return {**sources, file: text}


def _changed(before: str, after: str) -> str:
    """Return the functions and classes of the new text that differ: to compile all of it takes longer."""
    old, new = before.split("\n"), after.split("\n")
    first, below = _lines_in_common(old, new), _lines_in_common(old[::-1], new[::-1])
    begins = [0, *(n for n, line in enumerate(new) if line.startswith(("def ", "class "))), len(new)]
    start = max(n for n in begins if n < max(first, 1))
    end = min(n for n in begins if n >= min(max(len(new) - below, first + 1), len(new)))
    return "\n".join(new[start:end])


def _lines_in_common(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many lines at the beginning are the same."""
    return next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _syntax_error(text: str) -> SyntaxError | None:
    """Return why Python refuses the text, such as a `return` outside of a function, which only compiling finds."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<text>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error
    return None


def read_list(path: Path, name: str, kind: type[T]) -> list[T]:
    """Return the list ``name`` of a Python file, whose elements are of a kind. Raises BadCheck."""
    try:
        elements = list(runpy.run_path(str(path))[name])
    except Exception as error:
        raise BadCheck(f"{path} cannot be read: {type(error).__name__}: {error}.") from error
    for number, element in enumerate(elements, start=1):
        if not isinstance(element, kind):
            kinds = kind.__name__.lower()
            raise BadCheck(f"{path}: element {number} of {name} is no {kinds}. Make it with `{kinds}s_of`.")
    return elements


def expect_unique(stories: Sequence[str], kind: str, assignment: str, paths: Sequence[Path]) -> None:
    """Raise BadCheck if two mutants or variants have the same story."""
    for story in stories:
        if stories.count(story) > 1:
            files = " and ".join(path.name for path in paths)
            raise BadCheck(f"Two {kind} of {assignment} have the story {story!r} ({files}). Stories are unique.")
