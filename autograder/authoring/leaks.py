"""Search what would be published for answers: private files, copies of them, and solutions in other files.

A sentence names the file and the line of what students would read, and the file and the line that it comes from.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autograder.authoring.edits import BEGIN, END
from autograder.authoring.unpacked import Unreadable, unpacked
from autograder.core.assignment import MANIFEST, read_assignment
from autograder.core.course_file import COURSE_FILE, read_course
from autograder.core.files import read_utf8

SHORTEST = 60  # characters of a solution that are enough to recognise it
_QUOTED = 60  # characters of an answer that a sentence repeats
_PIECE = 24  # characters of a text that are looked up among those of the answers,
_APART = SHORTEST - _PIECE + 1  # so many apart: wherever an answer is, its first SHORTEST ones hold one of them whole
_PRIVATE = re.compile(  # solutions and what is next to them, whatever folder it came to
    r"^(solutions|tests|tools|bench)/|_hidden\.py$"
    r"|^assignments/.*/((mutants|variants)[^/]*\.py|calibration\.json|equivalent\.toml)$"
)


@dataclass(frozen=True)
class _Answer:
    """A part of a private file that students must not read."""

    file: str
    line: int
    text: str
    plain: str

    @property
    def place(self) -> str:
        return f"{self.file}, line {self.line}"


class _Answers:
    """Answers, of which those that a text holds are found without a search for each."""

    def __init__(self, answers: Sequence[_Answer]) -> None:
        self._answers = answers
        self._with_piece: dict[str, set[int]] = defaultdict(set)
        for number, answer in enumerate(self._answers):
            for begin in range(_APART):
                self._with_piece[answer.plain[begin : begin + _PIECE]].add(number)

    def inside(self, plain: str) -> list[_Answer]:
        """Return the answers that a text holds, which is without whitespace as theirs are, in their own order."""
        pieces = {plain[begin : begin + _PIECE] for begin in range(0, len(plain), _APART)}
        possible = {number for piece in pieces & self._with_piece.keys() for number in self._with_piece[piece]}
        return [self._answers[number] for number in sorted(possible) if self._answers[number].plain in plain]


@lru_cache(maxsize=1)
def _in_order(answers: tuple[_Answer, ...]) -> _Answers:
    return _Answers(answers)


def find_leaks(files: Mapping[str, bytes], root: Path) -> list[str]:
    """Return a sentence for each file that is private, or that holds an answer of any assignment below ``root``."""
    shared = read_course(root).shared if (root / COURSE_FILE).is_file() else ()
    leaks = {
        name: f"{name} is private." for name in files if _PRIVATE.search(name) and name.partition("/")[0] not in shared
    }
    given = _fallbacks(root)
    opened: dict[str, bytes] = {}
    for name, content in files.items():
        if name not in leaks and not (given and name.startswith(given)):
            try:
                opened |= unpacked(name, content)
            except Unreadable:
                leaks[name] = f"{name} is an archive that cannot be searched for answers. Publish its files instead."
    open_sources = set(_open_sources(root))
    private = [path for path in (root / "solutions").rglob("*") if path not in open_sources and _has_content(path)]
    originals = {path.read_bytes(): path for path in private}
    answers = _in_order(tuple(_all_answers(root, [path for path in sorted(private) if path.suffix == ".py"])))
    for name, content in opened.items():
        if len(content) >= SHORTEST and content in originals:
            leaks[name] = f"{name} is a copy of {originals[content].relative_to(root).as_posix()}."
            continue
        plain = _plain(content.decode("utf-8", "replace"))
        if found := answers.inside(plain):
            leaks[name] = _sentence(name, content, found)
    return list(leaks.values())


def _has_content(path: Path) -> bool:
    """Return whether this is a file, but not a compiled catalogue that has no text besides its header yet."""
    if not path.is_file() or path.suffix != ".mo":
        return path.is_file()
    with path.open("rb") as file:
        return int.from_bytes(file.read(12)[8:], "little") > 1  # the number of texts


def _sentence(name: str, content: bytes, found: list[_Answer]) -> str:
    """Say where a file has an answer, where that is from, how it begins, and how many more there are."""
    first, *others = found
    quoted = " ".join(first.text.split())
    shown = f"{quoted[:_QUOTED]}..." if len(quoted) > _QUOTED else quoted
    text = f"{name}, {_place(name, content, first.plain)}: an answer of {first.place}: `{shown}`"
    return f"{text} (and {len(others)} more of its answers)" if others else text


def _place(name: str, content: bytes, plain: str) -> str:
    """Return where a text is in a file: its cell in a notebook, else its line."""
    text = content.decode("utf-8", "replace")
    if name.endswith(".ipynb"):
        for number, source in enumerate(_cells(text), start=1):
            if plain in _plain(source):
                return f"cell {number}"
    at, seen = _plain(text).index(plain), 0
    for number, line in enumerate(text.split("\n"), start=1):
        seen += len(_plain(line))
        if seen > at:
            return f"line {number}"
    return "line 1"


def _cells(text: str) -> list[str]:
    """Return the sources of a notebook's cells; none if it is not a notebook."""
    try:
        return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]
    except (ValueError, KeyError, TypeError):
        return []


def _fallbacks(root: Path) -> str:
    """Return how the paths of solutions begin that students receive on purpose, for later assignments."""
    fallbacks = read_course(root).fallbacks if (root / COURSE_FILE).is_file() else None
    return f"{fallbacks.relative_to(root.resolve()).as_posix()}/" if fallbacks else ""


def _open_sources(root: Path) -> Iterator[Path]:
    """Yield the references without tasks and solutions: notebooks that students receive as they are."""
    for manifest in sorted(root.glob(f"assignments/*/{MANIFEST}")):
        assignment = read_assignment(manifest.parent)
        with_tasks = {task.file for task in assignment.tasks}
        for file in assignment.files:
            path = root / "solutions" / assignment.name / file
            if file not in with_tasks and path.is_file() and BEGIN not in read_utf8(path):
                yield path


def _all_answers(root: Path, private: Sequence[Path]) -> Iterator[_Answer]:
    """Yield the answers of all references and other private files that are long enough to be recognised."""
    for path in private:
        for line, text, plain in _long_answers(read_utf8(path)):
            yield _Answer(path.relative_to(root).as_posix(), line, text, plain)


@lru_cache(maxsize=2000)
def _long_answers(source: str) -> list[tuple[int, str, str]]:
    """Return the line of each answer of a file that is long enough, its text, and that without whitespace."""
    found, at = [], 0
    for part in _answers(source):
        at = source.index(part, at)
        begins = at + len(part) - len(part.lstrip())
        plain = _plain(part)
        if len(plain) >= SHORTEST:
            found.append((source.count("\n", 0, begins) + 1, part.strip(), plain))
        at += len(part)
    return found


def _answers(source: str) -> list[str]:
    """Return the solutions of a reference, the checks of a file of hidden checks, or else the whole file."""
    if BEGIN in source:
        return [part.partition(END)[0] for part in source.split(BEGIN)[1:]]
    return source.split("@task(")[1:] or [source]


def _plain(text: str) -> str:
    """Return a text without whitespace, quotes and comment signs, so that notebooks and scripts compare equal."""
    return re.sub(r"[\s#\"'\\,]+", "", text.replace("\\n", "\n").replace("\\t", "\t"))
