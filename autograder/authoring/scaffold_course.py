"""`gradlab new-course`: a course with one finished assignment, in which every command works."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from autograder.authoring.scaffold import BadName, new_assignment
from autograder.core.assignment import Assignment
from autograder.core.course_file import COURSE_FILE
from autograder.core.files import write_atomically

FIRST = "a01_first"


def new_course(
    folder: Path, *, title: str = "", name: str = FIRST, module: str = "first", tasks: Sequence[str] = (), kind: str
) -> Assignment:
    """Write a course into ``folder``, which must be new or empty, and return its first assignment, not yet released.

    Raises BadName.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadName(f"{folder} exists and is not empty. Choose a new folder.")
    identifier = _identifier(folder.resolve().name)
    title = title or _title(folder.resolve().name)
    shared = f"{identifier}_shared"
    texts = {
        COURSE_FILE: _course(title, identifier, shared, kind),
        f"{shared}/__init__.py": _SHARED,
        "README.md": _README.format(title=title, shared=shared, first=name),
        ".gitignore": _IGNORED,
        ".github/workflows/checks.yml": WORKFLOW,
    }
    for path, text in texts.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, text)
    return new_assignment(folder, name, module, tasks, kind)


def _title(text: str) -> str:
    """Return the title of a course, in any letters, made from the name of a folder: "My statistics"."""
    words = re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFC", text)).strip()
    return f"{words[:1].upper()}{words[1:]}" or "Course"


def _identifier(text: str) -> str:
    """Return a name for Python, in plain letters, made from the name of a folder."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = re.sub(r"\W+", "_", letters.lower()).strip("_")
    return plain if plain.isidentifier() else f"course_{plain}".rstrip("_")


_REQUIRED = {"torch": ("torch",), "table": ("pandas",), "python": ()}  # the others use numpy


def _course(title: str, identifier: str, shared: str, kind: str) -> str:
    modules = _REQUIRED.get(kind, ("numpy",))
    first = (*modules, "numpy")[0]
    quoted = ", ".join(f'"{module}"' for module in modules)
    escaped = title.replace("\\", "\\\\").replace('"', '\\"')
    return f"""\
title = "{escaped}"
id = "{identifier}"
language = "en"
shared = ["{shared}"] # packages next to this file that students may import
requirements = [{quoted}] # what pip must install for the course

# [data] # data sets for checks with the fixture `data`: a function that loads each; the first is the default
# measurements = "{shared}.data:load"

# preload = ["{first}"] # what the grader imports once, not for each hand-in; by default, an assignment's imports

# [limits] # of checks, for assignments that set no others
# seconds = 10

# [reports] # what students read about hidden checks in their reports: "points", "titles" or "messages"
# hidden_checks = "titles"
"""


_SHARED = '''\
"""What the assignments of this course share. Students may import it, so it must contain no answers."""


def example_numbers(count: int) -> list[float]:
    """Return some numbers to try a function on."""
    return [((17 * n) % 11) / 2 for n in range(count)]
'''

_README = """\
# {title}

| folder | contents |
|---|---|
| `course.toml` | the course's settings |
| `assignments/` | what students receive; notebooks and scripts there are generated |
| `solutions/` | references, hidden checks, mutants; never published |
| `{shared}/` | Python code that students may import |

    gradlab release              # writes notebooks and scripts to assignments/ from solutions/
    gradlab verify               # tests the checks: right solutions pass, empty and wrong ones fail
    gradlab new a02_second --module second --task f    # adds an assignment
    gradlab start ../my-copy     # a student's copy of the assignments, to try them
    gradlab grade HANDINS --assignment {first} --out results
"""

_IGNORED = """\
.venv/
__pycache__/
.ipynb_checkpoints/
.pytest_cache/
.gradlab/
/handins/
/results/
"""

WORKFLOW = """\
name: checks
on: [push, pull_request]

permissions:
  contents: read

jobs:
  verify:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: "3.12"
      # Set the repository's variable GRADLAB: the address of gradlab's git repository (git+https://...) or wheel.
      - run: python -m pip install "gradlab[staff] @ $GRADLAB" $(python -c "
          import tomllib;
          print(*tomllib.load(open('course.toml', 'rb')).get('requirements', []))")
        env:
          GRADLAB: ${{ vars.GRADLAB }}
      - run: gradlab release --check
      - run: gradlab verify
"""
