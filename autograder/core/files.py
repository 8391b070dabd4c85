"""Writing files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_MARK = ".whole-"  # of files half written; `remove_unfinished_files` finds them by it


def write_atomically(path: Path, content: bytes | str, *, durable: bool = True) -> None:
    """Write beside ``path`` and rename, so that nobody ever reads half a file.

    ``durable`` waits for the disk, so that this holds after a power cut too; what can be drawn again need not be.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=_MARK)
    except OSError as error:  # of a file that nobody asked for
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def explain(error: Exception) -> str:
    """Why a file cannot be read or written: the end of a sentence, without the system's numbers."""
    match error:
        case FileNotFoundError():
            return "there is no such file or folder"
        case PermissionError():
            return "its permissions do not allow it"
        case FileExistsError():
            return "a file of that name is in the way"
        case IsADirectoryError():
            return "it is a folder, not a file"
        case NotADirectoryError():
            return "a part of this path is a file, not a folder"
        case OSError(strerror=str(text)):
            return f"{text[:1].lower()}{text[1:]}"
        case UnicodeDecodeError():
            return f"it is not UTF-8 (byte {error.start + 1:,}); save it as UTF-8"
    return str(error)


def remove_unfinished_files(folder: Path) -> None:
    """Remove what a writer that was killed left in ``folder`` and in the folders below it."""
    for path in (*folder.glob(f"{_MARK}*"), *folder.glob(f"*/{_MARK}*")):
        path.unlink(missing_ok=True)
