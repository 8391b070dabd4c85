"""Public checks of a06, transformers: expected values come from torch's own layers, given the student's weights."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_shape, forbid, task
from common.torch_layers import attend, decoder_layer, encoder_layer, multi_head, weights_of

READY_MADE = [
    "F.scaled_dot_product_attention", "F.multi_head_attention_forward", "torch.nn.attention", "nn.MultiheadAttention",
    "nn.Transformer*", "nn.LayerNorm", "nn.RMSNorm", "nn.GroupNorm", "nn.InstanceNorm*", "nn.BatchNorm*",
    "F.layer_norm", "F.rms_norm", "F.group_norm", "F.instance_norm", "F.batch_norm",
]  # fmt: skip
VOCAB = [*"0123456789", "POSITIVE", "NEGATIVE", "add", "subtract", "BOS", "EOS"]


def wrong_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> dict:
    """Hint -> what this mistake gives."""
    def plain(scale: float, dim: int = 2, hidden: Tensor | None = mask) -> Tensor:
        scores = query @ key.mT * scale
        scores = scores if hidden is None else scores.masked_fill(hidden, -math.inf)
        return scores.softmax(dim) @ value

    root, wrong = math.sqrt(query.shape[2]), {
        "The scores are not divided by the root of M.": lambda: plain(1.0),
        "The scores are divided by M; divide them by its root.": lambda: plain(1 / query.shape[2]),
        "The scores are multiplied by the root of M; divide by it.": lambda: plain(math.sqrt(query.shape[2])),
        "The root is that of the length of a value; take the length of a query.": (
            lambda: plain(1 / math.sqrt(value.shape[2]))
        ),
        "The softmax runs over the queries; each query's weights over the keys sum to 1.": lambda: plain(1 / root, 1),
        "The softmax is missing.": lambda: query @ key.mT / root @ value,
    }  # fmt: skip
    if mask is not None:
        wrong |= {
            "The mask is ignored.": lambda: plain(1 / root, 2, None),
            "The mask is inverted: True means hide.": lambda: plain(1 / root, 2, ~mask),
            "Hidden weights were set to 0 after the softmax, so the others do not sum to 1.": (
                lambda: attend(query, key, value) - (weights_of(query, key) * mask) @ value
            ),
            "Hidden scores were set to 0; e to the power 0 is 1, so the keys are still seen.": (
                lambda: (query @ key.mT / root).masked_fill(mask, 0.0).softmax(2) @ value
            ),
        }
    return wrong


def some_mask(rng, *shape: int) -> Tensor:
    """Hides about half of the keys: at least one, not all, and not the same for each query."""
    order = rng.uniform(*shape).argsort(-1)
    hidden = (rng.uniform(*shape) < 0.5).scatter(-1, order[..., 1:2], True)
    return hidden.scatter(-1, order[..., :1], False)


def parts(student, module, inputs: list, rng, *, attention: int = 0, linear: int = 0, norm: int = 0) -> dict:
    """Give the student's module new weights and learn which is which; the counts are what it must have."""
    found = student.define("from common.attention_roles import parts").parts(module, inputs, rng.int(0, 2**31))
    for role, name, count in [
        ("attention", "multi-head attentions", attention),
        ("linear", "linear layers outside of attention", linear),
        ("norm", "layer normalisations", norm),
    ]:
        expect_equal(len(found[role]), count, name=f"the number of {name} that forward used")
    return found


@task("generate_token_dict", points=1)
def check_tokens_are_numbered_in_order(student):
    """The vocabulary is numbered 0, 1, 2, ... in its order."""
    mistakes = {"The numbers begin at 1; the first is 0.": {token: i + 1 for i, token in enumerate(VOCAB)}}
    expected = {token: i for i, token in enumerate(VOCAB)}
    expect_equal(student.generate_token_dict(list(VOCAB)), expected, mistakes=mistakes)


@task("prepocess_input_sequence", points=2)
def check_sentences_become_tokens(student):
    """Special words are one token each, numbers one token for each digit."""
    numbers, special = {token: i for i, token in enumerate(VOCAB)}, VOCAB[10:]
    expect_equal(
        student.prepocess_input_sequence("BOS NEGATIVE 42 subtract POSITIVE 07 EOS", numbers, special),
        [14, 11, 4, 2, 13, 10, 0, 7, 15],
        mistakes={
            "The digits of a number are in the wrong order.": [14, 11, 2, 4, 13, 10, 7, 0, 15],
            "A number was read as one token; each digit is one.": [14, 11, 42, 13, 10, 7, 15],
        },
    )


@task("scaled_dot_product_two_loop_single", points=2)
def check_single_agrees_with_torch(student, rng):
    """Attention in one sequence agrees with torch's own, for more keys than queries."""
    forbid(student, "scaled_dot_product_two_loop_single", calls=READY_MADE)
    q, k, v = rng.normal(3, 6), rng.normal(5, 6), rng.normal(5, 4)
    mistakes = {hint: lambda f=f: f()[0] for hint, f in wrong_attention(q[None], k[None], v[None]).items()}
    expect_close(student.scaled_dot_product_two_loop_single(q, k, v), attend(q, k, v), mistakes=mistakes)


@task("scaled_dot_product_two_loop_batch", points=2)
def check_batch_agrees_with_torch(student, rng):
    """Attention in a batch agrees with torch's own, for more keys than queries."""
    forbid(student, "scaled_dot_product_two_loop_batch", calls=READY_MADE)
    q, k, v = rng.normal(2, 3, 6), rng.normal(2, 5, 6), rng.normal(2, 5, 4)
    expect_close(student.scaled_dot_product_two_loop_batch(q, k, v), attend(q, k, v), mistakes=wrong_attention(q, k, v))


@task("scaled_dot_product_no_loop_batch", points=2)
def check_no_loop_agrees_with_torch(student, rng):
    """Attention without loops agrees with torch's own, and its weights are those of the keys."""
    forbid(student, "scaled_dot_product_no_loop_batch", calls=READY_MADE, loops=True)
    q, k, v = rng.normal(2, 3, 6), rng.normal(2, 5, 6), rng.normal(2, 5, 4)
    y, weights = student.scaled_dot_product_no_loop_batch(q, k, v)
    expect_close(y, attend(q, k, v), mistakes=wrong_attention(q, k, v), name="y")
    expect_close(weights, weights_of(q, k), name="weights")


@task("scaled_dot_product_no_loop_batch", points=3)
def check_no_loop_hides_what_the_mask_says(student, rng):
    """Where the mask is True, the key is hidden: its weight is 0 and the others sum to 1."""
    q, k, v, mask = rng.normal(3, 4, 2), rng.normal(3, 6, 2), rng.normal(3, 6, 5), some_mask(rng, 3, 4, 6)
    y, weights = student.scaled_dot_product_no_loop_batch(q, k, v, mask)
    expect_close(y, attend(q, k, v, mask), mistakes=wrong_attention(q, k, v, mask), name="y")
    expect_close(weights, weights_of(q, k, mask), name="weights")


@task("SelfAttention", points=3)
def check_head_agrees_with_torch(student, rng):
    """One head agrees with torch's attention between its layers q, k and v, and keeps the weights."""
    x, mask = rng.normal(2, 5, 7), some_mask(rng, 2, 5, 5)
    head = student.SelfAttention(7, 4, 3)
    layers = student.define(
        "import torch\n"
        "def layers(head):\n"
        "    head.double()\n"
        "    zero = lambda layer: layer.weight.new_zeros(len(layer.weight))\n"
        "    return [(l.weight, zero(l) if l.bias is None else l.bias) for l in (head.q, head.k, head.v)]\n"
    ).layers(head.to(x.device))
    expect_equal([tuple(w.shape) for w, _ in layers], [(4, 7), (4, 7), (3, 7)], name="the weights' shapes of q, k, v")
    q, k, v = (F.linear(x, w, b) for w, b in layers)

    swapped = {"Queries and keys are swapped.": lambda: attend(k, q, v, mask)}
    expect_close(head(x, x, x, mask), attend(q, k, v, mask), mistakes=swapped | wrong_attention(q, k, v, mask))
    expect_close(head.weights_softmax, weights_of(q, k, mask), name="weights_softmax")


@task("MultiHeadAttention", points=4)
def check_heads_agree_with_torch(student, rng):
    """Three heads agree with torch's nn.MultiheadAttention with the same weights."""
    forbid(student, "MultiHeadAttention", calls=READY_MADE)
    x, mask = rng.normal(2, 4, 12), some_mask(rng, 2, 4, 4)
    heads = student.MultiHeadAttention(3, 12, 4)
    unit = parts(student, heads, [x, x, x], rng, attention=1)["attention"][0]
    expect(unit["out"] is not None, "The heads ran, but no linear layer after them.", "One more nn.Linear mixes them.")

    def torch_says(unit: dict, mask: Tensor | None = mask) -> Tensor:
        for_each_head = None if mask is None else mask.repeat_interleave(3, dim=0)
        return multi_head(unit)(x, x, x, attn_mask=for_each_head)[0].detach()

    weight, bias = unit["out"]
    interleaved = weight.unflatten(1, (4, 3)).mT.flatten(1), bias
    expect_close(heads(x, x, x, mask), torch_says(unit), mistakes={
        "The heads' numbers are interleaved; the first head's come first.": (
            lambda: torch_says({**unit, "out": interleaved})
        ),
        "The heads are concatenated from last to first.": lambda: torch_says({**unit, "heads": unit["heads"][::-1]}),
        "The mask does not reach the heads.": lambda: torch_says(unit, None),
        "The input is added to the result; the residual connection belongs to the block.": lambda: x + torch_says(unit),
    })  # fmt: skip


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
        "It is divided by the variance; divide by its root.": lambda: (
            (x - x.mean(2, keepdim=True)) / x.var(2, correction=0, keepdim=True) * gain + shift
        ),
        "It normalises over all positions; normalise each position by itself.": lambda: (
            F.layer_norm(x, (4, 5), eps=1e-10) * gain + shift
        ),
        "The gain and the shift are not applied.": lambda: F.layer_norm(x, (5,), eps=1e-10),
    })  # fmt: skip


@task("FeedForwardBlock", points=2)
def check_feedforward_agrees_with_torch(student, rng):
    """The feed-forward network is linear, ReLU, linear."""
    x = rng.normal(2, 3, 4)
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


def judge_dropout(student, block, *inputs: Tensor) -> None:
    """In training two passes differ; in eval mode they do not."""
    block.train()
    expect(not torch.equal(block(*inputs), block(*inputs)), "In training, two passes with dropout 0.5 were equal.")
    block.eval()
    expect_equal(block(*inputs), block(*inputs), name="the second pass in eval mode")


@task("EncoderBlock", points=3)
def check_encoder_block_agrees_with_torch(student, rng):
    """The encoder block agrees with torch's nn.TransformerEncoderLayer (norm after the sum) with the same weights."""
    forbid(student, "EncoderBlock", calls=READY_MADE)
    x = rng.normal(2, 5, 6)
    block = student.EncoderBlock(2, 6, 9, 0.4)
    found = parts(student, block, [x], rng, attention=1, linear=2, norm=2)

    def torch_says(norm_first: bool = False, norms: list = found["norm"]) -> Tensor:
        return encoder_layer(found["attention"], found["linear"], norms, norm_first=norm_first)(x).detach()

    def without(first: float, second: float) -> Tensor:
        """Each residual connection times a factor."""
        y = first * x + multi_head(found["attention"][0])(x, x, x)[0].detach()
        y = F.layer_norm(y, (6,), *found["norm"][0], 1e-10)
        hidden = F.linear(y, *found["linear"][0]).relu()
        return F.layer_norm(second * y + F.linear(hidden, *found["linear"][1]), (6,), *found["norm"][1], 1e-10)

    expect_close(block.eval()(x), torch_says(), mistakes={
        "The norms come before the sub-layers; here they come after the sums.": lambda: torch_says(norm_first=True),
        "The residual connection around the attention is missing.": lambda: without(0, 1),
        "The residual connection around the feed-forward network is missing.": lambda: without(1, 0),
        "Both residual connections are missing.": lambda: without(0, 0),
        "The norms are swapped.": lambda: torch_says(norms=found["norm"][::-1]),
    })  # fmt: skip


@task("EncoderBlock", points=1)
def check_encoder_block_drops_in_training_only(student, rng):
    """The encoder block's dropout acts in training and not in eval mode."""
    judge_dropout(student, student.EncoderBlock(2, 8, 16, 0.5), rng.normal(2, 5, 8, dtype=torch.float32))


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
    forbid(student, "DecoderBlock", calls=READY_MADE)
    x, encoded, mask = rng.normal(2, 4, 6), rng.normal(2, 7, 6), some_mask(rng, 1, 4, 4)
    block = student.DecoderBlock(3, 6, 9, 0.4)
    found = parts(student, block, [x, encoded, mask], rng, attention=2, linear=2, norm=3)

    def torch_says(norm_first: bool = False, mask: Tensor | None = mask[0], memory: Tensor = encoded) -> Tensor:
        layer = decoder_layer(found["attention"], found["linear"], found["norm"], norm_first=norm_first)
        return layer(x, memory, tgt_mask=mask).detach()

    expect_close(block.eval()(x, encoded, mask), torch_says(), mistakes={
        "The norms come before the sub-layers; here they come after the sums.": lambda: torch_says(norm_first=True),
        "The mask is not used.": lambda: torch_says(mask=None),
        "The second attention looks at the decoder's own input; keys and values come from the encoder.": (
            lambda: torch_says(memory=x)
        ),
    })  # fmt: skip


@task("DecoderBlock", points=1)
def check_decoder_block_drops_in_training_only(student, rng):
    """The decoder block's dropout acts in training and not in eval mode."""
    block = student.DecoderBlock(2, 8, 16, 0.5)
    judge_dropout(student, block, rng.normal(2, 5, 8, dtype=torch.float32), rng.normal(2, 3, 8, dtype=torch.float32))


@task("position_encoding_simple", points=1)
def check_simple_positions_are_fractions(student):
    """Position n of K is n / K in every entry."""
    n = torch.arange(5.0)[None, :, None].expand(1, 5, 3)
    mistakes = {"Divide by K, not by K - 1.": n / 4, "Positions begin at 0.": (n + 1) / 5}
    expect_close(student.position_encoding_simple(5, 3), n / 5, mistakes=mistakes)


def sinusoid(K: int, M: int, power=lambda column, M: 2 * (column // 2) / M) -> Tensor:
    """Vaswani et al., section 3.5, one entry at a time. (1, K, M)"""
    wave = [math.sin, math.cos]
    rows = [[wave[column % 2](n / 10000 ** power(column, M)) for column in range(M)] for n in range(K)]
    return torch.tensor(rows, dtype=torch.float32)[None]


@task("position_encoding_sinusoid", points=2)
def check_sinusoid_agrees_with_the_formula(student):
    """Even columns are sines, odd columns cosines, in the wavelengths of the paper."""
    expected = sinusoid(7, 10)
    halves = torch.cat([expected[..., 0::2], expected[..., 1::2]], dim=2)
    expect_close(student.position_encoding_sinusoid(7, 10), expected, mistakes={
        "Sines and cosines are swapped: even columns are sines.": expected.unflatten(2, (5, 2)).flip(3).flatten(2),
        "All sines stand before all cosines; they alternate.": halves,
        "Each column has a wavelength of its own; a sine and the cosine after it share one.": (
            lambda: sinusoid(7, 10, lambda column, M: column / M)
        ),
        "The exponent grows half as fast as it must: it is 2i / M for columns 2i and 2i + 1.": (
            lambda: sinusoid(7, 10, lambda column, M: (column // 2) / M)
        ),
        "The exponent is rounded to a whole number.": lambda: sinusoid(7, 10, lambda column, M: 2 * column // M),
    })  # fmt: skip


def positions(rng, length: int, dim: int) -> Tensor:
    """Vectors that tell positions apart."""
    return rng.normal(1, length, dim)


@task("Transformer", points=3)
def check_transformer_agrees_with_torch(student, rng):
    """The Transformer agrees with torch's own encoder and decoder layers with the same weights."""
    forbid(student, "Transformer", calls=READY_MADE)
    questions, answers = rng.integers(0, 11, 2, 7), rng.integers(0, 11, 2, 5)
    ques_pos, ans_pos = positions(rng, 7, 6), positions(rng, 5, 6)
    model = student.Transformer(2, 6, 9, 0.3, 2, 1, 11)
    inputs = [questions, ques_pos, answers, ans_pos]
    found = parts(student, model, inputs, rng, attention=4, linear=7, norm=7)
    units, linears, norms, table = found["attention"], found["linear"], found["norm"], found["embedding"]
    expect_equal(len(table), 1, name="the number of embeddings that forward used")

    def torch_says(read: slice = slice(0, 4), mask: bool = True, at: float = 1.0) -> Tensor:
        encoded, decoded = table[0][questions] + at * ques_pos, table[0][answers[:, read]] + at * ans_pos[:, read]
        for i in range(2):
            two = slice(2 * i, 2 * i + 2)
            encoded = encoder_layer(units[i : i + 1], linears[two], norms[two])(encoded)
        later = torch.ones(decoded.shape[1], decoded.shape[1], dtype=torch.bool, device=decoded.device).triu(1)
        decoded = decoder_layer(units[2:], linears[4:6], norms[4:])(decoded, encoded, tgt_mask=later if mask else None)
        return F.linear(decoded, *linears[6]).flatten(0, 1).detach()

    out = model.eval()(*inputs)
    expect_shape(out, (8, 11))
    expect_close(out, torch_says(), mistakes={
        "The decoder reads the answer from its second token on, which is what it must predict.": (
            lambda: torch_says(slice(1, 5))
        ),
        "The decoder sees the future: pass it the mask.": lambda: torch_says(mask=False),
        "The positions are not added.": lambda: torch_says(at=0.0),
        "The rows run over the answers first; they run over the positions of the first answer, then of the second.": (
            lambda: torch_says().unflatten(0, (2, 4)).transpose(0, 1).flatten(0, 1)
        ),
    })  # fmt: skip
