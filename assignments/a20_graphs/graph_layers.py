# %% [markdown]
# # Layers for graphs
#
# In a convolution on images, each pixel listens to its neighbours, with one weight for each of the nine places. On a
# graph, neighbours have no places and no order, and their number differs. All layers of this notebook do the same
# three things, in different ways: each node collects *messages* from its neighbours, *aggregates* them into one vector
# by something that ignores their order, and *updates* itself.
#
# `edge_index` (2, E) has the sources $j$ in row 0 and the targets $i$ in row 1; messages go from $j$ to $i$, and $N(i)$
# is the set of sources of the edges that arrive at $i$. No edge is listed twice, and no loop is listed.
#
# The constructors are given: they make the parameters, with their names and shapes. The checks set these parameters.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Groups | `scatter_sum`, `scatter_mean`, `scatter_max` | 6 | 35 |
# | 2 Graph convolution | `GCNLayer` | 4 | 10 |
# | 3 Ways to combine | `SpatialLayer` | 6 | 40 |
# | 4 Thousands of neighbours | `sample_neighbours`, `SAGELayer`, `sage_embed` | 14 | 85 |
# | 5 Attention | `attention_coefficients`, `GATLayer` | 10 | 60 |
# | 6 What sums can tell | `GINLayer`, `wl_colours` | 4 | 35 |
# | 7 One vector for a graph | `readout` | 2 | 10 |

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
# ## 1 Groups
#
# The messages of all edges are rows of one tensor. Rows with the same target belong together: they are summed,
# averaged, or their maximum is taken in each column. Loops would be slow; torch has `index_add` and `scatter_reduce`.

# %% task="scatter_sum"
# About 10 minutes, easy. Stuck? hint("scatter_sum") shows a first step.
def scatter_sum(x: Tensor, index: Tensor, N: int) -> Tensor:
    """The sum of the rows of each group. There must be no loop over rows or groups.

    Shapes:
        x      (E, ...)  float; gradients flow back to it
        index  (E,)      int64, the group of each row, in [0, N)
        N      int       the number of groups
        out    (N, ...)  0 for groups without rows
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scatter_sum"
# check("graph_layers", task="scatter_sum")

# %% task="scatter_mean"
# About 10 minutes, easy. Stuck? hint("scatter_mean") shows a first step.
def scatter_mean(x: Tensor, index: Tensor, N: int) -> Tensor:
    """The mean of the rows of each group; arguments and result as for scatter_sum."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scatter_mean"
# check("graph_layers", task="scatter_mean")

# %% task="scatter_max"
# About 15 minutes, medium. Stuck? hint("scatter_max") shows a first step.
def scatter_max(x: Tensor, index: Tensor, N: int) -> Tensor:
    """The maximum of each column over the rows of each group; arguments and result as for scatter_sum.

    Negative numbers may be the maximum. Groups without rows have 0, not minus infinity.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scatter_max"
# check("graph_layers", task="scatter_max")

# %% [markdown]
# ## 2 Graph convolution
#
# The layer of Kipf and Welling (2017) is $\hat A X W + b$, with $\hat A$ from the notebook `graph_basics`. It is linear
# in $X$; the nonlinearity follows outside. $W$ is the same for all nodes, so the layer works on graphs of any size.

# %% task="GCNLayer"
# About 10 minutes, easy. Stuck? hint("GCNLayer") shows a first step.
class GCNLayer(nn.Module):
    """A_hat X W + b.

    Shapes:
        X      (N, d_in)   float
        A_hat  (N, N)      float, dense or sparse, [target, source]
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
# ## 3 Ways to combine
#
# What about the node itself, and what if degrees differ? Chapter 13 of *Understanding Deep Learning* lists the usual
# answers. With $a$ = ReLU, weights $\Omega$ and biases $\beta$ (`linear`), sums and means over $j \in N(i)$:
#
# | kind | new $h_i$ |
# |---|---|
# | `"sum"` | $a\left(\beta + \Omega \, (h_i + \sum_j h_j)\right)$ |
# | `"diagonal"` | $a\left(\beta + \Omega \, ((1 + \epsilon) h_i + \sum_j h_j)\right)$, where $\epsilon$ is learned |
# | `"residual"` | $h_i + a\left(\beta + \Omega \sum_j h_j\right)$, with equal widths |
# | `"mean"` | $a\left(\beta + \Omega_s h_i + \Omega \cdot \text{mean}_j h_j\right)$ (`own` is $\Omega_s$) |
# | `"kipf"` | $a\left(\beta + \Omega \sum_{j \in N(i) \cup \{i\}} h_j / \sqrt{\tilde d_i \tilde d_j}\right)$ |
# | `"max"` | $a\left(\beta + \Omega \, [h_i \,\Vert\, \max_j a(\Omega_p h_j + \beta_p)]\right)$ (`pool`) |
#
# $\tilde d_i$ is the number of edges that arrive at $i$, plus 1. $[\cdot \Vert \cdot]$ puts two vectors one after the
# other, the node's own first. A node without neighbours has the sum, mean and maximum 0.

# %% task="SpatialLayer"
# About 40 minutes, medium. Stuck? hint("SpatialLayer") shows a first step.
class SpatialLayer(nn.Module):
    """One of the six kinds in the table.

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
# ## 4 Thousands of neighbours
#
# After two layers, a node of a social network listens to all friends of its friends: thousands. **GraphSAGE**
# (Hamilton, Ying and Leskovec 2017) lets each node listen to $k$ sampled neighbours only, and samples again for each
# layer.

# %% task="sample_neighbours"
# About 25 minutes, medium. Stuck? hint("sample_neighbours") shows a first step.
def sample_neighbours(edge_index: Tensor, nodes: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """k neighbours of each node, that is sources of edges that arrive there, drawn with the generator.

    Of k or more neighbours, k different ones are drawn, in random order: each choice is equally likely. Of fewer than
    k, each of the k draws is one of them, all equally likely (with replacement). A node without neighbours gets itself,
    k times.

    Shapes:
        edge_index  (2, E)  int64
        nodes       (M,)    int64; a node may occur several times, and gets draws of its own each time
        k           int     1 or more
        out         (M, k)  int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sample_neighbours"
# check("graph_layers", task="sample_neighbours")

# %% [markdown]
# Below, member 9 of the club listens over two hops: to its neighbours, and through them to theirs. The tree has a node
# for each time that somebody is heard. With two samples per hop, it always has seven.

# %% tags=["active-ipynb"]
# def tree(listen, root=9, hops=2):
#     """Return the members in the tree, its edges, and the place of each."""
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
# The layer aggregates the samples $h_j$, puts the result next to the node's own vector, and makes rows of length 1:
#
# $$h_{N} = \operatorname{AGG}(\{h_j\}), \qquad h' = \operatorname{ReLU}\left(W \, [h_i \,\Vert\, h_N]\right), \qquad
# h' \leftarrow h' / \lVert h' \rVert_2$$
#
# | aggregator | $h_N$ |
# |---|---|
# | `"mean"` | the mean of the samples |
# | `"pool"` | in each column, the maximum of $\operatorname{ReLU}(W_p h_j + b_p)$ (`pool`) |
# | `"lstm"` | the last hidden state of an LSTM that reads the samples, in the order in which they are given |
#
# (An LSTM does see the order. The order of the samples is random, so it learns to ignore it.)

# %% task="SAGELayer"
# About 30 minutes, medium. Stuck? hint("SAGELayer") shows a first step.
class SAGELayer(nn.Module):
    """Own vectors and sampled ones become rows of length 1; rows that are 0 stay 0.

    Shapes:
        own   (M, d_in)     float
        near  (M, k, d_in)  float, the k samples of each node
        out   (M, d_out)    not negative
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
# Now several layers. For the result at some nodes, layer $L$ needs the vectors of layer $L - 1$ at these nodes *and* at
# their samples; each of those needs the vectors of layer $L - 2$ at itself and at samples of its own. Layer $l$ samples
# `sizes[l]` neighbours. The cost depends on these numbers, and not on the size of the graph.

# %% task="sage_embed"
# About 30 minutes, hard. Stuck? hint("sage_embed") shows a first step.
def sage_embed(
    layers: Sequence[nn.Module],
    sizes: Sequence[int],
    X: Tensor,
    edge_index: Tensor,
    nodes: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """The vectors of some nodes after all layers, from sampled neighbourhoods.

    Layer l is called as layers[l](own (M, D), near (M, sizes[l], D)), and needed vectors only are computed. Samples
    come from sample_neighbours. Without layers, the result is X[nodes].

    Shapes:
        layers      L modules; layers[0] reads rows of X
        sizes       L ints, the number of samples in each layer
        X           (N, D)  float, the features of all nodes
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
# ## 5 Attention
#
# So far the weights of messages depend on degrees, or all are equal. In a graph attention network (Veličković and
# others 2018), they are computed from the vectors at both ends. With $h = X W$ and two vectors $a_{\text{src}}$,
# $a_{\text{dst}}$,
#
# $$e_{ij} = \operatorname{LeakyReLU}\left(a_{\text{src}} \cdot h_j + a_{\text{dst}} \cdot h_i\right), \qquad
# \alpha_{ij} = \frac{\exp(e_{ij})}{\sum_{l \in N(i) \cup \{i\}} \exp(e_{il})}$$
#
# The softmax runs over the edges that *arrive* at $i$, and its own loop. LeakyReLU has the slope 0.2 for negative
# numbers, and comes *before* the softmax.

# %% task="attention_coefficients"
# About 35 minutes, hard. Stuck? hint("attention_coefficients") shows a first step.
def attention_coefficients(h: Tensor, edge_index: Tensor, a_src: Tensor, a_dst: Tensor, slope: float = 0.2) -> Tensor:
    """The weight alpha of each edge, and of a loop at each node. There must be no loop over nodes or edges.

    Scores may be large: exp(1000) is infinite, but no weight is.

    Shapes:
        h           (N, D)    float
        edge_index  (2, E)    int64, without loops
        a_src       (D,)      for the source of an edge
        a_dst       (D,)      for its target
        out         (E + N,)  the edges in the given order, then the loops of nodes 0 to N - 1
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="attention_coefficients"
# check("graph_layers", task="attention_coefficients")

# %% task="GATLayer"
# About 25 minutes, medium. Stuck? hint("GATLayer") shows a first step.
class GATLayer(nn.Module):
    """Several heads of attention, each with parameters of its own: sum over j of alpha_ij h_j, with h = X W.

    With concat, the heads are put one after the other, and ELU follows. Without (in the last layer), the result is the
    mean of the heads, and no nonlinearity follows.

    Shapes:
        X           (N, d_in)          float
        edge_index  (2, E)             int64, without loops
        out         (N, heads * d_out) with concat, else (N, d_out)
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
# Can attention learn whom to trust? In the next graph, half of the nodes carry the features of a wrong class, and a
# mark that says so. The weights of a mean treat them all alike.

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
# **Question 1.** Let $a_{\text{src}} = a_{\text{dst}} = 0$. Which layer do you know that computes the same? A GAT layer
# has a term $a_{\text{dst}} \cdot h_i$. Show that without LeakyReLU it would have no influence on $\alpha_{ij}$. What
# does this mean for which neighbours different nodes can prefer?

# %% [markdown] answer="graph_layers-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 What sums can tell
#
# The neighbours of a node are a **multiset**: a set in which a vector may occur several times. A mean cannot tell
# $\{1, 1\}$ from $\{1\}$, and neither can a maximum; a sum can. The graph isomorphism network (Xu and others 2019) is
# built on it: with a small network (`mlp`) on top,
#
# $$h_i' = \operatorname{MLP}\left((1 + \epsilon) \, h_i + \sum_{j \in N(i)} h_j\right)$$

# %% task="GINLayer"
# About 10 minutes, easy. Stuck? hint("GINLayer") shows a first step.
class GINLayer(nn.Module):
    """The formula above.

    Shapes:
        X           (N, d_in)   float
        edge_index  (2, E)      int64
        out         (N, d_out)  what mlp makes of (N, d_in)
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
# How much can any such layer tell apart? Weisfeiler and Leman (1968) asked it in a game of colours. All nodes begin
# with the same colour. In each round, the new colour of a node stands for the pair (own colour, multiset of the
# neighbours' colours): two nodes get the same new colour if and only if both are equal. No network of messages can
# tell apart nodes that this game does not.

# %% task="wl_colours"
# About 25 minutes, medium. Stuck? hint("wl_colours") shows a first step.
def wl_colours(edge_index: Tensor, N: int, rounds: int) -> Tensor:
    """The colours after some rounds: equal numbers for equal colours, different ones for different colours.

    Shapes:
        edge_index  (2, E)  int64
        N           int     the number of nodes
        rounds      int     0 or more; before the first round all colours are equal
        out         (N,)    int64, any numbers
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
# **Question 2.** Two triangles and one hexagon: why does the game never tell them apart? Name a property of molecules
# that networks of messages therefore cannot see. Name two ways to let them see it, with other inputs.

# %% [markdown] answer="graph_layers-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 7 One vector for a graph
#
# Several graphs are one graph with a vector `batch` that says which graph each node belongs to. For a question about
# whole graphs, the nodes of each are summed, averaged, or their maximum is taken: whatever their order, the result
# is the same.

# %% task="readout"
# About 10 minutes, easy. Stuck? hint("readout") shows a first step.
def readout(x: Tensor, batch: Tensor, kind: str = "mean") -> Tensor:
    """The "mean", "max" or "sum" of the rows of each graph; ValueError for another kind.

    Shapes:
        x      (N, D)  float
        batch  (N,)    int64, the graph of each node, from 0, in any order; each number occurs
        out    (G, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="readout"
# check("graph_layers", task="readout")

# %% [markdown]
# ## What to take home
#
# Messages, an aggregation without order, an update. Means are stable, sums tell more, attention chooses. Sampling makes
# large graphs possible. And there are graphs that no such layer tells apart.
#
# **Where to look next.** Gilmer et al. (*Neural message passing for quantum chemistry*, 2017) gave the messages their
# name. Xu et al. (*How powerful are graph neural networks?*, 2019) and Morris et al. (*Weisfeiler and Leman go
# neural*, 2019) say what such layers cannot see. Brody, Alon and Yahav (*How attentive are graph attention
# networks?*, 2022) find that in the first version every node prefers the same neighbours, and mend it.
