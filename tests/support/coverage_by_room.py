"""Print what `make coverage` measured, a line for each room. Run with `python -m tests.support.coverage_by_room`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Print how many statements each room has, and how many of them ran."""
    measured = Coverage()
    measured.load()
    data = measured.get_data()
    statements: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for path in sorted(path for package in ("autograder", "common") for path in (ROOT / package).rglob("*.py")):
        if not path.stat().st_size:
            continue
        if data.lines(str(path)) is None:
            data.touch_file(str(path))  # never imported: none of its lines ran
        _, known, _, left, _ = measured.analysis2(str(path))
        package, *folders = path.relative_to(ROOT).parts[:-1]
        for room in {package, "/".join([package, *folders[:1]])}:
            statements[room] += len(known)
            missing[room] += len(left)
    print(f"{'room':<28}{'statements':>12}{'ran':>9}")
    statements["all"], missing["all"] = (count["autograder"] + count["common"] for count in (statements, missing))
    for room, total in sorted(statements.items()):
        print(f"{room:<28}{total:>12,}{_percent(total - missing[room], total):>9}")


def _percent(part: int, whole: int) -> str:
    """Return a percentage, rounded down: 100 % means all."""
    return f"{part * 1000 // whole / 10:.1f} %" if whole else ""


if __name__ == "__main__":
    main()
