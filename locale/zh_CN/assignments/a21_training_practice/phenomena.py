# %% [markdown]
# # 现象
#
# 训练好的网络常常出人意料：大部分权重可以去掉；小网络从大网络那里学到的，比从标签学到的多；深层网络的梯度看起来像噪声；千分之一的方向就足以用来训练。Prince 的 *Understanding Deep Learning*（2023）第 9、11、20 章讲了这些故事；在这里，你来写测量它们的函数。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 彩票 | `lottery_round` | 2 | 30 |
# | 2 蒸馏 | `distillation_loss` | 2 | 20 |
# | 3 破碎的梯度 | `gradient_autocorrelation` | 2 | 15 |
# | 4 很少的方向 | `random_subspace` | 2 | 10 |

# %%
import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# import copy
#
# import torch.nn.functional as F
# from torch import nn
#
# from autograder import check, hint
# from common.data import signals
# from common.plots import curves
# from common.training.seed import seed_everything
#
# seed_everything(0)
# train, test = signals.draw(1500, seed=1), signals.draw(1000, stream="test", seed=1)
#
#
# def fit(model, steps=200, masks=None, rate=0.05):
#     """用信号训练；掩码使一些权重保持为 0。"""
#     optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
#     for step in range(steps):
#         rows = torch.randint(len(train.y), (100,))
#         optimizer.zero_grad()
#         F.cross_entropy(model(train.x[rows]), train.y[rows]).backward()
#         optimizer.step()
#         with torch.no_grad():
#             for p, mask in zip(model.parameters(), masks or [], strict=False):
#                 p *= mask
#     return model
#
#
# def accuracy(model):
#     with torch.no_grad():
#         return float((model.eval()(test.x).argmax(dim=1) == test.y).double().mean())
#
#
# def net():
#     """造一个小的卷积网络。"""
#     return nn.Sequential(
#         nn.Conv1d(1, 16, 5, 2, 2), nn.ReLU(), nn.Conv1d(16, 16, 3, 2, 1), nn.ReLU(), nn.Conv1d(16, 16, 3, 1, 1),
#         nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(16, 10),
#     )

# %% [markdown]
# 先看为什么用卷积：类别与位置无关，而全连接网络不知道这一点。我们的信号按 MNIST-1D 的做法生成；在 MNIST-1D 上，Prince（2023，第 8 章和第 10 章）给出的测试误差是：全连接网络约为 40%，有 59,065 个权重时也是如此；只有 2,050 个权重的卷积网络为 17%。

# %% tags=["active-ipynb"]
# wide = nn.Sequential(nn.Flatten(), nn.Linear(40, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10))
# for name, model in (("fully connected", wide), ("convolutional", net())):
#     fit(model, 400)
#     print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters, accuracy {accuracy(model):.3f}")

# %% [markdown]
# 有 15,000 个权重的网络，能学会关于 500 个信号的任何东西，打乱的标签也能学会（Zhang 等 2017）。所以训练误差为 0，并不说明有东西可学。

# %% tags=["active-ipynb"]
# x, learned = train.x[:500], {}
# for name, y in {"true labels": train.y[:500], "shuffled labels": train.y[:500][torch.randperm(500)]}.items():
#     model = nn.Sequential(nn.Flatten(), nn.Linear(40, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(),
#                           nn.Linear(100, 10))
#     optimizer, learned[name] = torch.optim.Adam(model.parameters(), lr=0.003), []
#     for _ in range(100):
#         logits = model(x)
#         optimizer.zero_grad()
#         F.cross_entropy(logits, y).backward()
#         optimizer.step()
#         learned[name].append(float((logits.argmax(dim=1) == y).double().mean()))
#     print(f"{name}: {learned[name][-1]:.1%} of the training signals, {accuracy(model):.1%} of others")
# curves(learned, xlabel="full-batch step", ylabel="accuracy in training")

# %% [markdown]
# ## 1 彩票
#
# 训练，去掉最小的权重，剩下的权重从各自的**初始**值重新训练：它能达到整个网络的准确率（Frankle 和 Carbin 2019）。用同样的掩码，但换成新的随机权重，就没有这么好。每一轮，从还在的权重中去掉一部分，即所有层放在一起最小的那些。偏置保留。VGG-19 只留下 1.5% 的权重就够了。

# %% task="lottery_round"
# 约 30 分钟，中等。卡住了？hint("lottery_round") 会给出第一步。
def lottery_round(
    initial: list[Tensor], trained: list[Tensor], masks: list[Tensor], fraction: float
) -> tuple[list[Tensor], list[Tensor]]:
    """开始下一次训练用的张量，以及新的掩码。

    在至少有两个轴的张量中，掩码为 True 的所有权重里，去掉训练之后绝对值最小的一部分，个数为 fraction 乘总数，向
    下取整。只有一个轴的张量，例如偏置，掩码保持不变。

    Shapes:
        initial, trained  张量的列表，训练之前和之后，形状两两相同
        masks             形状相同的 bool 张量的列表
        fraction          float，从 0 到 1
        out               新掩码为 True 之处是初始值，其余为 0；新的掩码，bool
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="lottery_round"
# check("phenomena", task="lottery_round")

# %% tags=["active-ipynb"]
# first = net()
# start = [p.detach().clone() for p in first.parameters()]
# tickets, fresh, shares = [], [], []
# masks, model = [torch.ones_like(p, dtype=torch.bool) for p in start], first
# for _ in range(5):
#     fit(model, masks=masks)
#     tickets.append(accuracy(model))
#     other = net()
#     with torch.no_grad():
#         for p, mask in zip(other.parameters(), masks, strict=True):
#             p *= mask
#     fresh.append(accuracy(fit(other, masks=masks)))
#     shares.append(sum(int(m.sum()) for m in masks) / sum(m.numel() for m in masks))
#     weights, masks = lottery_round(start, [p.detach() for p in model.parameters()], masks, 0.5)
#     model = net()
#     with torch.no_grad():
#         for p, value in zip(model.parameters(), weights, strict=True):
#             p.copy_(value)
# print("shares of the weights:", [round(share, 3) for share in shares])
# curves({"the ticket": tickets, "fresh weights, the same mask": fresh}, xlabel="round", ylabel="accuracy")

# %% [markdown]
# ## 2 蒸馏
#
# 教师的概率比标签说得更多：哪些错误的类别几乎是对的。**蒸馏**（distillation；Hinton、Vinyals 和 Dean 2015）用温度把两者都软化：
#
# $$a \, T^2 \, \mathrm{KL}(\mathrm{softmax}(t / T) \,\|\, \mathrm{softmax}(s / T)) + (1 - a) \, \mathrm{CE}(s, y)$$
#
# KL 散度的梯度像 $1 / T^2$ 那样缩小，因子 $T^2$ 把它抵消。$T = 2$、学生为 (1, 0)、教师为 (3, 0) 时，不含 $a$ 的第一项是 0.3610。18 层的残差网络就能这样向 34 层的学习。

# %% task="distillation_loss"
# 约 20 分钟，中等。卡住了？hint("distillation_loss") 会给出第一步。
def distillation_loss(student: Tensor, teacher: Tensor, y: Tensor, T: float, a: float) -> Tensor:
    """对各行的平均损失。梯度不流到教师。

    Shapes:
        student, teacher  (N, K)  logit
        y                 (N,)    int64
        T, a              float   温度，大于 0；教师的占比，从 0 到 1
        out               ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="distillation_loss"
# check("phenomena", task="distillation_loss")

# %% [markdown]
# ## 3 破碎的梯度
#
# 输入移动时，梯度怎样变化？在浅层网络中，相近的输入梯度也相近。网络越深，梯度就越像白噪声，每一步也越像猜测；残差网络在两者之间（Balduzzi 等 2017）。用等间距输入处的梯度 $g_i$ 的自相关来衡量，它们的均值是 $m$：
#
# $$r_k = \frac{\sum_{i=1}^{N-k} (g_i - m)(g_{i+k} - m)}{\sum_{i=1}^{N} (g_i - m)^2}$$

# %% task="gradient_autocorrelation"
# 约 15 分钟，简单。卡住了？hint("gradient_autocorrelation") 会给出第一步。
def gradient_autocorrelation(g: Tensor, lags: int) -> Tensor:
    """滞后为 0, 1, ..., lags 的自相关。

    Shapes:
        g     (N,)  不全相等
        lags  int   小于 N
        out   (lags + 1,)  第一个为 1
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gradient_autocorrelation"
# check("phenomena", task="gradient_autocorrelation")

# %% tags=["active-ipynb"]
# def slopes(layers, residual):
#     """返回一个单输入的随机网络在 256 个位置的导数。"""
#     x = torch.linspace(-2, 2, 256, dtype=torch.float64)[:, None].requires_grad_()
#     h = x @ torch.randn(1, 200).double() + torch.randn(200).double()
#     for _ in range(layers):
#         step = h.relu() @ (torch.randn(200, 200).double() * (2 / 200) ** 0.5)
#         h = (h + step) / 2**0.5 if residual else step
#     return torch.autograd.grad((h @ torch.randn(200).double()).sum(), x)[0][:, 0]
#
#
# kinds = {"1 layer": (1, False), "24 layers": (24, False), "24 layers, residual": (24, True)}
# curves({name: torch.stack([gradient_autocorrelation(slopes(*kind), 15) for _ in range(20)]).mean(dim=0)
#         for name, kind in kinds.items()}, xlabel="lag", ylabel="autocorrelation", title="Gradients at 256 places")

# %% [markdown]
# 残差网络另有烦恼。如果每个分支保持输入的方差，求和就使方差加倍：$K$ 个块之后是 $2^K$。每个和除以 $\sqrt 2$，方差就保持不变；如果每个分支的开头有批量归一化，分支每次加 1，方差就是 $K + 1$。

# %% tags=["active-ipynb"]
# lines = {"plain": [], "divided by the root of 2": [], "normalised branches": []}
# for name, sizes in lines.items():
#     h = torch.randn(500, 200)
#     for _ in range(12):
#         sizes.append(float(h.var().log2()))
#         inside = (h - h.mean(0)) / h.std(0) if name.startswith("norm") else h
#         h = h + inside.relu() @ (torch.randn(200, 200) * (2 / 200) ** 0.5)
#         h = h / 2**0.5 if name.startswith("div") else h
# curves(lines, xlabel="block", ylabel="log2 of the variance", title="Twelve residual blocks")

# %% [markdown]
# ## 4 很少的方向
#
# 只训练 $d$ 个数 $z$，权重为 $\theta_0 + Uz$，其中 $U$ 是列标准正交的随机矩阵。几千、几万个权重的网络，常常几百个数就够了：这就是**内在维度**（intrinsic dimension；Li 等 2018）。

# %% task="random_subspace"
# 约 10 分钟，中等。卡住了？hint("random_subspace") 会给出第一步。
def random_subspace(D: int, d: int, generator: torch.Generator) -> Tensor:
    """列标准正交的随机矩阵。

    Shapes:
        D, d  int，d 最大为 D
        out   (D, d)  float64，用 generator 抽取；每个方向概率相等
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="random_subspace"
# check("phenomena", task="random_subspace")

# %% tags=["active-ipynb"]
# model, values = net(), []
# sizes = [p.numel() for p in model.parameters()]
# origin = torch.cat([p.detach().flatten() for p in model.parameters()])
# names = [name for name, _ in model.named_parameters()]
# for d in (5, 20, 80, 300):
#     U = random_subspace(len(origin), d, torch.Generator().manual_seed(d)).float()
#     z = torch.zeros(d, requires_grad=True)
#     optimizer = torch.optim.Adam([z], lr=0.05)
#     for _ in range(200):
#         rows = torch.randint(len(train.y), (100,))
#         parts = (origin + U @ z).split(sizes)
#         weights = {n: part.view(p.shape) for n, part, p in zip(names, parts, model.parameters(), strict=True)}
#         optimizer.zero_grad()
#         F.cross_entropy(torch.func.functional_call(model, weights, (train.x[rows],)), train.y[rows]).backward()
#         optimizer.step()
#     right = torch.func.functional_call(model, weights, (test.x,)).argmax(dim=1) == test.y
#     values.append(f"{d} directions: {float(right.double().mean()):.3f}")
# print(f"of {len(origin)} weights;", "; ".join(values))

# %% [markdown]
# 在两个训练好的网络之间的直线上，损失很高，虽然两端都很低：它们各自找到了自己的极小值，因为单元可以互换。

# %% tags=["active-ipynb"]
# ends = [[p.detach() for p in fit(net(), 300).parameters()] for _ in range(2)]
# losses, between, shares = [], net(), torch.linspace(-0.2, 1.2, 29)
# for share in shares:
#     with torch.no_grad():
#         for p, a, b in zip(between.parameters(), *ends, strict=True):
#             p.copy_((1 - share) * a + share * b)
#         losses.append(float(F.cross_entropy(between(train.x), train.y)))
# curves({"training loss": losses}, x=shares, xlabel="from one network (0) to the other (1)", ylabel="loss",
#        title="A line between two solutions")

# %% [markdown] question="phenomena-q1"
# **简答题 1。** 在比这里更大的网络中，只有十分之一权重的彩票就能达到整个网络的准确率。为什么不一开始就训练小网络？举出两种解释，以及一个能区分它们的实验。

# %% [markdown] answer="phenomena-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 大网络训练起来简单，缩小也简单。你在这里测量的，都是训练的性质。
#
# **延伸阅读。** Nakkiran 等（*Deep double descent*，2020）发现，更多参数、甚至更多数据，可能先有害后有益。Power 等（*Grokking*，2022）观察到网络在死记之后很久才真正理解。Frankle 等（*Linear mode connectivity and the lottery ticket hypothesis*，2020）说明从什么时候起两次训练会落入同一个山谷。Hoffmann 等（*Training compute-optimal large language models*，2022）测量模型大小和数据量应当怎样一起增长。
