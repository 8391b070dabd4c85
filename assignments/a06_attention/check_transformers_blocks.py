"""Public checks of a06, transformers: blocks, against torch's layers with the student's weights."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from oracles import PARTS_BY_HAND, judge_dropout, judge_eval_mode, parts, translated, wrong_decoders, wrong_encoders
from oracles_loans import LOANS_OF_BLOCKS, LOANS_OF_TRANSFORMERS
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_shape, explain_errors, forbid, task
from autograder.probes.torch_layers import READY_MADE, decoder_layer, encoder_layer, norms_alone, some_mask


def wrong_norms(x: Tensor, gain: Tensor, shift: Tensor, epsilon: float) -> dict:
    """Return the result of each mistake, by its hint."""

    def by_formula(axes=-1, correction: int = 0, gain: Tensor = gain, shift: Tensor = shift, centre: bool = True):
        mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=correction, keepdim=True)
        return gain * (x - mean if centre else x) / (variance + epsilon).sqrt() + shift

    deviation = x.std(-1, correction=0, keepdim=True)
    centred, one, zero = x - x.mean(-1, keepdim=True), torch.ones_like(gain), torch.zeros_like(shift)
    return {
        "The variance divides by D - 1; divide by D.": lambda: by_formula(correction=1),
        "The variance divides by D - 1, and epsilon is outside of the root.": lambda: (
            gain * centred / (x.std(-1, keepdim=True) + epsilon) + shift
        ),
        "Epsilon is outside of the root; add it to the variance.": gain * centred / (deviation + epsilon) + shift,
        "Epsilon is missing, or it is not the argument but a number such as 1e-5.": (
            gain * centred / (deviation**2 + 1e-5).sqrt() + shift
        ),
        "The result is divided by the variance; divide by its root.": gain * centred / (deviation**2 + epsilon) + shift,
        "This normalises over all positions; normalise each position by itself.": lambda: by_formula((-2, -1)),
        "This normalises over the whole tensor; use mean(dim=-1, keepdim=True).": (
            lambda: by_formula(tuple(range(x.dim())))
        ),
        "This normalises over the positions; normalise over the last axis.": lambda: by_formula(1),
        "This normalises over the batch; normalise over the last axis.": lambda: by_formula(0),
        "The gain and the shift are not applied.": lambda: by_formula(gain=one, shift=zero),
        "The shift is missing.": lambda: by_formula(shift=zero),
        "The gain is missing.": lambda: by_formula(gain=one),
        "The shift multiplies and the gain is added; the parameter of ones multiplies.": (
            lambda: by_formula(gain=shift, shift=gain)
        ),
        "The shift is added before the gain multiplies; add it afterwards.": lambda: by_formula(shift=gain * shift),
        "The mean is not subtracted.": lambda: by_formula(centre=False),
    }


@task("LayerNormalization", share=60)
def check_layer_norm_agrees_with_torch(student, rng):
    """Layer normalisation agrees with torch's own, with a gain and a shift that are not one and zero."""
    forbid(student, "LayerNormalization", calls=READY_MADE)
    x = 3 * rng.normal(2, 4, 5) + 1
    for epsilon in (1e-10, 0.4):
        norm = student.LayerNormalization(5, epsilon=epsilon)
        with explain_errors({"RuntimeError": "Keep the last axis where you take means: mean(dim=-1, keepdim=True)."}):
            gain, shift = parts(student, norm, [x], rng, norm=1)["norm"][0]
            out = norm(x)
        mistakes = wrong_norms(x, gain, shift, epsilon)
        expect_close(out, F.layer_norm(x, (5,), gain, shift, epsilon), mistakes=mistakes)


@task("FeedForwardBlock", share="2/3")
def check_feedforward_agrees_with_torch(student, rng):
    """The feed-forward network is linear, ReLU, linear."""
    x = 10 * rng.normal(4, 7, 4)  # large, so that the biases alone do not decide any sign
    block = student.FeedForwardBlock(4, 9)
    (w1, b1), (w2, b2) = parts(student, block, [x], rng, linear=2)["linear"]
    expect_equal([tuple(w1.shape), tuple(w2.shape)], [(9, 4), (4, 9)], name="the shapes of the weights")

    hidden = F.linear(x, w1, b1)
    expect_close(block(x), F.linear(hidden.relu(), w2, b2), mistakes={
        "The ReLU is missing.": lambda: F.linear(hidden, w2, b2),
        "The ReLU comes after the second layer; it belongs between the layers.": (
            lambda: F.linear(hidden, w2, b2).relu()
        ),
        "There is a ReLU before the first layer too.": (
            lambda: F.linear(F.linear(x.relu(), w1, b1).relu(), w2, b2)
        ),
        "This is a GELU; it should be a ReLU.": lambda: F.linear(F.gelu(hidden), w2, b2),
        "This is a leaky ReLU; it should be a ReLU.": lambda: F.linear(F.leaky_relu(hidden), w2, b2),
        "This is a ReLU6, cut at 6; it should be a ReLU.": lambda: F.linear(hidden.clamp(0, 6), w2, b2),
        "This is a sigmoid; it should be a ReLU.": lambda: F.linear(hidden.sigmoid(), w2, b2),
        "This is tanh; it should be a ReLU.": lambda: F.linear(hidden.tanh(), w2, b2),
        "There is a ReLU after the second layer too.": lambda: F.linear(hidden.relu(), w2, b2).relu(),
        "The input is added to the result; the residual connection belongs to the block.": (
            lambda: x + F.linear(hidden.relu(), w2, b2)
        ),
    })  # fmt: skip


DROPPED = "Dropout acts on the result of each sub-layer, before its sum: with dropout 1 nothing of a sub-layer is left."


def judge_where_dropout_acts(student, block, inputs: list, rng, **wanted: int) -> None:
    """With dropout 1 each sub-layer gives zeros: only the norms are left, or zeros if dropout comes after the norms."""
    norms = parts(student, block, inputs, rng, **wanted)["norm"]
    x = inputs[0]
    out, again = block.train()(*inputs), block(*inputs)
    expect_shape(out, tuple(x.shape))
    expect(
        torch.equal(out, again),
        "In training with dropout 1, two passes differ: some dropout has another probability.",
        "Pass the argument on: nn.Dropout(dropout).",
    )
    if out.any():
        name = "in training with dropout 1, when only the norms are left"
        expect_close(out, norms_alone(x, norms), name=name, mistakes={
            "Dropout acts on the sums; apply it to the output of each sub-layer, before the sum.": (
                lambda: norms_alone(0 * x, norms)
            ),
            "There is no dropout: the result is that of eval mode.": lambda: block.eval()(*inputs),
            "The norms come before the sub-layers; here they come after the sums.": x,
            "The first norm comes before its sub-layer; it belongs after the sum.": lambda: norms_alone(x, norms[1:]),
            "The last norm comes before its sub-layer; it belongs after the sum.": lambda: norms_alone(x, norms[:-1]),
        }, hint=DROPPED)  # fmt: skip


WHOLE = {
    "of type float": "The heads share emb_dim numbers: emb_dim // num_heads is whole, emb_dim / num_heads a float."
}
CROSS = WHOLE | {
    "size": "In the cross-attention the queries come from the decoder, keys and values both from the encoder's output, "
    "and there is no mask: (x, enc_inp, enc_inp)."
}


@task("EncoderBlock", share="3/7", loans=LOANS_OF_BLOCKS)
def check_encoder_block_agrees_with_torch(student, rng):
    """The encoder block agrees with torch's nn.TransformerEncoderLayer (norm after the sum) with the same weights."""
    forbid(student, "EncoderBlock", calls=READY_MADE, apart=PARTS_BY_HAND)
    x = rng.normal(2, 5, 6)
    with explain_errors(WHOLE):
        block = student.EncoderBlock(2, 6, 9, 0.4)
    found = parts(student, block, [x], rng, attention=1, heads=2, width=6, shapes=[(9, 6), (6, 9)], norm=2)

    by_torch = encoder_layer(found["attention"], found["linear"], found["norm"])
    judge_eval_mode(block, x)
    expect_close(block(x), by_torch(x), mistakes=wrong_encoders(x, found))


@task("EncoderBlock", share="1/7", loans=LOANS_OF_BLOCKS)
def check_encoder_block_drops_in_training_only(student, rng):
    """The encoder block's dropout acts on each sub-layer in training, and not in eval mode."""
    with explain_errors(WHOLE):
        judge_dropout(student.EncoderBlock(2, 8, 16, 0.5), rng.normal(2, 5, 8, dtype=torch.float32))
    judge_where_dropout_acts(student, student.EncoderBlock(2, 6, 9, 1.0), [rng.normal(2, 5, 6)], rng, norm=2)


@task("get_subsequent_mask", share="2/3")
def check_mask_hides_the_future(student, rng):
    """The mask is True above the diagonal: position t sees 0 to t."""
    later = torch.arange(4, device=rng.device)[None, :] > torch.arange(4, device=rng.device)[:, None]
    mask = student.get_subsequent_mask(rng.integers(0, 9, 3, 4))
    if isinstance(mask, Tensor):
        expect(
            mask.dtype == torch.bool,
            Message("The mask is of type {dtype}; it must be bool.", dtype=mask.dtype),
            "Pass dtype=torch.bool, or compare: ... > 0.",
        )
    expect_equal(mask, later.repeat(3, 1, 1), mistakes={
        "The mask is inverted: True means hide.": (~later).repeat(3, 1, 1),
        "The mask hides the past.": later.mT.repeat(3, 1, 1),
        "Each position also sees the one after it; only positions up to its own may be seen.": (
            later.triu(2).repeat(3, 1, 1)
        ),
        "One matrix is not enough: return one for each sequence.": later,
        "One matrix is not enough: return one for each sequence, (N, K, K).": later[None],
        "Each position must see itself: the diagonal is False.": (~later.mT).repeat(3, 1, 1),
    })  # fmt: skip


@task("DecoderBlock", share="3/7", loans=LOANS_OF_BLOCKS)
def check_decoder_block_agrees_with_torch(student, rng):
    """The decoder block agrees with torch's nn.TransformerDecoderLayer (norm after the sum) with the same weights."""
    forbid(student, "DecoderBlock", calls=READY_MADE, apart=PARTS_BY_HAND)
    x, encoded, mask = rng.normal(2, 4, 6), rng.normal(2, 7, 6), some_mask(rng.uniform(1, 4, 4)).repeat(2, 1, 1)
    block = student.DecoderBlock(3, 6, 9, 0.4)
    inputs = [x, encoded, mask]
    with explain_errors(CROSS):
        found = parts(student, block, inputs, rng, attention=2, heads=3, width=6, shapes=[(9, 6), (6, 9)], norm=3)

    by_torch = decoder_layer(found["attention"], found["linear"], found["norm"])
    expected = by_torch(x, encoded, tgt_mask=mask[0])
    judge_eval_mode(block, *inputs)
    expect_close(block(*inputs), expected, mistakes=wrong_decoders(x, encoded, mask[0], found))


@task("DecoderBlock", share="1/7", loans=LOANS_OF_BLOCKS)
def check_decoder_block_drops_in_training_only(student, rng):
    """The decoder block's dropout acts on each sub-layer in training, and not in eval mode."""
    block = student.DecoderBlock(2, 8, 16, 0.5)
    with explain_errors(CROSS):
        judge_dropout(block, rng.normal(2, 5, 8, dtype=torch.float32), rng.normal(2, 3, 8, dtype=torch.float32))
    inputs = [rng.normal(2, 5, 6), rng.normal(2, 4, 6)]
    judge_where_dropout_acts(student, student.DecoderBlock(2, 6, 9, 1.0), inputs, rng, norm=3)


@task("Transformer", share=30, loans=LOANS_OF_TRANSFORMERS)
def check_transformer_agrees_with_torch(student, rng):
    """The Transformer agrees with torch's own encoder and decoder layers with the same weights."""
    forbid(student, "Transformer", calls=READY_MADE, apart=[*PARTS_BY_HAND, "EncoderBlock", "DecoderBlock"])
    questions, answers = rng.integers(0, 11, 2, 7), rng.integers(0, 11, 2, 5)
    ques_pos, ans_pos = rng.normal(1, 7, 6), rng.normal(1, 5, 6)
    model = student.Transformer(2, 6, 9, 0.3, 2, 1, 11)
    inputs = [questions, ques_pos, answers, ans_pos]
    shapes = [*3 * [(9, 6), (6, 9)], (11, 6)]
    found = parts(student, model, inputs, rng, attention=4, heads=2, width=6, shapes=shapes, norm=7)
    tables = found["embedding"]
    expect(
        len(tables) == 1,
        Message("forward used {count} embeddings; questions and answers share one.", count=len(tables)),
        "Digits mean the same in both: make one nn.Embedding.",
    )

    def by_torch(
        read: slice = slice(0, 4),
        mask: bool = True,
        at: Sequence[float] = (1, 1),
        place: slice | None = None,
        scale=1.0,
    ) -> Tensor:
        """Compute the scores; ``at`` multiplies the positions of question and answer, ``scale`` the embeddings."""
        scaled = found | {"embedding": [scale * tables[0]]}
        positions = at[1] * ans_pos[:, place or read]
        return translated(scaled, (2, 1), questions, at[0] * ques_pos, answers[:, read], positions, mask=mask).detach()

    expect_close(model.eval()(*inputs), by_torch(), mistakes={
        "The decoder reads the answer from its second token on, but those are the tokens that it must predict.": (
            lambda: by_torch(slice(1, 5))
        ),
        "The decoder reads the tokens that it must predict: give it ans_b[:, :-1], with positions ans_pos[:, :-1].": (
            lambda: by_torch(slice(1, 5), place=slice(0, 4))
        ),
        "The decoder sees the future: pass it the mask.": lambda: by_torch(mask=False),
        "The positions are not added.": lambda: by_torch(at=(0, 0)),
        "The positions of the question are not added.": lambda: by_torch(at=(0, 1)),
        "The positions of the answer are not added.": lambda: by_torch(at=(1, 0)),
        "The answer's positions are those of the next tokens; drop the last position, not the first.": (
            lambda: by_torch(place=slice(1, 5))
        ),
        "The embeddings are multiplied by the root of emb_dim; use them as they are.": lambda: by_torch(scale=6**0.5),
        "These are probabilities; return the scores before the softmax.": lambda: by_torch().softmax(1),
        "These are logarithms of probabilities; return the scores before the softmax.": (
            lambda: by_torch().log_softmax(1)
        ),
        "The decoder reads all tokens of the answer but the last; here it reads the last one, too.": (
            lambda: by_torch(slice(0, 5))
        ),
        "The rows run over the answers first; they run over the positions of the first answer, then of the second.": (
            lambda: by_torch().unflatten(0, (2, 4)).transpose(0, 1).flatten(0, 1)
        ),
    })  # fmt: skip
