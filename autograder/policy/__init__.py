"""Final marks from gradebooks: weights, late days and extensions. For instructors."""
