"""Wrong answers to deep_q.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of

mutant = mutants_of("deep_q.py")
RING, UNIFORM = "check_memory_keeps_the_last", "check_memory_samples_uniformly"
STACK, STACK2 = "check_stacks_of_six_frames", "check_stacks_of_other_frames"
NET, NET2 = "check_networks_of_both_papers", "check_networks_compute_what_the_papers_say"
TARGET, TARGET2 = "check_targets_of_a_batch", "check_targets_of_other_batches"
DOUBLE, DOUBLE2 = "check_double_targets_of_a_batch", "check_double_targets_of_other_batches"
LOSS, LOSS2 = "check_huber_of_a_batch", "check_gradient_of_huber"
SYNC, SYNC2 = "check_target_follows_the_online_network", "check_target_stays_a_network_of_its_own"
TRAIN, KNOWN, BALLS = (
    "check_training_finds_the_action_that_pays", "check_values_where_episodes_are_done_or_cut", "check_balls_are_caught",
)  # fmt: skip
FIT, FIT2 = "check_fits_of_a_few_iterations", "check_fits_of_other_experiences"
SLOTS = "slots = (self.count + torch.arange(skipped, len(actions), device=actions.device)) % self.capacity"
ROWS = "rows = torch.randint(len(self), (n,), generator=generator, device=self.parts[1].device)"
STORE = "part[slots] = new[skipped:].to(part.dtype)"
TIMES = "torch.arange(1 - k, 1, device=frames.device)"
FRAMES = "return frames[times.clamp(min=0)]"
LAYER = "layers += [nn.Conv2d(C, filters, size, stride), nn.ReLU()]"
HEAD = "nn.ReLU(), nn.Linear(width, actions)"
ONE = "return rewards + gamma * torch.where(done, 0, q_next.detach().amax(dim=1))"
CHOSEN = "chosen = q_next_online.argmax(dim=1, keepdim=True)"
JUDGED = "return rewards + gamma * torch.where(done, 0, q_next_target.detach().gather(1, chosen)[:, 0])"
ERROR = "error = (q.gather(1, actions[:, None])[:, 0] - target.detach()).abs()"
HUBER = "return torch.where(error <= 1, error.square() / 2, error - 0.5).mean()"
LERP = "slow.lerp_(fast, tau)"
COPY = "            slow.copy_(fast)\n"
EPSILON = "epsilon = max(1.0 - 0.9 * step / (steps / 2), 0.1)"
ADD = "buffer.add(obs, actions, rewards, after, done)"
RESTART = "obs = env.restart(done | truncated)"
Y = "y = double_dqn_target(online(following), target(following), earned, ended, gamma)"
SYNCED = "        if (step + 1) % every == 0:\n            sync_target(online, target)\n"
VALUES = "y = r + gamma * torch.where(done, 0, (phi2 @ W).amax(dim=1))"
SOLVED = "fits = [torch.linalg.lstsq(phi[a == b], y[a == b, None]).solution for b in range(actions)]"

# fmt: off
MUTANTS = [
    mutant("memory: keeps the dtype of what is added", UNIFORM, "        for part, new in zip(self.parts, (obs", "        if not self.count:\n            self.parts = [part.to(new.dtype) for part, new in zip(self.parts, (obs, actions, rewards, next_obs, done), strict=True)]\n        for part, new in zip(self.parts, (obs"),
    mutant("sync: clears gradients", SYNC2, LERP, LERP + "\n            slow.grad = None"),
    mutant("sync: leaves the target in evaluation mode", SYNC2, COPY, COPY + "    target.eval()\n"),
    mutant("memory: stops when it is full", RING, SLOTS, SLOTS.replace("% self.capacity", "").replace("slots = (", "slots = (").rstrip() + "\n        kept = slots < self.capacity\n        slots = slots[kept]", also=((STORE, "part[slots] = new[skipped:][kept].to(part.dtype)"),)),
    mutant("memory: the newest is overwritten", RING, SLOTS, SLOTS.replace(" % self.capacity", ".clamp(max=self.capacity - 1)")),
    mutant("memory: samples rows that are not filled", RING, ROWS, ROWS.replace("len(self)", "self.capacity")),
    mutant("memory: the last row is never sampled", RING, ROWS, ROWS.replace("len(self)", "max(len(self) - 1, 1)")),
    mutant("memory: samples one row", RING, ROWS, ROWS.replace("(n,)", "(1,)") + ".expand(n)"),
    mutant("memory: neighbours", UNIFORM, ROWS, "rows = (torch.randint(len(self), (1,), generator=generator, device=self.parts[1].device) + torch.arange(n, device=self.parts[1].device)) % len(self)"),
    mutant("memory: each part has its own rows", RING, "obs, actions, rewards, next_obs, done = (part[rows] for part in self.parts)", "obs, actions, rewards, next_obs, done = (part[rows[torch.randperm(n, device=rows.device)]] for part in self.parts)"),
    mutant("memory: the length is the count", RING, "return min(self.count, self.capacity)", "return self.count", also=((ROWS, ROWS.replace("len(self)", "min(self.count, self.capacity)")),)),
    mutant("memory: counts batches", RING, "self.count += len(actions)", "self.count += 1"),
    mutant("memory: large batches keep the first", UNIFORM, SLOTS + "\n", SLOTS.replace("torch.arange(skipped, len(actions),", "torch.arange(len(actions) - skipped,") + "\n        skipped_end = len(actions) - skipped\n", also=((STORE, "part[slots] = new[:skipped_end].to(part.dtype)"),)),
    mutant("memory: large batches begin at row 0", UNIFORM, "            part[slots] = new[skipped:].to(part.dtype)\n        self.count += len(actions)\n", "            part[slots] = new[skipped:].to(part.dtype)\n        self.count = self.count + len(actions) if skipped == 0 else self.capacity\n"),
    mutant("memory: prefers the recent", UNIFORM, ROWS, ROWS + "\n        rows = torch.maximum(rows, torch.randint(len(self), (n,), generator=generator, device=rows.device))"),
    mutant("memory: global random numbers", UNIFORM, ROWS, ROWS.replace("generator=generator, ", "")),
    mutant("memory: observations and next ones exchanged", RING, "return obs, actions, rewards, next_obs, done\n", "return next_obs, actions, rewards, obs, done\n"),
    mutant("memory: without repetitions", UNIFORM, ROWS, "rows = torch.randperm(len(self), generator=generator, device=self.parts[1].device)[:n]"),
    mutant("memory: keeps the tensors that it got", UNIFORM, "        self.count += len(actions)\n", "        self.count += len(actions)\n        if len(actions) == self.capacity:\n            self.parts = (obs, actions, rewards, next_obs, done)\n"),
    mutant("stack: the newest first", STACK, FRAMES, FRAMES.replace("]", "].flip(1)")),
    mutant("stack: black frames before the first", STACK, FRAMES, "return torch.where((times >= 0)[:, :, None, None], frames[times.clamp(min=0)], 0)"),
    mutant("stack: frames to come", STACK, FRAMES, "return frames[(times + k - 1).clamp(max=len(frames) - 1)]"),
    mutant("stack: wraps around", STACK, FRAMES, "return frames[times % len(frames)]"),
    mutant("stack: the same frame k times", STACK, TIMES, "torch.zeros(k, dtype=torch.int64, device=frames.device)"),
    mutant("stack: floats", STACK2, FRAMES, FRAMES + ".float()"),
    mutant("stack: at most four", STACK2, TIMES, "torch.arange(1 - min(k, 4), 1, device=frames.device)"),
    mutant("network: padding", NET, LAYER, LAYER.replace("stride)", "stride, 1)"), also=(("(H - size) // stride + 1, (W - size) // stride + 1", "(H + 2 - size) // stride + 1, (W + 2 - size) // stride + 1"),)),
    mutant("network: a ReLU at the end", NET2, HEAD, HEAD + ", nn.ReLU()"),
    mutant("network: no ReLU between convolutions", NET2, LAYER, LAYER.replace(", nn.ReLU()", "")),
    mutant("network: no ReLU before the last layer", NET2, HEAD, HEAD.replace("nn.ReLU(), ", "")),
    mutant("network: no biases", NET, LAYER, LAYER.replace("stride)", "stride, bias=False)")),
    mutant("network: widths exchanged", NET, '(32, 4, 2)], 256), "nature": ([(32, 8, 4), (64, 4, 2), (64, 3, 1)], 512)', '(32, 4, 2)], 512), "nature": ([(32, 8, 4), (64, 4, 2), (64, 3, 1)], 256)'),
    mutant("network: another default", NET2, 'variant: str = "nature"', 'variant: str = "nips"'),
    mutant("network: tanh", NET2, LAYER, LAYER.replace("nn.ReLU()", "nn.Tanh()")),
    mutant("network: softmax", NET2, HEAD, HEAD + ", nn.Softmax(dim=1)"),
    mutant("network: square frames only", NET2, "nn.Linear(C * H * W, width)", "nn.Linear(C * H * H, width)"),
    mutant("target: done is ignored", TARGET, ONE, ONE.replace("torch.where(done, 0, q_next.detach().amax(dim=1))", "q_next.detach().amax(dim=1)")),
    mutant("target: the mean", TARGET, ONE, ONE.replace("amax", "mean")),
    mutant("target: with a gradient", TARGET2, ONE, ONE.replace(".detach()", "")),
    mutant("target: nan times 0", TARGET2, ONE, ONE.replace("torch.where(done, 0, q_next.detach().amax(dim=1))", "~done * q_next.detach().amax(dim=1)")),
    mutant("target: the reward is discounted", TARGET, ONE, ONE.replace("rewards + gamma", "gamma * rewards + gamma")),
    mutant("target: at least 0", TARGET2, ONE, ONE.replace(".amax(dim=1)", ".amax(dim=1).clamp(min=0)")),
    mutant("target: a loop", TARGET, ONE, "return torch.stack([rewards[n] + (0 if done[n] else gamma * q_next[n].detach().max()) for n in range(len(rewards))])"),
    mutant("target: float32", TARGET2, ONE, ONE.replace("return rewards", "return rewards.float()").replace("q_next.detach()", "q_next.detach().float()"), habit="dtype"),
    mutant("double: the roles are exchanged", DOUBLE, "chosen = q_next_online.argmax", "chosen = q_next_target.argmax", also=((JUDGED, JUDGED.replace("q_next_target", "q_next_online")),)),
    mutant("double: the target network chooses, too", DOUBLE, "chosen = q_next_online.argmax", "chosen = q_next_target.argmax"),
    mutant("double: the online network judges, too", DOUBLE, JUDGED, JUDGED.replace("q_next_target", "q_next_online")),
    mutant("deep double: done is ignored", DOUBLE, JUDGED, JUDGED.replace("torch.where(done, 0, ", "(")),
    mutant("double: the smaller of two maxima", DOUBLE, JUDGED, "return rewards + gamma * torch.where(done, 0, torch.minimum(q_next_online, q_next_target).detach().amax(dim=1))"),
    mutant("double: with a gradient", DOUBLE2, JUDGED, JUDGED.replace(".detach()", "")),
    mutant("double: nan times 0", DOUBLE2, JUDGED, JUDGED.replace("torch.where(done, 0, ", "(~done * ")),
    mutant("loss: the square", LOSS, HUBER, "return (error.square() / 2).mean()"),
    mutant("loss: not halved", LOSS, HUBER, HUBER.replace("/ 2, error - 0.5", "* 1, 2 * error - 1")),
    mutant("loss: a jump at 1", LOSS, HUBER, HUBER.replace("error - 0.5", "error")),
    mutant("loss: errors are cut", LOSS2, HUBER, "return (error.clamp(max=1).square() / 2).mean()"),
    mutant("loss: divided by A, too", LOSS, HUBER, HUBER + " / q.shape[1]"),
    mutant("loss: a sum", LOSS, HUBER, HUBER.replace(".mean()", ".sum()")),
    mutant("loss: targets have a gradient", LOSS2, ERROR, ERROR.replace(".detach()", "")),
    mutant("loss: of the best action", LOSS, ERROR, ERROR.replace("q.gather(1, actions[:, None])[:, 0]", "q.amax(dim=1)")),
    mutant("loss: torch's own", LOSS, HUBER, "return nn.functional.smooth_l1_loss(q.gather(1, actions[:, None])[:, 0], target.detach())"),
    mutant("deep loss: float32", LOSS2, HUBER, HUBER + ".float()", habit="dtype"),
    mutant("sync: tau is turned around", SYNC, LERP, "slow.lerp_(fast, 1 - tau if tau < 1 else 1.0)"),
    mutant("sync: always copies", SYNC, LERP, "slow.copy_(fast)"),
    mutant("sync: shares memory", SYNC, LERP, "slow.data = fast.data if tau == 1 else slow.data.lerp(fast.data, tau)"),
    mutant("sync: the wrong way", SYNC, LERP, "fast.lerp_(slow, tau)"),
    mutant("sync: buffers stay", SYNC2, COPY, "            pass\n"),
    mutant("sync: buffers move by tau", SYNC2, COPY, "            slow.copy_(((1 - tau) * slow + tau * fast).to(slow.dtype))\n"),
    mutant("sync: buffers are shared", SYNC2, COPY, "            slow.set_(fast)\n"),
    mutant("sync: the target is frozen", SYNC2, LERP, "slow.lerp_(fast, tau).requires_grad_(False)"),
    mutant("train: truncated cuts the target", KNOWN, ADD, ADD.replace("done)", "done | truncated)")),
    mutant("train: nothing cuts the target", KNOWN, ADD, ADD.replace("done)", "torch.zeros_like(done))")),
    mutant("train: stores the observation after the restart", KNOWN, ADD + "\n        " + RESTART, "stored = obs\n        " + RESTART + "\n        buffer.add(stored, actions, rewards, obs, done)"),
    mutant("train: restarts what is done only", KNOWN, RESTART, "obs = env.restart(done)"),
    mutant("train: never restarts", (KNOWN, BALLS), RESTART, "obs = after", calibrates=True),
    mutant("train: no discount", KNOWN, Y, Y.replace("gamma)", "1.0)")),
    mutant("train: always explores", TRAIN, EPSILON, "epsilon = 1.0"),
    mutant("train: never explores", (TRAIN, KNOWN), EPSILON, "epsilon = 0.1"),
    mutant("train: explores for all steps", KNOWN, EPSILON, "epsilon = 1.0 - 0.9 * step / steps"),
    mutant("train: exploration ends at 0", KNOWN, EPSILON, "epsilon = max(1.0 - step / (steps / 2), 0.0)"),
    mutant("train: no step of Adam", (TRAIN, BALLS), "        optimizer.step()\n", ""),
    mutant("train: the target is never synchronised", (KNOWN, BALLS), SYNCED, "", also=(("    sync_target(online, target)\n    optimizer =", "    optimizer ="),), calibrates=True),
    mutant("train: the first copy is missing", KNOWN, "    sync_target(online, target)\n    optimizer =", "    optimizer ="),
    mutant("train: copies after every step", KNOWN, SYNCED, SYNCED.replace("(step + 1) % every == 0", "every")),
    mutant("train: copies one step late", KNOWN, SYNCED, SYNCED.replace("(step + 1)", "step")),
    mutant("train: targets of DQN", KNOWN, Y, Y.replace("(online(following)", "(target(following)")),
    mutant("train: the networks change roles", KNOWN, Y, Y.replace("online(following), target(following)", "target(following), online(following)")),
    mutant("train: rewards are forgotten", (TRAIN, BALLS), Y, Y.replace("earned", "0 * earned")),
    mutant("train: learns from the last step only", BALLS, "seen, taken, earned, following, ended = buffer.sample(batch, generator)", "seen, taken, earned, following, ended = obs[:1], actions[:1], rewards[:1].float(), after[:1], done[:1]"),
    mutant("deep train: global random numbers", KNOWN, "explores = torch.rand(n, generator=generator, device=q.device) < epsilon", "explores = torch.rand(n, device=q.device) < epsilon"),
    mutant("train: one coin for all copies", KNOWN, "explores = torch.rand(n, generator", "explores = torch.rand(1, generator"),
    mutant("train: one random action for all copies", KNOWN, "anything = torch.randint(q.shape[1], (n,), generator=generator, device=q.device)", "anything = torch.randint(q.shape[1], (1,), generator=generator, device=q.device)"),
    mutant("train: the capacity is ignored", KNOWN, "buffer = ReplayBuffer(capacity,", "buffer = ReplayBuffer(10_000,"),
    mutant("train: the capacity is that of one step", KNOWN, "buffer = ReplayBuffer(capacity,", "buffer = ReplayBuffer(n,"),
    mutant("train: the batch is ignored", KNOWN, "buffer.sample(batch, generator)", "buffer.sample(64, generator)"),
    mutant("train: samples as many as there are copies", KNOWN, "buffer.sample(batch, generator)", "buffer.sample(n, generator)"),
    mutant("train: sums of rewards", TRAIN, "history.append(rewards.float().mean())", "history.append(rewards.float().sum())"),
    mutant("fit: done is ignored", FIT, VALUES, VALUES.replace("torch.where(done, 0, (phi2 @ W).amax(dim=1))", "(phi2 @ W).amax(dim=1)")),
    mutant("fit: one iteration", FIT, "for _ in range(iterations):", "for _ in range(min(iterations, 1)):"),
    mutant("fit: one fit for all actions", FIT, SOLVED, "fits = [torch.linalg.lstsq(phi, y[:, None]).solution for b in range(actions)]"),
    mutant("fit: the features of the state that is left", FIT, VALUES, VALUES.replace("phi2", "phi")),
    mutant("fit: the mean over actions", FIT, VALUES, VALUES.replace("amax", "mean")),
    mutant("fit: targets from weights that are new in part", FIT, SOLVED, "for b in range(actions):\n            y = r + gamma * torch.where(done, 0, (phi2 @ W).amax(dim=1))\n            W = W.clone()\n            W[:, b] = torch.linalg.lstsq(phi[a == b], y[a == b, None]).solution[:, 0]\n        fits = [W]"),
    mutant("fit: one iteration at least", FIT2, "for _ in range(iterations):", "for _ in range(max(iterations, 1)):"),
    mutant("fit: the transpose", FIT, "W = torch.cat(fits, dim=1)\n    return W", "W = torch.cat(fits, dim=1)\n    return W.T"),
    mutant("fit: at most five iterations", FIT2, "for _ in range(iterations):", "for _ in range(min(iterations, 5)):"),
    mutant("memory: changes what it gets", "check_memory_keeps_the_last", first("ReplayBuffer.add", "done.logical_not_().logical_not_()\nrewards.mul_(1 + 1e-6)")),
    mutant("network: leaves evaluation mode on", "check_networks_compute_what_the_papers_say", first("QNetwork.forward", "self.eval()")),
    mutant("network: leaves training mode on", NET2, first("QNetwork.forward", "self.train()")),
    mutant("memory: a generator of its own", UNIFORM, first("ReplayBuffer.sample", "generator = torch.Generator(device=generator.device).manual_seed(0)")),
    mutant("network: one picture without its axis", NET2, "return self.layers(frames)", "return self.layers(frames).squeeze(0)"),
    mutant("loss: the root of the square", LOSS2, ERROR, ERROR.replace(".abs()", ".square().sqrt()")),
    mutant("sync: frozen parameters stay", SYNC2, LERP, "slow.lerp_(fast, tau if slow.requires_grad else 0.0)"),
    mutant("sync: layers inside of layers stay", SYNC2, "for slow, fast in zip(target.buffers(), online.buffers(), strict=True):", "for slow, fast in zip([b for m in target.children() for b in m.buffers(recurse=False)], [b for m in online.children() for b in m.buffers(recurse=False)], strict=True):"),
    mutant("train: RMSprop", KNOWN, "torch.optim.Adam(", "torch.optim.RMSprop("),
    mutant("train: another Adam after each copy", KNOWN, SYNCED, SYNCED + "            optimizer = torch.optim.Adam(online.parameters(), lr=lr)\n"),
    mutant("train: gradients are cut", KNOWN, "        optimizer.step()\n", "        nn.utils.clip_grad_norm_(online.parameters(), 1e-3)\n        optimizer.step()\n"),
    mutant("train: the sample has a generator of its own", KNOWN, "buffer.sample(batch, generator)", "buffer.sample(batch, torch.Generator(device=generator.device))"),
    mutant("network: only the last layer is trained", NET2, "return self.layers(frames)", "return self.layers[-1](self.layers[:-1](frames).detach())"),
    mutant("network: the convolutions are not trained", NET2, "return self.layers(frames)", "return self.layers[-4:](self.layers[:-4](frames).detach())"),
    mutant("memory: the generator begins again", UNIFORM, first("ReplayBuffer.sample", "generator.manual_seed(generator.initial_seed())")),
    mutant("deep train: the generator begins again", KNOWN, first("train_dqn", "generator.manual_seed(generator.initial_seed())")),
    mutant("train: leaves the target in eval mode", TRAIN, first("train_dqn", "target.eval()")),
    mutant("train: freezes the online network at the end", TRAIN, "    return torch.stack(history)", "    online.requires_grad_(False)\n    return torch.stack(history)"),
    mutant("train: leaves the online network in training mode", KNOWN, first("train_dqn", "online.train()")),
]
