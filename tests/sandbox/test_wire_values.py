"""Values of the standard library, arrays of text and dates, sparse matrices and tables: unchanged, or refused."""

from __future__ import annotations

import datetime
import json
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.checks.compare import compare
from autograder.checks.values import EXACT
from autograder.sandbox.inside.nodes import MAX_ROWS
from autograder.sandbox.inside.plain_values import Record
from autograder.sandbox.inside.wire import Ref, WireError, decode, encode
from tests.support.wires import cross, keep, quick

pytestmark = pytest.mark.slow

numbers = (
    st.integers() | st.integers(-(2**200), 2**200) | st.complex_numbers()
    | st.decimals(allow_nan=False, min_value=-(10**9), max_value=10**9) | st.fractions()
)  # fmt: skip
times = st.dates() | st.datetimes() | st.datetimes(timezones=st.just(datetime.UTC)) | st.times() | st.timedeltas()
others = st.binary(max_size=9) | st.builds(
    lambda text: PurePosixPath("a" + text.replace("\0", "")), st.text(max_size=5)
)
hashable = st.recursive(
    numbers | times | others | st.text(max_size=4), lambda inner: st.frozensets(inner, max_size=3), max_leaves=4
)
arrays = st.sampled_from(
    [np.array(["a", "béc", ""]), np.array([[b"x"], [b"yz"]]), np.array(["2024-02-29", "NaT"], "M8[D]"), np.array("abc"),
     np.array([5, 7], "m8[s]"), np.array([], "U3"), np.array([1, "a", None, Decimal("2.5"), b"q"], object)]
)  # fmt: skip
values = st.recursive(
    hashable | arrays | st.builds(Counter, st.text("ab", max_size=5)) | st.binary(max_size=4).map(bytearray),
    lambda inner: (
        st.lists(inner, max_size=3) | st.sets(hashable, max_size=4) | st.dictionaries(hashable, inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


def same(a: Any, b: Any) -> bool:
    return compare(a, b, EXACT) is None and (type(a) is type(b) or isinstance(a, PurePath))


@quick
@given(values)
def test_a_value_arrives_unchanged(value: Any) -> None:
    assert same(cross(value), value)


def test_a_path_of_the_students_code_gives_no_access_to_files() -> None:
    assert type(cross(Path("a/b"))) is PurePosixPath
    assert cross(Path("a/b"), trusted=True) == Path("a/b")
    assert hasattr(cross(Path("a/b"), trusted=True), "read_text")


@dataclass
class Point:
    x: int
    y: list[float]


Pair = namedtuple("Pair", "left right")


def copied(value: Any) -> Any:
    header, body = encode(value, keep=keep, copies=True)
    return decode(header, b"".join(body), resolve=lambda ref: ref)


def test_records_are_copied_only_if_wanted() -> None:
    assert cross([Point(1, [2.0])]) == [Ref(7, "Point")]
    point, pair = copied([Point(1, [2.0]), Pair("a", Point(0, []))])
    assert (point.x, point.y) == (1, [2.0])
    assert pair == Record("Pair", ("left", "right"), ("a", Record("Point", ("x", "y"), (0, []), is_tuple=False)),
                          is_tuple=True)  # fmt: skip
    with pytest.raises(AttributeError, match="the record Point has no field 'z'"):
        _ = point.z


def test_containers_are_copied_only_if_wanted() -> None:
    grown = defaultdict(list, {"a": [1]})
    assert cross([grown, OrderedDict(a=1), deque([1])]) == [Ref(7, t) for t in ("defaultdict", "OrderedDict", "deque")]
    assert copied([grown, OrderedDict(a=1), deque([1])]) == [{"a": [1]}, {"a": 1}, [1]]


SPARSE = {
    "coo": torch.sparse_coo_tensor(torch.tensor([[0, 1], [2, 0]]), torch.tensor([1.0, 2]), (2, 10**9),
                                   check_invariants=True),
    "empty": torch.sparse_coo_tensor(torch.zeros(2, 0, dtype=torch.int64), torch.zeros(0), (2, 3),
                                     check_invariants=True),
}  # fmt: skip


@pytest.mark.parametrize("name", SPARSE)
def test_a_sparse_tensor_arrives_unchanged(name: str) -> None:
    assert same(cross(SPARSE[name]), SPARSE[name])


@pytest.mark.parametrize("name", ["csr_array", "csc_matrix", "coo_array"])
def test_a_sparse_matrix_arrives_unchanged(name: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    matrix = getattr(sparse, name)(np.diag([1.0, 0, 3]))
    assert same(cross(matrix), matrix)


COLUMN = ["numpy", {"array": ["<f8", [1], 8]}]
RANGE, TWO, NONE, NINE, HUGE = (["range", [None], 0, n, 1] for n in (1, 2, 0, 9, 1 << 30))
CATEGORY = ["category", {"array": ["|i1", [1], 1]}, RANGE, False]
FALSE_CLAIMS: dict[str, tuple[Any, bytes]] = {
    "a whole number with a sign in it": ({"int": "1-2"}, b""),
    "a whole number with an underscore": ({"int": "1_2"}, b""),
    "a whole number of two megabytes": ({"int": "f" * (1 << 19)}, b""),
    "a decimal that is a word": ({"decimal": "half"}, b""),
    "a decimal with a huge exponent": ({"decimal": "1E+999999"}, b""),
    "a decimal that raises when compared": ({"decimal": "sNaN"}, b""),
    "a fraction of zero": ({"fraction": [1, 0]}, b""),
    "a date in the year 0": ({"date": "0000-01-01"}, b""),
    "a duration of a million years": ({"timedelta": [1 << 39, 0, 0]}, b""),
    "more bytes than arrived": ({"bytes": 9}, b"abc"),
    "fewer than no bytes": ({"bytes": -1}, b""),
    "a path with a zero": ({"path": ["posix", "a\0b"]}, b""),
    "a set of lists": ({"set": [[1], [2]]}, b""),
    "a counter of texts": ({"counter": [["a", "b"]]}, b""),
    "a record with two fields of one name": ({"record": ["P", ["x", "x"], [1, 2], False]}, b""),
    "a record with a method's name": ({"record": ["P", ["a b"], [1], False]}, b""),
    "a record with fewer values": ({"record": ["P", ["x", "y"], [1], False]}, b""),
    "text beyond the last character": ({"array": ["<U1", [1], 4]}, b"\xff\xff\xff\xff"),
    "text of a gigabyte an item": ({"array": ["<U999999", [0], 0]}, b""),
    "objects without values": ({"objects": [[1 << 30], []]}, b""),
    "objects that are lists": ({"objects": [[1], [[1]]]}, b""),
    "a sparse tensor with an index out of range": (
        {"sparse_tensor": [[2, 2], "coo", {"tensor": ["int64", [2, 1], 16, "cpu", None, False]},
                           {"tensor": ["float32", [1], 4, "cpu", None, False]}]}, bytes([9]) + bytes(19)),
    "a sparse tensor with too many positions": (
        {"sparse_tensor": [[1 << 39, 1 << 39], "coo", {"tensor": ["int64", [2, 0], 0, "cpu", None, False]},
                           {"tensor": ["float32", [0], 0, "cpu", None, False]}]}, b""),
    "a sparse matrix of more rows than memory": (
        {"sparse": ["csr_array", [1 << 39, 1], *[{"array": [t, [0], 0]} for t in ("<i8", "<i8", "<f8")]]}, b""),
    "a sparse matrix with an index out of range": (
        {"sparse": ["csr_array", [2, 2], *[{"array": [t, [1], 8]} for t in ("<i8", "<i8", "<f8")]]}, bytes([7] * 24)),
    "a table with columns of two lengths": ({"pandas_table": [RANGE, [COLUMN], TWO]}, bytes(8)),
    "a table with more names than columns": ({"pandas_table": [NINE, [COLUMN], RANGE]}, bytes(8)),
    "an index of a billion rows": ({"pandas_table": [NONE, [], HUGE]}, b""),
    "a category without its name": ({"pandas_column": ["c", CATEGORY, RANGE]}, b"\x05"),
    "a column of lists": ({"pandas_column": ["c", ["object", {"objects": [[1], [[1]]]}], RANGE]}, b""),
    "a dtype of another library": ({"pandas_column": ["c", ["Sparse[int]", {"objects": [[1], [1]]}], RANGE]}, b""),
    "a column of polars with objects": ({"polars_column": ["c", "Object", [1]]}, b""),
    "a column of polars with lists": ({"polars_column": ["c", "Int64", [[1]]]}, b""),
    "a thousand tables": ([{"polars_table": []}] * 1000, b""),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE_CLAIMS)
def test_a_false_claim_is_refused(name: str) -> None:
    tree, body = FALSE_CLAIMS[name]
    with pytest.raises(WireError):
        decode(json.dumps(tree).encode(), body, resolve=keep)


def test_rows_that_were_not_sent_are_counted_over_the_whole_message() -> None:
    pytest.importorskip("scipy")
    parts = [{"array": [code, [0], 0]} for code in ("<i8", "<i8", "<f8")]
    one = {"sparse": ["csr_array", [MAX_ROWS // 2 + 1, 1], *parts]}
    with pytest.raises(WireError):
        decode(json.dumps([one, one]).encode(), b"", resolve=keep)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=2)
    | st.sampled_from(["<f8", "<U2", "<M8[D]", "posix", "range", "values", "numpy", "category", "object", "coo",
                       "Int64", "csr_array", "Timestamp", "1.5", "2024-01-01"]),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(st.sampled_from(["array", "tensor", "objects", "int", "dict"]), inner, min_size=1, max_size=1),
    max_leaves=25,
)  # fmt: skip
TAGS = ["int", "complex", "bytes", "set", "frozenset", "counter", "decimal", "fraction", "date", "datetime", "time",
        "timedelta", "path", "record", "objects", "sparse_tensor", "sparse", "pandas_table", "pandas_column",
        "pandas_time", "polars_table", "polars_column"]  # fmt: skip


@settings(quick, max_examples=400)
@given(st.sampled_from(TAGS), st.lists(json_values, max_size=5) | json_values, st.binary(max_size=24))
def test_any_claim_is_decoded_or_refused(tag: str, tree: Any, body: bytes) -> None:
    try:
        decode(json.dumps({tag: tree}).encode(), body, resolve=lambda ref: ref)
    except WireError:
        return
