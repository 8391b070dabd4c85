"""The inline questions that a hand-in leaves open. People mark them, so no check would say so."""

from __future__ import annotations

from collections.abc import Collection

from autograder.core.assignment import Assignment, Question
from autograder.core.report import Answer


def open_questions(answers: Collection[Answer], assignment: Assignment) -> list[Question]:
    """Return the questions without a file, or without a text in the cell for their answer."""
    given = {answer.question: answer for answer in answers}
    return [question for question in assignment.questions if not _has(given.get(question.id), question)]


def _has(answer: Answer | None, question: Question) -> bool:
    return bool(answer and (answer.files if question.hand_in else answer.text))
