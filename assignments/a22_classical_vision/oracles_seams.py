"""What the checks of seams share: energies, costs and seams by loops."""

import itertools

import numpy as np

LUMA = (0.2125, 0.7154, 0.0721)

# Stages that only leave a trace: the column goes whose red, with that of the column before it, is least.
LOANS_OF_STAGES = """
import numpy as np

LOANS = {
    "energy_function": lambda image: image[..., 0] + np.roll(image[..., 0], 1, axis=1),
    "compute_cost": lambda image, energy: (energy.cumsum(axis=0), np.zeros(energy.shape, dtype=int)),
    "backtrack_seam": lambda paths, end: np.full(len(paths), end),
    "remove_seam": lambda image, seam: np.delete(image, seam[0], axis=1),
}
"""
# Columns of the picture once more, wherever they were: the width alone is right.
LOANS_OF_WIDTH = LOANS_OF_STAGES + 'LOANS["enlarge"] = lambda image, size: image[:, np.arange(size) % image.shape[1]]\n'


def grey(image):
    """Return the luma of a picture."""
    return sum(share * image[..., n] for n, share in enumerate(LUMA))


def energies(image):
    """Return the sums of absolute derivatives, by loops; one-sided at the border."""
    I = grey(image)
    H, W = I.shape
    out = np.zeros((H, W))
    for r, c in np.ndindex(H, W):
        up, down, left, right = max(r - 1, 0), min(r + 1, H - 1), max(c - 1, 0), min(c + 1, W - 1)
        out[r, c] = abs(I[down, c] - I[up, c]) / (down - up) + abs(I[r, right] - I[r, left]) / (right - left)
    return out


def inserted(image, r, c, step):
    """Return what a seam inserts that comes to (r, c) from column c + step."""
    I = grey(image)
    W = I.shape[1]
    total = abs(I[r, c + 1] - I[r, c - 1]) if 0 < c < W - 1 else 0.0
    if r and step:
        total += abs(I[r - 1, c] - I[r, c + step])
    return total


def costs(energy, extra=lambda r, c, step: 0.0, order=(-1, 0, 1), round=False):
    """Return the costs and paths, by loops; extra is added for each step; of equal ways, the first in order counts.

    With ``round``, the column to the left of the first one is the last one.
    """
    H, W = energy.shape
    cost, paths = np.zeros((H, W)), np.zeros((H, W), dtype=np.int64)
    for r, c in np.ndindex(H, W):
        if r == 0:
            cost[r, c] = energy[r, c] + extra(r, c, 0)
            continue
        ways = [(cost[r - 1, c + s] + extra(r, c, s), order.index(s), s) for s in order if -round <= c + s < W]
        best, _, paths[r, c] = min(ways)
        cost[r, c] = energy[r, c] + best
    return cost, paths


def every_seam(energy):
    """Return the cost of the cheapest seam to each pixel of the last row, by trying all."""
    H, W = energy.shape
    best = [np.inf] * W
    for start in range(W):
        for steps in itertools.product((-1, 0, 1), repeat=H - 1):
            places = [start, *(start + sum(steps[: n + 1]) for n in range(H - 1))]
            if all(0 <= place < W for place in places):
                total = sum(energy[r, c] for r, c in enumerate(places))
                best[places[-1]] = min(best[places[-1]], total)
    return np.array(best)


def cheapest(energy, last=False):
    """Return the cheapest seam, a column for each row; of equal ones the first, or wrongly the ``last``."""
    cost, paths = costs(energy)
    seam = [len(cost[-1]) - 1 - int(np.argmin(cost[-1][::-1])) if last else int(np.argmin(cost[-1]))]
    for r in range(len(energy) - 1, 0, -1):
        seam.append(seam[-1] + int(paths[r, seam[-1]]))
    return seam[::-1]


def without(rows, seam):
    """Return rows, which are lists, without one item each."""
    return [row[:c] + row[c + 1 :] for row, c in zip(rows, seam, strict=True)]


def carve(image, count, last=False):
    """Return the picture without its cheapest seams, and the columns of the original that they had."""
    rows, columns = image.tolist(), [list(range(image.shape[1]))] * len(image)
    taken = [[] for _ in rows]
    for _ in range(count):
        seam = cheapest(energies(np.array(rows)), last)
        for r, c in enumerate(seam):
            taken[r].append(columns[r][c])
        rows, columns = without(rows, seam), without(columns, seam)
    return np.array(rows), taken


def doubled(image, count):
    """Return the picture with its cheapest seams twice."""
    _, taken = carve(image, count)
    return np.array([[p for c, p in enumerate(row) for _ in range(1 + (c in taken[r]))] for r, row in enumerate(image)])
