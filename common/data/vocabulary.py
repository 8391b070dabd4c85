"""Words and their numbers: the input and output of a captioner.

Every vocabulary begins with the same four tokens. A caption of T words becomes <START>, its words, <END>, and <NULL> to
the common length.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

NULL, START, END, UNK = SPECIAL = ("<NULL>", "<START>", "<END>", "<UNK>")


def words_of(sentence: str) -> list[str]:
    """Split a sentence into words in lower case, without punctuation: "A dog's ball." becomes a, dog's, ball."""
    return re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", sentence.lower())


@dataclass(frozen=True)
class Vocabulary:
    """Words by number; the first four are SPECIAL."""

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.words[:4] != SPECIAL or len(set(self.words)) != len(self.words):
            raise ValueError(f"A vocabulary begins with {', '.join(SPECIAL)} and contains no word twice.")

    @classmethod
    def of(cls, captions: Iterable[str], *, least: int = 1) -> Vocabulary:
        """Collect words that occur at least ``least`` times, the most frequent first, ties in alphabetical order."""
        counts = Counter(word for caption in captions for word in words_of(caption))
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls((*SPECIAL, *(word for word, count in ordered if count >= least)))

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def word_to_idx(self) -> dict[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words)}

    def encode(self, captions: Sequence[str], *, length: int | None = None) -> Tensor:
        """Turn captions into numbers, padded with <NULL> to the longest, or cut and padded to `length` numbers.

        A caption that is cut loses its last words, not its <END>. Unknown words become <UNK>.

        Shapes:
            out  (N, length)  int64
        """
        known = self.word_to_idx
        rows = [[known.get(word, 3) for word in words_of(caption)] for caption in captions]
        if length is None:
            length = 2 + max(map(len, rows), default=0)
        if length < 2:
            raise ValueError(f"A caption has at least two tokens, {START} and {END}, so length cannot be {length}.")
        table = torch.zeros(len(rows), length, dtype=torch.int64)
        for number, row in enumerate(rows):
            tokens = [1, *row[: length - 2], 2]
            table[number, : len(tokens)] = torch.tensor(tokens)
        return table

    def decode(self, tokens: Tensor) -> list[str]:
        """Turn rows of numbers into sentences: the words before the first <END>, without <NULL> and <START>.

        Shapes:
            tokens  (N, T)  int64, each below len(self)
        """
        sentences = []
        for row in tokens.tolist():
            row = row[: row.index(2)] if 2 in row else row
            sentences.append(" ".join(self.words[number] for number in row if number > 1))
        return sentences
