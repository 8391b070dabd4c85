"""Sums and differences: correct, split without overlap, and the same everywhere."""

import pytest

from common.data import arithmetic
from common.data.split import DataError


def value(answer: str) -> int:
    _, sign, units, tens, hundreds, _ = answer.split()
    return (int(units) + 10 * int(tens) + 100 * int(hundreds)) * (-1 if sign == "NEGATIVE" else 1)


def test_every_answer_is_right_and_every_word_is_in_the_vocabulary():
    everything, _ = arithmetic.split(num_train=arithmetic.COUNT, num_test=0)
    for question, answer in zip(everything.questions, everything.answers, strict=True):
        _, a, operation, b, _ = question.split()
        assert value(answer) == (int(a) + int(b) if operation == "add" else int(a) - int(b))
    words = {word for text in (*everything.questions, *everything.answers) for word in text.split()}
    assert {word for word in words if not word.isdigit()} == set(arithmetic.SPECIAL_TOKENS)
    assert len(set(everything.questions)) == len(everything) == arithmetic.COUNT


def test_all_sequences_have_the_promised_lengths():
    train, test = arithmetic.split(num_train=500, num_test=500)
    for part in (train, test):
        for texts, length in ((part.questions, arithmetic.QUESTION_LENGTH), (part.answers, arithmetic.ANSWER_LENGTH)):
            tokens = [sum(1 if w in arithmetic.SPECIAL_TOKENS else len(w) for w in text.split()) for text in texts]
            assert set(tokens) == {length}


def test_no_test_question_is_a_training_question():
    train, test = arithmetic.split(num_train=18_000, num_test=2_000, seed=3)
    assert not set(train.questions) & set(test.questions)


def test_a_seed_gives_the_same_expressions_and_another_seed_others():
    assert arithmetic.split(num_train=5, num_test=5) == arithmetic.split(num_train=5, num_test=5)
    assert arithmetic.split(num_train=5, num_test=5, seed=1) != arithmetic.split(num_train=5, num_test=5, seed=2)
    assert arithmetic.split(num_train=3, num_test=0)[0].questions == FIRST


FIRST = ("BOS 87 subtract 97 EOS", "BOS 46 add 14 EOS", "BOS 90 add 52 EOS")


@pytest.mark.parametrize(("train", "test"), [(20_000, 1), (-1, 5)])
def test_asking_for_too_many_expressions_is_refused(train, test):
    with pytest.raises(DataError, match="There are 20,000 expressions"):
        arithmetic.split(num_train=train, num_test=test)


def test_zero_is_positive():
    assert arithmetic.answer(17, "subtract", 17) == "BOS POSITIVE 0 0 0 EOS"
    assert arithmetic.answer(3, "subtract", 40) == "BOS NEGATIVE 7 3 0 EOS"
