"""Rules name modules of the course's shared packages, as they do when a check of this course runs."""

from __future__ import annotations

import pytest

from tests.support.our_course import OUR_COURSE


@pytest.fixture(autouse=True, scope="session")
def _shared_packages() -> None:
    OUR_COURSE.make_importable()
