"""Hidden checks of a06, transformers: other vocabularies, sentences and lengths."""

import math

import torch
from check_transformers import FRACTIONS, NUMBERED, WAVES, WORDS

from autograder import expect_close, expect_equal, expect_unchanged, explain_errors, task


@task("generate_token_dict", share=50)
def check_any_vocabulary_is_numbered(student, rng):
    """A vocabulary of other words, of any length, is numbered in its order and left unchanged."""
    words = [f"w{number}" for number in rng.permutation(30).tolist()]
    for vocab in (words, ["only"], ["b", "a", "ab"]):
        seen = student.inspect(student.generate_token_dict, vocab)
        expect_equal(seen.value, dict(zip(vocab, range(len(vocab)), strict=True)), hint=NUMBERED)
        expect_equal(seen.args, (vocab,), name="the vocabulary after the call")


@task("prepocess_input_sequence", share=50)
def check_other_sentences_become_tokens(student, rng):
    """Other vocabularies, longer numbers and any white space are read correctly; only special words are one token."""
    vocab = ["plus", "EOS", *"9876543210", "BOS", "xy", "42", "x", "y"]
    numbers = {token: 3 * place + 5 for place, token in enumerate(vocab)}
    special = ["plus", "EOS", "BOS", "xy"]
    for words in (
        ["BOS", "7", "plus", "1234", "EOS"],
        ["90", "xy", "xy", "09"],
        ["0"],
        ["plus"],
        ["42", "plus", "142"],
        ["yx", "plus", "x7"],
    ):
        characters = [t for word in words for t in ([word] if word in special else word)]
        expected = [numbers[t] for t in characters]
        spaces = ("  ", "\t", "\n", " \t\n")
        for sentence in (" ".join(words), *[space + space.join(words) + space for space in spaces]):
            with explain_errors({"KeyError": WORDS, "IndexError": WORDS}):
                found = student.prepocess_input_sequence(sentence, numbers, special)
            expect_equal(found, expected, hint=WORDS)
    seen = student.inspect(student.prepocess_input_sequence, "xy 42", numbers, special)
    expect_unchanged(seen, "xy 42", numbers, special)


@task("position_encoding_simple", share=50)
def check_simple_positions_on_other_sizes(student):
    """Fractions are right for other sizes, in float32."""
    for K, M in [(1, 4), (8, 1), (11, 6)]:
        expected = torch.tensor([[[n / K] * M for n in range(K)]], dtype=torch.float32)
        expect_close(student.position_encoding_simple(K, M), expected, hint=FRACTIONS)


@task("position_encoding_sinusoid", share=50)
def check_sinusoid_on_other_sizes(student):
    """Sines and cosines are right for odd and even lengths, one position, and many."""
    for K, M in [(1, 6), (5, 1), (6, 7), (3, 2), (300, 33)]:
        angle = [[n / 10000 ** ((m - m % 2) / M) for m in range(M)] for n in range(K)]
        table = [[math.cos(a) if m % 2 else math.sin(a) for m, a in enumerate(row)] for row in angle]
        expect_close(student.position_encoding_sinusoid(K, M), torch.tensor([table]), atol=5e-5, hint=WAVES)
