"""Hidden checks of a01, votes: any labels and sizes, independent predictions, accuracy on scenes."""

import torch
from check_knn_votes import wrong_votes
from oracles import LOANS, clusters, vote
from oracles_hidden import distances

from autograder import expect, expect_close, expect_equal, expect_shape, expect_unchanged, task

ALONE = "Compute the distances of the images of this call: keep nothing of earlier calls, nor use means of the images."


def compare_votes(student, dists, y_train, k):
    """Compare the votes with the count; the inputs must be unchanged."""
    seen = student.inspect(student.predict_labels, dists, y_train, k=k)
    expected = vote(dists, y_train, k)
    expect_close(seen.value, expected, rtol=0, atol=0, mistakes=wrong_votes(dists, y_train, k), check_dtype=False)
    expect_unchanged(seen, dists, y_train)


@task("predict_labels", share=10)
def check_predict_labels_on_other_sizes(student, rng):
    """Votes are right for float32 distances, more test than training images and several k; inputs are unchanged."""
    y_train = rng.integers(0, 5, 19)
    for k in (1, 2, 7, 12):
        compare_votes(student, rng.uniform(19, 43, dtype=torch.float32), y_train, k)


@task("predict_labels", share=15)
def check_predict_labels_with_any_labels(student, rng):
    """Labels need not be 0 to 9: there may be few, large ones, or more than there are test images."""
    few = torch.tensor([250, 3, 17, 90_001], device=rng.device)
    compare_votes(student, rng.uniform(23, 5), few[rng.integers(0, 4, 23)], k=6)
    compare_votes(student, rng.uniform(90, 4), rng.permutation(1000)[:90], k=3)
    compare_votes(student, rng.uniform(9, 14), torch.full((9,), 42, device=rng.device), k=4)


@task("predict_labels", share=10)
def check_predict_labels_when_all_vote(student, rng):
    """With k equal to the number of training images, all of them vote."""
    y_train = torch.tensor([5, 1, 1, 5, 0, 5, 1, 2], device=rng.device)  # 1 and 5 tie
    compare_votes(student, rng.uniform(8, 6), y_train, k=8)
    compare_votes(student, rng.uniform(7, 6), y_train[:7], k=7)


@task("predict_labels", share=10)
def check_predict_labels_for_one_image(student, rng):
    """For one test image the result is a tensor of one label."""
    for num_train, k in [(12, 1), (12, 5), (1, 1)]:
        compare_votes(student, rng.uniform(num_train, 1), rng.integers(0, 3, num_train), k)


@task("KnnClassifier.predict", share=20, loans=LOANS)
def check_classifier_on_other_images(student, rng):
    """The classifier is right for vectors and float32 images, with k = 1 by default."""
    for shape, dtype in [((6,), torch.float64), ((2, 3, 2), torch.float32)]:
        images, labels = clusters(rng, 5, 60, *shape)
        images, labels = images.to(dtype), 3 * labels + 1
        predict = student.KnnClassifier(images[:47], labels[:47]).predict
        dists = distances(images[:47], images[47:])
        expect_equal(predict(images[47:]), vote(dists, labels[:47], 1), name="without k",
                     hint="Without k the nearest image alone votes: keep the default of the handout, 1.")  # fmt: skip
        expect_equal(predict(images[47:], k=7), vote(dists, labels[:47], 7), name="k = 7")
        leave_out = "A training image that is predicted is its own nearest neighbour; leave nothing out."
        own = predict(images[:47], k=1)
        expect_shape(own, (47,))
        expect(bool((own == labels[:47]).all()), "k = 1: training images did not get their own labels.", leave_out)


@task("KnnClassifier.predict", share=10, loans=LOANS)
def check_classifier_predicts_each_image_by_itself(student, rng):
    """A prediction does not depend on the other test images or on earlier predictions."""
    images, labels = clusters(rng, 4, 50, 7)
    predict = student.KnnClassifier(images[:38], labels[:38]).predict
    expected = vote(distances(images[:38], images[38:]), labels[:38], 3)

    for rows in [slice(0, 5), slice(7, 12), slice(5, 6), slice(6, 7), slice(0, 12)]:
        expect_equal(predict(images[38:][rows], k=3), expected[rows], hint=ALONE)


@task("KnnClassifier.predict", share=30, loans=LOANS)
def check_classifier_scores_on_scenes(student, data, score):
    """The classifier recognises images whose labels your code has not seen, as well as nearest neighbours should."""
    split = data(num_train=4000, num_test=1000)
    predict = student.KnnClassifier(split.x_train, split.y_train).predict
    predicted = predict(split.x_test, k=5)

    expect_shape(predicted, (1000,))
    score(float((predicted == split.y_test).double().mean()))
