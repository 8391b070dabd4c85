# %% [markdown]
# # Tasks on graphs
#
# What is a person's group, does this molecule have a ring, will these two become friends? Questions about nodes, about
# whole graphs, and about edges. Each of them has its own way of training and of judging, and its own traps. Here you
# write them, and what to do if a network is too deep or a graph too large.
#
# `edge_index` (2, E) has sources in row 0 and targets in row 1; an undirected edge is listed in both directions.
# `A_hat` is the matrix $\tilde D^{-1/2} (A + I) \tilde D^{-1/2}$ of the notebook `graph_basics`, which is given here.
#
# <!-- parts -->

# %%
from collections import deque

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def a_hat_of(edge_index: Tensor, N: int) -> Tensor:
    """The normalised adjacency matrix with loops, of an undirected graph. Given."""
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
# world = graphs.blocks()  # seven classes of 100 nodes, like a small network of citations
# A_hat = a_hat_of(world.edge_index, 700)
# X = F.normalize(world.x, p=1, dim=1)  # each row sums to 1
# known = torch.zeros(700, dtype=torch.bool)
# known[torch.arange(140)] = True  # 20 of each class: node n has the class n % 7
# print("edges", world.edge_index.shape[1] // 2, "labelled nodes", int(known.sum()))

# %% [markdown]
# ## 1 Nodes: few labels
#
# Of 700 nodes in the graph, the classes of 140 are known; the others are asked for. All nodes and edges are there from
# the beginning: the task is **transductive**. Kipf and Welling's network (2017) has two layers,
#
# $$Z = \hat A \operatorname{ReLU}(\hat A X W_1) \, W_2$$
#
# with **dropout** on the input of both: on $X$, and on what comes out of the ReLU. $Z$ has the logits. For Cora, a
# network of citations with 1433 words, 16 hidden numbers and 7 classes, that is
# $1433 \cdot 16 + 16 \cdot 7 = 23\,040$ weights.


# %% task="GCN" minutes=15 difficulty="easy"
class GCN(nn.Module):
    """Two graph convolutions with dropout on the inputs of both.

    Shapes:
        X      (N, d_in)     float
        A_hat  (N, N)        float, dense or sparse
        out    (N, classes)  logits
    """

    def __init__(self, d_in: int, hidden: int, classes: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.first = nn.Linear(d_in, hidden, bias=False)
        self.second = nn.Linear(hidden, classes, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, X: Tensor, A_hat: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        hidden = F.relu(A_hat @ self.first(self.dropout(X)))
        return A_hat @ self.second(self.dropout(hidden))
        ### END SOLUTION


# %% [markdown] hint="GCN"
# 1. `self.first(X)` is X times the weights; then comes the product with A_hat, then the ReLU.
# 2. `self.dropout(...)` around X, and around the result of the ReLU. No softmax at the end: logits.

# %% [markdown]
# Training takes all nodes in every step, but the loss is the mean cross-entropy of the *labelled* ones. The
# optimizer is Adam. **Weight decay** acts on the first layer only: the second has few weights, and each matters.


# %% task="train_node_classifier" minutes=30 difficulty="medium"
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
    """Train the model, in training mode, and leave it in eval mode. Returns the loss of each step, before its change.

    Each step: gradients of the mean cross-entropy over the labelled nodes, and one step of torch.optim.Adam, whose
    weight_decay is given for the parameters of model.first, and 0 for all others.

    Shapes:
        model  called as model(X, A_hat); it has a layer `first`
        X      (N, D)   float
        A_hat  (N, N)   float
        y      (N,)     int64; where mask is False, it may contain anything, such as -1
        mask   (N,)     bool, whether a node is labelled
        out    `steps` floats
    """
    ### BEGIN SOLUTION
    first = list(model.first.parameters())
    others = [p for p in model.parameters() if all(p is not q for q in first)]
    groups = [{"params": first, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.Adam(groups, lr=lr)
    losses = []
    model.train()
    for _ in range(steps):
        loss = F.cross_entropy(model(X, A_hat)[mask], y[mask])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    return losses
    ### END SOLUTION


# %% [markdown] hint="train_node_classifier"
# 1. Adam takes a list of groups:
#    `[{"params": ..., "weight_decay": weight_decay}, {"params": ..., "weight_decay": 0.0}]`. The first has
#    `model.first.parameters()`, the second all the others.
# 2. Compute the logits of all nodes, and keep those of the mask: `logits[mask]`, `y[mask]`. Do not touch the other y.
# 3. `model.train()` before the loop, `model.eval()` after it.

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
# Even weights that were never trained show the graph: three layers with random weights and tanh put the karate club
# into the plane, and the two groups come apart (Kipf and Welling 2017, appendix). There are no features: $X = I$.


# %% task="untrained_embedding" minutes=10 difficulty="easy"
def untrained_embedding(A_hat: Tensor, X: Tensor, weights: list[Tensor]) -> Tensor:
    """H becomes tanh(A_hat H W), for each W in the list, beginning with H = X.

    Shapes:
        A_hat    (N, N)
        X        (N, D_0)
        weights  (D_0, D_1), (D_1, D_2), ...
        out      (N, D_L)
    """
    ### BEGIN SOLUTION
    H = X
    for W in weights:
        H = torch.tanh(A_hat @ H @ W)
    return H
    ### END SOLUTION


# %% [markdown] hint="untrained_embedding"
# 1. A loop over the weights. tanh follows every layer, the last one too.

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
# ## 2 Graphs: molecules
#
# Some molecules have a property, others not: here, a bond between a nitrogen and an oxygen atom. A network for whole
# graphs has layers, a **readout**, and one number at the end. Several graphs are one graph with a vector `batch`. In
# chemistry, the features of a node are one-hot vectors of 118 elements; ours have 4. The graphs that are asked about
# were not there in training: this task is **inductive**.
#
# Ours has two layers of the kind "sum", then the mean over each graph, and at the end
# $z = \beta + \omega \cdot \text{mean}_i \, h_i$. The probability of the property is $P(y = 1) = \sigma(z)$.


# %% task="GraphClassifier" minutes=25 difficulty="medium"
class GraphClassifier(nn.Module):
    """Twice h_i = ReLU(linear(h_i + sum of the neighbours' h_j)), then the mean of each graph, then `last`.

    Shapes:
        X           (N, d_in)  float
        edge_index  (2, E)     int64, without loops
        batch       (N,)       int64, the graph of each node, from 0; each number occurs
        out         (G,)       logits z
    """

    def __init__(self, d_in: int, hidden: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(d_in, hidden), nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 1)

    def forward(self, X: Tensor, edge_index: Tensor, batch: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        for layer in (self.first, self.second):
            X = F.relu(layer(X.index_add(0, edge_index[1], X[edge_index[0]])))
        sizes = batch.bincount()
        sums = X.new_zeros(len(sizes), X.shape[1]).index_add(0, batch, X)
        return self.last(sums / sizes[:, None])[:, 0]
        ### END SOLUTION


# %% [markdown] hint="GraphClassifier"
# 1. `X.index_add(0, edge_index[1], X[edge_index[0]])` is each node's own vector plus those of its neighbours.
# 2. The mean of each graph: the sum by `index_add` with `batch`, divided by `batch.bincount()`.
# 3. `self.last(...)` has the shape (G, 1); the result has (G,).

# %% [markdown]
# Laboratories test some properties of some molecules. If there are several properties, the loss is the mean over the
# entries that are **known**:
#
# $$\text{BCE} = \operatorname{mean}_{\text{known}} \left( -y \log \sigma(z) - (1 - y) \log (1 - \sigma(z)) \right)$$
#
# For $z = 1000$ and $y = 0$, $\sigma(z)$ is 1 in floating point, and $\log 0$ infinite; the right answer is 1000.


# %% task="masked_bce" minutes=20 difficulty="medium"
def masked_bce(z: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    """The mean of the formula over the known entries; 0 if there is none. Ready-made losses of torch are not allowed.

    Shapes:
        z     (G, T)  float, logits of any size
        y     (G, T)  float, 0 or 1; where mask is False, it may contain anything, nan too
        mask  (G, T)  bool, whether an entry is known
        out   ()      gradients of unknown entries are 0
    """
    ### BEGIN SOLUTION
    z, y = z[mask], y[mask]
    losses = z.clamp(min=0) - z * y + torch.log1p(torch.exp(-z.abs()))
    return losses.sum() / max(len(z), 1)
    ### END SOLUTION


# %% [markdown] hint="masked_bce"
# 1. Keep the known entries first, `z[mask]` and `y[mask]`. A product with the mask does not work: nan times 0 is nan.
# 2. $-\log \sigma(z) = \log(1 + e^{-z})$. `F.softplus(-z)` or `-F.logsigmoid(z)` compute it without overflow; the
#    loss is softplus(z) - z y.
# 3. Divide the sum by the number of known entries, or by 1 if there is none.

# %% tags=["active-ipynb"]
# def bonded(molecule):
#     """Whether an N (kind 2) is next to an O (kind 3)."""
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
# The mean says how large a share of the atoms saw the bond, not whether one did. (Replace it by the maximum of each
# graph, and try again: fewer other molecules are judged wrongly. Why?)

# %% [markdown]
# ## 3 Edges: who comes next
#
# For each pair of nodes, how likely is an edge? The simplest score is the dot product of their vectors. True edges
# should have larger scores than pairs that are not joined, of which there are many more: so a few are drawn, as many
# as there are edges.


# %% task="link_scores" minutes=5 difficulty="easy"
def link_scores(h: Tensor, pairs: Tensor) -> Tensor:
    """The dot product of the vectors of each pair.

    Shapes:
        h      (N, D)  float
        pairs  (2, P)  int64
        out    (P,)
    """
    ### BEGIN SOLUTION
    return (h[pairs[0]] * h[pairs[1]]).sum(dim=1)
    ### END SOLUTION


# %% [markdown] hint="link_scores"
# 1. `h[pairs[0]]` and `h[pairs[1]]` have the shape (P, D). Multiply, and sum over D.


# %% task="negative_samples" minutes=30 difficulty="medium"
def negative_samples(edge_index: Tensor, N: int, n: int, generator: torch.Generator) -> Tensor:
    """n pairs (source, target) that are not edges, drawn with the generator; pairs may occur twice.

    No pair is in edge_index, and none joins a node to itself. All others are equally likely, in each draw.

    Shapes:
        edge_index  (2, E)  int64; it does not contain all pairs
        N           int     the number of nodes
        out         (2, n)  int64
    """
    ### BEGIN SOLUTION
    free = ~torch.eye(N, dtype=torch.bool, device=edge_index.device)
    free[edge_index[0], edge_index[1]] = False
    pairs = free.nonzero()
    return pairs[torch.randint(len(pairs), (n,), generator=generator, device=generator.device)].T
    ### END SOLUTION


# %% [markdown] hint="negative_samples"
# 1. For small graphs: make a table of all pairs, remove the edges and the diagonal, list what is left (`nonzero()`),
#    and draw numbers of this list with `torch.randint(..., generator=generator)`.
# 2. For large ones: draw pairs, drop those that are edges or loops, and draw again until there are n.

# %% [markdown]
# How good is a ranking? Draw a true edge and a pair that is not one: the **area under the ROC curve** is the
# probability that the edge has the larger score; equal scores count half. Chance is 0.5, however rare edges are.


# %% task="link_auc" minutes=15 difficulty="easy"
def link_auc(positive: Tensor, negative: Tensor) -> float:
    """The share of all pairs (edge, other pair) in which the edge has the larger score; a tie counts half.

    Shapes:
        positive  (P,)   float, scores of edges
        negative  (Q,)   float, scores of other pairs
        out       a Python float
    """
    ### BEGIN SOLUTION
    larger = (positive[:, None] > negative[None]).double() + 0.5 * (positive[:, None] == negative[None]).double()
    return float(larger.mean())
    ### END SOLUTION


# %% [markdown] hint="link_auc"
# 1. Compare all with all: `positive[:, None] > negative[None]`, a table (P, Q). Its mean is the share, without ties.
# 2. Add half of the mean of `==`.

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
# **Question 1.** In the cell above, negative samples are drawn from `world.edge_index`, not from `seen`. What would
# change in training if `seen` were used? Why would a model with AUC 0.9 on 400 edges and 400 other pairs still give
# mostly wrong suggestions if you took the 100 pairs of this graph with the highest scores?

# %% [markdown] answer="graph_tasks-q1"
# ### BEGIN SOLUTION
# With seen, hidden edges could be drawn as negatives, and the model would be trained to give true edges small scores
# (few of them, since edges are rare: it is a small effect, but a real application cannot avoid it, because it does
# not know the hidden edges; using world.edge_index leaks a little). There are about 244,000 pairs and 400 hidden
# edges. Even if only 10 % of the others have a score above that of a typical edge, that is 24,000 pairs: precision
# among the highest scores depends on how rare edges are, AUC does not.
# ### END SOLUTION

# %% [markdown]
# ## 4 Too deep, too large
#
# Each layer averages over neighbours. After many layers, all nodes of a connected part have the same vector, up to
# their degree: **over-smoothing** (Li, Han and Wu 2018). The **Dirichlet energy** measures how much vectors differ
# along edges:
#
# $$E(H) = \frac{1}{2} \sum_{ij} A_{ij} \left\lVert \frac{h_i}{\sqrt{\tilde d_i}} - \frac{h_j}{\sqrt{\tilde d_j}}
# \right\rVert^2$$
#
# with $\tilde d_i = 1 + \sum_j A_{ij}$. For two joined nodes with the numbers 1 and 0, $\hat A$ has 1/2 everywhere;
# $E$ is 1/2 at first and 0 after one product.


# %% task="oversmoothing" minutes=20 difficulty="medium"
def oversmoothing(A: Tensor, X: Tensor, K: int) -> Tensor:
    """The Dirichlet energies of X, A_hat X, A_hat^2 X, ..., A_hat^K X.

    Shapes:
        A    (N, N)    float, symmetric, 0 or 1, its diagonal is 0
        X    (N, D)    float; it is not changed
        K    int       0 or more
        out  (K + 1,)
    """
    ### BEGIN SOLUTION
    root = (1 + A.sum(dim=1)) ** 0.5
    A_hat = (A + torch.eye(len(A), dtype=A.dtype, device=A.device)) / root[:, None] / root
    energies, H = [], X
    for _ in range(K + 1):
        scaled = H / root[:, None]
        energies.append((A[:, :, None] * (scaled[:, None] - scaled[None]).square()).sum() / 2)
        H = A_hat @ H
    return torch.stack(energies)
    ### END SOLUTION


# %% [markdown] hint="oversmoothing"
# 1. `root = (1 + A.sum(dim=1)) ** 0.5`. A_hat is `(A + I) / root[:, None] / root`.
# 2. With `scaled = H / root[:, None]`, all differences are `scaled[:, None] - scaled[None]`, shape (N, N, D).
# 3. K + 1 numbers: the first is that of X itself.

# %% tags=["active-ipynb"]
# club_table = torch.zeros(34, 34)
# club_table[club.edge_index[1], club.edge_index[0]] = 1.0
# depths = (1, 2, 4, 8, 16, 32)
# scores = []
# for depth in depths:
#     seed_everything(0)
#     smooth = torch.linalg.matrix_power(A_hat, depth) @ X  # as many layers without weights, then one with
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
# **Question 2.** The energy of $\hat A^k X$ goes to 0. To which vectors does it converge, on a connected graph? Name
# two changes of a layer that make deep networks possible on graphs, and say what each does to the energy.

# %% [markdown] answer="graph_tasks-q2"
# ### BEGIN SOLUTION
# A_hat has one eigenvalue 1, with the eigenvector sqrt(d~_i); all others are smaller in absolute value. So each
# column of A_hat^k X becomes a multiple of sqrt(d~), and h_i / sqrt(d~_i) is the same everywhere: the energy is 0.
# Residual connections h + f(h), or mixing in the first features in every layer (as in APPNP): differences of the
# input are kept. Normalising the pairwise distances after each layer (PairNorm) keeps the energy at a chosen size.
# Dropping edges at random slows its fall. Jumping knowledge: the last layer sees the outputs of all layers.
# ### END SOLUTION

# %% [markdown]
# A graph with a million nodes does not fit into one step. Sampling neighbours was one answer; another is to cut the
# graph into **parts** (Cluster-GCN, Chiang and others 2019). A batch has a few parts, and the edges inside of them;
# edges to other batches are dropped for this step. Parts with few edges between them lose little. Here is a simple
# way to make parts, by breadth-first search.

# %%


def bfs_parts(edge_index: Tensor, N: int, size: int) -> Tensor:
    """Assign each node to a part of at most `size` nodes, which grows from a start along edges. Given.

    Shapes:
        edge_index  (2, E)  int64
        out         (N,)    int64, parts from 0
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


# %% task="partition_batches" minutes=30 difficulty="medium"
def partition_batches(
    edge_index: Tensor, parts: Tensor, per_batch: int, generator: torch.Generator
) -> list[tuple[Tensor, Tensor]]:
    """The batches of one epoch: the parts in random order, `per_batch` of them in each batch, fewer in the last.

    Each node is in one batch. A batch has the edges between its nodes, with new numbers: node n of the batch is
    nodes[n]. The order of the parts comes from torch.randperm with the generator.

    Shapes:
        edge_index  (2, E)  int64
        parts       (N,)    int64, the part of each node, from 0; each number occurs
        out         a list of pairs: nodes (M,) int64, in ascending order; and their edge_index (2, F) int64, in the
                    order in which the edges are given
    """
    ### BEGIN SOLUTION
    order = torch.randperm(int(parts.max()) + 1, generator=generator, device=generator.device)
    batches = []
    for chosen in order.split(per_batch):
        inside = torch.isin(parts, chosen)
        number = inside.cumsum(dim=0) - 1
        both = inside[edge_index[0]] & inside[edge_index[1]]
        batches.append((inside.nonzero()[:, 0], number[edge_index[:, both]]))
    return batches
    ### END SOLUTION


# %% [markdown] hint="partition_batches"
# 1. `torch.randperm(P, generator=generator).split(per_batch)` are the parts of each batch.
# 2. `inside = torch.isin(parts, chosen)` says for each node whether it is in the batch; an edge is inside if both of
#    its ends are.
# 3. New numbers: `inside.cumsum(0) - 1` counts the nodes inside before each one. Take it at the ends of the inner
#    edges.

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
# ## What to take home
#
# Labels of a few nodes spread along edges; a readout turns nodes into a graph; scores of pairs are judged by their
# ranking. Two or three layers are usually best. Large graphs are cut or sampled; how they are cut decides which edges
# are lost.
#
# **Where to look next.** Shchur et al. (*Pitfalls of graph neural network evaluation*, 2018) draw other splits of Cora,
# and the ranking of methods changes. The *Open graph benchmark* (Hu et al., 2020) has larger data and fixed splits.
# GraphSAINT (Zeng et al., 2020) draws small graphs from a large one and corrects for how they were drawn. Hamilton
# (*Graph representation learning*, 2020) is a book about all three notebooks.
