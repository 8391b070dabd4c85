"""Hidden checks of vq_vae: gradients, other sizes and dtypes, and generators."""

import torch
from check_vq_vae import SET, quantised
from oracles_state import judge_state

from autograder import (
    Message,
    expect,
    expect_close,
    expect_draws,
    expect_equal,
    expect_shape,
    expect_unchanged,
    explain_errors,
    task,
)


@task("VectorQuantizer", share=50, keeps=True)
def check_gradients_of_book_and_encoder(student, rng):
    """The codebook learns from the first loss alone, z from the second alone, and z_q passes its gradient to z only."""
    helper = student.define(SET)
    for N, D, h, w, K, beta in ((2, 3, 2, 4, 5, 0.25), (1, 1, 1, 1, 2, 1.5), (3, 2, 3, 1, 1, 0.7)):
        z, book, weight = rng.normal(N, D, h, w), rng.normal(K, D), rng.normal(N, D, h, w)
        layer = helper.with_book(student.VectorQuantizer(K, D, beta), book)
        seen = student.inspect(helper.answer, layer, z)
        judge_state(student, helper.answer, lambda K=K, D=D: student.VectorQuantizer(K, D), z.float())
        chosen, codes = quantised(z, book)
        expect_equal(seen.value[1], codes, name=Message("the codes of {K} words", K=K))
        expect_close(seen.value[0], chosen, name="z_q")
        expect_equal(seen.args[1], z, name="z after the call", hint="Do not write into z.")
        through, rest, of_z, of_book = helper.gradients(layer, z, weight)
        expect_close(through, weight, name="the gradient of z_q in z")
        expect_close(rest, torch.zeros_like(book), name="the gradient of z_q in the codebook",
                     hint="z_q = z + (e - z).detach(): the codebook learns from the loss alone.")  # fmt: skip
        size = z.numel()
        expect_close(of_z, 2 * beta * (z - chosen) / size, name="the gradient of the loss in z", mistakes={
            "The commitment loss passes a gradient to z: detach e there, not z.": torch.zeros_like(z),
            "z learns from the commitment loss only: the terms are exchanged.": 2 * (z - chosen) / size,
            "z learns from the commitment loss only: detach z in the first.": 2 * (1 + beta) * (z - chosen) / size,
        })  # fmt: skip
        rows = (chosen - z).movedim(1, -1).reshape(-1, D)
        right = torch.zeros_like(book).index_add(0, codes.flatten(), 2 * rows / size)
        expect_close(of_book, right, name="the gradient of the loss in the codebook", mistakes={
            "The first loss passes a gradient to the codebook: detach z there, not e.": torch.zeros_like(book),
            "The codebook learns from the first loss only: the terms are exchanged.": beta * right,
            "The codebook learns from the first loss only: detach e in the second.": (1 + beta) * right,
        })  # fmt: skip
    names = helper.parameters(student.VectorQuantizer(4, 2), rng.normal(1, 2, 3, 3, dtype=torch.float32))
    expect(list(names) == ["codebook"], "The only parameter is codebook.", "beta is a plain number.")
    expect_shape(names["codebook"], (4, 2), name="the codebook")
    expect(len(names["codebook"].unique(dim=0)) == 4, "The words of a new codebook are equal.", "Draw them at random.")
    tie = torch.tensor([[1.0], [-1.0], [1.0]], dtype=torch.float64, device=rng.device)
    layer = helper.with_book(student.VectorQuantizer(3, 1), tie)
    z = torch.tensor([0.0, 0.4], dtype=torch.float64, device=rng.device).reshape(1, 1, 1, 2)
    _, codes, loss = helper.answer(layer, z)
    expect_equal(codes.flatten().tolist(), [0, 0], name="words that are equally near", hint="The first one counts.")
    expect_close(loss, torch.tensor(1.25 * (1 + 0.36) / 2, dtype=torch.float64), name="the loss with beta by default",
                 hint="beta is 0.25 by default.")  # fmt: skip


@task("code_usage", share=50)
def check_perplexity_of_other_codes(student, rng):
    """One word gives 1, all words equally often give K, and the codes stay."""
    for K in (1, 2, 9):
        codes = torch.arange(3 * K, device=rng.device).reshape(3, K) % K
        seen = student.inspect(student.code_usage, codes, K)
        expect_close(seen.value, float(K), name=Message("{K} words, equally often", K=K))
        expect(type(seen.value) is float, "The perplexity is not a Python number.", "Return float(...).")
        expect_unchanged(seen, codes, K)
        expect_close(student.code_usage(torch.full((4,), K - 1, device=rng.device), K), 1.0, name="one word")
    codes = torch.tensor([5, 5, 5, 0], device=rng.device)
    expect_close(student.code_usage(codes, 8), 4 / 3**0.75, name="words that do not occur")


DRAW = "Draw with the generator that is given: generator=generator."
TWICE = "Several words may become the same row: torch.randint, not torch.randperm."


@task("reset_dead", share=50)
def check_resets_follow_their_generator(student, rng):
    """Equal generators give equal books, others differ; books without dead words stay; nothing changes in place."""
    helper = student.define(SET)
    book, z = rng.normal(8, 2), rng.normal(50, 2)
    usage = torch.tensor([0, 2, 0, 0, 1, 0, 0, 5], device=rng.device)
    seen = student.inspect(student.reset_dead, book, usage, z, helper.seeded(1))
    for number, (after, before) in enumerate(zip(seen.args[:3], (book, usage, z), strict=True), start=1):
        expect_equal(after, before, name=Message("argument {number} after the call", number=number),
                     hint="Return a new book; do not write into an argument.")  # fmt: skip
    expect(seen.value.dtype == book.dtype, "The new book has another dtype.", "Do not convert to another dtype.")
    expect_draws(student, lambda generator: student.reset_dead(book, usage, z, generator), rng.device)
    expect_equal(student.reset_dead(book, usage + 1, z, helper.seeded(1)), book, name="a book without dead words")
    rows = {int((row == z).all(dim=1).nonzero()[0, 0]) for seed in range(12)
            for row in student.reset_dead(book, usage, z, helper.seeded(seed))[usage == 0]}  # fmt: skip
    expect(len(rows) > 20, "Only some rows of z are ever drawn.", "Draw from all rows: torch.randint(len(z), ...).")
    with explain_errors({"RuntimeError": TWICE}):
        few = student.reset_dead(book, 0 * usage, z[:3], helper.seeded(1))
    expect_shape(few, (8, 2), name="a book of few rows")
    expect(bool((few[:, None] == z[:3]).all(dim=2).any(dim=1).all()), "A dead word is not a row of z.",
           TWICE)  # fmt: skip
    one = student.reset_dead(book, 0 * usage, z[:1])
    expect_close(one, z[:1].repeat(8, 1), name="a single row of data, without a generator")
