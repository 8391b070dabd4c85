"""The first cells of a published notebook: a badge that opens it in Colab, and the installation of the course."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from autograder.core.errors import GradlabError

ZIP = "course.zip"  # the name under which a student uploads the course's zip next to a notebook
BRANCH = "main"  # of the repository from which notebooks are opened

_GITHUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_URL = re.compile(r"(https?|git|ssh|file)://[^\s\"'{}\\]+")

_INSTALL = """\
# On Colab or a JupyterHub, run this cell first. Where the course is installed, it does nothing.
import importlib.util
import pathlib

if importlib.util.find_spec("autograder") is None:
"""
_FROM_GIT = """\
    course = "{zip}" if pathlib.Path("{zip}").is_file() else "git+{url}"
    %pip install --quiet "{{course}}"
"""
_FROM_ZIP = """\
    assert pathlib.Path("{zip}").is_file(), (
        "This kernel has no gradlab. Choose the kernel in which you installed it. "
        "On a JupyterHub, upload the course's zip next to this notebook, under the name {zip}."
    )
    %pip install --quiet {zip}
"""
_BADGE = """\
[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]\
(https://colab.research.google.com/github/{name}/blob/{branch}/{path})

Colab does not keep what you write here: first choose *File*, *Save a copy in Drive*."""


@dataclass(frozen=True)
class Repository:
    """Where the published course will be."""

    url: str  # of git
    name: str = ""  # OWNER/NAME on GitHub; empty elsewhere


def read_repository(text: str) -> Repository | None:
    """Read OWNER/NAME or the URL of a git repository; None if the text is empty. Raises GradlabError."""
    if not text:
        return None
    if _GITHUB.fullmatch(text):
        return Repository(f"https://github.com/{text}", text)
    if not _URL.fullmatch(text):
        raise GradlabError(f"--repository {text!r}: write OWNER/NAME of a repository on GitHub, or the URL of another.")
    name = re.fullmatch(rf"https://github\.com/({_GITHUB.pattern}?)(\.git)?/?", text)
    return Repository(text, name[1] if name else "")


def with_first_cells(notebook: bytes, path: str, repository: Repository | None) -> bytes:
    """Return a notebook with the first cells. ``path`` is its place in the repository."""
    table = json.loads(notebook)
    way = _FROM_GIT.format(zip=ZIP, url=repository.url) if repository else _FROM_ZIP.format(zip=ZIP)
    install = {"cell_type": "code", "execution_count": None, "id": "install", "metadata": {"tags": ["active-ipynb"]}}
    cells = [{**install, "outputs": [], "source": _lines(_INSTALL + way)}]
    if repository and repository.name:
        badge = _BADGE.format(name=repository.name, branch=BRANCH, path=path)
        cells.insert(0, {"cell_type": "markdown", "id": "colab", "metadata": {}, "source": _lines(badge)})
    table["cells"] = [*cells, *table["cells"]]
    return (json.dumps(table, indent=1, ensure_ascii=False) + "\n").encode()


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").splitlines(keepends=True)
