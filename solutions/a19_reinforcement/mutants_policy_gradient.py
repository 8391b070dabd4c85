"""Wrong answers to policy_gradient.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of

mutant = mutants_of("policy_gradient.py")
LOG, LOG2 = "check_log_probabilities_of_a_batch", "check_log_probabilities_of_large_logits"
ENT, ENT2 = "check_entropy_of_a_batch", "check_entropies_of_large_logits"
TEMPERATURE, TEMPERATURE2 = "check_boltzmann_of_a_batch", "check_boltzmann_of_large_values"
LOSS, SLOPE, LOSS2 = (
    "check_loss_of_three_episodes", "check_gradient_is_that_of_the_mean_return", "check_losses_of_other_episodes",
)  # fmt: skip
TO_GO, TO_GO2 = "check_rewards_to_go_of_three_episodes", "check_rewards_to_go_of_other_episodes"
SCALE, SCALE2 = "check_normalised_weights", "check_normalised_weights_of_other_episodes"
TRAIN, FIRST, POLE = (
    "check_training_learns_which_action_pays", "check_updates_of_a_policy", "check_policy_balances_the_pole",
)  # fmt: skip
BASE, LEAST = "check_baselines_of_a_batch", "check_baselines_have_the_least_variance"
DELTA, DELTA2 = "check_errors_of_a_few_steps", "check_errors_of_other_steps"
GAE, GAE2 = "check_advantages_of_a_few_rows", "check_advantages_of_other_rows"
BOTH, BOTH2 = "check_loss_of_actor_and_critic", "check_gradients_of_actor_and_critic"
TOKENS, TOKENS2 = "check_tokens_of_two_episodes", "check_tokens_of_other_episodes"
ACT, ACT2 = "check_acting_subtracts_what_was_earned", "check_acting_in_other_worlds"
PICK = "return logits.log_softmax(dim=-1).gather(-1, actions[..., None])[..., 0]"
SUM = "return -(logs.exp() * logs).sum(dim=-1)"
SOFT = "return (q / temperature).softmax(dim=-1)"
TERMS = "terms = log_prob(logits, actions) * weights.detach()"
MEAN = "return -torch.where(mask, terms, 0).sum() / len(mask)"
FOLLOWING = "following = rewards[:, t] + gamma * following"
SCALED = "scaled = (weights - counted.mean()) / (counted.std(correction=0) + 1e-8)"
MASKED = "return torch.where(mask, scaled, 0)"
EARNED = "earned.append(torch.where(alive, reward, 0))"
ALIVE = "            alive = alive & ~done & ~truncated\n            if not alive.any():\n"
WEIGHTS = "weights = weigh(rewards, mask) if weigh else normalise(reward_to_go(rewards, gamma), mask)"
BEST = "best = (squares * returns[:, None]).sum(dim=0) / torch.where(total > 0, total, 1)"
TD = "return rewards + gamma * torch.where(done, 0, next_values) - values"
CUT = "following = deltas[:, t] + gamma * lam * torch.where(ended[:, t], 0, following)"
ACTOR = "actor = -(log_prob(logits, actions) * advantage.detach()).mean()"
CRITIC = "critic = (values - targets.detach()).square().mean()"
TOTAL = "return actor + c_v * critic - c_e * entropy(logits).mean()"
STACK = "tokens = torch.stack([returns_to_go, states, actions], dim=2).reshape(E, 3 * T, D)"
PLACES = "return tokens, 3 * torch.arange(T, device=states.device) + 1"
WANTED = "wanted = wanted - earned[-1]"
LAST = "actions.append(logits[:, -1].argmax(dim=1))"
KNOWN = "known = torch.stack([*actions, torch.zeros(1, dtype=torch.int64, device=state.device)], dim=1)"

# fmt: off
MUTANTS = [
    mutant("tokens: without a gradient", TOKENS2, PLACES, PLACES.replace("tokens,", "tokens.detach(),")),
    mutant("log: the logarithm of softmax", LOG2, PICK, PICK.replace("log_softmax(dim=-1)", "softmax(dim=-1).log()")),
    mutant("log: the probability", LOG, PICK, PICK.replace("log_softmax", "softmax")),
    mutant("log: logits", LOG, PICK, PICK.replace(".log_softmax(dim=-1)", "")),
    mutant("log: softmax over the batch", LOG, PICK, PICK.replace("log_softmax(dim=-1)", "log_softmax(dim=0)")),
    mutant("log: one axis more", LOG, PICK, PICK.replace("[..., 0]", "")),
    mutant("log: a distribution of torch", LOG, PICK, "return torch.distributions.Categorical(logits=logits).log_prob(actions)"),
    mutant("log: without a gradient", LOG2, PICK, PICK.replace("logits.log", "logits.detach().log")),
    mutant("log: float32", LOG2, PICK, PICK + ".float()", habit="dtype"),
    mutant("entropy: the sign", ENT, SUM, SUM.replace("-(", "(")),
    mutant("entropy: a mean", ENT, SUM, SUM.replace(".sum(", ".mean(")),
    mutant("entropy: in bits", ENT, SUM, SUM + " / 0.6931471805599453"),
    mutant("entropy: not weighted", ENT, SUM, SUM.replace("logs.exp() * ", "")),
    mutant("entropy: logarithms of softmax", ENT2, "logs = logits.log_softmax(dim=-1)\n    return -(logs", "logs = logits.softmax(dim=-1).log()\n    return -(logs"),
    mutant("entropy: clamped logarithms", ENT2, "logs = logits.log_softmax(dim=-1)\n    return -(logs", "logs = logits.softmax(dim=-1).clamp(min=0.01).log()\n    return -(logs"),
    mutant("entropy: float32", ENT2, SUM, SUM + ".float()", habit="dtype"),
    mutant("boltzmann: multiplied", TEMPERATURE, SOFT, SOFT.replace("/", "*")),
    mutant("boltzmann: no temperature", TEMPERATURE, SOFT, "return q.softmax(dim=-1)"),
    mutant("boltzmann: overflows", TEMPERATURE2, SOFT, "powers = (q / temperature).exp()\n    return powers / powers.sum(dim=-1, keepdim=True)"),
    mutant("boltzmann: over the batch", TEMPERATURE, SOFT, SOFT.replace("dim=-1", "dim=0")),
    mutant("loss: the sign", LOSS, MEAN, MEAN.replace("-torch", "torch")),
    mutant("loss: a mean over steps", LOSS, MEAN, MEAN.replace("len(mask)", "mask.sum()")),
    mutant("loss: a mean over all places", LOSS, MEAN, MEAN.replace("len(mask)", "mask.numel()")),
    mutant("loss: a sum over episodes", LOSS, MEAN, MEAN.replace(" / len(mask)", "")),
    mutant("loss: steps after the end count", LOSS, MEAN, MEAN.replace("torch.where(mask, terms, 0)", "terms")),
    mutant("loss: nan times 0", LOSS2, MEAN, MEAN.replace("torch.where(mask, terms, 0)", "(terms * mask)")),
    mutant("loss: probabilities without logarithm", SLOPE, TERMS, TERMS.replace("log_prob(logits, actions)", "log_prob(logits, actions).exp()")),
    mutant("loss: weights get a gradient", LOSS2, TERMS, TERMS.replace(".detach()", "")),
    mutant("loss: weights are not used", LOSS, TERMS, TERMS.replace("weights.detach()", "1.0 * torch.ones_like(weights)")),
    mutant("loss: the mean weight of the batch is subtracted", LOSS, TERMS, TERMS.replace("weights.detach()", "(weights - weights.mean()).detach()")),
    mutant("loss: a baseline that depends on the action", SLOPE, TERMS, TERMS.replace("weights.detach()", "(weights - 0.3 * actions).detach()")),
    mutant("loss: each episode is divided by its length", LOSS, MEAN, "return -(torch.where(mask, terms, 0).sum(dim=1) / mask.sum(dim=1)).mean()"),
    mutant("loss: float32", LOSS2, MEAN, MEAN + "\n".rstrip() + " * torch.ones((), dtype=torch.float32)", habit="dtype", also=((TERMS, TERMS + "\n    terms = terms.float()"),)),
    mutant("to go: from the beginning", TO_GO, "for t in reversed(range(rewards.shape[1])):", "for t in range(rewards.shape[1]):"),
    mutant("to go: the whole return", TO_GO, "        " + FOLLOWING + "\n        out[:, t] = following\n    return out", "        " + FOLLOWING + "\n        out[:, t] = following\n    return out[:, :1].expand_as(out)"),
    mutant("to go: discounted from the start", TO_GO, "        " + FOLLOWING + "\n        out[:, t] = following\n    return out", "        " + FOLLOWING + "\n        out[:, t] = gamma**t * following\n    return out"),
    mutant("to go: no discount", TO_GO, FOLLOWING, FOLLOWING.replace("gamma * ", "")),
    mutant("to go: all episodes together", TO_GO, FOLLOWING, FOLLOWING.replace("rewards[:, t]", "rewards[:, t].mean()")),
    mutant("to go: changes the rewards", TO_GO2, "out, following = torch.empty_like(rewards), ", "out, following = rewards, "),
    mutant("to go: float32", TO_GO2, "out, following = torch.empty_like(rewards), ", "out, following = torch.empty_like(rewards, dtype=torch.float32), ", habit="dtype"),
    mutant("normalise: padding counts", SCALE, "counted = weights[mask]", "counted = weights"),
    mutant("normalise: each episode", SCALE, SCALED, "each = [weights[e][mask[e]] for e in range(len(mask))]\n    scaled = torch.stack([(w - c.mean()) / (c.std(correction=0) + 1e-8) for w, c in zip(weights, each, strict=True)])"),
    mutant("normalise: N - 1", SCALE, SCALED, SCALED.replace("correction=0", "correction=1")),
    mutant("normalise: no division", SCALE, SCALED, "scaled = weights - counted.mean()"),
    mutant("normalise: the mean stays", SCALE, SCALED, SCALED.replace("(weights - counted.mean())", "weights")),
    mutant("normalise: padding is not 0", SCALE, MASKED, "return scaled"),
    mutant("normalise: nan where all are equal", SCALE2, SCALED, SCALED.replace(" + 1e-8", "")),
    mutant("normalise: a large epsilon", SCALE2, SCALED, SCALED.replace("1e-8", "1e-3")),
    mutant("normalise: the variance", SCALE, SCALED, SCALED.replace("counted.std", "counted.var")),
    mutant("train: rewards after the end", (TRAIN, FIRST), EARNED, "earned.append(reward)"),
    mutant("train: the mask after the step", FIRST, "            masks.append(alive)\n", "", also=((ALIVE, ALIVE.replace("truncated\n", "truncated\n            masks.append(alive)\n")),)),
    mutant("train: truncated goes on", FIRST, ALIVE, ALIVE.replace(" & ~truncated", "")),
    mutant("train: the loss of the last step alone", (FIRST, POLE), "reinforce_loss(logits, actions, weights, mask).backward()", "reinforce_loss(logits[:, -1:], actions[:, -1:], weights[:, -1:], mask[:, -1:]).backward()", calibrates=True),
    mutant("train: plain gradient descent", FIRST, "torch.optim.Adam(model", "torch.optim.SGD(model"),
    mutant("train: gradients add up over updates", FIRST, "        optimizer.zero_grad()\n        reinforce_loss", "        reinforce_loss"),
    mutant("train: the learning rate is ignored", FIRST, "lr=lr)", "lr=0.001)"),
    mutant("train: the likeliest action", (FIRST, POLE), "action = torch.multinomial(chances, 1, generator=generator)[:, 0]", "action = chances.argmax(dim=1)"),
    mutant("train: climbs down", TRAIN, "reinforce_loss(logits, actions, weights, mask).backward()", "(-reinforce_loss(logits, actions, weights, mask)).backward()"),
    mutant("train: global random numbers", FIRST, "torch.multinomial(chances, 1, generator=generator)", "torch.multinomial(chances, 1)"),
    mutant("train: the weights of the option are ignored", FIRST, WEIGHTS, "weights = normalise(reward_to_go(rewards, gamma), mask)"),
    mutant("train: gamma is ignored", FIRST, WEIGHTS, WEIGHTS.replace("gamma", "0.99")),
    mutant("train: the whole return without a baseline", FIRST, WEIGHTS, WEIGHTS.replace("normalise(reward_to_go(rewards, gamma), mask)", "reward_to_go(rewards, gamma)[:, :1].expand_as(rewards)")),
    mutant("train: rewards at random times", POLE, WEIGHTS, WEIGHTS.replace("reward_to_go(rewards, gamma)", "reward_to_go(rewards, gamma)[torch.randperm(len(rewards))]"), calibrates=True),
    mutant("train: leaves the model in evaluation mode", FIRST, "    return torch.stack(history)\n", "    model.eval()\n    return torch.stack(history)\n"),
    mutant("train: one update too many", TRAIN, "for _ in range(updates):\n        obs = env.reset(n, generator)\n", "for _ in range(updates + 1):\n        obs = env.reset(n, generator)\n"),
    mutant("train: the mean over all steps", FIRST, "history.append(rewards.sum(dim=1).mean())", "history.append(rewards.mean())"),
    mutant("baseline: the mean for all", BASE, BEST, "best = mean.expand(scores.shape[1])"),
    mutant("baseline: scores without squares", BASE, "squares = scores.square()", "squares = scores"),
    mutant("baseline: absolute scores", BASE, "squares = scores.square()", "squares = scores.abs()"),
    mutant("baseline: one for all parameters", BASE, "squares = scores.square()", "squares = scores.square().sum(dim=1, keepdim=True).expand_as(scores)"),
    mutant("baseline: nan without scores", LEAST, "best = (squares * returns[:, None]).sum(dim=0) / torch.where(total > 0, total, 1)\n    return mean, torch.where(total > 0, best, mean)", "return mean, (squares * returns[:, None]).sum(dim=0) / total"),
    mutant("baseline: 0 without scores", LEAST, "return mean, torch.where(total > 0, best, mean)", "return mean, best"),
    mutant("baseline: squared returns", BASE, BEST, BEST.replace("returns[:, None]", "returns[:, None].square()")),
    mutant("baseline: half of it", BASE, BEST, BEST + " / 2"),
    mutant("td: done is ignored", DELTA, TD, TD.replace("torch.where(done, 0, next_values)", "next_values")),
    mutant("td: done times nan", DELTA2, TD, TD.replace("torch.where(done, 0, next_values)", "next_values / (~done) * ~done")),
    mutant("td: all is cut where done", DELTA, TD, "return torch.where(done, 0, rewards + gamma * next_values - values)"),
    mutant("td: the value is not subtracted", DELTA, TD, TD.replace(" - values", "")),
    mutant("td: no discount", DELTA, TD, TD.replace("gamma * ", "")),
    mutant("td: the value is discounted", DELTA, TD, TD.replace("- values", "- gamma * values")),
    mutant("td: float32", DELTA2, TD, TD.replace("return rewards", "return rewards.float()").replace("- values", "- values.float()").replace("next_values)", "next_values).float()"), habit="dtype"),
    mutant("gae: ends are ignored", GAE, CUT, CUT.replace("torch.where(ended[:, t], 0, following)", "following")),
    mutant("gae: the error of the end is cut", GAE, CUT, "following = torch.where(ended[:, t], 0, deltas[:, t] + gamma * lam * following)"),
    mutant("gae: without lambda", GAE, CUT, CUT.replace("lam * ", "")),
    mutant("gae: without gamma", GAE, CUT, CUT.replace("gamma * ", "")),
    mutant("gae: cut one step early", GAE, CUT, CUT.replace("ended[:, t]", "ended[:, min(t + 1, ended.shape[1] - 1)]")),
    mutant("gae: changes the errors", GAE2, "out, following = torch.empty_like(deltas), ", "out, following = deltas, "),
    mutant("actor: the advantage has a gradient", BOTH2, ACTOR, ACTOR.replace(".detach()", "")),
    mutant("actor: the sign", BOTH, ACTOR, ACTOR.replace("-(", "(")),
    mutant("actor: a sum", BOTH, ACTOR, ACTOR.replace(".mean()", ".sum()")),
    mutant("actor: the advantage is normalised", BOTH, ACTOR, ACTOR.replace("advantage.detach()", "(advantage - advantage.mean()).detach()")),
    mutant("critic: targets have a gradient", BOTH2, CRITIC, CRITIC.replace(".detach()", "")),
    mutant("critic: values have none", BOTH2, CRITIC, CRITIC.replace("values -", "values.detach() -").replace(".mean()", ".mean() + 0 * values.sum()")),
    mutant("critic: absolute errors", BOTH, CRITIC, CRITIC.replace("square", "abs")),
    mutant("critic: half of it", BOTH, CRITIC, CRITIC + " / 2"),
    mutant("critic: the coefficient is fixed", BOTH, TOTAL, TOTAL.replace("c_v", "0.5")),
    mutant("entropy bonus: the sign", BOTH, TOTAL, TOTAL.replace("- c_e", "+ c_e")),
    mutant("entropy bonus: forgotten", BOTH, TOTAL, TOTAL.replace(" - c_e * entropy(logits).mean()", "")),
    mutant("entropy bonus: without a gradient", BOTH2, TOTAL, TOTAL.replace("entropy(logits)", "entropy(logits).detach()")),
    mutant("boltzmann: temperatures of at least 0.01", "check_boltzmann_of_large_values", "(q / temperature)", "(q / max(temperature, 0.01))"),
    mutant("baseline: small scores count as 0", "check_baselines_have_the_least_variance", "torch.where(total > 0, best, mean)", "torch.where(total > 1e-6, best, mean)"),
    mutant("train: a generator of its own", "check_updates_of_a_policy", first("train_policy", "generator = torch.Generator(device=generator.device).manual_seed(0)")),
    mutant("tokens: not interleaved", TOKENS, STACK, "tokens = torch.cat([returns_to_go, states, actions], dim=1)"),
    mutant("tokens: the action before the state", TOKENS, STACK, STACK.replace("states, actions]", "actions, states]")),
    mutant("tokens: interleaved by episodes", TOKENS, STACK, STACK.replace("dim=2", "dim=1")),
    mutant("tokens: it reads its own answer", TOKENS, PLACES, PLACES.replace("+ 1", "+ 2")),
    mutant("tokens: predicted before the state", TOKENS, PLACES, PLACES.replace(" + 1", "")),
    mutant("tokens: positions of a cat", TOKENS, PLACES, PLACES.replace("3 * torch.arange(T, device=states.device) + 1", "T + torch.arange(T, device=states.device)")),
    mutant("tokens: positions in float32", TOKENS2, PLACES, "return tokens, (3 * torch.arange(T, device=states.device) + 1).float()", habit="dtype"),
    mutant("act: always the first wish", ACT, WANTED, "pass"),
    mutant("act: adds what was earned", ACT, WANTED, WANTED.replace("- earned", "+ earned")),
    mutant("act: the first logits", ACT2, LAST, LAST.replace("-1", "0")),
    mutant("act: the least likely action", ACT2, LAST, LAST.replace("argmax", "argmin")),
    mutant("act: the last action is repeated", ACT2, KNOWN, KNOWN.replace("torch.zeros(1, dtype=torch.int64, device=state.device)", "actions[-1] if actions else torch.zeros(1, dtype=torch.int64, device=state.device)")),
    mutant("act: truncated goes on", ACT2, "        if done or truncated:\n            break\n    return torch.cat(asked)", "        if done:\n            break\n    return torch.cat(asked)"),
    mutant("act: forgets the past", ACT, "model(torch.stack(asked, dim=1), torch.stack(states, dim=1), known)", "model(asked[-1][:, None], states[-1][:, None], known[:, -1:])"),
    mutant("act: reports the next wishes", ACT, "return torch.cat(asked), torch.cat(earned)", "return torch.cat([*asked[1:], wanted]), torch.cat(earned)"),
    mutant("policy: the generator begins again", "check_updates_of_a_policy", first("train_policy", "generator.manual_seed(generator.initial_seed())")),
    mutant("act: a generator of its own", ACT2, first("act", "generator = torch.Generator(device=generator.device).manual_seed(3)")),
    mutant("act: the global generator", ACT2, first("act", "generator = None")),
    mutant("act: the generator begins again", ACT2, first("act", "generator.manual_seed(generator.initial_seed())")),
]
