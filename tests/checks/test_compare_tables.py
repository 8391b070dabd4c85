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
    "another column": (lambda t: t.rename(columns={"day": "date"}), "the table has no column 'day', but has"),
    "order of columns": (lambda t: t[["name", "price", "day", "kind"]], "the columns are in another order"),
    "fewer rows": (lambda t: t.head(2), "expected 3 rows, got 2"),
    "another index": (lambda t: t.set_index([[5, 6, 7]]), "the index differs at row 0: expected 0, got 5 (reset_index"),
    "another number": (lambda t: t.assign(price=[1.0, 2.0, 4.0]), "column 'price': 1 of 3 values differs by more"),
    "another text": (lambda t: t.assign(name=["a", None, "d"]), "column 'name', row 2: expected 'c', got 'd'"),
    "a missing text": (lambda t: t.assign(name=["a", None, None]), "column 'name', row 2: expected 'c', got a missing"),
    "another dtype": (lambda t: t.assign(price=[1, 2, 3]), "column 'price': expected dtype float64, got int64"),
    "a column": (lambda t: t["price"], "expected a DataFrame with 3 rows and the columns 'price', 'name'"),
    "nothing": (lambda t: None, "expected a DataFrame with 3 rows and the columns"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_different_table_has_a_sentence(table: Any, name: str) -> None:
    change, sentence = CHANGES[name]
    assert message(change(table), table).startswith(sentence)


SUMMARIES = {
    "a number": (lambda t: t.assign(visits=[3, 5]), "column 'visits': 1 of 2 values differs; first at [1]:"),
    "a text": (lambda t: t.assign(head=["Li", "Bo"]), "column 'head', row 'skin': expected 'Cy', got 'Bo'"),
    "a dtype": (lambda t: t.astype({"visits": float}), "column 'visits': expected dtype int64, got float64"),
    "no index": (
        lambda t: t.reset_index(),
        "the table has an unexpected column: 'ward' (expected as the index: set_index makes a column the index)",
    ),
    "two columns more": (lambda t: t.assign(a=1, b=2), "the table has unexpected columns: 'a', 'b'"),
    "no columns": (lambda t: t[[]], "the table does not have the columns 'visits', 'head'"),
    "another name": (
        lambda t: t.rename(columns={"head": "Head"}),
        "the table has no column 'head', but has unexpected ones: 'Head'",
    ),
}  # fmt: skip


@pytest.fixture
def summary() -> Any:
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"visits": [3, 4], "head": ["Li", "Cy"]}, index=pandas.Index(["eyes", "skin"], name="ward"))


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_different_summary_has_a_sentence(summary: Any, name: str) -> None:
    change, sentence = SUMMARIES[name]
    assert message(change(summary), summary).startswith(sentence)


def test_a_sentence_names_the_row_by_the_index(summary: Any) -> None:
    assert message(summary.assign(visits=[3, 5]), summary).endswith("([1] is the row 'skin')")
    assert "is the row" not in message(summary.reset_index().assign(visits=[3, 5]), summary.reset_index())
    assert "first at [0]: expected 3, got 9;" in message(summary.assign(visits=[9, 90]), summary)
    assert message(summary.assign(visits=[9, 90]), summary).endswith("at [1] ([0] is the row 'eyes')")
    lost = "column 'head', row 'eyes': expected 'Li', got a missing value"
    assert message(summary.assign(head=[None, "Cy"]), summary) == lost
    pairs = summary.set_index(["head"], append=True)
    assert message(pairs.assign(visits=[0, 4]), pairs).endswith("([0] is the row ('eyes', 'Li'))")


def test_the_index_is_not_a_column(summary: Any) -> None:
    flat = summary.reset_index()
    advice = "the table has no column 'ward' (it is in the index: reset_index makes the index a column)"
    assert message(summary, flat) == advice
    assert "index" not in message(summary, summary.assign(more=1))


def test_a_column_of_lists_has_a_place_in_the_row(summary: Any) -> None:
    lists = summary.assign(head=[[1, 2], [3, 4]])
    assert message(summary.assign(head=[[1, 2], [3, 5]]), lists) == "column 'head'[1][1]: expected 4, got 5"


def test_a_column_has_a_name(table: Any) -> None:
    assert message(table["price"].rename("cost"), table["price"]) == "expected the name 'price', got 'cost'"


def test_tables_of_polars() -> None:
    polars = pytest.importorskip("polars")
    table = polars.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, None]})
    expect_equal(table.clone(), table)
    assert message(table.with_columns(a=polars.Series([1, 3])), table).startswith("column 'a': 1 of 2 values differs")
    more = {"b": polars.Series(["x", "y"]), "c": polars.Series([1.5, 2.0])}
    for name, got in (("b", "'y'"), ("c", "2")):
        sentence = f"column '{name}', row 1: expected a missing value, got {got}"
        assert message(table.with_columns(**{name: more[name]}), table) == sentence
    assert message([1, 2], table["a"]) == "expected a Series of 2 values of type Int64, got [1, 2]"
