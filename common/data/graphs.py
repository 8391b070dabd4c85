"""Graphs: a block model like a small network of citations, molecules with rings, and Zachary's karate club.

An edge goes from a source to a target; `edge_index` has the sources in its first row and the targets in its second. An
undirected edge is listed in both directions. Generated graphs are the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from common.data.draws import Words, below, key, words

KINDS = ("c", "C", "N", "O")  # c: a carbon atom as in a ring
RINGS = (5, 6, 7)
MOST_ATTACHED = 12
_COLUMNS = 3 + 3 * MOST_ATTACHED  # random words for one molecule


@dataclass(frozen=True)
class Graph:
    """One graph whose nodes have features and a class.

    Shapes:
        edge_index  (2, E)  int64, sources and targets; each edge in both directions, no edge twice, no loops
        x           (N, D)  float32, features
        y           (N,)    int64, classes from 0
    """

    edge_index: Tensor
    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class Molecule:
    """A ring of atoms with chains attached, as a graph.

    Shapes:
        edge_index  (2, E)  int64, sources and targets; each bond in both directions
        x           (N, 4)  float32, one-hot: the kind of each atom, an index into KINDS
        ring        int     the number of atoms in the ring, one of RINGS
    """

    edge_index: Tensor
    x: Tensor
    ring: int


def blocks(
    *,
    classes: int = 7,
    size: int = 100,
    inside: float = 0.04,
    between: float = 0.003,
    num_words: int = 100,
    stream: str = "train",
    seed: int = 0,
) -> Graph:
    """Draw a stochastic block model: nodes of one class have more edges, and more of some words, than others.

    Two nodes have an edge with the probability ``inside`` if their classes agree, else ``between``. Features are words
    that a node has or not: each with probability 0.05; 12 % of the words are a class's own and have 0.30 there. The
    words of the classes depend on the seed alone: graphs of other streams have the same words. Node n has the class
    n % classes. Raises ValueError for numbers below 1 and probabilities outside [0, 1].
    """
    if min(classes, size, num_words) < 1 or not (0 <= inside <= 1 and 0 <= between <= 1):
        raise ValueError("blocks needs counts of at least 1 and probabilities from 0 to 1.")
    N = classes * size
    y = np.arange(N) % classes
    own = np.zeros((classes, num_words), bool)
    order = words(key("graphs, own words", seed), range(classes), num_words).argsort(axis=1)
    np.put_along_axis(own, order[:, : round(0.12 * num_words)], True, axis=1)
    drawn = words(key("graphs, words", stream, seed), range(N), num_words)
    x = _happens(drawn, np.where(own[y], 0.30, 0.05))
    pairs = words(key("graphs, edges", stream, seed), range(N), N)
    joined = np.triu(_happens(pairs, np.where(y[:, None] == y[None], inside, between)), 1)
    ends = np.stack(np.nonzero(joined | joined.T))
    return Graph(torch.from_numpy(ends[::-1].copy()), torch.from_numpy(x).float(), torch.from_numpy(y))


def molecules(count: int, *, stream: str = "train", seed: int = 0) -> list[Molecule]:
    """Draw molecules: half of them have a ring of 6 atoms, the others one of 5 or 7.

    A ring consists of atoms of the kind c. From 4 to 12 more atoms are attached one after the other, each to any atom
    so far. They are of all kinds, but next to a c none of them is a c: so atoms outside of the ring differ from
    those in it by their neighbours only. Raises ValueError for a count below 1.
    """
    if count < 1:
        raise ValueError(f"molecules needs a count of at least 1, not {count}.")
    rows = words(key("graphs, molecules", stream, seed), range(count), _COLUMNS)
    return [_molecule(row) for row in rows]


def karate() -> Graph:
    """Return Zachary's karate club (1977): 34 members, 78 friendships, and the club that each chose when it split.

    Members have no features: `x` is the identity. Class 0 stayed with the teacher, Mr. Hi, who is node 0; class 1 went
    with the officer, node 33.
    """
    import networkx  # comes with torch

    club = networkx.karate_club_graph()
    ends = torch.tensor(sorted(club.edges())).T
    y = torch.tensor([int(club.nodes[n]["club"] == "Officer") for n in club])
    return Graph(torch.cat([ends, ends.flip(0)], dim=1), torch.eye(len(y)), y)


def _happens(random: Words, probability: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Turn random words into events with these probabilities."""
    return (random >> np.uint64(32)).astype(np.int64) < np.round(probability * 2**32).astype(np.int64)


def _molecule(row: Words) -> Molecule:
    choice = below(row[:3], 4)
    ring = 6 if choice[0] < 2 else 5 + 2 * int(choice[1] < 2)
    kinds = [0] * ring
    bonds = [(n, (n + 1) % ring) for n in range(ring)]
    for number in range(MOST_ATTACHED - int(below(row[2:3], 9)[0])):
        place, one, other = row[3 + 3 * number : 6 + 3 * number]
        parent = int(below(place[None], len(kinds))[0])
        kind = int(below(one[None], 4)[0])
        if kind == kinds[parent] == 0:
            kind = 1 + int(below(other[None], 3)[0])
        bonds.append((parent, len(kinds)))
        kinds.append(kind)
    ends = torch.tensor(bonds).T
    x = torch.nn.functional.one_hot(torch.tensor(kinds), len(KINDS)).float()
    return Molecule(torch.cat([ends, ends.flip(0)], dim=1), x, ring)
