"""Public checks of vq_vae: nearest words by loops, and losses as sums."""

import math

import torch

from autograder import expect, expect_close, expect_equal, expect_shape, is_sequence, task

SET = """
import torch

def seeded(seed):
    return torch.Generator().manual_seed(seed)

def with_book(layer, book):
    layer = layer.to(book.dtype)
    with torch.no_grad():
        layer.codebook.copy_(book)
    return layer

def answer(layer, z):
    with torch.no_grad():
        return layer(z)

def gradients(layer, z, weight):
    z = z.clone().requires_grad_()
    with torch.enable_grad():
        z_q, _, loss = layer(z)
        through = torch.autograd.grad((z_q * weight).sum(), z, retain_graph=True, allow_unused=True)[0]
        rest = torch.autograd.grad((z_q * weight).sum(), layer.codebook, retain_graph=True, allow_unused=True)[0] \\
            if z_q.requires_grad else None
        of_z, of_book = torch.autograd.grad(loss, (z, layer.codebook), allow_unused=True)
    zero = lambda g, like: torch.zeros_like(like) if g is None else g
    return zero(through, z), zero(rest, layer.codebook), zero(of_z, z), zero(of_book, layer.codebook)

def parameters(layer, z):
    # those that the results depend on
    named = dict(layer.named_parameters())
    with torch.enable_grad():
        z_q, _, loss = layer(z)
        grads = torch.autograd.grad(z_q.sum() + loss, list(named.values()), allow_unused=True)
    return {name: p.detach() for (name, p), grad in zip(named.items(), grads) if grad is not None}
"""


def quantised(z, book):
    """Find the nearest word of each place by a loop: words like z, and codes."""
    N, _, h, w = z.shape
    codes = torch.zeros(N, h, w, dtype=torch.int64, device=z.device)
    chosen = torch.zeros_like(z)
    rows = book.tolist()
    for n in range(N):
        for i in range(h):
            for j in range(w):
                here = z[n, :, i, j].tolist()
                far = [math.dist(here, row) for row in rows]
                codes[n, i, j] = far.index(min(far))
                chosen[n, :, i, j] = book[codes[n, i, j]]
    return chosen, codes


@task("VectorQuantizer", share=50, any_dtype=True)
def check_places_get_the_nearest_word(student, rng):
    """Codes are those of the nearest words, z_q has the words, and the loss is the sum of two means."""
    helper = student.define(SET)
    z, book = rng.normal(2, 3, 4, 5, dtype=torch.float32), rng.normal(6, 3, dtype=torch.float32)
    layer = helper.with_book(student.VectorQuantizer(6, 3, 0.4), book)
    found = helper.answer(layer, z)
    expect(is_sequence(found) and len(found) == 3, "forward returns z_q, codes and the loss.")
    chosen, codes = quantised(z, book)
    far = torch.cdist(z.movedim(1, -1).reshape(-1, 3), book)
    expect_equal(found[1], codes, name="the codes", mistakes={
        "The nearest word has the smallest distance, not the largest.": far.argmax(dim=1).reshape(2, 4, 5),
        "The nearest word is not that of the largest product.":
            (z.movedim(1, -1).reshape(-1, 3) @ book.T).argmax(dim=1).reshape(2, 4, 5),
        "Move the D numbers of a place to the end before you reshape.":
            torch.cdist(z.reshape(-1, 3), book).argmin(dim=1).reshape(2, 4, 5),
        "Euclid's distance has squares, not absolute values.":
            torch.cdist(z.movedim(1, -1).reshape(-1, 3), book, p=1.0).argmin(dim=1).reshape(2, 4, 5),
    })  # fmt: skip
    expect_close(found[0], chosen, name="z_q", mistakes={
        "z_q has the values of the words.": z,
        "Move the D numbers back to axis 1.": chosen.movedim(1, -1),
    })  # fmt: skip
    apart = (z - chosen).square()
    right = 1.4 * apart.mean()
    expect_close(found[2], right, name="the loss", mistakes={
        "Both losses count: that of the codebook, and beta times that of commitment.": apart.mean(),
        "The loss of the codebook is missing.": 0.4 * apart.mean(),
        "Take means over all numbers, not sums.": 1.4 * apart.sum(),
        "Take means over all numbers: D counts, too.": 1.4 * apart.sum(dim=1).mean(),
        "beta counts once.": 1.16 * apart.mean(),
        "beta is that of the constructor.": 1.25 * apart.mean(),
    })  # fmt: skip
    two = helper.with_book(student.VectorQuantizer(2, 1, 0.25), torch.tensor([[0.0], [1.0]], device=rng.device))
    _, word, price = helper.answer(two, torch.full((1, 1, 1, 1), 0.4, device=rng.device))
    expect_equal(word, torch.zeros(1, 1, 1, dtype=torch.int64, device=rng.device), name="the codes")
    expect_close(price, torch.tensor(0.16 + 0.25 * 0.16, device=rng.device), name="the loss")  # the worked example
    weight = rng.normal(2, 3, 4, 5, dtype=torch.float32)
    through, _, _, _ = helper.gradients(layer, z, weight)
    expect_close(through, weight, name="the gradient of z_q in z", mistakes={
        "No gradient goes through: return z + (e - z).detach().": torch.zeros_like(z),
    })  # fmt: skip


@task("code_usage", share=50, any_dtype=True)
def check_perplexity_of_some_codes(student, rng):
    """The worked example and random codes have the perplexity of their shares."""
    codes = rng.integers(0, 5, 3, 4, 6)
    shares = [int((codes == k).sum()) / 72 for k in range(7)]
    entropy = -sum(p * math.log(p) for p in shares if p > 0)
    expect_close(student.code_usage(codes, 7), math.exp(entropy), name="random codes", mistakes={
        "This is the entropy; the perplexity is its exponential.": entropy,
        "Base and logarithm belong together: exp and log.": 2**entropy,
        "Base and logarithm belong together: exp and log, not log2.": math.exp(entropy / math.log(2)),
        "This counts the words that occur.": float(len(codes.unique())),
        "Do not divide by K: the perplexity goes up to K.": math.exp(entropy) / 7,
    }, hint="p is the share of all codes, and the sum of p log p is over words that occur: 0 log 0 is 0.")  # fmt: skip
    expect_close(student.code_usage(torch.tensor([0, 0, 1, 1], device=rng.device), 4), 2.0, name="the worked example")


@task("reset_dead", share=50, any_dtype=True)
def check_dead_words_land_on_data(student, rng):
    """Words that were never used become rows of the data; the others stay."""
    helper = student.define(SET)
    book, z = rng.normal(6, 3, dtype=torch.float32), rng.normal(40, 3, dtype=torch.float32)
    usage = torch.tensor([3, 0, 1, 0, 0, 9], device=rng.device)
    found = student.reset_dead(book, usage, z, helper.seeded(1))
    expect_shape(found, (6, 3))
    alive = usage > 0
    expect_close(found[alive], book[alive], name="the words in use", hint="Only words with the usage 0 move.")
    on_data = (found[~alive][:, None] == z[None]).all(dim=2).any(dim=1)
    expect(bool(on_data.all()), "A dead word is not a row of z.", "Draw rows of z with torch.randint.")
    expect(len(found[~alive].unique(dim=0)) > 1, "All dead words became one vector.", "Draw a row for each.")
