"""The inline questions that a hand-in leaves open. People mark them, so no check would say so."""

from __future__ import annotations

import re
from collections.abc import Mapping

from autograder.core.assignment import Assignment, Question
from autograder.core.notebooks import accepted_names
from autograder.submissions.ipynb import read_answers
from autograder.submissions.source import BadSubmission, decode_source

PLACEHOLDER = "YOUR ANSWER HERE"  # what the handout has in the cell of an answer
CODE_PLACEHOLDER = ("# YOUR CODE HERE", "YOUR CODE HERE", "raise NotImplementedError()")  # in an answer's code cell

_ANSWER = re.compile(r"""^# %%.*\banswer=["']([^"']+)["'].*\n((?:(?!# %%).*\n?)*)""", re.MULTILINE)


def open_questions(files: Mapping[str, bytes], assignment: Assignment) -> list[Question]:
    """Return the questions without a text in the cell for their answer, in any of the notebooks and scripts."""
    answered = set()
    for name in accepted_names(assignment.files):
        try:
            texts = _answers(files[name], name) if name in files else {}
        except BadSubmission:  # it is reported where it is graded
            continue
        answered |= {question for question, text in texts.items() if _is_answer(text)}
    return [question for question in assignment.questions if question.id not in answered]


def _is_answer(text: str) -> bool:
    lines = [line.strip().removeprefix("# ") for line in text.replace(PLACEHOLDER, "").splitlines()]
    return any(line and line not in CODE_PLACEHOLDER for line in lines)


def _answers(data: bytes, name: str) -> dict[str, str]:
    if name.endswith(".ipynb"):
        return read_answers(data, name)
    cells = _ANSWER.findall(decode_source(data, name))
    return {question: re.sub(r"^# ?", "", text, flags=re.MULTILINE) for question, text in cells}
