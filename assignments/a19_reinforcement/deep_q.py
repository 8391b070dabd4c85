# %% [markdown]
# # A network for a table
#
# A board of 10 x 5 places has few states, a screen has more than there are atoms. A network can take the place of the
# table: the observation goes in, and the value of each action comes out. In 2015, one such network, trained for each of
# 49 Atari games from pixels and points alone, played as well as a professional tester on many of them, after about 38
# days of play per game (Mnih et al. 2015). You write its parts: the memory, the network, the targets, the loss; and
# train it to catch a ball.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 A memory | `ReplayBuffer` | 4 | 30 |
# | 2 Pixels | `stack_frames`, `QNetwork` | 5 | 40 |
# | 3 Targets | `dqn_target`, `double_dqn_target`, `dqn_loss`, `sync_target` | 10 | 55 |
# | 4 Catching a ball | `train_dqn` | 4 | 45 |
# | 5 The same with least squares | `fitted_q` | 2 | 25 |

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

# %% task="ReplayBuffer"
# About 30 minutes, medium. Stuck? hint("ReplayBuffer") shows a first step.
class ReplayBuffer:
    """The last experiences, at most `capacity`.

    Shapes:
        capacity   int    at least 1
        obs_shape  tuple  the shape of one observation
        like       Tensor or None, any tensor on the device where experiences are stored; by default, the CPU
    """

    def __init__(self, capacity: int, obs_shape: tuple[int, ...], like: Tensor | None = None) -> None:
        device = None if like is None else like.device
        # YOUR CODE HERE
        raise NotImplementedError()

    def __len__(self) -> int:
        """How many experiences there are."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def add(self, obs: Tensor, actions: Tensor, rewards: Tensor, next_obs: Tensor, done: Tensor) -> None:
        """Store copies of B experiences, in their order. Of more than `capacity`, the last ones stay.

        Shapes:
            obs, next_obs  (B, *obs_shape)  stored as float32
            actions        (B,)             int64
            rewards        (B,)             stored as float32
            done           (B,)             bool
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Draw n of the stored experiences, each time any of them with the same probability.

        Shapes:
            generator  the source of all random numbers
            out        obs, actions, rewards, next_obs, done, as in `add` with B = n
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ReplayBuffer"
# check("deep_q", task="ReplayBuffer")

# %% [markdown]
# ## 2 Pixels
#
# One frame does not say where the ball is going. The last four frames together do; at the beginning the first frame is
# repeated.

# %% task="stack_frames"
# About 15 minutes, easy. Stuck? hint("stack_frames") shows a first step.
def stack_frames(frames: Tensor, k: int) -> Tensor:
    """For each time, the last k frames, the oldest first. Before the first frame there was the first frame.

    Shapes:
        frames  (T, H, W)     any dtype; it is not changed
        k       int           at least 1
        out     (T, k, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="stack_frames"
# check("deep_q", task="stack_frames")

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

# %% task="QNetwork"
# About 25 minutes, medium. Stuck? hint("QNetwork") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, frames: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="QNetwork"
# check("deep_q", task="QNetwork")

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

# %% task="dqn_target"
# About 10 minutes, easy. Stuck? hint("dqn_target") shows a first step.
def dqn_target(q_next: Tensor, rewards: Tensor, done: Tensor, gamma: float) -> Tensor:
    """The target of DQN for each experience. It needs no loop, and has no gradient.

    Shapes:
        q_next   (N, A)  values of the next observations, by the target network; what it says where done does not count,
                         even nan
        rewards  (N,)
        done     (N,)    bool
        out      (N,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="dqn_target"
# check("deep_q", task="dqn_target")

# %% task="double_dqn_target"
# About 15 minutes, easy. Stuck? hint("double_dqn_target") shows a first step.
def double_dqn_target(
    q_next_online: Tensor, q_next_target: Tensor, rewards: Tensor, done: Tensor, gamma: float
) -> Tensor:
    """The target of double DQN for each experience. It needs no loop, and has no gradient.

    Shapes:
        q_next_online, q_next_target  (N, A)  values of the next observations by both networks
        rewards, done                 (N,)    as above
        out                           (N,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="double_dqn_target"
# check("deep_q", task="double_dqn_target")

# %% [markdown]
# The error $q - y$ of a few experiences is large, since rewards are rare. **Huber's loss** is the square, halved, up to
# 1, and grows linearly from there: $\frac 1 2 e^2$ for $|e| \le 1$, else $|e| - \frac 1 2$. So no experience pulls with
# a force above 1. Only the value of the action that was taken has an error.

# %% task="dqn_loss"
# About 15 minutes, easy. Stuck? hint("dqn_loss") shows a first step.
def dqn_loss(q: Tensor, actions: Tensor, target: Tensor) -> Tensor:
    """The mean Huber loss of the values of the actions that were taken. No gradient goes through the target.

    F.smooth_l1_loss and F.huber_loss are not allowed.

    Shapes:
        q        (N, A)  float
        actions  (N,)    int64
        target   (N,)    float
        out      ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="dqn_loss"
# check("deep_q", task="dqn_loss")

# %% [markdown]
# From time to time the target network becomes equal to the online one. Or it follows it slowly, in every step:
# $\bar\theta \leftarrow (1 - \tau)\, \bar\theta + \tau\, \theta$. Both are the same function, with $\tau = 1$ or a
# small $\tau$.

# %% task="sync_target"
# About 15 minutes, medium. Stuck? hint("sync_target") shows a first step.
def sync_target(online: nn.Module, target: nn.Module, tau: float = 1.0) -> None:
    """Move each parameter of the target network by tau towards that of the online one, in place.

    The networks stay two: later changes of one do not change the other. Buffers, such as running means of batch
    normalisation, are copied. Neither `requires_grad` nor gradients change.

    Shapes:
        online, target  two modules with the same parameters and buffers
        tau             float in (0, 1]; 1 copies
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sync_target"
# check("deep_q", task="sync_target")

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

# %% task="train_dqn"
# About 45 minutes, hard. Stuck? hint("train_dqn") shows a first step.
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
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="train_dqn"
# check("deep_q", task="train_dqn")

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
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 The same with least squares
#
# If $Q$ is linear in given features, $Q(s, a) = \phi(s) \cdot w_a$, no step of gradient descent is needed: compute
# all targets, fit them by least squares, repeat. This is **fitted Q iteration** (Ernst et al. 2005). With a feature for
# each state it is value iteration on the frequencies of what was seen.

# %% task="fitted_q"
# About 25 minutes, medium. Stuck? hint("fitted_q") shows a first step.
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
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="fitted_q"
# check("deep_q", task="fitted_q")

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
