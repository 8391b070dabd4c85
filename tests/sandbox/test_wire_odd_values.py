"""Rare values of the usual types: those that can be copied arrive unchanged, and the others stay, with a reason."""

from __future__ import annotations

import builtins
import datetime
import json
import sys
from collections import Counter
from dataclasses import dataclass, make_dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import torch

from autograder.checks.describe import describe
from autograder.sandbox.inside import wire
from autograder.sandbox.inside.plain_values import MAX_FIELDS, Record, as_record
from autograder.sandbox.inside.tables import MAX_COLUMNS
from autograder.sandbox.inside.wire import Ref, WireError, decode, encode
from tests.support.wires import cross, keep


def copied(value: Any) -> Any:
    header, body = encode(value, keep=keep, copies=True)
    return decode(header, b"".join(body), resolve=lambda ref: ref)


@dataclass
class Point:
    x: int
    y: Any


def test_a_record_can_be_used_like_the_object_that_it_copies() -> None:
    point = copied(Point(1, [2.0]))
    x, y = point
    assert (x, y, point.x, point[1], len(point)) == (1, [2.0], 1, [2.0], 2)
    assert repr(point) == "Point(x=1, y=[2.0])"
    assert describe(point) == "Point(x=1, y=[2])"
    assert point != (1, [2.0])
    with pytest.raises(TypeError, match="unhashable"):
        hash(point)


def test_an_object_without_all_its_fields_or_with_too_many_stays() -> None:
    half = Point(1, 2)
    del half.y
    wide = make_dataclass("Wide", [(f"f{n}", int, 0) for n in range(MAX_FIELDS + 1)])
    assert copied([half, wide()]) == [Ref(7, "Point"), Ref(7, "Wide")]
    assert as_record(3) is None
    record = Record("Point", ("x",), (1,), is_tuple=False)
    assert as_record(record) is record


@pytest.mark.parametrize(
    "value",
    [
        Counter({"a": "many"}),
        Decimal("sNaN"),
        Decimal("1E+20000"),
        Fraction(1, 1 << (1 << 17)),
        datetime.datetime(2024, 2, 29, tzinfo=ZoneInfo("UTC")),
        datetime.time(12, tzinfo=datetime.UTC),
        np.array([1, [2]], dtype=object),
        np.array([1, len], dtype=object),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_could_not_be_compared_without_harm_or_has_code_of_others_stays(value: Any) -> None:
    assert cross([value]) == [Ref(7, type(value).__name__)]


def test_a_date_of_numpy_arrives_as_one() -> None:
    day, span = cross([np.datetime64("2024-02-29"), np.timedelta64(3, "h")])
    assert day == np.datetime64("2024-02-29")
    assert span == np.timedelta64(3, "h")


@pytest.mark.filterwarnings("ignore:Sparse:UserWarning")
def test_sparse_tensors_by_rows_arrive_and_those_of_other_layouts_stay() -> None:
    eye = torch.eye(3)
    arrived = cross(eye.to_sparse_csr())
    assert arrived.layout is torch.sparse_csr
    assert torch.equal(arrived.to_dense(), eye)
    others = [eye.to_sparse_csc(), torch.ones(2, 3, 3).to_sparse(sparse_dim=1)]
    assert cross(others) == [Ref(7, "Tensor")] * 2


def test_a_sparse_matrix_of_objects_stays() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    vector = sparse.coo_array(np.array([1.0, 0, 2]))
    assert vector.ndim == 1
    assert cross([vector]) == [Ref(7, "coo_array")]


def reason_of(value: Any) -> str:
    """Return why a value stays, as its reference says."""
    (ref,) = cross([value])
    assert type(ref) is Ref
    return ref.type


def test_a_table_that_stays_names_the_column_and_the_reason() -> None:
    pandas = pytest.importorskip("pandas")
    wide = pandas.DataFrame(np.zeros((1, MAX_COLUMNS + 1)))
    assert "(more than 2,000 columns, so it cannot be copied)" in reason_of(wide)
    objects = pandas.DataFrame({"ok": [1.0], "mixed": [[1, 2]]})
    assert "column 'mixed' has values that are neither text nor numbers nor dates" in reason_of(objects)
    labels = pandas.Series([1.0], index=[2.0], name=frozenset("a"))
    assert "its name is not plain text or a number" in reason_of(labels)
    assert reason_of(pandas.Timestamp("2024-01-01", tz="UTC")) == "Timestamp"


def test_a_table_of_polars_that_stays_names_the_column_and_the_reason() -> None:
    polars = pytest.importorskip("polars")
    wide = polars.DataFrame({f"c{n}": [1] for n in range(MAX_COLUMNS + 1)})
    assert "(more than 2,000 columns, so it cannot be copied)" in reason_of(wide)
    assert "column 'deep' has the dtype List(Int64)" in reason_of(polars.DataFrame({"deep": [[1, 2]]}))


def refused(tree: Any, body: bytes = b"") -> str:
    """Return why a message is refused."""
    with pytest.raises(WireError) as caught:
        decode(json.dumps(tree).encode(), body, resolve=keep)
    return str(caught.value)


def hide(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """Let a library be as if it was not installed."""
    find = builtins.__import__

    def found(name: str, *more: Any, **options: Any) -> Any:
        if name == library:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return find(name, *more, **options)

    monkeypatch.setattr(builtins, "__import__", found)
    monkeypatch.delitem(sys.modules, library, raising=False)


def test_a_value_of_a_library_that_is_not_installed_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "pandas")
    table = {"pandas_column": ["c", ["numpy", {"array": ["<f8", [0], 0]}], ["range", [None], 0, 0, 1]]}
    assert refused(table) == "a table was sent, but pandas is not installed here"
    monkeypatch.setitem(sys.modules, "torch", None)  # type: ignore[arg-type]  # so that an import of it fails
    assert refused({"dtype": "float32"}) == "a value is of torch, which is not installed here"


def test_a_table_that_its_library_refuses_is_malformed() -> None:
    pytest.importorskip("polars")
    assert refused({"polars_column": ["c", "Int8", [1 << 20]]}).startswith("a table is malformed (")


def test_a_device_that_torch_cannot_read_is_malformed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert refused({"device": "cuda:x"}) == "a part is malformed"


def test_a_module_of_torch_is_imported_for_the_first_value_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(wire.importlib, "import_module", lambda name: torch)
    assert cross_as_read({"dtype": "float64"}) is torch.float64


def cross_as_read(tree: Any) -> Any:
    return decode(json.dumps(tree).encode(), b"", resolve=keep)
