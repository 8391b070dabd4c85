"""Results for other systems: Gradescope, nbgrader's gradebook, Canvas, Moodle, JUnit, from RESULTS/*/report.json."""
