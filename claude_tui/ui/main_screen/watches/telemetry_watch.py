"""What is wrong with receiving telemetry, whichever process receives: looked at now and then. Must not receive."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claude_tui.telemetry.status import ReceiverStatus, Shortcoming


Cover = Callable[[int], tuple[int, int]]
"""Returns how many responses of today the logs have, and how many of them telemetry has, too."""


class TelemetryWatch:
    """Looks at the counters of the receiver that is or was last at work, in the state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int] | None = None
        self._status: ReceiverStatus | None = None

    def look(self, now_ms: int, cover: Cover, own: ReceiverStatus | None = None) -> Shortcoming | None:
        """Return what is wrong now, or what was missed today; None for nothing. `own` is the status of the receiver of
        this process, if it is the one at work or cannot be.

        Costs a `stat` where telemetry was never received.
        """
        from claude_tui.telemetry import status  # not for the first frame
        from claude_tui.telemetry.ownership import is_owned

        if own is not None:
            return status.shortcoming(own, is_owned=True, now_ms=now_ms) or status.missed(*cover(now_ms))
        try:
            stat = os.stat(self._folder / status.FILE_NAME)
        except OSError:
            self._seen = self._status = None
            return None
        if self._status is None or (stat.st_mtime_ns, stat.st_ino) != self._seen:
            self._seen, self._status = (stat.st_mtime_ns, stat.st_ino), status.load(self._folder)
        found = status.shortcoming(self._status, is_owned=is_owned(self._folder), now_ms=now_ms)
        return found or status.missed(*cover(now_ms))
