"""Public checks of precision, recall, average precision and their mean, on cases by hand."""

from itertools import pairwise

import torch
from oracles import curve_of, mean_at, shot, tensor
from oracles_loans import LOANS_OF_IOU, LOANS_OF_THE_MEAN

from autograder import Message, expect_close, task


@task("precision_recall", share="2/7", loans=LOANS_OF_IOU)
def check_precision_and_recall_of_a_case_by_hand(student, rng):
    """Recall and precision of five detections in two images are those worked out by hand."""
    targets = [shot(rng, [[0, 0, 4, 4], [10, 0, 14, 4]]), shot(rng, [[0, 0, 4, 4]])]
    predictions = [
        shot(rng, [[0, 0, 4, 3], [10, 0, 14, 4], [20, 20, 24, 24]], [0.9, 0.5, 0.7]),
        shot(rng, [[1, 0, 5, 4], [9, 9, 12, 12]], [0.6, 0.8]),
    ]
    # By falling score: right (0.75), nothing there, nothing there, right (IoU 0.6), right.
    recall, precision = curve_of(student.precision_recall(predictions, targets, 0))
    expect_close(recall, tensor(rng, [1 / 3, 1 / 3, 1 / 3, 2 / 3, 1]), name="recall", check_dtype=False, mistakes={
        "Recall was divided by the number of images, not by the number of objects.":
            tensor(rng, [1 / 2, 1 / 2, 1 / 2, 1, 1.5]),
        "Recall is divided by the number of objects; here by the number of detections.":
            tensor(rng, [1 / 5, 1 / 5, 1 / 5, 2 / 5, 3 / 5]),
        "The detections are in the order of the images; sort those of all images together by score.":
            tensor(rng, [1 / 3, 1 / 3, 2 / 3, 2 / 3, 1]),
        "This is the precision; return (recall, precision).": tensor(rng, [1, 1 / 2, 1 / 3, 2 / 4, 3 / 5]),
        "The detections are sorted by rising score; begin with the highest.":
            tensor(rng, [1 / 3, 2 / 3, 2 / 3, 2 / 3, 1]),
        "An object of one image was claimed by a detection of another; objects are claimed in their image.":
            tensor(rng, [1 / 3, 1 / 3, 1 / 3, 1 / 3, 2 / 3]),
    })  # fmt: skip
    expect_close(precision, tensor(rng, [1, 1 / 2, 1 / 3, 2 / 4, 3 / 5]), name="precision", check_dtype=False)


@task("precision_recall", share="1/7", loans=LOANS_OF_IOU)
def check_objects_of_other_classes_do_not_matter(student, rng):
    """A detection is compared with the objects of its own class, also if another object is nearer."""
    targets = [shot(rng, [[0, 0, 4, 4], [0, 0, 4, 3]], labels=[5, 2])]
    predictions = [shot(rng, [[0, 0, 4, 4], [0, 0, 4, 4]], [0.9, 0.8], [2, 5])]
    recall, precision = curve_of(student.precision_recall(predictions, targets, 2))
    expect_close(recall, tensor(rng, [1]), name="recall", check_dtype=False, mistakes={
        "The nearest object of any class was taken, and then the classes were compared. Look for the nearest object "
        "among those of this class.": tensor(rng, [0]),
        "All detections were taken; take those of this class.": tensor(rng, [1, 1]),
        "Recall is the share of the objects of this class.": tensor(rng, [1 / 2]),
    })  # fmt: skip
    expect_close(precision, tensor(rng, [1]), name="precision", check_dtype=False)


@task("precision_recall", share="1/7", loans=LOANS_OF_IOU)
def check_a_second_detection_of_an_object_is_wrong(student, rng):
    """A second detection of one object counts as wrong, even if another object is still undetected."""
    targets = [shot(rng, [[0, 0, 4, 4], [0, 1, 4, 5]])]
    predictions = [shot(rng, [[0, 0, 4, 4], [0, 0.2, 4, 4.2], [0, 1, 4, 5]], [0.9, 0.8, 0.7])]
    recall, precision = curve_of(student.precision_recall(predictions, targets, 0))
    expect_close(recall, tensor(rng, [1 / 2, 1 / 2, 1]), name="recall", check_dtype=False, mistakes={
        "A second detection of the same object was counted as right.": tensor(rng, [1 / 2, 1, 3 / 2]),
        "The second detection was matched to another object; it is wrong.": tensor(rng, [1 / 2, 1, 1]),
    })  # fmt: skip
    expect_close(precision, tensor(rng, [1, 1 / 2, 2 / 3]), name="precision", check_dtype=False)


@task("average_precision", share=50, any_dtype=True)
def check_average_precision_of_cases_by_hand(student, rng):
    """Average precision is the area under the curve of the best precision at this recall or any higher one."""
    cases = [
        ([0.5, 1.0], [1.0, 1.0], 1.0),
        ([0.25, 0.25, 0.5, 0.5, 0.75], [1.0, 0.5, 2 / 3, 0.5, 0.6], 0.25 + 0.25 * 2 / 3 + 0.25 * 0.6),
        ([0.0, 0.2, 0.4], [0.0, 0.5, 2 / 3], 0.4 * 2 / 3),
    ]
    for recall, precision, expected in cases:
        value = student.average_precision(tensor(rng, recall), tensor(rng, precision))
        widths = torch.tensor(recall).diff(prepend=torch.zeros(1))
        expect_close(value, expected, name=Message("AP of recall {recall}", recall=recall), mistakes={
            "The precision was not interpolated: take the best precision from here on.":
                float((widths * torch.tensor(precision)).sum()),
            "The step from r_0 = 0 to the first recall is missing.":
                sum((b - a) * max(precision[k:]) for k, (a, b) in enumerate(pairwise(recall), start=1)),
            "This is the mean precision; return the area over recall.": sum(precision) / len(precision),
            "This is the best precision so far; take the best from here on.":
                float((widths * torch.tensor(precision).cummax(dim=0).values).sum()),
            "Recall that is never reached adds nothing; do not divide by the largest recall.":
                expected / max(recall),
            "This is the mean at 101 fixed recalls; return the area.": mean_at(recall, precision, 101),
            "This is the mean at 11 fixed recalls; return the area.": mean_at(recall, precision, 11),
        })  # fmt: skip


@task("mean_average_precision", share=50, loans=LOANS_OF_THE_MEAN, keeps=True)
def check_map_is_the_mean_over_classes(student, rng):
    """mAP is the mean of the AP of the classes: in this case of 1/3, 1/2 and 0."""
    first, second = [[0, 0, 4, 4], [8, 0, 12, 4]], [[0, 0, 4, 4], [8, 8, 9, 9]]
    targets = [shot(rng, first, labels=[2, 5]), shot(rng, second, labels=[5, 7])]
    predictions = [
        shot(rng, first, [0.2, 0.9], [2, 5]),
        shot(rng, second, [0.8, 0.7], [2, 2]),
    ]
    # Class 5: one of two found. Class 7: called 2. Class 2: two wrong ones before the right one, AP 1/3.
    expected = (1 / 3 + 1 / 2 + 0) / 3
    expect_close(student.mean_average_precision(predictions, targets), expected, mistakes={
        "The mean is over classes with detections only; a missed class counts 0.": (1 / 3 + 1 / 2) / 2,
        "The class of a detection was not compared.": 1.0,
        "This is a percentage; return a number in [0, 1].": 100 * expected,
        "This is the sum over the classes; divide it by their number.": 3 * expected,
        "The mean is over the classes that occur in the targets, not over all numbers up to the largest.": (
            3 * expected / 8
        ),
        "The classes were weighted by their numbers of objects.": (1 / 3 + 2 * 1 / 2 + 0) / 4,
    })  # fmt: skip
    perfect = [{**truth, "scores": torch.ones_like(truth["boxes"][:, 0])} for truth in targets]
    expect_close(student.mean_average_precision(perfect, targets), 1.0, name="mAP of perfect predictions")
