"""What a user can mend."""


class TaskError(Exception):
    """One line for the user: which file or argument, what was expected, what came, the mend."""
