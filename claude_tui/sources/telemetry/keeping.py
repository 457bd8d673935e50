"""How long a file of our own spool stays, and that it stays while it is read. Must not know what a ledger holds."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import date
from typing import Final

from claude_tui import files
from claude_tui.model import NEVER_MS
from claude_tui.sources.protocol import LogFile
from claude_tui.units import DAY_MS

KEEP_DAYS: Final = 30
"""So many days a file stays after the day it is of, whatever the ledger holds: as long as clients keep their logs."""

AHEAD_DAYS: Final = 3653
"""Ten years: no clock is so far behind that of the client. What is less ahead counts, and is named as such."""

_EPOCH: Final = date(1970, 1, 1)


def is_due(file: LogFile, now_ms: int) -> bool:
    """Whether a file of the spool may go if its events are kept elsewhere: by its day, and by when it was written."""
    day = day_of(file.path)
    oldest_ms = now_ms - KEEP_DAYS * DAY_MS
    return day is not None and ((day - _EPOCH).days + 1) * DAY_MS <= oldest_ms and file.mtime_ns <= oldest_ms * 10**6


def latest_ms(path: str) -> int:
    """Return when the last event in a file may have happened: our own has what arrived on its day, by a clock that may
    have been wrong, but not by so much. Of any other file nothing is known."""
    day = day_of(path)
    return NEVER_MS if day is None else ((day - _EPOCH).days + AHEAD_DAYS) * DAY_MS


def day_of(path: str) -> date | None:
    """Return the day (UTC) that a file of the spool is of; None for a file that is none of ours."""
    stem, suffix = os.path.splitext(os.path.basename(path))
    try:
        return date.fromisoformat(stem) if suffix == ".jsonl" and len(stem) == 10 else None
    except ValueError:
        return None


@contextlib.contextmanager
def shared(path: str) -> Iterator[None]:
    """Have a file stay for the duration of the block, while it is read. Where there are no locks nothing is removed."""
    descriptor = -1
    try:
        with contextlib.suppress(OSError):
            descriptor = files.open_regular(path)
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


@contextlib.contextmanager
def exclusive(path: str) -> Iterator[bool]:
    """Have nobody else read a file that waits for reading in `shared`. Yields False if somebody does."""
    try:
        descriptor = files.open_regular(path)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
