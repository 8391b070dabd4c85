"""a20: what the public checks say about natural mistakes."""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[str, list[Mistake]] = {
    "graph_basics.py": [
        ("adjacency", ("A[edge_index[1], edge_index[0]]", "A[edge_index[0], edge_index[1]]"), "Rows are targets"),
        ("edge_index_of", ("torch.stack([source, target])", "torch.stack([target, source])"), "Rows are targets"),
        ("walks", ("torch.linalg.matrix_power(A, k)", "A**k"), "Multiply the matrices"),
        ("k_hop", ("reached = reached | (A", "reached = (A"), "At most k"),
        ("permute", ("A[p][:, p]", "A[p]"), "Only the rows"),
        ("permute", ("X[p]", "X"), "The rows of X"),
        ("normalised_adjacency", ("    if self_loops:\n", "    if False:\n"), "A + I"),
        ("normalised_adjacency", ("** -0.5\n        A = root", "** -1.0\n        A = root"), "roots of both degrees"),
        ("laplacian", ("torch.diag(degree) - A", "A - torch.diag(degree)"), "D - A, not A - D"),
        ("spectral_filter", ("U @ (g(values)[:, None] * (U.T @ x))", "g(values)[:, None] * (U.T @ x)"), "back, by U"),
        ("chebyshev", ("2 * (2 / lam_max * (L @ now) - now) - before", "2 / lam_max * (L @ now) - now"), "are powers"),
        ("batch_graphs", ("edge_index + start for", "edge_index for"), "how many nodes come before"),
        ("unbatch", ("edge_index[:, owner == g] - starts[g]", "edge_index[:, owner == g]"), "count from 0"),
        ("edge_graph", ("    shared.fill_diagonal_(False)\n", ""), "not joined to itself"),
    ],
    "graph_layers.py": [
        ("scatter_sum", ("index_add(0, index, x)", "index_copy(0, index, x)"), "added up"),
        ("scatter_mean", (".clamp(min=1).to(x.dtype)", ".to(x.dtype)"), "at least 1"),
        ("scatter_max", ("include_self=False", "include_self=True"), "Negative numbers"),
        ("GCNLayer", ("return out if self.bias is None else out + self.bias", "return out"), "bias is missing"),
        ("SpatialLayer", ("scatter_mean(X[source]", "scatter_sum(X[source]"), "Divide by the number"),
        ("sample_neighbours", ("elif len(near) >= k:", "elif False:"), "3 different ones"),
        ("SAGELayer", ("near.mean(dim=1)", "near.sum(dim=1)"), "number of samples"),
        ("attention_coefficients", (", slope)\n", ")\n"), "The slope"),
        ("GATLayer", ("torch.stack(heads).mean(dim=0)", "torch.stack(heads).sum(dim=0)"), "take their mean"),
        ("GATLayer", ("F.elu(", "F.relu("), "then ELU or mean"),
        ("GINLayer", ("(1 + self.eps) * X", "X"), "1 + eps"),
        ("readout", ("ways[kind](x, batch,", "ways[kind](x, 0 * batch,"), "into the first graph"),
    ],
    "graph_tasks.py": [
        (
            "GCN",
            ("F.relu(A_hat @ self.first(self.dropout(X)))", "A_hat @ self.first(self.dropout(X))"),
            "ReLU is missing",
        ),
        ("train_node_classifier", ('"weight_decay": 0.0', '"weight_decay": weight_decay'), "first layer only"),
        ("untrained_embedding", ("torch.tanh(A_hat @ H @ W)", "A_hat @ H @ W"), "tanh is missing"),
        ("GraphClassifier", ("self.last(sums / sizes[:, None])", "self.last(sums)"), "the mean, not the sum"),
        ("masked_bce", ("z, y = z[mask], y[mask]", "z, y = z.flatten(), y.flatten()"), "Only known entries"),
        ("link_scores", (").sum(dim=1)", ").mean(dim=1)"), "not the mean"),
        ("negative_samples", ("free[edge_index[0], edge_index[1]] = False", "pass"), "Both directions"),
        ("link_auc", (" + 0.5 * (positive[:, None] == negative[None]).double()", ""), "A tie counts half"),
        ("oversmoothing", (".square()).sum() / 2", ".square()).sum()"), "take the half"),
        ("oversmoothing", ("range(K + 1)", "range(K)"), "K + 1 numbers"),
        ("partition_batches", ("number[edge_index[:, both]]", "edge_index[:, both]"), "new numbers"),
    ],
}


@pytest.mark.parametrize("file", MISTAKES)
def test_the_first_failed_check_names_the_mistake(file: str) -> None:
    assert not_named("a20_graphs", file, MISTAKES[file]) == []
