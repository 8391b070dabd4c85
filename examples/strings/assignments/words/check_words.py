"""Public checks of words."""

from oracles import counts, distances

from autograder import expect_equal, expect_raises, task

TEXT = "The cat saw the dog. Did the dog see THE cat?"


@task("word_counts", share=50)
def check_words_of_a_sentence(student):
    """The words of a sentence are counted, whatever their case."""
    wrong = {"Upper and lower case do not matter: use text.lower().": {**counts(TEXT), "The": 1}}
    expect_equal(student.word_counts(TEXT), counts(TEXT), mistakes=wrong)


@task("edit_distance", share=50)
def check_distances_of_two_words(student, rng):
    """The table of two random words agrees with the definition."""
    first, second = ("".join("abc"[rng.int(0, 3)] for _ in range(length)) for length in (5, 7))
    expect_equal(student.edit_distance(first, second), distances(first, second), check_dtype=False)


@task("word_counts", share=25)
def check_a_text_without_words(student):
    """A text without words is an error."""
    with expect_raises(ValueError, hint="Raise ValueError if there is no word."):
        student.word_counts("1, 2, 3!")
