"""Hand-ins whose code was not loaded, or whose file was guessed, are shown to staff apart from wrong answers."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from rich.console import Console

from autograder.core.report import REMARK_KINDS, Cause, Mark, Remark, Report
from autograder.render.class_page import index_html
from autograder.render.concerns import KINDS, concerns
from autograder.render.gradebook_csv import gradebook_csv
from autograder.render.html import report_html
from autograder.render.notebook_table import report_table_html
from autograder.render.summary import summarise
from autograder.render.terminal import print_class_summary, print_report
from tests.support.sample_reports import mixed, not_imported, not_loaded, perfect, refused, renamed, spoilt, stub

IMPORT = "cell 3, line 1: this assignment does not allow the package pandas. 5 of 14 checks need it (40 points)."
RENAMED = "knn (1).ipynb was graded as knn.ipynb."


def on_screen(*reports: Report) -> str:
    file = io.StringIO()
    print_class_summary(reports, Console(file=file, width=100))
    return file.getvalue()


def section(page: str, heading: str) -> str:
    return page.partition(f'<h2 id="{heading}">')[2].partition("</section>")[0]


def test_an_import_that_tasks_need_is_one_concern_with_its_points() -> None:
    (concern,) = concerns(not_loaded())
    assert (concern.kind, concern.text, concern.points) == ("import", IMPORT, 40)
    assert concern.advice.startswith("Ask the student for a version without this package")


def test_code_that_did_not_run_is_a_concern_without_a_remark() -> None:
    (concern,) = concerns(replace(not_loaded(), remarks=(), notes=()))
    assert concern.kind == "not loaded"
    assert concern.text == (
        "cell 3, line 1 did not run: ImportError: pandas is not a package that this assignment allows. "
        "5 of 14 checks need it (40 points)."
    )
    assert "run the whole file in a new session" in concern.advice


def test_two_remarks_about_different_lines_are_distinguished() -> None:
    remarks = [Remark("import", f"cell {cell}, line 1: this assignment does not allow x.") for cell in (13, 3)]
    found = concerns(replace(not_loaded(), remarks=tuple(remarks)))
    assert [(concern.text[:7], concern.points) for concern in found] == [("cell 3,", 40), ("cell 13", 0)]


def test_a_file_that_could_not_be_read_is_one_concern() -> None:
    why = "knn.py is damaged (line 3). Save it again."
    facts: dict[str, object] = {"cause": Cause.NOT_LOADED, "message": why}
    report = spoilt(perfect(), c0=facts, c1=facts)
    report = replace(report, notes=(why,), remarks=(Remark("unreadable", why),))
    (concern,) = concerns(report)
    assert concern.text == f"{why} 2 of 14 checks need it (9 points)."
    assert str(concern) == f"unreadable: {concern.text} Ask the student to correct this and hand in again."


def test_a_file_that_ends_within_a_task_may_have_cost_points() -> None:
    why = "knn.py, line 49: Python cannot read this: expected ':'."
    cut: dict[str, object] = {"cause": Cause.NOT_WRITTEN, "message": "knn.py does not define predict_labels."}
    report = replace(spoilt(perfect(), c0=cut), remarks=(Remark("unreadable", why),))
    (concern,) = concerns(report)
    assert concern.costs
    assert "which is nowhere else. 1 of 14 checks needs it" in concern.text
    assert "No points were lost" not in str(concern)
    blank = {**cut, "message": "predict_labels is not written yet (knn.py, line 9)."}
    (concern,) = concerns(replace(spoilt(perfect(), c0=blank), remarks=(Remark("unreadable", why),)))
    assert not concern.costs


def test_one_reason_for_all_checks_is_a_concern() -> None:
    (concern,) = concerns(not_imported())
    assert (concern.kind, concern.points) == ("one reason", 100)
    assert concern.text.startswith("All 14 checks failed for one reason: knn.py could not be imported.")


def test_ordinary_reports_have_no_concerns() -> None:
    assert [concerns(report) for report in (perfect(), mixed(), stub())] == [(), (), ()]


def test_every_kind_of_remark_has_advice_for_staff() -> None:
    assert {*REMARK_KINDS} < {*KINDS}
    for kind in (*REMARK_KINDS, "of a later version"):
        (concern,) = concerns(replace(perfect(), remarks=(Remark(kind, "Something."),)))
        assert (concern.kind, bool(concern.advice)) == (kind, kind in KINDS)


def test_a_mark_by_hand_settles_the_concern_about_its_task() -> None:
    def mark(item: str) -> Mark:
        return Mark(item, "T", 8, 25, False, "Read it.", "kim", "2026-11-21T10:00:00Z")

    (concern,) = concerns(not_loaded().with_marks([mark("predict_labels")]))
    assert concern.text.endswith("2 of 14 checks need it (15 points).")
    tasks = {check.task for check in not_loaded().checks}
    for report in (not_loaded(), not_imported(), refused()):
        assert concerns(report.with_marks(map(mark, tasks))) == ()


def test_rates_leave_out_checks_whose_code_was_not_loaded() -> None:
    summary = summarise([perfect("a"), not_loaded("b"), not_imported("c"), refused("d")])
    by_number = {int(check.id.rpartition("_")[2]): check for check in summary.checks}
    assert (by_number[7].seen, by_number[7].failed, by_number[7].left_out) == (1, 0, 2)
    assert (by_number[3].seen, by_number[3].failed, by_number[3].cause) == (2, 1, Cause.WRONG)
    tasks = {task.name: task for task in summary.tasks}
    assert (tasks["predict_labels"].mean, tasks["predict_labels"].seen, tasks["predict_labels"].left_out) == (25, 1, 2)
    assert (tasks["compute_distances_two_loops"].seen, tasks["compute_distances_two_loops"].left_out) == (2, 1)
    assert sum(summary.bins) == 4  # their marks count


def test_a_class_whose_code_was_never_loaded_can_be_shown() -> None:
    page = index_html([not_imported("a"), not_imported("b")], title="t")
    assert "Not loaded for 2 hand-ins, which the rates leave out." in page
    assert "Failed most often" not in page
    assert "Failed most often" not in on_screen(not_imported())


def test_the_overview_and_the_terminal_list_them_under_their_own_heading() -> None:
    class_of = [renamed("bob"), not_loaded("dan"), perfect("ada"), refused("gus")]
    page = index_html(class_of, title="t")
    table = section(page, "concerns")
    assert IMPORT in table
    assert "bob" not in table
    noted = section(page, "noted")
    assert "bob</bdi>" in noted  # it lost nothing
    assert RENAMED in noted
    assert ">Check that this is the file that the student meant" in noted
    assert "dan" not in noted
    assert "gus" not in table + noted  # "Could not be opened" lists it
    assert "5 of 14 not loaded, 1 failed" in section(page, "students")
    assert "<dt>To look at</dt><dd>1</dd>" in page
    screen = on_screen(*class_of)
    assert f"To look at: 1 hand-in\n  dan: {IMPORT} Ask the student for" in screen
    assert "Read differently, at no cost: 1 hand-in, in index.html" in screen
    assert "To look at" not in on_screen(perfect()) + index_html([perfect()], title="t")


def test_a_large_class_lists_the_first_ones() -> None:
    class_of = [not_loaded(f"s{number}") for number in range(230)]
    assert section(index_html(class_of, title="t"), "concerns").count(IMPORT) == 200
    assert "30 more hand-ins: see the column look_at of gradebook.csv." in index_html(class_of, title="t")
    assert section(index_html([renamed(f"s{n}") for n in range(230)], title="t"), "noted").count(RENAMED) == 200
    assert f"s104 and 222 more: {IMPORT}" in on_screen(*class_of)


def test_the_gradebook_has_a_column_for_them() -> None:
    text = gradebook_csv([not_loaded("dan"), renamed("bob"), perfect("ada"), refused("gus")])
    ada, bob, dan, gus = csv.DictReader(io.StringIO(text))
    assert (ada["look_at"], ada["notes"]) == ("", "")
    assert (bob["look_at"], bob["notes"]) == (
        f"renamed: {RENAMED} Check that this is the file that the student meant to hand in. No points were lost.",
        "",
    )
    assert dan["look_at"].startswith(f"import: {IMPORT} Ask the student")
    assert dan["notes"] == "2 cells had no id."
    assert (
        gus["look_at"] == "not opened: It could not be opened, so no check was run. Ask the student for the file again."
    )
    assert gus["notes"].startswith("handin.zip is damaged")


def terminal(report: Report) -> str:
    file = io.StringIO()
    print_report(report, Console(file=file, width=100))
    return file.getvalue()


@pytest.mark.parametrize(
    "draw", [terminal, report_table_html, lambda r: report_html(r, staff=False)], ids=["terminal", "notebook", "page"]
)
def test_the_students_report_begins_with_the_remarks_and_shows_each_once(draw) -> None:
    text = draw(not_loaded())
    sentence = "cell 3, line 1: this assignment does not allow the package pandas. Use only torch."
    assert text.count(sentence) == 1
    assert (
        text.index(sentence) < text.index("2 cells had no id.") < text.index("Distances agree with a plain double loop")
    )
    assert draw(renamed()).count("knn (1).ipynb was graded as knn.ipynb. Rename it to knn.ipynb.") == 1


def test_a_remark_that_is_also_the_one_reason_is_shown_once() -> None:
    why = "knn.py is damaged (line 3)."
    facts: dict[str, object] = {"cause": Cause.NOT_LOADED, "message": why}
    remark = Remark("unreadable", why, "Save it again.")
    report = spoilt(perfect(notes=(str(remark),), remarks=(remark,)), **{f"c{n}": facts for n in range(14)})
    for text in (terminal(report), report_table_html(report), report_html(report, staff=True)):
        assert text.count(why) == 1
