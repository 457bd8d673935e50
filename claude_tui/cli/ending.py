"""Ends a command that is told to, as Ctrl-C does: with what it began put away. Must not know what that is.

Otherwise what a command keeps for a while stays for good: copies of databases, a part of a new file, the lease of a
table.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)

PUT_AWAY_S: Final = 3.0
"""Longest time that ending may take."""


def end_when_told() -> None:
    """Have the process end with 128 and the number of a signal that asks for it. `nohup` keeps its meaning.

    The screen, `serve` and the receiver, which have more to do at their end, take the signals over as soon as they run.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            with suppress(ValueError):  # not beside the main thread
                signal.signal(number, _end)


def _end(number: int, _frame: object) -> None:
    from claude_tui.ui.terminal.signals import end_at_last

    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)  # once is enough, and a second time would come between
    end_at_last(128 + number, PUT_AWAY_S)  # workers that have begun to read are not waited for
    raise SystemExit(128 + number)
