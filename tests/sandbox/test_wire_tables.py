"""Tables and columns of pandas and polars arrive unchanged, or stay with a reason."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from autograder.checks.compare import compare
from autograder.checks.values import EXACT
from tests.support.wires import cross

pytestmark = pytest.mark.slow


def same(a: Any, b: Any) -> bool:
    return compare(a, b, EXACT) is None and type(a) is type(b)


def tables() -> dict[str, Any]:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"price": [1.0, 2.0], "name": ["a", None], "kind": pandas.Categorical(["u", "v"]),
                              "day": pandas.to_datetime(["2024-01-01", None]), "n": pandas.array([1, None], "Int64"),
                              "mixed": [1, "x"], "yes": [True, False]})  # fmt: skip
    return {
        "a table": table,
        "no rows": table.head(0),
        "nothing": pandas.DataFrame(),
        "an index": table.set_index("name"),
        "two levels": table.groupby(["kind", "yes"], observed=True)["price"].sum(),
        "columns in levels": pandas.DataFrame({("a", 1): [1], ("a", 2): [2]}),
        "a column": table["price"],
        "dates": pandas.Series([1.0], index=pandas.to_datetime(["2024-01-01"]), name="q"),
        "a date": pandas.Timestamp(2024, 2, 29),
        "a duration": pandas.Timedelta(3, "h"),
    }


def test_tables_of_pandas_arrive_unchanged() -> None:
    for name, table in tables().items():
        arrived = cross(table)
        assert type(arrived) is type(table), name
        assert same(arrived, table), name
        assert not hasattr(table, "dtypes") or str(arrived.dtypes) == str(table.dtypes), name


def test_a_long_column_of_texts_arrives_unchanged() -> None:
    pandas = pytest.importorskip("pandas")
    names = pandas.Series([f"name {n % 7}" for n in range(300_000)], name="who")
    arrived = cross(names)
    assert arrived.equals(names)
    assert arrived.dtype == names.dtype


def test_tables_of_polars_arrive_unchanged() -> None:
    polars = pytest.importorskip("polars")
    table = polars.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, None], "d": [True, False],
                              "e": [datetime.date(2024, 1, 1), None]})  # fmt: skip
    for sent in (table, table.head(0), table["a"], table["b"]):
        arrived = cross(sent)
        assert same(arrived, sent)
        assert type(arrived) is type(sent)


def test_a_table_with_a_column_of_another_kind_stays_with_a_reason() -> None:
    pandas = pytest.importorskip("pandas")
    (ref,) = cross([pandas.DataFrame({"z": pandas.period_range("2020", "2021", freq="Y")})])
    assert ref.type == "DataFrame (column 'z' has the dtype period[Y-DEC], so it cannot be copied)"
