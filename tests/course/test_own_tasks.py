"""A task that is wrong costs no points of the tasks whose code calls it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.authoring.edits import NewBody, apply_edits
from autograder.authoring.reference import read_reference
from autograder.core.assignment import read_assignment
from autograder.core.report import Outcome
from autograder.sandbox.open_link import open_link
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts

pytestmark = pytest.mark.slow

ASSIGNMENTS = Path(__file__).parents[2] / "assignments"
BROKEN = 'raise RuntimeError("broken")'
WAYS = {
    "it raises": BROKEN,
    "it is not written": "raise NotImplementedError()",
    "Python cannot read it": "q = min((1, 2",
}
METHODS = {
    "ReplayBuffer": "add",
    "PlainBlock": "forward",
    "WordEmbedding": "forward",
    "LSTM": "step_forward",
    "GuidedReLU": "forward",
    "MaskedAutoregressive": "forward",
}

# assignment, file, the tasks that are broken, the tasks that call them
CASES = [
    (
        "a01_knn",
        "knn.py",
        ("compute_distances_no_loops", "predict_labels"),
        ("KnnClassifier.predict", "knn_cross_validate"),
    ),
    (
        "a02_linear_classifier",
        "linear_classifier.py",
        ("sample_batch", "predict_linear_classifier"),
        ("train_linear_classifier", "test_one_param_set"),
    ),
    (
        "a02_linear_classifier",
        "linear_classifier.py",
        ("validate_batch",),
        ("svm_loss_naive", "svm_loss_vectorized", "softmax_loss_naive", "softmax_loss_vectorized"),
    ),
    ("a03_mlp", "two_layer_net.py", ("nn_forward_pass",), ("nn_forward_backward", "nn_train", "nn_predict")),
    (
        "a03_mlp",
        "fully_connected_networks.py",
        ("Linear.forward", "ReLU.backward", "Dropout.forward", "Dropout.backward"),
        ("TwoLayerNet.loss", "FullyConnectedNet.loss"),
    ),
    (
        "a04_cnn",
        "convolutional_networks.py",
        ("BatchNorm.forward", "BatchNorm.backward", "BatchNorm.backward_alt", "kaiming_initializer"),
        (
            "SpatialBatchNorm.forward",
            "SpatialBatchNorm.backward",
            "DeepConvNet",
            "create_convolutional_solver_instance",
        ),
    ),
    ("a04_cnn", "resnet.py", ("PlainBlock",), ("ResidualBlock", "ResNet")),
    (
        "a05_captioning",
        "rnn_lstm_captioning.py",
        ("rnn_step_forward", "rnn_step_backward"),
        ("rnn_forward", "rnn_backward", "rnn_truncated_backward", "RNN"),
    ),
    (
        "a05_captioning",
        "rnn_lstm_captioning.py",
        ("WordEmbedding", "temporal_softmax_loss", "LSTM", "dot_product_attention"),
        ("AttentionLSTM", "CaptioningRNN.forward", "CaptioningRNN.sample"),
    ),
    (
        "a06_attention",
        "transformers.py",
        ("scaled_dot_product_no_loop_batch", "get_subsequent_mask"),
        ("SelfAttention", "Transformer"),
    ),
    ("a10_detection", "single_stage_detector.py", ("IoU", "precision_recall"), ("nms", "mean_average_precision")),
    (
        "a11_autograd",
        "autograd.py",
        ("topological_order", "unbroadcast", "relu", "matmul", "softmax_cross_entropy"),
        ("backward", "graph_table", "add", "mul", "maximum", "hvp", "TwoLayer.loss", "TwoLayer.step", "checkpoint"),
    ),
    ("a11_autograd", "autograd.py", ("backward", "TwoLayer.loss"), ("hvp", "TwoLayer.step", "checkpoint")),
    ("a12_inside_networks", "network_visualization.py", ("GuidedReLU",), ("guided_backprop",)),
    (
        "a12_inside_networks",
        "style_transfer.py",
        ("gram_matrix", "guided_gram_matrix"),
        ("style_loss", "guided_style_loss", "texture_synthesis"),
    ),
    ("a12_inside_networks", "embedding_steps.py", ("covariance",), ("principal_axes", "whiten")),
    ("a13_dense_prediction", "resampling.py", ("conv_matrix",), ("conv_transpose1d",)),
    ("a13_dense_prediction", "segmentation.py", ("bilinear_kernel",), ("FCN",)),
    (
        "a17_latent_variables",
        "mixtures.py",
        ("gaussian_log_prob", "responsibilities", "m_step"),
        ("fit_gmm", "elbo"),
    ),
    ("a17_latent_variables", "mixtures.py", ("gaussian_log_prob",), ("responsibilities",)),
    ("a17_latent_variables", "vae.py", ("reparametrize",), ("VAE", "CVAE")),
    ("a17_latent_variables", "vae.py", ("beta_loss",), ("loss_function",)),
    ("a17_latent_variables", "flows.py", ("made_masks",), ("MaskedAutoregressive",)),
    ("a17_latent_variables", "flows.py", ("MaskedAutoregressive",), ("InverseAutoregressive",)),
    ("a20_graphs", "graph_basics.py", ("adjacency",), ("normalised_adjacency",)),
    (
        "a20_graphs",
        "graph_layers.py",
        ("scatter_sum", "scatter_mean", "scatter_max", "attention_coefficients", "sample_neighbours"),
        ("SpatialLayer", "GATLayer", "GINLayer", "readout", "sage_embed"),
    ),
    ("a20_graphs", "graph_layers.py", ("scatter_sum",), ("scatter_mean",)),
    ("a20_graphs", "graph_layers.py", ("scatter_sum", "scatter_max"), ("attention_coefficients",)),
    ("a19_reinforcement", "tabular.py", ("returns", "sample_episode"), ("monte_carlo_control",)),
    (
        "a19_reinforcement",
        "tabular.py",
        ("evaluate_policy", "q_from_v", "greedy"),
        ("policy_iteration", "value_iteration", "monte_carlo_control"),
    ),
    (
        "a19_reinforcement",
        "deep_q.py",
        ("ReplayBuffer", "dqn_target", "double_dqn_target", "dqn_loss", "sync_target"),
        ("train_dqn",),
    ),
    (
        "a19_reinforcement",
        "policy_gradient.py",
        ("log_prob", "entropy"),
        ("reinforce_loss", "actor_critic_loss", "train_policy"),
    ),
    ("a19_reinforcement", "policy_gradient.py", ("reinforce_loss", "reward_to_go", "normalise"), ("train_policy",)),
    ("a22_classical_vision", "edges.py", ("conv_fast",), ("cross_correlation", "sobel", "canny")),
    ("a22_classical_vision", "edges.py", ("partial_x", "partial_y"), ("gradient",)),
    (
        "a22_classical_vision",
        "edges.py",
        ("gaussian_kernel", "gradient", "non_maximum_suppression", "link_edges"),
        ("canny",),
    ),
    ("a22_classical_vision", "features.py", ("fit_affine_matrix",), ("ransac",)),
    (
        "a22_classical_vision",
        "seams.py",
        ("energy_function", "compute_cost", "backtrack_seam", "remove_seam"),
        ("reduce", "enlarge"),
    ),
    ("a07_gan", "gan.py", ("Conditional.forward", "generator"), ("cgan_generator", "cgan_discriminator")),
]


BY_ASSIGNMENT = {name: [case for assignment, *case in CASES if assignment == name] for name, *_ in CASES}


def failures(checks: Checks, file: str, broken: tuple[str, ...], callers: tuple[str, ...], body: str) -> Iterator[str]:
    """Yield the checks of the callers that a solution fails in which other tasks are broken."""
    edits = [NewBody(f"{task}.{METHODS[task]}" if task in METHODS else task, BROKEN) for task in broken]
    scripts = apply_edits("The test", edits, file, read_reference(checks.assignment))
    scripts = {name: text.replace(BROKEN, body) for name, text in scripts.items()}
    code = code_of_scripts(scripts, checks.assignment)
    with open_link(None, code, checks.assignment) as link:
        results = checks.judge(
            link, code, only=lambda check: check.spec.task in {*broken, *callers} and not check.scored
        )
    for task in broken:
        assert any(r.task == task and r.outcome is Outcome.FAILED for r in results)
    assert {r.task for r in results} == {*broken, *callers}
    yield from (f"{r.id}: {r.message}" for r in results if r.task in callers and r.outcome is not Outcome.PASSED)


@pytest.mark.parametrize("name", BY_ASSIGNMENT)
def test_a_broken_task_costs_only_its_own_points(name: str) -> None:
    """The checks of an assignment are collected once for all cases, which takes longer than to run a case."""

    def judge_all(checks: Checks) -> dict[str, list[str]]:
        found = {
            f"{', '.join(broken)}: {way}": list(failures(checks, file, broken, callers, body))
            for file, broken, callers in BY_ASSIGNMENT[name]
            for way, body in WAYS.items()
        }
        return {what: failed for what, failed in found.items() if failed}

    assert not with_checks(read_assignment(ASSIGNMENTS / name), Options(seed=3), judge_all)
