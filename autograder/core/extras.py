"""What a person installs for commands that need more than students have."""

from __future__ import annotations

from autograder import __version__
from autograder.core.errors import GradlabError
from autograder.core.installed import from_wheel
from autograder.core.jupyter import load_package
from autograder.core.message import Message


class MissingExtra(GradlabError):
    """A package of an extra is not installed. Says how to install it."""


def require(package: str, extra: str) -> None:
    """Import a package of an extra ("staff"). Raises MissingExtra."""
    try:
        load_package(package)
    except ImportError as error:
        missing = (error.name or package).partition(".")[0]
        raise MissingExtra(
            Message("This needs {missing}. {remedy}", missing=missing, remedy=how_to_install(extra))
        ) from None


def how_to_install(extra: str) -> str:
    """Return the sentence that says how to install an extra of gradlab here."""
    if from_wheel():
        return Message(
            "Install the wheel with this extra: {command}",
            command=f"pip install 'gradlab-{__version__}-py3-none-any.whl[{extra}]'",
        )
    return Message(
        "Run in the folder of the course: {command}", command=f"pip install -c constraints.txt -e '.[{extra}]'"
    )
