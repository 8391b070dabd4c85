"""Late days and weights give exact marks, the same every time, with an explanation for each student."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.core.language import speaking, translator
from autograder.policy.final_marks import GradebookRow, compute_final_marks, final_csv, format_number, without_time
from autograder.policy.policy_file import BadPolicy, Extension, Policy, Rule, read_policy

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


def row(
    points: int | None = 80, *, late: timedelta = timedelta(), student: str = "ada", **changes: object
) -> GradebookRow:
    table = {"assignment": "a01", "max_points": 100, "questions": {}, "needs_staff": False} | changes
    return GradebookRow(student=student, points=points, handed_in=DUE + late, **table)  # type: ignore[arg-type]


def mark(rules: Policy, *rows: GradebookRow) -> Fraction:
    return compute_final_marks(rules, rows)[0].mark


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
    final = compute_final_marks(policy(per_day=Fraction(1, 10)), [row(late=late)])[0]
    assert final.parts[0].late_days == days
    assert final.mark == 80 * (1 - Fraction(days, 10))


def test_the_grace_forgives_minutes_but_shortens_no_late_day():
    rules = policy(per_day=Fraction(1, 10), grace_minutes=15)
    assert mark(rules, row(late=timedelta(minutes=15))) == 80
    assert mark(rules, row(late=timedelta(minutes=16))) == 72


def test_free_days_are_used_for_the_earliest_due_dates():
    second = Rule("a02", Fraction(1), DUE + timedelta(days=7))
    rules = policy(rules={"a01": Rule("a01", Fraction(1), DUE), "a02": second}, free_days=3, per_day=Fraction(1, 10))
    later = GradebookRow("ada", "a02", 100, 100, {}, DUE + timedelta(days=9), False)
    final = compute_final_marks(rules, [later, row(100, late=timedelta(days=2))])[0]
    assert [(part.assignment, part.free_days, part.share) for part in final.parts] == [
        ("a01", 2, 1),
        ("a02", 1, Fraction(9, 10)),
    ]
    assert final.mark == 95
    assert "Free late days: 3 of 3 used" in final.explanation


def test_an_explanation_is_in_the_language_of_its_reader_and_the_table_in_english():
    rules = policy(free_days=1, per_day=Fraction(1, 10))
    final = compute_final_marks(rules, [row(100, late=timedelta(days=2))])[0]
    with speaking(translator("zh_CN")):
        lines, table = final.explanation.splitlines(), final_csv(rules, [final])
    assert lines[0] == "ada：满分 100 分，得 90 分"
    assert lines[2].endswith("其中 1 天免费。1 天，每天 10%：扣去其中的 10%，计 90%。")
    assert not re.search("[A-Za-z]{3,}", lines[2].replace("UTC", ""))
    assert "1 of them free. 1 day at 10 %: 10 % of that is lost, 90 % count." in table
    assert table.isascii()


def test_a_hand_in_that_is_too_late_does_not_count_and_uses_no_free_day():
    rules = policy(free_days=2, refuse_after=3)
    final = compute_final_marks(rules, [row(late=timedelta(days=6))])[0]
    assert (final.mark, final.parts[0].free_days) == (0, 0)
    assert "more than 3 days beyond the free ones" in final.explanation


def test_the_loss_has_a_limit():
    assert mark(policy(per_day=Fraction(1, 4), at_most=Fraction(1, 2)), row(100, late=timedelta(days=3))) == 50


def test_an_extension_moves_the_due_date_and_says_why():
    rules = policy(per_day=Fraction(1, 10), extensions={("ada", "a01"): Extension(2, "illness")})
    final = compute_final_marks(
        rules, [row(100, late=timedelta(days=2)), row(100, late=timedelta(days=2), student="bob")]
    )
    assert [f.mark for f in final] == [100, 80]
    assert "Due 2 days later by an extension (illness)." in final[0].explanation


def test_the_lowest_assignments_are_dropped_but_never_all():
    rules = policy(rules={name: Rule(name, Fraction(1), None) for name in ("a01", "a02", "a03")}, drop_lowest=1)
    rows = [row(points, assignment=name) for name, points in (("a01", 50), ("a02", 100), ("a03", 90))]
    final = compute_final_marks(rules, rows)[0]
    assert final.mark == 95
    assert "Dropped as the lowest." in final.parts[0].explanation
    assert compute_final_marks(policy(drop_lowest=5), [row(100)])[0].mark == 100


def test_nothing_handed_in_counts_as_zero_but_a_missing_gradebook_does_not_count():
    rules = policy(rules={name: Rule(name, Fraction(1), DUE) for name in ("a01", "a02", "a03")})
    ada, bob = compute_final_marks(rules, [row(100), row(None, student="bob", assignment="a02", max_points=None)])
    assert (ada.mark, bob.mark) == (50, 0)
    assert "a02 (weight 1): nothing was handed in, so 0 %." in ada.explanation
    assert "a03: no gradebook was given" in ada.explanation


def test_the_mark_is_provisional_until_a_person_has_looked():
    late = GradebookRow("bob", "a01", 100, 100, {}, None, False, marked_late=True)
    ada, bob, zoe = compute_final_marks(policy(), [row(needs_staff=True), late, row(student="zoe")])
    assert (ada.provisional, bob.provisional, zoe.provisional) == (True, True, False)
    assert "marks it late, but its time is unknown" in bob.explanation
    assert "Provisional" in ada.explanation


def test_what_was_graded_with_skip_scored_is_to_be_graded_without_it():
    ada, bob = compute_final_marks(
        policy(), [row(needs_staff=True, skipped=True), row(student="bob", needs_staff=True)]
    )
    assert "This was graded with --skip-scored; grade it without that option." in ada.explanation
    assert "A check could not be graded" not in ada.explanation
    assert "A check could not be graded: a person must look." in bob.explanation
    assert ada.provisional


def test_a_hand_in_without_a_time_that_is_not_marked_late_is_on_time():
    unknown = GradebookRow("bob", "a01", 100, 100, {}, None, False)
    (bob,) = compute_final_marks(policy(), [unknown])
    assert (bob.mark, bob.provisional) == (100, False)
    assert "Its time is unknown, and it is not marked late: on time." in bob.explanation
    assert without_time(policy(), [unknown, replace(unknown, marked_late=True), row()]) == [unknown]


def test_an_unmarked_question_is_open_and_not_zero():
    rules = policy(rules={"a01": Rule("a01", Fraction(1), DUE, {"q1": 10, "q2": 10})})
    half, none, all_zero = compute_final_marks(
        rules,
        [
            row(80, questions={"q1": 10, "q2": None}),
            row(80, questions={"q1": None, "q2": None}, student="bob"),
            row(80, questions={"q1": 0, "q2": 0}, student="zoe"),
        ],
    )
    assert (half.mark, half.provisional) == (100 * Fraction(90, 110), True)
    assert "90 points of 110" in half.explanation
    assert "Open: q2 is not marked by hand yet and does not count so far." in half.explanation
    assert half.explanation.startswith("ada: 81.82 of 100, provisional\n")
    assert "Provisional: the mark may change" in half.explanation
    assert (none.mark, none.provisional) == (80, True)
    assert "q1 and q2 are not marked by hand yet" in none.explanation
    assert (all_zero.mark, all_zero.provisional) == (100 * Fraction(80, 120), False)


def test_a_question_is_not_open_if_nothing_was_handed_in():
    rules = policy(rules={"a01": Rule("a01", Fraction(1), None, {"q1": 10})})
    final = compute_final_marks(rules, [row(None, max_points=None, questions={"q1": None})])[0]
    assert (final.mark, final.provisional) == (0, False)


@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.integers(-50, 400), st.sampled_from(["a01", "a02"])),
        max_size=2,
        unique_by=lambda part: part[2],
    ),
    st.integers(0, 5),
    st.integers(0, 100),
)
def test_a_mark_is_between_0_and_100_and_never_lower_for_an_earlier_hand_in(parts, free, percent):
    rules = policy(
        rules={name: Rule(name, Fraction(2), DUE) for name in ("a01", "a02")},
        free_days=free,
        per_day=Fraction(percent, 100),
    )
    late = [row(points, late=timedelta(hours=hours), assignment=name) for points, hours, name in parts]
    punctual = [row(points, assignment=name) for points, _, name in parts]
    for before, after in zip(compute_final_marks(rules, late), compute_final_marks(rules, punctual), strict=True):
        assert 0 <= before.mark <= after.mark <= 100
        assert compute_final_marks(rules, reversed(late)) == compute_final_marks(rules, late)


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
    assert format_number(number) == text


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("weight = 1", "weight = 0", r"\[assignments.a01\]: weight must be a number above 0"),
        ("weight = 1", "wait = 1", r"\[assignments.a01\]: unknown setting 'wait'\. Allowed: weight, due, questions"),
        ("due = 2026-11-20T23:59:00Z", "due = 2026-11-20", "with its zone"),
        ("free_days = 3", "free_days = -3", "free_days must be a whole number"),
        ("percent_per_day = 10", 'percent_per_day = "10"', "percent_per_day must be a number"),
        ('assignment = "a02"', 'assignment = "a09"', r"no \[assignments.a09\]"),
        ("reason", "because", r"\[\[extensions\]\] 'ada': unknown setting 'because'\. Allowed: student, "),
        ("[late]", "[late", "is not valid TOML"),
    ],
)
def test_a_wrong_policy_is_refused_with_the_entry(tmp_path, old, new, match):
    with pytest.raises(BadPolicy, match=match):
        read_policy(write(tmp_path, TEXT.replace(old, new, 1)))
