"""Hidden checks of clipping, word vectors, the loss of a sentence and BLEU."""

import math

import torch
import torch.nn.functional as F
from oracles import HELPERS
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_unchanged, explain_errors, forbid, task

CLIP = """
import torch

def clip(f, grads, limit, lazy):
    parameters = [torch.zeros_like(g, requires_grad=True) for g in grads]
    copies = [g.clone() for g in grads]
    for p, g in zip(parameters, copies):
        p.grad = g
    idle = torch.ones(3, 2, dtype=grads[0].dtype, device=grads[0].device, requires_grad=True)
    several = [idle, *parameters, idle]
    total = f(iter(several) if lazy else several, limit)
    return total, [p.grad for p in parameters], idle.grad is None, [p for p in parameters], copies

def clip_nothing(f, count, limit):
    idle = [torch.ones(3, 2, requires_grad=True) for _ in range(count)]
    return f(idle, limit), all(p.grad is None for p in idle)
"""


@task("clip_gradients", share=25, any_dtype=True)
def check_clipping_passes_over_what_has_no_gradient(student, rng):
    """Clipping accepts any iterable, skips parameters without a gradient, and scales in place."""
    grads = [2 * rng.normal(3, 4, dtype=torch.float32), rng.normal(6, dtype=torch.float32)]
    length = torch.cat([g.flatten() for g in grads]).norm()
    for lazy in (False, True):
        with explain_errors({"NoneType": "A parameter without a gradient has None in .grad: leave it out."}):
            total, found, idle, values, copies = student.define(CLIP).clip(student.clip_gradients, grads, 0.25, lazy)
        expect_close(total, length, name="the length before")
        expect_close(found, [g * (0.25 / length) for g in grads], rtol=1e-3, name="gradients after", mistakes={
            "The gradients did not change. An iterator can be read once: make a list of the parameters first.": grads,
        })  # fmt: skip
        expect(idle is True, "A parameter without a gradient was given one.")
        expect_equal(values, [torch.zeros_like(g) for g in grads], name="the parameters after the call")
        expect_equal(copies, found, name="the tensors that were in .grad before the call, scaled in place")
    for count in (0, 2):
        total, idle = student.define(CLIP).clip_nothing(student.clip_gradients, count, 0.25)
        expect_close(
            total, 0.0, name=Message("the length before, of {count} parameters without a gradient", count=count)
        )
        expect(idle is True, "A parameter without a gradient was given one.")


@task("clip_gradients", share=25)
def check_clipping_leaves_short_gradients(student, rng):
    """Gradients that are short enough, or zero, do not change at all."""
    forbid(student, "clip_gradients", calls=["nn.utils.*"])
    for grads in ([rng.normal(3, 4), rng.normal(5)], [torch.zeros(4, dtype=torch.float64, device=rng.device)]):
        length = torch.cat([g.flatten() for g in grads]).norm()
        total, found, *_ = student.define(CLIP).clip(student.clip_gradients, grads, float(length) + 1, False)
        expect_close(total, length, name="the length before")
        up = {
            "They were scaled up to the limit; only longer gradients should change.": [
                g * ((length + 1) / length) for g in grads
            ]
        }
        expect_close(found, grads, rtol=1e-7, atol=1e-9, name="gradients after", mistakes=up)


EMBED = """
def gradient(module, words, weights):
    (module(words) * weights).sum().backward()
    return module.W_embed.grad
"""


@task("WordEmbedding", share="1/3", keeps=True)
def check_a_row_collects_from_all_its_words(student, rng):
    """The gradient of a row is the sum over all places of its word; any shape of words is accepted."""
    forbid(student, "WordEmbedding", calls=["nn.Embedding*"])
    table, words, weights = rng.normal(7, 3), rng.integers(0, 5, 4, 6), rng.normal(4, 6, 3)
    module = student.define(HELPERS).make_embedding(student.WordEmbedding, 7, 3, table)
    right = torch.zeros_like(table).index_add(0, words.flatten(), weights.flatten(0, 1))
    expect_close(student.define(EMBED).gradient(module, words, weights), right, name="gradient of W_embed")
    module.eval()
    for some in (words[0], words[1, 2], words[:, :, None]):
        expect_close(module(some), F.embedding(some, table))


def summed(scores: Tensor, words: Tensor, ignored: int = -1) -> Tensor:
    """Compute the loss word by word."""
    total = scores.new_zeros(())
    for row, right in zip(scores.flatten(0, 1), words.flatten().tolist(), strict=True):
        if right != ignored:
            total = total + row.logsumexp(0) - row[right]
    return total / len(scores)


@task("temporal_softmax_loss", share=20)
def check_loss_of_large_scores_and_views(student, rng):
    """The loss is right for scores in the thousands, views, one caption and float32; inputs are unchanged."""
    for num, steps, size, scale, dtype in [(3, 5, 4, 2000.0, torch.float64), (1, 2, 9, 1.0, torch.float32)]:
        scores = scale * rng.normal(steps, num, size, dtype=dtype).transpose(0, 1)
        words = rng.integers(0, size, steps, num).T
        options = {"ignore_index": size}
        seen = student.inspect(student.temporal_softmax_loss, scores, words, **options)
        expect_close(seen.value, summed(scores, words))
        expect_unchanged(seen, scores, words)


LOSS = """
def gradient(f, x, y, ignored):
    x = x.clone().requires_grad_()
    f(x, y, ignore_index=ignored).backward()
    return x.grad
"""


@task("temporal_softmax_loss", share=20, any_dtype=True)
def check_padding_gets_no_gradient(student, rng):
    """Padding gets no gradient, other words get that of the formula, for any ignore_index."""
    for ignored in (0, 3, 6):
        scores, words = rng.normal(4, 5, 7), rng.integers(0, 7, 4, 5)
        words[:, 3:] = ignored
        words[1] = ignored  # an empty caption
        expect_close(student.temporal_softmax_loss(scores, words, ignore_index=ignored),
                     summed(scores, words, ignored),
                     name=Message("loss, ignoring {ignored}", ignored=ignored))  # fmt: skip
        right = (scores.softmax(2) - F.one_hot(words, 7)) / 4 * (words != ignored)[:, :, None]
        found = student.define(LOSS).gradient(student.temporal_softmax_loss, scores, words, ignored)
        expect_close(found, right, name="gradient of the scores")


def plain_bleu(candidate: list[str], references: list[list[str]], n: int) -> float:
    """Compute BLEU by loops, as Papineni et al. describe it."""
    precisions = []
    for k in range(1, n + 1):
        mine = [tuple(candidate[i : i + k]) for i in range(len(candidate) - k + 1)]
        shared = 0
        for gram in set(mine):
            counts = [sum(tuple(r[i : i + k]) == gram for i in range(len(r) - k + 1)) for r in references]
            shared += min(mine.count(gram), max(counts))
        precisions.append(shared / len(mine) if mine else 0.0)
    if min(precisions) == 0:
        return 0.0
    c = len(candidate)
    r = sorted((abs(len(reference) - c), len(reference)) for reference in references)[0][1]
    return (1.0 if c > r else math.exp(1 - r / c)) * math.prod(precisions) ** (1 / n)


def sentences(rng) -> tuple[list[str], list[list[str]]]:
    """Draw a candidate and references that share runs of words with it; some words are split or capitalised."""
    letters = ("a", "b", "ab", "ba", "B")
    candidate = [rng.choice(letters) for _ in range(rng.int(7, 15))]
    references = []
    for _ in range(rng.int(1, 5)):
        words = [rng.choice(letters) if rng.int(0, 9) == 0 else word for word in candidate]
        text = " ".join(words[rng.int(0, 4) :] + [rng.choice(letters) for _ in range(rng.int(0, 6))])
        for old, new in (("a ba", "ab a"), ("ab a", "a ba"), ("b", "B"), ("B", "b")):
            text = text.replace(old, new, 1) if rng.int(0, 2) else text
        references.append(text.split())
    return candidate, references


@task("bleu", share="2/7")
def check_bleu_agrees_with_a_plain_formula(student, rng):
    """BLEU of random sentences agrees with a plain formula, for n from 1 to 5, and does not change the sentences."""
    for case in range(40):
        candidate, references = sentences(rng)
        n = 1 + case % 5
        seen = student.inspect(student.bleu, candidate, references, n=n)
        expect_close(seen.value, plain_bleu(candidate, references, n), name=Message("BLEU with n = {n}", n=n))
        expect_unchanged(seen, candidate, references)
    sentence = ["a", "red", "striped", "disc", "above", "a", "ring"]
    expect_close(student.bleu(sentence, [sentence[1:], sentence]), 1.0, name="BLEU of a reference, n = 4 by default")


@task("bleu", share="1/7")
def check_bleu_of_short_candidates(student):
    """BLEU of an empty candidate, of one shorter than n words and of one without a shared n-gram is 0."""
    truth = ["a", "red", "disc", "above", "a", "blue", "ring"]
    for candidate, n in [([], 4), ([], 1), (["a"], 2), (truth[:3], 4), (["disc", "red", "a"], 2), (["x"] * 9, 1)]:
        found = student.bleu(candidate, [truth], n=n)
        expect_close(found, 0.0, atol=1e-12, name=Message("BLEU with n = {n}", n=n))
    expect_close(student.bleu(["a"], [["b"], ["a", "b", "c"]], n=1), 1.0, name="BLEU of one word, n = 1")
    # references of 4 and of 2 words are equally close to 3: the shorter counts
    for references in ([["a"] * 4, ["a"] * 2], [["a"] * 2, ["a"] * 4]):
        found = student.bleu(["a"] * 3, references, n=1)
        expect_close(found, 1.0, name="BLEU between a shorter and a longer reference")
