"""Wrong answers to graph_layers.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("graph_layers.py")
SUM, SUM2 = "check_sums_of_groups", "check_sums_of_other_groups"
MEAN, MEAN2 = "check_means_of_groups", "check_means_of_other_groups"
MAX, MAX2 = "check_maxima_of_groups", "check_maxima_of_other_groups"
GCN, GCN2 = "check_graph_convolution", "check_graph_convolution_has_right_gradients"
KINDS, KINDS2 = "check_sums_and_means_of_neighbours", "check_gradients_of_sums_and_means"
OWN, OWN2 = "check_own_vectors_and_neighbours", "check_gradients_of_own_vectors"
TOP, TOP2 = "check_degrees_and_maxima", "check_gradients_of_degrees_and_maxima"
DRAWN, DRAWN2 = "check_samples_are_neighbours", "check_frequencies_of_samples"
SAGE_MEAN, SAGE_MEAN2 = "check_sage_with_means", "check_gradients_of_sage_with_means"
SAGE_POOL, SAGE_POOL2 = "check_sage_with_maxima", "check_gradients_of_sage_with_maxima"
SAGE_LSTM, SAGE_LSTM2 = "check_sage_with_lstm", "check_gradients_of_sage_with_lstm"
EMBED, EMBED2 = "check_sampled_neighbourhoods_of_a_regular_graph", "check_sampled_neighbourhoods_of_other_depths"
ALPHA, ALPHA2, ALPHA3 = "check_weights_of_edges", "check_gradients_of_weights", "check_weights_of_large_scores"
HEADS, HEADS2, TRUST = "check_two_heads", "check_gradients_of_heads", "check_attention_learns_whom_to_trust"
GIN, GIN2 = "check_isomorphism_layer", "check_isomorphism_layer_learns"
WL, WL2 = "check_colours_of_a_path", "check_colours_tell_multisets_apart"
READ, READ2 = "check_one_vector_for_each_graph", "check_readouts_of_other_graphs"

ADD = "return x.new_zeros(N, *x.shape[1:]).index_add(0, index, x)"
COUNT = "index.bincount(minlength=N).clamp(min=1).to(x.dtype)"
DIVIDE = "return scatter_sum(x, index, N) / count.reshape(-1, *[1] * (x.ndim - 1))"
TOPS = 'return x.new_zeros(N, *x.shape[1:]).scatter_reduce(0, where, x, "amax", include_self=False)'
BIAS = "return out if self.bias is None else out + self.bias"
NODES = "        source, target = edge_index\n        N = len(X)\n"
SAGE_OUT = "return F.normalize(F.relu(self.linear(torch.cat([own, collected], dim=1))), dim=1)"
E_IJ = "e = F.leaky_relu((h @ a_src)[source] + (h @ a_dst)[target], slope)"
SHIFT = "e = (e - scatter_max(e, target, N)[target]).exp()"
ALPHAS = "return e / scatter_sum(e, target, N)[target]"
HEAD = "heads.append(scatter_sum(alpha[:, None] * h[source], target, N))"
OUT = "return F.elu(torch.cat(heads, dim=1)) if self.concat else torch.stack(heads).mean(dim=0)"
GIN_SUM = "(1 + self.eps) * X + scatter_sum(X[edge_index[0]], edge_index[1], len(X))"
PAIR = "(colours[n], tuple(sorted(colours[j] for j in near[n])))"

# fmt: off
MUTANTS = [
    mutant("sum: the last row of each group", SUM, ADD, "return x.new_zeros(N, *x.shape[1:]).index_copy(0, index, x)"),
    mutant("sum: as many groups as occur", SUM, ADD, "return x.new_zeros(int(index.max()) + 1, *x.shape[1:]).index_add(0, index, x)"),
    mutant("sum: a loop", SUM, ADD, "return torch.stack([x[index == n].sum(dim=0) for n in range(N)])"),
    mutant("sum: rows only", SUM2, ADD, "return x.new_zeros(N, x.shape[1]).index_add(0, index, x)"),
    mutant("sum: float32", SUM2, ADD, "return torch.zeros(N, *x.shape[1:], device=x.device).index_add(0, index, x.float())", habit="dtype"),
    mutant("sum: detached", SUM2, ADD, ADD.replace("index, x)", "index, x.detach())")),
    mutant("mean: sums", MEAN, COUNT, "index.new_ones(N).to(x.dtype)"),
    mutant("mean: nan in empty groups", MEAN, COUNT, "index.bincount(minlength=N).to(x.dtype)"),
    mutant("mean: the zeros count", MEAN, COUNT, "(index.bincount(minlength=N) + 1).to(x.dtype)"),
    mutant("mean: divided by all rows", MEAN, COUNT, "(0 * index.bincount(minlength=N) + len(x)).to(x.dtype)"),
    mutant("mean: rows only", MEAN2, DIVIDE, "return scatter_sum(x, index, N) / count[:, None]"),
    mutant("mean: float64", MEAN2, DIVIDE, DIVIDE + ".double()", habit="dtype"),
    mutant("max: zeros take part", MAX, TOPS, TOPS.replace("False", "True")),
    mutant("max: minus infinity in empty groups", MAX, TOPS, 'return x.new_full((N, *x.shape[1:]), -torch.inf).scatter_reduce(0, where, x, "amax")'),
    mutant("max: a sentinel of -1e9", MAX2, TOPS, 'out = x.new_full((N, *x.shape[1:]), -1e9).scatter_reduce(0, where, x, "amax")\n    return torch.where(out == -1e9, 0, out)'),
    mutant("max: tiny numbers are taken for empty groups", MAX2, TOPS, 'out = x.new_full((N, *x.shape[1:]), -torch.inf).scatter_reduce(0, where, x, "amax")\n    return torch.where(out < -1e20, 0, out)'),
    mutant("max: the minimum", MAX, TOPS, TOPS.replace("amax", "amin")),
    mutant("max: detached", MAX2, TOPS, TOPS.replace("where, x,", "where, x.detach(),")),
    mutant("max: rows only", MAX2, "index.reshape(-1, *[1] * (x.ndim - 1)).expand_as(x)", "index[:, None].expand_as(x)"),
    mutant("max: by absolute value", MAX, TOPS, TOPS.replace("where, x,", "where, x.abs(),")),
    mutant("GCN: no bias", GCN, BIAS, "return out"),
    mutant("GCN: the bias is sent along edges", GCN, "out = A_hat @ (X @ self.weight)\n        " + BIAS, "out = X @ self.weight\n        return A_hat @ (out if self.bias is None else out + self.bias)"),
    mutant("GCN: the transpose", GCN, "A_hat @ (X @ self.weight)", "A_hat.T @ (X @ self.weight)"),
    mutant("GCN: a ReLU", GCN, BIAS, "return F.relu(out if self.bias is None else out + self.bias)"),
    mutant("GCN: always a bias", GCN, BIAS, "return out + self.bias"),
    mutant("GCN: detached", GCN2, "A_hat @ (X @ self.weight)", "A_hat @ (X @ self.weight.data)"),
    mutant("GCN: no gradient in the matrix", GCN2, "A_hat @ (X @ self.weight)", "A_hat.detach() @ (X @ self.weight)"),
    mutant("GCN: dense only", GCN2, "A_hat @ (X @ self.weight)", "torch.einsum('ij,jd->id', A_hat, X @ self.weight)"),
    mutant("kinds: source and target exchanged", (KINDS, OWN, TOP), NODES, NODES.replace("source, target =", "target, source =")),
    mutant("sum: without the node itself", KINDS, "share * X + near", "(share * X if self.kind == 'diagonal' else 0) + near"),
    mutant("sum: the node twice", KINDS, 'share = 1.0 if', 'share = 2.0 if'),
    mutant("mean kind: sums", KINDS, "scatter_mean(X[source], target, N)", "scatter_sum(X[source], target, N)"),
    mutant("mean kind: own and others exchanged", KINDS, "self.own(X) + self.linear(scatter_mean(X[source], target, N))", "self.linear(X) + self.own(scatter_mean(X[source], target, N))"),
    mutant("mean kind: no ReLU", KINDS, "return F.relu(self.own(X) + self.linear(scatter_mean(X[source], target, N)))", "return self.own(X) + self.linear(scatter_mean(X[source], target, N))"),
    mutant("mean kind: detached", KINDS2, "scatter_mean(X[source], target, N)", "scatter_mean(X[source].detach(), target, N)"),
    mutant("diagonal: eps without the 1", OWN, "else 1 + self.eps", "else self.eps"),
    mutant("diagonal: no eps", OWN, "else 1 + self.eps", "else 1.0"),
    mutant("diagonal: eps does not learn", OWN2, "else 1 + self.eps", "else 1 + self.eps.item()"),
    mutant("residual: inside of the ReLU", OWN, "X + F.relu(self.linear(near))", "F.relu(X + self.linear(near))"),
    mutant("residual: nothing is added", OWN, "X + F.relu(self.linear(near))", "F.relu(self.linear(near))"),
    mutant("residual: in place", OWN2, "return X + F.relu(self.linear(near))", "X.data += F.relu(self.linear(near)).data\n            return X"),
    mutant("kipf: the degree of the target only", TOP, "scaled = root * X\n", "scaled = X * 1.0\n"),
    mutant("kipf: no loop in degrees", TOP, "(target.bincount(minlength=N) + 1)", "target.bincount(minlength=N).clamp(min=1)"),
    mutant("kipf: not the node itself", TOP, "(scaled + scatter_sum", "(0 * scaled + scatter_sum"),
    mutant("kipf: no root", TOP, "[:, None] ** -0.5", "[:, None] ** -1.0"),
    mutant("max kind: no ReLU before", TOP, "F.relu(self.pool(X))[source]", "self.pool(X)[source]"),
    mutant("max kind: the mean", TOP, "scatter_max(F.relu", "scatter_mean(F.relu"),
    mutant("max kind: neighbours first", TOP, "torch.cat([X, near], dim=1)", "torch.cat([near, X], dim=1)"),
    mutant("max kind: detached", TOP2, "scatter_max(F.relu(self.pool(X))", "scatter_max(F.relu(self.pool(X)).detach()"),
    mutant("samples: targets of edges that leave", DRAWN, "edge_index[0, edge_index[1] == node]", "edge_index[1, edge_index[0] == node]"),
    mutant("samples: always with replacement", DRAWN, "elif len(near) >= k:", "elif False:"),
    mutant("samples: fails for few neighbours", DRAWN, "elif len(near) >= k:", "elif True:"),
    mutant("samples: -1 where there are none", DRAWN, "node.expand(k)", "torch.full_like(node.expand(k), -1)"),
    mutant("samples: the first k", DRAWN2, "near[torch.randperm(len(near), generator=generator, device=generator.device)[:k]]", "near[:k]"),
    mutant("samples: in ascending order", DRAWN2, "near[torch.randperm(len(near), generator=generator, device=generator.device)[:k]]", "near[torch.randperm(len(near), generator=generator, device=generator.device)[:k].sort().values]"),
    mutant("samples: the global generator", DRAWN2, "torch.randperm(len(near), generator=generator, device=generator.device)", "torch.randperm(len(near))"),
    mutant("samples: few neighbours are repeated in turn", DRAWN2, "near[torch.randint(len(near), (k,), generator=generator, device=generator.device)]", "near.repeat(k)[:k]"),
    mutant("samples: all if there are as many", DRAWN2, "torch.randint(len(near), (k,), generator=generator, device=generator.device)", "torch.cat([torch.randperm(len(near), generator=generator), torch.randint(len(near), (k,), generator=generator)])[:k]"),
    mutant("samples: equal nodes have equal draws", DRAWN2, body("sample_neighbours", "rows = {}\nfor node in nodes.tolist():\n    near = edge_index[0, edge_index[1] == node]\n    if len(near) == 0:\n        near = nodes.new_tensor([node])\n    if node not in rows:\n        weights = torch.ones(len(near))\n        rows[node] = near[torch.multinomial(weights, k, len(near) < k, generator=generator)]\nreturn torch.stack([rows[node] for node in nodes.tolist()])")),
    mutant("sage: sums", SAGE_MEAN, "near.mean(dim=1)", "near.sum(dim=1)"),
    mutant("sage: not normalised", (SAGE_MEAN, SAGE_POOL, SAGE_LSTM), SAGE_OUT, "return F.relu(self.linear(torch.cat([own, collected], dim=1)))"),
    mutant("sage: columns of length 1", SAGE_MEAN, SAGE_OUT, SAGE_OUT.replace("))), dim=1)", "))), dim=0)")),
    mutant("sage: samples first", SAGE_MEAN, "torch.cat([own, collected], dim=1)", "torch.cat([collected, own], dim=1)"),
    mutant("sage: normalised before the ReLU", SAGE_MEAN, SAGE_OUT, "return F.relu(F.normalize(self.linear(torch.cat([own, collected], dim=1)), dim=1))"),
    mutant("sage: inputs are normalised instead", SAGE_MEAN, SAGE_OUT, "return F.relu(self.linear(F.normalize(torch.cat([own, collected], dim=1), dim=1)))"),
    mutant("sage: the sum of the row is 1", SAGE_MEAN, SAGE_OUT, "return F.normalize(F.relu(self.linear(torch.cat([own, collected], dim=1))), p=1, dim=1)"),
    mutant("sage: nan in rows that are 0", (SAGE_MEAN2, SAGE_POOL2), SAGE_OUT, "out = F.relu(self.linear(torch.cat([own, collected], dim=1)))\n        return out / out.norm(dim=1, keepdim=True)"),
    mutant("sage: the samples are detached", (SAGE_MEAN2, SAGE_LSTM2), "torch.cat([own, collected], dim=1)", "torch.cat([own, collected.detach()], dim=1)"),
    mutant("pool: no ReLU", SAGE_POOL, "F.relu(self.pool(near)).amax(dim=1)", "self.pool(near).amax(dim=1)"),
    mutant("pool: the mean", SAGE_POOL, "F.relu(self.pool(near)).amax(dim=1)", "F.relu(self.pool(near)).mean(dim=1)"),
    mutant("pool: the maximum of the samples themselves", SAGE_POOL, "F.relu(self.pool(near)).amax(dim=1)", "near.amax(dim=1)"),
    mutant("lstm: the first hidden state", SAGE_LSTM, "self.lstm(near)[0][:, -1]", "self.lstm(near)[0][:, 0]"),
    mutant("lstm: the cell", SAGE_LSTM, "self.lstm(near)[0][:, -1]", "self.lstm(near)[1][1][0]"),
    mutant("lstm: reads nodes, not samples", SAGE_LSTM, "self.lstm(near)[0][:, -1]", "self.lstm(near.transpose(0, 1))[0][-1]"),
    mutant("embed: a generator of its own", EMBED2, "edge_index, nodes, sizes[-1], generator)", "edge_index, nodes, sizes[-1], torch.Generator(device=X.device).manual_seed(0))"),
    mutant("embed: without a gradient", EMBED2, "return layers[-1](own, others", "return layers[-1](own.detach(), others"),
    mutant("embed: samples of the first layer only", EMBED, "    others = sage_embed(*rest, near.flatten(), generator)\n    return layers[-1](own, others.reshape(*near.shape, -1))\n", "    others = X[near.flatten()] @ torch.zeros(X.shape[1], own.shape[1]).to(X)\n    return layers[-1](own, others.reshape(*near.shape, -1))\n"),
    mutant("embed: layers from the last to the first", EMBED, "return layers[-1](own, others", "return layers[0](own, others", also=(("rest = (layers[:-1], sizes[:-1], X, edge_index)", "rest = (layers[1:], sizes[1:], X, edge_index)"),)),
    mutant("embed: sizes from the first to the last", EMBED2, "edge_index, nodes, sizes[-1], generator)", "edge_index, nodes, sizes[0], generator)", also=(("sizes[:-1], X, edge_index)", "sizes[1:], X, edge_index)"),)),
    mutant("embed: one layer at least", EMBED2, "    if not layers:\n        return X[nodes]\n", "    if len(layers) < 2:\n        near = sample_neighbours(edge_index, nodes, sizes[-1], generator)\n        return layers[-1](X[nodes], X[near])\n"),
    mutant("embed: samples stand for the node", EMBED, "own = sage_embed(*rest, nodes, generator)", "own = sage_embed(*rest, near[:, 0], generator)"),
    mutant("embed: the whole graph", EMBED2, body("sage_embed", "every = torch.arange(len(X), device=X.device)\nfor layer, size in zip(layers, sizes):\n    X = layer(X, X[sample_neighbours(edge_index, every, size, generator)])\nreturn X[nodes]")),
    mutant("attention: over sources", ALPHA, SHIFT + "\n    " + ALPHAS, "e = (e - scatter_max(e, source, N)[source]).exp()\n    return e / scatter_sum(e, source, N)[source]"),
    mutant("attention: over all edges", ALPHA, SHIFT + "\n    " + ALPHAS, "return e.softmax(dim=0)"),
    mutant("attention: LeakyReLU after the softmax", ALPHA, E_IJ, "e = (h @ a_src)[source] + (h @ a_dst)[target]", also=((ALPHAS, "return F.leaky_relu(e / scatter_sum(e, target, N)[target], slope)"),)),
    mutant("attention: torch's slope", ALPHA, E_IJ, E_IJ.replace(", slope)", ")")),
    mutant("attention: a_src and a_dst exchanged", ALPHA, E_IJ, E_IJ.replace("a_src", "a_x").replace("a_dst", "a_src").replace("a_x", "a_dst")),
    mutant("attention: no loops", ALPHA, "source, target = torch.cat([edge_index, torch.stack([own, own])], dim=1)\n    e =", "source, target = edge_index\n    e ="),
    mutant("attention: loops first", ALPHA, ALPHAS, "alpha = e / scatter_sum(e, target, N)[target]\n    return torch.cat([alpha[edge_index.shape[1] :], alpha[: edge_index.shape[1]]])"),
    mutant("attention: not divided", ALPHA, ALPHAS, "return e"),
    mutant("attention: a loop over nodes", ALPHA, ALPHAS, "total = torch.stack([e[target == n].sum() for n in range(N)])\n    return e / total[target]"),
    mutant("attention: the slope is fixed", ALPHA2, E_IJ, E_IJ.replace(", slope)", ", 0.2)")),
    mutant("attention: detached", ALPHA2, ALPHAS, "return e / scatter_sum(e, target, N)[target].detach()"),
    mutant("attention: float32", ALPHA2, ALPHAS, "return (e / scatter_sum(e, target, N)[target]).float()", habit="dtype"),
    mutant("attention: large scores overflow", ALPHA3, SHIFT, "e = e.exp()"),
    mutant("attention: the maximum is never negative", ALPHA3, SHIFT, "e = (e - scatter_max(e, target, N).clamp(min=0)[target]).exp()"),
    mutant("attention: one maximum for all", ALPHA3, SHIFT, "e = (e - e.max()).exp()"),
    mutant("GAT: the first head's vectors for all", HEADS, "alpha = attention_coefficients(h, edge_index, a_src, a_dst)", "alpha = attention_coefficients(h, edge_index, self.a_src[0], self.a_dst[0])"),
    mutant("GAT: no ELU", HEADS, OUT, OUT.replace("F.elu(torch.cat(heads, dim=1))", "torch.cat(heads, dim=1)")),
    mutant("GAT: ELU in the last layer", HEADS, OUT, OUT.replace("torch.stack(heads).mean(dim=0)", "F.elu(torch.stack(heads).mean(dim=0))")),
    mutant("GAT: always the mean", HEADS, OUT, "return torch.stack(heads).mean(dim=0)"),
    mutant("GAT: heads are added up", HEADS, OUT, OUT.replace(".mean(dim=0)", ".sum(dim=0)")),
    mutant("GAT: messages without loops", HEADS, HEAD, "E = edge_index.shape[1]\n            heads.append(scatter_sum(alpha[:E, None] * h[edge_index[0]], edge_index[1], N))"),
    mutant("GAT: sends the target's vector", HEADS, HEAD, HEAD.replace("h[source]", "h[target]")),
    mutant("GAT: the mean of neighbours", (HEADS, TRUST), HEAD, "heads.append(scatter_mean(h[source], target, N))", calibrates=True),
    mutant("GAT: weights do not learn", (HEADS2, TRUST), HEAD, HEAD.replace("alpha[:, None]", "alpha.detach()[:, None]"), calibrates=True),
    mutant("GAT: scores without the features", TRUST, "attention_coefficients(h, edge_index", "attention_coefficients(0 * h, edge_index", calibrates=True),
    mutant("GAT: ReLU for ELU", HEADS, OUT, OUT.replace("F.elu", "F.relu")),
    mutant("GIN: no eps", GIN, GIN_SUM, GIN_SUM.replace("(1 + self.eps) * X", "X")),
    mutant("GIN: eps on the neighbours", GIN, GIN_SUM, "X + (1 + self.eps) * scatter_sum(X[edge_index[0]], edge_index[1], len(X))"),
    mutant("GIN: eps on all", GIN, GIN_SUM, "(1 + self.eps) * (X + scatter_sum(X[edge_index[0]], edge_index[1], len(X)))"),
    mutant("GIN: eps without the 1", GIN, GIN_SUM, GIN_SUM.replace("(1 + self.eps)", "self.eps")),
    mutant("GIN: the mean", GIN, GIN_SUM, GIN_SUM.replace("scatter_sum", "scatter_mean")),
    mutant("GIN: directions exchanged", GIN, GIN_SUM, GIN_SUM.replace("X[edge_index[0]], edge_index[1]", "X[edge_index[1]], edge_index[0]")),
    mutant("GIN: eps does not learn", GIN2, GIN_SUM, GIN_SUM.replace("self.eps", "self.eps.item()")),
    mutant("GIN: the network sees no gradient of neighbours", GIN2, GIN_SUM, GIN_SUM.replace("X[edge_index[0]]", "X.detach()[edge_index[0]]")),
    mutant("colours: sets, not multisets", WL2, PAIR, PAIR.replace("sorted(colours", "set(colours")),
    mutant("colours: in the order of edges", WL2, PAIR, PAIR.replace("tuple(sorted(colours[j] for j in near[n]))", "tuple(colours[j] for j in near[n])")),
    mutant("colours: one round less", WL, "for _ in range(rounds):\n        names", "for _ in range(rounds - 1):\n        names"),
    mutant("colours: nodes change one after the other", WL2, "        pairs = [" + PAIR + " for n in range(N)]\n        colours = [names.setdefault(pair, len(names)) for pair in pairs]\n", "        for n in range(N):\n            colours[n] = 100 + names.setdefault(" + PAIR + ", len(names))\n"),
    mutant("colours: what leaves, not what arrives", WL2, "near[i].append(j)", "near[j].append(i)"),
    mutant("colours: the sum of colours", WL2, PAIR, "(colours[n], sum(colours[j] for j in near[n]))"),
    mutant("colours: every node its own at first", WL, "colours = [0] * N", "colours = list(range(N))"),
    mutant("colours: float numbers", WL2, "return torch.tensor(colours, device=edge_index.device)", "return torch.tensor(colours, device=edge_index.device).float()"),
    mutant("readout: one for all nodes", READ, "ways[kind](x, batch, int(batch.max()) + 1)", "ways[kind](x, 0 * batch, int(batch.max()) + 1)"),
    mutant("readout: always the mean", READ, '"max": scatter_max, "sum": scatter_sum', '"max": scatter_mean, "sum": scatter_mean'),
    mutant("readout: the last graph is lost", READ, "int(batch.max()) + 1)", "int(batch.max()))"),
    mutant("readout: another default", READ2, 'batch: Tensor, kind: str = "mean") -> Tensor:', 'batch: Tensor, kind: str = "sum") -> Tensor:'),
    mutant("readout: accepts any kind", READ2, "ways[kind](x", "ways.get(kind, scatter_mean)(x", also=(("    if kind not in ways:\n        raise ValueError(f\"unknown kind {kind!r}\")\n", ""),)),
    mutant("readout: float64", READ2, "return ways[kind](x, batch, int(batch.max()) + 1)", "return ways[kind](x, batch, int(batch.max()) + 1).double()", habit="dtype"),
    mutant("GCN: leaves training mode on", "check_graph_convolution_has_right_gradients", first("GCNLayer.forward", "self.train()")),
    mutant("spatial: leaves training mode on", "check_gradients_of_sums_and_means", first("SpatialLayer.forward", "self.train()")),
    mutant("SAGE: leaves training mode on", "check_gradients_of_sage_with_lstm", first("SAGELayer.forward", "self.train()")),
    mutant("GAT: leaves training mode on", "check_gradients_of_heads", first("GATLayer.forward", "self.train()")),
    mutant("GIN: leaves training mode on", "check_isomorphism_layer_learns", first("GINLayer.forward", "self.train()")),
    mutant("SAGE: leaves the LSTM in evaluation mode", "check_sage_with_lstm", first("SAGELayer.forward", "if self.lstm is not None:\n    self.lstm.eval()")),
    mutant("GCN: leaves evaluation mode on", "check_graph_convolution", first("GCNLayer.forward", "self.eval()")),
    mutant("spatial: leaves evaluation mode on", "check_sums_and_means_of_neighbours", first("SpatialLayer.forward", "self.eval()")),
    mutant("samples: sorts the edges", "check_samples_are_neighbours", first("sample_neighbours", "edge_index.copy_(edge_index.flip(1))")),
    mutant("SAGE: leaves evaluation mode on", "check_sage_with_means", first("SAGELayer.forward", "self.eval()")),
    mutant("GAT: leaves evaluation mode on", "check_two_heads", first("GATLayer.forward", "self.eval()")),
    mutant("GIN: leaves evaluation mode on", "check_isomorphism_layer", first("GINLayer.forward", "self.eval()")),
    mutant("kinds: the first graph stays", (KINDS2, OWN2, TOP2), first("SpatialLayer.forward", "edge_index = self.__dict__.setdefault('edges', edge_index)")),
    mutant("kipf: degrees of the first graph", TOP2, "            scaled = root * X\n", "            root = self.__dict__.setdefault('root', root)\n            scaled = root * X\n"),
    mutant("attention layer: the first graph stays", HEADS2, first("GATLayer.forward", "edge_index = self.__dict__.setdefault('edges', edge_index)")),
    mutant("isomorphism: the first graph stays", GIN2, first("GINLayer.forward", "edge_index = self.__dict__.setdefault('edges', edge_index)")),
    mutant("samples: all neighbours in their order", DRAWN2, "        elif len(near) >= k:\n", "        elif len(near) == k:\n            rows.append(near)\n        elif len(near) > k:\n"),
    mutant("embedding: one node without its axis", EMBED2, "        return X[nodes]\n", "        return X[nodes].squeeze(0)\n"),
    mutant("samples: the generator begins again", DRAWN2, first("sample_neighbours", "generator.manual_seed(generator.initial_seed())")),
    mutant("embed: leaves its layers in evaluation mode", EMBED2, first("sage_embed", "for layer in layers:\n    layer.eval()")),
    mutant("embed: the generator begins again", EMBED2, first("sage_embed", "generator.manual_seed(generator.initial_seed())")),
]
