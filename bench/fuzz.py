"""Mutate messages of the sandbox and hand-ins at random: nothing may break the grader.

    python bench/fuzz.py [--messages 100000] [--readings 20000] [--handins 2000] [--seed 0]

A message is an encoded value whose header or body was damaged, at random bytes or at random nodes of its tree. Decoding
gives a value or refuses the message (WireError); the value is described and compared, as after a check's call. A
reading is a hand-in of tests/golden or one of our references, damaged at random bytes, lines, statements or cells,
which is read, reduced and judged by source rules in this process, without running it. A hand-in is a script, a notebook
or a zip, damaged alike, and graded: no check may be broken.
"""

from __future__ import annotations

import argparse
import ast
import copy
import io
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kills import HONEST, make_class

from autograder.authoring.reference import read_reference
from autograder.checks.compare import compare
from autograder.checks.describe import describe
from autograder.checks.values import EXACT, Tolerance
from autograder.core.assignment import Assignment
from autograder.core.course import find_assignments
from autograder.core.report import Outcome
from autograder.runners.grader_process import GraderProcess, Job, Setup
from autograder.sandbox.inside.wire import MAX_HEADER, Ref, WireError, decode, encode
from autograder.sandbox.isolation import choose
from autograder.session.options import Options
from autograder.source_rules.analysis import Rules, violations_of
from autograder.source_rules.effort import TooComplex
from autograder.source_rules.forbid import ALWAYS_FORBIDDEN
from autograder.source_rules.unusual import unusual_constructs
from autograder.submissions.source import BadSubmission
from autograder.submissions.submission import open_submission

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.support.vectors import make_vectors

VALUES: tuple[Any, ...] = (
    {"value": torch.arange(6.0).reshape(2, 3), "printed": "x", "number": 3},
    {"fault": {"cause": "error", "message": "m", "kinds": ["E"]}, "printed": "", "number": 1},
    [1, 2.5, None, True, "text", (1, [2]), {"a": {"b": torch.ones(2, dtype=torch.int64)}}],
    (np.arange(4), np.array(["a", "bc"]), np.array(["2024-02-29"], "M8[D]"), 2**80, b"bytes", {1, 2}, frozenset("a")),
    (slice(1, None, 2), ..., torch.float16, torch.device("cpu"), Ref(4, "Model"), 1 + 2j),
    {"value": (torch.zeros(0, 3), torch.ones(()).bool(), torch.ones(2, 2).to_sparse()), "printed": "", "number": 2},
)
EXPECTED: tuple[Any, ...] = (torch.arange(6.0).reshape(2, 3), 1.5, [1, 2], {"a": 1}, np.arange(4), "text", (1, [2]))
ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**31, 2**63, 2**64, -(2**63), 1e308, float("nan"), "", "cpu", "float32", "<f8", "\ud800"),
    *([], {}, [[]], [-1], [0, 2**40], {"tensor": []}, {"ref": [0, "x"]}, {"tuple": [1]}, {"dict": [[1, 2], [1, 2]]}),
)


def main() -> None:
    """Print the counts; end with 1 if something broke the grader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--readings", type=int, default=20_000)
    parser.add_argument("--handins", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = 0
    for what, count, run in (
        ("messages", options.messages, fuzz_messages),
        ("readings", options.readings, fuzz_readings),
        ("hand-ins", options.handins, fuzz_handins),
    ):
        begun, processor = time.monotonic(), time.process_time()
        outcomes = run(count, random.Random(options.seed))
        seconds = f"{time.monotonic() - begun:.0f} s, {time.process_time() - processor:.0f} s of them this process's"
        print(f"{count} {what}: {dict(outcomes)} ({seconds})", flush=True)
        found += outcomes["BROKEN"]
    sys.exit(1 if found else 0)


def fuzz_messages(count: int, dice: random.Random) -> Counter[str]:
    """Decode, describe and compare ``count`` messages."""
    whole = [(json.loads(header), b"".join(body)) for header, body in map(encode, VALUES)]
    outcomes = Counter[str]()
    for number in range(count):
        tree, body = dice.choice(whole)
        header, body = damaged_message(tree, body, dice)
        try:
            value = decode(header, bytearray(body), resolve=lambda ref: ref)
            describe(value)
            for expected in EXPECTED:
                compare(value, expected, dice.choice((EXACT, Tolerance())))
        except WireError:
            outcomes["refused"] += 1
        except Exception:
            outcomes["BROKEN"] += 1
            print(f"message {number}: {header[:500]!r} {body[:200]!r}\n{traceback.format_exc()}", file=sys.stderr)
        else:
            outcomes["a value"] += 1
    return outcomes


def damaged_message(tree: Any, body: bytes, dice: random.Random) -> tuple[bytes, bytes]:
    """Return a header and a body with some damage."""
    if dice.random() < 0.7:
        tree = copied(tree)
        for _ in range(dice.randint(1, 3)):
            tree = changed_tree(tree, dice)
        header = json.dumps(tree).encode()
    else:
        header = damaged_bytes(json.dumps(tree).encode(), dice)
    return header[:MAX_HEADER], damaged_bytes(body, dice) if dice.random() < 0.3 else body


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


def write_handin(path: Path, dice: random.Random) -> Path:
    """Write a damaged hand-in, and return its file."""
    source = damaged_source(HONEST, dice) if dice.random() < 0.8 else HONEST
    cell = {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": [], "source": source}
    book: Any = {"cells": [cell, {**cell, "id": "b"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    kind = dice.random()
    name, content = "tiny.py", source.encode("utf-8", "surrogateescape")
    if kind < 0.4:
        for _ in range(dice.randint(0, 3)):
            book = changed_tree(book, dice)
        name, content = "tiny.ipynb", json.dumps(book).encode()
    if dice.random() < 0.2:
        content = damaged_bytes(content, dice)
    if kind > 0.8:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as file:
            file.writestr(name, content)
        name = "tiny.zip"
        content = damaged_bytes(archive.getvalue(), dice) if dice.random() < 0.7 else archive.getvalue()
    path.mkdir()
    (path / name).write_bytes(content)
    return path / name


Files = dict[str, bytes]
OURS = 0.05  # share of readings that damage one of our references, which are a hundred times as long as golden hand-ins
SLOW_SECONDS = 10.0  # of processor time, for one reading


def fuzz_readings(count: int, dice: random.Random) -> Counter[str]:
    """Read ``count`` damaged hand-ins, and apply source rules to all their tasks."""
    outcomes = Counter[str]()
    with tempfile.TemporaryDirectory(prefix="gradlab-fuzz-") as name:
        root = Path(name)
        vectors = make_vectors(root / "course")
        golden = [
            {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
            for folder in sorted(GOLDEN.glob("*/handin"))
        ]
        ours = [(one, read_reference(one)) for one in find_assignments(())]
        for number in range(count):
            if dice.random() < OURS:
                assignment, reference = dice.choice(ours)
                files = {file: text.encode() for file, text in reference.items()}
            else:
                assignment, files = vectors, dict(dice.choice(golden))
            changed = dice.choice([*files])
            files[changed] = damaged_file(changed, files[changed], dice)
            folder = root / "in"
            for file, content in files.items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_bytes(content)
            begun = time.process_time()
            try:
                outcomes[read_all(folder, assignment)] += 1
            except Exception:
                outcomes["BROKEN"] += 1
                print(f"reading {number}: {files[changed][:3000]!r}\n{traceback.format_exc()}", file=sys.stderr)
            if time.process_time() - begun > SLOW_SECONDS:
                outcomes["BROKEN"] += 1
                print(f"reading {number}: {time.process_time() - begun:.0f} s", file=sys.stderr)
            shutil.rmtree(folder)
    return outcomes


def read_all(folder: Path, assignment: Assignment) -> str:
    """Read one hand-in as the grader does; return how that ended."""
    try:
        code = open_submission(folder, assignment).code
    except BadSubmission as reason:
        str(reason)
        return "refused"
    tasks = [task for task in assignment.tasks if task.file in code.files]
    unusual_constructs(code.files)
    outcome = "read"
    for task in tasks:
        try:
            violations_of(code.files[task.file], Rules(task.name, ("torch.cdist", "F.*"), ALWAYS_FORBIDDEN, loops=True))
        except TooComplex:
            outcome = "too complex"
    return outcome


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


def fuzz_handins(count: int, dice: random.Random) -> Counter[str]:
    """Grade ``count`` damaged hand-ins of a tiny course."""
    outcomes = Counter[str]()
    with tempfile.TemporaryDirectory(prefix="gradlab-fuzz-") as name:
        root = Path(name)
        make_class(root, 0)
        folder = root / "assignments" / "tiny"
        grader = GraderProcess(Setup(folder, Options(), choose("auto"), hidden=False))
        try:
            for number in range(count):
                path = write_handin(root / f"s{number}", dice)
                report = grader.grade(Job("s", path))
                broken = [check for check in report.checks if check.outcome is Outcome.BROKEN]
                outcomes["BROKEN" if broken else "refused" if report.refusal else f"{report.points} points"] += 1
                for check in broken[:1]:
                    print(f"hand-in {number}: {check.message}\n{path.read_bytes()[:3000]!r}", file=sys.stderr)
        finally:
            grader.close()
    return outcomes


if __name__ == "__main__":
    main()
