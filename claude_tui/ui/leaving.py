"""How the app ends when it is told to from outside: as with its own key, so nothing is lost. Must not draw."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final

SIGNALS: Final = ("SIGTERM", "SIGHUP")


def leave_on_signals(leave: Callable[[int], object]) -> None:
    """Call `leave` with the exit code that tells of the signal, when one comes that means to end."""
    loop = asyncio.get_running_loop()
    for name in SIGNALS:
        number = getattr(signal, name, None)
        if number is not None:
            # Not on Windows, nor beside the main thread: there the process ends as it always did.
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, leave, 128 + number)
