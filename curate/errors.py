"""The error that a person can mend: one sentence with what is wrong, where, and what to do."""


class CurateError(Exception):
    """What the user can mend, told in a sentence; the command line prints it and exits 2."""
