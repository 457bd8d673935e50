"""Ends the program on a signal as its own key does, so that nothing is lost. Must not draw.

Loaded before the screen's code is, so it must not need textual nor asyncio.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""SIGINT, too: Ctrl-C is a key where the app runs, so this is sent, or was pressed before that."""

LAST_RESORT_S: Final = 30.0
"""More than the ledger ever waits for another program, and than saving takes."""

ENDING_S: Final = 3.0
"""More than it takes to end once everything is saved."""


def leave_on_signals(loop: AbstractEventLoop, leave: Callable[[int], object], begun: Callable[[int], object]) -> None:
    """Call `leave` with the exit code of a signal that asks the program to end.

    `begun` is called with it at once, even while the loop hangs; `leave` by the loop, as soon as that goes on.
    """

    def told(number: int, _frame: object) -> None:
        begun(128 + number)
        with suppress(RuntimeError):  # the loop is closed: the program is ending already
            loop.call_soon_threadsafe(leave, 128 + number)

    for number in SIGNALS:
        with suppress(ValueError):  # not beside the main thread: there the process ends as it always did
            signal.signal(number, told)


@contextmanager
def unheard(number: signal.Signals) -> Iterator[None]:
    """Let a signal pass that programs started meanwhile hear all the same."""
    before = signal.signal(number, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(number, before)


def end_at_last(code: int, wait_s: float = LAST_RESORT_S) -> None:
    """End the process after `wait_s` with an exit code, whatever its threads still wait for by then.

    For a process that is ending. What was counted is in the ledger by then, which a thread of its own writes every
    second; nothing else is lost that the next start does not count again.
    """

    def end() -> None:
        time.sleep(wait_s)
        os._exit(code)

    with suppress(RuntimeError):  # no thread can be started any more: Python itself is at its end
        threading.Thread(target=end, name="last resort", daemon=True).start()
