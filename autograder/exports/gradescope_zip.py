"""The autograder zip that Gradescope asks for: setup.sh, run_autograder, and the course's code for one assignment.

Gradescope unpacks it to /autograder/source, runs setup.sh once to build an image, and for each submission runs
/autograder/run_autograder, which finds the hand-in in /autograder/submission and must write /autograder/results/
results.json. Both scripts go by their own place, so that the whole can be tried in any folder.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.core.assignment import MANIFEST, Assignment

_ROOT = Path(__file__).resolve().parent.parent.parent
_TIME = (2026, 1, 1, 0, 0, 0)  # one for all, so that equal courses make equal zips

_SETUP = """\
#!/usr/bin/env bash
# Run once by Gradescope when it builds the image.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
apt-get update -qq && apt-get install -qq -y python3 python3-venv bubblewrap
python3 -m venv .venv
.venv/bin/python -m pip install --quiet -c constraints.txt .
"""

_RUN = """\
#!/usr/bin/env bash
# Run by Gradescope for each submission.
set -uo pipefail
root="$(dirname "$(readlink -f "$0")")"
cd "$root/source"
exec "${{GRADLAB_PYTHON:-.venv/bin/python}}" -m autograder gradescope {assignment} \\
  --submission "$root/submission" --results "$root/results/results.json"
"""


def write_zip(assignment: Assignment, destination: Path) -> Path:
    """Write the zip for ``assignment``; it holds the hidden checks and the reference and is for Gradescope alone."""
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "setup.sh", _SETUP.encode(), executable=True)
        _add(archive, "run_autograder", _RUN.format(assignment=assignment.name).encode(), executable=True)
        for name, path in _sources(assignment):
            _add(archive, name, path.read_bytes())
    return destination


def _sources(assignment: Assignment) -> Iterator[tuple[str, Path]]:
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        yield name, _ROOT / name
    folders = [(name, _ROOT / name) for name in ("autograder", "common")]
    folders.append((f"assignments/{assignment.name}", assignment.folder))
    folders.append((f"solutions/{assignment.name}", assignment.solutions))
    yield from _other_manifests(assignment)
    for name, folder in folders:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and "__pycache__" not in inside.parts and not path.name.startswith("."):
                yield f"{name}/{inside.as_posix()}", path


def _other_manifests(assignment: Assignment) -> Iterator[tuple[str, Path]]:
    """They say which modules of earlier assignments a hand-in may hold beside its own (course.earlier_modules)."""
    for path in sorted(assignment.folder.parent.glob(f"*/{MANIFEST}")):
        if path.parent != assignment.folder:
            yield f"assignments/{path.parent.name}/{MANIFEST}", path


def _add(archive: zipfile.ZipFile, name: str, content: bytes, *, executable: bool = False) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (0o100755 if executable else 0o100644) << 16
    archive.writestr(entry, content)
