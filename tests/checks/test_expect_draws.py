"""Draws come from the generator that is given, and go on in the next call."""

from __future__ import annotations

import pytest
import torch

from autograder.checks.expect import Mismatch
from autograder.checks.expect_draws import expect_draws
from tests.support.local import local_student

SOURCE = """
import torch

def right(x, generator):
    return x + torch.rand(x.shape, generator=generator)

def by_a_seed_of_its_own(x, generator):
    own = torch.Generator().manual_seed(int(torch.randint(2**31, (), generator=generator)))
    return x + torch.rand(x.shape, generator=own)

def of_the_global_generator(x, generator):
    return x + torch.rand(x.shape)

def half_of_it(x, generator):
    return x + torch.rand(x.shape, generator=generator) + torch.rand(x.shape)

def fixed(x, generator):
    return x + torch.rand(x.shape, generator=torch.Generator().manual_seed(3))

def again(x, generator):
    generator.manual_seed(generator.initial_seed())
    return x + torch.rand(x.shape, generator=generator)

def of_a_copy(x, generator):
    return x + torch.rand(x.shape, generator=generator.clone_state())
"""


@pytest.mark.parametrize("name", ["right", "by_a_seed_of_its_own"])
def test_draws_that_follow_the_generator_are_right(name: str) -> None:
    with local_student(SOURCE) as student:
        expect_draws(student, lambda generator: [getattr(student, name)(torch.zeros(2, 3), generator)], "cpu")


@pytest.mark.parametrize(
    ("name", "sentence", "hint"),
    [
        ("of_the_global_generator", "the same seed gave different numbers", "generator=generator"),
        ("half_of_it", "the same seed gave different numbers", "generator=generator"),
        ("fixed", "different seeds gave equal numbers", "generator=generator"),
        ("again", "second call .* gave equal numbers", "as it is"),
        ("of_a_copy", "second call .* gave equal numbers", "copy"),
    ],
)
def test_other_draws_are_noticed(name: str, sentence: str, hint: str) -> None:
    with local_student(SOURCE) as student, pytest.raises(Mismatch, match=sentence) as raised:
        expect_draws(student, lambda generator: getattr(student, name)(torch.zeros(2, 3), generator), "cpu")
    assert hint in raised.value.hint
