"""The sentences in Python files: titles, hints and messages of checks, and what the engine says.

A literal that is a sentence is its own id, so it needs no mark. A sentence with values is a `Message` with a template.
An f-string cannot be translated; ``untranslatable`` lists those that people read.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.catalogue_flow import scopes, texts_behind
from autograder.authoring.catalogue_markdown import is_prose
from autograder.core.docstrings import DOCUMENTED
from autograder.session.deciding import compared_keys, message_templates, words_for_people

# Functions of core/language.py and probes/saying.py, and how many of their arguments are templates.
MARKS = {"say": 1, "say_counted": 2, "translate": 1, "Said": 1}
NOUNS = ("few_inputs", "many_inputs")  # arguments whose texts are parts of a message: "6 images"

_SENTENCE = re.compile(r"(?:[A-Z`0-9{|'\"(]|[a-z](?=.*\.\Z))[^\n]*\s[^\n]*\s[^\n]*[.?!]\Z", re.DOTALL)
_CODE = re.compile(
    r"\A\s*(def|class|import|from|lambda|SELECT|INSERT|UPDATE|DELETE)\b|\A[a-z_.]+\((?![^()]*\) [a-z]+ [^()=]*[.?!]\Z)"
)
_NEVER = ("define", "compile", "run")  # calls whose texts are code


@dataclass(frozen=True)
class Sentence:
    """A text for people in a Python file."""

    text: str
    line: int
    kind: str  # "title", "message"
    plural: str = ""


def sentences_in(path: Path, *, titles: bool = True) -> list[Sentence]:
    """Return the titles of checks, and the literals and templates that people read, in the order of the file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = list(_titles(tree)) if titles else []
    taken: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (noun := _counted_noun(node)):
            found.append(Sentence(f"{{n:,}} {noun}", node.lineno, "a number of things", f"{{n:,}} {noun}s"))
        if isinstance(node, ast.Call) and (name := _name_of_score(node)):
            found.append(Sentence(name, node.lineno, "name of a score"))
        if isinstance(node, ast.Call) and (templates := templates_of(node)):
            texts = [_literal(template) for template in templates]
            taken |= {id(part) for template in templates for part in ast.walk(template)}
            if texts[0]:
                found.append(Sentence(texts[0], node.lineno, "message with values", "".join(texts[1:])))
    nodes = list(ast.walk(tree))
    words = {id(constant) for constant in words_for_people(nodes)}
    words |= {id(keyword.value) for keyword in nodes if isinstance(keyword, ast.keyword) and keyword.arg in NOUNS}
    words |= {id(keyword.value) for node in nodes for keyword in _descriptions(node)}
    words |= {id(text) for text in _texts_of_messages(tree)}
    taken |= {id(key) for key in compared_keys(nodes)}
    for node in _loose_literals(tree, words):
        text = str(node.value)
        wanted = is_prose(text) if id(node) in words else bool(_SENTENCE.match(text)) and not _CODE.match(text)
        if id(node) not in taken and wanted:
            found.append(Sentence(text, node.lineno, "message"))
    return sorted(found, key=lambda sentence: sentence.line)


def untranslatable(path: Path) -> list[tuple[int, str]]:
    """Return the line and the code of each f-string that people read: it should be a `Message`."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    words = {id(constant) for constant in words_for_people(list(ast.walk(tree)))}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part for part in node.values if isinstance(part, ast.Constant)]
            shape = "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)
            read = any(id(part) in words for part in parts) or bool(_SENTENCE.match(shape))
            if read and any(is_prose(str(part.value)) for part in parts) and not _CODE.match(shape):
                found.append((node.lineno, ast.get_source_segment(text, node) or ""))
    return sorted(found)


def _titles(tree: ast.Module) -> Iterator[Sentence]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_") and (doc := ast.get_docstring(node)):
            yield Sentence(doc.splitlines()[0], node.body[0].lineno, "title of a check")


def templates_of(node: ast.Call) -> Sequence[ast.expr]:
    """Return the templates of a call that makes a message; nothing for any other call."""
    if isinstance(node.func, ast.Name) and node.func.id in MARKS:
        return node.args[: MARKS[node.func.id]]
    return message_templates(node)


def _counted_noun(node: ast.Call) -> str:
    """Return the noun of ``count(3, "check")`` (render/words.py)."""
    counts = isinstance(node.func, ast.Name) and node.func.id == "count" and len(node.args) == 2
    return _literal(node.args[1]) if counts else ""


def _name_of_score(node: ast.Call) -> str:
    """Return the name of ``score(0.9, "loss")`` or ``score.reached(0.9, "loss")`` (session/state.py)."""
    if ast.unparse(node.func) not in ("score", "score.reached"):
        return ""
    names = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "name")]
    return _literal(names[0]) if names else ""


def _descriptions(node: ast.AST) -> list[ast.keyword]:
    """Return what a call `Meta(...)` says that an entry of a file may be (core/toml_file.py)."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Meta":
        return [keyword for keyword in node.keywords if keyword.arg == "description"]
    return []


def _texts_of_messages(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield what a name may stand for whose text is made a message: `Message(name)`."""
    for inside, known in scopes(tree):
        for node in inside:
            if isinstance(node, ast.Call) and (templates := message_templates(node)):
                yield from texts_behind(templates[0], known) if isinstance(templates[0], ast.Name) else ()


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _loose_literals(tree: ast.Module, words: Collection[int]) -> Iterator[ast.Constant]:
    """Yield the texts that are neither docstring, code nor key of patterns, nor part of an f-string or a sum.

    ``words`` are the nodes that are known to be read by people, such as keys of ``mistakes``.
    """
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and node.body and isinstance(node.body[0], ast.Expr):
            skipped.add(id(node.body[0].value))
        elif _is_composed(node) or _gets_code(node):
            skipped |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.Dict) and any(_literal(value) for value in node.values):
            skipped |= {id(key) for key in node.keys} - set(words)  # patterns of errors, or wrong choices
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node


def _is_composed(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add))


def _gets_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _NEVER
