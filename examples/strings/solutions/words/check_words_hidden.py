"""Hidden checks of words."""

from oracles import counts, distances

from autograder import expect_equal, task


@task("word_counts", share=25)
def check_words_next_to_other_signs(student):
    """Signs and numbers separate words."""
    text = "one-two,two;3three\tthree\nthree"
    expect_equal(student.word_counts(text), counts(text))


@task("edit_distance", share=50)
def check_distances_of_empty_and_equal_words(student):
    """The table is right for an empty word, and for two equal words."""
    for first, second in (("", "abc"), ("abc", ""), ("", ""), ("banana", "banana")):
        expect_equal(student.edit_distance(first, second), distances(first, second), name=f"{first!r} and {second!r}")
