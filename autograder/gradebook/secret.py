"""The secret of a folder of results: the random inputs of its checks depend on it, and nothing that students see does.

It is made once and stays, so that a hand-in can be graded again with the same inputs, for example after an appeal.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from autograder.core.errors import GradlabError
from autograder.core.files import explain, write_atomically
from autograder.core.message import Message

NAME = "secret.key"
BITS = 256
_VALID = re.compile(r"[0-9a-f]{64}\n?\Z")


class BadSecret(GradlabError):
    """The secret cannot be read or written. Written for staff."""


def new_secret() -> str:
    """Draw a secret, as 64 hexadecimal digits."""
    return secrets.token_hex(BITS // 8)


def folder_secret(folder: Path) -> str:
    """Return the secret of a folder of results, after making it if there is none. Raises BadSecret."""
    path = folder / NAME
    try:
        if not path.exists():
            write_atomically(path, new_secret() + "\n", mode=0o600)
        return parse_secret(path.read_text(encoding="utf-8", errors="replace"), str(path))
    except OSError as error:
        raise BadSecret(
            Message("The secret of these results, {path}, cannot be used: {error}.", path=path, error=explain(error))
        ) from None


def parse_secret(text: str, path: str) -> str:
    """Return the secret that a file contains; messages name ``path`` as its place. Raises BadSecret."""
    if not _VALID.match(text):
        raise BadSecret(
            Message(
                "{path} does not contain a secret of 64 hexadecimal digits. Restore it from a backup. "
                "Without it, the checks would get other inputs; delete it and pass --regrade if that is "
                "what you want.",
                path=path,
            )
        )
    return text.strip()
