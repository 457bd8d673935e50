"""Every message with usage of a database or a message file, with its table and its id, also those taken over since.

Must not decide what counts in a message, nor settle, price or sum.
"""

from __future__ import annotations

from collections.abc import Iterable

from claude_tui.sources.auditing.again import holds
from claude_tui.sources.auditing.audit import MIGRATED, AuditedRow, FileAudit
from claude_tui.sources.opencode.legacy import read_message
from claude_tui.sources.opencode.rows import ChangedRows, MessageReading, changes
from claude_tui.sources.opencode.source import OpenCodeSource
from claude_tui.sources.opencode.stored.lost import LostMessage
from claude_tui.sources.opencode.stored.messages import StoredMessage, StoredRow, stored_message
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.records.events import ResponseEvent
from claude_tui.sources.registry import reader


def audit_messages(file: LogFile, needle: bytes = b"") -> FileAudit:
    """Read a database, or a message file; with `needle`, no file that has it nowhere. Raises OSError."""
    if file.path.endswith(".json"):
        return _audit_file(file) if not needle or holds(file.path, needle) else FileAudit()
    with changes(file, None) as changed:
        reading = _AuditedReading(file.path, changed)
        reading.run()
        return FileAudit(len(changed.rows), reading.bytes_read, reading.found)


def _audit_file(file: LogFile) -> FileAudit:
    source = reader(file.source)
    is_stored = isinstance(source, OpenCodeSource) and source.is_stored(file)
    read, _ = read_message(file, None, is_stored=False)
    kind = MIGRATED if is_stored else ""
    return FileAudit(1, read.bytes_read, [AuditedRow(row, 1, kind) for row in read.rows])


class _AuditedReading(MessageReading):
    """A `MessageReading` that keeps its rows in `found`."""

    def __init__(self, path: str, changed: ChangedRows) -> None:
        super().__init__(path, changed)
        self.found: list[AuditedRow] = []
        self._table = self._record = ""
        self._older = changed.database.numbers("message") if "message" in changed.database.tables else {}

    def _see_rows(self, rows: Iterable[StoredRow]) -> None:
        for row in rows:
            self._table = "message" if row[5] is None else "session_message"
            self._see(stored_message(row))

    def _see(self, row: StoredMessage) -> None:
        before, self._record = len(self.found), row.id
        super()._see(row)
        if row.twin and len(self.found) > before:
            older = self.found[-1].row._replace(offset=self._older.get(row.id, 0))
            self.found.append(AuditedRow(older, 0, MIGRATED, "message", row.id))

    def _see_lost(self, gone: LostMessage) -> None:
        self._table, self._record = "event", gone.id
        super()._see_lost(gone)

    def _count(self, event: ResponseEvent) -> None:
        self.found.append(AuditedRow(event.row, 0, "", self._table, self._record))
