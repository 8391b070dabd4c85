"""The sentences of gradlab outside of literals in Python: templates of pages, and the help of commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.catalogue_checks import Sentence
from autograder.core.docstrings import DOCUMENTED
from autograder.core.help_text import help_paragraphs
from autograder.render.html import environment

_COUNTED = re.compile(r'\| count\("([^"]+)"\)')


def template_sentences(path: Path) -> list[Sentence]:
    """Return the texts that a template of Jinja marks, in their order."""
    text = path.read_text(encoding="utf-8")
    found = environment().extract_translations(text)  # type: ignore[attr-defined]
    sentences = []
    for line, _, message in found:
        one, *many = message if isinstance(message, tuple) else (message,)
        sentences.append(Sentence(one, line, "part of a page", "".join(filter(None, many))))
    for match in _COUNTED.finditer(text):
        noun, line = match[1], text.count("\n", 0, match.start()) + 1
        sentences.append(Sentence(f"{{n:,}} {noun}", line, "a number of things", f"{{n:,}} {noun}s"))
    return sorted(sentences, key=lambda sentence: sentence.line)


def help_in(path: Path) -> Iterator[Sentence]:
    """Yield each paragraph of the help of the commands in a file, as they are translated."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, DOCUMENTED) and _is_command(node) and (text := ast.get_docstring(node)):
            for paragraph in help_paragraphs(text):
                yield Sentence(paragraph, node.lineno, "help of a command")


def _is_command(node: ast.stmt) -> bool:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return any(re.search(r"\w\.(command|group)\(", ast.unparse(one)) for one in decorators)
