"""Equal seeds give equal values with the documented shape, dtype and range."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.checks.rng import Rng

PINNED = ["0x1.e438151db4b67p+0", "0x1.f0cfeb75ad348p-2", "-0x1.25f9a764b8413p-1"]


def test_only_equal_parts_give_equal_values():
    assert torch.equal(Rng("check", 1).normal(3), Rng("check", 1).normal(3))
    for other in (Rng("check", 2), Rng("check1"), Rng("check", "1"), Rng("chec", "k", 1), Rng()):
        assert not torch.equal(Rng("check", 1).normal(3), other.normal(3))


def test_the_values_are_the_same_in_every_version():
    rng = Rng("pinned", 7)
    assert [rng.int(0, 1000) for _ in range(3)] == [970, 906, 147]


def test_normal_values_are_the_same_bytes_on_every_machine():
    assert [value.hex() for value in Rng("pinned", 7).normal(3).tolist()] == PINNED


def test_normal_values_are_standard_normal():
    values = Rng("moments").normal(200_000)
    moments = [float((values**power).mean()) for power in (1, 2, 3, 4)]
    assert moments == pytest.approx([0, 1, 0, 3], abs=0.05)


def test_keys_have_128_bits_and_do_not_repeat():
    rng = Rng("keys")
    keys = [rng.key() for _ in range(200)]
    assert len({key >> 64 for key in keys}) == len({key % 2**64 for key in keys}) == 200
    assert max(keys).bit_length() == 128


def test_a_seed_is_not_shown_where_a_generator_is_printed():
    rng = Rng("the secret of a run", 12345)
    assert "secret" not in repr(rng) + repr(vars(rng))
    assert "12345" not in repr(rng) + repr(vars(rng))


def test_streams_with_related_seeds_are_independent():
    """Neighbouring seeds, spawned generators and later calls have uncorrelated values."""
    base = Rng("s", 1)
    streams = [base.normal(5000), base.normal(5000), base.spawn(1).normal(5000), Rng("s", 2).normal(5000)]
    correlations = torch.corrcoef(torch.stack(streams)) - torch.eye(4)
    assert correlations.abs().max() < 0.07


@pytest.mark.parametrize(("low", "high"), [(3, 3), (5, 4), (0, 2**53 + 1)])
def test_an_empty_or_too_large_range_is_refused(low, high):
    with pytest.raises(ValueError, match="whole numbers, not from"):
        Rng(0).integers(low, high, 2)


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


@pytest.mark.parametrize("shape", [(-1, 1), (0.0, 1.0, 6), ((3, 5),)])
@pytest.mark.parametrize("arrays", ["numpy", "torch"])
def test_a_wrong_size_is_refused_with_an_example(shape, arrays):
    """Of a mean, a lowest value or a tuple in front, the message says that the shape is expected there."""
    for draw in (Rng(0, arrays=arrays).normal, Rng(0, arrays=arrays).uniform):
        with pytest.raises(ValueError, match=r"rng\.normal\(3, 5\).* cannot be a size"):
            draw(*shape)


def test_a_size_may_be_a_number_of_numpy_or_zero():
    assert Rng(0).normal(np.int64(3), 0).shape == (3, 0)


def test_a_method_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(AttributeError, match="rng has no 'random'; it has normal, uniform, integers, int, choice"):
        Rng(0).random()
    assert not hasattr(Rng(0), "random")


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
