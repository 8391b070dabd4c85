"""One hand-in, opened: from a zip, folder or notebook to the source that is graded. Runs nothing. For maintainers."""
