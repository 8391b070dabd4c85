"""What a hand-in answers to the questions that people mark: texts of cells, and files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.message import Message
from autograder.core.notebooks import accepted_names
from autograder.core.report import Answer
from autograder.submissions.by_name import is_answer
from autograder.submissions.find import Entry, list_files, list_zips
from autograder.submissions.ipynb import read_answers
from autograder.submissions.source import BadSubmission, decode_source, printable

MAX_ATTACHED = 100_000_000  # bytes of all files of a hand-in that answer questions together
MAX_TEXT = 20_000  # characters of one answer
MAX_NAME = 200  # bytes of a file's name: systems store 255
PLACEHOLDER = "YOUR ANSWER HERE"  # what the handout has in the cell of an answer
CODE_PLACEHOLDER = ("# YOUR CODE HERE", "YOUR CODE HERE", "raise NotImplementedError()")  # in an answer's code cell

_SPECIAL = re.compile(r'[\\/:*?"<>|]')  # in names that some systems cannot store
_MARGIN = "# %%"  # begins the first line of a cell in a script
_ANSWER = re.compile(r"""\banswer=["']([^"']+)["']""")


@dataclass(frozen=True)
class Attached:
    """A file that answers a question, without its content, which only people read."""

    digest: str  # sha256
    size: int  # in bytes


def read_attached(path: Path, assignment: Assignment) -> dict[str, bytes]:
    """Read the files of a hand-in that answer questions, by their names. Those that cannot be read are left out.

    Raises BadSubmission when the hand-in cannot be read.
    """
    if not assignment.hand_in:
        return {}
    with list_files(path, assignment.hand_in) as listing:
        found = listing if listing.entries else list_zips(listing, assignment.hand_in)
        return dict(_contents(found.answers, []))


def describe_attached(entries: Sequence[Entry]) -> tuple[dict[str, Attached], list[str]]:
    """Return the files of a listing that answer questions, by their names, and what cannot be read."""
    problems: list[str] = []
    contents = _contents(entries, problems)
    return {name: Attached(hashlib.sha256(data).hexdigest(), len(data)) for name, data in contents}, problems


def _contents(entries: Sequence[Entry], problems: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents, the outermost file of each name, and note what cannot be read."""
    left, seen = MAX_ATTACHED, set[str]()
    for entry in entries:
        if entry.name in seen or printable(entry.name) != entry.name or _SPECIAL.search(entry.name):
            continue
        seen.add(entry.name)
        try:
            if len(entry.name.encode()) > MAX_NAME:
                raise BadSubmission(
                    Message(
                        "{name} was not read: its name has more than {limit} bytes. Shorten its name, and hand it in "
                        "again.",
                        name=printable(entry.path),
                        limit=MAX_NAME,
                    )
                )
            if entry.size > left:
                raise BadSubmission(
                    Message(
                        "{name} was not read. The limit for files that answer questions is {limit:.0f} MB together.",
                        name=printable(entry.path),
                        limit=MAX_ATTACHED / 1e6,
                    )
                )
            data = entry.read()
        except BadSubmission as problem:
            problems.append(str(problem))
            continue
        left -= len(data)
        yield entry.name, data


def find_answers(
    files: Mapping[str, bytes], attached: Mapping[str, Attached], assignment: Assignment
) -> tuple[Answer, ...]:
    """Return what was handed in for each question of the assignment; the text of an open one is empty."""
    texts = _written(files, assignment) if assignment.questions else {}
    return tuple(
        Answer(
            question=question.id,
            title=question.title,
            text=texts.get(question.id, "")[:MAX_TEXT],
            files=tuple(sorted(name for name in attached if is_answer(name, question.hand_in))),
        )
        for question in assignment.questions
    )


def _written(files: Mapping[str, bytes], assignment: Assignment) -> dict[str, str]:
    """Return the texts of the answers that are written in any of the notebooks and scripts, by the question."""
    written: dict[str, str] = {}
    for name in accepted_names(assignment.files):
        try:
            texts = _texts(files[name], name) if name in files else {}
        except BadSubmission:  # it is reported where it is graded
            continue
        written |= {question: text for question, text in texts.items() if _is_answer(text)}
    return written


def _is_answer(text: str) -> bool:
    lines = [line.strip().removeprefix("# ") for line in text.replace(PLACEHOLDER, "").splitlines()]
    return any(line and line not in CODE_PLACEHOLDER for line in lines)


def _texts(data: bytes, name: str) -> dict[str, str]:
    if name.endswith(".ipynb"):
        return read_answers(data, name)
    answers: dict[str, list[str]] = {}
    lines: list[str] = []  # of the cell, if it answers a question
    for line in re.split("(?<=\n)", decode_source(data, name)):
        if line.startswith(_MARGIN):
            lines = []
            answers |= dict.fromkeys(_ANSWER.findall(line)[-1:], lines)
        else:
            lines.append(re.sub(r"^# ?", "", line))
    return {question: "".join(text) for question, text in answers.items()}
