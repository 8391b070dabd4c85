"""Hidden checks of a06, transformers: other sizes, dtypes and masks, gradients, properties, and sums never seen."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_shape, forbid, task
from common.data import arithmetic
from common.torch_layers import attend, decoder_layer, encoder_layer, multi_head, weights_of

READY_MADE = [
    "F.scaled_dot_product_attention", "F.multi_head_attention_forward", "torch.nn.attention", "nn.MultiheadAttention",
    "nn.Transformer*", "nn.LayerNorm", "nn.RMSNorm", "nn.GroupNorm", "nn.InstanceNorm*", "nn.BatchNorm*",
    "F.layer_norm", "F.rms_norm", "F.group_norm", "F.instance_norm", "F.batch_norm",
]  # fmt: skip

GRADIENTS = """
import torch

def through(f, arguments):
    leaves = [a.requires_grad_() for a in arguments if a.is_floating_point()]
    result = f(*arguments)
    result = result[0] if isinstance(result, tuple) else result
    weights = torch.arange(result.numel(), dtype=result.dtype, device=result.device).reshape(result.shape).cos()
    (result * weights).sum().backward()
    return [leaf.grad for leaf in leaves]

def missing(module, arguments, dtype):
    module.to(arguments[0].device, dtype).train()
    result = module(*arguments)
    weights = torch.arange(result.numel(), dtype=dtype, device=result.device).reshape(result.shape).cos()
    (result * weights).sum().backward()
    return [
        name for name, p in module.named_parameters()
        if p.grad is None or not p.grad.isfinite().all() or (p.dim() > 1 and not p.grad.any())
    ]
"""


def some_mask(rng, *shape: int) -> Tensor:
    """Hides about half of the keys: at least one, not all, and not the same for each query."""
    order = rng.uniform(*shape).argsort(-1)
    hidden = (rng.uniform(*shape) < 0.5).scatter(-1, order[..., 1:2], True)
    return hidden.scatter(-1, order[..., :1], False)


def parts(student, module, inputs: list, rng, **counts: int) -> dict:
    """Give the student's module new weights and learn which is which; the counts are what it must have."""
    found = student.define("from common.attention_roles import parts").parts(module, inputs, rng.int(0, 2**31))
    for role, count in counts.items():
        expect_equal(len(found[role]), count, name=f"the number of parts of the kind {role!r} that forward used")
    return found


def expect_gradients_everywhere(student, module, inputs: list[Tensor]) -> None:
    """After a backward pass, no parameter is without a gradient, and no matrix has only zeros."""
    missing = student.define(GRADIENTS).missing(module, inputs, torch.float64)
    expect_equal(missing, [], name="the parameters that no gradient reaches")


@task("generate_token_dict", points=1)
def check_any_vocabulary_is_numbered(student, rng):
    """A vocabulary of other words, of any length, is numbered in its order, and stays as it is."""
    words = [f"w{number}" for number in rng.permutation(30).tolist()]
    for vocab in (words, ["only"], ["b", "a", "ab"]):
        seen = student.inspect(student.generate_token_dict, vocab)
        expect_equal(seen.value, dict(zip(vocab, range(len(vocab)), strict=True)))
        expect_equal(seen.args, (vocab,), name="the vocabulary after the call")


@task("prepocess_input_sequence", points=2)
def check_other_sentences_become_tokens(student, rng):
    """Other vocabularies, numbers of other lengths and several blanks are read alike."""
    vocab = ["plus", "EOS", *"9876543210", "BOS", "xy"]
    numbers = {token: 3 * place + 5 for place, token in enumerate(vocab)}
    special = ["plus", "EOS", "BOS", "xy"]
    for words in (["BOS", "7", "plus", "1234", "EOS"], ["90", "xy", "xy", "09"], ["0"], ["plus"]):
        characters = [t for word in words for t in ([word] if word in special else word)]
        expected = [numbers[t] for t in characters]
        expect_equal(student.prepocess_input_sequence(" ".join(words), numbers, special), expected)
        expect_equal(student.prepocess_input_sequence("  ".join(words) + " ", numbers, special), expected)


@task("scaled_dot_product_two_loop_single", points=1)
def check_single_on_other_sizes(student, rng):
    """Attention in one sequence is right for one query, one key, more queries than keys, and float32."""
    for queries, keys, width, values in [(1, 4, 3, 2), (5, 1, 2, 3), (6, 2, 1, 7)]:
        for dtype in (torch.float64, torch.float32):
            q, k, v = (rng.normal(*s, dtype=dtype) for s in ((queries, width), (keys, width), (keys, values)))
            expect_close(student.scaled_dot_product_two_loop_single(q, k, v), attend(q, k, v))


@task("scaled_dot_product_two_loop_single", points=1)
def check_single_with_large_scores(student, rng):
    """Attention in one sequence is right for scores in the thousands, whose exponentials overflow."""
    q, k, v = 100 * rng.normal(3, 4), 100 * rng.normal(5, 4), rng.normal(5, 2)
    expect_close(student.scaled_dot_product_two_loop_single(q, k, v), attend(q, k, v))


@task("scaled_dot_product_two_loop_batch", points=1)
def check_batch_on_other_sizes(student, rng):
    """Attention in a batch is right for one sequence, one key, more queries than keys, and float32."""
    for num, queries, keys, width, values in [(1, 3, 4, 5, 2), (4, 5, 1, 2, 3), (3, 6, 2, 1, 7)]:
        for dtype in (torch.float64, torch.float32):
            shapes = (num, queries, width), (num, keys, width), (num, keys, values)
            q, k, v = (rng.normal(*shape, dtype=dtype) for shape in shapes)
            expect_close(student.scaled_dot_product_two_loop_batch(q, k, v), attend(q, k, v))


@task("scaled_dot_product_no_loop_batch", points=2)
def check_no_loop_on_other_sizes(student, rng):
    """Attention without loops is right for other sizes, large scores, float32 and one mask for all; inputs stay."""
    forbid(student, "scaled_dot_product_no_loop_batch", calls=READY_MADE, loops=True)
    for num, queries, keys, width, values in [(1, 3, 4, 5, 2), (4, 5, 1, 2, 3), (3, 6, 9, 1, 7)]:
        for dtype, scale in ((torch.float64, 30.0), (torch.float32, 1.0)):
            q, v = scale * rng.normal(num, queries, width, dtype=dtype), rng.normal(num, keys, values, dtype=dtype)
            k = scale * rng.normal(num, width, keys, dtype=dtype).mT
            for mask in (None, some_mask(rng, num, queries, keys), some_mask(rng, 1, queries, keys)):
                seen = student.inspect(student.scaled_dot_product_no_loop_batch, q, k, v, mask)
                expect_close(seen.value, (attend(q, k, v, mask), weights_of(q, k, mask)))
                expect_equal(seen.args, (q, k, v, mask), name="the inputs after the call")


@task("scaled_dot_product_no_loop_batch", points=2)
def check_no_loop_passes_gradients(student, rng):
    """Gradients of queries, keys and values agree with those of torch's attention, with a mask."""
    q, k, v, mask = rng.normal(2, 4, 3), rng.normal(2, 5, 3), rng.normal(2, 5, 2), some_mask(rng, 2, 4, 5)
    found = student.define(GRADIENTS).through(student.scaled_dot_product_no_loop_batch, [q, k, v, mask])

    leaves = [x.clone().requires_grad_() for x in (q, k, v)]
    out = attend(*leaves, mask)
    weights = torch.arange(out.numel(), dtype=out.dtype, device=out.device).reshape(out.shape).cos()
    expected = torch.autograd.grad((out * weights).sum(), leaves)
    for name, gradient, right in zip(("query", "key", "value"), found, expected, strict=True):
        expect_close(gradient, right, name=f"the gradient of {name}")


@task("SelfAttention", points=2)
def check_head_between_two_sequences(student, rng):
    """One head attends from one sequence to another, without and with a mask, and all its weights get gradients."""
    queries, keys, mask = rng.normal(3, 2, 5), rng.normal(3, 6, 5), some_mask(rng, 1, 2, 6)
    values = rng.normal(3, 6, 5)
    head = student.SelfAttention(5, 3, 8)
    layers = student.define(
        "def layers(head):\n"
        "    zero = lambda layer: layer.weight.new_zeros(len(layer.weight))\n"
        "    return [(l.weight, zero(l) if l.bias is None else l.bias) for l in (head.q, head.k, head.v)]\n"
    ).layers(head.to(queries.device, torch.float64))
    q, k, v = (F.linear(x, *layer) for x, layer in zip((queries, keys, values), layers, strict=True))
    for hidden in (None, mask):
        expect_close(head(queries, keys, values, hidden), attend(q, k, v, hidden))
        expect_close(head.weights_softmax, weights_of(q, k, hidden), name="weights_softmax")
    expect_gradients_everywhere(student, head, [queries, keys, values])


@task("MultiHeadAttention", points=2)
def check_heads_between_two_sequences(student, rng):
    """Heads of any width attend from one sequence to another, with and without a mask."""
    for heads, dim_in, dim_out in [(1, 4, 4), (2, 6, 5), (5, 5, 2)]:
        queries, keys, values = rng.normal(2, 3, dim_in), rng.normal(2, 7, dim_in), rng.normal(2, 7, dim_in)
        module = student.MultiHeadAttention(heads, dim_in, dim_out)
        unit = parts(student, module, [queries, keys, values], rng, attention=1)["attention"][0]
        shapes = [tuple(head[0][0].shape) for head in unit["heads"]]
        expect_equal(shapes, [(dim_out, dim_in)] * heads, name="the heads' shapes")
        for mask in (None, some_mask(rng, 2, 3, 7)):
            inputs = (queries, keys, values)
            found = [attend(*(F.linear(x, *p) for x, p in zip(inputs, h, strict=True)), mask) for h in unit["heads"]]
            expected = F.linear(torch.cat(found, dim=2), *unit["out"])
            expect_close(module(*inputs, mask), expected)


@task("MultiHeadAttention", points=2)
def check_heads_do_not_know_the_order(student, rng):
    """Shuffled keys change nothing, shuffled queries shuffle the result, and all weights get gradients."""
    x = rng.normal(2, 6, 8)
    module = student.MultiHeadAttention(2, 8, 4)
    unit = parts(student, module, [x, x, x], rng, attention=1)["attention"][0]
    expected, order = multi_head(unit)(x, x, x)[0].detach(), rng.permutation(6)

    expect_close(module(x, x[:, order], x[:, order]), expected, name="with shuffled keys and values")
    expect_close(module(x[:, order], x, x), expected[:, order], name="with shuffled queries")
    expect_gradients_everywhere(student, module, [x, x, x])


@task("LayerNormalization", points=2)
def check_layer_norm_on_other_inputs(student, rng):
    """Layer normalisation is right for any number of axes, large and tiny numbers, float32, and a large epsilon."""
    forbid(student, "LayerNormalization", calls=READY_MADE)
    for shape, epsilon, scale in [((3, 7), 1e-10, 1e3), ((2, 3, 4, 6), 0.3, 1.0), ((2, 2, 5), 1e-4, 1e-2)]:
        x = scale * rng.normal(*shape) + 2
        norm = student.LayerNormalization(shape[-1], epsilon=epsilon)
        gain, shift = parts(student, norm, [x], rng, norm=1)["norm"][0]
        expect_close(norm(x), F.layer_norm(x, shape[-1:], gain, shift, epsilon), name=f"epsilon {epsilon:g}")
        expect_gradients_everywhere(student, norm, [x])
    x = rng.normal(4, 9, dtype=torch.float32)
    fresh = student.LayerNormalization(9).to(x.device)
    expect_close(fresh(x), F.layer_norm(x, (9,), eps=1e-10), name="a new one")


@task("FeedForwardBlock", points=1)
def check_feedforward_on_other_sizes(student, rng):
    """The feed-forward network is right when its hidden layer is narrower, and all its weights get gradients."""
    for width, hidden in [(7, 3), (2, 11)]:
        x = rng.normal(3, 5, width)
        block = student.FeedForwardBlock(width, hidden)
        first, second = parts(student, block, [x], rng, linear=2)["linear"]
        expect_close(block(x), F.linear(F.linear(x, *first).relu(), *second))
        expect_gradients_everywhere(student, block, [x])


@task("EncoderBlock", points=2)
def check_encoder_block_on_other_sizes(student, rng):
    """The encoder block agrees with torch's for other sizes, in training too if dropout is 0."""
    forbid(student, "EncoderBlock", calls=READY_MADE)
    for heads, width, hidden, num, length in [(1, 5, 3, 1, 4), (4, 8, 20, 3, 1), (3, 9, 4, 2, 11)]:
        x = rng.normal(num, length, width)
        block = student.EncoderBlock(heads, width, hidden, 0.0)
        found = parts(student, block, [x], rng, attention=1, linear=2, norm=2)
        expected = encoder_layer(found["attention"], found["linear"], found["norm"])(x).detach()
        expect_close(block.train()(x), expected, name="in training")
        expect_close(block.eval()(x), expected, name="in eval mode")


@task("EncoderBlock", points=1)
def check_encoder_block_does_not_know_the_order(student, rng):
    """Shuffling the input of an encoder block shuffles its output alike, and all its weights get gradients."""
    x, order = rng.normal(2, 7, 6), rng.permutation(7)
    block = student.EncoderBlock(2, 6, 10, 0.2)
    found = parts(student, block, [x], rng, attention=1, linear=2, norm=2)
    expected = encoder_layer(found["attention"], found["linear"], found["norm"])(x).detach()
    expect_close(block.eval()(x[:, order]), expected[:, order])
    expect_gradients_everywhere(student, block, [x])


@task("get_subsequent_mask", points=1)
def check_mask_on_other_sizes(student, rng):
    """The mask is right for one token, one sequence and long ones, whatever the tokens are."""
    for num, length in [(1, 1), (4, 1), (1, 9), (2, 40)]:
        later = [[key > query for key in range(length)] for query in range(length)]
        expected = torch.tensor(later, device=rng.device).repeat(num, 1, 1)
        expect_equal(student.get_subsequent_mask(rng.integers(0, 3, num, length)), expected)


@task("DecoderBlock", points=2)
def check_decoder_block_on_other_sizes(student, rng):
    """The decoder block agrees with torch's for other lengths and sizes, and all its weights get gradients."""
    forbid(student, "DecoderBlock", calls=READY_MADE)
    for heads, width, hidden, num, length, memory in [(1, 5, 3, 1, 4, 2), (4, 8, 20, 3, 1, 6), (3, 9, 4, 2, 8, 1)]:
        x, encoded = rng.normal(num, length, width), rng.normal(num, memory, width)
        block = student.DecoderBlock(heads, width, hidden, 0.0)
        found = parts(student, block, [x, encoded], rng, attention=2, linear=2, norm=3)
        for mask in (None, some_mask(rng, 1, length, length)):
            layer = decoder_layer(found["attention"], found["linear"], found["norm"])
            expected = layer(x, encoded, tgt_mask=None if mask is None else mask[0]).detach()
            expect_close(block(x, encoded, mask), expected)
    expect_gradients_everywhere(student, student.DecoderBlock(2, 6, 7, 0.1), [rng.normal(2, 4, 6), rng.normal(2, 5, 6)])


@task("DecoderBlock", points=1)
def check_decoder_block_does_not_see_the_future(student, rng):
    """With the mask of the future, changing position t changes nothing before t, and does change t."""
    x, encoded = rng.normal(2, 6, 8), rng.normal(2, 5, 8)
    later = torch.ones(1, 6, 6, dtype=torch.bool, device=x.device).triu(1)
    block = student.DecoderBlock(2, 8, 16, 0.3)
    parts(student, block, [x, encoded, later], rng, attention=2)
    before = block.eval()(x, encoded, later)
    for t in (1, 3, 5):
        changed = x.clone()
        changed[:, t] = 3 * rng.normal(2, 8)
        after = block(changed, encoded, later)
        expect_close(after[:, :t], before[:, :t], name=f"positions before {t}, after position {t} changed")
        expect(not torch.allclose(after[:, t], before[:, t]), f"Position {t} changed and its result did not.")


@task("position_encoding_simple", points=1)
def check_simple_positions_on_other_sizes(student):
    """Fractions are right for other sizes, in float32."""
    for K, M in [(1, 4), (8, 1), (11, 6)]:
        expected = torch.tensor([[[n / K] * M for n in range(K)]], dtype=torch.float32)
        expect_close(student.position_encoding_simple(K, M), expected)


@task("position_encoding_sinusoid", points=2)
def check_sinusoid_on_other_sizes(student):
    """Sines and cosines are right for odd and even lengths, one position, and many."""
    for K, M in [(1, 6), (5, 1), (6, 7), (3, 2), (300, 33)]:
        angle = [[n / 10000 ** ((m - m % 2) / M) for m in range(M)] for n in range(K)]
        table = [[math.cos(a) if m % 2 else math.sin(a) for m, a in enumerate(row)] for row in angle]
        expect_close(student.position_encoding_sinusoid(K, M), torch.tensor([table]), atol=5e-5)


@task("Transformer", points=2)
def check_transformer_sees_positions_and_not_the_future(student, rng):
    """A later token of the answer changes no earlier score; the question's order counts, through positions alone."""
    model = student.Transformer(2, 8, 12, 0.3, 1, 2, 13)
    questions, answers = rng.integers(0, 13, 3, 6), rng.integers(0, 13, 3, 5)
    ques_pos, ans_pos = rng.normal(1, 6, 8), rng.normal(1, 5, 8)
    parts(student, model, [questions, ques_pos, answers, ans_pos], rng, attention=5)
    before = model.eval()(questions, ques_pos, answers, ans_pos).reshape(3, 4, 13)
    for t in range(1, 5):
        changed = answers.clone()
        changed[:, t] = (changed[:, t] + 1 + rng.integers(0, 12, 3)) % 13
        after = model(questions, ques_pos, changed, ans_pos).reshape(3, 4, 13)
        expect_close(after[:, :t], before[:, :t], name=f"the scores before position {t}, after token {t} changed")
        seen = t == 4 or not torch.allclose(after[:, t], before[:, t])
        expect(seen, f"Token {t} of the answer changed, and the scores at its position did not.")

    order = torch.arange(6, device=questions.device).roll(1)
    questions[:, 0] = (questions[:, 1] + 1) % 13  # not all alike
    shuffled = questions[:, order]
    same = model(questions, 0 * ques_pos, answers, ans_pos)
    expect_close(model(shuffled, 0 * ques_pos, answers, ans_pos), same, name="without positions, the question shuffled")
    ordered, other = (model(q, ques_pos, answers, ans_pos) for q in (questions, shuffled))
    expect(not torch.allclose(ordered, other), "With positions, shuffling the question changed nothing.")


@task("Transformer", points=1)
def check_transformer_learns_everywhere(student, rng):
    """All weights of the Transformer get gradients, its size is that asked for, and dropout acts in training only."""
    inputs = [rng.integers(0, 9, 2, 7), rng.normal(1, 7, 6), rng.integers(0, 9, 2, 4), rng.normal(1, 4, 6)]
    model = student.Transformer(3, 6, 5, 0.4, 2, 3, 9)
    found = parts(student, model, inputs, rng, attention=2 + 2 * 3, linear=2 * 5 + 1, norm=2 * 2 + 3 * 3, embedding=1)
    expect_equal([tuple(t.shape) for t in found["embedding"]], [(9, 6)], name="the shape of the embedding")
    expect_gradients_everywhere(student, model, inputs)
    expect(not torch.equal(model.train()(*inputs), model(*inputs)), "In training, two passes with dropout were equal.")
    expect_equal(model.eval()(*inputs), model(*inputs), name="the second pass in eval mode")


TRAINING = """
import torch
from torch.nn.functional import cross_entropy

def train(model, questions, answers, ques_pos, ans_pos):
    # until the loss is small, 2,500 iterations at most; then 300 in which the learning rate falls to 0
    with torch.no_grad():
        for part in model.modules():
            if isinstance(part, torch.nn.Embedding):
                part.weight.mul_(0.3)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    model.to(questions.device).train()
    smooth, step, left = 2.0, 0, 300
    while left:
        step += 1
        left -= step > 2500 or smooth < 0.06 or left < 300
        optimizer.param_groups[0]["lr"] = 2.5e-3 * min(1.0, step / 100) * left / 300
        rows = torch.randint(len(questions), (64,)).to(questions.device)
        loss = cross_entropy(model(questions[rows], ques_pos, answers[rows], ans_pos), answers[rows, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        smooth = 0.98 * smooth + 0.02 * loss.item()

@torch.no_grad()
def answer(model, questions, ques_pos, ans_pos, start):
    model.eval()
    written = torch.full((len(questions), 1), start, device=questions.device)
    while written.shape[1] < ans_pos.shape[1]:
        padded = torch.cat([written, written[:, :1]], dim=1)
        scores = model(questions, ques_pos, padded, ans_pos[:, : padded.shape[1]])
        last = scores.reshape(len(questions), written.shape[1], -1)[:, -1].argmax(dim=1, keepdim=True)
        written = torch.cat([written, last], dim=1)
    return written
"""


@task("Transformer", points=4, seconds=600, memory_mb=4096)
def check_transformer_adds_and_subtracts(student, rng, score):
    """Trained on sums and differences, the Transformer answers at least 95 % of others exactly right."""
    train, test = arithmetic.split(num_train=16_000, num_test=1_000, seed=rng.int(0, 2**31))
    names = rng.permutation(len(arithmetic.VOCABULARY)).tolist()  # no token is known by its number
    number = dict(zip(arithmetic.VOCABULARY, names, strict=True))

    def tokens(sentences: tuple[str, ...]) -> Tensor:
        words = [[[w] if w in arithmetic.SPECIAL_TOKENS else w for w in sentence.split()] for sentence in sentences]
        return torch.tensor([[number[t] for word in row for t in word] for row in words], device=rng.device)

    questions, answers, asked, right = map(tokens, (train.questions, train.answers, test.questions, test.answers))
    places = [0.3 * rng.normal(1, t.shape[1], 64, dtype=torch.float32) for t in (questions, answers)]
    model, helper = student.Transformer(4, 64, 256, 0.0, 2, 1, len(names)), student.define(TRAINING)
    helper.train(model, questions, answers, *places)
    written = helper.answer(model, asked, *places, number["BOS"])

    expect_shape(written, tuple(right.shape))
    exact = float((written == right).all(dim=1).double().mean())
    score(exact, "share of exact answers")
    expect(exact >= 0.95, f"{exact:.1%} of the {len(right)} answers are exactly right; it must be at least 95 %.")
