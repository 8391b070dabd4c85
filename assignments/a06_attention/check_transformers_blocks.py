"""Public checks of a06, transformers: blocks, against torch's layers with the student's weights."""

import torch
import torch.nn.functional as F
from oracles import PARTS_BY_HAND, judge_dropout, parts
from torch import Tensor

from autograder import expect_close, expect_equal, expect_shape, forbid, task
from autograder.probes.torch_layers import READY_MADE, decoder_layer, encoder_layer, multi_head, norms_alone, some_mask


@task("LayerNormalization", points=3)
def check_layer_norm_agrees_with_torch(student, rng):
    """Layer normalisation agrees with torch's own, with a gain and a shift that are not one and zero."""
    forbid(student, "LayerNormalization", calls=READY_MADE)
    x = 3 * rng.normal(2, 4, 5) + 1
    norm = student.LayerNormalization(5)
    gain, shift = parts(student, norm, [x], rng, norm=1)["norm"][0]

    expect_close(norm(x), F.layer_norm(x, (5,), gain, shift, 1e-10), mistakes={
        "The variance divides by D - 1; divide by D.": lambda: (
            (x - x.mean(2, keepdim=True)) / x.std(2, keepdim=True) * gain + shift
        ),
        "The result is divided by the variance; divide by its root.": lambda: (
            (x - x.mean(2, keepdim=True)) / x.var(2, correction=0, keepdim=True) * gain + shift
        ),
        "This normalises over all positions; normalise each position by itself.": lambda: (
            F.layer_norm(x, (4, 5), eps=1e-10) * gain + shift
        ),
        "The gain and the shift are not applied.": lambda: F.layer_norm(x, (5,), eps=1e-10),
    })  # fmt: skip


@task("FeedForwardBlock", points=2)
def check_feedforward_agrees_with_torch(student, rng):
    """The feed-forward network is linear, ReLU, linear."""
    x = 10 * rng.normal(4, 7, 4)  # large, so that the biases alone do not decide any sign
    block = student.FeedForwardBlock(4, 9)
    (w1, b1), (w2, b2) = parts(student, block, [x], rng, linear=2)["linear"]
    expect_equal([tuple(w1.shape), tuple(w2.shape)], [(9, 4), (4, 9)], name="the shapes of the weights")

    hidden = F.linear(x, w1, b1)
    expect_close(block(x), F.linear(hidden.relu(), w2, b2), mistakes={
        "The ReLU is missing.": lambda: F.linear(hidden, w2, b2),
        "There is a ReLU after the second layer too.": lambda: F.linear(hidden.relu(), w2, b2).relu(),
        "The input is added to the result; the residual connection belongs to the block.": (
            lambda: x + F.linear(hidden.relu(), w2, b2)
        ),
    })  # fmt: skip


def judge_where_dropout_acts(student, block, inputs: list, rng, **wanted: int) -> None:
    """With dropout 1 each sub-layer gives zeros: only the norms are left, or zeros if dropout comes after the norms."""
    norms = parts(student, block, inputs, rng, **wanted)["norm"]
    out, expected = block.train()(*inputs), norms_alone(inputs[0], norms)
    expect_shape(out, tuple(expected.shape))
    if out.any():
        expect_close(out, expected, name="in training with dropout 1, when only the norms are left", mistakes={
            "Dropout acts on the sums; apply it to the output of each sub-layer, before the sum.": (
                lambda: norms_alone(0 * inputs[0], norms)
            ),
        })  # fmt: skip


@task("EncoderBlock", points=3)
def check_encoder_block_agrees_with_torch(student, rng):
    """The encoder block agrees with torch's nn.TransformerEncoderLayer (norm after the sum) with the same weights."""
    forbid(student, "EncoderBlock", calls=READY_MADE, apart=PARTS_BY_HAND)
    x = rng.normal(2, 5, 6)
    block = student.EncoderBlock(2, 6, 9, 0.4)
    found = parts(student, block, [x], rng, attention=1, heads=2, width=6, shapes=[(9, 6), (6, 9)], norm=2)

    def by_torch(norm_first: bool = False, norms: list = found["norm"]) -> Tensor:
        return encoder_layer(found["attention"], found["linear"], norms, norm_first=norm_first)(x).detach()

    def without(first: float, second: float) -> Tensor:
        """Multiply each residual connection by a factor."""
        y = first * x + multi_head(found["attention"][0])(x, x, x)[0].detach()
        y = F.layer_norm(y, (6,), *found["norm"][0], 1e-10)
        hidden = F.linear(y, *found["linear"][0]).relu()
        return F.layer_norm(second * y + F.linear(hidden, *found["linear"][1]), (6,), *found["norm"][1], 1e-10)

    expect_close(block.eval()(x), by_torch(), mistakes={
        "The norms come before the sub-layers; here they come after the sums.": lambda: by_torch(norm_first=True),
        "The residual connection around the attention is missing.": lambda: without(0, 1),
        "The residual connection around the feed-forward network is missing.": lambda: without(1, 0),
        "Both residual connections are missing.": lambda: without(0, 0),
        "The norms are swapped.": lambda: by_torch(norms=found["norm"][::-1]),
    })  # fmt: skip


@task("EncoderBlock", points=1)
def check_encoder_block_drops_in_training_only(student, rng):
    """The encoder block's dropout acts on each sub-layer in training, and not in eval mode."""
    judge_dropout(student.EncoderBlock(2, 8, 16, 0.5), rng.normal(2, 5, 8, dtype=torch.float32))
    judge_where_dropout_acts(student, student.EncoderBlock(2, 6, 9, 1.0), [rng.normal(2, 5, 6)], rng, norm=2)


@task("get_subsequent_mask", points=2)
def check_mask_hides_the_future(student, rng):
    """The mask is True above the diagonal: position t sees 0 to t."""
    later = torch.arange(4, device=rng.device)[None, :] > torch.arange(4, device=rng.device)[:, None]
    expect_equal(student.get_subsequent_mask(rng.integers(0, 9, 3, 4)), later.repeat(3, 1, 1), mistakes={
        "The mask is inverted: True means hide.": (~later).repeat(3, 1, 1),
        "The mask hides the past.": later.mT.repeat(3, 1, 1),
        "Each position must see itself: the diagonal is False.": (~later.mT).repeat(3, 1, 1),
    })  # fmt: skip


@task("DecoderBlock", points=3)
def check_decoder_block_agrees_with_torch(student, rng):
    """The decoder block agrees with torch's nn.TransformerDecoderLayer (norm after the sum) with the same weights."""
    forbid(student, "DecoderBlock", calls=READY_MADE, apart=PARTS_BY_HAND)
    x, encoded, mask = rng.normal(2, 4, 6), rng.normal(2, 7, 6), some_mask(rng.uniform(1, 4, 4))
    block = student.DecoderBlock(3, 6, 9, 0.4)
    inputs = [x, encoded, mask]
    found = parts(student, block, inputs, rng, attention=2, heads=3, width=6, shapes=[(9, 6), (6, 9)], norm=3)

    def by_torch(norm_first: bool = False, mask: Tensor | None = mask[0], memory: Tensor = encoded) -> Tensor:
        layer = decoder_layer(found["attention"], found["linear"], found["norm"], norm_first=norm_first)
        return layer(x, memory, tgt_mask=mask).detach()

    expect_close(block.eval()(x, encoded, mask), by_torch(), mistakes={
        "The norms come before the sub-layers; here they come after the sums.": lambda: by_torch(norm_first=True),
        "The mask is not used.": lambda: by_torch(mask=None),
        "The second attention takes keys and values from the decoder's own input; take them from the encoder.": (
            lambda: by_torch(memory=x)
        ),
    })  # fmt: skip


@task("DecoderBlock", points=1)
def check_decoder_block_drops_in_training_only(student, rng):
    """The decoder block's dropout acts on each sub-layer in training, and not in eval mode."""
    block = student.DecoderBlock(2, 8, 16, 0.5)
    judge_dropout(block, rng.normal(2, 5, 8, dtype=torch.float32), rng.normal(2, 3, 8, dtype=torch.float32))
    inputs = [rng.normal(2, 5, 6), rng.normal(2, 4, 6)]
    judge_where_dropout_acts(student, student.DecoderBlock(2, 6, 9, 1.0), inputs, rng, norm=3)


@task("Transformer", points=3)
def check_transformer_agrees_with_torch(student, rng):
    """The Transformer agrees with torch's own encoder and decoder layers with the same weights."""
    forbid(student, "Transformer", calls=READY_MADE, apart=[*PARTS_BY_HAND, "EncoderBlock", "DecoderBlock"])
    questions, answers = rng.integers(0, 11, 2, 7), rng.integers(0, 11, 2, 5)
    ques_pos, ans_pos = rng.normal(1, 7, 6), rng.normal(1, 5, 6)
    model = student.Transformer(2, 6, 9, 0.3, 2, 1, 11)
    inputs = [questions, ques_pos, answers, ans_pos]
    shapes = [*3 * [(9, 6), (6, 9)], (11, 6)]
    found = parts(student, model, inputs, rng, attention=4, heads=2, width=6, shapes=shapes, norm=7)
    units, linears, norms, table = found["attention"], found["linear"], found["norm"], found["embedding"]
    expect_equal(len(table), 1, name="the number of embeddings that forward used")

    def by_torch(read: slice = slice(0, 4), mask: bool = True, at: float = 1.0) -> Tensor:
        encoded, decoded = table[0][questions] + at * ques_pos, table[0][answers[:, read]] + at * ans_pos[:, read]
        for i in range(2):
            two = slice(2 * i, 2 * i + 2)
            encoded = encoder_layer(units[i : i + 1], linears[two], norms[two])(encoded)
        later = torch.ones(decoded.shape[1], decoded.shape[1], dtype=torch.bool, device=decoded.device).triu(1)
        decoded = decoder_layer(units[2:], linears[4:6], norms[4:])(decoded, encoded, tgt_mask=later if mask else None)
        return F.linear(decoded, *linears[6]).flatten(0, 1).detach()

    out = model.eval()(*inputs)
    expect_shape(out, (8, 11))
    expect_close(out, by_torch(), mistakes={
        "The decoder reads the answer from its second token on, but those are the tokens that it must predict.": (
            lambda: by_torch(slice(1, 5))
        ),
        "The decoder sees the future: pass it the mask.": lambda: by_torch(mask=False),
        "The positions are not added.": lambda: by_torch(at=0.0),
        "The rows run over the answers first; they run over the positions of the first answer, then of the second.": (
            lambda: by_torch().unflatten(0, (2, 4)).transpose(0, 1).flatten(0, 1)
        ),
    })  # fmt: skip
