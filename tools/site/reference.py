"""The reference pages, generated from the code: the command line, and what check files and notebooks import."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import click

WIDTH = 90  # of a signature in one line
COMMON = ("data", "nets", "plots", "training")


def commands() -> str:
    """Return the page about the command line: each command with its arguments, options and help."""
    from autograder.cli.app import COMMANDS

    parts = [
        "# The command line",
        "Every command explains itself with `--help`. This page is generated from the same texts.\n\nExit codes: 0 "
        "everything passed; 1 points were lost, or something is not as it should be; 2 a person must act, or gradlab "
        "could not work; 130 interrupted by Ctrl-C.",
    ]
    for reader, listed in COMMANDS.items():
        parts.append(f"## {reader}")
        for command in listed:
            parts += _command(command, ("gradlab",))
    return _page(parts)


def checks() -> str:
    """Return the page about the names that check files import from ``autograder`` and ``autograder.probes``."""
    import autograder
    import autograder.probes

    names = [name for name in autograder.__all__ if not name.startswith("__")]
    parts = [
        "# What check files import",
        "Generated from the code. Check files import these names from `autograder`; notebooks import `check`. "
        "The modules of `autograder.probes` find and compare layers in a student's module by what they do.",
        "## autograder",
    ]
    for name in names:
        parts += _object(name, getattr(autograder, name))
    for module in _modules(autograder.probes):
        parts += _module(module)
    return _page(parts)


def common() -> str:
    """Return the page about ``common``, which notebooks import."""
    import common as package

    parts = [
        "# What notebooks import: common",
        "Generated from the code. Students may import everything here; it solves no task.",
    ]
    for folder in COMMON:
        room = import_module(f"{package.__name__}.{folder}")
        parts += [f"## common.{folder}", inspect.getdoc(room) or ""]
        for name in _public(room):
            parts += _object(name, getattr(room, name))
        for module in _modules(room):
            parts += _module(module, level=3)
    return _page(parts)


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _command(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
    if command.hidden:
        return
    path = (*path, str(command.name))
    context = click.Context(command, info_name=" ".join(path))
    yield f"{'###' if len(path) == 2 else '####'} {' '.join(path)}"
    yield f"    {' '.join(path)} {' '.join(command.collect_usage_pieces(context))}"
    yield inspect.cleandoc(command.help or "").replace("\b\n", "")
    records = [parameter.get_help_record(context) for parameter in command.params]
    rows = [record for record in records if record and record[1]]
    if rows:
        cells = "\n".join(f"| {_option(names)} | {_cell(text)} |" for names, text in rows)
        yield f"| option | meaning |\n|---|---|\n{cells}"
    for child in getattr(command, "commands", {}).values():
        yield from _command(child, path)


def _option(text: str) -> str:
    return f"`{text.replace('|', '/')}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _modules(package: ModuleType) -> list[ModuleType]:
    """Return the modules of a package, in alphabetical order."""
    names = sorted(found.name for found in iter_modules(package.__path__) if not found.name.startswith("_"))
    return [import_module(f"{package.__name__}.{name}") for name in names]


def _module(module: ModuleType, *, level: int = 2) -> Iterator[str]:
    own = [name for name in _public(module) if getattr(getattr(module, name), "__module__", "") == module.__name__]
    if own:
        yield f"{'#' * level} {module.__name__}"
        yield inspect.getdoc(module) or ""
    for name in own:
        yield from _object(name, getattr(module, name), level=level + 1)


def _public(module: ModuleType) -> list[str]:
    """Return the functions and classes that a module offers."""
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    return [name for name in names if inspect.isclass(found := getattr(module, name)) or inspect.isfunction(found)]


def _object(name: str, value: Any, *, level: int = 3) -> Iterator[str]:
    yield f"{'#' * level} {name}"
    if signature := _signature(value):
        yield textwrap.indent(f"{name.rpartition('.')[2]}{signature}", "    ")
    yield _text(inspect.getdoc(value) or "")
    if inspect.isclass(value):
        methods = [(n, m) for n, m in vars(value).items() if not n.startswith("_") and inspect.isfunction(m)]
        for method, function in methods:
            doc = _text(inspect.getdoc(function) or "")
            yield f"**{method}**"
            yield textwrap.indent(f"{method}{_signature(function)}", "    ")
            yield doc


class _Bare(str):
    """An annotation as it is written in the code: without quotes."""

    def __repr__(self) -> str:
        return str(self)


def _signature(value: Any) -> str:
    """Return the arguments of a function or class as in the code, one a line if they are long; "" if there are none."""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    arguments = [part.replace(annotation=_bare(part.annotation)) for part in found.parameters.values()]
    plain = found.replace(parameters=arguments, return_annotation=_bare(found.return_annotation))
    text = str(plain)
    return text if len(text) <= WIDTH else _wrapped(text)


def _wrapped(text: str) -> str:
    """Return a long signature in several lines."""
    return "\n".join(textwrap.wrap(text, WIDTH, subsequent_indent="    ", break_long_words=False))


def _bare(annotation: Any) -> Any:
    return _Bare(annotation) if isinstance(annotation, str) else annotation


def _text(doc: str) -> str:
    """Return a docstring as Markdown: blocks such as ``Shapes:`` keep their layout."""
    blocks = []
    for block in doc.split("\n\n"):
        first, _, rest = block.partition("\n")
        if first.endswith(":") and rest and all(line.startswith(" ") for line in rest.splitlines() if line):
            blocks.append(f"{first}\n\n{textwrap.indent(textwrap.dedent(rest), '    ')}")
        else:
            blocks.append(block.replace("``", "`").replace("<", "&lt;"))
    return "\n\n".join(blocks)
