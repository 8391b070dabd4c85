"""What the hidden checks of tabular lend, where the functions that a task needs are wrong or missing."""

LOANS_OF_TABLES = """
import torch

def sweep(P, R, terminal, policy, gamma, tol=1e-10):
    reward, step = (policy * R).sum(1), torch.einsum("sa,sat->st", policy, P) * (~terminal)[:, None]
    V = 0 * reward
    while True:
        new = reward + gamma * step @ V
        if (new - V).abs().max() < tol:
            return new
        V = new

def q(P, R, terminal, V, gamma):
    return R + gamma * (P @ V) * (~terminal)[:, None]

def best(Q):
    return torch.nn.functional.one_hot(Q.argmax(1), Q.shape[1]).to(Q.dtype)

def play(env, policy, generator, max_steps):
    s, rows = env.reset(1, generator), []
    for _ in range(max_steps):
        a = torch.multinomial(policy[s], 1, generator=generator)[:, 0]
        t, r, done, cut = env.step(a)
        rows.append((s, a, r))
        s = t
        if done or cut:
            break
    return (*(torch.cat(part) for part in zip(*rows)), bool(done))

def gains(rewards, gamma):
    out, total = [], 0.0
    for r in rewards.flip(0):
        total = r + gamma * total
        out.append(total)
    return torch.stack(out).flip(0)

def explore(Q, s, epsilon, generator):
    chances = (1 - epsilon) * best(Q)[s] + epsilon / Q.shape[1]
    return torch.multinomial(chances, 1, generator=generator)[:, 0]

LOANS = {"evaluate_policy": sweep, "q_from_v": q, "greedy": best, "sample_episode": play, "returns": gains,
         "epsilon_greedy": explore}
"""

# Walkers take any action, all alike: Q-learning learns the values of the greedy policy whatever it follows.
WALK = """
import torch
from common.environments import Ice

def walk(like, seed, steps, walkers):
    random = torch.Generator(device=like.device).manual_seed(seed)
    env, Q = Ice(), torch.zeros(16, 4, dtype=torch.float64, device=like.device)
    s = env.reset(walkers, random)
    for step in range(steps):
        a = torch.randint(4, s.shape, generator=random, device=like.device)
        s2, r, done, truncated = env.step(a)
        Q = student.q_learning_update(Q, s, a, r, s2, done, 0.3 * (0.01 / 0.3) ** (step / steps), 0.9)
        s = env.restart(done | truncated)
    return Q
"""
