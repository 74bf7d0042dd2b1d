"""What stops a command: one clear line."""


class Failure(Exception):
    """A command cannot go on. Its text is the one line that is shown; the exit code is 1."""
