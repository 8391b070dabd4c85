"""Grade a class in a control group with little memory, so that the kernel ends workers (bench/kills.py --oom).

First, every hand-in takes ``EATEN`` MB for a moment: one has room, two at the same time have not. The kernel ends
processes, the hand-ins are graded once more, alone, and the gradebook must equal that of a run without a limit. Then
one hand-in takes more than the group has: nobody else may lose anything. Another one takes more than a check may.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from memory_group import NoMemoryGroup, memory_group
from tiny_class import FINISHED, HONEST, grade, gradebook_in, hand_in, make_course, points_in

LIMIT, SMALLER, CHECK_LIMIT = 2400, 1500, 2000  # MB of the groups and of a check; gradlab itself uses some 500
EATEN, TOO_MUCH, REFUSED = 1200, 1900, 2200
EATS = HONEST.replace(
    "    return 2 * x",
    "    import time\n    food = bytearray(b'x') * (MB << 20)\n    time.sleep(1)\n    return 2 * x + 0 * len(food)",
)
NEIGHBOURS = 12


def grade_with_little_memory(root: Path) -> int:
    """Print what happened; return the exit code."""
    try:
        same = all([many(root / "many"), one(root / "one")])
    except NoMemoryGroup as reason:
        print(f"Skipped. {reason}")
        return 0
    return 0 if same else 1


def many(root: Path) -> bool:
    """Let hand-ins take memory that two of them do not have at the same time."""
    make_course(root, limits=f"memory_mb = {CHECK_LIMIT}\n")
    for number in range(NEIGHBOURS):
        hand_in(root, f"s{number:03}", f"{EATS.replace('MB', str(EATEN))}\n# {number}\n")
    calm, tight, runs, ended = root / "calm", root / "tight", 0, 0
    codes = [grade(root, calm)]
    tight.mkdir()
    shutil.copy(calm / "secret.key", tight)
    while runs == 0 or (codes[-1] not in FINISHED and runs < 10):
        runs += 1
        with memory_group(LIMIT) as group:
            codes.append(grade(root, tight, group=group.processes))
            ended += group.killed()
    same = gradebook_in(tight) == gradebook_in(calm)
    print(f"{NEIGHBOURS} hand-ins of {EATEN} MB in a group of {LIMIT} MB: the kernel ended {ended} processes, ", end="")
    print(f"{runs} runs of the command; gradebook {'equal' if same else 'DIFFERENT'}", flush=True)
    if not ended:
        print("NOTHING was ended: this was no test.")
    return same and ended > 0 and set(points_in(calm).values()) == {"100"}


def one(root: Path) -> bool:
    """Let one hand-in take more than the group has, and another one more than its check may."""
    make_course(root, limits=f"memory_mb = {CHECK_LIMIT}\n")
    for number in range(NEIGHBOURS):
        hand_in(root, f"s{number:03}", f"{HONEST}\n# {number}\n")
    hand_in(root, "s003-hungry", EATS.replace("MB", str(TOO_MUCH)))
    hand_in(root, "s007-refused", EATS.replace("MB", str(REFUSED)))
    with memory_group(SMALLER) as group:
        code, ended = grade(root, root / "out", group=group.processes), group.killed()
    rows = {row["student"]: row for row in csv.DictReader(gradebook_in(root / "out").decode().splitlines())}
    hungry, refused = rows.pop("s003-hungry"), rows.pop("s007-refused")
    kept = [row["points"] for row in rows.values()] == ["100"] * NEIGHBOURS
    print(
        f"one of {TOO_MUCH} MB among {NEIGHBOURS} in a group of {SMALLER} MB: the kernel ended {ended} processes, "
        f"exit code {code};",
        end=" ",
    )
    print(f"it has {hungry['points'] or 'no'} points, a person must look: {hungry['needs_staff']};", end=" ")
    print(f"one of {REFUSED} MB, above the limit of {CHECK_LIMIT}, has {refused['points']} points;", end=" ")
    print(f"the {NEIGHBOURS} neighbours {'lost nothing' if kept else 'LOST POINTS'}", flush=True)
    return kept and ended > 0 and refused["points"] == "40" and refused["needs_staff"] == "no"
