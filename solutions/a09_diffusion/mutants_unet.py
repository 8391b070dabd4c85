"""Wrong answers to a09, U-Net and guidance, each with the check that must notice it."""

from autograder.authoring.mutants import Mutant

Checks = str | tuple[str, ...]


def mutant(
    story: str, noticed_by: Checks, replace: str, by: str, *, count: int = 1, calibrates: bool = False
) -> Mutant:
    return Mutant(story, "unet.py", replace, by, noticed_by, count=count, calibrates=calibrates)


SLOWING = "slowing = torch.arange(half, device=time.device) / (half - 1)"
ANGLES = "angles = time[:, None] * self.theta**-slowing"
TURNS = "return torch.cat([angles.sin(), angles.cos()], dim=1)"
MODULATION = "scale, shift = self.modulation(F.silu(context)).chunk(2, dim=1)"
BLOCKS = "return self.block2(self.block1(x, (scale, shift))) + self.shortcut(x)"
SHORTCUT = "self.shortcut = nn.Conv2d(dim_in, dim_out, 1) if dim_in != dim_out else nn.Identity()"
FIRST = "self.block1 = Block(dim_in, dim_out, dropout)"
SECOND = "self.block2 = Block(dim_out, dim_out)"
MIDDLE = "self.middle = nn.ModuleList([ResnetBlock(dims[-1], dims[-1], context_dim, dropout) for _ in range(2)])"
SAME = "same = [ResnetBlock(here, here, context_dim, dropout) for _ in range(2)]"
DOUBLE = "double = [ResnetBlock(2 * here, here, context_dim, dropout) for _ in range(2)]"
TRAINING = "if self.training:"
KNOWN = "known = torch.rand(len(x), 1, device=x.device) >= self.uncond_prob"
FORGET = "condition = condition * known"
CONTEXT = "context = self.time_mlp(time) + self.condition_mlp(condition)"
UP1 = "x = block1(torch.cat([x, skips.pop()], dim=1), context)"
UP2 = "x = block2(torch.cat([x, skips.pop()], dim=1), context)"
SCALE = 'scale = model_kwargs["cfg_scale"]'
REST = 'rest = {key: value for key, value in model_kwargs.items() if key != "cfg_scale"}'
GUIDED = 'return (scale + 1) * self(x, time, rest) - scale * self(x, time, {**rest, "text_emb": None})'
LOOP, SIZES = "check_embedding_agrees_with_a_loop", "check_embedding_of_any_size"
FORMULA, OWN = "check_block_agrees_with_the_formula", "check_block_listens_to_each_images_own_context"
LAYERS = "check_block_has_the_layers_it_should"
WIRED, WEIGHTS = "check_unet_is_wired_as_drawn", "check_unet_has_the_weights_it_should"
DETAILS, TOLD = "check_skips_carry_the_details", "check_unet_knows_time_and_condition"
SHAPE, FORGETS = "check_unet_keeps_the_shape", "check_forgetting_is_for_training"
CFG, KWARGS = "check_guidance_agrees_with_the_formula", "check_guidance_leaves_model_kwargs"
THROUGH = "check_guidance_through_forward"
DENOISES, OBEYS = "check_unet_learns_to_denoise", "check_guided_glyphs_are_recognised"

# fmt: off
PARTS = [
    mutant("embedding: divides by h, as in Vaswani et al.", (LOOP, SIZES), SLOWING, SLOWING.replace("(half - 1)",
           "half")),
    mutant("embedding: sines and cosines alternate", (LOOP, SIZES), TURNS,
           "return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)"),
    mutant("embedding: cosines first", LOOP, TURNS, "return torch.cat([angles.cos(), angles.sin()], dim=1)"),
    mutant("embedding: hard-codes theta", SIZES, ANGLES, ANGLES.replace("self.theta", "10000.0")),
    mutant("embedding: frequencies increase", LOOP, ANGLES, ANGLES.replace("**-slowing", "**slowing")),
    mutant("embedding: the frequencies are on the CPU", SIZES, SLOWING, SLOWING.replace(", device=time.device", "")),
    mutant("embedding: accepts whole numbers only", SIZES, ANGLES, ANGLES.replace("time[:, None]",
           "time.long()[:, None]")),
    mutant("block: forgets the shortcut", FORMULA, BLOCKS, BLOCKS.removesuffix(" + self.shortcut(x)")),
    mutant("block: the shortcut is always a convolution", (FORMULA, LAYERS), SHORTCUT,
           "self.shortcut = nn.Conv2d(dim_in, dim_out, 1)"),
    mutant("block: shift comes first", FORMULA, MODULATION, MODULATION.replace("scale, shift =", "shift, scale =")),
    mutant("block: multiplies by the scale, not by 1 + scale", FORMULA, BLOCKS, BLOCKS.replace("(scale, shift)",
           "(scale - 1, shift)")),
    mutant("block: forgets SiLU before the linear layer", FORMULA, MODULATION, MODULATION.replace("F.silu(context)",
           "context")),
    mutant("block: the context affects the second half, not the first", FORMULA, BLOCKS,
           "return self.block2(self.block1(x), (scale, shift)) + self.shortcut(x)"),
    mutant("block: the context affects both halves", FORMULA, BLOCKS, BLOCKS.replace("(scale, shift)))",
           "(scale, shift)), (scale, shift))")),
    mutant("block: ignores the context", (FORMULA, OWN), BLOCKS,
           "return self.block2(self.block1(x)) + 0 * (scale + shift).sum() + self.shortcut(x)"),
    mutant("block: SiLU changes the context in place", OWN, MODULATION, MODULATION.replace("F.silu(context)",
           "F.silu(context, inplace=True)")),
    mutant("block: all images use the first image's context", OWN, MODULATION,
           MODULATION.replace("F.silu(context)", "F.silu(context[:1].expand_as(context))")),
    mutant("block: dropout in the second half", LAYERS, FIRST + "\n        " + SECOND,
           "self.block1 = Block(dim_in, dim_out)\n        self.block2 = Block(dim_out, dim_out, dropout)"),
    mutant("block: dropout in both halves", LAYERS, SECOND, SECOND.replace("dim_out)", "dim_out, dropout)")),
    mutant("block: forgets dropout", LAYERS, FIRST, FIRST.replace(", dropout)", ")")),
    mutant("block: no bias for scale and shift", FORMULA, "nn.Linear(context_dim, 2 * dim_out)",
           "nn.Linear(context_dim, 2 * dim_out, bias=False)"),
    mutant("block: a shortcut without bias", FORMULA, "nn.Conv2d(dim_in, dim_out, 1) if",
           "nn.Conv2d(dim_in, dim_out, 1, bias=False) if"),
]
NETWORK = [
    mutant("unet: without a condition, the context is the time", WIRED, CONTEXT,
           CONTEXT + " * (condition != 0).any(1, keepdim=True)"),
    mutant("unet: an exact share of each batch is dropped", FORGETS, KNOWN,
           "known = torch.randperm(len(x), device=x.device)[:, None] >= round(self.uncond_prob * len(x))"),
    mutant("unet: the skips are zeros", (WIRED, DETAILS, DENOISES), "skips.append(x)", "skips.append(0 * x)",
           count=2,
           calibrates=True),
    mutant("unet: skips first in, first out", (WIRED, SHAPE), "skips.pop()", "skips.pop(0)", count=2),
    mutant("unet: skip first, then x", WIRED, UP1, UP1.replace("[x, skips.pop()]", "[skips.pop(), x]")),
    mutant("unet: adds the skip twice instead of x", WIRED, UP2, "skip = skips.pop()\n            "
           + UP2.replace("[x, skips.pop()]", "[skip, skip]")),
    mutant("unet: skips are stored before the block", WIRED, "x = block2(x, context)\n            skips.append(x)",
           "skips.append(x)\n            x = block2(x, context)"),
    mutant("unet: one block at the bottom", (WIRED, WEIGHTS), MIDDLE, MIDDLE.replace("range(2)", "range(1)")),
    mutant("unet: three blocks a level on the way down", (WIRED, WEIGHTS), SAME + "\n            self.downs.append("
           "nn.ModuleList([*same, Downsample(here, below)]))",
           SAME + "\n            last = nn.Sequential(Block(here, here), "
           "Downsample(here, below))\n            self.downs.append(nn.ModuleList([*same, last]))"),
    mutant("unet: dropout on the way down only", WEIGHTS, DOUBLE, DOUBLE.replace(", dropout)", ")")),
    mutant("unet: forgets the time", (WIRED, TOLD), CONTEXT,
           CONTEXT.replace("self.time_mlp(time)", "0 * self.time_mlp(time)")),
    mutant("unet: forgets the condition", (WIRED, TOLD, FORGETS), CONTEXT,
           CONTEXT.replace("self.condition_mlp(condition)", "0 * self.condition_mlp(condition)")),
    mutant("unet: all images use the first image's time", TOLD, CONTEXT, CONTEXT.replace("(time)", "(time[:1])")),
    mutant("unet: normalises the context over the batch", DETAILS, CONTEXT,
           CONTEXT + "\n        context = context - context.mean(dim=0)"),
    mutant("unet: images must be square", SHAPE, "skips = []\n",
           "skips = []\n        x = x.reshape(len(x), -1, x.shape[2], x.shape[2])\n"),
    mutant("unet: images must have three channels", SHAPE, "skips = []\n",
           "skips = []\n        x = x.expand(-1, 3, -1, -1)\n"),
    mutant("unet: the last half of the levels is not used", DETAILS, "for block in self.middle:", "for block in []:"),
    mutant("unet: drops conditions in evaluation mode too", FORGETS, TRAINING, "if True:"),
    mutant("unet: never drops a condition", FORGETS, TRAINING, "if False:"),
    mutant("unet: drops conditions by writing zeros into them", FORGETS, KNOWN + "\n            " + FORGET,
           "condition[torch.rand(len(x), device=x.device) < self.uncond_prob] = 0"),
    mutant("unet: multiplies the condition in place", FORGETS, FORGET, "condition *= known"),
    mutant("unet: writes the dropped conditions into model_kwargs", FORGETS, FORGET,
           'condition = model_kwargs["text_emb"] = condition * known'),
    mutant("unet: draws the dropped conditions on the CPU", FORGETS, KNOWN, KNOWN.replace(", device=x.device", "")),
    mutant("unet: in training mode there must be a condition", FORGETS, FORGET,
           'condition = model_kwargs["text_emb"] * known'),
    mutant("unet: drops all conditions or none", FORGETS, KNOWN, KNOWN.replace("len(x), 1,", "1, 1,")),
    mutant("unet: drops single entries of a condition", FORGETS, KNOWN,
           "known = torch.rand_like(condition) >= self.uncond_prob"),
    mutant("unet: keeps conditions with probability uncond_prob", FORGETS, KNOWN, KNOWN.replace(">=", "<")),
    mutant("unet: rescales the other conditions, like dropout", FORGETS, FORGET,
           FORGET + " / max(1 - self.uncond_prob, 1e-6)"),
    mutant("unet: drops the same conditions in every call", FORGETS, KNOWN,
           "torch.manual_seed(0)\n            " + KNOWN),
]
GUIDANCE = [
    mutant("guidance: s times with, s - 1 times without", (CFG, THROUGH), GUIDED,
           GUIDED.replace("(scale + 1)", "scale").replace("- scale *", "- (scale - 1) *")),
    mutant("guidance: with and without are swapped", (CFG, THROUGH, OBEYS), GUIDED,
           'return (scale + 1) * self(x, time, {**rest, "text_emb": None}) - scale * self(x, time, rest)'),
    mutant("guidance: adds the second part", CFG, GUIDED, GUIDED.replace(" - scale", " + scale")),
    mutant("guidance: missing", (CFG, THROUGH, OBEYS), GUIDED, "return self(x, time, rest)", calibrates=True),
    mutant("guidance: the unconditional part still has the condition", (CFG, THROUGH), GUIDED,
           GUIDED.replace('{**rest, "text_emb": None}', "rest")),
    mutant("guidance: removes the scale from model_kwargs", (KWARGS, THROUGH), SCALE,
           'scale = model_kwargs.pop("cfg_scale")'),
    mutant("guidance: removes the condition from model_kwargs", (KWARGS, THROUGH), GUIDED,
           'given = self(x, time, rest)\n        model_kwargs["text_emb"] = None\n        '
           'del model_kwargs["cfg_scale"]\n        return (scale + 1) * given - scale * self(x, time, model_kwargs)'),
    mutant("guidance: a scale of 0 means unconditional", (CFG, THROUGH), GUIDED,
           'if scale == 0:\n            return self(x, time, {**rest, "text_emb": None})\n        ' + GUIDED),
]
# fmt: on
MUTANTS = PARTS + NETWORK + GUIDANCE
