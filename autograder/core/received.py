"""What a student's copy of an assignment received, as `gradlab start` and `gradlab publish` recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from autograder.core.assignment import MANIFEST
from autograder.core.copies import digest, read_record
from autograder.core.editions import ASSIGNMENTS, COPY_RECORD, PUBLISHED_RECORD
from autograder.core.message import Message
from autograder.core.notebooks import notebook_name
from autograder.core.shell import quoted

CHECKS = "check_*.py"
ORACLES = "oracles*.py"  # shared by check files: in the folder of the assignment or next to the hidden checks
CHECKING = (MANIFEST, CHECKS, ORACLES)  # without one of these, checks do not run as they should


@dataclass(frozen=True)
class Received:
    """The files that an assignment's folder received."""

    folder: Path
    digests: Mapping[str, str]  # by the path inside the folder; none if nothing was recorded
    restore: Message | str = ""  # what brings a missing file back

    def is_as_handed_out(self, file: str) -> bool | None:
        """Return whether a file is as it was handed out; None if that was not recorded."""
        if file not in self.digests:
            return None
        try:
            return digest((self.folder / file).read_bytes()) == self.digests[file]
        except OSError:
            return False

    @property
    def checking(self) -> list[str]:
        """The recorded files that decide what checks do."""
        return [file for file in sorted(self.digests) if any(fnmatch(file, pattern) for pattern in CHECKING)]

    @property
    def missing_checking(self) -> list[str]:
        """Those of them that are not there any more."""
        return [file for file in self.checking if not (self.folder / file).is_file()]

    @property
    def missing_modules(self) -> list[str]:
        """The modules whose script and notebook are both gone, each as its notebook."""
        scripts = [file for file in sorted(self.digests) if notebook_name(file) in self.digests and file[-3:] == ".py"]
        return [
            notebook_name(file)
            for file in scripts
            if not (self.folder / file).exists() and not (self.folder / notebook_name(file)).exists()
        ]

    def is_missing(self, file: str) -> Message:
        """Return that a file is missing, and what restores it."""
        return Message("{file} is missing in {folder}. {restore}", file=file, folder=self.folder, restore=self.restore)


def received(folder: Path) -> Received:
    """Return what is recorded for an assignment's folder in a student's copy."""
    folder = folder.resolve()
    started, published = folder.parent / COPY_RECORD, folder.parent.parent / PUBLISHED_RECORD
    if own := _below(read_record(started), f"{folder.name}/"):
        again = Message(
            "Run `gradlab start {copy}` again: it restores the file and keeps your work.",
            copy=quoted(folder.parent, folder.name),
        )
        return Received(folder, own, again)
    own = _below(read_record(published), f"{ASSIGNMENTS}/{folder.name}/")
    return Received(folder, own, "Take it again from where you got the course; with git, `git restore` does that.")


def without_manifest(here: Path) -> list[Received]:
    """Return the assignments in the copy around ``here`` whose manifest is gone."""
    for place in (here, *here.parents):
        for record, below in ((COPY_RECORD, ""), (PUBLISHED_RECORD, f"{ASSIGNMENTS}/")):
            if files := _below(read_record(place / record), below):
                named = [file for file in sorted(files) if file.endswith(f"/{MANIFEST}")]
                gone = [place / below / file for file in named if not (place / below / file).exists()]
                return [received(path.parent) for path in gone]
    return []


def without_its_manifest(here: Path, name: str) -> Received | None:
    """Return the one of them that ``name`` means: its folder, its number, a module, or "" inside its folder."""
    module = name.removesuffix(".py").removesuffix(".ipynb")
    for copy in without_manifest(here):
        named = f"{copy.folder.name}_".startswith(f"{Path(name).name}_") or f"{module}.py" in copy.digests
        if named if name else here.resolve().is_relative_to(copy.folder):
            return copy
    return None


def _below(record: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): digest for name, digest in record.items() if name.startswith(prefix)}
