"""Read the code cells of an untrusted notebook file: check its size, then parse it as plain JSON.

Knows nothing about Python; notebook.py turns the cells into a module.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from autograder.core.editions import OWN_METADATA, language_of
from autograder.core.encodings import wide_encoding
from autograder.core.message import Message
from autograder.submissions.source import BadSubmission, decode_text, guess_note, printable

MAX_BYTES = 8_000_000  # without the outputs of a notebook that is larger than SMALL
SMALL = 1_000_000
MAX_CELLS = 2_000

_PYTHON = re.compile(rb"^(?:def|class|import|from)[ \t]", re.MULTILINE)
_DEFINES = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]", re.MULTILINE)
_RESTORE = Message(
    "Jupyter cannot open it, either. Delete it, or move it away to copy work from it, and run gradlab start again: it "
    "restores the notebook."
)


@dataclass(frozen=True)
class Cell:
    """One code cell. ``number`` counts cells of all kinds from 1, as people do."""

    number: int
    source: str
    optional: bool = False  # for the notebook only: its code is used only if other code needs it
    text: bool = False  # a text cell that looks like code


def is_notebook(data: bytes, name: str) -> bool:
    """Return whether a file is a notebook, by its content where its name says something else."""
    start = decode_text(data[:2000])[0].lstrip()
    if ".ipynb" in name.lower():
        return start.startswith(("{", "[")) or not _PYTHON.search(data)
    return start.startswith("{") and (b'"cells"' in data or bool(wide_encoding(data)))


def read_cells(data: bytes, name: str, *, texts: bool = False) -> tuple[list[Cell], list[str]]:
    """Return the code cells in order, and notes about damaged cells.

    With ``texts`` also the text cells in which a line begins with `def` or `class`.
    Raises BadSubmission when the file is not a notebook or is too large.
    """
    table, guessed = _load(data, name)
    cells = _cells(table)
    if cells is None:
        raise BadSubmission(Message("{name} has no list of cells. {advice}", name=name, advice=_RESTORE))
    _limit_cells(len(cells), name)
    found, notes = [], [guess_note(name, guessed)] if guessed else []
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            notes.append(
                Message("{name}: cell {number} from the top is damaged and was ignored.", name=name, number=number)
            )
            continue
        metadata = _table(cell, "metadata")
        is_code = cell.get("cell_type") == "code"
        if not is_code and _table(metadata, "nbgrader").get("cell_type") == "code":
            notes.append(
                Message(
                    "{name}: cell {number} from the top was changed into a text cell; it was read as a code cell, as "
                    "in the handout.",
                    name=name,
                    number=number,
                )
            )
            is_code = True
        tags = metadata.get("tags")
        if is_code:
            optional = isinstance(tags, list) and "active-ipynb" in tags
            found.append(Cell(number, _source(cell), optional))
        elif texts and _DEFINES.search(source := _source(cell)):
            found.append(Cell(number, source, text=True))
    return found, notes


def damage_in(data: bytes, name: str) -> str:
    """Return why nothing can be read in a file: it is empty, or a damaged notebook. Otherwise return an empty text."""
    if not data.strip():
        return Message("{name} is empty. Hand in the file with your tasks.", name=name)
    try:
        if ".ipynb" in name.lower():
            read_cells(data, name)
    except BadSubmission as problem:
        return str(problem)
    return ""


def read_answers(data: bytes, name: str) -> dict[str, str]:
    """Return the texts of the cells in which inline questions are answered, by the question. Raises BadSubmission."""
    answers = {}
    for cell in _cells(_load(data, name)[0]) or ():
        question = _table(cell, "metadata").get("answer") if isinstance(cell, dict) else None
        if isinstance(question, str):
            answers[question] = _source(cell)
    return answers


def read_language(data: bytes, name: str) -> str:
    """Return the language of the edition that a notebook comes from; empty if it names none, or cannot be read."""
    if OWN_METADATA.encode() not in data:
        return ""
    try:
        table = _load(data, name)[0]
    except BadSubmission:
        return ""
    return language_of({"metadata": _table(table, "metadata")})


# Cells as the fields of an array: msgspec skips the elements of an array beyond its fields. A list of 200 MB of `{},`
# would need 4 GB of memory before anything could be counted.
_Cells = msgspec.defstruct(
    "_Cells", [(f"cell{i}", msgspec.Raw, msgspec.Raw()) for i in range(MAX_CELLS + 1)], array_like=True
)


class _Outline(msgspec.Struct):
    """A notebook of which only the list of cells is decoded."""

    cells: _Cells  # type: ignore[valid-type]  # it is made by a function
    metadata: msgspec.Raw = msgspec.Raw()


class _Own(msgspec.Struct):
    """What gradlab notes in the metadata of a notebook."""

    language: str = ""


class _Metadata(msgspec.Struct):
    """The metadata of a notebook that are read."""

    gradlab: _Own = msgspec.field(default_factory=_Own)


class _Slim(msgspec.Struct):
    """The parts of a cell that are read. Outputs and attachments are skipped while the file is decoded."""

    cell_type: msgspec.Raw = msgspec.Raw()
    metadata: msgspec.Raw = msgspec.Raw()
    source: msgspec.Raw = msgspec.Raw()


def without_outputs(data: bytes, name: str) -> bytes:
    """Return a large notebook without its outputs; small ones and damaged files unchanged.

    Raises BadSubmission when it is still too large or has too many cells.
    """
    if encoding := wide_encoding(data):
        data = data.decode(encoding, "replace").encode("utf-8", "replace")
    if len(data) > SMALL:
        try:
            outline = msgspec.json.decode(data.removeprefix(codecs.BOM_UTF8), type=_Outline)
            raw = [cell for cell in msgspec.structs.astuple(outline.cells) if memoryview(cell).nbytes]
            _limit_cells(len(raw), name)
            cells = [_slim(cell) for cell in raw]
            metadata = json.dumps(_slim_metadata(outline.metadata)).encode()
            data = b'{"cells": [%b], "metadata": %b, "nbformat": 4, "nbformat_minor": 5}' % (
                b",\n".join(cells),
                metadata,
            )
        except (msgspec.MsgspecError, ValueError, RecursionError):
            pass
    if len(data) > MAX_BYTES:
        raise BadSubmission(
            Message(
                "{name} has {size:.1f} MB; the limit is {limit:.0f} MB without outputs. Clear its outputs, remove "
                "data that was pasted into cells, save it, and hand it in again.",
                name=name,
                size=len(data) / 1e6,
                limit=MAX_BYTES / 1e6,
            )
        )
    return data


def _limit_cells(count: int, name: str) -> None:
    if count > MAX_CELLS:
        raise BadSubmission(
            Message(
                "{name} has more than {limit:,} cells. Hand in only what the handout asks for.",
                name=name,
                limit=MAX_CELLS,
            )
        )


def _slim_metadata(raw: msgspec.Raw) -> dict[str, Any]:
    """Return the metadata of a notebook, of which only the language is kept."""
    try:
        language = msgspec.json.decode(raw, type=_Metadata).gradlab.language
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return {OWN_METADATA: {"language": language}} if language else {}


def _slim(cell: msgspec.Raw) -> bytes:
    try:
        slim = msgspec.json.decode(cell, type=_Slim)
    except (msgspec.MsgspecError, ValueError):  # read_cells reports a damaged cell
        return b"null"
    parts = {b'"cell_type": ': slim.cell_type, b'"metadata": ': slim.metadata, b'"source": ': slim.source}
    return b"{" + b", ".join(key + bytes(value) for key, value in parts.items() if bytes(value)) + b"}"


def _load(data: bytes, name: str) -> tuple[dict[str, Any], str]:
    """Return the notebook, and its encoding if that is not UTF-8."""
    text, guessed = decode_text(without_outputs(data, name))
    guessed = wide_encoding(data) or guessed
    try:
        table = json.loads(text)
    except json.JSONDecodeError as error:
        where = Message("line {line} column {column}", line=error.lineno, column=error.colno)
        text = Message(
            "{name} is damaged ({problem}: {where}). {advice}",
            name=name,
            problem=printable(error.msg),
            where=where,
            advice=_RESTORE,
        )
        raise BadSubmission(text) from None
    except RecursionError:
        text = Message("{name} is nested too deeply, so it is not a notebook. {advice}", name=name, advice=_RESTORE)
        raise BadSubmission(text) from None
    except (ValueError, MemoryError):  # integers of thousands of digits
        text = Message("{name} is damaged: a number in it is too long. {advice}", name=name, advice=_RESTORE)
        raise BadSubmission(text) from None
    if not isinstance(table, dict):
        raise BadSubmission(Message("{name} is not a notebook. {advice}", name=name, advice=_RESTORE))
    return table, guessed


def _cells(table: dict[str, Any]) -> list[Any] | None:
    """Return the cells; in the notebook format from before 2015 they are in worksheets."""
    sheets = table.get("worksheets") if "cells" not in table else None
    if isinstance(sheets, list):
        lists = [_cells(sheet) or [] for sheet in sheets if isinstance(sheet, dict) and "worksheets" not in sheet]
        return [cell for cells in lists for cell in cells]
    cells = table.get("cells")
    return cells if isinstance(cells, list) else None


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input"))  # "input" in the format from before 2015
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source.replace("\r\n", "\n").replace("\r", "\n") if isinstance(source, str) else ""
