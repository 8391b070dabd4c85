"""Where students' code runs: the wall, the fork server, the workers, and the grader's link to them."""
