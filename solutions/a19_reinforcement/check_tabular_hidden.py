"""Hidden checks of tabular: long episodes, other worlds, frequencies of actions, and what Q-learning learns on ice."""

import torch
from check_tabular import SOLVERS, optimal
from oracles_tables import LOANS_OF_TABLES, WALK
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
from oracles_ties import FLIPS

from autograder import (
    Message,
    expect,
    expect_close,
    expect_draws,
    expect_equal,
    expect_shape,
    expect_unchanged,
    forbid,
    task,
)
from common.environments import ice

BACKWARDS = "Begin at the end: G_t = r_t + gamma G_(t+1). The last return is the last reward."


@task("returns", share="1/3")
def check_returns_of_long_episodes(student, rng):
    """A hundred thousand rewards, one, and a gamma of 0 and of 1; the input stays."""
    for T, gamma in ((1, 0.5), (12, 1.0), (9, 0.0), (30, 0.95)):
        rewards = rng.normal(T)
        seen = student.inspect(student.returns, rewards, gamma)
        right = rewards.new_tensor(returns_loop(rewards.tolist(), gamma))
        expect_close(seen.value, right, name=Message("{T} rewards, gamma {g}", T=T, g=gamma),
                     hint=BACKWARDS)  # fmt: skip
        expect_unchanged(seen, rewards, gamma)
    single = rng.normal(6, dtype=torch.float32)
    right = single.new_tensor(returns_loop(single.tolist(), 0.5))
    expect_close(student.returns(single, 0.5), right, name="rewards in float32")
    long = student.returns(torch.ones(100_000, dtype=torch.float64, device=rng.device), 0.75)
    expect_shape(long, (100_000,))
    expect_close(long[[0, 50_000, 99_998, 99_999]], long.new_tensor([4.0, 4.0, 1.75, 1.0]), name="100,000 rewards",
                 hint=BACKWARDS)  # fmt: skip


@task("sample_episode", share=50)
def check_episodes_end_and_repeat(student, rng):
    """Limits and ends, equal episodes for equal generators, and actions with the policy's frequencies."""
    P, R, terminal = world(rng, 4, 3, ends=0)
    tools, policy, seed = student.define(LOGGED), policy_of(rng, 4, 3), rng.int(0, 2**31)
    policy[1] = torch.tensor([0.0, 1.0, 0.0], device=rng.device)
    runs = []
    for limit, most in ((17, 99), (99, 17)):
        student.seed(rng.int(0, 2**31))
        env = tools.logged(P, R, terminal, limit)
        runs.append(student.sample_episode(env, policy, tools.generator(R, seed), most))
        expect(env.copies == [1], "Run one copy of the environment, and reset it once.")
        expect_shape(runs[-1][0], (17,), name="the states of a limited episode",
                     hint="Stop when the episode is done or truncated, or after max_steps.")  # fmt: skip
        expect(runs[-1][3] is False, "No terminal state ended the episode: the last result is False.",
               "That an episode was truncated is not the end of a terminal state.")  # fmt: skip
    for n, what in enumerate((Message("the states"), Message("the actions"), Message("the rewards"))):
        expect_equal(runs[1][n], runs[0][n], name=Message("{what} for the same seed", what=what),
                     hint="The generator that is given draws all random numbers.")  # fmt: skip
    env = tools.logged(P, R, terminal, 60)
    expect_draws(student, lambda generator: student.sample_episode(env, policy, generator, 99)[:2], rng.device)
    expect(runs[0][0].dtype == runs[0][1].dtype == torch.int64, "States and actions are of dtype int64.")
    env = tools.logged(P, R, terminal, 3000)
    states, actions, _, _ = student.sample_episode(env, policy, tools.generator(R, seed + 1), 3000)
    for s in range(4):
        at = actions[states == s]
        shares = torch.stack([(at == a).double().mean() for a in range(3)])
        error = float((shares - policy[s]).abs().max()) * len(at) ** 0.5
        expect(error < 2.2, Message("In state {s}, actions do not have the policy's frequencies.", s=s),
               "Draw from the probabilities of the policy.")  # fmt: skip


@task("evaluate_policy", share=50)
def check_values_of_other_policies(student, rng):
    """Other sizes, no ends, episodes without discount, the tolerance, garbage in terminal rows; inputs stay."""
    forbid(student, "evaluate_policy", calls=SOLVERS)
    for S, A, ends, gamma in ((5, 2, 1, 1.0), (3, 4, 0, 0.9), (7, 1, 3, 0.5), (1, 2, 1, 0.9)):
        P, R, terminal = world(rng, S, A, ends)
        policy = policy_of(rng, S, A)
        P[terminal] = 7.0
        seen = student.inspect(student.evaluate_policy, P, R, terminal, policy, gamma, 1e-11)
        right = solved(P, R, terminal, policy, gamma)
        expect_close(seen.value, right, name=Message("{S} states, gamma {g}", S=S, g=gamma),
                     hint="Sweep until the largest absolute change is below tol.")  # fmt: skip
        expect_unchanged(seen, P, R, terminal, policy, gamma, 1e-11)
    P, R, terminal = world(rng, 6, 2, 0)
    R, policy = R + 5.0, policy_of(rng, 6, 2)
    right = solved(P, R, terminal, policy, 0.98)
    for tol in (0.1, 1e-3):
        error = float((student.evaluate_policy(P, R, terminal, policy, 0.98, tol) - right).abs().max())
        expect(error <= 49 * tol, Message("With a tolerance of {tol}, the error is {e}.", tol=tol, e=error),
               "Stop when the largest absolute change is below the tolerance.")  # fmt: skip
        expect(error > tol, Message("With a tolerance of {tol}, it does not stop in time.", tol=tol))
    fall = -R
    error = float((student.evaluate_policy(P, fall, terminal, policy, 0.98, 1e-3) + right).abs().max())
    expect(error <= 0.049, "Where all values fall, it stops too early.", "Compare absolute changes.")
    V = student.evaluate_policy(P, 0 * R, terminal, policy, 0.98, 0.5)
    expect_close(V, torch.zeros_like(V), name="values where nothing is earned, with a large tolerance",
                 hint="Each call begins at V = 0.")  # fmt: skip
    alone = torch.eye(40, dtype=R.dtype, device=R.device)  # of forty states that stay, the first earns 1
    stay, earn = alone[:, None].clone(), alone[0, :, None].clone()
    V = student.evaluate_policy(stay, earn, earn[:, 0] > 2, torch.ones_like(earn), 0.98, 0.1)
    expect(float(V[0]) >= 45.1, Message("A value is {v}, not 50: only its state changes.", v=float(V[0])),
           "Stop when the largest absolute change is below the tolerance.")  # fmt: skip


@task("q_from_v", share=50)
def check_values_of_other_actions(student, rng):
    """Other sizes, garbage in terminal rows; inputs stay."""
    for S, A, ends, gamma in ((5, 2, 2, 1.0), (3, 5, 0, 0.3), (1, 1, 1, 0.9)):
        P, R, terminal = world(rng, S, A, ends)
        P[terminal] = -3.0
        V = rng.normal(S)
        seen = student.inspect(student.q_from_v, P, R, terminal, V, gamma)
        expect_close(seen.value, q_loop(P, R, terminal, V, gamma), name=Message("{S} states, {A} actions", S=S, A=A))
        expect_unchanged(seen, P, R, terminal, V, gamma)


@task("greedy", share=50)
def check_greedy_policies_of_other_tables(student, rng):
    """Both dtypes, one action, negative values, all equal, nearly equal; the input stays."""
    for S, A in ((1, 6), (7, 1), (4, 3)):
        for dtype in (torch.float64, torch.float32):
            Q = -(rng.normal(S, A, dtype=dtype).abs()) - 1.0
            Q[0] = -2.0
            Q[-1] = -2.0 + torch.arange(A, dtype=dtype, device=rng.device) * (1e-9 if dtype == torch.float64 else 1e-6)
            seen = student.inspect(student.greedy, Q)
            expect_equal(seen.value, best_rows(Q), name=Message("{S} states, {A} actions", S=S, A=A),
                         hint="The largest value as it is, negative or only a little larger.")  # fmt: skip
            expect_unchanged(seen, Q)


@task("policy_iteration", share="1/3", loans=LOANS_OF_TABLES)
def check_policy_iteration_of_other_worlds(student, rng):
    """The ice, random worlds, actions that are equally good; few policies are evaluated; inputs stay."""
    worlds = [tuple(part.to(rng.device) for part in ice.model()), world(rng, 9, 3, 0), world(rng, 6, 4, 2)]
    for P, R, terminal in worlds:
        seen = student.inspect(student.policy_iteration, P, R, terminal, 0.9)
        V, policy, number = seen.value
        right = optimal(P, R, terminal, 0.9)
        expect_close(V, right, atol=1e-7, name="the values",
                     hint="Go on until the policy or its values no longer change.")  # fmt: skip
        expect_close(policy, best_rows(policy), name="the policy, whose rows have a single 1")
        expect_close(solved(P, R, terminal, policy, 0.9), right, atol=1e-7, name="the values that the policy earns")
        expect(2 <= number <= 12, Message("{n} policies were evaluated.", n=number))
        expect_unchanged(seen, P, R, terminal, 0.9)
    P, R, terminal = world(rng, 5, 2, 1)
    R[:, 0], P[:, 0] = R[:, 1], P[:, 1]
    V, policy, number = student.policy_iteration(P, R, terminal, 0.9)
    expect_close(V, optimal(P, R, terminal, 0.9), atol=1e-7, name="the values, where both actions are equal")
    expect(number <= 3, Message("{n} policies were evaluated, although all are equal.", n=number))
    best = best_rows(q_loop(P, R + torch.tensor([1.0, 0.0], device=rng.device), terminal, V, 0.9))
    number = student.policy_iteration(P, R + torch.tensor([1.0, 0.0], device=rng.device), terminal, 0.9)[2]
    expect(float(best[:, 0].min()) == 1.0 and number == 1, "The first policy, action 0 everywhere, was the best.",
           "Begin with action 0 everywhere; stop when the greedy policy is the one that was evaluated.")  # fmt: skip
    number = student.policy_iteration(P, R + torch.tensor([0.0, 1.0], device=rng.device), terminal, 0.9)[2]
    expect(number == 2, Message("{n} policies were evaluated, not 2, although action 1 is always the best.", n=number),
           "Begin with action 0 everywhere, whatever it earns.")  # fmt: skip
    evaluated, number = student.define(FLIPS).flips(rng.normal(1))
    expect(max(evaluated, number) <= 4,
           Message("Of two equal actions, rounding errors prefer each in turn: {n} policies were evaluated.",
                   n=max(evaluated, number)), "Stop when no value improves by more than 1e-9, too.")  # fmt: skip


@task("value_iteration", share="1/3", loans=LOANS_OF_TABLES)
def check_value_iteration_of_other_worlds(student, rng):
    """The ice to 1e-8, the number of sweeps, the bound of the error, falling values; inputs stay."""
    P, R, terminal = (part.to(rng.device) for part in ice.model())
    seen = student.inspect(student.value_iteration, P, R, terminal, 0.9, 1e-12)
    V, policy, sweeps = seen.value
    right = optimal(P, R, terminal, 0.9)
    expect_close(V, right, rtol=1e-8, atol=1e-8, name="the values on ice", mistakes={
        "These values have the digits of float32: compute in the dtype of R.": lambda: V.float().double(),
    },
                 hint="Stop by the values: the largest absolute change is below tol.")  # fmt: skip
    rows = best_rows(q_loop(P, R, terminal, right, 0.9))
    expect_close(policy[:15], rows[:15], name="the policy on ice",
                 hint="Stop by the values: the largest absolute change is below tol.")  # fmt: skip
    expect(sweeps <= 128, Message("There were {n} sweeps on ice.", n=sweeps),
           "Stop as soon as the largest absolute change of a value is below tol: here that is sweep 127.")  # fmt: skip
    expect(sweeps > 40, Message("There were {n} sweeps on ice.", n=sweeps), "127 if all states change at once.")
    expect_unchanged(seen, P, R, terminal, 0.9, 1e-12)
    for S, A, ends, tol in ((6, 3, 1, 1e-2), (4, 5, 0, 1e-9), (3, 1, 0, 1e-4)):
        P, R, terminal = world(rng, S, A, ends)
        R = R - 4.0
        V, policy, sweeps = student.value_iteration(P, R, terminal, 0.9, tol)
        right, W, most = optimal(P, R, terminal, 0.9), torch.zeros(S, dtype=R.dtype, device=R.device), 0
        while True:
            before, W, most = W, q_loop(P, R, terminal, W, 0.9).amax(dim=1), most + 1
            if float((W - before).abs().max()) < tol:
                break
        error = float((V - right).abs().max())
        name = Message("a tolerance of {tol}", tol=tol)
        expect(error <= 9.01 * tol, Message("With {name}, the error is {e}.", name=name, e=error),
               "Stop when the largest absolute change of a value is below the tolerance.")  # fmt: skip
        expect(1 < sweeps <= most, Message("With {name}, there were {n} sweeps.", name=name, n=sweeps))
        expect_close(policy, best_rows(q_loop(P, R, terminal, V, 0.9)), name="the policy")
    alone = torch.eye(40, dtype=R.dtype, device=rng.device)  # of forty states that stay, the first earns 1
    V = student.value_iteration(alone[:, None].clone(), alone[0, :, None].clone(), alone[0] > 2, 0.9, 0.1)[0]
    expect(float(V[0]) >= 9.09, Message("A value is {v}, not 10: only its state changes.", v=float(V[0])),
           "Stop when the largest absolute change of a value is below the tolerance.")  # fmt: skip
    on = torch.eye(3, dtype=R.dtype, device=rng.device).roll(1, 1)[:, None].expand(-1, 4, -1).clone()
    pay = torch.tensor([2.0, -1.0, 4.0], dtype=R.dtype, device=rng.device)[:, None].expand(-1, 4).clone()
    policy = student.value_iteration(on, pay, pay[:, 0] > 9, 0.5)[1]
    expect_close(policy, best_rows(pay), name="the policy, where all actions are equal",
                 hint="Of several equal actions, take the one with the smallest number.")  # fmt: skip
    P, R, terminal = world(rng, 4, 3, 4)
    sweeps = student.value_iteration(P, R, terminal, 0.9)[2]
    expect(sweeps == 2, Message("Where all states are terminal, there were {n} sweeps, not 2.", n=sweeps),
           "Values begin at 0; the last sweep, which changes nothing, counts, too.")  # fmt: skip


@task("epsilon_greedy", share="1/3")
def check_frequencies_of_actions(student, rng):
    """For epsilon 0.3, each action has its share; equal generators give equal actions; inputs stay."""
    Q, n = rng.normal(3, 5), 20_000
    tools, s, seed = student.define(GENERATOR), rng.integers(0, 3, n), rng.int(0, 2**31)
    best, shares = Q.argmax(dim=1)[s], []
    for more in range(12):
        few = student.epsilon_greedy(Q, s[:50], 0.3, tools.generator(Q, seed + more))
        expect_shape(few, (50,))
        shares.append(float((few == best[:50]).double().mean()))  # about 0.76; with one coin, 1 or about 0.2
    expect(any(0.45 < share < 0.97 for share in shares) or min(shares) > 0.45 or max(shares) < 0.97,
           "All states of a batch explore, or none.", "Draw a coin and an action for each state.")  # fmt: skip
    seen = student.inspect(student.epsilon_greedy, Q, s, 0.3, tools.generator(Q, seed))
    found = seen.value
    expect_unchanged(seen, Q, s, 0.3)
    expect_draws(student, lambda generator: student.epsilon_greedy(Q, s, 0.3, generator), rng.device)
    near = torch.tensor([[1.0, 1.0 + 1e-9]], dtype=torch.float64, device=rng.device)
    found_near = student.epsilon_greedy(near, s[:5] * 0, 0.0, tools.generator(Q, seed))
    expect_equal(found_near, s[:5] * 0 + 1, name="actions whose values differ by 1e-9",
                 hint="The largest value as it is, negative or only a little larger.")  # fmt: skip
    expect(found.dtype == torch.int64, "Actions are of dtype int64.")
    statistic = 0.0
    for state in range(3):
        at = found[s == state]
        for action in range(5):
            right = (0.76 if action == int(Q[state].argmax()) else 0.06) * len(at)
            count = float((at == action).sum())
            statistic += (count - right) ** 2 / right
            p = Message("In state {s}, action {a} has a share of {p}.", s=state, a=action, p=count / max(len(at), 1))
            expect(abs(count - right) < 0.03 * len(at), p,
                   "The greedy action has the probability 1 - epsilon + epsilon / A.")  # fmt: skip
    expect(statistic < 52, Message("Chi squared of 12 degrees of freedom is {x}.", x=statistic))
    pairs = (found[1:] == best[1:]) & (found[:-1] == best[:-1])
    expect(abs(float(pairs.double().mean()) - 0.76**2) < 0.03, "The states of a batch do not explore independently.")


@task("monte_carlo_control", share=20, any_dtype=True, loans=LOANS_OF_TABLES)
def check_monte_carlo_follows_its_table(student, rng):
    """Actions are greedy in the table after the episode before, except for the share of exploration."""
    P, R, terminal = world(rng, 5, 3)
    tools = student.define(LOGGED)
    for epsilon, episodes in ((0.0, 12), (0.6, 300)):
        env = tools.logged(P, R, terminal, 12)
        student.monte_carlo_control(env, episodes, epsilon, 0.8, tools.generator(R, rng.int(0, 2**31)), 10)
        log, greedily, steps = env.log, 0, 0
        _, tables = first_visits(log, 5, 3, 0.8)
        expect(max(len(episode) for episode in log) <= 10, "An episode has more than max_steps steps.",
               "Hand max_steps on to sample_episode.")  # fmt: skip
        for episode, table in zip(log, tables, strict=True):
            best = table.argmax(dim=1)
            greedily += sum(int(best[s]) == a for s, a, _ in episode)
            steps += len(episode)
        share, right = greedily / steps, 1 - epsilon * 2 / 3
        margin = 4.5 * (right * (1 - right) / steps) ** 0.5 + 1e-9
        expect(abs(share - right) <= margin,
               Message("For epsilon {e}, {p} of the actions are greedy.", e=epsilon, p=share),
               "The table after the episode before: greedy with 1 - epsilon + epsilon / A.")  # fmt: skip


@task("monte_carlo_control", share=40, loans=LOANS_OF_TABLES)
def check_monte_carlo_of_other_worlds(student, rng):
    """Other sizes, truncated episodes, and a world with one action; equal generators give equal tables."""
    tools = student.define(LOGGED)
    for S, A, ends, episodes, gamma in ((3, 4, 0, 20, 0.5), (6, 2, 2, 60, 1.0), (2, 1, 1, 9, 0.9)):
        P, R, terminal = world(rng, S, A, ends)
        env = tools.logged(P, R, terminal, 15)
        table = student.monte_carlo_control(env, episodes, 0.3, gamma, tools.generator(R, rng.int(0, 2**31)))
        right, _ = first_visits(env.log, S, A, gamma)
        expect(max(len(episode) for episode in env.log) <= 15, "An episode goes on after it was truncated.",
               "Stop when the episode is done or truncated, or after max_steps.")  # fmt: skip
        done = first_visits([log for log in env.log if log and terminal[log[-1][0]]], S, A, gamma)[0]
        expect_close(table.cpu(), right, name=Message("{S} states, {A} actions", S=S, A=A), mistakes={
            "Episodes that are truncated count, too.": done,
        })  # fmt: skip
    env = tools.logged(*world(rng, 3, 4, 0), 15)
    expect_draws(student, lambda generator: student.monte_carlo_control(env, 20, 0.3, 0.5, generator), rng.device)


@task("sarsa_update", share=50)
def check_sarsa_of_other_batches(student, rng):
    """One experience, many, alpha of 1, gamma of 0; the table and the batch stay."""
    for S, A, B, alpha, gamma in ((5, 2, 40, 1.0, 0.9), (3, 3, 7, 0.1, 0.0), (2, 4, 2, 0.5, 1.0)):
        Q = rng.normal(S, A)
        s, a, r, s2, a2, done = batch_of(rng, S, A, B)
        seen = student.inspect(student.sarsa_update, Q, s, a, r, s2, a2, done, alpha, gamma)
        right = td_loop(Q, s, a, after(Q, r, s2, a2, done, gamma), alpha)
        expect_close(seen.value, right, name=Message("{B} experiences", B=B))
        expect_unchanged(seen, Q, s, a, r, s2, a2, done, alpha, gamma)


@task("q_learning_update", share=50)
def check_q_learning_of_other_batches(student, rng):
    """One experience, many, alpha of 1, gamma of 0; the table and the batch stay."""
    for S, A, B, alpha, gamma in ((5, 2, 40, 1.0, 0.9), (3, 3, 7, 0.1, 0.0), (2, 4, 2, 0.5, 1.0)):
        Q = rng.normal(S, A)
        s, a, r, s2, _, done = batch_of(rng, S, A, B)
        seen = student.inspect(student.q_learning_update, Q, s, a, r, s2, done, alpha, gamma)
        right = td_loop(Q, s, a, after(Q, r, s2, Q[s2].argmax(dim=1), done, gamma), alpha)
        expect_close(seen.value, right, name=Message("{B} experiences", B=B))
        expect_unchanged(seen, Q, s, a, r, s2, done, alpha, gamma)


@task("q_learning_update", share=25, any_dtype=True, seconds=60)
def check_q_learning_learns_the_ice(student, rng, score):
    """From random walks on the ice, the table becomes that of the best policy."""
    Q = student.define(WALK).walk(torch.zeros(1, device=rng.device), rng.int(0, 2**31), 1500, 40)
    expect_shape(Q, (16, 4))
    P, R, terminal = ice.model()
    error = (Q.double().cpu().amax(dim=1) - optimal(P, R, terminal, 0.9))[:15].square().mean().sqrt()
    score(float(error.nan_to_num(1e9, 1e9)), "root mean square error of the values", higher_is_better=False)


@task("max_bias", share=50)
def check_biases_of_many_experiments(student, rng):
    """Two and four actions have the known biases; other shapes agree with a loop; the input stays."""
    for E, A, K in ((1, 1, 2), (5, 7, 6), (9, 2, 2)):
        rewards = rng.normal(E, A, K)
        seen = student.inspect(student.max_bias, rewards)
        means, half = rewards.mean(dim=2), K // 2
        pick = rewards[:, :, :half].sum(dim=2).argmax(dim=1)
        double = torch.stack([rewards[e, pick[e], half:].mean() for e in range(E)]).mean()
        expect_close(seen.value[0], torch.stack([m.max() for m in means]).mean(), name="the single estimate")
        expect_close(seen.value[1], double, name="the double estimate")
        expect_unchanged(seen, rewards)
    for A, right in ((2, 0.5642), (4, 1.0294)):
        single, double = student.max_bias(rng.normal(20_000, A, 4) * 2.0)
        expect_close(single, torch.tensor(right, dtype=torch.float64), rtol=0.0, atol=0.03, name="a known bias")
        expect_close(double, torch.zeros_like(double), rtol=0.0, atol=0.05, name="the double estimate's bias")


@task("double_q_update", share=50)
def check_double_q_of_other_batches(student, rng):
    """All coins alike, large batches, alpha of 1; no argument changes."""
    for S, A, B, share in ((5, 2, 40, 0.5), (3, 3, 7, 1.0), (2, 4, 3, 0.0)):
        Q1, Q2 = rng.normal(S, A), rng.normal(S, A)
        s, a, r, s2, _, done = batch_of(rng, S, A, B)
        first = rng.uniform(B) < share
        seen = student.inspect(student.double_q_update, Q1, Q2, s, a, r, s2, done, first, 0.7, 0.6)
        for found, own, other, learns in ((seen.value[0], Q1, Q2, first), (seen.value[1], Q2, Q1, ~first)):
            targets = after(other, r, s2, own[s2].argmax(dim=1), done, 0.6)
            change = td_loop(torch.zeros_like(own), s[learns], a[learns],
                             [t for t, yes in zip(targets, learns, strict=True) if yes], 0.7)  # fmt: skip
            right = (
                own.clone()
                + change
                - td_loop(torch.zeros_like(own), s[learns], a[learns], own[s[learns], a[learns]], 0.7)
            )
            expect_close(found, right, name=Message("{B} experiences", B=B))
        expect_unchanged(seen, Q1, Q2, s, a, r, s2, done, first, 0.7, 0.6)


@task("n_step_return", share="1/3")
def check_n_step_returns_of_other_episodes(student, rng):
    """One reward, gamma of 0 and 1, both extremes of n; inputs stay."""
    for T, n, gamma in ((1, 1, 0.9), (1, 4, 0.9), (15, 4, 1.0), (8, 2, 0.0), (20, 7, 0.95)):
        rewards, values = rng.normal(T), rng.normal(T + 1)
        seen = student.inspect(student.n_step_return, rewards, values, n, gamma)
        expect_close(seen.value, bootstrapped(rewards, values, n, gamma), name=Message("T = {T}, n = {n}", T=T, n=n))
        expect_unchanged(seen, rewards, values, n, gamma)
    rewards, values = rng.normal(11), rng.normal(12)
    expect_close(student.n_step_return(rewards, values, 1, 0.9), rewards + 0.9 * values[1:], name="n = 1")
    values[-1] = 0.0
    right = rewards.new_tensor(returns_loop(rewards.tolist(), 0.9))
    expect_close(student.n_step_return(rewards, values, 1000, 0.9), right, name="n above T")
