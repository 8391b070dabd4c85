"""Where a command may write: never over what it reads, nor over a file that another program or a person wrote."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from autograder.core.errors import GradlabError
from autograder.core.files import write_atomically
from autograder.core.message import Message

_CELLS = 2  # at the beginning of a table, that tell what wrote it


class WouldOverwrite(GradlabError):
    """A file or folder that a command must not write to. Written for staff."""


def write_own_file(out: Path, content: str | bytes, *, inputs: Iterable[Path | None] = (), mode: int = 0o644) -> None:
    """Write a file that is named in a command. Raises WouldOverwrite as ``require_own_file`` does."""
    require_own_file(out, content, inputs=inputs)
    write_atomically(out, content, mode=mode)


def require_own_file(out: Path, content: str | bytes, *, inputs: Iterable[Path | None] = ()) -> None:
    """Raise WouldOverwrite if ``out`` is one of ``inputs``, or exists and is not like ``content``.

    Tables are alike by the beginning of their headings, XML by the outermost element, zips by the name of a file.
    """
    if not out.is_file():
        return
    if any(path is not None and path.exists() and path.samefile(out) for path in inputs):
        raise WouldOverwrite(
            Message(
                "--out {file} is a file that this command reads. Choose another name. Nothing was written.", file=out
            )
        )
    if out.stat().st_size and not _is_like(out, content):
        raise WouldOverwrite(
            Message(
                "--out {file} exists, and this command did not write it. Choose another name, or remove the file "
                "first. Nothing was written.",
                file=out,
            )
        )


def _is_like(out: Path, content: str | bytes) -> bool:
    if isinstance(content, str):
        with out.open("rb") as file:
            return _beginning(file.read(4096).decode("utf-8-sig", "replace")) == _beginning(content)
    try:
        with zipfile.ZipFile(out) as earlier, zipfile.ZipFile(io.BytesIO(content)) as archive:
            return not set(archive.namelist()).isdisjoint(earlier.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _beginning(text: str) -> list[str]:
    """Return the first cells of a table's heading, or the name of an XML file's outermost element."""
    text = text.removeprefix("\ufeff")
    if element := re.match(r"\s*<(?:\?[^>]*>\s*<)?(\w+)", text):
        return [element[1]]
    return [cell.strip('" \r') for cell in re.split("[,;\t]", text.partition("\n")[0])][:_CELLS]
