"""Generated graphs and the karate club: edges, features, rings, and the same numbers again."""

import networkx
import pytest
import torch

from common.data import graphs


def of(edge_index: torch.Tensor, count: int) -> networkx.Graph:
    graph = networkx.Graph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(edge_index.T.tolist())
    return graph


def test_edges_are_listed_once_in_both_directions_without_loops() -> None:
    drawn = [graphs.blocks(size=20, seed=3), graphs.karate(), *graphs.molecules(30)]
    for graph in drawn:
        pairs = [tuple(pair) for pair in graph.edge_index.T.tolist()]
        assert graph.edge_index.dtype == torch.int64
        assert len(set(pairs)) == len(pairs)
        assert {(j, i) for i, j in pairs} == set(pairs)
        assert all(i != j for i, j in pairs)


def test_blocks_have_the_probabilities_that_they_promise() -> None:
    graph = graphs.blocks(seed=1)
    assert graph.x.shape == (700, 100)
    assert graph.y.bincount().tolist() == [100] * 7
    source, target = graph.edge_index
    same = graph.y[source] == graph.y[target]
    assert int(same.sum()) / (7 * 100 * 99) == pytest.approx(0.04, abs=0.004)
    assert int((~same).sum()) / (700 * 600) == pytest.approx(0.003, abs=0.0005)
    assert float(graph.x.mean()) == pytest.approx(0.05 + 0.12 * 0.25, abs=0.005)


def test_other_streams_have_other_nodes_but_the_same_words() -> None:
    one, two = graphs.blocks(seed=4), graphs.blocks(seed=4, stream="test")
    again, other = graphs.blocks(seed=4), graphs.blocks(seed=5)
    assert torch.equal(one.x, again.x)
    assert torch.equal(one.edge_index, again.edge_index)
    assert not torch.equal(one.x, two.x)

    def frequent(graph: graphs.Graph) -> torch.Tensor:
        return torch.stack([graph.x[graph.y == c].mean(dim=0) > 0.18 for c in range(7)])

    assert (frequent(one) == frequent(two)).double().mean() > 0.97
    assert (frequent(one) == frequent(other)).double().mean() < 0.9


def test_molecules_have_one_ring_and_no_other_pair_of_ring_atoms() -> None:
    drawn = graphs.molecules(300, seed=2)
    assert 120 < sum(molecule.ring == 6 for molecule in drawn) < 180
    assert {molecule.ring for molecule in drawn} == set(graphs.RINGS)
    decoys = 0
    for molecule in drawn:
        graph = of(molecule.edge_index, len(molecule.x))
        assert networkx.is_connected(graph)
        (ring,) = networkx.cycle_basis(graph)
        assert len(ring) == molecule.ring
        carbons = {n for n, kind in enumerate(molecule.x.argmax(dim=1).tolist()) if kind == 0}
        assert set(ring) <= carbons
        outside = carbons - set(ring)
        decoys += len(outside)
        assert not any(set(graph[n]) & carbons for n in outside)
        assert 4 <= len(molecule.x) - molecule.ring <= graphs.MOST_ATTACHED
    assert decoys > 100


def test_the_club() -> None:
    club = graphs.karate()
    assert (tuple(club.edge_index.shape), tuple(club.x.shape)) == ((2, 156), (34, 34))
    assert (int(club.y[0]), int(club.y[33]), int(club.y.sum())) == (0, 1, 17)


def test_impossible_requests() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        graphs.molecules(0)
    with pytest.raises(ValueError, match="from 0 to 1"):
        graphs.blocks(inside=1.5)
