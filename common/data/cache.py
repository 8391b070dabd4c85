"""The folders for data on this machine, and files that are written whole or not at all."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def cache_folder(root: str | Path | None = None) -> Path:
    """Return the folder for generated and downloaded files: root, $GRADLAB_CACHE, or the system's cache folder."""
    if root is not None:
        return Path(root).expanduser()
    if named := os.environ.get("GRADLAB_CACHE"):
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("gradlab"))


def data_folder(root: str | Path | None = None) -> Path:
    """Return the folder to search for official data sets: root, $GRADLAB_DATA, or the cache folder."""
    named = os.environ.get("GRADLAB_DATA")
    return Path(named).expanduser() if root is None and named else cache_folder(root)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name and rename it, so that no reader sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=path.name, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_arrays(path: Path) -> dict[str, NDArray[Any]] | None:
    """Read the arrays in an .npz file; None if it is missing or damaged (each array has a checksum)."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error, SyntaxError, MemoryError):
        return None


def store_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays by name into an .npz file if possible; without the file, loading only takes longer."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    try:
        write_whole(path, buffer.getvalue())
    except OSError:
        return
