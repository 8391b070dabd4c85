"""Right answers to policy_gradient.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("policy_gradient.py")

# fmt: off
VARIANTS = [
    variant("logarithms of sums of exponentials",
        body("log_prob", """
            chosen = torch.gather(logits, -1, actions.unsqueeze(-1)).squeeze(-1)
            return chosen - torch.logsumexp(logits, dim=-1)
        """),
        body("entropy", """
            p = torch.softmax(logits, dim=-1)
            return torch.logsumexp(logits, dim=-1) - (p * logits).sum(-1)
        """),
        body("boltzmann", """
            z = q / temperature
            z = z - z.max(dim=-1, keepdim=True).values
            p = torch.exp(z)
            return p / p.sum(dim=-1, keepdim=True)
        """),
        body("td_errors", "return rewards - values + gamma * next_values.masked_fill(done, 0.0)"),
        body("decision_tokens", """
            E, T, D = states.shape
            tokens = states.new_empty(E, 3 * T, D)
            tokens[:, 0::3] = returns_to_go
            tokens[:, 1::3] = states
            tokens[:, 2::3] = actions
            return tokens, torch.arange(1, 3 * T, 3, device=states.device)
        """)),
    variant("one-hot actions",
        body("log_prob", """
            hot = nn.functional.one_hot(actions, logits.shape[-1]).to(logits.dtype)
            return (nn.functional.log_softmax(logits, dim=-1) * hot).sum(dim=-1)
        """),
        body("reinforce_loss", """
            E = logits.shape[0]
            chosen = log_prob(logits[mask], actions[mask])
            return -(chosen * weights[mask].detach()).sum() / E
        """),
        body("normalise", """
            out = torch.zeros_like(weights)
            w = weights[mask]
            mean = w.mean()
            std = ((w - mean) ** 2).mean().sqrt()
            out[mask] = (w - mean) / (std + 1e-8)
            return out
        """),
        body("constant_baseline", """
            b = returns.mean()
            out = torch.zeros_like(scores[0])
            for j in range(scores.shape[1]):
                g2 = scores[:, j] ** 2
                out[j] = (g2 * returns).mean() / g2.mean() if g2.sum() > 0 else b
            return b, out
        """)),
    variant("loops over episodes and steps",
        body("reinforce_loss", """
            loss = 0.0
            for e in range(len(actions)):
                T = int(mask[e].sum())
                loss = loss - (log_prob(logits[e, :T], actions[e, :T]) * weights[e, :T].detach()).sum()
            return loss / len(actions)
        """),
        body("reward_to_go", """
            rows = []
            for row in rewards:
                G, gains = 0.0, []
                for r in reversed(row.tolist()):
                    G = r + gamma * G
                    gains.insert(0, G)
                rows.append(gains)
            return torch.tensor(rows, dtype=rewards.dtype, device=rewards.device)
        """),
        body("gae", """
            E, T = deltas.shape
            advantage = torch.zeros_like(deltas)
            for e in range(E):
                last = 0.0
                for t in range(T - 1, -1, -1):
                    if ended[e, t]:
                        last = 0.0
                    last = deltas[e, t] + gamma * lam * last
                    advantage[e, t] = last
            return advantage
        """),
        body("actor_critic_loss", """
            N = len(actions)
            with torch.no_grad():
                A, y = advantage.clone(), targets.clone()
            policy = (log_prob(logits, actions) * A).sum() / N
            value = nn.functional.mse_loss(values, y)
            return -policy + c_v * value - c_e * entropy(logits).sum() / N
        """)),
    variant("log-probabilities that are stored while playing",
        body("train_policy", """
            optimizer = torch.optim.Adam(model.parameters(), lr=lr)
            totals = []
            for update in range(updates):
                state = env.reset(n, generator)
                running = torch.ones(n, dtype=torch.bool, device=state.device)
                all_logits, all_actions, all_rewards, all_masks = [], [], [], []
                for t in range(steps):
                    logits = model(state)
                    action = torch.multinomial(
                        torch.softmax(logits.detach(), dim=-1), num_samples=1, generator=generator
                    ).squeeze(-1)
                    state, reward, done, truncated = env.step(action)
                    all_logits.append(logits)
                    all_actions.append(action)
                    all_rewards.append(reward.masked_fill(~running, 0.0))
                    all_masks.append(running.clone())
                    running &= ~(done | truncated)
                logits, actions = torch.stack(all_logits, 1), torch.stack(all_actions, 1)
                rewards, mask = torch.stack(all_rewards, 1), torch.stack(all_masks, 1)
                if weigh is None:
                    weights = normalise(reward_to_go(rewards, gamma), mask)
                else:
                    weights = weigh(rewards, mask)
                loss = reinforce_loss(logits, actions, weights, mask)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                totals.append(rewards.sum(dim=1).mean().item())
            return torch.tensor(totals, device=rewards.device)
        """),
        body("act", """
            obs = env.reset(1, generator)
            rtg = torch.full((1, 1), float(target), device=obs.device)
            history, actions = obs.unsqueeze(1), torch.zeros(1, 1, dtype=torch.long, device=obs.device)
            rewards = []
            while len(rewards) < max_steps:
                a = model(rtg, history, actions)[0, -1].argmax().reshape(1)
                obs, r, done, truncated = env.step(a)
                rewards.append(float(r))
                if bool(done) or bool(truncated) or len(rewards) == max_steps:
                    break
                actions = torch.cat([actions[:, :-1], a[None], torch.zeros_like(a)[None]], dim=1)
                rtg = torch.cat([rtg, rtg[:, -1:] - r], dim=1)
                history = torch.cat([history, obs.unsqueeze(1)], dim=1)
            return rtg[0], torch.tensor(rewards, device=obs.device)
        """)),
    variant("matrices of powers",
        body("reward_to_go", """
            T = rewards.shape[1]
            k = torch.arange(T, device=rewards.device)
            lag = k[None] - k[:, None]
            powers = torch.where(lag >= 0, gamma ** lag.clamp(min=0).to(rewards.dtype), 0.0)
            return rewards @ powers.T
        """),
        body("gae", """
            gl = gamma * lam
            out = [deltas[:, -1]]
            for t in range(deltas.shape[1] - 2, -1, -1):
                go_on = 1.0 - ended[:, t].to(deltas.dtype)
                out.append(deltas[:, t] + gl * go_on * out[-1])
            return torch.stack(out[::-1], dim=1)
        """),
        body("entropy", "p = logits.softmax(-1)\nreturn -torch.xlogy(p, p).sum(-1)"),
        body("constant_baseline", """
            weight = scores**2 / (scores**2).sum(dim=0)
            best = torch.einsum("ej,e->j", weight, returns)
            return returns.mean(), torch.where(torch.isnan(best), returns.mean(), best)
        """)),
    variant("torch's distributions and losses where they are allowed",
        body("boltzmann", "return torch.distributions.Categorical(logits=q / temperature).probs"),
        body("reinforce_loss", """
            weights = torch.where(mask, weights.detach(), torch.zeros_like(weights))
            per_step = nn.functional.cross_entropy(logits.flatten(0, 1), actions.flatten(), reduction="none")
            return (per_step.reshape(actions.shape) * weights).sum(dim=1).mean()
        """),
        body("actor_critic_loss", """
            policy = torch.distributions.Categorical(logits=logits)
            loss = -(policy.log_prob(actions) * advantage.detach()).mean()
            loss = loss + c_v * torch.mean((targets.detach() - values) ** 2)
            return loss - c_e * policy.entropy().mean()
        """)),
]
