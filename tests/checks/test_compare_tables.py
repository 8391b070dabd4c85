"""Comparisons of tables and columns of pandas and polars."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.checks.expect import Mismatch, expect_close, expect_equal


def message(actual: Any, expected: Any) -> str:
    with pytest.raises(Mismatch) as caught:
        expect_close(actual, expected)
    return caught.value.message


@pytest.fixture
def pandas() -> Any:
    return pytest.importorskip("pandas")


@pytest.fixture
def table(pandas: Any) -> Any:
    days = pandas.to_datetime(["2024-01-01", None, "2024-01-03"])
    kinds = pandas.Categorical(["u", "v", "u"])
    return pandas.DataFrame({"price": [1.0, 2.0, 3.5], "name": ["a", None, "c"], "day": days, "kind": kinds})


def test_equal_tables_agree(table: Any) -> None:
    expect_equal(table.copy(), table)
    expect_equal(table["price"], table["price"].copy())
    grouped = table.groupby(["kind", "name"], observed=True)["price"].sum()
    expect_equal(grouped.copy(), grouped)


def test_text_of_every_dtype_agrees(table: Any) -> None:
    expect_equal(table.astype({"name": object}), table)
    expect_equal(table.astype({"name": "string"}), table)


CHANGES = {
    "another column": (lambda t: t.rename(columns={"day": "date"}), "the table has no column 'day' and has unexpected"),
    "order of columns": (lambda t: t[["name", "price", "day", "kind"]], "the columns are in another order"),
    "fewer rows": (lambda t: t.head(2), "expected 3 rows, got 2"),
    "another index": (lambda t: t.set_index([[5, 6, 7]]), "the index differs at row 0: expected 0, got 5 (reset_index"),
    "another number": (lambda t: t.assign(price=[1.0, 2.0, 4.0]), "item ['price']: 1 of 3 values differs by more"),
    "another text": (lambda t: t.assign(name=["a", None, "d"]), "item ['name'][2]: expected 'c', got 'd'"),
    "a missing text": (lambda t: t.assign(name=["a", None, None]), "item ['name'][2]: expected 'c', got None"),
    "another dtype": (lambda t: t.assign(price=[1, 2, 3]), "item ['price']: expected dtype float64, got int64"),
    "a column": (lambda t: t["price"], "expected a DataFrame with 3 rows and the columns 'price', 'name'"),
    "nothing": (lambda t: None, "expected a DataFrame with 3 rows and the columns"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_different_table_has_a_sentence(table: Any, name: str) -> None:
    change, sentence = CHANGES[name]
    assert message(change(table), table).startswith(sentence)


def test_a_column_has_a_name(table: Any) -> None:
    assert message(table["price"].rename("cost"), table["price"]) == "expected the name 'price', got 'cost'"


def test_tables_of_polars() -> None:
    polars = pytest.importorskip("polars")
    table = polars.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, None]})
    expect_equal(table.clone(), table)
    assert message(table.with_columns(a=polars.Series([1, 3])), table).startswith("item ['a']: 1 of 2 values differs")
    assert message(table.with_columns(b=polars.Series(["x", "y"])), table) == "item ['b'][1]: expected None, got 'y'"
    assert message(table.with_columns(c=polars.Series([1.5, 2.0])), table) == "item ['c'][1]: expected None, got 2"
    assert message([1, 2], table["a"]) == "expected a Series of 2 values of type Int64, got [1, 2]"
