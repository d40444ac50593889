"""The error that a person can mend: one sentence with what is wrong, where, and what to do."""


class CurateError(Exception):
    """A mistake of the user or of the machine, told in a sentence; the CLI prints it and exits 2."""
