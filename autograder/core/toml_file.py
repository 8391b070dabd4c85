"""Read the course's TOML files into typed records, or say in one sentence which entry is wrong and what is allowed.

Knows nothing about what the entries mean: each reader checks what a type cannot say.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any, TypeVar

from msgspec import NODEFAULT, Struct, ValidationError, convert
from msgspec import inspect as types

from autograder.core.errors import GradlabError
from autograder.core.files import explain, wrong_line
from autograder.core.message import Message, either, joined, name_list

T = TypeVar("T", bound=Struct)
Step = str | int  # a key of a table, or the place of an entry in a list

_NAMES = ("name", "id", "student")  # the keys by which people know a table in a list
_ANY_KEY = "[...]"  # what msgspec writes for a key that no record declares
_LONGEST = 60  # characters of a wrong value that a message repeats


def read_toml(path: Path, kind: type[T], *, error: type[GradlabError]) -> T:
    """Read ``path`` as a record of ``kind``. Raises ``error`` with the file, the entry and what is allowed."""
    return read_table(parse_toml(path, error=error), kind, where=str(path), error=error)


def parse_toml(path: Path, *, error: type[GradlabError]) -> dict[str, Any]:
    """Return the tables of ``path`` as they are written. Raises ``error`` if it cannot be read or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise error(
            Message(
                "{path}, line {line}: this is not UTF-8. Save the file as UTF-8.", path=path, line=wrong_line(problem)
            )
        ) from None
    except OSError as problem:
        raise error(Message("{path} cannot be read: {reason}.", path=path, reason=explain(problem))) from None
    except tomllib.TOMLDecodeError as problem:
        raise error(Message("{path} is not valid TOML: {problem}.", path=path, problem=problem)) from None


def read_table(table: dict[str, Any], kind: type[T], *, where: str, error: type[GradlabError]) -> T:
    """Read a table that is already parsed. ``where`` names its source in the message."""
    try:
        return convert(table, kind)
    except ValidationError as problem:
        raise error(_sentence(table, kind, str(problem), where)) from None


def _sentence(table: dict[str, Any], kind: type[Struct], problem: str, where: str) -> str:
    """Turn msgspec's message ("Expected `int` >= 1 - at `$.tasks[0].points`") into ours."""
    found = re.search(r" - at `\$(.*)`$", problem)
    steps = _steps(table, kind, found[1] if found else "", problem)
    name = re.search(r"field `(.*?)`", problem)
    if name and problem.startswith("Object missing"):
        return Message(
            "{where}{heading}: {name} is missing.", where=where, heading=_heading(table, steps), name=name[1]
        )
    if name and problem.startswith("Object contains unknown"):
        record = _type(kind, steps)
        assert isinstance(record, types.StructType)  # nothing else has fields
        allowed = name_list([field.encode_name for field in record.fields])
        return Message(
            "{where}{heading}: unknown setting {name!r}. Allowed: {allowed}.",
            where=where,
            heading=_heading(table, steps),
            name=name[1],
            allowed=allowed,
        )
    *outer, last = steps
    entry = str(last)
    if isinstance(last, int):
        entry = Message("entry {number} of {name}", number=last + 1, name=outer.pop())
    key = next(step for step in reversed(steps) if isinstance(step, str))
    allowed = _allowed(_type(kind, steps), key)
    return Message(
        "{where}{heading}: {entry} must be {allowed}, not {shown}.",
        where=where,
        heading=_heading(table, outer),
        entry=entry,
        allowed=allowed,
        shown=_shown(_value(table, steps)),
    )


def _steps(table: dict[str, Any], kind: type[Struct], path: str, problem: str) -> list[Step]:
    """Return the way to the wrong entry. msgspec does not name keys that no record declares, so they are tried."""
    steps: list[Step] = []
    for step in re.findall(r"\.[^.\[]+|\[\d+\]|\[\.\.\.\]", path):
        if step == _ANY_KEY:
            steps.append(_wrong_key(table, kind, steps, problem))
        else:
            steps.append(int(step[1:-1]) if step.startswith("[") else step[1:])
    return steps


def _wrong_key(table: dict[str, Any], kind: type[Struct], steps: Sequence[Step], problem: str) -> str:
    """Return the first key of the table at ``steps`` that alone causes the same problem."""
    inner = _value(table, steps)
    whole = dict(inner)
    try:
        for key, value in whole.items():
            inner.clear()
            inner[key] = value
            try:
                convert(table, kind)
            except ValidationError as other:
                if str(other) == problem:
                    return str(key)
    finally:
        inner.clear()
        inner.update(whole)
    raise AssertionError(problem)  # a table that converts key by key converts


def _heading(table: dict[str, Any], steps: Sequence[Step]) -> str:
    """Return the heading of a table as the file writes it, after a comma: ", [limits]", ", [[tasks]] 'f'"."""
    if not steps:
        return ""
    if not isinstance(steps[-1], int):
        return Message(", {table}", table=f"[{'.'.join(map(str, steps))}]")
    row = _value(table, steps)
    names = (row.get(key) for key in _NAMES) if isinstance(row, Mapping) else ()
    numbered = Message("number {number}", number=steps[-1] + 1)
    name = next((repr(name) for name in names if isinstance(name, str) and name), numbered)
    return Message(", {table} {name}", table=f"[[{'.'.join(map(str, steps[:-1]))}]]", name=name)


def _value(table: Any, steps: Sequence[Step]) -> Any:
    for step in steps:
        table = table[step]
    return table


def _type(kind: type[Struct], steps: Sequence[Step]) -> types.Type:
    """Return the type that the entry at ``steps`` must have, with its description."""
    found: types.Type = types.type_info(kind)
    for step in steps:
        match _bare(found):
            case types.StructType(fields=fields):
                found = next(field.type for field in fields if field.encode_name == step)
            case types.DictType(value_type=inner):
                found = inner
            case types.ListType(item_type=inner) | types.VarTupleType(item_type=inner):
                found = inner
    return found


def _bare(kind: types.Type) -> types.Type:
    """Return a type without its description, and of an optional one what it may be."""
    if isinstance(kind, types.Metadata):
        return _bare(kind.type)
    if isinstance(kind, types.UnionType):
        return _bare(next(one for one in kind.types if not isinstance(one, types.NoneType)))
    return kind


def _allowed(kind: types.Type, key: str) -> str:
    """Say what an entry may be, as the end of a sentence."""
    match kind:
        case types.Metadata(extra_json_schema={"description": str(words)}):
            return Message(words)
        case types.Metadata(type=inner):
            return _allowed(inner, key)
        case types.UnionType(types=kinds):
            return either([_allowed(one, key) for one in kinds if not isinstance(one, types.NoneType)])
        case types.IntType():
            return _bounded(Message("a whole number"), kind)
        case types.FloatType():
            return _bounded(Message("a number"), kind)
        case types.StrType():
            return Message("a text")
        case types.BoolType():
            return Message("true or false")
        case types.DateTimeType():
            return Message("a time with its zone, like {example}", example="2026-11-20T23:59:00+01:00")
        case types.LiteralType(values=values):
            return either([*map(repr, values)])
        case types.ListType(item_type=inner) | types.VarTupleType(item_type=inner):
            each = _bare(inner)
            if isinstance(each, types.StructType):
                return Message("a list of tables, each under a heading [[{key}]]", key=key)
            return Message("a list with at least one entry") if kind.min_length else Message("a list")
        case types.StructType(fields=fields):
            required = [field.encode_name for field in fields if _required(field)]
            return Message("a table with {names}", names=name_list(required)) if required else Message("a table")
    return Message("a table")


def _required(field: types.Field) -> bool:
    return field.default is NODEFAULT and field.default_factory is NODEFAULT


_BOUNDS = (
    Message("of at least {bound}"),
    Message("above {bound}"),
    Message("of at most {bound}"),
    Message("below {bound}"),
)


def _bounded(number: Message, kind: types.IntType | types.FloatType) -> Message:
    bounds = [
        Message(words, bound=f"{bound:,.12g}")
        for words, bound in zip(_BOUNDS, (kind.ge, kind.gt, kind.le, kind.lt), strict=True)
        if bound is not None
    ]
    return Message("{number} {bounds}", number=number, bounds=joined(Message(" and "), bounds)) if bounds else number


def _shown(value: Any) -> str:
    """Return a wrong value as the file writes it, cut where it is long."""
    match value:
        case bool():
            return str(value).lower()
        case date() | time():
            return value.isoformat()
        case dict():
            return Message("a table")
        case []:
            return Message("an empty list")
        case list():
            return Message("a list")
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
