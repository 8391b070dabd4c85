"""What the checks of phenomena share."""

GENERATOR = """
import torch

def generator(seed, like):
    return torch.Generator(device=like.device).manual_seed(seed)
"""


def ticket(trained, masks, fraction):
    """Return the masks after one round, by sorting a list of all weights."""
    places = []
    for layer, (p, mask) in enumerate(zip(trained, masks, strict=True)):
        if p.dim() > 1:
            pairs = enumerate(zip(p.flatten().tolist(), mask.flatten().tolist(), strict=True))
            places += [(abs(value), layer, n) for n, (value, there) in pairs if there]
    out = [mask.clone() for mask in masks]
    for _, layer, n in sorted(places)[: int(fraction * len(places))]:
        out[layer].view(-1)[n] = False
    return out
