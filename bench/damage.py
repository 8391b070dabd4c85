"""Damage messages, scripts, notebooks and files at random, for bench/fuzz.py."""

from __future__ import annotations

import ast
import copy
import json
import random
from typing import Any

ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**31, 2**63, 2**64, -(2**63), 1e308, float("nan"), "", "cpu", "float32", "<f8", "\ud800"),
    *([], {}, [[]], [-1], [0, 2**40], {"tensor": []}, {"ref": [0, "x"]}, {"tuple": [1]}, {"dict": [[1, 2], [1, 2]]}),
)


def changed_tree(tree: Any, dice: random.Random) -> Any:
    """Return the tree with one node replaced, repeated or left out."""
    places: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, child in items:
            places.append((node, key))
            waiting.append(child)
    if not places or dice.random() < 0.05:
        return copied(dice.choice(ODD))
    node, key = dice.choice(places)
    act = dice.random()
    if act < 0.5:
        node[key] = copied(dice.choice(ODD))
    elif act < 0.7:
        donor, place = dice.choice(places)
        node[key] = copied(donor[place])
    elif act < 0.8 and isinstance(node, list):
        node.insert(key, node[key])
    elif act < 0.9:
        del node[key]
    elif isinstance(node, dict):
        node[str(dice.choice(("tensor", "array", "tuple", "ref", "slice", "x")))] = node.pop(key)
    return tree


def copied(tree: Any) -> Any:
    """Return a copy of a tree of JSON values."""
    return json.loads(json.dumps(tree))


def damaged_bytes(content: bytes, dice: random.Random) -> bytes:
    """Return the content with bytes changed, cut out, doubled or added."""
    out = bytearray(content)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(out) + 1)
        act = dice.random()
        if act < 0.5 and at < len(out):
            out[at] = dice.randrange(256)
        elif act < 0.7:
            del out[at : at + dice.randint(1, 40)]
        elif act < 0.85:
            out[at:at] = out[at : at + dice.randint(1, 40)]
        else:
            out[at:at] = dice.randbytes(dice.randint(1, 8))
    return bytes(out)


def damaged_source(source: str, dice: random.Random) -> str:
    """Return a script with lines or characters changed."""
    lines = source.splitlines(keepends=True)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(lines))
        act = dice.random()
        if act < 0.3:
            lines[at:at] = [dice.choice(lines)]
        elif act < 0.5:
            lines[at] = dice.choice(
                ("", "    ", "%%time\n", "return\n", "raise SystemExit\n", "x = (\n", "'''\n", "\0\n")
            )
        elif act < 0.7:
            lines[at] = lines[at].replace("x", dice.choice(("y", "(x", "[x]", "None", "1e999", "x" * 50)))
        elif act < 0.85:
            dice.shuffle(lines)
        else:
            lines[at] = damaged_bytes(lines[at].encode(), dice).decode("latin-1")
    return "".join(lines) or "\n"


def damaged_file(name: str, content: bytes, dice: random.Random) -> bytes:
    """Return the content of a script, a notebook or another file with some damage."""
    act = dice.random()
    if name.endswith(".ipynb") and act < 0.7:
        try:
            book = json.loads(content)
            for _ in range(dice.randint(1, 3)):
                book = changed_tree(book, dice)
            return json.dumps(book).encode()
        except ValueError:
            pass
    if name.endswith(".py") and act < 0.8:
        source = content.decode("latin-1")
        changed = changed_statements(source, dice) if act < 0.4 else damaged_source(source, dice)
        return changed.encode("latin-1", "replace")
    return damaged_bytes(content, dice)


def changed_statements(source: str, dice: random.Random) -> str:
    """Return a script with statements moved, repeated, nested or left out; as it is if it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return source
    for _ in range(dice.randint(1, 4)):
        bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list) and node.body]
        if not bodies:
            break
        here, there = dice.choice(bodies), dice.choice(bodies)
        statement = dice.choice(here)
        act = dice.random()
        if act < 0.3:
            there.insert(dice.randrange(len(there) + 1), copy.deepcopy(statement))
        elif act < 0.5 and len(here) > 1:
            here.remove(statement)
        elif act < 0.7:
            dice.shuffle(here)
        else:
            wrapped = dice.choice(
                (
                    "if x:\n pass",
                    "for x in y:\n pass",
                    "try:\n pass\nfinally:\n pass",
                    "class A:\n pass",
                    "def f():\n pass",
                )
            )
            (outer,) = ast.parse(wrapped).body
            outer.body = [statement]  # type: ignore[attr-defined]
            here[here.index(statement)] = outer
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    except (RecursionError, ValueError):
        return source
