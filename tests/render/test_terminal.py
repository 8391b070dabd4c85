"""A report in the terminal and in a pipe."""

import io
import re
import subprocess
import sys

import pytest
from rich.console import Console

from autograder.render.terminal import print_class_summary, print_report
from autograder.render.view import task_views
from autograder.students.submit import _points
from tests.support.sample_reports import classroom, hostile, mixed, perfect, public_only, stub


def printed(what, *, terminal=False, width=80, encoding="utf-8", show=print_report, **options):
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="")
    show(
        what,
        Console(file=file, force_terminal=terminal, width=width, color_system="standard" if terminal else "auto"),
        **options,
    )
    file.flush()
    return raw.getvalue().decode(encoding)


def test_a_failure_reads_as_in_the_style_guide():
    assert """
FAILED 0/8  Distances agree with torch's own on images that are not square.
            compute_distances_no_loops(f64[7,3,5,4], f64[4,3,5,4]) returned f64[7,4]
            28 of 28 values differ by more than 1e-06 + 1e-05*|expected|; first at [0,0]: expected 10.4, got 108
            Hint: These are squared distances; take the root.
""" in printed(mixed())


def test_a_pipe_gets_no_colour_and_no_wrapping():
    text = printed(mixed(), width=40)
    assert "\x1b" not in text
    assert "passed 6/6  Distances agree with a plain double loop on images of odd sizes.\n" in text


def test_a_terminal_gets_colour_and_lines_that_fit():
    text = printed(mixed(), terminal=True, width=60)
    assert "\x1b[1;31mFAILED" in text
    assert max(len(row) for row in re.sub(r"\x1b\[[\d;]*m", "", text).split("\n")) <= 60


def test_the_points_come_last():
    last = printed(mixed()).strip().split("\n")[-1]
    assert last == "38/100 points. 6 of 14 checks passed. 1 check could not be graded, which is not your fault."
    assert printed(perfect()).strip().endswith("100/100 points. All 14 checks passed. Well done.")
    last = printed(public_only()).strip().split("\n")[-1]
    assert last.startswith("61/61 points here. All 8 checks here passed. Checks")
    assert last.endswith("Checks that are not shown here, with other inputs, decide the other 39 of 100 points.")
    assert "isolation" not in printed(mixed(), verbose=True)


def test_a_stub_is_shown_in_one_line_per_task():
    text = printed(stub())
    assert text.count("Not written yet") == 5
    assert "FAILED" not in text
    assert "FAILED" in printed(stub(), verbose=True)


def test_output_is_shown_next_to_failures():
    assert "epoch  0  loss 2.3000  accuracy 10" in printed(mixed())
    assert "check_knn_votes.py::check_3  0.13 s" in printed(mixed(), verbose=True)


@pytest.mark.parametrize("terminal", [False, True])
def test_markup_and_escapes_of_a_student_stay_text(terminal):
    text = printed(hostile(), terminal=terminal, verbose=True, width=100)
    assert "[bold red]markup[/]" in text.replace("\n", "")
    assert ":smile:" in text.replace("\n", "")
    escapes = set(re.findall("\x1b[^m]*m?", text))
    assert all(re.fullmatch(r"\x1b\[[\d;]*m", escape) for escape in escapes)
    assert not re.search("[\x00-\x08\x0b-\x1a\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert len(text) < 2_000_000


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_with_few_characters_gets_replacements(encoding):
    assert "38/100 points" in printed(hostile(), encoding=encoding, verbose=True)
    assert "####" in printed(classroom(30), encoding=encoding, show=print_class_summary)


@pytest.mark.parametrize("number", [0, 1, 900])
def test_a_class_fits_one_screen(number):
    text = printed(classroom(number), show=print_class_summary)
    assert ("No hand-in was graded." in text) == (number == 0)
    assert len(text.split("\n")) < 40
    assert number < 900 or ("900 hand-ins. Mean " in text and "Failed most" in text and "Needs staff: " in text)


def test_the_class_names_what_could_not_be_opened():
    text = printed([mixed()], show=print_class_summary, unopened=[("[red]x.zip", "Not a zip file.")])
    assert "Could not be opened: 1 hand-in\n  [red]x.zip: Not a zip file." in text
    assert "check_knn_votes_hidden.py::check_9: Grace Hopper" in text


def test_students_with_the_same_message_share_a_line():
    missing = [("missing", f"s{number:02}", "No hand-in matches this id.") for number in range(30)]
    intake = [*missing, ("unknown", "s00", "No hand-in matches this id."), ("unknown", "eve", "Matches nobody.")]
    intake += [("older", f"t{number:02}", f"The hand-in of day {number} counts.") for number in range(40)]
    unopened = [("x.zip", "Not a zip file."), ("y.zip", "Too large."), ("z.zip", "Not a zip file.")]
    text = printed([mixed()], show=print_class_summary, intake=intake, unopened=unopened)
    assert "\n  x.zip, z.zip: Not a zip file.\n  y.zip: Too large.\n" in text
    assert "\n  missing: s00, s01, s02, s03, s04, s05, s06, s07 and 22 more: No hand-in matches this id.\n" in text
    assert "\n  unknown: s00: No hand-in matches this id.\n  unknown: eve: Matches nobody.\n" in text
    assert text.count("The hand-in of day") == 17
    assert text.endswith("  and 23 more, in index.html\n")


def test_importing_the_views_does_not_import_rich():
    code = "import sys, autograder.render.terminal, autograder.render.notebook_table; print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_task_shows_the_points_of_the_checks_that_ran_as_submit_does():
    text = printed(public_only())
    for task in task_views(public_only()):
        most = sum(check.max_points for check in task.checks)
        assert f"({task.name})  {f'{task.points}/{most}' if most else 'hidden checks only'}\n" in text
        assert (f"{task.points}/{most}" if most else "hidden checks only") in _points(task)
