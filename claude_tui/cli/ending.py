"""Ends a command that is told to, as Ctrl-C does: with what it began put away. Must not know what that is.

Otherwise what a command keeps for a while stays for good: copies of databases, a part of a new file, the lease of a
table.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)

PUT_AWAY_S: Final = 3.0
"""Longest time that ending may take."""

AGAIN_S: Final = 0.01
"""So long after an import was found in the way, ending is tried again."""


def end_when_told() -> None:
    """Have the process end with 128 and the number of a signal that asks for it. `nohup` keeps its meaning.

    The screen, `serve` and the receiver, which have more to do at their end, take the signals over as soon as they run.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            with suppress(ValueError):  # not beside the main thread
                signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)  # once is enough, and a second time would come between
    if _is_importing(frame):
        # A module written in C that is left in the middle of its start may crash, one in Python may lack names.
        signal.signal(signal.SIGALRM, lambda _, later: _end(number, later))
        signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
        return
    from claude_tui.ui.terminal.signals import end_at_last

    end_at_last(128 + number, PUT_AWAY_S)  # workers that have begun to read are not waited for
    raise SystemExit(128 + number)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
