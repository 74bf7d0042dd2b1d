"""What stops a command: one clear line."""


class Failure(Exception):  # noqa: N818 - it is what the user reads, not a defect of the program
    """A command cannot go on. Its text is the one line that is shown; the exit code is 1."""
