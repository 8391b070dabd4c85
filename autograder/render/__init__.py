"""Reports as HTML, terminal output, notebook table and CSV; students' text is made harmless. For maintainers."""
