"""The pages: well formed, self-contained, accessible, and safe from what students put into them."""

import re
import time
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.core.report import Cause, Outcome
from autograder.render import html
from autograder.render.class_page import index_html
from autograder.render.extras import Extra
from autograder.render.html import report_html
from autograder.render.notebook_hints import hint_html
from autograder.render.notebook_table import BADGES, report_table_html, sentence_html
from autograder.render.view import student_view
from tests.support.sample_reports import classroom, hostile, mixed, perfect, public_only, spoilt, stub, with_checks

VOID = {"meta", "br", "img", "hr", "input", "link"}
KINDS = {"perfect": perfect, "mixed": mixed, "stub": stub, "public only": public_only, "hostile": hostile}
ATTRIBUTES = {
    *("lang", "charset", "name", "content", "http-equiv", "class", "id", "href", "style", "tabindex", "role", "scope"),
    *("aria-hidden", "aria-label", "aria-labelledby", "focusable", "colspan"),
    *("type", "placeholder", "autocomplete", "value", "hidden", "open", "rel"),
    "download",
    *("data-sort", "data-points", "data-state", "data-failed"),
    *("viewbox", "width", "height", "cx", "cy", "r", "d", "x", "y", "x1", "x2", "y1", "y2", "rx"),
}


FRAGMENT = {"div", "p", "table", "tbody", "tr", "th", "td", "code", "strong", "span", "pre", "br", "details", "summary"}


class Page(HTMLParser):
    """The tags, ids, links and headings of a page, in order; fails on a tag that is not balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack, self.tags, self.attributes, self.ids, self.hrefs, self.levels = [], [], set(), [], [], []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {key for key, _ in attrs}
        table = dict(attrs)
        self.ids += [table["id"]] if "id" in table else []
        self.hrefs += [table["href"]] if "href" in table else []
        self.levels += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text += data if not {"style", "script", "option"} & set(self.stack) else ""


def draw_report(make, *, staff):
    return report_html(make(), staff=staff)


UNOPENED = [("<script>x</script>", "javascript:alert(1)\x1b[31m"), ("\ud800", "")]
PAGES = {
    **{f"{kind}, for students": partial(draw_report, make, staff=False) for kind, make in KINDS.items()},
    **{f"{kind}, for staff": partial(draw_report, make, staff=True) for kind, make in KINDS.items()},
    "class": lambda: index_html([hostile(), mixed(), perfect()], title="<b>t", unopened=UNOPENED),
    "empty class": lambda: index_html([], title="k nearest neighbours"),
}


@pytest.mark.parametrize("draw", PAGES.values(), ids=PAGES)
def test_a_page_is_balanced_self_contained_and_in_order(draw):
    text = draw()
    page = Page(text)
    assert not {"img", "link", "iframe", "object", "form", "base", "b1"} & set(page.tags)
    assert re.findall(r"<script>(.*?)</script>", text, re.S) == [html._script()] * page.tags.count("script")
    assert page.attributes <= ATTRIBUTES  # no onerror, no src
    assert len(page.ids) == len(set(page.ids))
    inside = [href[1:] for href in page.hrefs if href.startswith("#")]
    assert set(inside) <= set(page.ids)
    assert all(href.startswith(("#", "./", "../")) for href in page.hrefs)
    assert not re.search(r"url\(|@import|//", html._css())
    assert page.levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(page.levels, page.levels[1:], strict=False))
    assert page.levels.count(1) == 1
    assert {"header", "main", "title", "style"} <= set(page.tags)
    assert text.startswith("<!doctype html>\n<html lang=")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    assert len(text.encode()) < 1_000_000


def test_text_of_a_student_is_shown_as_text():
    page = Page(report_html(hostile(), staff=True))
    assert "<script>alert(1)</script><img src=x onerror=alert(2)></pre>" in page.text
    assert "{{7*7}}" in page.text
    assert "[bold red]markup[/]" in page.text


def test_a_report_with_a_million_characters_per_check_is_rendered_fast():
    report = hostile()
    start = time.process_time()
    report_html(report, staff=True)
    report_table_html(report)
    assert time.process_time() - start < 2


def test_students_see_only_the_title_and_the_hint_of_a_hidden_check():
    secret = {"message": "SECRET-MESSAGE", "output": "SECRET-OUTPUT", "id": "check_knn_votes_hidden.py::SECRET-ID"}
    report = mixed()
    checks = tuple(replace(c, **secret, seconds=7.77) if c.hidden else c for c in report.checks)
    report = replace(report, checks=checks, seed=424242)
    page = report_html(report, staff=False)
    assert "SECRET" not in page
    assert "7.77" not in page
    assert "424242" not in page
    assert "Equal images are at distance 0, not nan." in page
    assert "Square roots of small negative numbers are nan: clamp first." in page
    staff = report_html(report, staff=True)
    assert all(word in staff for word in ("SECRET-MESSAGE", "SECRET-OUTPUT", "SECRET-ID", "7.77", "424242"))


def test_the_students_view_keeps_every_point():
    report = mixed()
    view = student_view(report)
    assert (view.points, view.max_points, view.tasks) == (report.points, report.max_points, report.tasks)
    assert len({check.id for check in view.checks}) == len(view.checks)
    assert "hidden.py" not in view.to_json()


def test_a_broken_check_shows_no_internals_to_a_student():
    page = report_html(mixed(), staff=False)
    assert "This could not be graded. It is not your fault. The course staff can see this." in page
    assert "KeyError" not in page
    assert "KeyError" in report_html(mixed(), staff=True)


def test_missing_isolation_is_shown_to_staff_only():
    assert "Graded without isolation" in report_html(mixed(), staff=True)
    assert "Graded without isolation" not in report_html(perfect(), staff=True)
    assert "isolation" not in report_html(mixed(), staff=False).casefold()  # students cannot change it
    assert "Graded without isolation" in index_html([mixed()], title="t")


def test_full_marks_are_praised_in_one_sentence():
    assert "All 14 checks passed. Well done." in report_html(perfect(), staff=False)
    assert "Well done" not in report_html(mixed(), staff=False)


def test_points_that_hidden_checks_decide_are_announced():
    assert "Checks that are not shown here, with other inputs, decide the other 39 of 100 points." in report_html(
        public_only(), staff=False
    )


def test_outcomes_are_shown_in_words_as_well_as_colours():
    text = Page(report_html(mixed(), staff=False)).text
    assert all(words in text for words in ("Passed:", "Failed.", "Not graded.", "Ran out of time.", "Not written yet."))


def test_a_stub_names_each_task_to_write_once():
    text = Page(report_html(stub(), staff=False)).text
    assert text.count("compute_distances_two_loops is not written yet.") <= 1
    assert text.count("Not written yet.") == 5


def test_a_check_of_an_unknown_task_is_still_shown():
    report = perfect()
    stray = replace(report.checks[0], task="elsewhere", title="A stray check.")
    report = replace(report, checks=(*report.checks, stray))
    assert "A stray check." in report_html(report, staff=False)
    assert "A stray check." in report_table_html(report)


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_the_notebooks_table_is_a_balanced_fragment_with_inline_styles_only(make):
    text = report_table_html(make())
    page = Page(text)
    assert page.attributes <= {"style", "colspan", "scope"}
    assert set(page.tags) <= FRAGMENT
    assert "table-layout:auto" in text  # JupyterLab's "fixed" would break messages inside of numbers,
    assert text.count("<pre") == text.count("word-break:normal")  # and so would its "break-all"
    assert "staff" not in text or any(check.outcome is Outcome.BROKEN for check in make().checks)


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_the_wide_column_of_the_notebooks_table_is_the_second(make):
    """A wide cell over the last two columns would leave a task's title, over the first two, a few letters a line."""
    for row in re.findall("<tr.*?</tr>", report_table_html(make()), re.S):
        cells = re.findall("<t[hd][^>]*>", row)
        assert len(cells) == 3 or (len(cells) == 2 and 'colspan="2"' in cells[0])
        assert ["width:100%" in cell for cell in cells] in ([False, True, False], [False, False])


def test_a_notebook_breaks_no_line_after_the_hyphen_of_a_number():
    texts = {"message": "a <b> 1e-06 + 2.5e-05*|expected|", "hint": "Add 1e-12, not the-1."}
    report = perfect()
    first, *rest = report.checks
    failed = replace(first, outcome=Outcome.FAILED, cause=Cause.WRONG, points=0, **texts)
    text = report_table_html(with_checks(report, (failed, *rest)))
    unbroken = re.findall(r'<span style="white-space:nowrap">([^<]*)</span>', text)
    assert unbroken == ["1e-06", "5e-05", "1e-12"]
    seen = Page(text).text
    assert all(said in seen for said in texts.values())


def test_what_a_notebook_shows_needs_no_style_block_script_or_other_file():
    """VS Code and Colab show such fragments in a page of their own, and remove the rest."""
    report = mixed()
    extras = {check.id: Extra("f(1)", b"PNG") for check in report.checks}
    shown = (
        report_table_html(report, extras),
        sentence_html("Nothing was checked."),
        hint_html("f: 5 minutes.", ["Add `x`.", "Twice."], "That was the last step."),
    )
    for text in shown:
        page = Page(text)
        assert set(page.tags) <= FRAGMENT | {"img"}
        assert page.attributes <= {"style", "colspan", "scope", "open", "alt", "src"}
        assert text.count("src=") == text.count('src="data:image/png;base64,')
        assert "url(" not in text
        assert "var(" not in text  # JupyterLab's colours are unknown elsewhere
    assert "<img" in shown[0]


@pytest.mark.parametrize("number", [0, 1, 900])
def test_the_overview_shows_a_class_of_any_size(number):
    page = Page(index_html(classroom(number), title="k nearest neighbours"))
    assert page.text.count("of 14 failed") + page.text.count("all passed") + page.text.count("needs staff") == number
    assert ("No hand-in has been graded yet." in page.text) == (number == 0)


def test_the_overview_starts_with_what_needs_staff():
    page = Page(index_html([mixed("Zoë"), perfect("ada")], title="knn", unopened=[("x.zip", "Not a zip file.")]))
    headings = (
        "Needs staff",
        "Could not be opened",
        "Scores",
        "Tasks",
        "Failed most often",
        "Slowest checks",
        "Students",
    )
    places = [page.ids.index(key) for key in ("staff", "unopened", "scores", "tasks", "failed", "slowest", "students")]
    assert places == sorted(places)
    assert all(heading in page.text for heading in headings)
    assert "Not a zip file." in page.text
    assert page.text.rindex("ada") < page.text.rindex("Zoë")


def test_names_of_students_are_shown_with_their_ids():
    zoe = replace(perfect("s1"), name="Zoë <b>")
    page = Page(report_html(zoe, staff=False))
    assert "Zoë <b> (s1): k nearest neighbours" in page.text
    assert "Zoë <b> · s1" in page.text
    overview = index_html(
        [zoe, replace(mixed("s2"), name="Ada"), perfect("s3")],
        title="t",
        names={"s9": "Eve"},
        intake=[("missing", "s9", "No hand-in."), ("ignored", "x.txt", "Not a hand-in.")],
    )
    text = Page(overview).text
    assert "Eve s9" in text
    students = overview.partition('<h2 id="students">')[2]
    assert students.index("Ada</bdi>") < students.index("s3</bdi>") < students.index("Zoë &lt;b&gt;</bdi>")
    assert '<a href="./s1/staff.html"><bdi>Zoë &lt;b&gt;</bdi></a> <small><bdi>s1</bdi></small>' in students
    assert '<li><a href="./s2/staff.html"><bdi>Ada</bdi></a>' in overview  # needs staff
    assert "Zoë" not in Page(report_html(replace(perfect("s1"), name=""), staff=True)).text


def test_links_to_students_stay_in_the_folder_of_the_overview():
    text = index_html([perfect("a/../b"), perfect("javascript:x"), perfect("Zoë & Co"), perfect("\ud800")], title="t")
    hrefs = [href for href in Page(text).hrefs if href.endswith("staff.html")]
    expected = ["a%2F..%2Fb", "javascript%3Ax", "Zo%C3%AB%20%26%20Co", "%3F"]
    assert hrefs == [f"./{part}/staff.html" for part in expected]


def test_colours_of_text_reach_the_contrast_of_wcag_aa():
    css = (Path(html.__file__).parent / "style.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.S)
    light = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", blocks[0]))
    dark = {**light, **dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", blocks[1]))}
    assert light["paper"] != dark["paper"]
    for theme in (light, dark):
        for ink in ("ink", "soft", "link", "pass", "fail", "warn"):
            for ground in ("paper", "card", "well"):
                assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
        assert contrast(theme["warn"], theme["tint"]) >= 4.5
    assert all(contrast("#ffffff", badge) >= 4.5 for badge in BADGES.values())


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_cause_has_words():
    from autograder.render.words import CAUSE_WORDS

    assert set(CAUSE_WORDS) == set(Cause)


@pytest.mark.parametrize("shown", ["points", "titles", "messages"])
def test_a_course_chooses_what_students_read_of_hidden_checks(shown):
    hidden = next(check.id for check in perfect().checks if check.hidden).rpartition("_")[2]
    words = {"title": "thrice", "hint": "three", "message": "two times"}
    failed = {"cause": Cause.WRONG, **words}
    report = replace(spoilt(perfect(), **{f"c{hidden}": failed}), hidden_checks=shown)
    for staff in (True, False):
        page = report_html(report, staff=staff)
        found = {name for name, word in words.items() if word in page}
        expected = {"points": set(), "titles": {"title", "hint"}, "messages": {"title", "hint", "message"}}[shown]
        assert found == (set(words) if staff else expected)
