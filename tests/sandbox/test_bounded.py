"""What a check's code prints on a student's machine is limited, except under a debugger."""

from __future__ import annotations

import sys

import pytest

from autograder.sandbox.bounded import PRINTED, PrintLimit


def test_prints_end_at_the_limit_and_begin_again_with_the_next_check(capsys: pytest.CaptureFixture[str]) -> None:
    limit = PrintLimit(PRINTED)
    for _ in range(2):
        limit.begin()
        with limit.watch():
            for _ in range(3000):
                print("0123456789", file=sys.stderr if _ % 2 else sys.stdout)
            sys.stdout.flush()
        shown = "".join(capsys.readouterr())
        assert len(shown) < PRINTED + 100
        assert shown.count("[A check shows 10,000 characters of what your code prints.]") == 1


def test_a_stream_that_somebody_kept_has_no_limit_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    with PrintLimit(10).watch():
        kept = sys.stdout
        print("z" * 100)
    kept.write("later")
    assert capsys.readouterr().out.endswith("later")


def test_without_a_limit_and_in_a_debugger_everything_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with PrintLimit(None).watch():
        print("x" * 2 * PRINTED)
    monkeypatch.setattr(sys, "gettrace", lambda: print)
    with PrintLimit(10).watch():
        print("y" * PRINTED)
    out = capsys.readouterr().out
    assert (out.count("x"), out.count("y")) == (2 * PRINTED, PRINTED)


def test_the_lines_of_a_list_count_like_one_text(capsys: pytest.CaptureFixture[str]) -> None:
    with PrintLimit(4).watch():
        sys.stdout.writelines(["ab", "cd", "ef"])
    out = capsys.readouterr().out
    assert out.startswith("abcd\n[A check shows ")
    assert "ef" not in out
