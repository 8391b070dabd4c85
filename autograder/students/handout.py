"""What a student was given: the digest of each file as `gradlab start` copied it, and what differs from it since."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from autograder.core.assignment import MANIFEST

RECORD = ".gradlab.json"  # in the student's folder: sha256 of each file as it was copied


def read_record(path: Path) -> dict[str, str]:
    """The digests by name, "a01_knn/knn.py"; empty where there is no record or none of ours."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}


def digest(content: bytes) -> str:
    """As it stands in the record."""
    return hashlib.sha256(content).hexdigest()


def changed_checks(folder: Path) -> tuple[str, ...]:
    """A sentence for each public check and manifest in an assignment's folder that is not the one copied there."""
    found = []
    folder = folder.resolve()
    for name, was in sorted(read_record(folder.parent / RECORD).items()):
        place, _, file = name.partition("/")
        decides = file in (MANIFEST, "oracles.py") or (file.startswith("check_") and file.endswith(".py"))
        if place != folder.name or not decides:
            continue
        try:
            same = digest((folder / file).read_bytes()) == was
        except OSError:
            same = False
        if not same:
            found.append(
                f"{file} is not as it was released, so what you see here may differ from your mark, which the released "
                "one decides. To get it back, delete it and run gradlab start again."
            )
    return tuple(found)
