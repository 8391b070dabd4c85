"""Results for other platforms: Canvas, Moodle, Gradescope, nbgrader and JUnit, from report.json. For instructors."""
