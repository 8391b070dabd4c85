"""Packages that an assignment's manifest lets students import, but that the course does not install for them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

from autograder.core.assignment import Assignment
from autograder.core.course_file import ENGINE


def missing_requirements(assignment: Assignment) -> list[str]:
    """Return the packages of ``imports`` that neither `requirements` of course.toml nor gradlab installs."""
    known = _names([*assignment.course.requirements, *_required_by_gradlab()])
    missing = [
        name
        for name in assignment.imports or ()
        if name not in sys.stdlib_module_names
        and name not in (ENGINE, *assignment.course.shared)
        and not known & _names([name])
    ]
    projects = packages_distributions() if missing else {}  # it reads the records of all installed projects
    return [name for name in missing if not known & _names(projects.get(name, ()))]


def requirement_note(assignment: Assignment) -> str:
    """Return what to add to course.toml so that students can import what they may; empty if nothing is missing."""
    missing = missing_requirements(assignment)
    if not missing:
        return ""
    return (
        f"{assignment.name} lets students import {', '.join(missing)}: add what installs it to `requirements` in "
        "course.toml."
    )


def _required_by_gradlab() -> list[str]:
    try:
        return [text for text in requires("gradlab") or () if "extra ==" not in text]
    except PackageNotFoundError:
        return []


def _names(requirements: Iterable[str]) -> set[str]:
    """Return the names of projects in requirements such as "scikit-learn>=1.4", in one spelling."""
    found = (re.match(r"[\w.-]+", text.strip()) for text in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}
