"""The course of this repository, for tests that open a pool of workers themselves."""

from __future__ import annotations

from pathlib import Path

from autograder.core.course_file import read_course

OUR_COURSE = read_course(Path(__file__).resolve().parents[2])
