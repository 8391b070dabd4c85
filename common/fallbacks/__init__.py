"""What later assignments need of earlier ones, for students who do not hand their own in beside.

The files here are not imported as `common.fallbacks.x`: this folder is put last on the path of the box, so that
`from linear_classifier import sample_batch` finds the student's own file first and this one otherwise. Each is built on
torch's operators and autograd, and answers no task: it has only what later assignments import.
"""

import sys
from pathlib import Path


def use_fallbacks() -> None:
    """Let imports find the files here after all other places. A notebook calls it before it imports one of them."""
    here = str(Path(__file__).parent)
    if here not in sys.path:
        sys.path.append(here)
