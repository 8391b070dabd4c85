"""From the author's source to what students receive: a notebook, the same cells as a script, and the README's facts.

nbgrader's own preprocessors cut solutions and lock cells. This file then refuses what gives points away: a task that
does not raise as released, and a line of a solution in any file that students receive.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.authoring.catalogue_editions import compiled_catalogues, edition
from autograder.authoring.catalogue_pages import DOMAIN, translated_pages
from autograder.authoring.cells import MARKERS, header_line, read_source, solution_lines, to_notebook_and_hints
from autograder.authoring.facts import BadSource, fill_readme
from autograder.core.assignment import Assignment
from autograder.core.course import require_known_first
from autograder.core.editions import OWN_METADATA
from autograder.core.extras import require
from autograder.core.files import write_atomically, wrong_line
from autograder.core.hints import HINTS_FILE, NO_HINTS
from autograder.core.jupyter import load_package
from autograder.core.language import ENGLISH
from autograder.core.notebooks import notebook_name
from autograder.submissions.statements import placeholders, unwritten_places

__all__ = ["BadSource", "Release", "release", "stale", "write"]

LONG_ENOUGH = 40  # characters: shorter lines (`for i in range(len(x)):`) also occur where nobody copied

_RAISE = re.compile(r"^raise NotImplementedError\(\)", re.MULTILINE)
_DEFINED = re.compile(r"^(?:async[ ]+)?(?:def|class)[ ]+(\w+)", re.MULTILINE)
_TEXT = (".py", ".md", ".toml", ".txt", ".ipynb", ".json")
_NOTEBOOK_ONLY = ("nbgrader", "deletable", "editable")  # metadata that the script does not need


@dataclass(frozen=True)
class Release:
    """The generated files of an assignment."""

    files: dict[Path, bytes]
    untranslated: tuple[str, ...] = ()  # a sentence for each language in which something is missing


def release(assignment: Assignment) -> Release:
    """Derive the notebook and script of every module, the README and the hints, in each language that is released.

    Raises BadSource with file and line.
    """
    assignment.course.shared_folders()  # says which one is missing
    require_known_first(assignment.course)
    files: dict[Path, bytes] = {}
    sources = {}
    hints = NO_HINTS
    for module in assignment.files:
        path = assignment.solutions / module
        sources[path] = read_source(path)
        notebook, own_hints = to_notebook_and_hints(sources[path], path, assignment)
        notebook, hints = clear(notebook), hints.merged(own_hints)
        script = as_script(notebook)
        tasks = [task.name for task in assignment.tasks if task.file == module]
        _refuse_free_points(sources[path], script, path, tasks)
        files[assignment.folder / module] = script.encode()
        if assignment.languages:
            notebook.metadata[OWN_METADATA] = {"language": ENGLISH}
        files[assignment.folder / notebook_name(module)] = notebook_bytes(notebook)
    readme = assignment.folder / "README.md"
    files[readme] = fill_readme(_read_readme(readme), readme, assignment, hints).encode()
    hints_path = assignment.folder / HINTS_FILE
    if hints != NO_HINTS or hints_path.exists():
        files[hints_path] = hints.to_json()
    translated, problems = editions(assignment, sources)
    files |= translated
    _refuse_leaks(sources, files, assignment.folder)
    return Release(files, tuple(problems))


def editions(assignment: Assignment, sources: Mapping[Path, str]) -> tuple[dict[Path, bytes], list[str]]:
    """Return the files in other languages and what is missing for them."""
    files, problems = compiled_catalogues(assignment), list[str]()
    for language in assignment.languages:
        made = edition(assignment, language, sources)
        for path, notebook in made.notebooks.items():
            cleared = clear(notebook)
            files[path.with_suffix(".py")] = as_script(cleared).encode()
            cleared.metadata[OWN_METADATA] = {"language": language}
            files[path] = notebook_bytes(cleared)
        files |= made.texts
        problems += made.problems
    return files, problems


def pages_of(root: Path) -> Release:
    """Derive a course's pages for students in other languages."""
    files, problems = translated_pages(root)
    return Release(files, tuple(problems))


def write(release: Release) -> None:
    """Write each file whole or not at all."""
    for path, content in release.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)


def stale(release: Release) -> list[str]:
    """Return a sentence for each file that differs from what its source and the manifest say, and for each language
    with missing translations."""
    sentences = [
        f"{path} {'is stale' if path.exists() else 'is missing'}; run `{_command_for(path)}`."
        for path, content in release.files.items()
        if not path.is_file() or path.read_bytes() != content
    ]
    return [*sentences, *release.untranslated]


def _command_for(path: Path) -> str:
    """Return the command that writes a file."""
    if path.parent.name == DOMAIN:
        return "gradlab release"
    return f"gradlab release {path.stem if path.suffix == '.mo' else path.parent.name}"


def clear(notebook: Any) -> Any:
    """Return a copy without solutions and outputs; cells that students must not change are locked."""
    require("nbgrader", "staff")
    steps = load_package("nbgrader.preprocessors")  # nbgrader.apps would cost seconds
    notebook = copy.deepcopy(notebook)
    for step in (
        steps.LockCells,
        steps.ClearSolutions,
        _VariableStubs,
        steps.ClearOutput,
        steps.ClearHiddenTests,
        steps.ClearMarkScheme,
        steps.ComputeChecksums,
        steps.CheckCellMetadata,
    ):
        notebook, _ = step().preprocess(notebook, {})
    return notebook


class _VariableStubs:
    """A step that writes `price = ...` where the solution of a variable was; a function raises NotImplementedError."""

    def preprocess(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        for cell in notebook.cells:
            defined = set(_DEFINED.findall(cell.source))
            names = [name for name in cell.metadata.get("task", "").split() if "." not in name and name not in defined]
            if names:
                stub = "\n".join(f"{name} = ..." for name in names)
                cell.source = _RAISE.sub(stub, cell.source, count=1)
        return notebook, resources


def notebook_bytes(notebook: Any) -> bytes:
    """Return the file of a valid notebook: the same bytes every time."""
    nbformat = load_package("nbformat")
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)
    return (text.rstrip("\n") + "\n").encode()


def as_script(notebook: Any) -> str:
    """Return the notebook's cells as a percent script, without the metadata that only notebooks need."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata = {"jupytext": {"notebook_metadata_filter": "-all"}}
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key not in _NOTEBOOK_ONLY}
    return str(load_package("jupytext").writes(notebook, fmt="py:percent"))


def _refuse_free_points(source: str, script: str, path: Path, tasks: Sequence[str]) -> None:
    """Refuse a task that does not raise NotImplementedError as released: the handout could earn points unchanged."""
    try:
        body = ast.parse(script).body
        definitions = {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        unwritten = {name for node in body for name in placeholders(node)}
    except SyntaxError as error:
        found = (error.text or "").strip()
        line = next((n for n, text in enumerate(source.split("\n"), start=1) if found and found in text), 1)
        raise BadSource(f"{path}:{line}: without its solutions the file is not valid Python: {error.msg}.") from None
    for task in tasks:
        root, _, method = task.partition(".")
        line = header_line(source, "task", task)
        if root in unwritten and not method:
            continue
        if root not in definitions:
            raise BadSource(
                f"{path}:{line}: the cell of {task!r} does not define {root}. A variable is defined in its solution."
            )
        places = {name for name, _ in unwritten_places(definitions[root])}
        if not places or (method and method not in places):
            raise BadSource(
                f"{path}:{line}: {task!r} does not raise NotImplementedError as released: give it a solution region."
            )


def _refuse_leaks(sources: Mapping[Path, str], released: Mapping[Path, bytes], folder: Path) -> None:
    """Refuse a marker or a line of a solution in a released file or in another file of ``folder``."""
    secrets: dict[str, str] = {}
    for path, text in sources.items():
        hidden = dict(solution_lines(text, path))
        given = {_bare(line) for number, line in enumerate(text.split("\n"), start=1) if number not in hidden}
        for number, line in hidden.items():
            bare = _bare(line)
            if len(bare) >= LONG_ENOUGH and bare not in given:
                secrets.setdefault(bare, f"{path}:{number}")
    public = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in _TEXT and path.is_file()}
    for path, content in {**public, **released}.items():
        for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), start=1):
            marker = next((marker for marker in MARKERS if marker in line), None)
            if marker:
                raise BadSource(f"{path}:{number}: the marker {marker!r} is in a file that students receive.")
            bare = _bare(line)
            for secret in (secret for secret in secrets if secret in bare):
                raise BadSource(f"{path}:{number}: students would read a line of the solution at {secrets[secret]}.")


def _bare(line: str) -> str:
    return line.strip().lstrip("# ").rstrip('\\n",')


def _read_readme(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadSource(f"{path} does not exist. Write what students should know of the assignment.") from None
    except UnicodeDecodeError as error:
        raise BadSource(f"{path}, line {wrong_line(error)}: this is not UTF-8. Save the file as UTF-8.") from None
