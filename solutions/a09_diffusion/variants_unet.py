"""Right answers to a09, the U-Net and guidance, in other styles than the reference."""
# fmt: off
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.variants import body, variants_of

one = variants_of("unet.py")

LAYERS = '''        self.modulation = nn.Linear(context_dim, 2 * dim_out)
        self.block1 = Block(dim_in, dim_out, dropout)
        self.block2 = Block(dim_out, dim_out)
        self.shortcut = nn.Conv2d(dim_in, dim_out, 1) if dim_in != dim_out else nn.Identity()
'''

VARIANTS = [
    one("embedding with exp and log", body("SinusoidalPosEmb.forward", """
        half_dim = self.dim // 2
        emb = math.log(self.theta) / (half_dim - 1)
        emb = torch.exp(torch.arange(half_dim, device=time.device) * -emb)
        emb = time[:, None] * emb[None, :]
        return torch.cat((emb.sin(), emb.cos()), dim=-1)
    """)),
    one("embedding in float64", body("SinusoidalPosEmb.forward", """
        half = self.dim // 2
        powers = torch.arange(half, dtype=torch.float64, device=time.device) / (half - 1)
        angles = torch.outer(time.double(), float(self.theta) ** (-powers))
        return torch.cat([torch.sin(angles), torch.cos(angles)], dim=-1).float()
    """)),
    one("block with an MLP as Sequential, and other names", (LAYERS, '''        self.mlp = nn.Sequential(nn.SiLU(), nn.Linear(context_dim, dim_out * 2))
        self.first = Block(dim_in, dim_out, dropout=dropout)
        self.second = Block(dim_out, dim_out)
        self.res_conv = nn.Conv2d(dim_in, dim_out, 1) if dim_in != dim_out else nn.Identity()
'''), body("ResnetBlock.forward", """
        scale_shift = self.mlp(context).chunk(2, dim=1)
        h = self.first(x, scale_shift=scale_shift)
        h = self.second(h)
        return h + self.res_conv(x)
    """)),
    one("block without a shortcut module", (LAYERS, '''        self.to_scale_shift = nn.Linear(context_dim, 2 * dim_out)
        self.blocks = nn.ModuleList([Block(dim_in, dim_out, dropout), Block(dim_out, dim_out, 0.0)])
        self.project = None
        if dim_in != dim_out:
            self.project = nn.Conv2d(dim_in, dim_out, kernel_size=1)
'''), body("ResnetBlock.forward", """
        both = self.to_scale_shift(nn.functional.silu(context))
        half = both.shape[1] // 2
        out = self.blocks[1](self.blocks[0](x, (both[:, :half], both[:, half:])))
        return out + (x if self.project is None else self.project(x))
    """)),
    one("block that calls its layers through forward()", body("ResnetBlock.forward", """
        scale, shift = self.modulation.forward(F.silu(context)).chunk(2, dim=1)
        return self.block2.forward(self.block1.forward(x, (scale, shift))) + self.shortcut.forward(x)
    """)),
    one("block that uses the weights of its linear layer", ("self.modulation(F.silu(context)).chunk(2, dim=1)",
        "F.linear(F.silu(context), self.modulation.weight, self.modulation.bias).chunk(2, dim=1)")),
    one("levels in dicts", ('''            self.downs.append(nn.ModuleList([*same, Downsample(here, below)]))
''', '''            self.downs.append(nn.ModuleDict({"one": same[0], "two": same[1], "down": Downsample(here, below)}))
'''), ('''        for block1, block2, down in self.downs:
            x = block1(x, context)
            skips.append(x)
            x = block2(x, context)
            skips.append(x)
            x = down(x)
''', '''        for level in self.downs:
            x = level["one"](x, context)
            skips += [x]
            x = level["two"](x, context)
            skips += [x]
            x = level["down"](x)
''')),
    one("skips taken by index", ('''        for up, block1, block2 in self.ups:
            x = up(x)
            x = block1(torch.cat([x, skips.pop()], dim=1), context)
            x = block2(torch.cat([x, skips.pop()], dim=1), context)
''', '''        skips = skips[::-1]
        for i, (up, block1, block2) in enumerate(self.ups):
            x = up(x)
            x = block1(torch.cat((x, skips[2 * i]), 1), context)
            x = block2(torch.cat((x, skips[2 * i + 1]), 1), context)
''')),
    one("conditions forgotten by bernoulli and where", ('''            known = torch.rand(len(x), 1, device=x.device) >= self.uncond_prob
            condition = condition * known
''', '''            keep = torch.full((x.shape[0], 1), 1.0 - self.uncond_prob, device=x.device).bernoulli().bool()
            condition = torch.where(keep, condition, torch.zeros_like(condition))
''')),
    one("context from the condition first", ("context = self.time_mlp(time) + self.condition_mlp(condition)",
        "context = self.condition_mlp(condition)\n        context = context + self.time_mlp(time)")),
    one("guidance as a difference from a copy of model_kwargs", body("Unet.cfg_forward", """
        kwargs = dict(model_kwargs)
        scale = kwargs.pop("cfg_scale")
        conditional = self.forward(x, time, kwargs)
        kwargs["text_emb"] = None
        unconditional = self.forward(x, time, kwargs)
        return conditional + scale * (conditional - unconditional)
    """)),
    one("guidance in one batch", body("Unet.cfg_forward", """
        scale, condition = model_kwargs["cfg_scale"], model_kwargs["text_emb"]
        both = torch.cat([condition, torch.zeros_like(condition)])
        out = self(torch.cat([x, x]), torch.cat([time, time]), {"text_emb": both})
        with_it, without = out.chunk(2)
        return (1 + scale) * with_it - scale * without
    """)),
    one("U-Net that calls its parts through forward()", ('''            x = block1(x, context)
            skips.append(x)
            x = block2(x, context)
            skips.append(x)
            x = down(x)
        for block in self.middle:
            x = block(x, context)
        for up, block1, block2 in self.ups:
            x = up(x)
            x = block1(torch.cat([x, skips.pop()], dim=1), context)
            x = block2(torch.cat([x, skips.pop()], dim=1), context)
''', '''            x = block1.forward(x, context)
            skips.append(x)
            x = block2.forward(x, context=context)
            skips.append(x)
            x = down.forward(x)
        for block in self.middle:
            x = block.forward(x, context)
        for up, block1, block2 in self.ups:
            x = up.forward(x)
            x = block1.forward(torch.cat([x, skips.pop()], dim=1), context)
            x = block2.forward(torch.cat([x, skips.pop()], dim=1), context)
''')),
    one("U-Net that uses the weights of its first and last convolution", (
        "self.init_conv(x)", "F.conv2d(x, self.init_conv.weight, self.init_conv.bias, padding=1)"), (
        "self.final_conv(x)", "torch.einsum('nchw,oc->nohw', x, self.final_conv.weight[:, :, 0, 0]) + self.final_conv.bias[:, None, None]")),
    one("block with a shortcut that is not always used", (LAYERS, LAYERS.replace(
        "self.shortcut = nn.Conv2d(dim_in, dim_out, 1) if dim_in != dim_out else nn.Identity()",
        "self.project = nn.Conv2d(dim_in, dim_out, 1)\n        self.shortcut = self.project if dim_in != dim_out else nn.Identity()"))),
    one("U-Net with layers that are not used", ("        self.middle = nn.ModuleList([",
        "        self.attention = nn.Conv2d(dims[-1], 3 * dims[-1], 1)\n        self.middle = nn.ModuleList([")),
    one("a layer that is not used", (LAYERS, LAYERS + "        self.spare = nn.Linear(3, 3)\n")),
]
