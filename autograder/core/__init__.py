"""What all rooms share: the manifest, the course, the report, errors and files. For everyone."""
