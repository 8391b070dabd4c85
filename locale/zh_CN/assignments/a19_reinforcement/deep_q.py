# %% [markdown]
# # 用网络代替表格
#
# 10 × 5 个位置的棋盘，状态不多；屏幕的状态比世上的原子还多。网络可以代替表格：输入观测，输出每个动作的价值。2015 年，有一个这样的网络只凭像素和得分，在 49 个 Atari 游戏上分别训练，每个游戏玩了大约 38 天；在其中许多游戏上，它和职业测试员玩得一样好（Mnih 等 2015）。你来写它的各个部分：经验池、网络、目标、损失；再训练它接球。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 经验池 | `ReplayBuffer` | 4 | 30 |
# | 2 像素 | `stack_frames`, `QNetwork` | 5 | 40 |
# | 3 目标 | `dqn_target`, `double_dqn_target`, `dqn_loss`, `sync_target` | 10 | 55 |
# | 4 接球 | `train_dqn` | 4 | 45 |
# | 5 用最小二乘做同样的事 | `fitted_q` | 2 | 25 |

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
#     """带随机种子的随机数生成器。"""
#     return torch.Generator().manual_seed(seed)
#
#
# def network(seed):
#     """用于棋盘的小网络。"""
#     torch.manual_seed(seed)
#     return nn.Sequential(nn.Flatten(), nn.Linear(50, 64), nn.ReLU(), nn.Linear(64, 3))

# %% [markdown]
# ## 1 经验池
#
# 前后相连的经验彼此相似，按顺序学习的网络会忘掉以前的。所以智能体把经验（观测、动作、奖励、下一个观测、done）存起来，再从最近的 `capacity` 个中随机抽样来学：这叫**经验回放**（experience replay；Lin 1992）。经验池是一个环：满了以后，下一个经验取代最旧的。

# %% task="ReplayBuffer"
# 约 30 分钟，中等。卡住了？hint("ReplayBuffer") 会给出第一步。
class ReplayBuffer:
    """最近的经验，最多 `capacity` 个。

    Shapes:
        capacity   int    至少为 1
        obs_shape  tuple  一个观测的形状
        like       Tensor 或 None，任意一个位于存放经验的设备上的张量；默认为 CPU
    """

    def __init__(self, capacity: int, obs_shape: tuple[int, ...], like: Tensor | None = None) -> None:
        device = None if like is None else like.device
        # YOUR CODE HERE
        raise NotImplementedError()

    def __len__(self) -> int:
        """有多少个经验。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def add(self, obs: Tensor, actions: Tensor, rewards: Tensor, next_obs: Tensor, done: Tensor) -> None:
        """按顺序存下 B 个经验的副本。超过 `capacity` 时，留下最后的那些。

        Shapes:
            obs, next_obs  (B, *obs_shape)  存为 float32
            actions        (B,)             int64
            rewards        (B,)             存为 float32
            done           (B,)             bool
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """从存下的经验中抽取 n 个，每次抽到任何一个的概率都相同。

        Shapes:
            generator  所有随机数的来源
            out        obs, actions, rewards, next_obs, done，与 `add` 中相同，B = n
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ReplayBuffer"
# check("deep_q", task="ReplayBuffer")

# %% [markdown]
# ## 2 像素
#
# 一帧看不出球往哪里去，最后四帧放在一起就看得出；开头时重复第一帧。

# %% task="stack_frames"
# 约 15 分钟，简单。卡住了？hint("stack_frames") 会给出第一步。
def stack_frames(frames: Tensor, k: int) -> Tensor:
    """每个时刻的最后 k 帧，最早的在前。第一帧之前，当作还是第一帧。

    Shapes:
        frames  (T, H, W)     任意 dtype；不改动
        k       int           至少为 1
        out     (T, k, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="stack_frames"
# check("deep_q", task="stack_frames")

# %% [markdown]
# 两篇论文的网络输入 `C` 帧 84 × 84 像素的灰度图像，除最后一层外，每层之后都有 ReLU：
#
# | `variant` | 卷积：卷积核个数，大小 / 步幅 | 然后 |
# |---|---|---|
# | "nips"（Mnih 等 2013） | 16, 8 × 8 / 4；32, 4 × 4 / 2 | 到 256 的线性层；到 A 的线性层 |
# | "nature"（Mnih 等 2015） | 32, 8 × 8 / 4；64, 4 × 4 / 2；64, 3 × 3 / 1 | 到 512 的线性层；到 A 的线性层 |
#
# 没有填充，也没有池化：球可能只有一个像素。输入 4 帧、18 个动作时，第二个网络有 1,693,362 个参数。

# %% task="QNetwork"
# 约 25 分钟，中等。卡住了？hint("QNetwork") 会给出第一步。
class QNetwork(nn.Module):
    """由一叠帧得到每个动作的价值。

    Shapes:
        obs_shape  (C, H, W)     H 和 W 至少为 36
        actions    int           A
        variant    "nips" 或 "nature"
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
# ## 3 目标
#
# 网络 $Q$ 应该输出 $r + \gamma \max_{a'} Q(s', a')$，但 $Q$ 每走一步，这个目标也跟着动，就像狗追自己的尾巴。所以目标由一个较旧的副本给出，即**目标网络**（target network）$\bar Q$：
#
# $$y = r + \gamma \max_{a'} \bar Q(s', a') \quad\text{(DQN)}, \qquad
# y = r + \gamma\, \bar Q\bigl(s', \operatorname{argmax}_{a'} Q(s', a')\bigr) \quad\text{(double DQN)}.$$
#
# 带噪声的数，最大值平均起来偏大。在**双 DQN**（double DQN；van Hasselt 等 2016）中，由正在学习的网络选择动作，由较旧的副本给出这个动作的价值。回合结束处，$y = r$。目标是一个数：没有梯度通过它。

# %% task="dqn_target"
# 约 10 分钟，简单。卡住了？hint("dqn_target") 会给出第一步。
def dqn_target(q_next: Tensor, rewards: Tensor, done: Tensor, gamma: float) -> Tensor:
    """每个经验的 DQN 目标。不需要循环，也没有梯度。

    Shapes:
        q_next   (N, A)  下一个观测的价值，由目标网络给出；done 处的内容不算数，
                         即使是 nan 也一样
        rewards  (N,)
        done     (N,)    bool
        out      (N,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="dqn_target"
# check("deep_q", task="dqn_target")

# %% task="double_dqn_target"
# 约 15 分钟，简单。卡住了？hint("double_dqn_target") 会给出第一步。
def double_dqn_target(
    q_next_online: Tensor, q_next_target: Tensor, rewards: Tensor, done: Tensor, gamma: float
) -> Tensor:
    """每个经验的双 DQN 目标。不需要循环，也没有梯度。

    Shapes:
        q_next_online, q_next_target  (N, A)  下一个观测的价值，由两个网络分别给出
        rewards, done                 (N,)    同上
        out                           (N,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="double_dqn_target"
# check("deep_q", task="double_dqn_target")

# %% [markdown]
# 奖励很少见，所以有少数经验的误差 $q - y$ 很大。**Huber 损失**在 1 以内是平方的一半，从 1 起线性增长：$|e| \le 1$ 时为 $\frac 1 2 e^2$，否则为 $|e| - \frac 1 2$。这样，没有哪个经验的拉力超过 1。只有采取了的动作，其价值才有误差。

# %% task="dqn_loss"
# 约 15 分钟，简单。卡住了？hint("dqn_loss") 会给出第一步。
def dqn_loss(q: Tensor, actions: Tensor, target: Tensor) -> Tensor:
    """所采取动作的价值的 Huber 损失，取平均。没有梯度通过目标。

    不允许用 F.smooth_l1_loss 和 F.huber_loss。

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
# 目标网络每隔一段时间变得与在线网络相同；或者每一步都慢慢跟随它：$\bar\theta \leftarrow (1 - \tau)\, \bar\theta + \tau\, \theta$。两种做法用的是同一个函数：取 $\tau = 1$，或者取很小的 $\tau$。

# %% task="sync_target"
# 约 15 分钟，中等。卡住了？hint("sync_target") 会给出第一步。
def sync_target(online: nn.Module, target: nn.Module, tau: float = 1.0) -> None:
    """把目标网络的每个参数朝在线网络的对应参数移动 tau，原地修改。

    两个网络仍是两个：之后改动一个，不会影响另一个。缓冲区，例如批量归一化的滑动均值，则直接复制。
    `requires_grad` 和梯度都不变。

    Shapes:
        online, target  两个模块，参数和缓冲区相同
        tau             (0, 1] 内的 float；1 表示复制
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sync_target"
# check("deep_q", task="sync_target")

# %% [markdown]
# ## 4 接球
#
# `Catch`：球落下来，穿过 10 × 5 个位置的棋盘，最后一行的球拍应当在它下面。奖励是 1 或 -1，九步之后在结尾处给出。把各部分合起来：
#
# 1. `n` 个副本按在线网络取 ε 贪心的动作。ε 在前一半的步中从 1 线性地降到 0.1，之后保持不变。
# 2. 它们的经验存入经验池。回合结束或截断的副本，用 `obs = env.restart(ended)` 重启；它返回全部观测。
# 3. 抽取 `batch` 个经验，以双 DQN 的目标计算损失，用 Adam 走一步。**截断**的回合本来还会继续：只有 `done` 才截住目标。
# 4. 每过 `every` 步，目标网络变得与在线网络相同。

# %% task="train_dqn"
# 约 45 分钟，困难。卡住了？hint("train_dqn") 会给出第一步。
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
    """按上文原地训练 `online`，返回每一步 n 个副本的平均奖励。

    Shapes:
        env             env.reset(n, generator) 返回观测 (n, ...)，env.step(actions) 返回观测、奖励、
                        done 和 truncated，env.restart(which) 返回观测
        online, target  两个同类的模块：观测 (N, ...) 到价值 (N, A)；第一步之前，
                        目标网络变得与在线网络相同。两者的模式和 requires_grad 保持原样
        generator       所有随机数的来源
        out             (steps,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="train_dqn"
# check("deep_q", task="train_dqn")

# %% [markdown]
# ε 应该怎样下降？ε 不变，智能体就一直在探索，永远达不到自己能达到的最好水平。$1 / \sqrt{t}$ 在极限中变成贪心，但每个动作仍会尝试无穷多次。DQN 的 ε 有两段：先探索，之后主要是好好玩。

# %% tags=["active-ipynb"]
# steps = torch.arange(1, 1001)
# curves({"constant": torch.full((1000,), 0.2), "1 / root of t": steps**-0.5,
#         "two parts": torch.cat([torch.linspace(1, 0.1, 500), torch.full((500,), 0.1)])},
#        xlabel="step", ylabel="epsilon")

# %% tags=["active-ipynb"]
# # 约 10 秒：你写的循环运行六次
# def caught(history):
#     """接到的球的占比，每 90 步统计一次：每九步有一个奖励。"""
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
# **简答题 1。** (a) 没有经验池会出什么问题，没有目标网络又会怎样？(b) 有一个游戏自己永远不会结束，但在 200 步后中止；某位程序员在经验池里存的是 `done | truncated`。在接近步数上限处，网络学到的是什么价值？为什么连这些价值也学不好？

# %% [markdown] answer="deep-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 用最小二乘做同样的事
#
# 如果 $Q$ 对给定的特征是线性的，$Q(s, a) = \phi(s) \cdot w_a$，就不需要梯度下降：算出所有目标，用最小二乘拟合，然后再来一遍。这叫**拟合 Q 迭代**（fitted Q iteration；Ernst 等 2005）。每个状态对应一个特征时，它就是按所见频率进行的价值迭代。

# %% task="fitted_q"
# 约 25 分钟，中等。卡住了？hint("fitted_q") 会给出第一步。
def fitted_q(
    phi: Tensor, a: Tensor, r: Tensor, phi2: Tensor, done: Tensor, actions: int, gamma: float, iterations: int
) -> Tensor:
    """从 0 开始迭代若干次之后的权重。每次迭代，每个动作都对自己经验的目标做拟合。

    Shapes:
        phi, phi2   (N, D)  float，观测和下一个观测的特征
        a, r, done  (N,)    动作（int64）、奖励，以及之后是否什么也没有
        actions     int     A；每个动作都有经验，其特征的秩为 D
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
# ## 小结
#
# 自举、网络、来自另一个策略的数据：三者在一起可能发散。经验池让数据像随机样本，旧副本让目标保持不动，Huber 损失限制一次意外的影响，两个网络让最大值不虚高。
#
# **延伸阅读。** Rainbow（Hessel 等 2018）把六项改进合在一起，并测出每一项的价值。Schaul 等（*Prioritized experience replay*，2016）更常抽取出人意料的步骤。Bellemare、Dabney 和 Munos（*A distributional perspective on reinforcement learning*，2017）学习回报的整个分布，而不只是均值。Van Hasselt 等（*Deep reinforcement learning and the deadly triad*，2018）测量它什么时候发散。
