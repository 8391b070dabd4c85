"""Looks for solutions in what students receive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.authoring.cells import MARKERS, BadSource, solution_lines

TELLING = 40  # characters: shorter lines (`for i in range(len(x)):`) also occur where nobody copied
_TEXT = (".py", ".md", ".toml", ".txt", ".ipynb", ".json")


def refuse_leaks(sources: Mapping[Path, str], released: Mapping[Path, bytes], folder: Path) -> None:
    """Raise BadSource when a marker or a line of a solution stands in a released file or beside one in ``folder``."""
    secrets: dict[str, str] = {}
    for path, text in sources.items():
        hidden = dict(solution_lines(text, path))
        given = {_bare(line) for number, line in enumerate(text.split("\n"), start=1) if number not in hidden}
        for number, line in hidden.items():
            bare = _bare(line)
            if len(bare) >= TELLING and bare not in given:
                secrets.setdefault(bare, f"{path}:{number}")
    public = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in _TEXT and path.is_file()}
    for path, content in {**public, **released}.items():
        for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), start=1):
            marker = next((marker for marker in MARKERS if marker in line), None)
            if marker:
                raise BadSource(f"{path}:{number}: the marker {marker!r} stands in a file that students receive.")
            bare = _bare(line)
            for secret in (secret for secret in secrets if secret in bare):
                raise BadSource(
                    f"{path}:{number}: a line of the solution at {secrets[secret]} stands here for students to read."
                )


def _bare(line: str) -> str:
    return line.strip().lstrip("# ").rstrip('\\n",')
