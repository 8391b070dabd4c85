"""The base class of all errors whose message is written for a person to read."""


class GradlabError(Exception):
    """An error whose message says what is wrong, where, and what to do. Commands print it without a traceback."""
