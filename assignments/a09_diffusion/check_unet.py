"""Public checks of the U-Net, against plain loops and torch's operators, and of the connections between its blocks."""

import math
from functools import partial

import torch
from oracles_loans import LOANS_OF_GUIDANCE, LOANS_OF_PARTS
from oracles_unet import HELPERS, plain_block
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_shape, expect_unchanged, explain_errors, task
from common.training.seed import deterministic

WIRING = (
    HELPERS
    + """
def record(model, x, time, model_kwargs):
    '''The inputs and the output of each block, in the order of the calls.'''
    calls, kinds = [], {student.ResnetBlock: "block", student.Downsample: "down", student.Upsample: "up"}

    def noted(kind, forward):  # whether the module is called or its method forward is
        def run(*args, **kwargs):
            given = [value.clone() for value in (*args, *kwargs.values()) if torch.is_tensor(value)]
            out = forward(*args, **kwargs)
            calls.append([kind, given, out.clone()])
            return out
        return run

    for module in model.modules():
        kind = next((name for made, name in kinds.items() if isinstance(module, made)), None)
        if kind or module is model.init_conv or module is model.final_conv:
            kind = kind or ("first" if module is model.init_conv else "last")
            module.forward = noted(kind, module.forward)
    with torch.no_grad(), deterministic():
        out = model(x, time, model_kwargs)
        parts = model.time_mlp(time), model.condition_mlp(model_kwargs["text_emb"])
        made = [kind for kind, _, _ in calls]
        if made and "first" not in made:  # its weights may have been used without it
            calls.insert(0, ["first", [x], torch.nn.Conv2d.forward(model.init_conv, x)])
        if made and "last" not in made:
            calls.append(["last", [calls[-1][2]], torch.nn.Conv2d.forward(model.final_conv, calls[-1][2])])
    return calls, out, parts
"""
)


@task("SinusoidalPosEmb", share=50)
def check_embedding_agrees_with_a_loop(student, rng):
    """The embedding of time holds all sines, then all cosines, of frequencies from 1 down to 1 / theta."""
    time = rng.integers(0, 1000, 5)
    found = student.SinusoidalPosEmb(16)(time)

    def angles_of(steps: int, base: float = 10000.0) -> list[list[float]]:
        return [[t * base ** (-i / steps) for i in range(8)] for t in time.tolist()]

    def embedded(angles: list[list[float]]) -> Tensor:
        rows = [[math.sin(a) for a in row] + [math.cos(a) for a in row] for row in angles]
        return torch.tensor(rows, device=rng.device)

    right = embedded(angles_of(7))
    expect_close(found, right, atol=1e-3, check_dtype=False, mistakes={
        "The exponent should be i / (h - 1), not i / h.": embedded(angles_of(8)),
        "Sines and cosines alternate; put all cosines after all sines.": right.reshape(5, 2, 8).mT.flatten(1),
        "The cosines come first; put the sines first.": right.roll(8, dims=1),
        "The cosines are rows of their own: join sines and cosines of one time with torch.cat([...], dim=1).": (
            torch.cat([right[:, :8], right[:, 8:]])
        ),
    })  # fmt: skip


@task("ResnetBlock", share=50)
def check_block_agrees_with_the_formula(student, rng):
    """With the same weights, the block computes conv - norm - scale and shift - SiLU twice, plus the shortcut."""
    helper = student.define(HELPERS)
    for before, after in ((4, 6), (8, 8)):
        block = helper.randomise(student.ResnetBlock(before, after, 5).to(rng.device), rng.int(0, 2**31))
        x, context = rng.normal(3, before, 4, 6, dtype=torch.float32), rng.normal(3, 5, dtype=torch.float32)
        formula = partial(plain_block, x, context, helper.tables(block, x, context), after)
        with deterministic():
            expected = formula()
        name = Message("from {before} to {after}", before=before, after=after)
        expect_close(helper.run(block, x, context), expected, atol=1e-4, name=name, mistakes={
            hint: partial(formula, wrong)
            for wrong, hint in {
                "no shortcut": "The input is not added.", "swapped": "The scale comes first, then the shift.",
                "no 1": "Multiply by 1 + scale.", "no silu": "Apply SiLU to the context first.",
                "late silu": "Apply SiLU to the context, before the linear layer.",
                "relu": "Apply SiLU to the context, not ReLU.",
                "second half": "The context scales and shifts in the first half, not in the second.",
                "both": "The context scales and shifts in the first half only.",
            }.items()
        })  # fmt: skip


JOINED = {
    "Sizes of tensors must match": "On the way up, x is joined with the output of a block on the way down that has its "
    "height and width: use the skips last in, first out."
}


@task("Unet.forward", share=10, loans=LOANS_OF_PARTS)
def check_unet_keeps_the_shape(student, rng):
    """The output has the input's shape, for any depth, channels and batch, and for images that are not square."""
    for mults, channels, batch, height, width in (((1, 2), 1, 3, 8, 12), ((2,), 3, 1, 6, 2), ((1, 2, 3), 2, 2, 8, 16)):
        model = student.Unet(8, 5, dim_mults=mults, channels=channels).to(rng.device)
        x, time = rng.normal(batch, channels, height, width, dtype=torch.float32), rng.integers(0, 50, batch)
        condition = rng.normal(batch, 5, dtype=torch.float32)
        with explain_errors(JOINED):
            found = model(x, time, {"text_emb": condition})
        expect_shape(found, x.shape, name=Message("with dim_mults={mults}", mults=mults))


def judge_wiring(calls: list, out: Tensor, parts: tuple[Tensor, Tensor], depth: int) -> None:
    """Compare the inputs of each block with the outputs before it. The last image has no condition."""
    context, of_time, of_condition = parts[0] + parts[1], *parts
    kinds = [kind for kind, _, _ in calls]
    order = ["first", *["block", "block", "down"] * depth, "block", "block", *["up", "block", "block"] * depth, "last"]
    expect_equal(kinds, order, name="the order of the parts", mistakes={
        "Blocks in a plain list do not belong to the module: use nn.ModuleList.": ["first", "block", "block", "last"],
        "Each level has two blocks before its Downsample, and two after its Upsample.":
            ["first", *["block", "down"] * depth, "block", "block", *["up", "block"] * depth, "last"],
        "Two blocks work at the bottom.": [*order[: 3 * depth + 1], *order[3 * depth + 3 :]],
        "Two blocks work at the bottom, not one.": [*order[: 3 * depth + 1], *order[3 * depth + 2 :]],
    })  # fmt: skip
    skips: list[Tensor] = []
    before = calls[0][2]
    for number, (kind, inputs, result) in enumerate(calls[1:], start=1):
        part = {"kind": kind, "part": number + 1, "parts": len(calls)}
        where = Message("{kind}, part {part} of {parts}, gets", **part)
        x = before
        if kind == "block" and number > 3 * depth + 2:  # on the way up
            skip = skips.pop()
            x = torch.cat([before, skip], dim=1)
            expect_close(inputs[0], x, atol=1e-4, name=where, mistakes={
                "The skip comes second: [x, skip].": torch.cat([skip, before], dim=1),
                "The skip connection is missing.": before,
                "Both halves are the skip: join x and the skip.": torch.cat([skip, skip], dim=1),
                "Use the skips last in, first out.": lambda x=before: torch.cat([x, skips[0]], dim=1),
                "This is the skip of the block before: keep the outputs of blocks, and use them last in, first out.": (
                    lambda x=before: torch.cat([x, skips[-1]], dim=1)
                ),
            })  # fmt: skip
        else:
            expect_close(inputs[0], x, atol=1e-4, name=where)
        if kind == "block":
            expect_close(inputs[1], context, atol=1e-4,
                         name=Message("the context that the {kind}, part {part} of {parts}, gets", **part), mistakes={
                "The condition is missing: the context is time_mlp(time) + condition_mlp(condition).": of_time,
                "The time is missing: the context is time_mlp(time) + condition_mlp(condition).": of_condition,
                "A vector of zeros goes through condition_mlp like any other: the biases make numbers of it.":
                    lambda: torch.cat([context[:-1], of_time[-1:]]),
            })  # fmt: skip
            if number <= 3 * depth:
                skips.append(result)
        before = result
    expect_close(out, before, atol=1e-4, name="the output of the network")


@task("Unet.forward", share=20, loans=LOANS_OF_PARTS)
def check_unet_is_wired_as_drawn(student, rng):
    """The blocks are connected as drawn: two per level, skips to their partners, last in first out."""
    helper = student.define(WIRING)
    model = helper.randomise(student.Unet(8, 5, dim_mults=(1, 2), channels=2).to(rng.device), rng.int(0, 2**31))
    x, time = rng.normal(3, 2, 8, 12, dtype=torch.float32), rng.integers(0, 100, 3)
    condition = rng.normal(3, 5, dtype=torch.float32)
    condition[-1] = 0
    judge_wiring(*helper.record(model, x, time, {"text_emb": condition}), depth=2)


@task("Unet.forward", share=10, loans=LOANS_OF_PARTS)
def check_unet_knows_time_and_condition(student, rng):
    """Each image uses its own time and condition; None, no key and a vector of zeros are the same."""
    helper = student.define(HELPERS)
    unet = student.Unet(8, 5, dim_mults=(1,), channels=2, uncond_prob=0.5)
    model = helper.randomise(unet.to(rng.device), rng.int(0, 2**31))
    x, time = rng.normal(3, 2, 4, 4, dtype=torch.float32), torch.tensor([3, 40, 11], device=rng.device)
    condition = rng.normal(3, 5, dtype=torch.float32)
    base, *again = (helper.run(model, x, time, {"text_emb": condition}) for _ in range(5))
    expect(
        all(torch.equal(base, other) for other in again),
        "In evaluation mode two calls with the same input differ.",
        "Conditions are dropped in training mode only: if self.training.",
    )
    for changed, what in (
        (helper.run(model, x, torch.tensor([3, 41, 11], device=x.device), {"text_emb": condition}), Message("time")),
        (
            helper.run(model, x, time, {"text_emb": condition + torch.tensor([[0.0], [1], [0]]).to(x)}),
            Message("condition"),
        ),
    ):
        moved = (changed - base).flatten(1).abs().amax(dim=1)
        expect(float(moved[1]) > 1e-3, Message("The {what} of an image does not affect its output.", what=what))
        expect(
            float(moved[[0, 2]].max()) < 1e-4, Message("The {what} of one image affects the other images.", what=what)
        )
    zeros = helper.run(model, x, time, {"text_emb": 0 * condition})
    expect_close(helper.run(model, x, time, {"text_emb": None}), zeros, atol=1e-4, name="with text_emb=None")
    expect_close(helper.run(model, x, time, {}), zeros, atol=1e-4, name="without text_emb")
    expect_close(helper.run(model, x, time), zeros, atol=1e-4, name="without model_kwargs")
    seed = rng.int(0, 2**31)
    for chance in (0.0, 1.0):
        made = student.Unet(8, 5, dim_mults=(1,), channels=2, uncond_prob=chance).to(rng.device)
        made = helper.randomise(made, seed)
        evaluated = helper.run(made, x, time, {"text_emb": condition if chance == 0 else None})
        other = helper.run(made, x, time, {"text_emb": None if chance == 0 else condition})
        trained = helper.run(made.train(), x, time, {"text_emb": condition})
        expect_close(trained, evaluated, atol=1e-4,
                     name=Message("in training mode, with uncond_prob={chance:g}", chance=chance), mistakes={
            "uncond_prob is the probability to lose the condition, not to keep it, and acts in training mode.": other,
        })  # fmt: skip


def guided_model(student, rng):
    """Make a small model with random weights, and inputs; return its outputs with and without the condition too."""
    helper = student.define(HELPERS)
    model = helper.randomise(student.Unet(8, 5, dim_mults=(1,), channels=1).to(rng.device), rng.int(0, 2**31))
    x, time = rng.normal(3, 1, 4, 6, dtype=torch.float32), rng.integers(0, 50, 3)
    condition = rng.normal(3, 5, dtype=torch.float32)
    conditional, unconditional = (helper.run(model, x, time, {"text_emb": given}) for given in (condition, None))
    expect(
        float((conditional - unconditional).abs().max()) > 1e-3, "The condition does not affect the output of forward."
    )
    return helper, model, (x, time), condition, conditional, unconditional


AGAIN = {"RecursionError": "forward hands a call with cfg_scale to cfg_forward. Call the network without this key."}


@task("Unet.cfg_forward", share="2/6", loans=LOANS_OF_GUIDANCE)
def check_guidance_agrees_with_the_formula(student, rng):
    """Guidance with scale s is (s + 1) times the prediction with, minus s times that without the condition."""
    helper, model, inputs, condition, conditional, unconditional = guided_model(student, rng)
    for scale in (2.5, 1.0, 0.0):
        with explain_errors(AGAIN):
            found = helper.run(model.cfg_forward, *inputs, {"text_emb": condition, "cfg_scale": scale})
        mistakes = {
            "The outputs with and without the condition are swapped.": (scale + 1) * unconditional
            - scale * conditional,
            "The output with the condition needs the factor s + 1, not s.": scale * conditional
            + (1 - scale) * unconditional,
            "The second part was added; subtract it.": (scale + 1) * conditional + scale * unconditional,
            "This is the output with the condition: the guidance is missing, or both calls have it.": conditional,
        }
        right = (scale + 1) * conditional - scale * unconditional
        if scale < 2:  # then some of them are the same
            off = "A scale of 0 is a scale, and gives the output with the condition: compare with None, not with 0."
            mistakes = {} if scale else {off: unconditional}
        expect_close(found, right, atol=1e-4, name=Message("with cfg_scale={scale}", scale=scale), mistakes=mistakes)


@task("Unet.cfg_forward", share="1/6", loans=LOANS_OF_GUIDANCE)
def check_guidance_leaves_model_kwargs(student, rng):
    """model_kwargs is the same after a guided call as before, so that the next step is guided too."""
    _, model, inputs, condition, _, _ = guided_model(student, rng)
    kwargs = {"text_emb": condition, "cfg_scale": 1.5}
    with explain_errors(AGAIN):
        seen = student.inspect(model.cfg_forward, *inputs, kwargs)
    expect_equal(seen.args[2], kwargs, name="model_kwargs afterwards", mistakes={
        "cfg_scale was removed from the caller's dict; make a new dict without it.": {"text_emb": condition},
        "The condition was replaced in the caller's dict; make a new dict.": {**kwargs, "text_emb": None},
    })  # fmt: skip
    expect_unchanged(seen, *inputs)
