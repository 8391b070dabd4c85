"""Do right solutions keep all points whatever the seed? The checks that do not train, on many seeds.

    python bench/seeds.py a01_knn a02_linear_classifier --seeds 200
    python bench/seeds.py a01_knn --variants --seeds 20 [--first 20] [--story loop]

Everything runs in one process. The reference runs all checks on each seed. A variant runs only the checks that execute
code which it changes, because the rest of its code is the reference's. Which code a check executes is recorded on the
reference, with the first seed. `gradlab verify` runs all checks on each variant, with one seed. Limits of time are set
aside, so that a busy machine takes no points. Each lost check is printed with its seed.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from operator import is_
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")

from autograder.authoring.reference import read_reference  # noqa: E402
from autograder.authoring.variants import read_variants  # noqa: E402
from autograder.core.assignment import Assignment  # noqa: E402
from autograder.core.course import find_assignments  # noqa: E402
from autograder.core.report import CheckResult, Outcome  # noqa: E402
from autograder.sandbox.open_link import open_link  # noqa: E402
from autograder.session.options import Options  # noqa: E402
from autograder.session.session import Checks, with_checks  # noqa: E402
from autograder.submissions.submission import code_of_scripts  # noqa: E402

PATIENCE = 3600.0  # seconds that a check may take
Place = tuple[str, str]  # a file and the qualified name of a function in it


class Bench:
    """The checks of one assignment that do not train."""

    def __init__(self, checks: Checks) -> None:
        self.checks, self.assignment = checks, checks.assignment
        self.sources = read_reference(checks.assignment)
        self.items = [item for item in checks.items if not item.scored]
        for item in self.items:
            item.spec = replace(item.spec, seconds=PATIENCE)

    def lost(self, sources: Mapping[str, str], names: Collection[str], seed: int) -> list[CheckResult]:
        """Run the checks of these names with a seed. Return the results that are not passed."""
        self.checks.state.options = replace(self.checks.state.options, seed=seed)
        code = code_of_scripts(sources, self.assignment)
        with open_link(None, code, self.assignment) as link:
            results = self.checks.judge(link, code, only=lambda check: check.name in names)
        return [result for result in results if result.outcome is not Outcome.PASSED]

    def executed(self, seed: int) -> dict[str, set[Place]]:
        """Return the functions of the reference that each check executes, the ones of its import included."""
        self.checks.state.options = replace(self.checks.state.options, seed=seed)
        code = code_of_scripts(self.sources, self.assignment)
        places: dict[str, set[Place]] = {}
        for item in self.items:
            with open_link(None, code, self.assignment) as link:
                files = {loader.filename: f"{name}.py" for name, loader in link.finder.loaders.items()}
                with recorded(files) as found:
                    self.checks.judge(link, code, only=partial(is_, item))
            places[item.name] = found
        return places


@contextmanager
def recorded(files: Mapping[str, str]) -> Iterator[set[Place]]:
    """Yield the set of the functions in these files that run in the block."""
    found: set[Place] = set()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename in files:
            found.add((files[frame.f_code.co_filename], frame.f_code.co_qualname.partition(".<locals>")[0]))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[Place] | None:
    """Return the functions of the reference that a variant changes; None if it changes more than functions."""
    places: set[Place] = set()
    for file, text in before.items():
        old, new = _parts(text), _parts(after[file])
        if old.pop("") != new.pop(""):
            return None
        places |= {(file, name) for name, part in old.items() if new.get(name) != part}
        bodies = {name for name, part in old.items() if (file, name) in places and part.startswith("class ")}
        places |= {(file, name) for name in old for owner in bodies if name.startswith(f"{owner}.")}
    return places


def _parts(text: str) -> dict[str, str]:
    """Return the code of each function and of the rest of each class by its name, and of the rest of a file by ""."""
    parts: dict[str, str] = {}

    def read(body: list[ast.stmt], owner: str) -> str:
        rest = []
        for node in body:
            name = f"{owner}.{node.name}".strip(".") if isinstance(node, ast.FunctionDef | ast.ClassDef) else ""
            if isinstance(node, ast.FunctionDef):
                parts[name] = ast.dump(node)
                rest += [f"def {node.name}"] if owner else []
            elif isinstance(node, ast.ClassDef):
                head = [ast.dump(part) for part in (*node.bases, *node.keywords, *node.decorator_list)]
                parts[name] = f"class {head} {read(node.body, name)}"
            elif not isinstance(node, ast.Import | ast.ImportFrom):
                rest.append(ast.dump(node))
        return "\n".join(rest)

    parts[""] = read(ast.parse(text).body, "")
    return parts


def run(assignment: Assignment, options: argparse.Namespace) -> None:
    """Run the reference or the variants of one assignment, and print what is lost."""
    begun, seeds = time.process_time(), range(options.first, options.first + options.seeds)
    losses = 0

    def show(who: str, seed: int, results: list[CheckResult]) -> None:
        nonlocal losses
        losses += len(results)
        for result in results:
            message = result.message.replace("\n", " ")[:400]
            print(f"  LOST {who}, seed {seed}, {result.id} ({result.outcome}): {message}", flush=True)

    def reference(checks: Checks) -> str:
        bench = Bench(checks)
        names = {item.name for item in bench.items}
        for seed in seeds:
            show("reference", seed, bench.lost(bench.sources, names, seed))
        return f"reference, {len(names)} checks"

    def variants(checks: Checks) -> str:
        bench = Bench(checks)
        chosen = [v for v in read_variants(assignment) if options.story in v.story]
        executed, runs = bench.executed(options.first), 0
        for variant in chosen:
            sources = variant.write(bench.sources)
            places = changed(bench.sources, sources)
            names = {name for name, own in executed.items() if places is None or own & places}
            if not names:
                print(f"  no check executes what the variant {variant.story!r} changes", flush=True)
            runs += len(names)
            for seed in seeds if names else ():
                show(f"variant {variant.story!r}", seed, bench.lost(sources, names, seed))
        return f"{len(chosen)} variants, {runs} checks of them ({len(bench.items)} each without the selection)"

    detail = with_checks(assignment, Options(seed=0), variants if options.variants else reference)
    seconds = time.process_time() - begun
    print(f"{assignment.name}: {detail}, seeds {seeds[0]} to {seeds[-1]}, {losses} lost, {seconds:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--variants", action="store_true", help="the variants in place of the reference")
    parser.add_argument("--story", default="", help="only variants whose story contains this text")
    options = parser.parse_args()
    for assignment in find_assignments(options.assignments):
        run(assignment, options)


if __name__ == "__main__":
    main()
