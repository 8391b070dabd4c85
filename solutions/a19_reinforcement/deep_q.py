# %% [markdown]
# # A network for a table
#
# A board of 10 x 5 places has few states, a screen has more than there are atoms. A network can take the place of the
# table: the observation goes in, and the value of each action comes out. In 2015, one such network, trained for each of
# 49 Atari games from pixels and points alone, played as well as a professional tester on many of them, after about 38
# days of play per game (Mnih et al. 2015). You write its parts: the memory, the network, the targets, the loss; and
# train it to catch a ball.
#
# <!-- parts -->

# %%
import torch
from torch import Tensor, nn

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.environments import Catch
# from common.plots.curves import curves
# from common.plots.grids import image_grid
# from common.plots.worlds import Film, bands
#
#
# def generator(seed):
#     """A generator of random numbers with a seed."""
#     return torch.Generator().manual_seed(seed)
#
#
# def network(seed):
#     """A small network for the board."""
#     torch.manual_seed(seed)
#     return nn.Sequential(nn.Flatten(), nn.Linear(50, 64), nn.ReLU(), nn.Linear(64, 3))

# %% [markdown]
# ## 1 A memory
#
# Experiences that follow one another are alike, and a network that learns from them in their order forgets what came
# before. So the agent stores experiences (observation, action, reward, next observation, done), and learns from a
# random sample of the last `capacity` of them: **experience replay** (Lin 1992). The memory is a ring: when it is
# full, the next experience replaces the oldest.


# %% task="ReplayBuffer" minutes=30 difficulty="medium"
class ReplayBuffer:
    """The last experiences, at most `capacity`.

    Shapes:
        capacity   int    at least 1
        obs_shape  tuple  the shape of one observation
        like       Tensor or None, any tensor on the device where experiences are stored; by default, the CPU
    """

    def __init__(self, capacity: int, obs_shape: tuple[int, ...], like: Tensor | None = None) -> None:
        device = None if like is None else like.device
        ### BEGIN SOLUTION
        self.capacity, self.count = capacity, 0  # how many were ever added
        self.parts = (
            torch.zeros(capacity, *obs_shape, device=device),
            torch.zeros(capacity, dtype=torch.int64, device=device),
            torch.zeros(capacity, device=device),
            torch.zeros(capacity, *obs_shape, device=device),
            torch.zeros(capacity, dtype=torch.bool, device=device),
        )
        ### END SOLUTION

    def __len__(self) -> int:
        """How many experiences there are."""
        ### BEGIN SOLUTION
        return min(self.count, self.capacity)
        ### END SOLUTION

    def add(self, obs: Tensor, actions: Tensor, rewards: Tensor, next_obs: Tensor, done: Tensor) -> None:
        """Store copies of B experiences, in their order. Of more than `capacity`, the last ones stay.

        Shapes:
            obs, next_obs  (B, *obs_shape)  stored as float32
            actions        (B,)             int64
            rewards        (B,)             stored as float32
            done           (B,)             bool
        """
        ### BEGIN SOLUTION
        skipped = max(len(actions) - self.capacity, 0)
        slots = (self.count + torch.arange(skipped, len(actions), device=actions.device)) % self.capacity
        for part, new in zip(self.parts, (obs, actions, rewards, next_obs, done), strict=True):
            part[slots] = new[skipped:].to(part.dtype)
        self.count += len(actions)
        ### END SOLUTION

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Draw n of the stored experiences, each time any of them with the same probability.

        Shapes:
            generator  the source of all random numbers
            out        obs, actions, rewards, next_obs, done, as in `add` with B = n
        """
        ### BEGIN SOLUTION
        rows = torch.randint(len(self), (n,), generator=generator, device=self.parts[1].device)
        obs, actions, rewards, next_obs, done = (part[rows] for part in self.parts)
        return obs, actions, rewards, next_obs, done
        ### END SOLUTION


# %% [markdown] hint="ReplayBuffer"
# 1. Five tensors with a first axis of length `capacity`, and a count of all experiences so far. The k-th experience is
#    in row `k % capacity`.
# 2. A batch fills the rows `(count + torch.arange(B)) % capacity`, all at once. If B is above the capacity, leave out
#    the first ones: an index that occurs twice keeps any of its values.
# 3. Sample numbers of rows below `len(self)`, with repetitions. Rows that were never filled are not experiences.

# %% [markdown]
# ## 2 Pixels
#
# One frame does not say where the ball is going. The last four frames together do; at the beginning the first frame is
# repeated.


# %% task="stack_frames" minutes=15 difficulty="easy"
def stack_frames(frames: Tensor, k: int) -> Tensor:
    """For each time, the last k frames, the oldest first. Before the first frame there was the first frame.

    Shapes:
        frames  (T, H, W)     any dtype; it is not changed
        k       int           at least 1
        out     (T, k, H, W)
    """
    ### BEGIN SOLUTION
    times = torch.arange(len(frames), device=frames.device)[:, None] + torch.arange(1 - k, 1, device=frames.device)
    return frames[times.clamp(min=0)]
    ### END SOLUTION


# %% [markdown] hint="stack_frames"
# 1. A table of times (T, k): row t is t - k + 1, ..., t. Replace what is negative by 0, and index with the table.

# %% [markdown]
# The networks of the two papers see `C` frames of 84 x 84 pixels in grey, and have ReLU after all layers but the last:
#
# | `variant` | convolutions: filters, size / stride | then |
# |---|---|---|
# | "nips" (Mnih et al. 2013) | 16, 8 x 8 / 4; 32, 4 x 4 / 2 | linear to 256; linear to A |
# | "nature" (Mnih et al. 2015) | 32, 8 x 8 / 4; 64, 4 x 4 / 2; 64, 3 x 3 / 1 | linear to 512; linear to A |
#
# There is no padding and no pooling: a ball may be a single pixel. For 4 frames and 18 actions, the second network has
# 1,693,362 parameters.


# %% task="QNetwork" minutes=25 difficulty="medium"
class QNetwork(nn.Module):
    """The value of each action, from a stack of frames.

    Shapes:
        obs_shape  (C, H, W)     H and W at least 36
        actions    int           A
        variant    "nips" or "nature"
        frames     (N, C, H, W)  float
        out        (N, A)
    """

    def __init__(self, obs_shape: tuple[int, int, int], actions: int, variant: str = "nature") -> None:
        super().__init__()
        ### BEGIN SOLUTION
        C, H, W = obs_shape
        plans = {"nips": ([(16, 8, 4), (32, 4, 2)], 256), "nature": ([(32, 8, 4), (64, 4, 2), (64, 3, 1)], 512)}
        plan, width = plans[variant]
        layers: list[nn.Module] = []
        for filters, size, stride in plan:
            layers += [nn.Conv2d(C, filters, size, stride), nn.ReLU()]
            C, H, W = filters, (H - size) // stride + 1, (W - size) // stride + 1
        self.layers = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(C * H * W, width), nn.ReLU(), nn.Linear(width, actions)
        )
        ### END SOLUTION

    def forward(self, frames: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        return self.layers(frames)
        ### END SOLUTION


# %% [markdown] hint="QNetwork"
# 1. A convolution without padding makes H into (H - size) // stride + 1: 84 becomes 20, then 9, then 7.
# 2. `nn.Sequential` of `nn.Conv2d(C, filters, size, stride)` and `nn.ReLU()`, then `nn.Flatten()` and two linear
#    layers. No ReLU after the last: values may be negative.

# %% tags=["active-ipynb"]
# for variant in ("nips", "nature"):
#     net = QNetwork((4, 84, 84), 18, variant)
#     shape = tuple(net(torch.zeros(2, 4, 84, 84)).shape)
#     print(variant, f"{sum(p.numel() for p in net.parameters()):,} parameters, values {shape}")

# %% [markdown]
# ## 3 Targets
#
# The network $Q$ should say $r + \gamma \max_{a'} Q(s', a')$, but this target moves with every step that $Q$ takes,
# like a dog that chases its own tail. So the target comes from an older copy, the **target network** $\bar Q$:
#
# $$y = r + \gamma \max_{a'} \bar Q(s', a') \quad\text{(DQN)}, \qquad
# y = r + \gamma\, \bar Q\bigl(s', \operatorname{argmax}_{a'} Q(s', a')\bigr) \quad\text{(double DQN)}.$$
#
# A maximum of noisy numbers is too large on average. In **double DQN** (van Hasselt et al. 2016), the network that
# learns chooses the action, and the older copy says what it is worth. Where the episode is done, $y = r$. A target is a
# number: no gradient goes through it.


# %% task="dqn_target" minutes=10 difficulty="easy"
def dqn_target(q_next: Tensor, rewards: Tensor, done: Tensor, gamma: float) -> Tensor:
    """The target of DQN for each experience. It needs no loop, and has no gradient.

    Shapes:
        q_next   (N, A)  values of the next observations, by the target network; what it says where done does not count,
                         even nan
        rewards  (N,)
        done     (N,)    bool
        out      (N,)
    """
    ### BEGIN SOLUTION
    return rewards + gamma * torch.where(done, 0, q_next.detach().amax(dim=1))
    ### END SOLUTION


# %% [markdown] hint="dqn_target"
# 1. `q_next.detach().amax(dim=1)`, and 0 where done, by `torch.where`.


# %% task="double_dqn_target" minutes=15 difficulty="easy"
def double_dqn_target(
    q_next_online: Tensor, q_next_target: Tensor, rewards: Tensor, done: Tensor, gamma: float
) -> Tensor:
    """The target of double DQN for each experience. It needs no loop, and has no gradient.

    Shapes:
        q_next_online, q_next_target  (N, A)  values of the next observations by both networks
        rewards, done                 (N,)    as above
        out                           (N,)
    """
    ### BEGIN SOLUTION
    chosen = q_next_online.argmax(dim=1, keepdim=True)
    return rewards + gamma * torch.where(done, 0, q_next_target.detach().gather(1, chosen)[:, 0])
    ### END SOLUTION


# %% [markdown] hint="double_dqn_target"
# 1. `argmax` of the online network's values, then `gather` from the target network's.

# %% [markdown]
# The error $q - y$ of a few experiences is large, since rewards are rare. **Huber's loss** is the square, halved, up to
# 1, and grows linearly from there: $\frac 1 2 e^2$ for $|e| \le 1$, else $|e| - \frac 1 2$. So no experience pulls with
# a force above 1. Only the value of the action that was taken has an error.


# %% task="dqn_loss" minutes=15 difficulty="easy"
def dqn_loss(q: Tensor, actions: Tensor, target: Tensor) -> Tensor:
    """The mean Huber loss of the values of the actions that were taken. No gradient goes through the target.

    F.smooth_l1_loss and F.huber_loss are not allowed.

    Shapes:
        q        (N, A)  float
        actions  (N,)    int64
        target   (N,)    float
        out      ()
    """
    ### BEGIN SOLUTION
    error = (q.gather(1, actions[:, None])[:, 0] - target.detach()).abs()
    return torch.where(error <= 1, error.square() / 2, error - 0.5).mean()
    ### END SOLUTION


# %% [markdown] hint="dqn_loss"
# 1. `q.gather(1, actions[:, None])[:, 0]` are the values of the actions that were taken.
# 2. `torch.where` between the two branches; the mean over N, not over N times A.

# %% [markdown]
# From time to time the target network becomes equal to the online one. Or it follows it slowly, in every step:
# $\bar\theta \leftarrow (1 - \tau)\, \bar\theta + \tau\, \theta$. Both are the same function, with $\tau = 1$ or a
# small $\tau$.


# %% task="sync_target" minutes=15 difficulty="medium"
def sync_target(online: nn.Module, target: nn.Module, tau: float = 1.0) -> None:
    """Move each parameter of the target network by tau towards that of the online one, in place.

    The networks stay two: later changes of one do not change the other. Buffers, such as running means of batch
    normalisation, are copied. Neither `requires_grad` nor gradients change.

    Shapes:
        online, target  two modules with the same parameters and buffers
        tau             float in (0, 1]; 1 copies
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), online.parameters(), strict=True):
            slow.lerp_(fast, tau)
        for slow, fast in zip(target.buffers(), online.buffers(), strict=True):
            slow.copy_(fast)
    ### END SOLUTION


# %% [markdown] hint="sync_target"
# 1. `zip(target.parameters(), online.parameters())`, in `torch.no_grad()`.
# 2. In place: `slow.copy_(...)` or `slow.lerp_(fast, tau)`. Assigning `.data` makes both share memory.

# %% [markdown]
# ## 4 Catching a ball
#
# `Catch`: a ball falls through a board of 10 x 5 places, and the paddle on the last row should be under it. The reward,
# 1 or -1, comes at the end, after nine steps. All parts together:
#
# 1. `n` copies act, ε-greedily by the online network. ε falls in equal steps from 1 to 0.1 over the first half of all
#    steps, and stays there.
# 2. Their experiences go into the memory. Copies whose episode is done or truncated are restarted with
#    `obs = env.restart(ended)`, which returns all observations.
# 3. One step of Adam on the loss of a sample of `batch` experiences, with targets of double DQN. What was *truncated*
#    would have gone on: only `done` cuts the target.
# 4. After every `every` steps, the target network becomes equal to the online one.


# %% task="train_dqn" minutes=45 difficulty="hard"
def train_dqn(
    env: object,
    online: nn.Module,
    target: nn.Module,
    generator: torch.Generator,
    steps: int = 1000,
    n: int = 16,
    batch: int = 64,
    capacity: int = 10_000,
    every: int = 50,
    gamma: float = 0.95,
    lr: float = 2e-3,
) -> Tensor:
    """Train `online` in place as above, and return the mean reward of the n copies in each step.

    Shapes:
        env             env.reset(n, generator) returns observations (n, ...), env.step(actions) returns observations,
                        rewards, done and truncated, env.restart(which) returns observations
        online, target  two modules of the same kind: observations (N, ...) to values (N, A); before the first step, the
                        target network becomes equal to the online one. Their modes and requires_grad stay as they are
        generator       the source of all random numbers
        out             (steps,)
    """
    ### BEGIN SOLUTION
    sync_target(online, target)
    optimizer = torch.optim.Adam(online.parameters(), lr=lr)
    obs = env.reset(n, generator)
    buffer = ReplayBuffer(capacity, tuple(obs.shape[1:]), obs)
    history = []
    for step in range(steps):
        epsilon = max(1.0 - 0.9 * step / (steps / 2), 0.1)
        with torch.no_grad():
            q = online(obs)
        anything = torch.randint(q.shape[1], (n,), generator=generator, device=q.device)
        explores = torch.rand(n, generator=generator, device=q.device) < epsilon
        actions = torch.where(explores, anything, q.argmax(dim=1))
        after, rewards, done, truncated = env.step(actions)
        buffer.add(obs, actions, rewards, after, done)
        obs = env.restart(done | truncated)
        history.append(rewards.float().mean())

        seen, taken, earned, following, ended = buffer.sample(batch, generator)
        with torch.no_grad():
            y = double_dqn_target(online(following), target(following), earned, ended, gamma)
        optimizer.zero_grad()
        dqn_loss(online(seen), taken, y).backward()
        optimizer.step()
        if (step + 1) % every == 0:
            sync_target(online, target)
    return torch.stack(history)
    ### END SOLUTION


# %% [markdown] hint="train_dqn"
# 1. Before the loop: equal networks, Adam on the parameters of the online one, reset, an empty memory.
# 2. Store the observation *after the step*, not the one after the restart: the restart belongs to another episode.
# 3. `done` goes into the memory, without `truncated`. Compute targets in `torch.no_grad()`.

# %% [markdown]
# How should ε fall? A constant one explores for ever and is never the best it could be. $1 / \sqrt{t}$ becomes greedy
# in the limit, and still tries each action infinitely often. DQN's has two parts: explore first, then mostly play
# well.

# %% tags=["active-ipynb"]
# steps = torch.arange(1, 1001)
# curves({"constant": torch.full((1000,), 0.2), "1 / root of t": steps**-0.5,
#         "two parts": torch.cat([torch.linspace(1, 0.1, 500), torch.full((500,), 0.1)])},
#        xlabel="step", ylabel="epsilon")

# %% tags=["active-ipynb"]
# # about 10 seconds: six runs of a loop of yours
# def caught(history):
#     """The share of balls that were caught, over 90 steps each: every ninth step has a reward."""
#     return (history[:990].reshape(11, 90).sum(dim=1) / 10 + 1) / 2
#
#
# nets = {seed: network(seed) for seed in range(3)}
# with_memory = [caught(train_dqn(Catch(), nets[seed], network(9), generator(seed))) for seed in range(3)]
# without = [caught(train_dqn(Catch(), network(seed), network(9), generator(seed), batch=16, capacity=16))
#            for seed in range(3)]
# bands({"memory of 10,000": torch.stack(with_memory), "the last step only": torch.stack(without)}, every=90,
#       xlabel="step", ylabel="share of balls that are caught, with exploration")

# %% tags=["active-ipynb"]
# env, random = Catch(), generator(5)
# board, boards = env.reset(1, random), []
# for step in range(27):
#     boards.append(board)
#     board, _, done, _ = env.step(nets[0](board).argmax(dim=1))
#     if done:
#         boards.append(board)
#         board = env.restart(done)
# Film(torch.cat(boards), "A trained paddle catches three balls.", milliseconds=200, enlarge=16)

# %% tags=["active-ipynb"]
# image_grid(torch.cat(boards[:10]), [f"step {step}" for step in range(10)], columns=5)

# %% [markdown] question="deep-q1"
# **Question 1.** (a) What goes wrong without the memory, and what without the target network? (b) A programmer stores
# `done | truncated` in the memory, in a game that never ends by itself but is cut after 200 steps. Which values does
# the network learn near the limit, and why can it not even learn those well?

# %% [markdown] answer="deep-q1"
# ### BEGIN SOLUTION
# (a) Without the memory, each batch is from one moment: experiences are alike and are seen once, the network fits the
# present ones and forgets the others, among them the rare rewards. Without the target network, each step changes the
# targets of all states that look alike, so errors can feed themselves and grow. (b) It learns that nothing follows the
# limit: values fall towards it, to a single reward at the last step. But the time is not in the observation, so the
# same observation has different targets, and the network learns an average that is too low everywhere.
# ### END SOLUTION

# %% [markdown]
# ## 5 The same with least squares
#
# If $Q$ is linear in given features, $Q(s, a) = \phi(s) \cdot w_a$, no step of gradient descent is needed: compute
# all targets, fit them by least squares, repeat. This is **fitted Q iteration** (Ernst et al. 2005). With a feature for
# each state it is value iteration on the frequencies of what was seen.


# %% task="fitted_q" minutes=25 difficulty="medium"
def fitted_q(
    phi: Tensor, a: Tensor, r: Tensor, phi2: Tensor, done: Tensor, actions: int, gamma: float, iterations: int
) -> Tensor:
    """The weights after some iterations from 0. In each, every action is fitted to the targets of its experiences.

    Shapes:
        phi, phi2   (N, D)  float, features of the observation and of the next one
        a, r, done  (N,)    action (int64), reward, and whether nothing follows
        actions     int     A; each has experiences whose features have rank D
        out         (D, A)
    """
    ### BEGIN SOLUTION
    W = torch.zeros(phi.shape[1], actions, dtype=phi.dtype, device=phi.device)
    for _ in range(iterations):
        y = r + gamma * torch.where(done, 0, (phi2 @ W).amax(dim=1))
        fits = [torch.linalg.lstsq(phi[a == b], y[a == b, None]).solution for b in range(actions)]
        W = torch.cat(fits, dim=1)
    return W
    ### END SOLUTION


# %% [markdown] hint="fitted_q"
# 1. All targets from the weights before; only then the fits, each with the experiences of one action.
# 2. `torch.linalg.lstsq(X, y[:, None]).solution` has the shape (D, 1).

# %% tags=["active-ipynb"]
# from common.environments import Ice
#
# env, random = Ice(), generator(0)
# state, rows = env.reset(100, random), []
# for step in range(300):
#     action = torch.randint(4, (100,), generator=random)
#     after, reward, done, truncated = env.step(action)
#     rows.append((state, action, reward, after, done))
#     state = env.restart(done | truncated)
# s, a, r, s2, done = (torch.cat(part) for part in zip(*rows))
# eye = torch.eye(16, dtype=torch.float64)
# W = fitted_q(eye[s], a, r, eye[s2], done, 4, 0.9, 100)
# print(W.amax(dim=1).reshape(4, 4).round(decimals=2))

# %% [markdown]
# ## What to take home
#
# Bootstrapping, a network, and data from another policy: together, these three can diverge. The memory makes the data
# behave like a sample, the old copy makes the target stand still, Huber's loss bounds what one surprise can do, and two
# networks keep the maximum honest.
#
# **Where to look next.** Rainbow (Hessel et al., 2018) combines six improvements and measures what each is worth.
# Schaul et al. (*Prioritized experience replay*, 2016) draw surprising steps more often. Bellemare, Dabney and Munos
# (*A distributional perspective on reinforcement learning*, 2017) learn the distribution of the return and not only its
# mean. Van Hasselt et al. (*Deep reinforcement learning and the deadly triad*, 2018) measure when it diverges.
