"""Ice, balls and carts move as their docstrings say, and equal generators give equal worlds."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from common.environments import CartPole, Catch, Ice, ice
from common.environments.cart_pole import picture

WORLDS = (Ice, Catch, CartPole)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def run(world: type, seed: int, steps: int = 60, n: int = 5) -> list[Tensor]:
    """Return all that random actions in a world return."""
    env, random = world(), generator(seed)
    found = [env.reset(n, random)]
    for _ in range(steps):
        obs, reward, done, truncated = env.step(torch.randint(env.actions, (n,), generator=random))
        found += [obs, reward, done, truncated, env.restart(done | truncated)]
    return found


@pytest.mark.parametrize("world", WORLDS)
def test_equal_generators_give_equal_worlds(world: type) -> None:
    torch.manual_seed(1)
    one = run(world, 3)
    torch.manual_seed(2)
    assert all(map(torch.equal, one, run(world, 3)))
    assert not all(map(torch.equal, one, run(world, 4)))


@pytest.mark.parametrize("world", WORLDS)
def test_what_was_returned_does_not_change_later(world: type) -> None:
    env = world()
    obs = env.reset(4, generator())
    before = obs.clone()
    env.step(torch.ones(4, dtype=torch.int64))
    assert torch.equal(obs, before)


def test_the_ice_has_the_known_values() -> None:
    P, R, terminal = ice.model()
    assert torch.allclose(P.sum(dim=2), torch.ones(16, 4, dtype=torch.float64))
    V = torch.zeros(16, dtype=torch.float64)
    for _ in range(300):
        V = (R + 0.9 * (P @ V) * ~terminal[:, None]).amax(dim=1)
    assert V[[0, 1, 2, 3]].tolist() == pytest.approx([-0.0666, -0.3158, 0.0179, 0.0042], abs=1e-4)
    assert V[[5, 11, 14, 15]].tolist() == pytest.approx([-1.7765, -0.6113, 1.9806, 3.0], abs=1e-4)


def test_walkers_move_with_the_probabilities_of_the_model() -> None:
    env, n = Ice(), 40_000
    env.reset(n, generator())
    down = torch.full((n,), 2)
    states, rewards, done, truncated = env.step(down)
    shares = torch.bincount(states, minlength=16).double() / n
    assert shares[[0, 1, 4]].tolist() == pytest.approx([1 / 3, 1 / 6, 1 / 2], abs=0.012)  # up and left: into the wall
    assert not rewards.any()
    assert not (done | truncated).any()


def test_the_fish_ends_an_episode_and_the_limit_truncates_it() -> None:
    env = Ice(limit=50)
    env.reset(500, generator())
    path, ends = torch.tensor([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1]), 0
    state, age = env.reset(500, generator(1)), torch.zeros(500)
    for time in range(1, 51):
        before, age = state, age + 1
        state, reward, done, truncated = env.step(path[state])
        assert torch.equal(done, before == 15)
        assert (reward[before == 15] == 3).all()
        assert (reward[(before == 5) | (before == 11)] == -2).all()
        assert torch.equal(truncated, ~done & (age == 50))
        assert not truncated.any() or time == 50
        ends += int(done.sum())
        state, age = env.restart(done | truncated), age.where(~done, 0)
    assert ends > 100
    assert truncated.any()
    assert (state[truncated] == 0).all()


def test_a_ball_falls_for_nine_steps() -> None:
    env = Catch()
    board = env.reset(200, generator())
    assert set(board[:, 0, 0].argmax(dim=1).tolist()) == set(range(5))
    column = board[:, 0, 0].argmax(dim=1)
    for step in range(1, 10):
        assert board.sum(dim=(1, 2, 3)).tolist() == [2.0] * 200
        paddle = board[:, 0, 9].argmax(dim=1)
        board, reward, done, truncated = env.step((column - paddle).sign() + 1)  # follows the ball
        assert done.all() == done.any() == (step == 9)
        assert not truncated.any()
        assert (reward == (1.0 if step == 9 else 0.0)).all()
    board, reward, _, _ = env.step(torch.zeros(200, dtype=torch.int64))
    again = env.restart(torch.ones(200, dtype=torch.bool))
    assert (again[:, 0, 9, 2] == 1).all()


def test_a_paddle_that_is_elsewhere_misses() -> None:
    env = Catch()
    board = env.reset(100, generator())
    column = board[:, 0, 0].argmax(dim=1)
    for _ in range(9):
        _, reward, _, _ = env.step(torch.zeros(100, dtype=torch.int64))  # to the left
    assert torch.equal(reward, torch.where(column == 0, 1.0, -1.0))


def test_a_cart_follows_bartos_equations() -> None:
    env, random = CartPole(limit=30), generator()
    states = env.reset(6, random)
    assert states.abs().max() < 0.05
    for _ in range(25):
        actions = torch.randint(2, (6,), generator=random)
        after, reward, done, _ = env.step(actions)
        for n in range(6):
            x, v, angle, spin = states[n].double().tolist()
            force = 10.0 if actions[n] else -10.0
            total, half = 1.1, 0.05
            push = (force + half * spin**2 * math.sin(angle)) / total
            turn = (9.8 * math.sin(angle) - math.cos(angle) * push) / (
                0.5 * (4 / 3 - 0.1 * math.cos(angle) ** 2 / total)
            )
            gain = push - half * turn * math.cos(angle) / total
            expected = [x + 0.02 * v, v + 0.02 * gain, angle + 0.02 * spin, spin + 0.02 * turn]
            assert after[n].tolist() == pytest.approx(expected, abs=1e-5)
            assert bool(done[n]) == (abs(expected[0]) > 2.4 or abs(expected[2]) > math.radians(12))
        assert (reward == 1).all()
        states = after


def test_carts_are_truncated_at_the_limit_and_restart() -> None:
    env = CartPole(limit=3)
    env.reset(4, generator())
    for step in range(1, 4):
        _, _, done, truncated = env.step(torch.tensor([0, 1, 0, 1]))
        assert not done.any()
        assert truncated.all() == truncated.any() == (step == 3)
    which = torch.tensor([True, False, True, False])
    states = env.restart(which)
    assert (states[which].abs() <= 0.05).all()
    assert (states[~which, 1].abs() > 0.3).all()
    assert env.step(torch.zeros(4, dtype=torch.int64))[3].tolist() == [False, True, False, True]


def test_carts_are_drawn() -> None:
    images = picture(torch.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.2, 0.0]]))
    assert images.shape == (2, 3, 48, 96)
    assert images.min() >= 0
    assert images.max() <= 1
    dark = (images.sum(dim=1) < 0.7).nonzero()
    middles = [dark[dark[:, 0] == n, 2].double().mean() for n in range(2)]
    assert middles[0] == pytest.approx(47.5, abs=1)
    assert middles[1] == pytest.approx(47.5 + 96 / 4.8, abs=1.5)
