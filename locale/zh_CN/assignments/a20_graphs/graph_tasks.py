# %% [markdown]
# # 图上的任务
#
# 这个人属于哪个群体？这个分子有没有环？这两个人会成为朋友吗？问题可以是关于节点的、关于整个图的、关于边的，每一种都有自己的训练方法、评价方法和陷阱。这些都由你来写，还有网络太深、图太大时该怎么办。
#
# `edge_index` (2, E) 的第 0 行是起点，第 1 行是终点；无向边列出两个方向。`A_hat` 是笔记本 `graph_basics` 中的矩阵 $\tilde D^{-1/2} (A + I) \tilde D^{-1/2}$，这里已经给出。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 节点：很少的标签 | `GCN`, `train_node_classifier`, `untrained_embedding` | 10 | 55 |
# | 2 图：分子 | `GraphClassifier`, `masked_bce` | 6 | 45 |
# | 3 边：下一个会是谁 | `link_scores`, `negative_samples`, `link_auc` | 8 | 50 |
# | 4 太深，太大 | `oversmoothing`, `partition_batches` | 4 | 50 |

# %%
from collections import deque

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def a_hat_of(edge_index: Tensor, N: int) -> Tensor:
    """无向图含自环的归一化邻接矩阵。已给出。"""
    table = torch.eye(N, device=edge_index.device).index_put((edge_index[1], edge_index[0]), torch.ones(()))
    return table / torch.outer(table.sum(dim=1), table.sum(dim=0)).sqrt()


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import graphs
# from common.plots.curves import curves
# from common.plots.embedding import pca, tsne
# from common.plots.figure import new_figure
# from common.plots.networks import draw_network, spring_layout
# from common.training.seed import seed_everything
#
# seed_everything(0)
# world = graphs.blocks()  # 七个类别，各 100 个节点，像一个小的引文网络
# A_hat = a_hat_of(world.edge_index, 700)
# X = F.normalize(world.x, p=1, dim=1)  # 每行的和为 1
# known = torch.zeros(700, dtype=torch.bool)
# known[torch.arange(140)] = True  # 20 个一类：节点 n 的类别是 n % 7
# print("edges", world.edge_index.shape[1] // 2, "labelled nodes", int(known.sum()))

# %% [markdown]
# ## 1 节点：很少的标签
#
# 图中有 700 个节点，其中 140 个的类别已知，要问的是其余的。所有节点和边从一开始就都在：这种任务是**直推式**（transductive）的。Kipf 和 Welling 的网络（2017）有两层，
#
# $$Z = \hat A \operatorname{ReLU}(\hat A X W_1) \, W_2$$
#
# 两层的输入上都有 **dropout**：一处在 $X$ 上，一处在 ReLU 的输出上。$Z$ 是 logit。Cora 是一个引文网络，有 1433 个词和 7 个类别；用 16 个隐藏单元，就有 $1433 \cdot 16 + 16 \cdot 7 = 23\,040$ 个权重。

# %% task="GCN"
# 约 15 分钟，简单。卡住了？hint("GCN") 会给出第一步。
class GCN(nn.Module):
    """两层图卷积，输入上都有 dropout。

    Shapes:
        X      (N, d_in)     float
        A_hat  (N, N)        float，稠密或稀疏
        out    (N, classes)  logit
    """

    def __init__(self, d_in: int, hidden: int, classes: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.first = nn.Linear(d_in, hidden, bias=False)
        self.second = nn.Linear(hidden, classes, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, X: Tensor, A_hat: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="GCN"
# check("graph_tasks", task="GCN")

# %% [markdown]
# 训练的每一步都用到所有节点，但损失只是**有标签**节点的平均交叉熵。优化器是 Adam。**权重衰减**（weight decay）只作用于第一层：第二层的权重很少，每个都要紧。

# %% task="train_node_classifier"
# 约 30 分钟，中等。卡住了？hint("train_node_classifier") 会给出第一步。
def train_node_classifier(
    model: nn.Module,
    X: Tensor,
    A_hat: Tensor,
    y: Tensor,
    mask: Tensor,
    steps: int = 150,
    lr: float = 0.01,
    weight_decay: float = 5e-4,
) -> list[float]:
    """在训练模式下训练模型，结束时把它留在评估模式。返回每一步的损失，在参数改变之前计算。

    每一步：求有标签节点的平均交叉熵的梯度，用 torch.optim.Adam 走一步；model.first 的参数用给定的
    weight_decay，其他参数都用 0。

    Shapes:
        model  以 model(X, A_hat) 调用；有一个名为 `first` 的层
        X      (N, D)   float
        A_hat  (N, N)   float
        y      (N,)     int64；mask 为 False 之处可以是任何数，如 -1
        mask   (N,)     bool，节点是否有标签
        out    `steps` 个 float
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="train_node_classifier"
# check("graph_tasks", task="train_node_classifier")

# %% tags=["active-ipynb"]
# def accuracy(logits, which):
#     return float((logits.argmax(dim=1) == world.y)[which].float().mean())
#
#
# found, histories, nets = {}, {}, {}
# for name, matrix in {"with the graph": A_hat, "without (A_hat = I)": torch.eye(700)}.items():
#     seed_everything(1)
#     nets[name] = GCN(100, 16, 7)
#     histories[name] = train_node_classifier(nets[name], X, matrix, world.y, known)
#     with torch.no_grad():
#         found[name] = accuracy(nets[name](X, matrix), ~known)
# for name, value in found.items():
#     print(f"{name}: {value:.1%} of the unlabelled nodes are right")
# curves(histories, xlabel="step", ylabel="loss of labelled nodes")

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     hidden = F.relu(A_hat @ nets["with the graph"].first(X))
# maps = {"words, principal axes": pca(X), "hidden numbers, principal axes": pca(hidden),
#         "hidden numbers, t-SNE": tsne(hidden, steps=250)}
# figure = new_figure(11, 3.8, "Classes overlap in words, less in hidden numbers; in their t-SNE they form groups.")
# for number, (title, plane) in enumerate(maps.items()):
#     axes = figure.add_subplot(1, 3, number + 1, title=title, xticks=[], yticks=[])
#     for label, marker in enumerate("osv^DXP"):
#         axes.scatter(*plane[world.y == label].T, color=f"C{label}", marker=marker, s=10)
# figure

# %% [markdown]
# 从未训练过的权重也能显示出图的样子：三层随机权重加 tanh，把空手道俱乐部放到平面上，两个群体就分开了（Kipf 和 Welling 2017，附录）。没有特征：$X = I$。

# %% task="untrained_embedding"
# 约 10 分钟，简单。卡住了？hint("untrained_embedding") 会给出第一步。
def untrained_embedding(A_hat: Tensor, X: Tensor, weights: list[Tensor]) -> Tensor:
    """从 H = X 开始，对列表中的每个 W，H 变为 tanh(A_hat H W)。

    Shapes:
        A_hat    (N, N)
        X        (N, D_0)
        weights  (D_0, D_1), (D_1, D_2), ...
        out      (N, D_L)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="untrained_embedding"
# check("graph_tasks", task="untrained_embedding")

# %% tags=["active-ipynb"]
# club = graphs.karate()
# club_hat = a_hat_of(club.edge_index, 34)
# figure = new_figure(11, 3.4, "The club in the plane by random weights, three times: friends are near one another.")
# for number, seed in enumerate((1, 2, 3)):
#     seed_everything(seed)
#     weights = [nn.init.xavier_uniform_(torch.empty(a, b)) for a, b in ((34, 4), (4, 4), (4, 2))]
#     places = untrained_embedding(club_hat, club.x, weights)
#     draw_network(figure.add_subplot(1, 3, number + 1), club.edge_index, places, values=club.y, vmax=9, size=50,
#                  title=f"seed {seed}")
# figure

# %% [markdown]
# ## 2 图：分子
#
# 有些分子有某种性质，有些没有。这里的性质是：有一个氮原子和一个氧原子之间的化学键。处理整个图的网络有若干层，再加一个**读出**（readout），最后得到一个数。几个图就是一个图，加上一个向量 `batch`。在化学里，节点的特征是 118 种元素的独热向量；这里只有 4 种。要回答的图在训练时并不在场：这个任务是**归纳式**的（inductive）。
#
# 我们的网络有两个种类为 "sum" 的层，然后对每个图取均值，最后算 $z = \beta + \omega \cdot \text{mean}_i \, h_i$。有这种性质的概率是 $P(y = 1) = \sigma(z)$。

# %% task="GraphClassifier"
# 约 25 分钟，中等。卡住了？hint("GraphClassifier") 会给出第一步。
class GraphClassifier(nn.Module):
    """做两次 h_i = ReLU(linear(h_i + s_i))，其中 s_i 是邻居的 h_j 之和；然后取每个图的均值，再用 `last`。

    Shapes:
        X           (N, d_in)  float
        edge_index  (2, E)     int64，没有自环
        batch       (N,)       int64，每个节点所属的图，从 0 开始；每个数都出现
        out         (G,)       logit z
    """

    def __init__(self, d_in: int, hidden: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(d_in, hidden), nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 1)

    def forward(self, X: Tensor, edge_index: Tensor, batch: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="GraphClassifier"
# check("graph_tasks", task="GraphClassifier")

# %% [markdown]
# 实验室只测过某些分子的某些性质。有多种性质时，损失是**已知**元素的均值：
#
# $$\text{BCE} = \operatorname{mean}_{\text{known}} \left( -y \log \sigma(z) - (1 - y) \log (1 - \sigma(z)) \right)$$
#
# 若 $z = 1000$、$y = 0$，则 $\sigma(z)$ 用浮点数算是 1，而 $\log 0$ 是无穷大；正确答案是 1000。

# %% task="masked_bce"
# 约 20 分钟，中等。卡住了？hint("masked_bce") 会给出第一步。
def masked_bce(z: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    """公式对已知元素的均值；没有已知元素时为 0。禁用 torch 现成的损失。

    Shapes:
        z     (G, T)  float，任意大小的 logit
        y     (G, T)  float，0 或 1；mask 为 False 之处可以是任何数，包括 nan
        mask  (G, T)  bool，元素是否已知
        out   ()      未知元素的梯度为 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="masked_bce"
# check("graph_tasks", task="masked_bce")

# %% tags=["active-ipynb"]
# def bonded(molecule):
#     """是否有 N（种类 2）与 O（种类 3）相邻。"""
#     one, other = molecule.x.argmax(dim=1)[molecule.edge_index]
#     return bool(((one == 2) & (other == 3)).any())
#
#
# def together(molecules):
#     sizes = torch.tensor([len(m.x) for m in molecules])
#     starts = sizes.cumsum(dim=0) - sizes
#     edges = torch.cat([m.edge_index + start for m, start in zip(molecules, starts)], dim=1)
#     labels = torch.tensor([float(bonded(m)) for m in molecules])
#     return torch.cat([m.x for m in molecules]), edges, torch.arange(len(sizes)).repeat_interleave(sizes), labels
#
#
# train, test = together(graphs.molecules(400)), together(graphs.molecules(400, stream="test"))
# seed_everything(0)
# classifier = GraphClassifier(4, 32)
# optimizer = torch.optim.Adam(classifier.parameters(), lr=0.01)
# history = {"train": [], "test": []}
# for _ in range(200):
#     optimizer.zero_grad()
#     loss = masked_bce(classifier(*train[:3]), train[3], torch.ones(400, dtype=torch.bool))
#     loss.backward()
#     optimizer.step()
#     with torch.no_grad():
#         history["train"].append(loss.item())
#         history["test"].append(float(((classifier(*test[:3]) > 0) == (test[3] > 0.5)).float().mean()))
# print(f"right for {history['test'][-1]:.1%} of other molecules; always no: {1 - test[3].mean():.1%}")
# curves({"loss": history["train"], "accuracy on others": history["test"]}, xlabel="step", ylabel="loss, or accuracy")

# %% [markdown]
# 均值说的是有多大比例的原子看见了那个键，而不是有没有原子看见。（把它换成每个图的最大值，再试一次：判断错的其他分子变少了。为什么？）

# %% [markdown]
# ## 3 边：下一个会是谁
#
# 对每一对节点，有边的可能性有多大？最简单的得分是两个向量的点积。真正的边，得分应高于没有连边的节点对；而后者要多得多，所以只抽取一些，有多少条边就抽多少对。

# %% task="link_scores"
# 约 5 分钟，简单。卡住了？hint("link_scores") 会给出第一步。
def link_scores(h: Tensor, pairs: Tensor) -> Tensor:
    """每一对的两个向量的点积。

    Shapes:
        h      (N, D)  float
        pairs  (2, P)  int64
        out    (P,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="link_scores"
# check("graph_tasks", task="link_scores")

# %% task="negative_samples"
# 约 30 分钟，中等。卡住了？hint("negative_samples") 会给出第一步。
def negative_samples(edge_index: Tensor, N: int, n: int, generator: torch.Generator) -> Tensor:
    """用 generator 抽取 n 对不是边的（起点，终点）；可以有重复的对。

    抽到的对不在 edge_index 中，也不会把节点与它自己配成一对。其他所有的对，每次抽取的概率都相等。

    Shapes:
        edge_index  (2, E)  int64；不会包含所有的对
        N           int     节点数
        out         (2, n)  int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="negative_samples"
# check("graph_tasks", task="negative_samples")

# %% [markdown]
# 排序有多好？抽取一条真正的边和一个不是边的对：**ROC 曲线下面积**（area under the ROC curve）就是边的得分较高的概率；得分相等算一半。不管边有多稀少，随机猜测都是 0.5。

# %% task="link_auc"
# 约 15 分钟，简单。卡住了？hint("link_auc") 会给出第一步。
def link_auc(positive: Tensor, negative: Tensor) -> float:
    """在所有的对（边，其他节点对）中，边的得分较高者所占的比例；相等算一半。

    Shapes:
        positive  (P,)   float，边的得分
        negative  (Q,)   float，其他节点对的得分
        out       一个 Python float
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="link_auc"
# check("graph_tasks", task="link_auc")

# %% tags=["active-ipynb"]
# order = torch.randperm(world.edge_index.shape[1] // 2)
# once = world.edge_index[:, world.edge_index[0] < world.edge_index[1]][:, order]
# hidden_edges, seen = once[:, :400], torch.cat([once[:, 400:], once[:, 400:].flip(0)], dim=1)
# generator = torch.Generator().manual_seed(0)
# others = negative_samples(world.edge_index, 700, 400, generator)
# seed_everything(0)
# encoder, seen_hat = GCN(100, 32, 16, dropout=0.0), a_hat_of(seen, 700)
# optimizer, areas = torch.optim.Adam(encoder.parameters(), lr=0.01), []
# for step in range(60):
#     h = encoder(X * 10, seen_hat)
#     false = negative_samples(world.edge_index, 700, seen.shape[1], generator)
#     scores = torch.cat([link_scores(h, seen), link_scores(h, false)])
#     right = torch.cat([torch.ones(seen.shape[1]), torch.zeros(seen.shape[1])])
#     loss = masked_bce(scores, right, torch.ones(len(right), dtype=torch.bool))
#     optimizer.zero_grad()
#     loss.backward()
#     optimizer.step()
#     areas.append(link_auc(link_scores(h, hidden_edges).detach(), link_scores(h, others).detach()))
# curves({"hidden edges against other pairs": areas}, xlabel="step", ylabel="area under the ROC curve")

# %% [markdown] question="graph_tasks-q1"
# **简答题 1。** 在上面的单元格里，负样本是按 `world.edge_index` 抽取的，而不是按 `seen`。如果用 `seen`，训练会有什么变化？一个模型在 400 条边和 400 个其他节点对上 AUC 为 0.9；如果取这个图中得分最高的 100 对作为推荐，为什么多半仍是错的？

# %% [markdown] answer="graph_tasks-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 太深，太大
#
# 每一层都对邻居取平均。很多层之后，一个连通分量的所有节点都有相同的向量，只差一个与度有关的倍数：这叫**过平滑**（over-smoothing；Li、Han 和 Wu 2018）。**Dirichlet 能量**（Dirichlet energy）衡量向量沿着边相差多少：
#
# $$E(H) = \frac{1}{2} \sum_{ij} A_{ij} \left\lVert \frac{h_i}{\sqrt{\tilde d_i}} - \frac{h_j}{\sqrt{\tilde d_j}}
# \right\rVert^2$$
#
# 其中 $\tilde d_i = 1 + \sum_j A_{ij}$。两个相连的节点，数是 1 和 0，则 $\hat A$ 处处为 1/2；$E$ 起初是 1/2，乘一次之后是 0。

# %% task="oversmoothing"
# 约 20 分钟，中等。卡住了？hint("oversmoothing") 会给出第一步。
def oversmoothing(A: Tensor, X: Tensor, K: int) -> Tensor:
    """X, A_hat X, A_hat^2 X, ..., A_hat^K X 的 Dirichlet 能量。

    Shapes:
        A    (N, N)    float，对称，0 或 1，对角线为 0
        X    (N, D)    float；不改动
        K    int       大于等于 0
        out  (K + 1,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="oversmoothing"
# check("graph_tasks", task="oversmoothing")

# %% tags=["active-ipynb"]
# club_table = torch.zeros(34, 34)
# club_table[club.edge_index[1], club.edge_index[0]] = 1.0
# depths = (1, 2, 4, 8, 16, 32)
# scores = []
# for depth in depths:
#     seed_everything(0)
#     smooth = torch.linalg.matrix_power(A_hat, depth) @ X  # 先是这么多没有权重的层，再是一个有权重的层
#     linear = nn.Linear(100, 7)
#     optimizer = torch.optim.Adam(linear.parameters(), lr=0.1)
#     for _ in range(200):
#         optimizer.zero_grad()
#         F.cross_entropy(linear(smooth[known] * 20), world.y[known]).backward()
#         optimizer.step()
#     with torch.no_grad():
#         scores.append(accuracy(linear(smooth * 20), ~known))
# figure = new_figure(9, 3.2, "The energy falls with each product; accuracy is best for 2 products, and falls for 32.")
# axes = figure.add_subplot(1, 2, 1, xlabel="products with A_hat", ylabel="Dirichlet energy of the club", yscale="log")
# axes.plot(oversmoothing(club_table, club.x, 32))
# axes = figure.add_subplot(1, 2, 2, xlabel="products with A_hat", ylabel="accuracy", xscale="log", xticks=depths)
# axes.set_xticklabels(depths)
# axes.plot(depths, scores, marker="o")
# figure

# %% [markdown] question="graph_tasks-q2"
# **简答题 2。** $\hat A^k X$ 的能量趋于 0。在连通的图上，它收敛到什么样的向量？举出两种改动层的办法，让图上也能用深层网络，并说明各自对能量有什么影响。

# %% [markdown] answer="graph_tasks-q2"
# YOUR ANSWER HERE

# %% [markdown]
# 一百万个节点的图，一步装不下。对邻居采样是一种办法；另一种是把图切成若干**分区**（part；Cluster-GCN，Chiang 等 2019）。一个批量包含几个分区和它们内部的边；通往其他批量的边，在这一步中去掉。分区之间的边很少，丢掉的就不多。下面是用广度优先搜索划分分区的一种简单方法。

# %%


def bfs_parts(edge_index: Tensor, N: int, size: int) -> Tensor:
    """把每个节点分给一个分区；分区从一个起始节点沿着边生长，最多 `size` 个节点。已给出。

    Shapes:
        edge_index  (2, E)  int64
        out         (N,)    int64，分区编号，从 0 开始
    """
    around: list[list[int]] = [[] for _ in range(N)]
    for one, other in zip(*edge_index.tolist(), strict=True):
        around[other].append(one)
    parts, count, filled = [-1] * N, -1, size
    queue: deque[int] = deque()
    for start in range(N):
        if parts[start] >= 0:
            continue
        queue.append(start)
        while queue:
            node = queue.popleft()
            if parts[node] >= 0:
                continue
            if filled >= size:
                count, filled = count + 1, 0
                queue.clear()
            parts[node] = count
            filled += 1
            queue.extend(around[node])
    return torch.tensor(parts, device=edge_index.device)


# %% task="partition_batches"
# 约 30 分钟，中等。卡住了？hint("partition_batches") 会给出第一步。
def partition_batches(
    edge_index: Tensor, parts: Tensor, per_batch: int, generator: torch.Generator
) -> list[tuple[Tensor, Tensor]]:
    """一轮的所有批量：分区按随机顺序排列，每个批量 `per_batch` 个，最后一个批量可以少一些。

    每个节点恰在一个批量中。批量包含它的节点之间的边，用新的编号：批量的节点 n 是 nodes[n]。分区的顺序来自使用
    generator 的 torch.randperm。

    Shapes:
        edge_index  (2, E)  int64
        parts       (N,)    int64，每个节点所属的分区，从 0 开始；每个数都出现
        out         对的列表：nodes (M,) int64，升序；以及它们的 edge_index (2, F) int64，
                    顺序与给定的边相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="partition_batches"
# check("graph_tasks", task="partition_batches")

# %% tags=["active-ipynb"]
# parts = bfs_parts(world.edge_index, 700, 100)
# kept = {}
# for name, assigned in {"by breadth-first search": parts, "by chance": parts[torch.randperm(700)]}.items():
#     batches = partition_batches(world.edge_index, assigned, 2, torch.Generator().manual_seed(0))
#     kept[name] = sum(edges.shape[1] for _, edges in batches) / world.edge_index.shape[1]
# for name, share in kept.items():
#     print(f"{name}: {share:.0%} of the edges are inside of batches")
# seed_everything(0)
# model, optimizer = GCN(100, 16, 7), None
# optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
# generator = torch.Generator().manual_seed(1)
# for epoch in range(60):
#     for nodes, edges in partition_batches(world.edge_index, parts, 2, generator):
#         labelled = known[nodes]
#         loss = F.cross_entropy(model(X[nodes], a_hat_of(edges, len(nodes)))[labelled], world.y[nodes][labelled])
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
# model.eval()
# with torch.no_grad():
#     print(f"trained in batches: {accuracy(model(X, A_hat), ~known):.1%} of the unlabelled nodes")

# %% [markdown]
# ## 小结
#
# 少数节点的标签沿着边传开；读出由节点得到图；节点对的得分按排序来评价。通常两三层最好。大图要切开或采样，而丢掉哪些边，要看怎么切。
#
# **延伸阅读。** Shchur 等（*Pitfalls of graph neural network evaluation*，2018）换了 Cora 的划分，方法的排序就变了。*Open graph benchmark*（Hu 等 2020）有更大的数据和固定的划分。GraphSAINT（Zeng 等 2020）从大图中抽取小图，并按抽取方式修正偏差。Hamilton（*Graph representation learning*，2020）是一本涵盖这三个笔记本的书。
