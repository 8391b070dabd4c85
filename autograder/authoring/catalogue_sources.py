"""What each catalogue contains: the texts of an assignment that students receive, its private texts, the engine's.

The same functions that find the pieces of a text put their translations in (see catalogue_markdown.py), so nothing can
be found that is not replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from msgspec.structs import replace as with_fields

from autograder.authoring.catalogue import Entry
from autograder.authoring.catalogue_checks import Sentence, sentences_in, untranslatable
from autograder.authoring.catalogue_code import map_code
from autograder.authoring.catalogue_engine import help_in, template_sentences
from autograder.authoring.catalogue_markdown import Visit, map_markdown, without_generated
from autograder.authoring.catalogue_values import plain_values
from autograder.authoring.cells import read_source
from autograder.core import click_words
from autograder.core.assignment import MANIFEST, Assignment
from autograder.core.files import read_utf8
from autograder.core.jupyter import load_package
from autograder.core.language import ENGINE_LOCALE
from autograder.core.received import CHECKS, ORACLES

ENGINE = ENGINE_LOCALE.parent
PUBLISHED_README = ENGINE / "authoring" / "published" / "README.md"  # of the course that students receive
# The parts of gradlab whose sentences students or teachers read (docs/decisions/0015-languages.md).
ENGINE_FILES = (
    "checks/*.py", "render/*.py", "students/*.py", "session/*.py", "submissions/*.py", "source_rules/*.py",
    "sandbox/*.py", "core/*.py", "probes/*.py", "cli/*.py", "gradebook/*.py", "intake/*.py", "exports/*.py",
    "policy/*.py", "runners/grader_process.py", "authoring/facts.py", "authoring/hints.py",
)  # fmt: skip

ENGINE_TEMPLATES = "render/*.html"
ENGINE_HELP = "cli"  # the room whose docstrings are the help of commands

Translate = Callable[[str], str]


@dataclass
class _Recorder:
    """Notes each text that it is asked for."""

    place: str
    first: int = 1  # the line at which the texts begin
    entries: list[Entry] = field(default_factory=list)

    def __call__(self, text: str, line: int, kind: str) -> str:
        self.entries.append(Entry(text, self.place, self.first + line, kind))
        return text


def public_entries(assignment: Assignment, root: Path) -> list[Entry]:
    """Return what students receive of an assignment: manifest, README, notebooks, public checks."""
    entries = _manifest_entries(assignment, root)
    readme = assignment.folder / "README.md"
    if readme.is_file():
        recorder = _Recorder(_place(readme, root))
        map_markdown(without_generated(read_utf8(readme)), recorder)
        entries += _with_lines(recorder.entries, read_utf8(readme))
    for module in assignment.files:
        entries += _source_entries(assignment.solutions / module, root)
    return entries + _check_entries(assignment.folder, root)


def private_entries(assignment: Assignment, root: Path, public: Sequence[Entry]) -> list[Entry]:
    """Return the titles and messages of an assignment's hidden checks that are not among its public texts."""
    known = {entry.text for entry in public}
    return [entry for entry in _check_entries(assignment.solutions, root) if entry.text not in known]


def engine_entries() -> list[Entry]:
    """Return what gradlab itself says to students and teachers."""
    entries = []
    for path in engine_paths():
        found = [*sentences_in(path, titles=False), *(help_in(path) if _is_help(path) else ())]
        entries += [_of_sentence(sentence, path, ENGINE.parent) for sentence in sorted(found, key=lambda s: s.line)]
    for path in sorted(ENGINE.glob(ENGINE_TEMPLATES)):
        entries += [_of_sentence(sentence, path, ENGINE.parent) for sentence in template_sentences(path)]
    recorder = _Recorder(_place(PUBLISHED_README, ENGINE.parent))
    map_markdown(read_utf8(PUBLISHED_README), recorder)
    place = _place(Path(click_words.__file__), ENGINE.parent)
    entries += [Entry(one, place, 1, "a word of click") for one in click_words.WORDS]
    entries += [Entry(one, place, 1, "a word of click", many) for one, many in click_words.PLURALS]
    return entries + recorder.entries


def _is_help(path: Path) -> bool:
    return path.parent.name == ENGINE_HELP


def engine_paths() -> list[Path]:
    """Return the engine's files whose sentences are in its catalogue."""
    return [
        path
        for pattern in ENGINE_FILES
        for path in sorted(ENGINE.glob(pattern))
        if path.name not in ("__init__.py", "click_words.py")
    ]


def unmarked(assignment: Assignment) -> list[tuple[Path, int, str]]:
    """Return what people read in the checks of an assignment and no catalogue can translate.

    These are f-strings, and plain texts in the placeholders of messages.
    """
    paths = [path for folder in (assignment.folder, assignment.solutions) for path in _checks(folder)]
    return [(path, line, code) for path in paths for line, code in (*untranslatable(path), *plain_values(path))]


def translated_cells(cells: Sequence[Any], translate: Translate) -> None:
    """Replace each piece of a source's cells, as Jupytext reads them, by its translation."""
    for cell in cells:
        cell.source = _mapped(cell, lambda text, line, kind: translate(text))


def translated_readme(text: str, translate: Translate) -> str:
    """Return a README in another language; what is generated in it is left out."""
    return map_markdown(without_generated(text), lambda text, line, kind: translate(text))


def translated_manifest(assignment: Assignment, translate: Translate) -> Assignment:
    """Return the assignment with its titles and remarks in another language."""

    def said(text: str) -> str:
        return translate(text) if text else text

    tasks = [with_fields(task, title=said(task.title), watch_out=said(task.watch_out)) for task in assignment.tasks]
    questions = [with_fields(question, title=said(question.title)) for question in assignment.questions]
    return replace(assignment, title=said(assignment.title), tasks=tuple(tasks), questions=tuple(questions))


def _manifest_entries(assignment: Assignment, root: Path) -> list[Entry]:
    path = assignment.folder / MANIFEST
    lines = read_utf8(path).split("\n")
    texts = [(assignment.title, "title of the assignment")]
    for task in assignment.tasks:
        texts += [(task.title, "title of a task"), (task.watch_out, "what to watch out for in a task")]
    for question in assignment.questions:
        texts += [(question.title, "title of a question")]
        texts += [(line.text, "line of a rubric") for line in question.rubric]
    return [Entry(text, _place(path, root), _line_with(lines, text), kind) for text, kind in texts if text]


def _source_entries(path: Path, root: Path) -> list[Entry]:
    text = read_source(path)
    cells = load_package("jupytext").reads(text, fmt="py:percent").cells
    headers = [number for number, line in enumerate(text.split("\n"), start=1) if line.startswith("# %%")]
    first_lines = headers if len(headers) == len(cells) else [0] * len(cells)
    entries = []
    for cell, header in zip(cells, first_lines, strict=True):
        recorder = _Recorder(_place(path, root), header + 1)
        _mapped(cell, recorder)
        in_order = sorted(recorder.entries, key=lambda entry: entry.line)
        hint = f"hint for {cell.metadata['hint']}" if "hint" in cell.metadata else ""
        entries += [replace(entry, kind=hint or entry.kind) for entry in in_order]
    return entries


def _mapped(cell: Any, visit: Visit) -> str:
    if cell.cell_type == "markdown":
        return map_markdown(cell.source, visit)
    return map_code(cell.source, visit) if cell.cell_type == "code" else str(cell.source)


def _check_entries(folder: Path, root: Path) -> list[Entry]:
    return [_of_sentence(sentence, path, root) for path in _checks(folder) for sentence in sentences_in(path)]


def _checks(folder: Path) -> Iterator[Path]:
    for pattern in (CHECKS, ORACLES):
        yield from sorted(folder.glob(pattern))


def _of_sentence(sentence: Sentence, path: Path, root: Path) -> Entry:
    return Entry(sentence.text, _place(path, root), sentence.line, sentence.kind, sentence.plural)


def _with_lines(entries: Sequence[Entry], text: str) -> list[Entry]:
    """Return the entries with their lines in the whole text, of which parts were left out."""
    lines, at, found = text.split("\n"), 0, []
    for entry in entries:
        start = entry.text.split("\n")[0][:40].split("<!--")[0]
        at = next((number for number in range(at, len(lines)) if start in lines[number]), at)
        found.append(replace(entry, line=at + 1))
    return found


def _line_with(lines: Sequence[str], text: str) -> int:
    return next((number for number, line in enumerate(lines, start=1) if text[:60] in line), 1)


def _place(path: Path, root: Path) -> str:
    return path.resolve().relative_to(root.resolve()).as_posix()
