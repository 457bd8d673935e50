"""Who receives: one process at a time on this machine and account. The next one takes over when it goes.

The kernel gives the lock back when its owner ends, however it ends, and wakes the one that waits: nobody polls. Must
not receive.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from claude_tui import files

LOCK_NAME: Final = "telemetry.lock"


@contextlib.contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Wait until nobody else owns, and own for the duration of the block. Where there are no locks everybody owns.

    Raises OSError if the folder cannot be written.
    """
    descriptor = _open(folder)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_owned(folder: Path) -> bool:
    """Whether somebody owns now."""
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _open(folder: Path) -> int:
    return os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, files.OWN)
