"""Download an official archive: resume an interrupted download, check the checksum, and put the file in place whole.

pooch checks the checksum and moves the file; `Resuming` downloads it into a `.part` file next to it.
"""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.data.split import DataError

CHUNK = 1 << 16
ATTEMPTS = 3
TIMEOUT = 30  # seconds without a byte


@dataclass(frozen=True)
class Archive:
    """A file that is published with its checksum."""

    url: str
    md5: str
    size: str  # for the message: "163 MB"

    @property
    def filename(self) -> str:
        """The file's name on its server."""
        return self.url.rsplit("/", 1)[-1]


class Incomplete(OSError):
    """The connection ended before the end of the file."""


def fetch(archive: Archive, folder: Path, *, by_hand: str) -> Path:
    """Return the path of an archive in a folder; download it if it is missing. `by_hand` ends an error's message."""
    import pooch

    target = folder / archive.filename
    found = f"{target} exists, but it is damaged or a different file. " if target.exists() else ""
    try:
        path = pooch.retrieve(
            archive.url,
            known_hash=f"md5:{archive.md5}",
            fname=archive.filename,
            path=folder,
            downloader=Resuming(folder / f"{archive.filename}.part"),
        )
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        message = f"{found}Could not download {archive.url} ({archive.size}): {reason}. {by_hand}"
        raise DataError(message) from None  # forty lines of sockets would hide the sentence
    except ValueError:  # from pooch: the checksum differs
        raise DataError(
            f"The download from {archive.url} is not the official file (its md5 is not {archive.md5}) and was deleted. "
            f"Some networks answer with a page of their own: try again in another network. {by_hand}"
        ) from None
    return Path(path)


class Resuming:
    """A downloader for pooch that resumes an interrupted download, if the server supports that."""

    def __init__(self, part: Path) -> None:
        self.part = part

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Complete the part file, then move it to the path that pooch asks for."""
        for attempt in range(ATTEMPTS):
            try:
                self._resume(url)
                break
            except (OSError, http.client.HTTPException):
                if attempt + 1 == ATTEMPTS:
                    raise
        os.replace(self.part, output_file)

    def _resume(self, url: str) -> None:
        from tqdm import tqdm

        have = self.part.stat().st_size if self.part.exists() else 0
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
        try:
            response = urllib.request.urlopen(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                self.part.unlink()  # it is as long as the file, or longer
                raise Incomplete("the part of an earlier download does not fit the file") from error
            raise
        with response:
            if response.status != http.HTTPStatus.PARTIAL_CONTENT:
                have = 0  # the server sends the whole file
            length = response.headers.get("Content-Length")
            total = have + int(length) if length else None
            with (
                open(self.part, "ab" if have else "wb") as file,
                tqdm(
                    total=total, initial=have, unit="B", unit_scale=True, desc=self.part.stem, leave=False
                ) as progress,
            ):
                while chunk := response.read(CHUNK):
                    file.write(chunk)
                    progress.update(len(chunk))
        if total is not None and self.part.stat().st_size != total:
            raise Incomplete(f"the connection ended after {self.part.stat().st_size:,} of {total:,} bytes")
