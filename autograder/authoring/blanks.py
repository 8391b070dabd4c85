"""The reference without the solutions of some tasks, as if a student had not written these."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping

from autograder.authoring.edits import BEGIN, END


def without_solutions(sources: Mapping[str, str], names: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Return the sources in which the solutions of these functions, methods and classes are left out, and their names.

    What has no solution between markers is given to students: it is not changed, nor among the names.
    """
    texts, found = dict(sources), []
    for name in names:
        for file, text in texts.items():
            blank = _without_solution(text, name)
            if blank != text:
                texts[file] = blank
                found.append(name)
    return texts, found


def _without_solution(text: str, name: str) -> str:
    """Return the text of one file in which everything between markers raises NotImplementedError in ``name``."""
    node = _definition(text, name)
    if node is None:
        return text
    lines = text.split("\n")
    end = node.end_lineno or node.lineno
    while end < len(lines) and lines[end].strip().startswith("#") and not lines[end].startswith("# %%"):
        end += 1  # the marker after the last statement is a comment, which belongs to no node
    inside, kept = False, []
    for line in lines[node.lineno - 1 : end]:
        if line.strip() == BEGIN:
            inside = True
            kept.append(line.replace(BEGIN, "raise NotImplementedError()"))
        elif line.strip() == END:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join([*lines[: node.lineno - 1], *kept, *lines[end:]])


def _definition(text: str, name: str) -> ast.FunctionDef | ast.ClassDef | None:
    body, found = ast.parse(text).body, None
    for part in name.split("."):
        nodes = [n for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == part]
        if not nodes:
            return None
        found = nodes[-1]
        body = found.body
    return found
