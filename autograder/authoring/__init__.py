"""Tools to write and prove assignments: release, calibrate, verify, mutants, nbgrader's course. For authors."""
