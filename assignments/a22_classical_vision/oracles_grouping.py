"""What the checks of grouping share: groups by loops."""

import math
import statistics

import numpy as np

from autograder import Message

# What follows from numpy's random numbers after a call, and a call with a seed, by the function's name.
LATER = """
import numpy as np

def seeded(name, args, seed):
    np.random.seed(seed)
    return getattr(student, name)(*args)

def later(name, args, seed):
    seeded(name, args, seed)
    return float(np.random.rand())
"""
UNSEEDED = Message("Do not call np.random.seed in a function: whoever calls it decides.")
SVDS = ["np.linalg.pinv", "np.linalg.lstsq"]


def numbered(groups):
    """Return groups with numbers in the order in which they first occur."""
    seen = {}
    return np.array([seen.setdefault(int(group), len(seen)) for group in np.asarray(groups).ravel()])


def lloyd(features, start, iterations, *, middle=None, far=math.dist, empty=None, last=False):
    """Return the groups and centres of k-means, by loops.

    Wrong ones: another middle than the mean, another distance, a place for empty groups, the last of equal centres.
    """
    centres, groups = [list(row) for row in start.tolist()], None
    points = features.tolist()
    for _ in range(iterations):
        before = groups
        groups = [min(range(len(centres)), key=lambda c, p=p: (far(p, centres[c]), -c if last else c))
                  for p in points]  # fmt: skip
        if groups == before:
            break
        for c in range(len(centres)):
            mine = [p for p, group in zip(points, groups, strict=True) if group == c]
            if mine:
                centres[c] = [middle(v) if middle else math.fsum(v) / len(mine) for v in zip(*mine, strict=True)]
            elif empty is not None:
                centres[c] = [empty] * features.shape[1]
    return np.array(groups), np.array(centres)


def joined(features, k, linkage, *, power=1, halves=False, medians=False):
    """Return the groups that are left, by a table of distances that is updated (Lance and Williams 1967).

    Wrong ones: means of a power of distances; halves, a new centroid is the mean of both; medians of all distances.
    """
    N, points = len(features), features.tolist()
    members = {n: [n] for n in range(N)}
    far = {(i, j): math.dist(points[i], points[j]) ** power for i in range(N) for j in range(N) if i != j}
    middle = dict(enumerate(points))
    while len(members) > k:
        i, j = min(((i, j) for i in members for j in members if i < j), key=far.__getitem__)
        a, b = len(members[i]), len(members[j])
        members[i] += members.pop(j)
        both = features[members[i]] if not halves else np.array([middle[i], middle[j]])
        middle[i] = both.mean(axis=0).tolist()
        for n in members:
            if n == i:
                continue
            x, y = far[i, n], far[j, n]
            new = {"single": min(x, y), "complete": max(x, y), "average": (a * x + b * y) / (a + b),
                   "centroid": math.dist(middle[i], middle[n])}[linkage]  # fmt: skip
            if medians:
                new = statistics.median(math.dist(points[p], points[q]) for p in members[i] for q in members[n])
            far[i, n] = far[n, i] = new
    out = np.zeros(N, dtype=int)
    for number, group in enumerate(members.values()):
        out[group] = number
    return out


def climbed(features, radius, *, merge=0.5, rest=1e-6, closed=True, nearest=False):
    """Return the groups and modes of mean shift, by loops.

    merge: the share of the radius; rest: what counts as no move; closed: with points at the radius; nearest: of several
    modes that are near, the nearest counts, not the first.
    """
    modes, groups, points = [], [], features.tolist()
    for point in points:
        place = point
        while True:
            inside = [p for p in points if math.dist(p, place) < radius or (closed and math.dist(p, place) == radius)]
            now = [math.fsum(values) / len(inside) for values in zip(*inside, strict=True)]
            moved, place = math.dist(now, place), now
            if moved < rest:
                break
        near = [n for n, mode in enumerate(modes) if math.dist(mode, place) < radius * merge]
        near.sort(key=lambda n, place=place: math.dist(modes[n], place) if nearest else n)
        if not near:
            modes.append(place)
        groups.append(near[0] if near else len(modes) - 1)
    return np.array(groups), np.array(modes)
