"""Right answers to deep_q.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("deep_q.py")

# fmt: off
VARIANTS = [
    variant("a deque of rows",
        body("ReplayBuffer.__init__", """
            from collections import deque
            self.rows = deque(maxlen=capacity)
        """),
        body("ReplayBuffer.__len__", "return len(self.rows)"),
        body("ReplayBuffer.add", """
            for row in zip(obs, actions, rewards, next_obs, done):
                self.rows.append([x.clone() if x.dtype != torch.float64 else x.float() for x in row])
        """),
        body("ReplayBuffer.sample", """
            device = self.rows[0][0].device
            picks = torch.randint(0, len(self.rows), (n,), generator=generator, device=device).tolist()
            columns = zip(*[self.rows[p] for p in picks])
            return tuple(torch.stack(column) for column in columns)
        """)),
    variant("a position that runs around",
        body("ReplayBuffer.__init__", """
            self.size, self.position, self.capacity = 0, 0, capacity
            self.obs = torch.empty((capacity, *obs_shape), dtype=torch.float32, device=device)
            self.next_obs = torch.empty_like(self.obs)
            self.actions = torch.empty(capacity, dtype=torch.long, device=device)
            self.rewards = torch.empty(capacity, dtype=torch.float32, device=device)
            self.done = torch.empty(capacity, dtype=torch.bool, device=device)
        """),
        body("ReplayBuffer.__len__", "return self.size"),
        body("ReplayBuffer.add", """
            for i in range(len(actions)):
                p = self.position
                self.obs[p], self.actions[p], self.rewards[p] = obs[i], actions[i], rewards[i]
                self.next_obs[p], self.done[p] = next_obs[i], done[i]
                self.position = (p + 1) % self.capacity
                self.size = min(self.size + 1, self.capacity)
        """),
        body("ReplayBuffer.sample", """
            i = (torch.rand(n, generator=generator, device=self.obs.device, dtype=torch.float64) * self.size).long()
            return self.obs[i], self.actions[i], self.rewards[i], self.next_obs[i], self.done[i]
        """)),
    variant("a layer that the network does not use",
        ("        self.layers = nn.Sequential(\n",
         "        self.value = nn.Linear(width, 1)\n        self.layers = nn.Sequential(\n")),
    variant("named layers",
        body("QNetwork.__init__", """
            C, H, W = obs_shape
            self.variant = variant
            if variant == "nips":
                self.conv1 = nn.Conv2d(C, 16, kernel_size=8, stride=4)
                self.conv2 = nn.Conv2d(16, 32, kernel_size=4, stride=2)
                width = 256
            else:
                self.conv1 = nn.Conv2d(C, 32, kernel_size=8, stride=4)
                self.conv2 = nn.Conv2d(32, 64, kernel_size=4, stride=2)
                self.conv3 = nn.Conv2d(64, 64, kernel_size=3, stride=1)
                width = 512
            with torch.no_grad():
                x = self.conv2(self.conv1(torch.zeros(1, C, H, W)))
                size = (x if variant == "nips" else self.conv3(x)).numel()
            self.fc1 = nn.Linear(size, width)
            self.fc2 = nn.Linear(width, actions)
        """),
        body("QNetwork.forward", """
            x = torch.relu(self.conv1(frames))
            x = torch.relu(self.conv2(x))
            if self.variant == "nature":
                x = torch.relu(self.conv3(x))
            x = torch.relu(self.fc1(x.flatten(1)))
            return self.fc2(x)
        """),
        body("stack_frames", """
            padded = torch.cat([frames[:1]] * (k - 1) + [frames])
            return padded.unfold(0, k, 1).permute(0, 3, 1, 2)
        """),
        body("sync_target", """
            state = online.state_dict()
            mixed = {}
            names = {name for name, _ in online.named_parameters()}
            for name, slow in target.state_dict().items():
                mixed[name] = (1 - tau) * slow + tau * state[name] if name in names else state[name]
            target.load_state_dict(mixed)
        """)),
    variant("no gradients at all in targets",
        body("dqn_target", """
            with torch.no_grad():
                best, _ = torch.max(q_next, dim=1)
                best = torch.where(done, torch.zeros_like(best), best)
                return rewards + gamma * best
        """),
        body("double_dqn_target", """
            with torch.no_grad():
                actions = q_next_online.max(1)[1]
                value = q_next_target[torch.arange(len(actions)), actions]
                value[done] = 0.0
                return rewards + gamma * value
        """),
        body("dqn_loss", """
            taken = q[torch.arange(q.shape[0]), actions]
            e = taken - target.detach()
            small = e.abs().clamp(max=1)
            return (0.5 * small**2 + (e.abs() - small)).mean()
        """),
        body("stack_frames", """
            stacks = []
            for t in range(len(frames)):
                stacks.append(torch.stack([frames[max(0, j)] for j in range(t - k + 1, t + 1)]))
            return torch.stack(stacks)
        """),
        body("sync_target", """
            for t, o in zip(target.parameters(), online.parameters()):
                t.data.mul_(1 - tau).add_(tau * o.data)
            for t, o in zip(target.buffers(), online.buffers()):
                t.data.copy_(o.data)
        """),
        body("fitted_q", """
            D = phi.shape[1]
            W = phi.new_zeros((D, actions))
            for _ in range(iterations):
                following = (phi2 @ W).max(dim=1).values.masked_fill(done, 0.0)
                y = r + gamma * following
                new = torch.empty_like(W)
                for k in range(actions):
                    X, t = phi[a == k], y[a == k]
                    new[:, k] = torch.linalg.pinv(X) @ t
                W = new
            return W
        """)),
    variant("waits until the memory has a batch",
        body("train_dqn", """
            opt = torch.optim.Adam(online.parameters(), lr)
            target.load_state_dict(online.state_dict())
            states = env.reset(n, generator)
            memory = ReplayBuffer(capacity, states.shape[1:], like=states)
            means = torch.zeros(steps, device=states.device)
            for i in range(steps):
                fraction = min(1.0, 2 * i / steps)
                eps = 1.0 + fraction * (0.1 - 1.0)
                with torch.no_grad():
                    values = online(states)
                A = values.shape[-1]
                p = torch.full_like(values, eps / A)
                p.scatter_add_(1, values.argmax(1, keepdim=True), torch.full((n, 1), 1 - eps, device=p.device))
                acts = torch.multinomial(p, 1, generator=generator)[:, 0]
                next_states, rew, done, truncated = env.step(acts)
                memory.add(states, acts, rew, next_states, done)
                means[i] = rew.mean()
                states = env.restart(torch.logical_or(done, truncated))
                if len(memory) >= min(batch, capacity):
                    s, a, r, s2, d = memory.sample(batch, generator)
                    loss = dqn_loss(online(s), a, double_dqn_target(online(s2), target(s2), r, d, gamma))
                    opt.zero_grad()
                    loss.backward()
                    opt.step()
                if (i + 1) % every == 0:
                    target.load_state_dict(online.state_dict())
            return means
        """)),
]
