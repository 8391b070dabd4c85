"""Where students' code runs: the wall, the nursery, the workers, and the grader's link to them."""
