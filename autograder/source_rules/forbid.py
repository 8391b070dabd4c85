"""Rules for a student's source: calls that a task forbids, and loops over data.

A rule applies to the named function and to all code of the same module that it uses, directly or not. Comments,
strings, annotations and unused functions never break a rule.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from autograder.checks.expect import Mismatch
from autograder.core.message import Message, joined
from autograder.core.notebooks import describe_line
from autograder.core.report import Cause
from autograder.source_rules.analysis import Rules, Violation, violations_of
from autograder.source_rules.effort import TooComplex
from autograder.source_rules.patterns import import_subjects

SHOWN = 5  # violations in one message
ALWAYS_FORBIDDEN = (
    *("autograder.*", "sys.modules"),  # the grader's probes run next to the student's code, with answers
    *("torch._*", "torch.ops.*", "torch.jit.CompilationUnit"),  # other ways to each of torch's operations
)

Analyse = Callable[[str, Rules], list[Violation]]


def forbidden_calls(source: str, function: str, calls: Sequence[str]) -> list[Violation]:
    """Find uses of ``calls`` in ``function`` ("Conv.forward", or a whole class) and in all code that it uses.

    A rule is a dotted name ("torch.cdist", "F.conv2d", "nn.Linear", "np.dot", "Tensor.norm"), a module ("torch.linalg")
    or a pattern ("F.conv*"). "torch.norm" and "Tensor.norm" also cover the method ``x.norm()``, "F.conv2d" also covers
    torch.conv2d, "nn.Linear" also torch.nn.modules.linear.Linear, and "!F.pad" allows a name that another rule forbids.
    A function also breaks the rule if it is itself imported, inherited or another name of something forbidden.
    ".grad_fn" is the attribute of any object. ``eval``, ``exec`` and look-ups by a computed name are found as well.
    """
    return violations_of(source, Rules(function, _listed(calls)))


def loops(source: str, function: str) -> list[Violation]:
    """Find loops over data in ``function`` and in all code that it uses.

    These are for, while, comprehensions, map, filter, vectorize and recursion. A loop over a shape, over dimensions,
    over layers or over items in the source is not a loop over data; nor is one over the arguments of a helper, if
    every call passes such items.
    """
    return [violation for violation in violations_of(source, Rules(function, loops=True)) if violation.loop]


def forbid(
    student: Any, name: str, *, calls: Sequence[str] = (), loops: bool | str = False, apart: Sequence[str] = ()
) -> None:
    """Raise Mismatch, with the cause FORBIDDEN, if the function ``name`` of ``student.source`` breaks a rule.

    ``loops`` says what a loop must not go over, such as "images". ``apart`` names functions and classes that checks of
    their own judge by the same rules: a mistake in them takes no points here. The grader's own modules are always
    forbidden. A source that does not parse or lacks the function breaks no rule: other checks report that.
    """
    analyse: Analyse = vars(student).get("_analyse") or violations_of
    rules = Rules(name, _listed(calls), ALWAYS_FORBIDDEN, bool(loops), tuple(apart))
    import_subjects(rules.calls)  # here, and not in each process that reads a source
    try:
        found = analyse(student.source, rules)
    except TooComplex as refusal:
        raise Mismatch(str(refusal), cause=Cause.FORBIDDEN) from None
    if not found:
        return
    lines: list[str] = [Message("{name} uses operations that this task does not allow.", name=name)]
    cells = vars(student).get("_cells", ())
    lines += [_sentence(violation, name, loops, describe_line(cells, violation.line)) for violation in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(Message("... and {number} more.", number=len(found) - SHOWN))
    raise Mismatch(joined("\n", lines), cause=Cause.FORBIDDEN)


def _sentence(violation: Violation, name: str, loops: bool | str, line: str) -> str:
    what = Message("{what} is not allowed here", what=Message(violation.what))
    if violation.where != name:
        what = Message("{what} (in {where}, which {name} uses)", what=what, where=violation.where, name=name)
    return Message(
        "{place}: `{code}` - {what}; {advice}.",
        place=line,
        code=violation.text,
        what=what,
        advice=_advice(loops) if violation.loop else Message("write it yourself from simpler operations"),
    )


# What loops go over, as the checks of this course say it; other words stay as they are.
_THINGS = (
    Message("images"),
    Message("rows"),
    Message("columns"),
    Message("elements"),
    Message("numbers"),
    Message("tensors"),
    Message("matrices"),
)


def _advice(loops: bool | str) -> Message:
    if isinstance(loops, str):
        return Message("work on all {things} at once, by broadcasting and reductions", things=Message(loops))
    if "torch" in sys.modules:
        return Message("work on whole tensors instead, by broadcasting and reductions")
    return Message("work on whole arrays instead, by broadcasting and reductions")


def _listed(calls: Sequence[str]) -> tuple[str, ...]:
    if isinstance(calls, str):
        raise TypeError(f"calls must be a list of names, not the string {calls!r}.")
    return tuple(calls)
