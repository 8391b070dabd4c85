"""Natural mistakes in a19 to a22, planted in the reference, and what the public checks say about each.

The first check that fails says the words next to a mistake.
"""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[tuple[str, str], list[Mistake]] = {
    ('a19_reinforcement', 'deep_q.py'): [
        ('ReplayBuffer',
         ('torch.randint(len(self), (n,)', 'torch.randint(self.capacity, (n,)'),
         'Draw rows below len(self), not below the capacity'),
        ('sync_target',
         ('slow.lerp_(fast, tau)', 'slow.copy_(tau * slow + (1 - tau) * fast)'),
         'The target moves by tau towards the online network'),
        ('dqn_loss', """
d = q.max(dim=1).values - target.detach()
return torch.where(d.abs() < 1, 0.5 * d ** 2, d.abs() - 0.5).mean()
""", 'Only the action that was taken has an error'),
        ('dqn_target', """
return (rewards + gamma * (1 - done.float()) * q_next.max(1).values).detach()
""", '0 times nan is nan'),
    ],
    ('a19_reinforcement', 'policy_gradient.py'): [
        ('reward_to_go', """
T = rewards.shape[1]
total = (rewards * gamma ** torch.arange(T)).sum(dim=1, keepdim=True)
return total.expand(-1, T)
""", 'This is the whole return'),
        ('td_errors',
         'return rewards + gamma * next_values * done - values',
         'r + gamma V(next), without the second part where done'),
        ('actor_critic_loss', ('- c_e * entropy', '+ c_e * entropy'), 'The entropy is a bonus'),
        ('decision_tokens',
         ('torch.stack([returns_to_go, states, actions], dim=2).reshape(E, 3 * T, D)',
          'torch.cat([returns_to_go, states, actions], dim=1)'),
         'The three tokens of a step are next to one another'),
        ('log_prob', """
return torch.softmax(logits, -1).log().gather(-1, actions.unsqueeze(-1)).squeeze(-1)
""", 'exp(1000) overflows, and log(0) is infinite'),
        ('gae', ('gamma * lam *', 'gamma *'), 'Discount by gamma times lambda'),
    ],
    ('a19_reinforcement', 'tabular.py'): [
        ('epsilon_greedy', ('< epsilon', '> epsilon'), 'With epsilon 0, always the best action, the first of'),
        ('n_step_return', ('powers[-1] * values[end]', 'powers[-2] * values[end]'), 'The value, too, is discounted'),
        ('epsilon_greedy', """
g = Q[s].argmax(1)
r = torch.randint(0, Q.shape[1], s.shape)
return torch.where(torch.rand(s.shape) < epsilon, r, g)
""", 'The generator that is given draws all random numbers'),
        ('max_bias',
         ('second.gather(1, chosen)', 'first.gather(1, chosen)'),
         'The half that chooses must not be the one that estimates'),
        ('double_q_update',
         ('other[s2, own[s2].argmax(dim=1)]', 'own[s2].amax(dim=1)'),
         'The table that learns chooses the action, and the other'),
    ],
    ('a20_graphs', 'graph_basics.py'): [
        ('normalised_adjacency',
         ('A / degree.clamp(min=1)[:, None]', 'A / degree.clamp(min=1)'),
         'Divide each row by its sum'),
        ('spectral_filter',
         ('U @ (g(values)[:, None] * (U.T @ x))', 'U.T @ (g(values)[:, None] * (U @ x))'),
         'U and its transpose are exchanged'),
        ('unbatch',
         ('edge_index[:, owner == g] - starts[g]', 'edge_index[:, owner == g]'),
         'The nodes of each graph count from 0'),
        ('permute', 'return A[p], X[p]', 'Only the rows have new numbers'),
        ('chebyshev',
         ('2 * (2 / lam_max * (L @ now) - now) - before', '(2 / lam_max * (L @ now) - now) - before'),
         'Add theta[k] T_k x'),
    ],
    ('a20_graphs', 'graph_layers.py'): [
        ('scatter_sum', """
out = x.new_zeros(N, *x.shape[1:])
out[index] += x
return out
""", 'Rows of one group are added up'),
        ('GCNLayer.forward',
         'return A_hat @ X @ self.weight + self.bias',
         'Is self.bias None here? What may be None needs an `if`'),
        ('attention_coefficients',
         ('e = (e - scatter_max(e, target, N)[target]).exp()\n    return e / scatter_sum(e, target, N)[target]',
          'e = (e - scatter_max(e, source, N)[source]).exp()\n    return e / scatter_sum(e, source, N)[source]'),
         'The softmax runs over the edges that arrive at a target'),
        ('GCNLayer.forward', """
out = X @ A_hat @ self.weight
return out if self.bias is None else out + self.bias
""", 'The order matters: A_hat @ X @ weight, (N, N) times (N'),
        ('SAGELayer.forward',
         ('F.normalize(F.relu(self.linear(torch.cat([own, collected], dim=1))), dim=1)',
          'F.relu(self.linear(torch.cat([own, collected], dim=1)))'),
         'Each row gets the length 1 at the end'),
    ],
    ('a20_graphs', 'graph_tasks.py'): [
        ('negative_samples',
         ('~torch.eye(N, dtype=torch.bool, device=edge_index.device)', 'torch.ones(N, N, dtype=torch.bool)'),
         'Take out the edges and the diagonal, then draw from what'),
        ('train_node_classifier',
         ('model(X, A_hat)[mask], y[mask]', 'model(X, A_hat), y'),
         'The label -1 is not a class'),
        ('untrained_embedding',
         ('A_hat @ H @ W', 'A_hat @ X @ W'),
         'Each layer reads what the layer before made, the first'),
    ],
    ('a21_training_practice', 'foundations.py'): [
        ('contrastive_loss',
         ('y * d**2 + (1 - y) * (m - d).clamp(min=0) ** 2', '(1 - y) * d**2 + y * (m - d).clamp(min=0) ** 2'),
         'y = 1 is a pair of one kind'),
        ('nll',
         ('(y - first) ** 2 * (-log_var).exp()', '(y - first) ** 2 / log_var ** 2'),
         'The square is divided by exp of the second column, the'),
    ],
    ('a21_training_practice', 'phenomena.py'): [
        ('distillation_loss', ('a * T**2 * divergence', 'a * divergence'), 'The factor T^2 is missing'),
        ('gradient_autocorrelation', ('centred = g - g.mean()', 'centred = g'), 'Subtract the mean'),
    ],
    ('a21_training_practice', 'practice.py'): [
        ('EarlyStopping',
         ('self.best, self.waited, self.state = loss, 0, copy.deepcopy(model.state_dict())',
          'self.best, self.state = loss, copy.deepcopy(model.state_dict())'),
         'Count the updates since the best loss'),
        ('mc_dropout', ('module.train()\n', 'module.eval()\n'), 'Without dropout, all predictions are equal'),
        ('accumulate', ('(len(x) / count)', '(1 / len(parts))'), 'This is the mean of means'),
        ('stochastic_depth', ('kept.reshape(-1, *[1] * (x.dim() - 1))', 'kept'), 'The coins have the shape (N,)'),
        ('warmup', ('(t + 1) / steps', 't / steps'), 'Step t has the part (t + 1) / s'),
        ('update_ratio', """
return sum(float((a - b).norm() / b.norm()) for a, b in zip(after, before)) / len(before)
""", 'The length of all changes as one vector, divided by that'),
    ],
    ('a21_training_practice', 'search.py'): [
        ('random_points',
         ('low * (high / low) ** u if scale == "log" else low + (high - low) * u', 'low + (high - low) * u'),
         'Draw the logarithm evenly'),
        ('mixed_op', ('alpha.softmax(dim=0)', 'alpha'), 'The weights are the softmax of alpha'),
        ('successive_halving', ('len(left) * (epochs - done)', 'len(left) * epochs'), 'Trainings are continued'),
        ('kendall_tau',
         ('math.sqrt(float((up_a != 0).sum()) * float((up_b != 0).sum()))', 'len(i)'),
         'Divide by the root of (pairs without a tie in a) times'),
    ],
    ('a22_classical_vision', 'edges.py'): [
        ('gradient', (' % 360', ''), 'Angles are in [0, 360)'),
        ('non_maximum_suppression',
         ('[(0, 1), (1, 1), (1, 0), (1, -1)]', '[(0, 1), (1, -1), (1, 0), (1, 1)]'),
         'Rows grow downwards'),
        ('hough_transform', ('votes[rho + D,', 'votes[rho,'), 'The row of rho in the table is rho + D'),
        ('link_edges', """
out = strong_edges.copy()
while True:
    grown = out.copy()
    grown[1:] |= out[:-1]; grown[:-1] |= out[1:]; grown[:, 1:] |= out[:, :-1]; grown[:, :-1] |= out[:, 1:]
    grown = out | (grown & weak_edges)
    if (grown == out).all(): return out
    out = grown
""", 'Pixels have eight neighbours, with those at the corners'),
        ('hough_peaks',
         ('left[max(row - half, 0) : row + half + 1, max(column - half, 0) : column + half + 1] = 0',
          'left[row, column] = 0'),
         'Clear the square around each peak before the next one'),
    ],
    ('a22_classical_vision', 'features.py'): [
        ('harris_corners', ('k * (xx + yy) ** 2', 'k * (xx + yy)'), 'Subtract k times the *squared* trace'),
        ('ransac_draws', ('math.ceil(', 'int('), 'Round up, not down'),
        ('difference_of_gaussians',
         ('levels[1:] - levels[:-1]', 'levels[:-1] - levels[1:]'),
         'The sign is wrong: the level with more smoothing, less'),
    ],
    ('a22_classical_vision', 'machines.py'): [
        ('perceptron', ('<= 0', '< 0'), 'A point with y times w x = 0 is a mistake, too'),
        ('kernel_matrix', ('(1 + A @ B.T)', '(A @ B.T)'), 'The 1 in the polynomial is missing'),
        ('decision', 'return alpha @ K + b', 'Multiply by the labels'),
        ('pinv', ('kept = tol * S.max() < S', 'kept = S > -1'), 'Singular values that are nearly 0 count as 0'),
    ],
    ('a22_classical_vision', 'seams.py'): [
        ('reduce', {'reduce': """
out = image
while out.shape[1] > size:
    cost, paths = compute_cost(out, energy_function(out))
    out = remove_seam(out, backtrack_seam(paths, int(cost[-1].argmin())))
return out.copy()
"""}, 'With axis 0, rows are taken out'),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "file"), MISTAKES)
def test_the_first_failed_check_names_the_mistake(name: str, file: str) -> None:
    assert not_named(name, file, MISTAKES[name, file]) == []
