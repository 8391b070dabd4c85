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
from autograder.gradebook.database import NAME as JOURNAL

NAME = "secret.key"
BITS = 256
_VALID = re.compile(r"[0-9a-f]{64}\n?\Z")


class BadSecret(GradlabError):
    """The secret cannot be read or written. Written for staff."""


def new_secret() -> str:
    """Draw a secret, as 64 hexadecimal digits."""
    return secrets.token_hex(BITS // 8)


def folder_secret(folder: Path, *, renew: bool = False) -> str:
    """Return the secret of a folder of results, after making it if nothing was graded there. Raises BadSecret.

    If the secret of graded results is missing, another is made only with ``renew``.
    """
    path = folder / NAME
    try:
        if not path.exists():
            if (folder / JOURNAL).exists() and not renew:
                raise BadSecret(
                    Message(
                        "{path} is missing, and without it the checks would get other inputs. Restore it from a "
                        "backup. To grade with a new secret, pass --regrade. Nothing was changed.",
                        path=path,
                    )
                )
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
