"""What the checks of grouping share: groups by loops."""

import math

import numpy as np

SVDS = ["np.linalg.pinv", "np.linalg.lstsq"]


def numbered(groups):
    """Return groups with numbers in the order in which they first occur."""
    seen = {}
    return np.array([seen.setdefault(int(group), len(seen)) for group in np.asarray(groups).ravel()])


def lloyd(features, start, iterations):
    """Return the groups and centres of k-means, by loops."""
    centres, groups = [list(row) for row in start.tolist()], None
    points = features.tolist()
    for _ in range(iterations):
        before = groups
        groups = [min(range(len(centres)), key=lambda c, p=p: (math.dist(p, centres[c]) ** 2, c))
                  for p in points]  # fmt: skip
        if groups == before:
            break
        for c in range(len(centres)):
            mine = [p for p, group in zip(points, groups, strict=True) if group == c]
            if mine:
                centres[c] = [math.fsum(values) / len(mine) for values in zip(*mine, strict=True)]
    return np.array(groups), np.array(centres)


def joined(features, k, linkage):
    """Return the groups that are left, by a table of distances that is updated (Lance and Williams 1967)."""
    N = len(features)
    members = {n: [n] for n in range(N)}
    far = {(i, j): math.dist(features[i], features[j]) for i in range(N) for j in range(N) if i != j}
    while len(members) > k:
        i, j = min(((i, j) for i in members for j in members if i < j), key=far.__getitem__)
        a, b = len(members[i]), len(members[j])
        members[i] += members.pop(j)
        for n in members:
            if n == i:
                continue
            x, y = far[i, n], far[j, n]
            centres = [features[members[m]].mean(axis=0) for m in (i, n)]
            new = {"single": min(x, y), "complete": max(x, y), "average": (a * x + b * y) / (a + b),
                   "centroid": math.dist(*centres)}[linkage]  # fmt: skip
            far[i, n] = far[n, i] = new
    out = np.zeros(N, dtype=int)
    for number, group in enumerate(members.values()):
        out[group] = number
    return out


def climbed(features, radius, *, merge=True):
    """Return the groups and modes of mean shift, by loops."""
    modes, groups, points = [], [], features.tolist()
    for point in points:
        place = point
        while True:
            inside = [p for p in points if math.dist(p, place) <= radius]
            now = [math.fsum(values) / len(inside) for values in zip(*inside, strict=True)]
            moved, place = math.dist(now, place), now
            if moved < 1e-6:
                break
        near = [n for n, mode in enumerate(modes) if math.dist(mode, place) < radius / 2] if merge else []
        if not near:
            modes.append(place)
        groups.append(near[0] if near else len(modes) - 1)
    return np.array(groups), np.array(modes)
