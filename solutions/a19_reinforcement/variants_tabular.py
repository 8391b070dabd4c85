"""Right answers to tabular.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("tabular.py")

# fmt: off
VARIANTS = [
    variant("lists of Python's numbers",
        body("returns", """
            result = [0.0] * len(rewards)
            G = 0.0
            numbers = rewards.tolist()
            for t in range(len(numbers) - 1, -1, -1):
                G = G * gamma + numbers[t]
                result[t] = G
            return torch.tensor(result, dtype=rewards.dtype, device=rewards.device)
        """),
        body("sample_episode", """
            states, actions, rewards = [], [], []
            obs = env.reset(1, generator)
            finished = False
            while len(states) < max_steps:
                s = obs.item()
                a = torch.multinomial(policy[s], 1, replacement=True, generator=generator).item()
                obs, r, terminated, truncated = env.step(torch.tensor([a], device=policy.device))
                states += [s]
                actions += [a]
                rewards += [r[0]]
                finished = terminated.item()
                if finished or truncated.item():
                    break
            device = policy.device
            s, a = torch.tensor(states, device=device), torch.tensor(actions, device=device)
            return s, a, torch.stack(rewards), finished
        """),
        body("monte_carlo_control", """
            A = env.actions
            Q = torch.zeros(env.states, A, dtype=torch.float64, device=generator.device)
            gains = {}
            for _ in range(episodes):
                pi = torch.full_like(Q, epsilon / A)
                pi[torch.arange(env.states), Q.argmax(1)] += 1 - epsilon
                s, a, r, _ = sample_episode(env, pi, generator, max_steps)
                g = returns(r, gamma)
                first = {}
                for t in range(len(s) - 1, -1, -1):
                    first[int(s[t]), int(a[t])] = float(g[t])
                for pair, gain in first.items():
                    gains.setdefault(pair, []).append(gain)
                    Q[pair] = sum(gains[pair]) / len(gains[pair])
            return Q
        """)),
    variant("one loop for each formula",
        body("evaluate_policy", """
            S, A = R.shape
            V = torch.zeros(S, dtype=R.dtype, device=R.device)
            delta = float("inf")
            while delta >= tol:
                new = V.clone()
                for s in range(S):
                    new[s] = sum(
                        policy[s, a] * (R[s, a] + (0 if terminal[s] else gamma * P[s, a].dot(V))) for a in range(A)
                    )
                delta = torch.max(torch.abs(new - V)).item()
                V = new
            return V
        """),
        body("value_iteration", """
            V = R.new_zeros(R.shape[0])
            for sweeps in range(1, 10**6):
                Q = R + gamma * torch.where(terminal[:, None], torch.zeros_like(R), P @ V)
                new = Q.max(dim=1).values
                delta = torch.max(torch.abs(new - V))
                V = new
                if delta < tol:
                    break
            Q = R + gamma * torch.where(terminal[:, None], torch.zeros_like(R), P @ V)
            policy = torch.nn.functional.one_hot(Q.argmax(dim=1), R.shape[1]).to(R.dtype)
            return V, policy, sweeps
        """),
        body("sarsa_update", """
            new = Q.clone()
            for i in range(len(s)):
                target = r[i] if done[i] else r[i] + gamma * Q[s2[i], a2[i]]
                new[s[i], a[i]] += alpha * (target - Q[s[i], a[i]])
            return new
        """),
        body("q_learning_update", """
            new = Q.clone()
            for i in range(len(s)):
                target = r[i] if done[i] else r[i] + gamma * max(Q[s2[i]])
                new[s[i], a[i]] += alpha * (target - Q[s[i], a[i]])
            return new
        """),
        body("n_step_return", """
            T = len(rewards)
            out = torch.zeros_like(rewards)
            for t in range(T):
                steps = min(n, T - t)
                for k in range(steps):
                    out[t] = out[t] + gamma**k * rewards[t + k]
                out[t] = out[t] + gamma**steps * values[t + steps]
            return out
        """),
        body("max_bias", """
            E, A, K = rewards.shape
            single, double = [], []
            for e in range(E):
                single.append(rewards[e].mean(1).max())
                best = rewards[e, :, : K // 2].sum(1).argmax()
                double.append(rewards[e, best, K // 2 :].mean())
            return sum(single) / E, sum(double) / E
        """)),
    variant("sweeps in place, without waiting for the others",
        body("evaluate_policy", """
            S = R.shape[0]
            V = torch.zeros(S, dtype=R.dtype, device=R.device)
            rewards = torch.einsum("sa,sa->s", policy, R)
            table = (policy.unsqueeze(2) * P).sum(1)
            while True:
                change = 0.0
                for s in range(S):
                    old = V[s].clone()
                    V[s] = rewards[s] if terminal[s] else rewards[s] + gamma * (table[s] * V).sum()
                    change = max(change, abs(float(V[s] - old)))
                if change < tol:
                    return V
        """),
        body("value_iteration", """
            S, A = R.shape
            V, sweeps = torch.zeros(S, dtype=R.dtype, device=R.device), 0
            while True:
                change, sweeps = 0.0, sweeps + 1
                for s in range(S):
                    old = float(V[s])
                    V[s] = R[s].max() if terminal[s] else (R[s] + gamma * P[s] @ V).max()
                    change = max(change, abs(float(V[s]) - old))
                if change < tol:
                    break
            return V, greedy(q_from_v(P, R, terminal, V, gamma)), sweeps
        """),
        body("policy_iteration", """
            S, A = R.shape
            actions = torch.zeros(S, dtype=torch.long, device=R.device)
            count = 0
            while True:
                policy = torch.zeros_like(R)
                policy[torch.arange(S), actions] = 1.0
                V = evaluate_policy(P, R, terminal, policy, gamma, tol=1e-11)
                count += 1
                Q = q_from_v(P, R, terminal, V, gamma)
                gain = Q.max(dim=1).values - Q[torch.arange(S), actions]
                if torch.all(gain < 1e-9):
                    return V, policy, count
                actions = torch.where(gain < 1e-9, actions, Q.argmax(dim=1))
        """)),
    variant("other operators",
        body("q_from_v", "return torch.where(terminal[:, None], R, R + gamma * torch.matmul(P, V))"),
        body("greedy", "return torch.nn.functional.one_hot(torch.max(Q, dim=-1).indices, Q.size(1)).type_as(Q)"),
        body("epsilon_greedy", """
            A = Q.shape[1]
            probabilities = torch.full((len(s), A), epsilon / A, dtype=torch.float64, device=Q.device)
            probabilities[torch.arange(len(s)), Q[s].argmax(dim=1)] += 1 - epsilon
            return torch.multinomial(probabilities, 1, generator=generator).squeeze(1)
        """),
        body("sarsa_update", """
            not_done = 1.0 - done.to(Q.dtype)
            delta = r + gamma * not_done * Q[s2, a2] - Q[s, a]
            S, A = Q.shape
            zeros = torch.zeros(S * A, dtype=Q.dtype, device=Q.device)
            return Q + zeros.index_add(0, s * A + a, alpha * delta).view(S, A)
        """),
        body("q_learning_update", """
            best = Q.max(dim=1)[0][s2].masked_fill(done, 0.0)
            return Q.clone().index_put_((s, a), alpha * (r + gamma * best - Q[s, a]), accumulate=True)
        """),
        body("double_q_update", """
            new1, new2 = Q1.clone(), Q2.clone()
            go = (~done).to(r.dtype)
            t1 = r + gamma * go * Q2[s2].gather(1, Q1[s2].argmax(1, keepdim=True)).squeeze(1)
            t2 = r + gamma * go * Q1[s2].gather(1, Q2[s2].argmax(1, keepdim=True)).squeeze(1)
            i, j = first, torch.logical_not(first)
            new1.index_put_((s[i], a[i]), alpha * (t1 - Q1[s, a])[i], accumulate=True)
            new2.index_put_((s[j], a[j]), alpha * (t2 - Q2[s, a])[j], accumulate=True)
            return new1, new2
        """),
        body("n_step_return", """
            T = rewards.shape[0]
            out = []
            for t in range(T):
                G = values[min(t + n, T)]
                for k in reversed(range(t, min(t + n, T))):
                    G = rewards[k] + gamma * G
                out.append(G)
            return torch.stack(out)
        """)),
]
