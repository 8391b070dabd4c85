"""Commands for translators: extract, export, merge, and how complete each language is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.cli import options
from autograder.cli.help_language import TranslatedGroup

if TYPE_CHECKING:
    from autograder.authoring.catalogue import Entry

ENGINE = "gradlab"  # what names the engine's own catalogue in place of an assignment
DOCS = "docs"  # what names the catalogue of the course's pages

_language = click.option("--language", required=True, metavar="CODE", help='The language, such as "zh_CN".')


@click.group(cls=TranslatedGroup)
def translate() -> None:
    """Translate assignments and gradlab's own words."""


@translate.command()
@options.assignment_names
@_language
@click.option(
    "--list-untranslatable",
    is_flag=True,
    help="List the f-strings and values of messages in checks that cannot be translated.",
)
def extract(names: tuple[str, ...], language: str, list_untranslatable: bool) -> None:
    """Write or update the catalogues of ASSIGNMENTS.

    Translations are kept. The name "gradlab" stands for gradlab's own words, and "docs" for the course's pages for
    students. Without ASSIGNMENTS, the whole course is extracted, and gradlab's words too in gradlab's own folder.
    """
    from autograder.authoring.catalogue import count_words, create, missing, save, unique
    from autograder.core.course import find_assignments
    from autograder.render.words import count

    for path, title, entries in _catalogues(names, _code(language)):
        if not entries and not path.is_file():
            continue
        catalogue = create(entries, _code(language), title=title, old=path)
        save(path, catalogue)
        left = len(missing(catalogue, entries))
        texts, words = count(len(unique(entries)), "text"), count(count_words(entries), "word")
        click.echo(f"{path}: {texts} with {words}, {left:,} without a translation.")
    if list_untranslatable:
        from autograder.authoring.catalogue_sources import unmarked

        for assignment in find_assignments(_assignments(names)):
            for path, line, code in unmarked(assignment):
                click.echo(f"{path}:{line}: {code}")


@translate.command("export")
@options.assignment_names
@_language
@click.option("--out", type=options.PATH, required=True, help="Folder for the files to fill, one for each catalogue.")
@click.option("--everything", is_flag=True, help="Also the texts that are translated, to be read again.")
def export_texts(names: tuple[str, ...], language: str, out: Path, everything: bool) -> None:
    """Write the texts without a translation as files to fill."""
    from autograder.authoring.catalogue_export import export
    from autograder.render.words import count

    out.mkdir(parents=True, exist_ok=True)
    for path, _, _ in _catalogues(names, _code(language)):
        if path.is_file():
            text, many = export(path, _code(language), _root(), everything=everything)
            private = "-private" if "solutions" in path.relative_to(_root()).parts else ""
            target = out / f"{path.stem}{private}.toml"
            target.write_text(text, encoding="utf-8")
            click.echo(f"{target}: {count(many, 'text')}.")


@translate.command()
@click.argument("files", type=options.PATH, nargs=-1, required=True)
def merge(files: tuple[Path, ...]) -> None:
    """Take the translations of filled FILES into their catalogues.

    A translation that does not have the code, formulas, links and placeholders of its source is reported and not taken.
    Exit code: 1 if there was one.
    """
    from autograder.authoring.catalogue_export import merge as take

    faults = 0
    for file in files:
        merged = take(file, _root())
        for sentence in merged.faults:
            click.secho(f"{file}, {sentence}", fg="red")
        faults += len(merged.faults)
        click.echo(f"{merged.path}: {merged.taken:,} taken, {merged.empty:,} empty, {len(merged.faults):,} refused.")
    sys.exit(1 if faults else 0)


@translate.command("status")
@options.assignment_names
@click.option("--language", default="", metavar="CODE", help="Only this language, instead of all that were begun.")
def show_status(names: tuple[str, ...], language: str) -> None:
    """Show the editions of each assignment, and how much is translated."""
    from autograder.core.course import find_assignments
    from autograder.core.editions import editions_of
    from autograder.core.language import LOCALE, languages_in

    for assignment in find_assignments(_assignments(names)) if _assignments(names) or not names else []:
        click.echo(f"{assignment.name}: {', '.join(editions_of(assignment.folder))}")
    for code in [_code(language)] if language else languages_in(_root() / LOCALE):
        for path, title, entries in _catalogues(names, code):
            click.echo(f"{title}, {code}: {_progress(path, code, entries)}")


def _progress(path: Path, language: str, entries: list[Entry]) -> str:
    """Say how far a catalogue is."""
    from autograder.authoring.catalogue import missing, read, unique, wrong
    from autograder.render.words import count

    if not path.is_file():
        return "not extracted."
    catalogue = read(path, language)
    whole, left = len(unique(entries)), len(missing(catalogue, entries))
    return f"{whole - left:,} of {count(whole, 'text')}, {len(wrong(catalogue, path)):,} wrong."


def _assignments(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name not in (ENGINE, DOCS)]


def _catalogues(names: tuple[str, ...], language: str) -> list[tuple[Path, str, list[Entry]]]:
    """Return the path, the title and the texts of each catalogue that these names mean."""
    from autograder.authoring.catalogue_editions import catalogues
    from autograder.authoring.catalogue_pages import pages_catalogue
    from autograder.authoring.catalogue_sources import engine_entries
    from autograder.core.course import find_assignments
    from autograder.core.language import ENGINE_DOMAIN, ENGINE_LOCALE, catalogue_path

    found: list[Any] = []
    others = _assignments(names)
    for assignment in find_assignments(others) if others or not names else []:
        public, private = catalogues(assignment, language)
        found.append((public.path, assignment.title, public.entries))
        found.append((private.path, f"{assignment.title}, hidden checks", private.entries))
    pages = pages_catalogue(_root(), language)
    if DOCS in names or (not names and pages.entries):
        found.append((pages.path, "pages for students", pages.entries))
    if ENGINE in names or (not names and ENGINE_LOCALE.is_relative_to(_root())):
        path = catalogue_path(ENGINE_LOCALE, language, ENGINE_DOMAIN, suffix=".po")
        found.append((path, "gradlab", engine_entries()))
    return found


def _code(language: str) -> str:
    """Return a language as gettext names it. Raises click.BadParameter if there is none of this name."""
    from autograder.core.language import language_code

    code = language_code(language)
    if not code:
        raise click.BadParameter(
            f'{language!r} is not a language. Write a code such as "zh_CN".', param_hint="--language"
        )
    return code


def _root() -> Path:
    from autograder.core.course import find_course_root

    return find_course_root().resolve()


COMMANDS = (translate,)
