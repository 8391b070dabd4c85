"""Late days and weights: exact, the same every time, and explained to each student."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.policy.final_marks import BadPolicy, Policy, Row, apply, read_policy, shown
from autograder.policy.policy_file import Extension, Rule

DUE = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)

TEXT = """
drop_lowest = 0

[late]
free_days = 3
free_days_each = 2
grace_minutes = 15
percent_per_day = 10
percent_at_most = 40
refuse_after_days = 5

[assignments.a01]
weight = 1
due = 2026-11-20T23:59:00Z

[assignments.a02]
weight = 3
due = 2026-12-04T23:59:00+01:00
questions = { q1 = 4 }

[[extensions]]
student = "ada"
assignment = "a02"
days = 2
reason = "illness"
"""


def policy(**changes: object) -> Policy:
    table: dict[str, object] = {"rules": {"a01": Rule("a01", Fraction(1), DUE)}, "extensions": {}} | changes
    return Policy(**table)  # type: ignore[arg-type]


def row(points: int | None = 80, *, late: timedelta = timedelta(), student: str = "ada", **changes: object) -> Row:
    table = {"assignment": "a01", "max_points": 100, "questions": {}, "needs_staff": False} | changes
    return Row(student=student, points=points, handed_in=DUE + late, **table)  # type: ignore[arg-type]


def mark(rules: Policy, *rows: Row) -> Fraction:
    return apply(rules, rows)[0].mark


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("late", "days"),
    [
        (timedelta(days=-3), 0),
        (timedelta(0), 0),
        (timedelta(seconds=1), 1),
        (timedelta(days=1), 1),
        (timedelta(days=1, seconds=1), 2),
    ],
)
def test_a_day_is_late_from_its_first_second(late, days):
    final = apply(policy(per_day=Fraction(1, 10)), [row(late=late)])[0]
    assert final.parts[0].late_days == days
    assert final.mark == 80 * (1 - Fraction(days, 10))


def test_the_grace_forgives_minutes_and_shortens_no_day():
    rules = policy(per_day=Fraction(1, 10), grace_minutes=15)
    assert mark(rules, row(late=timedelta(minutes=15))) == 80
    assert mark(rules, row(late=timedelta(minutes=16))) == 72


def test_free_days_go_to_the_earliest_due_dates():
    second = Rule("a02", Fraction(1), DUE + timedelta(days=7))
    rules = policy(rules={"a01": Rule("a01", Fraction(1), DUE), "a02": second}, free_days=3, per_day=Fraction(1, 10))
    later = Row("ada", "a02", 100, 100, {}, DUE + timedelta(days=9), False)
    final = apply(rules, [later, row(100, late=timedelta(days=2))])[0]
    assert [(part.assignment, part.free_days, part.share) for part in final.parts] == [
        ("a01", 2, 1),
        ("a02", 1, Fraction(9, 10)),
    ]
    assert final.mark == 95
    assert "Free late days: 3 of 3 used" in final.explanation


def test_what_is_too_late_counts_nothing_and_costs_no_free_day():
    rules = policy(free_days=2, refuse_after=3)
    final = apply(rules, [row(late=timedelta(days=6))])[0]
    assert (final.mark, final.parts[0].free_days) == (0, 0)
    assert "more than 3 days beyond the free ones" in final.explanation


def test_the_loss_has_a_limit():
    assert mark(policy(per_day=Fraction(1, 4), at_most=Fraction(1, 2)), row(100, late=timedelta(days=3))) == 50


def test_an_extension_moves_the_due_date_and_says_why():
    rules = policy(per_day=Fraction(1, 10), extensions={("ada", "a01"): Extension(2, "illness")})
    final = apply(rules, [row(100, late=timedelta(days=2)), row(100, late=timedelta(days=2), student="bob")])
    assert [f.mark for f in final] == [100, 80]
    assert "Due 2 days later by an extension (illness)." in final[0].explanation


def test_the_lowest_are_dropped_but_never_all():
    rules = policy(rules={name: Rule(name, Fraction(1), None) for name in ("a01", "a02", "a03")}, drop_lowest=1)
    rows = [row(points, assignment=name) for name, points in (("a01", 50), ("a02", 100), ("a03", 90))]
    final = apply(rules, rows)[0]
    assert final.mark == 95
    assert "Dropped as the lowest." in final.parts[0].explanation
    assert apply(policy(drop_lowest=5), [row(100)])[0].mark == 100


def test_nothing_handed_in_is_zero_and_no_gradebook_is_not():
    rules = policy(rules={name: Rule(name, Fraction(1), DUE) for name in ("a01", "a02", "a03")})
    ada, bob = apply(rules, [row(100), row(None, student="bob", assignment="a02", max_points=None)])
    assert (ada.mark, bob.mark) == (50, 0)
    assert "a02 (weight 1): nothing was handed in, so 0 %." in ada.explanation
    assert "a03: no gradebook was given for it" in ada.explanation


def test_what_a_person_must_see_first_keeps_the_mark_open():
    unknown = Row("bob", "a01", 100, 100, {}, None, False)
    ada, bob, zoe = apply(policy(), [row(needs_staff=True), unknown, row(student="zoe")])
    assert (ada.open, bob.open, zoe.open) == (True, True, False)
    assert "When it was handed in is not known" in bob.explanation
    assert "Provisional" in ada.explanation


def test_a_question_that_nobody_has_marked_is_open_and_not_zero():
    rules = policy(rules={"a01": Rule("a01", Fraction(1), DUE, {"q1": 10, "q2": 10})})
    half, none, all_zero = apply(
        rules,
        [
            row(80, questions={"q1": 10, "q2": None}),
            row(80, questions={"q1": None, "q2": None}, student="bob"),
            row(80, questions={"q1": 0, "q2": 0}, student="zoe"),
        ],
    )
    assert (half.mark, half.open) == (100 * Fraction(90, 110), True)
    assert "90 points of 110" in half.explanation
    assert "Open: q2 is not marked by hand yet and does not count so far." in half.explanation
    assert half.explanation.startswith("ada: 81.82 of 100, provisional\n")
    assert "Provisional: the mark may change" in half.explanation
    assert (none.mark, none.open) == (80, True)
    assert "q1 and q2 are not marked by hand yet" in none.explanation
    assert (all_zero.mark, all_zero.open) == (100 * Fraction(80, 120), False)


def test_a_question_waits_for_nobody_where_nothing_was_handed_in():
    rules = policy(rules={"a01": Rule("a01", Fraction(1), None, {"q1": 10})})
    final = apply(rules, [row(None, max_points=None, questions={"q1": None})])[0]
    assert (final.mark, final.open) == (0, False)


@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.integers(-50, 400), st.sampled_from(["a01", "a02"])),
        max_size=2,
        unique_by=lambda part: part[2],
    ),
    st.integers(0, 5),
    st.integers(0, 100),
)
def test_a_mark_is_between_0_and_100_and_less_lateness_never_lowers_it(parts, free, percent):
    rules = policy(
        rules={name: Rule(name, Fraction(2), DUE) for name in ("a01", "a02")},
        free_days=free,
        per_day=Fraction(percent, 100),
    )
    late = [row(points, late=timedelta(hours=hours), assignment=name) for points, hours, name in parts]
    punctual = [row(points, assignment=name) for points, _, name in parts]
    for before, after in zip(apply(rules, late), apply(rules, punctual), strict=True):
        assert 0 <= before.mark <= after.mark <= 100
        assert apply(rules, reversed(late)) == apply(rules, late)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(100), "100"),
        (Fraction(2, 3), "0.67"),
        (Fraction(1, 8), "0.13"),
        (Fraction(9, 2), "4.5"),
    ],
)
def test_numbers_are_shown_with_two_places_at_most(number, text):
    assert shown(number) == text


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("weight = 1", "weight = 0", r"\[assignments.a01\]: weight must be above 0"),
        ("weight = 1", "wait = 1", "has no 'wait'"),
        ("due = 2026-11-20T23:59:00Z", "due = 2026-11-20", "with its zone"),
        ("free_days = 3", "free_days = -3", "free_days must be a whole number"),
        ("percent_per_day = 10", 'percent_per_day = "10"', "percent_per_day must be a number"),
        ('assignment = "a02"', 'assignment = "a09"', r"no \[assignments.a09\]"),
        ("reason", "because", "has no 'because'"),
        ("[late]", "[late", "cannot be read"),
    ],
)
def test_a_wrong_policy_gets_a_sentence(tmp_path, old, new, match):
    with pytest.raises(BadPolicy, match=match):
        read_policy(write(tmp_path, TEXT.replace(old, new, 1)))
