"""Exit codes, and the exception that ends a command with one of them and a line on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
NO_LOGS: Final = 3
PARTIAL: Final = 4
INTERRUPTED: Final = 130


class CommandError(Exception):
    """Ends the command: `message` goes to stderr, `code` is the exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@contextmanager
def ended_by(*errors: type[Exception], code: int = FAILED) -> Iterator[None]:
    """End the command with what such an error says."""
    try:
        yield
    except errors as error:
        raise CommandError(str(error), code) from None
