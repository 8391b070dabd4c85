"""The base of every error whose message is written for a person to read."""


class GradlabError(Exception):
    """Says in a sentence what is wrong, where, and what to do. Commands print it without a traceback."""
