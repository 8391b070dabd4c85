"""Files that people and other programs read: written completely or not at all, and explained when they fail."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from autograder.core.errors import GradlabError
from autograder.core.message import Message

_PREFIX = ".whole-"  # of files that are still being written; `remove_unfinished_files` finds them by it


def write_atomically(path: Path, content: bytes | str, *, durable: bool = True, mode: int = 0o644) -> None:
    """Write a temporary file next to ``path`` and rename it, so that nobody ever reads half a file.

    ``durable`` waits for the disk, so that the file also survives a power cut. Files that can be made again do not
    need it. ``mode`` are the permissions; until the file is complete, only its owner has any.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=_PREFIX)
    except OSError as error:  # name the file that was asked for, not the temporary one
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError):  # a full disk names no file
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def remove_unfinished_files(folder: Path) -> None:
    """Remove what an interrupted ``write_atomically`` left in ``folder`` and in the folders directly below it."""
    for path in (*folder.glob(f"{_PREFIX}*"), *folder.glob(f"*/{_PREFIX}*")):
        path.unlink(missing_ok=True)


def for_spreadsheets(table: str) -> str:
    """Return a CSV table as Excel reads it: without the mark at the beginning, it takes UTF-8 for another encoding."""
    return table if table.isascii() else f"\ufeff{table}"


def read_utf8(path: Path) -> str:
    """Return the text of a file that people write. Raises OSError, and GradlabError if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise GradlabError(
            Message(
                "{path}, line {line}: this is not UTF-8. Save the file as UTF-8.", path=path, line=wrong_line(error)
            )
        ) from None


def wrong_line(error: UnicodeDecodeError) -> int:
    """Return the number of the line whose bytes are not of the encoding."""
    return error.object.count(b"\n", 0, error.start) + 1


def sentence(error: OSError) -> str:
    """Return a sentence about a file that cannot be read or written, with its name if the error has one."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list) and error.args[0]:
        source, _, reason = error.args[0][0]  # of each file that was not copied
        return Message("{source} cannot be copied: {reason}.", source=source, reason=reason)
    file = Message("A file") if error.filename is None else os.fsdecode(error.filename)
    return Message("{file} cannot be read or written: {reason}.", file=file, reason=explain(error))


def explain(error: Exception) -> str:
    """Return the reason why a file cannot be read or written, as the end of a sentence and without error numbers."""
    match error:
        case FileNotFoundError():
            return Message("there is no such file or folder")
        case PermissionError():
            return Message("its permissions do not allow it")
        case FileExistsError():
            return Message("another file already has that name")
        case IsADirectoryError():
            return Message("it is a folder, not a file")
        case NotADirectoryError():
            return Message("a part of this path is a file, not a folder")
        case OSError(strerror=str(text)):
            return f"{text[:1].lower()}{text[1:]}"
        case UnicodeDecodeError():
            return Message(
                "line {line} is not UTF-8; save the file as UTF-8 (in Excel: CSV UTF-8)", line=wrong_line(error)
            )
    return str(error)


def csv_separator(text: str) -> str:
    """Return the separator of a CSV text: the comma, semicolon or tab that its first line has most of."""
    first, _, _ = text.partition("\n")
    return max(",;\t", key=first.count)
