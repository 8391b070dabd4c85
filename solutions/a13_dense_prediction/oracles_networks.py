"""Right answers for networks, by recursion and torch's functions, from tables of parameters."""

import torch
import torch.nn.functional as F


def block(p, name, x, train):
    """Return two convolutions with batch normalisation and ReLU, whose statistics are new."""
    for conv, norm in ((0, 1), (3, 4)):
        x = F.conv2d(x, p[f"{name}.{conv}.weight"], padding=1)
        mean, var = torch.zeros(x.shape[1]).to(x), torch.ones(x.shape[1]).to(x)
        weights = p[f"{name}.{norm}.weight"], p[f"{name}.{norm}.bias"]
        x = F.batch_norm(x, None if train else mean, None if train else var, *weights, training=train).relu()
    return x


def climb(p, x, depth, train, level=0):
    """Return the maps at a level after the way down and up again."""
    here = block(p, f"down.{level}", x, train)
    if level == depth:
        return here
    below = climb(p, F.max_pool2d(here, 2), depth, train, level + 1)
    back = F.conv_transpose2d(below, p[f"up.{level}.weight"], p[f"up.{level}.bias"], stride=2)
    full = torch.zeros(*back.shape[:2], *here.shape[2:]).to(back)
    rows, columns = back.shape[2:]
    full[:, :, :rows, :columns] = back
    if f"side.{level}.0.weight" in p:
        joined = full + block(p, f"side.{level}", here, train)
    else:
        joined = torch.cat([here, full], dim=1)
    return block(p, f"merge.{level}", joined, train)


def network(p, x, depth, train=False):
    """Return the result of a U-Net, or of an hourglass if there are blocks of sides."""
    return F.conv2d(climb(p, x, depth, train), p["last.weight"], p["last.bias"])


def fcn(p, x, maps, stride):
    """Return the scores of an FCN from the maps at strides 8, 16, 32."""
    heads = [
        F.conv2d(maps[2 - n], p[f"heads.{n}.weight"], p[f"heads.{n}.bias"]) for n in range({32: 1, 16: 2, 8: 3}[stride])
    ]
    scores = heads[0]
    for n, head in enumerate(heads[1:]):
        scores = F.conv_transpose2d(scores, p[f"twice.{n}.weight"], stride=2, padding=1)
        scores = head + scores.narrow(2, 0, head.shape[2]).narrow(3, 0, head.shape[3])
    scores = F.conv_transpose2d(scores, p["last.weight"], stride=stride, padding=stride // 2)
    return scores.narrow(2, 0, x.shape[2]).narrow(3, 0, x.shape[3])


def parameters(in_ch, out_ch, widths, *, side):
    """Return the shapes of a U-Net's or an hourglass's parameters."""
    shapes = {}

    def add(name, c_in, c_out):
        shapes.update({f"{name}.0.weight": (c_out, c_in, 3, 3), f"{name}.3.weight": (c_out, c_out, 3, 3)})
        shapes.update({f"{name}.{norm}.{kind}": (c_out,) for norm in (1, 4) for kind in ("weight", "bias")})

    for level, (above, here) in enumerate(zip((in_ch, *widths), widths, strict=False)):
        add(f"down.{level}", above, here)
        if level < len(widths) - 1:
            shapes |= {f"up.{level}.weight": (widths[level + 1], here, 2, 2), f"up.{level}.bias": (here,)}
            add(f"merge.{level}", here if side else 2 * here, here)
            if side:
                add(f"side.{level}", here, here)
    return shapes | {"last.weight": (out_ch, widths[0], 1, 1), "last.bias": (out_ch,)}
