"""Grade a class while processes are killed and paused and the disk is full: does the gradebook stay the same?

    python bench/kills.py [--students 300] [--kills 200] [--gap 3] [--seconds 0.25] [--seed 0]
    python bench/kills.py --oom

A class of a tiny course is graded once undisturbed. Then it is graded again and again, and meanwhile processes are
killed (the command itself, a grader process, bubblewrap, a fork server, a worker as by a system without memory), all of
them are paused, or files may not grow, as on a full disk. The kinds and their order come from the seed. Three of four
faults wait until a check runs, and hit a process that works for it; the others come while processes start. A fault
counts when it hit. The same command is run again until it finishes. The gradebook must equal that of the undisturbed
run byte for byte. Faults are up to ``--gap`` seconds apart; most hand-ins take ``--seconds``.

``--oom``: the kernel itself ends a worker, in a control group with little memory (bench/kills_memory.py).
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from family import BOX, COMMAND, GRADER, SERVER, WORKER, Member, family_of, working
from tiny_class import FINISHED, MARK, SMALL, STORIES, grade, gradebook_in, last_log, make_class, points_in

from autograder.sandbox.isolation import choose

PAUSED, FULL = "paused", "disk full"
KINDS = {COMMAND: 3, GRADER: 3, BOX: 2, SERVER: 3, WORKER: 6, PAUSED: 2, FULL: 1}
START_SHARE = 0.25  # of all faults: those that come while processes start
PAUSE = 4.0  # seconds; longer than a check's limit
POLL = 0.01
MOST_RUNS = 400


@dataclass(frozen=True)
class Fault:
    """One fault that is to come."""

    kind: str
    graded: bool  # whether it waits for a check that runs


@dataclass
class Storm:
    """The faults that are left, in their order, and those that hit."""

    dice: random.Random
    gap: float
    left: list[Fault]
    hit: Counter[Fault] = field(default_factory=Counter)
    runs: int = 0

    def next(self, *, graded: bool) -> Fault | None:
        """Return the first fault that may come now. One for the start waits for a start; another one waits for checks.

        Between two checks, neither comes: a check may have begun.
        """
        fitting = [fault for fault in self.left if fault.graded == graded]
        return fitting[0] if fitting and (graded or fitting[0] == self.left[0]) else None

    def over(self, fault: Fault) -> None:
        """Count a fault that hit."""
        self.left.remove(fault)
        self.hit[fault] += 1

    def run(self, root: Path, out: Path) -> int:
        """Run the command once, and return its exit code."""
        self.runs += 1
        full = bool(self.left) and self.left[0] == Fault(FULL, graded=False)
        if full:
            self.over(self.left[0])
        return grade(root, out, (lambda process: None) if full else self.disturb, full=full)

    def disturb(self, process: psutil.Popen) -> None:
        """Let faults come until the command ends."""
        until, started = time.monotonic() + self.dice.uniform(0.2, 2 * self.gap), False
        while process.poll() is None:
            time.sleep(POLL)
            if time.monotonic() < until or not self.left:
                continue
            family = family_of(process.pid)
            busy = working(family, MARK)
            started = started or bool(busy)
            if started and not busy:
                continue
            fault = self.next(graded=bool(busy))
            if fault and self.strike(process, fault, family, busy):
                self.over(fault)
                until = time.monotonic() + self.dice.uniform(0.1, self.gap)

    def strike(self, process: psutil.Popen, fault: Fault, family: list[Member], busy: set[int]) -> bool:
        """Let one fault come, if there is a process that it can hit."""
        if fault.kind == PAUSED:
            for number in (signal.SIGSTOP, signal.SIGCONT):
                for member in family:
                    with suppress(ProcessLookupError):
                        os.kill(member.pid, number)
                if number == signal.SIGSTOP:
                    time.sleep(PAUSE)
            return True
        if fault.kind == FULL:
            process.rlimit(psutil.RLIMIT_FSIZE, (SMALL, resource.RLIM_INFINITY))
            return process.wait() not in FINISHED
        victims = [member.pid for member in family if member.kind == fault.kind and (not busy or member.pid in busy)]
        if not victims:
            return False
        with suppress(ProcessLookupError):
            os.kill(self.dice.choice(victims), signal.SIGKILL)
            return True
        return False


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--gap", type=float, default=3.0)
    parser.add_argument("--seconds", type=float, default=0.25)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--oom", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gradlab-kills-") as name:
        root = Path(name)
        if options.oom:
            from kills_memory import grade_with_little_memory

            sys.exit(grade_with_little_memory(root))
        make_class(root, options.students, seconds=options.seconds)
        calm = root / "calm"
        begun = time.monotonic()
        grade(root, calm)
        undisturbed = time.monotonic() - begun
        verify_calm(calm, options.students)
        print(f"undisturbed: {undisturbed:.0f} s", flush=True)
        storm = make_storm(options.kills, options.seed, options.gap)
        classes = 0
        while storm.left:
            classes += 1
            out = root / f"stormy{classes}"
            disturbed(root, out, calm, storm)
            same = gradebook_in(out) == gradebook_in(calm)
            print(
                f"class {classes}: {storm.hit.total()} faults so far, {storm.runs} runs, "
                f"{time.monotonic() - begun:.0f} s; gradebook {'equal' if same else 'DIFFERENT'}",
                flush=True,
            )
            if not same:
                different = Path.cwd() / "kills-different"
                for folder in (out, calm, root / "logs"):
                    shutil.copytree(folder, different / folder.name, dirs_exist_ok=True)
                sys.exit(f"See {different}.")
    print(f"\n{options.students} students, graded {classes} times in {storm.runs} runs; seed {options.seed}\n")
    print("| fault | while a check ran | while processes started |\n|---|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {storm.hit[Fault(kind, True)]} | {storm.hit[Fault(kind, False)]} |")
    print("\nEvery gradebook equals the undisturbed one byte for byte.")


def make_storm(faults: int, seed: int, gap: float) -> Storm:
    """Return a storm of so many faults; equal seeds give equal ones."""
    dice = random.Random(seed)
    possible = {kind: weight for kind, weight in KINDS.items() if kind != BOX or choose() == "bubblewrap"}
    kinds = dice.choices([*possible], [*possible.values()], k=faults)
    return Storm(dice, gap, [Fault(kind, dice.random() > START_SHARE) for kind in kinds])


def verify_calm(calm: Path, students: int) -> None:
    """Stop if the undisturbed run itself gave other points than it should."""
    expected = [*STORIES.values()]
    wrong = {
        student: points
        for number, (student, points) in enumerate(sorted(points_in(calm).items()))
        if float(points) != expected[number % len(expected)]
    }
    if wrong or len(points_in(calm)) != students:
        raise SystemExit(f"The undisturbed run gave {len(points_in(calm))} marks, and wrong ones to {wrong}.")


def disturbed(root: Path, out: Path, calm: Path, storm: Storm) -> None:
    """Grade the class into a new folder, with faults, and run the command again until it finishes."""
    out.mkdir()
    shutil.copy(calm / "secret.key", out)
    begun = storm.hit.total()
    for _ in range(MOST_RUNS):
        before, code = storm.hit.total(), storm.run(root, out)
        if code not in FINISHED and storm.hit.total() == before:
            raise SystemExit(f"An undisturbed run ended with {code}.\n{last_log(root)}")
        if code in FINISHED:
            if storm.hit.total() == begun:
                raise SystemExit("No fault hit: the class is too small, or this user cannot see who works.")
            return
    raise SystemExit(f"The class was not finished after {MOST_RUNS} runs.")


if __name__ == "__main__":
    main()
