"""The help of commands, and click's own words, in the reader's language."""

from __future__ import annotations

import gettext
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy

import click

from autograder.core.help_text import help_paragraphs
from autograder.core.language import ENGLISH, in_a_row, reader, say, translate
from autograder.render.text import columns, wrapped

_SENTENCE_END = "。"


def _of_click(text: str) -> str:
    return reader().template(text)


def _of_click_plural(one: str, many: str, number: int) -> str:
    return reader().plural(one, many, number)


@contextmanager
def click_speaks() -> Iterator[None]:
    """Let click say its own words, such as "Usage:", in the reader's language (core/click_words.py).

    Its modules import gettext's functions, which would take the language from the environment.
    """
    ours = {"_": (gettext.gettext, _of_click), "ngettext": (gettext.ngettext, _of_click_plural)}
    modules = [module for name, module in sys.modules.items() if name.startswith("click.")]
    taken = [
        (module, name) for module in modules for name, (theirs, _) in ours.items() if vars(module).get(name) is theirs
    ]
    for module, name in taken:
        setattr(module, name, ours[name][1])
    try:
        yield
    finally:
        for module, name in taken:
            setattr(module, name, ours[name][0])


class Formatter(click.HelpFormatter):
    """Lays out help in which characters may be two columns wide and no space need be where a line ends."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that shows how a command is called; after a wide colon there is no space."""
        words = translate("Usage:") if prefix is None else prefix
        super().write_usage(prog, args, words if prefix is not None or _is_wide(words[-1]) else f"{words} ")

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        if reader().language == ENGLISH:
            super().write_text(text)
            return
        indent = " " * self.current_indent
        paragraphs = (wrapped(" ".join(part.split()), self.width - len(indent)) for part in text.split("\n\n"))
        self.write("\n\n".join("\n".join(indent + row for row in rows) for rows in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write options or commands in one column, and what they do in a second."""
        rows = list(rows)
        if reader().language == ENGLISH:
            super().write_dl(rows, col_max, col_spacing)
            return
        margin = " " * self.current_indent
        left = min(max(columns(first) for first, _ in rows), col_max) + col_spacing
        for first, second in rows:
            start, *rest = wrapped(second, max(self.width - left - 2, 10))
            if columns(first) > left - col_spacing:
                self.write(f"{margin}{first}\n")
                first = ""
            self.write(f"{margin}{first}{' ' * (left - columns(first))}{start}".rstrip() + "\n")
            for row in rest:
                self.write(f"{margin}{' ' * left}{row}\n")

    def write_heading(self, heading: str) -> None:
        """Write a heading with the colon of the language."""
        self.write(" " * self.current_indent + say("{heading}:", heading=heading) + "\n")


click.Context.formatter_class = Formatter


def without_gaps(error: click.ClickException) -> None:
    """Join the two sentences of an unknown name, of which click lists similar ones, as the language does."""
    if getattr(error, "possibilities", None):
        error.message = in_a_row(error.format_message())  # type: ignore[misc]
        error.possibilities = ()  # type: ignore[attr-defined]


def _is_wide(character: str) -> bool:
    return columns(character) == 2


class TranslatedGroup(click.Group):
    """A group whose commands explain themselves in the language of the reader."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read the group's own options."""
        try:
            return super().parse_args(context, args)
        except click.ClickException as error:
            without_gaps(error)
            raise

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command by its name, with its help in the reader's language."""
        command = super().get_command(context, name)
        return command and translated_command(command)


def translated_command(command: click.Command) -> click.Command:
    """Return a command whose help, with that of its options, is in the language of the reader."""
    if reader().language == ENGLISH:
        return command
    made = copy(command)
    paragraphs = [translate(paragraph) for paragraph in help_paragraphs(command.help or "")]
    made.help = "\n\n".join(paragraphs)
    first, end, _ = paragraphs[0].partition(_SENTENCE_END)  # click only knows where an English sentence ends
    made.short_help = first + end if end else None
    made.params = [translated_option(option) for option in command.params]
    made._help_option = None  # click keeps it, in the language of its first use
    return made


def translated_option(option: click.Parameter) -> click.Parameter:
    """Return an option whose help is in the language of the reader."""
    if not isinstance(option, click.Option) or not option.help:
        return option
    made = copy(option)
    made.help = translate(option.help)
    if isinstance(made.show_default, str):
        made.show_default = translate(made.show_default)
    return made
