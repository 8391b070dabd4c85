"""The step of a task's hint that a failed check shows if nobody knows the mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.checks.expect import Mismatch
from autograder.core.assignment import Assignment
from autograder.core.hints import BadHints, read_hints
from autograder.core.language import translate
from autograder.core.message import Message, joined
from autograder.core.report import Cause
from autograder.sandbox.proxy import StudentFault

SHORT = 720  # characters of several steps that are shown together: those of all tasks so far
_WORD = re.compile(r"[A-Za-z_]\w*|[一-鿿]{2}")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a all agree agrees also an and are as at be by each every for from give gives has have if in into is it its "
        "itself not of on one only or other right same so than that the their them then they this to two where which "
        "with",
    )
)
_OF_THE_MACHINE = {"ImportError", "OSError", "EOFError"}  # these exceptions are not about the task
_ALIKE = {"d": "gradient", "grad": "gradient", "derivative": "gradient"}


def unexplained(error: BaseException | None, hint: str) -> list[str]:
    """Return what a failed check is about besides its title if its hint does not explain the mistake, else nothing."""
    if isinstance(error, Mismatch) and error.cause is Cause.WRONG and not error.explained:
        said = [] if error.difference else [error.message]  # a sentence of the check
        return [error.subject, *said] if hint in ("", error.hint) else []  # an argument that changed is a better hint
    if not isinstance(error, StudentFault) or error.cause is not Cause.ERROR or hint:
        return []
    return [] if _OF_THE_MACHINE & {*error.kinds} else [""]


def step_towards(assignment: Assignment, task: str, about: Sequence[str]) -> str:
    """Return the steps of the task's hint that share most with what a failed check is ``about``, or an empty string.

    ``about`` are its title, and the name of the value that is wrong or the sentence that does not hold.
    """
    try:
        steps = read_hints(assignment.folder).steps.get(task, ())
    except BadHints:
        return ""
    if not steps:
        return ""
    chosen = _chosen(steps, about)
    shown = joined(" ", [Message(step) for step in chosen])
    if len(chosen) == len(steps):
        return Message("Compare your code with the hint of this task: {steps}", steps=shown)
    rest = Message('All steps: hint("{task}"), or `gradlab hint {name} {task}`.', task=task, name=assignment.name)
    return joined(" ", [Message("Compare your code with this step: {step}", step=shown), rest])


def _chosen(steps: Sequence[str], about: Sequence[str]) -> Sequence[str]:
    """Return all steps if they are short, else the first of those that share most."""
    if sum(map(len, steps)) <= SHORT:
        return steps
    wanted = set[str]().union(*(_words(text) for one in about for text in (one, translate(one))))
    known = [_words(step) for step in steps]
    shared = [sum(1 / sum(word in other for other in known) for word in words & wanted) for words in known]
    return [steps[shared.index(max(shared))]]


def _words(text: str) -> set[str]:
    """Return the words of a text without their endings, and those of which a name consists."""
    found = set[str]()
    for word in _WORD.findall(text):
        if re.fullmatch(r"d[A-Za-z]{1,2}\d?|d[a-z]+_?[a-z]*out|dgamma|dbeta", word):
            found.add("gradient")
        for part in (word, *word.split("_")):
            lower = part.lower()
            plain = re.sub(r"(?:ies|es|s|ed|ing|ise|ize|ises|ised|isation)$", "", lower) if len(lower) > 3 else lower
            found.add(_ALIKE.get(lower, plain))
    return found - _COMMON
