"""What a student's process receives does not help it to generate the data by which it is judged."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.checks.rng import Rng
from autograder.core.assignment import read_assignment
from autograder.core.code import Code
from autograder.sandbox.local_link import LocalLink
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from common.data import Split, load, render
from tests.support.vectors import make_vectors

ROOT = Path(__file__).resolve().parents[2]
CHECKS = sorted(path for folder in ("assignments", "solutions") for path in ROOT.glob(f"{folder}/*/*.py"))
GENERATES = re.compile(r"\b(load|load_boxes|load_captions|split|read|draw|describe)\(.*seed=rng\.int\(")


def test_secret_data_have_seeds_of_128_bits() -> None:
    """A seed of 31 bits can be searched; `rng.key()` cannot."""
    assert len(CHECKS) > 50
    found = [f"{path.name}:{number}" for path in CHECKS for number, text in lines(path) if GENERATES.search(text)]
    assert found == []


def lines(path: Path) -> Iterator[tuple[int, str]]:
    yield from enumerate(path.read_text().splitlines(), start=1)


CHECK = '''
from autograder import expect, task


@task("double")
def check_with_secret_labels(student, rng, data):
    """The labels of the test images stay in the grader."""
    split = data(num_train=20, num_test=20, name="glyphs")
    student.seed(rng.int(0, 2**31))
    student.double(split.x_train)
    student.double(rng.normal(3))
    student.double(rng.int(0, 2**31))
    student.double(split.x_test)
'''


class Recording(LocalLink):
    """A link that stores everything that is sent to the student's process."""

    sent: list[Any]

    def begin(self, *, seed: int, seconds: float, memory_mb: int, keeps: bool = False) -> None:
        self.sent.append(seed)
        super().begin(seed=seed, seconds=seconds, memory_mb=memory_mb, keeps=keeps)

    def request(self, request: dict[str, Any]) -> Any:
        self.sent += [request.get("seed"), *request.get("args", ())]
        return super().request(request)


@pytest.mark.parametrize("options", [Options(secret="7" * 64), Options(seed=3)])
def test_no_number_that_is_sent_is_the_seed_of_the_data(tmp_path: Path, options: Options) -> None:
    course = make_vectors(tmp_path, torch=True)
    (tmp_path / "course.toml").write_text('title = "T"\nid = "t"\n[data]\nglyphs = "common.data:load"\n')
    manifest = course.folder / "assignment.toml"
    text = manifest.read_text()
    manifest.write_text(text[: text.index("[[tasks]]")] + '[[tasks]]\nname = "double"\ntitle = "d"\npoints = 100\n')
    (course.solutions / "check_vectors_hidden.py").unlink()
    (course.folder / "check_vectors.py").write_text(CHECK)
    code = Code({"vectors.py": "def double(x):\n    return 2 * x\n"})

    def body(checks: Checks) -> list[Any]:
        link = Recording(code)
        link.sent = []
        assert [(result.points, result.message) for result in checks.judge(link, code)] == [(100, "")]
        link.close()
        return link.sent

    sent = with_checks(read_assignment(course.folder), options, body)
    numbers = {value for value in sent if type(value) is int}
    images = [value for value in sent if isinstance(value, torch.Tensor) and value.ndim == 4]
    assert len(numbers) >= 3
    assert len(images) == 2
    for number in numbers | set(range(50)):
        guess = load("glyphs", num_train=20, num_test=20, seed=number)
        assert not torch.equal(guess.x_train, images[0])
        assert not (guess.x_test[:, None] == images[1]).flatten(2).all(dim=2).any()


def oracle(assignment: str, name: str) -> Any:
    """Import a module of an assignment's hidden checks."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "solutions" / assignment / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def empty_split(name: str) -> Split:
    """Return a split of which only the number of images matters."""
    images, labels = torch.zeros(30, 1, 1, 1), torch.zeros(30, dtype=torch.int64)
    return Split(images, labels, images[:20], labels[:20], (), name)


def secret_symbols(*secret: str) -> list[torch.Tensor]:
    split, others = oracle("a09_diffusion", "oracles_symbols").secret_split(Rng(*secret), empty_split("glyphs"))
    return [split.x_train, split.y_train, split.x_test, split.y_test, others]


# The images of one secret. If they change, the thresholds that were measured on such images no longer hold.
PINNED = "bcdc1473a206f8a08864d794f676412d9441008d27dd949f761e1e85ade62d58"
PINNED_SCENES = "2e392d8d3c95c43cc7bb944239085c081029143b5785ef002dc13dbc9e8c00c8"


def digest(parts: list[torch.Tensor]) -> str:
    whole = [(255 * part).round() if part.is_floating_point() else part for part in parts]
    return hashlib.sha256(b"".join(part.to(torch.uint8).numpy().tobytes() for part in whole)).hexdigest()


def test_a_secret_gives_the_same_symbols_on_every_machine_and_another_secret_others() -> None:
    first, other = secret_symbols("a secret"), secret_symbols("another secret")
    assert [first[1].bincount().tolist(), first[3].bincount().tolist()] == [[3] * 10, [2] * 10]
    assert digest(first) == PINNED
    classes = [
        torch.stack([parts[0][parts[1] == label].mean(dim=0) for label in range(10)]).flatten(1)
        for parts in (first, other)
    ]
    assert torch.cdist(*classes).min() > 1.0  # no symbol of one secret looks like one of the other


def test_a_secret_gives_the_same_scenes_on_every_machine() -> None:
    scenes = oracle("a08_self_supervised", "oracles_secret_scenes")
    split = scenes.secret_split(Rng("a secret"), empty_split("plain_scenes"), 30, 20)
    assert [split.y_train.bincount().tolist(), split.y_test.bincount().tolist()] == [[3] * 10, [2] * 10]
    assert digest([split.x_train, split.y_train, split.x_test, split.y_test]) == PINNED_SCENES


def outlines_of(*secret: str) -> list[render.Outline]:
    look = oracle("a08_self_supervised", "oracles_secret_scenes").look(Rng(*secret))
    return [outline for name, outline in look.outlines.items() if not name.startswith("turned")]


def inside(outline: render.Outline) -> torch.Tensor:
    """Return the pixels of 32 x 32 inside an outline with a radius of 1,500 units: a bool each."""
    along = ((2 * np.arange(32, dtype=np.int32) - 31) * 64)[None]
    u, v = np.broadcast_arrays(along[:, None], along[:, :, None])
    return torch.tensor(outline(u, v, np.full((1, 1, 1), 1500, np.int32))[0] > 0)


def fewest_other_pixels(some: list[render.Outline], others: list[render.Outline]) -> int:
    """Return the fewest pixels in which an outline differs from another one, mirrored and by quarters turned."""
    return min(
        int((mask.rot90(quarter) ^ inside(other)).sum())
        for outline in some
        for mask in (inside(outline), inside(outline).flip(1))
        for quarter in range(4)
        for other in others
    )


def test_the_scenes_of_a_secret_have_outlines_that_neither_common_nor_another_secret_has() -> None:
    first, other = outlines_of("a secret"), outlines_of("another secret")
    known = list(render.OUTLINES.values())
    assert [len(first), len(other), len(known)] == [5, 5, 5]
    pixels = [int(inside(outline).sum()) for outline in first]
    assert min(pixels) > 200
    assert fewest_other_pixels(first, known) > 60
    assert fewest_other_pixels(other, known) > 60
    assert fewest_other_pixels(first, other) > 30
    for number, outline in enumerate(first):
        assert fewest_other_pixels([outline], first[:number] + first[number + 1 :]) > 100
