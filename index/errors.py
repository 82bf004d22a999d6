"""The one error of this room."""


class IndexProblem(Exception):
    """The model or the index cannot be used; the message (Japanese) says what to do."""
