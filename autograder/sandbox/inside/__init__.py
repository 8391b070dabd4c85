"""What runs in the sandbox with a student's code: fork server, worker, wire format. For maintainers."""
