"""A zip file whose table of contents is not read if it is long."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

MAX_CONTENTS = 40_000_000  # bytes of the table: 200 for each of 200,000 members


class _Bounded:
    """A file that refuses to read more than MAX_CONTENTS bytes at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if size > MAX_CONTENTS:
            raise zipfile.BadZipFile("its table of contents is too long")
        return self._file.read(size)


class BoundedZip(zipfile.ZipFile):
    """A zip file; a long table of contents is refused, wherever the file says how long it is."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(_Bounded(file))  # it reads the table of contents from what has these methods
        self.fp = file
