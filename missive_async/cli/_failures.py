"""What a person is told when something goes wrong: one line, and an exit code."""

import signal
import sys

from cyclopts import CycloptsError

from missive_async.errors import APIError, ConfigurationError, InvalidRequest, TransportFailed, Unauthorized


class Interrupted(Exception):
    """The program was asked to end, by this signal; the message says how to go on."""

    def __init__(self, number: int, message: str = "interrupted") -> None:
        super().__init__(message)
        self.number = number


def exit_code(error: BaseException) -> int:
    """2 for what the person can put right before anything is tried, 128 and the signal for an interruption, else 1."""
    if isinstance(error, Interrupted):
        return 128 + error.number
    if isinstance(error, KeyboardInterrupt):
        return 128 + signal.SIGINT
    return 2 if isinstance(error, CycloptsError | ConfigurationError | InvalidRequest) else 1


def say(error: BaseException) -> None:
    """Tell it on standard error."""
    sys.stderr.write(line(error) + "\n")


def line(error: BaseException) -> str:
    """What went wrong, on one line, without control characters."""
    if isinstance(error, Interrupted | KeyboardInterrupt):
        return clean(str(error) or "interrupted")
    return f"error: {clean(_text(error))}"


def clean(text: str) -> str:
    """One line of text that a terminal shows as it is, whatever it comes from."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _text(error: BaseException) -> str:
    if isinstance(error, Unauthorized):
        return f"{error.message} (401): check MISSIVE_API_TOKEN"
    if isinstance(error, APIError):
        return str(error)
    if isinstance(error, TransportFailed) and error.request is not None:
        return f"{error.request}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__
