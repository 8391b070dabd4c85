"""Helpers that checks run next to a student's module, to find and compare its layers. For authors of checks."""
