"""Ends a command that is told to, as Ctrl-C does: with what it began put away. Must not know what that is.

Otherwise what a command keeps for a while stays for good: copies of databases, a part of a new file, the lease of a
table.
"""

from __future__ import annotations

import atexit
import signal
from contextlib import suppress
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)

PUT_AWAY_S: Final = 3.0
"""Longest time that ending may take."""

AGAIN_S: Final = 0.01
"""So long after something was found in the way, ending is tried again."""


def end_when_told() -> None:
    """Have the process end with 128 and the number of a signal that asks for it. `nohup` keeps its meaning, and Ctrl-C
    waits only until a module written in C is loaded.

    The screen, `serve` and the receiver, which have more to do at their end, take the signals over as soon as they run.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            with suppress(ValueError):  # not beside the main thread
                signal.signal(number, _end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with suppress(ValueError):
            signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _is_loading_c(frame):
        _try_again(number)
        return
    raise KeyboardInterrupt


def _end(number: int, frame: FrameType | None) -> None:
    if _is_half_way(frame):
        _try_again(number)
        return
    end_soon(128 + number)
    raise SystemExit(128 + number)


def _try_again(number: int) -> None:
    """Raise a signal again soon. Whoever takes it over meanwhile gets it."""
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(number))
    signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)  # after that Python listens no longer


def end_soon(code: int) -> None:
    """Have the process, which is ending, end with `code` whatever is still being done, and hear of nothing else."""
    for number in (*SIGNALS, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # once is enough, and a second time would come between
    from claude_tui.ui.terminal.signals import end_at_last

    end_at_last(code, PUT_AWAY_S)  # workers that have begun to read are not waited for


def _is_half_way(frame: FrameType | None) -> bool:
    """Whether a module is being imported or a thread started, which must not be left in the middle.

    A module written in C may crash then, one in Python lack names, and a thread's start leaves a lock as it is.
    """
    while frame is not None:
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        if file.startswith("<frozen importlib") or (name == "start" and file.endswith("threading.py")):
            return True
        frame = frame.f_back
    return False


def _is_loading_c(frame: FrameType | None) -> bool:
    """Whether a module written in C is being loaded: what it needs of Python's it may take for granted, and crash."""
    while frame is not None:
        if frame.f_code.co_name in ("create_module", "exec_module"):
            loader = frame.f_locals.get("self")
            if type(loader).__name__ == "ExtensionFileLoader":
                return True
        frame = frame.f_back
    return False
