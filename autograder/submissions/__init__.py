"""For maintainers. Open one hand-in: from a zip, folder or notebook to the source text that is graded. Runs nothing."""
