"""A student's report as a draft of an e-mail, in the language of the reader."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from autograder.core.language import say, translate
from autograder.core.report import Mark, Report, TaskResult
from autograder.render.html import report_html
from autograder.render.text import line
from autograder.render.words import count, not_answered, not_marked_yet


def mail_with_page(report: Report, address: str) -> bytes:
    """Return the draft, as the content of an `.eml` file: points by task, and the student's page attached.

    ``address`` is an e-mail address in ASCII.
    """
    message = EmailMessage(policy=SMTP)
    message["To"] = address
    message["Subject"] = say("Feedback: {title}", title=line(translate(report.title)))
    message["X-Unsent"] = "1"  # mail programs open the file as a draft
    text = [_points(report), "", *map(_points, report.tasks)]
    text += [_points(mark) for mark in report.marks if mark.question]
    text += map(not_marked_yet, report.unmarked)
    text += map(not_answered, () if report.refusal else report.unanswered)
    text += ["", translate("The attached page shows each check and what to look at. Open it in a browser.")]
    message.set_content("\n".join(text) + "\n")
    page = report_html(report, staff=False)
    message.add_attachment(page, subtype="html", filename=f"{report.assignment}.html")
    message.set_boundary("=== the parts of this message ===")  # the same file each time
    return message.as_bytes()


def _points(of: Report | TaskResult | Mark) -> str:
    title = line(translate(of.title))
    return say("{title}: {points} of {most}", title=title, points=of.points, most=count(of.max_points, "point"))
