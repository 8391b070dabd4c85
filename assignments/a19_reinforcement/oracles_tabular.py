"""What the checks of tabular share: random worlds, loops over states and actions, and a world that keeps a log."""

import math

import torch

# A generator of random numbers in the student's process, on the device of a tensor.
GENERATOR = """
import torch

def generator(like, seed):
    return torch.Generator(device=like.device).manual_seed(seed)
"""

# A world with given rewards, in which states follow at random from the numbers of the generator. It keeps a log of
# episodes. `play` adds an episode with actions that do not depend on a policy.
LOGGED = (
    GENERATOR
    + """
class Logged:
    def __init__(self, P, R, terminal, limit):
        self.P, self.R, self.terminal, self.limit = P, R, terminal, limit
        self.states, self.actions = R.shape
        self.log, self.random, self.copies = [], None, []

    def reset(self, n, generator):
        self.random = generator
        self.copies.append(n)
        self.state = torch.zeros(n, dtype=torch.int64, device=self.R.device)
        self.log.append([])
        return self.state.clone()

    def step(self, actions):
        s = self.state
        reward, done = self.R[s, actions], self.terminal[s]
        self.log[-1].append((int(s[0]), int(actions[0]), float(reward[0])))
        self.state = torch.multinomial(self.P[s, actions], 1, generator=self.random)[:, 0]
        return self.state.clone(), reward, done, torch.full_like(done, len(self.log[-1]) >= self.limit) & ~done

    def play(self, generator, max_steps):
        state, ended = self.reset(1, generator), False
        for t in range(min(max_steps, self.limit)):
            state, _, done, _ = self.step((state + t) % self.actions)
            if done:
                ended = True
                break
        s, a, r = zip(*self.log[-1])
        return [torch.tensor(part, device=self.R.device) for part in (s, a, r)] + [ended]

def logged(P, R, terminal, limit):
    return Logged(P, R, terminal, limit)
"""
)


def world(rng, S, A, ends=1):
    """Draw probabilities, rewards, and which states are terminal: the last ones."""
    P = rng.uniform(S, A, S, low=0.05) ** 2
    return P / P.sum(dim=2, keepdim=True), rng.normal(S, A), torch.arange(S, device=rng.device) >= S - ends


def policy_of(rng, S, A):
    """Draw a policy."""
    chances = rng.uniform(S, A, low=0.05)
    return chances / chances.sum(dim=1, keepdim=True)


def solved(P, R, terminal, policy, gamma):
    """Solve Bellman's equation of a policy as linear equations."""
    step = (policy[:, :, None] * P).sum(dim=1)
    step[terminal] = 0.0
    eye = torch.eye(len(R), dtype=R.dtype, device=R.device)
    return torch.linalg.solve(eye - gamma * step, (policy * R).sum(dim=1))


def q_loop(P, R, terminal, V, gamma):
    """Compute the value of each action by loops."""
    out = torch.zeros_like(R)
    for s in range(R.shape[0]):
        for a in range(R.shape[1]):
            following = sum(float(P[s, a, t]) * float(V[t]) for t in range(R.shape[0]))
            out[s, a] = float(R[s, a]) + (0.0 if terminal[s] else gamma * following)
    return out


def best_rows(Q):
    """Return the greedy policy, row by row."""
    rows = [[0.0] * Q.shape[1] for _ in range(Q.shape[0])]
    for row, values in zip(rows, Q.tolist(), strict=True):
        row[values.index(max(values))] = 1.0
    return torch.tensor(rows, dtype=Q.dtype, device=Q.device)


def returns_loop(rewards, gamma):
    """Compute each return as a sum of its own."""
    return [math.fsum(r * gamma**k for k, r in enumerate(rewards[t:])) for t in range(len(rewards))]


def first_visits(log, S, A, gamma, every=False):
    """Return the means of returns after first visits (or all), and the tables that each episode began with."""
    found = {(s, a): [] for s in range(S) for a in range(A)}
    tables = []

    def table():
        means = [[sum(found[s, a]) / len(found[s, a]) if found[s, a] else 0.0 for a in range(A)] for s in range(S)]
        return torch.tensor(means, dtype=torch.float64)

    for episode in log:
        tables.append(table())
        gains, seen = returns_loop([r for _, _, r in episode], gamma), set()
        for (s, a, _), gain in zip(episode, gains, strict=True):
            if every or (s, a) not in seen:
                found[s, a].append(gain)
            seen.add((s, a))
    return table(), tables


def td_loop(Q, s, a, targets, alpha):
    """Add the increments of a batch one by one, all from the old table."""
    out = Q.clone()
    for n in range(len(s)):
        out[s[n], a[n]] += alpha * (float(targets[n]) - float(Q[s[n], a[n]]))
    return out


def batch_of(rng, S, A, B):
    """Draw experiences: states, actions, rewards, next states, next actions and ends, with repeated pairs."""
    s, a = rng.integers(0, S, B), rng.integers(0, A, B)
    s[1], a[1] = s[0], a[0]
    done = rng.uniform(B) < 0.4
    done[0], done[1] = False, True
    return s, a, rng.normal(B), rng.integers(0, S, B), rng.integers(0, A, B), done


def after(Q, r, s2, a2, done, gamma):
    """Return targets: the reward, and the value of an action in the next state unless the episode is done."""
    return [float(r[n]) + (0.0 if done[n] else gamma * float(Q[s2[n], a2[n]])) for n in range(len(r))]


def bootstrapped(rewards, values, n, gamma):
    """Return n-step returns by adding one reward after the other."""
    out, T = [], len(rewards)
    for t in range(T):
        total, power, at = 0.0, 1.0, t
        while at < T and at < t + n:
            total += power * float(rewards[at])
            power *= gamma
            at += 1
        out.append(total + power * float(values[at]))
    return torch.tensor(out, dtype=rewards.dtype, device=rewards.device)
