"""Sums and differences of two-digit numbers, written as words for a network that reads token by token.

The question "BOS 42 subtract 67 EOS" has the answer "BOS NEGATIVE 5 2 0 EOS": minus 25, digit by digit from the units,
in the order of written arithmetic. There are 20,000 questions; a split puts each of them on one side only, so a network
has never seen the test questions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.data import draws
from common.data.split import DataError

VOCABULARY = (*"0123456789", "POSITIVE", "NEGATIVE", "add", "subtract", "BOS", "EOS")
SPECIAL_TOKENS = VOCABULARY[10:]  # one token each; every other word is one token per character
OPERATIONS = ("add", "subtract")
NUMBERS = 100  # operands are 0..99
QUESTION_LENGTH, ANSWER_LENGTH = 7, 6  # in tokens
COUNT = len(OPERATIONS) * NUMBERS**2


@dataclass(frozen=True)
class Expressions:
    """Questions and their answers, in the same order."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.questions)


def question(a: int, operation: str, b: int) -> str:
    """Write a question: "BOS 07 add 42 EOS"."""
    return f"BOS {a:02d} {operation} {b:02d} EOS"


def answer(a: int, operation: str, b: int) -> str:
    """Write an answer: "BOS POSITIVE 9 4 0 EOS" for 49: units, tens, hundreds; zero is positive."""
    result = a + b if operation == "add" else a - b
    digits = " ".join(reversed(f"{abs(result):03d}"))
    return f"BOS {'NEGATIVE' if result < 0 else 'POSITIVE'} {digits} EOS"


def split(*, num_train: int = 18_000, num_test: int = 2_000, seed: int = 0) -> tuple[Expressions, Expressions]:
    """Draw expressions for training and others for testing, without replacement.

    The same seed gives the same expressions on every machine. Raises DataError if there are not enough of them.
    """
    if min(num_train, num_test) < 0 or num_train + num_test > COUNT:
        raise DataError(
            f"There are {COUNT:,} expressions: not enough for {num_train:,} to train on and {num_test:,} to test on."
        )
    order = draws.words(draws.key(seed, "arithmetic"), [0], COUNT)[0].argsort(kind="stable")
    return _expressions(order[:num_train]), _expressions(order[num_train : num_train + num_test])


def _expressions(numbers: NDArray[np.int64]) -> Expressions:
    parts = []
    for number in numbers.tolist():
        rest, b = divmod(number, NUMBERS)
        operation, a = divmod(rest, NUMBERS)
        parts.append((a, OPERATIONS[operation], b))
    return Expressions(tuple(question(*part) for part in parts), tuple(answer(*part) for part in parts))
