# %% [markdown]
# # 搜索
#
# 哪种架构，什么学习率，哪种惩罚项？人试几种，程序试许多种。它必须选择接下来试什么，每一种花多少代价。在这里，你来写常用的策略。它们在一张表上比较：一个小空间的全部 1,024 个单元都已训练好（`common.data.architectures`），所以“训练”不花时间，与 NAS-Bench-101（Ying 等 2019）一样。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 用随机代替网格 | `random_points` | 2 | 15 |
# | 2 早早停掉差的 | `successive_halving` | 2 | 25 |
# | 3 进化 | `regularised_evolution` | 2 | 35 |
# | 4 会学习的控制器 | `controller_step` | 2 | 20 |
# | 5 用混合代替选择 | `mixed_op`, `darts_step` | 4 | 35 |
# | 6 便宜的估计 | `kendall_tau` | 2 | 20 |

# %%
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Cell = tuple[int, ...]


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import architectures
# from common.plots import curves
# from common.plots.figure import new_figure
#
# finals = torch.tensor([architectures.accuracy(cell) for cell in architectures.CELLS])
# print(f"{len(finals)} cells, {len(architectures.table())} different ones; accuracies from {finals.min():.3f} to "
#       f"{finals.max():.3f}, half of them below {finals.median():.3f}")

# %% [markdown]
# ## 1 用随机代替网格
#
# 在两个参数的网格上训练九次，每个参数只试了三个值。如果其中只有一个参数要紧，有六次训练就白费了；九个随机点能试九个值（Bergstra 和 Bengio 2012）。学习率和惩罚项的范围跨越好几个数量级，所以均匀抽取的是它们的**对数**。

# %% task="random_points"
# 约 15 分钟，简单。卡住了？hint("random_points") 会给出第一步。
def random_points(
    space: dict[str, tuple[float, float, str]], n: int, generator: torch.Generator
) -> list[dict[str, float]]:
    """抽取 n 个点。

    Shapes:
        space  名字 -> (low, high, "linear" 或 "log")；"log" 时 low 大于 0，对数均匀分布
        out    n 个字典，名字 -> 从 low 到 high 的 Python float，全部用 generator 抽取
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="random_points"
# check("search", task="random_points")

# %% tags=["active-ipynb"]
# generator = torch.Generator().manual_seed(2)
# drawn = random_points({"rate": (1e-4, 1, "log"), "width": (10, 100, "linear")}, 9, generator)
# figure = new_figure(7, 3, "Nine points of a grid try three rates; nine random points try nine.")
# for place, (title, rates, widths) in enumerate((
#     ("grid", [r for r in (1e-3, 1e-2, 1e-1) for _ in range(3)], [25, 55, 85] * 3),
#     ("random", [p["rate"] for p in drawn], [p["width"] for p in drawn]),
# )):
#     axes = figure.add_subplot(1, 2, place + 1, xscale="log", xlabel="rate", ylabel="width", title=title,
#                               xlim=(8e-5, 1.2), ylim=(0, 105))
#     axes.plot(rates, widths, "o")
#     axes.plot(rates, [5] * 9, "r|", markersize=12)
# figure

# %% [markdown]
# ## 2 早早停掉差的
#
# **逐次减半**（successive halving；Jamieson 和 Talwalkar 2016）：全部 $n$ 个训练 $r$ 轮，留下最好的一些，再训练到原来的 $\eta$ 倍，如此继续，直到只剩一个。训练是**接着**做的，所以只有新的轮才有代价。Hyperband 用几个不同的 $r$ 来运行它。

# %% task="successive_halving"
# 约 25 分钟，中等。卡住了？hint("successive_halving") 会给出第一步。
def successive_halving(
    configs: Sequence, train: Callable[[object, int], float], epochs: int, eta: int
) -> tuple[object, int]:
    """每一轮比较都留下最好的，直到只剩一个。

    每一轮比较中，剩下的全都训练到总共 `epochs` 轮。留下的个数是现有个数除以 eta，向下取整，至少一个：留下得分最
    高的；得分相等时，取在 `configs` 中较前的。然后 epochs 乘以 eta。只有一个配置时，什么都不训练。

    Shapes:
        configs  至少一个
        train    由配置和总轮数得到得分；每一轮比较中，每个配置调用一次
        eta      int，至少为 2
        out      最后的配置，以及训练过的轮数：以前各轮比较中训练过的只算一次
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="successive_halving"
# check("search", task="successive_halving")

# %% [markdown]
# ## 3 进化
#
# **正则化进化**（regularised evolution；Real 等 2019）找到了 AmoebaNet。保持一个有 $P$ 个单元的种群。每个周期从中抽取 $S$ 个，复制其中最好的，把**一条**边换成另一种运算，评估这个子代，把它加进来。然后去掉**最老的**，而不是最差的：碰过一次好运的单元不能永远留下；能留下的只有它的后代。

# %% task="regularised_evolution"
# 约 35 分钟，中等。卡住了？hint("regularised_evolution") 会给出第一步。
def regularised_evolution(
    evaluate: Callable[[Cell], float], edges: int, ops: int, P: int, S: int, cycles: int, generator: torch.Generator
) -> list[tuple[Cell, float]]:
    """让单元进化：单元是 `edges` 个 Python int 的元组，取值从 0 到 ops - 1。

    Shapes:
        evaluate  单元 -> 得分，越高越好；每个新单元调用一次，以前出现过的也要调用
        ops       int，至少为 2
        P, S      int，1 <= S <= P；抽取的是种群中 S 个**不同的成员**
        cycles    int
        out       最初的 P 个单元，它们是随机的，以及每个周期的子代，各带得分，按此顺序
    """

    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="regularised_evolution"
# check("search", task="regularised_evolution")

# %% tags=["active-ipynb"]
# def so_far(history):
#     """返回前 1 个、前 2 个……单元中最好的最终准确率。"""
#     return torch.tensor([architectures.accuracy(cell) for cell, _ in history]).cummax(0).values
#
#
# def mean_of_runs(strategy, runs=60):
#     """返回几次运行的平均曲线与最好准确率之差的 log10。"""
#     found = torch.stack([so_far(strategy(torch.Generator().manual_seed(n))) for n in range(runs)]).mean(dim=0)
#     return (finals.max() - found).clamp(min=1e-4).log10()
#
#
# score = lambda cell: architectures.accuracy(cell, seed=0)
# drawn = lambda g: [(architectures.CELLS[n], 0.0) for n in torch.randint(1024, (150,), generator=g).tolist()]
# evolved = lambda g: regularised_evolution(score, 5, 4, 20, 8, 130, g)
# curves({"random": mean_of_runs(drawn), "evolution": mean_of_runs(evolved)}, xlabel="cells trained",
#        ylabel="log10 of the distance to the best", title="Best accuracy so far, means of 60 runs")

# %% [markdown]
# ## 4 会学习的控制器
#
# 最早的神经架构搜索（Zoph 和 Le 2017）从一个**策略**（policy）抽取单元，并用 REINFORCE 改进它。这里的策略给每条边一组独立的 logit。设抽取的单元的奖励为 $R$，基线为 $b$，
#
# $$\theta \leftarrow \theta + r (R - b) \sum_e \nabla_\theta \log p_\theta(o_e), \qquad
# b \leftarrow 0.95 \, b + 0.05 \, R.$$
#
# $\log p(o)$ 对一条边的 logit 的梯度，在选中之处是 1，再减去 softmax。基线不改变期望，只改变方差；这一步用旧的基线。

# %% task="controller_step"
# 约 20 分钟，中等。卡住了？hint("controller_step") 会给出第一步。
def controller_step(logits: Tensor, choices: Tensor, reward: float, baseline: float, lr: float) -> tuple[Tensor, float]:
    """REINFORCE 的一步。禁用自动微分。

    Shapes:
        logits   (E, O)  每条边、每种运算各一个
        choices  (E,)    int64，抽到的运算
        out      新的 logit，新的基线（一个 Python float）
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="controller_step"
# check("search", task="controller_step")

# %% [markdown]
# ## 5 用混合代替选择
#
# **DARTS**（Liu 等 2019）计算一条边的所有运算，用 $\alpha$ 的 softmax 把它们混合，这样就有了梯度。权重和 $\alpha$ 轮流学习：先在一批训练数据上学 $w$，再用新的 $w$ 在一批**验证**数据上学 $\alpha$（一阶）。如果两者都用训练批量，$\alpha$ 就会偏向容易过拟合的运算。最后，每条边保留 $\alpha$ 最大的运算，但 "none" 除外。**NAO**（Luo 等 2018）用另一种方式做到连续：它学会把整个架构编码为向量，再沿着预测的准确率往上走。

# %% task="mixed_op"
# 约 10 分钟，简单。卡住了？hint("mixed_op") 会给出第一步。
def mixed_op(outputs: Tensor, alpha: Tensor) -> Tensor:
    """所有运算的输出的混合。

    Shapes:
        outputs  (O, ...)  O 种运算的输出，形状都相同
        alpha    (O,)      logit
        out      (...)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mixed_op"
# check("search", task="mixed_op")

# %% task="darts_step"
# 约 25 分钟，中等。卡住了？hint("darts_step") 会给出第一步。
def darts_step(
    w: Tensor,
    alpha: Tensor,
    train_loss: Callable[[Tensor, Tensor], Tensor],
    val_loss: Callable[[Tensor, Tensor], Tensor],
    lr_w: float,
    lr_alpha: float,
) -> tuple[Tensor, Tensor]:
    """权重的一步梯度下降，然后是 alpha 的一步。

    Shapes:
        w, alpha  任意形状，没有 `requires_grad`
        train_loss, val_loss  (w, alpha) -> ()，在一批训练或验证数据上
        out       新的权重，新的 alpha，不带计算图
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="darts_step"
# check("search", task="darts_step")

# %% [markdown]
# ## 6 便宜的估计
#
# 训练一轮之后的准确率、用更少的数据、换成更小的任务、让所有单元共享权重（ENAS，Pham 等 2018）：每一种都是便宜的估计。NASNet（Zoph 等 2018）在 CIFAR-10 上搜索一个单元，再把它堆叠起来用于 ImageNet。要紧的是**排序**。Kendall 的 $\tau$ 比较所有的对：一致的对（顺序相同）减去不一致的对。有相等的情形时，
#
# $$\tau_b = \frac{C - D}{\sqrt{(n_0 - n_a)(n_0 - n_b)}},$$
#
# 其中 $n_0$ 是所有对的个数，$n_a$ 和 $n_b$ 是在 $a$ 中和在 $b$ 中相等的对的个数（Kendall 1945）。对 (1, 2, 3, 4) 和 (1, 3, 2, 4)：0.6667。

# %% task="kendall_tau"
# 约 20 分钟，简单。卡住了？hint("kendall_tau") 会给出第一步。
def kendall_tau(a: Tensor, b: Tensor) -> float:
    """两个排序的 Kendall tau-b。

    Shapes:
        a, b  (N,)  得分，N 至少为 2；各自都不全相等
        out   从 -1 到 1 的 Python float
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="kendall_tau"
# check("search", task="kendall_tau")

# %% tags=["active-ipynb"]
# cells = sorted(architectures.table())
# last = torch.tensor([architectures.accuracy(cell) for cell in cells])
# figure = new_figure(7.5, 3.2, "Accuracy after one and after four epochs against the accuracy after twelve.")
# for place, epochs in enumerate((1, 4)):
#     early = torch.tensor([architectures.accuracy(cell, epochs) for cell in cells])
#     axes = figure.add_subplot(1, 2, place + 1, xlabel=f"accuracy, epoch {epochs}", ylabel="accuracy, epoch 12")
#     axes.plot(early, last, ".", markersize=3)
#     axes.set_title(f"tau {kendall_tau(early, last):.2f}")
# figure

# %% tags=["active-ipynb"]
# places = torch.randperm(1024, generator=torch.Generator().manual_seed(0))[:64].tolist()
# start = [architectures.CELLS[n] for n in places]
# epochs_of = {1: 1, 4: 4, 16: 12}
# best, cost = successive_halving(start, lambda cell, n: architectures.accuracy(cell, epochs_of.get(n, 12)), 1, 4)
# print(f"halving: {best} with {architectures.accuracy(best):.3f} for {cost} epochs; the best of all 64, trained for "
#       f"{64 * 12} epochs: {max(architectures.accuracy(cell) for cell in start):.3f}")

# %% [markdown] question="search-q1"
# **简答题 1。** 贝叶斯优化（TPE、SMAC）为得分拟合一个模型。它与这里的策略有什么不同？什么时候你会更愿意用它？按第一轮来排序有什么危险？

# %% [markdown] answer="search-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 把一种策略与随机搜索相比，代价要相等，随机种子要多，还要说明候选者是按哪种估计排序的。
#
# **延伸阅读。** Li 和 Talwalkar（*Random search and reproducibility for neural architecture search*，2020）以及 Yang、Esperança 和 Carlucci（*NAS evaluation is frustratingly hard*，2020）追问：搜索是否胜过从同一空间里随机选取。Elsken、Metzen 和 Hutter（*Neural architecture search: a survey*，2019）按空间、策略和估计方法梳理这个领域。Once-for-all（Cai 等 2020）训练一个包含所有候选的网络。
