"""How setuptools builds gradlab: with the assignments in the wheel, so that students need nothing but the wheel.

`pyproject.toml` names the class below. Solutions are never next to the packages that a wheel or an sdist contains.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from setuptools.command.build_py import build_py

COURSE = "autograder/_course"  # where an installed gradlab has the course: core/course.py looks there


class BuildWithCourse(build_py):  # type: ignore[misc]  # setuptools has no types
    """Build the packages as usual, and put what students receive of the course into `autograder/_course`."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # the packages stay in the checkout, which has the assignments
            return
        for source, target in self._course():
            self.mkpath(str(target.parent))
            self.copy_file(str(source), str(target))

    def get_source_files(self) -> list[str]:
        """Return the files that an sdist needs to build the wheel."""
        return [*super().get_source_files(), *(str(source) for source, _ in self._course())]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Return the files of the wheel."""
        outputs: list[str] = super().get_outputs(include_bytecode)
        return outputs if self.editable_mode else [*outputs, *(str(target) for _, target in self._course())]

    def _course(self) -> Iterator[tuple[Path, Path]]:
        """Yield each file of the course, and its place in the build folder."""
        paths = [path for path in sorted(Path("assignments").rglob("*")) if path.is_file()]
        for pattern in ("*/LC_MESSAGES/*.mo", "*/assignments/**/*"):
            paths += [path for path in sorted(Path("locale").glob(pattern)) if path.is_file()]
        paths += [path for path in (Path("course.toml"),) if path.is_file()]
        for path in paths:
            if not any(part.startswith(".") or part == "__pycache__" for part in path.parts):
                yield path, Path(self.build_lib) / COURSE / path
