"""The shell that a command runs in: how it quotes words, and what its encoding lacks."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys


def quoted(*words: object) -> str:
    """Return words as a person types them: in Windows' shells, only double quotes keep a space in all of them."""
    texts = [str(word) for word in words]
    return subprocess.list2cmdline(texts) if os.name == "nt" else shlex.join(texts)


def write_any_text() -> None:
    """Escape what the output's encoding lacks, instead of ending with an error.

    On Windows, output to a file or a pipe has the encoding of the system's language: English has no Chinese and no ≤.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
