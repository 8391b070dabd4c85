"""Grading a class: intake, journal, desks, marks by hand, results. Runs no student code itself."""
