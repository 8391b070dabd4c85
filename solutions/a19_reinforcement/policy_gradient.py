# %% [markdown]
# # Policies
#
# A policy may be a network: the state goes in, and a logit for each action comes out. There is no right action to
# compare with. Nobody can differentiate the world either, since all that it returns are samples. Still, the mean return
# has a gradient, and it can be estimated from episodes: make those actions more likely that were followed by more than
# one expected. You write this estimator, find out why it is so noisy, and take the noise away piece by piece, until a
# pole stands on its cart.
#
# <!-- parts -->

# %%
from collections.abc import Callable

import torch
from torch import Tensor, nn

# %% tags=["active-ipynb"]
# import importlib.util
#
# from tqdm import tqdm
#
# from autograder import check, hint
# from common.environments import CartPole, Catch
# from common.environments.cart_pole import picture
# from common.plots.curves import curves
# from common.plots.figure import new_figure
# from common.plots.grids import image_grid
# from common.plots.worlds import Film, bands
#
#
# def generator(seed):
#     """A generator of random numbers with a seed."""
#     return torch.Generator().manual_seed(seed)
#
#
# def network(inputs, outputs, seed):
#     """A small policy for observations of any shape."""
#     torch.manual_seed(seed)
#     return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 32), nn.Tanh(), nn.Linear(32, outputs))

# %% [markdown]
# ## 1 Distributions over actions
#
# Logits become probabilities by softmax, $\pi(a) = e^{z_a} / \sum_b e^{z_b}$. What we need is the logarithm of the
# probability of an action, and the **entropy** $-\sum_a \pi(a) \log \pi(a)$, which says how undecided the policy is:
# 0 if one action is certain, $\log A$ if all are alike. Logits grow while training, so both must be right for logits
# of 1000, too.


# %% task="log_prob" minutes=10 difficulty="easy"
def log_prob(logits: Tensor, actions: Tensor) -> Tensor:
    """The logarithm of the probability of each action.

    torch.distributions and F.cross_entropy are not allowed.

    Shapes:
        logits   (..., A)  float, any finite numbers
        actions  (...)     int64
        out      (...)
    """
    ### BEGIN SOLUTION
    return logits.log_softmax(dim=-1).gather(-1, actions[..., None])[..., 0]
    ### END SOLUTION


# %% [markdown] hint="log_prob"
# 1. `log_softmax`, not the logarithm of `softmax`: the latter is minus infinity for a probability that rounds to 0.
# 2. `table.gather(-1, actions[..., None])` reads one entry from each row.


# %% task="entropy" minutes=10 difficulty="easy"
def entropy(logits: Tensor) -> Tensor:
    """The entropy of each distribution, with natural logarithms.

    torch.distributions is not allowed.

    Shapes:
        logits  (..., A)  float, any finite numbers
        out     (...)
    """
    ### BEGIN SOLUTION
    logs = logits.log_softmax(dim=-1)
    return -(logs.exp() * logs).sum(dim=-1)
    ### END SOLUTION


# %% [markdown] hint="entropy"
# 1. Take `log_softmax` once: the probabilities are its `exp()`. A probability of 0 times a large finite number is 0.

# %% [markdown]
# Values of actions make a policy, too: Boltzmann's, $\pi(a) \propto e^{Q(a) / T}$. A low temperature $T$ is nearly
# greedy, a high one nearly random.


# %% task="boltzmann" minutes=5 difficulty="easy"
def boltzmann(q: Tensor, temperature: float) -> Tensor:
    """The probability of each action.

    Shapes:
        q            (..., A)  float, any finite numbers; it is not changed
        temperature  float     above 0
        out          (..., A)
    """
    ### BEGIN SOLUTION
    return (q / temperature).softmax(dim=-1)
    ### END SOLUTION


# %% [markdown] hint="boltzmann"
# 1. Softmax of the values divided by the temperature. `exp` alone overflows; `softmax` subtracts the maximum first.

# %% [markdown]
# ## 2 The gradient of the mean return
#
# Let $J$ be the mean return of episodes that follow the policy. Since $\nabla p = p \nabla \log p$, and only the policy
# in the probability of an episode depends on the parameters, and no action changes what was earned before it (Williams
# 1992, REINFORCE):
#
# $$\nabla J = E\Bigl[\sum_t \nabla \log \pi(a_t \mid s_t)\; w_t\Bigr], \qquad w_t = G_t - b .$$
#
# The weights $w_t$ are numbers, nothing is differentiated in them. Any $b$ that does not depend on the action $a_t$
# keeps the mean. We average over a batch of E episodes, padded to T steps; `mask` says which steps belong to an
# episode. A loss whose gradient is minus this estimate:
#
# $$L = -\frac 1 E \sum_e \sum_t \log \pi(a_{et} \mid s_{et})\, w_{et} .$$


# %% task="reinforce_loss" minutes=20 difficulty="medium"
def reinforce_loss(logits: Tensor, actions: Tensor, weights: Tensor, mask: Tensor) -> Tensor:
    """The loss above: a mean over episodes of sums over their steps. The weights get no gradient.

    Shapes:
        logits   (E, T, A)  float
        actions  (E, T)     int64
        weights  (E, T)     float
        mask     (E, T)     bool, False where an episode is over; what logits and weights say there does not count,
                            even nan
        out      ()
    """
    ### BEGIN SOLUTION
    logits = torch.where(mask[..., None], logits, 0)  # else the gradient of a nan is nan, too
    terms = log_prob(logits, actions) * weights.detach()
    return -torch.where(mask, terms, 0).sum() / len(mask)
    ### END SOLUTION


# %% [markdown] hint="reinforce_loss"
# 1. `log_prob(logits, actions) * weights.detach()`, 0 where the mask is False, the sum of all, divided by E.
# 2. Gradient descent goes down, and the return should go up: mind the sign. `torch.where` ignores a nan that a product
#    with 0 would keep.

# %% [markdown]
# For $w_t$ we take the **reward to go**, $G_t = \sum_{k \ge t} \gamma^{k - t} r_k$. Taking the whole return $G_0$ for
# all steps has the same mean, but more noise: an action is praised for what happened before it.


# %% task="reward_to_go" minutes=10 difficulty="easy"
def reward_to_go(rewards: Tensor, gamma: float) -> Tensor:
    """The return from each time on, for each episode.

    Shapes:
        rewards  (E, T)  float, 0 after the end of an episode; it is not changed
        gamma    float in [0, 1]
        out      (E, T)
    """
    ### BEGIN SOLUTION
    out, following = torch.empty_like(rewards), torch.zeros_like(rewards[:, 0])
    for t in reversed(range(rewards.shape[1])):
        following = rewards[:, t] + gamma * following
        out[:, t] = following
    return out
    ### END SOLUTION


# %% [markdown] hint="reward_to_go"
# 1. From the last column to the first: a vector of E numbers that is multiplied by gamma, plus the column.

# %% [markdown]
# The simplest baseline: subtract the mean of all weights in the batch, and divide by their standard deviation, so that
# the size of rewards does not matter.


# %% task="normalise" minutes=15 difficulty="easy"
def normalise(weights: Tensor, mask: Tensor) -> Tensor:
    """The weights minus their mean, divided by (their standard deviation + 1e-8); 0 where the mask is False.

    Mean and standard deviation are those of all entries together where the mask is True; the variance divides by
    their number.

    Shapes:
        weights  (E, T)  float; it is not changed
        mask     (E, T)  bool, True at least once
        out      (E, T)
    """
    ### BEGIN SOLUTION
    counted = weights[mask]
    scaled = (weights - counted.mean()) / (counted.std(correction=0) + 1e-8)
    return torch.where(mask, scaled, 0)
    ### END SOLUTION


# %% [markdown] hint="normalise"
# 1. `weights[mask]` are the entries that count. `std(correction=0)` divides by their number.

# %% [markdown]
# ## 3 The pole on the cart
#
# `CartPole` has four numbers as observation and two actions. Each step earns 1, until the pole leans too far or the
# cart leaves, or 200 steps are over. Play `n` episodes at once with the current policy, for at most `steps` steps, and
# take one step of Adam; repeat.


# %% task="train_policy" minutes=40 difficulty="hard"
def train_policy(
    env: object,
    model: nn.Module,
    generator: torch.Generator,
    updates: int = 40,
    n: int = 32,
    steps: int = 200,
    gamma: float = 0.99,
    lr: float = 0.02,
    weigh: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> Tensor:
    """Train a policy by REINFORCE, and return the mean sum of rewards of the episodes before each update.

    Shapes:
        env        env.reset(n, generator) returns observations (n, ...), env.step(actions) returns observations,
                   rewards, done and truncated; both end an episode, and rewards after the end do not count
        model      observations (N, ...) to logits (N, A); its parameters are trained in place by torch.optim.Adam
        generator  the source of all random numbers
        weigh      weights from rewards (n, T) and mask (n, T); by default, those of reward_to_go, normalised
        out        (updates,)
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    history = []
    for _ in range(updates):
        obs = env.reset(n, generator)
        alive = torch.ones(n, dtype=torch.bool, device=obs.device)
        seen, chosen, earned, masks = [], [], [], []
        for _ in range(steps):
            with torch.no_grad():
                chances = model(obs).softmax(dim=1)
            action = torch.multinomial(chances, 1, generator=generator)[:, 0]
            seen.append(obs)
            chosen.append(action)
            masks.append(alive)
            obs, reward, done, truncated = env.step(action)
            earned.append(torch.where(alive, reward, 0))
            alive = alive & ~done & ~truncated
            if not alive.any():
                break
        observations, actions = torch.stack(seen, dim=1), torch.stack(chosen, dim=1)  # (n, T, ...), (n, T)
        rewards, mask = torch.stack(earned, dim=1), torch.stack(masks, dim=1)
        weights = weigh(rewards, mask) if weigh else normalise(reward_to_go(rewards, gamma), mask)
        logits = model(observations.flatten(0, 1)).unflatten(0, actions.shape)
        optimizer.zero_grad()
        reinforce_loss(logits, actions, weights, mask).backward()
        optimizer.step()
        history.append(rewards.sum(dim=1).mean())
    return torch.stack(history)
    ### END SOLUTION


# %% [markdown] hint="train_policy"
# 1. Play without gradients, and store observations, actions, rewards, and which episodes were still running *before*
#    each step. Stop early when none is.
# 2. Stack along axis 1. For the loss, compute the logits of all observations again, with gradients, in one call:
#    `model(observations.flatten(0, 1)).unflatten(0, actions.shape)`.
# 3. `zero_grad`, `backward`, `step`, once for each update. The sum of rewards of an episode is `rewards.sum(dim=1)`.

# %% tags=["active-ipynb"]
# # about 15 seconds: nine runs of a loop of yours
# def whole(rewards, mask):
#     """The whole return for each step."""
#     return reward_to_go(rewards, 0.99)[:, :1].expand_as(rewards)
#
#
# def no_baseline(rewards, mask):
#     """The reward to go as it is, scaled so that Adam's steps are alike."""
#     return reward_to_go(rewards, 0.99) / 20
#
#
# ways = {"reward to go, normalised": None, "reward to go": no_baseline, "whole return": whole}
# models = {way: [network(4, 2, seed) for seed in range(3)] for way in ways}
# runs = {way: torch.stack([train_policy(CartPole(), models[way][seed], generator(seed), 25, weigh=weigh)
#                           for seed in range(3)]) for way, weigh in ways.items()}
# bands(runs, ylabel="steps until the pole falls (200: never)")

# %% tags=["active-ipynb"]
# env, states = CartPole(), []
# state = env.reset(1, generator(7))
# for step in range(150):
#     states.append(state)
#     state = env.step(models["reward to go, normalised"][0](state).argmax(dim=1))[0]
# frames = picture(torch.cat(states))
# image_grid(frames[::19], [f"step {19 * n}" for n in range(8)], columns=4)

# %% tags=["active-ipynb"]
# Film(frames[::2], "A trained policy balances the pole for 150 steps.", milliseconds=40, enlarge=3)

# %% tags=["active-ipynb"]
# if importlib.util.find_spec("gymnasium"):  # the same policy in another's simulator, if it is installed
#     gymnasium = importlib.import_module("gymnasium")
#     world, lengths = gymnasium.make("CartPole-v1", max_episode_steps=200), []
#     for seed in range(5):
#         obs, over, length = world.reset(seed=seed)[0], False, 0
#         while not over:
#             action = models["reward to go, normalised"][0](torch.as_tensor(obs)[None]).argmax().item()
#             obs, _, terminated, truncated, _ = world.step(action)
#             over, length = terminated or truncated, length + 1
#         lengths.append(length)
#     print("steps in gymnasium's CartPole:", lengths)

# %% [markdown] question="policy-q1"
# **Question 1.** (a) With $\gamma < 1$, the usual estimator $\sum_t \nabla \log \pi(a_t \mid s_t) \, G_t$ is not the
# gradient of the mean discounted return $E[G_0]$. Which factor is missing, and why does nobody put it in? (b) Why
# must the baseline not depend on the action $a_t$?

# %% [markdown] answer="policy-q1"
# ### BEGIN SOLUTION
# (a) The discounted return is G_0 = sum of gamma^t r_t, and what an action at time t adds to it is gamma^t G_t. With
# this factor, late steps would hardly be trained, although the agent should act well there, too; leaving it out treats
# each state as a start, and uses gamma only to limit how far an action's effects are followed. (b) The baseline's part
# is E[grad log pi(a|s) b]. If b does not depend on a, this is b times the sum over a of grad pi(a|s), the gradient of
# 1, which is 0. If b depends on a, the sum of grad pi(a|s) b(a) is not 0 in general: the estimate is biased.
# ### END SOLUTION

# %% [markdown]
# ## 4 Less noise: baselines
#
# How much does a constant $b$ help? Let $g = \sum_t \nabla \log \pi(a_t \mid s_t)$ be the **score** of an episode, a
# vector with an entry for each parameter, and $G$ its return. The estimate $g (G - b)$ has the same mean for every $b$.
# For parameter $j$ its variance is smallest for
#
# $$b_j = \frac{E[g_j^2\, G]}{E[g_j^2]} ,$$
#
# a mean of returns weighted by squared scores, and another one for each parameter. The plain mean of returns is a good
# and cheap guess.


# %% task="constant_baseline" minutes=20 difficulty="medium"
def constant_baseline(returns: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """The mean return, and the baseline of least variance for each parameter, from a batch of episodes.

    Where all scores of a parameter are 0, its baseline is the mean return.

    Shapes:
        returns  (E,)    float
        scores   (E, P)  float, the gradient of the log-probability of each episode
        out      mean (), baselines (P,)
    """
    ### BEGIN SOLUTION
    mean = returns.mean()
    squares = scores.square()
    total = squares.sum(dim=0)
    best = (squares * returns[:, None]).sum(dim=0) / torch.where(total > 0, total, 1)
    return mean, torch.where(total > 0, best, mean)
    ### END SOLUTION


# %% [markdown] hint="constant_baseline"
# 1. `scores.square()` has the shape (E, P), the returns need a second axis: `returns[:, None]`. Sums over axis 0.
# 2. Where the sum of squares is 0, divide by 1 instead, and take the mean.

# %% tags=["active-ipynb"]
# def gradients(model, episodes=400, steps=60):
#     """For each episode of a fixed policy: its whole return, its score, and its estimate by reward to go."""
#     env, random, obs = CartPole(), generator(0), None
#     obs, alive = env.reset(episodes, random), torch.ones(episodes, dtype=torch.bool)
#     score, credit, total = 0.0, 0.0, torch.zeros(episodes)
#     for step in range(steps):
#         action = torch.multinomial(model(obs).softmax(dim=1), 1, generator=random)[:, 0]
#         minus = (model(obs).softmax(dim=1) - nn.functional.one_hot(action, 2)) * alive[:, None]  # of the logits
#         grad = -(minus[:, :, None] * obs[:, None, :]).flatten(1)  # the policy is linear
#         score = score + grad
#         obs, reward, done, truncated = env.step(action)
#         total += alive * reward
#         credit = credit + grad * step  # minus what was earned before the step: reward to go = total - step
#         alive = alive & ~done & ~truncated
#     return total, score, score * total[:, None] - credit
#
#
# torch.manual_seed(0)
# linear = nn.Linear(4, 2, bias=False)
# with torch.no_grad():
#     total, score, to_go = gradients(linear)
# mean, best = constant_baseline(total, score)
# estimates = {"whole return": score * total[:, None], "with the mean": score * (total - mean)[:, None],
#              "with the best b": score * (total[:, None] - best), "reward to go": to_go}
# noise = {name: float(table.var(dim=0).sum()) for name, table in estimates.items()}
# spoken = ", ".join(f"{name} {value / noise['whole return']:.2f}" for name, value in noise.items())
# figure = new_figure(5, 2.6, f"Variance of the estimated gradient, relative to the whole return: {spoken}.")
# axes = figure.add_subplot(title="variance of the gradient, relative")
# axes.barh(list(noise), [value / noise["whole return"] for value in noise.values()])
# axes.invert_yaxis()
# figure

# %% [markdown]
# ## 5 Less noise: a critic
#
# A baseline may depend on the state. The best simple choice is its value $V(s)$, which a second network, the
# **critic**, learns. What remains is the **advantage**: how much better things went than the critic expected. After one
# step, this is the error of temporal differences,
#
# $$\delta_t = r_t + \gamma\, V(s_{t+1}) - V(s_t),$$
#
# without the middle term if the episode is *done*. If it is only truncated, it would have gone on, so the value of the
# state after the step still counts.


# %% task="td_errors" minutes=10 difficulty="easy"
def td_errors(rewards: Tensor, values: Tensor, next_values: Tensor, done: Tensor, gamma: float) -> Tensor:
    """The error of temporal differences of each step.

    Shapes:
        rewards      (...)  float
        values       (...)  V of the state in which the agent acted
        next_values  (...)  V of the state after the step
        done         (...)  bool
        out          (...)
    """
    ### BEGIN SOLUTION
    return rewards + gamma * torch.where(done, 0, next_values) - values
    ### END SOLUTION


# %% [markdown] hint="td_errors"
# 1. The formula, with the value of the next state replaced by 0 where done.

# %% [markdown]
# One step trusts the critic, the whole return trusts luck. **Generalised advantage estimation** (Schulman et al. 2016)
# goes between them with a $\lambda$ in $[0, 1]$:
#
# $$A_t = \delta_t + \gamma \lambda\, \delta_{t+1} + (\gamma \lambda)^2\, \delta_{t+2} + \dots$$
#
# For $\lambda = 0$ this is $\delta_t$, for $\lambda = 1$ it is the return minus $V(s_t)$. Where an episode ends, by
# being done or by being truncated, the sum ends, too: what follows in the same row belongs to the next episode.


# %% task="gae" minutes=20 difficulty="medium"
def gae(deltas: Tensor, ended: Tensor, gamma: float, lam: float) -> Tensor:
    """Advantages from the errors of temporal differences.

    Shapes:
        deltas  (E, T)  float, rows of steps in their order; it is not changed
        ended   (E, T)  bool: with this step an episode ended, and the next column belongs to another
        out     (E, T)
    """
    ### BEGIN SOLUTION
    out, following = torch.empty_like(deltas), torch.zeros_like(deltas[:, 0])
    for t in reversed(range(deltas.shape[1])):
        following = deltas[:, t] + gamma * lam * torch.where(ended[:, t], 0, following)
        out[:, t] = following
    return out
    ### END SOLUTION


# %% [markdown] hint="gae"
# 1. As the reward to go, with `gamma * lam` for gamma. Where column t ended, nothing of column t + 1 is added.

# %% [markdown]
# Actor and critic are trained by one loss: the policy's, the critic's squared error, and a bonus for entropy, which
# keeps the policy from settling too early:
#
# $$L = -\operatorname{mean}(\log \pi(a)\, A) + c_v \operatorname{mean}\bigl((V - \text{target})^2\bigr)
# - c_e \operatorname{mean}(\text{entropy}).$$
#
# The advantage contains the critic's values. The actor's part must not change them: otherwise the critic learns to
# expect whatever makes the actor's loss small.


# %% task="actor_critic_loss" minutes=20 difficulty="medium"
def actor_critic_loss(
    logits: Tensor,
    actions: Tensor,
    advantage: Tensor,
    values: Tensor,
    targets: Tensor,
    c_v: float = 0.5,
    c_e: float = 0.01,
) -> Tensor:
    """The loss above. No gradient goes through the advantage or the targets.

    Shapes:
        logits      (N, A)  float
        actions     (N,)    int64
        advantage   (N,)    float
        values      (N,)    what the critic says
        targets     (N,)    what it should have said
        out         ()
    """
    ### BEGIN SOLUTION
    actor = -(log_prob(logits, actions) * advantage.detach()).mean()
    critic = (values - targets.detach()).square().mean()
    return actor + c_v * critic - c_e * entropy(logits).mean()
    ### END SOLUTION


# %% [markdown] hint="actor_critic_loss"
# 1. Three means, with the signs of the formula. `detach()` makes constants of the advantage and the targets.

# %% tags=["active-ipynb"]
# # about 10 seconds, with a bar
# def catch(seed, lam, updates=150, n=64):
#     """The share of balls that an actor with a critic catches, before each update."""
#     env, random = Catch(), generator(seed)
#     actor, critic = network(50, 3, seed), network(50, 1, seed + 100)
#     optimizer = torch.optim.Adam([*actor.parameters(), *critic.parameters()], lr=0.01)
#     caught = []
#     for _ in range(updates):
#         obs, rows = env.reset(n, random), []
#         for _ in range(9):
#             with torch.no_grad():
#                 action = torch.multinomial(actor(obs).softmax(dim=1), 1, generator=random)[:, 0]
#             after, reward, done, _ = env.step(action)
#             rows.append((obs, action, reward, after, done))
#             obs = after
#         obs, action, reward, after, done = (torch.stack(part, dim=1) for part in zip(*rows))
#         with torch.no_grad():
#             before, then = (critic(part.flatten(0, 1)).reshape(n, 9) for part in (obs, after))
#         advantage = gae(td_errors(reward, before, then, done, 0.99), done, 0.99, lam)
#         loss = actor_critic_loss(actor(obs.flatten(0, 1)), action.flatten(), advantage.flatten(),
#                                  critic(obs.flatten(0, 1))[:, 0], (advantage + before).flatten())
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#         caught.append((reward.sum(dim=1) > 0).double().mean())
#     return torch.stack(caught)
#
#
# bands({f"lambda = {lam}": torch.stack([catch(seed, lam) for seed in range(3)])
#        for lam in tqdm((0.0, 0.9, 1.0), unit="lambda")},
#       ylabel="share of balls that are caught")

# %% [markdown] question="policy-q2"
# **Question 2.** Which values of $\lambda$ learn fast here, and why is 0 so slow at the beginning? When
# would you expect a small $\lambda$ to be better than 1?

# %% [markdown] answer="policy-q2"
# ### BEGIN SOLUTION
# 0.9 and 1 do. The reward comes only at the end of nine steps. With lambda = 0, an early move hears of it only when the
# critic has learned the values of all states between, one step back at a time; until then its advantages are the noise
# of an untrained critic. Larger values of lambda bring the reward itself to all steps at once. A small lambda is
# better when episodes are long and rewards noisy, so that the sum of many rewards varies much, and when the critic is
# already good.
# ### END SOLUTION

# %% [markdown]
# ## 6 Asking for a return
#
# Another way needs neither values nor this gradient: treat episodes as sentences (Chen et al. 2021, the **decision
# transformer**). Each step becomes three tokens: the return that is still to come, the state, the action. A causal
# transformer learns to predict each action from what stands before it, which is supervised learning. To act, *ask* for
# a return: the model continues the sentence with actions that were usual before such a return.


# %% task="decision_tokens" minutes=15 difficulty="medium"
def decision_tokens(returns_to_go: Tensor, states: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
    """The sequence R_0, s_0, a_0, R_1, s_1, a_1, ... of embedded tokens, and where each action is predicted.

    Under a causal mask, the output at a position depends on this token and those before. The action of time t is
    predicted at the last position before it.

    Shapes:
        returns_to_go, states, actions  (E, T, D)  float, embedded
        out                             tokens (E, 3 T, D); positions (T,), int64
    """
    ### BEGIN SOLUTION
    E, T, D = states.shape
    tokens = torch.stack([returns_to_go, states, actions], dim=2).reshape(E, 3 * T, D)
    return tokens, 3 * torch.arange(T, device=states.device) + 1
    ### END SOLUTION


# %% [markdown] hint="decision_tokens"
# 1. `torch.stack([...], dim=2)` has the shape (E, T, 3, D). Reshape it to (E, 3 T, D).
# 2. At its own position, an action could be copied; before the state is seen, it cannot be chosen well.


# %% task="act" minutes=20 difficulty="medium"
def act(model: Callable[[Tensor, Tensor, Tensor], Tensor], env: object, target: float, generator: torch.Generator,
        max_steps: int) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Play one episode of one copy of the environment, asking for a return.

    Each step calls the model with all that happened so far. The return to go of the next step is that of this one
    minus the reward. The action that is not chosen yet is given as 0. The likeliest action is taken. The episode ends
    when it is done or truncated, or after max_steps.

    Shapes:
        model   returns to go (1, t), states (1, t, ...), actions (1, t) to logits (1, t, A) for the action of each time
        target  float        the return that is asked for at time 0
        out     the returns to go (T,), and the rewards (T,), both float32
    """
    ### BEGIN SOLUTION
    state = env.reset(1, generator)
    wanted = torch.tensor([target], dtype=torch.float32, device=state.device)
    asked, states, actions, earned = [], [], [], []
    for _ in range(max_steps):
        asked.append(wanted)
        states.append(state)
        known = torch.stack([*actions, torch.zeros(1, dtype=torch.int64, device=state.device)], dim=1)
        with torch.no_grad():
            logits = model(torch.stack(asked, dim=1), torch.stack(states, dim=1), known)
        actions.append(logits[:, -1].argmax(dim=1))
        state, reward, done, truncated = env.step(actions[-1])
        earned.append(reward.float())
        wanted = wanted - earned[-1]
        if done or truncated:
            break
    return torch.cat(asked), torch.cat(earned)
    ### END SOLUTION


# %% [markdown] hint="act"
# 1. Keep three growing lists, and stack them along axis 1 for each call: (1, t). The actions get a 0 at their end.
# 2. The logits of the present step are `logits[:, -1]`. After the step, subtract the reward from the return to go.

# %% [markdown]
# A game to ask in: ten coins, one in each step; action 1 takes it (reward 1), action 0 leaves it. Our data are random
# players, who take each coin with a probability of their own.

# %% tags=["active-ipynb"]
# class Coins:
#     """Ten coins; the state is the number of the present one."""
#
#     def reset(self, n, generator):
#         self.time = torch.zeros(n, dtype=torch.int64)
#         return self.time.clone()
#
#     def step(self, actions):
#         self.time += 1
#         return self.time.clone(), actions.float(), self.time >= 10, torch.zeros(len(actions), dtype=torch.bool)
#
#
# class DecisionTransformer(nn.Module):
#     """A causal transformer with one layer over returns to go, states and actions."""
#
#     def __init__(self, width=32):
#         super().__init__()
#         self.wanted, self.state, self.action = nn.Linear(1, width), nn.Embedding(11, width), nn.Embedding(2, width)
#         self.layer = nn.TransformerEncoderLayer(width, 4, 64, dropout=0.0, batch_first=True)
#         self.head = nn.Linear(width, 2)
#
#     def forward(self, wanted, states, actions):
#         tokens, places = decision_tokens(self.wanted(wanted[..., None]), self.state(states), self.action(actions))
#         mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
#         return self.head(self.layer(tokens, src_mask=mask, is_causal=True)[:, places])
#
#
# torch.manual_seed(0)
# player, random = DecisionTransformer(), generator(0)
# optimizer = torch.optim.Adam(player.parameters(), lr=0.003)
# times = torch.arange(10).expand(64, 10)
# for step in range(400):
#     taken = (torch.rand(64, 10, generator=random) < torch.rand(64, 1, generator=random)).long()
#     logits = player(reward_to_go(taken.float(), 1.0), times, taken)
#     loss = -log_prob(logits, taken).mean()
#     optimizer.zero_grad()
#     loss.backward()
#     optimizer.step()
# achieved = [float(act(player, Coins(), float(asked), random, 10)[1].sum()) for asked in range(11)]
# curves({"achieved": achieved, "asked for": list(range(11))}, xlabel="return that is asked for", ylabel="coins taken")

# %% [markdown]
# ## What to take home
#
# The gradient of a mean return needs no derivative of the world, only samples; the price is noise. Count only what
# follows an action, subtract what was expected, let a critic say what to expect: each step keeps the mean and takes
# noise away, or buys less noise with a little bias. Three other ways begin elsewhere: learn a model of the world and
# plan in it; imitate somebody who can do it; or find out which rewards would explain what this person does (inverse
# reinforcement learning).
#
# **Where to look next.** Achiam (*Spinning up in deep RL*, 2018) is a course with short programs. Schulman et al.
# (*Proximal policy optimization algorithms*, 2017) is what most people use. Henderson et al. (*Deep reinforcement
# learning that matters*, 2018) show how much depends on the seed alone. Ouyang et al. (*Training language models to
# follow instructions with human feedback*, 2022) take the same gradient to language models.
