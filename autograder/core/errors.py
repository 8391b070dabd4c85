"""The base class of all errors whose message is written for a person to read."""


class GradlabError(Exception):
    """An error whose message says what is wrong, where, and what to do. Commands print it without a traceback."""

    def __str__(self) -> str:
        """Return the sentence; one that can be translated stays so (see message.py)."""
        return self.args[0] if len(self.args) == 1 and isinstance(self.args[0], str) else super().__str__()
