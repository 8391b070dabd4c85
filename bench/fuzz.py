"""Mutate messages of the sandbox and hand-ins at random: nothing may break the grader.

    python bench/fuzz.py [--messages 100000] [--readings 20000] [--handins 2000] [--seed 0] [--first 0] [--jobs 1]

A message is an encoded value whose header or body was damaged, at random bytes or at random nodes of its tree. Decoding
gives a value or refuses the message (WireError); the value is described and compared, as after a check's call. A
reading is a hand-in of tests/golden or one of our references, damaged at random bytes, lines, statements or cells,
which is read, reduced and judged by source rules in this process, without running it. A hand-in is damaged alike and
graded: no check may be broken (bench/fuzz_handins.py). The seed and its number decide about a reading and a hand-in.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from damage import changed_tree, copied, damaged_bytes, damaged_file

from autograder.authoring.reference import read_reference
from autograder.checks.compare import compare
from autograder.checks.describe import describe
from autograder.checks.values import EXACT, Tolerance
from autograder.core.assignment import Assignment
from autograder.core.course import find_assignments
from autograder.sandbox.inside.wire import MAX_HEADER, Ref, WireError, decode, encode
from autograder.source_rules.analysis import Rules, violations_of
from autograder.source_rules.effort import TooComplex
from autograder.source_rules.forbid import ALWAYS_FORBIDDEN
from autograder.source_rules.unusual import unusual_constructs
from autograder.submissions.source import BadSubmission
from autograder.submissions.submission import open_submission

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fuzz_handins import GOLDEN, fuzz_handins

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


def main() -> None:
    """Print the counts; end with 1 if something broke the grader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--readings", type=int, default=20_000)
    parser.add_argument("--handins", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first reading and hand-in")
    parser.add_argument("--jobs", type=int, default=1, help="grader processes of the tiny course")
    options = parser.parse_args()
    found = 0
    seed, first = options.seed, options.first
    for what, count, run in (
        ("messages", options.messages, lambda count: fuzz_messages(count, random.Random(seed))),
        ("readings", options.readings, lambda count: fuzz_readings(count, seed=seed, first=first)),
        ("hand-ins", options.handins, lambda count: fuzz_handins(count, seed=seed, first=first, jobs=options.jobs)),
    ):
        if not count:
            continue
        begun, processor = time.monotonic(), time.process_time()
        outcomes = run(count)
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


OURS = 0.05  # share of readings that damage one of our references, which are a hundred times as long as golden hand-ins
SHOWN_EACH = 1000
SLOW_SECONDS = 10.0  # of processor time, for one reading


def fuzz_readings(count: int, *, seed: int, first: int) -> Counter[str]:
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
        for number in range(first, first + count):
            if number > first and not number % SHOWN_EACH:
                print(f"{number - first} readings so far: {dict(outcomes)}", flush=True)
            dice = random.Random(f"{seed} {number}")
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


if __name__ == "__main__":
    main()
