# %% [markdown]
# # Values
#
# An agent acts, the world answers with a state and a reward, and the agent acts again. Nobody says which action would
# have been right; rewards are random and come late; and what the agent sees depends on what it does. In this notebook
# the states are few, so that all values fit into tables. You compute them from a known model, then learn them from
# experience alone.
#
# A world is three tensors: `P` (S, A, S), the probability of each next state; `R` (S, A), the reward for an action in
# a state; `terminal` (S,), which states end an episode. A policy is a table (S, A) whose rows sum to 1.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Returns | `returns`, `sample_episode` | 5 | 25 |
# | 2 What a policy is worth | `evaluate_policy` | 4 | 20 |
# | 3 Better policies | `q_from_v`, `greedy`, `policy_iteration`, `value_iteration` | 10 | 55 |
# | 4 Without a model: Monte Carlo | `epsilon_greedy`, `monte_carlo_control` | 8 | 50 |
# | 5 Without waiting: temporal differences | `sarsa_update`, `q_learning_update` | 6 | 25 |
# | 6 The maximum of noise | `max_bias`, `double_q_update` | 4 | 35 |
# | 7 Between the two | `n_step_return` | 3 | 25 |

# %%
import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# from tqdm import tqdm
#
# from autograder import check, hint
# from common.environments import Ice, ice
# from common.plots.curves import curves
# from common.plots.worlds import action_grid, bands, value_grid
#
# P, R, terminal = ice.model()
# NAMES = {0: "start", 5: "hole", 11: "hole", 15: "fish*"}
# GAMMA = 0.9
#
#
# def generator(seed):
#     """A generator of random numbers with a seed."""
#     return torch.Generator().manual_seed(seed)

# %% [markdown]
# The world of this notebook is **ice**: 16 places, numbered row by row. The actions are 0 up, 1 right, 2 down, 3 left.
# A step goes in the wanted direction with probability 1/2, and in each other one with 1/6; a step into the wall stays.
# Leaving a hole (5 and 11) costs 2. Whoever acts at the fish (15) gets 3, and the episode ends.
#
# ## 1 Returns
#
# The **return** of time $t$ is what is still to come, discounted:
# $G_t = r_t + \gamma r_{t+1} + \gamma^2 r_{t+2} + \dots$. Read from the end, it is a recursion:
# $G_t = r_t + \gamma G_{t+1}$. For the rewards $0, 1, 0, -2, 1$ and $\gamma = 0.9$, the returns are
# $0.0981, 0.109, -0.99, -1.1, 1$.

# %% task="returns"
# About 10 minutes, easy. Stuck? hint("returns") shows a first step.
def returns(rewards: Tensor, gamma: float) -> Tensor:
    """The return of each time. The work grows in proportion to T.

    Shapes:
        rewards  (T,)  float; it is not changed
        gamma    float in [0, 1]
        out      (T,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="returns"
# check("tabular", task="returns")

# %% [markdown]
# An episode is a list of states, actions and rewards. All our environments (`common.environments`) run `n` copies at
# once: `state = env.reset(n, generator)` starts them, `state, reward, done, truncated = env.step(actions)` moves them.
# All four have a first axis of length n. `done` is the end of the episode in a terminal state. `truncated` says that
# the time limit ended it: there would have been more.

# %% task="sample_episode"
# About 15 minutes, easy. Stuck? hint("sample_episode") shows a first step.
def sample_episode(
    env: object, policy: Tensor, generator: torch.Generator, max_steps: int
) -> tuple[Tensor, Tensor, Tensor, bool]:
    """One episode of one copy of the environment, until it is done or truncated, or after max_steps.

    Shapes:
        env        as above; the actions that it gets have the shape (1,)
        policy     (S, A)  probabilities; it is not changed
        generator  the source of all random numbers, also of the environment's
        out        the states in which the agent acted (T,), int64; its actions (T,), int64; the rewards (T,); and
                   whether a terminal state ended the episode, a Python bool
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sample_episode"
# check("tabular", task="sample_episode")

# %% tags=["active-ipynb"]
# at_random = torch.full((16, 4), 0.25, dtype=torch.float64)
# for seed in range(3):
#     states, actions, rewards, done = sample_episode(Ice(), at_random, generator(seed), 200)
#     print(f"{len(states)} steps, return {returns(rewards, GAMMA)[0]:.2f}, the fish was reached: {done}")

# %% [markdown]
# ## 2 What a policy is worth
#
# The **value** of a state under a policy is the mean return from there. A policy averages actions:
# $R_\pi(s) = \sum_a \pi(a \mid s) R(s, a)$ and $P_\pi(s, s') = \sum_a \pi(a \mid s) P(s, a, s')$. What is left is a
# Markov reward process, without actions; without rewards, it is a Markov chain. Its values solve Bellman's equation
#
# $$V = R_\pi + \gamma P_\pi V,$$
#
# and in a terminal state $V = R_\pi$: the last reward, and nothing follows. Repeat $V \leftarrow R_\pi + \gamma P_\pi
# V$ from $V = 0$. The largest error shrinks by $\gamma$ in each sweep, so once the largest change is below a tolerance,
# the error is at most tolerance $\cdot\, \gamma / (1 - \gamma)$ (Sutton and Barto 2018, section 4.1).

# %% task="evaluate_policy"
# About 20 minutes, medium. Stuck? hint("evaluate_policy") shows a first step.
def evaluate_policy(P: Tensor, R: Tensor, terminal: Tensor, policy: Tensor, gamma: float, tol: float = 1e-10) -> Tensor:
    """The value of each state under a policy, by sweeps from V = 0 until no value changes by tol or more.

    Sweep with torch: numpy, inverses and solvers of equations, such as torch.linalg.solve, are not allowed.

    Shapes:
        P         (S, A, S)  float; it is not changed, and neither are the others
        R         (S, A)
        terminal  (S,)       bool; what P says about these states does not count
        policy    (S, A)
        gamma     float in [0, 1]; 1 only where every episode ends
        out       (S,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="evaluate_policy"
# check("tabular", task="evaluate_policy")

# %% tags=["active-ipynb"]
# value_grid({"walking at random": evaluate_policy(P, R, terminal, at_random, GAMMA)}, names=NAMES)

# %% [markdown]
# ## 3 Better policies
#
# The value of an *action* is $Q(s, a) = R(s, a) + \gamma \sum_{s'} P(s, a, s') V(s')$, again without the second part
# in a terminal state. The **greedy** policy takes the best action of each state.

# %% task="q_from_v"
# About 10 minutes, easy. Stuck? hint("q_from_v") shows a first step.
def q_from_v(P: Tensor, R: Tensor, terminal: Tensor, V: Tensor, gamma: float) -> Tensor:
    """The value of each action, if the values of states are V afterwards. It needs no loop.

    Shapes:
        P, R, terminal  as in evaluate_policy
        V               (S,)  float; it is not changed
        out             (S, A)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="q_from_v"
# check("tabular", task="q_from_v")

# %% task="greedy"
# About 10 minutes, easy. Stuck? hint("greedy") shows a first step.
def greedy(Q: Tensor) -> Tensor:
    """The greedy policy: 1 for the best action of each state, 0 for the others; the smallest number wins a tie.

    It needs no loop.

    Shapes:
        Q    (S, A)  float; it is not changed
        out  (S, A)  in the dtype of Q
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="greedy"
# check("tabular", task="greedy")

# %% [markdown]
# The greedy policy for the values of a policy $\pi$ is at least as good as $\pi$ in every state: this is **policy
# improvement**. Evaluate, improve, evaluate again: there are finitely many policies, so **policy iteration** ends, and
# it ends at an optimal one (Howard 1960). **Value iteration** does not wait for values to settle: each sweep is
# $V(s) \leftarrow \max_a Q(s, a)$. After $k$ sweeps the error is at most $\gamma^k$ times the first one.

# %% task="policy_iteration"
# About 20 minutes, medium. Stuck? hint("policy_iteration") shows a first step.
def policy_iteration(P: Tensor, R: Tensor, terminal: Tensor, gamma: float) -> tuple[Tensor, Tensor, int]:
    """Values, an optimal policy, and how many policies were evaluated.

    The first policy always takes action 0. It ends when the greedy policy is the one that was evaluated, or when the
    values no longer improve by more than 1e-9.

    Shapes:
        P, R, terminal  as in evaluate_policy
        gamma           float in [0, 1)
        out             V (S,), policy (S, A) with a single 1 in each row, and a Python int
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="policy_iteration"
# check("tabular", task="policy_iteration")

# %% task="value_iteration"
# About 15 minutes, easy. Stuck? hint("value_iteration") shows a first step.
def value_iteration(
    P: Tensor, R: Tensor, terminal: Tensor, gamma: float, tol: float = 1e-10
) -> tuple[Tensor, Tensor, int]:
    """Values from V = 0 until a sweep changes none by tol or more, their greedy policy, and the number of sweeps.

    Shapes:
        P, R, terminal  as in evaluate_policy
        out             V (S,), policy (S, A), and a Python int that counts the last sweep, too
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="value_iteration"
# check("tabular", task="value_iteration")

# %% tags=["active-ipynb"]
# best, best_policy, sweeps = value_iteration(P, R, terminal, GAMMA, 1e-12)
# print(f"{policy_iteration(P, R, terminal, GAMMA)[2]} policies, or {sweeps} sweeps")
# V, shown, arrows = torch.zeros(16, dtype=torch.float64), {}, []
# for sweep in range(1, 11):
#     V = q_from_v(P, R, terminal, V, GAMMA).amax(dim=1)
#     if sweep in (1, 3, 10):
#         shown[f"{sweep} of {sweeps} sweeps"] = V
#         arrows.append(q_from_v(P, R, terminal, V, GAMMA).argmax(dim=1))
# value_grid(shown | {"at the end": best}, [*arrows, best_policy.argmax(dim=1)], names=NAMES)

# %% [markdown]
# The first row must read $-0.0666, -0.3158, 0.0179, 0.0042$. Next to the holes, the agent walks away from them even
# where this is not the shortest way.
#
# ## 4 Without a model: Monte Carlo
#
# Now `P` and `R` are unknown. The agent plays episodes and takes for $Q(s, a)$ the mean of the returns that followed
# the *first visit* to $(s, a)$ in each episode. To see all actions it must sometimes take one that seems bad:
# **ε-greedy** takes with probability $\varepsilon$ any action, all alike, and otherwise the greedy one. So the greedy
# action has the probability $1 - \varepsilon + \varepsilon / A$, and each other one $\varepsilon / A$.

# %% task="epsilon_greedy"
# About 15 minutes, easy. Stuck? hint("epsilon_greedy") shows a first step.
def epsilon_greedy(Q: Tensor, s: Tensor, epsilon: float, generator: torch.Generator) -> Tensor:
    """An action for each state of a batch. Of several greedy actions, the one with the smallest number is taken.

    Shapes:
        Q          (S, A)  float; it is not changed
        s          (B,)    int64
        epsilon    float in [0, 1]
        generator  the source of all random numbers
        out        (B,)    int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="epsilon_greedy"
# check("tabular", task="epsilon_greedy")

# %% task="monte_carlo_control"
# About 35 minutes, hard. Stuck? hint("monte_carlo_control") shows a first step.
def monte_carlo_control(
    env: object, episodes: int, epsilon: float, gamma: float, generator: torch.Generator, max_steps: int = 200
) -> Tensor:
    """The table Q after some episodes of one copy of the environment, by first-visit Monte Carlo.

    Each episode follows the ε-greedy policy of the table after the episode before; Q starts at 0, ties go to the
    smallest action. An entry is the mean of the returns after first visits so far. An episode that is cut by
    max_steps or truncated counts as if nothing followed.

    Shapes:
        env  an environment with the numbers `env.states` and `env.actions`
        out  (S, A)  float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="monte_carlo_control"
# check("tabular", task="monte_carlo_control")

# %% tags=["active-ipynb"]
# monte_carlo = monte_carlo_control(Ice(), 500, 0.2, GAMMA, generator(0))
# value_grid({"500 episodes": monte_carlo.amax(dim=1), "by the model": best},
#            [monte_carlo.argmax(dim=1), best_policy.argmax(dim=1)], names=NAMES)

# %% [markdown]
# ## 5 Without waiting: temporal differences
#
# Monte Carlo waits for the end of an episode. The value of the next state already says what to expect, so replace the
# rest of the return by it. **SARSA** takes the action $a'$ that the policy really takes next,
#
# $$Q(s, a) \leftarrow Q(s, a) + \alpha \bigl(r + \gamma Q(s', a') - Q(s, a)\bigr),$$
#
# and learns the values of the policy it follows, with its exploration. **Q-learning** (Watkins 1989) takes the best
# action, $\max_{a'} Q(s', a')$, and learns the values of the *greedy* policy, whatever it follows. If $s'$ cannot be
# acted in any more, since the episode is done, there is nothing to add to $r$. Being truncated is another thing: the
# episode would have gone on, so the value of $s'$ still counts.
#
# Our walkers learn in parallel, so updates come in batches. All differences are taken from the *old* table, and where a
# pair occurs several times, its increments add up.

# %% task="sarsa_update"
# About 15 minutes, easy. Stuck? hint("sarsa_update") shows a first step.
def sarsa_update(
    Q: Tensor, s: Tensor, a: Tensor, r: Tensor, s2: Tensor, a2: Tensor, done: Tensor, alpha: float, gamma: float
) -> Tensor:
    """The table after one step of SARSA for a batch of experiences (s, a, r, s2, a2).

    Shapes:
        Q             (S, A)  float; it is not changed
        s, a, s2, a2  (B,)    int64
        r             (B,)    float
        done          (B,)    bool: nothing follows
        out           (S, A)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sarsa_update"
# check("tabular", task="sarsa_update")

# %% task="q_learning_update"
# About 10 minutes, easy. Stuck? hint("q_learning_update") shows a first step.
def q_learning_update(
    Q: Tensor, s: Tensor, a: Tensor, r: Tensor, s2: Tensor, done: Tensor, alpha: float, gamma: float
) -> Tensor:
    """The table after one step of Q-learning for a batch of experiences (s, a, r, s2).

    Shapes:
        all  as in sarsa_update
        out  (S, A)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="q_learning_update"
# check("tabular", task="q_learning_update")

# %% tags=["active-ipynb"]
# # about 10 seconds, with a bar
# def learn(rule, seed, steps=3000, walkers=20, epsilon=0.2):
#     """The table of walkers that learn together, and its errors on the way."""
#     env, random = Ice(), generator(seed)
#     Q, s, errors = torch.zeros(16, 4, dtype=torch.float64), env.reset(walkers, random), []
#     a = epsilon_greedy(Q, s, epsilon, random)
#     for step in range(steps):
#         alpha = 0.3 * (0.01 / 0.3) ** (step / steps)
#         s2, r, done, truncated = env.step(a)
#         a2 = epsilon_greedy(Q, s2, epsilon, random)
#         Q = sarsa_update(Q, s, a, r, s2, a2, done, alpha, GAMMA) if rule == "SARSA" else (
#             q_learning_update(Q, s, a, r, s2, done, alpha, GAMMA))
#         s = env.restart(done | truncated)
#         a = torch.where(done | truncated, epsilon_greedy(Q, s, epsilon, random), a2)
#         if step % 50 == 49:
#             errors.append((Q.amax(dim=1) - best)[:15].square().mean().sqrt())
#     return Q, torch.stack(errors)
#
#
# learned = {rule: [learn(rule, seed) for seed in range(3)] for rule in tqdm(("Q-learning", "SARSA"), unit="rule")}
# bands({rule: torch.stack([errors for _, errors in runs]) for rule, runs in learned.items()}, every=50,
#       xlabel="step of 20 walkers", ylabel="root mean square error of the values")

# %% tags=["active-ipynb"]
# shown = {rule: runs[0][0] for rule, runs in learned.items()}
# value_grid({rule: Q.amax(dim=1) for rule, Q in shown.items()} | {"by the model": best},
#            [*(Q.argmax(dim=1) for Q in shown.values()), best_policy.argmax(dim=1)], names=NAMES)

# %% [markdown]
# A table has four values for each state. Each triangle below points where its action wants to go.

# %% tags=["active-ipynb"]
# action_grid(shown, names=NAMES)

# %% [markdown] question="tabular-q1"
# **Question 1.** Every value that SARSA learned is below that of Q-learning, although both walked in the same way.
# Why? Which of the two would you rather have on a path along a cliff while it still explores, and which afterwards?

# %% [markdown] answer="tabular-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 The maximum of noise
#
# Suppose that all actions are worth 0, and that the estimates are noisy. Their maximum is then not 0: for two standard
# normals its mean is $1 / \sqrt \pi = 0.564$, for four $1.029$. Q-learning takes such maxima in every target. **Double
# Q-learning** (van Hasselt 2010) has two tables: one chooses the action, the other says what it is worth. Then the
# noise of the choice and that of the value are independent.

# %% task="max_bias"
# About 15 minutes, medium. Stuck? hint("max_bias") shows a first step.
def max_bias(rewards: Tensor) -> tuple[Tensor, Tensor]:
    """The mean estimate of the best action's value, with a single and with a double estimator.

    In each experiment, each action was tried K times. The single estimator is the largest mean of an action. The
    double one chooses the action by the mean of the first K / 2 rewards, and takes the mean of its other K / 2.

    Shapes:
        rewards  (E, A, K)  float, E experiments, K even; it is not changed
        out      two tensors (), means over experiments
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="max_bias"
# check("tabular", task="max_bias")

# %% tags=["active-ipynb"]
# noise = torch.randn(4000, 32, 10, generator=generator(0))
# numbers = [2, 4, 8, 16, 32]
# biases = [max_bias(noise[:, :n]) for n in numbers]
# figure = curves({"single": [float(b[0]) for b in biases], "double": [float(b[1]) for b in biases]},
#                 xlabel="actions, all worth 0", ylabel="mean estimate of the best")
# figure.axes[0].set_xticks(range(5), numbers)
# figure

# %% task="double_q_update"
# About 20 minutes, medium. Stuck? hint("double_q_update") shows a first step.
def double_q_update(
    Q1: Tensor, Q2: Tensor, s: Tensor, a: Tensor, r: Tensor, s2: Tensor, done: Tensor, first: Tensor,
    alpha: float, gamma: float
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Both tables after one step of double Q-learning for a batch.

    Where `first` is True, Q1 learns: it chooses the best action in s2, and Q2 says what this is worth. Elsewhere Q2
    learns, with the roles exchanged. All targets are from the old tables.

    Shapes:
        Q1, Q2         (S, A)  float; they are not changed
        s, a, r, s2    (B,)    as in sarsa_update
        done, first    (B,)    bool; `first` are fair coins, which the caller throws
        out            two tables (S, A)
    """

    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="double_q_update"
# check("tabular", task="double_q_update")

# %% [markdown]
# ## 7 Between the two
#
# One step and then the value, or all steps: there is a middle. The **n-step return** adds n rewards and then the value,
# $r_t + \gamma r_{t+1} + \dots + \gamma^{n-1} r_{t+n-1} + \gamma^n V(s_{t+n})$. For $n = 1$ this is the target of
# temporal differences, for large $n$ that of Monte Carlo: less bias, more variance. If fewer than n steps are left,
# it adds those that there are, and the value after the last, which is 0 if the episode is done.

# %% task="n_step_return"
# About 25 minutes, medium. Stuck? hint("n_step_return") shows a first step.
def n_step_return(rewards: Tensor, values: Tensor, n: int, gamma: float) -> Tensor:
    """The n-step return of each time.

    Shapes:
        rewards  (T,)      float; it is not changed
        values   (T + 1,)  V of the states s_0 to s_T; the last is what follows the last reward; it is not changed
        n        int       at least 1, and perhaps more than T
        out      (T,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="n_step_return"
# check("tabular", task="n_step_return")

# %% tags=["active-ipynb"]
# worth = evaluate_policy(P, R, terminal, at_random, GAMMA)
# runs = [[sample_episode(Ice(), at_random, generator(1000 * run + n), 200) for n in range(150)] for run in range(3)]
# errors = {n: torch.zeros(3, 150) for n in (1, 2, 4, 8, 16, 32, 200)}
# for n, table in errors.items():
#     for run, episodes in enumerate(runs):
#         V = torch.zeros(16, dtype=torch.float64)
#         for episode, (states, _, rewards, done) in enumerate(episodes):
#             after = V.new_zeros(1) if done else V[states[-1:]]
#             targets = n_step_return(rewards, torch.cat([V[states], after]), n, GAMMA)
#             V = V.index_put((states,), 0.05 * (targets - V[states]), accumulate=True)
#             table[run, episode] = (V - worth).square().mean().sqrt()
# bands({"temporal differences, n = 1": errors[1], "n = 4": errors[4], "Monte Carlo, n = 200": errors[200]},
#       xlabel="episode", ylabel="root mean square error of the values")

# %% tags=["active-ipynb"]
# figure = curves({"last 30 episodes": [float(table[:, -30:].mean()) for table in errors.values()]},
#                 xlabel="n", ylabel="error of the values, last 30 episodes")
# figure.axes[0].set_xticks(range(7), list(errors))
# figure

# %% [markdown]
# All values begin at 0. Monte Carlo is faster at first, because an episode tells all its states what came at the end;
# with $n = 1$, this news moves back by one step at a time. Later, the noise of whole returns keeps Monte Carlo away
# from the true values. So a large n is best early, and a small one late.

# %% [markdown]
# ## 8 What looks alike
#
# All of this assumed that the agent sees its state. Take a corridor of five places with the fish in the middle (2),
# where steps never slip. From 0 the agent can only go right, from 4 only left; places 1 and 3 look alike, so it must
# act alike in both. It starts at 0 or at 4. The curve is the mean value of the two starts, over the probability of
# going right in the places that look alike.

# %% tags=["active-ipynb"]
# moves = torch.zeros(5, 2, 5, dtype=torch.float64)  # actions: left, right
# for place in range(5):
#     moves[place, 0, max(place - 1, 0)] = moves[place, 1, min(place + 1, 4)] = 1.0
# fish = torch.arange(5) == 2
# reward = fish[:, None].double().expand(5, 2)
# rights = torch.linspace(0, 1, 21, dtype=torch.float64)
# starts = []
# for right in rights:
#     p = torch.stack([torch.ones(()), right, right, right, torch.zeros(())])
#     corridor = evaluate_policy(moves, reward, fish, torch.stack([1 - p, p], dim=1), GAMMA)
#     starts.append(float(corridor[[0, 4]].mean()))
# curves({"mean of both starts": starts}, x=rights, xlabel="probability of going right", ylabel="value")

# %% [markdown] question="tabular-q2"
# **Question 2.** Why is a coin better here than any deterministic policy, although every Markov decision process has an
# optimal policy that is deterministic? Which of this notebook's methods assume that the state is seen, and which does
# not?

# %% [markdown] answer="tabular-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## What to take home
#
# One equation, Bellman's, and three ways to use it: solve it with a model; replace its mean by samples; replace the
# rest of a sample by one's own estimate. The last is the fastest, and the one that can be wrong by itself: hence the
# double tables here, and the target networks of the next notebook.
#
# **Where to look next.** Sutton and Barto (*Reinforcement learning: an introduction*, second edition 2018) need six
# chapters for this notebook, and are worth it. Watkins and Dayan (*Q-learning*, 1992) prove that the table converges.
# Kaelbling, Littman and Cassandra (*Planning and acting in partially observable stochastic domains*, 1998) say what to
# do where the state is not seen.
