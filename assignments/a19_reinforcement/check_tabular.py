"""Public checks of tabular: returns, policies, sweeps, Monte Carlo and temporal differences, against loops."""

import torch
from oracles_tabular import (
    GENERATOR,
    LOGGED,
    after,
    batch_of,
    best_rows,
    bootstrapped,
    first_visits,
    policy_of,
    q_loop,
    returns_loop,
    solved,
    td_loop,
    world,
)

from autograder import Message, expect, expect_close, expect_equal, expect_shape, expect_type, forbid, is_sequence, task
from common.environments import ice

# The best values of the sixteen places of our ice, for gamma = 0.9.
ON_ICE = [-0.0666, -0.3158, 0.0179, 0.0042, 0.0016, -1.7765, 0.1377, -0.0343,
          0.6175, 0.5555, 0.9035, -0.6113, 0.9806, 1.3196, 1.9806, 3.0]  # fmt: skip

SOLVERS = ["torch.linalg", "torch.inverse", "torch.pinverse", "torch.lu_solve", "torch.cholesky_solve", "numpy.*"]

# Loans for the public checks: linear equations and loops, which those tasks forbid.
LOANS_OF_SWEEPS = """
import torch

def solve(P, R, terminal, policy, gamma, tol=1e-10):
    step = (policy[:, :, None] * P).sum(dim=1)
    step[terminal] = 0.0
    return torch.linalg.solve(torch.eye(len(R), dtype=R.dtype, device=R.device) - gamma * step, (policy * R).sum(1))

def q(P, R, terminal, V, gamma):
    rows = []
    for s in range(len(R)):
        row = []
        for a in range(R.shape[1]):
            row.append(R[s, a] + (0.0 if terminal[s] else gamma * (P[s, a] * V).sum()))
        rows.append(torch.stack(row))
    return torch.stack(rows)

def best(Q):
    rows = []
    for row in Q.tolist():
        place = row.index(max(row))
        rows.append([float(a == place) for a in range(len(row))])
    return torch.tensor(rows, dtype=Q.dtype, device=Q.device)

LOANS = {"evaluate_policy": solve, "q_from_v": q, "greedy": best}
"""

# Episodes with actions that ignore the policy, and returns that take quadratic time.
LOANS_OF_EPISODES = """
import torch

def play(env, policy, generator, max_steps):
    return env.play(generator, max_steps)

def slow(rewards, gamma):
    powers = gamma ** torch.arange(len(rewards), dtype=rewards.dtype, device=rewards.device)
    return torch.stack([(powers[: len(rewards) - t] * rewards[t:]).sum() for t in range(len(rewards))])

def best(Q):
    rows = []
    for row in Q.tolist():
        place = row.index(max(row))
        rows.append([float(a == place) for a in range(len(row))])
    return torch.tensor(rows, dtype=Q.dtype, device=Q.device)

LOANS = {"sample_episode": play, "returns": slow, "greedy": best}
"""


def parts(result, number, text):
    """Return the parts of a result."""
    expect(is_sequence(result) and len(result) == number, text)
    return result


@task("returns", share="2/3", any_dtype=True)
def check_returns_of_five_rewards(student, rng):
    """The worked example and other rewards agree with sums."""
    example = [0.0, 1.0, 0.0, -2.0, 1.0]
    for rewards, gamma in ((example, 0.9), (rng.normal(7).tolist(), 0.6)):
        given = torch.tensor(rewards, dtype=torch.float32, device=rng.device)
        forwards = [sum(r * gamma**t for t, r in enumerate(rewards[: n + 1])) for n in range(len(rewards))]
        past = returns_loop(rewards[::-1], gamma)[::-1]
        late = [gamma * g for g in returns_loop(rewards, gamma)]
        from_start = [gamma**t * g for t, g in enumerate(returns_loop(rewards, gamma))]
        expect_close(student.returns(given, gamma), given.new_tensor(returns_loop(rewards, gamma)), mistakes={
            "A return is what is still to come, not what was earned so far.": given.new_tensor(forwards),
            "Begin at the end: a return is what is still to come.": given.new_tensor(past),
            "The first reward of a return is not discounted.": given.new_tensor(late),
            "Discount from time t on, not from the start of the episode.": given.new_tensor(from_start),
            "Multiply by gamma.": given.new_tensor(returns_loop(rewards, 1.0)),
        }, hint="Begin at the end: G_t = r_t + gamma G_(t+1). The last return is the last reward.")  # fmt: skip


@task("sample_episode", share=50, any_dtype=True, keeps=True)
def check_episode_agrees_with_the_log(student, rng):
    """States, actions and rewards are those that the world has seen."""
    P, R, terminal = world(rng, 4, 3)
    tools, policy = student.define(LOGGED), policy_of(rng, 4, 3)
    for _ in range(4):
        env = tools.logged(P, R, terminal, 1000)
        result = student.sample_episode(env, policy, tools.generator(R, rng.int(0, 2**31)), 1000)
        states, actions, rewards, done = parts(
            result, 4, "sample_episode returns states, actions, rewards, and whether a terminal state ended it."
        )
        log = env.log
        expect(len(log) == 1, "Reset the environment once.")
        expect(len(log[0]) < 1000, "The episode went on after a terminal state.",
               "Stop when the episode is done or truncated, or after max_steps.")  # fmt: skip
        s, a, r = (list(part) for part in zip(*log[0], strict=True))
        expect_equal(states, torch.tensor(s, device=rng.device), check_dtype=False, name="the states", mistakes={
            "Store the state before the step, not after it.": torch.tensor([*s[1:], s[-1]], device=rng.device),
        })  # fmt: skip
        expect_equal(actions, torch.tensor(a, device=rng.device), check_dtype=False, name="the actions")
        expect_close(rewards, R.new_tensor(r), name="the rewards",
                     hint="One reward for each step, also for the last one.")  # fmt: skip
        expect_type(done, bool, name="whether it was done")
        expect(done is True, "A terminal state ended the episode: the last result is True.")


@task("evaluate_policy", share=50, any_dtype=True)
def check_values_solve_bellmans_equation(student, rng):
    """Values of a random policy agree with linear equations; nothing follows a terminal state."""
    forbid(student, "evaluate_policy", calls=SOLVERS)
    P, R, terminal = world(rng, 6, 3)
    policy = policy_of(rng, 6, 3)
    right = solved(P, R, terminal, policy, 0.8)
    expect_close(student.evaluate_policy(P, R, terminal, policy, 0.8, 1e-10), right, mistakes={
        "Nothing follows a terminal state: its value is its reward.":
            lambda: solved(P, R, torch.zeros_like(terminal), policy, 0.8),
        "Average over the actions with the policy's probabilities.":
            lambda: solved(P, R, terminal, torch.full_like(policy, 1 / 3), 0.8),
        "Discount what follows.": lambda: solved(P, R, terminal, policy, 0.999999),
        "The value of a terminal state is its last reward.":
            lambda: solved(P, R * (~terminal)[:, None], terminal, policy, 0.8),
        "This is the best policy's value; evaluate the one that is given.":
            lambda: optimal(P, R, terminal, 0.8),
    }, hint="R is the reward for leaving a state. Weigh actions by the policy; sweep to the end.")  # fmt: skip


def optimal(P, R, terminal, gamma):
    """Return the best values, by many sweeps."""
    V = torch.zeros_like(R[:, 0])
    for _ in range(400):
        V = (R + gamma * (P * V).sum(dim=2) * (~terminal)[:, None]).amax(dim=1)
    return V


@task("q_from_v", share=50, any_dtype=True)
def check_values_of_actions(student, rng):
    """Values of actions agree with loops, and need none."""
    forbid(student, "q_from_v", loops="states or actions")
    P, R, terminal = world(rng, 5, 3)
    V = rng.normal(5)
    right = q_loop(P, R, terminal, V, 0.7)
    none = torch.zeros_like(terminal)
    expect_close(student.q_from_v(P, R, terminal, V, 0.7), right, mistakes={
        "Nothing follows a terminal state.": lambda: q_loop(P, R, none, V, 0.7),
        "Discount what follows.": lambda: q_loop(P, R, terminal, V, 1.0),
        "Add the reward.": right - R,
        "Values of next states are weighted by P[s, a], summed over the last axis.":
            lambda: R + 0.7 * torch.einsum("tas,t->sa", P, V) * (~terminal)[:, None],
    }, hint="R[s, a] plus, unless s is terminal, gamma times the sum of P[s, a] V.")  # fmt: skip


@task("greedy", share=50, any_dtype=True)
def check_greedy_policy_of_a_table(student, rng):
    """A single 1 in each row, at the best action; ties go to the smallest number."""
    forbid(student, "greedy", loops="states or actions")
    Q = rng.normal(6, 4)
    Q[2] = 0.5
    Q[3, 1] = Q[3, 3] = 9.0
    found = student.greedy(Q)
    expect_shape(found, (6, 4))
    best = Q.amax(dim=1, keepdim=True)
    expect_close(found, best_rows(Q), check_dtype=False, mistakes={
        "Of several equal actions, only the first is taken.": (best == Q).double(),
        "Of several equal actions, take the one with the smallest number.": best_rows(Q.flip(1)).flip(1),
        "Take the largest value.": best_rows(-Q),
        "Take the largest value, not the largest magnitude.": best_rows(Q.abs()),
    })  # fmt: skip


def enumerated(P, R, terminal, gamma):
    """Return the best values over all deterministic policies, by trying each."""
    S, A = R.shape
    best = torch.full_like(R[:, 0], -1e9)
    for number in range(A**S):
        policy = torch.zeros_like(R)
        for s in range(S):
            policy[s, number // A**s % A] = 1.0
        best = torch.maximum(best, solved(P, R, terminal, policy, gamma))
    return best


@task("policy_iteration", share="2/3", any_dtype=True, loans=LOANS_OF_SWEEPS)
def check_policy_iteration_beats_all_policies(student, rng):
    """The values are the best that any of 16 policies has, and the policy earns them."""
    P, R, terminal = world(rng, 4, 2)
    V, policy, number = parts(
        student.policy_iteration(P, R, terminal, 0.8), 3, "policy_iteration returns V, the policy and a number."
    )
    right = enumerated(P, R, terminal, 0.8)
    expect_close(V, right, name="the values",
                 hint="Evaluate, take the greedy policy, and again, until neither changes.")  # fmt: skip
    expect_shape(policy, (4, 2), name="the policy", hint="The policy is a table (S, A) with a single 1 in each row.")
    expect_close(solved(P, R, terminal, policy.double(), 0.8), right, name="the values that the policy earns")
    expect_type(number, int, name="how many policies were evaluated")
    expect(1 <= number <= 17, Message("{n} policies were evaluated, of 16.", n=number))


@task("value_iteration", share="2/3", any_dtype=True, loans=LOANS_OF_SWEEPS)
def check_value_iteration_beats_all_policies(student, rng):
    """The values are the best that any of 16 policies has, and the policy is greedy for them."""
    P, R, terminal = world(rng, 4, 2)
    V, policy, sweeps = parts(
        student.value_iteration(P, R, terminal, 0.8, 1e-9), 3, "value_iteration returns V, the policy and the sweeps."
    )
    right = enumerated(P, R, terminal, 0.8)
    expect_close(V, right, atol=1e-7, name="the values", mistakes={
        "Take the maximum over actions, not the mean.":
            lambda: solved(P, R, terminal, torch.full_like(R, 0.5), 0.8),
    })  # fmt: skip
    expect_close(policy, best_rows(q_loop(P, R, terminal, right, 0.8)), name="the policy")
    expect_type(sweeps, int, name="the number of sweeps")
    expect(sweeps > 1, "Count every sweep.")
    V = student.value_iteration(*(part.to(rng.device) for part in ice.model()), 0.9, 1e-9)[0]
    expect_close(V, torch.tensor(ON_ICE, dtype=torch.float64, device=rng.device), atol=1e-4, check_dtype=False,
                 name="the values on the ice")  # fmt: skip


@task("monte_carlo_control", share=40, any_dtype=True, loans=LOANS_OF_EPISODES)
def check_monte_carlo_means_of_its_episodes(student, rng):
    """The table is the mean of the returns after first visits in the episodes that were played."""
    P, R, terminal = world(rng, 4, 2)
    P = torch.where(torch.arange(4, device=rng.device) == 3, P / 4, P)
    P = P / P.sum(dim=2, keepdim=True)
    tools = student.define(LOGGED)
    env = tools.logged(P, R, terminal, 50)
    Q = student.monte_carlo_control(env, 25, 0.4, 0.7, tools.generator(R, rng.int(0, 2**31)))
    log = env.log
    expect(len(log) == 25, Message("25 episodes were asked for, and {n} played.", n=len(log)))
    right, _ = first_visits(log, 4, 2, 0.7)
    expect_close(Q.cpu(), right, mistakes={
        "Only the first visit in an episode counts.": lambda: first_visits(log, 4, 2, 0.7, every=True)[0],
        "Discount the returns.": lambda: first_visits(log, 4, 2, 1.0)[0],
    },
                 hint="Q[s, a] is the mean of all returns after first visits of this "
                      "pair, one for each episode that has it.")  # fmt: skip


@task("epsilon_greedy", share="2/3", any_dtype=True)
def check_actions_are_greedy_or_random(student, rng):
    """Without exploration all actions are greedy; with exploration alone, all are equally frequent."""
    Q, s = rng.normal(5, 4), rng.integers(0, 5, 4000)
    Q[3] = 0.25
    tools = student.define(GENERATOR)
    random = tools.generator(Q, rng.int(0, 2**31))
    found = student.epsilon_greedy(Q, s, 0.0, random)
    expect_equal(found, best_rows(Q).argmax(dim=1)[s], check_dtype=False, name="the actions for epsilon 0",
                 hint="With epsilon 0, always the best action, the first of equal ones.")  # fmt: skip
    found = student.epsilon_greedy(Q, s, 1.0, random)
    expect_shape(found, (4000,))
    for action in range(4):
        share = float((found == action).double().mean())
        expect(abs(share - 0.25) < 0.03, Message("For epsilon 1, action {a} has a share of {p}.", a=action, p=share),
               "A random action is any action, also the greedy one; each state has its own.")  # fmt: skip
    seed = rng.int(0, 2**31)
    first, second = (student.epsilon_greedy(Q, s, 0.5, tools.generator(Q, seed)) for _ in range(2))
    expect_equal(first, second, name="the actions of two equal generators",
                 hint="The generator that is given draws all random numbers.")  # fmt: skip


def once(Q, s, a, target):
    """Return the table where only the last increment of a repeated pair counts."""
    table = Q.clone()
    for n in range(len(s)):
        table[s[n], a[n]] = Q[s[n], a[n]] + 0.3 * (target[n] - Q[s[n], a[n]])
    return table


@task("sarsa_update", share=50, any_dtype=True)
def check_sarsa_of_a_batch(student, rng):
    """A batch with repeated pairs and ends agrees with a loop."""
    Q = rng.normal(4, 3)
    s, a, r, s2, a2, done = batch_of(rng, 4, 3, 9)
    right = td_loop(Q, s, a, after(Q, r, s2, a2, done, 0.8), 0.3)
    never, best = torch.zeros_like(done), Q[s2].argmax(dim=1)
    expect_close(student.sarsa_update(Q, s, a, r, s2, a2, done, 0.3, 0.8), right, mistakes={
        "Where the episode is done, nothing follows.": td_loop(Q, s, a, after(Q, r, s2, a2, never, 0.8), 0.3),
        "SARSA takes the next action a2, not the best one.": td_loop(Q, s, a, after(Q, r, s2, best, done, 0.8), 0.3),
        "The increments of a repeated pair add up: index_put_ with accumulate=True.":
            once(Q, s, a, after(Q, r, s2, a2, done, 0.8)),
    }, hint="Each pair moves by alpha * (target - Q[s, a]), from the table as it was; equal pairs add up.")  # fmt: skip


@task("q_learning_update", share=25, any_dtype=True)
def check_q_learning_of_a_batch(student, rng):
    """A batch with repeated pairs and ends agrees with a loop."""
    Q = rng.normal(4, 3) - 2  # the largest value is not the largest magnitude
    s, a, r, s2, a2, done = batch_of(rng, 4, 3, 9)
    best, never = Q[s2].argmax(dim=1), torch.zeros_like(done)
    target = after(Q, r, s2, best, done, 0.8)
    right = td_loop(Q, s, a, target, 0.3)
    mean = Q.mean(dim=1, keepdim=True).expand(4, 3)
    expect_close(student.q_learning_update(Q, s, a, r, s2, done, 0.3, 0.8), right, mistakes={
        "Where the episode is done, nothing follows.": td_loop(Q, s, a, after(Q, r, s2, best, never, 0.8), 0.3),
        "The increments of a repeated pair add up: index_put_ with accumulate=True.": once(Q, s, a, target),
        "The increments of a repeated pair add up: index_put_ with accumulate=True. And where the episode is done, "
        "nothing follows.": once(Q, s, a, after(Q, r, s2, best, never, 0.8)),
        "Discount what follows.": td_loop(Q, s, a, after(Q, r, s2, best, done, 1.0), 0.3),
        "Take the largest value, not the largest magnitude.":
            td_loop(Q, s, a, after(Q.abs(), r, s2, Q[s2].abs().argmax(dim=1), done, 0.8), 0.3),
        "Take the maximum over next actions, not the mean.": td_loop(Q, s, a, after(mean, r, s2, a2, done, 0.8), 0.3),
    }, hint="Each pair moves by alpha * (target - Q[s, a]), from the table as it was; equal pairs add up.")  # fmt: skip


@task("max_bias", share=50, any_dtype=True)
def check_bias_of_a_few_experiments(student, rng):
    """Both estimates agree with a loop over experiments."""
    rewards = rng.normal(6, 3, 4)
    single = [float(x.mean(dim=1).max()) for x in rewards]
    double = [float(x[x[:, :2].mean(dim=1).argmax(), 2:].mean()) for x in rewards]
    found = parts(student.max_bias(rewards), 2, "max_bias returns a single and a double estimate.")
    expect_close(found[0], rewards.new_tensor(sum(single) / 6), name="the single estimate", mistakes={
        "Take the mean of each action first, then the maximum.": rewards.amax(dim=(1, 2)).mean(),
    }, hint="For each experiment: the largest of the actions' mean rewards.")  # fmt: skip
    same = [float(x[x[:, :2].mean(dim=1).argmax(), :2].mean()) for x in rewards]
    expect_close(found[1], rewards.new_tensor(sum(double) / 6), name="the double estimate", mistakes={
        "The half that chooses must not be the one that estimates.": rewards.new_tensor(sum(same) / 6),
    },
                 hint="For each experiment: the first half of the rewards chooses, the "
                      "second half says what it is worth.")  # fmt: skip


@task("double_q_update", share=50, any_dtype=True)
def check_double_q_of_a_batch(student, rng):
    """Each experience changes one table, with the other one's value of its best action."""
    Q1, Q2 = rng.normal(4, 3), rng.normal(4, 3)
    while (Q1.argmax(dim=1) == Q2.argmax(dim=1)).any():  # else it matters less which table chooses
        Q2 = rng.normal(4, 3)
    s, a, r, s2, _, done = batch_of(rng, 4, 3, 40)
    first = rng.uniform(40) < 0.5
    first[0], first[1] = True, False

    def both(judge1, judge2):
        out = []
        for own, judge, learns in ((Q1, judge1, first), (Q2, judge2, ~first)):
            targets = after(judge, r[learns], s2[learns], own[s2[learns]].argmax(dim=1), done[learns], 0.9)
            out.append(td_loop(own, s[learns], a[learns], targets, 0.2))
        return out

    found = parts(student.double_q_update(Q1, Q2, s, a, r, s2, done, first, 0.2, 0.9), 2,
                  "double_q_update returns both tables.")  # fmt: skip
    for n, (right, own) in enumerate(zip(both(Q2, Q1), both(Q1, Q2), strict=True)):
        expect_close(found[n], right, name=Message("table {n}", n=n + 1), mistakes={
            "The table that learns chooses the action, and the other one says what it is worth.": own,
            "Where `first` is False, the second table learns.": (Q1, Q2)[n],
        },
                     hint="Each experience moves one table: its own argmax in s2, the other "
                          "one's value of it; both as they were.")  # fmt: skip


@task("n_step_return", share="2/3", any_dtype=True)
def check_n_step_returns_of_an_episode(student, rng):
    """Returns of one, three and all steps agree with loops."""
    rewards, values = rng.normal(6), rng.normal(7)
    for n in (1, 3, 6, 50):
        right = bootstrapped(rewards, values, n, 0.8)
        expect_close(student.n_step_return(rewards, values, n, 0.8), right, name=Message("n = {n}", n=n), mistakes={
            "Add n rewards, not n + 1.": bootstrapped(rewards, values, n + 1, 0.8),
            "Near the end, the value after the last reward counts.":
                bootstrapped(rewards, torch.cat([values[:-1], values.new_zeros(1)]), n, 0.8),
            "The value, too, is discounted: once for each reward before it.":
                lambda n=n: bootstrapped(rewards, torch.zeros_like(values), n, 0.8)
                + values[(torch.arange(6, device=values.device) + n).clamp(max=6)],
        }, hint="m = min(n, T - t) rewards from t on, plus gamma^m times values[t + m].")  # fmt: skip
