"""Explain an exception to a person: with a sentence, and an exit code.

2: the user can mend it, and the sentence says how. 1: it is a fault of curate.
"""

import signal

from curate.errors import CurateError
from curate.store.disk import is_full

KEPT = "finished work is kept, and the same command continues from there"


def explain(error: BaseException) -> tuple[str, int]:
    """Say what went wrong and what to do; an empty sentence if nobody is left to read it."""
    match error:
        case CurateError():
            return f"Error: {error}", 2
        case BrokenPipeError():
            return "", 1
        case KeyboardInterrupt():
            number = error.args[0] if error.args else signal.SIGINT
            return "Stopped; the same command continues from there.", 128 + int(number)
        case MemoryError():
            return f"Error: {_memory(error)}", 2
        case UnicodeError():
            return f"Error: {_text(error)}", 2
        case OSError():
            return f"Error: {_system(error)}", 2
    if is_full(error):
        return f"Error: {_full()}", 2
    if type(error).__name__ == "OutOfMemoryError":
        return f"Error: the memory of the GPU ran out ({error}); free some, or add --device cpu.", 2
    return (
        f"Error: curate failed ({type(error).__name__}: {error}); finished work is kept. Run it"
        " again with --debug to see where, and please report that."
    ), 1


def _memory(error: BaseException) -> str:
    said = f" ({error})" if str(error) else ""
    return (
        f"the memory ran out{said}; end other programs, or give fewer --workers, and run the same"
        f" command again: {KEPT}."
    )


def _text(error: UnicodeError) -> str:
    if not isinstance(error, UnicodeDecodeError):
        return f"a text cannot be written ({error}); take the odd characters out of that name."
    return (
        f"a file is not UTF-8 text (byte {error.start:,} is 0x{error.object[error.start]:02x});"
        " save it as UTF-8, and run the same command again."
    )


def _system(error: OSError) -> str:
    """Say what the system refused; libraries in other languages raise errors with a text only."""
    if is_full(error):
        return _full(str(error.filename or ""))
    if error.filename and error.strerror:
        return (
            f"{error.filename}: {error.strerror.lower()}; mend that, or name another place, and run"
            f" the same command again: {KEPT}."
        )
    words = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
    if isinstance(error, FileNotFoundError):
        words += " (was it moved while this ran?)"
    return f"{words}; mend that, and run the same command again: {KEPT}."


def _full(where: str = "") -> str:
    return (
        f"{where or 'a file'} cannot be written: the disk is full; make room there (temporary files"
        f" go where TMPDIR says), and run the same command again: {KEPT}."
    )
