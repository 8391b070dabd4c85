"""Where students' code runs: isolation, the fork server, its workers, and the grader's links to them."""
