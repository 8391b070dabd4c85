"""Hidden checks of the U-Net: other sizes, weights by shape, skips by perturbation, dropped conditions, guidance."""

import math
from collections import Counter
from functools import partial
from itertools import pairwise

import torch
from oracles_loans import LOANS_OF_GUIDANCE
from oracles_loans_hidden import LOANS_OF_UNET
from oracles_unet import HELPERS as COMMON
from oracles_unet import block_of, conv_of, plain_block
from torch import Tensor
from torch.nn import functional as F

from autograder import (
    Message,
    expect,
    expect_close,
    expect_device,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_state_kept,
    expect_unchanged,
    explain_errors,
    task,
)
from common.training.seed import deterministic

HELPERS = (
    COMMON
    + """
def convolutions(model, *inputs):
    '''The shapes of the weights of the convolutions that the module uses on these inputs.'''
    weights = [table["weight"] for table in tables(model, *inputs) if "weight" in table]
    return [list(weight.shape) for weight in weights if weight.ndim == 4]

def dropouts(model):
    return [module.p for module in model.modules() if isinstance(module, nn.Dropout)]

def unet_tables(model, x, time, condition):
    '''The embedding of time, and the weights of time_mlp, of condition_mlp and of all other layers in order of use.'''
    first, second = tables(model.time_mlp, time), tables(model.condition_mlp, condition)
    known = [table["weight"] for table in first + second]
    every = tables(model, x, time, {"text_emb": condition})
    rest = [t for t in every if not any(k.shape == t["weight"].shape and torch.equal(k, t["weight"]) for k in known)]
    return model.time_mlp[0](time).detach(), first, second, rest

def conditioned(x, time, condition, model):
    return model(x, time, {"text_emb": condition})

def silence(model, name):
    '''Make all modules of this class return zeros.'''
    for module in model.modules():
        if isinstance(module, getattr(student, name)):
            module.forward = lambda *args, forward=module.forward, **kwargs: 0 * forward(*args, **kwargs)

def give_clock(model, dim):
    '''Replace the embedding of time by a module of ours; its values do not matter.'''
    class Clock(nn.Module):
        def forward(self, time):
            return time[:, None].expand(-1, dim).float()
    model.time_mlp[0] = Clock()

def without_gradient(model, x, time, model_kwargs):
    x.requires_grad_()
    out = model(x, time, model_kwargs)
    (out * torch.randn_like(out)).sum().backward()
    lost = [name for name, value in model.named_parameters() if value.grad is not None and not value.grad.any()]
    return lost + ([] if x.grad is not None and x.grad.any() else ["the input"])
"""
)


@task("SinusoidalPosEmb", share=50, keeps=True)
def check_embedding_of_any_size(student, rng):
    """The embedding works for any even dim, other theta, one time, times as floats, and a million steps."""
    for dim, theta, times in (
        (4, 10000.0, [0]),
        (6, 50.0, [7, 0, 999]),
        (10, 10000.0, [1, 2]),
        (64, 1000.0, [1_000_000, 3]),
    ):
        found = student.SinusoidalPosEmb(dim, theta=theta)(torch.tensor(times, device=rng.device))
        half = dim // 2
        angles = [[time * theta ** (-i / (half - 1)) for i in range(half)] for time in times]
        rows = [[math.sin(angle) for angle in row] + [math.cos(angle) for angle in row] for row in angles]
        tolerance = 1e-4 if max(times) < 1000 else 0.2  # float32 has 7 digits, of which few are left
        right = torch.tensor(rows, device=rng.device)
        expect_close(
            found,
            right,
            atol=tolerance,
            check_dtype=False,
            name=Message("dim={dim}, theta={theta}", dim=dim, theta=theta),
            hint="theta is an argument of the module: keep it, and use it." if theta != 10000.0 else "",
        )
    found = student.SinusoidalPosEmb(4)(torch.tensor([0.5], device=rng.device))
    right = torch.tensor([[math.sin(0.5), math.sin(5e-5), math.cos(0.5), math.cos(5e-5)]], device=rng.device)
    expect_close(found, right, check_dtype=False, name="at t = 0.5")
    time = torch.tensor([3, 70], device=rng.device)
    expect_unchanged(student.inspect(student.SinusoidalPosEmb(4), time), time)
    expect_device(student, student.SinusoidalPosEmb(4), time)


@task("ResnetBlock", share=25)
def check_block_has_the_layers_it_should(student, rng):
    """The block has only the weights it needs, and dropout only in its first half and in training mode."""
    helper = student.define(HELPERS)
    for before, after in ((6, 6), (4, 7)):
        block = student.ResnetBlock(before, after, 3, dropout=0.5).to(rng.device)
        x, context = rng.normal(2, before, 4, 4, dtype=torch.float32), rng.normal(2, 3, dtype=torch.float32)
        shapes = Counter(tuple(shape) for shape in helper.convolutions(block, x, context))
        right = Counter([(after, before, 3, 3), (after, after, 3, 3)] + [(after, before, 1, 1)] * (before != after))
        expect_equal(
            dict(shapes),
            dict(right),
            name=Message(
                "the number of convolutions of each shape, from {before} to {after}", before=before, after=after
            ),
        )
        found = sorted(helper.dropouts(block))
        expect_equal(found, [0.0, 0.5], name="the probabilities of the block's dropouts", mistakes={
            "Only the first half gets the dropout.": [0.5, 0.5], "The first half gets the dropout.": [0.0, 0.0],
        })  # fmt: skip
        block = helper.randomise(block, rng.int(0, 2**31))
        expect_close(helper.run(block, x, context), helper.run(block, x, context), name="in evaluation mode, twice")
    block = helper.randomise(student.ResnetBlock(6, 6, 3, dropout=1.0).to(rng.device), rng.int(0, 2**31)).train()
    x = rng.normal(2, 6, 4, 5, dtype=torch.float32)
    out = helper.run(block, x, context)
    expect_shape(out, x.shape)
    added = (out.double() - x).transpose(0, 1).flatten(1)  # only the biases of the second half are left
    hint = "Put dropout at the end of the first half: with dropout=1, in training mode, the second half gets zeros."
    expect(float(added.abs().max()) > 1e-3, "With dropout=1 in training mode nothing is added to the input.", hint)
    uneven = float((added.amax(dim=1) - added.amin(dim=1)).max())
    expect(uneven < 1e-4, "With dropout=1 in training mode, not every pixel gets the same number added.", hint)


@task("ResnetBlock", share=25)
def check_block_listens_to_each_images_own_context(student, rng):
    """A block's output for an image depends on its own context and not on the other images."""
    helper = student.define(HELPERS)
    block = helper.randomise(student.ResnetBlock(5, 3, 4).to(rng.device), rng.int(0, 2**31))
    x, context = rng.normal(5, 5, 3, 7, dtype=torch.float32), rng.normal(5, 4, dtype=torch.float32)
    whole = helper.run(block, x, context)
    for n in range(5):
        expect_close(
            whole[n : n + 1],
            helper.run(block, x[n : n + 1], context[n : n + 1]),
            atol=1e-4,
            name=Message("image {n}", n=n),
        )
    linear = next((t for t in helper.tables(block, x, context) if "weight" in t and t["weight"].shape == (6, 4)), None)
    expect(linear is not None, "There is no linear layer from the 4 numbers of the context to 6 numbers.")
    both = F.linear(F.silu(context), linear["weight"], linear.get("bias"))
    expect(float(both.std()) > 0.01, "The context does not affect the scales and shifts.")
    other = helper.run(block, x, context.flip(0))
    expect(
        float((other - whole).flatten(1).abs().amax(dim=1)[[0, 1, 3, 4]].min()) > 1e-3,
        "The context does not affect the output.",
    )
    expect_unchanged(student.inspect(block, x, context), x, context)
    expect_device(student, block, x, context)
    values = helper.tables(block, x, context)
    expect_same_gradients(
        student, rng, block, lambda x, context: plain_block(x, context, values, 3), x.double(), context.double(),
        weights=values, train=False, names=("x", "context"),
    )  # fmt: skip


def all_convolutions(dim: int, mults: tuple[int, ...], channels: int) -> Counter[tuple[int, ...]]:
    """Count the shapes of the weights in the drawing."""
    dims = [dim, *(dim * mult for mult in mults)]
    found = Counter([(dim, channels, 3, 3), (channels, dim, 1, 1)] + [(dims[-1], dims[-1], 3, 3)] * 4)
    for here, below in pairwise(dims):
        found.update([(here, here, 3, 3)] * 6 + [(below, here, 3, 3), (here, below, 3, 3)])
        found.update([(here, 2 * here, 3, 3), (here, 2 * here, 1, 1)] * 2)
    return found


@task("Unet.forward", share=10, loans=LOANS_OF_UNET)
def check_unet_has_the_weights_it_should(student, rng):
    """The convolutions have the shapes of the drawing, after a skip twice the channels; all blocks get the dropout."""
    helper = student.define(HELPERS)
    for dim, mults, channels in ((4, (1, 2, 4, 8), 3), (6, (3,), 1), (8, (2, 1), 2)):
        model = student.Unet(dim, 7, dim_mults=mults, channels=channels, dropout=0.25)
        inputs = rng.normal(1, channels, 16, 16, dtype=torch.float32), torch.zeros(1, device=rng.device)
        found = Counter(tuple(shape) for shape in helper.convolutions(model.to(rng.device), *inputs))
        right = all_convolutions(dim, mults, channels)
        wrong = {shape: found[shape] - right[shape] for shape in {*found, *right} if found[shape] != right[shape]}
        text = ", ".join(f"{shape}: {count:+}" for shape, count in sorted(wrong.items()))
        expect(
            not wrong,
            Message(
                "With dim={dim}, dim_mults={mults} there are too many (+) or too few (-) convolutions: {text}.",
                dim=dim,
                mults=mults,
                text=text,
            ),
        )
        dropouts = Counter(helper.dropouts(model))
        expect_equal(dropouts[0.25], 4 * len(mults) + 2, name="the number of blocks with the given dropout")


def judge_gradients(student, rng, helper) -> None:
    """Compare the gradients of a small U-Net with those of the drawing, computed by torch's operators."""
    model = helper.randomise(student.Unet(8, 5, dim_mults=(1, 2), channels=2).to(rng.device), rng.int(0, 2**31))
    x, time = rng.normal(3, 2, 8, 4, dtype=torch.float32), rng.integers(0, 100, 3)
    condition = rng.normal(3, 5, dtype=torch.float32)
    emb, first, second, rest = helper.unet_tables(model, x, time, condition)

    def drawn(x: Tensor, time: Tensor, condition: Tensor, model, cut: str = "") -> Tensor:
        def part(name: str, value: Tensor) -> Tensor:
            return value.detach() if name == cut else value

        left = list(rest)
        context = part("embedding of time", small_network(first, emb))
        context = context + part("embedding of the condition", small_network(second, condition))
        skips, x = [], conv_of(left, x, 8, 3)
        for here, below in ((8, 8), (8, 16)):
            for _ in range(2):
                x = block_of(left, x, context, here)
                skips.append(part("outputs that are kept for the way up", x))
            x = conv_of(left, x, below, 3, stride=2)
        for _ in range(2):
            x = block_of(left, x, context, 16)
        context = part("context of the way up", context)
        for here in (8, 8):
            x = conv_of(left, F.interpolate(x, scale_factor=2), here, 3)
            for _ in range(2):
                x = block_of(left, torch.cat([x, skips.pop()], dim=1), context, here)
        return conv_of(left, x, 2, 1)

    cuts = (
        Message("outputs that are kept for the way up"),
        Message("context of the way up"),
        Message("embedding of the condition"),
    )
    with deterministic():
        expect_same_gradients(
            student, rng, helper.conditioned, drawn, x, time, condition, model,
            weights=(first, second, rest), names=("x", Message("the condition")), rtol=1e-2, atol=1e-3,
            mistakes={Message("These are detached: the {names}.", names=cut): partial(drawn, cut=cut) for cut in cuts},
        )  # fmt: skip


def small_network(tables: list[dict[str, Tensor]], x: Tensor) -> Tensor:
    """Compute linear - SiLU - linear."""
    one, two = tables
    return F.linear(F.silu(F.linear(x, one["weight"], one["bias"])), two["weight"], two["bias"])


@task("Unet.forward", share=20, loans=LOANS_OF_UNET)
def check_skips_carry_the_details(student, rng):
    """Without the lower levels, every pixel still affects its place in the output; all weights get gradients."""
    helper = student.define(HELPERS)
    judge_gradients(student, rng, helper)
    for mults, height, width in (((1, 2), 8, 4), ((2,), 2, 6)):
        model = helper.randomise(student.Unet(8, 5, dim_mults=mults, channels=1).to(rng.device), rng.int(0, 2**31))
        x, time = rng.normal(5, 1, height, width, dtype=torch.float32), rng.integers(0, 100, 5)
        kwargs = {"text_emb": rng.normal(5, 5, dtype=torch.float32)}
        expect_equal(
            helper.without_gradient(model, x, time, kwargs), [], name="the parameters and inputs whose gradient is 0"
        )
        whole = helper.run(model, x, time, kwargs)
        single = helper.run(model, x[3:4], time[3:4], {"text_emb": kwargs["text_emb"][3:4]})
        expect_close(whole[3:4], single, atol=1e-4, name="an image alone and among others")

        helper.silence(model, "Upsample")
        base = helper.run(model, x, time, kwargs)
        expect(float((base - whole).abs().max()) > 1e-3, "The lower levels do not affect the output.")
        for place in ((0, 0), (height - 1, width - 1), (height // 2, 1)):
            changed = x.clone()
            changed[:, 0, place[0], place[1]] += 1
            moved = (helper.run(model, changed, time, kwargs) - base)[:, 0, place[0], place[1]].abs()
            message = Message(
                "If Upsample gives zeros, pixel {place} of an image does not affect its place in the output.",
                place=place,
            )
            expect(float(moved.max()) > 1e-4, message, "Concatenate the outputs of the way down on the way up.")


@task("Unet.forward", share=10, loans=LOANS_OF_UNET)
def check_forgetting_is_for_training(student, rng):
    """In training mode each image's condition is dropped with probability uncond_prob, in evaluation mode none is."""
    helper, batch = student.define(HELPERS), 240
    x = rng.normal(1, 1, 2, 2, dtype=torch.float32).expand(batch, -1, -1, -1).contiguous()
    time, condition = torch.full((batch,), 5, device=rng.device), torch.ones(batch, 5, device=rng.device)
    dropped_with: dict[float, float] = {}
    changes: dict[float, bool] = {}
    for probability in (0.0, 0.25, 1.0):
        model = student.Unet(4, 5, dim_mults=(1,), channels=1, uncond_prob=probability).to(rng.device)
        model = helper.randomise(model, rng.int(0, 2**31))
        conditional = helper.run(model, x, time, {"text_emb": condition})
        unconditional = helper.run(model, x, time, {"text_emb": None})
        gap = float((conditional - unconditional).abs().max())
        expect(gap > 1e-3, "The condition does not affect the output in evaluation mode.")
        expect(
            float((conditional - conditional[:1]).abs().max()) < 1e-4,
            "In evaluation mode the condition of some images is dropped.",
        )
        model.train()
        inputs = (x, time, {"text_emb": condition})
        seen = student.inspect(helper.run, model, *inputs)
        expect_equal(
            seen.args[1:],
            inputs,
            name="x, time and model_kwargs after a call in training mode",
            hint="The condition belongs to the caller: multiply it out of place, into a new tensor.",
        )
        drawn = seen.value
        for kwargs in ({"text_emb": None}, {}):
            with explain_errors({"None": "There may be no condition in training mode either: use zeros, as always."}):
                found = helper.run(model, x, time, kwargs)
            expect_close(
                found, unconditional, atol=1e-4, name=Message("in training mode with {options}", options=kwargs)
            )
        kept = (drawn - conditional).flatten(1).abs().amax(dim=1) < 0.01 * gap
        dropped = (drawn - unconditional).flatten(1).abs().amax(dim=1) < 0.01 * gap
        expect(bool((kept ^ dropped).all()), "In training mode, an image must get its whole condition or zeros.")
        dropped_with[probability] = float(dropped.sum())
        again = helper.run(model, x, time, {"text_emb": condition})
        changes[probability] = float((again - drawn).abs().max()) > 0.1 * gap
        if probability == 0.25:
            outs = [drawn, again, *(helper.run(model, x, time, {"text_emb": condition}) for _ in range(6))]
            counts = [int(((out - unconditional).flatten(1).abs().amax(dim=1) < 0.01 * gap).sum()) for out in outs]
    expect(dropped_with[0.0] == 0, "With uncond_prob=0 no condition should be dropped.")
    expect(dropped_with[1.0] == batch, "With uncond_prob=1 all conditions should be dropped.")
    expect(
        len(set(counts)) > 1,
        Message(
            "In {calls} calls with uncond_prob=0.25, exactly {count} of {batch} conditions were dropped each time.",
            calls=len(counts),
            count=counts[0],
            batch=batch,
        ),
        "Each image loses its condition independently of the others: draw a number for each.",
    )
    near = abs(dropped_with[0.25] - batch / 4) < 6 * (batch * 0.25 * 0.75) ** 0.5
    expect(
        near,
        Message(
            "With uncond_prob=0.25, {dropped:.0f} of {batch} conditions were dropped.",
            dropped=dropped_with[0.25],
            batch=batch,
        ),
    )
    expect(changes[0.25], "The same conditions are dropped in every call.")
    helper.give_clock(model, 4)
    expect_device(student, model, x, time, {"text_emb": condition})


# Gradients in the images of a guided call, its formula and the formula's first half; None where there is no graph.
GUIDED_SLOPES = """
import torch

def slopes(model, x, time, condition, scale):
    model.eval()
    x = x.clone().requires_grad_()
    given, none = (model(x, time, {"text_emb": words}) for words in (condition, None))
    found = model.cfg_forward(x, time, {"text_emb": condition, "cfg_scale": scale})
    outs = (found, (scale + 1) * given - scale * none, (scale + 1) * given)
    factors = torch.linspace(-1, 1, found.numel(), device=x.device).view(found.shape)
    sums = [(factors * out).sum() for out in outs]
    return [torch.autograd.grad(s, x, retain_graph=True)[0] if s.requires_grad else None for s in sums]
"""


@task("Unet.cfg_forward", share="1/6", loans=LOANS_OF_GUIDANCE)
def check_guidance_through_forward(student, rng):
    """forward with cfg_scale is guided, for any scale, also -1 (unconditional) and 0; model_kwargs is unchanged."""
    helper = student.define(HELPERS)
    model = helper.randomise(student.Unet(8, 3, dim_mults=(2, 1), channels=2).to(rng.device), rng.int(0, 2**31))
    x, time = rng.normal(4, 2, 8, 4, dtype=torch.float32), rng.integers(0, 50, 4)
    condition = rng.normal(4, 3, dtype=torch.float32)
    conditional, unconditional = (helper.run(model, x, time, {"text_emb": given}) for given in (condition, None))
    expect(
        float((conditional - unconditional).abs().max()) > 1e-3, "The condition does not affect the output of forward."
    )
    kwargs: dict[str, Tensor | float] = {"text_emb": condition}
    for scale in (-1.0, 0, 0.3, 7):
        kwargs["cfg_scale"] = scale
        seen = student.inspect(helper.run, model, x, time, kwargs)
        right = conditional + scale * (conditional - unconditional)
        expect_close(seen.value, right, atol=1e-3, name=Message("forward with cfg_scale={scale}", scale=scale))
        expect_equal(seen.args[3], kwargs, name="model_kwargs afterwards")
    for training in (True, False):
        model.train(training)
        with expect_state_kept(student, model=model):
            model(x, time, kwargs)
    found, right, half = student.define(GUIDED_SLOPES).slopes(model, x, time, condition, 2.0)
    if found is not None and right is not None:  # guidance is for sampling: none at all will do, half of it will not
        expect_close(found, right, rtol=1e-3, atol=1e-3, name="the gradient of a guided call", mistakes={
            "Both calls of the network have a gradient: neither is under torch.no_grad().": half,
        })  # fmt: skip
    helper.give_clock(model, 8)
    expect_device(student, model.cfg_forward, x, time, kwargs)
