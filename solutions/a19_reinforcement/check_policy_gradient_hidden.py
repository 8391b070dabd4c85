"""Hidden checks of policy_gradient: large logits, gradients, episodes of a small world, and what training leaves."""

import torch
from check_policy_gradient import scaled
from oracles_policy import (
    DISTRIBUTIONS,
    ENVS,
    LOANS_OF_LOGS,
    PLAYERS,
    advantages,
    episodes_of_two_states,
    logs_of,
    masked,
    policy_loss,
    to_go,
)
from oracles_steps import LOANS_OF_STEPS, POLE, linear, wrong_updates

from autograder import (
    Message,
    expect,
    expect_close,
    expect_draws,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_state_kept,
    expect_unchanged,
    forbid,
    task,
)
from common.environments import CartPole


@task("log_prob", share=50)
def check_log_probabilities_of_large_logits(student, rng):
    """Logits of 1000, gradients, more axes; the inputs stay."""
    forbid(student, "log_prob", calls=DISTRIBUTIONS)
    large = torch.tensor([[1000.0, 0.0, -1000.0], [0.0, 0.0, 0.0]], dtype=torch.float64, device=rng.device)
    found = student.log_prob(large, torch.tensor([2, 1], device=rng.device))
    expect_close(found, large.new_tensor([-2000.0, -1.0986122886681098]), name="logits of 1000",
                 hint="log_softmax does not overflow.")  # fmt: skip
    for shape in ((4, 3, 5), (1, 2), (6, 1)):
        logits, actions = rng.normal(*shape), rng.integers(0, shape[-1], *shape[:-1])
        seen = student.inspect(student.log_prob, logits, actions)
        right = logs_of(logits).flatten(0, -2)[torch.arange(actions.numel(), device=rng.device), actions.flatten()]
        expect_close(seen.value, right.reshape(actions.shape), name=Message("logits {shape}", shape=shape),
                     hint="The last axis has the actions.")  # fmt: skip
        expect_unchanged(seen, logits, actions)
    logits, actions = rng.normal(4, 3), rng.integers(0, 3, 4)
    pick = torch.arange(4, device=rng.device)
    expect_same_gradients(student, rng, student.define(WITH).bound(student.log_prob, actions),
                          lambda z: logs_of(z)[pick, actions], logits)  # fmt: skip


# Functions of one argument, with the others fixed.
WITH = """
def bound(f, *others):
    return lambda x: f(x, *others)
"""


@task("entropy", share=50)
def check_entropies_of_large_logits(student, rng):
    """Logits of 1000, gradients, more axes; the input stays."""
    forbid(student, "entropy", calls=DISTRIBUTIONS)
    large = torch.tensor([[1000.0, 0.0, -1000.0], [1000.0, 1000.0, -1000.0]], dtype=torch.float64, device=rng.device)
    expect_close(student.entropy(large), large.new_tensor([0.0, 0.6931471805599453]), name="logits of 1000",
                 hint="A probability of 0 adds nothing, and its logarithm is finite in log_softmax.")  # fmt: skip
    for shape in ((4, 3, 5), (1, 2), (6, 1)):
        logits = 3.0 * rng.normal(*shape)
        seen, logs = student.inspect(student.entropy, logits), logs_of(logits)
        expect_close(seen.value, -(logs.exp() * logs).sum(dim=-1), name=Message("logits {shape}", shape=shape))
        expect_unchanged(seen, logits)
    expect_same_gradients(
        student, rng, student.entropy, lambda z: -(logs_of(z).exp() * logs_of(z)).sum(dim=-1), rng.normal(4, 3)
    )


@task("boltzmann", share=50)
def check_boltzmann_of_large_values(student, rng):
    """Values of 1000, low temperatures, more axes; the input stays."""
    for shape, temperature, size in (
        ((4, 3, 5), 0.7, 1.0),
        ((1, 3), 1e-3, 1000.0),
        ((6, 2), 1e4, 1.0),
        ((4, 2), 1e-3, 1e-3),
    ):
        q = size * rng.normal(*shape)
        seen = student.inspect(student.boltzmann, q, temperature)
        expect_close(seen.value, logs_of(q / temperature).exp(), name=Message("a temperature of {t}", t=temperature),
                     hint="The softmax of q / temperature over the last axis, for every temperature.")  # fmt: skip
        expect_unchanged(seen, q, temperature)


# The student's loss with what depends on a table of logits for each state, and gradients of weights.
SLOPES = """
import torch

def slope(theta, states, actions, weights, mask):
    theta = theta.clone().requires_grad_()
    student.reinforce_loss(theta[states], actions, weights, mask).backward()
    return theta.grad

def of_weights(logits, actions, weights, mask):
    weights = weights.clone().requires_grad_()
    logits = logits.clone().requires_grad_()
    student.reinforce_loss(logits, actions, weights * 1.0, mask).backward()
    return weights.grad is None or not bool(weights.grad.any())
"""


@task("reinforce_loss", share=40, loans=LOANS_OF_LOGS)
def check_gradient_is_that_of_the_mean_return(student, rng):
    """Over all episodes of a world with two states, the mean gradient is that of the mean return."""
    theta, R = rng.normal(2, 2), rng.normal(2, 2)
    P = rng.uniform(2, 2, 2, low=0.1)
    P = P / P.sum(dim=2, keepdim=True)
    given = theta.clone().requires_grad_()
    states, actions, rewards, chances, mean = episodes_of_two_states(given, P, R)
    (right,) = torch.autograd.grad(mean, given)
    mask, slope = torch.ones_like(rewards, dtype=torch.bool), student.define(SLOPES).slope
    baseline = rng.normal(2)[states]  # depends on the state only
    for weights in (to_go(rewards, 1.0), to_go(rewards, 1.0)[:, :1].expand(-1, 2), to_go(rewards, 1.0) - baseline):
        found = slope(theta, states, actions, weights * chances[:, None] * len(chances), mask)
        expect_close(-found, right, name="the mean gradient", hint="The weights multiply log pi(a) as they are.")


@task("reinforce_loss", share=20, loans=LOANS_OF_LOGS)
def check_losses_of_other_episodes(student, rng):
    """Weights get no gradient; nan after the end does not count; large logits, one episode; the inputs stay."""
    for E, T, A in ((1, 1, 2), (4, 7, 3), (2, 5, 1)):
        logits, actions, weights, mask = (
            rng.normal(E, T, A),
            rng.integers(0, A, E, T),
            rng.normal(E, T),
            masked(rng, E, T),
        )
        seen = student.inspect(student.reinforce_loss, logits, actions, weights, mask)
        expect_close(seen.value, policy_loss(logits, actions, weights, mask) + logits.new_zeros(()),
                     name=Message("{E} episodes, {T} steps", E=E, T=T))  # fmt: skip
        expect_unchanged(seen, logits, actions, weights, mask)
    logits, actions, weights = 1000.0 * rng.normal(3, 4, 2), rng.integers(0, 2, 3, 4), rng.normal(3, 4)
    mask = torch.arange(4, device=rng.device)[None] < torch.tensor([[4], [1], [2]], device=rng.device)
    right = policy_loss(logits, actions, weights, mask)
    expect_close(student.reinforce_loss(logits, actions, weights, mask), right, name="with large logits")
    given = torch.where(mask, weights, float("nan"))
    expect_close(student.reinforce_loss(logits, actions, given, mask), right, name="with nan after the end", mistakes={
        "0 times nan is nan: choose with torch.where(mask, ..., 0), do not multiply by the mask.": right * float("nan"),
    })  # fmt: skip
    kept = student.define(SLOPES).of_weights(rng.normal(3, 4, 2), actions, weights, mask)
    expect(kept, "The weights get a gradient.", "Weights are constants: detach() them.")


@task("reward_to_go", share=50)
def check_rewards_to_go_of_other_episodes(student, rng):
    """One step, many, gamma of 0 and of 1; the input stays."""
    for E, T, gamma in ((1, 1, 0.9), (4, 30, 0.95), (3, 6, 0.0), (2, 9, 1.0)):
        rewards = rng.normal(E, T)
        seen = student.inspect(student.reward_to_go, rewards, gamma)
        expect_close(seen.value, to_go(rewards, gamma), name=Message("{T} steps, gamma {g}", T=T, g=gamma))
        expect_unchanged(seen, rewards, gamma)
    long = student.reward_to_go(torch.ones(2, 4000, dtype=torch.float64, device=rng.device), 0.75)
    expect_close(long[:, [0, 3999]], long.new_tensor([[4.0, 1.0]] * 2), name="4000 steps")


@task("normalise", share=50)
def check_normalised_weights_of_other_episodes(student, rng):
    """Equal weights become 0, one step, small and large weights; the inputs stay."""
    for E, T, size in ((4, 5, 1e-3), (2, 9, 1e3), (1, 1, 1.0)):
        weights, mask = size * (rng.normal(E, T) + 4.0), masked(rng, E, T)
        seen = student.inspect(student.normalise, weights, mask)
        expect_close(seen.value, scaled(weights, mask), name=Message("{E} episodes, {T} steps", E=E, T=T), mistakes={
            "Add 1e-8 to the deviation, which is 0 where all weights are equal.": scaled(weights, mask, small=0.0),
        }, hint="Add 1e-8 to the deviation, no more: it may be small.")  # fmt: skip
        expect_unchanged(seen, weights, mask)
    equal, mask = torch.full((3, 4), 2.5, dtype=torch.float64, device=rng.device), masked(rng, 3, 4)
    expect_close(student.normalise(equal, mask), torch.zeros_like(equal), name="equal weights")


@task("train_policy", share="1/3", loans=LOANS_OF_STEPS)
def check_updates_of_a_policy(student, rng):
    """Three steps of Adam follow the loss of what was played; equal generators train alike."""
    tools, like = student.define(ENVS), torch.zeros(1, device=rng.device)
    seed, weight = rng.int(0, 2**31), rng.normal(2, 3, dtype=torch.float32) / 8
    table = rng.normal(10, 9, dtype=torch.float32)
    expect_draws(student, lambda generator: tools.trained(like, weight, generator), rng.device)
    for truncates, given_weights, gamma in (
        (False, True, 0.99),
        (True, True, 0.99),
        (False, False, 0.99),
        (True, False, 0.6),
    ):
        runs = []
        for _ in range(2):
            student.seed(rng.int(0, 2**31))
            env, model, weigh = tools.short(like, truncates), tools.model(like, weight), tools.weigh(table)
            options = {"weigh": weigh} if given_weights else {"gamma": gamma} if truncates else {}
            random = tools.generator(like, seed)
            with expect_state_kept(student, may_change=("parameters", "grads"), model=model):
                history = student.train_policy(env, model, random, updates=3, n=10, steps=9, lr=0.05, **options)
            runs.append((history, *tools.parameters(model)))
        for one, other in zip(*runs, strict=True):
            expect_equal(one, other, name="runs with equal generators",
                         hint="The generator that is given draws all random numbers.")  # fmt: skip
        net, rounds = linear(weight), []
        optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
        T, lengths = len(env.actions) // 3, torch.arange(10, device=rng.device) % 5 + 1
        expect(T in (5, 9), Message("The longest episode has 5 steps, and {T} were played.", T=T))
        mask = torch.arange(T, device=rng.device)[None] < lengths[:, None]
        log, seen, calls = env.actions, env.seen, weigh.calls
        expect(len(calls) == (3 if given_weights else 0), "Ask `weigh` for weights once in each update.",
               "If `weigh` is given, the weights are weigh(rewards, mask).")  # fmt: skip
        for update in range(3):
            actions = torch.stack(log[update * T : update * T + T], dim=1)
            earned = torch.where(mask, actions.float(), 0)
            weights = table[:, :T] if given_weights else scaled(to_go(earned, gamma), mask)
            if given_weights:
                expect_equal(calls[update][1], mask, name="the mask",
                             hint="A step counts if its episode, which may be done or truncated, was still running "
                             "before it.")  # fmt: skip
                expect_close(calls[update][0], earned, name="the rewards")
            right = (mask * actions).sum(dim=1).to(history.dtype).mean()
            expect_close(history[update], right, name="the mean sum of rewards",
                         hint="Rewards after the end of an episode are 0; done and "
                              "truncated are both an end.")  # fmt: skip
            rounds.append((torch.stack(seen[update * (T + 1) :][:T], dim=1), actions, mask, weights, earned))
            logits = net(rounds[-1][0])
            likeliest = (actions == logits.argmax(dim=2))[mask]
            expect(not bool(likeliest.all()), "All actions are the likeliest ones: draw them with their probabilities.")
            optimizer.zero_grad()
            policy_loss(logits, actions, weights, mask).backward()
            optimizer.step()
        expect_close(runs[1][1], net.weight.detach(), atol=1e-4, name="the weights after three steps of Adam",
                     mistakes=wrong_updates(weight, rounds, runs[1][1], None if given_weights else gamma),
                     hint="In each update: zero_grad, the loss of all steps that were "
                          "played, backward, one step of Adam.")  # fmt: skip


@task("train_policy", share="1/3", any_dtype=True, seconds=120, loans=LOANS_OF_STEPS)
def check_policy_balances_the_pole(student, rng, score):
    """A policy that was trained by you keeps a hundred poles of ours up, nearly to the limit of 200 steps."""
    tools, like = student.define(POLE), torch.zeros(1, device=rng.device)
    first, bias, second, shift = (part.float().cpu() for part in tools.trained(like, rng.int(0, 2**31)))
    expect_shape(first, (32, 4), name="the first layer")
    expect_shape(second, (2, 32), name="the second layer")
    env, alive, steps = CartPole(), torch.ones(100, dtype=torch.bool), torch.zeros(100)
    obs = env.reset(100, torch.Generator().manual_seed(rng.int(0, 2**31)))
    for _ in range(200):
        logits = torch.tanh(obs @ first.T + bias) @ second.T + shift
        steps += alive
        obs, _, done, _ = env.step(logits.nan_to_num().argmax(dim=1))
        alive = alive & ~done
    score(float(steps.mean()), "mean number of steps")


@task("constant_baseline", share=50)
def check_baselines_have_the_least_variance(student, rng):
    """No other baseline has less variance, over all episodes of a bandit; parameters without scores; inputs stay."""
    for E, P in ((5, 2), (40, 7), (1, 3)):
        returns, scores = 3.0 + rng.normal(E), rng.normal(E, P)
        scores[:, 0] = 0.0
        scores[:, 1] *= 1e-4  # small, but not 0
        seen = student.inspect(student.constant_baseline, returns, scores)
        mean, best = seen.value
        expect_close(mean, returns.mean(), name="the mean return")
        weight = scores.square()
        weight[:, 0] = 1.0
        expect_close(
            best,
            (weight * returns[:, None]).sum(dim=0) / weight.sum(dim=0),
            name=Message("{E} episodes", E=E),
            hint="Where all scores are 0, the baseline is the mean return.",
        )
        expect_unchanged(seen, returns, scores)
    logits, pay = rng.normal(3), 4.0 + rng.normal(3)
    chances = logs_of(logits).exp()
    counts = (chances * 4000).round().long()
    actions = torch.repeat_interleave(torch.arange(3, device=rng.device), counts)
    scores = torch.eye(3, dtype=torch.float64, device=rng.device)[actions] - counts / counts.sum()
    _, best = student.constant_baseline(pay[actions], scores)
    for j in range(3):
        least = float((scores[:, j] * (pay[actions] - best[j])).var())
        for other in torch.linspace(0.0, 8.0, 161).tolist():
            found = float((scores[:, j] * (pay[actions] - other)).var())
            expect(found >= least - 1e-9, Message("The baseline {b} has less variance.", b=other))


@task("td_errors", share=50)
def check_errors_of_other_steps(student, rng):
    """Tables, gamma of 0 and of 1; the inputs stay."""
    for shape, gamma in (((3, 4), 0.9), ((6,), 0.0), ((2, 3, 2), 1.0)):
        rewards, values, following = rng.normal(*shape), rng.normal(*shape), rng.normal(*shape)
        done = rng.uniform(*shape) < 0.4
        done.view(-1)[:2] = torch.tensor([True, False], device=rng.device)
        seen = student.inspect(student.td_errors, rewards, values, following, done, gamma)
        expect_close(seen.value, torch.where(done, rewards - values, rewards - values + gamma * following),
                     name=Message("a table {shape}", shape=shape))  # fmt: skip
        expect_unchanged(seen, rewards, values, following, done, gamma)


@task("gae", share="1/3")
def check_advantages_of_other_rows(student, rng):
    """One step, long rows, returns for lambda 1, ends everywhere; the inputs stay."""
    for E, T, gamma, lam, share in ((1, 1, 0.9, 0.5, 0.5), (3, 40, 0.95, 0.9, 0.1), (2, 6, 0.9, 0.8, 1.0)):
        deltas, ended = rng.normal(E, T), rng.uniform(E, T) < share
        seen = student.inspect(student.gae, deltas, ended, gamma, lam)
        expect_close(seen.value, advantages(deltas, ended, gamma, lam), name=Message("{E} rows of {T}", E=E, T=T))
        expect_unchanged(seen, deltas, ended, gamma, lam)
    rewards, values = rng.normal(2, 8), rng.normal(2, 9)
    values[:, -1] = 0.0
    deltas = rewards + 0.9 * values[:, 1:] - values[:, :-1]
    found = student.gae(deltas, torch.zeros_like(deltas, dtype=torch.bool), 0.9, 1.0)
    expect_close(found, to_go(rewards, 0.9) - values[:, :-1], name="returns minus values")


# Gradients that the student's loss has in each of its inputs.
GRADIENTS = """
import torch

def gradients(logits, actions, advantage, values, targets):
    inputs = [x.clone().requires_grad_() for x in (logits, advantage, values, targets)]
    student.actor_critic_loss(inputs[0], actions, *(x * 1.0 for x in inputs[1:]), c_v=0.7, c_e=0.2).backward()
    return [torch.zeros_like(x) if x.grad is None else x.grad for x in inputs]
"""


@task("actor_critic_loss", share=50, loans=LOANS_OF_LOGS)
def check_gradients_of_actor_and_critic(student, rng):
    """The actor's part does not reach the critic, the targets are constants, and gradients agree with the formula."""
    for N, A in ((7, 3), (1, 2), (4, 1)):
        logits, actions = rng.normal(N, A), rng.integers(0, A, N)
        advantage, values, targets = rng.normal(N), rng.normal(N), rng.normal(N)
        seen = student.inspect(student.actor_critic_loss, logits, actions, advantage, values, targets)
        expect_unchanged(seen, logits, actions, advantage, values, targets)
        found = student.define(GRADIENTS).gradients(logits, actions, advantage, values, targets)
        z = logits.clone().requires_grad_()
        logs = logs_of(z)
        right = -(logs[torch.arange(N, device=rng.device), actions] * advantage).mean()
        right = right + 0.2 * (logs.exp() * logs).sum(dim=1).mean()
        (slope,) = torch.autograd.grad(right, z)
        expect_close(found[0], slope, name="the gradient in the logits",
                     hint="The entropy of the logits has a gradient, too.")  # fmt: skip
        expect_close(found[1], torch.zeros_like(advantage), name="the gradient in the advantage", mistakes={
            "The advantage contains the critic's values: detach() it.":
                -logs.detach()[torch.arange(N, device=rng.device), actions] / N,
        })  # fmt: skip
        expect_close(found[2], 1.4 * (values - targets) / N, name="the gradient in the values",
                     hint="The critic learns by its squared error: do not detach the values.")  # fmt: skip
        expect_close(found[3], torch.zeros_like(targets), name="the gradient in the targets",
                     hint="Targets are constants: detach() them.")  # fmt: skip


@task("decision_tokens", share=50)
def check_tokens_of_other_episodes(student, rng):
    """One step, one number, gradients; the inputs stay."""
    for E, T, D in ((1, 1, 2), (3, 5, 1), (2, 7, 4)):
        R, s, a = rng.normal(E, T, D), rng.normal(E, T, D), rng.normal(E, T, D)
        seen = student.inspect(student.decision_tokens, R, s, a)
        tokens, positions = seen.value
        expect_shape(tokens, (E, 3 * T, D), name="the tokens")
        for n, (what, part) in enumerate(((Message("returns"), R), (Message("states"), s), (Message("actions"), a))):
            expect_close(tokens[:, n::3], part, name=Message("the {what}", what=what))
        expect_equal(positions, torch.arange(1, 3 * T, 3, device=rng.device), name="the positions")
        expect_unchanged(seen, R, s, a)
        expect_same_gradients(student, rng, student.decision_tokens,
                              lambda *parts: torch.stack(parts, dim=2).flatten(1, 2), R, s, a)  # fmt: skip


@task("act", share=50)
def check_acting_in_other_worlds(student, rng):
    """The likeliest actions, what was done before, limits and truncated episodes."""
    tools, like = student.define(PLAYERS), torch.zeros(1, device=rng.device)
    for ends, truncates, most, T in ((5, False, 9, 5), (5, True, 9, 5), (9, False, 3, 3), (1, False, 1, 1)):
        table, rewards = rng.normal(9, 4, dtype=torch.float32), rng.normal(9, dtype=torch.float32)
        model, env = tools.player(table), tools.world(like, rewards, ends, truncates)
        asked, earned = student.act(model, env, 1.5, tools.generator(like), most)
        expect(env.copies == [1], "Run one copy of the environment, and reset it once.")
        expect_close(earned, rewards[:T], name="the rewards", hint="Stop when the episode is done or truncated.")
        wanted = torch.stack([1.5 - rewards[:t].sum() for t in range(T)])
        expect_close(asked, wanted, name="the returns to go")
        best = table[:T].argmax(dim=1)
        expect_equal(torch.cat(env.taken), best, name="the actions",
                     hint="The largest of the last logits, those of the present step.")  # fmt: skip
        for t, (returns, states, actions) in enumerate(model.asked):
            expect_close(returns, wanted[None, : t + 1], name="the returns to go that the model got")
            expect_close(states[0, :, 0], 0.5 + torch.arange(t + 1, device=rng.device).float(),
                         name="the states that the model got")  # fmt: skip
            before = torch.cat([best[:t], best.new_zeros(1)])
            expect_equal(actions[0], before, name="the actions that the model got, 0 for the present one",
                         hint="The actions so far, then a 0.")  # fmt: skip
    expect_draws(student, lambda generator: tools.start(like, generator), rng.device)
