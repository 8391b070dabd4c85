"""What archives and compressed files contain, so that `gradlab publish` can search it for answers."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from typing import IO, Any

MOST = 64 << 20  # bytes of what one file contains
DEEPEST = 4  # archives inside archives
_SUFFIXES = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".7z", ".rar", ".zst")  # of files that must be readable
_STREAMS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}  # by how they begin
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, lzma.LZMAError, zlib.error, RuntimeError)


class Unreadable(Exception):
    """An archive is damaged, encrypted, too large, or of a kind that Python cannot read."""


def unpacked(name: str, content: bytes, depth: int = 0) -> dict[str, bytes]:
    """Return a file, and all files inside if it is an archive or compressed, by names like "a.zip/b.py".

    Raises Unreadable.
    """
    try:
        inside = _inside(content)
    except _BROKEN:
        raise Unreadable(name) from None
    if inside is None:
        if content and name.lower().endswith(_SUFFIXES):
            raise Unreadable(name)
        return {name: content}
    if (inside and depth == DEEPEST) or sum(map(len, inside.values())) > MOST:
        raise Unreadable(name)
    found = {name: content}
    for part, data in inside.items():
        found |= unpacked(f"{name}/{part}", data, depth + 1)
    return found


def _inside(content: bytes) -> dict[str, bytes] | None:
    """Return the files inside, by name; None if it is neither an archive nor compressed."""
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {part: _bounded(archive.open(part)) for part in archive.namelist() if not part.endswith("/")}
    for magic, stream in _STREAMS.items():
        if content.startswith(magic):
            return {"content": _bounded(stream(io.BytesIO(content)))}
    if content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            return {part.name: _bounded(archive.extractfile(part)) for part in archive.getmembers() if part.isfile()}
    return None


def _bounded(file: IO[bytes] | None) -> bytes:
    assert file is not None  # of a regular file
    with file:
        return file.read(MOST + 1)
