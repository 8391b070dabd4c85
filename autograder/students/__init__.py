"""The students' commands: start, check and submit, and the check in a notebook. For students."""
