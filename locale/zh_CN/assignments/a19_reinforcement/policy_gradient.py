# %% [markdown]
# # 策略
#
# 策略可以是一个网络：输入状态，输出每个动作的 logit。没有正确的动作可供比较，也没有人能对世界求导，因为它返回的只有样本。但平均回报是有梯度的，可以由回合来估计：如果动作之后得到的比预期多，就让它更可能出现。你来写这个估计量，弄清它的噪声为什么这么大，再一点一点去掉噪声，直到杆子在小车上立住。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 动作的分布 | `log_prob`, `entropy`, `boltzmann` | 6 | 25 |
# | 2 平均回报的梯度 | `reinforce_loss`, `reward_to_go`, `normalise` | 9 | 45 |
# | 3 小车上的杆 | `train_policy` | 3 | 40 |
# | 4 噪声更小：基线 | `constant_baseline` | 4 | 20 |
# | 5 噪声更小：评论器 | `td_errors`, `gae`, `actor_critic_loss` | 9 | 50 |
# | 6 指定一个回报 | `decision_tokens`, `act` | 4 | 35 |

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
#     """带随机种子的随机数生成器。"""
#     return torch.Generator().manual_seed(seed)
#
#
# def network(inputs, outputs, seed):
#     """用于任意形状观测的小策略。"""
#     torch.manual_seed(seed)
#     return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 32), nn.Tanh(), nn.Linear(32, outputs))

# %% [markdown]
# ## 1 动作的分布
#
# logit 经 softmax 变成概率，$\pi(a) = e^{z_a} / \sum_b e^{z_b}$。我们需要的是动作的对数概率，以及**熵** $-\sum_a \pi(a) \log \pi(a)$。熵说明策略有多犹豫：某个动作必然发生时为 0，各动作一样时为 $\log A$。训练中 logit 会变大，所以 logit 为 1000 时两者也必须正确。

# %% task="log_prob"
# 约 10 分钟，简单。卡住了？hint("log_prob") 会给出第一步。
def log_prob(logits: Tensor, actions: Tensor) -> Tensor:
    """每个动作的概率的对数。

    不允许用 torch.distributions 和 F.cross_entropy。

    Shapes:
        logits   (..., A)  float，任意有限的数
        actions  (...)     int64
        out      (...)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="log_prob"
# check("policy_gradient", task="log_prob")

# %% task="entropy"
# 约 10 分钟，简单。卡住了？hint("entropy") 会给出第一步。
def entropy(logits: Tensor) -> Tensor:
    """每个分布的熵，用自然对数。

    不允许用 torch.distributions。

    Shapes:
        logits  (..., A)  float，任意有限的数
        out     (...)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="entropy"
# check("policy_gradient", task="entropy")

# %% [markdown]
# 由动作的价值也能得到策略，即玻尔兹曼（Boltzmann）策略，$\pi(a) \propto e^{Q(a) / T}$。温度 $T$ 低时几乎是贪心的，高时几乎是随机的。

# %% task="boltzmann"
# 约 5 分钟，简单。卡住了？hint("boltzmann") 会给出第一步。
def boltzmann(q: Tensor, temperature: float) -> Tensor:
    """每个动作的概率。

    Shapes:
        q            (..., A)  float，任意有限的数；不改动
        temperature  float     大于 0
        out          (..., A)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="boltzmann"
# check("policy_gradient", task="boltzmann")

# %% [markdown]
# ## 2 平均回报的梯度
#
# 设 $J$ 是遵循该策略的各回合的平均回报。已知 $\nabla p = p \nabla \log p$；一个回合的概率里，只有策略依赖于参数；任何动作都改变不了之前得到的奖励。因此（Williams 1992，REINFORCE）：
#
# $$\nabla J = E\Bigl[\sum_t \nabla \log \pi(a_t \mid s_t)\; w_t\Bigr], \qquad w_t = G_t - b .$$
#
# 权重 $w_t$ 是数，其中没有什么要求导。任何不依赖于动作 $a_t$ 的 $b$ 都不改变均值。我们对一批 E 个回合取平均，它们都填充到 T 步；`mask` 说明哪些步属于回合。下面这个损失的梯度，正好是这个估计取负：
#
# $$L = -\frac 1 E \sum_e \sum_t \log \pi(a_{et} \mid s_{et})\, w_{et} .$$

# %% task="reinforce_loss"
# 约 20 分钟，中等。卡住了？hint("reinforce_loss") 会给出第一步。
def reinforce_loss(logits: Tensor, actions: Tensor, weights: Tensor, mask: Tensor) -> Tensor:
    """上文的损失：先对一个回合的各步求和，再对回合取平均。权重不得到梯度。

    Shapes:
        logits   (E, T, A)  float
        actions  (E, T)     int64
        weights  (E, T)     float
        mask     (E, T)     bool，回合已结束处为 False；那里的 logits 和 weights 不算数，
                            即使是 nan 也一样
        out      ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="reinforce_loss"
# check("policy_gradient", task="reinforce_loss")

# %% [markdown]
# $w_t$ 取**后续奖励**（reward to go），$G_t = \sum_{k \ge t} \gamma^{k - t} r_k$。如果每一步都用整个回报 $G_0$，均值相同，但噪声更大：动作会因为它之前发生的事受到表扬。

# %% task="reward_to_go"
# 约 10 分钟，简单。卡住了？hint("reward_to_go") 会给出第一步。
def reward_to_go(rewards: Tensor, gamma: float) -> Tensor:
    """每个回合从每个时刻起的回报。

    Shapes:
        rewards  (E, T)  float，回合结束之后为 0；不改动
        gamma    [0, 1] 内的 float
        out      (E, T)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="reward_to_go"
# check("policy_gradient", task="reward_to_go")

# %% [markdown]
# 最简单的基线：减去这一批所有权重的均值，再除以它们的标准差，这样奖励的大小就无关紧要。

# %% task="normalise"
# 约 15 分钟，简单。卡住了？hint("normalise") 会给出第一步。
def normalise(weights: Tensor, mask: Tensor) -> Tensor:
    """权重减去均值，除以（标准差 + 1e-8）；mask 为 False 处为 0。

    均值和标准差由 mask 为 True 的所有元素合起来算；方差除以它们的个数。

    Shapes:
        weights  (E, T)  float；不改动
        mask     (E, T)  bool，至少有一个 True
        out      (E, T)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="normalise"
# check("policy_gradient", task="normalise")

# %% [markdown]
# ## 3 小车上的杆
#
# `CartPole` 的观测是四个数，动作有两个。每一步得 1，直到杆子倾斜太多，或者小车离开，或者走满 200 步。用当前的策略同时玩 `n` 个回合，最多 `steps` 步，然后用 Adam 走一步；再重复。

# %% task="train_policy"
# 约 40 分钟，困难。卡住了？hint("train_policy") 会给出第一步。
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
    """用 REINFORCE 训练策略，返回每次更新之前各回合奖励之和的均值。

    Shapes:
        env        env.reset(n, generator) 返回观测 (n, ...)，env.step(actions) 返回观测、奖励、done 和
                   truncated；后两者都结束回合，结束之后的奖励不算
        model      观测 (N, ...) 到 logits (N, A)；它的参数由 torch.optim.Adam 原地训练
        generator  所有随机数的来源
        weigh      由奖励 (n, T) 和 mask (n, T) 得到权重；默认为归一化的 reward_to_go
        out        (updates,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="train_policy"
# check("policy_gradient", task="train_policy")

# %% tags=["active-ipynb"]
# # 约 15 秒：你写的循环运行九次
# def whole(rewards, mask):
#     """每一步都用整个回报。"""
#     return reward_to_go(rewards, 0.99)[:, :1].expand_as(rewards)
#
#
# def no_baseline(rewards, mask):
#     """未经归一化的后续奖励，只是缩放到让 Adam 的步差不多大。"""
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
# if importlib.util.find_spec("gymnasium"):  # 同一个策略，放在别人的模拟器里（如果已安装）
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
# **简答题 1。** (a) $\gamma < 1$ 时，通常的估计量 $\sum_t \nabla \log \pi(a_t \mid s_t) \, G_t$ 并不是折扣回报的均值 $E[G_0]$ 的梯度。缺了哪个因子，为什么没有人把它补上？(b) 为什么基线不能依赖于动作 $a_t$？

# %% [markdown] answer="policy-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 噪声更小：基线
#
# 常数 $b$ 有多大帮助？设 $g = \sum_t \nabla \log \pi(a_t \mid s_t)$ 为一个回合的**得分**（score），它是向量，每个参数一个元素；设 $G$ 为回合的回报。不论 $b$ 是多少，估计 $g (G - b)$ 的均值都相同。对参数 $j$，方差最小的是
#
# $$b_j = \frac{E[g_j^2\, G]}{E[g_j^2]} ,$$
#
# 即回报按得分的平方加权的均值，每个参数各不相同。回报的普通均值是一个又好又便宜的近似。

# %% task="constant_baseline"
# 约 20 分钟，中等。卡住了？hint("constant_baseline") 会给出第一步。
def constant_baseline(returns: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """由一批回合求出平均回报，以及对每个参数方差最小的基线。

    某个参数的得分全为 0 时，它的基线就是平均回报。

    Shapes:
        returns  (E,)    float
        scores   (E, P)  float，每个回合的对数概率的梯度
        out      平均值 ()，基线 (P,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="constant_baseline"
# check("policy_gradient", task="constant_baseline")

# %% tags=["active-ipynb"]
# def gradients(model, episodes=400, steps=60):
#     """对固定策略的每个回合：整个回报、得分，以及用后续奖励算出的估计。"""
#     env, random, obs = CartPole(), generator(0), None
#     obs, alive = env.reset(episodes, random), torch.ones(episodes, dtype=torch.bool)
#     score, credit, total = 0.0, 0.0, torch.zeros(episodes)
#     for step in range(steps):
#         action = torch.multinomial(model(obs).softmax(dim=1), 1, generator=random)[:, 0]
#         minus = (model(obs).softmax(dim=1) - nn.functional.one_hot(action, 2)) * alive[:, None]  # 对 logit 的
#         grad = -(minus[:, :, None] * obs[:, None, :]).flatten(1)  # 策略是线性的
#         score = score + grad
#         obs, reward, done, truncated = env.step(action)
#         total += alive * reward
#         credit = credit + grad * step  # 减去这一步之前得到的：后续奖励 = total - step
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
# ## 5 噪声更小：评论器
#
# 基线可以依赖于状态。简单的选择里，最好的是状态的价值 $V(s)$，由第二个网络，即**评论器**（critic）来学。剩下的是**优势**（advantage）：结果比评论器预期的好多少。一步之后，它就是时序差分误差，
#
# $$\delta_t = r_t + \gamma\, V(s_{t+1}) - V(s_t),$$
#
# 如果回合**结束**（done），就没有中间那一项。如果只是截断，回合本来还会继续，所以这一步之后的状态的价值仍然要算。

# %% task="td_errors"
# 约 10 分钟，简单。卡住了？hint("td_errors") 会给出第一步。
def td_errors(rewards: Tensor, values: Tensor, next_values: Tensor, done: Tensor, gamma: float) -> Tensor:
    """每一步的时序差分误差。

    Shapes:
        rewards      (...)  float
        values       (...)  智能体采取动作时的状态的 V
        next_values  (...)  这一步之后的状态的 V
        done         (...)  bool
        out          (...)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="td_errors"
# check("policy_gradient", task="td_errors")

# %% [markdown]
# 只看一步，就得信任评论器；看整个回报，就得靠运气。**广义优势估计**（generalised advantage estimation；Schulman 等 2016）用 $[0, 1]$ 内的 $\lambda$ 在两者之间取折中：
#
# $$A_t = \delta_t + \gamma \lambda\, \delta_{t+1} + (\gamma \lambda)^2\, \delta_{t+2} + \dots$$
#
# $\lambda = 0$ 时就是 $\delta_t$，$\lambda = 1$ 时是回报减去 $V(s_t)$。回合不论是结束还是截断，求和都到此为止：同一行中后面的内容属于下一个回合。

# %% task="gae"
# 约 20 分钟，中等。卡住了？hint("gae") 会给出第一步。
def gae(deltas: Tensor, ended: Tensor, gamma: float, lam: float) -> Tensor:
    """由时序差分误差得到优势。

    Shapes:
        deltas  (E, T)  float，每行是按顺序排列的各步；不改动
        ended   (E, T)  bool：这一步结束了一个回合，下一列属于另一个回合
        out     (E, T)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gae"
# check("policy_gradient", task="gae")

# %% [markdown]
# 行动器和评论器用一个损失一起训练：策略的损失，评论器的平方误差，再加上熵的加成，防止策略过早定型：
#
# $$L = -\operatorname{mean}(\log \pi(a)\, A) + c_v \operatorname{mean}\bigl((V - \text{target})^2\bigr)
# - c_e \operatorname{mean}(\text{entropy}).$$
#
# 优势里含有评论器的价值。行动器的那部分不能改动它们，否则，什么样的预期能让行动器的损失变小，评论器就学着预期什么。

# %% task="actor_critic_loss"
# 约 20 分钟，中等。卡住了？hint("actor_critic_loss") 会给出第一步。
def actor_critic_loss(
    logits: Tensor,
    actions: Tensor,
    advantage: Tensor,
    values: Tensor,
    targets: Tensor,
    c_v: float = 0.5,
    c_e: float = 0.01,
) -> Tensor:
    """上文的损失。没有梯度通过优势和目标。

    Shapes:
        logits      (N, A)  float
        actions     (N,)    int64
        advantage   (N,)    float
        values      (N,)    评论器给出的
        targets     (N,)    它本应给出的
        out         ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="actor_critic_loss"
# check("policy_gradient", task="actor_critic_loss")

# %% tags=["active-ipynb"]
# # 约 10 秒，带进度条
# def catch(seed, lam, updates=150, n=64):
#     """每次更新之前，带评论器的行动器接到的球的占比。"""
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
# **简答题 2。** 这里哪些 $\lambda$ 学得快，为什么 0 在开始时这么慢？在什么情况下，你预计小的 $\lambda$ 会比 1 好？

# %% [markdown] answer="policy-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 指定一个回报
#
# 还有一种办法，既不需要价值，也不需要这个梯度：把回合当作句子（Chen 等 2021，**决策 Transformer**，decision transformer）。每一步变成三个词元：以后还会得到的回报、状态、动作。因果 Transformer 学习由前面的内容预测每个动作，这是监督学习。要采取动作，就**指定**一个回报：模型用通常会带来这种回报的动作把句子续下去。

# %% task="decision_tokens"
# 约 15 分钟，中等。卡住了？hint("decision_tokens") 会给出第一步。
def decision_tokens(returns_to_go: Tensor, states: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
    """嵌入后的词元序列 R_0, s_0, a_0, R_1, s_1, a_1, ...，以及预测各动作的位置。

    在因果掩码下，一个位置的输出只依赖于这个词元和它前面的词元。时刻 t 的动作，在它前面的最后一个位置预测。

    Shapes:
        returns_to_go, states, actions  (E, T, D)  float，已嵌入
        out                             词元 (E, 3 T, D)；位置 (T,)，int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="decision_tokens"
# check("policy_gradient", task="decision_tokens")

# %% task="act"
# 约 20 分钟，中等。卡住了？hint("act") 会给出第一步。
def act(model: Callable[[Tensor, Tensor, Tensor], Tensor], env: object, target: float, generator: torch.Generator,
        max_steps: int) -> tuple[Tensor, Tensor]:  # fmt: skip
    """指定一个回报，在环境的一个副本里玩一个回合。

    每一步都用到目前为止发生的一切调用模型。下一步的后续回报等于这一步的减去奖励。还没有选出的动作以 0 代替。取
    最可能的动作。回合在结束或截断时停止，或者在 max_steps 步之后停止。

    Shapes:
        model   后续回报 (1, t)、状态 (1, t, ...)、动作 (1, t) 到各时刻动作的 logits (1, t, A)
        target  float        在时刻 0 指定的回报
        out     后续回报 (T,) 和奖励 (T,)，都是 float32
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="act"
# check("policy_gradient", task="act")

# %% [markdown]
# 一个可以指定回报的游戏：十枚硬币，每步一枚；动作 1 拿走它（奖励 1），动作 0 留下它。我们的数据来自随机的玩家，每个玩家以自己的概率拿走每枚硬币。

# %% tags=["active-ipynb"]
# class Coins:
#     """十枚硬币；状态是当前硬币的编号。"""
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
#     """对后续回报、状态和动作的一层因果 Transformer。"""
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
# ## 小结
#
# 平均回报的梯度不需要对世界求导，只需要样本；代价是噪声。只算动作之后得到的，减去预期的，让评论器说该预期什么：每一步要么不改变均值而去掉噪声，要么以一点偏差换来更小的噪声。还有三条路从别处出发：学出世界的模型，在模型里做规划；模仿会做的人；或者找出哪些奖励能解释这个人的做法（逆强化学习）。
#
# **延伸阅读。** Achiam（*Spinning up in deep RL*，2018）是一门配有短小程序的课程。Schulman 等（*Proximal policy optimization algorithms*，2017）是最常用的方法。Henderson 等（*Deep reinforcement learning that matters*，2018）说明，单是随机种子的影响就有多大。Ouyang 等（*Training language models to follow instructions with human feedback*，2022）把同样的梯度用到语言模型上。
