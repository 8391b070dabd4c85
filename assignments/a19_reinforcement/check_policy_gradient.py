"""Public checks of policy_gradient: distributions, weights, losses and their gradients, and a loop that trains."""

import torch
from oracles_policy import (
    DISTRIBUTIONS,
    ENVS,
    LOANS_OF_LOGS,
    PLAYERS,
    advantages,
    logs_of,
    policy_loss,
    to_go,
)

from autograder import Message, expect, expect_close, expect_shape, forbid, is_sequence, task


@task("log_prob", share=50, any_dtype=True)
def check_log_probabilities_of_a_batch(student, rng):
    """Logarithms of probabilities agree with the definition."""
    forbid(student, "log_prob", calls=DISTRIBUTIONS)
    logits, actions = rng.normal(5, 4, dtype=torch.float32), rng.integers(0, 4, 5)
    logs = logs_of(logits)
    pick = torch.arange(5, device=rng.device)
    expect_close(student.log_prob(logits, actions), logs[pick, actions], mistakes={
        "This is the probability; take its logarithm.": logs[pick, actions].exp(),
        "Subtract the logarithm of the sum of exponentials.": logits[pick, actions],
        "The probability of an action has no minus.": -logs[pick, actions],
    }, hint="The softmax runs over the actions, the last axis.")  # fmt: skip
    large = torch.tensor([[1000.0, 0.0]], device=rng.device)
    expect_close(student.log_prob(large, actions.new_ones(1)), -large[:, 0], name="logits of 1000 and 0",
                 hint="exp(1000) overflows, and log(0) is infinite: log_softmax does both in one step.")  # fmt: skip


@task("entropy", share=50, any_dtype=True)
def check_entropy_of_a_batch(student, rng):
    """Entropies agree with the sum; equal logits give log A."""
    forbid(student, "entropy", calls=DISTRIBUTIONS)
    logits = rng.normal(6, 3, dtype=torch.float32)
    logits[0] = 2.5
    logs = logs_of(logits)
    terms = logs.exp() * logs
    expect_close(student.entropy(logits), -terms.sum(dim=1), mistakes={
        "The entropy is minus the sum.": terms.sum(dim=1),
        "Take the sum over actions, not the mean.": -terms.mean(dim=1),
        "Take the natural logarithm.": -terms.sum(dim=1) / 0.6931472,
        "Weight the logarithms with the probabilities.": -logs.sum(dim=1),
    })  # fmt: skip


@task("boltzmann", share=50, any_dtype=True)
def check_boltzmann_of_a_batch(student, rng):
    """Probabilities agree with the definition for two temperatures."""
    q = rng.normal(5, 4, dtype=torch.float32)
    for temperature in (0.5, 3.0):
        expect_close(student.boltzmann(q, temperature), logs_of(q / temperature).exp(), mistakes={
            "Divide by the temperature.": logs_of(q * temperature).exp(),
            "These are logarithms of probabilities.": logs_of(q / temperature),
            "The temperature is missing.": logs_of(q).exp(),
        }, hint="The softmax of q / temperature over the last axis.")  # fmt: skip


@task("reinforce_loss", share=40, any_dtype=True, loans=LOANS_OF_LOGS)
def check_loss_of_three_episodes(student, rng):
    """The loss agrees with a double loop: a mean over episodes of sums over steps."""
    logits, actions, weights = rng.normal(3, 6, 4), rng.integers(0, 4, 3, 6), rng.normal(3, 6)
    mask = torch.arange(6, device=rng.device)[None] < torch.tensor([[6], [2], [4]], device=rng.device)
    right, everything = policy_loss(logits, actions, weights, mask), torch.ones_like(mask)
    expect_close(student.reinforce_loss(logits, actions, weights, mask), right, mistakes={
        "Gradient descent goes down, and the return should go up: the sign is wrong.": -right,
        "Take the mean over episodes, not over steps.": right * 3 / 12,
        "Divide by the number of episodes.": right * 3,
        "Steps after the end of an episode do not count.":
            lambda: policy_loss(logits, actions, weights, everything),
        "Multiply by the weights.": lambda: policy_loss(logits, actions, torch.ones_like(weights), mask),
    }, hint="Add log pi(a) times its weight over all steps that count; divide by E; change the sign.")  # fmt: skip


@task("reward_to_go", share=50, any_dtype=True)
def check_rewards_to_go_of_three_episodes(student, rng):
    """Each entry agrees with a sum of its own."""
    rewards = rng.normal(3, 5, dtype=torch.float32)
    right = to_go(rewards, 0.8)
    past = to_go(rewards.flip(1), 0.8).flip(1)
    expect_close(student.reward_to_go(rewards, 0.8), right, mistakes={
        "This is the whole return: an action is not praised for rewards before it.": right[:, :1].expand(3, 5),
        "From time t on, not up to it.": past,
        "Discount from time t on, not from the start.":
            right * 0.8 ** torch.arange(5, device=rng.device, dtype=torch.float32),
        "The first reward is not discounted.": 0.8 * right,
        "Each row is an episode of its own.": lambda: to_go(rewards.reshape(1, -1), 0.8).reshape(3, 5),
        "Rows are episodes, columns are times.": lambda: to_go(rewards.T.contiguous(), 0.8).T,
    }, hint="For each episode: the reward plus gamma times what follows.")  # fmt: skip


def scaled(weights, mask, each=False, correction=0, small=1e-8):
    """Return normalised weights; with `each`, row by row."""
    out = torch.zeros_like(weights)
    groups = [mask & (torch.arange(len(mask), device=mask.device)[:, None] == e) for e in range(len(mask))]
    for group in groups if each else [mask]:
        values = weights[group]
        mean = values.sum() / len(values)
        spread = ((values - mean).square().sum() / max(len(values) - correction, 1)).sqrt()
        out[group] = (values - mean) / (spread + small)
    return out


@task("normalise", share=50, any_dtype=True)
def check_normalised_weights(student, rng):
    """Over all steps that count, the mean is 0 and the deviation 1; others become 0."""
    weights = 3.0 + 2.0 * rng.normal(3, 6, dtype=torch.float32)
    mask = torch.arange(6, device=rng.device)[None] < torch.tensor([[6], [2], [4]], device=rng.device)
    all_of_them = torch.ones_like(mask)
    expect_close(student.normalise(weights, mask), scaled(weights, mask), mistakes={
        "Steps after the end of an episode do not count.": lambda: scaled(weights, all_of_them) * mask,
        "Normalise all episodes together, not each one.": lambda: scaled(weights, mask, each=True),
        "Divide the variance by the number of entries.": lambda: scaled(weights, mask, correction=1),
        "Entries where the mask is False become 0.":
            lambda: (weights - weights[mask].mean()) / weights[mask].std(correction=0),
        "Divide by the standard deviation.": lambda: (weights - weights[mask].mean()) * mask,
    }, hint="Subtract the mean of all that counts, then divide by the deviation, to which you add 1e-8.")  # fmt: skip


# Loans of a loop that trains: weights that are constant, and a loss that is written step by step.
LOANS_OF_TRAINING = """
import torch

def loss(logits, actions, weights, mask):
    total = 0.0
    for e in range(len(mask)):
        for t in range(mask.shape[1]):
            if mask[e, t]:
                z = logits[e, t]
                total = total - (z[actions[e, t]] - z.exp().sum().log()) * float(weights[e, t])
    return total / len(mask)

def sums(rewards, gamma):
    T = rewards.shape[1]
    powers = torch.tensor([[gamma ** (k - t) if k >= t else 0.0 for t in range(T)] for k in range(T)])
    return rewards @ powers.to(rewards)

def plain(weights, mask):
    return torch.where(mask, weights - weights[mask].mean(), 0.0)

LOANS = {"reinforce_loss": loss, "reward_to_go": sums, "normalise": plain}
"""


@task("train_policy", share="1/3", any_dtype=True, loans=LOANS_OF_TRAINING)
def check_training_learns_which_action_pays(student, rng):
    """In a world where one action pays, the policy learns it, and the mean sums of rewards rise."""
    tools = student.define(ENVS)
    like = torch.zeros(1, device=rng.device)
    env, model = tools.short(like, False), tools.model(like, torch.zeros(2, 3, device=rng.device))
    random = tools.generator(like, rng.int(0, 2**31))
    history = student.train_policy(env, model, random, updates=25, n=20, steps=9, gamma=0.5, lr=0.1)
    expect_shape(history, (25,))
    resets = env.resets
    expect(resets == [20] * 25, "Each update plays n episodes at once: reset the environment once, with n copies.")
    expect(bool(history.isfinite().all()), "Rewards after the end of an episode do not count.")
    expect(torch.stack(env.actions[:5]).unique().numel() == 2, "All copies take the same action, although both are "
           "equally likely.", "Draw each action with its probability: torch.multinomial.")  # fmt: skip
    first, last = float(history[:3].mean()), float(history[-3:].mean())
    moved = float(tools.parameters(model)[0].abs().max())
    hint = "Actions with a larger weight must become more likely; the weight is what followed in the same episode."
    if moved < 0.5:  # about 1.1 in 25 steps with this rate
        hint = "In each update, Adam with the rate lr takes one step: zero_grad, the loss, backward, step."
    elif 0.3 < last < 0.8:
        hint = "Add up the rewards of each episode, then take the mean over episodes."
    expect(first < 2.6 < last, Message("The mean sum of rewards goes from {a} to {b}, of 3.", a=first, b=last), hint)


@task("constant_baseline", share=50, any_dtype=True)
def check_baselines_of_a_batch(student, rng):
    """The mean return, and for each parameter a mean that is weighted with squared scores."""
    returns, scores = 5.0 + rng.normal(7), rng.normal(7, 3)
    best = [
        sum(float(scores[e, j]) ** 2 * float(returns[e]) for e in range(7))
        / sum(float(scores[e, j]) ** 2 for e in range(7))
        for j in range(3)
    ]
    found = student.constant_baseline(returns, scores)
    expect(is_sequence(found) and len(found) == 2, "constant_baseline returns the mean and the baselines.")
    expect_close(found[0], returns.sum() / 7, name="the mean return")
    expect_close(found[1], returns.new_tensor(best), name="the best baselines", mistakes={
        "Weight returns with the squares of the scores.":
            (scores * returns[:, None]).sum(dim=0) / scores.sum(dim=0),
        "Each parameter has a baseline of its own.":
            lambda: ((scores**2).sum(dim=1) * returns).sum() / (scores**2).sum() * torch.ones_like(scores[0]),
        "Divide by the mean of the squared scores.": (scores**2 * returns[:, None]).mean(dim=0),
    },
                 hint="For each parameter: squared scores times returns, summed, "
                      "divided by the sum of squared scores.")  # fmt: skip


@task("td_errors", share=50, any_dtype=True)
def check_errors_of_a_few_steps(student, rng):
    """Errors agree with the formula; nothing follows where the episode is done."""
    rewards, values, following = rng.normal(8), rng.normal(8), rng.normal(8)
    done = torch.arange(8, device=rng.device) % 3 == 0
    right = [float(rewards[n]) + (0.0 if done[n] else 0.9 * float(following[n])) - float(values[n]) for n in range(8)]
    expect_close(student.td_errors(rewards, values, following, done, 0.9), rewards.new_tensor(right), mistakes={
        "Where the episode is done, nothing follows.": rewards + 0.9 * following - values,
        "Subtract the value of the state in which the agent acted.": rewards + 0.9 * following * ~done,
        "Discount the value of the next state.": rewards + following * ~done - values,
        "Where the episode is done, its reward and value still count.": (rewards + 0.9 * following - values) * ~done,
    }, hint="r + gamma V(next), without the second part where done, minus V.")  # fmt: skip


@task("gae", share="2/3", any_dtype=True)
def check_advantages_of_a_few_rows(student, rng):
    """Advantages agree with sums, end where an episode ends, and are the errors for lambda 0."""
    deltas = rng.normal(3, 7)
    ended = rng.uniform(3, 7) < 0.25
    ended[0, 2], ended[1, 4] = True, True
    for gamma, lam in ((0.9, 0.7), (1.0, 1.0), (0.9, 0.0)):
        right = advantages(deltas, ended, gamma, lam)
        expect_close(student.gae(deltas, ended, gamma, lam), right, name=Message("lambda = {x}", x=lam), mistakes={
            "What follows the end of an episode belongs to the next one.":
                lambda g=gamma, x=lam: advantages(deltas, torch.zeros_like(ended), g, x),
            "Discount by gamma times lambda.": lambda g=gamma: advantages(deltas, ended, g, 1.0),
            "Discount by gamma times lambda: gamma is missing.": lambda x=lam: advantages(deltas, ended, 1.0, x),
        },
                     hint="The error, plus gamma times lambda times the next advantage "
                          "unless this step ended an episode.")  # fmt: skip


@task("actor_critic_loss", share=50, any_dtype=True, loans=LOANS_OF_LOGS)
def check_loss_of_actor_and_critic(student, rng):
    """The loss agrees with its three parts, by default and with other coefficients."""
    logits, actions = rng.normal(6, 3), rng.integers(0, 3, 6)
    advantage, values, targets = rng.normal(6), rng.normal(6), rng.normal(6)
    logs = logs_of(logits)
    actor = -(logs[torch.arange(6, device=rng.device), actions] * advantage).mean()
    critic, bonus = (values - targets).square().mean(), -(logs.exp() * logs).sum(dim=1).mean()
    arguments = (logits, actions, advantage, values, targets)
    for options, (c_v, c_e) in (({}, (0.5, 0.01)), ({"c_v": 2.0, "c_e": 0.3}, (2.0, 0.3))):
        expect_close(student.actor_critic_loss(*arguments, **options), actor + c_v * critic - c_e * bonus, mistakes={
            "The entropy is a bonus: it makes the loss smaller.": actor + c_v * critic + c_e * bonus,
            "The actor's part has a minus.": -actor + c_v * critic - c_e * bonus,
            "The critic's part is missing.": actor - c_e * bonus,
            "The critic's error is squared.": actor + c_v * (values - targets).abs().mean() - c_e * bonus,
            "Take means over the batch, not sums.": 6 * (actor + c_v * critic - c_e * bonus),
        },
                     hint="Three means: minus log pi(a) A, plus c_v times squared "
                          "errors, minus c_e times entropies.")  # fmt: skip


@task("decision_tokens", share=50, any_dtype=True)
def check_tokens_of_two_episodes(student, rng):
    """Return, state, action, and again; the action is predicted where the state is."""
    R, s, a = rng.normal(2, 4, 3), rng.normal(2, 4, 3), rng.normal(2, 4, 3)
    found = student.decision_tokens(R, s, a)
    expect(is_sequence(found) and len(found) == 2, "decision_tokens returns tokens and positions.")
    rows = [[(R, s, a)[n % 3][e, n // 3] for n in range(12)] for e in range(2)]
    expect_close(found[0], torch.stack([torch.stack(row) for row in rows]), name="the tokens", mistakes={
        "The three tokens of a step are next to one another.": torch.cat([R, s, a], dim=1),
        "The order is return, state, action.": torch.stack([s, a, R], dim=2).reshape(2, 12, 3),
        "The state comes before the action.": torch.stack([R, a, s], dim=2).reshape(2, 12, 3),
    })  # fmt: skip
    right = torch.tensor([1, 4, 7, 10], device=rng.device)
    expect_close(found[1], right, check_dtype=False, name="the positions", mistakes={
        "At this position, the model reads the action that it should predict.": right + 1,
        "At this position, the model has not seen the state.": right - 1,
        "The three tokens of a step are next to one another: its state is the second of them.": right // 3 + 4,
    })  # fmt: skip


@task("act", share=50, any_dtype=True)
def check_acting_subtracts_what_was_earned(student, rng):
    """Returns to go fall by each reward, and the model gets all of the past."""
    tools = student.define(PLAYERS)
    like = torch.zeros(1, device=rng.device)
    rewards = torch.tensor([1.0, -2.0, 0.5, 3.0], device=rng.device)
    model = tools.player(rng.normal(9, 3, dtype=torch.float32))
    env = tools.world(like, rewards, 4, False)
    asked, earned = student.act(model, env, 5.0, tools.generator(like), 9)
    right = torch.tensor([5.0, 4.0, 6.0, 5.5], device=rng.device)
    expect_close(asked, right, name="the returns to go", mistakes={
        "Subtract the reward of each step.": torch.full_like(right, 5.0),
        "Subtract, do not add.": torch.tensor([5.0, 6.0, 4.0, 4.5], device=rng.device),
    }, hint="Record what was asked for before each step, from the target on.")  # fmt: skip
    expect_close(earned, rewards, name="the rewards")
    calls = model.asked
    expect(len(calls) == 4, Message("The model was asked {n} times, not 4.", n=len(calls)))
    for t, (wanted, states, actions) in enumerate(calls):
        expect_close(wanted, right[None, : t + 1], name=Message("what the model was asked for at time {t}", t=t))
        expect_shape(states, (1, t + 1, 2), name="the states that the model got",
                     hint="The model gets all of the past, (1, t + 1).")  # fmt: skip
        expect_shape(actions, (1, t + 1), name="the actions that the model got",
                     hint="The model gets all of the past, (1, t + 1).")  # fmt: skip
