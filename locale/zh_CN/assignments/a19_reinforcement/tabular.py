# %% [markdown]
# # 价值
#
# 智能体采取动作，世界以状态和奖励回应，智能体再采取动作。没有人告诉它哪个动作才对；奖励是随机的，而且来得晚；智能体看到什么，又取决于它做了什么。这个笔记本里的状态很少，所有价值都能放进表格。你先用已知的模型计算价值，再只凭经验来学。
#
# 一个世界就是三个张量：`P` (S, A, S)，到各个下一状态的概率；`R` (S, A)，在某个状态采取某个动作的奖励；`terminal` (S,)，哪些状态结束回合。策略是一张表 (S, A)，每行的和为 1。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 回报 | `returns`, `sample_episode` | 5 | 25 |
# | 2 策略的价值 | `evaluate_policy` | 4 | 20 |
# | 3 更好的策略 | `q_from_v`, `greedy`, `policy_iteration`, `value_iteration` | 10 | 55 |
# | 4 没有模型：蒙特卡洛 | `epsilon_greedy`, `monte_carlo_control` | 8 | 50 |
# | 5 不再等待：时序差分 | `sarsa_update`, `q_learning_update` | 6 | 25 |
# | 6 噪声的最大值 | `max_bias`, `double_q_update` | 4 | 35 |
# | 7 介于两者之间 | `n_step_return` | 3 | 25 |

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
#     """带随机种子的随机数生成器。"""
#     return torch.Generator().manual_seed(seed)

# %% [markdown]
# 这个笔记本的世界是**冰面**：16 个位置，逐行编号。动作是 0 上、1 右、2 下、3 左。每一步以 1/2 的概率走向想去的方向，以 1/6 的概率走向其他每个方向；撞墙则留在原地。离开一个洞（5 和 11）要付出 2。在鱼的位置（15）采取任何动作都得到 3，回合随即结束。
#
# ## 1 回报
#
# 时刻 $t$ 的**回报**（return）是以后还会得到的奖励打折扣之后的总和：$G_t = r_t + \gamma r_{t+1} + \gamma^2 r_{t+2} + \dots$。从末尾读起，它是一个递推式：$G_t = r_t + \gamma G_{t+1}$。奖励为 $0, 1, 0, -2, 1$、$\gamma = 0.9$ 时，回报为 $0.0981, 0.109, -0.99, -1.1, 1$。

# %% task="returns"
# 约 10 分钟，简单。卡住了？hint("returns") 会给出第一步。
def returns(rewards: Tensor, gamma: float) -> Tensor:
    """每个时刻的回报。计算量与 T 成正比。

    Shapes:
        rewards  (T,)  float；不改动
        gamma    [0, 1] 内的 float
        out      (T,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="returns"
# check("tabular", task="returns")

# %% [markdown]
# 一个回合就是一串状态、动作和奖励。我们所有的环境（`common.environments`）都同时运行 `n` 个副本：`state = env.reset(n, generator)` 启动它们，`state, reward, done, truncated = env.step(actions)` 让它们走一步。四个结果的第一个轴长度都是 n。`done` 表示回合在终止状态结束。`truncated` 表示回合因时间限制而结束：本来还会继续。

# %% task="sample_episode"
# 约 15 分钟，简单。卡住了？hint("sample_episode") 会给出第一步。
def sample_episode(
    env: object, policy: Tensor, generator: torch.Generator, max_steps: int
) -> tuple[Tensor, Tensor, Tensor, bool]:
    """环境的一个副本的一个回合，到结束或截断为止，或者到 max_steps 步之后为止。

    Shapes:
        env        同上；它得到的动作形状为 (1,)
        policy     (S, A)  概率；不改动
        generator  所有随机数的来源，也包括环境的
        out        智能体采取动作时的状态 (T,)，int64；它的动作 (T,)，int64；奖励 (T,)；以及回合是否在终止状态结束，
                   一个 Python 的 bool
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
# ## 2 策略的价值
#
# 状态在某个策略下的**价值**（value），是从那里开始的平均回报。策略对动作取平均：$R_\pi(s) = \sum_a \pi(a \mid s) R(s, a)$，$P_\pi(s, s') = \sum_a \pi(a \mid s) P(s, a, s')$。剩下的是没有动作的马尔可夫奖励过程；再去掉奖励，就是马尔可夫链。这个奖励过程的价值满足贝尔曼方程（Bellman's equation）
#
# $$V = R_\pi + \gamma P_\pi V,$$
#
# 而在终止状态，$V = R_\pi$：那是最后一个奖励，之后什么也没有。从 $V = 0$ 开始，反复执行 $V \leftarrow R_\pi + \gamma P_\pi V$。每一遍扫描，最大误差都缩小到原来的 $\gamma$ 倍。所以一旦最大变化小于容差，误差至多为容差 $\cdot\, \gamma / (1 - \gamma)$（Sutton 和 Barto 2018，第 4.1 节）。

# %% task="evaluate_policy"
# 约 20 分钟，中等。卡住了？hint("evaluate_policy") 会给出第一步。
def evaluate_policy(P: Tensor, R: Tensor, terminal: Tensor, policy: Tensor, gamma: float, tol: float = 1e-10) -> Tensor:
    """每个状态在某个策略下的价值：从 V = 0 开始一遍遍扫描，直到所有价值的变化都小于 tol。

    用 torch 逐轮更新：不允许使用 numpy、求逆以及解方程的函数，例如 torch.linalg.solve。

    Shapes:
        P         (S, A, S)  float；不改动，其他参数也不改动
        R         (S, A)
        terminal  (S,)       bool；P 中关于这些状态的内容不算数
        policy    (S, A)
        gamma     [0, 1] 内的 float；只有每个回合都会结束时才为 1
        out       (S,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="evaluate_policy"
# check("tabular", task="evaluate_policy")

# %% tags=["active-ipynb"]
# value_grid({"walking at random": evaluate_policy(P, R, terminal, at_random, GAMMA)}, names=NAMES)

# %% [markdown]
# ## 3 更好的策略
#
# **动作**的价值是 $Q(s, a) = R(s, a) + \gamma \sum_{s'} P(s, a, s') V(s')$，在终止状态同样没有第二部分。**贪心**（greedy）策略在每个状态都取最好的动作。

# %% task="q_from_v"
# 约 10 分钟，简单。卡住了？hint("q_from_v") 会给出第一步。
def q_from_v(P: Tensor, R: Tensor, terminal: Tensor, V: Tensor, gamma: float) -> Tensor:
    """之后各状态的价值为 V 时，每个动作的价值。不需要循环。

    Shapes:
        P, R, terminal  与 evaluate_policy 相同
        V               (S,)  float；不改动
        out             (S, A)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="q_from_v"
# check("tabular", task="q_from_v")

# %% task="greedy"
# 约 10 分钟，简单。卡住了？hint("greedy") 会给出第一步。
def greedy(Q: Tensor) -> Tensor:
    """贪心策略：每个状态最好的动作为 1，其余为 0；并列时取编号最小的。

    不需要循环。

    Shapes:
        Q    (S, A)  float；不改动
        out  (S, A)  dtype 与 Q 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="greedy"
# check("tabular", task="greedy")

# %% [markdown]
# 对策略 $\pi$ 的价值取贪心策略，在每个状态都至少和 $\pi$ 一样好：这叫**策略改进**（policy improvement）。评估，改进，再评估：策略只有有限多个，所以**策略迭代**（policy iteration）会结束，而且停在最优策略上（Howard 1960）。**价值迭代**（value iteration）不等价值稳定下来：每遍扫描都是 $V(s) \leftarrow \max_a Q(s, a)$。$k$ 遍之后，误差至多是最初的 $\gamma^k$ 倍。

# %% task="policy_iteration"
# 约 20 分钟，中等。卡住了？hint("policy_iteration") 会给出第一步。
def policy_iteration(P: Tensor, R: Tensor, terminal: Tensor, gamma: float) -> tuple[Tensor, Tensor, int]:
    """价值、一个最优策略，以及评估了多少个策略。

    第一个策略总是取动作 0。贪心策略就是刚评估的那个策略时结束；价值的提高不再超过 1e-9 时也结束。

    Shapes:
        P, R, terminal  与 evaluate_policy 相同
        gamma           [0, 1) 内的 float
        out             V (S,)，每行只有一个 1 的 policy (S, A)，以及一个 Python 的 int
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="policy_iteration"
# check("tabular", task="policy_iteration")

# %% task="value_iteration"
# 约 15 分钟，简单。卡住了？hint("value_iteration") 会给出第一步。
def value_iteration(
    P: Tensor, R: Tensor, terminal: Tensor, gamma: float, tol: float = 1e-10
) -> tuple[Tensor, Tensor, int]:
    """返回价值（从 V = 0 开始扫描，直到一遍中所有变化都小于 tol）、相应的贪心策略，以及扫描的遍数。

    Shapes:
        P, R, terminal  与 evaluate_policy 相同
        out             V (S,)，policy (S, A)，以及一个 Python 的 int，最后一遍扫描也算在内
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
# 第一行应为 $-0.0666, -0.3158, 0.0179, 0.0042$。在洞旁边，智能体会朝远离洞的方向走，即使那不是最短的路。
#
# ## 4 没有模型：蒙特卡洛
#
# 现在 `P` 和 `R` 未知。智能体玩若干个回合，把每个回合中**首次访问** $(s, a)$ 之后的回报取平均，作为 $Q(s, a)$。要见到所有动作，它有时就得取看起来不好的动作：**ε 贪心**（ε-greedy）以概率 $\varepsilon$ 随便取一个动作，各动作机会均等，否则取贪心动作。所以贪心动作的概率为 $1 - \varepsilon + \varepsilon / A$，其他每个动作为 $\varepsilon / A$。

# %% task="epsilon_greedy"
# 约 15 分钟，简单。卡住了？hint("epsilon_greedy") 会给出第一步。
def epsilon_greedy(Q: Tensor, s: Tensor, epsilon: float, generator: torch.Generator) -> Tensor:
    """为一批状态各取一个动作。有几个贪心动作时，取编号最小的。

    Shapes:
        Q          (S, A)  float；不改动
        s          (B,)    int64
        epsilon    [0, 1] 内的 float
        generator  所有随机数的来源
        out        (B,)    int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="epsilon_greedy"
# check("tabular", task="epsilon_greedy")

# %% task="monte_carlo_control"
# 约 35 分钟，困难。卡住了？hint("monte_carlo_control") 会给出第一步。
def monte_carlo_control(
    env: object, episodes: int, epsilon: float, gamma: float, generator: torch.Generator, max_steps: int = 200
) -> Tensor:
    """用首次访问的蒙特卡洛，在环境的一个副本里经过若干个回合之后的表 Q。

    每个回合都按上一个回合之后的表取 ε 贪心策略；Q 从 0 开始，并列时取编号最小的动作。表的元素是到目前为止各次首
    次访问之后的回报的均值。因 max_steps 或截断而中止的回合，当作之后什么也没有。

    Shapes:
        env  环境，有 `env.states` 和 `env.actions` 两个数
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
# ## 5 不再等待：时序差分
#
# 蒙特卡洛要等到回合结束。可是下一个状态的价值已经说明能期望什么，所以用它代替回报的其余部分。**SARSA** 取策略接下来真正采取的动作 $a'$，
#
# $$Q(s, a) \leftarrow Q(s, a) + \alpha \bigl(r + \gamma Q(s', a') - Q(s, a)\bigr),$$
#
# 学到的是它所遵循的策略的价值，包括其中的探索。**Q 学习**（Q-learning；Watkins 1989）取最好的动作，$\max_{a'} Q(s', a')$，学到的是**贪心**策略的价值，不管它遵循什么策略。如果回合已经结束，在 $s'$ 不能再采取动作，$r$ 之外就没有什么可加的。截断则不同：回合本来还会继续，所以 $s'$ 的价值仍然要算。
#
# 我们的行走者一起并行学习，所以更新是成批的。所有的差都按**旧**表计算；同一个对出现几次，它的增量就相加。

# %% task="sarsa_update"
# 约 15 分钟，简单。卡住了？hint("sarsa_update") 会给出第一步。
def sarsa_update(
    Q: Tensor, s: Tensor, a: Tensor, r: Tensor, s2: Tensor, a2: Tensor, done: Tensor, alpha: float, gamma: float
) -> Tensor:
    """用一批经验 (s, a, r, s2, a2) 做一步 SARSA 之后的表。

    Shapes:
        Q             (S, A)  float；不改动
        s, a, s2, a2  (B,)    int64
        r             (B,)    float
        done          (B,)    bool：之后什么也没有
        out           (S, A)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sarsa_update"
# check("tabular", task="sarsa_update")

# %% task="q_learning_update"
# 约 10 分钟，简单。卡住了？hint("q_learning_update") 会给出第一步。
def q_learning_update(
    Q: Tensor, s: Tensor, a: Tensor, r: Tensor, s2: Tensor, done: Tensor, alpha: float, gamma: float
) -> Tensor:
    """用一批经验 (s, a, r, s2) 做一步 Q 学习之后的表。

    Shapes:
        all  与 sarsa_update 相同
        out  (S, A)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="q_learning_update"
# check("tabular", task="q_learning_update")

# %% tags=["active-ipynb"]
# # 约 10 秒，带进度条
# def learn(rule, seed, steps=3000, walkers=20, epsilon=0.2):
#     """一起学习的行走者的表，以及途中的误差。"""
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
# 表格中，每个状态有四个价值。下图中的每个三角形，指向它的动作想去的方向。

# %% tags=["active-ipynb"]
# action_grid(shown, names=NAMES)

# %% [markdown] question="tabular-q1"
# **简答题 1。** 虽然走法相同，SARSA 学到的每个价值都低于 Q 学习的。为什么？在悬崖边的小路上，还在探索时你愿意用哪一个？探索结束之后呢？

# %% [markdown] answer="tabular-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 噪声的最大值
#
# 假设所有动作的价值都是 0，而估计带有噪声。估计的最大值就不是 0：两个标准正态变量的最大值，均值为 $1 / \sqrt \pi = 0.564$；四个的是 $1.029$。Q 学习的每个目标里都有这样的最大值。**双 Q 学习**（double Q-learning；van Hasselt 2010）有两张表：一张选择动作，另一张给出这个动作的价值。这样，选择的噪声和价值的噪声就是独立的。

# %% task="max_bias"
# 约 15 分钟，中等。卡住了？hint("max_bias") 会给出第一步。
def max_bias(rewards: Tensor) -> tuple[Tensor, Tensor]:
    """最好动作的价值的平均估计，分别用单估计和双估计。

    每次实验中，每个动作都试了 K 次。单估计是各动作均值中最大的。双估计按前 K / 2 个奖励的均值选出动作，再取它另
    外 K / 2 个奖励的均值。

    Shapes:
        rewards  (E, A, K)  float，E 次实验，K 为偶数；不改动
        out      两个张量 ()，对实验取平均
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
# 约 20 分钟，中等。卡住了？hint("double_q_update") 会给出第一步。
def double_q_update(
    Q1: Tensor, Q2: Tensor, s: Tensor, a: Tensor, r: Tensor, s2: Tensor, done: Tensor, first: Tensor,
    alpha: float, gamma: float
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """用一批经验做一步双 Q 学习之后的两张表。

    `first` 为 True 处，Q1 学习：由它选出 s2 中最好的动作，由 Q2 给出这个动作的价值。其余处由 Q2 学习，角色互
    换。所有目标都按旧表计算。

    Shapes:
        Q1, Q2         (S, A)  float；不改动
        s, a, r, s2    (B,)    与 sarsa_update 相同
        done, first    (B,)    bool；`first` 是公平的硬币，由调用者抛
        out            两张表 (S, A)
    """

    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="double_q_update"
# check("tabular", task="double_q_update")

# %% [markdown]
# ## 7 介于两者之间
#
# 要么走一步就用价值，要么用完所有步：中间还有别的选择。**n 步回报**（n-step return）先加 n 个奖励，再加价值，$r_t + \gamma r_{t+1} + \dots + \gamma^{n-1} r_{t+n-1} + \gamma^n V(s_{t+n})$。$n = 1$ 时是时序差分的目标，$n$ 很大时是蒙特卡洛的：偏差更小，方差更大。如果剩下的不到 n 步，就把有的都加上，再加最后一步之后的价值；回合已结束时，这个价值为 0。

# %% task="n_step_return"
# 约 25 分钟，中等。卡住了？hint("n_step_return") 会给出第一步。
def n_step_return(rewards: Tensor, values: Tensor, n: int, gamma: float) -> Tensor:
    """每个时刻的 n 步回报。

    Shapes:
        rewards  (T,)      float；不改动
        values   (T + 1,)  状态 s_0 到 s_T 的 V；最后一个是最后一个奖励之后的；不改动
        n        int       至少为 1，可能大于 T
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
# 所有值都从 0 开始。蒙特卡洛起初更快，因为一个回合会告诉它的所有状态最后得到了什么；$n = 1$ 时，这个消息每次只往回走一步。后来，整个回报的噪声让蒙特卡洛到不了真实的值。所以早期大的 n 最好，后期小的 n 最好。

# %% [markdown]
# ## 8 看起来相同的地方
#
# 以上都假设智能体看得到自己的状态。现在有一条五个位置的走廊，鱼在中间（2），走起来从不打滑。在 0 只能往右走，在 4 只能往左走；位置 1 和 3 看起来相同，所以智能体在这两处只能一样行事。它从 0 或 4 出发。曲线的横轴是在看起来相同的位置往右走的概率，纵轴是两个起点的平均价值。

# %% tags=["active-ipynb"]
# moves = torch.zeros(5, 2, 5, dtype=torch.float64)  # 动作：左、右
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
# **简答题 2。** 每个马尔可夫决策过程都有确定性的最优策略，为什么在这里抛硬币却比任何确定性策略都好？这个笔记本里的方法，哪些假设看得到状态，哪个不假设？

# %% [markdown] answer="tabular-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 一个方程，即贝尔曼方程，有三种用法：有模型就求解它；用样本代替其中的均值；用自己的估计代替样本的其余部分。最后一种最快，但也会自己把自己带错：所以这里要用两张表，下一个笔记本要用目标网络。
#
# **延伸阅读。** Sutton 和 Barto（*Reinforcement learning: an introduction*，第二版，2018）用六章讲本笔记本的内容，值得一读。Watkins 和 Dayan（*Q-learning*，1992）证明这张表会收敛。Kaelbling、Littman 和 Cassandra（*Planning and acting in partially observable stochastic domains*，1998）讲看不到状态时该怎么办。
