"""For those who write and prove assignments: release, calibrate, verify; and what students and nbgrader are given."""
