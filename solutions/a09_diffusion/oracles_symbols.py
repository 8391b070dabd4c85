"""Secret symbols, drawn like glyphs: no code in the sandbox can draw them.

Networks are trained on ten of them, and must also remove noise from ten others.
"""

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from common.data import glyphs
from common.data.split import Pixels, Split

CANDIDATES, POINTS = 200, 12  # symbols to choose from; places of a stroke's ends, 4 rows of 3
PLACES = [(x, y) for y in (-930, -310, 310, 930) for x in (-760, 0, 760)]


def small(images: Tensor) -> Tensor:
    """Shrink 28 x 28 to 8 x 8: a border of 2 pixels, then means of 4 x 4."""
    return F.avg_pool2d(F.pad(images, (2, 2, 2, 2)), 4)


def symbols(rng) -> list[glyphs.Strokes]:
    """Return twenty symbols of two strokes with three points each: of random ones, those that differ most."""
    drawn = [rng.permutation(POINTS)[:6].tolist() for _ in range(CANDIDATES)]
    known = [tuple(tuple(PLACES[at] for at in points[k : k + 3]) for k in (0, 3)) for points in drawn]
    shapes = torch.cat([_mean(known[k : k + 10]) for k in range(0, CANDIDATES, 10)])
    chosen = [0]
    while len(chosen) < 20:
        chosen.append(int(torch.cdist(shapes, shapes[chosen]).min(dim=1).values.argmax()))
    return [known[number] for number in chosen]


def _mean(strokes: list[glyphs.Strokes]) -> Tensor:
    """Return the mean small image of each of ten symbols: (10, 64)."""
    drawn = glyphs.draw(range(80), stream="means", strokes=strokes)
    images, labels = small(torch.tensor(drawn.images) / 255).flatten(1), torch.tensor(drawn.labels)
    return torch.stack([images[labels == label].mean(dim=0) for label in range(10)])


def secret_split(rng, split: Split) -> tuple[Split, Tensor]:
    """Return the split with images of ten symbols that only the rng's secret knows, and 400 images of ten others.

    Shapes:
        out  a Split of images (N, 1, 28, 28) in [0, 1], and (400, 1, 28, 28)
    """
    drawn = symbols(rng)  # the first ten differ most
    train, test, others = (
        glyphs.draw(range(count), seed=rng.key(), strokes=strokes)
        for count, strokes in ((len(split.x_train), drawn[:10]), (len(split.x_test), drawn[:10]), (400, drawn[10:]))
    )

    def images(part: Pixels) -> Tensor:
        return torch.tensor(part.images, device=rng.device).float() / 255

    known = {"x_train": images(train), "x_test": images(test)}
    labels = {"y_train": torch.tensor(train.labels), "y_test": torch.tensor(test.labels)}
    return replace(split, **known, **{name: y.to(rng.device) for name, y in labels.items()}), images(others)
