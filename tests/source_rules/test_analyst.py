"""Source rules are applied in a process that may die, and a source cannot make them work for long."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.checks.expect import Mismatch
from autograder.core.report import Cause
from autograder.source_rules import analyst as module
from autograder.source_rules.analysis import Analysis, Rules, Siblings, Violation, violations_of
from autograder.source_rules.analyst import Analyst
from autograder.source_rules.effort import STEPS, TooComplex
from autograder.source_rules.forbid import forbid
from autograder.source_rules.resolve import ModuleNames
from tests.attacks.rules import ATTACKS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this process")

SOURCE = "import torch\ndef f(x):\n    return torch.norm(x)\n"
RULES = Rules("f", ("torch.norm",), loops=True)
FOUND = [Violation(3, "return torch.norm(x)", "torch.norm", "f")]


@pytest.fixture
def analyst() -> Iterator[Analyst]:
    analyst = Analyst()
    yield analyst
    analyst.close()


def pid_of(analyst: Analyst) -> int:
    assert analyst._reader is not None
    return analyst._reader.pid


def test_it_answers_as_in_this_process_and_one_process_reads_all_sources(analyst: Analyst) -> None:
    assert analyst.violations_of(SOURCE, RULES) == violations_of(SOURCE, RULES) == FOUND
    first = pid_of(analyst)
    assert analyst.violations_of(SOURCE, Rules("f", ("torch.cdist",))) == []
    assert pid_of(analyst) == first != os.getpid()
    assert analyst.violations_of("def f(x): return x", RULES) == []
    assert pid_of(analyst) == first


def test_it_has_no_files_of_the_grader(analyst: Analyst, tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w"):
        analyst.violations_of(SOURCE, RULES)
        files = {int(path.name) for path in Path(f"/proc/{pid_of(analyst)}/fd").iterdir()}
    assert len(files - {0, 1, 2}) == 1


def test_it_ends_when_it_is_closed_and_answers_again_afterwards(analyst: Analyst) -> None:
    analyst.violations_of(SOURCE, RULES)
    pid = pid_of(analyst)
    analyst.close()
    assert not Path(f"/proc/{pid}").exists()
    assert analyst.violations_of(SOURCE, RULES) == FOUND


def _spin(source: str, rules: Rules, siblings: Siblings) -> list[Violation]:
    while True:
        pass


def test_too_much_processor_time_is_a_refusal_and_the_source_is_not_read_again(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS", 1)
    monkeypatch.setattr(module, "violations_of", _spin)
    with pytest.raises(TooComplex):
        analyst.violations_of(SOURCE, RULES)
    monkeypatch.setattr(module, "violations_of", violations_of)
    with pytest.raises(TooComplex):
        analyst.violations_of(SOURCE, RULES)
    assert analyst._reader is None
    assert analyst.violations_of(SOURCE + "\n", RULES) == FOUND


def test_a_process_that_was_killed_from_outside_is_replaced_once(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    flag = tmp_path / "killed"

    def kill_first(source: str, rules: Rules, siblings: Siblings) -> list[Violation]:
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return violations_of(source, rules, siblings)

    monkeypatch.setattr(module, "violations_of", kill_first)
    assert analyst.violations_of(SOURCE, RULES) == FOUND


@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGSEGV), lambda: bytearray(1 << 42), os.abort])
def test_a_process_that_always_dies_is_a_refusal(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch, end: object
) -> None:
    monkeypatch.setattr(module, "violations_of", lambda source, rules, siblings: end())  # type: ignore[operator]
    with pytest.raises(TooComplex):
        analyst.violations_of(SOURCE, RULES)


def test_a_process_that_hangs_is_a_refusal(analyst: Analyst, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(module, "violations_of", lambda source, rules, siblings: time.sleep(60))
    with pytest.raises(TooComplex):
        analyst.violations_of(SOURCE, RULES)


def test_a_refusal_is_a_sentence_to_the_student(analyst: Analyst) -> None:
    student = SimpleNamespace(source="def f(x): return x" + " + 1" * 50_000, _analyse=analyst.violations_of)
    with pytest.raises(Mismatch, match=r"^Your module is too complex for the rules of this task: ") as caught:
        forbid(student, "f", calls=["torch.norm"])
    assert caught.value.cause is Cause.FORBIDDEN


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_the_steps_for_a_source_are_bounded(name: str) -> None:
    analysis = Analysis(ModuleNames(ATTACKS[name]))
    for function in ("total", "use"):
        with suppress(TooComplex):
            analysis.violations(Rules(function, ("torch.*", "nn.*"), ("autograder.*",), loops=True))
    assert analysis.module.effort.steps <= STEPS + len(ATTACKS[name])


@pytest.mark.parametrize(
    "name", ["one name imported thousands of times", "a method that thousands of classes share", "deep brackets"]
)
def test_steps_grow_with_the_length_of_a_source_and_not_with_its_square(name: str) -> None:
    source = ATTACKS[name]
    names = ModuleNames(source)
    assert names.effort.steps < len(source)
    assert violations_of(source, Rules("total", ("torch.*",))) is not None
    assert 20 * len(SOURCE) < STEPS


def test_the_same_questions_take_no_more_steps_however_often_they_are_asked() -> None:
    analysis = Analysis(ModuleNames("from helper import g\nimport torch\ndef f(x):\n    return g(torch.norm(x))\n"))

    def steps() -> int:
        for rules in (RULES, Rules("f", ("torch.cdist",), apart=("other",))):
            analysis.violations(rules)
            analysis.paths_outside(rules)
        return analysis.module.effort.steps

    assert 0 < steps() == steps()


def test_it_reads_the_other_modules_of_a_hand_in(analyst: Analyst) -> None:
    source = "from helper import g\ndef f(x): return g(x)\n"
    siblings = Siblings({"helper": "import torch\ndef g(x): return torch.norm(x)\n"})
    found = analyst.violations_of(source, RULES, siblings)
    assert found == violations_of(source, RULES, siblings)
    assert [violation.what for violation in found] == ["torch.norm"]
