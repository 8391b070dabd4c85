"""Cora from files in the official layout, made here; missing and damaged ones get a sentence."""

import pickle
import sys
import types
from collections import defaultdict

import numpy as np
import pytest
import torch

from common.data import DataError, cora

KNOWN, TEST, WORDS, FIELDS = 700, 9, 12, 7


class csr_matrix:  # named as in scipy, whose place it takes while the files are made
    def __init__(self, dense):
        self.data = dense[dense != 0]
        self.indices = np.nonzero(dense)[1].astype(np.int32)
        self.indptr = np.concatenate([[0], np.count_nonzero(dense, axis=1).cumsum()]).astype(np.int32)
        self._shape, self.maxprint = dense.shape, 50


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Write files in Planetoid's layout; return the folder, and what they have."""
    csr_matrix.__module__ = "scipy.sparse.csr"
    stand_in = types.ModuleType("scipy.sparse.csr")
    stand_in.csr_matrix = csr_matrix
    for name in ("scipy", "scipy.sparse"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "scipy.sparse.csr", stand_in)
    random = np.random.default_rng(0)
    x = (random.random((KNOWN + TEST, WORDS)) < 0.3).astype(np.float32)
    y = np.eye(FIELDS, dtype=np.int32)[random.integers(0, FIELDS, KNOWN + TEST)]
    order = KNOWN + random.permutation(TEST)
    graph = defaultdict(list, {0: [1, 2, 2, 0], 1: [0], KNOWN + 3: [5]})
    folder = tmp_path / "cora"
    folder.mkdir()
    contents = {
        "allx": csr_matrix(x[:KNOWN]), "ally": y[:KNOWN], "tx": csr_matrix(x[order]), "ty": y[order], "graph": graph,
    }  # fmt: skip
    for name, content in contents.items():
        (folder / f"ind.cora.{name}").write_bytes(pickle.dumps(content, protocol=3))
    (folder / "ind.cora.test.index").write_text("\n".join(map(str, order)) + "\n")
    return tmp_path, x, y


def test_test_papers_get_the_rows_that_the_index_names(made):
    root, x, y = made
    found = cora.read(root)
    assert torch.equal(found.x, torch.from_numpy(x))
    assert torch.equal(found.y, torch.from_numpy(y).argmax(dim=1))
    assert found.edge_index.T.tolist() == [[0, 1], [0, 2], [1, 0], [2, 0], [5, KNOWN + 3], [KNOWN + 3, 5]]
    assert (int(found.train.sum()), int(found.validation.sum()), int(found.test.sum())) == (140, 500, TEST)
    assert not (found.train & found.validation).any()


def test_missing_and_damaged_files_are_named(made):
    root, _, _ = made
    path = root / "cora" / "ind.cora.graph"
    good = path.read_bytes()
    path.write_bytes(good[:-9])
    with pytest.raises(DataError, match=r"ind\.cora\.graph cannot be read"):
        cora.read(root)
    path.write_bytes(pickle.dumps(print, protocol=3))
    with pytest.raises(DataError, match="asks for"):
        cora.read(root)
    path.unlink()
    with pytest.raises(DataError, match="Planetoid"):
        cora.read(root)
    path.write_bytes(good)
    (root / "cora" / "ind.cora.test.index").write_text("1\n2\n")
    with pytest.raises(DataError, match="one number for each test paper"):
        cora.read(root)
