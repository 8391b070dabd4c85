"""Public checks of a06, transformers: tokens and positions."""

import math

import torch
from torch import Tensor

from autograder import expect_close, expect_equal, explain_errors, task

NUMBERED = "The first word of the list gets the number 0, the next one 1, and so on, in the order of the list."
WORDS = (
    "Split at white space of any kind. A word in the list of special words is one token; of every other word, each "
    "character is one token, even if the whole word is in the dict."
)
FRACTIONS = "All M numbers of position n are n / K."
WAVES = "Columns 0, 2, 4, ... are sines, columns 1, 3, 5, ... cosines. An odd M has one sine more than cosines."

VOCAB = [*"0123456789", "POSITIVE", "NEGATIVE", "add", "subtract", "BOS", "EOS"]


@task("generate_token_dict", share=50)
def check_tokens_are_numbered_in_order(student):
    """The vocabulary is numbered 0, 1, 2, ... in its order."""
    mistakes = {
        "The numbers begin at 1; the first is 0.": {token: i + 1 for i, token in enumerate(VOCAB)},
        "The dict maps numbers to tokens; it should map tokens to numbers.": dict(enumerate(VOCAB)),
        "The numbers are text; they should be int.": {token: str(i) for i, token in enumerate(VOCAB)},
    }
    expected = {token: i for i, token in enumerate(VOCAB)}
    expect_equal(student.generate_token_dict(list(VOCAB)), expected, mistakes=mistakes, hint=NUMBERED)


@task("prepocess_input_sequence", share=50)
def check_sentences_become_tokens(student):
    """Special words are one token each, numbers one token for each digit."""
    numbers, special = {token: i for i, token in enumerate(VOCAB)}, VOCAB[10:]
    with explain_errors({"KeyError": "Split a word that is not special into its characters: each is one token."}):
        found = student.prepocess_input_sequence("BOS NEGATIVE 42 subtract POSITIVE 07 EOS", numbers, special)
    expect_equal(
        found,
        [14, 11, 4, 2, 13, 10, 0, 7, 15],
        mistakes={
            "The digits of a number are in the wrong order.": [14, 11, 2, 4, 13, 10, 7, 0, 15],
            "A number was read as one token; each digit is one.": [14, 11, 42, 13, 10, 7, 15],
            "The special words are missing: each is one token, and only numbers are split into characters.": [
                4,
                2,
                0,
                7,
            ],
            "There is a list for each word; return one list of numbers.": [
                [14],
                [11],
                [4, 2],
                [13],
                [10],
                [0, 7],
                [15],
            ],
            "These are the tokens; return their numbers.": (
                ["BOS", "NEGATIVE", "4", "2", "subtract", "POSITIVE", "0", "7", "EOS"]
            ),
        },
        hint=WORDS,
    )


@task("position_encoding_simple", share=50, any_dtype=True)
def check_simple_positions_are_fractions(student):
    """Position n of K is n / K in every entry."""
    n = torch.arange(5.0)[None, :, None].expand(1, 5, 3)
    mistakes = {
        "Divide by K, not by K - 1.": n / 4,
        "Positions begin at 0.": (n + 1) / 5,
        "Divide by K, the number of positions, not by M.": n / 3,
        "Divide the positions by K.": n,
        "The first axis is missing: the shape is (1, K, M).": n[0] / 5,
    }
    expect_close(student.position_encoding_simple(5, 3), n / 5, mistakes=mistakes, hint=FRACTIONS)


def sinusoid(K: int, M: int, power=lambda column, M: 2 * (column // 2) / M) -> Tensor:
    """Compute section 3.5 of Vaswani et al., one entry at a time. (1, K, M)"""
    wave = [math.sin, math.cos]
    rows = [[wave[column % 2](n / 10000 ** power(column, M)) for column in range(M)] for n in range(K)]
    return torch.tensor(rows, dtype=torch.float32)[None]


@task("position_encoding_sinusoid", share=50, any_dtype=True)
def check_sinusoid_agrees_with_the_formula(student):
    """Even columns are sines, odd columns cosines, in the wavelengths of the paper."""
    expected = sinusoid(7, 10)
    halves = torch.cat([expected[..., 0::2], expected[..., 1::2]], dim=2)
    expect_close(student.position_encoding_sinusoid(7, 10), expected, mistakes={
        "Sines and cosines are swapped: even columns are sines.": expected.unflatten(2, (5, 2)).flip(3).flatten(2),
        "All sines come before all cosines; they should alternate.": halves,
        "Each column has its own wavelength; a sine and the cosine after it should share one.": (
            lambda: sinusoid(7, 10, lambda column, M: column / M)
        ),
        "The exponent grows half as fast as it should: it is 2i / M for columns 2i and 2i + 1.": (
            lambda: sinusoid(7, 10, lambda column, M: (column // 2) / M)
        ),
        "The exponent is rounded to a whole number.": lambda: sinusoid(7, 10, lambda column, M: 2 * column // M),
        "The exponent is rounded to a whole number: after 2 * (i // 2), divide by M with /, not with //.": (
            lambda: sinusoid(7, 10, lambda column, M: 2 * (column // 2) // M)
        ),
        "The exponent is that of column 2 * column: columns 2i and 2i + 1 share the exponent 2i / M.": (
            lambda: sinusoid(7, 10, lambda column, M: 2 * column / M)
        ),
        "The position is multiplied by the power of 10000; divide by it.": (
            lambda: sinusoid(7, 10, lambda column, M: -2 * (column // 2) / M)
        ),
        "The base is 1000; it should be 10000.": (
            lambda: sinusoid(7, 10, lambda column, M: 0.75 * 2 * (column // 2) / M)
        ),
        "Positions begin at 0.": lambda: sinusoid(8, 10)[:, 1:],
        "The waves are the same in all columns: the exponent is missing.": lambda: sinusoid(7, 10, lambda column, M: 0),
    }, hint="In columns 2i and 2i + 1 the angle is the position divided by 10000**(2i / M).")  # fmt: skip
