"""Mistakes planted in words.py, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("words.py")
BOTH = ("check_distances_of_two_words", "check_distances_of_empty_and_equal_words")

MUTANTS = [
    mutant("keeps upper case", "check_words_of_a_sentence", 'r"[a-z]+", text.lower()', 'r"[A-Za-z]+", text'),
    mutant("counts numbers as words", "check_words_next_to_other_signs", "[a-z]+", "[a-z0-9]+"),
    mutant("accepts a text without words", "check_a_text_without_words", "if not words:", "if False:"),
    mutant("replaces letters for nothing", "check_distances_of_two_words", "(a != b)", "0"),
    mutant("the first row is zero", BOTH, "table[0] = np.arange(len(second) + 1)", "table[0] = 0"),
]
