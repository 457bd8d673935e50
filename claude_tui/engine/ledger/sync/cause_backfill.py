"""Keeps in the ledger what logs say of why responses were made, so that it outlives them, too.

A log is read for it when nobody has written to it for a while, some at a time; one that goes on is read again when it
is quiet again. Must not know what the logs mean by it.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable
from typing import Final

from claude_tui.clients import CLIENTS
from claude_tui.engine.ledger.causes import keep_causes, known_causes
from claude_tui.engine.ledger.file.causes import CausesStamp, KeptCauses
from claude_tui.engine.ledger.file.schema import LedgerError
from claude_tui.engine.ledger.ledger import Ledger
from claude_tui.engine.ledger.results import WriteResult
from claude_tui.sources.protocol import LogFile

QUIET_S: Final = 3600.0
"""Clients delete logs that are weeks old; those that go on would be read again and again."""
FILES: Final = 100
"""Logs read before what they say is written."""
MOST_BYTES: Final = 50_000_000
"""So much is read of logs at a time."""

_log = logging.getLogger(__name__)


class CauseBackfill:
    """What one ledger keeps of causes. Not safe from several threads at once, but for `is_due`."""

    def __init__(self, ledger: Ledger, on_written: Callable[[WriteResult], None]) -> None:
        self._ledger, self._on_written = ledger, on_written
        self._kept: dict[tuple[str, str], CausesStamp] | None = None
        self._rests_until_s = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time to look for logs."""
        return time.monotonic() >= self._rests_until_s

    def keep(self, files: Iterable[LogFile], quiet_s: float, is_over: Callable[[], bool]) -> bool:
        """Read and keep what some of the files say that were quiet for so long. Returns whether there may be more."""
        # Only for those who keep a ledger for long.
        from claude_tui.sources.causes_archive import ARCHIVE_FORMAT, archived
        from claude_tui.sources.registry import load

        if self._kept is None:
            self._kept = known_causes(self._ledger)
        found: dict[tuple[str, str], KeptCauses] = {}
        size, until_ns = 0, time.time_ns() - int(quiet_s * 1e9)
        is_more = False
        for file in files:
            name, reader = (file.source, file.path), CLIENTS[file.source].read_causes if file.source in CLIENTS else ""
            known = self._kept.get(name)
            if not reader or file.mtime_ns > until_ns or known == (file.size, file.mtime_ns, ARCHIVE_FORMAT):
                continue
            if is_over() or len(found) >= FILES or size > MOST_BYTES:
                is_more = True
                break
            try:
                stat = os.stat(file.path)
                stamp = CausesStamp(stat.st_size, stat.st_mtime_ns, ARCHIVE_FORMAT)
                self._kept[name] = CausesStamp(file.size, file.mtime_ns, ARCHIVE_FORMAT)  # is looked at once
                if known != stamp:
                    found[name] = KeptCauses(stamp, archived(load(reader)(file.path)[0]))
                    size += stat.st_size
            except (OSError, ValueError):
                continue
        try:
            if found:
                self._on_written(keep_causes(self._ledger, found))
        except LedgerError as error:
            _log.info("causes were not kept: %s", error)
            self._kept, is_more = None, False
        if not is_more:
            self._rests_until_s = time.monotonic() + QUIET_S
        return is_more
