"""Grade hand-ins of the corpus quickly: of each task its cheapest check, or only whether the task can be loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.course import earlier_modules
from autograder.core.report import Remark
from autograder.sandbox.link import Link
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import WorkerPool
from autograder.sandbox.proxy import Student, StudentFault
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.statements import written_tasks
from autograder.submissions.submission import Submission, open_submission
from tests.golden.honest.clean import Clean, read_stub

T = TypeVar("T")
COURSE = Path(__file__).resolve().parents[3] / "assignments"

# The task that a recipe damages: no other task needs it.
VICTIMS = {
    "a01_knn": "knn_get_best_k",
    "a02_linear_classifier": "softmax_get_search_params",
    "a04_cnn": "count_macs",
    "a06_attention": "position_encoding_simple",
}

# Checks of different tasks, each of which takes less than 0.1 s; tasks without one are only loaded.
CHECKS = {
    "a01_knn": (
        "check_two_loops_keeps_the_dtype",
        "check_one_loop_agrees_with_the_definition",
        "check_no_loops_agrees_with_the_definition",
        "check_cross_validation_when_folds_are_uneven",
        "check_best_k_has_the_highest_mean",
        "check_predict_labels_copies_the_nearest_label",
        "check_classifier_predicts_by_vote",
    ),
    "a02_linear_classifier": (
        "check_color_histogram_on_the_edges",
        "check_hog_of_plain_and_faint_images",
        "check_features_stand_side_by_side",
        "check_svm_naive_keeps_float32",
        "check_svm_vectorized_gradient_by_differences",
        "check_softmax_naive_loss",
        "check_softmax_vectorized_runs_as_many_operations_on_larger_batches",
        "check_validate_batch_refuses_other_dtypes",
        "check_batch_is_drawn_with_replacement",
        "check_training_leaves_its_inputs",
        "check_prediction_is_the_highest_score",
        "check_one_param_set_trains_and_measures",
        "check_svm_search_has_5_to_25_pairs",
        "check_softmax_search_has_5_to_25_pairs",
    ),
    "a04_cnn": (
        "check_conv_keeps_float32_and_its_inputs",
        "check_batch_norm_keeps_running_statistics",
        "check_macs_of_a_network",
        "check_three_layer_function_agrees_with_the_formula",
        "check_three_layer_module_starts_as_described",
    ),
    "a06_attention": (
        "check_any_vocabulary_is_numbered",
        "check_sentences_become_tokens",
        "check_simple_positions_are_fractions",
        "check_sinusoid_agrees_with_the_formula",
        "check_single_with_large_scores",
        "check_batch_agrees_with_torch",
        "check_no_loop_hides_what_the_mask_says",
        "check_heads_do_not_know_the_order",
        "check_layer_norm_agrees_with_torch",
        "check_mask_hides_the_future",
        "check_patches_of_images_that_are_not_square",
        "check_vit_knows_where_patches_are",
    ),
}


@dataclass(frozen=True)
class Graded:
    """What a hand-in earned."""

    earned: frozenset[str]  # tasks
    lost: Mapping[str, str]  # task -> why
    remarks: tuple[Remark, ...]
    notes: tuple[str, ...]


Grade = Callable[[Path], Graded]


@cache
def clean(name: str) -> Clean:
    """The clean hand-in of an assignment."""
    assignment = read_assignment(COURSE / name)
    return Clean(assignment, VICTIMS[name], read_stub(assignment))


def with_grader(name: str, pool: WorkerPool, body: Callable[[Grade], T]) -> T:
    """Call ``body`` with a function that grades hand-ins of an assignment."""
    assignment = clean(name).assignment

    def run(checks: Checks) -> T:
        judged = {check.spec.task for check in checks.items if check.name in CHECKS[name]}
        assert len(judged) >= 5, judged
        return body(lambda path: _grade(path, assignment, checks, pool))

    return with_checks(assignment, Options(seed=20), run)


def _grade(path: Path, assignment: Assignment, checks: Checks, pool: WorkerPool) -> Graded:
    submission = open_submission(path, assignment, earlier_modules=earlier_modules(assignment))
    wanted = CHECKS[assignment.name]
    with open_link(pool, submission.code, assignment) as link:
        results = checks.judge(link, submission.code, only=lambda check: check.name in wanted)
        lost = {result.task: result.message for result in results if result.points < result.max_points}
        judged = {result.task for result in results}
        for task in assignment.tasks:
            if task.name not in judged and (reason := _try_to_load(task.name, task.file, submission, link)):
                lost[task.name] = reason
    earned = frozenset(task.name for task in assignment.tasks if task.name not in lost)
    return Graded(earned, lost, submission.remarks, submission.notes)


def _try_to_load(task: str, file: str, submission: Submission, link: Link) -> str:
    """Why a task's function cannot be loaded; empty when it can."""
    code = submission.code
    link.begin(seed=1, seconds=10, memory_mb=3072)
    student = Student(link, file.removesuffix(".py"), code.files.get(file), unreadable=code.unreadable.get(file, ""))
    name, _, method = task.partition(".")
    try:
        found = getattr(student, name)
        if method:
            getattr(found, method)
    except StudentFault as fault:
        return fault.message
    return "" if written_tasks(student.source, [task]) else f"{task} is not written yet."
