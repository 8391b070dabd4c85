"""a19: what the public checks say about natural mistakes."""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[str, list[Mistake]] = {
    "tabular.py": [
        ("returns", ("rewards[t] + gamma * following", "gamma * (rewards[t] + following)"), "is not discounted"),
        ("returns", ("reversed(range(len(rewards)))", "range(len(rewards))"), "still to come"),
        ("evaluate_policy", (" * ~terminal[:, None]", ""), "Nothing follows a terminal state"),
        ("evaluate_policy", ("(policy * R).sum(dim=1)", "(policy * R).sum(dim=1) * ~terminal"), "its last reward"),
        ("q_from_v", (" * ~terminal[:, None]", ""), "Nothing follows a terminal state"),
        ("q_from_v", ("gamma * ", ""), "Discount what follows"),
        ("value_iteration", (".amax(dim=1)", ".mean(dim=1)"), "the maximum over actions"),
        ("sarsa_update", ("Q[s2, a2]", "Q[s2].amax(dim=1)"), "not the best one"),
        ("sarsa_update", ("~done * ", ""), "nothing follows"),
        (
            "sarsa_update",
            ("alpha * (target - Q[s, a]), accumulate=True", "Q[s, a] + alpha * (target - Q[s, a])"),
            "add up",
        ),
        ("q_learning_update", ("amax", "mean"), "not the mean"),
        ("monte_carlo_control", ("if (s, a) not in seen:", "if True:"), "Only the first visit"),
        ("max_bias", ("second.gather", "first.gather"), "must not be the one"),
        ("double_q_update", ("other[s2, own", "own[s2, own"), "the other one says"),
        ("n_step_return", ("powers[-1] * values", "values"), "is discounted"),
    ],
    "deep_q.py": [
        ("stack_frames", ("clamp(min=0)]", "clamp(min=0)].flip(1)"), "The oldest frame"),
        ("dqn_target", ("torch.where(done, 0, q_next.detach().amax(dim=1))", "q_next.amax(dim=1)"), "nothing follows"),
        ("double_dqn_target", ("q_next_online.argmax", "q_next_target.argmax"), "This is DQN"),
        ("dqn_loss", ("error - 0.5", "error"), "both branches meet"),
        ("sync_target", ("slow.lerp_(fast, tau)", "fast.lerp_(slow, tau)"), "Change the target network only"),
        ("dqn_loss", (".mean()", ".mean() / q.shape[1]"), "not over all values"),
        ("fitted_q", ("range(iterations)", "range(iterations - 1)"), "one iteration too few"),
    ],
    "policy_gradient.py": [
        ("log_prob", ("log_softmax", "softmax"), "take its logarithm"),
        ("entropy", ("-(logs", "(logs"), "minus the sum"),
        ("boltzmann", ("q / temperature", "q * temperature"), "Divide by the temperature"),
        ("reinforce_loss", ("-torch.where", "torch.where"), "the sign is wrong"),
        ("reinforce_loss", ("len(mask)", "mask.sum()"), "not over steps"),
        (
            "reinforce_loss",
            ("logits = torch.where(mask[..., None]", "mask = mask | True\n    logits = torch.where(mask[..., None]"),
            "after the end",
        ),
        ("reward_to_go", ("return out", "return out[:, :1].expand_as(out)"), "the whole return"),
        ("normalise", ("weights[mask]", "weights"), "do not count"),
        ("normalise", ("correction=0", "correction=1"), "the number of entries"),
        ("constant_baseline", ("scores.square()", "scores"), "squares of the scores"),
        ("td_errors", ("torch.where(done, 0, next_values)", "next_values"), "nothing follows"),
        ("gae", ("torch.where(ended[:, t], 0, following)", "following"), "belongs to the next one"),
        ("actor_critic_loss", ("- c_e", "+ c_e"), "is a bonus"),
        ("decision_tokens", ("device=states.device) + 1", "device=states.device) + 2"), "reads the action"),
        ("act", ("wanted = wanted - earned[-1]", "pass"), "Subtract the reward"),
    ],
}


@pytest.mark.parametrize("file", MISTAKES)
def test_the_first_failed_check_names_the_mistake(file: str) -> None:
    assert not_named("a19_reinforcement", file, MISTAKES[file]) == []
