"""Which code of a solution each check executes, and which code an edit changes.

A mutant or a variant is the reference but for one place, so the checks that do not execute it need not run again.
"""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from operator import is_
from types import FrameType
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.notebooks import import_name
from autograder.sandbox.local_link import LocalLink
from autograder.session.check_items import Check
from autograder.session.session import Checks
from autograder.submissions.submission import code_of_scripts

Place = tuple[str, str]  # a file and the qualified name of a function or class in it


class Witnesses:
    """The checks of an assignment that can notice an edit of its reference, the scored ones left out.

    These are the checks that execute what the edit changes, and those of the task that it is in.
    """

    def __init__(self, checks: Checks, sources: Mapping[str, str]) -> None:
        self.sources = sources
        items = [item for item in checks.items if not item.scored]
        self._tasks = {item.name: checks.assignment.task(item.spec.task) for item in items}
        self._executed = executed_places(checks, code_of_scripts(sources, checks.assignment), items)

    def of(self, edited: Mapping[str, str]) -> set[str]:
        """Return the names of the checks; all of them if the edit changes more than functions."""
        places = changed_places(self.sources, edited)
        if places is None:
            return set(self._executed)
        named = {
            name
            for name, task in self._tasks.items()
            if any(
                file == task.file and (_inside(task.name, place) or _inside(place, task.name)) for file, place in places
            )
        }
        return named | {name for name, own in self._executed.items() if own & places}


def _inside(inner: str, outer: str) -> bool:
    return f"{inner}.".startswith(f"{outer}.")


def executed_places(checks: Checks, code: Code, items: Collection[Check]) -> dict[str, set[Place]]:
    """Return the functions of the code that each check executes, by its name, the ones of its import included.

    The code runs in this process: it is imported once for all checks, and once more for each module that they judge.
    """
    judged = {item.placed.judged for item in items}
    imported = {file: _recorded_import(code, file, checks.assignment) for file in judged}
    places: dict[str, set[Place]] = {}
    with _opened(code, checks.assignment) as link:
        for file in judged:
            link.load(import_name(file))  # so that no check executes an import
        for item in items:
            with _recorded(link) as found:
                checks.judge(link, code, only=partial(is_, item))
            places[item.name] = found | imported[item.placed.judged]
    return places


def _recorded_import(code: Code, file: str, assignment: Assignment) -> set[Place]:
    with _opened(code, assignment) as link, _recorded(link) as found:
        link.load(import_name(file))
    return found


@contextmanager
def _opened(code: Code, assignment: Assignment) -> Iterator[LocalLink]:
    """Yield a link to the code, which may be imported."""
    link = LocalLink(code, course=assignment.course)
    try:
        link.begin(seed=0, seconds=assignment.limits.seconds, memory_mb=int(assignment.limits.memory_mb))
        yield link
    finally:
        link.close()


@contextmanager
def _recorded(link: LocalLink) -> Iterator[set[Place]]:
    """Yield the set of the code's functions that run in the block; inner functions count as the outer one."""
    files = {loader.filename: f"{name}.py" for name, loader in link.finder.loaders.items()}
    found: set[Place] = set()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename in files:
            found.add((files[frame.f_code.co_filename], frame.f_code.co_qualname.partition(".<locals>")[0]))

    answer = link.worker.answer

    def answer_noted(header: bytearray, body: bytearray) -> Any:
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            return answer(header, body)
        finally:
            sys.setprofile(before)

    threading.setprofile(note)
    link.worker.answer = answer_noted  # type: ignore[method-assign]  # what the check itself computes takes no longer
    try:
        yield found
    finally:
        link.worker.answer = answer  # type: ignore[method-assign]
        threading.setprofile(None)


def changed_places(before: Mapping[str, str], after: Mapping[str, str]) -> set[Place] | None:
    """Return the functions of the sources that differ; None if statements outside of functions and classes differ.

    Imports do not count. If a class differs outside of its functions, all its functions do.
    """
    places: set[Place] = set()
    for file, text in before.items():
        if text == after.get(file, ""):
            continue
        old, new = _parts(text), _parts(after.get(file, ""))
        if old[""] != new[""]:
            return None
        names = {name for name, part in old.items() if new.get(name) != part}
        whole = [f"{name}." for name in names if old[name].startswith("class ")]
        places |= {(file, name) for name in old if name in names or name.startswith(tuple(whole))}
    return places


@lru_cache(16)  # most questions are about the same reference
def _parts(text: str) -> Mapping[str, str]:
    """Return the code of each function and of the rest of each class by its name, and of the rest of a file by ""."""
    parts: dict[str, str] = {}

    def read(body: list[ast.stmt], prefix: str, rest: Callable[[str], None]) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                parts[prefix + node.name] = ast.dump(node)
                rest(f"def {node.name}" if prefix else "")
            elif isinstance(node, ast.ClassDef):
                head = [ast.dump(part) for part in (*node.bases, *node.keywords, *node.decorator_list)]
                own = [f"class {head}"]
                read(node.body, f"{prefix}{node.name}.", own.append)
                parts[prefix + node.name] = "\n".join(own)
            elif not isinstance(node, ast.Import | ast.ImportFrom):
                rest(ast.dump(node))

    own: list[str] = []
    read(ast.parse(text).body, "", own.append)
    parts[""] = "\n".join(part for part in own if part)
    return parts
