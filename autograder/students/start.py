"""`gradlab start`: make or update a student's copy of the assignments, without changing files that were edited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.core.assignment import MANIFEST, BadManifest, read_assignment
from autograder.core.copies import public_files, shared_files, update_copy
from autograder.core.course import folder_meant
from autograder.core.course_file import course_around
from autograder.core.editions import ASSIGNMENTS, COPY_RECORD, edition_files, editions_of, language_of_folder
from autograder.core.first_cells import with_first_cells
from autograder.core.message import Message, joined, name_list
from autograder.core.reader_language import choose_language
from autograder.core.shell import quoted
from autograder.render.words import count

_COURSE_FOLDERS = (ASSIGNMENTS, "solutions", "locale", "autograder", "bench", "docs", "examples", "tests", "tools")


def start(destination: Path, course_root: Path, names: Sequence[str] | None = None, *, language: str = "") -> list[str]:
    """Copy the named assignments (default: all) into ``destination``. Returns a line for each update and each folder.

    A file that differs from the one copied before was edited, and is not changed. Without a ``language``, assignments
    come in the language of the copy, else of the course, else of this computer; in English where there is no such
    edition. Raises BadManifest for an unknown name and if ``destination`` is inside an assignment, another copy or a
    course's own files, UnknownLanguage for a language that none of them has.
    """
    source = course_root / "assignments"
    known = sorted(path.parent.name for path in source.glob(f"*/{MANIFEST}"))
    folders = list(dict.fromkeys(folder_meant(source, name) or source / name for name in names or known))
    for folder in folders:
        if folder.parent != source or not (folder / MANIFEST).is_file():
            raise BadManifest(
                Message(
                    "No assignment {name!r} was found in {source}. Available: {known}.",
                    name=folder.name,
                    source=source,
                    known=name_list(known) or Message("none"),
                )
            )
        read_assignment(folder)
    _require_own_folder(destination)
    _require_no_copy_around(destination, [folder.name for folder in folders])
    files = {
        path.relative_to(source).as_posix(): path.read_bytes() for folder in folders for path in public_files(folder)
    }
    chosen = _language(language, destination, folders)
    for folder in folders:
        files |= {f"{folder.name}/{name}": content for name, content in edition_files(folder, chosen).items()}
    files |= {name: with_first_cells(files[name], name) for name in files if name.endswith(".ipynb")}
    files |= shared_files(course_around(folders[0])) if folders else {}
    changes = update_copy(destination, files, destination / COPY_RECORD)
    lines: list[str] = [Message("Updated {file}.", file=destination / name) for name in changes.updated]
    lines += [
        Message("Not updated: {file}, because you edited it.", file=destination / name) for name in changes.edited
    ]
    for folder in folders:
        new, edited = (
            sum(name.startswith(f"{folder.name}/") for name in names) for names in (changes.new, changes.edited)
        )
        counted = {"folder": destination / folder.name, "new": count(new, "new file")}
        if edited:
            lines.append(
                Message("{folder}: {new}, {edited} not updated.", **counted, edited=count(edited, "edited file"))
            )
        else:
            lines.append(Message("{folder}: {new}.", **counted))
        if language and chosen not in (there := editions_of(folder)):
            lines.append(
                Message(
                    "{folder} is not translated into {chosen}: you got it in {there}.",
                    folder=folder.name,
                    chosen=chosen,
                    there=there[0],
                )
            )
    return lines


def _require_own_folder(destination: Path) -> None:
    """Raise BadManifest if a copy in ``destination`` would be a part of an assignment or of a course's own files."""
    place = destination.resolve()
    for folder in (place, *place.parents):
        if (folder / MANIFEST).is_file():
            why = Message("{destination} is inside the assignment {name}.", destination=place, name=folder.name)
        elif any((folder / ASSIGNMENTS).glob(f"*/{MANIFEST}")) and (
            place == folder or place.relative_to(folder).parts[0] in (*_COURSE_FOLDERS, *course_around(folder).shared)
        ):
            why = Message("{destination} is inside the course's own files.", destination=place)
        else:
            continue
        advice = Message("Nothing was copied. Choose a folder of your own: gradlab start my-work.")
        raise BadManifest(joined(" ", [why, advice]))


def _require_no_copy_around(destination: Path, names: Sequence[str]) -> None:
    """Raise BadManifest for a second copy of assignments inside the first: who asks for it wants to update that."""
    place = destination.resolve()
    if (place / COPY_RECORD).is_file():
        return
    for folder in place.parents:
        if (folder / COPY_RECORD).is_file() and any((folder / name / MANIFEST).is_file() for name in names):
            raise BadManifest(
                Message(
                    "{destination} would be a second copy, inside your copy in {folder}. Nothing was copied. To update "
                    "your copy: gradlab start {quoted}.",
                    destination=place,
                    folder=folder,
                    quoted=quoted(folder),
                )
            )


def _language(asked: str, destination: Path, folders: Sequence[Path]) -> str:
    """Return the language of a copy: what is asked for, what it has, the course's, this computer's."""
    known = list(dict.fromkeys(language for folder in folders for language in editions_of(folder)))
    copied = next(filter(None, map(language_of_folder, sorted(destination.glob("*/")))), "")
    return choose_language(asked, known, copied, course_around(folders[0]).language if folders else "")
