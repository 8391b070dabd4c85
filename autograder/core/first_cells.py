"""The first cells of a student's notebook: a badge that opens it in Colab, and the installation of the course.

Where the kernel is the wrong one, the second says so.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from autograder.core.editions import language_of
from autograder.core.errors import GradlabError
from autograder.core.language import say, space_after, speaking, translator
from autograder.core.message import Message

ZIP = "course.zip"  # the name under which a student uploads the course's zip next to a notebook
INSTALL_CELL = "install"  # its id
BRANCH = "main"  # of the repository from which notebooks are opened

_GITHUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_URL = re.compile(r"(https?|git|ssh|file)://[^\s\"'{}\\]+")

_INSTALL = """\
# {remark}
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
        "{wrong_kernel}"
        "{upload}"
    )
    %pip install --quiet {zip}
"""
_BADGE = """\
[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]\
(https://colab.research.google.com/github/{name}/blob/{branch}/{path})

{advice}"""


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
        raise GradlabError(
            Message(
                "--repository {text!r}: write OWNER/NAME of a repository on GitHub, or the URL of another.", text=text
            )
        )
    name = re.fullmatch(rf"https://github\.com/({_GITHUB.pattern}?)(\.git)?/?", text)
    return Repository(text, name[1] if name else "")


def with_first_cells(notebook: bytes, path: str, repository: Repository | None = None) -> bytes:
    """Return a notebook with the first cells, unless it has them. ``path`` is its place in the repository."""
    table = json.loads(notebook)
    if any(cell.get("id") == INSTALL_CELL for cell in table["cells"]):
        return notebook  # published before
    with speaking(translator(language_of(table))):
        cells = _first_cells(path, repository)
    table["cells"] = [*cells, *table["cells"]]
    return (json.dumps(table, indent=1, ensure_ascii=False) + "\n").encode()


def _first_cells(path: str, repository: Repository | None) -> list[dict[str, Any]]:
    remark = say("On Colab or a JupyterHub, run this cell first. Where the course is installed, it does nothing.")
    install = {"cell_type": "code", "execution_count": None, "id": INSTALL_CELL, "metadata": {"tags": ["active-ipynb"]}}
    code = _INSTALL.format(remark=remark) + _way(repository)
    cells = [{**install, "outputs": [], "source": _lines(code)}]
    if repository and repository.name:
        advice = say("Colab does not keep what you write here: first choose *File*, *Save a copy in Drive*.")
        badge = _BADGE.format(name=repository.name, branch=BRANCH, path=path, advice=advice)
        cells.insert(0, {"cell_type": "markdown", "id": "colab", "metadata": {}, "source": _lines(badge)})
    return cells


def _way(repository: Repository | None) -> str:
    """Return the code that installs the course."""
    if repository:
        return _FROM_GIT.format(zip=ZIP, url=repository.url)
    wrong_kernel = say("This kernel has no gradlab. Choose the kernel in which you installed it.")
    upload = say("On a JupyterHub, upload the course's zip next to this notebook, under the name {zip}.", zip=ZIP)
    wrong_kernel += space_after(wrong_kernel)
    return _FROM_ZIP.format(zip=ZIP, wrong_kernel=wrong_kernel, upload=upload)


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").splitlines(keepends=True)
