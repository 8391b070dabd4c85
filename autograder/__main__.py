"""The program `gradlab`, also as `python -m autograder`: it imports the command line, and ends in order on Ctrl-C."""

from __future__ import annotations

import sys


def main() -> None:
    """Run a command. Ctrl-C during imports ends it here; later, `cli/app.py` says so in the reader's language."""
    try:
        from autograder.cli.app import main as run
        from autograder.core.shell import write_any_text

        write_any_text()

        run()
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
