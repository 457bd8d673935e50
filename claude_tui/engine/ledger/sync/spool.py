"""Removes files of our own spool of telemetry that are old and whose every event the ledger holds.

A file stays while its day is young, while anybody reads it, and while the ledger would learn anything from it. What a
kill has torn was never acknowledged, and goes with its file. Must not know who receives.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from claude_tui.clients import TELEMETRY
from claude_tui.engine.ledger.ledger import Ledger
from claude_tui.engine.ledger.pieces import stamp_of
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.registry import logs_below
from claude_tui.sources.telemetry.keeping import exclusive, is_due

_log: Final = logging.getLogger(__name__)


class Pruned(NamedTuple):
    """How many files were removed, and their bytes."""

    files: int = 0
    bytes: int = 0


def prune(ledger: Ledger, folder: Path, reader: FileReader, now_ms: int) -> Pruned:
    """Remove what may go of our own spool. Never raises: what cannot be removed stays."""
    done = Pruned()
    for file in logs_below(TELEMETRY, folder):
        if not is_due(file, now_ms):
            continue
        try:
            with exclusive(file.path) as is_ours:
                if is_ours and _is_held(ledger, file, reader):
                    os.unlink(file.path)
                    done = Pruned(done.files + 1, done.bytes + file.size)
        except OSError as error:
            _log.info("%s stays: %s", file.path, error)
    return done


def _is_held(ledger: Ledger, file: LogFile, reader: FileReader) -> bool:
    """Whether the ledger knows a file up to its end as it is now, and every event in it."""
    found = reader.read(Task(file))
    checkpoint = found.outcome.checkpoint
    if checkpoint is None:
        return False
    name = (file.source, file.path)
    return ledger.stamps([name]).get(name) == stamp_of(file, checkpoint) and ledger.holds(name, found.columns)
