"""The pytest plugin that runs checks on a submission, and the verdicts and points that follow. For maintainers."""
