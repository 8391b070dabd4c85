"""Where students' code runs: isolation, the fork server, and the grader's links to its workers. For maintainers."""
