"""The translatable pieces of a code cell: docstrings, and comments that are prose.

``map_code`` gives each piece to a function, like ``map_markdown``, and leaves all code and every solution alone.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.authoring.catalogue_markdown import BEGIN, END, Visit, is_sentence_like
from autograder.render.text import wrapped

WIDTH = 112  # columns of a translated comment or docstring; JupyterLab does not wrap code

_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
_OPENING = re.compile(r"[rRuU]?(\"\"\"|''')")
_LAYOUT = re.compile(r"\S {2,}\S")  # columns


@dataclass(frozen=True)
class _Edit:
    first: int  # numbers of lines, from 0
    end: int
    lines: list[str]


def map_code(source: str, visit: Visit) -> str:
    """Return a cell's code with each docstring and comment replaced. Raises nothing for code that Python cannot read:
    then only whole lines of comments are seen."""
    lines = source.split("\n")
    hidden = _in_solutions(lines)
    edits = [*_docstrings(source, lines, hidden, visit), *_comments(source, lines, hidden, visit)]
    for edit in sorted(edits, key=lambda edit: edit.first, reverse=True):
        lines[edit.first : edit.end] = edit.lines
    return "\n".join(lines)


def _in_solutions(lines: list[str]) -> set[int]:
    hidden: set[int] = set()
    inside = False
    for number, line in enumerate(lines):
        inside = inside or BEGIN in line
        if inside:
            hidden.add(number)
        inside = inside and END not in line
    return hidden


def _docstrings(source: str, lines: list[str], hidden: set[int], visit: Visit) -> Iterator[_Edit]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        first = node.body[0] if isinstance(node, _DOCUMENTED) and node.body else None
        if not (
            isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
        ):
            continue
        start, end = first.lineno - 1, (first.end_lineno or first.lineno)
        indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
        opening = _OPENING.match(lines[start][len(indent) :])
        if start in hidden or not opening or not lines[end - 1].endswith(opening[1]):
            continue
        text = "\n".join(lines[start:end])[len(indent) + opening.end() : -len(opening[1])]
        written = _map_layout(text, start, indent, visit)
        if written != text:
            yield _Edit(start, end, f"{indent}{opening[0]}{written}{opening[1]}".split("\n"))


def _map_layout(text: str, line: int, indent: str, visit: Visit) -> str:
    """Return a docstring with each of its paragraphs and blocks replaced."""
    raw = text.split("\n")
    rows = [row.removeprefix(indent) if number else row for number, row in enumerate(raw)]
    written: list[str] = []
    start = 0
    while start < len(rows):
        end = start
        while end < len(rows) and rows[end].strip():
            end += 1
        if end > start:
            written += _mapped_block(rows[start:end], line + start, WIDTH - len(indent), visit)
        else:
            written.append(rows[start])
        start = max(end, start + 1)
    written = [f"{indent}{row}" if number and row.strip() else row for number, row in enumerate(written)]
    if len(raw) > 1 and not raw[-1].strip():  # what is before the closing quotes
        written[-1] = raw[-1]
    return "\n".join(written)


def _mapped_block(rows: list[str], line: int, width: int, visit: Visit) -> list[str]:
    layout = any(row.startswith((" ", "- ", "* ", ">>> ")) or _LAYOUT.search(row) for row in rows)
    source = "\n".join(rows) if layout else " ".join(row.strip() for row in rows)
    if not re.search(r"[A-Za-z]{2,}", source):
        return rows
    written = visit(source, line, "layout" if layout else "docstring")
    if written == source:
        return rows
    return written.split("\n") if layout else wrapped(written, width)


def _comments(source: str, lines: list[str], hidden: set[int], visit: Visit) -> Iterator[_Edit]:
    """Yield edits of comments: lines of them that belong together, and those after code."""
    run: list[tuple[int, int, str]] = []  # (line, column, text)
    for line, column, text in _all_comments(source, lines):
        alone = not lines[line][:column].strip()
        if line in hidden or text.startswith(("#!", "# %%", "###", "# type:", "# fmt:", "# noqa")):
            continue
        if alone and run and line == run[-1][0] + 1 and column == run[-1][1]:
            run.append((line, column, text))
            continue
        yield from _edit_of(run, lines, visit)
        run = [(line, column, text)] if alone else []
        if not alone:
            yield from _edit_of([(line, column, text)], lines, visit)
    yield from _edit_of(run, lines, visit)


def _edit_of(run: list[tuple[int, int, str]], lines: list[str], visit: Visit) -> Iterator[_Edit]:
    if not run:
        return
    line, column, _ = run[0]
    bodies = [text.removeprefix("#").removeprefix(" ") for _, _, text in run]
    layout = any(body.startswith(" ") or _LAYOUT.search(body) for body in bodies)
    source = "\n".join(bodies) if layout else " ".join(bodies)
    if not (is_sentence_like(source) or (len(source.split()) > 1 and _reads_as_prose(source))):
        return
    written = visit(source, line, "layout" if layout else "comment")
    if written == source:
        return
    before = lines[line][:column]
    if before.strip():
        yield _Edit(line, line + 1, [f"{before}# {' '.join(written.split())}"])
        return
    rows = written.split("\n") if layout else wrapped(written, WIDTH - column - 2)
    yield _Edit(line, line + len(run), [f"{before}# {row}".rstrip() for row in rows])


def _reads_as_prose(text: str) -> bool:
    """Return whether most words are of letters only, as in "None: no frame"; not in "(N, C, H', W')"."""
    words = re.findall(r"\S+", text)
    plain = [word for word in words if re.fullmatch(r"[A-Za-z]{2,}[,.:;?]?", word)]
    return len(plain) >= 2 and 2 * len(plain) > len(words)


def _all_comments(source: str, lines: list[str]) -> list[tuple[int, int, str]]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
        return [(t.start[0] - 1, t.start[1], t.string) for t in tokens if t.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError):  # a magic of IPython
        found = [(number, re.match(r" *", line), line) for number, line in enumerate(lines)]
        return [(n, m.end(), line.strip()) for n, m, line in found if m and line[m.end() :].startswith("#")]
