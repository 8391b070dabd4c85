# %% [markdown]
# # 图的层
#
# 在图像的卷积里，每个像素听它的邻居，九个位置各有一个权重。在图上，邻居没有位置，没有顺序，个数也不一样。本笔记本的所有层都做同样的三件事，只是做法不同：每个节点从邻居那里收集**消息**（message）；用与顺序无关的运算把消息**聚合**（aggregate）成一个向量；然后**更新**（update）自己。
#
# `edge_index` (2, E) 的第 0 行是起点 $j$，第 1 行是终点 $i$；消息从 $j$ 到 $i$，$N(i)$ 是到达 $i$ 的边的起点的集合。没有列出两次的边，也没有列出自环。
#
# 构造函数已经给出：它们创建参数，名字和形状都定好了。检查项会设置这些参数。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 分组 | `scatter_sum`, `scatter_mean`, `scatter_max` | 6 | 35 |
# | 2 图卷积 | `GCNLayer` | 4 | 10 |
# | 3 组合的方式 | `SpatialLayer` | 6 | 40 |
# | 4 成千上万的邻居 | `sample_neighbours`, `SAGELayer`, `sage_embed` | 14 | 85 |
# | 5 注意力 | `attention_coefficients`, `GATLayer` | 10 | 60 |
# | 6 求和能看出什么 | `GINLayer`, `wl_colours` | 4 | 35 |
# | 7 一个图一个向量 | `readout` | 2 | 10 |

# %%
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import graphs
# from common.plots.curves import curves
# from common.plots.figure import new_figure
# from common.plots.networks import draw_network, spring_layout
# from common.training.seed import seed_everything
#
# seed_everything(0)
# five = torch.tensor([[0, 0, 1, 2, 3], [1, 2, 2, 3, 4]])
# five = torch.cat([five, five.flip(0)], dim=1)
# five_places = torch.tensor([[0.0, 1.0], [0.0, -1.0], [1.2, 0.0], [2.6, 0.0], [4.0, 0.0]])
# club = graphs.karate()
# club_places = spring_layout(club.edge_index, 34, seed=4)

# %% [markdown]
# ## 1 分组
#
# 所有边的消息是一个张量的各行。终点相同的行属于一组：对它们求和、取平均，或者在每列中取最大值。循环太慢；torch 有 `index_add` 和 `scatter_reduce`。

# %% task="scatter_sum"
# 约 10 分钟，简单。卡住了？hint("scatter_sum") 会给出第一步。
def scatter_sum(x: Tensor, index: Tensor, N: int) -> Tensor:
    """每组各行的和。不能用循环遍历行或组。

    Shapes:
        x      (E, ...)  float；梯度流回 x
        index  (E,)      int64，每一行所属的组，取值范围 [0, N)
        N      int       组数
        out    (N, ...)  没有行的组为 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scatter_sum"
# check("graph_layers", task="scatter_sum")

# %% task="scatter_mean"
# 约 10 分钟，简单。卡住了？hint("scatter_mean") 会给出第一步。
def scatter_mean(x: Tensor, index: Tensor, N: int) -> Tensor:
    """每组各行的均值；参数和结果与 scatter_sum 的一样。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scatter_mean"
# check("graph_layers", task="scatter_mean")

# %% task="scatter_max"
# 约 15 分钟，中等。卡住了？hint("scatter_max") 会给出第一步。
def scatter_max(x: Tensor, index: Tensor, N: int) -> Tensor:
    """每组各行在每列中的最大值；参数和结果与 scatter_sum 的一样。

    最大值可以是负数。没有行的组为 0，不是负无穷大。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scatter_max"
# check("graph_layers", task="scatter_max")

# %% [markdown]
# ## 2 图卷积
#
# Kipf 和 Welling（2017）的层是 $\hat A X W + b$，其中 $\hat A$ 来自笔记本 `graph_basics`。它对 $X$ 是线性的；非线性变换放在层外。所有节点的 $W$ 都相同，所以这种层适用于任意大小的图。

# %% task="GCNLayer"
# 约 10 分钟，简单。卡住了？hint("GCNLayer") 会给出第一步。
class GCNLayer(nn.Module):
    """A_hat X W + b。

    Shapes:
        X      (N, d_in)   float
        A_hat  (N, N)      float，稠密或稀疏，[终点，起点]
        out    (N, d_out)
    """

    def __init__(self, d_in: int, d_out: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(d_in, d_out)))
        self.bias = nn.Parameter(torch.zeros(d_out)) if bias else None

    def forward(self, X: Tensor, A_hat: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="GCNLayer"
# check("graph_layers", task="GCNLayer")

# %% tags=["active-ipynb"]
# layer = GCNLayer(1, 1)
# with torch.no_grad():
#     layer.weight.fill_(1.0)
# A_hat = torch.eye(5).index_put((five[1], five[0]), torch.ones(10))
# A_hat = A_hat / A_hat.sum(dim=1, keepdim=True)
# steps = [torch.tensor([[1.0], [0.0], [0.0], [0.0], [0.0]])]
# for _ in range(3):
#     steps.append(layer(steps[-1], A_hat).detach())
# figure = new_figure(11, 2.2, "Means of neighbours, step by step: node 0's number reaches node 4 in three steps.")
# for number, values in enumerate(steps):
#     draw_network(figure.add_subplot(1, 4, number + 1), five, five_places, values=values[:, 0], cmap="Blues",
#                  vmin=0, vmax=1, size=600, names=[f"{v:.2f}" for v in values[:, 0].tolist()],
#                  title=f"layers: {number}")
# figure

# %% [markdown]
# ## 3 组合的方式
#
# 节点自己怎么办？度不一样又怎么办？*Understanding Deep Learning* 第 13 章列出了常见的答案。设 $a$ = ReLU，权重为 $\Omega$，偏置为 $\beta$（`linear`），求和与求均值都对 $j \in N(i)$：
#
# | 种类 | 新的 $h_i$ |
# |---|---|
# | `"sum"` | $a\left(\beta + \Omega \, (h_i + \sum_j h_j)\right)$ |
# | `"diagonal"` | $a\left(\beta + \Omega \, ((1 + \epsilon) h_i + \sum_j h_j)\right)$，其中 $\epsilon$ 是学到的 |
# | `"residual"` | $h_i + a\left(\beta + \Omega \sum_j h_j\right)$，要求宽度相等 |
# | `"mean"` | $a\left(\beta + \Omega_s h_i + \Omega \cdot \text{mean}_j h_j\right)$（`own` 是 $\Omega_s$） |
# | `"kipf"` | $a\left(\beta + \Omega \sum_{j \in N(i) \cup \{i\}} h_j / \sqrt{\tilde d_i \tilde d_j}\right)$ |
# | `"max"` | $a\left(\beta + \Omega \, [h_i \,\Vert\, \max_j a(\Omega_p h_j + \beta_p)]\right)$（`pool`） |
#
# $\tilde d_i$ 是到达 $i$ 的边数加 1。$[\cdot \Vert \cdot]$ 把两个向量首尾拼接，节点自己的在前。没有邻居的节点，和、均值与最大值都是 0。

# %% task="SpatialLayer"
# 约 40 分钟，中等。卡住了？hint("SpatialLayer") 会给出第一步。
class SpatialLayer(nn.Module):
    """表中六个种类之一。

    Shapes:
        X           (N, d_in)   float
        edge_index  (2, E)      int64
        out         (N, d_out)
    """

    def __init__(self, d_in: int, d_out: int, kind: str) -> None:
        super().__init__()
        if kind not in ("sum", "diagonal", "residual", "mean", "kipf", "max"):
            raise ValueError(f"{kind!r} is not in the table")
        self.kind = kind
        self.linear = nn.Linear(2 * d_in if kind == "max" else d_in, d_out)
        self.own = nn.Linear(d_in, d_out, bias=False) if kind == "mean" else None
        self.pool = nn.Linear(d_in, d_in) if kind == "max" else None
        self.eps = nn.Parameter(torch.zeros(())) if kind == "diagonal" else None

    def forward(self, X: Tensor, edge_index: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="SpatialLayer"
# check("graph_layers", task="SpatialLayer")

# %% [markdown]
# ## 4 成千上万的邻居
#
# 两层之后，社交网络的一个节点要听所有朋友的朋友：成千上万个。**GraphSAGE**（Hamilton、Ying 和 Leskovec 2017）让每个节点只听 $k$ 个采样的邻居，每一层都重新采样。

# %% task="sample_neighbours"
# 约 25 分钟，中等。卡住了？hint("sample_neighbours") 会给出第一步。
def sample_neighbours(edge_index: Tensor, nodes: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """每个节点的 k 个邻居，即到达该节点的边的起点，用 generator 抽取。

    邻居有 k 个或更多，就抽取 k 个不同的，顺序随机：每种选法概率相等。邻居不足 k 个，k 次抽取每次都从中抽一个，
    概率都相等（有放回）。没有邻居的节点得到自己，共 k 次。

    Shapes:
        edge_index  (2, E)  int64
        nodes       (M,)    int64；一个节点可以出现多次，每次都单独抽取
        k           int     大于等于 1
        out         (M, k)  int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sample_neighbours"
# check("graph_layers", task="sample_neighbours")

# %% [markdown]
# 下面，俱乐部的成员 9 隔着两跳去听：听自己的邻居，再通过邻居听邻居的邻居。每听到一次某个成员，树上就有一个节点。每一跳只取两个样本时，总是七个节点。

# %% tags=["active-ipynb"]
# def tree(listen, root=9, hops=2):
#     """返回树中的成员、树的边和每个节点的位置。"""
#     members, edges, places, level = [root], [], [(0.0, 0.0)], [0]
#     for hop in range(1, hops + 1):
#         heard = [(n, parent) for parent in level for n in listen(torch.tensor([members[parent]]))]
#         level = list(range(len(members), len(members) + len(heard)))
#         edges += [(child, parent) for child, (_, parent) in zip(level, heard)]
#         places += [((place + 0.5) / len(level) - 0.5, -float(hop)) for place in range(len(level))]
#         members += [n for n, _ in heard]
#     return [str(n) for n in members], torch.tensor(edges).T, torch.tensor(places)
#
#
# random = torch.Generator().manual_seed(0)
# trees = {"all neighbours": tree(lambda at: club.edge_index[0, club.edge_index[1] == at].tolist()),
#          "two samples in each hop": tree(lambda at: sample_neighbours(club.edge_index, at, 2, random)[0].tolist())}
# figure = new_figure(11, 4.6, "Whom member 9 hears in two hops: 29 times somebody, or six times with samples.")
# for number, (title, (names, edges, places)) in enumerate(trees.items()):
#     draw_network(figure.add_subplot(2, 1, number + 1), edges, places, names=names, size=230,
#                  title=f"{title}, nodes: {len(names)}")
# figure

# %% [markdown]
# 这种层聚合采样到的 $h_j$，把结果接在节点自己的向量后面，再把每行的长度变成 1：
#
# $$h_{N} = \operatorname{AGG}(\{h_j\}), \qquad h' = \operatorname{ReLU}\left(W \, [h_i \,\Vert\, h_N]\right), \qquad
# h' \leftarrow h' / \lVert h' \rVert_2$$
#
# | 聚合器 | $h_N$ |
# |---|---|
# | `"mean"` | 各样本的均值 |
# | `"pool"` | 每列中 $\operatorname{ReLU}(W_p h_j + b_p)$ 的最大值（`pool`） |
# | `"lstm"` | LSTM 按给定的顺序读入各样本，取它最后的隐状态 |
#
# （LSTM 确实看得见顺序。但样本的顺序是随机的，所以它学会不理会顺序。）

# %% task="SAGELayer"
# 约 30 分钟，中等。卡住了？hint("SAGELayer") 会给出第一步。
class SAGELayer(nn.Module):
    """由自己的向量和采样到的向量得到长度为 1 的行；全为 0 的行保持为 0。

    Shapes:
        own   (M, d_in)     float
        near  (M, k, d_in)  float，每个节点的 k 个样本
        out   (M, d_out)    不为负
    """

    def __init__(self, d_in: int, d_out: int, aggregator: str = "mean") -> None:
        super().__init__()
        if aggregator not in ("mean", "pool", "lstm"):
            raise ValueError(f"{aggregator!r} is not in the table")
        self.aggregator = aggregator
        self.linear = nn.Linear(2 * d_in, d_out, bias=False)
        self.pool = nn.Linear(d_in, d_in) if aggregator == "pool" else None
        self.lstm = nn.LSTM(d_in, d_in, batch_first=True) if aggregator == "lstm" else None

    def forward(self, own: Tensor, near: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="SAGELayer"
# check("graph_layers", task="SAGELayer")

# %% [markdown]
# 现在来看多层。要得到某些节点的结果，第 $L$ 层需要这些节点**和**它们样本在第 $L - 1$ 层的向量；而其中每一个，又需要自己和自己的样本在第 $L - 2$ 层的向量。第 $l$ 层采样 `sizes[l]` 个邻居。计算量取决于这些数，与图的大小无关。

# %% task="sage_embed"
# 约 30 分钟，困难。卡住了？hint("sage_embed") 会给出第一步。
def sage_embed(
    layers: Sequence[nn.Module],
    sizes: Sequence[int],
    X: Tensor,
    edge_index: Tensor,
    nodes: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """某些节点经过所有层之后的向量，由采样的邻域算出。

    第 l 层这样调用：layers[l](own (M, D), near (M, sizes[l], D))；只计算需要的向量。样本来自
    sample_neighbours。没有层时，结果是 X[nodes]。

    Shapes:
        layers      L 个模块；layers[0] 读入 X 的行
        sizes       L 个 int，每层的样本数
        X           (N, D)  float，所有节点的特征
        edge_index  (2, E)  int64
        nodes       (M,)    int64
        out         (M, D_L)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sage_embed"
# check("graph_layers", task="sage_embed")

# %% tags=["active-ipynb"]
# big = graphs.blocks(size=300, inside=0.05)
# A = torch.zeros(2100, 2100)
# A[big.edge_index[1], big.edge_index[0]] = 1.0
# reached, counts = torch.eye(2100)[:, :200], []
# for _ in range(5):
#     counts.append(float((reached > 0).sum(dim=0).float().mean()))
#     reached = ((A @ reached + reached) > 0).float()
# sampled = [float(sum(4**h for h in range(hops + 1))) for hops in range(5)]
# curves({"all neighbours": counts, "4 samples in each hop (at most)": sampled}, xlabel="hops", ylabel="nodes to read")

# %% [markdown]
# ## 5 注意力
#
# 到目前为止，消息的权重要么取决于度，要么全都相等。在图注意力网络（Veličković 等 2018）中，权重由两端的向量算出。设 $h = X W$，再取两个向量 $a_{\text{src}}$、$a_{\text{dst}}$，
#
# $$e_{ij} = \operatorname{LeakyReLU}\left(a_{\text{src}} \cdot h_j + a_{\text{dst}} \cdot h_i\right), \qquad
# \alpha_{ij} = \frac{\exp(e_{ij})}{\sum_{l \in N(i) \cup \{i\}} \exp(e_{il})}$$
#
# softmax 的范围是**到达** $i$ 的边，以及该节点自己的自环。LeakyReLU 对负数的斜率是 0.2，放在 softmax **之前**。

# %% task="attention_coefficients"
# 约 35 分钟，困难。卡住了？hint("attention_coefficients") 会给出第一步。
def attention_coefficients(h: Tensor, edge_index: Tensor, a_src: Tensor, a_dst: Tensor, slope: float = 0.2) -> Tensor:
    """每条边和每个节点的自环的权重 alpha。不能用循环遍历节点或边。

    得分可能很大：exp(1000) 是无穷大，但没有一个权重是无穷大。

    Shapes:
        h           (N, D)    float
        edge_index  (2, E)    int64，没有自环
        a_src       (D,)      用于边的起点
        a_dst       (D,)      用于边的终点
        out         (E + N,)  先是各条边，按给定的顺序，再是节点 0 到 N - 1 的自环
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="attention_coefficients"
# check("graph_layers", task="attention_coefficients")

# %% task="GATLayer"
# 约 25 分钟，中等。卡住了？hint("GATLayer") 会给出第一步。
class GATLayer(nn.Module):
    """多个注意力头，各有自己的参数：对 j 求 alpha_ij h_j 的和，其中 h = X W。

    有 concat 时，各个头的结果首尾拼接，后面接 ELU。没有 concat 时（最后一层），结果是各个头的均值，后面没有非线
    性变换。

    Shapes:
        X           (N, d_in)          float
        edge_index  (2, E)             int64，没有自环
        out         (N, heads * d_out) 有 concat 时；否则为 (N, d_out)
    """

    def __init__(self, d_in: int, d_out: int, heads: int, concat: bool = True) -> None:
        super().__init__()
        weights = [nn.init.xavier_uniform_(torch.empty(d_in, d_out)) for _ in range(heads)]
        self.weight = nn.Parameter(torch.stack(weights))
        self.a_src = nn.Parameter(nn.init.xavier_uniform_(torch.empty(heads, d_out)))
        self.a_dst = nn.Parameter(nn.init.xavier_uniform_(torch.empty(heads, d_out)))
        self.concat = concat

    def forward(self, X: Tensor, edge_index: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="GATLayer"
# check("graph_layers", task="GATLayer")

# %% [markdown]
# 注意力学得会该信任谁吗？下一个图里，有一半节点带的是错误类别的特征，还带着一个标记说明这一点。求均值的权重对它们一视同仁。

# %% tags=["active-ipynb"]
# world = graphs.blocks(classes=4, size=50, inside=0.12, between=0.004, num_words=40)
# liars = torch.rand(200) < 0.5
# shown = torch.where(liars, (world.y + 1 + torch.randint(3, (200,))) % 4, world.y)
# X = torch.cat([F.one_hot(shown, 4).float() + 0.3 * torch.randn(200, 4), liars[:, None].float()], dim=1)
# first, last = GATLayer(5, 8, 2), GATLayer(16, 4, 1, concat=False)
# optimizer = torch.optim.Adam([*first.parameters(), *last.parameters()], lr=0.02)
# losses = []
# for _ in range(150):
#     loss = F.cross_entropy(last(first(X, world.edge_index), world.edge_index), world.y)
#     optimizer.zero_grad()
#     loss.backward()
#     optimizer.step()
#     losses.append(loss.item())
# with torch.no_grad():
#     alphas = [attention_coefficients(X @ W, world.edge_index, a, b)
#               for W, a, b in zip(first.weight, first.a_src, first.a_dst)]
# E = world.edge_index.shape[1]
# spent = torch.stack(alphas)[:, :E]
# honest = ~liars[world.edge_index[0]]
# share = spent[:, honest].sum() / spent.sum()
# print(f"honest neighbours: {honest.float().mean():.0%} of all, with {share:.0%} of the attention to neighbours")
# curves({"loss": losses}, xlabel="step", ylabel="cross-entropy")

# %% tags=["active-ipynb"]
# centre = int(world.edge_index[1].bincount(minlength=200).argmax())
# at = world.edge_index[1] == centre
# around = world.edge_index[0, at]
# star = torch.stack([torch.arange(1, len(around) + 1), torch.zeros(len(around), dtype=torch.int64)])
# turn = torch.linspace(0, 6.28, len(around) + 1)[:-1]
# star_places = torch.cat([torch.zeros(1, 2), torch.stack([turn.cos(), turn.sin()], dim=1)])
# marks = torch.cat([liars[centre : centre + 1], liars[around]]).float()
# figure = new_figure(8, 3.8, "Wide lines lead to nodes without a mark, narrow ones to nodes with a mark (red, !).")
# for number, alpha in enumerate(spent):
#     draw_network(figure.add_subplot(1, 2, number + 1, aspect="equal"), star, star_places, values=marks,
#                  widths=60 * alpha[at] + 0.2, cmap="coolwarm", names=["!" if mark else "" for mark in marks],
#                  title=f"head {number + 1}")
# figure

# %% [markdown] question="graph_layers-q1"
# **简答题 1。** 设 $a_{\text{src}} = a_{\text{dst}} = 0$。你知道哪种层算出同样的结果？GAT 层有一项 $a_{\text{dst}} \cdot h_i$。证明：没有 LeakyReLU 的话，这一项对 $\alpha_{ij}$ 没有影响。关于不同的节点能偏爱哪些邻居，这说明了什么？

# %% [markdown] answer="graph_layers-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 求和能看出什么
#
# 一个节点的邻居是一个**多重集**（multiset）：同一个向量可以出现几次的集合。均值分不清 $\{1, 1\}$ 和 $\{1\}$，最大值也分不清；求和就分得清。图同构网络（Xu 等 2019）就建立在这一点上，外面再套一个小网络（`mlp`）：
#
# $$h_i' = \operatorname{MLP}\left((1 + \epsilon) \, h_i + \sum_{j \in N(i)} h_j\right)$$

# %% task="GINLayer"
# 约 10 分钟，简单。卡住了？hint("GINLayer") 会给出第一步。
class GINLayer(nn.Module):
    """上面的公式。

    Shapes:
        X           (N, d_in)   float
        edge_index  (2, E)      int64
        out         (N, d_out)  mlp 由 (N, d_in) 算出的结果
    """

    def __init__(self, mlp: nn.Module, eps: float = 0.0) -> None:
        super().__init__()
        self.mlp = mlp
        self.eps = nn.Parameter(torch.tensor(float(eps)))

    def forward(self, X: Tensor, edge_index: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="GINLayer"
# check("graph_layers", task="GINLayer")

# %% [markdown]
# 这样的层最多能区分多少？Weisfeiler 和 Leman（1968）用一个颜色游戏来问这个问题。开始时，所有节点颜色相同。每一轮，节点的新颜色代表一对信息（自己的颜色，邻居颜色的多重集）：两个节点的新颜色相同，当且仅当这两项都相同。这个游戏区分不了的节点，任何靠传递消息的网络也区分不了。

# %% task="wl_colours"
# 约 25 分钟，中等。卡住了？hint("wl_colours") 会给出第一步。
def wl_colours(edge_index: Tensor, N: int, rounds: int) -> Tensor:
    """若干轮之后的颜色：颜色相同，数就相同；颜色不同，数就不同。

    Shapes:
        edge_index  (2, E)  int64
        N           int     节点数
        rounds      int     大于等于 0；第一轮之前，所有颜色都相同
        out         (N,)    int64，什么数都可以
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="wl_colours"
# check("graph_layers", task="wl_colours")

# %% tags=["active-ipynb"]
# rings = torch.tensor([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [1, 2, 0, 4, 5, 3, 7, 8, 9, 10, 11, 6]])
# rings = torch.cat([rings, rings.flip(0)], dim=1)
# turn = torch.arange(12) * 2 * torch.pi / torch.tensor([3.0] * 6 + [6.0] * 6)
# rings_places = torch.stack([turn.cos(), turn.sin()], dim=1) + torch.tensor([[0.0, 0.0], [2.4, 0.0], [5.0, 0.0]])[
#     torch.tensor([0, 0, 0, 1, 1, 1] + [2] * 6)]
# figure = new_figure(10, 4.6, "Two triangles and a hexagon keep one colour; the club's colours become many.")
# axes = figure.add_subplot(2, 1, 1, aspect="equal")
# draw_network(axes, rings, rings_places, values=wl_colours(rings, 12, 5), vmax=9,
#              title="two triangles and a hexagon after 5 rounds: all alike")
# axes.set_ylim(-1.6, 1.3)
# for number, rounds in enumerate((0, 1, 2)):
#     colours = wl_colours(club.edge_index, 34, rounds)
#     draw_network(figure.add_subplot(2, 3, number + 4), club.edge_index, club_places, values=colours,
#                  cmap="nipy_spectral", size=40, title=f"the club, round {rounds}; colours: {len(colours.unique())}")
# figure

# %% [markdown] question="graph_layers-q2"
# **简答题 2。** 两个三角形和一个六边形：这个游戏为什么永远区分不了它们？由此举出一种分子性质，是靠传递消息的网络看不见的。再举出两种办法，换一些输入，让网络看得见它。

# %% [markdown] answer="graph_layers-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 7 一个图一个向量
#
# 几个图就是一个图，加上一个向量 `batch`，说明每个节点属于哪个图。要回答关于整个图的问题，就把每个图的节点求和、取平均，或者取最大值：不管节点的顺序如何，结果都一样。

# %% task="readout"
# 约 10 分钟，简单。卡住了？hint("readout") 会给出第一步。
def readout(x: Tensor, batch: Tensor, kind: str = "mean") -> Tensor:
    """每个图各行的 "mean"、"max" 或 "sum"；其他种类抛出 ValueError。

    Shapes:
        x      (N, D)  float
        batch  (N,)    int64，每个节点所属的图，从 0 开始，顺序任意；每个数都出现
        out    (G, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="readout"
# check("graph_layers", task="readout")

# %% [markdown]
# ## 小结
#
# 消息、与顺序无关的聚合、更新。均值稳定，求和分得更清，注意力会挑选。有了采样，大图也算得动。而有些图，任何这样的层都区分不了。
#
# **延伸阅读。** Gilmer 等（*Neural message passing for quantum chemistry*，2017）给“消息”起了名字。Xu 等（*How powerful are graph neural networks?*，2019）和 Morris 等（*Weisfeiler and Leman go neural*，2019）说明这类层看不到什么。Brody、Alon 和 Yahav（*How attentive are graph attention networks?*，2022）发现，在最初的版本里每个节点都偏爱同样的邻居，并作了修正。
