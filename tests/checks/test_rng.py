"""Equal seeds give equal values with the documented shape, dtype and range."""

from __future__ import annotations

import pytest
import torch

from autograder.checks.rng import Rng


def test_only_equal_parts_give_equal_values():
    assert torch.equal(Rng("check", 1).normal(3), Rng("check", 1).normal(3))
    for other in (Rng("check", 2), Rng("check1"), Rng("check", "1"), Rng("chec", "k", 1), Rng()):
        assert not torch.equal(Rng("check", 1).normal(3), other.normal(3))


def test_the_values_are_the_same_in_every_version():
    rng = Rng("pinned", 7)
    assert [rng.int(0, 1000) for _ in range(3)] == [185, 820, 359]


def test_a_spawned_generator_does_not_depend_on_earlier_draws():
    rng = Rng("a")
    fresh = rng.spawn("b").normal(2)
    rng.normal(5)
    assert torch.equal(rng.spawn("b").normal(2), fresh)
    assert not torch.equal(rng.spawn("c").normal(2), fresh)


def test_values_have_the_documented_shape_dtype_and_range():
    rng = Rng(0)
    assert rng.normal(2, 3).shape == (2, 3)
    assert rng.normal().shape == ()
    assert rng.normal(2).dtype == torch.float64
    assert rng.normal(2, dtype=torch.float32).dtype == torch.float32
    uniform = rng.uniform(1000, low=-2, high=3)
    assert uniform.dtype == torch.float64
    assert -2 <= uniform.min() < -1.9
    assert 2.9 < uniform.max() < 3
    integers = rng.integers(2, 5, 100)
    assert integers.dtype == torch.int64
    assert set(integers.tolist()) == {2, 3, 4}
    assert sorted(rng.permutation(9).tolist()) == list(range(9))
    assert {rng.choice(["a", "b"]) for _ in range(50)} == {"a", "b"}
    number = rng.int(3, 5)
    assert type(number) is int
    assert number in (3, 4)


def test_float32_values_are_the_float64_ones_rounded():
    assert torch.equal(Rng(1).normal(4, dtype=torch.float32), Rng(1).normal(4).float())


@pytest.mark.parametrize("part", [1.5, None, True, ("a",)])
def test_a_seed_consists_of_strings_and_ints(part):
    with pytest.raises(TypeError, match="seeded by strings and ints"):
        Rng(part)


def test_values_are_drawn_on_the_cpu_and_then_moved():
    rng = Rng("a", device="meta")
    assert rng.normal(2).device.type == rng.integers(0, 2, 2).device.type == rng.permutation(2).device.type == "meta"
    assert rng.spawn("b").device.type == "meta"
    assert rng.generator.device.type == "cpu"
    assert repr(rng) == "Rng('a', device='meta')"
