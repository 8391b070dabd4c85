"""One grading session: the pytest plugin, verdicts, points, digests. For maintainers."""
