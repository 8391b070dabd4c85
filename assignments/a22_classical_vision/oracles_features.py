"""What the checks of features share: responses, levels, directions and descriptions by loops."""

import math

import numpy as np


def differences(img):
    """Return the derivatives to the right and downwards by loops; one-sided at the border."""

    def along(row):
        n = len(row)
        ends = [(max(k - 1, 0), min(k + 1, n - 1)) for k in range(n)]
        return [(row[b] - row[a]) / (b - a) for a, b in ends]

    return np.array([along(row) for row in img]), np.array([along(column) for column in img.T]).T


def responses(img, size, k):
    """Return Harris's response from the eigenvalues of each matrix."""
    dx, dy = differences(img)
    half, out = size // 2, np.zeros(img.shape)
    for r, c in np.ndindex(*img.shape):
        part = np.s_[max(r - half, 0) : r + half + 1, max(c - half, 0) : c + half + 1]
        g = np.stack([dx[part].ravel(), dy[part].ravel()])
        small, large = np.linalg.eigvalsh(g @ g.T)
        out[r, c] = small * large - k * (small + large) ** 2
    return out


def smoother(n, sigma):
    """Return the matrix that smooths n numbers; the ends are repeated."""
    matrix, radius = np.zeros((n, n)), math.ceil(4 * sigma)
    weights = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(-radius, radius + 1)]
    for row in range(n):
        for k, weight in zip(range(-radius, radius + 1), weights, strict=True):
            matrix[row, min(max(row + k, 0), n - 1)] += weight / math.fsum(weights)
    return matrix


def smoothed(img, sigma):
    """Return a picture, smoothed by matrices."""
    return smoother(img.shape[0], sigma) @ img @ smoother(img.shape[1], sigma).T


def levels(img, octaves, scales=3, sigma=1.6):
    """Return the levels of all octaves, each from the first one of its octave."""
    out, first = [], smoothed(img, sigma)
    for _ in range(octaves):
        wanted = [sigma * 2 ** (s / scales) for s in range(scales + 3)]
        out.append(np.stack([first] + [smoothed(first, math.sqrt(w * w - sigma * sigma)) for w in wanted[1:]]))
        first = out[-1][scales][::2, ::2]
    return out


def spot(rng, H, W):
    """Return a picture that is grey at its border, where ways to smooth differ."""
    rows, columns = np.indices((H, W))
    away = ((rows - H / 2) / (H / 7)) ** 2 + ((columns - W / 2) / (W / 7)) ** 2
    return 0.5 + np.exp(-away / 2) * rng.uniform(H, W, low=-0.5, high=0.5)


def extrema(dog, threshold, *, flat=False, cross=False, ties=False, least=False):
    """Return the extrema in sorted order.

    Wrong ones: flat, of eight neighbours on the same level; cross, of six; ties, equal is larger; least, the threshold
    itself is enough.
    """
    found = []
    for s, r, c in np.ndindex(*dog.shape):
        if not all(0 < n < size - 1 for n, size in zip((s, r, c), dog.shape, strict=True)):
            continue
        cube = (
            dog[s : s + 1, r - 1 : r + 2, c - 1 : c + 2] if flat else dog[s - 1 : s + 2, r - 1 : r + 2, c - 1 : c + 2]
        )
        others, value = np.delete(cube.ravel(), cube.size // 2), dog[s, r, c]
        others = cube.ravel()[[4, 10, 12, 14, 16, 22]] if cross else others
        strict = not ties and value in (others.max(), others.min())
        far = abs(value) >= threshold if least else abs(value) > threshold
        if far and not strict and (value >= others.max() or value <= others.min()):
            found.append((s, r, c))
    return np.array(found, dtype=np.int64).reshape(-1, 3)


def directions(img, p, sigma, *, share=0.8, fine=1.0, width=1.5, reach=4.5, peaked=True, circle=True):
    """Return the directions of a point by counting votes; fine: the factor of the parabola's shift."""
    dx, dy = differences(img)
    votes, far = [0.0] * 36, round(reach * sigma)
    for r, c in np.ndindex(*img.shape):
        down, right = r - p[0], c - p[1]
        if max(abs(down), abs(right)) <= far:
            near = math.exp(-(down**2 + right**2) / (2 * (width * sigma) ** 2))
            degrees = math.degrees(math.atan2(dy[r, c], dx[r, c])) % 360
            votes[int(degrees // 10) % 36] += math.hypot(dx[r, c], dy[r, c]) * near
    votes = votes if circle else [*votes, 0.0]
    after = [*votes[1:], votes[0]]
    peaks = [b for b in range(36) if not peaked or votes[b] > max(votes[b - 1], after[b])]
    peaks = sorted((b for b in peaks if votes[b] >= share * max(votes)), key=lambda b: -votes[b])
    found = []
    for b in peaks:
        low, middle, high = votes[b - 1], votes[b], after[b]
        shift = 0.5 * (low - high) / (low - 2 * middle + high) if fine else 0.0
        found.append(10 * (b + 0.5 + fine * shift) % 360)
    return np.array(found)


def between(img, row, column):
    """Return a pixel between pixels, bilinear; outside the nearest."""
    row, column = min(max(row, 0.0), img.shape[0] - 1.0), min(max(column, 0.0), img.shape[1] - 1.0)
    total = 0.0
    for r in range(int(row), min(int(row) + 2, img.shape[0])):
        for c in range(int(column), min(int(column) + 2, img.shape[1])):
            total += (1 - abs(row - r)) * (1 - abs(column - c)) * float(img[r, c])
    return total


def description(img, p, angle, *, turn=1.0, counted=True, shared="all", cut=0.2, early=False, width=8.0):
    """Return the 128 numbers of a point, by a loop over 256 samples.

    turn: the factor of the angle for places; shared: between "all", "cells" or nothing; early: cut before the length.
    """
    dx, dy = differences(img)
    cells, turn = {}, turn * math.radians(angle)
    for i, j in np.ndindex(16, 16):
        v, u = i - 7.5, j - 7.5
        column, row = p[1] + u * math.cos(turn) - v * math.sin(turn), p[0] + u * math.sin(turn) + v * math.cos(turn)
        gx, gy = between(dx, row, column), between(dy, row, column)
        weight = math.hypot(gx, gy) * math.exp(-(u * u + v * v) / (2 * width * width))
        place = ((v + 8) / 4 - 0.5, (u + 8) / 4 - 0.5)
        way = (math.degrees(math.atan2(gy, gx)) - (angle if counted else 0.0)) % 360 / 45
        way = way if shared == "all" else float(int(way))
        if not shared:
            key = (i // 4, j // 4, int(way) % 8)
            cells[key] = cells.get(key, 0.0) + weight
            continue
        for a, b, d in np.ndindex(2, 2, 2):
            low = math.floor(place[0]) + a, math.floor(place[1]) + b, math.floor(way) + d
            part = math.prod(1 - abs(x - n) for x, n in zip((*place, way), low, strict=True))
            key = (low[0], low[1], low[2] % 8)
            cells[key] = cells.get(key, 0.0) + weight * part
    out = np.array([cells.get(key, 0.0) for key in np.ndindex(4, 4, 8)])
    if not out.any():
        return out
    out = np.minimum(out if early else out / math.sqrt(math.fsum(out**2)), cut)
    return out / math.sqrt(math.fsum(out**2))


def affine(p1, p2):
    """Return the map from p2 to p1 by the normal equations."""
    A = np.concatenate([p2, np.ones((len(p2), 1))], axis=1)
    H = np.eye(3)
    H[:, :2] = np.linalg.solve(A.T @ A, A.T @ p1)
    return H


# A loan for pictures that are only shifted: it knows no turns.
LOANS_OF_SHIFTS = """
import numpy as np

def shift(p1, p2):
    H = np.eye(3)
    H[2, :2] = (p1 - p2).mean(axis=0)
    return H

LOANS = {"fit_affine_matrix": shift}
"""
