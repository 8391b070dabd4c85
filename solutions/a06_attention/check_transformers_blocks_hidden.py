"""Hidden checks of a06, transformers: blocks of other sizes, their gradients, and the tokens they must not see."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from check_transformers_blocks import DROPPED
from oracles import PARTS_BY_HAND, parts, passes, translated, wrong_decoders
from oracles_loans import LOANS_OF_BLOCKS, LOANS_OF_TRANSFORMERS
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_same_gradients, forbid, task
from autograder.probes.torch_layers import READY_MADE, decoder_layer, encoder_layer, norms_alone, some_mask


def normalised(
    x: Tensor,
    pair: tuple[Tensor, Tensor],
    epsilon: float,
    mean: Callable[[Tensor], Tensor] = torch.clone,
    variance: Callable[[Tensor], Tensor] = torch.clone,
) -> Tensor:
    """Normalise each position by the formula, with functions that may stop the gradients of mean and variance."""
    centred = x - mean(x.mean(-1, keepdim=True))
    return pair[0] * centred / (variance(centred.square().mean(-1, keepdim=True)) + epsilon).sqrt() + pair[1]


@task("LayerNormalization", share=40, keeps=True)
def check_layer_norm_on_other_inputs(student, rng):
    """Layer normalisation is right for any number of axes, large and tiny numbers, float32, and a large epsilon."""
    forbid(student, "LayerNormalization", calls=READY_MADE)
    cases = [((3, 7), 1e-10, 1e3), ((2, 3, 4, 6), 0.3, 1.0), ((2, 2, 5), 1e-4, 1e-2), ((4, 6), 1e-10, 1e-4)]
    for shape, epsilon, scale in cases:
        x = scale * rng.normal(*shape) + 2
        norm = student.LayerNormalization(shape[-1], epsilon=epsilon)
        pair = parts(student, norm, [x], rng, norm=1)["norm"][0]
        by_torch = partial(F.layer_norm, normalized_shape=shape[-1:], weight=pair[0], bias=pair[1], eps=epsilon)
        deviation = x.std(-1, correction=0, keepdim=True)
        expect_close(norm(x), by_torch(x), name=Message("epsilon {epsilon:g}", epsilon=epsilon), mistakes={
            "Epsilon is outside of the root; add it to the variance.": (
                pair[0] * (x - x.mean(-1, keepdim=True)) / (deviation + epsilon) + pair[1]
            ),
            "Epsilon is missing, or it is not the argument but a number such as 1e-5.": by_torch(x, eps=1e-5),
            "The variance was raised to 1e-5; epsilon is all that is added to it.": partial(
                normalised, x, pair, epsilon, variance=lambda v: v.clamp(min=1e-5)
            ),
        })  # fmt: skip
        expect_same_gradients(student, rng, norm, by_torch, x, weights=pair, name=f"epsilon {epsilon:g}", mistakes={
            "The mean and the variance pass no gradient: is there a detach(), .data or torch.no_grad()?": (
                partial(normalised, pair=pair, epsilon=epsilon, mean=Tensor.detach, variance=Tensor.detach)
            ),
            "The mean passes no gradient: is there a detach(), .data or torch.no_grad()?": (
                partial(normalised, pair=pair, epsilon=epsilon, mean=Tensor.detach)
            ),
            "The variance passes no gradient: is there a detach(), .data or torch.no_grad()?": (
                partial(normalised, pair=pair, epsilon=epsilon, variance=Tensor.detach)
            ),
        })  # fmt: skip
    x = rng.normal(4, 9, dtype=torch.float32)
    fresh = student.LayerNormalization(9).to(x.device)
    expect_close(fresh(x), F.layer_norm(x, (9,), eps=1e-10), name="a new layer")
    far = x + 3000
    out, expected = fresh(far), F.layer_norm(far.double(), (9,), eps=1e-10).float()
    expect(
        torch.allclose(out, expected, atol=0.02),
        "The result is wrong for float32 numbers near 3000, whose variance is 1.",
        "Subtract the mean before you square: E[x^2] - E[x]^2 loses all digits.",
    )


@task("FeedForwardBlock", share="1/3", keeps=True)
def check_feedforward_on_other_sizes(student, rng):
    """The feed-forward network is right when its hidden layer is narrower, and its gradients are right."""
    for width, hidden in [(7, 3), (2, 11)]:
        x = rng.normal(3, 5, width)
        block = student.FeedForwardBlock(width, hidden).train(width == 7)
        pairs = parts(student, block, [x], rng, shapes=[(hidden, width), (width, hidden)])["linear"]

        def by_torch(x: Tensor, first: tuple = pairs[0], second: tuple = pairs[1]) -> Tensor:
            return F.linear(F.linear(x, *first).relu(), *second)

        expect_close(block(x), by_torch(x))
        expect_same_gradients(student, rng, block, by_torch, x, weights=pairs)


@task("EncoderBlock", share="2/7", loans=LOANS_OF_BLOCKS)
def check_encoder_block_on_other_sizes(student, rng):
    """The encoder block agrees with torch's for other sizes, in training too if dropout is 0."""
    forbid(student, "EncoderBlock", calls=READY_MADE, apart=PARTS_BY_HAND)
    for heads, width, hidden, num, length in [(1, 5, 3, 1, 4), (4, 8, 20, 3, 1), (3, 9, 4, 2, 11)]:
        x = rng.normal(num, length, width)
        block = student.EncoderBlock(heads, width, hidden, 0.0)
        shapes = [(hidden, width), (width, hidden)]
        found = parts(student, block, [x], rng, attention=1, heads=heads, width=width, shapes=shapes, norm=2)
        expected = encoder_layer(found["attention"], found["linear"], found["norm"])(x).detach()
        expect_close(block.train()(x), expected, name="in training")
        expect_close(block.eval()(x), expected, name="in eval mode")


@task("EncoderBlock", share="1/7", loans=LOANS_OF_BLOCKS)
def check_encoder_block_does_not_know_the_order(student, rng):
    """Shuffling an encoder block's input shuffles its output in the same way, and all its gradients are right."""
    x, order = rng.normal(2, 7, 6), rng.permutation(7)
    block = student.EncoderBlock(2, 6, 10, 0.2)
    found = parts(student, block, [x], rng, attention=1, linear=2, norm=2)
    layer = encoder_layer(found["attention"], found["linear"], found["norm"])
    expect_close(block.eval()(x[:, order]), layer(x)[:, order])
    expect_same_gradients(student, rng, block, layer, x, train=False)


@task("get_subsequent_mask", share="1/3", keeps=True)
def check_mask_on_other_sizes(student, rng):
    """The mask is right for one token, for one sequence, for long ones, and for any tokens."""
    for num, length in [(1, 1), (4, 1), (1, 9), (2, 40)]:
        later = [[key > query for key in range(length)] for query in range(length)]
        expected = torch.tensor(later, device=rng.device).repeat(num, 1, 1)
        expect_equal(student.get_subsequent_mask(rng.integers(0, 3, num, length)), expected)


@task("DecoderBlock", share="2/7", loans=LOANS_OF_BLOCKS)
def check_decoder_block_on_other_sizes(student, rng):
    """The decoder block agrees with torch's for other lengths and sizes, and all its gradients are right."""
    forbid(student, "DecoderBlock", calls=READY_MADE, apart=PARTS_BY_HAND)
    cases = [(1, 5, 3, 1, 4, 2), (4, 8, 20, 3, 1, 6), (3, 9, 4, 2, 8, 1), (2, 6, 5, 2, 5, 5)]
    for heads, width, hidden, num, length, memory in cases:
        x, encoded = rng.normal(num, length, width), rng.normal(num, memory, width)
        block = student.DecoderBlock(heads, width, hidden, 0.0)
        shapes = [(hidden, width), (width, hidden)]
        found = parts(student, block, [x, encoded], rng, attention=2, heads=heads, width=width, shapes=shapes, norm=3)
        layer = decoder_layer(found["attention"], found["linear"], found["norm"])
        for mask in (None, some_mask(rng.uniform(1, length, length)).repeat(num, 1, 1)):
            hidden_keys = None if mask is None else mask[0]
            by_torch = partial(layer, tgt_mask=hidden_keys)
            wrong = wrong_decoders(x, encoded, hidden_keys, found)
            expect_close(block(x, encoded, mask), by_torch(x, encoded), mistakes=wrong)
            expect_same_gradients(
                student, rng, block, lambda x, encoded, _, f=by_torch: f(x, encoded), x, encoded, mask, train=False
            )


@task("DecoderBlock", share="1/7", loans=LOANS_OF_BLOCKS)
def check_decoder_block_does_not_see_the_future(student, rng):
    """With the mask of the future, a change at position t changes the result at t and nothing before it."""
    x, encoded = rng.normal(2, 6, 8), rng.normal(2, 5, 8)
    later = torch.ones(2, 6, 6, dtype=torch.bool, device=x.device).triu(1)
    block = student.DecoderBlock(2, 8, 16, 0.3)
    parts(student, block, [x, encoded, later], rng, attention=2)
    before = block.eval()(x, encoded, later)
    for t in (1, 3, 5):
        changed = x.clone()
        changed[:, t] = 3 * rng.normal(2, 8)
        after = block(changed, encoded, later)
        expect_close(after[:, :t], before[:, :t], name=Message("positions before {t}, after position {t} changed", t=t))
        expect(
            not torch.allclose(after[:, t], before[:, t]), Message("Position {t} changed, and its result did not.", t=t)
        )


@task("Transformer", share=20, loans=LOANS_OF_TRANSFORMERS)
def check_transformer_sees_positions_and_not_the_future(student, rng):
    """Later tokens do not change earlier scores; only the positions, which may differ by row, carry the order."""
    model = student.Transformer(2, 8, 12, 0.3, 1, 2, 13)
    questions, answers = rng.integers(0, 13, 3, 6), rng.integers(0, 13, 3, 5)
    ques_pos, ans_pos = rng.normal(1, 6, 8), rng.normal(1, 5, 8)
    parts(student, model, [questions, ques_pos, answers, ans_pos], rng, attention=5)
    before = model.eval()(questions, ques_pos, answers, ans_pos).reshape(3, 4, 13)
    for t in range(1, 5):
        changed = answers.clone()
        changed[:, t] = (changed[:, t] + 1 + rng.integers(0, 12, 3)) % 13
        after = model(questions, ques_pos, changed, ans_pos).reshape(3, 4, 13)
        expect_close(
            after[:, :t], before[:, :t], name=Message("the scores before position {t}, after token {t} changed", t=t)
        )
        seen = t == 4 or not torch.allclose(after[:, t], before[:, t])
        expect(seen, Message("Token {t} of the answer changed, and the scores at its position did not.", t=t))

    each = [rng.normal(3, 6, 8), rng.normal(3, 5, 8)]  # positions that differ from row to row
    alone = [model(questions[i:][:1], each[0][i:][:1], answers[i:][:1], each[1][i:][:1]) for i in range(3)]
    together = model(questions, each[0], answers, each[1])
    expect_close(together, torch.cat(alone), name="with other positions for each row")

    order = torch.arange(6, device=questions.device).roll(1)
    questions[:, 0] = (questions[:, 1] + 1) % 13  # not all equal
    shuffled = questions[:, order]
    same = model(questions, 0 * ques_pos, answers, ans_pos)
    expect_close(model(shuffled, 0 * ques_pos, answers, ans_pos), same, name="without positions, the question shuffled")
    ordered, other = (model(q, ques_pos, answers, ans_pos) for q in (questions, shuffled))
    expect(not torch.allclose(ordered, other), "With positions, shuffling the question did not change the scores.")


@task("Transformer", share=10, loans=LOANS_OF_TRANSFORMERS)
def check_transformer_learns_everywhere(student, rng):
    """The Transformer's weights have the right sizes and gradients, and dropout acts in training only."""
    inputs = [rng.integers(0, 9, 2, 7), rng.normal(1, 7, 6), rng.integers(0, 9, 2, 4), rng.normal(1, 4, 6)]
    model = student.Transformer(3, 6, 5, 0.4, 1, 2, 9)
    shapes = [*3 * [(5, 6), (6, 5)], (9, 6)]
    wanted = {"attention": 1 + 2 * 2, "norm": 1 * 2 + 2 * 3, "embedding": 1}
    found = parts(student, model, inputs, rng, heads=3, width=6, shapes=shapes, **wanted)
    expect_equal([tuple(t.shape) for t in found["embedding"]], [(9, 6)], name="the shape of the embedding")

    def by_torch(ques: Tensor, ques_pos: Tensor, ans: Tensor, ans_pos: Tensor) -> Tensor:
        return translated(found, (1, 2), ques, ques_pos, ans[:, :-1], ans_pos[:, :-1])

    names = ("ques_pos", "ans_pos")
    expect_same_gradients(student, rng, model, by_torch, *inputs, weights=found, train=False, names=names)
    expect(not torch.equal(model.train()(*inputs), model(*inputs)), "In training, two passes with dropout were equal.")
    expect_equal(model.eval()(*inputs), model(*inputs), name="the second pass in eval mode")

    model = student.Transformer(2, 6, 5, 1.0, 1, 1, 9)
    norms = parts(student, model, inputs, rng, norm=5)["norm"]
    expect(
        torch.equal(model.train()(*inputs), model(*inputs)),
        "In training with dropout 1, two passes differ: some dropout has another probability.",
        "Pass the argument dropout on to the encoder and to the decoder.",
    )
    seen = passes(student, model.train(), inputs, student.EncoderBlock, student.DecoderBlock)
    expect_equal(len(seen), 2, name="the number of blocks that ran")
    for which, pairs, (given, out) in zip(
        (Message("encoder"), Message("decoder")), (norms[:2], norms[2:]), seen, strict=True
    ):
        if out.any():  # zeros: dropout comes after the norms
            name = Message(
                "the {which} block's output in training with dropout 1, when only the norms are left", which=which
            )
            expect_close(out, norms_alone(given, pairs), name=name, hint=DROPPED)
