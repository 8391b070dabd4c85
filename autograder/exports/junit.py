"""Reports as JUnit XML, for tools that show test results."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from autograder.core.report import Outcome, Report
from autograder.render.text import clean

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(reports: Iterable[Report]) -> str:
    """Return one suite per student and one case per check; `broken` is an error, `failed` a failure. For staff."""
    root = ElementTree.Element("testsuites", name="gradlab")
    for report in reports:
        lost = [check for check in report.checks if check.outcome is Outcome.FAILED]
        broken = [check for check in report.checks if check.outcome is Outcome.BROKEN]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_text(report.student),
            tests=str(len(report.checks)),
            failures=str(len(lost)),
            errors=str(len(broken)),
            time=f"{sum(check.seconds for check in report.checks):.3f}",
        )
        for check in report.checks:
            name, seconds = _text(check.title), f"{check.seconds:.3f}"
            case = ElementTree.SubElement(suite, "testcase", name=name, classname=_text(check.task), time=seconds)
            if check.outcome is not Outcome.PASSED:
                tag = "error" if check.outcome is Outcome.BROKEN else "failure"
                cause = str(check.cause or check.outcome)
                ElementTree.SubElement(case, tag, type=cause, message=_text(check.hint)).text = _text(check.message)
            if check.output:
                ElementTree.SubElement(case, "system-out").text = _text(check.output)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _text(value: str) -> str:
    return _NOT_XML.sub("\ufffd", clean(value))
