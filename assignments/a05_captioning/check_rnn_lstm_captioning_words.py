"""Public checks of word vectors, the loss of a sentence and BLEU."""

import math

import torch
import torch.nn.functional as F
from oracles import HELPERS
from torch import Tensor

from autograder import expect_close, explain_errors, forbid, task


@task("WordEmbedding", share="2/3", any_dtype=True)
def check_words_become_their_rows(student, rng):
    """Each word becomes its row of W_embed."""
    forbid(student, "WordEmbedding", calls=["nn.Embedding*"])
    table, words = rng.normal(11, 4), rng.integers(0, 11, 3, 5)
    module = student.define(HELPERS).make_embedding(student.WordEmbedding, 11, 4, table)
    expect_close(module(words), F.embedding(words, table), mistakes={
        "The axes of captions and words are swapped.": lambda: F.embedding(words, table).transpose(0, 1),
        "The rows are multiplied by the root of their length; return them as they are.": (
            lambda: F.embedding(words, table) * 2
        ),
        "The row of the word 0 is zero; it is a row like the others.": (
            lambda: F.embedding(words, table) * (words != 0)[:, :, None]
        ),
    })  # fmt: skip


@task("temporal_softmax_loss", share=20, any_dtype=True)
def check_loss_agrees_with_a_plain_loop(student, rng):
    """The loss is the sum over time of the cross-entropy, divided by the number of captions."""
    scores, words = 2 * rng.normal(4, 3, 6), rng.integers(0, 5, 4, 3)

    def of(p: Tensor) -> Tensor:
        return torch.stack([torch.stack([-row[w].log() for row, w in zip(p, c, strict=True)])
                            for p, c in zip(p, words, strict=True)])  # fmt: skip

    losses = of(scores.softmax(2))
    expect_close(student.temporal_softmax_loss(scores, words, ignore_index=5), losses.sum() / 4, mistakes={
        "The loss is averaged over the steps; it should be summed over them.": losses.mean(),
        "The loss is summed over the captions; it should be averaged over them.": losses.sum(),
        "The loss is divided by the number of steps instead of the number of captions.": losses.sum() / 3,
        "Cross-entropy takes the scores themselves; here a softmax comes before it.": (
            lambda: of(scores.softmax(2).softmax(2)).sum() / 4
        ),
        "The words 0 count nothing; only those of ignore_index do.": losses[words != 0].sum() / 4,
    })  # fmt: skip


NUMBER = "Without an ignore_index, leave torch's argument out, or pass a number that no word has, such as -100."


@task("temporal_softmax_loss", share=20, any_dtype=True)
def check_loss_without_ignore_index(student, rng):
    """Without an ignore_index, all words count."""
    scores, words = rng.normal(3, 2, 4), rng.integers(0, 4, 3, 2)
    losses = -scores.softmax(2).log().gather(2, words[:, :, None])[:, :, 0]
    with explain_errors({"NoneType": NUMBER}):
        for options in ({}, {"ignore_index": None}):
            expect_close(student.temporal_softmax_loss(scores, words, **options), losses.sum() / 3, mistakes={
                "The words 0 count nothing, although no ignore_index is given.": losses[words != 0].sum() / 3,
            })  # fmt: skip


@task("temporal_softmax_loss", share=20, any_dtype=True)
def check_padding_changes_nothing(student, rng):
    """Steps whose word is ignore_index do not change the loss, for any scores."""
    scores, words = rng.normal(3, 4, 7), rng.integers(1, 7, 3, 4)
    plain = F.cross_entropy(scores.flatten(0, 1), words.flatten(), reduction="sum") / 3
    longer = torch.cat([scores, 9 * rng.normal(3, 2, 7)], dim=1)
    padded = torch.cat([words, torch.zeros_like(words[:, :2])], dim=1)
    everywhere = F.cross_entropy(longer.flatten(0, 1), padded.flatten(), reduction="sum")
    expect_close(student.temporal_softmax_loss(longer, padded, ignore_index=0), plain, mistakes={
        "ignore_index is not used: padding counts.": everywhere / 3,
        "The loss is divided by the number of words that count; divide by the number of captions.": plain / 4,
    })  # fmt: skip


NOTHING = (
    "Where no n-gram is shared, or the candidate is too short, BLEU is 0: return 0.0 before you take the logarithm."
)


def judge_bleu(student, candidate: str, references: list[str], n: int, expected: float, mistakes=None) -> None:
    """Compare BLEU of sentences with the expected value."""
    forbid(student, "bleu", calls=["nltk.*", "torchtext.*", "torchmetrics.*", "sacrebleu.*"])
    found = student.bleu(candidate.split(), [reference.split() for reference in references], n=n)
    expect_close(found, expected, mistakes=mistakes or {}, check_dtype=False)


@task("bleu", share="2/7")
def check_bleu_by_hand(student):
    """BLEU of "a red disc left of a blue square" against one reference is the value counted by hand."""
    candidate, reference = "a red disc left of a blue square", "a red disc right of a blue square"
    # 8 words, 7 of them shared; of 7 pairs 5; of 6 triples 3: "a red disc", "of a blue", "a blue square"
    percent = "BLEU is between 0 and 1; this is in percent."
    repeated = "Divide by the number of n-grams of the candidate, with repetitions; here by that of different ones."
    judge_bleu(student, candidate, [candidate], 4, 1.0, {percent: 100.0, repeated: (8 / 7) ** (1 / 4)})
    judge_bleu(student, "the the cat", ["the the dog"], 1, 2 / 3, {
        "An n-gram counts as often as it occurs; here each one counts once.": 1 / 2,
        "The last n-gram is missing: words[i : i + k] for i in range(len(words) - k + 1).": 1.0,
    })  # fmt: skip
    judge_bleu(student, candidate, [reference], 1, 7 / 8, {
        "1 is added to the counts; take them as they are.": 8 / 9,
        "The last n-gram is missing: words[i : i + k] for i in range(len(words) - k + 1).": 6 / 7,
        "Here n is 1: use n-grams of 1 to n words, not always of 1 to 4.": (7 / 8 * 5 / 7 * 3 / 6 * 1 / 5) ** (1 / 4),
    })  # fmt: skip
    judge_bleu(student, candidate, [reference], 2, math.sqrt(7 / 8 * 5 / 7), {
        "The mean of the precisions is arithmetic; it should be geometric.": (7 / 8 + 5 / 7) / 2,
        "The precisions are multiplied; take the n-th root as well.": 7 / 8 * 5 / 7,
        "Only the longest n-grams count; take those of 1 to n words.": 5 / 7,
    })  # fmt: skip
    judge_bleu(student, candidate, [reference], 3, (7 / 8 * 5 / 7 * 3 / 6) ** (1 / 3))


@task("bleu", share="1/7")
def check_bleu_clips_and_takes_the_best_reference(student):
    """A repeated word counts at most as often as in the reference where it is most frequent."""
    # Papineni et al., example 2: "the" occurs twice in the first reference
    the, first, second = "the the the the the the the", "the cat is on the mat", "there is a cat on the mat"
    judge_bleu(student, the, [first, second], 1, 2 / 7, {
        "Counts are not clipped.": 1.0,
        "Divide by the number of n-grams of the candidate, with repetitions; here by that of different ones.": 2.0,
        "Divide by the n-grams of the candidate; here by those of the references, which is recall.": 2 / 9,
        "The counts of all references are added; take the largest.": 3 / 7,
        "Each word counts at most once; it may count as often as in a reference.": 1 / 7,
    })  # fmt: skip
    # two of its pairs are in the first reference, two in the second; r = 4, of the reference closest in length
    judge_bleu(student, "a b c d e", ["a b c x", "c d e y z w v"], 2, 1.0, {
        "A candidate that is longer than the closest reference is not rewarded: the penalty is at most 1.": (
            math.exp(1 - 4 / 5)
        ),
    })  # fmt: skip
    with explain_errors({"math domain": NOTHING, "ZeroDivisionError": NOTHING}):
        judge_bleu(student, "disc red a", ["a red disc"], 2, 0.0)  # no pair is shared
        judge_bleu(student, "a red", ["a red disc"], 3, 0.0)  # too short for three words


@task("bleu", share="1/7")
def check_bleu_has_a_brevity_penalty(student):
    """A candidate that is shorter than the closest reference is penalised by exp(1 - r/c)."""
    judge_bleu(student, "a red disc", ["a red disc above a ring"], 1, math.exp(1 - 6 / 3), {
        "The brevity penalty is missing.": 1.0,
        "The penalty is c / r; it should be exp(1 - r/c).": 0.5,
        "The ratio in the penalty is inverted.": math.exp(1 - 3 / 6),
        "The precision is divided by the n-grams of the reference; divide by those of the candidate.": (
            3 / 5 * math.exp(1 - 6 / 3)
        ),
    })  # fmt: skip
    references = ["a red disc above a ring", "a red disc left", "a red disc right of a large blue ring"]
    judge_bleu(student, "a red disc", references, 1, math.exp(1 - 4 / 3), {
        "r is the length of the first reference; take that of the closest.": math.exp(1 - 6 / 3),
        "r is the length of the farthest reference, here the longest; take that of the closest.": math.exp(1 - 9 / 3),
        "r is the mean length of the references; take that of the closest.": math.exp(1 - 19 / 9),
    })  # fmt: skip
    references = ["a red", "a red disc above a blue"]  # the shorter of them is not the closest
    judge_bleu(student, "a red disc above a", references, 1, math.exp(1 - 6 / 5), {
        "r is the length of the shortest reference; take that of the closest.": 1.0,
    })  # fmt: skip
    judge_bleu(student, "a red disc above", ["a red disc"], 1, 3 / 4, {
        "A candidate that is longer than its reference is neither penalised nor rewarded.": 3 / 4 * math.exp(1 - 3 / 4),
        "A candidate that is longer than its reference is not penalised.": 3 / 4 * math.exp(1 - 4 / 3),
    })  # fmt: skip
