"""gradlab itself in a published course, so that students install it from there: no index has it.

A course may be in gradlab's own repository. Otherwise the gradlab that runs now is published with it.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from autograder import __version__
from autograder.core.copies import public_files
from autograder.core.course_file import ENGINE, Course
from autograder.core.errors import GradlabError

_HOME = Path(__file__).resolve().parents[2]  # gradlab's checkout, or where it is installed
NOTEBOOK = 'extra == "notebook"'  # how a package's metadata name the extra
_DEPENDENCIES = "\ndependencies = [\n"  # of pyproject.toml
_TOOLS = ("constraints.txt", "Containerfile", ".ci/install")
_PROJECT = """\
# Written by gradlab publish: gradlab, with the packages of this course.
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "gradlab"
version = "{version}"
requires-python = ">=3.11"
dependencies = {dependencies}

[project.optional-dependencies]
notebook = {notebook}

[project.scripts]
gradlab = "autograder.__main__:main"

[project.entry-points.pytest11]
gradlab = "autograder.session.plugin"

[tool.setuptools]
cmdclass = {{ build_py = "autograder.authoring.wheel.BuildWithCourse" }} # adds the assignments

[tool.setuptools.packages.find]
include = {packages}

[tool.setuptools.package-data]
"*" = ["*"]
"""


def engine_files(root: Path, course: Course) -> dict[str, bytes]:
    """Return gradlab's files for a published course, by their paths, and the `pyproject.toml` that installs them."""
    home = root if (root / ENGINE).is_dir() else _HOME
    paths = [path for path in public_files(home / ENGINE) if not path.is_relative_to(home / ENGINE / "_course")]
    paths = [path for path in paths if path.suffix != ".po"]  # for translators
    files = {path.relative_to(home).as_posix(): path.read_bytes() for path in paths}
    if home == root:
        return files | {"pyproject.toml": _own_project(root / "pyproject.toml", course)}
    tools = [home / name for name in _TOOLS]
    if all(path.is_file() for path in tools):
        files |= {path.relative_to(home).as_posix(): path.read_bytes() for path in tools}
    if (home / "LICENSE").is_file():
        files[f"{ENGINE}/LICENSE"] = (home / "LICENSE").read_bytes()
    return files | {"pyproject.toml": _project(course).encode()}


def _own_project(path: Path, course: Course) -> bytes:
    """Return the settings, with what the course requires, without those of the tools that only its authors use."""
    text, found, _ = path.read_text(encoding="utf-8").partition("[tool.pytest.ini_options]")
    if not found:
        raise GradlabError(f"{path} has no [tool.pytest.ini_options]; what is before it would be published.")
    head, found, rest = text.partition(_DEPENDENCIES)
    if not found:
        raise GradlabError(
            f"{path} must have a line {_DEPENDENCIES.strip()!r}: what the course requires is added there."
        )
    given = "".join(f"  {json.dumps(name)},\n" for name in course.requirements)
    return f"{head}{found}{given}{rest.rstrip()}\n".encode()


def _project(course: Course) -> str:
    try:
        needed = [text.partition(";") for text in requires("gradlab") or ()]
    except PackageNotFoundError:
        raise GradlabError("gradlab is not installed here, so it cannot be published. Install it first.") from None
    plain = [name.strip() for name, _, marker in needed if not marker]
    notebook = [name.strip() for name, _, marker in needed if marker.strip() in ("extra == 'notebook'", NOTEBOOK)]
    return _PROJECT.format(
        version=__version__,
        dependencies=json.dumps(list(dict.fromkeys([*plain, *course.requirements]))),
        notebook=json.dumps(notebook),
        packages=json.dumps([f"{name}*" for name in (ENGINE, *course.shared)]),
    )
