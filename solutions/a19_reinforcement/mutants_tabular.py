"""Wrong answers to tabular.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("tabular.py")
RETURNS, RETURNS2 = "check_returns_of_five_rewards", "check_returns_of_long_episodes"
EPISODE, EPISODE2 = "check_episode_agrees_with_the_log", "check_episodes_end_and_repeat"
VALUES, VALUES2 = "check_values_solve_bellmans_equation", "check_values_of_other_policies"
Q, Q2 = "check_values_of_actions", "check_values_of_other_actions"
GREEDY, GREEDY2 = "check_greedy_policy_of_a_table", "check_greedy_policies_of_other_tables"
POLICIES, POLICIES2 = "check_policy_iteration_beats_all_policies", "check_policy_iteration_of_other_worlds"
SWEEPS, SWEEPS2 = "check_value_iteration_beats_all_policies", "check_value_iteration_of_other_worlds"
MC, FOLLOWS, MC2 = (
    "check_monte_carlo_means_of_its_episodes", "check_monte_carlo_follows_its_table", "check_monte_carlo_of_other_worlds",
)  # fmt: skip
ACTIONS, SHARES = "check_actions_are_greedy_or_random", "check_frequencies_of_actions"
SARSA, SARSA2 = "check_sarsa_of_a_batch", "check_sarsa_of_other_batches"
LEARN, LEARN2 = "check_q_learning_of_a_batch", "check_q_learning_of_other_batches"
ICE = "check_q_learning_learns_the_ice"
BIAS, BIAS2 = "check_bias_of_a_few_experiments", "check_biases_of_many_experiments"
DOUBLE, DOUBLE2 = "check_double_q_of_a_batch", "check_double_q_of_other_batches"
STEPS, STEPS2 = "check_n_step_returns_of_an_episode", "check_n_step_returns_of_other_episodes"
FOLLOWING = "        following = rewards[t] + gamma * following\n"
STEP = 'step = torch.einsum("sa,sat->st", policy, P) * ~terminal[:, None]'
SETTLED = "if (V - before).abs().max() < tol:\n            return V\n"
Q_OF_V = 'return R + gamma * torch.einsum("sat,t->sa", P, V) * ~terminal[:, None]'
ONE = "out[torch.arange(len(Q)), Q.argmax(dim=1)] = 1"
ENDS = "if torch.equal(better, policy) or (V - before).max() <= 1e-9:"
COUNTED = "        sweeps += 1\n        if (V - before).abs().max() < tol:\n"
SWEEP = "before, V = V, q_from_v(P, R, terminal, V, gamma).amax(dim=1)"
EXPLORES = "explores = torch.rand(s.shape, generator=generator, device=Q.device) < epsilon"
RANDOM = "random = torch.randint(Q.shape[1], s.shape, generator=generator, device=Q.device)"
VISIT = "            if (s, a) not in seen:\n"
SOFT = "policy = (1 - epsilon) * greedy(Q) + epsilon / env.actions"
MEAN = "Q[s, a] += (G - Q[s, a]) / visits[s, a]"
PUT = "return Q.index_put((s, a), alpha * (target - Q[s, a]), accumulate=True)"
AFTER_SARSA, AFTER_Q = "target = r + gamma * ~done * Q[s2, a2]", "target = r + gamma * ~done * Q[s2].amax(dim=1)"
BIASES = "return rewards.mean(dim=2).amax(dim=1).mean(), second.gather(1, chosen).mean()"
JUDGED = "target = r + gamma * ~done * other[s2, own[s2].argmax(dim=1)]"
ADDED = "out[t] = powers[:-1] @ rewards[t:end] + powers[-1] * values[end]"

# fmt: off
MUTANTS = [
    mutant("returns: the first reward is discounted", RETURNS, FOLLOWING, FOLLOWING.replace("rewards[t] + gamma * following", "gamma * (rewards[t] + following)")),
    mutant("returns: what was earned so far", RETURNS, "for t in reversed(range(len(rewards))):", "for t in range(len(rewards)):"),
    mutant("returns: discounted from the start of the episode", RETURNS, FOLLOWING, FOLLOWING + "    powers = gamma ** torch.arange(len(rewards), device=rewards.device)\n    return powers * returns_of(rewards, gamma)\n\n\ndef returns_of(rewards: Tensor, gamma: float) -> Tensor:\n    out = torch.empty_like(rewards)\n    following = 0.0\n    for t in reversed(range(len(rewards))):\n" + FOLLOWING),
    mutant("returns: without discount", RETURNS, FOLLOWING, FOLLOWING.replace("gamma * ", "")),
    mutant("returns: a square table of powers", RETURNS2, "    out = torch.empty_like(rewards)\n    following = 0.0\n", "    t = torch.arange(len(rewards), device=rewards.device)\n    return (gamma ** (t[None] - t[:, None]).clamp(min=0) * (t[None] >= t[:, None]) * rewards[None]).sum(dim=1).to(rewards.dtype)\n    out = torch.empty_like(rewards)\n    following = 0.0\n"),
    mutant("returns: divided by powers of gamma", RETURNS2, "    out = torch.empty_like(rewards)\n    following = 0.0\n", "    powers = gamma ** torch.arange(len(rewards), dtype=rewards.dtype, device=rewards.device)\n    return (powers * rewards).flip(0).cumsum(0).flip(0) / powers\n    out = torch.empty_like(rewards)\n    following = 0.0\n"),
    mutant("returns: writes into the rewards", RETURNS2, "out = torch.empty_like(rewards)\n    following", "out = rewards\n    following"),
    mutant("returns: float64", RETURNS2, "out = torch.empty_like(rewards)\n    following", "out = torch.empty_like(rewards, dtype=torch.float64)\n    following", habit="dtype"),
    mutant("returns: float32", RETURNS2, "out = torch.empty_like(rewards)\n    following", "out = torch.empty_like(rewards, dtype=torch.float32)\n    following", habit="dtype"),
    mutant("episode: stores the state after the step", EPISODE, "        states.append(state)\n        actions.append(action)\n        state, reward, done, truncated = env.step(action)\n", "        actions.append(action)\n        state, reward, done, truncated = env.step(action)\n        states.append(state)\n"),
    mutant("episode: truncated is called done", EPISODE2, "bool(done)\n", "bool(done | truncated)\n"),
    mutant("episode: goes on when it is truncated", EPISODE2, "if done or truncated:", "if done:"),
    mutant("episode: goes on when it is done", EPISODE, "if done or truncated:", "if truncated:"),
    mutant("episode: the likeliest action", EPISODE2, "action = torch.multinomial(policy[state], 1, generator=generator)[:, 0]", "action = policy[state].argmax(dim=1)"),
    mutant("episode: global random numbers", EPISODE2, "torch.multinomial(policy[state], 1, generator=generator)", "torch.multinomial(policy[state], 1)"),
    mutant("episode: one step too many", EPISODE2, "for _ in range(max_steps):", "for _ in range(max_steps + 1):"),
    mutant("episode: the last reward is lost", EPISODE, "        rewards.append(reward)\n        if done or truncated:\n            break\n", "        if done or truncated:\n            rewards.append(0 * reward)\n            break\n        rewards.append(reward)\n"),
    mutant("values: terminal states go on", VALUES, STEP, STEP.replace(" * ~terminal[:, None]", "")),
    mutant("values: terminal states are worth 0", VALUES, "reward = (policy * R).sum(dim=1)", "reward = (policy * R).sum(dim=1) * ~terminal"),
    mutant("values: all actions alike", VALUES, "reward = (policy * R).sum(dim=1)", "reward = R.mean(dim=1)"),
    mutant("values: of the best action", VALUES, "reward = (policy * R).sum(dim=1)", "reward = R.amax(dim=1)"),
    mutant("values: rewards of the state that is reached", VALUES, "V = V, reward + gamma * step @ V", "V = V, torch.where(terminal, reward, step @ (reward + gamma * V))"),
    mutant("values: stops by the mean change", VALUES2, SETTLED, SETTLED.replace(".max()", ".mean()")),
    mutant("values: stops where values fall", VALUES2, SETTLED, SETTLED.replace(".abs()", "")),
    mutant("values: a hundred sweeps", VALUES2, "    while True:\n        before, V = V, reward", "    for _ in range(100):\n        before, V = V, reward", also=((SETTLED, SETTLED + "    return V\n"),)),
    mutant("values: ignores the tolerance", VALUES2, SETTLED, SETTLED.replace("< tol", "< 1e-11")),
    mutant("values: linear equations", VALUES, "    V = torch.zeros_like(reward)\n    while True", "    return torch.linalg.solve(torch.eye(len(R), dtype=R.dtype, device=R.device) - gamma * step, reward)\n    while True"),
    mutant("values: float32", VALUES2, SETTLED, SETTLED.replace("return V", "return V.float()"), habit="dtype"),
    mutant("q: terminal states go on", Q, Q_OF_V, Q_OF_V.replace(" * ~terminal[:, None]", "")),
    mutant("q: rewards are lost in terminal states", Q, Q_OF_V, Q_OF_V.replace("R + gamma * ", "(R + gamma * ").replace(", V)", ", V))")),
    mutant("q: values that lead into a terminal state are dropped", Q, Q_OF_V, Q_OF_V.replace("P, V)", "P, V * ~terminal)")),
    mutant("q: without discount", Q, Q_OF_V, Q_OF_V.replace("gamma * ", "")),
    mutant("q: the discounted reward, too", Q, Q_OF_V, Q_OF_V.replace("R + gamma", "gamma * R + gamma")),
    mutant("q: loops", Q, Q_OF_V, Q_OF_V.replace("R + gamma * torch", "torch.stack([R[s] for s in range(len(R))]) + gamma * torch")),
    mutant("q: float32", Q2, Q_OF_V, "return (" + Q_OF_V.removeprefix("return ") + ").float()", habit="dtype"),
    mutant("greedy: all of several", GREEDY, ONE, "out[Q == Q.amax(dim=1, keepdim=True)] = 1"),
    mutant("greedy: the last of several", GREEDY, ONE, "out[torch.arange(len(Q)), Q.shape[1] - 1 - Q.flip(1).argmax(dim=1)] = 1"),
    mutant("greedy: positive values only", GREEDY2, ONE, ONE.replace("Q.argmax", "Q.clamp(min=0).argmax")),
    mutant("greedy: the largest magnitude", GREEDY2, ONE, ONE.replace("Q.argmax", "Q.abs().argmax")),
    mutant("greedy: whole numbers", GREEDY2, "out = torch.zeros_like(Q)\n    out[", "out = torch.zeros_like(Q, dtype=torch.int64)\n    out[", habit="dtype"),
    mutant("episode: a generator of its own", EPISODE2, first("sample_episode", "generator = torch.Generator(device=generator.device).manual_seed(0)")),
    mutant("exploration: a generator of its own", SHARES, first("epsilon_greedy", "generator = torch.Generator(device=generator.device).manual_seed(0)")),
    mutant("monte carlo: a generator of its own", MC2, first("monte_carlo_control", "generator = torch.Generator(device=generator.device).manual_seed(0)")),
    mutant("exploration: values in float32", SHARES, "torch.where(explores, random, Q[s].argmax(dim=1))", "torch.where(explores, random, Q[s].float().argmax(dim=1))"),
    mutant("values: begins at 1", VALUES2, "V = torch.zeros_like(reward)", "V = torch.ones_like(reward)"),
    mutant("values: begins where the last call ended", VALUES2, "V = torch.zeros_like(reward)", "V = evaluate_policy.__dict__.setdefault(tuple(R.shape), torch.zeros_like(reward))", also=((SETTLED, SETTLED.replace("            return V\n", "            evaluate_policy.__dict__[tuple(R.shape)] = V\n            return V\n")),)),
    mutant("greedy: nearly equal values are equal", GREEDY2, ONE, ONE.replace("Q.argmax(dim=1)", "(Q >= Q.amax(dim=1, keepdim=True) - 1e-4).int().argmax(dim=1)")),
    mutant("greedy: values in float32", GREEDY2, ONE, ONE.replace("Q.argmax(dim=1)", "Q.float().argmax(dim=1)")),
    mutant("policy iteration: begins at the best rewards", POLICIES2, "policy = greedy(torch.zeros_like(R))", "policy = greedy(R)"),
    mutant("policy iteration: two rounds", (POLICIES2,), ENDS, "if evaluated == 2:"),
    mutant("policy iteration: loops where actions are equal", POLICIES2, ENDS, "if evaluated > 2 and torch.equal(better, policy) or evaluated == 13:"),
    mutant("policy iteration: stops by the policy only", POLICIES2, ENDS, "if torch.equal(better, policy):"),
    mutant("policy iteration: returns the first values", POLICIES, "return V, better, evaluated", "return evaluate_policy(P, R, terminal, greedy(torch.zeros_like(R)), gamma), better, evaluated"),
    mutant("policy iteration: returns the table of values", POLICIES, "return V, better, evaluated", "return V, q_from_v(P, R, terminal, V, gamma), evaluated"),
    mutant("policy iteration: the worst action", POLICIES, "better = greedy(q_from_v(P, R, terminal, V, gamma))", "better = greedy(-q_from_v(P, R, terminal, V, gamma))"),
    mutant("policy iteration: actions as numbers", POLICIES, "return V, better, evaluated", "return V, better.argmax(dim=1), evaluated"),
    mutant("policy iteration: one round more", POLICIES2, ENDS, ENDS.replace("if torch", "if evaluated > 1 and (torch").replace("1e-9:", "1e-9):")),
    mutant("value iteration: stops when the policy stays", SWEEPS, COUNTED, "        sweeps += 1\n        if torch.equal(greedy(q_from_v(P, R, terminal, V, gamma)), greedy(q_from_v(P, R, terminal, before, gamma))):\n"),
    mutant("value iteration: the mean over actions", SWEEPS, SWEEP, SWEEP.replace("amax", "mean")),
    mutant("value iteration: does not count", SWEEPS, COUNTED, COUNTED.replace("sweeps += 1", "sweeps = 1")),
    mutant("value iteration: the last sweep does not count", SWEEPS2, "V, gamma)), sweeps", "V, gamma)), sweeps - 1"),
    mutant("value iteration: begins at the best rewards", SWEEPS2, "V, sweeps = torch.zeros_like(R[:, 0]), 0", "V, sweeps = R.amax(dim=1), 0"),
    mutant("value iteration: stops where values fall", SWEEPS2, COUNTED, COUNTED.replace(".abs()", "")),
    mutant("value iteration: stops by the mean change", SWEEPS2, COUNTED, COUNTED.replace(".max()", ".mean()")),
    mutant("value iteration: the last of equal actions", SWEEPS2, "return V, greedy(q_from_v(P, R, terminal, V, gamma)), sweeps", "return V, greedy(q_from_v(P, R, terminal, V, gamma).flip(1)).flip(1), sweeps"),
    mutant("value iteration: a fixed number of sweeps", SWEEPS2, COUNTED, "        sweeps += 1\n        if sweeps == 300:\n"),
    mutant("value iteration: float32", SWEEPS2, SWEEP, SWEEP + ".float().to(R.dtype)", habit="dtype"),
    mutant("exploration: never the greedy action", ACTIONS, RANDOM, RANDOM + "\n    random = torch.where(random == Q[s].argmax(dim=1), (random + 1) % Q.shape[1], random)"),
    mutant("exploration: one coin for the batch", SHARES, EXPLORES, "explores = torch.rand((), generator=generator, device=Q.device) < epsilon"),
    mutant("exploration: one random action for the batch", ACTIONS, RANDOM, "random = torch.randint(Q.shape[1], (1,), generator=generator, device=Q.device).expand(s.shape)"),
    mutant("exploration: the coin is turned around", ACTIONS, EXPLORES, EXPLORES.replace("< epsilon", "> epsilon")),
    mutant("exploration: global random numbers", SHARES, EXPLORES, EXPLORES.replace("generator=generator, ", "")),
    mutant("exploration: the last of several", ACTIONS, "torch.where(explores, random, Q[s].argmax(dim=1))", "torch.where(explores, random, Q.shape[1] - 1 - Q[s].flip(1).argmax(dim=1))"),
    mutant("exploration: epsilon for each of the others", SHARES, EXPLORES, EXPLORES.replace("< epsilon", "< min(1.0, epsilon * Q.shape[1] / (Q.shape[1] - 1))")),
    mutant("exploration: the square of epsilon", SHARES, EXPLORES, EXPLORES.replace("< epsilon", "< epsilon**2")),
    mutant("monte carlo: every visit", MC, VISIT, "            if True:\n"),
    mutant("monte carlo: first visits of states", MC, VISIT + "                seen.add((s, a))\n", "            if s not in seen:\n                seen.add(s)\n"),
    mutant("monte carlo: first visits of the whole run", MC, "    visits = torch.zeros_like(Q)\n", "    visits, seen = torch.zeros_like(Q), set()\n", also=(("        seen = set()\n", ""),)),
    mutant("monte carlo: a fixed rate", MC, MEAN, "Q[s, a] += 0.1 * (G - Q[s, a])"),
    mutant("monte carlo: divides by episodes", MC, MEAN, "Q[s, a] += G / episodes"),
    mutant("monte carlo: without discount", MC, "returns(rewards, gamma).tolist()", "returns(rewards, 1.0).tolist()"),
    mutant("monte carlo: acts at random", FOLLOWS, SOFT, "policy = torch.full_like(Q, 1 / env.actions)"),
    mutant("monte carlo: always greedy", FOLLOWS, SOFT, "policy = greedy(Q)"),
    mutant("monte carlo: the greedy action without its share", FOLLOWS, SOFT, "policy = greedy(Q)\n        policy = torch.where(policy == 1, 1 - epsilon, epsilon / max(env.actions - 1, 1)).to(Q.dtype)"),
    mutant("monte carlo: forgets max_steps", FOLLOWS, "sample_episode(env, policy, generator, max_steps)", "sample_episode(env, policy, generator, 1000)"),
    mutant("monte carlo: drops truncated episodes", MC2, "states, actions, rewards, _ = sample_episode(env, policy, generator, max_steps)", "states, actions, rewards, done = sample_episode(env, policy, generator, max_steps)\n        if not done:\n            continue"),
    mutant("monte carlo: goes on when it is truncated", MC2, body("monte_carlo_control", """
        Q = torch.zeros(env.states, env.actions, dtype=torch.float64)
        found = {}
        for _ in range(episodes):
            state, path, gains, G = env.reset(1, generator), [], {}, 0.0
            for _ in range(max_steps):
                action = epsilon_greedy(Q.to(state.device), state, epsilon, generator)
                before, (state, reward, done, _) = state, env.step(action)
                path.append(((int(before), int(action)), float(reward)))
                if done:
                    break
            for pair, reward in reversed(path):
                G = gains[pair] = reward + gamma * G
            for pair, G in gains.items():
                found.setdefault(pair, []).append(G)
                Q[pair] = sum(found[pair]) / len(found[pair])
        return Q
    """)),
    mutant("monte carlo: float32", MC2, MEAN + "\n    return Q\n", MEAN + "\n    return Q.float()\n", habit="dtype"),
    mutant("sarsa: done is ignored", SARSA, AFTER_SARSA, AFTER_SARSA.replace("~done * ", "")),
    mutant("sarsa: done is turned around", SARSA, AFTER_SARSA, AFTER_SARSA.replace("~done", "done")),
    mutant("sarsa: the best action", SARSA, AFTER_SARSA, AFTER_Q),
    mutant("sarsa: the reward is discounted", SARSA, AFTER_SARSA, "target = gamma * (r + ~done * Q[s2, a2])"),
    mutant("sarsa: no difference to the old value", SARSA, AFTER_SARSA + "\n    " + PUT, AFTER_SARSA + "\n    " + PUT.replace("(target - Q[s, a])", "target")),
    mutant("sarsa: repeated pairs count once", SARSA, AFTER_SARSA + "\n    " + PUT, AFTER_SARSA + "\n    " + PUT.replace(", accumulate=True", "")),
    mutant("sarsa: changes the table", SARSA2, AFTER_SARSA + "\n    " + PUT, AFTER_SARSA + "\n    " + PUT.replace("index_put", "index_put_")),
    mutant("sarsa: one experience after the other", SARSA2, AFTER_SARSA + "\n    " + PUT, "Q = Q.clone()\n    for n in range(len(s)):\n        target = r[n] + gamma * ~done[n] * Q[s2[n], a2[n]]\n        Q[s[n], a[n]] += alpha * (target - Q[s[n], a[n]])\n    return Q"),
    mutant("q-learning: the mean over actions", (LEARN, ICE), AFTER_Q, AFTER_Q.replace("amax", "mean"), calibrates=True),
    mutant("q-learning: done is ignored", (LEARN, ICE), AFTER_Q, AFTER_Q.replace("~done * ", ""), calibrates=True),
    mutant("q-learning: the target of the state that is left", LEARN, AFTER_Q, AFTER_Q.replace("Q[s2]", "Q[s]")),
    mutant("q-learning: without discount", LEARN, AFTER_Q, AFTER_Q.replace("gamma * ", "")),
    mutant("q-learning: changes the table", LEARN2, AFTER_Q + "\n    " + PUT, AFTER_Q + "\n    " + PUT.replace("index_put", "index_put_")),
    mutant("q-learning: repeated pairs count once", LEARN, AFTER_Q + "\n    " + PUT, AFTER_Q + "\n    " + PUT.replace(", accumulate=True", "")),
    mutant("q-learning: the largest magnitude", LEARN, AFTER_Q, AFTER_Q.replace("Q[s2].amax", "Q[s2].abs().amax")),
    mutant("bias: the maximum before the mean", BIAS, BIASES, BIASES.replace("rewards.mean(dim=2).amax(dim=1)", "rewards.amax(dim=1).mean(dim=1)")),
    mutant("bias: one half for both", BIAS, BIASES, BIASES.replace("second.gather", "first.gather")),
    mutant("bias: the maximum of the second half", BIAS, BIASES, BIASES.replace("second.gather(1, chosen)", "second.amax(dim=1)")),
    mutant("bias: one action for all experiments", BIAS, "chosen = first.argmax(dim=1, keepdim=True)", "chosen = first.mean(dim=0).argmax().expand(len(first), 1)"),
    mutant("bias: even and odd rewards", BIAS, "rewards[:, :, :half].mean(dim=2), rewards[:, :, half:].mean(dim=2)", "rewards[:, :, ::2].mean(dim=2), rewards[:, :, 1::2].mean(dim=2)"),
    mutant("bias: float32", BIAS2, BIASES, BIASES.replace("return rewards", "return rewards.float()"), habit="dtype"),
    mutant("double: the same table chooses and judges", DOUBLE, JUDGED, JUDGED.replace("other[s2, own", "own[s2, own")),
    mutant("double: the other table chooses and judges", DOUBLE, JUDGED, JUDGED.replace("own[s2].argmax", "other[s2].argmax")),
    mutant("double: both tables learn", DOUBLE, "alpha * learns * (target", "alpha * (target"),
    mutant("double: the coin is turned around", DOUBLE, "return change(Q1, Q2, first), change(Q2, Q1, ~first)", "return change(Q1, Q2, ~first), change(Q2, Q1, first)"),
    mutant("double: done is ignored", DOUBLE, JUDGED, JUDGED.replace("~done * ", "")),
    mutant("double: the second learns from the new first", DOUBLE, "return change(Q1, Q2, first), change(Q2, Q1, ~first)", "Q1 = change(Q1, Q2, first)\n    return Q1, change(Q2, Q1, ~first)"),
    mutant("double: changes the first table", DOUBLE2, "return change(Q1, Q2, first), change(Q2, Q1, ~first)", "out = change(Q1, Q2, first), change(Q2, Q1, ~first)\n    Q1.copy_(out[0])\n    return out"),
    mutant("n steps: nothing follows", STEPS, ADDED, ADDED.replace(" + powers[-1] * values[end]", "")),
    mutant("n steps: the value is not discounted", STEPS, ADDED, ADDED.replace("powers[-1] * ", "")),
    mutant("n steps: one reward too many", STEPS, "end = min(t + n, T)", "end = min(t + n + 1, T)"),
    mutant("n steps: always n powers before the value", STEPS, ADDED, ADDED.replace("powers[-1]", "gamma**n")),
    mutant("n steps: no value near the end", STEPS, ADDED, ADDED.replace("values[end]", "values[end] * (t + n <= T)")),
    mutant("n steps: the value of the last reward's state", STEPS, ADDED, ADDED.replace("values[end]", "values[end - 1]")),
    mutant("n steps: at most five rewards", STEPS2, "end = min(t + n, T)", "end = min(t + min(n, 5), T)"),
    mutant("n steps: float32", STEPS2, "    out = torch.empty_like(rewards)\n    for t in range(T):", "    out = torch.empty_like(rewards, dtype=torch.float32)\n    for t in range(T):", habit="dtype"),
    mutant("episode: changes the policy", "check_episode_agrees_with_the_log", first("sample_episode", "policy.mul_(1 + 1e-6)")),
    mutant("episode: the generator begins again", EPISODE2, first("sample_episode", "generator.manual_seed(generator.initial_seed())")),
    mutant("exploration: the generator begins again", SHARES, first("epsilon_greedy", "generator.manual_seed(generator.initial_seed())")),
    mutant("exploration: draws from a copy of the generator", SHARES, first("epsilon_greedy", "generator = generator.clone_state()")),
    mutant("monte carlo: the generator begins again", MC2, first("monte_carlo_control", "generator.manual_seed(generator.initial_seed())")),
]
