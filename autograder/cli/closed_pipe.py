"""What reads the output stopped, as in `gradlab mark RESULTS | head`: the command ends quietly, as others do."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

EXIT_CODE = 128 + 13  # as if SIGPIPE had ended the program


def nobody_reads() -> bool:
    """Return whether the output or the messages go to a pipe that was closed at its other end."""
    if not hasattr(select, "poll"):  # Windows
        return False
    poll = select.poll()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # not a file, or closed
            poll.register(stream.fileno(), 0)
    return bool(poll.poll(0))


@contextmanager
def ending_quietly() -> Iterator[None]:
    """Exit with EXIT_CODE and without a message if the reader of the output has stopped."""
    output = sys.stdout
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # here: at the end of Python nothing could answer
    except (BrokenPipeError, SystemExit) as error:
        by_click, sys.stdout = sys.stdout is not output, output
        by_rich = isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError)
        if isinstance(error, SystemExit) and not by_click and not by_rich:
            raise
        _discard_the_rest()
        raise SystemExit(EXIT_CODE) from None  # click and rich exit with 1, which means here that points were lost


def _discard_the_rest() -> None:
    """Let the flush at the end of Python write to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
